//! The command line: which files to read, and what to do with them.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use meta_offline_events::order::{Column, RowLayout};
use meta_offline_events::value::EventTime;

use crate::left_out::may_be_replaced;
use crate::{Failure, layout};

pub(crate) const HELP: &str = "\
Sends the orders in CSV exports to Meta's Conversions API, and reports what became of every row.

Usage:
  send_orders [--sample] [--html PAGE.html]
      Try it: make a sample export and send it to a mock server on this machine.
  send_orders --dry-run BODIES.jsonl ORDERS.csv...
      Send nothing. Write the requests that would be sent to the file BODIES.jsonl.
  send_orders ORDERS.csv... [OPTIONS]
      Send the orders to Meta.
  send_orders --journal FOLDER
      Send what an earlier run left in the journal, and nothing else.
  send_orders --show-layout ORDERS.csv... [OPTIONS]
      Send nothing. Show how the first rows of the exports are read, with masked texts.

ORDERS.csv... is one export or several. Their rows are grouped together: an order may begin in one
file and end in another (not with --sorted). Write - to read standard input. The first line of a file names its
columns, such as order_id, email, phone, timestamp, product_id, quantity, price and currency.

Options:
  --dry-run BODIES.jsonl   send nothing, and write the body of each request as one line to the file
                           BODIES.jsonl, without the access token. The name of the file to write
                           comes right after --dry-run; name the exports to read as well
  --now UNIX               check the age of events at this time, in Unix seconds, instead of now;
                           only with --dry-run
  --report REPORT.json     write the report as JSON to this file, too, by the schema of the library
  --html PAGE.html         write a page that shows the report: one file, to look at and to print
  --diagnostics LIST.csv   write one line for each row that was left out, without its values, for the
                           people who own the export
  --quiet                  show no progress; errors are shown
  --journal FOLDER         keep a journal in this folder, which is created if it is missing: orders that
                           an earlier run sent are not sent again, and what a run that was stopped
                           or killed left is sent by the next one. It holds digests of customer
                           values for 70 days. One folder for each dataset
  --layout LAYOUT.toml     read the exports as this document says, in TOML or JSON: encoding, delimiter,
                           number style, columns, fixed texts and so on. The documentation of
                           RowLayout lists everything that it may hold
  --column HEADER=NAME     read the column with this header as the column NAME, such as
                           --column Bestellnummer=order_id; may be given several times
  --ignore HEADER          ignore the column with this header, which looks like a needed one
  --order-key HEADERS      the columns that name an order together with its order id, such as
                           --order-key store,till, where stores or tills repeat order ids
  --order-day              the day of the sale (in UTC) also names the order: order ids begin anew
                           every day
  --each-row-an-order      send each row as a purchase of its own: there are no order ids
  --sorted                 send orders while the rows are read, in memory that does not grow with
                           them: the rows are sorted by order id. Rows that turn out not to be
                           sorted, or a file that breaks off, stop the run; complete orders before
                           that are sent. Of several files each is sorted and holds whole orders;
                           that takes some 50 bytes for each order
  --expect-rows N          the number of rows of a file, without its header; given once for each
                           file, in their order. With another number nothing is sent, or with
                           --sorted only orders before the last one
  --end-mark TEXT          the last line of each file, which proves that it is complete. Without
                           that line nothing is sent, or with --sorted only orders before the last
  --hold-back-last         do not send the last order of a file that neither --expect-rows nor
                           --end-mark proves to be complete
  --max-invalid PERCENT    send nothing if more than this percentage of the first 1,000 rows is
                           invalid; 100 sends whatever is valid [default: 50]
  --credential-file FILE   read the access token from this file, which the example `authorize` writes,
                           instead of META_ACCESS_TOKEN. A run goes on when the file gets another token
  --batch-size N           the number of events in one request, from 1 to 1,000 [default: 1,000]
  --in-flight N            the number of requests sent at the same time, from 1 to 256 [default: 4]
  --skip-waits             retry without waiting; only with a server on this machine
  --help                   show this text

