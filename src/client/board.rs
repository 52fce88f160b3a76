//! What the workers of one run share: the account, the reason to stop, the limits as they have become.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::select;
use tokio::sync::watch;

use super::builder::Settings;
use super::gate::{Admission, Gate, Purpose};
use super::source::Feeder;
use super::{Clock, trace};
use crate::event::Event;
use crate::report::{ApiError, DeliveryReport, Keeping, Ledger, Numbered, Outcome, RequestCounts, StopCause};
use crate::value::{EventTime, OutsideWindow};
use crate::wire::{BatchLimits, Hints};

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// Events taken in so far.
    pub taken: u64,
    /// Events that have their outcome.
    pub done: u64,
    /// Requests made so far.
    pub requests: u64,
    /// Requests that wait for their answer.
    pub in_flight: usize,
    /// The largest share of Meta's rate limits that an answer stated as used up, in percent.
    pub usage: Option<f64>,
}

/// Events that came to the same end together.
#[derive(Debug)]
pub struct Settled<'s> {
    events: &'s [Numbered],
    outcome: &'s Outcome,
}

impl<'s> Settled<'s> {
    /// The events.
    pub fn events(&self) -> impl Iterator<Item = &'s Event> {
        self.events.iter().map(|numbered| &numbered.event)
    }

    /// Their end.
    pub fn outcome(&self) -> &'s Outcome {
        self.outcome
    }
}

type OnProgress<'o> = Box<dyn FnMut(Progress) + Send + 'o>;
type OnSettled<'o> = Box<dyn FnMut(Settled<'_>) + Send + 'o>;

/// Who is told how a run goes on.
#[derive(Default)]
pub(super) struct Observers<'o> {
    pub(super) progress: Option<OnProgress<'o>>,
    pub(super) settled: Option<OnSettled<'o>>,
    pub(super) feeder: Option<&'o dyn Feeder>,
}

pub(super) struct Board<'r> {
    pub(super) settings: &'r Settings,
    began: Duration,
    keeping: Keeping,
    halt: watch::Sender<Halt>,
    book: Mutex<Book<'r>>,
}

#[derive(Debug, Default)]
struct Halt {
    cause: Option<Arc<StopCause>>,
    /// Requests in flight are not waited for any more.
    cuts_off: bool,
}

struct Book<'r> {
    ledger: Ledger,
    observers: Observers<'r>,
    taken: usize,
    in_flight: usize,
    max_bytes: usize,
    lone_refusals: u32,
    unknown_refusals: u32,
}

/// How many events of a stream are held to be handed back before the run stops.
const MAX_HELD: usize = 10_000;

/// How many events have to be refused one by one, with nothing accepted, before the fault is taken
/// to lie in the settings.
const LONE_REFUSALS: u32 = 8;

/// How many first batches have to be refused for unknown reasons before the run stops.
const UNKNOWN_REFUSALS: u32 = 3;

/// From which difference on the clocks are worth a note, in seconds.
const CLOCKS_DIFFER: i64 = 60;

/// From which difference on the clock is not trusted to tell how old an event is, in seconds.
const CLOCK_IS_OFF: i64 = 3600;

impl<'r> Board<'r> {
    pub(super) fn new(settings: &'r Settings, keeping: Keeping, observers: Observers<'r>) -> Self {
        let ledger = Ledger::new(keeping, settings.fields.has_test_event_code());
        let book = Book {
            ledger,
            observers,
            taken: 0,
            in_flight: 0,
            max_bytes: settings.limits.bytes(),
            lone_refusals: 0,
            unknown_refusals: 0,
        };
        let began = settings.clock.elapsed();
        Self { settings, began, keeping, halt: watch::Sender::default(), book: Mutex::new(book) }
    }

    /// The account, once all workers have ended.
    pub(super) fn close(self) -> DeliveryReport {
        let cause = self.halted_by();
        let report = self.book.into_inner().unwrap_or_else(PoisonError::into_inner).ledger.close(cause);
        trace::finished(&report);
        report
    }

    pub(super) fn clock(&self) -> &'r dyn Clock {
        &*self.settings.clock
    }

    pub(super) fn closing(&self) -> &'r [u8] {
        &self.settings.closing
    }

    fn gate(&self) -> &'r Gate {
        &self.settings.gate
    }

    fn book(&self) -> MutexGuard<'_, Book<'r>> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stopping.
