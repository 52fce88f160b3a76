//! Judges a file by its beginning: its kind and its encoding.

use super::error::{CsvError, CsvErrorKind};
use super::format::FileFormat;

/// The first bytes of files that are not CSV.
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

/// The first bytes of texts in other encodings.
const OTHER_ENCODINGS: &[(&[u8], &str)] = &[
    (b"\xFF\xFE\x00\x00", "UTF-32"),
    (b"\x00\x00\xFE\xFF", "UTF-32"),
    (b"\xFF\xFE", "UTF-16"),
    (b"\xFE\xFF", "UTF-16"),
];

/// Refuses a file whose first bytes are not those of a CSV file in the encoding of its layout.
pub(super) fn refuse_other_files(head: &[u8], format: &FileFormat) -> Result<(), CsvError> {
    let begins = |table: &[(&[u8], &'static str)]| {
        table.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, likely)| *likely)
    };
    let stated = format.encoding_name();
    let other = |likely| Err(CsvError::new(CsvErrorKind::Encoding { stated, likely }, None));
    match begins(OTHER_ENCODINGS) {
        Some("UTF-16") if format.is_utf16() => return Ok(()),
        Some(likely) => return other(likely),
        None => {}
    }
    if let Some(likely) = begins(OTHER_FILES) {
        let likely = if likely == "zip" && is_workbook(head) { "an Excel workbook" } else { likely };
        return Err(CsvError::new(CsvErrorKind::NotCsv { likely }, None));
    }
    if stated.is_some_and(|name| name != UTF_8) && is_utf8_beyond_ascii(head) {
        return other(UTF_8);
    }
    Ok(())
}

const UTF_8: &str = "UTF-8";

/// Whether a text has letters beyond ASCII, all in UTF-8. The last one may be cut.
fn is_utf8_beyond_ascii(text: &[u8]) -> bool {
    !text.is_ascii() && str::from_utf8(text).map_or_else(|error| error.error_len().is_none(), |_| true)
}

/// Refuses a first line that holds control characters.
pub(super) fn refuse_other_text(head: &[u8], format: &FileFormat) -> Result<(), CsvError> {
    let mut lines = head.split(|byte| matches!(byte, b'\n' | b'\r')).filter(|line| !line.is_empty());
    match lines.next().and_then(|header| kind_of_header(header, format.encoding_name())) {
        Some(kind) => Err(CsvError::new(kind, None)),
        None => Ok(()),
    }
}

fn is_workbook(head: &[u8]) -> bool {
    let holds = |name: &[u8]| head.windows(name.len()).any(|bytes| bytes == name);
    holds(b"[Content_Types].xml") || holds(b"xl/")
}

/// Returns what a header with control characters is instead.
fn kind_of_header(header: &[u8], stated: Option<&'static str>) -> Option<CsvErrorKind> {
    let nuls = header.split(|byte| *byte == 0).count() - 1;
    let is_control = |byte: &u8| *byte < b' ' && *byte != b'\t';
    if nuls * 3 >= header.len() {
        Some(CsvErrorKind::Encoding { stated, likely: "UTF-16" })
    } else if header.iter().any(is_control) {
        Some(CsvErrorKind::NotCsv { likely: "a binary file" })
    } else {
        None
    }
}
