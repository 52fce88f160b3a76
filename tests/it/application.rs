//! Code of the application that a run calls: whatever panics in it, the report has every event, and nothing
//! of the panic's own text.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use meta_offline_events::client::{
    Client, ClientBuilder, Clock, Delivery, EventSource, Jitter, Request, Response, Sending, SourceError,
    SystemClock, Transport, TransportError, Waiting,
};
use meta_offline_events::event::{ActionSource, Event};
use meta_offline_events::report::{DeliveryReport, RowReport, StopCause};
use meta_offline_events::testing::{ManualClock, RecordingTransport};
use meta_offline_events::value::EventTime;
use meta_offline_events::wire::BatchLimits;

use crate::support::{event, events, now, sold};

/// A panic whose own text, and whose end, are as bad as can be.
fn blow_up() -> ! {
    struct Worse(#[expect(dead_code, reason = "what must not be shown")] &'static str);
    impl Drop for Worse {
        fn drop(&mut self) {
            panic!("the end of a panic panics: mary@example.com");
        }
    }
    panic_any(Worse("mary@example.com"))
}

/// Panics from the so many-th call on.
#[derive(Debug, Clone)]
struct Fuse(Arc<AtomicUsize>);

impl Fuse {
    fn after(calls: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(calls)))
    }

    fn burn(&self) {
        if self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err() {
            blow_up();
        }
    }
}

/// Where a clock panics.
#[derive(Debug, Clone, Copy, PartialEq)]
enum At {
    Now,
    Elapsed,
    Sleep,
    SleepPolled,
    Limit,
    LimitPolled,
    LimitDropped,
}

#[derive(Debug)]
struct BadClock(At, Fuse, ManualClock);

impl BadClock {
    fn burn_at(&self, at: At) {
        if self.0 == at {
            self.1.burn();
        }
    }

    fn waiting<'a>(&'a self, inner: Waiting<'a>, polled: At, dropped: Option<At>) -> Waiting<'a> {
        Box::pin(BadWait { clock: self, inner, polled, dropped })
    }
}

impl Clock for BadClock {
    fn now(&self) -> EventTime {
        self.burn_at(At::Now);
        self.2.now()
    }

    fn elapsed(&self) -> Duration {
        self.burn_at(At::Elapsed);
        self.2.elapsed()
    }

    fn sleep(&self, duration: Duration) -> Waiting<'_> {
        self.burn_at(At::Sleep);
        self.waiting(self.2.sleep(duration), At::SleepPolled, None)
    }

    fn limit(&self, duration: Duration) -> Waiting<'_> {
        self.burn_at(At::Limit);
        self.waiting(self.2.limit(duration), At::LimitPolled, Some(At::LimitDropped))
    }
}

struct BadWait<'c> {
    clock: &'c BadClock,
    inner: Waiting<'c>,
    polled: At,
    dropped: Option<At>,
}

impl Future for BadWait<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.clock.burn_at(self.polled);
        self.inner.as_mut().poll(context)
    }
}

impl Drop for BadWait<'_> {
    fn drop(&mut self) {
        self.dropped.into_iter().for_each(|at| self.clock.burn_at(at));
    }
}

/// Fails every third request, so that there are waits.
#[derive(Debug, Default)]
struct Flapping(AtomicUsize, RecordingTransport);

impl Transport for Flapping {
    fn send<'a>(&'a self, request: &'a Request) -> Sending<'a> {
        if self.0.fetch_add(1, Ordering::Relaxed) % 3 == 1 {
            Box::pin(async {
                tokio::task::yield_now().await;
                Err(TransportError::not_sent("no connection"))
            })
        } else {
            self.1.send(request)
        }
    }
}

fn builder() -> ClientBuilder {
    Client::builder("1".parse().unwrap(), "token".parse().unwrap())
        .batch_limits(BatchLimits::new(2, 100_000).unwrap())
        .clock(ManualClock::at(now()))
}

/// What holds of every report of twelve events.
fn check(report: &DeliveryReport, panicked: Option<&'static str>, place: &str) {
    assert!(report.rows().is_balanced() && report.events().total() == 12, "{place}: {:?}", report.events());
    assert_eq!(report.outcomes().len(), 12, "{place}");
    let shown = format!("{report:?} {} {:?}", serde_json::to_string(report).unwrap(), report.stopped());
    assert!(!shown.contains("mary@example.com"), "{place}: {shown}");
    match panicked {
        Some(what) => assert_eq!(report.stopped(), Some(&StopCause::Panicked(what)), "{place}"),
        None => assert_eq!(report.stopped(), None, "{place}"),
    }
    let unknown =
        report.diagnostics().iter().any(|diagnostic| diagnostic.message().contains("was not noted"));
    assert!(!unknown, "{place}: the outcome of an event is lost");
}

