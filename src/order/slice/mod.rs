//! Rows that are all in memory.

#[cfg(feature = "rayon")]
mod cores;
mod index;

#[cfg(feature = "rayon")]
pub(crate) use cores::Collect;
pub use index::TooManyRows;

use index::Index;

use super::sort_check::{Sequence, cuts, sequence_of};
use super::{OrderRules, Prepared, Row, SortedOrders};
use crate::event::Event;
use crate::value::EventTime;

/// Groups a slice of rows, in any order, into one event per order.
///
/// It copies no row: rows whose order ids ascend or descend are grouped in one pass, and for others an index
/// takes 4 bytes a row and 24 to 32 bytes an order (48 bytes a row at most while it is built). Events come in the
/// order of their first rows, as from [`Orders`](super::Orders); the note on values that many customers share
/// names no lines. Of the limits of [`OrderRules`] only [`max_memory`](OrderRules::max_memory) applies, to the index.
///
/// [`prepare`](Self::prepare) gives events, `batches` request bodies in flat memory.
///
/// ```
/// use meta_offline_events::customer::UserData;
/// use meta_offline_events::order::{Row, RowSlice};
/// use meta_offline_events::value::{Currency, EventTime};
///
/// let sold = EventTime::from_unix(1_767_225_600)?;
/// let mut rows = Vec::new();
/// for (line, order) in [(2, "10001"), (3, "10002"), (4, "10001")] {
///     let row = Row::new(line, sold)
///         .customer(UserData::builder().email("mary@example.com"))
///         .order_id(order.parse()?)
///         .product(format!("SKU-{line}").parse()?)
///         .quantity(1)
///         .price("0.10".parse()?)
///         .currency(Currency::EUR);
///     rows.push(row);
/// }
/// let prepared = RowSlice::new(&rows).prepare(sold)?;
/// assert_eq!(prepared.events[0].value().unwrap().to_string(), "0.2 EUR");
/// assert_eq!((prepared.events.len(), prepared.rows.read()), (2, 3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "rows are grouped by `prepare` or `batches`"]
pub struct RowSlice<'r, 'a> {
    rows: &'r [Row<'a>],
    rules: OrderRules,
    #[cfg(feature = "rayon")]
    pub(crate) on_all_cores: bool,
}

impl<'r, 'a> RowSlice<'r, 'a> {
    /// Takes these rows, with the default rules, on one core.
    pub fn new(rows: &'r [Row<'a>]) -> Self {
        Self {
            rows,
            rules: OrderRules::new(),
            #[cfg(feature = "rayon")]
            on_all_cores: false,
        }
    }

    /// Sets the rules.
    pub fn rules(mut self, rules: OrderRules) -> Self {
        self.rules = rules;
        self
    }

    /// Uses the threads of the current rayon pool. Events, bodies and reports are the same for any number of
    /// threads.
    ///
    /// Each thread takes memory for the events of some two thousand rows, or of a thousand orders. Rows without an
    /// order id, and orders with an event id of their own, are grouped on one thread, because no two events may have
    /// the same id.
    ///
    /// ```
    /// use meta_offline_events::customer::UserData;
    /// use meta_offline_events::order::{Row, RowSlice};
    /// use meta_offline_events::value::EventTime;
    ///
    /// let sold = EventTime::from_unix(1_767_225_600)?;
    /// let customer = UserData::builder().email("mary@example.com");
    /// let row = Row::new(2, sold).customer(customer).order_id("10001".parse()?);
    /// let rows = [row.quantity(1).price("0.10".parse()?).currency("EUR".parse()?)];
    /// let rows = RowSlice::new(&rows);
    /// let one = rows.clone().prepare(sold)?;
    /// assert_eq!(rows.on_all_cores().prepare(sold)?.events, one.events);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "rayon")]
    pub fn on_all_cores(mut self) -> Self {
        self.on_all_cores = true;
        self
    }

    /// Groups the rows into events, and checks the age of each at `now`.
    ///
    /// # Errors
    ///
    /// [`TooManyRows`] if the index takes more memory than the rules allow, or if there are more than 2³² − 1
    /// rows.
    pub fn prepare(self, now: EventTime) -> Result<Prepared, TooManyRows> {
        let mut events = Vec::new();
        #[cfg(feature = "rayon")]
        if self.on_all_cores {
            let mut prepared = self.collect(now, |piece: &mut Vec<Event>| events.append(piece))?;
            prepared.events = events;
            return Ok(prepared);
        }
        let mut prepared = self.for_each(now, |event| events.push(event.take()))?;
        prepared.events = events;
        Ok(prepared)
    }

    /// Groups the rows on one core, and lends each event to `each`, in order.
    pub(crate) fn for_each(
        self,
        now: EventTime,
        mut each: impl FnMut(&mut Event),
    ) -> Result<Prepared, TooManyRows> {
        let sequence = sequence_of(self.rows, 0..self.rows.len());
        let pieces = Pieces::of(self.rows, sequence, &self.rules)?;
        let mut orders = SortedOrders::unchecked(self.rules, now);
        for piece in 0..pieces.len() {
            orders.group_piece(&pieces, piece, &mut each);
        }
        Ok(orders.finish())
    }
}

