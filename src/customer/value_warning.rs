//! What is questionable about a usable value: the warning, never the text.

/// A warning about a value that is sent nevertheless.
///
/// [`code`](ValueWarning::code) is stable, for programs; `Display` says what is questionable and what to do.
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
    /// The value was a SHA-256 digest already.
    #[error("was hashed already and is sent as given: make sure that its text was cleaned before")]
    AlreadyHashed,
    /// The phone number has neither `+` nor `00` before it, so its country code may be missing.
    #[error("has no + or 00 and is sent as written: numbers without a country code will not match")]
    NoCountryCode,
    /// The phone number was completed with a country code from the options.
    #[error("was completed with the country code from the options")]
    CountryCodeAdded,
    /// The phone number was completed like [`CountryCodeAdded`](Self::CountryCodeAdded), but its digits could also
    /// be a full number without its `+`.
    #[error(
        "was read as a national number and completed with the country code from the options, but could be a full \
         number without +: write full numbers with +"
    )]
    ReadAsNational,
    /// People and programs enter such values where they have none, for example `test@test.com`.
    #[error("looks made up: if many customers share it, leave it empty")]
    MadeUp,
    /// The postal code is, or may be, a US ZIP code with fewer than five digits.
    #[error("has fewer than five digits: if it is a US ZIP code, restore its leading zeros")]
    ShortZip,
    /// The IP address belongs to a private network or to the machine itself.
    #[error("is a private IP address, which matches nobody: send the customer's public address")]
    PrivateAddress,
}

impl ValueWarning {
    #[cfg(feature = "html")]
    const ALL: [Self; 7] = [
        Self::AlreadyHashed,
        Self::NoCountryCode,
        Self::CountryCodeAdded,
        Self::ReadAsNational,
        Self::MadeUp,
        Self::ShortZip,
        Self::PrivateAddress,
    ];

    /// The warning with this name.
    #[cfg(feature = "html")]
    pub(crate) fn with_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|warning| warning.code() == code)
    }

    /// The stable name of this warning in reports, in snake case.
    pub fn code(self) -> &'static str {
        match self {
            Self::AlreadyHashed => "already_hashed",
            Self::NoCountryCode => "no_country_code",
            Self::CountryCodeAdded => "country_code_added",
            Self::ReadAsNational => "read_as_national",
            Self::MadeUp => "made_up",
            Self::ShortZip => "short_zip",
            Self::PrivateAddress => "private_address",
        }
    }
}
