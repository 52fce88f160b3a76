//! All orders of a run: rows in, events and an account of every other row out.

use std::collections::HashMap;
use std::time::Duration;

use foldhash::quality::RandomState;

use super::desk::Desk;
use super::group::{Group, GroupKey};
use super::layout::Fault;
use super::spoilt::Spoilt;
use super::{ParsedRow, Row, RowError};
use crate::customer::Coverage;
use crate::event::{ActionSource, Event};
use crate::report::RowReport;
use crate::value::{AgeLimit, EventTime, Line};

/// Choices that the row contract leaves to the advertiser.
///
/// ```
/// use std::time::Duration;
/// use meta_offline_events::order::OrderRules;
///
/// let rules = OrderRules::new().margin(Duration::from_secs(600)).allow_zero_totals();
/// # let _ = rules;
/// ```
#[derive(Debug, Clone)]
pub struct OrderRules {
    pub(super) allows_zero_totals: bool,
    pub(super) sums_values: bool,
    pub(super) drops_repeats: bool,
    margin: Duration,
    max_age: Option<AgeLimit>,
    max_rows: u64,
    pub(super) max_memory: usize,
}

impl Default for OrderRules {
    fn default() -> Self {
        Self {
            allows_zero_totals: false,
            sums_values: false,
            drops_repeats: false,
            margin: Duration::from_secs(3600),
            max_age: None,
            max_rows: 50_000_000,
            max_memory: 4 << 30,
        }
    }
}

impl OrderRules {
    /// The usual choices: no zero totals, one value an order, repeated rows kept, a margin of one
    /// hour before the end of Meta's window.
    pub fn new() -> Self {
        Self::default()
    }

    /// Send orders that come to zero instead of refusing them.
    pub fn allow_zero_totals(mut self) -> Self {
        self.allows_zero_totals = true;
        self
    }

    /// Take `value` as the value of a row and sum it over an order, instead of as the order's.
    pub fn sum_values(mut self) -> Self {
        self.sums_values = true;
        self
    }

    /// Leave out a row that is equal to an earlier one of its order in every column.
    pub fn drop_repeats(mut self) -> Self {
        self.drops_repeats = true;
        self
    }

    /// How long before the end of Meta's window an event is refused, so that it does not cross the
    /// line on its way; one hour by default.
    pub fn margin(mut self, margin: Duration) -> Self {
        self.margin = margin;
        self
    }

    /// A limit of age for all action sources, where it is stricter than Meta's: seven days for
    /// physical stores, too, say.
    pub fn max_age(mut self, limit: AgeLimit) -> Self {
        self.max_age = Some(limit);
        self
    }

    /// How many rows [`Orders`] gathers before `finish`, fifty million by default. With more rows no order
    /// is sent at all, since any of them may go on in a row that is no longer kept.
    pub fn max_rows(mut self, rows: u64) -> Self {
        self.max_rows = rows;
        self
    }

    /// How many bytes of memory [`Orders`] may take, about; 4 GiB by default, which is enough for the rows
    /// of some two million orders. Beyond that no order is sent at all, as with
    /// [`max_rows`](Self::max_rows): rows that are sorted by order id need next to no memory, see
    /// [`SortedOrders`](super::SortedOrders).
    pub fn max_memory(mut self, bytes: usize) -> Self {
        self.max_memory = bytes;
        self
    }

    pub(super) fn age_limit(&self, source: ActionSource) -> AgeLimit {
        let meta = source.age_limit();
        let limit = self.max_age.filter(|own| own.as_secs() < meta.as_secs()).unwrap_or(meta);
        limit.less(self.margin)
    }
}

/// Gathers rows into orders.
///
/// Rows may come in any order. What is held in memory for each order is its digests, its lines and
/// its contents, about two kilobytes; customer text is hashed as rows come in and not kept. Rows and
/// memory are limited ([`OrderRules::max_rows`], [`OrderRules::max_memory`]). Where rows are sorted by
/// order id, [`SortedOrders`](super::SortedOrders) takes any number of them.
///
/// ```
/// use meta_offline_events::customer::UserData;
/// use meta_offline_events::order::{Orders, Row};
/// use meta_offline_events::value::{Currency, EventTime, Line};
///
/// let sold = EventTime::from_unix(1_767_225_600)?;
/// let mut orders = Orders::new();
/// for (line, price) in [(2, "0.10"), (3, "0.20")] {
///     orders.push(
///         Row::new(Line::new(line), sold)
///             .customer(UserData::builder().email("mary@example.com"))
///             .order_id("10001".parse()?)
///             .quantity(1)
///             .price(price.parse()?)
///             .currency(Currency::EUR),
///     );
/// }
/// let prepared = orders.finish(sold);
/// assert_eq!(prepared.events.len(), 1);
/// assert_eq!(prepared.events[0].custom_data().value().unwrap().to_string(), "0.3 EUR");
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
#[derive(Debug, Default)]
pub struct Orders {
    desk: Desk,
    groups: Vec<Group>,
    by_key: HashMap<GroupKey, usize, RandomState>,
    spoilt: Spoilt,
    /// Bytes, about.
    memory: usize,
    /// Rows came in that were not kept.
    overfull: Option<Fault>,
}

