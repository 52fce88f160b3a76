//! Rows that are sorted by order id.

use std::collections::VecDeque;

use super::ending::{self, Ending};
use super::group::{Group, RejectedOrders, RowChecker};
use super::row_error::Fault;
use super::rules::Unproven;
use super::sort_check::SortCheck;
use super::{MostlyInvalid, NotSorted, OrderRules, ParsedRow, Prepared, Row, RowError};
use crate::event::Event;
use crate::value::{EventTime, Line, OrderId};

/// Groups rows that are sorted by order id into events, each as soon as its order is complete.
///
/// It gives the events and the report that [`Orders`](super::Orders) gives, in the same order; only the note on
/// values that many customers share names no lines. Memory does not grow with the number of orders: each row
/// with a diagnostic takes 10 bytes, or 20 if the diagnostic blames a row for its whole order, and each row without an
/// order id about 100.
///
/// The rows of an order stand together, and so do those of them that cannot be read: such a row keeps the order
/// before it or behind it from being sent, no order further away. An order that comes back after another one
/// stops everything with [`NotSorted`], because its event may be on its way already. To see that without
/// remembering every order id, ids must ascend or descend, either by their bytes or with their numbers by size
/// (`A9` before `A10`). In any other sequence each id takes some 50 bytes, up to [`OrderRules::max_memory`].
///
/// ```
/// use meta_offline_events::customer::UserData;
/// use meta_offline_events::order::{OrderRules, Row, SortedOrders};
/// use meta_offline_events::value::{Currency, EventTime};
///
/// let sold = EventTime::from_unix(1_767_225_600)?;
/// let mut orders = SortedOrders::new(OrderRules::new(), sold);
/// for (line, order) in [(2, "10001"), (3, "10001"), (4, "10002")] {
///     orders.push(
///         &Row::new(line, sold)
///             .customer(UserData::builder().email("mary@example.com"))
///             .order_id(order.parse()?)
///             .quantity(1)
///             .price("0.10".parse()?)
///             .currency(Currency::EUR),
///     )?;
/// }
/// let first = orders.next_event().expect("order 10001 is complete");
/// assert_eq!(first.value().unwrap().to_string(), "0.2 EUR");
/// assert!(orders.next_event().is_none(), "order 10002 may continue");
/// assert_eq!(orders.finish().events.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SortedOrders {
    pub(super) checker: RowChecker,
    now: EventTime,
    /// The events of the open order, in the order of their first rows. Boxed, because they move to `ready`.
    #[expect(clippy::vec_box, reason = "a group is large, and moves between lists")]
    open: Vec<Box<Group>>,
    open_id: Option<OrderId>,
    /// None where the sequence of the rows is known to be right.
    sort_check: Option<SortCheck>,
    rejected: RejectedOrders,
    error: Option<NotSorted>,
    /// The line of the last row.
    last: Option<Line>,
    /// Whether the current source had a row that can be used.
    has_usable_row: bool,
    /// Why nothing is sent, once the first rows are judged.
    mostly_invalid: Option<MostlyInvalid>,
    /// Complete events that nobody has taken yet. They stay until the first rows are judged.
    ready: VecDeque<Box<Group>>,
    /// The event that was lent last.
    lent: Option<Box<Group>>,
    /// Memory for later events.
    #[expect(clippy::vec_box, reason = "a group is large, and moves between lists")]
    spare: Vec<Box<Group>>,
}

/// The most groups whose memory is kept for later events.
const MAX_SPARE: usize = 16;

impl SortedOrders {
    /// Creates a grouper without rows. It checks the age of events at `now`; the client checks it again when it
    /// sends an event.
    pub fn new(rules: OrderRules, now: EventTime) -> Self {
        let sort_check = SortCheck::new(rules.max_memory, rules.sources);
        let max_invalid = rules.max_invalid;
        let mut orders = Self { sort_check: Some(sort_check), ..Self::unchecked(rules, now) };
        orders.checker.tally.take_sample(max_invalid);
        orders
    }

