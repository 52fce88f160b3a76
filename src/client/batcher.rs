//! From the source to batches: takes events one by one until a batch is full, the source ends, or
//! nothing more has come for a while.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::future::select;

use super::batch_part::BatchPart;
use super::clock::Waiting;
use super::run_state::RunState;
use super::shield::{Panicked, shielded};
use super::source::{EventSource, Feeder};
use crate::report::{NotSentCause, Numbered, Outcome, RowReport, StopCause};
use crate::wire::{BatchLimits, Draft};

/// The most events that are taken in one poll: as many as a batch may have.
const MAX_PER_POLL: usize = BatchLimits::MAX_EVENTS;

/// Takes events from the source and forms batches of them.
pub(super) struct Batcher<'s> {
    source: Option<Box<dyn EventSource + 's>>,
    feeder: Option<&'s dyn Feeder>,
    linger: Duration,
    taken: usize,
    /// How many events the last batch held: the next one is likely to hold as many.
    usual: usize,
    /// The event that did not fit into the last batch.
    held: Option<Numbered>,
    is_over: bool,
}

/// A batch that is being filled.
struct Filling<'b> {
    draft: Draft<'b>,
    events: Vec<Numbered>,
    /// How long it still waits for more events.
    patience: Option<Waiting<'b>>,
}

impl<'s> Batcher<'s> {
    pub(super) fn new(
        source: Box<dyn EventSource + 's>,
        feeder: Option<&'s dyn Feeder>,
        linger: Duration,
    ) -> Self {
        Self { source: Some(source), feeder, linger, taken: 0, usual: 16, held: None, is_over: false }
    }

    /// The next batch, or `None` when there will be no more.
    pub(super) async fn next(&mut self, run: &RunState<'_>) -> Option<BatchPart> {
        let draft = Draft::new(self.usual, run.limits(), run.closing());
        let mut filling = Filling { draft, events: Vec::new(), patience: None };
        let filled = poll_fn(|context| self.poll_fill(&mut filling, run, context));
        // A run that is to stop takes nothing more.
        select(pin!(run.halted()), filled).await;
        let Filling { draft, mut events, .. } = filling;
        if let Some(cause) = run.halted_by() {
            events.extend(self.held.take());
            run.settle(events, &Outcome::NotSent(NotSentCause::Stopped(cause)));
            return None;
        }
        self.usual = events.len();
        (!events.is_empty()).then(|| BatchPart::written(events, draft))
    }

    /// Takes every event that comes without waiting.
    pub(super) fn take_rest(&mut self, run: &RunState<'_>) -> Vec<Numbered> {
        let mut context = Context::from_waker(Waker::noop());
        std::iter::from_fn(|| match self.poll_take(run, usize::MAX, &mut context) {
            Poll::Ready(next) => next,
            Poll::Pending => None,
        })
        .collect()
    }

    /// Takes every event that still comes, up to the end of the source, and enters that it was not sent.
    pub(super) async fn leave_rest(&mut self, run: &RunState<'_>, cause: &Arc<StopCause>) {
        while let Some(event) = poll_fn(|context| self.poll_take(run, usize::MAX, context)).await {
            run.settle(vec![event], &Outcome::NotSent(NotSentCause::Stopped(Arc::clone(cause))));
        }
    }

    /// Whether the source has ended.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Takes the report on the rows behind the events, and lets the source go.
    pub(super) fn finish(mut self, run: &RunState<'_>) -> RowReport {
        let mut source = self.source.take();
        let rows = shielded(|| source.as_mut().map(EventSource::take_rows).unwrap_or_default());
        let dropped = shielded(|| drop(source));
        if rows.is_err() || dropped.is_err() {
            run.source_panicked();
        }
        rows.unwrap_or_default()
    }

    /// Takes events until the batch is full, the source has ended, or the batch has waited long enough. It
    /// takes only so many at a time: a source that always has an event must not keep others from their turn.
    fn poll_fill<'b>(
        &mut self,
        filling: &mut Filling<'b>,
        run: &'b RunState<'_>,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        let end_of_turn = self.taken + MAX_PER_POLL;
        while !filling.draft.is_full() {
            let next = match self.poll_take(run, end_of_turn, context) {
                Poll::Ready(Some(next)) => next,
                Poll::Ready(None) => break,
                Poll::Pending => {
                    let hurries = self.feeder.is_some_and(Feeder::hurries);
                    if hurries && !filling.events.is_empty() {
                        break;
                    }
                    let patience = filling.patience.as_mut();
                    return patience.map_or(Poll::Pending, |patience| patience.as_mut().poll(context));
                }
            };
            if !filling.draft.push(&next.event) {
                self.held = Some(next);
                break;
            }
            filling.events.push(next);
            filling.patience.get_or_insert_with(|| run.clock().limit(self.linger));
        }
        Poll::Ready(())
    }

    /// The next event whose id is new. Takes nothing more once so many events were taken, and asks to be polled
    /// again.
    fn poll_take(
        &mut self,
        run: &RunState<'_>,
        end_of_turn: usize,
        context: &mut Context<'_>,
    ) -> Poll<Option<Numbered>> {
        if let Some(held) = self.held.take() {
            return Poll::Ready(Some(held));
        }
        while !self.is_over {
            if self.taken >= end_of_turn {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            let Some(source) = &mut self.source else { break };
            let polled = shielded(|| source.poll_next(context));
            let event = match polled {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(Some(Ok(event)))) => event,
                Ok(Poll::Ready(end)) => {
                    if let Some(Err(error)) = end {
                        run.source_failed(&error);
                    }
                    self.is_over = true;
                    break;
                }
                Err(Panicked) => {
                    run.source_panicked();
                    self.is_over = true;
                    break;
                }
            };
            let is_new = run.takes(&event);
            let numbered = Numbered { position: self.taken, event };
            self.taken += 1;
            if is_new {
                return Poll::Ready(Some(numbered));
            }
            run.settle(vec![numbered], &Outcome::NotSent(NotSentCause::RepeatedId));
        }
        Poll::Ready(None)
    }
}
