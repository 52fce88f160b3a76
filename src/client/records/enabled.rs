//! A run with a journal, or without one.

use std::collections::HashMap;
use std::error::Error as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::vec;

use tokio::sync::watch;

#[cfg(feature = "queue")]
use super::{NotRecorded, Then};
use super::{Recorded, Recording};
use crate::client::settings::Settings;
#[cfg(feature = "queue")]
use crate::event::Event;
use crate::journal::{
    EntryId, EntryState, HandOver, Journal, JournalError, JournalErrorKind, KnownEvent, Lease, PendingEvent,
};
use crate::report::{NotSentCause, Numbered, Outcome, PendingCause, Position, StopCause, UnconfirmedCause};
use crate::value::EventTime;
use crate::wire::Draft;

/// How many events of an earlier delivery are read at once.
const READ_AT_ONCE: usize = 500;

/// How often a run deletes what the journal keeps no longer, in seconds.
const BETWEEN_CLEAN_UPS: i64 = 86_400;

/// The records of a run.
#[derive(Clone, Default)]
pub(in crate::client) enum Records {
    /// The run has no journal.
    #[default]
    None,
    /// The run has this journal, and has not begun.
    Planned(Journal),
    Kept(Arc<Kept>),
}

/// What a run with a journal knows of its events.
pub(in crate::client) struct Kept {
    lease: Arc<Lease>,
    state: Mutex<State>,
    /// How many events of an earlier delivery are on their way, or have an outcome that is not recorded yet.
    resumed_on_way: watch::Sender<usize>,
}

#[derive(Default)]
struct State {
    /// The events that are in the journal and have no outcome yet.
    entries: HashMap<Position, Entry>,
    /// Outcomes that the journal does not have yet.
    outcomes: Vec<(Vec<EntryId>, Outcome)>,
    /// What an earlier delivery left, not read yet. None before the journal was asked.
    left: Option<vec::IntoIter<EntryId>>,
    resumed: usize,
    /// How many of these have an outcome that the journal does not have yet.
    resumed_settled: usize,
    /// The outcomes of events that an earlier delivery left and that cannot be read, not reported yet.
    unreadable: Vec<Outcome>,
    cleaned_up: Option<EventTime>,
}

struct Entry {
    id: EntryId,
    /// The first attempt of an earlier delivery that may have arrived.
    first_attempt: Option<EventTime>,
    /// The bytes that an earlier delivery sent or was to send.
    json: Option<Box<str>>,
}

/// The journal's answer to an event that was handed over apart from the run.
pub(in crate::client) struct Ticket(HandOver);

impl Records {
    /// Takes the journal for this run.
    pub(in crate::client) fn open(self, settings: &Settings) -> Result<Self, StopCause> {
        match self {
            Self::Planned(_) if settings.second.is_some() => Err(StopCause::Journal(
                "a journal keeps what became of events at one receiver: send to the gateway by a client of its own, \
                 with a journal of its own"
                    .into(),
            )),
            Self::Planned(journal) => {
                let lease = journal.lease(&settings.dataset, &settings.connection.endpoint);
                let lease = lease.map_err(|error| stop_cause(&error))?;
                Ok(Self::Kept(Arc::new(Kept::new(Arc::new(lease)))))
            }
            other => Ok(other),
        }
    }

    fn kept(&self) -> Option<&Arc<Kept>> {
        match self {
            Self::Kept(kept) => Some(kept),
            Self::None | Self::Planned(_) => None,
        }
    }

    /// Whether the run has a journal.
    pub(in crate::client) fn are_kept(&self) -> bool {
        self.kept().is_some()
    }

    /// Whether the journal has this event, without an outcome.
    pub(in crate::client) fn hold(&self, position: Position) -> bool {
        self.kept().is_some_and(|kept| kept.state().entries.contains_key(&position))
    }

    /// The first attempt of an earlier delivery to send this event, of those that may have arrived.
    pub(in crate::client) fn first_attempt(&self, position: Position) -> Option<EventTime> {
        self.kept()?.state().entries.get(&position)?.first_attempt
    }

