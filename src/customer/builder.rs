//! Building user data from raw text: every value is cleaned and hashed, and every unusable one is reported.

use std::fmt;
use std::num::NonZeroU64;

use prefetch_index::prefetch_index;

use super::blocks::Blocks;
use super::clean::{Cleaned, Form, Quick, clean, is_blank, quick};
use super::digest_cache::{CachedText, DigestCache};
use super::given::{self, Given, Passage, Texts};
use super::sha256;
use super::workspace::Workspace;
use super::{
    CleaningOptions, Hashed, InvalidUserData, MatchKey, UnusableKey, UnusableReason, UserData, ValueWarning,
};
use crate::value::{Country, EventTime, copy};

impl UserData {
    /// Starts a builder that cleans and hashes the raw texts of one customer.
    ///
    /// ```
    /// use meta_offline_events::customer::{MatchKey, UserData};
    ///
    /// let customer = UserData::builder().email("mary@example.com").first_name("Mary").build()?;
    /// assert!(customer.keys().eq([MatchKey::Email, MatchKey::FirstName]));
    /// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
    /// ```
    pub fn builder<'a>() -> UserDataBuilder<'a> {
        UserDataBuilder::default()
    }
}

/// Builds [`UserData`] from the raw texts of one customer.
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
///
/// Call the setters in any order, and several times for several values of a key. At most 1,000 values per key
/// are used. Blank texts are ignored. The builder borrows the texts;
/// [`build`](UserDataBuilder::build) cleans and hashes them. The first usable country decides how states and
/// postal codes are read.
#[derive(Clone, Default)]
pub struct UserDataBuilder<'a> {
    given: Given<'a>,
    options: CleaningOptions,
}

/// A fingerprint of raw customer values and of the options. Builders with equal values and options have equal
/// fingerprints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RawFingerprint(NonZeroU64);

impl<'a> UserDataBuilder<'a> {
    /// Adds a value of any key.
    ///
    /// ```
    /// use meta_offline_events::customer::{MatchKey, UserData};
    ///
    /// let customer = UserData::builder().value(MatchKey::LeadId, "525645896321548").build()?;
    /// assert!(customer.has(MatchKey::LeadId));
    /// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
    /// ```
    pub fn value(mut self, key: MatchKey, raw: &'a str) -> Self {
        self.add(key, raw);
        self
    }

    /// Adds a value of any key in place.
    pub(crate) fn add(&mut self, key: MatchKey, raw: &'a str) {
        self.given.add(key, raw);
    }

    /// The builder of a customer whose values stand in a longer text.
    #[inline]
    pub(crate) fn lent(passage: &'a Passage, options: CleaningOptions) -> Self {
        Self { given: Given::Lent(passage), options }
    }

