//! What the quick looks share: their result, and the tables that say what becomes of each byte.
//!
//! A quick look reads printable ASCII, and in names letters of all scripts, that fits into one block of SHA-256, and
//! writes its normal form there. It gives what the rule beside it gives, or `None`: it leaves everything invalid,
//! doubtful or unusual to the rule.

use super::characters::{Class, Folding, facts};
use super::other_digest;
use crate::customer::ValueWarning;
use crate::customer::placeholder::is_placeholder;
use crate::customer::sha256::{Block, MAX_TEXT};

/// A plain value whose normal form is in its block.
#[derive(Clone, Copy)]
pub(in crate::customer) struct Quick {
    /// The length of the normal form.
    pub(in crate::customer) length: usize,
    pub(in crate::customer) warning: Option<ValueWarning>,
}

impl Quick {
    /// A normal form that neither a placeholder nor a digest of another kind has.
    #[inline]
    pub(super) fn of(length: usize) -> Self {
        Self { length, warning: None }
    }

    /// A normal form, unless it or the text is a placeholder.
    #[inline]
    pub(super) fn unless_placeholder(text: &[u8], form: &Block, length: usize) -> Option<Self> {
        (!is_placeholder(text) && !is_placeholder(&form[..length])).then_some(Self::of(length))
    }

    /// A normal form, unless it or the text is a placeholder, or the text may be a digest of another kind.
    #[inline]
    pub(super) fn unless_substitute(text: &[u8], form: &Block, length: usize) -> Option<Self> {
        Self::unless_placeholder(text, form, length).filter(|_| text.len() < other_digest::SHORTEST)
    }
}

/// What becomes of each byte: a character of the normal form, [nothing](GONE), or an [end](UNUSUAL) of the quick
/// look.
pub(super) type Letters = [u8; 256];

const GONE: u8 = 0;
pub(super) const UNUSUAL: u8 = 0x80;

pub(super) const LETTERS_AND_DIGITS: Letters = keeping(b"abcdefghijklmnopqrstuvwxyz0123456789");

/// Keeps these characters, letters in lower case, and drops other printable ones.
pub(super) const fn keeping(kept: &[u8]) -> Letters {
    let mut letters = [UNUSUAL; 256];
    let mut byte = b' ';
    while byte <= b'~' {
        letters[byte as usize] = GONE;
        byte += 1;
    }
    let mut index = 0;
    while index < kept.len() {
        letters[kept[index] as usize] = kept[index];
        letters[kept[index].to_ascii_uppercase() as usize] = kept[index];
        index += 1;
    }
    letters
}

/// Drops these characters and keeps other printable ones, letters in lower case.
pub(super) const fn dropping(dropped: &[u8]) -> Letters {
    let mut letters = [UNUSUAL; 256];
    let mut byte = b' ';
    while byte <= b'~' {
        letters[byte as usize] = byte.to_ascii_lowercase();
        byte += 1;
    }
    let mut index = 0;
    while index < dropped.len() {
        letters[dropped[index] as usize] = GONE;
        index += 1;
    }
    letters
}

/// Writes what the table makes of the text, unless it is nothing.
#[inline]
pub(super) fn pick(text: &[u8], letters: &Letters, form: &mut Block) -> Option<usize> {
    let (mut seen, mut end) = (0, 0);
    for &byte in text {
        let letter = letters[usize::from(byte)];
        seen |= letter;
        // The next character overwrites a dropped one.
        form[end & 63] = letter;
        end += usize::from(letter != GONE);
    }
    (seen < UNUSUAL && end > 0).then_some(end)
}

/// Does the same with a text that may have letters beyond ASCII, if each of them is folded alone.
#[inline]
pub(super) fn pick_letters(text: &str, letters: &Letters, form: &mut Block) -> Option<usize> {
    pick(text.as_bytes(), letters, form).or_else(|| pick_beyond_ascii(text, letters, form))
}

#[inline(never)]
fn pick_beyond_ascii(text: &str, letters: &Letters, form: &mut Block) -> Option<usize> {
    *form = [0; 64];
    let mut end = 0;
    for character in text.chars() {
        if character.is_ascii() {
            let letter = letters[character as usize];
            if letter == UNUSUAL {
                return None;
            }
            form[end & 63] = letter;
            end += usize::from(letter != GONE);
        } else {
            let known = facts(character);
            if known.class != Class::Letter || known.folding != Folding::Alone {
                return None;
            }
            end += known.lower.encode_utf8(form.get_mut(end..end + 4)?).len();
        }
    }
    (1..=MAX_TEXT).contains(&end).then_some(end)
}

/// Replaces what was picked by a shorter text.
#[inline]
pub(super) fn replace<const LENGTH: usize>(text: [u8; LENGTH], form: &mut Block) -> usize {
    *form = [0; 64];
    form[..LENGTH].copy_from_slice(&text);
    LENGTH
}
