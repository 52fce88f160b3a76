//! Rows of CSV files.
//!
//! A file is checked before its first row: it must be text in UTF-8, with a header that fits the layout. After that,
//! a record that cannot be used is one [`ParsedRow::Invalid`], and reading goes on with the next one. Only a file
//! that cannot be read to its end is an error.
//!
//! The format:
//!
//! - a field may stand in quotes (`"`); it may then hold delimiters and line breaks, and a quote in it is doubled;
//! - lines end with CRLF, LF or CR, also in one file; the last line needs no end;
//! - blank lines are skipped and counted; a line of spaces or of delimiters is a row;
//! - unknown columns are ignored, whatever they hold;
//! - a byte-order mark is dropped.
//!
//! No error holds text of the file.

mod delimiter;
mod error;
mod limits;
mod quoted;
mod records;
mod sniff;

use std::fmt;
use std::io::Read;

use self::quoted::Quotes;
use self::records::Records;
use super::layout::{BoundLayout, Column, RowLayout};
use super::orders::Orders;
use super::parsed_row::ParsedRow;
use super::row_error::{OrderFingerprint, RowError};
use crate::value::{Line, OrderId, Rule};

pub use delimiter::Delimiter;
pub use error::{CsvError, CsvErrorKind};
pub use limits::{MAX_COLUMNS, MAX_FIELD, MAX_HEADER, MAX_RECORD};

/// How much of a file is read to tell its kind, in bytes.
const SNIFFED: u64 = 4096;

/// Reads the rows of a CSV file.
///
/// Memory does not grow with the file: the reader holds one record and one block of the file.
///
/// ```
/// use meta_offline_events::order::{Orders, RowLayout, csv::CsvRows};
///
/// let file = "\
/// order_id,email,timestamp,product_id,quantity,price,currency
/// 10001,mary@example.com,2026-05-04 12:00:00,SKU-1,2,10.50,EUR
/// 10001,mary@example.com,2026-05-04 12:00:00,SKU-2,1,0.99,EUR
/// 10002,john@example.com,2026-05-04 12:30:00,SKU-1,-1,10.50,EUR
/// ";
/// let mut orders = Orders::new();
/// let rows = CsvRows::new(file.as_bytes(), &RowLayout::new())?.read_into(&mut orders)?;
/// assert_eq!(rows, 3);
///
/// let prepared = orders.finish("2026-05-05T00:00:00Z".parse()?);
/// assert_eq!(prepared.events.len(), 1);
/// assert_eq!(prepared.events[0].custom_data().value().unwrap().to_string(), "21.99 EUR");
/// assert_eq!(prepared.rows.filtered(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct CsvRows<R> {
    records: Records<R>,
    layout: BoundLayout,
    ignored: Vec<String>,
    source: u16,
    has_failed: bool,
}

impl<R: Read> CsvRows<R> {
    /// Reads the header of a file with commas between its fields, and finds the columns of the layout.
    ///
    /// ```
    /// use meta_offline_events::order::{RowLayout, csv::CsvRows};
    ///
    /// let file = "email,cashier,timestamp,value,currency\n";
    /// let rows = CsvRows::new(file.as_bytes(), &RowLayout::new())?;
    /// assert_eq!(rows.ignored_columns(), ["cashier"]);
    /// # Ok::<(), meta_offline_events::order::csv::CsvError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// - [`CsvErrorKind::NotCsv`] and [`CsvErrorKind::Encoding`] if the file is not text in UTF-8.
    /// - [`CsvErrorKind::NoHeader`], [`CsvErrorKind::HeaderTooLarge`], [`CsvErrorKind::TooManyColumns`] and
    ///   [`CsvErrorKind::OpenQuote`] if there is no header that can be read.
    /// - [`CsvErrorKind::Layout`] and [`CsvErrorKind::Delimiter`] if the header does not fit the layout.
    /// - [`CsvErrorKind::Read`] if reading fails.
    pub fn new(reader: R, layout: &RowLayout) -> Result<Self, CsvError> {
        Self::with_delimiter(reader, layout, Delimiter::Comma)
    }

