//! First and last names: blanks, punctuation and apostrophes are dropped, the letters of every script are kept, with the
//! joiners that belong to them.

use super::characters::Class;
use super::folding::fold_with_joiners;
use super::quick_look::{LETTERS_AND_DIGITS, Quick, pick_letters};
use crate::customer::UnusableReason;
use crate::customer::sha256::Block;

#[inline(never)]
pub(super) fn quick(text: &str, form: &mut Block) -> Option<Quick> {
    let length = pick_letters(text, &LETTERS_AND_DIGITS, form)?;
    Quick::unless_substitute(text.as_bytes(), form, length)
}

pub(super) fn clean(text: &str, out: &mut String) -> Result<(), UnusableReason> {
    fold_with_joiners(text, is_kept, out);
    if out.is_empty() { Err(UnusableReason::NoLetters) } else { Ok(()) }
}

fn is_kept(class: Class) -> bool {
    matches!(class, Class::Letter | Class::Digit | Class::Other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v39_letters_marks_digits_and_emoji_stay() {
        for (text, name) in [
            ("O'Brien", "obrien"),
            ("O’Brien", "obrien"),
            ("Anne-Marie", "annemarie"),
            ("Anne\u{2010}Marie", "annemarie"),
            ("van der Berg", "vanderberg"),
            ("van\u{a0}der\u{200b}Berg", "vanderberg"),
            ("J", "j"),
            ("Mary 😀", "mary😀"),
            ("日本", "日本"),
            ("정", "정"),
            ("\u{110c}\u{1165}\u{11bc}", "정"),
            ("e'\u{301}", "é"),
        ] {
            let mut out = String::new();
            assert_eq!(clean(text, &mut out), Ok(()));
            assert_eq!(out, name);
        }
        assert_eq!(clean("’-…", &mut String::new()), Err(UnusableReason::NoLetters));
    }

    fn name(text: &str) -> String {
        let mut out = String::new();
        assert_eq!(clean(text, &mut out), Ok(()));
        out
    }

    #[test]
    fn v58_joiners_stay_between_letters_of_scripts_that_take_them() {
        for (text, expected) in [
            ("क्\u{200d}ष", "क्\u{200d}ष"),
            ("ශ්\u{200d}රී", "ශ්\u{200d}රී"),
            ("علی\u{200c}رضا", "علی\u{200c}رضا"),
            ("വിജയന്\u{200d}", "വിജയന്"),
            ("ᠮᠣᠩ\u{200d}ᠭᠣᠯ", "ᠮᠣᠩ\u{200d}ᠭᠣᠯ"),
            ("\u{200c}علی\u{200c} رضا\u{200d}", "علیرضا"),
            ("علی\u{200c}\u{200c}رضا", "علیرضا"),
            ("علی\u{200e}\u{200c}رضا", "علی\u{200c}رضا"),
            ("Ma\u{200d}ry", "mary"),
            ("علی\u{200c}a", "علیa"),
            ("क\u{200c}-ष", "कष"),
            ("क\u{200c}१", "क१"),
            ("あ\u{200d}い", "あい"),
            ("Anna👩\u{200d}💻", "anna👩💻"),
        ] {
            assert_eq!(name(text), expected, "{text}");
            assert_eq!(name(expected), expected);
        }
    }

    #[test]
    fn v39_apostrophes_of_all_kinds_are_one() {
        for apostrophe in "'`´ʹʻʼʽʾʿˈˊˋˮ΄՚׳ߴߵ᾽᾿῾‘’‚‛′‵❛❜Ꞌꞌ＇｀\u{1fef}\u{1ffd}\u{374}".chars()
        {
            assert_eq!(name(&format!("O{apostrophe}Brien")), "obrien", "{apostrophe:?}");
        }
    }
}
