//! An event that has no outcome yet, with its attempts.

use std::path::{Path, PathBuf};

use super::error::{JournalError, JournalErrorKind};
use super::hand_over::EntryId;
use crate::event::Event;
use crate::value::{EventTime, Line};

/// What memory holds about an event without an outcome.
#[derive(Debug, Clone)]
pub(super) struct Progress {
    pub(super) key: u64,
    pub(super) handed_over: EventTime,
    attempts: u32,
    /// The first attempt of those before the last one that may have arrived.
    first: Option<EventTime>,
    /// The last attempt, unless it surely failed.
    last: Option<EventTime>,
}

impl Progress {
    pub(super) fn new(key: u64, handed_over: EventTime) -> Self {
        Self { key, handed_over, attempts: 0, first: None, last: None }
    }

    pub(super) fn begin(&mut self, time: EventTime) {
        self.attempts += 1;
        self.first = self.first.or(self.last);
        self.last = Some(time);
    }

    pub(super) fn fail_cleanly(&mut self) {
        self.last = None;
    }

    pub(super) fn first_attempt(&self) -> Option<EventTime> {
        self.first.or(self.last)
    }
}

/// An event in a journal without an outcome.
///
/// There is an example at [`Journal::pending`](super::Journal::pending). `Debug` shows nothing of the customer.
#[derive(Clone)]
pub struct PendingEvent {
    pub(super) id: EntryId,
    pub(super) progress: Progress,
    pub(super) records_lost: bool,
    pub(super) lines: Vec<Line>,
    pub(super) json: String,
    pub(super) journal: PathBuf,
}

impl PendingEvent {
    /// The number of the event.
    pub fn id(&self) -> EntryId {
        self.id
    }

    /// When the event was handed over.
    pub fn handed_over(&self) -> EventTime {
        self.progress.handed_over
    }

    /// The number of attempts that began.
    pub fn attempts(&self) -> u32 {
        self.progress.attempts
    }

    /// The first attempt that may have arrived. The deduplication window counts from it: after its end, another attempt
    /// may count twice.
    ///
    /// Where later records of the journal are lost, one of them may have been an attempt. Then this is the time of
    /// the hand-over, before which there was none.
    pub fn first_attempt(&self) -> Option<EventTime> {
        if self.records_lost { Some(self.progress.handed_over) } else { self.progress.first_attempt() }
    }

    /// The event in the bytes in which it was handed over. Every attempt must send these.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The event, with its lines.
    ///
    /// # Errors
    ///
    /// [`JournalErrorKind::InvalidEvent`] if the event breaks a rule that this version of the crate has, and the
    /// version that recorded it had not. [`json`](Self::json) still has it.
    pub fn event(&self) -> Result<Event, JournalError> {
        load(&self.json, &self.lines, &self.journal)
    }
}

/// An event from the JSON in a journal.
pub(super) fn load(json: &str, lines: &[Line], journal: &Path) -> Result<Event, JournalError> {
    let event: Result<Event, _> = serde_json::from_str(json);
    let mut event = event.map_err(|error| {
        JournalError::new(JournalErrorKind::InvalidEvent, journal).with_detail(error.to_string())
    })?;
    for line in lines {
        event.add_line(*line);
    }
    Ok(event)
}

impl std::fmt::Debug for PendingEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut fields = f.debug_struct("PendingEvent");
        fields
            .field("id", &self.id)
            .field("progress", &self.progress)
            .field("records_lost", &self.records_lost);
        fields.finish_non_exhaustive()
    }
}
