//! ISO 3166-1 alpha-2 country codes, and the names that people write instead.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use foldhash::quality::RandomState;

use super::{InvalidValue, Rule, ValueKind};

/// A country by its ISO 3166-1 alpha-2 code.
///
/// Invariants: two letters, lower case (as Meta hashes them), officially assigned.
///
/// It parses from the code, the three-letter code, the English short name and other usual names. Only letters count,
/// in any case, and the name must be the whole text: no country is found inside a longer text.
///
/// ```
/// use meta_offline_events::value::Country;
///
/// let country: Country = "United States".parse()?;
/// assert_eq!(country.code(), "us");
/// assert_eq!("UK".parse::<Country>()?.code(), "gb");
/// assert_eq!("CHN".parse::<Country>()?.code(), "cn");
/// assert!("Middle Earth".parse::<Country>().is_err());
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
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
            std::array::from_fn(|place| {
                let letters = [place / 26, place % 26].map(|letter| b"abcdefghijklmnopqrstuvwxyz"[letter]);
                NAMES.get(&letters[..]).copied()
            })
        });
        let [first, second] = letters.map(|letter| usize::from((letter | 0x20).wrapping_sub(b'a')));
        if letters.iter().all(u8::is_ascii_alphabetic) { SHORT[first * 26 + second] } else { None }
    }

    /// The same as for any name, quicker.
    fn of_ascii_name(text: &str) -> Result<Self, InvalidValue> {
        let mut name = [0; MAX_NAME];
        let mut length = 0;
        for letter in text.bytes().filter(u8::is_ascii_alphabetic) {
            match name.get_mut(length) {
                Some(place) => *place = letter.to_ascii_lowercase(),
                None => return Err(InvalidValue::new(ValueKind::Country, Rule::UnknownCode)),
            }
            length += 1;
        }
        let rule = if length == 0 { Rule::Empty } else { Rule::UnknownCode };
        NAMES.get(&name[..length]).copied().ok_or(InvalidValue::new(ValueKind::Country, rule))
    }

    pub(crate) fn letters(&self) -> &[u8; 2] {
        &self.0
    }

    /// The two letters, lower case.
    pub fn code(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for Country {
    type Err = InvalidValue;

    /// # Errors
    ///
    /// [`Rule::Empty`] when the text holds no letter, else [`Rule::UnknownCode`].
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        if let Some(country) = text.as_bytes().try_into().ok().and_then(Self::of_letters) {
            return Ok(country);
        }
        if text.is_ascii() {
            return Self::of_ascii_name(text);
        }
        let mut letters =
            text.chars().filter(|letter| letter.is_alphabetic()).flat_map(char::to_lowercase).peekable();
        if letters.peek().is_none() {
            return Err(InvalidValue::new(ValueKind::Country, Rule::Empty));
        }
        // No name is longer, and a text of megabytes need not be copied to be refused.
        let mut name = [0; MAX_NAME];
        let mut length = 0;
        for letter in letters {
            let end = length + letter.len_utf8();
            if end > MAX_NAME {
                return Err(InvalidValue::new(ValueKind::Country, Rule::UnknownCode));
            }
            letter.encode_utf8(&mut name[length..end]);
            length = end;
        }
        NAMES.get(&name[..length]).copied().ok_or(InvalidValue::new(ValueKind::Country, Rule::UnknownCode))
    }
}

/// The longest text that may be a name, in bytes. The longest name in the tables has 44 letters.
const MAX_NAME: usize = 96;

/// The country of every code and name, which are written in lower case and with letters only.
static NAMES: LazyLock<HashMap<Box<[u8]>, Country, RandomState>> = LazyLock::new(|| {
    let mut names = HashMap::default();
    for listed in rust_iso3166::ALL {
        let mut code = [0; 2];
        code.copy_from_slice(&listed.alpha2.to_ascii_lowercase().as_bytes()[..2]);
        let country = Country(code);
        for text in [listed.alpha2, listed.alpha3, listed.name] {
            names.insert(letters_of(text), country);
        }
    }
    for (code, aliases) in ALIASES {
        for alias in *aliases {
            names.insert(letters_of(alias), Country(**code));
        }
    }
    names
});

fn letters_of(text: &str) -> Box<[u8]> {
    let letters: String =
        text.chars().filter(|letter| letter.is_alphabetic()).flat_map(char::to_lowercase).collect();
    letters.into_bytes().into()
}

