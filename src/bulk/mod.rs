//! From rows straight to request bodies, as fast as their values can be hashed.
//!
//! The rules are those of [`order`](crate::order), and the bodies are byte for byte those that
//! [`Batches`](crate::wire::Batches) cuts from its events: only the events are not kept. What one order
//! leaves behind serves the next one, so next to nothing is allocated.
//!
//! [`Bodies`] takes rows one by one, sorted by order id, in memory that does not grow. [`Rows`] takes a slice
//! of rows that are in memory already, in any order, and can work on all cores.

mod bodies;
#[cfg(feature = "rayon")]
mod cores;
mod cutter;
mod pieces;
mod rows;

pub use bodies::{Bodies, Rest};
pub use rows::{Account, Rows};