    /// Reads the header of a file with another delimiter between its fields.
    ///
    /// ```
    /// use meta_offline_events::order::{RowLayout, csv::{CsvErrorKind, CsvRows, Delimiter}};
    ///
    /// let file = "email;timestamp;value;currency\nmary@example.com;1777896000;10.50;EUR\n";
    /// let error = CsvRows::new(file.as_bytes(), &RowLayout::new()).unwrap_err();
    /// let CsvErrorKind::Delimiter { found } = *error.kind() else { panic!("{error}") };
    /// assert_eq!(found, Delimiter::Semicolon);
    /// assert!(CsvRows::with_delimiter(file.as_bytes(), &RowLayout::new(), found).is_ok());
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`CsvRows::new`].
    pub fn with_delimiter(mut reader: R, layout: &RowLayout, delimiter: Delimiter) -> Result<Self, CsvError> {
        let mut head = Vec::new();
        let error = reader.by_ref().take(SNIFFED).read_to_end(&mut head).err();
        sniff::refuse_other_files(&head)?;
        let mut records = Records::new(head, error, reader, delimiter);
        let has_header = records.advance().map_err(CsvError::of_header)?;
        if !has_header {
            return Err(CsvError::new(CsvErrorKind::NoHeader, None));
        }
        let line = records.line();
        if records.quotes() == Quotes::Open {
            return Err(CsvError::new(CsvErrorKind::OpenQuote, Some(line)));
        }
        let bound = sniff::bind(layout, &records).map_err(|kind| CsvError::new(kind, Some(line)))?;
        records.end_header();
        let ignored = bound.unknown().iter().map(|&index| sniff::for_display(records.field(index))).collect();
        Ok(Self { records, layout: bound, ignored, source: 0, has_failed: false })
    }

    /// Numbers the file, so that reports can tell the lines of several files apart.
    ///
    /// ```
    /// use meta_offline_events::order::{Orders, RowLayout, csv::CsvRows};
    ///
    /// let mut orders = Orders::new();
    /// for number in [1, 2] {
    ///     let file = "email,timestamp,value,currency\nmary@example.com,yesterday,10.50,EUR\n";
    ///     CsvRows::new(file.as_bytes(), &RowLayout::new())?.source(number).read_into(&mut orders)?;
    /// }
    /// let rows = orders.finish("2026-05-05T00:00:00Z".parse()?).rows;
    /// let lines = rows.diagnostics().iter().flat_map(|diagnostic| diagnostic.lines());
    /// let places: Vec<_> = lines.map(|line| (line.source(), line.number())).collect();
    /// assert_eq!(places, [(1, 2), (2, 2)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn source(mut self, number: u16) -> Self {
        self.source = number;
        self
    }

    /// Returns the next row, or `None` at the end of the file.
    ///
    /// ```
    /// use meta_offline_events::order::{ParsedRow, RowLayout, csv::CsvRows};
    ///
    /// let file = "email,timestamp,value,currency\nmary@example.com,yesterday,10.50,EUR\n";
    /// let mut rows = CsvRows::new(file.as_bytes(), &RowLayout::new())?;
    /// while let Some(row) = rows.next_row()? {
    ///     let ParsedRow::Invalid(error) = row else { panic!("{row:?}") };
    ///     assert!(error.to_string().starts_with("line 2; timestamp: "));
    /// }
    /// # Ok::<(), meta_offline_events::order::csv::CsvError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`CsvErrorKind::Read`], [`CsvErrorKind::RecordTooLarge`] and [`CsvErrorKind::OpenQuote`]. The rest of the file
    /// is not read then, and every later call returns [`CsvErrorKind::Stopped`].
    pub fn next_row(&mut self) -> Result<Option<ParsedRow<'_>>, CsvError> {
        if self.has_failed {
            return Err(CsvError::new(CsvErrorKind::Stopped, Some(self.line())));
        }
        match self.read_record() {
            Ok(true) => Ok(Some(self.parse())),
            Ok(false) => Ok(None),
            Err(error) => {
                self.has_failed = true;
                Err(error)
            }
        }
    }

    /// Adds all rows to their orders, and returns how many there were.
    ///
    /// ```
    /// use meta_offline_events::order::{Orders, RowLayout, csv::CsvRows};
    ///
    /// let file = "email,timestamp,value,currency\nmary@example.com,1777896000,10.50,EUR\n";
    /// let mut orders = Orders::new();
    /// assert_eq!(CsvRows::new(file.as_bytes(), &RowLayout::new())?.read_into(&mut orders)?, 1);
    /// # Ok::<(), meta_offline_events::order::csv::CsvError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`CsvRows::next_row`]. The rows before the error stay in their orders. Do not send those orders: the
    /// part of the file that was not read may hold more rows of them.
    pub fn read_into(&mut self, orders: &mut Orders) -> Result<u64, CsvError> {
        let mut rows = 0;
        while let Some(row) = self.next_row()? {
            orders.push_parsed(row);
            rows += 1;
        }
        Ok(rows)
    }

    /// Returns the line in which the last row began, or the line of the header before the first row.
    pub fn line(&self) -> u64 {
        self.records.line()
    }

    /// Returns how many bytes of the file were used so far.
    pub fn bytes_read(&self) -> u64 {
        self.records.bytes_read()
    }

    /// Returns how many blank lines were skipped so far.
    pub fn skipped_lines(&self) -> u64 {
        self.records.blank_lines()
    }

    /// Returns the headers of the unknown columns, in a form that is safe to show.
    pub fn ignored_columns(&self) -> &[String] {
        &self.ignored
    }

    fn read_record(&mut self) -> Result<bool, CsvError> {
        let found = self.records.advance()?;
        if found && self.records.quotes() == Quotes::Open {
            return Err(CsvError::new(CsvErrorKind::OpenQuote, Some(self.line())));
        }
        Ok(found)
    }

    /// Parses the last record.
    fn parse(&self) -> ParsedRow<'_> {
        let records = &self.records;
        let line = Line::new(records.line()).in_source(self.source);
        if records.spans_lines() && records.quotes() == Quotes::Misplaced {
            return ParsedRow::Invalid(self.open_quote(line));
        }
        if records.width() != self.layout.width() {
            return ParsedRow::Invalid(self.wrong_width(line));
        }
        // Most records are checked as a whole, not field by field.
        let text = records.text();
        let is_sound = text.len() <= MAX_FIELD && memchr::memchr(0, text).is_none();
        match str::from_utf8(text) {
            // Two halves of a letter in two fields are a whole letter in the text of the record.
            Ok(text) if is_sound => {
                self.layout.read_fields(line, |index| text.get(records.range(index)).ok_or(Rule::NotUtf8))
            }
            _ => self.layout.read_fields(line, |index| check_field(records.field(index))),
        }
    }

    /// The error of a row with too few or too many fields, and the orders that it may belong to.
    fn wrong_width(&self, line: Line) -> RowError {
        let (found, width) = (self.records.width(), self.layout.width());
        let message =
            format!("the row has {found} fields and the header {width}: check quotes and delimiters");
        let error = RowError::unreadable(line, "wrong_width", message);
        if self.records.spans_lines() {
            return error.suspect(self.possible_orders());
        }
        let Some(position) = self.layout.position(Column::OrderId) else { return error };
        // Each field too few or too many may have moved the order id by one position.
        let apart = found.abs_diff(width).min(width);
        let near = position.saturating_sub(apart)..found.min(position + apart + 1);
        let order_ids = near.filter_map(|index| order_id(self.records.field(index)));
        error.suspect(order_ids.map(|id| self.layout.suspect(&id)))
    }

    /// The error of a quote that is not closed, so that the lines up to the next quote became one field.
    fn open_quote(&self, line: Line) -> RowError {
        let last = self.records.last_line();
        let message =
            format!("lines {line} to {last} became one row: a quote is not closed in one of them, close it");
        RowError::unreadable(line, "open_quote", message).suspect(self.possible_orders())
    }

    /// Returns the orders of everything in the raw record that may be an order id.
    fn possible_orders(&self) -> impl Iterator<Item = OrderFingerprint> {
        let delimiter = self.records.delimiter().byte();
        let is_end = move |byte: &u8| matches!(byte, b'\n' | b'\r' | b'"') || *byte == delimiter;
        self.records.raw().split(is_end).filter_map(order_id).map(|id| self.layout.suspect(&id))
    }
}

fn order_id(bytes: &[u8]) -> Option<OrderId> {
    str::from_utf8(bytes).ok()?.parse().ok()
}

/// Returns the text of a field, or what is wrong with its bytes.
fn check_field(bytes: &[u8]) -> Result<&str, Rule> {
    if bytes.len() > MAX_FIELD {
        return Err(Rule::TooLong(MAX_FIELD));
    }
    if bytes.contains(&0) {
        return Err(Rule::ControlCharacter);
    }
    str::from_utf8(bytes).map_err(|_| Rule::NotUtf8)
}

impl<R: Read> fmt::Debug for CsvRows<R> {
    /// Shows the source and the line, and no text of the file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsvRows")
            .field("source", &self.source)
            .field("line", &self.line())
            .finish_non_exhaustive()
    }
}
