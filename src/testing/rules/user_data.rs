//! Rules on `user_data`: the form of every match key, and which sets of keys are too broad.

use std::net::IpAddr;

use serde_json::Value;

use super::fields::{Fields, fault, is_digits, is_filled, require};
use crate::testing::graph::GraphError;

const LEAD_ID: i64 = 2_804_036;
pub(super) const TOO_BROAD: i64 = 2_804_050;

/// The form of a value in `user_data`.
#[derive(Clone, Copy)]
enum Form {
    Digests,
    Texts,
    Text,
    Number,
    Address,
    ClickId,
}

fn form_of(key: &str) -> Option<Form> {
    Some(match key {
        "em" | "ph" | "fn" | "ln" | "db" | "ge" | "ct" | "st" | "zp" | "country" | "f5first" | "f5last"
        | "fi" | "dobd" | "dobm" | "doby" | "app_user_id" => Form::Digests,
        "external_id" => Form::Texts,
        "client_ip_address" => Form::Address,
        "fbc" | "fbp" => Form::ClickId,
        "fb_login_id" | "lead_id" => Form::Number,
        "client_user_agent"
        | "subscription_id"
        | "anon_id"
        | "madid"
        | "page_id"
        | "page_scoped_user_id"
        | "ctwa_clid"
        | "ig_account_id"
        | "ig_sid"
        | "whatsapp_business_account_id"
        | "instagram_business_account_id"
        | "partner_id"
        | "partner_name" => Form::Text,
        _ => return None,
    })
}

pub(super) fn check_user_data(event: &Fields, _now: i64) -> Result<(), GraphError> {
    let Some(user_data) = event.get("user_data").and_then(Value::as_object) else {
        return Err(fault(TOO_BROAD, &["user_data"], "must be an object"));
    };
    user_data.iter().try_for_each(|(key, value)| {
        let field = &["user_data", key.as_str()];
        let form = form_of(key).ok_or_else(|| fault(None, field, "no such match key"))?;
        let subcode = if key == "lead_id" { Some(LEAD_ID) } else { None };
        check_form(form, value).map_err(|why| fault(subcode, field, why))
    })
}

fn check_form(form: Form, value: &Value) -> Result<(), &'static str> {
    let (fits, why) = match form {
        Form::Digests => (each_text(value, is_digest), "must be SHA-256 in 64 lower-case hex digits"),
        Form::Texts => (each_text(value, |text| !text.trim().is_empty()), "must hold texts"),
        Form::Text => (is_filled(value), "must be a text that is not empty"),
        Form::Number => (is_unsigned(value), "must be a whole number"),
        Form::Address => (is_address(value), "must be an IP address"),
        Form::ClickId => (value.as_str().is_some_and(is_click_id), "must look like fb.1.<milliseconds>.<id>"),
    };
    if fits { Ok(()) } else { Err(why) }
}

/// One text or an array of texts, each as `fits` wants it.
fn each_text(value: &Value, fits: fn(&str) -> bool) -> bool {
    match value {
        Value::Array(values) => values.iter().all(|value| value.as_str().is_some_and(fits)),
        value => value.as_str().is_some_and(fits),
    }
}

const DIGEST_OF_NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// 64 lower-case hex digits, perhaps with the suffix of Meta's own parameter builder.
fn is_digest(text: &str) -> bool {
    let (digest, suffix) = text.split_once('.').map_or((text, None), |(digest, rest)| (digest, Some(rest)));
    let hex = digest.len() == 64 && digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    hex && digest != DIGEST_OF_NOTHING && suffix.is_none_or(is_builder_suffix)
}

fn is_builder_suffix(text: &str) -> bool {
    let url_safe = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    matches!(text.len(), 2 | 8) && text.bytes().all(url_safe)
}

fn is_unsigned(value: &Value) -> bool {
    value.is_u64() || value.as_str().is_some_and(is_digits)
}

/// An IP address, perhaps with the suffix of Meta's own parameter builder.
fn is_address(value: &Value) -> bool {
    let is_address = |text: &str| text.parse::<IpAddr>().is_ok();
    let with_suffix = |text: &str| {
        text.rsplit_once('.')
            .is_some_and(|(address, suffix)| is_builder_suffix(suffix) && is_address(address))
    };
    value.as_str().is_some_and(|text| is_address(text) || with_suffix(text))
}

fn is_click_id(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(4, '.').collect();
    matches!(parts[..], ["fb", "0" | "1" | "2", made, rest] if is_digits(made) && !rest.is_empty())
}

/// Keys that find too many people when an event has no others.
const TOO_BROAD_SETS: [&[&str]; 4] = [
    &["ct", "country", "st", "zp", "ge", "client_user_agent"],
    &["db", "client_user_agent"],
    &["fn", "ge"],
    &["ln", "ge"],
];

