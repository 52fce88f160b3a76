//! Gender: Meta accepts `f` and `m` only, so only words that clearly mean one of them are read.

use super::characters::fold;
use super::quick_look::Quick;
use crate::customer::UnusableReason;
use crate::customer::block::Block;

#[inline]
pub(super) fn quick(text: &[u8], form: &mut Block) -> Option<Quick> {
    let is = |word: &[u8]| text.eq_ignore_ascii_case(word);
    let letter = match text[0] | 0x20 {
        b'f' if is(b"f") || is(b"female") => b'f',
        b'm' if is(b"m") || is(b"male") => b'm',
        _ => return None,
    };
    form.set(&[letter]);
    Some(Quick::PLAIN)
}

pub(super) fn clean(text: &str, out: &mut String) -> Result<(), UnusableReason> {
    fold(text, |_| true, out);
    let letter = letter_for(out).ok_or(UnusableReason::UnknownWord)?;
    out.clear();
    out.push(letter);
    Ok(())
}

#[rustfmt::skip]
fn letter_for(word: &str) -> Option<char> {
    match word {
        "f" | "female" | "woman" | "girl" | "lady" | "lass" | "gal" | "chick" | "belle" | "maiden"
        | "she" | "her" | "hers" | "herself"
        | "miss" | "mrs" | "ms" | "madam" | "ma'am" | "dame"
        | "mother" | "mom" | "mommy" | "mama" | "daughter" | "sister" | "aunt" | "niece"
        | "wife" | "widow" | "bride" | "girlfriend"
        | "queen" | "empress" | "princess" | "duchess" | "countess" | "goddess" => Some('f'),
        "m" | "male" | "man" | "boy" | "lad" | "guy" | "dude" | "chap" | "bloke" | "fellow"
        | "he" | "him" | "his" | "himself"
        | "mister" | "mr" | "sir" | "gentleman" | "lord"
        | "father" | "dad" | "daddy" | "papa" | "son" | "brother" | "uncle" | "nephew"
        | "husband" | "widower" | "groom" | "boyfriend"
        | "king" | "emperor" | "prince" | "duke" | "count" | "god" => Some('m'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v38_whole_words_only() {
        for (text, letter) in [("F", Ok("f")), ("Ma'am", Ok("f")), ("HUSBAND", Ok("m")), ("MALE", Ok("m"))] {
            let mut out = String::new();
            assert_eq!(clean(text, &mut out).map(|()| out.as_str()), letter);
        }
        for text in ["x", "females", "male female", "m/f", "woman1", "divers", "non-binary", "fem ale"] {
            assert_eq!(clean(text, &mut String::new()), Err(UnusableReason::UnknownWord));
        }
    }
}
