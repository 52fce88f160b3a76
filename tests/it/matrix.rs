//! The fault matrix: every answer that may come first, every answer that may come second, and 1, 4 and 16
//! requests in flight, over real sockets. A server keeps the ledger of what it stored, and each outcome that
//! the client reports is held against it.
//!
//! `MATRIX_SEED` draws other events and batches, and `MATRIX_ROUNDS` plays that many seeds, one after the other.

use std::collections::BTreeSet;
use std::env;
use std::time::Duration;

use fastrand::Rng;
use futures_util::stream::{self, StreamExt};
use meta_offline_events::client::{Client, HttpTransport, RetryPolicy};
use meta_offline_events::event::Event;
use meta_offline_events::report::{DeliveryReport, Outcome};
use meta_offline_events::testing::{Answer, FixedJitter, ManualClock, MockServer};
use meta_offline_events::wire::BatchLimits;

use crate::model::demand;
use crate::support::{RealLimits, event, now};

/// What an answer tells about the events of its request.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Tells {
    /// They are stored.
    Stored,
    /// They are not stored, and the same request may succeed later.
    NotNow,
    /// They are refused for what they are.
    Refusal,
    /// They are not stored, and no request will succeed.
    NotAtAll,
    /// Nothing. They may be stored, and the request may be sent again.
    Nothing,
    /// Nothing, and the request is not sent again.
    NothingForGood,
}

/// Every way in which a request may end: a name, the answer, and what it tells.
fn answers() -> Vec<(&'static str, Answer, Tells)> {
    use Tells::{NotAtAll, NotNow, Nothing, NothingForGood, Refusal, Stored};
    let tomorrow = |answer: Answer| answer.header("retry-after", "99999");
    let elsewhere = Answer::empty(307).header("location", "https://elsewhere.example/");
    vec![
        ("a receipt", Answer::judge(), Stored),
        ("reset before the body", Answer::reset_before_body(), Nothing),
        ("reset after the body", Answer::reset_after_body(), Nothing),
        ("no answer", Answer::hang(), Nothing),
        ("a late receipt", Answer::judge().after(2 * ATTEMPT), Nothing),
        ("half a receipt", Answer::judge().half(), Nothing),
        ("no HTTP", Answer::raw("neither head nor body\r\n\r\n"), Nothing),
        ("200 with a page", Answer::html(200), Nothing),
        ("400 with a page", Answer::html(400), Nothing),
        ("500 with a page", Answer::html(500), Nothing),
        ("503 until tomorrow", tomorrow(Answer::empty(503)), NothingForGood),
        ("too many events", Answer::received(999), NothingForGood),
        ("no events", Answer::received(0), NothingForGood),
        ("code 2", Answer::transient(), NotNow),
        ("throttled", Answer::throttled([("retry-after", "60")]), NotNow),
        ("code 100", Answer::graph_error(400, 100, None), Refusal),
        ("code 777", Answer::graph_error(400, 777, None), Refusal),
        ("413", Answer::empty(413), Refusal),
        ("code 190", Answer::graph_error(401, 190, Some(463)), NotAtAll),
        ("code 190, not in UTF-8", not_utf8(190), NotAtAll),
        ("404 with a page", Answer::html(404), NotAtAll),
        ("a redirect", elsewhere, NotAtAll),
        ("code 2 until tomorrow", tomorrow(Answer::transient()), NotAtAll),
        ("throttled until tomorrow", tomorrow(Answer::throttled([])), NotAtAll),
    ]
}

/// The answer of a server that may have stored the events all the same, where that contradicts nothing that the
/// answer tells.
fn answered((_, answer, tells): &(&str, Answer, Tells), stores: bool) -> Answer {
    let is_open = matches!(tells, Tells::Nothing | Tells::NothingForGood);
    if stores && is_open { answer.clone().storing() } else { answer.clone() }
}

/// An error with a byte that is no text.
fn not_utf8(code: u32) -> Answer {
    let rest = format!(r#"","code":{code}}}}}"#);
    let body = [br#"{"error":{"message":"caf"#, b"\xe9".as_slice(), rest.as_bytes()];
    Answer::body(400, "application/json", body.concat())
}

/// The limit of an attempt. A healthy request that takes longer is one more answer that tells nothing.
const ATTEMPT: Duration = Duration::from_millis(200);

/// The end of a lone event after these answers, and a receipt if it is sent once more.
fn end_of_one(answers: [Tells; 2]) -> &'static str {
    let mut may_be_stored = false;
    let known = |may_be_stored, end| if may_be_stored { "unconfirmed" } else { end };
    for tells in answers {
        match tells {
            Tells::Stored => return "accepted",
            Tells::NotNow => {}
            Tells::Nothing => may_be_stored = true,
            Tells::NothingForGood => return "unconfirmed",
            Tells::Refusal => return known(may_be_stored, "refused"),
            Tells::NotAtAll => return known(may_be_stored, "not sent"),
        }
    }
    "accepted"
}

fn end(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted => "accepted",
        Outcome::AlreadySent | Outcome::Pending(_) => "with a journal",
        Outcome::Refused(_) => "refused",
        Outcome::NotSent(_) => "not sent",
        Outcome::Unconfirmed(_) => "unconfirmed",
    }
}

struct Case {
    names: String,
    server: MockServer,
    client: Client,
}

