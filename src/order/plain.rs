//! The fast way of most orders: a purchase whose rows differ in nothing but product, quantity and price.
//!
//! It takes an order only as far as nothing unusual is to be said of it, and refuses nothing: whatever it
//! does not take, and every order about which something is to be reported, goes the [long way](super::group),
//! the rows that were taken already with it. Tests hold the two against each other.

use std::num::NonZeroU64;

use super::desk::note_of_row;
use super::group::{Group, is_damaged};
use super::marks::Marks;
use super::row::Alike;
use super::{OrderRules, Row};
use crate::customer::{Digests, RawFingerprint};
use crate::event::{ActionSource, Content, EventName, Sale};
use crate::value::{Amount, Currency, EventTime, FewDigits, Money, OrderId};

/// So many rows are compared with one another.
const MAX_ROWS: usize = 32;

/// The order that goes the fast way, if one does.
#[derive(Debug)]
pub(super) struct Plain {
    is_open: bool,
    /// Its total is worked out at the end.
    sale: Sale,
    total: FewDigits,
    alike: Alike,
}

impl Plain {
    pub(super) fn new() -> Self {
        let (time, currency) = (EventTime::FIRST, Currency::USD);
        let sale = Sale {
            time,
            source: ActionSource::PhysicalStore,
            order_id: OrderId::none(),
            customer: Digests::new(),
            currency,
            total: Amount::ZERO,
            contents: Vec::new(),
            id_bytes: 0,
            lines: Vec::new(),
        };
        Self {
            is_open: false,
            sale,
            total: FewDigits::default(),
            alike: Alike { time, raw_fingerprint: RawFingerprint::default(), currency },
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Begins an order with its first row, if that may go the fast way.
    pub(super) fn begin(&mut self, row: &Row<'_>, buffer: &mut String) -> bool {
        let (Some(alike), Some(order_id)) = (row.alike(), &row.order_id) else { return false };
        if row.action_source.demands_more()
            || row.name != EventName::PURCHASE
            || !order_id.text().is_plain()
            || is_damaged(order_id)
        {
            return false;
        }
        let customer = &mut self.sale.customer;
        if !row.customer.digest_into(customer, row.time, buffer) || !needs_no_word(customer) {
            return false;
        }
        self.sale.time = row.time;
        self.sale.source = row.action_source;
        self.sale.order_id.clone_from(order_id);
        self.sale.currency = alike.currency;
        self.total = FewDigits::default();
        self.sale.contents.clear();
        self.sale.id_bytes = 0;
        self.sale.lines.clear();
        self.alike = alike;
        self.is_open = true;
        self.is_open = self.add(row);
        self.is_open
    }

    /// Adds a row that is alike the others and repeats none of them, and says whether it is one.
    pub(super) fn add(&mut self, row: &Row<'_>) -> bool {
        let Self { is_open: true, sale, total, alike } = self else { return false };
        if sale.lines.len() >= MAX_ROWS
            || row.order_id.as_ref() != Some(&sale.order_id)
            || !row.is_alike(alike)
        {
            return false;
        }
        if row.action_source != sale.source || row.name != EventName::PURCHASE {
            return false;
        }
        let (Some(product), Some(quantity), Some(price)) = (&row.product, row.quantity, row.price) else {
            return false;
        };
        let Some(count) = u64::try_from(quantity).ok().and_then(NonZeroU64::new) else { return false };
        let repeats = |earlier: &Content| {
            earlier.quantity() == count && earlier.price() == Some(price) && earlier.id() == product
        };
        if !product.text().is_plain() || sale.contents.iter().any(repeats) || !total.add(price, quantity) {
            return false;
        }
        sale.id_bytes += product.text().as_bytes().len();
        sale.lines.push(row.line);
        sale.contents.push(Content::new(product.clone(), count).item_price(price));
        true
    }

    /// Closes the order and gives its sale, if nothing is to be said against it.
    pub(super) fn conclude(&mut self, rules: &OrderRules, now: EventTime) -> Option<&Sale> {
        let limit = rules.age_limit(self.sale.source);
        let total = Money::new(self.total.total(), self.sale.currency).rounded().amount();
        let is_sound =
            self.sale.time.check_age(now, limit).is_ok() && (!total.is_zero() || rules.allows_zero_totals);
        if !is_sound {
            return None;
        }
        self.sale.total = total;
        self.is_open = false;
        Some(&self.sale)
    }

    /// Hands the order over to the long way.
    pub(super) fn hand_over(&mut self, marks: &Marks) -> Group {
        self.is_open = false;
        self.sale.total = self.total.total();
        let Self { sale, alike, .. } = self;
        let mut group = Group::of(&EventName::PURCHASE, sale.source, Some(&sale.order_id), sale.time);
        let marks = sale.contents.iter().map(|content| marks.of_alike(alike, content));
        group.take_over(sale, alike.raw_fingerprint, marks);
        group
    }
}

/// Whether somebody can be found by these digests, and none of them is worth a note.
fn needs_no_word(customer: &Digests) -> bool {
    let is_noted = |key, warning| Option::is_some_and(warning, |warning| note_of_row(key, warning).is_some());
    customer.iter().any(|(key, ..)| key.is_contact())
        && !customer.iter().any(|&(key, warning, _)| is_noted(key, warning))
}
