//! Splits a file into records and records into fields.

use std::io::Read;
use std::ops::Range;

use super::delimiter::{Delimiter, QUOTE};
use super::error::{CsvError, CsvErrorKind};
use super::fields::Fields;
use super::input::Begun;
use super::limits::{MAX_HEADER, MAX_RECORD};
use super::quoted::{self, QuotedRecord, Quotes};

/// How much is read at once, in bytes.
const BLOCK: usize = 32 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The records of a file, one after another, with their fields and lines.
pub(super) struct Records<R> {
    file: Begun<R>,
    delimiter: Delimiter,
    /// The length of the byte-order marks.
    marks: u64,
    /// The last record and what was read after it are the first `filled` bytes.
    buffer: Vec<u8>,
    filled: usize,
    /// How many bytes were in the buffer before and are no longer.
    dropped: u64,
    /// The position of the next record in the buffer, and its line.
    next: usize,
    next_line: u64,
    /// Whether a carriage return stands before the next record: a line feed then belongs to the same line break.
    after_return: bool,
    /// The last record with its line break, and the line in which it began.
    record: Range<usize>,
    record_line: u64,
    /// Where the fields of the last record [start](Fields::starts) in its text.
    starts: Vec<usize>,
    /// How many fields at the beginning of a record are often those of the record before.
    head: usize,
    /// How many records did not begin like the one before.
    beginnings: u64,
    form: Form,
    /// The last record, if it is [copied](Form::Copied).
    quoted: QuotedRecord,
    blank_lines: u64,
    limit: usize,
    at_end: bool,
}

/// How the fields of the last record stand in the buffer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Without quotes.
    Plain,
    /// Some may stand in quotes, and none has quotes in its text.
    Quoted { may_span_lines: bool },
    /// They do not stand there: their quotes had to be taken off one by one.
    Copied,
}

impl<R: Read> Records<R> {
    /// The records of a file. The first one is the header.
    pub(super) fn new(mut file: Begun<R>, delimiter: Delimiter) -> Self {
        // Some programs write a second mark before the first.
        let begins = file.head().chunks(BYTE_ORDER_MARK.len()).take(2);
        let marks = begins.take_while(|begin| *begin == BYTE_ORDER_MARK).count() * BYTE_ORDER_MARK.len();
        file.skip(marks);
        Self {
            file,
            delimiter,
            marks: marks as u64,
            buffer: Vec::new(),
            filled: 0,
            dropped: 0,
            next: 0,
            next_line: 1,
            after_return: false,
            record: 0..0,
            record_line: 1,
            starts: Vec::new(),
            head: 0,
            beginnings: 0,
            form: Form::Plain,
            quoted: QuotedRecord::default(),
            blank_lines: 0,
            limit: MAX_HEADER,
            at_end: false,
        }
    }

    /// Reads the record that is the header.
    pub(super) fn advance_to_header(&mut self) -> Result<(), CsvError> {
        if !self.advance().map_err(CsvError::of_header)? {
            return Err(CsvError::new(CsvErrorKind::NoHeader, None));
        }
        if self.quotes() == Quotes::Open {
            return Err(CsvError::new(CsvErrorKind::OpenQuote, Some(self.line())));
        }
        Ok(())
    }

    /// Ends the header: the records after it may be larger.
    pub(super) fn end_header(&mut self) {
        self.limit = MAX_RECORD;
    }

    /// Passes the next line over, whatever it holds. Returns whether there is one.
    pub(super) fn skip_line(&mut self) -> Result<bool, CsvError> {
        let mut searched = 0;
        loop {
            if self.after_return && self.next < self.filled {
                self.next += usize::from(self.buffer[self.next] == b'\n');
                self.after_return = false;
            }
            let unread = &self.buffer[self.next..self.filled];
            if let Some(found) = memchr::memchr2(b'\n', b'\r', unread.get(searched..).unwrap_or_default()) {
                let end = self.next + searched + found;
                self.after_return = self.buffer[end] == b'\r';
                self.next = end + 1;
                self.next_line += 1;
                return Ok(true);
            }
            searched = unread.len();
            if !self.read_more()? {
                return Ok(false);
            }
        }
    }

