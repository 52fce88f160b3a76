//! Reports as JSON and as a page: the schema holds for every report, and texts from outside are shown as text.

use std::fs;
use std::path::Path;
use std::time::Duration;

use fastrand::Rng;
use jsonschema::Validator;
use meta_offline_events::client::{Client, RetryPolicy};
use meta_offline_events::customer::{Coverage, MatchKey, UserData};
use meta_offline_events::event::{ActionSource, Event};
use meta_offline_events::order::{OrderRules, Orders, Row};
use meta_offline_events::report::{
    DeliveryReport, QualityScore, Reason, RunReport, SCHEMA, SavedReport, Wait, html,
};
use meta_offline_events::testing::{Answer, FixedJitter, ManualClock, MockServer, RecordingTransport};
use meta_offline_events::value::{Currency, EventTime, Line, Money};
use meta_offline_events::wire::BatchLimits;
use serde_json::{Value, json};

use crate::support::{NOW, RealLimits, events, now, shows_none_of, sold};

const TOKEN: &str = "EAABMARKEDTOKEN0123456789";
const MARKED: &[&str] = &["MARKEDTOKEN", "markedmail", "markedname", "5550001234", "203.0.113.77"];

/// A schema, or one of its definitions.
fn schema(definition: Option<&str>) -> Validator {
    let mut schema: Value = serde_json::from_str(SCHEMA).unwrap();
    if let Some(name) = definition {
        schema = json!({ "$ref": format!("#/$defs/{name}"), "$defs": schema["$defs"] });
    }
    jsonschema::validator_for(&schema).unwrap()
}

#[track_caller]
fn assert_valid(schema: &Validator, document: &Value) {
    let errors: Vec<_> =
        schema.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?} in {document:#}");
}

fn saved(document: &Value) -> SavedReport {
    SavedReport::read(document.to_string().as_bytes()).unwrap()
}

fn page(document: &Value) -> String {
    html::page(&saved(document))
}

/// A client whose waits are skipped.
fn client(server: &MockServer, clock: &ManualClock, batch: usize) -> Client {
    Client::builder("123".parse().unwrap(), TOKEN.parse().unwrap())
        .loopback_endpoint(server.url())
        .batch_limits(BatchLimits::new(batch, BatchLimits::default().bytes()).unwrap())
        .timeouts(Duration::from_secs(2), Duration::from_millis(700))
        .retry(RetryPolicy::new().attempts(4))
        .in_flight(1)
        .clock(RealLimits(clock.clone()))
        .jitter(FixedJitter(1.0))
        .build()
        .unwrap()
}

/// Random rows, of which some are returns, some invalid, and some belong together.
fn random_rows(rng: &mut Rng, orders: &mut Orders) {
    let currencies = [Currency::EUR, Currency::JPY, "KWD".parse().unwrap()];
    for line in 2..rng.u64(2..40) {
        let sold = EventTime::from_unix(NOW - rng.i64(0..70 * 86_400)).unwrap();
        let mut mary = UserData::builder();
        if rng.bool() {
            mary = mary.email(["MarkedMail@example.com", "john@example.com", "nobody"][rng.usize(0..3)]);
        }
        if rng.bool() {
            mary = mary.phone(["+1 555 000 1234", "555 000 1234"][rng.usize(0..2)]).first_name("MarkedName");
        }
        let mut row = Row::new(Line::new(line).in_source(rng.u16(0..3)), sold)
            .customer(mary)
            .currency(currencies[rng.usize(0..3)])
            .price(["5", "0.125", "10.50", "99999999999"][rng.usize(0..4)].parse().unwrap())
            .quantity(rng.i64(-1..4))
            .action_source(["physical_store", "phone_call", "email"][rng.usize(0..3)].parse().unwrap());
        if rng.u8(0..5) > 0 {
            row = row.order_id(format!("A{}", rng.u64(0..20)).parse().unwrap());
        }
        orders.push(&row);
    }
}

