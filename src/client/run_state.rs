//! What the workers of one run share: why it stops, when requests may start, and the log.

use std::borrow::Cow;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::select;
use tokio::task::yield_now;

use super::clock::Clock;
use super::halt::Halt;
use super::observers::Observers;
use super::pacer::{Admission, Pacer, Purpose};
use super::records::Records;
use super::run_clock::RunClock;
use super::run_log::RunLog;
use super::settings::Settings;
use super::shield::shielded;
use super::source::SourceError;
use super::trace;
use crate::event::Event;
use crate::report::{
    ApiError, DeliveryReport, Keeping, Ledger, NotSentCause, Numbered, Outcome, PendingCause, RequestCounts,
    RowReport, StopCause, UnconfirmedCause,
};
use crate::value::{AccessToken, EventTime, OutsideWindow};
use crate::wire::{BatchLimits, Hints, TextFilter};

pub(super) struct RunState<'r> {
    pub(super) settings: &'r Settings,
    clock: RunClock<'r>,
    began: Duration,
    halt: Arc<Halt>,
    /// How many times a request asked to start.
    steps: AtomicUsize,
    records: Records,
    log: Mutex<RunLog<'r>>,
}

/// From which difference on the report notes that the clocks differ, in seconds.
const CLOCKS_DIFFER: i64 = 60;

/// From which difference on the run stops, because nobody can tell how old an event is, in seconds.
const CLOCK_IS_OFF: i64 = 3600;

impl<'r> RunState<'r> {
    pub(super) fn new(
        settings: &'r Settings,
        keeping: Keeping,
        observers: Observers<'r>,
        records: Records,
    ) -> Self {
        let ledger = Ledger::new(keeping, settings.fields.has_test_event_code());
        let log = RunLog::new(ledger, keeping, settings.limits.bytes(), observers);
        let halt = Arc::<Halt>::default();
        let clock = RunClock::new(&*settings.clock, Arc::clone(&halt));
        let (records, failure) = match records.open(&settings.dataset, &settings.endpoint) {
            Ok(records) => (records, None),
            Err(cause) => (Records::default(), Some(cause)),
        };
        let run = Self {
            settings,
            began: clock.elapsed(),
            clock,
            halt,
            steps: AtomicUsize::new(0),
            records,
            log: Mutex::new(log),
        };
        if let Some(cause) = failure {
            run.halt(cause);
        }
        run
    }

    /// The report, once all workers have ended. `is_whole` says whether the source has ended, too.
    pub(super) fn close(self, rows: RowReport, is_whole: bool) -> DeliveryReport {
        let halted_by = self.halted_by();
        let mut log = self.log.into_inner().unwrap_or_else(PoisonError::into_inner);
        log.drop_observers();
        log.ledger.leave(self.records.unread());
        let stopped = log.take_source_failure().map(Arc::new).or(halted_by);
        let report = log.ledger.close(stopped).with_rows(rows);
        let report = if is_whole { report } else { report.of_part() };
        trace::finished(&report);
        report
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &self.clock
    }

    /// A random number for a wait.
    pub(super) fn jitter(&self) -> f64 {
        shielded(|| self.settings.jitter.fraction()).unwrap_or_else(|_| {
            self.halt(StopCause::Panicked("Jitter"));
            0.5
        })
    }

    /// Uses no connection for later requests that is open now.
    pub(super) fn drop_connections(&self) {
        if shielded(|| self.settings.transport.drop_connections()).is_err() {
            self.halt(StopCause::Panicked("Transport::drop_connections"));
        }
    }

    pub(super) fn closing(&self) -> &'r [u8] {
        &self.settings.closing
    }

    pub(super) fn records(&self) -> &Records {
        &self.records
    }

    fn pacer(&self) -> &'r Pacer {
        &self.settings.pacer
    }

    fn log(&self) -> MutexGuard<'_, RunLog<'r>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stopping.
impl<'r> RunState<'r> {
    /// Starts no new batch from now on. The first cause is kept.
    pub(super) fn halt(&self, cause: StopCause) {
        self.halt.halt(cause);
    }

    /// Ends the run for this reason once every event that the source gave has its outcome.
    pub(super) fn source_failed(&self, error: &SourceError) {
        let cause = StopCause::Source(self.filtered(&error.to_string()));
        trace::stopping(&cause);
        self.log().source_failed(cause);
    }

