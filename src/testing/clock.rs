//! Clocks and randomness for tests: nothing waits, nothing is random.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::client::{Clock, Jitter, Waiting};
use crate::value::EventTime;

/// A clock that a test moves by hand.
///
/// ```
/// use std::time::Duration;
/// use meta_offline_events::client::Clock;
/// use meta_offline_events::testing::ManualClock;
/// use meta_offline_events::value::EventTime;
///
/// let clock = ManualClock::at(EventTime::from_unix(1_767_225_600)?);
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.now().unix(), 1_767_225_660);
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
///
/// Sleeping on it takes no time: it moves the clock and is recorded. Limits do not move it: they end when
/// the test moves the clock past them by [`advance`](Self::advance).
///
/// Clones share the same time, so a test keeps one and gives another to the client.
#[derive(Debug, Clone)]
pub struct ManualClock {
    state: Arc<Mutex<State>>,
    moved: Arc<Notify>,
}

#[derive(Debug)]
struct State {
    now: EventTime,
    /// All the time that passed: slept, or moved by hand.
    elapsed: Duration,
    by_hand: Duration,
    sleeps: Vec<Duration>,
}

impl ManualClock {
    /// Creates a clock that shows this moment.
    pub fn at(now: EventTime) -> Self {
        let state = State { now, elapsed: Duration::ZERO, by_hand: Duration::ZERO, sleeps: Vec::new() };
        Self { state: Arc::new(Mutex::new(state)), moved: Arc::default() }
    }

    /// Moves the clock forward, which ends the limits within that time. The wall clock moves by whole
    /// seconds.
    pub fn advance(&self, by: Duration) {
        let mut state = self.state();
        state.advance(by);
        state.by_hand += by;
        self.moved.notify_waiters();
    }

    /// Sets the wall clock to an earlier or later moment, as when somebody sets the machine's clock. No
    /// time passes.
    pub fn set(&self, now: EventTime) {
        self.state().now = now;
    }

    /// Every sleep so far, in order.
    ///
    /// ```
    /// use std::time::Duration;
    /// use meta_offline_events::client::Clock;
    /// use meta_offline_events::testing::ManualClock;
    /// use meta_offline_events::value::EventTime;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let clock = ManualClock::at(EventTime::from_unix(1_767_225_600)?);
    /// clock.sleep(Duration::from_secs(30)).await;
    /// assert_eq!(clock.sleeps(), [Duration::from_secs(30)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn sleeps(&self) -> Vec<Duration> {
        self.state().sleeps.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn advance(&mut self, by: Duration) {
        let seconds = i64::try_from(by.as_secs()).unwrap_or(i64::MAX);
        self.now = EventTime::from_unix(self.now.unix().saturating_add(seconds)).unwrap_or(self.now);
        self.elapsed = self.elapsed.saturating_add(by);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> EventTime {
        self.state().now
    }

    fn elapsed(&self) -> Duration {
        self.state().elapsed
    }

    fn sleep(&self, duration: Duration) -> Waiting<'_> {
        Box::pin(async move {
            let mut state = self.state();
            state.advance(duration);
            state.sleeps.push(duration);
        })
    }

    fn limit(&self, duration: Duration) -> Waiting<'_> {
        let end = self.state().by_hand.saturating_add(duration);
        Box::pin(async move {
            loop {
                let moved = self.moved.notified();
                if self.state().by_hand >= end {
                    return;
                }
                moved.await;
            }
        })
    }
}

/// A clock that follows tokio's.
///
/// ```
/// use meta_offline_events::client::Clock;
/// use meta_offline_events::testing::RuntimeClock;
/// use meta_offline_events::value::EventTime;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // In a test: #[tokio::test(start_paused = true)]
/// let clock = RuntimeClock::starting_at(EventTime::from_unix(1_767_225_600)?);
/// assert_eq!(clock.now().unix(), 1_767_225_600);
/// # Ok(())
/// # }
/// ```
///
/// While tokio's clock is paused, hours pass in no time, in the right order for any number of concurrent
/// waits.
#[derive(Debug, Clone, Copy)]
pub struct RuntimeClock {
    start: EventTime,
    began: Instant,
}

impl RuntimeClock {
    /// Creates a clock that shows this moment now.
    pub fn starting_at(start: EventTime) -> Self {
        Self { start, began: Instant::now() }
    }
}

impl Clock for RuntimeClock {
    fn now(&self) -> EventTime {
        let passed = i64::try_from(self.elapsed().as_secs()).unwrap_or(i64::MAX);
        EventTime::from_unix(self.start.unix().saturating_add(passed)).unwrap_or(self.start)
    }

    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    fn sleep(&self, duration: Duration) -> Waiting<'_> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// A source of randomness that always draws the same number.
///
/// ```
/// use meta_offline_events::client::Jitter;
/// use meta_offline_events::testing::FixedJitter;
///
/// assert_eq!(FixedJitter(0.5).fraction(), 0.5);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct FixedJitter(pub f64);

impl Jitter for FixedJitter {
    fn fraction(&self) -> f64 {
        self.0
    }
}
