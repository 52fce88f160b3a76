//! Builds one event: required parts are arguments, the rest are setters, and `build` checks the rules.

use serde_json::Value;
use smallvec::SmallVec;

use super::rare_members::RareMembers;
use super::rules::{self, InvalidEvent, Violation};
use super::{
    ActionSource, AppData, Attribution, Content, ContentType, CustomerSegmentation, DataProcessing,
    DeliveryCategory, Event, EventName, MessagingChannel, OriginalEvent, Status, StoreData,
};
use crate::customer::UserData;
use crate::value::{Amount, Currency, EventId, EventTime, Line, Money, OrderId, PageUrl, ProductId, Text};

/// Builds an [`Event`]. It comes from [`Event::builder`].
///
/// ```
/// use meta_offline_events::customer::UserData;
/// use meta_offline_events::event::{ActionSource, Event};
/// use meta_offline_events::value::{Currency, EventTime, Money};
///
/// let customer = UserData::builder().phone("+1 650 555 1212").build()?;
/// let renewal = Event::builder(EventTime::from_unix(1_767_225_600)?, customer)
///     .action_source(ActionSource::SystemGenerated)
///     .order_id("SUB-77-2026-01".parse()?)
///     .value(Money::new("9.99".parse()?, Currency::EUR))
///     .build()?;
/// assert_eq!(renewal.action_source().as_str(), "system_generated");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "an event is made by `build`"]
pub struct EventBuilder {
    event: Event,
    names_products: bool,
    properties_given: usize,
    /// Custom properties that cannot be sent under their names.
    refused: Vec<Violation>,
}

impl Event {
    /// Starts an event with its time and its customer.
    ///
    /// It is a [`Purchase`](EventName::PURCHASE) in a [`PhysicalStore`](ActionSource::PhysicalStore), unless the
    /// builder sets another name or source.
    pub fn builder(time: EventTime, customer: UserData) -> EventBuilder {
        EventBuilder::new(time, customer)
    }
}

impl EventBuilder {
    fn new(time: EventTime, customer: UserData) -> Self {
        Self {
            event: Event::unchecked(time, customer),
            names_products: false,
            properties_given: 0,
            refused: Vec::new(),
        }
    }

    fn rare(&mut self) -> &mut RareMembers {
        self.event.0.rare.get_or_insert_default()
    }

    /// Sets the event name, [`Purchase`](EventName::PURCHASE) by default.
    pub fn name(mut self, name: EventName) -> Self {
        self.event.0.event_name = name;
        self
    }

    /// Sets the action source, [`PhysicalStore`](ActionSource::PhysicalStore) by default.
    pub fn action_source(mut self, source: ActionSource) -> Self {
        self.event.0.action_source = source;
        self
    }

    /// Sets the event id, instead of the derived one.
    ///
    /// Meta deduplicates website and app events by event id and event name, within 48 hours of the first one:
    /// give the pixel's event and this one the same id. Offline events are deduplicated by
    /// [order id](Self::order_id).
    ///
    /// The derived id comes from order id, event name and action source, or without an order id from everything
    /// that is sent. An equal event has an equal id whenever it is built again.
    pub fn event_id(mut self, id: EventId) -> Self {
        self.event.0.event_id = Some(id);
        self.event.0.derived_id = false;
        self
    }

