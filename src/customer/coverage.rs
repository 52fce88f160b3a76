//! Coverage: which match keys a set of customers has, counted before sending, so that a poor export is noticed
//! before it costs matches.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use foldhash::quality::RandomState;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::frequent::Frequent;
use super::key_set::KeySet;
use super::user_data::is_too_broad;
use super::{MatchKey, MatchValue, UserData, ValueWarning};

/// Counts how many customers have each match key, alone and together, and how many values are questionable.
///
/// ```
/// use meta_offline_events::customer::{Coverage, MatchKey, UserData};
///
/// let customers = [
///     UserData::builder().email("mary@example.com").phone("650 555 1212").build()?,
///     UserData::builder().email("john@example.com").country("us").build()?,
///     UserData::builder().country("us").build()?,
/// ];
/// let coverage: Coverage = customers.iter().collect();
/// assert_eq!(coverage.count_with(MatchKey::Email), 2);
/// assert_eq!(coverage.phones_without_country_code(), 1);
/// let refused = coverage.combinations().into_iter().filter(|combination| !combination.is_valid());
/// assert_eq!(refused.map(|combination| combination.customers()).sum::<u64>(), 1);
///
/// // An application may refuse to send an export with too few e-mail addresses.
/// assert!(coverage.share(MatchKey::Email) > 0.6);
/// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
/// ```
///
/// # Event match quality
///
/// Meta finds the account behind an event by its match keys: which of them customers have is what *event match
/// quality* is about. Meta reports event match quality for web events only, and a dataset quality score for
/// offline events, both after the upload. `Coverage` counts the match keys before anything is sent.
///
/// # Accuracy
///
/// Each [`UserData`] counts as one customer, so two events of one person count twice. `Coverage` shows
/// counts, never a value. Its memory is bounded: it counts [shared values](Self::shared_values) exactly among up to
/// 7,168 different e-mail addresses and as many phone numbers. With more of them, a count may be too low by one for
/// every 7,000 customers; it is never too high.
#[derive(Debug, Clone)]
pub struct Coverage {
    customers: u64,
    /// The keys of the last customer, and how many customers in a row have the same.
    alike: (KeySet, u64),
    /// The others.
    combinations: HashMap<KeySet, u64, RandomState>,
    /// How many values of each key come after a customer's first.
    further: [u64; MatchKey::ALL.len()],
    warnings: BTreeMap<(MatchKey, ValueWarning), u64>,
    emails: Frequent,
    phones: Frequent,
}

impl Default for Coverage {
    fn default() -> Self {
        Self {
            customers: 0,
            alike: (KeySet::default(), 0),
            combinations: HashMap::default(),
            further: [0; MatchKey::ALL.len()],
            warnings: BTreeMap::new(),
            emails: Frequent::default(),
            phones: Frequent::default(),
        }
    }
}

impl Coverage {
    /// Adds one customer.
    ///
    /// ```
    /// use meta_offline_events::customer::{Coverage, UserData};
    ///
    /// let mut coverage = Coverage::default();
    /// coverage.add(&UserData::builder().email("mary@example.com").build()?);
    /// assert_eq!(coverage.customers(), 1);
    /// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
    /// ```
    pub fn add(&mut self, customer: &UserData) {
        let mut keys = KeySet::default();
        for (key, warning) in customer.keys_with_warnings() {
            keys = keys.with(key);
            if let Some(warning) = warning {
                self.add_warning(key, warning);
            }
        }
        self.add_keys(keys);
        if keys.len() < customer.len() {
            keys.keys().for_each(|key| self.further[key as usize] += customer.values(key).len() as u64 - 1);
        }
        // Both come before all other keys.
        for (key, value) in customer.entries().take_while(|(key, _)| *key <= MatchKey::Phone) {
            let values = if key == MatchKey::Email { &mut self.emails } else { &mut self.phones };
            if let Some(digest) = value.digest() {
                values.add(digest);
            }
        }
    }

    fn add_keys(&mut self, keys: KeySet) {
        self.customers += 1;
        if self.alike.0 != keys {
            let (before, count) = std::mem::replace(&mut self.alike, (keys, 0));
            *self.combinations.entry(before).or_default() += count;
        }
        self.alike.1 += 1;
    }

