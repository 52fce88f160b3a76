//! One order at a time: rows that are sorted by order id, in memory that does not grow with their number.

use super::account::Doubts;
use super::closed::Closed;
use super::desk::Desk;
use super::group::Group;
use super::layout::Fault;
use super::spoilt::Spoilt;
use super::{NotSorted, OrderRules, Reading, Row, RowError};
use crate::customer::Coverage;
use crate::event::Event;
use crate::report::RowReport;
use crate::value::{EventTime, Line, OrderId};

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
    open_id: Option<OrderId>,
    closed: Closed,
    /// What is spoilt by rows since the open order began, and by rows of the order before: a row that
    /// cannot be read stands beside its order.
    spoilt: Spoilt,
    spoilt_before: Spoilt,
    trouble: Option<NotSorted>,
}

/// Where orders go whose rows are all in.
pub(super) trait Taker {
    /// Takes an order that is concluded.
    fn take(&mut self, desk: &mut Desk, group: &mut Group);
}

impl<F: FnMut(&mut Event)> Taker for F {
    fn take(&mut self, desk: &mut Desk, group: &mut Group) {
        let doubts = Doubts::about(group);
        if desk.admit(&mut group.event, doubts) {
            self(&mut group.event);
        }
    }
}

impl Stream {
    pub(crate) fn new(rules: OrderRules, now: EventTime) -> Self {
        let closed = Closed::new(rules.most_memory);
        Self {
            desk: Desk::with_rules(rules),
            now,
            groups: Vec::new(),
            open: 0,
            open_id: None,
            closed,
            spoilt: Spoilt::default(),
            spoilt_before: Spoilt::default(),
            trouble: None,
        }
    }

    pub(crate) fn take(
        &mut self,
        reading: Reading<'_>,
        sink: &mut impl FnMut(&mut Event),
    ) -> Result<(), NotSorted> {
        match reading {
            Reading::Row(row) => self.push(&row, sink),
            Reading::Return(line) => {
                self.refuse_after_trouble()?;
                self.desk.filter(line);
                Ok(())
            }
            Reading::Invalid(error) => self.reject(error, sink),
        }
    }

    pub(crate) fn push(&mut self, row: &Row<'_>, sink: &mut impl FnMut(&mut Event)) -> Result<(), NotSorted> {
        if self.seat_alike(row) {
            return Ok(());
        }
        self.refuse_after_trouble()?;
        if self.turns_with(row) {
            self.turn_to(row.order_id.as_ref(), row.line, sink)?;
        }
        self.seat(row);
        Ok(())
    }

    /// The same for rows whose sequence is right already.
    pub(crate) fn add(&mut self, row: &Row<'_>, sink: &mut impl FnMut(&mut Event)) {
        self.add_for(row, sink);
    }

    pub(super) fn add_for(&mut self, row: &Row<'_>, taker: &mut impl Taker) {
        if self.seat_alike(row) {
            return;
        }
        if self.turns_with(row) {
            self.close(taker);
            self.open_id.clone_from(&row.order_id);
        }
        self.seat(row);
    }

    /// Seats a row that is alike the latest one; see [`Desk::seat_alike`].
    fn seat_alike(&mut self, row: &Row<'_>) -> bool {
        let latest = self.groups[..self.open].last_mut();
        latest.is_some_and(|group| self.desk.seat_alike(row, group))
    }

    /// Whether another order begins with this row.
    fn turns_with(&self, row: &Row<'_>) -> bool {
        !row.is_return() && (row.order_id.is_none() || row.order_id != self.open_id)
    }

    /// Seats a row in the open order.
    fn seat(&mut self, row: &Row<'_>) {
        if row.is_return() {
            return self.desk.filter(row.line);
        }
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
        sink: &mut impl FnMut(&mut Event),
    ) -> Result<(), NotSorted> {
        self.refuse_after_trouble()?;
        if error.order_id.is_some() && error.order_id != self.open_id {
            self.turn_to(error.order_id.as_ref(), error.line, sink)?;
        }
        self.desk.reject(error, &mut self.spoilt);
        Ok(())
    }

    /// The last order is complete, too.
    pub(crate) fn finish(mut self, sink: &mut impl FnMut(&mut Event)) -> (RowReport, Coverage) {
        self.close(sink);
        self.desk.finish(&[])
    }

    /// Closes the open order and opens another, whose first row is at hand.
    fn turn_to(
        &mut self,
        order_id: Option<&OrderId>,
        line: Line,
        sink: &mut impl FnMut(&mut Event),
    ) -> Result<(), NotSorted> {
        self.close(sink);
        self.open_id = order_id.cloned();
        let Some(id) = order_id else { return Ok(()) };
        self.closed.enter(id, line).map_err(|trouble| {
            self.desk.account.read += 1;
            self.desk.account.invalid(&[line], [Fault::of_row("not_sorted", trouble.to_string())]);
            self.trouble.insert(trouble).clone()
        })
    }

    /// A group without rows, behind the open ones.
    fn free_group(&mut self, row: &Row<'_>) -> usize {
        match self.groups.get_mut(self.open) {
            Some(group) => group.renew(row),
            None => self.groups.push(Group::of(row)),
        }
        self.open
    }

    pub(super) fn close(&mut self, taker: &mut impl Taker) {
        for group in &mut self.groups[..self.open] {
            let culprit = self.spoilt.culprit(group).or_else(|| self.spoilt_before.culprit(group));
            if self.desk.conclude(group, culprit, self.now) {
                taker.take(&mut self.desk, group);
            }
        }
        self.open = 0;
        if !(self.spoilt.is_empty() && self.spoilt_before.is_empty()) {
            self.spoilt_before = std::mem::take(&mut self.spoilt);
        }
    }

    fn refuse_after_trouble(&self) -> Result<(), NotSorted> {
        self.trouble.clone().map_or(Ok(()), Err)
    }
}
