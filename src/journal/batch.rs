//! Records on their way to the disk: events that are handed over, and batches that are written with one sync.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::path::Path;

use super::entry::{self, Entry};
use super::error::{JournalError, JournalErrorKind};
use super::identity::Identity;
use super::record::{self, MAX_BODY, Place};
use crate::event::Event;
use crate::value::Line;

/// An event on its way into the journal.
#[derive(Debug)]
pub(super) struct Handed {
    pub(super) key: u64,
    pub(super) json: String,
    pub(super) lines: Vec<Line>,
}

impl Handed {
    pub(super) fn new(event: &Event, folder: &Path) -> Result<Self, JournalError> {
        let json = serde_json::to_string(event).map_err(|error| {
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
    taken: HashMap<u64, Vec<usize>>,
    /// The events that get an outcome in the batch.
    pub(super) ended: HashSet<Place>,
}

impl Batch {
    pub(super) fn new(place: Place) -> Self {
        let (buffer, records) = (Vec::new(), Vec::new());
        Self { place, buffer, records, taken: HashMap::new(), ended: HashSet::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.buffer.len()
    }

    /// Adds a record.
    pub(super) fn push(&mut self, identity: &Identity, kind: u32, body: &[u8]) -> Place {
        let offset = u32::try_from(self.buffer.len()).unwrap_or(u32::MAX);
        let place = Place::new(self.place.segment(), self.place.offset().saturating_add(offset));
        record::write(&mut self.buffer, identity, place, kind, body);
        self.records.push((place, kind, self.buffer.len() - body.len()..self.buffer.len()));
        place
    }

    /// Adds an event, so that another one with the same key finds it.
    pub(super) fn push_event(&mut self, identity: &Identity, key: u64, body: &[u8]) -> Place {
        let place = self.push(identity, entry::EVENT, body);
        self.taken.entry(key).or_default().push(self.records.len() - 1);
        place
    }

    /// The events in the batch with this key.
    pub(super) fn events(&self, key: u64) -> impl Iterator<Item = (Place, Entry<'_>)> {
        let indexes = self.taken.get(&key).into_iter().flatten();
        indexes.filter_map(|index| self.read(&self.records[*index]))
    }

    /// What the records say.
    pub(super) fn entries(&self) -> impl Iterator<Item = (Place, Entry<'_>)> {
        self.records.iter().filter_map(|record| self.read(record))
    }

    fn read(&self, (place, kind, body): &(Place, u32, Range<usize>)) -> Option<(Place, Entry<'_>)> {
        Some((*place, Entry::read(*kind, &self.buffer[body.clone()])?))
    }
}
