//! Classes of characters, and folding: composed form, lower case, unwanted characters dropped.

use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

use crate::value::is_apostrophe;

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

/// A letter of any script, or a mark that belongs to one, but no [apostrophe](is_apostrophe). Without its marks, an
/// Indic syllable would be a different one.
pub(super) fn is_letter_or_mark(character: char) -> bool {
    if character.is_ascii() {
        character.is_ascii_alphabetic()
    } else {
        matches!(
            character.general_category_group(),
            GeneralCategoryGroup::Letter | GeneralCategoryGroup::Mark
        ) && !is_apostrophe(character)
    }
}

/// The zero-width non-joiner and joiner.
pub(super) fn is_joiner(character: char) -> bool {
    matches!(character, '\u{200c}' | '\u{200d}')
}

/// Whether this is a letter or mark of a script that writes some words with joiners: of a script whose letters join
/// (Unicode's property `Joining_Type`), or of one with a virama that makes conjuncts. Of both kinds, these are the
/// scripts that Unicode lists for present-day use (UAX #31, tables 5 and 7), and Mongolian.
fn takes_joiners(character: char) -> bool {
    let is_in_script = matches!(
        character,
        // Arabic, Syriac, N'Ko, Mandaic; Thaana between them joins nothing.
        '\u{600}'..='\u{77f}' | '\u{7c0}'..='\u{7ff}' | '\u{840}'..='\u{8ff}'
        | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}'
        // Devanagari to Malayalam, and Sinhala, with what Devanagari has elsewhere.
        | '\u{900}'..='\u{dff}' | '\u{1cd0}'..='\u{1cff}' | '\u{a8e0}'..='\u{a8ff}'
        // Myanmar, Khmer, Mongolian.
        | '\u{1000}'..='\u{109f}' | '\u{a9e0}'..='\u{a9ff}' | '\u{aa60}'..='\u{aa7f}'
        | '\u{1780}'..='\u{17ff}' | '\u{1800}'..='\u{18af}'
        // Tai Tham, Balinese, Sundanese.
        | '\u{1a20}'..='\u{1aaf}' | '\u{1b00}'..='\u{1bbf}'
        // Syloti Nagri, Saurashtra, Javanese, Meetei Mayek.
        | '\u{a800}'..='\u{a82f}' | '\u{a880}'..='\u{a8df}' | '\u{a980}'..='\u{a9df}'
        | '\u{aae0}'..='\u{aaff}' | '\u{abc0}'..='\u{abff}'
        // Hanifi Rohingya, Chakma, Adlam.
        | '\u{10d00}'..='\u{10d3f}' | '\u{11100}'..='\u{1114f}' | '\u{1e900}'..='\u{1e95f}'
    );
    is_in_script && is_letter_or_mark(character)
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

/// Appends the characters of `text` that `keep` accepts, in lower case and composed form, and nothing invisible.
///
/// Composing comes first, so that `keep` sees whole letters, and once more last, because dropping characters can
/// bring a letter and its accent together. Lower case comes before dropping, because a sigma at the end of a
/// word has a form of its own.
pub(super) fn fold(text: &str, keep: impl Fn(char) -> bool, out: &mut String) {
    if !fold_simple(text, &keep, out) {
        fold_any(text.chars().filter(|&c| !is_invisible(c)), keep, out);
    }
}

/// The same as [`fold`], with the joiners that belong to the letters around them.
pub(super) fn fold_with_joiners(text: &str, keep: impl Fn(char) -> bool, out: &mut String) {
    if !fold_simple(text, &keep, out) {
        fold_any(with_joiners(text), |c| is_joiner(c) || keep(c), out);
    }
}