    /// Creates a grouper for rows whose sequence is known to be right.
    pub(super) fn unchecked(rules: OrderRules, now: EventTime) -> Self {
        Self {
            checker: RowChecker::with_rules(rules),
            now,
            open: Vec::new(),
            open_id: None,
            sort_check: None,
            rejected: RejectedOrders::default(),
            error: None,
            last: None,
            has_usable_row: false,
            mostly_invalid: None,
            ready: VecDeque::new(),
            lent: None,
            spare: Vec::new(),
        }
    }

    /// Adds one parsed row: a row, a return or an error. A row of a CSV file is parsed here.
    ///
    /// # Errors
    ///
    /// [`NotSorted`] if the row belongs to an order that came before, or stands where that cannot be seen any
    /// more; from then on every call returns the same error.
    #[expect(single_use_lifetimes, reason = "a lifetime in `impl Trait` needs a name")]
    pub fn push_parsed<'a>(&mut self, row: impl Into<ParsedRow<'a>>) -> Result<(), NotSorted> {
        match row.into() {
            ParsedRow::Row(ref row) => self.push_row(row),
            ParsedRow::Return(line) => {
                self.refuse_after_error()?;
                self.last = Some(line);
                self.checker.filter(line);
                self.judge_full_sample();
                Ok(())
            }
            ParsedRow::Invalid(error) => self.reject(error),
        }
    }

    /// Adds a row to its order. A row that breaks a rule is reported, and its order is not sent.
    ///
    /// # Errors
    ///
    /// Those of [`push_parsed`](Self::push_parsed).
    pub fn push(&mut self, row: &Row<'_>) -> Result<(), NotSorted> {
        row.prefetch_later();
        self.push_row(row)
    }

    /// Adds a row whose neighbours in memory are not the next rows, or were fetched already.
    pub(super) fn push_row(&mut self, row: &Row<'_>) -> Result<(), NotSorted> {
        self.refuse_after_error()?;
        self.last = Some(row.line);
        if row.is_return() {
            self.checker.filter(row.line);
            self.judge_full_sample();
            return Ok(());
        }
        if row.order_id.is_none() || row.order_id != self.open_id {
            self.begin_order(row.order_id.as_ref(), row.line)?;
        }
        self.add(row);
        self.judge_full_sample();
        Ok(())
    }

    /// Adds a row that cannot be used. Its order is not sent.
    ///
    /// # Errors
    ///
    /// Those of [`push_parsed`](Self::push_parsed).
    pub fn reject(&mut self, error: RowError) -> Result<(), NotSorted> {
        self.refuse_after_error()?;
        self.last = Some(error.line());
        if error.0.order_id.is_some() && error.0.order_id != self.open_id {
            self.begin_order(error.0.order_id.as_ref(), error.0.line)?;
        }
        self.checker.reject(error, &mut self.rejected);
        self.judge_full_sample();
        Ok(())
    }

    /// Lends the next event whose order is complete. Its memory serves a later event.
    pub fn next_event(&mut self) -> Option<&Event> {
        self.lend().map(|event| &*event)
    }

    /// Returns the next event whose order is complete, to keep it.
    pub fn take_event(&mut self) -> Option<Event> {
        if self.has_event() { self.ready.pop_front().map(|group| group.event) } else { None }
    }

    /// Whether there is a complete event that nobody has taken.
    pub(super) fn has_event(&self) -> bool {
        !self.ready.is_empty() && !self.checker.tally.is_sampling()
    }

    /// Returns how many events can be taken.
    ///
    /// Where rows are at hand, as in a file, take about a dozen events at a time. That is 2 to 5 % faster than taking
    /// each at once, because the code that groups rows and the code that writes events share the caches of the
    /// processor.
    ///
    /// ```
    /// use meta_offline_events::customer::UserData;
    /// use meta_offline_events::order::{OrderRules, Row, SortedOrders};
    /// use meta_offline_events::value::{Currency, EventTime};
    /// use meta_offline_events::wire::{Batcher, RequestFields};
    ///
    /// let sold = EventTime::from_unix(1_767_225_600)?;
    /// let mut orders = SortedOrders::new(OrderRules::new(), sold);
    /// let mut batcher = Batcher::new(&RequestFields::new());
    /// for number in 0..100 {
    ///     let row = Row::new(number, sold)
    ///         .customer(UserData::builder().email("mary@example.com"))
    ///         .order_id(format!("A{number:04}").parse()?)
    ///         .value("0.10".parse()?)
    ///         .currency(Currency::EUR);
    ///     orders.push(&row)?;
    ///     if orders.ready_events() >= 12 {
    ///         while let Some(event) = orders.next_event() {
    ///             batcher.push(event);
    ///         }
    ///     }
    /// }
    /// orders.finish().events.iter().for_each(|event| batcher.push(event));
    /// assert_eq!(batcher.finish()[0].events(), 0..100);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn ready_events(&self) -> usize {
        if self.has_event() { self.ready.len() } else { 0 }
    }

    /// Completes the last order, and returns the events that nobody has taken and the report on all rows.
    ///
    /// After [`NotSorted`] the report ends with the row that was refused.
    pub fn finish(mut self) -> Prepared {
        self.complete();
        self.judge_sample();
        let Self { checker, ready, mostly_invalid, .. } = self;
        let (rows, coverage) = checker.finish(&[]);
        let events = ready.into_iter().map(|group| group.event).collect();
        Prepared { events, rows, coverage, mostly_invalid }
    }

    /// Ends without the last order, which may not be complete: its rows are not sent.
    ///
    /// ```
    /// use meta_offline_events::customer::UserData;
    /// use meta_offline_events::order::{OrderRules, Row, SortedOrders};
    /// use meta_offline_events::value::{Currency, EventTime};
    ///
    /// let sold = EventTime::from_unix(1_767_225_600)?;
    /// let mut orders = SortedOrders::new(OrderRules::new(), sold);
    /// let mary = UserData::builder().email("mary@example.com");
    /// let row = Row::new(2, sold).customer(mary).order_id("A1".parse()?);
    /// orders.push(&row.value("5".parse()?).currency(Currency::EUR))?;
    /// let rest = orders.abandon();
    /// assert_eq!((rest.events.len(), rest.rows.not_sent()), (0, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn abandon(mut self) -> Prepared {
        self.end_source(Ending::Incomplete);
        self.finish()
    }

    /// Gives up the events that nobody has taken, and the open order: their rows are not sent.
    pub(super) fn give_up(mut self) -> Prepared {
        let message = "not sent, because the run ended before";
        for group in self.ready.drain(..) {
            self.checker.tally.not_sent(group.event.lines(), Fault::of_row("not_taken", message));
        }
        self.abandon()
    }

    /// States how the source of the rows ended, and completes or holds back the last order: see
    /// [`Orders::end_source`](super::Orders::end_source). After [`Ending::Incomplete`] the last order is not sent.
    ///
    /// ```
    /// use meta_offline_events::customer::UserData;
    /// use meta_offline_events::order::{Ending, OrderRules, Row, SortedOrders};
    /// use meta_offline_events::value::{Currency, EventTime};
    ///
    /// let sold = EventTime::from_unix(1_767_225_600)?;
    /// let mary = UserData::builder().email("mary@example.com");
    /// let row = Row::new(2, sold).customer(mary).order_id("A1".parse()?).value("5".parse()?);
    /// let mut orders = SortedOrders::new(OrderRules::new().hold_back_last_order(), sold);
    /// orders.push(&row.currency(Currency::EUR))?;
    /// orders.end_source(Ending::Unproven);
    /// let prepared = orders.finish();
    /// assert_eq!((prepared.events.len(), prepared.rows.not_sent()), (0, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn end_source(&mut self, ending: Ending) {
        self.end_one_source(ending);
        self.judge_sample();
    }

    /// Does the same while more sources may come, whose rows count among the first rows, too.
    pub(super) fn end_one_source(&mut self, ending: Ending) {
        let has_usable_row = std::mem::take(&mut self.has_usable_row);
        let doubt = ending.doubt().filter(|_| has_usable_row);
        let why = match ending {
            Ending::Incomplete => Some(ending::incomplete()),
            _ if doubt.is_some() && self.checker.rules.unproven == Unproven::HeldBack => {
                Some(ending::held_back())
            }
            _ => None,
        };
        // With an invalid row, the open order is not sent anyway.
        let open = std::mem::take(&mut self.open);
        let (rejected, last): (Vec<_>, Vec<_>) =
            open.into_iter().partition(|group| self.rejected.blamed_line(|| group.key()).is_some());
        if let (Some(doubt), Some(line)) = (doubt, self.last) {
            let lines = last.iter().flat_map(|group| group.event.lines()).copied().collect();
            self.checker.note_last_order(lines, line, doubt);
        }
        match why {
            Some(why) => {
                for group in last {
                    self.checker.tally.not_sent(group.event.lines(), why.clone());
                }
                self.open = rejected;
            }
            None => self.open = last.into_iter().chain(rejected).collect(),
        }
        self.complete();
        // An order that goes on in another source comes back.
        self.open_id = None;
    }

    /// Completes the open order.
    pub(super) fn complete(&mut self) {
        for mut group in self.open.drain(..) {
            let blamed = self.rejected.blamed_line(|| group.key());
            if !self.checker.complete(&mut group, blamed, self.now) {
                keep(&mut self.spare, group);
            } else if let Some(why) = &self.mostly_invalid {
                self.checker.tally.not_sent(group.event.lines(), why.fault());
            } else {
                self.ready.push_back(group);
            }
        }
    }

    /// Why no event comes any more, if the first rows were judged to be mostly invalid.
    pub(super) fn mostly_invalid(&self) -> Option<&MostlyInvalid> {
        self.mostly_invalid.as_ref()
    }

    fn judge_full_sample(&mut self) {
        if self.checker.tally.has_full_sample() {
            self.judge_sample();
        }
    }

    /// Judges the first rows, unless they are judged already. If too many are invalid, no event is sent.
    pub(super) fn judge_sample(&mut self) {
        let Some(why) = self.checker.tally.judge_sample() else { return };
        for group in self.ready.drain(..) {
            self.checker.tally.not_sent(group.event.lines(), why.fault());
        }
        self.mostly_invalid = Some(why);
    }

    /// Lends the next complete event, to be taken or changed.
    pub(super) fn lend(&mut self) -> Option<&mut Event> {
        if let Some(returned) = self.lent.take() {
            keep(&mut self.spare, returned);
        }
        self.lent = if self.has_event() { self.ready.pop_front() } else { None };
        self.lent.as_mut().map(|group| &mut group.event)
    }

    fn begin_order(&mut self, order_id: Option<&OrderId>, line: Line) -> Result<(), NotSorted> {
        self.complete();
        match (&mut self.open_id, order_id) {
            (Some(open), Some(id)) => open.clone_from(id),
            (open, id) => *open = id.cloned(),
        }
        let Some(id) = order_id else { return Ok(()) };
        self.rejected.next_order();
        let Some(sort_check) = &mut self.sort_check else { return Ok(()) };
        sort_check.enter(id, line).inspect_err(|error| {
            self.checker.tally.read(line);
            self.checker.tally.invalid(&[line], [Fault::of_row("not_sorted", error.to_string())]);
            self.error = Some(error.clone());
        })
    }

    /// Adds a row to the open order.
    fn add(&mut self, row: &Row<'_>) {
        if let Some(group) = self.open.iter_mut().find(|group| group.is_same_event(row)) {
            match self.checker.add_row(row, group) {
                Ok(_) => self.has_usable_row = true,
                Err(faults) => self.checker.reject(RowError::of_row(row, faults), &mut self.rejected),
            }
            return;
        }
        let mut group = match self.spare.pop() {
            Some(mut group) => {
                group.restart(row);
                group
            }
            None => Box::new(Group::for_row(row)),
        };
        match self.checker.add_row(row, &mut group) {
            Ok(true) => {
                self.has_usable_row = true;
                return self.open.push(group);
            }
            Ok(false) => {}
            Err(faults) => self.checker.reject(RowError::of_row(row, faults), &mut self.rejected),
        }
        keep(&mut self.spare, group);
    }

    fn refuse_after_error(&self) -> Result<(), NotSorted> {
        match &self.error {
            None => Ok(()),
            Some(error) => Err(error.clone()),
        }
    }
}

/// Keeps the memory of a group for a later one.
#[expect(clippy::vec_box, reason = "a group is large, and moves between lists")]
fn keep(spare: &mut Vec<Box<Group>>, group: Box<Group>) {
    if spare.len() < MAX_SPARE {
        spare.push(group);
    }
}
