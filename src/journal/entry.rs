//! What a record says: an event was handed over, an attempt began or failed, an outcome came, segments are finished.
//!
//! Numbers are little-endian. Times are Unix seconds.
//!
//! ```text
//! 1 event      time 8 | dedup key 8 | number of lines 4 | (source 2, line 8)… | the JSON of the event
//! 2 attempt    1 began, 2 failed cleanly | time 8 | places 8…
//! 3 outcome    state 1 | time 8 | length 1, code | places 8…
//! 4 finished   the first segment that is still needed 4
//! ```

use super::record::Place;
use super::state::EntryState;
use crate::value::{EventTime, Line};

pub(super) const EVENT: u32 = 1;
pub(super) const ATTEMPT: u32 = 2;
pub(super) const OUTCOME: u32 = 3;
pub(super) const FINISHED: u32 = 4;

const BEGAN: u8 = 1;
const FAILED: u8 = 2;

/// The body of a record.
#[derive(Debug)]
pub(super) enum Entry<'a> {
    Event(StoredEvent<'a>),
    Attempt { failed: bool, time: EventTime, places: Places<'a> },
    Outcome { state: EntryState, time: EventTime, code: &'a str, places: Places<'a> },
    Finished { first_needed: u32 },
}

/// An event as it was handed over.
#[derive(Debug)]
pub(super) struct StoredEvent<'a> {
    pub(super) time: EventTime,
    pub(super) key: u64,
    lines: &'a [[u8; 10]],
    pub(super) json: &'a str,
}

impl StoredEvent<'_> {
    pub(super) fn lines(&self) -> impl Iterator<Item = Line> {
        self.lines.iter().map(|line| {
            let (source, number) = (line.first_chunk(), line.last_chunk());
            let number = number.map_or(0, |bytes| u64::from_le_bytes(*bytes));
            Line::new(number).in_source(source.map_or(0, |bytes| u16::from_le_bytes(*bytes)))
        })
    }
}

/// The events that an attempt or an outcome is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places<'a>(&'a [[u8; Place::BYTES]]);

impl Places<'_> {
    pub(super) fn iter(&self) -> impl Iterator<Item = Place> {
        self.0.iter().map(|bytes| Place::from_bytes(*bytes))
    }
}

impl<'a> Entry<'a> {
    /// Reads the body of a record. None for a kind or a value that this version does not know.
    pub(super) fn read(kind: u32, body: &'a [u8]) -> Option<Self> {
        let mut rest = Reader(body);
        match kind {
            EVENT => {
                let (time, key) = (rest.time()?, u64::from_le_bytes(rest.array()?));
                let count = u32::from_le_bytes(rest.array()?) as usize;
                let (lines, json) = rest.0.split_at_checked(count.checked_mul(10)?)?;
                let json = std::str::from_utf8(json).ok()?;
                Some(Self::Event(StoredEvent { time, key, lines: lines.as_chunks().0, json }))
            }
            ATTEMPT => {
                let [step] = rest.array()?;
                let failed = step == FAILED;
                let attempt = Self::Attempt { failed, time: rest.time()?, places: rest.places()? };
                (failed || step == BEGAN).then_some(attempt)
            }
            OUTCOME => {
                let [state] = rest.array()?;
                let state = EntryState::from_byte(state)?;
                let (time, [len]) = (rest.time()?, rest.array()?);
                let (code, places) = rest.0.split_at_checked(usize::from(len))?;
                let code = std::str::from_utf8(code).ok()?;
                Some(Self::Outcome { state, time, code, places: Reader(places).places()? })
            }
            FINISHED => Some(Self::Finished { first_needed: u32::from_le_bytes(rest.array()?) }),
            _ => None,
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    fn time(&mut self) -> Option<EventTime> {
        EventTime::from_unix(i64::from_le_bytes(self.array()?)).ok()
    }

    fn places(&self) -> Option<Places<'a>> {
        let (places, []) = self.0.as_chunks() else { return None };
        Some(Places(places))
    }
}

/// Writes the body of an event.
pub(super) fn write_event(body: &mut Vec<u8>, time: EventTime, key: u64, lines: &[Line], json: &str) {
    body.extend_from_slice(&time.unix().to_le_bytes());
    body.extend_from_slice(&key.to_le_bytes());
    body.extend_from_slice(&u32::try_from(lines.len()).unwrap_or(u32::MAX).to_le_bytes());
    for line in lines {
        body.extend_from_slice(&line.source().to_le_bytes());
        body.extend_from_slice(&line.number().to_le_bytes());
    }
    body.extend_from_slice(json.as_bytes());
}

/// Writes the body of an attempt.
pub(super) fn write_attempt(body: &mut Vec<u8>, failed: bool, time: EventTime, places: &[Place]) {
    body.push(if failed { FAILED } else { BEGAN });
    body.extend_from_slice(&time.unix().to_le_bytes());
    body.extend(places.iter().flat_map(|place| place.to_bytes()));
}

/// Writes the body of an outcome.
pub(super) fn write_outcome(
    body: &mut Vec<u8>,
    state: EntryState,
    code: &str,
    time: EventTime,
    places: &[Place],
) {
    let code = &code.as_bytes()[..code.len().min(255)];
    body.push(state.to_byte());
    body.extend_from_slice(&time.unix().to_le_bytes());
    body.extend(u8::try_from(code.len()));
    body.extend_from_slice(code);
    body.extend(places.iter().flat_map(|place| place.to_bytes()));
}

/// Writes the body of a mark that the segments before are finished.
pub(super) fn write_finished(body: &mut Vec<u8>, first_needed: u32) {
    body.extend_from_slice(&first_needed.to_le_bytes());
}
