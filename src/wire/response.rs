//! Meta's answers, read leniently.

use std::fmt::Write;

use serde_json::{Deserializer, Value};

use super::TextFilter;
use super::lenient::{flag, number};
use crate::report::{ApiError, ErrorClass};

/// What an answer says about its batch.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    /// The service counted this many events.
    Received { count: u64, messages: Vec<Box<str>>, trace_id: Option<Box<str>> },
    /// The service, or something before it, refused with an error.
    Error(Box<ApiError>),
    /// No count, and no error whose meaning is known, so not an answer of the service. The request may have
    /// arrived.
    Unreadable(Box<str>),
}

/// The most messages that are kept of one answer.
const MAX_MESSAGES: usize = 20;

/// Reads an answer. Codes may be numbers or text; unknown members are ignored, and so are bytes that are not
/// UTF-8. A count is read only from valid JSON, an error also from JSON that is damaged.
pub(crate) fn read_answer(
    status: u16,
    content_type: Option<&str>,
    body: &[u8],
    filter: &TextFilter<'_>,
) -> Answer {
    let json = match read_json(status, content_type, body, filter) {
        Ok(json) => json,
        Err(NoJson::Error(error)) => return Answer::Error(error),
        Err(NoJson::Unreadable(why)) => return Answer::Unreadable(why),
    };
    match (status, json) {
        (200, Some(json)) => match json.get("events_received").and_then(number) {
            Some(count) if count >= 0 => Answer::Received {
                count: count.unsigned_abs(),
                messages: messages(&json, filter),
                trace_id: text_of(&json, "fbtrace_id", filter),
            },
            _ => Answer::Unreadable("the answer has no count of events".into()),
        },
        (200, None) if body.is_empty() => Answer::Unreadable("the answer is empty".into()),
        _ => Answer::Unreadable(not_metas(status, content_type, None, filter)),
    }
}

/// Reads the answer of a gateway to a batch of this many events. Status 202 is the only success, and no code of an
/// error has a known meaning there. What else is no refusal may have been stored.
pub(crate) fn read_gateway_answer(status: u16, body: &[u8], sent: u64, filter: &TextFilter<'_>) -> Answer {
    if status == 202 {
        return Answer::Received { count: sent, messages: Vec::new(), trace_id: None };
    }
    let message = words_of(&String::from_utf8_lossy(body), filter);
    if (400..500).contains(&status) {
        let error = ApiError { status, message, is_from_gateway: true, ..ApiError::default() };
        return Answer::Error(Box::new(error));
    }
    let mut told = format!("the gateway answered with HTTP status {status} instead of 202");
    if let Some(words) = message {
        let _ = write!(told, ": {words}");
    }
    Answer::Unreadable(told.into())
}

/// What an answer says for people: the message of its error, or the answer itself unless it is a page or JSON.
fn words_of(body: &str, filter: &TextFilter<'_>) -> Option<Box<str>> {
    let words = match serde_json::from_str::<Value>(body) {
        Ok(json) => read_error(0, &json, filter)
            .and_then(|error| error.message)
            .or_else(|| text_of(&json, "message", filter)),
        Err(_) if body.trim_start().starts_with(['<', '{', '[']) => None,
        Err(_) => Some(filter.clean(body)),
    };
    words.filter(|words| !words.is_empty())
}

/// Why an answer has no JSON to read further.
pub(crate) enum NoJson {
    /// The service, or something before it, refused with an error.
    Error(Box<ApiError>),
    /// It is not an answer of the service.
    Unreadable(Box<str>),
}

/// Reads the JSON of an answer that has a good status and is no error; `None` if it is not JSON.
fn read_json(
    status: u16,
    content_type: Option<&str>,
    body: &[u8],
    filter: &TextFilter<'_>,
) -> Result<Option<Value>, NoJson> {
    let text = String::from_utf8_lossy(body);
    let json: Option<Value> = serde_json::from_str(&text).ok();
    let damaged = if json.is_none() { read_damaged(&text) } else { None };
    let error = json.as_ref().or(damaged.as_ref()).and_then(|json| read_error(status, json, filter));
    if error.is_none() && (200..300).contains(&status) {
        return Ok(json);
    }
    let error = error.unwrap_or_else(|| ApiError { status, ..ApiError::default() });
    Err(match error.class() {
        ErrorClass::GiveUp if error.code().is_none() => {
            NoJson::Unreadable(not_metas(status, content_type, error.message(), filter))
        }
        _ => NoJson::Error(Box::new(error)),
    })
}

/// Reads an answer that is no receipt for events: its JSON, whatever that holds.
pub(crate) fn read_object(
    status: u16,
    content_type: Option<&str>,
    body: &[u8],
    filter: &TextFilter<'_>,
) -> Result<Value, NoJson> {
    read_json(status, content_type, body, filter)?.ok_or_else(|| {
        NoJson::Unreadable(if body.is_empty() {
            "the answer is empty".into()
        } else {
            not_metas(status, content_type, None, filter)
        })
    })
}

