//! National phone numbers, completed with their country code by the [numbering plans](super::numbering_plan).
//!
//! The plans get ASCII digits only. What is a digit, an extension or a second number is decided here and in
//! [`phone`].

use super::numbering_plan::{Assigned, Kind, Plan, international};
use super::phone::{self, Written};
use crate::customer::{CleaningOptions, UnusableReason, ValueWarning};
use crate::value::Country;

/// The full number, if the options set a country and the text is a number of its plan; otherwise the digits as
/// they are written.
pub(super) fn clean(
    text: &str,
    options: &CleaningOptions,
    out: &mut String,
) -> Result<Option<ValueWarning>, UnusableReason> {
    let full = options.phone_country().and_then(|country| full_number(text, country));
    match full.filter(|(full, _)| phone::DIGITS.contains(&full.len())) {
        None => phone::clean(text, out),
        Some((full, warning)) => {
            out.push_str(&full);
            Ok(if phone::is_made_up(out.as_bytes()) { Some(ValueWarning::MadeUp) } else { warning })
        }
    }
}

/// The digits of the full number, if the text lacks the country code or has a trunk prefix after it; with a
/// warning if the code was added.
fn full_number(text: &str, country: Country) -> Option<(String, Option<ValueWarning>)> {
    let spelt = spelt_out(text);
    let mut digits = String::new();
    let written = phone::push_digits(spelt.as_deref().unwrap_or(text), &mut digits).ok()?;
    let plan = Plan::of_country(&country.code().to_ascii_uppercase())?;
    let as_it_is = |number: Assigned| (number.full, None);
    if written == Written::WithPlus {
        let significant = digits.trim_start_matches('0');
        let has_trunk_zero = significant.strip_prefix(plan.code()).is_some_and(|rest| rest.starts_with('0'));
        return (has_trunk_zero || spelt.is_some())
            .then(|| international(significant))
            .flatten()
            .map(as_it_is);
    }
    if let Some(number) = plan.dialled_abroad(&digits).and_then(international) {
        return Some(as_it_is(number));
    }
    let zeros = phone::leading_zeros(&digits);
    if zeros > 1 && international(&digits[zeros..]).is_some() {
        return None;
    }
    let Some(national) = plan.national(&digits) else { return plan.with_code(&digits).map(as_it_is) };
    // The number of digits proves that the country code is missing, if all such numbers have as many.
    let whole = international(&digits).filter(|_| !national.has_one_length);
    let warning = match whole {
        Some(whole) if is_rather_whole(&digits, &whole, &national) => {
            return digits.starts_with(plan.code()).then(|| as_it_is(whole));
        }
        Some(_) => ValueWarning::ReadAsNational,
        None => ValueWarning::CountryCodeAdded,
    };
    Some((national.full, Some(warning)))
}

/// Whether digits that can be read in both ways are a mobile number with its country code. A fixed line without
/// its trunk prefix hardly ever has as many digits.
fn is_rather_whole(digits: &str, whole: &Assigned, national: &Assigned) -> bool {
    digits.len() >= 11 && whole.kind == Kind::Mobile && national.kind == Kind::FixedLine
}

/// Replaces the word in `1-800-FLOWERS` by the digits on the keys of a telephone, if the text ends with a word in
/// capitals and has too few digits without it.
fn spelt_out(text: &str) -> Option<String> {
    let end = text.rfind(|character: char| character.is_ascii_digit())? + 1;
    let (number, word) = text.split_at(end);
    let is_word = word.chars().all(|letter| letter.is_ascii_uppercase() || " -.()".contains(letter));
    let has_word = word.contains(|letter: char| letter.is_ascii_uppercase());
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    let is_number = !number.contains(char::is_alphabetic) && digits < phone::MIN_DIGITS;
    (is_number && is_word && has_word).then(|| number.chars().chain(word.chars().map(key_of)).collect())
}

