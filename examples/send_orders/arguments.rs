//! The command line: which files, and what to do with them.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use meta_offline_events::value::EventTime;

use crate::Failure;

pub(crate) const HELP: &str = "\
Sends the orders of till exports to Meta's Conversions API and accounts for every row.

usage: send_orders                              a made-up sample, sent to a stand-in on this machine
       send_orders FILE.csv... [options]        - is standard input; all files are one run

options:
  --dry-run BODIES.jsonl   send nothing: write the request bodies, one a line, without the token
  --now UNIX               judge ages as of this moment, in Unix seconds; only with --dry-run
  --report REPORT.json     write the account of rows and events as JSON
  --keep-going             send even when more than half of 1,000 rows or more is invalid
  --batch-size N           events in one request, 1 to 1,000 (1,000)
  --in-flight N            requests under way at once, 1 to 256 (4)
  --skip-waits             try again at once after a failure; only with a server on this machine
  --help                   this text

environment, for sending:
  META_DATASET_ID          the dataset that receives the events
  META_ACCESS_TOKEN        a token that may send to it
  META_TEST_EVENT_CODE     shows the events in the Test Events view; they count all the same
  META_GRAPH_URL           another base address than https://graph.facebook.com/;
                           plain http only to this machine

exit status:
  0   every row was accepted or filtered; with --dry-run, no row is invalid
  1   some rows were not accepted: the report says which and why
  2   wrong usage, or something could not be read or written
";

/// What to do.
pub(crate) enum Command {
    Help,
    Sample,
    DryRun { job: Job, bodies: PathBuf, now: Option<EventTime> },
    Send { job: Job, keep_going: bool, flow: Flow },
}

/// How requests are made.
#[derive(Default)]
pub(crate) struct Flow {
    pub(crate) batch_size: Option<usize>,
    pub(crate) in_flight: Option<usize>,
    pub(crate) skip_waits: bool,
}

impl Flow {
    fn is_set(&self) -> bool {
        self.batch_size.is_some() || self.in_flight.is_some() || self.skip_waits
    }
}

/// What a dry run and a real one have in common.
pub(crate) struct Job {
    pub(crate) inputs: Vec<Input>,
    pub(crate) report: Option<PathBuf>,
}

/// Where rows come from.
#[derive(PartialEq, Eq)]
pub(crate) enum Input {
    StandardInput,
    File(PathBuf),
}

impl Input {
    /// The name of the file, fit to be shown.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::StandardInput => "standard input".to_owned(),
            Self::File(path) => shown(path),
        }
    }
}

/// A path without anything that a terminal would obey.
pub(crate) fn shown(path: &Path) -> String {
    path.to_string_lossy().chars().map(|letter| if letter.is_control() { '?' } else { letter }).collect()
}

#[derive(Default)]
struct Given {
    inputs: Vec<Input>,
    dry_run: Option<PathBuf>,
    report: Option<PathBuf>,
    now: Option<EventTime>,
    keep_going: bool,
    flow: Flow,
}

/// Reads the command line, without the name of the program.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, Failure> {
    let mut given = Given::default();
    let mut arguments = arguments.into_iter();
    let mut any = false;
    let mut only_files = false;
    while let Some(argument) = arguments.next() {
        any = true;
        match argument.to_str() {
            _ if only_files => given.add_file(argument)?,
            Some("--") => only_files = true,
            Some("--help" | "-h") => return Ok(Command::Help),
            Some("--keep-going") => given.keep_going = true,
            Some("--skip-waits") => given.flow.skip_waits = true,
            Some(option) if option.starts_with("--") => {
                let (name, value) = match option.split_once('=') {
                    Some((name, value)) => (name, Some(value.into())),
                    None => (option, None),
                };
                given.set(name, value, &mut arguments)?;
            }
            Some(option) if option.len() > 1 && option.starts_with('-') => return Err(unknown(option)),
            _ => given.add_file(argument)?,
        }
    }
    if any { given.into_command() } else { Ok(Command::Sample) }
}

