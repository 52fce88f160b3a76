//! A disk that keeps only what was synced, and of the rest what chance leaves: lost, torn or out of order.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use crate::journal::disk::{Disk, ReadDisk};

#[derive(Debug, Clone)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    SetLen(usize),
}

#[derive(Debug, Clone, Default)]
struct File {
    durable: Vec<u8>,
    now: Vec<u8>,
    unsynced: Vec<Change>,
}

#[derive(Debug, Clone)]
enum NameChange {
    Create(String, usize),
    Remove(String),
}

#[derive(Debug, Default)]
struct State {
    files: Vec<File>,
    durable: BTreeMap<String, usize>,
    now: BTreeMap<String, usize>,
    unsynced: Vec<NameChange>,
    /// Operations that change the disk, so far.
    operations: usize,
    syncs: usize,
    stops_at: Option<usize>,
    room: Option<usize>,
    sync_fails: bool,
}

/// The disk. A clone is the same disk.
#[derive(Debug, Clone, Default)]
pub(super) struct Model(Arc<Mutex<State>>);

impl Model {
    fn state<T>(&self, with: impl FnOnce(&mut State) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A disk with these files, all synced.
    pub(super) fn of(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        let disk = Self::default();
        disk.state(|state| {
            for (name, bytes) in files {
                state.durable.insert(name.clone(), state.files.len());
                state.now.insert(name, state.files.len());
                state.files.push(File { durable: bytes.clone(), now: bytes, unsynced: Vec::new() });
            }
        });
        disk
    }

    /// The files as a program sees them.
    pub(super) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        self.state(|state| {
            let files = state.now.iter().map(|(name, file)| (name.clone(), state.files[*file].now.clone()));
            files.collect()
        })
    }

    pub(super) fn operations(&self) -> usize {
        self.state(|state| state.operations)
    }

    pub(super) fn syncs(&self) -> usize {
        self.state(|state| state.syncs)
    }

    /// From this operation on, the machine is off. Of that operation itself, anything may have happened.
    pub(super) fn stop_at(&self, operation: usize) {
        self.state(|state| state.stops_at = Some(operation));
    }

    /// Starts a program again after it was killed: the disk was not off, and has what was written.
    pub(super) fn go_on(&self) {
        self.state(|state| state.stops_at = None);
    }

    /// Lets writes fail beyond this number of bytes; a write is done as far as there is room.
    pub(super) fn set_room(&self, bytes: Option<usize>) {
        self.state(|state| state.room = bytes);
    }

    pub(super) fn fail_syncs(&self, fails: bool) {
        self.state(|state| state.sync_fails = fails);
    }

    /// What is on the disk after the power was cut.
    pub(super) fn after_power_cut(&self, chance: &mut fastrand::Rng) -> Self {
        self.state(|state| {
            let files: Vec<Vec<u8>> = state.files.iter().map(|file| left_of(file, chance)).collect();
            let mut names = state.durable.clone();
            for change in &state.unsynced {
                match change {
                    _ if chance.bool() => {}
                    NameChange::Create(name, file) => drop(names.insert(name.clone(), *file)),
                    NameChange::Remove(name) => drop(names.remove(name)),
                }
            }
            Self::of(names.into_iter().map(|(name, file)| (name, files[file].clone())))
        })
    }

    fn change<T>(&self, with: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        self.state(|state| {
            let number = state.operations;
            state.operations += 1;
            if state.stops_at.is_some_and(|stop| number > stop) {
                return Err(io::Error::other("the machine is off"));
            }
            let done = with(state);
            if state.stops_at == Some(number) { Err(io::Error::other("the machine goes off")) } else { done }
        })
    }
}

fn left_of(file: &File, chance: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = file.durable.clone();
    for change in &file.unsynced {
        match change {
            _ if chance.u8(..3) == 0 => {}
            Change::SetLen(len) => bytes.resize(*len, 0),
            Change::Write { offset, bytes: written } => {
                let len = if chance.bool() { written.len() } else { chance.usize(..=written.len()) };
                if bytes.len() < offset + len {
                    bytes.resize(offset + len, 0);
                }
                let torn = chance.bool();
                for (block, part) in written[..len].chunks(16).enumerate() {
                    if !torn || chance.bool() {
                        bytes[offset + block * 16..][..part.len()].copy_from_slice(part);
                    }
                }
            }
        }
    }
    bytes
}

fn find(state: &mut State, name: &str) -> io::Result<usize> {
    state.now.get(name).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
}

fn write(file: &mut File, change: Change) {
    match &change {
        Change::SetLen(len) => file.now.resize(*len, 0),
        Change::Write { offset, bytes } => {
            let end = offset + bytes.len();
            file.now.resize(file.now.len().max(end), 0);
            file.now[*offset..end].copy_from_slice(bytes);
        }
    }
    file.unsynced.push(change);
}

fn place(number: u64) -> usize {
    usize::try_from(number).unwrap()
}

impl ReadDisk for Model {
    fn list(&mut self) -> io::Result<Vec<String>> {
        Ok(self.state(|state| state.now.keys().cloned().collect()))
    }

    fn read(&mut self, name: &str) -> io::Result<Vec<u8>> {
        self.state(|state| find(state, name).map(|file| state.files[file].now.clone()))
    }

    fn read_at(&mut self, name: &str, offset: u64, part: &mut [u8]) -> io::Result<()> {
        let file = self.read(name)?;
        let found =
            file.get(place(offset)..place(offset) + part.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        part.copy_from_slice(found);
        Ok(())
    }
}

impl Disk for Model {
    fn create(&mut self, name: &str) -> io::Result<()> {
        self.change(|state| {
            if let Ok(file) = find(state, name) {
                write(&mut state.files[file], Change::SetLen(0));
            } else {
                let file = state.files.len();
                state.files.push(File::default());
                state.now.insert(name.to_owned(), file);
                state.unsynced.push(NameChange::Create(name.to_owned(), file));
            }
            Ok(())
        })
    }

    fn write_at(&mut self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.change(|state| {
            let file = find(state, name)?;
            let len = bytes.len().min(state.room.unwrap_or(usize::MAX));
            state.room = state.room.map(|room| room - len);
            let change = Change::Write { offset: place(offset), bytes: bytes[..len].to_vec() };
            write(&mut state.files[file], change);
            if len < bytes.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        })
    }

    fn set_len(&mut self, name: &str, len: u64) -> io::Result<()> {
        self.change(|state| {
            let file = find(state, name)?;
            write(&mut state.files[file], Change::SetLen(place(len)));
            Ok(())
        })
    }

    fn sync(&mut self, name: &str) -> io::Result<()> {
        self.change(|state| {
            let file = find(state, name)?;
            state.syncs += 1;
            let stops = state.stops_at == Some(state.operations - 1);
            if state.sync_fails {
                return Err(io::Error::other("the disk failed"));
            }
            if !stops {
                let file = &mut state.files[file];
                file.durable.clone_from(&file.now);
                file.unsynced.clear();
            }
            Ok(())
        })
    }

    fn sync_folder(&mut self) -> io::Result<()> {
        self.change(|state| {
            if state.stops_at != Some(state.operations - 1) {
                state.durable.clone_from(&state.now);
                state.unsynced.clear();
            }
            Ok(())
        })
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        self.change(|state| {
            find(state, name)?;
            state.now.remove(name);
            state.unsynced.push(NameChange::Remove(name.to_owned()));
            Ok(())
        })
    }
}
