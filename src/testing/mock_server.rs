//! The stand-in itself: its settings, what it remembers, and how it carries out an answer.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

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
use crate::client::{Clock, SystemClock};
use crate::value::{AccessToken, DatasetId, EventTime};

/// A server on the loopback interface that takes events as Meta would.
///
/// It judges every request by Meta's documented rules and remembers what it accepted. A
/// [script](MockServer::script) makes it answer otherwise, or break the connection.
///
/// It runs on the tokio runtime that started it, and stops when dropped. Its waits are that
/// runtime's: under a paused clock they pass when nothing else is left to do.
///
/// ```
/// use meta_offline_events::testing::{Answer, MockServer};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let meta = MockServer::start().await?;
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
pub struct MockServer {
    url: Url,
    shared: Arc<Shared>,
    server: AbortHandle,
}

impl MockServer {
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
    pub fn builder() -> MockServerBuilder {
        MockServerBuilder::new()
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

    /// Forgets the script and [`MockServer::always`]: the next request is judged.
    pub fn reset(&self) {
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
    pub fn max_in_flight(&self) -> usize {
        self.shared.memory().max_in_flight
    }
}

impl fmt::Debug for MockServer {
    /// Neither tokens nor events: only where it listens, its settings and a count.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockServer")
            .field("url", &self.url.as_str())
            .field("settings", &self.shared.settings)
            .field("requests", &self.request_count())
            .finish_non_exhaustive()
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Settings of a [`MockServer`].
///
/// ```
/// use meta_offline_events::testing::MockServer;
/// use meta_offline_events::value::EventTime;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let noon = EventTime::from_unix(1_767_268_800)?;
/// let meta = MockServer::builder()
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
pub struct MockServerBuilder {
    settings: Settings,
}

impl MockServerBuilder {
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
    pub async fn start(self) -> io::Result<MockServer> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/", listener.local_addr()?);
        let url = Url::parse(&url).map_err(io::Error::other)?;
        let shared = Arc::new(Shared { settings: self.settings, memory: Mutex::default() });
        let server = tokio::spawn(listen(listener, Arc::clone(&shared))).abort_handle();
        Ok(MockServer { url, shared, server })
    }
}

impl fmt::Debug for MockServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockServerBuilder").field("settings", &self.settings).finish()
    }
}

