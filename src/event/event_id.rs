//! Derives the id of an event from the event itself.
//!
//! The rule never changes within a major version, because an id must be the same after a restart,
//! on another machine and with a later release:
//!
//! - With an order id: SHA-256 of `meta-offline-events/1/order`, the event name, the action source
//!   and the order id, joined by line feeds.
//! - Without one: SHA-256 of `meta-offline-events/1/event`, a line feed and the JSON of the event without its
//!   `event_id`; the n-th equal event of a run adds another line feed and n.
//!
//! The id is the first 32 hexadecimal digits of the digest.

use super::{ActionSource, Event, EventName};
use crate::customer::{Hashed, digest_of_parts};
use crate::value::{EventId, OrderId};

impl Event {
    /// Derives the id, unless one was given or none is wanted.
    #[inline]
    pub(super) fn derive_missing_id(&mut self) {
        if self.0.derived_id {
            self.0.event_id = Some(self.derive_id(1));
        }
    }

    /// A hash of what makes two events one event: the name and the id, or without an id all that is sent. It never
    /// changes within a format of the journal.
    #[cfg(feature = "journal")]
    pub(crate) fn dedup_key(&self) -> u64 {
        let digest = match &self.0.event_id {
            Some(id) => {
                digest_of_parts(&[self.0.event_name.as_str().as_bytes(), b"\n", id.as_str().as_bytes()])
            }
            None => digest_of_parts(&[self.json(&mut Vec::new())]),
        };
        digest.as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }

    /// Gives the n-th of several equal events an id of its own. Returns false for an id that was given or that
    /// comes from an order id: it stays.
    pub(crate) fn renumber(&mut self, occurrence: u32) -> bool {
        let may = self.0.derived_id && self.0.custom_data.order_id.is_none();
        if may {
            self.0.event_id = Some(self.derive_id(occurrence));
        }
        may
    }

    /// Derives the id by the rule above. `occurrence` counts from 1, and tells equal events without an order id
    /// apart.
    #[inline]
    pub(super) fn derive_id(&self, occurrence: u32) -> EventId {
        EventId::of_hex(&self.digits_of_id(occurrence))
    }

    fn digits_of_id(&self, occurrence: u32) -> [u8; 32] {
        if let Some(order) = self.0.custom_data.order_id() {
            id_of_order(&self.0.event_name, self.0.action_source, order)
        } else {
            let mut json = Vec::new();
            let length = self.write_json_without_id(&mut json, 0);
            let number = if occurrence > 1 { format!("\n{occurrence}") } else { String::new() };
            first_half(digest_of_parts(&[
                b"meta-offline-events/1/event\n",
                &json[..length],
                number.as_bytes(),
            ]))
        }
    }
}

/// Derives the id of the event of an order.
fn id_of_order(name: &EventName, source: ActionSource, order: &OrderId) -> [u8; 32] {
    let (name, source) = (name.as_str().as_bytes(), source.as_str().as_bytes());
    let order = order.text().as_bytes();
    first_half(digest_of_parts(&[b"meta-offline-events/1/order\n", name, b"\n", source, b"\n", order]))
}

fn first_half(digest: Hashed) -> [u8; 32] {
    digest.to_hex().as_bytes().as_chunks().0[0]
}
