//! What a mock server promises to the tests that use it.

use std::io;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use super::{MockServer, MockServerBuilder};
use crate::testing::ManualClock;
use crate::value::EventTime;

mod answers;
mod caller;
mod http;
mod requests;

type Tested = Result<(), Box<dyn std::error::Error>>;

const NOW: i64 = 1_767_225_600;
const SOON: Duration = Duration::from_secs(10);
const A_WHILE: Duration = Duration::from_millis(200);

fn purchase(event_id: &str) -> Value {
    json!({
        "event_name": "Purchase",
        "event_time": NOW - 3600,
        "event_id": event_id,
        "action_source": "physical_store",
        "user_data": { "em": ["62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"] },
        "custom_data": { "currency": "USD", "value": 31.5 },
    })
}

fn batch(event_ids: &[&str]) -> String {
    let events: Vec<Value> = event_ids.iter().map(|id| purchase(id)).collect();
    json!({ "data": events }).to_string()
}

fn head(more: &str) -> String {
    format!(
        "POST /v26.0/123/events HTTP/1.1\r\nhost: meta\r\nauthorization: Bearer good\r\n\
         content-type: application/json\r\n{more}\r\n"
    )
}

fn post(body: &str) -> String {
    head(&format!("content-length: {}\r\n", body.len())) + body
}

async fn started() -> io::Result<MockServer> {
    at_the_time_of_the_events(MockServer::builder()).start().await
}

fn at_the_time_of_the_events(builder: MockServerBuilder) -> MockServerBuilder {
    builder.clock(ManualClock::at(EventTime::from_unix(NOW).expect("a valid moment")))
}

async fn eventually(holds: impl Fn() -> bool) -> bool {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(SOON, waiting).await.is_ok()
}
