//! A batch, or a part of one that was divided: the events that go into one request.

use super::retry::Tried;
use super::run_state::RunState;
use crate::report::Numbered;
use crate::wire::Draft;

pub(super) struct BatchPart {
    pub(super) events: Vec<Numbered>,
    pub(super) tried: Tried,
    /// The body of the request, once it is written.
    body: Option<Vec<u8>>,
}

impl BatchPart {
    /// A batch with the body that was written as it was filled.
    pub(super) fn written(events: Vec<Numbered>, draft: Draft<'_>) -> Self {
        Self { events, tried: Tried::default(), body: Some(draft.into_body()) }
    }

    /// Events that were tried before and need another body.
    pub(super) fn tried(events: Vec<Numbered>, tried: Tried) -> Self {
        Self { events, tried, body: None }
    }

    /// Events of a batch that Meta refused whole. That attempt stored nothing; an earlier one may have.
    pub(super) fn refused(events: Vec<Numbered>, tried: &Tried) -> Self {
        let tried = Tried { ambiguous_since: tried.ambiguous_since, ..Tried::default() };
        Self::tried(events, tried)
    }

    /// The two halves of a batch that Meta refused whole.
    pub(super) fn halves(mut events: Vec<Numbered>, tried: &Tried) -> Vec<Self> {
        let second = events.split_off(events.len() / 2);
        [events, second].map(|half| Self::refused(half, tried)).into()
    }

    /// Writes the body, unless it is written; returns it with the events that did not fit.
    pub(super) fn write(&mut self, run: &RunState<'_>) -> (Vec<u8>, Option<Self>) {
        if let Some(body) = self.body.take() {
            return (body, None);
        }
        let mut draft = Draft::new(self.events.len(), run.limits(), run.closing());
        let taken =
            self.events.iter().take_while(|numbered| run.records().write(&mut draft, numbered)).count();
        let rest = self.events.split_off(taken);
        let rest = (!rest.is_empty()).then(|| Self::tried(rest, self.tried.clone()));
        (draft.into_body(), rest)
    }
}
