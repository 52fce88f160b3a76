//! Building a client: everything is checked before the first byte is sent.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::gate::Gate;
use super::transport::{HttpSettings, Proxy, Request};
use super::{Client, Clock, HttpTransport, Jitter, RetryPolicy, SystemClock, SystemJitter, Transport};
use crate::value::{AccessToken, DatasetId, EventTime};
use crate::wire::{BatchLimits, RequestFields};

/// Where the token travels.
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

/// A client in the making. It comes from [`Client::builder`].
#[must_use = "a client is made by `build`"]
pub struct ClientBuilder {
    dataset: DatasetId,
    token: AccessToken,
    endpoint: Endpoint,
    api_version: Box<str>,
    fields: RequestFields,
    limits: BatchLimits,
    retry: RetryPolicy,
    placement: TokenPlacement,
    token_expiry: Option<EventTime>,
    in_flight: usize,
    age_margin: Duration,
    http: HttpSettings,
    attempt: Duration,
    transport: Option<Arc<dyn Transport>>,
    clock: Arc<dyn Clock>,
    jitter: Arc<dyn Jitter>,
}

enum Endpoint {
    Meta,
    Other {
        base: Url,
        gets_token: bool,
    },
    #[cfg(feature = "testing")]
    Loopback(Url),
}

/// What a client needs to send, checked.
pub(super) struct Settings {
    pub(super) url: Url,
    pub(super) token: AccessToken,
    /// Where the token travels, if the endpoint gets it.
    pub(super) placement: Option<TokenPlacement>,
    pub(super) token_expiry: Option<EventTime>,
    pub(super) fields: RequestFields,
    /// What stands in a request behind its events.
    pub(super) closing: Box<[u8]>,
    pub(super) limits: BatchLimits,
    pub(super) retry: RetryPolicy,
    pub(super) in_flight: usize,
    pub(super) age_margin: Duration,
    pub(super) attempt_limit: Duration,
    pub(super) gate: Gate,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) jitter: Arc<dyn Jitter>,
}

impl Settings {
    /// The request that carries this body.
    pub(super) fn request(&self, body: Vec<u8>) -> Request {
        let bearer = (self.placement == Some(TokenPlacement::Header)).then(|| self.token.clone());
        Request::new(self.url.clone(), bearer, body)
    }
}

/// What stands behind the events, with the token where it travels in the body.
fn closing(fields: &RequestFields, placement: Option<TokenPlacement>, token: &AccessToken) -> Box<[u8]> {
    let mut closing = fields.closing();
    if placement == Some(TokenPlacement::Body) {
        let token = serde_json::to_vec(token.expose()).unwrap_or_default();
        closing.pop();
        closing.extend([b",\"access_token\":".as_slice(), &token, b"}"].concat());
    }
    closing.into()
}

impl ClientBuilder {
    pub(super) fn new(dataset: DatasetId, token: AccessToken) -> Self {
        Self {
            dataset,
            token,
            endpoint: Endpoint::Meta,
            api_version: Self::API_VERSION.into(),
            fields: RequestFields::new(),
            limits: BatchLimits::default(),
            retry: RetryPolicy::default(),
            placement: TokenPlacement::default(),
            token_expiry: None,
            in_flight: Self::IN_FLIGHT,
            age_margin: Duration::from_secs(60),
            http: HttpSettings::new(Duration::from_secs(5)),
            attempt: Duration::from_secs(30),
            transport: None,
            clock: Arc::new(SystemClock),
            jitter: Arc::new(SystemJitter),
        }
    }

    /// The Graph API version that is used unless another is set.
    pub const API_VERSION: &'static str = "v26.0";

    /// Another Graph API version, such as `v27.0`.
    pub fn api_version(mut self, version: &str) -> Self {
        self.api_version = version.into();
        self
    }

