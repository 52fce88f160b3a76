//! The report of the last run as metrics. Names and labels are those of the report, and no label has a value of a
//! customer.
//!
//! They are gauges: each run is a process of its own, and a counter would begin anew with each.

use std::time::Duration;

use meta_offline_events::DeliveryReport;
use meta_offline_events::customer::{Coverage, MatchKey};
use meta_offline_events::report::Wait;
use meta_offline_events::value::EventTime;
use metrics::{describe_gauge, gauge};

/// Says what each metric means.
pub(crate) fn describe() {
    describe_gauge!("meta_run_events", "Events of the last run by outcome");
    describe_gauge!("meta_run_rows", "Rows of the last run by outcome");
    describe_gauge!(
        "meta_run_requests",
        "Requests of the last run, and how those ended that got no valid answer"
    );
    describe_gauge!("meta_run_waited_seconds", "Time that requests waited, by what for");
    describe_gauge!("meta_run_stopped", "1 if the last run stopped before its end");
    describe_gauge!("meta_run_finished_timestamp_seconds", "When the last run ended");
    describe_gauge!("meta_match_key_share", "Share of customers with a match key in the last run");
    describe_gauge!("meta_token_expires_timestamp_seconds", "When the access token ends");
}

/// Sets the metrics of one run.
pub(crate) fn record(report: &DeliveryReport, coverage: &Coverage, token_expiry: Option<EventTime>) {
    // By their names in the JSON, so that no outcome of a later release is missing.
    set_counts("meta_run_events", "outcome", &report.events());
    set_counts("meta_run_rows", "outcome", &report.rows());
    set_counts("meta_run_requests", "count", &report.requests());
    for wait in [Wait::Pause, Wait::Retry, Wait::Probe] {
        let waited: Duration = report.timeline().spans().iter().map(|span| span.waited(wait)).sum();
        gauge!("meta_run_waited_seconds", "wait" => wait.code()).set(waited.as_secs_f64());
    }
    gauge!("meta_run_stopped").set(f64::from(u8::from(report.stopped().is_some())));
    gauge!("meta_run_finished_timestamp_seconds").set(unix(EventTime::now()));
    for key in MatchKey::ALL.into_iter().filter(|key| coverage.count_with(*key) > 0) {
        gauge!("meta_match_key_share", "key" => key.wire_name()).set(coverage.share(key));
    }
    if let Some(expiry) = token_expiry {
        gauge!("meta_token_expires_timestamp_seconds").set(unix(expiry));
    }
}

fn set_counts(metric: &'static str, label: &'static str, counts: &impl serde::Serialize) {
    let counts = serde_json::to_value(counts).unwrap_or_default();
    for (name, count) in counts.as_object().into_iter().flatten() {
        gauge!(metric, label => name.clone()).set(count.as_f64().unwrap_or_default());
    }
}

#[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are exact")]
fn unix(time: EventTime) -> f64 {
    time.unix() as f64
}
