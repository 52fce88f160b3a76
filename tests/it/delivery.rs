//! Sending over real sockets: what becomes of every event when the server misbehaves.

use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt;
use meta_offline_events::client::{Client, ClientBuilder, RetryPolicy, TokenPlacement};
use meta_offline_events::customer::UserData;
use meta_offline_events::event::{ActionSource, Event};
use meta_offline_events::order::{Orders, Row};
use meta_offline_events::report::{
    DeliveryReport, ErrorClass, NotSentCause, Outcome, StopCause, UnconfirmedCause,
};
use meta_offline_events::testing::{
    Answer, FixedJitter, ManualClock, MockServer, MockServerBuilder, RecordedRequest, RecordingTransport,
};
use meta_offline_events::value::{Currency, EventTime, Line, Money};
use meta_offline_events::wire::BatchLimits;
use serde_json::json;

use crate::support::{NOW, RealLimits, event, events, now, sold};

fn server() -> MockServerBuilder {
    MockServer::builder().clock(ManualClock::at(now()))
}

struct Bench {
    server: MockServer,
    client: Client,
    clock: ManualClock,
}

impl Bench {
    async fn new(server: MockServerBuilder) -> Self {
        Self::with_limits(server, BatchLimits::default()).await
    }

    async fn with_limits(server: MockServerBuilder, limits: BatchLimits) -> Self {
        let server = server.start().await.unwrap();
        let clock = ManualClock::at(now());
        let client = Client::builder("123".parse().unwrap(), "EAAB-test".parse().unwrap())
            .loopback_endpoint(server.url())
            .batch_limits(limits)
            .timeouts(Duration::from_secs(2), Duration::from_millis(700))
            .retry(RetryPolicy::new().attempts(4))
            .clock(RealLimits(clock.clone()))
            .jitter(FixedJitter(1.0))
            .build()
            .unwrap();
        Self { server, client, clock }
    }

    async fn send(&self, events: Vec<Event>) -> DeliveryReport {
        let count = events.len() as u64;
        let report = self.client.send(events).await;
        assert!(report.rows().is_balanced(), "{:?}", report.rows());
        assert_eq!(report.events().total(), count);
        assert_eq!(report.outcomes().len() as u64, count);
        report
    }
}

#[tokio::test]
async fn everything_is_accepted_in_as_few_requests_as_can_be() {
    let bench = Bench::new(server()).await;
    let report = bench.send(events(2500)).await;
    assert!(report.all_accepted());
    assert_eq!(report.events().accepted, 2500);
    assert_eq!(bench.server.request_count(), 3);
    assert_eq!(bench.server.accepted_once().len(), 2500);
    let request = &bench.server.requests()[0];
    assert_eq!(request.path(), "/v26.0/123/events");
    assert_eq!(request.header("authorization"), Some("Bearer EAAB-test"));
    assert_eq!(request.header("content-type"), Some("application/json; charset=utf-8"));
    assert!(!request.target().contains("EAAB"));
}

#[tokio::test]
async fn one_event_that_only_the_server_refuses_does_not_lose_the_other_999() {
    let bench = Bench::new(server().refuse(|event| event["custom_data"]["order_id"] == "order-617")).await;
    let report = bench.send(events(1000)).await;
    assert_eq!((report.events().accepted, report.events().refused), (999, 1));
    assert!(matches!(report.outcomes()[617], Outcome::Refused(_)));
    let diagnostic = &report.diagnostics()[0];
    assert_eq!((diagnostic.lines(), diagnostic.code()), (&[Line::new(619)][..], "refused_by_meta"));
    assert!(bench.server.request_count() <= 21, "{} requests", bench.server.request_count());
    assert_eq!(bench.server.accepted().len(), 999, "each good event is accepted in one request only");
}

#[tokio::test]
async fn r11_an_event_that_the_error_names_is_taken_out_at_once() {
    let bad = server().name_refused(true).refuse(|event| event["custom_data"]["order_id"] == "order-7");
    let bench = Bench::new(bad).await;
    let report = bench.send(events(10)).await;
    assert_eq!((report.events().accepted, report.events().refused), (9, 1));
    assert!(matches!(report.outcomes()[7], Outcome::Refused(_)));
    assert_eq!(bench.server.request_count(), 2);
}

