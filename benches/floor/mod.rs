//! The floor of all figures: plain SHA-256 and hex of the customer values in their normal forms.

use std::hint::black_box;
use std::ops::Range;
use std::time::{Duration, Instant};

use meta_offline_events::customer::{CleaningOptions, MatchKey, ValueWarning};
use sha2::{Digest, Sha256};

/// Texts to hash, one behind the other.
#[derive(Default)]
pub(crate) struct Floor {
    texts: String,
    ranges: Vec<Range<usize>>,
}

impl Floor {
    /// Adds what is hashed of one customer, each different value once.
    pub(crate) fn add(&mut self, values: &[(MatchKey, &str)]) {
        let mut countries = values.iter().filter(|(key, _)| *key == MatchKey::Country);
        let country = countries.find_map(|(_, raw)| raw.parse().ok());
        let context =
            country.map_or(CleaningOptions::default(), |country| CleaningOptions::default().country(country));
        let mut added: Vec<(MatchKey, Range<usize>)> = Vec::with_capacity(values.len());
        for &(key, raw) in values.iter().filter(|(key, _)| key.is_hashed()) {
            let Ok(normal) = key.normalize(raw, &context) else { continue };
            let text = normal.text();
            let is_known =
                |(other, range): &(_, Range<usize>)| *other == key && self.texts[range.clone()] == *text;
            if normal.warning() != Some(ValueWarning::AlreadyHashed) && !added.iter().any(is_known) {
                let start = self.texts.len();
                self.texts.push_str(text);
                added.push((key, start..self.texts.len()));
            }
        }
        self.ranges.extend(added.into_iter().map(|(_, range)| range));
    }

    /// Digest and table-driven hex of each text, nothing else.
    pub(crate) fn hash(&self) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        for range in &self.ranges {
            let mut hex = [0; 64];
            let digest = Sha256::digest(black_box(&self.texts[range.clone()]));
            for (pair, byte) in hex.as_chunks_mut::<2>().0.iter_mut().zip(digest) {
                *pair = [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
            }
            black_box(&hex);
        }
    }
}

/// Lets the contenders run in turn, so that all of them share the weather, and gives the fastest run of each.
pub(crate) fn minima(rounds: usize, contenders: &mut [Box<dyn FnMut() + '_>]) -> Vec<Duration> {
    let mut fastest = vec![Duration::MAX; contenders.len()];
    for _ in 0..rounds {
        for (contender, fastest) in contenders.iter_mut().zip(&mut fastest) {
            *fastest = timed(contender).1.min(*fastest);
        }
    }
    fastest
}

/// What this gives, and how long it takes.
#[expect(clippy::disallowed_methods, reason = "a stopwatch is no part of what is measured")]
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed())
}
