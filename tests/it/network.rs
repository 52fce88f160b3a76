//! The network's faults, over real sockets: each row of the table of faults that the transport answers
//! for. N2, N13 and the types of failures are tested beside the transport.
//!
//! N14 and N15 tell what HTTP/2 may do to a request. The transport speaks HTTP/1.1 only, whatever the
//! program's other crates enable in the HTTP library; what is tested is that nothing else is offered.

use std::process::Command;
use std::time::Duration;

use meta_offline_events::client::{
    Client, ClientBuilder, Clock, HttpTransport, InvalidClient, RetryPolicy, SystemClock, TokenPlacement,
};
use meta_offline_events::customer::UserData;
use meta_offline_events::event::Event;
use meta_offline_events::report::{DeliveryReport, Outcome, StopCause};
use meta_offline_events::testing::{Answer, FixedJitter, MockServer, RecordingTransport};
use meta_offline_events::value::{AccessToken, Currency, DatasetId, EventTime, Line, Money};
use meta_offline_events::wire::RequestFields;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;
use url::Url;

use crate::tls::{Authority, TlsEnd};

const TOKEN: &str = "EAAB-MARKEDTOKEN";
const FROM_2020_TO_2099: (i32, i32) = (2020, 2099);

fn event() -> Event {
    let customer = UserData::builder().email("markedmail@example.com").build().unwrap();
    Event::builder(EventTime::from_unix(SystemClock.now().unix() - 3600).unwrap(), customer)
        .order_id("order-1".parse().unwrap())
        .value(Money::new("10.50".parse().unwrap(), Currency::EUR))
        .lines([Line::new(2)])
        .build()
        .unwrap()
}

fn builder() -> ClientBuilder {
    Client::builder("123".parse().unwrap(), TOKEN.parse().unwrap())
        .timeouts(Duration::from_secs(5), Duration::from_secs(20))
        .retry(RetryPolicy::new().attempts(1))
        .jitter(FixedJitter(0.0))
}

/// A client that tries once.
fn to(url: &Url) -> ClientBuilder {
    builder().loopback_endpoint(url.clone())
}

/// How the one event ended, after a look for secrets in everything that can be printed (S3).
#[derive(Debug, PartialEq)]
enum End {
    Accepted,
    Refused,
    /// A clean failure, with its text.
    Clean(String),
    /// An ambiguous attempt, with its text.
    Ambiguous(String),
}

impl End {
    fn clean(self) -> String {
        let Self::Clean(why) = self else { panic!("{self:?}") };
        why
    }

    fn ambiguous(self) -> String {
        let Self::Ambiguous(why) = self else { panic!("{self:?}") };
        why
    }
}

async fn send(builder: ClientBuilder) -> End {
    search(&format!("{builder:?}"));
    let client = builder.build().unwrap();
    search(&format!("{client:?}"));
    end(&client.send(vec![event()]).await)
}

fn end(report: &DeliveryReport) -> End {
    let diagnostics: Vec<_> = report.diagnostics().iter().map(ToString::to_string).collect();
    let stop = report.stopped().map(ToString::to_string);
    search(&format!("{report:?} {diagnostics:?} {stop:?} {}", serde_json::to_string(report).unwrap()));
    match &report.outcomes()[0] {
        Outcome::Accepted => End::Accepted,
        Outcome::Refused(_) => End::Refused,
        Outcome::NotSent(cause) => End::Clean(cause.to_string()),
        Outcome::Unconfirmed(cause) => End::Ambiguous(cause.to_string()),
        Outcome::AlreadySent | Outcome::Pending(_) => panic!("there is no journal"),
    }
}

/// S1, S3: no token, no password, no customer, no part of a URL that could hold one.
fn search(text: &str) {
    for secret in ["MARKED", "markedmail", "secret-path"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}

async fn mock_server(answer: Answer) -> MockServer {
    let server = MockServer::start().await.unwrap();
    server.always(answer);
    server
}

async fn closed_port() -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap()
}

