//! The example program `journal` as its users run it, beside a program that has the journal open.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use meta_offline_events::journal::{HandOver, Journal, JournalOptions};
use meta_offline_events::report::{NotSentCause, Outcome};
use meta_offline_events::value::EventTime;
use meta_offline_events::{Event, UserData};

use crate::support::{example, of};

const NOW: i64 = 1_767_225_600;

fn time(seconds: i64) -> EventTime {
    EventTime::from_unix(NOW + seconds).unwrap()
}

fn new_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("journal-{name}"));
    let _ = fs::remove_dir_all(&folder);
    folder
}

/// A journal with an accepted sale, one that was not sent, one that waits, and one that may have arrived.
fn fill(folder: &Path) -> Journal {
    let options = JournalOptions::new().endpoint(of("relay.example/meta")).key_policy(of("till,day"));
    let journal = options.open(folder, &of("1234567890")).unwrap();
    let orders = [("A1", "31.95 USD"), ("=A2", "5 EUR"), ("A3", "1 USD"), ("A4", "2.25 USD")];
    let sales = orders.map(|(order, total)| {
        let customer = UserData::builder().email("mary@example.com").build().unwrap();
        Event::builder(time(0), customer).order_id(of(order)).value(of(total)).build().unwrap()
    });
    let answers = journal.hand_over(&sales, time(0)).unwrap();
    let ids: Vec<_> = answers
        .iter()
        .map(|answer| match answer {
            HandOver::Taken(id) => *id,
            other => panic!("{other:?}"),
        })
        .collect();
    journal.record_outcome(&ids[..1], &Outcome::Accepted, time(60)).unwrap();
    journal.record_outcome(&ids[1..2], &Outcome::NotSent(NotSentCause::Expired), time(60)).unwrap();
    journal.record_attempt(&ids[3..], time(86_400)).unwrap();
    journal
}

fn run(arguments: &[&str]) -> Output {
    let output = Command::new(example("journal")).args(arguments).output().unwrap();
    for text in [&output.stdout, &output.stderr] {
        let text = String::from_utf8_lossy(text);
        assert!(!text.contains("mary") && !text.contains("user_data"), "{text}");
    }
    output
}

fn said(output: &Output, status: i32) -> String {
    assert_eq!(output.status.code(), Some(status), "{output:?}");
    let part = if status == 2 { &output.stderr } else { &output.stdout };
    String::from_utf8(part.clone()).unwrap()
}

#[test]
fn a_journal_that_is_open_is_shown_with_counts_ages_and_totals() {
    let folder = new_folder("show");
    let journal = fill(&folder);
    let now = (NOW + 3 * 86_400).to_string();
    let shown = said(&run(&["show", folder.to_str().unwrap(), "--now", &now]), 0);
    let lines: Vec<Vec<&str>> = shown.lines().map(|line| line.split_whitespace().collect()).collect();
    for line in [
        "dataset 1234567890 at relay.example/meta",
        "key policy \"till,day\"",
        "pending 2 3 days 3 days 3.25 USD",
        "accepted 1 3 days 3 days 31.95 USD",
        "not_sent 1 3 days 3 days 5 EUR",
        "1 pending event may have arrived; the first attempt was 2 days ago",
    ] {
        assert!(lines.iter().any(|words| words.join(" ") == line), "{line}\n{shown}");
    }
    assert_eq!(journal.counts().unwrap().total(), 4, "it is open all the time");
}

#[test]
fn outcomes_are_exported_without_order_ids_unless_asked_and_no_field_is_a_formula() {
    let folder = new_folder("export");
    let _journal = fill(&folder);
    let path = folder.to_str().unwrap();
    let without = said(&run(&["export", path]), 0);
    assert!(!without.contains("A1") && !without.contains("order_id"), "{without}");
    assert_eq!(without.lines().count(), 5);
    let exported = said(&run(&["export", "--order-ids", path]), 0);
    let mut rows = csv::Reader::from_reader(exported.as_bytes());
    let column = |name: &str, headers: &csv::StringRecord| headers.iter().position(|h| h == name).unwrap();
    let headers = rows.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    let field = |row: usize, name: &str| rows[row][column(name, &headers)].to_owned();
    assert_eq!(rows.len(), 4);
    let shown = ["state", "code", "outcome_at", "order_id", "total", "currency"];
    assert_eq!(
        shown.map(|name| field(0, name)),
        ["accepted", "accepted", "2026-01-01T00:01:00Z", "A1", "31.95", "USD"]
    );
    assert_eq!(
        shown.map(|name| field(1, name)),
        ["not_sent", "expired", "2026-01-01T00:01:00Z", "'=A2", "5", "EUR"]
    );
    assert_eq!(shown.map(|name| field(3, name)), ["pending", "", "", "A4", "2.25", "USD"]);
    assert!(field(0, "event_id").len() > 16);
}

#[test]
fn verification_tells_a_loss_by_its_status_and_changes_nothing() {
    let folder = new_folder("verify");
    drop(fill(&folder));
    let path = folder.to_str().unwrap();
    assert_eq!(said(&run(&["verify", path]), 0).trim(), "7 records in 1 file can be read");
    let file = folder.join("0000000001.segment");
    let mut bytes = fs::read(&file).unwrap();
    bytes.extend([1; 9]);
    fs::write(&file, &bytes).unwrap();
    assert!(said(&run(&["verify", path]), 0).contains("the last 9 bytes were torn"));
    bytes[200] ^= 1;
    fs::write(&file, &bytes).unwrap();
    let text = said(&run(&["verify", path]), 1);
    assert!(text.contains("cannot be read, and are skipped") && text.contains("Events Manager"), "{text}");
    assert_eq!(fs::read(&file).unwrap(), bytes);
}

#[test]
fn compaction_deletes_what_is_old_and_waits_for_nobody() {
    let folder = new_folder("compact");
    let journal = fill(&folder);
    let (path, later) = (folder.to_str().unwrap(), (NOW + 40 * 86_400).to_string());
    let compact = |days: &str| run(&["compact", path, "--keep", days, "--now", &later]);
    let text = said(&compact("30"), 2);
    assert!(text.contains("is open in another process") && text.contains(path), "{text}");
    for pending in journal.pending().unwrap() {
        journal.record_outcome(&[pending.unwrap().id()], &Outcome::Accepted, time(0)).unwrap();
    }
    drop(journal);
    assert!(said(&compact("60"), 0).starts_with("0 files"));
    assert!(said(&compact("30"), 0).starts_with("1 file with 4 events deleted"));
    assert!(said(&run(&["show", path]), 0).contains("0 events"));
}

#[test]
fn mistakes_give_one_sentence_and_status_two() {
    let empty = new_folder("empty");
    fs::create_dir_all(&empty).unwrap();
    let empty = empty.to_str().unwrap();
    for (arguments, expected) in [
        (&[][..], "name a command"),
        (&["shoe", "x"], "no command"),
        (&["show", "/nowhere/at/all"], "cannot be listed"),
        (&["show", empty], "no file says whose journal this is"),
        (&["show", empty, "--keep", "3"], "--keep is for compact"),
        (&["verify", empty, "--order-ids"], "--order-ids is for export"),
        (&["compact", empty, "--keep", "soon"], "needs a whole number"),
        (&["show", "--what", empty], "no option"),
    ] {
        let text = said(&run(arguments), 2);
        assert!(text.starts_with("journal: ") && text.contains(expected), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }
    assert!(said(&run(&["--help"]), 0).contains("Usage: journal COMMAND FOLDER"));
}
