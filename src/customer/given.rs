//! The raw texts of one customer, in the order given.

use std::hash::{BuildHasher, Hasher};
use std::ops::Range;
use std::sync::LazyLock;

use foldhash::fast::RandomState;
use smallvec::SmallVec;

use super::{CleaningOptions, MatchKey};

/// The raw texts of one customer, in the order given, each with its key.
#[derive(Clone)]
#[expect(clippy::large_enum_variant, reason = "a box would be an allocation for each row")]
pub(super) enum Given<'a> {
    /// In place, because there is one for each row of an export.
    Here(Texts<'a>),
    /// Parts of a text.
    Lent(&'a str, &'a Places),
}

pub(super) type Texts<'a> = SmallVec<[(MatchKey, &'a str); 12]>;

/// Where the texts of one customer stand in a longer text, in the order given.
#[derive(Default)]
pub(crate) struct Places {
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
            Self::Lent(text, places) => *self = Self::Here(places.of(text).chain([(key, raw)]).collect()),
        }
    }

    /// Copies the texts, with the lifetime of this borrow.
    pub(super) fn reborrow(&self) -> Given<'_> {
        match self {
            Self::Here(texts) => Given::Here(texts.iter().copied().collect()),
            Self::Lent(text, places) => Given::Lent(text, places),
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Here(texts) => texts.len(),
            Self::Lent(_, places) => places.places.len(),
        }
    }

    /// The texts where they are, or else in `memory`.
    #[inline]
    pub(super) fn texts<'s>(&'s self, memory: &'s mut Texts<'a>) -> &'s [(MatchKey, &'a str)] {
        match self {
            Self::Here(texts) => texts,
            Self::Lent(text, places) => {
                memory.extend(places.of(text));
                memory
            }
        }
    }
}

#[cfg_attr(not(feature = "csv"), expect(dead_code, reason = "only CSV files keep places"))]
impl Places {
    pub(crate) fn clear(&mut self) {
        self.places.clear();
        self.fingerprint = 0;
    }

    /// Adds a text and its place.
    #[inline]
    pub(crate) fn add(&mut self, key: MatchKey, raw: &str, place: Range<usize>) {
        self.fingerprint = append(self.fingerprint, key, raw);
        self.places.push((key, place));
    }

    /// The texts at these places.
    fn of<'a>(&self, text: &'a str) -> impl Iterator<Item = (MatchKey, &'a str)> {
        self.places.iter().map(|(key, place)| (*key, &text[place.clone()]))
    }

    /// The [fingerprint](append) of all texts.
    #[inline]
    pub(super) fn fingerprint(&self) -> u64 {
        self.fingerprint
    }
}

static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::default);

/// Returns the fingerprint of texts with this fingerprint and of the options by which they are read.
#[inline(never)]
pub(super) fn with_options(fingerprint: u64, options: CleaningOptions) -> u64 {
    HASHER.hash_one((fingerprint, options))
}

/// Returns the fingerprint of texts and their keys, in the order given: of those with this fingerprint, and one more.
#[inline]
pub(super) fn append(fingerprint: u64, key: MatchKey, raw: &str) -> u64 {
    let mut hasher = HASHER.build_hasher();
    hasher.write_u64((key as u64) << 48 | raw.len() as u64);
    hasher.write(raw.as_bytes());
    // Only this step waits for the texts before. An odd factor loses no bit, and makes the order count.
    (fingerprint ^ hasher.finish()).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
