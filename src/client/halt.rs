//! Why a run is to stop, and how long its requests in flight are waited for.

use std::sync::Arc;

use tokio::sync::watch;

use super::trace;
use crate::report::StopCause;

/// Stops one run. Whoever asks is heard at the next step of every worker.
#[derive(Debug, Default)]
pub(super) struct Halt {
    state: watch::Sender<State>,
}

#[derive(Debug, Default)]
struct State {
    cause: Option<Arc<StopCause>>,
    /// Requests in flight are no longer waited for.
    cuts_off: bool,
}

impl Halt {
    /// Starts no new batch from now on. The first cause is kept.
    pub(super) fn halt(&self, cause: StopCause) {
        self.state.send_if_modified(|state| {
            let is_first = state.cause.is_none();
            if is_first {
                trace::stopping(&cause);
                state.cause = Some(Arc::new(cause));
            }
            is_first
        });
    }

    /// Stops waiting for the requests in flight.
    pub(super) fn cut_off(&self) {
        self.state.send_modify(|state| state.cuts_off = true);
    }

    pub(super) fn cause(&self) -> Option<Arc<StopCause>> {
        self.state.borrow().cause.clone()
    }

    /// Completes when the run is to stop.
    pub(super) async fn halted(&self) {
        // The sender lives as long as `self`.
        let _ = self.state.subscribe().wait_for(|state| state.cause.is_some()).await;
    }

    /// Completes when requests in flight are to be cut off.
    pub(super) async fn is_cut_off(&self) {
        let _ = self.state.subscribe().wait_for(|state| state.cuts_off).await;
    }
}
