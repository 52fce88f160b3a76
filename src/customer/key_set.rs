//! Sets of match keys, each in one machine word.

use super::MatchKey;

/// A set of match keys; iterates in the order of [`MatchKey::ALL`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct KeySet(u64);

const _: () = assert!(MatchKey::ALL.len() <= 64, "a key is a bit");

impl KeySet {
    pub(super) const fn of(keys: &[MatchKey]) -> Self {
        let mut bits = 0;
        let mut index = 0;
        while index < keys.len() {
            bits |= 1 << keys[index] as u8;
            index += 1;
        }
        Self(bits)
    }

    pub(super) fn with(self, key: MatchKey) -> Self {
        Self(self.0 | 1 << key as u8)
    }

    pub(super) fn without(self, key: MatchKey) -> Self {
        Self(self.0 & !(1 << key as u8))
    }

    pub(super) fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    pub(super) fn contains(self, key: MatchKey) -> bool {
        self.0 >> key as u8 & 1 == 1
    }

    pub(super) fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    pub(super) fn keys(self) -> impl Iterator<Item = MatchKey> {
        MatchKey::ALL.into_iter().filter(move |key| self.contains(*key))
    }
}

impl FromIterator<MatchKey> for KeySet {
    fn from_iter<I: IntoIterator<Item = MatchKey>>(keys: I) -> Self {
        keys.into_iter().fold(Self::default(), Self::with)
    }
}
