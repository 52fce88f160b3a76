//! The headers of an answer: how long to wait, how much of the rate limits is used, and the time at the service.

use std::time::Duration;

use chrono::DateTime;
use serde_json::Value;

/// What the headers of an answer say. A header that cannot be read counts as absent.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Hints {
    /// The longest wait that a header asks for.
    pub(crate) wait: Option<Duration>,
    /// The largest used share of a rate limit, in percent.
    pub(crate) usage: Option<f64>,
    /// The time at the service, in Unix seconds.
    pub(crate) date: Option<i64>,
}

/// Reads the headers, each by itself.
pub(crate) fn read_hints<'h>(header: impl Fn(&str) -> Option<&'h str>) -> Hints {
    let json = |name| -> Option<Value> { serde_json::from_str(header(name)?).ok() };
    let [app, account, business] =
        ["x-app-usage", "x-ad-account-usage", "x-business-use-case-usage"].map(json);
    let uses: Vec<&Value> = business.iter().filter_map(Value::as_object).flat_map(entries).collect();
    let waits = [
        uses.iter().filter_map(|entry| seconds(entry.get("estimated_time_to_regain_access")?, 60.0)).max(),
        account.as_ref().and_then(reset_time),
        header("retry-after").and_then(|text| retry_after(text, header("date"))),
    ];
    let shares = app.iter().chain(&account).chain(uses).flat_map(shares);
    Hints {
        wait: waits.into_iter().flatten().max(),
        usage: shares.filter(|share| share.is_finite()).reduce(f64::max),
        date: header("date")
            .and_then(|text| Some(DateTime::parse_from_rfc2822(text.trim()).ok()?.timestamp())),
    }
}

/// The use cases of all business objects, known or not.
fn entries(business: &serde_json::Map<String, Value>) -> impl Iterator<Item = &Value> {
    business.values().filter_map(Value::as_array).flatten()
}

/// The shares of limits, in percent, that a usage header states.
fn shares(usage: &Value) -> impl Iterator<Item = f64> {
    ["call_count", "total_time", "total_cputime", "acc_id_util_pct"]
        .into_iter()
        .filter_map(|name| float(usage.get(name)?))
}

/// `reset_time_duration`, in seconds, once the account is used up.
fn reset_time(account: &Value) -> Option<Duration> {
    let used = account.get("acc_id_util_pct").and_then(float)?;
    if used >= 100.0 { seconds(account.get("reset_time_duration")?, 1.0) } else { None }
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
        read_hints(header).wait.map(|wait| wait.as_secs())
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

    fn usage(name: &str, json: &'static str) -> Option<f64> {
        read_hints(|header| (header == name).then_some(json)).usage
    }

    #[test]
    fn r18_the_largest_share_of_a_limit_counts() {
        assert_eq!(
            usage("x-app-usage", r#"{"call_count":28,"total_time":91.5,"total_cputime":25}"#),
            Some(91.5)
        );
        assert_eq!(usage("x-ad-account-usage", r#"{"acc_id_util_pct":"9.67"}"#), Some(9.67));
        let business = r#"{"1":[{"type":"pages","call_count":95}],"2":[{"type":"?","total_time":96}],"3":7}"#;
        assert_eq!(usage("x-business-use-case-usage", business), Some(96.0));
        for malformed in ["", "7", "[]", "{\"call_count\":null}", "{\"call_count\":1e999}"] {
            assert_eq!(usage("x-app-usage", malformed), None, "{malformed}");
        }
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
