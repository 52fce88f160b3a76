//! The settings of calls that do not start from a client.

use std::fmt;
use std::time::Duration;

use url::Url;

use super::Graph;
use super::call::CallStyle;
use crate::client::{ClientBuilder, Clock, ConnectionSettings, InvalidClient, Jitter, Transport};

/// The settings of a [`Graph`] that is not built yet. [`Graph::builder`] creates it.
///
/// Each setting means what the setting of the same name means for a client, and has the same value unless set.
///
/// ```
/// use std::time::Duration;
/// use meta_offline_events::graph::Graph;
///
/// let graph = Graph::builder()
///     .api_version("v27.0")
///     .timeouts(Duration::from_secs(3), Duration::from_secs(20))
///     .proxy("http://proxy.example:3128".parse()?)
///     .build()?;
/// # let _ = graph;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use = "`build` makes the `Graph`"]
pub struct GraphBuilder {
    connection: ConnectionSettings,
}

impl Graph {
    /// Starts the settings of calls that need no client: to log in, or to inspect and to renew a token.
    ///
    /// ```
    /// use meta_offline_events::graph::{App, Graph};
    ///
    /// let app = App::new("138483919580948".parse()?, "0123456789abcdef0123456789abcdef".parse()?);
    /// let graph = Graph::builder().build()?.app(app);
    /// # let _ = graph;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn builder() -> GraphBuilder {
        GraphBuilder { connection: ConnectionSettings::new(ClientBuilder::API_VERSION) }
    }
}

impl GraphBuilder {
    /// Sets the version of the Graph API: see [`ClientBuilder::api_version`].
    pub fn api_version(mut self, version: &str) -> Self {
        self.connection.set_api_version(version);
        self
    }

    /// Calls another host than Meta's, which gets every token and secret: see [`ClientBuilder::endpoint_with_token`].
    pub fn endpoint_with_token(mut self, base: Url) -> Self {
        self.connection.set_endpoint_with_token(base);
        self
    }

    /// Calls a server on this machine: see [`ClientBuilder::loopback_endpoint`].
    #[cfg(feature = "testing")]
    pub fn loopback_endpoint(mut self, base: Url) -> Self {
        self.connection.set_loopback_endpoint(base);
        self
    }

    /// Sets the time limits for connecting and for a whole attempt: see [`ClientBuilder::timeouts`].
    pub fn timeouts(mut self, connect: Duration, attempt: Duration) -> Self {
        self.connection.set_timeouts(connect, attempt);
        self
    }

    /// Makes every call through a proxy: see [`ClientBuilder::proxy`].
    pub fn proxy(mut self, proxy: Url) -> Self {
        self.connection.set_proxy(proxy);
        self
    }

    /// Uses the proxy that the environment names: see [`ClientBuilder::proxy_from_environment`].
    pub fn proxy_from_environment(mut self) -> Self {
        self.connection.set_proxy_from_environment();
        self
    }

    /// Trusts additional root certificates in PEM: see [`ClientBuilder::root_certificate`].
    pub fn root_certificate(mut self, pem: &[u8]) -> Self {
        self.connection.add_root_certificate(pem);
        self
    }

    /// Trusts the given root certificates and no others: see [`ClientBuilder::only_root_certificates`].
    pub fn only_root_certificates(mut self) -> Self {
        self.connection.set_only_root_certificates();
        self
    }

    /// Calls through this transport: see [`ClientBuilder::transport`].
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.connection.set_transport(transport);
        self
    }

    /// Replaces the system's clock, for tests: see [`ClientBuilder::clock`].
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.connection.set_clock(clock);
        self
    }

    /// Replaces the source of randomness for waits, for tests: see [`ClientBuilder::jitter`].
    pub fn jitter(mut self, jitter: impl Jitter + 'static) -> Self {
        self.connection.set_jitter(jitter);
        self
    }

    /// Checks the settings. It sends nothing yet.
    ///
    /// # Errors
    ///
    /// [`InvalidClient`], as [`ClientBuilder::build`] returns it for the same settings.
    pub fn build(self) -> Result<Graph, InvalidClient> {
        let connection = self.connection.checked()?;
        Ok(Graph { connection, tokens: None, app: None, proof: None, style: CallStyle::default() })
    }
}

impl fmt::Debug for GraphBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphBuilder").finish_non_exhaustive()
    }
}