pub(super) fn check_match_keys(event: &Fields, _now: i64) -> Result<(), GraphError> {
    let user_data = event.get("user_data").and_then(Value::as_object);
    let given = user_data.into_iter().flatten().filter(|(_, value)| !is_empty(value));
    let keys: Vec<&str> = given.map(|(key, _)| key.as_str()).collect();
    let broad = TOO_BROAD_SETS.iter().any(|set| keys.iter().all(|key| set.contains(key)));
    require(!broad, TOO_BROAD, &["user_data"], "does not identify the customer well enough")
}

fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::sample::{HASH, accepted, drop_field, fault_of, purchase, refused};
    use super::*;

    #[test]
    fn hashed_keys() {
        refused(
            None,
            "user_data.em",
            &[
                |event| event["user_data"]["em"] = json!("mary@example.com"),
                |event| event["user_data"]["em"] = json!([HASH, ""]),
                |event| event["user_data"]["em"] = json!([HASH, null]),
                |event| event["user_data"]["em"] = Value::Null,
                |event| event["user_data"]["em"] = json!(HASH.to_uppercase()),
                |event| event["user_data"]["em"] = json!(HASH[1..]),
                |event| event["user_data"]["em"] = json!(DIGEST_OF_NOTHING),
                |event| event["user_data"]["em"] = json!(format!("{HASH}.AQQ")),
                |event| event["user_data"]["em"] = json!(format!("{HASH}.")),
            ],
        );
        accepted(&[
            |event| event["user_data"]["em"] = json!([]),
            |event| event["user_data"]["em"] = json!(format!("{HASH}.AQQCAQAB")),
            |event| event["user_data"]["em"] = json!(format!("{HASH}.AQ")),
            |event| event["user_data"]["external_id"] = json!(["customer 7", HASH]),
        ]);
        for key in ["ph", "fn", "ln", "db", "ge", "ct", "st", "zp", "country", "doby"] {
            let mut event = purchase();
            event["user_data"][key] = json!(["mary"]);
            assert_eq!(fault_of(&event), Some((100, None, format!("user_data.{key}"))));
        }
    }

    #[test]
    fn v40_unhashed_keys() {
        refused(None, "user_data.external_id", &[|event| event["user_data"]["external_id"] = json!([""])]);
        refused(None, "user_data.madid", &[|event| event["user_data"]["madid"] = json!(["x"])]);
        refused(
            None,
            "user_data.client_ip_address",
            &[|event| event["user_data"]["client_ip_address"] = json!("10.0.0.256")],
        );
        refused(
            None,
            "user_data.fbc",
            &[
                |event| event["user_data"]["fbc"] = json!("IwAR2F4"),
                |event| event["user_data"]["fbc"] = json!("fb.3.1554763741205.x"),
                |event| event["user_data"]["fbc"] = json!("fb.1..x"),
            ],
        );
        refused(LEAD_ID, "user_data.lead_id", &[|event| event["user_data"]["lead_id"] = json!("lead")]);
        accepted(&[
            |event| event["user_data"]["client_ip_address"] = json!("2001:db8::1"),
            |event| event["user_data"]["fbc"] = json!("fb.1.1554763741205.IwAR2F4.x"),
            |event| event["user_data"]["lead_id"] = json!(525_645_896_321_548_u64),
            |event| event["user_data"]["lead_id"] = json!("525645896321548"),
        ]);
    }

    #[test]
    fn v42_match_keys_that_are_too_broad() {
        for (keys, valid) in [
            ("", false),
            ("ge ct st country", false),
            ("client_user_agent", false),
            ("db client_user_agent", false),
            ("fn ge", false),
            ("fn", false),
            ("ln", false),
            ("zp country client_user_agent", false),
            ("em", true),
            ("ph", true),
            ("external_id", true),
            ("client_ip_address", true),
            ("client_ip_address client_user_agent", true),
            ("fn ln", true),
            ("db ge", true),
            ("fn zp", true),
        ] {
            let mut event = purchase();
            event["user_data"] = json!({});
            for key in keys.split_whitespace() {
                event["user_data"][key] = match key {
                    "client_user_agent" => json!("Mozilla/5.0"),
                    "client_ip_address" => json!("203.0.113.7"),
                    _ => json!([HASH]),
                };
            }
            let expected = (!valid).then(|| (100, Some(TOO_BROAD), "user_data".to_owned()));
            assert_eq!(fault_of(&event), expected, "{keys:?}");
        }
        refused(
            TOO_BROAD,
            "user_data",
            &[
                |event| drop_field(event, "user_data"),
                |event| event["user_data"] = json!([HASH]),
                |event| event["user_data"] = json!({ "em": [], "ct": HASH }),
            ],
        );
    }
}
