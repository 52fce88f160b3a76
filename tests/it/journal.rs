//! The journal in a real folder: who may open it, what it remembers, what it keeps and for how long.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use meta_offline_events::journal::{
    EntryId, EntryState, HandOver, Journal, JournalError, JournalErrorKind, JournalOptions,
};
use meta_offline_events::report::{NotSentCause, Outcome};
use meta_offline_events::value::{EventTime, Line};
use meta_offline_events::{Event, UserData};

use crate::support::of;

const DATASET: &str = "1234567890";
const CHILD: &str = "JOURNAL_OF_A_CHILD";
const FILLING: &str = "JOURNAL_THAT_A_CHILD_FILLS";

/// A folder that goes when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("meta-offline-events-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    fn segments(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = files.filter(|file| file.extension().is_some()).collect();
        files.sort();
        files
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn open(folder: &Path) -> Result<Journal, JournalError> {
    Journal::open(folder, &of(DATASET))
}

fn day(number: i64) -> EventTime {
    EventTime::from_unix(1_767_225_600 + number * 86_400).unwrap()
}

fn sale(order: &str, email: &str, total: &str) -> Event {
    sale_at(order, email, total, day(0))
}

fn sale_at(order: &str, email: &str, total: &str, time: EventTime) -> Event {
    let customer = UserData::builder().email(email).build().unwrap();
    Event::builder(time, customer).order_id(of(order)).value(of(total)).build().unwrap()
}

fn taken(answer: &HandOver) -> EntryId {
    let HandOver::Taken(id) = answer else { panic!("{answer:?}") };
    *id
}

fn accept(journal: &Journal, events: &[Event], now: EventTime) -> Vec<EntryId> {
    let ids: Vec<_> = journal.hand_over(events, now).unwrap().iter().map(taken).collect();
    journal.record_attempt(&ids, now).unwrap();
    journal.record_outcome(&ids, &Outcome::Accepted, now).unwrap();
    ids
}

#[test]
fn p1_p24_events_come_back_with_their_lines_and_bytes() {
    let folder = Folder::new("come-back");
    let customer =
        UserData::builder().email("mary@example.com").client_user_agent("Agent \"1\"").build().unwrap();
    let lines = [Line::new(7), Line::new(u64::MAX).in_source(9)];
    let event = Event::builder(day(0), customer).name(of("Store visit")).lines(lines).build().unwrap();
    let without_id = Event::builder(day(0), event.user_data().clone()).name(of("Lead")).without_event_id();
    let events = [event, without_id.build().unwrap()];
    let journal = open(&folder.0).unwrap();
    let ids: Vec<_> = journal.hand_over(&events, day(1)).unwrap().iter().map(taken).collect();
    journal.record_attempt(&ids[1..], day(2)).unwrap();
    journal.record_attempt(&ids[1..], day(3)).unwrap();
    drop(journal);

    let journal = open(&folder.0).unwrap();
    let found: Vec<_> = journal.pending().unwrap().map(Result::unwrap).collect();
    for ((found, event), id) in found.iter().zip(&events).zip(&ids) {
        assert_eq!((found.id(), found.handed_over()), (*id, day(1)));
        assert_eq!(found.event().unwrap(), *event);
        assert_eq!(found.json(), serde_json::to_string(event).unwrap());
    }
    let attempts: Vec<_> = found.iter().map(|event| (event.attempts(), event.first_attempt())).collect();
    assert_eq!(attempts, [(0, None), (2, Some(day(2)))]);
    let shown = format!("{journal:?} {found:?}");
    assert!(!shown.contains("Agent") && !shown.contains("user_data"), "{shown}");
}

