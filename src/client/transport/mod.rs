//! The network: one trait, the request that goes through it and the answer that comes back.

mod error;
mod http;
mod proxy;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use url::{Position, Url};

pub use error::TransportError;
pub(in crate::client) use http::HttpSettings;
pub use http::HttpTransport;
pub(in crate::client) use proxy::Proxy;

use crate::value::AccessToken;
use crate::wire::TextFilter;

/// A request on its way.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<Response, TransportError>> + Send + 'a>>;

/// Carries one request to the service, and the answer back.
///
/// A transport tries once, follows no redirect and reads the whole answer. When the client gives an
/// attempt up, it drops the future: the connection must then never carry another request, so that a late
/// answer cannot be taken for the answer to that request.
///
/// `Arc<T>` and `Box<T>` of a transport are transports, too, also of `dyn Transport`.
///
/// ```
/// use meta_offline_events::client::{Client, Request, Response, Sending, Transport};
///
/// /// Counts no event.
/// #[derive(Debug)]
/// struct Nowhere;
///
/// impl Transport for Nowhere {
///     fn send<'a>(&'a self, _: &'a Request) -> Sending<'a> {
///         Box::pin(async { Ok(Response::new(200, br#"{"events_received":0}"#.to_vec())) })
///     }
/// }
///
/// let client = Client::builder("123".parse()?, "EAAB-not-a-real-token".parse()?).transport(Nowhere).build()?;
/// # let _ = client;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends the request and reads the answer.
    ///
    /// # Errors
    ///
    /// [`TransportError`] when no whole answer came back. It must say truly whether the request may have
    /// arrived: the client decides by it whether a retry is safe.
    fn send<'a>(&'a self, request: &'a Request) -> Sending<'a>;

    /// Uses no connection that is open now for a later request.
    ///
    /// The client calls this when an answer may have belonged to another request. A transport that keeps
    /// no connections has nothing to do.
    fn drop_connections(&self) {}
}

/// Pointers to a transport.
macro_rules! pass_on {
    ($($pointer:ty),+ $(,)?) => {$(
        impl<T: Transport + ?Sized> Transport for $pointer {
            fn send<'a>(&'a self, request: &'a Request) -> Sending<'a> {
                (**self).send(request)
            }

            fn drop_connections(&self) {
                (**self).drop_connections();
            }
        }
    )+};
}

pass_on!(Arc<T>, Box<T>);

/// A request to the service: events as a `POST` of JSON, or another call to the Graph API.
///
/// A [`Transport`] gets it from the client, and sends method, address, content type, token and body as they are. `Debug`
/// shows neither the token nor the body nor a query.
///
/// ```
/// use meta_offline_events::client::Client;
/// # use meta_offline_events::client::{Clock, SystemClock};
/// # use meta_offline_events::customer::UserData;
/// # use meta_offline_events::event::Event;
/// use meta_offline_events::testing::RecordingTransport;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let customer = UserData::builder().email("mary@example.com").build()?;
/// # let sale = Event::builder(SystemClock.now(), customer).name("Subscribe".parse()?).build()?;
/// let transport = RecordingTransport::new();
/// let client = Client::builder("123".parse()?, "EAAB-not-a-real-token".parse()?)
///     .transport(transport.clone())
///     .build()?;
/// assert!(client.send(sale).await.all_accepted());
/// let request = &transport.requests()[0];
/// assert_eq!(request.url().as_str(), "https://graph.facebook.com/v26.0/123/events");
/// assert!(request.body().starts_with(br#"{"data":[{"event_name":"Subscribe""#));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Request {
    method: Method,
    url: Url,
    content_type: Option<&'static str>,
    bearer: Option<AccessToken>,
    body: Arc<Vec<u8>>,
    /// The length of the body without credentials.
    bare: usize,
}

impl Request {
    /// A request without credentials. Its body is a JSON object.
    pub(super) fn new(url: Url, body: Vec<u8>) -> Self {
        Self::with(Method::Post, url, Some("application/json; charset=utf-8"), body)
    }

    /// A call without a body.
    pub(crate) fn bare(method: Method, url: Url) -> Self {
        Self::with(method, url, None, Vec::new())
    }

    /// A call whose body is a form.
    pub(crate) fn form(method: Method, url: Url, form: String) -> Self {
        Self::with(method, url, Some("application/x-www-form-urlencoded"), form.into_bytes())
    }

    fn with(method: Method, url: Url, content_type: Option<&'static str>, body: Vec<u8>) -> Self {
        Self { method, url, content_type, bearer: None, bare: body.len(), body: Arc::new(body) }
    }

    /// The same request, with this token in the `Authorization` header.
    pub(crate) fn with_bearer(mut self, token: AccessToken) -> Self {
        self.bearer = Some(token);
        self
    }

    /// Puts these credentials in place of any others: a token for a header, and members for the body, each
    /// behind a comma.
    pub(super) fn with_credentials(mut self, bearer: Option<AccessToken>, members: &[u8]) -> Self {
        self.bearer = bearer;
        if self.body.len() > self.bare || !members.is_empty() {
            let mut body = Arc::unwrap_or_clone(self.body);
            body.truncate(self.bare - 1);
            body.extend([members, b"}"].concat());
            self.body = Arc::new(body);
        }
        self
    }

    /// The HTTP method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// The address that it goes to.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The content type of the body; `None` if there is no body.
    pub fn content_type(&self) -> Option<&str> {
        self.content_type
    }

    /// The token for the `Authorization` header, unless it travels in the body.
    pub fn bearer(&self) -> Option<&AccessToken> {
        self.bearer.as_ref()
    }

    /// The body: of events JSON, of another call a form or nothing. What JSON says of the events is the same bytes on
    /// every attempt; credentials behind them change with the token.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("url", &&self.url[..Position::AfterPath])
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// The HTTP method of a [`Request`].
///
/// ```
/// use meta_offline_events::client::Method;
///
/// assert_eq!(Method::Delete.as_str(), "DELETE");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// Reads.
    Get,
    /// Sends events, makes something, or carries secrets that must not be in an address.
    Post,
    /// Removes something.
    Delete,
}

impl Method {
    /// The method as HTTP writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// An answer of the service.
///
/// A [`Transport`] returns it. `Debug` does not show the body.
///
/// ```
/// use meta_offline_events::client::Response;
///
/// let answer = Response::new(200, br#"{"events_received":1}"#.to_vec()).header("Date", "today");
/// assert_eq!((answer.status(), answer.header_value("date")), (200, Some("today")));
/// ```
#[derive(Clone)]
pub struct Response {
    status: u16,
    headers: Vec<(Box<str>, Box<str>)>,
    body: Vec<u8>,
}

impl Response {
    /// Creates an answer, for a transport of your own.
    pub fn new(status: u16, body: Vec<u8>) -> Self {
        Self { status, headers: Vec::new(), body }
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_ascii_lowercase().into(), value.into()));
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The value of a header, by its name in lower case; `None` when it is repeated with different
    /// values.
    pub fn header_value(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(given, _)| **given == *name).map(|(_, value)| &**value);
        let first = values.next()?;
        values.all(|other| other == first).then_some(first)
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The host that the answer redirects to, if it redirects. Path and query may hold what was sent.
    pub(crate) fn redirect_host(&self, from: &Url, filter: &TextFilter<'_>) -> Option<Box<str>> {
        (300..400).contains(&self.status).then(|| {
            let target = self.header_value("location").and_then(|location| from.join(location).ok());
            let host = target.as_ref().and_then(Url::host_str);
            host.map_or_else(|| "an unknown place".into(), |host| filter.clean(host))
        })
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
