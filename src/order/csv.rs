//! Rows from CSV files.
//!
//! A file is judged before its first row: it must be UTF-8 text with a header that the layout
//! understands. From then on a record that cannot be used is one [`ParsedRow::Invalid`] and the others
//! go on; only a file that cannot be read to its end is an error.
//!
//! What is read:
//!
//! - fields may be quoted with `"`, hold line breaks, and double the quote inside;
//! - lines end with CRLF, LF or CR, in any mixture; the last one needs no end;
//! - blank lines are skipped and counted apart, a line of spaces or of delimiters is a row;
//! - columns that the layout does not understand are ignored, whatever stands in them;
//! - a byte-order mark is dropped.
//!
//! No text of the file ever enters an error.

use std::fmt;
use std::io::{self, Cursor, Read};
use std::ops::Range;

use csv_core::ReadRecordResult;

use super::column::Column;
use super::{BoundLayout, LayoutError, OrderRules, Orders, ParsedRow, RowError, RowLayout, SortedEvents};
use crate::value::{EventTime, Line, OrderId, Rule};

/// The largest record that is read, in bytes. A quote that is never closed shows here.
pub const MAX_RECORD: usize = 16 * 1024 * 1024;

/// The largest header that is read, in bytes.
pub const MAX_HEADER: usize = 64 * 1024;

/// The most columns that a header may have.
pub const MAX_COLUMNS: usize = 1000;

/// The longest field that is read, in bytes; a longer one makes its row invalid.
pub const MAX_FIELD: usize = 16 * 1024;

/// How much of a file is looked at to tell its kind.
const SNIFFED: u64 = 4096;

/// How much is read at once.
const BLOCK: usize = 64 * 1024;

/// Reads the rows of a CSV file.
///
/// Memory is flat: it holds one record and one block of the file.
///
/// ```
/// use meta_offline_events::order::{Orders, RowLayout, csv::CsvRows};
/// use meta_offline_events::value::EventTime;
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
/// let prepared = orders.finish("2026-05-05T00:00:00Z".parse::<EventTime>()?);
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
    failed: bool,
}

/// What stands between the fields of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Delimiter {
    /// `,`
    #[default]
    Comma,
    /// `;`
    Semicolon,
    /// A tab.
    Tab,
    /// `|`
    Pipe,
}

impl Delimiter {
    const ALL: [Self; 4] = [Self::Comma, Self::Semicolon, Self::Tab, Self::Pipe];

    fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Pipe => b'|',
        }
    }
}

impl fmt::Display for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Comma => "`,`",
            Self::Semicolon => "`;`",
            Self::Tab => "a tab",
            Self::Pipe => "`|`",
        })
    }
}

impl<R: Read> CsvRows<R> {
    /// Reads the header of a file with commas between its fields and finds the layout's columns.
    ///
    /// # Errors
    ///
    /// [`CsvError`] when the file is no UTF-8 text, has no header or one beyond the limits, or when
    /// the header does not fit the layout; see [`CsvErrorKind`].
    pub fn new(reader: R, layout: &RowLayout) -> Result<Self, CsvError> {
        Self::with_delimiter(reader, layout, Delimiter::Comma)
    }

