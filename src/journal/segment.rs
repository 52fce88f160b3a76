//! One segment file: a header that says whose it is, then records.

use std::ops::Range;

use super::identity::{Identity, MAGIC, START, VERSION};
use super::record::{HEAD, Head, Place, find_next};

/// What the header of a file says.
#[derive(Debug)]
pub(super) enum Header {
    /// It is the header of this segment; records begin at this offset.
    Own(usize),
    /// It was never written to its end, so that no record follows.
    Torn,
    /// It is of another version.
    OtherVersion(u32),
    /// It is of another dataset.
    OtherDataset(Identity),
    /// It is of another endpoint.
    OtherEndpoint(Identity),
    /// It is of another key policy.
    OtherKeyPolicy(Identity),
    /// It is damaged, or no header.
    Damaged,
}

impl Header {
    pub(super) fn read(file: &[u8], identity: &Identity, segment: u32) -> Self {
        let own = identity.header(segment);
        if file.starts_with(&own) {
            return Self::Own(own.len());
        }
        match Fields::read(file) {
            Some(Fields { version, .. }) if version != VERSION => Self::OtherVersion(version),
            Some(Fields { owner: Some(owner), .. }) if owner.dataset != identity.dataset => {
                Self::OtherDataset(owner)
            }
            Some(Fields { owner: Some(owner), .. }) if owner.endpoint() != identity.endpoint() => {
                Self::OtherEndpoint(owner)
            }
            Some(Fields { owner: Some(owner), .. }) if owner.key_policy() != identity.key_policy() => {
                Self::OtherKeyPolicy(owner)
            }
            _ if file.len() <= own.len() => Self::Torn,
            _ => Self::Damaged,
        }
    }
}

/// What the header of a file says, whoever it belongs to.
pub(super) struct Fields {
    pub(super) version: u32,
    /// Whose it is, if it is of a version that says so here and undamaged.
    pub(super) owner: Option<Identity>,
}

impl Fields {
    pub(super) fn read(file: &[u8]) -> Option<Self> {
        let (start, _) = file.split_at_checked(START)?;
        let number = |at: usize| start.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
        let is_start = start.starts_with(&MAGIC) && number(16)? == crc32fast::hash(&start[..16]);
        let fields = Self { version: number(8)?, owner: Self::owner(file, number(12)? as usize) };
        is_start.then_some(fields)
    }

    fn owner(file: &[u8], len: usize) -> Option<Identity> {
        let (content, checksum) = file.get(..len)?.split_last_chunk()?;
        if u32::from_le_bytes(*checksum) != crc32fast::hash(content) {
            return None;
        }
        let mut rest = content.get(START + 4..)?;
        let mut next = || {
            let (len, after) = rest.split_first_chunk()?;
            let (text, after) = after.split_at_checked(u16::from_le_bytes(*len).into())?;
            rest = after;
            std::str::from_utf8(text).ok()
        };
        Identity::of_texts([next()?, next()?, next()?])
    }
}

/// A segment file that was read from `start` to its end.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// The records whose checksums are right: place, kind, and where the body is.
    pub(super) records: Vec<(Place, u32, Range<usize>)>,
    /// The parts between them that cannot be read.
    pub(super) unreadable: Vec<Range<usize>>,
}

impl Scan {
    pub(super) fn of(file: &[u8], identity: &Identity, segment: u32, start: usize) -> Self {
        let mut scan = Self::default();
        let mut at = start;
        while let Some(offset) = u32::try_from(at).ok().filter(|_| at < file.len()) {
            let place = Place::new(segment, offset);
            let Some(head) = Head::read(&file[at..], identity, place) else {
                let next = find_next(file, identity, segment, at + 1);
                scan.unreadable.push(at..next);
                at = next;
                continue;
            };
            let body = at + HEAD..(at + HEAD).saturating_add(head.len);
            match file.get(body.clone()) {
                Some(found) if head.is_of(found) => scan.records.push((place, head.kind, body.clone())),
                Some(_) => scan.unreadable.push(at..body.end),
                None => scan.unreadable.push(at..file.len()),
            }
            at = body.end;
        }
        scan
    }

    /// The unreadable part at the very end, where a write was torn.
    pub(super) fn take_tail(&mut self, len: usize) -> Option<Range<usize>> {
        let mut start = len;
        while let Some(part) = self.unreadable.pop_if(|part| part.end == start) {
            start = part.start;
        }
        (start < len).then_some(start..len)
    }
}

/// The name of the file of a segment.
pub(super) fn file_name(segment: u32) -> String {
    format!("{segment:010}.segment")
}

/// The segment of a file, by its name.
pub(super) fn number_of(name: &str) -> Option<u32> {
    let digits = name.strip_suffix(".segment")?;
    digits.parse().ok().filter(|number| file_name(*number) == name)
}
