//! Reading all files of a journal into memory. Nothing changes on the disk.

use super::damage::Damage;
use super::disk::ReadDisk;
use super::entry::Entry;
use super::error::JournalError;
use super::files::Files;
use super::index::Index;

/// What all files say together.
#[derive(Debug)]
pub(super) struct Recovered {
    pub(super) index: Index,
    /// What cannot be read.
    pub(super) damage: Vec<Damage>,
    /// The segments on the disk, also those that are finished.
    pub(super) numbers: Vec<u32>,
    pub(super) last: Last,
}

/// The segment that records go into next.
#[derive(Debug, Clone, Copy)]
pub(super) enum Last {
    /// It has no file, or one whose header was never written to its end.
    NotBegun(u32),
    /// Its file is there; what comes after `torn_at` was torn.
    Begun { number: u32, torn_at: Option<u64> },
}

/// Reads every file, and shows each record to `look`.
pub(super) fn recover<D: ReadDisk>(
    files: &mut Files<D>,
    mut look: impl FnMut(&Entry<'_>),
) -> Result<Recovered, JournalError> {
    let numbers = files.numbers()?;
    let (mut index, mut damage, mut last) = (Index::new(), Vec::new(), Last::NotBegun(1));
    for number in &numbers {
        let is_last = Some(number) == numbers.last();
        let read = if is_last { files.read_last(*number)? } else { Some(files.read(*number)?) };
        let Some(mut segment) = read else {
            last = Last::NotBegun(*number);
            break;
        };
        let mut torn_at = None;
        if is_last && let Some(tail) = segment.take_tail() {
            torn_at = Some(tail.start());
            damage.push(tail);
        }
        last = Last::Begun { number: *number, torn_at };
        index.set_len(*number, torn_at.unwrap_or(segment.len()));
        damage.extend(segment.damage());
        for (place, entry) in segment.entries() {
            index.apply(place, &entry);
            look(&entry);
        }
    }
    index.forget_finished();
    damage.retain(|damage| damage.segment() >= index.first_needed);
    damage.extend(missing(index.first_needed, &numbers));
    Ok(Recovered { index, damage, numbers, last })
}

/// The segments that are missing from the first one that is needed on.
pub(super) fn missing(first_needed: u32, numbers: &[u32]) -> Vec<Damage> {
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
