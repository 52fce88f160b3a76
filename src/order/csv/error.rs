//! Why a CSV file cannot be read.

use std::fmt;
use std::io;

use super::delimiter::Delimiter;
use super::limits::{MAX_COLUMNS, MAX_HEADER, MAX_RECORD};
use crate::order::layout::LayoutError;

/// The error of a file that cannot be read, or not to its end.
///
/// It names the line and what to do, and holds no text of the file.
///
/// ```
/// use meta_offline_events::order::{RowLayout, csv::{CsvErrorKind, CsvRows}};
///
/// let error = CsvRows::new("\n\n".as_bytes(), &RowLayout::new()).unwrap_err();
/// assert_eq!(error.kind(), &CsvErrorKind::NoHeader);
/// assert_eq!(error.to_string(), "the file has no header: name the columns in its first line");
/// ```
#[derive(Debug)]
pub struct CsvError {
    kind: CsvErrorKind,
    line: Option<u64>,
    source: Option<io::Error>,
}

/// The kind of a [`CsvError`].
///
/// ```
/// use meta_offline_events::order::{RowLayout, csv::{CsvErrorKind, CsvRows}};
///
/// let error = CsvRows::new(&b"PK\x03\x04"[..], &RowLayout::new()).unwrap_err();
/// assert_eq!(error.kind(), &CsvErrorKind::NotCsv { likely: "zip" });
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CsvErrorKind {
    /// The file is empty, or holds only blank lines and a byte-order mark.
    NoHeader,
    /// The file is text, but not in UTF-8, or not in the encoding that the layout states.
    Encoding {
        /// The encoding that the layout states, if it does.
        stated: Option<&'static str>,
        /// The encoding that it seems to be in.
        likely: &'static str,
    },
    /// The file is not text.
    NotCsv {
        /// The kind of file that it seems to be.
        likely: &'static str,
    },
    /// The header does not fit the layout.
    Layout(LayoutError),
    /// The file has another delimiter between its fields.
    Delimiter {
        /// The delimiter that it seems to have.
        found: Delimiter,
    },
    /// The header is larger than [`MAX_HEADER`].
    HeaderTooLarge,
    /// The header has more columns than [`MAX_COLUMNS`].
    TooManyColumns,
    /// A record is larger than [`MAX_RECORD`]. Most likely a quote is not closed.
    RecordTooLarge,
    /// The file ends before a quote is closed.
    OpenQuote,
    /// The file ends without the end mark that was stated: rows are missing.
    NoEndMark,
    /// Rows follow the end mark that was stated.
    RowsAfterEndMark,
    /// The file has not as many rows as were stated.
    RowCount {
        /// The number of rows that was stated.
        expected: u64,
        /// The number of rows in the file; one more than was stated if there are too many.
        found: u64,
    },
    /// Reading the file failed. The cause is the error's source.
    Read,
    /// The rows were read on after an error.
    Stopped,
}

impl CsvError {
    pub(super) fn new(kind: CsvErrorKind, line: Option<u64>) -> Self {
        Self { kind, line, source: None }
    }

    pub(super) fn read(source: io::Error, line: u64) -> Self {
        Self { kind: CsvErrorKind::Read, line: Some(line), source: Some(source) }
    }

    pub(super) fn of_header(mut self) -> Self {
        if self.kind == CsvErrorKind::RecordTooLarge {
            self.kind = CsvErrorKind::HeaderTooLarge;
        }
        self
    }

    /// Returns what is wrong.
    pub fn kind(&self) -> &CsvErrorKind {
        &self.kind
    }

    /// Returns the line in which the header or record begins that the error is about.
    pub fn line(&self) -> Option<u64> {
        self.line
    }
}

impl fmt::Display for CsvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        match &self.kind {
            CsvErrorKind::NoHeader => {
                f.write_str("the file has no header: name the columns in its first line")
            }
            CsvErrorKind::Encoding { stated: None, likely } => {
                write!(
                    f,
                    "the file is not in UTF-8, it looks like {likely}: save it as UTF-8, or {}",
                    if cfg!(feature = "encoding") {
                        "state its encoding in the layout"
                    } else {
                        "enable the feature `encoding` and state its encoding in the layout"
                    }
                )
            }
            CsvErrorKind::Encoding { stated: Some(stated), likely } => {
                write!(
                    f,
                    "the file is not in {stated}, it looks like {likely}: correct the encoding in the layout"
                )
            }
            CsvErrorKind::NotCsv { likely: "gzip" } if cfg!(not(feature = "gzip")) => {
                f.write_str("the file is packed with gzip: unpack it, or enable the feature `gzip`")
            }
            CsvErrorKind::NotCsv { likely } => write!(
                f,
                "the file is not CSV, it looks like {likely}: unpack it, or export it as CSV in UTF-8"
            ),
            CsvErrorKind::Layout(error) => error.fmt(f),
            CsvErrorKind::Delimiter { found } => {
                write!(f, "the fields seem to be separated by {found}: state that delimiter in the layout")
            }
            CsvErrorKind::HeaderTooLarge => write!(
                f,
                "the header is larger than {MAX_HEADER} bytes: look for a quote that is not closed, and check that this is a CSV file"
            ),
            CsvErrorKind::TooManyColumns => {
                write!(
                    f,
                    "the header has more than {MAX_COLUMNS} columns: export only the columns that are needed"
                )
            }
            CsvErrorKind::RecordTooLarge => write!(
                f,
                "the record that begins here is larger than {MAX_RECORD} bytes: look for a quote that is not closed"
            ),
            CsvErrorKind::OpenQuote => f.write_str(
                "the record that begins here has a quote that is not closed before the file ends: close it",
            ),
            CsvErrorKind::NoEndMark => f.write_str(
                "the file ends without its end mark, so rows are missing: read it again when it is complete",
            ),
            CsvErrorKind::RowsAfterEndMark => {
                f.write_str("rows follow the end mark: check how the file was put together")
            }
            CsvErrorKind::RowCount { expected, found } if found < expected => {
                write!(f, "the file ends after {found} of {expected} rows: read it again when it is complete")
            }
            CsvErrorKind::RowCount { expected, .. } => {
                write!(f, "the file has more than the {expected} rows that were stated: check the number")
            }
            CsvErrorKind::Read => {
                f.write_str("the file could not be read any further: read it again from its start")
            }
            CsvErrorKind::Stopped => {
                f.write_str("reading stopped at an earlier error: read the file again from its start")
            }
        }
    }
}

impl std::error::Error for CsvError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let source = self.source.as_ref()?;
        Some(source)
    }
}
