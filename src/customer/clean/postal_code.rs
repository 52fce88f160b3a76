//! Postal codes: blanks and dashes are dropped, and US ZIP codes cut to five digits.

use super::characters::{Class, ascii_digit, is_blank, is_dash, is_digit};
use super::folding::fold;
use super::quick_look::{Letters, Quick, dropping, pick, replace};
use crate::customer::sha256::Block;
use crate::customer::{UnusableReason, ValueWarning};
use crate::value::Country;

const ALL_BUT_SPACES_AND_DASHES: Letters = dropping(b" -");

/// How many digits of a ZIP code are sent.
const ZIP_DIGITS: usize = 5;

/// The shortest postal code, in characters.
const MIN_LENGTH: usize = 2;

/// Needs the country: without it, digits may be a ZIP code or not.
#[inline(never)]
pub(super) fn quick(text: &[u8], country: Option<Country>, form: &mut Block) -> Option<Quick> {
    let mut length = pick(text, &ALL_BUT_SPACES_AND_DASHES, form)?;
    if has_zip_codes(country?) {
        let zip: [u8; ZIP_DIGITS] = *form.first_chunk()?;
        if !zip.iter().all(u8::is_ascii_digit) {
            return None;
        }
        length = replace(zip, form);
    }
    Quick::unless_substitute(text, form, length).filter(|_| length >= MIN_LENGTH)
}

/// Drops blanks and dashes, and all but five digits in the US.
pub(super) fn clean(
    text: &str,
    country: Option<Country>,
    out: &mut String,
) -> Result<Option<ValueWarning>, UnusableReason> {
    fold(text, |class| !matches!(class, Class::Blank | Class::Invisible | Class::Dash), out);
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
        1..MIN_LENGTH => Err(UnusableReason::TooShort),
        _ => Ok(is_short_zip(out, country).then_some(ValueWarning::ShortZip)),
    }
}

/// Whether the digits may be a ZIP code without its leading zeros, which Excel and databases drop.
fn is_short_zip(code: &str, country: Option<Country>) -> bool {
    code.len() < ZIP_DIGITS
        && country.is_none_or(has_zip_codes)
        && code.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether this is the US, or one of its territories with a country code of its own.
fn has_zip_codes(country: Country) -> bool {
    matches!(country.letters(), b"us" | b"as" | b"gu" | b"mp" | b"pr" | b"vi")
}

fn starts_with_five_digits(text: &str) -> bool {
    text.bytes().take(ZIP_DIGITS).filter(u8::is_ascii_digit).count() == ZIP_DIGITS
}

/// Whether the text is of the form `12345-6789`, with blanks anywhere.
fn is_zip_plus_four(text: &str) -> bool {
    let mut characters = text.chars().filter(|&character| !is_blank(character));
    let has_shape = "00000-0000".chars().all(|wanted| {
        characters.next().is_some_and(|c| if wanted == '-' { is_dash(c) } else { is_digit(c) })
    });
    has_shape && characters.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn postal_code(text: &str, country: Option<&str>) -> Result<String, UnusableReason> {
        let mut out = String::new();
        let country = country.and_then(|code| code.parse().ok());
        clean(text, country, &mut out).map(|_| out)
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
            clean(text, country, &mut String::new())
        };
        assert_eq!(warning("2138", None), Ok(Some(ValueWarning::ShortZip)));
        assert_eq!(warning("2138", Some("us")), Ok(Some(ValueWarning::ShortZip)));
        assert_eq!(warning("2138", Some("ch")), Ok(None));
        assert_eq!(warning("w1a", None), Ok(None));
        assert_eq!(postal_code("--", None), Err(UnusableReason::Empty));
        assert_eq!(postal_code("a", None), Err(UnusableReason::TooShort));
    }
}