    /// Another host than Meta's, such as one's own relay, which gets the events but **not the token**:
    /// the relay adds its own. `https` only, on the usual port; a path before the version is kept.
    ///
    /// The token of [`Client::builder`] then serves only to mask it should an answer quote it, and
    /// [`token_placement`](Self::token_placement) has no meaning.
    ///
    /// ```
    /// use meta_offline_events::client::Client;
    ///
    /// let builder = Client::builder("123".parse()?, "EAAB-not-a-real-token".parse()?);
    /// let client = builder.endpoint("https://relay.example/meta".parse()?).build()?;
    /// # let _ = client;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn endpoint(mut self, base: Url) -> Self {
        self.endpoint = Endpoint::Other { base, gets_token: false };
        self
    }

    /// Another host than Meta's that **gets the token, too**: whoever runs it can act with it. Otherwise
    /// as [`endpoint`](Self::endpoint).
    ///
    /// ```
    /// use meta_offline_events::client::Client;
    ///
    /// let builder = Client::builder("123".parse()?, "EAAB-not-a-real-token".parse()?);
    /// let client = builder.endpoint_with_token("https://graph.example/".parse()?).build()?;
    /// # let _ = client;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn endpoint_with_token(mut self, base: Url) -> Self {
        self.endpoint = Endpoint::Other { base, gets_token: true };
        self
    }

    /// A server on this machine, such as [`MockServer`](crate::testing::MockServer), over plain `http`.
    /// Any other address is refused. The token is sent to it.
    #[cfg(feature = "testing")]
    pub fn loopback_endpoint(mut self, base: Url) -> Self {
        self.endpoint = Endpoint::Loopback(base);
        self
    }

    /// What is said once for all events of a request: test event code, partner agent, upload tag.
    pub fn request_fields(mut self, fields: RequestFields) -> Self {
        self.fields = fields;
        self
    }

    /// How much one request may hold.
    pub fn batch_limits(mut self, limits: BatchLimits) -> Self {
        self.limits = limits;
        self
    }

    /// How often and how long to try.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// How many requests are in flight at once unless set.
    pub const IN_FLIGHT: usize = 4;

    /// The most requests in flight that can be set.
    pub const MAX_IN_FLIGHT: usize = 256;

    /// How many requests may be in flight at once, from 1 to 256: 4 unless set.
    ///
    /// Each holds up to a thousand events and the body of its request in memory.
    pub fn in_flight(mut self, requests: usize) -> Self {
        self.in_flight = requests;
        self
    }

    /// How much younger than Meta's limit an event has to be when a request starts: 60 seconds unless
    /// set. It makes up for the time on the way and for a clock that is not exact.
    pub fn age_margin(mut self, margin: Duration) -> Self {
        self.age_margin = margin;
        self
    }

    /// When the token expires, if that is known. A run does not start with an expired one, and its
    /// report notes one that expires within a day.
    pub fn token_expires(mut self, at: EventTime) -> Self {
        self.token_expiry = Some(at);
        self
    }

    /// Where the token travels.
    pub fn token_placement(mut self, placement: TokenPlacement) -> Self {
        self.placement = placement;
        self
    }

    /// Limits for connecting (5 s unless set; TLS and a proxy's answer included) and for a whole attempt
    /// (30 s unless set). A transport of one's own
    /// has its own limit for connecting.
    ///
    /// ```
    /// use std::time::Duration;
    /// use meta_offline_events::client::Client;
    ///
    /// let builder = Client::builder("123".parse()?, "EAAB-not-a-real-token".parse()?);
    /// let client = builder.timeouts(Duration::from_secs(10), Duration::from_secs(60)).build()?;
    /// # let _ = client;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn timeouts(mut self, connect: Duration, attempt: Duration) -> Self {
        self.http.connect = connect;
        self.attempt = attempt;
        self
    }

    /// A proxy that every connection goes through: `http` or `https`, with a user and a password where
    /// it wants them (as basic authentication; they are never shown).
    ///
    /// Traffic to an `https` endpoint passes it as a tunnel, so the proxy sees the host and nothing
    /// else, unless it inspects TLS: see [`root_certificate`](Self::root_certificate). A proxy that is
    /// down counts as a server that cannot be reached. Of this and
    /// [`proxy_from_environment`](Self::proxy_from_environment) the last call counts. A transport of
    /// one's own has proxies of its own.
    ///
    /// ```
    /// use meta_offline_events::client::Client;
    ///
    /// let builder = Client::builder("123".parse()?, "EAAB-not-a-real-token".parse()?);
    /// let client = builder.proxy("http://user:password@proxy.example:3128".parse()?).build()?;
    /// assert!(!format!("{client:?}").contains("password"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn proxy(mut self, proxy: Url) -> Self {
        self.http.proxy = Proxy::At(proxy);
        self
    }

    /// Takes the proxy that the environment names, by `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, in
    /// capitals or small letters (and by `HTTP_PROXY` for a plain loopback endpoint).
    ///
    /// Without this call these variables have no effect. They are read when the client is built, and
    /// again after connections had to be given up; one that names no usable proxy is passed over.
    ///
    /// ```
    /// use meta_offline_events::client::Client;
    ///
    /// let builder = Client::builder("123".parse()?, "EAAB-not-a-real-token".parse()?);
    /// let client = builder.proxy_from_environment().build()?;
    /// # let _ = client;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn proxy_from_environment(mut self) -> Self {
        self.http.proxy = Proxy::Environment;
        self
    }

    /// Trusts one more root certificate, or several, in PEM: for companies whose proxy inspects TLS.
    /// Each call adds to the ones before.
    ///
    /// All checks stay: there is no way to turn them off. The roots of the platform stay trusted, too,
    /// unless [`only_root_certificates`](Self::only_root_certificates) is called. A transport of one's
    /// own has roots of its own.
    ///
    /// ```
    /// use meta_offline_events::client::{Client, InvalidClient};
    ///
    /// let builder = Client::builder("123".parse()?, "EAAB-not-a-real-token".parse()?);
    /// let refused = builder.root_certificate(b"not a certificate").build().map(drop);
    /// assert_eq!(refused, Err(InvalidClient::RootCertificate));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn root_certificate(mut self, pem: &[u8]) -> Self {
        self.http.roots.push(pem.into());
        self
    }

    /// Trusts the certificates given by [`root_certificate`](Self::root_certificate) and no others.
    ///
    /// Without this call the roots of the platform are trusted. On Linux and its kin those are found by
    /// `SSL_CERT_FILE` and `SSL_CERT_DIR` where set; with it, these variables have no effect.
    ///
    /// ```
    /// use meta_offline_events::client::{Client, InvalidClient};
    ///
    /// let builder = Client::builder("123".parse()?, "EAAB-not-a-real-token".parse()?);
    /// let refused = builder.only_root_certificates().build().map(drop);
    /// assert_eq!(refused, Err(InvalidClient::RootCertificate), "none was given");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn only_root_certificates(mut self) -> Self {
        self.http.only_roots = true;
        self
    }

    /// Another way to reach the service, instead of reqwest.
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Another clock than the system's.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Another source of randomness for waits.
    pub fn jitter(mut self, jitter: impl Jitter + 'static) -> Self {
        self.jitter = Arc::new(jitter);
        self
    }

    /// Checks the settings and makes the client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`InvalidClient`] for an endpoint that is not `https`, or has a user, a query, a fragment or
    /// a port; for an API version that is not `v<major>.<minor>`; for a limit of zero, or beyond what can be
    /// set; for a proxy that is
    /// neither `http` nor `https`, or has a path, a query or a fragment; for root certificates that cannot
    /// be read, or are missing where only they are trusted; when TLS cannot be set up.
    ///
    /// # Panics
    ///
    /// With feature `rustls-no-provider` alone, the HTTP library panics unless the application has
    /// installed a provider of cryptography.
    pub fn build(self) -> Result<Client, InvalidClient> {
        let gets_token = !matches!(self.endpoint, Endpoint::Other { gets_token: false, .. });
        let base = self.endpoint.checked()?;
        let path = format!("{}/{}/events", checked_version(&self.api_version)?, self.dataset);
        let url = base.join(&path).map_err(|_| InvalidClient::Endpoint("cannot be joined with the path"))?;
        if self.http.connect.is_zero() || self.attempt.is_zero() {
            return Err(InvalidClient::Timeout);
        }
        within("requests in flight", self.in_flight, Self::MAX_IN_FLIGHT)?;
        within("attempts", self.retry.attempts as usize, RetryPolicy::MAX_ATTEMPTS as usize)?;
        if self.retry.batch_limit.is_zero() || self.retry.run_limit.is_some_and(|limit| limit.is_zero()) {
            return Err(InvalidClient::Timeout);
        }
        let has_tls = cfg!(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls"));
        if self.transport.is_none() && base.scheme() == "https" && !has_tls {
            return Err(InvalidClient::Tls);
        }
        let transport = match self.transport {
            Some(transport) => transport,
            None => Arc::new(http_transport(self.http)?),
        };
        let placement = gets_token.then_some(self.placement);
        let closing = closing(&self.fields, placement, &self.token);
        let settings = Settings {
            url,
            token: self.token,
            placement,
            token_expiry: self.token_expiry,
            fields: self.fields,
            closing,
            limits: self.limits,
            retry: self.retry,
            in_flight: self.in_flight,
            age_margin: self.age_margin,
            attempt_limit: self.attempt,
            gate: Gate::open(),
            transport,
            clock: self.clock,
            jitter: self.jitter,
        };
        Ok(Client { settings: Arc::new(settings) })
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").field("dataset", &self.dataset).finish_non_exhaustive()
    }
}

