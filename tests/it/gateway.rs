//! Sending to a gateway over real sockets: alone, and beside Meta's own endpoint.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use meta_offline_events::client::{Client, ClientBuilder, Gateway, InvalidClient, RetryPolicy, from_stream};
use meta_offline_events::customer::UserData;
use meta_offline_events::event::{ActionSource, Event, EventName};
use meta_offline_events::report::{NotSentCause, Outcome, StopCause, UnconfirmedCause};
use meta_offline_events::testing::{Answer, FixedJitter, ManualClock, MockServer};
use meta_offline_events::value::EventTime;
use meta_offline_events::wire::{BatchLimits, RequestFields};
use serde_json::json;

use crate::support::{NOW, RealLimits, events, message, now, shows_none_of, sold};

const TOKEN: &str = "EAABMARKEDTOKEN0123456789";
const SECRET: &str = "MARKEDSECRET0123456789abcdef";
const KEY: &str = "MARKEDKEY-0123456789";
const DAY: i64 = 86_400;

struct Bench {
    meta: MockServer,
    gateway: MockServer,
    clock: ManualClock,
}

impl Bench {
    async fn new() -> Self {
        let start = || MockServer::builder().clock(ManualClock::at(now()));
        let meta = start().app_secret(SECRET.parse().unwrap()).start().await.unwrap();
        let gateway = start().gateway_access_key(KEY.parse().unwrap()).start().await.unwrap();
        Self { meta, gateway, clock: ManualClock::at(now()) }
    }

    fn gateway(&self) -> Gateway {
        Gateway::loopback(self.gateway.url()).access_key(KEY.parse().unwrap())
    }

    fn set(&self, builder: ClientBuilder) -> Client {
        builder
            .batch_limits(BatchLimits::new(100, 1_000_000).unwrap())
            .timeouts(Duration::from_secs(2), Duration::from_millis(700))
            .retry(RetryPolicy::new().attempts(3))
            .clock(RealLimits(self.clock.clone()))
            .jitter(FixedJitter(1.0))
            .build()
            .unwrap()
    }

    fn both(&self) -> Client {
        self.both_with(self.gateway())
    }

    fn both_with(&self, gateway: Gateway) -> Client {
        let builder = Client::builder("123".parse().unwrap(), TOKEN.parse().unwrap());
        let fields = RequestFields::new().upload_tag("stores").unwrap();
        self.set(
            builder
                .loopback_endpoint(self.meta.url())
                .app_secret(SECRET.parse().unwrap())
                .request_fields(fields)
                .gateway(gateway),
        )
    }

    fn alone(&self) -> Client {
        self.set(Client::builder_for_gateway("123".parse().unwrap(), self.gateway()))
    }

    /// How many events each has, none of them twice.
    fn stored(&self) -> (usize, usize) {
        let count = |server: &MockServer| {
            assert_eq!(server.accepted_once().len(), server.accepted().len(), "stored twice");
            server.accepted().len()
        };
        (count(&self.meta), count(&self.gateway))
    }
}

#[tokio::test]
async fn both_get_every_event_and_a_gateway_gets_nothing_that_is_for_meta() {
    let bench = Bench::new().await;
    let report = bench.both().send(events(250)).await;
    assert!(report.all_accepted(), "{report}");
    assert_eq!(bench.stored(), (250, 250));
    let at_gateway = report.gateway().unwrap();
    assert_eq!((report.events().accepted, at_gateway.events().accepted), (250, 250));
    assert_eq!((report.requests().made, at_gateway.requests().made), (3, 3));
    assert_eq!(report.to_string(), "Events: 250 (250 accepted)\nGateway: Events: 250 (250 accepted)");
    for request in bench.gateway.requests() {
        assert_eq!((request.method(), request.target()), ("POST", "/capi/123/events"));
        assert_eq!(request.header("authorization"), None);
        let body = request.json().unwrap();
        let names: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["accessKey", "data"]);
        let head = format!("{:?}", request.headers().collect::<Vec<_>>());
        let text = String::from_utf8_lossy(request.body());
        assert!(!text.contains(TOKEN) && !text.contains(SECRET) && !head.contains(TOKEN), "{head}");
    }
    for request in bench.meta.requests() {
        assert!(!String::from_utf8_lossy(request.body()).contains(KEY));
    }
    let data = |server: &MockServer| server.requests()[0].json().unwrap()["data"].clone();
    assert_eq!(data(&bench.meta), data(&bench.gateway), "the same events");
}

