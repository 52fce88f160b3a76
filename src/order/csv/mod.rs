//! Rows of CSV files.
//!
//! A file is checked before its first row: it must be text in UTF-8, or in the encoding that the layout states, with
//! a header that fits the layout. After that, a record that cannot be used is one [`ParsedRow::Invalid`], and reading
//! goes on with the next one. Only a file that cannot be read to its end is an error.
//!
//! The format:
//!
//! - a field may stand in quotes (`"`); it may then hold delimiters and line breaks, and a quote in it is doubled;
//! - lines end with CRLF, LF or CR, also in one file; the last line needs no end;
//! - blank lines are skipped and counted; a line of spaces or of delimiters is a row;
//! - unknown columns are ignored, whatever they hold;
//! - a byte-order mark is dropped;
//! - a first line such as `sep=;`, as spreadsheets write it, states the delimiter;
//! - with feature `gzip`, a file that is packed with gzip is unpacked while it is read;
//! - an end mark, if one is stated, is the last line.
//!
//! No error holds text of the file.

mod delimiter;
#[cfg(feature = "encoding")]
mod encoding;
mod error;
mod fields;
mod format;
mod header;
mod input;
mod last_customer;
mod limits;
mod quoted;
mod records;
mod sniff;

use std::fmt;
use std::io::Read;

use self::fields::WithCustomer;
use self::header::Header;
use self::input::Text;
use self::last_customer::LastCustomer;
use self::quoted::Quotes;
use self::records::Records;
use super::ending::Ending;
use super::field;
use super::layout::{BoundLayout, Column, LayoutError, RowLayout};
use super::orders::Orders;
use super::parsed_row::ParsedRow;
use super::row_error::{OrderFingerprint, RowError};
use crate::value::{Line, OrderId, Rule};

pub use super::field::MAX_FIELD;
pub use delimiter::Delimiter;
#[cfg(feature = "encoding")]
pub use encoding::Encoding;
pub use error::{CsvError, CsvErrorKind};
pub(super) use format::{DelimiterChoice, FileFormat};
pub use limits::{MAX_COLUMNS, MAX_HEADER, MAX_RECORD};

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
pub struct CsvRows<R: Read> {
    records: Records<Text<R>>,
    header: Header,
    source: u16,
    end_mark: Option<Box<[u8]>>,
    expected_rows: Option<u64>,
    rows: u64,
    ending: Ending,
    has_failed: bool,
    /// The last customer, if the file has columns about it.
    last_customer: Option<LastCustomer>,
    maps: Vec<ColumnMap>,
    /// The texts of the last row that a function made, in the order of the functions.
    mapped: Vec<Result<String, Rule>>,
}

/// One row of a CSV file, which is not parsed yet.
///
/// Push it to [`Orders`] or [`SortedOrders`](super::SortedOrders), or [parse](Self::parse) it to look at it. A parsed row
/// is large: this one is parsed where it is needed, and not moved.
///
/// ```
/// use meta_offline_events::order::{ParsedRow, RowLayout, csv::CsvRows};
///
/// let file = "order_id,email,timestamp,value,currency\nA1,mary@example.com,yesterday,10.50,EUR\n";
/// let mut rows = CsvRows::new(file.as_bytes(), &RowLayout::new())?;
/// while let Some(row) = rows.next_row()? {
///     let ParsedRow::Invalid(error) = row.parse() else { panic!("the time is valid") };
///     assert!(error.to_string().starts_with("line 2; timestamp: "));
/// }
/// # Ok::<(), meta_offline_events::order::csv::CsvError>(())
/// ```
pub struct CsvRow<'a, R: Read> {
    rows: &'a mut CsvRows<R>,
}

impl<'a, R: Read> CsvRow<'a, R> {
    /// Parses the row.
    #[inline]
    pub fn parse(self) -> ParsedRow<'a> {
        self.rows.parse()
    }
}

impl<'a, R: Read> From<CsvRow<'a, R>> for ParsedRow<'a> {
    #[inline]
    fn from(row: CsvRow<'a, R>) -> Self {
        row.parse()
    }
}

impl<R: Read> fmt::Debug for CsvRow<'_, R> {
    /// Shows the line, and no text of the file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsvRow").field("line", &self.rows.line()).finish_non_exhaustive()
    }
}

