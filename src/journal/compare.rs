//! Whether two events are the same one, and what became of an event that is handed over once more.

use serde::Deserialize;

use super::hand_over::{ChangedEvent, HandOver, KnownEvent};
use crate::event::Event;

/// What makes two events one event for Meta, as far as a journal compares them.
#[derive(Deserialize, PartialEq)]
struct NameAndId {
    event_name: String,
    event_id: Option<String>,
}

/// Whether the JSON of two events is that of the same one.
pub(super) fn is_same(stored: &str, new: &str) -> bool {
    let read = |json| serde_json::from_str::<NameAndId>(json).ok().filter(|event| event.event_id.is_some());
    stored == new || read(stored).is_some_and(|event| Some(event) == read(new))
}

/// The answer for an event that is the same as a known one.
pub(super) fn compare(known: KnownEvent, stored: &str, new: &str) -> HandOver {
    if stored == new {
        return HandOver::Known(known);
    }
    let load = |json| serde_json::from_str::<Event>(json).ok();
    let (before, after) = (load(stored), load(new));
    if let (Some(before), Some(after)) = (&before, &after)
        && before.user_data().is_stranger_to(after.user_data())
    {
        return HandOver::OtherCustomer(known);
    }
    let total = |event: Option<Event>| event.and_then(|event| event.value());
    HandOver::Changed(ChangedEvent { known, before: total(before), after: total(after) })
}
