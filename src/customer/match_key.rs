//! The match keys: their names on the wire, and the way from a text to its normal form.

use std::fmt;

use super::clean::clean;
use super::{Context, Hashed, Unusable};

/// One kind of customer information that Meta compares with its accounts.
///
/// ```
/// use meta_offline_events::customer::{Context, MatchKey};
///
/// let name = MatchKey::FirstName.normalize(" Valéry ", &Context::default())?;
/// assert_eq!(name.text(), "valéry");
/// assert_eq!(
///     name.digest().unwrap().to_string(),
///     "08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c",
/// );
/// # Ok::<(), meta_offline_events::customer::Unusable>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum MatchKey {
    /// `em`: e-mail address.
    Email,
    /// `ph`: phone number with its country code.
    Phone,
    /// `fn`: first name.
    FirstName,
    /// `ln`: last name.
    LastName,
    /// `db`: date of birth.
    BirthDate,
    /// `ge`: gender, which Meta takes as `f` or `m`.
    Gender,
    /// `ct`: city.
    City,
    /// `st`: state or province.
    State,
    /// `zp`: postal code.
    PostalCode,
    /// `country`: country of residence.
    Country,
    /// `external_id`: the advertiser's own id of the customer.
    ExternalId,
    /// `madid`: advertising id of a phone (IDFA or Android advertising id), sent unhashed.
    MobileAdvertiserId,
    /// `client_ip_address`: address of the browser, sent unhashed.
    ClientIpAddress,
    /// `client_user_agent`: user agent of the browser, sent unhashed.
    ClientUserAgent,
}

impl MatchKey {
    /// Every key, in the order in which keys are sent.
    pub const ALL: [Self; 14] = [
        Self::Email,
        Self::Phone,
        Self::FirstName,
        Self::LastName,
        Self::BirthDate,
        Self::Gender,
        Self::City,
        Self::State,
        Self::PostalCode,
        Self::Country,
        Self::ExternalId,
        Self::MobileAdvertiserId,
        Self::ClientIpAddress,
        Self::ClientUserAgent,
    ];

    /// The name in Meta's `user_data`.
    pub fn wire_name(self) -> &'static str {
        match self {
            Self::Email => "em",
            Self::Phone => "ph",
            Self::FirstName => "fn",
            Self::LastName => "ln",
            Self::BirthDate => "db",
            Self::Gender => "ge",
            Self::City => "ct",
            Self::State => "st",
            Self::PostalCode => "zp",
            Self::Country => "country",
            Self::ExternalId => "external_id",
            Self::MobileAdvertiserId => "madid",
            Self::ClientIpAddress => "client_ip_address",
            Self::ClientUserAgent => "client_user_agent",
        }
    }

    /// The key of this exact wire name.
    pub fn from_wire_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.wire_name() == name)
    }

    /// Whether Meta wants digests under this key.
    pub fn is_hashed(self) -> bool {
        !matches!(self, Self::MobileAdvertiserId | Self::ClientIpAddress | Self::ClientUserAgent)
    }

    /// Whether this key takes several values, as an array. The others take one string.
    pub fn is_list(self) -> bool {
        self.is_hashed()
    }

    /// Brings a raw text into the normal form of this key.
    ///
    /// Any text is safe to pass. The normal form of a normal form is itself, and a text that is a
    /// SHA-256 digest already is taken as one (unless the context refuses that).
    ///
    /// The digest of the empty text passes here, as any digest does; [`UserData`](super::UserData)
    /// refuses it.
    ///
    /// # Errors
    ///
    /// The reason why the text cannot be used; see [`Unusable`].
    pub fn normalize(self, raw: &str, context: &Context) -> Result<Normalized, Unusable> {
        let mut text = String::new();
        let digest = match clean(self, raw, context, &mut text)? {
            Some(digest) => {
                text.push_str(digest.to_hex().as_str());
                Some(digest)
            }
            None => self.is_hashed().then(|| Hashed::of(&text)),
        };
        Ok(Normalized { text, digest })
    }
}

impl fmt::Display for MatchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.wire_name())
    }
}

/// A text in the normal form of its match key, and its digest.
///
/// `Debug` shows nothing of either.
#[derive(Clone, PartialEq, Eq)]
pub struct Normalized {
    text: String,
    digest: Option<Hashed>,
}

impl Normalized {
    /// The text to hash, or to send for a key that is not hashed. When the input was a digest
    /// already, this is the digest in lower case.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The digest to send: `None` for keys that are sent as text.
    pub fn digest(&self) -> Option<Hashed> {
        self.digest
    }
}

impl fmt::Debug for Normalized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Normalized(…)")
    }
}
