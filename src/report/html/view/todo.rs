//! What to do: one step for each thing that somebody can do something about, with its first reasons.

use super::counts::Counts;
use crate::customer::ValueWarning;
use crate::report::html::words::{self, counted, visible};
use crate::report::saved::SavedCoverage;
use crate::report::{Reason, SavedReport};

/// How many reasons a step names.
const MAX_POINTS: usize = 3;

/// How many kinds of poor values are named.
const MAX_POOR_VALUES: usize = 8;

pub(super) struct Todo {
    pub(super) class: &'static str,
    pub(super) title: String,
    pub(super) text: String,
    pub(super) points: Vec<String>,
}

pub(super) fn todos(report: &SavedReport, counts: &Counts) -> Vec<Todo> {
    let mut todos = Vec::new();
    if let Some(why) = &report.failed {
        todos.push(Todo {
            class: "bad",
            title: "Repair what made the run fail".to_owned(),
            text: words::sentence(why),
            points: Vec::new(),
        });
    }
    if let Some(stopped) = &report.stopped {
        todos.push(Todo {
            class: "bad",
            title: "Remove what stopped the run".to_owned(),
            text: words::sentence(&stopped.message),
            points: Vec::new(),
        });
    }
    for count in &counts.lines {
        let Some(words) = count.words else { continue };
        let reasons = report.reasons().iter().filter(|reason| reason.outcome() == Some(words.code));
        let point = |reason: &Reason| {
            let column =
                reason.column().map(|column| format!("{}: ", words::name(column))).unwrap_or_default();
            format!(
                "{}{column}{}",
                if reason.rows() > 0 {
                    format!("{} · ", counted(reason.rows(), "row"))
                } else {
                    String::new()
                },
                visible(reason.message())
            )
        };
        let more = reasons.clone().count().saturating_sub(MAX_POINTS);
        let mut points: Vec<_> = reasons.take(MAX_POINTS).map(point).collect();
        if more > 0 {
            points.push(format!("and {}, in the table of reasons", counted(more as u64, "more reason")));
        }
        let (number, unit) = if count.rows > 0 { (count.rows, "row") } else { (count.events, "event") };
        let Some(title) = words.action(&counted(number, unit)) else { continue };
        todos.push(Todo { class: words.code, title, text: words.advice.to_owned(), points });
    }
    todos.extend(report.coverage.as_ref().and_then(poor_values));
    if report.test_event_code {
        let text = "These events also show under Test Events, and Meta counts them all the same. Remove the test event code before the daily runs begin.";
        todos.push(Todo {
            class: "pending",
            title: "This run had a test event code".to_owned(),
            text: text.to_owned(),
            points: Vec::new(),
        });
    }
    todos
}

/// Values of match keys that probably match nobody, or the wrong person.
fn poor_values(coverage: &SavedCoverage) -> Option<Todo> {
    let mut points = Vec::new();
    for (key, saved) in &coverage.keys {
        for (code, count) in &saved.warnings {
            let what = ValueWarning::with_code(code)
                .map_or_else(|| words::readable(code), |warning| warning.to_string());
            points.push((*count, format!("{} · {}: {what}", counted(*count, "value"), words::key(key))));
        }
    }
    for shared in &coverage.shared_values {
        let share = format!("{:.1} %", 100.0 * shared.share);
        let text = format!(
            "{} · {}: all have the same one ({share} of those who have one). If it is the shop's own, leave it empty in the export",
            counted(shared.customers, "customer"),
            words::key(&shared.key),
        );
        points.push((shared.customers, text));
    }
    points.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let points: Vec<_> = points.into_iter().take(MAX_POOR_VALUES).map(|(_, point)| point).collect();
    (!points.is_empty()).then(|| Todo {
        class: "pending",
        title: "Customer values that match less than they could".to_owned(),
        text: "These were sent, or are ready. Better values find more customers next time.".to_owned(),
        points,
    })
}
