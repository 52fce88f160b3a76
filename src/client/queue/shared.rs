//! What a queue and its run share: at every moment each event that was pushed waits, is in flight, or has
//! its outcome.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use serde::Serialize;
use tokio::sync::{Semaphore, SemaphorePermit, TryAcquireError, oneshot, watch};

use super::push_error::{PushError, PushErrorKind};
use crate::client::records::{NotRecorded, Records, Ticket};
use crate::client::settings::Settings;
use crate::client::source::Feeder;
use crate::client::stop::StopHandle;
use crate::event::Event;
use crate::report::{DeliveryReport, EventCounts, Numbered, Outcome, Position, RowCounts, StopCause};
use crate::value::EventTime;

/// How many pushes of a queue came to which outcome so far.
///
/// ```
/// use meta_offline_events::client::QueueCounts;
///
/// let counts = QueueCounts::default();
/// assert_eq!((counts.events.total(), counts.refused), (0, 0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct QueueCounts {
    /// Events that the queue took, by their outcome. Events without an outcome are pending.
    pub events: EventCounts,
    /// The rows behind these events, by their outcome.
    pub rows: RowCounts,
    /// How many bytes the pending events take in requests.
    pub pending_bytes: u64,
    /// Pushes that the queue refused. It handed their events back and does not count them above.
    pub refused: u64,
}

/// What the queue and its run share.
pub(super) struct Shared {
    byte_capacity: usize,
    /// One permit for each event that may come in; it comes back with the outcome.
    room: Semaphore,
    /// One permit for each byte of an event.
    bytes: Semaphore,
    stop: StopHandle,
    state: Mutex<State>,
    /// What goes on in the journal, until the run is over.
    records: Mutex<Records>,
    is_over: watch::Sender<bool>,
}

struct State {
    /// Events that were pushed and that the run has not taken yet.
    waiting: VecDeque<(Event, Option<Ticket>)>,
    /// The journal's answer to the event that the run took last.
    ticket: Option<Ticket>,
    /// How many pushes wait for the journal.
    recording: usize,
    /// Wakes the run when there is another event, or none will come.
    taker: Option<Waker>,
    /// How many events were pushed: the position of the next one.
    pushed: usize,
    /// The events that have no outcome yet, by position.
    pending: HashMap<usize, Load>,
    /// The sum of these.
    load: Load,
    flushes: Vec<Flush>,
    /// The next batch should go when nothing more waits.
    hurry: bool,
    /// How many pushes wait for room.
    pushers: usize,
    /// Why the queue takes no more events.
    shut: Option<PushErrorKind>,
    refused: u64,
    /// Counts of the outcomes so far.
    tally: DeliveryReport,
    /// The report of the whole run, when it is over.
    report: Option<DeliveryReport>,
}

/// The room that an event takes.
#[derive(Clone, Copy, Default)]
pub(super) struct Load {
    bytes: usize,
    rows: u64,
}

impl Load {
    pub(super) fn of(event: &Event) -> Self {
        Self { bytes: event.json_len(), rows: event.row_count() }
    }
}

/// A flush that waits for its last events.
struct Flush {
    /// The position behind the last event that it waits for.
    end: usize,
    left: usize,
    done: oneshot::Sender<()>,
}

impl Shared {
    pub(super) fn new(settings: &Settings, capacity: usize, byte_capacity: usize, records: Records) -> Self {
        let state = State {
            waiting: VecDeque::new(),
            ticket: None,
            recording: 0,
            taker: None,
            pushed: 0,
            pending: HashMap::new(),
            load: Load::default(),
            flushes: Vec::new(),
            hurry: false,
            pushers: 0,
            shut: None,
            refused: 0,
            tally: DeliveryReport::begun(settings.fields.has_test_event_code()),
            report: None,
        };
        Self {
            byte_capacity,
            room: Semaphore::new(capacity),
            bytes: Semaphore::new(byte_capacity),
            stop: StopHandle::with_cause(StopCause::CloseLimit),
            state: Mutex::new(state),
            records: Mutex::new(records),
            is_over: watch::Sender::new(false),
        }
    }

