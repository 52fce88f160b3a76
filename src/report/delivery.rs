//! The whole account: every row and every event in exactly one end.

use std::sync::Arc;
use std::time::Duration;

use serde::{Serialize, Serializer, ser::SerializeStruct};

use super::{Diagnostic, EventCounts, Outcome, RequestCounts, RowCounts, RowReport, StopCause};
use crate::event::Event;

/// What became of every event, and of every row when rows were read.
///
/// ```
/// use meta_offline_events::report::DeliveryReport;
///
/// let nothing_sent = DeliveryReport::default();
/// assert!(nothing_sent.all_accepted(), "true for an empty run: compare with `rows().read`");
/// assert!(nothing_sent.rows().is_balanced());
/// ```
#[derive(Debug, Clone, Default)]
pub struct DeliveryReport {
    rows: RowCounts,
    events: EventCounts,
    pub(super) outcomes: Vec<Outcome>,
    pub(super) unsent: Vec<Event>,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) notes: Vec<Diagnostic>,
    pub(super) messages: Vec<Box<str>>,
    pub(super) trace_ids: Vec<Box<str>>,
    pub(super) stopped: Option<Arc<StopCause>>,
    pub(super) attempts: RequestCounts,
    pub(super) usage: Option<f64>,
    pub(super) test_event_code: bool,
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

    /// The outcome of each event that was handed to `Client::send`, in the order in which they were
    /// given.
    ///
    /// Empty after `Client::deliver`, whose stream may have no end: there `Delivery::on_outcome` tells
    /// the outcome of each event as it is known.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// Why rows were left out or not accepted. Of a stream, the first 10,000 events that were not
    /// accepted are told one by one, the others by their number.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// What is worth knowing about rows that were kept.
    pub fn notes(&self) -> &[Diagnostic] {
        &self.notes
    }

    /// What Meta said besides its counts: the first thousand messages.
    pub fn messages(&self) -> impl Iterator<Item = &str> {
        self.messages.iter().map(AsRef::as_ref)
    }

    /// The ids by which Meta's support finds the answers, in the order of the answers: the first
    /// thousand.
    pub fn trace_ids(&self) -> impl Iterator<Item = &str> {
        self.trace_ids.iter().map(AsRef::as_ref)
    }

    /// Why the run stopped before its end, if it did.
    pub fn stopped(&self) -> Option<&StopCause> {
        self.stopped.as_deref()
    }

    /// How long to wait before the rest is sent, when Meta asked for a longer pause than a run sits
    /// out.
    pub fn retry_after(&self) -> Option<Duration> {
        match self.stopped() {
            Some(StopCause::RetryLater(wait)) => Some(*wait),
            _ => None,
        }
    }

    /// How many requests were made, repeated ones included.
    pub fn requests(&self) -> u64 {
        self.attempts.made
    }

    /// How the requests went.
    pub fn attempts(&self) -> RequestCounts {
        self.attempts
    }

    /// The largest share of Meta's rate limits that an answer stated as used up, in percent. Meta
    /// states it after enough traffic only. Above 90 the client slows down by itself.
    pub fn usage(&self) -> Option<f64> {
        self.usage
    }

    /// Whether the events went to the Test Events view. They count all the same: the code has to
    /// be taken out in production.
    pub fn test_event_code(&self) -> bool {
        self.test_event_code
    }

    /// The events that were not sent and may be sent later, as they are, in the order in which they
    /// were given; those that never can be (expired, too large) are not among them.
    ///
    /// After a stop, hand them to a client with a new token, say; of a stream, what was not taken from
    /// it yet comes after them.
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
        let sending = std::mem::replace(&mut self.diagnostics, rows.diagnostics);
        self.diagnostics.extend(sending);
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

    /// The report of a run in which nothing has happened yet.
    #[cfg(feature = "client")]
    pub(crate) fn begun(test_event_code: bool) -> Self {
        Self { test_event_code, ..Self::default() }
    }

    /// Counts one event, and its rows, to an end.
    #[cfg(feature = "client")]
    pub(crate) fn count(&mut self, event: &Event, outcome: &Outcome) {
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

/// The account of a run that ended without its own.
#[cfg(feature = "queue")]
impl DeliveryReport {
    /// The counts so far, with these events beside them that were never sent, and these of which nobody
    /// knows what became.
    pub(crate) fn abandoned(
        &self,
        unsent: Vec<Event>,
        events_unconfirmed: u64,
        rows_unconfirmed: u64,
        cause: Arc<StopCause>,
    ) -> Self {
        let mut report = self.clone();
        let not_sent = Outcome::NotSent(super::NotSentCause::Stopped(Arc::clone(&cause)));
        for event in &unsent {
            report.count(event, &not_sent);
        }
        report.events.unconfirmed += events_unconfirmed;
        report.rows.unconfirmed += rows_unconfirmed;
        report.rows.read += rows_unconfirmed;
        report.unsent = unsent;
        report.diagnostics.push(Diagnostic::new([], "abandoned", cause.to_string()));
        report.stopped = Some(cause);
        report
    }
}

impl Serialize for DeliveryReport {
    /// `{"rows":{…},"events":{…},"diagnostics":[…],"notes":[…],"stopped":…,"come_back_in_seconds":…,
    /// "requests":…,"attempts":{…},"usage_percent":…,"messages":[…],"trace_ids":[…],
    /// "test_event_code":…}`
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("DeliveryReport", 12)?;
        fields.serialize_field("rows", &self.rows)?;
        fields.serialize_field("events", &self.events)?;
        fields.serialize_field("diagnostics", &self.diagnostics)?;
        fields.serialize_field("notes", &self.notes)?;
        fields.serialize_field("stopped", &self.stopped.as_ref().map(ToString::to_string))?;
        fields.serialize_field("come_back_in_seconds", &self.retry_after().map(|wait| wait.as_secs()))?;
        fields.serialize_field("requests", &self.requests())?;
        fields.serialize_field("attempts", &self.attempts)?;
        fields.serialize_field("usage_percent", &self.usage)?;
        fields.serialize_field("messages", &self.messages)?;
        fields.serialize_field("trace_ids", &self.trace_ids)?;
        fields.serialize_field("test_event_code", &self.test_event_code)?;
        fields.end()
    }
}
