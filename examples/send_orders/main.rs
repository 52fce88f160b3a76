//! Sends the orders in CSV exports to Meta's Conversions API, and reports what became of every row.
//!
//! Without arguments it makes a sample export with many mistakes in it, and sends it to a mock server on this
//! machine:
//!
//! ```text
//! cargo run --example send_orders --features csv,html,journal,testing
//! ```
//!
//! With files it prepares them (`--dry-run`) or sends them; `--help` lists the options:
//!
//! ```text
//! send_orders --dry-run bodies.jsonl orders.csv
//! META_DATASET_ID=… META_ACCESS_TOKEN=… send_orders monday.csv tuesday.csv --report report.json
//! META_DATASET_ID=… META_ACCESS_TOKEN=… send_orders last_7_days.csv --journal sent
//! ```
//!
//! Three calls do the work: `Orders::push_parsed` takes the rows, `Orders::finish` groups them into events, and
//! `Client::send` sends the events and returns the report. With `--sorted`, `SortedEvents` and `Client::deliver` do it
//! while the rows are read. The rest is about files, options and people.

mod arguments;
mod destination;
mod layout;
mod left_out;
mod output;
mod print;
mod progress;
mod read;
mod sample;
mod signals;
mod sorted;

use std::env;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use meta_offline_events::client::{Client, Clock, SystemClock};
use meta_offline_events::customer::Coverage;
use meta_offline_events::order::csv::CsvRows;
use meta_offline_events::order::{Orders, Prepared, RowLayout};
use meta_offline_events::report::DeliveryReport;
use meta_offline_events::testing::MockServer;
use meta_offline_events::value::EventTime;
use meta_offline_events::wire::Batches;

use crate::arguments::{Command, Job, Outputs};
use crate::destination::{Destination, Environment};
use crate::output::{PrivateFile, ReportFiles};
use crate::print::{Halt, Summary, grouped};
use crate::progress::{Bytes, Progress, say};
use crate::read::Read;
use crate::sample::Sample;
use crate::signals::Signals;

/// Why the program cannot go on: one sentence, without secrets and without text of the files.
type Failure = Box<dyn std::error::Error + Send + Sync>;

const ACCEPTED: u8 = 0;
const NOT_ALL_ACCEPTED: u8 = 1;
const FAILED: u8 = 2;

/// A second thread receives signals while the first one reads, groups and writes.
#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() -> ExitCode {
    let status = run().await.unwrap_or_else(|failure| {
        say(&failure.to_string());
        FAILED
    });
    ExitCode::from(status)
}

async fn run() -> Result<u8, Failure> {
    let command = arguments::parse(env::args_os().skip(1))?;
    match command {
        Command::Help => to_stdout(|out| out.write_all(arguments::HELP.as_bytes())).map(|()| ACCEPTED),
        Command::Sample(outputs) => {
            Environment::read()?.require_none()?;
            send_sample(&outputs).await
        }
        Command::ShowLayout(job) => {
            let mut shown = Vec::new();
            let read = layout::show(&mut shown, &job);
            to_stdout(|out| out.write_all(&shown))?;
            read.map(|()| ACCEPTED)
        }
        Command::DryRun { job, bodies, now } => {
            dry_run(job, &bodies, now.unwrap_or_else(|| SystemClock.now()), &Environment::read()?).await
        }
        Command::Resume { journal, reading, flow, outputs } => {
            let mut destination = Environment::read()?.destination(&flow)?;
            destination.keep_journal(&journal, reading.key_policy()?)?;
            resume(&destination, &outputs).await
        }
        Command::Send { job, flow, journal } => {
            let mut destination = Environment::read()?.destination(&flow)?;
            if let Some(folder) = journal {
                destination.keep_journal(&folder, job.reading.key_policy()?)?;
            }
            send_files(job, &destination).await
        }
    }
}

/// Sends what an earlier run left in the journal.
async fn resume(destination: &Destination, outputs: &Outputs) -> Result<u8, Failure> {
    let signals = Signals::listen()?;
    let report_files = ReportFiles::create(outputs)?;
    let now = SystemClock.now();
    let report = send(destination, Prepared::default(), outputs.is_quiet, &signals).await;
    let sent = destination.sent(&report);
    let coverage = Coverage::default();
    let summary = Summary { files: Vec::new(), now, report, coverage, sent, halt: None, has_journal: true };
    finish(&summary, report_files)
}

/// Sends the orders, unless a file cannot be read to its end or too many rows are invalid.
async fn send_files(job: Job, destination: &Destination) -> Result<u8, Failure> {
    let signals = Signals::listen()?;
    let report_files = ReportFiles::create(&job.outputs)?;
    if destination.is_test {
        say(print::TEST_NOTE);
    }
    if job.is_sorted {
        return finish(&sorted::send(job, destination, &signals).await, report_files);
    }
    let is_quiet = job.outputs.is_quiet;
    let Read { orders, files, read } = read::read_all(job, &signals).await?;
    let now = SystemClock.now();
    let prepared = orders.finish(now);
    let coverage = prepared.coverage.clone();

    let halt = match (read, &prepared.mostly_invalid) {
        (Err(failure), _) => Some(Halt { status: FAILED, why: failure.to_string(), has_sent: false }),
        (Ok(()), Some(why)) => Some(Halt::mostly_invalid(why)),
        (Ok(()), None) => None,
    };
    let report = if halt.is_some() {
        DeliveryReport::pending(&prepared.events).with_rows(prepared.rows)
    } else {
        coverage.shared_values().iter().for_each(|shared| say(&format!("note: {shared}")));
        send(destination, prepared, is_quiet, &signals).await
    };
    let sent = destination.sent(&report);
    let has_journal = destination.journal.is_some() && halt.is_none();
    finish(&Summary { files, now, report, coverage, sent, halt, has_journal }, report_files)
}

