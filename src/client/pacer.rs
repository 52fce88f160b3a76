//! When the next request may start: all clones of a client share one pacer, because Meta counts the
//! traffic of a dataset and not that of a worker.
//!
//! Throttling makes every worker wait, and usage near Meta's limit spaces requests out. Until Meta
//! accepts a first batch, and while the service is out of reach, a single request probes for all
//! workers, so that an error that every request would meet costs one request.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use super::budget::Budget;

/// How many attempts in a row have to fail, over all workers, before one of them probes for all.
const FAILURES: u32 = 5;

/// The share of Meta's limits from which requests are spaced out, in percent.
const BUSY: f64 = 90.0;

/// The time between two requests when the limits are used up.
const MAX_SPACE: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Pacer {
    state: Mutex<State>,
    changed: Notify,
}

/// Times are those of the monotonic clock.
#[derive(Debug)]
struct State {
    budget: Budget,
    paused_until: Duration,
    space: Duration,
    next_start: Duration,
    /// Whether Meta has accepted a batch.
    is_proven: bool,
    failures: u32,
    /// When the first of these failures came.
    failing_since: Duration,
    probing: bool,
}

/// Which kind of request a worker asks to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    First,
    Retry,
    /// A retry after throttling: the pause has paid for it.
    AfterPause,
}

/// The answer to a worker that asks.
#[derive(Debug, PartialEq)]
pub(super) enum Admission {
    Go,
    /// Go, and test for all workers whether the service takes requests.
    Probe,
    Wait(Duration),
    /// Too many requests were retries: wait before the next one.
    WaitForBudget(Duration),
    /// Another worker probes.
    WaitForProbe,
}

impl Pacer {
    pub(super) fn new() -> Self {
        let state = State {
            budget: Budget::full(),
            paused_until: Duration::ZERO,
            space: Duration::ZERO,
            next_start: Duration::ZERO,
            is_proven: false,
            failures: 0,
            failing_since: Duration::ZERO,
            probing: false,
        };
        Self { state: Mutex::new(state), changed: Notify::new() }
    }

    /// Asks to start a request now. `is_probe` says that this worker holds the probe already.
    pub(super) fn ask(&self, now: Duration, purpose: Purpose, is_probe: bool) -> Admission {
        self.state().ask(now, purpose, is_probe)
    }

