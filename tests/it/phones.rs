//! National phone numbers of many countries against the readings of Google's libphonenumber.
//!
//! `tests/data/national_phones.csv` holds valid numbers of fixed lines and mobiles. Numbers that could also begin
//! with a country code are in it on purpose.

use meta_offline_events::customer::{CleaningOptions, MatchKey, UnusableReason, ValueWarning};

/// A number in the forms in which people write it.
struct Number {
    country: &'static str,
    kind: &'static str,
    forms: [String; 3],
    full: &'static str,
}

fn numbers() -> Vec<Number> {
    let lines = include_str!("../data/national_phones.csv").lines().filter(|line| !line.starts_with('#'));
    let number = |line: &'static str| {
        let [country, kind, national, bare, full] = line.split(';').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let dialled = national.chars().filter(char::is_ascii_digit).collect();
        Number { country, kind, forms: [national.to_owned(), dialled, bare.to_owned()], full }
    };
    lines.map(number).collect()
}

fn read(country: &str, text: &str) -> Result<(String, Option<ValueWarning>), UnusableReason> {
    let options = CleaningOptions::default().calling_country(country.parse().unwrap());
    MatchKey::Phone.normalize(text, &options).map(|phone| (phone.text().to_owned(), phone.warning()))
}

fn assert_all_read(numbers: &[Number]) {
    let mut wrong = Vec::new();
    for Number { country, kind, forms, full } in numbers {
        for form in forms {
            match read(country, form) {
                Ok((text, Some(ValueWarning::CountryCodeAdded | ValueWarning::ReadAsNational)))
                    if text == *full => {}
                other => wrong.push(format!("{country} {kind} {form}: {other:?} and not {full}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong: {wrong:#?}", wrong.len());
}

#[test]
fn v28_national_numbers_of_a_hundred_countries_are_completed_in_every_form() {
    let numbers = numbers();
    for kind in ["fixed", "mobile"] {
        let mut countries: Vec<_> =
            numbers.iter().filter(|number| number.kind == kind).map(|number| number.country).collect();
        countries.dedup();
        assert!(countries.len() > 100, "{kind}: {}", countries.len());
    }
    assert_all_read(&numbers);
}

#[test]
fn v28_trunk_prefixes_and_mobiles_that_look_like_country_codes_are_understood() {
    for country in ["ru", "it", "co", "ar", "br", "de", "fi", "pl", "sk"] {
        let numbers: Vec<_> = numbers().into_iter().filter(|number| number.country == country).collect();
        assert!(numbers.len() >= 4, "{country}");
        assert_all_read(&numbers);
    }
}

#[test]
fn v28_a_number_with_its_country_code_but_no_plus_is_completed_only_if_it_is_a_national_number() {
    for (country, text, full, warning) in [
        // No national number of the country begins like that.
        ("ru", "7 912 345 67 89", "79123456789", None),
        ("br", "55 11 98765-4321", "5511987654321", None),
        ("in", "91 98765 43210", "919876543210", None),
        // Both a mobile number with its country code and a fixed line of twelve digits without its zero.
        ("de", "49 171 1234567", "491711234567", None),
        ("de", "43 664 1234567", "436641234567", Some(ValueWarning::NoCountryCode)),
        ("id", "62 812 3456 7890", "6281234567890", None),
        // Both a mobile number and a fixed line with its country code.
        ("it", "390 669 8000", "393906698000", Some(ValueWarning::ReadAsNational)),
        // Both a fixed line without its zero and a number with a country code.
        ("de", "4902 965312", "494902965312", Some(ValueWarning::ReadAsNational)),
        ("de", "1720 5364824", "4917205364824", Some(ValueWarning::ReadAsNational)),
        // The zero or the number of digits says that it is national.
        ("de", "04902 965312", "494902965312", Some(ValueWarning::CountryCodeAdded)),
        ("us", "(650) 253-0000", "16502530000", Some(ValueWarning::CountryCodeAdded)),
        ("ru", "8 495 123-45-67", "74951234567", Some(ValueWarning::CountryCodeAdded)),
    ] {
        assert_eq!(read(country, text), Ok((full.to_owned(), warning)), "{country} {text}");
    }
}

#[test]
fn v28_local_numbers_of_one_area_and_mobiles_with_a_mark_get_what_is_dialled_from_abroad() {
    for (country, text, full) in [
        // The 15 before the number becomes a 9 before the area code.
        ("ar", "011 15-2345-6789", "5491123456789"),
        // A carrier code between the zero and the area code.
        ("br", "0 31 11 98765-4321", "5511987654321"),
        // The island has one area code, which its people leave out.
        ("ky", "323-1234", "13453231234"),
        ("sm", "882 123", "3780549882123"),
    ] {
        assert_eq!(read(country, text).map(|(text, _)| text).as_deref(), Ok(full), "{country} {text}");
    }
}

#[test]
fn v28_numbers_that_no_customer_has_are_not_completed() {
    for (country, text) in [
        ("de", "0900 1 123456"),
        ("gb", "0909 879 0000"),
        ("gb", "0843 123 4567"),
        ("fr", "0890 123 456"),
        ("de", "0180 5 123456"),
    ] {
        assert_eq!(read(country, text), Err(UnusableReason::NationalNumber), "{country} {text}");
    }
    let as_written = Ok(("9005551234".to_owned(), Some(ValueWarning::NoCountryCode)));
    assert_eq!(read("us", "900 555 1234"), as_written);
    assert_eq!(read("de", "110"), Err(UnusableReason::TooFewDigits));
}

#[test]
fn v28_a_national_number_has_7_to_15_digits_with_its_country_code() {
    assert_eq!(
        read("de", "02177 92063229405"),
        Err(UnusableReason::NationalNumber),
        "17 digits with its code"
    );
    assert_eq!(read("at", "01 3899"), Ok(("4313899".to_owned(), Some(ValueWarning::CountryCodeAdded))));
    assert_eq!(read("at", "01 115"), Err(UnusableReason::NationalNumber), "six digits with its code");
}
