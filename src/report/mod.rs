//! What became of every row and every event.
//!
//! The words of delivery live here: the outcomes, the service's own error, the problems and notes
//! that name lines and columns, and counts that add up. Nothing here sends, reads a file or waits.

mod api_error;
mod delivery;
#[cfg(feature = "client")]
mod ledger;
mod outcome;
mod problem;
mod rows;

pub use api_error::{ApiError, ErrorClass, TokenTrouble};
pub use delivery::DeliveryReport;
#[cfg(feature = "client")]
pub(crate) use ledger::{Keeping, Ledger, Numbered};
pub use outcome::{NotSentCause, Outcome, StopCause, UnconfirmedCause};
pub use problem::Problem;
pub use rows::{EventCounts, RequestCounts, RowCounts, RowReport};