    /// Copies the builder, with the lifetime of this borrow.
    pub(crate) fn reborrow(&self) -> UserDataBuilder<'_> {
        UserDataBuilder { given: self.given.reborrow(), options: self.options }
    }

    /// Has the processor fetch all texts.
    pub(crate) fn prefetch(&self) {
        let mut memory = Texts::new();
        for (_, raw) in self.given.texts(&mut memory) {
            prefetch_index(raw.as_bytes(), 0);
        }
    }

    /// The fingerprint of the values, whose own fingerprint is `texts`, and of the options.
    #[inline]
    pub(crate) fn raw_fingerprint(&self, texts: u64) -> RawFingerprint {
        let options = self.options.undated();
        let is_usual = options == CleaningOptions::default();
        let fingerprint = if is_usual { texts } else { given::with_options(texts, options) };
        RawFingerprint(NonZeroU64::new(fingerprint).unwrap_or(NonZeroU64::MIN))
    }

    /// The fingerprint of the values alone.
    #[inline]
    pub(crate) fn fingerprint_of_texts(&self) -> u64 {
        self.given.fingerprint()
    }

    /// Adds an e-mail address.
    ///
    /// ```
    /// use meta_offline_events::customer::{Hashed, MatchKey, MatchValue, UserData};
    ///
    /// let customer = UserData::builder().email(" Mary@Example.com").build()?;
    /// assert!(customer.values(MatchKey::Email).eq([MatchValue::Hashed(&Hashed::of("mary@example.com"))]));
    /// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
    /// ```
    pub fn email(self, raw: &'a str) -> Self {
        self.value(MatchKey::Email, raw)
    }

    /// Adds a phone number, written with its country code.
    ///
    /// ```
    /// use meta_offline_events::customer::{Hashed, MatchKey, MatchValue, UserData};
    ///
    /// let customer = UserData::builder().phone("+44 20 7946 0958").build()?;
    /// assert!(customer.values(MatchKey::Phone).eq([MatchValue::Hashed(&Hashed::of("442079460958"))]));
    /// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
    /// ```
    pub fn phone(self, raw: &'a str) -> Self {
        self.value(MatchKey::Phone, raw)
    }

    /// Adds a first name.
    ///
    /// ```
    /// use meta_offline_events::customer::{Hashed, MatchKey, MatchValue, UserData};
    ///
    /// let customer = UserData::builder().first_name("Anne-Marie").build()?;
    /// assert!(customer.values(MatchKey::FirstName).eq([MatchValue::Hashed(&Hashed::of("annemarie"))]));
    /// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
    /// ```
    pub fn first_name(self, raw: &'a str) -> Self {
        self.value(MatchKey::FirstName, raw)
    }

    /// Adds a last name.
    ///
    /// ```
    /// use meta_offline_events::customer::{Hashed, MatchKey, MatchValue, UserData};
    ///
    /// let customer = UserData::builder().last_name("O'Brien").build()?;
    /// assert!(customer.values(MatchKey::LastName).eq([MatchValue::Hashed(&Hashed::of("obrien"))]));
    /// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
    /// ```
    pub fn last_name(self, raw: &'a str) -> Self {
        self.value(MatchKey::LastName, raw)
    }

    /// Adds a date of birth, best written as `YYYY-MM-DD`.
    ///
    /// ```
    /// use meta_offline_events::customer::{Hashed, MatchKey, MatchValue, UserData};
    ///
    /// let customer = UserData::builder().birth_date("1997-02-16").build()?;
    /// assert!(customer.values(MatchKey::BirthDate).eq([MatchValue::Hashed(&Hashed::of("19970216"))]));
    /// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
    /// ```
    pub fn birth_date(self, raw: &'a str) -> Self {
        self.value(MatchKey::BirthDate, raw)
    }

    /// Adds a gender: `f`, `m` or a usual word for one of them, such as `Frau`.
    ///
    /// ```
    /// use meta_offline_events::customer::{Hashed, MatchKey, MatchValue, UserData};
    ///
    /// let customer = UserData::builder().gender("Female").build()?;
    /// assert!(customer.values(MatchKey::Gender).eq([MatchValue::Hashed(&Hashed::of("f"))]));
    /// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
    /// ```
    pub fn gender(self, raw: &'a str) -> Self {
        self.value(MatchKey::Gender, raw)
    }

    /// Adds the name of a city.
    ///
    /// ```
    /// use meta_offline_events::customer::{Hashed, MatchKey, MatchValue, UserData};
    ///
    /// let customer = UserData::builder().city("New York").build()?;
    /// assert!(customer.values(MatchKey::City).eq([MatchValue::Hashed(&Hashed::of("newyork"))]));
    /// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
    /// ```
    pub fn city(self, raw: &'a str) -> Self {
        self.value(MatchKey::City, raw)
    }

    /// Adds a state or province, by name or code.
    ///
    /// ```
    /// use meta_offline_events::customer::{Hashed, MatchKey, MatchValue, UserData};
    ///
    /// let customer = UserData::builder().state("California").build()?;
    /// assert!(customer.values(MatchKey::State).eq([MatchValue::Hashed(&Hashed::of("ca"))]));
    /// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
    /// ```
    pub fn state(self, raw: &'a str) -> Self {
        self.value(MatchKey::State, raw)
    }

    /// Adds a postal code.
    ///
    /// ```
    /// use meta_offline_events::customer::{Hashed, MatchKey, MatchValue, UserData};
    ///
    /// let customer = UserData::builder().postal_code("SW1A 1AA").build()?;
    /// assert!(customer.values(MatchKey::PostalCode).eq([MatchValue::Hashed(&Hashed::of("sw1a1aa"))]));
    /// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
    /// ```
    pub fn postal_code(self, raw: &'a str) -> Self {
        self.value(MatchKey::PostalCode, raw)
    }

    /// Adds a country, by code or name.
    ///
    /// ```
    /// use meta_offline_events::customer::{Hashed, MatchKey, MatchValue, UserData};
    ///
    /// let customer = UserData::builder().country("United States").build()?;
    /// assert!(customer.values(MatchKey::Country).eq([MatchValue::Hashed(&Hashed::of("us"))]));
    /// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
    /// ```
    pub fn country(self, raw: &'a str) -> Self {
        self.value(MatchKey::Country, raw)
    }

    /// Adds the advertiser's own id of the customer.
    ///
    /// ```
    /// use meta_offline_events::customer::{Hashed, MatchKey, MatchValue, UserData};
    ///
    /// let customer = UserData::builder().external_id("Cust 42-B").build()?;
    /// assert!(customer.values(MatchKey::ExternalId).eq([MatchValue::Hashed(&Hashed::of("cust42-b"))]));
    /// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
    /// ```
    pub fn external_id(self, raw: &'a str) -> Self {
        self.value(MatchKey::ExternalId, raw)
    }

    /// Adds the advertising id of a mobile device.
    ///
    /// ```
    /// use meta_offline_events::customer::{MatchKey, MatchValue, UserData};
    ///
    /// let customer = UserData::builder().mobile_advertiser_id("6D92078A-8246-4BA4-AE5B-76104861E7DC").build()?;
    /// assert!(customer.values(MatchKey::MobileAdvertiserId).eq([MatchValue::Plain("6d92078a-8246-4ba4-ae5b-76104861e7dc")]));
    /// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
    /// ```
    pub fn mobile_advertiser_id(self, raw: &'a str) -> Self {
        self.value(MatchKey::MobileAdvertiserId, raw)
    }

    /// Adds the IP address of the customer's browser.
    ///
    /// ```
    /// use meta_offline_events::customer::{MatchKey, MatchValue, UserData};
    ///
    /// let customer = UserData::builder().client_ip_address("2001:DB8:0::1").build()?;
    /// assert!(customer.values(MatchKey::ClientIpAddress).eq([MatchValue::Plain("2001:db8::1")]));
    /// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
    /// ```
    pub fn client_ip_address(self, raw: &'a str) -> Self {
        self.value(MatchKey::ClientIpAddress, raw)
    }

    /// Adds the user agent of the customer's browser.
    ///
    /// ```
    /// use meta_offline_events::customer::{MatchKey, MatchValue, UserData};
    ///
    /// let customer = UserData::builder().client_user_agent("Mozilla/5.0 (X11)").build()?;
    /// assert!(customer.values(MatchKey::ClientUserAgent).eq([MatchValue::Plain("Mozilla/5.0 (X11)")]));
    /// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
    /// ```
    pub fn client_user_agent(self, raw: &'a str) -> Self {
        self.value(MatchKey::ClientUserAgent, raw)
    }

    /// Adds a click on one of Meta's ads: the text of a [`ClickId`](super::ClickId), or of the pixel's cookie `_fbc`.
    ///
    /// ```
    /// use meta_offline_events::customer::{MatchKey, MatchValue, UserData};
    ///
    /// let customer = UserData::builder().click_id("fb.1.1777902300250.IwAR2F4").build()?;
    /// assert!(customer.values(MatchKey::Click).eq([MatchValue::Plain("fb.1.1777902300250.IwAR2F4")]));
    /// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
    /// ```
    pub fn click_id(self, raw: &'a str) -> Self {
        self.value(MatchKey::Click, raw)
    }

    /// Adds the browser id that Meta's pixel keeps in its cookie `_fbp`.
    ///
    /// ```
    /// use meta_offline_events::customer::{MatchKey, MatchValue, UserData};
    ///
    /// let customer = UserData::builder().browser_id("fb.1.1596403881668.1116446470").build()?;
    /// assert!(customer.values(MatchKey::Browser).eq([MatchValue::Plain("fb.1.1596403881668.1116446470")]));
    /// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
    /// ```
    pub fn browser_id(self, raw: &'a str) -> Self {
        self.value(MatchKey::Browser, raw)
    }

    /// Refuses birth dates after this day.
    ///
    /// ```
    /// use meta_offline_events::customer::{UnusableReason, UserData};
    /// use meta_offline_events::value::EventTime;
    ///
    /// let now = EventTime::from_unix(1_767_225_600)?;
    /// let invalid = UserData::builder().as_of(now).birth_date("2080-01-01").build().unwrap_err();
    /// assert_eq!(invalid.unusable()[0].reason(), UnusableReason::DateOutOfRange);
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    pub fn as_of(mut self, now: EventTime) -> Self {
        self.options = self.options.as_of(now);
        self
    }

    /// Sets how the texts are cleaned.
    ///
    /// ```
    /// use meta_offline_events::customer::{CleaningOptions, MatchKey, UserData};
    /// use meta_offline_events::value::DateOrder;
    ///
    /// let british = CleaningOptions::default().date_order(DateOrder::DayFirst);
    /// let customer = UserData::builder().options(british).birth_date("03/04/1980").build()?;
    /// assert!(customer.has(MatchKey::BirthDate));
    /// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
    /// ```
    ///
    /// The customer's own [`country`](Self::country) takes precedence over that of the options. The day of
    /// [`as_of`](Self::as_of) stays, unless the options have one.
    #[inline]
    pub fn options(mut self, options: CleaningOptions) -> Self {
        self.set_options(options);
        self
    }

    /// Sets the options in place.
    pub(crate) fn set_options(&mut self, options: CleaningOptions) {
        self.options = CleaningOptions { as_of: options.as_of.or(self.options.as_of), ..options };
    }

    /// Cleans and hashes every text.
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
    /// [`InvalidUserData`] lists every text that cannot be used, and keeps the usable values.
    pub fn build(self) -> Result<UserData, InvalidUserData> {
        let mut usable = UserData::with_capacity(self.given.len());
        let unusable = self.build_into(None, &mut usable, &mut Workspace::for_one());
        if unusable.is_empty() { Ok(usable) } else { Err(InvalidUserData { unusable, usable }) }
    }

    /// Does the same in the memory of an earlier customer, as of `day` if there is one. Returns the texts that
    /// cannot be used.
    pub(crate) fn build_into(
        &self,
        day: Option<EventTime>,
        customer: &mut UserData,
        workspace: &mut Workspace,
    ) -> Vec<UnusableKey> {
        let mut memory = Texts::new();
        let given = self.given.texts(&mut memory);
        let country = first_country(given, workspace.cache.as_mut());
        let options = CleaningOptions {
            country: country.map(|(_, country)| country).or(self.options.country),
            as_of: day.or(self.options.as_of),
            ..self.options
        };
        let mut others = Others::new(given, &options);
        let mut blocks = Blocks::default();
        if let Some(cache) = &mut workspace.cache {
            cache.set_options(&options);
        }
        customer.restart(given.len());
        for (position, &(key, raw)) in given.iter().enumerate() {
            if blocks.are_full() {
                customer.append_all(&mut blocks, workspace.cache.as_mut());
            }
            let is_among_first = position < MAX_VALUES;
            let cached;
            let mut text = None;
            if let Some(cache) = &workspace.cache
                && is_among_first
                && CachedText::is_worth(key, raw)
            {
                cached = CachedText::new(key, raw, options.country);
                if let Some(digest) = cache.get(&cached) {
                    blocks.add_known(key, digest);
                    continue;
                }
                text = Some(&cached);
            }
            let is_plain = is_among_first
                && blocks.add(key, text, |form| quick(key, raw, country.as_ref(), &options, form));
            if !is_plain {
                others.read(position, text, &mut blocks, customer, workspace);
            }
        }
        customer.append_all(&mut blocks, workspace.cache.as_mut());
        customer.settle();
        others.unusable
    }
}