/// The characters of `text` that show something, and the joiners between letters of scripts that take them.
///
/// Composing may change the order of combining marks, and so all marks around a joiner count, in any order.
fn with_joiners(text: &str) -> impl Iterator<Item = char> {
    let mut rest = text.chars().filter(|&c| is_joiner(c) || !is_invisible(c));
    let mut is_behind = false;
    std::iter::from_fn(move || {
        loop {
            let character = rest.next()?;
            if !is_joiner(character) {
                is_behind = takes_joiners(character) || is_behind && is_combining(character);
                return Some(character);
            }
            if std::mem::take(&mut is_behind) && begins_with_taker(rest.clone()) {
                return Some(character);
            }
        }
    })
}

/// Whether the first character, or one of the combining marks that come first, takes joiners.
fn begins_with_taker(mut text: impl Iterator<Item = char>) -> bool {
    let Some(first) = text.next() else { return false };
    takes_joiners(first) || is_combining(first) && text.take_while(|&c| is_combining(c)).any(takes_joiners)
}

fn is_combining(character: char) -> bool {
    canonical_combining_class(character) != 0
}

/// Folds text in which nothing moves, as most text is. Returns whether it is such text.
fn fold_simple(text: &str, keep: impl Fn(char) -> bool, out: &mut String) -> bool {
    if text.is_ascii() {
        out.extend(text.chars().filter(|&c| keep(c)).map(|c| c.to_ascii_lowercase()));
        true
    } else {
        fold_composed(text, keep, out)
    }
}

/// Folds text that is in composed form already and stays so. Returns whether it is.
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

fn fold_any(visible: impl Iterator<Item = char>, keep: impl Fn(char) -> bool, out: &mut String) {
    let composed = visible.nfc().collect::<String>();
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
            ("ΟΔΟΣ\u{301} ΣΑΣ", "οδος\u{301} σας"),
            ("ᲐᲜᲐ", "ანა"),
            ("ᎠᎾ", "\u{ab70}\u{ab8e}"),
            ("𐐀𐐁", "𐐨𐐩"),
            ("ǅEMAL", "ǆemal"),
            ("ԱՆԻ", "անի"),
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
                '\u{1f88}', '\u{344}', '\u{200c}', '\u{200d}', '\u{94d}', 'ع', '\u{64b}', '\u{2bc}', 'Ა',
                'Ꭰ',
            ][..],
        );
        prop::collection::vec(
            prop_oneof![6 => odd, 2 => any::<char>(), 1 => prop::char::range('À', 'ſ')],
            0..12,
        )
        .prop_map(String::from_iter)
    }

    #[test]
    fn v58_marks_around_a_joiner_count_in_any_order() {
        // The accent is no letter of the script. Composed, it stands behind the virama.
        for text in ["क\u{301}\u{94d}\u{200c}ष", "क\u{94d}\u{301}\u{200c}ष"] {
            let mut name = String::new();
            fold_with_joiners(text, |_| true, &mut name);
            assert_eq!(name, "क\u{94d}\u{301}\u{200c}ष");
        }
        let mut name = String::new();
        fold_with_joiners("e\u{301}\u{200c}ष", |_| true, &mut name);
        assert_eq!(name, "éष");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) })]

        #[test]
        fn composed_text_is_folded_like_any_other(text in any_text()) {
            let letters: fn(char) -> bool = is_letter_or_mark;
            for keep in [letters, |_| true, |c| !is_blank(c) && !is_punctuation(c)] {
                let (mut short, mut long) = ("x".to_owned(), "x".to_owned());
                if fold_composed(&text, keep, &mut short) {
                    fold_any(text.chars().filter(|&c| !is_invisible(c)), keep, &mut long);
                }
                prop_assert_eq!(short, long);
                let (mut once, mut twice) = (String::new(), String::new());
                fold_with_joiners(&text, keep, &mut once);
                fold_with_joiners(&once, keep, &mut twice);
                prop_assert_eq!(&once, &twice);
            }
            let mut composed = String::new();
            compose(&text, &mut composed);
            prop_assert_eq!(composed, text.chars().filter(|&c| !is_invisible(c)).nfc().collect::<String>());
        }
    }
}