    /// The same with another delimiter.
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
        refuse_other_files(&head)?;
        let mut records = Records::new(head, error, reader, delimiter);
        let found = records.advance().map_err(CsvError::of_header)?;
        if !found {
            return Err(CsvError::new(CsvErrorKind::NoHeader, None));
        }
        let line = records.record_line;
        if records.ends_in_quotes() {
            return Err(CsvError::new(CsvErrorKind::OpenQuote, Some(line)));
        }
        let bound = bind(layout, &records).map_err(|kind| CsvError::new(kind, Some(line)))?;
        records.limit = MAX_RECORD;
        let ignored = bound.unknown().iter().map(|&index| for_display(records.field(index))).collect();
        Ok(Self { records, layout: bound, ignored, source: 0, failed: false })
    }

    /// Numbers the file, so that reports can tell the lines of several files apart.
    #[must_use]
    pub fn source(mut self, number: u16) -> Self {
        self.source = number;
        self
    }

    /// The next row, or nothing at the end of the file.
    ///
    /// # Errors
    ///
    /// [`CsvErrorKind::Read`], [`CsvErrorKind::RecordTooLarge`] and [`CsvErrorKind::OpenQuote`]. The
    /// rest of the file is then not read, and every later call is an error, too.
    pub fn next_row(&mut self) -> Result<Option<ParsedRow<'_>>, CsvError> {
        if self.failed {
            return Err(CsvError::new(CsvErrorKind::Stopped, Some(self.line())));
        }
        match self.read_record() {
            Ok(true) => Ok(Some(self.reading())),
            Ok(false) => Ok(None),
            Err(error) => {
                self.failed = true;
                Err(error)
            }
        }
    }

    /// Takes all rows into their orders and says how many there were.
    ///
    /// # Errors
    ///
    /// Those of [`CsvRows::next_row`]. The rows before keep their outcomes, but the rest of their
    /// orders may lie in the part that was not read: do not send what was gathered.
    pub fn read_into(&mut self, orders: &mut Orders) -> Result<u64, CsvError> {
        let mut rows = 0;
        while let Some(reading) = self.next_row()? {
            orders.push_parsed(reading);
            rows += 1;
        }
        Ok(rows)
    }

    /// The events of a file whose rows are sorted by order id, one after the other, in memory that does not
    /// grow with the file. Their age is judged at `now`. See [`SortedEvents`].
    pub fn sorted(self, rules: OrderRules, now: EventTime) -> SortedEvents<Self> {
        SortedEvents::new(self, rules, now)
    }

    /// The line in which the last row began; the header before the first one.
    pub fn line(&self) -> u64 {
        self.records.record_line
    }

    /// How many bytes of the file were used so far.
    pub fn bytes_read(&self) -> u64 {
        self.records.marks + self.records.dropped + self.records.next as u64
    }

    /// How many blank lines were skipped so far.
    pub fn skipped_lines(&self) -> u64 {
        self.records.blank
    }

    /// The headers that the layout does not understand, cut and made fit for display.
    pub fn ignored_columns(&self) -> &[String] {
        &self.ignored
    }

    fn read_record(&mut self) -> Result<bool, CsvError> {
        let found = self.records.advance()?;
        if found && self.records.ends_in_quotes() {
            return Err(CsvError::new(CsvErrorKind::OpenQuote, Some(self.line())));
        }
        Ok(found)
    }

    fn reading(&self) -> ParsedRow<'_> {
        let records = &self.records;
        let line = Line::new(records.record_line).in_source(self.source);
        if records.spans_lines() && records.quotes() == Quotes::Misplaced {
            return ParsedRow::Invalid(self.swallowed(line));
        }
        if records.width() != self.layout.width() {
            return ParsedRow::Invalid(self.misfit(line));
        }
        // Most records need no look at the single field.
        let text = records.text();
        let sound = text.len() <= MAX_FIELD && memchr::memchr(0, text).is_none();
        match str::from_utf8(text) {
            // A letter cut in two by a delimiter may look whole in the record.
            Ok(text) if sound => {
                self.layout.read_fields(line, |index| text.get(records.range(index)).ok_or(Rule::NotUtf8))
            }
            _ => self.layout.read_fields(line, |index| checked(records.field(index))),
        }
    }

    /// A row with too few or too many fields. Its order is spoilt where that can be told.
    fn misfit(&self, line: Line) -> RowError {
        let (found, width) = (self.records.width(), self.layout.width());
        let message =
            format!("the row has {found} fields and the header {width}: check quotes and delimiters");
        let error = RowError::unreadable(line, "wrong_width", message);
        if self.records.spans_lines() {
            return error.suspect(self.pieces());
        }
        let Some(place) = self.layout.position(Column::OrderId) else { return error };
        // Each field too few or too many may have moved the order id by one place.
        let apart = found.abs_diff(width).min(width);
        let near = place.saturating_sub(apart)..found.min(place + apart + 1);
        error.suspect(near.filter_map(|index| order_id(self.records.field(index))))
    }

    /// A quote was not closed, and the lines up to the next quote were taken for one field.
    fn swallowed(&self, line: Line) -> RowError {
        let last = self.records.last_line();
        let message = format!("lines {line} to {last} read as one row: a quote is not closed in one of them");
        RowError::unreadable(line, "open_quote", message).suspect(self.pieces())
    }

    /// Everything in the raw record that may be an order id.
    fn pieces(&self) -> impl Iterator<Item = OrderId> {
        let delimiter = self.records.delimiter.byte();
        let ends_piece = move |byte: &u8| matches!(byte, b'\n' | b'\r' | b'"') || *byte == delimiter;
        self.records.raw().split(ends_piece).filter_map(order_id)
    }
}

