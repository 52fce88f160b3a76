//! Token sources that renew their own tokens at Meta, over real sockets.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use meta_offline_events::auth::{IssuedToken, TokenExpiry, TokenSource};
use meta_offline_events::client::{Client, ClientBuilder};
use meta_offline_events::graph::{App, Graph, GraphError, Renewal};
use meta_offline_events::report::{DeliveryReport, Diagnostic, StopCause};
use meta_offline_events::testing::{Answer, FixedJitter, ManualClock, MockServer, MockServerBuilder};
use meta_offline_events::value::{AccessToken, EventTime};
use meta_offline_events::wire::BatchLimits;
use tokio::task::JoinSet;

use crate::support::{NOW, event, events, now, of, shows_none_of};

const APP_ID: &str = "138483919580948";
const SECRET: &str = "5eC4e7MARKED0123456789abcdef0123";
const FIRST: &str = "EAABMARKEDTOKEN";

fn at(seconds: i64) -> EventTime {
    EventTime::from_unix(NOW + seconds).unwrap()
}

fn first() -> AccessToken {
    of(FIRST)
}

fn server(clock: &ManualClock, lasts: i64) -> MockServerBuilder {
    let builder = MockServer::builder().clock(clock.clone()).app(of(APP_ID), of(SECRET));
    builder.token_until(first(), at(lasts)).tokens_last(Duration::from_secs(lasts.cast_unsigned()))
}

fn graph(server: &MockServer, clock: &ManualClock) -> Graph {
    let builder =
        Graph::builder().loopback_endpoint(server.url()).clock(clock.clone()).jitter(FixedJitter(0.5));
    builder.build().unwrap().app(App::new(of(APP_ID), of(SECRET)))
}

fn client(server: &MockServer, tokens: TokenSource, clock: &ManualClock) -> ClientBuilder {
    Client::builder_with_source(of("123"), tokens)
        .loopback_endpoint(server.url())
        .clock(clock.clone())
        .jitter(FixedJitter(0.5))
}

/// How often each call was made, and how many requests held events.
fn calls(server: &MockServer) -> BTreeMap<String, usize> {
    let mut calls = BTreeMap::new();
    for request in server.requests() {
        let name = request.path().rsplit('/').next().unwrap().to_owned();
        *calls.entry(name).or_default() += 1;
        shows_none_of(&["MARKED", "MOCKTOKEN"], "an address", request.target());
    }
    calls
}

fn counted<const N: usize>(expected: [(&str, usize); N]) -> BTreeMap<String, usize> {
    expected.into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
}

fn notes(report: &DeliveryReport) -> Vec<&str> {
    report.notes().iter().map(Diagnostic::code).collect()
}

/// A hook that stores tokens, and what it stored.
fn storing(tokens: TokenSource) -> (TokenSource, Arc<Mutex<Vec<String>>>) {
    let stored = Arc::new(Mutex::new(Vec::new()));
    let store = Arc::clone(&stored);
    let keep = move |issued: &IssuedToken| store.lock().unwrap().push(issued.token().expose().to_owned());
    (tokens.on_replaced(keep), stored)
}

#[tokio::test]
async fn r25_a_run_renews_its_token_three_times_though_one_renewal_fails_and_sends_nothing_with_a_dead_one() {
    const LASTS: i64 = 10;
    // While one worker renews, the others send with the old token, here in its last second. With four batches a second, the
    // answers to two of these requests would end that second while the third is still on the wire, and the server would
    // refuse a token that was alive when it was sent. A second of sixteen batches is longer than any request.
    for (in_flight, batch, renewal, is_end_known) in
        [(1, 320, Renewal::User, true), (4, 20, Renewal::User, true), (1, 320, Renewal::SystemUser, false)]
    {
        let clock = ManualClock::at(now());
        let server = Arc::new(server(&clock, LASTS).start().await.unwrap());
        let issued = IssuedToken::new(first());
        let issued = if is_end_known { issued.expires(at(LASTS)) } else { issued };
        let (tokens, stored) = storing(graph(&server, &clock).renewing(issued, renewal));
        let sending = client(&server, tokens, &clock).in_flight(in_flight);
        let sending = sending.batch_limits(BatchLimits::new(batch, 1_000_000).unwrap());
        let passes = clock.clone();
        let fails = Arc::clone(&server);
        let mut settled = 0;
        let delivery = sending.build().unwrap().deliver(events(10_000).into_iter());
        // A second for 320 events. The renewal after 16 seconds fails.
        let report = delivery
            .on_outcome(move |group| {
                let before = settled / 320;
                settled += group.events().count();
                for second in before..settled / 320 {
                    passes.advance(Duration::from_secs(1));
                    if second == 10 {
                        fails.script_call(Answer::empty(503));
                    }
                }
            })
            .await;
        assert!(report.all_accepted(), "{report}");
        assert_eq!((server.accepted().len(), server.accepted_once().len()), (10_000, 10_000));
        assert_eq!(notes(&report), ["token_source"], "the renewal that failed");
        // No batch was sent twice, so none was sent with a dead token.
        let inspections = if is_end_known { vec![] } else { vec![("debug_token", 1)] };
        let mut expected = counted([("events", 10_000_usize.div_ceil(batch)), ("access_token", 4)]);
        expected.extend(inspections.into_iter().map(|(name, count)| (name.to_owned(), count)));
        assert_eq!(calls(&server), expected, "{in_flight} {renewal:?}");
        // The first one is stored as well where its end was not known before.
        let first = (!is_end_known).then(|| FIRST.to_owned());
        let expected: Vec<_> =
            first.into_iter().chain((0..3).map(|number| format!("EAABMOCKTOKEN{number:04}"))).collect();
        assert_eq!(*stored.lock().unwrap(), expected, "each was stored once it worked");
    }
}

