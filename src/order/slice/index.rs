//! An index of rows by what makes them one event.

use std::fmt;
use std::hash::BuildHasher;
use std::ops::Range;

use foldhash::quality::RandomState;
use prefetch_index::prefetch_index;

use crate::order::{OrderRules, Row};

/// The error for more rows than [`RowSlice`](super::RowSlice) can index.
///
/// ```
/// use meta_offline_events::order::{OrderRules, Row, RowSlice};
/// use meta_offline_events::value::EventTime;
///
/// let sold = EventTime::from_unix(1_767_225_600)?;
/// let mut rows = Vec::new();
/// for line in 2..102 {
///     rows.push(Row::new(line, sold).order_id(format!("A{}", line % 7).parse()?));
/// }
/// let rules = OrderRules::new().max_memory(1000);
/// let error = RowSlice::new(&rows).rules(rules).prepare(sold).unwrap_err();
/// assert_eq!(error.rows(), 100);
/// assert!(error.to_string().starts_with("grouping 100 rows takes more than 1000 bytes of memory: "));
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooManyRows {
    rows: usize,
    max_memory: usize,
}

impl TooManyRows {
    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows
    }
}

impl fmt::Display for TooManyRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rows, max_memory } = self;
        if *rows > MAX_ROWS {
            write!(f, "{rows} rows are more than {MAX_ROWS}, the most that can be grouped at once")?;
        } else {
            write!(f, "grouping {rows} rows takes more than {max_memory} bytes of memory")?;
        }
        f.write_str(": sort the rows by order id, or split the export by days, never inside an order")
    }
}

impl std::error::Error for TooManyRows {}

/// The rows of a slice, order by order. Orders stand in the order of their first rows, and so do the rows of
/// each. Rows that make no event with others are orders of their own. If two orders share a mark, they stand as one,
/// and are told apart when their rows are read: the later one then comes right behind the other.
#[derive(Debug)]
pub(super) struct Index {
    orders: Vec<Order>,
    /// For each row the next one of its order.
    next: Vec<u32>,
}

#[derive(Debug)]
struct Order {
    /// Stands for what its rows have in common; [`ALONE`] for a row that makes no event with others.
    mark: u64,
    first: u32,
    last: u32,
}

/// Takes the place of a position where there is none.
const NOWHERE: u32 = u32::MAX;

const MAX_ROWS: usize = NOWHERE as usize;

const ALONE: u64 = 0;

/// So many orders are fetched together. Half as many take the same time, and half as many more do, too.
const ORDERS_AT_ONCE: usize = 32;

/// So many rows go through each step of indexing together.
const ROWS_AT_ONCE: usize = 64;

