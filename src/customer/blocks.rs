//! Values of one customer on the way to their digests: each is written into a block, then all are compressed. Those
//! that came before have their digests already.

use arrayvec::ArrayVec;

use super::clean::Quick;
use super::digest_cache::{CachedText, DigestCache};
use super::sha256::{Block, digest_each, pad};
use super::{Hashed, MatchKey, ValueWarning};

/// Values whose digests are known or still to be compressed, in the order given.
pub(super) struct Blocks {
    sources: [(MatchKey, Option<ValueWarning>); AT_ONCE],
    digests: [Hashed; AT_ONCE],
    len: usize,
    blocks: ArrayVec<Block, AT_ONCE>,
    /// The value of each block.
    owners: [usize; AT_ONCE],
    /// The texts to be cached once they have their digests, each with the number of its value.
    texts: ArrayVec<(CachedText, usize), AT_ONCE>,
}

/// How many values are compressed together: more than most customers have.
const AT_ONCE: usize = 16;

impl Default for Blocks {
    fn default() -> Self {
        Self {
            sources: [(MatchKey::Email, None); AT_ONCE],
            digests: [Hashed::from_bytes([0; 32]); AT_ONCE],
            len: 0,
            blocks: ArrayVec::new(),
            owners: [0; AT_ONCE],
            texts: ArrayVec::new(),
        }
    }
}

impl Blocks {
    pub(super) fn are_full(&self) -> bool {
        self.len == AT_ONCE
    }

    /// Adds a value whose digest is known.
    #[inline]
    pub(super) fn add_known(&mut self, key: MatchKey, digest: Hashed) {
        self.sources[self.len] = (key, None);
        self.digests[self.len] = digest;
        self.len += 1;
    }

    /// Lets a text be written into an empty block, and returns whether it was. If it has no warning, its digest is
    /// cached under `text`.
    #[inline]
    pub(super) fn add(
        &mut self,
        key: MatchKey,
        text: Option<&CachedText>,
        write: impl FnOnce(&mut Block) -> Option<Quick>,
    ) -> bool {
        let place = self.blocks.len();
        self.blocks.push([0; 64]);
        let block = &mut self.blocks[place];
        let written = write(block);
        match written {
            Some(Quick { length, warning }) => {
                pad(block, length);
                if let Some(text) = text.filter(|_| warning.is_none()) {
                    self.texts.push((*text, self.len));
                }
                self.sources[self.len] = (key, warning);
                self.owners[place] = self.len;
                self.len += 1;
            }
            None => self.blocks.truncate(place),
        }
        written.is_some()
    }

    /// Compresses all blocks, and returns all digests, in the order of their values.
    #[inline]
    pub(super) fn digests(
        &mut self,
        cache: Option<&mut DigestCache>,
    ) -> impl Iterator<Item = (MatchKey, Option<ValueWarning>, Hashed)> {
        self.compress();
        if let Some(cache) = cache {
            self.texts.iter().for_each(|(text, value)| cache.insert(*text, self.digests[*value]));
        }
        let digest = |(&(key, warning), &digest): (&(_, _), &_)| (key, warning, digest);
        self.sources[..self.len].iter().zip(&self.digests).map(digest)
    }

    fn compress(&mut self) {
        let count = self.blocks.len();
        if count == self.len {
            return digest_each(&self.blocks, &mut self.digests[..count]);
        }
        let mut digests = [Hashed::from_bytes([0; 32]); AT_ONCE];
        digest_each(&self.blocks, &mut digests[..count]);
        for (owner, digest) in self.owners[..count].iter().zip(digests) {
            self.digests[*owner] = digest;
        }
    }

    pub(super) fn clear(&mut self) {
        self.len = 0;
        self.blocks.clear();
        self.texts.clear();
    }
}
