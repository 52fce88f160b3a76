//! Background sending: whatever is pushed is refused or has one outcome, and every call returns.

#![expect(clippy::disallowed_methods, reason = "these tests wait on tokio's paused clock")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use meta_offline_events::client::{
    Client, ClientBuilder, Clock, InvalidQueue, OutcomeGroup, PushErrorKind, Queue, QueueBuilder,
    QueueCounts, QueueMeter, Request, Response, RetryPolicy, Sending, Transport, TransportError, Waiting,
};
use meta_offline_events::customer::UserData;
use meta_offline_events::event::Event;
use meta_offline_events::report::{DeliveryReport, Outcome, StopCause};
use meta_offline_events::testing::{Answer, FixedJitter, ManualClock, MockServer, RuntimeClock};
use meta_offline_events::value::{Currency, EventTime, Line, Money};
use meta_offline_events::wire::{BatchLimits, RequestFields};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, sleep, timeout};

use crate::support::{NOW, now};

const MINUTE: Duration = Duration::from_secs(60);

/// A sale of two rows.
fn sale(number: usize) -> Event {
    sold(number, NOW - 3600)
}

fn sold(number: usize, at: i64) -> Event {
    let customer = UserData::builder().email(&format!("customer{number}@example.com")).build().unwrap();
    let line = |row: usize| Line::new((2 * number + row) as u64 + 2);
    Event::builder(EventTime::from_unix(at).unwrap(), customer)
        .order_id(format!("{number:06}").parse().unwrap())
        .value(Money::new("10.50".parse().unwrap(), Currency::EUR))
        .lines([line(0), line(1)])
        .build()
        .unwrap()
}

fn number(event: &Event) -> usize {
    event.custom_data().order_id().unwrap().as_str().parse().unwrap()
}

/// What the server does with a request.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Accept,
    AcceptAfter(Duration),
    Hang,
    DeadToken,
    Transient,
    NoConnection,
    Panic,
}

/// A service that does with its requests as its script says, and remembers whom it accepted, and when.
#[derive(Clone)]
struct Service {
    decide: Arc<dyn Fn(usize) -> Deed + Send + Sync>,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    requests: usize,
    sizes: Vec<usize>,
    moments: Vec<Instant>,
    accepted: BTreeMap<usize, usize>,
}

impl Service {
    fn new(decide: impl Fn(usize) -> Deed + Send + Sync + 'static) -> Self {
        Self { decide: Arc::new(decide), seen: Arc::default() }
    }

    fn always(deed: Deed) -> Self {
        Self::new(move |_| deed)
    }

    fn sizes(&self) -> Vec<usize> {
        self.seen.lock().unwrap().sizes.clone()
    }

    fn moments(&self) -> Vec<Instant> {
        self.seen.lock().unwrap().moments.clone()
    }

    fn accepted(&self) -> BTreeSet<usize> {
        let seen = self.seen.lock().unwrap();
        assert!(seen.accepted.values().all(|times| *times == 1), "each once");
        seen.accepted.keys().copied().collect()
    }

    fn accept(&self, body: &[u8]) -> Response {
        let orders = orders(body);
        let count = orders.len();
        let mut seen = self.seen.lock().unwrap();
        for order in orders {
            *seen.accepted.entry(order).or_default() += 1;
        }
        Response::new(200, json!({"events_received": count}).to_string().into_bytes())
    }
}

fn orders(body: &[u8]) -> Vec<usize> {
    let body: Value = serde_json::from_slice(body).unwrap();
    let order = |event: &Value| event["custom_data"]["order_id"].as_str().unwrap().parse().unwrap();
    body["data"].as_array().unwrap().iter().map(order).collect()
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Service")
    }
}

impl Transport for Service {
    fn send<'a>(&'a self, request: &'a Request) -> Sending<'a> {
        Box::pin(async move {
            let place = {
                let mut seen = self.seen.lock().unwrap();
                seen.requests += 1;
                seen.sizes.push(orders(request.body()).len());
                seen.moments.push(Instant::now());
                seen.requests - 1
            };
            let error = |status, code: u32| {
                Ok(Response::new(status, json!({"error": {"code": code}}).to_string().into_bytes()))
            };
            match (self.decide)(place) {
                Deed::Accept => Ok(self.accept(request.body())),
                Deed::AcceptAfter(wait) => {
                    sleep(wait).await;
                    Ok(self.accept(request.body()))
                }
                Deed::Hang => std::future::pending().await,
                Deed::DeadToken => error(401, 190),
                Deed::Transient => error(400, 2),
                Deed::NoConnection => Err(TransportError::not_sent("no connection to the server")),
                Deed::Panic => panic!("made on purpose"),
            }
        })
    }
}

fn builder() -> ClientBuilder {
    Client::builder("123".parse().unwrap(), "EAAB-marked-token".parse().unwrap()).jitter(FixedJitter(1.0))
}

/// A client of this service, on tokio's clock.
fn client(service: &Service) -> Client {
    builder().transport(service.clone()).clock(RuntimeClock::starting_at(now())).build().unwrap()
}

fn queue(service: &Service) -> QueueBuilder {
    client(service).queue()
}