#[tokio::test]
async fn a_gateway_alone_needs_no_token_and_its_report_is_the_report() {
    let bench = Bench::new().await;
    let report = bench.alone().send(events(30)).await;
    assert!(report.all_accepted() && report.gateway().is_none());
    assert_eq!((report.events().accepted, bench.stored()), (30, (0, 30)));
}

#[tokio::test]
async fn without_an_access_key_the_body_has_only_events() {
    let bench = Bench::new().await;
    let open = MockServer::builder().clock(ManualClock::at(now())).start().await.unwrap();
    let report = bench.both_with(Gateway::loopback(open.url())).send(events(1)).await;
    assert!(report.all_accepted());
    let body = open.requests()[0].json().unwrap();
    assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["data"]);
}

#[tokio::test]
async fn only_status_202_is_success() {
    for (answer, accepted) in [
        (Answer::empty(202), true),
        (Answer::json(202, json!({ "events_received": 0 })), true),
        (Answer::json(200, json!({ "events_received": 1 })), false),
        (Answer::empty(200), false),
        (Answer::empty(204), false),
        (Answer::html(200), false),
    ] {
        let bench = Bench::new().await;
        bench.gateway.always(answer);
        let report = bench.alone().send(events(1)).await;
        assert_eq!(report.all_accepted(), accepted, "{report}");
        if !accepted {
            let outcome = &report.outcomes()[0];
            let Outcome::Unconfirmed(UnconfirmedCause::NoValidAnswer(why)) = outcome else {
                panic!("{outcome}")
            };
            assert!(why.contains("instead of 202"), "{why}");
        }
    }
}

#[tokio::test]
async fn what_fails_at_one_is_never_repeated_at_the_other() {
    for faults in [
        vec![Answer::empty(503), Answer::empty(502)],
        vec![Answer::reset_before_body()],
        vec![Answer::empty(429).header("retry-after", "30")],
    ] {
        let bench = Bench::new().await;
        bench.gateway.script_all(faults.clone());
        let report = bench.both().send(events(250)).await;
        assert!(report.all_accepted(), "{report}");
        assert_eq!(bench.stored(), (250, 250));
        assert_eq!(bench.meta.request_count(), 3, "Meta got each batch once");
        assert_eq!(bench.gateway.request_count(), 3 + faults.len());

        let bench = Bench::new().await;
        bench.meta.script_all([Answer::transient(), Answer::transient()]);
        let report = bench.both().send(events(250)).await;
        assert!(report.all_accepted(), "{report}");
        assert_eq!((bench.meta.request_count(), bench.gateway.request_count()), (5, 3));
    }
}

#[tokio::test]
async fn one_that_stops_lets_the_other_go_on_and_its_own_events_can_be_sent_again() {
    let bench = Bench::new().await;
    bench.gateway.always(Answer::empty(401));
    let mut report = bench.both().send(events(250)).await;
    assert!(!report.all_accepted());
    assert_eq!((report.events().accepted, report.stopped()), (250, None));
    let at_gateway = report.take_gateway().unwrap();
    assert_eq!((at_gateway.events().not_sent, bench.gateway.request_count()), (250, 1));
    assert_eq!(at_gateway.outcomes().len(), 250);
    let cause = at_gateway.stopped().unwrap();
    assert_eq!(
        cause.to_string(),
        "the gateway refuses the sender: give `Gateway::access_key` the access key of the gateway: \
         the gateway answered with HTTP status 401"
    );
    assert!(cause.operator_error().is_none() && cause.api_error().unwrap().is_from_gateway());
    bench.gateway.always(Answer::judge());
    assert!(bench.alone().send(at_gateway.into_unsent()).await.all_accepted());
    assert_eq!(bench.stored(), (250, 250));

    let bench = Bench::new().await;
    bench.meta.always(Answer::graph_error(401, 190, Some(463)));
    let report = bench.both().send(events(250)).await;
    assert_eq!(report.events().not_sent, 250);
    assert_eq!(report.gateway().unwrap().events().accepted, 250);
    assert_eq!(bench.stored(), (0, 250));
}

