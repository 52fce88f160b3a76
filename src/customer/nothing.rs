//! What stands for nothing: the words that exports write where a value is missing, and their digests.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::Hashed;

/// Whole values that mean "no value". A person of that name loses one optional key; hashed, the word
/// would join all customers without a value into one.
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

/// Texts of nothing but blanks, as exports hash them.
const BLANKS: [&str; 5] = ["", " ", "\n", "\r\n", "\0"];

/// Whether this text is a word for a missing value, in any case.
pub(crate) fn is_placeholder(text: &str) -> bool {
    WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Whether plain text may be such a word: those that begin with a letter or digit begin with `n` or `u`.
pub(super) fn may_be_placeholder(text: &[u8]) -> bool {
    match text.first() {
        Some(b'n' | b'N' | b'u' | b'U') => {
            text.len() >= MIN_WORD && str::from_utf8(text).is_ok_and(is_placeholder)
        }
        Some(first) => !first.is_ascii_alphanumeric(),
        None => true,
    }
}

/// The shortest of the words that begin with a letter.
const MIN_WORD: usize = 3;

impl Hashed {
    /// Whether this is the digest of no value at all: of the empty text, of a blank, or of a word such as
    /// `null`, in lower case, upper case or capitalised.
    ///
    /// Such digests come from exports that hash every column, and would match nobody or, worse,
    /// everybody whose value was missing.
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
    fn v23_no_word_looks_like_a_plain_value() {
        for word in WORDS {
            for text in [word.to_owned(), word.to_uppercase()] {
                assert!(may_be_placeholder(text.as_bytes()), "{text}");
            }
        }
        for text in ["mary", "Nancy", "Ulla", "ny", "4711", "us"] {
            assert!(!may_be_placeholder(text.as_bytes()), "{text}");
        }
    }
}
