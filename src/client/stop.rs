//! Asking runs to stop in order.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::sync::watch;

use super::clock::Clock;
use crate::report::StopCause;

/// Asks runs to stop in order, for example from a signal handler.
///
/// A run that is asked to stop starts no new batch, ends its waits at once, waits for the answers to the
/// requests in flight, and reports what is left. Clones ask the same runs.
///
/// ```
/// use meta_offline_events::client::{Client, StopHandle};
/// use meta_offline_events::event::Event;
/// use meta_offline_events::report::StopCause;
/// # use meta_offline_events::testing::RecordingTransport;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let client = Client::builder("1".parse()?, "token".parse()?)
/// #     .transport(RecordingTransport::new())
/// #     .build()?;
/// # let events = Vec::<Event>::new();
/// let stop = StopHandle::new();
/// stop.request_stop(); // from another task, at any time
/// let report = client.send(events).stop_on(&stop).await;
/// assert_eq!(report.stopped(), Some(&StopCause::Cancelled));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct StopHandle {
    request: Arc<watch::Sender<StopRequest>>,
    /// Why runs stop that this handle stops.
    cause: StopCause,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StopRequest {
    None,
    Stop,
    StopWithin(Duration),
}

impl StopHandle {
    /// Creates a handle that has not been used yet.
    pub fn new() -> Self {
        Self::with_cause(StopCause::Cancelled)
    }

    /// Creates a handle that stops runs for this cause.
    pub(super) fn with_cause(cause: StopCause) -> Self {
        Self { request: Arc::new(watch::Sender::new(StopRequest::None)), cause }
    }

    /// Why runs stop that this handle stops.
    pub(super) fn cause(&self) -> &StopCause {
        &self.cause
    }

    /// Asks runs to start no new batch, and to end when the requests in flight have their answers: at
    /// the latest after the time limit of an attempt.
    pub fn request_stop(&self) {
        self.request.send_if_modified(|request| {
            let is_new = *request == StopRequest::None;
            if is_new {
                *request = StopRequest::Stop;
            }
            is_new
        });
    }

    /// Asks runs to stop, and to cut off the requests that are still in flight after `limit`. Their
    /// events are then unconfirmed.
    ///
    /// Call it again to cut them off sooner: the limit that ends first counts.
    ///
    /// ```
    /// use std::time::Duration;
    /// use meta_offline_events::client::StopHandle;
    ///
    /// let stop = StopHandle::new();
    /// stop.request_stop_within(Duration::from_secs(10));
    /// assert!(stop.is_requested());
    /// ```
    pub fn request_stop_within(&self, limit: Duration) {
        self.request.send_modify(|request| {
            *request = match *request {
                StopRequest::StopWithin(earlier) => StopRequest::StopWithin(earlier.min(limit)),
                StopRequest::None | StopRequest::Stop => StopRequest::StopWithin(limit),
            };
        });
    }

    /// Whether runs were asked to stop.
    pub fn is_requested(&self) -> bool {
        *self.request.borrow() != StopRequest::None
    }

    /// Completes when runs are asked to stop.
    pub(super) async fn requested(&self) {
        // The sender lives as long as `self`.
        let _ = self.request.subscribe().wait_for(|request| *request != StopRequest::None).await;
    }

    /// Completes when the time for the requests in flight is over.
    pub(super) async fn time_is_up(&self, clock: &dyn Clock) {
        let mut requests = self.request.subscribe();
        requests.mark_changed();
        let limit = next_limit(&mut requests).await;
        let mut deadline = clock.elapsed().saturating_add(limit);
        loop {
            let left = deadline.saturating_sub(clock.elapsed());
            match select(pin!(next_limit(&mut requests)), clock.limit(left)).await {
                Either::Left((limit, _)) => deadline = deadline.min(clock.elapsed().saturating_add(limit)),
                Either::Right(_) => return,
            }
        }
    }
}

/// Waits for the next limit that is set.
async fn next_limit(requests: &mut watch::Receiver<StopRequest>) -> Duration {
    loop {
        if requests.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        if let StopRequest::StopWithin(limit) = *requests.borrow_and_update() {
            return limit;
        }
    }
}

impl Default for StopHandle {
    fn default() -> Self {
        Self::new()
    }
}
