//! The account while a run goes on: each event that was taken in is entered once, with its end.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{DeliveryReport, Diagnostic, NotSentCause, Outcome, StopCause};
use crate::event::Event;
use crate::value::Line;

/// An event, and its place among those that were handed in.
#[derive(Debug)]
pub(crate) struct Numbered {
    pub(crate) position: usize,
    pub(crate) event: Event,
}

/// How much a ledger keeps besides counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeping {
    /// The outcome of every event: the caller holds them all in memory anyway.
    Everything,
    /// What went wrong, up to a limit: the stream may have no end.
    TroubleOnly,
}

/// How many events that were not accepted are told one by one of a stream; the rest are counted.
const MAX_SHOWN: usize = 10_000;

/// How many messages and trace ids are kept.
const MAX_TEXTS: usize = 1000;

#[derive(Debug)]
pub(crate) struct Ledger {
    /// Everything but what is worked out at the end.
    report: DeliveryReport,
    keeping: Keeping,
    outcomes: Vec<Option<Outcome>>,
    unaccepted: Vec<Entry>,
    /// Events beyond [`MAX_SHOWN`], by reason.
    untold: BTreeMap<&'static str, usize>,
    unsent: Vec<Numbered>,
}

/// An event that was not accepted.
#[derive(Debug)]
struct Entry {
    position: usize,
    lines: Box<[Line]>,
    outcome: Outcome,
}

impl Ledger {
    pub(crate) fn new(keeping: Keeping, test_event_code: bool) -> Self {
        Self {
            report: DeliveryReport::begun(test_event_code),
            keeping,
            outcomes: Vec::new(),
            unaccepted: Vec::new(),
            untold: BTreeMap::new(),
            unsent: Vec::new(),
        }
    }

    /// Enters the end of these events.
    pub(crate) fn settle(&mut self, events: Vec<Numbered>, outcome: &Outcome) {
        for Numbered { position, event } in events {
            self.report.count(&event, outcome);
            if self.keeping == Keeping::Everything {
                self.enter(position, outcome);
            }
            if *outcome == Outcome::Accepted {
                continue;
            }
            if self.keeping == Keeping::Everything || self.unaccepted.len() < MAX_SHOWN {
                let lines = event.lines().into();
                self.unaccepted.push(Entry { position, lines, outcome: outcome.clone() });
            } else {
                *self.untold.entry(outcome.code()).or_default() += 1;
            }
            if matches!(outcome, Outcome::NotSent(cause) if cause.may_be_sent_later()) {
                self.unsent.push(Numbered { position, event });
            }
        }
    }

    fn enter(&mut self, position: usize, outcome: &Outcome) {
        if self.outcomes.len() <= position {
            self.outcomes.resize(position + 1, None);
        }
        self.outcomes[position] = Some(outcome.clone());
    }

    /// How many events have their end.
    pub(crate) fn settled(&self) -> u64 {
        self.report.events().total()
    }

    /// How many events are held to be handed back.
    pub(crate) fn held(&self) -> usize {
        self.unsent.len()
    }

    /// Whether Meta has accepted anything.
    pub(crate) fn anything_accepted(&self) -> bool {
        self.report.events().accepted > 0
    }

    /// The counts of requests, to be kept up.
    pub(crate) fn attempts(&mut self) -> &mut super::RequestCounts {
        &mut self.report.attempts
    }

    /// What an answer says besides its count.
    pub(crate) fn heard(&mut self, messages: Vec<Box<str>>, trace_id: Option<Box<str>>) {
        let room = |kept: &Vec<Box<str>>| MAX_TEXTS - kept.len().min(MAX_TEXTS);
        let DeliveryReport { messages: kept, trace_ids, .. } = &mut self.report;
        kept.extend(messages.into_iter().take(room(kept)));
        trace_ids.extend(trace_id.into_iter().take(room(trace_ids)));
    }

    /// The share of Meta's limits that is used up, in percent.
    pub(crate) fn used(&mut self, percent: f64) {
        let highest = self.report.usage.unwrap_or(percent).max(percent);
        self.report.usage = Some(highest);
    }

    /// The highest share of Meta's limits so far.
    pub(crate) fn usage(&self) -> Option<f64> {
        self.report.usage
    }

    /// Something worth knowing about the whole run.
    pub(crate) fn note(&mut self, reason: &'static str, message: String) {
        if self.report.notes.iter().all(|note| note.code() != reason) {
            self.report.notes.push(Diagnostic::new([], reason, message));
        }
    }

    /// The finished account.
    pub(crate) fn close(mut self, stopped: Option<Arc<StopCause>>) -> DeliveryReport {
        self.unaccepted.sort_by_key(|entry| entry.position);
        self.unsent.sort_by_key(|unsent| unsent.position);
        let groups = self.unaccepted.chunk_by(|one, next| {
            let side_by_side = next.position == one.position + 1 || !one.lines.is_empty();
            side_by_side && one.outcome == next.outcome
        });
        self.report.diagnostics = groups.map(diagnostic).collect();
        let untold = self.untold.into_iter();
        self.report.diagnostics.extend(untold.map(|(reason, events)| {
            Diagnostic::new([], reason, format!("{events} more events of the stream came to this end"))
        }));
        self.report.unsent = self.unsent.into_iter().map(|unsent| unsent.event).collect();
        self.report.outcomes =
            self.outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(unknown)).collect();
        self.report.stopped = stopped;
        self.report
    }
}

/// Should an outcome ever be missing, nobody knows what became of the event, and that is what is said.
fn unknown() -> Outcome {
    Outcome::Unconfirmed(super::UnconfirmedCause::NoValidAnswer("its outcome was not noted".into()))
}

/// The diagnostic of neighbouring events that came to the same end.
fn diagnostic(entries: &[Entry]) -> Diagnostic {
    let lines: Vec<Line> = entries.iter().flat_map(|entry| &entry.lines).copied().collect();
    let outcome = &entries[0].outcome;
    let (reason, message) = (outcome.code(), outcome.to_string());
    match entries {
        [only] if lines.is_empty() => {
            Diagnostic::new([], reason, format!("event {} {message}", only.position))
        }
        [first, .., last] if lines.is_empty() => {
            Diagnostic::new([], reason, format!("events {} to {}: {message}", first.position, last.position))
        }
        _ => Diagnostic::new(lines, reason, message),
    }
}

impl NotSentCause {
    /// Whether the event may be sent later as it is.
    fn may_be_sent_later(&self) -> bool {
        !matches!(self, Self::Expired | Self::RepeatedId | Self::TooLarge)
    }
}
