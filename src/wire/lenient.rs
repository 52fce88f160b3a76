//! Single values of Meta's JSON, in whatever form they come.

use serde_json::Value;

use super::TextFilter;

/// A whole number, also when it is written as text or with an empty fraction.
pub(crate) fn number(value: &Value) -> Option<i64> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    let whole = text.split_once('.').map_or(&*text, |(whole, fraction)| {
        if fraction.bytes().all(|digit| digit == b'0') { whole } else { &text }
    });
    whole.parse().ok()
}

/// A number, also when it is written as text.
pub(crate) fn decimal(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number: &f64| number.is_finite())
}

/// Yes or no, also when it is written as text or as a number.
pub(crate) fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
        other => match number(other) {
            Some(1) => Some(true),
            Some(0) => Some(false),
            _ => None,
        },
    }
}

/// A text, or a number as text, past the filter. An empty one says nothing.
pub(crate) fn text(value: &Value, filter: &TextFilter<'_>) -> Option<Box<str>> {
    let text = match value {
        Value::String(text) => filter.clean(text),
        Value::Number(number) => number.to_string().into(),
        _ => return None,
    };
    Some(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_read_in_every_form_that_they_come_in() {
        for (value, expected) in [
            (json!(7), Some(7)),
            (json!("7"), Some(7)),
            (json!(" 7.0 "), Some(7)),
            (json!(7.5), None),
            (json!("seven"), None),
            (json!(null), None),
            (json!([7]), None),
        ] {
            assert_eq!(number(&value), expected, "{value}");
        }
        for (value, expected) in [
            (json!(true), Some(true)),
            (json!("True"), Some(true)),
            (json!(1), Some(true)),
            (json!("0"), Some(false)),
            (json!("false"), Some(false)),
            (json!("yes"), None),
            (json!(2), None),
            (json!({}), None),
        ] {
            assert_eq!(flag(&value), expected, "{value}");
        }
        assert_eq!(
            [json!(6.6), json!("6.6"), json!(6)].map(|value| decimal(&value)),
            [Some(6.6), Some(6.6), Some(6.0)]
        );
        assert_eq!([json!("NaN"), json!("inf"), json!(true)].map(|value| decimal(&value)), [None; 3]);
        let filter = TextFilter::masking(["MARKEDTOKEN"]);
        assert_eq!(text(&json!("the MARKEDTOKEN\n"), &filter).as_deref(), Some("the […]"));
        assert_eq!(text(&json!(12), &filter).as_deref(), Some("12"));
        assert_eq!(
            [json!(" "), json!(true), json!(null)].map(|value| text(&value, &filter)),
            [None, None, None]
        );
    }
}