fn order_id(bytes: &[u8]) -> Option<OrderId> {
    str::from_utf8(bytes).ok()?.parse().ok()
}

/// The text of a field, or what is wrong with its bytes.
fn checked(bytes: &[u8]) -> Result<&str, Rule> {
    if bytes.len() > MAX_FIELD {
        return Err(Rule::TooLong(MAX_FIELD));
    }
    if bytes.contains(&0) {
        return Err(Rule::ControlCharacter);
    }
    str::from_utf8(bytes).map_err(|_| Rule::NotUtf8)
}

impl<R: Read> fmt::Debug for CsvRows<R> {
    /// Where it stands; never what stands there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsvRows")
            .field("source", &self.source)
            .field("line", &self.records.record_line)
            .finish_non_exhaustive()
    }
}

/// The beginning of a file that was looked at already, and the rest of it.
struct File<R> {
    head: Cursor<Vec<u8>>,
    /// What went wrong when the beginning was read.
    error: Option<io::Error>,
    rest: R,
}

impl<R: Read> Read for File<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let begin = self.head.read(out)?;
        if begin > 0 {
            return Ok(begin);
        }
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        loop {
            match self.rest.read(out) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }
}

/// Splits a file into records and their fields, and knows where each stood.
///
/// A record without quotes ends at the first line break and its fields at each delimiter; only those
/// with quotes need a parser.
struct Records<R> {
    file: File<R>,
    delimiter: Delimiter,
    parser: Box<csv_core::Reader>,
    /// Length of the byte-order marks.
    marks: u64,
    /// Up to `filled`: the last record, and what was read behind it.
    kept: Vec<u8>,
    filled: usize,
    /// How many bytes were dropped before `kept`.
    dropped: u64,
    /// Where in `kept` the next record begins.
    next: usize,
    /// The line of `next`.
    next_line: u64,
    /// The byte before `next` is a carriage return.
    after_return: bool,
    /// The last record in `kept` with its line break, and the line in which it began.
    record: Range<usize>,
    record_line: u64,
    /// Where the fields of the last record end: in `kept` from the start of the record, or in
    /// `unquoted` when it had quotes.
    ends: Vec<usize>,
    has_quotes: bool,
    unquoted: Vec<u8>,
    blank: u64,
    limit: usize,
    at_end: bool,
}

impl<R: Read> Records<R> {
    fn new(head: Vec<u8>, error: Option<io::Error>, rest: R, delimiter: Delimiter) -> Self {
        // Not every program that puts a mark looks whether there is one.
        let marks = head.chunks(BYTE_ORDER_MARK.len()).take(2).take_while(|begin| *begin == BYTE_ORDER_MARK);
        let marks = (marks.count() * BYTE_ORDER_MARK.len()) as u64;
        let mut head = Cursor::new(head);
        head.set_position(marks);
        let mut parser = csv_core::ReaderBuilder::new().delimiter(delimiter.byte()).build();
        // From the first byte on, the parser no longer looks for a byte-order mark.
        parser.read_record(b"\n", &mut [0], &mut [0]);
        Self {
            file: File { head, error, rest },
            delimiter,
            parser: Box::new(parser),
            marks,
            kept: Vec::new(),
            filled: 0,
            dropped: 0,
            next: 0,
            next_line: 1,
            after_return: false,
            record: 0..0,
            record_line: 1,
            ends: Vec::new(),
            has_quotes: false,
            unquoted: vec![0; 1024],
            blank: 0,
            limit: MAX_HEADER,
            at_end: false,
        }
    }

