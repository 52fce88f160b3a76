//! Folding: composed form, lower case, unwanted characters dropped.

use unicode_normalization::char::{canonical_combining_class, compose as composition};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

use super::characters::{Class, Folding, facts, is_combining, is_invisible, is_joiner, takes_joiners};

/// Appends the characters of `text` whose class `keep` accepts, in lower case and composed form, and nothing
/// invisible.
///
/// Composing comes first, so that `keep` sees whole letters, and once more last, because dropping characters can
/// bring a letter and its accent together. Lower case comes before dropping, because a sigma at the end of a
/// word has a form of its own.
pub(super) fn fold(text: &str, keep: impl Fn(Class) -> bool, out: &mut String) {
    if !fold_each(text, &keep, out) {
        fold_whole(text.chars().filter(|&c| !is_invisible(c)), |c| keep(facts(c).class), out);
    }
}

/// The same as [`fold`], with the joiners that belong to the letters around them.
pub(super) fn fold_with_joiners(text: &str, keep: impl Fn(Class) -> bool, out: &mut String) {
    if !fold_each(text, &keep, out) {
        fold_whole(with_joiners(text), |c| is_joiner(c) || keep(facts(c).class), out);
    }
}

fn fold_whole(visible: impl Iterator<Item = char>, keep: impl Fn(char) -> bool, out: &mut String) {
    let composed = visible.nfc().collect::<String>();
    out.extend(composed.to_lowercase().chars().filter(|&c| keep(c)).nfc());
}

/// Folds text in which each character needs a look at its neighbours at most, as in most text. Returns whether it
/// is such text.
fn fold_each(text: &str, keep: impl Fn(Class) -> bool, out: &mut String) -> bool {
    let start = out.len();
    out.reserve(text.len());
    let is_folded = try_fold_each(text, keep, out).is_some();
    if !is_folded {
        out.truncate(start);
    }
    is_folded
}

fn try_fold_each(text: &str, keep: impl Fn(Class) -> bool, out: &mut String) -> Option<()> {
    let mut rest = text.chars();
    // What stands before, composed. The ends of a text are like blanks.
    let mut before = ' ';
    while let Some(mut character) = rest.next() {
        let mut known = facts(character);
        if let Folding::Mark | Folding::Joining = known.folding
            && !keep(facts(before).class)
        {
            // Dropping what stands before brings the mark to another letter.
            return None;
        }
        if known.folding == Folding::Joining {
            character = composition(before, character)?;
            known = facts(character);
            out.pop();
        }
        match known.folding {
            Folding::Alone => {}
            Folding::Mark if are_in_order(before, character) => {}
            Folding::Sigma => known.lower = small_sigma(before, rest.clone().next().unwrap_or(' '))?,
            Folding::Mark | Folding::Joining | Folding::Odd => return None,
        }
        if keep(known.class) {
            out.push(known.lower);
        }
        before = character;
    }
    Some(())
}

/// The lower case of a sigma, if both neighbours tell.
fn small_sigma(before: char, after: char) -> Option<char> {
    let is_apart = |c| matches!(facts(c).class, Class::Blank | Class::Dash);
    match () {
        () if is_apart(before) => Some('σ'),
        () if has_case(before) && is_apart(after) => Some('ς'),
        () if has_case(before) && has_case(after) => Some('σ'),
        () => None,
    }
}

/// Whether this is a letter that has case and that a sigma does not look through.
fn has_case(character: char) -> bool {
    use GeneralCategory::{LowercaseLetter, UppercaseLetter};
    (character.is_lowercase() || character.is_uppercase())
        && matches!(character.general_category(), UppercaseLetter | LowercaseLetter)
}