    fn add_warning(&mut self, key: MatchKey, warning: ValueWarning) {
        *self.warnings.entry((key, warning)).or_default() += 1;
    }

    /// The number of customers.
    pub fn customers(&self) -> u64 {
        self.customers
    }

    /// The number of customers who have this key.
    pub fn count_with(&self, key: MatchKey) -> u64 {
        self.all_combinations().filter(|(keys, _)| keys.contains(key)).map(|(_, count)| count).sum()
    }

    /// The number of values of this key, over all customers.
    pub fn values(&self, key: MatchKey) -> u64 {
        self.count_with(key) + self.further[key as usize]
    }

    /// The share of customers who have this key, from 0 to 1; 0 if there are no customers.
    pub fn share(&self, key: MatchKey) -> f64 {
        share(self.count_with(key), self.customers)
    }

    /// The number of customers whom Meta would refuse without this key: what is left would fit too many people.
    ///
    /// ```
    /// use meta_offline_events::customer::{Coverage, MatchKey, UserData};
    ///
    /// let mary = UserData::builder().email("mary@example.com").country("us").build()?;
    /// let john = UserData::builder().email("john@example.com").phone("+1 650 555 1212").build()?;
    /// let coverage = Coverage::from_iter([&mary, &john]);
    /// assert_eq!(coverage.count_relying_on(MatchKey::Email), 1, "Mary: many people live in the US");
    /// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
    /// ```
    pub fn count_relying_on(&self, key: MatchKey) -> u64 {
        let relying =
            |keys: &KeySet| keys.contains(key) && !is_too_broad(*keys) && is_too_broad(keys.without(key));
        self.all_combinations().filter(|(keys, _)| relying(keys)).map(|(_, count)| count).sum()
    }

    /// The number of values of this key with this warning.
    ///
    /// ```
    /// use meta_offline_events::customer::{Coverage, MatchKey, UserData, ValueWarning};
    ///
    /// let customer = UserData::builder().email("test@test.com").build()?;
    /// let coverage = Coverage::from_iter([&customer]);
    /// assert_eq!(coverage.count_with_warning(MatchKey::Email, ValueWarning::MadeUp), 1);
    /// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
    /// ```
    pub fn count_with_warning(&self, key: MatchKey, warning: ValueWarning) -> u64 {
        self.warnings.get(&(key, warning)).copied().unwrap_or_default()
    }

    /// The number of phone numbers written without `+` or `00` that were not completed. Numbers without a country
    /// code will not match.
    pub fn phones_without_country_code(&self) -> u64 {
        self.count_with_warning(MatchKey::Phone, ValueWarning::NoCountryCode)
    }

    /// The sets of keys that customers have, the most frequent first.
    ///
    /// ```
    /// use meta_offline_events::customer::{Coverage, MatchKey, UserData};
    ///
    /// let named = UserData::builder().first_name("Mary").last_name("Smith").build()?;
    /// let reachable = UserData::builder().email("mary@example.com").build()?;
    /// let coverage = Coverage::from_iter([&named, &reachable, &reachable]);
    /// let most = coverage.combinations()[0];
    /// assert!(most.keys().eq([MatchKey::Email]));
    /// assert_eq!(most.customers(), 2);
    /// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
    /// ```
    pub fn combinations(&self) -> Vec<Combination> {
        let mut counts = self.combinations.clone();
        *counts.entry(self.alike.0).or_default() += self.alike.1;
        let counts = counts.into_iter().filter(|(_, customers)| *customers > 0);
        let mut combinations: Vec<_> =
            counts.map(|(keys, customers)| Combination { keys, customers }).collect();
        combinations.sort_by_key(|combination| (std::cmp::Reverse(combination.customers), combination.keys));
        combinations
    }

