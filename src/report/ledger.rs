//! The report while a run goes on: every event that was taken is entered once, with its outcome.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{DeliveryReport, Diagnostic, NotSentCause, Outcome, RequestCounts, StopCause, Wait};
use crate::event::Event;
use crate::value::{EventId, EventTime, Line, OrderId};

/// Which event of a run it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Position {
    /// Left in the journal by an earlier delivery, with its number among these.
    #[cfg_attr(not(feature = "journal"), expect(dead_code, reason = "only a journal has any"))]
    Resumed(usize),
    /// Given by the source, with its index there.
    Given(usize),
}

/// An event, and which of its run it is.
#[derive(Debug)]
pub(crate) struct Numbered {
    pub(crate) position: Position,
    pub(crate) event: Event,
}

/// How much a ledger keeps beside counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeping {
    /// The outcome of every event: the caller holds all events in memory anyway.
    Everything,
    /// What went wrong, up to a limit: the source may have no end.
    FailuresOnly,
    /// As that, and not more of the unsent events either: they are copies.
    FailuresOfCopies,
}

/// How many events of a source have a diagnostic each if they were not accepted, and how many copies are kept. The
/// others are counted.
const MAX_SHOWN: usize = 10_000;

/// How many ids a diagnostic of several events lists before it only counts.
const IDS_SHOWN: usize = 5;

/// How many messages and trace ids are kept.
const MAX_TEXTS: usize = 1000;

#[derive(Debug)]
pub(crate) struct Ledger {
    /// Everything but what is worked out at the end.
    report: DeliveryReport,
    keeping: Keeping,
    outcomes: Vec<Option<Outcome>>,
    unaccepted: Vec<Entry>,
    /// How many events beyond [`MAX_SHOWN`] had each outcome, by its code and its count.
    not_shown: BTreeMap<(&'static str, &'static str), usize>,
    unsent: Vec<Numbered>,
    unreadable: Vec<Diagnostic>,
}

/// An event that was not accepted.
#[derive(Debug)]
struct Entry {
    position: Position,
    origin: Origin,
    outcome: Outcome,
}

/// What a person finds an event by.
#[derive(Debug)]
enum Origin {
    Rows(Box<[Line]>),
    Ids(Option<EventId>, Option<OrderId>),
}

impl Ledger {
    pub(crate) fn new(keeping: Keeping, test_event_code: bool) -> Self {
        Self {
            report: DeliveryReport::begun(test_event_code),
            keeping,
            outcomes: Vec::new(),
            unaccepted: Vec::new(),
            not_shown: BTreeMap::new(),
            unsent: Vec::new(),
            unreadable: Vec::new(),
        }
    }

    /// Enters the outcome of these events.
    pub(crate) fn settle(&mut self, events: Vec<Numbered>, outcome: &Outcome) {
        for Numbered { position, event } in events {
            match position {
                Position::Resumed(_) => self.report.count_resumed(outcome),
                Position::Given(index) => {
                    self.report.count(&event, outcome);
                    if self.keeping == Keeping::Everything {
                        self.enter(index, outcome);
                    }
                }
            }
            if matches!(outcome, Outcome::Accepted | Outcome::AlreadySent) {
                continue;
            }
            if self.keeping == Keeping::Everything || self.unaccepted.len() < MAX_SHOWN {
                let origin = Origin::of(&event, position);
                self.unaccepted.push(Entry { position, origin, outcome: outcome.clone() });
            } else {
                *self.not_shown.entry((outcome.code(), outcome.count())).or_default() += 1;
            }
            let is_held = self.keeping != Keeping::FailuresOfCopies || self.unsent.len() < MAX_SHOWN;
            if is_held && matches!(outcome, Outcome::NotSent(cause) if cause.may_be_sent_later()) {
                self.unsent.push(Numbered { position, event });
            }
        }
    }

    /// Enters an event that an earlier delivery left in the journal, and that cannot be read.
    pub(crate) fn settle_unreadable(&mut self, outcome: &Outcome) {
        self.report.count_resumed(outcome);
        let message = format!("event of an earlier run: {outcome}");
        let diagnostic = Diagnostic::new([], outcome.code(), message);
        self.unreadable.push(diagnostic.with_outcome(Some(outcome.count())));
    }