impl Endpoint {
    const META: &'static str = "https://graph.facebook.com/";

    /// The base address, with a path that ends in a slash.
    fn checked(self) -> Result<Url, InvalidClient> {
        let mut base = match self {
            Self::Meta => Url::parse(Self::META).map_err(|_| InvalidClient::Endpoint("is no address"))?,
            Self::Other { base, .. } => {
                demand(base.scheme() == "https", "must be https")?;
                demand(base.port().is_none(), "must not name a port")?;
                base
            }
            #[cfg(feature = "testing")]
            Self::Loopback(base) => {
                demand(matches!(base.scheme(), "http" | "https"), "must be http or https")?;
                demand(is_loopback(&base), "must be on this machine")?;
                base
            }
        };
        demand(
            base.username().is_empty() && base.password().is_none(),
            "must not hold a user or a password",
        )?;
        demand(base.query().is_none() && base.fragment().is_none(), "must not hold a query or a fragment")?;
        if !base.path().ends_with('/') {
            let path = format!("{}/", base.path());
            base.set_path(&path);
        }
        Ok(base)
    }
}

fn within(what: &'static str, number: usize, most: usize) -> Result<(), InvalidClient> {
    if (1..=most).contains(&number) { Ok(()) } else { Err(InvalidClient::Limit { what, most }) }
}

