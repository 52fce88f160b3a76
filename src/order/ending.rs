//! What proves that a source of rows is complete.

use super::row_error::Fault;

/// What is known about the end of a source of rows.
///
/// A file may be cut where a record ends, and a pipe may end because its producer was killed: from the rows alone
/// nobody can see it. `CsvRows` can check the number of rows or an end mark.
///
/// ```
/// # #[cfg(feature = "csv")]
/// # {
/// use meta_offline_events::order::{Ending, Orders, RowLayout, csv::CsvRows};
///
/// let file = "order_id,email,timestamp,value,currency\nA1,mary@example.com,1777896000,10.50,EUR\n#END\n";
/// let mut rows = CsvRows::new(file.as_bytes(), &RowLayout::new())?.end_mark("#END");
/// rows.read_into(&mut Orders::new())?;
/// assert_eq!(rows.ending(), Ending::Proven);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ending {
    /// An end mark or a stated number of rows proves that no row is missing; or the source itself says so, as a
    /// database does.
    Proven,
    /// Nothing proves that no row is missing: the last order may go on.
    Unproven,
    /// The last line has no line break: its last field may be cut.
    OpenLine,
    /// Rows are missing: reading failed, or an end mark or a stated number of rows does not fit.
    Incomplete,
}

impl Ending {
    /// What the last order cannot be trusted for, unless the end is proven.
    pub(super) fn doubt(self) -> Option<Fault> {
        let message = match self {
            Self::Proven | Self::Incomplete => return None,
            Self::Unproven => {
                "nothing proves that the file ends here: rows of its last order may be missing; state how many rows \
                 it has, or the end mark that is its last line"
            }
            Self::OpenLine => {
                "the last line has no line break: its last field may be cut, and rows of its order may be missing; \
                 state the end mark that is the last line of the file"
            }
        };
        Some(Fault::of_row("unproven_end", message))
    }
}

/// Why the order of the last row is not sent, where the rules hold it back.
pub(super) fn held_back() -> Fault {
    let message =
        "held back, because nothing proves that the file ends here and rows of this order may be missing";
    Fault::of_row("held_back", message)
}

/// Why an order is not sent that may have more rows than were read.
pub(super) fn incomplete() -> Fault {
    Fault::of_row("order_incomplete", "not sent, because rows are missing: some may belong to this order")
}