#[test]
fn p20_p24_a_journal_of_format_one_is_read_to_the_byte() {
    let folder = Folder::new("kept");
    fs::create_dir(&folder.0).unwrap();
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/journal-1.segment");
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/journal-1.json");
    let events = [sale("10001", "mary@example.com", "31.95 USD"), sale("10002", "paul@example.com", "5 EUR")];
    if env::var_os("WRITE_JOURNAL_SAMPLE").is_some() {
        let journal = open(&folder.0).unwrap();
        accept(&journal, &events[..1], day(0));
        let ids = journal.hand_over(&events[1..], day(1)).unwrap();
        journal.record_attempt(&[taken(&ids[0])], day(2)).unwrap();
        fs::copy(&folder.segments()[0], &kept).unwrap();
        fs::write(golden, serde_json::to_string(&events[1]).unwrap() + "\n").unwrap();
        return;
    }
    fs::copy(kept, folder.0.join("0000000001.segment")).unwrap();
    let journal = open(&folder.0).unwrap();
    assert_eq!(journal.damage(), []);
    let counts = journal.counts().unwrap();
    assert_eq!((counts.accepted, counts.pending, counts.total()), (1, 1, 2));
    let pending = journal.pending().unwrap().next().unwrap().unwrap();
    assert_eq!((pending.first_attempt(), pending.event().unwrap()), (Some(day(2)), events[1].clone()));
    assert!(fs::read_to_string(golden).unwrap().trim_end() == pending.json(), "{}", pending.json());
    assert_eq!(journal.hand_over(&events[..1], day(3)).unwrap()[0].code(), "already_sent");
}

#[test]
fn p27_v19_v55_what_was_sent_is_not_taken_again_and_a_change_is_told_with_both_totals() {
    let folder = Folder::new("changed");
    let journal = open(&folder.0).unwrap();
    let first = sale("A1", "mary@example.com", "31.95 USD");
    let ids = accept(&journal, std::slice::from_ref(&first), day(0));

    let late_item = sale("A1", "mary@example.com", "33.45 USD");
    let earlier = sale_at("A1", "mary@example.com", "33.45 USD", day(-1));
    let later = sale_at("A1", "mary@example.com", "31.95 USD", day(1));
    drop(journal);
    let journal = open(&folder.0).unwrap();
    let answers = journal.hand_over(&[first, late_item, earlier, later], day(2)).unwrap();
    assert_eq!(answers[0].code(), "already_sent");
    for answer in &answers[1..3] {
        let HandOver::Changed(changed) = answer else { panic!("{answer:?}") };
        assert_eq!((changed.before(), changed.after()), (Some(of("31.95 USD")), Some(of("33.45 USD"))));
        assert_eq!((changed.known().id(), changed.known().state()), (ids[0], EntryState::Accepted));
    }
    assert_eq!(
        answers[1].to_string(),
        "already sent with 31.95 USD, and is 33.45 USD now: Meta keeps the first, so sending it again does not help"
    );
    assert!(answers[3].to_string().contains("changed since, but not in its total"), "{}", answers[3]);
    assert_eq!(journal.counts().unwrap().total(), 1);
}

#[test]
fn v54_a_known_order_id_of_another_customer_is_told_as_such() {
    let folder = Folder::new("stranger");
    let journal = open(&folder.0).unwrap();
    accept(&journal, &[sale("1", "mary@example.com", "31.95 USD")], day(0));
    let nobody =
        UserData::builder().last_name("Smith").first_name("Mary").city("Berlin").country("de").build();
    let nobody =
        Event::builder(day(1), nobody.unwrap()).order_id(of("1")).value(of("31.95 USD")).build().unwrap();
    let both = UserData::builder().email("mary@example.com").email("paul@example.com").build().unwrap();
    let both = Event::builder(day(1), both).order_id(of("1")).value(of("31.95 USD")).build().unwrap();
    let next_day = sale_at("1", "paul@example.com", "31.95 USD", day(1));
    let answers = journal.hand_over(&[next_day, nobody, both], day(1)).unwrap();
    let codes: Vec<_> = answers.iter().map(HandOver::code).collect();
    assert_eq!(codes, ["other_customer", "changed_since_sent", "changed_since_sent"]);
    assert!(answers[0].to_string().contains("order key with store, till and day"), "{}", answers[0]);
}

#[test]
fn p28_events_count_by_what_they_hold_and_not_by_where_they_come_from() {
    let folder = Folder::new("content");
    let journal = open(&folder.0).unwrap();
    let visit = |email: &str, line: u64| {
        let customer = UserData::builder().email(email).build().unwrap();
        let event = Event::builder(day(0), customer).name(of("Visit")).without_event_id();
        event.lines([Line::new(line)]).build().unwrap()
    };
    let answers = journal.hand_over(
        &[visit("a@example.com", 2), visit("b@example.com", 2), visit("a@example.com", 9)],
        day(0),
    );
    let codes: Vec<_> = answers.unwrap().iter().map(HandOver::code).collect();
    assert_eq!(codes, ["taken", "taken", "already_pending"]);
}

