//! Asking runs to end in order.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::sync::watch;

use super::{Clock, Waiting};

/// Asks runs to end in order: from a signal handler, say.
///
/// No new batch is begun, waits end at once, requests in flight are waited for, and the report tells
/// what is left. Clones ask the same runs.
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
/// # let mut events = Vec::<Event>::new().into_iter();
/// let stop = StopHandle::new();
/// stop.now(); // elsewhere, at any time
/// let report = client.deliver(&mut events).stop_on(&stop).await;
/// assert_eq!(report.stopped(), Some(&StopCause::Cancelled));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct StopHandle {
    asked: Arc<watch::Sender<Asked>>,
}

/// What was asked for. The later one includes the earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Asked {
    Nothing,
    Finish,
    FinishWithin(Duration),
}

impl StopHandle {
    /// Nothing is asked for yet.
    pub fn new() -> Self {
        Self { asked: Arc::new(watch::Sender::new(Asked::Nothing)) }
    }

    /// Begin no new batch, and end when the requests in flight have their answers: within the limit
    /// of an attempt.
    pub fn now(&self) {
        self.asked.send_if_modified(|asked| {
            let is_new = *asked == Asked::Nothing;
            if is_new {
                *asked = Asked::Finish;
            }
            is_new
        });
    }

    /// As [`now`](Self::now), and after this long cut off the requests that are still in flight: their
    /// events are unconfirmed. It may be called again, to cut them off sooner: the limit
    /// that ends first counts.
    pub fn within(&self, limit: Duration) {
        self.asked.send_modify(|asked| {
            *asked = match *asked {
                Asked::FinishWithin(earlier) => Asked::FinishWithin(earlier.min(limit)),
                Asked::Nothing | Asked::Finish => Asked::FinishWithin(limit),
            };
        });
    }

    /// Whether it was asked.
    pub fn is_asked(&self) -> bool {
        *self.asked.borrow() != Asked::Nothing
    }

    /// Ends when it is asked.
    pub(super) async fn asked(&self) {
        // The sender lives as long as `self`.
        let _ = self.asked.subscribe().wait_for(|asked| *asked != Asked::Nothing).await;
    }

    /// Ends when a limit that was set for the requests in flight is over: the one that ends first.
    pub(super) async fn is_over(&self, clock: &dyn Clock) {
        let mut asked = self.asked.subscribe();
        asked.mark_changed();
        let mut over: Waiting<'_> = Box::pin(std::future::pending());
        loop {
            match select(pin!(next_limit(&mut asked)), over).await {
                Either::Left((limit, before)) => {
                    let limit = clock.limit(limit);
                    over = Box::pin(async move { drop(select(before, limit).await) });
                }
                Either::Right(_) => return,
            }
        }
    }
}

/// The next limit that is set.
async fn next_limit(asked: &mut watch::Receiver<Asked>) -> Duration {
    loop {
        if asked.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        if let Asked::FinishWithin(limit) = *asked.borrow_and_update() {
            return limit;
        }
    }
}

impl Default for StopHandle {
    fn default() -> Self {
        Self::new()
    }
}
