//! Time, handed in: the moment by the wall clock, and sleep.

use std::fmt;
use std::pin::Pin;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::value::EventTime;

/// A sleep in progress.
pub type Waiting<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Tells the time and sleeps.
///
/// The age of events is judged by [`now`](Self::now); waits go through [`sleep`](Self::sleep).
pub trait Clock: fmt::Debug + Send + Sync {
    /// The moment by the wall clock.
    fn now(&self) -> EventTime;

    /// Ends after this long.
    fn sleep(&self, duration: Duration) -> Waiting<'_>;
}

/// The system's clock; it sleeps on tokio's timer.
///
/// ```
/// use meta_offline_events::client::{Clock, SystemClock};
///
/// assert!(SystemClock.now().unix() > 1_767_225_600);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]
    fn now(&self) -> EventTime {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let seconds = i64::try_from(since_epoch.as_secs()).unwrap_or_default();
        EventTime::from_unix(seconds).unwrap_or(EventTime::FIRST)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place that sleeps")]
    fn sleep(&self, duration: Duration) -> Waiting<'_> {
        Box::pin(tokio::time::sleep(duration))
    }
}
