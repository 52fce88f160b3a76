//! From the stream to batches: events are taken one by one until a batch is full, the stream ends, or
//! nothing more has come for a while.

use std::collections::{HashSet, VecDeque};
use std::future::poll_fn;
use std::hash::BuildHasher;
use std::pin::pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use foldhash::quality::RandomState;
use futures_util::future::select;

use super::board::Board;
use super::dispatch::Part;
use super::source::Feeder;
use super::{EventSource, Waiting};
use crate::event::Event;
use crate::report::{NotSentCause, Numbered, Outcome};
use crate::wire::Draft;

/// Takes events from the source and forms batches of them.
pub(super) struct Intake<'s> {
    source: Box<dyn EventSource + 's>,
    feeder: Option<&'s dyn Feeder>,
    linger: Duration,
    seen: Seen,
    taken: usize,
    /// How many events the batch before held: the next one is likely to hold as many.
    usual: usize,
    /// What did not fit into the batch before.
    held: Option<Numbered>,
    is_over: bool,
}

/// A batch that is being filled.
struct Filling<'b> {
    draft: Draft<'b>,
    events: Vec<Numbered>,
    /// How long it waits to be filled further.
    patience: Option<Waiting<'b>>,
}

impl<'s> Intake<'s> {
    pub(super) fn new(
        source: Box<dyn EventSource + 's>,
        feeder: Option<&'s dyn Feeder>,
        linger: Duration,
        seen: Seen,
    ) -> Self {
        Self { source, feeder, linger, seen, taken: 0, usual: 16, held: None, is_over: false }
    }

    /// The next batch, or `None` when there will be no more.
    pub(super) async fn next(&mut self, board: &Board<'_>) -> Option<Part> {
        let draft = Draft::new(self.usual, board.limits(), board.closing());
        let mut filling = Filling { draft, events: Vec::new(), patience: None };
        let filled = poll_fn(|context| self.poll_fill(&mut filling, board, context));
        // A run that is to stop takes nothing more.
        select(pin!(board.halted()), filled).await;
        let Filling { draft, mut events, .. } = filling;
        if let Some(cause) = board.halted_by() {
            events.extend(self.held.take());
            board.settle(events, &Outcome::NotSent(NotSentCause::Stopped(cause)));
            return None;
        }
        self.usual = events.len();
        (!events.is_empty()).then(|| Part::encoded(events, draft))
    }

    /// Everything that can be taken without waiting.
    pub(super) fn take_rest(&mut self, board: &Board<'_>) -> Vec<Numbered> {
        let mut context = Context::from_waker(Waker::noop());
        std::iter::from_fn(|| match self.poll_take(board, &mut context) {
            Poll::Ready(next) => next,
            Poll::Pending => None,
        })
        .collect()
    }

    /// Takes events until the batch is full, the stream has ended, or its patience has.
    fn poll_fill<'b>(
        &mut self,
        filling: &mut Filling<'b>,
        board: &'b Board<'_>,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        while !filling.draft.is_full() {
            let next = match self.poll_take(board, context) {
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
            filling.patience.get_or_insert_with(|| board.clock().limit(self.linger));
        }
        Poll::Ready(())
    }

    /// The next event that no earlier one is like.
    fn poll_take(&mut self, board: &Board<'_>, context: &mut Context<'_>) -> Poll<Option<Numbered>> {
        if let Some(held) = self.held.take() {
            return Poll::Ready(Some(held));
        }
        while !self.is_over {
            let Some(event) = ready!(self.source.poll_next(context)) else {
                self.is_over = true;
                break;
            };
            let is_new = self.seen.is_new(&event);
            let numbered = Numbered { position: self.taken, event };
            self.taken += 1;
            board.took_one();
            if is_new {
                return Poll::Ready(Some(numbered));
            }
            board.settle(vec![numbered], &Outcome::NotSent(NotSentCause::RepeatedId));
        }
        Poll::Ready(None)
    }
}

/// The ids that were seen, as hashes of 128 bits with random keys: two ids that are not equal are
/// taken for equal less often than memory fails.
pub(super) struct Seen {
    hashes: HashSet<u128, RandomState>,
    in_order: VecDeque<u128>,
    most: usize,
    keys: [RandomState; 2],
}

impl Seen {
    /// Remembers every id.
    pub(super) fn all() -> Self {
        Self::last(usize::MAX)
    }

    /// Remembers this many ids, the last ones.
    pub(super) fn last(most: usize) -> Self {
        let keys = [RandomState::default(), RandomState::default()];
        Self { hashes: HashSet::default(), in_order: VecDeque::new(), most, keys }
    }

    /// Whether no event before had the same id and name: Meta would drop the later one.
    fn is_new(&mut self, event: &Event) -> bool {
        let Some(id) = event.id() else { return true };
        let [high, low] = self.keys.each_ref().map(|key| u128::from(key.hash_one((id, event.name()))));
        let hash = high << 64 | low;
        if !self.hashes.insert(hash) {
            return false;
        }
        self.in_order.push_back(hash);
        if self.in_order.len() > self.most {
            self.in_order.pop_front().map(|oldest| self.hashes.remove(&oldest));
        }
        true
    }
}
