//! The words for the two genders in an export.

use std::sync::{Mutex, PoisonError};

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
///
/// The words stay in memory until the program ends, once for each pair, so that the options of each row are small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GenderWords(&'static Pair);

/// The words for female and male.
type Pair = [Box<str>; 2];

/// Every pair that was stated.
static PAIRS: Mutex<Vec<&'static Pair>> = Mutex::new(Vec::new());

const MAX_WORD: usize = 32;

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
    /// [`Rule::Empty`] for an empty word, [`Rule::TooLong`] for one of more than 32 bytes, [`Rule::SameTwice`] if both
    /// are the same.
    pub fn female_male(female: &str, male: &str) -> Result<Self, InvalidValue> {
        let pair = [word(female)?, word(male)?];
        if pair[0].to_lowercase() == pair[1].to_lowercase() {
            return Err(InvalidValue::new(ValueKind::GenderWord, Rule::SameTwice));
        }
        let mut pairs = PAIRS.lock().unwrap_or_else(PoisonError::into_inner);
        let known = pairs.iter().find(|known| ***known == pair).copied();
        Ok(Self(known.unwrap_or_else(|| {
            let stated: &Pair = Box::leak(Box::new(pair));
            pairs.push(stated);
            stated
        })))
    }

    pub(super) fn female(self) -> &'static str {
        &self.0[0]
    }

    pub(super) fn male(self) -> &'static str {
        &self.0[1]
    }
}

fn word(text: &str) -> Result<Box<str>, InvalidValue> {
    let text = text.trim();
    let rule = match text.len() {
        0 => Rule::Empty,
        1..=MAX_WORD => return Ok(text.into()),
        _ => Rule::TooLong(MAX_WORD),
    };
    Err(InvalidValue::new(ValueKind::GenderWord, rule))
}