/// Writes the request bodies to a file, and sends nothing.
async fn dry_run(job: Job, bodies: &Path, now: EventTime, environment: &Environment) -> Result<u8, Failure> {
    let signals = Signals::listen()?;
    let fields = environment.request_fields()?;
    let report_files = ReportFiles::create(&job.outputs)?;
    let bodies_file = PrivateFile::create(bodies)?;
    if fields.has_test_event_code() {
        say(print::TEST_NOTE);
    }
    if job.is_sorted {
        let sorted = sorted::write(job, bodies, bodies_file, now, &fields, &signals).await?;
        return finish(&sorted, report_files);
    }
    let Read { orders, files, read } = read::read_all(job, &signals).await?;
    let Prepared { events, rows, coverage, .. } = orders.finish(now);

    let mut requests = 0;
    let written = read.and_then(|()| {
        bodies_file.finish(|file| {
            Batches::new(&events, &fields).try_for_each(|batch| {
                signals.check().map_err(io::Error::other)?;
                requests += 1;
                file.write_all(batch.body())?;
                file.write_all(b"\n")
            })
        })
    });
    let halt =
        written.err().map(|failure| Halt { status: FAILED, why: failure.to_string(), has_sent: false });
    let sent = output::written(bodies, requests);
    let report = DeliveryReport::pending(&events).with_rows(rows);
    finish(&Summary { files, now, report, coverage, sent, halt, has_journal: false }, report_files)
}

/// Makes the sample, sends it to a mock server, and compares the report with the plan of the sample.
async fn send_sample(outputs: &Outputs) -> Result<u8, Failure> {
    let signals = Signals::listen()?;
    let report_files = ReportFiles::create(outputs)?;
    let now = SystemClock.now();
    let Sample { csv, plan } = sample::make(now);
    let mock_server = MockServer::builder().refuse(sample::is_refused).start().await?;
    let client = Client::builder("123456789012345".parse()?, "a-token-of-the-sample".parse()?)
        .loopback_endpoint(mock_server.url())
        .build()?;
    let destination = Destination::of(client);

    let mut orders = Orders::new();
    let mut facts = read::FileFacts::new("the sample export".to_owned());
    let csv = format!("{csv}#END\n");
    let rows = CsvRows::new(csv.as_bytes(), &RowLayout::new())?.end_mark("#END");
    let mut progress = Progress::start(outputs.is_quiet, None, Bytes::default());
    read::read_rows(rows, &mut orders, &mut facts, &mut progress, &signals)?;
    drop(progress);
    let prepared = orders.finish(now);
    let coverage = prepared.coverage.clone();
    let report = send(&destination, prepared, outputs.is_quiet, &signals).await;

    let sent = format!(
        "Sent to a mock server on this machine in {} requests. Like Meta, it refuses a whole request\n\
         because of one bad event; the client then splits the request until the bad event is alone.",
        grouped(report.requests().made)
    );
    let surprises = plan.surprises(&report);
    let summary = Summary { files: vec![facts], now, report, coverage, sent, halt: None, has_journal: false };
    report_files.finish(&summary)?;
    to_stdout(|out| {
        print::summary(out, &summary)?;
        sample::print_verdict(out, &surprises)
    })?;
    Ok(if surprises.is_empty() { ACCEPTED } else { NOT_ALL_ACCEPTED })
}

async fn send(
    destination: &Destination,
    prepared: Prepared,
    is_quiet: bool,
    signals: &Signals,
) -> DeliveryReport {
    let events = prepared.events.len() as u64;
    let mut progress = Progress::start(is_quiet, Some(events), Bytes::default());
    let delivery = destination.through_journal(destination.client.send(prepared));
    delivery.on_progress(|now| progress.sent(now, events)).stop_on(signals.stop()).await
}

/// Writes the report, to its files first, because the terminal may be gone.
fn finish(summary: &Summary, report_files: ReportFiles) -> Result<u8, Failure> {
    let written = report_files.finish(summary);
    let printed =
        if summary.is_worth_printing() { to_stdout(|out| print::summary(out, summary)) } else { Ok(()) };
    if let Some(halt) = &summary.halt {
        let before = if halt.has_sent {
            "the rows end here, and orders before it are sent"
        } else {
            "nothing was sent"
        };
        say(&format!("{before}: {}", halt.why));
    }
    written.and(printed)?;
    Ok(summary.status())
}

fn to_stdout(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    let written = write(&mut out).and_then(|()| out.flush());
    written.map_err(|error| format!("standard output cannot be written: {error}").into())
}
