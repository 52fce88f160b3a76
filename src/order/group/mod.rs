//! One order: its rows are checked, added up and completed to an event.

mod check;
mod customers;
mod fingerprints;
mod key;
mod rejected;
mod warnings;

pub(super) use check::RowChecker;
pub(super) use key::GroupKey;
pub(super) use rejected::RejectedOrders;

use customers::Customers;
use fingerprints::Seen;

use super::quantity::Quantity;
use super::row_error::Fault;
use super::{Column, OrderRules, Row, order_id};
use crate::customer::{MatchKey, RawFingerprint, UserData};
use crate::event::{Completion, DeliveryCategory, Event, EventName};
use crate::value::{
    AgeLimit, Amount, Currency, EventId, EventTime, Line, OrderId, OutsideWindow, PageUrl, Sum,
};

/// The most different values of one match key in one order. With more, the order id is not the id of one order: it is
/// a constant, or the number of a till.
const MAX_CUSTOMERS: usize = 50;

/// The most bytes of one event in a request of one megabyte.
const MAX_EVENT: usize = 990_000;

/// An order of fewer lines cannot exceed [`MAX_EVENT`], whatever its product ids.
const MANY_LINES: usize = 250;

const TOTAL_TOO_LONG: &str = "the total is longer than the 38 digits that can be kept exactly";

/// The rows of one order so far.
#[derive(Debug)]
pub(super) struct Group {
    /// The event: its customer, contents and lines grow row by row.
    pub(super) event: Event,
    facts: Facts,
    seen: Seen,
}

/// What the rows of an order say beside its customer and contents.
#[derive(Debug, Clone)]
struct Facts {
    /// The raw customer of the first row, if every value of it is usable and none has a note.
    fingerprint: Option<RawFingerprint>,
    /// The latest time of a row; the event has the earliest.
    latest: EventTime,
    /// Set once two rows differ in their customers.
    customers: Option<Box<Customers>>,
    currency: Option<Currency>,
    /// The sum of price × quantity over the rows that have both.
    priced: Sum,
    /// There are such rows.
    is_priced: bool,
    /// The rows differ in customer or time.
    differs: bool,
    /// Kept apart, so that the next order of the usual kind need not empty it.
    rare: Option<Box<RareFacts>>,
}

/// What few orders have.
#[derive(Debug, Clone, Default)]
struct RareFacts {
    /// The `value` of the rows that have one.
    value: Option<Amount>,
    event_id: Option<EventId>,
    event_source_url: Option<PageUrl>,
    delivery_category: Option<DeliveryCategory>,
    /// The first thing that makes the whole order unusable.
    conflict: Option<Fault>,
}

impl Facts {
    fn starting_at(time: EventTime) -> Self {
        Self {
            fingerprint: None,
            latest: time,
            customers: None,
            currency: None,
            priced: Sum::default(),
            is_priced: false,
            differs: false,
            rare: None,
        }
    }

    fn rare(&mut self) -> &mut RareFacts {
        self.rare.get_or_insert_default()
    }

    fn value(&self) -> Option<Amount> {
        self.rare.as_ref().and_then(|rare| rare.value)
    }
}

/// The customer of a row that is added to an order.
struct Customer<'d> {
    data: &'d mut UserData,
    /// That of the raw customer, if every value is usable and none has a note.
    fingerprint: Option<RawFingerprint>,
}

impl Group {
    /// Creates an order without rows, for rows like this one.
    pub(super) fn for_row(row: &Row<'_>) -> Self {
        let mut group =
            Self { event: Event::blank(), facts: Facts::starting_at(row.time), seen: Seen::default() };
        group.event.restart(row.time, &row.name, row.action_source, row.order_id.as_ref());
        group
    }

    /// Becomes another order without rows, in the same memory.
    pub(super) fn restart(&mut self, row: &Row<'_>) {
        self.event.restart(row.time, &row.name, row.action_source, row.order_id.as_ref());
        self.facts = Facts::starting_at(row.time);
        self.seen.clear();
    }

    /// Whether a row belongs to this order.
    pub(super) fn is_of(&self, row: &Row<'_>) -> bool {
        self.is_same_event(row) && self.event.order_id() == row.order_id.as_ref()
    }

