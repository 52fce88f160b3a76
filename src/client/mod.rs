//! Sending: the only room that waits, reads the clock or draws a random number.
//!
//! What to do after an answer is decided by a pure function (`retry`); the loop in `delivery` only
//! carries it out. The network is one trait with one method ([`Transport`]), time is another
//! ([`Clock`]), and so is chance ([`Jitter`]), so that an application can test its own sending
//! without a network and without waiting.

mod backoff;
mod builder;
mod clock;
mod delivery;
mod retry;
mod transport;

use std::fmt;
use std::sync::Arc;

pub use backoff::{Jitter, SystemJitter};
pub use builder::{ClientBuilder, InvalidClient, TokenPlacement};
pub use clock::{Clock, SystemClock, Waiting};
pub use delivery::Progress;
pub use retry::RetryPolicy;
pub use transport::{HttpTransport, Request, Response, Sending, Transport, TransportError};

use crate::event::Event;
use crate::report::DeliveryReport;
use crate::value::{AccessToken, DatasetId};

/// Sends events to one dataset.
///
/// Cloning is cheap: clones share connections and settings. `Debug` shows no token.
///
/// ```no_run
/// use meta_offline_events::client::Client;
/// # async fn example(events: Vec<meta_offline_events::event::Event>) -> Result<(), Box<dyn std::error::Error>> {
/// let token = std::env::var("META_ACCESS_TOKEN")?.parse()?;
/// let client = Client::builder("123456789012345".parse()?, token).build()?;
/// let report = client.send(events).await;
/// if !report.all_accepted() {
///     for problem in report.problems() {
///         eprintln!("{problem}");
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
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

    /// Sends events and says what became of each.
    ///
    /// Events are sent in batches, in the order given. What may be repeated is repeated with the
    /// same bytes; a batch that Meta refuses for one bad event is divided until the bad one stands
    /// alone, so that the others arrive. The call ends when every event has its outcome.
    ///
    /// Dropping the future stops sending. The request in flight then may or may not have arrived;
    /// sending the same events again within seven days is safe, because their ids and times are
    /// equal and Meta drops the repeats.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, unless transport and clock are the application's own.
    pub async fn send(&self, events: Vec<Event>) -> DeliveryReport {
        self.send_watched(events, |_| {}).await
    }

    /// Sends events as [`send`](Self::send) does, and tells how far it is whenever events get their
    /// outcome.
    pub async fn send_watched(
        &self,
        events: Vec<Event>,
        watch: impl FnMut(Progress) + Send,
    ) -> DeliveryReport {
        delivery::deliver(&self.settings, events, watch).await
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("endpoint", &self.settings.url.as_str()).finish_non_exhaustive()
    }
}
