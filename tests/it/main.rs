//! The promises of the crate, one module for each.

mod customer;
#[cfg(feature = "testing")]
mod delivery;
mod rooms;
#[cfg(feature = "testing")]
mod secrets;
mod vectors;
