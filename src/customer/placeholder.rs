//! Placeholders: the words that exports write where a value is missing, and the digests of those words.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::Hashed;

/// Whole values that mean "no value". A person with such a name loses one optional key; if the word were
/// hashed, all customers without a value would look like one.
const WORDS: [&str; 16] = [
    "-",
    "null",
    "(null)",
    "<null>",
    "\\n",
    "nil",
    "none",
    "n/a",
    "n.a.",
    "#n/a",
    "nan",
    "undefined",
    "unknown",
    "[object null]",
    "[object object]",
    "[object undefined]",
];

/// Blank texts, which careless exports hash.
const BLANKS: [&str; 5] = ["", " ", "\n", "\r\n", "\0"];

/// Whether this text is a placeholder, in upper or lower case.
#[inline]
pub(crate) fn is_placeholder(text: &[u8]) -> bool {
    let lengths = text.first().map_or(0, |first| LENGTHS[usize::from(*first)]);
    lengths >> (text.len() % 64) & 1 == 1 && is_word(text)
}

#[cold]
fn is_word(text: &[u8]) -> bool {
    WORDS.iter().any(|word| text.eq_ignore_ascii_case(word.as_bytes()))
}

/// A bit for the length of each word, by the byte that the word begins with.
const LENGTHS: [u64; 256] = {
    let mut lengths = [0; 256];
    let mut word = 0;
    while word < WORDS.len() {
        let (first, length) = (WORDS[word].as_bytes()[0], WORDS[word].len());
        lengths[first as usize] |= 1 << length;
        lengths[first.to_ascii_uppercase() as usize] |= 1 << length;
        word += 1;
    }
    lengths
};

impl Hashed {
    /// Whether this is the digest of a missing value: of an empty or blank text, or of a placeholder such as
    /// `null`.
    ///
    /// ```
    /// use meta_offline_events::customer::Hashed;
    ///
    /// assert!(Hashed::of("").is_of_nothing());
    /// assert!(Hashed::of("NULL").is_of_nothing());
    /// assert!(!Hashed::of("mary@example.com").is_of_nothing());
    /// ```
    ///
    /// Such digests come from exports that hash every cell. They make all customers without a value look like
    /// one, so [`UserData`](super::UserData) refuses them.
    pub fn is_of_nothing(self) -> bool {
        static DIGESTS: LazyLock<HashSet<Hashed>> = LazyLock::new(|| {
            let words =
                WORDS.into_iter().flat_map(|word| [word.to_owned(), word.to_uppercase(), capitalised(word)]);
            let camel_case = ["NaN", "[object Null]", "[object Object]", "[object Undefined]"];
            let texts = words.chain(BLANKS.into_iter().chain(camel_case).map(str::to_owned));
            texts.map(|text| Hashed::of(&text)).collect()
        });
        DIGESTS.contains(&self)
    }
}

fn capitalised(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v32_digests_of_nothing_are_known() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Hashed::from_hex(empty).map(Hashed::is_of_nothing), Ok(true));
        for text in [" ", "null", "NULL", "Null", "None", "N/A", "NaN", "[object Undefined]"] {
            assert!(Hashed::of(text).is_of_nothing(), "{text}");
        }
        for text in ["mary", "0", "na"] {
            assert!(!Hashed::of(text).is_of_nothing(), "{text}");
        }
    }

    #[test]
    fn v23_words_in_either_case_are_placeholders() {
        for word in WORDS {
            for text in [word.to_owned(), word.to_uppercase()] {
                assert!(is_placeholder(text.as_bytes()), "{text}");
            }
        }
        for text in ["mary", "Nancy", "Ulla", "ny", "4711", "us"] {
            assert!(!is_placeholder(text.as_bytes()), "{text}");
        }
    }
}
