//! One order at a time: rows that are sorted by order id, in memory that does not grow with their number.

#[cfg(feature = "csv")]
use std::collections::VecDeque;

use super::account::OrderWarnings;
use super::closed::Closed;
use super::desk::Desk;
use super::group::Group;
use super::layout::Fault;
use super::plain::Plain;
use super::spoilt::Spoilt;
use super::{NotSorted, OrderRules, ParsedRow, Row, RowError};
use crate::customer::Coverage;
use crate::event::{Event, Sale};
use crate::report::RowReport;
use crate::value::{EventTime, Line, OrderId};

/// What became of an order.
pub(crate) enum Made<'s> {
    /// A sale as most are.
    Sale(&'s Sale),
    /// Any other event.
    Event(&'s mut Event),
}

/// Takes rows and lends each event out as soon as its order is complete. The next order is made in the
/// memory of the last one.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(super) desk: Desk,
    now: EventTime,
    /// The events of the order that may go on, in the order of their first rows; behind the first `open`
    /// of them is memory for more.
    groups: Vec<Group>,
    open: usize,
    /// The order that may go on, while it goes the fast way.
    plain: Plain,
    open_id: Option<OrderId>,
    closed: Closed,
    spoilt: Spoilt,
    error: Option<NotSorted>,
}

/// Where orders go whose rows are all in.
pub(super) trait Taker {
    /// Takes a sale of the fast way.
    fn take_sale(&mut self, sale: &Sale);

    /// Takes an order that is concluded.
    fn take(&mut self, desk: &mut Desk, group: &mut Group);
}

impl<F: FnMut(Made<'_>)> Taker for F {
    fn take_sale(&mut self, sale: &Sale) {
        self(Made::Sale(sale));
    }

    fn take(&mut self, desk: &mut Desk, group: &mut Group) {
        let doubts = OrderWarnings::about(group);
        if desk.admit(&mut group.event, doubts) {
            self(Made::Event(&mut group.event));
        }
    }
}

impl Stream {
    pub(crate) fn new(rules: OrderRules, now: EventTime) -> Self {
        let closed = Closed::new(rules.max_memory);
        Self {
            desk: Desk::with_rules(rules),
            now,
            groups: Vec::new(),
            open: 0,
            plain: Plain::new(),
            open_id: None,
            closed,
            spoilt: Spoilt::default(),
            error: None,
        }
    }

    pub(crate) fn push_parsed(
        &mut self,
        reading: ParsedRow<'_>,
        sink: &mut impl FnMut(Made<'_>),
    ) -> Result<(), NotSorted> {
        match reading {
            ParsedRow::Row(row) => self.push(&row, sink),
            ParsedRow::Return(line) => {
                self.refuse_after_error()?;
                self.desk.filter(line);
                Ok(())
            }
            ParsedRow::Invalid(error) => self.reject(error, sink),
        }
    }

    pub(crate) fn push(&mut self, row: &Row<'_>, sink: &mut impl FnMut(Made<'_>)) -> Result<(), NotSorted> {
        if self.goes_on_with(row) {
            return Ok(());
        }
        self.refuse_after_error()?;
        if self.turns_with(row) {
            self.turn_to(row.order_id.as_ref(), row.line, sink)?;
            self.begin(row);
        } else {
            self.seat(row);
        }
        Ok(())
    }

