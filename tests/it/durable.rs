//! Deliveries through a journal: recorded before they leave, resumed after a crash, not sent twice.

use std::collections::BTreeMap;
use std::env;
use std::fs;
#[cfg(target_os = "linux")]
use std::path::Path;
use std::path::PathBuf;
#[cfg(target_os = "linux")]
use std::process::{Command, Stdio};
use std::time::Duration;

use futures_util::FutureExt;
use meta_offline_events::UserData;
use meta_offline_events::client::{Client, ClientBuilder, RetryPolicy};
use meta_offline_events::event::{ActionSource, Event};
use meta_offline_events::journal::{Journal, JournalOptions};
use meta_offline_events::order::{Orders, Prepared, Row};
use meta_offline_events::report::{
    DeliveryReport, NotSentCause, Outcome, PendingCause, StopCause, UnconfirmedCause,
};
use meta_offline_events::testing::{Answer, FixedJitter, ManualClock, MockServer};
use meta_offline_events::value::{Currency, EventTime, Line, OrderId};

use crate::support::{NOW, event, events, now, of, sold};

const DATASET: &str = "1234567890";
const DAY: i64 = 86_400;

/// A server, a clock that both sides follow, and a folder that goes when the test ends.
struct Bench {
    server: MockServer,
    clock: ManualClock,
    folder: PathBuf,
}