    /// Whether a row of the same order id belongs to this order.
    pub(super) fn is_same_event(&self, row: &Row<'_>) -> bool {
        self.event.action_source() == row.action_source && *self.event.name() == row.name
    }

    /// Adds the fingerprint of a row, and returns whether it is new.
    fn is_new(&mut self, fingerprint: u64) -> bool {
        self.seen.insert(fingerprint)
    }

    /// Adds a row, with its customer unless that is written like the first one's.
    #[inline]
    fn add(&mut self, row: &Row<'_>, customer: Option<Customer<'_>>, rules: &OrderRules) {
        if let Some(customer) = customer {
            self.add_customer(row, customer);
        }
        let earliest = self.event.time();
        if row.time != earliest {
            self.facts.differs = true;
            self.event.set_time(earliest.min(row.time));
            self.facts.latest = self.facts.latest.max(row.time);
        }
        self.add_facts(row, rules);
    }

    #[inline(never)]
    fn add_customer(&mut self, row: &Row<'_>, Customer { data, fingerprint }: Customer<'_>) {
        self.check_external_ids(data, row.line);
        if self.event.lines().is_empty() {
            std::mem::swap(self.event.customer_mut(), data);
            self.facts.fingerprint = fingerprint;
        } else if data != self.event.user_data() || self.facts.customers.is_some() {
            self.facts.differs = true;
            self.unite(data, row.line);
        }
    }

    fn unite(&mut self, customer: &UserData, line: Line) {
        if self.has_too_many_customers() {
            return;
        }
        let event = &self.event;
        let customers = self.facts.customers.get_or_insert_with(|| {
            let mut customers = Box::<Customers>::default();
            event.lines().first().iter().for_each(|first| customers.add(event.user_data(), **first));
            customers
        });
        customers.add(customer, line);
        self.event.customer_mut().merge(customer);
        if self.has_too_many_customers() {
            let message = format!(
                "the order has more than {MAX_CUSTOMERS} different customers: is this a real order id?"
            );
            self.object(Column::OrderId, "too_many_customers", message, line);
        }
    }

    /// Whether so many customers came in that the others are not looked at.
    fn has_too_many_customers(&self) -> bool {
        let customer = self.event.user_data();
        customer.len() > MAX_CUSTOMERS
            && customer.keys().any(|key| customer.values(key).len() > MAX_CUSTOMERS)
    }

    /// Checks that all rows have the same external id.
    fn check_external_ids(&mut self, customer: &UserData, line: Line) {
        let mut ids = customer.values_one_by_one(MatchKey::ExternalId);
        let Some(first) = ids.next() else { return };
        let known = self.event.user_data().values_one_by_one(MatchKey::ExternalId).next().unwrap_or(first);
        if first != known || ids.any(|id| id != known) {
            let message = "the order has two external ids: one order has one customer";
            self.object(Column::ExternalId, "two_external_ids", message, line);
        }
    }

    #[inline]
    fn add_facts(&mut self, row: &Row<'_>, rules: &OrderRules) {
        let line = row.line;
        self.event.add_line(line);
        self.add_currency(row.currency, line);
        if let Some(quantity) = row.quantity {
            if let Some(price) = row.price {
                self.facts.is_priced = true;
                if !quantity.add_to(&mut self.facts.priced, price) {
                    self.object_to_size(Column::Price, line);
                }
            }
            if let (Some(product), Some(sent)) = (&row.product, quantity.sent()) {
                match quantity {
                    Quantity::Whole(_) => self.event.add_product(product, sent, row.price.as_ref()),
                    Quantity::Fractional(_) => {
                        let total = row.price.and_then(|price| quantity.total(price));
                        self.event.add_product(product, sent, total.as_ref());
                    }
                }
            }
        }
        if row.has_rare_columns() {
            self.add_rare(row, rules);
        }
    }

    #[inline(never)]
    fn add_rare(&mut self, row: &Row<'_>, rules: &OrderRules) {
        self.add_value(row, rules);
        self.add_event_id(row);
        let rare = self.facts.rare();
        if rare.event_source_url.is_none() {
            rare.event_source_url.clone_from(&row.event_source_url);
        }
        rare.delivery_category = rare.delivery_category.or(row.delivery_category);
    }

