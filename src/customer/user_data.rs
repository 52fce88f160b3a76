//! The user data of one customer: match keys, each with its values.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::blocks::Blocks;
use super::key_set::KeySet;
use super::{Hashed, MatchKey, MatchValue, UnusableReason, ValueWarning};

/// The information by which Meta finds a customer's account: match keys with their values.
///
/// ```
/// use meta_offline_events::customer::{MatchKey, UserData};
///
/// let customer = UserData::builder()
///     .email("Mary@Example.com")
///     .phone("+1 (555) 987-6543")
///     .state("California")
///     .country("USA")
///     .build()?;
/// assert!(customer.has(MatchKey::Email));
/// assert_eq!(customer.values(MatchKey::Phone).count(), 1);
/// assert_eq!(format!("{customer:?}"), "UserData { em: 1, ph: 1, st: 1, country: 1 }");
/// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
/// ```
///
/// Invariants:
/// - Keys are in the order of [`MatchKey::ALL`], and the values of a key in the order given, so equal data is
///   always written as equal bytes.
/// - No key has the same value twice, and a key that takes one value has one.
/// - No value is the digest of a missing value (see [`Hashed::is_of_nothing`]).
///
/// Equality compares what is sent; warnings are ignored. `Debug` shows how many values each key has, never a
/// value.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct UserData {
    values: Vec<Entry>,
}

/// A value with its key and its warning.
#[derive(Clone)]
struct Entry {
    key: MatchKey,
    warning: Option<ValueWarning>,
    value: MatchValue,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && self.value == other.value
    }
}

impl Eq for Entry {}

impl Hash for Entry {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.key, &self.value).hash(state);
    }
}

impl UserData {
    pub(super) fn with_capacity(values: usize) -> Self {
        Self { values: Vec::with_capacity(values) }
    }

    /// The memory that the values take, in bytes.
    pub(crate) fn memory(&self) -> usize {
        self.values.capacity() * size_of::<Entry>()
    }

    /// The number of values.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Whether this key has a value.
    #[inline]
    pub fn has(&self, key: MatchKey) -> bool {
        self.values.iter().any(|entry| entry.key == key)
    }

    /// The keys that have values, in the order of [`MatchKey::ALL`].
    pub fn keys(&self) -> impl Iterator<Item = MatchKey> {
        self.values.chunk_by(|one, next| one.key == next.key).map(|values| values[0].key)
    }

    /// The values of a key, in the order given.
    pub fn values(&self, key: MatchKey) -> impl ExactSizeIterator<Item = &MatchValue> {
        self.of(key).iter().map(|entry| &entry.value)
    }

    /// Every value with its key, in the order of sending.
    #[inline]
    pub(crate) fn entries(&self) -> impl Iterator<Item = (MatchKey, &MatchValue)> {
        self.values.iter().map(|entry| (entry.key, &entry.value))
    }

    /// The warnings about values, each with its key.
    ///
    /// ```
    /// use meta_offline_events::customer::{MatchKey, ValueWarning, UserData};
    ///
    /// let customer = UserData::builder().email("test@test.com").phone("+1 650 555 1212").build()?;
    /// assert!(customer.warnings().eq([(MatchKey::Email, ValueWarning::MadeUp)]));
    /// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
    /// ```
    pub fn warnings(&self) -> impl Iterator<Item = (MatchKey, ValueWarning)> {
        self.values.iter().filter_map(|entry| Some((entry.key, entry.warning?)))
    }

    /// The key and the warning of every value, in the order of sending.
    #[inline]
    pub(super) fn keys_with_warnings(&self) -> impl Iterator<Item = (MatchKey, Option<ValueWarning>)> {
        self.values.iter().map(|entry| (entry.key, entry.warning))
    }

    fn of(&self, key: MatchKey) -> &[Entry] {
        let start = self.values.partition_point(|entry| entry.key < key);
        let end = self.values.partition_point(|entry| entry.key <= key);
        &self.values[start..end]
    }

    /// Whether e-mail, phone and external id say that these are two customers. Where one has none of the three, nothing
    /// says so.
    #[cfg(feature = "journal")]
    pub(crate) fn is_stranger_to(&self, other: &Self) -> bool {
        let named = |data: &Self| MatchKey::IDENTIFYING.iter().any(|key| data.has(*key));
        let shared = MatchKey::IDENTIFYING
            .iter()
            .any(|key| self.values(*key).any(|one| other.values(*key).any(|value| value.means(one))));
        named(self) && named(other) && !shared
    }

