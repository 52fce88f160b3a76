//! A sound purchase and request, and what the rules make of changes to them.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::check::{Batch, Rules, check};
use super::request::Request;
use super::token::{KnownToken, Tokens};
use crate::testing::graph::GraphError;

pub(super) const NOW: i64 = 1_767_225_600;
pub(super) const HASH: &str = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f";

pub(super) fn purchase() -> Value {
    json!({
        "event_name": "Purchase",
        "event_time": NOW - 3600,
        "event_id": "order-10001",
        "action_source": "physical_store",
        "user_data": { "em": [HASH], "ph": HASH },
        "custom_data": {
            "currency": "USD",
            "value": 31.5,
            "order_id": "10001",
            "contents": [{ "id": "SKU-1", "quantity": 3, "item_price": 10.5 }],
        },
    })
}

pub(super) fn rules() -> Rules<'static> {
    static TOKENS: LazyLock<Tokens> = LazyLock::new(|| Tokens {
        known: vec![KnownToken::new("good".parse().unwrap(), None)],
        takes_others: false,
    });
    Rules {
        dataset: Some("123"),
        tokens: &TOKENS,
        secret: None,
        gateway_key: None,
        now: NOW,
        refuses: None,
        names_refused: false,
    }
}

pub(super) fn check_body(body: &Value) -> Result<Batch, GraphError> {
    let body = body.to_string();
    check(&Request { body: body.as_bytes(), ..request() }, &rules())
}

pub(super) fn request() -> Request<'static> {
    Request {
        method: "POST",
        target: "/v26.0/123/events",
        content_type: Some("application/json; charset=utf-8"),
        authorization: Some("Bearer good"),
        body: b"{}",
    }
}

/// `None` for an event that is accepted, else code, subcode and the field blamed.
pub(super) fn fault_of(event: &Value) -> Option<(i64, Option<i64>, String)> {
    let error = check_body(&json!({ "data": [event] })).err()?;
    let blame = error.to_json("")["error"]["error_data"]["blame_field_specs"][0].clone();
    let path: Vec<&str> = blame.as_array()?.iter().filter_map(Value::as_str).collect();
    Some((error.code, error.subcode, path.join(".")))
}

pub(super) type StatusAndCodes = Option<(u16, i64, Option<i64>)>;
pub(super) type Change = fn(&mut Value);

#[track_caller]
pub(super) fn refused(subcode: impl Into<Option<i64>>, field: &str, changes: &[Change]) {
    let subcode = subcode.into();
    for (row, change) in changes.iter().enumerate() {
        let mut event = purchase();
        change(&mut event);
        let expected = Some((100, subcode, field.to_owned()));
        assert_eq!(fault_of(&event), expected, "row {row} for {field}: {event}");
    }
}

#[track_caller]
pub(super) fn accepted(changes: &[Change]) {
    for (row, change) in changes.iter().enumerate() {
        let mut event = purchase();
        change(&mut event);
        assert_eq!(fault_of(&event), None, "row {row}: {event}");
    }
}

pub(super) fn drop_field(value: &mut Value, key: &str) {
    value.as_object_mut().map(|fields| fields.remove(key));
}
