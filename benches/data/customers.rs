//! Customers of a shop that does not exist, each with the 11 match keys that are hashed.

use fastrand::Rng;
use meta_offline_events::customer::MatchKey;

/// The texts that an export has of one customer.
pub(crate) struct Customer {
    values: [(MatchKey, String); 11],
}

const FIRST_NAMES: &[&str] =
    &["Mary", "James", "Patricia", "John", "Linda", "Robert", "Susan", "William", "Anna"];
const LAST_NAMES: &[&str] =
    &["Smith", "Johnson", "O'Brien", "Van Der Berg", "Garcia", "Smith-Jones", "Lopez"];
const CITIES: &[&str] =
    &["New York", "Los Angeles", "San Francisco", "St. Louis", "Houston", "Winston-Salem"];
const STATES: &[&str] = &["California", "NY", "Texas", "FL", "North Carolina", "il"];
const FIRST_NAMES_BEYOND_ASCII: &[&str] = &["Valéry", "Jürgen", "Zoë", "Łukasz", "Σωκράτης"];
const LAST_NAMES_BEYOND_ASCII: &[&str] = &["Müller-Lüdenscheidt", "Núñez", "Çelik", "Åkesson", "Jose\u{301}"];
const CITIES_BEYOND_ASCII: &[&str] = &["San José", "Köln", "Île-de-Bréhat", "Málaga", "Łódź"];

/// What customers and their cities are called.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Names {
    /// A few names, all ASCII.
    Common,
    /// A few others, beyond ASCII.
    BeyondAscii,
    /// Names that nobody else has.
    Unique,
}

impl Customer {
    /// The customer of this number, by chance but for the id.
    pub(crate) fn made(number: usize, names: Names, rng: &mut Rng) -> Self {
        let mut one_of = |few: &[&'static str]| few[rng.usize(..few.len())];
        let (first, last, city) = if names == Names::BeyondAscii {
            (one_of(FIRST_NAMES_BEYOND_ASCII), one_of(LAST_NAMES_BEYOND_ASCII), one_of(CITIES_BEYOND_ASCII))
        } else {
            (one_of(FIRST_NAMES), one_of(LAST_NAMES), one_of(CITIES))
        };
        let called = |name: &str| match names {
            Names::Unique => format!("{name}{}", letters(number)),
            _ => name.to_owned(),
        };
        let (state, gender, country) =
            (one_of(STATES), one_of(&["F", "M", "female", "Male"]), one_of(&["US", "us", "United States"]));
        let (area, exchange, subscriber) = (rng.u32(201..990), rng.u32(201..990), rng.u32(0..10_000));
        let (day, month, year) = (rng.u32(1..29), rng.u32(1..13), rng.u32(1940..2005));
        let zip = rng.u32(10_000..99_999);
        let postal_code = if rng.bool() { format!("{zip}") } else { format!("{zip}-{subscriber:04}") };
        let values = [
            (
                MatchKey::Email,
                format!("{}.Smith{number}@Example{}.com", one(FIRST_NAMES, number), number % 50),
            ),
            (MatchKey::Phone, format!("+1 ({area}) {exchange}-{subscriber:04}")),
            (MatchKey::FirstName, called(first)),
            (MatchKey::LastName, called(last)),
            (MatchKey::BirthDate, format!("{year}-{month:02}-{day:02}")),
            (MatchKey::Gender, gender.to_owned()),
            (MatchKey::City, called(city)),
            (MatchKey::State, state.to_owned()),
            (MatchKey::PostalCode, postal_code),
            (MatchKey::Country, country.to_owned()),
            (MatchKey::ExternalId, format!("C{}", 100_000 + 7 * number)),
        ];
        Self { values }
    }

    pub(crate) fn values(&self) -> [(MatchKey, &str); 11] {
        self.values.each_ref().map(|(key, text)| (*key, text.as_str()))
    }
}

/// Four letters for each number below 456,976.
fn letters(number: usize) -> String {
    let letter = |power: u32| char::from(b"abcdefghijklmnopqrstuvwxyz"[number / 26_usize.pow(power) % 26]);
    (0..4).map(letter).collect()
}

fn one(few: &[&'static str], number: usize) -> &'static str {
    few[number % few.len()]
}