/// The first usable country, with its text.
fn first_country<'a>(
    given: &[(MatchKey, &'a str)],
    mut cache: Option<&mut DigestCache>,
) -> Option<(&'a str, Country)> {
    let mut country = |raw: &str| match &mut cache {
        Some(cache) => cache.country(raw),
        None => raw.parse().ok(),
    };
    let mut countries = given.iter().filter(|(key, _)| *key == MatchKey::Country);
    countries.find_map(|&(_, raw)| Some((raw, country(raw)?)))
}

/// Meta publishes no limit; no customer has more values of one key.
const MAX_VALUES: usize = 1000;

/// The texts that a quick look is not enough for.
struct Others<'a> {
    given: &'a [(MatchKey, &'a str)],
    options: &'a CleaningOptions,
    /// How many texts each key has among the first ones, and how many those are.
    seen: [u16; MatchKey::ALL.len()],
    counted: usize,
    unusable: Vec<UnusableKey>,
}

impl<'a> Others<'a> {
    fn new(given: &'a [(MatchKey, &'a str)], options: &'a CleaningOptions) -> Self {
        Self { given, options, seen: [0; MatchKey::ALL.len()], counted: 0, unusable: Vec::new() }
    }

    /// Reads the text at this position. Positions rise from call to call.
    #[inline(never)]
    fn read(
        &mut self,
        position: usize,
        text: Option<&CachedText>,
        blocks: &mut Blocks,
        customer: &mut UserData,
        workspace: &mut Workspace,
    ) {
        let (key, raw) = self.given[position];
        if raw.chars().all(is_blank) {
            return;
        }
        let index = self.index_of(position);
        let added = if index < MAX_VALUES {
            add(key, raw, text, self.options, blocks, customer, workspace)
        } else {
            Err(UnusableReason::TooManyValues)
        };
        if let Err(reason) = added {
            self.unusable.push(UnusableKey { key, index, reason });
        }
    }

    /// How many texts its key has before this position.
    fn index_of(&mut self, position: usize) -> usize {
        for (key, _) in &self.given[self.counted..position] {
            let seen = &mut self.seen[*key as usize];
            *seen = seen.saturating_add(1);
        }
        self.counted = position;
        usize::from(self.seen[self.given[position].0 as usize])
    }
}

