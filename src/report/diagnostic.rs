//! One thing to know about rows or events: where, which code, and a message.

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer, ser::SerializeStruct};

use crate::value::Line;

/// A diagnostic: why rows or events were left out, or a note on rows that were kept.
///
/// It names lines and a column, and never shows the value there.
///
/// ```
/// use meta_offline_events::report::Diagnostic;
/// use meta_offline_events::value::Line;
///
/// let diagnostic = Diagnostic::new([Line::new(7)], "negative", "price is negative").in_column("price");
/// assert_eq!(diagnostic.to_string(), "line 7, column price: price is negative");
/// assert_eq!(diagnostic.outcome(), None, "a note");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    lines: Box<[Line]>,
    code: &'static str,
    outcome: Option<&'static str>,
    column: Option<&'static str>,
    message: Cow<'static, str>,
}

impl Diagnostic {
    /// Creates a diagnostic of these rows. `code` is a stable name in snake case, `message` a sentence
    /// without customer text.
    pub fn new(
        lines: impl Into<Box<[Line]>>,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { lines: lines.into(), code, outcome: None, column: None, message: message.into() }
    }

    /// Names the count that its rows and events are in.
    pub(crate) fn with_outcome(mut self, outcome: Option<&'static str>) -> Self {
        self.outcome = outcome;
        self
    }

    /// Names the column at fault, as the row contract names it.
    pub fn in_column(mut self, column: &'static str) -> Self {
        self.column = Some(column);
        self
    }

    /// The lines of the rows.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The count of the report that its rows and events are in: `filtered`, `invalid`, `refused`, `not_sent`,
    /// `unconfirmed` or `pending`. A note has none.
    ///
    /// ```
    /// use meta_offline_events::order::{Orders, Row};
    /// use meta_offline_events::value::EventTime;
    ///
    /// let sold = EventTime::from_unix(1_767_225_600)?;
    /// let mut orders = Orders::new();
    /// orders.push(&Row::new(2, sold).quantity(-1));
    /// assert_eq!(orders.finish(sold).rows.diagnostics()[0].outcome(), Some("filtered"));
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    pub fn outcome(&self) -> Option<&'static str> {
        self.outcome
    }

    /// A stable name for machines, in snake case. Together with the [outcome](Self::outcome) it says all: a sale may
    /// lie in the future when its row is read (`invalid`), or when its event is sent (`not_sent`).
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The column at fault, if there is one.
    pub fn column(&self) -> Option<&'static str> {
        self.column
    }

    /// What is wrong and what to do, in a sentence.
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// How many lines are written out in a sentence before the rest are only counted.
const LINES_SHOWN: usize = 5;

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.lines.len() {
            0 => {}
            1 => write!(f, "line {}", self.lines[0])?,
            _ => f.write_str("lines ")?,
        }
        if self.lines.len() > 1 {
            for (index, line) in self.lines.iter().take(LINES_SHOWN).enumerate() {
                write!(f, "{}{line}", if index > 0 { ", " } else { "" })?;
            }
            if self.lines.len() > LINES_SHOWN {
                write!(f, " and {} more", self.lines.len() - LINES_SHOWN)?;
            }
        }
        if let Some(column) = self.column {
            write!(f, "{}column {column}", if self.lines.is_empty() { "" } else { ", " })?;
        }
        if !(self.lines.is_empty() && self.column.is_none()) {
            f.write_str(": ")?;
        }
        f.write_str(&self.message)
    }
}

impl Serialize for Diagnostic {
    /// A `diagnostic` of the [schema](super::SCHEMA).
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let several = self.lines.iter().any(|line| line.source() > 0);
        let mut fields = serializer.serialize_struct("Diagnostic", if several { 6 } else { 5 })?;
        fields.serialize_field("lines", &self.lines)?;
        if several {
            fields.serialize_field("sources", &Sources(&self.lines))?;
        }
        fields.serialize_field("outcome", &self.outcome)?;
        fields.serialize_field("code", self.code)?;
        fields.serialize_field("column", &self.column)?;
        fields.serialize_field("message", &self.message)?;
        fields.end()
    }
}

/// The number of the source of each line.
struct Sources<'l>(&'l [Line]);

impl Serialize for Sources<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|line| line.source()))
    }
}
