//! A run without a journal.

#![expect(
    clippy::unused_self,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    reason = "a run calls them as those with a journal"
)]

use super::Recording;
#[cfg(feature = "queue")]
use super::Then;
use crate::client::settings::Settings;
#[cfg(feature = "queue")]
use crate::event::Event;
use crate::report::{Numbered, Outcome, Position, StopCause};
use crate::value::EventTime;
use crate::wire::Draft;

/// The records of a run: none.
#[derive(Clone, Default)]
pub(in crate::client) struct Records(());

/// The journal's answer to an event that was handed over apart from the run: there is none.
#[derive(Clone, Copy)]
pub(in crate::client) enum Ticket {}

impl Records {
    pub(in crate::client) fn open(self, _: &Settings) -> Result<Self, StopCause> {
        Ok(self)
    }

    pub(in crate::client) fn are_kept(&self) -> bool {
        false
    }

    pub(in crate::client) fn hold(&self, _: Position) -> bool {
        false
    }

    pub(in crate::client) fn first_attempt(&self, _: Position) -> Option<EventTime> {
        None
    }

    pub(in crate::client) fn write(&self, draft: &mut Draft<'_>, numbered: &Numbered) -> bool {
        draft.push(&numbered.event)
    }

    pub(in crate::client) fn hand_over(&self, events: Vec<Numbered>, _: EventTime) -> Recording {
        Box::pin(std::future::ready(Ok(events.into_iter().map(|event| (event, None)).collect())))
    }

    #[cfg(feature = "queue")]
    pub(in crate::client) fn hand_over_one(&self, _: &Event, _: EventTime, then: Then) {
        drop(then);
    }

    pub(in crate::client) fn admit(&self, _: Position, ticket: Ticket) -> Option<Outcome> {
        match ticket {}
    }

    pub(in crate::client) fn resume(&self) -> Recording {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    pub(in crate::client) fn take_unreadable(&self) -> Vec<Outcome> {
        Vec::new()
    }

    pub(in crate::client) fn unread(&self) -> usize {
        0
    }

    pub(in crate::client) async fn all_resumed_are_settled(&self) {}

    pub(in crate::client) async fn attempt(&self, _: &[Numbered], _: EventTime) -> Result<(), StopCause> {
        Ok(())
    }

    pub(in crate::client) async fn failed_surely(
        &self,
        _: &[Numbered],
        _: EventTime,
    ) -> Result<(), StopCause> {
        Ok(())
    }

    pub(in crate::client) fn settle(&self, _: &[Numbered], _: &Outcome) {}

    pub(in crate::client) async fn flush(&self, _: EventTime) -> Result<(), StopCause> {
        Ok(())
    }
}
