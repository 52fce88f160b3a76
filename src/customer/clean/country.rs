//! Countries: the two letters of the code, from a code or a whole name.

use unicode_normalization::UnicodeNormalization as _;

use super::quick_look::Quick;
use crate::customer::UnusableReason;
use crate::customer::block::Block;
use crate::value::Country;

#[inline]
pub(super) fn quick(text: &[u8], form: &mut Block) -> Option<Quick> {
    let country = match text.try_into() {
        Ok(letters) => Country::of_letters(letters)?,
        // Names are compared by their letters only, but control characters make a value unusable.
        Err(_) if text.iter().all(|byte| matches!(byte, b' '..=b'~')) => {
            str::from_utf8(text).ok()?.parse().ok()?
        }
        Err(_) => return None,
    };
    form.set(country.letters());
    Some(Quick::PLAIN)
}

pub(super) fn clean(text: &str, out: &mut String) -> Result<(), UnusableReason> {
    let country = read(text).ok_or(UnusableReason::UnknownCountry)?;
    out.push_str(country.code());
    Ok(())
}

/// The country that this text names.
pub(in crate::customer) fn read(text: &str) -> Option<Country> {
    if text.is_ascii() { text.parse().ok() } else { text.nfc().collect::<String>().parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v34_countries_by_their_whole_name() {
        for (text, code) in
            [("O\u{308}sterreich", Some("at")), ("United States", Some("us")), ("Jerusalem", None)]
        {
            let found = read(text);
            assert_eq!(found.as_ref().map(Country::code), code, "{text}");
        }
    }
}
