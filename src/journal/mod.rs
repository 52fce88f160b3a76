//! Events on disk: what was handed over survives the process, and what was sent is not sent again.
//!
//! A [`Journal`] is a folder. [`Journal::hand_over`] returns once the events are on the disk, and says of each
//! whether it is new. The events without an outcome, [`Journal::pending`], are still there after a crash, with the
//! attempts to send them. The events with an outcome are remembered for 70 days, so that daily runs over overlapping
//! weeks send each order once. [`guide::durability`](crate::guide::durability) says what is promised, and what is not.
//!
//! A journal sends nothing and asks no clock: it is given every time.
//!
//! ```
//! use meta_offline_events::journal::{HandOver, Journal};
//! use meta_offline_events::report::Outcome;
//! use meta_offline_events::value::EventTime;
//! use meta_offline_events::{Event, UserData};
//!
//! # let folder = std::env::temp_dir().join(format!("journal-mod-{}", std::process::id()));
//! # let _ = std::fs::remove_dir_all(&folder);
//! let now = EventTime::from_unix(1_767_225_600)?;
//! let customer = UserData::builder().email("mary@example.com").build()?;
//! let sale = Event::builder(now, customer).order_id("10001".parse()?).value("31.50 USD".parse()?).build()?;
//!
//! let journal = Journal::open(&folder, &"1234567890".parse()?)?;
//! assert!(matches!(journal.hand_over(&[sale.clone()], now)?[0], HandOver::Taken(_)));
//! drop(journal); // or a crash
//!
//! let journal = Journal::open(&folder, &"1234567890".parse()?)?;
//! for event in journal.pending()? {
//!     let event = event?;
//!     assert_eq!(event.event()?, sale);
//!     journal.record_attempt(&[event.id()], now)?;
//!     // Send `event.json()` here.
//!     journal.record_outcome(&[event.id()], &Outcome::Accepted, now)?;
//! }
//! assert_eq!(journal.hand_over(&[sale], now)?[0].code(), "already_sent");
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How it works
//!
//! ```text
//! hand_over ─┐                        ┌▶ segment files: header, then records
//! attempt ───┼▶ one thread ▶ batch ▶──┤   write, one sync
//! outcome ───┘   (writer)             └▶ memory: keys of known events, progress of pending ones
//!                                        └▶ answers to all callers of the batch
//! ```
//!
//! - `disk`: the few operations on files that everything else is made of.
//! - `identity`, `record`, `segment`: bytes with checksums. A record whose checksum is wrong is skipped, and the next one found.
//! - `entry`: what a record says.
//! - `known`, `pending`, `state`, `index`: what memory holds: 16 bytes for each remembered event in a hash table, and
//!   about a hundred for each pending one. Everything else is read from the disk.
//! - `files`, `recovery`: all files, read into memory.
//! - `batch`, `compare`: events that are handed over, on their way to the disk.
//! - `store`: the rules in which order the disk and memory change.
//! - `writer`: the thread that owns the store, and gives one sync to all that wait.

mod batch;
mod compare;
mod damage;
mod disk;
mod entry;
mod error;
mod files;
mod hand_over;
mod identity;
mod index;
mod known;
#[cfg(feature = "client")]
mod lease;
mod options;
mod pending;
mod record;
mod recovery;
mod segment;
mod snapshot;
mod state;
mod store;
mod writer;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
#[cfg(feature = "client")]
use std::sync::atomic::AtomicBool;
use std::vec;

use self::batch::{BATCH_BYTES, Handed};
use self::disk::Folder;
#[cfg(feature = "client")]
use self::identity::Identity;
use self::record::Place;
use self::store::Store;
use self::writer::{Change, Writer};
use crate::event::Event;
use crate::report::Outcome;
use crate::value::EventTime;

pub use self::damage::{Damage, DamageKind};
pub use self::error::{JournalError, JournalErrorKind};
pub use self::hand_over::{ChangedEvent, EntryId, HandOver, KnownEvent};
#[cfg(feature = "client")]
pub(crate) use self::lease::Lease;
#[cfg(all(test, feature = "testing"))]
pub(crate) use self::lease::Prepared;
pub use self::options::JournalOptions;
pub use self::pending::PendingEvent;
pub use self::snapshot::{Entries, JournalEntry, JournalSnapshot};
pub use self::state::{EntryCounts, EntryState};
pub use self::store::{CleanUp, Verification};

