//! The way to the service: its address, the transport, clock and time limits. Checked before the first byte is sent.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use url::Url;

use super::backoff::{Jitter, SystemJitter};
use super::clock::{Clock, SystemClock};
use super::endpoint::Endpoint;
use super::invalid::InvalidClient;
use super::runtime::RuntimeNeeds;
use super::shield::{Panicked, Shielded};
use super::transport::{HttpSettings, HttpTransport, Proxy, Request, Response, Transport, TransportError};
use crate::value::Text;

/// The settings of a connection, as they were given.
#[derive(Clone)]
pub(crate) struct ConnectionSettings {
    pub(super) endpoint: Endpoint,
    pub(super) api_version: Box<str>,
    pub(super) http: HttpSettings,
    pub(super) attempt: Duration,
    pub(super) transport: Option<Arc<dyn Transport>>,
    pub(super) clock: Option<Arc<dyn Clock>>,
    pub(super) jitter: Arc<dyn Jitter>,
}

/// A connection whose settings are checked. Clones share it.
#[derive(Clone)]
pub(crate) struct Connection {
    /// The address up to the version and its slash.
    base: Url,
    /// The host and the path before the version.
    pub(super) endpoint: Text,
    /// The address of the dialog for logins.
    dialog: Url,
    /// Whether credentials are sent there.
    pub(crate) gets_token: bool,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) jitter: Arc<dyn Jitter>,
    pub(crate) attempt_limit: Duration,
    pub(super) runtime_needs: RuntimeNeeds,
}

impl ConnectionSettings {
    pub(crate) fn new(api_version: &str) -> Self {
        Self {
            endpoint: Endpoint::Meta,
            api_version: api_version.into(),
            http: HttpSettings::new(Duration::from_secs(5)),
            attempt: Duration::from_secs(30),
            transport: None,
            clock: None,
            jitter: Arc::new(SystemJitter),
        }
    }

    pub(crate) fn set_api_version(&mut self, version: &str) {
        self.api_version = version.into();
    }

    pub(super) fn set_endpoint(&mut self, base: Url) {
        self.endpoint = Endpoint::Other { base, gets_token: false };
    }

    pub(crate) fn set_endpoint_with_token(&mut self, base: Url) {
        self.endpoint = Endpoint::Other { base, gets_token: true };
    }

    #[cfg(feature = "testing")]
    pub(crate) fn set_loopback_endpoint(&mut self, base: Url) {
        self.endpoint = Endpoint::Loopback(base);
    }

    pub(super) fn with_endpoint(self, endpoint: Endpoint) -> Self {
        Self { endpoint, ..self }
    }

    pub(crate) fn set_timeouts(&mut self, connect: Duration, attempt: Duration) {
        self.http.connect = connect;
        self.attempt = attempt;
    }

    pub(crate) fn set_proxy(&mut self, proxy: Url) {
        self.http.proxy = Proxy::At(proxy);
    }

    pub(crate) fn set_proxy_from_environment(&mut self) {
        self.http.proxy = Proxy::Environment;
    }

    pub(crate) fn add_root_certificate(&mut self, pem: &[u8]) {
        self.http.roots.push(pem.into());
    }

    pub(crate) fn set_only_root_certificates(&mut self) {
        self.http.only_roots = true;
    }

    pub(crate) fn set_transport(&mut self, transport: impl Transport + 'static) {
        self.transport = Some(Arc::new(transport));
    }

    pub(crate) fn set_clock(&mut self, clock: impl Clock + 'static) {
        self.clock = Some(Arc::new(clock));
    }

    pub(crate) fn set_jitter(&mut self, jitter: impl Jitter + 'static) {
        self.jitter = Arc::new(jitter);
    }

