//! The settings of a mock server, and how it starts.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;
use url::Url;

use super::serve::listen;
use super::server::MockServer;
use super::state::{Settings, State};
use crate::client::{Clock, SystemClock};
use crate::testing::rules::{KnownToken, Tokens};
use crate::value::{AccessToken, AppId, AppSecret, DatasetId, EventTime, GatewayAccessKey};

impl MockServer {
    /// Starts a server that accepts any dataset and any token and reads the system's clock.
    ///
    /// # Errors
    ///
    /// When no port can be bound.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Starts building a server with other settings.
    pub fn builder() -> MockServerBuilder {
        MockServerBuilder {
            settings: Settings {
                dataset: None,
                datasets: Vec::new(),
                secret: None,
                gateway_key: None,
                app: None,
                tokens_last: None,
                clock: Box::new(SystemClock),
                latency: Duration::ZERO,
                refuses: None,
                names_refused: false,
                on_accepted: None,
                keeps_events: true,
            },
            port: 0,
            tokens: Tokens { known: Vec::new(), takes_others: true },
        }
    }
}

/// Builds a [`MockServer`].
///
/// ```
/// use meta_offline_events::testing::{ManualClock, MockServer};
/// use meta_offline_events::value::EventTime;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = MockServer::builder()
///     .dataset("123456789012345".parse()?)
///     .token("EAAB-not-a-real-token".parse()?)
///     .clock(ManualClock::at(EventTime::from_unix(1_767_268_800)?))
///     .refuse(|event| event["event_id"] == "order-13")
///     .start()
///     .await?;
/// assert_eq!(server.url().host_str(), Some("127.0.0.1"));
/// # Ok(())
/// # }
/// ```
#[must_use]
pub struct MockServerBuilder {
    settings: Settings,
    port: u16,
    tokens: Tokens,
}

impl MockServerBuilder {
    /// Sets the only dataset that exists. By default every dataset exists.
    pub fn dataset(mut self, dataset: DatasetId) -> Self {
        self.settings.dataset = Some(dataset);
        self
    }

    /// Adds a dataset to every list of datasets, as Meta writes it: an object with an `id` as text. The server answers with
    /// it when the dataset is read, too. A list has pages of two.
    ///
    /// ```
    /// use meta_offline_events::Client;
    /// use meta_offline_events::graph::DatasetList;
    /// use meta_offline_events::testing::MockServer;
    /// use serde_json::json;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = MockServer::builder()
    ///     .describe_dataset(json!({ "id": "123", "name": "Stores", "is_consolidated_container": false }))
    ///     .start()
    ///     .await?;
    /// let client = Client::builder("123".parse()?, "token".parse()?).loopback_endpoint(server.url()).build()?;
    /// let found = client.graph().datasets(&DatasetList::owned_by(&"1".parse()?)).await?;
    /// assert_eq!(found.items()[0].is_consolidated(), Some(false));
    /// # Ok(())
    /// # }
    /// ```
    pub fn describe_dataset(mut self, dataset: Value) -> Self {
        self.settings.datasets.push(dataset);
        self
    }

    /// Adds a valid token. By default every token is valid; with this, only those that were added here,
    /// by [`token_until`](Self::token_until) or by [`MockServer::issue`].
    pub fn token(self, token: AccessToken) -> Self {
        self.knows(KnownToken::new(token, None))
    }

    /// Adds a token that is valid until this moment, by the clock of the server. Then the server answers
    /// with code 190 and subcode 463.
    ///
    /// ```
    /// use meta_offline_events::testing::{ManualClock, MockServer};
    /// use meta_offline_events::value::EventTime;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = MockServer::builder()
    ///     .clock(ManualClock::at(EventTime::from_unix(1_767_225_600)?))
    ///     .token_until("EAAB-old".parse()?, EventTime::from_unix(1_767_225_600)?)
    ///     .start()
    ///     .await?;
    /// let url = server.url().join("v26.0/123/events")?;
    /// let post = reqwest::Client::builder().no_proxy().build()?.post(url).bearer_auth("EAAB-old");
    /// let answer: serde_json::Value = serde_json::from_str(&post.send().await?.text().await?)?;
    /// assert_eq!(answer["error"]["error_subcode"], 463);
    /// # Ok(())
    /// # }
    /// ```
    pub fn token_until(self, token: AccessToken, until: EventTime) -> Self {
        self.knows(KnownToken::new(token, Some(until)))
    }

    fn knows(mut self, token: KnownToken) -> Self {
        self.tokens.takes_others = false;
        self.tokens.known.push(token);
        self
    }

