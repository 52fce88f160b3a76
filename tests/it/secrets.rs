//! No token and no customer text in any output: a marked token and marked customer text are sent,
//! and everything that can be printed afterwards is searched for them.

use std::error::Error;
use std::fmt::Write;
use std::time::Duration;

use meta_offline_events::client::{Client, HttpTransport, TokenPlacement, from_results};
use meta_offline_events::customer::UserData;
use meta_offline_events::event::{ActionSource, AppData, Attribution, Event, ExtInfo, ExtInfoVersion};
use meta_offline_events::order::{Orders, Row, RowLayout};
use meta_offline_events::testing::{Answer, FixedJitter, ManualClock, MockServer};
use meta_offline_events::value::{Currency, EventTime, Line, Money};
use meta_offline_events::wire::{Batches, RequestFields};
use serde_json::json;

use crate::support::{NOW, RealLimits, now, shows_none_of};

const TOKEN: &str = "EAABMARKEDTOKEN0123456789";
const MARKED: &[&str] = &[
    "MARKEDTOKEN",
    "markedmail",
    "markedname",
    "Marked Agent",
    "203.0.113.77",
    "cdda0000-1111-2222-3333-444455556666",
    "5550001234",
    "markedpage",
    "markedreferrer",
    "markedsearch",
    "markedproperty",
    "markedlinkage",
    "markedreceipt",
];

fn search(place: &str, text: &str) {
    shows_none_of(MARKED, place, text);
}

fn customer() -> UserData {
    UserData::builder()
        .email("MarkedMail@example.com")
        .phone("+1 555 000 1234")
        .first_name("MarkedName")
        .client_user_agent("Marked Agent/1.0 (X11)")
        .client_ip_address("203.0.113.77")
        .mobile_advertiser_id("CDDA0000-1111-2222-3333-444455556666")
        .build()
        .unwrap()
}

fn event() -> Event {
    let device = ExtInfo::new(ExtInfoVersion::Ios, "18.1".parse().unwrap());
    Event::builder(EventTime::from_unix(NOW - 60).unwrap(), customer())
        .action_source(ActionSource::Website)
        .event_source_url("https://shop.example/markedpage".parse().unwrap())
        .referrer_url("https://shop.example/markedreferrer".parse().unwrap())
        .search_string("markedsearch".parse().unwrap())
        .property("note", json!({ "by": ["markedproperty"] }))
        .attribution(Attribution::new().linkage_key("markedlinkage".parse().unwrap()))
        .app_data(AppData::new(true, device).receipt_data("markedreceipt".parse().unwrap()))
        .value(Money::new("10".parse().unwrap(), Currency::USD))
        .lines([Line::new(2)])
        .build()
        .unwrap()
}

fn print_chain(error: &dyn Error) -> String {
    let mut text = format!("{error} {error:?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        write!(text, " {error} {error:?}").unwrap();
        cause = error.source();
    }
    text
}

#[tokio::test]
async fn s1_s2_r41_nothing_shows_on_success_or_on_any_failure() {
    let quoted = format!(
        "bad token {TOKEN} for markedmail@example.com, Marked Agent/1.0 (X11), 203.0.113.77, \
         cdda0000-1111-2222-3333-444455556666, https://shop.example/markedpage, \
         https://shop.example/markedreferrer, markedsearch, markedproperty, markedlinkage, markedreceipt"
    );
    let quote = json!({"error": {
        "code": 100, "message": quoted, "error_user_title": quoted, "error_user_msg": quoted,
        "fbtrace_id": TOKEN, "type": quoted, "error_data": {"blame_field_specs": [[quoted]]},
    }});
    for answer in [
        Answer::judge(),
        Answer::echo(),
        Answer::json(400, quote.clone()),
        Answer::json(401, quote),
        Answer::json(200, json!({"events_received": 1, "messages": [quoted], "fbtrace_id": quoted})),
        Answer::graph_error(401, 190, Some(463)),
        Answer::html(500),
        Answer::reset_before_body(),
        Answer::hang(),
        Answer::body(400, "text/plain", quoted.clone()),
        Answer::empty(302).header("location", &format!("http://127.0.0.1:1/?access_token={TOKEN}")),
    ] {
        for placement in [TokenPlacement::Header, TokenPlacement::Body] {
            let server = MockServer::builder().clock(ManualClock::at(now())).start().await.unwrap();
            server.always(answer.clone());
            let builder = Client::builder("123".parse().unwrap(), TOKEN.parse().unwrap())
                .loopback_endpoint(server.url())
                .timeouts(Duration::from_secs(1), Duration::from_millis(300))
                .clock(RealLimits(ManualClock::at(now())))
                .jitter(FixedJitter(0.0))
                .token_placement(placement);
            search("the builder", &format!("{builder:?}"));
            let client = builder.build().unwrap();
            let report = client.send(vec![event()]).await;
            search("the client", &format!("{client:?}"));
            search("the report", &format!("{report} {report:?}"));
            search("the report's JSON", &serde_json::to_string(&report).unwrap());
            for diagnostic in report.diagnostics() {
                search("a diagnostic", &format!("{diagnostic} {diagnostic:?}"));
            }
            if let Some(cause) = report.stopped() {
                search("the stop", &format!("{cause} {cause:?}"));
            }
        }
    }
}

