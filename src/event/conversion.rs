//! One conversion.

use std::fmt;

use smallvec::SmallVec;

use super::rare_members::RareMembers;
use super::{ActionSource, Attribution, CustomData, DataProcessing, EventName, MessagingChannel};
use crate::customer::UserData;
use crate::value::{EventId, EventTime, Line, Money, OrderId, PageUrl};

/// One conversion: complete and checked.
///
/// Its `Serialize` form is the JSON that Meta expects for one element of `data`. It holds digests of the customer's
/// values, and in the clear only what Meta takes in the clear: the keys of [`UserData`] that are sent as text, the
/// pages of a website event, texts and custom properties. `Debug` shows none of these.
///
/// ```
/// use meta_offline_events::customer::UserData;
/// use meta_offline_events::event::Event;
/// use meta_offline_events::value::{Currency, EventTime, Money};
///
/// let customer = UserData::builder().email("John_Smith@gmail.com").build()?;
/// let event = Event::builder(EventTime::from_unix(1_767_225_600)?, customer)
///     .order_id("10001".parse()?)
///     .value(Money::new("31.50".parse()?, Currency::USD))
///     .build()?;
/// assert_eq!(event.name().as_str(), "Purchase");
/// assert_eq!(event.action_source().as_str(), "physical_store");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// An `Event` is a pointer to its data on the heap, so it is cheap to move.
#[derive(Clone)]
pub struct Event(pub(super) Box<Fields>);

/// All of an event.
#[derive(Clone)]
pub(super) struct Fields {
    pub(super) event_name: EventName,
    pub(super) event_time: EventTime,
    pub(super) event_id: Option<EventId>,
    pub(super) action_source: ActionSource,
    pub(super) user_data: UserData,
    pub(super) custom_data: CustomData,
    pub(super) rare: Option<Box<RareMembers>>,
    pub(super) derived_id: bool,
    /// In place, unless there are many.
    pub(super) lines: SmallVec<[Line; 4]>,
}

impl PartialEq for Event {
    /// Equal events are sent with equal bytes and stand for the same lines. Whether an id was derived or given
    /// does not count.
    fn eq(&self, other: &Self) -> bool {
        let Fields {
            event_name,
            event_time,
            event_id,
            action_source,
            user_data,
            custom_data,
            rare,
            derived_id: _,
            lines,
        } = &*other.0;
        self.0.event_name == *event_name
            && self.0.event_time == *event_time
            && self.0.event_id == *event_id
            && self.0.action_source == *action_source
            && self.0.user_data == *user_data
            && self.0.custom_data == *custom_data
            && self.0.rare == *rare
            && self.0.lines == *lines
    }
}

impl Eq for Event {}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fields {
            event_name,
            event_time,
            event_id,
            action_source,
            user_data,
            custom_data,
            rare,
            derived_id,
            lines,
        } = &*self.0;
        f.debug_struct("Event")
            .field("event_name", event_name)
            .field("event_time", event_time)
            .field("event_id", event_id)
            .field("action_source", action_source)
            .field("user_data", user_data)
            .field("custom_data", custom_data)
            .field("rare", rare)
            .field("derived_id", derived_id)
            .field("lines", lines)
            .finish()
    }
}

impl Event {
    /// Creates an event without its checks and its id.
    pub(super) fn unchecked(time: EventTime, customer: UserData) -> Self {
        Self(Box::new(Fields {
            event_name: EventName::default(),
            event_time: time,
            event_id: None,
            action_source: ActionSource::default(),
            user_data: customer,
            custom_data: CustomData::default(),
            rare: None,
            derived_id: true,
            lines: SmallVec::new(),
        }))
    }

    /// The event name.
    pub fn name(&self) -> &EventName {
        &self.0.event_name
    }

    /// The event time.
    pub fn time(&self) -> EventTime {
        self.0.event_time
    }

    /// The event id, the same on every attempt to send the event. An event
    /// [without an id](super::EventBuilder::without_event_id) has none.
    pub fn id(&self) -> Option<&EventId> {
        self.0.event_id.as_ref()
    }

    /// The action source.
    pub fn action_source(&self) -> ActionSource {
        self.0.action_source
    }

    /// The page of an event on a website.
    pub fn source_url(&self) -> Option<&PageUrl> {
        self.0.rare.as_ref()?.event_source_url.as_ref()
    }

    /// The match keys of the customer.
    pub fn user_data(&self) -> &UserData {
        &self.0.user_data
    }

    /// What was bought, and for how much.
    pub fn custom_data(&self) -> &CustomData {
        &self.0.custom_data
    }

    /// The order id, if there is one. Meta deduplicates offline events by it.
    pub fn order_id(&self) -> Option<&OrderId> {
        self.0.custom_data.order_id()
    }

    /// The total value and its currency, if there is one.
    pub fn value(&self) -> Option<Money> {
        self.0.custom_data.value()
    }

    /// The data processing options, if there are any.
    pub fn data_processing(&self) -> Option<DataProcessing> {
        self.0.rare.as_ref()?.data_processing
    }

    /// The messaging channel of a business messaging event.
    pub fn messaging_channel(&self) -> Option<&MessagingChannel> {
        self.0.rare.as_ref()?.messaging_channel.as_ref()
    }

    pub(super) fn attribution(&self) -> Option<&Attribution> {
        self.0.rare.as_ref()?.attribution.as_ref()
    }

    /// The source lines that this event stands for; none for an event built by hand.
    ///
    /// They are not sent; reports count rows by them.
    pub fn lines(&self) -> &[Line] {
        &self.0.lines
    }

    /// The number of source rows that this event stands for: one for an event built by hand.
    pub fn row_count(&self) -> u64 {
        self.0.lines.len().max(1) as u64
    }
}
