//! The journal on a disk: segments, what memory knows of them, and the rules in which order they change.
//!
//! 1. A segment is created, synced, and its name synced, before a record goes into it.
//! 2. The records of a batch are written, then synced, then applied to memory, then promised to their callers.
//! 3. A write that fails is cut off again. A sync that fails closes the journal: what the disk holds is unknown then.
//! 4. Segments are deleted from the oldest on, after a record that they are finished is synced. So no outcome goes
//!    before its event.
//! 5. Memory is made from records alone: the same code applies them when a journal is opened and when it is used.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::damage::{Damage, DamageKind};
use super::disk::Disk;
use super::entry::{self, Entry};
use super::error::{JournalError, JournalErrorKind};
use super::hand_over::{ChangedEvent, EntryId, HandOver, KnownEvent};
use super::identity::{Identity, VERSION};
use super::known::Known;
use super::pending::{PendingEvent, Progress};
use super::record::{self, HEAD, Head, MAX_BODY, Place};
use super::segment::{Header, Scan, file_name, number_of};
use super::state::{EntryCounts, EntryState};
use crate::event::Event;
use crate::value::{EventTime, Line};

/// What the builder of a journal sets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) segment_bytes: u64,
    pub(super) kept: Duration,
}

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

#[derive(Debug, Default)]
struct Segment {
    len: u64,
    newest: Option<EventTime>,
    counts: EntryCounts,
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

/// Records that are not on the disk yet.
#[derive(Debug)]
pub(super) struct Batch {
    place: Place,
    buffer: Vec<u8>,
    records: Vec<(Place, u32, Range<usize>)>,
    /// The events in the batch by their keys, as indexes of `records`.
    taken: HashMap<u64, Vec<usize>>,
    ended: HashSet<Place>,
}

impl Batch {
    pub(super) fn len(&self) -> usize {
        self.buffer.len()
    }

    fn push(&mut self, identity: &Identity, kind: u32, body: &[u8]) -> Place {
        let offset = u32::try_from(self.buffer.len()).unwrap_or(u32::MAX);
        let place = Place::new(self.place.segment(), self.place.offset().saturating_add(offset));
        record::write(&mut self.buffer, identity, place, kind, body);
        self.records.push((place, kind, self.buffer.len() - body.len()..self.buffer.len()));
        place
    }
}

pub(super) struct Store<D> {
    disk: D,
    folder: PathBuf,
    identity: Identity,
    limits: Limits,
    segments: BTreeMap<u32, Segment>,
    active: u32,
    first_needed: u32,
    known: Known,
    pending: BTreeMap<Place, Progress>,
    unconfirmed: BTreeSet<Place>,
    damage: Vec<Damage>,
    /// A write failed: the file may hold more than was cut off, until the next sync.
    unsynced: bool,
    closed: bool,
}

impl<D: Disk> Store<D> {
    /// Opens the journal on a disk. Nothing is changed there before everything was read and recognized.
    pub(super) fn open(
        disk: D,
        folder: &Path,
        identity: Identity,
        limits: Limits,
    ) -> Result<Self, JournalError> {
        let mut store = Self {
            disk,
            folder: folder.to_owned(),
            identity,
            limits,
            segments: BTreeMap::new(),
            active: 1,
            first_needed: 1,
            known: Known::default(),
            pending: BTreeMap::new(),
            unconfirmed: BTreeSet::new(),
            damage: Vec::new(),
            unsynced: false,
            closed: false,
        };
        let numbers = store.numbers()?;
        let mut torn_at = None;
        let mut never_begun = None;
        for number in &numbers {
            let is_last = Some(number) == numbers.last();
            let file = store.read_file(*number)?;
            if is_last && Header::read(&file, &store.identity, *number) == Header::Torn {
                never_begun = Some(*number);
                break;
            }
            let mut scan = store.scan(*number, &file)?;
            if is_last && let Some(tail) = scan.take_tail(file.len()) {
                store.damage.push(Damage::new(DamageKind::TornTail, *number, tail.start, tail.end));
                torn_at = Some(tail.start as u64);
            }
            store.add_segment(*number, file.len() as u64);
            store.note_unreadable(*number, &scan);
            for (place, kind, body) in scan.records {
                if let Some(entry) = Entry::read(kind, &file[body]) {
                    store.apply(place, &entry);
                }
            }
        }
        store.forget_finished();
        let missing = missing(store.first_needed, &numbers);
        store.damage.extend(missing);
        store.repair(&numbers, torn_at, never_begun)?;
        Ok(store)
    }