/// Opens the journal that the environment names, says so, and waits. Does nothing as a test of its own.
#[test]
fn a_child_holds_a_journal() {
    let Some(folder) = env::var_os(CHILD) else { return };
    let result = open(Path::new(&folder));
    let said = match &result {
        Ok(_) => "open".to_owned(),
        Err(error) => format!("{}: {error}", error.kind().code()),
    };
    let mut out = std::io::stdout();
    writeln!(out, "\nchild {said}").unwrap();
    out.flush().unwrap();
    let _ = std::io::stdin().read(&mut [0]);
}

/// Hands orders over, one after another, and says each that the journal took. Does nothing as a test of its own.
#[test]
fn a_child_fills_a_journal() {
    let Some(folder) = env::var_os(FILLING) else { return };
    let journal = JournalOptions::new().segment_bytes(4096).open(folder, &of(DATASET)).unwrap();
    let first = journal.counts().unwrap().total();
    let mut out = std::io::stdout();
    writeln!(out).unwrap();
    for order in first.. {
        let order = sale(&format!("A{order}"), "mary@example.com", "5 EUR");
        let id = taken(&journal.hand_over(std::slice::from_ref(&order), day(0)).unwrap()[0]);
        writeln!(out, "child {}", order.order_id().unwrap()).unwrap();
        journal.record_attempt(&[id], day(0)).unwrap();
        journal.record_outcome(&[id], &Outcome::Accepted, day(0)).unwrap();
        writeln!(out, "child accepted {}", order.order_id().unwrap()).unwrap();
    }
}

#[test]
fn p1_a_process_that_is_killed_at_any_moment_keeps_its_word() {
    let folder = Folder::new("killed");
    let mut chance = fastrand::Rng::with_seed(7);
    let mut said = Vec::new();
    for _ in 0..12 {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "journal::a_child_fills_a_journal", "--nocapture"])
            .env(FILLING, &folder.0)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let words = lines.by_ref().filter_map(|line| Some(line.strip_prefix("child ")?.to_owned()));
        said.extend(words.take(chance.usize(1..40)));
        child.kill().unwrap();
        said.extend(lines.filter_map(|line| Some(line.strip_prefix("child ")?.to_owned())));
        child.wait().unwrap();
    }
    assert!(said.len() > 12);
    let journal = open(&folder.0).unwrap();
    assert!(journal.damage().iter().all(|damage| !damage.is_loss()), "{:?}", journal.damage());
    for word in &said {
        let order = sale(word.trim_start_matches("accepted "), "mary@example.com", "5 EUR");
        let HandOver::Known(known) = &journal.hand_over(&[order], day(1)).unwrap()[0] else {
            panic!("{word}")
        };
        assert!(!word.starts_with("accepted") || known.state() == EntryState::Accepted, "{word}");
    }
}

fn child(folder: &Path) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "journal::a_child_holds_a_journal", "--nocapture"]).env(CHILD, folder);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

fn said(child: &mut Child) -> String {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    lines.find_map(|line| Some(line.strip_prefix("child ")?.to_owned())).unwrap()
}

#[test]
fn p21_p31_one_process_has_a_journal_and_the_system_frees_it() {
    let folder = Folder::new("two-processes");
    let mut first = child(&folder.0).spawn().unwrap();
    assert_eq!(said(&mut first), "open");
    let error = open(&folder.0).unwrap_err();
    assert_eq!((error.kind(), error.path()), (JournalErrorKind::Locked, &*folder.0));
    assert!(error.to_string().contains(folder.0.to_str().unwrap()), "{error}");
    first.kill().unwrap();
    first.wait().unwrap();
    let journal = open(&folder.0).unwrap();
    let mut second = child(&folder.0).spawn().unwrap();
    assert!(said(&mut second).starts_with("locked: "));
    second.wait().unwrap();
    let again = open(&folder.0).unwrap_err();
    assert_eq!(again.kind(), JournalErrorKind::Locked, "within one process, too");
    drop(journal);
    open(&folder.0).unwrap();
}

