//! One item sold: a typed line of an export.

use std::mem::offset_of;
use std::ops::Range;
use std::slice;

use prefetch_index::prefetch_index;

use super::quantity::Quantity;
use crate::customer::{RawFingerprint, UserDataBuilder};
use crate::event::{ActionSource, DeliveryCategory, EventName};
use crate::value::{Amount, Currency, EventId, EventTime, Line, OrderId, PageUrl, ProductId};

/// One item sold: a typed line of an export.
///
/// A row borrows the customer's values; they are hashed when the row is added to its order. Which columns a row
/// needs is checked then, too: e-mail or phone, and for a purchase its currency with price and quantity, or with
/// value.
///
/// ```
/// use meta_offline_events::customer::UserData;
/// use meta_offline_events::order::Row;
/// use meta_offline_events::value::{Currency, EventTime};
///
/// let row = Row::new(2, EventTime::from_unix(1_767_225_600)?)
///     .customer(UserData::builder().email("John_Smith@gmail.com"))
///     .order_id("10001".parse()?)
///     .product("SKU-1".parse()?)
///     .quantity(3)
///     .price("10.50".parse()?)
///     .currency(Currency::USD);
/// assert_eq!(row.line().number(), 2);
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
// In memory, fields stand in this order, so that what tells the rows of an order, from its source to its quantity, takes few
// cache lines: a slice is read 3 % faster. It is no promise; no field is public.
#[derive(Debug, Clone)]
#[repr(C)]
pub struct Row<'a> {
    pub(super) time: EventTime,
    pub(super) customer: UserDataBuilder<'a>,
    /// The fingerprint of the customer's texts.
    pub(super) customer_texts: u64,
    pub(super) price: Option<Amount>,
    pub(super) value: Option<Amount>,
    pub(super) line: Line,
    pub(super) currency: Option<Currency>,
    pub(super) delivery_category: Option<DeliveryCategory>,
    pub(super) action_source: ActionSource,
    pub(super) order_id: Option<OrderId>,
    pub(super) name: EventName,
    pub(super) quantity: Option<Quantity>,
    pub(super) product: Option<ProductId>,
    pub(super) event_id: Option<EventId>,
    pub(super) event_source_url: Option<PageUrl>,
}

/// How far behind a row the later one stands that is fetched while it is read, in bytes. Half as far and twice as far take
/// the same time.
const LATER: usize = 16 * size_of::<Row<'_>>();

