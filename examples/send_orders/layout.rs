//! Layout documents: reading one, and showing how it reads an export.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use meta_offline_events::order::csv::{CsvRow, CsvRows};
use meta_offline_events::order::{Column, ParsedRow, RowLayout};

use crate::Failure;
use crate::arguments::{Job, shown};
use crate::read::{self, with_causes};

/// How many rows of each file are shown.
const SAMPLE: usize = 3;

/// Reads a document in TOML, or in JSON if its name ends so.
pub(crate) fn read(file: &Path) -> Result<RowLayout, Failure> {
    let name = shown(file);
    let text = fs::read_to_string(file).map_err(|error| format!("{name} cannot be read: {error}"))?;
    let is_json = file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
    let layout = if is_json {
        serde_json::from_str(&text).map_err(|error| error.to_string())
    } else {
        toml::from_str(&text).map_err(|error| error.to_string())
    };
    layout.map_err(|error| format!("{name} is no layout: {}", error.trim_end()).into())
}

/// Shows how the header and the first rows of each file are read.
pub(crate) fn show(out: &mut dyn Write, job: &Job) -> Result<(), Failure> {
    for (index, input) in job.inputs.iter().enumerate() {
        let in_file = |error: Failure| format!("{}: {}", input.name(), with_causes(error.as_ref()));
        let reader = read::open(input, &mut Vec::new()).map_err(|error| in_file(error.into()))?;
        let rows = job.reading.open(reader, index, 1).map_err(|error| in_file(error.into()))?;
        writeln!(out, "{}", input.name())?;
        show_columns(out, &rows)?;
        show_rows(out, rows)?;
    }
    Ok(())
}

fn show_columns(out: &mut dyn Write, rows: &CsvRows<impl io::Read>) -> io::Result<()> {
    writeln!(out, "  header in line {}, fields separated by {}", rows.line(), rows.delimiter())?;
    let layout = rows.layout();
    for (index, header) in rows.headers().iter().enumerate() {
        let read = Column::all().find(|column| layout.position(*column) == Some(index));
        let meaning = match read {
            Some(column) => column.name(),
            None if layout.is_part_of_order_key(index) => "part of the order key",
            None => "ignored",
        };
        writeln!(out, "  {:>4}  {header:<40}  {meaning}", index + 1)?;
    }
    for column in Column::all() {
        if let Some(text) = layout.fixed_text(column) {
            writeln!(out, "  {:>4}  {text:<40}  {column}", "all")?;
        }
    }
    Ok(())
}

fn show_rows(out: &mut dyn Write, mut rows: CsvRows<impl io::Read>) -> Result<(), Failure> {
    for _ in 0..SAMPLE {
        let outcome = match rows.next_row()?.map(CsvRow::parse) {
            None => break,
            Some(ParsedRow::Row(_)) => "can be read".to_owned(),
            Some(ParsedRow::Return(_)) => "is a return, and left out".to_owned(),
            Some(ParsedRow::Invalid(error)) => format!("is invalid: {error}"),
        };
        let fields: Vec<_> = rows.fields().map(masked).collect();
        writeln!(out, "  line {}: {}", rows.line(), fields.join(" | "))?;
        writeln!(out, "    {outcome}")?;
    }
    Ok(())
}

/// Shows what kinds of characters a field has: no letter and no digit of it.
fn masked(field: &[u8]) -> String {
    const MAX_SHOWN: usize = 24;
    let text = String::from_utf8_lossy(field);
    let mask = |letter: char| match letter {
        _ if letter.is_numeric() => '9',
        _ if letter.is_alphabetic() => 'x',
        ' '..='~' | '€' | '£' | '¥' => letter,
        _ => '?',
    };
    let shown: String = text.chars().take(MAX_SHOWN).map(mask).collect();
    if text.chars().nth(MAX_SHOWN).is_some() { format!("{shown}...") } else { shown }
}