    /// Reads one record, or finds that there is none left.
    fn advance(&mut self) -> Result<bool, CsvError> {
        self.skip_breaks();
        while self.next == self.filled {
            if !self.read_on()? {
                return Ok(false);
            }
            self.skip_breaks();
        }
        let mut plain = 0;
        loop {
            let held = &self.kept[self.next..self.filled];
            match memchr::memchr3(b'\n', b'\r', b'"', &held[plain..]) {
                Some(more) if held[plain + more] == b'"' => return self.close_quoted().map(|()| true),
                Some(more) => {
                    self.close_plain(plain + more, 1);
                    return Ok(true);
                }
                None => plain = held.len(),
            }
            if !self.read_on()? {
                self.close_plain(plain, 0);
                return Ok(true);
            }
        }
    }

    /// The next record has `length` bytes without quotes, and a line break behind them or not.
    fn close_plain(&mut self, length: usize, line_break: usize) {
        self.close(length + line_break);
        self.next_line += line_break as u64;
        self.has_quotes = false;
        self.ends.clear();
        let text = &self.kept[self.record.start..][..length];
        push_places(self.delimiter.byte(), text, &mut self.ends);
        self.ends.push(length);
    }

    /// The next record has quotes: where it ends is for the parser to say.
    fn close_quoted(&mut self) -> Result<(), CsvError> {
        let (mut read, mut written, mut ended) = (0, 0, 0);
        self.ends.resize(self.ends.len().max(1), 0);
        loop {
            if self.next + read == self.filled {
                self.read_on()?;
            }
            let (result, more_read, more_written, more_ended) = self.parser.read_record(
                &self.kept[self.next + read..self.filled],
                &mut self.unquoted[written..],
                &mut self.ends[ended..],
            );
            read += more_read;
            written += more_written;
            ended += more_ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.unquoted.resize(self.unquoted.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record | ReadRecordResult::End => break,
            }
        }
        self.close(read);
        self.next_line += breaks(self.raw());
        self.has_quotes = true;
        self.ends.truncate(ended);
        Ok(())
    }

    /// Reads more of the file, if there is more.
    fn read_on(&mut self) -> Result<bool, CsvError> {
        if self.at_end {
            return Ok(false);
        }
        if self.next > 0 {
            self.drop_finished();
        }
        let held = self.filled;
        let room = BLOCK.min(self.limit.saturating_sub(held));
        if self.kept.len() < held + room {
            self.kept.resize(held + room, 0);
        }
        let read = match room {
            0 => Err(CsvError::new(CsvErrorKind::RecordTooLarge, Some(self.next_line))),
            _ => self
                .file
                .read(&mut self.kept[held..held + room])
                .map_err(|error| CsvError::read(error, self.next_line)),
        };
        // Where reading fails, the file is used up to there.
        let count = read.inspect_err(|_| self.next = held)?;
        self.filled += count;
        self.at_end = count == 0;
        Ok(!self.at_end)
    }

    fn drop_finished(&mut self) {
        self.kept.copy_within(self.next..self.filled, 0);
        self.dropped += self.next as u64;
        self.filled -= self.next;
        self.next = 0;
        self.record = 0..0;
    }
}

impl<R> Records<R> {
    /// Goes over line breaks before a record: the rest of the last line's, then blank lines.
    fn skip_breaks(&mut self) {
        while let Some(byte @ (b'\n' | b'\r')) = self.kept[..self.filled].get(self.next) {
            if *byte == b'\r' || !self.after_return {
                self.next_line += 1;
                self.blank += 1;
            }
            self.after_return = *byte == b'\r';
            self.next += 1;
        }
    }

