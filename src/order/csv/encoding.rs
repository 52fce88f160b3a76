//! Encodings of texts, by their names.

use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;

use encoding_rs::{DecoderResult, UTF_8, UTF_16BE, UTF_16LE};

use crate::value::{InvalidValue, Rule, ValueKind};

/// The encoding of a file, by the names that browsers know: `windows-1252`, `iso-8859-15`, `shift_jis`, `gb18030`,
/// `utf-16` and others.
///
/// ```
/// use meta_offline_events::order::csv::Encoding;
///
/// let encoding: Encoding = "Windows-1252".parse()?;
/// assert_eq!(encoding.to_string(), "windows-1252");
/// assert_eq!("latin1".parse::<Encoding>()?, encoding, "browsers read both alike");
/// assert!("EBCDIC".parse::<Encoding>().is_err());
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
///
/// Names and tables are those of the [Encoding Standard](https://encoding.spec.whatwg.org/), in which `iso-8859-1`
/// and `ascii` are other names of `windows-1252`. In `utf-16`, a byte-order mark tells the order of the bytes; without
/// one, the lower byte comes first.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Encoding(&'static encoding_rs::Encoding);

impl Encoding {
    /// Returns the usual name.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    pub(super) fn is_utf8(self) -> bool {
        self.0 == UTF_8
    }

    pub(super) fn is_utf16(self) -> bool {
        self.0 == UTF_16LE || self.0 == UTF_16BE
    }
}

impl FromStr for Encoding {
    type Err = InvalidValue;

    /// # Errors
    ///
    /// [`Rule::UnknownCode`] for any other name.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let known = encoding_rs::Encoding::for_label_no_replacement(text.as_bytes());
        known.map(Self).ok_or(InvalidValue::new(ValueKind::Encoding, Rule::UnknownCode))
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Encoding({})", self.name())
    }
}

/// How much is decoded at once, in bytes.
const BLOCK: usize = 32 * 1024;

/// What stands in the text for bytes that are none. It is no UTF-8, so that the row is invalid and no replacement
/// character is ever hashed.
const NO_TEXT: u8 = 0xFF;

/// Reads a text in an encoding as UTF-8.
pub(super) struct Decoder<R> {
    reader: R,
    decoder: encoding_rs::Decoder,
    raw: Box<[u8]>,
    text: Vec<u8>,
    /// How much of the text was handed out.
    used: usize,
    at_end: bool,
}

impl<R: Read> Decoder<R> {
    pub(super) fn new(reader: R, encoding: Encoding) -> Self {
        // A byte-order mark may correct the order of bytes that the name states.
        let decoder = if encoding.is_utf16() {
            encoding.0.new_decoder()
        } else {
            encoding.0.new_decoder_without_bom_handling()
        };
        Self { reader, decoder, raw: vec![0; BLOCK].into(), text: Vec::new(), used: 0, at_end: false }
    }

    fn decode_more(&mut self) -> io::Result<()> {
        let length = self.reader.read(&mut self.raw)?;
        self.at_end = length == 0;
        self.text.clear();
        self.used = 0;
        let mut raw = &self.raw[..length];
        loop {
            let written = self.text.len();
            let room = self.decoder.max_utf8_buffer_length_without_replacement(raw.len());
            self.text.resize(written + room.ok_or(io::ErrorKind::FileTooLarge)?, 0);
            let (result, read, more) =
                self.decoder.decode_to_utf8_without_replacement(raw, &mut self.text[written..], self.at_end);
            self.text.truncate(written + more);
            raw = &raw[read..];
            match result {
                DecoderResult::InputEmpty => return Ok(()),
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => self.text.push(NO_TEXT),
            }
        }
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.used == self.text.len() {
            if self.at_end {
                return Ok(0);
            }
            self.decode_more()?;
        }
        let read = (&self.text[self.used..]).read(out)?;
        self.used += read;
        Ok(read)
    }
}
