//! A clock that only moves when it is told to, or when somebody sleeps on it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::client::{Clock, Jitter, Waiting};
use crate::value::EventTime;

/// A clock moved by hand. Sleeping on it takes no time: it moves the clock and is written down.
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
}

#[derive(Debug)]
struct Hands {
    now: EventTime,
    sleeps: Vec<Duration>,
}

impl ManualClock {
    /// A clock that shows this moment.
    pub fn at(now: EventTime) -> Self {
        Self { hands: Arc::new(Mutex::new(Hands { now, sleeps: Vec::new() })) }
    }

    /// Moves the clock forward, by whole seconds.
    pub fn advance(&self, by: Duration) {
        self.hands().advance(by);
    }

    /// Shows another moment, earlier or later.
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
    }
}

impl Clock for ManualClock {
    fn now(&self) -> EventTime {
        self.hands().now
    }

    fn sleep(&self, duration: Duration) -> Waiting<'_> {
        Box::pin(async move {
            let mut hands = self.hands();
            hands.advance(duration);
            hands.sleeps.push(duration);
        })
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
