//! ISO 3166-1 alpha-2 country codes, and the names that people write instead.

mod aliases;
mod fold;
#[cfg(test)]
mod generate;
mod names;
mod official;

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use super::{InvalidValue, Rule, ValueKind};
use names::Meaning;

/// A country by its ISO 3166-1 alpha-2 code.
///
/// Invariants: two letters, lower case (as Meta hashes them), officially assigned.
///
/// It parses from the two-letter code, the three-letter code, and the short, official and other usual names in about
/// 160 languages, with or without their accents. Only letters count, in any case, and the name must be the whole
/// text: no country is found inside a longer text.
///
/// ```
/// use meta_offline_events::value::{Country, Rule};
///
/// let country: Country = "United States".parse()?;
/// assert_eq!(country.code(), "us");
/// assert_eq!("UK".parse::<Country>()?.code(), "gb");
/// assert_eq!("CHN".parse::<Country>()?.code(), "cn");
/// assert_eq!("ESPANA".parse::<Country>()?.code(), "es");
/// assert_eq!("ドイツ".parse::<Country>()?.code(), "de");
/// assert!("Middle Earth".parse::<Country>().is_err());
/// assert_eq!("Korea".parse::<Country>().unwrap_err().rule(), Rule::AmbiguousCountry);
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
///
/// A text that could be more than one country is refused: `Nga` is Russia in Vietnamese, and the code of Nigeria if it
/// is written `NGA`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

impl Country {
    /// Canada.
    pub const CANADA: Self = Self(*b"ca");
    /// The United Kingdom.
    pub const UNITED_KINGDOM: Self = Self(*b"gb");
    /// The United States.
    pub const UNITED_STATES: Self = Self(*b"us");

    /// The country of a two-letter code in any case, or of another short name of two letters.
    pub(crate) fn of_letters(letters: [u8; 2]) -> Option<Self> {
        static SHORT: LazyLock<[Option<Country>; 26 * 26]> = LazyLock::new(|| {
            std::array::from_fn(|place| match names::of_two_letters([place / 26, place % 26]) {
                Some(Meaning::Country(code)) => Some(Country(code)),
                _ => None,
            })
        });
        let [first, second] = letters;
        if !first.is_ascii_alphabetic() || !second.is_ascii_alphabetic() || names::is_code_or_name(letters) {
            return None;
        }
        SHORT[place_of(first) * 26 + place_of(second)]
    }

    pub(crate) fn letters(&self) -> &[u8; 2] {
        &self.0
    }

    /// The two letters, lower case.
    pub fn code(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// The place of an ASCII letter in the alphabet, in any case.
fn place_of(letter: u8) -> usize {
    usize::from((letter | 0x20) - b'a')
}

impl FromStr for Country {
    type Err = InvalidValue;

    /// # Errors
    ///
    /// [`Rule::Empty`] when the text holds no letter, [`Rule::AmbiguousCountry`] when it could be more than one country,
    /// else [`Rule::UnknownCode`].
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        if let Some(country) = text.as_bytes().try_into().ok().and_then(Self::of_letters) {
            return Ok(country);
        }
        match names::meaning(text) {
            Ok(Meaning::Country(code)) => Ok(Self(code)),
            Ok(Meaning::Several) => Err(Rule::AmbiguousCountry),
            Err(rule) => Err(rule),
        }
        .map_err(|rule| InvalidValue::new(ValueKind::Country, rule))
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Country({})", self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v34_whole_names_only() {
        for (text, code) in [
            ("Great Britain", Some("gb")),
            ("Korea", None),
            ("CHN", Some("cn")),
            ("AUT", Some("at")),
            ("UK", Some("gb")),
            ("Schweiz", Some("ch")),
            ("Jerusalem", None),
            ("Jersey City", None),
            ("U.S.A.", Some("us")),
            ("Congo", Some("cg")),
            ("DR Congo", Some("cd")),
            ("Côte d’Ivoire", Some("ci")),
            ("zz", None),
            ("xk", None),
            ("e\u{301}", None),
        ] {
            let read = text.parse::<Country>();
            assert_eq!(read.as_ref().ok().map(Country::code), code, "{text}");
        }
        assert!("us".repeat(5_000_000).parse::<Country>().is_err());
    }

    #[test]
    fn ascii_names_are_read_as_any_others() {
        for text in [
            "",
            " . ",
            "US",
            "u.s.",
            "S.A.",
            "NGA",
            "nga",
            "Korea",
            "VAE",
            "Deutschland",
            "United States",
            "Q",
            &"a".repeat(97),
            "Cote d'Ivoire",
            "12",
        ] {
            // A letter that counts for nothing makes it a name beyond ASCII.
            let beyond = format!("{text}\u{2e}\u{2019}");
            assert_eq!(text.parse::<Country>(), beyond.parse(), "{text}");
        }
    }

    #[test]
    fn v57_a_name_of_two_countries_is_refused() {
        for (text, read) in [
            ("NGA", Ok("ng")),
            ("nga", Err(Rule::AmbiguousCountry)),
            ("Nga", Err(Rule::AmbiguousCountry)),
            ("Ngã", Err(Rule::AmbiguousCountry)),
            ("AO", Ok("ao")),
            ("ao", Ok("ao")),
            ("Ao", Err(Rule::AmbiguousCountry)),
            ("Áo", Ok("at")),
            ("ÁO", Ok("at")),
            ("A\u{301}o", Ok("at")),
            ("Ảo", Err(Rule::UnknownCode)),
            ("MY", Ok("my")),
            ("Mỹ", Ok("us")),
            ("Korea", Err(Rule::AmbiguousCountry)),
            ("KOREA", Err(Rule::AmbiguousCountry)),
            ("Kongo", Err(Rule::AmbiguousCountry)),
            ("Κονγκό", Err(Rule::AmbiguousCountry)),
            ("Congo", Ok("cg")),
            ("SAM", Err(Rule::AmbiguousCountry)),
            ("EU", Err(Rule::UnknownCode)),
            ("R.-U.", Err(Rule::AmbiguousCountry)),
            ("RU", Ok("ru")),
            ("S.A.", Err(Rule::AmbiguousCountry)),
            ("U.S.", Ok("us")),
            ("ＪＰ", Ok("jp")),
            ("\u{301}", Err(Rule::UnknownCode)),
        ] {
            let found = text.parse::<Country>();
            let found = found.as_ref().map(Country::code).map_err(|error| error.rule());
            assert_eq!(found, read, "{text}");
        }
    }
}
