//! The network: one trait with one method, and its form over reqwest.

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use url::Url;

use crate::value::AccessToken;

/// A request on its way.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<Response, TransportError>> + Send + 'a>>;

/// Carries one request to the service and its answer back.
///
/// It tries once, follows no redirect and reads the whole answer.
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends the request and reads the answer.
    fn send<'a>(&'a self, request: &'a Request) -> Sending<'a>;
}

/// A `POST` of JSON to the service.
#[derive(Clone)]
pub struct Request {
    url: Url,
    bearer: Option<AccessToken>,
    body: Arc<Vec<u8>>,
}

impl Request {
    pub(super) fn new(url: Url, bearer: Option<AccessToken>, body: Vec<u8>) -> Self {
        Self { url, bearer, body: Arc::new(body) }
    }

    /// Where it goes.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The token for the `Authorization` header, unless it travels in the body.
    pub fn bearer(&self) -> Option<&AccessToken> {
        self.bearer.as_ref()
    }

    /// The JSON. The same bytes on every attempt.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("url", &self.url.as_str())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// An answer of the service.
#[derive(Clone)]
pub struct Response {
    status: u16,
    headers: Vec<(Box<str>, Box<str>)>,
    body: Vec<u8>,
}

impl Response {
    /// An answer, for transports of one's own.
    pub fn new(status: u16, body: Vec<u8>) -> Self {
        Self { status, headers: Vec::new(), body }
    }

    /// The same answer with one more header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_ascii_lowercase().into(), value.into()));
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The value of a header, by its name in lower case; `None` when it stands there twice with
    /// different values.
    pub fn header_value(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(given, _)| **given == *name).map(|(_, value)| &**value);
        let first = values.next()?;
        values.all(|other| other == first).then_some(first)
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// No answer came back.
///
/// The one question that matters is whether the request may have arrived:
/// [`may_have_arrived`](Self::may_have_arrived). The text names no URL.
#[derive(Debug)]
pub struct TransportError {
    what: &'static str,
    may_have_arrived: bool,
    is_certificate: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl TransportError {
    /// The request surely did not arrive: no address, no connection.
    pub fn not_sent(what: &'static str) -> Self {
        Self { what, may_have_arrived: false, is_certificate: false, source: None }
    }

    /// Bytes left, and no whole answer came back.
    pub fn doubtful(what: &'static str) -> Self {
        Self { may_have_arrived: true, ..Self::not_sent(what) }
    }

    fn because(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// Whether the request may have been stored. If not, it is safe to send it again.
    pub fn may_have_arrived(&self) -> bool {
        self.may_have_arrived
    }

    /// Whether the server's certificate was refused. No attempt can succeed until that is mended.
    pub fn is_certificate(&self) -> bool {
        self.is_certificate
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source: &(dyn StdError + 'static) = self.source.as_deref()?;
        Some(source)
    }
}

/// The largest answer that is read, in bytes, after unpacking.
const LARGEST_ANSWER: usize = 1024 * 1024;

/// HTTP over reqwest: no redirects, no proxies from the environment, one connection pool for all clones.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    http: reqwest::Client,
}

impl HttpTransport {
    /// A transport with limits for connecting and for a whole attempt.
    ///
    /// # Errors
    ///
    /// [`TransportError`] when TLS cannot be set up.
    pub fn new(connect: Duration, attempt: Duration) -> Result<Self, TransportError> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("meta-offline-events/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(connect)
            .timeout(attempt)
            .pool_idle_timeout(Duration::from_secs(30))
            .build()
            .map_err(|error| {
                TransportError::not_sent("TLS could not be set up").because(error.without_url())
            })?;
        Ok(Self { http })
    }

    async fn attempt(&self, request: &Request) -> Result<Response, TransportError> {
        let mut post = self
            .http
            .post(request.url.clone())
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .body(bytes::Bytes::from_owner(SharedBody(Arc::clone(&request.body))));
        if let Some(token) = &request.bearer {
            post = post.header(AUTHORIZATION, authorization(token)?);
        }
        let mut answer = post.send().await.map_err(failure)?;
        let mut response = Response::new(answer.status().as_u16(), Vec::new());
        for (name, value) in answer.headers() {
            if let Ok(value) = value.to_str() {
                response.headers.push((name.as_str().into(), value.into()));
            }
        }
        while let Some(chunk) = answer.chunk().await.map_err(failure)? {
            if response.body.len() + chunk.len() > LARGEST_ANSWER {
                return Err(TransportError::doubtful("the answer is larger than 1 MB"));
            }
            response.body.extend_from_slice(&chunk);
        }
        Ok(response)
    }
}

impl Transport for HttpTransport {
    fn send<'a>(&'a self, request: &'a Request) -> Sending<'a> {
        Box::pin(self.attempt(request))
    }
}

/// Lends the body to the HTTP library without a copy.
struct SharedBody(Arc<Vec<u8>>);

impl AsRef<[u8]> for SharedBody {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// The header that carries the token, marked so that the HTTP library never shows it.
fn authorization(token: &AccessToken) -> Result<HeaderValue, TransportError> {
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose()))
        .map_err(|_| TransportError::not_sent("the token does not fit a header"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Sorts a failure of the HTTP library, and takes the URL out of it.
fn failure(error: reqwest::Error) -> TransportError {
    let sorted = if is_certificate(&error) {
        TransportError {
            is_certificate: true,
            ..TransportError::not_sent(
                "the server's certificate is not trusted: check host name, clock and trust store",
            )
        }
    } else if error.is_connect() {
        TransportError::not_sent("no connection to the server")
    } else if error.is_builder() {
        TransportError::not_sent("the request could not be made")
    } else if error.is_timeout() {
        TransportError::doubtful("no whole answer within the time limit")
    } else {
        TransportError::doubtful("the connection broke before the whole answer came")
    };
    sorted.because(error.without_url())
}

fn is_certificate(error: &reqwest::Error) -> bool {
    let mut cause: Option<&dyn StdError> = error.source();
    while let Some(error) = cause {
        if error.to_string().contains("certificate") {
            return true;
        }
        cause = error.source();
    }
    false
}
