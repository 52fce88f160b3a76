//! Rows in any order.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::BuildHasher as _;
use std::slice;

use foldhash::quality::RandomState;
use hashbrown::HashTable;

use super::ending::{self, Ending};
use super::group::{Group, RejectedOrders, RowChecker};
use super::groups::Groups;
use super::row_error::Fault;
use super::rules::Unproven;
use super::{OrderRules, ParsedRow, Prepared, Row, RowError};
use crate::value::{EventTime, Line, OrderId};

/// Groups rows that come in any order into one event per order.
///
/// Customer values are hashed as rows come in, and no texts of customers are kept but [a few](super). Each order takes
/// about one kilobyte of memory; [`OrderRules::max_memory`] and [`OrderRules::max_rows`] limit how much it takes in all. Where rows are sorted by
/// order id, [`SortedOrders`](super::SortedOrders) takes any number of them in constant memory.
///
/// ```
/// use meta_offline_events::customer::UserData;
/// use meta_offline_events::order::{Orders, Row};
/// use meta_offline_events::value::{Currency, EventTime};
///
/// let sold = EventTime::from_unix(1_767_225_600)?;
/// let mut orders = Orders::new();
/// for (line, price) in [(2, "0.10"), (3, "0.20")] {
///     orders.push(
///         &Row::new(line, sold)
///             .customer(UserData::builder().email("mary@example.com"))
///             .order_id("10001".parse()?)
///             .quantity(1)
///             .price(price.parse()?)
///             .currency(Currency::EUR),
///     );
/// }
/// let prepared = orders.finish(sold);
/// assert_eq!(prepared.events.len(), 1);
/// assert_eq!(prepared.events[0].value().unwrap().to_string(), "0.3 EUR");
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
#[derive(Debug, Default)]
pub struct Orders {
    checker: RowChecker,
    groups: Groups,
    /// Positions in `groups`, each with the hash of what makes its rows one event.
    positions: HashTable<(u64, usize)>,
    hasher: RandomState,
    rejected: RejectedOrders,
    /// Roughly, in bytes.
    memory: usize,
    /// Set once a row came in that was not kept.
    exceeded: Option<Fault>,
    /// The line of the last row, and the order that may go on behind it.
    last: Option<(Line, LastOrder)>,
    /// Whether the current source had a row that can be used.
    has_usable_row: bool,
    /// The last line and the last order of each source whose end nothing proves.
    unproven: Vec<(Line, LastOrder, Ending)>,
    /// Whether rows of a source are missing.
    is_incomplete: bool,
}

/// The order that may go on behind the last row.
#[derive(Debug, Clone)]
enum LastOrder {
    None,
    /// That of the event at this position.
    At(usize),
    /// That of a row that cannot be used.
    Named(OrderId),
}

impl LastOrder {
    fn of(order_id: Option<&OrderId>) -> Self {
        order_id.cloned().map_or(Self::None, Self::Named)
    }
}

impl Orders {
    /// Creates an empty group of orders with the default rules.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates an empty group of orders with these rules.
    pub fn with_rules(rules: OrderRules) -> Self {
        let max_invalid = rules.max_invalid;
        let mut orders = Self { checker: RowChecker::with_rules(rules), ..Self::default() };
        orders.checker.tally.take_sample(max_invalid);
        orders
    }

