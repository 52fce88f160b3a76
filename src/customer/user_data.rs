//! A set of match keys: several values per key, none twice.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::block::Blocks;
use super::key_set::KeySet;
use super::{Hashed, MatchKey, MatchValue, UnusableReason, ValueWarning};

/// What identifies a customer: match keys with their values.
///
/// Invariants:
/// - keys stand in the order of [`MatchKey::ALL`], the values of a key in the order in which they
///   came, so equal data is always written with equal bytes;
/// - no value stands twice under a key, and a key that takes one value has one;
/// - no value is the digest of nothing (see [`Hashed::is_of_nothing`]).
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
/// Equality is that of what is sent: warnings do not count.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct UserData {
    values: Vec<Entry>,
}

/// A value with its key and what is worth knowing about it.
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
    pub(super) fn with_room_for(values: usize) -> Self {
        Self { values: Vec::with_capacity(values) }
    }

    /// Bytes of memory beside this struct, about.
    pub(crate) fn memory(&self) -> usize {
        self.values.capacity() * size_of::<Entry>()
    }

    /// How many values there are.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no value at all.
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

    /// The values of a key, first seen first.
    pub fn values(&self, key: MatchKey) -> impl ExactSizeIterator<Item = &MatchValue> {
        self.of(key).iter().map(|entry| &entry.value)
    }

    /// Every value with its key, in the order in which they are sent.
    #[inline]
    pub(crate) fn entries(&self) -> impl Iterator<Item = (MatchKey, &MatchValue)> {
        self.values.iter().map(|entry| (entry.key, &entry.value))
    }

    /// What is worth knowing about values, each with its key.
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

    /// Every value with its warning, in the order in which they are sent.
    pub(super) fn all(&self) -> impl Iterator<Item = (MatchKey, &MatchValue, Option<ValueWarning>)> {
        self.values.iter().map(|entry| (entry.key, &entry.value, entry.warning))
    }

    fn of(&self, key: MatchKey) -> &[Entry] {
        let start = self.values.partition_point(|entry| entry.key < key);
        let end = self.values.partition_point(|entry| entry.key <= key);
        &self.values[start..end]
    }

    /// Adds the values of `other` that are not here yet. A key that takes one string keeps the one
    /// it has.
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

    /// Adds a value that was hashed elsewhere, by the rules of its key.
    ///
    /// # Errors
    ///
    /// [`UnusableReason::NeverHashed`] for a key that Meta takes as text, [`UnusableReason::HashOfNothing`] for
    /// the digest of an empty text or of a word such as `null`.
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

    /// Forgets everything but its memory.
    pub(crate) fn clear(&mut self) {
        self.values.clear();
    }

    /// Removes all values and makes room for this many.
    pub(super) fn restart(&mut self, values: usize) {
        self.values.clear();
        self.values.reserve_exact(values);
    }

    /// Appends a value. Until [`settle`](Self::settle), values may stand in any order, and twice.
    #[inline]
    pub(super) fn append(&mut self, key: MatchKey, value: MatchValue, warning: Option<ValueWarning>) {
        self.values.push(Entry { key, warning, value });
    }

    /// Hashes and appends the values that wait for it.
    pub(super) fn append_all(&mut self, blocks: &mut Blocks) {
        let entry = |(key, warning, digest)| Entry { key, warning, value: MatchValue::Hashed(digest) };
        self.values.extend(blocks.digests().map(entry));
        blocks.clear();
    }

    /// Brings the values that were appended into their order, each once.
    pub(super) fn settle(&mut self) {
        if self.values.is_sorted_by(|one, next| one.key < next.key) {
            return;
        }
        self.values.sort_by_key(|entry| entry.key);
        let mut kept = Self::with_room_for(self.values.len());
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

    /// Whether Meta takes this combination of keys.
    ///
    /// Meta refuses an event, and with it the whole batch, whose keys all lie in one of these sets:
    /// `ct country st zp ge client_user_agent`, `db client_user_agent`, `fn ge`, `ln ge`.
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
    /// # Errors
    ///
    /// [`TooBroad`] when all keys lie in one such set, or there are none.
    pub fn check_combination(&self) -> Result<(), TooBroad> {
        let keys: KeySet = self.keys().collect();
        if is_too_broad(keys) { Err(TooBroad) } else { Ok(()) }
    }
}

/// Whether Meta would refuse a customer of these keys.
pub(super) fn is_too_broad(keys: KeySet) -> bool {
    TOO_BROAD.iter().any(|set| keys.is_within(*set))
}

/// The sets of keys that Meta holds too broad, alone or in part.
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

/// The keys fit too many people: Meta would refuse the whole batch.
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
    "the customer's keys fit too many people: add an e-mail address, a phone number or another key of the customer alone"
)]
pub struct TooBroad;

impl Serialize for UserData {
    /// The object that Meta expects as `user_data`: lists for keys that take several values.
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
    /// Keys and numbers of values; never a value.
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
