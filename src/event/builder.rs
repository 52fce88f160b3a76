//! Building one event: required parts are arguments, the rest are setters, and `build` checks.

use serde_json::Value;

use super::rare_members::RareMembers;
use super::rules::{self, InvalidEvent, Violation};
use super::{
    ActionSource, AppData, Attribution, Content, ContentType, CustomerSegmentation, DataProcessing,
    DeliveryCategory, Event, EventName, MessagingChannel, OriginalEvent, Status, StoreData,
};
use crate::customer::UserData;
use crate::value::{Amount, Currency, EventId, EventTime, Line, Money, OrderId, PageUrl, ProductId, Text};

/// An event in the making. It comes from [`Event::builder`].
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
    /// Starts an event: when it happened and who the customer was.
    ///
    /// It is a [`Purchase`](EventName::PURCHASE) in a
    /// [`PhysicalStore`](ActionSource::PhysicalStore) unless the builder is told otherwise.
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
        self.event.rare.get_or_insert_default()
    }

    /// What happened, instead of a purchase.
    pub fn name(mut self, name: EventName) -> Self {
        self.event.event_name = name;
        self
    }

    /// Where it happened, instead of a physical store.
    pub fn action_source(mut self, source: ActionSource) -> Self {
        self.event.action_source = source;
        self
    }

    /// A name for this one event, instead of the derived one.
    ///
    /// Without it the id is derived: from order id, event name and action source where there is an
    /// order id, else from everything that is sent. So the same event has the same id whenever it
    /// is built again.
    pub fn event_id(mut self, id: EventId) -> Self {
        self.event.event_id = Some(id);
        self.event.derived_id = false;
        self
    }

    /// Sends no event id, neither a given nor a derived one.
    ///
    /// Meta then tells repeated offline events by order id, customer and time alone, and cannot compare
    /// the event with one of a pixel or an app.
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
        self.event.event_id = None;
        self.event.derived_id = false;
        self
    }

    /// The page, for an event on a website.
    pub fn event_source_url(mut self, page: PageUrl) -> Self {
        self.event.event_source_url = Some(page);
        self
    }

    /// The page that led to the page of the event.
    pub fn referrer_url(mut self, page: PageUrl) -> Self {
        self.rare().referrer_url = Some(page);
        self
    }

    /// Whether the event counts for attribution alone, and not for the delivery of ads.
    pub fn opt_out(mut self, opt_out: bool) -> Self {
        self.rare().opt_out = Some(opt_out);
        self
    }

    /// How far Meta may process the event.
    pub fn data_processing(mut self, processing: DataProcessing) -> Self {
        self.rare().data_processing = Some(processing);
        self
    }

    /// The app of a conversation. It may be given with any action source.
    pub fn messaging_channel(mut self, channel: MessagingChannel) -> Self {
        self.rare().messaging_channel = Some(channel);
        self
    }

    /// App and device, for an event in an app.
    pub fn app_data(mut self, app: AppData) -> Self {
        self.rare().app_data = Some(app);
        self
    }

    /// The earlier event that this one belongs to.
    pub fn original_event(mut self, original: OriginalEvent) -> Self {
        self.rare().original_event = Some(original);
        self
    }

    /// The credit that the advertiser's own measurement gives to an ad.
    pub fn attribution(mut self, attribution: Attribution) -> Self {
        self.rare().attribution = Some(attribution);
        self
    }

    /// The table of Meta's Advanced Analytics that the event is for. Only Meta's SDKs know this member.
    pub fn advanced_measurement_table(mut self, table: Text) -> Self {
        self.rare().advanced_measurement_table = Some(table);
        self
    }

    /// The receipt or transaction number: Meta's main key to tell repeated offline events.
    pub fn order_id(mut self, id: OrderId) -> Self {
        self.event.custom_data.order_id = Some(id);
        self
    }

    /// What the conversion is worth. It is rounded half to even to the currency's minor units.
    pub fn value(mut self, value: Money) -> Self {
        let value = value.rounded();
        self.event.custom_data.value = Some(value.amount());
        self.event.custom_data.currency = Some(value.currency());
        self
    }

    /// The currency of prices, for an event that has prices but no value. A [`value`](Self::value) says
    /// its currency itself, and that one counts.
    pub fn currency(mut self, currency: Currency) -> Self {
        if self.event.custom_data.value.is_none() {
            self.event.custom_data.currency = Some(currency);
        }
        self
    }

    /// One line of the order: may be called once for each. Nothing else is said about it; see
    /// [`product`](Self::product).
    pub fn content(mut self, line: Content) -> Self {
        self.event.custom_data.contents.push(line);
        self
    }

    /// One product of the order, as ads from a catalogue need it: a [`content`](Self::content), whose
    /// id also goes into `content_ids`, and the content type `product`.
    ///
    /// Content ids and content type that are given in so many words stay as they are.
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

    /// What the ids of contents stand for.
    pub fn content_type(mut self, kind: ContentType) -> Self {
        self.event.custom_data.content_type = Some(kind);
        self
    }

    /// The ids of what was bought or looked at.
    pub fn content_ids(mut self, ids: impl IntoIterator<Item = ProductId>) -> Self {
        self.event.custom_data.content_ids = ids.into_iter().collect();
        self
    }

    /// How the customer receives the goods.
    pub fn delivery_category(mut self, category: DeliveryCategory) -> Self {
        self.event.custom_data.delivery_category = Some(category);
        self
    }

    /// The margin of the conversion, in the currency of the event. It may be negative.
    pub fn net_revenue(mut self, margin: Amount) -> Self {
        self.event.custom_data.rare_mut().net_revenue = Some(margin);
        self
    }

    /// What the customer is expected to spend over the years, in the currency of the event.
    pub fn predicted_lifetime_value(mut self, value: Amount) -> Self {
        self.event.custom_data.rare_mut().predicted_ltv = Some(value);
        self
    }

    /// The name of the page or product.
    pub fn content_name(mut self, name: Text) -> Self {
        self.event.custom_data.rare_mut().content_name = Some(name);
        self
    }

    /// The category of the page or product.
    pub fn content_category(mut self, category: Text) -> Self {
        self.event.custom_data.rare_mut().content_category = Some(category);
        self
    }

    /// Tells events apart that are otherwise one to Meta: the items of one order, each sent on its own.
    pub fn item_number(mut self, number: Text) -> Self {
        self.event.custom_data.rare_mut().item_number = Some(number);
        self
    }

    /// How many items a checkout begins with.
    pub fn num_items(mut self, count: u64) -> Self {
        self.event.custom_data.rare_mut().num_items = Some(count);
        self
    }

    /// What the customer searched for.
    pub fn search_string(mut self, text: Text) -> Self {
        self.event.custom_data.rare_mut().search_string = Some(text);
        self
    }

    /// How a registration ended.
    pub fn status(mut self, status: impl Into<Status>) -> Self {
        self.event.custom_data.rare_mut().status = Some(status.into());
        self
    }

    /// The store. Its place in the request is not confirmed; see [`StoreData`].
    pub fn store_data(mut self, store: StoreData) -> Self {
        self.event.custom_data.rare_mut().store_data = Some(store);
        self
    }

    /// What the customer is to the advertiser. Experimental; see [`CustomerSegmentation`].
    pub fn customer_segmentation(mut self, segment: CustomerSegmentation) -> Self {
        self.event.custom_data.rare_mut().customer_segmentation = Some(segment);
        self
    }

    /// A member of `custom_data` of the advertiser's own, with any JSON value: may be called once for
    /// each. Of a name that is given twice the last value counts.
    ///
    /// The name must not be empty, nor longer than [`CustomData::MAX_PROPERTY_NAME_BYTES`](super::CustomData::MAX_PROPERTY_NAME_BYTES), nor begin or end
    /// with a blank, nor hold control characters, nor be a name that [Meta defines](super::CustomData::STANDARD),
    /// and no text of the value may hold a NUL, or the event is refused. Meta builds audiences only from
    /// names without spaces. Never put an e-mail address, a phone number or a person's name here: it
    /// would be sent unhashed.
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
                self.event.custom_data.rare_mut().properties.0.insert(name.into(), value);
            }
            Err(violation) => self.refused.push(violation),
        }
        self
    }

    /// The input rows that this event stands for, so that reports can speak of rows.
    pub fn lines(mut self, lines: impl Into<Vec<Line>>) -> Self {
        self.event.lines = lines.into();
        self
    }

    /// Checks every rule and makes the event.
    ///
    /// # Errors
    ///
    /// [`InvalidEvent`] names every broken rule with the path of its field: no usable combination
    /// of match keys, a purchase without value, a website event without page or user agent, a
    /// negative amount, data that the action source or the event name needs and that is missing, a
    /// custom property under a name that cannot be sent, limited data use without a place.
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
            event.custom_data.name_products();
        }
        event.derive_missing_id();
        Ok(event)
    }

    /// The event as far as it is said, unchecked.
    #[cfg(test)]
    pub(super) fn unfinished(self) -> Event {
        self.event
    }
}
