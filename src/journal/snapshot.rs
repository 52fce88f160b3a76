//! A journal as it is on the disk, read without opening it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::vec;

use super::damage::Damage;
use super::disk::ReadDisk;
use super::entry::{Entry, StoredEvent};
use super::error::JournalError;
use super::files::{Files, ReadSegment};
use super::hand_over::EntryId;
use super::identity::Identity;
use super::index::Index;
use super::pending::{Progress, load};
use super::record::Place;
use super::recovery::{Recovered, recover};
use super::state::{EntryCounts, EntryState};
use crate::event::Event;
use crate::value::{DatasetId, EventTime, Line};

/// A journal as it is on the disk, read without opening it.
///
/// This takes no lock and changes nothing, so another process can have the journal open. What that process is writing
/// just then may be missing, or look like a torn write ([`DamageKind::TornTail`](super::DamageKind::TornTail)).
///
/// In memory, an event takes about 60 bytes, and one without an outcome a hundred more.
///
/// ```
/// use meta_offline_events::journal::{EntryState, HandOver, Journal, JournalSnapshot};
/// use meta_offline_events::report::Outcome;
/// # use meta_offline_events::{Event, UserData};
/// # use meta_offline_events::value::EventTime;
///
/// # let folder = std::env::temp_dir().join(format!("journal-snapshot-{}", std::process::id()));
/// # let _ = std::fs::remove_dir_all(&folder);
/// # let now = EventTime::from_unix(1_767_225_600)?;
/// # let customer = UserData::builder().email("mary@example.com").build()?;
/// # let sale = Event::builder(now, customer).order_id("A1".parse()?).value("5 EUR".parse()?).build()?;
/// let journal = Journal::open(&folder, &"1234567890".parse()?)?;
/// let [HandOver::Taken(id)] = journal.hand_over(&[sale], now)?[..] else { panic!("it is new") };
/// journal.record_outcome(&[id], &Outcome::Accepted, now)?;
///
/// let snapshot = JournalSnapshot::read(&folder)?; // The journal is still open.
/// assert_eq!(snapshot.dataset().as_str(), "1234567890");
/// assert_eq!(snapshot.counts().accepted, 1);
/// for entry in snapshot.entries() {
///     let entry = entry?;
///     assert_eq!((entry.id(), entry.state()), (id, EntryState::Accepted));
///     assert_eq!(entry.event()?.value(), Some("5 EUR".parse()?));
/// }
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct JournalSnapshot {
    folder: PathBuf,
    identity: Identity,
    index: Index,
    ends: Ends,
    damage: Vec<Damage>,
    records: u64,
}

impl JournalSnapshot {
    /// Reads all files in the folder of a journal, whatever its dataset, endpoint and key policy.
    ///
    /// # Errors
    ///
    /// [`JournalError`]: the folder cannot be read, holds no journal, or one of another version of the crate.
    pub fn read(folder: impl AsRef<Path>) -> Result<Self, JournalError> {
        let folder = folder.as_ref();
        let read = || Self::read_from(folder.to_owned(), folder);
        let snapshot = read();
        // Another process may have deleted a finished file meanwhile.
        let is_again = snapshot.as_ref().is_err_and(|error| error.is_missing_file() && folder.is_dir());
        if is_again { read() } else { snapshot }
    }

    pub(super) fn read_from(disk: impl ReadDisk, folder: &Path) -> Result<Self, JournalError> {
        let mut files = Files::of_any(disk, folder)?;
        let (mut ends, mut records) = (Ends::default(), 0);
        let recovered = recover(&mut files, |entry| {
            records += 1;
            ends.note(entry);
        })?;
        ends.sort();
        let Recovered { index, damage, .. } = recovered;
        Ok(Self { folder: folder.to_owned(), identity: files.identity, index, ends, damage, records })
    }

    /// The dataset that the events are for.
    pub fn dataset(&self) -> &DatasetId {
        &self.identity.dataset
    }

    /// The endpoint that the events are for: see [`JournalOptions::endpoint`](super::JournalOptions::endpoint).
    pub fn endpoint(&self) -> &str {
        self.identity.endpoint()
    }

    /// The key policy: see [`JournalOptions::key_policy`](super::JournalOptions::key_policy). Empty if there is none.
    pub fn key_policy(&self) -> &str {
        self.identity.key_policy()
    }

    /// How many events stand where.
    pub fn counts(&self) -> EntryCounts {
        self.index.counts()
    }

    /// The number of segment files.
    pub fn segments(&self) -> u64 {
        self.index.segments.len() as u64
    }

    /// The number of records that can be read: events, attempts, outcomes and clean-ups.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// The size of all segment files in bytes, without what was torn.
    pub fn size(&self) -> u64 {
        self.index.bytes()
    }

    /// What cannot be read. Everything else was.
    pub fn damage(&self) -> &[Damage] {
        &self.damage
    }

