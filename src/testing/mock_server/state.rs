//! What all connections of a mock server share: its settings, its script and its record.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::code::Code;
use crate::client::Clock;
use crate::testing::answer::Answer;
use crate::testing::connection::Head;
use crate::testing::graph::GraphError;
use crate::testing::recorded::RecordedRequest;
use crate::testing::rules::{
    Batch, Refuses, Request, Rules, Tokens, check, check_gateway, gateway_dataset_of,
};
use crate::value::{AppId, AppSecret, DatasetId, GatewayAccessKey};

pub(super) struct Settings {
    pub(super) dataset: Option<DatasetId>,
    /// What lists of datasets have, and what a dataset says of itself.
    pub(super) datasets: Vec<Value>,
    pub(super) secret: Option<AppSecret>,
    /// The access key that it wants as a gateway, if any.
    pub(super) gateway_key: Option<GatewayAccessKey>,
    /// The only app that there is, or any.
    pub(super) app: Option<(AppId, AppSecret)>,
    /// How long tokens last that it makes, unless as long as Meta's.
    pub(super) tokens_last: Option<Duration>,
    pub(super) clock: Box<dyn Clock>,
    pub(super) latency: Duration,
    pub(super) refuses: Option<Box<Refuses>>,
    pub(super) names_refused: bool,
    pub(super) on_accepted: Option<Box<OnAccepted>>,
    pub(super) keeps_events: bool,
}

/// What is called with each accepted batch: its dataset, and its events.
pub(super) type OnAccepted = dyn Fn(&str, &[Value]) + Send + Sync;

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("dataset", &self.dataset)
            .field("secret", &self.secret)
            .field("gateway_key", &self.gateway_key)
            .field("app", &self.app)
            .field("clock", &self.clock)
            .field("latency", &self.latency)
            .field("names_refused", &self.names_refused)
            .field("keeps_events", &self.keeps_events)
            .finish_non_exhaustive()
    }
}

pub(super) struct State {
    settings: Settings,
    record: Mutex<Record>,
}

/// What is scripted, and what happened.
pub(super) struct Record {
    pub(super) script: VecDeque<Answer>,
    /// For calls that are not about events.
    pub(super) call_script: VecDeque<Answer>,
    pub(super) always: Option<Answer>,
    /// Answers to every request with a path, which stands behind the version.
    pub(super) by_path: Vec<(String, Answer)>,
    pub(super) tokens: Tokens,
    /// The codes of logins.
    pub(super) codes: Vec<Code>,
    /// How many tokens it made.
    pub(super) issued: u64,
    pub(super) requests: Vec<RecordedRequest>,
    /// Each with its dataset.
    pub(super) accepted: Vec<(String, Value)>,
    pub(super) accepted_count: u64,
    pub(super) connections: usize,
    pub(super) in_flight: usize,
    pub(super) max_in_flight: usize,
}

impl State {
    pub(super) fn new(settings: Settings, tokens: Tokens) -> Self {
        let record = Record {
            script: VecDeque::new(),
            call_script: VecDeque::new(),
            always: None,
            by_path: Vec::new(),
            tokens,
            codes: Vec::new(),
            issued: 0,
            requests: Vec::new(),
            accepted: Vec::new(),
            accepted_count: 0,
            connections: 0,
            in_flight: 0,
            max_in_flight: 0,
        };
        Self { settings, record: Mutex::new(record) }
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(super) fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a connection.
    pub(super) fn connected(&self) {
        self.record().connections += 1;
    }

    /// Records the head of a request; returns the index of the request and its answer.
    pub(super) fn record_head(&self, head: &Head) -> (usize, Answer) {
        let mut record = self.record();
        let path = head.target.split_once('?').map_or(head.target.as_str(), |(path, _)| path);
        let behind_version = path.strip_prefix('/').and_then(|path| path.split_once('/'));
        let of_path = record
            .by_path
            .iter()
            .rev()
            .find(|(path, _)| behind_version.is_some_and(|(_, behind)| behind == path))
            .map(|(_, answer)| answer.clone());
        let is_about_events = path.ends_with("/events");
        let answer = of_path
            .or_else(|| if is_about_events { None } else { record.call_script.pop_front() })
            .or_else(|| record.script.pop_front())
            .or_else(|| record.always.clone());
        record.requests.push(RecordedRequest::new(&head.method, &head.target, &head.headers));
        (record.requests.len() - 1, answer.unwrap_or_else(Answer::judge))
    }

    pub(super) fn record_body(&self, index: usize, body: &[u8], whole: bool) {
        let kept = if self.settings.keeps_events { body.to_vec() } else { Vec::new() };
        self.record().requests[index].set_body(kept, whole);
    }

    pub(super) fn in_flight(&self) -> InFlight<'_> {
        let mut record = self.record();
        record.in_flight += 1;
        record.max_in_flight = record.max_in_flight.max(record.in_flight);
        InFlight(self)
    }

    /// Checks a request and records its events when they are accepted.
    pub(super) fn accept(&self, head: &Head, body: &[u8]) -> Result<Accepted, GraphError> {
        let settings = &self.settings;
        let request = Request {
            method: &head.method,
            target: &head.target,
            content_type: head.header("content-type"),
            authorization: head.header("authorization"),
            body,
        };
        let tokens = self.record().tokens.clone();
        let rules = Rules {
            dataset: settings.dataset.as_ref().map(DatasetId::as_str),
            tokens: &tokens,
            secret: settings.secret.as_ref(),
            gateway_key: settings.gateway_key.as_ref().map(GatewayAccessKey::expose),
            now: settings.clock.now().unix(),
            refuses: settings.refuses.as_deref(),
            names_refused: settings.names_refused,
        };
        let gateway_dataset = gateway_dataset_of(&head.target);
        let Batch { dataset, events } = match gateway_dataset {
            Some(dataset) => check_gateway(&request, dataset, &rules)?,
            None => check(&request, &rules)?,
        };
        if let Some(on_accepted) = &settings.on_accepted {
            on_accepted(&dataset, &events);
        }
        let received = events.len() as u64;
        let mut record = self.record();
        record.accepted_count += received;
        if settings.keeps_events {
            record.accepted.extend(events.into_iter().map(|event| (dataset.clone(), event)));
        }
        Ok(Accepted { received, as_gateway: gateway_dataset.is_some() })
    }
}

/// A batch that was accepted.
pub(super) struct Accepted {
    pub(super) received: u64,
    pub(super) as_gateway: bool,
}

/// Counts one request as in flight until dropped.
pub(super) struct InFlight<'a>(&'a State);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.record().in_flight -= 1;
    }
}
