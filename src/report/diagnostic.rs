//! One thing to know about rows or events: where, which code, and a message.

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer, ser::SerializeStruct};

use super::lines::FirstLines;
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
    /// The row to blame for each of the lines, or nothing.
    blamed: Box<[Line]>,
    /// How many different rows are to blame.
    blamed_rows: u64,
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
        Self {
            lines: lines.into(),
            blamed: Box::default(),
            blamed_rows: 0,
            code,
            outcome: None,
            column: None,
            message: message.into(),
        }
    }

    /// Names the row to blame for each of the lines.
    pub(crate) fn blaming(mut self, blamed: impl Into<Box<[Line]>>) -> Self {
        self.blamed = blamed.into();
        let mut different: Vec<_> = self.blamed.chunk_by(PartialEq::eq).map(|alike| alike[0]).collect();
        different.sort_unstable();
        different.dedup();
        self.blamed_rows = different.len() as u64;
        self
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

    /// The row to blame for each of the lines, where the diagnostic concerns whole orders: for example the invalid row
    /// that keeps the others of its order from being sent, or the row where the second currency of an order begins.
    ///
    /// It is empty where each row is to blame itself.
    ///
    /// ```
    /// use meta_offline_events::customer::UserData;
    /// use meta_offline_events::order::{Orders, Row};
    /// use meta_offline_events::value::{Currency, Line};
    ///
    /// let sold = "2026-05-04T12:00:00Z".parse()?;
    /// let mut orders = Orders::new();
    /// for (line, currency) in [(2, Currency::EUR), (3, Currency::EUR), (4, Currency::USD)] {
    ///     let mary = UserData::builder().email("mary@example.com");
    ///     let row = Row::new(line, sold).customer(mary).order_id("10001".parse()?);
    ///     orders.push(&row.quantity(1).price("5".parse()?).currency(currency));
    /// }
    /// let rows = orders.finish(sold).rows;
    /// let diagnostic = &rows.diagnostics()[0];
    /// assert_eq!(diagnostic.code(), "two_currencies");
    /// assert_eq!(diagnostic.lines(), [2, 3, 4].map(Line::new));
    /// assert_eq!(diagnostic.blamed_lines(), [4, 4, 4].map(Line::new));
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    pub fn blamed_lines(&self) -> &[Line] {
        &self.blamed
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

impl Diagnostic {
    /// The first of its lines.
    pub(super) fn first_lines(&self) -> FirstLines {
        FirstLines::of(self.lines.iter().copied(), self.lines.len() as u64)
    }

    /// The first of the rows to blame, each once.
    pub(super) fn first_blamed(&self) -> FirstLines {
        FirstLines::of_different(self.blamed.iter().copied(), self.blamed_rows)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.first_lines().phrase(Line::to_string);
        let column = self.column.map(|column| format!("column {column}"));
        match (lines, column) {
            (Some(lines), Some(column)) => write!(f, "{lines}, {column}: ")?,
            (Some(place), None) | (None, Some(place)) => write!(f, "{place}: ")?,
            (None, None) => {}
        }
        f.write_str(&self.message)?;
        match self.first_blamed().phrase(Line::to_string) {
            Some(lines) => write!(f, " (see {lines})"),
            None => Ok(()),
        }
    }
}

impl Serialize for Diagnostic {
    /// A `diagnostic` of the [schema](super::SCHEMA).
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let lists = [("lines", "sources", &self.lines), ("blamed_lines", "blamed_sources", &self.blamed)];
        let lists = lists.into_iter().filter(|(name, _, lines)| *name == "lines" || !lines.is_empty());
        let lists = lists.map(|list| (list, list.2.iter().any(|line| line.source() > 0)));
        let members = lists.clone().map(|(_, several)| if several { 2 } else { 1 }).sum::<usize>();
        let is_blaming = !self.blamed.is_empty();
        let members = members + usize::from(is_blaming) + 4;
        let mut fields = serializer.serialize_struct("Diagnostic", members)?;
        for ((name, sources, lines), several) in lists {
            fields.serialize_field(name, lines)?;
            if several {
                fields.serialize_field(sources, &Sources(lines))?;
            }
        }
        if is_blaming {
            fields.serialize_field("blamed_rows", &self.blamed_rows)?;
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
