//! The JSON of requests and answers, without any I/O: events cut into request bodies, and answers
//! read leniently.
//!
//! What one event looks like is told by the event itself (its `Serialize` form). The request side
//! is public, so that a dry run, or an application with its own HTTP stack, can have the very bytes
//! that the client sends.

mod batch;
mod batcher;
mod request;
#[cfg(feature = "client")]
mod response;
mod rows;
#[cfg(feature = "client")]
mod text;
#[cfg(feature = "client")]
mod usage;
mod writer;
#[cfg(feature = "rayon")]
mod written;

#[cfg(feature = "client")]
pub(crate) use batch::Draft;
pub use batch::{Batch, BatchLimits, Batches};
pub use batcher::Batcher;
pub use request::{InvalidRequestField, RequestFields};
#[cfg(feature = "client")]
pub(crate) use response::{Answer, read_answer};
#[cfg(feature = "client")]
pub(crate) use text::TextFilter;
#[cfg(feature = "client")]
pub(crate) use usage::{Hints, read_hints};
#[cfg(feature = "queue")]
pub(crate) use writer::written_len;
