//! One order in the making: what its rows have in common, their sum, and what speaks against it.

use std::num::NonZeroU64;

use super::desk::Customer;
use super::layout::Fault;
use super::marks::Seen;
use super::{Column, OrderRules, Row};
use crate::customer::{MatchKey, MatchValue, RawFingerprint, UserData};
use crate::event::{ActionSource, Conclusion, Content, DeliveryCategory, Event, EventName, Sale};
use crate::value::{
    AgeLimit, Amount, Currency, EventId, EventTime, Line, Money, OrderId, OutsideWindow, PageUrl,
};

/// How many different e-mail addresses or phones one order may have. Beyond that the order id is no
/// order's: a constant, or the number of a till.
const MAX_CUSTOMERS: usize = 50;

/// What one event may take of a request of one megabyte, in bytes.
const MAX_EVENT: usize = 990_000;

/// Fewer lines than this cannot exceed it, whatever their product ids.
const MANY_LINES: usize = 250;

/// What makes rows one event.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct GroupKey {
    pub(super) order_id: OrderId,
    pub(super) name: EventName,
    pub(super) action_source: ActionSource,
}

impl GroupKey {
    /// The order of a row; nothing for a row without an order id.
    pub(super) fn of(row: &Row<'_>) -> Option<Self> {
        let order_id = row.order_id.clone()?;
        Some(Self { order_id, name: row.name.clone(), action_source: row.action_source })
    }
}

/// The rows of one order so far.
#[derive(Debug)]
pub(super) struct Group {
    /// The event in the making: its customer, contents and lines grow row by row.
    pub(super) event: Event,
    /// A mark of the raw text of its customer, if all of it was usable.
    raw_fingerprint: Option<RawFingerprint>,
    earliest: EventTime,
    latest: EventTime,
    external_id: Option<(MatchValue, Line)>,
    currency: Option<(Currency, Line)>,
    /// Sum of price × quantity over the rows that have both.
    priced: Option<Amount>,
    /// The `value` of the rows that have one.
    value: Option<(Amount, Line)>,
    event_id: Option<(EventId, Line)>,
    event_source_url: Option<PageUrl>,
    delivery_category: Option<DeliveryCategory>,
    /// Rows differ in customer or time.
    disagrees: bool,
    /// The first thing that makes the whole order unusable.
    conflict: Option<Fault>,
    seen: Seen,
}

impl Group {
    /// An order without rows, for rows like this one.
    pub(super) fn for_row(row: &Row<'_>) -> Self {
        Self::of(&row.name, row.action_source, row.order_id.as_ref(), row.time)
    }

    /// An order without rows.
    pub(super) fn of(
        name: &EventName,
        source: ActionSource,
        order_id: Option<&OrderId>,
        time: EventTime,
    ) -> Self {
        let mut group = Self {
            event: Event::blank(),
            raw_fingerprint: None,
            earliest: time,
            latest: time,
            external_id: None,
            currency: None,
            priced: None,
            value: None,
            event_id: None,
            event_source_url: None,
            delivery_category: None,
            disagrees: false,
            conflict: None,
            seen: Seen::default(),
        };
        group.event.renew(name, source, order_id);
        group
    }

    /// Becomes another order, in the same memory.
    pub(super) fn renew(&mut self, row: &Row<'_>) {
        self.event.renew(&row.name, row.action_source, row.order_id.as_ref());
        self.raw_fingerprint = None;
        self.earliest = row.time;
        self.latest = row.time;
        self.external_id = None;
        self.currency = None;
        self.priced = None;
        self.value = None;
        self.event_id = None;
        self.event_source_url = None;
        self.delivery_category = None;
        self.disagrees = false;
        self.conflict = None;
        self.seen.clear();
    }

    /// Whether a row belongs here.
    pub(super) fn is_of(&self, row: &Row<'_>) -> bool {
        self.event.action_source() == row.action_source
            && *self.event.name() == row.name
            && self.event.custom_data().order_id() == row.order_id.as_ref()
    }

    /// Becomes the order that a sale was taken for so far. The marks of its rows are given.
    pub(super) fn take_over(
        &mut self,
        sale: &Sale,
        raw_fingerprint: RawFingerprint,
        marks: impl Iterator<Item = u64>,
    ) {
        self.raw_fingerprint = Some(raw_fingerprint);
        self.priced = Some(sale.total);
        let first = sale.lines.first().copied();
        self.currency = first.map(|line| (sale.currency, line));
        *self.event.customer_mut() = UserData::of_digests(&sale.customer);
        let external_id = self.event.user_data().values(MatchKey::ExternalId).next().cloned();
        self.external_id = external_id.zip(first);
        for content in &sale.contents {
            self.event.add_product(content.clone());
        }
        for line in &sale.lines {
            self.event.add_line(*line);
        }
        for mark in marks {
            self.seen.insert(mark);
        }
    }

    /// Whether no row with this mark was here before.
    pub(super) fn is_new(&mut self, mark: u64) -> bool {
        self.seen.insert(mark)
    }

