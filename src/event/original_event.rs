//! The earlier event that an event belongs to.

use serde::Serialize;

use super::EventName;
use crate::value::{EventId, EventTime, OrderId};

/// The `original_event_data`: which earlier event a delayed one belongs to, such as the first order
/// of a subscription.
///
/// At least one member must be set, or the event is refused. Source: Meta's page on original event
/// data.
///
/// ```
/// use meta_offline_events::event::{EventName, OriginalEvent};
///
/// let original = OriginalEvent::new().event_name(EventName::PURCHASE).order_id("10001".parse()?);
/// assert_eq!(serde_json::to_string(&original)?, r#"{"event_name":"Purchase","order_id":"10001"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct OriginalEvent {
    #[serde(skip_serializing_if = "Option::is_none")]
    event_name: Option<EventName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_time: Option<EventTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<OrderId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_id: Option<EventId>,
}

impl OriginalEvent {
    /// Nothing known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What happened then.
    pub fn event_name(mut self, name: EventName) -> Self {
        self.event_name = Some(name);
        self
    }

    /// When it happened.
    pub fn event_time(mut self, time: EventTime) -> Self {
        self.event_time = Some(time);
        self
    }

    /// The order id of that event.
    pub fn order_id(mut self, id: OrderId) -> Self {
        self.order_id = Some(id);
        self
    }

    /// The id of that event.
    pub fn event_id(mut self, id: EventId) -> Self {
        self.event_id = Some(id);
        self
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