    /// Adds the event to a body: in the bytes that the journal has, where an earlier delivery recorded it.
    pub(in crate::client) fn write(&self, draft: &mut Draft<'_>, numbered: &Numbered) -> bool {
        if let Some(kept) = self.kept()
            && let Some(Entry { json: Some(json), .. }) = kept.state().entries.get(&numbered.position)
        {
            return draft.push_written(json.as_bytes());
        }
        draft.push(&numbered.event)
    }

    /// Hands events over. All of them are recorded, or none.
    pub(in crate::client) fn hand_over(&self, events: Vec<Numbered>, now: EventTime) -> Recording {
        let kept = self.kept().cloned();
        Box::pin(async move {
            match kept {
                Some(kept) => kept.hand_over(events, now).await,
                None => Ok(events.into_iter().map(|event| (event, None)).collect()),
            }
        })
    }

    /// Hands one event over apart from the run, and calls `then` with the answer on the thread of the journal.
    #[cfg(feature = "queue")]
    pub(in crate::client) fn hand_over_one(&self, event: &Event, now: EventTime, then: Then) {
        let Some(kept) = self.kept() else { return };
        match kept.lease.prepare(event, &mut Vec::new()) {
            Ok(prepared) => kept.lease.hand_over_one(prepared, now, |answer| {
                then(answer.map(Ticket).map_err(|error| NotRecorded::new(&error)));
            }),
            Err(error) => then(Err(NotRecorded::new(&error))),
        }
    }

    /// Takes an event that was handed over apart from the run. Returns its outcome if it is not to be sent. One that
    /// waited to be sent then may have its outcome now: it has to be handed over once more.
    pub(in crate::client) fn admit(&self, position: Position, ticket: Ticket) -> Option<Outcome> {
        match ticket.0 {
            HandOver::Known(known) if known.state() == EntryState::Pending => None,
            answer => self.kept()?.admit(position, answer),
        }
    }

    /// Reads events that an earlier delivery left. None are left if none come.
    pub(in crate::client) fn resume(&self) -> Recording {
        let kept = self.kept().cloned();
        Box::pin(async move {
            match kept {
                Some(kept) => kept.resume().await.map_err(|error| (Vec::new(), stop_cause(&error))),
                None => Ok(Vec::new()),
            }
        })
    }

    /// The outcomes of events that an earlier delivery left and that cannot be read.
    pub(in crate::client) fn take_unreadable(&self) -> Vec<Outcome> {
        self.kept().map(|kept| std::mem::take(&mut kept.state().unreadable)).unwrap_or_default()
    }

    /// How many events an earlier delivery left that were not read.
    pub(in crate::client) fn unread(&self) -> usize {
        self.kept().and_then(|kept| kept.state().left.as_ref().map(ExactSizeIterator::len)).unwrap_or(0)
    }

    /// Completes when the journal has the outcome of every event of an earlier delivery.
    pub(in crate::client) async fn all_resumed_are_settled(&self) {
        if let Some(kept) = self.kept() {
            // The sender lives as long as `self`.
            let _ = kept.resumed_on_way.subscribe().wait_for(|on_way| *on_way == 0).await;
        }
    }

    /// Records that an attempt to send these events begins.
    pub(in crate::client) async fn attempt(
        &self,
        events: &[Numbered],
        now: EventTime,
    ) -> Result<(), StopCause> {
        self.record_attempt(events, false, now).await
    }

    /// Records that the last attempt surely failed.
    pub(in crate::client) async fn failed_surely(
        &self,
        events: &[Numbered],
        now: EventTime,
    ) -> Result<(), StopCause> {
        self.record_attempt(events, true, now).await
    }

    async fn record_attempt(
        &self,
        events: &[Numbered],
        failed: bool,
        now: EventTime,
    ) -> Result<(), StopCause> {
        let Some(kept) = self.kept() else { return Ok(()) };
        let ids = kept.ids(events);
        let recorded = kept.lease.record_attempt(&ids, failed, now).await;
        recorded.map_err(|error| stop_cause(&error))
    }

