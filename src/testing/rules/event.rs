//! Rules on one event: its own fields, and in which order all rules are checked.

use serde_json::Value;

use super::action_source::{check_action_source, check_messaging, check_website_and_app};
use super::custom_data::{check_custom_data, check_purchase};
use super::fields::{Fields, fault, is_filled, is_from, require, text};
use super::user_data::{check_match_keys, check_user_data};
use crate::testing::graph::GraphError;

const MAX_EVENT_NAME: usize = 50;
const DAY: i64 = 86_400;
const FUTURE: i64 = 60;
/// From here up, a number can only be a finer unit than seconds.
const FINER_THAN_SECONDS: i64 = 100_000_000_000;

const TOO_OLD: i64 = 2_804_003;

type Check = fn(&Fields, i64) -> Result<(), GraphError>;

/// The first one that fails is the one that is reported.
const CHECKS: [Check; 12] = [
    check_field_names,
    check_event_name,
    check_action_source,
    check_time,
    check_plain_fields,
    check_data_processing,
    check_user_data,
    check_match_keys,
    check_custom_data,
    check_purchase,
    check_website_and_app,
    check_messaging,
];

/// The first broken rule of an event, where `now` is in Unix seconds.
pub(super) fn check_event(event: &Value, now: i64) -> Result<(), GraphError> {
    let fields = event.as_object().ok_or_else(|| fault(None, &["data"], "an event must be an object"))?;
    CHECKS.iter().try_for_each(|check| check(fields, now))
}

const EVENT_FIELDS: [&str; 19] = [
    "event_name",
    "event_time",
    "user_data",
    "action_source",
    "custom_data",
    "event_source_url",
    "event_id",
    "referrer_url",
    "opt_out",
    "data_processing_options",
    "data_processing_options_country",
    "data_processing_options_state",
    "app_data",
    "messaging_channel",
    "original_event_data",
    "attribution_data",
    "customer_segmentation",
    "advanced_measurement_table",
    "advertiser_tracking_enabled",
];

fn check_field_names(event: &Fields, _now: i64) -> Result<(), GraphError> {
    let unknown = event.keys().find(|key| !EVENT_FIELDS.contains(&key.as_str()));
    unknown.map_or(Ok(()), |key| Err(fault(None, &[key.as_str()], "no such field")))
}

fn check_event_name(event: &Fields, _now: i64) -> Result<(), GraphError> {
    let name = text(event, "event_name");
    let fits = name.is_some_and(|name| name.chars().count() <= MAX_EVENT_NAME);
    require(fits, None, &["event_name"], "must be a text of 1 to 50 characters")
}

fn check_time(event: &Fields, now: i64) -> Result<(), GraphError> {
    let field = &["event_time"];
    let Some(time) = event.get("event_time").and_then(Value::as_i64) else {
        return Err(fault(None, field, "must be a whole number of seconds"));
    };
    let days = if is_from(event, "physical_store") { 62 } else { 7 };
    require(time < FINER_THAN_SECONDS, None, field, "must be in seconds: it looks like milliseconds")?;
    require(time > 0 && now - time <= days * DAY, TOO_OLD, field, "lies too far in the past")?;
    require(time - now <= FUTURE, None, field, "lies in the future")
}

fn check_plain_fields(event: &Fields, _now: i64) -> Result<(), GraphError> {
    for key in ["event_id", "referrer_url", "event_source_url", "messaging_channel"] {
        require(event.get(key).is_none_or(is_filled), None, &[key], "must be a text that is not empty")?;
    }
    for key in ["app_data", "original_event_data", "attribution_data"] {
        require(event.get(key).is_none_or(Value::is_object), None, &[key], "must be an object")?;
    }
    require(event.get("opt_out").is_none_or(Value::is_boolean), None, &["opt_out"], "must be true or false")
}

/// Limited data use: a country goes with the option, and a state with the country.
fn check_data_processing(event: &Fields, _now: i64) -> Result<(), GraphError> {
    const OPTIONS: &str = "data_processing_options";
    const COUNTRY: &str = "data_processing_options_country";
    const STATE: &str = "data_processing_options_state";

    let limited = match event.get(OPTIONS) {
        None => false,
        Some(Value::Array(options)) if options.is_empty() => false,
        Some(Value::Array(options)) if options[..] == ["LDU"] => true,
        Some(_) => return Err(fault(None, &[OPTIONS], "must be an empty array or hold LDU")),
    };
    let country = number_among(event, COUNTRY, |country| country <= 1)?;
    let state = number_among(event, STATE, |state| state == 0 || (1000..=1013).contains(&state))?;
    require(!limited || country, None, &[COUNTRY], "must be given with LDU")?;
    require(!country || state, None, &[STATE], "must be given with a country")
}

