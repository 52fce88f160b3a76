//! Judges a file by its beginning: its kind, its encoding, and whether the header fits the layout.

use super::delimiter::Delimiter;
use super::error::{CsvError, CsvErrorKind};
use super::limits::MAX_COLUMNS;
use super::records::Records;
use crate::order::layout::{BoundLayout, LayoutError, RowLayout};

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

/// Refuses a file whose first bytes are not those of a CSV file in UTF-8.
pub(super) fn refuse_other_files(head: &[u8]) -> Result<(), CsvError> {
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

/// Returns what a header with control characters is instead.
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
pub(super) fn bind<R>(layout: &RowLayout, header: &Records<R>) -> Result<BoundLayout, CsvErrorKind> {
    if header.width() > MAX_COLUMNS {
        return Err(CsvErrorKind::TooManyColumns);
    }
    let names = (0..header.width()).map(|index| str::from_utf8(header.field(index)));
    let names: Result<Vec<&str>, _> = names.collect();
    let Ok(names) = names else { return Err(CsvErrorKind::Encoding { likely: "Windows-1252" }) };
    layout.bind(&names).map_err(|error| match error {
        LayoutError::Missing { .. } | LayoutError::NotThere(_) => {
            other_delimiter(layout, &names, header.raw(), header.delimiter())
                .map_or(CsvErrorKind::Layout(error), |found| CsvErrorKind::Delimiter { found })
        }
        error => CsvErrorKind::Layout(error),
    })
}

/// Returns the delimiter that makes more headers known, or that splits a header of one column.
fn other_delimiter(
    layout: &RowLayout,
    names: &[&str],
    raw: &[u8],
    delimiter: Delimiter,
) -> Option<Delimiter> {
    let known = |headers: &mut dyn Iterator<Item = &str>| {
        headers.filter(|name| layout.column_of_header(name.trim().trim_matches('"')).is_some()).count()
    };
    let known_now = known(&mut names.iter().copied());
    let raw = str::from_utf8(raw).ok()?;
    let others = Delimiter::ALL.into_iter().filter(|other| *other != delimiter);
    let counted = others.map(|other| {
        let mut parts = raw.split(char::from(other.byte()));
        let splits = raw.matches(char::from(other.byte())).count();
        (known(&mut parts), splits, other)
    });
    let (known_then, splits, other) = counted.max_by_key(|&(known_then, splits, _)| (known_then, splits))?;
    (known_then > known_now || names.len() == 1 && splits > 0).then_some(other)
}

/// How many characters of an unknown header are shown.
const MAX_SHOWN: usize = 40;

/// Returns a header in a form that is safe to show: letters, digits and a few signs, and no formula.
pub(super) fn for_display(name: &[u8]) -> String {
    let name = String::from_utf8_lossy(name);
    let harmless =
        |letter: char| if letter.is_alphanumeric() || " _-./()".contains(letter) { letter } else { '?' };
    name.trim().trim_start_matches(['=', '+', '-', '@']).chars().take(MAX_SHOWN).map(harmless).collect()
}