    fn close(&mut self, length: usize) {
        self.record = self.next..self.next + length;
        self.record_line = self.next_line;
        self.after_return = self.raw().ends_with(b"\r");
        self.next = self.record.end;
    }

    /// The last record as it stands in the file, with its line break.
    fn raw(&self) -> &[u8] {
        &self.kept[self.record.clone()]
    }

    /// How many fields the last record has.
    fn width(&self) -> usize {
        self.ends.len()
    }

    /// What the fields of the last record are [ranges](Self::range) of.
    fn text(&self) -> &[u8] {
        let whole = if self.has_quotes { &self.unquoted } else { self.raw() };
        &whole[..self.ends.last().copied().unwrap_or_default()]
    }

    fn range(&self, index: usize) -> Range<usize> {
        let delimiter = usize::from(!self.has_quotes);
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before] + delimiter);
        start..self.ends[index]
    }

    fn field(&self, index: usize) -> &[u8] {
        &self.text()[self.range(index)]
    }

    /// The line in which the last record ended.
    fn last_line(&self) -> u64 {
        self.next_line - u64::from(self.raw().ends_with(b"\n") || self.raw().ends_with(b"\r"))
    }

    fn spans_lines(&self) -> bool {
        self.last_line() > self.record_line
    }

    fn quotes(&self) -> Quotes {
        if self.has_quotes { quotes(self.raw(), self.delimiter) } else { Quotes::Balanced }
    }

    /// Whether the file ended while a quote was open.
    fn ends_in_quotes(&self) -> bool {
        self.at_end && self.next == self.filled && self.quotes() == Quotes::Open
    }
}

/// Finds a byte that comes every few bytes, eight bytes at a time.
fn push_places(wanted: u8, bytes: &[u8], places: &mut Vec<usize>) {
    const LOW_BITS: u64 = u64::from_ne_bytes([0x7F; 8]);
    let pattern = u64::from_ne_bytes([wanted; 8]);
    let (eights, rest) = bytes.as_chunks::<8>();
    for (index, eight) in eights.iter().enumerate() {
        // The wanted bytes are zero now, and only those get no high bit.
        let zeroed = u64::from_le_bytes(*eight) ^ pattern;
        let mut found = !(((zeroed & LOW_BITS) + LOW_BITS) | zeroed | LOW_BITS);
        while found != 0 {
            places.push(index * 8 + found.trailing_zeros() as usize / 8);
            found &= found - 1;
        }
    }
    let before = bytes.len() - rest.len();
    places.extend((before..bytes.len()).filter(|&place| bytes[place] == wanted));
}

/// How many line breaks there are: CRLF is one.
fn breaks(bytes: &[u8]) -> u64 {
    let ends = memchr::memchr2_iter(b'\n', b'\r', bytes);
    ends.filter(|&end| !bytes[end..].starts_with(b"\r\n")).count() as u64
}

/// What the quotes of a record look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quotes {
    Balanced,
    /// Text follows a closing quote: it was more likely the opening quote of another field.
    Misplaced,
    /// The last quoted field is not closed.
    Open,
}

fn quotes(raw: &[u8], delimiter: Delimiter) -> Quotes {
    enum At {
        Start,
        Plain,
        Quoted,
        AfterQuote,
    }
    let mut at = At::Start;
    let mut misplaced = false;
    for &byte in raw {
        let ends_field = matches!(byte, b'\n' | b'\r') || byte == delimiter.byte();
        at = match at {
            At::Start | At::AfterQuote if byte == b'"' => At::Quoted,
            At::Quoted if byte == b'"' => At::AfterQuote,
            At::Quoted => At::Quoted,
            At::Start | At::Plain | At::AfterQuote if ends_field => At::Start,
            At::AfterQuote => {
                misplaced = true;
                At::Plain
            }
            At::Start | At::Plain => At::Plain,
        };
    }
    match at {
        At::Quoted => Quotes::Open,
        _ if misplaced => Quotes::Misplaced,
        _ => Quotes::Balanced,
    }
}

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// First bytes of files that are no CSV.
const OTHER_FILES: &[(&[u8], &str)] = &[
    (b"\x1F\x8B", "gzip"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "an Excel workbook"),
    (b"\x28\xB5\x2F\xFD", "Zstandard"),
    (b"\xFD7zXZ\x00", "xz"),
    (b"BZh", "bzip2"),
    (b"7z\xBC\xAF\x27\x1C", "7-Zip"),
    (b"%PDF-", "PDF"),
    (b"PAR1", "Parquet"),
    (b"SQLite format 3\x00", "an SQLite database"),
];