    /// Reads the next record. Returns whether there is one.
    pub(super) fn advance(&mut self) -> Result<bool, CsvError> {
        self.skip_line_breaks();
        while self.next == self.filled {
            self.starts.clear();
            if !self.read_more()? {
                return Ok(false);
            }
            self.skip_line_breaks();
        }
        self.read_record()?;
        Ok(true)
    }

    /// Reads up to the line break that ends the record. In a record with quotes, line breaks may also be text.
    fn read_record(&mut self) -> Result<(), CsvError> {
        let mut split = self.keep_equal_head();
        // Fields that this record shares with the last one may stand in quotes, too.
        let form = if split > 0 { self.form } else { Form::Plain };
        loop {
            let unread = &self.buffer[self.next..self.filled];
            match self.delimiter.push_starts(unread, split, &mut self.starts) {
                Some(end) if unread[end] == QUOTE => return self.read_quoted(form),
                Some(end) => {
                    self.end_in_place(form, end, 1);
                    return Ok(());
                }
                None => split = unread.len(),
            }
            if !self.read_more()? {
                self.end_in_place(form, split, 0);
                return Ok(());
            }
        }
    }

    /// Compares the first fields of the next record with those of the last one. If they are equal, they start at the same
    /// places: these are kept, and the position behind the fields is returned.
    fn keep_equal_head(&mut self) -> usize {
        let may_be_equal = self.head > 0 && self.head < self.width() && self.form != Form::Copied;
        let head = if may_be_equal { self.raw().get(..self.starts[self.head]) } else { None };
        let unread = &self.buffer[self.next..self.filled];
        let length = head.filter(|head| unread.starts_with(head)).map_or(0, <[u8]>::len);
        self.starts.resize(if length > 0 { self.head + 1 } else { 1 }, 0);
        self.beginnings += u64::from(length == 0);
        length
    }

    /// Ends a record whose fields stand in the buffer: `length` bytes of text, and a line break unless the file ends there.
    fn end_in_place(&mut self, form: Form, length: usize, line_break: usize) {
        self.end_record(length + line_break);
        self.form = form;
        self.starts.push(length + 1);
        self.next_line += match form {
            Form::Quoted { may_span_lines: true } => line_breaks(self.raw()),
            _ => line_break as u64,
        };
    }

    /// Reads on from the field whose quote was found. The fields before it have this form.
    fn read_quoted(&mut self, before: Form) -> Result<(), CsvError> {
        let unread = &self.buffer[self.next..self.filled];
        let field = self.starts.last().copied().unwrap_or_default();
        let Some((end, spans_lines)) = self.delimiter.push_quoted_starts(unread, field, &mut self.starts)
        else {
            return self.copy_quoted();
        };
        let may_span_lines = spans_lines || before == Form::Quoted { may_span_lines: true };
        self.end_in_place(Form::Quoted { may_span_lines }, end, 1);
        Ok(())
    }

    fn copy_quoted(&mut self) -> Result<(), CsvError> {
        self.form = Form::Copied;
        self.starts.resize(1, 0);
        self.quoted.clear();
        let mut read = 0;
        let length = loop {
            let unread = &self.buffer[self.next + read..self.filled];
            if let Some(end) = self.quoted.push(unread, self.delimiter.byte(), &mut self.starts) {
                break read + end;
            }
            read += unread.len();
            if !self.read_more()? {
                self.quoted.end_of_file(&mut self.starts);
                break read;
            }
        };
        self.end_record(length);
        self.next_line += line_breaks(self.raw());
        Ok(())
    }

    fn end_record(&mut self, length: usize) {
        self.record = self.next..self.next + length;
        self.record_line = self.next_line;
        self.after_return = self.raw().ends_with(b"\r");
        self.next = self.record.end;
    }

    /// Reads more of the file into the buffer. Returns whether there was more.
    fn read_more(&mut self) -> Result<bool, CsvError> {
        if self.at_end {
            return Ok(false);
        }
        self.drop_finished();
        let from = self.filled;
        let read = match BLOCK.min(self.limit.saturating_sub(from)) {
            0 => Err(CsvError::new(CsvErrorKind::RecordTooLarge, Some(self.next_line))),
            room => {
                self.buffer.resize(self.buffer.len().max(from + room), 0);
                let read = self.file.read(&mut self.buffer[from..from + room]);
                read.map_err(|error| CsvError::read(error, self.next_line))
            }
        };
        // The file is used up to the error, and there is no last record any more.
        let count = read.inspect_err(|_| {
            self.next = from;
            self.starts.clear();
        })?;
        self.filled += count;
        self.at_end = count == 0;
        Ok(!self.at_end)
    }

