//! Events that another version of the crate recorded.
#![cfg(all(feature = "journal", feature = "testing"))]

use std::env;
use std::fs;

use crate::client::{Client, RetryPolicy};
use crate::journal::Prepared;
use crate::report::DeliveryReport;
use crate::testing::{Answer, FixedJitter, ManualClock, MockServer};
use crate::value::EventTime;

const NOW: i64 = 1_777_896_000;

/// Sends what the journal has in these bytes. Returns the bodies of the requests, too.
async fn resume(test: &str, json: &str, answers: Vec<Answer>) -> (DeliveryReport, Vec<String>) {
    let folder = env::temp_dir().join(format!("meta-records-{}-{test}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    let clock = ManualClock::at(EventTime::from_unix(NOW).unwrap());
    let server = MockServer::builder().clock(clock.clone()).start().await.unwrap();
    server.script_all(answers);
    let client = Client::builder("1".parse().unwrap(), "EAAB".parse().unwrap());
    let client = client.loopback_endpoint(server.url()).clock(clock).jitter(FixedJitter(0.0));
    let client = client.retry(RetryPolicy::new().attempts(3)).build().unwrap();
    let journal = client.journal(&folder).unwrap();
    let lease = journal.lease(client.dataset(), client.endpoint()).unwrap();
    let now = EventTime::from_unix(NOW).unwrap();
    lease.hand_over(vec![Prepared::of_json(json)], now).await.unwrap();
    drop(lease);
    let report = client.resume(&journal).await;
    assert_eq!(journal.counts().unwrap().pending, 0);
    let _ = fs::remove_dir_all(&folder);
    let requests = server.requests();
    let bodies = requests.iter().map(|request| String::from_utf8_lossy(request.body()).into());
    (report, bodies.collect())
}

#[tokio::test]
async fn p24_an_event_goes_out_in_the_bytes_that_were_recorded_also_in_a_retry_and_in_a_part_of_a_batch() {
    let digest = "0".repeat(64);
    // The members stand in another order, and with blanks.
    let json = format!(
        r#"{{ "event_time": {}, "event_name": "Subscribe", "user_data": {{"em": ["{digest}"]}}, "action_source": "physical_store" }}"#,
        NOW - 60,
    );
    let answers = vec![Answer::empty(503), Answer::graph_error(400, 100, None)];
    let (report, bodies) = resume("bytes", &json, answers).await;
    assert_eq!(report.resumed().total(), 1, "{report}");
    assert_eq!(bodies.len(), 2);
    assert!(bodies.iter().all(|body| body.contains(&json)), "{bodies:?}");
    let (report, bodies) = resume("sent", &json, vec![Answer::empty(503)]).await;
    assert_eq!(report.resumed().accepted, 1, "{report}");
    assert!(bodies.iter().all(|body| body.contains(&json)), "{bodies:?}");
}

#[tokio::test]
async fn p24_an_event_that_breaks_a_rule_of_this_version_is_told_and_does_not_stop_the_others() {
    let (report, bodies) = resume("invalid", r#"{"event_name":"Purchase","event_time":1}"#, Vec::new()).await;
    assert_eq!((report.resumed().not_sent, report.resumed().total()), (1, 1), "{report}");
    assert!(!report.all_accepted() && bodies.is_empty());
    let diagnostic = &report.diagnostics()[0];
    assert_eq!((diagnostic.code(), diagnostic.outcome()), ("unreadable", Some("not_sent")));
    assert!(diagnostic.message().contains("breaks a rule of this version"), "{diagnostic}");
}
