//! Order ids: whose sales one order id unites, what is no order id, and keys of several columns.

use std::collections::BTreeSet;

use chrono::FixedOffset;
use meta_offline_events::customer::{Hashed, MatchKey, MatchValue, UserData};
use meta_offline_events::event::Event;
#[cfg(feature = "csv")]
use meta_offline_events::order::csv::CsvRows;
use meta_offline_events::order::{
    OrderKey, OrderRules, Orders, Prepared, Row, RowLayout, RowSlice, SortedOrders,
};
use meta_offline_events::value::{Currency, EventTime, Line, OrderId};
use proptest::prelude::*;

use crate::orders::{TILL, Till, prepare, till};

const NOON: i64 = 1_777_896_000; // 2026-05-04T12:00:00Z

fn now() -> EventTime {
    EventTime::from_unix(NOON + 3600).unwrap()
}

/// E-mail, phone and external id of a row, by number; zero is none.
type Contacts = (u8, u8, u8);

/// A row of order A1 for each customer, from line 2 on.
fn rows_of(texts: &[[String; 3]]) -> Vec<Row<'_>> {
    (2..).zip(texts).map(|(line, texts)| row_of(line, texts)).collect()
}

fn row_of(line: u64, [email, phone, id]: &[String; 3]) -> Row<'_> {
    Row::new(Line::new(line), EventTime::from_unix(NOON).unwrap())
        .customer(UserData::builder().email(email).phone(phone).external_id(id))
        .order_id("A1".parse().unwrap())
        .quantity(1)
        .price("0.10".parse().unwrap())
        .currency(Currency::EUR)
}

fn texts_of(contacts: &[Contacts]) -> Vec<[String; 3]> {
    let text = |number: u8, text: String| if number == 0 { String::new() } else { text };
    let texts = |&(email, phone, id): &Contacts| {
        [
            text(email, format!("m{email}@example.com")),
            text(phone, format!("+49 30 123456{phone}")),
            text(id, format!("C-{id}")),
        ]
    };
    contacts.iter().map(texts).collect()
}