Environment variables, for sending:
  META_DATASET_ID          the id of the dataset that receives the events
  META_ACCESS_TOKEN        an access token that may send events to the dataset
  META_TEST_EVENT_CODE     also shows the events under Test Events in Events Manager; Meta still
                           counts them
  META_GRAPH_URL           the address of the API, instead of https://graph.facebook.com/;
                           http:// only with a server on this machine

Exit status:
  0   every row was accepted, now or by an earlier run with the journal, or left out as a return;
      with --dry-run: no row is invalid
  1   some rows were not accepted, and the report says why
  2   the command line is wrong, or a file or the journal could not be opened, read or written. Then nothing was sent, or
      with --sorted only orders that were complete

A signal to end (interrupt, terminate, hang up) stops the program in order: requests in flight
get their answers, and the report has every row. A second one ends the requests, too.
";

/// What the program does.
pub(crate) enum Command {
    Help,
    Sample(Outputs),
    ShowLayout(Job),
    DryRun { job: Job, bodies: PathBuf, now: Option<EventTime> },
    Send { job: Job, flow: Flow, journal: Option<PathBuf> },
    Resume { journal: PathBuf, reading: Reading, flow: Flow, outputs: Outputs },
}

/// How requests are sent.
#[derive(Default)]
pub(crate) struct Flow {
    pub(crate) batch_size: Option<usize>,
    pub(crate) in_flight: Option<usize>,
    pub(crate) skip_waits: bool,
    /// The file that has the token.
    pub(crate) credential_file: Option<PathBuf>,
}

impl Flow {
    fn is_set(&self) -> bool {
        self.batch_size.is_some()
            || self.in_flight.is_some()
            || self.skip_waits
            || self.credential_file.is_some()
    }
}

/// What sending and a dry run have in common.
pub(crate) struct Job {
    pub(crate) inputs: Vec<Input>,
    pub(crate) is_sorted: bool,
    pub(crate) reading: Reading,
    pub(crate) outputs: Outputs,
}

/// What is written beside the text on standard output.
#[derive(Default)]
pub(crate) struct Outputs {
    pub(crate) report: Option<PathBuf>,
    pub(crate) html: Option<PathBuf>,
    pub(crate) diagnostics: Option<PathBuf>,
    pub(crate) is_quiet: bool,
}

impl Outputs {
    /// The files to write, each with its option.
    fn files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let files =
            [("--report", &self.report), ("--html", &self.html), ("--diagnostics", &self.diagnostics)];
        files.into_iter().filter_map(|(option, file)| Some((option, file.as_deref()?)))
    }
}

/// How files are read.
#[derive(Default)]
pub(crate) struct Reading {
    /// The layout of a document.
    pub(crate) base: RowLayout,
    /// Headers and the columns that they stand for.
    pub(crate) columns: Vec<(String, Column)>,
    /// Headers of columns to ignore.
    pub(crate) ignored: Vec<String>,
    pub(crate) order_key: Vec<String>,
    pub(crate) has_order_day: bool,
    pub(crate) is_each_row_an_order: bool,
    /// The number of rows of each file, or nothing.
    pub(crate) expected_rows: Vec<u64>,
    pub(crate) end_mark: Option<String>,
    pub(crate) holds_back_last: bool,
    /// How many of the first rows may be invalid, in percent, if there is a limit.
    pub(crate) max_invalid: Option<u8>,
}

/// A percentage. By default it is half: of a sound export fewer rows are wrong than right.
#[derive(Clone, Copy)]
struct Percentage(u8);

impl Default for Percentage {
    fn default() -> Self {
        Self(50)
    }
}

impl FromStr for Percentage {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        text.parse().ok().filter(|percent| *percent <= 100).map(Self).ok_or(())
    }
}

/// Where rows come from.
#[derive(PartialEq, Eq)]
pub(crate) enum Input {
    StandardInput,
    File(PathBuf),
}

