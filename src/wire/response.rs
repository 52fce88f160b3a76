//! Meta's answers, read leniently.

use serde_json::Value;

use super::TextFilter;
use crate::report::ApiError;

/// What an answer says about its batch.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    /// The service counted this many events.
    Received { count: u64, messages: Vec<Box<str>>, trace_id: Option<Box<str>> },
    /// The service, or something before it, refused with an error.
    Error(Box<ApiError>),
    /// No count and no error, so not an answer of the service. The request may have arrived.
    Unreadable(&'static str),
}

/// The most messages that are kept of one answer.
const MAX_MESSAGES: usize = 20;

/// Reads an answer. Codes may be numbers or text; unknown members are ignored.
pub(crate) fn read_answer(status: u16, body: &[u8], filter: &TextFilter<'_>) -> Answer {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    if let Some(error) = json.as_ref().and_then(|json| read_error(status, json, filter)) {
        return Answer::Error(Box::new(error));
    }
    match (status, json) {
        (200, Some(json)) => match json.get("events_received").and_then(number) {
            Some(count) if count >= 0 => Answer::Received {
                count: count.unsigned_abs(),
                messages: messages(&json, filter),
                trace_id: text(&json, "fbtrace_id", filter),
            },
            _ => Answer::Unreadable("the answer has no count of events"),
        },
        (200, None) if body.is_empty() => Answer::Unreadable("the answer is empty"),
        (200, None) => Answer::Unreadable("not Meta's answer: no JSON"),
        (201..=299, _) => Answer::Unreadable("not Meta's answer: another status than 200"),
        _ => Answer::Error(Box::new(ApiError { status, ..ApiError::default() })),
    }
}

/// Reads the error of an answer: the usual object, the older flat form, or only a text.
fn read_error(status: u16, json: &Value, filter: &TextFilter<'_>) -> Option<ApiError> {
    let flat = ["error_code", "error_msg"].iter().any(|name| json.get(name).is_some());
    let error = match json.get("error") {
        None | Some(Value::Null) if !flat => return None,
        Some(Value::String(words)) => {
            let message = Some(filter.clean(words));
            return Some(ApiError { status, message, ..ApiError::default() });
        }
        Some(nested @ Value::Object(_)) => nested,
        _ => json,
    };
    let either = |names: [&str; 2]| names.iter().find_map(|name| error.get(name));
    let words = |names: [&str; 2]| either(names).and_then(Value::as_str).map(|words| filter.clean(words));
    let data = error_data(error);
    let terms_link = ["message", "error_msg", "error_user_msg"]
        .iter()
        .find_map(|name| terms_link(error.get(name)?.as_str()?));
    Some(ApiError {
        status,
        code: either(["code", "error_code"]).and_then(number),
        subcode: error.get("error_subcode").and_then(number),
        is_transient: error.get("is_transient").and_then(Value::as_bool).unwrap_or(false),
        kind: words(["type", "error_type"]),
        message: words(["message", "error_msg"]),
        user_title: text(error, "error_user_title", filter),
        user_message: text(error, "error_user_msg", filter),
        blamed_fields: data.as_ref().map(|data| blamed_fields(data, filter)).unwrap_or_default(),
        event_index: data.as_ref().and_then(|data| usize::try_from(number(data.get("event_index")?)?).ok()),
        terms_link,
        trace_id: text(error, "fbtrace_id", filter).or_else(|| text(json, "fbtrace_id", filter)),
    })
}

/// `error_data` is an object, or a string that holds the JSON of one.
fn error_data(error: &Value) -> Option<Value> {
    match error.get("error_data")? {
        Value::String(json) => serde_json::from_str(json).ok(),
        other => Some(other.clone()),
    }
}

/// Paths such as `["user_data","em"]`, written `user_data.em`.
fn blamed_fields(data: &Value, filter: &TextFilter<'_>) -> Vec<Box<str>> {
    let Some(specs) = data.get("blame_field_specs").and_then(Value::as_array) else { return Vec::new() };
    let path = |spec: &Value| {
        let parts: Vec<String> = match spec {
            Value::Array(parts) => parts.iter().map(part).collect(),
            other => vec![part(other)],
        };
        filter.clean(&parts.join("."))
    };
    specs.iter().take(MAX_MESSAGES).map(path).collect()
}

