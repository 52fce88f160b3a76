//! How long to wait between attempts, with jitter from a source of randomness.

use std::fmt;
use std::time::Duration;

/// A source of randomness for waits.
///
/// Programs that fail at the same moment should not retry at the same moment.
///
/// ```
/// use meta_offline_events::client::{Client, Jitter};
///
/// /// Always the longest wait.
/// #[derive(Debug)]
/// struct Longest;
///
/// impl Jitter for Longest {
///     fn fraction(&self) -> f64 {
///         0.999
///     }
/// }
///
/// let client = Client::builder("123".parse()?, "EAAB-not-a-real-token".parse()?).jitter(Longest).build()?;
/// # let _ = client;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Jitter: fmt::Debug + Send + Sync {
    /// A random number, at least 0 and below 1.
    fn fraction(&self) -> f64;
}

/// The usual jitter: a fast random number generator, seeded in each thread.
///
/// ```
/// use meta_offline_events::client::{Jitter, SystemJitter};
///
/// assert!((0.0..1.0).contains(&SystemJitter.fraction()));
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemJitter;

impl Jitter for SystemJitter {
    fn fraction(&self) -> f64 {
        fastrand::f64()
    }
}

/// Full jitter: anything from zero to a bound that doubles with each attempt, up to `max`.
pub(crate) fn full_jitter(first: Duration, max: Duration, attempt: u32, fraction: f64) -> Duration {
    stretched(doubled(first, max, attempt), fraction)
}

/// A wait times a factor from 0 to 2. A factor that is not a number counts as 1.
pub(super) fn stretched(wait: Duration, factor: f64) -> Duration {
    let factor = if factor.is_nan() { 1.0 } else { factor.clamp(0.0, 2.0) };
    Duration::try_from_secs_f64(wait.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}

/// `first`, doubled with each attempt after the first, up to `max`.
pub(super) fn doubled(first: Duration, max: Duration, attempt: u32) -> Duration {
    let factor = 2_u32.saturating_pow(attempt.saturating_sub(1));
    first.saturating_mul(factor).min(max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l2_waits_double_to_a_bound_and_spread_over_all_of_it() {
        let wait = |attempt, fraction| {
            full_jitter(Duration::from_secs(1), Duration::from_secs(60), attempt, fraction).as_millis()
        };
        assert_eq!([1, 2, 3, 7, 40].map(|attempt| wait(attempt, 1.0)), [1000, 2000, 4000, 60_000, 60_000]);
        assert_eq!(wait(3, 0.0), 0);
        assert_eq!(wait(3, 0.5), 2000);
        assert_eq!(wait(u32::MAX, 1.0), 60_000);
        assert_eq!(wait(3, f64::NAN), 4000);
        assert_eq!(stretched(Duration::MAX, 1.1), Duration::MAX);
    }
}