/// A program that is being started has all open files for a moment.
#[cfg(unix)]
#[test]
fn p21_a_closed_journal_is_free_while_programs_start() {
    use std::os::unix::fs::MetadataExt;
    use std::os::unix::process::CommandExt;
    use std::sync::atomic::{AtomicBool, Ordering};

    let folder = Folder::new("starting");
    drop(open(&folder.0).unwrap());
    let owner = fs::metadata(&folder.0).unwrap().uid();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                Command::new("true").uid(owner).status().unwrap();
            }
        });
        let locked = (0..300).filter(|_| open(&folder.0).is_err()).count();
        is_over.store(true, Ordering::Relaxed);
        assert_eq!(locked, 0);
    });
}

#[cfg(unix)]
#[test]
fn p22_a_folder_that_cannot_be_written_is_an_error_when_the_journal_is_opened() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;

    const NOBODY: u32 = 65_534;
    let folder = Folder::new("read-only");
    fs::create_dir(&folder.0).unwrap();
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o555)).unwrap();
    let mut command = child(&folder.0);
    if fs::metadata(&folder.0).unwrap().uid() == 0 {
        // Root may write everywhere.
        command.uid(NOBODY).gid(NOBODY);
    }
    let mut child = command.spawn().unwrap();
    let said = said(&mut child);
    child.wait().unwrap();
    assert!(said.starts_with("read_only: the journal ") && said.contains("use another folder"), "{said}");
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0);
}

#[test]
fn p23_a_journal_of_another_dataset_endpoint_or_key_policy_is_refused_untouched() {
    let folder = Folder::new("dataset");
    let journal = open(&folder.0).unwrap();
    accept(&journal, &[sale("1", "mary@example.com", "1 USD")], day(0));
    drop(journal);
    let before = fs::read(&folder.segments()[0]).unwrap();
    let error = Journal::open(&folder.0, &of("77")).unwrap_err();
    assert_eq!(error.kind(), JournalErrorKind::OtherDataset);
    assert!(error.to_string().contains("1234567890, and not 77"), "{error}");
    let relay = JournalOptions::new().endpoint(of("relay.example/meta"));
    let error = relay.clone().open(&folder.0, &of(DATASET)).unwrap_err();
    assert_eq!(error.kind(), JournalErrorKind::OtherEndpoint);
    assert!(error.to_string().contains("graph.facebook.com, and not relay.example/meta"), "{error}");
    let error = JournalOptions::new().key_policy(of("till,day")).open(&folder.0, &of(DATASET)).unwrap_err();
    assert_eq!(error.kind(), JournalErrorKind::OtherKeyPolicy);
    assert_eq!(fs::read(&folder.segments()[0]).unwrap(), before);
    let other = Folder::new("endpoint");
    drop(relay.clone().open(&other.0, &of(DATASET)).unwrap());
    assert_eq!(relay.open(&other.0, &of(DATASET)).unwrap().counts().unwrap().total(), 0);
    assert_eq!(open(&other.0).unwrap_err().kind(), JournalErrorKind::OtherEndpoint);
}

#[cfg(unix)]
#[test]
fn files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new("owner");
    let journal = open(&folder.0).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.0), 0o700);
    for file in fs::read_dir(&folder.0).unwrap() {
        assert_eq!(mode(&file.unwrap().path()), 0o600);
    }
    drop(journal);
}

