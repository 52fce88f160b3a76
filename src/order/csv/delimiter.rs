//! The delimiters between fields, and where they stand in a record without quotes.

use std::fmt;

use crate::value::marks;

/// The character between two fields of a record.
///
/// ```
/// use meta_offline_events::order::{RowLayout, csv::{CsvRows, Delimiter}};
///
/// let file = "order_id;email;timestamp;value;currency\nA1;mary@example.com;1777896000;10.50;EUR\n";
/// let mut rows = CsvRows::new(file.as_bytes(), &RowLayout::new().delimiter(Delimiter::Semicolon))?;
/// assert!(rows.next_row()?.is_some());
/// # Ok::<(), meta_offline_events::order::csv::CsvError>(())
/// ```
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
    pub(in crate::order) const ALL: [Self; 4] = [Self::Comma, Self::Semicolon, Self::Tab, Self::Pipe];

    pub(super) fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Pipe => b'|',
        }
    }

    /// The delimiter as a text.
    pub(in crate::order) fn sign(self) -> &'static str {
        match self {
            Self::Comma => ",",
            Self::Semicolon => ";",
            Self::Tab => "\t",
            Self::Pipe => "|",
        }
    }

    /// Splits a text from a position on, up to the first line break or quote: adds where the fields behind delimiters
    /// start. Returns the position of that line break or quote, if there is one.
    pub(super) fn push_starts(self, text: &[u8], from: usize, starts: &mut Vec<usize>) -> Option<usize> {
        push_starts(self.byte(), text, from, starts)
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

pub(super) const QUOTE: u8 = b'"';

/// Looks at a block at a time, which is faster than a search that starts again after every few bytes.
fn push_starts(delimiter: u8, text: &[u8], from: usize, starts: &mut Vec<usize>) -> Option<usize> {
    for start in (from..text.len()).step_by(BLOCK) {
        let rest = &text[start..];
        let filled;
        let block = if let Some(block) = rest.first_chunk() {
            block
        } else {
            filled = filled_up(rest);
            &filled
        };
        let mut delimiters = marks(block, |byte| byte == delimiter);
        let end = if block.iter().fold(false, |has_end, byte| has_end | is_end(*byte)) {
            let end = marks(block, is_end).trailing_zeros();
            delimiters &= !(u64::MAX << end);
            Some(start + end as usize)
        } else {
            None
        };
        while delimiters != 0 {
            starts.push(start + delimiters.trailing_zeros() as usize + 1);
            delimiters &= delimiters - 1;
        }
        if end.is_some() {
            return end;
        }
    }
    None
}

/// Whether a byte ends a record, or begins text in quotes.
#[inline]
fn is_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r' | QUOTE)
}

/// Less than a block, with zeros behind it.
fn filled_up(text: &[u8]) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    block[..text.len()].copy_from_slice(text);
    block
}

/// As many bytes as are marked at once.
const BLOCK: usize = 64;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const USUAL: &[u8] = b"abcdefghi, ,;\t|\0\xFF";
    const ENDS: &[u8] = b"\n\r\"";

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) })]

        #[test]
        fn every_delimiter_before_the_end_is_found(
            bytes in prop::collection::vec(
                prop_oneof![200 => prop::sample::select(USUAL), 1 => prop::sample::select(ENDS)],
                0..200,
            ),
            start in any::<prop::sample::Index>(),
        ) {
            let start = start.index(bytes.len() + 1);
            for delimiter in Delimiter::ALL {
                let mut starts = Vec::new();
                let end = delimiter.push_starts(&bytes, start, &mut starts);
                let from = bytes[start..].iter().position(|byte| ENDS.contains(byte));
                prop_assert_eq!(end, from.map(|end| start + end));
                let before = start..end.unwrap_or(bytes.len());
                let delimiters = before.filter(|place| bytes[*place] == delimiter.byte());
                prop_assert_eq!(starts, delimiters.map(|place| place + 1).collect::<Vec<_>>());
            }
        }
    }
}
