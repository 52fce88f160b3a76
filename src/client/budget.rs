//! The retry budget: first requests earn retries, so that a failing service does not get several times
//! the usual traffic.

use std::time::Duration;

/// How many retries may start now.
///
/// Each first request earns a fifth of a retry, and so does each second; up to twenty can be saved up.
/// With an empty budget a retry waits; it never ends a batch.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Budget {
    left: f64,
    filled_at: Duration,
}

impl Budget {
    const BURST: f64 = 20.0;
    const EARNED_BY_FIRST: f64 = 0.2;
    const EARNED_BY_SECOND: f64 = 0.2;

    pub(super) fn full() -> Self {
        Self { left: Self::BURST, filled_at: Duration::ZERO }
    }

    /// A first request was made.
    pub(super) fn earn(&mut self) {
        self.left = (self.left + Self::EARNED_BY_FIRST).min(Self::BURST);
    }

    /// Pays for a retry, or returns how long it takes until it can be paid.
    pub(super) fn spend(&mut self, now: Duration) -> Result<(), Duration> {
        let passed = now.saturating_sub(self.filled_at).as_secs_f64();
        self.left = (self.left + passed * Self::EARNED_BY_SECOND).min(Self::BURST);
        self.filled_at = now;
        if self.left >= 1.0 {
            self.left -= 1.0;
            return Ok(());
        }
        let missing = (1.0 - self.left) / Self::EARNED_BY_SECOND;
        // A millisecond more, so that rounding never makes the wait fall short.
        Err(Duration::from_secs_f64(missing) + Duration::from_millis(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l1_retries_stay_near_a_fifth_of_first_requests() {
        let mut budget = Budget::full();
        let mut retries = 0;
        for _ in 0..1000 {
            budget.earn();
            retries += u32::from(budget.spend(Duration::ZERO).is_ok());
        }
        assert_eq!(retries, 219, "a burst of 20, and 200 that were earned, but for the last part of one");
    }

    #[test]
    fn l1_an_empty_budget_refuses_until_time_has_passed() {
        let mut budget = Budget::full();
        let spent = (0..100).filter(|_| budget.spend(Duration::ZERO).is_ok()).count();
        assert_eq!(spent, 20);
        let wait = budget.spend(Duration::ZERO).unwrap_err();
        assert!((5000..5010).contains(&wait.as_millis()), "{wait:?}");
        assert!(budget.spend(wait).is_ok());
        assert!(budget.spend(wait).is_err());
        assert!(budget.spend(Duration::from_secs(1)).is_err(), "a clock that steps back earns nothing");
    }
}