    /// Moves the next record to the start of the buffer.
    fn drop_finished(&mut self) {
        if self.next > 0 {
            self.buffer.copy_within(self.next..self.filled, 0);
            self.dropped += self.next as u64;
            self.filled -= self.next;
            self.next = 0;
            self.record = 0..0;
        }
    }

    /// Skips the line breaks before a record: the rest of the line break of the last one, then blank lines.
    fn skip_line_breaks(&mut self) {
        while let Some(byte @ (b'\n' | b'\r')) = self.buffer[..self.filled].get(self.next) {
            if *byte == b'\r' || !self.after_return {
                self.next_line += 1;
                self.blank_lines += 1;
            }
            self.after_return = *byte == b'\r';
            self.next += 1;
        }
    }
}

impl<R> Records<R> {
    pub(super) fn delimiter(&self) -> Delimiter {
        self.delimiter
    }

    /// Sets the delimiter of the last record and of those that are read from now on. A record that has to be copied keeps
    /// its fields, and one in which quotes would no longer stand around fields has none.
    pub(super) fn set_delimiter(&mut self, delimiter: Delimiter) {
        if delimiter == std::mem::replace(&mut self.delimiter, delimiter) {
            return;
        }
        let record = &self.buffer[self.record.clone()];
        let Some(&behind) = self.starts.last() else { return };
        match self.form {
            Form::Plain => {
                self.starts.truncate(1);
                delimiter.push_starts(&record[..behind - 1], 0, &mut self.starts);
                self.starts.push(behind);
            }
            Form::Quoted { .. } => {
                self.starts.truncate(1);
                match delimiter.push_quoted_starts(record, 0, &mut self.starts) {
                    Some(_) => self.starts.push(behind),
                    None => self.starts.truncate(1),
                }
            }
            Form::Copied => {}
        }
    }

    /// States how many fields at the beginning of a record are often those of the record before.
    pub(super) fn expect_equal(&mut self, fields: usize) {
        self.head = fields;
    }

    /// Returns how many bytes of the file were used so far.
    pub(super) fn bytes_read(&self) -> u64 {
        self.marks + self.dropped + self.next as u64
    }

    pub(super) fn blank_lines(&self) -> u64 {
        self.blank_lines
    }

    /// Returns the last record as it stands in the file, with its line break.
    pub(super) fn raw(&self) -> &[u8] {
        &self.buffer[self.record.clone()]
    }

    /// Whether the last record ends with the file, without a line break.
    pub(super) fn is_open(&self) -> bool {
        !self.raw().is_empty() && !self.raw().ends_with(b"\n") && !self.raw().ends_with(b"\r")
    }

    /// Returns the line in which the last record began.
    pub(super) fn line(&self) -> u64 {
        self.record_line
    }

    /// Returns the line in which the last record ended.
    pub(super) fn last_line(&self) -> u64 {
        self.next_line - u64::from(self.raw().ends_with(b"\n") || self.raw().ends_with(b"\r"))
    }

    pub(super) fn spans_lines(&self) -> bool {
        self.last_line() > self.record_line
    }

    pub(super) fn quotes(&self) -> Quotes {
        if self.form == Form::Copied { self.quoted.quotes() } else { Quotes::Balanced }
    }

    /// Returns how many fields the last record has.
    pub(super) fn width(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Returns the fields of the last record.
    pub(super) fn fields(&self) -> Fields<'_> {
        let (text, separator) = match self.form {
            Form::Plain | Form::Quoted { .. } => (self.raw(), self.delimiter.byte()),
            Form::Copied => (self.quoted.text(), quoted::SEPARATOR),
        };
        let may_be_quoted = matches!(self.form, Form::Quoted { .. });
        Fields { text, starts: &self.starts, separator, may_be_quoted, beginning: self.beginnings }
    }

    pub(super) fn field(&self, index: usize) -> &[u8] {
        self.fields().get(index)
    }
}

/// Counts line breaks. A carriage return with a line feed is one.
fn line_breaks(text: &[u8]) -> u64 {
    let ends = memchr::memchr2_iter(b'\n', b'\r', text);
    ends.filter(|&end| !text[end..].starts_with(b"\r\n")).count() as u64
}

