//! The words for the two genders in an export.

use arrayvec::ArrayString;

use crate::value::{InvalidValue, Rule, ValueKind};

/// The two words of an export for female and male, where they are unusual or mean something else elsewhere.
///
/// ```
/// use meta_offline_events::customer::{CleaningOptions, GenderWords, MatchKey};
///
/// // Mujer and hombre.
/// let words = GenderWords::female_male("M", "H")?;
/// let options = CleaningOptions::default().gender_words(words);
/// assert_eq!(MatchKey::Gender.normalize("m", &options).unwrap().text(), "f");
/// assert_eq!(MatchKey::Gender.normalize("H", &options).unwrap().text(), "m");
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
///
/// Case does not count. Other words keep their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GenderWords {
    female: Word,
    male: Word,
}

/// A word, kept in place so that options stay cheap to copy.
type Word = ArrayString<MAX_WORD>;

const MAX_WORD: usize = 24;

impl GenderWords {
    /// Creates the pair from the word for female, then the word for male.
    ///
    /// ```
    /// use meta_offline_events::customer::GenderWords;
    /// use meta_offline_events::value::Rule;
    ///
    /// assert!(GenderWords::female_male("2", "1").is_ok());
    /// assert_eq!(GenderWords::female_male("x", "X").unwrap_err().rule(), Rule::SameTwice);
    /// ```
    ///
    /// # Errors
    ///
    /// [`Rule::Empty`] for an empty word, [`Rule::TooLong`] for one of more than 24 bytes, [`Rule::SameTwice`] if both
    /// are the same.
    pub fn female_male(female: &str, male: &str) -> Result<Self, InvalidValue> {
        let words = Self { female: word(female)?, male: word(male)? };
        if words.female.to_lowercase() == words.male.to_lowercase() {
            return Err(InvalidValue::new(ValueKind::GenderWord, Rule::SameTwice));
        }
        Ok(words)
    }

    pub(super) fn female(&self) -> &str {
        &self.female
    }

    pub(super) fn male(&self) -> &str {
        &self.male
    }
}

fn word(text: &str) -> Result<Word, InvalidValue> {
    let text = text.trim();
    let rule = if text.is_empty() { Rule::Empty } else { Rule::TooLong(MAX_WORD) };
    Word::from(text)
        .ok()
        .filter(|word| !word.is_empty())
        .ok_or(InvalidValue::new(ValueKind::GenderWord, rule))
}
