//! Rows in pieces that do not cut orders.

use crate::order::{Index, Row, cuts};

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
    /// Where each piece begins, and the end of the last one.
    cuts: Vec<usize>,
}

impl<'r, 'a> Sorted<'r, 'a> {
    pub(super) fn new(rows: &'r [Row<'a>]) -> Self {
        Self { rows, cuts: cuts(rows, ROWS) }
    }
}

impl<'a> Pieces<'a> for Sorted<'_, 'a> {
    fn len(&self) -> usize {
        self.cuts.len() - 1
    }

    fn each<'s>(&'s self, piece: usize, each: impl FnMut(&'s Row<'a>))
    where
        'a: 's,
    {
        self.rows[self.cuts[piece]..self.cuts[piece + 1]].iter().for_each(each);
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
        let orders = piece * ORDERS..((piece + 1) * ORDERS).min(self.index.len());
        self.index.each(self.rows, orders, each);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{EventTime, InvalidValue, Line};

    #[test]
    fn an_order_longer_than_many_pieces_is_one_piece() -> Result<(), InvalidValue> {
        let sold = EventTime::from_unix(1_767_225_600)?;
        let row = |line| -> Result<_, InvalidValue> {
            let order = if (1000..100_000).contains(&line) { "B".to_owned() } else { format!("A{line}") };
            Ok(Row::new(Line::new(line), sold).order_id(order.parse()?))
        };
        let rows = (0..101_000).map(row).collect::<Result<Vec<_>, _>>()?;
        let pieces = Sorted::new(&rows);
        assert_eq!(pieces.cuts, [0, 256, 512, 768, 100_000, 100_256, 100_512, 100_768, 101_000]);
        let mut lines = 0..101_000;
        (0..pieces.len()).for_each(|piece| {
            pieces.each(piece, |row| assert_eq!(Some(row.line().number()), lines.next()));
        });
        assert!(lines.is_empty());
        assert_eq!(Sorted::new(&[]).len(), 0);
        Ok(())
    }
}
