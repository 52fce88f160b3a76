//! The transport over reqwest: HTTP/1.1, no redirects, no compression, answers up to a limit.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};

use super::error::sort;
use super::proxy::Proxy;
use super::{Method, Request, Response, Sending, Transport, TransportError};
use crate::value::AccessToken;
use crate::wire::TextFilter;

/// The largest answer that is read, in bytes.
const MAX_ANSWER: usize = 1024 * 1024;

/// The most headers that an answer may have.
const MAX_HEADERS: usize = 100;

/// How long a connection may stay open unused: less than servers commonly allow, so that it is rarely
/// closed under a request.
const MAX_IDLE: Duration = Duration::from_secs(30);

/// How long a server may leave unread what was sent to it. The HTTP library goes on writing a body when
/// nobody waits for the answer any more, so a server that never reads would hold the body for ever.
const MAX_UNREAD: Duration = Duration::from_secs(30);

/// The settings of the client's own transport.
#[derive(Clone)]
pub(in crate::client) struct HttpSettings {
    pub(in crate::client) connect: Duration,
    pub(in crate::client) proxy: Proxy,
    /// Trusted beside the roots of the platform, each a file in PEM.
    pub(in crate::client) roots: Vec<Box<[u8]>>,
    /// Whether the roots of the platform are not trusted.
    pub(in crate::client) only_roots: bool,
    #[cfg_attr(
        not(any(target_os = "linux", target_os = "android")),
        expect(dead_code, reason = "other systems offer no such limit")
    )]
    pub(in crate::client) unread: Duration,
    pub(in crate::client) idle: Duration,
    #[cfg(test)]
    pub(in crate::client) addresses: Vec<std::net::SocketAddr>,
}

impl HttpSettings {
    pub(in crate::client) fn new(connect: Duration) -> Self {
        Self {
            connect,
            proxy: Proxy::None,
            roots: Vec::new(),
            only_roots: false,
            unread: MAX_UNREAD,
            idle: MAX_IDLE,
            #[cfg(test)]
            addresses: Vec::new(),
        }
    }

    /// The setting of its own that a transport of the application would ignore, if one was made.
    pub(in crate::client) fn customized(&self) -> Option<&'static str> {
        match &self.proxy {
            Proxy::At(_) => Some("proxy"),
            Proxy::Environment => Some("proxy_from_environment"),
            Proxy::None if !self.roots.is_empty() => Some("root_certificate"),
            Proxy::None => self.only_roots.then_some("only_root_certificates"),
        }
    }

    /// A fresh pool of connections. It states every setting that depends on the features of the library,
    /// because other crates of the program may enable any of them.
    fn pool(&self) -> Result<reqwest::Client, TransportError> {
        let mut pool = reqwest::Client::builder()
            .user_agent(concat!("meta-offline-events/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .http1_only()
            .http1_max_headers(MAX_HEADERS)
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd()
            .connect_timeout(self.connect)
            .pool_idle_timeout(self.idle);
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            pool = pool.tcp_user_timeout(self.unread);
        }
        pool = match &self.proxy {
            Proxy::None => pool.no_proxy(),
            Proxy::Environment => pool,
            Proxy::At(url) => {
                let proxy = reqwest::Proxy::all(url.clone())
                    .map_err(|_| TransportError::not_sent("the proxy's address cannot be used"))?;
                pool.no_proxy().proxy(proxy)
            }
        };
        #[cfg(test)]
        if !self.addresses.is_empty() {
            pool = pool.resolve_to_addrs("several.test", &self.addresses);
        }
        self.with_tls(pool)?.build().map_err(|error| {
            TransportError::not_sent("TLS could not be set up").with_source(error.without_url())
        })
    }

    #[cfg(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls"))]
    fn with_tls(&self, pool: reqwest::ClientBuilder) -> Result<reqwest::ClientBuilder, TransportError> {
        let pool = pool.tls_version_min(reqwest::tls::Version::TLS_1_2);
        let mut roots = Vec::new();
        for pem in &self.roots {
            let found = reqwest::Certificate::from_pem_bundle(pem).unwrap_or_default();
            if found.is_empty() {
                return Err(TransportError::not_sent("a root certificate is not in PEM"));
            }
            roots.extend(found);
        }
        Ok(match (self.only_roots, roots.is_empty()) {
            (true, _) => pool.tls_certs_only(roots),
            (false, true) => pool,
            (false, false) => pool.tls_certs_merge(roots),
        })
    }

    #[cfg(not(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls")))]
    fn with_tls(&self, pool: reqwest::ClientBuilder) -> Result<reqwest::ClientBuilder, TransportError> {
        if self.roots.is_empty() && !self.only_roots {
            Ok(pool)
        } else {
            Err(TransportError::not_sent("root certificates need one of the TLS features"))
        }
    }
}

