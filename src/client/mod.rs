//! Sending: batches, retries, and the outcome of every event.
//!
//! ```text
//! source ─▶ batcher ─▶ batch ─▶ pacer ─▶ transport ─▶ answer ─▶ retry ─▶ outcome ─▶ report
//!             │ ▲                 │                                            │
//!             ▼ │ events          ▼ attempts                                   ▼ outcomes
//!           journal, if the delivery has one: what an earlier one left comes first
//! ```
//!
//! - [`Client::send`] sends events that are all there. [`Client::deliver`] sends a source of events,
//!   however long. Both return a [`Delivery`]: a future that ends with the
//!   [`DeliveryReport`](crate::report::DeliveryReport).
#![cfg_attr(
    feature = "queue",
    doc = "- [`Client::queue`] starts a [`Queue`], which sends single events in the background."
)]
#![cfg_attr(
    not(feature = "queue"),
    doc = "- `Client::queue` (feature `queue`) sends single events in the background."
)]
//!
//! # What a delivery promises
//!
//! - **Every event has exactly one outcome** when the delivery ends: accepted, refused, not sent or
//!   unconfirmed; with a journal also already sent, or pending there. The counts of the report add up.
//! - **Nothing goes on in the background.** Dropping the future stops the run.
//! - **"Accepted" means that Meta counted every event of the request.** A status of 200 alone is not
//!   enough.
//! - **"Unconfirmed" means that nobody knows**: bytes left, no valid answer came, and a retry is no longer
//!   safe. Compare in Events Manager before you send such an event again.
//! - **A panic of your own code loses nothing.** A clock, a jitter or a source that panics stops the run in
//!   order, an attempt in which a transport panics is ambiguous, and an observer that panics is not called
//!   again. The report says which it was.
//! - **Events live in memory, unless the delivery has a journal** (feature `journal`). After a crash without one, build
//!   them again from the same rows: they get the same ids and the same bytes. With one, nothing leaves that is not on
//!   the disk, and the next delivery goes on.
//!
//! # Retries
//!
//! A retry sends the same bytes. [`RetryPolicy`] limits retries for one batch and for a whole run; across
//! all batches a budget allows about one retry for every five first requests.
//!
//! | answer | the client |
//! | --- | --- |
//! | none: no connection | waits with jitter and retries; in the end not sent |
//! | none: the connection broke, or a time limit | retries while Meta deduplicates; in the end unconfirmed |
//! | a temporary error of Meta | waits with jitter, or as long as Meta asks, and retries |
//! | throttling | all workers wait; the batch is retried |
//! | a bad event | the batch is divided until the bad event stands alone, which is refused, or unconfirmed after an ambiguous attempt |
//! | not Meta's: a page, an error without a code | the same as for a broken connection, unless the status says what to do |
//! | any that asks for a longer wait than the policy allows | the run stops; the rest is not sent |
//! | the token is refused, and comes from a [`TokenSource`] | the source is asked for another token; the batch is sent once more with it, then as below |
//! | wrong token, permission, dataset, terms or endpoint | the run stops; the rest is not sent |
//! | a count that differs from what was sent | no retry; unconfirmed |
//!
//! # Deduplication
//!
//! Meta counts an event once if it comes again within a window. So retries, and sending the same export
//! twice, do not count a sale twice:
//!
//! | events | Meta compares | window |
//! | --- | --- | --- |
//! | offline: from a shop, by phone, by e-mail | order id, event time, event name and item number; without an order id the match keys instead | 7 days |
//! | web and app, the same event from browser or app and from a server | event id and event name | 48 hours |
//! | business messaging | nothing | none |
//!
//! The first event counts, whatever the value and the contents of a later one, so sending an order again
//! does not correct it. For equal web or app events that both come from servers Meta promises nothing: check
//! before you send such events again.
//!
//! Once an event may have arrived, the client retries it only within its window
//! ([`ActionSource::dedup_window`](crate::event::ActionSource::dedup_window)); after that the event is
//! unconfirmed. Of several events with the same event id and name in one run, the client sends only the
//! first, and reports the others as [`RepeatedId`](crate::report::NotSentCause::RepeatedId). Among the events
//! of a source it looks at the last 100,000. To a queue you may push the corrected form of an event that
//! Meta refused.
//!
//! # Testing your own sending
//!
//! The network is a trait with one method ([`Transport`]), time is another ([`Clock`]), and so is
//! randomness ([`Jitter`]). An application can replace each of them and test without a network and
//! without waiting.
//!
//! # Spans and events for `tracing`
//!
//! With the feature `tracing`, a run is a span, and so is each of its batches. Attempts, and whatever
//! changes the pace, are events. Everything has the target `meta_offline_events`; names and fields stay
//! the same within a major version. No field holds customer text, a token or a digest: only counts,
//! codes, times, and the trace ids by which Meta's support finds an answer.
//!
//! | kind | name | fields |
//! | --- | --- | --- |
//! | span, info | `delivery` | `in_flight`, `test_event_code` |
//! | span, info | `gateway`, within `delivery` | |
//! | span, debug | `batch` | `events` |
//! | debug | `attempt` | `result`, and of an error answer `status`, `code`, `subcode`, `trace_id` |
//! | debug | `next` | `step`, and before a wait `wait_ms` |
//! | debug | `outcome` | `outcome`, `events` |
//! | warn | `paused` | `wait_ms` |
//! | warn | `note` | `reason` |
//! | warn | `stopping` | `cause` |
//! | info | `finished` | `accepted`, `refused`, `not_sent`, `unconfirmed`, `already_sent`, `pending`, `resumed`, `requests` |