impl Bench {
    async fn new(test: &str) -> Self {
        let clock = ManualClock::at(now());
        let server = MockServer::builder().clock(clock.clone()).start().await.unwrap();
        let folder = env::temp_dir().join(format!("meta-durable-{}-{test}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        Self { server, clock, folder }
    }

    fn builder(&self) -> ClientBuilder {
        let builder = Client::builder(of(DATASET), of("EAAB-test"));
        let builder = builder.loopback_endpoint(self.server.url()).clock(self.clock.clone());
        builder.jitter(FixedJitter(0.0)).retry(RetryPolicy::new().attempts(2))
    }

    fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    fn journal(&self) -> Journal {
        self.client().journal(&self.folder).unwrap()
    }

    /// Sends in what stands for a process: the journal is opened and closed again.
    async fn run(&self, events: Vec<Event>) -> DeliveryReport {
        let journal = self.journal();
        self.client().send(events).journal(&journal).await
    }

    async fn resume(&self) -> DeliveryReport {
        let journal = self.journal();
        self.client().resume(&journal).await
    }

    fn day(&self, days: i64) {
        self.clock.set(EventTime::from_unix(NOW + days * DAY).unwrap());
    }

    /// The data of the requests so far.
    fn bodies(&self) -> Vec<String> {
        let data = |body: &str| body.rsplit_once(']').map(|(data, _)| data.to_owned()).unwrap_or_default();
        self.server.requests().iter().map(|request| data(&String::from_utf8_lossy(request.body()))).collect()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A connection that breaks after the server stored the events.
fn stored_and_lost() -> Answer {
    Answer::empty(500).storing()
}

#[track_caller]
fn assert_counts(report: &DeliveryReport, accepted: u64, already_sent: u64) {
    let events = report.events();
    assert_eq!((events.accepted, events.already_sent), (accepted, already_sent), "{report}");
    assert!(report.rows().is_balanced(), "{report}");
}

#[tokio::test]
async fn p27_what_an_earlier_run_sent_is_counted_as_already_sent_and_not_sent_again() {
    let bench = Bench::new("already_sent").await;
    assert_counts(&bench.run(events(3)).await, 3, 0);
    let report = bench.run(events(5)).await;
    assert_counts(&report, 2, 3);
    assert!(report.all_accepted(), "nothing is wrong");
    assert_eq!((report.rows().read, report.rows().already_sent, report.rows().accepted), (5, 3, 2));
    assert_eq!(report.outcomes()[0], Outcome::AlreadySent);
    assert_eq!(report.outcomes()[4], Outcome::Accepted);
    assert!(report.diagnostics().is_empty());
    assert_eq!(report.to_string(), "Events: 5 (2 accepted, 3 already sent)");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!((&json["rows"]["already_sent"], &json["events"]["already_sent"]), (&3.into(), &3.into()));
    assert_eq!(bench.server.accepted_count(), 5);
}

#[tokio::test]
async fn p1_p2_what_was_accepted_without_the_journal_knowing_goes_out_again_in_the_same_bytes() {
    let bench = Bench::new("same_bytes").await;
    bench.server.script_all([stored_and_lost(), stored_and_lost()]);
    let report = bench.run(events(3)).await;
    assert_eq!((report.events().pending, report.rows().pending), (3, 3), "{report}");
    assert!(matches!(&report.outcomes()[0], Outcome::Pending(PendingCause::NoValidAnswer(_))));
    assert!(!report.all_accepted());
    assert_eq!(report.diagnostics()[0].outcome(), Some("pending"));

    bench.day(6);
    let report = bench.resume().await;
    assert_eq!((report.resumed().accepted, report.resumed().total(), report.events().total()), (3, 3, 0));
    assert!(report.all_accepted());
    assert_eq!(report.to_string(), "Events: 0\nFrom an earlier run: 3 (3 accepted)");
    let bodies = bench.bodies();
    assert_eq!(bodies.len(), 3);
    assert!(bodies.iter().all(|body| *body == bodies[0] && body.contains("order-2")), "{bodies:?}");
    assert_eq!(bench.server.accepted_once().len(), 3);
    assert_eq!(bench.resume().await.resumed().total(), 0, "nothing is left");
}

#[tokio::test]
async fn p1_a_run_that_is_dropped_at_any_moment_loses_nothing_and_sends_nothing_twice() {
    for polls in (0..60).step_by(2) {
        let bench = Bench::new(&format!("dropped-{polls}")).await;
        let journal = bench.journal();
        let client = bench.builder().in_flight(2).batch_limits(of_size(2)).build().unwrap();
        let mut delivery = Box::pin(client.deliver(events(10).into_iter()).journal(&journal));
        for _ in 0..polls {
            if (&mut delivery).now_or_never().is_some() {
                break;
            }
            tokio::task::yield_now().await;
            std::thread::sleep(Duration::from_micros(300));
        }
        drop(delivery);
        drop(client);
        drop(journal);
        let report = bench.run(events(10)).await;
        assert!(report.all_accepted(), "{report}");
        let (events, resumed) = (report.events(), report.resumed());
        assert_eq!(events.accepted + events.already_sent, 10, "{report}");
        assert!(resumed.total() <= events.already_sent, "{report}");
        assert_eq!(bench.server.accepted_once().len(), 10);
    }
}

fn of_size(events: usize) -> meta_offline_events::wire::BatchLimits {
    meta_offline_events::wire::BatchLimits::new(events, 1 << 20).unwrap()
}

#[tokio::test]
async fn p25_after_8_days_shop_sales_that_were_never_tried_are_sent_and_others_have_expired() {
    let bench = Bench::new("p25").await;
    let online = sold(2, NOW - 3600, ActionSource::PhoneCall);
    bench.journal().hand_over(&[event(1), online], now()).unwrap();
    bench.day(8);
    let report = bench.resume().await;
    assert_eq!((report.resumed().accepted, report.resumed().not_sent), (1, 1), "{report}");
    let diagnostic = &report.diagnostics()[0];
    assert_eq!((diagnostic.code(), diagnostic.outcome()), ("expired", Some("not_sent")));
    assert!(diagnostic.message().contains("of an earlier run (event id"), "{diagnostic}");
    assert!(diagnostic.lines().is_empty(), "they are lines of another file");
    assert!(!report.all_accepted());
    assert_eq!(bench.resume().await.resumed().total(), 0, "both have their outcome");
}

#[tokio::test]
async fn p26_after_8_days_what_may_have_arrived_is_unconfirmed_and_not_sent_again() {
    let bench = Bench::new("p26").await;
    bench.server.script_all([stored_and_lost(), stored_and_lost()]);
    assert_eq!(bench.run(events(2)).await.events().pending, 2);
    bench.journal().hand_over(&[event(2)], now()).unwrap();
    bench.day(8);
    let report = bench.run(events(4)).await;
    let resumed = report.resumed();
    assert_eq!((resumed.unconfirmed, resumed.accepted), (2, 1), "one was never tried: {report}");
    let outcome = Outcome::Unconfirmed(UnconfirmedCause::EarlierDelivery);
    assert_eq!(report.outcomes()[..2], [outcome.clone(), outcome]);
    assert_eq!(report.outcomes()[2..], [Outcome::AlreadySent, Outcome::Accepted]);
    assert_eq!(bench.server.request_count(), 4, "two attempts before, and two requests now");
    let text: Vec<_> = report.diagnostics().iter().map(ToString::to_string).collect();
    assert!(text.iter().any(|line| line.contains("compare in Events Manager")), "{text:?}");
}

#[tokio::test]
async fn p25_after_8_days_what_surely_did_not_arrive_is_sent_as_if_it_was_never_tried() {
    let bench = Bench::new("p25-sure").await;
    bench.server.script_all([Answer::transient(), Answer::transient()]);
    assert_eq!(bench.run(events(2)).await.events().pending, 2);
    bench.day(8);
    let report = bench.resume().await;
    assert_eq!((report.resumed().accepted, report.resumed().total()), (2, 2), "{report}");
}

#[tokio::test]
async fn p25_p26_after_63_days_nothing_is_sent_and_all_is_told() {
    let bench = Bench::new("p63").await;
    bench.server.script_all([stored_and_lost(), stored_and_lost()]);
    assert_eq!(bench.run(events(1)).await.events().pending, 1);
    bench.journal().hand_over(&[event(1)], now()).unwrap();
    bench.day(63);
    let report = bench.resume().await;
    assert_eq!((report.resumed().unconfirmed, report.resumed().not_sent), (1, 1), "{report}");
    assert_eq!(bench.server.request_count(), 2);
}

#[tokio::test]
async fn v55_an_order_that_changed_is_told_with_both_totals_and_never_sent_again() {
    let bench = Bench::new("v55").await;
    let order = |value: &str, time: i64| {
        let customer = UserData::builder().email("mary@example.com").build().unwrap();
        let builder = Event::builder(EventTime::from_unix(time).unwrap(), customer);
        builder.order_id(of("10001")).value(of(value)).lines([Line::new(7)]).build().unwrap()
    };
    assert_counts(&bench.run(vec![order("31.95 USD", NOW - 60)]).await, 1, 0);
    for (value, time) in
        [("33.45 USD", NOW - 60), ("33.45 USD", NOW - 7200), ("33.45 USD", NOW), ("31.95 USD", NOW - 7200)]
    {
        let report = bench.run(vec![order(value, time)]).await;
        assert_eq!((report.events().not_sent, report.rows().not_sent), (1, 1), "{report}");
        let Outcome::NotSent(NotSentCause::ChangedSinceSent { before, after, .. }) = &report.outcomes()[0]
        else {
            panic!("{report}")
        };
        assert_eq!((before, after), (&Some(of("31.95 USD")), &Some(of(value))));
        let diagnostic = &report.diagnostics()[0];
        assert_eq!((diagnostic.code(), diagnostic.lines()), ("changed_since_sent", &[Line::new(7)][..]));
        let text = diagnostic.message();
        assert!(text.contains("Meta keeps the first, so sending it again does not help"), "{text}");
        assert!(value == "31.95 USD" || text.contains("31.95 USD") && text.contains("33.45 USD"), "{text}");
        assert!(report.rows().is_balanced() && !report.all_accepted());
        assert!(report.into_unsent().is_empty(), "sending it again does not help");
    }
    assert_eq!(bench.server.accepted_count(), 1);
}

#[tokio::test]
async fn v54_the_known_id_of_another_customer_is_told_as_this() {
    let bench = Bench::new("v54").await;
    let order = |email: &str| {
        let customer = UserData::builder().email(email).build().unwrap();
        let builder = Event::builder(now(), customer);
        builder.order_id(of("1")).value(of("5 EUR")).build().unwrap()
    };
    assert_counts(&bench.run(vec![order("mary@example.com")]).await, 1, 0);
    let report = bench.run(vec![order("paul@example.com")]).await;
    assert!(matches!(&report.outcomes()[0], Outcome::NotSent(NotSentCause::OtherCustomer(_))));
    let text = report.diagnostics()[0].message();
    assert!(text.contains("store, till and day") && !text.contains("paul"), "{text}");
    assert_eq!(bench.server.accepted_count(), 1);
}

#[tokio::test]
async fn an_order_that_meta_refused_is_sent_again_corrected() {
    let bench = Bench::new("corrected").await;
    bench.server.always(Answer::graph_error(400, 100, Some(2_804_050)));
    let report = bench.run(events(1)).await;
    assert_eq!(report.events().refused, 1, "{report}");
    bench.server.reset();
    assert_counts(&bench.run(events(1)).await, 1, 0);
}

#[tokio::test]
async fn a_run_that_stops_leaves_its_events_in_the_journal_and_says_so() {
    let bench = Bench::new("stopped").await;
    bench.server.always(Answer::graph_error(401, 190, None));
    let client = bench.builder().batch_limits(of_size(2)).build().unwrap();
    let report = client.send(events(5)).journal(&bench.journal()).await;
    let (pending, unsent) = (report.events().pending, report.events().not_sent);
    assert_eq!(pending + unsent, 5, "{report}");
    assert!(pending >= 2, "what was recorded waits: {report}");
    assert!(matches!(
        report.outcomes()[0],
        Outcome::Pending(PendingCause::NotSent(NotSentCause::Stopped(_)))
    ));
    let text = report.diagnostics()[0].message().to_owned();
    assert!(text.ends_with("it waits in the journal, and the next delivery sends it"), "{text}");
    assert_eq!(report.into_unsent().len() as u64, unsent, "only what the journal does not hold");

    // It is stopped again, and comes to none of them.
    let report = client.resume(&bench.journal()).await;
    assert_eq!(report.resumed().pending, pending, "{report}");
    bench.server.reset();
    let report = bench.run(events(5)).await;
    assert_eq!((report.resumed().accepted, report.events().already_sent), (pending, pending), "{report}");
    assert!(report.all_accepted());
}

#[tokio::test]
async fn p21_a_second_delivery_at_the_same_time_and_p23_one_to_another_dataset_or_endpoint_are_refused() {
    let bench = Bench::new("second").await;
    bench.server.script(Answer::hang());
    let (journal, client) = (bench.journal(), bench.client());
    let mut first = Box::pin(client.send(event(1)).journal(&journal));
    assert!((&mut first).now_or_never().is_none());
    let second = client.send(event(2)).journal(&journal).await;
    assert!(matches!(second.stopped(), Some(StopCause::Journal(why)) if why.contains("another delivery")));
    assert_eq!(second.events().not_sent, 1);
    drop(first);

    let other = Client::builder(of("9"), of("EAAB-test")).loopback_endpoint(bench.server.url());
    let report = other.build().unwrap().send(event(2)).journal(&journal).await;
    let stopped = report.stopped().map(ToString::to_string).unwrap_or_default();
    assert!(stopped.contains("belongs to another dataset"), "{stopped}");
    assert_eq!(report.into_unsent().len(), 1);

    let meta = Client::builder(of(DATASET), of("EAAB-test")).build().unwrap();
    let report = meta.send(event(2)).journal(&journal).await;
    let stopped = report.stopped().map(ToString::to_string).unwrap_or_default();
    assert!(stopped.contains("127.0.0.1, and not graph.facebook.com"), "{stopped}");
}

#[tokio::test]
async fn p29_p32_a_delivery_deletes_what_the_journal_keeps_no_longer() {
    let bench = Bench::new("clean_up").await;
    let journal = JournalOptions::new().segment_bytes(4096).endpoint(bench.client().endpoint().clone());
    let journal = journal.open(&bench.folder, &of(DATASET)).unwrap();
    assert!(bench.client().send(events(40)).journal(&journal).await.all_accepted());
    let size = journal.size().unwrap();
    bench.day(71);
    let later = |number| sold(number, NOW + 71 * DAY, ActionSource::PhysicalStore);
    let report = bench.client().send(later(100)).journal(&journal).await;
    assert!(report.all_accepted(), "{report}");
    assert!(journal.size().unwrap() < size, "{} of {size}", journal.size().unwrap());
    assert_eq!(journal.counts().unwrap().total(), 1);
}

#[tokio::test]
async fn rows_and_streams_go_through_a_journal_too() {
    let bench = Bench::new("rows").await;
    let prepared = || -> Prepared {
        let mut orders = Orders::new();
        for line in 2..6 {
            let customer = UserData::builder().email(if line == 5 { "nobody" } else { "mary@example.com" });
            let row = Row::new(Line::new(line), now()).customer(customer).value(of("5"));
            let order: OrderId = of(&format!("1000{line}"));
            orders.push(&row.currency(Currency::EUR).order_id(order));
        }
        orders.push(&Row::new(Line::new(6), now()).quantity(-1));
        orders.finish(now())
    };
    for (accepted, already_sent) in [(3, 0), (0, 3)] {
        let report = bench.client().send(prepared()).journal(&bench.journal()).await;
        let rows = report.rows();
        assert_eq!(
            (rows.accepted, rows.already_sent, rows.filtered, rows.invalid),
            (accepted, already_sent, 1, 1)
        );
        assert!(rows.is_balanced() && rows.read == 5, "{report}");
    }
    let journal = bench.journal();
    let mut seen = BTreeMap::<&str, usize>::new();
    let source = (0..2500).map(event).chain(events(2));
    let delivery = bench.client().deliver(source).journal(&journal);
    let report = delivery
        .on_outcome(|group| *seen.entry(group.outcome().code()).or_default() += group.events().count())
        .await;
    assert_eq!((report.events().accepted, report.events().not_sent), (2500, 2), "{report}");
    assert_eq!(seen, [("accepted", 2500), ("event_id_repeated", 2)].into());
    let report = bench.client().deliver((0..2501).map(event)).journal(&journal).await;
    assert_counts(&report, 1, 2500);
}

/// A file system of one megabyte, which only root can make.
#[cfg(target_os = "linux")]
struct SmallDisk(PathBuf);

#[cfg(target_os = "linux")]
impl SmallDisk {
    fn new(folder: &Path) -> Option<Self> {
        let folder = folder.with_extension("disk");
        fs::create_dir_all(&folder).unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
            .arg(&folder)
            .stderr(Stdio::null())
            .status();
        match mount {
            Ok(status) if status.success() => Some(Self(folder)),
            _ => {
                #[expect(clippy::print_stdout, reason = "whoever runs the tests should know")]
                {
                    println!("skipped: only root can mount a small disk");
                }
                None
            }
        }
    }

    /// Takes all the room, apart from about so many bytes.
    fn fill(&self, left: usize) {
        let ballast = self.0.join("ballast");
        fs::write(&ballast, vec![1; 1 << 20]).unwrap_err();
        let len = fs::metadata(&ballast).unwrap().len();
        fs::File::options().write(true).open(&ballast).unwrap().set_len(len - left as u64).unwrap();
    }

    fn free(&self) {
        fs::remove_file(self.0.join("ballast")).unwrap();
    }
}

#[cfg(target_os = "linux")]
impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
        let _ = fs::remove_dir(&self.0);
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn p13_a_run_on_a_full_disk_sends_nothing_unrecorded_and_goes_on_when_there_is_room() {
    let bench = Bench::new("p13").await;
    let Some(disk) = SmallDisk::new(&bench.folder) else { return };
    let journal = bench.client().journal(disk.0.join("journal")).unwrap();
    disk.fill(4096);
    let report = bench.client().deliver((0..2000).map(event)).journal(&journal).await;
    let stopped = report.stopped().map(ToString::to_string).unwrap_or_default();
    assert!(stopped.contains("the disk is full") && stopped.contains("make room"), "{stopped}");
    assert_eq!(report.stopped().map(StopCause::code), Some("journal_failed"));
    let (accepted, events) = (report.events().accepted, report.events());
    assert_eq!(bench.server.accepted_count(), accepted);
    assert_eq!(accepted + events.not_sent + events.pending, events.total(), "{report}");
    assert!(events.not_sent > 0);
    let unsent = report.into_unsent();
    assert_eq!(unsent.len() as u64, events.not_sent, "what the journal did not take is handed back");

    disk.free();
    let report = bench.client().send(unsent).journal(&journal).await;
    assert!(report.all_accepted(), "{report}");
    assert_eq!(bench.server.accepted_once().len() as u64, bench.server.accepted_count());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn p14_a_disk_that_is_full_when_the_outcome_comes_stops_the_run_and_nothing_is_lost() {
    let bench = Bench::new("p14").await;
    let Some(disk) = SmallDisk::new(&bench.folder) else { return };
    let folder = disk.0.join("journal");
    let disk = std::sync::Arc::new(disk);
    let fills = std::sync::Arc::clone(&disk);
    // The disk is full from the moment on when the server has the events.
    let server = MockServer::builder().clock(bench.clock.clone()).on_accepted(move |_, _| fills.fill(0));
    let server = server.start().await.unwrap();
    let builder = bench.builder().loopback_endpoint(server.url()).in_flight(1);
    let client = builder.batch_limits(of_size(600)).build().unwrap();
    let journal = bench.client().journal(&folder).unwrap();
    // So many that their outcome does not fit into what is left of a page.
    let report = client.send(events(1200)).journal(&journal).await;
    assert_eq!(report.stopped().map(StopCause::code), Some("journal_failed"), "{report}");
    let accepted = report.events().accepted;
    assert!(accepted > 0 && accepted < 1200, "{report}");
    assert_eq!(server.accepted_count(), accepted, "the run stopped");
    disk.free();
    drop(journal);

    let journal = bench.client().journal(&folder).unwrap();
    let doubtful =
        journal.pending().unwrap().filter(|event| event.as_ref().unwrap().first_attempt().is_some());
    let doubtful = doubtful.count() as u64;
    assert!(doubtful > 0, "what was accepted last is doubtful");
    let report = bench.client().send(events(1200)).journal(&journal).await;
    assert!(report.all_accepted(), "{report}");
    let both = server.accepted().into_iter().chain(bench.server.accepted());
    let mut copies = BTreeMap::<String, Vec<String>>::new();
    both.for_each(|event| copies.entry(event["event_id"].to_string()).or_default().push(event.to_string()));
    assert_eq!(copies.len(), 1200);
    assert!(copies.values().all(|copies| copies.iter().all(|copy| *copy == copies[0])));
    let twice = copies.values().filter(|copies| copies.len() > 1).count() as u64;
    assert_eq!(twice, doubtful, "only what was doubtful went out again");
}

#[tokio::test]
async fn p22_a_journal_that_cannot_be_written_is_an_error_before_anything_is_sent() {
    let bench = Bench::new("p22").await;
    fs::write(&bench.folder, "a file").unwrap();
    let error = bench.client().journal(&bench.folder).unwrap_err().to_string();
    assert!(error.contains("meta-durable"), "{error}");
    fs::remove_file(&bench.folder).unwrap();
}

#[tokio::test]
async fn s16_files_of_a_journal_are_for_their_owner_and_hold_no_customer_text_and_no_token() {
    let bench = Bench::new("secrets").await;
    let customer = UserData::builder().email("MarkedMail@example.com").phone("+1 555 000 1234");
    let customer = customer.first_name("MarkedName").build().unwrap();
    let sale = Event::builder(now(), customer).order_id(of("A1")).value(of("5 EUR")).build().unwrap();
    bench.server.script_all([stored_and_lost(), Answer::graph_error(401, 190, None)]);
    let report = bench.run(vec![sale]).await;
    assert_eq!(report.events().pending, 1, "{report}");
    let mut files = 0;
    for file in fs::read_dir(&bench.folder).unwrap() {
        let file = file.unwrap().path();
        let text = String::from_utf8_lossy(&fs::read(&file).unwrap()).to_lowercase();
        for secret in ["markedmail", "markedname", "5550001234", "eaab"] {
            assert!(!text.contains(secret), "{secret} is in {}", file.display());
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        files += 1;
    }
    assert!(files >= 2, "a segment and the lock");
}

#[cfg(feature = "queue")]
mod queues {
    use meta_offline_events::client::{InvalidQueue, PushErrorKind, Queue};

    use super::*;

    impl Bench {
        fn queue(&self, journal: &Journal) -> Queue {
            self.client().queue().journal(journal).linger(Duration::from_millis(5)).start().unwrap()
        }
    }

    const SOON: Duration = Duration::from_secs(30);

    #[tokio::test(flavor = "multi_thread")]
    async fn p1_what_a_push_returned_for_is_sent_by_the_next_queue() {
        let bench = Bench::new("queue").await;
        bench.server.always(Answer::hang());
        let journal = bench.journal();
        let queue = bench.queue(&journal);
        for number in 0..5 {
            queue.push(event(number)).await.unwrap();
        }
        queue.try_push(event(5)).unwrap();
        let report = queue.close(Duration::ZERO).await;
        assert_eq!((report.events().pending, report.events().total()), (6, 6), "{report}");
        assert_eq!(queue.counts().events.pending, 6);
        assert!(report.rows().is_balanced() && !report.all_accepted());
        drop((queue, journal));

        bench.server.reset();
        let journal = bench.journal();
        let queue = bench.queue(&journal);
        for number in 0..8 {
            queue.push(event(number)).await.unwrap();
        }
        let report = queue.close(SOON).await;
        assert_eq!((report.resumed().accepted, report.resumed().total()), (6, 6), "{report}");
        assert_counts(&report, 2, 6);
        assert!(report.all_accepted(), "{report}");
        assert_eq!(bench.server.accepted_once().len(), 8);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn many_pushes_at_once_are_all_recorded_and_sent_once() {
        let bench = Bench::new("queue-many").await;
        let journal = bench.journal();
        let queue = bench.queue(&journal);
        let pushes = (0..200).map(|number| {
            let queue = queue.clone();
            tokio::spawn(async move { queue.push(event(number)).await })
        });
        for push in pushes.collect::<Vec<_>>() {
            push.await.unwrap().unwrap();
        }
        assert_eq!(journal.counts().unwrap().total(), 200);
        let report = queue.close(SOON).await;
        assert_eq!((report.events().accepted, queue.pending()), (200, 0), "{report}");
        drop(queue);
        assert_eq!(journal.counts().unwrap().accepted, 200);
        assert!(bench.client().resume(&journal).await.all_accepted(), "the queue let the journal go");
    }

    #[tokio::test]
    async fn p7_a_push_that_is_dropped_while_the_disk_syncs_is_in_the_queue() {
        let bench = Bench::new("queue-dropped").await;
        let journal = bench.journal();
        let queue = bench.queue(&journal);
        assert!(queue.push(event(1)).now_or_never().is_none());
        while journal.counts().unwrap().total() == 0 {
            tokio::task::yield_now().await;
        }
        let report = queue.close(SOON).await;
        assert_eq!(report.events().accepted, 1, "{report}");
    }

    #[tokio::test]
    async fn p21_p23_a_queue_needs_the_journal_for_itself_and_for_its_dataset() {
        let bench = Bench::new("queue-second").await;
        let journal = bench.journal();
        let queue = bench.queue(&journal);
        let second = bench.client().queue().journal(&journal).start();
        let InvalidQueue::Journal(cause) = second.unwrap_err() else { panic!("it has started") };
        assert!(cause.to_string().contains("another delivery"), "{cause}");
        assert_eq!(queue.close(SOON).await.events().total(), 0);
        let other = Client::builder(of("9"), of("EAAB-test")).build().unwrap();
        assert!(matches!(other.queue().journal(&journal).start(), Err(InvalidQueue::Journal(_))));
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn p13_a_push_on_a_full_disk_is_refused_with_its_event_and_works_when_there_is_room() {
        let bench = Bench::new("queue-p13").await;
        let Some(disk) = SmallDisk::new(&bench.folder) else { return };
        let journal = bench.client().journal(disk.0.join("journal")).unwrap();
        let queue = bench.queue(&journal);
        disk.fill(0);
        let large = |number: usize| {
            let text = "x".repeat(100);
            let ids = (0..100).map(|item| format!("{text}{item}").parse().unwrap());
            let customer = UserData::builder().email(&format!("{number}@example.com")).build().unwrap();
            let builder = Event::builder(now(), customer).content_ids(ids.collect::<Vec<_>>());
            builder.order_id(of(&number.to_string())).value(of("5 EUR")).build().unwrap()
        };
        let error = queue.push(large(1)).await.unwrap_err();
        let PushErrorKind::NotRecorded(why) = error.kind() else { panic!("{error}") };
        assert!(why.is_temporary() && error.to_string().contains("the disk is full"), "{error}");
        assert_eq!((queue.refused(), queue.pending(), bench.server.request_count()), (1, 0, 0));
        disk.free();
        queue.push(error.into_event()).await.unwrap();
        queue.try_push(large(2)).unwrap();
        let report = queue.close(SOON).await;
        assert_eq!((report.events().accepted, report.events().total()), (2, 2), "{report}");
    }
}
