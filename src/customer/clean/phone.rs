//! Phone numbers: the digits with the country code; nothing is guessed.

use super::characters::{ascii_digit, is_blank};
use super::folding::compose;
use super::quick_look::{Letters, Quick, UNUSUAL};
use crate::customer::sha256::Block;
use crate::customer::{CleaningOptions, UnusableReason, ValueWarning};

/// The most digits that E.164 allows, and the fewest that tell customers apart.
const MAX_DIGITS: usize = 15;
pub(super) const MIN_DIGITS: usize = 7;

/// How many digits a phone number may have.
pub(super) const DIGITS: std::ops::RangeInclusive<usize> = MIN_DIGITS..=MAX_DIGITS;

/// Words before the digits of an extension.
const EXTENSIONS: [&str; 9] = ["x", "ext", "extn", "extension", "ex", "xtn", "int", "anexo", "доб"];

/// Digits with the usual marks between them, with or without a plus sign before.
#[inline(never)]
pub(super) fn quick(text: &[u8], options: &CleaningOptions, form: &mut Block) -> Option<Quick> {
    #[cfg(feature = "phone")]
    if options.phone_country().is_some() {
        return None;
    }
    #[cfg(not(feature = "phone"))]
    let _ = options;
    let behind_plus = text.strip_prefix(b"+");
    let number = behind_plus.unwrap_or(text);
    let (mut marks, mut end, mut before) = (0, 0, 0);
    for &byte in number {
        form[end & 63] = byte;
        end += usize::from(byte.is_ascii_digit());
        let mark = MARKS[usize::from(byte)];
        marks |= mark & UNUSUAL | mark & before << 1 & BEHIND_BRACKET;
        before = mark;
    }
    form[end & 63] = 0;
    let is_plain = marks == 0 && !text.ends_with(b".0");
    let digits = form.get(..end).filter(|_| is_plain && DIGITS.contains(&end))?;
    let warning = behind_plus.is_none().then_some(ValueWarning::NoCountryCode);
    (digits[0] != b'0' && !is_made_up(digits)).then_some(Quick { length: end, warning })
}

/// Marks a bracket, and what may not stand behind it: the rule leaves out a trunk zero in brackets.
const BRACKET: u8 = 1;
const BEHIND_BRACKET: u8 = 2;

/// Which bytes end the quick look, and which ones do so behind a bracket.
const MARKS: Letters = {
    let mut marks = [UNUSUAL; 256];
    let harmless = b"123456789-).";
    let mut index = 0;
    while index < harmless.len() {
        marks[harmless[index] as usize] = 0;
        index += 1;
    }
    marks[b'(' as usize] = BRACKET;
    marks[b'0' as usize] = BEHIND_BRACKET;
    marks[b' ' as usize] = BEHIND_BRACKET;
    marks
};

/// The digits as they are written.
pub(super) fn clean(text: &str, out: &mut String) -> Result<Option<ValueWarning>, UnusableReason> {
    let written = push_digits(text, out)?;
    let zeros = leading_zeros(out);
    if zeros == out.len() {
        return Err(UnusableReason::NoDigits);
    }
    if zeros == 1 && written == Written::Plainly {
        return Err(UnusableReason::NationalNumber);
    }
    out.drain(..zeros);
    match out.len() {
        ..MIN_DIGITS => Err(UnusableReason::TooFewDigits),
        MIN_DIGITS..=MAX_DIGITS if is_made_up(out.as_bytes()) => Ok(Some(ValueWarning::MadeUp)),
        MIN_DIGITS..=MAX_DIGITS => {
            Ok((written == Written::Plainly && zeros == 0).then_some(ValueWarning::NoCountryCode))
        }
        _ => Err(UnusableReason::TooManyDigits),
    }
}

pub(super) fn leading_zeros(digits: &str) -> usize {
    digits.bytes().take_while(|&digit| digit == b'0').count()
}

/// Whether there is a plus sign before the digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    WithPlus,
    Plainly,
}

