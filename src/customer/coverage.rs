//! What a set of customers can be found by: counted before sending, so that a poor export is seen
//! before it costs matches.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use foldhash::quality::RandomState;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::key_set::KeySet;
use super::prehashed::Prehashed;
use super::user_data::is_too_broad;
use super::{Hashed, MatchKey, MatchValue, UserData, ValueWarning};

/// How many customers carry each match key, alone and together, and what is doubtful about them.
///
/// Numbers only: it holds no value that could be shown. A customer is one [`UserData`]; of events, each
/// counts its own. Memory is bounded: values that repeat are counted exactly among some 7,000 different
/// e-mails and as many phones; where there are more, a count may miss one in 7,000 customers, and never
/// tells too many.
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
/// let unusable = coverage.combinations().into_iter().filter(|combination| !combination.is_valid());
/// assert_eq!(unusable.map(|combination| combination.customers()).sum::<u64>(), 1);
///
/// // An application may refuse to send what hardly finds anybody.
/// assert!(coverage.share(MatchKey::Email) > 0.6);
/// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
/// ```
#[derive(Debug, Clone)]
pub struct Coverage {
    customers: u64,
    /// Customers who have the same keys as the last one, and in a row.
    alike: (KeySet, u64),
    /// The others.
    combinations: HashMap<KeySet, u64, RandomState>,
    /// Values of each key beside a customer's first.
    further: [u64; MatchKey::ALL.len()],
    warnings: BTreeMap<(MatchKey, ValueWarning), u64>,
    sharing: Sharing,
}

impl Default for Coverage {
    fn default() -> Self {
        Self {
            customers: 0,
            alike: (KeySet::default(), 0),
            combinations: HashMap::default(),
            further: [0; MatchKey::ALL.len()],
            warnings: BTreeMap::new(),
            sharing: Sharing::default(),
        }
    }
}

/// How many customers have the same e-mail or phone, by the beginning of its digest.
///
/// When the table is full, every count is lowered by one and what comes to nothing is forgotten (Misra and
/// Gries, 1982): a value that many share stays.
#[derive(Debug, Clone, Default)]
struct Sharing {
    emails: HashMap<u64, u32, Prehashed>,
    phones: HashMap<u64, u32, Prehashed>,
    /// What is to be counted later, if that is wanted: counts depend on the sequence of values.
    #[cfg(feature = "rayon")]
    later: Option<Vec<(MatchKey, u64)>>,
}

/// As many as a table of 8,192 places holds.
const MAX_SHARED: usize = 7168;

impl Sharing {
    fn add(&mut self, key: MatchKey, digest: Hashed) {
        let value = (key, digest.beginning());
        #[cfg(feature = "rayon")]
        if let Some(later) = &mut self.later {
            return later.push(value);
        }
        self.count(value);
    }

    fn count(&mut self, (key, beginning): (MatchKey, u64)) {
        let counts = if key == MatchKey::Email { &mut self.emails } else { &mut self.phones };
        let count = counts.entry(beginning).or_default();
        *count = count.saturating_add(1);
        if counts.len() > MAX_SHARED {
            // Taken out and put back, because removed ones would leave marks that fill the table.
            let all = counts.drain().map(|(beginning, count)| (beginning, count - 1));
            let kept: Vec<_> = all.filter(|(_, count)| *count > 0).collect();
            counts.extend(kept);
        }
    }

    fn counts(&self) -> impl Iterator<Item = (MatchKey, u64, u64)> {
        let emails = self.emails.iter().map(|value| (MatchKey::Email, value));
        let phones = self.phones.iter().map(|value| (MatchKey::Phone, value));
        emails.chain(phones).map(|(key, (&beginning, &count))| (key, beginning, u64::from(count)))
    }
}

