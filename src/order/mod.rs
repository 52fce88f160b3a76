//! From till rows to events.
//!
//! A record of an export becomes a [`Row`] through a [`RowLayout`]; rows with the same order id,
//! event name and action source become one event with its contents and its exact total. This room
//! knows rows and their rules and never that a network exists.
//!
//! ```text
//! record ── RowLayout ──▶ Row ── Orders or SortedOrders ──▶ Event
//!                RowError              Diagnostic
//! ```
//!
//! Both ways share one [desk](desk::Desk), which judges rows, and one [group](group::Group) for each order.
//! Most orders of sorted rows go a [fast way](plain::Plain), with the same result.
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

mod account;
mod closed;
mod column;
#[cfg(feature = "csv")]
pub mod csv;
mod desk;
mod group;
mod index;
mod layout;
mod marks;
mod orders;
#[cfg(feature = "rayon")]
mod part;
mod plain;
mod row;
mod sorted;
#[cfg(feature = "csv")]
mod sorted_csv;
mod spoilt;
mod stream;
mod timestamp;

pub use closed::NotSorted;
#[cfg(feature = "rayon")]
pub(crate) use closed::check_sorted_on_all_cores;
pub(crate) use closed::{check_sorted, cuts};
pub use column::Column;
pub(crate) use index::Index;
pub use index::TooManyRows;
pub use layout::{BoundLayout, LayoutError, NumberStyle, ParsedRow, RowError, RowLayout};
pub use orders::{OrderRules, Orders, Prepared};
#[cfg(feature = "rayon")]
pub(crate) use part::{Done, Joined, Part};
pub use row::Row;
pub use sorted::SortedOrders;
#[cfg(feature = "csv")]
pub use sorted_csv::{Finished, SortedError, SortedEvents};
pub(crate) use stream::{Made, Stream};
