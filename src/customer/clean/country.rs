//! Countries: the two letters of the code, from a code or a whole name.

use super::quick_look::{Quick, replace};
use crate::customer::UnusableReason;
use crate::customer::sha256::Block;
use crate::value::{Country, InvalidValue, Rule};

#[inline(never)]
pub(super) fn quick(text: &[u8], known: Option<&(&str, Country)>, form: &mut Block) -> Option<Quick> {
    let country = match (text.try_into(), known) {
        (Ok(letters), _) => Country::of_letters(letters)?,
        // Names are compared by their letters only, but control characters make a value unusable.
        _ if !text.iter().all(|byte| matches!(byte, b' '..=b'~')) => return None,
        (_, Some((known, country))) if known.as_bytes() == text => *country,
        _ => str::from_utf8(text).ok()?.parse().ok()?,
    };
    let length = replace(*country.letters(), form);
    Quick::unless_substitute(text, form, length)
}

pub(super) fn clean(text: &str, out: &mut String) -> Result<(), UnusableReason> {
    let country: Country = text.parse().map_err(|error: InvalidValue| match error.rule() {
        Rule::AmbiguousCountry => UnusableReason::AmbiguousCountry,
        _ => UnusableReason::UnknownCountry,
    })?;
    out.push_str(country.code());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v34_countries_by_their_whole_name() {
        for (text, code) in [
            ("O\u{308}sterreich", Ok("at")),
            ("United States", Ok("us")),
            ("Jerusalem", Err(UnusableReason::UnknownCountry)),
            ("Korea", Err(UnusableReason::AmbiguousCountry)),
        ] {
            let mut out = String::new();
            assert_eq!(clean(text, &mut out).map(|()| out.as_str()), code, "{text}");
        }
    }
}
