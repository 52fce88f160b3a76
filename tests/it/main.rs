//! The promises of the crate, one module for each.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod coverage;
#[cfg(feature = "csv")]
mod csv;
mod customer;
#[cfg(feature = "testing")]
mod delivery;
mod event_rules;
#[cfg(feature = "testing")]
mod found;
#[cfg(feature = "csv")]
mod golden;
mod guide;
mod known_answers;
#[cfg(feature = "testing")]
mod model;
mod orders;
mod payloads;
mod rooms;
#[cfg(feature = "testing")]
mod secrets;
#[cfg(all(feature = "csv", feature = "testing"))]
mod send_orders;
mod vectors;
mod wire_model;