fn host_and_port(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap(), url.port().unwrap())
}

fn with_password(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_username("MARKEDUSER").unwrap();
    url.set_password(Some("MARKEDPASS")).unwrap();
    url
}

/// Answers the first bytes of every connection with these, and sends on what it got.
async fn raw(answer: &'static [u8]) -> (Url, tokio::sync::mpsc::UnboundedReceiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let (sender, received) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut bytes = vec![0; 16 * 1024];
            let length = stream.read(&mut bytes).await.unwrap_or(0);
            bytes.truncate(length);
            let _ = sender.send(bytes);
            let _ = stream.write_all(answer).await;
        }
    });
    (url, received)
}

/// A proxy that makes tunnels for whoever gives the password.
async fn tunnelling_proxy() -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.ok()?);
                }
                let head = String::from_utf8(head).unwrap();
                // MARKEDUSER:MARKEDPASS
                if !head.contains("Basic TUFSS0VEVVNFUjpNQVJLRURQQVNT") {
                    return stream.write_all(b"HTTP/1.1 407 \r\ncontent-length: 0\r\n\r\n").await.ok();
                }
                let target =
                    head.strip_prefix("CONNECT ")?.split(' ').next()?.replace("localhost", "127.0.0.1");
                let mut onward = TcpStream::connect(target).await.ok()?;
                stream.write_all(b"HTTP/1.1 200 \r\n\r\n").await.ok()?;
                copy_bidirectional(&mut stream, &mut onward).await.ok().map(drop)
            });
        }
    });
    url
}

#[tokio::test]
async fn n3_a_refused_connection_is_a_clean_failure() {
    assert!(send(to(&closed_port().await)).await.clean().contains("no connection to the server"));
}

#[tokio::test]
async fn n4_a_connection_that_never_completes_ends_at_the_connect_limit() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = timeout(Duration::from_millis(300), TcpStream::connect(address)).await {
        waiting.push(stream);
    }
    let url = format!("http://{address}/").parse().unwrap();
    let quick = to(&url).timeouts(Duration::from_millis(200), Duration::from_secs(20));
    assert!(send(quick).await.clean().contains("time limit"));
}

#[tokio::test]
async fn n5_n6_a_certificate_that_fails_a_check_is_named_and_stops_the_run_before_any_byte() {
    let (ours, theirs) = (Authority::named("ours"), Authority::named("theirs"));
    let namesake = Authority::named("ours");
    for (name, years, trusted, cause) in [
        ("localhost", FROM_2020_TO_2099, &theirs, "not signed by a trusted authority"),
        ("localhost", FROM_2020_TO_2099, &namesake, "not signed by a trusted authority"),
        ("localhost", (2020, 2021), &ours, "expired, or this machine's clock is ahead"),
        ("localhost", (2098, 2099), &ours, "not valid yet, or this machine's clock is behind"),
        ("other.example", FROM_2020_TO_2099, &ours, "for another name"),
    ] {
        let server = MockServer::start().await.unwrap();
        let tls = TlsEnd::before(&server.url(), ours.sign(name, years)).await;
        let client = to(&tls.url)
            .root_certificate(trusted.pem())
            .retry(RetryPolicy::new().attempts(3))
            .build()
            .unwrap();
        let report = client.send(vec![event()]).await;
        assert!(report.stopped().is_some(), "{cause}");
        let why = end(&report).clean();
        assert!(why.contains(cause), "{why}");
        assert_eq!(tls.offered().len(), 1, "no second attempt");
        assert_eq!(server.request_count(), 0);
    }
}

