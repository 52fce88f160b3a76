//! Events that go to two receivers: a source that copies what it passes on, and the source of the copies.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::gateway::Filter;
use super::shield::{Panicked, shielded};
use super::source::{EventSource, SourceError};
use crate::event::Event;
use crate::report::RowReport;

/// How many copies wait to be taken before the source of the originals waits, too.
const MAX_WAITING: usize = 4000;

/// The copies on their way from one run to the other.
#[derive(Default)]
pub(super) struct Copies(Mutex<State>);

#[derive(Default)]
struct State {
    waiting: VecDeque<Event>,
    /// Copies may wait without a limit.
    is_unlimited: bool,
    is_over: bool,
    filter_panicked: bool,
    giver: Option<Waker>,
    taker: Option<Waker>,
}

impl Copies {
    /// Lets the originals be taken without waiting for the copies.
    pub(super) fn lift_limit(&self) {
        let mut state = self.state();
        state.is_unlimited = true;
        wake(&mut state.giver);
    }

    fn poll_room(&self, context: &Context<'_>) -> Poll<()> {
        let mut state = self.state();
        if state.is_unlimited || state.waiting.len() < MAX_WAITING {
            return Poll::Ready(());
        }
        state.giver = Some(context.waker().clone());
        Poll::Pending
    }

    fn is_over(&self) -> bool {
        self.state().is_over
    }

    fn give(&self, event: Event) {
        let mut state = self.state();
        state.waiting.push_back(event);
        wake(&mut state.taker);
    }

    /// No more copies come.
    fn end(&self) {
        let mut state = self.state();
        state.is_over = true;
        wake(&mut state.taker);
    }

    fn filter_panicked(&self) {
        self.state().filter_panicked = true;
        self.end();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

/// Passes on what its source gives, and copies the events that the filter lets through.
pub(super) struct Copying<'s> {
    source: Box<dyn EventSource + 's>,
    filter: Option<Arc<Filter>>,
    copies: Arc<Copies>,
}

impl<'s> Copying<'s> {
    pub(super) fn new(
        source: Box<dyn EventSource + 's>,
        filter: Option<Arc<Filter>>,
        copies: &Arc<Copies>,
    ) -> Self {
        Self { source, filter, copies: Arc::clone(copies) }
    }

    fn copy(&self, event: &Event) {
        if self.copies.is_over() {
            return;
        }
        match shielded(|| self.filter.as_ref().is_none_or(|lets_through| lets_through(event))) {
            Ok(true) => self.copies.give(event.clone()),
            Ok(false) => {}
            Err(Panicked) => self.copies.filter_panicked(),
        }
    }
}

impl EventSource for Copying<'_> {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Event, SourceError>>> {
        if self.copies.poll_room(context).is_pending() {
            return Poll::Pending;
        }
        let next = self.source.poll_next(context);
        match &next {
            Poll::Ready(Some(Ok(event))) => self.copy(event),
            Poll::Ready(None | Some(Err(_))) => self.copies.end(),
            Poll::Pending => {}
        }
        next
    }

    fn take_rows(&mut self) -> RowReport {
        self.source.take_rows()
    }
}

impl Drop for Copying<'_> {
    fn drop(&mut self) {
        self.copies.end();
    }
}

/// The source of the copies.
pub(super) struct Copied(pub(super) Arc<Copies>);

impl EventSource for Copied {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Event, SourceError>>> {
        let mut state = self.0.state();
        if let Some(event) = state.waiting.pop_front() {
            wake(&mut state.giver);
            return Poll::Ready(Some(Ok(event)));
        }
        if state.filter_panicked {
            return Poll::Ready(Some(Err(SourceError::new("the filter of the gateway panicked"))));
        }
        if state.is_over {
            return Poll::Ready(None);
        }
        state.taker = Some(context.waker().clone());
        Poll::Pending
    }
}
