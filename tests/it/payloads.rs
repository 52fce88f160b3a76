//! Whole events come out as others published them: by way of the example `payload`, a real process.
//!
//! The published events are not part of the crate. The variable [`FOLDER`] names the folder that
//! holds `payloads.jsonl`: one JSON object a line with `input`, `expected` and `reject`.

use std::env;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use meta_offline_events::value::EventTime;
use serde_json::{Value, json};

use crate::support::example;

const FOLDER: &str = "META_OFFLINE_EVENTS_VECTORS";
const NOW: i64 = 1_777_896_000;

/// Standard output and standard error.
fn run(program: &Path, now: i64, input: &str) -> (String, String) {
    let mut command = Command::new(program);
    command.args(["--now", &now.to_string()]).stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writing = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap().unwrap();
    assert!(output.status.success());
    (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
fn published_events_come_out() {
    let program = example("payload");
    let Some(folder) = env::var_os(FOLDER) else {
        eprintln!("skipped: {FOLDER} names no folder");
        return;
    };
    let lines = fs::read_to_string(Path::new(&folder).join("payloads.jsonl")).unwrap();
    let mut wrong = Vec::new();
    for line in lines.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let time = row["input"]["event"]["event_time"].to_string();
        let time: EventTime = time.trim_matches('"').parse().unwrap();
        let answer: Value = serde_json::from_str(&run(&program, time.unix(), line).0).unwrap();
        let comes_out = match &row["expected"] {
            Value::Null => answer["reject"] == row["reject"],
            expected => comparable(&answer) == comparable(expected),
        };
        if !comes_out {
            wrong.push((row["id"].clone(), answer["reject"].clone()));
        }
    }
    assert!(lines.lines().count() > 0, "no rows");
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// An event in a form that does not tell `100` from `100.0`, a text from a list with it alone, `usd` from
/// `USD`, or one order of customer values from another.
fn comparable(event: &Value) -> Value {
    let mut event = numbers_as_floats(event);
    if let Some(customer) = event["user_data"].as_object_mut() {
        for values in customer.values_mut() {
            let mut list = values.as_array().cloned().unwrap_or_else(|| vec![values.clone()]);
            list.sort_by_key(Value::to_string);
            *values = list.into();
        }
    }
    if let Some(Value::String(currency)) = event.pointer_mut("/custom_data/currency") {
        currency.make_ascii_uppercase();
    }
    event
}

fn numbers_as_floats(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(elements) => elements.iter().map(numbers_as_floats).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), numbers_as_floats(value))).collect()
        }
        other => other.clone(),
    }
}

/// A line with these members of event, customer and custom data, in JSON, and a sound rest.
fn line(event: &str, user_data: &str, custom_data: &str) -> String {
    let comma = |members: &str| if members.is_empty() { "" } else { "," }.to_owned() + members;
    format!(
        r#"{{"event":{{"event_time":{NOW},"event_name":"Lead"{}}},"user_data":{{"em":"mary@example.com"{}}},"custom_data":{{{custom_data}}}}}"#,
        comma(event),
        comma(user_data),
    )
}

