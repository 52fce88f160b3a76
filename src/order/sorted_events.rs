//! Events of a source whose rows are sorted by order id, one after the other.

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

#[cfg(feature = "arrow")]
use arrow_array::RecordBatch;
use futures_core::Stream;

#[cfg(feature = "arrow")]
use super::arrow::ArrowRows;
#[cfg(feature = "csv")]
use super::csv::CsvRows;
use super::sorted_progress::Progress;
use super::source::{RecordRows, RowSource, RowSources, RowStream, ToRow};
use super::{OrderRules, Prepared, SortedError};
use crate::event::Event;
#[cfg(feature = "client")]
use crate::report::RowReport;
use crate::value::EventTime;

/// An iterator over the events of rows that are sorted by order id, in memory that does not grow with the rows.
///
/// It comes from `CsvRows::sorted`, from `ArrowRows::sorted` or from [`from_rows`](Self::from_rows), and is a source for `Client::deliver`.
/// If the source fails or the rows are not sorted, it yields the events that were complete before, then the
/// error, and then nothing more: the order that was open is not sent. Where a file ends without a proof that it is
/// complete, a note of the report names its last order: see [`Ending`](super::Ending).
///
/// ```
/// # #[cfg(feature = "csv")]
/// # {
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
/// assert!(events.by_ref().all(|event| event.is_ok()));
/// assert_eq!(events.finish().rows.read(), 2);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "iterators are lazy"]
pub struct SortedEvents<S> {
    pub(super) rows: S,
    pub(super) orders: Progress,
}

/// A [`Stream`] of the events of rows that are sorted by order id, in memory that does not grow with the rows.
///
/// The rows come from another stream, such as the rows of a database query; those of record batches come from
/// `ArrowRows::sorted_stream`. It ends as [`SortedEvents`] does, and is
/// a source for `Client::deliver`.
///
/// ```
/// use futures_util::{StreamExt, stream};
/// use meta_offline_events::customer::UserData;
/// use meta_offline_events::order::{OrderRules, Row, SortedEventStream};
/// use meta_offline_events::value::{Currency, EventTime};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let sold = EventTime::from_unix(1_767_225_600)?;
/// let mary = UserData::builder().email("mary@example.com");
/// let row = Row::new(1, sold).customer(mary).value("5".parse()?).currency(Currency::EUR);
/// let rows = [Ok(row.clone().order_id("10001".parse()?)), Err("the connection is lost")];
/// let mut events = SortedEventStream::new(stream::iter(rows), OrderRules::new(), sold);
/// let error = events.next().await.expect("the error of the stream").unwrap_err();
/// assert_eq!(error.to_string(), "the connection is lost");
/// assert!(events.next().await.is_none(), "order 10001 may not be complete");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "streams are lazy"]
pub struct SortedEventStream<S> {
    rows: Pin<Box<S>>,
    orders: Progress,
}

#[cfg(feature = "csv")]
impl<R: std::io::Read> CsvRows<R> {
    /// Groups the rows of a file that is sorted by order id into events, in memory that does not grow with the file.
    ///
    /// The age of events is checked at `now`. See [`SortedEvents`].
    ///
    /// ```
    /// use meta_offline_events::order::{OrderRules, RowLayout, csv::CsvRows};
    ///
    /// let file = "order_id,email,timestamp,value,currency\nA1,mary@example.com,1777896000,10.50,EUR\n";
    /// let rows = CsvRows::new(file.as_bytes(), &RowLayout::new())?;
    /// let events = rows.sorted(OrderRules::new(), "2026-05-05T00:00:00Z".parse()?);
    /// assert_eq!(events.collect::<Result<Vec<_>, _>>()?.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sorted(self, rules: OrderRules, now: EventTime) -> SortedEvents<Self> {
        SortedEvents::new(self, rules, now)
    }
}

#[cfg(feature = "arrow")]
impl<B, E> ArrowRows<B>
where
    B: Iterator<Item = Result<RecordBatch, E>>,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    /// Groups the rows of batches that are sorted by order id into events, in memory that does not grow with them.
    ///
    /// The age of events is checked at `now`. See [`SortedEvents`].
    ///
    /// ```
    /// use std::convert::Infallible;
    /// use std::sync::Arc;
    /// use arrow_array::{RecordBatch, StringArray};
    /// use arrow_schema::{DataType, Field, Schema};
    /// use meta_offline_events::order::{OrderRules, RowLayout, arrow::ArrowRows};
    ///
    /// let names = ["order_id", "email", "timestamp", "value", "currency"];
    /// let schema = Arc::new(Schema::new(names.map(|name| Field::new(name, DataType::Utf8, true)).to_vec()));
    /// let sale = ["10001", "mary@example.com", "2026-05-04 12:00:00", "10.50", "EUR"];
    /// let columns = sale.map(|text| Arc::new(StringArray::from(vec![text])) as _).to_vec();
    /// let batches = [Ok::<_, Infallible>(RecordBatch::try_new(schema.clone(), columns)?)].into_iter();
    ///
    /// let rows = ArrowRows::new(batches, &schema, &RowLayout::new())?;
    /// let events = rows.sorted(OrderRules::new(), "2026-05-05T00:00:00Z".parse()?);
    /// assert_eq!(events.collect::<Result<Vec<_>, _>>()?.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sorted(self, rules: OrderRules, now: EventTime) -> SortedEvents<Self> {
        SortedEvents::new(self, rules, now)
    }
}

