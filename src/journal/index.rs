//! What memory knows of a journal. It is made from records alone: the same code applies them when a journal is read
//! and when it is written.

use std::collections::{BTreeMap, BTreeSet};

use super::entry::Entry;
use super::known::Known;
use super::pending::Progress;
use super::record::Place;
use super::state::{EntryCounts, EntryState};
use crate::value::EventTime;

/// What memory knows of a segment.
#[derive(Debug, Default)]
pub(super) struct Segment {
    pub(super) len: u64,
    /// When the newest event was handed over.
    pub(super) newest: Option<EventTime>,
    pub(super) counts: EntryCounts,
}

/// What memory knows of a journal.
#[derive(Debug)]
pub(super) struct Index {
    pub(super) segments: BTreeMap<u32, Segment>,
    /// The first segment that is not finished.
    pub(super) first_needed: u32,
    pub(super) known: Known,
    pub(super) pending: BTreeMap<Place, Progress>,
    unconfirmed: BTreeSet<Place>,
}

impl Index {
    pub(super) fn new() -> Self {
        Self {
            segments: BTreeMap::new(),
            first_needed: 1,
            known: Known::default(),
            pending: BTreeMap::new(),
            unconfirmed: BTreeSet::new(),
        }
    }

    /// Sets the length of a segment, which may be new.
    pub(super) fn set_len(&mut self, segment: u32, len: u64) {
        self.segments.entry(segment).or_default().len = len;
    }

    pub(super) fn len_of(&self, segment: u32) -> u64 {
        self.segments.get(&segment).map_or(0, |segment| segment.len)
    }

    /// Applies a record that is on the disk.
    pub(super) fn apply(&mut self, place: Place, entry: &Entry<'_>) {
        match entry {
            Entry::Event(event) => {
                self.known.insert(event.key, place);
                self.pending.insert(place, Progress::new(event.key, event.time));
                let segment = self.segments.entry(place.segment()).or_default();
                segment.counts.pending += 1;
                segment.newest = segment.newest.max(Some(event.time));
            }
            Entry::Attempt { failed, time, places } => {
                for place in places.iter() {
                    match self.pending.get_mut(&place) {
                        Some(progress) if *failed => progress.fail_cleanly(),
                        Some(progress) => progress.begin(*time),
                        None => {}
                    }
                }
            }
            Entry::Outcome { state, places, .. } => {
                for place in places.iter() {
                    self.end(place, *state);
                }
            }
            Entry::Finished { first_needed } => {
                // The segment of the record itself is needed, whatever the record says.
                let first_needed = place.segment().min(*first_needed);
                self.first_needed = self.first_needed.max(first_needed);
            }
        }
    }

    fn end(&mut self, place: Place, state: EntryState) {
        let Some(progress) = self.pending.remove(&place) else { return };
        let counts = &mut self.segments.entry(place.segment()).or_default().counts;
        counts.pending -= 1;
        *counts.of(state) += 1;
        if state == EntryState::Unconfirmed {
            self.unconfirmed.insert(place);
        }
        if !state.is_remembered() {
            self.known.remove(progress.key, place);
        }
    }

    /// Forgets what is in segments that are finished: their files may still be there, some or all.
    pub(super) fn forget_finished(&mut self) {
        let first = self.first_needed;
        self.segments = self.segments.split_off(&first);
        self.pending = self.pending.split_off(&Place::new(first, 0));
        self.unconfirmed = self.unconfirmed.split_off(&Place::new(first, 0));
        self.known.forget_before(first);
    }

    /// Where an event that is remembered stands.
    pub(super) fn state(&self, place: Place) -> EntryState {
        if self.unconfirmed.contains(&place) {
            EntryState::Unconfirmed
        } else if self.pending.contains_key(&place) {
            EntryState::Pending
        } else {
            EntryState::Accepted
        }
    }

    pub(super) fn counts(&self) -> EntryCounts {
        let mut counts = EntryCounts::default();
        self.segments.values().for_each(|segment| counts.add(segment.counts));
        counts
    }

    pub(super) fn bytes(&self) -> u64 {
        self.segments.values().map(|segment| segment.len).sum()
    }
}