/// A folder of events: those to be sent, and those that were.
///
/// One process at a time can open it, and any number of its threads can use it. Clones share the journal; when the last
/// one is dropped, another process may open it. All calls block until the disk has what they record, so call them from
/// `spawn_blocking` in asynchronous code. Calls that come at the same time share one sync.
///
/// There is an example at [`journal`](self).
#[derive(Clone)]
pub struct Journal {
    writer: Arc<Writer<Folder>>,
    folder: PathBuf,
    damage: Arc<[Damage]>,
    #[cfg(feature = "client")]
    identity: Identity,
    /// Whether a delivery sends from it.
    #[cfg(feature = "client")]
    is_leased: Arc<AtomicBool>,
}

impl Journal {
    /// Records events that are to be sent. When this returns, they are on the disk.
    ///
    /// The answers are in the order of the events. An event is the same as one before if it has its event name and
    /// event id; without an event id, if it has the same JSON. The same event is not taken again while it is pending,
    /// accepted or unconfirmed; it is taken again after it was refused or not sent.
    ///
    /// There is an example at [`HandOver`].
    ///
    /// # Errors
    ///
    /// [`JournalError`]: the disk is full, the disk failed, or an event is larger than 64 MiB. Some of the events may
    /// be recorded then. Hand all of them over again: those are answered as [`HandOver::Known`].
    pub fn hand_over(&self, events: &[Event], now: EventTime) -> Result<Vec<HandOver>, JournalError> {
        let mut answers = Vec::with_capacity(events.len());
        let (mut events, mut memory) = (events.iter().peekable(), Vec::new());
        while events.peek().is_some() {
            let mut part = Vec::new();
            let mut size = 0;
            while size < BATCH_BYTES
                && let Some(event) = events.next()
            {
                let handed = Handed::new(event, &self.folder, &mut memory)?;
                size += handed.size();
                part.push(handed);
            }
            answers.extend(self.writer.change(Change::HandOver { events: part, now })?);
        }
        Ok(answers)
    }

    /// Records that an attempt to send events begins. Call this before the first byte leaves.
    ///
    /// Without an outcome or a [clean failure](Self::record_clean_failure) afterwards, the attempt may have arrived.
    ///
    /// # Errors
    ///
    /// [`JournalError`]: an event is not pending, or the disk failed. Nothing is recorded then; do not send.
    pub fn record_attempt(&self, events: &[EntryId], now: EventTime) -> Result<(), JournalError> {
        self.writer.change(Change::Attempt { places: places(events), failed: false, now }).map(drop)
    }

    /// Records that the last attempt surely failed: nothing arrived, so it does not count for the deduplication
    /// window.
    ///
    /// ```
    /// # use meta_offline_events::{Event, UserData};
    /// # use meta_offline_events::value::EventTime;
    /// use meta_offline_events::journal::{HandOver, Journal};
    ///
    /// # let folder = std::env::temp_dir().join(format!("journal-clean-{}", std::process::id()));
    /// # let _ = std::fs::remove_dir_all(&folder);
    /// # let journal = Journal::open(&folder, &"1".parse()?)?;
    /// # let now = EventTime::from_unix(1_767_225_600)?;
    /// # let customer = UserData::builder().email("mary@example.com").build()?;
    /// # let event = Event::builder(now, customer).name("Subscribe".parse()?).build()?;
    /// # let [HandOver::Taken(id)] = journal.hand_over(&[event], now)?[..] else { panic!("it is new") };
    /// journal.record_attempt(&[id], now)?;
    /// let first = |journal: &Journal| journal.pending()?.next().unwrap().map(|event| event.first_attempt());
    /// assert_eq!(first(&journal)?, Some(now));
    /// journal.record_clean_failure(&[id], now)?;
    /// assert_eq!(first(&journal)?, None);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`record_attempt`](Self::record_attempt).
    pub fn record_clean_failure(&self, events: &[EntryId], now: EventTime) -> Result<(), JournalError> {
        self.writer.change(Change::Attempt { places: places(events), failed: true, now }).map(drop)
    }

    /// Records the outcome of events. They are no longer pending, unless the outcome is [`Outcome::Pending`].
    ///
    /// # Errors
    ///
    /// [`JournalError`]: an event is not pending, or the disk failed. Nothing is recorded then: stop sending, because
    /// what was accepted stays pending, with an attempt that may have arrived.
    pub fn record_outcome(
        &self,
        events: &[EntryId],
        outcome: &Outcome,
        now: EventTime,
    ) -> Result<(), JournalError> {
        if matches!(outcome, Outcome::Pending(_)) {
            return Ok(());
        }
        let (state, code) = (outcome.into(), outcome.code());
        self.writer.change(Change::Outcome { places: places(events), state, code, now }).map(drop)
    }

