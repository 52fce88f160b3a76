//! The stand-in itself: its settings, what it remembers, and how it carries out an answer.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use url::Url;

use super::answer::{Act, Answer, Delivery};
use super::connection::{Connection, Head, Trouble};
use super::graph::GraphError;
use super::judge::{self, Batch, Refuses, Rules};
use super::recorded::RecordedRequest;
use super::reply::{Body, Reply};
use crate::value::{AccessToken, DatasetId, EventTime};

/// A server on the loopback interface that takes events as Meta would.
///
/// It judges every request by Meta's documented rules and remembers what it accepted. A
/// [script](StandIn::script) makes it answer otherwise, or break the connection.
///
/// It runs on the tokio runtime that started it, and stops when dropped. Its waits are that
/// runtime's: under a paused clock they pass when nothing else is left to do.
///
/// ```
/// use meta_offline_events::testing::{Answer, StandIn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let meta = StandIn::start().await?;
/// meta.script(Answer::empty(503));
///
/// let http = reqwest::Client::builder().no_proxy().build()?;
/// let events = meta.url().join("v26.0/123/events")?;
/// let first = http.post(events.clone()).send().await?;
/// let second = http.post(events).send().await?;
///
/// assert_eq!(first.status(), 503, "scripted");
/// assert_eq!(second.status(), 401, "judged: there is no token");
/// assert_eq!(meta.request_count(), 2);
/// assert!(meta.accepted().is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct StandIn {
    url: Url,
    shared: Arc<Shared>,
    server: AbortHandle,
}

impl StandIn {
    /// Starts one that takes any dataset and any token, by the system's clock.
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

    /// Starts with other settings.
    pub fn builder() -> StandInBuilder {
        StandInBuilder::new()
    }

    /// Where it listens: `http://127.0.0.1:<port>/`.
    pub fn url(&self) -> Url {
        self.url.clone()
    }

    /// Queues an answer. Each request takes the oldest one when its head arrives; a request that
    /// finds none is judged.
    pub fn script(&self, answer: Answer) {
        self.script_all([answer]);
    }

    /// Queues several answers, first one first.
    pub fn script_all(&self, answers: impl IntoIterator<Item = Answer>) {
        let answers: Vec<Answer> = answers.into_iter().collect();
        self.shared.memory().script.extend(answers);
    }

    /// Answers so whenever the script is empty, instead of judging.
    pub fn always(&self, answer: Answer) {
        self.shared.memory().always = Some(answer);
    }

    /// Forgets the script and [`StandIn::always`]: the next request is judged.
    pub fn judge_again(&self) {
        let mut memory = self.shared.memory();
        memory.script.clear();
        memory.always = None;
    }

    /// Every request so far, in the order in which their heads arrived.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.memory().requests.clone()
    }

    /// How many requests arrived.
    pub fn request_count(&self) -> usize {
        self.shared.memory().requests.len()
    }

    /// How many connections were opened.
    pub fn connection_count(&self) -> usize {
        self.shared.memory().connections
    }

    /// Every event accepted, in order, repeated ones as often as they came.
    pub fn accepted(&self) -> Vec<Value> {
        self.shared.memory().accepted.iter().map(|(_, event)| event.clone()).collect()
    }

    /// The events accepted, without those whose `event_id` and `event_name` came before in the same
    /// dataset. Events without an `event_id` all stay.
    pub fn accepted_once(&self) -> Vec<Value> {
        let memory = self.shared.memory();
        let mut seen = HashSet::new();
        let first_of_its_name = |(dataset, event): &&(String, Value)| {
            let part = |key| event.get(key).and_then(Value::as_str).map(str::to_owned);
            part("event_id").is_none_or(|id| seen.insert((dataset.clone(), id, part("event_name"))))
        };
        memory.accepted.iter().filter(first_of_its_name).map(|(_, event)| event.clone()).collect()
    }

    /// The largest number of requests that waited for their answer at one moment.
    pub fn most_in_flight(&self) -> usize {
        self.shared.memory().most_in_flight
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Settings of a [`StandIn`].
///
/// ```
/// use meta_offline_events::testing::StandIn;
/// use meta_offline_events::value::EventTime;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let noon = EventTime::from_unix(1_767_268_800)?;
/// let meta = StandIn::builder()
///     .dataset("123456789012345".parse()?)
///     .token("EAAB-not-a-real-token".parse()?)
///     .now(move || noon)
///     .refuse(|event| event["event_id"] == "order-13")
///     .start()
///     .await?;
/// assert_eq!(meta.url().host_str(), Some("127.0.0.1"));
/// # Ok(())
/// # }
/// ```
#[must_use]
pub struct StandInBuilder {
    settings: Settings,
}

impl StandInBuilder {
    fn new() -> Self {
        Self {
            settings: Settings {
                dataset: None,
                token: None,
                now: Box::new(system_time),
                latency: Duration::ZERO,
                refuses: None,
                names_refused: false,
            },
        }
    }

    /// Only this dataset exists. Without it, any does.
    pub fn dataset(mut self, dataset: DatasetId) -> Self {
        self.settings.dataset = Some(dataset);
        self
    }

    /// Only this token is valid. Without it, any is.
    pub fn token(mut self, token: AccessToken) -> Self {
        self.settings.token = Some(token);
        self
    }

    /// The clock for the rules of age and for the answers' `Date`. Without it, the system's.
    pub fn now(mut self, clock: impl Fn() -> EventTime + Send + Sync + 'static) -> Self {
        self.settings.now = Box::new(move || clock().unix());
        self
    }

    /// Waits so long before every answer.
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

    /// Whether the error for a bad event tells its position in the batch, as `event_index` in
    /// `error_data`. Without it, it does not.
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
    pub async fn start(self) -> io::Result<StandIn> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/", listener.local_addr()?);
        let url = Url::parse(&url).map_err(io::Error::other)?;
        let shared = Arc::new(Shared { settings: self.settings, memory: Mutex::default() });
        let server = tokio::spawn(listen(listener, Arc::clone(&shared))).abort_handle();
        Ok(StandIn { url, shared, server })
    }
}

