//! The user data of one customer: match keys, each with its values.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::blocks::Blocks;
use super::digest_cache::DigestCache;
use super::key_set::KeySet;
use super::packed_value::{OtherValues, PackedValue};
use super::{Hashed, MatchKey, MatchValue, OwnedValue, UnusableReason, ValueWarning};

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
#[derive(Clone, Default)]
pub struct UserData {
    entries: Vec<Entry>,
    others: OtherValues,
}

/// A value with its key and its warning.
#[derive(Clone, Copy)]
struct Entry {
    key: MatchKey,
    value: PackedValue,
}

impl PartialEq for UserData {
    fn eq(&self, other: &Self) -> bool {
        self.entries().eq(other.entries())
    }
}

impl Eq for UserData {}

impl Hash for UserData {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.len().hash(state);
        self.entries().for_each(|entry| entry.hash(state));
    }
}

impl UserData {
    pub(super) fn with_capacity(values: usize) -> Self {
        Self { entries: Vec::with_capacity(values), others: OtherValues::default() }
    }

    /// The memory that the values take, in bytes.
    pub(crate) fn memory(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>() + self.others.memory()
    }

    /// The number of values.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether this key has a value.
    #[inline]
    pub fn has(&self, key: MatchKey) -> bool {
        self.entries.iter().any(|entry| entry.key == key)
    }

    /// The keys that have values, in the order of [`MatchKey::ALL`].
    pub fn keys(&self) -> impl Iterator<Item = MatchKey> {
        self.entries.chunk_by(|one, next| one.key == next.key).map(|values| values[0].key)
    }

    /// The values of a key, in the order given.
    pub fn values(&self, key: MatchKey) -> impl ExactSizeIterator<Item = MatchValue<'_>> {
        self.of(key).iter().map(|entry| self.value(entry))
    }

    /// The values of a key, found by looking at each key: for a customer who has few, that takes less time than a search
    /// for the first and the last value.
    #[inline]
    pub(crate) fn values_one_by_one(&self, key: MatchKey) -> impl Iterator<Item = MatchValue<'_>> {
        self.entries.iter().filter(move |entry| entry.key == key).map(|entry| self.value(entry))
    }

    /// Every value with its key, in the order of sending.
    #[inline]
    pub(crate) fn entries(&self) -> impl Iterator<Item = (MatchKey, MatchValue<'_>)> {
        self.entries.iter().map(|entry| (entry.key, self.value(entry)))
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
        self.entries.iter().filter_map(|entry| Some((entry.key, entry.value.warning()?)))
    }

    /// Every value with its key and its warning, in the order of sending.
    fn all(&self) -> impl Iterator<Item = (MatchKey, MatchValue<'_>, Option<ValueWarning>)> {
        self.entries.iter().map(|entry| (entry.key, self.value(entry), entry.value.warning()))
    }

    /// The key and the warning of every value, in the order of sending.
    #[inline]
    pub(super) fn keys_with_warnings(&self) -> impl Iterator<Item = (MatchKey, Option<ValueWarning>)> {
        self.entries.iter().map(|entry| (entry.key, entry.value.warning()))
    }

    #[inline]
    fn value<'v>(&'v self, entry: &'v Entry) -> MatchValue<'v> {
        entry.value.get(&self.others)
    }

    fn of(&self, key: MatchKey) -> &[Entry] {
        let start = self.entries.partition_point(|entry| entry.key < key);
        let end = self.entries.partition_point(|entry| entry.key <= key);
        &self.entries[start..end]
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
        for (key, value, warning) in other.all() {
            if self.lacks(key, value) {
                self.push(key, value.to_owned(), warning);
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
        self.insert(key, OwnedValue::Hashed(digest), Some(ValueWarning::AlreadyHashed));
        Ok(())
    }

    pub(super) fn insert(&mut self, key: MatchKey, value: OwnedValue, warning: Option<ValueWarning>) {
        if self.lacks(key, value.borrow()) {
            self.push(key, value, warning);
        }
    }

    fn push(&mut self, key: MatchKey, value: OwnedValue, warning: Option<ValueWarning>) {
        let end = self.entries.partition_point(|other| other.key <= key);
        let entry = self.entry(key, value, warning);
        self.entries.insert(end, entry);
    }

    fn entry(&mut self, key: MatchKey, value: OwnedValue, warning: Option<ValueWarning>) -> Entry {
        let value = PackedValue::new(value, warning, &mut self.others);
        Entry { key, value }
    }

    /// Removes all values and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.others.clear();
    }

    /// Removes all values and reserves memory for this many.
    pub(super) fn restart(&mut self, values: usize) {
        self.clear();
        self.entries.reserve_exact(values);
    }

    /// Appends a value. Until [`settle`](Self::settle), values may be in any order, and twice.
    #[inline]
    pub(super) fn append(&mut self, key: MatchKey, value: OwnedValue, warning: Option<ValueWarning>) {
        let entry = self.entry(key, value, warning);
        self.entries.push(entry);
    }

    /// Hashes the blocks and appends their digests.
    pub(super) fn append_all(&mut self, blocks: &mut Blocks, cache: Option<&mut DigestCache>) {
        let entry = |(key, warning, digest)| Entry { key, value: PackedValue::Hashed(digest, warning) };
        self.entries.extend(blocks.digests(cache).map(entry));
        blocks.clear();
    }

    /// Sorts the values that were appended, and removes repeated ones.
    pub(super) fn settle(&mut self) {
        if self.entries.is_sorted_by(|one, next| one.key < next.key) {
            return;
        }
        let count = self.entries.len();
        let mut entries = std::mem::replace(&mut self.entries, Vec::with_capacity(count));
        entries.sort_by_key(|entry| entry.key);
        for entry in entries {
            if self.lacks(entry.key, self.value(&entry)) {
                self.entries.push(entry);
            }
        }
    }

    fn lacks(&self, key: MatchKey, value: MatchValue<'_>) -> bool {
        let mut present = self.values(key);
        if key.is_list() { !present.any(|own| own.means(value)) } else { present.len() == 0 }
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
        for of_one_key in self.entries.chunk_by(|one, next| one.key == next.key) {
            let key = of_one_key[0].key;
            fields.serialize_key(key.wire_name())?;
            if key.is_list() {
                fields.serialize_value(&ValuesOnly(self, of_one_key))?;
            } else {
                fields.serialize_value(&self.value(&of_one_key[0]))?;
            }
        }
        fields.end()
    }
}

/// The values of these entries of a customer.
struct ValuesOnly<'a>(&'a UserData, &'a [Entry]);

impl Serialize for ValuesOnly<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.1.iter().map(|entry| self.0.value(entry)))
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
            data.insert(*key, OwnedValue::Plain("x".into()), None);
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
        data.insert(MatchKey::Email, OwnedValue::Hashed(Hashed::of("b")), None);
        data.insert(MatchKey::MobileAdvertiserId, OwnedValue::Plain("one".into()), None);
        other.insert(MatchKey::Email, OwnedValue::Hashed(Hashed::of("a")), None);
        other.insert(MatchKey::Email, OwnedValue::Hashed(Hashed::of("b")), None);
        other.insert(MatchKey::MobileAdvertiserId, OwnedValue::Plain("two".into()), None);
        data.merge(&other);
        let emails: Vec<_> = data.values(MatchKey::Email).collect();
        assert!(matches!(
            emails[..],
            [MatchValue::Hashed(one), MatchValue::Hashed(two)]
                if *one == Hashed::of("b") && *two == Hashed::of("a")
        ));
        assert!(data.values(MatchKey::MobileAdvertiserId).eq([MatchValue::Plain("one")]));
    }
}
