//! What became of every row and every event.
//!
//! The words of delivery live here: the outcomes, the service's own error, the diagnostics and notes
//! that name lines and columns, and counts that add up. Nothing here sends, reads a file or waits.

mod api_error;
mod delivery;
mod diagnostic;
#[cfg(feature = "client")]
mod ledger;
mod outcome;
mod rows;

pub use api_error::{ApiError, ErrorClass, TokenProblem};
pub use delivery::DeliveryReport;
pub use diagnostic::Diagnostic;
#[cfg(feature = "client")]
pub(crate) use ledger::{Keeping, Ledger, Numbered};
pub use outcome::{NotSentCause, Outcome, StopCause, UnconfirmedCause};
pub use rows::{EventCounts, RequestCounts, RowCounts, RowReport};
