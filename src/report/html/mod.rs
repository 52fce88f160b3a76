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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::DeliveryReport;

    /// Base64, as a policy writes digests.
    fn base64(bytes: &[u8]) -> String {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::new();
        for group in bytes.chunks(3) {
            let bits =
                group.iter().fold(0, |bits, byte| bits << 8 | usize::from(*byte)) << (8 * (3 - group.len()));
            for place in 0..=group.len() {
                text.push(char::from(LETTERS[bits >> (18 - 6 * place) & 63]));
            }
        }
        text + &"=".repeat((3 - bytes.len() % 3) % 3)
    }

    #[test]
    fn the_policy_of_the_page_allows_its_style_and_nothing_else() {
        use sha2::Digest as _;

        assert_eq!([base64(b"Man"), base64(b"Ma"), base64(b"M")], ["TWFu", "TWE=", "TQ=="]);
        let json = serde_json::to_vec(&DeliveryReport::default()).unwrap();
        let page = page(&SavedReport::read(&*json).unwrap());
        let style = page.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>")).unwrap().0;
        let digest = base64(&sha2::Sha256::digest(style));
        let policy =
            format!("default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'");
        assert!(page.contains(&policy), "the policy of page.html has to be {policy}");
    }
}