#[tokio::test]
async fn s3_no_connection_shows_no_url_and_no_token() {
    let server = MockServer::start().await.unwrap();
    let url = server.url();
    drop(server);
    let client = Client::builder("123".parse().unwrap(), TOKEN.parse().unwrap())
        .loopback_endpoint(url)
        .clock(ManualClock::at(now()))
        .build()
        .unwrap();
    let report = client.send(vec![event()]).await;
    search("the report", &format!("{report:?} {:?}", report.diagnostics()));
}

#[test]
fn s2_values_events_and_rows_show_no_customer() {
    search("user data", &format!("{:?}", customer()));
    search("an event", &format!("{:?}", event()));
    let events = [event()];
    let batches = Batches::new(&events, &RequestFields::new());
    search("batches", &format!("{batches:?}"));
    for batch in batches {
        assert!(format!("{batch:?}").len() < 100, "a batch shows no bytes");
    }
    let raw = UserData::builder().email("markedmail@").phone("markedname").first_name("!markedname!");
    search("a builder", &format!("{raw:?}"));
    let row = Row::new(Line::new(2), now()).customer(raw.clone());
    search("a row", &format!("{row:?}"));
    search("unusable user data", &print_chain(&raw.build().unwrap_err()));
    let token = TOKEN.parse::<meta_offline_events::value::AccessToken>().unwrap();
    search("the token", &format!("{token:?}"));
}

#[test]
fn f_refused_rows_are_named_by_line_and_column_only() {
    let headers = ["email", "phone", "order_id", "timestamp", "price", "quantity", "currency", "birthdate"];
    let layout = RowLayout::new().bind(&headers).unwrap();
    let mut orders = Orders::new();
    for (number, record) in [
        ["markedmail@example.com", "", "1", "markedname", "markedname", "1", "markedname", ""],
        ["markedmail@", "markedname", "2", "1777895000", "5", "1", "EUR", "markedname"],
        ["markedmail@example.com", "5550001234", "3", "1777895000", "5", "markedname", "EUR", "markedname"],
    ]
    .iter()
    .enumerate()
    {
        orders.push_parsed(layout.read(Line::new(number as u64 + 2), |index| record[index]));
    }
    let prepared = orders.finish(now());
    assert_eq!(prepared.rows.invalid(), 3);
    search("the account of rows", &format!("{:?}", prepared.rows));
    for diagnostic in prepared.rows.diagnostics().iter().chain(prepared.rows.notes()) {
        search("a diagnostic", &diagnostic.to_string());
    }
}

/// The token as a hostile server may write it.
fn disguises() -> Vec<String> {
    let each = |write: &dyn Fn(char) -> String| TOKEN.chars().map(write).collect::<Vec<_>>().concat();
    vec![
        TOKEN.to_owned(),
        TOKEN.to_lowercase(),
        each(&|letter| format!("{letter}\u{200b}")),
        each(&|letter| format!("{letter}\u{202e}\u{1b}")),
        each(&|letter| format!("%{:02x}", u32::from(letter))),
        each(&|letter| format!("%25{:02X}", u32::from(letter))),
        format!("{}{TOKEN}{}", "x".repeat(40_000), "y".repeat(40_000)),
        format!("{} {TOKEN} {}", "x ".repeat(400), "y ".repeat(40_000)),
    ]
}

/// Fails when a text shows the token however written, a character that is no text, or too much.
#[track_caller]
fn is_harmless(place: &str, text: &str) {
    let hidden = |letter: char| letter.is_control() || "\u{200b}\u{202e}".contains(letter);
    assert!(!text.contains(hidden), "{place}: {text:?}");
    assert!(text.len() < 20_000, "{place}: {} bytes", text.len());
    let plain = text.to_lowercase().replace("%25", "%");
    let mut plain: String = plain.split_whitespace().collect();
    for letter in TOKEN.to_lowercase().chars() {
        plain = plain.replace(&format!("%{:02x}", u32::from(letter)), &letter.to_string());
    }
    for piece in TOKEN.to_lowercase().as_bytes().windows(6) {
        let piece = std::str::from_utf8(piece).unwrap();
        assert!(!plain.contains(piece), "{place} shows {piece}: {text}");
    }
}

