//! What the model test has found, each fault in its shortest form.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use meta_offline_events::client::{
    Client, ClientBuilder, Clock, Request, Response, RetryPolicy, Sending, Stop, Transport, TransportError,
};
use meta_offline_events::customer::{MatchKey, UserData};
use meta_offline_events::event::{ActionSource, Event, MessagingChannel};
use meta_offline_events::report::{Outcome, StopCause};
use meta_offline_events::testing::{FixedJitter, ManualClock, RuntimeClock};
use meta_offline_events::value::{Currency, EventTime, Money};
use meta_offline_events::wire::BatchLimits;
use serde_json::{Value, json};

const NOW: i64 = 1_777_896_000;

fn now() -> EventTime {
    EventTime::from_unix(NOW).unwrap()
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn event(number: usize, bulk: usize) -> Event {
    let customer = UserData::builder().email(&format!("customer{number}@example.com")).build().unwrap();
    Event::builder(EventTime::from_unix(NOW - 3600).unwrap(), customer)
        .order_id(format!("order-{number}").parse().unwrap())
        .value(Money::new("10.50".parse().unwrap(), Currency::EUR))
        .property("bulk", "x".repeat(bulk))
        .build()
        .unwrap()
}

fn events(count: usize) -> Vec<Event> {
    (0..count).map(|number| event(number, 0)).collect()
}

/// How a request ends.
enum End {
    Accepted,
    Status(u16),
    /// Meta's code and subcode.
    Code(i64, i64),
    Throttled(u64),
    Doubtful,
    Unreachable,
    Hangs,
}

type Tell = Box<dyn Fn(usize) -> End + Send + Sync>;

/// Answers the n-th request as it is told, a tenth of a second later, and keeps when each one began.
#[derive(Clone)]
struct Told {
    tell: Arc<Tell>,
    clock: Arc<dyn Clock>,
    began: Arc<Mutex<Vec<Duration>>>,
    in_flight: Arc<AtomicUsize>,
    most_in_flight: Arc<AtomicUsize>,
}

impl Told {
    fn new(clock: impl Clock + 'static, tell: impl Fn(usize) -> End + Send + Sync + 'static) -> Self {
        Self {
            tell: Arc::new(Box::new(tell)),
            clock: Arc::new(clock),
            began: Arc::default(),
            in_flight: Arc::default(),
            most_in_flight: Arc::default(),
        }
    }

    fn began(&self) -> Vec<Duration> {
        self.began.lock().unwrap().clone()
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Told")
    }
}

impl Transport for Told {
    fn send<'a>(&'a self, request: &'a Request) -> Sending<'a> {
        Box::pin(async move {
            let number = {
                let mut began = self.began.lock().unwrap();
                began.push(self.clock.elapsed());
                began.len() - 1
            };
            let others = self.in_flight.fetch_add(1, Ordering::SeqCst);
            self.most_in_flight.fetch_max(others + 1, Ordering::SeqCst);
            self.clock.sleep(Duration::from_millis(100)).await;
            self.in_flight.fetch_sub(1, Ordering::SeqCst);
            let refused = |inner: Value| Response::new(400, json!({"error": inner}).to_string().into());
            match (self.tell)(number) {
                End::Accepted => {
                    let body: Value = serde_json::from_slice(request.body()).unwrap();
                    let count = body["data"].as_array().unwrap().len();
                    Ok(Response::new(200, json!({"events_received": count}).to_string().into()))
                }
                End::Status(status) => Ok(Response::new(status, Vec::new())),
                End::Code(code, subcode) => Ok(refused(json!({"code": code, "error_subcode": subcode}))),
                End::Throttled(seconds) => {
                    Ok(refused(json!({"code": 4})).header("retry-after", &seconds.to_string()))
                }
                End::Doubtful => Err(TransportError::doubtful("it broke")),
                End::Unreachable => Err(TransportError::not_sent("no connection")),
                End::Hangs => std::future::pending().await,
            }
        })
    }
}

fn client(told: &Told, clock: impl Clock + 'static) -> ClientBuilder {
    Client::builder("123".parse().unwrap(), "EAAB-test".parse().unwrap())
        .transport(told.clone())
        .clock(clock)
        .jitter(FixedJitter(0.0))
        .batch_limits(one_each())
}

fn one_each() -> BatchLimits {
    BatchLimits::new(1, 100_000).unwrap()
}

#[tokio::test(start_paused = true)]
async fn r24_a_probe_that_repeats_is_still_the_only_request() {
    let clock = RuntimeClock::starting_at(now());
    let told = Told::new(clock, |number| if number < 3 { End::Code(2, 0) } else { End::Code(190, 0) });
    let report = client(&told, clock).build().unwrap().send(events(8)).await;
    assert!(matches!(report.stopped(), Some(StopCause::Api(_))));
    assert_eq!(told.most_in_flight.load(Ordering::SeqCst), 1);
    assert_eq!(report.requests(), 4);
}

#[tokio::test(start_paused = true)]
async fn p4_a_second_limit_that_ends_sooner_counts() {
    let clock = RuntimeClock::starting_at(now());
    let told = Told::new(clock, |_| End::Hangs);
    let client = client(&told, clock).timeouts(secs(5), secs(7200)).build().unwrap();
    let mut source = events(1).into_iter();
    let stop = Stop::new();
    let hurry = async {
        clock.sleep(secs(1)).await;
        stop.within(secs(3600));
        clock.sleep(secs(1)).await;
        stop.within(secs(5));
        stop.within(secs(1800));
    };
    let (report, ()) = tokio::join!(client.deliver(&mut source).stop_on(&stop).into_future(), hurry);
    assert_eq!(report.events().unconfirmed, 1);
    assert_eq!(clock.elapsed().as_secs(), 7, "the limit that ends first");
}

#[tokio::test(start_paused = true)]
async fn r17_others_pause_even_when_the_throttled_batch_is_given_up() {
    let clock = RuntimeClock::starting_at(now());
    let told = Told::new(clock, |number| if number == 0 { End::Throttled(300) } else { End::Accepted });
    let policy = RetryPolicy::new().batch_limit(secs(20));
    let report = client(&told, clock).retry(policy).build().unwrap().send(events(2)).await;
    assert!(matches!(report.outcomes(), [Outcome::NotSent(_), Outcome::Accepted]));
    assert!(told.began()[1] >= secs(300), "{:?}", told.began());
}

#[tokio::test]
async fn t14_a_clock_that_is_set_back_does_not_reopen_the_time_for_repeats() {
    let clock = ManualClock::at(now());
    let hands = clock.clone();
    let told = Told::new(clock.clone(), move |_| {
        hands.set(EventTime::from_unix(NOW - 10).unwrap());
        End::Doubtful
    });
    let message = UserData::builder()
        .value(MatchKey::PageId, "1234567890")
        .value(MatchKey::PageScopedUserId, "9876543210")
        .build()
        .unwrap();
    let message = Event::builder(EventTime::from_unix(NOW - 3600).unwrap(), message)
        .action_source(ActionSource::BusinessMessaging)
        .messaging_channel(MessagingChannel::Messenger)
        .value(Money::new("1".parse().unwrap(), Currency::EUR))
        .build()
        .unwrap();
    let report = client(&told, clock).build().unwrap().send(vec![message]).await;
    assert!(matches!(report.outcomes(), [Outcome::Unconfirmed(_)]));
    assert_eq!(report.requests(), 1, "a message is never repeated");
}

#[tokio::test(start_paused = true)]
async fn c_what_may_have_arrived_stays_in_doubt_when_its_batch_is_divided() {
    for refusal in [|| End::Status(413), || End::Code(100, 0)] {
        let clock = RuntimeClock::starting_at(now());
        let told = Told::new(clock, move |number| match number {
            0 => End::Doubtful,
            1 => refusal(),
            _ => End::Code(190, 0),
        });
        let client = client(&told, clock).batch_limits(BatchLimits::default()).build().unwrap();
        let report = client.send(events(2)).await;
        assert_eq!(report.events().unconfirmed, 2, "{:?}", report.outcomes());
        assert!(report.into_unsent().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn c_a_refusal_that_may_come_after_the_fact_confirms_nothing() {
    for refusal in [|| End::Status(413), || End::Code(100, 2_804_003)] {
        let clock = RuntimeClock::starting_at(now());
        let told = Told::new(clock, move |number| if number == 0 { End::Doubtful } else { refusal() });
        let report = client(&told, clock).build().unwrap().send(events(1)).await;
        assert!(matches!(report.outcomes(), [Outcome::Unconfirmed(_)]), "{:?}", report.outcomes());
    }
}

#[tokio::test(start_paused = true)]
async fn r33_a_learned_limit_does_not_refuse_an_event_that_stands_alone() {
    let clock = RuntimeClock::starting_at(now());
    let told = Told::new(clock, |number| if number == 0 { End::Status(413) } else { End::Accepted });
    let limits = BatchLimits::new(1000, 9000).unwrap();
    let client = client(&told, clock).batch_limits(limits).build().unwrap();
    let report = client.send(vec![event(0, 3500), event(1, 3500), event(2, 6000)]).await;
    assert!(report.all_accepted(), "{:?}", report.outcomes());
}

#[tokio::test(start_paused = true)]
async fn r33_when_every_event_is_too_large_the_run_stops_early() {
    let clock = RuntimeClock::starting_at(now());
    let told = Told::new(clock, |_| End::Status(413));
    let report = client(&told, clock).build().unwrap().send(events(100)).await;
    assert_eq!((report.events().refused, report.events().not_sent), (8, 92));
}

#[tokio::test(start_paused = true)]
async fn n17_without_waits_an_outage_is_not_met_with_requests_without_end() {
    let clock = RuntimeClock::starting_at(now());
    let told = Told::new(clock, |_| End::Unreachable);
    let policy = RetryPolicy::new().waits(Duration::ZERO, Duration::ZERO).run_limit(secs(3600));
    let report = client(&told, clock).retry(policy).build().unwrap().send(events(3)).await;
    assert_eq!(report.stopped(), Some(&StopCause::RunLimit));
    assert!(report.requests() <= 5 + 3600 / 5, "{} requests", report.requests());
}

#[tokio::test(start_paused = true)]
async fn the_time_for_a_batch_begins_with_its_first_attempt() {
    let clock = RuntimeClock::starting_at(now());
    let told = Told::new(clock, |number| match number {
        1 => End::Throttled(250),
        2 | 3 => End::Code(2, 0),
        _ => End::Accepted,
    });
    let policy = RetryPolicy::new().waits(secs(100), secs(100)).batch_limit(secs(400));
    let client = client(&told, clock).in_flight(1).jitter(FixedJitter(0.99)).retry(policy).build().unwrap();
    let (one, other) = (client.send(events(2)), client.clone());
    let later = async {
        clock.sleep(Duration::from_millis(250)).await;
        other.send(vec![event(7, 0)]).await
    };
    let (one, other) = tokio::join!(one.into_future(), later);
    assert!(one.all_accepted() && other.all_accepted(), "{:?} {:?}", one.outcomes(), other.outcomes());
}
