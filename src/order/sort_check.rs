//! Whether rows are sorted by order id: no order may come back after another one.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;
use std::hash::BuildHasher;
use std::ops::Range;

use foldhash::quality::RandomState;

use super::Row;
use super::rules::Sources;
use crate::customer::Prehashed;
use crate::value::{Line, OrderId};

/// The error for rows that are not sorted by order id.
///
/// An order comes back after another one, or its row stands where that could no longer be seen.
///
/// ```
/// use meta_offline_events::customer::UserData;
/// use meta_offline_events::order::{OrderRules, Row, SortedOrders};
/// use meta_offline_events::value::{Currency, EventTime, Line};
///
/// let sold = EventTime::from_unix(1_767_225_600)?;
/// let mut orders = SortedOrders::new(OrderRules::new(), sold);
/// let mut push = |line: u64, order: &str| {
///     let row = Row::new(line, sold)
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
    problem: Problem,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Problem {
    /// The order began at the earlier line.
    CameBack,
    /// The order belongs before the one of the earlier line.
    OutOfPlace,
    /// So many orders in no order at all take too much memory.
    TooMany(usize),
}

impl NotSorted {
    /// Returns the line of the row that was refused.
    pub fn line(&self) -> Line {
        self.line
    }

    /// Returns the line where the same order began or, where that is no longer known, the line that the
    /// refused row would have to stand before.
    pub fn earlier(&self) -> Line {
        self.earlier
    }
}

impl fmt::Display for NotSorted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, earlier, problem } = self;
        match problem {
            Problem::CameBack => {
                write!(
                    f,
                    "line {line} belongs to the same order as line {earlier}, but another order lies between them"
                )?;
            }
            Problem::OutOfPlace => {
                write!(f, "the order of line {line} must come before the order of line {earlier}")?;
            }
            Problem::TooMany(bytes) => write!(
                f,
                "order ids neither ascend nor descend (see lines {earlier} and {line}), and remembering them all \
                 takes more than {bytes} bytes of memory"
            )?,
        }
        f.write_str(": sort the rows by order id, or read them as unsorted rows")
    }
}

impl std::error::Error for NotSorted {}

/// How the order ids of some of these rows are sorted, the id before them included.
pub(super) fn sequence_of(rows: &[Row<'_>], some: Range<usize>) -> Sequence {
    let before = rows[..some.start].iter().rev().filter(|row| !row.is_return());
    let before = before.map(|row| row.order_id.as_ref());
    let open = before.clone().next().flatten();
    let mut last = before.flatten().next();
    let mut sequence = Sequence::default();
    for id in first_ids(open, &rows[some]) {
        if let Some(last) = last {
            sequence = sequence.followed_by(last.text().as_bytes(), id.text().as_bytes());
        }
        if sequence.is_broken() {
            break;
        }
        last = Some(id);
    }
    sequence
}

/// Cuts rows into pieces of about this many rows, and never inside an order: returns where each piece begins,
/// and the end of the last one. Each row is read at most once, however long an order is.
pub(super) fn cuts(rows: &[Row<'_>], about: usize) -> Vec<usize> {
    let mut cuts = vec![0];
    let mut end = 0;
    while end < rows.len() {
        let rest = &rows[end..];
        end += next_order(rest, about.min(rest.len()));
        cuts.push(end);
    }
    cuts
}

/// Returns where the first order begins from this position on.
fn next_order(rows: &[Row<'_>], position: usize) -> usize {
    let (before, behind) = rows.split_at(position);
    let Some(open) = before.iter().rfind(|row| !row.is_return()) else { return position };
    let goes_on = |row: &&Row<'_>| row.is_return() || row.order_id.is_some() && row.order_id == open.order_id;
    position + behind.iter().take_while(goes_on).count()
}

/// The order id of each run of rows that share one, behind a row of this order.
fn first_ids<'r>(mut open: Option<&'r OrderId>, rows: &'r [Row<'_>]) -> impl Iterator<Item = &'r OrderId> {
    let rows = rows.iter().inspect(|row| row.prefetch_later_order()).filter(|row| !row.is_return());
    rows.filter_map(move |row| {
        let id = row.order_id.as_ref();
        let before = std::mem::replace(&mut open, id);
        id.filter(|_| before != id)
    })
}

/// Checks that no order comes back after another one.
#[derive(Debug)]
pub(super) struct SortCheck {
    last: Option<OrderId>,
    last_line: Line,
    sequence: Sequence,
    /// Where each order began. While ids ascend or descend, only the first orders are remembered.
    began: Option<Began>,
    hasher: RandomState,
    max_memory: usize,
    /// How many orders are remembered while ids ascend or descend.
    remembered: usize,
}

