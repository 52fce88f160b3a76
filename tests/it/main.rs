//! The promises of the crate, one module for each.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[cfg(feature = "testing")]
mod application;
#[cfg(all(feature = "arrow", feature = "csv"))]
mod arrow;
#[cfg(feature = "testing")]
mod authorize;
#[cfg(feature = "testing")]
mod check;
mod countries;
mod coverage;
#[cfg(feature = "csv")]
mod csv;
mod customer;
#[cfg(feature = "testing")]
mod datasets;
#[cfg(feature = "testing")]
mod delivery;
#[cfg(feature = "testing")]
mod doctor;
#[cfg(all(feature = "journal", feature = "testing"))]
mod durable;
#[cfg(feature = "testing")]
mod error_table;
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
#[cfg(feature = "testing")]
mod gateway;
#[cfg(feature = "csv")]
mod golden;
#[cfg(feature = "testing")]
mod graph;
mod guide;
#[cfg(feature = "csv")]
mod incomplete;
#[cfg(feature = "journal")]
mod journal;
#[cfg(feature = "journal")]
mod journal_example;
#[cfg(all(unix, feature = "csv", feature = "journal", feature = "queue", feature = "testing"))]
mod kills;
mod known_answers;
#[cfg(feature = "testing")]
mod login;
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
#[cfg(feature = "testing")]
mod quality;
#[cfg(all(feature = "queue", feature = "testing"))]
mod queue;
#[cfg(feature = "testing")]
mod renewing;
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
#[cfg(all(feature = "csv", feature = "html", feature = "journal", feature = "testing"))]
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
#[cfg(all(feature = "journal", feature = "testing"))]
mod two_weeks;
mod vectors;
mod wire_model;
#[cfg(feature = "chrono-tz")]
mod zones;