async fn push_all(queue: &Queue, numbers: std::ops::Range<usize>) {
    for number in numbers {
        queue.push(sale(number)).await.unwrap();
    }
}

/// Lets the run take what is queued, without any time passing.
async fn settle_down() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

fn check(report: &DeliveryReport, counts: QueueCounts) {
    assert!(report.rows().is_balanced(), "{:?}", report.rows());
    assert_eq!((report.events(), report.rows()), (counts.events, counts.rows));
    assert_eq!(report.events().pending, 0);
    assert_eq!(counts.pending_bytes, 0);
}

fn ends(counts: QueueCounts) -> [u64; 4] {
    let events = counts.events;
    [events.accepted, events.not_sent, events.unconfirmed, events.pending]
}

#[tokio::test(start_paused = true)]
async fn single_sales_go_out_in_batches_and_each_once() {
    let service = Service::always(Deed::Accept);
    let queue = queue(&service).start().unwrap();
    push_all(&queue, 0..2500).await;
    let report = queue.close(MINUTE).await;
    assert!(report.all_accepted());
    assert_eq!((report.events().accepted, report.rows().accepted), (2500, 5000));
    assert_eq!(service.accepted().len(), 2500);
    assert_eq!(service.sizes(), [1000, 1000, 500]);
    check(&report, queue.counts());
}

#[tokio::test(start_paused = true)]
async fn a_batch_waits_as_long_as_it_may_linger_and_no_longer() {
    for linger in [Duration::ZERO, Duration::from_secs(5)] {
        let service = Service::always(Deed::Accept);
        let queue = queue(&service).linger(linger).start().unwrap();
        let began = Instant::now();
        queue.push(sale(0)).await.unwrap();
        sleep(Duration::from_secs(3)).await;
        queue.push(sale(1)).await.unwrap();
        sleep(Duration::from_secs(10)).await;
        let waits: Vec<_> = service.moments().iter().map(|moment| (*moment - began).as_secs()).collect();
        assert_eq!(waits, if linger.is_zero() { vec![0, 3] } else { vec![5] });
        assert!(queue.close(MINUTE).await.all_accepted());
    }
}

#[test]
fn l6_p8_what_cannot_work_is_refused_at_the_start() {
    let client = client_without_runtime();
    assert_eq!(client.queue().start().unwrap_err(), InvalidQueue::NoRuntime, "an error, no panic");
    let runtime = Builder::new_current_thread().build().unwrap();
    let _inside = runtime.enter();
    let refused = |queue: QueueBuilder| match queue.start().unwrap_err() {
        InvalidQueue::Limit { what, .. } => what,
        other => panic!("{other}"),
    };
    assert_eq!(refused(client.queue().capacity(0)), "capacity in events");
    assert_eq!(refused(client.queue().capacity(usize::MAX)), "capacity in events");
    assert_eq!(refused(client.queue().byte_capacity(0)), "capacity in bytes");
    assert_eq!(refused(client.queue().byte_capacity(QueueBuilder::MAX_CAPACITY + 1)), "capacity in bytes");
    let most = client.queue().capacity(QueueBuilder::MAX_CAPACITY).byte_capacity(QueueBuilder::MAX_CAPACITY);
    drop(most.start().unwrap());
}