    /// The events without an outcome, in the order in which they were handed over. Each is read from the disk when
    /// its turn comes.
    ///
    /// There is an example at [`journal`](self).
    ///
    /// # Errors
    ///
    /// [`JournalErrorKind::Closed`] if the thread of the journal is gone. Each event has an error of its own if it
    /// cannot be read.
    pub fn pending(&self) -> Result<Pending<'_>, JournalError> {
        let places = self.writer.call(|store| store.pending())?;
        Ok(Pending { journal: self, places: places.into_iter() })
    }

    /// How many events stand where.
    ///
    /// # Errors
    ///
    /// [`JournalErrorKind::Closed`] if the thread of the journal is gone.
    pub fn counts(&self) -> Result<EntryCounts, JournalError> {
        self.writer.call(|store| store.counts())
    }

    /// The size of all segment files in bytes.
    ///
    /// # Errors
    ///
    /// [`JournalErrorKind::Closed`] if the thread of the journal is gone.
    pub fn size(&self) -> Result<u64, JournalError> {
        self.writer.call(|store| store.bytes())
    }

    /// What could not be read when the journal was opened. Everything else was.
    pub fn damage(&self) -> &[Damage] {
        &self.damage
    }

    /// Reads every file again, and checks every checksum. Other calls wait meanwhile.
    ///
    /// ```
    /// use meta_offline_events::journal::Journal;
    ///
    /// # let folder = std::env::temp_dir().join(format!("journal-verify-{}", std::process::id()));
    /// # let _ = std::fs::remove_dir_all(&folder);
    /// let journal = Journal::open(&folder, &"1".parse()?)?;
    /// let found = journal.verify()?;
    /// assert_eq!((found.segments, found.records, found.damage.len()), (1, 0, 0));
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`JournalError`] if a file cannot be read at all, or is no journal any more.
    pub fn verify(&self) -> Result<Verification, JournalError> {
        self.writer.call(Store::verify)?
    }

    /// Deletes the segment files whose events all have an outcome and were handed over longer ago than the journal
    /// [keeps](JournalOptions::kept) them, from the oldest on. Call it after each run.
    ///
    /// A pending event keeps its file, and all later ones.
    ///
    /// ```
    /// # use meta_offline_events::{Event, UserData};
    /// # use meta_offline_events::value::EventTime;
    /// use meta_offline_events::journal::{HandOver, Journal};
    /// use meta_offline_events::report::Outcome;
    ///
    /// # let folder = std::env::temp_dir().join(format!("journal-clean-up-{}", std::process::id()));
    /// # let _ = std::fs::remove_dir_all(&folder);
    /// # let journal = Journal::open(&folder, &"1".parse()?)?;
    /// # let now = EventTime::from_unix(1_767_225_600)?;
    /// # let customer = UserData::builder().email("mary@example.com").build()?;
    /// # let event = Event::builder(now, customer).name("Subscribe".parse()?).build()?;
    /// # let [HandOver::Taken(id)] = journal.hand_over(&[event], now)?[..] else { panic!("it is new") };
    /// let in_71_days = EventTime::from_unix(now.unix() + 71 * 86_400)?;
    /// assert_eq!(journal.clean_up(in_71_days)?.events, 0, "it is pending");
    /// journal.record_outcome(&[id], &Outcome::Accepted, now)?;
    /// assert_eq!(journal.clean_up(in_71_days)?.events, 1);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the disk failed. Nothing is lost then: call it again.
    pub fn clean_up(&self, now: EventTime) -> Result<CleanUp, JournalError> {
        self.writer.call(move |store| store.clean_up(now))?
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("folder", &self.folder)
            .field("damage", &self.damage)
            .finish_non_exhaustive()
    }
}

fn places(events: &[EntryId]) -> Vec<Place> {
    events.iter().map(|id| id.0).collect()
}

/// The events of a journal without an outcome.
///
/// There is an example at [`journal`](self).
#[derive(Debug)]
pub struct Pending<'a> {
    journal: &'a Journal,
    places: vec::IntoIter<Place>,
}

impl Iterator for Pending<'_> {
    type Item = Result<PendingEvent, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.places.find_map(|place| {
            let read = self.journal.writer.call(move |store| store.pending_event(place));
            read.and_then(|read| read).transpose()
        })
    }
}