fn random_answer(rng: &mut Rng) -> Answer {
    match rng.u8(0..12) {
        0 => Answer::received(7),
        1 => Answer::transient(),
        2 => Answer::throttled([("retry-after", "600"), ("x-app-usage", r#"{"call_count":97}"#)]),
        3 => Answer::graph_error(401, 190, Some(463)),
        4 => Answer::reset_after_body(),
        5 => Answer::reset_before_body(),
        6 => Answer::html(200),
        7 => Answer::echo(),
        8 => Answer::redirect(&"https://example.com/".parse().unwrap()),
        _ => Answer::judge(),
    }
}

#[tokio::test]
async fn two_hundred_random_reports_of_every_kind_keep_to_the_schema() {
    let (whole, row_report, coverage_schema, diagnostic) =
        (schema(None), schema(Some("row_report")), schema(Some("coverage")), schema(Some("diagnostic")));
    let clock = ManualClock::at(now());
    let server = MockServer::builder()
        .clock(clock.clone())
        .refuse(|event: &Value| event["custom_data"]["order_id"] == "A7")
        .start()
        .await
        .unwrap();
    let mut outcomes = std::collections::BTreeSet::new();
    for seed in 0..200 {
        let mut rng = Rng::with_seed(seed);
        let mut orders = Orders::with_rules(OrderRules::new());
        random_rows(&mut rng, &mut orders);
        let prepared = orders.finish(now());
        let coverage = prepared.coverage.clone();
        assert_valid(&coverage_schema, &serde_json::to_value(&coverage).unwrap());
        assert_valid(&row_report, &serde_json::to_value(&prepared.rows).unwrap());
        for one in prepared.rows.diagnostics().iter().chain(prepared.rows.notes()) {
            assert_valid(&diagnostic, &serde_json::to_value(one).unwrap());
        }
        let report = if rng.u8(0..4) == 0 {
            DeliveryReport::pending(&prepared.events).with_rows(prepared.rows)
        } else {
            server.script_all((0..rng.usize(0..4)).map(|_| random_answer(&mut rng)));
            let report = client(&server, &clock, rng.usize(1..9)).send(prepared).await;
            server.reset();
            report
        };
        assert_valid(&whole, &serde_json::to_value(&report).unwrap());
        let run = RunReport::new(&report).created(now()).coverage(&coverage).source(0, "sales.csv");
        let run = if rng.bool() { run.failed("the file ended early") } else { run };
        let score = QualityScore::new("freshness", rng.f64() * 10.0);
        let document = serde_json::to_value(run.quality(score)).unwrap();
        assert_valid(&whole, &document);

        let saved = saved(&document);
        let rows = report.rows();
        assert!(
            saved.rows().eq(document["rows"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(outcome, count)| { (outcome.as_str(), count.as_u64().unwrap()) }))
        );
        let lines = |diagnostics: &[meta_offline_events::report::Diagnostic]| {
            diagnostics.iter().map(|one| one.lines().len() as u64).sum::<u64>()
        };
        let read_back: u64 = saved.reasons().iter().map(Reason::rows).sum();
        assert_eq!(read_back, lines(report.diagnostics()));
        for (gathered, read_back) in
            [(report.diagnostics(), saved.reasons()), (report.notes(), saved.notes())]
        {
            let shown = |reason: &Reason| {
                let rows = (reason.rows(), reason.diagnostics(), reason.lines());
                (reason.code().to_owned(), rows, reason.explanation())
            };
            assert!(Reason::gather(gathered).iter().map(shown).eq(read_back.iter().map(shown)), "{document}");
        }
        let events =
            document["sales"].as_array().unwrap().iter().map(|group| group["events"].as_u64().unwrap());
        assert_eq!(events.sum::<u64>(), report.events().total(), "every event has its day");
        outcomes.extend(saved.rows().filter(|(_, count)| *count > 0).map(|(outcome, _)| outcome.to_owned()));
        assert!(rows.is_balanced());
        let page = html::page(&saved);
        assert!(page.len() < html::MAX_LEN);
        for (place, text) in [("JSON", document.to_string()), ("page", page)] {
            shows_none_of(MARKED, place, &text);
        }
    }
    assert_eq!(outcomes.len(), 8, "every outcome, and the sum: {outcomes:?}");
}

#[test]
fn all_rows_to_blame_are_counted_however_many_there_are() {
    let mut orders = Orders::new();
    for order in 0..60 {
        for (line, price) in [(2 * order + 2, "1"), (2 * order + 3, "-1")] {
            let row = Row::new(line, now()).order_id(format!("A{order}").parse().unwrap()).quantity(1);
            let customer = UserData::builder().email("mary@example.com");
            orders.push(&row.customer(customer).price(price.parse().unwrap()).currency(Currency::EUR));
        }
    }
    let report = DeliveryReport::default().with_rows(orders.finish(now()).rows);
    let saved = SavedReport::read(&*serde_json::to_vec(&report).unwrap()).unwrap();
    let gathered = Reason::gather(report.diagnostics());
    for reasons in [&gathered[..], saved.reasons()] {
        let held_back = reasons.iter().find(|reason| reason.code() == "order_incomplete").unwrap();
        assert!(held_back.explanation().ends_with("(see lines 3, 5, 7, 9, 11 and 55 more)"), "{reasons:?}");
    }
}

#[test]
fn the_schema_refuses_what_is_no_report() {
    let whole = schema(None);
    let good = serde_json::to_value(DeliveryReport::pending(&events(2))).unwrap();
    assert_valid(&whole, &good);
    let changed = |path: &str, value: Value| {
        let mut document = good.clone();
        *document.pointer_mut(path).unwrap() = value;
        document
    };
    for (path, value) in [
        ("/version", json!(2)),
        ("/rows/read", json!(-1)),
        ("/rows", json!({})),
        ("/stopped", json!("a sentence")),
        ("/sales/0/day", json!("yesterday")),
        ("/sales/0/value", json!(12.5)),
        ("/timeline/span_ms", json!(0)),
        (
            "/diagnostics",
            json!([{ "lines": [2], "outcome": "invalid", "code": "A sentence.", "column": null, "message": "" }]),
        ),
        (
            "/diagnostics",
            json!([{ "lines": [2], "blamed_lines": "3", "outcome": "invalid", "code": "order_incomplete", "column": null, "message": "" }]),
        ),
    ] {
        assert!(!whole.is_valid(&changed(path, value.clone())), "{path} may be {value}");
    }
    for name in good.as_object().unwrap().keys() {
        let mut document = good.clone();
        document.as_object_mut().unwrap().remove(name);
        assert!(!whole.is_valid(&document), "{name} may be missing");
        assert!(
            SavedReport::read(document.to_string().as_bytes()).is_err() || !NEEDED.contains(&name.as_str())
        );
    }
}

/// What a page cannot do without.
const NEEDED: &[&str] = &["version", "rows", "events", "timeline", "sales", "notes", "diagnostics"];

#[test]
fn a_report_that_cannot_be_read_is_refused_with_its_place_and_without_its_text() {
    let good = serde_json::to_string(&DeliveryReport::default()).unwrap();
    for (text, said) in [
        (
            good.replace("\"version\":1", "\"version\":2"),
            "the report has version 2, and this release reads version 1",
        ),
        (good[..good.len() - 2].to_owned(), "not whole JSON: see line 1, column"),
        (
            good.replace("\"read\":0", "\"read\":\"MARKEDTOKEN\""),
            "no report of version 1, see line 1, column",
        ),
        ("[]".to_owned(), "no report of version 1"),
    ] {
        let error = SavedReport::read(text.as_bytes()).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
        shows_none_of(MARKED, "an error", &format!("{error} {error:?}"));
    }
}

/// A run in which rows and events come to every end, with pauses and retries between them.
async fn every_outcome() -> Value {
    let clock = ManualClock::at(now());
    let server = MockServer::builder()
        .clock(clock.clone())
        .refuse(|event: &Value| event["custom_data"]["order_id"] == "order-22")
        .start()
        .await
        .unwrap();
    let usage = r#"{"1":[{"type":"?","call_count":93,"estimated_time_to_regain_access":1.5}]}"#;
    server.script_all([
        Answer::judge(),
        Answer::throttled([("retry-after", "90"), ("x-business-use-case-usage", usage)]),
        Answer::judge(),
        Answer::transient(),
        Answer::reset_after_body(),
        Answer::judge(),
        Answer::received(2),
    ]);
    // The refused one is looked for next; after some more batches Meta no longer takes the token.
    server.script_all((0..12).map(|_| Answer::judge()));
    server.script(Answer::graph_error(401, 190, Some(463)));

    let mut orders = Orders::new();
    for line in 2..30 {
        let mary = UserData::builder().email("MarkedMail@example.com").client_ip_address("203.0.113.77");
        let (quantity, price) = match line {
            2..5 => (-1, "5"),
            5..9 => (1, "-5"),
            _ => (0, "0"),
        };
        let sold = EventTime::from_unix(NOW - 3600).unwrap();
        let row = Row::new(Line::new(line).in_source(1), sold)
            .customer(mary)
            .order_id(format!("R{line}").parse().unwrap());
        orders.push(&row.quantity(quantity).price(price.parse().unwrap()).currency(Currency::EUR));
    }
    let mut prepared = orders.finish(now());
    let customer = |number: i64| {
        let email = format!("MarkedMail{}@example.com", number % 50);
        let mut customer = UserData::builder().email(&email).first_name("MarkedName");
        if number % 3 != 0 {
            customer = customer.phone(if number % 5 == 0 { "555 000 1234" } else { "+1 555 000 1234" });
        }
        customer.country("us").build().unwrap()
    };
    prepared.events = (0..90)
        .map(|number| {
            let source = [ActionSource::PhysicalStore, ActionSource::PhoneCall, ActionSource::Email]
                [usize::try_from(number % 3).unwrap()];
            let days = if source == ActionSource::PhysicalStore { number % 50 } else { number % 6 };
            Event::builder(EventTime::from_unix(NOW - 3600 - days * 86_400).unwrap(), customer(number))
                .action_source(source)
                .order_id(format!("order-{number}").parse().unwrap())
                .value(Money::new(
                    format!("{}.50", 10 + number).parse().unwrap(),
                    if number % 4 == 0 { Currency::USD } else { Currency::EUR },
                ))
                .lines([Line::new(number.unsigned_abs() + 2).in_source(2)])
                .build()
                .unwrap()
        })
        .collect();
    let customers: Vec<_> = (0..90).map(customer).collect();
    let mut coverage: Coverage = customers.iter().collect();
    coverage.add(&UserData::builder().email("only@example.com").build().unwrap());
    coverage.add(&UserData::builder().country("us").build().unwrap());

    let mut report = client(&server, &clock, 5).send(prepared).await;
    report.add_pending(&sold(500, NOW - 60, ActionSource::PhysicalStore));
    let run = RunReport::new(&report)
        .created(now())
        .coverage(&coverage)
        .source(1, "monday.csv")
        .source(2, "tuesday.csv")
        .quality(QualityScore::new("composite", 6.6).recommendation("Send sales daily."))
        .quality(QualityScore::new("match_key", 5.6).recommendation("Send more phone numbers."));
    let mut document = serde_json::to_value(run).unwrap();
    // A run with a journal has none that is not sent, and one without has none that was sent before.
    document["rows"]["already_sent"] = json!(7);
    document["rows"]["read"] = json!(document["rows"]["read"].as_u64().unwrap() + 7);
    document["events"]["already_sent"] = json!(3);
    document
}

/// Keeps a page for the browser of `.ci/extended page`.
fn keep(name: &str, page: &str) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(name), page).unwrap();
}

#[tokio::test]
async fn a_page_shows_every_outcome_with_pictures_and_what_to_do() {
    let document = every_outcome().await;
    assert_valid(&schema(None), &document);
    for (outcome, rows) in document["rows"].as_object().unwrap() {
        assert!(rows.as_u64() > Some(0), "no row is {outcome}: {}", document["rows"]);
    }
    let waited = |wait: Wait| {
        let spans = document["timeline"]["spans"].as_array().unwrap();
        spans.iter().map(|span| span["waited_ms"][wait.code()].as_u64().unwrap()).sum::<u64>()
    };
    assert!(waited(Wait::Pause) >= 90_000, "{}", document["timeline"]);
    assert!(waited(Wait::Retry) > 0, "{}", document["timeline"]);
    let made = document["timeline"]["spans"].as_array().unwrap().iter().map(|span| &span["requests"]["made"]);
    assert_eq!(made.map(|made| made.as_u64().unwrap()).sum::<u64>(), document["requests"]["made"]);

    let page = page(&document);
    keep("every_outcome.html", &page);
    for said in [
        "Sending stopped early: Meta accepted",
        "Correct 4 rows in the export",
        "that Meta refused",
        "Send ",
        "in Events Manager",
        "Pause that Meta asked for",
        "without e-mail and phone",
        "62 days",
        "refused by Meta",
        "Send sales daily.",
        "numbers without a country code will not match",
        "1: monday.csv",
    ] {
        assert!(page.contains(said), "{said} is not in {page}");
    }
    for words in ["Accepted", "Ready", "Left out", "Invalid", "Refused", "Not sent", "Unconfirmed"] {
        assert!(page.contains(&format!("</span>{words}<div")), "{words}");
    }
    assert!(page.len() < html::MAX_LEN, "{}", page.len());
    for (place, text) in [("JSON", document.to_string()), ("page", page)] {
        shows_none_of(MARKED, place, &text);
    }
}

#[test]
fn a_page_is_made_of_markup_of_its_own_alone() {
    let page = page(&serde_json::to_value(DeliveryReport::default()).unwrap());
    for never in
        ["<script", "http:", "https:", "src=", "url(", "@import", "javascript:", "style=\"", "onload"]
    {
        assert!(!page.contains(never), "{never}");
    }
}

const OUTCOMES: [&str; 7] =
    ["accepted", "pending", "filtered", "invalid", "refused", "not_sent", "unconfirmed"];

/// A report in which every text from outside is this one.
fn hostile(text: &str, reasons: usize) -> Value {
    let mut document = serde_json::to_value(DeliveryReport::pending(&events(2))).unwrap();
    let diagnostic = |number: usize| {
        let code = if reasons == 1 { text.to_owned() } else { format!("{text}{number}") };
        json!({ "lines": [number], "outcome": text, "code": code, "column": text, "message": text })
    };
    let diagnostics: Vec<_> = (0..reasons).map(diagnostic).collect();
    let key = json!({ "customers": 1, "share": 1.0, "values": 1, "relying": 1, "warnings": { text: 1 } });
    let keys: serde_json::Map<String, Value> =
        (0..60).map(|number| (format!("{text}{number}"), key.clone())).collect();
    let combination = json!({ "keys": vec![text; 40], "customers": 1, "valid": false });
    let group = |day: u32| json!({ "day": format!("2026-04-{:02}", day % 30 + 1), "action_source": format!("{text}{day}"), "outcome": text, "events": 1, "currency": text, "value": text });
    let counts: serde_json::Map<String, Value> =
        (0..50).map(|number| (format!("{text}{number}"), json!(7))).collect();
    let known = |number: usize| json!({ "day": format!("2026-0{}-{:02}", number / 28 % 3 + 3, number % 28 + 1), "action_source": "email", "outcome": OUTCOMES[number / 84], "events": number + 1, "currency": "EUR", "value": "10" });
    let sales: Vec<Value> = (0..2000).map(group).chain((0..7 * 84).map(known)).collect();
    let requests = json!({ "made": 8, "retries": 4, "ambiguous": 1, "unreachable": 1, "throttled": 1 });
    let span = json!({ "requests": requests, "waited_ms": { "pause": 50, "retry": 50, "probe": 50 } });
    document["requests"]["made"] = json!(960);
    document["timeline"]["spans"] = json!(vec![span; 120]);
    for (name, value) in [
        ("created", json!(NOW)),
        ("rows", Value::Object(counts.clone())),
        ("events", Value::Object(counts)),
        ("stopped", json!({ "code": text, "message": text })),
        ("failed", json!(text)),
        ("sales", json!(sales)),
        (
            "coverage",
            json!({ "customers": 1, "keys": keys, "combinations": vec![combination; 50], "shared_values": vec![json!({ "key": text, "customers": 1, "share": 1.0 }); 50] }),
        ),
        ("quality", json!(vec![json!({ "name": text, "score": 5.0, "recommendation": text }); 50])),
        ("sources", json!(vec![json!({ "number": 1, "name": text }); 50])),
        ("messages", json!(vec![text; 50])),
        ("notes", json!(diagnostics)),
        ("diagnostics", json!(diagnostics)),
    ] {
        document[name] = value;
    }
    document
}

#[test]
fn hostile_texts_are_shown_as_text_and_no_page_grows_with_them() {
    for text in [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "</style></title><!-- ",
        "' onmouseover='x",
        "\u{202e}evil\u{202c}\u{2066}\u{200b}\u{feff}\u{e000}",
        "\u{1b}[31mred\u{7}\u{0}\u{9b}",
        "{{ 7777 * 7777 }}{% raw %}",
        "&lt;b&gt;",
    ] {
        let page = page(&hostile(text, 1));
        for raw in
            ["<script", "<img", "onerror=alert(1)>", "' onmouseover", "<!-- ", "</style></title>", "60481729"]
        {
            assert!(!page.contains(raw), "{raw} of {text}");
        }
        let is_bare = |letter: char| {
            letter.is_control() && letter != '\n'
                || "\u{202e}\u{202c}\u{2066}\u{200b}\u{feff}\u{e000}".contains(letter)
        };
        assert!(!page.contains(is_bare), "{text:?}");
        assert_eq!(page.matches("</style>").count(), 1);
    }
    assert!(page(&hostile("\u{202e}evil", 1)).contains("\\u{202e}evil"));
    assert!(page(&hostile("<i>", 1)).contains("&#60;i&#62;"));
}

#[test]
fn no_page_is_larger_than_it_says() {
    for text in ["<", "\u{202e}", "&", "x "] {
        let document = hostile(&text.repeat(100), 10_000);
        let saved = saved(&document);
        assert_eq!(saved.reasons().len(), 1000);
        let page = html::page(&saved);
        assert!(page.len() < html::MAX_LEN, "{} bytes for {text}", page.len());
        assert!(page.contains("and 9,970 more reasons on 9,970 rows, in the JSON report"), "{text}");
        if text == "<" {
            keep("hostile.html", &page);
        }
    }
}

#[tokio::test]
async fn the_first_sentence_says_how_it_went() {
    let headline = |document: &Value| {
        let page = page(document);
        let (_, rest) = page.split_once("<h1>").unwrap();
        rest.split_once("</h1>").unwrap().0.to_owned()
    };
    let of = |report: &DeliveryReport| headline(&serde_json::to_value(report).unwrap());
    assert_eq!(of(&DeliveryReport::default()), "Nothing was sent");
    assert_eq!(of(&DeliveryReport::pending(&events(1))), "Nothing was sent yet: 1 event is ready");
    let client = |transport: RecordingTransport| {
        let builder = Client::builder("1".parse().unwrap(), "token".parse().unwrap());
        builder.transport(transport).clock(ManualClock::at(now())).build().unwrap()
    };
    let all = client(RecordingTransport::new()).send(events(3)).await;
    assert_eq!(of(&all), "Everything was sent: Meta accepted 3 events");
    let failed = RunReport::new(&all).failed("the disk is full");
    assert_eq!(
        headline(&serde_json::to_value(failed).unwrap()),
        "Sending ended early: Meta accepted 3 of 3 events"
    );
    let failed = DeliveryReport::default();
    let failed = RunReport::new(&failed).failed("no such file");
    assert_eq!(headline(&serde_json::to_value(failed).unwrap()), "Nothing was sent");
}

#[test]
fn coverage_says_who_could_not_be_sent_without_a_key() {
    let mary = UserData::builder().email("mary@example.com").country("us").build().unwrap();
    let john = UserData::builder().email("john@example.com").phone("+1 650 555 1212").build().unwrap();
    let lost = UserData::builder().country("us").build().unwrap();
    let coverage = Coverage::from_iter([&mary, &mary, &john, &lost]);
    assert_eq!(coverage.count_relying_on(MatchKey::Email), 2);
    assert_eq!(coverage.count_relying_on(MatchKey::Phone), 0);
    assert_eq!(coverage.count_relying_on(MatchKey::Country), 0, "refused with it or without");
    let json = serde_json::to_value(&coverage).unwrap();
    assert_eq!(json["keys"]["em"]["relying"], 2);
}
