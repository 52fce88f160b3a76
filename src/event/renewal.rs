//! One event after another in the same memory, for rows of exports: there are millions.

use super::rules::{self, InvalidEvent};
use super::{ActionSource, Content, DeliveryCategory, Event, EventName};
use crate::customer::UserData;
use crate::value::{EventId, EventTime, Line, Money, OrderId, PageUrl};

/// What is left to be said when the rows of an order are in.
pub(crate) struct Conclusion<'a> {
    pub(crate) time: EventTime,
    pub(crate) value: Option<Money>,
    pub(crate) event_id: Option<&'a EventId>,
    pub(crate) page: Option<&'a PageUrl>,
    pub(crate) delivery_category: Option<DeliveryCategory>,
}

impl Event {
    /// An event of nobody, to be [renewed](Self::renew).
    pub(crate) fn blank() -> Self {
        Self::builder(EventTime::FIRST, UserData::default()).unfinished()
    }

    /// Becomes another event, of no customer and without contents so far.
    pub(crate) fn renew(&mut self, name: &EventName, source: ActionSource, order_id: Option<&OrderId>) {
        self.event_name.clone_from(name);
        self.action_source = source;
        self.event_id = None;
        self.event_source_url = None;
        self.user_data.clear();
        self.custom_data.clear();
        self.custom_data.order_id = order_id.cloned();
        self.rare = None;
        self.derived_id = true;
        self.lines.clear();
    }

    pub(crate) fn customer_mut(&mut self) -> &mut UserData {
        &mut self.user_data
    }

    pub(crate) fn add_line(&mut self, line: Line) {
        self.lines.push(line);
    }

    pub(crate) fn add_product(&mut self, product: Content) {
        self.custom_data.contents.push(product);
    }

    /// Says the rest, checks every rule, as [`EventBuilder::build`](super::EventBuilder::build) does, and
    /// derives what is to be derived.
    pub(crate) fn conclude(&mut self, conclusion: &Conclusion<'_>) -> Result<(), InvalidEvent> {
        let Conclusion { time, value, event_id, page, delivery_category } = *conclusion;
        self.event_time = time;
        self.custom_data.value = value.map(|value| value.rounded().amount());
        self.custom_data.currency = value.map(Money::currency);
        self.custom_data.delivery_category = delivery_category;
        self.event_source_url = page.cloned();
        self.event_id = event_id.cloned();
        self.derived_id = event_id.is_none();
        rules::check(self, Vec::new())?;
        if !self.custom_data.contents.is_empty() {
            self.custom_data.name_products();
        }
        self.derive_missing_id();
        Ok(())
    }

    /// Whether its id is derived from its order id: no other order's event has the same.
    pub(crate) fn is_named_by_order(&self) -> bool {
        self.derived_id && self.custom_data.order_id.is_some()
    }

    /// Bytes of memory, about.
    pub(crate) fn memory(&self) -> usize {
        size_of::<Self>()
            + self.user_data.memory()
            + self.lines.capacity() * size_of::<Line>()
            + self.custom_data.contents.capacity() * size_of::<Content>()
    }
}
