//! The task that sends what is pushed, and the task that ends it in time.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};

use super::shared::Shared;
use crate::client::clock::Clock;
use crate::client::delivery::Delivery;
use crate::client::observers::OutcomeGroup;
use crate::client::run_clock::RunClock;
use crate::client::settings::Settings;
use crate::client::source::from_poll;

pub(super) type OnOutcome = Box<dyn FnMut(OutcomeGroup<'_>) + Send>;

/// How long a run may take to end after its requests are cut off, before the queue abandons it.
const GRACE: Duration = Duration::from_secs(1);

/// Sends what is pushed until the queue is shut.
pub(super) async fn run(
    settings: Arc<Settings>,
    running: Running,
    linger: Duration,
    on_outcome: Option<OnOutcome>,
) {
    let shared = &*running.0;
    let records = shared.records().clone();
    let source = from_poll(|context| shared.poll_next(context));
    let delivery = Delivery::of_fed(&settings, source, shared, records);
    let mut delivery = delivery.linger(linger).stop_on(shared.stop());
    if let Some(observer) = on_outcome {
        delivery = delivery.on_outcome(observer);
    }
    shared.end(delivery.await);
}

/// Ends the queue however its run ends: also by a panic, or with its runtime before the first poll.
pub(super) struct Running(pub(super) Arc<Shared>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

/// Ends the run when the limit is over.
pub(super) async fn end_within(limit: Duration, settings: Arc<Settings>, shared: Arc<Shared>) {
    // Should it panic, the limit is over.
    let clock = RunClock::new(&*settings.connection.clock, Arc::default());
    let over = pin!(shared.over());
    if let Either::Right(((), over)) = select(over, clock.limit(limit)).await {
        shared.stop().request_stop_within(Duration::ZERO);
        select(over, clock.limit(GRACE)).await;
        shared.abandon();
    }
}
