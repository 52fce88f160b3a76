//! The store on a model of a disk: crashes after every operation, flipped bytes, cuts, full disks, failing syncs.

mod damaged;
mod model;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use self::model::Model;
use super::batch::Handed;
use super::entry;
use super::error::{JournalError, JournalErrorKind};
use super::hand_over::{EntryId, HandOver};
use super::identity::{Identity, VERSION};
use super::record::{self, HEAD, Place};
use super::segment::file_name;
use super::state::EntryState;
use super::store::{Limits, Store};
use super::writer::{Change, Writer};
use super::{DamageKind, PendingEvent};
use crate::customer::UserData;
use crate::event::Event;
use crate::value::{EventTime, Line};

const START: i64 = 1_767_225_600;
const DAY: i64 = 86_400;

fn day(number: i64) -> EventTime {
    EventTime::from_unix(START + number * DAY).unwrap()
}

fn order(number: usize) -> Event {
    let customer = UserData::builder().email(&format!("c{number}@example.com")).build().unwrap();
    let event = Event::builder(day(0), customer).order_id(format!("A{number}").parse().unwrap());
    event.value("31.50 USD".parse().unwrap()).lines([Line::new(number as u64 + 2)]).build().unwrap()
}

fn handed(event: &Event) -> Handed {
    Handed::new(event, Path::new("j"), &mut Vec::new()).unwrap()
}

fn open(disk: &Model) -> Result<Store<Model>, JournalError> {
    let limits = Limits { segment_bytes: 1200, kept: Duration::from_secs(70 * 86_400) };
    Store::open(
        disk.clone(),
        Path::new("j"),
        Identity::new("1234567890".parse().unwrap(), None, None),
        limits,
    )
}

fn hand_over(
    store: &mut Store<Model>,
    events: &[Event],
    now: EventTime,
) -> Result<Vec<HandOver>, JournalError> {
    let mut batch = store.begin()?;
    let answers: Result<Vec<_>, _> =
        events.iter().map(|event| store.hand_over(&mut batch, &handed(event), now)).collect();
    store.commit(&batch)?;
    answers
}

fn attempt(store: &mut Store<Model>, places: &[Place], now: EventTime) -> Result<(), JournalError> {
    let mut batch = store.begin()?;
    store.attempt(&mut batch, places, false, now)?;
    store.commit(&batch)
}

fn outcome(
    store: &mut Store<Model>,
    places: &[Place],
    state: EntryState,
    now: EventTime,
) -> Result<(), JournalError> {
    let mut batch = store.begin()?;
    store.outcome(&mut batch, places, (state, "code"), now)?;
    store.commit(&batch)
}

fn pending(store: &mut Store<Model>) -> Vec<PendingEvent> {
    let places = store.pending();
    places.into_iter().map(|place| store.pending_event(place).unwrap().unwrap()).collect()
}

fn place_of(answer: &HandOver) -> Place {
    let HandOver::Taken(EntryId(place)) = answer else { panic!("{answer:?}") };
    *place
}

/// What the journal has promised to a program that was cut off.
#[derive(Debug, Default, Clone)]
struct Promised {
    /// Orders by number, with what surely became of them.
    orders: BTreeMap<usize, EntryState>,
    /// Orders whose outcome may or may not be recorded.
    perhaps: BTreeSet<usize>,
    attempted: BTreeSet<usize>,
    /// Orders that may be deleted.
    old: BTreeSet<usize>,
}

impl Promised {
    fn know(&mut self, number: usize, state: EntryState) {
        self.perhaps.remove(&number);
        self.orders.insert(number, state);
    }
}

/// Hands orders over, sends some, lets segments fill up, and cleans up. Ends at the first error.
fn play(disk: &Model, promised: &mut Promised) -> Result<(), JournalError> {
    let mut store = open(disk)?;
    let mut last = Vec::new();
    for round in 0..6 {
        let numbers = [round * 3, round * 3 + 1, round * 3 + 2];
        let today = day(i64::try_from(round).unwrap() * 40);
        let answers = hand_over(&mut store, &numbers.map(order), today)?;
        promised.orders.extend(numbers.map(|number| (number, EntryState::Pending)));
        let places: Vec<Place> = answers.iter().map(place_of).collect();
        attempt(&mut store, &places[..2], today)?;
        promised.attempted.extend(&numbers[..2]);
        for (at, state) in [(0, EntryState::Accepted), (1, EntryState::Unconfirmed)] {
            promised.perhaps.insert(numbers[at]);
            outcome(&mut store, &places[at..=at], state, today)?;
            promised.know(numbers[at], state);
        }
        if round != 4 {
            promised.perhaps.insert(numbers[2]);
            outcome(&mut store, &places[2..], EntryState::NotSent, today)?;
            promised.know(numbers[2], EntryState::NotSent);
        }
        promised.old.extend(0..round.saturating_sub(1) * 3);
        store.clean_up(today)?;
        last = places;
    }
    assert_eq!(last.len(), 3);
    Ok(())
}