    fn numbers(&mut self) -> Result<Vec<u32>, JournalError> {
        let names = self
            .disk
            .list()
            .map_err(|cause| JournalError::of_disk(&self.folder, "cannot be listed", cause))?;
        let mut numbers: Vec<u32> = names.iter().filter_map(|name| number_of(name)).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn read_file(&mut self, segment: u32) -> Result<Vec<u8>, JournalError> {
        let name = file_name(segment);
        self.disk
            .read(&name)
            .map_err(|cause| JournalError::of_disk(&self.folder.join(name), "cannot be read", cause))
    }

    /// The records of a file, or why it is left alone.
    fn scan(&self, segment: u32, file: &[u8]) -> Result<Scan, JournalError> {
        let refused = |kind, detail: String| {
            Err(JournalError::new(kind, &self.folder.join(file_name(segment))).with_detail(detail))
        };
        let start = match Header::read(file, &self.identity, segment) {
            Header::Own(start) => start,
            Header::OtherVersion(version) => {
                let detail = format!("version {version}, and this is version {VERSION}");
                return refused(JournalErrorKind::UnknownVersion, detail);
            }
            Header::OtherDataset(dataset) => {
                let detail = format!("{dataset}, and not {}", self.identity.dataset());
                return refused(JournalErrorKind::OtherDataset, detail);
            }
            Header::OtherEndpoint(endpoint) => {
                let detail = format!("{endpoint}, and not {}", self.identity.endpoint());
                return refused(JournalErrorKind::OtherEndpoint, detail);
            }
            Header::OtherKeyPolicy(policy) => {
                let detail = format!("{policy:?}, and not {:?}", self.identity.key_policy());
                return refused(JournalErrorKind::OtherKeyPolicy, detail);
            }
            Header::Torn | Header::Damaged => 0,
        };
        let mut scan = Scan::of(file, &self.identity, segment, start);
        if start == 0 && scan.records.is_empty() {
            let zeros = if file.iter().all(|byte| *byte == 0) { ", all of them zero" } else { "" };
            return refused(JournalErrorKind::NotAJournal, format!("{} bytes{zeros}", file.len()));
        }
        let (read, unknown) = scan
            .records
            .into_iter()
            .partition(|(_, kind, body)| Entry::read(*kind, &file[body.clone()]).is_some());
        scan.records = read;
        let unknown: Vec<(Place, u32, Range<usize>)> = unknown;
        scan.unreadable.extend(unknown.into_iter().map(|(.., body)| body.start - HEAD..body.end));
        Ok(scan)
    }

    fn note_unreadable(&mut self, segment: u32, scan: &Scan) {
        let damage = scan
            .unreadable
            .iter()
            .map(|part| Damage::new(DamageKind::Unreadable, segment, part.start, part.end));
        self.damage.extend(damage);
    }

    fn add_segment(&mut self, number: u32, len: u64) {
        self.active = number;
        self.segments.entry(number).or_default().len = len;
    }

    /// Drops from memory what is in segments that are finished: their files may still be there, some or all.
    fn forget_finished(&mut self) {
        let first = self.first_needed;
        self.segments = self.segments.split_off(&first);
        self.pending = self.pending.split_off(&Place::new(first, 0));
        self.unconfirmed = self.unconfirmed.split_off(&Place::new(first, 0));
        self.known.forget_before(first);
        self.damage.retain(|damage| damage.segment() >= first);
    }

    /// Brings the disk into the state that memory has.
    fn repair(
        &mut self,
        numbers: &[u32],
        torn_at: Option<u64>,
        never_begun: Option<u32>,
    ) -> Result<(), JournalError> {
        if let Some(number) = never_begun.or(numbers.is_empty().then_some(1)) {
            self.start_segment(number)?;
        }
        if let Some(end) = torn_at {
            let name = file_name(self.active);
            let cut = self.disk.set_len(&name, end).and_then(|()| self.disk.sync(&name));
            cut.map_err(|cause| self.failed("cannot be cut after a torn write", cause))?;
            self.add_segment(self.active, end);
        }
        let needed = numbers.partition_point(|number| *number < self.first_needed);
        self.delete(&numbers[..needed])
    }

    fn delete(&mut self, numbers: &[u32]) -> Result<(), JournalError> {
        let mut any = false;
        for number in numbers {
            let removed = self.disk.remove(&file_name(*number));
            removed.map_err(|cause| self.failed("cannot delete a finished segment", cause))?;
            any = true;
        }
        if any {
            self.disk.sync_folder().map_err(|cause| self.failed("cannot sync its folder", cause))?;
        }
        Ok(())
    }

    /// Begins a segment. When this returns, records may go into it.
    fn start_segment(&mut self, number: u32) -> Result<(), JournalError> {
        let (name, header) = (file_name(number), self.identity.header(number));
        let written = self.disk.create(&name).and_then(|()| self.disk.write_at(&name, 0, &header));
        written.map_err(|cause| self.failed("cannot begin a segment", cause))?;
        self.disk.sync(&name).map_err(|cause| self.close(cause))?;
        self.disk.sync_folder().map_err(|cause| self.close(cause))?;
        self.add_segment(number, header.len() as u64);
        Ok(())
    }

    fn rotate(&mut self) -> Result<(), JournalError> {
        if self.unsynced {
            self.disk.sync(&file_name(self.active)).map_err(|cause| self.close(cause))?;
            self.unsynced = false;
        }
        self.start_segment(self.active.saturating_add(1))
    }

    fn failed(&self, what: &str, cause: std::io::Error) -> JournalError {
        JournalError::of_disk(&self.folder, what, cause)
    }

    /// After a sync that failed, the disk may have dropped what it had taken, and the next sync would not say so.
    fn close(&mut self, cause: std::io::Error) -> JournalError {
        self.closed = true;
        JournalError::new(JournalErrorKind::SyncFailed, &self.folder).with_cause(cause)
    }

    /// Applies a record that is on the disk.
    fn apply(&mut self, place: Place, entry: &Entry<'_>) {
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
            Entry::Outcome { state, places } => {
                for place in places.iter() {
                    self.end(place, *state);
                }
            }
            Entry::Finished { first_needed } => self.first_needed = self.first_needed.max(*first_needed),
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

    /// Begins a batch of records, in a new segment if the last one is full.
    pub(super) fn begin(&mut self) -> Result<Batch, JournalError> {
        if self.closed {
            return Err(JournalError::new(JournalErrorKind::Closed, &self.folder));
        }
        if self.end_of_active() >= self.limits.segment_bytes {
            self.rotate()?;
        }
        Ok(Batch {
            place: Place::new(self.active, u32::try_from(self.end_of_active()).unwrap_or(u32::MAX)),
            buffer: Vec::new(),
            records: Vec::new(),
            taken: HashMap::new(),
            ended: HashSet::new(),
        })
    }

    fn end_of_active(&self) -> u64 {
        self.segments.get(&self.active).map_or(0, |segment| segment.len)
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
        let body = entry::event_body(now, handed.key, &handed.lines, &handed.json);
        let place = batch.push(&self.identity, entry::EVENT, &body);
        batch.taken.entry(handed.key).or_default().push(batch.records.len() - 1);
        Ok(HandOver::Taken(EntryId(place)))
    }

    /// The event that the journal or the batch has under the same name and id, and its JSON.
    fn find(&mut self, batch: &Batch, handed: &Handed) -> Result<Option<(KnownEvent, String)>, JournalError> {
        for index in batch.taken.get(&handed.key).into_iter().flatten() {
            let (place, kind, body) = &batch.records[*index];
            if let Some(found) = self.same(*place, *kind, &batch.buffer[body.clone()], handed) {
                return Ok(Some(found));
            }
        }
        for place in self.known.places(handed.key) {
            let (kind, body) = self.read_record(place)?;
            if let Some(found) = self.same(place, kind, &body, handed) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn same(&self, place: Place, kind: u32, body: &[u8], handed: &Handed) -> Option<(KnownEvent, String)> {
        let Some(Entry::Event(stored)) = Entry::read(kind, body) else { return None };
        let known = KnownEvent { id: EntryId(place), state: self.state(place), handed_over: stored.time };
        is_same(stored.json, &handed.json).then(|| (known, stored.json.to_owned()))
    }

    /// Where an event that is remembered stands. One that is only in the batch is pending, too.
    fn state(&self, place: Place) -> EntryState {
        if self.unconfirmed.contains(&place) {
            EntryState::Unconfirmed
        } else if self.pending.contains_key(&place)
            || place.segment() == self.active && u64::from(place.offset()) >= self.end_of_active()
        {
            EntryState::Pending
        } else {
            EntryState::Accepted
        }
    }

    fn read_record(&mut self, place: Place) -> Result<(u32, Vec<u8>), JournalError> {
        let (name, offset) = (file_name(place.segment()), u64::from(place.offset()));
        let path = self.folder.join(&name);
        let lost = || {
            JournalError::new(JournalErrorKind::Unreadable, &path).with_detail(format!("at byte {offset}"))
        };
        let mut head = [0; HEAD];
        self.disk.read_at(&name, offset, &mut head).map_err(|cause| lost().with_cause(cause))?;
        let head = Head::read(&head, &self.identity, place).ok_or_else(lost)?;
        let mut body = vec![0; head.len];
        let read = self.disk.read_at(&name, offset + HEAD as u64, &mut body);
        read.map_err(|cause| lost().with_cause(cause))?;
        if head.is_of(&body) { Ok((head.kind, body)) } else { Err(lost()) }
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
        batch.push(&self.identity, entry::ATTEMPT, &entry::attempt_body(failed, now, places));
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
        batch.push(&self.identity, entry::OUTCOME, &entry::outcome_body(state, code, now, places));
        batch.ended.extend(places);
        Ok(())
    }

    fn check_pending(&self, batch: &Batch, places: &[Place]) -> Result<(), JournalError> {
        let is_pending = |place: &Place| self.pending.contains_key(place) && !batch.ended.contains(place);
        match places.iter().find(|place| !is_pending(place)) {
            Some(place) => Err(JournalError::new(JournalErrorKind::NotPending, &self.folder)
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
        if let Err(cause) = self.disk.write_at(&name, end, &batch.buffer) {
            self.unsynced = true;
            if let Err(cause) = self.disk.set_len(&name, end) {
                return Err(self.close(cause));
            }
            return Err(self.failed("cannot be written", cause));
        }
        self.disk.sync(&name).map_err(|cause| self.close(cause))?;
        self.unsynced = false;
        self.add_segment(self.active, end + batch.buffer.len() as u64);
        for (place, kind, body) in &batch.records {
            if let Some(entry) = Entry::read(*kind, &batch.buffer[body.clone()]) {
                self.apply(*place, &entry);
            }
        }
        Ok(())
    }

    /// Deletes the segments that are finished and older than the journal keeps them.
    pub(super) fn clean_up(&mut self, now: EventTime) -> Result<CleanUp, JournalError> {
        let is_over = |segment: &Segment| {
            let age = segment.newest.map(|newest| now.unix().saturating_sub(newest.unix()));
            let is_old =
                age.is_none_or(|age| u64::try_from(age).is_ok_and(|age| age > self.limits.kept.as_secs()));
            is_old && segment.counts.pending == 0
        };
        let first_needed = self.segments.iter().find(|(_, segment)| !is_over(segment));
        let first_needed = first_needed.map_or(self.active.saturating_add(1), |(number, _)| *number);
        let has_events = self.segments.get(&self.active).is_some_and(|active| active.newest.is_some());
        let first_needed = if has_events { first_needed } else { first_needed.min(self.active) };
        let over: Vec<u32> = self.segments.range(..first_needed).map(|(number, _)| *number).collect();
        if over.is_empty() {
            return Ok(CleanUp::default());
        }
        let mut batch = self.begin()?;
        if first_needed > batch.place.segment() {
            self.rotate()?;
            batch = self.begin()?;
        }
        batch.push(&self.identity, entry::FINISHED, &entry::finished_body(first_needed));
        let freed =
            self.segments.range(..first_needed).fold(CleanUp::default(), |freed, (_, segment)| CleanUp {
                segments: freed.segments + 1,
                bytes: freed.bytes + segment.len,
                events: freed.events + segment.counts.total(),
            });
        self.commit(&batch)?;
        self.forget_finished();
        self.delete(&over)?;
        Ok(freed)
    }

    /// Reads every segment again.
    pub(super) fn verify(&mut self) -> Result<Verification, JournalError> {
        let mut verification = Verification::default();
        let numbers = self.numbers()?;
        let needed = numbers.partition_point(|number| *number < self.first_needed);
        for number in &numbers[needed..] {
            let file = self.read_file(*number)?;
            let scan = self.scan(*number, &file)?;
            verification.segments += 1;
            verification.bytes += file.len() as u64;
            verification.records += scan.records.len() as u64;
            let damage =
                |part: &Range<usize>| Damage::new(DamageKind::Unreadable, *number, part.start, part.end);
            verification.damage.extend(scan.unreadable.iter().map(damage));
        }
        verification.damage.extend(missing(self.first_needed, &numbers));
        Ok(verification)
    }

    pub(super) fn damage(&self) -> &[Damage] {
        &self.damage
    }

    pub(super) fn counts(&self) -> EntryCounts {
        let mut counts = EntryCounts::default();
        self.segments.values().for_each(|segment| counts.add(segment.counts));
        counts
    }

    pub(super) fn bytes(&self) -> u64 {
        self.segments.values().map(|segment| segment.len).sum()
    }

    pub(super) fn pending(&self) -> Vec<Place> {
        self.pending.keys().copied().collect()
    }

    /// A pending event. None if it has an outcome now.
    pub(super) fn pending_event(&mut self, place: Place) -> Result<Option<PendingEvent>, JournalError> {
        let Some(progress) = self.pending.get(&place).cloned() else { return Ok(None) };
        let (kind, body) = self.read_record(place)?;
        let Some(Entry::Event(stored)) = Entry::read(kind, &body) else { return Ok(None) };
        Ok(Some(PendingEvent {
            id: EntryId(place),
            progress,
            records_lost: self.damage.iter().any(|damage| damage.end().is_some_and(|end| place < end)),
            lines: stored.lines().collect(),
            json: stored.json.to_owned(),
            journal: self.folder.clone(),
        }))
    }
}

/// The segments that are missing from the first one that is needed on.
fn missing(first_needed: u32, numbers: &[u32]) -> Vec<Damage> {
    let mut expected = first_needed;
    let mut missing = Vec::new();
    for number in numbers.iter().filter(|number| **number >= first_needed) {
        if *number > expected {
            missing.push(Damage::missing(expected, number - 1));
        }
        expected = number.saturating_add(1);
    }
    missing
}

/// What makes two events one event for Meta, as far as a journal compares them.
#[derive(Deserialize, PartialEq)]
struct NameAndId {
    event_name: String,
    event_id: Option<String>,
}

fn is_same(stored: &str, new: &str) -> bool {
    let read = |json| serde_json::from_str::<NameAndId>(json).ok().filter(|event| event.event_id.is_some());
    stored == new || read(stored).is_some_and(|event| Some(event) == read(new))
}

fn compare(known: KnownEvent, stored: &str, new: &str) -> HandOver {
    if stored == new {
        return HandOver::Known(known);
    }
    let load = |json| serde_json::from_str::<Event>(json).ok();
    let (before, after) = (load(stored), load(new));
    if let (Some(before), Some(after)) = (&before, &after)
        && before.user_data().is_stranger_to(after.user_data())
    {
        return HandOver::OtherCustomer(known);
    }
    let total = |event: Option<Event>| event.and_then(|event| event.value());
    HandOver::Changed(ChangedEvent { known, before: total(before), after: total(after) })
}
