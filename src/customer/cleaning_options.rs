//! Options that control how values are cleaned.

use serde::{Deserialize, Serialize};

use super::key_set::KeySet;
use super::{GenderWords, MatchKey};
use crate::value::{Country, DateOrder, EventTime};

/// Options that control how values are cleaned: the customer's country, the date order, and what the advertiser
/// has decided about digests, ids and phone numbers.
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
    pub(super) gender_words: Option<GenderWords>,
    #[cfg(feature = "phone")]
    pub(super) calling: CallingCountry,
}

/// Where the country code of a national phone number comes from.
#[cfg(feature = "phone")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct CallingCountry {
    pub(super) customers: bool,
    pub(super) stated: Option<Country>,
}

impl CleaningOptions {
    /// Sets the customer's country, which decides how states and postal codes are read.
    ///
    /// ```
    /// use meta_offline_events::customer::{CleaningOptions, MatchKey};
    /// use meta_offline_events::value::Country;
    ///
    /// let american = CleaningOptions::default().country(Country::UNITED_STATES);
    /// assert_eq!(MatchKey::PostalCode.normalize("02138-1234", &american)?.text(), "02138");
    /// # Ok::<(), meta_offline_events::customer::UnusableReason>(())
    /// ```
    pub fn country(self, country: Country) -> Self {
        Self { country: Some(country), ..self }
    }

    /// Refuses birth dates after this day, in UTC. By default, those after the year 2100 are refused.
    ///
    /// ```
    /// use meta_offline_events::customer::{CleaningOptions, MatchKey, UnusableReason};
    /// use meta_offline_events::value::EventTime;
    ///
    /// let at_the_sale = CleaningOptions::default().as_of(EventTime::from_unix(1_767_225_600)?);
    /// let refused = MatchKey::BirthDate.normalize("2026-01-02", &at_the_sale);
    /// assert_eq!(refused, Err(UnusableReason::DateOutOfRange));
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    pub fn as_of(self, now: EventTime) -> Self {
        Self { as_of: Some(now), ..self }
    }

    /// Sets how birth dates such as `03/04/1980` are read. By default they are refused.
    ///
    /// ```
    /// use meta_offline_events::customer::{CleaningOptions, MatchKey};
    /// use meta_offline_events::value::DateOrder;
    ///
    /// let day_first = CleaningOptions::default().date_order(DateOrder::DayFirst);
    /// assert_eq!(MatchKey::BirthDate.normalize("03/04/1980", &day_first)?.text(), "19800403");
    /// # Ok::<(), meta_offline_events::customer::UnusableReason>(())
    /// ```
    pub fn date_order(self, order: DateOrder) -> Self {
        Self { date_order: Some(order), ..self }
    }

    /// Sets whether texts that are SHA-256 digests already are accepted; by default they are.
    ///
    /// ```
    /// use meta_offline_events::customer::{AlreadyHashed, CleaningOptions, Hashed, MatchKey, UnusableReason};
    ///
    /// let plain_only = CleaningOptions::default().already_hashed(AlreadyHashed::Refuse);
    /// let refused = MatchKey::Email.normalize(&Hashed::of("mary@example.com").to_string(), &plain_only);
    /// assert_eq!(refused, Err(UnusableReason::AlreadyHashed));
    /// ```
    pub fn already_hashed(self, rule: AlreadyHashed) -> Self {
        Self { already_hashed: rule, ..self }
    }

    /// Accepts only SHA-256 digests under this key, for a column that was hashed elsewhere.
    ///
    /// ```
    /// use meta_offline_events::customer::{CleaningOptions, Hashed, MatchKey, UnusableReason};
    ///
    /// let hashed = CleaningOptions::default().digests_only(MatchKey::Email);
    /// let refused = MatchKey::Email.normalize("mary@example.com", &hashed);
    /// assert_eq!(refused.unwrap_err(), UnusableReason::NotSha256);
    /// assert!(MatchKey::Email.normalize(&Hashed::of("mary@example.com").to_string(), &hashed).is_ok());
    /// ```
    ///
    /// Any other text is refused with [`UnusableReason::NotSha256`](super::UnusableReason::NotSha256). Keys that
    /// are sent unhashed are not affected.
    pub fn digests_only(self, key: MatchKey) -> Self {
        Self { digests_only: self.digests_only.with(key), ..self }
    }

