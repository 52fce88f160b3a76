//! Building a client: everything is checked before the first byte is sent.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::backoff::Jitter;
use super::clock::Clock;
use super::connection::ConnectionSettings;
use super::credentials::{Credentials, ProofSecret, TokenPlacement};
use super::gateway::Gateway;
use super::invalid::{InvalidClient, within};
use super::pacer::Pacer;
use super::retry::RetryPolicy;
use super::service::Service;
use super::settings::{Second, Settings};
use super::transport::Transport;
use crate::auth::TokenSource;
use crate::value::{AccessToken, AppSecret, DatasetId, EventTime};
use crate::wire::{BatchLimits, RequestFields};

/// The settings of a client that is not built yet.
///
/// [`Client::builder`](super::Client::builder) creates it. Clones are independent, so that several clients can share settings.
/// `Debug` shows no token.
///
/// ```
/// use meta_offline_events::client::{Client, RetryPolicy};
/// # use meta_offline_events::testing::RecordingTransport;
///
/// let base = Client::builder("123456789012345".parse()?, "EAAB-not-a-real-token".parse()?)
/// #     .transport(RecordingTransport::new())
///     .in_flight(8);
/// let patient = base.clone().retry(RetryPolicy::new().attempts(20)).build()?;
/// let usual = base.build()?;
/// assert_eq!(patient.dataset(), usual.dataset());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use = "`build` makes the client"]
pub struct ClientBuilder {
    dataset: DatasetId,
    tokens: TokenSource,
    receivers: Receivers,
    connection: ConnectionSettings,
    fields: RequestFields,
    limits: BatchLimits,
    retry: RetryPolicy,
    credentials: Credentials,
    token_expiry: Option<EventTime>,
    in_flight: usize,
    age_margin: Duration,
}

/// Where the events go.
#[derive(Clone)]
enum Receivers {
    Meta,
    Gateway(Gateway),
    Both(Gateway),
}

impl ClientBuilder {
    pub(super) fn new(dataset: DatasetId, tokens: TokenSource) -> Self {
        Self {
            dataset,
            tokens,
            receivers: Receivers::Meta,
            connection: ConnectionSettings::new(Self::API_VERSION),
            fields: RequestFields::new(),
            limits: BatchLimits::default(),
            retry: RetryPolicy::default(),
            credentials: Credentials::default(),
            token_expiry: None,
            in_flight: Self::IN_FLIGHT,
            age_margin: Duration::from_secs(60),
        }
    }

    /// Of a client that sends to a gateway alone.
    pub(super) fn for_gateway(dataset: DatasetId, gateway: Gateway) -> Self {
        let tokens = TokenSource::from_fn(|_| Err::<AccessToken, _>("a gateway gets no access token"));
        Self { receivers: Receivers::Gateway(gateway), ..Self::new(dataset, tokens) }
    }

    /// The Graph API version that is used unless another is set.
    pub const API_VERSION: &'static str = "v26.0";

