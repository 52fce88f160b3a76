//! Any answer to a request: the run ends, each event has one outcome, what is called accepted was counted, and the
//! report is short and never shows the token.
//!
//! The first byte chooses the status, the second one how many headers follow, each on a line of its own: a letter
//! that chooses the name, and the value. The rest is the body. Every later request is accepted.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use meta_offline_events::client::{Client, Response};
use meta_offline_events::testing::{FixedJitter, ManualClock, RecordingTransport};
use meta_offline_events::value::EventTime;
use meta_offline_events::{Event, UserData};
use serde_json::Value;

const TOKEN: &str = "EAABfuzzTOKENzzf";

const STATUSES: [u16; 16] = [200, 200, 200, 200, 201, 302, 400, 400, 400, 401, 403, 413, 429, 500, 503, 404];

const HEADERS: [&str; 8] = [
    "x-business-use-case-usage",
    "x-app-usage",
    "x-ad-account-usage",
    "retry-after",
    "date",
    "location",
    "content-type",
    "x-fb-trace-id",
];

static EVENTS: LazyLock<Vec<Event>> = LazyLock::new(|| {
    let event = |number: i64| {
        let customer = UserData::builder().email("fuzzed@example.com").build().expect("a customer");
        let event = Event::builder(now(), customer).order_id(format!("F{number}").parse().expect("an id"));
        event.value("1.50 EUR".parse().expect("an amount")).build().expect("an event")
    };
    (0..3).map(event).collect()
});

fn now() -> EventTime {
    EventTime::from_unix(1_777_910_400).expect("a time")
}

fuzz_target!(|data: &[u8]| {
    let [status, headers, rest @ ..] = data else { return };
    let status = STATUSES[usize::from(*status) % STATUSES.len()];
    let mut lines = rest.splitn(usize::from(headers % 4) + 1, |byte| *byte == b'\n').collect::<Vec<_>>();
    let body = lines.pop().unwrap_or_default();
    let mut response = Response::new(status, body.to_vec());
    for line in lines {
        let [name, value @ ..] = line else { continue };
        let Ok(value) = std::str::from_utf8(value) else { continue };
        response = response.header(HEADERS[usize::from(*name) % HEADERS.len()], value);
    }

    let transport = RecordingTransport::new();
    transport.reply(Ok(response));
    let client = Client::builder("1".parse().expect("an id"), TOKEN.parse().expect("a token"))
        .transport(transport.clone())
        .clock(ManualClock::at(now()))
        .jitter(FixedJitter(0.5))
        .build()
        .expect("a client");
    let report = futures_executor::block_on(client.send(EVENTS.clone()));

    let events = report.events();
    assert_eq!(events.accepted + events.refused + events.not_sent + events.unconfirmed, 3);
    let requests = transport.requests().len();
    assert!((1..=8).contains(&requests), "{requests} requests");
    if requests == 1 && events.accepted > 0 {
        let counted = serde_json::from_slice::<Value>(body).expect("a whole answer");
        let count = &counted["events_received"];
        assert!(*count == 3 || *count == "3", "accepted without a count");
        assert_eq!(status, 200);
    }
    let json = serde_json::to_string(&report).expect("JSON");
    for shown in [format!("{report:?}"), report.to_string(), json] {
        assert!(shown.len() < 50_000, "{} bytes", shown.len());
        let plain: String = shown.chars().filter(char::is_ascii_alphanumeric).collect();
        assert!(!plain.to_ascii_lowercase().contains(&TOKEN.to_ascii_lowercase()), "the token shows");
        assert!(!shown.contains("fuzzed@example.com"), "an address shows");
    }
});