    /// Sets how the advertiser's own ids of customers are sent.
    ///
    /// ```
    /// use meta_offline_events::customer::{CleaningOptions, ExternalIdPolicy, MatchKey, MatchValue};
    ///
    /// let plain = CleaningOptions::default().external_ids(ExternalIdPolicy::Plain);
    /// let id = MatchKey::ExternalId.normalize("C-42", &plain)?;
    /// assert_eq!(id.value(), MatchValue::Plain("C-42"));
    /// # Ok::<(), meta_offline_events::customer::UnusableReason>(())
    /// ```
    pub fn external_ids(self, policy: ExternalIdPolicy) -> Self {
        Self { external_ids: policy, ..self }
    }

    /// Sets the words that the export has for female and male, beside the usual ones. They come first: if `M` is
    /// female here, it is not male.
    ///
    /// ```
    /// use meta_offline_events::customer::{CleaningOptions, GenderWords, MatchKey};
    ///
    /// let polish = CleaningOptions::default().gender_words(GenderWords::female_male("K", "M")?);
    /// assert_eq!(MatchKey::Gender.normalize("K", &polish).unwrap().text(), "f");
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    pub fn gender_words(self, words: GenderWords) -> Self {
        Self { gender_words: Some(words), ..self }
    }

    /// Completes national phone numbers with the country code of this country.
    ///
    /// ```
    /// use meta_offline_events::customer::{CleaningOptions, MatchKey};
    /// use meta_offline_events::value::Country;
    ///
    /// let british = CleaningOptions::default().calling_country(Country::UNITED_KINGDOM);
    /// assert_eq!(MatchKey::Phone.normalize("020 7946 0958 ext. 5", &british)?.text(), "442079460958");
    /// # Ok::<(), meta_offline_events::customer::UnusableReason>(())
    /// ```
    ///
    /// A number without `+` or `00` is read by the country's numbering plan. If it is a national number there, it
    /// is completed with [`CountryCodeAdded`](super::ValueWarning::CountryCodeAdded) or, if it could also be a full
    /// number, [`ReadAsNational`](super::ValueWarning::ReadAsNational). The
    /// [guide](crate::guide::cleaning#phone-numbers-of-a-calling-country) has the whole rule.
    #[cfg(feature = "phone")]
    pub fn calling_country(mut self, country: Country) -> Self {
        self.calling.stated = Some(country);
        self
    }

    /// Completes national phone numbers with the country code of the customer's own
    /// [`country`](Self::country), or else with that of the [`calling_country`](Self::calling_country).
    ///
    /// ```
    /// use meta_offline_events::customer::{CleaningOptions, MatchKey};
    ///
    /// let german = CleaningOptions::default().country("de".parse()?).calling_country_of_customer();
    /// assert_eq!(MatchKey::Phone.normalize("0171 1234567", &german).unwrap().text(), "491711234567");
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    ///
    /// Set this only if customers give phone numbers of the country they live in.
    #[cfg(feature = "phone")]
    pub fn calling_country_of_customer(mut self) -> Self {
        self.calling.customers = true;
        self
    }

    /// The country whose code completes a national phone number.
    #[cfg(feature = "phone")]
    pub(super) fn phone_country(&self) -> Option<Country> {
        self.country.filter(|_| self.calling.customers).or(self.calling.stated)
    }

    /// Sets the date order, unless there is one already.
    pub(crate) fn date_order_unless_stated(self, order: Option<DateOrder>) -> Self {
        Self { date_order: self.date_order.or(order), ..self }
    }

    /// The same options without a day.
    pub(super) fn undated(self) -> Self {
        Self { as_of: None, ..self }
    }
}

/// Whether a hashed key accepts a text that is a SHA-256 digest already.
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
///
/// A digest is a text of 64 hexadecimal digits, alone or with the [suffix](super::HashedWithAppendix) of Meta's
/// parameter builder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlreadyHashed {
    /// Sends the digest in lower case, with its suffix unchanged, and does not hash it again.
    #[default]
    Accept,
    /// Refuses the digest with [`UnusableReason::AlreadyHashed`](super::UnusableReason::AlreadyHashed).
    Refuse,
}

/// How the advertiser's own ids of customers are sent.
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
///
/// Meta compares the ids from the pixel, the Conversions API and uploads. So use the same policy on every
/// channel, and **never change it for a dataset**. Meta recommends hashing, and does not say whether a plain
/// id matches its digest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ExternalIdPolicy {
    /// Hashed without blanks and in lower case, as Meta's parameter builder and its newest SDK do.
    #[default]
    Normalized,
    /// Trimmed and hashed, for ids in which case or inner blanks matter.
    Exact,
    /// Trimmed and sent unhashed, for advertisers whose pixel or earlier uploads do so. Such ids should not
    /// reveal anything about a person.
    Plain,
}
