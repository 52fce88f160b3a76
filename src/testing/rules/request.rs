//! Rules on the request around its events: path, content type and the fields beside `data`.

use serde_json::{Map, Value};

use super::fields::{is_digits, is_filled};
use crate::testing::graph::GraphError;

const MAX_EVENTS: usize = 1000;

/// A request as the server received it.
#[derive(Debug, Clone, Copy)]
pub(in crate::testing) struct Request<'a> {
    pub(in crate::testing) method: &'a str,
    pub(in crate::testing) target: &'a str,
    pub(in crate::testing) content_type: Option<&'a str>,
    pub(in crate::testing) authorization: Option<&'a str>,
    pub(in crate::testing) body: &'a [u8],
}

/// The digits of `/v<major>.<minor>/<digits>/events`.
pub(super) fn dataset_of(target: &str) -> Result<&str, GraphError> {
    let path = target.split_once('?').map_or(target, |(path, _)| path);
    let parts: Vec<&str> = path.split('/').collect();
    match parts[..] {
        ["", version, dataset, "events"] if is_version(version) && is_digits(dataset) => Ok(dataset),
        _ => Err(GraphError::new(400, 2500, "Unknown path components")),
    }
}

fn is_version(text: &str) -> bool {
    let numbers = text.strip_prefix('v').and_then(|numbers| numbers.split_once('.'));
    numbers.is_some_and(|(major, minor)| is_digits(major) && is_digits(minor))
}

pub(super) fn no_such_object(dataset: &str) -> GraphError {
    let message = format!(
        "Unsupported request. The object '{dataset}' does not exist, is hidden from this token, or does not \
         support the operation"
    );
    GraphError::new(400, 100, message).subcode(33)
}

/// The body, if it is a JSON object and says so.
pub(super) fn body_of(request: &Request<'_>) -> Option<Map<String, Value>> {
    let media_type = request.content_type?.split(';').next()?.trim();
    if media_type.eq_ignore_ascii_case("application/json") {
        serde_json::from_slice(request.body).ok()
    } else {
        None
    }
}

pub(super) fn events_of(body: Option<Map<String, Value>>) -> Result<Vec<Value>, GraphError> {
    let mut body = body.ok_or_else(|| bad_request("the body must be a JSON object, sent as JSON"))?;
    check_envelope(&body)?;
    match body.remove("data") {
        Some(Value::Array(events)) if events.is_empty() => Err(bad_request("data must hold an event")),
        Some(Value::Array(events)) if events.len() > MAX_EVENTS => {
            Err(bad_request("data must hold at most 1000 events"))
        }
        Some(Value::Array(events)) => Ok(events),
        _ => Err(bad_request("data must be an array of events")),
    }
}

fn check_envelope(body: &Map<String, Value>) -> Result<(), GraphError> {
    for key in
        ["test_event_code", "partner_agent", "upload_tag", "upload_source", "upload_id", "namespace_id"]
    {
        if body.get(key).is_some_and(|value| !is_filled(value)) {
            return Err(bad_request(&format!("{key} must be a text")));
        }
    }
    match body.get("partner_agent").and_then(Value::as_str) {
        Some(agent) if !is_partner_agent(agent) => {
            Err(bad_request("partner_agent must have fewer than 23 characters and at least two letters"))
        }
        _ => Ok(()),
    }
}

fn is_partner_agent(text: &str) -> bool {
    text.chars().count() < 23 && text.chars().filter(char::is_ascii_alphabetic).count() >= 2
}

fn bad_request(why: &str) -> GraphError {
    GraphError::new(400, 100, format!("(#100) {why}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::check::check;
    use super::super::sample::{check_body, purchase, request, rules};
    use super::*;

    #[test]
    fn only_the_events_edge_exists() {
        for target in [
            "/",
            "/123/events",
            "/v26/123/events",
            "/v26.0/123",
            "/v26.0/12a/events",
            "/v26.0//events",
            "/v26.0/123/events/",
            "/v26.0/123/users",
            "/x/v26.0/123/events",
        ] {
            let error = check(&Request { target, ..request() }, &rules()).err();
            assert_eq!(error.map(|error| (error.status, error.code)), Some((400, 2500)), "{target}");
        }
    }

    #[test]
    fn only_post_and_only_the_dataset_that_exists() {
        let with = |method, target| check(&Request { method, target, ..request() }, &rules()).err();
        for error in [with("GET", "/v26.0/123/events"), with("POST", "/v26.0/124/events")] {
            assert_eq!(error.map(|error| (error.code, error.subcode)), Some((100, Some(33))));
        }
    }

    #[test]
    fn the_body_is_a_json_object_with_events() {
        let body = json!({ "data": [purchase()] }).to_string();
        for content_type in [None, Some("text/plain"), Some("application/x-www-form-urlencoded")] {
            let request = Request { content_type, body: body.as_bytes(), ..request() };
            assert_eq!(
                check(&request, &rules()).err().map(|error| error.code),
                Some(100),
                "{content_type:?}"
            );
        }
        for body in ["", "[]", "{", r#"{"data":[1e400]}"#] {
            let request = Request { body: body.as_bytes(), ..request() };
            assert_eq!(check(&request, &rules()).err().map(|error| error.code), Some(100), "{body}");
        }
        for body in [
            json!({}),
            json!({ "data": [] }),
            json!({ "data": {} }),
            json!({ "data": "[]" }),
            json!({ "data": ["event"] }),
            json!({ "data": [purchase()], "test_event_code": 1 }),
            json!({ "data": [purchase()], "upload_tag": "" }),
            json!({ "data": [purchase()], "partner_agent": "a-123456" }),
            json!({ "data": [purchase()], "partner_agent": "an-agent-of-23-letters!" }),
        ] {
            assert_eq!(check_body(&body).err().map(|error| error.code), Some(100), "{body}");
        }
    }

    #[test]
    fn l5_a_thousand_events_and_not_one_more() {
        let events = vec![purchase(); 1000];
        assert_eq!(check_body(&json!({ "data": events })).map(|batch| batch.events.len()), Ok(1000));
        let events = vec![purchase(); 1001];
        assert!(check_body(&json!({ "data": events })).is_err());
    }
}
