//! Counts of rows and counts of events, which are never mixed, and the account of rows that never
//! became an event.

use serde::Serialize;

use super::Diagnostic;

/// How many input rows came to which end. They add up: `read` is the sum of all the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct RowCounts {
    /// Rows that came in.
    pub read: u64,
    /// Rows whose event Meta counted.
    pub accepted: u64,
    /// Rows left out by a rule of the row contract: returns and cancellations. Nothing is wrong.
    pub filtered: u64,
    /// Rows refused here, before sending; each has a diagnostic.
    pub invalid: u64,
    /// Rows whose event Meta refused.
    pub refused: u64,
    /// Rows whose event never left, or surely was not stored.
    pub not_sent: u64,
    /// Rows whose event left without a valid answer, and may not be repeated safely.
    pub unconfirmed: u64,
    /// Rows whose event still waits to be sent.
    pub pending: u64,
}

impl RowCounts {
    /// Whether every row is counted in exactly one end.
    pub fn is_balanced(&self) -> bool {
        self.read == self.settled() + self.pending
    }

    /// Rows that do not wait any more.
    pub(super) fn settled(&self) -> u64 {
        self.accepted + self.filtered + self.invalid + self.refused + self.not_sent + self.unconfirmed
    }
}

/// How many events came to which end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct EventCounts {
    /// Counted by Meta.
    pub accepted: u64,
    /// Refused by Meta.
    pub refused: u64,
    /// Never left, or surely not stored.
    pub not_sent: u64,
    /// Left without a valid answer, and may not be repeated safely.
    pub unconfirmed: u64,
    /// Waiting to be sent.
    pub pending: u64,
}

impl EventCounts {
    /// How many events there are.
    pub fn total(&self) -> u64 {
        self.accepted + self.refused + self.not_sent + self.unconfirmed + self.pending
    }
}

/// How the requests of a run went.
///
/// Every request counts once in `made` and, unless its events were counted or refused by a valid
/// answer, once in one of `doubtful`, `unreachable` and `throttled`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct RequestCounts {
    /// Requests made, repeated ones included.
    pub made: u64,
    /// Requests that repeated an earlier one with the same bytes.
    pub repeated: u64,
    /// Requests that may have arrived although no valid answer came back.
    pub doubtful: u64,
    /// Requests that surely did not arrive: no address, no connection.
    pub unreachable: u64,
    /// Requests refused for too much traffic.
    pub throttled: u64,
}

/// The account of rows that did not become an event, and notes on those that did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowReport {
    pub(crate) read: u64,
    pub(crate) filtered: u64,
    pub(crate) invalid: u64,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) notes: Vec<Diagnostic>,
}

impl RowReport {
    /// Rows that came in.
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

    /// Why rows were left out, filtered ones included.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// What is worth knowing about rows that were kept: a match key that could not be used, say.
    pub fn notes(&self) -> &[Diagnostic] {
        &self.notes
    }
}
