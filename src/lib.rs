//! Send offline events (shop sales, phone orders, renewals) to Meta's Conversions API.
//!
#![cfg_attr(all(feature = "csv", feature = "testing"), doc = include_str!("guide/quickstart.md"))]
#![cfg_attr(
    not(all(feature = "csv", feature = "testing")),
    doc = "The quickstart is in the README, and at the top of this page when all features are on."
)]
//!
//! The file has one line for each item sold. The crate cleans and hashes every customer value, groups the lines
//! into one event per order, checks each event against Meta's rules, sends the events in batches, retries what
//! is safe to retry, and reports the outcome of **every row**.
//!
//! No file? Build [`Row`]s from your own records, or single [`Event`]s:
//!
//! ```
//! use meta_offline_events::value::{Currency, Money};
//! use meta_offline_events::{Event, EventTime, UserData};
//!
//! let customer = UserData::builder().email("John_Smith@gmail.com").phone("+1 650 555 1212").build()?;
//! let event = Event::builder(EventTime::from_unix(1_767_225_600)?, customer)
//!     .order_id("10001".parse()?)
//!     .value(Money::new("31.50".parse()?, Currency::USD))
//!     .build()?;
//! assert_eq!(event.name().as_str(), "Purchase");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Map
//!
//! ```text
//! rows ──▶ Orders ──▶ Event ──▶ Client ──▶ DeliveryReport
//! ```
//!
//! In reading order:
//!
//! 1. [`order`]: rows of an export become events. [`RowLayout`] says which column is what, [`Row`] is one item
//!    sold, [`Orders`] groups rows that come in any order.
//!    [`SortedOrders`](order::SortedOrders) groups rows that are sorted by order id, in constant memory, and
//!    [`RowSlice`](order::RowSlice) rows that are in memory already.
//! 2. [`event`]: one conversion. [`Event`] has every member of Meta's server event, and its builder checks every
//!    rule.
//! 3. [`customer`]: raw customer text becomes hashed match keys. [`UserData`] holds those of one customer;
//!    [`Coverage`](customer::Coverage) counts which match keys a set of customers has.
#![cfg_attr(
    feature = "client",
    doc = "4. [`client`]: sending. [`Client`] sends prepared events, a source of any length, or a queue."
)]
#![cfg_attr(not(feature = "client"), doc = "4. `client` (feature `client`): sending.")]
//!    A token that expires comes from a source in [`auth`].
#![cfg_attr(
    feature = "client",
    doc = "   Logins, and tokens that are inspected, renewed and revoked, are calls in [`graph`]."
)]
#![cfg_attr(feature = "client", doc = "   Whether a client is set up right is what [`check`] finds out.")]
//! 5. [`report`]: the outcome of every row and every event. [`DeliveryReport`] has counts
//!    that add up, and a [`Diagnostic`](report::Diagnostic) for everything that is wrong.
//! 6. [`value`]: single values, parsed once: amounts, currencies, times, ids, the access token.
//! 7. [`wire`]: request bodies without sending, for a dry run or your own HTTP stack.
#![cfg_attr(
    feature = "testing",
    doc = "8. [`testing`]: a mock of Meta's endpoint, a recording transport and clocks for your tests."
)]
#![cfg_attr(
    not(feature = "testing"),
    doc = "8. `testing` (feature `testing`): a mock of Meta's endpoint, a recording transport and clocks."
)]
#![cfg_attr(
    feature = "journal",
    doc = "9. [`journal`]: events on disk, and a memory of what was sent, for deliveries and queues."
)]
#![cfg_attr(not(feature = "journal"), doc = "9. `journal` (feature `journal`): events on disk.")]
//!
//! Every error of the crate converts into [`Error`], so that one `?` fits them all.
//!
//! # Guide
//!
//! - [`guide::cookbook`]: eighteen tasks, each with its code.
//! - [`guide::credentials`]: from an account at Meta to the first test event, and what to do when it stops working.
//! - [`guide::delivery`]: batches, outcomes, retries, and what is lost when.
//! - [`guide::durability`]: what a journal promises, what it does not, how to back it up and to move it.
//! - [`guide::deduplication`]: when Meta counts an event twice, and how to avoid it.
//! - [`guide::cleaning`]: how each customer value is cleaned before it is hashed, with the source of each rule.
//! - [`guide::privacy`]: what is hashed, what travels in the clear, limited data use and opt out.
//! - [`guide::monitoring`]: how to notice that a delivery goes wrong: reports, metrics, alerts, and comparing runs.
//! - [`guide::design`]: why the crate is as it is, and what it does not do.
//!
//! # Promises
//!
//! - **Sending is awaited.** When a delivery ends, every event has exactly one outcome: accepted, refused, not
//!   sent or unconfirmed; with a journal also already sent, or pending there. Nothing goes on in the background, unless
//!   you start a queue.
//! - **Every row counts once.** The counts of the report add up, also for rows that did not become events.
//! - **Half an order is never sent, and no amount is guessed.** One invalid row holds back its order, and the
//!   report names the line.
//! - **The same rows give the same bytes and the same event ids**, on every attempt, machine and day. So sending
//!   an export again is safe while Meta deduplicates offline events, which is seven days.
//! - **Events live in memory**, unless a delivery goes through a `journal` (feature `journal`). A process without one that
//!   is killed loses what was not reported: build the events again from the same rows. With one, the next process goes on.
//! - **A queue must be closed.** `Queue::close` sends what the queue holds and returns the report. A queue that
//!   is only dropped gives no report, and ends with its runtime.
//! - **No token and no customer text** appears in an error, a log line or `Debug`.
//!
//! # Features
//!
//! | feature | default | adds |
//! | --- | --- | --- |
//! | `client` | yes | the asynchronous client, over reqwest and tokio |
//! | `rustls` | yes | TLS by rustls with its default cryptography provider (needs a C compiler) |
//! | `rustls-no-provider` | no | TLS by rustls with the provider that the application installs |
//! | `native-tls` | no | TLS by the platform |
//! | `csv` | no | rows from CSV files |
//! | `arrow` | no | rows from Arrow record batches, as query engines give them; `arrow-array` and `arrow-schema` 58 to 60 |
//! | `encoding` | no | CSV files in other encodings than UTF-8 |
//! | `gzip` | no | CSV files that are packed with gzip |
//! | `phone` | no | completes national phone numbers with the calling code of a stated country |
//! | `chrono-tz` | no | time zones by name, such as `Europe/Berlin`, with daylight saving time |
//! | `journal` | no | events on disk: what was handed over survives the process, and is not sent twice |
//! | `html` | no | reads saved reports back, and makes a page of them for people |
//! | `queue` | no | sends single events in the background |
//! | `jiff` | no | times of events from `jiff` |
//! | `rust_decimal` | no | amounts from and to `rust_decimal::Decimal` |
//! | `rayon` | no | groups rows in memory, and writes bodies, on all cores |
//! | `tracing` | no | spans and events of deliveries and calls, for subscribers of `tracing` |
//! | `testing` | no | a mock of Meta's endpoint, a recording transport and clocks for tests |
//!
//! Without any feature, values, events, orders and request bodies work without an asynchronous runtime.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod auth;
#[cfg(feature = "client")]
pub mod check;
#[cfg(feature = "client")]
pub mod client;
pub mod customer;
mod error;
pub mod event;
#[cfg(feature = "client")]
pub mod graph;
pub mod guide;
#[cfg(feature = "journal")]
pub mod journal;
pub mod order;
pub mod report;
#[cfg(feature = "testing")]
pub mod testing;
pub mod value;
pub mod wire;

#[cfg(feature = "client")]
pub use client::Client;
pub use customer::UserData;
pub use error::{Error, ErrorKind};
pub use event::Event;
#[cfg(feature = "arrow")]
pub use order::arrow::ArrowRows;
#[cfg(feature = "csv")]
pub use order::csv::CsvRows;
pub use order::{Orders, Row, RowLayout};
pub use report::DeliveryReport;
pub use value::EventTime;

/// The README's own examples, so that they are compiled with the tests.
#[cfg(all(doctest, feature = "client", feature = "csv"))]
#[doc = include_str!("../README.md")]
struct Readme;