    /// Sends no event id, neither a given nor a derived one.
    ///
    /// Meta still deduplicates offline events by order id, or by customer and time, but cannot compare the event
    /// with one of a pixel or an app.
    ///
    /// ```
    /// use meta_offline_events::customer::UserData;
    /// use meta_offline_events::event::{Event, EventName};
    /// use meta_offline_events::value::EventTime;
    ///
    /// let customer = UserData::builder().email("mary@example.com").build()?;
    /// let event = Event::builder(EventTime::from_unix(1_767_225_600)?, customer)
    ///     .name(EventName::LEAD)
    ///     .without_event_id()
    ///     .build()?;
    /// assert_eq!(event.id(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn without_event_id(mut self) -> Self {
        self.event.0.event_id = None;
        self.event.0.derived_id = false;
        self
    }

    /// Sets the page of an event on a website.
    pub fn event_source_url(mut self, page: PageUrl) -> Self {
        self.rare().event_source_url = Some(page);
        self
    }

    /// Sets the page that led to the page of the event.
    pub fn referrer_url(mut self, page: PageUrl) -> Self {
        self.rare().referrer_url = Some(page);
        self
    }

    /// Sets whether the event is used for attribution only, and not to optimise the delivery of ads.
    pub fn opt_out(mut self, opt_out: bool) -> Self {
        self.rare().opt_out = Some(opt_out);
        self
    }

    /// Sets the data processing options, such as limited data use.
    pub fn data_processing(mut self, processing: DataProcessing) -> Self {
        self.rare().data_processing = Some(processing);
        self
    }

    /// Sets the messaging channel of a business messaging event. Any action source may have one.
    pub fn messaging_channel(mut self, channel: MessagingChannel) -> Self {
        self.rare().messaging_channel = Some(channel);
        self
    }

    /// Sets the app and device of an event in an app.
    pub fn app_data(mut self, app: AppData) -> Self {
        self.rare().app_data = Some(app);
        self
    }

    /// Sets the earlier event that this one belongs to.
    pub fn original_event(mut self, original: OriginalEvent) -> Self {
        self.rare().original_event = Some(original);
        self
    }

    /// Sets the attribution of the advertiser's own measurement.
    pub fn attribution(mut self, attribution: Attribution) -> Self {
        self.rare().attribution = Some(attribution);
        self
    }

    /// Sets the table of Meta's Advanced Analytics that the event is for. Only Meta's SDKs have this member.
    pub fn advanced_measurement_table(mut self, table: Text) -> Self {
        self.rare().advanced_measurement_table = Some(table);
        self
    }

    /// Sets the order id: the receipt or transaction number.
    ///
    /// Meta deduplicates offline events with equal order id, event name, event time and
    /// [item number](Self::item_number) within seven days: the first one counts. Without an order id it compares the
    /// customer's match keys instead.
    pub fn order_id(mut self, id: OrderId) -> Self {
        self.event.0.custom_data.order_id = Some(id);
        self
    }

    /// Sets the value of the conversion, rounded half to even to the minor units of the currency.
    pub fn value(mut self, value: Money) -> Self {
        let value = value.rounded();
        self.event.0.custom_data.value = Some(value.amount());
        self.event.0.custom_data.currency = Some(value.currency());
        self
    }

    /// Sets the currency of prices, for an event with prices and no value. A [`value`](Self::value) has its own
    /// currency, which wins.
    pub fn currency(mut self, currency: Currency) -> Self {
        if self.event.0.custom_data.value.is_none() {
            self.event.0.custom_data.currency = Some(currency);
        }
        self
    }

    /// Adds one line of the order to `contents`. Call it once for each line. See also [`product`](Self::product).
    pub fn content(mut self, line: Content) -> Self {
        self.event.0.custom_data.contents.push(line);
        self
    }

    /// Adds one product of the order, as ads from a catalogue need it: a [`content`](Self::content), whose id also
    /// goes into `content_ids`, with the content type `product`.
    ///
    /// Content ids and a content type that you set yourself stay as they are.
    ///
    /// ```
    /// use std::num::NonZeroU64;
    /// use meta_offline_events::customer::UserData;
    /// use meta_offline_events::event::{Content, Event, EventName};
    /// use meta_offline_events::value::EventTime;
    ///
    /// let customer = UserData::builder().email("mary@example.com").build()?;
    /// let event = Event::builder(EventTime::from_unix(1_767_225_600)?, customer)
    ///     .name(EventName::ADD_TO_CART)
    ///     .product(Content::new("SKU-1".parse()?, NonZeroU64::MIN))
    ///     .build()?;
    /// let json = serde_json::to_value(&event)?;
    /// assert_eq!(json["custom_data"]["content_type"], "product");
    /// assert_eq!(json["custom_data"]["content_ids"][0], "SKU-1");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn product(mut self, line: Content) -> Self {
        self.names_products = true;
        self.content(line)
    }

    /// Sets what the ids of contents stand for.
    pub fn content_type(mut self, kind: ContentType) -> Self {
        self.event.0.custom_data.set_content_type(kind);
        self
    }

    /// Sets the ids of what was bought or viewed.
    pub fn content_ids(mut self, ids: impl IntoIterator<Item = ProductId>) -> Self {
        self.event.0.custom_data.set_content_ids(ids.into_iter().collect());
        self
    }

    /// Sets how the customer receives the goods.
    pub fn delivery_category(mut self, category: DeliveryCategory) -> Self {
        self.event.0.custom_data.delivery_category = Some(category);
        self
    }

    /// Sets the margin of the conversion, in the currency of the event. It may be negative.
    pub fn net_revenue(mut self, margin: Amount) -> Self {
        self.event.0.custom_data.rare_mut().net_revenue = Some(margin);
        self
    }

    /// Sets the predicted lifetime value of the customer, in the currency of the event.
    pub fn predicted_lifetime_value(mut self, value: Amount) -> Self {
        self.event.0.custom_data.rare_mut().predicted_ltv = Some(value);
        self
    }

    /// Sets the name of the page or product.
    pub fn content_name(mut self, name: Text) -> Self {
        self.event.0.custom_data.rare_mut().content_name = Some(name);
        self
    }

    /// Sets the category of the page or product.
    pub fn content_category(mut self, category: Text) -> Self {
        self.event.0.custom_data.rare_mut().content_category = Some(category);
        self
    }

    /// Sets the item number, which tells events of one order apart in deduplication.
    pub fn item_number(mut self, number: Text) -> Self {
        self.event.0.custom_data.rare_mut().item_number = Some(number);
        self
    }

    /// Sets the number of items in a checkout.
    pub fn num_items(mut self, count: u64) -> Self {
        self.event.0.custom_data.rare_mut().num_items = Some(count);
        self
    }

    /// Sets what the customer searched for.
    pub fn search_string(mut self, text: Text) -> Self {
        self.event.0.custom_data.rare_mut().search_string = Some(text);
        self
    }

    /// Sets the status of a registration.
    pub fn status(mut self, status: impl Into<Status>) -> Self {
        self.event.0.custom_data.rare_mut().status = Some(status.into());
        self
    }

    /// Sets the store. Its place in the request is not confirmed; see [`StoreData`].
    pub fn store_data(mut self, store: StoreData) -> Self {
        self.event.0.custom_data.rare_mut().store_data = Some(store);
        self
    }

    /// Sets the customer segment. Experimental; see [`CustomerSegmentation`].
    pub fn customer_segmentation(mut self, segment: CustomerSegmentation) -> Self {
        self.event.0.custom_data.rare_mut().customer_segmentation = Some(segment);
        self
    }

    /// Adds a custom property: a member of `custom_data` with a name of your own and any JSON value. If a name
    /// repeats, the last value wins.
    ///
    /// The event is refused if the name is empty, longer than
    /// [`MAX_PROPERTY_NAME_BYTES`](super::CustomData::MAX_PROPERTY_NAME_BYTES), begins or ends with a blank, has control
    /// characters or is a name that [Meta defines](super::CustomData::STANDARD), or if a text of the value has a NUL.
    /// Meta builds audiences only from names without spaces. Never add an e-mail address, a phone number or a name
    /// of a person: properties are sent unhashed.
    ///
    /// ```
    /// use meta_offline_events::customer::UserData;
    /// use meta_offline_events::event::{Event, EventName};
    /// use meta_offline_events::value::EventTime;
    ///
    /// let customer = UserData::builder().email("mary@example.com").build()?;
    /// let lead = Event::builder(EventTime::from_unix(1_767_225_600)?, customer).name(EventName::LEAD);
    /// let event = lead.clone().property("till", 7).build()?;
    /// assert_eq!(serde_json::to_value(&event)?["custom_data"]["till"], 7);
    ///
    /// let error = lead.property("currency", "USD").build().unwrap_err();
    /// assert_eq!(error.violations()[0].code(), "property_name");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn property(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.properties_given += 1;
        let value = value.into();
        match rules::check_property(name, &value, self.properties_given) {
            Ok(()) => {
                self.event.0.custom_data.rare_mut().properties.0.insert(name.into(), value);
            }
            Err(violation) => self.refused.push(violation),
        }
        self
    }

    /// Sets the source lines that this event stands for, so that reports can count rows. They are not sent.
    pub fn lines(mut self, lines: impl Into<Vec<Line>>) -> Self {
        self.event.0.lines = SmallVec::from_vec(lines.into());
        self
    }

    /// Checks every rule and builds the event.
    ///
    /// # Errors
    ///
    /// [`InvalidEvent`] lists every broken rule with the path of its field: match keys that Meta refuses, a purchase
    /// without value or currency, a website event without page or user agent, a negative amount, missing data that
    /// the action source or the event name needs, a custom property with a name that cannot be sent, limited data
    /// use without a place.
    ///
    /// ```
    /// use meta_offline_events::customer::UserData;
    /// use meta_offline_events::event::Event;
    /// use meta_offline_events::value::EventTime;
    ///
    /// let nobody = UserData::builder().country("US").build()?;
    /// let error = Event::builder(EventTime::from_unix(1_767_225_600)?, nobody).build().unwrap_err();
    /// let paths: Vec<_> = error.violations().iter().map(|violation| violation.path()).collect();
    /// assert_eq!(paths, ["user_data", "custom_data.currency", "custom_data.value"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn build(self) -> Result<Event, InvalidEvent> {
        let mut event = self.event;
        rules::check(&event, self.refused)?;
        if self.names_products {
            event.0.custom_data.name_products();
        }
        event.0.custom_data.settle_content_ids();
        event.derive_missing_id();
        Ok(event)
    }

    /// Returns the event without its checks.
    #[cfg(test)]
    pub(super) fn unfinished(self) -> Event {
        self.event
    }
}