fn check(disk: &Model, promised: &Promised, case: &str) {
    let mut store = open(disk).unwrap_or_else(|error| panic!("{case}: {error}"));
    let found: BTreeMap<usize, PendingEvent> = pending(&mut store)
        .into_iter()
        .map(|event| {
            let loaded = event.event().unwrap();
            let number = usize::try_from(loaded.lines()[0].number()).unwrap() - 2;
            assert_eq!(loaded, order(number), "{case}: an order is another one");
            (number, event)
        })
        .collect();
    for (number, state) in &promised.orders {
        let is_pending = found.contains_key(number);
        let certain = !promised.perhaps.contains(number);
        if promised.old.contains(number) {
            assert!(!certain || !is_pending, "{case}: {number} came back");
            continue;
        }
        assert!(
            !certain || is_pending == (*state == EntryState::Pending),
            "{case}: {number} should be {state:?}"
        );
        if let Some(event) = found.get(number) {
            let attempted = promised.attempted.contains(number);
            assert!(!attempted || event.first_attempt().is_some(), "{case}: the attempt of {number} is lost");
        }
        if certain && state.is_remembered() {
            let answer = hand_over(&mut store, &[order(*number)], day(300)).unwrap();
            assert!(
                matches!(&answer[0], HandOver::Known(known) if known.state() == *state),
                "{case}: {answer:?}"
            );
        }
    }
    let invented: Vec<_> = found.keys().filter(|number| **number >= 18).collect();
    assert!(invented.is_empty(), "{case}: {invented:?}");
    let missing = store.damage().iter().any(|damage| damage.kind() == DamageKind::MissingSegments);
    assert!(!missing, "{case}: {:?}", store.damage());
}

#[test]
fn p1_p16_p29_a_crash_after_any_operation_keeps_what_was_promised() {
    let whole = Model::default();
    play(&whole, &mut Promised::default()).unwrap();
    let operations = whole.operations();
    assert!(operations > 80 && whole.files().len() < 6, "{operations} {:?}", whole.files().keys());
    for operation in 0..=operations {
        let disk = Model::default();
        disk.stop_at(operation);
        let mut promised = Promised::default();
        let played = play(&disk, &mut promised);
        assert_eq!(played.is_err(), operation < operations);
        for seed in 0..12 {
            let chance = &mut fastrand::Rng::with_seed(seed);
            let left = disk.after_power_cut(chance);
            let case = format!("operation {operation}, seed {seed}");
            // The next open may be cut off, too.
            let again = Model::of(left.files());
            again.stop_at(usize::try_from(seed).unwrap() % 5);
            let _ = open(&again);
            check(&again.after_power_cut(chance), &promised, &format!("{case}, and again"));
            check(&left, &promised, &case);
        }
    }
}

/// After a kill, a program sees what was not synced yet. What it is told then must survive a power cut, too.
#[test]
fn p1_what_is_read_after_a_kill_survives_a_power_cut() {
    let whole = Model::default();
    play(&whole, &mut Promised::default()).unwrap();
    for (operation, then) in (0..=whole.operations()).flat_map(|number| [(number, None), (number, Some(20))])
    {
        let disk = Model::default();
        disk.stop_at(operation);
        let _ = play(&disk, &mut Promised::default());
        disk.go_on();
        let mut store = open(&disk).unwrap();
        let mut batch = store.begin().unwrap();
        let mut is_known =
            |number: &usize| match store.hand_over(&mut batch, &handed(&order(*number)), day(300)) {
                Ok(answer) => !matches!(answer, HandOver::Taken(_)),
                Err(error) => panic!("operation {operation}: {error}"),
            };
        let mut known: Vec<_> = (0..18).filter(&mut is_known).collect();
        if let Some(number) = then {
            hand_over(&mut store, &[order(number)], day(300)).unwrap();
            known.push(number);
        }
        for seed in 0..12 {
            let left = disk.after_power_cut(&mut fastrand::Rng::with_seed(seed));
            let mut store = open(&left).unwrap_or_else(|error| panic!("{operation}, {seed}: {error}"));
            for number in &known {
                let answer = hand_over(&mut store, &[order(*number)], day(300)).unwrap().remove(0);
                assert!(!matches!(answer, HandOver::Taken(_)), "{operation}, {seed}: {number} is lost");
            }
        }
    }
}

