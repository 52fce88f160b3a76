//! Where an event in a journal stands, and how many stand where.

use crate::report::Outcome;

/// Where an event in a journal stands.
///
/// ```
/// use meta_offline_events::journal::EntryState;
/// use meta_offline_events::report::Outcome;
///
/// assert_eq!(EntryState::from(&Outcome::Accepted), EntryState::Accepted);
/// assert_eq!(EntryState::NotSent.code(), "not_sent");
/// assert!(EntryState::Unconfirmed.is_remembered());
/// assert!(!EntryState::Refused.is_remembered(), "it may be handed over again, corrected");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum EntryState {
    /// It has no outcome yet.
    Pending,
    /// Meta counted it.
    Accepted,
    /// Meta refused it.
    Refused,
    /// It was not sent.
    NotSent,
    /// Nobody knows whether Meta has it.
    Unconfirmed,
}

impl EntryState {
    const ALL: [Self; 5] = [Self::Pending, Self::Accepted, Self::Refused, Self::NotSent, Self::Unconfirmed];

    /// A stable name for machines, in snake case.
    pub fn code(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::NotSent => "not_sent",
            Self::Unconfirmed => "unconfirmed",
        }
    }

    /// Whether the same event is not taken again: it is pending, Meta has it, or Meta may have it.
    pub fn is_remembered(self) -> bool {
        matches!(self, Self::Pending | Self::Accepted | Self::Unconfirmed)
    }

    pub(super) fn to_byte(self) -> u8 {
        self as u8
    }

    /// The state of an outcome.
    pub(super) fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.get(usize::from(byte)).copied().filter(|state| *state != Self::Pending)
    }
}

impl From<&Outcome> for EntryState {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Accepted | Outcome::AlreadySent => Self::Accepted,
            Outcome::Refused(_) => Self::Refused,
            Outcome::NotSent(_) => Self::NotSent,
            Outcome::Unconfirmed(_) => Self::Unconfirmed,
            Outcome::Pending(_) => Self::Pending,
        }
    }
}

/// How many events of a journal stand where.
///
/// The counts are of what the journal holds: they become smaller when a clean-up deletes finished segments.
///
/// ```
/// use meta_offline_events::journal::EntryCounts;
///
/// let mut counts = EntryCounts::default();
/// (counts.pending, counts.accepted) = (1, 9);
/// assert_eq!(counts.total(), 10);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct EntryCounts {
    /// Events without an outcome.
    pub pending: u64,
    /// Events that Meta counted.
    pub accepted: u64,
    /// Events that Meta refused.
    pub refused: u64,
    /// Events that were not sent.
    pub not_sent: u64,
    /// Events of which nobody knows whether Meta has them.
    pub unconfirmed: u64,
}

impl EntryCounts {
    /// All events that were handed over.
    pub fn total(&self) -> u64 {
        self.pending + self.accepted + self.refused + self.not_sent + self.unconfirmed
    }

    pub(super) fn of(&mut self, state: EntryState) -> &mut u64 {
        match state {
            EntryState::Pending => &mut self.pending,
            EntryState::Accepted => &mut self.accepted,
            EntryState::Refused => &mut self.refused,
            EntryState::NotSent => &mut self.not_sent,
            EntryState::Unconfirmed => &mut self.unconfirmed,
        }
    }

    pub(super) fn add(&mut self, mut other: Self) {
        for state in EntryState::ALL {
            *self.of(state) += *other.of(state);
        }
    }
}