fn part(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn messages(json: &Value, filter: &TextFilter<'_>) -> Vec<Box<str>> {
    let Some(list) = json.get("messages").and_then(Value::as_array) else { return Vec::new() };
    list.iter().take(MAX_MESSAGES).map(|message| filter.clean(&part(message))).collect()
}

fn text(json: &Value, name: &str, filter: &TextFilter<'_>) -> Option<Box<str>> {
    json.get(name)?.as_str().map(|words| filter.clean(words))
}

/// A whole number, also when it is written as text.
fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// The page of the custom audience terms; its address survives translation.
fn terms_link(message: &str) -> Option<Box<str>> {
    let at = message.find("customaudiences/tos")?;
    let start = message[..at].rfind("https://")?;
    let end = message[start..].find(|letter: char| letter.is_whitespace() || "\"'<>)".contains(letter));
    let link = &message[start..end.map_or(message.len(), |length| start + length)];
    let meta = ["https://business.facebook.com/", "https://www.facebook.com/"];
    let link = link.trim_end_matches(['.', ',']);
    (link.len() < 256 && link.is_ascii() && meta.iter().any(|host| link.starts_with(host)))
        .then(|| link.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &str) -> Answer {
        read_answer(status, body.as_bytes(), &TextFilter::default())
    }

    fn error(status: u16, body: &str) -> ApiError {
        match read(status, body) {
            Answer::Error(error) => *error,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn r3_to_r6_r9_an_answer_without_a_count_confirms_nothing() {
        for body in [
            "",
            "{}",
            "[]",
            "null",
            "{\"events_received\":null}",
            "{\"events_received\":-1}",
            "{\"events_received\":\"many\"}",
            "{\"events_received\":1",
            "<html>Welcome to the hotel</html>",
        ] {
            assert!(matches!(read(200, body), Answer::Unreadable(_)), "{body}");
        }
        assert!(matches!(read(202, "{\"events_received\":1}"), Answer::Unreadable(_)));
        assert!(matches!(read(200, "{\"events_received\":\"3\"}"), Answer::Received { count: 3, .. }));
    }

    #[test]
    fn r7_an_error_in_a_good_status_is_an_error() {
        assert_eq!(error(200, r#"{"error":{"code":190}}"#).code(), Some(190));
    }

    #[test]
    fn r37_an_error_is_read_as_far_as_possible() {
        let read = error(
            400,
            r#"{"error":{"message":"Invalid parameter","code":"100","error_subcode":2804050,
                "error_data":"{\"blame_field_specs\":[[\"data\",0,\"user_data\"]],\"event_index\":\"7\"}"}}"#,
        );
        assert_eq!((read.code(), read.subcode()), (Some(100), Some(2_804_050)));
        assert_eq!(read.blamed_fields().collect::<Vec<_>>(), ["data.0.user_data"]);
        assert_eq!(read.event_index, Some(7));
        assert_eq!(error(400, r#"{"error":"no"}"#).message(), Some("no"));
        assert_eq!(error(400, r#"{"error":[1]}"#).code(), None);
        assert_eq!(error(200, r#"{"error_code":1,"error_msg":"flat"}"#).message(), Some("flat"));
        assert_eq!(error(502, "<html>").status(), 502);
    }

    #[test]
    fn r40_deep_and_long_answers_are_no_danger() {
        let deep = "[".repeat(100_000);
        assert!(matches!(read(200, &deep), Answer::Unreadable(_)));
        let long = format!("{{\"events_received\":{}}}", "9".repeat(10_000));
        assert!(matches!(read(200, &long), Answer::Unreadable(_)));
    }

    #[test]
    fn r29_the_terms_page_is_kept_when_it_is_metas() {
        let page = "https://business.facebook.com/ads/manage/customaudiences/tos/?act=12";
        let body = |page: &str| format!(r#"{{"error":{{"code":200,"message":"agree at {page}."}}}}"#);
        assert_eq!(error(403, &body(page)).terms_link(), Some(page));
        assert_eq!(error(403, &body("https://evil.example/customaudiences/tos")).terms_link(), None);
    }
}