impl<'a> Row<'a> {
    /// Creates a row from its source line and sale time: a purchase in a physical store, unless the setters
    /// change that.
    #[inline]
    pub fn new(line: impl Into<Line>, time: EventTime) -> Self {
        let nobody = UserDataBuilder::default();
        Self {
            line: line.into(),
            time,
            customer_texts: nobody.fingerprint_of_texts(),
            customer: nobody,
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

    /// Copies the row, for as long as this one lives.
    pub(super) fn reborrow(&self) -> Row<'_> {
        Row {
            line: self.line,
            time: self.time,
            customer: self.customer.reborrow(),
            customer_texts: self.customer_texts,
            name: self.name.clone(),
            action_source: self.action_source,
            order_id: self.order_id.clone(),
            product: self.product.clone(),
            quantity: self.quantity,
            price: self.price,
            value: self.value,
            currency: self.currency,
            event_id: self.event_id.clone(),
            event_source_url: self.event_source_url.clone(),
            delivery_category: self.delivery_category,
        }
    }

    /// Whether the row is a return or a cancellation.
    pub(super) fn is_return(&self) -> bool {
        self.quantity.is_some_and(Quantity::is_return)
    }

    /// Whether one of the columns has a value that most rows leave empty.
    pub(super) fn has_rare_columns(&self) -> bool {
        self.value.is_some()
            || self.event_id.is_some()
            || self.event_source_url.is_some()
            || self.delivery_category.is_some()
    }

    /// Has the processor fetch the row.
    #[inline]
    pub(super) fn prefetch(&self) {
        self.prefetch_bytes(0..size_of::<Self>());
    }

    /// Has the processor fetch a later row. Rows mostly stand in a slice; if this one does not, the processor fetches
    /// memory that nobody needs.
    #[inline]
    pub(super) fn prefetch_later(&self) {
        self.prefetch_bytes(LATER..LATER + size_of::<Self>());
    }

    /// Has the processor fetch what tells the order of a later row.
    #[inline]
    pub(super) fn prefetch_later_order(&self) {
        const START: usize = LATER + offset_of!(Row<'_>, action_source);
        const END: usize = LATER + offset_of!(Row<'_>, quantity) + size_of::<Option<Quantity>>();
        self.prefetch_bytes(START..END);
    }

    /// Has the processor fetch these bytes, counted from the start of the row.
    #[inline]
    fn prefetch_bytes(&self, bytes: Range<usize>) {
        const CACHE_LINE: usize = 64;
        // Places are counted from that of the time, in units of its size.
        const UNIT: usize = size_of::<EventTime>();
        const TIME: usize = offset_of!(Row<'_>, time) / UNIT;
        let fetch = |byte: usize| {
            prefetch_index(slice::from_ref(&self.time), (byte / UNIT).wrapping_sub(TIME));
        };
        // The compiler unrolls this loop, but no chain of iterators.
        let mut start = bytes.start;
        while start < bytes.end {
            fetch(start);
            start += CACHE_LINE;
        }
        fetch(bytes.end - 1);
    }

    /// Returns the line of the source that the row stands on.
    pub fn line(&self) -> Line {
        self.line
    }

    /// The fingerprint of the customer as it was given.
    #[inline]
    pub(super) fn raw_customer(&self) -> RawFingerprint {
        self.customer.raw_fingerprint(self.customer_texts)
    }

    /// Sets the customer. The row needs an e-mail address or a phone number that can be used.
    #[inline]
    pub fn customer(mut self, customer: UserDataBuilder<'a>) -> Self {
        self.customer_texts = customer.fingerprint_of_texts();
        self.customer = customer;
        self
    }

    /// Sets the event name, `Purchase` by default.
    #[inline]
    pub fn name(mut self, name: EventName) -> Self {
        self.name = name;
        self
    }

    /// Sets the action source, `physical_store` by default.
    #[inline]
    pub fn action_source(mut self, action_source: ActionSource) -> Self {
        self.action_source = action_source;
        self
    }

    /// Sets the order id. Rows with equal order id, event name and action source make one event.
    #[inline]
    pub fn order_id(mut self, order_id: OrderId) -> Self {
        self.order_id = Some(order_id);
        self
    }

    /// Sets the product.
    #[inline]
    pub fn product(mut self, product: ProductId) -> Self {
        self.product = Some(product);
        self
    }

    /// Sets the quantity. With zero or less the row is a return and is left out.
    #[inline]
    pub fn quantity(mut self, quantity: i64) -> Self {
        self.quantity = Some(Quantity::Whole(quantity));
        self
    }

    /// Sets a quantity that may be a fraction, for goods that are weighed or measured. The price is that of one
    /// kilogram, litre or metre. With zero or less the row is a return and is left out.
    ///
    /// The total of the order is exact. Meta takes whole quantities only: a quantity that is no whole number is sent as
    /// one item, and its `item_price` is price × quantity.
    ///
    /// ```
    /// use meta_offline_events::customer::UserData;
    /// use meta_offline_events::order::{Orders, Row};
    /// use meta_offline_events::value::{Currency, EventTime};
    ///
    /// let sold = EventTime::from_unix(1_767_225_600)?;
    /// let cheese = Row::new(2, sold)
    ///     .customer(UserData::builder().email("mary@example.com"))
    ///     .order_id("10001".parse()?)
    ///     .product("CHEESE".parse()?)
    ///     .fractional_quantity("0.375".parse()?)
    ///     .price("18.90".parse()?)
    ///     .currency(Currency::EUR);
    /// let mut orders = Orders::new();
    /// orders.push(&cheese);
    /// let prepared = orders.finish(sold);
    /// let line = &prepared.events[0].custom_data().contents()[0];
    /// assert_eq!((line.quantity().get(), line.price().unwrap().to_string().as_str()), (1, "7.0875"));
    /// assert_eq!(prepared.events[0].value().unwrap().to_string(), "7.09 EUR");
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    #[inline]
    pub fn fractional_quantity(mut self, quantity: Amount) -> Self {
        self.quantity = Some(Quantity::of(quantity));
        self
    }

    /// Sets the price of one item.
    #[inline]
    pub fn price(mut self, price: Amount) -> Self {
        self.price = Some(price);
        self
    }

    /// Sets the value of the whole order, instead of quantity and price.
    #[inline]
    pub fn value(mut self, value: Amount) -> Self {
        self.value = Some(value);
        self
    }

    /// Sets the currency of price and value.
    #[inline]
    pub fn currency(mut self, currency: Currency) -> Self {
        self.currency = Some(currency);
        self
    }

    /// Sets the event id, which is otherwise derived from order id, event name and action source. Website rows
    /// need it.
    #[inline]
    pub fn event_id(mut self, event_id: EventId) -> Self {
        self.event_id = Some(event_id);
        self
    }

    /// Sets the page of the event. Website rows need it.
    #[inline]
    pub fn event_source_url(mut self, event_source_url: PageUrl) -> Self {
        self.event_source_url = Some(event_source_url);
        self
    }

    /// Sets how the customer receives the goods.
    #[inline]
    pub fn delivery_category(mut self, delivery_category: DeliveryCategory) -> Self {
        self.delivery_category = Some(delivery_category);
        self
    }
}
