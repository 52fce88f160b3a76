//! The example program `throughput` as its users run it: one line of JSON, or one sentence and status 2.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::example;

const HEADER: &str = "order_id,email,country,quantity,price,currency,timestamp\n";

fn run(program: &Path, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).output().unwrap()
}

/// Measures a file with these orders, one row each. Returns the JSON and what stands on standard error.
fn measure(program: &Path, name: &str, orders: &[&str]) -> (Value, String) {
    let row = |order: &&str| format!("{order},mary@example.com,United States,1,10.50,USD,1777896000\n");
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&file, orders.iter().map(row).fold(HEADER.to_owned(), |file, row| file + &row)).unwrap();
    let output = run(program, &[file.to_str().unwrap(), "--now", "1777900000", "--rounds=1"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let line = String::from_utf8(output.stdout).unwrap();
    assert_eq!(line.lines().count(), 1, "{line}");
    (serde_json::from_str(&line).unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn one_line_has_the_figures_of_a_file_in_any_order() {
    let program = example("throughput");
    let (sorted, word) = measure(&program, "sorted.csv", &["A1", "A1", "A2"]);
    assert_eq!(word, "");
    let (unsorted, word) = measure(&program, "unsorted.csv", &["A1", "A2", "A1"]);
    assert!(word.contains("line 4 belongs to the same order as line 2"), "{word}");
    for figures in [&sorted, &unsorted] {
        assert_eq!((&figures["rows"], &figures["events"]), (&3.into(), &2.into()), "{figures}");
        for figure in ["seconds", "rows_per_second", "ratio"] {
            assert!(figures[figure].as_f64().is_some_and(|figure| figure > 0.0), "{figures}");
        }
        assert!(figures["peak_rss_bytes"].is_u64(), "{figures}");
    }
    assert_eq!(sorted["bytes"], unsorted["bytes"]);
}

#[test]
fn a_file_without_rows_has_no_ratio() {
    let program = example("throughput");
    let (figures, _) = measure(&program, "no-rows.csv", &[]);
    assert_eq!((&figures["rows"], &figures["ratio"]), (&0.into(), &Value::Null));
}

#[test]
fn what_cannot_be_measured_gives_one_sentence() {
    let program = example("throughput");
    let empty = Path::new(env!("CARGO_TARGET_TMPDIR")).join("empty.csv");
    fs::write(&empty, "").unwrap();
    let empty = empty.to_str().unwrap();
    for arguments in [
        &[][..],
        &[empty],
        &["no-such-file.csv"],
        &[env!("CARGO_TARGET_TMPDIR")],
        &["a.csv", "b.csv"],
        &["a.csv", "--now"],
        &["a.csv", "--now", "noon"],
        &["a.csv", "--rounds", "0"],
        &["a.csv", "--fast"],
    ] {
        let output = run(&program, arguments);
        let word = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{arguments:?}: {word}");
        assert!(word.starts_with("throughput: ") && word.lines().count() == 1, "{word}");
        assert!(!word.contains("panicked"), "{word}");
    }
}