    /// Adds the values of `other` that are not here yet. A key that takes one value keeps the one that it has.
    ///
    /// ```
    /// use meta_offline_events::customer::{MatchKey, UserData};
    ///
    /// let mut order = UserData::builder().email("mary@example.com").build()?;
    /// order.merge(&UserData::builder().email("MARY@example.com").email("m@example.org").build()?);
    /// assert_eq!(order.values(MatchKey::Email).count(), 2);
    /// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
    /// ```
    pub fn merge(&mut self, other: &Self) {
        for entry in &other.values {
            if self.lacks(entry.key, &entry.value) {
                self.push(entry.clone());
            }
        }
    }

    /// Adds a value that was cleaned and hashed elsewhere.
    ///
    /// ```
    /// use meta_offline_events::customer::{Hashed, MatchKey, UnusableReason, UserData};
    ///
    /// let mut customer = UserData::default();
    /// customer.insert_hashed(MatchKey::Email, Hashed::of("mary@example.com"))?;
    /// assert!(customer.has(MatchKey::Email));
    /// let missing = customer.insert_hashed(MatchKey::Phone, Hashed::of("null"));
    /// assert_eq!(missing, Err(UnusableReason::HashOfNothing));
    /// # Ok::<(), UnusableReason>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`UnusableReason::NeverHashed`] for a key that Meta wants as plain text, and
    /// [`UnusableReason::HashOfNothing`] for the digest of an empty text or of a placeholder such as `null`.
    pub fn insert_hashed(&mut self, key: MatchKey, digest: Hashed) -> Result<(), UnusableReason> {
        if !key.is_hashed() {
            return Err(UnusableReason::NeverHashed);
        }
        if digest.is_of_nothing() {
            return Err(UnusableReason::HashOfNothing);
        }
        self.insert(key, MatchValue::Hashed(digest), Some(ValueWarning::AlreadyHashed));
        Ok(())
    }

    pub(super) fn insert(&mut self, key: MatchKey, value: MatchValue, warning: Option<ValueWarning>) {
        if self.lacks(key, &value) {
            self.push(Entry { key, warning, value });
        }
    }

    /// Removes all values and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.values.clear();
    }

    /// Removes all values and reserves memory for this many.
    pub(super) fn restart(&mut self, values: usize) {
        self.values.clear();
        self.values.reserve_exact(values);
    }

    /// Appends a value. Until [`settle`](Self::settle), values may be in any order, and twice.
    #[inline]
    pub(super) fn append(&mut self, key: MatchKey, value: MatchValue, warning: Option<ValueWarning>) {
        self.values.push(Entry { key, warning, value });
    }

    /// Hashes the blocks and appends their digests.
    pub(super) fn append_all(&mut self, blocks: &mut Blocks) {
        let entry = |(key, warning, digest)| Entry { key, warning, value: MatchValue::Hashed(digest) };
        self.values.extend(blocks.digests().map(entry));
        blocks.clear();
    }

    /// Sorts the values that were appended, and removes repeated ones.
    pub(super) fn settle(&mut self) {
        if self.values.is_sorted_by(|one, next| one.key < next.key) {
            return;
        }
        self.values.sort_by_key(|entry| entry.key);
        let mut kept = Self::with_capacity(self.values.len());
        for entry in self.values.drain(..) {
            if kept.lacks(entry.key, &entry.value) {
                kept.values.push(entry);
            }
        }
        *self = kept;
    }

    fn lacks(&self, key: MatchKey, value: &MatchValue) -> bool {
        let present = self.of(key);
        if key.is_list() { !present.iter().any(|entry| entry.value.means(value)) } else { present.is_empty() }
    }

    fn push(&mut self, entry: Entry) {
        let end = self.values.partition_point(|other| other.key <= entry.key);
        self.values.insert(end, entry);
    }

    /// Checks whether Meta accepts this combination of keys.
    ///
    /// ```
    /// use meta_offline_events::customer::UserData;
    ///
    /// let named = UserData::builder().first_name("Mary").last_name("Smith").build()?;
    /// assert!(named.check_combination().is_ok());
    /// let somewhere = UserData::builder().gender("f").country("us").build()?;
    /// assert!(somewhere.check_combination().is_err());
    /// assert!(UserData::default().check_combination().is_err());
    /// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
    /// ```
    ///
    /// Meta refuses an event, and its whole batch, if all of its keys are in one of these sets:
    /// `ct country st zp ge client_user_agent`, `db client_user_agent`, `fn ge`, `ln ge`.
    ///
    /// # Errors
    ///
    /// [`TooBroad`] if all keys are in one of the sets, or there are no keys.
    pub fn check_combination(&self) -> Result<(), TooBroad> {
        let keys: KeySet = self.keys().collect();
        if is_too_broad(keys) { Err(TooBroad) } else { Ok(()) }
    }
}

/// Whether Meta refuses a customer with these keys only.
pub(super) fn is_too_broad(keys: KeySet) -> bool {
    TOO_BROAD.iter().any(|set| keys.is_within(*set))
}