impl Index {
    pub(super) fn of(rows: &[Row<'_>], rules: &OrderRules) -> Result<Self, TooManyRows> {
        let marks = RandomState::default();
        Self::by_marks(rows, rules.max_memory, |row| mark(row, &marks))
    }

    fn by_marks<'a>(
        rows: &[Row<'a>],
        max_memory: usize,
        mark: impl Fn(&Row<'a>) -> u64,
    ) -> Result<Self, TooManyRows> {
        let mut gathering = Gathering::of(rows.len(), max_memory)?;
        let mut marks = [ALONE; ROWS_AT_ONCE];
        for chunk in rows.chunks(ROWS_AT_ONCE) {
            let marks = &mut marks[..chunk.len()];
            for (place, row) in marks.iter_mut().zip(chunk) {
                row.prefetch_later_order();
                *place = mark(row);
            }
            gathering.prefetch(marks);
            marks.iter().try_for_each(|&mark| gathering.add(mark))?;
        }
        Ok(gathering.index)
    }

    /// How many orders there are.
    pub(super) fn len(&self) -> usize {
        self.orders.len()
    }

    /// The rows of these orders.
    pub(super) fn for_each<'r, 'a>(
        &self,
        rows: &'r [Row<'a>],
        orders: Range<usize>,
        mut each: impl FnMut(&'r Row<'a>),
    ) {
        for orders in self.orders[orders].chunks(ORDERS_AT_ONCE) {
            for order in orders {
                self.rows_of(order).for_each(|position| rows[position].prefetch());
            }
            for order in orders {
                rows[order.first as usize].customer.prefetch();
            }
            for order in orders {
                let first = &rows[order.first as usize];
                let rows_of = self.rows_of(order).map(|position| &rows[position]);
                if rows_of.clone().all(|row| are_one(row, first)) {
                    rows_of.for_each(&mut each);
                } else {
                    one_by_one(rows_of.collect(), &mut each);
                }
            }
        }
    }

    fn rows_of(&self, order: &Order) -> impl Iterator<Item = usize> + Clone {
        let here = |position: u32| (position != NOWHERE).then_some(position);
        std::iter::successors(Some(order.first), move |&row| here(self.next[row as usize]))
            .map(|row| row as usize)
    }
}

/// Stands for what makes rows one event.
fn mark(row: &Row<'_>, hasher: &RandomState) -> u64 {
    match &row.order_id {
        Some(id) if !row.is_return() => hasher.hash_one((id, &row.name, row.action_source)).max(ALONE + 1),
        _ => ALONE,
    }
}

/// Whether rows that share a mark make one event.
fn are_one(row: &Row<'_>, first: &Row<'_>) -> bool {
    row.order_id == first.order_id && row.action_source == first.action_source && row.name == first.name
}

/// The rows of orders that share a mark, order by order. This hardly ever happens.
#[cold]
fn one_by_one<'r, 'a>(mut rows: Vec<&'r Row<'a>>, each: &mut impl FnMut(&'r Row<'a>)) {
    while let Some(&first) = rows.first() {
        rows.retain(|row| {
            let is_next = are_one(row, first);
            if is_next {
                each(row);
            }
            !is_next
        });
    }
}

/// An index in the making.
struct Gathering {
    index: Index,
    /// The orders by their marks, or [`NOWHERE`]: the place of a mark is the first free one from where it
    /// belongs. At most half of them are taken.
    places: Vec<u32>,
    taken: usize,
    rows: usize,
    max_memory: usize,
}

impl Gathering {
    fn of(rows: usize, max_memory: usize) -> Result<Self, TooManyRows> {
        let index = Index { orders: Vec::new(), next: Vec::new() };
        let mut gathering = Self { index, places: Vec::new(), taken: 0, rows, max_memory };
        let few = rows.min(1024);
        if rows > MAX_ROWS {
            return Err(TooManyRows { rows, max_memory });
        }
        gathering.afford(rows * size_of::<u32>() + few * size_of::<Order>())?;
        gathering.index.next.reserve_exact(rows);
        gathering.index.orders.reserve_exact(few);
        gathering.widen(few)?;
        Ok(gathering)
    }

    /// Adds the next row.
    fn add(&mut self, mark: u64) -> Result<(), TooManyRows> {
        let position = number(self.index.next.len());
        self.index.next.push(NOWHERE);
        let place = if mark == ALONE { None } else { Some(self.place_of(mark)) };
        if let Some(order) = place.and_then(|place| self.index.orders.get_mut(self.places[place] as usize)) {
            self.index.next[order.last as usize] = position;
            order.last = position;
            return Ok(());
        }
        let order = number(self.index.orders.len());
        self.found(Order { mark, first: position, last: position })?;
        if let Some(place) = place {
            self.places[place] = order;
            self.taken += 1;
            if 2 * self.taken > self.places.len() {
                self.widen(self.taken)?;
            }
        }
        Ok(())
    }

    /// Has the processor fetch the orders of some marks.
    fn prefetch(&self, marks: &[u64]) {
        for &mark in marks {
            prefetch_index(&self.places, self.first_place(mark));
        }
        for &mark in marks {
            prefetch_index(&self.index.orders, self.places[self.first_place(mark)] as usize);
        }
    }

    /// Where a mark stands, or has to stand.
    fn place_of(&self, mark: u64) -> usize {
        let mut place = self.first_place(mark);
        while self.index.orders.get(self.places[place] as usize).is_some_and(|order| order.mark != mark) {
            place = (place + 1) & (self.places.len() - 1);
        }
        place
    }

    /// The place where a mark belongs.
    #[expect(clippy::cast_possible_truncation, reason = "any bits of a mark do")]
    fn first_place(&self, mark: u64) -> usize {
        mark as usize & (self.places.len() - 1)
    }