/// First bytes of other encodings.
const OTHER_ENCODINGS: &[(&[u8], &str)] = &[
    (b"\xFF\xFE\x00\x00", "UTF-32"),
    (b"\x00\x00\xFE\xFF", "UTF-32"),
    (b"\xFF\xFE", "UTF-16"),
    (b"\xFE\xFF", "UTF-16"),
];

/// Judges a file by how it begins.
fn refuse_other_files(head: &[u8]) -> Result<(), CsvError> {
    let begins = |table: &[(&[u8], &'static str)]| {
        table.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, likely)| *likely)
    };
    if let Some(likely) = begins(OTHER_ENCODINGS) {
        return Err(CsvError::new(CsvErrorKind::Encoding { likely }, None));
    }
    if let Some(likely) = begins(OTHER_FILES) {
        let likely = if likely == "zip" && is_workbook(head) { "an Excel workbook" } else { likely };
        return Err(CsvError::new(CsvErrorKind::NotCsv { likely }, None));
    }
    let first_line = head.split(|byte| matches!(byte, b'\n' | b'\r')).find(|line| !line.is_empty());
    match first_line.and_then(kind_of_header) {
        Some(kind) => Err(CsvError::new(kind, None)),
        None => Ok(()),
    }
}

fn is_workbook(head: &[u8]) -> bool {
    let holds = |name: &[u8]| head.windows(name.len()).any(|bytes| bytes == name);
    holds(b"[Content_Types].xml") || holds(b"xl/")
}

/// What a header with control characters is instead.
fn kind_of_header(header: &[u8]) -> Option<CsvErrorKind> {
    let nuls = header.split(|byte| *byte == 0).count() - 1;
    let is_control = |byte: &u8| *byte < b' ' && *byte != b'\t';
    if nuls * 3 >= header.len() {
        Some(CsvErrorKind::Encoding { likely: "UTF-16" })
    } else if header.iter().any(is_control) {
        Some(CsvErrorKind::NotCsv { likely: "a binary file" })
    } else {
        None
    }
}

/// Finds the columns of the layout in a header.
fn bind<R>(layout: &RowLayout, header: &Records<R>) -> Result<BoundLayout, CsvErrorKind> {
    if header.width() > MAX_COLUMNS {
        return Err(CsvErrorKind::TooManyColumns);
    }
    let names = (0..header.width()).map(|index| str::from_utf8(header.field(index)));
    let names: Result<Vec<&str>, _> = names.collect();
    let Ok(names) = names else { return Err(CsvErrorKind::Encoding { likely: "Windows-1252" }) };
    layout.bind(&names).map_err(|error| match error {
        LayoutError::Missing { .. } => other_delimiter(layout, &names, header.raw(), header.delimiter)
            .map_or(CsvErrorKind::Layout(error), |found| CsvErrorKind::Delimiter { found }),
        error => CsvErrorKind::Layout(error),
    })
}