    /// One more row of the order, and its customer if that is not written as the first one's.
    pub(super) fn add(&mut self, row: &Row<'_>, customer: Option<Customer<'_>>, rules: &OrderRules) {
        let is_first = self.event.lines().is_empty();
        if let Some(Customer { data, raw_fingerprint }) = customer {
            self.add_external_ids(data, row.line);
            if is_first {
                std::mem::swap(self.event.customer_mut(), data);
                self.raw_fingerprint = raw_fingerprint;
            } else if data != self.event.user_data() {
                self.disagrees = true;
                self.unite(data, row.line);
            }
        }
        if row.time != self.earliest {
            self.disagrees = true;
            self.earliest = self.earliest.min(row.time);
            self.latest = self.latest.max(row.time);
        }
        self.add_facts(row, rules);
    }

    fn unite(&mut self, customer: &UserData, line: Line) {
        let many = |key| self.event.user_data().values(key).len() > MAX_CUSTOMERS;
        if many(MatchKey::Email) || many(MatchKey::Phone) {
            let message = format!(
                "the order has more than {MAX_CUSTOMERS} different customers by line {line}: \
                 is this a real order id?"
            );
            return self.object(Column::OrderId, "too_many_customers", message);
        }
        self.event.customer_mut().merge(customer);
    }

    fn add_external_ids(&mut self, customer: &UserData, line: Line) {
        for id in customer.values(MatchKey::ExternalId) {
            match &self.external_id {
                Some((known, first)) if known != id => {
                    let message = format!(
                        "the order has two external ids, at lines {first} and {line}: one order has one customer"
                    );
                    self.object(Column::ExternalId, "two_external_ids", message);
                }
                Some(_) => {}
                None => self.external_id = Some((id.clone(), line)),
            }
        }
    }

    fn add_facts(&mut self, row: &Row<'_>, rules: &OrderRules) {
        let line = row.line;
        self.event.add_line(line);
        self.add_currency(row.currency, line);
        self.add_money(row, rules);
        if let Some(id) = &row.event_id {
            match &self.event_id {
                Some((known, first)) if known != id => {
                    let message = format!(
                        "the order has two event ids, at lines {first} and {line}: one order is one event"
                    );
                    self.object(Column::EventId, "two_event_ids", message);
                }
                Some(_) => {}
                None => self.event_id = Some((id.clone(), line)),
            }
        }
        if let (Some(product), Some(quantity)) = (&row.product, positive(row.quantity)) {
            let content = Content::new(product.clone(), quantity);
            self.event.add_product(match row.price {
                Some(price) => content.item_price(price),
                None => content,
            });
        }
        if self.event_source_url.is_none() {
            self.event_source_url.clone_from(&row.event_source_url);
        }
        self.delivery_category = self.delivery_category.or(row.delivery_category);
    }

    fn add_currency(&mut self, currency: Option<Currency>, line: Line) {
        match (self.currency, currency) {
            (None, Some(currency)) => self.currency = Some((currency, line)),
            (Some((first, at)), Some(second)) if first != second => self.object(
                Column::Currency,
                "two_currencies",
                format!("the order is in {first} at line {at} and in {second} at line {line}: split it or convert it"),
            ),
            _ => {}
        }
    }

    fn add_money(&mut self, row: &Row<'_>, rules: &OrderRules) {
        if let (Some(price), Some(quantity)) = (row.price, row.quantity) {
            let total = price.checked_mul(quantity);
            match total.and_then(|total| self.priced.unwrap_or(Amount::ZERO).checked_add(total)) {
                Some(sum) => self.priced = Some(sum),
                None => self.object_to_size(Column::Price, row.line),
            }
        }
        let Some(value) = row.value else { return };
        match self.value {
            None => self.value = Some((value, row.line)),
            Some((sum, first)) if rules.sums_values => match sum.checked_add(value) {
                Some(sum) => self.value = Some((sum, first)),
                None => self.object_to_size(Column::Value, row.line),
            },
            Some((known, first)) if known != value => {
                let message = format!(
                    "the order has two values, at lines {first} and {}: state the order's value once, \
                     or have values summed",
                    row.line
                );
                self.object(Column::Value, "two_values", message);
            }
            Some(_) => {}
        }
    }

    fn object_to_size(&mut self, column: Column, line: Line) {
        let message = format!("line {line} makes the total too large to be kept exactly");
        self.object(column, "too_many_digits", message);
    }

    fn object(&mut self, column: Column, reason: &'static str, message: String) {
        self.conflict.get_or_insert(Fault::at(column, reason, message));
    }

    /// What made these rows one event; nothing for a row without an order id.
    pub(super) fn key(&self) -> Option<GroupKey> {
        let order_id = self.event.custom_data().order_id()?.clone();
        Some(GroupKey {
            order_id,
            name: self.event.name().clone(),
            action_source: self.event.action_source(),
        })
    }

    /// The customer, if the first row's was written like this one's.
    pub(super) fn customer_worded(&self, raw_fingerprint: RawFingerprint) -> Option<&UserData> {
        (self.raw_fingerprint == Some(raw_fingerprint)).then(|| self.event.user_data())
    }

