//! Free text, which is sent as it was written.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::id::identifier;
use super::{InvalidValue, ValueKind};

/// A free text, such as the name of a product, a search term or a label.
///
/// Invariants: no outer blanks, not empty, no control characters, at most [`MAX_BYTES`](Self::MAX_BYTES) bytes.
/// `Debug` shows only its length, because it may be a customer's text.
///
/// ```
/// use meta_offline_events::value::Text;
///
/// let brand: Text = " Example & Sons ".parse()?;
/// assert_eq!(brand.as_str(), "Example & Sons");
/// assert_eq!(format!("{brand:?}"), "Text(14 bytes)");
/// assert!("two\nlines".parse::<Text>().is_err());
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Box<str>);

impl Text {
    /// The maximum length in bytes. Meta publishes no limit; descriptions, referrers and receipts of real shops fit.
    pub const MAX_BYTES: usize = 8192;

    /// The text as it is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Text {
    type Err = InvalidValue;

    /// Trims outer blanks, and changes nothing else.
    ///
    /// # Errors
    ///
    /// [`Rule::Empty`](super::Rule::Empty), [`Rule::TooLong`](super::Rule::TooLong),
    /// [`Rule::ControlCharacter`](super::Rule::ControlCharacter).
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        identifier(ValueKind::Text, text, Self::MAX_BYTES).map(|text| Self(text.into()))
    }
}

impl From<Text> for Box<str> {
    fn from(text: Text) -> Self {
        text.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes)", self.0.len())
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}
