//! What receives the events, and the rules in which Meta's endpoint and a gateway differ.

use std::time::Duration;

use super::transport::Response;
use crate::event::{ActionSource, Event};
use crate::value::{AgeLimit, GatewayAccessKey};
use crate::wire::{Answer, Hints, TextFilter, read_answer, read_gateway_answer};

/// What receives the events.
pub(super) enum Service {
    /// Meta's own endpoint, or a relay of it.
    Meta,
    /// A Conversions API Gateway.
    Gateway(Option<GatewayAccessKey>),
}

impl Service {
    /// What the body holds beside events and fields: members of its object, each behind a comma.
    pub(super) fn members(&self) -> Vec<u8> {
        let Some(key) = self.access_key() else { return Vec::new() };
        let key = serde_json::to_vec(key).unwrap_or_default();
        [b",\"accessKey\":".as_slice(), &key].concat()
    }

    pub(super) fn access_key(&self) -> Option<&str> {
        match self {
            Self::Gateway(key) => key.as_ref().map(GatewayAccessKey::expose),
            Self::Meta => None,
        }
    }

    pub(super) fn is_gateway(&self) -> bool {
        matches!(self, Self::Gateway(_))
    }

    /// The maximum age of an event: on a gateway seven days, whatever its source.
    pub(super) fn age_limit(&self, event: &Event) -> AgeLimit {
        match self {
            Self::Meta => event.action_source().age_limit(),
            Self::Gateway(_) => AgeLimit::days(7),
        }
    }

    /// For how long a retry counts no event twice. A gateway may forward what it did not confirm, and of its events
    /// nothing but the event id is promised to tell Meta that they are the same.
    pub(super) fn dedup_window(&self, event: &Event) -> Duration {
        let window = event.action_source().dedup_window();
        match self {
            Self::Meta => window,
            Self::Gateway(_) if event.id().is_none() => Duration::ZERO,
            Self::Gateway(_) => window.min(ActionSource::Website.dedup_window()),
        }
    }

    pub(super) fn read(&self, response: &Response, sent: u64, filter: &TextFilter<'_>) -> Answer {
        let (status, body) = (response.status(), response.body());
        match self {
            Self::Meta => read_answer(status, response.header_value("content-type"), body, filter),
            Self::Gateway(_) => read_gateway_answer(status, body, sent, filter),
        }
    }

    /// What the headers of an answer say that holds here. A gateway knows neither Meta's limits nor Meta's time.
    pub(super) fn hints(&self, hints: Hints) -> Hints {
        match self {
            Self::Meta => hints,
            Self::Gateway(_) => Hints { wait: hints.wait, ..Hints::default() },
        }
    }
}
