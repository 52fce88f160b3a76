//! Orders of rows that are sorted, as events.

use std::collections::VecDeque;
use std::mem;

use super::stream::{Made, Stream};
use super::{NotSorted, OrderRules, ParsedRow, Prepared, Row, RowError};
#[cfg(feature = "csv")]
use crate::customer::Coverage;
use crate::event::Event;
#[cfg(feature = "csv")]
use crate::report::RowReport;
use crate::value::EventTime;

/// Turns rows that are sorted by order id into events, each as soon as its order is complete.
///
/// The events and the account are those that [`Orders`](super::Orders) would give, in the same order; only
/// the note on values that many customers share names no lines. Memory does not grow with the number of
/// orders: rows that are reported take 16 bytes each, rows without an order id about 100.
///
/// The rows of an order stand together, those that cannot be read among them: such a row spoils the order
/// before it or the one behind it, none that is further away. An order that comes back after another one is an error that stops
/// everything, because its event may be on its way already. So that this is seen without keeping every id,
/// ids have to ascend or descend, either byte by byte or with their numbers by size (`A9` before `A10`);
/// in any other sequence each id that was seen takes some 50 bytes, as far as
/// [`OrderRules::max_memory`] allows.
///
/// ```
/// use meta_offline_events::customer::UserData;
/// use meta_offline_events::order::{OrderRules, Row, SortedOrders};
/// use meta_offline_events::value::{Currency, EventTime, Line};
///
/// let sold = EventTime::from_unix(1_767_225_600)?;
/// let mut orders = SortedOrders::new(OrderRules::new(), sold);
/// for (line, order) in [(2, "10001"), (3, "10001"), (4, "10002")] {
///     orders.push(
///         &Row::new(Line::new(line), sold)
///             .customer(UserData::builder().email("mary@example.com"))
///             .order_id(order.parse()?)
///             .quantity(1)
///             .price("0.10".parse()?)
///             .currency(Currency::EUR),
///     )?;
/// }
/// let first = orders.next_event().expect("the rows of order 10001 are behind us");
/// assert_eq!(first.custom_data().value().unwrap().to_string(), "0.2 EUR");
/// assert!(orders.next_event().is_none(), "order 10002 may go on");
/// assert_eq!(orders.finish().events.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SortedOrders {
    stream: Stream,
    ready: VecDeque<Event>,
}

impl SortedOrders {
    /// No orders yet. The age of events is judged at `now`; an event is checked again when it is sent.
    pub fn new(rules: OrderRules, now: EventTime) -> Self {
        Self { stream: Stream::new(rules, now), ready: VecDeque::new() }
    }

    /// Takes what a record turned out to be.
    ///
    /// # Errors
    ///
    /// [`NotSorted`] when the record belongs to an order that was there before, or cannot be told from one;
    /// also whenever that has happened before.
    pub fn push_parsed(&mut self, reading: ParsedRow<'_>) -> Result<(), NotSorted> {
        self.stream.push_parsed(reading, &mut keep_in(&mut self.ready))
    }

    /// Adds a row to its order. A row that breaks a rule spoils its order.
    ///
    /// # Errors
    ///
    /// Those of [`push_parsed`](Self::push_parsed).
    pub fn push(&mut self, row: &Row<'_>) -> Result<(), NotSorted> {
        self.stream.push(row, &mut keep_in(&mut self.ready))
    }

    /// Notes a row that cannot be used. Its order is not sent.
    ///
    /// # Errors
    ///
    /// Those of [`push_parsed`](Self::push_parsed).
    pub fn reject(&mut self, error: RowError) -> Result<(), NotSorted> {
        self.stream.reject(error, &mut keep_in(&mut self.ready))
    }

    /// The next event whose order is complete.
    pub fn next_event(&mut self) -> Option<Event> {
        self.ready.pop_front()
    }

    /// The last order is complete, too: the events that were not taken yet, and the account of all rows.
    ///
    /// After [`NotSorted`] the account ends with the row that was refused.
    pub fn finish(self) -> Prepared {
        let Self { stream, mut ready } = self;
        let (rows, coverage) = stream.finish(&mut keep_in(&mut ready));
        Prepared { events: ready.into(), rows, coverage }
    }

    /// No more rows come, though the last order may not be complete: it is not sent, and its rows count as
    /// invalid.
    ///
    /// ```
    /// use meta_offline_events::customer::UserData;
    /// use meta_offline_events::order::{OrderRules, Row, SortedOrders};
    /// use meta_offline_events::value::{Currency, EventTime, Line};
    ///
    /// let sold = EventTime::from_unix(1_767_225_600)?;
    /// let mut orders = SortedOrders::new(OrderRules::new(), sold);
    /// let mary = UserData::builder().email("mary@example.com");
    /// let row = Row::new(Line::new(2), sold).customer(mary).order_id("A1".parse()?);
    /// orders.push(&row.value("5".parse()?).currency(Currency::EUR))?;
    /// let rest = orders.abandon();
    /// assert_eq!((rest.events.len(), rest.rows.invalid()), (0, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn abandon(self) -> Prepared {
        let (rows, coverage) = self.stream.abandon();
        Prepared { events: self.ready.into(), rows, coverage }
    }
}

#[cfg(feature = "csv")]
impl SortedOrders {
    /// The last order is complete, too: its events are ready.
    pub(super) fn complete(&mut self) {
        self.stream.close(&mut keep_in(&mut self.ready));
    }

    /// Nothing more is taken: neither the events that are ready nor the order that may go on.
    pub(super) fn give_up(mut self) -> (RowReport, Coverage) {
        self.stream.give_up(&self.ready);
        self.stream.abandon()
    }
}

fn keep_in(ready: &mut VecDeque<Event>) -> impl FnMut(Made<'_>) {
    |made| {
        ready.push_back(match made {
            Made::Sale(sale) => sale.to_event(),
            Made::Event(event) => mem::replace(event, Event::blank()),
        });
    }
}
