//! Rows of Arrow record batches, as query engines and readers of Parquet give them.
//!
//! The columns are found by their names, through the same [`RowLayout`] as those of a CSV file, and a table gives the
//! same events as the CSV file that holds the same values. `RecordBatch` and `Schema` are those of `arrow-array` and
//! `arrow-schema`, and part of this API: the version that your engine uses has to be the one that this crate is built
//! with. Cargo may choose a newer one for this crate, and the compiler then reports two different types
//! `RecordBatch`. One command aligns them, here with an engine that uses Arrow 59:
//!
//! ```sh
//! cargo update arrow-array@60.1.0 --precise 59.3.2
//! ```
//!
//! What a cell holds is read in this way:
//!
//! | type | in `quantity`, `price` and `value` | in `timestamp` | in all other columns |
//! | --- | --- | --- | --- |
//! | `Utf8`, `LargeUtf8`, `Utf8View` | as the text of a file, in the number style of the layout | as the text of a file | the text |
//! | integers, `Decimal32` to `Decimal256` | the exact number, in no number style | as its digits | its digits; a decimal with all decimals of its scale |
//! | `Float16` to `Float64` | the number of the fewest digits that stand for this float | as those digits | those digits, without an exponent |
//! | `Timestamp` with a time zone | not read | the moment | not read |
//! | `Timestamp` without one | as its text | a time in the zone of its row | as `2026-05-04T12:00:00` |
//! | `Date32`, `Date64` | as its text | a date without a [time of day](RowLayout::time_of_day) | as `2026-05-04` |
//! | `Boolean` | as its text | as its text | `true` or `false` |
//! | `Dictionary` | as its values | as its values | as its values |
//!
//! - A null is a blank field, and so is each cell of type `Null`.
//! - A column of any other type is refused when the rows are opened, if the layout reads it. What the layout does not
//!   read may have any type.
//! - A float from 2⁵³ on (`Float32`: 2²⁴, `Float16`: 2¹¹) may stand for several whole numbers: the row is invalid, because two
//!   order ids may have become one. `NaN` is a missing value, or an invalid number.
//! - A text is read as in CSV: with more than [`MAX_FIELD`] bytes, or with a NUL, its row is invalid.
//!
//! No error holds text of the table.

mod cell;
mod columns;
mod error;
mod table;

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use futures_core::Stream;

use self::table::Table;
use super::ending::Ending;
use super::layout::{BoundLayout, RowLayout};
use super::orders::Orders;
use super::parsed_row::ParsedRow;

pub use super::field::MAX_FIELD;
pub use error::{BatchError, BatchErrorKind};

/// Reads the rows of record batches.
///
/// The batches come from an iterator or a stream, each of which may be an error: from a reader of Parquet, from a query,
/// or from a vector. Memory does not grow with their number: one batch is held at a time.
///
/// ```
/// use std::convert::Infallible;
/// use std::sync::Arc;
/// use arrow_array::{Decimal128Array, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray};
/// use arrow_schema::{DataType, Field, Schema, TimeUnit};
/// use meta_offline_events::order::{Orders, RowLayout, arrow::ArrowRows};
///
/// let schema = Arc::new(Schema::new(vec![
///     Field::new("order_id", DataType::Int64, false),
///     Field::new("email", DataType::Utf8, true),
///     Field::new("timestamp", DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())), false),
///     Field::new("value", DataType::Decimal128(12, 2), false),
///     Field::new("currency", DataType::Utf8, false),
/// ]));
/// let batch = RecordBatch::try_new(schema.clone(), vec![
///     Arc::new(Int64Array::from(vec![10001, 10002])),
///     Arc::new(StringArray::from(vec![Some("mary@example.com"), None])),
///     Arc::new(TimestampMillisecondArray::from(vec![1_777_896_000_000; 2]).with_timezone("UTC")),
///     Arc::new(Decimal128Array::from(vec![1050, 99]).with_precision_and_scale(12, 2)?),
///     Arc::new(StringArray::from(vec!["EUR"; 2])),
/// ])?;
///
/// let batches = vec![batch].into_iter().map(Ok::<_, Infallible>);
/// let mut orders = Orders::new();
/// ArrowRows::new(batches, &schema, &RowLayout::new())?.read_into(&mut orders)?;
///
/// let prepared = orders.finish("2026-05-05T00:00:00Z".parse()?);
/// assert_eq!(prepared.events[0].value().unwrap().to_string(), "10.5 EUR");
/// assert_eq!(prepared.rows.invalid(), 1, "row 2 has neither e-mail nor phone");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// What reports and errors call the line of a row is its number in the table: rows are counted from 1, through all
/// batches.
pub struct ArrowRows<B> {
    batches: B,
    table: Table,
    ending: Ending,
    has_failed: bool,
}