impl Case {
    async fn new(names: String, in_flight: usize, batch: usize, http: &HttpTransport) -> Self {
        let clock = ManualClock::at(now());
        let server = MockServer::builder().clock(clock.clone()).start().await.unwrap();
        let client = Client::builder("123".parse().unwrap(), "EAAB-test".parse().unwrap())
            .loopback_endpoint(server.url())
            .batch_limits(BatchLimits::new(batch, 100_000).unwrap())
            .in_flight(in_flight)
            .transport(http.clone())
            .timeouts(Duration::from_secs(5), ATTEMPT)
            .retry(RetryPolicy::new().attempts(6))
            .clock(RealLimits(clock))
            .jitter(FixedJitter(0.5))
            .build()
            .unwrap();
        Self { names, server, client }
    }

    /// The ids of what the server has stored.
    fn ledger(&self) -> BTreeSet<String> {
        let id = |event: serde_json::Value| event["event_id"].as_str().unwrap().to_owned();
        self.server.accepted().into_iter().map(id).collect()
    }

    /// Sends, and holds what the report says against the ledger.
    async fn send(&self, events: Vec<Event>) -> Result<DeliveryReport, Broken> {
        let names = &self.names;
        let sent = events.clone();
        let report = self.client.send(events).await;
        let (ledger, outcomes) = (self.ledger(), report.outcomes());
        let tally = |end_of| outcomes.iter().filter(|outcome| end(outcome) == end_of).count() as u64;
        let ends = ["accepted", "refused", "not sent", "unconfirmed"].map(tally);
        let counts = report.events();
        let counted = [counts.accepted, counts.refused, counts.not_sent, counts.unconfirmed];
        demand!(outcomes.len() == sent.len(), "{names}: {} of {} events", outcomes.len(), sent.len());
        demand!(counted == ends, "{names}: counted {counted:?}, outcomes {ends:?}");
        demand!(report.rows().is_balanced(), "{names}: {:?}", report.rows());
        let mut later = Vec::new();
        for (event, outcome) in sent.iter().zip(outcomes) {
            let is_stored = ledger.contains(event.id().unwrap().as_str());
            let claim = end(outcome);
            demand!(
                claim == "unconfirmed" || is_stored == (claim == "accepted"),
                "{names}: {claim}: {outcome}"
            );
            if claim == "not sent" {
                later.push(event.id().cloned());
            }
        }
        let unsent: Vec<_> = report.clone().into_unsent().iter().map(|event| event.id().cloned()).collect();
        demand!(unsent == later, "{names}: {} of {} events are handed back", unsent.len(), later.len());
        Ok(report)
    }
}

/// A promise that was not kept.
type Broken = String;

/// Connections for all cases: it takes long to prepare for TLS.
fn http() -> HttpTransport {
    let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    HttpTransport::from_reqwest(http.build().unwrap())
}

/// Plays cases side by side, because most of their time is waiting, and lists what they broke.
async fn play(cases: impl IntoIterator<Item = impl Future<Output = Result<(), Broken>>>) {
    let played: Vec<_> = stream::iter(cases).buffer_unordered(24).collect().await;
    let broken: Vec<Broken> = played.into_iter().filter_map(Result::err).collect();
    assert!(broken.is_empty(), "{} cases:\n{}", broken.len(), broken.join("\n"));
}

#[tokio::test]
async fn a_lone_event_comes_to_the_end_that_two_answers_prove() {
    let answers = answers();
    let http = &http();
    let pairs = answers.iter().flat_map(|first| answers.iter().map(move |second| (first, second)));
    play(pairs.map(|(first, second)| async move {
        let case = Case::new(format!("{}, then {}", first.0, second.0), 1, 1, http).await;
        case.server.script_all([answered(first, true), answered(second, true)]);
        let report = case.send(vec![event(0)]).await?;
        let outcome = &report.outcomes()[0];
        let expected = end_of_one([first.2, second.2]);
        demand!(end(outcome) == expected, "{}: {}, not {expected}: {outcome}", case.names, end(outcome));
        Ok(())
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_pair_of_answers_to_many_requests_loses_invents_or_claims_anything() {
    let setting = |name| env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let first_seed = setting("MATRIX_SEED").unwrap_or(1);
    for seed in first_seed..first_seed + setting("MATRIX_ROUNDS").unwrap_or(1) {
        round(seed).await;
    }
}

/// All pairs, with events and batches that follow from the seed.
async fn round(seed: u64) {
    let (answers, http) = (answers(), &http());
    let mut rng = Rng::with_seed(seed);
    let mut cases = Vec::new();
    for in_flight in [1, 4, 16] {
        for first in &answers {
            for second in &answers {
                cases.push((in_flight, first, second, rng.fork()));
            }
        }
    }
    play(cases.into_iter().map(|(in_flight, first, second, mut rng)| async move {
        let names = format!("seed {seed}, {in_flight} in flight: {}, then {}", first.0, second.0);
        let batch = rng.usize(1..=3);
        let case = Case::new(names, in_flight, batch, http).await;
        // After a first receipt as many requests leave as may be in flight.
        if rng.bool() {
            case.server.script(Answer::judge());
        }
        for answer in [first, second] {
            case.server.script_all((0..in_flight).map(|_| answered(answer, rng.bool())));
        }
        let report = case.send((0..batch * (in_flight + 1)).map(event).collect()).await?;
        let (unsent, before) = (report.into_unsent(), case.ledger().len());
        case.server.reset();
        let again = unsent.len();
        let later = case.client.send(unsent).await;
        demand!(later.all_accepted(), "{}: {:?} of what was handed back", case.names, later.events());
        demand!(case.ledger().len() == before + again, "{}: what was handed back was stored", case.names);
        Ok(())
    }))
    .await;
}
