//! What a subscriber of `tracing` is told: the promised names and fields, and no secret among them.

use std::cell::RefCell;
use std::io::Write;
use std::sync::Once;
use std::time::Duration;

use meta_offline_events::auth::IssuedToken;
use meta_offline_events::client::Client;
use meta_offline_events::graph::{App, Graph, LoginCode, Renewal};
use meta_offline_events::testing::{Answer, FixedJitter, ManualClock, MockServer};
use meta_offline_events::value::EventTime;
use meta_offline_events::wire::BatchLimits;
use serde_json::json;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::support::{NOW, events};

thread_local! {
    static LOG: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Writes into the log of the test that runs on this thread.
struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOG.with_borrow_mut(|log| log.iter_mut().for_each(|log| log.extend(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_span_events(FmtSpan::NEW)
            .with_ansi(false)
            .without_time()
            .with_writer(|| Log)
            .init();
    });
    LOG.set(Some(Vec::new()));
}

/// Every line that a run with faults writes at the finest level.
async fn log_of(answers: Vec<Answer>, token: &str) -> Vec<String> {
    listen();
    let now = EventTime::from_unix(NOW).unwrap();
    let server = MockServer::builder().clock(ManualClock::at(now)).start().await.unwrap();
    server.script_all(answers);
    let client = Client::builder("123".parse().unwrap(), token.parse().unwrap())
        .loopback_endpoint(server.url())
        .batch_limits(BatchLimits::new(4, 100_000).unwrap())
        .in_flight(1)
        .clock(ManualClock::at(now))
        .jitter(FixedJitter(0.0))
        .build()
        .unwrap();
    let _ = client.send(events(8)).await;
    let log = LOG.take().unwrap();
    String::from_utf8(log).unwrap().lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn names_and_fields_are_as_promised() {
    let answers = vec![
        Answer::transient(),
        Answer::throttled([("retry-after", "90")]),
        Answer::judge(),
        Answer::graph_error(401, 190, Some(463)),
    ];
    let lines = log_of(answers, "EAAB-test").await;
    let has = |parts: &[&str]| lines.iter().any(|line| parts.iter().all(|part| line.contains(part)));
    for expected in [
        &["INFO delivery{in_flight=1 test_event_code=false}: meta_offline_events: new"][..],
        &["DEBUG", "batch{events=4}: meta_offline_events: new"],
        &["DEBUG", "attempt result=\"retry\" status=400 code=2", "trace_id=\"AMockTrace"],
        &["DEBUG", "next step=\"retry\" wait_ms=0"],
        &["DEBUG", "attempt result=\"throttle\""],
        &["DEBUG", "next step=\"pause\" wait_ms=90000"],
        &["WARN", "paused wait_ms=90000"],
        &["DEBUG", "attempt result=\"accepted\""],
        &["DEBUG", "outcome outcome=\"accepted\" events=4"],
        &["DEBUG", "attempt result=\"fix_token\" status=401 code=190 subcode=463"],
        &["WARN", "stopping cause=\"fix_token\""],
        &["DEBUG", "outcome outcome=\"run_stopped\" events=4"],
        &[
            "INFO",
            "finished accepted=4 refused=0 not_sent=4 unconfirmed=0 already_sent=0 pending=0 resumed=0 requests=4",
        ],
    ] {
        assert!(has(expected), "{expected:?} is not in {lines:#?}");
    }
}

#[tokio::test]
async fn a_count_that_differs_is_named() {
    let lines = log_of(vec![Answer::received(3)], "EAAB-test").await.join("\n");
    assert!(lines.contains("attempt result=\"count_differs\""), "{lines}");
}

#[tokio::test]
async fn s1_s2_neither_token_nor_customer_shows_at_any_level() {
    let token = "EAABMARKEDTOKEN";
    let each = |write: &dyn Fn(char) -> String| token.chars().map(write).collect::<Vec<_>>().concat();
    let traced = |id: String| Answer::json(400, json!({"error": {"code": 2, "fbtrace_id": id}}));
    let answers = vec![
        Answer::echo(),
        Answer::echo(),
        Answer::html(502),
        Answer::accept_then_reset(),
        traced(token.to_owned()),
        traced(token.to_lowercase()),
        traced(each(&|letter| format!("{letter}\u{200b}"))),
        traced(each(&|letter| format!("%{:02x}", u32::from(letter)))),
    ];
    let lines = log_of(answers, token).await.join("\n");
    let text: String = lines.to_lowercase().split_whitespace().collect();
    assert!(!text.contains("markedtoken") && !lines.contains("%4d"), "{lines}");
    let digest = meta_offline_events::customer::Hashed::of("customer1@example.com").to_string();
    for secret in ["MARKEDTOKEN", "example.com", "order-", &digest] {
        assert!(!lines.contains(secret), "{secret} shows in {lines}");
    }
    assert!(lines.contains("meta_offline_events"));
}

#[tokio::test]
async fn s1_calls_and_renewals_show_no_secret_at_any_level() {
    const SECRET: &str = "5eC4e7MARKED0123456789abcdef0123";
    const TOKEN: &str = "EAABMARKEDTOKEN";
    let quote = format!("{TOKEN} {SECRET}");
    let refusal =
        json!({"error": {"code": 190, "error_subcode": 460, "message": quote, "fbtrace_id": quote}});
    for answers in [
        vec![],
        vec![Answer::echo()],
        vec![Answer::json(400, refusal), Answer::html(502)],
        vec![Answer::empty(302).header("location", &format!("https://{TOKEN}.example/"))],
        vec![Answer::reset_after_body(), Answer::transient()],
    ] {
        listen();
        let clock = ManualClock::at(EventTime::from_unix(NOW).unwrap());
        let end = EventTime::from_unix(NOW + 1000).unwrap();
        let server = MockServer::builder().clock(clock.clone()).token_until(TOKEN.parse().unwrap(), end);
        let server = server.app("12".parse().unwrap(), SECRET.parse().unwrap()).start().await.unwrap();
        let graph =
            Graph::builder().loopback_endpoint(server.url()).clock(clock.clone()).jitter(FixedJitter(0.0));
        let graph = graph.build().unwrap().app(App::new("12".parse().unwrap(), SECRET.parse().unwrap()));
        let code = LoginCode::from_popup("AQDMARKEDCODE");
        assert!(graph.exchange_code(code).await.is_err());
        let issued = IssuedToken::new(TOKEN.parse().unwrap()).expires(end);
        let tokens = graph.renewing(issued, Renewal::User);
        let sending =
            Client::builder_with_source("123".parse().unwrap(), tokens).loopback_endpoint(server.url());
        let sending = sending.clock(clock.clone()).jitter(FixedJitter(0.0)).build().unwrap();
        for answer in answers.iter().cloned() {
            server.script_call(answer);
        }
        for _ in 0..4 {
            clock.advance(Duration::from_secs(300));
            let _ = sending.send(events(1)).await;
        }
        let _ = graph.revoke(&TOKEN.parse().unwrap()).await;
        let _ = graph.inspect(&TOKEN.parse().unwrap()).await;
        let log = String::from_utf8(LOG.take().unwrap()).unwrap();
        for secret in ["MARKED", "MOCKTOKEN"] {
            assert!(!log.contains(secret), "{secret} shows in {log}");
        }
        for expected in [
            "call method=\"GET\" path=\"oauth/access_token\" result=\"fix_event\" status=400 code=100",
            "path=\"debug_token\" result=\"answered\"",
            "attempt result=\"accepted\"",
        ] {
            assert!(log.contains(expected), "{expected} is not in {log}");
        }
    }
}