    /// Sets the version of the Graph API, such as `v27.0`.
    ///
    /// ```
    /// use meta_offline_events::client::{Client, InvalidClient};
    ///
    /// let builder = Client::builder("123".parse()?, "EAAB-not-a-real-token".parse()?);
    /// let refused = builder.api_version("27").build().map(drop);
    /// assert_eq!(refused, Err(InvalidClient::ApiVersion));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn api_version(mut self, version: &str) -> Self {
        self.connection.set_api_version(version);
        self
    }

    /// Sends to another host than Meta's, such as your own relay, which gets the events but **not the
    /// token**: the relay adds its own. Only `https` on the usual port; a path before the version stays.
    ///
    /// The token of [`Client::builder`](super::Client::builder) then only masks itself should an answer quote it, and
    /// [`token_placement`](Self::token_placement) has no effect.
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
        self.connection.set_endpoint(base);
        self
    }

    /// Sends to another host than Meta's that **gets the token, too**: whoever runs it can act with it.
    /// Otherwise the same as [`endpoint`](Self::endpoint).
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
        self.connection.set_endpoint_with_token(base);
        self
    }

    /// Sends events to a gateway as well.
    ///
    /// Each receiver has batches, retries and outcomes of its own; what fails at one is never repeated at the other.
    /// [`DeliveryReport::gateway`](crate::report::DeliveryReport::gateway) is the report of the gateway. The gateway gets
    /// neither the token nor the proof of the app secret, and none of the
    /// [`request_fields`](Self::request_fields). A test event code is refused beside it.
    ///
    /// ```
    /// use meta_offline_events::client::{Client, Gateway};
    /// # use meta_offline_events::customer::UserData;
    /// # use meta_offline_events::event::Event;
    /// use meta_offline_events::testing::MockServer;
    /// # use meta_offline_events::value::EventTime;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let customer = UserData::builder().email("mary@example.com").build()?;
    /// # let sale = Event::builder(EventTime::now(), customer).name("Subscribe".parse()?).build()?;
    /// let (meta, gateway) = (MockServer::start().await?, MockServer::start().await?);
    /// let client = Client::builder("123".parse()?, "EAAB-not-a-real-token".parse()?)
    ///     .loopback_endpoint(meta.url())
    ///     .gateway(Gateway::loopback(gateway.url()))
    ///     .build()?;
    /// let report = client.send(sale).await;
    /// assert_eq!(report.events().accepted, 1);
    /// assert_eq!(report.gateway().map(|report| report.events().accepted), Some(1));
    /// # Ok(())
    /// # }
    /// ```
    pub fn gateway(mut self, gateway: Gateway) -> Self {
        self.receivers = match self.receivers {
            Receivers::Gateway(_) => Receivers::Gateway(gateway),
            Receivers::Meta | Receivers::Both(_) => Receivers::Both(gateway),
        };
        self
    }

    /// Sends to a server on this machine, such as [`MockServer`](crate::testing::MockServer), also over
    /// plain `http`. It gets the token. [`build`](Self::build) refuses any other address.
    ///
    /// ```
    /// use meta_offline_events::client::Client;
    ///
    /// let builder = Client::builder("123".parse()?, "EAAB-not-a-real-token".parse()?);
    /// assert!(builder.clone().loopback_endpoint("http://127.0.0.1:8080/".parse()?).build().is_ok());
    /// assert!(builder.loopback_endpoint("http://shop.example/".parse()?).build().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "testing")]
    pub fn loopback_endpoint(mut self, base: Url) -> Self {
        self.connection.set_loopback_endpoint(base);
        self
    }

    /// Sets the fields that stand once in a request, beside its events: test event code, partner agent,
    /// upload tag.
    ///
    /// ```
    /// use meta_offline_events::client::Client;
    /// use meta_offline_events::wire::RequestFields;
    ///
    /// let builder = Client::builder("123".parse()?, "EAAB-not-a-real-token".parse()?);
    /// let fields = RequestFields::new().test_event_code("TEST12345")?;
    /// let client = builder.request_fields(fields).build()?;
    /// # let _ = client;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn request_fields(mut self, fields: RequestFields) -> Self {
        self.fields = fields;
        self
    }

    /// Sets how many events and bytes one request may hold.
    ///
    /// ```
    /// use meta_offline_events::client::Client;
    /// use meta_offline_events::wire::BatchLimits;
    ///
    /// let builder = Client::builder("123".parse()?, "EAAB-not-a-real-token".parse()?);
    /// let limits = BatchLimits::new(500, 1_000_000).ok_or("out of range")?;
    /// let client = builder.batch_limits(limits).build()?;
    /// # let _ = client;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn batch_limits(mut self, limits: BatchLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets how often and how long the client retries. There is an example at [`RetryPolicy`].
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// How many requests are in flight at once unless set.
    pub const IN_FLIGHT: usize = 4;

    /// The most requests in flight that can be set.
    pub const MAX_IN_FLIGHT: usize = 256;

    /// Sets how many requests may be in flight at once, from 1 to 256: 4 unless set.
    ///
    /// Each holds up to 1,000 events and the body of its request in memory, and so does the batch that goes next: it is
    /// made while the requests are in flight.
    pub fn in_flight(mut self, requests: usize) -> Self {
        self.in_flight = requests;
        self
    }

    /// Sets how much younger than Meta's limit an event has to be when a request starts: 60 seconds
    /// unless set. The margin covers the time on the way and a clock that is not exact.
    ///
    /// ```
    /// use std::time::Duration;
    /// use meta_offline_events::client::Client;
    ///
    /// let builder = Client::builder("123".parse()?, "EAAB-not-a-real-token".parse()?);
    /// let client = builder.age_margin(Duration::from_secs(600)).build()?;
    /// # let _ = client;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn age_margin(mut self, margin: Duration) -> Self {
        self.age_margin = margin;
        self
    }

    /// Sets when the token expires, if you know. A run does not start with an expired token, and its
    /// report notes a token that expires within a day. It is for a token that stays the same:
    /// [`build`](Self::build) refuses it beside a source that may replace the token.
    ///
    /// ```
    /// use meta_offline_events::client::Client;
    ///
    /// let builder = Client::builder("123".parse()?, "EAAB-not-a-real-token".parse()?);
    /// let client = builder.token_expires("2030-01-01T00:00:00Z".parse()?).build()?;
    /// # let _ = client;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn token_expires(mut self, at: EventTime) -> Self {
        self.token_expiry = Some(at);
        self
    }

    /// Sets the secret of the app that the token belongs to: every request then carries a proof made with
    /// it ([`AppSecretProof`](crate::auth::AppSecretProof)), as `appsecret_proof` in the body. The secret
    /// itself is not sent.
    ///
    /// Meta asks for the proof when the app's setting "Require App Secret" is on.
    ///
    /// ```
    /// use meta_offline_events::client::Client;
    ///
    /// let builder = Client::builder("123".parse()?, "EAAB-not-a-real-token".parse()?);
    /// let client = builder.app_secret("0123456789abcdef0123456789abcdef".parse()?).build()?;
    /// # let _ = client;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn app_secret(mut self, secret: AppSecret) -> Self {
        self.credentials.secret = Some(ProofSecret::Plain(secret));
        self
    }

    /// As [`app_secret`](Self::app_secret), but with proofs that end after five minutes: `appsecret_proof`
    /// and `appsecret_time`, made anew for every attempt. The events keep their bytes. The clock of the
    /// client must be right.
    ///
    /// ```
    /// use meta_offline_events::client::Client;
    ///
    /// let builder = Client::builder("123".parse()?, "EAAB-not-a-real-token".parse()?);
    /// let client = builder.app_secret_with_time("0123456789abcdef0123456789abcdef".parse()?).build()?;
    /// # let _ = client;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn app_secret_with_time(mut self, secret: AppSecret) -> Self {
        self.credentials.secret = Some(ProofSecret::Timed(secret));
        self
    }

    /// Sets where the token travels. There is an example at [`TokenPlacement`].
    pub fn token_placement(mut self, placement: TokenPlacement) -> Self {
        self.credentials.placement = placement;
        self
    }

    /// Sets the time limits for connecting (5 s unless set; with TLS and the proxy's answer) and for a whole
    /// attempt (30 s unless set). The limit for connecting has no effect on a
    /// [`transport`](Self::transport) of your own.
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
        self.connection.set_timeouts(connect, attempt);
        self
    }

    /// Sends every request through a proxy: `http` or `https`, with user and password if the proxy wants
    /// them (as basic authentication; nothing ever shows them).
    ///
    /// Requests to an `https` endpoint go through a tunnel, so the proxy sees the host and nothing else,
    /// unless it inspects TLS: see [`root_certificate`](Self::root_certificate). A proxy that is down
    /// counts as a server that cannot be reached. Of this and
    /// [`proxy_from_environment`](Self::proxy_from_environment) the last call wins. A
    /// [`transport`](Self::transport) of your own needs its own proxy: [`build`](Self::build) refuses
    /// both together.
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
        self.connection.set_proxy(proxy);
        self
    }

    /// Uses the proxy that the environment names in `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, in upper or
    /// lower case (and in `HTTP_PROXY` for a plain loopback endpoint).
    ///
    /// Without this call these variables have no effect. The client reads them when it is built, and
    /// again after it had to give up its connections; it ignores one that names no usable proxy.
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
        self.connection.set_proxy_from_environment();
        self
    }

    /// Trusts one or more additional root certificates in PEM, for networks whose proxy inspects TLS. Each
    /// call adds to those before.
    ///
    /// All checks stay on; nothing turns them off. The roots of the platform stay trusted, too, unless
    /// you call [`only_root_certificates`](Self::only_root_certificates). A
    /// [`transport`](Self::transport) of your own needs its own roots: [`build`](Self::build) refuses
    /// both together.
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
        self.connection.add_root_certificate(pem);
        self
    }

    /// Trusts the certificates of [`root_certificate`](Self::root_certificate) and no others.
    ///
    /// Without this call the client trusts the roots of the platform, too. On Linux `SSL_CERT_FILE` and
    /// `SSL_CERT_DIR` say where those are; with this call, these variables have no effect.
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
        self.connection.set_only_root_certificates();
        self
    }

    /// Sends through this transport instead of the client's own
    /// [`HttpTransport`](super::HttpTransport). There is an example at
    /// [`Transport`].
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.connection.set_transport(transport);
        self
    }

    /// Replaces the system's clock, for tests. There is an example at [`Clock`].
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.connection.set_clock(clock);
        self
    }

    /// Replaces the source of randomness for waits, for tests. There is an example at [`Jitter`].
    pub fn jitter(mut self, jitter: impl Jitter + 'static) -> Self {
        self.connection.set_jitter(jitter);
        self
    }

    /// Checks the settings.
    pub(super) fn settings(self) -> Result<Settings, InvalidClient> {
        if self.token_expiry.is_some() && self.tokens.may_replace() {
            return Err(InvalidClient::TokenExpires);
        }
        let gateway_url = self.receivers.gateway_url(&self.dataset)?;
        self.receivers.check(&self.fields)?;
        within("requests in flight", self.in_flight, Self::MAX_IN_FLIGHT)?;
        within("attempts", self.retry.attempts as usize, RetryPolicy::MAX_ATTEMPTS as usize)?;
        if self.retry.batch_limit.is_zero() || self.retry.run_limit.is_some_and(|limit| limit.is_zero()) {
            return Err(InvalidClient::Timeout);
        }
        let connection = match &self.receivers {
            Receivers::Gateway(gateway) => {
                self.connection.with_endpoint(gateway.endpoint.clone()).checked()?
            }
            Receivers::Meta | Receivers::Both(_) => self.connection.checked()?,
        };
        if let Some(url) = &gateway_url {
            connection.check_scheme(url)?;
        }
        let settings = Settings {
            url: connection.url(&format!("{}/events", self.dataset))?,
            dataset: self.dataset,
            service: Service::Meta,
            tokens: self.tokens,
            credentials: connection.gets_token.then_some(self.credentials),
            token_expiry: self.token_expiry,
            closing: self.fields.closing().into(),
            fields: self.fields,
            limits: self.limits,
            retry: self.retry,
            in_flight: self.in_flight,
            age_margin: self.age_margin,
            pacer: Pacer::new(),
            connection,
            second: None,
        };
        Ok(self.receivers.settings(settings, gateway_url))
    }
}

