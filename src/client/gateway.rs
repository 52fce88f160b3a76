//! A second receiver of events: a Conversions API Gateway.

use std::fmt;
use std::sync::Arc;

use url::Url;

use super::endpoint::Endpoint;
use super::invalid::InvalidClient;
use crate::event::Event;
use crate::value::{DatasetId, GatewayAccessKey};

/// A Conversions API Gateway, or a Signals Gateway from version 1.6.0 on: it takes events at an address of your own and
/// forwards them to Meta.
///
/// [`ClientBuilder::gateway`](super::ClientBuilder::gateway) sends events to Meta and to a gateway,
/// [`Client::builder_for_gateway`](super::Client::builder_for_gateway) to a gateway alone. Give every event an event id,
/// because Meta may get it on both ways. [Delivery](crate::guide::delivery#a-gateway) says what is different there.
///
/// ```
/// use meta_offline_events::client::{Client, Gateway};
/// use meta_offline_events::event::ActionSource;
/// # use meta_offline_events::testing::RecordingTransport;
///
/// let gateway = Gateway::new("https://gateway.shop.example/".parse()?)
///     .access_key("not-a-real-key".parse()?)
///     .filter(|event| event.action_source() == ActionSource::PhysicalStore);
/// let client = Client::builder("123456789012345".parse()?, "EAAB-not-a-real-token".parse()?)
///     .gateway(gateway)
/// #     .transport(RecordingTransport::new())
///     .build()?;
/// # let _ = client;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Gateway {
    pub(super) endpoint: Endpoint,
    pub(super) access_key: Option<GatewayAccessKey>,
    pub(super) filter: Option<Arc<Filter>>,
}

/// Whether an event goes to the gateway.
pub(super) type Filter = dyn Fn(&Event) -> bool + Send + Sync;

impl Gateway {
    /// Creates a gateway from its address. Only `https` on the usual port; a path stays.
    /// [`build`](super::ClientBuilder::build) checks it.
    pub fn new(base: Url) -> Self {
        Self::at(Endpoint::Other { base, gets_token: false })
    }

    /// Creates a gateway on this machine, such as [`MockServer`](crate::testing::MockServer), also over plain `http`.
    #[cfg(feature = "testing")]
    pub fn loopback(base: Url) -> Self {
        Self::at(Endpoint::Loopback(base))
    }

    fn at(endpoint: Endpoint) -> Self {
        Self { endpoint, access_key: None, filter: None }
    }

    /// Sets the access key, which every request then carries as `accessKey` in its body. Without it there is none.
    pub fn access_key(mut self, key: GatewayAccessKey) -> Self {
        self.access_key = Some(key);
        self
    }

    /// Sets which events go to the gateway: those for which the function returns `true`. Without it all do. The
    /// filter has no say in which events go to Meta.
    pub fn filter(mut self, filter: impl Fn(&Event) -> bool + Send + Sync + 'static) -> Self {
        self.filter = Some(Arc::new(filter));
        self
    }

    /// The address of the events of this dataset.
    pub(super) fn url(&self, dataset: &DatasetId) -> Result<Url, InvalidClient> {
        self.endpoint.gateway_url(dataset).map_err(|error| match error {
            InvalidClient::Endpoint(rule) => InvalidClient::Gateway(rule),
            other => other,
        })
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway")
            .field("access_key", &self.access_key)
            .field("has_filter", &self.filter.is_some())
            .finish_non_exhaustive()
    }
}
