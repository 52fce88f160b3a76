//! Digests of values that came before: customers share names, cities and countries.

use std::fmt;

use super::key_set::KeySet;
use super::{CleaningOptions, Hashed, MatchKey};
use crate::value::{Country, words};

/// The digests of texts that were cleaned and hashed before, without a warning, under the same options.
///
/// A text can stand at one place only, and replaces the one that stood there. There are few places until many texts came.
#[derive(Default)]
pub(crate) struct DigestCache {
    entries: Vec<Entry>,
    /// How many texts were added since there are so many places.
    added: usize,
    /// What the texts were cleaned by, but for the country, which is part of each.
    options: CleaningOptions,
    /// The last name of a country.
    country: Option<(CachedText, Country)>,
}

#[derive(Clone)]
struct Entry {
    text: CachedText,
    digest: Hashed,
}

/// A text as it was given, with its key and the customer's country.
#[derive(Clone, Copy)]
pub(super) struct CachedText([u64; 4]);

/// The keys whose values many customers share. What becomes of them depends on no date.
const CACHED: KeySet = KeySet::of(&[
    MatchKey::FirstName,
    MatchKey::LastName,
    MatchKey::Gender,
    MatchKey::City,
    MatchKey::State,
    MatchKey::PostalCode,
    MatchKey::Country,
]);

const FIRST_PLACES: usize = 64;
const MOST_PLACES: usize = 512;

impl DigestCache {
    /// Forgets all texts if they were cleaned by other options.
    #[inline]
    pub(super) fn set_options(&mut self, options: &CleaningOptions) {
        let options = CleaningOptions { country: None, as_of: None, ..*options };
        if self.options != options {
            *self = Self { options, ..Self::default() };
        }
    }

    /// The country of a text, if it can be used.
    #[inline]
    pub(super) fn country(&mut self, raw: &str) -> Option<Country> {
        // Codes are read as fast as they are found.
        if raw.len() <= 2 || !CachedText::is_worth(MatchKey::Country, raw) {
            return raw.parse().ok();
        }
        let text = CachedText::new(MatchKey::Country, raw, None);
        match &self.country {
            Some((last, country)) if last.equals(&text) => Some(*country),
            _ => {
                let country = raw.parse().ok()?;
                self.country = Some((text, country));
                Some(country)
            }
        }
    }

    #[inline]
    pub(super) fn get(&self, text: &CachedText) -> Option<Hashed> {
        let entry = self.entries.get(text.place(self.entries.len()))?;
        entry.text.equals(text).then_some(entry.digest)
    }

    pub(super) fn insert(&mut self, text: CachedText, digest: Hashed) {
        if self.added >= self.entries.len() && self.entries.len() < MOST_PLACES {
            self.widen();
        }
        self.added += 1;
        let place = text.place(self.entries.len());
        self.entries[place] = Entry { text, digest };
    }

    /// Makes more places, and forgets all texts: those that are frequent come back soon.
    #[cold]
    fn widen(&mut self) {
        let places = (4 * self.entries.len()).clamp(FIRST_PLACES, MOST_PLACES);
        let nothing = Entry { text: CachedText([0; 4]), digest: Hashed::from_bytes([0; 32]) };
        self.entries = vec![nothing; places];
        self.added = 0;
    }
}

impl CachedText {
    /// The longest text that is cached, in bytes.
    const ROOM: usize = 28;

    /// Whether the digest of a text is worth a place: customers share the values of its key, and it is short.
    #[inline]
    pub(super) fn is_worth(key: MatchKey, raw: &str) -> bool {
        CACHED.contains(key) & (1..=Self::ROOM).contains(&raw.len())
    }

    /// A text that [is worth](Self::is_worth) a place.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the text is short")]
    pub(super) fn new(key: MatchKey, raw: &str, country: Option<Country>) -> Self {
        let [letter, other_letter] = country.map_or([0, 0], |country| *country.letters());
        let behind = u32::from_le_bytes([raw.len() as u8, key as u8, letter, other_letter]);
        let [first, second, third, fourth] = words(raw.as_bytes());
        Self([first, second, third, fourth | u64::from(behind) << 32])
    }

    #[inline]
    fn equals(&self, other: &Self) -> bool {
        let differences = self.0.iter().zip(other.0).map(|(one, other)| one ^ other);
        differences.fold(0, |all, difference| all | difference) == 0
    }