    fn found(&mut self, order: Order) -> Result<(), TooManyRows> {
        let room = self.index.orders.capacity();
        if self.index.orders.len() == room {
            let wanted = (2 * room).min(self.rows);
            self.afford(wanted * size_of::<Order>())?;
            self.index.orders.reserve_exact(wanted - room);
        }
        self.index.orders.push(order);
        Ok(())
    }

    /// Makes places for so many marks.
    fn widen(&mut self, marks: usize) -> Result<(), TooManyRows> {
        let wanted = (2 * marks).next_power_of_two();
        self.afford(wanted * size_of::<u32>())?;
        self.places = vec![NOWHERE; wanted];
        for order in 0..self.index.orders.len() {
            let mark = self.index.orders[order].mark;
            if mark != ALONE {
                let place = self.place_of(mark);
                self.places[place] = number(order);
            }
        }
        Ok(())
    }

    /// Whether so many bytes more are within the limit.
    fn afford(&self, bytes: usize) -> Result<(), TooManyRows> {
        if self.memory().saturating_add(bytes) > self.max_memory {
            return Err(TooManyRows { rows: self.rows, max_memory: self.max_memory });
        }
        Ok(())
    }

    /// Bytes of memory.
    fn memory(&self) -> usize {
        self.index.orders.capacity() * size_of::<Order>()
            + (self.index.next.capacity() + self.places.capacity()) * size_of::<u32>()
    }
}

/// There are [not more](MAX_ROWS) than can be numbered so.
fn number(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(NOWHERE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{EventTime, Line};

    fn rows(ids: &[&str]) -> Vec<Row<'static>> {
        let row = |(line, id): (u64, &&str)| {
            let row = Row::new(Line::new(line), EventTime::FIRST);
            if id.is_empty() { row } else { row.order_id(id.parse().expect("an order id")) }
        };
        (0..).zip(ids).map(row).collect()
    }

    fn lines(index: &Index, rows: &[Row<'_>]) -> Vec<Vec<u64>> {
        let of_order = |order| {
            let mut lines = Vec::new();
            index.for_each(rows, order..order + 1, |row| lines.push(row.line.number()));
            lines
        };
        (0..index.len()).map(of_order).collect()
    }

    #[test]
    fn rows_of_an_order_are_found_wherever_they_stand() {
        let mut rows = rows(&["A2", "", "A1", "A2", "", "a1", "A2", "A1"]);
        let index = Index::of(&rows, &OrderRules::new()).expect("little memory");
        assert_eq!(lines(&index, &rows), [vec![0, 3, 6], vec![1], vec![2, 7], vec![4], vec![5]]);
        rows[3] = rows[3].clone().quantity(0);
        rows[6].action_source = crate::event::ActionSource::Email;
        let index = Index::of(&rows, &OrderRules::new()).expect("little memory");
        assert_eq!(lines(&index, &rows), [vec![0], vec![1], vec![2, 7], vec![3], vec![4], vec![5], vec![6]]);
    }

    #[test]
    fn orders_that_share_a_mark_are_kept_apart() {
        let rows = rows(&["A1", "A2", "A3", "A2", "A1", "A4"]);
        let index =
            |mark: fn(&Row<'_>) -> u64| Index::by_marks(&rows, usize::MAX, mark).expect("little memory");
        let all = index(|row| if row.line.number() < 5 { 7 } else { 8 });
        assert_eq!(lines(&all, &rows), [vec![0, 4, 1, 3, 2], vec![5]]);
        // The same place, but other marks.
        let places = index(|row| 7 + row.line.number() * (1 << 40));
        assert_eq!(places.len(), rows.len());
    }

    #[test]
    fn an_index_takes_less_than_48_bytes_a_row() {
        let hasher = RandomState::default();
        for per_order in [1, 2, 5, 100] {
            for count in [1, 1000, 1025, 4097, 9000, 17_000] {
                let memory = (0..count).fold(Gathering::of(count, 48 * count), |gathering, row| {
                    let mut gathering = gathering?;
                    gathering.add(hasher.hash_one(row / per_order))?;
                    Ok(gathering)
                });
                assert!(
                    memory.is_ok_and(|gathering| gathering.memory() <= 48 * count),
                    "{per_order} {count}"
                );
            }
        }
    }
}
