//! Orders that were closed: how it is seen that one of them comes back.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;
use std::hash::BuildHasher;

use foldhash::quality::RandomState;
#[cfg(feature = "rayon")]
use rayon::prelude::*;

use super::{OrderRules, Row};
use crate::customer::Prehashed;
use crate::value::{Line, OrderId};

/// Rows are not sorted by order id: an order comes back after another one, or may do so unseen.
///
/// ```
/// use meta_offline_events::customer::UserData;
/// use meta_offline_events::order::{OrderRules, Row, SortedOrders};
/// use meta_offline_events::value::{Currency, EventTime, Line};
///
/// let sold = EventTime::from_unix(1_767_225_600)?;
/// let mut orders = SortedOrders::new(OrderRules::new(), sold);
/// let mut push = |line, order: &str| {
///     let row = Row::new(Line::new(line), sold)
///         .customer(UserData::builder().email("mary@example.com"))
///         .order_id(order.parse().expect("an order id"))
///         .value("0.10".parse().expect("an amount"))
///         .currency(Currency::EUR);
///     orders.push(&row)
/// };
/// push(2, "A1")?;
/// push(3, "A2")?;
/// let error = push(4, "A1").unwrap_err();
/// assert_eq!((error.line(), error.earlier()), (Line::new(4), Line::new(2)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotSorted {
    line: Line,
    earlier: Line,
    what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    /// The order began at the earlier line.
    CameBack,
    /// The order belongs before the one of the earlier line.
    OutOfPlace,
    /// So many orders in no order at all take too much memory.
    TooMany(usize),
}

impl NotSorted {
    /// The row that was refused.
    pub fn line(&self) -> Line {
        self.line
    }

    /// Where the same order began; where that is not known any more, the row behind which this one cannot
    /// stand.
    pub fn earlier(&self) -> Line {
        self.earlier
    }
}

impl fmt::Display for NotSorted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, earlier, what } = self;
        match what {
            What::CameBack => {
                write!(f, "line {line} goes on with the order of line {earlier} after another order")?;
            }
            What::OutOfPlace => write!(f, "the order of line {line} belongs before that of line {earlier}")?,
            What::TooMany(bytes) => write!(
                f,
                "orders ascend neither nor descend (see lines {earlier} and {line}), and to tell whether one comes \
                 back takes more than {bytes} bytes of memory"
            )?,
        }
        f.write_str(": sort the rows by order id, or take them as unsorted ones")
    }
}

impl std::error::Error for NotSorted {}