/// The usual transport: HTTP/1.1 over reqwest, with one pool of connections for all clones.
///
/// Connecting, with TLS and the proxy's answer, takes at most the given limit. An answer may have 100
/// headers and 1 MB. Unused connections are closed after 30 seconds. The transport never follows a
/// redirect, neither asks for nor reads compressed answers, and accepts neither TLS below 1.2 nor a
/// certificate that fails a check. Proxies and additional roots are settings of
/// [`ClientBuilder`](crate::client::ClientBuilder).
///
/// A client makes one by itself. Make one to share connections between clients:
///
/// ```
/// use std::time::Duration;
/// use meta_offline_events::client::{Client, HttpTransport};
///
/// let http = HttpTransport::new(Duration::from_secs(5))?;
/// let one = Client::builder("1".parse()?, "EAAB-not-a-real-token".parse()?).transport(http.clone());
/// let other = Client::builder("2".parse()?, "EAAC-not-a-real-token".parse()?).transport(http);
/// # let _ = (one.build()?, other.build()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct HttpTransport {
    origin: Arc<Origin>,
}

/// Who made the HTTP client.
enum Origin {
    Own {
        settings: HttpSettings,
        /// `None` after the connections were dropped, until the next request.
        pool: Mutex<Option<reqwest::Client>>,
    },
    Application(reqwest::Client),
}

impl HttpTransport {
    /// Creates a transport with a time limit for connecting, without a proxy.
    ///
    /// # Errors
    ///
    /// [`TransportError`] when TLS cannot be set up.
    pub fn new(connect: Duration) -> Result<Self, TransportError> {
        Self::with(HttpSettings::new(connect))
    }

    /// Creates a transport from the application's own HTTP client, of reqwest 0.13.
    ///
    /// Build that client with `redirect(reqwest::redirect::Policy::none())`. The transport cannot look
    /// into it, so these points are yours:
    ///
    /// - **Redirects.** A client that follows them may send the events, and a token in the body or to
    ///   the same host, to another address. The transport notices when an answer comes from another
    ///   address than the request went to; it then discards the answer, and the run stops with
    ///   [`StopCause::Endpoint`](crate::report::StopCause::Endpoint), as after any redirect. The events
    ///   of that request are unconfirmed.
    /// - **Retries** by the client itself do not show in the report.
    /// - **Proxies, roots of trust, the TLS version, connect and idle timeouts** are the client's. Its
    ///   proxy is not named in errors.
    /// - **Compressed answers** are read only if the client decompresses them.
    /// - **Connections.** [`drop_connections`](Transport::drop_connections) has no effect: after an
    ///   answer that may belong to another request, the client may still use that connection.
    ///
    /// The time limit of an attempt and the largest answer stay as they are.
    ///
    /// ```
    /// use meta_offline_events::client::{Client, HttpTransport};
    ///
    /// let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    /// let client = Client::builder("1".parse()?, "EAAB-not-a-real-token".parse()?)
    ///     .transport(HttpTransport::from_reqwest(http))
    ///     .build()?;
    /// # let _ = client;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_reqwest(client: reqwest::Client) -> Self {
        Self { origin: Arc::new(Origin::Application(client)) }
    }

    pub(in crate::client) fn with(settings: HttpSettings) -> Result<Self, TransportError> {
        let pool = Mutex::new(Some(settings.pool()?));
        Ok(Self { origin: Arc::new(Origin::Own { settings, pool }) })
    }

    fn http_client(&self) -> Result<reqwest::Client, TransportError> {
        match &*self.origin {
            Origin::Application(client) => Ok(client.clone()),
            Origin::Own { settings, pool } => {
                let mut pool = pool.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(pool) = &*pool {
                    return Ok(pool.clone());
                }
                let fresh = settings.pool()?;
                *pool = Some(fresh.clone());
                Ok(fresh)
            }
        }
    }

    fn proxy(&self) -> &Proxy {
        match &*self.origin {
            Origin::Own { settings, .. } => &settings.proxy,
            Origin::Application(_) => &Proxy::None,
        }
    }

    async fn attempt(&self, request: &Request) -> Result<Response, TransportError> {
        let mut call = self.http_client()?.request(method(request.method), request.url.clone());
        if let Some(content_type) = request.content_type {
            call = call
                .header(CONTENT_TYPE, content_type)
                .body(bytes::Bytes::from_owner(SharedBody(Arc::clone(&request.body))));
        }
        if let Some(token) = &request.bearer {
            call = call.header(AUTHORIZATION, authorization(token)?);
        }
        let answer = call.send().await.map_err(|error| sort(error, self.proxy()))?;
        if *answer.url() != request.url {
            return Err(TransportError::followed_redirect(answer.url().host_str()));
        }
        if answer.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            return Err(TransportError::refused_by_proxy(self.proxy()));
        }
        if is_encoded(answer.headers()) {
            return Err(TransportError::ambiguous("the answer is compressed, though that was not asked for"));
        }
        self.read(answer).await
    }

    async fn read(&self, mut answer: reqwest::Response) -> Result<Response, TransportError> {
        let mut response = Response::new(answer.status().as_u16(), Vec::new());
        for (name, value) in answer.headers() {
            if let Ok(value) = value.to_str() {
                response.headers.push((name.as_str().into(), value.into()));
            }
        }
        while let Some(chunk) = answer.chunk().await.map_err(|error| sort(error, self.proxy()))? {
            if response.body.len() + chunk.len() > MAX_ANSWER {
                return Err(TransportError::ambiguous("the answer is larger than 1 MB"));
            }
            response.body.extend_from_slice(&chunk);
        }
        Ok(response)
    }
}