/// The key of a telephone with this capital letter.
fn key_of(letter: char) -> char {
    match letter {
        'A'..='C' => '2',
        'D'..='F' => '3',
        'G'..='I' => '4',
        'J'..='L' => '5',
        'M'..='O' => '6',
        'P'..='S' => '7',
        'T'..='V' => '8',
        'W'..='Z' => '9',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customer::{CleaningOptions, MatchKey, UnusableReason, ValueWarning};
    use crate::value::InvalidValue;

    fn in_country(code: &str, text: &str) -> Result<String, UnusableReason> {
        let country: Result<Country, InvalidValue> = code.parse();
        let options = country.map_or(CleaningOptions::default(), |country| {
            CleaningOptions::default().calling_country(country)
        });
        MatchKey::Phone.normalize(text, &options).map(|phone| phone.text().to_owned())
    }

    #[test]
    fn v28_v29_national_numbers_are_completed_by_the_stated_country() {
        for (country, text, full) in [
            ("gb", "020 7946 0958", "442079460958"),
            ("gb", "(0)20 7946 0958", "442079460958"),
            ("gb", "+44 (0)20 7946 0958", "442079460958"),
            ("gb", "+44 020 7946 0958", "442079460958"),
            ("gb", "0044 20 7946 0958", "442079460958"),
            ("gb", "442079460958", "442079460958"),
            ("gb", "44 20 7946 0958", "442079460958"),
            ("gb", "44 (0)20 7946 0958", "442079460958"),
            ("gb", "7911 123456", "447911123456"),
            ("de", "49 171 1234567", "491711234567"),
            ("de", "(49) 171-1234567", "491711234567"),
            ("de", "49 (0)171 1234567", "491711234567"),
            ("de", "491711234567.0", "491711234567"),
            ("de", "0171 1234567", "491711234567"),
            ("at", "43 664 1234567", "436641234567"),
            ("it", "39 392 123 4567", "393921234567"),
            ("nl", "31 6 12345678", "31612345678"),
            ("us", "+1-800-FLOWERS", "18003569377"),
            ("gb", "020 7946 0958 ext. 5", "442079460958"),
            ("gb", "020 7946 0958 x5", "442079460958"),
            ("gb", "020 7946 0958;ext=5", "442079460958"),
            ("gb", "+1 650 253 0000", "16502530000"),
            ("us", "(650) 253-0000", "16502530000"),
            ("us", "1 650 253 0000", "16502530000"),
            ("us", "011 44 20 7946 0958", "442079460958"),
            ("us", "1-800-FLOWERS", "18003569377"),
            ("us", "1800FLOWERS", "18003569377"),
            ("de", "030 123456", "4930123456"),
            ("us", "1 (800) GOT-JUNK", "18004685865"),
            ("us", "011 880 1812 345678", "8801812345678"),
            ("cn", "13123456789", "8613123456789"),
            ("au", "0011 44 20 7946 0958", "442079460958"),
            ("ad", "712 345 #5", "376712345"),
            ("ky", "323-1234", "13453231234"),
            ("it", "06 6982", "39066982"),
            ("it", "392 123 4567", "393921234567"),
            ("it", "3921234567", "393921234567"),
            ("it", "393921234567", "393921234567"),
            ("fr", "06.12.34.56.78", "33612345678"),
            ("jp", "０３－１２３４－５６７８", "81312345678"),
            ("sa", "٠٥٠ ١٢٣ ٤٥٦٧", "966501234567"),
        ] {
            assert_eq!(in_country(country, text).as_deref(), Ok(full), "{country} {text}");
        }
    }

    #[test]
    fn v28_what_no_plan_assigns_stands_as_it_is_written_or_is_refused() {
        for (country, text, outcome) in [
            ("us", "442079460958", Ok("442079460958")),
            ("de", "16502530000", Ok("16502530000")),
            ("de", "447911123456", Ok("447911123456")),
            ("de", "436641234567", Ok("436641234567")),
            ("de", "33612345678", Ok("33612345678")),
            ("at", "491711234567", Ok("491711234567")),
            ("ke", "020-B01AFHL", Err(UnusableReason::NotOneNumber)),
            ("de", "0201234567890123", Err(UnusableReason::NationalNumber)),
            ("at", "01 587", Err(UnusableReason::NationalNumber)),
            ("us", "+999 123 4567", Ok("9991234567")),
            ("at", "+43 664 123456 HOME", Ok("43664123456")),
            ("us", "020 7946 0958", Err(UnusableReason::NationalNumber)),
            ("us", "253-0000", Ok("2530000")),
            ("gb", "911", Err(UnusableReason::TooFewDigits)),
            ("gb", "020 7946 0958, 020 7946 0959", Err(UnusableReason::NotOneNumber)),
            ("us", "mary6502530000@example.com", Err(UnusableReason::NotOneNumber)),
            ("us", "2d711642b72606e9ce0f", Err(UnusableReason::NotOneNumber)),
            ("us", ";phone-options=+1tel:6502530000", Err(UnusableReason::NotOneNumber)),
        ] {
            assert_eq!(in_country(country, text).as_deref().map_err(|reason| *reason), outcome, "{text}");
        }
    }

    #[test]
    fn v28_the_customers_country_counts_where_the_advertiser_says_so()
    -> Result<(), Box<dyn std::error::Error>> {
        let german =
            CleaningOptions::default().country("de".parse()?).calling_country(Country::UNITED_KINGDOM);
        let read = |options: CleaningOptions| {
            MatchKey::Phone.normalize("030 123456", &options).map(|phone| phone.text().to_owned())
        };
        assert_eq!(read(german.calling_country_of_customer()).as_deref(), Ok("4930123456"));
        assert_eq!(read(german), Err(UnusableReason::NationalNumber), "no number of the United Kingdom");
        let completed = MatchKey::Phone.normalize(
            "(650) 253-0000",
            &CleaningOptions::default().calling_country(Country::UNITED_STATES),
        )?;
        assert_eq!(completed.warning(), Some(ValueWarning::CountryCodeAdded));
        let whole = MatchKey::Phone.normalize("(49) 171 1234567", &german.calling_country_of_customer())?;
        assert_eq!((whole.text(), whole.warning()), ("491711234567", None));
        let as_written = MatchKey::Phone.normalize("(650) 253-0000", &CleaningOptions::default())?;
        assert_eq!(as_written.warning(), Some(ValueWarning::NoCountryCode));
        Ok(())
    }
}
