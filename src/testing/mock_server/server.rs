//! The handle of a running mock server: what a test tells it to answer, and what the test asks it afterwards.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;
use tokio::task::AbortHandle;
use url::Url;

use super::state::State;
use crate::testing::answer::Answer;
use crate::testing::recorded::RecordedRequest;
use crate::testing::rules::KnownToken;
use crate::value::{AccessToken, EventTime};

/// A server on the loopback interface that accepts events as Meta's endpoint would.
///
/// It checks every request against Meta's documented rules and remembers the events that it accepted. A
/// [script](MockServer::script) makes it answer otherwise, or break the connection.
///
/// ```
/// use meta_offline_events::testing::{Answer, MockServer};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = MockServer::start().await?;
/// server.script(Answer::empty(503));
///
/// let http = reqwest::Client::builder().no_proxy().build()?;
/// let events = server.url().join("v26.0/123/events")?;
/// let first = http.post(events.clone()).send().await?;
/// let second = http.post(events).send().await?;
///
/// assert_eq!(first.status(), 503, "as scripted");
/// assert_eq!(second.status(), 401, "by Meta's rules: there is no token");
/// assert_eq!(server.request_count(), 2);
/// assert!(server.accepted().is_empty());
/// # Ok(())
/// # }
/// ```
///
/// The server runs on the tokio runtime that started it, and stops when it is dropped. It waits on that
/// runtime's timer: under a paused clock its waits take no time.
pub struct MockServer {
    url: Url,
    state: Arc<State>,
    task: AbortHandle,
}

impl MockServer {
    pub(super) fn new(url: Url, state: Arc<State>, task: AbortHandle) -> Self {
        Self { url, state, task }
    }

    /// The address of the server: `http://127.0.0.1:<port>/`.
    pub fn url(&self) -> Url {
        self.url.clone()
    }

    /// Queues an answer.
    ///
    /// Each request takes the oldest queued answer when its head arrives. A request that finds none is
    /// checked by Meta's rules.
    ///
    /// ```
    /// use meta_offline_events::testing::{Answer, MockServer};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = MockServer::start().await?;
    /// server.script(Answer::transient());
    ///
    /// let url = server.url().join("v26.0/123/events")?;
    /// let answer = reqwest::Client::builder().no_proxy().build()?.post(url).send().await?;
    /// assert_eq!(answer.status(), 400);
    /// # Ok(())
    /// # }
    /// ```
    pub fn script(&self, answer: Answer) {
        self.script_all([answer]);
    }

    /// Queues several answers, the first one first.
    ///
    /// ```
    /// use meta_offline_events::testing::{Answer, MockServer};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = MockServer::start().await?;
    /// server.script_all([Answer::empty(500), Answer::empty(502)]);
    ///
    /// let http = reqwest::Client::builder().no_proxy().build()?;
    /// let url = server.url().join("v26.0/123/events")?;
    /// assert_eq!(http.post(url.clone()).send().await?.status(), 500);
    /// assert_eq!(http.post(url).send().await?.status(), 502);
    /// # Ok(())
    /// # }
    /// ```
    pub fn script_all(&self, answers: impl IntoIterator<Item = Answer>) {
        let answers: Vec<Answer> = answers.into_iter().collect();
        self.state.record().script.extend(answers);
    }