/// The delimiter by which more of the header would be understood, or that splits a header of one
/// column.
fn other_delimiter(
    layout: &RowLayout,
    names: &[&str],
    raw: &[u8],
    delimiter: Delimiter,
) -> Option<Delimiter> {
    let understood = |names: &mut dyn Iterator<Item = &str>| {
        names.filter(|name| layout.meaning(name.trim().trim_matches('"')).is_some()).count()
    };
    let now = understood(&mut names.iter().copied());
    let raw = str::from_utf8(raw).ok()?;
    let others = Delimiter::ALL.into_iter().filter(|other| *other != delimiter);
    let counted = others.map(|other| {
        let mut parts = raw.split(char::from(other.byte()));
        let splits = raw.matches(char::from(other.byte())).count();
        (understood(&mut parts), splits, other)
    });
    let (then, splits, other) = counted.max_by_key(|&(then, splits, _)| (then, splits))?;
    (then > now || names.len() == 1 && splits > 0).then_some(other)
}

/// How much of an unknown header is shown, in characters.
const SHOWN: usize = 40;

/// A header of the file as it may be shown: letters, digits and a few signs, and no formula.
fn for_display(name: &[u8]) -> String {
    let name = String::from_utf8_lossy(name);
    let harmless =
        |letter: char| if letter.is_alphanumeric() || " _-./()".contains(letter) { letter } else { '?' };
    name.trim().trim_start_matches(['=', '+', '-', '@']).chars().take(SHOWN).map(harmless).collect()
}

/// Why a file cannot be read, or not to its end. It says where and what to do, and holds no text of
/// the file.
#[derive(Debug)]
pub struct CsvError {
    kind: CsvErrorKind,
    line: Option<u64>,
    source: Option<io::Error>,
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CsvErrorKind {
    /// The file is empty but for blank lines and a byte-order mark.
    NoHeader,
    /// The file is text, but not UTF-8.
    Encoding {
        /// What it looks like.
        likely: &'static str,
    },
    /// The file is no text.
    NotCsv {
        /// What it looks like.
        likely: &'static str,
    },
    /// The header does not fit the layout.
    Layout(LayoutError),
    /// The fields stand between other delimiters than expected.
    Delimiter {
        /// The one that would fit.
        found: Delimiter,
    },
    /// The header has more than [`MAX_HEADER`] bytes.
    HeaderTooLarge,
    /// The header has more than [`MAX_COLUMNS`] columns.
    TooManyColumns,
    /// A record has more than [`MAX_RECORD`] bytes; most likely a quote is not closed.
    RecordTooLarge,
    /// The file ends before a quote is closed.
    OpenQuote,
    /// Reading failed; the cause is the error's source.
    Read,
    /// Reading went on after an error.
    Stopped,
}

impl CsvError {
    fn new(kind: CsvErrorKind, line: Option<u64>) -> Self {
        Self { kind, line, source: None }
    }

    fn read(source: io::Error, line: u64) -> Self {
        Self { kind: CsvErrorKind::Read, line: Some(line), source: Some(source) }
    }

    fn of_header(mut self) -> Self {
        if self.kind == CsvErrorKind::RecordTooLarge {
            self.kind = CsvErrorKind::HeaderTooLarge;
        }
        self
    }

    /// What is wrong.
    pub fn kind(&self) -> &CsvErrorKind {
        &self.kind
    }

    /// The line in which the header or record in question began.
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
            CsvErrorKind::Encoding { likely } => {
                write!(f, "the file is not UTF-8, it looks like {likely}: save it as UTF-8")
            }
            CsvErrorKind::NotCsv { likely } => {
                write!(
                    f,
                    "the file is no CSV, it looks like {likely}: unpack it or export it as CSV in UTF-8"
                )
            }
            CsvErrorKind::Layout(error) => error.fmt(f),
            CsvErrorKind::Delimiter { found } => {
                write!(
                    f,
                    "the header does not split into columns, its delimiter looks like {found}: say so when reading"
                )
            }
            CsvErrorKind::HeaderTooLarge => write!(
                f,
                "the header is larger than {MAX_HEADER} bytes: look for a quote that is not closed, and check that this is a CSV file"
            ),
            CsvErrorKind::TooManyColumns => {
                write!(f, "the header has more than {MAX_COLUMNS} columns: export only what is needed")
            }
            CsvErrorKind::RecordTooLarge => write!(
                f,
                "the record that begins here is larger than {MAX_RECORD} bytes: look for a quote that is not closed"
            ),
            CsvErrorKind::OpenQuote => {
                f.write_str("the record that begins here has a quote that is not closed before the file ends")
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Hands a file out in pieces of these sizes, over and over.
    struct Pieces<'a> {
        file: &'a [u8],
        sizes: Vec<usize>,
        turn: usize,
    }

