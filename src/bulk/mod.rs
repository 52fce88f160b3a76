//! From rows straight to request bodies, as fast as their values can be hashed.
//!
//! The rules are those of [`order`](crate::order), and the bodies are byte for byte those that
//! [`Batches`](crate::wire::Batches) cuts from its events: only the events are not kept. What one order
//! leaves behind serves the next one, so next to nothing is allocated.

mod bodies;
#[cfg(feature = "rayon")]
mod cores;
mod cutter;
mod pieces;
mod rows;

pub use bodies::{Bodies, Rest};
pub use rows::{Account, Rows};
