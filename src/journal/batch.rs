//! Records on their way to the disk: events that are handed over, and batches that are written with one sync.

use std::collections::HashSet;
use std::ops::Range;
use std::path::Path;

use hashbrown::HashTable;

use super::entry::{self, Entry};
use super::error::{JournalError, JournalErrorKind};
use super::identity::Identity;
use super::record::{self, MAX_BODY, Place};
use crate::event::Event;
use crate::value::{EventTime, Line};

/// A batch that is as large is written, whatever else waits.
pub(super) const BATCH_BYTES: usize = 4 << 20;

/// An event on its way into the journal.
#[derive(Debug)]
pub(super) struct Handed {
    pub(super) key: u64,
    pub(super) json: String,
    pub(super) lines: Vec<Line>,
}

impl Handed {
    /// `memory` is used again for the next event.
    pub(super) fn new(event: &Event, folder: &Path, memory: &mut Vec<u8>) -> Result<Self, JournalError> {
        let json = String::from_utf8(event.json(memory).to_vec()).map_err(|error| {
            JournalError::new(JournalErrorKind::InvalidEvent, folder).with_detail(error.to_string())
        })?;
        let handed = Self { key: event.dedup_key(), json, lines: event.lines().to_vec() };
        let size = handed.size();
        if size > MAX_BODY {
            let error = JournalError::new(JournalErrorKind::TooLarge, folder);
            return Err(error.with_detail(format!("{size} bytes")));
        }
        Ok(handed)
    }

    /// About the size of the record.
    pub(super) fn size(&self) -> usize {
        64 + self.json.len() + self.lines.len() * 10
    }
}

/// Records that are not on the disk yet.
#[derive(Debug)]
pub(super) struct Batch {
    /// Where the first record will stand.
    pub(super) place: Place,
    pub(super) buffer: Vec<u8>,
    records: Vec<(Place, u32, Range<usize>)>,
    /// The events in the batch by their keys, as indexes of `records`.
    taken: HashTable<(u64, usize)>,
    /// The events that get an outcome in the batch.
    pub(super) ended: HashSet<Place>,
}

impl Batch {
    /// A batch whose first record will stand at `place`. The content of `memory` is dropped.
    pub(super) fn new(place: Place, memory: Vec<u8>) -> Self {
        let mut buffer = memory;
        buffer.clear();
        Self { place, buffer, records: Vec::new(), taken: HashTable::new(), ended: HashSet::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.buffer.len()
    }

    /// Adds a record.
    pub(super) fn push(
        &mut self,
        identity: &Identity,
        kind: u32,
        write_body: impl FnOnce(&mut Vec<u8>),
    ) -> Place {
        let offset = u32::try_from(self.buffer.len()).unwrap_or(u32::MAX);
        let place = Place::new(self.place.segment(), self.place.offset().saturating_add(offset));
        let body = record::write(&mut self.buffer, identity, place, kind, write_body);
        self.records.push((place, kind, body));
        place
    }

    /// Adds an event, so that another one with the same key finds it.
    pub(super) fn push_event(&mut self, identity: &Identity, handed: &Handed, now: EventTime) -> Place {
        let place = self.push(identity, entry::EVENT, |body| {
            entry::write_event(body, now, handed.key, &handed.lines, &handed.json);
        });
        self.taken.insert_unique(handed.key, (handed.key, self.records.len() - 1), |(key, _)| *key);
        place
    }

    /// The events in the batch with this key.
    pub(super) fn events(&self, key: u64) -> impl Iterator<Item = (Place, Entry<'_>)> {
        let taken = self.taken.iter_hash(key).filter(move |(taken, _)| *taken == key);
        taken.filter_map(|(_, index)| self.read(&self.records[*index]))
    }

    /// What the records say.
    pub(super) fn entries(&self) -> impl Iterator<Item = (Place, Entry<'_>)> {
        self.records.iter().filter_map(|record| self.read(record))
    }

    fn read(&self, (place, kind, body): &(Place, u32, Range<usize>)) -> Option<(Place, Entry<'_>)> {
        Some((*place, Entry::read(*kind, &self.buffer[body.clone()])?))
    }
}