#[cfg(test)]
mod tests {
    use std::io;

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

    /// Records that begin with the same fields.
    fn records_alike() -> impl Strategy<Value = Vec<u8>> {
        const FIELDS: &[&[u8]] =
            &[b"a", b"", b"\"b\"", b"\",\"", b"\"c\nd\"", b"\"c\r\nd\"", b"\"e\"\"f\"", b"g\"", b"\"h"];
        let fields = |most| prop::collection::vec(prop::sample::select(FIELDS), 0..most);
        (fields(4), prop::collection::vec(fields(3), 1..6)).prop_map(|(head, tails)| {
            let record = |tail: Vec<_>| [[head.clone(), tail].concat().join(&b','), b"\n".to_vec()].concat();
            tails.into_iter().flat_map(record).collect()
        })
    }

    fn count_line_breaks(bytes: &[u8]) -> usize {
        let pairs = bytes.windows(2).filter(|pair| *pair == b"\r\n").count();
        bytes.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() - pairs
    }

    /// The quotes of a record, byte by byte.
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

    /// Hands out some bytes, and then an error.
    struct Broken<'a>(&'a [u8]);

    impl Read for Broken<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            match self.0.read(out)? {
                0 => Err(io::ErrorKind::ConnectionReset.into()),
                read => Ok(read),
            }
        }
    }

    #[test]
    fn a_record_that_was_dropped_has_no_fields() {
        let file = b"a,b\na,b\na,c";
        let mut ended = Records::new(Begun::with_head(Vec::new(), &file[..8]), Delimiter::Comma);
        let mut broken = Records::new(Begun::with_head(Vec::new(), Broken(file)), Delimiter::Comma);
        ended.expect_equal(1);
        broken.expect_equal(1);
        while ended.advance().is_ok_and(|found| found) {}
        while broken.advance().is_ok_and(|found| found) {}
        assert!((0..ended.width()).all(|index| ended.field(index).is_empty()));
        assert!((0..broken.width()).all(|index| broken.field(index).is_empty()));
    }

    #[test]
    fn fields_that_another_delimiter_split_are_not_kept() -> Result<(), CsvError> {
        let file = b"a;b,\"c\",d\na;b,\"c\",d\n\"e\"\n";
        let mut records = Records::new(Begun::with_head(file.to_vec(), io::empty()), Delimiter::Comma);
        records.advance_to_header()?;
        assert_eq!(records.width(), 3);
        records.set_delimiter(Delimiter::Semicolon);
        records.expect_equal(1);
        assert!(records.advance()?);
        let fields = (0..records.width()).map(|index| records.field(index));
        assert!(fields.eq([&b"a"[..], b"b,\"c\",d"]));
        assert!(records.advance()?);
        records.set_delimiter(Delimiter::Comma);
        assert_eq!((records.width(), records.field(0)), (1, &b"e"[..]));
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

        #[test]
        fn records_are_those_of_the_csv_crate(
            file in prop_oneof![2 => any_file(), 1 => records_alike()],
            begin in 0..40usize,
            sizes in prop::collection::vec(prop_oneof![1..20_usize, Just(1000)], 1..5),
            delimiter in prop::sample::select(&Delimiter::ALL[..2]),
            equal in 0..4usize,
        ) {
            let (head, rest) = file.split_at(begin.max(6).min(file.len()));
            let rest = Pieces { file: rest, sizes, turn: 0 };
            let mut records = Records::new(Begun::with_head(head.to_vec(), rest), delimiter);
            records.expect_equal(equal);
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
                blank += count_line_breaks(&text[..start]) - count_line_breaks(&text[..end]);
                end = usize::try_from(expected.position().byte()).unwrap_or_default();
                prop_assert!(text[start..end].ends_with(records.raw()));
                prop_assert_eq!(records.record_line, 1 + count_line_breaks(&text[..start]) as u64);
                prop_assert_eq!(records.next_line, 1 + count_line_breaks(&text[..end]) as u64);
                prop_assert_eq!(records.blank_lines, blank as u64);
                let used = records.bytes_read();
                prop_assert_eq!(used, (file.len() - text.len() + end) as u64);
                prop_assert_eq!(records.quotes(), quotes(records.raw(), delimiter));
            }
            prop_assert!(records.advance().is_ok_and(|found| !found));
        }
    }
}