impl<B> ArrowRows<B> {
    /// Finds the columns of a layout in the schema of the batches, and checks their types.
    ///
    /// What a layout states about files, such as a delimiter, does not matter here.
    ///
    /// ```
    /// use std::convert::Infallible;
    /// use arrow_array::RecordBatch;
    /// use arrow_schema::{DataType, Field, Schema};
    /// use meta_offline_events::order::{Column, RowLayout, arrow::ArrowRows};
    ///
    /// let names = ["receipt", "email", "timestamp", "value", "currency"];
    /// let schema = Schema::new(names.map(|name| Field::new(name, DataType::Utf8View, true)).to_vec());
    /// let batches = std::iter::empty::<Result<RecordBatch, Infallible>>();
    /// let layout = RowLayout::new().column("receipt", Column::OrderId);
    /// let rows = ArrowRows::new(batches, &schema, &layout)?;
    /// assert_eq!(rows.layout().position(Column::OrderId), Some(0));
    /// # Ok::<(), meta_offline_events::order::arrow::BatchError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// - [`BatchErrorKind::Layout`] if the names of the columns do not fit the layout.
    /// - [`BatchErrorKind::Type`] if a column cannot be read from its type.
    pub fn new(batches: B, schema: &Schema, layout: &RowLayout) -> Result<Self, BatchError> {
        let table = Table::bind(schema, layout).map_err(BatchError::new)?;
        Ok(Self { batches, table, ending: Ending::Incomplete, has_failed: false })
    }

    /// Numbers the table, so that reports can tell the rows of several tables or partitions apart.
    ///
    /// ```
    /// use std::convert::Infallible;
    /// use std::sync::Arc;
    /// use arrow_array::{RecordBatch, StringArray};
    /// use arrow_schema::{DataType, Field, Schema};
    /// use meta_offline_events::order::{Orders, RowLayout, arrow::ArrowRows};
    ///
    /// let names = ["order_id", "email", "timestamp", "value", "currency"];
    /// let schema = Arc::new(Schema::new(names.map(|name| Field::new(name, DataType::Utf8, true)).to_vec()));
    /// let sale = ["10001", "mary@example.com", "yesterday", "10.50", "EUR"];
    /// let columns = sale.map(|text| Arc::new(StringArray::from(vec![text])) as _).to_vec();
    /// let batches = [Ok::<_, Infallible>(RecordBatch::try_new(schema.clone(), columns)?)].into_iter();
    ///
    /// let mut orders = Orders::new();
    /// ArrowRows::new(batches, &schema, &RowLayout::new())?.source(3).read_into(&mut orders)?;
    /// let rows = orders.finish("2026-05-05T00:00:00Z".parse()?).rows;
    /// assert_eq!(rows.diagnostics()[0].lines()[0].to_string(), "1 of source 3");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn source(mut self, number: u16) -> Self {
        self.table.source = number;
        self
    }

    /// Returns the layout with the positions of its columns.
    pub fn layout(&self) -> &BoundLayout {
        &self.table.columns.layout
    }

    /// Returns how many rows were read so far.
    pub fn rows_read(&self) -> u64 {
        self.table.rows
    }

    /// Returns what is known about the end of the batches, once all rows are read: [`Ending::Proven`], because a source
    /// of batches says itself that it has no more. Before that, and after an error, it is [`Ending::Incomplete`].
    pub fn ending(&self) -> Ending {
        self.ending
    }

    /// Takes the next batch, its error or the end, and returns whether there are more rows.
    fn take<E>(&mut self, batch: Option<Result<RecordBatch, E>>) -> Result<bool, BatchError>
    where
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        let loaded = match batch {
            None => {
                self.ending = Ending::Proven;
                return Ok(false);
            }
            Some(Ok(batch)) => self.table.load(batch).map_err(BatchError::new),
            Some(Err(cause)) => Err(BatchError::of_source(cause.into())),
        };
        self.has_failed = loaded.is_err();
        loaded.map(|()| true)
    }

    /// Returns whether rows may come, or the error of whoever reads on after one.
    fn goes_on(&self) -> Result<bool, BatchError> {
        if self.has_failed {
            Err(BatchError::new(BatchErrorKind::Stopped))
        } else {
            Ok(self.ending != Ending::Proven)
        }
    }
}