    /// Remembers the outcome of events for the next [`flush`](Self::flush). Pending ones stay in the journal.
    pub(in crate::client) fn settle(&self, events: &[Numbered], outcome: &Outcome) {
        if let Some(kept) = self.kept() {
            kept.settle(events, outcome);
        }
    }

    /// Records the outcomes that the journal does not have yet.
    pub(in crate::client) async fn flush(&self, now: EventTime) -> Result<(), StopCause> {
        match self.kept() {
            Some(kept) => kept.flush(now).await.map_err(|error| stop_cause(&error)),
            None => Ok(()),
        }
    }
}

impl Kept {
    fn new(lease: Arc<Lease>) -> Self {
        Self { lease, state: Mutex::default(), resumed_on_way: watch::Sender::new(0) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ids(&self, events: &[Numbered]) -> Vec<EntryId> {
        let state = self.state();
        events
            .iter()
            .filter_map(|numbered| state.entries.get(&numbered.position).map(|entry| entry.id))
            .collect()
    }

    async fn hand_over(&self, events: Vec<Numbered>, now: EventTime) -> Recorded {
        let mut memory = Vec::new();
        let prepared =
            events.iter().map(|numbered| self.lease.prepare(&numbered.event, &mut memory)).collect();
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(error) => return Err((events, stop_cause(&error))),
        };
        match self.lease.hand_over(prepared, now).await {
            Ok(answers) => {
                let answered = events.into_iter().zip(answers);
                Ok(answered
                    .map(|(numbered, answer)| {
                        let outcome = self.admit(numbered.position, answer);
                        (numbered, outcome)
                    })
                    .collect())
            }
            Err(error) => Err((events, stop_cause(&error))),
        }
    }

    fn admit(&self, position: Position, answer: HandOver) -> Option<Outcome> {
        match answer {
            HandOver::Taken(id) => {
                let entry = Entry { id, first_attempt: None, json: None };
                self.state().entries.insert(position, entry);
                None
            }
            known => Some(outcome_of(&known)),
        }
    }

    async fn resume(&self) -> Result<Vec<(Numbered, Option<Outcome>)>, JournalError> {
        if self.state().left.is_none() {
            let left = self.lease.take_left().await?;
            self.state().left = Some(left.into_iter());
        }
        loop {
            let next: Vec<EntryId> =
                self.state().left.iter_mut().flat_map(|left| left.take(READ_AT_ONCE)).collect();
            if next.is_empty() {
                return Ok(Vec::new());
            }
            let mut resumed = Vec::new();
            for (id, read) in next.iter().zip(self.lease.read_pending(next.clone()).await?) {
                match read {
                    Ok(Some(pending)) => resumed.extend(self.go_on_with(&pending)),
                    // It has its outcome.
                    Ok(None) => {}
                    Err(error) if error.kind() == JournalErrorKind::Unreadable => {
                        self.leave_unreadable(*id, &error);
                    }
                    Err(error) => return Err(error),
                }
            }
            if !resumed.is_empty() {
                return Ok(resumed);
            }
        }
    }

    fn go_on_with(&self, pending: &PendingEvent) -> Option<(Numbered, Option<Outcome>)> {
        let event = match pending.event() {
            Ok(event) => event,
            Err(error) => {
                self.end_invalid(pending, &error);
                return None;
            }
        };
        let mut state = self.state();
        let position = Position::Resumed(state.resumed);
        state.resumed += 1;
        let entry = Entry {
            id: pending.id(),
            first_attempt: pending.first_attempt(),
            json: Some(pending.json().into()),
        };
        state.entries.insert(position, entry);
        self.resumed_on_way.send_modify(|on_way| *on_way += 1);
        Some((Numbered { position, event }, None))
    }

    /// A disk that fails may give the event another time.
    fn leave_unreadable(&self, id: EntryId, error: &JournalError) {
        let cause = NotSentCause::Unreadable(format!("event {id}: {}", in_words(error)).into());
        self.state().unreadable.push(Outcome::Pending(PendingCause::NotSent(cause)));
    }

    /// The event breaks a rule that there was not when it was recorded.
    fn end_invalid(&self, pending: &PendingEvent, error: &JournalError) {
        let why = format!("event {}: {}", pending.id(), in_words(error)).into();
        let outcome = match pending.first_attempt() {
            Some(_) => Outcome::Unconfirmed(UnconfirmedCause::NoValidAnswer(why)),
            None => Outcome::NotSent(NotSentCause::Unreadable(why)),
        };
        let mut state = self.state();
        state.outcomes.push((vec![pending.id()], outcome.clone()));
        state.unreadable.push(outcome);
    }

    fn settle(&self, events: &[Numbered], outcome: &Outcome) {
        let mut state = self.state();
        let mut ids = Vec::new();
        let mut resumed = 0;
        for numbered in events {
            resumed += usize::from(matches!(numbered.position, Position::Resumed(_)));
            ids.extend(state.entries.remove(&numbered.position).map(|entry| entry.id));
        }
        if matches!(outcome, Outcome::Pending(_)) {
            drop(state);
            self.forget_resumed(resumed);
        } else if !ids.is_empty() {
            state.resumed_settled += resumed;
            state.outcomes.push((ids, outcome.clone()));
        }
    }

    fn forget_resumed(&self, events: usize) {
        self.resumed_on_way.send_if_modified(|on_way| {
            *on_way -= events;
            events > 0
        });
    }

    async fn flush(&self, now: EventTime) -> Result<(), JournalError> {
        let (outcomes, resumed) = {
            let mut state = self.state();
            (std::mem::take(&mut state.outcomes), std::mem::take(&mut state.resumed_settled))
        };
        let any_accepted = outcomes.iter().any(|(_, outcome)| *outcome == Outcome::Accepted);
        if !outcomes.is_empty() {
            self.lease.record_outcomes(outcomes, now).await?;
        }
        self.forget_resumed(resumed);
        // Meta's answer shows before that the clock is right: a wrong one would forget what must be remembered.
        if any_accepted && self.is_time_to_clean_up(now) {
            self.lease.clean_up(now).await?;
        }
        Ok(())
    }

    fn is_time_to_clean_up(&self, now: EventTime) -> bool {
        let last = &mut self.state().cleaned_up;
        let is_time = last.is_none_or(|last| now.unix() - last.unix() >= BETWEEN_CLEAN_UPS);
        if is_time {
            *last = Some(now);
        }
        is_time
    }
}

/// The outcome of an event that the journal has already.
fn outcome_of(known: &HandOver) -> Outcome {
    let message = known.to_string().into();
    match known {
        HandOver::Changed(changed) => Outcome::NotSent(NotSentCause::ChangedSinceSent {
            before: changed.before(),
            after: changed.after(),
            message,
        }),
        HandOver::OtherCustomer(_) => Outcome::NotSent(NotSentCause::OtherCustomer(message)),
        HandOver::Known(known) => outcome_of_same(known),
        // The journal would have it now.
        HandOver::Taken(_) => Outcome::NotSent(NotSentCause::RepeatedId),
    }
}

fn outcome_of_same(known: &KnownEvent) -> Outcome {
    match known.state() {
        EntryState::Unconfirmed => Outcome::Unconfirmed(UnconfirmedCause::EarlierDelivery),
        EntryState::Pending => Outcome::Pending(PendingCause::EarlierDelivery),
        _ => Outcome::AlreadySent,
    }
}

#[cfg(feature = "queue")]
impl NotRecorded {
    fn new(error: &JournalError) -> Self {
        Self { words: in_words(error).into(), is_temporary: error.kind().is_temporary() }
    }
}

/// Why a run stops whose journal failed.
fn stop_cause(error: &JournalError) -> StopCause {
    StopCause::Journal(in_words(error).into())
}

/// An error with the words of its cause.
fn in_words(error: &JournalError) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
