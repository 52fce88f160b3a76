//! The place of a row in its source.

use std::fmt;

use serde::{Serialize, Serializer};

/// The place of one input row: the number of the source (a file, say) and the line in it.
///
/// You decide what both numbers count from. For CSV files, lines count from 1: the header is line 1, and the first row
/// line 2. For Arrow record batches, rows count from 1 through all batches of a table.
///
/// ```
/// use meta_offline_events::value::Line;
///
/// let line = Line::new(2).in_source(1);
/// assert_eq!((line.source(), line.number()), (1, 2));
/// assert_eq!(line.to_string(), "2 of source 1");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line {
    source: u16,
    /// The number in bytes, the highest one first: millions of lines are kept, and so a line needs no padding.
    number: [u8; 8],
}

impl Line {
    /// Creates a line of the first source, which has the number 0. For rows of a database, take the id of the record.
    pub const fn new(number: u64) -> Self {
        Self { source: 0, number: number.to_be_bytes() }
    }

    /// The same line of another source.
    #[must_use]
    pub const fn in_source(self, source: u16) -> Self {
        Self { source, ..self }
    }

    /// The number of the line.
    pub const fn number(self) -> u64 {
        u64::from_be_bytes(self.number)
    }

    /// The number of the source.
    pub const fn source(self) -> u16 {
        self.source
    }
}

impl From<u64> for Line {
    fn from(number: u64) -> Self {
        Self::new(number)
    }
}

impl fmt::Display for Line {
    /// Writes the number, and the source unless it is the first one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number())?;
        if self.source() > 0 { write!(f, " of source {}", self.source()) } else { Ok(()) }
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Line({}:{})", self.source(), self.number())
    }
}

impl Serialize for Line {
    /// Writes the number of the line, without the source.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.number())
    }
}
