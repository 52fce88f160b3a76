//! Values that come often, found in one pass and little memory.

use std::collections::HashMap;

use super::Hashed;
use super::prehashed::Prehashed;

/// How often each value came, by the first bytes of its digest.
///
/// When there are too many different values, every count is lowered by one, and values with a count of zero are
/// forgotten (Misra and Gries, 1982). Values that come often stay.
#[derive(Debug, Clone)]
pub(super) struct Frequent {
    counts: HashMap<u64, u32, Prehashed>,
    /// Those that came once, and those that are not counted yet, in their order.
    others: Vec<u64>,
    /// With so many of them, they are counted.
    max_others: usize,
}

/// The most different values that are counted exactly.
const MAX_VALUES: usize = 7168;

impl Default for Frequent {
    fn default() -> Self {
        Self { counts: HashMap::default(), others: Vec::new(), max_others: 2 * MAX_VALUES }
    }
}

impl Frequent {
    /// Only collects values, for another pass to [take](Self::absorb).
    #[cfg(feature = "rayon")]
    pub(super) fn uncounted() -> Self {
        Self { max_others: usize::MAX, ..Self::default() }
    }

    #[inline]
    pub(super) fn add(&mut self, digest: Hashed) {
        self.add_value(digest.beginning());
    }

    #[inline]
    fn add_value(&mut self, value: u64) {
        self.others.push(value);
        if self.others.len() >= self.max_others {
            self.count();
        }
    }

    /// Adds values that came after those of this pass and are [not counted yet](Self::uncounted).
    #[cfg(feature = "rayon")]
    pub(super) fn absorb(&mut self, uncounted: &Self) {
        uncounted.others.iter().for_each(|value| self.add_value(*value));
    }

    /// Counts the values that may have come before. Most come once, and need no place in the table.
    fn count(&mut self) {
        let (mut once, mut again) = (Marks::default(), Marks::default());
        self.counts.keys().for_each(|value| again.set(*value));
        for &value in &self.others {
            if once.has(value) {
                again.set(value);
            }
            once.set(value);
        }
        self.others.retain(|&value| {
            let is_alone = !again.has(value);
            if !is_alone {
                let count = self.counts.entry(value).or_default();
                *count = count.saturating_add(1);
            }
            is_alone
        });
        self.forget();
    }

    /// Lowers every count until there are few enough values.
    fn forget(&mut self) {
        while self.counts.len() + self.others.len() > MAX_VALUES {
            self.others.clear();
            // Not `retain`: what it removes leaves marks that fill the table.
            let lowered = self.counts.drain().map(|(value, count)| (value, count - 1));
            let kept: Vec<_> = lowered.filter(|(_, count)| *count > 0).collect();
            self.counts.extend(kept);
        }
    }

    /// The beginning of each value with its count.
    pub(super) fn into_counts(mut self) -> impl Iterator<Item = (u64, u64)> {
        self.count();
        let once = self.others.into_iter().map(|value| (value, 1));
        self.counts.into_iter().map(|(value, count)| (value, u64::from(count))).chain(once)
    }
}

/// Marks on values: one that has none does not have it, and one that has it may owe it to another.
struct Marks([u64; 2048]);

impl Default for Marks {
    fn default() -> Self {
        Self([0; 2048])
    }
}

impl Marks {
    fn has(&self, value: u64) -> bool {
        self.0[Self::word(value)] >> (value & 63) & 1 == 1
    }

    fn set(&mut self, value: u64) {
        self.0[Self::word(value)] |= 1 << (value & 63);
    }

    fn word(value: u64) -> usize {
        let [one, other, ..] = value.to_be_bytes();
        usize::from(u16::from_be_bytes([one, other]) >> 5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of which a few come often.
    fn values(count: usize, different: u64) -> Vec<u64> {
        let mut rng = fastrand::Rng::with_seed(5);
        let mut spread = fastrand::Rng::with_seed(6);
        let known: Vec<u64> = (0..different).map(|_| spread.u64(..)).collect();
        let often = |rng: &mut fastrand::Rng| known[rng.usize(..known.len().min(20))];
        (0..count)
            .map(|_| if rng.u32(..10) == 0 { often(&mut rng) } else { *rng.choice(&known).unwrap() })
            .collect()
    }

    fn exact(values: &[u64]) -> HashMap<u64, u64> {
        let mut counts = HashMap::new();
        for value in values {
            *counts.entry(*value).or_default() += 1;
        }
        counts
    }

    fn counted(values: &[u64]) -> HashMap<u64, u64> {
        let mut frequent = Frequent::default();
        for value in values {
            frequent.add_value(*value);
        }
        frequent.into_counts().collect()
    }

    #[test]
    fn few_different_values_are_counted_exactly() {
        for (count, different) in [(0, 1), (1, 1), (10, 3), (14_335, 7168), (14_336, 7168), (100_000, 7168)] {
            let values = values(count, different);
            assert_eq!(counted(&values), exact(&values), "{count} of {different}");
        }
    }

    #[test]
    fn counts_are_never_too_high_and_hardly_too_low() {
        let values = values(200_000, 1_000_000);
        let (counted, exact) = (counted(&values), exact(&values));
        let most = (values.len() / MAX_VALUES) as u64;
        assert!(counted.iter().all(|(value, count)| *count <= exact[value]));
        let often = exact.iter().filter(|(_, count)| **count > most);
        let missed =
            often.filter(|(value, count)| counted.get(value).is_none_or(|found| found + most < **count));
        assert_eq!(missed.count(), 0);
        assert_eq!(exact.values().filter(|count| **count > 500).count(), 20);
        assert!(counted.len() <= MAX_VALUES);
    }

    #[cfg(feature = "rayon")]
    #[test]
    fn parts_are_counted_like_one_pass() {
        let values = values(100_000, 50_000);
        for size in [1000, 14_336, 40_000] {
            let mut whole = Frequent::default();
            for part in values.chunks(size) {
                let mut uncounted = Frequent::uncounted();
                for value in part {
                    uncounted.add_value(*value);
                }
                whole.absorb(&uncounted);
            }
            assert_eq!(whole.into_counts().collect::<HashMap<_, _>>(), counted(&values), "{size}");
        }
    }
}