    /// The e-mail addresses and phone numbers that many customers share, the most frequent first.
    ///
    /// ```
    /// use meta_offline_events::customer::{Coverage, MatchKey, UserData};
    ///
    /// let till = UserData::builder().phone("+1 650 555 1212").build()?;
    /// let coverage: Coverage = std::iter::repeat_n(&till, 10).collect();
    /// assert_eq!(coverage.shared_values()[0].key(), MatchKey::Phone);
    /// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
    /// ```
    ///
    /// A value is listed if at least [10](SharedValue::MIN_CUSTOMERS) customers have it, and at least
    /// [1 %](SharedValue::MIN_SHARE) of those who have the key. It is probably a placeholder of the till, not a
    /// customer's own, and makes different people look like one.
    pub fn shared_values(&self) -> Vec<SharedValue> {
        let emails = self.emails.clone().into_counts().map(|count| (MatchKey::Email, count));
        let phones = self.phones.clone().into_counts().map(|count| (MatchKey::Phone, count));
        let shared = emails.chain(phones).map(|(key, (beginning, customers))| SharedValue {
            key,
            beginning,
            customers,
            share: share(customers, self.count_with(key)),
        });
        let mut shared: Vec<_> = shared
            .filter(|value| {
                value.customers >= SharedValue::MIN_CUSTOMERS && value.share >= SharedValue::MIN_SHARE
            })
            .collect();
        shared.sort_by_key(|value| (std::cmp::Reverse(value.customers), value.key, value.beginning));
        shared
    }

    /// Every set of keys with the number of its customers; a set may come twice.
    fn all_combinations(&self) -> impl Iterator<Item = (KeySet, u64)> {
        self.combinations.iter().map(|(&keys, &count)| (keys, count)).chain([self.alike])
    }

    fn warnings_on(&self, key: MatchKey) -> impl Iterator<Item = (ValueWarning, u64)> {
        let of_key = self.warnings.iter().filter(move |((other, _), _)| *other == key);
        of_key.map(|((_, warning), count)| (*warning, *count))
    }

    /// The keys that any customer has.
    fn keys(&self) -> impl Iterator<Item = MatchKey> {
        MatchKey::ALL.into_iter().filter(|key| self.count_with(*key) > 0)
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact for up to 2^52 customers")]
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

impl<'u> Extend<&'u UserData> for Coverage {
    fn extend<I: IntoIterator<Item = &'u UserData>>(&mut self, customers: I) {
        for customer in customers {
            self.add(customer);
        }
    }
}

impl<'u> FromIterator<&'u UserData> for Coverage {
    fn from_iter<I: IntoIterator<Item = &'u UserData>>(customers: I) -> Self {
        let mut coverage = Self::default();
        coverage.extend(customers);
        coverage
    }
}

/// Sets of customers that are counted in parallel and added up in their order.
#[cfg(feature = "rayon")]
impl Coverage {
    /// An empty set, to be [absorbed](Self::absorb) by another.
    pub(crate) fn part() -> Self {
        Self { emails: Frequent::uncounted(), phones: Frequent::uncounted(), ..Self::default() }
    }

    /// Adds the customers of a [part](Self::part), who come after those counted so far.
    pub(crate) fn absorb(&mut self, other: &Self) {
        self.customers += other.customers;
        for (keys, count) in other.all_combinations() {
            *self.combinations.entry(keys).or_default() += count;
        }
        for (own, further) in self.further.iter_mut().zip(other.further) {
            *own += further;
        }
        for (&warning, count) in &other.warnings {
            *self.warnings.entry(warning).or_default() += count;
        }
        self.emails.absorb(&other.emails);
        self.phones.absorb(&other.phones);
    }
}

/// A set of match keys that customers have together; see [`Coverage::combinations`].
///
/// ```
/// use meta_offline_events::customer::{Coverage, MatchKey, UserData};
///
/// let customer = UserData::builder().city("Paris").country("FR").build()?;
/// let combination = Coverage::from_iter([&customer]).combinations()[0];
/// assert!(combination.keys().eq([MatchKey::City, MatchKey::Country]));
/// assert!(!combination.is_valid(), "too many people live in Paris");
/// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Combination {
    keys: KeySet,
    customers: u64,
}

impl Combination {
    /// The keys of the set.
    pub fn keys(self) -> impl Iterator<Item = MatchKey> {
        self.keys.keys()
    }

    /// The number of customers who have exactly these keys.
    pub fn customers(self) -> u64 {
        self.customers
    }

