//! Why a header does not fit a layout.

use std::fmt;

use super::column::Column;

/// The error of a header that does not fit a layout.
///
/// It names columns and positions, and never shows text of the file: where the header is missing, the first line is
/// about a customer.
///
/// ```
/// use meta_offline_events::order::{Column, LayoutError, RowLayout};
///
/// let error = RowLayout::new().bind(&["Bestellnummer", "emai", "timestamp", "value", "currency"]).unwrap_err();
/// let LayoutError::Missing { near, .. } = &error else { panic!("{error}") };
/// assert_eq!(*near, [(1, Column::OrderId), (2, Column::Email)]);
/// assert!(error.to_string().starts_with("the header has no column for email or phone; order_id"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LayoutError {
    /// Columns that are needed are missing.
    Missing {
        /// Each entry is one column, or several of which one is needed.
        columns: Vec<&'static [Column]>,
        /// Unknown headers that look like a missing column with a typing error: their positions, counted from 1.
        near: Vec<(usize, Column)>,
    },
    /// Unknown headers that look like a column that the file does not have otherwise: their positions, counted from 1.
    Near(Vec<(usize, Column)>),
    /// The file does not have the header that the layout names for this column.
    NotThere(Column),
    /// The header has a column of the [order key](super::OrderKey) not at all or more than once.
    OrderKey {
        /// The header of the column, as the layout names it.
        header: String,
        /// The positions of the headers with this name, counted from 1.
        positions: Vec<usize>,
    },
    /// The header has the column by which to find [zones](super::RowLayout::zone_of) not at all or more than once.
    ZoneOf {
        /// The header of the column, as the layout names it.
        header: String,
        /// The positions of the headers with this name, counted from 1.
        positions: Vec<usize>,
    },
    /// A header stands for the order id, and the layout states that each row is an order of its own: the position of
    /// the header, counted from 1.
    OrderIdThere(usize),
    /// A text that the layout fixes for a column does not fit the column.
    Fixed {
        /// The column.
        column: Column,
        /// What is wrong.
        why: String,
    },
    /// The file has a column for which the layout fixes a text.
    FixedThere {
        /// The column.
        column: Column,
        /// The position of the header, counted from 1.
        position: usize,
    },
    /// Two headers stand for the same column.
    Twice {
        /// The column.
        column: Column,
        /// The positions of the two headers, counted from 1.
        positions: [usize; 2],
    },
    /// There are unknown columns, and the layout refuses those. Their positions, counted from 1.
    Unknown(Vec<usize>),
}

impl LayoutError {
    pub(super) fn fixed(column: Column, why: &str) -> Self {
        Self::Fixed { column, why: why.to_owned() }
    }
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { columns, near } => {
                let one_of =
                    |columns: &&[Column]| columns.iter().map(|column| column.name()).collect::<Vec<_>>();
                let missing: Vec<_> = columns.iter().map(|columns| one_of(columns).join(" or ")).collect();
                write!(f, "the header has no column for {}", missing.join("; "))?;
                if !near.is_empty() {
                    write!(f, " ({})", likeness(near))?;
                }
                f.write_str(": add the column, or let the layout name the header that stands for it")?;
                let lacks_order_id = columns.iter().any(|columns| columns.contains(&Column::OrderId));
                f.write_str(if lacks_order_id {
                    ", or state that each row is an order of its own"
                } else {
                    ""
                })
            }
            Self::Near(near) => write!(
                f,
                "{}: let the layout name the header that stands for the column, or ignore the header",
                likeness(near)
            ),
            Self::NotThere(column) => write!(
                f,
                "the file does not have the header that the layout names for {column}: correct the layout or the file"
            ),
            Self::OrderIdThere(position) => write!(
                f,
                "column {position} stands for order_id, and the layout states that each row is an order of its own: let it group the rows, or ignore the column"
            ),
            Self::OrderKey { header, positions } => {
                not_once(f, header, positions, "which the layout names in the order key")
            }
            Self::Fixed { column, why } => {
                write!(f, "the text that the layout fixes for {column} does not fit: {why}")
            }
            Self::FixedThere { column, position } => write!(
                f,
                "column {position} stands for {column}, and the layout fixes a text for it: remove the text from the layout, or ignore the column"
            ),
            Self::ZoneOf { header, positions } => {
                not_once(f, header, positions, "by which the layout finds time zones")
            }
            Self::Twice { column, positions: [first, second] } => {
                write!(
                    f,
                    "columns {first} and {second} both stand for {column}: rename or remove one, or let the layout name the one that counts"
                )
            }
            Self::Unknown(positions) => {
                write!(
                    f,
                    "the layout refuses unknown columns, and the header has them at position {}: remove them, or name them in the layout",
                    listed(positions)
                )
            }
        }
    }
}

/// Says that a column of the layout is missing, or there more than once.
fn not_once(f: &mut fmt::Formatter<'_>, header: &str, positions: &[usize], purpose: &str) -> fmt::Result {
    if positions.is_empty() {
        write!(f, "the file does not have the column `{header}`, {purpose}: correct the layout or the file")
    } else {
        write!(
            f,
            "columns {} are all named `{header}`, {purpose}: rename or remove all but one",
            listed(positions)
        )
    }
}

/// Says which headers look like which columns.
fn likeness(near: &[(usize, Column)]) -> String {
    let one = |(position, column): &(usize, Column)| format!("column {position} looks like {column}");
    near.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn listed(positions: &[usize]) -> String {
    positions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl std::error::Error for LayoutError {}
