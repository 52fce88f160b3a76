//! Requests: checked by Meta's rules, recorded, counted, deduplicated.

use std::io;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::caller::{Caller, answered, kind};
use super::{A_WHILE, Tested, at_the_time_of_the_events, batch, eventually, post, purchase, started};
use crate::client::{Clock, SystemClock};
use crate::testing::{Answer, MockServer};

#[tokio::test]
async fn a_sound_batch_gets_a_receipt_and_is_kept() -> Tested {
    let meta = started().await?;
    let heard = answered(&meta, &post(&batch(&["a", "b"]))).await?;

    assert_eq!(heard.status, 200);
    assert_eq!(heard.json()["events_received"], 2);
    assert_eq!(heard.json()["messages"], json!([]));
    assert_eq!(heard.json()["fbtrace_id"].as_str(), heard.header("x-fb-trace-id"));
    assert_eq!(heard.header("date"), Some("Thu, 01 Jan 2026 00:00:00 GMT"));
    assert_eq!(meta.accepted(), [purchase("a"), purchase("b")]);
    Ok(())
}

#[tokio::test]
async fn requests_are_recorded_as_they_came() -> Tested {
    let meta = started().await?;
    let body = batch(&["a"]);
    answered(&meta, &post(&body)).await?;
    answered(&meta, "GET /v26.0/1/events?x=1 HTTP/1.1\r\nX-Odd: \u{e9}\r\n\r\n").await?;

    let requests = meta.requests();
    assert_eq!(meta.request_count(), 2);
    assert_eq!((requests[0].method(), requests[0].body()), ("POST", body.as_bytes()));
    assert_eq!(requests[0].header("Authorization"), Some("Bearer good"));
    assert!(requests[0].is_whole());
    assert_eq!((requests[1].method(), requests[1].target()), ("GET", "/v26.0/1/events?x=1"));
    assert_eq!((requests[1].path(), requests[1].header("x-odd")), ("/v26.0/1/events", Some("é")));
    let shown = format!("{meta:?}");
    assert!(!shown.contains("good") && !shown.contains("62a14e"), "{shown}");
    Ok(())
}

#[tokio::test]
async fn one_bad_event_stores_nothing() -> Tested {
    let meta = started().await?;
    let mut bad = purchase("b");
    bad["custom_data"] = json!({});
    let body = json!({ "data": [purchase("a"), bad] }).to_string();
    let first = answered(&meta, &post(&body)).await?;
    let second = answered(&meta, &post(&body)).await?;

    assert_eq!(first.status, 400);
    assert_eq!(first.json()["error"]["error_subcode"], 2_804_009);
    assert_ne!(first.json()["error"]["fbtrace_id"], second.json()["error"]["fbtrace_id"]);
    assert!(meta.accepted().is_empty());
    Ok(())
}

#[tokio::test]
async fn settings_reach_the_rules() -> Tested {
    let meta = at_the_time_of_the_events(MockServer::builder())
        .dataset("123".parse()?)
        .token("good".parse()?)
        .refuse(|event| event["event_id"] == "b")
        .name_refused(true)
        .start()
        .await?;
    let sound = post(&batch(&["a"]));

    assert_eq!(answered(&meta, &sound).await?.status, 200);
    assert_eq!(answered(&meta, &sound.replace("good", "evil")).await?.status, 401);
    let other = answered(&meta, &sound.replace("/123/", "/124/")).await?;
    assert_eq!(other.json()["error"]["error_subcode"], 33);
    let refused = answered(&meta, &post(&batch(&["a", "b"]))).await?;
    assert_eq!(refused.json()["error"]["error_data"]["event_index"], 1);
    Ok(())
}

#[tokio::test]
async fn without_a_clock_the_systems_is_used() -> Tested {
    let meta = MockServer::start().await?;
    let mut event = purchase("a");
    event["event_time"] = json!(SystemClock.now().unix());
    let body = json!({ "data": [event] }).to_string();
    assert_eq!(answered(&meta, &post(&body)).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn p2_events_sent_twice_count_once_per_dataset() -> Tested {
    let meta = started().await?;
    let nameless = batch(&["c"]).replace(r#""event_id":"c","#, "");
    for body in [batch(&["a"]), batch(&["a", "b"]), nameless.clone(), nameless] {
        assert_eq!(answered(&meta, &post(&body)).await?.status, 200);
    }
    answered(&meta, &post(&batch(&["a"])).replace("/123/", "/124/")).await?;

    assert_eq!(meta.accepted().len(), 6);
    let ids: Vec<Value> = meta.accepted_once().iter().map(|event| event["event_id"].clone()).collect();
    assert_eq!(ids, [json!("a"), json!("b"), Value::Null, Value::Null, json!("a")]);
    Ok(())
}

#[tokio::test]
async fn l7_requests_in_flight_are_counted() -> Tested {
    let meta = at_the_time_of_the_events(MockServer::builder()).latency(A_WHILE).start().await?;
    let request = post(&batch(&["a"]));
    let mut callers = JoinSet::new();
    for _ in 0..3 {
        let (mut caller, request) = (Caller::to(&meta).await?, request.clone());
        callers.spawn(async move { caller.ask(&request).await.map(|heard| heard.status) });
    }
    while let Some(status) = callers.join_next().await {
        assert_eq!(status??, 200);
    }
    answered(&meta, &request).await?;
    assert_eq!(meta.max_in_flight(), 3);
    Ok(())
}

#[tokio::test]
async fn a_request_given_up_is_no_longer_in_flight() -> Tested {
    let meta = started().await?;
    meta.always(Answer::hang());
    for count in 1..=3 {
        let mut caller = Caller::to(&meta).await?;
        caller.say(&post(&batch(&["a"]))).await?;
        assert!(eventually(|| meta.requests().len() == count).await);
        drop(caller);
        assert!(eventually(|| meta.in_flight() == 0).await);
    }
    assert_eq!(meta.max_in_flight(), 1);
    Ok(())
}

#[tokio::test]
async fn a_panic_in_a_rule_costs_one_connection() -> Tested {
    let meta = at_the_time_of_the_events(MockServer::builder())
        .refuse(|event| event["event_id"].as_str().expect("every event has an id") == "b")
        .start()
        .await?;
    let nameless = batch(&["c"]).replace(r#""event_id":"c","#, "");
    assert_eq!(kind(answered(&meta, &post(&nameless)).await), Some(io::ErrorKind::UnexpectedEof));
    assert_eq!(answered(&meta, &post(&batch(&["a"]))).await?.status, 200);
    Ok(())
}