/// Appends the digits of the number, including leading zeros, if the text is a single number.
pub(super) fn push_digits(text: &str, out: &mut String) -> Result<Written, UnusableReason> {
    if text.contains('@') && text.chars().any(char::is_alphabetic) {
        return Err(UnusableReason::NotOneNumber);
    }
    if text.is_ascii() {
        read_digits(without_float_zero(text), out)
    } else {
        let mut composed = String::new();
        compose(text, &mut composed);
        read_digits(&composed, out)
    }
}

/// `5555555555`, `1234567890`: what people write if they have no number.
pub(super) fn is_made_up(digits: &[u8]) -> bool {
    let last = &digits[digits.len().saturating_sub(MIN_DIGITS)..];
    last.iter().all(|digit| Some(digit) == last.first())
        || digits.windows(2).all(|pair| pair[1] == following(pair[0]))
}

fn following(digit: u8) -> u8 {
    if digit == b'9' { b'0' } else { digit + 1 }
}

/// Removes the end of `16505551212.0`, which an export wrote as a float.
fn without_float_zero(text: &str) -> &str {
    match text.strip_suffix(".0") {
        Some(whole) if whole.len() >= MIN_DIGITS && whole.bytes().all(|byte| byte.is_ascii_digit()) => whole,
        _ => text,
    }
}

/// Appends the digits of the number, without its extension and without a trunk zero in brackets, as
/// in `+44 (0)20`.
fn read_digits(text: &str, out: &mut String) -> Result<Written, UnusableReason> {
    let mut plus = false;
    let mut after_digit = false;
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let behind = &rest[character.len_utf8()..];
        let digit = ascii_digit(character);
        if let Some(digit) = digit {
            out.push(digit);
        } else if matches!(character, '+' | '＋') {
            plus |= out.is_empty();
        } else if character.is_alphabetic() {
            let (word, behind) = split_word(rest);
            if !out.is_empty() && EXTENSIONS.iter().any(|extension| word.eq_ignore_ascii_case(extension)) {
                break;
            }
            // A letter right after a digit: a digest, a serial number, anything but a phone number.
            if after_digit {
                return Err(UnusableReason::NotOneNumber);
            }
            if out.len() >= MIN_DIGITS {
                // A remark about the number, unless another number follows.
                if has_digits(behind) {
                    return Err(UnusableReason::NotOneNumber);
                }
                break;
            }
            rest = behind;
            continue;
        } else if out.len() >= MIN_BEFORE_EXTENSION && matches!(character, '#' | ';') {
            break;
        } else if is_ambiguous(character, out.len()) {
            // An extension, a pause or a second number: nobody can tell which.
            if has_digits(behind) {
                return Err(UnusableReason::NotOneNumber);
            }
            break;
        } else if character == '('
            && !out.is_empty()
            && let Some(behind) = after_bracketed_zero(behind)
        {
            rest = behind;
            continue;
        }
        after_digit = digit.is_some();
        rest = behind;
    }
    Ok(if plus { Written::WithPlus } else { Written::Plainly })
}

/// The shortest phone numbers have four digits. A `#` or `;` after fewer begins no extension.
const MIN_BEFORE_EXTENSION: usize = 4;

/// Marks before an extension, a pause or a second number, once the number may be complete. A star is
/// ambiguous only after a number with its area code.
fn is_ambiguous(mark: char, digits: usize) -> bool {
    matches!(mark, ',' | '|') && digits >= MIN_DIGITS || mark == '*' && digits >= 10
}

fn has_digits(text: &str) -> bool {
    text.chars().any(|character| ascii_digit(character).is_some())
}

fn split_word(text: &str) -> (&str, &str) {
    text.split_at(text.find(|character: char| !character.is_alphabetic()).unwrap_or(text.len()))
}

