//! Measures how fast the rows of an export become request bodies.
//!
//! ```text
//! cargo run --release --example throughput --features csv -- orders.csv --now 1778400000
//! ```
//!
//! It prints one line of JSON; `--help` describes its members. It streams a file that is sorted by order id in
//! constant memory, and groups the rows of any other file in memory first.

mod arguments;
#[path = "../../benches/floor/mod.rs"]
mod floor;
mod held;
mod whole;

use std::env;
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use meta_offline_events::value::EventTime;
use serde::Serialize;

use crate::arguments::{Command, HELP, Plan};
use crate::held::Held;

/// Why the program cannot go on, in one sentence.
type Failure = Box<dyn Error>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say(&failure.to_string());
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), Failure> {
    match arguments::parse(env::args_os().skip(1))? {
        Command::Help => print(HELP),
        Command::Measure(plan) => measure(&plan),
    }
}

/// The JSON that is printed.
#[derive(Serialize)]
struct Figures {
    rows: u64,
    events: u64,
    bytes: u64,
    seconds: f64,
    rows_per_second: f64,
    peak_rss_bytes: u64,
    ratio: Option<f64>,
}

fn measure(plan: &Plan) -> Result<(), Failure> {
    let now = plan.now.map_or_else(clock, Ok)?;
    let (sorting, run, time) = whole::pass(&plan.file, now)?;
    // From here on more is held in memory than the run itself held.
    let peak_rss_bytes = peak_memory();
    let seconds = time.as_secs_f64();
    let figures = Figures {
        rows: run.rows,
        events: run.events,
        bytes: run.bytes,
        seconds,
        rows_per_second: rate(run.rows, seconds),
        peak_rss_bytes,
        ratio: Held::read(&plan.file)?.ratio(sorting, now, plan.rounds)?,
    };
    print(&format!("{}\n", serde_json::to_string(&figures)?))
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn rate(rows: u64, seconds: f64) -> f64 {
    (rows as f64 / seconds).round()
}

#[expect(clippy::disallowed_methods, reason = "the program is where the time comes from")]
fn clock() -> Result<EventTime, Failure> {
    let now = DateTime::<Utc>::from(SystemTime::now());
    EventTime::try_from(now).map_err(|error| format!("the system's clock: {error}").into())
}

/// Returns the most memory that this process has used, in bytes, or 0 if the system does not report it.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = peak.and_then(|peak| peak.trim_end_matches("kB").trim().parse::<u64>().ok());
    kilobytes.map_or(0, |kilobytes| 1024 * kilobytes)
}

fn open(file: &Path) -> Result<File, Failure> {
    let opened = File::open(file).and_then(|opened| {
        if opened.metadata()?.is_dir() { Err(io::ErrorKind::IsADirectory.into()) } else { Ok(opened) }
    });
    opened.map_err(|error| in_file(file, &error))
}

fn in_file(file: &Path, error: &dyn Error) -> Failure {
    let name = file.to_string_lossy();
    let name: String = name.chars().map(|letter| if letter.is_control() { '?' } else { letter }).collect();
    format!("{name}: {error}").into()
}

/// Writes a line to standard error. The program goes on if nobody reads it.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "throughput: {text}");
}

fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.map_err(|error| format!("standard output cannot be written: {error}").into())
}
