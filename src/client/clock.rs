//! Time: the wall clock, a clock that only goes forward, and waiting. An application can replace it.

use std::fmt;
use std::pin::Pin;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use crate::value::EventTime;

/// A future that completes after a wait. [`Clock::sleep`] and [`Clock::limit`] return it.
pub type Waiting<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// A clock: it tells the time and waits.
///
/// The client checks the age of events by [`now`](Self::now), which may jump when somebody sets the
/// machine's clock. It measures waits and limits by [`elapsed`](Self::elapsed), which never jumps.
///
/// ```
/// use std::time::Duration;
/// use meta_offline_events::client::{Client, Clock, SystemClock, Waiting};
/// use meta_offline_events::value::EventTime;
///
/// /// A clock that is an hour ahead.
/// #[derive(Debug)]
/// struct Ahead;
///
/// impl Clock for Ahead {
///     fn now(&self) -> EventTime {
///         EventTime::from_unix(SystemClock.now().unix() + 3600).unwrap_or_else(|_| SystemClock.now())
///     }
///     fn elapsed(&self) -> Duration {
///         SystemClock.elapsed()
///     }
///     fn sleep(&self, duration: Duration) -> Waiting<'_> {
///         SystemClock.sleep(duration)
///     }
/// }
///
/// assert!(Ahead.now() > SystemClock.now());
/// let client = Client::builder("123".parse()?, "EAAB-not-a-real-token".parse()?).clock(Ahead).build()?;
/// # let _ = client;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Clock: fmt::Debug + Send + Sync {
    /// The time of the wall clock.
    fn now(&self) -> EventTime;

    /// The time since a fixed moment. It never goes back.
    fn elapsed(&self) -> Duration;

    /// Completes after `duration`. The client has nothing else to do meanwhile.
    fn sleep(&self, duration: Duration) -> Waiting<'_>;

    /// Completes after `duration`: the time limit of something that goes on meanwhile. A clock that skips
    /// waits must not skip limits.
    fn limit(&self, duration: Duration) -> Waiting<'_> {
        self.sleep(duration)
    }
}

/// The system's clock, which waits on tokio's timer.
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
    fn now(&self) -> EventTime {
        EventTime::now()
    }

    fn elapsed(&self) -> Duration {
        monotonic()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place that sleeps")]
    fn sleep(&self, duration: Duration) -> Waiting<'_> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// The time since the first call.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the monotonic clock")]
fn monotonic() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    Instant::now().saturating_duration_since(*START)
}
