//! Tokens that change while a client sends, and proofs made with the app secret.

use std::collections::VecDeque;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use meta_offline_events::auth::{AppSecretProof, IssuedToken, TokenRefusal, TokenSource};
use meta_offline_events::client::{Client, ClientBuilder, Clock, HttpTransport, RetryPolicy, TokenPlacement};
use meta_offline_events::report::{DeliveryReport, Diagnostic, StopCause, TokenProblem};
use meta_offline_events::testing::{Answer, FixedJitter, ManualClock, MockServer, RecordedRequest};
use meta_offline_events::value::{AccessToken, AppSecret, EventTime};
use meta_offline_events::wire::BatchLimits;
use tokio::task::JoinSet;

use crate::support::{NOW, RealLimits, event, events, now, of, shows_none_of};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn token(number: usize) -> AccessToken {
    of(&format!("EAABMARKEDTOKEN-{number}"))
}

fn at(seconds: i64) -> EventTime {
    EventTime::from_unix(NOW + seconds).unwrap()
}

fn client(server: &MockServer, source: TokenSource, clock: &ManualClock) -> ClientBuilder {
    Client::builder_with_source(of("123"), source)
        .loopback_endpoint(server.url())
        .clock(clock.clone())
        .jitter(FixedJitter(0.5))
}

/// The token of the header.
fn sent_with(request: &RecordedRequest) -> &str {
    request.header("authorization").and_then(|header| header.strip_prefix("Bearer ")).unwrap_or_default()
}

fn notes(report: &DeliveryReport) -> Vec<&str> {
    report.notes().iter().map(Diagnostic::code).collect()
}

/// A source that gives what it is told to, and counts how often it is asked.
fn scripted(
    answers: impl IntoIterator<Item = Result<AccessToken, &'static str>>,
) -> (TokenSource, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let answers = Mutex::new(answers.into_iter().collect::<VecDeque<_>>());
    let source = TokenSource::from_fn(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        answers.lock().unwrap().pop_front().unwrap_or(Err("nothing more"))
    });
    (source, asked)
}

#[tokio::test]
async fn r25_a_run_outlives_three_tokens_and_a_renewal_that_fails() {
    const LASTS: i64 = 10;
    for in_flight in [1, 4] {
        let clock = ManualClock::at(now());
        let server = MockServer::builder()
            .clock(clock.clone())
            .token_until(token(0), at(LASTS))
            .start()
            .await
            .unwrap();
        let server = Arc::new(server);
        let told = Arc::new(Mutex::new(Vec::new()));
        let source = {
            let (server, clock, told) = (Arc::clone(&server), clock.clone(), Arc::clone(&told));
            TokenSource::from_async_fn(move |refusal: Option<TokenRefusal>| {
                let (server, clock, told) = (Arc::clone(&server), clock.clone(), Arc::clone(&told));
                async move {
                    tokio::task::yield_now().await;
                    let mut told = told.lock().unwrap();
                    let Some(refusal) = refusal else { return Ok(token(0)) };
                    assert_eq!(refusal.problem(), Some(TokenProblem::Expired));
                    told.push(refusal.token().expose().to_owned());
                    if told.len() == 2 {
                        return Err("the secret store does not answer");
                    }
                    let renewed = token(told.len());
                    let until = EventTime::from_unix(clock.now().unix() + LASTS).unwrap();
                    server.issue(renewed.clone(), Some(until));
                    Ok(renewed)
                }
            })
        };
        let sending = client(&server, source, &clock).in_flight(in_flight);
        let sending = sending.batch_limits(BatchLimits::new(1000 / in_flight, 1_000_000).unwrap());
        let passes = clock.clone();
        // Ten rounds of four seconds.
        let mut settled = 0;
        let delivery = sending.build().unwrap().deliver(events(10_000).into_iter());
        let report = delivery
            .on_outcome(move |group| {
                let before = settled / 1000;
                settled += group.events().count();
                if settled / 1000 > before {
                    passes.advance(Duration::from_secs(4));
                }
            })
            .await;
        assert!(report.all_accepted(), "{report}");
        assert_eq!((server.accepted().len(), server.accepted_once().len()), (10_000, 10_000));
        assert_eq!(notes(&report), ["token_replaced"]);

        // Asked once for each token that expired, and once more where it failed.
        let told = told.lock().unwrap();
        assert_eq!(*told, [0, 1, 1, 3].map(|number| token(number).expose().to_owned()), "{in_flight}");
        let requests = server.requests();
        let mut tokens: Vec<&str> = requests.iter().map(sent_with).collect();
        if in_flight == 1 {
            assert_eq!(requests.len(), 10 + 3, "one request with each dead token");
            let repeated = requests.windows(2).filter(|pair| sent_with(&pair[0]) != sent_with(&pair[1]));
            let same = repeated.inspect(|pair| assert_eq!(pair[0].body(), pair[1].body(), "the same bytes"));
            assert_eq!(same.count(), 3);
        } else {
            assert!(requests.len() <= 40 + 3 * in_flight, "{}", requests.len());
        }
        tokens.dedup();
        assert_eq!(tokens.len(), 4, "no token is used again once another one was: {tokens:?}");
    }
}

