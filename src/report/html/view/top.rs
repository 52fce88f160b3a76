//! The top of the page: when and of what the report is, how it went in one sentence, and the three figures.

use chrono::DateTime;

use super::counts::Counts;
use super::sales::values;
use crate::report::SavedReport;
use crate::report::html::words::{self, Kind, counted, noun, percent, plural};
use crate::report::number::grouped;

/// How many files are named.
const MAX_SOURCES: usize = 8;

/// The one sentence that says how it went.
pub(super) struct Verdict {
    pub(super) class: &'static str,
    pub(super) headline: String,
    pub(super) detail: String,
}

pub(super) struct Card {
    pub(super) class: &'static str,
    pub(super) title: &'static str,
    pub(super) number: String,
    pub(super) unit: String,
    pub(super) lines: Vec<String>,
}

pub(super) fn about(report: &SavedReport) -> Vec<String> {
    let mut about = Vec::new();
    if let Some(time) =
        report.created.or(report.timeline.began).and_then(|unix| DateTime::from_timestamp(unix, 0))
    {
        about.push(time.format("%-d %B %Y, %H:%M UTC").to_string());
    }
    about.extend(report.sources.iter().take(MAX_SOURCES).map(|source| match source.number {
        0 => words::name(&source.name),
        number => format!("{number}: {}", words::name(&source.name)),
    }));
    if let Some(more) = report.sources.len().checked_sub(MAX_SOURCES + 1) {
        about.push(counted(more as u64 + 1, "more file"));
    }
    about
}

pub(super) fn verdict(report: &SavedReport, counts: &Counts) -> Verdict {
    let (sent, lost) = (counts.events(Kind::Sent), counts.rows(Kind::Lost));
    let of_all = format!("{} of {}", grouped(sent), counted(counts.events, "event"));
    let left_out = match counts.rows(Kind::LeftOut) {
        0 => String::new(),
        rows => format!(" {} left out on purpose.", plural(rows, "row was", "rows were")),
    };
    if let Some(why) = &report.failed {
        let headline = if sent > 0 {
            format!("Sending ended early: Meta accepted {of_all}")
        } else {
            "Nothing was sent".to_owned()
        };
        return Verdict { class: "bad", headline, detail: words::sentence(why) };
    }
    if let Some(stopped) = &report.stopped {
        let headline = if sent > 0 {
            format!("Sending stopped early: Meta accepted {of_all}")
        } else {
            "Sending stopped before Meta accepted anything".to_owned()
        };
        return Verdict { class: "bad", headline, detail: words::sentence(&stopped.message) };
    }
    let ready = counts.events(Kind::Ready);
    if ready > 0 && sent == 0 {
        let headline = format!("Nothing was sent yet: {} ready", plural(ready, "event is", "events are"));
        let detail = if lost > 0 {
            format!("{} need work first.{left_out}", rows_lost(lost, counts.read))
        } else {
            format!("Every row can be sent.{left_out}")
        };
        return Verdict { class: if lost > 0 { "warn" } else { "good" }, headline, detail };
    }
    if counts.read == 0 && counts.events == 0 {
        return Verdict {
            class: "warn",
            headline: "Nothing was sent".to_owned(),
            detail: "There were no rows.".to_owned(),
        };
    }
    if lost == 0 {
        let headline = format!("Everything was sent: Meta accepted {}", counted(sent, "event"));
        return Verdict { class: "good", headline, detail: format!("No row was lost.{left_out}") };
    }
    let headline = format!("Meta accepted {of_all}");
    let class = if sent == 0 { "bad" } else { "warn" };
    Verdict {
        class,
        headline,
        detail: format!("{} did not get through.{left_out}", rows_lost(lost, counts.read)),
    }
}

fn rows_lost(lost: u64, read: u64) -> String {
    format!("{} of {} ({})", grouped(lost), counted(read, "row"), percent(lost, read))
}

pub(super) fn cards(report: &SavedReport, counts: &Counts) -> Vec<Card> {
    let sales_of = |kind: Kind| {
        report
            .sales
            .iter()
            .filter(move |sales| words::outcome(&sales.outcome).map(|words| words.kind) == Some(kind))
    };
    let (sent, ready) = (counts.events(Kind::Sent), counts.events(Kind::Ready));
    let first = if sent == 0 && ready > 0 {
        let mut lines = vec![format!("from {}", counted(counts.rows(Kind::Ready), "row"))];
        lines.extend(values(sales_of(Kind::Ready)));
        Card {
            class: "ready",
            title: "Ready to send",
            number: grouped(ready),
            unit: noun(ready, "event"),
            lines,
        }
    } else {
        let mut lines = vec![format!("from {}", counted(counts.rows(Kind::Sent), "row"))];
        lines.extend(values(sales_of(Kind::Sent)));
        Card { class: "good", title: "Sent", number: grouped(sent), unit: noun(sent, "event"), lines }
    };
    let lost = counts.rows(Kind::Lost);
    let mut lines = Vec::new();
    if lost > 0 {
        lines.push(format!("{} of all rows", percent(lost, counts.read)));
        let events = counts.events(Kind::Lost);
        if events > 0 {
            let values = values(sales_of(Kind::Lost)).join(", ");
            let worth = if values.is_empty() { String::new() } else { format!(": {values}") };
            lines.push(format!("{} among them{worth}", counted(events, "event")));
        }
    } else {
        lines.push("Nothing is missing.".to_owned());
    }
    let class = if lost > 0 { "bad" } else { "good" };
    let second = Card { class, title: "Lost", number: grouped(lost), unit: noun(lost, "row"), lines };
    let left_out = counts.rows(Kind::LeftOut);
    let of_kind = counts.lines.iter().filter(|count| count.kind() == Some(Kind::LeftOut) && count.rows > 0);
    let mut lines: Vec<String> = of_kind
        .filter_map(|count| Some(format!("{}: {}", grouped(count.rows), count.words?.meaning)))
        .collect();
    lines.push(if left_out > 0 { "Nothing is wrong with them." } else { "There are none." }.to_owned());
    let third = Card {
        class: "off",
        title: "Left out on purpose",
        number: grouped(left_out),
        unit: noun(left_out, "row"),
        lines,
    };
    vec![first, second, third]
}
