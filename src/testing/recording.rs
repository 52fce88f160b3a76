//! A transport without a network: it keeps what was sent and answers as told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use crate::client::{Request, Response, Sending, Transport, TransportError};

/// Keeps every request and answers it: as scripted, else with success.
///
/// Clones share the same record, so a test keeps one and gives another to the client.
///
/// ```
/// use meta_offline_events::client::Client;
/// use meta_offline_events::testing::RecordingTransport;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let transport = RecordingTransport::new();
/// let client = Client::builder("1".parse()?, "token".parse()?).transport(transport.clone()).build()?;
/// client.send(Vec::new()).await;
/// assert!(transport.requests().is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct RecordingTransport {
    tape: Arc<Mutex<Tape>>,
}

#[derive(Debug, Default)]
struct Tape {
    requests: Vec<Request>,
    replies: VecDeque<Result<Response, TransportError>>,
}

impl RecordingTransport {
    /// Nothing recorded, nothing scripted.
    pub fn new() -> Self {
        Self::default()
    }

    /// The answer to the next request that has none yet.
    pub fn reply(&self, reply: Result<Response, TransportError>) {
        self.tape().replies.push_back(reply);
    }

    /// Every request so far, in order.
    pub fn requests(&self) -> Vec<Request> {
        self.tape().requests.clone()
    }

    fn tape(&self) -> MutexGuard<'_, Tape> {
        self.tape.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for RecordingTransport {
    fn send<'a>(&'a self, request: &'a Request) -> Sending<'a> {
        Box::pin(async move {
            let mut tape = self.tape();
            tape.requests.push(request.clone());
            tape.replies.pop_front().unwrap_or_else(|| Ok(success(request.body())))
        })
    }
}

/// The answer to a request that is counted whole.
fn success(body: &[u8]) -> Response {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let events = body["data"].as_array().map_or(0, Vec::len);
    let answer = json!({"events_received": events, "messages": [], "fbtrace_id": "recorded"});
    Response::new(200, answer.to_string().into_bytes())
}
