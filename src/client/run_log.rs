//! What one run has done so far: outcomes, counts and notes, and the observers that hear of them.

use std::time::Duration;

use super::observers::{Observers, OutcomeGroup, Progress};
use super::recent_ids::RecentIds;
use super::shield::shielded;
use crate::event::Event;
use crate::report::{Keeping, Ledger, Numbered, Outcome, StopCause, Wait};
use crate::wire::BatchLimits;

/// Among how many events of a source repeated ids are found: the last ones.
const IDS_REMEMBERED: usize = 100_000;

/// How many unsent events of a stream are held for the caller before the run stops.
const MAX_HELD: usize = 10_000;

/// How many events Meta has to refuse one by one, with nothing accepted, before the run takes the
/// settings to be wrong and not the events.
const LONE_REFUSALS: u32 = 8;

/// How many batches Meta has to refuse for unknown reasons, with nothing accepted, before the run stops.
const UNKNOWN_REFUSALS: u32 = 3;

pub(super) struct RunLog<'r> {
    pub(super) ledger: Ledger,
    pub(super) in_flight: usize,
    taken: usize,
    ids: RecentIds,
    observers: Observers<'r>,
    keeping: Keeping,
    max_bytes: usize,
    lone_refusals: u32,
    unknown_refusals: u32,
    source_failure: Option<StopCause>,
    /// How many requests wait for each thing, and since when at least one does.
    waiting: [(usize, Duration); Wait::ALL.len()],
}

impl<'r> RunLog<'r> {
    pub(super) fn new(ledger: Ledger, keeping: Keeping, max_bytes: usize, observers: Observers<'r>) -> Self {
        let ids = match keeping {
            Keeping::Everything => RecentIds::all(),
            Keeping::FailuresOnly | Keeping::FailuresOfCopies => RecentIds::last(IDS_REMEMBERED),
        };
        Self {
            ledger,
            in_flight: 0,
            taken: 0,
            ids,
            observers,
            keeping,
            max_bytes,
            lone_refusals: 0,
            unknown_refusals: 0,
            source_failure: None,
            waiting: Default::default(),
        }
    }

    /// Counts an event that the run takes. Tells whether its id is new.
    pub(super) fn takes(&mut self, event: &Event) -> bool {
        self.taken += 1;
        self.ids.is_new(event)
    }

    /// Enters the outcome of events, and shows it to whoever observes outcomes.
    pub(super) fn settle(&mut self, events: Vec<Numbered>, outcome: &Outcome) {
        if let Some(observer) = &mut self.observers.outcome {
            let group = OutcomeGroup::new(&events, outcome);
            if shielded(|| observer(group)).is_err() {
                let observer = self.observers.outcome.take();
                // Dropping it may panic, too, and is no more than one panic of an observer.
                let _ = shielded(|| drop(observer));
                self.note_panic("on_outcome");
            }
        }
        if let Some(feeder) = self.observers.feeder {
            feeder.settled(&events, outcome);
            // Whoever feeds a run sees the outcome, and may push the event again once it is corrected.
            if outcome.asks_for_correction() {
                for numbered in &events {
                    self.ids.forget(&numbered.event);
                }
            }
        }
        self.ledger.settle(events, outcome);
    }

    /// Whether more unsent events of a stream are held than memory should hold.
    pub(super) fn holds_too_many(&self) -> bool {
        self.keeping == Keeping::FailuresOnly && self.ledger.held() > MAX_HELD
    }

    /// Shows the progress of the run to whoever observes it.
    pub(super) fn show_progress(&mut self) {
        let progress = Progress {
            taken: self.taken as u64,
            done: self.ledger.settled(),
            resumed: self.ledger.resumed(),
            requests: self.ledger.requests().made,
            in_flight: self.in_flight,
            usage: self.ledger.usage(),
            waiting: Wait::ALL.into_iter().find(|&wait| self.waiting[wait as usize].0 > 0),
        };
        let Some(observer) = &mut self.observers.progress else { return };
        if shielded(|| observer(progress)).is_err() {
            let observer = self.observers.progress.take();
            let _ = shielded(|| drop(observer));
            self.note_panic("on_progress");
        }
    }

    /// A request begins to wait, this long after the beginning of the run.
    pub(super) fn wait_begins(&mut self, wait: Wait, after: Duration) {
        let (waiting, since) = &mut self.waiting[wait as usize];
        *waiting += 1;
        if *waiting == 1 {
            *since = after;
            self.show_progress();
        }
    }

    /// A request waits no more.
    pub(super) fn wait_ends(&mut self, wait: Wait, after: Duration) {
        let (waiting, since) = &mut self.waiting[wait as usize];
        *waiting -= 1;
        if *waiting == 0 {
            let since = *since;
            self.ledger.waited(wait, since, after);
            self.show_progress();
        }
    }

    /// Lets the observers go at the end of the run.
    pub(super) fn drop_observers(&mut self) {
        let Observers { progress, outcome, .. } = std::mem::take(&mut self.observers);
        if shielded(|| drop(progress)).is_err() {
            self.note_panic("on_progress");
        }
        if shielded(|| drop(outcome)).is_err() {
            self.note_panic("on_outcome");
        }
    }

    fn note_panic(&mut self, observer: &str) {
        let message = format!("`{observer}` panicked, and was not called again");
        self.ledger.note("observer_panicked", message);
    }

    /// The largest body that is tried, as far as the server has taught.
    pub(super) fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// Remembers that a body of this length was too large.
    pub(super) fn too_large(&mut self, bytes: usize) {
        self.max_bytes = self.max_bytes.min(bytes / 2).max(BatchLimits::MIN_BYTES);
    }

    /// Counts an event that was refused by itself; tells whether the settings must be wrong.
    pub(super) fn lone_refusal_stops(&mut self) -> bool {
        self.lone_refusals += 1;
        self.lone_refusals >= LONE_REFUSALS && !self.ledger.anything_accepted()
    }

    /// Counts a batch that was refused for an unknown reason; tells whether that is enough to stop.
    pub(super) fn unknown_refusal_stops(&mut self) -> bool {
        self.unknown_refusals += 1;
        self.unknown_refusals >= UNKNOWN_REFUSALS && !self.ledger.anything_accepted()
    }

    /// Remembers that the source ended with an error.
    pub(super) fn source_failed(&mut self, cause: StopCause) {
        self.source_failure = Some(cause);
    }

    /// Takes the error that the source ended with.
    pub(super) fn take_source_failure(&mut self) -> Option<StopCause> {
        self.source_failure.take()
    }
}