impl Input {
    /// Returns the name of the file in a form that is safe to show.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::StandardInput => "standard input".to_owned(),
            Self::File(path) => shown(path),
        }
    }

    /// Returns the size of a file on a disk. Standard input and pipes have none.
    pub(crate) fn size(&self) -> Option<u64> {
        let Self::File(path) = self else { return None };
        std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file).map(|file| file.len())
    }
}

/// Returns a path without control characters, which a terminal would obey.
pub(crate) fn shown(path: &Path) -> String {
    path.to_string_lossy().chars().map(|letter| if letter.is_control() { '?' } else { letter }).collect()
}

#[derive(Default)]
struct Given {
    inputs: Vec<Input>,
    dry_run: Option<PathBuf>,
    journal: Option<PathBuf>,
    is_sample: bool,
    outputs: Outputs,
    now: Option<EventTime>,
    max_invalid: Option<Percentage>,
    is_sorted: bool,
    shows_layout: bool,
    layout: Option<PathBuf>,
    flow: Flow,
    reading: Reading,
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
            Some("--sample") => given.is_sample = true,
            Some("--quiet") => given.outputs.is_quiet = true,
            Some("--show-layout") => given.shows_layout = true,
            Some("--skip-waits") => given.flow.skip_waits = true,
            Some("--order-day") => given.reading.has_order_day = true,
            Some("--sorted") => given.is_sorted = true,
            Some("--each-row-an-order") => given.reading.is_each_row_an_order = true,
            Some("--hold-back-last") => given.reading.holds_back_last = true,
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
    if any { given.into_command() } else { Ok(Command::Sample(Outputs::default())) }
}

impl Given {
    /// Sets an option whose value follows `=` or is the next argument.
    fn set(
        &mut self,
        name: &str,
        value: Option<OsString>,
        rest: &mut impl Iterator<Item = OsString>,
    ) -> Result<(), Failure> {
        let mut text = || value.clone().or_else(|| rest.next()).unwrap_or_default();
        let place = match name {
            "--dry-run" => &mut self.dry_run,
            "--report" => &mut self.outputs.report,
            "--html" => &mut self.outputs.html,
            "--diagnostics" => &mut self.outputs.diagnostics,
            "--journal" => &mut self.journal,
            "--column" => return self.reading.add_column(&text()),
            "--ignore" => {
                self.reading.ignored.push(text().to_string_lossy().into_owned());
                return Ok(());
            }
            "--layout" => {
                set(&mut self.layout, name, "the name of a file, such as LAYOUT.toml", &text())?;
                self.reading.base = layout::read(self.layout.as_deref().unwrap_or(Path::new("")))?;
                return Ok(());
            }
            "--order-key" => return self.reading.set_order_key(&text()),
            "--expect-rows" => return self.reading.expect_rows(&text()),
            "--end-mark" => {
                return set(&mut self.reading.end_mark, name, "the last line of the files", &text());
            }
            "--now" => return set(&mut self.now, name, "a time in Unix seconds", &text()),
            "--max-invalid" => {
                return set(&mut self.max_invalid, name, "a percentage from 0 to 100", &text());
            }
            "--credential-file" => {
                let file = text();
                if file.is_empty() {
                    return Err("--credential-file needs the name of a file".into());
                }
                return set(&mut self.flow.credential_file, name, "the name of a file", &file);
            }
            "--batch-size" => return set(&mut self.flow.batch_size, name, "a number", &text()),
            "--in-flight" => return set(&mut self.flow.in_flight, name, "a number", &text()),
            _ => return Err(unknown(name)),
        };
        let file = value.or_else(|| rest.next()).filter(|file| !file.is_empty() && file != "-");
        let Some(file) = file else {
            let what = if name == "--journal" { "a folder" } else { "the file to write" };
            return Err(format!("{name} needs the name of {what}: {name} {}", example_of(name)).into());
        };
        if place.replace(file.into()).is_some() {
            return Err(format!("{name} is given twice").into());
        }
        Ok(())
    }

