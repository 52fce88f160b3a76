//! The journal as a delivery uses it: one delivery at a time, and without blocking.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use super::batch::Handed;
use super::error::{JournalError, JournalErrorKind};
use super::hand_over::{EntryId, HandOver};
use super::identity::Identity;
use super::pending::PendingEvent;
use super::store::CleanUp;
use super::writer::{Answer, Change};
use super::{Journal, places};
use crate::event::Event;
use crate::report::Outcome;
use crate::value::{DatasetId, EventTime, Text};

/// The right of one delivery to send what is in a journal. Two of them would send the same events.
#[derive(Debug)]
pub(crate) struct Lease {
    journal: Journal,
    is_held: Arc<AtomicBool>,
    /// The events without an outcome at the start: what is handed over later is not among them.
    left: Mutex<Option<oneshot::Receiver<Vec<EntryId>>>>,
}

/// The JSON of an event, ready for the journal.
#[derive(Debug)]
pub(crate) struct Prepared(Handed);

#[cfg(all(test, feature = "testing"))]
impl Prepared {
    /// An event in bytes that this version would not write.
    pub(crate) fn of_json(json: &str) -> Self {
        Self(Handed { key: 0, json: json.to_owned(), lines: Vec::new() })
    }
}

impl Journal {
    /// Lets one delivery to this dataset at this endpoint send from the journal, until it drops the lease.
    pub(crate) fn lease(&self, dataset: &DatasetId, endpoint: &Text) -> Result<Lease, JournalError> {
        let (own, other) = (&self.identity, Identity::new(dataset.clone(), Some(endpoint.clone()), None));
        for (kind, own, other) in [
            (JournalErrorKind::OtherDataset, own.dataset.as_str(), other.dataset.as_str()),
            (JournalErrorKind::OtherEndpoint, own.endpoint(), other.endpoint()),
        ] {
            if own != other {
                let detail = format!("{own}, and not {other}");
                return Err(JournalError::new(kind, &self.folder).with_detail(detail));
            }
        }
        if self.is_leased.swap(true, Ordering::AcqRel) {
            return Err(JournalError::new(JournalErrorKind::InUse, &self.folder));
        }
        let (answer, answered) = oneshot::channel();
        self.writer.call_then(move |store| {
            let _ = answer.send(store.pending().into_iter().map(EntryId).collect());
        });
        let left = Mutex::new(Some(answered));
        Ok(Lease { journal: self.clone(), is_held: Arc::clone(&self.is_leased), left })
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.is_held.store(false, Ordering::Release);
    }
}

impl Lease {
    /// Prepares an event for the journal.
    pub(crate) fn prepare(&self, event: &Event) -> Result<Prepared, JournalError> {
        Handed::new(event, &self.journal.folder, &mut Vec::new()).map(Prepared)
    }

    /// Hands events over: all of them are recorded, or none.
    pub(crate) async fn hand_over(
        &self,
        events: Vec<Prepared>,
        now: EventTime,
    ) -> Result<Vec<HandOver>, JournalError> {
        let events = events.into_iter().map(|event| event.0).collect();
        self.change(Change::HandOver { events, now }).await
    }

    /// Hands one event over, and calls `then` with the answer on the thread of the journal.
    #[cfg(feature = "queue")]
    pub(crate) fn hand_over_one(
        &self,
        event: Prepared,
        now: EventTime,
        then: impl FnOnce(Result<HandOver, JournalError>) + Send + 'static,
    ) {
        let change = Change::HandOver { events: vec![event.0], now };
        let closed = self.journal.writer.closed();
        let only = |answer: Answer| answer?.pop().ok_or(closed);
        self.journal.writer.change_then(change, Box::new(|answer| then(only(answer))));
    }

    /// Records that an attempt begins, or that it surely failed.
    pub(crate) async fn record_attempt(
        &self,
        events: &[EntryId],
        failed: bool,
        now: EventTime,
    ) -> Result<(), JournalError> {
        self.change(Change::Attempt { places: places(events), failed, now }).await.map(drop)
    }

    /// Records outcomes with one sync.
    pub(crate) async fn record_outcomes(
        &self,
        outcomes: Vec<(Vec<EntryId>, Outcome)>,
        now: EventTime,
    ) -> Result<(), JournalError> {
        let changes = outcomes.iter().map(|(events, outcome)| {
            let (state, code) = (outcome.into(), outcome.code());
            self.start(Change::Outcome { places: places(events), state, code, now })
        });
        let answers: Vec<_> = changes.collect();
        for answer in answers {
            answer.await.unwrap_or_else(|_| Err(self.journal.writer.closed()))?;
        }
        Ok(())
    }

    /// The events that an earlier delivery left without an outcome: once.
    pub(crate) async fn take_left(&self) -> Result<Vec<EntryId>, JournalError> {
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner).take();
        match left {
            Some(left) => left.await.map_err(|_| self.journal.writer.closed()),
            None => Ok(Vec::new()),
        }
    }

    /// Reads events without an outcome. None for one that has an outcome now.
    pub(crate) async fn read_pending(
        &self,
        events: Vec<EntryId>,
    ) -> Result<Vec<Result<Option<PendingEvent>, JournalError>>, JournalError> {
        let (answer, answered) = oneshot::channel();
        self.journal.writer.call_then(move |store| {
            let _ = answer.send(events.into_iter().map(|id| store.pending_event(id.0)).collect());
        });
        answered.await.map_err(|_| self.journal.writer.closed())
    }

    /// Deletes what is finished and older than the journal keeps it.
    pub(crate) async fn clean_up(&self, now: EventTime) -> Result<CleanUp, JournalError> {
        let (answer, answered) = oneshot::channel();
        self.journal.writer.call_then(move |store| {
            let _ = answer.send(store.clean_up(now));
        });
        answered.await.unwrap_or_else(|_| Err(self.journal.writer.closed()))
    }

    async fn change(&self, change: Change) -> Answer {
        self.start(change).await.unwrap_or_else(|_| Err(self.journal.writer.closed()))
    }

    fn start(&self, change: Change) -> oneshot::Receiver<Answer> {
        let (answer, answered) = oneshot::channel();
        self.journal.writer.change_then(
            change,
            Box::new(|result| {
                let _ = answer.send(result);
            }),
        );
        answered
    }
}