#[tokio::test]
async fn n5_a_root_of_ones_own_is_trusted_beside_or_instead_of_the_others() {
    let authority = Authority::named("ours");
    let server = MockServer::start().await.unwrap();
    let tls = TlsEnd::before(&server.url(), authority.sign("localhost", FROM_2020_TO_2099)).await;
    let unknown = send(to(&tls.url)).await.clean();
    assert!(unknown.contains("root certificate"), "{unknown}");
    let both = [Authority::named("theirs").pem(), authority.pem()].concat();
    assert_eq!(send(to(&tls.url).root_certificate(&both)).await, End::Accepted);
    let only = to(&tls.url).root_certificate(authority.pem()).only_root_certificates();
    assert_eq!(send(only).await, End::Accepted);
}

#[test]
fn n5_roots_that_cannot_be_read_are_refused() {
    let authority = Authority::named("ours");
    let pem = String::from_utf8(authority.pem().to_vec()).unwrap();
    let cut = &pem[..pem.len() / 2];
    let other = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let key = pem.replace("CERTIFICATE", "PRIVATE KEY");
    for bad in ["", "no PEM", cut, other, &key] {
        let built = builder().root_certificate(authority.pem()).root_certificate(bad.as_bytes()).build();
        assert_eq!(built.map(drop), Err(InvalidClient::RootCertificate), "{bad}");
    }
    assert_eq!(builder().only_root_certificates().build().map(drop), Err(InvalidClient::RootCertificate));
}

#[tokio::test]
async fn n7_a_proxy_that_is_down_is_named_without_its_password() {
    let server = MockServer::start().await.unwrap();
    let proxy = closed_port().await;
    let why = send(to(&server.url()).proxy(with_password(&proxy))).await.clean();
    assert!(why.contains(&format!("through the proxy {}", host_and_port(&proxy))), "{why}");
    assert_eq!(server.request_count(), 0);
}

#[tokio::test]
async fn n7_a_proxy_that_refuses_is_a_clean_failure() {
    let proxy = mock_server(Answer::empty(407)).await;
    let server = MockServer::start().await.unwrap();
    let authority = Authority::named("ours");
    let tls = TlsEnd::before(&server.url(), authority.sign("localhost", FROM_2020_TO_2099)).await;
    for (target, proxy) in [(server.url(), proxy.url()), (tls.url.clone(), tunnelling_proxy().await)] {
        let why = send(to(&target).root_certificate(authority.pem()).proxy(proxy.clone())).await.clean();
        assert!(why.contains(&format!("the proxy {} wants a user", host_and_port(&proxy))), "{why}");
    }
    assert_eq!(server.request_count(), 0);
}

#[tokio::test]
async fn n7_what_passes_a_proxy_arrives() {
    let server = MockServer::start().await.unwrap();
    let authority = Authority::named("ours");
    let tls = TlsEnd::before(&server.url(), authority.sign("localhost", FROM_2020_TO_2099)).await;
    let proxy = with_password(&tunnelling_proxy().await);
    assert_eq!(send(to(&tls.url).root_certificate(authority.pem()).proxy(proxy)).await, End::Accepted);
    assert_eq!(server.requests()[0].header("proxy-authorization"), None, "it is the proxy's alone");
}

#[test]
fn n7_a_proxy_is_an_address_and_no_more() {
    for (proxy, fits) in [
        ("http://proxy.example", true),
        ("http://proxy.example:3128/", true),
        ("https://user:pass@proxy.example:8443", true),
        ("socks5://proxy.example", false),
        ("ftp://proxy.example", false),
        ("http://proxy.example/path", false),
        ("http://proxy.example/?MARKED", false),
        ("http://proxy.example/#a", false),
    ] {
        let built = builder().proxy(proxy.parse().unwrap()).build();
        assert_eq!(built.is_ok(), fits, "{proxy}");
        if let Err(error) = built {
            search(&format!("{error} {error:?}"));
        }
    }
}

