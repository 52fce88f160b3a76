//! Compares two reports of `send_orders --report`: what changed in match-key coverage, outcomes and reasons.
//!
//! ```text
//! report_diff LAST_WEEK.json TODAY.json --max-fall 5
//! ```
//!
//! The exit status is for a scheduler: 1 when the coverage of a match key fell by more than the stated number of
//! percentage points (5 unless stated), 2 when the command line or a report is refused, and 0 otherwise.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::process::ExitCode;

use meta_offline_events::report::SavedReport;

const USAGE: &str = "usage: report_diff BEFORE.json AFTER.json [--max-fall POINTS]";

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(has_fallen) => ExitCode::from(u8::from(has_fallen)),
        Err(failure) => {
            let _ = writeln!(io::stderr(), "report_diff: {failure}");
            ExitCode::from(2)
        }
    }
}

/// Prints what changed, and tells whether coverage fell too far.
fn run(arguments: impl Iterator<Item = String>) -> Result<bool, Failure> {
    let (files, max_fall) = parse(arguments)?;
    let [before, after] = files.map(|file| read(&file));
    let (before, after) = (&before?, &after?);
    let mut out = io::stdout().lock();
    writeln!(out, "Outcomes of rows")?;
    changes(&mut out, &outcomes(before), &outcomes(after))?;
    writeln!(out, "\nReasons, by rows")?;
    changes(&mut out, &reasons(before), &reasons(after))?;
    writeln!(out, "\nMatch-key coverage, in percent of customers")?;
    let fallen = coverage(&mut out, before, after, max_fall)?;
    match &fallen[..] {
        [] => writeln!(out, "\nNo coverage fell by more than {max_fall} points.")?,
        keys => writeln!(out, "\nCoverage fell by more than {max_fall} points: {}", keys.join(", "))?,
    }
    Ok(!fallen.is_empty())
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<([String; 2], f64), Failure> {
    let (mut files, mut max_fall) = (Vec::new(), None);
    while let Some(argument) = arguments.next() {
        let stated = match argument.split_once('=') {
            Some(("--max-fall", points)) => points.to_owned(),
            _ if argument == "--max-fall" => arguments.next().unwrap_or_default(),
            _ if argument.starts_with("--") => return Err(USAGE.into()),
            _ => {
                files.push(argument);
                continue;
            }
        };
        let points = stated.parse().ok().filter(|points| (0.0..=100.0).contains(points));
        let points = points.ok_or("--max-fall needs a number of percentage points from 0 to 100")?;
        if max_fall.replace(points).is_some() {
            return Err("--max-fall is given twice".into());
        }
    }
    let files = files.try_into().map_err(|_| USAGE)?;
    Ok((files, max_fall.unwrap_or(5.0)))
}

/// Reads a report. One without coverage cannot be compared.
fn read(file: &str) -> Result<SavedReport, String> {
    let named = |error: &dyn std::fmt::Display| format!("{}: {error}", printable(file));
    let report = SavedReport::read(File::open(file).map_err(|error| named(&error))?);
    let report = report.map_err(|error| named(&error))?;
    match report.customers() {
        Some(_) => Ok(report),
        None => Err(named(&"the report has no match-key coverage")),
    }
}

fn outcomes(report: &SavedReport) -> BTreeMap<String, u64> {
    report.rows().map(|(outcome, rows)| (printable(outcome), rows)).collect()
}

fn reasons(report: &SavedReport) -> BTreeMap<String, u64> {
    let mut reasons = BTreeMap::new();
    for reason in report.reasons() {
        let column = reason.column().map(|column| format!(" in {column}")).unwrap_or_default();
        let outcome = reason.outcome().unwrap_or_default();
        let name = printable(&format!("{outcome}: {}{column}", reason.code()));
        *reasons.entry(name).or_default() += reason.rows().max(reason.diagnostics());
    }
    reasons
}

/// Prints each count that is not the same in both.
fn changes(
    out: &mut impl Write,
    before: &BTreeMap<String, u64>,
    after: &BTreeMap<String, u64>,
) -> io::Result<()> {
    let names: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let count = |counts: &BTreeMap<String, u64>, name: &String| counts.get(name).copied().unwrap_or_default();
    let mut is_same = true;
    for name in names {
        let (before, after) = (count(before, name), count(after, name));
        if before != after {
            is_same = false;
            let change = i128::from(after) - i128::from(before);
            writeln!(out, "{before:>12} -> {after:<12} {change:>+12}  {name}")?;
        }
    }
    if is_same { writeln!(out, "       no change") } else { Ok(()) }
}

/// Prints the share of customers with each key, and returns the keys whose share fell too far.
fn coverage(
    out: &mut impl Write,
    before: &SavedReport,
    after: &SavedReport,
    max_fall: f64,
) -> io::Result<Vec<String>> {
    let shares = |report: &SavedReport| -> BTreeMap<String, f64> {
        report.key_shares().map(|(key, share)| (printable(key), 100.0 * share)).collect()
    };
    let (before, after) = (shares(before), shares(after));
    let keys: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let mut fallen = Vec::new();
    for key in keys {
        let share = |shares: &BTreeMap<String, f64>| shares.get(key).copied().unwrap_or_default();
        let (before, after) = (share(&before), share(&after));
        let change = after - before;
        let has_fallen = -change > max_fall;
        let mark = if has_fallen { "  fell too far" } else { "" };
        writeln!(out, "{before:>12.1} -> {after:<12.1} {change:>+12.1}  {key}{mark}")?;
        if has_fallen {
            fallen.push(key.clone());
        }
    }
    Ok(fallen)
}

/// A text from a file or the command line, without what a terminal would obey.
fn printable(text: &str) -> String {
    text.escape_debug().to_string()
}