/// A function for the texts of one column.
struct ColumnMap {
    position: usize,
    function: Box<dyn Fn(&str) -> String + Send + Sync>,
}

impl<R: Read> CsvRows<R> {
    /// Reads the header of a file, and finds the columns of the layout.
    ///
    /// ```
    /// use meta_offline_events::order::{RowLayout, csv::CsvRows};
    ///
    /// let file = "order_id,email,cashier,timestamp,value,currency\n";
    /// let rows = CsvRows::new(file.as_bytes(), &RowLayout::new())?;
    /// assert_eq!(rows.ignored_columns(), ["cashier"]);
    /// # Ok::<(), meta_offline_events::order::csv::CsvError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// - [`CsvErrorKind::NotCsv`] and [`CsvErrorKind::Encoding`] if the file is not text in UTF-8, or in the encoding
    ///   of the layout.
    /// - [`CsvErrorKind::NoHeader`], [`CsvErrorKind::HeaderTooLarge`], [`CsvErrorKind::TooManyColumns`] and
    ///   [`CsvErrorKind::OpenQuote`] if there is no header that can be read.
    /// - [`CsvErrorKind::Layout`] and [`CsvErrorKind::Delimiter`] if the header does not fit the layout.
    /// - [`CsvErrorKind::Read`] if reading fails.
    pub fn new(reader: R, layout: &RowLayout) -> Result<Self, CsvError> {
        let format = layout.file_format();
        let text = input::open(reader, format)?;
        if format.skipped_lines == 0 {
            sniff::refuse_other_text(text.head(), format)?;
        }
        let mut records = Records::new(text, format.delimiter.or_comma());
        for _ in 0..format.skipped_lines {
            if !records.skip_line().map_err(CsvError::of_header)? {
                return Err(CsvError::new(CsvErrorKind::NoHeader, None));
            }
        }
        records.advance_to_header()?;
        if let Some(found) = header::stated_delimiter(records.raw()) {
            if matches!(format.delimiter, DelimiterChoice::Stated(stated) if stated != found) {
                return Err(CsvError::new(CsvErrorKind::Delimiter { found }, Some(records.line())));
            }
            records.set_delimiter(found);
            records.advance_to_header()?;
        }
        let line = records.line();
        if format.skipped_lines > 0 {
            sniff::refuse_other_text(records.raw(), format)?;
        }
        let header = Header::bind(layout, &records).or_else(|kind| {
            let may_differ = format.delimiter == DelimiterChoice::Found;
            let found = if may_differ { header::find_delimiter(layout, &records) } else { None };
            found.ok_or(CsvError::new(kind, Some(line)))
        })?;
        records.set_delimiter(header.delimiter);
        records.end_header();
        let last_customer = LastCustomer::new(header.layout.customer_sources());
        records.expect_equal(last_customer.as_ref().map_or(0, LastCustomer::head));
        Ok(Self {
            records,
            last_customer,
            header,
            source: 0,
            end_mark: None,
            expected_rows: None,
            rows: 0,
            ending: Ending::Incomplete,
            has_failed: false,
            maps: Vec::new(),
            mapped: Vec::new(),
        })
    }

