//! A service in this process, for tests whose time is virtual: it takes a second for each request and
//! does what its script says.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use meta_offline_events::client::{
    Client, ClientBuilder, Clock, Request, Response, Sending, Transport, TransportError,
};
use meta_offline_events::testing::{FixedJitter, RuntimeClock};
use meta_offline_events::value::EventTime;
use meta_offline_events::wire::BatchLimits;
use serde_json::{Value, json};

use crate::support::NOW;

/// What the service does with one request.
pub(crate) enum Act {
    Accept,
    Answer(Response),
    Unreachable,
    /// It stores nothing, and nobody can know that.
    Break,
    /// It stores the batch, and no answer comes back.
    StoreAndBreak,
    Hang,
    Panic,
}

pub(crate) type Script = dyn Fn(usize, Duration) -> Act + Send + Sync;

#[derive(Clone)]
pub(crate) struct Service<C = RuntimeClock> {
    pub(crate) script: Arc<Script>,
    pub(crate) latency: Duration,
    pub(crate) clock: C,
    pub(crate) seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
pub(crate) struct Seen {
    /// When each request started.
    pub(crate) starts: Vec<Duration>,
    pub(crate) bodies: Vec<Vec<u8>>,
    pub(crate) stored: Vec<String>,
    pub(crate) in_flight: usize,
    pub(crate) max_in_flight: usize,
}

impl<C> fmt::Debug for Service<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Service")
    }
}

impl Service {
    /// `script` gets how many requests came before, and the time.
    pub(crate) fn new(script: impl Fn(usize, Duration) -> Act + Send + Sync + 'static) -> Self {
        Self::on(RuntimeClock::starting_at(EventTime::from_unix(NOW).unwrap()), script)
    }
}

impl<C: Clock + Clone + 'static> Service<C> {
    /// On another clock than the runtime's.
    pub(crate) fn on(clock: C, script: impl Fn(usize, Duration) -> Act + Send + Sync + 'static) -> Self {
        let latency = Duration::from_secs(1);
        Self { script: Arc::new(script), latency, clock, seen: Arc::default() }
    }

    /// A client of it, with ten events in a batch.
    pub(crate) fn client(&self) -> ClientBuilder {
        Client::builder("123".parse().unwrap(), "EAAB-test".parse().unwrap())
            .transport(self.clone())
            .clock(self.clock.clone())
            .jitter(FixedJitter(1.0))
            .batch_limits(BatchLimits::new(10, 100_000).unwrap())
    }

    pub(crate) fn requests(&self) -> usize {
        self.seen.lock().unwrap().starts.len()
    }

    pub(crate) fn starts(&self) -> Vec<u64> {
        self.seen.lock().unwrap().starts.iter().map(Duration::as_secs).collect()
    }

    pub(crate) fn max_in_flight(&self) -> usize {
        self.seen.lock().unwrap().max_in_flight
    }

    /// The ids of what was stored, each once.
    pub(crate) fn stored(&self) -> usize {
        let mut stored = self.seen.lock().unwrap().stored.clone();
        stored.sort();
        stored.dedup();
        stored.len()
    }

    fn store(&self, body: &[u8]) -> Response {
        let body: Value = serde_json::from_slice(body).unwrap();
        let ids = body["data"].as_array().unwrap().iter().map(|event| event["event_id"].to_string());
        let mut seen = self.seen.lock().unwrap();
        let before = seen.stored.len();
        seen.stored.extend(ids);
        let count = seen.stored.len() - before;
        answer(200, &json!({"events_received": count, "messages": [], "fbtrace_id": "T"}))
    }
}

impl<C: Clock + Clone + 'static> Transport for Service<C> {
    fn send<'a>(&'a self, request: &'a Request) -> Sending<'a> {
        Box::pin(async move {
            let number = {
                let mut seen = self.seen.lock().unwrap();
                seen.starts.push(self.clock.elapsed());
                seen.bodies.push(request.body().to_vec());
                seen.in_flight += 1;
                seen.max_in_flight = seen.max_in_flight.max(seen.in_flight);
                seen.starts.len() - 1
            };
            let _leaving = Leaving(&self.seen);
            self.clock.sleep(self.latency).await;
            match (self.script)(number, self.clock.elapsed()) {
                Act::Accept => Ok(self.store(request.body())),
                Act::Answer(response) => Ok(response),
                Act::Unreachable => Err(TransportError::not_sent("no connection")),
                Act::Break => Err(TransportError::ambiguous("reset")),
                Act::StoreAndBreak => {
                    self.store(request.body());
                    Err(TransportError::ambiguous("reset"))
                }
                Act::Hang => std::future::pending().await,
                Act::Panic => panic!("a fault of the transport"),
            }
        })
    }
}

struct Leaving<'s>(&'s Mutex<Seen>);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.lock().unwrap().in_flight -= 1;
    }
}

pub(crate) fn answer(status: u16, body: &Value) -> Response {
    Response::new(status, body.to_string().into_bytes())
}

pub(crate) fn error(status: u16, code: i64) -> Response {
    answer(status, &json!({"error": {"message": "no", "code": code, "fbtrace_id": "T"}}))
}
