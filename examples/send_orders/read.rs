//! Opens files, and reads their rows into orders.

use std::fs::{self, File, Metadata};
use std::io::{self, Read as Source};
use std::path::PathBuf;
use std::thread;

use meta_offline_events::order::csv::{CsvError, CsvRows};
use meta_offline_events::order::{Column, Ending, OrderKey, OrderRules, Orders, RowLayout};
use meta_offline_events::value::Text;
use tokio::sync::oneshot;

use crate::Failure;
use crate::arguments::{Input, Job, Reading, shown};
use crate::progress::ProgressLines;
use crate::signals::Signals;

/// The facts of one file for the report.
pub(crate) struct FileFacts {
    pub(crate) name: String,
    /// The number of its rows, where they are counted for each file.
    pub(crate) rows: Option<u64>,
    pub(crate) blank_lines: u64,
    pub(crate) ignored_columns: Vec<String>,
}

impl FileFacts {
    pub(crate) fn new(name: String) -> Self {
        Self { name, rows: None, blank_lines: 0, ignored_columns: Vec::new() }
    }
}

impl Reading {
    pub(crate) fn rules(&self) -> OrderRules {
        let mut rules = OrderRules::new();
        if let Some(percent) = self.max_invalid {
            rules = rules.max_invalid(percent);
        }
        if self.holds_back_last { rules.hold_back_last_order() } else { rules }
    }

    /// What names an order beside its order id: with other columns, known orders would not be recognized.
    pub(crate) fn key_policy(&self) -> Result<Option<Text>, Failure> {
        let layout = serde_json::to_value(self.layout())?;
        let named = ["order_key", "order_day", "each_row_an_order"];
        let policy: Vec<String> =
            named.iter().filter_map(|name| layout.get(name).map(|value| format!("{name}={value}"))).collect();
        Ok(if policy.is_empty() { None } else { Some(policy.join(" ").parse()?) })
    }

    /// The layout of the document, with what the options change.
    fn layout(&self) -> RowLayout {
        let named = |layout: RowLayout, (header, column): &(String, Column)| layout.column(header, *column);
        let mut layout = self.columns.iter().fold(self.base.clone(), named);
        if self.has_order_day || !self.order_key.is_empty() {
            let key = self.order_key.iter().fold(OrderKey::new(), |key, header| key.column(header));
            layout = layout.order_key(if self.has_order_day { key.day() } else { key });
        }
        let layout = self.ignored.iter().fold(layout, |layout, header| layout.ignore(header));
        if self.is_each_row_an_order { layout.each_row_an_order() } else { layout }
    }

    /// Opens the rows of one of several files, with what is stated about its end.
    pub(crate) fn open<R: Source>(
        &self,
        reader: R,
        file: usize,
        files: usize,
    ) -> Result<CsvRows<R>, CsvError> {
        // A single file has no number.
        let source = if files > 1 { u16::try_from(file + 1).unwrap_or(u16::MAX) } else { 0 };
        let mut rows = CsvRows::new(reader, &self.layout())?.source(source);
        if let Some(&count) = self.expected_rows.get(file) {
            rows = rows.expect_rows(count);
        }
        Ok(match &self.end_mark {
            Some(mark) => rows.end_mark(mark),
            None => rows,
        })
    }
}

/// What was read.
pub(crate) struct Read {
    pub(crate) orders: Orders,
    pub(crate) files: Vec<FileFacts>,
    /// Whether all was read.
    pub(crate) read: Result<(), Failure>,
}

/// Reads all files into the same orders, because an order may begin in one file and end in another. An error ends
/// the reading, and no order is sent: the rest of each may come after it.
///
/// It reads on a thread of its own, because a signal must also end a read that waits for data.
pub(crate) async fn read_all(job: Job, signals: &Signals) -> Result<Read, Failure> {
    let (done, is_done) = oneshot::channel();
    let for_reader = signals.clone();
    thread::spawn(move || {
        let mut orders = Orders::with_rules(job.reading.rules());
        let mut files = Vec::new();
        let read = read_each(&job, &mut orders, &mut files, &for_reader);
        if read.is_err() {
            orders.end_source(Ending::Incomplete);
        }
        // Nobody waits for it after a signal.
        let _ = done.send(Read { orders, files, read });
    });
    signals.end_of(is_done).await?.map_err(|_| "the files could not be read: the program has a fault".into())
}

fn read_each(
    job: &Job,
    orders: &mut Orders,
    files: &mut Vec<FileFacts>,
    signals: &Signals,
) -> Result<(), Failure> {
    let mut on_disk = Vec::new();
    for (index, input) in job.inputs.iter().enumerate() {
        let mut facts = FileFacts::new(input.name());
        let read = open(input, &mut on_disk).map_err(Failure::from).and_then(|reader| {
            let rows = job.reading.open(reader, index, job.inputs.len())?;
            read_rows(rows, orders, &mut facts, signals)
        });
        let read =
            read.map_err(|error| Failure::from(format!("{}: {}", facts.name, with_causes(error.as_ref()))));
        files.push(facts);
        read?;
    }
    on_disk.iter().try_for_each(FileOnDisk::check_unchanged)
}

/// Reads the rows of one CSV file. The facts hold for the rows before an error, too.
pub(crate) fn read_rows(
    mut rows: CsvRows<impl Source>,
    orders: &mut Orders,
    facts: &mut FileFacts,
    signals: &Signals,
) -> Result<(), Failure> {
    let mut progress = ProgressLines::start();
    facts.ignored_columns = rows.ignored_columns().into_iter().map(str::to_owned).collect();
    let count = facts.rows.insert(0);
    while let Some(row) = rows.next_row()? {
        signals.check()?;
        orders.push_parsed(row);
        *count += 1;
        if count.is_multiple_of(4096) {
            progress.show(*count, "rows read");
        }
    }
    facts.blank_lines = rows.skipped_lines();
    orders.end_source(rows.ending());
    Ok(())
}

/// A file as it was when it was opened.
pub(crate) struct FileOnDisk {
    path: PathBuf,
    opened: Metadata,
}

impl FileOnDisk {
    /// Fails if the file has changed since it was opened: it may have been read half written.
    pub(crate) fn check_unchanged(&self) -> Result<(), Failure> {
        let opened = &self.opened;
        let change = match fs::metadata(&self.path) {
            Err(_) => "it was removed",
            Ok(now) if !is_same_file(opened, &now) => "it was replaced",
            Ok(now) if now.len() > opened.len() => "it grew",
            Ok(now) if now.len() < opened.len() => "it was cut",
            Ok(now) if now.modified()? != opened.modified()? => "it was written to",
            Ok(_) => return Ok(()),
        };
        let name = shown(&self.path);
        Err(format!("{name} changed while it was read: {change}; send it again when the export is complete")
            .into())
    }
}

#[cfg(unix)]
fn is_same_file(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;

    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same_file(one: &Metadata, other: &Metadata) -> bool {
    one.created().ok() == other.created().ok()
}

pub(crate) fn open(input: &Input, on_disk: &mut Vec<FileOnDisk>) -> io::Result<Box<dyn Source + Send>> {
    let path = match input {
        Input::StandardInput => return Ok(Box::new(io::stdin())),
        Input::File(path) => path,
    };
    let file = File::open(path)?;
    let opened = file.metadata()?;
    // A pipe has no length, and changes while it is read.
    if opened.is_file() {
        on_disk.push(FileOnDisk { path: path.clone(), opened });
    }
    Ok(Box::new(file))
}

/// Returns an error and its causes in one line.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text} ({error})");
        cause = error.source();
    }
    text
}
