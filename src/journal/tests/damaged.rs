//! Any damage to the files of a journal: opening it refuses them untouched, or reads them, and all ways to read them
//! agree.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;

use super::model::Model;
use super::{day, hand_over, open, order, pending, small};
use crate::journal::hand_over::HandOver;
use crate::journal::identity::Identity;
use crate::journal::record::{self, Place};
use crate::journal::segment::number_of;
use crate::journal::{Damage, JournalSnapshot};

#[derive(Debug, Clone)]
enum Change {
    Flip(u8),
    Cut,
    Insert(Vec<u8>),
    /// What comes before, once more.
    Repeat(usize),
    /// At the end, a record with right checksums.
    Record(u32, Vec<u8>),
    Remove,
}

fn change() -> impl Strategy<Value = Change> {
    let bytes = || vec(any::<u8>(), 0..60);
    prop_oneof![
        4 => any::<u8>().prop_map(Change::Flip),
        2 => Just(Change::Cut),
        2 => bytes().prop_map(Change::Insert),
        2 => (0..400_usize).prop_map(Change::Repeat),
        4 => (0..6_u32, bytes()).prop_map(|(kind, body)| Change::Record(kind, body)),
        1 => Just(Change::Remove),
    ]
}

fn damage(files: &mut BTreeMap<String, Vec<u8>>, number: usize, at: usize, change: Change) {
    let Some(name) = files.keys().nth(number % files.len().max(1)).cloned() else { return };
    let Some(file) = files.get_mut(&name) else { return };
    let at = at % (file.len() + 1);
    match change {
        Change::Flip(bits) => file.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= bits),
        Change::Cut => file.truncate(at),
        Change::Insert(bytes) => drop(file.splice(at..at, bytes)),
        Change::Repeat(len) => file.extend_from_within(at.saturating_sub(len)..at),
        Change::Record(kind, body) => {
            let identity = Identity::new("1234567890".parse().unwrap(), None, None);
            let place = Place::new(number_of(&name).unwrap(), u32::try_from(file.len()).unwrap());
            record::write(file, &identity, place, kind, |out| out.extend(body));
        }
        Change::Remove => drop(files.remove(&name)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn p17_p18_whatever_happens_to_the_files_all_that_read_them_agree(
        changes in vec((0..3_usize, 0..2000_usize, change()), 1..6),
    ) {
        let mut files = small().0.files();
        for (number, at, change) in changes {
            damage(&mut files, number, at, change);
        }
        let disk = Model::of(files.clone());
        let snapshot = JournalSnapshot::read_from(disk.clone(), Path::new("j"));
        let Ok(mut store) = open(&disk) else {
            prop_assert_eq!(disk.files(), files, "what is refused is untouched");
            return Ok(());
        };
        let (counts, found) = (store.counts(), store.damage().to_vec());
        if let Ok(snapshot) = snapshot {
            prop_assert_eq!(snapshot.counts(), counts);
            prop_assert_eq!(snapshot.damage(), &*found);
        }
        prop_assert_eq!(pending(&mut store).len() as u64, counts.pending);
        let lost: Vec<Damage> = found.into_iter().filter(Damage::is_loss).collect();
        prop_assert_eq!(&store.verify().unwrap().damage, &lost);
        for (name, bytes) in disk.files() {
            prop_assert!(bytes.is_empty() || store.bytes() >= bytes.len() as u64, "{} counts", name);
        }

        let answer = hand_over(&mut store, &[order(77)], day(0)).unwrap().remove(0);
        prop_assert!(matches!(answer, HandOver::Taken(_)));
        let mut again = open(&disk).unwrap();
        prop_assert_eq!(again.damage(), &*lost);
        prop_assert_eq!(again.counts().total(), counts.total() + 1);
        prop_assert!(pending(&mut again).iter().any(|event| event.event().unwrap() == order(77)));
    }
}
