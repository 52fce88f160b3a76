//! The settings of a client, checked.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::backoff::Jitter;
use super::clock::Clock;
use super::credentials::Credentials;
use super::pacer::Pacer;
use super::retry::RetryPolicy;
use super::runtime::RuntimeNeeds;
use super::transport::{Request, Transport};
use crate::auth::TokenSource;
use crate::value::{DatasetId, EventTime, Text};
use crate::wire::{BatchLimits, RequestFields};

/// What a client needs to send.
pub(super) struct Settings {
    pub(super) dataset: DatasetId,
    pub(super) url: Url,
    /// The host and the path before the version.
    pub(super) endpoint: Text,
    pub(super) tokens: TokenSource,
    /// What shows who sends, if the endpoint is told.
    pub(super) credentials: Option<Credentials>,
    pub(super) token_expiry: Option<EventTime>,
    pub(super) fields: RequestFields,
    /// The end of every request body, behind the events.
    pub(super) closing: Box<[u8]>,
    pub(super) limits: BatchLimits,
    pub(super) retry: RetryPolicy,
    pub(super) in_flight: usize,
    pub(super) age_margin: Duration,
    pub(super) attempt_limit: Duration,
    pub(super) pacer: Pacer,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) jitter: Arc<dyn Jitter>,
    pub(super) runtime_needs: RuntimeNeeds,
}

impl Settings {
    /// A request that carries this body, and no credentials yet.
    pub(super) fn request(&self, body: Vec<u8>) -> Request {
        Request::new(self.url.clone(), body)
    }

    /// How many bytes of a body are left for credentials.
    pub(super) fn room_for_credentials(&self, now: EventTime) -> usize {
        /// For a token that is not there yet.
        const USUAL: usize = 512;
        let Some(credentials) = &self.credentials else { return 0 };
        self.tokens.held().map_or(USUAL, |token| credentials.members(&token, now).len())
    }
}
