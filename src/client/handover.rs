//! How a batch comes to the worker that sends it: the worker asks, and gets the next one.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use tokio::sync::{mpsc, oneshot};

use super::batch_part::BatchPart;

/// A worker's side. It clones for each of them.
#[derive(Clone)]
pub(super) struct Batches(mpsc::UnboundedSender<oneshot::Sender<BatchPart>>);

/// The batcher's side. Dropping it tells the workers that there are no more batches.
pub(super) struct Workers {
    asking: mpsc::UnboundedReceiver<oneshot::Sender<BatchPart>>,
    /// The worker that has waited longest.
    first: Option<oneshot::Sender<BatchPart>>,
}

pub(super) fn handover() -> (Batches, Workers) {
    let (asks, asking) = mpsc::unbounded_channel();
    (Batches(asks), Workers { asking, first: None })
}

impl Batches {
    /// The next batch, or `None` when there are no more.
    pub(super) async fn next(&self) -> Option<BatchPart> {
        let (worker, batch) = oneshot::channel();
        self.0.send(worker).ok()?;
        batch.await.ok()
    }
}

impl Workers {
    /// Whether a worker waits for a batch.
    pub(super) fn poll_waits(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.first.is_none() {
            self.first = ready!(self.asking.poll_recv(context));
        }
        if self.first.is_some() { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Completes when a worker waits for a batch.
    pub(super) async fn one_waits(&mut self) {
        poll_fn(|context| self.poll_waits(context)).await;
    }

    /// Gives a batch to the worker that has waited longest. Returns it if none waits.
    pub(super) fn give(&mut self, batch: BatchPart) -> Result<(), BatchPart> {
        match self.first.take() {
            Some(worker) => worker.send(batch),
            None => Err(batch),
        }
    }
}
