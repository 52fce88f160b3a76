//! Which events are in the journal, in memory: a key and a place for each event, 16 bytes.

use hashbrown::HashTable;

use super::record::Place;

/// The events that are not taken again, by their dedup keys.
///
/// Different events can have one key. So whoever asks gets every place, and reads there.
#[derive(Debug, Default)]
pub(super) struct Known(HashTable<(u64, Place)>);

impl Known {
    pub(super) fn insert(&mut self, key: u64, place: Place) {
        self.0.insert_unique(key, (key, place), |(key, _)| *key);
    }

    pub(super) fn places(&self, key: u64) -> Vec<Place> {
        self.0.iter_hash(key).filter(|known| known.0 == key).map(|known| known.1).collect()
    }

    pub(super) fn remove(&mut self, key: u64, place: Place) {
        if let Ok(known) = self.0.find_entry(key, |known| *known == (key, place)) {
            known.remove();
        }
    }

    /// Forgets what is in segments before this one.
    pub(super) fn forget_before(&mut self, segment: u32) {
        self.0.retain(|(_, place)| place.segment() >= segment);
        self.0.shrink_to_fit(|(key, _)| *key);
    }
}