#[tokio::test]
async fn r11_r12_an_event_that_may_have_arrived_is_not_called_refused_by_a_later_refusal() {
    for named in [false, true] {
        let bench = Bench::new(server()).await;
        let refusal = if named {
            Answer::json(400, json!({"error": {"code": 100, "error_data": {"event_index": 0}}}))
        } else {
            Answer::graph_error(400, 100, None)
        };
        bench.server.script_all([Answer::empty(500).storing(), refusal.clone(), refusal]);
        let report = bench.send(events(2)).await;
        assert_eq!(bench.server.accepted_once().len(), 2, "the server has both");
        let outcome = &report.outcomes()[0];
        let Outcome::Unconfirmed(UnconfirmedCause::NoValidAnswer(why)) = outcome else { panic!("{outcome}") };
        assert!(why.contains("Meta error 100"), "{why}");
        assert_eq!(report.events().refused, 0);
    }
}

#[tokio::test]
async fn r11_an_index_beyond_the_batch_is_not_trusted() {
    let bench = Bench::new(server()).await;
    let error = json!({"error": {"code": 100, "error_data": {"event_index": 99}}});
    bench.server.script(Answer::json(400, error));
    let report = bench.send(events(4)).await;
    assert!(report.all_accepted());
    assert_eq!(bench.server.request_count(), 3);
}

#[tokio::test]
async fn r13_the_run_also_stops_early_when_every_event_is_refused_by_name() {
    let bench = Bench::new(server().name_refused(true).refuse(|_| true)).await;
    let report = bench.send(events(1000)).await;
    assert_eq!((report.events().refused, report.events().not_sent), (8, 992));
    assert_eq!(bench.server.request_count(), 8);
}

#[tokio::test]
async fn v50_of_two_events_with_one_id_the_second_is_not_sent() {
    let bench = Bench::new(server()).await;
    let report = bench.send(vec![event(0), event(1), event(0)]).await;
    let accepted = Outcome::Accepted;
    assert_eq!(report.outcomes(), [accepted.clone(), accepted, Outcome::NotSent(NotSentCause::RepeatedId)]);
    assert_eq!(bench.server.accepted().len(), 2);
}

#[tokio::test]
async fn the_token_in_the_body_counts_against_the_limit_of_bytes() {
    let server = server().start().await.unwrap();
    let client = Client::builder("123".parse().unwrap(), "EAAB".repeat(200).parse().unwrap())
        .loopback_endpoint(server.url())
        .batch_limits(BatchLimits::new(1000, 4096).unwrap())
        .token_placement(TokenPlacement::Body)
        .clock(ManualClock::at(now()))
        .build()
        .unwrap();
    let report = client.send(events(40)).await;
    assert!(report.all_accepted());
    assert!(server.requests().iter().all(|request| request.body().len() <= 4096));
}

#[tokio::test]
async fn r14_two_bad_events_of_a_thousand_cost_a_stated_number_of_requests() {
    let refuses = |event: &serde_json::Value| {
        ["order-3", "order-998"].iter().any(|bad| event["custom_data"]["order_id"] == *bad)
    };
    let bench = Bench::new(server().refuse(refuses)).await;
    let report = bench.send(events(1000)).await;
    assert_eq!((report.events().accepted, report.events().refused), (998, 2));
    assert!(bench.server.request_count() <= 41, "{} requests", bench.server.request_count());
}

#[tokio::test]
async fn r13_when_every_event_is_refused_the_run_stops_early() {
    let bench = Bench::new(server().refuse(|_| true)).await;
    let report = bench.send(events(1000)).await;
    assert_eq!(report.events().refused, 8);
    assert_eq!(report.events().not_sent, 992);
    assert!(matches!(report.stopped(), Some(StopCause::Api(_))));
    assert!(bench.server.request_count() <= 30, "{} requests", bench.server.request_count());
    assert_eq!(report.into_unsent().len(), 992);
}

#[tokio::test]
async fn r16_r31_r32_temporary_errors_are_waited_out() {
    for answer in [
        Answer::transient(),
        Answer::graph_error(400, 2, None),
        Answer::html(502),
        Answer::empty(503),
        Answer::empty(408),
        Answer::empty(425),
    ] {
        let bench = Bench::new(server()).await;
        bench.server.script_all([answer.clone(), answer]);
        let report = bench.send(events(3)).await;
        assert!(report.all_accepted());
        let seconds: Vec<_> = bench.clock.sleeps().iter().map(Duration::as_secs).collect();
        assert_eq!(seconds, [1, 2]);
        let requests = bench.server.requests();
        assert!(requests.iter().all(|request| request.body() == requests[0].body()), "the same bytes");
    }
}

