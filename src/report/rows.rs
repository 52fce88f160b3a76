//! Counts of rows, of events and of requests, which are never mixed, and the report on rows that did not
//! become events.

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use super::Diagnostic;
#[cfg(feature = "client")]
use super::Outcome;

/// The counts of input rows by their outcome. They add up: `read` is the sum of all the others.
///
/// ```
/// use meta_offline_events::report::RowCounts;
///
/// assert!(RowCounts::default().is_balanced());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct RowCounts {
    /// Rows that were read.
    pub read: u64,
    /// Rows whose event Meta accepted.
    pub accepted: u64,
    /// Rows whose event Meta had accepted before, in an earlier delivery with the same journal.
    pub already_sent: u64,
    /// Rows that the row contract leaves out: returns and cancellations. Nothing is wrong.
    pub filtered: u64,
    /// Rows refused before sending. Each has a diagnostic.
    pub invalid: u64,
    /// Rows whose event Meta refused.
    pub refused: u64,
    /// Rows whose event never left, or that Meta certainly did not store; rows of orders that were held back.
    pub not_sent: u64,
    /// Rows whose event left without a valid answer, when a retry was no longer safe.
    pub unconfirmed: u64,
    /// Rows whose event was only prepared, or waits in the journal for the next delivery.
    pub pending: u64,
}

/// The count that an outcome belongs to, of rows or of events.
#[cfg(feature = "client")]
macro_rules! count_of {
    ($counts:expr, $outcome:expr) => {
        match $outcome {
            Outcome::Accepted => &mut $counts.accepted,
            Outcome::AlreadySent => &mut $counts.already_sent,
            Outcome::Refused(_) => &mut $counts.refused,
            Outcome::NotSent(_) => &mut $counts.not_sent,
            Outcome::Unconfirmed(_) => &mut $counts.unconfirmed,
            Outcome::Pending(_) => &mut $counts.pending,
        }
    };
}

impl RowCounts {
    /// Whether the counts add up.
    pub fn is_balanced(&self) -> bool {
        self.read == self.settled() + self.pending
    }

    #[cfg(feature = "client")]
    pub(super) fn of(&mut self, outcome: &Outcome) -> &mut u64 {
        count_of!(self, outcome)
    }

    /// Rows that have their outcome.
    pub(super) fn settled(&self) -> u64 {
        let without_event = self.filtered + self.invalid;
        self.accepted + self.already_sent + without_event + self.refused + self.not_sent + self.unconfirmed
    }
}

/// The counts of events by their outcome.
///
/// ```
/// use meta_offline_events::report::EventCounts;
///
/// assert_eq!(EventCounts::default().total(), 0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct EventCounts {
    /// Events that Meta accepted.
    pub accepted: u64,
    /// Events that Meta had accepted before, in an earlier delivery with the same journal.
    pub already_sent: u64,
    /// Events that Meta refused.
    pub refused: u64,
    /// Events that never left, or that Meta certainly did not store.
    pub not_sent: u64,
    /// Events that left without a valid answer, when a retry was no longer safe.
    pub unconfirmed: u64,
    /// Events that were only prepared, or wait in the journal for the next delivery.
    pub pending: u64,
}

impl EventCounts {
    /// How many events there are.
    pub fn total(&self) -> u64 {
        self.accepted + self.already_sent + self.refused + self.not_sent + self.unconfirmed + self.pending
    }

    /// Whether Meta has every event.
    pub(super) fn all_accepted(&self) -> bool {
        self.accepted + self.already_sent == self.total()
    }

    #[cfg(feature = "client")]
    pub(super) fn of(&mut self, outcome: &Outcome) -> &mut u64 {
        count_of!(self, outcome)
    }
}

/// The counts of requests of a run.
///
/// Every request counts once in `made`, also a retry, which counts in `retries`, too. Unless a valid answer accepted or
/// refused its events, a request also counts once in `ambiguous`, `unreachable` or `throttled`.
///
/// ```
/// use meta_offline_events::report::RequestCounts;
///
/// assert_eq!(RequestCounts::default().made, 0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct RequestCounts {
    /// Requests made, retries included.
    pub made: u64,
    /// Retries: requests that sent the bytes of an earlier one again.
    pub retries: u64,
    /// Requests that may have arrived although no valid answer came back.
    pub ambiguous: u64,
    /// Requests that certainly did not arrive: no address, no connection.
    pub unreachable: u64,
    /// Requests that Meta throttled.
    pub throttled: u64,
}

#[cfg(feature = "client")]
impl RequestCounts {
    /// Adds the counts of other requests.
    pub(super) fn add(&mut self, other: Self) {
        let Self { made, retries, ambiguous, unreachable, throttled } = other;
        self.made += made;
        self.retries += retries;
        self.ambiguous += ambiguous;
        self.unreachable += unreachable;
        self.throttled += throttled;
    }
}

/// The report on rows: how many did not become events and why, and notes on the others.
///
/// ```
/// use meta_offline_events::order::Orders;
/// use meta_offline_events::value::EventTime;
///
/// let prepared = Orders::new().finish(EventTime::from_unix(1_767_225_600)?);
/// assert_eq!((prepared.rows.read(), prepared.rows.invalid()), (0, 0));
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowReport {
    pub(crate) read: u64,
    pub(crate) filtered: u64,
    pub(crate) invalid: u64,
    pub(crate) not_sent: u64,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) notes: Vec<Diagnostic>,
}

impl RowReport {
    /// Rows that were read.
    pub fn read(&self) -> u64 {
        self.read
    }

    /// Returns and cancellations.
    pub fn filtered(&self) -> u64 {
        self.filtered
    }

    /// Rows refused before sending.
    pub fn invalid(&self) -> u64 {
        self.invalid
    }

    /// Rows of orders that were held back, because rows behind them were not read or may be missing. Nothing is
    /// wrong with them.
    pub fn not_sent(&self) -> u64 {
        self.not_sent
    }

    /// Why rows were left out, also the filtered ones.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Notes on rows that were kept, for example on a match key that could not be used.
    pub fn notes(&self) -> &[Diagnostic] {
        &self.notes
    }
}

impl Serialize for RowReport {
    /// A `row_report` of the [schema](super::SCHEMA).
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Counts {
            read: u64,
            filtered: u64,
            invalid: u64,
            not_sent: u64,
        }
        let Self { read, filtered, invalid, not_sent, ref diagnostics, ref notes } = *self;
        let mut fields = serializer.serialize_struct("RowReport", 4)?;
        fields.serialize_field("version", &super::SCHEMA_VERSION)?;
        fields.serialize_field("rows", &Counts { read, filtered, invalid, not_sent })?;
        fields.serialize_field("diagnostics", diagnostics)?;
        fields.serialize_field("notes", notes)?;
        fields.end()
    }
}
