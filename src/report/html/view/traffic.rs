//! The requests of the run and its waits, over time and in all.

use crate::report::html::charts::{self, Bar, Part};
use crate::report::html::words::{self, counted, plural};
use crate::report::number::grouped;
use crate::report::saved::{SavedRequests, SavedSpan};
use crate::report::{SavedReport, Wait};

/// How many spans the picture has at least, and at most.
const MIN_SPANS: usize = 12;
const MAX_SPANS: usize = 140;

pub(super) struct Requests {
    pub(super) summary: String,
    pub(super) label: String,
    pub(super) bars: Vec<Bar>,
    pub(super) highest: String,
    pub(super) end: String,
    pub(super) waits: Vec<WaitLine>,
    pub(super) lines: Vec<(&'static str, String, &'static str)>,
}

pub(super) struct WaitLine {
    pub(super) label: String,
    pub(super) total: String,
    pub(super) class: &'static str,
    pub(super) bars: Vec<WaitBar>,
}

pub(super) struct WaitBar {
    pub(super) x: String,
    pub(super) width: String,
    pub(super) opacity: String,
}

pub(super) fn requests(report: &SavedReport) -> Option<Requests> {
    let SavedRequests { made, retries, ambiguous, unreachable, throttled } = report.requests;
    let timeline = &report.timeline;
    if made == 0 || timeline.spans.is_empty() {
        return None;
    }
    let spans = &timeline.spans[..timeline.spans.len().min(MAX_SPANS)];
    // A short run does not fill the picture.
    let width = spans.len().max(MIN_SPANS);
    let after = |spans: usize| words::lasting((spans as u64).saturating_mul(timeline.span_ms));
    let column = |index: usize, counts: &SavedRequests| {
        let part = |class, size, what: &str| Part {
            class,
            size,
            title: format!("after {}: {} {what}", after(index), grouped(size)),
        };
        vec![
            part("accepted", counts.made.saturating_sub(counts.retries), "first requests"),
            part("not_sent", counts.retries, "retries"),
        ]
    };
    let waits = Wait::ALL.into_iter().filter_map(|wait| {
        let of = |span: &SavedSpan| span.waited_ms.get(wait.code()).copied().unwrap_or_default();
        let total = spans.iter().map(of).fold(0, u64::saturating_add);
        let mut bars: Vec<WaitBar> = Vec::new();
        let opacities =
            spans.iter().map(|span| (of(span) > 0).then(|| charts::opacity(of(span), timeline.span_ms)));
        let opacities: Vec<_> = opacities.collect();
        let mut from = 0;
        // Neighbours that look alike are one bar, without a seam between them.
        for alike in opacities.chunk_by(PartialEq::eq) {
            if let Some(Some(opacity)) = alike.first() {
                let (x, width) = (charts::place(from, width), charts::place(alike.len(), width));
                bars.push(WaitBar { x, width, opacity: opacity.clone() });
            }
            from += alike.len();
        }
        let (label, class) = match wait {
            Wait::Pause => ("Pause that Meta asked for", "refused"),
            Wait::Retry => ("Wait before a retry", "not_sent"),
            Wait::Probe => ("Wait for a first answer", "pending"),
        };
        (total > 0).then(|| WaitLine { label: label.to_owned(), total: words::lasting(total), class, bars })
    });
    let highest = spans.iter().map(|span| span.requests.made).max().unwrap_or_default();
    let usage = report.usage_percent.map_or_else(|| "not stated".to_owned(), |usage| format!("{usage:.0} %"));
    Some(Requests {
        summary: match retries {
            0 => {
                format!("{} in {}. None had to be sent again.", counted(made, "request"), after(spans.len()))
            }
            _ => format!(
                "{} in {}. {} sent again.",
                counted(made, "request"),
                after(spans.len()),
                plural(retries, "was", "were")
            ),
        },
        label: format!(
            "{} over the time of the run; the most in {} are {}",
            counted(made, "request"),
            after(1),
            grouped(highest)
        ),
        bars: charts::columns(
            (0..width)
                .map(|index| {
                    column(index, &spans.get(index).map_or_else(SavedRequests::default, |span| span.requests))
                })
                .collect(),
        ),
        highest: format!("{} in {}", grouped(highest), after(1)),
        end: after(width),
        waits: waits.collect(),
        lines: vec![
            ("Requests", grouped(made), "retries included"),
            ("Retries", grouped(retries), "requests that were sent again"),
            ("Throttled", grouped(throttled), "Meta asked to slow down"),
            ("Without a valid answer", grouped(ambiguous), "they may have arrived"),
            ("Not delivered", grouped(unreachable), "no connection"),
            ("Use of Meta's limits", usage, "the highest that Meta stated"),
        ],
    })
}
