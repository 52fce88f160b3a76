//! A page that shows a report to people: one HTML file that needs nothing else.
//!
//! The page says what was sent, what was lost and what to do, with pictures and the tables behind them. It holds no
//! script and asks nobody for anything; it follows the light or dark setting of the reader, and prints. The template
//! escapes every text.
//!
//! ```
//! use meta_offline_events::customer::Coverage;
//! use meta_offline_events::report::{DeliveryReport, RunReport, SavedReport, html};
//!
//! let (report, coverage) = (DeliveryReport::default(), Coverage::default());
//! let json = serde_json::to_vec(&RunReport::new(&report).coverage(&coverage))?;
//!
//! // Here, or in another program that has the JSON alone.
//! let page = html::page(&SavedReport::read(&*json)?);
//! assert!(page.starts_with("<!doctype html>") && page.len() < html::MAX_LEN);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod charts;
mod view;
mod words;

use askama::Template as _;

use super::SavedReport;

/// No page is longer, in bytes: of long lists it shows the most frequent entries, and counts the others.
pub const MAX_LEN: usize = 300_000;

/// The page of a report.
///
/// ```
/// use meta_offline_events::report::{DeliveryReport, SavedReport, html};
///
/// let json = serde_json::to_vec(&DeliveryReport::default())?;
/// let page = html::page(&SavedReport::read(&*json)?);
/// assert!(page.contains("Nothing was sent"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn page(report: &SavedReport) -> String {
    // Writing to a `String` does not fail, and neither does any filter of the template.
    view::Page::of(report).render().unwrap_or_default()
}
