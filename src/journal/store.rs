//! The rules in which order the disk and memory change.
//!
//! 1. A segment is created, synced, and its name synced, before a record goes into it.
//! 2. The records of a batch are written, then synced, then applied to memory, then promised to their callers.
//! 3. A write that fails is cut off again. A sync that fails closes the journal: what the disk holds is unknown then.
//! 4. Segments are deleted from the oldest on, after a record that they are finished is synced. So no outcome goes
//!    before its event.
//! 5. What was read when the journal was opened is synced before anything is answered from it: the process before may
//!    have been killed between a write and its sync.

use std::path::Path;
use std::time::Duration;

use super::batch::{BATCH_BYTES, Batch, Handed};
use super::compare::{compare, is_same};
use super::damage::Damage;
use super::disk::Disk;
use super::entry::{self, Entry, StoredEvent};
use super::error::{JournalError, JournalErrorKind};
use super::files::Files;
use super::hand_over::{EntryId, HandOver, KnownEvent};
use super::identity::Identity;
use super::index::{Index, Segment};
use super::pending::PendingEvent;
use super::record::Place;
use super::recovery::{Last, Recovered, missing, recover};
use super::segment::file_name;
use super::state::{EntryCounts, EntryState};
use crate::value::EventTime;

/// What the builder of a journal sets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) segment_bytes: u64,
    pub(super) kept: Duration,
}

/// What a clean-up did.
///
/// There is an example at [`Journal::clean_up`](super::Journal::clean_up).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CleanUp {
    /// The segment files that were deleted.
    pub segments: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// The events in them, which the journal does not know any more.
    pub events: u64,
}

/// What a verification read.
///
/// There is an example at [`Journal::verify`](super::Journal::verify).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Verification {
    /// The segment files.
    pub segments: u64,
    /// The records whose checksums are right.
    pub records: u64,
    /// The size of all segment files in bytes.
    pub bytes: u64,
    /// What cannot be read.
    pub damage: Vec<Damage>,
}

pub(super) struct Store<D> {
    files: Files<D>,
    limits: Limits,
    index: Index,
    /// The segment that records go into.
    active: u32,
    damage: Vec<Damage>,
    /// A write failed: the file may hold more than was cut off, until the next sync.
    unsynced: bool,
    closed: bool,
    /// The memory of the last batch.
    memory: Vec<u8>,
}

impl<D: Disk> Store<D> {
    /// Opens the journal on a disk. Nothing is changed there before everything was read and recognized.
    pub(super) fn open(
        disk: D,
        folder: &Path,
        identity: Identity,
        limits: Limits,
    ) -> Result<Self, JournalError> {
        let mut files = Files { disk, folder: folder.to_owned(), identity };
        let Recovered { index, damage, numbers, last } = recover(&mut files, |_| {})?;
        let (Last::NotBegun(active) | Last::Begun { number: active, .. }) = last;
        let mut store =
            Self { files, limits, index, active, damage, unsynced: false, closed: false, memory: Vec::new() };
        store.repair(last)?;
        let needed = numbers.partition_point(|number| *number < store.index.first_needed);
        store.delete(&numbers[..needed])?;
        Ok(store)
    }

    /// Brings the last segment into the state that memory has, and makes it durable.
    fn repair(&mut self, last: Last) -> Result<(), JournalError> {
        let (number, torn_at) = match last {
            Last::NotBegun(number) => return self.start_segment(number),
            Last::Begun { number, torn_at } => (number, torn_at),
        };
        let (name, disk) = (file_name(number), &mut self.files.disk);
        let cut = torn_at.map_or(Ok(()), |end| disk.set_len(&name, end));
        let synced = cut.and_then(|()| disk.sync(&name)).and_then(|()| disk.sync_folder());
        synced.map_err(|cause| self.failed("cannot be made durable after it was read", cause))
    }

    fn delete(&mut self, numbers: &[u32]) -> Result<(), JournalError> {
        let mut any = false;
        for number in numbers {
            let removed = self.files.disk.remove(&file_name(*number));
            removed.map_err(|cause| self.failed("cannot delete a finished segment", cause))?;
            any = true;
        }
        if any {
            self.files.disk.sync_folder().map_err(|cause| self.failed("cannot sync its folder", cause))?;
        }
        Ok(())
    }

    /// Begins a segment. When this returns, records may go into it.
    fn start_segment(&mut self, number: u32) -> Result<(), JournalError> {
        let (name, header) = (file_name(number), self.files.identity.header(number));
        let disk = &mut self.files.disk;
        let written = disk.create(&name).and_then(|()| disk.write_at(&name, 0, &header));
        written.map_err(|cause| self.failed("cannot begin a segment", cause))?;
        self.files.disk.sync(&name).map_err(|cause| self.close(cause))?;
        self.files.disk.sync_folder().map_err(|cause| self.close(cause))?;
        self.active = number;
        self.index.set_len(number, header.len() as u64);
        Ok(())
    }

