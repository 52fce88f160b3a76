//! Sends the orders of till exports to Meta and accounts for every row.
//!
//! Without arguments it makes a sample export, with every kind of mistake in it, and sends it to a
//! stand-in for Meta on this machine:
//!
//! ```text
//! cargo run --release --example send_orders --features csv,testing
//! ```
//!
//! With files it prepares them (`--dry-run`) or sends them; `--help` lists the options:
//!
//! ```text
//! … -- orders.csv --dry-run bodies.jsonl --report report.json
//! META_DATASET_ID=… META_ACCESS_TOKEN=… … -- monday.csv tuesday.csv --report report.json
//! ```
//!
//! The work itself is three calls: `Orders::push` takes rows, `Orders::finish` makes events of them, and
//! `Client::send` sends these and returns the report. The rest is about files, options and people.

mod arguments;
mod destination;
mod output;
mod print;
mod progress;
mod read;
mod sample;

use std::env;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::{self, ExitCode};

use meta_offline_events::client::{Client, Clock, Progress, StopHandle, SystemClock};
use meta_offline_events::order::{Orders, Prepared};
use meta_offline_events::report::DeliveryReport;
use meta_offline_events::testing::MockServer;
use meta_offline_events::value::EventTime;
use meta_offline_events::wire::Batches;
use tokio::signal;

use crate::arguments::{Command, Job};
use crate::destination::{Destination, Environment};
use crate::output::PrivateFile;
use crate::print::{Account, Halt, counted, grouped};
use crate::progress::{ProgressLines, say};
use crate::sample::Sample;

/// Why the program cannot go on, in a sentence without secrets and without text of the files.
type Failure = Box<dyn std::error::Error>;

const ACCEPTED: u8 = 0;
const NOT_ALL_ACCEPTED: u8 = 1;
const FAILED: u8 = 2;

#[tokio::main(flavor = "current_thread")]
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
        Command::Sample => {
            Environment::read()?.demand_nothing()?;
            send_sample().await
        }
        Command::DryRun { job, bodies, now } => {
            dry_run(&job, &bodies, now.unwrap_or_else(|| SystemClock.now()), &Environment::read()?)
        }
        Command::Send { job, keep_going, flow } => {
            send_files(&job, keep_going, &Environment::read()?.destination(&flow)?).await
        }
    }
}

/// Sends the files, unless they cannot be read to their end or hardly hold anything usable.
async fn send_files(job: &Job, keep_going: bool, destination: &Destination) -> Result<u8, Failure> {
    let report_file = create(job.report.as_deref())?;
    if destination.is_test {
        say(print::TEST_NOTE);
    }
    let mut orders = Orders::new();
    let (files, read) = read::read_all(&job.inputs, &mut orders);
    let prepared = orders.finish(SystemClock.now());
    let coverage = prepared.coverage.clone();
    let mostly_invalid = prepared.rows.read() >= 1000 && prepared.rows.invalid() * 2 > prepared.rows.read();

    let halt = match read {
        Err(failure) => Some(Halt { status: FAILED, why: failure.to_string() }),
        Ok(()) if mostly_invalid && !keep_going => Some(Halt {
            status: NOT_ALL_ACCEPTED,
            why:
                "more than half of the rows is invalid: check the export, or send the rest with --keep-going"
                    .to_owned(),
        }),
        Ok(()) => None,
    };
    let report = if halt.is_some() {
        DeliveryReport::pending(&prepared.events).with_rows(prepared.rows)
    } else {
        coverage.shared_values().iter().for_each(|shared| say(&format!("note: {shared}")));
        send(&destination.client, prepared).await
    };
    let way = format!("Sent to {}, in {}.", destination.place, counted(report.requests(), "request"));
    let account = Account { files, report, coverage, way, halt };
    finish(&account, report_file)
}

