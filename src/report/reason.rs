//! The reasons of a report: its diagnostics by outcome, code and column, with their first lines.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashMap;

use super::Diagnostic;
use super::lines::FirstLines;
use super::number::grouped;
use crate::value::Line;

/// Diagnostics with the same outcome, code and column.
///
/// [`gather`](Self::gather) makes them of a report, and [`SavedReport::reasons`](super::SavedReport::reasons) has those
/// of one that was saved.
///
/// ```
/// use meta_offline_events::order::{Orders, Row};
/// use meta_offline_events::report::{DeliveryReport, Reason, SavedReport};
/// use meta_offline_events::value::{EventTime, Line};
///
/// let sold = EventTime::from_unix(1_767_225_600)?;
/// let mut orders = Orders::new();
/// for line in 2..=1205 {
///     orders.push(&Row::new(Line::new(line), sold).quantity(-1));
/// }
/// let report = DeliveryReport::default().with_rows(orders.finish(sold).rows);
/// let reason = &Reason::gather(report.diagnostics())[0];
/// assert_eq!((reason.outcome(), reason.code()), (Some("filtered"), "return_or_cancellation"));
/// assert_eq!((reason.rows(), reason.lines().as_str()), (1204, "2, 3, 4, 5, 6 and 1,199 more"));
///
/// let saved = SavedReport::read(&*serde_json::to_vec(&report)?)?;
/// assert_eq!(saved.reasons()[0].lines(), reason.lines());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Reason {
    kind: Kind,
    /// Of the first diagnostic.
    message: String,
    diagnostics: u64,
    /// The diagnostics with another message than the first.
    others: u64,
    lines: FirstLines,
    /// The rows to blame, where they are others than those of the lines.
    blamed: FirstLines,
}

/// What diagnostics of one reason have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Kind {
    pub(super) outcome: Option<Cow<'static, str>>,
    pub(super) code: Cow<'static, str>,
    pub(super) column: Option<Cow<'static, str>>,
}

impl Reason {
    /// Gathers the reasons of these diagnostics. First come those that somebody has to act on, the most frequent first;
    /// then rows that are held back because another row of their order is invalid; then returns and other rows that are
    /// left out on purpose.
    pub fn gather(diagnostics: &[Diagnostic]) -> Vec<Self> {
        let mut gathering = Gathering::default();
        for one in diagnostics {
            let kind = Kind {
                outcome: one.outcome().map(Cow::Borrowed),
                code: Cow::Borrowed(one.code()),
                column: one.column().map(Cow::Borrowed),
            };
            gathering.add(kind, one.message(), one.first_lines(), one.first_blamed());
        }
        gathering.finish()
    }

    /// The outcome of the rows. A note has none.
    pub fn outcome(&self) -> Option<&str> {
        self.kind.outcome.as_deref()
    }

    /// The stable name of the reason.
    pub fn code(&self) -> &str {
        &self.kind.code
    }

    /// The column at fault, if there is one.
    pub fn column(&self) -> Option<&str> {
        self.kind.column.as_deref()
    }

    /// The number of rows. Zero for events that were built by hand.
    pub fn rows(&self) -> u64 {
        self.lines.count()
    }

    /// The number of diagnostics.
    pub fn diagnostics(&self) -> u64 {
        self.diagnostics
    }

    /// The message of the first diagnostic.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The first lines, and how many more there are: `2, 3 and 7 more`. A line of a source with a number is written
    /// as `1:2`, with the source first. Empty for events that were built by hand.
    pub fn lines(&self) -> String {
        self.lines.list(by_source)
    }

    /// The message, the rows to blame, and how many diagnostics have a message of their own:
    /// `split it or convert it (see lines 4, 9 and 3 more) (and 2 more like it)`.
    ///
    /// ```
    /// use meta_offline_events::report::{Diagnostic, Reason};
    /// use meta_offline_events::value::Line;
    ///
    /// let of = |line, message| Diagnostic::new([Line::new(line)], "bad_width", message);
    /// let diagnostics = [of(2, "the row has 3 fields"), of(3, "the row has 4 fields")];
    /// let reason = &Reason::gather(&diagnostics)[0];
    /// assert_eq!(reason.explanation(), "the row has 3 fields (and 1 more like it)");
    /// ```
    pub fn explanation(&self) -> String {
        format!("{}{}", self.message, self.references())
    }

    /// The lines as a phrase: `lines 2, 3 and 7 more`. Empty for events that were built by hand.
    pub(super) fn place(&self) -> String {
        self.lines.phrase(by_source).unwrap_or_default()
    }

    /// What stands behind the message.
    pub(super) fn references(&self) -> String {
        let blamed = self.blamed.phrase(by_source).map(|lines| format!(" (see {lines})"));
        let others = (self.others > 0).then(|| format!(" (and {} more like it)", grouped(self.others)));
        [blamed, others].into_iter().flatten().collect()
    }

    /// The order of reasons.
    fn rank(&self) -> impl Ord + use<> {
        let is_on_purpose = self.outcome() == Some("filtered");
        let follows_from_others = self.code() == "order_incomplete";
        (is_on_purpose, follows_from_others, Reverse(self.rows()), Reverse(self.diagnostics))
    }
}

/// A line as in a table, with the number of its source if it has one.
fn by_source(line: &Line) -> String {
    match line.source() {
        0 => line.number().to_string(),
        source => format!("{source}:{}", line.number()),
    }
}

/// The reasons of diagnostics that come one by one.
#[derive(Default)]
pub(super) struct Gathering {
    reasons: Vec<Reason>,
    positions: HashMap<Kind, usize>,
}

impl Gathering {
    /// How many reasons there are so far.
    pub(super) fn len(&self) -> usize {
        self.reasons.len()
    }

    /// Whether there was a diagnostic of this kind.
    pub(super) fn has(&self, kind: &Kind) -> bool {
        self.positions.contains_key(kind)
    }

    pub(super) fn add(&mut self, kind: Kind, message: &str, lines: FirstLines, blamed: FirstLines) {
        let Some(position) = self.positions.get(&kind) else {
            self.positions.insert(kind.clone(), self.reasons.len());
            let message = message.to_owned();
            return self.reasons.push(Reason { kind, message, diagnostics: 1, others: 0, lines, blamed });
        };
        let reason = &mut self.reasons[*position];
        reason.diagnostics += 1;
        reason.others += u64::from(reason.message != message);
        reason.lines.add(lines);
        reason.blamed.add(blamed);
    }

    pub(super) fn finish(mut self) -> Vec<Reason> {
        self.reasons.sort_by_key(Reason::rank);
        self.reasons
    }
}
