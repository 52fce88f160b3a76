//! The raw texts of one customer, in the order given.

use std::hash::{BuildHasher, Hasher};
use std::ops::Range;
use std::sync::LazyLock;

use foldhash::fast::RandomState;
use smallvec::SmallVec;

use super::{CleaningOptions, MatchKey};
use crate::value::{WORDS, first_words};

/// The raw texts of one customer, in the order given, each with its key.
#[derive(Clone)]
#[expect(clippy::large_enum_variant, reason = "a box would be an allocation for each row")]
pub(super) enum Given<'a> {
    /// In place, because there is one for each row of an export.
    Here(Texts<'a>),
    /// Parts of a longer text.
    Lent(&'a Passage),
}

pub(super) type Texts<'a> = SmallVec<[(MatchKey, &'a str); 12]>;

/// A longer text with another one behind it, and where the texts of one customer stand in them, in the order given.
#[derive(Default)]
pub(crate) struct Passage {
    /// The text, what was put behind it, and blanks.
    padded: String,
    length: usize,
    places: Vec<(MatchKey, Range<usize>)>,
    fingerprint: u64,
}

impl Default for Given<'_> {
    #[inline]
    fn default() -> Self {
        Self::Here(SmallVec::new())
    }
}

impl<'a> Given<'a> {
    pub(super) fn add(&mut self, key: MatchKey, raw: &'a str) {
        match self {
            Self::Here(texts) => texts.push((key, raw)),
            Self::Lent(passage) => *self = Self::Here(passage.texts().chain([(key, raw)]).collect()),
        }
    }

    /// Copies the texts, with the lifetime of this borrow.
    pub(super) fn reborrow(&self) -> Given<'_> {
        match self {
            Self::Here(texts) => Given::Here(texts.iter().copied().collect()),
            Self::Lent(passage) => Given::Lent(passage),
        }
    }

    /// A fingerprint of the texts and their keys, in the order given.
    #[inline]
    pub(super) fn fingerprint(&self) -> u64 {
        match self {
            Self::Here(texts) => fingerprint_of_texts(texts),
            Self::Lent(passage) => passage.fingerprint,
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Here(texts) => texts.len(),
            Self::Lent(passage) => passage.places.len(),
        }
    }

    /// The texts where they are, or else in `memory`.
    #[inline]
    pub(super) fn texts<'s>(&'s self, memory: &'s mut Texts<'a>) -> &'s [(MatchKey, &'a str)] {
        match self {
            Self::Here(texts) => texts,
            Self::Lent(passage) => {
                memory.extend(passage.texts());
                memory
            }
        }
    }
}

#[cfg_attr(not(any(feature = "csv", test)), expect(dead_code, reason = "only CSV files have passages"))]
impl Passage {
    /// Becomes another text with this one behind it, where the values stand at these places, in the order given. Returns
    /// `None` and is empty if the text is not UTF-8.
    #[inline]
    pub(crate) fn replace(
        &mut self,
        text: &[u8],
        behind: &str,
        places: impl Iterator<Item = (MatchKey, Range<usize>)>,
    ) -> Option<()> {
        (self.length, self.fingerprint) = (0, 0);
        self.places.clear();
        self.replace_text(text, behind)?;
        for place in places {
            self.places.push(place);
        }
        let text = self.padded.as_bytes();
        let texts = self.places.iter().map(|(key, place)| (*key, &text[place.start..], place.len()));
        self.fingerprint = fingerprint_of(texts);
        Some(())
    }

    fn replace_text(&mut self, text: &[u8], behind: &str) -> Option<()> {
        // Whole blocks are checked without a look at single bytes, and behind each text there is one more.
        let mut padded = std::mem::take(&mut self.padded).into_bytes();
        padded.clear();
        padded.extend_from_slice(text);
        padded.extend_from_slice(behind.as_bytes());
        let blocks = padded.len() / WORDS + 2;
        padded.extend_from_slice(&[b' '; 2 * WORDS]);
        padded.truncate(blocks * WORDS);
        self.padded = String::from_utf8(padded).ok()?;
        self.length = text.len();
        Some(())
    }

