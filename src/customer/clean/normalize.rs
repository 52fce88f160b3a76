//! The normal form of a single text, for code that hashes or compares values by itself.

use std::fmt;

use super::{Cleaned, clean};
use crate::customer::{
    CleaningOptions, Hashed, MatchKey, MatchValue, OwnedValue, UnusableReason, ValueWarning,
};

impl MatchKey {
    /// Brings a raw text into the normal form of this key.
    ///
    /// ```
    /// use meta_offline_events::customer::{CleaningOptions, MatchKey, UnusableReason};
    ///
    /// let options = CleaningOptions::default();
    /// assert_eq!(MatchKey::City.normalize("New York", &options)?.text(), "newyork");
    /// assert_eq!(MatchKey::City.normalize("n/a", &options), Err(UnusableReason::Placeholder));
    /// # Ok::<(), UnusableReason>(())
    /// ```
    ///
    /// The text may be anything, and takes time linear in its length. The normal form of a normal form is
    /// itself, with two exceptions: if a calling country is set, the digits of a phone number may be completed
    /// again, and [stated words](CleaningOptions::gender_words) may give `f` and `m` another meaning. A SHA-256 digest is passed on, unless the options refuse it.
    ///
    /// Even the digest of an empty text is passed on here; [`UserData`](crate::customer::UserData) refuses it.
    ///
    /// # Errors
    ///
    /// [`UnusableReason`] says why the text cannot be used.
    pub fn normalize(self, raw: &str, options: &CleaningOptions) -> Result<Normalized, UnusableReason> {
        let mut text = String::new();
        let Cleaned { form, warning } = clean(self, raw, options, &mut text)?;
        let value = form.into_value(&text);
        match &value {
            OwnedValue::Hashed(digest) if text.is_empty() => text.push_str(digest.to_hex().as_str()),
            OwnedValue::HashedWithAppendix(forwarded) => text.push_str(forwarded.as_str()),
            _ => {}
        }
        Ok(Normalized { text, value, warning })
    }
}

/// A text in the normal form of its match key, with the value to send.
///
/// ```
/// use meta_offline_events::customer::{CleaningOptions, MatchKey, MatchValue};
///
/// let lead = MatchKey::LeadId.normalize(" 525645896321548 ", &CleaningOptions::default())?;
/// assert_eq!(lead.text(), "525645896321548");
/// assert_eq!(lead.value(), MatchValue::Number(525_645_896_321_548));
/// assert_eq!(lead.digest(), None);
/// # Ok::<(), meta_offline_events::customer::UnusableReason>(())
/// ```
///
/// `Debug` shows a placeholder.
#[derive(Clone, PartialEq, Eq)]
pub struct Normalized {
    text: String,
    value: OwnedValue,
    warning: Option<ValueWarning>,
}

impl Normalized {
    /// The normal form: the text that is hashed, or sent if the key is not hashed. For an input that was a digest
    /// already, this is the digest as it is sent.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The digest to send, or `None` for keys that are sent unhashed.
    pub fn digest(&self) -> Option<Hashed> {
        self.value().digest()
    }

    /// The value to send.
    pub fn value(&self) -> MatchValue<'_> {
        self.value.borrow()
    }

    /// What is doubtful about the value, if anything.
    pub fn warning(&self) -> Option<ValueWarning> {
        self.warning
    }
}

impl fmt::Debug for Normalized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Normalized(…)")
    }
}