/// Events that are ready to be sent, and the account of the rows that are not among them.
#[derive(Debug)]
#[non_exhaustive]
pub struct Prepared {
    /// One event for each order, in the order of their first rows.
    pub events: Vec<Event>,
    /// Rows that were filtered or invalid, and notes on the others.
    pub rows: RowReport,
    /// What the customers of the events can be found by.
    pub coverage: Coverage,
}

impl From<Vec<Event>> for Prepared {
    /// Events that were built by hand: there are no rows to report on.
    fn from(events: Vec<Event>) -> Self {
        let coverage = events.iter().map(Event::user_data).collect();
        Self { events, rows: RowReport::default(), coverage }
    }
}

impl From<Event> for Prepared {
    fn from(event: Event) -> Self {
        vec![event].into()
    }
}

impl Orders {
    /// No orders yet, with the usual rules.
    pub fn new() -> Self {
        Self::default()
    }

    /// No orders yet, with these rules.
    pub fn with_rules(rules: OrderRules) -> Self {
        Self { desk: Desk::with_rules(rules), ..Self::default() }
    }

    /// Takes what a record turned out to be.
    pub fn push_parsed(&mut self, reading: ParsedRow<'_>) {
        match reading {
            ParsedRow::Row(row) => self.push(row),
            ParsedRow::Return(line) => self.desk.filter(line),
            ParsedRow::Invalid(error) => self.reject(error),
        }
    }

    /// Adds a row to its order. A row that breaks a rule spoils its order; nothing is lost.
    #[expect(clippy::needless_pass_by_value, reason = "a row that is handed in is used up")]
    pub fn push(&mut self, row: Row<'_>) {
        if row.is_return() {
            return self.desk.filter(row.line);
        }
        if let Some(fault) = self.lacks_room() {
            return self.refuse_more(row.line, fault);
        }
        let seated = match GroupKey::of(&row) {
            None => self.found(&row, None),
            Some(key) => match self.by_key.get(&key) {
                None => self.found(&row, Some(key)),
                Some(&index) => {
                    let group = &mut self.groups[index];
                    let before = group.memory();
                    let seated = self.desk.seat(&row, group);
                    self.memory += group.memory() - before;
                    seated.map(drop)
                }
            },
        };
        if let Err(faults) = seated {
            self.reject(RowError::of_row(&row, faults));
        }
    }

    /// Opens an order with its first row.
    fn found(&mut self, row: &Row<'_>, key: Option<GroupKey>) -> Result<(), Vec<Fault>> {
        let mut group = Group::for_row(row);
        if self.desk.seat(row, &mut group)? {
            if let Some(key) = key {
                self.memory += 2 * size_of::<(GroupKey, usize)>();
                self.by_key.insert(key, self.groups.len());
            }
            self.memory += group.memory();
            self.groups.push(group);
        }
        Ok(())
    }

    /// Notes a row that cannot be used. Its order is not sent.
    pub fn reject(&mut self, error: RowError) {
        self.desk.reject(error, &mut self.spoilt);
    }

    fn lacks_room(&self) -> Option<Fault> {
        const ADVICE: &str = "sort the rows by order id and take them as sorted ones, or cut the export by days, never inside an order";
        let OrderRules { max_rows, max_memory, .. } = self.desk.rules;
        if self.desk.account.read >= max_rows {
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
        self.desk.account.read += 1;
        self.desk.account.invalid(&[line], [fault.clone()]);
        self.overfull.get_or_insert(fault);
    }

    /// Makes the events, judging their age at `now`.
    ///
    /// An event is checked again when it is sent: what is fresh now may be too old then.
    pub fn finish(mut self, now: EventTime) -> Prepared {
        let mut events = Vec::with_capacity(if self.overfull.is_some() { 0 } else { self.groups.len() });
        for mut group in std::mem::take(&mut self.groups) {
            if let Some(fault) = &self.overfull {
                self.desk.account.invalid(group.event.lines(), [fault.clone()]);
                continue;
            }
            let culprit = self.spoilt.culprit(&group);
            if self.desk.close(&mut group, culprit, now) {
                events.push(group.event);
            }
        }
        let (rows, coverage) = self.desk.finish(&events);
        Prepared { events, rows, coverage }
    }
}