    /// What code of the application says, without secrets.
    pub(super) fn filtered(&self, text: &str) -> Box<str> {
        let tokens = self.settings.tokens.secrets();
        TextFilter::masking(tokens.iter().map(AccessToken::expose)).and(self.app_secret()).clean(text)
    }

    pub(super) fn app_secret(&self) -> Option<Cow<'r, str>> {
        let secret = self.settings.credentials.as_ref()?.app_secret()?;
        Some(Cow::Borrowed(secret.expose()))
    }

    /// Ends the run because the source panicked once every event that it gave has its outcome.
    pub(super) fn source_panicked(&self) {
        let cause = StopCause::Panicked("EventSource");
        trace::stopping(&cause);
        self.log().source_failed(cause);
    }

    /// Stops waiting for the requests in flight.
    pub(super) fn cut_off(&self) {
        self.halt.cut_off();
    }

    pub(super) fn halted_by(&self) -> Option<Arc<StopCause>> {
        self.halt.cause()
    }

    /// Completes when the run is to stop.
    pub(super) async fn halted(&self) {
        self.halt.halted().await;
    }

    /// Completes when requests in flight are to be cut off.
    pub(super) async fn is_cut_off(&self) {
        self.halt.is_cut_off().await;
    }

    /// Waits, unless the run is to stop first.
    pub(super) async fn wait(&self, time: Duration) -> Result<(), Arc<StopCause>> {
        select(self.clock().sleep(time), pin!(self.halted())).await;
        self.halted_by().map_or(Ok(()), Err)
    }

    /// How much of the run's time is left, if it has a limit.
    pub(super) fn time_left(&self) -> Option<Duration> {
        let passed = self.clock().elapsed().saturating_sub(self.began);
        Some(self.settings.retry.run_limit?.saturating_sub(passed))
    }
}

/// Starting requests, and learning from their answers.
impl<'r> RunState<'r> {
    /// Waits until a request may start, or until the run is to stop.
    pub(super) async fn admit(
        &self,
        purpose: Purpose,
        probe: &mut Option<Probe<'r>>,
    ) -> Result<(), Arc<StopCause>> {
        loop {
            self.take_turns().await;
            if self.time_left() == Some(Duration::ZERO) {
                self.halt(StopCause::RunLimit);
            }
            if let Some(cause) = self.halted_by() {
                return Err(cause);
            }
            let change = self.pacer().change();
            match self.pacer().ask(self.clock().elapsed(), purpose, probe.is_some()) {
                Admission::Go => return Ok(()),
                Admission::Probe => {
                    // Made only where there is none: dropping a second one would end the probe.
                    probe.get_or_insert_with(|| Probe(self.pacer()));
                    return Ok(());
                }
                Admission::Wait(time) => self.wait(time).await?,
                Admission::WaitForProbe => {
                    select(pin!(change), pin!(self.halted())).await;
                }
            }
        }
    }

    /// Lets others have their turn now and then: a clock and a transport that never wait would not. It does not
    /// leave that to the runtime, because there may be another one, or none.
    async fn take_turns(&self) {
        const STEPS: usize = 64;
        if self.steps.fetch_add(1, Ordering::Relaxed) % STEPS == STEPS - 1 {
            yield_now().await;
        }
    }

    pub(super) fn is_out_of_reach(&self) -> bool {
        self.pacer().is_out_of_reach()
    }

    /// Whether the service is out of reach for every worker and the run waits for it: for as long as
    /// the run may last, or without a limit for as long as any wait if the service was there before.
    pub(super) fn sits_out(&self) -> bool {
        match (self.time_left(), self.pacer().gone_for(self.clock().elapsed())) {
            (Some(_), _) => self.is_out_of_reach(),
            (None, Some(gone)) => gone < self.settings.retry.max_retry_after,
            (None, None) => false,
        }
    }

    /// Meta accepted a batch: token, permission and dataset are right.
    pub(super) fn prove(&self) {
        self.pacer().prove();
    }

    pub(super) fn is_proven(&self) -> bool {
        self.pacer().is_proven()
    }

    /// Stops for a cause that every request would meet.
    pub(super) fn give_up(&self, cause: StopCause) {
        self.pacer().doubt();
        self.halt(cause);
    }