    /// Adds a file to read. The rows of a file that is named twice would count twice.
    fn add_file(&mut self, name: OsString) -> Result<(), Failure> {
        let input = if name == "-" { Input::StandardInput } else { Input::File(name.into()) };
        if self.inputs.iter().any(|earlier| is_same(earlier, &input)) {
            return Err(format!("{} is named twice: its rows would count twice", input.name()).into());
        }
        if self.inputs.len() >= usize::from(u16::MAX) {
            return Err("one run reads at most 65,535 files".into());
        }
        self.inputs.push(input);
        Ok(())
    }

    /// The error of a command line without a file to read.
    fn no_inputs(&self) -> Failure {
        match &self.dry_run {
            Some(bodies) => format!(
                "name the files to read: {} is the file that --dry-run writes, as in --dry-run {} ORDERS.csv",
                shown(bodies),
                example_of("--dry-run"),
            )
            .into(),
            None => "name the files to send, or give no arguments to try the sample".into(),
        }
    }

    /// Without a file to read, only a journal gives something to send.
    fn into_resume(mut self) -> Result<Command, Failure> {
        let reads = self.dry_run.is_some() || self.shows_layout || self.now.is_some() || self.is_sorted;
        match self.journal.take() {
            Some(journal) if !reads => {
                let Self { reading, flow, outputs, .. } = self;
                Ok(Command::Resume { journal, reading, flow, outputs })
            }
            _ => Err(self.no_inputs()),
        }
    }

    fn into_command(self) -> Result<Command, Failure> {
        if self.inputs.is_empty() && self.is_sample {
            return self.into_sample();
        }
        if self.inputs.is_empty() {
            return self.into_resume();
        }
        if self.is_sample {
            return Err("--sample makes its own export: name no files to send".into());
        }
        self.check_outputs()?;
        if let Some(export) = self.dry_run.as_deref().filter(|bodies| is_export(bodies)) {
            return Err(format!(
                "--dry-run would write request bodies over {}: put the name of the file to write right after \
                 --dry-run, as in --dry-run {} {}",
                shown(export),
                example_of("--dry-run"),
                shown(export),
            )
            .into());
        }
        self.reading.check(self.inputs.len())?;
        let mut reading = self.reading;
        if self.dry_run.is_none() {
            reading.max_invalid = Some(self.max_invalid.unwrap_or_default().0);
        }
        let job = Job { inputs: self.inputs, is_sorted: self.is_sorted, reading, outputs: self.outputs };
        if self.shows_layout {
            let writes = self.dry_run.is_some() || job.outputs.files().next().is_some();
            let sends = self.flow.is_set() || self.journal.is_some();
            if writes || sends || self.now.is_some() {
                return Err(
                    "--show-layout shows how the files are read, and only goes with options for reading"
                        .into(),
                );
            }
            return Ok(Command::ShowLayout(job));
        }
        match self.dry_run {
            Some(_) if self.max_invalid.is_some() => {
                Err("--max-invalid is for sending and does not go with --dry-run".into())
            }
            Some(_) if self.journal.is_some() => {
                Err("--journal is for sending and does not go with --dry-run".into())
            }
            Some(_) if self.flow.is_set() => {
                Err("--batch-size, --in-flight, --credential-file and --skip-waits are for sending and do not go \
                     with --dry-run"
                    .into())
            }
            Some(bodies) => Ok(Command::DryRun { job, bodies, now: self.now }),
            None if self.now.is_some() => Err(
                "--now only goes with --dry-run: events that are sent are checked at the time of the clock"
                    .into(),
            ),
            None => Ok(Command::Send { job, flow: self.flow, journal: self.journal }),
        }
    }
}

