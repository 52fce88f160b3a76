//! Rows from CSV files.
//!
//! A file is judged before its first row: it must be UTF-8 text with a header that the layout
//! understands. From then on a record that cannot be used is one [`Reading::Invalid`] and the others
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

use csv::{ByteRecord, ReaderBuilder};

use super::column::Column;
use super::{BoundLayout, LayoutError, Orders, Reading, RowError, RowLayout};
use crate::value::{Line, OrderId, Rule};

/// The largest record that is read, in bytes. A quote that is never closed shows here.
pub const LARGEST_RECORD: usize = 16 * 1024 * 1024;

/// The largest header that is read, in bytes.
pub const LARGEST_HEADER: usize = 64 * 1024;

/// The most columns that a header may have.
pub const MOST_COLUMNS: usize = 1000;

/// The longest field that is read, in bytes; a longer one makes its row invalid.
pub const LONGEST_FIELD: usize = 16 * 1024;

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
    parser: csv::Reader<Window<R>>,
    record: ByteRecord,
    layout: BoundLayout,
    delimiter: Delimiter,
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
        let trouble = reader.by_ref().take(SNIFFED).read_to_end(&mut head).err();
        refuse_other_files(&head)?;
        let mut parser = ReaderBuilder::new()
            .delimiter(delimiter.byte())
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(BLOCK)
            .from_reader(Window::new(head, trouble, reader));
        let mut record = ByteRecord::new();
        let found = advance(&mut parser, &mut record).map_err(CsvError::of_header)?;
        if !found {
            return Err(CsvError::new(CsvErrorKind::NoHeader, None));
        }
        let window = parser.get_mut();
        let line = window.record_line;
        if window.ends_in_quotes(delimiter) {
            return Err(CsvError::new(CsvErrorKind::OpenQuote, Some(line)));
        }
        let bound =
            bind(layout, &record, window.raw(), delimiter).map_err(|kind| CsvError::new(kind, Some(line)))?;
        window.limit = LARGEST_RECORD;
        let ignored = bound.unknown().iter().map(|&index| for_display(&record[index])).collect();
        Ok(Self { parser, record, layout: bound, delimiter, ignored, source: 0, failed: false })
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
    pub fn next_row(&mut self) -> Result<Option<Reading<'_>>, CsvError> {
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
            orders.take(reading);
            rows += 1;
        }
        Ok(rows)
    }

    /// The line in which the last row began; the header before the first one.
    pub fn line(&self) -> u64 {
        self.parser.get_ref().record_line
    }

    /// How many bytes of the file were used so far.
    pub fn bytes_read(&self) -> u64 {
        self.parser.position().byte() + self.parser.get_ref().mark
    }

    /// How many blank lines were skipped so far.
    pub fn skipped_lines(&self) -> u64 {
        self.parser.get_ref().blank
    }

    /// The headers that the layout does not understand, cut and made fit for display.
    pub fn ignored_columns(&self) -> &[String] {
        &self.ignored
    }

    fn read_record(&mut self) -> Result<bool, CsvError> {
        let found = advance(&mut self.parser, &mut self.record)?;
        let window = self.parser.get_ref();
        if found && window.ends_in_quotes(self.delimiter) {
            return Err(CsvError::new(CsvErrorKind::OpenQuote, Some(window.record_line)));
        }
        Ok(found)
    }

    fn reading(&self) -> Reading<'_> {
        let window = self.parser.get_ref();
        let line = Line::new(window.record_line).in_source(self.source);
        if window.spans_lines() && quotes(window.raw(), self.delimiter) == Quotes::Misplaced {
            return Reading::Invalid(self.swallowed(line));
        }
        if self.record.len() != self.layout.width() {
            return Reading::Invalid(self.misfit(line));
        }
        // Most records need no look at the single field.
        let whole = str::from_utf8(self.record.as_slice())
            .ok()
            .filter(|text| text.len() <= LONGEST_FIELD && !text.as_bytes().contains(&0));
        self.layout.read_fields(line, |index| match whole {
            Some(text) => {
                let range = self.record.range(index).unwrap_or_default();
                // A letter cut in two by a delimiter looks whole only in the record.
                text.get(range).ok_or(Rule::NotUtf8)
            }
            None => checked(&self.record[index]),
        })
    }

    /// A row with too few or too many fields. Its order is spoilt where that can be told.
    fn misfit(&self, line: Line) -> RowError {
        let (found, width) = (self.record.len(), self.layout.width());
        let message =
            format!("the row has {found} fields and the header {width}: check quotes and delimiters");
        let error = RowError::unreadable(line, "wrong_width", message);
        if self.parser.get_ref().spans_lines() {
            return error.suspect(self.pieces());
        }
        let Some(place) = self.layout.position(Column::OrderId) else { return error };
        // Each field too few or too many may have moved the order id by one place.
        let apart = found.abs_diff(width).min(width);
        let near = place.saturating_sub(apart)..found.min(place + apart + 1);
        error.suspect(near.filter_map(|index| order_id(&self.record[index])))
    }

    /// A quote was not closed, and the lines up to the next quote were taken for one field.
    fn swallowed(&self, line: Line) -> RowError {
        let last = self.parser.get_ref().last_line();
        let message = format!("lines {line} to {last} read as one row: a quote is not closed in one of them");
        RowError::unreadable(line, "open_quote", message).suspect(self.pieces())
    }

    /// Everything in the raw record that may be an order id.
    fn pieces(&self) -> impl Iterator<Item = OrderId> {
        let delimiter = self.delimiter.byte();
        let ends_piece = move |byte: &u8| matches!(byte, b'\n' | b'\r' | b'"') || *byte == delimiter;
        self.parser.get_ref().raw().split(ends_piece).filter_map(order_id)
    }
}

