//! The command line: which file to measure, and how.

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

use meta_offline_events::value::EventTime;

use crate::Failure;

pub(crate) const HELP: &str = "\
Measures how fast the rows of a CSV export become request bodies, and prints one line of JSON.

Usage: throughput ORDERS.csv [OPTIONS]

Options:
  --now UNIX     check the age of events at this time, in Unix seconds, so that an old file can be
                 used [default: now]
  --rounds N     the rounds of the ratio, of which the fastest counts; fewer rounds are quicker and
                 less accurate [default: 15]
  --help         show this text

The JSON has these members:
  rows, events, bytes     the rows and events of the file, and the size of all request bodies
  seconds                 the time from the first byte of the file to the last body
  rows_per_second         rows divided by seconds
  peak_rss_bytes          the most memory in use until then; 0 if the system does not report it
  ratio                   how many times longer it takes to make bodies of the rows, at most a million
                          that are in memory already, than only to hash the same customers' values with
                          SHA-256 and write them as hex; null if no row can be used
";

/// What the program does.
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
                    "--now" => set(&mut now, name, "a time in Unix seconds", value())?,
                    "--rounds" => set(&mut rounds, name, "a number above zero", value())?,
                    _ => return Err("there is no such option: see --help".into()),
                }
            }
            _ if file.is_some() => return Err("name one file only".into()),
            _ => file = Some(PathBuf::from(argument)),
        }
    }
    let file = file.ok_or("name the CSV file to measure: see --help")?;
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
