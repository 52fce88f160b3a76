//! The promises of the crate, one module for each.

#[cfg(feature = "csv")]
mod csv;
mod customer;
#[cfg(feature = "testing")]
mod delivery;
mod orders;
mod rooms;
#[cfg(feature = "testing")]
mod secrets;
#[cfg(all(feature = "csv", feature = "testing"))]
mod send_orders;
mod vectors;
