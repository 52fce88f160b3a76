//! From the source to batches: takes events one by one until a batch is full, the source ends, or nothing more has come
//! for a while. The next batch is made while all workers send. With a journal, events go through it: first those that an
//! earlier delivery left there, then those of the source, once they are recorded.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use futures_util::future::select;
use tokio::task::yield_now;

use super::batch_part::BatchPart;
use super::clock::Waiting;
use super::handover::Workers;
use super::records::{Recorded, Recording};
use super::run_state::RunState;
use super::shield::{Panicked, shielded};
use super::source::{EventSource, Feeder};
use crate::report::{NotSentCause, Numbered, Outcome, Position, RowReport, StopCause};
use crate::wire::{BatchLimits, Draft};

/// The most events that are taken in one turn. Between two turns, requests that are ready leave.
const MAX_PER_TURN: usize = 100;

/// The most events that go into the journal at once, and so are taken in one turn: as many as a batch may have.
const MAX_RECORDED: usize = BatchLimits::MAX_EVENTS;

/// How many bytes of events go into the journal at once, unless one event alone is larger.
const MAX_BYTES_RECORDED: usize = 4 << 20;

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
    stage: Stage,
    /// Events on their way into the journal, or out of it.
    recording: Option<Recording>,
    /// Events that the journal holds, and that are to be sent.
    recorded: VecDeque<Numbered>,
}