impl Transport for HttpTransport {
    fn send<'a>(&'a self, request: &'a Request) -> Sending<'a> {
        Box::pin(async {
            let filter = TextFilter::masking(request.bearer().map(AccessToken::expose));
            self.attempt(request).await.map_err(|error| error.filtered(&filter))
        })
    }

    /// Requests on their way keep their connections to the end; none is used again.
    fn drop_connections(&self) {
        if let Origin::Own { pool, .. } = &*self.origin {
            *pool.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("HttpTransport");
        if let Origin::Own { settings: HttpSettings { connect, proxy, .. }, .. } = &*self.origin {
            debug.field("connect", connect).field("proxy", &proxy.name());
        }
        debug.finish_non_exhaustive()
    }
}

fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Delete => reqwest::Method::DELETE,
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

fn is_encoded(headers: &HeaderMap) -> bool {
    headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

#[cfg(test)]
mod tests {
    use std::error::Error as StdError;
    use std::net::SocketAddr;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpSocket, TcpStream};
    use tokio::time::timeout;
    use url::Url;

    use super::*;

    const CONNECT: Duration = Duration::from_secs(4);
    const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

    /// Answers every request with the same bytes and counts connections.
    struct Server {
        address: SocketAddr,
        connections: Arc<AtomicUsize>,
    }

    impl Server {
        async fn start(answer: &'static str) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let connections = Arc::new(AtomicUsize::new(0));
            let count = Arc::clone(&connections);
            tokio::spawn(async move {
                while let Ok((mut stream, _)) = listener.accept().await {
                    count.fetch_add(1, Ordering::SeqCst);
                    tokio::spawn(async move {
                        let mut bytes = vec![0; 4096];
                        // Each request of these tests arrives in one piece.
                        while stream.read(&mut bytes).await.is_ok_and(|length| length > 0) {
                            if stream.write_all(answer.as_bytes()).await.is_err() {
                                return;
                            }
                        }
                    });
                }
            });
            Self { address, connections }
        }

        fn url(&self, user: &str) -> Url {
            Url::parse(&format!("http://{user}{}/", self.address)).unwrap()
        }

        fn connections(&self) -> usize {
            self.connections.load(Ordering::SeqCst)
        }
    }

    fn transport(change: impl FnOnce(&mut HttpSettings)) -> HttpTransport {
        let mut settings = HttpSettings::new(CONNECT);
        change(&mut settings);
        HttpTransport::with(settings).unwrap()
    }

    fn request(url: &str) -> Request {
        Request::new(Url::parse(url).unwrap(), b"{\"data\":[]}".to_vec())
            .with_credentials("MARKEDTOKEN".parse().ok(), b"")
    }

    fn chain(error: &TransportError) -> String {
        let mut text = format!("{error} {error:?}");
        let mut cause = error.source();
        while let Some(error) = cause {
            text = format!("{text} {error} {error:?}");
            cause = error.source();
        }
        text
    }

    /// Takes connections in the kernel until it takes no more, and nobody ever accepts one.
    async fn full(address: SocketAddr) -> (TcpListener, Vec<TcpStream>) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(address).unwrap();
        let listener = socket.listen(1).unwrap();
        let mut waiting = Vec::new();
        let address = listener.local_addr().unwrap();
        while let Ok(stream) = timeout(Duration::from_millis(300), TcpStream::connect(address)).await {
            waiting.push(stream.unwrap());
        }
        (listener, waiting)
    }

