//! Rows in any order.

use std::hash::BuildHasher as _;

use foldhash::quality::RandomState;
use hashbrown::HashTable;

use super::group::{Group, RejectedOrders, RowChecker};
use super::row_error::Fault;
use super::{OrderRules, ParsedRow, Prepared, Row, RowError};
use crate::value::{EventTime, Line};

/// Groups rows that come in any order into one event per order.
///
/// Customer values are hashed as rows come in and are not kept. Each order takes one to two kilobytes of memory;
/// [`OrderRules::max_memory`] and [`OrderRules::max_rows`] limit how much it takes in all. Where rows are sorted by
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
    groups: Vec<Group>,
    /// Positions in `groups`, each with the hash of what makes its rows one event.
    positions: HashTable<(u64, usize)>,
    hasher: RandomState,
    rejected: RejectedOrders,
    /// Roughly, in bytes.
    memory: usize,
    /// Set once a row came in that was not kept.
    exceeded: Option<Fault>,
}

impl Orders {
    /// Creates an empty group of orders with the default rules.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates an empty group of orders with these rules.
    pub fn with_rules(rules: OrderRules) -> Self {
        Self { checker: RowChecker::with_rules(rules), ..Self::default() }
    }

    /// Adds one parsed row: a row, a return or an error.
    pub fn push_parsed(&mut self, row: ParsedRow<'_>) {
        match row {
            ParsedRow::Row(row) => self.push(&row),
            ParsedRow::Return(line) => self.checker.filter(line),
            ParsedRow::Invalid(error) => self.reject(error),
        }
    }

    /// Adds a row to its order. A row that breaks a rule is reported, and its order is not sent.
    pub fn push(&mut self, row: &Row<'_>) {
        if row.is_return() {
            return self.checker.filter(row.line);
        }
        if let Some(fault) = self.exceeds_limit() {
            return self.refuse_more(row.line, fault);
        }
        if let Err(faults) = self.add(row) {
            self.reject(RowError::of_row(row, faults));
        }
    }

    /// Adds a row that cannot be used. Its order is not sent.
    pub fn reject(&mut self, error: RowError) {
        self.checker.reject(error, &mut self.rejected);
    }

    fn add(&mut self, row: &Row<'_>) -> Result<(), Vec<Fault>> {
        let Some(order_id) = &row.order_id else { return self.begin(row).map(drop) };
        let Self { groups, hasher, .. } = self;
        let hash = hasher.hash_one((order_id, &row.name, row.action_source));
        let is_of = |&(own, position): &(u64, usize)| own == hash && groups[position].is_of(row);
        if let Some(&(_, position)) = self.positions.find(hash, is_of) {
            let group = &mut groups[position];
            let before = group.memory();
            self.checker.add_row(row, group)?;
            self.memory += group.memory() - before;
        } else if self.begin(row)? {
            self.positions.insert_unique(hash, (hash, self.groups.len() - 1), |&(hash, _)| hash);
        }
        Ok(())
    }

    /// Begins an order with its first row, and returns whether the row counts.
    fn begin(&mut self, row: &Row<'_>) -> Result<bool, Vec<Fault>> {
        let mut group = Group::for_row(row);
        let counts = self.checker.add_row(row, &mut group)?;
        if counts {
            self.memory += group.memory() + 2 * size_of::<(u64, usize)>();
            self.groups.push(group);
        }
        Ok(counts)
    }

    fn exceeds_limit(&self) -> Option<Fault> {
        const ADVICE: &str = "sort the rows by order id and read them as sorted rows, or split the export by days, never inside an order";
        let OrderRules { max_rows, max_memory, .. } = self.checker.rules;
        if self.checker.tally.read >= max_rows {
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
        self.checker.tally.read += 1;
        self.checker.tally.invalid(&[line], [fault.clone()]);
        self.exceeded.get_or_insert(fault);
    }

    /// Completes the events, and checks their age at `now`.
    ///
    /// The client checks the age again when it sends an event: what is young enough now may be too old then.
    pub fn finish(self, now: EventTime) -> Prepared {
        let Self { mut checker, groups, rejected, exceeded, .. } = self;
        let mut events = Vec::with_capacity(if exceeded.is_some() { 0 } else { groups.len() });
        for mut group in groups {
            if let Some(fault) = &exceeded {
                checker.tally.invalid(group.event.lines(), [fault.clone()]);
                continue;
            }
            let blamed = rejected.blamed_line(|| group.key());
            if checker.complete(&mut group, blamed, now) {
                events.push(group.event);
            }
        }
        let (rows, coverage) = checker.finish(&events);
        Prepared { events, rows, coverage }
    }
}
