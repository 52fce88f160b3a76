//! The first rows of a run, which show whether the whole source is broken.

use std::collections::{HashMap, HashSet};
use std::fmt;

use foldhash::quality::RandomState;

use super::Column;
use super::row_error::Fault;
use crate::customer::Percent;
use crate::value::Line;

/// How many rows a sample has.
pub(super) const MAX_ROWS: usize = 1000;

/// The fewest rows that are judged: a share of a few rows says nothing about the source.
const MIN_ROWS: usize = 20;

/// Reasons that are shown, the most frequent first.
const MAX_REASONS: usize = 3;

/// The first rows of a run, until they are judged.
#[derive(Debug)]
pub(super) struct Sample {
    max_percent: u8,
    rows: usize,
    lines: HashSet<Line, RandomState>,
}

impl Sample {
    pub(super) fn new(max_percent: u8) -> Self {
        Self { max_percent, rows: 0, lines: HashSet::default() }
    }

    pub(super) fn is_full(&self) -> bool {
        self.rows == MAX_ROWS
    }

    /// Adds a row, unless there are enough.
    pub(super) fn add(&mut self, line: Line) {
        if !self.is_full() {
            self.rows += 1;
            self.lines.insert(line);
        }
    }

    /// Returns what is wrong if too many rows are invalid. `faults` are those of all rows so far.
    pub(super) fn judge<'f>(
        self,
        faults: impl Iterator<Item = (&'f Fault, &'f [Line])>,
    ) -> Option<MostlyInvalid> {
        let mut invalid = HashSet::<Line, RandomState>::default();
        let mut reasons: HashMap<(Option<&'static str>, &'static str), Reason> = HashMap::new();
        for (fault, lines) in faults {
            let lines = lines.iter().copied().filter(|line| self.lines.contains(line));
            let of_fault: Vec<Line> = lines.collect();
            let Some(&first) = of_fault.iter().min() else { continue };
            invalid.extend(&of_fault);
            // The row that keeps the others of its order from being sent has a reason of its own.
            if fault.reason == "order_incomplete" {
                continue;
            }
            let column = fault.column.map(Column::name);
            let message = &fault.message;
            let reason = reasons.entry((column, fault.reason)).or_insert_with(|| Reason {
                rows: 0,
                first,
                column,
                message: message.clone(),
            });
            reason.rows += of_fault.len();
            if first < reason.first {
                (reason.first, reason.message) = (first, message.clone());
            }
        }
        if self.rows < MIN_ROWS || invalid.len() * 100 <= usize::from(self.max_percent) * self.rows {
            return None;
        }
        let mut reasons: Vec<Reason> = reasons.into_values().collect();
        reasons.sort_unstable_by_key(|reason| (std::cmp::Reverse(reason.rows), reason.first, reason.column));
        reasons.truncate(MAX_REASONS);
        let Self { max_percent, rows, .. } = self;
        Some(MostlyInvalid { max_percent, rows, invalid: invalid.len(), reasons: reasons.into() })
    }
}

/// Why nothing is sent: more of the first rows are invalid than [`OrderRules::max_invalid`] allows.
///
/// `Display` names the share, the limit and the most frequent reasons, with their rows and the first line of each.
///
/// ```
/// use meta_offline_events::order::{Column, Orders, OrderRules, RowError};
/// use meta_offline_events::value::{Amount, Line};
///
/// let mut orders = Orders::with_rules(OrderRules::new().max_invalid(50));
/// for line in 2..102 {
///     let error = "1,50".parse::<Amount>().unwrap_err();
///     orders.reject(RowError::invalid(Line::new(line), Column::Price, error));
/// }
/// let prepared = orders.finish("2026-05-04T12:00:00Z".parse()?);
/// let why = prepared.mostly_invalid.expect("every row is invalid");
/// assert_eq!((why.rows(), why.invalid()), (100, 100));
/// assert!(why.to_string().starts_with(
///     "100 of the first 100 rows (100.0 %) are invalid, and 50 % may be; most often: price "
/// ));
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
///
/// [`OrderRules::max_invalid`]: super::OrderRules::max_invalid
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MostlyInvalid {
    max_percent: u8,
    rows: usize,
    invalid: usize,
    reasons: Box<[Reason]>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Reason {
    rows: usize,
    first: Line,
    column: Option<&'static str>,
    message: String,
}

impl MostlyInvalid {
    /// The number of rows that were judged: 1,000, or all rows of a shorter source.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many of them are invalid.
    pub fn invalid(&self) -> usize {
        self.invalid
    }

    /// Why the valid rows are not sent.
    pub(super) fn fault(&self) -> Fault {
        Fault::of_row("mostly_invalid", format!("not sent: {self}"))
    }
}

impl fmt::Display for MostlyInvalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { max_percent, rows, invalid, reasons } = self;
        let share = Percent::of(*invalid as u64, *rows as u64);
        write!(f, "{invalid} of the first {rows} rows ({share}) are invalid, and {max_percent} % may be")?;
        for (index, reason) in reasons.iter().enumerate() {
            f.write_str(if index == 0 { "; most often: " } else { "; " })?;
            if let Some(column) = reason.column {
                write!(f, "{column} ")?;
            }
            let (noun, message) = (if reason.rows == 1 { "row" } else { "rows" }, &reason.message);
            write!(f, "{message} ({} {noun}, the first in line {})", reason.rows, reason.first)?;
        }
        Ok(())
    }
}

impl std::error::Error for MostlyInvalid {}
