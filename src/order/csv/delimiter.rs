//! The delimiters between fields, and where they stand in a record without quotes.

use std::fmt;
use std::ops::Range;

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

    /// Adds the positions of this delimiter in a part of a text.
    pub(super) fn push_positions(self, text: &[u8], part: Range<usize>, positions: &mut Vec<usize>) {
        push_positions(self.byte(), text, part, positions);
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

/// Adds the positions of a byte that is frequent: it looks at a block at a time, which is faster than a search that
/// starts again after every few bytes.
fn push_positions(wanted: u8, text: &[u8], part: Range<usize>, positions: &mut Vec<usize>) {
    let is_wanted = |byte| byte == wanted;
    let end = part.end;
    for start in part.step_by(BLOCK) {
        let rest = &text[start..];
        let mut marks = if let Some(block) = rest.first_chunk() {
            marks(block, is_wanted)
        } else {
            let mut block = [0; BLOCK];
            block[..rest.len()].copy_from_slice(rest);
            marks(&block, is_wanted)
        };
        if let Some(behind) = BLOCK.checked_sub(end - start) {
            marks &= u64::MAX >> behind;
        }
        while marks != 0 {
            positions.push(start + marks.trailing_zeros() as usize);
            marks &= marks - 1;
        }
    }
}

/// As many bytes as are marked at once.
const BLOCK: usize = 64;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

        #[test]
        fn every_position_of_a_byte_is_found(
            bytes in prop::collection::vec(prop_oneof![0..4u8, any::<u8>()], 0..200),
            start in any::<prop::sample::Index>(),
            end in any::<prop::sample::Index>(),
        ) {
            let end = end.index(bytes.len() + 1);
            let part = start.index(end + 1)..end;
            for wanted in [0, 1, 3, b',', 0x80, 0xFF] {
                let mut positions = Vec::new();
                push_positions(wanted, &bytes, part.clone(), &mut positions);
                let found = memchr::memchr_iter(wanted, &bytes[part.clone()]);
                prop_assert_eq!(positions, found.map(|position| part.start + position).collect::<Vec<_>>());
            }
        }
    }
}