#[tokio::test]
async fn r36_an_error_that_does_not_pass_ends_the_attempts() {
    let bench = Bench::new(server()).await;
    bench.server.always(Answer::graph_error(400, 2, None));
    let report = bench.send(events(3)).await;
    assert_eq!(bench.server.request_count(), 4);
    assert!(matches!(report.outcomes()[0], Outcome::NotSent(NotSentCause::Exhausted(_))));
    assert_eq!(report.into_unsent().len(), 3);
}

#[tokio::test]
async fn n3_a_refused_connection_is_a_clean_failure() {
    let bench = Bench::new(server()).await;
    let url = bench.server.url();
    drop(bench.server);
    let client = Client::builder("1".parse().unwrap(), "EAAB-test".parse().unwrap())
        .loopback_endpoint(url)
        .clock(bench.clock.clone())
        .jitter(FixedJitter(1.0))
        .build()
        .unwrap();
    let report = client.send(events(2)).await;
    assert!(matches!(report.outcomes()[0], Outcome::NotSent(NotSentCause::Unreachable(_))));
    assert_eq!(report.requests().made, 5);
    assert_eq!(bench.clock.sleeps().len(), 4);
}

#[tokio::test]
async fn n9_to_n12_r3_to_r6_ambiguous_attempts_are_retried_with_the_same_bytes() {
    for answer in [
        Answer::reset_before_body(),
        Answer::reset_after_body(),
        Answer::accept_then_reset(),
        Answer::judge().half(),
        Answer::judge().drip(Duration::from_millis(300)),
        Answer::hang(),
        Answer::never_read(),
        Answer::endless(),
        Answer::json(200, json!({})),
        Answer::json(202, json!({"events_received": 3})),
        Answer::empty(204),
        Answer::html(200),
    ] {
        let bench = Bench::new(server()).await;
        let name = format!("{answer:?}");
        bench.server.script(answer);
        let report = bench.send(events(3)).await;
        assert!(report.all_accepted(), "{name}: {:?}", report.diagnostics());
        assert_eq!(bench.server.accepted_once().len(), 3, "{name}");
        let bodies: Vec<_> = bench
            .server
            .requests()
            .into_iter()
            .filter(RecordedRequest::is_whole)
            .map(|request| request.body().to_vec())
            .collect();
        assert!(bodies.iter().all(|body| *body == bodies[0]), "{name}: the same bytes");
    }
}