/// A journal of two segments: five orders, of which the first was accepted and the second was attempted.
fn small() -> (Model, Vec<Place>) {
    let disk = Model::default();
    let mut store = open(&disk).unwrap();
    let events: Vec<Event> = (0..5).map(order).collect();
    let mut places = Vec::new();
    for event in &events {
        let answers = hand_over(&mut store, std::slice::from_ref(event), day(0)).unwrap();
        places.push(place_of(&answers[0]));
    }
    attempt(&mut store, &places[..2], day(0)).unwrap();
    outcome(&mut store, &places[..1], EntryState::Accepted, day(0)).unwrap();
    assert_eq!(disk.files().len(), 2);
    (disk, places)
}

#[test]
fn p17_a_flipped_byte_costs_one_record_and_is_told() {
    let (disk, places) = small();
    for (name, bytes) in disk.files() {
        for at in 0..bytes.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut files = disk.files();
                files.get_mut(&name).unwrap()[at] ^= flip;
                let flipped = Model::of(files);
                let mut store = open(&flipped).unwrap_or_else(|error| panic!("{name} {at}: {error}"));
                assert_eq!(store.damage().len(), 1, "{name} {at}: {:?}", store.damage());
                let found = pending(&mut store);
                let lost =
                    places[1..].iter().filter(|place| !found.iter().any(|event| event.id.0 == **place));
                assert!(lost.count() <= 1, "{name} {at}");
                for event in &found {
                    let number = places.iter().position(|place| *place == event.id.0).unwrap();
                    assert_eq!(event.event().unwrap(), order(number));
                    let attempted = number < 2 && store.damage()[0].is_loss();
                    assert!(!attempted || event.first_attempt().is_some(), "{name} {at}: {event:?}");
                }
            }
        }
    }
}

#[test]
fn p17_a_record_that_stands_elsewhere_or_in_another_journal_is_none() {
    let (disk, places) = small();
    let name = file_name(places[0].segment());
    let whole = disk.files();
    let start = places[0].offset() as usize;
    let record = whole[&name][start..places[1].offset() as usize].to_vec();
    let counts = open(&disk).unwrap().counts();

    // A copy at the end of the last file.
    let mut files = whole.clone();
    let mut last = files.last_entry().unwrap();
    last.get_mut().extend_from_slice(&record);
    assert_eq!(open(&Model::of(files)).unwrap().counts(), counts);

    // The record of another journal at its own place.
    let other = Identity::new("77".parse().unwrap(), None, None);
    let mut bytes = Vec::new();
    record::write(&mut bytes, &other, places[0], entry::EVENT, |body| {
        body.extend_from_slice(&record[HEAD..]);
    });
    let mut files = whole.clone();
    files.get_mut(&name).unwrap()[start..][..bytes.len()].copy_from_slice(&bytes);
    let store = open(&Model::of(files)).unwrap();
    assert_eq!((store.counts().total(), store.damage().len()), (4, 1));
}

#[test]
fn p16_a_journal_that_is_cut_anywhere_keeps_what_comes_before() {
    let (disk, places) = small();
    let (name, bytes) = disk.files().pop_last().unwrap();
    for len in 0..bytes.len() {
        let mut files = disk.files();
        files.get_mut(&name).unwrap().truncate(len);
        let cut = Model::of(files);
        let mut store = open(&cut).unwrap_or_else(|error| panic!("{len}: {error}"));
        assert!(store.damage().iter().all(|damage| !damage.is_loss()), "{len}: {:?}", store.damage());
        let before = |place: &&Place| place.segment() == 1 || (place.offset() as usize) < len;
        let known = places.iter().filter(before).count();
        let found = store.counts().total();
        assert!(found == known as u64 || found + 1 == known as u64, "{len}: {found} of {known}");
        assert_eq!(open(&cut).unwrap().damage(), [], "{len}: what was torn is cut off");
        // It goes on as a whole journal.
        hand_over(&mut store, &[order(9)], day(1)).unwrap();
        let mut again = open(&cut).unwrap();
        assert_eq!(again.damage(), []);
        assert!(pending(&mut again).iter().any(|event| event.event().unwrap() == order(9)));
    }
}