fn http_transport(http: HttpSettings) -> Result<HttpTransport, InvalidClient> {
    if let Proxy::At(proxy) = &http.proxy {
        check_proxy(proxy)?;
    }
    // Where roots are given, a trust store of the platform that cannot be read is no error.
    let flaw = match (http.only_roots, http.roots.is_empty()) {
        (true, true) => return Err(InvalidClient::RootCertificate),
        (_, false) => InvalidClient::RootCertificate,
        (false, true) => InvalidClient::Tls,
    };
    HttpTransport::with(http).map_err(|_| flaw)
}

fn check_proxy(proxy: &Url) -> Result<(), InvalidClient> {
    let has_tls = cfg!(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls"));
    let rule = if !matches!(proxy.scheme(), "http" | "https") {
        "must be http or https"
    } else if proxy.scheme() == "https" && !has_tls {
        "must be http, because no TLS feature is enabled"
    } else if proxy.path() != "/" || proxy.query().is_some() || proxy.fragment().is_some() {
        "must not hold a path, a query or a fragment"
    } else {
        return Ok(());
    };
    Err(InvalidClient::Proxy(rule))
}

fn demand(holds: bool, rule: &'static str) -> Result<(), InvalidClient> {
    if holds { Ok(()) } else { Err(InvalidClient::Endpoint(rule)) }
}

#[cfg(feature = "testing")]
fn is_loopback(base: &Url) -> bool {
    match base.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn checked_version(version: &str) -> Result<&str, InvalidClient> {
    let number = |text: &str| (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let parts = version.strip_prefix('v').and_then(|rest| rest.split_once('.'));
    match parts {
        Some((major, minor)) if number(major) && number(minor) => Ok(version),
        _ => Err(InvalidClient::ApiVersion),
    }
}

/// Why a client cannot be made from its settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidClient {
    /// The address of the service breaks a rule.
    #[error("the endpoint {0}")]
    Endpoint(&'static str),
    /// The address of the proxy breaks a rule.
    #[error("the proxy {0}")]
    Proxy(&'static str),
    /// A root certificate that cannot be read, or none where only those given are trusted.
    #[error("a root certificate must be given in PEM, between BEGIN CERTIFICATE and END CERTIFICATE")]
    RootCertificate,
    /// Not of the form `v26.0`.
    #[error("the API version must look like v26.0")]
    ApiVersion,
    /// A time limit of zero.
    #[error("a time limit must be above zero")]
    Timeout,
    /// A number that is zero or too large.
    #[error("{what} must be 1 to {most}")]
    Limit {
        /// What is limited.
        what: &'static str,
        /// The largest number that can be set.
        most: usize,
    },
    /// The TLS library could not be set up.
    #[error(
        "TLS could not be set up: enable one of the TLS features, and see that the trust store can be read"
    )]
    Tls,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(base: &str) -> Result<Client, InvalidClient> {
        let builder = Client::builder(
            "1".parse().map_err(|_| InvalidClient::Timeout)?,
            "token".parse().map_err(|_| InvalidClient::Timeout)?,
        );
        builder.endpoint(Url::parse(base).map_err(|_| InvalidClient::Timeout)?).build()
    }

    #[test]
    fn s5_s6_an_endpoint_that_could_leak_is_refused() {
        for base in [
            "http://graph.facebook.com/",
            "http://127.0.0.1:8080/",
            "https://user@graph.facebook.com/",
            "https://user:pass@graph.facebook.com/",
            "https://graph.facebook.com/?a=1",
            "https://graph.facebook.com/#a",
            "https://graph.facebook.com:8443/",
            "ftp://graph.facebook.com/",
        ] {
            assert!(endpoint(base).is_err(), "{base}");
        }
        assert!(
            endpoint("https://relay.example/meta").is_ok_and(
                |client| client.settings.url.as_str() == "https://relay.example/meta/v26.0/1/events"
            )
        );
    }

    #[test]
    fn an_api_version_has_two_numbers() {
        for version in ["26.0", "v26", "v26.0/x", "v.0", "v26.", "v2a.0", "v1.0.0"] {
            assert!(checked_version(version).is_err(), "{version}");
        }
        assert_eq!(checked_version("v27.0"), Ok("v27.0"));
    }
}
