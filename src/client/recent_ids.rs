//! The event ids that a run has taken.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::BuildHasher;

use foldhash::quality::RandomState;

use crate::event::Event;

/// The event ids of a run, as hashes of 128 bits with random keys: two different ids have the same hash
/// less often than memory fails.
pub(super) struct RecentIds {
    hashes: HashSet<u128, RandomState>,
    in_order: VecDeque<u128>,
    /// How often the order still has an id that was forgotten: always before the id itself, if it came again.
    forgotten: HashMap<u128, usize, RandomState>,
    max: usize,
    keys: [RandomState; 2],
}

impl RecentIds {
    /// Remembers every id.
    pub(super) fn all() -> Self {
        Self::last(usize::MAX)
    }

    /// Remembers the last `max` ids.
    pub(super) fn last(max: usize) -> Self {
        Self {
            hashes: HashSet::default(),
            in_order: VecDeque::new(),
            forgotten: HashMap::default(),
            max,
            keys: [RandomState::default(), RandomState::default()],
        }
    }

    /// Remembers the id and name of an event. Tells whether no event before had both.
    pub(super) fn is_new(&mut self, event: &Event) -> bool {
        let Some(hash) = self.hash(event) else { return true };
        if !self.hashes.insert(hash) {
            return false;
        }
        self.in_order.push_back(hash);
        if self.in_order.len() > self.max
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.drop_oldest(oldest);
        }
        true
    }

    /// Forgets the id and name of an event, so that the same event may come again.
    pub(super) fn forget(&mut self, event: &Event) {
        let Some(hash) = self.hash(event) else { return };
        if self.hashes.remove(&hash) {
            *self.forgotten.entry(hash).or_default() += 1;
        }
    }

    fn hash(&self, event: &Event) -> Option<u128> {
        let id = event.id()?;
        let [high, low] = self.keys.each_ref().map(|key| u128::from(key.hash_one((id, event.name()))));
        Some(high << 64 | low)
    }

    fn drop_oldest(&mut self, oldest: u128) {
        match self.forgotten.get_mut(&oldest) {
            None => {
                self.hashes.remove(&oldest);
            }
            Some(1) => {
                self.forgotten.remove(&oldest);
            }
            Some(count) => *count -= 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::customer::UserData;
    use crate::value::EventTime;

    fn event(id: u8) -> Event {
        let customer = UserData::builder().email("mary@example.com").build().unwrap();
        let builder = Event::builder(EventTime::from_unix(1_767_225_600).unwrap(), customer);
        builder.name("Subscribe".parse().unwrap()).event_id(id.to_string().parse().unwrap()).build().unwrap()
    }

    proptest::proptest! {
        #[test]
        fn an_id_is_known_while_it_is_among_the_last_and_not_forgotten(
            steps in proptest::collection::vec((0_u8..6, proptest::bool::weighted(0.3)), 0..200),
            max in 1_usize..8,
        ) {
            let mut ids = RecentIds::last(max);
            let mut model = VecDeque::<Option<u8>>::new();
            for (id, forgets) in steps {
                if forgets {
                    ids.forget(&event(id));
                    model.iter_mut().filter(|known| **known == Some(id)).for_each(|known| *known = None);
                    continue;
                }
                let is_new = !model.contains(&Some(id));
                proptest::prop_assert_eq!(ids.is_new(&event(id)), is_new);
                if is_new {
                    model.push_back(Some(id));
                    if model.len() > max {
                        model.pop_front();
                    }
                }
            }
            proptest::prop_assert!(ids.hashes.len() <= max && ids.forgotten.len() <= max);
        }
    }
}