fn ungrouped(rows: &[Row<'_>]) -> Prepared {
    let mut orders = Orders::new();
    for row in rows {
        orders.push(row);
    }
    orders.finish(now())
}

fn reasons(prepared: &Prepared) -> Vec<(&'static str, &str)> {
    prepared.rows.diagnostics().iter().map(|diagnostic| (diagnostic.code(), diagnostic.message())).collect()
}

#[test]
fn v54_two_strangers_under_one_order_id_are_never_merged() {
    let prepared = prepare(
        TILL,
        &[
            "1|mary@example.com|1777896000|S|1|10|EUR",
            "1|mary@example.com|1777896000|T|1|10|EUR",
            "1|john@example.com|1777896060|S|1|20|EUR",
            "2|zoe@example.com|1777896060|S|1|20|EUR",
        ],
    );
    assert_eq!((prepared.events.len(), prepared.rows.invalid()), (1, 3));
    assert_eq!(
        reasons(&prepared),
        [(
            "two_customers",
            "the order id is on sales to 2 customers without a common e-mail, phone or external id: if tills or \
             days repeat order ids, let the layout join the order key from store, till, day and order id"
        )]
    );
    assert_eq!(prepared.rows.diagnostics()[0].column(), Some("order_id"));
    assert_eq!(prepared.rows.diagnostics()[0].blamed_lines(), [4; 3].map(Line::new));
}

#[test]
fn v54_many_customers_of_an_order_are_counted_and_the_row_of_the_second_is_blamed() {
    let rows: Vec<_> =
        (1..=9).map(|number| format!("1|m{number}@example.com|1777896000|S|1|10|EUR")).collect();
    let prepared = prepare(TILL, &rows);
    let message = prepared.rows.diagnostics()[0].message();
    assert!(message.contains("9 customers"), "{message}");
    assert_eq!(prepared.rows.diagnostics()[0].blamed_lines(), [3; 9].map(Line::new));
}

#[test]
fn v13_v54_one_shared_contact_or_a_chain_of_them_makes_one_customer() {
    for (contacts, customers) in [
        (&[(1, 0, 0), (2, 0, 0)][..], 2),
        (&[(1, 1, 0), (2, 1, 0)], 1),
        (&[(1, 1, 0), (1, 2, 0)], 1),
        (&[(1, 0, 1), (2, 0, 1)], 1),
        (&[(1, 0, 0), (0, 1, 0)], 2),
        // The third row links the first two.
        (&[(1, 0, 0), (0, 2, 0), (1, 2, 0)], 1),
        (&[(1, 1, 0), (2, 2, 0), (3, 3, 0), (1, 3, 0)], 2),
        (&[(1, 1, 0), (2, 2, 0), (3, 3, 0), (1, 3, 0), (2, 3, 0)], 1),
        // A row with the contacts of all rows before links them, too.
        (&[(1, 0, 0), (0, 1, 0), (1, 1, 0)], 1),
    ] {
        let texts = texts_of(contacts);
        let prepared = ungrouped(&rows_of(&texts));
        assert_eq!(prepared.events.len(), usize::from(customers == 1), "{contacts:?}");
        if customers == 1 {
            let row_count = prepared.events[0].row_count();
            assert_eq!(row_count, contacts.len() as u64, "{contacts:?}");
        } else {
            let (code, message) = reasons(&prepared)[0];
            assert_eq!(code, "two_customers", "{contacts:?}");
            assert!(message.contains(&format!("{customers} customers")), "{message}");
        }
    }
}

/// How many customers the rows are of, worked out pair by pair.
fn customers(contacts: &[Contacts]) -> usize {
    let shares = |one: &Contacts, other: &Contacts| {
        (one.0 > 0 && one.0 == other.0) || (one.1 > 0 && one.1 == other.1) || (one.2 > 0 && one.2 == other.2)
    };
    let mut of: Vec<usize> = (0..contacts.len()).collect();
    for _ in contacts {
        for one in 0..contacts.len() {
            for other in 0..contacts.len() {
                if shares(&contacts[one], &contacts[other]) {
                    of[one] = of[one].min(of[other]);
                }
            }
        }
    }
    of.into_iter().collect::<BTreeSet<_>>().len()
}

fn contacts() -> impl Strategy<Value = Contacts> {
    (0..5_u8, 0..5_u8)
        .prop_map(|(email, phone)| if email + phone == 0 { (1, 0, 0) } else { (email, phone, 0) })
}

/// What is said of the rows, and what each event is worth.
fn account(prepared: &Prepared) -> (BTreeSet<String>, Vec<Option<String>>) {
    let said = prepared.rows.diagnostics().iter().map(|diagnostic| format!("{diagnostic:?}"));
    let worth = |event: &Event| event.value().map(|value| value.to_string());
    (said.collect(), prepared.events.iter().map(worth).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn v54_rows_are_of_one_customer_if_shared_contacts_link_them_in_any_order(
        mut contacts in prop::collection::vec(contacts(), 1..9),
        turn in 0..9_usize,
    ) {
        let expected = customers(&contacts);
        for _ in 0..2 {
            let texts = texts_of(&contacts);
            let prepared = ungrouped(&rows_of(&texts));
            prop_assert_eq!(prepared.events.len() == 1, expected == 1, "{:?}", contacts);
            if expected > 1 {
                let (code, message) = reasons(&prepared)[0];
                prop_assert_eq!(code, "two_customers");
                let count = format!("{expected} customers");
                prop_assert!(message.contains(&count), "{}", message);
            }
            let middle = turn.min(contacts.len());
            contacts.rotate_left(middle);
            contacts.reverse();
        }
    }

    #[test]
    fn v13_contacts_of_one_customer_are_united_first_seen_first_in_any_order_of_the_rows(
        emails in prop::collection::vec(1..9_u8, 1..12),
        turn in 0..12_usize,
    ) {
        let united = |emails: &[u8]| {
            let contacts: Vec<Contacts> = emails.iter().map(|&email| (email, 7, 0)).collect();
            let texts = texts_of(&contacts);
            let event = ungrouped(&rows_of(&texts)).events.remove(0);
            let values = event.user_data().values(MatchKey::Email);
            let digests: Vec<_> = values.filter_map(MatchValue::digest).collect();
            (digests, event)
        };
        let mut first_seen: Vec<u8> = Vec::new();
        for email in &emails {
            if !first_seen.contains(email) {
                first_seen.push(*email);
            }
        }
        let (digests, event) = united(&emails);
        let alone: Vec<_> = first_seen.iter().map(|&email| united(&[email]).0.remove(0)).collect();
        prop_assert_eq!(&digests, &alone);

        // With the same first row, the others in another order give the same customer.
        let mut others = emails.clone();
        let rest = &mut others[1..];
        let middle = turn.min(rest.len());
        rest.rotate_left(middle);
        let (turned, same) = united(&others);
        let all = |digests: Vec<_>| digests.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().len();
        prop_assert_eq!(turned.first(), digests.first());
        prop_assert_eq!(all(turned), all(digests));
        prop_assert_eq!((same.id(), same.value()), (event.id(), event.value()));
    }

    #[test]
    fn v54_every_way_of_grouping_tells_strangers_apart(
        contacts in prop::collection::vec((0..6_u32, contacts()), 1..40),
    ) {
        let texts = texts_of(&contacts.iter().map(|(_, contacts)| *contacts).collect::<Vec<_>>());
        let mut rows = rows_of(&texts);
        for (row, (order, _)) in rows.iter_mut().zip(&contacts) {
            *row = row.clone().order_id(format!("A{order}").parse().unwrap());
        }
        let expected = account(&ungrouped(&rows));
        prop_assert_eq!(&account(&RowSlice::new(&rows).prepare(now()).unwrap()), &expected);
        #[cfg(feature = "rayon")]
        prop_assert_eq!(&account(&RowSlice::new(&rows).on_all_cores().prepare(now()).unwrap()), &expected);

        let mut sorted: Vec<_> = contacts.iter().zip(&rows).collect();
        sorted.sort_by_key(|((order, _), _)| *order);
        let mut orders = SortedOrders::new(OrderRules::new(), now());
        for (_, row) in sorted {
            orders.push(row).unwrap();
        }
        prop_assert_eq!(account(&orders.finish()).0, expected.0);
    }
}

#[test]
fn v54_customers_come_before_every_other_contradiction() {
    let prepared = prepare(
        "order_id|email|external_id|timestamp|value|currency",
        &["1|mary@example.com|C1|1777896000|10|EUR", "1|john@example.com|C2|1777896060|20|USD"],
    );
    assert_eq!(reasons(&prepared)[0].0, "two_customers");
}

#[test]
fn an_order_has_fifty_different_customers_at_most() {
    let row = |number: usize| format!("1|m{number}@example.com|+49 30 1234567|1777896000|S|1|0.10|EUR");
    let header = "order_id|email|phone|timestamp|product_id|quantity|price|currency";
    for (customers, sent) in [(50, 1), (51, 0)] {
        let rows: Vec<_> = (0..customers).map(row).collect();
        let prepared = prepare(header, &rows);
        assert_eq!(prepared.events.len(), sent, "{customers}");
        if sent == 0 {
            let (code, message) = reasons(&prepared)[0];
            assert_eq!(code, "too_many_customers");
            assert!(message.starts_with("the order has more than 50 different customers:"), "{message}");
            assert_eq!(prepared.rows.diagnostics()[0].blamed_lines(), [52; 51].map(Line::new));
        }
    }
}

#[test]
fn v16_errors_of_spreadsheets_and_fillers_are_no_order_ids() {
    for id in [
        "#REF!",
        "#N/A",
        "#n/a",
        "#VALUE!",
        "#NAME?",
        "#DIV/0!",
        "#NUM!",
        "#NULL!",
        "#SPILL!",
        "#BEZUG!",
        "#WERT!",
        "#NV",
        "#ERROR!",
        "Err:502",
        "########",
        "##",
        "0",
        "000000",
        "0000-0000",
        "TEST",
        "test",
        "Test",
        "NA",
        "?",
        "...",
        "__",
        "xxxx",
        "dummy",
        "＃ＲＥＦ！",
        "００００",
        "ＴＥＳＴ",
        "Ｎ／Ａ",
        "－",
        "FALSE",
    ] {
        let row = |email: &str| format!("{id}|{email}|1777896000|S|1|5|EUR");
        // One customer or two: there is no order.
        for other in ["m@example.com", "j@example.com"] {
            let prepared = prepare(TILL, &[row("m@example.com"), row(other)]);
            assert_eq!((prepared.events.len(), prepared.rows.invalid()), (0, 2), "{id}");
            let diagnostic = &prepared.rows.diagnostics()[0];
            assert_eq!(
                (diagnostic.column(), diagnostic.code()),
                (Some("order_id"), "not_an_order_id"),
                "{id}"
            );
        }
    }
    for id in ["#1001", "A0", "10", "0x1F", "TEST-4711", "T1", "NA-17", "X", "testing-1", "Nº 7", "７"] {
        let prepared = prepare(TILL, &[format!("{id}|m@example.com|1777896000|S|1|5|EUR")]);
        assert_eq!(prepared.events.len(), 1, "{id}: {:?}", reasons(&prepared));
    }
    for id in ["N/A", "null", "-", "", " ", "none"] {
        let row = |email: &str| format!("{id}|{email}|1777896000|S|1|5|EUR");
        let prepared = prepare(TILL, &[row("m@example.com"), row("j@example.com")]);
        assert_eq!(prepared.events.len(), 2, "{id}: a sale without an order id is an event of its own");
    }
}

const KEYED: &str = "store|till|order_id|email|timestamp|value|currency";

fn keyed(rows: &[&str]) -> Prepared {
    let key = OrderKey::new().column("Store").column("till").day();
    let layout = RowLayout::new().order_key(key).zone(FixedOffset::east_opt(2 * 3600).unwrap());
    Till { layout, ..till() }.prepare(KEYED, rows)
}

fn order_ids(prepared: &Prepared) -> Vec<&str> {
    prepared.events.iter().filter_map(|event| event.order_id()).map(OrderId::as_str).collect()
}

#[test]
fn v54_a_layout_joins_the_order_key_from_store_till_and_day() {
    let prepared = keyed(&[
        "Berlin 7|3|1|mary@example.com|2026-05-03 21:59:59Z|5|EUR",
        "Berlin 7|3|1|john@example.com|2026-05-03 22:00:00Z|6|EUR",
        "Berlin 7|4|1|zoe@example.com|2026-05-03 22:00:00Z|7|EUR",
        "Ulm/A| 4 |1|till@example.com|2026-05-03 22:00:00Z|8|EUR",
        "Berlin 7|3|1|john@example.com|2026-05-03 22:00:00Z|6|EUR",
        "Berlin 7|4||zoe@example.com|2026-05-03 22:00:00Z|7|EUR",
    ]);
    let expected = [
        "Berlin 7/3/2026-05-03/1",
        "Berlin 7/3/2026-05-04/1",
        "Berlin 7/4/2026-05-04/1",
        "Ulm%2FA/4/2026-05-04/1",
    ];
    assert_eq!(order_ids(&prepared), expected);
    assert_eq!(prepared.events.len(), 5, "a row without an order id is an event of its own");
    assert_eq!(prepared.events[1].row_count(), 2);
    // The key takes part in the event id as any order id does.
    let text = "meta-offline-events/1/order\nPurchase\nphysical_store\nBerlin 7/3/2026-05-03/1";
    assert_eq!(prepared.events[0].id().unwrap().as_str(), &Hashed::of(text).to_string()[..32]);
}

#[test]
fn v54_rows_that_join_their_key_themselves_get_the_same_order_id() {
    let prepared = keyed(&["Ulm/A|4|1%|till@example.com|2026-05-03 22:00:00Z|8|EUR"]);
    let joined = OrderKey::join(["Ulm/A", "4", "2026-05-04", "1%"]).unwrap();
    assert_eq!(order_ids(&prepared), [joined.as_str()]);
}

#[test]
fn v53_a_row_whose_order_key_cannot_be_joined_keeps_every_order_of_its_number_from_being_sent() {
    for (row, reason) in [
        ("Berlin 7||1|mary@example.com|2026-05-03 12:00:00Z|5|EUR", "order_key_incomplete"),
        ("Berlin 7|null|1|mary@example.com|2026-05-03 12:00:00Z|5|EUR", "order_key_incomplete"),
        ("Berlin 7|3|1|mary@example.com|yesterday|5|EUR", "not_a_time"),
        ("Berlin 7|3|000|mary@example.com|2026-05-03 12:00:00Z|5|EUR", "not_an_order_id"),
    ] {
        let prepared = keyed(&[
            "Berlin 7|3|1|mary@example.com|2026-05-03 12:00:00Z|5|EUR",
            "Berlin 7|3|2|mary@example.com|2026-05-03 12:00:00Z|5|EUR",
            row,
        ]);
        let sent = if reason == "not_an_order_id" { 2 } else { 1 };
        assert_eq!(prepared.events.len(), sent, "{row}");
        assert!(
            reasons(&prepared).iter().any(|(code, _)| *code == reason),
            "{row}: {:?}",
            reasons(&prepared)
        );
    }
}

#[cfg(feature = "csv")]
#[test]
fn v53_a_damaged_record_keeps_the_keyed_orders_that_it_may_belong_to_from_being_sent() {
    let file = "store,till,order_id,email,timestamp,value,currency\n\
                B,3,1,mary@example.com,1777896000,5,EUR\n\
                B,3,2,mary@example.com,1777896000,5,EUR\n\
                B,3,1,mary@example.com,1777896000,5\n";
    let layout = RowLayout::new().order_key(OrderKey::new().column("store").column("till").day());
    let mut orders = Orders::new();
    CsvRows::new(file.as_bytes(), &layout).unwrap().read_into(&mut orders).unwrap();
    assert_eq!(order_ids(&orders.finish(now())), ["B/3/2026-05-04/2"]);
}

#[test]
fn v54_a_layout_whose_order_key_does_not_fit_the_header_is_refused() {
    let bind = |key: OrderKey, header: &str| {
        let header: Vec<_> = header.split('|').collect();
        RowLayout::new().order_key(key).bind(&header).map(|bound| bound.unknown().to_vec())
    };
    let till = || OrderKey::new().column("till");
    assert_eq!(bind(till(), KEYED), Ok(vec![0]));
    let missing = bind(till(), "store|order_id|email|timestamp|value|currency").unwrap_err();
    assert_eq!(
        missing.to_string(),
        "the file does not have the column `till`, which the layout names in the order key: correct the layout or the \
         file"
    );
    let twice = bind(till(), "till|Till|order_id|email|timestamp|value|currency").unwrap_err();
    assert_eq!(
        twice.to_string(),
        "columns 1, 2 are all named `till`, which the layout names in the order key: rename or remove all but one"
    );
    let no_order_id = bind(till(), "till|email|timestamp|value|currency").unwrap_err();
    assert!(no_order_id.to_string().starts_with("the header has no column for order_id"), "{no_order_id}");
}

proptest! {
    #[test]
    fn v54_no_two_order_keys_give_the_same_order_id(
        one in prop::collection::vec("[a/% 2F5]{1,4}", 1..5),
        other in prop::collection::vec("[a/% 2F5]{1,4}", 1..5),
    ) {
        let trimmed = |parts: &[String]| parts.iter().map(|part| part.trim().to_owned()).collect::<Vec<_>>();
        if let (Ok(first), Ok(second)) = (OrderKey::join(&one), OrderKey::join(&other)) {
            prop_assert_eq!(first == second, trimmed(&one) == trimmed(&other));
        }
    }
}
