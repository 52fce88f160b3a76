//! What in a journal cannot be read.

use std::fmt;

use super::record::Place;
use super::segment::file_name;

/// A part of a journal that cannot be read.
///
/// Everything else is read. [`Journal::damage`](super::Journal::damage) lists what was found when the journal was
/// opened, and [`Journal::verify`](super::Journal::verify) looks again.
///
/// ```
/// use meta_offline_events::journal::{DamageKind, Journal};
///
/// # let folder = std::env::temp_dir().join(format!("journal-damage-{}", std::process::id()));
/// # let _ = std::fs::remove_dir_all(&folder);
/// drop(Journal::open(&folder, &"1".parse()?)?);
/// let file = folder.join("0000000001.segment");
/// let mut bytes = std::fs::read(&file)?;
/// bytes.extend([7; 40]); // half a record, as a power cut leaves it
/// std::fs::write(&file, bytes)?;
///
/// let journal = Journal::open(&folder, &"1".parse()?)?;
/// assert_eq!(journal.damage()[0].kind(), DamageKind::TornTail);
/// assert!(!journal.damage()[0].is_loss());
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    kind: DamageKind,
    segment: u32,
    range: (u64, u64),
}

/// How a part of a journal is damaged.
///
/// There is an example at [`Damage`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DamageKind {
    /// The last write was torn, before its caller heard of a success. The part was cut off.
    TornTail,
    /// A record has a wrong checksum. It was skipped.
    Unreadable,
    /// Segment files are missing between others.
    MissingSegments,
}

impl Damage {
    pub(super) fn new(kind: DamageKind, segment: u32, from: usize, to: usize) -> Self {
        Self { kind, segment, range: (from as u64, to as u64) }
    }

    /// Segments from `first` to `last` are missing.
    pub(super) fn missing(first: u32, last: u32) -> Self {
        Self { kind: DamageKind::MissingSegments, segment: last, range: (first.into(), last.into()) }
    }

    /// How the part is damaged.
    pub fn kind(&self) -> DamageKind {
        self.kind
    }

    /// Whether something may be lost that the journal had promised to keep.
    ///
    /// If so, look in Events Manager or hand the orders of these days over again: what the journal still knows is not
    /// taken twice.
    pub fn is_loss(&self) -> bool {
        self.kind != DamageKind::TornTail
    }

    /// Where the part begins in its file.
    pub(super) fn start(&self) -> u64 {
        self.range.0
    }

    pub(super) fn segment(&self) -> u32 {
        self.segment
    }

    /// The place before which nobody knows all attempts and outcomes.
    pub(super) fn end(&self) -> Option<Place> {
        self.is_loss().then(|| match self.kind {
            DamageKind::MissingSegments => Place::new(self.segment, u32::MAX),
            _ => Place::new(self.segment, u32::try_from(self.range.1).unwrap_or(u32::MAX)),
        })
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, (from, to)) = (file_name(self.segment), self.range);
        match self.kind {
            DamageKind::TornTail => {
                write!(
                    f,
                    "{file}: the last {} bytes were torn, and are dropped as never handed over",
                    to - from
                )
            }
            DamageKind::Unreadable => {
                write!(f, "{file}: bytes {from} to {to} cannot be read, and are skipped")
            }
            DamageKind::MissingSegments if from == to => write!(f, "{file} is missing"),
            DamageKind::MissingSegments => write!(f, "the files from segment {from} to {to} are missing"),
        }
    }
}
