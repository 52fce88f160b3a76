//! The settings of a client, checked.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::connection::Connection;
use super::credentials::Credentials;
use super::gateway::Filter;
use super::pacer::Pacer;
use super::retry::RetryPolicy;
use super::service::Service;
use super::transport::Request;
use crate::auth::TokenSource;
use crate::value::{DatasetId, EventTime, GatewayAccessKey};
use crate::wire::{BatchLimits, RequestFields};

/// What a client needs to send.
pub(super) struct Settings {
    pub(super) dataset: DatasetId,
    pub(super) url: Url,
    pub(super) tokens: TokenSource,
    pub(super) service: Service,
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
    pub(super) pacer: Pacer,
    pub(super) connection: Connection,
    pub(super) second: Option<Second>,
}

/// A receiver beside the first one.
pub(super) struct Second {
    pub(super) settings: Arc<Settings>,
    /// Which events go there: all, unless set.
    pub(super) filter: Option<Arc<Filter>>,
}

impl Settings {
    /// A request that carries this body, and no credentials yet.
    pub(super) fn request(&self, body: Vec<u8>) -> Request {
        Request::new(self.url.clone(), body)
    }

    /// The same for a gateway, which gets neither token nor proof, and of a request only the events.
    pub(super) fn for_gateway(&self, url: Url, access_key: Option<GatewayAccessKey>) -> Self {
        Self {
            url,
            service: Service::Gateway(access_key),
            credentials: None,
            token_expiry: None,
            ..self.with_fields(RequestFields::new())
        }
    }

    /// The same with other fields beside the events, and for Meta alone.
    pub(super) fn with_fields(&self, fields: RequestFields) -> Self {
        Self {
            dataset: self.dataset.clone(),
            url: self.url.clone(),
            service: Service::Meta,
            tokens: self.tokens.clone(),
            credentials: self.credentials.clone(),
            token_expiry: self.token_expiry,
            closing: fields.closing().into(),
            fields,
            limits: self.limits,
            retry: self.retry.clone(),
            in_flight: self.in_flight,
            age_margin: self.age_margin,
            pacer: Pacer::new(),
            connection: self.connection.clone(),
            second: None,
        }
    }

    /// From which difference between the clocks on nobody can tell how old an event is, in seconds.
    pub(super) fn max_clock_difference(&self) -> i64 {
        const HOUR: i64 = 3600;
        HOUR.max(self.age_margin.as_secs().cast_signed())
    }

    /// How many bytes of a body are left for credentials.
    pub(super) fn room_for_credentials(&self, now: EventTime) -> usize {
        /// For a token that is not there yet.
        const USUAL: usize = 512;
        let Some(credentials) = &self.credentials else { return self.service.members().len() };
        self.tokens.held().map_or(USUAL, |token| credentials.members(&token, now).len())
    }
}
