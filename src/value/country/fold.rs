//! How names are compared: by the letters that tell them apart.

use arrayvec::ArrayString;
use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};

use crate::value::letters::{is_accent, is_apostrophe, plain_letter};

/// The longest name, in bytes. The longest one in the tables has 147.
const MAX_NAME: usize = 192;

pub(super) type Name = ArrayString<MAX_NAME>;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Accents {
    Kept,
    Dropped,
}

/// The letters that tell a name from others, in lower case and composed form; `None` if no name has so many.
///
/// Blanks, punctuation, apostrophes and symbols do not count. Letters that differ by keyboard or typeface only become one
/// letter. Without accents, letters of the alphabets become those that people write instead.
pub(super) fn fold(text: &str, accents: Accents) -> Option<Name> {
    let mut name = Name::new();
    let letters = text
        .nfkd()
        .flat_map(char::to_lowercase)
        .filter(|&letter| is_part_of_name(letter) && (accents == Accents::Kept || !is_accent(letter)));
    for letter in letters.nfc() {
        match plain_letter(letter) {
            Some(plain) => name.try_push_str(plain).ok()?,
            None => name.try_push(letter).ok()?,
        }
    }
    Some(name)
}

/// Letters and marks, but no apostrophes and lengthened lines, which Unicode counts as letters, too.
fn is_part_of_name(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphabetic();
    }
    let is_letter = matches!(
        character.general_category_group(),
        GeneralCategoryGroup::Letter | GeneralCategoryGroup::Mark
    );
    is_letter && !is_apostrophe(character) && character != '\u{640}'
}