/// Whether the number is there; a fault when it is there and not allowed.
fn number_among(event: &Fields, key: &str, allowed: fn(u64) -> bool) -> Result<bool, GraphError> {
    let Some(value) = event.get(key) else { return Ok(false) };
    require(value.as_u64().is_some_and(allowed), None, &[key], "is not a code that Meta knows")?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::sample::{HASH, NOW, accepted, check_body, drop_field, purchase, refused};
    use super::*;

    #[test]
    fn unknown_fields() {
        refused(None, "eventTime", &[|event| event["eventTime"] = json!(1)]);
        refused(None, "user_data.email", &[|event| event["user_data"]["email"] = json!(HASH)]);
        accepted(&[|event| event["custom_data"]["loyalty"] = json!({ "level": 3 })]);
    }

    #[test]
    fn event_names() {
        refused(
            None,
            "event_name",
            &[
                |event| drop_field(event, "event_name"),
                |event| event["event_name"] = json!(""),
                |event| event["event_name"] = json!(" "),
                |event| event["event_name"] = json!(1),
                |event| event["event_name"] = json!("é".repeat(51)),
            ],
        );
        accepted(&[|event| event["event_name"] = json!("é".repeat(50))]);
    }

    #[test]
    fn t2_t5_t6_moments() {
        refused(
            None,
            "event_time",
            &[
                |event| drop_field(event, "event_time"),
                |event| event["event_time"] = json!("1767225600"),
                |event| event["event_time"] = json!(1_767_225_600.0),
                |event| event["event_time"] = json!(NOW * 1000),
                |event| event["event_time"] = json!(u64::MAX),
                |event| event["event_time"] = json!(NOW + 61),
            ],
        );
        refused(
            TOO_OLD,
            "event_time",
            &[
                |event| event["event_time"] = json!(NOW - 62 * 86_400 - 1),
                |event| event["event_time"] = json!(0),
                |event| event["event_time"] = json!(i64::MIN),
                |event| {
                    event["action_source"] = json!("email");
                    event["event_time"] = json!(NOW - 7 * 86_400 - 1);
                },
            ],
        );
        accepted(&[
            |event| event["event_time"] = json!(NOW + 60),
            |event| event["event_time"] = json!(NOW - 62 * 86_400),
            |event| {
                event["action_source"] = json!("email");
                event["event_time"] = json!(NOW - 7 * 86_400);
            },
        ]);
    }

    #[test]
    fn t6_milliseconds_are_called_by_their_name() {
        let mut event = purchase();
        event["event_time"] = json!(NOW * 1000);
        let error = check_body(&json!({ "data": [event] })).err().map(|error| error.to_json(""));
        let text = error.map(|error| error["error"]["error_user_msg"].to_string()).unwrap_or_default();
        assert!(text.contains("milliseconds"), "{text}");
    }

    #[test]
    fn plain_fields() {
        refused(
            None,
            "event_id",
            &[|event| event["event_id"] = json!(""), |event| event["event_id"] = json!(10_001)],
        );
        refused(None, "referrer_url", &[|event| event["referrer_url"] = Value::Null]);
        refused(None, "app_data", &[|event| event["app_data"] = json!([])]);
        refused(None, "opt_out", &[|event| event["opt_out"] = json!("false")]);
        accepted(&[|event| drop_field(event, "event_id"), |event| event["opt_out"] = json!(true)]);
    }

    #[test]
    fn v52_limited_data_use_is_whole_or_absent() {
        const COUNTRY: &str = "data_processing_options_country";
        const STATE: &str = "data_processing_options_state";

        fn limited(event: &mut Value, country: Option<u64>, state: Option<u64>) {
            event["data_processing_options"] = json!(["LDU"]);
            for (key, value) in [(COUNTRY, country), (STATE, state)] {
                if let Some(value) = value {
                    event[key] = json!(value);
                }
            }
        }

        refused(
            None,
            "data_processing_options",
            &[
                |event| event["data_processing_options"] = json!("LDU"),
                |event| event["data_processing_options"] = json!(["ldu"]),
            ],
        );
        refused(
            None,
            COUNTRY,
            &[|event| limited(event, None, Some(0)), |event| limited(event, Some(2), Some(0))],
        );
        refused(
            None,
            STATE,
            &[
                |event| limited(event, Some(1), None),
                |event| limited(event, Some(1), Some(999)),
                |event| limited(event, Some(1), Some(1014)),
                |event| event[COUNTRY] = json!(0),
            ],
        );
        accepted(&[
            |event| event["data_processing_options"] = json!([]),
            |event| limited(event, Some(0), Some(0)),
            |event| limited(event, Some(1), Some(1013)),
        ]);
    }
}
