//! What is worth knowing about a value that is usable: the warning, never the text.

/// What is worth knowing about one usable value of a customer.
///
/// The value is sent all the same. [`code`](ValueWarning::code) is stable and fit for machines; `Display`
/// says what to do.
///
/// ```
/// use meta_offline_events::customer::{CleaningOptions, MatchKey, ValueWarning};
///
/// let phone = MatchKey::Phone.normalize("650 555 1212", &CleaningOptions::default())?;
/// assert_eq!(phone.text(), "6505551212");
/// assert_eq!(phone.warning(), Some(ValueWarning::NoCountryCode));
/// # Ok::<(), meta_offline_events::customer::UnusableReason>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ValueWarning {
    /// It came as a SHA-256 digest.
    #[error("came as a SHA-256 digest and is passed on: whether its text was cleaned cannot be seen")]
    AlreadyHashed,
    /// A phone number without `+` or `00` before it.
    #[error("is written without + or 00 and sent as it stands: without its country code it finds nobody")]
    NoCountryCode,
    /// A phone number that got the country code of a stated country.
    #[error("got the country code of the stated country")]
    CountryCodeAdded,
    /// A value that people or programs enter where they have none, such as `test@test.com`.
    #[error("looks made up: where many customers share it, leave it empty")]
    MadeUp,
    /// A US ZIP code of fewer than five digits, or one that may be.
    #[error("has fewer than five digits: if it is a ZIP code, the export has dropped its leading zeros")]
    ShortZip,
    /// An address that is not routed on the internet.
    #[error("is a private address: it says nothing about the customer's place on the internet")]
    PrivateAddress,
}

impl ValueWarning {
    /// A stable name for machines, in snake case.
    pub fn code(self) -> &'static str {
        match self {
            Self::AlreadyHashed => "already_hashed",
            Self::NoCountryCode => "no_country_code",
            Self::CountryCodeAdded => "country_code_added",
            Self::MadeUp => "made_up",
            Self::ShortZip => "short_zip",
            Self::PrivateAddress => "private_address",
        }
    }
}
