//! What should come out of the sample, and whether it did.

use std::collections::BTreeMap;
use std::io::{self, Write};

use meta_offline_events::order::Column;
use meta_offline_events::report::{DeliveryReport, Diagnostic};

use super::orders::{Fate, Order, ValueWarning};

/// Counts of rows by reason and column.
type Warnings = BTreeMap<(&'static str, &'static str), u64>;

/// What should come out.
#[derive(Default)]
pub(crate) struct Plan {
    /// Rows: read, accepted, filtered, invalid, refused.
    rows: [u64; 5],
    /// Events: accepted, refused.
    events: [u64; 2],
    diagnostics: Warnings,
    notes: Warnings,
}

impl Plan {
    /// An order is one event, if any of its rows is sent.
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

    /// What came out otherwise than planned, a line each.
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
            let found = warnings(found);
            let unplanned = found.keys().filter(|key| !planned.contains_key(*key));
            for key in planned.keys().chain(unplanned) {
                let rows = |warnings: &Warnings| warnings.get(key).copied().unwrap_or_default();
                compare(&format!("{what} {} {}", key.0, key.1), rows(planned), rows(&found));
            }
        }
        surprises
    }
}

fn add(warnings: &mut Warnings, more: &[ValueWarning]) {
    for ValueWarning { rows, reason, column } in more {
        *warnings.entry((reason, column.map_or("", Column::name))).or_default() += rows;
    }
}

fn warnings(diagnostics: &[Diagnostic]) -> Warnings {
    let mut warnings = Warnings::new();
    for diagnostic in diagnostics {
        let key = (diagnostic.code(), diagnostic.column().unwrap_or_default());
        // A warning about no row in particular counts as one.
        *warnings.entry(key).or_default() += diagnostic.lines().len().max(1) as u64;
    }
    warnings
}

/// Says whether the sample came out as planned, and what to try next.
pub(crate) fn print_verdict(out: &mut dyn Write, surprises: &[String]) -> io::Result<()> {
    if surprises.is_empty() {
        return out.write_all(
            b"\nThe mistakes are part of the sample, and all came out as planned: that is success here.\n\
              With files of your own, the exit status is 0 only if every row is accepted or filtered.\n\
              To see what would be sent for them, without sending: orders.csv --dry-run bodies.jsonl\n",
        );
    }
    writeln!(out, "\nThis is not what the sample foresees:")?;
    surprises.iter().try_for_each(|surprise| writeln!(out, "   {surprise}"))
}