#[tokio::test]
async fn p9_a_clock_that_panics_at_any_call_ends_the_run_with_every_event_in_the_report() {
    let mut stopped = 0;
    for at in [At::Now, At::Elapsed, At::Sleep, At::SleepPolled, At::Limit, At::LimitPolled, At::LimitDropped]
    {
        for calls in (0..25).chain([1000]) {
            let transport = Arc::new(Flapping::default());
            let clock = BadClock(at, Fuse::after(calls), ManualClock::at(now()));
            let client = builder().transport(Arc::clone(&transport)).clock(clock).build().unwrap();
            let report = client.send(events(12)).await;
            let place = format!("{at:?} after {calls} calls");
            let cause = report.stopped().is_some().then_some("Clock");
            check(&report, cause, &place);
            stopped += usize::from(cause.is_some());
            assert!(calls < 1000 || report.all_accepted(), "{place}");
            let received: usize = transport.1.requests().iter().map(lines).sum();
            let counts = report.events();
            assert!(counts.accepted <= received as u64, "{place}: invented");
            assert!(
                counts.accepted + counts.unconfirmed >= received as u64,
                "{place}: {counts:?} of {received}"
            );
            assert_eq!(report.into_unsent().len() as u64, counts.not_sent, "{place}");
        }
    }
    assert!(stopped > 70, "{stopped}");
}

fn lines(request: &Request) -> usize {
    serde_json::from_slice::<serde_json::Value>(request.body()).unwrap()["data"].as_array().unwrap().len()
}

#[derive(Debug)]
struct BadJitter(Fuse);

impl Jitter for BadJitter {
    fn fraction(&self) -> f64 {
        self.0.burn();
        0.5
    }
}

#[tokio::test]
async fn p9_a_jitter_that_panics_ends_the_run() {
    for calls in 0..4 {
        let transport = Arc::new(Flapping::default());
        let client = builder().transport(transport).jitter(BadJitter(Fuse::after(calls))).build().unwrap();
        let report = client.send(events(12)).await;
        check(&report, Some("Jitter"), "jitter");
        assert!(report.events().accepted >= 2 && !report.all_accepted(), "what had its answer is known");
    }
}

/// How a transport panics.
#[derive(Debug, Clone, Copy)]
enum Badly {
    Called,
    Polled,
    Dropped,
    DropsConnections,
}

#[derive(Debug)]
struct BadTransport(Badly, RecordingTransport);

struct BadSending<'a>(Badly, Sending<'a>);

impl Future for BadSending<'_> {
    type Output = Result<Response, TransportError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if matches!(self.0, Badly::Polled) {
            blow_up();
        }
        self.1.as_mut().poll(context)
    }
}

impl Drop for BadSending<'_> {
    fn drop(&mut self) {
        if matches!(self.0, Badly::Dropped | Badly::Polled) {
            blow_up();
        }
    }
}

