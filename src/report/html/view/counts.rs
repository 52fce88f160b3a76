//! Rows and events by outcome, in the order of the page: what its top, its steps and its outcomes count by.

use crate::report::SavedReport;
use crate::report::html::words::{self, Kind, OutcomeWords};

/// How many outcomes are shown, also if later releases have more.
const MAX_OUTCOMES: usize = 20;

/// Rows and events by outcome, in the order of the page.
pub(super) struct Counts {
    pub(super) read: u64,
    pub(super) events: u64,
    pub(super) lines: Vec<Count>,
}

pub(super) struct Count {
    pub(super) code: String,
    pub(super) words: Option<&'static OutcomeWords>,
    pub(super) rows: u64,
    pub(super) events: u64,
}

impl Count {
    pub(super) fn class(&self) -> &'static str {
        self.words.map_or("other", |words| words.code)
    }

    pub(super) fn label(&self) -> String {
        self.words.map_or_else(|| words::readable(&self.code), |words| words.label.to_owned())
    }

    pub(super) fn kind(&self) -> Option<Kind> {
        self.words.map(|words| words.kind)
    }
}

impl Counts {
    pub(super) fn of(report: &SavedReport) -> Self {
        let known = words::outcomes().map(|words| words.code);
        let others = report.rows.keys().chain(report.events.keys()).map(String::as_str);
        let mut codes: Vec<&str> = Vec::new();
        for code in known.chain(others.filter(|code| *code != "read")) {
            if !codes.contains(&code) && codes.len() < MAX_OUTCOMES {
                codes.push(code);
            }
        }
        let count = |code: &str| Count {
            code: code.to_owned(),
            words: words::outcome(code),
            rows: report.rows.get(code).copied().unwrap_or_default(),
            events: report.events.get(code).copied().unwrap_or_default(),
        };
        let lines: Vec<_> =
            codes.into_iter().map(count).filter(|count| count.rows + count.events > 0).collect();
        Self {
            read: report.rows.get("read").copied().unwrap_or_default(),
            events: lines.iter().map(|count| count.events).sum(),
            lines,
        }
    }

    pub(super) fn rows(&self, kind: Kind) -> u64 {
        self.lines.iter().filter(|count| count.kind() == Some(kind)).map(|count| count.rows).sum()
    }

    pub(super) fn events(&self, kind: Kind) -> u64 {
        self.lines.iter().filter(|count| count.kind() == Some(kind)).map(|count| count.events).sum()
    }
}
