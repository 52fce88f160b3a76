//! Any bytes as a segment file: opening it refuses it or reads it, never panics, changes nothing that it refuses, and
//! whoever reads it counts the same.
//!
//! The first byte chooses what the rest is: a whole file, what follows a good header, changes of a good file, or the
//! bodies of records whose checksums are right.

#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use meta_offline_events::journal::{HandOver, Journal, JournalError, JournalSnapshot};
use meta_offline_events::value::EventTime;
use meta_offline_events::{Event, UserData};

const GOOD: &[u8] = include_bytes!("../data/journal-1.segment");

const OWNER: &[u8] = b"1234567890\ngraph.facebook.com\n";

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    // Nothing waits for a disk there.
    let memory = PathBuf::from("/dev/shm");
    let parent = if memory.is_dir() { memory } else { std::env::temp_dir() };
    parent.join(format!("fuzz-journal-{}", std::process::id()))
});

static SALE: LazyLock<Event> = LazyLock::new(|| {
    let customer = UserData::builder().email("new@example.com").build().unwrap();
    let sale = Event::builder(now(), customer).order_id("fuzz".parse().unwrap());
    sale.value("5 EUR".parse().unwrap()).build().unwrap()
});

fuzz_target!(|data: &[u8]| {
    let header = u32::from_le_bytes(GOOD[12..16].try_into().unwrap()) as usize;
    let file = match data {
        [0, rest @ ..] => rest.to_vec(),
        [1, rest @ ..] => [&GOOD[..header], rest].concat(),
        [2, rest @ ..] => changed(rest),
        [_, rest @ ..] => sealed(GOOD[..header].to_vec(), rest),
        [] => return,
    };
    let _ = fs::remove_dir_all(&*FOLDER);
    fs::create_dir(&*FOLDER).unwrap();
    let path = FOLDER.join("0000000001.segment");
    fs::write(&path, &file).unwrap();

    let snapshot = JournalSnapshot::read(&*FOLDER);
    assert!(fs::read(&path).unwrap() == file, "reading changed the file");
    let journal = match open() {
        Ok(journal) => journal,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert!(fs::read(&path).unwrap() == file, "what is refused is changed");
            return;
        }
    };
    let counts = journal.counts().unwrap();
    assert_eq!(journal.pending().unwrap().filter(|event| event.is_ok()).count() as u64, counts.pending);
    if let Ok(snapshot) = snapshot {
        assert_eq!((snapshot.counts(), snapshot.damage()), (counts, journal.damage()));
        assert_eq!(snapshot.size(), journal.size().unwrap());
        let entries = snapshot.entries().map(Result::unwrap);
        assert_eq!(entries.inspect(|entry| drop(entry.event())).count() as u64, counts.total());
    }
    let lost: Vec<_> = journal.damage().iter().filter(|damage| damage.is_loss()).cloned().collect();
    assert_eq!(journal.verify().unwrap().damage, lost);

    // It goes on as a journal.
    let answer = journal.hand_over(std::slice::from_ref(&*SALE), now()).unwrap();
    assert!(matches!(answer[..], [HandOver::Taken(_)]));
    drop(journal);
    let again = open().unwrap();
    assert_eq!(again.damage(), lost);
    assert_eq!(again.counts().unwrap().total(), counts.total() + 1);
});

fn now() -> EventTime {
    EventTime::from_unix(1_777_910_400).unwrap()
}

fn open() -> Result<Journal, JournalError> {
    Journal::open(&*FOLDER, &"1234567890".parse().unwrap())
}

/// The good file with changes of four bytes each: what to do, where, and with what.
fn changed(changes: &[u8]) -> Vec<u8> {
    let mut file = GOOD.to_vec();
    for [what, high, low, value] in changes.as_chunks().0 {
        let at = usize::from(u16::from_be_bytes([*high, *low])) % (file.len() + 1);
        match what % 4 {
            0 => file.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= value),
            1 => file.truncate(at),
            2 => drop(file.splice(at..at, vec![*value; usize::from(what / 4)])),
            _ => file.extend_from_within(at.min(usize::from(*value))..at),
        }
    }
    file
}

/// Records whose checksums are right: a kind, the length of the body, and the body.
fn sealed(mut file: Vec<u8>, mut rest: &[u8]) -> Vec<u8> {
    while let [kind, len, after @ ..] = rest {
        let (body, after) = after.split_at(after.len().min((*len).into()));
        rest = after;
        let mut head = b"\xABMOE".to_vec();
        for number in [u32::from(*kind), body.len() as u32, crc32fast::hash(body)] {
            head.extend_from_slice(&number.to_le_bytes());
        }
        let place = 1_u64 << 32 | file.len() as u64;
        let owner = crc32fast::hash(OWNER).to_le_bytes();
        let seal = crc32fast::hash(&[&owner[..], &place.to_le_bytes(), &head].concat());
        file.extend_from_slice(&head);
        file.extend_from_slice(&seal.to_le_bytes());
        file.extend_from_slice(body);
    }
    file
}
