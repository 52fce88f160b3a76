//! The report of a delivery: the outcome of every row and every event.
//!
//! [`DeliveryReport`] has counts that add up, the [`Outcome`] of each event, a [`Diagnostic`] for whatever
//! is wrong with lines and columns, and why the run stopped, if it did ([`StopCause`]). [`ApiError`] is
//! Meta's own error, and [`OperatorError`] what a person has to do about it. Nothing here sends, reads a file or waits.
//!
//! ```
//! use meta_offline_events::report::{DeliveryReport, StopCause};
//!
//! fn next_step(report: &DeliveryReport) -> String {
//!     match report.stopped() {
//!         None if report.all_accepted() => "done".to_owned(),
//!         None => format!("see {} diagnostics", report.diagnostics().len()),
//!         Some(StopCause::RetryLater(wait)) => format!("send the rest in {wait:?}"),
//!         Some(cause) => format!("{cause}: {} events were not sent", report.events().not_sent),
//!     }
//! }
//! assert_eq!(next_step(&DeliveryReport::default()), "done");
//! ```

mod api_error;
mod delivery;
mod diagnostic;
#[cfg(feature = "html")]
pub mod html;
#[cfg(feature = "client")]
mod ledger;
mod lines;
mod number;
mod operator_error;
mod outcome;
#[cfg(feature = "html")]
mod reason;
mod rows;
mod run;
mod sales;
#[cfg(feature = "html")]
mod saved;
mod schema;
mod timeline;

pub use api_error::{ApiError, ErrorClass, TokenProblem};
pub use delivery::DeliveryReport;
pub use diagnostic::Diagnostic;
#[cfg(feature = "client")]
pub(crate) use ledger::{Keeping, Ledger, Numbered, Position};
pub use operator_error::{OperatorError, OperatorErrorKind};
pub use outcome::{NotSentCause, Outcome, PendingCause, StopCause, UnconfirmedCause};
#[cfg(feature = "html")]
pub use reason::Reason;
pub use rows::{EventCounts, RequestCounts, RowCounts, RowReport};
pub use run::{QualityScore, RunReport};
pub use sales::SalesGroup;
#[cfg(feature = "html")]
pub use saved::{SavedReport, SavedReportError};
pub use schema::{SCHEMA, SCHEMA_VERSION};
pub use timeline::{Span, Timeline, Wait};