    /// Counts events that wait in the journal, and that the run did not come to.
    pub(crate) fn leave(&mut self, events: usize) {
        self.report.leave_resumed(events as u64);
    }

    fn enter(&mut self, position: usize, outcome: &Outcome) {
        if self.outcomes.len() <= position {
            self.outcomes.resize(position + 1, None);
        }
        self.outcomes[position] = Some(outcome.clone());
    }

    /// How many events of the source have their outcome.
    pub(crate) fn settled(&self) -> u64 {
        self.report.events().total()
    }

    /// How many events of an earlier delivery have their outcome.
    pub(crate) fn resumed(&self) -> u64 {
        self.report.resumed().total()
    }

    /// How many unsent events are held for the caller.
    pub(crate) fn held(&self) -> usize {
        self.unsent.len()
    }

    /// Whether Meta has accepted anything.
    pub(crate) fn anything_accepted(&self) -> bool {
        self.report.events().accepted + self.report.resumed().accepted > 0
    }

    /// Notes when the run began.
    pub(crate) fn begin(&mut self, now: EventTime) {
        self.report.timeline.begin(now);
    }

    /// The counts of requests so far.
    pub(crate) fn requests(&self) -> RequestCounts {
        self.report.requests
    }

    /// Counts requests, this long after the beginning of the run.
    pub(crate) fn count_requests(&mut self, after: Duration, counts: RequestCounts) {
        self.report.requests.add(counts);
        self.report.timeline.requests_at(after).add(counts);
    }

    /// Adds a wait, with both ends counted from the beginning of the run.
    pub(crate) fn waited(&mut self, wait: Wait, from: Duration, to: Duration) {
        self.report.timeline.waited(wait, from, to);
    }

    /// Keeps what an answer says beside its count.
    pub(crate) fn heard(&mut self, messages: Vec<Box<str>>, trace_id: Option<Box<str>>) {
        let room = |kept: &Vec<Box<str>>| MAX_TEXTS - kept.len().min(MAX_TEXTS);
        let DeliveryReport { messages: kept, trace_ids, .. } = &mut self.report;
        kept.extend(messages.into_iter().take(room(kept)));
        trace_ids.extend(trace_id.into_iter().take(room(trace_ids)));
    }

    /// Keeps the highest use of Meta's rate limits, in percent.
    pub(crate) fn used(&mut self, percent: f64) {
        let highest = self.report.usage.unwrap_or(percent).max(percent);
        self.report.usage = Some(highest);
    }

    /// The highest use of Meta's rate limits so far.
    pub(crate) fn usage(&self) -> Option<f64> {
        self.report.usage
    }

    /// Notes something about the whole run, once for each code.
    pub(crate) fn note(&mut self, code: &'static str, message: String) {
        if self.report.notes.iter().all(|note| note.code() != code) {
            self.report.notes.push(Diagnostic::new([], code, message));
        }
    }

    /// The finished report.
    pub(crate) fn close(mut self, stopped: Option<Arc<StopCause>>) -> DeliveryReport {
        self.unaccepted.sort_by_key(|entry| entry.position);
        self.unsent.sort_by_key(|unsent| unsent.position);
        let groups = self.unaccepted.chunk_by(Entry::shares_a_diagnostic);
        self.report.diagnostics = self.unreadable;
        self.report.diagnostics.extend(groups.map(diagnostic));
        let not_shown = self.not_shown.into_iter();
        self.report.diagnostics.extend(not_shown.map(|((code, count), events)| {
            let message = format!("{events} more events of the source had this outcome");
            Diagnostic::new([], code, message).with_outcome(Some(count))
        }));
        self.report.unsent = self.unsent.into_iter().map(|unsent| unsent.event).collect();
        self.report.outcomes =
            self.outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(unknown)).collect();
        self.report.stopped = stopped;
        self.report
    }
}

impl Entry {
    /// Whether one diagnostic speaks of this event and the next one: events from rows go together, and so
    /// do neighbours.
    fn shares_a_diagnostic(&self, next: &Self) -> bool {
        let are_neighbours = match (self.position, next.position) {
            (Position::Given(this), Position::Given(next)) => next == this + 1 || self.origin.has_rows(),
            (Position::Resumed(_), Position::Resumed(_)) => true,
            _ => false,
        };
        are_neighbours && self.outcome == next.outcome
    }
}