impl Transport for BadTransport {
    fn send<'a>(&'a self, request: &'a Request) -> Sending<'a> {
        if self.1.requests().len() != 2 {
            return self.1.send(request);
        }
        let sending = self.1.send(request);
        match self.0 {
            Badly::Called => {
                drop(futures_util::FutureExt::now_or_never(sending));
                blow_up()
            }
            Badly::DropsConnections => Box::pin(async {
                let _ = sending.await;
                Ok(Response::new(200, br#"{"events_received":999}"#.to_vec()))
            }),
            _ => Box::pin(BadSending(self.0, sending)),
        }
    }

    fn drop_connections(&self) {
        blow_up();
    }
}

#[tokio::test]
async fn p9_a_transport_that_panics_anywhere_leaves_every_event_its_outcome() {
    for (badly, cause, unconfirmed) in [
        (Badly::Called, None, 0),
        (Badly::Polled, Some("Transport"), 2),
        (Badly::Dropped, Some("Transport"), 0),
        (Badly::DropsConnections, Some("Transport::drop_connections"), 2),
    ] {
        let client = builder().transport(BadTransport(badly, RecordingTransport::new())).build().unwrap();
        let report = client.send(events(12)).await;
        check(&report, cause, &format!("{badly:?}"));
        assert_eq!(report.events().unconfirmed, unconfirmed, "{badly:?}: {:?}", report.events());
        if cause.is_none() {
            assert!(report.all_accepted(), "{badly:?}: it is retried");
            assert_eq!(report.notes()[0].code(), "transport_panicked");
        }
    }
}

/// A source that gives five events.
struct BadSource {
    given: usize,
    badly: InSource,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum InSource {
    Next,
    Rows,
    Drop,
    Words,
}

impl EventSource for BadSource {
    fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Event, SourceError>>> {
        self.given += 1;
        match self.badly {
            _ if self.given <= 5 => Poll::Ready(Some(Ok(event(self.given)))),
            InSource::Next => blow_up(),
            InSource::Words => Poll::Ready(Some(Err(SourceError::new(Wordless)))),
            InSource::Rows | InSource::Drop => Poll::Ready(None),
        }
    }

    fn take_rows(&mut self) -> RowReport {
        if self.badly == InSource::Rows {
            blow_up();
        }
        RowReport::default()
    }
}

impl Drop for BadSource {
    fn drop(&mut self) {
        if self.badly == InSource::Drop {
            blow_up();
        }
    }
}

/// An error that cannot say what it is.
#[derive(Debug)]
struct Wordless;

impl fmt::Display for Wordless {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        blow_up()
    }
}

impl std::error::Error for Wordless {}

#[tokio::test]
async fn p9_what_a_source_gave_before_it_panicked_is_sent() {
    for badly in [InSource::Next, InSource::Rows, InSource::Drop, InSource::Words] {
        let client = builder().transport(RecordingTransport::new()).build().unwrap();
        let report = client.deliver(BadSource { given: 0, badly }).await;
        assert_eq!(report.events().accepted, 5, "{badly:?}: {:?}", report.stopped());
        assert_eq!(report.stopped(), Some(&StopCause::Panicked("EventSource")), "{badly:?}");
        assert!(!report.all_accepted(), "{badly:?}: rows may be missing");
    }
}

#[tokio::test]
async fn p9_an_observer_that_panics_also_when_it_goes_is_noted() {
    struct Goes;
    impl Drop for Goes {
        fn drop(&mut self) {
            blow_up();
        }
    }
    for calls in [0, 3, 1000] {
        let client = builder().transport(RecordingTransport::new()).build().unwrap();
        let (goes, too, fuse, other) = (Goes, Goes, Fuse::after(calls), Fuse::after(calls));
        let report = client
            .send(events(12))
            .on_progress(move |_| {
                let _ = &goes;
                fuse.burn();
            })
            .on_outcome(move |_| {
                let _ = &too;
                other.burn();
            })
            .await;
        check(&report, None, "observers");
        assert!(report.all_accepted());
        assert!(report.notes().iter().any(|note| note.code() == "observer_panicked"), "{calls}");
    }
}

/// Polls outside any runtime until the run ends.
fn without_runtime(delivery: Delivery<'_>) -> DeliveryReport {
    let mut delivery = pin!(delivery);
    let mut context = Context::from_waker(Waker::noop());
    let polls = std::iter::repeat_with(|| delivery.as_mut().poll(&mut context));
    polls
        .take(10_000)
        .find_map(|poll| if let Poll::Ready(report) = poll { Some(report) } else { None })
        .unwrap()
}

#[test]
fn p8_without_a_runtime_or_its_timers_or_its_io_the_report_says_so() {
    let closed = "http://127.0.0.1:1/".parse().unwrap();
    let client = Client::builder("1".parse().unwrap(), "token".parse().unwrap());
    let client = client.loopback_endpoint(closed).build().unwrap();
    let outside = || without_runtime(client.send(events(12)));
    let without_timers = || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(client.send(events(12)))
    };
    let reports = [catch_unwind(AssertUnwindSafe(outside)), catch_unwind(AssertUnwindSafe(without_timers))];
    for report in reports {
        let report = report.expect("no panic");
        assert_eq!(report.stopped(), Some(&StopCause::NoRuntime));
        assert!(report.stopped().unwrap().to_string().contains("enable_all"));
        assert_eq!(report.into_unsent().len(), 12);
    }
    let without_io = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(client.send(sold(1, SystemClock.now().unix() - 60, ActionSource::PhysicalStore)))
    };
    let report = catch_unwind(AssertUnwindSafe(without_io)).expect("no panic");
    assert_eq!((report.stopped(), report.requests().made), (Some(&StopCause::NoRuntime), 0));
    assert_eq!(report.into_unsent().len(), 1);
    let own = builder().transport(RecordingTransport::new()).build().unwrap();
    let report = without_runtime(own.send(events(12)));
    assert!(report.all_accepted(), "transport and clock of its own need no runtime");
}
