//! The report of a delivery: every row and every event with exactly one outcome.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::sales::Sales;
use super::{
    Diagnostic, EventCounts, Outcome, RequestCounts, RowCounts, RowReport, SalesGroup, StopCause, Timeline,
};
use crate::event::Event;

/// The report of a delivery: the outcome of every event, and of every row behind the events.
///
/// ```
/// use meta_offline_events::report::DeliveryReport;
///
/// let nothing_sent = DeliveryReport::default();
/// assert!(nothing_sent.all_accepted(), "true for an empty run: check `rows().read`, too");
/// assert!(nothing_sent.rows().is_balanced());
/// assert_eq!(nothing_sent.to_string(), "Events: 0");
/// ```
///
/// `Display` counts the outcomes for people, in up to four lines for each receiver. It serializes as a
/// [`RunReport`](super::RunReport) of it alone does, for logs and audits.
#[derive(Debug, Clone, Default)]
#[must_use = "only the report says whether Meta accepted the events"]
pub struct DeliveryReport {
    rows: RowCounts,
    events: EventCounts,
    resumed: EventCounts,
    pub(super) outcomes: Vec<Outcome>,
    pub(super) unsent: Vec<Event>,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) notes: Vec<Diagnostic>,
    pub(super) messages: Vec<Box<str>>,
    pub(super) trace_ids: Vec<Box<str>>,
    pub(super) stopped: Option<Arc<StopCause>>,
    pub(super) requests: RequestCounts,
    sales: Sales,
    pub(super) timeline: Timeline,
    pub(super) usage: Option<f64>,
    pub(super) test_event_code: bool,
    /// Whether the run ended before its source, which may have more.
    is_partial: bool,
    gateway: Option<Box<Self>>,
}

impl DeliveryReport {
    /// Whether Meta accepted every row, apart from rows that the row contract filters, such as returns.
    ///
    /// Rows that were [already sent](RowCounts::already_sent) count as accepted. With a journal, every event that an
    /// earlier delivery left there has to be accepted, too.
    ///
    /// It is false when the source failed or panicked, and when the run stopped before the source had ended, because
    /// rows are missing then. It is true for a run without rows: [`rows`](Self::rows) says how many there were.
    ///
    /// If events went to a [gateway](Self::gateway) as well, that must have accepted all of its events, too.
    pub fn all_accepted(&self) -> bool {
        let is_whole = !self.has_failed() && !self.is_partial;
        let on_gateway = self.gateway().is_none_or(Self::all_accepted);
        let rows = self.rows.accepted + self.rows.already_sent + self.rows.filtered;
        is_whole && on_gateway && rows == self.rows.read && self.resumed.all_accepted()
    }

    /// Whether the source failed or panicked.
    fn has_failed(&self) -> bool {
        matches!(self.stopped(), Some(StopCause::Source(_) | StopCause::Panicked(_)))
    }

    /// The report on the events that went to a gateway as well (`ClientBuilder::gateway`). All other counts of this
    /// report are those of Meta's own endpoint.
    ///
    /// Each receiver has batches, retries and outcomes of its own. An index counts the events that went to the gateway.
    /// After `Client::deliver` the report of the gateway keeps the first 10,000 events that were not sent there.
    ///
    /// ```
    /// use meta_offline_events::report::DeliveryReport;
    ///
    /// assert!(DeliveryReport::default().gateway().is_none());
    /// ```
    pub fn gateway(&self) -> Option<&Self> {
        self.gateway.as_deref()
    }

    /// Takes the report on the events that went to a gateway as well, for its [unsent](Self::into_unsent) events.
    ///
    /// ```
    /// use meta_offline_events::report::DeliveryReport;
    ///
    /// let mut report = DeliveryReport::default();
    /// let unsent_at_gateway = report.take_gateway().map(DeliveryReport::into_unsent).unwrap_or_default();
    /// assert!(unsent_at_gateway.is_empty());
    /// ```
    pub fn take_gateway(&mut self) -> Option<Self> {
        self.gateway.take().map(|report| *report)
    }