    fn add_currency(&mut self, currency: Option<Currency>, line: Line) {
        match (self.facts.currency, currency) {
            (None, Some(currency)) => self.facts.currency = Some(currency),
            (Some(first), Some(second)) if first != second => {
                let message =
                    format!("the order has rows in {first} and in {second}: split it or convert it");
                self.object(Column::Currency, "two_currencies", message, line);
            }
            _ => {}
        }
    }

    fn add_value(&mut self, row: &Row<'_>, rules: &OrderRules) {
        let Some(value) = row.value else { return };
        let rare = self.facts.rare();
        match rare.value {
            None => rare.value = Some(value),
            Some(sum) if rules.sums_values => match sum.checked_add(value) {
                Some(sum) => rare.value = Some(sum),
                None => self.object_to_size(Column::Value, row.line),
            },
            Some(known) if known != value => {
                let message = "the order has two values: state the order's value once, or have values summed";
                self.object(Column::Value, "two_values", message, row.line);
            }
            Some(_) => {}
        }
    }

    fn add_event_id(&mut self, row: &Row<'_>) {
        let Some(id) = &row.event_id else { return };
        let rare = self.facts.rare();
        match &rare.event_id {
            None => rare.event_id = Some(id.clone()),
            Some(known) if known != id => {
                let message = "the order has two event ids: one order is one event";
                self.object(Column::EventId, "two_event_ids", message, row.line);
            }
            Some(_) => {}
        }
    }

    #[cold]
    fn object_to_size(&mut self, column: Column, line: Line) {
        self.object(column, "too_many_digits", TOTAL_TOO_LONG, line);
    }

    /// Notes that the order cannot be sent, and the row to blame, unless another one is to blame already.
    #[cold]
    fn object(&mut self, column: Column, reason: &'static str, message: impl Into<String>, line: Line) {
        let conflict = || Fault::at(column, reason, message).blaming(line);
        self.facts.rare().conflict.get_or_insert_with(conflict);
    }

    /// Returns the key of its rows; a row without an order id has none.
    pub(super) fn key(&self) -> Option<GroupKey> {
        let order_id = self.event.order_id()?.clone();
        let (name, action_source) = (self.event.name().clone(), self.event.action_source());
        Some(GroupKey { order_id, name, action_source })
    }

    /// Returns the customer if the first row's is written like this one.
    fn customer_with(&self, fingerprint: RawFingerprint) -> Option<&UserData> {
        (self.facts.fingerprint == Some(fingerprint)).then(|| self.event.user_data())
    }

    /// Its size in memory, in bytes, roughly.
    pub(super) fn memory(&self) -> usize {
        let customers = self.facts.customers.as_ref().map_or(0, |customers| customers.memory());
        size_of::<Self>() - size_of::<Event>() + self.event.memory() + customers
    }

    /// Whether its rows lie more than a day apart.
    #[inline]
    fn is_spread(&self) -> bool {
        self.facts.latest.unix() - self.event.time().unix() > 86_400
    }

    /// Whether a spreadsheet has damaged the order id.
    #[inline]
    fn has_damaged_id(&self) -> bool {
        self.event.order_id().is_some_and(is_damaged)
    }

    /// Completes the event of this order.
    fn complete(&mut self, rules: &OrderRules, now: EventTime) -> Result<(), Vec<Fault>> {
        if let Some(Err(error)) = self.event.order_id().map(order_id::check) {
            return Err(vec![Fault::at(Column::OrderId, error.rule().code(), error.to_string())]);
        }
        // Several orders under one damaged id contradict one another, too: the id is the cause.
        if self.facts.differs && self.has_damaged_id() {
            return Err(vec![Fault::at(
                Column::OrderId,
                "damaged_order_id",
                "the order id looks damaged by a spreadsheet, and its rows differ in customer or time: export ids as text",
            )]);
        }
        let customers = self.facts.customers.as_ref().filter(|_| !self.has_too_many_customers());
        let two_customers = customers.and_then(|customers| customers.conflict());
        if let Some(conflict) =
            two_customers.or_else(|| self.facts.rare.as_mut().and_then(|rare| rare.conflict.take()))
        {
            return Err(vec![conflict]);
        }
        self.check_age(rules.age_limit(self.event.action_source()), now)?;
        self.add_up(rules)?;
        let rare = self.facts.rare.as_deref();
        let completion = Completion {
            event_id: rare.and_then(|rare| rare.event_id.as_ref()),
            page: rare.and_then(|rare| rare.event_source_url.as_ref()),
            delivery_category: rare.and_then(|rare| rare.delivery_category),
        };
        self.event.complete(&completion).map_err(|invalid| {
            let broken = invalid.violations().iter();
            broken.map(|violation| Fault::of_row(violation.code(), violation.to_string())).collect::<Vec<_>>()
        })?;
        check_size(&self.event)
    }

