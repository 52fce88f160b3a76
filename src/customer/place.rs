//! Where a customer lives: city, state, postal code, country. Names count as a whole, and none is cut.

use unicode_normalization::UnicodeNormalization as _;

use super::characters::{ascii_digit, fold, is_blank, is_dash, is_digit, is_letter_or_mark};
use super::{UnusableReason, ValueWarning};
use crate::value::Country;

pub(super) fn clean_city(text: &str, out: &mut String) -> Result<(), UnusableReason> {
    fold(text, |character| is_letter_or_mark(character) || is_digit(character), out);
    if out.starts_with(is_digit) {
        Err(UnusableReason::StartsWithDigit)
    } else if out.is_empty() {
        Err(UnusableReason::NoLetters)
    } else {
        Ok(())
    }
}

/// Letters only; in the US and Canada (or when the country is not known) the name of a state becomes
/// its code.
pub(super) fn clean_state(
    text: &str,
    country: Option<Country>,
    out: &mut String,
) -> Result<(), UnusableReason> {
    fold(text, is_letter_or_mark, out);
    if out.is_empty() {
        return Err(UnusableReason::NoLetters);
    }
    if names_states(country)
        && let Some(code) = state_code(out)
    {
        out.clear();
        out.push_str(code);
    }
    Ok(())
}

/// Whether the names of states are read in this country.
pub(super) fn names_states(country: Option<Country>) -> bool {
    country.is_none_or(|country| matches!(country, Country::UNITED_STATES | Country::CANADA))
}

/// The code of a state, district or territory of the US, or of a province or territory of Canada.
#[rustfmt::skip]
pub(super) fn state_code(name: &str) -> Option<&'static str> {
    Some(match name {
        "alabama" => "al", "alaska" => "ak", "arizona" => "az", "arkansas" => "ar",
        "california" => "ca", "colorado" => "co", "connecticut" => "ct", "delaware" => "de",
        "florida" => "fl", "georgia" => "ga", "hawaii" => "hi", "idaho" => "id",
        "illinois" => "il", "indiana" => "in", "iowa" => "ia", "kansas" => "ks",
        "kentucky" => "ky", "louisiana" => "la", "maine" => "me", "maryland" => "md",
        "massachusetts" => "ma", "michigan" => "mi", "minnesota" => "mn", "mississippi" => "ms",
        "missouri" => "mo", "montana" => "mt", "nebraska" => "ne", "nevada" => "nv",
        "newhampshire" => "nh", "newjersey" => "nj", "newmexico" => "nm",
        "newyork" | "newyorkstate" => "ny",
        "northcarolina" => "nc", "northdakota" => "nd", "ohio" => "oh", "oklahoma" => "ok",
        "oregon" => "or", "pennsylvania" => "pa", "rhodeisland" => "ri", "southcarolina" => "sc",
        "southdakota" => "sd", "tennessee" => "tn", "texas" => "tx", "utah" => "ut",
        "vermont" => "vt", "virginia" => "va", "washington" | "washingtonstate" => "wa",
        "westvirginia" => "wv", "wisconsin" => "wi", "wyoming" => "wy",

        "districtofcolumbia" | "washingtondc" => "dc",
        "americansamoa" => "as", "guam" => "gu", "puertorico" => "pr",
        "northernmarianaislands" | "commonwealthofthenorthernmarianaislands" => "mp",
        "usvirginislands" | "unitedstatesvirginislands" | "virginislands" => "vi",

        "alberta" => "ab", "britishcolumbia" => "bc", "manitoba" => "mb", "newbrunswick" => "nb",
        "newfoundlandandlabrador" | "newfoundlandlabrador" | "newfoundland" => "nl",
        "novascotia" => "ns", "northwestterritories" => "nt", "nunavut" => "nu",
        "ontario" => "on", "princeedwardisland" => "pe", "quebec" | "québec" => "qc",
        "saskatchewan" => "sk", "yukon" | "yukonterritory" => "yt",
        _ => return None,
    })
}

/// Without blanks and dashes; five digits in the US.
pub(super) fn clean_postal_code(
    text: &str,
    country: Option<Country>,
    out: &mut String,
) -> Result<Option<ValueWarning>, UnusableReason> {
    fold(text, |character| !is_blank(character) && !is_dash(character), out);
    if !out.is_ascii() {
        *out = out.chars().map(|character| ascii_digit(character).unwrap_or(character)).collect();
    }
    let is_zip = match country {
        Some(country) => has_zip_codes(country) && starts_with_five_digits(out),
        None => is_zip_plus_four(text),
    };
    if is_zip {
        out.truncate(ZIP_DIGITS);
    }
    match out.chars().count() {
        0 => Err(UnusableReason::Empty),
        1 => Err(UnusableReason::TooShort),
        _ => Ok(is_short_zip(out, country).then_some(ValueWarning::ShortZip)),
    }
}

/// Digits that may be a ZIP code without its leading zeros, which Excel and databases drop.
fn is_short_zip(code: &str, country: Option<Country>) -> bool {
    code.len() < ZIP_DIGITS
        && country.is_none_or(has_zip_codes)
        && code.bytes().all(|byte| byte.is_ascii_digit())
}

pub(super) const ZIP_DIGITS: usize = 5;

