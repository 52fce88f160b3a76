//! What a value does not say itself but needs to be read rightly.

use super::MatchKey;
use super::key_set::KeySet;
use crate::value::{Country, DateOrder, EventTime};

/// What helps reading a value: the customer's country, today's date, the order of dates, and what the
/// advertiser has decided about digests, ids and phones.
///
/// ```
/// use meta_offline_events::customer::{CleaningOptions, MatchKey};
/// use meta_offline_events::value::Country;
///
/// let tbilisi = CleaningOptions::default().country("ge".parse()?);
/// let atlanta = CleaningOptions::default().country(Country::UNITED_STATES);
/// assert_eq!(MatchKey::State.normalize("Georgia", &tbilisi).unwrap().text(), "georgia");
/// assert_eq!(MatchKey::State.normalize("Georgia", &atlanta).unwrap().text(), "ga");
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct CleaningOptions {
    pub(super) country: Option<Country>,
    pub(super) as_of: Option<EventTime>,
    pub(super) date_order: Option<DateOrder>,
    pub(super) already_hashed: AlreadyHashed,
    pub(super) digests_only: KeySet,
    pub(super) external_ids: ExternalIdPolicy,
    #[cfg(feature = "phone")]
    pub(super) calling: CallingCountry,
}

/// Where the country code of a phone comes from that is written without one.
#[cfg(feature = "phone")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct CallingCountry {
    customers: bool,
    stated: Option<Country>,
}

impl CleaningOptions {
    /// The customer's country, which decides how states and postal codes are read.
    pub fn country(self, country: Country) -> Self {
        Self { country: Some(country), ..self }
    }

    /// Refuses birth dates after this day (in UTC). Without it, the end of the year 2100 counts.
    pub fn as_of(self, now: EventTime) -> Self {
        Self { as_of: Some(now), ..self }
    }

    /// How birth dates such as `03/04/1980` are to be read; without it those are refused.
    pub fn date_order(self, order: DateOrder) -> Self {
        Self { date_order: Some(order), ..self }
    }

    /// What to do with a text that is a SHA-256 digest already.
    pub fn already_hashed(self, rule: AlreadyHashed) -> Self {
        Self { already_hashed: rule, ..self }
    }

    /// Takes only SHA-256 digests under this key, and refuses everything else with
    /// [`UnusableReason::NotSha256`](super::UnusableReason::NotSha256): for a column that was hashed elsewhere. It says
    /// nothing about a key that is sent unhashed.
    ///
    /// ```
    /// use meta_offline_events::customer::{CleaningOptions, Hashed, MatchKey, UnusableReason};
    ///
    /// let hashed = CleaningOptions::default().digests_only(MatchKey::Email);
    /// let refused = MatchKey::Email.normalize("mary@example.com", &hashed);
    /// assert_eq!(refused.unwrap_err(), UnusableReason::NotSha256);
    /// assert!(MatchKey::Email.normalize(&Hashed::of("mary@example.com").to_string(), &hashed).is_ok());
    /// ```
    pub fn digests_only(self, key: MatchKey) -> Self {
        Self { digests_only: self.digests_only.with(key), ..self }
    }

    /// How the advertiser's own ids of customers are sent.
    pub fn external_ids(self, policy: ExternalIdPolicy) -> Self {
        Self { external_ids: policy, ..self }
    }

    /// Completes phones that are written without a country code with the code of this country.
    ///
    /// ```
    /// use meta_offline_events::customer::{CleaningOptions, MatchKey};
    /// use meta_offline_events::value::Country;
    ///
    /// let british = CleaningOptions::default().calling_country(Country::UNITED_KINGDOM);
    /// assert_eq!(MatchKey::Phone.normalize("020 7946 0958 ext. 5", &british)?.text(), "442079460958");
    /// # Ok::<(), meta_offline_events::customer::UnusableReason>(())
    /// ```
    #[cfg(feature = "phone")]
    pub fn calling_country(mut self, country: Country) -> Self {
        self.calling.stated = Some(country);
        self
    }

    /// Completes phones that are written without a country code with the code of the customer's own
    /// [`country`](Self::country), before that of [`calling_country`](Self::calling_country).
    ///
    /// Whether customers write the phone of the country they live in, only the advertiser can know.
    #[cfg(feature = "phone")]
    pub fn calling_country_of_customer(mut self) -> Self {
        self.calling.customers = true;
        self
    }

    /// The country whose code a national phone number gets.
    #[cfg(feature = "phone")]
    pub(super) fn phone_country(&self) -> Option<Country> {
        self.country.filter(|_| self.calling.customers).or(self.calling.stated)
    }

    /// With this order of dates, unless one is stated already.
    pub(crate) fn date_order_unless_stated(self, order: Option<DateOrder>) -> Self {
        Self { date_order: self.date_order.or(order), ..self }
    }

    /// The same for every day.
    pub(super) fn undated(self) -> Self {
        Self { as_of: None, ..self }
    }
}

/// What to do with a text of 64 hexadecimal digits in a key that is hashed, alone or with the suffix of
/// Meta's parameter builder.
///
/// ```
/// use meta_offline_events::customer::{AlreadyHashed, CleaningOptions, Hashed, MatchKey, UnusableReason};
///
/// let digest = Hashed::of("mary@example.com");
/// let hex = digest.to_string().to_uppercase();
/// assert_eq!(MatchKey::Email.normalize(&hex, &CleaningOptions::default())?.digest(), Some(digest));
/// let plain_only = CleaningOptions::default().already_hashed(AlreadyHashed::Refuse);
/// assert_eq!(MatchKey::Email.normalize(&hex, &plain_only).unwrap_err(), UnusableReason::AlreadyHashed);
/// # Ok::<(), UnusableReason>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum AlreadyHashed {
    /// It is a digest: pass it on in lower case, its suffix to the letter, and do not hash it again.
    #[default]
    Accept,
    /// Refuse it with [`UnusableReason::AlreadyHashed`](super::UnusableReason::AlreadyHashed).
    Refuse,
}

/// How the advertiser's own ids of customers are sent.
///
/// Meta compares what comes through the pixel, the Conversions API and uploads, so the choice has to be
/// the same on every channel and **must never change for a dataset**. Meta recommends hashing and does
/// not say whether a plain id and its digest are one.
///
/// ```
/// use meta_offline_events::customer::{CleaningOptions, ExternalIdPolicy, Hashed, MatchKey};
///
/// let sent = |policy| MatchKey::ExternalId.normalize(" Ab 12 ", &CleaningOptions::default().external_ids(policy));
/// assert_eq!(sent(ExternalIdPolicy::Normalized)?.digest(), Some(Hashed::of("ab12")));
/// assert_eq!(sent(ExternalIdPolicy::Exact)?.digest(), Some(Hashed::of("Ab 12")));
/// assert_eq!(sent(ExternalIdPolicy::Plain)?.digest(), None);
/// # Ok::<(), meta_offline_events::customer::UnusableReason>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExternalIdPolicy {
    /// Without blanks, in lower case, hashed: what Meta's parameter builder and its newest SDK do.
    #[default]
    Normalized,
    /// Trimmed and hashed, for ids in which case or inner blanks count.
    Exact,
    /// Trimmed and sent unhashed, for advertisers whose pixel or earlier uploads do so. Such ids should
    /// say nothing about a person.
    Plain,
}
