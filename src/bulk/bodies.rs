//! Request bodies from rows that come one by one.

use std::fmt;

use super::cutter::Cutter;
use crate::customer::Coverage;
use crate::order::{NotSorted, OrderRules, ParsedRow, Row, RowError, Stream};
use crate::report::RowReport;
use crate::value::EventTime;
use crate::wire::{Batch, BatchLimits, RequestFields};

/// Turns rows that are sorted by order id into request bodies, each as soon as it is full.
///
/// What is said of [`SortedOrders`](crate::order::SortedOrders) holds here, too. Memory holds the open order,
/// one body in the making and those that were not taken yet.
///
/// ```
/// use meta_offline_events::bulk::Bodies;
/// use meta_offline_events::customer::UserData;
/// use meta_offline_events::order::{OrderRules, Row};
/// use meta_offline_events::value::{Currency, EventTime, Line};
/// use meta_offline_events::wire::RequestFields;
///
/// let sold = EventTime::from_unix(1_767_225_600)?;
/// let mut bodies = Bodies::new(OrderRules::new(), sold, &RequestFields::new());
/// for number in 0..2000 {
///     let row = Row::new(Line::new(number), sold)
///         .customer(UserData::builder().email("mary@example.com"))
///         .order_id(format!("A{number:04}").parse()?)
///         .value("0.10".parse()?)
///         .currency(Currency::EUR);
///     bodies.push(&row)?;
///     while let Some(batch) = bodies.next_batch() {
///         assert_eq!(batch.events(), 0..1000);
///     }
/// }
/// let rest = bodies.finish();
/// assert_eq!(rest.batches[0].events(), 1000..2000);
/// assert_eq!(rest.rows.read(), 2000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Bodies {
    stream: Stream,
    cutter: Cutter,
}

/// What is left when the last row is in. It comes from [`Bodies::finish`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Rest {
    /// The bodies that were not taken yet.
    pub batches: Vec<Batch>,
    /// Rows that were filtered or invalid, and notes on the others.
    pub rows: RowReport,
    /// What the customers of the events can be found by.
    pub coverage: Coverage,
}

impl Bodies {
    /// No rows yet. The age of events is judged at `now`; `fields` are the other members of each request.
    pub fn new(rules: OrderRules, now: EventTime, fields: &RequestFields) -> Self {
        Self { stream: Stream::new(rules, now), cutter: Cutter::new(fields, BatchLimits::default()) }
    }

    /// Within these limits instead of the default ones, from the next body on.
    pub fn limits(mut self, limits: BatchLimits) -> Self {
        self.cutter.set_limits(limits);
        self
    }

    /// Takes what a record turned out to be.
    ///
    /// # Errors
    ///
    /// Those of [`SortedOrders::push_parsed`](crate::order::SortedOrders::push_parsed).
    pub fn push_parsed(&mut self, reading: ParsedRow<'_>) -> Result<(), NotSorted> {
        self.stream.push_parsed(reading, &mut |made| self.cutter.push(&made))
    }

    /// Adds a row to its order.
    ///
    /// # Errors
    ///
    /// Those of [`SortedOrders::push_parsed`](crate::order::SortedOrders::push_parsed).
    pub fn push(&mut self, row: &Row<'_>) -> Result<(), NotSorted> {
        self.stream.push(row, &mut |made| self.cutter.push(&made))
    }

    /// Notes a row that cannot be used. Its order is not sent.
    ///
    /// # Errors
    ///
    /// Those of [`SortedOrders::push_parsed`](crate::order::SortedOrders::push_parsed).
    pub fn reject(&mut self, error: RowError) -> Result<(), NotSorted> {
        self.stream.reject(error, &mut |made| self.cutter.push(&made))
    }

    /// The next body that is full.
    pub fn next_batch(&mut self) -> Option<Batch> {
        self.cutter.next_batch()
    }

    /// Gives the memory of a batch that is done to a later one.
    pub fn reuse(&mut self, batch: Batch) {
        self.cutter.reuse(batch);
    }

    /// The last order is complete, too: the bodies that were not taken yet, and the account of all rows.
    ///
    /// After [`NotSorted`] the account ends with the row that was refused.
    pub fn finish(mut self) -> Rest {
        let (rows, coverage) = self.stream.finish(&mut |made| self.cutter.push(&made));
        Rest { batches: self.cutter.finish(), rows, coverage }
    }
}

impl fmt::Debug for Bodies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bodies").field("cutter", &self.cutter).finish_non_exhaustive()
    }
}
