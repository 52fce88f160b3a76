//! Digests from Meta's parameter builder, with the suffix that it appends.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::{Hashed, NotSha256};

/// A SHA-256 digest with the suffix that Meta's parameter builder appends.
///
/// ```
/// use meta_offline_events::customer::{Hashed, HashedWithAppendix};
///
/// let sent = format!("{}.AQQCAQAB", Hashed::of("mary@example.com"));
/// let value: HashedWithAppendix = sent.parse()?;
/// assert_eq!(value.as_str(), sent);
/// assert_eq!(value.digest(), Hashed::of("mary@example.com"));
/// # Ok::<(), meta_offline_events::customer::NotSha256>(())
/// ```
///
/// The suffix is a dot and eight characters (two in older versions) that name the builder's language and
/// version. The crate sends the suffix exactly as given, because its case matters, and the digits in lower
/// case. It adds no suffix to its own digests. `Debug` shows a placeholder.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct HashedWithAppendix(Box<Parts>);

#[derive(Clone, PartialEq, Eq, Hash)]
struct Parts {
    digest: Hashed,
    text: Box<str>,
}

impl HashedWithAppendix {
    /// The digits, the dot and the suffix.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// The digest alone.
    pub fn digest(&self) -> Hashed {
        self.0.digest
    }
}

impl FromStr for HashedWithAppendix {
    type Err = NotSha256;

    /// Parses a digest with its suffix.
    ///
    /// # Errors
    ///
    /// [`NotSha256`] for anything else, including a digest without a suffix.
    fn from_str(text: &str) -> Result<Self, NotSha256> {
        match split(text) {
            Some((digest, suffix)) if !suffix.is_empty() => {
                let text = format!("{digest}{suffix}").into();
                Ok(Self(Box::new(Parts { digest, text })))
            }
            _ => Err(NotSha256),
        }
    }
}

impl fmt::Display for HashedWithAppendix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for HashedWithAppendix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashedWithAppendix(…)")
    }
}

impl Serialize for HashedWithAppendix {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A digest and its suffix, which may be empty.
pub(super) fn split(text: &str) -> Option<(Hashed, &str)> {
    let (hex, suffix) = text.split_at_checked(Hashed::HEX_DIGITS)?;
    let digest = Hashed::from_hex(hex).ok()?;
    (suffix.is_empty() || is_appendix(suffix)).then_some((digest, suffix))
}

/// The value before its suffix, for the values that the parameter builder does not hash.
pub(super) fn without(text: &str) -> Option<(&str, &str)> {
    let (value, suffix) = text.split_at(text.rfind('.')?);
    is_appendix(suffix).then_some((value, suffix))
}

/// A dot, then two or eight characters of URL-safe base64.
fn is_appendix(suffix: &str) -> bool {
    let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    suffix.strip_prefix('.').is_some_and(|rest| matches!(rest.len(), 2 | 8) && rest.bytes().all(is_base64url))
}