#[tokio::test]
async fn a_hundred_clones_renew_once() {
    let clock = ManualClock::at(now());
    let server = server(&clock, 1000).start().await.unwrap();
    let tokens = graph(&server, &clock).renewing(IssuedToken::new(first()).expires(at(1000)), Renewal::User);
    let (tokens, stored) = storing(tokens);
    clock.advance(Duration::from_secs(900));
    let one = client(&server, tokens.clone(), &clock).build().unwrap();
    let mut tasks = JoinSet::new();
    for number in 0..100 {
        // Half are clones of a client, half are clients that share the source.
        let other = client(&server, tokens.clone(), &clock);
        let sending = if number % 2 == 0 { one.clone() } else { other.build().unwrap() };
        tasks.spawn(async move { sending.send(event(number)).await });
    }
    let reports = tasks.join_all().await;
    assert!(reports.iter().all(DeliveryReport::all_accepted));
    assert_eq!(calls(&server), counted([("events", 100), ("access_token", 1)]));
    assert_eq!(stored.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_token_that_expired_or_was_refused_asks_a_person_to_log_in_again() {
    let clock = ManualClock::at(now());
    let server = server(&clock, 1000).start().await.unwrap();
    let renewing =
        || graph(&server, &clock).renewing(IssuedToken::new(first()).expires(at(1000)), Renewal::User);

    // The password was changed: with several requests on the wire, no further one begins.
    let refused = renewing();
    server.refuse_token(&first(), 460);
    let sending = client(&server, refused.clone(), &clock).in_flight(4);
    let sending = sending.batch_limits(BatchLimits::new(10, 1_000_000).unwrap()).build().unwrap();
    let report = sending.send(events(1000)).await;
    assert!(server.request_count() <= 4, "{}", server.request_count());
    assert_eq!(report.stopped().map(StopCause::code), Some("fix_token"));
    assert!(
        report.notes().iter().any(|note| note.to_string().contains("log in again")),
        "{:?}",
        report.notes()
    );

    // It expired while nothing was sent. No request is made, and nothing is waited for.
    let expired = renewing();
    clock.advance(Duration::from_secs(1000));
    let before = server.request_count();
    for _ in 0..2 {
        let report = client(&server, expired.clone(), &clock).build().unwrap().send(event(0)).await;
        let Some(StopCause::NoToken(why)) = report.stopped() else { panic!("{report}") };
        assert!(why.contains("cannot be renewed: log in again"), "{why}");
    }
    assert_eq!((server.request_count() - before, clock.sleeps().len()), (0, 0));
    let error = graph(&server, &clock).tokens(expired).token().await.unwrap_err();
    assert!(matches!(&error, GraphError::NoToken(why) if why.contains("log in again")), "{error}");
}

#[tokio::test]
async fn a_failed_renewal_leaves_the_old_token_in_use_and_is_tried_ever_more_often() {
    let clock = ManualClock::at(now());
    let server = server(&clock, 1000).start().await.unwrap();
    let tokens = graph(&server, &clock).renewing(IssuedToken::new(first()).expires(at(1000)), Renewal::User);
    let sending = client(&server, tokens, &clock).build().unwrap();
    let mut tried = Vec::new();
    for second in 0..999 {
        server.reset();
        server.script_call(Answer::graph_error(400, 1, None));
        let before = server.request_count();
        if second >= 840 {
            assert!(sending.send(event(0)).await.all_accepted(), "{second}");
        }
        if server.request_count() == before + 2 {
            tried.push(second);
        }
        clock.advance(Duration::from_secs(1));
    }
    assert_eq!(tried[..4], [849, 864, 877, 889], "a tenth of what is left each time");
}

#[tokio::test]
async fn a_new_token_that_does_not_work_gives_way_to_the_old_one() {
    let clock = ManualClock::at(now());
    let server = server(&clock, 1000).start().await.unwrap();
    let tokens = graph(&server, &clock).renewing(IssuedToken::new(first()).expires(at(1000)), Renewal::User);
    let (tokens, stored) = storing(tokens);
    clock.advance(Duration::from_secs(900));
    server.script_call(Answer::json(200, serde_json::json!({"access_token": "EAABBAD", "expires_in": 1000})));
    let sending = client(&server, tokens, &clock).build().unwrap();
    assert!(sending.send(event(0)).await.all_accepted());
    assert!(stored.lock().unwrap().is_empty(), "a token that never worked is not stored");
    clock.advance(Duration::from_secs(20));
    assert!(sending.send(event(1)).await.all_accepted());
    assert_eq!(*stored.lock().unwrap(), ["EAABMOCKTOKEN0000"]);
}

#[tokio::test]
async fn a_token_whose_end_is_not_known_is_inspected_once_a_day() {
    let clock = ManualClock::at(now());
    let builder = MockServer::builder().clock(clock.clone()).app(of(APP_ID), of(SECRET));
    let server = builder.token(first()).start().await.unwrap();
    let graph = graph(&server, &clock);
    assert_eq!(graph.inspect(&first()).await.unwrap().expiry(), TokenExpiry::Never);
    let graph = graph.clone().tokens(graph.renewing(IssuedToken::new(first()), Renewal::SystemUser));
    for _ in 0..3 * 24 {
        assert_eq!(graph.token().await.unwrap().expose(), FIRST);
        clock.advance(Duration::from_secs(3600));
    }
    assert_eq!(calls(&server), counted([("debug_token", 1 + 3)]));
}