    /// Completes when the service may be back, or when the probe gave up. Create it before asking.
    pub(super) fn change(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// Lets no request start before this moment.
    pub(super) fn pause_until(&self, moment: Duration) {
        let mut state = self.state();
        state.paused_until = state.paused_until.max(moment);
    }

    /// Sets the time between requests by what the usage headers say.
    pub(super) fn set_usage(&self, percent: f64) {
        self.state().space = space(percent);
    }

    /// Meta accepted a batch.
    pub(super) fn prove(&self) {
        self.state().is_proven = true;
        self.changed.notify_waiters();
    }

    pub(super) fn is_proven(&self) -> bool {
        self.state().is_proven
    }

    /// An answer said that no request can succeed: the next one starts as a probe again.
    pub(super) fn doubt(&self) {
        self.state().is_proven = false;
    }

    /// An attempt found the service working.
    pub(super) fn found_healthy(&self) {
        self.state().failures = 0;
        self.changed.notify_waiters();
    }

    /// An attempt failed in a way that says nothing about its events.
    pub(super) fn found_failing(&self, now: Duration) {
        let mut state = self.state();
        if state.failures == 0 {
            state.failing_since = now;
        }
        state.failures = state.failures.saturating_add(1);
    }

    /// Whether the last attempts of all workers found the service out of reach.
    pub(super) fn is_out_of_reach(&self) -> bool {
        self.state().failures >= FAILURES
    }

    /// How long the service has been out of reach, if it was there before.
    pub(super) fn gone_for(&self, now: Duration) -> Option<Duration> {
        let state = self.state();
        (state.is_proven && state.failures >= FAILURES).then(|| now.saturating_sub(state.failing_since))
    }

    /// The probe ended: another worker may be the next one.
    pub(super) fn probe_ended(&self) {
        self.state().probing = false;
        self.changed.notify_waiters();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn ask(&mut self, now: Duration, purpose: Purpose, is_probe: bool) -> Admission {
        let one_at_a_time = !self.is_proven || self.failures >= FAILURES;
        if one_at_a_time && self.probing && !is_probe {
            return Admission::WaitForProbe;
        }
        let start = self.paused_until.max(if self.space.is_zero() { now } else { self.next_start });
        if start > now {
            return Admission::Wait(start.saturating_sub(now));
        }
        if one_at_a_time {
            self.probing = true;
            self.next_start = now + self.space;
            return Admission::Probe;
        }
        match purpose {
            Purpose::First => self.budget.earn(),
            Purpose::Retry => {
                if let Err(wait) = self.budget.spend(now) {
                    return Admission::WaitForBudget(wait);
                }
            }
            Purpose::AfterPause => {}
        }
        self.next_start = now + self.space;
        Admission::Go
    }
}

/// Nothing up to 90 %, then wider with each percent, up to a minute at 100 %.
fn space(percent: f64) -> Duration {
    let over = ((percent - BUSY) / (100.0 - BUSY)).clamp(0.0, 1.0);
    MAX_SPACE.mul_f64(if over.is_nan() { 0.0 } else { over })
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_secs(1000);

    fn proven() -> Pacer {
        let pacer = Pacer::new();
        pacer.prove();
        pacer
    }

    fn first(pacer: &Pacer, now: Duration) -> Admission {
        pacer.ask(now, Purpose::First, false)
    }

    #[test]
    fn r17_a_pause_holds_for_all_until_the_longest_wait_is_over() {
        let pacer = proven();
        pacer.pause_until(START + Duration::from_secs(300));
        pacer.pause_until(START + Duration::from_secs(60));
        for purpose in [Purpose::First, Purpose::Retry, Purpose::AfterPause] {
            assert_eq!(pacer.ask(START, purpose, false), Admission::Wait(Duration::from_secs(300)));
            assert_eq!(pacer.ask(START + Duration::from_secs(300), purpose, false), Admission::Go);
        }
    }

    #[test]
    fn r18_above_ninety_percent_requests_are_spaced_out_and_below_no_more() {
        let pacer = proven();
        pacer.set_usage(90.0);
        assert_eq!([first(&pacer, START), first(&pacer, START)], [Admission::Go, Admission::Go]);
        pacer.set_usage(95.0);
        assert_eq!(first(&pacer, START), Admission::Go);
        assert_eq!(first(&pacer, START), Admission::Wait(Duration::from_secs(30)));
        assert_eq!(first(&pacer, START + Duration::from_secs(30)), Admission::Go);
        pacer.set_usage(12.0);
        assert_eq!(first(&pacer, START + Duration::from_secs(31)), Admission::Go);
        let unproven = Pacer::new();
        unproven.set_usage(95.0);
        assert_eq!(unproven.ask(START, Purpose::First, false), Admission::Probe);
        assert_eq!(unproven.ask(START, Purpose::Retry, true), Admission::Wait(Duration::from_secs(30)));
        let spaces = [f64::NAN, -5.0, 91.0, 100.0, 1e300].map(|percent| space(percent).as_millis());
        assert_eq!(spaces, [0, 0, 6000, 60_000, 60_000]);
    }

    #[test]
    fn n17_after_failures_in_a_row_one_worker_probes_for_all() {
        let pacer = proven();
        (1..FAILURES).for_each(|_| pacer.found_failing(START));
        assert_eq!(first(&pacer, START), Admission::Go);
        pacer.found_failing(START);
        assert_eq!(first(&pacer, START), Admission::Probe);
        assert_eq!(first(&pacer, START), Admission::WaitForProbe);
        assert_eq!(pacer.ask(START, Purpose::Retry, true), Admission::Probe, "the probe goes on");
        pacer.probe_ended();
        assert_eq!(first(&pacer, START), Admission::Probe, "another one takes over");
        pacer.found_healthy();
        assert_eq!(first(&pacer, START), Admission::Go);
    }

    #[test]
    fn r24_until_a_batch_is_accepted_one_request_is_made_at_a_time() {
        let pacer = Pacer::new();
        assert_eq!([first(&pacer, START), first(&pacer, START)], [Admission::Probe, Admission::WaitForProbe]);
        pacer.found_healthy();
        assert_eq!(first(&pacer, START), Admission::WaitForProbe, "an answer proves nothing");
        pacer.prove();
        assert_eq!(first(&pacer, START), Admission::Go);
        pacer.probe_ended();
        pacer.doubt();
        assert_eq!([first(&pacer, START), first(&pacer, START)], [Admission::Probe, Admission::WaitForProbe]);
    }

    #[test]
    fn n16_failures_between_successes_are_no_outage() {
        let pacer = proven();
        for _ in 0..100 {
            (1..FAILURES).for_each(|_| pacer.found_failing(START));
            pacer.found_healthy();
        }
        assert!(!pacer.is_out_of_reach());
    }

    #[test]
    fn l1_the_budget_holds_retries_back_and_nothing_else() {
        let pacer = proven();
        let retries = (0..100).filter(|_| pacer.ask(START, Purpose::Retry, false) == Admission::Go).count();
        assert_eq!(retries, 20);
        assert!(matches!(pacer.ask(START, Purpose::Retry, false), Admission::WaitForBudget(_)));
        assert_eq!(first(&pacer, START), Admission::Go);
        assert_eq!(pacer.ask(START, Purpose::AfterPause, false), Admission::Go);
    }
}