#[tokio::test]
async fn n8_an_idle_connection_that_the_server_closed_costs_no_attempt() {
    let server = mock_server(Answer::judge().close()).await;
    let client = to(&server.url()).build().unwrap();
    for round in 1..=5 {
        assert_eq!(end(&client.send(vec![event()]).await), End::Accepted, "{round}");
        // What the server closed is known once it is read.
        timeout(Duration::from_millis(20), std::future::pending::<()>()).await.unwrap_err();
    }
    assert_eq!(server.connection_count(), 5);
}

#[tokio::test]
async fn n9_a_reset_while_the_body_is_written_is_ambiguous() {
    let server = mock_server(Answer::reset_before_body()).await;
    assert!(send(to(&server.url())).await.ambiguous().contains("connection broke"));
}

#[tokio::test]
async fn n10_an_end_inside_the_answer_is_ambiguous_and_retried() {
    let server = mock_server(Answer::judge().half()).await;
    assert!(send(to(&server.url())).await.ambiguous().contains("before the whole answer came"));
    server.reset();
    server.script(Answer::judge().half());
    assert_eq!(send(to(&server.url()).retry(RetryPolicy::new().attempts(2))).await, End::Accepted);
    let bodies: Vec<_> = server.requests().iter().map(|request| request.body().to_vec()).collect();
    assert_eq!(bodies[1], bodies[2], "the same bytes");
}

#[tokio::test]
async fn n13_a_server_that_stops_reading_is_given_up_at_the_limit() {
    let server = mock_server(Answer::never_read()).await;
    let short = to(&server.url()).timeouts(Duration::from_secs(5), Duration::from_millis(300));
    assert!(send(short).await.ambiguous().contains("time limit"));
}

#[tokio::test]
async fn n19_a_late_answer_is_never_matched_to_another_request() {
    let server = MockServer::start().await.unwrap();
    // Taken for the next request's, it would be a wrong count.
    server.script(Answer::received(99).after(Duration::from_millis(900)));
    let client = to(&server.url())
        .timeouts(Duration::from_secs(5), Duration::from_millis(600))
        .retry(RetryPolicy::new().attempts(2))
        .build()
        .unwrap();
    assert_eq!(end(&client.send(vec![event()]).await), End::Accepted);
    assert_eq!(server.connection_count(), 2, "the late one's connection is not used again");
    timeout(Duration::from_millis(500), std::future::pending::<()>()).await.unwrap_err();
    assert_eq!(end(&client.send(vec![event()]).await), End::Accepted);
    assert_eq!(server.connection_count(), 2);
}

