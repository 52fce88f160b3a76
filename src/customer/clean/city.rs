//! Cities: the letters and digits of every script are kept, and names are never cut.

use super::characters::{Class, is_digit};
use super::folding::fold_with_joiners;
use super::quick_look::{LETTERS_AND_DIGITS, Quick, pick_letters};
use crate::customer::UnusableReason;
use crate::customer::sha256::Block;

#[inline(never)]
pub(super) fn quick(text: &str, form: &mut Block) -> Option<Quick> {
    let length = pick_letters(text, &LETTERS_AND_DIGITS, form).filter(|_| !form[0].is_ascii_digit())?;
    Quick::unless_substitute(text.as_bytes(), form, length)
}

pub(super) fn clean(text: &str, out: &mut String) -> Result<(), UnusableReason> {
    fold_with_joiners(text, |class| matches!(class, Class::Letter | Class::Digit), out);
    if out.starts_with(is_digit) {
        Err(UnusableReason::StartsWithDigit)
    } else if out.is_empty() {
        Err(UnusableReason::NoLetters)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cities_keep_the_letters_of_every_script() {
        for (text, city) in [
            ("New York", Ok("newyork")),
            ("San José", Ok("sanjosé")),
            ("San Jose\u{301}", Ok("sanjosé")),
            ("東京", Ok("東京")),
            ("नई दिल्ली", Ok("नईदिल्ली")),
            ("ශ්\u{200d}රී ජයවර්ධනපුර", Ok("ශ්\u{200d}රීජයවර්ධනපුර")),
            ("Oʻahu", Ok("oahu")),
            ("St. John’s", Ok("stjohns")),
            ("Paris 8", Ok("paris8")),
            ("8 Mile", Err(UnusableReason::StartsWithDigit)),
            ("?", Err(UnusableReason::NoLetters)),
        ] {
            let mut out = String::new();
            assert_eq!(clean(text, &mut out).map(|()| out.as_str()), city, "{text}");
        }
    }
}