#[test]
fn v52_what_cannot_be_sent_is_named_by_its_path() {
    let program = example("payload");
    let ldu = |rest: &str| line(&format!(r#""data_processing_options":["LDU"]{rest}"#), "", "");
    let credit = |member: &str| line(&format!(r#""attribution_data":{{{member}}}"#), "", "");
    let rows = [
        ("no json".to_owned(), ""),
        ("[]".to_owned(), ""),
        ("{\"event\":{}}".to_owned(), "event_time"),
        (r#"{"user_data":{"em":"mary@example.com"}}"#.to_owned(), "event"),
        (line(r#""event_name":"lead""#, "", ""), "event_name"),
        (line(r#""action_source":"Store""#, "", ""), "action_source"),
        (line(r#""event_time":1777896061"#, "", ""), "event_time"),
        (line(r#""event_time":1770000000,"action_source":"chat""#, "", ""), "event_time"),
        (line(r#""event_time":1777896000000"#, "", ""), "event_time"),
        (line(r#""color":"red""#, "", ""), "color"),
        (line("", r#""colour":"red""#, ""), "user_data.colour"),
        (ldu(""), "data_processing_options_country"),
        (ldu(r#","data_processing_options_country":1"#), "data_processing_options_state"),
        (
            ldu(r#","data_processing_options_country":2,"data_processing_options_state":1000"#),
            "data_processing_options_country",
        ),
        (
            ldu(r#","data_processing_options_country":0,"data_processing_options_state":1000"#),
            "data_processing_options_state",
        ),
        (
            ldu(r#","data_processing_options_country":1,"data_processing_options_state":0"#),
            "data_processing_options_state",
        ),
        (
            ldu(r#","data_processing_options_country":0,"data_processing_options_state":0"#),
            "data_processing_options_state",
        ),
        (line(r#""data_processing_options":["X"]"#, "", ""), "data_processing_options"),
        (
            line(r#""data_processing_options":[],"data_processing_options_state":1000"#, "", ""),
            "data_processing_options_state",
        ),
        (line(r#""data_processing_options_country":1"#, "", ""), "data_processing_options"),
        (line(r#""app_data":{"extinfo":[]}"#, "", ""), "app_data.advertiser_tracking_enabled"),
        (
            line(r#""app_data":{"advertiser_tracking_enabled":1,"extinfo":["a2"]}"#, "", ""),
            "app_data.extinfo",
        ),
        (line(r#""original_event_data":{}"#, "", ""), "original_event_data"),
        (line(r#""original_event_data":{"order":"1"}"#, "", ""), "original_event_data.order"),
        (credit(r#""attribution_share":2"#), "attribution_data.attribution_share"),
        (credit(r#""touchpoint_ts":"yesterday""#), "attribution_data.touchpoint_ts"),
        (line("", "", r#""value":1"#), "custom_data.currency"),
        (line("", "", r#""currency":"EURO""#), "custom_data.currency"),
        (line("", "", r#""value":"1,5","currency":"EUR""#), "custom_data.value"),
        (line("", "", r#""contents":[{"id":"1","quantity":0}]"#), "custom_data.contents[0].quantity"),
        (line("", "", r#""delivery_category":"shipping""#), "custom_data.delivery_category"),
        (line("", "", r#""store_data":{"store_code":"a b"}"#), "custom_data.store_data.store_code"),
        (format!(r#"{{"event":{{"event_time":{NOW}}},"user_data":{{"em":"MARKED"}}}}"#), "user_data.em"),
    ];
    let input = rows.iter().map(|(line, _)| line.as_str()).collect::<Vec<_>>().join("\n");
    let (answers, notes) = run(&program, NOW, &input);
    assert_eq!(answers.lines().count(), rows.len());
    for (answer, (line, path)) in answers.lines().zip(rows) {
        let answer: Value = serde_json::from_str(answer).unwrap();
        assert_eq!(answer["reject"], path, "{line} {answer}");
        assert_eq!(answer["reasons"][0]["path"], path, "{line}");
    }
    for text in ["MARKED", "yesterday", "red", "a b"] {
        assert!(!answers.contains(&format!("\"{text}\"")) && !notes.contains(text), "{text}");
    }
}

#[test]
fn nothing_is_added_to_what_came_in() {
    let program = example("payload");
    let input = format!(
        r#"{{"id":"x","input":{{"event":{{"event_time":"2026-05-04T13:59:59.9+02:00","event_id":null}},"user_data":{{"em":["MARKED","a@example.com"],"ph":12025550143}},"custom_data":{{"value":12345678901234567.89,"currency":"eur","contents":[{{"id":7,"quantity":1}}],"note":{{"b":[1.5,null]}}}}}}}}
{}
"#,
        line(r#""event_id":"e-1","opt_out":false"#, "", r#""content_ids":[1,"2"],"status":false"#),
    );
    let (answers, notes) = run(&program, NOW, &input);
    let answers: Vec<_> = answers.lines().collect();
    assert!(answers[0].starts_with(r#"{"event_name":"Purchase","event_time":1777895999,"action_source""#));
    let custom_data = concat!(
        r#""custom_data":{"currency":"EUR","value":12345678901234567.89,"#,
        r#""contents":[{"id":7,"quantity":1}],"note":{"b":[1.5,null]}}}"#
    );
    assert!(answers[0].ends_with(custom_data), "{}", answers[0]);
    assert!(answers[1].contains(r#""event_id":"e-1""#) && answers[1].ends_with(r#","opt_out":false}"#));
    assert!(answers[1].contains(r#""custom_data":{"content_ids":[1,"2"],"status":false}"#));
    assert_eq!(notes.lines().count(), 1);
    assert!(notes.starts_with("line 1: user_data.em is left out") && !notes.contains("MARKED"), "{notes}");
}

#[test]
fn numbers_in_every_way_of_writing_keep_their_meaning() {
    let program = example("payload");
    let members = r#""content_ids":[1234,"1234"],"contents":[{"id":1234,"quantity":"2","item_price":"30.50"}],"num_items":2.0,"value":"61.0","currency":"eur""#;
    let written = line("", "", members).replace(&NOW.to_string(), &format!("{NOW}.75"));
    let event: Value = serde_json::from_str(&run(&program, NOW, &written).0).unwrap();
    assert_eq!(event["event_time"], NOW);
    let expected = json!({
        "currency": "EUR",
        "value": 61,
        "content_ids": [1234, "1234"],
        "contents": [{ "id": 1234, "quantity": 2, "item_price": 30.5 }],
        "num_items": 2,
    });
    assert_eq!(event["custom_data"], expected);
    let members = r#""content_ids":"7","value":1e-1,"currency":"EUR""#;
    let page = line(r#""event_source_url":"www.example.com""#, "", members);
    let (answer, note) = run(&program, NOW, &page);
    let event: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(event["custom_data"], json!({ "currency": "EUR", "value": 0.1, "content_ids": ["7"] }));
    assert!(event.get("event_source_url").is_none() && note.contains("event_source_url is left out"));
    for count in ["2.5", "-1", "\"two\"", "1e3"] {
        let refused = line("", "", &format!(r#""num_items":{count}"#));
        let answer: Value = serde_json::from_str(&run(&program, NOW, &refused).0).unwrap();
        assert_eq!(answer["reject"], "custom_data.num_items", "{count}");
    }
}
