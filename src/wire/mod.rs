//! The JSON of requests and answers, without any I/O: events cut into request bodies, and answers
//! read leniently.
//!
//! What one event looks like is told by the event itself (its `Serialize` form). The request side
//! is public, so that a dry run, or an application with its own HTTP stack, can have the very bytes
//! that the client sends.

mod batch;
mod encode;
mod request;
#[cfg(feature = "client")]
mod response;
mod sale;
#[cfg(feature = "client")]
mod text;
#[cfg(feature = "client")]
mod usage;
#[cfg(feature = "rayon")]
mod written;

#[cfg(feature = "rayon")]
pub(crate) use batch::Cuts;
pub(crate) use batch::Draft;
pub use batch::{Batch, BatchLimits, Batches};
#[cfg(feature = "queue")]
pub(crate) use encode::encoded_len;
pub use request::{InvalidRequestField, RequestFields};
#[cfg(feature = "client")]
pub(crate) use response::{Answer, read_answer};
#[cfg(feature = "client")]
pub(crate) use text::TextFilter;
#[cfg(feature = "client")]
pub(crate) use usage::{Hints, read_hints};
#[cfg(feature = "rayon")]
pub(crate) use written::Written;
