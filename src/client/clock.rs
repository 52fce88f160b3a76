//! Time, handed in: the moment by the wall clock, time that only goes forward, and waiting.

use std::fmt;
use std::pin::Pin;
use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::value::EventTime;

/// A wait in progress.
pub type Waiting<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Tells the time and waits.
///
/// The age of events is judged by [`now`](Self::now), which may jump when the machine's clock is set.
/// Waits and limits go by [`elapsed`](Self::elapsed), which never does.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The moment by the wall clock.
    fn now(&self) -> EventTime;

    /// The time since any one moment before; it never goes back.
    fn elapsed(&self) -> Duration;

    /// Ends after this long: a wait with nothing else to do.
    fn sleep(&self, duration: Duration) -> Waiting<'_>;

    /// Ends after this long: a limit on something that is going on meanwhile. A clock that skips
    /// waits must not skip limits.
    fn limit(&self, duration: Duration) -> Waiting<'_> {
        self.sleep(duration)
    }
}

/// The system's clocks; it waits on tokio's timer.
///
/// ```
/// use meta_offline_events::client::{Clock, SystemClock};
///
/// assert!(SystemClock.now().unix() > 1_767_225_600);
/// assert!(SystemClock.elapsed() <= SystemClock.elapsed());
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

    fn elapsed(&self) -> Duration {
        monotonic()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place that sleeps")]
    fn sleep(&self, duration: Duration) -> Waiting<'_> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// Time since it was first asked for.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the monotonic clock")]
fn monotonic() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    Instant::now().saturating_duration_since(*START)
}