impl Given {
    fn into_sample(self) -> Result<Command, Failure> {
        let goes_with_files = self.dry_run.is_some() || self.now.is_some() || self.max_invalid.is_some();
        if goes_with_files
            || self.is_sorted
            || self.shows_layout
            || self.layout.is_some()
            || self.flow.is_set()
        {
            return Err("--sample only goes with --report, --html, --diagnostics and --quiet".into());
        }
        self.check_outputs()?;
        Ok(Command::Sample(self.outputs))
    }

    /// Refuses to write over what is read, and two things to one file.
    fn check_outputs(&self) -> Result<(), Failure> {
        let bodies = self.dry_run.iter().map(|bodies| ("--dry-run", bodies.as_path()));
        let outputs: Vec<_> = bodies.chain(self.outputs.files()).collect();
        for (index, (option, output)) in outputs.iter().enumerate() {
            if self.inputs.iter().any(|input| is_same(input, &Input::File(output.to_path_buf()))) {
                return Err(format!(
                    "{} is named as a file to read and would be written over",
                    shown(output)
                )
                .into());
            }
            if let Some((other, _)) = outputs[..index].iter().find(|(_, file)| place(file) == place(output)) {
                return Err(format!("{other} and {option} name the same file").into());
            }
        }
        match self.outputs.diagnostics.as_deref().filter(|list| !may_be_replaced(list)) {
            Some(list) => Err(format!(
                "{} is there and is no list of diagnostics, and --diagnostics would write over it: name another \
                 file",
                shown(list)
            )
            .into()),
            None => Ok(()),
        }
    }
}

impl Reading {
    fn add_column(&mut self, text: &OsStr) -> Result<(), Failure> {
        let named = text.to_str().and_then(|text| text.rsplit_once('='));
        let column = named.and_then(|(header, name)| Some((header.to_owned(), Column::named(name)?)));
        let Some(column) = column.filter(|(header, _)| !header.trim().is_empty()) else {
            return Err(
                "--column needs a header and the name of a column, such as Bestellnummer=order_id".into()
            );
        };
        self.columns.push(column);
        Ok(())
    }

    fn set_order_key(&mut self, text: &OsStr) -> Result<(), Failure> {
        let headers: Vec<String> =
            text.to_str().unwrap_or_default().split(',').map(|header| header.trim().to_owned()).collect();
        if headers.iter().any(String::is_empty) {
            return Err("--order-key needs the headers of columns, such as store,till".into());
        }
        if !std::mem::replace(&mut self.order_key, headers).is_empty() {
            return Err("--order-key is given twice".into());
        }
        Ok(())
    }

    fn expect_rows(&mut self, text: &OsStr) -> Result<(), Failure> {
        let Some(rows) = text.to_str().and_then(|text| text.parse().ok()) else {
            return Err("--expect-rows needs the number of rows".into());
        };
        self.expected_rows.push(rows);
        Ok(())
    }

    fn check(&self, files: usize) -> Result<(), Failure> {
        let stated = self.expected_rows.len();
        if stated > 0 && stated != files {
            return Err(format!(
                "--expect-rows is given once for each file, in their order: {stated} times for {files} files"
            )
            .into());
        }
        if self.is_each_row_an_order && (self.has_order_day || !self.order_key.is_empty()) {
            return Err("--each-row-an-order does not go with --order-key and --order-day".into());
        }
        Ok(())
    }
}

/// Returns a good name for the file or folder that an option writes.
fn example_of(option: &str) -> &'static str {
    match option {
        "--dry-run" => "BODIES.jsonl",
        "--journal" => "FOLDER",
        "--html" => "PAGE.html",
        "--diagnostics" => "LIST.csv",
        _ => "REPORT.json",
    }
}

/// Returns whether the file is most likely an export, which must not be written over.
fn is_export(file: &Path) -> bool {
    file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"))
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
    format!("{} is no option of this program: see --help", shown(Path::new(option))).into()
}

/// Returns the folder of a file that need not exist, as the system knows it, and the name of the file in it.
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