    /// The events, in the order in which they were handed over. They are read from the disk again, one file at a time
    /// in memory.
    pub fn entries(&self) -> Entries<'_> {
        let files =
            Files { disk: self.folder.clone(), folder: self.folder.clone(), identity: self.identity.clone() };
        let segments: Vec<u32> = self.index.segments.keys().copied().collect();
        Entries { snapshot: self, files, segments: segments.into_iter(), current: None }
    }

    /// The entry of an event, unless it was handed over after the snapshot was taken.
    fn entry(&self, place: Place, event: &StoredEvent<'_>) -> Option<JournalEntry> {
        if u64::from(place.offset()) >= self.index.len_of(place.segment()) {
            return None;
        }
        let progress = self.index.pending.get(&place);
        let end = if progress.is_some() { None } else { Some(self.ends.get(place)?) };
        Some(JournalEntry {
            id: EntryId(place),
            handed_over: event.time,
            first_attempt: progress.and_then(Progress::first_attempt),
            end,
            lines: event.lines().collect(),
            json: event.json.to_owned(),
            journal: self.folder.clone(),
        })
    }
}

impl fmt::Debug for JournalSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("JournalSnapshot");
        fields.field("folder", &self.folder).field("counts", &self.counts()).field("damage", &self.damage);
        fields.finish_non_exhaustive()
    }
}

/// The outcomes of events.
#[derive(Debug, Default)]
struct Ends {
    /// Sorted by place; of an event with several, the first one counts.
    ends: Vec<(Place, EventTime, EntryState, u16)>,
    codes: Vec<Arc<str>>,
}

impl Ends {
    fn note(&mut self, entry: &Entry<'_>) {
        let Entry::Outcome { state, time, code, places } = entry else { return };
        let code = self.number_of(code);
        self.ends.extend(places.iter().map(|place| (place, *time, *state, code)));
    }

    /// There are few codes. Should a file hold very many, the rest share the last number.
    fn number_of(&mut self, code: &str) -> u16 {
        let known = self.codes.iter().position(|known| **known == *code);
        let number = known.unwrap_or_else(|| {
            self.codes.push(code.into());
            self.codes.len() - 1
        });
        u16::try_from(number).unwrap_or(u16::MAX)
    }

    fn sort(&mut self) {
        self.ends.sort_by_key(|(place, ..)| *place);
        self.ends.dedup_by_key(|(place, ..)| *place);
    }

    fn get(&self, place: Place) -> Option<End> {
        let index = self.ends.binary_search_by_key(&place, |(place, ..)| *place).ok()?;
        let (_, time, state, code) = self.ends[index];
        Some(End { state, time, code: self.codes.get(usize::from(code)).cloned().unwrap_or_default() })
    }
}

#[derive(Debug, Clone)]
struct End {
    state: EntryState,
    time: EventTime,
    code: Arc<str>,
}

/// The events in a [`JournalSnapshot`].
///
/// There is an example at [`JournalSnapshot`].
pub struct Entries<'a> {
    snapshot: &'a JournalSnapshot,
    files: Files<PathBuf>,
    segments: vec::IntoIter<u32>,
    current: Option<(ReadSegment, usize)>,
}

impl Iterator for Entries<'_> {
    type Item = Result<JournalEntry, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((segment, next)) = &mut self.current {
                while let Some((place, entry)) = segment.entry(*next) {
                    *next += 1;
                    if let Entry::Event(event) = entry
                        && let Some(entry) = self.snapshot.entry(place, &event)
                    {
                        return Some(Ok(entry));
                    }
                }
            }
            match self.files.read(self.segments.next()?) {
                Ok(segment) => self.current = Some((segment, 0)),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

impl fmt::Debug for Entries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entries").field("snapshot", self.snapshot).finish_non_exhaustive()
    }
}

/// An event in a [`JournalSnapshot`].
///
/// There is an example at [`JournalSnapshot`]. `Debug` shows nothing of the customer.
#[derive(Clone)]
pub struct JournalEntry {
    id: EntryId,
    handed_over: EventTime,
    first_attempt: Option<EventTime>,
    end: Option<End>,
    lines: Vec<Line>,
    json: String,
    journal: PathBuf,
}

impl JournalEntry {
    /// The number of the event.
    pub fn id(&self) -> EntryId {
        self.id
    }

    /// Where the event stands.
    pub fn state(&self) -> EntryState {
        self.end.as_ref().map_or(EntryState::Pending, |end| end.state)
    }

    /// When the event was handed over.
    pub fn handed_over(&self) -> EventTime {
        self.handed_over
    }

    /// The first attempt that may have arrived, if the event has no outcome.
    pub fn first_attempt(&self) -> Option<EventTime> {
        self.first_attempt
    }

    /// When the outcome was recorded.
    pub fn ended(&self) -> Option<EventTime> {
        self.end.as_ref().map(|end| end.time)
    }

    /// The code of the outcome: see [`Outcome::code`](crate::report::Outcome::code).
    pub fn code(&self) -> Option<&str> {
        self.end.as_ref().map(|end| &*end.code)
    }

    /// The event in the bytes in which it was handed over, with the digests of the customer.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The event, with its lines.
    ///
    /// # Errors
    ///
    /// [`JournalErrorKind::InvalidEvent`](super::JournalErrorKind::InvalidEvent) if the event breaks a rule that this
    /// version of the crate has, and the version that recorded it had not.
    pub fn event(&self) -> Result<Event, JournalError> {
        load(&self.json, &self.lines, &self.journal)
    }
}

impl fmt::Debug for JournalEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("JournalEntry");
        fields.field("id", &self.id).field("state", &self.state()).field("handed_over", &self.handed_over);
        fields.finish_non_exhaustive()
    }
}