/// Whether composing leaves two marks where they are.
fn are_in_order(mark: char, next: char) -> bool {
    canonical_combining_class(mark) <= canonical_combining_class(next)
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
                'a', 'E', ' ', '-', '\'', 'é', 'É', '\u{301}', '\u{307}', '\u{327}', '\u{345}', '\u{302}',
                '\u{323}', '\u{316}', 'ễ', 'ὰ', 'İ', 'ı', 'Σ', 'ς', 'σ', 'Ά', 'ß', 'ẞ', 'ﬁ', 'Å', '\u{212b}',
                '\u{1100}', '\u{1161}', '각', '\u{ad}', '\u{200b}', '\u{feff}', 'क', '\u{93c}', '\u{958}',
                '\u{3099}', 'か', '日', '😀', 'ǅ', '\u{1f88}', '\u{344}', '\u{200c}', '\u{200d}', '\u{94d}',
                'ع', '\u{64b}', '\u{2bc}', 'Ა', 'Ꭰ',
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

    const KEEPS: [fn(Class) -> bool; 4] = [
        |_| true,
        |class| class != Class::Invisible,
        |class| class == Class::Letter,
        |class| matches!(class, Class::Letter | Class::Digit | Class::Other),
    ];

    /// Whether each character alone can be folded, which must give what the whole text gives.
    fn folds_each(text: &str, keep: fn(Class) -> bool) -> bool {
        let (mut each, mut whole) = ("x".to_owned(), "x".to_owned());
        let is_folded = fold_each(text, keep, &mut each);
        if is_folded {
            let visible = text.chars().filter(|&c| !is_invisible(c));
            fold_whole(visible, |c| keep(facts(c).class), &mut whole);
        }
        assert_eq!(each, whole, "{text:?}");
        is_folded
    }

    /// Every character that Unicode has assigned.
    fn characters() -> impl Iterator<Item = char> {
        let is_assigned = |c: &char| {
            !matches!(c.general_category(), GeneralCategory::Unassigned | GeneralCategory::PrivateUse)
        };
        ('\0'..=char::MAX).filter(is_assigned)
    }

    #[test]
    fn every_character_folds_as_in_a_whole_text() {
        for character in characters() {
            folds_each(character.encode_utf8(&mut [0; 4]), |_| true);
            folds_each(&format!("A{character}b"), is_letter);
        }
    }

    #[test]
    fn every_letter_with_every_accent_folds_as_in_a_whole_text() {
        for letter in '\0'..'\u{590}' {
            for accent in '\u{300}'..='\u{36f}' {
                folds_each(&String::from_iter([letter, accent]), |_| true);
                folds_each(&String::from_iter([letter, accent]), is_letter);
            }
        }
    }

    #[test]
    fn sigmas_fold_as_in_a_whole_text_whatever_stands_around_them() {
        for character in characters().filter(|c| !('\u{3400}'..='\u{a000}').contains(c)) {
            for text in [
                format!("Α{character}Σ"),
                format!("ΑΣ{character}Α"),
                format!("{character}Σ"),
                format!("Σ{character}"),
            ] {
                folds_each(&text, |_| true);
            }
        }
    }

    fn is_letter(class: Class) -> bool {
        class == Class::Letter
    }

    #[test]
    fn most_text_needs_no_look_at_the_whole() {
        for text in [
            "Mary",
            "Müller-Lüdenscheidt",
            "José",
            "Jose\u{301}",
            "ŁÓDŹ",
            "Nguyễn",
            "Nguye\u{302}\u{303}n",
            "Việt",
            "Vie\u{323}\u{302}t",
            "Σωκράτης",
            "ΓΙΩΡΓΟΣ ΠΑΠΑΣ",
            "ΣΙΣΥΦΟΣ-ΑΣ",
            "Иван",
            "Йи\u{306}",
            "ԱՆԻ",
            "ანა",
            "שָׁלוֹם",
            "مُحَمَّد",
            "नई दिल्ली",
            "ஆனந்த்",
            "สมชาย น้ำ",
            "日本",
            "ゆうこ",
            "정",
            "\u{110c}\u{1165}\u{11bc}",
            "𠮷野",
            "Mary 😀",
        ] {
            assert!(folds_each(text, |_| true), "{text:?}");
        }
        for text in ["İ", "J\u{30c}", "\u{212b}", "e\u{301}\u{327}", "a\u{ad}b", "ΑΣ.Α", "e'\u{301}"] {
            assert!(!folds_each(text, is_letter), "{text:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) })]

        #[test]
        fn any_text_folds_as_a_whole_text(text in any_text()) {
            for keep in KEEPS {
                folds_each(&text, keep);
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
