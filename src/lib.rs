#![doc = include_str!("../README.md")]

#[cfg(feature = "client")]
pub mod client;
pub mod customer;
mod error;
pub mod event;
pub mod order;
pub mod report;
#[cfg(feature = "testing")]
pub mod testing;
pub mod value;
pub mod wire;

pub use error::{Error, ErrorKind};