    /// The counts of input rows. An event that was built by hand counts as one row.
    pub fn rows(&self) -> RowCounts {
        self.rows
    }

    /// The counts of events.
    pub fn events(&self) -> EventCounts {
        self.events
    }

    /// The counts of events that an earlier delivery left in the journal, and this one went on with. They are counted
    /// nowhere else: not in [`events`](Self::events), and their rows not in [`rows`](Self::rows), because those were
    /// read by another run.
    pub fn resumed(&self) -> EventCounts {
        self.resumed
    }

    /// The outcome of each event of `Client::send`, in the order of the events.
    ///
    /// Empty after `Client::deliver`, whose source may have no end: use `Delivery::on_outcome` there.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// Why rows were left out, or events not accepted.
    ///
    /// Each names the lines of its rows. The diagnostic of events that were built by hand names their index in
    /// what was sent, which counts from 0, their event id and order id. After `Client::deliver` the first 10,000 events that
    /// were not accepted have diagnostics; the others are counted.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Notes on rows that were kept, and on the run: nothing to correct, but worth knowing.
    pub fn notes(&self) -> &[Diagnostic] {
        &self.notes
    }

    /// Messages in Meta's answers, beside the counts: the first thousand.
    pub fn messages(&self) -> impl Iterator<Item = &str> {
        self.messages.iter().map(AsRef::as_ref)
    }

    /// The ids by which Meta's support finds its answers, in order: the first thousand.
    pub fn trace_ids(&self) -> impl Iterator<Item = &str> {
        self.trace_ids.iter().map(AsRef::as_ref)
    }

    /// Why the run stopped before its end, if it did.
    pub fn stopped(&self) -> Option<&StopCause> {
        self.stopped.as_deref()
    }

    /// How long to wait before you send the rest, if Meta asked for a longer pause than the retry policy
    /// allows.
    pub fn retry_after(&self) -> Option<Duration> {
        match self.stopped() {
            Some(StopCause::RetryLater(wait)) => Some(*wait),
            _ => None,
        }
    }

    /// The counts of requests. `requests().made` is how many the run made, retries included.
    pub fn requests(&self) -> RequestCounts {
        self.requests
    }

    /// The requests and the waits over the time of the run.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// Events and their value by day (in UTC), action source, outcome and currency.
    ///
    /// There are at most some 2,000 groups: of more, the earliest days are counted together. Events that were lost
    /// with their run are in the counts of the report only.
    pub fn sales(&self) -> Vec<SalesGroup> {
        self.sales.groups()
    }

    /// The highest use of Meta's rate limits that an answer stated, in percent. Meta states it only after
    /// enough traffic. Above 90 the client slows down by itself.
    pub fn usage(&self) -> Option<f64> {
        self.usage
    }

    /// Whether the events went to the Test Events view. Meta counts them all the same, so remove the code in
    /// production.
    pub fn test_event_code(&self) -> bool {
        self.test_event_code
    }

    /// Returns the events that were not sent and may be sent later as they are, in their order. Events
    /// that can never be sent (expired, too large) are not among them.
    ///
    /// After a stop, send them again, for example with a client that has a new token. After
    /// `Client::deliver`, the events that are still in the source come behind them.
    ///
    /// With a journal, events that it holds are not among them: they are [pending](EventCounts::pending), and the
    /// next delivery with the journal sends them. Without one, events live in memory only. To send after a restart,
    /// build them again from the same rows: they get the same ids.
    ///
    /// ```
    /// use meta_offline_events::report::DeliveryReport;
    ///
    /// assert!(DeliveryReport::default().into_unsent().is_empty());
    /// ```
    pub fn into_unsent(self) -> Vec<Event> {
        self.unsent
    }