    /// Lets a function rewrite each text of a column before it is read.
    ///
    /// ```
    /// use meta_offline_events::order::{Column, Orders, RowLayout, csv::CsvRows};
    ///
    /// let file = "order_id,email,timestamp,value,currency\nR-1 (copy),mary@example.com,1777896000,5,EUR\n";
    /// let without_note = |id: &str| id.trim_end_matches(" (copy)").to_owned();
    /// let mut orders = Orders::new();
    /// CsvRows::new(file.as_bytes(), &RowLayout::new())?.map(Column::OrderId, without_note)?.read_into(&mut orders)?;
    /// let events = orders.finish("2026-05-05T00:00:00Z".parse()?).events;
    /// assert_eq!(events[0].order_id().unwrap().as_str(), "R-1");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// Several functions for one column are applied in turn.
    ///
    /// # Errors
    ///
    /// [`LayoutError::NotThere`] if the file does not have the column.
    pub fn map(
        mut self,
        column: Column,
        function: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Result<Self, CsvError> {
        let Some(position) = self.header.layout.position(column) else {
            let error = CsvErrorKind::Layout(LayoutError::NotThere(column));
            return Err(CsvError::new(error, None));
        };
        self.maps.push(ColumnMap { position, function: Box::new(function) });
        Ok(self)
    }

    /// Numbers the file, so that reports can tell the lines of several files apart.
    ///
    /// ```
    /// use meta_offline_events::order::{Orders, RowLayout, csv::CsvRows};
    ///
    /// let mut orders = Orders::new();
    /// for number in [1, 2] {
    ///     let file = "order_id,email,timestamp,value,currency\nA1,mary@example.com,yesterday,10.50,EUR\n";
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

    /// States the last line of the file, which proves that no row is missing. It is no row.
    ///
    /// A file without it ends with [`CsvErrorKind::NoEndMark`].
    ///
    /// ```
    /// use meta_offline_events::order::{Orders, RowLayout, csv::{CsvErrorKind, CsvRows}};
    ///
    /// let file = "order_id,email,timestamp,value,currency\nA1,mary@example.com,1777896000,10.50,EUR\n#END";
    /// let read = |file: &str| {
    ///     let mut orders = Orders::new();
    ///     CsvRows::new(file.as_bytes(), &RowLayout::new())?.end_mark("#END").read_into(&mut orders)
    /// };
    /// assert_eq!(read(file)?, 1);
    /// let cut = &file[..file.len() - 1];
    /// assert_eq!(read(cut).unwrap_err().kind(), &CsvErrorKind::NoEndMark);
    /// # Ok::<(), meta_offline_events::order::csv::CsvError>(())
    /// ```
    #[must_use]
    pub fn end_mark(mut self, line: &str) -> Self {
        self.end_mark = Some(line.trim().as_bytes().into());
        self
    }

    /// States how many rows the file has: every line or record but the header, blank lines and the end mark.
    ///
    /// With another number, reading ends with [`CsvErrorKind::RowCount`]. A cut inside the last field of the last row
    /// does not change the number of rows: see [`Ending::OpenLine`].
    ///
    /// ```
    /// use meta_offline_events::order::{Orders, RowLayout, csv::{CsvErrorKind, CsvRows}};
    ///
    /// let file = "order_id,email,timestamp,value,currency\nA1,mary@example.com,1777896000,10.50,EUR\n";
    /// let rows = CsvRows::new(file.as_bytes(), &RowLayout::new())?;
    /// let error = rows.expect_rows(2).read_into(&mut Orders::new()).unwrap_err();
    /// assert_eq!(error.kind(), &CsvErrorKind::RowCount { expected: 2, found: 1 });
    /// # Ok::<(), meta_offline_events::order::csv::CsvError>(())
    /// ```
    #[must_use]
    pub fn expect_rows(mut self, rows: u64) -> Self {
        self.expected_rows = Some(rows);
        self
    }

    /// Returns what is known about the end of the file, once all rows are read. Before that, and after an error, it
    /// is [`Ending::Incomplete`].
    pub fn ending(&self) -> Ending {
        self.ending
    }

    /// Returns the next row, or `None` at the end of the file. It is parsed when it is pushed.
    ///
    /// ```
    /// use meta_offline_events::order::{Orders, RowLayout, csv::CsvRows};
    ///
    /// let file = "order_id,email,timestamp,value,currency\nA1,mary@example.com,1777896000,10.50,EUR\n";
    /// let mut rows = CsvRows::new(file.as_bytes(), &RowLayout::new())?;
    /// let mut orders = Orders::new();
    /// while let Some(row) = rows.next_row()? {
    ///     orders.push_parsed(row);
    /// }
    /// orders.end_source(rows.ending());
    /// assert_eq!(orders.finish("2026-05-05T00:00:00Z".parse()?).events.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`CsvErrorKind::Read`], [`CsvErrorKind::RecordTooLarge`] and [`CsvErrorKind::OpenQuote`]; with an
    /// [end mark](Self::end_mark) or a [number of rows](Self::expect_rows) that does not fit,
    /// [`CsvErrorKind::NoEndMark`], [`CsvErrorKind::RowsAfterEndMark`] and [`CsvErrorKind::RowCount`]. The rest of the
    /// file is not read then, and every later call returns [`CsvErrorKind::Stopped`].
    pub fn next_row(&mut self) -> Result<Option<CsvRow<'_, R>>, CsvError> {
        if self.has_failed {
            return Err(CsvError::new(CsvErrorKind::Stopped, Some(self.line())));
        }
        match self.read_record() {
            Ok(found) => Ok(found.then_some(CsvRow { rows: self })),
            Err(error) => {
                self.has_failed = true;
                self.ending = Ending::Incomplete;
                Err(error)
            }
        }
    }