    /// Whether Meta accepts a customer with these keys; see [`UserData::check_combination`].
    pub fn is_valid(self) -> bool {
        !is_too_broad(self.keys)
    }
}

/// An e-mail address or phone number that many customers share; see [`Coverage::shared_values`].
///
/// ```
/// use meta_offline_events::customer::{Coverage, UserData};
///
/// let till = UserData::builder().email("till7@example.com").build()?;
/// let coverage: Coverage = std::iter::repeat_n(&till, 12).collect();
/// assert_eq!(
///     coverage.shared_values()[0].to_string(),
///     "one em is shared by 12 customers, 100.0 % of those who have this key",
/// );
/// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
/// ```
///
/// `Display`, `Debug` and `Serialize` show the counts, never the value.
#[derive(Clone, Copy, PartialEq)]
pub struct SharedValue {
    key: MatchKey,
    beginning: u64,
    customers: u64,
    share: f64,
}

impl SharedValue {
    /// The smallest number of customers who make a value a shared one.
    pub const MIN_CUSTOMERS: u64 = 10;

    /// The smallest share of customers who make a value a shared one, among those who have the key.
    pub const MIN_SHARE: f64 = 0.01;

    /// The key of the value, [`MatchKey::Email`] or [`MatchKey::Phone`].
    pub fn key(self) -> MatchKey {
        self.key
    }

    /// The number of customers who have the value.
    pub fn customers(self) -> u64 {
        self.customers
    }

    /// The share of those who have the value among those who have the key, from 0 to 1.
    pub fn share(self) -> f64 {
        self.share
    }

    /// Whether this customer has the value.
    ///
    /// ```
    /// use meta_offline_events::customer::{Coverage, UserData};
    ///
    /// let till = UserData::builder().email("till7@example.com").build()?;
    /// let mary = UserData::builder().email("mary@example.com").build()?;
    /// let coverage: Coverage = std::iter::repeat_n(&till, 12).chain([&mary]).collect();
    /// let shared = coverage.shared_values()[0];
    /// assert!(shared.is_of(&till) && !shared.is_of(&mary));
    /// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
    /// ```
    pub fn is_of(self, customer: &UserData) -> bool {
        let mut digests = customer.values(self.key).filter_map(MatchValue::digest);
        digests.any(|digest| digest.beginning() == self.beginning)
    }
}

impl fmt::Debug for SharedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedValue")
            .field("key", &self.key)
            .field("customers", &self.customers)
            .field("share", &self.share)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for SharedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, customers, percent) = (self.key, self.customers, Percent(self.share));
        write!(f, "one {key} is shared by {customers} customers, {percent} of those who have this key")
    }
}

impl Serialize for SharedValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(None)?;
        fields.serialize_entry("key", self.key.wire_name())?;
        fields.serialize_entry("customers", &self.customers)?;
        fields.serialize_entry("share", &self.share)?;
        fields.end()
    }
}

impl Serialize for Combination {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let keys: Vec<_> = self.keys().map(MatchKey::wire_name).collect();
        let mut fields = serializer.serialize_map(None)?;
        fields.serialize_entry("keys", &keys)?;
        fields.serialize_entry("customers", &self.customers)?;
        fields.serialize_entry("valid", &self.is_valid())?;
        fields.end()
    }
}

impl Serialize for Coverage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(None)?;
        fields.serialize_entry("customers", &self.customers)?;
        fields.serialize_entry("keys", &Keys(self))?;
        fields.serialize_entry("combinations", &self.combinations())?;
        fields.serialize_entry("shared_values", &self.shared_values())?;
        fields.end()
    }
}

struct Keys<'c>(&'c Coverage);

impl Serialize for Keys<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Row {
            customers: u64,
            share: f64,
            values: u64,
            relying: u64,
            warnings: BTreeMap<&'static str, u64>,
        }
        let warnings =
            |key| self.0.warnings_on(key).map(|(warning, count)| (warning.code(), count)).collect();
        serializer.collect_map(self.0.keys().map(|key| {
            let (customers, values, share) = (self.0.count_with(key), self.0.values(key), self.0.share(key));
            let relying = self.0.count_relying_on(key);
            (key.wire_name(), Row { customers, share, values, relying, warnings: warnings(key) })
        }))
    }
}

