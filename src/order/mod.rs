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
//! give the same events. They hash customer values as rows come in. Names, genders and places often come again:
//! up to 512 of these texts, none longer than 28 bytes, are kept with their digests until the grouping ends. No other
//! text of a customer is kept.
//!
//! The rules, where the row contract leaves a choice:
//!
//! - An order is sent whole or not at all: one invalid row holds back all rows of its order, because a total without
//!   it would be wrong. Returns (quantity of zero or less) are not invalid: they are left out, and the other rows of
//!   the order go on. A row whose columns cannot be trusted holds back every order whose id it may carry.
//! - The earliest row gives the event time.
//! - An order has one customer. Rows are of one customer if they share an e-mail, a phone or an external id, or if
//!   other rows of the order link them; the order of the rows makes no difference. Rows of two customers make the order
//!   invalid: most likely stores, tills or days repeat order ids, and an [`OrderKey`] tells their orders apart.
//! - Two currencies, two external ids or two event ids in one order make it invalid. Other customer values are
//!   united, in the order of the rows.
//! - An error of a spreadsheet such as `#REF!`, or a filler such as `0000`, `####` or `TEST`, is no order id: its rows
//!   are invalid. A blank field, or a word for a missing value such as `N/A`, is a row without an order id.
//! - A match key that cannot be used is left out with a note, as long as an e-mail address or a phone number remains.
//! - The total is exact, with all digits of every price, and rounded once, half to even, to the minor units of the currency.
//! - Each row without an order id is an event of its own.
//! - Nobody can see that a file was cut where a record ends: a note names its last order, unless an end mark or a
//!   stated number of rows proves the [`Ending`].

#[cfg(feature = "arrow")]
pub mod arrow;
#[cfg(feature = "csv")]
pub mod csv;
mod ending;
#[cfg(any(feature = "arrow", feature = "csv"))]
mod field;
mod group;
mod groups;
mod layout;
mod order_id;
mod orders;
mod parsed_row;
mod prepared;
mod quantity;
mod row;
mod row_error;
mod rules;
mod sample;
mod slice;
mod sort_check;
mod sorted;
mod sorted_error;
mod sorted_events;
mod sorted_progress;
mod sorted_thread;
mod source;
mod tally;

pub use ending::Ending;
pub use layout::{
    BoundLayout, Column, Gap, LayoutError, NumberStyle, OrderKey, Overlap, RowLayout, SerialDays,
};
pub use orders::Orders;
pub use parsed_row::ParsedRow;
pub use prepared::{IntoPrepared, Prepared};
pub use row::Row;
pub use row_error::RowError;
pub use rules::OrderRules;
pub use sample::MostlyInvalid;
#[cfg(feature = "rayon")]
pub(crate) use slice::Collect;
pub use slice::{RowSlice, TooManyRows};
pub use sort_check::NotSorted;
pub use sorted::SortedOrders;
pub use sorted_error::SortedError;
pub use sorted_events::{SortedEventStream, SortedEvents};
pub use sorted_thread::SortedEventThread;
pub use source::{RecordRows, RowSource, RowSources, RowStream, ToRow};