#[tokio::test]
async fn a_source_without_an_end_goes_to_both_and_each_event_has_its_outcome_at_both() {
    for refuses in [false, true] {
        let bench = Bench::new().await;
        if refuses {
            bench.gateway.always(Answer::empty(403));
        }
        let mut outcomes = (0, 0);
        let source = from_stream(stream::iter(events(9500)).map(Ok::<_, String>));
        let report = bench
            .both()
            .deliver(source)
            .on_outcome(|group| outcomes.0 += group.events().count())
            .on_gateway_outcome(|group| outcomes.1 += group.events().count())
            .await;
        assert_eq!(outcomes, (9500, 9500));
        let at_gateway = report.gateway().unwrap();
        assert_eq!((report.events().accepted, at_gateway.events().total()), (9500, 9500));
        assert_eq!(at_gateway.events().accepted, if refuses { 0 } else { 9500 });
        assert_eq!(report.all_accepted(), !refuses);
        assert!(at_gateway.rows().is_balanced());
    }
}

#[tokio::test]
async fn the_filter_decides_what_goes_to_the_gateway_alone() {
    let bench = Bench::new().await;
    let is_of_a_store = |event: &Event| event.action_source() == ActionSource::PhysicalStore;
    let calls = |number| sold(number, NOW - 60, ActionSource::PhoneCall);
    let mixed = events(20).into_iter().chain((100..105).map(calls)).collect::<Vec<_>>();
    let report = bench.both_with(bench.gateway().filter(is_of_a_store)).send(mixed).await;
    assert!(report.all_accepted());
    assert_eq!(bench.stored(), (25, 20));
    assert_eq!(report.gateway().unwrap().events().total(), 20);
}

#[tokio::test]
async fn a_filter_that_panics_stops_what_goes_to_the_gateway_and_nothing_else() {
    let bench = Bench::new().await;
    let panics = |event: &Event| {
        assert!(event.order_id().is_some_and(|id| id.as_str() != "order-7"), "the filter");
        true
    };
    let report = bench.both_with(bench.gateway().filter(panics)).send(events(20)).await;
    assert_eq!((report.events().accepted, report.stopped()), (20, None));
    assert!(!report.all_accepted());
    let at_gateway = report.gateway().unwrap();
    assert_eq!(at_gateway.events().accepted, 7);
    let Some(StopCause::Source(why)) = at_gateway.stopped() else { panic!("{at_gateway}") };
    assert_eq!(&**why, "the filter of the gateway panicked");
}

#[tokio::test]
async fn an_event_older_than_seven_days_goes_to_meta_alone() {
    let bench = Bench::new().await;
    let old = sold(1, NOW - 8 * DAY, ActionSource::PhysicalStore);
    let new = sold(2, NOW - 6 * DAY, ActionSource::PhysicalStore);
    let report = bench.both().send(vec![old, new]).await;
    assert_eq!(report.events().accepted, 2);
    let at_gateway = report.gateway().unwrap();
    assert_eq!(at_gateway.outcomes(), [Outcome::NotSent(NotSentCause::Expired), Outcome::Accepted]);
    assert!(at_gateway.notes().iter().any(|note| note.code() == "gateway_age"), "{:?}", at_gateway.notes());
    assert_eq!(bench.stored(), (2, 1));
}