/// The orders that are remembered in any case: as many as a table of 8,192 places holds. Where sources overlap, as many
/// as memory allows: ids that ascend so far may begin anew with the next source.
const REMEMBERED: usize = 7168;

/// The memory for one remembered order, in bytes, when the table has just grown.
const PER_ORDER: usize = 56;

impl SortCheck {
    pub(super) fn new(max_memory: usize, sources: Sources) -> Self {
        let remembered = match sources {
            Sources::InSequence => REMEMBERED,
            Sources::Overlapping => REMEMBERED.max(max_memory / PER_ORDER),
        };
        Self {
            last: None,
            last_line: Line::new(0),
            sequence: Sequence::default(),
            began: Some(Began::default()),
            hasher: RandomState::default(),
            max_memory,
            remembered,
        }
    }

    /// Begins the next order, at this line.
    pub(super) fn enter(&mut self, id: &OrderId, line: Line) -> Result<(), NotSorted> {
        let before = std::mem::replace(&mut self.last_line, line);
        if let Some(last) = &mut self.last {
            self.sequence = self.sequence.followed_by(last.text().as_bytes(), id.text().as_bytes());
            last.clone_from(id);
        } else {
            self.last = Some(id.clone());
        }
        match self.remember(id, line, before) {
            None => Ok(()),
            Some((earlier, problem)) => Err(NotSorted { line, earlier, problem }),
        }
    }

    /// Remembers where the order began. Returns what is wrong if it came before, or if that can no longer be
    /// seen.
    fn remember(&mut self, id: &OrderId, line: Line, before: Line) -> Option<(Line, Problem)> {
        let is_broken = self.sequence.is_broken();
        let Some(began) = &mut self.began else {
            return is_broken.then_some((before, Problem::OutOfPlace));
        };
        let orders = began.len() + 1;
        if orders > self.remembered && !is_broken {
            self.began = None;
            return None;
        }
        if let Some(first) = began.insert(self.hasher.hash_one(id), line, is_broken) {
            return Some((first, Problem::CameBack));
        }
        let is_too_large = orders > REMEMBERED && orders.saturating_mul(PER_ORDER) > self.max_memory;
        (is_broken && is_too_large).then_some((before, Problem::TooMany(self.max_memory)))
    }
}

/// Where orders began: the line of each, by a hash of its id.
#[derive(Debug, Default)]
struct Began {
    /// Orders of ids that ascend or descend, so that none comes twice.
    in_sequence: Vec<(u64, Line)>,
    others: HashMap<u64, Line, Prehashed>,
}

impl Began {
    fn len(&self) -> usize {
        self.in_sequence.len() + self.others.len()
    }

    /// Adds an order, and returns the line where it began before. Only behind a broken sequence one can come back.
    #[inline]
    fn insert(&mut self, hash: u64, line: Line, is_broken: bool) -> Option<Line> {
        if !is_broken && self.in_sequence.len() < REMEMBERED {
            self.in_sequence.push((hash, line));
            return None;
        }
        self.others.extend(self.in_sequence.drain(..));
        self.others.insert(hash, line)
    }
}

/// How ids are sorted so far: byte by byte, and with their numbers by size. No order can come back while they all ascend
/// or all descend.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sequence {
    bytes: Way,
    numbers: Way,
}

/// Where ids may go on to: both ways behind the first one, and nowhere once they have gone up and down.
#[derive(Debug, Clone, Copy)]
struct Way {
    up: bool,
    down: bool,
}

impl Default for Way {
    fn default() -> Self {
        Self { up: true, down: true }
    }
}

impl Sequence {
    fn followed_by(self, last: &[u8], next: &[u8]) -> Self {
        let (bytes, numbers) = orders(last, next);
        self.and(Self { bytes: Way::of(bytes), numbers: Way::of(numbers) })
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self { bytes: self.bytes.and(other.bytes), numbers: self.numbers.and(other.numbers) }
    }

    pub(super) fn is_broken(self) -> bool {
        !(self.bytes.up || self.bytes.down || self.numbers.up || self.numbers.down)
    }
}

impl Way {
    fn of(order: Ordering) -> Self {
        Self { up: order.is_lt(), down: order.is_gt() }
    }

    fn and(self, other: Self) -> Self {
        Self { up: self.up & other.up, down: self.down & other.down }
    }
}

/// Compares byte by byte, and the same with runs of digits compared by their length first.
#[inline]
fn orders(one: &[u8], other: &[u8]) -> (Ordering, Ordering) {
    let common = common_start(one, other);
    let (ends, other_ends) = (&one[common..], &other[common..]);
    let by_byte = ends.first().cmp(&other_ends.first());
    let lengths = (digits(ends), digits(other_ends));
    let in_number = common > 0 && one[common - 1].is_ascii_digit();
    if in_number || lengths.0 > 0 && lengths.1 > 0 {
        (by_byte, lengths.0.cmp(&lengths.1).then(by_byte))
    } else {
        (by_byte, by_byte)
    }
}

