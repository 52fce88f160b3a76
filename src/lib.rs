//! Offline events for Meta's Conversions API.

#[cfg(feature = "client")]
pub mod client;
pub mod customer;
pub mod event;
pub mod order;
pub mod report;
pub mod value;
pub mod wire;