/// The US and its territories that have country codes of their own.
pub(super) fn has_zip_codes(country: Country) -> bool {
    matches!(country.code(), "us" | "as" | "gu" | "mp" | "pr" | "vi")
}

fn starts_with_five_digits(text: &str) -> bool {
    text.bytes().take(ZIP_DIGITS).filter(u8::is_ascii_digit).count() == ZIP_DIGITS
}

/// `12345-6789`, wherever the blanks stand.
fn is_zip_plus_four(text: &str) -> bool {
    let mut characters = text.chars().filter(|&character| !is_blank(character));
    let has_shape = "00000-0000".chars().all(|wanted| {
        characters.next().is_some_and(|c| if wanted == '-' { is_dash(c) } else { is_digit(c) })
    });
    has_shape && characters.next().is_none()
}

pub(super) fn clean_country(text: &str, out: &mut String) -> Result<(), UnusableReason> {
    let country = country(text).ok_or(UnusableReason::UnknownCountry)?;
    out.push_str(country.code());
    Ok(())
}

/// The country that this text names.
pub(super) fn country(text: &str) -> Option<Country> {
    if text.is_ascii() { text.parse().ok() } else { text.nfc().collect::<String>().parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(text: &str, country: Option<Country>) -> Result<String, UnusableReason> {
        let mut out = String::new();
        clean_state(text, country, &mut out).map(|()| out)
    }

    fn postal_code(text: &str, country: Option<&str>) -> Result<String, UnusableReason> {
        let mut out = String::new();
        let country = country.and_then(|code| code.parse().ok());
        clean_postal_code(text, country, &mut out).map(|_| out)
    }

    #[test]
    fn cities_keep_the_letters_of_every_script() {
        for (text, city) in [
            ("New York", Ok("newyork")),
            ("San José", Ok("sanjosé")),
            ("San Jose\u{301}", Ok("sanjosé")),
            ("東京", Ok("東京")),
            ("नई दिल्ली", Ok("नईदिल्ली")),
            ("St. John’s", Ok("stjohns")),
            ("Paris 8", Ok("paris8")),
            ("8 Mile", Err(UnusableReason::StartsWithDigit)),
            ("?", Err(UnusableReason::NoLetters)),
        ] {
            let mut out = String::new();
            assert_eq!(clean_city(text, &mut out).map(|()| out.as_str()), city, "{text}");
        }
    }

    #[test]
    fn v35_states_by_their_whole_name() {
        for (text, code) in [
            ("Washington DC", "dc"),
            ("Washington, D.C.", "dc"),
            ("West Virginia", "wv"),
            ("Virginia", "va"),
            ("Puerto Rico", "pr"),
            ("New South Wales", "newsouthwales"),
            ("Québec", "qc"),
            ("Que\u{301}bec", "qc"),
            ("CA 90210", "ca"),
        ] {
            assert_eq!(state(text, None).as_deref(), Ok(code), "{text}");
        }
        assert_eq!(state("Georgia", "ge".parse().ok()).as_deref(), Ok("georgia"));
        assert_eq!(state("Ontario", Some(Country::CANADA)).as_deref(), Ok("on"));
        assert_eq!(state("Île-de-France", "fr".parse().ok()).as_deref(), Ok("îledefrance"));
        assert_eq!(state("12", None), Err(UnusableReason::NoLetters));
    }

    #[test]
    fn v36_postal_codes_without_blanks_and_dashes() {
        for (text, country, code) in [
            ("00-950", Some("pl"), "00950"),
            ("00-950", None, "00950"),
            ("100-0001", Some("jp"), "1000001"),
            ("１００－０００１", Some("jp"), "1000001"),
            ("SW1A 1AA", Some("gb"), "sw1a1aa"),
            ("02138-1234", None, "02138"),
            ("02138\u{2013}1234", None, "02138"),
            ("021381234", Some("us"), "02138"),
            ("02138-1234", Some("us"), "02138"),
            ("00926-1234", Some("pr"), "00926"),
            ("12345-6789", Some("sa"), "123456789"),
            ("12345-678", None, "12345678"),
            ("2138", Some("us"), "2138"),
        ] {
            assert_eq!(postal_code(text, country).as_deref(), Ok(code), "{text}");
        }
        let warning = |text, country: Option<&str>| {
            let country = country.and_then(|code| code.parse().ok());
            clean_postal_code(text, country, &mut String::new())
        };
        assert_eq!(warning("2138", None), Ok(Some(ValueWarning::ShortZip)));
        assert_eq!(warning("2138", Some("us")), Ok(Some(ValueWarning::ShortZip)));
        assert_eq!(warning("2138", Some("ch")), Ok(None));
        assert_eq!(warning("w1a", None), Ok(None));
        assert_eq!(postal_code("--", None), Err(UnusableReason::Empty));
        assert_eq!(postal_code("a", None), Err(UnusableReason::TooShort));
    }

    #[test]
    fn v34_countries_by_their_whole_name() {
        for (text, code) in
            [("O\u{308}sterreich", Some("at")), ("United States", Some("us")), ("Jerusalem", None)]
        {
            let found = country(text);
            assert_eq!(found.as_ref().map(Country::code), code, "{text}");
        }
    }
}
