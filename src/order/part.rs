//! Some orders of a run, done apart from the others: what can be done so, and how the run takes it in.

use super::account::{Account, OrderWarnings};
use super::desk::Desk;
use super::group::Group;
use super::stream::{Made, Stream, Taker};
use super::{OrderRules, Row};
use crate::customer::Coverage;
use crate::event::{Event, Sale};
use crate::value::EventTime;

/// A stream of some orders. It leaves to the run what takes the knowledge of all rows: events that no order
/// id names, since no two may have the same id.
pub(crate) struct Part<'r, 'a> {
    stream: Stream,
    aside: Aside<'r, 'a>,
}

/// What a part has come to.
pub(crate) struct Done<'r, 'a> {
    account: Account,
    coverage: Coverage,
    aside: Aside<'r, 'a>,
}

/// What a part leaves to the run.
#[derive(Default)]
struct Aside<'r, 'a> {
    /// How many events the part has made.
    made: usize,
    left: Vec<Left<'r, 'a>>,
}

struct Left<'r, 'a> {
    /// How many events of the part come before.
    behind: usize,
    /// How many values of their customers wait to be counted.
    waiting: usize,
    what: What<'r, 'a>,
}

enum What<'r, 'a> {
    Row(&'r Row<'a>),
    Event(Box<Event>, OrderWarnings),
}

/// What the run says of its events when it takes a part in, in their sequence.
pub(crate) enum Joined<'e> {
    /// The next so many events of the part.
    Made(usize),
    /// An event that the part has left to the run.
    Left(Made<'e>),
}

impl<'r, 'a> Part<'r, 'a> {
    pub(crate) fn new(rules: OrderRules, now: EventTime) -> Self {
        Self { stream: Stream::of_parts(rules, now), aside: Aside::default() }
    }

    pub(crate) fn add(&mut self, row: &'r Row<'a>, sink: &mut impl FnMut(Made<'_>)) {
        let mut apart = Apart { aside: &mut self.aside, sink };
        if row.order_id.is_some() || row.is_return() {
            return self.stream.add_for(row, &mut apart);
        }
        self.stream.close(&mut apart);
        self.aside.leave(&self.stream.desk, What::Row(row));
    }

    /// The last order is complete, too.
    pub(crate) fn finish(mut self, sink: &mut impl FnMut(Made<'_>)) -> Done<'r, 'a> {
        self.stream.close(&mut Apart { aside: &mut self.aside, sink });
        let Desk { account, coverage, .. } = self.stream.desk;
        Done { account, coverage, aside: self.aside }
    }
}

/// Tells events that are named by their orders from those that are left to the run.
struct Apart<'p, 'r, 'a, F> {
    aside: &'p mut Aside<'r, 'a>,
    sink: &'p mut F,
}

impl<F: FnMut(Made<'_>)> Taker for Apart<'_, '_, '_, F> {
    fn take_sale(&mut self, sale: &Sale) {
        self.aside.made += 1;
        (self.sink)(Made::Sale(sale));
    }

    fn take(&mut self, desk: &mut Desk, group: &mut Group) {
        let doubts = OrderWarnings::about(group);
        if !group.event.is_named_by_order() {
            let event = std::mem::replace(&mut group.event, Event::blank());
            self.aside.leave(desk, What::Event(Box::new(event), doubts));
        } else if desk.admit(&mut group.event, doubts) {
            self.aside.made += 1;
            (self.sink)(Made::Event(&mut group.event));
        }
    }
}

impl<'r, 'a> Aside<'r, 'a> {
    fn leave(&mut self, desk: &Desk, what: What<'r, 'a>) {
        self.left.push(Left { behind: self.made, waiting: desk.coverage.waiting(), what });
    }
}

impl Stream {
    /// For a run whose orders are done in parts, or for one of them.
    pub(crate) fn of_parts(rules: OrderRules, now: EventTime) -> Self {
        let mut stream = Self::new(rules, now);
        stream.desk.coverage = Coverage::lagging();
        stream
    }

    /// Takes in the next part of the run, and does what it has left.
    pub(crate) fn join(&mut self, done: Done<'_, '_>, each: &mut impl FnMut(Joined<'_>)) {
        let Done { account, coverage, aside } = done;
        self.desk.account.absorb(account);
        self.desk.coverage.absorb(&coverage);
        let (mut made, mut waiting) = (0, 0);
        for left in aside.left {
            each(Joined::Made(left.behind - made));
            self.desk.coverage.await_values(&coverage, waiting..left.waiting);
            (made, waiting) = (left.behind, left.waiting);
            match left.what {
                What::Row(row) => {
                    let mut sink = |made: Made<'_>| each(Joined::Left(made));
                    self.add_for(row, &mut sink);
                    self.close(&mut sink);
                }
                What::Event(mut event, doubts) => {
                    if self.desk.admit(&mut event, doubts) {
                        each(Joined::Left(Made::Event(&mut event)));
                    }
                }
            }
        }
        each(Joined::Made(aside.made - made));
        self.desk.coverage.await_values(&coverage, waiting..coverage.waiting());
    }

    /// Counts which values are shared among the customers of the parts so far.
    pub(crate) fn catch_up(&mut self) {
        self.desk.coverage.catch_up();
    }
}
