//! Values of one customer that are still to be hashed: each is written into a block, then all are compressed.

use arrayvec::ArrayVec;

use super::clean::Quick;
use super::sha256::{Block, digest_each, pad};
use super::{Hashed, MatchKey, ValueWarning};

/// The blocks still to be compressed, each with its key and its warning.
pub(super) struct Blocks {
    blocks: ArrayVec<Block, MAX_BLOCKS>,
    sources: [(MatchKey, Option<ValueWarning>); MAX_BLOCKS],
    digests: [Hashed; MAX_BLOCKS],
}

/// More than the values of most customers.
const MAX_BLOCKS: usize = 16;

impl Default for Blocks {
    fn default() -> Self {
        let sources = [(MatchKey::Email, None); MAX_BLOCKS];
        let digests = [Hashed::from_bytes([0; 32]); MAX_BLOCKS];
        Self { blocks: ArrayVec::new(), sources, digests }
    }
}

impl Blocks {
    pub(super) fn are_full(&self) -> bool {
        self.blocks.is_full()
    }

    /// Lets a text be written into an empty block, and returns whether it was.
    #[inline]
    pub(super) fn add(&mut self, key: MatchKey, write: impl FnOnce(&mut Block) -> Option<Quick>) -> bool {
        let place = self.blocks.len();
        self.blocks.push([0; 64]);
        let block = &mut self.blocks[place];
        let written = write(block);
        match written {
            Some(Quick { length, warning }) => {
                pad(block, length);
                self.sources[place] = (key, warning);
            }
            None => self.blocks.truncate(place),
        }
        written.is_some()
    }

    /// Compresses all blocks, and returns their digests, in their order.
    #[inline]
    pub(super) fn digests(&mut self) -> impl Iterator<Item = (MatchKey, Option<ValueWarning>, Hashed)> {
        let count = self.blocks.len();
        digest_each(&self.blocks, &mut self.digests[..count]);
        let digest = |(&(key, warning), &digest): (&(_, _), &_)| (key, warning, digest);
        self.sources[..count].iter().zip(&self.digests).map(digest)
    }

    pub(super) fn clear(&mut self) {
        self.blocks.clear();
    }
}
