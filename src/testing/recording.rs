//! A transport without a network.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use crate::client::{Request, Response, Sending, Transport, TransportError};

/// A transport that records every request and answers it as scripted, or else with success.
///
/// ```
/// use meta_offline_events::client::Client;
/// use meta_offline_events::customer::UserData;
/// use meta_offline_events::event::{Event, EventName};
/// use meta_offline_events::testing::{ManualClock, RecordingTransport};
/// use meta_offline_events::value::EventTime;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let now = EventTime::from_unix(1_767_225_600)?;
/// let transport = RecordingTransport::new();
/// let client = Client::builder("1".parse()?, "token".parse()?)
///     .transport(transport.clone())
///     .clock(ManualClock::at(now))
///     .build()?;
///
/// let customer = UserData::builder().email("mary@example.com").build()?;
/// let lead = Event::builder(now, customer).name(EventName::LEAD).build()?;
/// assert!(client.send(vec![lead]).await.all_accepted());
/// assert_eq!(transport.requests().len(), 1);
/// # Ok(())
/// # }
/// ```
///
/// Clones share the same record, so a test keeps one and gives another to the client.
#[derive(Debug, Clone, Default)]
pub struct RecordingTransport {
    record: Arc<Mutex<Record>>,
}

#[derive(Debug, Default)]
struct Record {
    requests: Vec<Request>,
    replies: VecDeque<Result<Response, TransportError>>,
}

impl RecordingTransport {
    /// Creates a transport with nothing recorded and nothing scripted.
    pub fn new() -> Self {
        Self::default()
    }

    /// Queues an answer. Each request takes the oldest one.
    ///
    /// ```
    /// use meta_offline_events::client::{Client, Response};
    /// use meta_offline_events::customer::UserData;
    /// use meta_offline_events::event::{Event, EventName};
    /// use meta_offline_events::testing::{ManualClock, RecordingTransport};
    /// use meta_offline_events::value::EventTime;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let now = EventTime::from_unix(1_767_225_600)?;
    /// let transport = RecordingTransport::new();
    /// transport.reply(Ok(Response::new(400, br#"{"error":{"code":190}}"#.to_vec())));
    /// let client = Client::builder("1".parse()?, "token".parse()?)
    ///     .transport(transport.clone())
    ///     .clock(ManualClock::at(now))
    ///     .build()?;
    ///
    /// let customer = UserData::builder().email("mary@example.com").build()?;
    /// let lead = Event::builder(now, customer).name(EventName::LEAD).build()?;
    /// let report = client.send(vec![lead]).await;
    /// assert!(report.stopped().is_some(), "the token is not valid");
    /// assert_eq!(transport.requests().len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn reply(&self, reply: Result<Response, TransportError>) {
        self.record().replies.push_back(reply);
    }

    /// Every request so far, in order.
    pub fn requests(&self) -> Vec<Request> {
        self.record().requests.clone()
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for RecordingTransport {
    fn send<'a>(&'a self, request: &'a Request) -> Sending<'a> {
        Box::pin(async move {
            let mut record = self.record();
            record.requests.push(request.clone());
            record.replies.pop_front().unwrap_or_else(|| Ok(success(request.body())))
        })
    }
}

/// The answer to a request all of whose events are accepted.
fn success(body: &[u8]) -> Response {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let events = body["data"].as_array().map_or(0, Vec::len);
    let answer = json!({"events_received": events, "messages": [], "fbtrace_id": "recorded"});
    Response::new(200, answer.to_string().into_bytes())
}