/// How many digits a text begins with.
#[inline]
fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// How many bytes at the start are equal.
#[inline]
fn common_start(one: &[u8], other: &[u8]) -> usize {
    let eights = one.as_chunks::<8>().0.iter().zip(other.as_chunks::<8>().0);
    let mut start = 0;
    for (one, other) in eights {
        let difference = u64::from_le_bytes(*one) ^ u64::from_le_bytes(*other);
        if difference != 0 {
            return start + difference.trailing_zeros() as usize / 8;
        }
        start += 8;
    }
    let rest = one[start..].iter().zip(&other[start..]);
    start + rest.take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::EventTime;

    fn enter_all(ids: &[&str]) -> Result<(), NotSorted> {
        let mut check = SortCheck::new(usize::MAX, Sources::InSequence);
        (1..).zip(ids).try_for_each(|(line, id)| check.enter(&id.parse().expect("an id"), Line::new(line)))
    }

    #[test]
    fn an_order_that_comes_back_is_reported_with_the_line_where_it_began() {
        let error = enter_all(&["A3", "A1", "A2", "A1"]).unwrap_err();
        assert_eq!((error.line(), error.earlier()), (Line::new(4), Line::new(2)));
        assert_eq!(
            error.to_string(),
            "line 4 belongs to the same order as line 2, but another order lies between them: sort the rows by \
             order id, or read them as unsorted rows"
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
            let mut check = SortCheck::new(usize::MAX, Sources::InSequence);
            let mut enter =
                |number, line| check.enter(&id(name, number).parse().expect("an id"), Line::new(line));
            for number in 1..100_000 {
                assert_eq!(enter(number, number), Ok(()), "{name} {number}");
            }
            let error = enter(70_000, 100_000).unwrap_err();
            assert_eq!(error.problem, Problem::OutOfPlace, "{name}");
            assert_eq!((error.line(), error.earlier()), (Line::new(100_000), Line::new(99_999)));
            assert!(check.began.is_none());
        }
    }

    #[test]
    fn orders_in_no_sequence_are_remembered_as_far_as_memory_allows() {
        let mut check = SortCheck::new(100_000 * PER_ORDER, Sources::InSequence);
        let id = |number: u64| format!("{:08x}", number.wrapping_mul(0x9e37_79b9) & 0xffff_ffff);
        let mut enter = |number, line| check.enter(&id(number).parse().expect("an id"), Line::new(line));
        for number in 1..=100_000 {
            assert_eq!(enter(number, number), Ok(()));
        }
        assert_eq!(enter(1, 100_001).map_err(|error| error.earlier()), Err(Line::new(1)));
        let error = enter(100_002, 100_002).unwrap_err();
        assert_eq!(error.problem, Problem::TooMany(100_000 * PER_ORDER));
    }

    #[test]
    fn the_shares_of_rows_are_sorted_like_the_whole() {
        let mut rng = fastrand::Rng::with_seed(1);
        let mut broken = 0;
        for _ in 0..3000 {
            let mut number = 10_u64;
            let mut row = |line: u64| {
                number = number + rng.u64(0..3) - u64::from(rng.u8(..40) == 0);
                let row = Row::new(line, EventTime::FIRST);
                let row = if rng.u8(..5) == 0 { row.quantity(0) } else { row };
                if rng.u8(..20) == 0 {
                    row
                } else {
                    row.order_id(format!("A{number}").parse().expect("an id"))
                }
            };
            let rows: Vec<_> = (0..12).map(&mut row).collect();
            let whole = sequence_of(&rows, 0..rows.len()).is_broken();
            broken += usize::from(whole);
            for share in 1..=rows.len() {
                let shares = (0..rows.len()).step_by(share);
                let sequence = shares
                    .map(|start| sequence_of(&rows, start..rows.len().min(start + share)))
                    .fold(Sequence::default(), Sequence::and);
                assert_eq!(sequence.is_broken(), whole, "{share}");
            }
        }
        assert!((200..2800).contains(&broken), "{broken}");
    }

    #[test]
    fn numbers_are_compared_by_size() {
        for (one, other) in [
            ("A9", "A10"),
            ("9", "10"),
            ("A9-x", "A10-a"),
            ("A-9", "B-1"),
            ("A1", "A1b"),
            ("7", "007"),
            ("A10", "AB"),
            ("-1", "A1"),
        ] {
            let (one, other) = (one.as_bytes(), other.as_bytes());
            assert_eq!(orders(one, other), (one.cmp(other), Ordering::Less));
            assert_eq!(orders(other, one), (other.cmp(one), Ordering::Greater));
        }
    }
}