fn system_time() -> i64 {
    SystemClock.now().unix()
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
struct Shared {
    settings: Settings,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    script: VecDeque<Answer>,
    always: Option<Answer>,
    requests: Vec<RecordedRequest>,
    /// Each with its dataset.
    accepted: Vec<(String, Value)>,
    connections: usize,
    in_flight: usize,
    max_in_flight: usize,
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
        memory.max_in_flight = memory.max_in_flight.max(memory.in_flight);
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

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::{Instant, timeout};

    use super::*;

    type Tested = Result<(), Box<dyn std::error::Error>>;

    const NOW: i64 = 1_767_225_600;
    const SOON: Duration = Duration::from_secs(10);
    const A_WHILE: Duration = Duration::from_millis(200);

    fn purchase(event_id: &str) -> Value {
        json!({
            "event_name": "Purchase",
            "event_time": NOW - 3600,
            "event_id": event_id,
            "action_source": "physical_store",
            "user_data": { "em": ["62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"] },
            "custom_data": { "currency": "USD", "value": 31.5 },
        })
    }

    fn batch(event_ids: &[&str]) -> String {
        let events: Vec<Value> = event_ids.iter().map(|id| purchase(id)).collect();
        json!({ "data": events }).to_string()
    }

    fn head(more: &str) -> String {
        format!(
            "POST /v26.0/123/events HTTP/1.1\r\nhost: meta\r\nauthorization: Bearer good\r\n\
             content-type: application/json\r\n{more}\r\n"
        )
    }

    fn post(body: &str) -> String {
        head(&format!("content-length: {}\r\n", body.len())) + body
    }

    async fn started() -> io::Result<MockServer> {
        at_the_time_of_the_events(MockServer::builder()).start().await
    }

    fn at_the_time_of_the_events(builder: MockServerBuilder) -> MockServerBuilder {
        builder.now(|| EventTime::from_unix(NOW).expect("a valid moment"))
    }

    /// A client that leaves HTTP to the test.
    struct Caller {
        stream: TcpStream,
        unread: Vec<u8>,
    }

    struct Heard {
        status: u16,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    }

    impl Heard {
        fn header(&self, name: &str) -> Option<&str> {
            self.headers.iter().find(|(each, _)| each == name).map(|(_, value)| value.as_str())
        }

        fn json(&self) -> Value {
            serde_json::from_slice(&self.body).unwrap_or_default()
        }
    }

    impl Caller {
        async fn to(meta: &MockServer) -> io::Result<Self> {
            let stream = TcpStream::connect(("127.0.0.1", meta.url().port().unwrap_or_default())).await?;
            Ok(Self { stream, unread: Vec::new() })
        }

        async fn say(&mut self, text: &str) -> io::Result<()> {
            self.stream.write_all(text.as_bytes()).await
        }

        async fn more(&mut self) -> io::Result<usize> {
            timeout(SOON, self.stream.read_buf(&mut self.unread)).await?
        }

        async fn hear_head(&mut self) -> io::Result<Heard> {
            loop {
                if let Some(end) = self.unread.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                    let head: Vec<u8> = self.unread.drain(..end + 4).collect();
                    return Ok(parsed(&String::from_utf8_lossy(&head)));
                }
                if self.more().await? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
        }

        async fn hear(&mut self) -> io::Result<Heard> {
            let mut heard = self.hear_head().await?;
            let length = heard.header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
            while self.unread.len() < length {
                if self.more().await? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            heard.body = self.unread.drain(..length).collect();
            Ok(heard)
        }

        async fn ask(&mut self, request: &str) -> io::Result<Heard> {
            self.say(request).await?;
            self.hear().await
        }

        /// What comes until the connection ends.
        async fn hear_out(&mut self) -> io::Result<Vec<u8>> {
            while self.more().await? > 0 {}
            Ok(std::mem::take(&mut self.unread))
        }

        async fn hears_nothing(&mut self) -> bool {
            timeout(A_WHILE, self.stream.read_buf(&mut self.unread)).await.is_err()
        }
    }

    fn parsed(head: &str) -> Heard {
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).unwrap_or_default();
        let headers = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Heard { status, headers, body: Vec::new() }
    }

    async fn eventually(holds: impl Fn() -> bool) -> bool {
        let waiting = async {
            while !holds() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(SOON, waiting).await.is_ok()
    }

    async fn answered(meta: &MockServer, request: &str) -> io::Result<Heard> {
        Caller::to(meta).await?.ask(request).await
    }

    fn kind(result: io::Result<Heard>) -> Option<io::ErrorKind> {
        result.err().map(|error| error.kind())
    }

    #[tokio::test]
    async fn a_sound_batch_gets_a_receipt_and_is_kept() -> Tested {
        let meta = started().await?;
        let heard = answered(&meta, &post(&batch(&["a", "b"]))).await?;

        assert_eq!(heard.status, 200);
        assert_eq!(heard.json()["events_received"], 2);
        assert_eq!(heard.json()["messages"], json!([]));
        assert_eq!(heard.json()["fbtrace_id"].as_str(), heard.header("x-fb-trace-id"));
        assert_eq!(heard.header("date"), Some("Thu, 01 Jan 2026 00:00:00 GMT"));
        assert_eq!(meta.accepted(), [purchase("a"), purchase("b")]);
        Ok(())
    }

    #[tokio::test]
    async fn requests_are_recorded_as_they_came() -> Tested {
        let meta = started().await?;
        let body = batch(&["a"]);
        answered(&meta, &post(&body)).await?;
        answered(&meta, "GET /v26.0/1/events?x=1 HTTP/1.1\r\nX-Odd: \u{e9}\r\n\r\n").await?;

        let requests = meta.requests();
        assert_eq!(meta.request_count(), 2);
        assert_eq!((requests[0].method(), requests[0].body()), ("POST", body.as_bytes()));
        assert_eq!(requests[0].header("Authorization"), Some("Bearer good"));
        assert!(requests[0].is_whole());
        assert_eq!((requests[1].method(), requests[1].target()), ("GET", "/v26.0/1/events?x=1"));
        assert_eq!((requests[1].path(), requests[1].header("x-odd")), ("/v26.0/1/events", Some("é")));
        let shown = format!("{meta:?}");
        assert!(!shown.contains("good") && !shown.contains("62a14e"), "{shown}");
        Ok(())
    }

    #[tokio::test]
    async fn one_bad_event_stores_nothing() -> Tested {
        let meta = started().await?;
        let mut bad = purchase("b");
        bad["custom_data"] = json!({});
        let body = json!({ "data": [purchase("a"), bad] }).to_string();
        let first = answered(&meta, &post(&body)).await?;
        let second = answered(&meta, &post(&body)).await?;

        assert_eq!(first.status, 400);
        assert_eq!(first.json()["error"]["error_subcode"], 2_804_009);
        assert_ne!(first.json()["error"]["fbtrace_id"], second.json()["error"]["fbtrace_id"]);
        assert!(meta.accepted().is_empty());
        Ok(())
    }

    #[tokio::test]
    async fn settings_reach_the_judge() -> Tested {
        let meta = at_the_time_of_the_events(MockServer::builder())
            .dataset("123".parse()?)
            .token("good".parse()?)
            .refuse(|event| event["event_id"] == "b")
            .name_refused(true)
            .start()
            .await?;
        let sound = post(&batch(&["a"]));

        assert_eq!(answered(&meta, &sound).await?.status, 200);
        assert_eq!(answered(&meta, &sound.replace("good", "evil")).await?.status, 401);
        let other = answered(&meta, &sound.replace("/123/", "/124/")).await?;
        assert_eq!(other.json()["error"]["error_subcode"], 33);
        let refused = answered(&meta, &post(&batch(&["a", "b"]))).await?;
        assert_eq!(refused.json()["error"]["error_data"]["event_index"], 1);
        Ok(())
    }

    #[tokio::test]
    async fn without_a_clock_the_systems_is_used() -> Tested {
        let meta = MockServer::start().await?;
        let mut event = purchase("a");
        event["event_time"] = json!(system_time());
        let body = json!({ "data": [event] }).to_string();
        assert_eq!(answered(&meta, &post(&body)).await?.status, 200);
        Ok(())
    }

    #[tokio::test]
    async fn p2_repeated_events_count_once_per_dataset() -> Tested {
        let meta = started().await?;
        let nameless = batch(&["c"]).replace(r#""event_id":"c","#, "");
        for body in [batch(&["a"]), batch(&["a", "b"]), nameless.clone(), nameless] {
            assert_eq!(answered(&meta, &post(&body)).await?.status, 200);
        }
        answered(&meta, &post(&batch(&["a"])).replace("/123/", "/124/")).await?;

        assert_eq!(meta.accepted().len(), 6);
        let ids: Vec<Value> = meta.accepted_once().iter().map(|event| event["event_id"].clone()).collect();
        assert_eq!(ids, [json!("a"), json!("b"), Value::Null, Value::Null, json!("a")]);
        Ok(())
    }

    #[tokio::test]
    async fn the_script_comes_first_then_always_then_the_judge() -> Tested {
        let meta = started().await?;
        meta.always(Answer::empty(503));
        meta.script_all([Answer::empty(500), Answer::judge()]);
        meta.script(Answer::empty(502));
        let mut statuses = Vec::new();
        for _ in 0..5 {
            statuses.push(answered(&meta, &post(&batch(&["a"]))).await?.status);
        }
        assert_eq!(statuses, [500, 200, 502, 503, 503]);

        meta.script(Answer::empty(500));
        meta.reset();
        assert_eq!(answered(&meta, &post(&batch(&["a"]))).await?.status, 200);
        Ok(())
    }

    #[tokio::test]
    async fn a_connection_serves_several_requests() -> Tested {
        let meta = started().await?;
        let mut caller = Caller::to(&meta).await?;
        for _ in 0..3 {
            assert_eq!(caller.ask(&post(&batch(&["a"]))).await?.status, 200);
        }
        assert_eq!((meta.connection_count(), meta.request_count()), (1, 3));

        let last = post(&batch(&["a"])).replace("host:", "connection: close\r\nhost:");
        assert_eq!(caller.ask(&last).await?.header("connection"), Some("close"));
        assert!(caller.hear_out().await?.is_empty());
        Ok(())
    }

    #[tokio::test]
    async fn http_1_0_ends_the_connection() -> Tested {
        let meta = started().await?;
        let mut caller = Caller::to(&meta).await?;
        caller.say(&post(&batch(&["a"])).replace("HTTP/1.1", "HTTP/1.0")).await?;
        let all = caller.hear_out().await?;
        assert!(all.starts_with(b"HTTP/1.1 200 "));
        Ok(())
    }

    #[tokio::test]
    async fn chunked_bodies_are_put_together() -> Tested {
        let meta = started().await?;
        let body = batch(&["a"]);
        let (one, two) = body.split_at(40);
        let mut caller = Caller::to(&meta).await?;
        caller.say(&head("transfer-encoding: chunked\r\n")).await?;
        for piece in [
            &format!("{:x};note=x\r\n{one}", one.len()),
            "\r",
            "\n",
            &format!("{:X}\r\n{two}\r\n", two.len()),
        ] {
            caller.say(piece).await?;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(caller.ask("0\r\nx-trailer: 1\r\n\r\n").await?.status, 200);
        assert_eq!(meta.requests()[0].body(), body.as_bytes());
        assert_eq!(caller.ask(&post(&body)).await?.status, 200, "nothing is left over");
        Ok(())
    }

    #[tokio::test]
    async fn a_client_that_asks_first_is_told_to_go_on() -> Tested {
        let meta = started().await?;
        let body = batch(&["a"]);
        let mut caller = Caller::to(&meta).await?;
        caller.say(&head(&format!("expect: 100-continue\r\ncontent-length: {}\r\n", body.len()))).await?;
        assert_eq!(caller.hear_head().await?.status, 100);
        assert_eq!(caller.ask(&body).await?.status, 200);
        Ok(())
    }

    #[tokio::test]
    async fn what_is_not_http_is_turned_away() -> Tested {
        let meta = started().await?;
        for (request, status) in [
            ("not http\r\n\r\n".to_owned(), 400),
            (head("content-length: many\r\n"), 400),
            (head("content-length: 16777217\r\n"), 413),
            (head("transfer-encoding: gzip\r\n"), 501),
            (head("transfer-encoding: chunked\r\ncontent-length: 1\r\n"), 400),
            (head("transfer-encoding: chunked\r\n") + "zz\r\n", 400),
            (head("transfer-encoding: chunked\r\n") + "1000001\r\n", 413),
            (head(&format!("x: {}\r\n", "y".repeat(80_000))), 431),
            (head(&"x: y\r\n".repeat(130)), 431),
        ] {
            let heard = answered(&meta, &request).await?;
            let tail = &request[request.len().saturating_sub(40)..];
            assert_eq!(heard.status, status, "{tail:?}");
        }
        Ok(())
    }

    #[tokio::test]
    async fn a_megabyte_in_pieces_is_taken() -> Tested {
        let meta = started().await?;
        let body = batch(&["a"; 1000]) + &" ".repeat(1_000_000);
        assert_eq!(answered(&meta, &post(&body)).await?.json()["events_received"], 1000);
        Ok(())
    }

    #[tokio::test]
    async fn l7_requests_in_flight_are_counted() -> Tested {
        let meta = at_the_time_of_the_events(MockServer::builder()).latency(A_WHILE).start().await?;
        let request = post(&batch(&["a"]));
        let mut callers = JoinSet::new();
        for _ in 0..3 {
            let (mut caller, request) = (Caller::to(&meta).await?, request.clone());
            callers.spawn(async move { caller.ask(&request).await.map(|heard| heard.status) });
        }
        while let Some(status) = callers.join_next().await {
            assert_eq!(status??, 200);
        }
        answered(&meta, &request).await?;
        assert_eq!(meta.max_in_flight(), 3);
        Ok(())
    }

    #[tokio::test]
    async fn a_request_given_up_is_no_longer_in_flight() -> Tested {
        let meta = started().await?;
        meta.always(Answer::hang());
        for count in 1..=3 {
            let mut caller = Caller::to(&meta).await?;
            caller.say(&post(&batch(&["a"]))).await?;
            assert!(eventually(|| meta.requests().len() == count).await);
            drop(caller);
            assert!(eventually(|| meta.shared.memory().in_flight == 0).await);
        }
        assert_eq!(meta.max_in_flight(), 1);
        Ok(())
    }

    #[tokio::test]
    async fn n19_a_client_that_leaves_during_a_wait_is_noticed() -> Tested {
        let meta = started().await?;
        meta.script(Answer::judge().after(Duration::from_secs(3600)));
        let mut caller = Caller::to(&meta).await?;
        caller.say(&post(&batch(&["a"]))).await?;
        assert!(eventually(|| meta.accepted().len() == 1).await);
        drop(caller);
        assert!(eventually(|| meta.shared.memory().in_flight == 0).await);
        Ok(())
    }

    #[tokio::test]
    async fn r33_a_client_still_sending_can_read_why_it_is_turned_away() -> Tested {
        let meta = started().await?;
        let too_much = head("content-length: 20000000\r\n") + &" ".repeat(20_000_000);
        assert_eq!(answered(&meta, &too_much).await?.status, 413);
        Ok(())
    }

    #[tokio::test]
    async fn dropping_it_frees_the_port_and_ends_connections() -> Tested {
        let meta = started().await?;
        let mut caller = Caller::to(&meta).await?;
        caller.ask(&post(&batch(&["a"]))).await?;
        let port = meta.url().port().unwrap_or_default();
        drop(meta);

        assert!(caller.hear_out().await?.is_empty());
        assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
        Ok(())
    }

    #[tokio::test]
    async fn a_panic_in_a_rule_costs_one_connection() -> Tested {
        let meta = at_the_time_of_the_events(MockServer::builder())
            .refuse(|event| event["event_id"].as_str().expect("every event has an id") == "b")
            .start()
            .await?;
        let nameless = batch(&["c"]).replace(r#""event_id":"c","#, "");
        assert_eq!(kind(answered(&meta, &post(&nameless)).await), Some(io::ErrorKind::UnexpectedEof));
        assert_eq!(answered(&meta, &post(&batch(&["a"]))).await?.status, 200);
        Ok(())
    }

    /// The answer to a sound batch of one event, which no scripted answer may store.
    async fn scripted(answer: Answer) -> Result<Heard, Box<dyn std::error::Error>> {
        let meta = started().await?;
        meta.script(answer);
        let heard = answered(&meta, &post(&batch(&["a"]))).await?;
        assert!(meta.accepted().is_empty());
        Ok(heard)
    }

    #[tokio::test]
    async fn scripted_answers_say_what_they_were_told() -> Tested {
        let json = scripted(Answer::json(202, json!({ "id": 1 }))).await?;
        assert_eq!((json.status, json.json()), (202, json!({ "id": 1 })));

        let empty = scripted(Answer::empty(200)).await?;
        assert_eq!((empty.status, empty.header("content-length")), (200, Some("0")));
        assert_eq!(scripted(Answer::empty(204)).await?.header("content-length"), None);

        let page = scripted(Answer::html(200)).await?;
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(page.body.starts_with(b"<!doctype html>"));

        let redirect = scripted(Answer::redirect(&Url::parse("http://127.0.0.1:1/x?y")?)).await?;
        assert_eq!((redirect.status, redirect.header("location")), (307, Some("http://127.0.0.1:1/x?y")));

        assert_eq!(scripted(Answer::received(7)).await?.json()["events_received"], 7);

        let cut_off = scripted(Answer::body(200, "application/json", "{\"events")).await?;
        assert_eq!(cut_off.body, b"{\"events");
        Ok(())
    }

    #[tokio::test]
    async fn scripted_errors_have_graphs_shape() -> Tested {
        let error = scripted(Answer::graph_error(403, 200, Some(1_870_034))).await?;
        assert_eq!((error.status, &error.json()["error"]["code"]), (403, &json!(200)));
        assert_eq!(error.json()["error"]["error_subcode"], 1_870_034);
        assert_eq!(error.json()["error"]["is_transient"], false);
        assert_eq!(error.json()["error"]["fbtrace_id"].as_str(), error.header("x-fb-trace-id"));

        let transient = scripted(Answer::transient()).await?;
        assert_eq!((transient.status, &transient.json()["error"]["is_transient"]), (400, &json!(true)));

        let throttled = scripted(Answer::throttled([("retry-after", "120"), ("retry-after", "x")])).await?;
        assert_eq!(throttled.json()["error"]["code"], 80_004);
        assert_eq!(throttled.headers.iter().filter(|(name, _)| name == "retry-after").count(), 2);
        Ok(())
    }

    #[tokio::test]
    async fn r41_echo_quotes_body_and_token() -> Tested {
        let echo = scripted(Answer::echo()).await?;
        let message = echo.json()["error"]["message"].as_str().unwrap_or_default().to_owned();
        assert_eq!(echo.status, 400);
        assert!(message.contains("Bearer good") && message.contains(&batch(&["a"])), "{message}");
        Ok(())
    }

    #[tokio::test]
    async fn scripted_headers_replace_ours() -> Tested {
        let meta = started().await?;
        let date = "Wed, 31 Dec 2025 23:00:00 GMT";
        meta.script(Answer::judge().header("Date", date).header("x-app-usage", "{}"));
        let heard = answered(&meta, &post(&batch(&["a"]))).await?;

        let dates: Vec<_> =
            heard.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("date")).collect();
        assert_eq!(dates, [&("Date".to_owned(), date.to_owned())]);
        assert_eq!(heard.header("x-app-usage"), Some("{}"));
        assert_eq!(meta.accepted().len(), 1);
        Ok(())
    }

    #[tokio::test]
    async fn raw_bytes_are_sent_as_they_are() -> Tested {
        let meta = started().await?;
        let bytes = "HTTP/1.1 103 \r\n\r\nHTTP/1.1 204 \r\n\r\n";
        meta.script(Answer::raw(bytes));
        let mut caller = Caller::to(&meta).await?;
        caller.say(&post(&batch(&["a"]))).await?;
        assert_eq!(caller.hear_out().await?, bytes.as_bytes());
        Ok(())
    }

    #[tokio::test]
    async fn n9_reset_while_the_body_is_read() -> Tested {
        let meta = started().await?;
        meta.script(Answer::reset_before_body());
        let body = batch(&["a"]);
        assert_eq!(kind(answered(&meta, &post(&body)).await), Some(io::ErrorKind::ConnectionReset));
        let request = &meta.requests()[0];
        assert_eq!((request.body().len(), request.is_whole()), (body.len() / 2, false));
        assert!(meta.accepted().is_empty());
        Ok(())
    }

    #[tokio::test]
    async fn n9_the_reset_comes_before_the_body_is_sent_to_its_end() -> Tested {
        let meta = started().await?;
        meta.script_all([Answer::reset_before_body(), Answer::reset_before_body()]);
        let half = head("content-length: 100\r\n") + &" ".repeat(50);
        assert_eq!(kind(answered(&meta, &half).await), Some(io::ErrorKind::ConnectionReset));
        let half = head("transfer-encoding: chunked\r\n") + "64\r\n" + &" ".repeat(50);
        assert_eq!(kind(answered(&meta, &half).await), Some(io::ErrorKind::ConnectionReset));
        Ok(())
    }

    #[tokio::test]
    async fn n10_resets_after_the_body_differ_in_what_is_stored() -> Tested {
        for (answer, stored) in [(Answer::reset_after_body(), 0), (Answer::accept_then_reset(), 1)] {
            let meta = started().await?;
            meta.script(answer);
            let reset = kind(answered(&meta, &post(&batch(&["a"]))).await);
            assert_eq!(reset, Some(io::ErrorKind::ConnectionReset));
            assert!(meta.requests()[0].is_whole());
            assert_eq!(meta.accepted().len(), stored);
        }
        Ok(())
    }

    #[tokio::test]
    async fn n10_half_an_answer() -> Tested {
        let meta = started().await?;
        meta.script(Answer::judge().half());
        let mut caller = Caller::to(&meta).await?;
        caller.say(&post(&batch(&["a"]))).await?;
        let length: usize = caller.hear_head().await?.header("content-length").unwrap_or_default().parse()?;
        assert_eq!(caller.hear_out().await?.len(), length / 2);
        assert_eq!(meta.accepted().len(), 1, "the client cannot know");
        Ok(())
    }

    #[tokio::test]
    async fn n11_no_answer_at_all() -> Tested {
        let meta = started().await?;
        meta.script(Answer::hang());
        let mut caller = Caller::to(&meta).await?;
        caller.say(&post(&batch(&["a"]))).await?;
        assert!(caller.hears_nothing().await);
        assert!(meta.requests()[0].is_whole());
        Ok(())
    }

    #[tokio::test]
    async fn n12_a_dripping_answer_comes_whole_but_late() -> Tested {
        let meta = started().await?;
        meta.script(Answer::received(1).drip(Duration::from_millis(2)));
        let mut caller = Caller::to(&meta).await?;
        caller.say(&post(&batch(&["a"]))).await?;
        let length = caller.hear_head().await?.header("content-length").unwrap_or_default().parse::<u32>()?;
        let begin = Instant::now();
        while caller.unread.len() < length as usize {
            assert_ne!(caller.more().await?, 0);
        }
        assert!(begin.elapsed() >= Duration::from_millis(2) * (length / 2), "{:?}", begin.elapsed());
        Ok(())
    }

    #[tokio::test]
    async fn n13_a_body_that_is_not_read_stops_the_sender() -> Tested {
        let meta = started().await?;
        meta.script(Answer::never_read());
        let mut caller = Caller::to(&meta).await?;
        caller.say(&head("content-length: 16000000\r\n")).await?;
        let piece = " ".repeat(16_000_000);
        assert!(timeout(A_WHILE, caller.say(&piece)).await.is_err(), "all of it was taken");
        assert_eq!((meta.request_count(), meta.max_in_flight()), (1, 0));
        Ok(())
    }

    #[tokio::test]
    async fn n19_a_late_answer_was_judged_in_time() -> Tested {
        let meta = started().await?;
        meta.script(Answer::judge().after(A_WHILE).after(A_WHILE));
        let begin = Instant::now();
        let mut caller = Caller::to(&meta).await?;
        caller.say(&post(&batch(&["a"]))).await?;
        assert!(eventually(|| meta.accepted().len() == 1).await);
        assert!(begin.elapsed() < A_WHILE * 2, "stored only after the wait");
        assert_eq!(caller.hear().await?.status, 200);
        assert!(begin.elapsed() >= A_WHILE * 2);
        Ok(())
    }

    #[tokio::test]
    async fn n8_an_unannounced_end_of_the_connection() -> Tested {
        let meta = started().await?;
        meta.script(Answer::judge().close());
        let mut caller = Caller::to(&meta).await?;
        let heard = caller.ask(&post(&batch(&["a"]))).await?;
        assert_eq!((heard.status, heard.header("connection")), (200, None));
        assert!(caller.hear_out().await?.is_empty());
        Ok(())
    }

    #[tokio::test]
    async fn s8_an_endless_answer_goes_on_until_the_client_leaves() -> Tested {
        let meta = started().await?;
        meta.script(Answer::endless());
        let mut caller = Caller::to(&meta).await?;
        caller.say(&post(&batch(&["a"]))).await?;
        assert_eq!(caller.hear_head().await?.header("transfer-encoding"), Some("chunked"));
        let mut heard = 0;
        while heard < 4_000_000 {
            let more = caller.more().await?;
            assert_ne!(more, 0);
            heard += more;
            caller.unread.clear();
        }
        drop(caller);
        assert!(eventually(|| meta.shared.memory().in_flight == 0).await);
        Ok(())
    }
}
