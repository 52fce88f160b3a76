//! Shows what is in a journal, verifies it, exports its outcomes as CSV, and gives space back.
//!
//! ```text
//! cargo run --example journal --features journal -- show FOLDER
//! ```
//!
//! `--help` lists the commands. None of them shows customer data.
//!
//! [`JournalSnapshot`] reads a journal without its lock, so that the program that sends from it can go on. Only
//! `compact` opens it.

mod arguments;
mod export;
mod show;

use std::env;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;
use std::time::Duration;

use meta_offline_events::journal::{Damage, JournalOptions, JournalSnapshot};

use crate::arguments::{Command, Job};

/// Why the program cannot go on: one sentence, without customer data.
type Failure = Box<dyn std::error::Error + Send + Sync>;

const DONE: u8 = 0;
const LOSS: u8 = 1;
const FAILED: u8 = 2;

fn main() -> ExitCode {
    let mut out = BufWriter::new(io::stdout().lock());
    let done = run(&mut out).and_then(|status| Ok(out.flush().map(|()| status)?));
    let status = done.unwrap_or_else(|failure| {
        // Whoever reads the output may have enough of it.
        let is_closed = failure.downcast_ref().map(io::Error::kind) == Some(io::ErrorKind::BrokenPipe);
        if !is_closed {
            let _ = writeln!(io::stderr().lock(), "journal: {failure}");
        }
        if is_closed { DONE } else { FAILED }
    });
    ExitCode::from(status)
}

fn run(out: &mut dyn Write) -> Result<u8, Failure> {
    match arguments::parse(env::args_os().skip(1))? {
        Command::Help => out.write_all(arguments::HELP.as_bytes())?,
        Command::Show(job) => show::show(out, &JournalSnapshot::read(&job.folder)?, job.now)?,
        Command::Export { job, has_order_ids } => {
            export::export(out, &JournalSnapshot::read(&job.folder)?, has_order_ids)?;
        }
        Command::Verify(job) => return verify(out, &job),
        Command::Compact { job, kept } => compact(out, &job, kept)?,
    }
    Ok(DONE)
}

fn verify(out: &mut dyn Write, job: &Job) -> Result<u8, Failure> {
    let snapshot = JournalSnapshot::read(&job.folder)?;
    let (files, records) = (counted(snapshot.segments(), "file"), counted(snapshot.records(), "record"));
    writeln!(out, "{records} in {files} can be read")?;
    for damage in snapshot.damage() {
        writeln!(out, "{damage}")?;
    }
    if snapshot.damage().iter().any(Damage::is_loss) {
        writeln!(
            out,
            "Compare with Events Manager, or hand the orders of these days over again: what the journal \
             still knows is not sent twice."
        )?;
        return Ok(LOSS);
    }
    Ok(DONE)
}

fn compact(out: &mut dyn Write, job: &Job, kept: Option<Duration>) -> Result<(), Failure> {
    let snapshot = JournalSnapshot::read(&job.folder)?;
    let mut options = JournalOptions::new().endpoint(snapshot.endpoint().parse()?);
    if !snapshot.key_policy().is_empty() {
        options = options.key_policy(snapshot.key_policy().parse()?);
    }
    if let Some(kept) = kept {
        options = options.kept(kept);
    }
    let journal = options.open(&job.folder, snapshot.dataset())?;
    let freed = journal.clean_up(job.now)?;
    let (files, events) = (counted(freed.segments, "file"), counted(freed.events, "event"));
    writeln!(out, "{files} with {events} deleted: {} bytes", freed.bytes)?;
    writeln!(out, "{} bytes are left", journal.size()?)?;
    Ok(())
}

fn counted(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
