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
use crate::testing::rules::KnownToken;
use crate::value::{AccessToken, AppSecret, DatasetId, EventTime};

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
                secret: None,
                clock: Box::new(SystemClock),
                latency: Duration::ZERO,
                refuses: None,
                names_refused: false,
            },
            tokens: Vec::new(),
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
    tokens: Vec<KnownToken>,
}

impl MockServerBuilder {
    /// Sets the only dataset that exists. By default every dataset exists.
    pub fn dataset(mut self, dataset: DatasetId) -> Self {
        self.settings.dataset = Some(dataset);
        self
    }

    /// Adds a valid token. By default every token is valid; with this, only those that were added here,
    /// by [`token_until`](Self::token_until) or by [`MockServer::issue`].
    pub fn token(mut self, token: AccessToken) -> Self {
        self.tokens.push(KnownToken { token, until: None });
        self
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
    pub fn token_until(mut self, token: AccessToken, until: EventTime) -> Self {
        self.tokens.push(KnownToken { token, until: Some(until) });
        self
    }

    /// Sets the secret of the app that the tokens belong to: a request then needs its proof, as with
    /// Meta's setting "Require App Secret".
    pub fn app_secret(mut self, secret: AppSecret) -> Self {
        self.settings.secret = Some(secret);
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

    /// Binds a free port of the loopback interface and listens.
    ///
    /// # Errors
    ///
    /// When no port can be bound.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub async fn start(self) -> io::Result<MockServer> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
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
            .field("tokens", &self.tokens)
            .finish()
    }
}