    pub(super) fn stop(&self) -> &StopHandle {
        &self.stop
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, and wakes the run to see it.
    fn rouse<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state();
        let changed = change(&mut state);
        let taker = state.taker.take();
        drop(state);
        if let Some(taker) = taker {
            taker.wake();
        }
        changed
    }
}

/// Pushing.
impl Shared {
    pub(super) fn try_room(&self, load: Load) -> Result<Room<'_>, PushErrorKind> {
        let bytes = permits(load).filter(|_| load.bytes <= self.byte_capacity);
        let bytes = bytes.ok_or(PushErrorKind::TooLarge)?;
        let room = self.room.try_acquire();
        room.and_then(|event| Ok(Room { event, bytes: self.bytes.try_acquire_many(bytes)? })).map_err(
            |error| match error {
                TryAcquireError::NoPermits => PushErrorKind::Full,
                TryAcquireError::Closed => self.why_shut(),
            },
        )
    }

    /// Waits for room, behind those that wait already.
    pub(super) async fn room_in_turn(&self, load: Load) -> Result<Room<'_>, PushErrorKind> {
        let bytes = permits(load).ok_or(PushErrorKind::TooLarge)?;
        let _waits = Pusher::waiting(self);
        let event = self.room.acquire().await.map_err(|_| self.why_shut())?;
        let bytes = self.bytes.acquire_many(bytes).await.map_err(|_| self.why_shut())?;
        Ok(Room { event, bytes })
    }

    /// Takes the event in, if there is room for it and the queue has not been shut meanwhile.
    pub(super) fn enter(
        &self,
        event: Event,
        load: Load,
        room: Result<Room<'_>, PushErrorKind>,
    ) -> Result<(), PushError> {
        self.rouse(|state| match state.admit(room) {
            Ok(()) => {
                state.take(event, load, None);
                Ok(())
            }
            Err(kind) => Err(state.refuse(event, kind)),
        })
    }

    /// Records the event in the journal, and takes it in once it is on the disk; `then` is called with what came of
    /// it, on the thread of the journal. The queue does not end meanwhile.
    pub(super) fn record(
        self: &Arc<Self>,
        event: Event,
        load: Load,
        room: Result<Room<'_>, PushErrorKind>,
        now: EventTime,
        then: impl FnOnce(Result<(), PushError>) + Send + 'static,
    ) {
        let admitted = self.rouse(|state| {
            let admitted = state.admit(room);
            state.recording += usize::from(admitted.is_ok());
            admitted
        });
        if let Err(kind) = admitted {
            return then(Err(self.rouse(|state| state.refuse(event, kind))));
        }
        let copy = event.clone();
        let recording = Recording { shared: Arc::clone(self), load, is_over: false };
        let records = self.records().clone();
        records.hand_over_one(&copy, now, Box::new(move |answer| then(recording.end(event, answer))));
    }

    pub(super) fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn why_shut(&self) -> PushErrorKind {
        self.state().shut.clone().unwrap_or(PushErrorKind::Closed)
    }

    /// Begins to wait for all that is pending; `None` when nothing is.
    pub(super) fn flush(&self) -> Option<oneshot::Receiver<()>> {
        self.rouse(|state| {
            state.flushes.retain(|flush| !flush.done.is_closed());
            let left = state.pending.len();
            (left > 0).then(|| {
                let (done, waiting) = oneshot::channel();
                state.flushes.push(Flush { end: state.pushed, left, done });
                state.hurry = true;
                waiting
            })
        })
    }
}

/// A push that waits for the journal. It has its room.
struct Recording {
    shared: Arc<Shared>,
    load: Load,
    is_over: bool,
}