    fn rotate(&mut self) -> Result<(), JournalError> {
        if self.unsynced {
            self.files.disk.sync(&file_name(self.active)).map_err(|cause| self.close(cause))?;
            self.unsynced = false;
        }
        self.start_segment(self.active.saturating_add(1))
    }

    fn failed(&self, what: &str, cause: std::io::Error) -> JournalError {
        JournalError::of_disk(&self.files.folder, what, cause)
    }

    /// After a sync that failed, the disk may have dropped what it had taken, and the next sync would not say so.
    fn close(&mut self, cause: std::io::Error) -> JournalError {
        self.closed = true;
        JournalError::new(JournalErrorKind::SyncFailed, &self.files.folder).with_cause(cause)
    }

    /// Begins a batch of records, in a new segment if the last one is full.
    pub(super) fn begin(&mut self) -> Result<Batch, JournalError> {
        if self.closed {
            return Err(JournalError::new(JournalErrorKind::Closed, &self.files.folder));
        }
        if self.end_of_active() >= self.limits.segment_bytes {
            self.rotate()?;
        }
        let end = u32::try_from(self.end_of_active()).unwrap_or(u32::MAX);
        Ok(Batch::new(Place::new(self.active, end), std::mem::take(&mut self.memory)))
    }

    fn end_of_active(&self) -> u64 {
        self.index.len_of(self.active)
    }

    /// Adds an event to the batch, unless the journal has it.
    pub(super) fn hand_over(
        &mut self,
        batch: &mut Batch,
        handed: &Handed,
        now: EventTime,
    ) -> Result<HandOver, JournalError> {
        if let Some((known, json)) = self.find(batch, handed)? {
            return Ok(compare(known, &json, &handed.json));
        }
        let place = batch.push_event(&self.files.identity, handed, now);
        Ok(HandOver::Taken(EntryId(place)))
    }