/// The messages of an error and of its causes.
fn shown_by(report: &meta_offline_events::report::DeliveryReport) -> Vec<(&'static str, String)> {
    let mut shown = vec![
        ("the report", format!("{report:?}")),
        ("the report's JSON", serde_json::to_string(report).unwrap()),
        ("the notes", format!("{:?}", report.notes())),
        ("the messages", report.messages().collect::<Vec<_>>().join(" ")),
        ("the trace ids", report.trace_ids().collect::<Vec<_>>().join(" ")),
    ];
    shown.extend(report.diagnostics().iter().map(|diagnostic| ("a diagnostic", diagnostic.to_string())));
    shown.extend(report.outcomes().iter().map(|outcome| ("an outcome", format!("{outcome} {outcome:?}"))));
    if let Some(cause) = report.stopped() {
        shown.push(("the stop", format!("{cause} {cause:?}")));
        let link = cause.api_error().and_then(|error| error.terms_link());
        shown.push(("the link to the terms", link.unwrap_or_default().to_owned()));
    }
    shown
}

#[tokio::test]
async fn s1_s14_r38_r41_a_hostile_server_puts_the_token_into_no_text_of_a_report() {
    let error = |name: &str, text: &str| json!({"error": {"code": 190, name: text}});
    let terms = "https://business.facebook.com/";
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let halves = TOKEN.split_at(TOKEN.len() / 2);
    let mut answers = vec![
        Answer::json(400, json!({"error": {"code": 100, "message": halves.0, "error_user_msg": halves.1}})),
        Answer::json(200, json!({"events_received": 1, "messages": [halves.0, halves.1]})),
        Answer::json(200, json!({"events_received": 1, "messages": [halves.1], "fbtrace_id": halves.0})),
    ];
    for text in disguises() {
        for name in ["message", "type", "error_user_title", "error_user_msg", "fbtrace_id", "error_msg"] {
            answers.push(Answer::json(400, error(name, &text)));
        }
        let fields = json!({"blame_field_specs": [[text], ["user_data", text]]});
        answers.push(Answer::json(400, json!({"error": {"code": 100, "error_data": fields}})));
        answers.push(Answer::json(400, json!({"error": text})));
        answers.push(Answer::json(200, json!({"events_received": 1, "messages": [text, {"a": text}]})));
        answers.push(Answer::json(200, json!({"events_received": 1, "fbtrace_id": text})));
        let link = format!("agree at {terms}{TOKEN}/customaudiences/tos/?a={text}");
        answers.push(Answer::json(400, error("message", &link)));
        if text.is_ascii() && !text.contains('\u{1b}') {
            answers.push(Answer::body(400, &format!("text/html; a={text}"), "<html>"));
            answers.push(Answer::body(200, &text, "<html>"));
            for to in [format!("https://{text}.example/"), format!("http://127.0.0.1:1/{text}"), text.clone()]
            {
                answers.push(Answer::empty(302).header("location", &to));
            }
            answers.push(Answer::empty(503).header("retry-after", &text).header("x-app-usage", &text));
            answers.push(Answer::raw(format!("HTTP/1.1 {text}\r\n\r\n")));
            answers.push(Answer::raw(format!("HTTP/1.1 200 {text}\r\n{text}\r\n\r\n")));
        }
    }
    for answer in answers {
        for (placement, own) in [(TokenPlacement::Header, true), (TokenPlacement::Body, false)] {
            let server = MockServer::builder().clock(ManualClock::at(now())).start().await.unwrap();
            server.always(answer.clone());
            let builder = Client::builder("123".parse().unwrap(), TOKEN.parse().unwrap())
                .loopback_endpoint(server.url())
                .timeouts(Duration::from_secs(1), Duration::from_secs(2))
                .clock(RealLimits(ManualClock::at(now())))
                .jitter(FixedJitter(0.0))
                .token_placement(placement);
            // One that follows redirects, to see what is said of where they lead.
            let builder =
                if own { builder } else { builder.transport(HttpTransport::from_reqwest(http.clone())) };
            let report = builder.build().unwrap().send(vec![event()]).await;
            for (place, text) in shown_by(&report) {
                is_harmless(place, &text);
                search(place, &text);
            }
        }
    }
}

#[tokio::test]
async fn s1_a_source_that_fails_with_the_token_does_not_show_it() {
    for text in disguises() {
        let transport = meta_offline_events::testing::RecordingTransport::new();
        let client = Client::builder("123".parse().unwrap(), TOKEN.parse().unwrap())
            .transport(transport)
            .clock(ManualClock::at(now()))
            .build()
            .unwrap();
        let report = client.deliver(from_results([Ok(event()), Err(text)])).await;
        for (place, text) in shown_by(&report) {
            is_harmless(place, &text);
        }
    }
}
