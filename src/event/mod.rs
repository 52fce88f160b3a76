//! What happened: one conversion, and the rules between its fields.
//!
//! An [`Event`] is built in one step and is right from then on: [`EventBuilder::build`] checks every
//! rule that Meta is known to check and reports all broken ones at once. How events are sent, and
//! which rows of an export they came from, is the business of other rooms.

mod action_source;
mod app_data;
mod attribution;
mod builder;
#[cfg(feature = "client")]
mod clear_texts;
mod content;
mod custom_data;
mod data_processing;
mod event_id;
mod growing;
mod members;
mod messaging;
mod name;
mod open;
mod original_event;
mod rules;
mod store;

pub use action_source::ActionSource;
pub use app_data::{AppData, ExtInfo, ExtInfoVersion};
pub use attribution::{Attribution, AttributionMethod, AttributionModel, AttributionSetting, DeclineReason};
pub use builder::EventBuilder;
pub use content::{Content, DeliveryCategory};
pub(crate) use custom_data::ContentIds;
pub use custom_data::{ContentType, CustomData, CustomerSegmentation, Status};
pub use data_processing::{DataProcessing, LduState};
pub(crate) use growing::Completion;
pub(crate) use members::{MemberWriter, Name};
pub use messaging::MessagingChannel;
pub use name::EventName;
pub use original_event::OriginalEvent;

pub use rules::{InvalidEvent, Violation};
pub use store::StoreData;

use members::RareMembers;

use crate::customer::UserData;
use crate::value::{EventId, EventTime, Line, Money, OrderId, PageUrl};

/// One conversion, complete and checked.
///
/// Its `Serialize` form is the JSON that Meta expects for one element of `data`. Of the customer it
/// holds digests, and in the clear only what Meta takes in the clear: the keys of
/// [`UserData`] that are sent as text, the pages of a website event, and what texts and custom
/// properties say. `Debug` shows none of these.
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    event_name: EventName,
    event_time: EventTime,
    event_id: Option<EventId>,
    action_source: ActionSource,
    event_source_url: Option<PageUrl>,
    user_data: UserData,
    custom_data: CustomData,
    rare: Option<Box<RareMembers>>,
    derived_id: bool,
    lines: Vec<Line>,
}

impl Event {
    /// Starts an event: when it happened and who the customer was.
    ///
    /// It is a [`Purchase`](EventName::PURCHASE) in a
    /// [`PhysicalStore`](ActionSource::PhysicalStore) unless the builder is told otherwise.
    pub fn builder(time: EventTime, customer: UserData) -> EventBuilder {
        EventBuilder::new(time, customer)
    }

    /// What happened.
    pub fn name(&self) -> &EventName {
        &self.event_name
    }

    /// When it happened.
    pub fn time(&self) -> EventTime {
        self.event_time
    }

    /// The name of this one event, equal on every attempt to send it; none for an event
    /// [without an id](EventBuilder::without_event_id).
    pub fn id(&self) -> Option<&EventId> {
        self.event_id.as_ref()
    }

    /// Where it happened.
    pub fn action_source(&self) -> ActionSource {
        self.action_source
    }

    /// The page, for an event on a website.
    pub fn source_url(&self) -> Option<&PageUrl> {
        self.event_source_url.as_ref()
    }

    /// The customer: digests, and what Meta takes in the clear.
    pub fn user_data(&self) -> &UserData {
        &self.user_data
    }

    /// What was bought, and for how much.
    pub fn custom_data(&self) -> &CustomData {
        &self.custom_data
    }

    /// The order id, if there is one. Meta deduplicates offline events by it.
    pub fn order_id(&self) -> Option<&OrderId> {
        self.custom_data.order_id()
    }

    /// The total value and its currency, if there is one.
    pub fn value(&self) -> Option<Money> {
        self.custom_data.value()
    }

    /// How far Meta may process the event, if that was said.
    pub fn data_processing(&self) -> Option<DataProcessing> {
        self.rare.as_ref()?.data_processing
    }

    /// The app of a conversation.
    pub fn messaging_channel(&self) -> Option<&MessagingChannel> {
        self.rare.as_ref()?.messaging_channel.as_ref()
    }

    fn attribution(&self) -> Option<&Attribution> {
        self.rare.as_ref()?.attribution.as_ref()
    }

    /// What may be meant otherwise than it is written: soft rules, whose breach does not keep the
    /// event from being sent.
    ///
    /// ```
    /// use meta_offline_events::customer::UserData;
    /// use meta_offline_events::event::Event;
    /// use meta_offline_events::value::{Currency, EventTime, Money};
    ///
    /// let customer = UserData::builder().email("mary@example.com").build()?;
    /// let gift = Event::builder(EventTime::from_unix(1_767_225_600)?, customer)
    ///     .value(Money::new("0".parse()?, Currency::USD))
    ///     .build()?;
    /// assert_eq!(gift.warnings()[0].code(), "zero_value");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn warnings(&self) -> Vec<Violation> {
        rules::warnings(self)
    }

    /// Gives the n-th of several equal events an id of its own. An id that was given, or that comes
    /// from an order id, stays, and the answer is no.
    pub(crate) fn renumber(&mut self, occurrence: u32) -> bool {
        let may = self.derived_id && self.custom_data.order_id.is_none();
        if may {
            self.event_id = Some(self.derive_id(occurrence));
        }
        may
    }

    /// The input rows that this event stands for; none for an event built by hand.
    ///
    /// They are not sent: they let a report speak of rows.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// How many input rows this event stands for: one for an event built by hand.
    pub fn row_count(&self) -> u64 {
        self.lines.len().max(1) as u64
    }
}