#[tokio::test]
async fn t16_a_token_whose_end_is_known_is_replaced_before_and_no_request_has_a_dead_one() {
    const LASTS: i64 = 20;
    let clock = ManualClock::at(now());
    let server = MockServer::builder().clock(clock.clone()).token_until(token(0), at(LASTS));
    let server = Arc::new(server.start().await.unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let source = {
        let (server, clock, asked) = (Arc::clone(&server), clock.clone(), Arc::clone(&asked));
        TokenSource::from_fn(move |refusal| {
            assert!(refusal.is_none());
            let mut asked = asked.lock().unwrap();
            asked.push(clock.now().unix() - NOW);
            if asked.len() == 3 {
                return Err("the secret store does not answer");
            }
            let (next, until) = (token(asked.len() - 1), clock.now().unix() + LASTS);
            let until = EventTime::from_unix(until).unwrap();
            server.issue(next.clone(), Some(until));
            Ok(IssuedToken::new(next).expires(until))
        })
    };
    let sending = client(&server, source, &clock).batch_limits(BatchLimits::new(100, 1_000_000).unwrap());
    let passes = clock.clone();
    let delivery = sending.in_flight(1).build().unwrap().deliver(events(5000).into_iter());
    let report = delivery.on_outcome(move |_| passes.advance(Duration::from_secs(1))).await;
    assert!(report.all_accepted(), "{report}");
    assert_eq!(notes(&report), ["token_source"], "the renewal that failed");
    // Due four seconds before the end of twenty; after the failure it is asked for again a second later.
    assert_eq!(*asked.lock().unwrap(), [0, 16, 32, 33, 49]);
    assert_eq!((server.request_count(), server.accepted_once().len()), (50, 5000));
    assert!(clock.sleeps().is_empty(), "nothing waits for the next token");
}

#[tokio::test]
async fn l9_a_hundred_clones_renew_once() {
    for share_a_client in [true, false] {
        let clock = ManualClock::at(now());
        let server = MockServer::builder().clock(clock.clone()).token_until(token(0), at(10));
        let server = server.token(token(1)).start().await.unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let source = TokenSource::from_async_fn(move |refusal: Option<TokenRefusal>| {
            count.fetch_add(1, Ordering::SeqCst);
            async move {
                for _ in 0..50 {
                    tokio::task::yield_now().await;
                }
                Ok::<_, String>(token(usize::from(refusal.is_some())))
            }
        });
        let http = HttpTransport::new(Duration::from_secs(5)).unwrap();
        let one = client(&server, source.clone(), &clock).build().unwrap();
        assert!(one.send(event(1000)).await.all_accepted());
        clock.advance(Duration::from_secs(10));

        let mut sending = JoinSet::new();
        for number in 0..100 {
            let client = if share_a_client {
                one.clone()
            } else {
                client(&server, source.clone(), &clock).transport(http.clone()).build().unwrap()
            };
            sending.spawn(client.send(event(number)));
        }
        for report in sending.join_all().await {
            assert!(report.all_accepted(), "{report}");
        }
        assert_eq!(asked.load(Ordering::SeqCst), 2, "the first token, and one renewal");
        assert_eq!(server.accepted_once().len(), 101);
        assert_eq!(server.accepted().len(), 101);
    }
}

#[tokio::test]
async fn r24_the_same_token_again_stops_the_run_after_one_request() {
    let clock = ManualClock::at(now());
    let server = MockServer::builder().clock(clock.clone()).token(token(9)).start().await.unwrap();
    let (source, asked) = scripted([0, 0].map(token).map(Ok));
    let report = client(&server, source, &clock).build().unwrap().send(events(3000)).await;
    assert_eq!((server.request_count(), asked.load(Ordering::SeqCst)), (1, 2));
    assert_eq!(report.stopped().map(StopCause::code), Some("fix_token"));
    assert_eq!(report.events().not_sent, 3000);
    assert_eq!(
        report.notes()[0].message(),
        "the token source gave no other token: it has only the one that Meta refused"
    );
}

#[tokio::test]
async fn r24_another_token_that_is_refused_as_well_stops_the_run_after_one_repeat() {
    let clock = ManualClock::at(now());
    let server = MockServer::builder().clock(clock.clone()).token(token(9)).start().await.unwrap();
    let (source, asked) = scripted((0..100).map(token).map(Ok));
    let report = client(&server, source, &clock).build().unwrap().send(events(3000)).await;
    assert_eq!((server.request_count(), asked.load(Ordering::SeqCst)), (2, 2));
    assert_eq!(report.stopped().map(StopCause::code), Some("fix_token"));
    assert_eq!(report.events().not_sent, 3000);
}

#[tokio::test]
async fn a_source_that_never_gives_a_token_stops_the_run_before_the_first_request() {
    let clock = ManualClock::at(now());
    let server = MockServer::builder().clock(clock.clone()).start().await.unwrap();
    let (source, asked) = scripted([]);
    let sending = client(&server, source, &clock).retry(RetryPolicy::new().attempts(3));
    let report = sending.build().unwrap().send(events(2)).await;
    assert_eq!((server.request_count(), asked.load(Ordering::SeqCst)), (0, 3));
    assert_eq!(report.stopped(), Some(&StopCause::NoToken("nothing more".into())));
    let what = report.diagnostics()[0].to_string();
    assert!(what.contains("there is no access token: nothing more"), "{what}");
    assert_eq!(clock.sleeps().len(), 2, "it waits between the questions");
}

#[tokio::test]
async fn a_later_run_may_send_the_refused_token_again() {
    let clock = ManualClock::at(now());
    let server = MockServer::builder().clock(clock.clone()).start().await.unwrap();
    server.script(Answer::graph_error(400, 190, Some(459)));
    let source = TokenSource::from_fn(|_| Ok::<_, String>(token(0)));
    let client = client(&server, source, &clock).build().unwrap();
    assert_eq!(client.send(event(0)).await.stopped().map(StopCause::code), Some("fix_token"));
    // Somebody has logged in meanwhile, which makes the same token valid again.
    assert!(client.send(event(0)).await.all_accepted());
}

#[tokio::test]
async fn a_file_that_changes_replaces_the_token_and_a_wrong_one_gives_way_to_the_one_before() {
    let path = std::env::temp_dir().join(format!("changing-token-{}", std::process::id()));
    fs::write(&path, token(0).expose()).unwrap();
    let clock = ManualClock::at(now());
    let server = MockServer::builder().clock(clock.clone()).token(token(0)).token(token(2));
    let server = server.start().await.unwrap();
    let source = TokenSource::from_file(&path).unwrap();
    let client = client(&server, source, &clock).build().unwrap();
    let mut sent = Vec::new();
    for written in [token(0).expose(), token(1).expose(), "not a token", token(2).expose()] {
        fs::write(&path, written).unwrap();
        let report = client.send(event(sent.len())).await;
        assert!(report.all_accepted(), "{written}: {report}");
        sent.push(server.request_count());
    }
    fs::remove_file(&path).unwrap();
    let requests = server.requests();
    let used: Vec<_> = requests.iter().map(|request| sent_with(request).to_owned()).collect();
    let expected = [0, 1, 0, 0, 2].map(|number| token(number).expose().to_owned());
    assert_eq!(used, expected, "the second token is wrong, so the first one goes on");
}

#[cfg(feature = "queue")]
#[tokio::test]
async fn r25_a_queue_goes_on_with_the_next_token() {
    let clock = ManualClock::at(now());
    let server = MockServer::builder().clock(clock.clone()).token_until(token(0), at(10));
    let server = server.token(token(1)).start().await.unwrap();
    let (source, asked) = scripted([0, 1].map(token).map(Ok));
    let queue = client(&server, source, &clock).build().unwrap().queue().start().unwrap();
    for number in 0..5 {
        queue.push(event(number)).await.unwrap();
        queue.flush().await;
        clock.advance(Duration::from_secs(5));
    }
    let report = queue.close(Duration::from_secs(60)).await;
    assert!(report.all_accepted(), "{report}");
    assert_eq!((server.accepted().len(), asked.load(Ordering::SeqCst)), (5, 2));
}

#[tokio::test]
async fn a_token_that_replaced_another_one_is_stored_once_it_works() {
    let clock = ManualClock::at(now());
    let server = MockServer::builder().clock(clock.clone()).token_until(token(0), at(10));
    let server = server.token(token(2)).start().await.unwrap();
    let stored = Arc::new(Mutex::new(Vec::new()));
    let store = Arc::clone(&stored);
    let (source, _) = scripted([0, 1, 2].map(token).map(Ok));
    let source = source.on_replaced(move |issued| {
        store.lock().unwrap().push(issued.token().expose().to_owned());
        panic!("the disk is full");
    });
    let client = client(&server, source, &clock).build().unwrap();
    assert!(client.send(event(0)).await.all_accepted());
    assert_eq!(*stored.lock().unwrap(), Vec::<String>::new(), "the first token replaced none");
    clock.advance(Duration::from_secs(10));
    let report = client.send(event(1)).await;
    assert_eq!(report.stopped().map(StopCause::code), Some("fix_token"), "the second one never worked");
    let report = client.send(event(1)).await;
    assert!(report.all_accepted(), "{report}");
    assert!(client.send(event(2)).await.all_accepted());
    assert_eq!(*stored.lock().unwrap(), [token(2).expose()]);
    assert_eq!(notes(&report), ["token_replaced", "token_not_stored"]);
}

#[tokio::test]
async fn a_panic_in_a_source_is_no_token() {
    let clock = ManualClock::at(now());
    let server = MockServer::builder().clock(clock.clone()).start().await.unwrap();
    let source = TokenSource::from_fn(|_| -> Result<AccessToken, String> { panic!("EAABMARKEDTOKEN-0") });
    let report = client(&server, source, &clock).build().unwrap().send(event(0)).await;
    assert_eq!(report.stopped(), Some(&StopCause::NoToken("the token source panicked".into())));
}

#[tokio::test]
async fn a_source_that_never_answers_is_asked_up_to_the_time_limit() {
    let clock = ManualClock::at(now());
    let server = MockServer::builder().clock(clock.clone()).start().await.unwrap();
    let source = TokenSource::from_async_fn(|_| std::future::pending::<Result<AccessToken, String>>());
    let sending = client(&server, source, &clock).clock(RealLimits(clock.clone()));
    let sending = sending.timeouts(Duration::from_secs(1), Duration::from_millis(20));
    let report = sending.build().unwrap().send(event(0)).await;
    let why = "the token source gave none within the time limit";
    assert_eq!(report.stopped(), Some(&StopCause::NoToken(why.into())));
}

#[tokio::test]
async fn a_relay_gets_no_token_and_the_source_is_not_asked() {
    let transport = meta_offline_events::testing::RecordingTransport::new();
    let (source, asked) = scripted([]);
    let sending = Client::builder_with_source(of("123"), source).endpoint(of("https://relay.example/"));
    let sending = sending.app_secret(of(SECRET)).transport(transport.clone()).clock(ManualClock::at(now()));
    assert!(sending.build().unwrap().send(event(0)).await.all_accepted());
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    let request = &transport.requests()[0];
    assert!(request.bearer().is_none() && !String::from_utf8_lossy(request.body()).contains("appsecret"));
}

#[tokio::test]
async fn the_proof_is_in_the_body_and_fits_every_token_and_moment() {
    for placement in [TokenPlacement::Header, TokenPlacement::Body] {
        for timed in [false, true] {
            let clock = ManualClock::at(now());
            let server = MockServer::builder().clock(clock.clone()).app_secret(of(SECRET));
            let server = server.token_until(token(0), at(10)).token(token(1)).start().await.unwrap();
            let (source, _) = scripted([0, 1].map(token).map(Ok));
            let sending = client(&server, source, &clock).token_placement(placement);
            let sending =
                if timed { sending.app_secret_with_time(of(SECRET)) } else { sending.app_secret(of(SECRET)) };
            let client = sending.build().unwrap();
            // The second time the token has expired; the wait before the retry makes a timed proof another one.
            assert!(client.send(event(0)).await.all_accepted());
            clock.advance(Duration::from_secs(1000));
            server.script_all([Answer::judge(), Answer::transient(), Answer::judge()]);
            assert!(client.send(event(1)).await.all_accepted());
            let secret: AppSecret = of(SECRET);
            let requests = server.requests();
            assert_eq!(requests.len(), 4);
            let mut bare = Vec::new();
            for (request, used) in requests.iter().zip([0, 0, 1, 1]) {
                let mut body = request.json().unwrap();
                let members = body.as_object_mut().unwrap();
                let time = members.remove("appsecret_time");
                let proof = match &time {
                    None => AppSecretProof::new(&secret, &token(used)),
                    Some(time) => {
                        let time = EventTime::from_unix(time.as_i64().unwrap()).unwrap();
                        AppSecretProof::at(&secret, &token(used), time)
                    }
                };
                assert_eq!(time.is_some(), timed);
                assert_eq!(members.remove("appsecret_proof").unwrap(), proof.expose());
                assert_eq!(members.remove("access_token").is_some(), placement == TokenPlacement::Body);
                assert_eq!(request.target(), "/v26.0/123/events");
                let headers = request.headers().all(|(_, value)| !value.contains(proof.expose()));
                assert!(headers, "no header has the proof");
                bare.push(body);
            }
            assert_eq!(bare[1], bare[2], "the events are the same");
            assert_eq!(bare[2], bare[3]);
        }
    }
}

#[tokio::test]
async fn a_wrong_app_secret_asks_for_no_other_token() {
    let clock = ManualClock::at(now());
    let server = MockServer::builder().clock(clock.clone()).app_secret(of(SECRET)).start().await.unwrap();
    for secret in [None, Some("another")] {
        let (source, asked) = scripted([0, 1].map(token).map(Ok));
        let sending = client(&server, source, &clock);
        let sending = match secret {
            Some(secret) => sending.app_secret(of(secret)),
            None => sending,
        };
        let report = sending.build().unwrap().send(event(0)).await;
        let error = report.stopped().and_then(StopCause::api_error).unwrap();
        assert_eq!(error.token_problem(), Some(TokenProblem::AppSecretProof));
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn r42_bodies_stay_within_the_limit_with_their_credentials() {
    let transport = meta_offline_events::testing::RecordingTransport::new();
    let sending = Client::builder(of("123"), token(0)).token_placement(TokenPlacement::Body);
    let limits = BatchLimits::new(1000, 10_000).unwrap();
    let sending = sending.app_secret_with_time(of(SECRET)).batch_limits(limits).transport(transport.clone());
    assert!(sending.clock(ManualClock::at(now())).build().unwrap().send(events(100)).await.all_accepted());
    let longest = transport.requests().iter().map(|request| request.body().len()).max().unwrap();
    assert!((9000..=10_000).contains(&longest), "{longest}");
}

/// Text that quotes every secret there is.
fn quoting() -> String {
    let proof = AppSecretProof::new(&of(SECRET), &token(0));
    format!("bad {} {} {SECRET} {}", token(0).expose(), token(1).expose(), proof.expose())
}

#[tokio::test]
async fn s1_neither_tokens_nor_the_app_secret_nor_proofs_show_on_success_or_any_failure() {
    let timed = AppSecretProof::at(&of(SECRET), &token(0), now());
    let plain = [0, 1].map(|number| AppSecretProof::new(&of(SECRET), &token(number)).expose().to_owned());
    let marked = ["MARKEDTOKEN", SECRET, timed.expose(), &plain[0], &plain[1]];
    let search = |place: &str, text: &str| shows_none_of(&marked, place, text);
    let quote =
        |code| serde_json::json!({"error": {"code": code, "message": quoting(), "fbtrace_id": quoting()}});
    for answers in [
        vec![Answer::judge()],
        vec![Answer::json(401, quote(190))],
        vec![Answer::json(401, quote(190)), Answer::json(401, quote(190))],
        vec![Answer::json(400, quote(104))],
        vec![Answer::json(400, quote(2)), Answer::json(200, serde_json::json!({"messages": [quoting()]}))],
        vec![Answer::echo()],
        vec![Answer::reset_after_body()],
        vec![Answer::html(500)],
        vec![Answer::body(400, "text/plain", quoting())],
    ] {
        for (timed, placement) in [(false, TokenPlacement::Header), (true, TokenPlacement::Body)] {
            for fails in [false, true] {
                let clock = ManualClock::at(now());
                let server = MockServer::builder().clock(clock.clone()).app_secret(of(SECRET));
                search("the server's builder", &format!("{server:?}"));
                let server = server.token(token(0)).token(token(1)).start().await.unwrap();
                search("the server", &format!("{server:?}"));
                server.script_all(answers.clone());
                let source = TokenSource::from_fn(move |refusal| match refusal {
                    None => Ok(token(0)),
                    Some(refusal) => {
                        shows_none_of(&["MARKEDTOKEN", SECRET], "the refusal", &format!("{refusal:?}"));
                        if fails { Err(quoting()) } else { Ok(token(1)) }
                    }
                });
                search("the source", &format!("{source:?}"));
                let sending = client(&server, source, &clock).token_placement(placement);
                let sending = if timed {
                    sending.app_secret_with_time(of(SECRET))
                } else {
                    sending.app_secret(of(SECRET))
                };
                search("the builder", &format!("{sending:?}"));
                let client = sending.build().unwrap();
                search("the client", &format!("{client:?}"));
                let report = client.send(event(0)).await;
                search("the report", &format!("{report} {report:?}"));
                search("the report's JSON", &serde_json::to_string(&report).unwrap());
                for diagnostic in report.diagnostics().iter().chain(report.notes()) {
                    search("a diagnostic", &format!("{diagnostic} {diagnostic:?}"));
                }
                if let Some(cause) = report.stopped() {
                    search("the stop", &format!("{cause} {cause:?}"));
                }
                for request in server.requests() {
                    search("the URL", request.target());
                    search("a recorded request", &format!("{request:?}"));
                }
            }
        }
    }
    search("the secret", &format!("{:?} {timed:?}", of::<AppSecret>(SECRET)));
}