impl Receivers {
    fn gateway_url(&self, dataset: &DatasetId) -> Result<Option<Url>, InvalidClient> {
        match self {
            Self::Meta => Ok(None),
            Self::Gateway(gateway) | Self::Both(gateway) => gateway.url(dataset).map(Some),
        }
    }

    fn check(&self, fields: &RequestFields) -> Result<(), InvalidClient> {
        match self {
            Self::Gateway(Gateway { filter: Some(_), .. }) => Err(InvalidClient::GatewayFilter),
            Self::Gateway(_) | Self::Both(_) if fields.has_test_event_code() => {
                Err(InvalidClient::GatewayTestEventCode)
            }
            _ => Ok(()),
        }
    }

    /// The settings for these receivers, from those for Meta.
    fn settings(self, meta: Settings, gateway_url: Option<Url>) -> Settings {
        match (self, gateway_url) {
            (Self::Gateway(gateway), Some(url)) => meta.for_gateway(url, gateway.access_key),
            (Self::Both(gateway), Some(url)) => {
                let settings = Arc::new(meta.for_gateway(url, gateway.access_key));
                Settings { second: Some(Second { settings, filter: gateway.filter }), ..meta }
            }
            _ => meta,
        }
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").field("dataset", &self.dataset).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{Client, HttpTransport};

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
    fn n4_n11_connecting_takes_five_seconds_and_an_attempt_thirty_at_most() {
        let builder = Client::builder("1".parse().unwrap(), "token".parse().unwrap());
        assert_eq!(
            (builder.connection.http.connect, builder.connection.attempt),
            (Duration::from_secs(5), Duration::from_secs(30))
        );
    }

    #[test]
    fn an_expiry_is_refused_beside_a_source_that_may_replace_the_token() {
        let source = TokenSource::from_fn(|_| "token".parse::<AccessToken>());
        let builder = Client::builder_with_source("1".parse().unwrap(), source);
        assert!(builder.clone().build().is_ok());
        let expiry = "2030-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(builder.token_expires(expiry).build().map(drop), Err(InvalidClient::TokenExpires));
    }

    #[test]
    fn settings_of_the_http_transport_are_refused_beside_another_transport() {
        let builder = Client::builder("1".parse().unwrap(), "token".parse().unwrap());
        let http = HttpTransport::new(Duration::from_secs(5)).unwrap();
        let builder = builder.transport(http);
        let proxy: Url = "http://proxy.example:3128".parse().unwrap();
        for (other, setting) in [
            (builder.clone().proxy(proxy), "proxy"),
            (builder.clone().proxy_from_environment(), "proxy_from_environment"),
            (builder.clone().root_certificate(b"a certificate"), "root_certificate"),
            (builder.clone().only_root_certificates(), "only_root_certificates"),
        ] {
            assert_eq!(other.build().map(drop), Err(InvalidClient::BesideTransport(setting)));
        }
        assert!(builder.build().is_ok());
    }
}
