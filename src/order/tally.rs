//! Counts of the rows so far, and the diagnostics on them.

use std::cmp::Ordering;
use std::collections::HashMap;

use foldhash::quality::RandomState;

use super::row_error::Fault;
use super::sample::{MostlyInvalid, Sample};
use crate::report::{Diagnostic, RowReport};
use crate::value::Line;

/// Counts of the rows so far, with diagnostics on those that were left out and notes on the others.
#[derive(Debug, Default)]
pub(super) struct RowTally {
    read: u64,
    filtered: u64,
    invalid: u64,
    not_sent: u64,
    why_filtered: FaultLines,
    why_invalid: FaultLines,
    why_not_sent: FaultLines,
    pub(super) notes: FaultLines,
    /// The first rows, until they are judged.
    sample: Option<Sample>,
}

impl RowTally {
    /// Keeps the first rows, to judge whether at most this percentage of them is invalid.
    pub(super) fn take_sample(&mut self, max_invalid: Option<u8>) {
        self.sample = max_invalid.map(Sample::new);
    }

    /// Whether the first rows are not judged yet.
    pub(super) fn is_sampling(&self) -> bool {
        self.sample.is_some()
    }

    /// Whether there are enough rows to judge.
    pub(super) fn has_full_sample(&self) -> bool {
        self.sample.as_ref().is_some_and(Sample::is_full)
    }

    /// Judges the first rows, once.
    pub(super) fn judge_sample(&mut self) -> Option<MostlyInvalid> {
        let why = self.sample.take()?.judge(self.why_invalid.iter())?;
        // A diagnostic says why nothing is sent, even if no valid row is there to name.
        self.why_not_sent.add(&[], why.fault());
        Some(why)
    }

    /// How many rows were read.
    pub(super) fn rows(&self) -> u64 {
        self.read
    }

    /// Counts a row.
    pub(super) fn read(&mut self, line: Line) {
        self.read += 1;
        if let Some(sample) = &mut self.sample {
            sample.add(line);
        }
    }

    pub(super) fn filter(&mut self, line: Line, why: Fault) {
        self.read(line);
        self.filtered += 1;
        self.why_filtered.add(&[line], why);
    }

    pub(super) fn invalid(&mut self, lines: &[Line], faults: impl IntoIterator<Item = Fault>) {
        self.invalid += lines.len() as u64;
        for fault in faults {
            self.why_invalid.add(lines, fault);
        }
    }

    /// Counts rows that are held back, although nothing is wrong with them.
    pub(super) fn not_sent(&mut self, lines: &[Line], why: Fault) {
        self.not_sent += lines.len() as u64;
        self.why_not_sent.add(lines, why);
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
        self.why_filtered.absorb(other.why_filtered);
        self.why_invalid.absorb(other.why_invalid);
        self.why_not_sent.absorb(other.why_not_sent);
        self.notes.absorb(other.notes);
    }

    pub(super) fn into_report(self) -> RowReport {
        RowReport {
            read: self.read,
            filtered: self.filtered,
            invalid: self.invalid,
            not_sent: self.not_sent,
            diagnostics: diagnostics([
                (Some("filtered"), self.why_filtered),
                (Some("invalid"), self.why_invalid),
                (Some("not_sent"), self.why_not_sent),
            ]),
            notes: diagnostics([(None, self.notes)]),
        }
    }
}

impl Fault {
    fn parts(&self) -> (Option<usize>, &str, &str) {
        (self.column.map(|column| column as usize), self.reason, &self.message)
    }
}

/// Faults with the lines that share them.
#[derive(Debug, Default)]
pub(super) struct FaultLines {
    /// The faults, without the rows to blame.
    positions: HashMap<Fault, usize, RandomState>,
    lines: Vec<SharedBy>,
}

/// The lines that share a fault.
#[derive(Debug, Default)]
struct SharedBy {
    lines: Vec<Line>,
    /// The row to blame for each line. Empty while each is to blame itself.
    blamed: Vec<Line>,
}

impl SharedBy {
    fn add(&mut self, lines: &[Line], blamed: Option<Line>) {
        if blamed.is_some() || !self.blamed.is_empty() {
            self.blamed.extend_from_slice(&self.lines[self.blamed.len()..]);
            self.blamed.extend(lines.iter().map(|own| blamed.unwrap_or(*own)));
        }
        self.lines.extend_from_slice(lines);
    }

    fn sort(&mut self) {
        if self.lines.is_sorted() {
            return;
        }
        if self.blamed.is_empty() {
            return self.lines.sort_unstable();
        }
        let mut pairs: Vec<_> = self.lines.drain(..).zip(self.blamed.drain(..)).collect();
        pairs.sort_unstable();
        (self.lines, self.blamed) = pairs.into_iter().unzip();
    }
}

impl FaultLines {
    pub(super) fn add(&mut self, lines: &[Line], mut fault: Fault) {
        let blamed = fault.blamed.take();
        self.of(fault).add(lines, blamed);
    }

    fn of(&mut self, fault: Fault) -> &mut SharedBy {
        let next = self.lines.len();
        let position = *self.positions.entry(fault).or_insert(next);
        if position == next {
            self.lines.push(SharedBy::default());
        }
        &mut self.lines[position]
    }

    fn iter(&self) -> impl Iterator<Item = (&Fault, &[Line])> {
        self.positions.iter().map(|(fault, position)| (fault, &*self.lines[*position].lines))
    }

    #[cfg(feature = "rayon")]
    fn absorb(&mut self, other: Self) {
        for (fault, position) in other.positions {
            let own = self.of(fault);
            let SharedBy { lines, blamed } = &other.lines[position];
            if blamed.is_empty() {
                own.add(lines, None);
            }
            lines.iter().zip(blamed).for_each(|(line, blamed)| own.add(&[*line], Some(*blamed)));
        }
    }

    /// Returns each fault with its lines in ascending order, the fault that came first first.
    fn into_entries(self) -> impl Iterator<Item = (Fault, SharedBy)> {
        let Self { positions, mut lines } = self;
        let mut faults: Vec<_> = positions.into_iter().collect();
        faults.sort_unstable_by_key(|(_, position)| *position);
        faults.into_iter().map(move |(fault, position)| {
            let mut lines = std::mem::take(&mut lines[position]);
            lines.sort();
            (fault, lines)
        })
    }
}

/// Diagnostics on rows come in the order of their first lines, those on the whole run behind them. Each list of
/// faults comes with the count of the report that its rows are in; notes have none.
fn diagnostics<const LISTS: usize>(lists: [(Option<&'static str>, FaultLines); LISTS]) -> Vec<Diagnostic> {
    let entries = lists.into_iter().flat_map(|(outcome, faults)| {
        faults.into_entries().map(move |(fault, lines)| (fault, lines, outcome))
    });
    let mut entries: Vec<_> = entries.collect();
    entries.sort_by(|(one, shared_by, _), (other, other_shared_by, _)| {
        match (shared_by.lines.first(), other_shared_by.lines.first()) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (first, other_first) => first.cmp(&other_first).then_with(|| one.parts().cmp(&other.parts())),
        }
    });
    let diagnostic = |(fault, SharedBy { lines, blamed }, outcome): (Fault, _, _)| {
        let diagnostic = Diagnostic::new(lines, fault.reason, fault.message);
        let diagnostic = diagnostic.blaming(blamed).with_outcome(outcome);
        match fault.column {
            Some(column) => diagnostic.in_column(column.name()),
            None => diagnostic,
        }
    };
    entries.into_iter().map(diagnostic).collect()
}
