//! E-mail addresses: checked and lower-cased, never repaired.

use super::characters::{Class, is_digit, is_letter_or_mark};
use super::folding::fold;
use super::quick_look::{Quick, UNUSUAL};
use crate::customer::sha256::Block;
use crate::customer::{UnusableReason, ValueWarning};

/// The lengths of the longest address and the longest label of a domain, in characters (RFC 5321, RFC 1035).
const MAX_ADDRESS: usize = 254;
const MAX_LABEL: usize = 63;

/// The signs that the local part may contain besides letters, digits, hyphens and dots.
const ATOM_SIGNS: &str = "!#$%&'*+/=?^_`{|}~";

/// What people write before the `@` if they have no address.
const MADE_UP: [&[u8]; 10] =
    [b"test", b"none", b"noemail", b"no-email", b"nomail", b"na", b"null", b"unknown", b"email", b"customer"];

/// Atoms joined by single dots, an `@`, and at least two labels of letters, digits and inner hyphens.
#[inline(never)]
pub(super) fn quick(text: &[u8], form: &mut Block) -> Option<Quick> {
    let mut part = place_of(Part::AtomStart);
    for (written, &byte) in form.iter_mut().zip(text) {
        let (letter, kind) = ADDRESS[usize::from(byte)];
        *written = letter;
        part = PLACES[kind as usize] >> (part % 64);
    }
    let is_address = part % 64 == place_of(Part::LaterLabel);
    (is_address && !is_made_up(&form[..text.len()])).then_some(Quick::of(text.len()))
}

pub(super) fn clean(text: &str, out: &mut String) -> Result<Option<ValueWarning>, UnusableReason> {
    fold(text, |class| class != Class::Invisible, out);
    match out.split_once('@') {
        Some((local, domain)) if is_address(out, local, domain) => {
            Ok(is_made_up(out.as_bytes()).then_some(ValueWarning::MadeUp))
        }
        _ => Err(UnusableReason::NotAnEmail),
    }
}

/// `test@test.com`, `a@a.de`, `none@anything.example`: what people write if they have no address.
fn is_made_up(address: &[u8]) -> bool {
    let Some(at) = address.iter().position(|byte| *byte == b'@') else { return false };
    let (local, domain) = (&address[..at], &address[at + 1..]);
    domain.starts_with(local) && domain.get(at) == Some(&b'.') || MADE_UP.contains(&local)
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

/// The part of an address that the last byte belongs to.
#[derive(Clone, Copy)]
enum Part {
    AtomStart,
    Atom,
    FirstLabelStart,
    FirstLabel,
    FirstLabelHyphen,
    LaterLabelStart,
    LaterLabel,
    LaterLabelHyphen,
    Nowhere,
}

/// What a byte means in an address.
#[derive(Clone, Copy)]
enum Kind {
    LetterOrDigit,
    Sign,
    Hyphen,
    Dot,
    At,
    Strange,
}

/// Each byte in lower case, and what it means in an address.
const ADDRESS: [(u8, Kind); 256] = {
    let signs = ATOM_SIGNS.as_bytes();
    let mut table = [(UNUSUAL, Kind::Strange); 256];
    let mut byte = 0;
    while byte < 128 {
        let kind = match byte {
            b'-' => Kind::Hyphen,
            b'.' => Kind::Dot,
            b'@' => Kind::At,
            _ if byte.is_ascii_alphanumeric() => Kind::LetterOrDigit,
            _ => Kind::Strange,
        };
        table[byte as usize] = (byte.to_ascii_lowercase(), kind);
        byte += 1;
    }
    let mut index = 0;
    while index < signs.len() {
        table[signs[index] as usize].1 = Kind::Sign;
        index += 1;
    }
    table
};

/// The place of what follows a part, in bits: the processor shifts by it sooner than it reads from a table.
const fn place_of(part: Part) -> u64 {
    6 * part as u64
}

/// For each kind, the place of the next part, at the place of each part.
const PLACES: [u64; 6] = {
    let mut places = [0; 6];
    let mut part = 0;
    while part < NEXT.len() {
        let mut kind = 0;
        while kind < places.len() {
            places[kind] |= place_of(NEXT[part][kind]) << (6 * part);
            kind += 1;
        }
        part += 1;
    }
    places
};

/// The next part, by the kind of the next byte.
const NEXT: [[Part; 6]; 9] = {
    use Part::{
        Atom, AtomStart, FirstLabel, FirstLabelHyphen, FirstLabelStart, LaterLabel, LaterLabelHyphen,
        LaterLabelStart, Nowhere,
    };
    [
        [Atom, Atom, Atom, Nowhere, Nowhere, Nowhere],
        [Atom, Atom, Atom, AtomStart, FirstLabelStart, Nowhere],
        [FirstLabel, Nowhere, Nowhere, Nowhere, Nowhere, Nowhere],
        [FirstLabel, Nowhere, FirstLabelHyphen, LaterLabelStart, Nowhere, Nowhere],
        [FirstLabel, Nowhere, FirstLabelHyphen, Nowhere, Nowhere, Nowhere],
        [LaterLabel, Nowhere, Nowhere, Nowhere, Nowhere, Nowhere],
        [LaterLabel, Nowhere, LaterLabelHyphen, LaterLabelStart, Nowhere, Nowhere],
        [LaterLabel, Nowhere, LaterLabelHyphen, Nowhere, Nowhere, Nowhere],
        [Nowhere; 6],
    ]
};

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
