//! What the model test has found, each fault in its shortest form.

use std::time::Duration;

use meta_offline_events::client::{ClientBuilder, Clock, Response, RetryPolicy, StopHandle};
use meta_offline_events::customer::UserData;
use meta_offline_events::event::Event;
use meta_offline_events::report::{Outcome, StopCause};
use meta_offline_events::testing::{FixedJitter, ManualClock};
use meta_offline_events::value::{Currency, EventTime, Money};
use meta_offline_events::wire::BatchLimits;
use serde_json::json;

use crate::service::{Act, Service, answer};
use crate::support::{NOW, events, message};

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// An event with so many bytes more than others.
fn large(number: usize, bulk: usize) -> Event {
    let customer = UserData::builder().email(&format!("customer{number}@example.com")).build().unwrap();
    Event::builder(EventTime::from_unix(NOW - 3600).unwrap(), customer)
        .order_id(format!("order-{number}").parse().unwrap())
        .value(Money::new("10.50".parse().unwrap(), Currency::EUR))
        .property("bulk", "x".repeat(bulk))
        .build()
        .unwrap()
}

fn status(status: u16) -> Act {
    Act::Answer(Response::new(status, Vec::new()))
}

fn code(code: i64, subcode: i64) -> Act {
    Act::Answer(answer(400, &json!({"error": {"code": code, "error_subcode": subcode}})))
}

fn throttled(seconds: u64) -> Act {
    let refused = answer(400, &json!({"error": {"code": 4}}));
    Act::Answer(refused.header("retry-after", &seconds.to_string()))
}

/// A client with one event in a batch.
fn client<C: Clock + Clone + 'static>(service: &Service<C>) -> ClientBuilder {
    service.client().jitter(FixedJitter(0.0)).batch_limits(BatchLimits::new(1, 100_000).unwrap())
}

#[tokio::test(start_paused = true)]
async fn r24_a_probe_that_retries_is_still_the_only_request() {
    let service = Service::new(|number, _| if number < 3 { code(2, 0) } else { code(190, 0) });
    let report = client(&service).build().unwrap().send(events(8)).await;
    assert!(matches!(report.stopped(), Some(StopCause::Api(_))));
    assert_eq!(service.max_in_flight(), 1);
    assert_eq!(report.requests().made, 4);
}

#[tokio::test(start_paused = true)]
async fn p4_a_second_limit_that_ends_sooner_counts() {
    let service = Service::new(|_, _| Act::Hang);
    let client = client(&service).timeouts(secs(5), secs(7200)).build().unwrap();
    let mut source = events(1).into_iter();
    let stop = StopHandle::new();
    let hurry = async {
        service.clock.sleep(secs(1)).await;
        stop.request_stop_within(secs(3600));
        service.clock.sleep(secs(1)).await;
        stop.request_stop_within(secs(5));
        stop.request_stop_within(secs(1800));
    };
    let (report, ()) = tokio::join!(client.deliver(&mut source).stop_on(&stop), hurry);
    assert_eq!(report.events().unconfirmed, 1);
    assert_eq!(service.clock.elapsed().as_secs(), 7, "the limit that ends first");
}

#[tokio::test(start_paused = true)]
async fn r17_others_pause_even_when_the_throttled_batch_is_given_up() {
    let service = Service::new(|number, _| if number == 0 { throttled(300) } else { Act::Accept });
    let policy = RetryPolicy::new().batch_limit(secs(20));
    let report = client(&service).retry(policy).build().unwrap().send(events(2)).await;
    assert!(matches!(report.outcomes(), [Outcome::NotSent(_), Outcome::Accepted]));
    assert!(service.starts()[1] >= 300, "{:?}", service.starts());
}

#[tokio::test]
async fn t14_a_clock_that_is_set_back_does_not_reopen_the_time_for_retries() {
    let clock = ManualClock::at(EventTime::from_unix(NOW).unwrap());
    let hands = clock.clone();
    let service = Service::on(clock, move |_, _| {
        hands.set(EventTime::from_unix(NOW - 10).unwrap());
        Act::Break
    });
    let report = client(&service).build().unwrap().send(vec![message()]).await;
    assert!(matches!(report.outcomes(), [Outcome::Unconfirmed(_)]));
    assert_eq!(report.requests().made, 1, "a message is never retried");
}

#[tokio::test(start_paused = true)]
async fn c_what_may_have_arrived_stays_ambiguous_when_its_batch_is_divided() {
    for refusal in [|| status(413), || code(100, 0)] {
        let service = Service::new(move |number, _| match number {
            0 => Act::Break,
            1 => refusal(),
            _ => code(190, 0),
        });
        let client = client(&service).batch_limits(BatchLimits::default()).build().unwrap();
        let report = client.send(events(2)).await;
        assert_eq!(report.events().unconfirmed, 2, "{:?}", report.outcomes());
        assert!(report.into_unsent().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn c_a_refusal_that_may_come_after_the_fact_confirms_nothing() {
    for refusal in [|| status(413), || code(100, 2_804_003)] {
        let service = Service::new(move |number, _| if number == 0 { Act::Break } else { refusal() });
        let report = client(&service).build().unwrap().send(events(1)).await;
        assert!(matches!(report.outcomes(), [Outcome::Unconfirmed(_)]), "{:?}", report.outcomes());
    }
}

#[tokio::test(start_paused = true)]
async fn r33_a_learned_limit_does_not_refuse_an_event_that_stands_alone() {
    let service = Service::new(|number, _| if number == 0 { status(413) } else { Act::Accept });
    let limits = BatchLimits::new(1000, 9000).unwrap();
    let client = client(&service).batch_limits(limits).in_flight(1).build().unwrap();
    let report = client.send(vec![large(0, 3500), large(1, 3500), large(2, 6000)]).await;
    assert!(report.all_accepted(), "{:?}", report.outcomes());
}

#[tokio::test(start_paused = true)]
async fn r33_when_every_event_is_too_large_the_run_stops_early() {
    let service = Service::new(|_, _| status(413));
    let report = client(&service).build().unwrap().send(events(100)).await;
    assert_eq!((report.events().refused, report.events().not_sent), (8, 92));
}

#[tokio::test(start_paused = true)]
async fn n17_without_waits_an_outage_is_not_met_with_requests_without_end() {
    let service = Service::new(|_, _| Act::Unreachable);
    let policy = RetryPolicy::new().waits(Duration::ZERO, Duration::ZERO).run_limit(secs(3600));
    let report = client(&service).retry(policy).build().unwrap().send(events(3)).await;
    assert_eq!(report.stopped(), Some(&StopCause::RunLimit));
    assert!(report.requests().made <= 5 + 3600 / 5, "{} requests", report.requests().made);
}

#[tokio::test(start_paused = true)]
async fn the_time_for_a_batch_begins_with_its_first_attempt() {
    let mut service = Service::new(|number, _| match number {
        1 => throttled(250),
        2 => code(2, 0),
        _ => Act::Accept,
    });
    service.latency = Duration::from_millis(100);
    let policy = RetryPolicy::new().waits(secs(100), secs(100)).batch_limit(secs(300));
    let client = client(&service).in_flight(1).jitter(FixedJitter(0.99)).retry(policy).build().unwrap();
    let (one, other) = (client.send(events(2)), client.clone());
    let later = async {
        service.clock.sleep(Duration::from_millis(250)).await;
        other.send(vec![large(7, 0)]).await
    };
    let (one, other) = tokio::join!(one, later);
    assert!(one.all_accepted() && other.all_accepted(), "{:?} {:?}", one.outcomes(), other.outcomes());
}
