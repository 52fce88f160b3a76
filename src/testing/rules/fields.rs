//! What every rule on an event needs: reading a field, and the error that names it.

use serde_json::{Map, Value};

use crate::testing::graph::GraphError;

pub(super) type Fields = Map<String, Value>;

/// A fault of one event: the field's path from the event down, and what is asked of it.
pub(super) fn fault(subcode: impl Into<Option<i64>>, field: &[&str], why: &str) -> GraphError {
    GraphError::new(400, 100, "Invalid parameter")
        .subcode(subcode)
        .user_text("An event is not valid", format!("{}: {why}", field.join(".")))
        .blames(field)
}

pub(super) fn require(
    holds: bool,
    subcode: impl Into<Option<i64>>,
    field: &[&str],
    why: &str,
) -> Result<(), GraphError> {
    if holds { Ok(()) } else { Err(fault(subcode, field, why)) }
}

pub(super) fn is_from(event: &Fields, source: &str) -> bool {
    text(event, "action_source") == Some(source)
}

pub(super) fn text<'a>(fields: &'a Fields, key: &str) -> Option<&'a str> {
    fields.get(key).filter(|value| is_filled(value)).and_then(Value::as_str)
}

pub(super) fn nested<'a>(event: &'a Fields, object: &str, key: &str) -> Option<&'a Value> {
    event.get(object)?.get(key)
}

pub(super) fn is_filled(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.trim().is_empty())
}

pub(super) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_error_has_graphs_shape() {
        let error = fault(2_804_003, &["user_data", "em"], "why").at_event(7).to_json("trace");
        let expected = json!({ "error": {
            "message": "Invalid parameter",
            "type": "OAuthException",
            "code": 100,
            "error_subcode": 2_804_003,
            "is_transient": false,
            "error_user_title": "An event is not valid",
            "error_user_msg": "user_data.em: why",
            "error_data": { "blame_field_specs": [["user_data", "em"]], "event_index": 7 },
            "fbtrace_id": "trace",
        } });
        assert_eq!(error, expected);
    }
}
