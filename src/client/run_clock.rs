//! The clock of one run: the application's clock, and when that panics the end of the run.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::clock::{Clock, Waiting};
use super::halt::Halt;
use super::shield::{Shielded, shielded};
use crate::report::StopCause;
use crate::value::EventTime;

/// Never panics. When the application's clock does, the run stops, time stands still for it and its waits are
/// over.
pub(super) struct RunClock<'r> {
    clock: &'r dyn Clock,
    halt: Arc<Halt>,
    last: Mutex<(EventTime, Duration)>,
}

impl<'r> RunClock<'r> {
    pub(super) fn new(clock: &'r dyn Clock, halt: Arc<Halt>) -> Self {
        let run_clock = Self { clock, halt, last: Mutex::new((EventTime::now(), Duration::ZERO)) };
        // There is always a last moment, by this clock.
        run_clock.now();
        run_clock.elapsed();
        run_clock
    }

    fn panicked(&self) {
        self.halt.halt(StopCause::Panicked("Clock"));
    }

    fn last(&self) -> MutexGuard<'_, (EventTime, Duration)> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waiting<'a>(&'a self, wait: impl FnOnce() -> Waiting<'a>) -> Waiting<'a> {
        let waiting = Shielded::new(wait, || self.panicked());
        Box::pin(async move {
            if waiting.await.is_err() {
                self.panicked();
            }
        })
    }
}

impl Clock for RunClock<'_> {
    fn now(&self) -> EventTime {
        if let Ok(now) = shielded(|| self.clock.now()) {
            self.last().0 = now;
        } else {
            self.panicked();
        }
        self.last().0
    }

    fn elapsed(&self) -> Duration {
        if let Ok(elapsed) = shielded(|| self.clock.elapsed()) {
            self.last().1 = elapsed;
        } else {
            self.panicked();
        }
        self.last().1
    }

    fn sleep(&self, duration: Duration) -> Waiting<'_> {
        self.waiting(|| self.clock.sleep(duration))
    }

    fn limit(&self, duration: Duration) -> Waiting<'_> {
        self.waiting(|| self.clock.limit(duration))
    }
}

impl fmt::Debug for RunClock<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunClock").finish_non_exhaustive()
    }
}