impl Coverage {
    /// Counts one more customer.
    pub fn add(&mut self, customer: &UserData) {
        let mut keys = KeySet::default();
        for (key, value, warning) in customer.all() {
            self.further[key as usize] += u64::from(keys.contains(key));
            keys = keys.with(key);
            if let Some(warning) = warning {
                self.add_warning(key, warning);
            }
            if let Some(digest) = value.digest().filter(|_| key.is_contact()) {
                self.sharing.add(key, digest);
            }
        }
        self.add_keys(keys);
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

    /// How many customers were counted.
    pub fn customers(&self) -> u64 {
        self.customers
    }

    /// How many customers carry this key.
    pub fn count_with(&self, key: MatchKey) -> u64 {
        self.all_combinations().filter(|(keys, _)| keys.contains(key)).map(|(_, count)| count).sum()
    }

    /// How many values this key has over all customers.
    pub fn values(&self, key: MatchKey) -> u64 {
        self.count_with(key) + self.further[key as usize]
    }

    /// The share of customers that carry this key, from 0 to 1; 0 when there are no customers.
    pub fn share(&self, key: MatchKey) -> f64 {
        share(self.count_with(key), self.customers)
    }

    /// How many values of this key have this warning.
    pub fn count_with_warning(&self, key: MatchKey, warning: ValueWarning) -> u64 {
        self.warnings.get(&(key, warning)).copied().unwrap_or_default()
    }

    /// How many phones are written without `+` or `00` and were not completed: those of them that lack
    /// their country code find nobody.
    pub fn phones_without_country_code(&self) -> u64 {
        self.count_with_warning(MatchKey::Phone, ValueWarning::NoCountryCode)
    }

    /// The sets of keys that customers carry, the most frequent first.
    pub fn combinations(&self) -> Vec<Combination> {
        let mut counts = self.combinations.clone();
        *counts.entry(self.alike.0).or_default() += self.alike.1;
        let counts = counts.into_iter().filter(|(_, customers)| *customers > 0);
        let mut combinations: Vec<_> =
            counts.map(|(keys, customers)| Combination { keys, customers }).collect();
        combinations.sort_by_key(|combination| (std::cmp::Reverse(combination.customers), combination.keys));
        combinations
    }

    /// E-mails and phones that so many customers share that they are hardly anybody's own: at least
    /// [ten](SharedValue::MIN_CUSTOMERS) customers and at least [one of a hundred](SharedValue::MIN_SHARE) of those who have
    /// the key. The most frequent come first.
    pub fn shared_values(&self) -> Vec<SharedValue> {
        let repeats = self.sharing.counts().map(|(key, beginning, customers)| SharedValue {
            key,
            beginning,
            customers,
            share: share(customers, self.count_with(key)),
        });
        let mut repeats: Vec<_> = repeats
            .filter(|repeat| {
                repeat.customers >= SharedValue::MIN_CUSTOMERS && repeat.share >= SharedValue::MIN_SHARE
            })
            .collect();
        repeats.sort_by_key(|repeat| (std::cmp::Reverse(repeat.customers), repeat.key, repeat.beginning));
        repeats
    }

    /// Every set of keys with its customers; one set may come twice.
    fn all_combinations(&self) -> impl Iterator<Item = (KeySet, u64)> {
        self.combinations.iter().map(|(&keys, &count)| (keys, count)).chain([self.alike])
    }

    fn warnings_on(&self, key: MatchKey) -> impl Iterator<Item = (ValueWarning, u64)> {
        let of_key = self.warnings.iter().filter(move |((other, _), _)| *other == key);
        of_key.map(|((_, warning), count)| (*warning, *count))
    }

    /// The keys that any customer carries.
    fn keys(&self) -> impl Iterator<Item = MatchKey> {
        MatchKey::ALL.into_iter().filter(|key| self.count_with(*key) > 0)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share of more than 2^52 customers may be off by a hair")]
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

/// Customers of several sets that are counted at once, to be put together in their sequence.
#[cfg(feature = "rayon")]
impl Coverage {
    /// Nobody yet. Which values are shared is counted by [`catch_up`](Self::catch_up) only.
    pub(crate) fn lagging() -> Self {
        Self { sharing: Sharing { later: Some(Vec::new()), ..Sharing::default() }, ..Self::default() }
    }

    /// Counts the customers of another set, who come behind those counted so far.
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
        if let (Some(own), Some(later)) = (&mut self.sharing.later, &other.sharing.later) {
            own.extend_from_slice(later);
        }
    }

    /// Counts what waits.
    pub(crate) fn catch_up(&mut self) {
        let Some(mut later) = self.sharing.later.take() else { return };
        later.drain(..).for_each(|value| self.sharing.count(value));
        self.sharing.later = Some(later);
    }
}

/// A set of match keys that customers carry together. See [`Coverage::combinations`].
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
    /// The keys.
    pub fn keys(self) -> impl Iterator<Item = MatchKey> {
        self.keys.keys()
    }

    /// How many customers carry just these.
    pub fn customers(self) -> u64 {
        self.customers
    }

    /// Whether Meta takes a customer of these keys; see [`UserData::check_combination`].
    pub fn is_valid(self) -> bool {
        !is_too_broad(self.keys)
    }
}

/// An e-mail or phone that many customers share. See [`Coverage::shared_values`].
///
/// `Display`, `Debug` and `Serialize` show the counts, never the value.
///
/// ```
/// use meta_offline_events::customer::{Coverage, UserData};
///
/// let till = UserData::builder().email("till7@example.com").build()?;
/// let coverage: Coverage = std::iter::repeat_n(&till, 12).collect();
/// assert_eq!(
///     coverage.shared_values()[0].to_string(),
///     "one em is shared by 12 customers, 100.0 % of those who have one",
/// );
/// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
/// ```
#[derive(Clone, Copy, PartialEq)]
pub struct SharedValue {
    key: MatchKey,
    beginning: u64,
    customers: u64,
    share: f64,
}

impl SharedValue {
    /// The fewest customers that make a repeat.
    pub const MIN_CUSTOMERS: u64 = 10;

