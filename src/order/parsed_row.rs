//! What one record of an export is: a row, a return or an error.

use super::row::Row;
use super::row_error::RowError;
use crate::value::Line;

/// One parsed record of an export: a row, a return or an error.
///
/// ```
/// use meta_offline_events::order::{ParsedRow, RowLayout};
/// use meta_offline_events::value::Line;
///
/// let layout = RowLayout::new().bind(&["order_id", "email", "timestamp", "quantity", "price", "currency"])?;
/// let record = ["A1", "mary@example.com", "1777896000", "-1", "10.50", "EUR"];
/// let row = layout.read(Line::new(2), |index| record[index]);
/// assert!(matches!(row, ParsedRow::Return(_)));
/// # Ok::<(), meta_offline_events::order::LayoutError>(())
/// ```
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all records are rows, and those are not kept")]
pub enum ParsedRow<'a> {
    /// A row.
    Row(Row<'a>),
    /// A return or a cancellation: its quantity is zero or below.
    Return(Line),
    /// A row that cannot be used, with everything that is wrong with it.
    Invalid(RowError),
}
