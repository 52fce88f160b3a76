//! The error of a customer with unusable texts: each text with its reason, and the values that can be used.

use std::fmt;

use super::{MatchKey, UnusableReason, UserData};

/// A text that cannot be used as a match key, with the reason; see [`InvalidUserData::unusable`].
///
/// ```
/// use meta_offline_events::customer::{MatchKey, UnusableReason, UserData};
///
/// let invalid = UserData::builder().email("mary@example.com").email("mary").build().unwrap_err();
/// let unusable = invalid.unusable()[0];
/// assert_eq!((unusable.key(), unusable.index()), (MatchKey::Email, 1));
/// assert_eq!(unusable.reason(), UnusableReason::NotAnEmail);
/// assert!(unusable.to_string().starts_with("e-mail (em, value 2) is not an e-mail address"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UnusableKey {
    pub(super) key: MatchKey,
    pub(super) index: usize,
    pub(super) reason: UnusableReason,
}

impl UnusableKey {
    /// The key of the text.
    pub fn key(self) -> MatchKey {
        self.key
    }

    /// The position of the text among those of its key, from 0; blank ones count.
    pub fn index(self) -> usize {
        self.index
    }

    /// Why the text cannot be used.
    pub fn reason(self) -> UnusableReason {
        self.reason
    }
}

impl fmt::Display for UnusableKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, value) = (self.key, self.index + 1);
        match (words(key), value) {
            (Some(words), 1) => write!(f, "{words} ({key}) {}", self.reason),
            (Some(words), _) => write!(f, "{words} ({key}, value {value}) {}", self.reason),
            (None, 1) => write!(f, "{key} {}", self.reason),
            (None, _) => write!(f, "{key} (value {value}) {}", self.reason),
        }
    }
}

/// What a key is called, if Meta's name for it is short.
fn words(key: MatchKey) -> Option<&'static str> {
    Some(match key {
        MatchKey::Email => "e-mail",
        MatchKey::Phone => "phone",
        MatchKey::FirstName => "first name",
        MatchKey::LastName => "last name",
        MatchKey::BirthDate => "date of birth",
        MatchKey::Gender => "gender",
        MatchKey::City => "city",
        MatchKey::State => "state",
        MatchKey::PostalCode => "postal code",
        MatchKey::MobileAdvertiserId => "mobile advertiser id",
        MatchKey::Click => "click id",
        MatchKey::Browser => "browser id",
        MatchKey::FirstInitial => "first initial",
        MatchKey::BirthDay => "day of birth",
        MatchKey::BirthMonth => "month of birth",
        MatchKey::BirthYear => "year of birth",
        _ => return None,
    })
}

/// The error of a customer some of whose texts cannot be used; it keeps the usable values.
///
/// ```
/// use meta_offline_events::customer::{MatchKey, UserData};
///
/// let invalid = UserData::builder().email("mary@example.com").phone("ask her").build().unwrap_err();
/// assert_eq!(
///     invalid.to_string(),
///     "some customer data cannot be used: phone (ph) contains no phone number: write its digits with the country code",
/// );
/// assert!(invalid.into_usable().has(MatchKey::Email));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidUserData {
    pub(super) unusable: Vec<UnusableKey>,
    pub(super) usable: UserData,
}

impl InvalidUserData {
    /// Every text that cannot be used, in the order given. There is at least one.
    pub fn unusable(&self) -> &[UnusableKey] {
        &self.unusable
    }

    /// The usable values; there may be none.
    ///
    /// ```
    /// use meta_offline_events::customer::{InvalidUserData, MatchKey, UserData};
    ///
    /// let built = UserData::builder().email("mary@example.com").gender("x").build();
    /// let customer = built.unwrap_or_else(InvalidUserData::into_usable);
    /// assert!(customer.keys().eq([MatchKey::Email]));
    /// ```
    pub fn into_usable(self) -> UserData {
        self.usable
    }

    /// The usable values, and every text that cannot be used.
    ///
    /// ```
    /// use meta_offline_events::customer::{MatchKey, UserData};
    ///
    /// let invalid = UserData::builder().email("mary@example.com").gender("x").build().unwrap_err();
    /// let (usable, unusable) = invalid.into_parts();
    /// assert!(usable.has(MatchKey::Email));
    /// assert_eq!(unusable[0].key(), MatchKey::Gender);
    /// ```
    pub fn into_parts(self) -> (UserData, Vec<UnusableKey>) {
        (self.usable, self.unusable)
    }
}

impl fmt::Display for InvalidUserData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("some customer data cannot be used: ")?;
        for (position, unusable) in self.unusable.iter().enumerate() {
            if position > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{unusable}")?;
        }
        Ok(())
    }
}

impl std::error::Error for InvalidUserData {}
