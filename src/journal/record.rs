//! One record in a segment file: a head with checksums, and a body.
//!
//! ```text
//! marker 4 | kind 4 | length of the body 4 | checksum of the body 4 | checksum of the head 4 | body
//! ```
//!
//! The checksum of the head also covers the journal's identity, the number of the segment and the offset. So the head
//! of a record that was copied elsewhere, or that an event carries in its text, is no head.

use std::ops::Range;

use super::identity::Identity;

const MARKER: [u8; 4] = *b"\xABMOE";

/// The length of a head.
pub(super) const HEAD: usize = 20;

/// The longest body: an event of this size fits no request.
pub(super) const MAX_BODY: usize = 64 << 20;

/// The place of a record: the number of its segment and its offset there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place(u64);

impl Place {
    pub(super) const BYTES: usize = 8;

    pub(super) fn new(segment: u32, offset: u32) -> Self {
        Self(u64::from(segment) << 32 | u64::from(offset))
    }

    pub(super) fn segment(self) -> u32 {
        (self.0 >> 32) as u32
    }

    #[expect(clippy::cast_possible_truncation, reason = "the lower half is the offset")]
    pub(super) fn offset(self) -> u32 {
        self.0 as u32
    }

    pub(super) fn to_bytes(self) -> [u8; Self::BYTES] {
        self.0.to_le_bytes()
    }

    pub(super) fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(u64::from_le_bytes(bytes))
    }
}

/// The head of a record, checked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) kind: u32,
    pub(super) len: usize,
    checksum: u32,
}

impl Head {
    /// Reads the head at the start of `bytes`, if there is one that belongs at this place.
    pub(super) fn read(bytes: &[u8], identity: &Identity, place: Place) -> Option<Self> {
        let bytes: &[u8; HEAD] = bytes.first_chunk()?;
        let number = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let is_head = bytes.starts_with(&MARKER) && number(16) == seal(&bytes[..16], identity, place);
        is_head.then(|| Self { kind: number(4), len: number(8) as usize, checksum: number(12) })
    }

    /// Whether this is the body as it was written.
    pub(super) fn is_of(&self, body: &[u8]) -> bool {
        body.len() == self.len && crc32fast::hash(body) == self.checksum
    }
}

/// Appends a record that will stand at `place`. Returns where its body is.
pub(super) fn write(
    out: &mut Vec<u8>,
    identity: &Identity,
    place: Place,
    kind: u32,
    write_body: impl FnOnce(&mut Vec<u8>),
) -> Range<usize> {
    let start = out.len();
    out.extend_from_slice(&[0; HEAD]);
    write_body(out);
    let (head, body) = out[start..].split_at_mut(HEAD);
    let len = u32::try_from(body.len()).unwrap_or(u32::MAX);
    head[..4].copy_from_slice(&MARKER);
    head[4..8].copy_from_slice(&kind.to_le_bytes());
    head[8..12].copy_from_slice(&len.to_le_bytes());
    head[12..16].copy_from_slice(&crc32fast::hash(body).to_le_bytes());
    let seal = seal(&head[..16], identity, place);
    head[16..].copy_from_slice(&seal.to_le_bytes());
    start + HEAD..out.len()
}

/// The offset of the next head after `from`, or the end.
pub(super) fn find_next(bytes: &[u8], identity: &Identity, segment: u32, from: usize) -> usize {
    let is_head = |at: &usize| {
        let place = u32::try_from(*at).map(|offset| Place::new(segment, offset));
        bytes[*at..].starts_with(&MARKER)
            && place.is_ok_and(|place| Head::read(&bytes[*at..], identity, place).is_some())
    };
    (from..bytes.len()).find(is_head).unwrap_or(bytes.len())
}

fn seal(head: &[u8], identity: &Identity, place: Place) -> u32 {
    let mut seal = crc32fast::Hasher::new();
    for part in [&identity.seal().to_le_bytes()[..], &place.to_bytes(), head] {
        seal.update(part);
    }
    seal.finalize()
}