mod backoff;
mod batch_part;
mod batcher;
mod budget;
mod builder;
mod clock;
mod connection;
mod copies;
mod credentials;
mod delivery;
mod dispatch;
mod endpoint;
mod exchange;
mod gateway;
mod halt;
mod handover;
mod invalid;
mod isolation;
mod observers;
mod pacer;
#[cfg(feature = "queue")]
mod queue;
mod recent_ids;
mod records;
mod retry;
mod row_source;
mod run_clock;
mod run_log;
mod run_state;
mod runtime;
mod service;
mod settings;
mod shield;
mod source;
mod stop;
mod tokens;
mod trace;
mod transport;

use std::fmt;
use std::sync::Arc;

pub(crate) use backoff::full_jitter;
pub use backoff::{Jitter, SystemJitter};
pub use builder::ClientBuilder;
pub use clock::{Clock, SystemClock, Waiting};
pub(crate) use connection::{Connection, ConnectionSettings};
pub(crate) use credentials::ProofSecret;
pub use credentials::TokenPlacement;
pub use delivery::Delivery;
pub use gateway::Gateway;
pub use invalid::InvalidClient;
pub use observers::{OutcomeGroup, Progress};
#[cfg(feature = "queue")]
pub use queue::{InvalidQueue, PushError, PushErrorKind, Queue, QueueBuilder, QueueCounts, QueueMeter};
#[cfg(feature = "queue")]
pub use records::NotRecorded;
pub use retry::RetryPolicy;
pub(crate) use run_state::CLOCKS_DIFFER;
pub(crate) use shield::shielded;
pub use source::{
    EventSource, FromPoll, FromResults, FromStream, SourceError, from_poll, from_results, from_stream,
};
pub use stop::StopHandle;
pub use transport::{HttpTransport, Method, Request, Response, Sending, Transport, TransportError};

use settings::Settings;

use crate::auth::TokenSource;
#[cfg(feature = "journal")]
use crate::journal::{Journal, JournalError, JournalOptions};
use crate::order::IntoPrepared;
use crate::value::{AccessToken, DatasetId, Text};
use crate::wire::RequestFields;

/// A client that sends events to one dataset.
///
/// Cloning is cheap: clones share connections, settings, and the pace of their requests. `Debug` shows no
/// token.
///
/// ```
/// use meta_offline_events::client::Client;
/// # use meta_offline_events::event::Event;
/// # use meta_offline_events::testing::RecordingTransport;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let events: Vec<Event> = Vec::new();
/// let token = "EAAB-not-a-real-token".parse()?; // from the environment, or a secret store
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
    settings: Arc<Settings>,
}

