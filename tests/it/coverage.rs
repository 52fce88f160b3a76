//! What is questionable about customers is reported before anything is sent: of the rows that have it, or as a
//! share of the whole run.

use meta_offline_events::customer::{CleaningOptions, Coverage, Hashed, MatchKey, UserData, ValueWarning};
use meta_offline_events::event::Event;
use meta_offline_events::order::{Prepared, RowLayout};
use meta_offline_events::report::Diagnostic;

use super::orders::{Till, prepare, till};

const HEADER: &str = "email|phone|postal|country|client_ip_address|timestamp|value|currency|order_id";

fn row(order: usize, customer: &str) -> String {
    format!("{customer}|1777896000|10|EUR|{order}")
}

/// The line, column and reason of every note on customers.
fn notes(prepared: &Prepared) -> Vec<(Vec<u64>, Option<&'static str>, &'static str)> {
    let lines = |note: &Diagnostic| note.lines().iter().map(|line| line.number()).collect();
    prepared.rows.notes().iter().map(|note| (lines(note), note.column(), note.code())).collect()
}

fn message<'p>(prepared: &'p Prepared, reason: &str) -> &'p str {
    let note = prepared.rows.notes().iter().find(|note| note.code() == reason);
    note.map(Diagnostic::message).unwrap_or_default()
}

#[test]
fn v23_v36_questionable_values_are_sent_with_a_note_on_their_row() {
    let rows = [
        row(1, "test@test.com||2138|us|"),
        row(2, "mary@example.com|+1 555 555 5555|||10.0.0.1"),
        row(2, "mary@example.com|+1 555 555 5555|||10.0.0.1"),
        row(3, "john@example.com|+1 650 555 1212|02138|us|8.8.8.8"),
    ];
    let prepared = prepare(HEADER, &rows);
    assert_eq!(prepared.events.len(), 3);
    let made_up = notes(&prepared).into_iter().filter(|(_, _, reason)| *reason != "exact_repeat");
    assert_eq!(
        made_up.collect::<Vec<_>>(),
        [
            (vec![2], Some("email"), "made_up"),
            (vec![2], Some("postal"), "short_zip"),
            (vec![3, 4], Some("phone"), "made_up"),
            (vec![3, 4], Some("client_ip_address"), "private_address"),
        ]
    );
    assert!(prepared.events[0].user_data().has(MatchKey::Email));
}

#[test]
fn v24_one_value_of_many_customers_is_reported_with_its_share_and_lines() {
    let mut rows: Vec<_> =
        (1..91).map(|number| row(number, &format!("customer{number}@example.com||||"))).collect();
    rows.extend((91..101).map(|number| row(number, "till7@example.com||||")));
    let prepared = prepare(HEADER, &rows);
    assert_eq!(notes(&prepared), [((92..102).collect(), Some("email"), "shared_value")]);
    assert!(message(&prepared, "shared_value").contains("10 customers, 10.0 % "));
    assert!(notes(&prepare(HEADER, &rows[..99])).is_empty(), "nine are few");
}

#[test]
fn v28_the_share_of_phones_without_country_code_is_reported() {
    let rows = [
        row(1, "|650 555 1212|||"),
        row(2, "|(650) 555-1213|||"),
        row(3, "|+1 650 555 1214|||"),
        row(4, "mary@example.com|020 7946 0958|||"),
    ];
    let prepared = prepare(HEADER, &rows);
    assert_eq!(
        notes(&prepared),
        [(vec![5], Some("phone"), "national_number"), (vec![], Some("phone"), "no_country_code")]
    );
    assert!(message(&prepared, "no_country_code").starts_with("2 of 3 phones (66.7 %) "));
}

#[test]
fn v33_a_column_of_digests_and_plain_values_is_judged_value_by_value() {
    let hex = Hashed::of("mary@example.com").to_string();
    let rows = [
        row(1, &format!("{}||||", hex.to_uppercase())),
        row(2, "Mary@Example.com||||"),
        row(3, "john@example.com||||"),
    ];
    let prepared = prepare(HEADER, &rows);
    let [one, other, _] = &prepared.events[..] else { panic!("three orders") };
    assert_eq!(one.user_data(), other.user_data());
    assert_eq!(notes(&prepared), [(vec![], Some("email"), "mixed_digests")]);
    assert!(message(&prepared, "mixed_digests").starts_with("digests: 1, plain values: 2;"));
    let all_hashed = prepare(HEADER, &[row(1, &format!("{hex}||||"))]);
    assert!(notes(&all_hashed).is_empty());
}

#[test]
fn v31_a_column_that_was_hashed_elsewhere_takes_nothing_else() {
    let customers = CleaningOptions::default().digests_only(MatchKey::Email);
    let hashed = Till { layout: RowLayout::new().customers(customers), ..till() };
    let rows = [
        row(1, &format!("{}||||", Hashed::of("mary@example.com"))),
        row(2, "mary@example.com||||"),
        row(3, "mary@example.com|+1 650 555 1212|||"),
    ];
    let prepared = hashed.prepare(HEADER, &rows);
    assert_eq!(prepared.events.len(), 2);
    let diagnostic = &prepared.rows.diagnostics()[0];
    assert_eq!((diagnostic.column(), diagnostic.code()), (Some("email"), "not_sha256"));
    assert_eq!(notes(&prepared), [(vec![4], Some("email"), "not_sha256")]);
}

#[test]
fn coverage_counts_what_the_events_carry() {
    let rows = [
        row(1, "mary@example.com|+1 650 555 1212||us|"),
        row(2, "john@example.com|||us|"),
        row(3, "john@example.com|+1 650 555 1213||us|"),
        row(3, "j@example.com|+1 650 555 1213||us|"),
        row(4, "|nonsense|||"),
    ];
    let prepared = prepare(HEADER, &rows);
    let coverage = &prepared.coverage;
    assert_eq!(coverage.customers(), 3);
    assert_eq!((coverage.count_with(MatchKey::Email), coverage.values(MatchKey::Email)), (3, 4));
    assert_eq!((coverage.count_with(MatchKey::Phone), coverage.count_with(MatchKey::City)), (2, 0));
    let combinations: Vec<_> =
        coverage.combinations().iter().map(|them| (them.keys().collect(), them.customers())).collect();
    let expected: [(Vec<_>, u64); 2] = [
        (vec![MatchKey::Email, MatchKey::Phone, MatchKey::Country], 2),
        (vec![MatchKey::Email, MatchKey::Country], 1),
    ];
    assert_eq!(combinations, expected);
    let anew: Coverage = prepared.events.iter().map(Event::user_data).collect();
    assert_eq!(anew.to_string(), coverage.to_string());
}

#[test]
fn v42_coverage_knows_the_combinations_that_meta_refuses() {
    let broad = UserData::builder().city("Paris").country("FR").build().unwrap();
    let mut coverage = Coverage::default();
    coverage.extend([&broad, &UserData::default()]);
    assert!(coverage.combinations().iter().all(|combination| !combination.is_valid()));
    assert_eq!(coverage.count_with_warning(MatchKey::City, ValueWarning::AlreadyHashed), 0);
    assert_eq!(coverage.to_string().matches("refused by Meta").count(), 2);
}
