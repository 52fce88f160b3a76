//! Where rows come from: files, records of a program's own, and several sources as one.

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

#[cfg(feature = "arrow")]
use arrow_array::RecordBatch;
use futures_core::Stream;

use self::sealed::{Sealed, SealedStream, SourceRead};
#[cfg(feature = "arrow")]
use super::arrow::{ArrowRows, BatchError};
#[cfg(feature = "csv")]
use super::csv::CsvRows;
use super::{Ending, ParsedRow, Row, RowError, SortedError};

/// A record that is a row, such as a row of a database query.
///
/// Implement it for your own record type, so that an iterator or a stream of records is a source of sorted
/// rows: see [`SortedEvents::from_rows`](super::SortedEvents::from_rows) and
/// [`SortedEventStream`](super::SortedEventStream). The row borrows the customer's values from the record.
///
/// ```
/// use meta_offline_events::customer::UserData;
/// use meta_offline_events::order::{Column, Row, RowError, ToRow};
/// use meta_offline_events::value::{Amount, Currency, EventTime, Line};
///
/// struct Sale {
///     id: u64,
///     order: String,
///     email: Option<String>,
///     sold_at: i64,
///     total: String,
/// }
///
/// impl ToRow for Sale {
///     fn to_row(&self) -> Result<Row<'_>, RowError> {
///         let line = Line::new(self.id);
///         let invalid = |column| move |error| RowError::invalid(line, column, error);
///         let time = EventTime::from_unix(self.sold_at).map_err(invalid(Column::Timestamp))?;
///         let total: Amount = self.total.parse().map_err(invalid(Column::Value))?;
///         Ok(Row::new(line, time)
///             .customer(UserData::builder().email(self.email.as_deref().unwrap_or_default()))
///             .order_id(self.order.parse().map_err(invalid(Column::OrderId))?)
///             .value(total)
///             .currency(Currency::EUR))
///     }
/// }
///
/// let (order, email) = ("10001".to_owned(), Some("mary@example.com".to_owned()));
/// let sale = Sale { id: 1, order, email, sold_at: 1_767_225_600, total: "1,5".to_owned() };
/// assert!(sale.to_row().unwrap_err().to_string().starts_with("line 1; value: "));
/// ```
pub trait ToRow {
    /// Reads the record as a row.
    ///
    /// # Errors
    ///
    /// [`RowError`] if a value of the record cannot be used. The row is reported as invalid; name its order with
    /// [`RowError::of_order`], so that the order is not sent without it.
    fn to_row(&self) -> Result<Row<'_>, RowError>;
}

impl ToRow for Row<'_> {
    fn to_row(&self) -> Result<Row<'_>, RowError> {
        Ok(self.reborrow())
    }
}

/// A source that gives rows one by one and waits for each.
///
/// `CsvRows` is one, and so is every iterator over results of records that are [rows](ToRow), by
/// [`SortedEvents::from_rows`](super::SortedEvents::from_rows), and several of them in a row, by
/// [`SortedEvents::from_sources`](super::SortedEvents::from_sources). This trait is sealed: it cannot be implemented
/// elsewhere.
pub trait RowSource: Sealed {}

/// A source of rows that may have to wait for each.
///
/// A [`Stream`] over results of records that are [rows](ToRow) is one, and so is `ArrowRows` over a stream of record
/// batches. This trait is sealed: it cannot be implemented elsewhere.
pub trait RowStream: SealedStream {}

pub(super) mod sealed {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use crate::order::{Ending, ParsedRow, SortedError};