#[test]
fn p29_p32_after_the_stated_time_nothing_of_a_customer_is_on_the_disk() {
    let folder = Folder::new("clean-up");
    let journal = JournalOptions::new()
        .kept(Duration::from_secs(70 * 86_400))
        .segment_bytes(4096)
        .open(&folder.0, &of(DATASET));
    let journal = journal.unwrap();
    for order in 0..40 {
        let event = sale(&format!("A{order}"), &format!("c{order}@example.com"), "5 EUR");
        accept(&journal, &[event], day(order / 10));
    }
    let files = folder.segments().len();
    assert!(files >= 4, "{files}");
    assert_eq!(journal.clean_up(day(70)).unwrap().segments, 0);
    let freed = journal.clean_up(day(72)).unwrap();
    assert!(freed.segments > 0 && freed.events < 40, "{freed:?}");
    assert_eq!(folder.segments().len(), files - usize::try_from(freed.segments).unwrap());
    let rest = journal.clean_up(day(80)).unwrap();
    assert_eq!(freed.events + rest.events, 40);
    let left: Vec<_> = folder.segments().iter().map(|file| fs::read(file).unwrap()).collect();
    assert_eq!(left.len(), 1);
    assert!(!String::from_utf8_lossy(&left[0]).contains("user_data"));
    drop(journal);
    let journal = open(&folder.0).unwrap();
    assert_eq!((journal.counts().unwrap().total(), journal.damage()), (0, &[][..]));
    let again = sale("A1", "c1@example.com", "5 EUR");
    assert_eq!(journal.hand_over(&[again], day(80)).unwrap()[0].code(), "taken");
}

#[test]
fn a_pending_event_keeps_its_file_whatever_its_age() {
    let folder = Folder::new("pending");
    let journal = open(&folder.0).unwrap();
    let id = taken(&journal.hand_over(&[sale("1", "mary@example.com", "1 USD")], day(0)).unwrap()[0]);
    assert_eq!(journal.clean_up(day(400)).unwrap().events, 0);
    journal.record_outcome(&[id], &Outcome::NotSent(NotSentCause::Expired), day(400)).unwrap();
    assert_eq!(journal.clean_up(day(400)).unwrap().events, 1);
}

#[test]
fn threads_that_hand_the_same_orders_over_take_each_once() {
    let folder = Folder::new("threads");
    let journal = open(&folder.0).unwrap();
    let new = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let orders = (0..30).map(|order| sale(&format!("A{order}"), "mary@example.com", "5 EUR"));
                    let answers = orders.flat_map(|order| journal.hand_over(&[order], day(0)).unwrap());
                    answers.filter(|answer| matches!(answer, HandOver::Taken(_))).count()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
    });
    assert_eq!((new, journal.counts().unwrap().pending), (30, 30));
    assert_eq!(journal.verify().unwrap().records, 30);
}

#[test]
fn what_goes_bad_while_the_journal_is_open_is_found_by_verify() {
    let folder = Folder::new("verify");
    let journal = open(&folder.0).unwrap();
    accept(&journal, &[sale("1", "mary@example.com", "1 USD")], day(0));
    let file = &folder.segments()[0];
    let mut bytes = fs::read(file).unwrap();
    bytes[200] ^= 1;
    fs::write(file, bytes).unwrap();
    let found = journal.verify().unwrap();
    assert_eq!((found.records, found.damage.len()), (2, 1));
    assert!(found.damage[0].is_loss());
    let error = journal.hand_over(&[sale("1", "mary@example.com", "1 USD")], day(0)).unwrap_err();
    assert_eq!(error.kind(), JournalErrorKind::Unreadable);
}

#[test]
fn two_weeks_of_overlapping_days_take_each_order_once_and_counts_add_up() {
    let folder = Folder::new("weeks");
    let mut total = 0;
    for today in 0..14_i64 {
        let journal = open(&folder.0).unwrap();
        let orders = (today - 6..=today).filter(|sold| *sold >= 0).flat_map(|sold| {
            (0..5).map(move |order| {
                sale_at(&format!("{sold}-{order}"), &format!("c{order}@example.com"), "5 EUR", day(sold))
            })
        });
        let orders: Vec<_> = orders.collect();
        let answers = journal.hand_over(&orders, day(today)).unwrap();
        let ids = answers.iter().filter_map(|answer| match answer {
            HandOver::Taken(id) => Some(*id),
            other => {
                assert_eq!(other.code(), "already_sent");
                None
            }
        });
        let ids: Vec<_> = ids.collect();
        assert_eq!(ids.len(), 5);
        journal.record_attempt(&ids, day(today)).unwrap();
        journal.record_outcome(&ids, &Outcome::Accepted, day(today)).unwrap();
        total += 5;
        assert_eq!(journal.counts().unwrap().accepted, total);
        journal.clean_up(day(today)).unwrap();
    }
}