    /// Adds the report on rows that were read apart from the delivery. Call it once.
    ///
    /// `Client::send` adds the rows of what it sends by itself, and `Client::deliver` those of its source,
    /// so only other reports need this: of events that are [pending](Self::pending), or that went through
    /// a queue. Rows whose events were not sent count as pending.
    ///
    /// ```
    /// use meta_offline_events::order::Orders;
    /// use meta_offline_events::report::DeliveryReport;
    /// use meta_offline_events::value::EventTime;
    ///
    /// let prepared = Orders::new().finish(EventTime::from_unix(1_767_225_600)?);
    /// let report = DeliveryReport::pending(&prepared.events).with_rows(prepared.rows);
    /// assert!(report.rows().is_balanced());
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    pub fn with_rows(mut self, rows: RowReport) -> Self {
        self.rows.filtered += rows.filtered;
        self.rows.invalid += rows.invalid;
        self.rows.not_sent += rows.not_sent;
        let without_event = rows.filtered + rows.invalid + rows.not_sent;
        self.rows.read = (self.rows.read + without_event).max(rows.read);
        self.rows.pending = self.rows.read - self.rows.settled();
        let sending = std::mem::replace(&mut self.diagnostics, rows.diagnostics);
        self.diagnostics.extend(sending);
        self.notes.extend(rows.notes);
        self
    }

    /// Creates the report of events that were prepared and not sent: all are pending.
    ///
    /// ```
    /// use meta_offline_events::report::DeliveryReport;
    ///
    /// let prepared = DeliveryReport::pending(&[]);
    /// assert_eq!(prepared.rows().pending, 0);
    /// ```
    pub fn pending(events: &[Event]) -> Self {
        let mut report = Self::default();
        for event in events {
            report.add_pending(event);
        }
        report
    }

    /// Counts one more event that was prepared and not sent, where not all are in memory at once.
    ///
    /// ```
    /// use meta_offline_events::report::DeliveryReport;
    /// # use meta_offline_events::{Event, EventTime, UserData};
    /// # let customer = UserData::builder().email("mary@example.com").build()?;
    /// # let sold = EventTime::from_unix(1_767_225_600)?;
    /// # let event = Event::builder(sold, customer).name("Subscribe".parse()?).build()?;
    ///
    /// let mut report = DeliveryReport::default();
    /// report.add_pending(&event);
    /// assert_eq!(report.events().pending, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add_pending(&mut self, event: &Event) {
        let rows = event.row_count();
        self.rows.read += rows;
        self.rows.pending += rows;
        self.events.pending += 1;
        self.sales.add(event, "pending");
    }

    /// The report at the start of a run.
    #[cfg(feature = "client")]
    pub(crate) fn begun(test_event_code: bool) -> Self {
        Self { test_event_code, ..Self::default() }
    }

    /// Notes that the run ended before its source.
    #[cfg(feature = "client")]
    pub(crate) fn of_part(mut self) -> Self {
        self.is_partial = true;
        self
    }

    /// Adds the report on the copies that went to a gateway. Where events are missing here, copies are missing there.
    #[cfg(feature = "client")]
    pub(crate) fn with_gateway(mut self, mut report: Self) -> Self {
        report.is_partial |= self.is_partial || self.has_failed();
        self.gateway = Some(Box::new(report));
        self
    }

    /// Counts one event that an earlier delivery left in the journal.
    #[cfg(feature = "client")]
    pub(crate) fn count_resumed(&mut self, outcome: &Outcome) {
        *self.resumed.of(outcome) += 1;
    }

    /// Counts events that wait in the journal, and that this delivery did not come to.
    #[cfg(feature = "client")]
    pub(crate) fn leave_resumed(&mut self, events: u64) {
        self.resumed.pending += events;
    }

    /// Counts one event, and its rows, to its outcome.
    #[cfg(feature = "client")]
    pub(crate) fn count(&mut self, event: &Event, outcome: &Outcome) {
        *self.rows.of(outcome) += event.row_count();
        *self.events.of(outcome) += 1;
        self.rows.read += event.row_count();
        self.sales.add(event, outcome.count());
    }
}

