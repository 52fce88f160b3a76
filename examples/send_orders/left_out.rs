//! The list of rows that were left out, as CSV: where each is and what is wrong, and never its values.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Write};
use std::path::Path;

use meta_offline_events::report::Diagnostic;
use meta_offline_events::value::Line;

use crate::read::FileFacts;

const COLUMNS: [&str; 6] = ["source", "line", "outcome", "column", "code", "message"];

/// Writes one line for each row. Events without rows have one line for each diagnostic.
pub(crate) fn write(out: &mut dyn Write, files: &[FileFacts], diagnostics: &[Diagnostic]) -> io::Result<()> {
    let mut list = csv::Writer::from_writer(out);
    list.write_record(COLUMNS)?;
    for diagnostic in diagnostics {
        let mut write = |source: &str, line: &str, message: &str| {
            let outcome = diagnostic.outcome().unwrap_or_default();
            let column = diagnostic.column().unwrap_or_default();
            let cells = [source, line, outcome, column, diagnostic.code(), message];
            list.write_record(cells.map(harmless).iter().map(AsRef::as_ref))
        };
        let message = diagnostic.message();
        if diagnostic.lines().is_empty() {
            write("", "", message)?;
        }
        let mut blamed = diagnostic.blamed_lines().iter();
        for line in diagnostic.lines() {
            let (file, number) = (source(files, *line), line.number().to_string());
            let see = match blamed.next() {
                Some(blamed) if blamed.source() == line.source() => {
                    format!(" (see line {})", blamed.number())
                }
                Some(blamed) => format!(" (see line {} of {})", blamed.number(), source(files, *blamed)),
                None => String::new(),
            };
            write(file, &number, &format!("{message}{see}"))?;
        }
    }
    list.flush()
}

/// The name of the file that a line is in. A single file has the number 0, and of several each its own from 1 on.
fn source(files: &[FileFacts], line: Line) -> &str {
    files.get(usize::from(line.source()).saturating_sub(1)).map_or("", |file| &file.name)
}

/// A cell that no spreadsheet takes for a formula, whatever a file is called or Meta says.
fn harmless(cell: &str) -> std::borrow::Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}").into() } else { cell.into() }
}

/// Whether a file is not there, or is such a list. Another one may be an export that was meant to be read.
pub(crate) fn may_be_replaced(file: &Path) -> bool {
    let Ok(found) = File::open(file) else { return true };
    if !found.metadata().is_ok_and(|found| found.is_file()) {
        return true;
    }
    let mut header = String::new();
    let header_length = COLUMNS.join(",").len() as u64;
    let read = BufReader::new(found.take(header_length + 1)).read_line(&mut header);
    read.is_ok() && (header.is_empty() || header.trim_end() == COLUMNS.join(","))
}
