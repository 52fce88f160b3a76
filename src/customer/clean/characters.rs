//! Classes of characters, and folding: composed form, lower case, unwanted characters dropped.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

/// Characters that show nothing and belong to no value: zero-width spaces, soft hyphens, direction marks,
/// byte order marks.
pub(super) fn is_invisible(character: char) -> bool {
    !character.is_ascii() && character.general_category() == GeneralCategory::Format
}

/// White space of any script, control characters and [invisible](is_invisible) ones.
pub(crate) fn is_blank(character: char) -> bool {
    if character.is_ascii() {
        character.is_ascii_whitespace() || character.is_ascii_control()
    } else {
        character.is_whitespace() || character.is_control() || is_invisible(character)
    }
}

pub(super) fn is_punctuation(character: char) -> bool {
    if character.is_ascii() {
        character.is_ascii_punctuation()
    } else {
        character.general_category_group() == GeneralCategoryGroup::Punctuation
    }
}

pub(super) fn is_dash(character: char) -> bool {
    character == '-'
        || !character.is_ascii() && character.general_category() == GeneralCategory::DashPunctuation
}

/// A letter of any script, or a mark that belongs to one. Without its marks, an Indic syllable would be a different
/// one.
pub(super) fn is_letter_or_mark(character: char) -> bool {
    if character.is_ascii() {
        character.is_ascii_alphabetic()
    } else {
        matches!(
            character.general_category_group(),
            GeneralCategoryGroup::Letter | GeneralCategoryGroup::Mark
        )
    }
}

pub(super) fn is_digit(character: char) -> bool {
    if character.is_ascii() {
        character.is_ascii_digit()
    } else {
        character.general_category() == GeneralCategory::DecimalNumber
    }
}

/// The ASCII digit with the value of a decimal digit of any script.
pub(crate) fn ascii_digit(character: char) -> Option<char> {
    if character.is_ascii() || !is_digit(character) {
        return character.is_ascii_digit().then_some(character);
    }
    // Unicode keeps the ten digits of a script together, zero first.
    let lower = (0..u32::from(character)).rev().map_while(char::from_u32).take_while(|&c| is_digit(c));
    char::from_digit(u32::try_from(lower.count() % 10).ok()?, 10)
}

/// Appends the characters of `text` that `keep` accepts, in lower case and composed form.
///
/// Composing comes first, so that `keep` sees whole letters, and once more last, because dropping characters can
/// bring a letter and its accent together. Lower case comes before dropping, because a sigma at the end of a
/// word has a form of its own.
pub(super) fn fold(text: &str, keep: impl Fn(char) -> bool, out: &mut String) {
    if text.is_ascii() {
        out.extend(text.chars().filter(|&c| keep(c)).map(|c| c.to_ascii_lowercase()));
    } else if !fold_composed(text, &keep, out) {
        fold_any(text, keep, out);
    }
}

/// Folds text that is in composed form already and stays so, as most text does. Returns whether it is.
fn fold_composed(text: &str, keep: impl Fn(char) -> bool, out: &mut String) -> bool {
    if text.contains('Σ') || !is_composed_and_visible(text) {
        return false;
    }
    let start = out.len();
    out.extend(text.chars().flat_map(char::to_lowercase).filter(|&c| keep(c)));
    let stays = is_nfc_quick(out[start..].chars()) == IsNormalized::Yes;
    if !stays {
        out.truncate(start);
    }
    stays
}

fn fold_any(text: &str, keep: impl Fn(char) -> bool, out: &mut String) {
    let composed = text.chars().filter(|&c| !is_invisible(c)).nfc().collect::<String>();
    out.extend(composed.to_lowercase().chars().filter(|&c| keep(c)).nfc());
}

/// Whether the text surely is in composed form and has no invisible characters.
fn is_composed_and_visible(text: &str) -> bool {
    is_nfc_quick(text.chars()) == IsNormalized::Yes && !text.chars().any(is_invisible)
}

/// Appends `text` in composed form, without invisible characters and with its case.
pub(super) fn compose(text: &str, out: &mut String) {
    if text.is_ascii() || is_composed_and_visible(text) {
        out.push_str(text);
    } else {
        out.extend(text.chars().filter(|&c| !is_invisible(c)).nfc());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn digits_of_every_script_have_their_value() {
        for (text, value) in [
            ("0123456789", "0123456789"),
            ("０１２３４５６７８９", "0123456789"),
            ("٠١٢٣٤٥٦٧٨٩", "0123456789"),
            ("۰۱۲۳۴۵۶۷۸۹", "0123456789"),
            ("०१२३४५६७८९", "0123456789"),
            ("𝟘𝟡𝟬𝟿", "0909"),
            ("²Ⅷ①x", ""),
        ] {
            let digits: String = text.chars().filter_map(ascii_digit).collect();
            assert_eq!(digits, value);
        }
    }

    #[test]
    fn v27_lower_case_knows_no_locale() {
        for (text, folded) in [
            ("I", "i"),
            ("İ", "i\u{307}"),
            ("I\u{307}", "i\u{307}"),
            ("ı", "ı"),
            ("STRASSE", "strasse"),
            ("STRAẞE", "straße"),
            ("ΟΔΥΣΣΕΥΣ", "οδυσσευς"),
            ("ΓΙΩΡΓΟΣ ΠΑΠΑΣ", "γιωργος παπας"),
            ("\u{212a}", "k"),
        ] {
            let mut once = String::new();
            fold(text, |_| true, &mut once);
            assert_eq!(once, folded);
            let mut twice = String::new();
            fold(&once, |_| true, &mut twice);
            assert_eq!(twice, once);
        }
    }

    /// Letters and marks that composing, folding or dropping treats in ways of their own.
    fn any_text() -> impl Strategy<Value = String> {
        let odd = prop::sample::select(
            &[
                'a', 'E', ' ', '-', '\'', 'é', 'É', '\u{301}', '\u{307}', '\u{327}', '\u{345}', 'İ', 'ı',
                'Σ', 'ς', 'σ', 'Ά', 'ß', 'ẞ', 'ﬁ', 'Å', '\u{212b}', '\u{1100}', '\u{1161}', '각', '\u{ad}',
                '\u{200b}', '\u{feff}', 'क', '\u{93c}', '\u{958}', '\u{3099}', 'か', '日', '😀', 'ǅ',
                '\u{1f88}', '\u{344}',
            ][..],
        );
        prop::collection::vec(
            prop_oneof![6 => odd, 2 => any::<char>(), 1 => prop::char::range('À', 'ſ')],
            0..12,
        )
        .prop_map(String::from_iter)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) })]

        #[test]
        fn composed_text_is_folded_like_any_other(text in any_text()) {
            let letters: fn(char) -> bool = is_letter_or_mark;
            for keep in [letters, |_| true, |c| !is_blank(c) && !is_punctuation(c)] {
                let (mut short, mut long) = ("x".to_owned(), "x".to_owned());
                if fold_composed(&text, keep, &mut short) {
                    fold_any(&text, keep, &mut long);
                }
                prop_assert_eq!(short, long);
            }
            let mut composed = String::new();
            compose(&text, &mut composed);
            prop_assert_eq!(composed, text.chars().filter(|&c| !is_invisible(c)).nfc().collect::<String>());
        }
    }
}