impl<B, E> ArrowRows<B>
where
    B: Iterator<Item = Result<RecordBatch, E>>,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    /// Returns the next row, or `None` after the last batch.
    ///
    /// ```
    /// use std::convert::Infallible;
    /// use std::sync::Arc;
    /// use arrow_array::{RecordBatch, StringArray};
    /// use arrow_schema::{DataType, Field, Schema};
    /// use meta_offline_events::order::{ParsedRow, RowLayout, arrow::ArrowRows};
    ///
    /// let names = ["order_id", "email", "timestamp", "value", "currency"];
    /// let schema = Arc::new(Schema::new(names.map(|name| Field::new(name, DataType::Utf8, true)).to_vec()));
    /// let sale = ["10001", "mary@example.com", "yesterday", "10.50", "EUR"];
    /// let columns = sale.map(|text| Arc::new(StringArray::from(vec![text])) as _).to_vec();
    /// let batches = [Ok::<_, Infallible>(RecordBatch::try_new(schema.clone(), columns)?)].into_iter();
    ///
    /// let mut rows = ArrowRows::new(batches, &schema, &RowLayout::new())?;
    /// let Some(ParsedRow::Invalid(error)) = rows.next_row()? else { panic!("yesterday is no time") };
    /// assert!(error.to_string().starts_with("line 1; timestamp: "));
    /// assert!(rows.next_row()?.is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`BatchErrorKind::Source`] if the iterator returns an error, and [`BatchErrorKind::OtherColumns`] if a batch
    /// does not fit the schema. Every later call returns [`BatchErrorKind::Stopped`].
    pub fn next_row(&mut self) -> Result<Option<ParsedRow<'_>>, BatchError> {
        while !self.table.has_row() {
            if !self.goes_on()? {
                return Ok(None);
            }
            let batch = self.batches.next();
            self.take(batch)?;
        }
        Ok(self.table.next_row())
    }

    /// Adds all rows to their orders, and returns how many there were. [`ArrowRows`] has an example.
    ///
    /// # Errors
    ///
    /// Those of [`ArrowRows::next_row`]. None of the orders is sent then, because the batches that were not read may
    /// hold more rows of them: their rows are [not sent](crate::report::RowReport::not_sent).
    pub fn read_into(&mut self, orders: &mut Orders) -> Result<u64, BatchError> {
        let before = self.rows_read();
        let read = loop {
            match self.next_row() {
                Ok(Some(row)) => orders.push_parsed(row),
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        orders.end_source(self.ending);
        read.map(|()| self.rows_read() - before)
    }
}

impl<B, E> ArrowRows<B>
where
    B: Stream<Item = Result<RecordBatch, E>> + Unpin,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    /// Polls for the next row, and returns `None` after the last batch.
    pub(super) fn poll_row(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<ParsedRow<'_>>, BatchError>> {
        while !self.table.has_row() {
            if !self.goes_on()? {
                return Poll::Ready(Ok(None));
            }
            let batch = ready!(Pin::new(&mut self.batches).poll_next(context));
            self.take(batch)?;
        }
        Poll::Ready(Ok(self.table.next_row()))
    }
}

impl<B> fmt::Debug for ArrowRows<B> {
    /// Shows the source and the number of rows, and nothing of the table.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArrowRows")
            .field("source", &self.table.source)
            .field("rows_read", &self.rows_read())
            .finish_non_exhaustive()
    }
}
