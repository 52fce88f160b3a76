//! The whole account: every row and every event in exactly one end.

use std::sync::Arc;

use serde::{Serialize, Serializer, ser::SerializeStruct};

use super::{EventCounts, Outcome, Problem, RowCounts, RowReport, StopCause};
use crate::event::Event;
#[cfg(feature = "client")]
use crate::value::Line;

/// What became of every event, and of every row when rows were read.
///
/// ```
/// use meta_offline_events::report::DeliveryReport;
///
/// let nothing_sent = DeliveryReport::default();
/// assert!(nothing_sent.all_accepted(), "true for an empty run: compare with `rows().read`");
/// assert!(nothing_sent.rows().add_up());
/// ```
#[derive(Debug, Clone, Default)]
pub struct DeliveryReport {
    rows: RowCounts,
    events: EventCounts,
    outcomes: Vec<Outcome>,
    unsent: Vec<Event>,
    problems: Vec<Problem>,
    notes: Vec<Problem>,
    messages: Vec<Box<str>>,
    trace_ids: Vec<Box<str>>,
    stopped: Option<Arc<StopCause>>,
    requests: u64,
    test_event_code: bool,
}

impl DeliveryReport {
    /// Whether every row was accepted by Meta or filtered by the row contract.
    ///
    /// This is true for a run without rows, too: [`rows`](Self::rows) tells how many there were.
    pub fn all_accepted(&self) -> bool {
        self.rows.accepted + self.rows.filtered == self.rows.read
    }

    /// Counts of input rows. An event that was built by hand counts as one row.
    pub fn rows(&self) -> RowCounts {
        self.rows
    }

    /// Counts of events.
    pub fn events(&self) -> EventCounts {
        self.events
    }

    /// The outcome of each event, in the order in which the events were given.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// Why rows were left out or not accepted.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// What is worth knowing about rows that were kept.
    pub fn notes(&self) -> &[Problem] {
        &self.notes
    }

    /// What Meta said besides its counts.
    pub fn messages(&self) -> impl Iterator<Item = &str> {
        self.messages.iter().map(AsRef::as_ref)
    }

    /// The ids by which Meta's support finds the answers, in the order of the requests.
    pub fn trace_ids(&self) -> impl Iterator<Item = &str> {
        self.trace_ids.iter().map(AsRef::as_ref)
    }

    /// Why the run stopped before its end, if it did.
    pub fn stopped(&self) -> Option<&StopCause> {
        self.stopped.as_deref()
    }

    /// How many requests were made, repeated ones included.
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// Whether the events went to the Test Events view. They count all the same: the code has to
    /// be taken out in production.
    pub fn test_event_code(&self) -> bool {
        self.test_event_code
    }

    /// The events that were not sent and may be sent later, as they are; those that never can be
    /// (expired, too large) are not among them.
    ///
    /// Events live in memory only. To send after a restart, build them again from the same rows:
    /// they get the same ids.
    pub fn into_unsent(self) -> Vec<Event> {
        self.unsent
    }

    /// The same report with the account of the rows that never became an event. Call it once.
    ///
    /// Rows whose events were not handed to the client count as pending.
    pub fn with_rows(mut self, rows: RowReport) -> Self {
        self.rows.filtered += rows.filtered;
        self.rows.invalid += rows.invalid;
        self.rows.read = (self.rows.read + rows.filtered + rows.invalid).max(rows.read);
        self.rows.pending = self.rows.read - self.rows.settled();
        let sending = std::mem::replace(&mut self.problems, rows.problems);
        self.problems.extend(sending);
        self.notes.extend(rows.notes);
        self
    }

    /// The report of events that were prepared and have not been sent: all are pending.
    ///
    /// ```
    /// use meta_offline_events::report::DeliveryReport;
    ///
    /// let prepared = DeliveryReport::pending(&[]);
    /// assert_eq!(prepared.rows().pending, 0);
    /// ```
    pub fn pending(events: &[Event]) -> Self {
        let rows = events.iter().map(Event::row_count).sum();
        Self {
            rows: RowCounts { read: rows, pending: rows, ..RowCounts::default() },
            events: EventCounts { pending: events.len() as u64, ..EventCounts::default() },
            ..Self::default()
        }
    }

