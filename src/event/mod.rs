//! What happened: one conversion, and the rules between its fields.
//!
//! [`EventBuilder::build`] checks every rule that Meta is known to check, and reports all broken ones at once, so an
//! [`Event`] is always valid. Other modules send events and make them from rows.

mod action_source;
mod app_data;
mod attribution;
mod builder;
#[cfg(feature = "client")]
mod clear_texts;
mod content;
mod conversion;
mod custom_data;
mod data_processing;
mod event_id;
mod growing;
mod load;
mod members;
mod messaging;
mod name;
mod open;
mod original_event;
mod rare_members;
mod rules;
mod store;
mod writer;

pub use action_source::ActionSource;
pub use app_data::{AppData, ExtInfo, ExtInfoVersion};
pub use attribution::{Attribution, AttributionMethod, AttributionModel, AttributionSetting, DeclineReason};
pub use builder::EventBuilder;
pub use content::{Content, DeliveryCategory};
pub use conversion::Event;
pub use custom_data::{ContentType, CustomData, CustomerSegmentation, Status};
pub use data_processing::{DataProcessing, LduState};
pub(crate) use growing::Completion;
pub use messaging::MessagingChannel;
pub use name::EventName;
pub use original_event::OriginalEvent;

pub use rules::{InvalidEvent, Violation};
pub use store::StoreData;