#[tokio::test]
async fn n11_n19_an_attempt_ends_at_its_limit_and_a_late_answer_goes_with_its_connection() {
    let server = server().start().await.unwrap();
    server.script(Answer::received(3).after(Duration::from_secs(3600)));
    let clock = ManualClock::at(now());
    let client = Client::builder("123".parse().unwrap(), "EAAB-test".parse().unwrap())
        .loopback_endpoint(server.url())
        .clock(clock.clone())
        .jitter(FixedJitter(0.0))
        .build()
        .unwrap();
    let mut sending = pin!(client.send(events(3)));
    while !server.requests().first().is_some_and(RecordedRequest::is_whole) {
        assert!(sending.as_mut().now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    clock.advance(Duration::from_secs(29));
    assert!(sending.as_mut().now_or_never().is_none(), "29 seconds are within the limit");
    clock.advance(Duration::from_secs(1));
    let report =
        tokio::time::timeout(Duration::from_secs(20), sending).await.expect("no limit at 30 seconds");
    assert!(report.all_accepted());
    assert_eq!((report.requests().ambiguous, server.connection_count()), (1, 2));
}

#[tokio::test]
async fn n16_a_network_that_flaps_over_real_sockets_loses_and_invents_nothing() {
    let server = server().start().await.unwrap();
    let faults = [
        Answer::accept_then_reset(),
        Answer::reset_before_body(),
        Answer::judge().half(),
        Answer::empty(502),
        Answer::reset_after_body(),
        Answer::judge().close(),
    ];
    server.script_all((0..200).flat_map(|round| [faults[round % faults.len()].clone(), Answer::judge()]));
    let client = Client::builder("123".parse().unwrap(), "EAAB-test".parse().unwrap())
        .loopback_endpoint(server.url())
        .batch_limits(BatchLimits::new(5, 100_000).unwrap())
        .retry(RetryPolicy::new().attempts(100).run_limit(Duration::from_secs(1_000_000)))
        .clock(RealLimits(ManualClock::at(now())))
        .jitter(FixedJitter(1.0))
        .build()
        .unwrap();
    let report = client.send(events(1000)).await;
    assert!(report.all_accepted(), "{:?}", report.stopped());
    assert_eq!(server.accepted_once().len(), 1000);
    assert!(report.requests().ambiguous >= 100, "{:?}", report.requests());
    let mut bodies: Vec<_> = server.requests().into_iter().filter(RecordedRequest::is_whole).collect();
    bodies.sort_by(|one, other| one.body().cmp(other.body()));
    bodies.dedup_by(|one, other| one.body() == other.body());
    assert_eq!(bodies.len(), 200, "every retry has the same bytes");
}

#[tokio::test]
async fn an_ambiguous_attempt_that_never_clears_up_is_unconfirmed_not_unsent() {
    let bench = Bench::new(server()).await;
    bench.server.script(Answer::reset_after_body());
    bench.server.always(Answer::transient());
    let report = bench.send(events(2)).await;
    assert!(matches!(report.outcomes()[0], Outcome::Unconfirmed(UnconfirmedCause::NoValidAnswer(_))));
    assert_eq!(report.rows().unconfirmed, 2);
    assert!(report.into_unsent().is_empty(), "a person decides");
}

#[tokio::test]
async fn what_may_have_arrived_stays_unconfirmed_however_the_run_ends() {
    for ending in [
        Answer::graph_error(401, 190, None),
        Answer::throttled([("retry-after", "3600")]),
        Answer::empty(302),
        Answer::reset_before_body(),
    ] {
        let bench = Bench::new(server()).await;
        bench.server.script(Answer::accept_then_reset());
        bench.server.always(ending.clone());
        let report = bench.send(events(2)).await;
        assert_eq!(report.events().unconfirmed, 2, "{ending:?}: {:?}", report.outcomes());
        assert!(report.into_unsent().is_empty());
    }
}

#[tokio::test]
async fn an_event_that_expires_after_an_ambiguous_attempt_is_unconfirmed() {
    let bench = Bench::new(server()).await;
    bench.server.script_all([Answer::accept_then_reset(), Answer::throttled([("retry-after", "300")])]);
    let almost = sold(0, NOW - 7 * 86_400 + 120, ActionSource::PhoneCall);
    let report = bench.send(vec![almost, event(1)]).await;
    assert!(matches!(report.outcomes(), [Outcome::Unconfirmed(_), Outcome::Accepted]));
}

#[tokio::test]
async fn r1_r2_a_count_that_differs_is_never_retried() {
    for count in [2, 4] {
        let bench = Bench::new(server()).await;
        bench.server.script(Answer::received(count));
        let report = bench.send(events(3)).await;
        let differs = UnconfirmedCause::CountDiffers { sent: 3, received: count };
        assert_eq!(report.outcomes()[0], Outcome::Unconfirmed(differs));
        assert_eq!(bench.server.request_count(), 1);
    }
}

#[tokio::test]
async fn r8_messages_are_kept() {
    let bench = Bench::new(server()).await;
    bench.server.script(Answer::json(
        200,
        json!({"events_received": 1, "messages": ["look here"], "fbtrace_id": "T1"}),
    ));
    let report = bench.send(events(1)).await;
    assert!(report.all_accepted());
    assert_eq!(report.messages().collect::<Vec<_>>(), ["look here"]);
    assert_eq!(report.trace_ids().collect::<Vec<_>>(), ["T1"]);
}

#[tokio::test]
async fn r10_s4_redirects_are_never_followed() {
    let elsewhere = MockServer::start().await.unwrap();
    for status in [301, 302, 303, 307, 308] {
        let bench = Bench::new(server()).await;
        let target = format!("{}secret-path?secret=query", elsewhere.url());
        bench.server.script(Answer::empty(status).header("location", &target));
        let report = bench.send(events(2)).await;
        assert_eq!(report.events().not_sent, 2);
        let why = report.stopped().unwrap().to_string();
        assert!(why.contains("127.0.0.1") && !why.contains("secret"), "{why}");
    }
    assert_eq!(elsewhere.request_count(), 0);
}

#[tokio::test]
async fn r24_r26_what_meets_every_request_stops_the_run_after_one() {
    for (status, code, subcode, class) in [
        (401, 190, Some(463), ErrorClass::FixToken),
        (400, 104, None, ErrorClass::FixToken),
        (403, 200, None, ErrorClass::FixPermission),
        (400, 100, Some(33), ErrorClass::FixPermission),
        (400, 803, None, ErrorClass::FixDataset),
        (400, 1_870_092, None, ErrorClass::AcceptTerms),
        (400, 2635, None, ErrorClass::FixEndpoint),
    ] {
        let bench = Bench::with_limits(server(), BatchLimits::new(2, 100_000).unwrap()).await;
        bench.server.script(Answer::graph_error(status, code, subcode));
        let report = bench.send(events(6)).await;
        assert_eq!(bench.server.request_count(), 1, "{code}");
        let Some(StopCause::Api(error)) = report.stopped() else { panic!("{code}: {:?}", report.stopped()) };
        assert_eq!(error.class(), class);
        assert_eq!(report.into_unsent().len(), 6);
    }
}

#[tokio::test]
async fn r26_to_r30_what_stops_the_run_is_reported_with_what_to_do() {
    let proof = json!({"error": {"code": 100, "message": "API calls require an appsecret_proof argument"}});
    let terms = "https://business.facebook.com/ads/manage/customaudiences/tos/?act=42";
    let unsigned = json!({"error": {"code": 200, "message": format!("Permissions error: see {terms}")}});
    for (answer, advice) in [
        (Answer::json(400, proof), "app secret"),
        (Answer::graph_error(400, 104, None), "app secret"),
        (Answer::graph_error(400, 100, Some(33)), "dataset id"),
        (Answer::graph_error(400, 803, None), "dataset id"),
        (Answer::graph_error(403, 10, None), "assign the dataset"),
        (Answer::graph_error(400, 190, Some(460)), "password"),
        (Answer::graph_error(400, 190, Some(459)), "log in at facebook.com"),
        (Answer::graph_error(400, 190, Some(458)), "removed its app"),
        (Answer::graph_error(400, 190, Some(492)), "lost the role"),
        (Answer::graph_error(400, 190, None), "revoked or wrong"),
        (Answer::graph_error(400, 2635, None), "api_version"),
        (Answer::json(400, unsigned), "accept Meta's terms"),
    ] {
        let bench = Bench::new(server()).await;
        bench.server.always(answer);
        let report = bench.send(events(3)).await;
        let stopped = report.stopped().unwrap().to_string();
        assert!(stopped.contains(advice), "{advice} is not in: {stopped}");
        assert_eq!((bench.server.request_count(), report.events().not_sent), (1, 3));
        if advice == "accept Meta's terms" {
            let error = report.stopped().and_then(StopCause::api_error).unwrap();
            assert_eq!(error.terms_link(), Some(terms), "r29");
        }
    }
}

#[tokio::test]
async fn r28_a_policy_block_gets_one_long_pause_and_one_more_try() {
    let bench = Bench::new(server()).await;
    bench.server.always(Answer::graph_error(400, 368, None));
    let report = bench.send(events(3)).await;
    assert_eq!((bench.server.request_count(), report.events().not_sent), (2, 3));
    assert!(bench.clock.sleeps()[0] >= Duration::from_secs(600));
    assert!(report.stopped().unwrap().to_string().contains("policy"));
}

#[tokio::test]
async fn r34_n7_an_endpoint_that_is_none_of_metas_stops_the_run() {
    for (answer, expected) in [
        (Answer::html(404), "address"),
        (Answer::empty(404), "address"),
        (Answer::empty(405), "address"),
        (Answer::empty(501), "address"),
        (Answer::empty(407), "proxy"),
    ] {
        let bench = Bench::new(server()).await;
        bench.server.always(answer);
        let report = bench.send(events(3)).await;
        assert_eq!(bench.server.request_count(), 1);
        assert!(report.stopped().unwrap().to_string().contains(expected), "{:?}", report.stopped());
    }
}

#[tokio::test]
async fn r39_an_error_without_a_trace_id_is_an_error_like_any_other() {
    let bench = Bench::new(server()).await;
    bench.server.script(Answer::json(400, json!({"error": {"code": 2}})));
    assert!(bench.send(events(2)).await.all_accepted());
}

#[tokio::test]
async fn r42_of_two_targets_only_the_one_that_failed_is_retried() {
    let (graph, gateway) = (Bench::new(server()).await, Bench::new(server()).await);
    gateway.server.always(Answer::transient());
    let (sent, failed) = (graph.send(events(5)).await, gateway.send(events(5)).await);
    assert!(sent.all_accepted());
    assert_eq!(failed.events().not_sent, 5);
    gateway.server.reset();
    assert!(gateway.send(failed.into_unsent()).await.all_accepted());
    assert_eq!((graph.server.request_count(), gateway.server.accepted_once().len()), (1, 5));
}

#[tokio::test]
async fn r14_a_batch_of_bad_events_in_a_good_run_costs_a_stated_number_of_requests() {
    let is_bad = |event: &serde_json::Value| {
        let id = event["custom_data"]["order_id"].as_str().unwrap();
        (1000..2000).contains(&id.trim_start_matches("order-").parse::<u32>().unwrap())
    };
    let bench = Bench::new(server().refuse(is_bad)).await;
    let report = bench.send(events(3000)).await;
    let counts = report.events();
    assert_eq!((counts.accepted, counts.refused + counts.not_sent), (2000, 1000));
    assert!(counts.refused >= 8);
    assert!(report.stopped().is_none(), "what is accepted shows that the settings are right");
    assert!(bench.server.request_count() <= 3 + 110, "{}", bench.server.request_count());
    assert_eq!(
        report.into_unsent().len() as u64,
        counts.not_sent,
        "they can be looked through in another run"
    );
}

#[tokio::test]
async fn t14_setting_the_wall_clock_neither_shortens_nor_lengthens_a_run() {
    for jump in [-86_400, 86_400] {
        let bench = Bench::new(server()).await;
        let dated = json!({"error": {"code": 2}});
        bench.server.script_all([Answer::json(400, dated).after(Duration::from_millis(100))]);
        let sending = bench.client.send(events(2));
        let clock = bench.clock.clone();
        let setting = async {
            while bench.server.request_count() == 0 {
                tokio::task::yield_now().await;
            }
            clock.set(EventTime::from_unix(NOW + jump).unwrap());
        };
        let (report, ()) = tokio::join!(sending, setting);
        assert_eq!(bench.clock.sleeps(), [Duration::from_secs(1)], "the wait is the usual one");
        assert_eq!(report.rows().read, 2);
    }
}

#[tokio::test]
async fn s19_nobody_but_the_endpoint_is_asked() {
    let transport = RecordingTransport::new();
    let client = Client::builder("123".parse().unwrap(), "EAAB-test".parse().unwrap())
        .transport(transport.clone())
        .clock(ManualClock::at(now()))
        .build()
        .unwrap();
    let _ = client.send(events(3)).await;
    let asked: Vec<_> = transport.requests().iter().map(|request| request.url().to_string()).collect();
    assert_eq!(asked, ["https://graph.facebook.com/v26.0/123/events"]);
}

#[tokio::test]
async fn s20_a_test_event_code_shows_in_every_report() {
    let server = server().start().await.unwrap();
    let fields = meta_offline_events::wire::RequestFields::new().test_event_code("TEST12345").unwrap();
    let client = Client::builder("123".parse().unwrap(), "EAAB-test".parse().unwrap())
        .loopback_endpoint(server.url())
        .request_fields(fields)
        .clock(ManualClock::at(now()))
        .build()
        .unwrap();
    assert!(client.send(events(1)).await.test_event_code());
    let report = client.deliver(&mut events(0).into_iter()).await;
    assert!(serde_json::to_string(&report).unwrap().contains("\"test_event_code\":true"));
}

#[tokio::test]
async fn l6_numbers_that_make_no_sense_are_refused_when_the_client_is_built() {
    let built = |set: fn(ClientBuilder) -> ClientBuilder| {
        set(Client::builder("123".parse().unwrap(), "EAAB-test".parse().unwrap())).build().map(|_| ())
    };
    assert_eq!(built(|client| client), Ok(()));
    for wrong in [
        built(|client| client.in_flight(0)),
        built(|client| client.in_flight(257)),
        built(|client| client.retry(RetryPolicy::new().attempts(0))),
        built(|client| client.retry(RetryPolicy::new().attempts(101))),
    ] {
        assert!(wrong.unwrap_err().to_string().contains(" must be 1 to "));
    }
    for wrong in [
        built(|client| client.timeouts(Duration::ZERO, Duration::from_secs(1))),
        built(|client| client.timeouts(Duration::from_secs(1), Duration::ZERO)),
        built(|client| client.retry(RetryPolicy::new().batch_limit(Duration::ZERO))),
        built(|client| client.retry(RetryPolicy::new().run_limit(Duration::ZERO))),
    ] {
        assert_eq!(wrong.unwrap_err().to_string(), "a time limit must be above zero");
    }
    assert_eq!(BatchLimits::new(0, 10_000).or(BatchLimits::new(1001, 10_000)), None);
    assert_eq!(BatchLimits::new(10, 0).or(BatchLimits::new(10, 4095)), None);
}

#[tokio::test]
async fn l9_two_clients_with_two_tokens_share_nothing() {
    let server = server().start().await.unwrap();
    let client = |token: &str| {
        Client::builder("123".parse().unwrap(), token.parse().unwrap())
            .loopback_endpoint(server.url())
            .batch_limits(BatchLimits::new(2, 100_000).unwrap())
            .clock(ManualClock::at(now()))
            .build()
            .unwrap()
    };
    let (one, two) = (client("EAAB-one"), client("EAAB-two"));
    let odd = || (0..40).filter(|number| number % 2 == 1).map(event).collect::<Vec<_>>();
    let even = || (0..40).filter(|number| number % 2 == 0).map(event).collect::<Vec<_>>();
    let (first, second) = tokio::join!(one.send(odd()), two.send(even()));
    assert!(first.all_accepted() && second.all_accepted());
    for request in server.requests() {
        let body = String::from_utf8(request.body().to_vec()).unwrap();
        let is_odd = |text: &str| text.parse::<u32>().unwrap() % 2 == 1;
        let number = body.split("\"order-").nth(1).unwrap().split('"').next().unwrap();
        let token = if is_odd(number) { "Bearer EAAB-one" } else { "Bearer EAAB-two" };
        assert_eq!(request.header("authorization"), Some(token));
    }
}

#[tokio::test]
async fn r25_a_token_that_dies_in_the_middle_leaves_the_rest_for_later() {
    let bench = Bench::with_limits(server(), BatchLimits::new(2, 100_000).unwrap()).await;
    bench.server.script(Answer::judge());
    bench.server.always(Answer::graph_error(400, 190, Some(463)));
    let report = bench.send(events(40)).await;
    assert_eq!((report.events().accepted, report.events().not_sent), (2, 38));
    assert!(bench.server.request_count() <= 1 + 4, "those in flight, and no new batch");
    assert!(report.stopped().unwrap().to_string().starts_with("the access token has expired"));
    let rest = report.into_unsent();
    assert!(rest.is_sorted_by_key(|event| event.lines()[0]), "in the order given");
    bench.server.reset();
    let later = bench.client.send(rest).await;
    assert!(later.all_accepted());
    assert_eq!(bench.server.accepted().len(), 40);
}

#[tokio::test]
async fn r17_r23_throttling_is_waited_out_or_handed_back() {
    let bench = Bench::new(server()).await;
    let usage = r#"{"1":[{"type":"ads_management","estimated_time_to_regain_access":3}]}"#;
    bench.server.script(Answer::throttled([("x-business-use-case-usage", usage)]));
    let report = bench.send(events(1)).await;
    assert!(report.all_accepted());
    assert_eq!(bench.clock.sleeps(), [Duration::from_secs(198)], "three minutes and a tenth of jitter");

    bench.server.script(Answer::throttled([("retry-after", "3600")]));
    let report = bench.send(events(1)).await;
    let cause = StopCause::RetryLater(Duration::from_secs(3600));
    assert_eq!(report.outcomes()[0], Outcome::NotSent(NotSentCause::Stopped(cause.into())));
    assert_eq!(report.retry_after(), Some(Duration::from_secs(3600)));
    assert_eq!(bench.clock.sleeps().len(), 1, "no sleep of hours");
}

#[tokio::test]
async fn r22_two_headers_that_contradict_each_other_are_absent() {
    for (headers, seconds) in [
        ([("retry-after", "100"), ("retry-after", "300")], 66),
        ([("retry-after", "300"), ("retry-after", "100")], 66),
        ([("retry-after", "300"), ("retry-after", "300")], 330),
    ] {
        let bench = Bench::new(server()).await;
        bench.server.script(Answer::throttled(headers));
        assert!(bench.send(events(1)).await.all_accepted());
        assert_eq!(bench.clock.sleeps(), [Duration::from_secs(seconds)], "{headers:?}");
    }
}

#[tokio::test]
async fn r33_a_request_that_is_too_large_is_divided() {
    let bench = Bench::new(server()).await;
    bench.server.script_all([Answer::empty(413), Answer::empty(413)]);
    let report = bench.send(events(8)).await;
    assert!(report.all_accepted());
    let bench = Bench::new(server()).await;
    bench.server.always(Answer::empty(413));
    let report = bench.send(events(1)).await;
    assert_eq!(report.events().refused, 1);
}

#[tokio::test]
async fn r35_unknown_refusals_stop_the_run_after_three_batches() {
    let bench = Bench::with_limits(server(), BatchLimits::new(1, 100_000).unwrap()).await;
    bench.server.always(Answer::graph_error(400, 777, None));
    let report = bench.send(events(9)).await;
    assert_eq!((report.events().refused, report.events().not_sent), (3, 6));
    assert_eq!(bench.server.request_count(), 3);
}

#[tokio::test]
async fn t2_t4_age_is_judged_by_source_when_sending() {
    let day = 86_400;
    let bench = Bench::new(server()).await;
    let report = bench
        .send(vec![
            sold(0, NOW - 7 * day + 60, ActionSource::PhoneCall),
            sold(1, NOW - 7 * day + 59, ActionSource::PhoneCall),
            sold(2, NOW - 62 * day + 60, ActionSource::PhysicalStore),
            sold(3, NOW - 62 * day + 59, ActionSource::PhysicalStore),
            sold(4, NOW + 60, ActionSource::PhysicalStore),
            sold(5, NOW + 61, ActionSource::PhysicalStore),
        ])
        .await;
    let expired = Outcome::NotSent(NotSentCause::Expired);
    let future = Outcome::NotSent(NotSentCause::InFuture);
    let accepted = Outcome::Accepted;
    assert_eq!(
        report.outcomes(),
        [accepted.clone(), expired.clone(), accepted.clone(), expired, accepted, future]
    );
}

#[tokio::test]
async fn t3_t15_an_event_that_grows_too_old_between_attempts_leaves_its_batch() {
    let bench = Bench::new(server()).await;
    bench.server.script(Answer::throttled([("retry-after", "300")]));
    let almost = sold(0, NOW - 7 * 86_400 + 120, ActionSource::PhoneCall);
    let report = bench.send(vec![almost, event(1)]).await;
    assert_eq!(report.outcomes(), [Outcome::NotSent(NotSentCause::Expired), Outcome::Accepted]);
}

#[tokio::test]
async fn an_event_larger_than_a_request_may_be_does_not_stop_the_others() {
    let bench = Bench::with_limits(server(), BatchLimits::new(10, 4096).unwrap()).await;
    let line = |number: u64| Line::new(number);
    let customer = UserData::builder().email("big@example.com").build().unwrap();
    let mut big = Event::builder(EventTime::from_unix(NOW - 60).unwrap(), customer)
        .order_id("big".parse().unwrap())
        .lines([line(2)])
        .value(Money::new("1".parse().unwrap(), Currency::EUR));
    for number in 0..100 {
        let product = format!("product-with-a-long-name-{number}").parse().unwrap();
        big = big.content(meta_offline_events::event::Content::new(product, 1.try_into().unwrap()));
    }
    let report = bench.send(vec![event(0), big.build().unwrap(), event(2)]).await;
    assert_eq!(report.events().accepted, 2);
    assert_eq!(report.outcomes()[1], Outcome::NotSent(NotSentCause::TooLarge));
}

#[tokio::test]
async fn progress_is_reported_and_ends_at_all() {
    let bench = Bench::with_limits(server(), BatchLimits::new(10, 100_000).unwrap()).await;
    let mut seen = Vec::new();
    let mut source = events(25).into_iter();
    let _ = bench
        .client
        .deliver(&mut source)
        .on_progress(|progress| seen.push((progress.taken, progress.done)))
        .await;
    assert_eq!(seen.iter().map(|(_, done)| done % 5).sum::<u64>(), 0, "batches end whole");
    assert!(seen.iter().all(|(taken, done)| taken >= done));
    assert_eq!(seen.last(), Some(&(25, 25)));
}

#[tokio::test]
async fn a_diagnostic_names_the_count_that_its_rows_and_events_are_in() {
    let now = EventTime::from_unix(1_777_910_400).unwrap();
    let later = EventTime::from_unix(now.unix() + 3600).unwrap();
    let mary = || UserData::builder().email("mary@example.com");
    let row =
        |line: u64, time| Row::new(line, time).customer(mary()).order_id(format!("A{line}").parse().unwrap());
    let mut orders = Orders::new();
    orders.push(&row(2, later).value("5".parse().unwrap()).currency(Currency::EUR));
    orders.push(&row(3, now).quantity(-1));
    let mut prepared = orders.finish(now);
    let event = Event::builder(later, mary().build().unwrap()).order_id("A4".parse().unwrap());
    prepared.events.push(event.value("5 EUR".parse().unwrap()).build().unwrap());

    let client = Client::builder("1".parse().unwrap(), "token".parse().unwrap());
    let client = client.transport(RecordingTransport::new()).clock(ManualClock::at(now)).build().unwrap();
    let report = client.send(prepared).await;
    let named: Vec<_> =
        report.diagnostics().iter().map(|diagnostic| (diagnostic.code(), diagnostic.outcome())).collect();
    let expected = [
        ("in_future", Some("invalid")),
        ("return_or_cancellation", Some("filtered")),
        ("in_future", Some("not_sent")),
    ];
    assert_eq!(named, expected);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["diagnostics"][2]["outcome"], "not_sent");
    assert!(report.notes().iter().all(|note| note.outcome().is_none()));
}
