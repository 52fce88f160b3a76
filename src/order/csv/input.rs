//! The way from the bytes of a file to its text in UTF-8: unpacked, and decoded.

use std::io::{self, Cursor, Read};

#[cfg(feature = "gzip")]
use flate2::read::MultiGzDecoder;

#[cfg(feature = "encoding")]
use super::encoding::Decoder;
use super::error::CsvError;
use super::format::FileFormat;
use super::sniff;

/// How much of a file is read to tell its kind, in bytes.
const SNIFFED: u64 = 4096;

/// The text of a file.
pub(super) type Text<R> = Decoded<Unpacked<R>>;

/// Opens the text of a file, unless its first bytes are those of another file.
pub(super) fn open<R: Read>(reader: R, format: &FileFormat) -> Result<Begun<Text<R>>, CsvError> {
    let packed = Begun::new(reader);
    #[cfg(feature = "gzip")]
    let unpacked = if packed.head().starts_with(GZIP) {
        MaybePacked::Gzip(Box::new(MultiGzDecoder::new(packed)))
    } else {
        MaybePacked::No(packed)
    };
    #[cfg(not(feature = "gzip"))]
    let unpacked = MaybePacked::No(packed);
    let unpacked = Begun::new(unpacked);
    sniff::refuse_other_files(unpacked.head(), format)?;
    #[cfg(feature = "encoding")]
    let decoded = match format.encoding {
        Some(encoding) if !encoding.is_utf8() => {
            let decoder = Decoder::new(unpacked, encoding);
            Decoded::Other(Box::new(decoder))
        }
        _ => Decoded::Utf8(unpacked),
    };
    #[cfg(not(feature = "encoding"))]
    let decoded = Decoded::Utf8(unpacked);
    Ok(Begun::new(decoded))
}

/// The first bytes of a file that is packed with gzip.
#[cfg(feature = "gzip")]
const GZIP: &[u8] = b"\x1F\x8B";

/// A reader whose beginning was read already.
pub(super) struct Begun<R> {
    head: Cursor<Vec<u8>>,
    /// The error that ended the reading of the beginning.
    error: Option<io::Error>,
    rest: R,
}

impl<R: Read> Begun<R> {
    fn new(mut reader: R) -> Self {
        let mut head = Vec::new();
        let error = reader.by_ref().take(SNIFFED).read_to_end(&mut head).err();
        Self { error, ..Self::with_head(head, reader) }
    }

    pub(super) fn with_head(head: Vec<u8>, rest: R) -> Self {
        Self { head: Cursor::new(head), error: None, rest }
    }

    pub(super) fn head(&self) -> &[u8] {
        self.head.get_ref()
    }

    /// Passes over so many bytes of the head.
    pub(super) fn skip(&mut self, bytes: usize) {
        self.head.set_position(bytes as u64);
    }
}

impl<R: Read> Read for Begun<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let from_head = self.head.read(out)?;
        if from_head > 0 {
            return Ok(from_head);
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

type Unpacked<R> = Begun<MaybePacked<Begun<R>>>;

pub(super) enum MaybePacked<R> {
    No(R),
    /// A file may have several members, one after another.
    #[cfg(feature = "gzip")]
    Gzip(Box<MultiGzDecoder<R>>),
}

impl<R: Read> Read for MaybePacked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::No(reader) => reader.read(out),
            #[cfg(feature = "gzip")]
            Self::Gzip(reader) => reader.read(out),
        }
    }
}

pub(super) enum Decoded<R> {
    Utf8(R),
    #[cfg(feature = "encoding")]
    Other(Box<Decoder<R>>),
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Utf8(reader) => reader.read(out),
            #[cfg(feature = "encoding")]
            Self::Other(reader) => reader.read(out),
        }
    }
}
