//! Tools for tests: a mock of Meta's endpoint, a transport that records, and clocks.
//!
//! ```
//! use meta_offline_events::client::Client;
//! use meta_offline_events::customer::UserData;
//! use meta_offline_events::event::{ActionSource, Event};
//! use meta_offline_events::testing::{Answer, ManualClock, MockServer};
//! use meta_offline_events::value::{Currency, EventTime, Money};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let clock = ManualClock::at(EventTime::from_unix(1_767_225_600)?);
//! let server = MockServer::builder().clock(clock.clone()).start().await?;
//! let client = Client::builder("123456789012345".parse()?, "EAAB-not-a-real-token".parse()?)
//!     .loopback_endpoint(server.url())
//!     .clock(clock)
//!     .build()?;
//!
//! let customer = UserData::builder().email("mary@example.com").build()?;
//! let sale = Event::builder(EventTime::from_unix(1_767_222_000)?, customer)
//!     .action_source(ActionSource::PhysicalStore)
//!     .order_id("10001".parse()?)
//!     .value(Money::new("31.50".parse()?, Currency::USD))
//!     .build()?;
//!
//! server.script(Answer::transient());
//! let report = client.send(vec![sale]).await;
//! assert!(report.all_accepted());
//! assert_eq!(server.request_count(), 2, "the client retries after the transient error");
//! assert_eq!(server.accepted()[0]["custom_data"]["order_id"], "10001");
//! # Ok(())
//! # }
//! ```
//!
//! - [`MockServer`] listens on the loopback interface and checks every request against Meta's documented
//!   rules. An [`Answer`] makes it misbehave, and a [`RecordedRequest`] is what it received. It shares no
//!   code with the modules that clean, build and send, so it notices what they get wrong.
//!   It also plays Meta's other calls: the dialog of a login with two buttons, codes that are used once, and tokens that are
//!   inspected, exchanged, made and taken back, and that expire by the clock of the server.
//! - [`RecordingTransport`] needs no socket: it records requests and answers as scripted.
//! - [`ManualClock`] and [`RuntimeClock`] let hours pass without waiting.
//!
//! # Where the mock server is stricter than Meta
//!
//! Meta leaves some things open. The mock server refuses them, because a test should fail there:
//!
//! - a token in the query of the URL counts as no token: URLs end up in logs;
//! - fields of an event and of its `user_data` that Meta's pages and libraries do not name;
//! - an event more than 60 seconds ahead of the clock;
//! - the digest of the empty text as a match key;
//! - a negative amount.

#![expect(clippy::disallowed_methods, reason = "the mock server is a real server: it waits in real time")]

mod answer;
mod clock;
mod connection;
mod graph;
mod mock_server;
mod recorded;
mod recording;
mod reply;
mod rules;

pub use answer::Answer;
pub use clock::{FixedJitter, ManualClock, RuntimeClock};
pub use mock_server::{MockServer, MockServerBuilder};
pub use recorded::RecordedRequest;
pub use recording::RecordingTransport;
