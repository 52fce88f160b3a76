//! A clock that only moves when it is told to, or when somebody sleeps on it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::client::{Clock, Jitter, Waiting};
use crate::value::EventTime;

/// A clock moved by hand. Sleeping on it takes no time: it moves the clock and is written down. Limits
/// are not skipped: they end when the clock is moved past them by [`advance`](Self::advance).
///
/// Clones share the same hands, so a test keeps one and gives another to the client.
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
#[derive(Debug, Clone)]
pub struct ManualClock {
    hands: Arc<Mutex<Hands>>,
    moved: Arc<Notify>,
}

#[derive(Debug)]
struct Hands {
    now: EventTime,
    /// All time that has passed, slept or moved by hand.
    elapsed: Duration,
    by_hand: Duration,
    sleeps: Vec<Duration>,
}

impl ManualClock {
    /// A clock that shows this moment.
    pub fn at(now: EventTime) -> Self {
        let hands = Hands { now, elapsed: Duration::ZERO, by_hand: Duration::ZERO, sleeps: Vec::new() };
        Self { hands: Arc::new(Mutex::new(hands)), moved: Arc::default() }
    }

    /// Moves the clock forward; the wall clock goes by whole seconds. Limits within that time end.
    pub fn advance(&self, by: Duration) {
        let mut hands = self.hands();
        hands.advance(by);
        hands.by_hand += by;
        self.moved.notify_waiters();
    }

    /// Shows another moment, earlier or later, as when somebody sets the machine's clock: no time
    /// passes.
    pub fn set(&self, now: EventTime) {
        self.hands().now = now;
    }

    /// Every sleep so far, in order.
    pub fn sleeps(&self) -> Vec<Duration> {
        self.hands().sleeps.clone()
    }

    fn hands(&self) -> MutexGuard<'_, Hands> {
        self.hands.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hands {
    fn advance(&mut self, by: Duration) {
        let seconds = i64::try_from(by.as_secs()).unwrap_or(i64::MAX);
        self.now = EventTime::from_unix(self.now.unix().saturating_add(seconds)).unwrap_or(self.now);
        self.elapsed = self.elapsed.saturating_add(by);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> EventTime {
        self.hands().now
    }

    fn elapsed(&self) -> Duration {
        self.hands().elapsed
    }

    fn sleep(&self, duration: Duration) -> Waiting<'_> {
        Box::pin(async move {
            let mut hands = self.hands();
            hands.advance(duration);
            hands.sleeps.push(duration);
        })
    }

    fn limit(&self, duration: Duration) -> Waiting<'_> {
        let end = self.hands().by_hand.saturating_add(duration);
        Box::pin(async move {
            loop {
                let moved = self.moved.notified();
                if self.hands().by_hand >= end {
                    return;
                }
                moved.await;
            }
        })
    }
}

/// A clock that goes with tokio's: under tokio's paused clock hours pass in no time, in the right order
/// for any number of waits side by side.
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
#[derive(Debug, Clone, Copy)]
pub struct RuntimeClock {
    start: EventTime,
    began: Instant,
}

impl RuntimeClock {
    /// A clock that shows this moment now.
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

/// A jitter that always draws the same number.
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
