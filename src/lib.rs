//! Offline events for Meta's Conversions API.

pub mod customer;
pub mod event;
pub mod order;
pub mod report;
pub mod value;