fn order_id(bytes: &[u8]) -> Option<OrderId> {
    str::from_utf8(bytes).ok()?.parse().ok()
}

/// The text of a field, or what is wrong with its bytes.
fn checked(bytes: &[u8]) -> Result<&str, Rule> {
    if bytes.len() > LONGEST_FIELD {
        return Err(Rule::TooLong(LONGEST_FIELD));
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
            .field("line", &self.parser.get_ref().record_line)
            .finish_non_exhaustive()
    }
}

/// Reads one record and takes note of where it stood.
fn advance<R: Read>(parser: &mut csv::Reader<Window<R>>, record: &mut ByteRecord) -> Result<bool, CsvError> {
    let found = parser.read_byte_record(record);
    let end = parser.position().byte();
    let window = parser.get_mut();
    match found {
        Ok(true) => window.close_record(end, record),
        Ok(false) => window.skip_breaks(),
        Err(error) => return Err(window.failure(error)),
    }
    Ok(found.unwrap_or_default())
}

/// The bytes that the parser was given and that belong to no finished record: they tell lines,
/// blank lines and open quotes, which the parsed record no longer shows.
struct Window<R> {
    /// How the file begins, and what went wrong when that was read.
    head: Cursor<Vec<u8>>,
    trouble: Option<io::Error>,
    reader: R,
    /// Length of the byte-order mark.
    mark: u64,
    kept: Vec<u8>,
    /// How many bytes were dropped before `kept`.
    dropped: u64,
    /// Where in `kept` the next record begins.
    next: usize,
    /// The line of `next`.
    next_line: u64,
    /// The byte before `next` is a carriage return.
    after_return: bool,
    /// The last record in `kept`, and the line in which it began.
    record: Range<usize>,
    record_line: u64,
    blank: u64,
    limit: usize,
    overfull: bool,
    at_end: bool,
}

impl<R: Read> Window<R> {
    fn new(head: Vec<u8>, trouble: Option<io::Error>, reader: R) -> Self {
        let mark = if head.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() as u64 } else { 0 };
        let mut head = Cursor::new(head);
        head.set_position(mark);
        Self {
            head,
            trouble,
            reader,
            mark,
            kept: Vec::new(),
            dropped: 0,
            next: 0,
            next_line: 1,
            after_return: false,
            record: 0..0,
            record_line: 1,
            blank: 0,
            limit: LARGEST_HEADER,
            overfull: false,
            at_end: false,
        }
    }
}

impl<R: Read> Window<R> {
    fn read_file(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let begin = self.head.read(out)?;
        if begin > 0 {
            return Ok(begin);
        }
        if let Some(error) = self.trouble.take() {
            return Err(error);
        }
        loop {
            match self.reader.read(out) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }
}

impl<R: Read> Read for Window<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.skip_breaks();
        self.drop_finished();
        let room = out.len().min(self.limit.saturating_sub(self.kept.len()));
        if room == 0 {
            self.overfull = true;
            return Err(io::ErrorKind::InvalidData.into());
        }
        let count = self.read_file(&mut out[..room])?;
        self.kept.extend_from_slice(&out[..count]);
        self.at_end = count == 0;
        Ok(count)
    }
}