impl Given {
    /// Takes an option whose value stands behind `=` or is the next argument.
    fn set(
        &mut self,
        name: &str,
        value: Option<OsString>,
        rest: &mut impl Iterator<Item = OsString>,
    ) -> Result<(), Failure> {
        let mut text = || value.clone().or_else(|| rest.next()).unwrap_or_default();
        let place = match name {
            "--dry-run" => &mut self.dry_run,
            "--report" => &mut self.report,
            "--now" => return set(&mut self.now, name, "a moment in Unix seconds", &text()),
            "--batch-size" => return set(&mut self.flow.batch_size, name, "a number", &text()),
            "--in-flight" => return set(&mut self.flow.in_flight, name, "a number", &text()),
            _ => return Err(unknown(name)),
        };
        let file = value.or_else(|| rest.next()).filter(|file| !file.is_empty() && file != "-");
        let Some(file) = file else { return Err(format!("{name} needs the name of a file").into()) };
        if place.replace(file.into()).is_some() {
            return Err(format!("{name} is given twice").into());
        }
        Ok(())
    }

    /// A file that is named twice would count twice.
    fn add_file(&mut self, name: OsString) -> Result<(), Failure> {
        let input = if name == "-" { Input::StandardInput } else { Input::File(name.into()) };
        if self.inputs.iter().any(|earlier| is_same(earlier, &input)) {
            return Err(format!("{} is named twice: its rows would count twice", input.name()).into());
        }
        if self.inputs.len() >= usize::from(u16::MAX) {
            return Err("more than 65,535 files in one run".into());
        }
        self.inputs.push(input);
        Ok(())
    }

    fn into_command(self) -> Result<Command, Failure> {
        if self.inputs.is_empty() {
            return Err("name the files to send, or give no argument at all for the sample".into());
        }
        for output in self.dry_run.iter().chain(&self.report) {
            if self.inputs.iter().any(|input| is_same(input, &Input::File(output.clone()))) {
                return Err(format!("{} would be written over, and it is to be read", shown(output)).into());
            }
        }
        if let (Some(bodies), Some(report)) = (&self.dry_run, &self.report)
            && place(bodies) == place(report)
        {
            return Err("--dry-run and --report name the same file".into());
        }
        let job = Job { inputs: self.inputs, report: self.report };
        match self.dry_run {
            Some(_) if self.flow.is_set() => {
                Err("--batch-size, --in-flight and --skip-waits do not go with --dry-run".into())
            }
            Some(bodies) => Ok(Command::DryRun { job, bodies, now: self.now }),
            None if self.now.is_some() => {
                Err("--now only goes with --dry-run: what is sent is judged by the clock".into())
            }
            None => Ok(Command::Send { job, keep_going: self.keep_going, flow: self.flow }),
        }
    }
}

fn set<T: FromStr>(place: &mut Option<T>, name: &str, what: &str, value: &OsStr) -> Result<(), Failure> {
    let Some(value) = value.to_str().and_then(|text| text.parse().ok()) else {
        return Err(format!("{name} needs {what}").into());
    };
    if place.replace(value).is_some() {
        return Err(format!("{name} is given twice").into());
    }
    Ok(())
}

fn unknown(option: &str) -> Failure {
    let option = option.split_once('=').map_or(option, |(name, _)| name);
    format!("{} is no option of this program, --help lists them", shown(Path::new(option))).into()
}

/// The folder, as the system knows it, and the name in it: the file itself need not exist yet.
fn place(file: &Path) -> (Option<PathBuf>, Option<&OsStr>) {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    (folder.unwrap_or(Path::new(".")).canonicalize().ok(), file.file_name())
}

fn is_same(one: &Input, other: &Input) -> bool {
    match (one, other) {
        (Input::File(one), Input::File(other)) => match (one.canonicalize(), other.canonicalize()) {
            (Ok(one), Ok(other)) => one == other,
            _ => one == other,
        },
        _ => one == other,
    }
}