    #[tokio::test]
    async fn n2_the_next_address_is_tried_when_the_first_refuses_or_is_silent() {
        let server = Server::start(OK).await;
        let first = SocketAddr::new("127.0.0.2".parse().unwrap(), server.address.port());
        let http = transport(|settings| settings.addresses = vec![first, server.address]);
        let request = request(&format!("http://several.test:{}/", first.port()));
        assert_eq!(http.send(&request).await.unwrap().status(), 200, "refused");

        let _full = full(first).await;
        http.drop_connections();
        assert_eq!(http.send(&request).await.unwrap().status(), 200, "silent");
        assert_eq!(server.connections(), 2);
    }

    #[tokio::test]
    async fn n4_a_connection_that_never_completes_is_a_clean_failure() {
        let (listener, _waiting) = full("127.0.0.1:0".parse().unwrap()).await;
        let http = transport(|settings| settings.connect = Duration::from_millis(200));
        let error =
            http.send(&request(&format!("http://{}/", listener.local_addr().unwrap()))).await.unwrap_err();
        assert!(!error.may_have_arrived());
        assert!(error.to_string().contains("time limit"), "{error}");
    }

    #[test]
    fn n8_n13_no_connection_is_kept_for_longer_than_half_a_minute() {
        let settings = HttpSettings::new(CONNECT);
        assert_eq!([settings.idle, settings.unread], [Duration::from_secs(30); 2]);
    }

    #[tokio::test]
    async fn n8_a_connection_that_was_idle_for_too_long_is_not_used_again() {
        let server = Server::start(OK).await;
        let request = request(server.url("").as_str());
        for (idle, connections) in [(60_000, 1), (50, 3)] {
            let http = transport(|settings| settings.idle = Duration::from_millis(idle));
            for _ in 0..2 {
                http.send(&request).await.unwrap();
                let _ = timeout(Duration::from_millis(300), std::future::pending::<()>()).await;
            }
            assert_eq!(server.connections(), connections, "{idle} ms");
        }
    }

