//! One line of an export, typed: what happened, and the raw text about the customer.

use std::hint::black_box;

use crate::customer::{RawFingerprint, UserDataBuilder};
use crate::event::{ActionSource, DeliveryCategory, EventName};
use crate::value::{Amount, Currency, EventId, EventTime, Line, OrderId, PageUrl, ProductId};

/// One item sold: a line of an export, already typed.
///
/// Customer text is borrowed and is hashed when the row joins its order, so a `Row` keeps none of
/// it. Which parts a row needs is checked there, too.
///
/// ```
/// use meta_offline_events::customer::UserData;
/// use meta_offline_events::order::Row;
/// use meta_offline_events::value::{Currency, EventTime, Line};
///
/// let row = Row::new(Line::new(2), EventTime::from_unix(1_767_225_600)?)
///     .customer(UserData::builder().email("John_Smith@gmail.com"))
///     .order_id("10001".parse()?)
///     .product("SKU-1".parse()?)
///     .quantity(3)
///     .price("10.50".parse()?)
///     .currency(Currency::USD);
/// assert_eq!(row.line(), Line::new(2));
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
#[derive(Debug, Clone)]
pub struct Row<'a> {
    pub(super) line: Line,
    pub(super) time: EventTime,
    pub(super) customer: UserDataBuilder<'a>,
    pub(super) name: EventName,
    pub(super) action_source: ActionSource,
    pub(super) order_id: Option<OrderId>,
    pub(super) product: Option<ProductId>,
    pub(super) quantity: Option<i64>,
    pub(super) price: Option<Amount>,
    pub(super) value: Option<Amount>,
    pub(super) currency: Option<Currency>,
    pub(super) event_id: Option<EventId>,
    pub(super) event_source_url: Option<PageUrl>,
    pub(super) delivery_category: Option<DeliveryCategory>,
}

/// What the rows of most orders have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Alike {
    pub(super) time: EventTime,
    pub(super) raw_fingerprint: RawFingerprint,
    pub(super) currency: Currency,
}

impl<'a> Row<'a> {
    /// A row that stood there and happened then: a purchase in a physical store until told otherwise.
    pub fn new(line: Line, time: EventTime) -> Self {
        Self {
            line,
            time,
            customer: UserDataBuilder::default(),
            name: EventName::default(),
            action_source: ActionSource::default(),
            order_id: None,
            product: None,
            quantity: None,
            price: None,
            value: None,
            currency: None,
            event_id: None,
            event_source_url: None,
            delivery_category: None,
        }
    }

    /// Whether it takes goods back or cancels them.
    pub(super) fn is_return(&self) -> bool {
        self.quantity.is_some_and(|count| count <= 0)
    }

    /// Whether the columns are empty that few rows fill.
    pub(super) fn says_little(&self) -> bool {
        self.value.is_none()
            && self.event_id.is_none()
            && self.event_source_url.is_none()
            && self.delivery_category.is_none()
            && self.order_id.is_some()
    }

    /// What a row of an order says beside its product, quantity and price, if it says no more than most
    /// rows do.
    pub(super) fn alike(&self) -> Option<Alike> {
        let is_usual = self.says_little()
            && self.product.is_some()
            && self.quantity.is_some_and(|count| count > 0)
            && self.price.is_some_and(|price| !price.is_negative());
        let currency = self.currency.filter(|_| is_usual)?;
        Some(Alike { time: self.time, raw_fingerprint: self.customer.raw_fingerprint(), currency })
    }

    /// The same as `self.alike() == Some(*other)`, quicker.
    pub(super) fn is_alike(&self, other: &Alike) -> bool {
        self.time == other.time
            && self.currency == Some(other.currency)
            && self.says_little()
            && self.price.is_some_and(|price| !price.is_negative())
            && self.customer.raw_fingerprint() == other.raw_fingerprint
    }

    /// Reads something of each part of a row that is needed soon. The processor fetches all of it at once,
    /// while it is still busy with other rows.
    pub(super) fn read_ahead(&self) {
        let Self { line, time, quantity, price, value, currency, action_source, .. } = self;
        let texts = (self.order_id.is_some(), self.product.is_some(), self.event_id.is_some());
        black_box((line.number(), time.unix(), *quantity, *price, *value, *currency, *action_source, texts));
        black_box(self.customer.raw_fingerprint());
    }

    /// Where the row stood.
    pub fn line(&self) -> Line {
        self.line
    }

    /// The customer, as raw text. The row needs a usable e-mail or phone.
    pub fn customer(mut self, customer: UserDataBuilder<'a>) -> Self {
        self.customer = customer;
        self
    }

    /// What happened, instead of a purchase.
    pub fn name(mut self, name: EventName) -> Self {
        self.name = name;
        self
    }

    /// Where it happened, instead of a physical store.
    pub fn action_source(mut self, action_source: ActionSource) -> Self {
        self.action_source = action_source;
        self
    }

    /// The receipt: rows with the same one, name and action source make one event.
    pub fn order_id(mut self, order_id: OrderId) -> Self {
        self.order_id = Some(order_id);
        self
    }

    /// What was sold.
    pub fn product(mut self, product: ProductId) -> Self {
        self.product = Some(product);
        self
    }

    /// How many. At or below zero the row is a return and is left out.
    pub fn quantity(mut self, quantity: i64) -> Self {
        self.quantity = Some(quantity);
        self
    }

    /// The price of one item.
    pub fn price(mut self, price: Amount) -> Self {
        self.price = Some(price);
        self
    }

    /// What the whole order is worth, instead of quantity and price.
    pub fn value(mut self, value: Amount) -> Self {
        self.value = Some(value);
        self
    }

    /// The currency of price and value.
    pub fn currency(mut self, currency: Currency) -> Self {
        self.currency = Some(currency);
        self
    }

    /// The id of the event, instead of the derived one. Website rows need it.
    pub fn event_id(mut self, event_id: EventId) -> Self {
        self.event_id = Some(event_id);
        self
    }

    /// The page of the event. Website rows need it.
    pub fn event_source_url(mut self, event_source_url: PageUrl) -> Self {
        self.event_source_url = Some(event_source_url);
        self
    }

    /// How the goods are received.
    pub fn delivery_category(mut self, delivery_category: DeliveryCategory) -> Self {
        self.delivery_category = Some(delivery_category);
        self
    }
}
