//! Every error code that is known of Meta, and the class that it has: one answer over a real socket for each.

use std::time::Duration;

use meta_offline_events::graph::{App, Graph, GraphError};
use meta_offline_events::testing::{Answer, ManualClock, MockServer};

use crate::support::{RealLimits, now, of};

/// Codes | their subcodes, `-` for none | the class. Ranges are written with two dots.
const TABLE: &str = "
    -1 -3 | - | retry
    1 | - | retry
    1 | 99 | give_up
    2 | - | retry
    3 | - | fix_permission
    4 | - 1504022 1504039 | throttle
    5000 | - | retry
    10 | - | fix_permission
    17 | - 2446079 | throttle
    17 | 1885172 | give_up
    32 | - | throttle
    100 | - | fix_event
    100 | 33 | fix_permission
    100 | 34 38 | fix_event
    100 | 2804003 2804009 2804050 | fix_event
    100 | 2804036 2804043 2804066 2804072 2804116 | fix_event
    100 | 2804131 2804132 | fix_dataset
    100 | 2804030 1815356 | fix_event
    100 | 2804001 2804007 2804016 2804017 2804019 2804048 | fix_event
    100 | 2804000 2804100 2804999 | fix_event
    100 | 36007 36009 | fix_token
    102 | - 458 463 467 | fix_token
    104 | - | fix_token
    105 | - | give_up
    190 | - 458 459 460 463 464 467 492 400 499 | fix_token
    200 | - | fix_permission
    200 | 1870034 | accept_terms
    270 | - | fix_permission
    201..299 | - | fix_permission
    294 | - | fix_permission
    341 | - | throttle
    368 | - | throttle
    452 | - | fix_token
    506 | - | give_up
    613 | - 1487742 5044001 1996 1487225 1487632 | throttle
    803 | - | fix_dataset
    1487301 1487366 2650 2654 | - | give_up
    1487390 | - | give_up
    1404078 2859015 | - | throttle
    1404163 | - | give_up
    1870090 | - | accept_terms
    1870092 | - | accept_terms
    2500 | - | fix_endpoint
    2635 | - | fix_endpoint
    2655 | - | accept_terms
    3962 | - | fix_permission
    6200 6202 | - | fix_dataset
    2044011 | - | give_up
    2044055 | - | fix_dataset
    21009 | - | retry
    80000 80003 80004 | 2446079 | throttle
    80000..80014 | - | throttle
    3910001 | - | retry
    777 | - | give_up
";

/// What an answer without Meta's JSON is, by its HTTP status.
const STATUSES: &str = "
    401 fix_token
    403 fix_permission
    404 fix_endpoint
    408 retry
    413 too_large
    429 throttle
    418 no_valid_answer
    500 retry
    502 retry
    503 retry
";

/// A call that is made once.
async fn error_of(server: &MockServer, graph: &Graph, answer: Answer) -> GraphError {
    server.script(answer);
    graph.revoke(&of("EAAB")).await.unwrap_err()
}

async fn start() -> (MockServer, Graph) {
    let server = MockServer::start().await.unwrap();
    let builder = Graph::builder()
        .loopback_endpoint(server.url())
        .timeouts(Duration::from_secs(1), Duration::from_secs(20))
        .clock(RealLimits(ManualClock::at(now())));
    let graph = builder.build().unwrap().app(App::new(of("1"), of("secret")));
    (server, graph)
}

fn numbers(text: &str) -> Vec<i64> {
    match text.split_once("..") {
        Some((first, last)) => (of(first)..=of::<i64>(last)).collect(),
        None => vec![of(text)],
    }
}

#[tokio::test]
async fn r16_to_r30_every_code_of_meta_has_its_class() {
    let (server, graph) = start().await;
    let mut rows = 0;
    for row in TABLE.lines().map(str::trim).filter(|row| !row.is_empty()) {
        let [codes, subcodes, class] = row.split(" | ").collect::<Vec<_>>()[..] else { panic!("{row}") };
        for code in codes.split(' ').flat_map(numbers) {
            for subcode in subcodes.split(' ').map(|subcode| subcode.parse().ok()) {
                let error = error_of(&server, &graph, Answer::graph_error(400, code, subcode)).await;
                let api = error.api_error().unwrap_or_else(|| panic!("{code}: {error}"));
                assert_eq!((api.code(), api.subcode()), (Some(code), subcode));
                assert_eq!(api.class().code(), class, "{code}/{subcode:?}");
                rows += 1;
            }
        }
    }
    assert_eq!(rows, 211);
}

#[tokio::test]
async fn what_has_no_code_is_classed_by_its_status() {
    let (server, graph) = start().await;
    for row in STATUSES.lines().map(str::trim).filter(|row| !row.is_empty()) {
        let (status, class) = row.split_once(' ').unwrap();
        for answer in [Answer::empty(of(status)), Answer::html(of(status))] {
            let error = error_of(&server, &graph, answer).await;
            assert_eq!(error.code(), class, "{status}");
        }
    }
    for fault in [Answer::reset_after_body(), Answer::html(200).half()] {
        assert_eq!(error_of(&server, &graph, fault).await.code(), "ambiguous");
    }
}