/// Writes what would be sent.
fn dry_run(job: &Job, bodies: &Path, now: EventTime, environment: &Environment) -> Result<u8, Failure> {
    let fields = environment.request_fields()?;
    let report_file = create(job.report.as_deref())?;
    let bodies_file = PrivateFile::create(bodies)?;
    if fields.has_test_event_code() {
        say(print::TEST_NOTE);
    }
    let mut orders = Orders::new();
    let (files, read) = read::read_all(&job.inputs, &mut orders);
    let Prepared { events, rows, coverage, .. } = orders.finish(now);

    let mut requests = 0;
    let written = read.and_then(|()| {
        bodies_file.finish(|file| {
            Batches::new(&events, &fields).try_for_each(|batch| {
                requests += 1;
                file.write_all(batch.body())?;
                file.write_all(b"\n")
            })
        })
    });
    let halt = written.err().map(|failure| Halt { status: FAILED, why: failure.to_string() });
    let way = format!("Nothing was sent: the file holds {}, one a line.", counted(requests, "request"));
    let report = DeliveryReport::pending(&events).with_rows(rows);
    finish(&Account { files, report, coverage, way, halt }, report_file)
}

/// Makes the sample, sends it to a stand-in, and compares what came out with what was planned.
async fn send_sample() -> Result<u8, Failure> {
    let Sample { csv, plan } = sample::make(SystemClock.now());
    let mock_server = MockServer::builder().refuse(sample::is_refused).start().await?;
    let client = Client::builder("123456789012345".parse()?, "a-token-of-the-sample".parse()?)
        .loopback_endpoint(mock_server.url())
        .build()?;

    let mut orders = Orders::new();
    let mut facts = read::FileFacts::new("a made-up export".to_owned());
    read::read_rows(csv.as_bytes(), 0, &mut orders, &mut facts)?;
    let prepared = orders.finish(SystemClock.now());
    let coverage = prepared.coverage.clone();
    let report = send(&client, prepared).await;

    let way = format!(
        "Sent to a stand-in for Meta on this machine, in {} requests: it refuses a whole request for one\n\
         bad event, so the client divides the request until the bad event stands alone.",
        grouped(report.requests())
    );
    let surprises = plan.surprises(&report);
    let account = Account { files: vec![facts], report, coverage, way, halt: None };
    to_stdout(|out| {
        print::account(out, &account)?;
        sample::print_verdict(out, &surprises)
    })?;
    Ok(if surprises.is_empty() { ACCEPTED } else { NOT_ALL_ACCEPTED })
}

async fn send(client: &Client, prepared: Prepared) -> DeliveryReport {
    let mut progress = ProgressLines::start();
    let total = grouped(prepared.events.len() as u64);
    let tell = |now: Progress| {
        let what = format!("of {total} events, {} requests", grouped(now.requests));
        progress.tell(now.done, &what);
    };
    let stop = StopHandle::new();
    let sending = client.send(prepared).on_progress(tell).stop_on(&stop);
    tokio::select! {
        report = sending => report,
        never = listen_for_interrupts(&stop) => match never {},
    }
}

/// The first interrupt ends the sending in order, the second one at once.
async fn listen_for_interrupts(stop: &StopHandle) -> std::convert::Infallible {
    if signal::ctrl_c().await.is_err() {
        return std::future::pending().await;
    }
    say("stopping when the requests in flight are answered; interrupt again to leave at once");
    stop.request_stop();
    // Without a second signal this waits for ever.
    let _ = signal::ctrl_c().await;
    process::exit(FAILED.into())
}

/// Gives the account to whoever wants it: the file first, because a terminal may be gone.
fn finish(account: &Account, report_file: Option<PrivateFile>) -> Result<u8, Failure> {
    let written = report_file.map_or(Ok(()), |file| file.finish(|out| account.write_json(out)));
    let printed =
        if account.is_worth_printing() { to_stdout(|out| print::account(out, account)) } else { Ok(()) };
    if let Some(halt) = &account.halt {
        say(&format!("nothing was sent: {}", halt.why));
    }
    written.and(printed)?;
    Ok(account.status())
}

fn create(report: Option<&Path>) -> Result<Option<PrivateFile>, Failure> {
    report.map(PrivateFile::create).transpose()
}

fn to_stdout(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    let written = write(&mut out).and_then(|()| out.flush());
    written.map_err(|error| format!("standard output cannot be written: {error}").into())
}