    pub(crate) fn checked(self) -> Result<Connection, InvalidClient> {
        let gets_token = self.endpoint.gets_token();
        let dialog = self.endpoint.dialog(&self.api_version)?;
        let (base, endpoint) = self.endpoint.versioned(&self.api_version)?;
        if self.http.connect.is_zero() || self.attempt.is_zero() {
            return Err(InvalidClient::Timeout);
        }
        let has_own_transport = self.transport.is_none();
        let runtime_needs =
            RuntimeNeeds { timers: has_own_transport || self.clock.is_none(), io: has_own_transport };
        let transport = match (self.transport, self.http.customized()) {
            (Some(_), Some(setting)) => return Err(InvalidClient::BesideTransport(setting)),
            (Some(transport), None) => transport,
            (None, _) if base.scheme() == "https" && !HAS_TLS => return Err(InvalidClient::Tls),
            (None, _) => Arc::new(http_transport(self.http)?),
        };
        Ok(Connection {
            base,
            endpoint,
            dialog,
            gets_token,
            transport,
            clock: self.clock.unwrap_or_else(|| Arc::new(SystemClock)),
            jitter: self.jitter,
            attempt_limit: self.attempt,
            runtime_needs,
        })
    }
}

impl Connection {
    /// The address of a path behind the version.
    pub(crate) fn url(&self, path: &str) -> Result<Url, InvalidClient> {
        self.base.join(path).map_err(|_| InvalidClient::Endpoint("cannot be joined with the path"))
    }

    /// Whether the connection can reach an address beside its own.
    pub(super) fn check_scheme(&self, url: &Url) -> Result<(), InvalidClient> {
        let has_own_transport = self.runtime_needs.io;
        if has_own_transport && url.scheme() == "https" && !HAS_TLS {
            Err(InvalidClient::Tls)
        } else {
            Ok(())
        }
    }

    /// The version of the API, such as `v26.0`.
    pub(crate) fn api_version(&self) -> &str {
        self.base.path().trim_end_matches('/').rsplit('/').next().unwrap_or_default()
    }

    /// The address of the dialog for logins, which a person opens in a browser.
    pub(crate) fn dialog(&self) -> Url {
        self.dialog.clone()
    }

    /// Whether the current runtime has what the connection needs.
    pub(crate) fn has_runtime(&self) -> bool {
        self.runtime_needs.are_met()
    }

    /// Sends a request that belongs to no run, once, and waits for its answer up to the time limit.
    pub(crate) async fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let sending = Shielded::new(|| self.transport.send(request), || {});
        match self.within_limit(sending).await {
            Some(Ok(answer)) => answer,
            Some(Err(Panicked)) => Err(TransportError::ambiguous("the transport panicked")),
            None => Err(TransportError::ambiguous("no whole answer within the time limit")),
        }
    }

    /// Waits for something up to the time limit of an attempt.
    pub(crate) async fn within_limit<T>(&self, something: impl Future<Output = T>) -> Option<T> {
        match select(pin!(something), self.clock.limit(self.attempt_limit)).await {
            Either::Left((outcome, _)) => Some(outcome),
            Either::Right(_) => None,
        }
    }
}

const HAS_TLS: bool = cfg!(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls"));

fn http_transport(http: HttpSettings) -> Result<HttpTransport, InvalidClient> {
    check_proxy(&http.proxy)?;
    // Where roots are given, a trust store of the platform that cannot be read is no error.
    let flaw = match (http.only_roots, http.roots.is_empty()) {
        (true, true) => return Err(InvalidClient::RootCertificate),
        (_, false) => InvalidClient::RootCertificate,
        (false, true) => InvalidClient::Tls,
    };
    HttpTransport::with(http).map_err(|_| flaw)
}

fn check_proxy(proxy: &Proxy) -> Result<(), InvalidClient> {
    let Proxy::At(url) = proxy else { return Ok(()) };
    let rule = if !matches!(url.scheme(), "http" | "https") {
        "must be http or https"
    } else if url.scheme() == "https" && !HAS_TLS {
        "must be http, because no TLS feature is enabled"
    } else if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        "must not hold a path, a query or a fragment"
    } else {
        return Ok(());
    };
    Err(InvalidClient::Proxy(rule))
}