/// The sets of keys that Meta refuses, whole or in part.
const TOO_BROAD: [KeySet; 4] = [
    KeySet::of(&[
        MatchKey::City,
        MatchKey::Country,
        MatchKey::State,
        MatchKey::PostalCode,
        MatchKey::Gender,
        MatchKey::ClientUserAgent,
    ]),
    KeySet::of(&[MatchKey::BirthDate, MatchKey::ClientUserAgent]),
    KeySet::of(&[MatchKey::FirstName, MatchKey::Gender]),
    KeySet::of(&[MatchKey::LastName, MatchKey::Gender]),
];

/// The error of a customer whose keys fit too many people, so that Meta would refuse the whole batch.
///
/// ```
/// use meta_offline_events::customer::{TooBroad, UserData};
///
/// let somebody = UserData::builder().first_name("Mary").build()?;
/// assert_eq!(somebody.check_combination(), Err(TooBroad));
/// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the match keys fit too many people: add an e-mail address, a phone number or another key of this customer alone"
)]
pub struct TooBroad;

impl Serialize for UserData {
    /// Writes the object that Meta expects as `user_data`, with lists for keys that take several values.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(None)?;
        for of_one_key in self.values.chunk_by(|one, next| one.key == next.key) {
            let key = of_one_key[0].key;
            fields.serialize_key(key.wire_name())?;
            if key.is_list() {
                fields.serialize_value(&ValuesOnly(of_one_key))?;
            } else {
                fields.serialize_value(&of_one_key[0].value)?;
            }
        }
        fields.end()
    }
}

struct ValuesOnly<'a>(&'a [Entry]);

impl Serialize for ValuesOnly<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|entry| &entry.value))
    }
}

impl fmt::Debug for UserData {
    /// Shows the keys and how many values each has.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("UserData");
        for key in self.keys() {
            shown.field(key.wire_name(), &self.of(key).len());
        }
        shown.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(keys: &[MatchKey]) -> UserData {
        let mut data = UserData::default();
        for key in keys {
            data.insert(*key, MatchValue::Plain("x".into()), None);
        }
        data
    }

    #[test]
    fn v42_combinations_as_meta_lists_them() {
        use MatchKey::{
            BirthDate, City, ClientIpAddress, ClientUserAgent, Country, Email, ExternalId, FirstName, Gender,
            LastName, MobileAdvertiserId, Phone, PostalCode, State,
        };
        let refused: [&[MatchKey]; 8] = [
            &[],
            &[Gender, City, State, Country],
            &[ClientUserAgent],
            &[BirthDate, ClientUserAgent],
            &[FirstName, Gender],
            &[FirstName],
            &[LastName],
            &[PostalCode, Country, ClientUserAgent],
        ];
        let taken: [&[MatchKey]; 9] = [
            &[Email],
            &[Phone],
            &[ExternalId],
            &[ClientIpAddress],
            &[ClientIpAddress, ClientUserAgent],
            &[FirstName, LastName],
            &[BirthDate, Gender],
            &[FirstName, PostalCode],
            &[MobileAdvertiserId],
        ];
        for keys in refused {
            assert_eq!(with(keys).check_combination(), Err(TooBroad), "{keys:?}");
        }
        for keys in taken {
            assert_eq!(with(keys).check_combination(), Ok(()), "{keys:?}");
        }
    }

    #[test]
    fn v32_digests_of_nothing_never_enter() {
        let mut data = UserData::default();
        for text in ["", " ", "null"] {
            assert_eq!(
                data.insert_hashed(MatchKey::Email, Hashed::of(text)),
                Err(UnusableReason::HashOfNothing)
            );
        }
        assert_eq!(
            data.insert_hashed(MatchKey::ClientIpAddress, Hashed::of("192.0.2.1")),
            Err(UnusableReason::NeverHashed)
        );
        assert!(data.is_empty());
    }

    #[test]
    fn merging_keeps_the_first_seen_first() {
        let mut data = UserData::default();
        let mut other = UserData::default();
        data.insert(MatchKey::Email, MatchValue::Hashed(Hashed::of("b")), None);
        data.insert(MatchKey::MobileAdvertiserId, MatchValue::Plain("one".into()), None);
        other.insert(MatchKey::Email, MatchValue::Hashed(Hashed::of("a")), None);
        other.insert(MatchKey::Email, MatchValue::Hashed(Hashed::of("b")), None);
        other.insert(MatchKey::MobileAdvertiserId, MatchValue::Plain("two".into()), None);
        data.merge(&other);
        let emails: Vec<_> = data.values(MatchKey::Email).collect();
        assert!(matches!(
            emails[..],
            [MatchValue::Hashed(one), MatchValue::Hashed(two)]
                if *one == Hashed::of("b") && *two == Hashed::of("a")
        ));
        assert!(data.values(MatchKey::MobileAdvertiserId).eq([&MatchValue::Plain("one".into())]));
    }
}