/// Whether a slice of rows is sorted, as far as it can be told within the memory that the rules allow.
pub(crate) fn check_sorted(rows: &[Row<'_>], rules: &OrderRules) -> Result<(), NotSorted> {
    check(rows, rules, Run::of(rows).sequence)
}

/// So many rows are looked through on one core at a time.
#[cfg(feature = "rayon")]
const AT_ONCE: usize = 4096;

/// The same on all cores.
#[cfg(feature = "rayon")]
pub(crate) fn check_sorted_on_all_cores(rows: &[Row<'_>], rules: &OrderRules) -> Result<(), NotSorted> {
    let cuts = cuts(rows, AT_ONCE);
    let runs = cuts.par_windows(2).map(|cut| Run::of(&rows[cut[0]..cut[1]]));
    check(rows, rules, runs.reduce(Run::default, Run::before).sequence)
}

/// Orders that follow one another in sequence are sorted; others have to be known one by one.
fn check(rows: &[Row<'_>], rules: &OrderRules, sequence: Sequence) -> Result<(), NotSorted> {
    if !sequence.is_broken() {
        return Ok(());
    }
    let mut closed = Closed::new(rules.max_memory);
    beginnings(rows).try_for_each(|(id, line)| closed.enter(id, line))
}

/// Orders in their sequence.
#[derive(Default)]
struct Run<'r> {
    ends: Option<(&'r OrderId, &'r OrderId)>,
    sequence: Sequence,
}

impl<'r> Run<'r> {
    /// The orders of these rows. The first row begins an order.
    fn of(rows: &'r [Row<'_>]) -> Self {
        let orders =
            beginnings(rows).map(|(id, _)| Run { ends: Some((id, id)), sequence: Sequence::default() });
        orders.fold(Self::default(), Self::before)
    }

    fn before(self, next: Self) -> Self {
        let (Some((first, end)), Some((start, last))) = (self.ends, next.ends) else {
            return if self.ends.is_none() { next } else { self };
        };
        let sequence =
            self.sequence.followed_by(end.text().as_bytes(), start.text().as_bytes()).and(next.sequence);
        Self { ends: Some((first, last)), sequence }
    }
}

/// Where pieces of about so many rows begin, and the end of the last one; no piece cuts an order. Each row is
/// looked at once at most, however long an order is.
pub(crate) fn cuts(rows: &[Row<'_>], about: usize) -> Vec<usize> {
    let mut cuts = vec![0];
    let mut end = 0;
    while end < rows.len() {
        let rest = &rows[end..];
        end += next_order(rest, about.min(rest.len()));
        cuts.push(end);
    }
    cuts
}

/// Where the first order begins from this position on.
fn next_order(rows: &[Row<'_>], position: usize) -> usize {
    let (before, behind) = rows.split_at(position);
    let Some(open) = before.iter().rfind(|row| !row.is_return()) else { return position };
    let goes_on = |row: &&Row<'_>| row.is_return() || row.order_id.is_some() && row.order_id == open.order_id;
    position + behind.iter().take_while(goes_on).count()
}

/// Where orders begin.
fn beginnings<'r>(rows: &'r [Row<'_>]) -> impl Iterator<Item = (&'r OrderId, Line)> {
    let mut open = None;
    rows.iter().filter(|row| !row.is_return()).filter_map(move |row| {
        let id = row.order_id.as_ref();
        let before = std::mem::replace(&mut open, id);
        id.filter(|_| before != id).map(|id| (id, row.line))
    })
}

/// What is known of the orders so far.
#[derive(Debug)]
pub(super) struct Closed {
    last: Option<(OrderId, Line)>,
    sequence: Sequence,
    /// Where each order began; not kept once many have come in sequence.
    began: Option<HashMap<u64, Line, Prehashed>>,
    hasher: RandomState,
    max_memory: usize,
}

/// So many orders are remembered, whatever their sequence: as many as a table of 8,192 places holds.
const REMEMBERED: usize = 7168;

/// What it takes to remember one, in bytes, when the table has just grown.
const PER_ORDER: usize = 56;

impl Closed {
    pub(super) fn new(max_memory: usize) -> Self {
        Self {
            last: None,
            sequence: Sequence::default(),
            began: Some(HashMap::default()),
            hasher: RandomState::default(),
            max_memory,
        }
    }

    /// The next order begins.
    pub(super) fn enter(&mut self, id: &OrderId, line: Line) -> Result<(), NotSorted> {
        let last = self.last.replace((id.clone(), line));
        let Some((last, before)) = last else {
            self.remember(id, line);
            return Ok(());
        };
        self.sequence = self.sequence.followed_by(last.text().as_bytes(), id.text().as_bytes());
        let refusal = |earlier, what| Err(NotSorted { line, earlier, what });
        if let Some(began) = self.remember(id, line) {
            return refusal(began, What::CameBack);
        }
        match &self.began {
            None if self.sequence.is_broken() => refusal(before, What::OutOfPlace),
            Some(began) if began.len() > REMEMBERED => {
                if !self.sequence.is_broken() {
                    self.began = None;
                } else if began.len().saturating_mul(PER_ORDER) > self.max_memory {
                    return refusal(before, What::TooMany(self.max_memory));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Where the order began, if it was there before and that is known.
    fn remember(&mut self, id: &OrderId, line: Line) -> Option<Line> {
        let mark = self.hasher.hash_one(id);
        self.began.as_mut()?.insert(mark, line)
    }
}

/// How ids are sorted so far: byte by byte, and with their numbers by size.
#[derive(Debug, Clone, Copy, Default)]
struct Sequence {
    bytes: Way,
    numbers: Way,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Way {
    /// One id says nothing.
    #[default]
    Open,
    /// Each id compares so with the next one.
    Only(Ordering),
    Broken,
}

impl Sequence {
    fn followed_by(self, last: &[u8], next: &[u8]) -> Self {
        let (bytes, numbers) = orders(last, next);
        self.and(Self { bytes: Way::of(bytes), numbers: Way::of(numbers) })
    }

    fn and(self, other: Self) -> Self {
        Self { bytes: self.bytes.and(other.bytes), numbers: self.numbers.and(other.numbers) }
    }

    fn is_broken(self) -> bool {
        self.bytes == Way::Broken && self.numbers == Way::Broken
    }
}

impl Way {
    fn of(order: Ordering) -> Self {
        if order == Ordering::Equal { Self::Broken } else { Self::Only(order) }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Open, way) | (way, Self::Open) => way,
            (one, other) if one == other => one,
            _ => Self::Broken,
        }
    }
}

/// Compares byte by byte, and the same with runs of digits compared by their length first.
fn orders(one: &[u8], other: &[u8]) -> (Ordering, Ordering) {
    let common = common_start(one, other);
    let by_byte = one[common..].cmp(&other[common..]);
    let digits = |text: &[u8]| text[common..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let in_number = common > 0 && one[common - 1].is_ascii_digit();
    let lengths = (digits(one), digits(other));
    if in_number || lengths.0 > 0 && lengths.1 > 0 {
        (by_byte, lengths.0.cmp(&lengths.1).then(by_byte))
    } else {
        (by_byte, by_byte)
    }
}

/// How many bytes at the start are equal.
fn common_start(one: &[u8], other: &[u8]) -> usize {
    let eights = one.as_chunks::<8>().0.iter().zip(other.as_chunks::<8>().0);
    let start = 8 * eights.take_while(|(one, other)| one == other).count();
    let rest = one[start..].iter().zip(&other[start..]);
    start + rest.take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter_all(ids: &[&str]) -> Result<(), NotSorted> {
        let mut closed = Closed::new(usize::MAX);
        (1..).zip(ids).try_for_each(|(line, id)| closed.enter(&id.parse().expect("an id"), Line::new(line)))
    }

    #[test]
    fn an_order_that_comes_back_is_told_with_the_line_where_it_began() {
        let error = enter_all(&["A3", "A1", "A2", "A1"]).unwrap_err();
        assert_eq!((error.line(), error.earlier()), (Line::new(4), Line::new(2)));
        assert_eq!(
            error.to_string(),
            "line 4 goes on with the order of line 2 after another order: sort the rows by order id, or take \
             them as unsorted ones"
        );
        assert_eq!(enter_all(&["A3", "A1", "A2", "a1"]), Ok(()));
    }

    #[test]
    fn many_orders_in_sequence_are_not_remembered() {
        let id = |way: &str, number: u64| match way {
            "ascending" => format!("A{number:07}"),
            "descending" => format!("A{:07}", 9_999_999 - number),
            "by number" => format!("A{number}-x"),
            _ => format!("{}", 9_999_999 - number),
        };
        for name in ["ascending", "descending", "by number", "by number, descending"] {
            let mut closed = Closed::new(usize::MAX);
            let mut enter =
                |number, line| closed.enter(&id(name, number).parse().expect("an id"), Line::new(line));
            for number in 1..100_000 {
                assert_eq!(enter(number, number), Ok(()), "{name} {number}");
            }
            let error = enter(70_000, 100_000).unwrap_err();
            assert_eq!(error.what, What::OutOfPlace, "{name}");
            assert_eq!((error.line(), error.earlier()), (Line::new(100_000), Line::new(99_999)));
            assert!(closed.began.is_none());
        }
    }

    #[test]
    fn orders_in_no_sequence_are_remembered_as_far_as_memory_allows() {
        let mut closed = Closed::new(100_000 * PER_ORDER);
        let id = |number: u64| format!("{:08x}", number.wrapping_mul(0x9e37_79b9) & 0xffff_ffff);
        let mut enter = |number, line| closed.enter(&id(number).parse().expect("an id"), Line::new(line));
        for number in 1..=100_000 {
            assert_eq!(enter(number, number), Ok(()));
        }
        assert_eq!(enter(1, 100_001).map_err(|error| error.earlier()), Err(Line::new(1)));
        let error = enter(100_002, 100_002).unwrap_err();
        assert_eq!(error.what, What::TooMany(100_000 * PER_ORDER));
    }

    #[test]
    fn numbers_are_compared_by_size() {
        for (one, other) in
            [("A9", "A10"), ("9", "10"), ("A9-x", "A10-a"), ("A-9", "B-1"), ("A1", "A1b"), ("7", "007")]
        {
            let (one, other) = (one.as_bytes(), other.as_bytes());
            assert_eq!(orders(one, other), (one.cmp(other), Ordering::Less));
            assert_eq!(orders(other, one), (other.cmp(one), Ordering::Greater));
        }
    }
}