impl Recording {
    fn end(mut self, event: Event, answer: Result<Ticket, NotRecorded>) -> Result<(), PushError> {
        self.is_over = true;
        let pushed = self.shared.rouse(|state| {
            state.recording -= 1;
            match (answer, &state.report) {
                (Ok(ticket), None) => {
                    state.take(event, self.load, Some(ticket));
                    Ok(())
                }
                (Ok(_), Some(_)) => {
                    let kind = state.shut.clone().unwrap_or(PushErrorKind::Closed);
                    Err(state.refuse(event, kind))
                }
                (Err(error), _) => Err(state.refuse(event, PushErrorKind::NotRecorded(error))),
            }
        });
        if pushed.is_err() {
            self.shared.free(1, self.load.bytes);
        }
        pushed
    }
}

impl Drop for Recording {
    /// The thread of the journal is gone.
    fn drop(&mut self) {
        if !self.is_over {
            self.shared.rouse(|state| state.recording -= 1);
            self.shared.free(1, self.load.bytes);
        }
    }
}

/// Room for one event.
pub(super) struct Room<'s> {
    event: SemaphorePermit<'s>,
    bytes: SemaphorePermit<'s>,
}

/// An event's share of the room in bytes; `None` when it is beyond any capacity.
fn permits(load: Load) -> Option<u32> {
    u32::try_from(load.bytes).ok()
}

/// A push that waits for room.
struct Pusher<'s>(&'s Shared);

impl<'s> Pusher<'s> {
    fn waiting(shared: &'s Shared) -> Self {
        shared.rouse(|state| state.pushers += 1);
        Self(shared)
    }
}

impl Drop for Pusher<'_> {
    fn drop(&mut self) {
        self.0.state().pushers -= 1;
    }
}

/// Ending and counting.
impl Shared {
    /// Takes no more events. The first reason is kept.
    pub(super) fn shut_for(&self, kind: PushErrorKind) {
        self.rouse(|state| {
            state.shut.get_or_insert(kind);
        });
        self.room.close();
        self.bytes.close();
    }

    /// The run is over, and this is its report.
    pub(super) fn end(&self, report: DeliveryReport) {
        self.shut_for(PushErrorKind::Closed);
        let mut state = self.state();
        if state.report.is_none() {
            state.finish(report);
        }
        drop(state);
        *self.records() = Records::default();
        self.is_over.send_replace(true);
    }

    /// The run ended without a report, or does not react any more.
    pub(super) fn abandon(&self) {
        let cause = Arc::new(StopCause::Abandoned);
        self.shut_for(PushErrorKind::Stopped(Arc::clone(&cause)));
        let mut state = self.state();
        if state.report.is_none() {
            let unsent = std::mem::take(&mut state.waiting).into_iter().map(|(event, _)| event);
            let unsent: Vec<Event> = unsent.collect();
            let rows_unsent: u64 = unsent.iter().map(Event::row_count).sum();
            let events_lost = (state.pending.len() - unsent.len()) as u64;
            let rows_lost = state.load.rows - rows_unsent;
            let report = if self.records().are_kept() {
                state.tally.abandoned_to_journal(&unsent, events_lost, rows_lost, cause)
            } else {
                state.tally.abandoned(unsent, events_lost, rows_lost, cause)
            };
            state.finish(report);
        }
        drop(state);
        *self.records() = Records::default();
        self.is_over.send_replace(true);
    }

    /// Completes when there is a report.
    pub(super) async fn over(&self) {
        // The sender lives as long as `self`.
        let _ = self.is_over.subscribe().wait_for(|is_over| *is_over).await;
    }

    pub(super) fn report(&self) -> Option<DeliveryReport> {
        self.state().report.clone()
    }

    pub(super) fn stopped(&self) -> Option<StopCause> {
        let state = self.state();
        match (&state.report, &state.shut) {
            (Some(report), _) => report.stopped().cloned(),
            (None, Some(PushErrorKind::Stopped(cause))) => Some(StopCause::clone(cause)),
            (None, _) => None,
        }
    }

