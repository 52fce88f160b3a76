//! An app that the mock server knows, and calls to Graph in its name.

use std::time::Duration;

use meta_offline_events::graph::{App, Graph};
use meta_offline_events::testing::{FixedJitter, ManualClock, MockServer, MockServerBuilder};

use super::{RealLimits, of};

pub(crate) const APP_ID: &str = "138483919580948";
pub(crate) const SECRET: &str = "5eC4e7MARKED0123456789abcdef0123";

pub(crate) fn app() -> App {
    App::new(of(APP_ID), of(SECRET))
}

pub(crate) fn server(clock: &ManualClock) -> MockServerBuilder {
    MockServer::builder().clock(clock.clone()).app(of(APP_ID), of(SECRET))
}

pub(crate) fn graph(server: &MockServer, clock: &ManualClock) -> Graph {
    let builder = Graph::builder()
        .loopback_endpoint(server.url())
        .timeouts(Duration::from_secs(1), Duration::from_millis(300))
        .clock(RealLimits(clock.clone()))
        .jitter(FixedJitter(0.0));
    builder.build().unwrap().app(app())
}
