//! The table of reasons why rows did not get through, and that of notes.

use crate::report::Reason;
use crate::report::html::words::{self, counted};
use crate::report::number::grouped;
use crate::report::saved::Reasons;

/// How many lines each table has before the rest is only counted.
pub(super) const MAX_REASONS: usize = 30;
pub(super) const MAX_NOTES: usize = 12;

pub(super) struct ReasonTable {
    pub(super) lines: Vec<ReasonLine>,
    pub(super) more: Option<String>,
}

pub(super) struct ReasonLine {
    pub(super) class: &'static str,
    pub(super) outcome: String,
    pub(super) rows: String,
    pub(super) message: String,
    pub(super) code: String,
    pub(super) column: String,
    pub(super) place: String,
}

pub(super) fn reasons(reasons: &Reasons, most: usize) -> ReasonTable {
    let line = |reason: &Reason| {
        let words = reason.outcome().and_then(words::outcome);
        ReasonLine {
            class: words.map_or("other", |words| words.code),
            outcome: match (words, reason.outcome()) {
                (Some(words), _) => words.label.to_owned(),
                (None, Some(code)) => words::readable(code),
                (None, None) => String::new(),
            },
            rows: if reason.rows() > 0 { grouped(reason.rows()) } else { "–".to_owned() },
            message: words::sentence(reason.message()) + &reason.references(),
            code: words::name(reason.code()),
            column: reason.column().map(words::name).unwrap_or_default(),
            place: reason.place(),
        }
    };
    let (shown, hidden) = reasons.kept.split_at(reasons.kept.len().min(most));
    let others = hidden.len() as u64 + reasons.others;
    let rows = hidden.iter().map(Reason::rows).sum::<u64>() + reasons.rows_of_others;
    let more = (others > 0).then(|| {
        format!("and {} on {}, in the JSON report", counted(others, "more reason"), counted(rows, "row"))
    });
    ReasonTable { lines: shown.iter().map(line).collect(), more }
}
