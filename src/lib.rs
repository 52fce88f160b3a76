//! Offline events for Meta's Conversions API.

#[cfg(feature = "testing")]
pub mod testing;
pub mod value;