/// The report of a run that ended without its own.
#[cfg(feature = "queue")]
impl DeliveryReport {
    /// The counts so far, with all other events in the journal: these, which were never sent, and this many more.
    pub(crate) fn abandoned_to_journal(
        &self,
        unsent: &[Event],
        other_events: u64,
        other_rows: u64,
        cause: Arc<StopCause>,
    ) -> Self {
        let mut report = self.clone();
        for event in unsent {
            report.add_pending(event);
        }
        report.events.pending += other_events;
        report.rows.pending += other_rows;
        report.rows.read += other_rows;
        let message = format!("{}: events wait in the journal", cause.fact());
        report.diagnostics.push(Diagnostic::new([], "abandoned", message).with_outcome(Some("pending")));
        report.stopped = Some(cause);
        report
    }

    /// The counts so far, with these events that were never sent, and this many that are unconfirmed.
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
        let outcome = if events_unconfirmed > 0 { "unconfirmed" } else { "not_sent" };
        let diagnostic = Diagnostic::new([], "abandoned", cause.to_string()).with_outcome(Some(outcome));
        report.diagnostics.push(diagnostic);
        report.stopped = Some(cause);
        report
    }
}

impl fmt::Display for DeliveryReport {
    /// How many events have which outcome; how many of an earlier delivery, if the journal had some; how many rows, unless
    /// each event was built by hand; and why the run stopped, if it did. Then the same of a gateway, if events went there,
    /// too. It shows no text of a customer.
    ///
    /// ```text
    /// Events: 940 (900 accepted, 10 refused, 30 not sent)
    /// Rows: 1000 (950 accepted, 2 filtered, 8 invalid, 10 refused, 30 not sent)
    /// Stopped early: the access token has expired: replace it, then send again
    /// ```
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (events, rows) = (self.events, self.rows);
        write!(f, "Events: {}", events.total())?;
        write_events(f, events)?;
        if self.resumed.total() > 0 {
            write!(f, "\nFrom an earlier run: {}", self.resumed.total())?;
            write_events(f, self.resumed)?;
        }
        if rows.read != events.total() || rows.filtered + rows.invalid > 0 {
            write!(f, "\nRows: {}", rows.read)?;
            write_counts(
                f,
                &[
                    (rows.accepted, "accepted"),
                    (rows.already_sent, "already sent"),
                    (rows.filtered, "filtered"),
                    (rows.invalid, "invalid"),
                    (rows.refused, "refused"),
                    (rows.not_sent, "not sent"),
                    (rows.unconfirmed, "unconfirmed"),
                    (rows.pending, "pending"),
                ],
            )?;
        }
        if let Some(cause) = self.stopped() {
            write!(f, "\nStopped early: {cause}")?;
        }
        self.gateway().map_or(Ok(()), |report| {
            let lines = report.to_string();
            lines.lines().try_for_each(|line| write!(f, "\nGateway: {line}"))
        })
    }
}

fn write_events(f: &mut fmt::Formatter<'_>, events: EventCounts) -> fmt::Result {
    let counts = [
        (events.accepted, "accepted"),
        (events.already_sent, "already sent"),
        (events.refused, "refused"),
        (events.not_sent, "not sent"),
        (events.unconfirmed, "unconfirmed"),
        (events.pending, "pending"),
    ];
    write_counts(f, &counts)
}

/// Writes the counts that are not zero, in brackets.
fn write_counts(f: &mut fmt::Formatter<'_>, counts: &[(u64, &str)]) -> fmt::Result {
    let mut before = " (";
    for (count, outcome) in counts.iter().filter(|(count, _)| *count > 0) {
        write!(f, "{before}{count} {outcome}")?;
        before = ", ";
    }
    if before == ", " { f.write_str(")") } else { Ok(()) }
}