    /// Adds all rows to their orders, and returns how many there were.
    ///
    /// ```
    /// use meta_offline_events::order::{Orders, RowLayout, csv::CsvRows};
    ///
    /// let file = "order_id,email,timestamp,value,currency\nA1,mary@example.com,1777896000,10.50,EUR\n";
    /// let mut orders = Orders::new();
    /// assert_eq!(CsvRows::new(file.as_bytes(), &RowLayout::new())?.read_into(&mut orders)?, 1);
    /// # Ok::<(), meta_offline_events::order::csv::CsvError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`CsvRows::next_row`]. None of the orders is sent then, because the part of the file that was not read
    /// may hold more rows of them: their rows are [not sent](crate::report::RowReport::not_sent).
    pub fn read_into(&mut self, orders: &mut Orders) -> Result<u64, CsvError> {
        let mut rows = 0;
        let read = loop {
            match self.next_row() {
                Ok(Some(row)) => orders.push_parsed(row),
                Ok(None) => break Ok(rows),
                Err(error) => break Err(error),
            }
            rows += 1;
        };
        orders.end_source(self.ending);
        read
    }

    /// Returns the line in which the last row began, or the line of the header before the first row.
    pub fn line(&self) -> u64 {
        self.records.line()
    }

    /// Returns the delimiter between the fields.
    pub fn delimiter(&self) -> Delimiter {
        self.records.delimiter()
    }

    /// Returns how many bytes of the text were used so far: of a file that is packed or in another encoding, those of
    /// its unpacked text in UTF-8.
    pub fn bytes_read(&self) -> u64 {
        self.records.bytes_read()
    }

    /// Returns how many blank lines were skipped so far.
    pub fn skipped_lines(&self) -> u64 {
        self.records.blank_lines()
    }

    /// Returns the headers of the unknown columns, in a form that is safe to show.
    pub fn ignored_columns(&self) -> Vec<&str> {
        let unknown = self.header.layout.unknown().iter();
        unknown.map(|&index| self.header.names[index].as_str()).collect()
    }

    /// Returns every header, in a form that is safe to show.
    pub fn headers(&self) -> &[String] {
        &self.header.names
    }

    /// Returns the layout with the positions of its columns.
    pub fn layout(&self) -> &BoundLayout {
        &self.header.layout
    }

