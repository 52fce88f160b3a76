//! The segment files of a journal on a disk: found, read, and recognized as its own.

use std::path::{Path, PathBuf};

use super::damage::{Damage, DamageKind};
use super::disk::ReadDisk;
use super::entry::Entry;
use super::error::{JournalError, JournalErrorKind};
use super::identity::{Identity, VERSION};
use super::record::{HEAD, Head, Place};
use super::segment::{Fields, Header, Scan, file_name, number_of};

/// The files of one journal.
pub(super) struct Files<D> {
    pub(super) disk: D,
    pub(super) folder: PathBuf,
    pub(super) identity: Identity,
}

/// A segment file that was read.
pub(super) struct ReadSegment {
    number: u32,
    file: Vec<u8>,
    scan: Scan,
}

impl ReadSegment {
    pub(super) fn len(&self) -> u64 {
        self.file.len() as u64
    }

    /// The number of records that can be read.
    pub(super) fn records(&self) -> u64 {
        self.scan.records.len() as u64
    }

    /// What its records say, in their order.
    pub(super) fn entries(&self) -> impl Iterator<Item = (Place, Entry<'_>)> {
        (0..self.scan.records.len()).filter_map(|index| self.entry(index))
    }

    /// What one of its records says.
    pub(super) fn entry(&self, index: usize) -> Option<(Place, Entry<'_>)> {
        let (place, kind, body) = self.scan.records.get(index)?;
        Some((*place, Entry::read(*kind, &self.file[body.clone()])?))
    }

    /// Takes what cannot be read at the end for a write that was torn.
    pub(super) fn take_tail(&mut self) -> Option<Damage> {
        let tail = self.scan.take_tail(self.file.len())?;
        Some(Damage::new(DamageKind::TornTail, self.number, tail.start, tail.end))
    }

    /// What cannot be read.
    pub(super) fn damage(&self) -> impl Iterator<Item = Damage> {
        let parts = self.scan.unreadable.iter();
        parts.map(|part| Damage::new(DamageKind::Unreadable, self.number, part.start, part.end))
    }
}

impl<D: ReadDisk> Files<D> {
    /// The files of a journal whose first readable header says whose it is.
    pub(super) fn of_any(mut disk: D, folder: &Path) -> Result<Self, JournalError> {
        for number in numbers(&mut disk, folder)? {
            let path = folder.join(file_name(number));
            let file = disk.read(&file_name(number));
            let file = file.map_err(|cause| JournalError::of_disk(&path, "cannot be read", cause))?;
            match Fields::read(&file) {
                Some(Fields { version, .. }) if version != VERSION => {
                    return Err(other_version(&path, version));
                }
                Some(Fields { owner: Some(identity), .. }) => {
                    return Ok(Self { disk, folder: folder.to_owned(), identity });
                }
                _ => {}
            }
        }
        let error = JournalError::new(JournalErrorKind::NotAJournal, folder);
        Err(error.with_detail("no file says whose journal this is"))
    }

    /// The numbers of the segments, from the oldest on.
    pub(super) fn numbers(&mut self) -> Result<Vec<u32>, JournalError> {
        let listed = self.disk.list();
        let names = listed.map_err(|cause| JournalError::of_disk(&self.folder, "cannot be listed", cause))?;
        let mut numbers: Vec<u32> = names.iter().filter_map(|name| number_of(name)).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Reads a segment, or says why its file is left alone.
    pub(super) fn read(&mut self, number: u32) -> Result<ReadSegment, JournalError> {
        let file = self.read_file(number)?;
        self.recognize(number, file)
    }

    /// Reads the segment that was written last. None if its header was never written to its end, so that nothing follows.
    pub(super) fn read_last(&mut self, number: u32) -> Result<Option<ReadSegment>, JournalError> {
        let file = self.read_file(number)?;
        if matches!(Header::read(&file, &self.identity, number), Header::Torn) {
            return Ok(None);
        }
        self.recognize(number, file).map(Some)
    }

    fn read_file(&mut self, segment: u32) -> Result<Vec<u8>, JournalError> {
        let name = file_name(segment);
        self.disk
            .read(&name)
            .map_err(|cause| JournalError::of_disk(&self.folder.join(name), "cannot be read", cause))
    }

    fn recognize(&self, number: u32, file: Vec<u8>) -> Result<ReadSegment, JournalError> {
        use JournalErrorKind as Kind;
        let refused = |kind, detail: String| {
            Err(JournalError::new(kind, &self.folder.join(file_name(number))).with_detail(detail))
        };
        let identity = &self.identity;
        let start = match Header::read(&file, identity, number) {
            Header::Own(start) => start,
            Header::Torn | Header::Damaged => 0,
            Header::OtherVersion(version) => {
                return Err(other_version(&self.folder.join(file_name(number)), version));
            }
            Header::OtherDataset(owner) => {
                return refused(
                    Kind::OtherDataset,
                    format!("{}, and not {}", owner.dataset, identity.dataset),
                );
            }
            Header::OtherEndpoint(owner) => {
                let detail = format!("{}, and not {}", owner.endpoint(), identity.endpoint());
                return refused(Kind::OtherEndpoint, detail);
            }
            Header::OtherKeyPolicy(owner) => {
                let detail = format!("{:?}, and not {:?}", owner.key_policy(), identity.key_policy());
                return refused(Kind::OtherKeyPolicy, detail);
            }
        };
        let mut scan = Scan::of(&file, identity, number, start);
        let is_unknown = |kind: u32, body| Entry::read(kind, &file[body]).is_none();
        let unknown = scan.records.extract_if(.., |(_, kind, body)| is_unknown(*kind, body.clone()));
        scan.unreadable.extend(unknown.map(|(.., body)| body.start - HEAD..body.end));
        scan.unreadable.sort_by_key(|part| part.start);
        if start == 0 && scan.records.is_empty() {
            let zeros = if file.iter().all(|byte| *byte == 0) { ", all of them zero" } else { "" };
            return refused(Kind::NotAJournal, format!("{} bytes{zeros}", file.len()));
        }
        Ok(ReadSegment { number, file, scan })
    }

    /// Reads one record again.
    pub(super) fn read_record(&mut self, place: Place) -> Result<(u32, Vec<u8>), JournalError> {
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
}

fn numbers(disk: &mut impl ReadDisk, folder: &Path) -> Result<Vec<u32>, JournalError> {
    let names = disk.list().map_err(|cause| JournalError::of_disk(folder, "cannot be listed", cause))?;
    let mut numbers: Vec<u32> = names.iter().filter_map(|name| number_of(name)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

fn other_version(file: &Path, version: u32) -> JournalError {
    let detail = format!("version {version}, and this is version {VERSION}");
    JournalError::new(JournalErrorKind::UnknownVersion, file).with_detail(detail)
}