impl SortedOrders {
    /// Groups all rows of a piece.
    fn group_piece(&mut self, pieces: &Pieces<'_, '_>, piece: usize, each: &mut impl FnMut(&mut Event)) {
        pieces.for_each(piece, |row| self.push_unchecked(row, each));
        self.complete();
        self.lend_all(each);
    }

    /// Adds a row whose place in the sequence is known to be right.
    fn push_unchecked(&mut self, row: &Row<'_>, each: &mut impl FnMut(&mut Event)) {
        // Without a sort check no row is out of place.
        let added = self.push_row(row);
        debug_assert!(added.is_ok(), "nothing checks the sequence");
        if self.ready_events() >= AT_ONCE {
            self.lend_all(each);
        }
    }

    fn lend_all(&mut self, each: &mut impl FnMut(&mut Event)) {
        while let Some(event) = self.lend() {
            each(event);
        }
    }
}

/// How many events are lent one after another, so that neither grouping nor what is done with events leaves the caches.
const AT_ONCE: usize = 12;

/// Rows in pieces that cut no order.
enum Pieces<'r, 'a> {
    /// The rows as they stand: where each piece begins, and the end of the last one.
    Sorted { rows: &'r [Row<'a>], cuts: Vec<usize> },
    /// The rows by an index.
    Indexed { rows: &'r [Row<'a>], index: Index },
}

/// The rows in a piece of sorted rows, roughly.
const ROWS: usize = 256;

/// The orders in a piece of indexed rows.
const ORDERS: usize = 128;

impl<'r, 'a> Pieces<'r, 'a> {
    /// Divides rows whose ids are sorted like this.
    fn of(rows: &'r [Row<'a>], sequence: Sequence, rules: &OrderRules) -> Result<Self, TooManyRows> {
        if sequence.is_broken() {
            return Ok(Self::Indexed { rows, index: Index::of(rows, rules)? });
        }
        Ok(Self::Sorted { rows, cuts: cuts(rows, ROWS) })
    }

    fn len(&self) -> usize {
        match self {
            Self::Sorted { cuts, .. } => cuts.len() - 1,
            Self::Indexed { index, .. } => index.len().div_ceil(ORDERS),
        }
    }

    fn for_each(&self, piece: usize, mut each: impl FnMut(&Row<'_>)) {
        match self {
            Self::Sorted { rows, cuts } => {
                for row in &rows[cuts[piece]..cuts[piece + 1]] {
                    row.prefetch_later();
                    each(row);
                }
            }
            Self::Indexed { rows, index } => {
                let orders = piece * ORDERS..((piece + 1) * ORDERS).min(index.len());
                index.for_each(rows, orders, each);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::InvalidValue;

    fn divided<'r>(rows: &'r [Row<'static>]) -> Pieces<'r, 'static> {
        Pieces::of(rows, sequence_of(rows, 0..rows.len()), &OrderRules::new()).expect("few rows")
    }

    #[test]
    fn an_order_longer_than_many_pieces_is_one_piece() -> Result<(), InvalidValue> {
        let sold = EventTime::from_unix(1_767_225_600)?;
        let row = |line: u64| -> Result<_, InvalidValue> {
            let order = if (1000..100_000).contains(&line) { 1000 } else { line };
            Ok(Row::new(line, sold).order_id(format!("A{order:06}").parse()?))
        };
        let rows = (0..101_000).map(row).collect::<Result<Vec<_>, _>>()?;
        let pieces = divided(&rows);
        let Pieces::Sorted { cuts, .. } = &pieces else { panic!("the order ids ascend") };
        assert_eq!(*cuts, [0, 256, 512, 768, 100_000, 100_256, 100_512, 100_768, 101_000]);
        let mut lines = 0..101_000;
        (0..pieces.len()).for_each(|piece| {
            pieces.for_each(piece, |row| assert_eq!(Some(row.line().number()), lines.next()));
        });
        assert!(lines.is_empty());
        assert_eq!(divided(&[]).len(), 0);
        Ok(())
    }
}