#[cfg(feature = "arrow")]
impl<B, E> ArrowRows<B>
where
    B: Stream<Item = Result<RecordBatch, E>> + Unpin,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    /// Groups the rows of a stream of batches that are sorted by order id into events, in memory that does not grow with
    /// them.
    ///
    /// The age of events is checked at `now`. See [`SortedEventStream`]. A stream that cannot be moved goes through
    /// `Box::pin` first.
    ///
    /// ```
    /// use std::convert::Infallible;
    /// use std::sync::Arc;
    /// use arrow_array::{RecordBatch, StringArray};
    /// use arrow_schema::{DataType, Field, Schema};
    /// use futures_util::{TryStreamExt, stream};
    /// use meta_offline_events::order::{OrderRules, RowLayout, arrow::ArrowRows};
    ///
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let names = ["order_id", "email", "timestamp", "value", "currency"];
    /// let schema = Arc::new(Schema::new(names.map(|name| Field::new(name, DataType::Utf8, true)).to_vec()));
    /// let sale = ["10001", "mary@example.com", "2026-05-04 12:00:00", "10.50", "EUR"];
    /// let columns = sale.map(|text| Arc::new(StringArray::from(vec![text])) as _).to_vec();
    /// let batches = stream::iter([Ok::<_, Infallible>(RecordBatch::try_new(schema.clone(), columns)?)]);
    ///
    /// let rows = ArrowRows::new(batches, &schema, &RowLayout::new())?;
    /// let events = rows.sorted_stream(OrderRules::new(), "2026-05-05T00:00:00Z".parse()?);
    /// assert_eq!(events.try_collect::<Vec<_>>().await?.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sorted_stream(self, rules: OrderRules, now: EventTime) -> SortedEventStream<Self> {
        SortedEventStream::new(self, rules, now)
    }
}

impl<S: RowSource> SortedEvents<S> {
    fn new(rows: S, rules: OrderRules, now: EventTime) -> Self {
        Self { rows, orders: Progress::new(rules, now) }
    }
}

impl<S> SortedEvents<S> {
    /// Returns the source, to see how far it was read.
    pub fn rows(&self) -> &S {
        &self.rows
    }

    /// Ends the iterator and returns the report on the rows that were read.
    ///
    /// It reads no further. Where it ends before its source, the open order and the events that nobody has taken
    /// count as invalid rows, and the rest of the source is in no report.
    pub fn finish(mut self) -> Prepared {
        self.orders.finish()
    }
}

impl<I, T, E> SortedEvents<RecordRows<I>>
where
    I: Iterator<Item = Result<T, E>>,
    T: ToRow,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    /// Reads the records of an iterator, each of which may be an error. The age of events is checked at `now`.
    ///
    /// ```
    /// use meta_offline_events::customer::UserData;
    /// use meta_offline_events::order::{OrderRules, Row, SortedEvents};
    /// use meta_offline_events::value::{Currency, EventTime};
    ///
    /// let sold = EventTime::from_unix(1_767_225_600)?;
    /// let row = |line: u64, order: &str| {
    ///     let mary = UserData::builder().email("mary@example.com");
    ///     let row = Row::new(line, sold).customer(mary).order_id(order.parse()?);
    ///     Ok::<_, Box<dyn std::error::Error + Send + Sync>>(row.value("5".parse()?).currency(Currency::EUR))
    /// };
    /// let rows = [row(1, "A1"), row(2, "A2"), Err("the connection is lost".into())];
    /// let mut events = SortedEvents::from_rows(rows.into_iter(), OrderRules::new(), sold);
    /// assert_eq!(events.next().expect("order A1").unwrap().order_id().unwrap().as_str(), "A1");
    /// assert!(events.next().expect("the error").is_err());
    /// assert!(events.next().is_none(), "order A2 may not be complete");
    /// assert_eq!(events.finish().rows.not_sent(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_rows(rows: I, rules: OrderRules, now: EventTime) -> Self {
        Self::new(RecordRows::new(rows), rules, now)
    }
}

