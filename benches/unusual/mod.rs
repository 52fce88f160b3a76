//! Orders that leave the common case, each kind in a way of its own.

use meta_offline_events::customer::UserData;
use meta_offline_events::event::EventName;
use meta_offline_events::order::Row;
use meta_offline_events::value::{Currency, EventTime};

/// When the events are made: 2026-05-06T12:00:00Z.
pub(crate) const NOW: i64 = 1_778_068_800;

/// The rows of each order.
pub(crate) const ROWS: usize = 3;

/// How an order leaves the common case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    TooOld,
    Repeated,
    Invalid,
    TwoCustomers,
    TwoCurrencies,
    TwoEvents,
    WithoutOrderId,
    Returned,
    MadeUp,
}

impl Kind {
    pub(crate) const ALL: [Self; 9] = [
        Self::TooOld,
        Self::Repeated,
        Self::Invalid,
        Self::TwoCustomers,
        Self::TwoCurrencies,
        Self::TwoEvents,
        Self::WithoutOrderId,
        Self::Returned,
        Self::MadeUp,
    ];
}

/// Orders of which a share is unusual, with a customer each.
pub(crate) struct Mix {
    emails: Vec<String>,
    kind: Kind,
    percent: usize,
}

impl Mix {
    pub(crate) fn new(orders: usize, kind: Kind, percent: usize) -> Self {
        let emails = (0..orders).map(|order| format!("customer-{order}@example.com")).collect();
        Self { emails, kind, percent }
    }

    /// The rows, sorted by order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.emails.iter().enumerate().flat_map(|(number, email)| {
            let is_unusual = number % 100 < self.percent;
            let kind = is_unusual.then_some(self.kind);
            (0..ROWS).map(move |item| row(number, item, email, kind))
        })
    }
}

fn row(order: usize, item: usize, email: &str, kind: Option<Kind>) -> Row<'_> {
    let (is_first, is_last) = (item == 0, item == ROWS - 1);
    let age = if kind == Some(Kind::TooOld) { 70 * 86_400 } else { 86_400 };
    let customer = match kind {
        Some(Kind::TwoCustomers) if is_last => UserData::builder().phone("+1 650 555 1212"),
        Some(Kind::MadeUp) => UserData::builder().email("test@test.com"),
        _ => UserData::builder().email(email),
    };
    let product = if kind == Some(Kind::Repeated) { 0 } else { item };
    let price = if kind == Some(Kind::Invalid) && is_last { "-1" } else { "0.10" };
    let usd = kind == Some(Kind::TwoCurrencies) && is_last;
    let name = if kind == Some(Kind::TwoEvents) && is_last { EventName::LEAD } else { EventName::PURCHASE };
    let line = u64::try_from(ROWS * order + item + 2).expect("few lines");
    let row = Row::new(line, EventTime::from_unix(NOW - age).expect("a moment"))
        .name(name)
        .customer(customer)
        .product(format!("SKU-{product}").parse().expect("a product id"))
        .quantity(if kind == Some(Kind::Returned) && !is_first { -1 } else { 1 })
        .price(price.parse().expect("an amount"))
        .currency(if usd { Currency::USD } else { Currency::EUR });
    if kind == Some(Kind::WithoutOrderId) {
        return row;
    }
    row.order_id(format!("A{order:07}").parse().expect("an order id"))
}