    /// Returns the fields of the last row as they stand in the file, or those of the header before the first row. At the
    /// end of the file, and where reading it fails, there are none.
    ///
    /// They are customers' data: show them to nobody.
    ///
    /// ```
    /// use meta_offline_events::order::{RowLayout, csv::CsvRows};
    ///
    /// let file = "order_id,email,timestamp,value,currency\nA1,mary@example.com,yesterday,10.50,EUR\n";
    /// let mut rows = CsvRows::new(file.as_bytes(), &RowLayout::new())?;
    /// rows.next_row()?;
    /// assert_eq!(rows.fields().nth(2), Some(&b"yesterday"[..]));
    /// # Ok::<(), meta_offline_events::order::csv::CsvError>(())
    /// ```
    pub fn fields(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.records.width()).map(|index| self.records.field(index))
    }

    fn read_record(&mut self) -> Result<bool, CsvError> {
        let found = self.records.advance()?;
        if found && self.records.quotes() == Quotes::Open {
            return Err(CsvError::new(CsvErrorKind::OpenQuote, Some(self.line())));
        }
        if !found || self.is_end_mark() {
            self.ending = self.end(found)?;
            return Ok(false);
        }
        self.rows += 1;
        if self.expected_rows.is_some_and(|expected| self.rows > expected) {
            return Err(self.wrong_count());
        }
        Ok(true)
    }

    fn is_end_mark(&self) -> bool {
        self.end_mark.as_ref().is_some_and(|mark| self.records.raw().trim_ascii() == &**mark)
    }

    /// Checks what was stated about the end of the file.
    fn end(&mut self, is_marked: bool) -> Result<Ending, CsvError> {
        let line = self.line();
        if self.ending == Ending::Proven {
            return Ok(self.ending);
        }
        if is_marked && self.records.advance()? {
            return Err(CsvError::new(CsvErrorKind::RowsAfterEndMark, Some(self.line())));
        }
        if self.end_mark.is_some() && !is_marked {
            return Err(CsvError::new(CsvErrorKind::NoEndMark, Some(line)));
        }
        if self.expected_rows.is_some_and(|expected| self.rows != expected) {
            return Err(self.wrong_count());
        }
        Ok(match self.expected_rows {
            _ if is_marked => Ending::Proven,
            _ if self.records.is_open() => Ending::OpenLine,
            Some(_) => Ending::Proven,
            None => Ending::Unproven,
        })
    }

    fn wrong_count(&self) -> CsvError {
        let (expected, found) = (self.expected_rows.unwrap_or_default(), self.rows);
        CsvError::new(CsvErrorKind::RowCount { expected, found }, Some(self.line()))
    }

    /// Applies the functions to the fields of the last record.
    fn apply_maps(&mut self) {
        self.mapped.clear();
        if self.maps.is_empty() || self.records.width() != self.header.layout.width() {
            return;
        }
        for map in &self.maps {
            let text = mapped_or_plain(&self.maps, &self.mapped, &self.records, map.position);
            let mapped = text.map(&map.function);
            self.mapped.push(mapped.and_then(|text| field::of_bytes(text.as_bytes()).map(str::to_owned)));
        }
    }

    /// Parses the last record.
    fn parse(&mut self) -> ParsedRow<'_> {
        self.apply_maps();
        let records = &self.records;
        let line = Line::new(records.line()).in_source(self.source);
        if records.quotes() == Quotes::Misplaced && records.spans_lines() {
            return ParsedRow::Invalid(self.open_quote(line));
        }
        let layout = &self.header.layout;
        if records.width() != layout.width() {
            return ParsedRow::Invalid(self.wrong_width(line));
        }
        if !self.maps.is_empty() {
            let field = |index| mapped_or_plain(&self.maps, &self.mapped, records, index);
            return layout.read_fields(line, field);
        }
        let fields = records.fields();
        match self.last_customer.as_mut().and_then(|last| last.read(fields)) {
            Some(customer) => layout.read_record(line, &WithCustomer { fields, customer }),
            None => layout.read_record(line, &fields),
        }
    }

    /// The error of a row with too few or too many fields, and the orders that it may belong to.
    fn wrong_width(&self, line: Line) -> RowError {
        let (found, width) = (self.records.width(), self.header.layout.width());
        let message =
            format!("the row has {found} fields and the header {width}: check quotes and delimiters");
        let error = RowError::unreadable(line, "wrong_width", message);
        if self.records.spans_lines() {
            return error.suspect(self.possible_orders());
        }
        let Some(position) = self.header.layout.position(Column::OrderId) else { return error };
        // Each field too few or too many may have moved the order id by one position.
        let apart = found.abs_diff(width).min(width);
        let near = position.saturating_sub(apart)..found.min(position + apart + 1);
        let order_ids = near.filter_map(|index| self.order_id(self.records.field(index)));
        error.suspect(order_ids.map(|id| self.header.layout.suspect(&id)))
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
        self.records
            .raw()
            .split(is_end)
            .filter_map(|part| self.order_id(part))
            .map(|id| self.header.layout.suspect(&id))
    }

    /// Reads bytes that may be an order id.
    fn order_id(&self, bytes: &[u8]) -> Option<OrderId> {
        let text = str::from_utf8(bytes).ok()?;
        let position = self.header.layout.position(Column::OrderId);
        let mut maps = self.maps.iter().filter(|map| Some(map.position) == position).peekable();
        if maps.peek().is_none() {
            return text.parse().ok();
        }
        maps.fold(text.to_owned(), |text, map| (map.function)(&text)).parse().ok()
    }
}

/// Returns a field as the last function for its column left it, or as it stands in the file.
fn mapped_or_plain<'t, R>(
    maps: &[ColumnMap],
    mapped: &'t [Result<String, Rule>],
    records: &'t Records<R>,
    index: usize,
) -> Result<&'t str, Rule> {
    let last = maps.iter().zip(mapped).rfind(|(map, _)| map.position == index);
    match last {
        Some((_, Ok(text))) => Ok(text),
        Some((_, Err(rule))) => Err(*rule),
        None => field::of_bytes(records.field(index)),
    }
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