/// Cleans any text and adds its value: to the blocks, if it is to be hashed and fits into one, or else to the customer.
fn add(
    key: MatchKey,
    raw: &str,
    text: Option<&CachedText>,
    options: &CleaningOptions,
    blocks: &mut Blocks,
    customer: &mut UserData,
    Workspace { buffer, cache }: &mut Workspace,
) -> Result<(), UnusableReason> {
    let Cleaned { form, warning } = clean(key, raw, options, buffer)?;
    if matches!(form, Form::ToHash) && buffer.len() <= sha256::MAX_TEXT {
        blocks.add(key, text, |block| {
            copy(buffer.as_bytes(), &mut block[..buffer.len()]);
            Some(Quick { length: buffer.len(), warning })
        });
        return Ok(());
    }
    let value = form.into_value(buffer);
    // Cleaning refuses placeholders as text; only a digest can still stand for one.
    if warning == Some(ValueWarning::AlreadyHashed)
        && value.borrow().digest().is_some_and(Hashed::is_of_nothing)
    {
        return Err(UnusableReason::HashOfNothing);
    }
    customer.append_all(blocks, cache.as_mut());
    customer.append(key, value, warning);
    Ok(())
}

impl fmt::Debug for UserDataBuilder<'_> {
    /// Shows the keys, never a text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserDataBuilder ")?;
        let mut memory = Texts::new();
        f.debug_list().entries(self.given.texts(&mut memory).iter().map(|(key, _)| key)).finish()
    }
}