    impl Read for Pieces<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let size = self.sizes[self.turn % self.sizes.len()].min(out.len());
            self.turn += 1;
            self.file.read(&mut out[..size])
        }
    }

    const USUAL: &[&[u8]] =
        &[b"a", b"bcdefghi", b",", b",", b";", b"\"", b"\n", b"\n", b"\r", b"\r\n", b",\"", b"\","];
    const UNUSUAL: &[&[u8]] = &[b" ", b"\0", b"\xFF", b"\xC3\xA9", BYTE_ORDER_MARK];

    fn any_file() -> impl Strategy<Value = Vec<u8>> {
        let part = prop_oneof![4 => prop::sample::select(USUAL), 1 => prop::sample::select(UNUSUAL)];
        prop::collection::vec(part, 0..60).prop_map(|parts| parts.concat())
    }

    fn count_breaks(bytes: &[u8]) -> usize {
        let pairs = bytes.windows(2).filter(|pair| *pair == b"\r\n").count();
        bytes.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() - pairs
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

        #[test]
        fn records_are_those_of_the_csv_crate(
            file in any_file(),
            begin in 0..40usize,
            sizes in prop::collection::vec(1..20usize, 1..5),
            delimiter in prop::sample::select(&Delimiter::ALL[..2]),
        ) {
            let (head, rest) = file.split_at(begin.max(6).min(file.len()));
            let rest = Pieces { file: rest, sizes, turn: 0 };
            let mut records = Records::new(head.to_vec(), None, rest, delimiter);
            let text = &file[usize::try_from(records.marks)?..];
            prop_assume!(!text.starts_with(BYTE_ORDER_MARK));
            let mut expected = ::csv::ReaderBuilder::new()
                .delimiter(delimiter.byte())
                .has_headers(false)
                .flexible(true)
                .from_reader(text);
            let mut record = ::csv::ByteRecord::new();
            let (mut end, mut blank) = (0, 0);
            while expected.read_byte_record(&mut record)? {
                prop_assert!(records.advance().is_ok_and(|found| found));
                let fields: Vec<&[u8]> = (0..records.width()).map(|index| records.field(index)).collect();
                prop_assert_eq!(fields, record.iter().collect::<Vec<_>>());
                let is_break = |byte: &&u8| matches!(byte, b'\n' | b'\r');
                let start = end + text[end..].iter().take_while(is_break).count();
                blank += count_breaks(&text[..start]) - count_breaks(&text[..end]);
                end = usize::try_from(expected.position().byte()).unwrap_or_default();
                prop_assert!(text[start..end].ends_with(records.raw()));
                prop_assert_eq!(records.record_line, 1 + count_breaks(&text[..start]) as u64);
                prop_assert_eq!(records.next_line, 1 + count_breaks(&text[..end]) as u64);
                prop_assert_eq!(records.blank, blank as u64);
                let used = records.marks + records.dropped + records.next as u64;
                prop_assert_eq!(used, (file.len() - text.len() + end) as u64);
                prop_assert_eq!(records.quotes(), quotes(records.raw(), delimiter));
            }
            prop_assert!(records.advance().is_ok_and(|found| !found));
        }

        #[test]
        fn every_place_of_a_byte_is_found(
            bytes in prop::collection::vec(prop_oneof![0..4u8, any::<u8>()], 0..40),
        ) {
            for wanted in [0, 1, 3, b',', 0x80, 0xFF] {
                let mut places = Vec::new();
                push_places(wanted, &bytes, &mut places);
                prop_assert_eq!(places, memchr::memchr_iter(wanted, &bytes).collect::<Vec<_>>());
            }
        }
    }
}
