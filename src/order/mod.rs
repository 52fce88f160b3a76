//! From the rows of an export to events.
//!
//! A record of an export becomes a [`Row`] through a [`RowLayout`]; rows with the same order id, event name and
//! action source become one event with its contents and its exact total.
//!
//! ```text
//! record ── RowLayout ──▶ Row ── Orders, SortedOrders or RowSlice ──▶ Event
//!                RowError              Diagnostic
//! ```
//!
//! [`Orders`] takes rows in any order, [`SortedOrders`] rows that are sorted by order id in constant memory, and
//! [`RowSlice`] rows that are in memory already, on one core or all. All of them group rows in the same way and
//! give the same events.
//!
//! The rules, where the row contract leaves a choice:
//!
//! - an order is never sent in half: one row that is invalid refuses all rows of its order, because
//!   a total without it would be wrong. Returns (quantity at or below zero) are no fault: they are
//!   left out and the order's other rows go on. A row whose columns cannot be trusted refuses every
//!   order whose id it may carry;
//! - the earliest row gives the time of the event;
//! - two currencies, two external ids or two event ids in one order refuse it; other customer values
//!   are united, first seen first;
//! - a match key that cannot be used is left out with a note, as long as an e-mail or a phone remains;
//! - the total is summed exactly and rounded once, half to even, to the currency's minor units;
//! - rows without an order id are one event each.

#[cfg(feature = "csv")]
pub mod csv;
mod group;
mod layout;
mod orders;
mod parsed_row;
mod prepared;
mod row;
mod row_error;
mod rules;
mod slice;
mod sort_check;
mod sorted;
mod sorted_error;
mod sorted_events;
mod source;
mod tally;

pub use layout::{BoundLayout, Column, LayoutError, NumberStyle, RowLayout};
pub use orders::Orders;
pub use parsed_row::ParsedRow;
pub use prepared::Prepared;
pub use row::Row;
pub use row_error::RowError;
pub use rules::OrderRules;
#[cfg(feature = "rayon")]
pub(crate) use slice::Collect;
pub use slice::{RowSlice, TooManyRows};
pub use sort_check::NotSorted;
pub use sorted::SortedOrders;
pub use sorted_error::SortedError;
pub use sorted_events::{SortedEventStream, SortedEvents};
pub use source::{RecordRows, RowSource, ToRow};