impl<I, S, E> SortedEvents<RowSources<I, S>>
where
    I: Iterator<Item = Result<S, E>>,
    S: RowSource,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    /// Reads several sources, such as the files of a folder, one after another, with one report for all.
    ///
    /// The iterator opens each source when the one before it has ended. If it returns an error, the rows end there,
    /// and the order that was open is not sent.
    ///
    /// ```
    /// # #[cfg(feature = "csv")]
    /// # {
    /// use meta_offline_events::order::{OrderRules, RowLayout, SortedEvents, csv::{CsvError, CsvRows}};
    ///
    /// let monday = "order_id,email,timestamp,value,currency\nA1,mary@example.com,1777896000,10.50,EUR\n";
    /// let tuesday = "order_id,email,timestamp,value,currency\nA2,john@example.com,1777896060,21,EUR\n";
    /// let open = |(number, file): (u16, &'static str)| {
    ///     let rows = CsvRows::new(file.as_bytes(), &RowLayout::new())?.source(number);
    ///     Ok::<_, CsvError>(rows.expect_rows(1))
    /// };
    /// let files = [(1, monday), (2, tuesday)].into_iter().map(open);
    /// let events = SortedEvents::from_sources(files, OrderRules::new(), "2026-05-05T00:00:00Z".parse()?);
    /// assert_eq!(events.collect::<Result<Vec<_>, _>>()?.len(), 2);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// The rows of an order stand in one source: an order that comes back in a later one stops everything with
    /// [`NotSorted`](super::NotSorted). Order ids ascend or descend over all sources, as in one file for each day. Where
    /// each source is sorted by itself, as the partitions of a cluster are, state
    /// [`OrderRules::overlapping_sources`].
    pub fn from_sources(sources: I, rules: OrderRules, now: EventTime) -> Self {
        Self::new(RowSources::new(sources), rules, now)
    }
}

impl<S: RowSource> Iterator for SortedEvents<S> {
    type Item = Result<Event, SortedError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.orders.wants_row() {
            self.read_row();
        }
        self.orders.next()
    }
}

impl<S: RowSource> SortedEvents<S> {
    fn read_row(&mut self) {
        let read = self.rows.read(|row| self.orders.push(row));
        self.orders.note(read);
    }
}

/// The most rows that are read in one poll before the runtime may do other work.
const MAX_ROWS_PER_POLL: usize = 1000;

#[cfg(feature = "client")]
impl<S: RowSource> SortedEvents<S> {
    /// Reads until there is an event, but not for long.
    pub(crate) fn poll_event(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Event, SortedError>>> {
        for _ in 0..MAX_ROWS_PER_POLL {
            if !self.orders.wants_row() {
                return Poll::Ready(self.orders.next());
            }
            self.read_row();
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Ends the iterator and takes the report on the rows that were read.
    pub(crate) fn take_rows(&mut self) -> RowReport {
        self.orders.take_rows()
    }
}

impl<S> SortedEventStream<S> {
    /// Reads the records of a stream, each of which may be an error. The age of events is checked at `now`.
    pub fn new(rows: S, rules: OrderRules, now: EventTime) -> Self {
        Self { rows: Box::pin(rows), orders: Progress::new(rules, now) }
    }

    /// Ends the stream and returns the report on the rows that were read, as [`SortedEvents::finish`] does.
    pub fn finish(mut self) -> Prepared {
        self.orders.finish()
    }

    /// Ends the stream and takes the report on the rows that were read.
    #[cfg(feature = "client")]
    pub(crate) fn take_rows(&mut self) -> RowReport {
        self.orders.take_rows()
    }
}

impl<S: RowStream> Stream for SortedEventStream<S> {
    type Item = Result<Event, SortedError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { rows, orders } = self.get_mut();
        for _ in 0..MAX_ROWS_PER_POLL {
            if !orders.wants_row() {
                return Poll::Ready(orders.next());
            }
            let read = ready!(rows.as_mut().poll_read(context, |row| orders.push(row)));
            orders.note(read);
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<S> fmt::Debug for SortedEvents<S> {
    /// Shows whether it has ended, and nothing of the rows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SortedEvents").field("has_ended", &self.orders.has_ended()).finish_non_exhaustive()
    }
}

impl<S> fmt::Debug for SortedEventStream<S> {
    /// Shows whether it has ended, and nothing of the rows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SortedEventStream")
            .field("has_ended", &self.orders.has_ended())
            .finish_non_exhaustive()
    }
}