    /// Sends the next request alone, because its token has not worked yet.
    pub(super) fn doubt(&self) {
        self.pacer().doubt();
    }

    /// Makes every worker of every clone wait.
    pub(super) fn pause(&self, lasting: Duration) {
        trace::paused(lasting);
        self.pacer().pause_until(self.clock().elapsed().saturating_add(lasting));
    }

    /// Notes that a request leaves; it counts as in flight until the guard is dropped.
    pub(super) fn leaves(&self, purpose: Purpose) -> InFlight<'_, 'r> {
        let mut log = self.log();
        log.in_flight += 1;
        let requests = log.ledger.requests();
        requests.made += 1;
        requests.retries += u64::from(purpose != Purpose::First);
        InFlight(self)
    }

    /// Counts how a request ended, and keeps the pacer informed.
    pub(super) fn learn(&self, is_healthy: bool, count: impl FnOnce(&mut RequestCounts)) {
        if is_healthy {
            self.pacer().found_healthy();
        } else {
            self.pacer().found_failing(self.clock().elapsed());
        }
        count(self.log().ledger.requests());
    }

    /// Keeps what the headers of Meta's own answer say. Without a usage header there has been little
    /// traffic.
    pub(super) fn heed(&self, hints: Hints) {
        self.pacer().set_usage(hints.usage.unwrap_or_default());
        if let Some(percent) = hints.usage {
            self.log().ledger.used(percent);
        }
        let Some(date) = hints.date else { return };
        let ahead = self.clock().now().unix() - date;
        if ahead.abs() > CLOCKS_DIFFER {
            let side = if ahead > 0 { "ahead of" } else { "behind" };
            let seconds = ahead.abs();
            let message = format!("the clock of this machine is {seconds} seconds {side} Meta's: set it");
            self.note("clock_differs", message);
        }
        if ahead.abs() > CLOCK_IS_OFF.max(self.settings.age_margin.as_secs().cast_signed()) {
            self.halt(StopCause::ClockOff(ahead));
        }
    }

    /// Whether an event would leave Meta's window on its way.
    pub(super) fn check_age(&self, event: &Event, now: EventTime) -> Result<(), OutsideWindow> {
        let limit = event.action_source().age_limit().less(self.settings.age_margin);
        event.time().check_age(now, limit)
    }
}

/// Logging.
impl RunState<'_> {
    pub(super) fn limits(&self) -> BatchLimits {
        let credentials = self.settings.room_for_credentials(self.clock().now());
        self.settings.limits.at_most(self.log().max_bytes()).less(credentials)
    }

    /// Remembers that a body of this length was too large.
    pub(super) fn too_large(&self, bytes: usize) {
        self.log().too_large(bytes);
    }

    /// Counts an event that the run takes. Tells whether its id is new.
    pub(super) fn takes(&self, event: &Event) -> bool {
        self.log().takes(event)
    }

    pub(super) fn note(&self, code: &'static str, message: String) {
        trace::note(code);
        self.log().ledger.note(code, message);
    }

    /// Keeps what an answer says beside its count.
    pub(super) fn heard(&self, messages: Vec<Box<str>>, trace_id: Option<Box<str>>) {
        self.log().ledger.heard(messages, trace_id);
    }

    /// Meta refused an event by itself. After several, with nothing accepted, the settings are wrong.
    pub(super) fn lone_refusal(&self, error: &Arc<ApiError>) {
        if self.log().lone_refusal_stops() {
            self.halt(StopCause::Api(Arc::clone(error)));
        }
    }

    /// Meta refused a batch for an unknown reason. After several, with nothing accepted, the run stops.
    pub(super) fn unknown_refusal(&self, error: &Arc<ApiError>) {
        if self.log().unknown_refusal_stops() {
            self.halt(StopCause::Api(Arc::clone(error)));
        }
    }

    /// Enters the outcome of events, and shows it to the observers.
    pub(super) fn settle(&self, events: Vec<Numbered>, outcome: &Outcome) {
        if events.is_empty() {
            return;
        }
        trace::outcome(events.len(), outcome);
        self.records.settle(&events, outcome);
        let mut log = self.log();
        log.settle(events, outcome);
        if log.holds_too_many() {
            self.halt(StopCause::UnsentLimit);
        }
        log.show_progress();
    }
}