    /// The smallest share that makes a repeat, of the customers who carry the key.
    pub const MIN_SHARE: f64 = 0.01;

    /// E-mail or phone.
    pub fn key(self) -> MatchKey {
        self.key
    }

    /// How many customers share the value.
    pub fn customers(self) -> u64 {
        self.customers
    }

    /// The share of those who carry the key, from 0 to 1.
    pub fn share(self) -> f64 {
        self.share
    }

    /// Whether this customer has the value.
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
        write!(f, "one {key} is shared by {customers} customers, {percent} of those who have one")
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
            #[serde(skip_serializing_if = "BTreeMap::is_empty")]
            warnings: BTreeMap<&'static str, u64>,
        }
        let warnings =
            |key| self.0.warnings_on(key).map(|(warning, count)| (warning.code(), count)).collect();
        serializer.collect_map(self.0.keys().map(|key| {
            let (customers, values) = (self.0.count_with(key), self.0.values(key));
            (key.wire_name(), Row { customers, share: self.0.share(key), values, warnings: warnings(key) })
        }))
    }
}

/// How many combinations are written out by `Display`.
const COMBINATIONS_SHOWN: usize = 5;

impl fmt::Display for Coverage {
    /// One line for each key with its share and its warnings, then the most frequent combinations, then the
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
        for repeat in self.shared_values() {
            writeln!(f, "{repeat}")?;
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
    use crate::customer::InvalidUserData;

    fn with_email(email: &str) -> Result<UserData, InvalidUserData> {
        UserData::builder().email(email).country("us").build()
    }

    #[test]
    fn v24_a_value_on_a_large_share_is_a_repeat() -> Result<(), InvalidUserData> {
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
        let [repeat] = coverage.shared_values()[..] else { panic!("ten of a thousand are one of a hundred") };
        assert_eq!((repeat.key(), repeat.customers()), (MatchKey::Email, 10));
        assert!(repeat.is_of(&till) && !repeat.is_of(&with_email("customer1@example.com")?));
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