    /// Adds one parsed row: a row, a return or an error. A row of a CSV file is parsed here.
    #[expect(single_use_lifetimes, reason = "a lifetime in `impl Trait` needs a name")]
    pub fn push_parsed<'a>(&mut self, row: impl Into<ParsedRow<'a>>) {
        match row.into() {
            ParsedRow::Row(ref row) => self.push(row),
            ParsedRow::Return(line) => self.filter(line),
            ParsedRow::Invalid(error) => self.reject(error),
        }
    }

    /// Adds a row to its order. A row that breaks a rule is reported, and its order is not sent.
    pub fn push(&mut self, row: &Row<'_>) {
        if row.is_return() {
            return self.filter(row.line);
        }
        if let Some(fault) = self.exceeds_limit() {
            return self.refuse_more(row.line, fault);
        }
        match self.add(row) {
            Ok(Some(position)) => {
                self.last = Some((row.line, LastOrder::At(position)));
                self.has_usable_row = true;
            }
            Ok(None) => self.last = Some((row.line, LastOrder::of(row.order_id.as_ref()))),
            Err(faults) => {
                self.last = Some((row.line, LastOrder::of(row.order_id.as_ref())));
                self.checker.reject(RowError::of_row(row, faults), &mut self.rejected);
            }
        }
    }

    /// Adds a row that cannot be used. Its order is not sent.
    pub fn reject(&mut self, error: RowError) {
        match &error.0.order_id {
            Some(id) => self.last = Some((error.line(), LastOrder::Named(id.clone()))),
            None => self.go_on_with(error.line()),
        }
        self.checker.reject(error, &mut self.rejected);
    }

    /// States how a source of rows ended, so that its last order is noted or [held
    /// back](OrderRules::hold_back_last_order) where nothing proves that the order is complete.
    ///
    /// `CsvRows::read_into` calls it by itself. After [`Ending::Incomplete`], no order
    /// is sent at all: each may have rows among those that are missing.
    ///
    /// ```
    /// use meta_offline_events::customer::UserData;
    /// use meta_offline_events::order::{Ending, Orders, Row};
    /// use meta_offline_events::value::{Currency, EventTime};
    ///
    /// let sold = EventTime::from_unix(1_767_225_600)?;
    /// let mary = UserData::builder().email("mary@example.com");
    /// let row = Row::new(2, sold).customer(mary).value("5".parse()?).currency(Currency::EUR);
    /// let mut orders = Orders::new();
    /// orders.push(&row.order_id("10001".parse()?));
    /// orders.end_source(Ending::Incomplete);
    /// let prepared = orders.finish(sold);
    /// assert_eq!((prepared.events.len(), prepared.rows.not_sent()), (0, 1));
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    pub fn end_source(&mut self, ending: Ending) {
        self.is_incomplete |= ending == Ending::Incomplete;
        let is_doubtful = std::mem::take(&mut self.has_usable_row) && ending.doubt().is_some();
        if let Some((line, order)) = self.last.take()
            && is_doubtful
        {
            self.unproven.push((line, order, ending));
        }
    }

    /// Notes the last order of each source whose end nothing proves. Returns the positions of their events that may be
    /// sent. Looks at every order once, however many sources there are.
    fn note_last_orders(&mut self) -> BTreeSet<usize> {
        let Self { checker, groups, rejected, unproven, .. } = self;
        let id_of = |order: &LastOrder| match order {
            LastOrder::None => None,
            LastOrder::At(position) => groups[*position].event.order_id().cloned(),
            LastOrder::Named(order_id) => Some(order_id.clone()),
        };
        let ids = unproven.iter().filter_map(|(_, order, _)| id_of(order));
        let mut events: HashMap<OrderId, Vec<usize>, RandomState> = ids.map(|id| (id, Vec::new())).collect();
        if !events.is_empty() {
            for (position, group) in groups.iter().enumerate() {
                let events = group.event.order_id().and_then(|id| events.get_mut(id));
                if let Some(events) = events.filter(|_| rejected.blamed_line(|| group.key()).is_none()) {
                    events.push(position);
                }
            }
        }
        let mut noted = HashSet::<_, RandomState>::default();
        let mut last_events = BTreeSet::new();
        for (line, order, ending) in &*unproven {
            let order_id = id_of(order);
            let last = match (order, &order_id) {
                (LastOrder::At(position), None) => slice::from_ref(position),
                (_, Some(id)) => &*events[id],
                (_, None) => &[],
            };
            // Several sources may end in one order: its lines are noted once.
            if order_id.is_some_and(|id| !noted.insert((id, *ending))) {
                continue;
            }
            let lines = last.iter().flat_map(|&position| groups[position].event.lines()).copied().collect();
            if let Some(doubt) = ending.doubt() {
                checker.note_last_order(lines, *line, doubt);
            }
            last_events.extend(last);
        }
        last_events
    }

    fn filter(&mut self, line: Line) {
        self.go_on_with(line);
        self.checker.filter(line);
    }

    /// Keeps the line of a row that may be of any order as the last one: the order before it may go on.
    fn go_on_with(&mut self, line: Line) {
        let order = self.last.take().map_or(LastOrder::None, |(_, order)| order);
        self.last = Some((line, order));
    }

    /// Adds a row, and returns the position of its order unless the row repeats an earlier one that counts.
    fn add(&mut self, row: &Row<'_>) -> Result<Option<usize>, Vec<Fault>> {
        let Some(order_id) = &row.order_id else { return self.begin(row) };
        let Self { groups, hasher, .. } = self;
        let hash = hasher.hash_one((order_id, &row.name, row.action_source));
        let is_of = |&(own, position): &(u64, usize)| own == hash && groups[position].is_of(row);
        if let Some(&(_, position)) = self.positions.find(hash, is_of) {
            let group = &mut groups[position];
            let before = group.memory();
            self.checker.add_row(row, group)?;
            self.memory += group.memory() - before;
            return Ok(Some(position));
        }
        let position = self.begin(row)?;
        if let Some(position) = position {
            self.positions.insert_unique(hash, (hash, position), |&(hash, _)| hash);
        }
        Ok(position)
    }

    /// Begins an order with its first row, and returns its position if the row counts.
    fn begin(&mut self, row: &Row<'_>) -> Result<Option<usize>, Vec<Fault>> {
        let mut group = Group::for_row(row);
        let counts = self.checker.add_row(row, &mut group)?;
        if counts {
            self.memory += group.memory() + 2 * size_of::<(u64, usize)>();
        }
        Ok(counts.then(|| self.groups.push(group)))
    }

    fn exceeds_limit(&self) -> Option<Fault> {
        const ADVICE: &str = "sort the rows by order id and read them as sorted rows, or split the export by days, never inside an order";
        let OrderRules { max_rows, max_memory, .. } = self.checker.rules;
        if self.checker.tally.rows() >= max_rows {
            let message = format!("more than {max_rows} rows in one run: {ADVICE}");
            Some(Fault::of_row("too_many_rows", message))
        } else if self.memory > max_memory {
            let message =
                format!("the orders of this run take more than {max_memory} bytes of memory: {ADVICE}");
            Some(Fault::of_row("too_much_memory", message))
        } else {
            None
        }
    }

    fn refuse_more(&mut self, line: Line, fault: Fault) {
        self.checker.tally.read(line);
        self.checker.tally.invalid(&[line], [fault.clone()]);
        self.exceeded.get_or_insert(fault);
    }

    /// Completes the events, and checks their age at `now`.
    ///
    /// The client checks the age again when it sends an event: what is young enough now may be too old then.
    pub fn finish(mut self, now: EventTime) -> Prepared {
        let last_events = self.note_last_orders();
        self.positions = HashTable::new();
        let Self { mut checker, groups, rejected, exceeded, is_incomplete, .. } = self;
        let holds_back = checker.rules.unproven == Unproven::HeldBack;
        let mut events = Vec::with_capacity(groups.len());
        for (position, mut group) in groups.into_iter().enumerate() {
            if let Some(fault) = &exceeded {
                checker.tally.invalid(group.event.lines(), [fault.clone()]);
                continue;
            }
            let blamed = rejected.blamed_line(|| group.key());
            if blamed.is_none() && (is_incomplete || holds_back && last_events.contains(&position)) {
                let why = if is_incomplete { ending::incomplete() } else { ending::held_back() };
                checker.tally.not_sent(group.event.lines(), why);
                continue;
            }
            if checker.complete(&mut group, blamed, now) {
                events.push(group.event);
            }
        }
        let mostly_invalid = checker.tally.judge_sample();
        if let Some(why) = &mostly_invalid {
            for event in events.drain(..) {
                checker.tally.not_sent(event.lines(), why.fault());
            }
        }
        let (rows, coverage) = checker.finish(&events);
        Prepared { events, rows, coverage, mostly_invalid }
    }
}
