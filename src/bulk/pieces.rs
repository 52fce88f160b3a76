//! Rows in pieces that do not cut orders.

use std::ops::Range;

use crate::order::{Index, Row, next_order};

/// Rows in pieces that do not cut orders, order by order.
pub(super) trait Pieces<'a>: Sync {
    fn len(&self) -> usize;

    fn each<'s>(&'s self, piece: usize, each: impl FnMut(&'s Row<'a>))
    where
        'a: 's;
}

/// So many orders make a piece, where they are counted before.
const ORDERS: usize = 128;

/// About so many rows make a piece, where orders are not counted before.
const ROWS: usize = 256;

/// Rows that are sorted by order id.
pub(super) struct Sorted<'r, 'a> {
    rows: &'r [Row<'a>],
}

impl<'r, 'a> Sorted<'r, 'a> {
    pub(super) fn new(rows: &'r [Row<'a>]) -> Self {
        Self { rows }
    }
}

impl<'a> Pieces<'a> for Sorted<'_, 'a> {
    fn len(&self) -> usize {
        self.rows.len().div_ceil(ROWS)
    }

    fn each<'s>(&'s self, piece: usize, each: impl FnMut(&'s Row<'a>))
    where
        'a: 's,
    {
        let Range { start, end } = piece_of(piece, ROWS, self.rows.len());
        let (start, end) = (next_order(self.rows, start), next_order(self.rows, end));
        self.rows[start..end].iter().for_each(each);
    }
}

/// Rows in any order.
pub(super) struct Gathered<'r, 'a> {
    rows: &'r [Row<'a>],
    index: Index,
}

impl<'r, 'a> Gathered<'r, 'a> {
    pub(super) fn new(rows: &'r [Row<'a>], index: Index) -> Self {
        Self { rows, index }
    }
}

impl<'a> Pieces<'a> for Gathered<'_, 'a> {
    fn len(&self) -> usize {
        self.index.len().div_ceil(ORDERS)
    }

    fn each<'s>(&'s self, piece: usize, each: impl FnMut(&'s Row<'a>))
    where
        'a: 's,
    {
        self.index.each(self.rows, piece_of(piece, ORDERS, self.index.len()), each);
    }
}

fn piece_of(piece: usize, size: usize, whole: usize) -> Range<usize> {
    piece * size..((piece + 1) * size).min(whole)
}
