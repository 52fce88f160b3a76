//! Hexadecimal texts that are no SHA-256 digest: digests of other kinds, cut ones, and those with something around
//! them.

use super::characters::is_blank;
use crate::customer::{Hashed, UnusableReason};

/// The shortest text in which a digest is looked for. MD5 has so few digits.
pub(super) const SHORTEST: usize = 32;

/// Words before a digest that say what it is, behind which a `:` or `=` stands.
const LABELS: [&str; 10] =
    ["md5", "sha", "sha1", "sha224", "sha256", "sha384", "sha512", "hash", "digest", "hex"];

/// Refuses a text that is a digest, but not SHA-256 as Meta wants it. `is_id` if the text may be an id that only
/// looks like a digest of another kind.
pub(super) fn refuse(text: &str, is_id: bool) -> Result<(), UnusableReason> {
    if text.len() < SHORTEST {
        return Ok(());
    }
    let digits = digits_inside(text);
    match digits.len() {
        // A bare one was taken before.
        Hashed::HEX_DIGITS if is_hexadecimal(digits) && digits.len() < text.len() => {
            Err(UnusableReason::NotSha256)
        }
        count if !is_id && is_other_length(count) && is_hexadecimal(digits) && is_mixed(digits) => {
            Err(UnusableReason::OtherDigest { digits: u8::try_from(count).unwrap_or(u8::MAX) })
        }
        _ => Ok(()),
    }
}

/// Refuses a normal form that is a whole digest of another kind. Cut ones are found in the text as it was given:
/// words in which only dropped characters stand between the letters are no digests.
pub(super) fn refuse_form(form: &str) -> Result<(), UnusableReason> {
    if matches!(form.len(), 32 | 40 | 56 | 96 | 128) { refuse(form, false) } else { Ok(()) }
}

/// Other kinds, and SHA-256 with some digits cut off.
fn is_other_length(digits: usize) -> bool {
    matches!(digits, 32..=63 | 96 | 128)
}

fn is_hexadecimal(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Digits alone are a number, and letters alone may be a word.
fn is_mixed(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit()) && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// Returns a text without blanks, quotes and brackets around it, without a label such as `sha256:` or `0x` before
/// it, and without the suffix of Meta's parameter builder or a similar one behind it.
fn digits_inside(text: &str) -> &str {
    let is_around = |letter: char| is_blank(letter) || "\"'`´‘’“”„«»()[]{}<>,;".contains(letter);
    let text = text.trim_matches(is_around);
    let text = match text.split_once([':', '=']) {
        Some((label, rest)) if is_label(label) => rest.trim_start_matches(is_around),
        _ => text,
    };
    let text = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    text.split_once('.').map_or(text, |(digits, _)| digits).trim_end_matches(is_around)
}

fn is_label(text: &str) -> bool {
    let word: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    LABELS.iter().any(|label| word.eq_ignore_ascii_case(label))
}
