//! First and last names: blanks and punctuation are dropped, the letters of every script are kept.

use super::characters::{fold, is_blank, is_punctuation};
use super::quick_look::{LETTERS_AND_DIGITS, Quick, pick};
use crate::customer::UnusableReason;
use crate::customer::block::Block;

#[inline]
pub(super) fn quick(text: &[u8], form: &mut Block) -> Option<Quick> {
    pick(text, &LETTERS_AND_DIGITS, form)
}

pub(super) fn clean(text: &str, out: &mut String) -> Result<(), UnusableReason> {
    fold(text, |character| !is_blank(character) && !is_punctuation(character), out);
    if out.is_empty() { Err(UnusableReason::NoLetters) } else { Ok(()) }
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
}