fn without_id() -> Event {
    let customer = UserData::builder().email("mary@example.com").build().unwrap();
    let lead = Event::builder(EventTime::from_unix(NOW - 60).unwrap(), customer).name(EventName::LEAD);
    lead.without_event_id().build().unwrap()
}

#[tokio::test]
async fn an_event_that_may_have_arrived_is_repeated_only_if_its_event_id_tells() {
    for (event, is_repeated) in
        [(sold(1, NOW - 60, ActionSource::PhysicalStore), true), (without_id(), false), (message(), false)]
    {
        let bench = Bench::new().await;
        bench.gateway.script(Answer::empty(500).storing());
        let report = bench.alone().send(event).await;
        assert_eq!(report.events().accepted, u64::from(is_repeated), "{report}");
        assert_eq!(report.events().unconfirmed, u64::from(!is_repeated), "{report}");
        assert_eq!(bench.gateway.request_count(), 1 + usize::from(is_repeated));
    }
}

#[tokio::test]
async fn after_48_hours_nothing_that_may_have_arrived_is_repeated() {
    let bench = Bench::new().await;
    bench.gateway.script(Answer::json(503, json!({})).header("retry-after", "172800"));
    let patient = RetryPolicy::new()
        .max_retry_after(Duration::from_secs(4 * 86_400))
        .batch_limit(Duration::from_secs(5 * 86_400));
    let builder = Client::builder_for_gateway("123".parse().unwrap(), bench.gateway());
    let client = builder.retry(patient).clock(bench.clock.clone()).jitter(FixedJitter(0.0)).build().unwrap();
    let report = client.send(events(1)).await;
    assert_eq!((report.events().unconfirmed, bench.gateway.request_count()), (1, 1), "{report}");
}

#[tokio::test]
async fn a_batch_that_the_gateway_refuses_is_not_searched() {
    let bench = Bench::new().await;
    let words = json!({ "error": { "message": "event 3 is bad", "code": 100 } });
    bench.gateway.script(Answer::json(400, words));
    let report = bench.alone().send(events(100)).await;
    assert_eq!((report.events().refused, bench.gateway.request_count()), (100, 1));
    let diagnostic = report.diagnostics()[0].to_string();
    assert!(diagnostic.contains("the gateway answered with HTTP status 400: event 3 is bad"), "{diagnostic}");
}

#[tokio::test]
async fn answers_of_a_gateway_mean_what_their_status_says() {
    for (status, requests, words) in [
        (404, 1, "the gateway has no such address: check its address and the dataset id"),
        (403, 1, "give `Gateway::access_key` the access key of the gateway"),
        (302, 1, "redirects to"),
        (503, 3, "no valid answer came (the gateway answered with HTTP status 503 instead of 202)"),
        (408, 3, "every attempt ended in a temporary error"),
    ] {
        let bench = Bench::new().await;
        bench.gateway.always(Answer::empty(status).header("location", "https://elsewhere.example/"));
        let report = bench.alone().send(events(1)).await;
        let told = format!("{report} {}", report.diagnostics()[0]);
        assert!(told.contains(words), "{status}: {told}");
        assert_eq!(bench.gateway.request_count(), requests, "{status}");
    }
    let bench = Bench::new().await;
    bench.gateway.script(Answer::empty(413));
    let report = bench.alone().send(events(100)).await;
    assert!(report.all_accepted());
    assert!(bench.gateway.request_count() >= 3, "the parts of a batch that is too large");
}