#[tokio::test]
async fn n20_interim_answers_are_skipped() {
    let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\n\
                   HTTP/1.1 200 OK\r\ncontent-length: 21\r\n\r\n{\"events_received\":1}";
    assert_eq!(send(to(&mock_server(Answer::raw(interim)).await.url())).await, End::Accepted);
}

#[tokio::test]
async fn n21_s9_a_compressed_answer_is_ambiguous_and_not_unpacked() {
    // `{"events_received":1}`, compressed: whoever unpacks it takes it for an acceptance.
    let whole = include_bytes!("../data/received_one.json.gz");
    let short = Answer::body(200, "application/json", *whole).header("content-encoding", "gzip");
    let bomb = Answer::endless().header("content-encoding", "gzip");
    for answer in [short, bomb] {
        let server = mock_server(answer).await;
        let why = send(to(&server.url())).await.ambiguous();
        assert!(why.contains("compressed, though that was not asked for"), "{why}");
        assert_eq!(server.requests()[0].header("accept-encoding"), None);
    }
    let plain = Answer::received(1).header("content-encoding", "identity");
    assert_eq!(send(to(&mock_server(plain).await.url())).await, End::Accepted);
}

#[tokio::test]
async fn n14_n15_s18_http_1_1_is_all_that_is_offered() {
    let authority = Authority::named("ours");
    let server = MockServer::start().await.unwrap();
    let tls = TlsEnd::before(&server.url(), authority.sign("localhost", FROM_2020_TO_2099)).await;
    assert_eq!(send(to(&tls.url).root_certificate(authority.pem())).await, End::Accepted);
    assert_eq!(tls.offered(), [["http/1.1"]]);
}

#[tokio::test]
async fn s4_a_redirect_is_not_followed_to_any_place() {
    let elsewhere = MockServer::start().await.unwrap();
    let port = elsewhere.url().port().unwrap();
    for status in [301, 302, 303, 307, 308] {
        let server = MockServer::start().await.unwrap();
        for target in [
            elsewhere.url().to_string(),
            format!("http://localhost:{port}/MARKED"),
            format!("https://127.0.0.1:{port}/"),
            server.url().join("MARKED").unwrap().to_string(),
            "/MARKED".to_owned(),
            "//MARKED.example/".to_lowercase(),
        ] {
            server.script(Answer::empty(status).header("location", &target));
            let before = server.request_count();
            assert!(send(to(&server.url())).await.clean().contains("redirects to"), "{target}");
            assert_eq!(server.request_count(), before + 1, "{status} {target}");
        }
    }
    assert_eq!((elsewhere.request_count(), elsewhere.connection_count()), (0, 0));
}

#[tokio::test]
async fn s4_when_an_application_s_http_client_follows_a_redirect_the_run_stops() {
    for placement in [TokenPlacement::Header, TokenPlacement::Body] {
        let (elsewhere, server) = (MockServer::start().await.unwrap(), MockServer::start().await.unwrap());
        server.always(Answer::redirect(&elsewhere.url().join("secret-path").unwrap()));
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let builder = to(&server.url()).transport(HttpTransport::from_reqwest(http)).in_flight(1);
        let client = builder.token_placement(placement).build().unwrap();
        let report = client.send(vec![event()]).await;
        let why = end(&report).ambiguous();
        assert!(why.contains("redirects to 127.0.0.1"), "{why}");
        assert!(matches!(report.stopped(), Some(StopCause::Endpoint(_))), "{:?}", report.stopped());
        assert_eq!((report.requests().made, elsewhere.request_count()), (1, 1));
        assert_eq!(elsewhere.requests()[0].header("authorization"), None);
    }
}

#[tokio::test]
async fn an_application_s_http_client_that_follows_nothing_is_as_good_as_the_usual_one() {
    let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build();
    let http = HttpTransport::from_reqwest(http.unwrap());
    let server = mock_server(Answer::judge()).await;
    assert_eq!(send(to(&server.url()).transport(http.clone())).await, End::Accepted);
    server.always(Answer::redirect(&"https://example.com/MARKED".parse().unwrap()));
    assert!(send(to(&server.url()).transport(http)).await.clean().contains("redirects to example.com"));
}

#[tokio::test]
async fn s7_another_host_gets_the_token_only_when_asked() {
    for placement in [TokenPlacement::Header, TokenPlacement::Body] {
        for asked in [false, true] {
            let transport = RecordingTransport::new();
            let relay: Url = "https://relay.example/meta".parse().unwrap();
            let builder = builder().transport(transport.clone()).token_placement(placement);
            let builder = if asked { builder.endpoint_with_token(relay) } else { builder.endpoint(relay) };
            assert_eq!(end(&builder.build().unwrap().send(vec![event()]).await), End::Accepted);
            let request = &transport.requests()[0];
            assert_eq!(request.url().as_str(), "https://relay.example/meta/v26.0/123/events");
            let in_body = String::from_utf8_lossy(request.body()).contains(TOKEN);
            let in_header = request.bearer().map(AccessToken::expose) == Some(TOKEN);
            assert_eq!(request.bearer().is_some(), in_header);
            let expected = match placement {
                TokenPlacement::Body => (asked, false),
                _ => (false, asked),
            };
            assert_eq!((in_body, in_header), expected, "{placement:?} {asked}");
        }
    }
}

#[tokio::test]
async fn s8_an_endless_answer_is_read_up_to_its_limit() {
    assert!(
        send(to(&mock_server(Answer::endless()).await.url())).await.ambiguous().contains("larger than 1 MB")
    );
    for (blanks, end) in [(1024 * 1024 - 21, true), (1024 * 1024 - 20, false)] {
        let body = format!("{}{{\"events_received\":1}}", " ".repeat(blanks));
        let server = mock_server(Answer::body(200, "application/json", body)).await;
        assert_eq!(send(to(&server.url())).await == End::Accepted, end, "{blanks}");
    }
}

#[tokio::test]
async fn s10_floods_of_headers_are_refused() {
    let many = |count: usize| {
        let headers = "x-header: 1\r\n".repeat(count);
        format!("HTTP/1.1 200 OK\r\n{headers}content-length: 21\r\n\r\n{{\"events_received\":1}}")
    };
    let long = format!("HTTP/1.1 200 OK\r\nx: {}\r\ncontent-length: 2\r\n\r\n{{}}", "x".repeat(1 << 20));
    for flood in [many(100), many(5000), long] {
        let why = send(to(&mock_server(Answer::raw(flood)).await.url())).await.ambiguous();
        assert!(why.contains("no readable HTTP"), "{why}");
    }
    assert_eq!(send(to(&mock_server(Answer::raw(many(99))).await.url())).await, End::Accepted);
}

#[test]
fn s5_s6_an_endpoint_that_could_leak_is_refused() {
    for base in [
        "http://graph.facebook.com/",
        "http://127.0.0.1:8080/",
        "ftp://graph.facebook.com/",
        "https://MARKED@graph.facebook.com/",
        "https://user:MARKED@graph.facebook.com/",
        "https://:MARKED@graph.facebook.com/",
        "https://graph.facebook.com/?MARKED=1",
        "https://graph.facebook.com/?",
        "https://graph.facebook.com/#MARKED",
        "https://graph.facebook.com:8443/",
        "data:text/plain,MARKED",
        "file:///MARKED",
    ] {
        let base: Url = base.parse().unwrap();
        for builder in [builder().endpoint(base.clone()), builder().endpoint_with_token(base.clone())] {
            search(&format!("{builder:?}"));
            let error = builder.build().unwrap_err();
            assert!(matches!(error, InvalidClient::Endpoint(_)), "{base}: {error}");
            search(&format!("{error} {error:?}"));
        }
    }
    for base in
        ["http://example.com/", "http://10.0.0.1/", "http://127.0.0.1.example.com/", "ftp://127.0.0.1/"]
    {
        assert!(builder().loopback_endpoint(base.parse().unwrap()).build().is_err(), "{base}");
    }
}

#[test]
fn s11_s12_nothing_that_is_sent_beside_the_events_can_inject() {
    for text in ["a\r\nx: y", "a\nb", "a\rb", "a\0b", "a\tb", "a\u{7f}b", "a\u{85}b", "a\u{1b}[0m"] {
        assert!(text.parse::<AccessToken>().is_err(), "{text:?}");
        assert!(RequestFields::new().test_event_code(text).is_err(), "{text:?}");
        assert!(RequestFields::new().partner_agent(text).is_err(), "{text:?}");
        assert!(RequestFields::new().upload_tag(text).is_err(), "{text:?}");
        assert!(builder().api_version(&format!("v1.0{text}")).build().is_err(), "{text:?}");
    }
    for text in
        ["", " ", "../me", "1?x=", "1/2", "1#", "1%2f", "-1", "1 2", "abc", "１", "123456789012345678901"]
    {
        assert!(text.parse::<DatasetId>().is_err(), "{text:?}");
    }
    for version in ["", "v1", "v1.0/..", "../v1.0", "v1.0?", "v1.0#", "V1.0", "v1.0 "] {
        assert_eq!(
            builder().api_version(version).build().map(drop),
            Err(InvalidClient::ApiVersion),
            "{version}"
        );
    }
}

#[tokio::test]
async fn s15_the_environment_names_a_proxy_only_when_asked() {
    for (asked, requests) in [("no", 0), ("yes", 1)] {
        let proxy = mock_server(Answer::received(1)).await;
        let url = with_password(&proxy.url()).to_string();
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["network::s15_in_a_child", "--exact", "--ignored", "--nocapture"]).env("ASKED", asked);
        for name in ["NO_PROXY", "no_proxy", "REQUEST_METHOD"] {
            child.env_remove(name);
        }
        for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
            child.env(name, &url);
        }
        let output = tokio::task::spawn_blocking(move || child.output()).await.unwrap().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
        assert_eq!(proxy.request_count(), requests, "{asked}");
        let password = Some("Basic TUFSS0VEVVNFUjpNQVJLRURQQVNT");
        assert!(proxy.requests().iter().all(|request| request.header("proxy-authorization") == password));
    }
}

