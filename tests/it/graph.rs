//! Calls to the Graph API other than sending events, over real sockets.

use std::time::Duration;

use meta_offline_events::auth::{TokenExpiry, TokenKind};
use meta_offline_events::client::Client;
use meta_offline_events::graph::{CallStyle, Graph, GraphError};
use meta_offline_events::report::ApiError;
use meta_offline_events::testing::{Answer, ManualClock, MockServer, RecordedRequest};
use meta_offline_events::value::{AccessToken, EventTime};

use crate::support::app::{APP_ID, SECRET, app, graph, server};
use crate::support::{NOW, now, of};

const TOKEN: &str = "EAABMARKEDTOKEN0123456789";

fn token() -> AccessToken {
    of(TOKEN)
}

/// Fails when an address holds a secret.
#[track_caller]
fn no_secret_in_addresses(server: &MockServer) {
    for request in server.requests() {
        assert!(!request.target().contains("MARKED"), "{}", request.target());
    }
}

#[tokio::test]
async fn a_token_is_inspected_and_no_address_shows_it() {
    let clock = ManualClock::at(now());
    let until = EventTime::from_unix(NOW + 60).unwrap();
    let server = server(&clock).token_until(token(), until).start().await.unwrap();
    let graph = graph(&server, &clock);
    let info = graph.inspect(&token()).await.unwrap();
    assert!(info.is_valid() && info.app_id() == Some(APP_ID));
    assert_eq!((info.kind(), info.expiry()), (Some(&TokenKind::SystemUser), TokenExpiry::At(until)));
    clock.advance(Duration::from_secs(60));
    let info = graph.inspect(&token()).await.unwrap();
    assert_eq!(info.error().and_then(ApiError::subcode), Some(463));
    assert!(!graph.inspect(&of("EAAB-unknown")).await.unwrap().is_valid());
    no_secret_in_addresses(&server);
    let methods: Vec<_> = server.requests().iter().map(|request| request.method().to_owned()).collect();
    assert_eq!(methods, ["POST"; 3]);
}

#[tokio::test]
async fn a_client_inspects_with_its_own_token() {
    let clock = ManualClock::at(now());
    let server = server(&clock).token(token()).start().await.unwrap();
    let client =
        Client::builder(of("123"), token()).loopback_endpoint(server.url()).clock(clock).build().unwrap();
    assert!(client.graph().inspect(&token()).await.unwrap().is_valid());
    let request = &server.requests()[0];
    assert_eq!(request.header("authorization"), Some(&*format!("Bearer {TOKEN}")));
    no_secret_in_addresses(&server);
}

#[tokio::test]
async fn the_documented_style_puts_secrets_into_the_query_of_a_get() {
    let clock = ManualClock::at(now());
    let server = server(&clock).token(token()).start().await.unwrap();
    let graph = graph(&server, &clock).call_style(CallStyle::AsDocumented);
    assert!(graph.inspect(&token()).await.unwrap().is_valid());
    let request: &RecordedRequest = &server.requests()[0];
    assert_eq!((request.method(), request.path()), ("GET", "/v26.0/debug_token"));
    assert_eq!(request.target(), format!("/v26.0/debug_token?input_token={TOKEN}"));
    assert_eq!(request.header("authorization"), Some(&*format!("Bearer {APP_ID}|{SECRET}")));
}

#[tokio::test]
async fn a_call_that_reads_is_made_three_times_at_most() {
    let clock = ManualClock::at(now());
    let server = server(&clock).token(token()).start().await.unwrap();
    let graph = graph(&server, &clock);
    for fault in [
        Answer::transient(),
        Answer::empty(503),
        Answer::html(200),
        Answer::reset_after_body(),
        Answer::hang(),
    ] {
        let before = server.request_count();
        server.script_all([fault.clone(), fault.clone()]);
        assert!(graph.inspect(&token()).await.is_ok());
        assert_eq!(server.request_count() - before, 3);
        server.always(fault);
        let error = graph.inspect(&token()).await.unwrap_err();
        assert!(!matches!(error, GraphError::Missing(_)), "{error}");
        assert_eq!(server.request_count() - before, 6);
        server.reset();
    }
    for last in [Answer::graph_error(400, 190, None), Answer::redirect(&server.url()), Answer::throttled([])]
    {
        let before = server.request_count();
        server.script(last);
        graph.inspect(&token()).await.unwrap_err();
        assert_eq!(server.request_count() - before, 1);
    }
}

#[tokio::test]
async fn a_call_says_which_setting_it_lacks() {
    let server = MockServer::start().await.unwrap();
    let bare = Graph::builder().loopback_endpoint(server.url()).build().unwrap();
    let error = bare.inspect(&token()).await.unwrap_err().to_string();
    assert!(error.contains("`Client::graph`"), "{error}");
    let relay = Client::builder(of("123"), token()).endpoint("https://relay.example/".parse().unwrap());
    let error = relay.build().unwrap().graph().app(app()).inspect(&token()).await.unwrap_err().to_string();
    assert!(error.contains("endpoint_with_token"), "{error}");
}
