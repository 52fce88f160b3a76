//! What the report on the sample should say, and whether it does.

use std::collections::BTreeMap;
use std::io::{self, Write};

use meta_offline_events::order::Column;
use meta_offline_events::report::{DeliveryReport, Diagnostic};

use super::orders::{Expected, Fate, Order};

/// Counts of rows by reason and column.
type Counts = BTreeMap<(&'static str, &'static str), u64>;

/// What the report should say.
#[derive(Default)]
pub(crate) struct Plan {
    /// Rows: read, accepted, filtered, invalid, refused.
    rows: [u64; 5],
    /// Events: accepted, refused.
    events: [u64; 2],
    diagnostics: Counts,
    notes: Counts,
}

impl Plan {
    /// Adds an order. It is one event if any of its rows is sent.
    pub(super) fn expect(&mut self, order: &Order) {
        let count = |fate| order.rows.iter().filter(|row| row.fate == fate).count() as u64;
        let all = order.rows.len() as u64;
        let (accepted, refused) = (count(Fate::Accepted), count(Fate::Refused));
        let rows = [all, accepted, count(Fate::Filtered), count(Fate::Invalid), refused];
        for (sum, rows) in self.rows.iter_mut().zip(rows) {
            *sum += rows;
        }
        self.events[0] += u64::from(accepted > 0);
        self.events[1] += u64::from(refused > 0);
        add(&mut self.diagnostics, &order.diagnostics);
        add(&mut self.notes, &order.notes);
    }

    /// Returns what the report says otherwise than planned, one line each.
    pub(crate) fn surprises(&self, report: &DeliveryReport) -> Vec<String> {
        let (rows, events) = (report.rows(), report.events());
        let mut surprises = Vec::new();
        let mut compare = |what: &str, planned: u64, found: u64| {
            if planned != found {
                surprises.push(format!("{what}: {planned} planned, {found} found"));
            }
        };
        let found = [rows.read, rows.accepted, rows.filtered, rows.invalid, rows.refused];
        let names = ["read", "accepted", "filtered", "invalid", "refused"];
        for ((name, planned), found) in names.iter().zip(self.rows).zip(found) {
            compare(&format!("rows {name}"), planned, found);
        }
        compare("events accepted", self.events[0], events.accepted);
        compare("events refused", self.events[1], events.refused);
        for (what, planned, found) in
            [("diagnostic", &self.diagnostics, report.diagnostics()), ("note", &self.notes, report.notes())]
        {
            let found = count(found);
            let unplanned = found.keys().filter(|key| !planned.contains_key(*key));
            for key in planned.keys().chain(unplanned) {
                let rows = |counts: &Counts| counts.get(key).copied().unwrap_or_default();
                compare(&format!("{what} {} {}", key.0, key.1), rows(planned), rows(&found));
            }
        }
        surprises
    }
}

fn add(counts: &mut Counts, more: &[Expected]) {
    for Expected { rows, reason, column } in more {
        *counts.entry((reason, column.map_or("", Column::name))).or_default() += rows;
    }
}

fn count(diagnostics: &[Diagnostic]) -> Counts {
    let mut counts = Counts::new();
    for diagnostic in diagnostics {
        let key = (diagnostic.code(), diagnostic.column().unwrap_or_default());
        // A diagnostic without a line counts as one.
        *counts.entry(key).or_default() += diagnostic.lines().len().max(1) as u64;
    }
    counts
}

/// Writes whether the report is as planned, and what to try next.
pub(crate) fn print_verdict(out: &mut dyn Write, surprises: &[String]) -> io::Result<()> {
    if surprises.is_empty() {
        return out.write_all(
            b"\nThe sample has these mistakes on purpose, and all came out as planned.\n\
              With your own files, the exit status is 0 only if every row is accepted or filtered.\n\
              Try them without sending: send_orders --dry-run bodies.jsonl orders.csv\n",
        );
    }
    writeln!(out, "\nThe report is not as planned:")?;
    surprises.iter().try_for_each(|surprise| writeln!(out, "   {surprise}"))
}
