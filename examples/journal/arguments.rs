//! The command line: which journal, and what to do with it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use meta_offline_events::value::EventTime;

use crate::Failure;

pub(crate) const HELP: &str = "\
Shows what is in a journal, without customer data.

Usage: journal COMMAND FOLDER [OPTIONS]

Commands:
  show       print how many events stand where, their ages and their totals by currency
  verify     check every checksum; the status is 1 if something that was recorded cannot be read
  export     print one line of CSV for each event
  compact    delete the files whose events all have an outcome and are older than the journal keeps them

Options:
  --keep DAYS    with compact: how long events are remembered [default: 70]
  --order-ids    with export: add the order ids
  --now UNIX     take this time for the current one, in Unix seconds [default: now]
  --help         show this text

show, verify and export only read, also while another process has the journal open. compact needs the
journal for itself.

The columns of export: entry, state, code, handed_over, outcome_at, event_id, order_id (if asked for),
total, currency. There are no customer values in it, neither plain nor hashed. The id of an event leads
nowhere outside of Meta, unless your program chose it itself. An order id leads to the customer in your
shop, so it is left out unless you ask. An id that a spreadsheet would take for a formula gets a ' before it.

Status: 0 if all went well, 1 if verify found a loss, 2 if the program could not do it.
";

/// What the program does.
pub(crate) enum Command {
    Help,
    Show(Job),
    Verify(Job),
    Export { job: Job, has_order_ids: bool },
    Compact { job: Job, kept: Option<Duration> },
}

/// Which journal, and when.
pub(crate) struct Job {
    pub(crate) folder: PathBuf,
    pub(crate) now: EventTime,
}

/// Reads the command line, without the name of the program.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, Failure> {
    let (mut words, mut now, mut days, mut has_order_ids) = (Vec::new(), None, None, false);
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--help" | "-h") => return Ok(Command::Help),
            Some("--order-ids") => has_order_ids = true,
            Some(option) if option.len() > 1 && option.starts_with('-') => {
                let (name, value) = match option.split_once('=') {
                    Some((name, value)) => (name, Some(value.to_owned())),
                    None => (option, None),
                };
                let place = match name {
                    "--now" => &mut now,
                    "--keep" => &mut days,
                    _ => return Err(format!("there is no option `{name}`; see --help").into()),
                };
                let value = value.or_else(|| arguments.next()?.into_string().ok());
                let number = value.and_then(|value| value.parse::<u32>().ok());
                *place = Some(number.ok_or_else(|| format!("{name} needs a whole number"))?);
            }
            _ => words.push(argument),
        }
    }
    let [command, folder] = &words[..] else {
        return Err("name a command and the folder of a journal; see --help".into());
    };
    let now = now.map_or_else(|| Ok(EventTime::now()), |now| EventTime::from_unix(now.into()))?;
    let job = Job { folder: folder.into(), now };
    let command = match command.to_str() {
        Some("compact") => {
            let kept = days.take().map(|days| Duration::from_secs(u64::from(days) * 86_400));
            Command::Compact { job, kept }
        }
        Some("export") => Command::Export { job, has_order_ids: std::mem::take(&mut has_order_ids) },
        Some("show") => Command::Show(job),
        Some("verify") => Command::Verify(job),
        _ => return Err(format!("there is no command `{}`; see --help", command.display()).into()),
    };
    if days.is_some() || has_order_ids {
        let option = if days.is_some() { "--keep is for compact" } else { "--order-ids is for export" };
        return Err(format!("{option} alone").into());
    }
    Ok(command)
}
