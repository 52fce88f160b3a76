//! The page from top to bottom, worked out from a saved report, with a file for each of its sections. The template
//! only lays it out.

mod counts;
mod keys;
mod outcomes;
mod quality;
mod reasons;
mod sales;
mod todo;
mod top;
mod traffic;

use askama::Template;

use self::counts::Counts;
use self::keys::Coverage;
use self::outcomes::Outcomes;
use self::quality::Score;
use self::reasons::ReasonTable;
use self::sales::{DayChart, SourceLine};
use self::todo::Todo;
use self::top::{Card, Verdict};
use self::traffic::Requests;
use super::words::visible;
use crate::report::SavedReport;

#[derive(Template)]
#[template(path = "page.html", config = "src/report/html/askama.toml")]
pub(super) struct Page {
    title: String,
    /// Date and sources.
    about: Vec<String>,
    verdict: Verdict,
    cards: Vec<Card>,
    todos: Vec<Todo>,
    outcomes: Option<Outcomes>,
    reasons: ReasonTable,
    notes: ReasonTable,
    coverage: Option<Coverage>,
    days: Option<DayChart>,
    action_sources: Vec<SourceLine>,
    requests: Option<Requests>,
    quality: Vec<Score>,
    messages: Vec<String>,
    more_messages: u64,
}

impl Page {
    pub(super) fn of(report: &SavedReport) -> Self {
        let counts = Counts::of(report);
        Self {
            title: "Delivery report".to_owned(),
            about: top::about(report),
            verdict: top::verdict(report, &counts),
            cards: top::cards(report, &counts),
            todos: todo::todos(report, &counts),
            outcomes: outcomes::outcomes(&counts),
            reasons: reasons::reasons(&report.diagnostics, reasons::MAX_REASONS),
            notes: reasons::reasons(&report.notes, reasons::MAX_NOTES),
            coverage: report.coverage.as_ref().filter(|coverage| coverage.customers > 0).map(keys::coverage),
            days: sales::days(report),
            action_sources: sales::action_sources(report),
            requests: traffic::requests(report),
            quality: report.quality.iter().take(quality::MAX_SCORES).map(quality::score).collect(),
            messages: report.messages.first.iter().map(|message| visible(message)).collect(),
            more_messages: report.messages.count - report.messages.first.len() as u64,
        }
    }
}
