//! One text brought into the normal form of its key, for those who hash or compare by themselves.

use std::fmt;

use super::{Cleaned, clean};
use crate::customer::{CleaningOptions, Hashed, MatchKey, MatchValue, UnusableReason, ValueWarning};

impl MatchKey {
    /// Brings a raw text into the normal form of this key.
    ///
    /// Any text is safe to pass, and is read in time linear in its length. The normal form of a normal
    /// form is itself, and a text that is a SHA-256 digest already is taken as one (unless the options
    /// refuses that). Where a calling country is stated, the digits of a phone are read anew each time.
    ///
    /// The digest of the empty text passes here, as any digest does; [`UserData`](crate::customer::UserData)
    /// refuses it.
    ///
    /// # Errors
    ///
    /// The reason why the text cannot be used; see [`UnusableReason`].
    pub fn normalize(self, raw: &str, options: &CleaningOptions) -> Result<Normalized, UnusableReason> {
        let mut text = String::new();
        let Cleaned { form, warning } = clean(self, raw, options, &mut text)?;
        let value = form.into_value(&text);
        match &value {
            MatchValue::Hashed(digest) if text.is_empty() => text.push_str(digest.to_hex().as_str()),
            MatchValue::HashedWithAppendix(forwarded) => text.push_str(forwarded.as_str()),
            _ => {}
        }
        Ok(Normalized { text, value, warning })
    }
}

/// A text in the normal form of its match key, and what is sent of it.
///
/// `Debug` shows nothing of either.
///
/// ```
/// use meta_offline_events::customer::{CleaningOptions, MatchKey, MatchValue};
///
/// let lead = MatchKey::LeadId.normalize(" 525645896321548 ", &CleaningOptions::default())?;
/// assert_eq!(lead.text(), "525645896321548");
/// assert_eq!(lead.value(), &MatchValue::Number(525_645_896_321_548));
/// assert_eq!(lead.digest(), None);
/// # Ok::<(), meta_offline_events::customer::UnusableReason>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Normalized {
    text: String,
    value: MatchValue,
    warning: Option<ValueWarning>,
}

impl Normalized {
    /// The text to hash, or to send for a key that is not hashed. When the input was a digest
    /// already, this is the digest as it is sent.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The digest to send: `None` for keys that are sent as text.
    pub fn digest(&self) -> Option<Hashed> {
        self.value.digest()
    }

    /// What is sent.
    pub fn value(&self) -> &MatchValue {
        &self.value
    }

    /// What is worth knowing about the value, though it can be used.
    pub fn warning(&self) -> Option<ValueWarning> {
        self.warning
    }
}

impl fmt::Debug for Normalized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Normalized(…)")
    }
}
