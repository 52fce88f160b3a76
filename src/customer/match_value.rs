//! One value of a match key: a digest, a text or a number.

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};

use super::{Hashed, HashedWithAppendix};

/// One value of a match key, as it is sent. It borrows from its customer.
///
/// ```
/// use meta_offline_events::customer::{Hashed, MatchKey, MatchValue, UserData};
///
/// let customer = UserData::builder().email("Mary@Example.com").client_ip_address("192.0.2.1").build()?;
/// let email = Hashed::of("mary@example.com");
/// assert!(customer.values(MatchKey::Email).eq([MatchValue::Hashed(&email)]));
/// assert!(customer.values(MatchKey::ClientIpAddress).eq([MatchValue::Plain("192.0.2.1")]));
/// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
/// ```
///
/// `Debug` shows a placeholder.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MatchValue<'a> {
    /// The digest of a value in its normal form.
    Hashed(&'a Hashed),
    /// A digest that Meta's parameter builder made.
    HashedWithAppendix(&'a HashedWithAppendix),
    /// A value that Meta wants as plain text.
    Plain(&'a str),
    /// A value that Meta wants as a number.
    Number(u64),
}

impl<'a> MatchValue<'a> {
    /// The digest, for hashed values.
    #[inline]
    pub fn digest(self) -> Option<Hashed> {
        match self {
            Self::Hashed(digest) => Some(*digest),
            Self::HashedWithAppendix(forwarded) => Some(forwarded.digest()),
            Self::Plain(_) | Self::Number(_) => None,
        }
    }

    /// The value as text: for a digest its hexadecimal digits, with the suffix if it has one.
    ///
    /// ```
    /// use meta_offline_events::customer::{MatchKey, UserData};
    ///
    /// let customer = UserData::builder().value(MatchKey::LeadId, "525645896321548").build()?;
    /// let texts: Vec<_> = customer.values(MatchKey::LeadId).map(|value| value.to_text()).collect();
    /// assert_eq!(texts, ["525645896321548"]);
    /// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
    /// ```
    pub fn to_text(self) -> Cow<'a, str> {
        match self {
            Self::Hashed(digest) => digest.to_string().into(),
            Self::HashedWithAppendix(forwarded) => forwarded.as_str().into(),
            Self::Plain(text) => text.into(),
            Self::Number(number) => number.to_string().into(),
        }
    }

    /// Whether both identify the same customer: the suffix of a digest says who made it, not whose it is.
    pub(crate) fn means(self, other: Self) -> bool {
        match (self.digest(), other.digest()) {
            (Some(one), Some(other)) => one == other,
            _ => self == other,
        }
    }

    pub(crate) fn to_owned(self) -> OwnedValue {
        match self {
            Self::Hashed(digest) => OwnedValue::Hashed(*digest),
            Self::HashedWithAppendix(forwarded) => OwnedValue::HashedWithAppendix(forwarded.clone()),
            Self::Plain(text) => OwnedValue::Plain(text.into()),
            Self::Number(number) => OwnedValue::Number(number),
        }
    }
}

/// A [`MatchValue`] by itself.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum OwnedValue {
    Hashed(Hashed),
    HashedWithAppendix(HashedWithAppendix),
    Plain(Box<str>),
    Number(u64),
}

impl OwnedValue {
    #[inline]
    pub(crate) fn borrow(&self) -> MatchValue<'_> {
        match self {
            Self::Hashed(digest) => MatchValue::Hashed(digest),
            Self::HashedWithAppendix(forwarded) => MatchValue::HashedWithAppendix(forwarded),
            Self::Plain(text) => MatchValue::Plain(text),
            Self::Number(number) => MatchValue::Number(*number),
        }
    }
}

impl fmt::Debug for OwnedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.borrow().fmt(f)
    }
}

impl Serialize for MatchValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Hashed(digest) => digest.serialize(serializer),
            Self::HashedWithAppendix(forwarded) => forwarded.serialize(serializer),
            Self::Plain(text) => serializer.serialize_str(text),
            Self::Number(number) => serializer.serialize_u64(*number),
        }
    }
}

impl fmt::Debug for MatchValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hashed(_) => "Hashed(…)",
            Self::HashedWithAppendix(_) => "HashedWithAppendix(…)",
            Self::Plain(_) => "Plain(…)",
            Self::Number(_) => "Number(…)",
        })
    }
}
