//! E-mail addresses: checked and lower-cased, never repaired.

use super::characters::{Class, is_digit, is_letter_or_mark};
use super::folding::fold;
use super::quick_look::Quick;
use crate::customer::sha256::Block;
use crate::customer::{UnusableReason, ValueWarning};
use crate::value::{copy, marks};

/// The lengths of the longest address and the longest label of a domain, in characters (RFC 5321, RFC 1035).
const MAX_ADDRESS: usize = 254;
const MAX_LABEL: usize = 63;

/// The signs that the local part may contain besides letters, digits, hyphens and dots.
const ATOM_SIGNS: &str = "!#$%&'*+/=?^_`{|}~";

/// What people write before the `@` if they have no address.
const MADE_UP: [&[u8]; 10] =
    [b"test", b"none", b"noemail", b"no-email", b"nomail", b"na", b"null", b"unknown", b"email", b"customer"];

/// The length of the longest of them, in bytes.
const LONGEST_MADE_UP: usize = {
    let (mut longest, mut index) = (0, 0);
    while index < MADE_UP.len() {
        if MADE_UP[index].len() > longest {
            longest = MADE_UP[index].len();
        }
        index += 1;
    }
    longest
};

/// Looks at addresses of single signs between letters or digits, one of which is an `@` and a later one a dot.
#[inline(never)]
pub(super) fn quick(text: &[u8], form: &mut Block) -> Option<Quick> {
    let length = text.len();
    copy(text, &mut form[..length]);
    form.make_ascii_lowercase();
    let text_marks = !(u64::MAX << length);
    let mut signs = text_marks & !marks(form, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let ends = 1 | 1 << (length - 1);
    if signs & (signs << 1 | ends) != 0 {
        return None;
    }
    let (mut at, mut is_domain) = (0, false);
    while signs != 0 {
        let place = signs.trailing_zeros() as usize;
        signs &= signs - 1;
        match form[place % 64] {
            b'.' => is_domain = at > 0,
            b'-' => {}
            b'@' if at == 0 => at = place,
            sign if at == 0 && ATOM_SIGNS.as_bytes().contains(&sign) => {}
            _ => return None,
        }
    }
    (is_domain && !is_made_up(&form[..length], at)).then_some(Quick::of(length))
}

pub(super) fn clean(text: &str, out: &mut String) -> Result<Option<ValueWarning>, UnusableReason> {
    fold(text, |class| class != Class::Invisible, out);
    match out.split_once('@') {
        Some((local, domain)) if is_address(out, local, domain) => {
            Ok(is_made_up(out.as_bytes(), local.len()).then_some(ValueWarning::MadeUp))
        }
        _ => Err(UnusableReason::NotAnEmail),
    }
}

/// `test@test.com`, `a@a.de`, `none@anything.example`: what people write if they have no address. The `@` is at this
/// position.
fn is_made_up(address: &[u8], at: usize) -> bool {
    let (local, domain) = (&address[..at], &address[at + 1..]);
    domain.get(at) == Some(&b'.') && domain.starts_with(local)
        || at <= LONGEST_MADE_UP && MADE_UP.contains(&local)
}

fn is_address(whole: &str, local: &str, domain: &str) -> bool {
    whole.chars().count() <= MAX_ADDRESS && is_local_part(local) && is_domain(domain)
}

/// Atoms joined by single dots.
fn is_local_part(text: &str) -> bool {
    text.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom_character))
}

fn is_atom_character(character: char) -> bool {
    is_letter_or_mark(character) || is_digit(character) || character == '-' || ATOM_SIGNS.contains(character)
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
    fn v23_made_up_addresses_have_a_warning() {
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
