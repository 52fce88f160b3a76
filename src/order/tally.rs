//! Counts of the rows so far, and the diagnostics on them.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::row_error::Fault;
use crate::report::{Diagnostic, RowReport};
use crate::value::Line;

/// Counts of the rows so far, with diagnostics on those that were left out and notes on the others.
#[derive(Debug, Default)]
pub(super) struct RowTally {
    pub(super) read: u64,
    filtered: u64,
    invalid: u64,
    not_sent: u64,
    diagnostics: FaultLines,
    pub(super) notes: FaultLines,
}

impl RowTally {
    pub(super) fn filter(&mut self, line: Line, why: Fault) {
        self.read += 1;
        self.filtered += 1;
        self.diagnostics.add_with(Some("filtered"), &[line], why);
    }

    pub(super) fn invalid(&mut self, lines: &[Line], faults: impl IntoIterator<Item = Fault>) {
        self.invalid += lines.len() as u64;
        for fault in faults {
            self.diagnostics.add_with(Some("invalid"), lines, fault);
        }
    }

    /// Counts rows that are held back, although nothing is wrong with them.
    pub(super) fn not_sent(&mut self, lines: &[Line], why: Fault) {
        self.not_sent += lines.len() as u64;
        self.diagnostics.add_with(Some("not_sent"), lines, why);
    }

    pub(super) fn note(&mut self, line: Line, note: Fault) {
        self.notes.add(&[line], note);
    }

    /// Adds the counts and diagnostics of other rows.
    #[cfg(feature = "rayon")]
    pub(super) fn absorb(&mut self, other: Self) {
        self.read += other.read;
        self.filtered += other.filtered;
        self.invalid += other.invalid;
        self.not_sent += other.not_sent;
        self.diagnostics.absorb(other.diagnostics);
        self.notes.absorb(other.notes);
    }

    pub(super) fn into_report(self) -> RowReport {
        RowReport {
            read: self.read,
            filtered: self.filtered,
            invalid: self.invalid,
            not_sent: self.not_sent,
            diagnostics: self.diagnostics.into_diagnostics(),
            notes: self.notes.into_diagnostics(),
        }
    }
}

impl Fault {
    fn parts(&self) -> (Option<usize>, &str, &str) {
        (self.column.map(|column| column as usize), self.reason, &self.message)
    }
}

/// Faults with the lines that share them, and with the count of the report that their rows are in.
#[derive(Debug, Default)]
pub(super) struct FaultLines {
    positions: HashMap<(Option<&'static str>, Fault), usize>,
    lines: Vec<Vec<Line>>,
}

impl FaultLines {
    /// Adds a note on rows that are kept.
    pub(super) fn add(&mut self, lines: &[Line], note: Fault) {
        self.add_with(None, lines, note);
    }

    fn add_with(&mut self, outcome: Option<&'static str>, lines: &[Line], fault: Fault) {
        let next = self.lines.len();
        let position = *self.positions.entry((outcome, fault)).or_insert(next);
        if position == next {
            self.lines.push(Vec::new());
        }
        self.lines[position].extend(lines);
    }

    #[cfg(feature = "rayon")]
    fn absorb(&mut self, other: Self) {
        let mut other_lines = other.lines;
        for ((outcome, fault), position) in other.positions {
            self.add_with(outcome, &std::mem::take(&mut other_lines[position]), fault);
        }
    }

    /// Diagnostics on rows come in the order of their first lines, those on the whole run behind them.
    fn into_diagnostics(self) -> Vec<Diagnostic> {
        let Self { positions, mut lines } = self;
        for lines in &mut lines {
            lines.sort_unstable();
        }
        let mut faults: Vec<_> = positions.into_iter().collect();
        faults.sort_by(|((_, one), at), ((_, other), other_at)| {
            match (lines[*at].first(), lines[*other_at].first()) {
                (None, None) => at.cmp(other_at),
                (None, Some(_)) => Ordering::Greater,
                (Some(_), None) => Ordering::Less,
                (first, other_first) => first.cmp(&other_first).then_with(|| one.parts().cmp(&other.parts())),
            }
        });
        faults
            .into_iter()
            .map(|((outcome, fault), position)| {
                let lines = std::mem::take(&mut lines[position]);
                let diagnostic = Diagnostic::new(lines, fault.reason, fault.message).with_outcome(outcome);
                match fault.column {
                    Some(column) => diagnostic.in_column(column.name()),
                    None => diagnostic,
                }
            })
            .collect()
    }
}
