//! Characters of all scripts: their classes, and what folding needs to know of each.

use std::array;
use std::sync::OnceLock;

use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, is_nfc_quick};
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

use crate::value::is_apostrophe;

/// What a character is. Each is of one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// A letter of any script, or a mark that belongs to one. Without its marks, an Indic syllable would be a
    /// different one.
    Letter,
    /// A decimal digit of any script.
    Digit,
    /// An [apostrophe](is_apostrophe), whatever else Unicode counts it as.
    Apostrophe,
    Dash,
    /// Any other punctuation, and the symbols of ASCII.
    Punctuation,
    /// White space of any script, or a control character.
    Blank,
    /// A character that shows nothing and belongs to no value: a zero-width space, a soft hyphen, a direction
    /// mark, a byte order mark.
    Invisible,
    /// A symbol, an emoji, a number that is no digit.
    Other,
}

impl Class {
    fn of(character: char) -> Self {
        match character.general_category() {
            _ if is_apostrophe(character) => Self::Apostrophe,
            GeneralCategory::DecimalNumber => Self::Digit,
            GeneralCategory::DashPunctuation => Self::Dash,
            _ if character.is_ascii_punctuation() => Self::Punctuation,
            GeneralCategory::Control => Self::Blank,
            GeneralCategory::Format => Self::Invisible,
            _ => match character.general_category_group() {
                GeneralCategoryGroup::Letter | GeneralCategoryGroup::Mark => Self::Letter,
                GeneralCategoryGroup::Punctuation => Self::Punctuation,
                GeneralCategoryGroup::Separator => Self::Blank,
                _ => Self::Other,
            },
        }
    }
}

/// What there is to know of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) class: Class,
    pub(super) folding: Folding,
    /// Its lower case, unless its folding is [`Odd`](Folding::Odd).
    pub(super) lower: char,
}

/// How a character is folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Folding {
    /// It becomes its lower case, whatever stands around it.
    Alone,
    /// A sigma, whose lower case is another one at the end of a word.
    Sigma,
    /// A mark that stays as it is, but that other marks may have to change places with.
    Mark,
    /// It may become one character with the one before.
    Joining,
    /// Only the whole text tells.
    Odd,
}

impl Facts {
    fn of(character: char) -> Self {
        let class = Class::of(character);
        let mut cases = character.to_lowercase();
        let lower = cases.next().unwrap_or(character);
        let is_one =
            cases.next().is_none() && (lower == character || Class::of(lower) == class && is_settled(lower));
        let folding = match is_nfc_quick([character].into_iter()) {
            IsNormalized::Maybe => Folding::Joining,
            IsNormalized::Yes if character == 'Σ' => Folding::Sigma,
            IsNormalized::Yes if is_one && class != Class::Invisible => {
                if is_combining(character) {
                    Folding::Mark
                } else {
                    Folding::Alone
                }
            }
            _ => Folding::Odd,
        };
        Self { class, folding, lower }
    }
}

/// Whether composing never changes nor moves this.
fn is_settled(character: char) -> bool {
    !is_combining(character) && is_nfc_quick([character].into_iter()) == IsNormalized::Yes
}

/// What there is to know of this character. Those of most scripts are looked up in a table, of which each block is
/// filled when it is first needed.
#[inline]
pub(super) fn facts(character: char) -> Facts {
    static TABLE: [OnceLock<Box<[Facts; BLOCK]>>; 0x10000 / BLOCK] =
        [const { OnceLock::new() }; 0x10000 / BLOCK];
    let place = character as usize;
    match TABLE.get(place / BLOCK) {
        Some(block) => block.get_or_init(|| facts_around(character))[place % BLOCK],
        None => Facts::of(character),
    }
}

/// How many characters a block of the table has.
const BLOCK: usize = 32;

/// The facts of all characters of the block that this one is in.
#[cold]
fn facts_around(character: char) -> Box<[Facts; BLOCK]> {
    let first = character as usize / BLOCK * BLOCK;
    // Surrogates are no characters, and nobody asks for them.
    let at = |place| u32::try_from(first + place).ok().and_then(char::from_u32).unwrap_or(character);
    Box::new(array::from_fn(|place| Facts::of(at(place))))
}

/// Whether this shows nothing and belongs to no value.
pub(super) fn is_invisible(character: char) -> bool {
    !character.is_ascii() && facts(character).class == Class::Invisible
}

/// White space of any script, control characters and [invisible](is_invisible) ones.
pub(crate) fn is_blank(character: char) -> bool {
    if character.is_ascii() {
        character.is_ascii_whitespace() || character.is_ascii_control()
    } else {
        matches!(facts(character).class, Class::Blank | Class::Invisible)
    }
}

pub(super) fn is_dash(character: char) -> bool {
    character == '-' || !character.is_ascii() && facts(character).class == Class::Dash
}

/// A letter of any script, or a mark that belongs to one, but no [apostrophe](is_apostrophe).
pub(super) fn is_letter_or_mark(character: char) -> bool {
    if character.is_ascii() {
        character.is_ascii_alphabetic()
    } else {
        facts(character).class == Class::Letter
    }
}

pub(super) fn is_digit(character: char) -> bool {
    character.is_ascii_digit() || !character.is_ascii() && facts(character).class == Class::Digit
}

/// Whether Unicode orders this among other marks behind a letter.
pub(super) fn is_combining(character: char) -> bool {
    canonical_combining_class(character) != 0
}

/// The zero-width non-joiner and joiner.
pub(super) fn is_joiner(character: char) -> bool {
    matches!(character, '\u{200c}' | '\u{200d}')
}

/// Whether this is a letter or mark of a script that writes some words with joiners: of a script whose letters join
/// (Unicode's property `Joining_Type`), or of one with a virama that makes conjuncts. Of both kinds, these are the
/// scripts that Unicode lists for present-day use (UAX #31, tables 5 and 7), and Mongolian.
pub(super) fn takes_joiners(character: char) -> bool {
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

/// The ASCII digit with the value of a decimal digit of any script.
pub(crate) fn ascii_digit(character: char) -> Option<char> {
    if character.is_ascii() || !is_digit(character) {
        return character.is_ascii_digit().then_some(character);
    }
    // Unicode keeps the ten digits of a script together, zero first.
    let lower = (0..u32::from(character)).rev().map_while(char::from_u32).take_while(|&c| is_digit(c));
    char::from_digit(u32::try_from(lower.count() % 10).ok()?, 10)
}

#[cfg(test)]
mod tests {
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
    fn the_table_has_the_facts_of_each_character() {
        for character in '\0'..=char::MAX {
            let (known, expected) = (facts(character), Facts::of(character));
            assert_eq!(known, expected, "{character:?}");
        }
    }
}