impl fmt::Debug for StandInBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StandInBuilder").field("settings", &self.settings).finish()
    }
}

fn system_time() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX)
}

struct Settings {
    dataset: Option<DatasetId>,
    token: Option<AccessToken>,
    now: Box<dyn Fn() -> i64 + Send + Sync>,
    latency: Duration,
    refuses: Option<Box<Refuses>>,
    names_refused: bool,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("dataset", &self.dataset)
            .field("token", &self.token)
            .field("latency", &self.latency)
            .field("names_refused", &self.names_refused)
            .finish_non_exhaustive()
    }
}

/// What all connections share.
#[derive(Debug)]
struct Shared {
    settings: Settings,
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    script: VecDeque<Answer>,
    always: Option<Answer>,
    requests: Vec<RecordedRequest>,
    /// Each with its dataset.
    accepted: Vec<(String, Value)>,
    connections: usize,
    in_flight: usize,
    most_in_flight: usize,
}

impl Shared {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes down a request's head; tells its place in the record and what to do with it.
    fn arrival(&self, head: &Head) -> (usize, Answer) {
        let mut memory = self.memory();
        let answer = memory.script.pop_front().or_else(|| memory.always.clone());
        memory.requests.push(RecordedRequest::new(&head.method, &head.target, &head.headers));
        (memory.requests.len() - 1, answer.unwrap_or_else(Answer::judge))
    }

    fn record_body(&self, place: usize, body: &[u8], whole: bool) {
        self.memory().requests[place].set_body(body.to_vec(), whole);
    }

    fn in_flight(&self) -> InFlight<'_> {
        let mut memory = self.memory();
        memory.in_flight += 1;
        memory.most_in_flight = memory.most_in_flight.max(memory.in_flight);
        InFlight(self)
    }

    /// Judges a request and stores its events when they are accepted; tells how many.
    fn judge(&self, head: &Head, body: &[u8]) -> Result<u64, GraphError> {
        let settings = &self.settings;
        let request = judge::Request {
            method: &head.method,
            target: &head.target,
            content_type: head.header("content-type"),
            authorization: head.header("authorization"),
            body,
        };
        let rules = Rules {
            dataset: settings.dataset.as_ref().map(DatasetId::as_str),
            token: settings.token.as_ref().map(AccessToken::expose),
            now: (settings.now)(),
            refuses: settings.refuses.as_deref(),
            names_refused: settings.names_refused,
        };
        let Batch { dataset, events } = judge::judge(&request, &rules)?;
        let received = events.len() as u64;
        self.memory().accepted.extend(events.into_iter().map(|event| (dataset.clone(), event)));
        Ok(received)
    }

    fn judged(&self, head: &Head, body: &[u8]) -> Reply {
        match self.judge(head, body) {
            Ok(received) => Reply::receipt(received),
            Err(error) => Reply::error(&error),
        }
    }

    fn decide(&self, act: Act, head: &Head, body: &[u8]) -> Deed {
        match act {
            Act::Judge => Deed::Send(self.judged(head, body)),
            Act::Reply { status, content_type, body } => Deed::Send(Reply::new(status, content_type, body)),
            Act::GraphError(error) => Deed::Send(Reply::error(&error)),
            Act::Received(events) => Deed::Send(Reply::receipt(events)),
            Act::Echo => Deed::Send(Reply::echo(head, body)),
            Act::Raw(bytes) => Deed::SendRaw(bytes),
            Act::Endless => {
                Deed::SendForEver(Reply::new(200, Some("application/json".to_owned()), Vec::new()))
            }
            Act::Hang | Act::NeverRead => Deed::Nothing,
            Act::ResetBeforeBody | Act::ResetAfterBody => Deed::Reset,
            Act::AcceptThenReset => {
                self.judged(head, body);
                Deed::Reset
            }
        }
    }
}