    pub(super) fn counts(&self) -> QueueCounts {
        let state = self.state();
        let settled = state.report.as_ref().unwrap_or(&state.tally);
        let (mut events, mut rows) = (settled.events(), settled.rows());
        // Beside those that the run left in the journal.
        events.pending += state.pending.len() as u64;
        rows.pending += state.load.rows;
        rows.read += state.load.rows;
        QueueCounts { events, rows, pending_bytes: state.load.bytes as u64, refused: state.refused }
    }

    pub(super) fn pending(&self) -> u64 {
        self.state().pending.len() as u64
    }

    pub(super) fn describe(&self, f: &mut fmt::DebugStruct<'_, '_>) -> fmt::Result {
        let counts = self.counts();
        f.field("events", &counts.events).field("refused", &counts.refused).finish_non_exhaustive()
    }
}

impl State {
    /// Uses the room, if there is some and the queue has not been shut meanwhile.
    fn admit(&self, room: Result<Room<'_>, PushErrorKind>) -> Result<(), PushErrorKind> {
        match (room, &self.shut) {
            (Err(kind), _) => Err(kind),
            (Ok(_), Some(kind)) => Err(kind.clone()),
            (Ok(room), None) => {
                room.event.forget();
                room.bytes.forget();
                Ok(())
            }
        }
    }

    fn take(&mut self, event: Event, load: Load, ticket: Option<Ticket>) {
        self.pending.insert(self.pushed, load);
        self.load.bytes += load.bytes;
        self.load.rows += load.rows;
        self.pushed += 1;
        self.waiting.push_back((event, ticket));
    }

    fn refuse(&mut self, event: Event, kind: PushErrorKind) -> PushError {
        // A batch that is being filled makes room when it goes.
        self.hurry |= kind == PushErrorKind::Full;
        self.refused += 1;
        PushError::new(event, kind)
    }

    /// Enters the outcome of events, and ends the flushes that waited for them.
    fn settle(&mut self, events: &[Numbered], outcome: &Outcome) -> Freed {
        let mut freed = Freed::default();
        for Numbered { position, event } in events {
            // An abandoned run may still settle events that have their outcome already.
            let Position::Given(index) = position else { continue };
            let Some(load) = self.pending.remove(index) else { continue };
            self.tally.count(event, outcome);
            self.load.bytes -= load.bytes;
            self.load.rows -= load.rows;
            freed.events += 1;
            freed.bytes += load.bytes;
            for flush in self.flushes.iter_mut().filter(|flush| *index < flush.end) {
                flush.left -= 1;
            }
        }
        for flush in self.flushes.extract_if(.., |flush| flush.left == 0) {
            // Nobody may be waiting any more.
            let _ = flush.done.send(());
        }
        freed
    }

    fn finish(&mut self, report: DeliveryReport) {
        self.report = Some(report);
        self.pending.clear();
        self.load = Load::default();
        self.flushes.clear();
    }
}

/// What the run calls.
impl Shared {
    pub(super) fn poll_next(&self, context: &mut Context<'_>) -> Poll<Option<Event>> {
        let mut state = self.state();
        if let Some((event, ticket)) = state.waiting.pop_front() {
            state.ticket = ticket;
            return Poll::Ready(Some(event));
        }
        if state.shut.is_some() && state.recording == 0 {
            return Poll::Ready(None);
        }
        state.taker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Feeder for Shared {
    fn hurries(&self) -> bool {
        let mut state = self.state();
        std::mem::take(&mut state.hurry) || state.pushers > 0
    }

    fn shut(&self, cause: &Arc<StopCause>) {
        self.shut_for(PushErrorKind::Stopped(Arc::clone(cause)));
    }

    fn take_ticket(&self) -> Option<Ticket> {
        self.state().ticket.take()
    }

    fn settled(&self, events: &[Numbered], outcome: &Outcome) {
        let freed = self.state().settle(events, outcome);
        self.free(freed.events, freed.bytes);
    }
}

impl Shared {
    fn free(&self, events: usize, bytes: usize) {
        self.room.add_permits(events);
        self.bytes.add_permits(bytes);
    }
}

/// The room that events leave.
#[derive(Default)]
struct Freed {
    events: usize,
    bytes: usize,
}