/// How many combinations `Display` writes.
const COMBINATIONS_SHOWN: usize = 5;

impl fmt::Display for Coverage {
    /// Writes a line for each key with its share and its warnings, then the most frequent combinations, then the
    /// values that many customers share.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for key in self.keys() {
            let (count_with, percent) = (self.count_with(key), Percent(self.share(key)));
            write!(f, "{count_with:>9} {percent:>7}  {key}")?;
            for (warning, count) in self.warnings_on(key) {
                write!(f, ", {} {count}", warning.code())?;
            }
            writeln!(f)?;
        }
        let combinations = self.combinations();
        if !combinations.is_empty() {
            writeln!(f, "together:")?;
        }
        for combination in combinations.iter().take(COMBINATIONS_SHOWN) {
            let names: Vec<_> = combination.keys().map(MatchKey::wire_name).collect();
            let names = match &names[..] {
                [] => "no key".to_owned(),
                [only] => format!("{only} alone"),
                several => several.join("+"),
            };
            let (customers, percent) =
                (combination.customers, Percent::of(combination.customers, self.customers));
            let verdict = if combination.is_valid() { "" } else { ", refused by Meta" };
            writeln!(f, "{customers:>9} {percent:>7}  {names}{verdict}")?;
        }
        if let Some(others) = combinations.len().checked_sub(COMBINATIONS_SHOWN + 1) {
            writeln!(f, "{:>9}          other combinations", others + 1)?;
        }
        for value in self.shared_values() {
            writeln!(f, "{value}")?;
        }
        Ok(())
    }
}

/// A share, written as `98.7 %`.
pub(crate) struct Percent(f64);

impl Percent {
    pub(crate) fn of(part: u64, whole: u64) -> Self {
        Self(share(part, whole))
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:.1} %", self.0 * 100.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customer::{Hashed, InvalidUserData};

    fn with_email(email: &str) -> Result<UserData, InvalidUserData> {
        UserData::builder().email(email).country("us").build()
    }

    #[test]
    fn v24_a_value_of_a_large_share_is_a_shared_one() -> Result<(), InvalidUserData> {
        let mut coverage = Coverage::default();
        for number in 0..990 {
            coverage.add(&with_email(&format!("customer{number}@example.com"))?);
        }
        let till = with_email("till@example.com")?;
        for _ in 0..9 {
            coverage.add(&till);
        }
        assert_eq!(coverage.shared_values(), [], "nine are few");
        coverage.add(&till);
        let [shared] = coverage.shared_values()[..] else { panic!("ten of a thousand are one of a hundred") };
        assert_eq!((shared.key(), shared.customers()), (MatchKey::Email, 10));
        assert!(shared.is_of(&till) && !shared.is_of(&with_email("customer1@example.com")?));
        coverage.add(&with_email("another@example.com")?);
        assert_eq!(coverage.shared_values(), [], "ten of 1,001 are less than one of a hundred");
        Ok(())
    }

    #[test]
    fn an_empty_set_has_no_shares() {
        let coverage = Coverage::default();
        assert!(coverage.share(MatchKey::Email).abs() < f64::EPSILON);
        assert_eq!(coverage.to_string(), "");
    }

    #[test]
    fn what_is_shown_holds_no_value() -> Result<(), Box<dyn std::error::Error>> {
        let customer = with_email("till@example.com")?;
        let coverage: Coverage = std::iter::repeat_n(&customer, 20).collect();
        let hex = Hashed::of("till@example.com").to_string();
        for shown in [coverage.to_string(), serde_json::to_string(&coverage)?, format!("{coverage:?}")] {
            assert!(!shown.contains(&hex) && !shown.contains("till@"), "{shown}");
        }
        let json = serde_json::to_value(&coverage)?;
        assert_eq!(json["keys"]["em"]["share"], 1.0);
        assert_eq!(json["combinations"][0]["keys"], serde_json::json!(["em", "country"]));
        assert_eq!(json["shared_values"][0]["customers"], 20);
        Ok(())
    }
}
