//! E-mail addresses: checked and lower-cased, never repaired.

use super::characters::{fold, is_digit, is_invisible, is_letter_or_mark};
use super::{UnusableReason, ValueWarning};

/// The longest address and the longest part of a domain, in characters (RFC 5321, RFC 1035).
const MAX_ADDRESS: usize = 254;
const MAX_LABEL: usize = 63;

pub(super) fn clean(text: &str, out: &mut String) -> Result<Option<ValueWarning>, UnusableReason> {
    fold(text, |character| !is_invisible(character), out);
    match out.split_once('@') {
        Some((local, domain)) if is_address(out, local, domain) => {
            Ok(is_made_up(out.as_bytes()).then_some(ValueWarning::MadeUp))
        }
        _ => Err(UnusableReason::NotAnEmail),
    }
}

/// `test@test.com`, `a@a.de`, `none@anything.example`: what is entered where there is no address.
pub(super) fn is_made_up(address: &[u8]) -> bool {
    let Some(at) = address.iter().position(|byte| *byte == b'@') else { return false };
    let (local, domain) = (&address[..at], &address[at + 1..]);
    domain.starts_with(local) && domain.get(at) == Some(&b'.') || MADE_UP.contains(&local)
}

const MADE_UP: [&[u8]; 10] =
    [b"test", b"none", b"noemail", b"no-email", b"nomail", b"na", b"null", b"unknown", b"email", b"customer"];

fn is_address(whole: &str, local: &str, domain: &str) -> bool {
    whole.chars().count() <= MAX_ADDRESS && is_local_part(local) && is_domain(domain)
}

/// Atoms joined by single dots.
fn is_local_part(text: &str) -> bool {
    text.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom_character))
}

fn is_atom_character(character: char) -> bool {
    is_letter_or_mark(character) || is_digit(character) || "!#$%&'*+/=?^_`{|}~-".contains(character)
}

/// At least two labels of letters, digits and inner hyphens.
fn is_domain(text: &str) -> bool {
    text.contains('.') && text.split('.').all(is_label)
}

fn is_label(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.chars().all(|c| c == '-' || is_letter_or_mark(c) || is_digit(c))
        && text.chars().count() <= MAX_LABEL
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(text: &str) -> Result<String, UnusableReason> {
        let mut out = String::new();
        clean(text, &mut out).map(|_| out)
    }

    #[test]
    fn v21_checked_and_never_repaired() {
        assert_eq!(cleaned("John_Smith@Gmail.com").as_deref(), Ok("john_smith@gmail.com"));
        for text in [
            "mailto:mary@example.com",
            "mary@example",
            "mary@@example.com",
            "mary@example.com@example.com",
            "mary@example.com.",
            "mary @example.com",
            "\"mary\"@example.com",
            "Mary <mary@example.com>",
            "mary@-example.com",
            "mary@example-.com",
            "mary@exa_mple.com",
            "mary\u{0}@example.com",
            &format!("{}@example.com", "a".repeat(300)),
            &format!("mary@{}.com", "a".repeat(64)),
        ] {
            assert_eq!(cleaned(text), Err(UnusableReason::NotAnEmail), "{text}");
        }
    }

    #[test]
    fn v23_made_up_addresses_are_remarked_on() {
        let warning = |text| clean(text, &mut String::new());
        for text in ["test@test.com", "A@a.de", "noemail@example.com", "Null@example.com"] {
            assert_eq!(warning(text), Ok(Some(ValueWarning::MadeUp)), "{text}");
        }
        for text in ["mary@example.com", "tester@example.com", "a@ab.de"] {
            assert_eq!(warning(text), Ok(None), "{text}");
        }
    }

    #[test]
    fn v22_letters_beyond_ascii_stay() {
        assert_eq!(cleaned("JÜRGEN@BÜCHER.example").as_deref(), Ok("jürgen@bücher.example"));
        assert_eq!(cleaned("ju\u{308}rgen@example.com").as_deref(), Ok("jürgen@example.com"));
        assert_eq!(cleaned("用户@例子.公司").as_deref(), Ok("用户@例子.公司"));
    }

    #[test]
    fn v25_invisible_characters_go() {
        assert_eq!(cleaned("mary\u{200b}@exam\u{ad}ple.com").as_deref(), Ok("mary@example.com"));
    }
}
