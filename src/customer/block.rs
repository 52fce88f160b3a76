//! SHA-256 of short texts, several at a time.
//!
//! Each text is written into its padded block first, and then all blocks are compressed. That is faster than
//! padding and compressing them one after the other, because the processor can prepare one block while it still
//! compresses another.

use std::slice;

use arrayvec::ArrayVec;
use sha2::block_api::compress256;
use sha2::{Digest, Sha256};

use super::{Hashed, MatchKey, ValueWarning};

/// A text that fits one block of SHA-256.
#[derive(Clone, Copy)]
pub(super) struct Block {
    bytes: [u8; 64],
    len: u8,
}

impl Default for Block {
    fn default() -> Self {
        Self { bytes: [0; 64], len: 0 }
    }
}

impl Block {
    /// The length of the longest text, in bytes: a block also holds an end mark and eight bytes for the length.
    pub(super) const MAX_TEXT: usize = 55;

    /// Replaces the text, if the new one fits.
    #[inline]
    pub(super) fn set(&mut self, text: &[u8]) -> bool {
        *self = Self::default();
        let Some(place) = self.bytes[..Self::MAX_TEXT].get_mut(..text.len()) else { return false };
        place.copy_from_slice(text);
        self.end_at(text.len());
        true
    }

    /// Lets `write` fill an empty block. It returns the end of the text, and leaves zeros after it.
    #[inline]
    pub(super) fn write(&mut self, write: impl FnOnce(&mut [u8; 64]) -> usize) {
        let end = write(&mut self.bytes);
        self.end_at(end);
    }

    fn end_at(&mut self, end: usize) {
        self.len = u8::try_from(end).unwrap_or_default();
    }

    #[inline]
    pub(super) fn text(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len).min(Self::MAX_TEXT)]
    }

    /// Appends the padding of SHA-256 (FIPS 180-4, 5.1.1).
    fn pad(&mut self) {
        self.bytes[usize::from(self.len & 63)] = 0x80;
        let bits = u16::from(self.len) * 8;
        [self.bytes[62], self.bytes[63]] = bits.to_be_bytes();
    }
}

/// The digest of the parts, one after the other.
pub(crate) fn digest_of_parts(parts: &[&[u8]]) -> Hashed {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    let mut blocks = [[0; 64]; 3];
    let used = (len + 1 + 8).div_ceil(64);
    if used > blocks.len() {
        return Hashed::from_bytes(Sha256::digest(parts.concat()).into());
    }
    let text = blocks.as_flattened_mut();
    let mut end = 0;
    for part in parts {
        text[end..end + part.len()].copy_from_slice(part);
        end += part.len();
    }
    text[len] = 0x80;
    text[used * 64 - 8..used * 64].copy_from_slice(&(len as u64 * 8).to_be_bytes());
    digest(&blocks[..used])
}

/// The digest of a padded text.
fn digest(blocks: &[[u8; 64]]) -> Hashed {
    let mut state = INITIAL;
    compress256(&mut state, blocks);
    digest_of_state(&state)
}

#[inline]
fn digest_of_state(state: &State) -> Hashed {
    let mut digest = [0; 32];
    let (words, _) = digest.as_chunks_mut();
    for (place, word) in state.iter().enumerate() {
        words[place] = word.to_be_bytes();
    }
    Hashed::from_bytes(digest)
}

type State = [u32; 8];

/// The blocks still to be compressed, each with its key and its warning.
#[derive(Default)]
pub(super) struct Blocks {
    blocks: [Block; MAX_BLOCKS],
    kept: ArrayVec<(MatchKey, Option<ValueWarning>), MAX_BLOCKS>,
    states: [State; MAX_BLOCKS],
}

/// More than the values of most customers.
pub(super) const MAX_BLOCKS: usize = 16;

impl Blocks {
    pub(super) fn are_full(&self) -> bool {
        self.kept.is_full()
    }

    /// An empty block to write a text into. It counts once it is [kept](Self::keep).
    #[inline]
    pub(super) fn next(&mut self) -> &mut Block {
        let block = &mut self.blocks[self.kept.len()];
        *block = Block::default();
        block
    }

    #[inline]
    pub(super) fn keep(&mut self, key: MatchKey, warning: Option<ValueWarning>) {
        self.blocks[self.kept.len()].pad();
        self.kept.push((key, warning));
    }

    /// Compresses all blocks that were kept, and returns their digests, in their order.
    #[inline]
    pub(super) fn digests(&mut self) -> impl Iterator<Item = (MatchKey, Option<ValueWarning>, Hashed)> {
        self.states = [INITIAL; MAX_BLOCKS];
        // Nothing else stands in this loop, so that the processor begins a block before it has ended the last one.
        for (place, block) in self.blocks[..self.kept.len()].iter().enumerate() {
            compress256(&mut self.states[place], slice::from_ref(&block.bytes));
        }
        let states = &self.states;
        let digest = |(place, &(key, warning))| (key, warning, digest_of_state(&states[place]));
        self.kept.iter().enumerate().map(digest)
    }

    pub(super) fn clear(&mut self) {
        self.kept.clear();
    }
}

/// The initial hash value (FIPS 180-4, 5.3.3).
const INITIAL: State =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_of_blocks_are_those_of_their_texts() {
        let text = "x".repeat(56);
        for length in 0..=55 {
            let mut blocks = Blocks::default();
            assert!(blocks.next().set(&text.as_bytes()[..length]));
            blocks.keep(MatchKey::City, None);
            for (_, _, digest) in blocks.digests() {
                assert_eq!(digest, Hashed::of(&text[..length]), "{length}");
            }
            blocks.clear();
        }
        for length in (0..200).chain([1000]) {
            let text = "y".repeat(length);
            let (start, end) = text.split_at(length / 3);
            let parts = [start.as_bytes(), b"", end.as_bytes()];
            assert_eq!(digest_of_parts(&parts), Hashed::of(&text), "{length}");
        }
        assert!(!Blocks::default().next().set(text.as_bytes()));
    }
}