#[tokio::test]
#[ignore = "runs in the environment that the test before it makes"]
async fn s15_in_a_child() {
    let server = MockServer::start().await.unwrap();
    let asked = std::env::var("ASKED").is_ok_and(|asked| asked == "yes");
    let client = if asked { to(&server.url()).proxy_from_environment() } else { to(&server.url()) };
    assert_eq!(send(client).await, End::Accepted);
    assert_eq!(server.request_count(), usize::from(!asked));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn s15_certificate_variables_have_no_effect_beside_ones_own_roots_alone() {
    let authority = Authority::named("ours");
    let server = MockServer::start().await.unwrap();
    let tls = TlsEnd::before(&server.url(), authority.sign("localhost", FROM_2020_TO_2099)).await;
    let roots = std::env::temp_dir().join(format!("meta-offline-events-roots-{}.pem", std::process::id()));
    std::fs::write(&roots, authority.pem()).unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["network::s15_with_roots_in_a_child", "--exact", "--ignored", "--nocapture"]);
    child.env("ENDPOINT", tls.url.as_str()).env("SSL_CERT_FILE", &roots).env_remove("SSL_CERT_DIR");
    let output = tokio::task::spawn_blocking(move || child.output()).await.unwrap().unwrap();
    std::fs::remove_file(&roots).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(server.request_count(), 1);
}