    /// The event that the journal or the batch has under the same name and id, and its JSON.
    fn find(&mut self, batch: &Batch, handed: &Handed) -> Result<Option<(KnownEvent, String)>, JournalError> {
        let same = |place, state, stored: &StoredEvent<'_>| {
            let known = KnownEvent { id: EntryId(place), state, handed_over: stored.time };
            is_same(stored.json, &handed.json).then(|| (known, stored.json.to_owned()))
        };
        for (place, entry) in batch.events(handed.key) {
            if let Entry::Event(stored) = entry
                && let Some(found) = same(place, EntryState::Pending, &stored)
            {
                return Ok(Some(found));
            }
        }
        for place in self.index.known.places(handed.key) {
            let (kind, body) = self.files.read_record(place)?;
            if let Some(Entry::Event(stored)) = Entry::read(kind, &body)
                && let Some(found) = same(place, self.index.state(place), &stored)
            {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Adds an attempt that begins, or that surely failed, to the batch.
    pub(super) fn attempt(
        &self,
        batch: &mut Batch,
        places: &[Place],
        failed: bool,
        now: EventTime,
    ) -> Result<(), JournalError> {
        self.check_pending(batch, places)?;
        let write_body = |body: &mut Vec<u8>| entry::write_attempt(body, failed, now, places);
        batch.push(&self.files.identity, entry::ATTEMPT, write_body);
        Ok(())
    }

    /// Adds an outcome to the batch.
    pub(super) fn outcome(
        &self,
        batch: &mut Batch,
        places: &[Place],
        (state, code): (EntryState, &str),
        now: EventTime,
    ) -> Result<(), JournalError> {
        self.check_pending(batch, places)?;
        let write_body = |body: &mut Vec<u8>| entry::write_outcome(body, state, code, now, places);
        batch.push(&self.files.identity, entry::OUTCOME, write_body);
        batch.ended.extend(places);
        Ok(())
    }

    fn check_pending(&self, batch: &Batch, places: &[Place]) -> Result<(), JournalError> {
        let is_pending =
            |place: &Place| self.index.pending.contains_key(place) && !batch.ended.contains(place);
        match places.iter().find(|place| !is_pending(place)) {
            Some(place) => Err(JournalError::new(JournalErrorKind::NotPending, &self.files.folder)
                .with_detail(EntryId(*place).to_string())),
            None => Ok(()),
        }
    }

    /// Writes and syncs the batch. When this returns, every record of it is promised; after an error, none is.
    pub(super) fn commit(&mut self, batch: &Batch) -> Result<(), JournalError> {
        if batch.buffer.is_empty() {
            return Ok(());
        }
        let (name, end) = (file_name(self.active), self.end_of_active());
        if let Err(cause) = self.files.disk.write_at(&name, end, &batch.buffer) {
            self.unsynced = true;
            if let Err(cause) = self.files.disk.set_len(&name, end) {
                return Err(self.close(cause));
            }
            return Err(self.failed("cannot be written", cause));
        }
        if let Err(cause) = self.files.disk.sync(&name) {
            // Whoever opens the journal next would read from memory what the disk may have dropped.
            let _ = self.files.disk.set_len(&name, end);
            return Err(self.close(cause));
        }
        self.unsynced = false;
        self.index.set_len(self.active, end + batch.len() as u64);
        batch.entries().for_each(|(place, entry)| self.index.apply(place, &entry));
        Ok(())
    }

    /// Takes the memory of a batch that is over, for the next one.
    pub(super) fn reuse(&mut self, batch: Batch) {
        if batch.buffer.capacity() <= 2 * BATCH_BYTES {
            self.memory = batch.buffer;
        }
    }

    /// Deletes the segments that are finished and older than the journal keeps them.
    pub(super) fn clean_up(&mut self, now: EventTime) -> Result<CleanUp, JournalError> {
        let is_over = |segment: &Segment| {
            let age = segment.newest.map(|newest| now.unix().saturating_sub(newest.unix()));
            let is_old =
                age.is_none_or(|age| u64::try_from(age).is_ok_and(|age| age > self.limits.kept.as_secs()));
            is_old && segment.counts.pending == 0
        };
        let first_needed = self.index.segments.iter().find(|(_, segment)| !is_over(segment));
        let first_needed = first_needed.map_or(self.active.saturating_add(1), |(number, _)| *number);
        let has_events = self.index.segments.get(&self.active).is_some_and(|active| active.newest.is_some());
        let first_needed = if has_events { first_needed } else { first_needed.min(self.active) };
        let over: Vec<u32> = self.index.segments.range(..first_needed).map(|(number, _)| *number).collect();
        if over.is_empty() {
            return Ok(CleanUp::default());
        }
        let mut batch = self.begin()?;
        if first_needed > batch.place.segment() {
            self.rotate()?;
            batch = self.begin()?;
        }
        batch.push(&self.files.identity, entry::FINISHED, |body| entry::write_finished(body, first_needed));
        let freed =
            self.index.segments.range(..first_needed).fold(CleanUp::default(), |freed, (_, segment)| {
                CleanUp {
                    segments: freed.segments + 1,
                    bytes: freed.bytes + segment.len,
                    events: freed.events + segment.counts.total(),
                }
            });
        self.commit(&batch)?;
        self.index.forget_finished();
        self.delete(&over)?;
        Ok(freed)
    }

    /// Reads every segment again.
    pub(super) fn verify(&mut self) -> Result<Verification, JournalError> {
        let mut verification = Verification::default();
        let numbers = self.files.numbers()?;
        let needed = numbers.partition_point(|number| *number < self.index.first_needed);
        for number in &numbers[needed..] {
            let segment = self.files.read(*number)?;
            verification.segments += 1;
            verification.bytes += segment.len();
            verification.records += segment.records();
            verification.damage.extend(segment.damage());
        }
        verification.damage.extend(missing(self.index.first_needed, &numbers));
        Ok(verification)
    }

    pub(super) fn damage(&self) -> &[Damage] {
        &self.damage
    }

    pub(super) fn counts(&self) -> EntryCounts {
        self.index.counts()
    }

    pub(super) fn bytes(&self) -> u64 {
        self.index.bytes()
    }

    pub(super) fn pending(&self) -> Vec<Place> {
        self.index.pending.keys().copied().collect()
    }

    /// A pending event. None if it has an outcome now.
    pub(super) fn pending_event(&mut self, place: Place) -> Result<Option<PendingEvent>, JournalError> {
        let Some(progress) = self.index.pending.get(&place).cloned() else { return Ok(None) };
        let (kind, body) = self.files.read_record(place)?;
        let Some(Entry::Event(stored)) = Entry::read(kind, &body) else { return Ok(None) };
        Ok(Some(PendingEvent {
            id: EntryId(place),
            progress,
            records_lost: self.damage.iter().any(|damage| damage.end().is_some_and(|end| place < end)),
            lines: stored.lines().collect(),
            json: stored.json.to_owned(),
            journal: self.files.folder.clone(),
        }))
    }
}
