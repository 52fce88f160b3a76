//! A stand-in for Meta's endpoint on the loopback interface, for tests that want a real socket.
//!
//! Here belongs what takes Meta's place in a test: a server that judges by the documented rules
//! and, when told so, misbehaves. Nothing here builds, cleans or sends events, and the judge shares
//! no code with the rooms that do: what they get wrong, it should notice.
//!
//! [`MockServer`] listens, [`Answer`] tells it how to misbehave, [`RecordedRequest`] is what it saw.
//! [`RecordingTransport`] does without a socket, [`ManualClock`] and [`RuntimeClock`] without waiting.
//!
//! # What the judge is stricter about than Meta
//!
//! Meta leaves some things open. The stand-in refuses them, because a test should fail there:
//!
//! - a token in the query of the URL counts as no token: URLs end up in logs;
//! - fields of an event and of its `user_data` that Meta's pages and libraries do not name;
//! - an event more than 60 seconds ahead of the clock;
//! - the digest of the empty text as a match key;
//! - a negative amount.

#![expect(clippy::disallowed_methods, reason = "the stand-in is a real server: it waits in real time")]

mod answer;
mod clock;
mod connection;
mod graph;
mod judge;
mod mock_server;
mod recorded;
mod recording;
mod reply;

pub use answer::Answer;
pub use clock::{FixedJitter, ManualClock, RuntimeClock};
pub use mock_server::{MockServer, MockServerBuilder};
pub use recorded::RecordedRequest;
pub use recording::RecordingTransport;
