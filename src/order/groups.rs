//! The orders of a run, which are in no order of their own.

use std::ops::{Index, IndexMut};

use super::group::Group;

/// Orders by their positions, in the sequence of their first rows.
///
/// They stand in chunks: one list of all of them would take twice their memory while it grows.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// All but the last one are full.
    chunks: Vec<Vec<Group>>,
}

/// The orders of a chunk.
const CHUNK: usize = 64;

impl Groups {
    pub(super) fn len(&self) -> usize {
        self.chunks.last().map_or(0, |last| (self.chunks.len() - 1) * CHUNK + last.len())
    }

    /// Adds an order, and returns its position.
    pub(super) fn push(&mut self, group: Group) -> usize {
        let position = self.len();
        match self.chunks.last_mut() {
            Some(last) if last.len() < CHUNK => last.push(group),
            Some(_) => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(group);
                self.chunks.push(chunk);
            }
            // Few orders take no more than they need.
            None => self.chunks.push(vec![group]),
        }
        position
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Group> {
        self.chunks.iter().flatten()
    }
}

impl Index<usize> for Groups {
    type Output = Group;

    fn index(&self, position: usize) -> &Group {
        &self.chunks[position / CHUNK][position % CHUNK]
    }
}

impl IndexMut<usize> for Groups {
    fn index_mut(&mut self, position: usize) -> &mut Group {
        &mut self.chunks[position / CHUNK][position % CHUNK]
    }
}

impl IntoIterator for Groups {
    type Item = Group;
    type IntoIter = std::iter::Flatten<std::vec::IntoIter<Vec<Group>>>;

    /// Gives each order away, and the memory of each chunk back behind it.
    fn into_iter(self) -> Self::IntoIter {
        self.chunks.into_iter().flatten()
    }
}