    /// Queues an answer to a call that is not about events: the renewal of a token, for example. Events do not take it.
    ///
    /// ```
    /// use meta_offline_events::graph::{App, Graph};
    /// use meta_offline_events::testing::{Answer, MockServer};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = MockServer::start().await?;
    /// server.script_call(Answer::graph_error(400, 190, Some(460)));
    /// let graph = Graph::builder().loopback_endpoint(server.url()).build()?;
    /// let graph = graph.app(App::new("1".parse()?, "secret".parse()?));
    /// assert!(graph.exchange_user_token(&"EAAB-not-a-real-token".parse()?).await.is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn script_call(&self, answer: Answer) {
        self.state.record().call_script.push_back(answer);
    }

    /// Gives this answer to every request with this path, which stands behind the version. It goes before the script.
    ///
    /// ```
    /// use meta_offline_events::Client;
    /// use meta_offline_events::testing::{Answer, MockServer};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = MockServer::start().await?;
    /// server.always_at("123", Answer::graph_error(403, 200, None));
    /// let client = Client::builder("123".parse()?, "token".parse()?).loopback_endpoint(server.url()).build()?;
    /// let graph = client.graph();
    /// assert!(graph.dataset(client.dataset()).await.is_err());
    /// assert!(graph.dataset(&"124".parse()?).await.is_ok());
    /// # Ok(())
    /// # }
    /// ```
    pub fn always_at(&self, path: &str, answer: Answer) {
        self.state.record().by_path.push((path.to_owned(), answer));
    }

    /// Gives this answer whenever the script is empty.
    ///
    /// ```
    /// use meta_offline_events::testing::{Answer, MockServer};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = MockServer::start().await?;
    /// server.always(Answer::empty(503));
    /// server.script(Answer::empty(500));
    ///
    /// let http = reqwest::Client::builder().no_proxy().build()?;
    /// let url = server.url().join("v26.0/123/events")?;
    /// for status in [500, 503, 503] {
    ///     assert_eq!(http.post(url.clone()).send().await?.status(), status);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn always(&self, answer: Answer) {
        self.state.record().always = Some(answer);
    }

    /// Forgets the script and [`MockServer::always`]: Meta's rules apply to the next request. What the
    /// server has recorded stays.
    ///
    /// ```
    /// use meta_offline_events::testing::{Answer, MockServer};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = MockServer::start().await?;
    /// server.always(Answer::empty(503));
    /// server.reset();
    ///
    /// let url = server.url().join("v26.0/123/events")?;
    /// let answer = reqwest::Client::builder().no_proxy().build()?.post(url).send().await?;
    /// assert_eq!(answer.status(), 401, "there is no token");
    /// # Ok(())
    /// # }
    /// ```
    pub fn reset(&self) {
        let mut record = self.state.record();
        record.script.clear();
        record.call_script.clear();
        record.always = None;
    }

    /// Adds a valid token, and when it expires, if it does: see [`MockServerBuilder::token_until`].
    ///
    /// [`MockServerBuilder::token_until`]: super::MockServerBuilder::token_until
    ///
    /// ```
    /// use meta_offline_events::Client;
    /// use meta_offline_events::auth::TokenSource;
    /// use meta_offline_events::testing::MockServer;
    /// use meta_offline_events::value::AccessToken;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = MockServer::start().await?;
    /// let token: AccessToken = "EAAB-not-a-real-token".parse()?;
    /// server.issue(token.clone(), None);
    /// let source = TokenSource::fixed(token);
    /// let client = Client::builder_with_source("123".parse()?, source).loopback_endpoint(server.url()).build()?;
    /// # let _ = client;
    /// # Ok(())
    /// # }
    /// ```
    pub fn issue(&self, token: AccessToken, until: Option<EventTime>) {
        let mut record = self.state.record();
        record.tokens.takes_others = false;
        record.tokens.known.push(KnownToken::new(token, until));
    }

    /// Refuses a token from now on, with code 190 and this subcode: 460 after a change of the password, for example.
    ///
    /// ```
    /// use meta_offline_events::graph::{App, Graph};
    /// use meta_offline_events::report::{ApiError, TokenProblem};
    /// use meta_offline_events::testing::MockServer;
    /// use meta_offline_events::value::AccessToken;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = MockServer::start().await?;
    /// let token: AccessToken = "EAAB-not-a-real-token".parse()?;
    /// server.refuse_token(&token, 460);
    /// let graph = Graph::builder().loopback_endpoint(server.url()).build()?;
    /// let info = graph.app(App::new("1".parse()?, "secret".parse()?)).inspect(&token).await?;
    /// assert_eq!(info.error().and_then(ApiError::token_problem), Some(TokenProblem::PasswordChanged));
    /// # Ok(())
    /// # }
    /// ```
    pub fn refuse_token(&self, token: &AccessToken, subcode: i64) {
        self.state.record().tokens.refuse(token, subcode);
    }

    /// Makes the code of a login in the pop-up of Meta's JavaScript library, for a business or for a person.
    ///
    /// ```
    /// use meta_offline_events::graph::{App, Graph, LoginCode};
    /// use meta_offline_events::testing::MockServer;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = MockServer::start().await?;
    /// let graph = Graph::builder().loopback_endpoint(server.url()).build()?;
    /// let graph = graph.app(App::new("1".parse()?, "secret".parse()?));
    /// let code = LoginCode::from_popup(&server.popup_code(true));
    /// let token = graph.exchange_code(code).await?;
    /// assert!(graph.client_business(token.token()).await.is_ok());
    /// # Ok(())
    /// # }
    /// ```
    pub fn popup_code(&self, is_business: bool) -> String {
        self.state.new_code(None, vec!["ads_management".to_owned()], is_business)
    }

    /// Every request so far, in the order in which their heads arrived.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.state.record().requests.clone()
    }

    /// The number of requests so far.
    pub fn request_count(&self) -> usize {
        self.state.record().requests.len()
    }

    /// The number of connections that were opened so far.
    pub fn connection_count(&self) -> usize {
        self.state.record().connections
    }

    /// Every accepted event in order, as often as it was accepted.
    pub fn accepted(&self) -> Vec<Value> {
        self.state.record().accepted.iter().map(|(_, event)| event.clone()).collect()
    }

    /// How many events were accepted, each as often as it was accepted.
    ///
    /// ```
    /// use meta_offline_events::client::Client;
    /// use meta_offline_events::testing::MockServer;
    /// use meta_offline_events::{Event, EventTime, UserData};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = MockServer::builder().keep_events(false).start().await?;
    /// let client = Client::builder("1".parse()?, "token".parse()?).loopback_endpoint(server.url()).build()?;
    /// let customer = UserData::builder().email("mary@example.com").build()?;
    /// client.send(Event::builder(EventTime::now(), customer).name("Subscribe".parse()?).build()?).await;
    /// assert_eq!((server.accepted_count(), server.accepted().len()), (1, 0));
    /// # Ok(())
    /// # }
    /// ```
    pub fn accepted_count(&self) -> u64 {
        self.state.record().accepted_count
    }

    /// The accepted events after deduplication: an event is left out when an earlier one of the same
    /// dataset has the same `event_id` and `event_name`. Events without an `event_id` all stay.
    pub fn accepted_once(&self) -> Vec<Value> {
        let record = self.state.record();
        let mut seen = HashSet::new();
        let is_first = |(dataset, event): &&(String, Value)| {
            let part = |key| event.get(key).and_then(Value::as_str).map(str::to_owned);
            part("event_id").is_none_or(|id| seen.insert((dataset.clone(), id, part("event_name"))))
        };
        record.accepted.iter().filter(is_first).map(|(_, event)| event.clone()).collect()
    }

    /// The largest number of requests that waited for their answers at the same time.
    pub fn max_in_flight(&self) -> usize {
        self.state.record().max_in_flight
    }

    /// The number of requests that wait for their answers now.
    #[cfg(test)]
    pub(super) fn in_flight(&self) -> usize {
        self.state.record().in_flight
    }
}

impl fmt::Debug for MockServer {
    /// Shows neither tokens nor events, only the address, the settings and a count.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockServer")
            .field("url", &self.url.as_str())
            .field("settings", self.state.settings())
            .field("requests", &self.request_count())
            .finish_non_exhaustive()
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}