    /// The same for rows whose sequence is right already.
    pub(crate) fn add(&mut self, row: &Row<'_>, sink: &mut impl FnMut(Made<'_>)) {
        self.add_for(row, sink);
    }

    pub(super) fn add_for(&mut self, row: &Row<'_>, taker: &mut impl Taker) {
        if self.goes_on_with(row) {
            return;
        }
        if self.turns_with(row) {
            self.close(taker);
            if row.order_id.is_some() {
                self.spoilt.turn();
            }
            self.open_id.clone_from(&row.order_id);
            self.begin(row);
        } else {
            self.seat(row);
        }
    }

    /// Takes a row with which the open order goes on its fast way.
    fn goes_on_with(&mut self, row: &Row<'_>) -> bool {
        let taken = self.plain.add(row);
        self.desk.account.read += u64::from(taken);
        taken
    }

    /// Whether another order begins with this row.
    fn turns_with(&self, row: &Row<'_>) -> bool {
        !row.is_return() && (row.order_id.is_none() || row.order_id != self.open_id)
    }

    /// Takes the first row of an order.
    fn begin(&mut self, row: &Row<'_>) {
        if self.plain.begin(row, &mut self.desk.buffer) {
            self.desk.account.read += 1;
        } else {
            self.seat(row);
        }
    }

    /// Seats a row in the open order, which goes the long way from now on.
    fn seat(&mut self, row: &Row<'_>) {
        if row.is_return() {
            return self.desk.filter(row.line);
        }
        self.leave_the_fast_way();
        let known = self.groups[..self.open].iter().position(|group| group.is_of(row));
        let place = known.unwrap_or_else(|| self.free_group(row));
        match self.desk.seat(row, &mut self.groups[place]) {
            Ok(seated) => self.open += usize::from(seated && known.is_none()),
            Err(faults) => self.desk.reject(RowError::of_row(row, faults), &mut self.spoilt),
        }
    }

    pub(crate) fn reject(
        &mut self,
        error: RowError,
        sink: &mut impl FnMut(Made<'_>),
    ) -> Result<(), NotSorted> {
        self.refuse_after_error()?;
        if error.order_id.is_some() && error.order_id != self.open_id {
            self.turn_to(error.order_id.as_ref(), error.line, sink)?;
        }
        self.desk.reject(error, &mut self.spoilt);
        Ok(())
    }

    /// The last order is complete, too.
    pub(crate) fn finish(mut self, sink: &mut impl FnMut(Made<'_>)) -> (RowReport, Coverage) {
        self.close(sink);
        self.desk.finish(&[])
    }

    /// No more rows come, though the last order may not be complete.
    pub(crate) fn abandon(mut self) -> (RowReport, Coverage) {
        self.leave_the_fast_way();
        for group in &self.groups[..self.open] {
            let message = "not sent, because the rows behind it could not be read: some may belong to it";
            self.desk.account.invalid(group.event.lines(), [Fault::of_row("order_incomplete", message)]);
        }
        self.desk.finish(&[])
    }

    /// Nobody takes these events, which came from here.
    #[cfg(feature = "csv")]
    pub(super) fn give_up(&mut self, events: &VecDeque<Event>) {
        for event in events {
            let message = "not sent, because the run ended before";
            self.desk.account.invalid(event.lines(), [Fault::of_row("not_taken", message)]);
        }
    }

    /// Closes the open order and opens another, whose first row is at hand.
    fn turn_to(
        &mut self,
        order_id: Option<&OrderId>,
        line: Line,
        sink: &mut impl FnMut(Made<'_>),
    ) -> Result<(), NotSorted> {
        self.close(sink);
        self.open_id = order_id.cloned();
        let Some(id) = order_id else { return Ok(()) };
        self.spoilt.turn();
        self.closed.enter(id, line).map_err(|error| {
            self.desk.account.read += 1;
            self.desk.account.invalid(&[line], [Fault::of_row("not_sorted", error.to_string())]);
            self.error.insert(error).clone()
        })
    }

    /// What went the fast way so far goes on the long way.
    fn leave_the_fast_way(&mut self) {
        if self.plain.is_open() {
            self.groups.insert(self.open, self.plain.hand_over(&self.desk.marks));
            self.open += 1;
        }
    }

    /// A group without rows, behind the open ones.
    fn free_group(&mut self, row: &Row<'_>) -> usize {
        match self.groups.get_mut(self.open) {
            Some(group) => group.renew(row),
            None => self.groups.push(Group::for_row(row)),
        }
        self.open
    }

    pub(super) fn close(&mut self, taker: &mut impl Taker) {
        if self.plain.is_open()
            && self.spoilt.is_empty()
            && let Some(sale) = self.plain.conclude(&self.desk.rules, self.now)
        {
            self.desk.coverage.add_digests(&sale.customer);
            taker.take_sale(sale);
        }
        self.leave_the_fast_way();
        for group in &mut self.groups[..self.open] {
            if self.desk.conclude(group, self.spoilt.culprit(group), self.now) {
                taker.take(&mut self.desk, group);
            }
        }
        self.open = 0;
    }

    fn refuse_after_error(&self) -> Result<(), NotSorted> {
        self.error.clone().map_or(Ok(()), Err)
    }
}
