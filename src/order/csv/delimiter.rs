//! The delimiters between fields, and where they stand in a record.

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

    /// Splits a record from the start of a field on, if each quote stands at the start or at the end of a field: adds where
    /// the fields behind delimiters start. Returns the position of the line break that ends the record, and whether there
    /// are others in quotes. Otherwise returns `None`, and what was added means nothing.
    pub(super) fn push_quoted_starts(
        self,
        text: &[u8],
        from: usize,
        starts: &mut Vec<usize>,
    ) -> Option<(usize, bool)> {
        push_quoted_starts(self.byte(), text, from, starts)
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
    let mut filled = [0; BLOCK];
    for start in (from..text.len()).step_by(BLOCK) {
        let block = block_of(&text[start..], &mut filled);
        let mut delimiters = marks(block, |byte| byte == delimiter);
        let end = if block.iter().fold(false, |has_end, byte| has_end | is_end(*byte)) {
            let end = marks(block, is_end).trailing_zeros();
            delimiters &= !(u64::MAX << end);
            Some(start + end as usize)
        } else {
            None
        };
        push_marked(delimiters, start, starts);
        if end.is_some() {
            return end;
        }
    }
    None
}

/// Tells delimiters in quotes from others by the number of quotes before them.
fn push_quoted_starts(
    delimiter: u8,
    text: &[u8],
    from: usize,
    starts: &mut Vec<usize>,
) -> Option<(usize, bool)> {
    let mut has_inner_breaks = false;
    // What the block before leaves: all bits if it ends in quotes, and the lowest bit if a field starts or must end with this
    // block.
    let (mut in_quotes, mut starts_field, mut must_end) = (0, 1, 0);
    let mut filled = [0; BLOCK];
    for start in (from..text.len()).step_by(BLOCK) {
        let block = block_of(&text[start..], &mut filled);
        let marked = marks(block, |byte| byte == QUOTE);
        // From each opening quote to the one before its closing quote.
        let quoted = parities(marked) ^ in_quotes;
        let delimiters = marks(block, |byte| byte == delimiter) & !quoted;
        let breaks = marks(block, is_line_break);
        let end = (breaks & !quoted).trailing_zeros();
        // Up to the line break that ends the record.
        let record = u64::MAX >> 63_u32.saturating_sub(end);
        let ends = (delimiters | breaks & !quoted) & record;
        let (opening, closing) = (marked & quoted & record, marked & !quoted & record);
        if opening & !(ends << 1 | starts_field) != 0 || (closing << 1 | must_end) & record & !ends != 0 {
            return None;
        }
        has_inner_breaks |= breaks & quoted & record != 0;
        push_marked(delimiters & record, start, starts);
        if end < u64::BITS {
            return Some((start + end as usize, has_inner_breaks));
        }
        in_quotes = if quoted >> 63 == 1 { u64::MAX } else { 0 };
        (starts_field, must_end) = (ends >> 63, closing >> 63);
    }
    None
}

/// Marks each bit that has an odd number of marks up to itself.
fn parities(marks: u64) -> u64 {
    [1, 2, 4, 8, 16, 32].into_iter().fold(marks, |odd, distance| odd ^ odd << distance)
}

/// Adds the places behind the marked bytes of a block.
#[inline]
fn push_marked(mut marked: u64, block: usize, starts: &mut Vec<usize>) {
    while marked != 0 {
        starts.push(block + marked.trailing_zeros() as usize + 1);
        marked &= marked - 1;
    }
}

/// Whether a byte ends a record, or begins text in quotes.
#[inline]
fn is_end(byte: u8) -> bool {
    is_line_break(byte) || byte == QUOTE
}

#[inline]
pub(super) fn is_line_break(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// The first block of a text. A shorter text is copied to `filled`, before the zeros there.
#[inline]
fn block_of<'b>(text: &'b [u8], filled: &'b mut [u8; BLOCK]) -> &'b [u8; BLOCK] {
    if let Some(block) = text.first_chunk() {
        return block;
    }
    filled[..text.len()].copy_from_slice(text);
    filled
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

        #[test]
        fn delimiters_in_quotes_are_told_from_others(
            fields in prop::collection::vec("[a;]{0,40}|\"[a,;\n\r]{0,40}\"|\"\"", 1..12),
            rest in "\n|\r\n[\",a]{0,5}|",
            broken in prop::option::of((any::<prop::sample::Index>(), prop::sample::select(&b"\"\n,a"[..]))),
            start in 0..4_usize,
        ) {
            let mut text = (fields.join(",") + &rest).into_bytes();
            if let Some((place, byte)) = broken {
                text.insert(place.index(text.len() + 1), byte);
            }
            for delimiter in [Delimiter::Comma, Delimiter::Semicolon] {
                let from = 1 + text.iter().position(|byte| *byte == delimiter.byte()).unwrap_or(text.len());
                for from in [0, from].into_iter().filter(|from| *from <= text.len()) {
                    // Earlier texts move the blocks.
                    let moved = [&b"aaa"[..start], &text].concat();
                    let mut starts = Vec::new();
                    let found = delimiter.push_quoted_starts(&moved, from + start, &mut starts);
                    let expected = by_bytes(&moved, from + start, delimiter.byte());
                    prop_assert_eq!(found.map(|(end, has_breaks)| (starts, end, has_breaks)), expected);
                }
            }
        }
    }

    /// Where fields start behind the first one, where the record ends, and whether a line break stands in quotes.
    fn by_bytes(text: &[u8], from: usize, delimiter: u8) -> Option<(Vec<usize>, usize, bool)> {
        enum At {
            Start,
            Unquoted,
            Quoted,
            Closed,
        }
        let (mut at, mut starts, mut has_breaks) = (At::Start, Vec::new(), false);
        for (place, &byte) in text.iter().enumerate().skip(from) {
            at = match (at, byte) {
                (At::Start, QUOTE) => At::Quoted,
                (At::Quoted, QUOTE) => At::Closed,
                (At::Quoted, _) => {
                    has_breaks |= is_line_break(byte);
                    At::Quoted
                }
                (_, b'\n' | b'\r') => return Some((starts, place, has_breaks)),
                (_, _) if byte == delimiter => {
                    starts.push(place + 1);
                    At::Start
                }
                (At::Start | At::Unquoted, _) if byte != QUOTE => At::Unquoted,
                (_, _) => return None,
            };
        }
        None
    }
}