impl<R> Window<R> {
    fn drop_finished(&mut self) {
        self.kept.drain(..self.next);
        self.dropped += self.next as u64;
        self.next = 0;
        self.record = 0..0;
    }

    /// Goes over line breaks before a record: the rest of the last line's, then blank lines.
    fn skip_breaks(&mut self) {
        while let Some(byte @ (b'\n' | b'\r')) = self.kept.get(self.next) {
            if *byte == b'\r' || !self.after_return {
                self.next_line += 1;
                self.blank += 1;
            }
            self.after_return = *byte == b'\r';
            self.next += 1;
        }
    }

    /// The record from here to `end`, a position in the file, was parsed.
    fn close_record(&mut self, end: u64, parsed: &ByteRecord) {
        self.skip_breaks();
        let end = usize::try_from(end - self.dropped).unwrap_or(usize::MAX).clamp(self.next, self.kept.len());
        self.record = self.next..end;
        self.record_line = self.next_line;
        self.next_line += if self.is_one_line(parsed) { 1 } else { breaks(self.raw()) };
        self.after_return = self.raw().ends_with(b"\r");
        self.next = end;
    }

    /// Whether nothing but delimiters and one line break was left out of the parsed record: then there
    /// are no quotes, and no break within a field. The last record may want its break and have an open
    /// quote in its place.
    fn is_one_line(&self, parsed: &ByteRecord) -> bool {
        !self.at_end && self.raw().len() == parsed.as_slice().len() + parsed.len()
    }

    /// The last record as it stands in the file, with its line break.
    fn raw(&self) -> &[u8] {
        &self.kept[self.record.clone()]
    }

    /// The line in which the last record ended.
    fn last_line(&self) -> u64 {
        self.next_line - u64::from(self.raw().ends_with(b"\n") || self.raw().ends_with(b"\r"))
    }

    fn spans_lines(&self) -> bool {
        self.last_line() > self.record_line
    }

    /// Whether the file ended while a quote was open.
    fn ends_in_quotes(&self, delimiter: Delimiter) -> bool {
        self.at_end && self.next == self.kept.len() && quotes(self.raw(), delimiter) == Quotes::Open
    }

    /// What made the parser stop.
    fn failure(&mut self, error: csv::Error) -> CsvError {
        self.skip_breaks();
        if self.overfull {
            return CsvError::new(CsvErrorKind::RecordTooLarge, Some(self.next_line));
        }
        match error.into_kind() {
            csv::ErrorKind::Io(error) => CsvError::read(error, self.next_line),
            _ => CsvError::read(io::ErrorKind::InvalidData.into(), self.next_line),
        }
    }
}

/// How many line breaks there are: CRLF is one.
fn breaks(bytes: &[u8]) -> u64 {
    let count = |end: u8| bytes.iter().filter(|&&byte| byte == end).count();
    let returns = count(b'\r');
    let pairs = if returns > 0 { bytes.windows(2).filter(|pair| *pair == b"\r\n").count() } else { 0 };
    (count(b'\n') + returns - pairs) as u64
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
fn bind(
    layout: &RowLayout,
    header: &ByteRecord,
    raw: &[u8],
    delimiter: Delimiter,
) -> Result<BoundLayout, CsvErrorKind> {
    if header.len() > MOST_COLUMNS {
        return Err(CsvErrorKind::TooManyColumns);
    }
    let names: Result<Vec<&str>, _> = header.iter().map(str::from_utf8).collect();
    let Ok(names) = names else { return Err(CsvErrorKind::Encoding { likely: "Windows-1252" }) };
    layout.bind(&names).map_err(|error| match error {
        LayoutError::Missing { .. } => other_delimiter(layout, &names, raw, delimiter)
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
    /// The header has more than [`LARGEST_HEADER`] bytes.
    HeaderTooLarge,
    /// The header has more than [`MOST_COLUMNS`] columns.
    TooManyColumns,
    /// A record has more than [`LARGEST_RECORD`] bytes; most likely a quote is not closed.
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
                "the header is larger than {LARGEST_HEADER} bytes: look for a quote that is not closed, and check that this is a CSV file"
            ),
            CsvErrorKind::TooManyColumns => {
                write!(f, "the header has more than {MOST_COLUMNS} columns: export only what is needed")
            }
            CsvErrorKind::RecordTooLarge => write!(
                f,
                "the record that begins here is larger than {LARGEST_RECORD} bytes: look for a quote that is not closed"
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