/// Outcomes of events that were not accepted.
impl RunState<'_> {
    /// Ends events as not sent. Those that the journal holds wait there, if they may be sent later.
    pub(super) fn leave(&self, events: Vec<Numbered>, cause: &NotSentCause, may_have_arrived: bool) {
        let (kept, lost) = events
            .into_iter()
            .partition(|numbered| cause.may_be_sent_later() && self.records.hold(numbered.position));
        let (doubtful, unsent) = self.split(kept, may_have_arrived);
        self.settle(unsent, &Outcome::Pending(PendingCause::NotSent(cause.clone())));
        self.leave_unanswered(doubtful, &cause.fact());
        self.end(lost, &Outcome::NotSent(cause.clone()), may_have_arrived);
    }

    /// Ends events that may have arrived. Those that the journal holds wait there.
    pub(super) fn leave_unanswered(&self, events: Vec<Numbered>, why: &str) {
        let (kept, lost) = events.into_iter().partition(|numbered| {
            let is_sendable_again = !numbered.event.action_source().dedup_window().is_zero();
            is_sendable_again && self.records.hold(numbered.position)
        });
        self.settle(kept, &Outcome::Pending(PendingCause::NoValidAnswer(why.into())));
        self.settle(lost, &Outcome::Unconfirmed(UnconfirmedCause::NoValidAnswer(why.into())));
    }

    /// Ends events with this outcome, unless an earlier attempt may have arrived.
    pub(super) fn end(&self, events: Vec<Numbered>, outcome: &Outcome, may_have_arrived: bool) {
        let (doubtful, clear) = self.split(events, may_have_arrived);
        self.settle(clear, outcome);
        self.settle(doubtful, &unconfirmed_instead(outcome));
    }

    /// The events that an attempt of this run or of an earlier one may have delivered, and the others.
    fn split(&self, events: Vec<Numbered>, may_have_arrived: bool) -> (Vec<Numbered>, Vec<Numbered>) {
        events
            .into_iter()
            .partition(|numbered| may_have_arrived || self.records.first_attempt(numbered.position).is_some())
    }

    /// Reports the events of an earlier delivery that cannot be read.
    pub(super) fn settle_unreadable(&self) {
        for outcome in self.records.take_unreadable() {
            self.log().ledger.settle_unreadable(&outcome);
        }
    }

    /// Records that an attempt to send these events begins. Without it, nothing may leave.
    pub(super) async fn record_attempt(&self, events: &[Numbered]) -> Result<(), Arc<StopCause>> {
        if let Err(cause) = self.records.attempt(events, self.clock().now()).await {
            self.halt(cause);
        }
        self.halted_by().map_or(Ok(()), Err)
    }

    /// Records that the attempt surely failed.
    pub(super) async fn record_sure_failure(&self, events: &[Numbered]) {
        if let Err(cause) = self.records.failed_surely(events, self.clock().now()).await {
            self.halt(cause);
        }
    }

    /// Records the outcomes so far. What the journal cannot record may have arrived, for the next delivery.
    pub(super) async fn record_outcomes(&self) {
        if let Err(cause) = self.records.flush(self.clock().now()).await {
            self.halt(cause);
        }
    }
}

/// The outcome of events that an earlier attempt may have delivered.
fn unconfirmed_instead(outcome: &Outcome) -> Outcome {
    let why = match outcome {
        Outcome::NotSent(cause @ NotSentCause::Stopped(_)) => cause.fact().into_owned(),
        Outcome::NotSent(cause) => format!("the last attempt: {}", cause.fact()),
        Outcome::Refused(error) => format!("the last attempt: {error}"),
        Outcome::Accepted | Outcome::AlreadySent | Outcome::Unconfirmed(_) | Outcome::Pending(_) => {
            return outcome.clone();
        }
    };
    Outcome::Unconfirmed(UnconfirmedCause::NoValidAnswer(why.into()))
}

/// A request on its way.
pub(super) struct InFlight<'b, 'r>(&'b RunState<'r>);

impl Drop for InFlight<'_, '_> {
    fn drop(&mut self) {
        self.0.log().in_flight -= 1;
    }
}

/// The right to test for all workers whether the service is back. Dropping it lets another worker test.
pub(super) struct Probe<'p>(&'p Pacer);

impl Drop for Probe<'_> {
    fn drop(&mut self) {
        self.0.probe_ended();
    }
}
