//! What became of rows so far, and why.

use std::collections::HashMap;

use super::Column;
use super::layout::Fault;
use crate::report::{Problem, RowReport};
use crate::value::Line;

/// What became of rows so far.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) read: u64,
    filtered: u64,
    invalid: u64,
    problems: Tally,
    pub(super) notes: Tally,
}

impl Account {
    pub(super) fn filter(&mut self, line: Line, why: Fault) {
        self.read += 1;
        self.filtered += 1;
        self.problems.add(&[line], why);
    }

    pub(super) fn invalid(&mut self, lines: &[Line], faults: impl IntoIterator<Item = Fault>) {
        self.invalid += lines.len() as u64;
        for fault in faults {
            self.problems.add(lines, fault);
        }
    }

    pub(super) fn note(&mut self, line: Line, note: Fault) {
        self.notes.add(&[line], note);
    }

    pub(super) fn note_order(&mut self, lines: &[Line], spread: bool, damaged: bool) {
        if spread {
            let note = "the rows of the order lie more than a day apart: the earliest gives the time";
            self.notes.add(lines, Fault::at(Column::Timestamp, "order_spread", note));
        }
        if damaged {
            let note = "looks damaged by a spreadsheet: export order ids as text";
            self.notes.add(lines, Fault::at(Column::OrderId, "damaged_order_id", note));
        }
    }

    pub(super) fn into_report(self) -> RowReport {
        RowReport {
            read: self.read,
            filtered: self.filtered,
            invalid: self.invalid,
            problems: self.problems.into_problems(),
            notes: self.notes.into_problems(),
        }
    }
}

/// Problems with the lines that share them.
#[derive(Debug, Default)]
pub(super) struct Tally {
    positions: HashMap<Fault, usize>,
    lines: Vec<Vec<Line>>,
}

impl Tally {
    pub(super) fn add(&mut self, lines: &[Line], fault: Fault) {
        let next = self.lines.len();
        let position = *self.positions.entry(fault).or_insert(next);
        if position == next {
            self.lines.push(Vec::new());
        }
        self.lines[position].extend(lines);
    }

    fn into_problems(self) -> Vec<Problem> {
        let mut faults: Vec<_> = self.positions.into_iter().collect();
        faults.sort_by_key(|&(_, position)| position);
        faults
            .into_iter()
            .zip(self.lines)
            .map(|((fault, _), mut lines)| {
                lines.sort_unstable();
                let problem = Problem::new(lines, fault.reason, fault.message);
                match fault.column {
                    Some(column) => problem.in_column(column.name()),
                    None => problem,
                }
            })
            .collect()
    }
}
