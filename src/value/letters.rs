//! Letters as people write them: accents, apostrophes, and letters that differ by keyboard or typeface only.

use unicode_normalization::char::canonical_combining_class;

/// Apostrophes, and what stands for one: quotation marks, accents and primes on their own, the modifier letters of
/// Hawaiian, Uzbek and of transcriptions. Unicode counts some as punctuation, some as letters and some as symbols, but
/// people write any of them in the same name.
pub(crate) fn is_apostrophe(character: char) -> bool {
    match character {
        '\'' | '`' => true,
        _ if character.is_ascii() => false,
        _ => matches!(
            character,
            '\u{b4}' | '\u{2b9}' | '\u{2bb}'..='\u{2bf}' | '\u{2c8}' | '\u{2ca}' | '\u{2cb}' | '\u{2ee}'
            | '\u{384}' | '\u{55a}' | '\u{5f3}' | '\u{7f4}' | '\u{7f5}' | '\u{1fbd}' | '\u{1fbf}' | '\u{1ffe}'
            | '\u{2018}'..='\u{201b}' | '\u{2032}' | '\u{2035}' | '\u{275b}' | '\u{275c}'
            | '\u{a78b}' | '\u{a78c}' | '\u{ff07}' | '\u{ff40}'
        ),
    }
}

/// Whether this is a mark above, below or through a letter of an alphabet, or a dot below an Indic letter. Vowel
/// signs, viramas, tone marks of Thai and voicing marks of Japanese are none: without them a word would be another one.
pub(crate) fn is_accent(character: char) -> bool {
    !character.is_ascii() && matches!(canonical_combining_class(character), 1 | 7 | 10..=35 | 200..=240)
}

/// What is often written instead of a letter in lower case that has no decomposition.
pub(crate) fn plain_letter(letter: char) -> Option<&'static str> {
    Some(match letter {
        'æ' => "ae",
        'œ' => "oe",
        'ß' => "ss",
        'þ' => "th",
        'đ' | 'ð' | 'ɗ' => "d",
        'ø' | 'ɔ' => "o",
        'ł' => "l",
        'ħ' => "h",
        'ı' => "i",
        'ə' | 'ɛ' | 'ǝ' => "e",
        'ŋ' => "n",
        'ŧ' => "t",
        'ɓ' => "b",
        'ƙ' => "k",
        'ƴ' => "y",
        'ς' => "σ",
        'ي' | 'ى' => "ی",
        'ك' | 'ڪ' => "ک",
        'ة' | 'ہ' | 'ھ' => "ه",
        _ => return None,
    })
}
