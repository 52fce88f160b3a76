//! Reads the rows of files into orders.

use std::fs::File;
use std::io::{self, Read};

use meta_offline_events::order::csv::{CsvError, CsvRows};
use meta_offline_events::order::{Orders, RowLayout};

use crate::Failure;
use crate::arguments::Input;
use crate::progress::ProgressLines;

/// The facts of one file for the report.
pub(crate) struct FileFacts {
    pub(crate) name: String,
    pub(crate) rows: u64,
    pub(crate) blank_lines: u64,
    pub(crate) ignored_columns: Vec<String>,
}

impl FileFacts {
    pub(crate) fn new(name: String) -> Self {
        Self { name, rows: 0, blank_lines: 0, ignored_columns: Vec::new() }
    }
}

/// Reads all files into the same orders, because an order may begin in one file and end in another. An error ends
/// the reading: the rest of an order may come after it.
pub(crate) fn read_all(inputs: &[Input], orders: &mut Orders) -> (Vec<FileFacts>, Result<(), Failure>) {
    let mut files = Vec::new();
    for (number, input) in (1..).zip(inputs) {
        // A single file has no number.
        let source = if inputs.len() > 1 { number } else { 0 };
        let mut facts = FileFacts::new(input.name());
        let read = open(input)
            .map_err(Failure::from)
            .and_then(|reader| read_rows(reader, source, orders, &mut facts).map_err(Failure::from))
            .map_err(|error| Failure::from(format!("{}: {}", facts.name, with_causes(error.as_ref()))));
        files.push(facts);
        if read.is_err() {
            return (files, read);
        }
    }
    (files, Ok(()))
}

/// Reads the rows of one CSV file. The facts hold for the rows before an error, too.
pub(crate) fn read_rows(
    reader: impl Read,
    source: u16,
    orders: &mut Orders,
    facts: &mut FileFacts,
) -> Result<(), CsvError> {
    let mut progress = ProgressLines::start();
    let mut rows = CsvRows::new(reader, &RowLayout::new())?.source(source);
    facts.ignored_columns = rows.ignored_columns().to_vec();
    while let Some(row) = rows.next_row()? {
        orders.push_parsed(row);
        facts.rows += 1;
        if facts.rows.is_multiple_of(4096) {
            progress.show(facts.rows, "rows read");
        }
    }
    facts.blank_lines = rows.skipped_lines();
    Ok(())
}

fn open(input: &Input) -> io::Result<Box<dyn Read>> {
    match input {
        Input::StandardInput => Ok(Box::new(io::stdin().lock())),
        Input::File(path) => Ok(Box::new(File::open(path)?)),
    }
}

/// Returns an error and its causes in one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text} ({error})");
        cause = error.source();
    }
    text
}
