//! The settings of a client, checked.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::backoff::Jitter;
use super::clock::Clock;
use super::pacer::Pacer;
use super::retry::RetryPolicy;
use super::runtime::RuntimeNeeds;
use super::transport::{Request, Transport};
use crate::value::{AccessToken, DatasetId, EventTime};
use crate::wire::{BatchLimits, RequestFields};

/// Where the token travels.
///
/// ```
/// use meta_offline_events::client::{Client, TokenPlacement};
///
/// let builder = Client::builder("123".parse()?, "EAAB-not-a-real-token".parse()?);
/// let client = builder.token_placement(TokenPlacement::Body).build()?;
/// # let _ = client;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum TokenPlacement {
    /// In the `Authorization` header, marked sensitive. Integrations in production do so, although
    /// Meta's pages on the Conversions API do not describe it.
    #[default]
    Header,
    /// In the body, as `access_token`: what Meta's own samples do.
    Body,
}

/// What a client needs to send.
pub(super) struct Settings {
    pub(super) dataset: DatasetId,
    pub(super) url: Url,
    pub(super) token: AccessToken,
    /// Where the token travels, if the endpoint gets it.
    pub(super) placement: Option<TokenPlacement>,
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
    /// The request that carries this body.
    pub(super) fn request(&self, body: Vec<u8>) -> Request {
        let bearer = (self.placement == Some(TokenPlacement::Header)).then(|| self.token.clone());
        Request::new(self.url.clone(), bearer, body)
    }
}

/// The end of every request body, with the token where it travels in the body.
pub(super) fn closing(
    fields: &RequestFields,
    placement: Option<TokenPlacement>,
    token: &AccessToken,
) -> Box<[u8]> {
    let mut closing = fields.closing();
    if placement == Some(TokenPlacement::Body) {
        let token = serde_json::to_vec(token.expose()).unwrap_or_default();
        closing.pop();
        closing.extend([b",\"access_token\":".as_slice(), &token, b"}"].concat());
    }
    closing.into()
}
