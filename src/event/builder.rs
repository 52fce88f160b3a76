//! Building one event: required parts are arguments, the rest are setters, and `build` checks.

use super::rules::{self, InvalidEvent};
use super::{ActionSource, Content, CustomData, DeliveryCategory, Event, EventName};
use crate::customer::UserData;
use crate::value::{EventId, EventTime, Line, Money, OrderId, PageUrl};

/// An event in the making. It comes from [`Event::builder`].
#[derive(Debug, Clone)]
#[must_use = "an event is made by `build`"]
pub struct EventBuilder {
    pub(super) name: EventName,
    pub(super) time: EventTime,
    pub(super) action_source: ActionSource,
    pub(super) customer: UserData,
    pub(super) custom_data: CustomData,
    pub(super) event_source_url: Option<PageUrl>,
    event_id: Option<EventId>,
    lines: Box<[Line]>,
}

impl EventBuilder {
    pub(super) fn new(time: EventTime, customer: UserData) -> Self {
        Self {
            name: EventName::default(),
            time,
            action_source: ActionSource::default(),
            customer,
            custom_data: CustomData::default(),
            event_source_url: None,
            event_id: None,
            lines: Box::default(),
        }
    }

    /// What happened, instead of a purchase.
    pub fn name(mut self, name: EventName) -> Self {
        self.name = name;
        self
    }

    /// Where it happened, instead of a physical store.
    pub fn action_source(mut self, source: ActionSource) -> Self {
        self.action_source = source;
        self
    }

    /// A name for this one event, instead of the derived one.
    ///
    /// Without it the id is derived: from order id, event name and action source where there is an
    /// order id, else from everything that is sent. So the same event has the same id whenever it
    /// is built again.
    pub fn event_id(mut self, id: EventId) -> Self {
        self.event_id = Some(id);
        self
    }

    /// The page, for an event on a website.
    pub fn event_source_url(mut self, page: PageUrl) -> Self {
        self.event_source_url = Some(page);
        self
    }

    /// The receipt or transaction number: Meta's main key to tell repeated offline events.
    pub fn order_id(mut self, id: OrderId) -> Self {
        self.custom_data.order_id = Some(id);
        self
    }

    /// What the conversion is worth. It is rounded half to even to the currency's minor units.
    pub fn value(mut self, value: Money) -> Self {
        let value = value.rounded();
        self.custom_data.value = Some(value.amount());
        self.custom_data.currency = Some(value.currency());
        self
    }

    /// What was bought: may be called once for each product.
    pub fn content(mut self, line: Content) -> Self {
        self.custom_data.content_type = Some("product");
        self.custom_data.contents.push(line);
        self
    }

    /// How the customer receives the goods.
    pub fn delivery_category(mut self, category: DeliveryCategory) -> Self {
        self.custom_data.delivery_category = Some(category);
        self
    }

    /// The input rows that this event stands for, so that reports can speak of rows.
    pub fn lines(mut self, lines: impl Into<Box<[Line]>>) -> Self {
        self.lines = lines.into();
        self
    }

    /// Checks every rule and makes the event.
    ///
    /// # Errors
    ///
    /// [`InvalidEvent`] names every broken rule with the path of its field: no usable combination
    /// of match keys, a purchase without value, a website event without page or user agent, a
    /// negative amount, data that the action source needs and that is missing.
    ///
    /// ```
    /// use meta_offline_events::customer::UserData;
    /// use meta_offline_events::event::Event;
    /// use meta_offline_events::value::EventTime;
    ///
    /// let nobody = UserData::builder().country("US").build()?;
    /// let error = Event::builder(EventTime::from_unix(1_767_225_600)?, nobody).build().unwrap_err();
    /// let paths: Vec<_> = error.violations().iter().map(|violation| violation.path()).collect();
    /// assert_eq!(paths, ["user_data", "custom_data.value", "custom_data.currency"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn build(mut self) -> Result<Event, InvalidEvent> {
        rules::check(&self)?;
        self.custom_data.name_contents();
        let derived_id = self.event_id.is_none();
        let mut event = Event {
            event_name: self.name,
            event_time: self.time,
            event_id: self.event_id.unwrap_or_else(EventId::not_yet),
            derived_id,
            action_source: self.action_source,
            event_source_url: self.event_source_url,
            user_data: self.customer,
            custom_data: self.custom_data,
            lines: self.lines,
        };
        if derived_id {
            event.event_id = event.unnamed().derive_id(1);
        }
        Ok(event)
    }
}
