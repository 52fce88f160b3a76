//! Meta's ratings of offline events over real sockets.

use meta_offline_events::client::Client;
use meta_offline_events::customer::Coverage;
use meta_offline_events::graph::{GraphError, Score};
use meta_offline_events::report::{ApiError, ErrorClass};
use meta_offline_events::testing::{Answer, FixedJitter, ManualClock, MockServer};
use serde_json::json;

use crate::support::{now, of, shows_none_of};

const TOKEN: &str = "EAABMARKEDTOKEN0123456789";

async fn start() -> (MockServer, Client) {
    let server = MockServer::builder().dataset(of("123")).start().await.unwrap();
    let builder = Client::builder(of("123"), of(TOKEN)).loopback_endpoint(server.url());
    let client = builder.clock(ManualClock::at(now())).jitter(FixedJitter(0.0)).build().unwrap();
    (server, client)
}

#[tokio::test]
async fn the_ratings_of_a_dataset_are_read() {
    let (server, client) = start().await;
    let quality = client.graph().offline_quality(client.dataset(), Some("acme")).await.unwrap();
    let purchases = &quality.events()[0];
    assert_eq!(purchases.event_name(), Some("Purchase"));
    let scores = [purchases.composite(), purchases.match_key(), purchases.frequency(), purchases.freshness()];
    assert_eq!(scores.map(Score::value), [Some(6.6), Some(5.6), Some(4.6), Some(2.2)]);
    assert_eq!(purchases.frequency().recommendation(), Some("Send every day."));
    assert_eq!(purchases.coverage().collect::<Vec<_>>(), [("email", 100.0), ("phone", 90.0)]);
    let target = server.requests()[0].target().to_owned();
    assert!(
        target.starts_with("/v26.0/dataset_quality?dataset_id=123&fields=offline%7Bevent_name"),
        "{target}"
    );
    assert!(target.ends_with("&agent_name=acme"), "{target}");
}

#[tokio::test]
async fn what_meta_refuses_and_what_is_no_rating_is_an_error_without_the_token() {
    let (server, client) = start().await;
    let unknown = client.graph().offline_quality(&of("124"), None).await.unwrap_err();
    assert_eq!(unknown.api_error().map(ApiError::class), Some(ErrorClass::FixDataset));
    let quoted = format!("who is {TOKEN}?");
    for answer in [
        Answer::html(200),
        Answer::json(200, json!({ "web": [] })),
        Answer::json(200, json!({ "offline": quoted })),
        Answer::json(400, json!({ "error": { "code": 10, "message": quoted } })),
    ] {
        server.always(answer);
        let error = client.graph().offline_quality(client.dataset(), None).await.unwrap_err();
        assert!(matches!(error, GraphError::Unreadable(_) | GraphError::Api(_)));
        shows_none_of(&["MARKEDTOKEN"], "an error", &format!("{error} {error:?}"));
    }
    let rating =
        json!({ "event_name": quoted, "composite": { "recommendation": quoted }, "coverage": { quoted: 1 } });
    server.always(Answer::json(200, json!({ "offline": [rating] })));
    let quality = client.graph().offline_quality(client.dataset(), None).await.unwrap();
    let table = quality.beside(&Coverage::default());
    let shown = format!("{table} {table:?} {}", serde_json::to_string(&table).unwrap());
    shows_none_of(&["MARKEDTOKEN"], "a rating", &shown);
}