fn client_without_runtime() -> Client {
    builder().transport(Service::always(Deed::Accept)).clock(ManualClock::at(now())).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn p12_an_event_larger_than_the_queue_is_refused_at_once() {
    let service = Service::always(Deed::Accept);
    let small = serde_json::to_vec(&sale(0)).unwrap().len();
    let queue = queue(&service).byte_capacity(small).start().unwrap();
    let customer = UserData::builder().email("a@example.com").build().unwrap();
    let large = Event::builder(now(), customer).name("Subscribe".parse().unwrap());
    let large = large.search_string("x".repeat(small).parse().unwrap()).build().unwrap();
    queue.push(sale(0)).await.unwrap();
    for refused in [queue.push(large.clone()).await, queue.try_push(large.clone())] {
        let refused = refused.unwrap_err();
        assert_eq!(refused.kind(), &PushErrorKind::TooLarge);
        assert!(!refused.is_full(), "pushing it again would not help");
        assert_eq!(refused.into_event(), large);
    }
    queue.flush().await;
    queue.push(sale(1)).await.unwrap();
    assert!(queue.close(MINUTE).await.all_accepted());
    assert_eq!(queue.refused(), 2);
}

#[tokio::test(start_paused = true)]
async fn p11_l4_a_slow_server_slows_the_producer_and_memory_stays_flat() {
    let service = Service::always(Deed::AcceptAfter(Duration::from_secs(2)));
    let bytes = 300 * serde_json::to_vec(&sale(0)).unwrap().len();
    let most = Arc::new(Mutex::new((0, 0)));
    let (watched, meter) = (Arc::clone(&most), Arc::new(Mutex::new(None::<QueueMeter>)));
    let seen = Arc::clone(&meter);
    let queue = queue(&service)
        .capacity(500)
        .byte_capacity(bytes)
        .on_outcome(move |_| {
            let counts = seen.lock().unwrap().as_ref().unwrap().counts();
            let mut most = watched.lock().unwrap();
            *most = (most.0.max(counts.events.pending), most.1.max(counts.pending_bytes));
        })
        .start()
        .unwrap();
    *meter.lock().unwrap() = Some(queue.meter());
    push_all(&queue, 0..20_000).await;
    let report = queue.close(MINUTE).await;
    assert_eq!(report.events().accepted, 20_000);
    let (events, held) = *most.lock().unwrap();
    assert!((299..=300).contains(&events), "{events} events at once");
    assert!(held <= bytes as u64 && held > bytes as u64 * 9 / 10, "{held} of {bytes} bytes");
    assert!(service.sizes().iter().sum::<usize>() == 20_000 && service.sizes().len() < 400);
}

#[tokio::test(start_paused = true)]
async fn p11_a_full_queue_refuses_or_waits_as_chosen_and_never_lingers() {
    let service = Service::always(Deed::AcceptAfter(Duration::from_secs(2)));
    let queue = queue(&service).capacity(3).linger(MINUTE * 60).start().unwrap();
    push_all(&queue, 0..3).await;
    let refused = queue.try_push(sale(3)).unwrap_err();
    assert!(refused.is_full());
    assert_eq!(refused.into_event(), sale(3));
    assert_eq!((queue.refused(), queue.pending()), (1, 3));
    sleep(Duration::from_secs(3)).await;
    queue.try_push(sale(3)).expect("the refusal sent the batch on its way");
    queue.try_push(sale(4)).unwrap();
    queue.try_push(sale(5)).unwrap();

    let began = Instant::now();
    let waiting: Vec<_> = (6..10)
        .map(|number| {
            let queue = queue.clone();
            tokio::spawn(async move { queue.push(sale(number)).await.map(|()| Instant::now()) })
        })
        .collect();
    settle_down().await;
    assert!(queue.try_push(sale(10)).unwrap_err().is_full(), "nobody overtakes those that wait");
    let mut moments = Vec::new();
    for pushed in waiting {
        moments.push((pushed.await.unwrap().unwrap() - began).as_secs());
    }
    assert_eq!(moments, [2, 2, 2, 4], "in their order, as room comes");
    sleep(MINUTE).await;
    assert_eq!(queue.pending(), 1, "with room again, batches linger");
    let report = queue.close(MINUTE).await;
    assert_eq!((report.events().accepted, queue.refused()), (10, 2));
}

#[tokio::test(start_paused = true)]
async fn p10_flush_waits_for_what_was_pushed_before_and_for_nothing_else() {
    let service = Service::new(|place| match place {
        0 => Deed::AcceptAfter(Duration::from_secs(2)),
        _ => Deed::AcceptAfter(Duration::from_secs(20)),
    });
    let queue = queue(&service).linger(MINUTE * 60).start().unwrap();
    let began = Instant::now();
    queue.flush().await;
    assert_eq!(began.elapsed(), Duration::ZERO, "nothing to wait for");
    push_all(&queue, 0..3).await;
    let two = [queue.clone(), queue.clone()].map(|queue| tokio::spawn(async move { queue.flush().await }));
    settle_down().await;
    push_all(&queue, 3..5).await;
    for flush in two {
        timeout(Duration::from_secs(3), flush).await.expect("in time").unwrap();
    }
    assert_eq!(ends(queue.counts()), [3, 0, 0, 2]);
    assert_eq!(service.sizes(), [3], "what came later may linger");
    timeout(Duration::from_secs(1), queue.flush()).await.expect_err("given up");
    timeout(MINUTE * 2, queue.flush()).await.expect("in time");
    assert_eq!(ends(queue.counts()), [5, 0, 0, 0]);
    assert!(queue.close(MINUTE).await.all_accepted());
}

#[tokio::test(start_paused = true)]
async fn p5_close_returns_on_time_from_a_server_that_never_answers() {
    let service = Service::new(|place| if place == 0 { Deed::Accept } else { Deed::Hang });
    let client = builder()
        .transport(service.clone())
        .clock(RuntimeClock::starting_at(now()))
        .batch_limits(BatchLimits::new(10, 100_000).unwrap())
        .in_flight(2)
        .build()
        .unwrap();
    let queue = client.queue().start().unwrap();
    push_all(&queue, 0..10).await;
    queue.flush().await;
    push_all(&queue, 10..100).await;
    settle_down().await;
    let began = Instant::now();
    let report = queue.close(Duration::from_secs(5)).await;
    let took = began.elapsed();
    assert!((5000..5100).contains(&took.as_millis()), "{took:?}");
    assert_eq!(ends(queue.counts()), [10, 70, 20, 0]);
    check(&report, queue.counts());
    assert_eq!(
        report.stopped().map(ToString::to_string).as_deref(),
        Some("the time limit of `close` passed: send the events that were not sent in another run",)
    );
    let (unconfirmed, not_sent): (Vec<_>, Vec<_>) =
        report.diagnostics().iter().partition(|diagnostic| diagnostic.code() == "no_valid_answer");
    assert!(!unconfirmed.is_empty() && !not_sent.is_empty());
    for diagnostic in unconfirmed {
        let message = diagnostic.message();
        assert!(message.contains("the time limit of `close` passed"), "{message}");
        assert!(message.ends_with("compare in Events Manager before you send it again"), "{message}");
        assert!(!message.contains("another run") && !message.contains("asked"), "{message}");
    }
    for diagnostic in not_sent {
        let message = diagnostic.message();
        assert!(message.contains("the time limit of `close` passed"), "{message}");
        assert!(!message.contains("Events Manager") && !message.contains("asked"), "{message}");
    }
    let unsent: Vec<_> = report.into_unsent().iter().map(number).collect();
    assert_eq!(unsent, (30..100).collect::<Vec<_>>(), "in the order of the pushes");
}

#[tokio::test(start_paused = true)]
async fn p10_closing_twice_gives_one_report_and_the_shorter_limit_counts() {
    let service = Service::always(Deed::Hang);
    let queue = queue(&service).start().unwrap();
    push_all(&queue, 0..5).await;
    let began = Instant::now();
    let other = queue.clone();
    let long = tokio::spawn(async move { other.close(MINUTE).await });
    settle_down().await;
    let short = queue.close(Duration::from_secs(2)).await;
    let long = long.await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(3));
    let again = queue.close(MINUTE).await;
    assert!(began.elapsed() < Duration::from_secs(3));
    let text = |report: &DeliveryReport| format!("{report:?}");
    assert_eq!((text(&short), text(&short)), (text(&long), text(&again)));
    assert_eq!(short.events().unconfirmed, 5);
    queue.flush().await;
}