    #[cfg(feature = "client")]
    /// The account of a finished run. `events` and `outcomes` go side by side.
    pub(crate) fn finished(events: Vec<Event>, outcomes: Vec<Outcome>, run: RunFacts) -> Self {
        let mut report = Self {
            messages: run.messages,
            trace_ids: run.trace_ids,
            stopped: run.stopped,
            requests: run.requests,
            test_event_code: run.test_event_code,
            ..Self::default()
        };
        let mut trouble: Vec<Trouble<'_>> = Vec::new();
        for (position, (event, outcome)) in events.iter().zip(&outcomes).enumerate() {
            report.count(event, outcome);
            if *outcome == Outcome::Accepted {
                continue;
            }
            if trouble.last().is_none_or(|last| last.outcome != outcome) {
                trouble.push(Trouble { outcome, lines: Vec::new(), positions: Vec::new() });
            }
            if let Some(last) = trouble.last_mut() {
                last.lines.extend(event.lines());
                last.positions.push(position);
            }
        }
        report.problems = trouble.into_iter().map(Trouble::into_problem).collect();
        report.unsent = unsent(events, &outcomes);
        report.outcomes = outcomes;
        report
    }

    #[cfg(feature = "client")]
    fn count(&mut self, event: &Event, outcome: &Outcome) {
        let (rows, events) = match outcome {
            Outcome::Accepted => (&mut self.rows.accepted, &mut self.events.accepted),
            Outcome::Refused(_) => (&mut self.rows.refused, &mut self.events.refused),
            Outcome::NotSent(_) => (&mut self.rows.not_sent, &mut self.events.not_sent),
            Outcome::Unconfirmed(_) => (&mut self.rows.unconfirmed, &mut self.events.unconfirmed),
        };
        *rows += event.row_count();
        *events += 1;
        self.rows.read += event.row_count();
    }
}

#[cfg(feature = "client")]
/// What a run notes beside the outcomes.
#[derive(Debug, Default)]
pub(crate) struct RunFacts {
    pub(crate) messages: Vec<Box<str>>,
    pub(crate) trace_ids: Vec<Box<str>>,
    pub(crate) stopped: Option<Arc<StopCause>>,
    pub(crate) requests: u64,
    pub(crate) test_event_code: bool,
}

/// Neighbouring events that came to the same end, other than acceptance.
#[cfg(feature = "client")]
struct Trouble<'o> {
    outcome: &'o Outcome,
    lines: Vec<Line>,
    positions: Vec<usize>,
}

#[cfg(feature = "client")]
impl Trouble<'_> {
    fn into_problem(self) -> Problem {
        let (reason, message) = match self.outcome {
            Outcome::Accepted => ("accepted", String::new()),
            Outcome::Refused(error) => ("refused_by_meta", error.to_string()),
            Outcome::NotSent(cause) => (cause.code(), cause.to_string()),
            Outcome::Unconfirmed(cause) => (cause.code(), cause.to_string()),
        };
        match (&*self.positions, self.lines.is_empty()) {
            ([only], true) => Problem::new([], reason, format!("event {only} {message}")),
            ([first, .., last], true) => {
                Problem::new([], reason, format!("events {first} to {last}: {message}"))
            }
            _ => Problem::new(self.lines, reason, message),
        }
    }
}

#[cfg(feature = "client")]
fn unsent(events: Vec<Event>, outcomes: &[Outcome]) -> Vec<Event> {
    use super::NotSentCause::{Expired, RepeatedId, TooLarge};
    let again = |outcome: &Outcome| match outcome {
        Outcome::NotSent(cause) => !matches!(cause, Expired | RepeatedId | TooLarge),
        _ => false,
    };
    events.into_iter().zip(outcomes).filter(|(_, outcome)| again(outcome)).map(|(event, _)| event).collect()
}

impl Serialize for DeliveryReport {
    /// `{"rows":{…},"events":{…},"problems":[…],"notes":[…],"stopped":…,"requests":…,
    /// "messages":[…],"trace_ids":[…],"test_event_code":…}`
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("DeliveryReport", 9)?;
        fields.serialize_field("rows", &self.rows)?;
        fields.serialize_field("events", &self.events)?;
        fields.serialize_field("problems", &self.problems)?;
        fields.serialize_field("notes", &self.notes)?;
        fields.serialize_field("stopped", &self.stopped.as_ref().map(ToString::to_string))?;
        fields.serialize_field("requests", &self.requests)?;
        fields.serialize_field("messages", &self.messages)?;
        fields.serialize_field("trace_ids", &self.trace_ids)?;
        fields.serialize_field("test_event_code", &self.test_event_code)?;
        fields.end()
    }
}
