//! Request bodies and answers as JSON, without I/O.
//!
//! [`Batches`] splits events into request bodies, [`Batcher`] does so for events that come one by one, and
//! [`RowSlice::batches`](crate::order::RowSlice::batches) makes bodies straight from rows in memory. A dry run, or an
//! application with its own HTTP stack, gets the very bytes that the client sends. The JSON of one event is its
//! `Serialize` form.

mod batch;
mod batcher;
#[cfg(feature = "client")]
pub(crate) mod lenient;
mod memory;
mod request;
#[cfg(feature = "client")]
mod response;
mod rows;
#[cfg(feature = "client")]
mod text;
#[cfg(feature = "client")]
mod usage;
#[cfg(feature = "rayon")]
mod written;

#[cfg(feature = "client")]
pub(crate) use batch::Draft;
pub use batch::{Batch, BatchLimits, Batches};
pub use batcher::Batcher;
pub use request::{InvalidRequestField, RequestFields};
#[cfg(feature = "client")]
pub(crate) use response::{Answer, NoJson, read_answer, read_gateway_answer, read_object};
#[cfg(feature = "client")]
pub(crate) use text::TextFilter;
#[cfg(feature = "client")]
pub(crate) use usage::{Hints, read_hints};