    /// Sets the only app that exists, for logins and calls about tokens. By default every app exists, with any secret.
    ///
    /// ```
    /// use meta_offline_events::graph::{App, Graph};
    /// use meta_offline_events::testing::MockServer;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = MockServer::builder().app("1".parse()?, "secret".parse()?).start().await?;
    /// let graph = Graph::builder().loopback_endpoint(server.url()).build()?;
    /// let wrong = graph.app(App::new("1".parse()?, "another".parse()?));
    /// assert!(wrong.inspect(&"EAAB-not-a-real-token".parse()?).await.is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn app(mut self, id: AppId, secret: AppSecret) -> Self {
        self.settings.app = Some((id, secret));
        self
    }

    /// Sets how long the tokens last that the server makes, and that it exchanges for others: 60 days unless set, as Meta's.
    ///
    /// ```
    /// use std::time::Duration;
    /// use meta_offline_events::graph::{App, Graph};
    /// use meta_offline_events::testing::{ManualClock, MockServer};
    /// use meta_offline_events::value::EventTime;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let clock = ManualClock::at(EventTime::from_unix(1_767_225_600)?);
    /// let builder = MockServer::builder().clock(clock.clone());
    /// let server = builder.tokens_last(Duration::from_secs(60)).start().await?;
    /// let graph = Graph::builder().loopback_endpoint(server.url()).clock(clock).build()?;
    /// let graph = graph.app(App::new("1".parse()?, "secret".parse()?));
    /// let issued = graph.exchange_user_token(&"EAAB-not-a-real-token".parse()?).await?;
    /// assert_eq!(issued.expiry().map(|end| end.unix()), Some(1_767_225_660));
    /// # Ok(())
    /// # }
    /// ```
    pub fn tokens_last(mut self, time: Duration) -> Self {
        self.settings.tokens_last = Some(time);
        self
    }

    /// Sets the secret of the app that the tokens belong to: a request then needs its proof, as with
    /// Meta's setting "Require App Secret".
    pub fn app_secret(mut self, secret: AppSecret) -> Self {
        self.settings.secret = Some(secret);
        self
    }

    /// Sets the access key that the server wants as a gateway, at `/capi/{dataset}/events`. By default it takes events
    /// there with any key and without one.
    ///
    /// ```
    /// use meta_offline_events::client::{Client, Gateway};
    /// # use meta_offline_events::customer::UserData;
    /// # use meta_offline_events::event::Event;
    /// use meta_offline_events::testing::MockServer;
    /// # use meta_offline_events::value::EventTime;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let customer = UserData::builder().email("mary@example.com").build()?;
    /// # let sale = Event::builder(EventTime::now(), customer).name("Subscribe".parse()?).build()?;
    /// let server = MockServer::builder().gateway_access_key("key".parse()?).start().await?;
    /// let gateway = Gateway::loopback(server.url()).access_key("another".parse()?);
    /// let client = Client::builder_for_gateway("1".parse()?, gateway).build()?;
    /// let report = client.send(sale).await;
    /// assert!(report.stopped().is_some_and(|cause| cause.to_string().contains("Gateway::access_key")));
    /// # Ok(())
    /// # }
    /// ```
    pub fn gateway_access_key(mut self, key: GatewayAccessKey) -> Self {
        self.settings.gateway_key = Some(key);
        self
    }

    /// Sets the clock that the age of events is measured by and that the answers' `Date` shows. By
    /// default it is the system's clock.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.settings.clock = Box::new(clock);
        self
    }

    /// Delays every answer by this duration.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.settings.latency = latency;
        self
    }

    /// Refuses events that break no documented rule: the whole batch, with code 100 and subcode
    /// 2804050, as Meta does.
    pub fn refuse(mut self, refuses: impl Fn(&Value) -> bool + Send + Sync + 'static) -> Self {
        self.settings.refuses = Some(Box::new(refuses));
        self
    }

    /// Sets whether the error for an invalid event names its position in the batch, as `event_index`
    /// in `error_data`. By default it does not.
    pub fn name_refused(mut self, named: bool) -> Self {
        self.settings.names_refused = named;
        self
    }

    /// Sets whether the server keeps the bodies of requests and the events that it accepted. By default it does. Without
    /// them its memory stays small in tests of millions of events, and [`MockServer::accepted_count`] counts them.
    pub fn keep_events(mut self, kept: bool) -> Self {
        self.settings.keeps_events = kept;
        self
    }

    /// Calls a function with the dataset and the events of each batch that is accepted, before the answer leaves: to
    /// write them down, for example.
    ///
    /// ```
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    /// use std::sync::Arc;
    /// use meta_offline_events::testing::MockServer;
    /// # use meta_offline_events::{Client, Event, EventTime, UserData};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let accepted = Arc::new(AtomicUsize::new(0));
    /// let count = Arc::clone(&accepted);
    /// let on_accepted = move |_: &str, events: &[serde_json::Value]| {
    ///     count.fetch_add(events.len(), Ordering::Relaxed);
    /// };
    /// let server = MockServer::builder().on_accepted(on_accepted).start().await?;
    /// # let client = Client::builder("1".parse()?, "token".parse()?).loopback_endpoint(server.url()).build()?;
    /// # let customer = UserData::builder().email("mary@example.com").build()?;
    /// # let event = Event::builder(EventTime::now(), customer).name("Subscribe".parse()?).build()?;
    /// assert!(client.send(event).await.all_accepted());
    /// assert_eq!(accepted.load(Ordering::Relaxed), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_accepted(mut self, call: impl Fn(&str, &[Value]) + Send + Sync + 'static) -> Self {
        self.settings.on_accepted = Some(Box::new(call));
        self
    }

    /// Sets the port, for programs that must know it before the server starts. By default a free one is taken.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Binds the port on the loopback interface and listens.
    ///
    /// # Errors
    ///
    /// When the port cannot be bound.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub async fn start(self) -> io::Result<MockServer> {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await?;
        let url = format!("http://{}/", listener.local_addr()?);
        let url = Url::parse(&url).map_err(io::Error::other)?;
        let state = Arc::new(State::new(self.settings, self.tokens));
        let task = tokio::spawn(listen(listener, Arc::clone(&state))).abort_handle();
        Ok(MockServer::new(url, state, task))
    }
}

impl fmt::Debug for MockServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockServerBuilder")
            .field("settings", &self.settings)
            .field("port", &self.port)
            .field("tokens", &self.tokens)
            .finish()
    }
}
