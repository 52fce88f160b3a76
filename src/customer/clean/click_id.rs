//! Clicks and browsers, as Meta's pixel writes them: checked, never changed; and `fbc` built from a plain `fbclid`.

use std::fmt;

use chrono::{DateTime, Utc};

use super::characters::is_blank;
use crate::customer::UnusableReason;

/// A click on one of Meta's ads, in the form of `fbc`: `fb.1.<milliseconds>.<click id>`.
///
/// ```
/// use chrono::{DateTime, Utc};
/// use meta_offline_events::customer::{ClickId, UserData};
///
/// let landed: DateTime<Utc> = "2026-05-04T13:45:00.250Z".parse()?;
/// let click = ClickId::new("IwAR2F4-dbP0l7Mn1IawQQGCINEz7PYXQvwjNwB_qa2", landed)?;
/// assert_eq!(click.as_str(), "fb.1.1777902300250.IwAR2F4-dbP0l7Mn1IawQQGCINEz7PYXQvwjNwB_qa2");
///
/// let customer = UserData::builder().email("mary@example.com").click_id(click.as_str()).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Meta adds the click id to the address of the page that an ad opens, as the parameter `fbclid`. Its case
/// matters. `Debug` shows a placeholder.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ClickId(Box<str>);

impl ClickId {
    /// Creates a click id from an `fbclid` and the time at which it was first seen, with the subdomain index 1.
    ///
    /// ```
    /// use chrono::DateTime;
    /// use meta_offline_events::customer::ClickId;
    ///
    /// let click = ClickId::new("IwAR2F4", DateTime::UNIX_EPOCH)?;
    /// assert_eq!(click.as_str(), "fb.1.0.IwAR2F4");
    /// # Ok::<(), meta_offline_events::customer::UnusableReason>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`UnusableReason::Empty`] for a blank `fbclid`, and [`UnusableReason::NotAClickId`] for one with characters
    /// other than visible ASCII, or for a time before 1970.
    pub fn new(fbclid: &str, seen: DateTime<Utc>) -> Result<Self, UnusableReason> {
        let fbclid = fbclid.trim_matches(is_blank);
        if fbclid.is_empty() {
            return Err(UnusableReason::Empty);
        }
        let text = format!("fb.1.{}.{fbclid}", seen.timestamp_millis());
        if is_click_or_browser(&text) { Ok(Self(text.into())) } else { Err(UnusableReason::NotAClickId) }
    }

    /// The text to send as `fbc`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClickId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ClickId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClickId(…)")
    }
}

/// Passes `fbc` and `fbp` on as they are, including the suffix of the parameter builder.
pub(super) fn clean(text: &str, out: &mut String) -> Result<(), UnusableReason> {
    if !is_click_or_browser(text) {
        return Err(UnusableReason::NotAClickId);
    }
    out.push_str(text);
    Ok(())
}

/// `fb.<0 to 2>.<digits>.<visible ASCII>`
fn is_click_or_browser(text: &str) -> bool {
    let mut parts = text.splitn(4, '.');
    let (version, index, time, id) = (parts.next(), parts.next(), parts.next(), parts.next());
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    version == Some("fb")
        && matches!(index, Some("0" | "1" | "2"))
        && time.is_some_and(digits)
        && id.is_some_and(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_graphic()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v40_clicks_and_browsers_keep_their_case_and_have_a_form() {
        for text in [
            "fb.1.1554763741205.AbCdEfGh",
            "fb.2.1596403881668.1116446470",
            "fb.1.1554763741205.AbC.d-E_f.AQQCAQAB",
        ] {
            let mut out = String::new();
            assert_eq!(clean(text, &mut out), Ok(()));
            assert_eq!(out, text);
        }
        for text in [
            "AbCdEfGh",
            "fb.3.1554763741205.AbC",
            "fb.1.x.AbC",
            "fb.1..AbC",
            "fb.1.1554763741205.",
            "fb.1.1554763741205.a b",
            "fb.1.1554763741205.é",
            "FB.1.1554763741205.AbC",
        ] {
            assert_eq!(clean(text, &mut String::new()), Err(UnusableReason::NotAClickId), "{text}");
        }
    }

    #[test]
    fn a_click_needs_an_id_and_a_moment() {
        assert_eq!(ClickId::new("  ", DateTime::UNIX_EPOCH), Err(UnusableReason::Empty));
        assert_eq!(ClickId::new("a\nb", DateTime::UNIX_EPOCH), Err(UnusableReason::NotAClickId));
        let before = DateTime::from_timestamp(-1, 0).ok_or(UnusableReason::Empty);
        assert_eq!(before.and_then(|before| ClickId::new("abc", before)), Err(UnusableReason::NotAClickId));
    }
}