/// What is known of an answer that does not come from the service.
fn not_metas(
    status: u16,
    content_type: Option<&str>,
    words: Option<&str>,
    filter: &TextFilter<'_>,
) -> Box<str> {
    let mut told = format!("not Meta's answer: HTTP status {status}");
    if let Some(content_type) = content_type {
        // Writing to a string cannot fail.
        let _ = write!(told, ", {}", filter.clean(content_type));
    }
    if let Some(words) = words {
        let _ = write!(told, ": {words}");
    }
    told.into()
}

/// The first value of JSON that breaks off in a text, or has something before or behind it.
fn read_damaged(text: &str) -> Option<Value> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let text = mended(text.strip_prefix("for (;;);").unwrap_or(text));
    Deserializer::from_str(&text).into_iter().next()?.ok()
}

/// JSON whose strings hold no control characters, no halves of surrogate pairs and no unknown escapes.
fn mended(json: &str) -> String {
    let mut mended = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(letter) = rest.chars().next() {
        let length = if letter == '\\' { escape(rest, &mut mended) } else { letter.len_utf8() };
        if letter != '\\' {
            mended.push(if letter.is_control() { ' ' } else { letter });
        }
        rest = &rest[length..];
    }
    mended
}

/// Mends the escape at the start of a text; returns its length.
fn escape(text: &str, mended: &mut String) -> usize {
    const UNKNOWN: &str = "\\ufffd";
    let unit = |at: usize| -> Option<u16> {
        let digits = text.get(at..)?.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    match (text.as_bytes().get(1), unit(0), unit(6)) {
        (_, Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => {
            mended.push_str(&text[..12]);
            12
        }
        (_, Some(0xd800..0xe000), _) => {
            mended.push_str(UNKNOWN);
            6
        }
        (_, Some(_), _) => {
            mended.push_str(&text[..6]);
            6
        }
        (Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't'), ..) => {
            mended.push_str(&text[..2]);
            2
        }
        _ => {
            mended.push_str(UNKNOWN);
            1
        }
    }
}

/// Reads the error of an answer: the usual object, the older flat form, or only a text; each also in a list, and
/// the object also as a text that holds its JSON.
fn read_error(status: u16, json: &Value, filter: &TextFilter<'_>) -> Option<ApiError> {
    if let Value::Array(answers) = json {
        return answers
            .iter()
            .filter(|answer| !answer.is_array())
            .find_map(|answer| read_error(status, answer, filter));
    }
    let flat = ["error_code", "error_msg"].iter().any(|name| json.get(name).is_some());
    let given =
        ["error", "errors"].iter().find_map(|name| json.get(name).filter(|error| says_something(error)));
    let parsed;
    let error = match given {
        None if !flat => return None,
        Some(Value::Array(list)) => list.iter().find(|error| error.is_object()).unwrap_or(json),
        Some(nested @ Value::Object(_)) => nested,
        Some(Value::String(words)) => {
            let Ok(nested @ Value::Object(_)) = serde_json::from_str::<Value>(words) else {
                let message = Some(filter.clean(words));
                return Some(ApiError { status, message, ..ApiError::default() });
            };
            parsed = nested;
            &parsed
        }
        _ => json,
    };
    let code = ["code", "error_code"].iter().find_map(|name| error.get(name).and_then(number));
    let words = |names: [&str; 2]| names.iter().find_map(|name| text_of(error, name, filter));
    let data = error_data(error);
    let terms_link = ["message", "error_msg", "error_user_msg"]
        .iter()
        .find_map(|name| terms_link(error.get(name)?.as_str()?))
        .filter(|link| filter.clean(link) == *link);
    Some(ApiError {
        status,
        code,
        subcode: error.get("error_subcode").and_then(number),
        is_transient: error.get("is_transient").and_then(flag) == Some(true),
        kind: words(["type", "error_type"]),
        message: words(["message", "error_msg"]),
        user_title: text_of(error, "error_user_title", filter),
        user_message: text_of(error, "error_user_msg", filter),
        blamed_fields: data.as_ref().map(|data| blamed_fields(data, filter)).unwrap_or_default(),
        event_index: data.as_ref().and_then(|data| usize::try_from(number(data.get("event_index")?)?).ok()),
        terms_link,
        trace_id: text_of(error, "fbtrace_id", filter).or_else(|| text_of(json, "fbtrace_id", filter)),
        is_from_gateway: false,
    })
}

/// Whether a member stands for an error, and not for none.
fn says_something(error: &Value) -> bool {
    match error {
        Value::Null | Value::Bool(false) => false,
        Value::Array(list) => !list.is_empty(),
        Value::String(words) => !words.trim().is_empty(),
        _ => true,
    }
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

fn text_of(json: &Value, name: &str, filter: &TextFilter<'_>) -> Option<Box<str>> {
    json.get(name)?.as_str().map(|words| filter.clean(words))
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
        read_answer(status, Some("text/html"), body.as_bytes(), &TextFilter::default())
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
        assert_eq!(error(500, r#"{"error":"no"}"#).message(), Some("no"));
        assert_eq!(error(500, r#"{"error":[1]}"#).code(), None);
        assert_eq!(error(200, r#"{"error_code":1,"error_msg":"flat"}"#).message(), Some("flat"));
        assert_eq!(error(502, "<html>").status(), 502);
    }

    #[test]
    fn r37_r38_no_deformation_of_its_text_hides_what_an_error_is() {
        let expired = ErrorClass::FixToken;
        for body in [
            b"{\"error\":{\"code\":190,\"error_subcode\":463,\"message\":\"caf\xe9\"}}".as_slice(),
            b"{\"error\":{\"message\":\"\xff\xfe\",\"code\":\"190\",\"error_subcode\":\" 463 \"}}",
            br#"{"error":{"message":"half a pair \ud83d, then \u00e9 and \\u","code":190,"error_subcode":463}}"#,
            br#"{"error":{"message":"a pair \ud83d\ude00, an unknown \x","code":190,"error_subcode":463}}"#,
            b"{\"error\":{\"message\":\"two\nlines\x1b\",\"code\":190,\"error_subcode\":463}}",
            br#"[{"error":{"code":190,"error_subcode":463}}]"#,
            br#"{"error":[{"code":190.0,"error_subcode":463}]}"#,
            br#"{"errors":[{"code":190,"error_subcode":463}]}"#,
            br#"{"error":"{\"code\":190,\"error_subcode\":463}"}"#,
            br#"{"error":{"code":null,"error_code":190,"error_subcode":463}}"#,
            b"\xef\xbb\xbf{\"error\":{\"code\":190,\"error_subcode\":463}}",
            br#"for (;;);{"error":{"code":190,"error_subcode":463}}"#,
            br#"{"error":{"code":190,"error_subcode":463}}<!-- served by a proxy -->"#,
        ] {
            let shown = String::from_utf8_lossy(body);
            let Answer::Error(error) = read_answer(400, None, body, &TextFilter::default()) else {
                panic!("{shown}")
            };
            assert_eq!((error.class(), error.subcode()), (expired, Some(463)), "{shown}");
        }
        let transient = |value: &str| {
            let body =
                format!("{{\"error\":{{\"code\":777,\"is_transient\":{value},\"message\":\"\u{0}\"}}}}");
            error(400, &body).class() == ErrorClass::Retry
        };
        assert!(["true", "\"true\"", "1", "\"1\""].iter().all(|value| transient(value)));
        assert!(!["false", "\"false\"", "0", "null", "\"\"", "2", "[]"].iter().any(|value| transient(value)));
    }

    #[test]
    fn a_count_is_read_only_from_whole_json_without_an_error() {
        let damaged = ["{\"events_received\":1}<html>", "{\"events_received\":1,\"messages\":[\"\\ud800\"]}"];
        for body in damaged.into_iter().chain(["[{\"events_received\":1}]"]) {
            assert!(matches!(read(200, body), Answer::Unreadable(_)), "{body}");
        }
        for none in ["null", "false", "[]", "\"\""] {
            let body = format!("{{\"events_received\":1,\"error\":{none},\"errors\":{none}}}");
            assert!(matches!(read(200, &body), Answer::Received { count: 1, .. }), "{body}");
        }
        for some in ["true", "{}", "[{}]", "\"no\"", "7"] {
            let body = format!("{{\"events_received\":1,\"error\":{some}}}");
            assert!(matches!(read(200, &body), Answer::Unreadable(_)), "{body}");
        }
        let body = b"{\"events_received\":1,\"messages\":[\"caf\xe9\"]}";
        let answer = read_answer(200, None, body, &TextFilter::default());
        assert!(
            matches!(answer, Answer::Received { count: 1, .. }),
            "valid JSON, but for one letter of a text"
        );
    }

    #[test]
    fn r6_r35_an_error_without_a_code_is_not_metas_unless_its_status_says_what_to_do() {
        let page = "<html>Bad request</html>";
        for (status, body) in [
            (400, page),
            (418, ""),
            (400, "{\"error\":\"no\"}"),
            (451, "{\"error\":{}}"),
            (200, "{\"error\":\"no\"}"),
        ] {
            let Answer::Unreadable(why) = read(status, body) else { panic!("{status} {body}") };
            assert!(why.starts_with(&format!("not Meta's answer: HTTP status {status}, text/html")), "{why}");
            assert_eq!(why.ends_with(": no"), body.contains("no\""), "{why}");
            assert!(!why.contains("request"), "not the page: {why}");
        }
        for (status, class) in
            [(401, ErrorClass::FixToken), (404, ErrorClass::FixEndpoint), (429, ErrorClass::Throttle)]
        {
            assert_eq!(error(status, page).class(), class);
        }
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