#[tokio::test(start_paused = true)]
async fn p10_whoever_waits_for_room_while_the_queue_closes_gets_the_event_back() {
    let service = Service::always(Deed::AcceptAfter(Duration::from_secs(2)));
    let queue = queue(&service).capacity(2).start().unwrap();
    push_all(&queue, 0..2).await;
    let other = queue.clone();
    let waiting = tokio::spawn(async move { other.push(sale(2)).await });
    settle_down().await;
    let report = queue.close(MINUTE).await;
    let refused = waiting.await.unwrap().unwrap_err();
    assert_eq!(refused.kind(), &PushErrorKind::Closed);
    assert_eq!(number(&refused.into_event()), 2);
    assert_eq!(queue.push(sale(3)).await.unwrap_err().kind(), &PushErrorKind::Closed);
    assert_eq!((report.events().accepted, queue.refused()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn p7_calls_that_are_given_up_half_way_do_no_harm() {
    let service = Service::always(Deed::AcceptAfter(Duration::from_secs(10)));
    let queue = queue(&service).capacity(2).start().unwrap();
    push_all(&queue, 0..2).await;
    let second = Duration::from_secs(1);
    timeout(second, queue.push(sale(2))).await.expect_err("given up");
    timeout(second, queue.flush()).await.expect_err("given up");
    sleep(MINUTE).await;
    push_all(&queue, 3..5).await;
    timeout(second, queue.close(MINUTE)).await.expect_err("given up");
    sleep(MINUTE).await;
    assert_eq!(ends(queue.counts()), [4, 0, 0, 0], "closing went on");
    let report = timeout(second, queue.close(MINUTE)).await.expect("closed long ago");
    assert_eq!(report.events().accepted, 4);
    assert_eq!(service.accepted(), [0, 1, 3, 4].into(), "a push that was given up was not taken");
}

#[tokio::test(start_paused = true)]
async fn r24_a_queue_that_stops_by_itself_loses_nothing() {
    let service = Service::new(|place| if place == 0 { Deed::Accept } else { Deed::DeadToken });
    let seen = Arc::new(Mutex::new(0));
    let unsent = Arc::clone(&seen);
    let queue = queue(&service)
        .capacity(1500)
        .on_outcome(move |settled| {
            if matches!(settled.outcome(), Outcome::NotSent(_)) {
                *unsent.lock().unwrap() += settled.events().count();
            }
        })
        .start()
        .unwrap();
    push_all(&queue, 0..10).await;
    queue.flush().await;
    assert_eq!(queue.stopped(), None);
    let other = queue.clone();
    let refused = tokio::spawn(async move {
        let mut number = 10;
        loop {
            match other.push(sale(number)).await {
                Ok(()) => number += 1,
                Err(refused) => return (number, refused),
            }
        }
    });
    let (taken, refused) = refused.await.unwrap();
    let PushErrorKind::Stopped(cause) = refused.kind() else { panic!("{refused}") };
    assert!(matches!(&**cause, StopCause::Api(_)));
    assert!(refused.to_string().contains("the access token"), "{refused}");
    assert!(matches!(queue.stopped(), Some(StopCause::Api(_))));
    queue.flush().await;
    let report = queue.close(MINUTE).await;
    assert_eq!(ends(queue.counts()), [10, taken as u64 - 10, 0, 0]);
    assert_eq!((queue.refused(), *seen.lock().unwrap()), (1, taken - 10));
    check(&report, queue.counts());
    let unsent: Vec<_> = report.into_unsent().iter().map(number).collect();
    assert_eq!(unsent, (10..taken).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_may_not_start_hands_everything_back() {
    let service = Service::always(Deed::Accept);
    let client = builder()
        .transport(service.clone())
        .clock(RuntimeClock::starting_at(now()))
        .token_expires(EventTime::from_unix(NOW - 1).unwrap())
        .build()
        .unwrap();
    let queue = client.queue().start().unwrap();
    push_all(&queue, 0..7).await;
    queue.flush().await;
    assert_eq!(queue.stopped(), Some(StopCause::TokenExpired));
    assert!(matches!(queue.try_push(sale(7)).unwrap_err().kind(), PushErrorKind::Stopped(_)));
    let report = queue.close(MINUTE).await;
    check(&report, queue.counts());
    assert_eq!(report.into_unsent().len(), 7);
    assert!(service.sizes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn too_many_events_to_hand_back_stop_the_queue() {
    let service = Service::always(Deed::Accept);
    let queue = queue(&service).capacity(100).start().unwrap();
    let mut taken = 0;
    while queue.push(sold(taken, NOW + 86_400)).await.is_ok() {
        taken += 1;
        assert!(taken < 11_000, "memory would grow without end");
    }
    assert!(taken > 10_000);
    let report = queue.close(MINUTE).await;
    assert_eq!(report.stopped(), Some(&StopCause::UnsentLimit));
    check(&report, queue.counts());
    assert_eq!(report.into_unsent().len(), taken);
}

#[tokio::test(start_paused = true)]
async fn p6_a_queue_that_is_dropped_still_sends_while_the_runtime_lives() {
    let service = Service::always(Deed::AcceptAfter(Duration::from_secs(1)));
    let queue = queue(&service).linger(MINUTE * 60).start().unwrap();
    let clone = queue.clone();
    let meter = queue.meter();
    push_all(&queue, 0..3).await;
    drop(queue);
    push_all(&clone, 3..5).await;
    drop(clone);
    sleep(MINUTE).await;
    assert_eq!(ends(meter.counts()), [5, 0, 0, 0]);
    assert_eq!(service.accepted().len(), 5);
    assert_eq!(meter.stopped(), None);
}

fn paused() -> Runtime {
    Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

#[test]
fn p6_p8_a_runtime_that_is_shut_down_ends_the_queue_and_the_loss_is_counted() {
    let service = Service::always(Deed::Hang);
    let runtime = paused();
    let queue = runtime.block_on(async {
        let client = builder()
            .transport(service.clone())
            .clock(RuntimeClock::starting_at(now()))
            .request_fields(RequestFields::new().test_event_code("TEST1").unwrap())
            .build()
            .unwrap();
        let queue = client.queue().capacity(12).linger(Duration::ZERO).start().unwrap();
        push_all(&queue, 0..5).await;
        sleep(Duration::from_secs(1)).await;
        push_all(&queue, 5..6).await;
        queue
    });
    let (pushing, flushing) = (queue.clone(), queue.clone());
    let flushing = thread::spawn(move || block_on(flushing.flush()));
    let meter = queue.meter();
    assert_eq!(ends(meter.counts()), [0, 0, 0, 6]);
    drop(runtime);
    flushing.join().unwrap();
    assert_eq!(ends(meter.counts()), [0, 1, 5, 0]);
    assert_eq!(meter.stopped(), Some(StopCause::Abandoned));
    let refused = block_on(pushing.push(sale(6))).unwrap_err();
    assert!(matches!(refused.kind(), PushErrorKind::Stopped(_)));
    let report = block_on(queue.close(MINUTE));
    check(&report, queue.counts());
    assert!(report.test_event_code());
    assert_eq!(report.diagnostics()[0].code(), "abandoned");
    assert_eq!(report.into_unsent().iter().map(number).collect::<Vec<_>>(), [5]);
    assert_eq!(block_on(queue.close(MINUTE)).into_unsent().len(), 1);
}

#[test]
fn p8_a_push_that_waits_for_room_ends_with_the_runtime() {
    let runtime = paused();
    let queue = runtime.block_on(async {
        let queue = queue(&Service::always(Deed::Hang)).capacity(1).start().unwrap();
        push_all(&queue, 0..1).await;
        queue
    });
    let pushing = thread::spawn(move || block_on(queue.push(sale(1))));
    drop(runtime);
    assert!(matches!(pushing.join().unwrap().unwrap_err().kind(), PushErrorKind::Stopped(_)));
}

#[test]
fn p8_the_queue_is_used_outside_any_runtime() {
    let service = Service::always(Deed::Accept);
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let queue = runtime.block_on(async { queue(&service).start().unwrap() });
    block_on(async {
        push_all(&queue, 0..3).await;
        queue.flush().await;
        queue.try_push(sale(3)).unwrap();
    });
    let report = block_on(queue.close(MINUTE));
    assert_eq!(report.events().accepted, 4);
}

/// Waits for a future on a thread that has no runtime.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn p9_a_panic_in_the_observer_or_the_transport_costs_no_outcome() {
    let service = Service::new(|place| if place == 1 { Deed::Panic } else { Deed::Accept });
    let calls = Arc::new(AtomicUsize::new(0));
    let called = Arc::clone(&calls);
    let observer = move |_: OutcomeGroup<'_>| {
        called.fetch_add(1, Ordering::Relaxed);
        panic!("made on purpose");
    };
    let queue = queue(&service).on_outcome(observer).start().unwrap();
    push_all(&queue, 0..3).await;
    queue.flush().await;
    push_all(&queue, 3..6).await;
    queue.flush().await;
    let report = queue.close(MINUTE).await;
    assert!(report.all_accepted());
    check(&report, queue.counts());
    assert_eq!((report.events().accepted, report.requests().ambiguous), (6, 1));
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    assert!(report.notes().iter().any(|note| note.code() == "observer_panicked"));
}

/// A clock that panics when the test says so.
#[derive(Debug)]
struct Broken(RuntimeClock, Arc<AtomicBool>);

impl Clock for Broken {
    fn now(&self) -> EventTime {
        assert!(!self.1.load(Ordering::Relaxed), "made on purpose");
        self.0.now()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, duration: Duration) -> Waiting<'_> {
        self.0.sleep(duration)
    }
}

#[tokio::test(start_paused = true)]
async fn p9_a_clock_that_panics_ends_the_queue_and_no_call_hangs() {
    let service = Service::always(Deed::Accept);
    let breaks = Arc::new(AtomicBool::new(false));
    let clock = Broken(RuntimeClock::starting_at(now()), Arc::clone(&breaks));
    let client = builder().transport(service.clone()).clock(clock).build().unwrap();
    let queue = client.queue().capacity(5).start().unwrap();
    push_all(&queue, 0..3).await;
    queue.flush().await;
    breaks.store(true, Ordering::Relaxed);
    push_all(&queue, 3..5).await;
    queue.flush().await;
    assert_eq!(queue.stopped(), Some(StopCause::Panicked("Clock")));
    assert!(queue.push(sale(5)).await.is_err());
    let report = queue.close(MINUTE).await;
    check(&report, queue.counts());
    assert_eq!(ends(queue.counts()), [3, 2, 0, 0], "what had not left is handed back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p5_close_gives_up_a_run_that_the_application_blocks() {
    let clock = ManualClock::at(now());
    let client = builder().transport(Service::always(Deed::Accept)).clock(clock.clone()).build().unwrap();
    let (unblock, blocked) = mpsc::channel::<()>();
    let blocked = Mutex::new(blocked);
    let begun = Arc::new(AtomicBool::new(false));
    let begins = Arc::clone(&begun);
    let observer = move |_: OutcomeGroup<'_>| {
        begins.store(true, Ordering::SeqCst);
        let _ = blocked.lock().unwrap().recv();
    };
    let queue = client.queue().on_outcome(observer).start().unwrap();
    push_all(&queue, 0..2).await;
    let flush = tokio::spawn({
        let queue = queue.clone();
        async move { queue.flush().await }
    });
    while !begun.load(Ordering::SeqCst) {
        tokio::task::yield_now().await;
    }
    push_all(&queue, 2..4).await;
    let mut close = std::pin::pin!(queue.close(MINUTE));
    let report = loop {
        tokio::select! {
            biased;
            report = &mut close => break report,
            () = tokio::task::yield_now() => clock.advance(Duration::from_millis(100)),
        }
    };
    flush.await.unwrap();
    assert_eq!(ends(queue.counts()), [0, 2, 2, 0]);
    check(&report, queue.counts());
    drop(unblock);
    while Arc::strong_count(&begun) > 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(ends(queue.counts()), [0, 2, 2, 0], "what comes too late changes nothing");
    check(&queue.close(MINUTE).await, queue.counts());
}

#[tokio::test(start_paused = true)]
async fn counts_add_up_at_every_moment() {
    let service = Service::always(Deed::AcceptAfter(Duration::from_secs(1)));
    let queue = queue(&service).start().unwrap();
    for number in 0..50 {
        queue.push(sale(number)).await.unwrap();
        sleep(Duration::from_millis(100)).await;
        let counts = queue.counts();
        assert!(counts.rows.is_balanced(), "{counts:?}");
        assert_eq!((counts.events.total(), counts.rows.read), (number as u64 + 1, 2 * number as u64 + 2));
        assert_eq!(counts.rows.pending, 2 * queue.pending());
        assert_eq!(counts.pending_bytes == 0, queue.pending() == 0);
    }
    let _ = queue.close(MINUTE).await;
}

#[tokio::test(start_paused = true)]
async fn s1_s2_no_debug_shows_a_customer_or_the_token() {
    let queue = queue(&Service::always(Deed::Hang)).capacity(1);
    let before = format!("{queue:?}");
    let queue = queue.start().unwrap();
    queue.push(sale(12_345)).await.unwrap();
    let refused = queue.try_push(sale(12_345)).unwrap_err();
    settle_down().await;
    let during = format!("{queue:?} {:?} {:?} {refused} {refused:?}", queue.meter(), queue.counts());
    let shown = format!("{before} {during} {:?}", queue.close(Duration::ZERO).await);
    assert!(shown.contains("unconfirmed: 1") && shown.contains("refused: 1"), "{shown}");
    for hidden in ["customer12345", "marked-token", "012345", "order"] {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
}

#[tokio::test]
async fn over_real_sockets_each_sale_has_its_own_end() {
    let server = MockServer::builder()
        .clock(ManualClock::at(now()))
        .refuse(|event| event["custom_data"]["order_id"] == "000007")
        .start()
        .await
        .unwrap();
    server.script_all([Answer::transient(), Answer::empty(408)]);
    let client = builder().loopback_endpoint(server.url()).clock(ManualClock::at(now())).build().unwrap();
    let ends = Arc::new(Mutex::new(BTreeMap::new()));
    let seen = Arc::clone(&ends);
    let queue = client
        .queue()
        .on_outcome(move |settled| {
            let reason = settled.outcome().code();
            seen.lock().unwrap().extend(settled.events().map(|event| (number(event), reason)));
        })
        .start()
        .unwrap();
    push_all(&queue, 0..20).await;
    queue.flush().await;
    server.always(Answer::graph_error(401, 190, Some(463)));
    push_all(&queue, 20..30).await;
    let report = queue.close(MINUTE).await;
    check(&report, queue.counts());
    assert_eq!((report.events().accepted, report.events().refused, report.events().not_sent), (19, 1, 10));
    assert_eq!(server.accepted_once().len(), 19);
    let ends = ends.lock().unwrap();
    assert_eq!(ends.len(), 30);
    assert_eq!((ends[&6], ends[&7], ends[&29]), ("accepted", "refused_by_meta", "run_stopped"));
    assert_eq!(report.into_unsent().len(), 10);
}

/// The codes of the outcomes in their order.
async fn push_each_and_flush(client: &Client, sales: impl IntoIterator<Item = Event>) -> Vec<&'static str> {
    let codes = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&codes);
    let observer = move |group: OutcomeGroup<'_>| seen.lock().unwrap().push(group.outcome().code());
    let queue = client.queue().on_outcome(observer).start().unwrap();
    for sale in sales {
        queue.push(sale).await.unwrap();
        queue.flush().await;
    }
    check(&queue.close(MINUTE).await, queue.counts());
    codes.lock().unwrap().clone()
}

#[tokio::test]
async fn a_refused_or_expired_sale_can_be_pushed_again_once_it_is_corrected() {
    let server = MockServer::builder()
        .clock(ManualClock::at(now()))
        .refuse(|event| event["custom_data"]["value"] == json!(10.5))
        .start()
        .await
        .unwrap();
    let client = builder().loopback_endpoint(server.url()).clock(ManualClock::at(now())).build().unwrap();
    let corrected = |at: i64| {
        let customer = UserData::builder().email("mary@example.com").build().unwrap();
        let event = Event::builder(EventTime::from_unix(at).unwrap(), customer)
            .event_id(sale(1).id().unwrap().as_str().parse().unwrap())
            .order_id("000001".parse().unwrap())
            .value(Money::new("12".parse().unwrap(), Currency::EUR));
        event.build().unwrap()
    };
    let right = || corrected(NOW - 3600);
    let too_old = corrected(NOW - 100 * 86_400);

    let codes = push_each_and_flush(&client, [sale(1), sale(1), right(), right()]).await;
    assert_eq!(codes, ["refused_by_meta", "refused_by_meta", "accepted", "event_id_repeated"]);
    let codes = push_each_and_flush(&client, [too_old, right()]).await;
    assert_eq!(codes, ["expired", "accepted"]);
}

#[tokio::test(start_paused = true)]
async fn a_sale_that_waits_to_be_handed_back_is_not_held_twice() {
    let service = Service::always(Deed::Accept);
    let early = || sold(1, NOW + 86_400);
    assert_eq!(
        push_each_and_flush(&client(&service), [early(), early()]).await,
        ["in_future", "event_id_repeated"]
    );
}

/// What one interleaving did, to be compared with what the queue says.
#[derive(Default)]
struct Log {
    taken: BTreeSet<usize>,
    refused: BTreeSet<usize>,
    settled: BTreeMap<usize, &'static str>,
    twice: Vec<usize>,
}

/// Runs producers, flushes and closes against each other, in an order drawn from the seed.
#[expect(clippy::too_many_lines, reason = "one scenario, from the start to the account")]
async fn interleave(seed: u64) {
    let mut dice = fastrand::Rng::with_seed(seed);
    let mood = dice.u8(0..6);
    let answers = Mutex::new(dice.fork());
    let service = Service::new(move |_| {
        let mut dice = answers.lock().unwrap();
        let slow = Deed::AcceptAfter(Duration::from_millis(dice.u64(0..3000)));
        match (mood, dice.u8(0..10)) {
            (0, 0) => Deed::DeadToken,
            (1, 0..=3) => Deed::Hang,
            (2, 0..=4) => Deed::Transient,
            (3, 0..=4) => Deed::NoConnection,
            (4, 0..=2) => Deed::Panic,
            (_, 5) => Deed::Accept,
            _ => slow,
        }
    });
    let client = builder()
        .transport(service.clone())
        .clock(RuntimeClock::starting_at(now()))
        .batch_limits(BatchLimits::new(dice.usize(1..8), 100_000).unwrap())
        .in_flight(dice.usize(1..4))
        .retry(RetryPolicy::new().attempts(3))
        .build()
        .unwrap();
    let log = Arc::new(Mutex::new(Log::default()));
    let observed = Arc::clone(&log);
    let bytes = serde_json::to_vec(&sale(0)).unwrap().len();
    let queue = client
        .queue()
        .capacity(dice.usize(1..12))
        .byte_capacity(bytes * dice.usize(1..12))
        .linger(Duration::from_millis(dice.u64(0..1500)))
        .on_outcome(move |settled| {
            let reason = settled.outcome().code();
            let mut log = observed.lock().unwrap();
            for event in settled.events() {
                if log.settled.insert(number(event), reason).is_some() {
                    log.twice.push(number(event));
                }
            }
        })
        .start()
        .unwrap();
    let mut calls = tokio::task::JoinSet::new();
    for producer in 0..3 {
        let (queue, log, mut dice) = (queue.clone(), Arc::clone(&log), dice.fork());
        calls.spawn(async move {
            for number in (0..dice.usize(1..20)).map(|number| producer * 100 + number) {
                pause(&mut dice).await;
                let result =
                    if dice.bool() { queue.push(sale(number)).await } else { queue.try_push(sale(number)) };
                let mut log = log.lock().unwrap();
                match result {
                    Ok(()) => log.taken.insert(number),
                    Err(refused) => {
                        assert_eq!(super::queue::number(&refused.into_event()), number);
                        log.refused.insert(number)
                    }
                };
            }
        });
    }
    for _ in 0..2 {
        let (queue, log, mut dice) = (queue.clone(), Arc::clone(&log), dice.fork());
        calls.spawn(async move {
            for _ in 0..dice.usize(0..4) {
                pause(&mut dice).await;
                let before = log.lock().unwrap().taken.clone();
                queue.flush().await;
                let log = log.lock().unwrap();
                let open: Vec<_> = before.iter().filter(|number| !log.settled.contains_key(number)).collect();
                assert!(open.is_empty(), "flush returned before {open:?} had an outcome");
            }
        });
    }
    for _ in 0..2 {
        let (queue, mut dice) = (queue.clone(), dice.fork());
        calls.spawn(async move {
            for _ in 0..dice.usize(1..6) {
                pause(&mut dice).await;
            }
            let limit = Duration::from_millis(dice.u64(0..6000));
            let began = Instant::now();
            let _ = queue.close(limit).await;
            assert!(
                began.elapsed() <= limit + Duration::from_millis(10),
                "{:?} of {limit:?}",
                began.elapsed()
            );
        });
    }
    let all = async {
        while let Some(call) = calls.join_next().await {
            call.unwrap();
        }
    };
    timeout(MINUTE, all).await.expect("a call did not return");
    let report = timeout(MINUTE, queue.close(MINUTE)).await.expect("close did not return");
    let log = log.lock().unwrap();
    check(&report, queue.counts());
    assert_eq!(log.taken, log.settled.keys().copied().collect(), "each has its outcome");
    assert!(log.twice.is_empty(), "{:?} have two", log.twice);
    assert_eq!(queue.refused(), log.refused.len() as u64);
    assert_eq!(report.events().total(), log.taken.len() as u64);
    let with = |reasons: &[&str]| -> BTreeSet<usize> {
        let those = log.settled.iter().filter(|(_, reason)| reasons.contains(reason));
        those.map(|(number, _)| *number).collect()
    };
    let accepted = with(&["accepted"]);
    assert_eq!(report.events().accepted, accepted.len() as u64);
    assert!(accepted.is_subset(&service.accepted()));
    let unsent = report.into_unsent().iter().map(number).collect();
    assert_eq!(with(&["run_stopped", "unreachable", "attempts_exhausted"]), unsent);
}

/// Some turns of the scheduler, or some time.
async fn pause(dice: &mut fastrand::Rng) {
    match dice.u8(0..4) {
        0 => sleep(Duration::from_millis(dice.u64(0..2000))).await,
        turns => {
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
        }
    }
}

#[test]
fn p10_pushes_from_other_threads_race_with_close_and_none_slips_through() {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let event = sale(0);
    for _ in 0..120 {
        let queue = runtime.block_on(async { queue(&Service::always(Deed::Accept)).start().unwrap() });
        let taken: u64 = thread::scope(|scope| {
            let pushing: Vec<_> = (0..2)
                .map(|_| {
                    scope.spawn(|| (0..u64::MAX).find(|_| queue.try_push(event.clone()).is_err()).unwrap())
                })
                .collect();
            thread::yield_now();
            let _ = block_on(queue.close(MINUTE));
            pushing.into_iter().map(|pushes| pushes.join().unwrap()).sum()
        });
        let counts = queue.counts();
        assert_eq!((counts.events.total(), counts.events.pending, counts.refused), (taken, 0, 2));
    }
}

#[test]
fn p10_in_whatever_order_all_calls_return_and_every_push_is_counted() {
    for seed in 0..600 {
        let outcome = std::panic::catch_unwind(|| paused().block_on(interleave(seed)));
        assert!(outcome.is_ok(), "with seed {seed}");
    }
}
