//! Values of one customer that are still to be hashed: each is written into a block, then all are compressed.

use arrayvec::ArrayVec;

use super::sha256::{Block, digest_each, pad};
use super::{Hashed, MatchKey, ValueWarning};

/// The blocks still to be compressed, each with its key and its warning.
pub(super) struct Blocks {
    /// Those that are kept, and perhaps one more that is not.
    blocks: ArrayVec<Block, MAX_BLOCKS>,
    kept: ArrayVec<(MatchKey, Option<ValueWarning>), MAX_BLOCKS>,
    digests: [Hashed; MAX_BLOCKS],
}

/// More than the values of most customers.
const MAX_BLOCKS: usize = 16;

impl Default for Blocks {
    fn default() -> Self {
        let digests = [Hashed::from_bytes([0; 32]); MAX_BLOCKS];
        Self { blocks: ArrayVec::new(), kept: ArrayVec::new(), digests }
    }
}

impl Blocks {
    pub(super) fn are_full(&self) -> bool {
        self.kept.is_full()
    }

    /// An empty block to write a text into. It counts once it is [kept](Self::keep).
    #[inline]
    pub(super) fn next(&mut self) -> &mut Block {
        self.blocks.truncate(self.kept.len());
        self.blocks.push([0; 64]);
        &mut self.blocks[self.kept.len()]
    }

    /// Keeps the block that was written last, whose text has this length.
    #[inline]
    pub(super) fn keep(&mut self, key: MatchKey, length: usize, warning: Option<ValueWarning>) {
        pad(&mut self.blocks[self.kept.len()], length);
        self.kept.push((key, warning));
    }

    /// Compresses all blocks that were kept, and returns their digests, in their order.
    #[inline]
    pub(super) fn digests(&mut self) -> impl Iterator<Item = (MatchKey, Option<ValueWarning>, Hashed)> {
        let count = self.kept.len();
        digest_each(&self.blocks[..count], &mut self.digests[..count]);
        let digest = |(&(key, warning), &digest): (&(_, _), &_)| (key, warning, digest);
        self.kept.iter().zip(&self.digests).map(digest)
    }

    pub(super) fn clear(&mut self) {
        self.blocks.clear();
        self.kept.clear();
    }
}