    #[tokio::test]
    async fn n19_a_dropped_attempt_closes_its_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let request = request(&format!("http://{}/", listener.local_addr().unwrap()));
        let http = transport(|_| ());
        let attempt = timeout(Duration::from_millis(300), http.send(&request));
        let (given_up, accepted) = tokio::join!(attempt, listener.accept());
        assert!(given_up.is_err(), "nobody answers, so it cannot have ended");
        let end = timeout(Duration::from_secs(20), accepted.unwrap().0.read_to_end(&mut Vec::new())).await;
        assert!(end.is_ok());
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[tokio::test]
    async fn n13_a_server_that_never_reads_does_not_keep_a_dropped_attempt() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let http = transport(|settings| settings.unread = Duration::from_secs(1));
        // More than the buffers of the system take.
        let large = Request::new(url, vec![b' '; 64 << 20]);
        let attempt = timeout(Duration::from_millis(300), http.send(&large));
        let (given_up, accepted) = tokio::join!(attempt, listener.accept());
        assert!(given_up.is_err(), "nobody reads, so it cannot have ended");
        let _never_read = accepted.unwrap();
        let freed = async {
            let mut look = tokio::time::interval(Duration::from_millis(50));
            while Arc::strong_count(&large.body) > 1 {
                look.tick().await;
            }
        };
        assert!(timeout(Duration::from_secs(15), freed).await.is_ok(), "the body is still held");
    }

    #[tokio::test]
    async fn an_application_may_bring_its_own_http_client() {
        let server = Server::start(OK).await;
        let http = HttpTransport::from_reqwest(reqwest::Client::builder().no_proxy().build().unwrap());
        http.drop_connections();
        assert_eq!(http.send(&request(server.url("").as_str())).await.unwrap().status(), 200);
    }

    #[tokio::test]
    async fn s7_a_redirect_that_an_application_s_http_client_follows_is_noticed() {
        const MOVED: &str =
            "HTTP/1.1 307 Temporary Redirect\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n";
        let server = Server::start(MOVED).await;
        let limits: [reqwest::redirect::Policy; 2] = [
            reqwest::redirect::Policy::custom(|attempt| {
                if attempt.previous().len() > 1 { attempt.stop() } else { attempt.follow() }
            }),
            reqwest::redirect::Policy::limited(3),
        ];
        for policy in limits {
            let client = reqwest::Client::builder().no_proxy().redirect(policy).build().unwrap();
            let http = HttpTransport::from_reqwest(client);
            let error = http.send(&request(server.url("").as_str())).await.unwrap_err();
            assert!(error.is_followed_redirect() && error.may_have_arrived(), "{error}");
            assert!(!chain(&error).contains("elsewhere"), "{}", chain(&error));
        }
    }

    #[tokio::test]
    async fn s1_the_host_of_a_redirect_that_was_followed_shows_no_token() {
        const MOVED: &str = concat!(
            "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://a.markedtoken.test/\r\n",
            "content-length: 0\r\n\r\n"
        );
        let server = Server::start(MOVED).await;
        let once = reqwest::redirect::Policy::custom(|attempt| {
            if attempt.previous().len() > 1 { attempt.stop() } else { attempt.follow() }
        });
        let client = reqwest::Client::builder().no_proxy().redirect(once);
        let client = client.resolve("a.markedtoken.test", server.address).build().unwrap();
        let error =
            HttpTransport::from_reqwest(client).send(&request(server.url("").as_str())).await.unwrap_err();
        assert!(error.is_followed_redirect() && error.to_string().contains("to a.[…].test"), "{error}");
        assert!(!chain(&error).contains("markedtoken"), "{}", chain(&error));
    }

    #[tokio::test]
    async fn r2_dropped_connections_are_not_used_again() {
        let server = Server::start(OK).await;
        let request = request(server.url("").as_str());
        let http = transport(|_| ());
        for (connections, drop_before) in [(1, false), (1, false), (2, true), (2, false)] {
            if drop_before {
                http.clone().drop_connections();
            }
            http.send(&request).await.unwrap();
            assert_eq!(server.connections(), connections);
        }
    }

    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    #[tokio::test]
    async fn n7_a_proxy_that_refuses_is_recognized_and_its_password_never_shown() {
        let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
        let proxy = Server::start(refusal).await;
        for target in ["http://shop.test/secret-path", "https://shop.test/secret-path"] {
            let http = transport(|settings| settings.proxy = Proxy::At(proxy.url("MARKEDUSER:MARKEDPASS@")));
            assert!(!format!("{http:?}").contains("MARKED"), "{http:?}");
            let error = http.send(&request(target)).await.unwrap_err();
            assert!(error.is_refused_by_proxy() && !error.may_have_arrived(), "{target}: {error}");
            assert!(error.to_string().contains(&proxy.address.to_string()), "{error}");
            let text = chain(&error);
            assert!(!text.contains("MARKED") && !text.contains("secret-path"), "{text}");
        }
    }

    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    #[tokio::test]
    async fn n7_other_failures_of_a_proxy_are_not_taken_for_a_refusal() {
        let unwilling = Server::start("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n").await;
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        for proxy in [unwilling.address, closed] {
            let url = Url::parse(&format!("http://MARKEDUSER:MARKEDPASS@{proxy}/")).unwrap();
            let http = transport(|settings| settings.proxy = Proxy::At(url));
            let error = http.send(&request("https://shop.test/")).await.unwrap_err();
            assert!(!error.is_refused_by_proxy() && !error.may_have_arrived(), "{error}");
            assert!(error.to_string().ends_with(&format!("through the proxy {proxy}")), "{error}");
            assert!(!chain(&error).contains("MARKED"));
        }
    }
}
