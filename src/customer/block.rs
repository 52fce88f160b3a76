//! SHA-256 of short texts, several at a time: each is laid out in its padded block first, and then all are
//! compressed. That is cheaper than to pad and compress one after the other, because the processor can
//! prepare one while it still compresses another.

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
    /// The longest text, in bytes: a block also holds a mark behind it and eight bytes for its length.
    pub(super) const ROOM: usize = 55;

    /// Takes this text instead, if it fits.
    pub(super) fn set(&mut self, text: &[u8]) -> bool {
        *self = Self::default();
        let Some(room) = self.bytes[..Self::ROOM].get_mut(..text.len()) else { return false };
        room.copy_from_slice(text);
        self.end_at(text.len());
        true
    }

    /// Has the text written into an empty block. Behind its end, which is returned, there are zeros.
    pub(super) fn write(&mut self, write: impl FnOnce(&mut [u8; 64]) -> usize) {
        let end = write(&mut self.bytes);
        self.end_at(end);
    }

    fn end_at(&mut self, end: usize) {
        self.len = u8::try_from(end).unwrap_or_default();
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len).min(Self::ROOM)]
    }

    /// Puts behind the text what SHA-256 wants there (FIPS 180-4, 5.1.1).
    fn pad(&mut self) {
        self.bytes[usize::from(self.len & 63)] = 0x80;
        let bits = u16::from(self.len) * 8;
        [self.bytes[62], self.bytes[63]] = bits.to_be_bytes();
    }
}

/// The digest of a text that is given in parts.
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

/// The digest of a text that is padded already.
#[inline]
fn digest(blocks: &[[u8; 64]]) -> Hashed {
    let mut state = INITIAL;
    compress256(&mut state, blocks);
    let mut digest = [0; 32];
    for (bytes, word) in digest.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    Hashed::from_bytes(digest)
}

/// Blocks that wait to be compressed, each with its key and its warning.
#[derive(Default)]
pub(super) struct Blocks {
    blocks: ArrayVec<Block, MAX_BLOCKS>,
    kept: ArrayVec<(MatchKey, Option<ValueWarning>), MAX_BLOCKS>,
}

/// As many values as a customer of the row contract has, and some more.
pub(super) const MAX_BLOCKS: usize = 16;

impl Blocks {
    pub(super) fn are_full(&self) -> bool {
        self.kept.is_full()
    }

    /// An empty block to write a text into. It waits once it is [kept](Self::keep).
    #[inline]
    pub(super) fn next(&mut self) -> &mut Block {
        self.blocks.truncate(self.kept.len());
        self.blocks.push(Block::default());
        let last = self.blocks.len() - 1;
        &mut self.blocks[last]
    }

    #[inline]
    pub(super) fn keep(&mut self, key: MatchKey, warning: Option<ValueWarning>) {
        self.blocks[self.kept.len()].pad();
        self.kept.push((key, warning));
    }

    /// Compresses all that wait, in the order in which they came.
    #[inline]
    pub(super) fn digests(&self) -> impl Iterator<Item = (MatchKey, Option<ValueWarning>, Hashed)> {
        let blocks = self.blocks[..self.kept.len()].iter();
        blocks
            .zip(&self.kept)
            .map(|(block, &(key, warning))| (key, warning, digest(slice::from_ref(&block.bytes))))
    }

    pub(super) fn clear(&mut self) {
        self.kept.clear();
    }
}

/// The initial hash value (FIPS 180-4, 5.3.3).
const INITIAL: [u32; 8] =
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
