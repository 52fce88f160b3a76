//! Sending: the only room that waits, reads the clock or draws a random number.
//!
//! ```text
//! source ─ intake ─▶ batch ─ gate ─▶ transport ─▶ answer ─ retry ─▶ next step ─▶ account
//! ```
//!
//! A run is one future: its workers take batches from the `intake`, and each carries its batch through
//! to the end (`dispatch`), with up to a stated number of requests in flight. What to do after an
//! answer is decided by a pure function (`retry`). When a request may start is told by the `gate`,
//! which all clones of a client share.
//!
//! The network is one trait with one method ([`Transport`]), time is another ([`Clock`]), and so is
//! chance ([`Jitter`]), so that an application can test its own sending without a network and without
//! waiting.
//!
//! # What `tracing` is told
//!
//! With the feature `tracing`, a run is a span, and so is each of its batches; attempts and whatever
//! changes the pace are events. Everything has the target `meta_offline_events`; names and fields stay
//! as they are within a major version. No field holds customer text, a token or a digest: only counts,
//! codes, times, and the trace ids by which Meta's support finds an answer.
//!
//! | kind | name | fields |
//! | --- | --- | --- |
//! | span, info | `delivery` | `in_flight`, `test_event_code` |
//! | span, debug | `batch` | `events` |
//! | debug | `attempt` | `result`, and of an error answer `status`, `code`, `subcode`, `trace_id` |
//! | debug | `next` | `step`, and before a wait `wait_ms` |
//! | debug | `settled` | `outcome`, `events` |
//! | warn | `paused` | `wait_ms` |
//! | warn | `note` | `reason` |
//! | warn | `stopping` | `cause` |
//! | info | `finished` | `accepted`, `refused`, `not_sent`, `unconfirmed`, `requests` |

mod backoff;
mod board;
mod budget;
mod builder;
mod clock;
mod delivery;
mod dispatch;
mod gate;
mod intake;
#[cfg(feature = "queue")]
mod queue;
mod retry;
mod source;
mod stop;
mod trace;
mod transport;

use std::fmt;
use std::sync::Arc;

pub use backoff::{Jitter, SystemJitter};
pub use board::{Progress, Settled};
pub use builder::{ClientBuilder, InvalidClient, TokenPlacement};
pub use clock::{Clock, SystemClock, Waiting};
pub use delivery::Delivery;
#[cfg(feature = "queue")]
pub use queue::{InvalidQueue, PushErrorKind, Queue, QueueBuilder, QueueCounts, QueueMeter, Refused};
pub use retry::RetryPolicy;
pub use source::{EventSource, FromPoll, from_poll};
pub use stop::StopHandle;
pub use transport::{HttpTransport, Request, Response, Sending, Transport, TransportError};

use crate::event::Event;
use crate::value::{AccessToken, DatasetId};

/// Sends events to one dataset.
///
/// Cloning is cheap: clones share connections and settings. `Debug` shows no token.
///
/// ```
/// use meta_offline_events::client::Client;
/// # use meta_offline_events::event::Event;
/// # use meta_offline_events::testing::RecordingTransport;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let events: Vec<Event> = Vec::new();
/// let token = "EAAB-not-a-real-token".parse()?; // from the environment, or a store of secrets
/// let client = Client::builder("123456789012345".parse()?, token)
/// #     .transport(RecordingTransport::new())
///     .build()?;
/// let report = client.send(events).await;
/// if !report.all_accepted() {
///     for diagnostic in report.diagnostics() {
///         eprintln!("{diagnostic}");
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    settings: Arc<builder::Settings>,
}

impl Client {
    /// Starts a client: which dataset receives the events, and the token that may send to it.
    pub fn builder(dataset: DatasetId, token: AccessToken) -> ClientBuilder {
        ClientBuilder::new(dataset, token)
    }

    /// Sends events and says what became of each; await what it returns.
    ///
    /// Events are sent in batches, several at once. What may be repeated is repeated with the same
    /// bytes; a batch that Meta refuses for one bad event is divided until the bad one stands alone, so
    /// that the others arrive. The call ends when every event has its outcome.
    ///
    /// Dropping the future stops sending. The requests in flight then may or may not have arrived;
    /// sending the same events again within seven days is safe, because their ids and times are
    /// equal and Meta drops the repeats.
    ///
    /// # Panics
    ///
    /// When awaited outside a tokio runtime, unless transport and clock are the application's own.
    pub fn send(&self, events: Vec<Event>) -> Delivery<'_> {
        Delivery::of_all(&self.settings, events)
    }

    /// Sends a stream of events, however long, in the same way; await what it returns.
    ///
    /// Events are taken from the stream as there is room for them, and memory stays flat: the report
    /// holds counts, and what went wrong up to a limit. When the run stops before the end, what was
    /// taken and not sent is in [`DeliveryReport::into_unsent`](crate::report::DeliveryReport::into_unsent), and the rest is still in the stream.
    ///
    /// ```
    /// use meta_offline_events::client::Client;
    /// # use meta_offline_events::customer::UserData;
    /// # use meta_offline_events::event::Event;
    /// # use meta_offline_events::testing::RecordingTransport;
    /// # use meta_offline_events::value::EventTime;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let client = Client::builder("1".parse()?, "token".parse()?)
    /// #     .transport(RecordingTransport::new())
    /// #     .build()?;
    /// # use meta_offline_events::client::{Clock, SystemClock};
    /// # let sale = |number: u32| {
    /// #     let customer = UserData::builder().email(&format!("{number}@example.com")).build().unwrap();
    /// #     let event = Event::builder(SystemClock.now(), customer);
    /// #     event.name("Subscribe".parse().unwrap()).build().unwrap()
    /// # };
    /// let mut sales = (0..2500).map(sale); // or rows of a table, or a channel
    /// let report = client.deliver(&mut sales).on_progress(|progress| println!("{} sent", progress.done)).await;
    /// assert!(report.all_accepted());
    /// assert_eq!(report.events().accepted, 2500);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// When awaited outside a tokio runtime, unless transport and clock are the application's own.
    pub fn deliver<'d, S: EventSource>(&'d self, source: &'d mut S) -> Delivery<'d> {
        Delivery::of_stream(&self.settings, source)
    }

    /// Prepares to send in the background, for an application that takes single sales: see [`Queue`].
    #[cfg(feature = "queue")]
    pub fn queue(&self) -> QueueBuilder {
        QueueBuilder::new(self.clone())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("endpoint", &self.settings.url.as_str()).finish_non_exhaustive()
    }
}