/// Names beside the ISO short names: common English names, earlier names, the countries' own names, and older ISO
/// wordings that exports still have.
#[rustfmt::skip]
const ALIASES: &[(&[u8; 2], &[&str])] = &[
    (b"ae", &["Emirates", "UAE"]),
    (b"at", &["Österreich", "Oesterreich"]),
    (b"ax", &["Aland Islands"]),
    (b"ba", &["Bosnia", "Bosnia & Herzegovina"]),
    (b"be", &["België", "Belgique", "Belgien"]),
    (b"bl", &["Saint Barthelemy", "St Barthélemy", "St Barthelemy", "St Barts"]),
    (b"bn", &["Brunei"]),
    (b"bo", &["Bolivia", "Plurinational State of Bolivia"]),
    // The second is a slip that Meta's own list carries, as is the last of `sx`.
    (b"bq", &["Caribbean Netherlands", "Bonaire Sinte Ustatin Sand Saba"]),
    (b"br", &["Brasil"]),
    (b"bs", &["The Bahamas"]),
    (b"cc", &["Cocos Islands", "Keeling Islands"]),
    (b"cd", &["Democratic Republic of the Congo", "Democratic Republic of Congo", "Congo the Democratic Republic of the", "DR Congo", "DRC", "Congo Kinshasa", "Zaire"]),
    (b"cg", &["Republic of the Congo", "Republic of Congo", "Congo Brazzaville"]),
    (b"ch", &["Schweiz", "Suisse", "Svizzera", "Swiss Confederation"]),
    (b"ci", &["Ivory Coast", "Cote d'Ivoire"]),
    (b"cn", &["People's Republic of China", "PR China", "PRC", "Mainland China"]),
    (b"cv", &["Cape Verde"]),
    (b"cw", &["Curacao"]),
    (b"cz", &["Czech Republic", "Česko", "Česká republika"]),
    (b"de", &["Deutschland", "Federal Republic of Germany"]),
    (b"dk", &["Danmark"]),
    (b"es", &["España", "Espana"]),
    (b"fi", &["Suomi"]),
    (b"fk", &["Falkland Islands", "Malvinas"]),
    (b"fm", &["Micronesia", "Federated States of Micronesia"]),
    (b"fo", &["Faeroe Islands"]),
    (b"gb", &["UK", "United Kingdom", "Great Britain", "Britain", "England", "Scotland", "Wales", "Northern Ireland"]),
    (b"gm", &["The Gambia"]),
    (b"gr", &["Hellas", "Hellenic Republic", "Ελλάδα"]),
    (b"hk", &["Hong Kong SAR", "Hong Kong SAR China", "Hong Kong China"]),
    (b"hm", &["Heard and McDonald Islands"]),
    (b"hr", &["Hrvatska"]),
    (b"hu", &["Magyarország"]),
    (b"ie", &["Republic of Ireland", "Éire"]),
    (b"ir", &["Iran", "Islamic Republic of Iran"]),
    (b"it", &["Italia"]),
    (b"jp", &["日本", "Nippon"]),
    (b"kn", &["St Kitts and Nevis", "St Kitts & Nevis", "Saint Kitts & Nevis"]),
    (b"kp", &["North Korea", "Democratic People's Republic of Korea", "DPRK"]),
    (b"kr", &["South Korea", "Republic of Korea", "대한민국"]),
    (b"la", &["Laos"]),
    (b"lc", &["St Lucia"]),
    (b"mf", &["Saint Martin", "St Martin"]),
    (b"md", &["Moldova", "Republic of Moldova"]),
    (b"mk", &["Macedonia", "Macedonia the former Yugoslav Republic of", "The former Yugoslav Republic of Macedonia", "FYROM"]),
    (b"mm", &["Burma"]),
    (b"mo", &["Macau", "Macao SAR", "Macau SAR", "Macao SAR China", "Macau SAR China"]),
    (b"mx", &["México"]),
    (b"nl", &["Netherlands", "The Netherlands", "Holland", "Nederland"]),
    (b"no", &["Norge"]),
    (b"ph", &["The Philippines"]),
    (b"pl", &["Polska"]),
    (b"pm", &["St Pierre and Miquelon", "St Pierre & Miquelon", "Saint Pierre & Miquelon"]),
    (b"pn", &["Pitcairn Islands"]),
    (b"ps", &["Palestine", "Palestinian Territory", "Palestinian Territories", "Palestinian Territory Occupied", "Occupied Palestinian Territory", "State of Palestine"]),
    (b"re", &["Reunion"]),
    (b"ro", &["România"]),
    (b"ru", &["Russia", "Россия"]),
    (b"se", &["Sverige"]),
    (b"sh", &["Saint Helena", "St Helena"]),
    (b"sj", &["Svalbard & Jan Mayen"]),
    (b"sk", &["Slovak Republic", "Slovensko"]),
    (b"st", &["São Tomé and Príncipe", "São Tomé & Príncipe", "Sao Tome & Principe"]),
    (b"sx", &["Sint Maarten", "St Maarten", "Sint Maarten Dutch Part", "Sint Maarten Ductch Part"]),
    (b"sy", &["Syria"]),
    (b"sz", &["Swaziland"]),
    (b"tc", &["Turks & Caicos Islands"]),
    (b"tl", &["East Timor"]),
    (b"tr", &["Turkey", "Turkiye"]),
    (b"tt", &["Trinidad & Tobago"]),
    (b"tw", &["Taiwan"]),
    (b"tz", &["Tanzania", "United Republic of Tanzania"]),
    (b"ua", &["Україна"]),
    (b"um", &["US Minor Outlying Islands", "US Outlying Islands"]),
    (b"us", &["United States", "The United States", "The United States of America", "America"]),
    (b"va", &["Vatican", "Vatican City", "Vatican City State", "Holy See Vatican City State"]),
    (b"vc", &["St Vincent and the Grenadines", "St Vincent & the Grenadines", "Saint Vincent & the Grenadines"]),
    (b"ve", &["Venezuela", "Bolivarian Republic of Venezuela"]),
    (b"vg", &["British Virgin Islands"]),
    (b"vi", &["US Virgin Islands", "United States Virgin Islands", "Virgin Islands US"]),
    (b"vn", &["Vietnam"]),
    (b"wf", &["Wallis & Futuna"]),
];

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
        for text in ["", " . ", "US", "u.s.", "United States", "Q", &"a".repeat(97), "Cote d'Ivoire", "12"] {
            // A letter that counts for nothing makes it a name beyond ASCII.
            let beyond = format!("{text}\u{2e}\u{2019}");
            assert_eq!(text.parse::<Country>(), beyond.parse(), "{text}");
        }
    }

    #[test]
    fn every_name_fits_the_buffer() {
        assert!(NAMES.keys().all(|name| name.len() <= MAX_NAME));
        assert_eq!(NAMES.values().collect::<std::collections::HashSet<_>>().len(), 249);
    }
}
