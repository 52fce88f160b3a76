//! Offline events for Meta's Conversions API.

pub mod customer;
pub mod value;