    /// The text, without what was put behind it.
    #[inline]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.padded.as_bytes()[..self.length]
    }

    fn texts(&self) -> impl Iterator<Item = (MatchKey, &str)> {
        self.places.iter().map(|(key, place)| (*key, &self.padded[place.clone()]))
    }
}

static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::default);

/// Returns the fingerprint of texts with this fingerprint and of the options by which they are read.
#[inline(never)]
pub(super) fn with_options(fingerprint: u64, options: CleaningOptions) -> u64 {
    HASHER.hash_one((fingerprint, options))
}

#[inline(never)]
fn fingerprint_of_texts(texts: &[(MatchKey, &str)]) -> u64 {
    fingerprint_of(texts.iter().map(|(key, raw)| (*key, raw.as_bytes(), raw.len())))
}

/// Returns the fingerprint of texts and their keys, in the order given. Each text is the first bytes of a slice, so many
/// as the number says; what stands behind them does not count.
#[inline]
#[expect(single_use_lifetimes, reason = "a lifetime in `impl Trait` needs a name")]
fn fingerprint_of<'t>(texts: impl Iterator<Item = (MatchKey, &'t [u8], usize)>) -> u64 {
    let hasher = &*HASHER;
    // Numbers of 128 bits take one multiplication each.
    let pair = |one: u64, other: u64| u128::from(one) << 64 | u128::from(other);
    let mut fingerprint = 0;
    for (key, text, length) in texts {
        let mut hasher = hasher.build_hasher();
        let [first, second, third, fourth] = first_words(text, length.min(WORDS));
        hasher.write_u128(pair(first, second));
        hasher.write_u128(pair(third, fourth));
        let rest = if length > WORDS { fingerprint_of_rest(&text[WORDS..length]) } else { 0 };
        hasher.write_u128(pair((key as u64) << 48 | length as u64, rest));
        // Only this step waits for the texts before. An odd factor loses no bit, and makes the order count.
        fingerprint = (fingerprint ^ hasher.finish()).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
    fingerprint
}

#[inline(never)]
fn fingerprint_of_rest(text: &[u8]) -> u64 {
    HASHER.hash_one(text)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_byte_the_length_and_the_key_count() {
        let mut seen = HashSet::new();
        for length in 0..=100 {
            let text = "a".repeat(length);
            assert!(seen.insert(fingerprint_of_texts(&[(MatchKey::City, &text)])), "{length}");
            assert!(seen.insert(fingerprint_of_texts(&[(MatchKey::State, &text)])), "{length}");
            for place in 0..length {
                let mut other = text.clone();
                other.replace_range(place..=place, "b");
                assert!(
                    seen.insert(fingerprint_of_texts(&[(MatchKey::City, &other)])),
                    "{length} at {place}"
                );
            }
        }
        let of_two = |one: &str, other: &str| {
            fingerprint_of_texts(&[(MatchKey::FirstName, one), (MatchKey::LastName, other)])
        };
        for texts in [("ab", "c"), ("a", "bc"), ("c", "ab"), ("abc", ""), ("", "abc")] {
            assert!(seen.insert(of_two(texts.0, texts.1)), "{texts:?}");
        }
    }

    #[test]
    fn texts_of_a_passage_have_the_fingerprint_of_single_texts() {
        let mut passage = Passage::default();
        for length in 0..=100 {
            let (one, other) = ("é".repeat(length / 2), "z".repeat(length));
            let keys = [MatchKey::City, MatchKey::State];
            let places = [0..one.len(), one.len() + 1..one.len() + 1 + other.len()];
            let whole = format!("{one},{other}");
            for cut in [one.len() + 1, whole.len()] {
                let (text, behind) = whole.split_at(cut);
                let places = keys.into_iter().zip(places.clone());
                assert!(passage.replace(text.as_bytes(), behind, places).is_some());
                assert_eq!(passage.as_bytes(), text.as_bytes());
                assert!(passage.texts().eq(keys.into_iter().zip([one.as_str(), other.as_str()])));
                assert_eq!(passage.fingerprint, fingerprint_of_texts(&[(keys[0], &one), (keys[1], &other)]));
            }
        }
        assert!(passage.replace(b"\xC3", "", [(MatchKey::City, 0..1)].into_iter()).is_none());
        assert!(passage.as_bytes().is_empty() && passage.texts().next().is_none());
    }
}