impl Board<'_> {
    /// Begins no new batch any more. The first cause is kept.
    pub(super) fn halt(&self, cause: StopCause) {
        self.halt.send_if_modified(|halt| {
            let is_first = halt.cause.is_none();
            if is_first {
                trace::stopping(&cause);
                halt.cause = Some(Arc::new(cause));
            }
            is_first
        });
    }

    /// Waits no more for the requests in flight.
    pub(super) fn cut_off(&self) {
        self.halt.send_modify(|halt| halt.cuts_off = true);
    }

    pub(super) fn halted_by(&self) -> Option<Arc<StopCause>> {
        self.halt.borrow().cause.clone()
    }

    /// Ends when the run is to stop.
    pub(super) async fn halted(&self) {
        // The sender lives as long as `self`.
        let _ = self.halt.subscribe().wait_for(|halt| halt.cause.is_some()).await;
    }

    /// Ends when requests in flight are to be cut off.
    pub(super) async fn is_cut_off(&self) {
        let _ = self.halt.subscribe().wait_for(|halt| halt.cuts_off).await;
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

/// Starting requests, and what they teach.
impl<'r> Board<'r> {
    /// Waits until a request may start, or until the run is to stop.
    pub(super) async fn pass(
        &self,
        purpose: Purpose,
        probe: &mut Option<Probe<'r>>,
    ) -> Result<(), Arc<StopCause>> {
        loop {
            if self.time_left() == Some(Duration::ZERO) {
                self.halt(StopCause::RunLimit);
            }
            if let Some(cause) = self.halted_by() {
                return Err(cause);
            }
            let change = self.gate().change();
            match self.gate().ask(self.clock().elapsed(), purpose, probe.is_some()) {
                Admission::Go => return Ok(()),
                Admission::Probe => {
                    // Made only where there is none: dropping a second one would end the probe.
                    probe.get_or_insert_with(|| Probe(self.gate()));
                    return Ok(());
                }
                Admission::Wait(time) => self.wait(time).await?,
                Admission::WaitForProbe => {
                    select(pin!(change), pin!(self.halted())).await;
                }
            }
        }
    }

    pub(super) fn is_out_of_reach(&self) -> bool {
        self.gate().is_out_of_reach()
    }

    /// Whether the service is out of reach for everybody and is waited for: for as long as the run may
    /// last, else for as long as any wait if it was there before.
    pub(super) fn sits_out(&self) -> bool {
        match (self.time_left(), self.gate().gone_for(self.clock().elapsed())) {
            (Some(_), _) => self.is_out_of_reach(),
            (None, Some(gone)) => gone < self.settings.retry.max_retry_after,
            (None, None) => false,
        }
    }

    /// A batch was accepted: token, permission and dataset are as they should be.
    pub(super) fn prove(&self) {
        self.gate().prove();
    }

    pub(super) fn is_proven(&self) -> bool {
        self.gate().is_proven()
    }

    /// Every request would meet this.
    pub(super) fn give_up(&self, cause: StopCause) {
        self.gate().doubt();
        self.halt(cause);
    }

    /// Closes the gate for every worker of every clone.
    pub(super) fn pause(&self, lasting: Duration) {
        trace::paused(lasting);
        self.gate().close_until(self.clock().elapsed().saturating_add(lasting));
    }

    /// Writes down that a request leaves; it counts as in flight until the guard is dropped.
    pub(super) fn leaves(&self, purpose: Purpose) -> InFlight<'_, 'r> {
        let mut book = self.book();
        book.in_flight += 1;
        let attempts = book.ledger.attempts();
        attempts.made += 1;
        attempts.repeated += u64::from(purpose != Purpose::First);
        InFlight(self)
    }

    /// Counts what became of a request, and keeps the gate informed.
    pub(super) fn learn(&self, is_healthy: bool, count: impl FnOnce(&mut RequestCounts)) {
        if is_healthy {
            self.gate().found_healthy();
        } else {
            self.gate().found_failing(self.clock().elapsed());
        }
        count(self.book().ledger.attempts());
    }

    /// Keeps what the headers of Meta's own answer say. Without a usage header there has been little
    /// traffic.
    pub(super) fn heed(&self, hints: Hints) {
        self.gate().set_usage(hints.usage.unwrap_or_default());
        if let Some(percent) = hints.usage {
            self.book().ledger.used(percent);
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

    /// Whether an event would cross the end of its window on the way.
    pub(super) fn check_age(&self, event: &Event, now: EventTime) -> Result<(), OutsideWindow> {
        let limit = event.action_source().age_limit().less(self.settings.age_margin);
        event.time().check_age(now, limit)
    }
}

/// The account.
impl Board<'_> {
    pub(super) fn limits(&self) -> BatchLimits {
        self.settings.limits.at_most(self.book().max_bytes)
    }

    /// Remembers that a body of this length was too large.
    pub(super) fn too_large(&self, bytes: usize) {
        let mut book = self.book();
        book.max_bytes = book.max_bytes.min(bytes / 2).max(BatchLimits::MIN_BYTES);
    }

    pub(super) fn took_one(&self) {
        self.book().taken += 1;
    }

    pub(super) fn note(&self, reason: &'static str, message: String) {
        trace::note(reason);
        self.book().ledger.note(reason, message);
    }

    pub(super) fn heard(&self, messages: Vec<Box<str>>, trace_id: Option<Box<str>>) {
        self.book().ledger.heard(messages, trace_id);
    }

    /// An event was refused by itself. With nothing accepted yet, the fault lies elsewhere after a few.
    pub(super) fn lone_refusal(&self, error: &Arc<ApiError>) {
        let mut book = self.book();
        book.lone_refusals += 1;
        if book.lone_refusals >= LONE_REFUSALS && !book.ledger.anything_accepted() {
            self.halt(StopCause::Api(Arc::clone(error)));
        }
    }

    /// A batch was refused for a reason that is not known. The first ones in a row stop the run.
    pub(super) fn unknown_refusal(&self, error: &Arc<ApiError>) {
        let mut book = self.book();
        book.unknown_refusals += 1;
        if book.unknown_refusals >= UNKNOWN_REFUSALS && !book.ledger.anything_accepted() {
            self.halt(StopCause::Api(Arc::clone(error)));
        }
    }

    /// Enters the end of events, and tells who watches.
    pub(super) fn settle(&self, events: Vec<Numbered>, outcome: &Outcome) {
        if events.is_empty() {
            return;
        }
        trace::settled(events.len(), outcome);
        let mut book = self.book();
        let Book { ledger, observers, .. } = &mut *book;
        if let Some(observer) = &mut observers.settled {
            let settled = Settled { events: &events, outcome };
            if catch_unwind(AssertUnwindSafe(|| observer(settled))).is_err() {
                observers.settled = None;
                ledger.note("observer_panicked", "`on_outcome` panicked and was not called again".into());
            }
        }
        if let Some(feeder) = observers.feeder {
            feeder.settled(&events, outcome);
        }
        ledger.settle(events, outcome);
        if self.keeping == Keeping::TroubleOnly && ledger.held() > MAX_HELD {
            self.halt(StopCause::UnsentLimit);
        }
        book.tell();
    }
}

impl Book<'_> {
    fn tell(&mut self) {
        let progress = Progress {
            taken: self.taken as u64,
            done: self.ledger.settled(),
            requests: self.ledger.attempts().made,
            in_flight: self.in_flight,
            usage: self.ledger.usage(),
        };
        let Some(observer) = &mut self.observers.progress else { return };
        if catch_unwind(AssertUnwindSafe(|| observer(progress))).is_err() {
            self.observers.progress = None;
            self.ledger.note("observer_panicked", "`watch` panicked and was not called again".into());
        }
    }
}

/// A request on its way.
pub(super) struct InFlight<'b, 'r>(&'b Board<'r>);

impl Drop for InFlight<'_, '_> {
    fn drop(&mut self) {
        self.0.book().in_flight -= 1;
    }
}

/// The right to try for all workers whether the service is back. Dropping it hands it on.
pub(super) struct Probe<'g>(&'g Gate);

impl Drop for Probe<'_> {
    fn drop(&mut self) {
        self.0.probe_ended();
    }
}