#[tokio::test]
async fn the_clock_of_a_gateway_and_its_limits_are_not_metas() {
    let bench = Bench::new().await;
    let answer = Answer::empty(202).header("date", "Thu, 01 Jan 1970 00:00:00 GMT");
    bench.gateway.always(answer.header("x-app-usage", r#"{"call_count":100}"#));
    let report = bench.alone().send(events(300)).await;
    assert!(report.all_accepted() && report.notes().is_empty(), "{report}");
    assert_eq!(report.usage(), None);
}

#[tokio::test]
async fn no_secret_shows_however_a_gateway_fails() {
    let quoted = format!("who is {KEY} with {TOKEN} and {SECRET} for customer0@example.com");
    for answer in [
        Answer::judge(),
        Answer::echo(),
        Answer::body(400, "text/plain", quoted.clone()),
        Answer::body(500, "text/plain", quoted.clone()),
        Answer::json(401, json!({ "message": quoted })),
        Answer::json(503, json!({ "error": quoted })),
        Answer::empty(302).header("location", &format!("https://elsewhere.example/{KEY}")),
        Answer::hang(),
    ] {
        let bench = Bench::new().await;
        bench.gateway.always(answer);
        let gateway = bench.gateway();
        let client = bench.both();
        let report = client.send(events(1)).await;
        let json = serde_json::to_string(&report).unwrap();
        let shown = format!("{gateway:?} {client:?} {report} {report:?} {json}");
        shows_none_of(&["MARKEDKEY", "MARKEDTOKEN", "MARKEDSECRET", "customer0@"], "an output", &shown);
    }
}

#[test]
fn a_gateway_that_could_leak_or_would_drop_events_is_refused() {
    let gateway = |base: &str| Gateway::new(base.parse().unwrap());
    let both = |gateway| {
        let builder = Client::builder("1".parse().unwrap(), TOKEN.parse().unwrap());
        builder.gateway(gateway).build().map(drop)
    };
    for base in [
        "http://gateway.example/",
        "https://user@gateway.example/",
        "https://gateway.example/?a=1",
        "https://gateway.example/#a",
        "https://gateway.example:8443/",
    ] {
        assert!(matches!(both(gateway(base)), Err(InvalidClient::Gateway(_))), "{base}");
        let alone = Client::builder_for_gateway("1".parse().unwrap(), gateway(base));
        assert!(matches!(alone.build(), Err(InvalidClient::Gateway(_))), "{base}");
    }
    let not_here = Gateway::loopback("http://gateway.example/".parse().unwrap());
    assert_eq!(both(not_here), Err(InvalidClient::Gateway("must be on this machine")));
    let sound = || gateway("https://gateway.example/");
    assert_eq!(both(sound().filter(|_| false)), Ok(()));
    let alone = |gateway| Client::builder_for_gateway("1".parse().unwrap(), gateway);
    assert_eq!(alone(sound().filter(|_| true)).build().map(drop), Err(InvalidClient::GatewayFilter));
    let fields = RequestFields::new().test_event_code("TEST123").unwrap();
    let tests = alone(sound()).request_fields(fields).build().map(drop);
    assert_eq!(tests, Err(InvalidClient::GatewayTestEventCode));
}

#[cfg(feature = "queue")]
#[tokio::test]
async fn a_queue_sends_to_both_and_hands_back_what_it_could_not_send() {
    let bench = Bench::new().await;
    let queue = bench.both().queue().start().unwrap();
    for event in events(500) {
        queue.push(event).await.unwrap();
    }
    let report = queue.close(Duration::from_secs(60)).await;
    assert!(report.all_accepted(), "{report}");
    assert_eq!(report.gateway().unwrap().events().accepted, 500);
    assert_eq!(bench.stored(), (500, 500));
}

#[tokio::test]
async fn a_stop_ends_both() {
    let bench = Bench::new().await;
    let stop = meta_offline_events::client::StopHandle::new();
    stop.request_stop();
    let seen = Arc::new(Mutex::new(0));
    let count = Arc::clone(&seen);
    let report = bench
        .both()
        .send(events(10))
        .stop_on(&stop)
        .on_gateway_outcome(move |group| *count.lock().unwrap() += group.events().count())
        .await;
    assert_eq!(report.events().not_sent, 10);
    assert_eq!(report.gateway().unwrap().events().not_sent, 10);
    assert_eq!((*seen.lock().unwrap(), bench.stored()), (10, (0, 0)));
}
