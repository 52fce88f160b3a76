//! What the quick looks of the rules share: what a look gives, and the tables that say what becomes of
//! each byte of a plain text.
//!
//! A quick look reads printable ASCII that fits one block of SHA-256 and writes its normal form there. It
//! gives what the Unicode rule beside it gives, or `None`: whatever is refused, doubtful or merely unusual
//! is left to that rule.

use crate::customer::ValueWarning;
use crate::customer::block::Block;

/// A plain value, whose normal form stands in its block.
#[derive(Clone, Copy)]
pub(in crate::customer) struct Quick {
    pub(in crate::customer) warning: Option<ValueWarning>,
}

impl Quick {
    /// A value without a warning.
    pub(super) const PLAIN: Self = Self { warning: None };
}

/// What becomes of each byte: a letter of the form, nothing, or a reason to leave the text to the Unicode rule.
pub(super) type Letters = [u8; 256];

const GONE: u8 = 0;
pub(super) const UNUSUAL: u8 = 0x80;

pub(super) const LETTERS_AND_DIGITS: Letters = keeping(b"abcdefghijklmnopqrstuvwxyz0123456789");

/// Keeps these, letters in lower case; other printable characters go.
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

/// Keeps all printable characters but these, letters in lower case.
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

/// Writes what becomes of the text, at least one letter.
#[inline]
pub(super) fn pick(text: &[u8], letters: &Letters, form: &mut Block) -> Option<Quick> {
    let mut seen = 0;
    form.write(|room| {
        let mut end = 0;
        for &byte in text {
            let letter = letters[usize::from(byte)];
            seen |= letter;
            // What goes is overwritten by what follows.
            room[end & 63] = letter;
            end += usize::from(letter != GONE);
        }
        end
    });
    (seen < UNUSUAL && !form.text().is_empty()).then_some(Quick::PLAIN)
}
