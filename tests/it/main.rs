//! The promises of the crate, one module for each.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[cfg(feature = "testing")]
mod application;
#[cfg(all(feature = "arrow", feature = "csv"))]
mod arrow;
mod countries;
mod coverage;
#[cfg(feature = "csv")]
mod csv;
mod customer;
#[cfg(feature = "testing")]
mod delivery;
#[cfg(all(feature = "arrow", feature = "csv", feature = "journal", feature = "queue"))]
mod errors;
mod event_rules;
mod faults;
#[cfg(feature = "testing")]
mod flow;
#[cfg(all(feature = "encoding", feature = "gzip"))]
mod formats;
#[cfg(feature = "testing")]
mod found;
mod from_json;
#[cfg(feature = "csv")]
mod golden;
mod guide;
#[cfg(feature = "csv")]
mod incomplete;
#[cfg(feature = "journal")]
mod journal;
mod known_answers;
#[cfg(feature = "testing")]
mod matrix;
#[cfg(feature = "testing")]
mod model;
mod names;
#[cfg(all(feature = "testing", feature = "rustls"))]
mod network;
mod order_ids;
mod orders;
mod payloads;
#[cfg(feature = "phone")]
mod phones;
#[cfg(all(feature = "queue", feature = "testing"))]
mod queue;
#[cfg(feature = "html")]
mod report_diff;
#[cfg(all(feature = "html", feature = "testing"))]
mod reports;
mod rooms;
#[cfg(feature = "testing")]
mod row_sources;
#[cfg(feature = "testing")]
mod sample;
#[cfg(feature = "testing")]
mod secrets;
#[cfg(all(feature = "csv", feature = "html", feature = "testing"))]
mod send_orders;
#[cfg(feature = "testing")]
mod service;
mod slice;
#[cfg(feature = "csv")]
mod sorted;
#[cfg(feature = "testing")]
mod sources;
mod stored_events;
mod support;
#[cfg(feature = "csv")]
mod throughput;
#[cfg(all(feature = "chrono-tz", feature = "encoding", feature = "gzip", feature = "phone"))]
mod tills;
#[cfg(all(feature = "testing", feature = "rustls"))]
mod tls;
#[cfg(feature = "testing")]
mod tokens;
#[cfg(all(feature = "testing", feature = "tracing"))]
mod trace;
mod vectors;
mod wire_model;
#[cfg(feature = "chrono-tz")]
mod zones;