#[test]
fn p18_an_empty_file_is_an_empty_journal_and_zeros_are_refused_untouched() {
    let empty = Model::of([(file_name(1), Vec::new())]);
    assert_eq!(open(&empty).unwrap().counts().total(), 0);
    let zeros = Model::of([(file_name(1), vec![0; 5000])]);
    let error = open(&zeros).err().unwrap();
    assert_eq!(error.kind(), JournalErrorKind::NotAJournal);
    assert!(error.to_string().contains("5000 bytes, all of them zero"), "{error}");
    assert_eq!(zeros.operations(), 0);
}

#[test]
fn p19_a_journal_of_another_version_is_refused_untouched() {
    let (disk, _) = small();
    let mut files = disk.files();
    let file = files.get_mut(&file_name(2)).unwrap();
    file[8..12].copy_from_slice(&(VERSION + 1).to_le_bytes());
    let checksum = crc32fast::hash(&file[..16]);
    file[16..20].copy_from_slice(&checksum.to_le_bytes());
    let newer = Model::of(files.clone());
    let error = open(&newer).err().unwrap();
    assert_eq!(error.kind(), JournalErrorKind::UnknownVersion);
    assert!(error.to_string().contains("version 2, and this is version 1"), "{error}");
    assert_eq!((newer.files(), newer.operations()), (files, 0));
}

#[test]
fn p13_a_full_disk_refuses_the_event_and_the_journal_goes_on_when_there_is_room() {
    let (disk, _) = small();
    for room in 0..700 {
        let full = Model::of(disk.files());
        let mut store = open(&full).unwrap();
        full.set_room(Some(room));
        let result = hand_over(&mut store, &[order(7), order(8)], day(1));
        full.set_room(None);
        assert!(result.is_ok() || full.files() == disk.files(), "{room}: what was written is cut off");
        let known = result.is_ok();
        let kind = result.err().map(|error| error.kind());
        assert!(kind.is_none_or(|kind| kind == JournalErrorKind::DiskFull), "{kind:?}");
        assert!(!known || room > 600, "{room}");
        let answers = hand_over(&mut store, &[order(8), order(7)], day(1)).unwrap();
        assert!(answers.iter().all(|answer| matches!(answer, HandOver::Taken(_)) != known), "{room}");
        let reopened = open(&Model::of(full.files())).unwrap();
        assert_eq!((reopened.counts().total(), reopened.damage()), (7, &[][..]), "{room}");
    }
}

/// What a failed write left is cut off, but the cut is not durable yet when a clean-up begins the next segment.
#[test]
fn p13_p29_a_power_cut_in_a_clean_up_after_a_full_disk_loses_nothing() {
    for operation in 0..20 {
        let disk = Model::default();
        let mut store = open(&disk).unwrap();
        let place = place_of(&hand_over(&mut store, &[order(1)], day(0)).unwrap()[0]);
        outcome(&mut store, &[place], EntryState::Accepted, day(0)).unwrap();
        disk.set_room(Some(300));
        hand_over(&mut store, &[order(2)], day(1)).unwrap_err();
        disk.set_room(None);
        disk.stop_at(disk.operations() + operation);
        let _ = store.clean_up(day(100));
        for seed in 0..12 {
            let left = disk.after_power_cut(&mut fastrand::Rng::with_seed(seed));
            let store = open(&left).unwrap();
            let is_lost = store.damage().iter().any(super::Damage::is_loss);
            assert!(!is_lost, "{operation}, {seed}: {:?}", store.damage());
        }
    }
}

