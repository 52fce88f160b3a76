//! The command line: which file, as of when, and how thoroughly.

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

use meta_offline_events::value::EventTime;

use crate::Failure;

pub(crate) const HELP: &str = "\
Measures how fast the rows of an export become request bodies, and prints one line of JSON.

usage: throughput FILE.csv [options]

options:
  --now UNIX     judge ages as of this moment, in Unix seconds, so that an old file can be used (the clock)
  --rounds N     rounds for the ratio, of which the fastest counts (15); fewer are less certain
  --help         this text

what is printed:
  rows, events, bytes     of the whole file, and of all its bodies
  seconds                 from the first byte of the file to the last body
  rows_per_second
  peak_rss_bytes          the most memory until then; 0 where the system does not tell
  ratio                   rows in memory (the first million at most) to bodies, in times of the plain SHA-256
                          and hex of the same customers' values; null without usable rows
";

/// What to do.
pub(crate) enum Command {
    Help,
    Measure(Plan),
}

/// What to measure.
pub(crate) struct Plan {
    pub(crate) file: PathBuf,
    pub(crate) now: Option<EventTime>,
    pub(crate) rounds: usize,
}

const ROUNDS: usize = 15;

/// Reads the command line, without the name of the program.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, Failure> {
    let (mut file, mut now, mut rounds) = (None, None, None);
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--help" | "-h") => return Ok(Command::Help),
            Some(option) if option.len() > 1 && option.starts_with('-') => {
                let (name, value) = match option.split_once('=') {
                    Some((name, value)) => (name, Some(value.to_owned())),
                    None => (option, None),
                };
                let mut value = || value.clone().or_else(|| arguments.next()?.into_string().ok());
                match name {
                    "--now" => set(&mut now, name, "a moment in Unix seconds", value())?,
                    "--rounds" => set(&mut rounds, name, "a number above zero", value())?,
                    _ => return Err("there is no such option, --help lists them".into()),
                }
            }
            _ if file.is_some() => return Err("name one file only".into()),
            _ => file = Some(PathBuf::from(argument)),
        }
    }
    let file = file.ok_or("name the CSV file to measure with, --help tells more")?;
    let rounds = rounds.map_or(ROUNDS, std::num::NonZeroUsize::get);
    Ok(Command::Measure(Plan { file, now, rounds }))
}

fn set<T: FromStr>(
    place: &mut Option<T>,
    name: &str,
    what: &str,
    value: Option<String>,
) -> Result<(), Failure> {
    let value = value.and_then(|text| text.parse().ok()).ok_or_else(|| format!("{name} needs {what}"))?;
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(format!("{name} is given twice").into()),
    }
}
