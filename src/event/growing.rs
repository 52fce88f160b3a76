//! Events that grow row by row, each in the memory of an earlier one.

use std::iter;
use std::num::NonZeroU64;

use super::conversion::Fields;
use super::rules::{self, InvalidEvent};
use super::{ActionSource, Content, DeliveryCategory, Event, EventName};
use crate::customer::UserData;
use crate::value::{Amount, Currency, EventId, EventTime, Line, OrderId, PageUrl, ProductId};

/// What completes an event when the rows of its order are in.
pub(crate) struct Completion<'a> {
    pub(crate) event_id: Option<&'a EventId>,
    pub(crate) page: Option<&'a PageUrl>,
    pub(crate) delivery_category: Option<DeliveryCategory>,
}

impl Event {
    /// Creates an event of nobody, to [`restart`](Self::restart).
    pub(crate) fn blank() -> Self {
        Self::unchecked(EventTime::FIRST, UserData::default())
    }

    /// Becomes another event, without a customer and without contents.
    #[inline]
    pub(crate) fn restart(
        &mut self,
        time: EventTime,
        name: &EventName,
        source: ActionSource,
        order_id: Option<&OrderId>,
    ) {
        self.0.event_time = time;
        self.0.event_name.clone_from(name);
        self.0.action_source = source;
        self.0.event_id = None;
        self.0.user_data.clear();
        self.0.custom_data.restart(order_id);
        self.0.rare = None;
        self.0.derived_id = true;
        self.0.lines.clear();
    }

    /// Takes the event out, and leaves a blank one.
    pub(crate) fn take(&mut self) -> Self {
        std::mem::replace(self, Self::blank())
    }

    pub(crate) fn set_time(&mut self, time: EventTime) {
        self.0.event_time = time;
    }

    pub(crate) fn customer_mut(&mut self) -> &mut UserData {
        &mut self.0.user_data
    }

    pub(crate) fn add_line(&mut self, line: Line) {
        self.0.lines.push(line);
    }

    pub(crate) fn add_product(&mut self, id: &ProductId, quantity: NonZeroU64, price: Option<&Amount>) {
        // Extending builds the content in its place; pushing would build it elsewhere and copy it.
        let content = || Content::with_price(id.clone(), quantity, price.copied());
        self.0.custom_data.contents.extend(iter::once_with(content));
    }

    /// Sets the value, which is rounded to the decimals of the currency.
    #[inline]
    pub(crate) fn set_value(&mut self, value: Amount, currency: Currency) {
        self.0.custom_data.value = Some(value);
        self.0.custom_data.currency = Some(currency);
    }

    /// Completes the event: checks every rule, as [`EventBuilder::build`](super::EventBuilder::build) does, and
    /// derives the id.
    #[inline]
    pub(crate) fn complete(&mut self, completion: &Completion<'_>) -> Result<(), InvalidEvent> {
        let Completion { event_id, page, delivery_category } = *completion;
        self.0.custom_data.delivery_category = delivery_category;
        if let Some(page) = page {
            self.0.rare.get_or_insert_default().event_source_url = Some(page.clone());
        }
        self.0.event_id = event_id.cloned();
        self.0.derived_id = event_id.is_none();
        rules::check(self, Vec::new())?;
        if !self.0.custom_data.contents.is_empty() {
            self.0.custom_data.name_products();
        }
        self.derive_missing_id();
        Ok(())
    }

    /// Whether its id comes from its order id, so that no event of another order has the same.
    pub(crate) fn is_named_by_order(&self) -> bool {
        self.0.derived_id && self.0.custom_data.order_id.is_some()
    }

    /// Its size in memory, in bytes, roughly.
    pub(crate) fn memory(&self) -> usize {
        let Fields { user_data, custom_data, lines, .. } = &*self.0;
        let lines = if lines.spilled() { lines.capacity() * size_of::<Line>() } else { 0 };
        let contents = custom_data.contents.capacity() * size_of::<Content>();
        size_of::<Self>() + size_of::<Fields>() + user_data.memory() + lines + contents
    }
}