/// What to do once the request is read and judged.
enum Deed {
    Send(Reply),
    SendRaw(Vec<u8>),
    SendForEver(Reply),
    Nothing,
    Reset,
}

/// Counts one request as in flight until dropped.
struct InFlight<'a>(&'a Shared);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.memory().in_flight -= 1;
    }
}

/// Takes connections until aborted, and all of them down with it.
async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        // A failed accept concerns one client, or passes: out of handles, for example.
        match listener.accept().await {
            Ok((stream, _)) => {
                shared.memory().connections += 1;
                connections.spawn(serve(stream, Arc::clone(&shared)));
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

/// How an exchange leaves the connection.
enum Then {
    Next,
    Close,
    Reset,
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // Small answers go out at once; that this may fail is of no consequence.
    let _ = stream.set_nodelay(true);
    let mut connection = Connection::new(stream);
    loop {
        match exchange(&mut connection, &shared).await {
            Ok(Then::Next) => {}
            Ok(Then::Reset) => return connection.reset(),
            Ok(Then::Close) | Err(Trouble::Lost) => return,
            Err(Trouble::Bad(status)) => return connection.turn_away(status).await,
        }
    }
}

/// One request and what becomes of it.
async fn exchange(connection: &mut Connection, shared: &Shared) -> Result<Then, Trouble> {
    let Some(head) = connection.head().await? else { return Ok(Then::Close) };
    let (place, answer) = shared.arrival(&head);
    if matches!(answer.act, Act::NeverRead) {
        return std::future::pending().await;
    }

    let _in_flight = shared.in_flight();
    let body = read_body(connection, shared, &head, place, &answer.act).await?;
    let deed = shared.decide(answer.act, &head, &body);
    connection.wait(answer.wait.saturating_add(shared.settings.latency)).await?;

    let keep = head.keeps_alive();
    let now = (shared.settings.now)();
    let head_of = |reply: &Reply, body: Body| reply.head(&answer.headers, now, body, keep);
    match deed {
        Deed::Send(reply) => {
            deliver(connection, &head_of(&reply, Body::Whole), &reply.body, answer.delivery).await?;
            let last = !keep || matches!(answer.delivery, Delivery::Half | Delivery::Closing);
            Ok(if last { Then::Close } else { Then::Next })
        }
        Deed::SendRaw(bytes) => {
            deliver(connection, &[], &bytes, answer.delivery).await?;
            Ok(Then::Close)
        }
        Deed::SendForEver(reply) => {
            connection.write(&head_of(&reply, Body::Endless)).await?;
            send_blanks(connection).await
        }
        Deed::Nothing => {
            connection.client_gone().await;
            Ok(Then::Close)
        }
        Deed::Reset => Ok(Then::Reset),
    }
}

/// Reads as much of the body as the script wants read, and records it even if it breaks off.
async fn read_body(
    connection: &mut Connection,
    shared: &Shared,
    head: &Head,
    place: usize,
    act: &Act,
) -> Result<Vec<u8>, Trouble> {
    let mut body = Vec::new();
    let only_half = matches!(act, Act::ResetBeforeBody);
    let read = if only_half {
        connection.half_body(head, &mut body).await
    } else {
        connection.body(head, &mut body).await
    };
    shared.record_body(place, &body, read.is_ok() && !only_half);
    read.map(|()| body)
}

async fn deliver(
    connection: &mut Connection,
    head: &[u8],
    body: &[u8],
    delivery: Delivery,
) -> Result<(), Trouble> {
    match delivery {
        Delivery::Whole | Delivery::Closing => connection.write(&[head, body].concat()).await,
        Delivery::Half => connection.write(&[head, &body[..body.len() / 2]].concat()).await,
        Delivery::Drip(pause) => {
            connection.write(head).await?;
            for byte in body {
                connection.wait(pause).await?;
                connection.write(&[*byte]).await?;
            }
            Ok(())
        }
    }
}

/// Chunks without an end, until the client is gone.
async fn send_blanks(connection: &mut Connection) -> Result<Then, Trouble> {
    let chunk = format!("1000\r\n{:4096}\r\n", "");
    loop {
        connection.write(chunk.as_bytes()).await?;
    }
}