#[cfg(target_os = "linux")]
#[tokio::test]
#[ignore = "runs in the environment that the test before it makes"]
async fn s15_with_roots_in_a_child() {
    let Ok(endpoint) = std::env::var("ENDPOINT") else { return };
    let endpoint = endpoint.parse().unwrap();
    let theirs = Authority::named("theirs");
    assert_eq!(send(to(&endpoint).root_certificate(theirs.pem())).await, End::Accepted);
    let only = to(&endpoint).root_certificate(theirs.pem()).only_root_certificates();
    assert!(send(only).await.clean().contains("not signed by a trusted authority"));
}

#[tokio::test]
async fn s18_tls_below_1_2_is_refused() {
    // A server hello of TLS 1.1: version, random, no session, a cipher suite of its time.
    const HELLO: &[u8] = b"\x16\x03\x02\x00\x2a\x02\x00\x00\x26\x03\x02\
        0123456789abcdef0123456789abcdef\x00\xc0\x13\x00";
    let (mut url, mut got) = raw(HELLO).await;
    url = url.as_str().replace("http:", "https:").parse().unwrap();
    let why = send(to(&url)).await.clean();
    assert!(why.contains("neither TLS 1.2 nor 1.3"), "{why}");
    let hello = got.recv().await.unwrap();
    let supported = hello.windows(4).find(|bytes| bytes[..2] == [0, 43] && bytes[2] == 0).unwrap();
    let at = hello.windows(4).position(|bytes| bytes == supported).unwrap();
    let versions = &hello[at + 5..at + 4 + usize::from(supported[3])];
    assert_eq!(versions, [3, 4, 3, 3], "TLS 1.3 and 1.2");
}
