//! From borrowed raw text to user data, with everything unusable told at once.

use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::sync::LazyLock;

use foldhash::quality::RandomState;
use smallvec::SmallVec;

use super::block::{Block, Blocks};
use super::clean::{Cleaned, Form, Quick, clean, is_blank, quick, read_country};
use super::{CleaningOptions, Hashed, MatchKey, MatchValue, UnusableReason, UserData, ValueWarning};
use crate::value::{Country, EventTime};

impl UserData {
    /// Collects raw texts and hashes them.
    pub fn builder<'a>() -> UserDataBuilder<'a> {
        UserDataBuilder::default()
    }
}

/// Collects the raw texts of one customer.
///
/// Each setter may be called several times (a thousand values of a key count), in any order; texts are borrowed, and read by
/// [`build`](UserDataBuilder::build). A blank text counts as not given. States and postal codes are
/// read by the first country that is usable.
///
/// ```
/// use meta_offline_events::customer::{MatchKey, UserData};
///
/// let customer = UserData::builder()
///     .email("mary@example.com")
///     .email("m.smith@example.org")
///     .state("Georgia")
///     .country("GE")
///     .value(MatchKey::LeadId, "525645896321548")
///     .build()?;
/// assert_eq!(customer.values(MatchKey::Email).count(), 2);
/// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
/// ```
#[derive(Clone, Default)]
pub struct UserDataBuilder<'a> {
    /// In place, because there is one for each row of an export.
    given: SmallVec<[(MatchKey, &'a str); 12]>,
    /// A fingerprint of the raw texts and their keys, in the order in which they came.
    texts: u64,
    options: CleaningOptions,
}

/// A fingerprint of raw customer values and of how they are read. Builders with equal values and options have equal
/// fingerprints.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RawFingerprint {
    texts: u64,
    options: CleaningOptions,
}

impl RawFingerprint {
    /// The fingerprint of the values alone.
    pub(crate) fn texts(self) -> u64 {
        self.texts
    }
}

impl<'a> UserDataBuilder<'a> {
    /// A value for any key.
    pub fn value(mut self, key: MatchKey, raw: &'a str) -> Self {
        self.add(key, raw);
        self
    }