    fn check_age(&self, limit: AgeLimit, now: EventTime) -> Result<(), Vec<Fault>> {
        let refused = |reason, outside: OutsideWindow| {
            Err(vec![Fault::at(Column::Timestamp, reason, outside.to_string())])
        };
        match self.event.time().check_age(now, limit) {
            Err(OutsideWindow::TooOld) => refused("too_old", OutsideWindow::TooOld),
            Err(OutsideWindow::InFuture) => refused("in_future", OutsideWindow::InFuture),
            // The latest row must not lie ahead of the clock either: its time is as wrong.
            Ok(()) if self.facts.latest.check_age(now, limit).is_err() => {
                refused("in_future", OutsideWindow::InFuture)
            }
            Ok(()) => Ok(()),
        }
    }

    /// States what the order is worth: its stated value, checked against its priced lines, or their sum.
    fn add_up(&mut self, rules: &OrderRules) -> Result<(), Vec<Fault>> {
        let (stated, priced) = (self.facts.value(), self.facts.is_priced.then_some(&self.facts.priced));
        let column = if stated.is_some() { Column::Value } else { Column::Price };
        if stated.is_none() && priced.is_none() {
            return Ok(());
        }
        let Some(currency) = self.facts.currency else {
            return Err(vec![Fault::at(
                Column::Currency,
                "missing",
                "is missing: an amount needs its currency",
            )]);
        };
        let decimals = currency.minor_units();
        let total = stated.map(|value| value.rounded(decimals));
        let Some(total) = total.or_else(|| priced.and_then(|sum| sum.rounded(decimals))) else {
            return Err(vec![Fault::at(Column::Price, "too_many_digits", TOTAL_TOO_LONG)]);
        };
        if let (Some(value), Some(priced)) = (stated, priced) {
            let minor_unit = Amount::from_minor(1, decimals).unwrap_or(Amount::ZERO);
            if !priced.is_near(value, minor_unit) {
                return Err(vec![Fault::at(
                    Column::Value,
                    "value_differs",
                    "differs from the sum of price times quantity by more than one minor unit",
                )]);
            }
        }
        if total.is_zero() && *self.event.name() == EventName::PURCHASE && !rules.allows_zero_totals {
            return Err(vec![Fault::at(
                column,
                "zero_total",
                "the order comes to zero: nothing was paid, so nothing was purchased",
            )]);
        }
        self.event.set_value(total, currency);
        Ok(())
    }
}

/// Refuses an event that does not fit into a request. Only an order of many lines can be that large.
fn check_size(event: &Event) -> Result<(), Vec<Fault>> {
    if event.custom_data().contents().len() < MANY_LINES {
        return Ok(());
    }
    let bytes = event.json_len();
    if bytes <= MAX_EVENT {
        return Ok(());
    }
    let message = format!(
        "the order makes an event of {bytes} bytes, and a request holds {MAX_EVENT}: leave out product ids"
    );
    Err(vec![Fault::of_row("order_too_large", message)])
}

/// Whether the order id looks like a number that a spreadsheet has written in its own way.
fn is_damaged(id: &OrderId) -> bool {
    id.text().as_bytes().first().is_some_and(u8::is_ascii_digit) && is_spreadsheet_number(id.as_str())
}

/// `1.23E+12`: what a spreadsheet makes of a long number.
fn is_spreadsheet_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let (whole, decimals) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    let signed = exponent.strip_prefix('+');
    let written_so = signed.is_some() || mantissa.contains(['.', ',']);
    written_so && digits(whole) && digits(decimals) && digits(signed.unwrap_or(exponent))
}
