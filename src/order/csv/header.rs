//! Finds the columns of the layout, and the delimiter, in the header of a file.

use std::io::{self, Read};

use super::delimiter::Delimiter;
use super::error::CsvErrorKind;
use super::input::Begun;
use super::limits::MAX_COLUMNS;
use super::records::Records;
use crate::order::layout::{BoundLayout, LayoutError, RowLayout};

/// A header that fits the layout.
pub(super) struct Header {
    pub(super) delimiter: Delimiter,
    pub(super) layout: BoundLayout,
    /// The headers in a form that is safe to show.
    pub(super) names: Vec<String>,
}

impl Header {
    /// Finds the columns of the layout in a header.
    pub(super) fn bind<R: Read>(layout: &RowLayout, header: &Records<R>) -> Result<Self, CsvErrorKind> {
        let layout = bind(layout, header)?;
        let names = (0..header.width()).map(|index| for_display(header.field(index))).collect();
        Ok(Self { delimiter: header.delimiter(), layout, names })
    }
}

fn bind<R: Read>(layout: &RowLayout, header: &Records<R>) -> Result<BoundLayout, CsvErrorKind> {
    if header.width() > MAX_COLUMNS {
        return Err(CsvErrorKind::TooManyColumns);
    }
    let names = (0..header.width()).map(|index| str::from_utf8(header.field(index)));
    let names: Result<Vec<&str>, _> = names.collect();
    let Ok(names) = names else {
        let stated = layout.file_format().encoding_name();
        let likely = if stated.is_some() { "another encoding" } else { "Windows-1252" };
        return Err(CsvErrorKind::Encoding { stated, likely });
    };
    layout.bind(&names).map_err(|error| match error {
        LayoutError::Missing { .. } | LayoutError::NotThere(_) => {
            other_delimiter(layout, &names, header.raw(), header.delimiter())
                .map_or(CsvErrorKind::Layout(error), |found| CsvErrorKind::Delimiter { found })
        }
        error => CsvErrorKind::Layout(error),
    })
}

/// Returns the delimiter that a first line such as `sep=;` states.
pub(super) fn stated_delimiter(line: &[u8]) -> Option<Delimiter> {
    let line = str::from_utf8(line).ok()?.trim_end_matches(['\n', '\r']).trim_matches('"');
    let (word, sign) = line.split_at_checked(4)?;
    let stated = Delimiter::ALL.into_iter().find(|delimiter| sign.as_bytes() == [delimiter.byte()]);
    stated.filter(|_| word.eq_ignore_ascii_case("sep="))
}

/// Reads a header with each of the other delimiters, and returns the one with which it fits the layout.
pub(super) fn find_delimiter<R: Read>(layout: &RowLayout, header: &Records<R>) -> Option<Header> {
    let others = Delimiter::ALL.into_iter().filter(|other| *other != header.delimiter());
    let fitting = others.filter_map(|other| {
        let mut again = Records::new(Begun::with_head(header.raw().to_vec(), io::empty()), other);
        again.advance().ok()?;
        Header::bind(layout, &again).ok()
    });
    let [found] = <[Header; 1]>::try_from(fitting.collect::<Vec<_>>()).ok()?;
    Some(found)
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
fn for_display(name: &[u8]) -> String {
    let name = String::from_utf8_lossy(name);
    let harmless =
        |letter: char| if letter.is_alphanumeric() || " _-./()".contains(letter) { letter } else { '?' };
    name.trim().trim_start_matches(['=', '+', '-', '@']).chars().take(MAX_SHOWN).map(harmless).collect()
}