    /// Its place among so many, which are a power of two.
    #[inline]
    fn place(&self, places: usize) -> usize {
        let [a, b, c, d] = self.0;
        let mixed = (a ^ c.rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
            ^ (b ^ d.rotate_left(32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        (mixed >> 48) as usize & places.wrapping_sub(1)
    }
}

impl fmt::Debug for DigestCache {
    /// Shows no text of a customer.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DigestCache").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;

    use super::*;
    use crate::customer::workspace::Workspace;
    use crate::customer::{GenderWords, UnusableKey, UserData, UserDataBuilder, ValueWarning};

    const TEXTS: [(MatchKey, &[&str]); 9] = [
        (MatchKey::FirstName, &["Mary", "mary", " Mary", "Zoë", "Jose\u{301}", "null", "…", "Ann-Marie"]),
        (MatchKey::LastName, &["Smith", "O'Brien", "Mary", "Müller-Lüdenscheidt von der Wiese", "n/a"]),
        (MatchKey::Gender, &["F", "m", "Male", "mujer", "?", "hombre", "M"]),
        (MatchKey::City, &["New York", "newyork", "Île-de-Bréhat", "1st City", "Mary"]),
        (MatchKey::State, &["Georgia", "GA", "California", "  ", "Bayern"]),
        (MatchKey::PostalCode, &["02138-1234", "2138", "SW1A 1AA", "021381234", "x"]),
        (MatchKey::Country, &["US", "ge", "United States", "Georgia", "Korea", "xx"]),
        (MatchKey::Email, &["Mary@example.com", "test@test.com"]),
        (MatchKey::Phone, &["650 555 1212", "+1 650 555 1212"]),
    ];

    type Outcome = (UserData, Vec<(MatchKey, ValueWarning)>, Vec<UnusableKey>);

    fn built(customer: &UserDataBuilder<'_>, workspace: &mut Workspace) -> Outcome {
        let mut data = UserData::default();
        let unusable = customer.build_into(None, &mut data, workspace);
        let warnings = data.warnings().collect();
        (data, warnings, unusable)
    }

    #[test]
    fn values_that_come_again_are_those_of_a_single_customer() {
        let mut rng = Rng::with_seed(5);
        let spanish = GenderWords::female_male("mujer", "m").expect("two words");
        let mut workspace = Workspace::default();
        let mut options = CleaningOptions::default();
        for _ in 0..20_000 {
            if rng.u8(..50) == 0 {
                options = match rng.u8(..4) {
                    0 => CleaningOptions::default(),
                    1 => CleaningOptions { gender_words: Some(spanish), ..options },
                    2 => options.digests_only(MatchKey::City),
                    _ => options.country(if rng.bool() { Country::UNITED_STATES } else { Country::CANADA }),
                };
            }
            let mut customer = UserDataBuilder::default().options(options);
            for _ in 0..rng.usize(..24) {
                let (key, texts) = TEXTS[rng.usize(..TEXTS.len())];
                customer = customer.value(key, texts[rng.usize(..texts.len())]);
            }
            assert_eq!(built(&customer, &mut workspace), built(&customer, &mut Workspace::for_one()));
        }
    }

    #[test]
    fn its_places_are_few_at_first_and_limited() {
        let mut cache = DigestCache::default();
        let mut places = Vec::new();
        for number in 0..20_000 {
            let raw = format!("Name {number}");
            cache.insert(CachedText::new(MatchKey::City, &raw, None), Hashed::of(&raw));
            if places.last() != Some(&cache.entries.len()) {
                places.push(cache.entries.len());
            }
        }
        assert_eq!(places, [64, 256, 512]);
        let last = CachedText::new(MatchKey::City, "Name 19999", None);
        assert_eq!(cache.get(&last), Some(Hashed::of("Name 19999")));
        assert_eq!(cache.get(&CachedText::new(MatchKey::State, "Name 19999", None)), None);
        assert_eq!(cache.get(&CachedText::new(MatchKey::City, "Name 19999", Some(Country::CANADA))), None);
    }

    #[test]
    fn texts_spread_over_all_places() {
        let mut taken = [false; 1024];
        for number in 0..4096 {
            taken[CachedText::new(MatchKey::LastName, &format!("S{number}"), None).place(1024)] = true;
        }
        let share = taken.iter().filter(|taken| **taken).count();
        assert!(share > 980, "by chance all but one in 55: {share}");
    }

    #[test]
    fn it_shows_no_text() {
        let mut workspace = Workspace::default();
        built(&UserData::builder().first_name("Mary"), &mut workspace);
        let cache = workspace.cache.as_ref().expect("a cache for many customers");
        assert!(cache.get(&CachedText::new(MatchKey::FirstName, "Mary", None)).is_some());
        assert_eq!(format!("{cache:?} {workspace:?}"), "DigestCache { .. } Workspace { .. }");
    }
}
