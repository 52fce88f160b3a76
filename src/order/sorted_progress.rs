//! How far a source of sorted rows is read, whoever reads it.

use super::source::sealed::SourceRead;
use super::{Ending, OrderRules, ParsedRow, Prepared, SortedError, SortedOrders};
use crate::event::Event;
#[cfg(feature = "client")]
use crate::report::RowReport;
use crate::value::EventTime;

/// How far a source of sorted rows is read.
pub(super) enum Progress {
    Reading(Box<SortedOrders>),
    /// All rows are read that can be: events may be left, and then the error that ended it.
    Read(Box<SortedOrders>, Option<SortedError>),
    /// The report is complete, and may be taken already.
    Ended(Box<Prepared>),
}

impl Progress {
    pub(super) fn new(rules: OrderRules, now: EventTime) -> Self {
        Self::Reading(Box::new(SortedOrders::new(rules, now)))
    }

    /// Whether another row must come before there is another event.
    pub(super) fn wants_row(&self) -> bool {
        matches!(self, Self::Reading(orders) if !orders.has_event())
    }

    /// How many events wait to be taken.
    pub(super) fn ready(&self) -> usize {
        match self {
            Self::Reading(orders) | Self::Read(orders, _) => orders.ready_events(),
            Self::Ended(_) => 0,
        }
    }

    /// Takes the next row of the source.
    pub(super) fn push(&mut self, row: ParsedRow<'_>) {
        let Self::Reading(orders) = self else { return };
        match orders.push_parsed(row) {
            Err(error) => self.fail(error.into()),
            Ok(()) => {
                if let Some(why) = orders.mostly_invalid().cloned() {
                    self.change(|orders| Self::Read(orders, Some(why.into())));
                }
            }
        }
    }

    /// Takes what else a source read than rows.
    pub(super) fn note(&mut self, read: SourceRead) {
        match read {
            SourceRead::Row => {}
            SourceRead::NextSource(ending) => {
                if let Self::Reading(orders) = self {
                    orders.end_one_source(ending);
                }
            }
            SourceRead::End(ending) => self.end(ending),
            SourceRead::Failed(error) => self.fail(error),
        }
    }

    /// Takes the error that ended the rows.
    pub(super) fn fail(&mut self, error: SortedError) {
        let Self::Reading(orders) = self else { return };
        // There will be no more rows to judge.
        orders.judge_sample();
        self.change(|orders| Self::Read(orders, Some(error)));
    }

    /// Takes the end of all rows.
    pub(super) fn end(&mut self, ending: Ending) {
        let Self::Reading(orders) = self else { return };
        orders.end_source(ending);
        let error = orders.mostly_invalid().cloned().map(SortedError::MostlyInvalid);
        self.change(|orders| Self::Read(orders, error));
    }

    pub(super) fn next(&mut self) -> Option<Result<Event, SortedError>> {
        match self {
            Self::Reading(orders) => orders.take_event().map(Ok),
            Self::Read(orders, error) => orders.take_event().map(Ok).or_else(|| error.take().map(Err)),
            Self::Ended(_) => None,
        }
    }

    pub(super) fn finish(&mut self) -> Prepared {
        self.give_up();
        match self {
            Self::Ended(prepared) => std::mem::take(prepared),
            Self::Reading(_) | Self::Read(..) => Prepared::default(),
        }
    }

    #[cfg(feature = "client")]
    pub(super) fn take_rows(&mut self) -> RowReport {
        self.give_up();
        match self {
            Self::Ended(prepared) => std::mem::take(&mut prepared.rows),
            Self::Reading(_) | Self::Read(..) => RowReport::default(),
        }
    }

    pub(super) fn give_up(&mut self) {
        self.change(|orders| Self::Ended(Box::new(orders.give_up())));
    }

    fn change(&mut self, next: impl FnOnce(Box<SortedOrders>) -> Self) {
        *self = match std::mem::replace(self, Self::Ended(Box::default())) {
            Self::Reading(orders) | Self::Read(orders, _) => next(orders),
            ended @ Self::Ended(_) => ended,
        };
    }

    pub(super) fn has_ended(&self) -> bool {
        !matches!(self, Self::Reading(_))
    }
}