    /// Bytes of memory, about.
    pub(super) fn memory(&self) -> usize {
        size_of::<Self>() - size_of::<Event>() + self.event.memory()
    }

    /// Whether its rows lie more than a day apart.
    pub(super) fn is_spread(&self) -> bool {
        self.latest.unix() - self.earliest.unix() > 86_400
    }

    /// Whether a spreadsheet has spoilt the order id.
    pub(super) fn looks_damaged(&self) -> bool {
        self.event.custom_data().order_id().is_some_and(is_damaged)
    }

    /// Completes the event of this order.
    pub(super) fn conclude(&mut self, rules: &OrderRules, now: EventTime) -> Result<(), Vec<Fault>> {
        // Several orders under one damaged id contradict one another, too: the id is the cause.
        if self.disagrees && self.looks_damaged() {
            return Err(vec![Fault::at(
                Column::OrderId,
                "damaged_order_id",
                "the order id looks damaged by a spreadsheet, and its rows differ in customer or time: export ids as text",
            )]);
        }
        if let Some(conflict) = self.conflict.take() {
            return Err(vec![conflict]);
        }
        self.check_age(rules.age_limit(self.event.action_source()), now)?;
        let conclusion = Conclusion {
            time: self.earliest,
            value: self.total(rules)?,
            event_id: self.event_id.as_ref().map(|(id, _)| id),
            page: self.event_source_url.as_ref(),
            delivery_category: self.delivery_category,
        };
        self.event.conclude(&conclusion).map_err(|invalid| {
            let broken = invalid.violations().iter();
            broken.map(|violation| Fault::of_row(violation.code(), violation.to_string())).collect::<Vec<_>>()
        })?;
        check_size(&self.event)
    }

    fn check_age(&self, limit: AgeLimit, now: EventTime) -> Result<(), Vec<Fault>> {
        let refused = |reason, outside: OutsideWindow| {
            Err(vec![Fault::at(Column::Timestamp, reason, outside.to_string())])
        };
        match self.earliest.check_age(now, limit) {
            Err(OutsideWindow::TooOld) => refused("too_old", OutsideWindow::TooOld),
            Err(OutsideWindow::InFuture) => refused("in_future", OutsideWindow::InFuture),
            // The latest row must not lie ahead of the clock either: its time is as wrong.
            Ok(()) if self.latest.check_age(now, limit).is_err() => {
                refused("in_future", OutsideWindow::InFuture)
            }
            Ok(()) => Ok(()),
        }
    }

    /// What the order is worth: its stated value, checked against its priced lines, or their sum.
    fn total(&self, rules: &OrderRules) -> Result<Option<Money>, Vec<Fault>> {
        let amount = self.value.map(|(value, _)| value).or(self.priced);
        let Some(amount) = amount else { return Ok(None) };
        let column = if self.value.is_some() { Column::Value } else { Column::Price };
        let Some((currency, _)) = self.currency else {
            return Err(vec![Fault::at(
                Column::Currency,
                "missing",
                "is missing: an amount needs its currency",
            )]);
        };
        let total = Money::new(amount, currency).rounded();
        if let (Some((value, _)), Some(priced)) = (self.value, self.priced) {
            let minor_unit = Amount::from_minor(1, currency.minor_units()).unwrap_or(Amount::ZERO);
            let rounded = |amount| Money::new(amount, currency).rounded().amount();
            let apart = value.checked_sub(priced).or_else(|| rounded(value).checked_sub(rounded(priced)));
            if apart.is_none_or(|apart| apart.abs() > minor_unit) {
                return Err(vec![Fault::at(
                    Column::Value,
                    "value_differs",
                    "differs from the sum of price times quantity by more than one minor unit",
                )]);
            }
        }
        if total.amount().is_zero() && *self.event.name() == EventName::PURCHASE && !rules.allows_zero_totals
        {
            return Err(vec![Fault::at(
                column,
                "zero_total",
                "the order comes to zero: nothing was paid, so nothing was purchased",
            )]);
        }
        Ok(Some(total))
    }
}

/// An event has to fit into one request. Only one with many lines can be too large.
fn check_size(event: &Event) -> Result<(), Vec<Fault>> {
    if event.custom_data().contents().len() < MANY_LINES {
        return Ok(());
    }
    let bytes = serde_json::to_vec(event).map_or(0, |json| json.len());
    if bytes <= MAX_EVENT {
        return Ok(());
    }
    let message = format!(
        "the order makes an event of {bytes} bytes, and a request holds {MAX_EVENT}: leave out product ids"
    );
    Err(vec![Fault::of_row("order_too_large", message)])
}

fn positive(quantity: Option<i64>) -> Option<NonZeroU64> {
    NonZeroU64::new(u64::try_from(quantity?).ok()?)
}

/// Whether the order id looks like a number that a spreadsheet has written in its own way.
pub(super) fn is_damaged(id: &OrderId) -> bool {
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