#[test]
fn p14_an_outcome_that_finds_a_full_disk_leaves_an_attempt_that_may_have_arrived() {
    let (disk, places) = small();
    let mut store = open(&disk).unwrap();
    disk.set_room(Some(5));
    let error = outcome(&mut store, &places[1..2], EntryState::Accepted, day(0)).unwrap_err();
    assert_eq!(error.kind(), JournalErrorKind::DiskFull);
    let mut reopened = open(&Model::of(disk.files())).unwrap();
    let event = pending(&mut reopened).remove(0);
    assert_eq!((event.id.0, event.first_attempt()), (places[1], Some(day(0))));
}

#[test]
fn p15_a_sync_that_fails_closes_the_journal() {
    let (disk, places) = small();
    let mut store = open(&disk).unwrap();
    disk.fail_syncs(true);
    let error = hand_over(&mut store, &[order(8)], day(1)).unwrap_err();
    assert_eq!(error.kind(), JournalErrorKind::SyncFailed);
    disk.fail_syncs(false);
    let syncs = disk.syncs();
    let error = outcome(&mut store, &places[1..2], EntryState::Accepted, day(1)).unwrap_err();
    assert_eq!((error.kind(), disk.syncs()), (JournalErrorKind::Closed, syncs));
    assert_eq!(store.counts().pending, 4, "what was not promised does not count");
    let answers = hand_over(&mut open(&disk).unwrap(), &[order(8)], day(1)).unwrap();
    assert_eq!(answers[0].code(), "taken", "the next process does not trust it either");
}

#[test]
fn one_sync_serves_all_that_wait() {
    let disk = Model::default();
    let writer = Writer::start(open(&disk).unwrap(), Path::new("j")).unwrap();
    let before = disk.syncs();
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let (begun, has_begun) = std::sync::mpsc::channel();
    let answers: Vec<_> = std::thread::scope(|scope| {
        let waits = move |_: &mut Store<Model>| begun.send(()).is_ok() && wait.recv().is_ok();
        let held = scope.spawn(|| writer.call(waits));
        has_begun.recv().unwrap();
        let change = |number| Change::HandOver { events: vec![handed(&order(number))], now: day(0) };
        let waiting: Vec<_> = (0..50).map(|number| writer.send(change(number))).collect();
        go.send(()).unwrap();
        assert!(held.join().unwrap().unwrap());
        waiting.into_iter().map(|answer| answer.recv().unwrap().unwrap()).collect()
    });
    assert!(answers.iter().all(|answers| matches!(answers[..], [HandOver::Taken(_)])));
    assert!(disk.syncs() - before <= 2, "{} syncs", disk.syncs() - before);
}

#[test]
fn events_of_one_batch_know_each_other() {
    let disk = Model::default();
    let mut store = open(&disk).unwrap();
    let answers = hand_over(&mut store, &[order(1), order(1)], day(0)).unwrap();
    assert!(matches!(&answers[1], HandOver::Known(known) if known.state() == EntryState::Pending));
    let mut batch = store.begin().unwrap();
    let place = [place_of(&answers[0])];
    store.outcome(&mut batch, &place, (EntryState::Accepted, ""), day(0)).unwrap();
    let error = store.outcome(&mut batch, &place, (EntryState::Refused, ""), day(0)).unwrap_err();
    assert_eq!(error.kind(), JournalErrorKind::NotPending);
}

#[test]
fn what_was_refused_or_not_sent_is_taken_again() {
    let disk = Model::default();
    let mut store = open(&disk).unwrap();
    for state in [EntryState::Refused, EntryState::NotSent, EntryState::Unconfirmed] {
        let place = place_of(&hand_over(&mut store, &[order(1)], day(0)).unwrap()[0]);
        outcome(&mut store, &[place], state, day(0)).unwrap();
    }
    let answer = hand_over(&mut store, &[order(1)], day(0)).unwrap().remove(0);
    assert_eq!(answer.code(), "already_unconfirmed");
}

#[test]
fn a_segment_that_is_missing_is_told() {
    let (disk, _) = small();
    let mut store = open(&disk).unwrap();
    for number in 10..20 {
        hand_over(&mut store, &[order(number)], day(0)).unwrap();
    }
    let mut files = disk.files();
    assert!(files.len() > 3);
    files.remove(&file_name(2));
    let store = open(&Model::of(files)).unwrap();
    assert_eq!(store.damage().len(), 1);
    assert_eq!(store.damage()[0].to_string(), "0000000002.segment is missing");
}
