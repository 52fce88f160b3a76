//! How long to wait between attempts, with jitter from a given source of randomness.

use std::fmt;
use std::time::Duration;

/// A source of randomness for waits.
///
/// Many programs that fail at the same moment must not come back at the same moment.
pub trait Jitter: fmt::Debug + Send + Sync {
    /// A number from 0 up to, but not including, 1.
    fn fraction(&self) -> f64;
}

/// The usual jitter: a fast generator, seeded anew in each thread.
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

/// Full jitter: anything between nothing and a bound that doubles with each attempt up to `most`.
pub(super) fn full_jitter(first: Duration, most: Duration, attempt: u32, fraction: f64) -> Duration {
    stretched(doubled(first, most, attempt), fraction)
}

/// A part of a wait, or a wait and a part. A draw that is no fraction counts as one.
pub(super) fn stretched(wait: Duration, factor: f64) -> Duration {
    let factor = if factor.is_nan() { 1.0 } else { factor.clamp(0.0, 2.0) };
    Duration::try_from_secs_f64(wait.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}

/// `first`, doubled with each attempt after the first, up to `most`.
pub(super) fn doubled(first: Duration, most: Duration, attempt: u32) -> Duration {
    let factor = 2_u32.saturating_pow(attempt.saturating_sub(1));
    first.saturating_mul(factor).min(most)
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
