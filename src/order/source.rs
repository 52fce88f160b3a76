//! Where rows come from: records of a program's own, one after another.

use std::error::Error as StdError;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

#[cfg(feature = "arrow")]
use arrow_array::RecordBatch;
use futures_core::Stream;

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

/// A source that returns rows one by one and waits for each.
///
/// `CsvRows` is one, and so is every iterator over results of records that are [rows](ToRow), by
/// [`SortedEvents::from_rows`](super::SortedEvents::from_rows). This trait is sealed: it cannot be implemented
/// elsewhere.
pub trait RowSource: sealed::Sealed {
    /// Returns the next row, or `None` at the end.
    fn next_row(&mut self) -> Option<Result<ParsedRow<'_>, SortedError>>;

    /// Returns what is known about the end of the source, once there are no more rows.
    fn ending(&self) -> Ending;
}

/// A source of rows that may have to wait for each.
///
/// A [`Stream`] over results of records that are [rows](ToRow) is one, and so is `ArrowRows` over a stream of record
/// batches. This trait is sealed: it cannot be implemented elsewhere.
pub trait RowStream: sealed::SealedStream {
    /// Passes the next row on, or the error that ends the rows, and returns whether there was one.
    fn poll_row(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        take: impl FnOnce(Result<ParsedRow<'_>, SortedError>),
    ) -> Poll<bool>;

    /// Returns what is known about the end of the source, once there are no more rows.
    fn ending(&self) -> Ending;
}

mod sealed {
    pub trait Sealed {}
    pub trait SealedStream {}
}

/// The records of an iterator.
#[derive(Debug)]
pub struct RecordRows<I, T> {
    records: I,
    current: Option<T>,
}

impl<I, T> RecordRows<I, T> {
    pub(super) fn new(records: I) -> Self {
        Self { records, current: None }
    }
}

fn parsed<T: ToRow>(record: &T) -> ParsedRow<'_> {
    match record.to_row() {
        Ok(row) => ParsedRow::Row(row),
        Err(error) => ParsedRow::Invalid(error),
    }
}

#[cfg(feature = "csv")]
impl<R: std::io::Read> sealed::Sealed for CsvRows<R> {}

#[cfg(feature = "csv")]
impl<R: std::io::Read> RowSource for CsvRows<R> {
    fn next_row(&mut self) -> Option<Result<ParsedRow<'_>, SortedError>> {
        Self::next_row(self).map_err(SortedError::Csv).transpose()
    }

    fn ending(&self) -> Ending {
        Self::ending(self)
    }
}

impl<I, T> sealed::Sealed for RecordRows<I, T> {}

impl<I, T, E> RowSource for RecordRows<I, T>
where
    I: Iterator<Item = Result<T, E>>,
    T: ToRow,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    fn next_row(&mut self) -> Option<Result<ParsedRow<'_>, SortedError>> {
        match self.records.next()? {
            Ok(record) => Some(Ok(parsed(self.current.insert(record)))),
            Err(error) => Some(Err(SortedError::Source(error.into()))),
        }
    }

    fn ending(&self) -> Ending {
        Ending::Proven
    }
}

impl<S, T, E> sealed::SealedStream for S where S: Stream<Item = Result<T, E>> {}

impl<S, T, E> RowStream for S
where
    S: Stream<Item = Result<T, E>>,
    T: ToRow,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    fn poll_row(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        take: impl FnOnce(Result<ParsedRow<'_>, SortedError>),
    ) -> Poll<bool> {
        let next = ready!(self.poll_next(context));
        let is_row = next.is_some();
        match next {
            Some(Ok(record)) => take(Ok(parsed(&record))),
            Some(Err(error)) => take(Err(SortedError::Source(error.into()))),
            None => {}
        }
        Poll::Ready(is_row)
    }

    fn ending(&self) -> Ending {
        Ending::Proven
    }
}

/// What ends sorted rows, by the cause itself where the source of the batches failed.
#[cfg(feature = "arrow")]
fn sorted_error(error: BatchError) -> SortedError {
    error.into_cause().map_or_else(SortedError::Batch, SortedError::Source)
}

#[cfg(feature = "arrow")]
impl<B> sealed::Sealed for ArrowRows<B> {}

#[cfg(feature = "arrow")]
impl<B, E> RowSource for ArrowRows<B>
where
    B: Iterator<Item = Result<RecordBatch, E>>,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    fn next_row(&mut self) -> Option<Result<ParsedRow<'_>, SortedError>> {
        Self::next_row(self).map_err(sorted_error).transpose()
    }

    fn ending(&self) -> Ending {
        Self::ending(self)
    }
}

#[cfg(feature = "arrow")]
impl<B> sealed::SealedStream for ArrowRows<B> {}

#[cfg(feature = "arrow")]
impl<B, E> RowStream for ArrowRows<B>
where
    B: Stream<Item = Result<RecordBatch, E>> + Unpin,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    fn poll_row(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        take: impl FnOnce(Result<ParsedRow<'_>, SortedError>),
    ) -> Poll<bool> {
        let next = ready!(Self::poll_row(self.get_mut(), context)).map_err(sorted_error).transpose();
        let is_row = next.is_some();
        next.map(take);
        Poll::Ready(is_row)
    }

    fn ending(&self) -> Ending {
        Self::ending(self)
    }
}
