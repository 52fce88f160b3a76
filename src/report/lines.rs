//! The lines that a sentence names: the first ones, and how many more there are.

use super::number::grouped;
use crate::value::Line;

/// How many lines are named before the others are only counted.
pub(super) const MAX_NAMED: usize = 5;

/// How many rows to blame are looked at for the first different ones: rows of one order share theirs.
pub(super) const MAX_LOOKED_AT: usize = 50;

/// The first lines of some rows, and how many more rows there are.
#[derive(Debug, Clone, Default)]
pub(super) struct FirstLines {
    named: Vec<Line>,
    more: u64,
}

impl FirstLines {
    /// The first of `count` lines.
    pub(super) fn of(lines: impl Iterator<Item = Line>, count: u64) -> Self {
        Self::named_of(lines.take(MAX_NAMED).collect(), count)
    }

    /// The first of `count` different lines, which may come several times.
    pub(super) fn of_different(lines: impl Iterator<Item = Line>, count: u64) -> Self {
        let mut different: Vec<_> = lines.take(MAX_LOOKED_AT).collect();
        different.sort_unstable();
        different.dedup();
        Self::named_of(different, count)
    }

    fn named_of(mut named: Vec<Line>, count: u64) -> Self {
        let count = count.max(named.len() as u64);
        named.truncate(MAX_NAMED);
        Self { more: count - named.len() as u64, named }
    }

    /// How many rows there are.
    #[cfg(feature = "html")]
    pub(super) fn count(&self) -> u64 {
        self.more.saturating_add(self.named.len() as u64)
    }

    /// Adds other rows, and names the first of all.
    #[cfg(feature = "html")]
    pub(super) fn add(&mut self, other: Self) {
        let count = self.count().saturating_add(other.count());
        self.named.extend(other.named);
        self.named.sort_unstable();
        *self = Self::named_of(std::mem::take(&mut self.named), count);
    }

    /// Writes `2, 3 and 7 more`, with each line written by `one`.
    pub(super) fn list(&self, one: fn(&Line) -> String) -> String {
        let named = self.named.iter().map(one).collect::<Vec<_>>().join(", ");
        if self.more > 0 { format!("{named} and {} more", grouped(self.more)) } else { named }
    }

    /// Writes `lines 2, 3 and 7 more`, or nothing if there are none.
    pub(super) fn phrase(&self, one: fn(&Line) -> String) -> Option<String> {
        let noun = match (self.named.len(), self.more) {
            (0, _) => return None,
            (1, 0) => "line",
            _ => "lines",
        };
        Some(format!("{noun} {}", self.list(one)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(numbers: impl IntoIterator<Item = u64>) -> impl Iterator<Item = Line> {
        numbers.into_iter().map(Line::new)
    }

    #[test]
    fn five_lines_are_named_and_the_others_are_counted() {
        let phrase = |lines: FirstLines| lines.phrase(Line::to_string);
        assert_eq!(phrase(FirstLines::default()), None);
        assert_eq!(phrase(FirstLines::of(lines([7]), 1)).unwrap(), "line 7");
        assert_eq!(phrase(FirstLines::of(lines(2..7), 5)).unwrap(), "lines 2, 3, 4, 5, 6");
        assert_eq!(phrase(FirstLines::of(lines(2..), 1205)).unwrap(), "lines 2, 3, 4, 5, 6 and 1,200 more");
    }

    #[test]
    fn a_row_that_is_to_blame_for_several_is_named_once() {
        let blamed = FirstLines::of_different(lines([9, 4, 9, 4]), 2);
        assert_eq!(blamed.list(Line::to_string), "4, 9");
        let blamed = FirstLines::of_different(lines((0..).map(|row| row / 2)), 3000);
        assert_eq!(blamed.list(Line::to_string), "0, 1, 2, 3, 4 and 2,995 more");
        let uncounted = FirstLines::of_different(lines(0..7), 0);
        assert_eq!(uncounted.list(Line::to_string), "0, 1, 2, 3, 4 and 2 more");
    }

    #[cfg(feature = "html")]
    #[test]
    fn the_first_lines_of_all_are_named() {
        let mut all = FirstLines::of(lines([20, 30]), 2);
        all.add(FirstLines::of(lines([3, 4, 5, 6, 7]), 8));
        assert_eq!((all.list(Line::to_string).as_str(), all.count()), ("3, 4, 5, 6, 7 and 5 more", 10));
        all.add(FirstLines::of(lines([1]), u64::MAX));
        assert_eq!(all.count(), u64::MAX);
    }
}
