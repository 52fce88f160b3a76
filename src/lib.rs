//! Offline events for Meta's Conversions API: shop sales, phone orders, renewals.
//!
//! # The way of a sale
//!
//! ```text
//! record ─ RowLayout ─▶ Row ─ Orders ─▶ Event ─ Batches ─▶ body ─ Client ─▶ Outcome ─▶ DeliveryReport
//! ```
//!
//! 1. [`value`]: one field at a time, parsed once: [`Amount`](value::Amount),
//!    [`Currency`](value::Currency), [`EventTime`](value::EventTime), ids, the token.
//! 2. [`customer`]: raw text to hashed match keys: [`UserData`](customer::UserData).
//! 3. [`event`]: one conversion, checked: [`Event`](event::Event).
//! 4. [`order`]: rows of an export to events: [`RowLayout`](order::RowLayout), [`Row`](order::Row),
//!    [`Orders`](order::Orders), and for rows that are sorted [`SortedOrders`](order::SortedOrders).
//! 5. [`wire`]: request bodies: [`Batches`](wire::Batches). From rows straight to bodies it is shorter by
//!    [`bulk`]: [`Bodies`](bulk::Bodies).
#![cfg_attr(feature = "client", doc = "6. [`client`]: sending: [`Client`](client::Client).")]
#![cfg_attr(not(feature = "client"), doc = "6. `client` (feature `client`): sending.")]
//! 7. [`report`]: what became of every row and event: [`DeliveryReport`](report::DeliveryReport).
#![cfg_attr(
    feature = "testing",
    doc = "8. [`testing`]: a mock of Meta's endpoint, and more for tests of your own."
)]
#![cfg_attr(not(feature = "testing"), doc = "8. `testing` (feature `testing`): a mock of Meta's endpoint.")]
//!
//! How values are cleaned, and where Meta's own libraries differ, is told in [`guide::cleaning`].
//!
//! # What is promised
//!
//! - Sending is awaited: when `Client::send` returns, every event has its outcome, and the
//!   counts of the report add up. Nothing goes on in the background, unless a queue is started
//!   (feature `queue`): that lives in memory, and has to be closed.
//! - Half an order is never sent, and an amount is never guessed.
//! - Equal rows give equal bytes and equal event ids, so repeating them is safe for as long as Meta
//!   compares offline events: seven days.
//! - No token and no customer text is in any error, log line or `Debug`.
//!
//! # Features
//!
//! `client` and `rustls` are on by default. `csv` reads rows from files, `phone` completes national phone
//! numbers, `queue` sends in the background, `rayon` makes bodies on all cores, `testing` brings what tests
//! need, `native-tls` and `rustls-no-provider` choose another TLS. Without any of them values, events, orders
//! and bodies work without a runtime.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "client")]
pub mod client;
pub mod customer;
mod error;
pub mod event;
pub mod guide;
pub mod order;
pub mod report;
#[cfg(feature = "testing")]
pub mod testing;
pub mod value;
pub mod wire;

pub use error::{Error, ErrorKind};

/// The README's own examples, so that they are compiled with the tests.
#[cfg(all(doctest, feature = "csv", feature = "queue"))]
#[doc = include_str!("../README.md")]
struct Readme;