fn after_bracketed_zero(text: &str) -> Option<&str> {
    text.trim_start_matches(is_blank).strip_prefix('0')?.trim_start_matches(is_blank).strip_prefix(')')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(text: &str) -> Result<String, UnusableReason> {
        let mut out = String::new();
        clean(text, &mut out).map(|_| out)
    }

    #[test]
    fn v29_digits_of_any_script_with_an_international_prefix_or_none() {
        for (text, number) in [
            ("+44 20 7946 0958", "442079460958"),
            ("0044 20 7946 0958", "442079460958"),
            ("00044 20 7946 0958", "442079460958"),
            ("+44 (0)20 7946 0958", "442079460958"),
            ("0044 ( 0 ) 20 7946 0958", "442079460958"),
            ("+44.20.7946.0958", "442079460958"),
            ("＋４４ ２０ ７９４６ ０９５８", "442079460958"),
            ("+٩٦٦ ٥٠ ١٢٣ ٤٥٦٧", "966501234567"),
            ("tel:+1-650-555-1212", "16505551212"),
            ("+1\u{a0}650\u{2011}555\u{2011}1212", "16505551212"),
            ("+0 650 555 1212", "6505551212"),
        ] {
            assert_eq!(cleaned(text).as_deref(), Ok(number), "{text}");
        }
    }

    #[test]
    fn v29_an_extension_is_cut_and_never_joined() {
        for text in [
            "+1 650 555 1212 x123",
            "+1 650 555 1212x123",
            "+1 650 555 1212 ext. 5",
            "+1 650 555 1212 Extension 5",
            "+1-650-555-1212;ext=5",
            "+1 650 555 1212 #5",
            "+1 650 555 1212 at home",
        ] {
            assert_eq!(cleaned(text).as_deref(), Ok("16505551212"), "{text}");
        }
        assert_eq!(cleaned("Call 555-HELP (4357) now!").as_deref(), Ok("5554357"));
        assert_eq!(cleaned("!1@2#3$4%5^6&7*8(9)0").as_deref(), Ok("1234567890"));
        assert_eq!(cleaned("code: '1'; number: '(650) 555-1212'").as_deref(), Ok("16505551212"));
        assert_eq!(cleaned("16505551212.0").as_deref(), Ok("16505551212"));
        assert_eq!(cleaned("+49 8912 345/678").as_deref(), Ok("498912345678"));
        assert_eq!(cleaned("+1 650 555 1212,").as_deref(), Ok("16505551212"));
    }

    #[test]
    fn v24_v28_questionable_numbers_have_a_warning() {
        let warning = |text| clean(text, &mut String::new());
        for text in ["650 555 1212", "16505551212", "(650) 555-1212"] {
            assert_eq!(warning(text), Ok(Some(ValueWarning::NoCountryCode)), "{text}");
        }
        for text in ["+1 650 555 1212", "0044 20 7946 0958", "00044 20 7946 0958"] {
            assert_eq!(warning(text), Ok(None), "{text}");
        }
        for text in ["555 555 5555", "+1 555 555 5555", "1234567890", "1234567", "+9999999"] {
            assert_eq!(warning(text), Ok(Some(ValueWarning::MadeUp)), "{text}");
        }
    }

    #[test]
    fn v28_v29_what_is_no_number_is_refused_with_its_reason() {
        for (text, reason) in [
            ("020 7946 0958", UnusableReason::NationalNumber),
            ("(0)20 7946 0958", UnusableReason::NationalNumber),
            ("000 000 0000", UnusableReason::NoDigits),
            ("+", UnusableReason::NoDigits),
            ("call me", UnusableReason::NoDigits),
            ("911", UnusableReason::TooFewDigits),
            ("123456 x789", UnusableReason::TooFewDigits),
            ("555-121 ext. 12", UnusableReason::TooFewDigits),
            ("912 345 #5", UnusableReason::TooFewDigits),
            ("912 345 доб. 5", UnusableReason::TooFewDigits),
            ("+1 650 555 1212, 55", UnusableReason::NotOneNumber),
            ("+1 650 555 1212 or 650 555 3434", UnusableReason::NotOneNumber),
            ("+1 650 555 1212*55", UnusableReason::NotOneNumber),
            ("2d711642b72606e9ce0f", UnusableReason::NotOneNumber),
            ("2711642b72606e9ce0f", UnusableReason::NotOneNumber),
            ("mary1234567@example.com", UnusableReason::NotOneNumber),
            ("+00 123456", UnusableReason::TooFewDigits),
            ("12345678901234567890", UnusableReason::TooManyDigits),
        ] {
            assert_eq!(cleaned(text), Err(reason), "{text}");
        }
    }
}