/// Where the events come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// From what an earlier delivery left in the journal.
    Resuming,
    /// From nowhere, until all of these have their outcome: then the journal knows of every event of the source
    /// whether it was sent.
    Waiting,
    /// From the source.
    Taking,
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
        Self {
            source: Some(source),
            feeder,
            linger,
            taken: 0,
            usual: 16,
            held: None,
            is_over: false,
            stage: Stage::Resuming,
            recording: None,
            recorded: VecDeque::new(),
        }
    }

    /// Gives batches to the workers, until there will be no more. It is one batch ahead of them.
    pub(super) async fn serve(&mut self, run: &RunState<'_>, mut workers: Workers) {
        while let Some(batch) = self.next(run, &mut workers).await {
            select(pin!(run.halted()), pin!(workers.one_waits())).await;
            if let (Err(batch), Some(cause)) = (workers.give(batch), run.halted_by()) {
                run.leave(batch.events, &NotSentCause::Stopped(cause), false);
            }
            // The request leaves before the next batch is made.
            yield_now().await;
        }
    }

    /// The next batch, or `None` when there will be no more.
    async fn next(&mut self, run: &RunState<'_>, workers: &mut Workers) -> Option<BatchPart> {
        loop {
            let draft = Draft::new(self.usual, run.limits(), run.closing());
            let mut filling = Filling { draft, events: Vec::with_capacity(self.usual), patience: None };
            let filled = poll_fn(|context| self.poll_fill(&mut filling, workers, run, context));
            // A run that is to stop takes nothing more.
            select(pin!(run.halted()), filled).await;
            let Filling { draft, mut events, .. } = filling;
            if let Some(cause) = run.halted_by() {
                events.extend(self.take_begun(run).await);
                run.leave(events, &NotSentCause::Stopped(cause), false);
                return None;
            }
            if !events.is_empty() {
                self.usual = events.len();
                return Some(BatchPart::written(events, draft));
            }
            if self.stage != Stage::Waiting {
                return None;
            }
            select(pin!(run.halted()), pin!(run.records().all_resumed_are_settled())).await;
            self.stage = Stage::Taking;
        }
    }

    /// Takes every event that comes without waiting.
    pub(super) async fn take_rest(&mut self, run: &RunState<'_>) -> Vec<Numbered> {
        let mut rest = self.take_begun(run).await;
        let mut context = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(next)) = self.poll_source(run, usize::MAX, &mut context) {
            rest.push(next);
        }
        rest
    }

    /// Takes the events that are not in a batch yet.
    async fn take_begun(&mut self, run: &RunState<'_>) -> Vec<Numbered> {
        let mut begun = Vec::from_iter(self.held.take());
        begun.extend(self.recorded.drain(..));
        if let Some(recording) = self.recording.take() {
            begun.extend(self.sort(recording.await, run));
            begun.extend(self.recorded.drain(..));
        }
        begun
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

    /// Takes events until the batch is full, the source has ended, or the batch has waited long enough and a worker
    /// could send it. It takes only so many at a time: a source that always has an event must not keep others from
    /// their turn.
    fn poll_fill<'b>(
        &mut self,
        filling: &mut Filling<'b>,
        workers: &mut Workers,
        run: &'b RunState<'_>,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        let turn = if run.records().are_kept() { MAX_RECORDED } else { MAX_PER_TURN };
        let end_of_turn = self.taken + turn;
        let before = filling.events.len();
        while !filling.draft.is_full() {
            let next = match self.poll_take(run, end_of_turn, context) {
                Poll::Ready(Some(next)) => next,
                Poll::Ready(None) => break,
                // The source has more.
                Poll::Pending if self.taken >= end_of_turn && filling.events.len() > before => {
                    return Poll::Pending;
                }
                Poll::Pending => {
                    if !filling.events.is_empty() {
                        ready!(workers.poll_waits(context));
                    }
                    let hurries = self.feeder.is_some_and(Feeder::hurries);
                    if hurries && !filling.events.is_empty() {
                        break;
                    }
                    let patience = filling.patience.as_mut();
                    return patience.map_or(Poll::Pending, |patience| patience.as_mut().poll(context));
                }
            };
            if !run.records().write(&mut filling.draft, &next) {
                self.held = Some(next);
                break;
            }
            filling.events.push(next);
            filling.patience.get_or_insert_with(|| run.clock().limit(self.linger));
        }
        Poll::Ready(())
    }

    /// The next event to be sent. With a journal, it is recorded.
    fn poll_take(
        &mut self,
        run: &RunState<'_>,
        end_of_turn: usize,
        context: &mut Context<'_>,
    ) -> Poll<Option<Numbered>> {
        if let Some(held) = self.held.take() {
            return Poll::Ready(Some(held));
        }
        if !run.records().are_kept() {
            return self.poll_source(run, end_of_turn, context);
        }
        loop {
            if let Some(next) = self.recorded.pop_front() {
                return Poll::Ready(Some(next));
            }
            if let Some(recording) = &mut self.recording {
                let recorded = ready!(recording.as_mut().poll(context));
                self.recording = None;
                let was_resuming = self.stage == Stage::Resuming;
                let not_recorded = self.sort(recorded, run);
                if let Some(cause) = run.halted_by() {
                    run.leave(not_recorded, &NotSentCause::Stopped(cause), false);
                }
                if was_resuming && self.recorded.is_empty() {
                    self.stage = Stage::Waiting;
                }
            } else if self.stage == Stage::Resuming {
                self.recording = Some(run.records().resume());
            } else if self.stage == Stage::Waiting {
                return Poll::Ready(None);
            } else if let Some(next) = ready!(self.poll_record(run, end_of_turn, context)) {
                return Poll::Ready(Some(next));
            } else if self.recording.is_none() {
                return Poll::Ready(None);
            }
        }
    }

    /// Takes events that come without waiting, and begins to record them. Returns one that is recorded already.
    fn poll_record(
        &mut self,
        run: &RunState<'_>,
        end_of_turn: usize,
        context: &mut Context<'_>,
    ) -> Poll<Option<Numbered>> {
        let (mut events, mut bytes) = (Vec::new(), 0);
        let mut is_pending = false;
        while events.len() < MAX_RECORDED && bytes < MAX_BYTES_RECORDED {
            match self.poll_source(run, end_of_turn, context) {
                Poll::Ready(Some(next)) if run.records().hold(next.position) => {
                    if events.is_empty() {
                        return Poll::Ready(Some(next));
                    }
                    self.recorded.push_back(next);
                }
                Poll::Ready(Some(next)) => {
                    bytes += next.event.json_len();
                    events.push(next);
                }
                Poll::Ready(None) => break,
                Poll::Pending => {
                    is_pending = true;
                    break;
                }
            }
        }
        if !events.is_empty() {
            self.recording = Some(run.records().hand_over(events, run.clock().now()));
        } else if is_pending {
            return Poll::Pending;
        }
        Poll::Ready(None)
    }

    /// Keeps the events that are to be sent, and ends the others; returns those that the journal could not record.
    fn sort(&mut self, recorded: Recorded, run: &RunState<'_>) -> Vec<Numbered> {
        run.settle_unreadable();
        match recorded {
            Ok(events) => {
                let mut ended: Vec<(Outcome, Vec<Numbered>)> = Vec::new();
                for (numbered, outcome) in events {
                    match (outcome, ended.last_mut()) {
                        (None, _) => self.recorded.push_back(numbered),
                        (Some(outcome), Some((same, events))) if *same == outcome => events.push(numbered),
                        (Some(outcome), _) => ended.push((outcome, vec![numbered])),
                    }
                }
                for (outcome, events) in ended {
                    run.settle(events, &outcome);
                }
                Vec::new()
            }
            Err((events, cause)) => {
                run.halt(cause);
                events
            }
        }
    }

    /// The next event of the source whose id is new. Takes nothing more once so many events were taken, and asks to be
    /// polled again.
    fn poll_source(
        &mut self,
        run: &RunState<'_>,
        end_of_turn: usize,
        context: &mut Context<'_>,
    ) -> Poll<Option<Numbered>> {
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
            let numbered = Numbered { position: Position::Given(self.taken), event };
            self.taken += 1;
            let ticket = self.feeder.and_then(Feeder::take_ticket);
            let outcome = ticket.and_then(|ticket| run.records().admit(numbered.position, ticket));
            match outcome {
                None if is_new => return Poll::Ready(Some(numbered)),
                Some(outcome) if is_new => run.settle(vec![numbered], &outcome),
                _ => run.settle(vec![numbered], &Outcome::NotSent(NotSentCause::RepeatedId)),
            }
        }
        Poll::Ready(None)
    }
}