impl Origin {
    /// The lines of an event from an earlier delivery are those of another file.
    fn of(event: &Event, position: Position) -> Self {
        if event.lines().is_empty() || matches!(position, Position::Resumed(_)) {
            Self::Ids(event.id().cloned(), event.order_id().cloned())
        } else {
            Self::Rows(event.lines().into())
        }
    }

    fn has_rows(&self) -> bool {
        matches!(self, Self::Rows(_))
    }

    fn lines(&self) -> &[Line] {
        match self {
            Self::Rows(lines) => lines,
            Self::Ids(..) => &[],
        }
    }

    fn event_id(&self) -> Option<&str> {
        match self {
            Self::Ids(id, _) => id.as_ref().map(EventId::as_str),
            Self::Rows(_) => None,
        }
    }

    fn order_id(&self) -> Option<&str> {
        match self {
            Self::Ids(_, id) => id.as_ref().map(OrderId::as_str),
            Self::Rows(_) => None,
        }
    }
}

/// Should an outcome ever be missing, nobody knows it, and the report says so.
fn unknown() -> Outcome {
    Outcome::Unconfirmed(super::UnconfirmedCause::NoValidAnswer("its outcome was not noted".into()))
}

/// The diagnostic of events that share one.
fn diagnostic(entries: &[Entry]) -> Diagnostic {
    let lines: Vec<Line> = entries.iter().flat_map(|entry| entry.origin.lines()).copied().collect();
    let outcome = &entries[0].outcome;
    let message = match entries {
        [first, .., last] if lines.is_empty() => match (first.position, last.position) {
            (Position::Given(from), Position::Given(to)) => {
                format!("events at index {from} to {to}{}: {outcome}", ids_of_all(entries))
            }
            _ => {
                format!("{} events of an earlier run{}: {outcome}", entries.len(), ids_of_all(entries))
            }
        },
        [only] if lines.is_empty() => match only.position {
            Position::Given(index) => {
                format!("event at index {index}{}: {outcome}", ids_of_one(&only.origin))
            }
            Position::Resumed(_) => {
                format!("event of an earlier run{}: {outcome}", ids_of_one(&only.origin))
            }
        },
        _ => outcome.to_string(),
    };
    Diagnostic::new(lines, outcome.code(), message).with_outcome(Some(outcome.count()))
}

/// The ids of a single event, in brackets.
fn ids_of_one(origin: &Origin) -> String {
    match (origin.event_id(), origin.order_id()) {
        (Some(id), Some(order)) => format!(" (event id {id}, order id {order})"),
        (Some(id), None) => format!(" (event id {id})"),
        (None, Some(order)) => format!(" (order id {order})"),
        (None, None) => String::new(),
    }
}

/// The ids of neighbouring events, in brackets: order ids where all of them have one, else event ids.
fn ids_of_all(entries: &[Entry]) -> String {
    let all = |id: fn(&Origin) -> Option<&str>| entries.iter().map(|entry| id(&entry.origin)).collect();
    let order_ids: Option<Vec<&str>> = all(Origin::order_id);
    let event_ids: Option<Vec<&str>> = all(Origin::event_id);
    let (what, ids) = match (order_ids, event_ids) {
        (Some(ids), _) => ("order ids", ids),
        (None, Some(ids)) => ("event ids", ids),
        (None, None) => return String::new(),
    };
    let shown = ids[..ids.len().min(IDS_SHOWN)].join(", ");
    match ids.len().saturating_sub(IDS_SHOWN) {
        0 => format!(" ({what} {shown})"),
        more => format!(" ({what} {shown} and {more} more)"),
    }
}

impl Outcome {
    /// Whether Meta does not have the event, and would not take it as it is.
    pub(crate) fn asks_for_correction(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::NotSent(NotSentCause::Expired | NotSentCause::TooLarge))
    }
}

impl NotSentCause {
    /// Whether the event may be sent later as it is.
    pub(crate) fn may_be_sent_later(&self) -> bool {
        match self {
            Self::InFuture
            | Self::Unreachable(_)
            | Self::Exhausted(_)
            | Self::NotIsolated(_)
            | Self::Stopped(_) => true,
            Self::Expired
            | Self::RepeatedId
            | Self::TooLarge
            | Self::ChangedSinceSent { .. }
            | Self::OtherCustomer(_)
            | Self::Unreadable(_) => false,
        }
    }
}
