//! Why a source of sorted rows ends before its last row.

use std::error::Error as StdError;

#[cfg(feature = "arrow")]
use super::arrow::BatchError;
#[cfg(feature = "csv")]
use super::csv::CsvError;
use super::{MostlyInvalid, NotSorted};

/// The error that ends [`SortedEvents`](super::SortedEvents) or [`SortedEventStream`](super::SortedEventStream). Events of the rows before it may have been sent.
///
/// ```
/// # #[cfg(feature = "csv")]
/// # {
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
/// let error = events.find_map(Result::err).expect("order A1 comes back");
/// assert!(matches!(error, SortedError::NotSorted(_)));
/// assert!(error.to_string().starts_with("line 4 belongs to the same order as line 2"));
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SortedError {
    /// The rows are not sorted.
    #[error(transparent)]
    NotSorted(#[from] NotSorted),
    /// Too many of the first rows are invalid. No event was yielded.
    #[error(transparent)]
    MostlyInvalid(#[from] MostlyInvalid),
    /// The file cannot be read to its end.
    #[cfg(feature = "csv")]
    #[error(transparent)]
    Csv(#[from] CsvError),
    /// The record batches cannot be read to their end.
    #[cfg(feature = "arrow")]
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// The iterator or stream of records or record batches returned an error.
    #[error("{0}")]
    Source(#[source] Box<dyn StdError + Send + Sync>),
}
