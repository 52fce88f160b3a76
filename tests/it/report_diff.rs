//! The example program `report_diff`: what changed since the last run, and an exit status for a scheduler.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use meta_offline_events::customer::{Coverage, UserData};
use meta_offline_events::order::{Orders, Row};
use meta_offline_events::report::{DeliveryReport, RunReport};
use meta_offline_events::value::EventTime;

use crate::support::example;

/// A report on a hundred customers, so many of whom have a phone number, with so many returns.
fn report(name: &str, phones: usize, returns: u64) -> PathBuf {
    let customer = |number: usize| {
        let customer = UserData::builder().email("mary@example.com");
        let customer = if number < phones { customer.phone("+1 650 555 1212") } else { customer };
        customer.build().unwrap()
    };
    let coverage: Coverage = (0..100).map(customer).collect::<Vec<_>>().iter().collect();
    let sold = EventTime::from_unix(1_767_225_600).unwrap();
    let mut orders = Orders::new();
    (0..returns).for_each(|line| orders.push(&Row::new(line + 2, sold).quantity(-1)));
    let delivery = DeliveryReport::default().with_rows(orders.finish(sold).rows);
    write(name, &serde_json::to_string(&RunReport::new(&delivery).coverage(&coverage)).unwrap())
}

fn write(name: &str, text: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report_diff");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join(name);
    fs::write(&file, text).unwrap();
    file
}

fn diff(before: &Path, after: &Path, options: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(example("report_diff")).args([before, after]).args(options).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

#[test]
fn a_fall_in_coverage_beyond_the_stated_share_is_exit_status_1() {
    let (before, after) = (report("before.json", 80, 3), report("after.json", 73, 5));
    let (status, said) = diff(&before, &after, &[]);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("Coverage fell by more than 5 points: ph"), "{said}");
    assert!(said.contains("80.0 -> 73.0                 -7.0  ph  fell too far"), "{said}");
    assert!(
        said.contains("3 -> 5                      +2  filtered: return_or_cancellation in quantity"),
        "{said}"
    );
    for (options, expected) in [(["--max-fall", "10"], 0), (["--max-fall", "6.9"], 1)] {
        assert_eq!(diff(&before, &after, &options).0, Some(expected));
    }
    let (status, said) = diff(&after, &before, &[]);
    assert_eq!(status, Some(0), "a rise is no fall: {said}");
    assert!(diff(&before, &before, &[]).1.contains("no change"));
}

#[test]
fn input_that_is_refused_is_exit_status_2() {
    let good = report("good.json", 80, 0);
    let without = serde_json::to_string(&DeliveryReport::default()).unwrap();
    for (file, said) in [
        (write("cut.json", &without[..50]), "cut.json: the report is not whole JSON"),
        (write("other.json", "{}"), "other.json: no report of version 1"),
        (write("without.json", &without), "without.json: the report has no match-key coverage"),
        (PathBuf::from("absent.json"), "absent.json: "),
    ] {
        for (before, after) in [(&file, &good), (&good, &file)] {
            let (status, text) = diff(before, after, &[]);
            assert_eq!(status, Some(2), "{text}");
            assert!(text.contains(said), "{said} is not in: {text}");
        }
    }
    for options in
        [&["--max-fall"][..], &["--max-fall=-1"], &["--max-fall=NaN"], &["--other"], &["third.json"]]
    {
        assert_eq!(diff(&good, &good, options).0, Some(2), "{options:?}");
    }
}
