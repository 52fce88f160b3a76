//! Values of one customer on the way to their digests: each is written into a block, then all are compressed. Those
//! that came before have their digests already.

use arrayvec::ArrayVec;

use super::clean::Quick;
use super::digest_cache::{CachedText, DigestCache};
use super::sha256::{Block, digest_each, pad};
use super::{Hashed, MatchKey, ValueWarning};

/// Values whose digests are known or still to be compressed, in the order given.
pub(super) struct Blocks {
    values: ArrayVec<Value, AT_ONCE>,
    blocks: ArrayVec<Block, AT_ONCE>,
    /// Those of the blocks from the start on, once they are compressed, and known ones from the end on.
    digests: [Hashed; AT_ONCE],
    /// The texts to be cached once they have their digests, each with the number of its block.
    texts: ArrayVec<(CachedText, usize), AT_ONCE>,
}

struct Value {
    key: MatchKey,
    warning: Option<ValueWarning>,
    /// The place of its digest.
    place: u8,
}

/// How many values are compressed together: more than most customers have.
const AT_ONCE: usize = 16;

impl Default for Blocks {
    fn default() -> Self {
        Self {
            values: ArrayVec::new(),
            blocks: ArrayVec::new(),
            digests: [Hashed::from_bytes([0; 32]); AT_ONCE],
            texts: ArrayVec::new(),
        }
    }
}

impl Blocks {
    pub(super) fn are_full(&self) -> bool {
        self.values.is_full()
    }

    /// Adds a value whose digest is known.
    #[inline]
    pub(super) fn add_known(&mut self, key: MatchKey, digest: Hashed) {
        let place = AT_ONCE - 1 - (self.values.len() - self.blocks.len());
        self.digests[place] = digest;
        self.push(key, None, place);
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
                    self.texts.push((*text, place));
                }
                self.push(key, warning, place);
            }
            None => self.blocks.truncate(place),
        }
        written.is_some()
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "there are few places")]
    fn push(&mut self, key: MatchKey, warning: Option<ValueWarning>, place: usize) {
        self.values.push(Value { key, warning, place: place as u8 });
    }

    /// Compresses all blocks, and returns all digests, in the order of their values.
    #[inline]
    pub(super) fn digests(
        &mut self,
        cache: Option<&mut DigestCache>,
    ) -> impl Iterator<Item = (MatchKey, Option<ValueWarning>, Hashed)> {
        let Self { values, blocks, digests, texts } = self;
        digest_each(blocks, &mut digests[..blocks.len()]);
        if let Some(cache) = cache {
            texts.iter().for_each(|(text, place)| cache.insert(*text, digests[*place]));
        }
        let digest = |value: &Value| (value.key, value.warning, digests[usize::from(value.place)]);
        values.iter().map(digest)
    }

    pub(super) fn clear(&mut self) {
        self.values.clear();
        self.blocks.clear();
        self.texts.clear();
    }
}