    pub trait Sealed {
        /// Reads on, and hands the next row over if there is one.
        fn read(&mut self, take: impl FnOnce(ParsedRow<'_>)) -> SourceRead;
    }

    pub trait SealedStream {
        /// Reads on, and hands the next row over if there is one.
        fn poll_read(
            self: Pin<&mut Self>,
            context: &mut Context<'_>,
            take: impl FnOnce(ParsedRow<'_>),
        ) -> Poll<SourceRead>;
    }

    /// What a source read.
    #[derive(Debug)]
    pub enum SourceRead {
        /// A row, which was handed over.
        Row,
        /// The end of one of several sources: the next read goes on with another one.
        NextSource(Ending),
        /// The end of all rows.
        End(Ending),
        /// Nothing: there are no more rows than this.
        Failed(SortedError),
    }
}

/// The records of an iterator.
#[derive(Debug)]
pub struct RecordRows<I> {
    records: I,
}

impl<I> RecordRows<I> {
    pub(super) fn new(records: I) -> Self {
        Self { records }
    }
}

/// The rows of several sources, one source after another.
pub struct RowSources<I, S> {
    rest: I,
    current: Option<S>,
}

impl<I, S> RowSources<I, S> {
    pub(super) fn new(sources: I) -> Self {
        Self { rest: sources, current: None }
    }
}

fn read_record<T: ToRow, E: Into<Box<dyn StdError + Send + Sync>>>(
    next: Option<Result<T, E>>,
    take: impl FnOnce(ParsedRow<'_>),
) -> SourceRead {
    match next {
        Some(Ok(record)) => {
            take(parsed(&record));
            SourceRead::Row
        }
        Some(Err(error)) => SourceRead::Failed(SortedError::Source(error.into())),
        None => SourceRead::End(Ending::Proven),
    }
}

fn parsed<T: ToRow>(record: &T) -> ParsedRow<'_> {
    match record.to_row() {
        Ok(row) => ParsedRow::Row(row),
        Err(error) => ParsedRow::Invalid(error),
    }
}

#[cfg(feature = "csv")]
impl<R: std::io::Read> RowSource for CsvRows<R> {}

#[cfg(feature = "csv")]
impl<R: std::io::Read> Sealed for CsvRows<R> {
    fn read(&mut self, take: impl FnOnce(ParsedRow<'_>)) -> SourceRead {
        match self.next_row() {
            Ok(Some(row)) => {
                take(row.parse());
                return SourceRead::Row;
            }
            Ok(None) => {}
            Err(error) => return SourceRead::Failed(SortedError::Csv(error)),
        }
        SourceRead::End(self.ending())
    }
}

impl<I, T, E> RowSource for RecordRows<I>
where
    I: Iterator<Item = Result<T, E>>,
    T: ToRow,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
}

impl<I, T, E> Sealed for RecordRows<I>
where
    I: Iterator<Item = Result<T, E>>,
    T: ToRow,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    fn read(&mut self, take: impl FnOnce(ParsedRow<'_>)) -> SourceRead {
        read_record(self.records.next(), take)
    }
}

impl<I, S, E> RowSource for RowSources<I, S>
where
    I: Iterator<Item = Result<S, E>>,
    S: RowSource,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
}

impl<I, S, E> Sealed for RowSources<I, S>
where
    I: Iterator<Item = Result<S, E>>,
    S: RowSource,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    fn read(&mut self, take: impl FnOnce(ParsedRow<'_>)) -> SourceRead {
        let read = match &mut self.current {
            Some(source) => source.read(take),
            None => SourceRead::End(Ending::Proven),
        };
        let SourceRead::End(ending) = read else { return read };
        match self.rest.next() {
            Some(Ok(next)) => {
                self.current = Some(next);
                SourceRead::NextSource(ending)
            }
            Some(Err(error)) => SourceRead::Failed(SortedError::Source(error.into())),
            None => SourceRead::End(ending),
        }
    }
}

impl<S, T, E> RowStream for S
where
    S: Stream<Item = Result<T, E>>,
    T: ToRow,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
}

impl<S, T, E> SealedStream for S
where
    S: Stream<Item = Result<T, E>>,
    T: ToRow,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        take: impl FnOnce(ParsedRow<'_>),
    ) -> Poll<SourceRead> {
        Poll::Ready(read_record(ready!(self.poll_next(context)), take))
    }
}

#[cfg(feature = "arrow")]
impl<B, E> RowSource for ArrowRows<B>
where
    B: Iterator<Item = Result<RecordBatch, E>>,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
}

#[cfg(feature = "arrow")]
impl<B, E> Sealed for ArrowRows<B>
where
    B: Iterator<Item = Result<RecordBatch, E>>,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    fn read(&mut self, take: impl FnOnce(ParsedRow<'_>)) -> SourceRead {
        let read = read_batches(self.next_row(), take);
        read.unwrap_or_else(|| SourceRead::End(self.ending()))
    }
}

#[cfg(feature = "arrow")]
impl<B, E> RowStream for ArrowRows<B>
where
    B: Stream<Item = Result<RecordBatch, E>> + Unpin,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
}

#[cfg(feature = "arrow")]
impl<B, E> SealedStream for ArrowRows<B>
where
    B: Stream<Item = Result<RecordBatch, E>> + Unpin,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        take: impl FnOnce(ParsedRow<'_>),
    ) -> Poll<SourceRead> {
        let rows = self.get_mut();
        let read = read_batches(ready!(rows.poll_row(context)), take);
        Poll::Ready(read.unwrap_or_else(|| SourceRead::End(rows.ending())))
    }
}

/// What was read, or `None` at the end.
#[cfg(feature = "arrow")]
fn read_batches(
    next: Result<Option<ParsedRow<'_>>, BatchError>,
    take: impl FnOnce(ParsedRow<'_>),
) -> Option<SourceRead> {
    match next {
        Ok(row) => row.map(|row| {
            take(row);
            SourceRead::Row
        }),
        // Where the source of the batches failed, its error is the cause itself.
        Err(error) => {
            let error = error.into_cause().map_or_else(SortedError::Batch, SortedError::Source);
            Some(SourceRead::Failed(error))
        }
    }
}

impl<I, S> fmt::Debug for RowSources<I, S> {
    /// Shows whether a source is open, and nothing of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowSources").field("is_open", &self.current.is_some()).finish_non_exhaustive()
    }
}
