//! Offline events for Meta's Conversions API.

pub mod value;
