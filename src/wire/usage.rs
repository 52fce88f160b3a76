//! How long the service asks to wait: usage headers and `Retry-After`.

use std::time::Duration;

use chrono::DateTime;
use serde_json::Value;

/// The waits that an answer asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct AskedWait {
    /// The longest of all that are stated.
    pub(crate) longest: Option<Duration>,
}

/// The longest wait that the headers ask for. What cannot be read counts as absent.
pub(crate) fn asked_wait<'h>(header: impl Fn(&str) -> Option<&'h str>) -> AskedWait {
    let business = header("x-business-use-case-usage").and_then(business_use_case);
    let account = header("x-ad-account-usage").and_then(ad_account);
    let retry_after = header("retry-after").and_then(|text| retry_after(text, header("date")));
    AskedWait { longest: [business, account, retry_after].into_iter().flatten().max() }
}

/// `estimated_time_to_regain_access`, in minutes, over all business objects and use cases.
fn business_use_case(text: &str) -> Option<Duration> {
    let json: Value = serde_json::from_str(text).ok()?;
    let entries = json.as_object()?.values().filter_map(Value::as_array).flatten();
    let minutes = entries.filter_map(|entry| seconds(entry.get("estimated_time_to_regain_access")?, 60.0));
    minutes.max()
}

/// `reset_time_duration`, in seconds, once the account is used up.
fn ad_account(text: &str) -> Option<Duration> {
    let json: Value = serde_json::from_str(text).ok()?;
    let used = json.get("acc_id_util_pct").and_then(float)?;
    if used >= 100.0 { seconds(json.get("reset_time_duration")?, 1.0) } else { None }
}

/// Seconds, or a date that is measured against the answer's own `Date`.
fn retry_after(text: &str, date: Option<&str>) -> Option<Duration> {
    let text = text.trim();
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().filter(|&seconds| seconds > 0).map(Duration::from_secs);
    }
    let until = DateTime::parse_from_rfc2822(text).ok()?;
    let from = DateTime::parse_from_rfc2822(date?.trim()).ok()?;
    (until - from).to_std().ok().filter(|wait| !wait.is_zero())
}

fn float(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())
}

fn seconds(value: &Value, unit: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(float(value)? * unit).ok().filter(|wait| !wait.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(headers: &[(&str, &'static str)]) -> Option<u64> {
        let header = |name: &str| headers.iter().find(|(given, _)| *given == name).map(|(_, value)| *value);
        asked_wait(header).longest.map(|wait| wait.as_secs())
    }

    #[test]
    fn r17_the_longest_counts() {
        let business = r#"{"1":[{"type":"ads_management","call_count":100,"estimated_time_to_regain_access":2}],
            "2":[{"type":"never_seen","estimated_time_to_regain_access":3.5}]}"#;
        let account = r#"{"acc_id_util_pct":100.0,"reset_time_duration":100}"#;
        assert_eq!(wait(&[("x-business-use-case-usage", business)]), Some(210));
        assert_eq!(wait(&[("x-ad-account-usage", account), ("retry-after", "20")]), Some(100));
        assert_eq!(
            wait(&[("x-ad-account-usage", r#"{"acc_id_util_pct":9.67,"reset_time_duration":100}"#)]),
            None
        );
    }

    #[test]
    fn r19_r22_what_makes_no_sense_is_absent() {
        for text in ["0", "-5", "soon", "", "1e9", "99999999999999999999999"] {
            assert_eq!(wait(&[("retry-after", text)]), None, "{text}");
        }
        for text in [
            "",
            "[]",
            "{\"1\":1}",
            "{\"1\":[{\"estimated_time_to_regain_access\":-1}]}",
            "{\"1\":[{\"estimated_time_to_regain_access\":1e300}]}",
        ] {
            assert_eq!(wait(&[("x-business-use-case-usage", text)]), None, "{text}");
        }
    }

    #[test]
    fn r21_a_date_is_measured_against_the_answers_own() {
        let date = ("date", "Mon, 23 Nov 2026 10:00:00 GMT");
        assert_eq!(wait(&[("retry-after", "Mon, 23 Nov 2026 10:01:30 GMT"), date]), Some(90));
        assert_eq!(wait(&[("retry-after", "Mon, 23 Nov 2026 09:00:00 GMT"), date]), None);
        assert_eq!(wait(&[("retry-after", "Mon, 23 Nov 2026 10:01:30 GMT")]), None);
    }
}
