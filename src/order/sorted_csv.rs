//! Events of a CSV file that is sorted by order id, one after the other.

use std::fmt;
use std::io::Read;

use super::csv::{CsvError, CsvRows};
use super::{NotSorted, OrderRules, SortedOrders};
use crate::customer::Coverage;
use crate::event::Event;
use crate::report::RowReport;
use crate::value::EventTime;

/// An iterator over the events of a file whose rows are sorted by order id, in memory that does not grow
/// with the file. It comes from [`CsvRows::sorted`].
///
/// It ends with the file or with the first [error](SortedError): only [`finish`](Self::finish) tells
/// which.
///
/// ```
/// use meta_offline_events::order::{OrderRules, RowLayout, csv::CsvRows};
/// use meta_offline_events::value::EventTime;
///
/// let file = "\
/// order_id,email,timestamp,value,currency
/// 10001,mary@example.com,1777896000,10.50,EUR
/// 10002,john@example.com,1777896060,21,EUR
/// ";
/// let now = EventTime::from_unix(1_777_900_000)?;
/// let mut events = CsvRows::new(file.as_bytes(), &RowLayout::new())?.sorted(OrderRules::new(), now);
/// assert_eq!(events.by_ref().count(), 2);
/// let finished = events.finish();
/// assert_eq!(finished.rows.read(), 2);
/// assert!(finished.error.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It is a stream that `Client::deliver` (feature `client`) takes.
pub struct SortedEvents<R> {
    rows: CsvRows<R>,
    orders: SortedOrders,
    has_ended: bool,
    error: Option<SortedError>,
}

/// How a sorted file ended, and the account of its rows. It comes from [`SortedEvents::finish`].
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Finished {
    /// Rows that were filtered or invalid, and notes on the others, as far as the file was read. Where it was
    /// not read to its end, the order that was open then is among the invalid ones, and so are events that
    /// nobody took.
    pub rows: RowReport,
    /// What the customers of the events can be found by.
    pub coverage: Coverage,
    /// What kept the rest of the file from being read, if anything did.
    pub error: Option<SortedError>,
}

/// Why the rest of a sorted file was not read. Events of the part before may have been sent.
///
/// ```
/// use meta_offline_events::order::{OrderRules, RowLayout, SortedError, csv::CsvRows};
///
/// let file = "\
/// order_id,email,timestamp,value,currency
/// A1,mary@example.com,1777896000,10.50,EUR
/// A2,john@example.com,1777896060,21,EUR
/// A1,mary@example.com,1777896000,10.50,EUR
/// ";
/// let rows = CsvRows::new(file.as_bytes(), &RowLayout::new())?;
/// let mut events = rows.sorted(OrderRules::new(), "2026-05-04T13:00:00Z".parse()?);
/// events.by_ref().for_each(drop);
/// let error = events.finish().error.expect("order A1 comes back");
/// assert!(matches!(error, SortedError::NotSorted(_)));
/// assert!(error.to_string().starts_with("line 4 goes on with the order of line 2"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SortedError {
    /// The rows are not sorted.
    #[error(transparent)]
    NotSorted(#[from] NotSorted),
    /// The file cannot be read to its end.
    #[error(transparent)]
    Csv(#[from] CsvError),
}

impl<R: Read> SortedEvents<R> {
    pub(super) fn new(rows: CsvRows<R>, rules: OrderRules, now: EventTime) -> Self {
        Self { rows, orders: SortedOrders::new(rules, now), has_ended: false, error: None }
    }

    /// How far the file was read.
    pub fn rows(&self) -> &CsvRows<R> {
        &self.rows
    }

    /// The account of the rows that were read. It reads no further: where a run stopped before the end of the
    /// file, the rest of the file is in no account.
    pub fn finish(self) -> Finished {
        let (rows, coverage) = self.orders.give_up();
        Finished { rows, coverage, error: self.error }
    }

    /// Reads until an event is complete, or the file has ended.
    fn read_on(&mut self) -> Result<Option<Event>, SortedError> {
        loop {
            if let Some(event) = self.orders.next_event() {
                return Ok(Some(event));
            }
            if self.has_ended {
                return Ok(None);
            }
            if let Some(reading) = self.rows.next_row()? {
                self.orders.push_parsed(reading)?;
            } else {
                self.has_ended = true;
                self.orders.complete();
            }
        }
    }
}

impl<R: Read> Iterator for SortedEvents<R> {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        self.read_on().unwrap_or_else(|error| {
            self.has_ended = true;
            self.error = Some(error);
            // What was complete before the error.
            self.orders.next_event()
        })
    }
}

impl<R> fmt::Debug for SortedEvents<R> {
    /// Whether it has ended; never what stands in the file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SortedEvents").field("has_ended", &self.has_ended).finish_non_exhaustive()
    }
}