    /// The same, in place.
    pub(crate) fn add(&mut self, key: MatchKey, raw: &'a str) {
        static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::default);
        let mut hasher = HASHER.build_hasher();
        hasher.write_u64(self.texts);
        hasher.write_u64((key as u64) << 48 | raw.len() as u64);
        hasher.write(raw.as_bytes());
        self.texts = hasher.finish();
        self.given.push((key, raw));
    }

    /// Copies the builder, for as long as this one lives.
    pub(crate) fn reborrow(&self) -> UserDataBuilder<'_> {
        UserDataBuilder {
            given: self.given.iter().copied().collect(),
            texts: self.texts,
            options: self.options,
        }
    }

    pub(crate) fn raw_fingerprint(&self) -> RawFingerprint {
        RawFingerprint { texts: self.texts, options: self.options.undated() }
    }

    /// An e-mail address.
    pub fn email(self, raw: &'a str) -> Self {
        self.value(MatchKey::Email, raw)
    }

    /// A phone number with its country code, such as `+44 20 7946 0958`.
    pub fn phone(self, raw: &'a str) -> Self {
        self.value(MatchKey::Phone, raw)
    }

    /// A first name.
    pub fn first_name(self, raw: &'a str) -> Self {
        self.value(MatchKey::FirstName, raw)
    }

    /// A last name.
    pub fn last_name(self, raw: &'a str) -> Self {
        self.value(MatchKey::LastName, raw)
    }

    /// A date of birth, best as `YYYY-MM-DD`.
    pub fn birth_date(self, raw: &'a str) -> Self {
        self.value(MatchKey::BirthDate, raw)
    }

    /// `f`, `m`, or an English word for one of them.
    pub fn gender(self, raw: &'a str) -> Self {
        self.value(MatchKey::Gender, raw)
    }

    /// The name of a city.
    pub fn city(self, raw: &'a str) -> Self {
        self.value(MatchKey::City, raw)
    }

    /// A state or province, by its name or its code.
    pub fn state(self, raw: &'a str) -> Self {
        self.value(MatchKey::State, raw)
    }

    /// A postal code.
    pub fn postal_code(self, raw: &'a str) -> Self {
        self.value(MatchKey::PostalCode, raw)
    }

    /// A country, by its code or its name.
    pub fn country(self, raw: &'a str) -> Self {
        self.value(MatchKey::Country, raw)
    }

    /// The advertiser's own id of the customer.
    pub fn external_id(self, raw: &'a str) -> Self {
        self.value(MatchKey::ExternalId, raw)
    }

    /// The advertising id of a phone.
    pub fn mobile_advertiser_id(self, raw: &'a str) -> Self {
        self.value(MatchKey::MobileAdvertiserId, raw)
    }

    /// The IP address of the customer's browser.
    pub fn client_ip_address(self, raw: &'a str) -> Self {
        self.value(MatchKey::ClientIpAddress, raw)
    }

    /// The user agent of the customer's browser.
    pub fn client_user_agent(self, raw: &'a str) -> Self {
        self.value(MatchKey::ClientUserAgent, raw)
    }

    /// A click on one of Meta's ads: the text of a [`ClickId`](super::ClickId), or the pixel's cookie `_fbc`.
    pub fn click_id(self, raw: &'a str) -> Self {
        self.value(MatchKey::Click, raw)
    }

    /// The browser as Meta's pixel names it: its cookie `_fbp`.
    pub fn browser_id(self, raw: &'a str) -> Self {
        self.value(MatchKey::Browser, raw)
    }

    /// Refuses birth dates after this day.
    pub fn as_of(mut self, now: EventTime) -> Self {
        self.options = self.options.as_of(now);
        self
    }

    /// How the texts are to be read. The customer's own [`country`](Self::country) goes before the
    /// options's, and a day that was stated stays unless the options states one.
    pub fn options(mut self, options: CleaningOptions) -> Self {
        self.options = CleaningOptions { as_of: options.as_of.or(self.options.as_of), ..options };
        self
    }

    /// Reads, cleans and hashes every text.
    ///
    /// ```
    /// use meta_offline_events::customer::{MatchKey, UnusableReason, UserData};
    ///
    /// let error = UserData::builder()
    ///     .email("mary@example.com")
    ///     .phone("020 7946 0958")
    ///     .birth_date("03/04/1980")
    ///     .build()
    ///     .unwrap_err();
    /// let reasons: Vec<_> = error.unusable().iter().map(|unusable| unusable.reason()).collect();
    /// assert_eq!(reasons, [UnusableReason::NationalNumber, UnusableReason::AmbiguousDate]);
    /// assert!(error.into_usable().has(MatchKey::Email));
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidUserData`] names every text that cannot be used, and holds the others.
    pub fn build(self) -> Result<UserData, InvalidUserData> {
        let mut usable = UserData::with_room_for(self.given.len());
        let unusable = self.build_into(None, &mut usable, &mut String::new());
        if unusable.is_empty() { Ok(usable) } else { Err(InvalidUserData { unusable, usable }) }
    }

    /// The same in the memory of an earlier customer, as of this day if one is stated. Returns the texts
    /// that cannot be used.
    pub(crate) fn build_into(
        &self,
        day: Option<EventTime>,
        customer: &mut UserData,
        buffer: &mut String,
    ) -> Vec<UnusableKey> {
        let options = CleaningOptions {
            country: self.country_given().or(self.options.country),
            as_of: day.or(self.options.as_of),
            ..self.options
        };
        let mut unusable = Vec::new();
        let mut seen = [0_u16; MatchKey::ALL.len()];
        let mut blocks = Blocks::default();
        customer.restart(self.given.len());
        for &(key, raw) in &self.given {
            let index = usize::from(seen[key as usize]);
            seen[key as usize] = seen[key as usize].saturating_add(1);
            if blocks.are_full() {
                customer.append_all(&mut blocks);
            }
            let block = blocks.next();
            let read = match quick(key, raw, &options, block).filter(|_| index < MAX_VALUES) {
                Some(Quick { warning }) => Ok((Prepared::Block, warning)),
                None if raw.chars().all(is_blank) => continue,
                None if index < MAX_VALUES => prepare(key, raw, &options, buffer, block),
                None => Err(UnusableReason::TooManyValues),
            };
            match read {
                Ok((Prepared::Block, warning)) => blocks.keep(key, warning),
                Ok((Prepared::Value(value), warning)) => {
                    customer.append_all(&mut blocks);
                    customer.append(key, value, warning);
                }
                Err(reason) => unusable.push(UnusableKey { key, index, reason }),
            }
        }
        customer.append_all(&mut blocks);
        customer.settle();
        unusable
    }

    fn country_given(&self) -> Option<Country> {
        let mut countries = self.given.iter().filter(|(key, _)| *key == MatchKey::Country);
        countries.find_map(|(_, raw)| read_country(raw))
    }
}

/// No customer has more values of one key. Meta publishes no limit.
const MAX_VALUES: usize = 1000;

/// A cleaned text.
enum Prepared {
    /// It stands in a block, to be hashed together with others.
    Block,
    Value(MatchValue),
}

fn prepare(
    key: MatchKey,
    raw: &str,
    options: &CleaningOptions,
    buffer: &mut String,
    block: &mut Block,
) -> Result<(Prepared, Option<ValueWarning>), UnusableReason> {
    let Cleaned { form, warning } = clean(key, raw, options, buffer)?;
    if matches!(form, Form::ToHash) && block.set(buffer.as_bytes()) {
        return Ok((Prepared::Block, warning));
    }
    let value = form.into_value(buffer);
    // A text of nothing is refused before it is hashed; only a digest can bring one in.
    if warning == Some(ValueWarning::AlreadyHashed) && value.digest().is_some_and(Hashed::is_of_nothing) {
        return Err(UnusableReason::HashOfNothing);
    }
    Ok((Prepared::Value(value), warning))
}

impl fmt::Debug for UserDataBuilder<'_> {
    /// Keys only; never a text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserDataBuilder ")?;
        f.debug_list().entries(self.given.iter().map(|(key, _)| key)).finish()
    }
}

/// A text that gave no match key. It comes from [`InvalidUserData::unusable`].
///
/// ```
/// use meta_offline_events::customer::{MatchKey, UnusableReason, UserData};
///
/// let invalid = UserData::builder().email("mary@example.com").email("mary").build().unwrap_err();
/// let unusable = invalid.unusable()[0];
/// assert_eq!((unusable.key(), unusable.index()), (MatchKey::Email, 1));
/// assert_eq!(unusable.reason(), UnusableReason::NotAnEmail);
/// assert!(unusable.to_string().starts_with("em (value 2) is not an e-mail address"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UnusableKey {
    key: MatchKey,
    index: usize,
    reason: UnusableReason,
}

