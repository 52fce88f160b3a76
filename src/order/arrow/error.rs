//! Why record batches cannot be read.

use std::error::Error as StdError;
use std::fmt;

use crate::order::layout::LayoutError;

/// The error of record batches that cannot be read, or not to their end.
///
/// ```
/// use std::convert::Infallible;
/// use arrow_array::RecordBatch;
/// use arrow_schema::{DataType, Field, Schema};
/// use meta_offline_events::order::{RowLayout, arrow::{ArrowRows, BatchErrorKind}};
///
/// let field = |name: &str, data_type| Field::new(name, data_type, true);
/// let schema = Schema::new(vec![
///     field("order_id", DataType::Binary),
///     field("email", DataType::Utf8),
///     field("timestamp", DataType::Int64),
///     field("value", DataType::Decimal128(10, 2)),
///     field("currency", DataType::Utf8),
/// ]);
/// let batches = std::iter::empty::<Result<RecordBatch, Infallible>>();
/// let error = ArrowRows::new(batches, &schema, &RowLayout::new()).unwrap_err();
/// assert!(matches!(error.kind(), BatchErrorKind::Type { position: 1, .. }));
/// assert!(error.to_string().starts_with("column 1 (order_id) has the type Binary"));
/// ```
#[derive(Debug)]
pub struct BatchError {
    kind: BatchErrorKind,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The kind of a [`BatchError`].
///
/// ```
/// use std::convert::Infallible;
/// use arrow_array::RecordBatch;
/// use arrow_schema::Schema;
/// use meta_offline_events::order::{RowLayout, arrow::{ArrowRows, BatchErrorKind}};
///
/// let batches = std::iter::empty::<Result<RecordBatch, Infallible>>();
/// let error = ArrowRows::new(batches, &Schema::empty(), &RowLayout::new()).unwrap_err();
/// assert!(matches!(error.kind(), BatchErrorKind::Layout(_)), "it has no column at all");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BatchErrorKind {
    /// The names of the columns do not fit the layout.
    Layout(LayoutError),
    /// A column has a type in which it cannot be read.
    Type {
        /// The position of the column, counted from 1.
        position: usize,
        /// The name by which the layout knows the column.
        column: String,
        /// The name of the type, without its parameters.
        data_type: String,
    },
    /// A batch has other columns than the schema.
    OtherColumns {
        /// The number of the batch, counted from 1.
        batch: u64,
    },
    /// The source of the batches failed. The cause is the error's source.
    Source,
    /// The rows were read on after an error.
    Stopped,
}

impl BatchError {
    pub(super) fn new(kind: BatchErrorKind) -> Self {
        Self { kind, source: None }
    }

    pub(super) fn of_source(cause: Box<dyn StdError + Send + Sync>) -> Self {
        Self { kind: BatchErrorKind::Source, source: Some(cause) }
    }

    /// Returns what is wrong.
    pub fn kind(&self) -> &BatchErrorKind {
        &self.kind
    }

    /// Takes the cause, if the source of the batches failed.
    pub(in crate::order) fn into_cause(self) -> Result<Box<dyn StdError + Send + Sync>, Self> {
        let Self { kind, source } = self;
        source.ok_or(Self { kind, source: None })
    }
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            BatchErrorKind::Layout(error) => error.fmt(f),
            BatchErrorKind::Type { position, column, data_type } if data_type == "Timestamp" => write!(
                f,
                "column {position} ({column}) has the type {data_type} with a time zone, and only the column timestamp is read from that: cast it to a date or to text in the query"
            ),
            BatchErrorKind::Type { position, column, data_type } => write!(
                f,
                "column {position} ({column}) has the type {data_type}, which is not read: cast it to text, a number, a date or a timestamp in the query"
            ),
            BatchErrorKind::OtherColumns { batch } => write!(
                f,
                "batch {batch} has other columns than the schema: read tables with different columns one by one"
            ),
            BatchErrorKind::Source => {
                f.write_str("the batches could not be read any further: run the query again from its start")
            }
            BatchErrorKind::Stopped => {
                f.write_str("reading stopped at an earlier error: run the query again from its start")
            }
        }
    }
}

impl StdError for BatchError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source = self.source.as_deref()?;
        Some(source)
    }
}
