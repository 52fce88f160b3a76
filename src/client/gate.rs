//! When the next request may start: one gate for all clones of a client, because Meta counts the
//! traffic of a dataset and not that of a worker.
//!
//! Throttling closes it for everybody, and usage near the limit spaces requests out. Until a first
//! batch is accepted, and while the service is out of reach, a single request probes for all: what
//! would meet every request then meets one.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use super::budget::Budget;

/// How many attempts in a row have to fail, over all workers, before a probe stands in for them.
const FAILURES: u32 = 5;

/// The share of Meta's limits from which requests are spaced out, in percent.
const BUSY: f64 = 90.0;

/// The longest space between two requests, kept when the limits are used up.
const WIDEST: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Gate {
    state: Mutex<State>,
    changed: Notify,
}

/// Times are those of the monotonic clock.
#[derive(Debug)]
struct State {
    budget: Budget,
    closed_until: Duration,
    space: Duration,
    next_start: Duration,
    /// Whether a batch has been accepted.
    is_proven: bool,
    failures: u32,
    /// When the first of these failures came.
    failing_since: Duration,
    probing: bool,
}

/// What a worker asks to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    First,
    SharedValue,
    /// A repeat after throttling: the pause was its price.
    AfterPause,
}

/// What the gate answers.
#[derive(Debug, PartialEq)]
pub(super) enum Admission {
    Go,
    /// Go, for all others: nobody knows whether the service takes requests.
    Probe,
    Wait(Duration),
    /// Another worker probes.
    WaitForProbe,
}

impl Gate {
    pub(super) fn open() -> Self {
        let state = State {
            budget: Budget::full(),
            closed_until: Duration::ZERO,
            space: Duration::ZERO,
            next_start: Duration::ZERO,
            is_proven: false,
            failures: 0,
            failing_since: Duration::ZERO,
            probing: false,
        };
        Self { state: Mutex::new(state), changed: Notify::new() }
    }

    /// Asks to start a request now. `is_probe` tells that the worker has been let through as a probe
    /// and has not come back yet.
    pub(super) fn ask(&self, now: Duration, purpose: Purpose, is_probe: bool) -> Admission {
        self.state().ask(now, purpose, is_probe)
    }

    /// Ends when the service may be back, or when the probe gave up. To be made before asking.
    pub(super) fn change(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// Closes the gate for everybody.
    pub(super) fn close_until(&self, moment: Duration) {
        let mut state = self.state();
        state.closed_until = state.closed_until.max(moment);
    }

    /// Widens or narrows the space between requests after what the usage headers say.
    pub(super) fn set_usage(&self, percent: f64) {
        self.state().space = space(percent);
    }

    /// A batch was accepted.
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

    /// Whether the service is out of reach, as far as is known.
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
        let opens = self.closed_until.max(if self.space.is_zero() { now } else { self.next_start });
        if opens > now {
            return Admission::Wait(opens.saturating_sub(now));
        }
        if one_at_a_time {
            self.probing = true;
            self.next_start = now + self.space;
            return Admission::Probe;
        }
        match purpose {
            Purpose::First => self.budget.earn(),
            Purpose::SharedValue => {
                if let Err(wait) = self.budget.spend(now) {
                    return Admission::Wait(wait);
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
    WIDEST.mul_f64(if over.is_nan() { 0.0 } else { over })
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_secs(1000);

    fn proven() -> Gate {
        let gate = Gate::open();
        gate.prove();
        gate
    }

    fn first(gate: &Gate, now: Duration) -> Admission {
        gate.ask(now, Purpose::First, false)
    }

    #[test]
    fn r17_a_closed_gate_is_closed_for_all_until_the_longest_wait_is_over() {
        let gate = proven();
        gate.close_until(START + Duration::from_secs(300));
        gate.close_until(START + Duration::from_secs(60));
        for purpose in [Purpose::First, Purpose::SharedValue, Purpose::AfterPause] {
            assert_eq!(gate.ask(START, purpose, false), Admission::Wait(Duration::from_secs(300)));
            assert_eq!(gate.ask(START + Duration::from_secs(300), purpose, false), Admission::Go);
        }
    }

    #[test]
    fn r18_above_ninety_percent_requests_are_spaced_out_and_below_no_more() {
        let gate = proven();
        gate.set_usage(90.0);
        assert_eq!([first(&gate, START), first(&gate, START)], [Admission::Go, Admission::Go]);
        gate.set_usage(95.0);
        assert_eq!(first(&gate, START), Admission::Go);
        assert_eq!(first(&gate, START), Admission::Wait(Duration::from_secs(30)));
        assert_eq!(first(&gate, START + Duration::from_secs(30)), Admission::Go);
        gate.set_usage(12.0);
        assert_eq!(first(&gate, START + Duration::from_secs(31)), Admission::Go);
        let unproven = Gate::open();
        unproven.set_usage(95.0);
        assert_eq!(unproven.ask(START, Purpose::First, false), Admission::Probe);
        assert_eq!(unproven.ask(START, Purpose::SharedValue, true), Admission::Wait(Duration::from_secs(30)));
        let spaces = [f64::NAN, -5.0, 91.0, 100.0, 1e300].map(|percent| space(percent).as_millis());
        assert_eq!(spaces, [0, 0, 6000, 60_000, 60_000]);
    }

    #[test]
    fn n17_after_failures_in_a_row_one_probe_stands_in_for_all() {
        let gate = proven();
        (1..FAILURES).for_each(|_| gate.found_failing(START));
        assert_eq!(first(&gate, START), Admission::Go);
        gate.found_failing(START);
        assert_eq!(first(&gate, START), Admission::Probe);
        assert_eq!(first(&gate, START), Admission::WaitForProbe);
        assert_eq!(gate.ask(START, Purpose::SharedValue, true), Admission::Probe, "the probe goes on");
        gate.probe_ended();
        assert_eq!(first(&gate, START), Admission::Probe, "another one takes over");
        gate.found_healthy();
        assert_eq!(first(&gate, START), Admission::Go);
    }

    #[test]
    fn r24_until_a_batch_is_accepted_one_request_is_made_at_a_time() {
        let gate = Gate::open();
        assert_eq!([first(&gate, START), first(&gate, START)], [Admission::Probe, Admission::WaitForProbe]);
        gate.found_healthy();
        assert_eq!(first(&gate, START), Admission::WaitForProbe, "an answer proves nothing");
        gate.prove();
        assert_eq!(first(&gate, START), Admission::Go);
        gate.probe_ended();
        gate.doubt();
        assert_eq!([first(&gate, START), first(&gate, START)], [Admission::Probe, Admission::WaitForProbe]);
    }

    #[test]
    fn n16_failures_between_successes_are_no_outage() {
        let gate = proven();
        for _ in 0..100 {
            (1..FAILURES).for_each(|_| gate.found_failing(START));
            gate.found_healthy();
        }
        assert!(!gate.is_out_of_reach());
    }

    #[test]
    fn l1_the_budget_holds_repeats_back_and_nothing_else() {
        let gate = proven();
        let repeats =
            (0..100).filter(|_| gate.ask(START, Purpose::SharedValue, false) == Admission::Go).count();
        assert_eq!(repeats, 20);
        assert!(matches!(gate.ask(START, Purpose::SharedValue, false), Admission::Wait(_)));
        assert_eq!(first(&gate, START), Admission::Go);
        assert_eq!(gate.ask(START, Purpose::AfterPause, false), Admission::Go);
    }
}