impl UnusableKey {
    /// The key that the text was given for.
    pub fn key(self) -> MatchKey {
        self.key
    }

    /// Which of the texts given for that key: 0 is the first. Blank ones count.
    pub fn index(self) -> usize {
        self.index
    }

    /// Why it cannot be used.
    pub fn reason(self) -> UnusableReason {
        self.reason
    }
}

impl fmt::Display for UnusableKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.index > 0 {
            write!(f, "{} (value {}) {}", self.key, self.index + 1, self.reason)
        } else {
            write!(f, "{} {}", self.key, self.reason)
        }
    }
}

/// Some texts of a customer cannot be used. The others are not lost: see
/// [`into_usable`](InvalidUserData::into_usable).
///
/// ```
/// use meta_offline_events::customer::{MatchKey, UserData};
///
/// let invalid = UserData::builder().email("mary@example.com").phone("ask her").build().unwrap_err();
/// assert_eq!(
///     invalid.to_string(),
///     "customer data cannot be used as it is: ph has no digits to make a phone number",
/// );
/// assert!(invalid.into_usable().has(MatchKey::Email));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidUserData {
    unusable: Vec<UnusableKey>,
    usable: UserData,
}

impl InvalidUserData {
    /// Every text that cannot be used, in the order given; at least one.
    pub fn unusable(&self) -> &[UnusableKey] {
        &self.unusable
    }

    /// The usable values, which may be none.
    pub fn into_usable(self) -> UserData {
        self.usable
    }

    /// The usable values and the unusable ones.
    pub fn into_parts(self) -> (UserData, Vec<UnusableKey>) {
        (self.usable, self.unusable)
    }
}

impl fmt::Display for InvalidUserData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("customer data cannot be used as it is: ")?;
        for (position, unusable) in self.unusable.iter().enumerate() {
            if position > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{unusable}")?;
        }
        Ok(())
    }
}

impl std::error::Error for InvalidUserData {}
