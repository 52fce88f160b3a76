//! What became of every row and every event: two bars, and the table behind them.

use super::counts::{Count, Counts};
use crate::report::html::charts::{self, Bar, Part};
use crate::report::html::words::{counted, percent};
use crate::report::number::grouped;

pub(super) struct Outcomes {
    pub(super) rows: Vec<Bar>,
    pub(super) rows_read: String,
    pub(super) rows_label: String,
    pub(super) events: Vec<Bar>,
    pub(super) events_total: String,
    pub(super) events_label: String,
    pub(super) lines: Vec<OutcomeLine>,
}

pub(super) struct OutcomeLine {
    pub(super) class: &'static str,
    pub(super) label: String,
    pub(super) rows: String,
    pub(super) share: String,
    pub(super) events: String,
    pub(super) meaning: &'static str,
}

pub(super) fn outcomes(counts: &Counts) -> Option<Outcomes> {
    let parts = |number: fn(&Count) -> u64, unit: &str| -> Vec<Part> {
        let part = |count: &Count| Part {
            class: count.class(),
            size: number(count),
            title: format!("{}: {}", count.label(), counted(number(count), unit)),
        };
        counts.lines.iter().filter(|count| number(count) > 0).map(part).collect()
    };
    let describe =
        |parts: &[Part]| parts.iter().map(|part| part.title.as_str()).collect::<Vec<_>>().join(", ");
    let (rows, events) = (parts(|count| count.rows, "row"), parts(|count| count.events, "event"));
    let line = |count: &Count| OutcomeLine {
        class: count.class(),
        label: count.label(),
        rows: grouped(count.rows),
        share: percent(count.rows, counts.read),
        events: if count.events > 0 { grouped(count.events) } else { "–".to_owned() },
        meaning: count.words.map_or("", |words| words.meaning),
    };
    (!counts.lines.is_empty()).then(|| Outcomes {
        rows_read: counted(counts.read, "row"),
        rows_label: describe(&rows),
        rows: charts::stacked(rows),
        events_total: counted(counts.events, "event"),
        events_label: describe(&events),
        events: charts::stacked(events),
        lines: counts.lines.iter().map(line).collect(),
    })
}