impl Client {
    /// Starts the settings of a client from the two that it always needs: the dataset that receives the
    /// events, and a token that may send to it.
    pub fn builder(dataset: DatasetId, token: AccessToken) -> ClientBuilder {
        ClientBuilder::new(dataset, token.into())
    }

    /// Starts the settings of a client whose token may change while it sends: a token that expires, or
    /// that is read from a file or a secret store.
    ///
    /// ```
    /// use meta_offline_events::Client;
    /// use meta_offline_events::auth::TokenSource;
    /// # let path = std::env::temp_dir().join(format!("client-token-{}", std::process::id()));
    /// # std::fs::write(&path, "EAAB-not-a-real-token\n")?;
    ///
    /// let source = TokenSource::from_file(&path)?;
    /// let client = Client::builder_with_source("123456789012345".parse()?, source).build()?;
    /// # let _ = client;
    /// # std::fs::remove_file(path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn builder_with_source(dataset: DatasetId, tokens: TokenSource) -> ClientBuilder {
        ClientBuilder::new(dataset, tokens)
    }

    /// Starts the settings of a client that sends to a gateway and nowhere else. It needs no access token.
    ///
    /// [`endpoint`](ClientBuilder::endpoint), [`api_version`](ClientBuilder::api_version),
    /// [`request_fields`](ClientBuilder::request_fields) and all that is about a token have no effect then.
    ///
    /// ```
    /// use meta_offline_events::client::{Client, Gateway};
    ///
    /// let gateway = Gateway::new("https://gateway.shop.example/".parse()?);
    /// let client = Client::builder_for_gateway("123456789012345".parse()?, gateway).build()?;
    /// # let _ = client;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn builder_for_gateway(dataset: DatasetId, gateway: Gateway) -> ClientBuilder {
        ClientBuilder::for_gateway(dataset, gateway)
    }

    /// The dataset that receives the events.
    pub fn dataset(&self) -> &DatasetId {
        &self.settings.dataset
    }

    /// The host that the client sends to, and the path before the version: the same for every version and dataset.
    ///
    /// ```
    /// use meta_offline_events::Client;
    ///
    /// let builder = Client::builder("123".parse()?, "EAAB-not-a-real-token".parse()?);
    /// assert_eq!(builder.clone().build()?.endpoint().as_str(), "graph.facebook.com");
    /// let relay = builder.endpoint("https://relay.example/meta/".parse()?).build()?;
    /// assert_eq!(relay.endpoint().as_str(), "relay.example/meta");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn endpoint(&self) -> &Text {
        &self.settings.connection.endpoint
    }

    /// Sends events and reports the outcome of each. Await the [`Delivery`] that it returns.
    ///
    /// It takes what [`Orders::finish`](crate::order::Orders::finish) returns, and its report then counts
    /// every row, also those that did not become events. It takes a `Vec<Event>` and a single
    /// [`Event`](crate::event::Event), too.
    ///
    /// The client sends the events in batches, several requests at once. It retries what is safe to
    /// retry, with the same bytes. When Meta refuses a batch for one bad event, the client divides the
    /// batch until the bad event stands alone, so that the others arrive. The delivery ends when every
    /// event has its outcome.
    ///
    /// Dropping the future stops sending. The requests in flight may or may not have arrived. Sending the
    /// same events again within seven days is safe, because Meta deduplicates them: see
    /// [deduplication](self#deduplication).
    ///
    /// ```
    /// use meta_offline_events::client::Client;
    /// use meta_offline_events::customer::UserData;
    /// use meta_offline_events::order::{Orders, Row};
    /// # use meta_offline_events::client::{Clock, SystemClock};
    /// # use meta_offline_events::testing::RecordingTransport;
    /// use meta_offline_events::value::{Currency, Line};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let client = Client::builder("1".parse()?, "token".parse()?)
    /// #     .transport(RecordingTransport::new())
    /// #     .build()?;
    /// let now = SystemClock.now();
    /// let mut orders = Orders::new();
    /// for (line, email) in [(2, "mary@example.com"), (3, "nobody")] {
    ///     orders.push(
    ///         &Row::new(Line::new(line), now)
    ///             .customer(UserData::builder().email(email))
    ///             .order_id(format!("1000{line}").parse()?)
    ///             .value("10.50".parse()?)
    ///             .currency(Currency::EUR),
    ///     );
    /// }
    /// let report = client.send(orders.finish(now)).await;
    /// assert_eq!((report.rows().accepted, report.rows().invalid), (1, 1));
    /// assert!(!report.all_accepted(), "the row of `nobody` was not sent");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Runtime
    ///
    /// Await it in a tokio runtime that was built with `enable_all`, unless transport and clock are the
    /// application's own. Elsewhere it sends nothing, and the run stops with
    /// [`StopCause::NoRuntime`](crate::report::StopCause::NoRuntime).
    pub fn send(&self, prepared: impl IntoPrepared) -> Delivery<'static> {
        Delivery::of_prepared(&self.settings, prepared.into_prepared())
    }

    /// Sends the events of a source, however many, and reports on them. Await the [`Delivery`] that it
    /// returns.
    ///
    /// [`EventSource`] lists what can be a source: iterators, streams, channels. Pass `&mut source` to keep
    /// the source. The client takes events only when it has room for them, so memory does not grow with the
    /// source: the report holds counts, and what went wrong up to a limit. When the run stops before the
    /// end, [`into_unsent`](crate::report::DeliveryReport::into_unsent) returns the events that were taken
    /// and not sent; the others are still in the source.
    ///
    /// Otherwise it is the same as [`send`](Self::send).
    ///
    /// ```
    /// use meta_offline_events::client::Client;
    /// # use meta_offline_events::customer::UserData;
    /// # use meta_offline_events::event::Event;
    /// # use meta_offline_events::testing::RecordingTransport;
    /// # use meta_offline_events::client::{Clock, SystemClock};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let client = Client::builder("1".parse()?, "token".parse()?)
    /// #     .transport(RecordingTransport::new())
    /// #     .build()?;
    /// # let sale = |number: u32| {
    /// #     let customer = UserData::builder().email(&format!("{number}@example.com")).build().unwrap();
    /// #     let event = Event::builder(SystemClock.now(), customer);
    /// #     event.name("Subscribe".parse().unwrap()).build().unwrap()
    /// # };
    /// let sales = (0..2500).map(sale); // or a channel, or a stream
    /// let report = client.deliver(sales).on_progress(|progress| println!("{} sent", progress.done)).await;
    /// assert!(report.all_accepted());
    /// assert_eq!(report.events().accepted, 2500);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Runtime
    ///
    /// Await it in a tokio runtime that was built with `enable_all`, unless transport and clock are the
    /// application's own. Elsewhere it sends nothing, and the run stops with
    /// [`StopCause::NoRuntime`](crate::report::StopCause::NoRuntime).
    pub fn deliver<'d>(&self, source: impl EventSource + 'd) -> Delivery<'d> {
        Delivery::of_source(&self.settings, source)
    }

    /// Opens the journal of this client's dataset and endpoint in a folder, which it creates if it is missing.
    ///
    /// Give it to [`Delivery::journal`], [`resume`](Self::resume) or a queue. It is the same as
    /// [`JournalOptions::open`](crate::journal::JournalOptions::open) with the client's
    /// [endpoint](Self::endpoint) and the default options. It reads the whole journal before it returns.
    ///
    /// ```
    /// use meta_offline_events::Client;
    ///
    /// # let folder = std::env::temp_dir().join(format!("client-journal-{}", std::process::id()));
    /// # let _ = std::fs::remove_dir_all(&folder);
    /// let client = Client::builder("123".parse()?, "EAAB-not-a-real-token".parse()?).build()?;
    /// let journal = client.journal(&folder)?;
    /// for damage in journal.damage() {
    ///     eprintln!("{damage}");
    /// }
    /// assert_eq!(journal.counts()?.total(), 0);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`Journal::open`](crate::journal::Journal::open).
    #[cfg(feature = "journal")]
    pub fn journal(&self, folder: impl AsRef<std::path::Path>) -> Result<Journal, JournalError> {
        JournalOptions::new().endpoint(self.endpoint().clone()).open(folder, self.dataset())
    }

    /// Sends what an earlier delivery left in a journal, and nothing else. Await the [`Delivery`] that it returns.
    ///
    /// The counts are in [`resumed`](crate::report::DeliveryReport::resumed). Any other delivery with the journal
    /// sends these events, too, before its own.
    ///
    /// ```
    /// use meta_offline_events::client::Client;
    /// # use meta_offline_events::client::{Clock, SystemClock};
    /// # use meta_offline_events::customer::UserData;
    /// # use meta_offline_events::event::Event;
    /// # use meta_offline_events::testing::RecordingTransport;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = std::env::temp_dir().join(format!("client-resume-{}", std::process::id()));
    /// # let _ = std::fs::remove_dir_all(&folder);
    /// # let client = Client::builder("1".parse()?, "token".parse()?)
    /// #     .transport(RecordingTransport::new())
    /// #     .build()?;
    /// # let customer = UserData::builder().email("mary@example.com").build()?;
    /// # let sale = Event::builder(SystemClock.now(), customer).name("Subscribe".parse()?).build()?;
    /// let journal = client.journal(&folder)?;
    /// journal.hand_over(&[sale], SystemClock.now())?; // by a program that was killed, say
    /// let report = client.resume(&journal).await;
    /// assert_eq!(report.resumed().accepted, 1);
    /// assert!(report.all_accepted());
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "journal")]
    pub fn resume(&self, journal: &Journal) -> Delivery<'static> {
        self.deliver(std::iter::empty()).journal(journal)
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.settings.connection
    }

    pub(crate) fn tokens(&self) -> &TokenSource {
        &self.settings.tokens
    }

    /// Whether Meta's token is sent to what receives the events.
    pub(crate) fn gets_token(&self) -> bool {
        self.settings.credentials.is_some()
    }

    pub(crate) fn is_for_gateway(&self) -> bool {
        self.settings.service.is_gateway()
    }

    pub(crate) fn has_test_event_code(&self) -> bool {
        self.settings.fields.has_test_event_code()
    }

    pub(crate) fn max_clock_difference(&self) -> i64 {
        self.settings.max_clock_difference()
    }

    /// A client that sends other fields beside the events, and to Meta alone.
    pub(crate) fn with_request_fields(&self, fields: RequestFields) -> Self {
        Self { settings: Arc::new(self.settings.with_fields(fields)) }
    }

    /// What proofs of the app secret are made with.
    pub(crate) fn proof_secret(&self) -> Option<&ProofSecret> {
        self.settings.credentials.as_ref()?.secret.as_ref()
    }

    /// Starts the settings of a [`Queue`], which sends in the background, for an application that takes
    /// single sales.
    #[cfg(feature = "queue")]
    pub fn queue(&self) -> QueueBuilder {
        QueueBuilder::new(Arc::clone(&self.settings))
    }
}

impl ClientBuilder {
    /// Checks the settings and builds the client. It sends nothing yet.
    ///
    /// # Errors
    ///
    /// [`InvalidClient`]
    /// - for an endpoint that is not `https`, or has a user, a query, a fragment or a port;
    /// - for a [`gateway`](Self::gateway) that breaks the same rules, has a filter although it is the only receiver, or
    ///   stands beside a test event code;
    /// - for an API version that is not `v<major>.<minor>`;
    /// - for an expiry beside a token source that may replace the token;
    /// - for a time limit or a number of zero, or a number beyond its maximum;
    /// - for a proxy that is neither `http` nor `https`, or has a path, a query or a fragment;
    /// - for root certificates that cannot be read, or are missing where only they are trusted;
    /// - for a proxy or root certificates beside a [`transport`](Self::transport) of your own;
    /// - when TLS cannot be set up.
    ///
    /// # Panics
    ///
    /// With feature `rustls-no-provider` alone, the HTTP library panics unless the application has
    /// installed a cryptography provider.
    pub fn build(self) -> Result<Client, InvalidClient> {
        Ok(Client { settings: Arc::new(self.settings()?) })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("endpoint", &self.settings.url.as_str()).finish_non_exhaustive()
    }
}
