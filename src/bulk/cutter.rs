//! Cutting a stream of events into bodies.

use std::collections::VecDeque;
use std::fmt;

use crate::order::Made;
use crate::wire::{Batch, BatchLimits, Draft, RequestFields};

/// Bodies of a stream: one in the making, and those that are full.
pub(super) struct Cutter {
    closing: Vec<u8>,
    limits: BatchLimits,
    draft: Draft<'static>,
    /// How many events are in full bodies.
    cut: usize,
    full: VecDeque<Batch>,
    spare: Vec<u8>,
}

impl Cutter {
    pub(super) fn new(fields: &RequestFields, limits: BatchLimits) -> Self {
        let closing = fields.closing();
        let draft = Draft::new(limits.events(), limits, closing.clone());
        Self { closing, limits, draft, cut: 0, full: VecDeque::new(), spare: Vec::new() }
    }

    /// From the next body on.
    pub(super) fn set_limits(&mut self, limits: BatchLimits) {
        self.limits = limits;
        if self.draft.len() > 0 {
            self.cut();
        } else {
            self.draft = Draft::new(limits.events(), limits, self.closing.clone());
        }
    }

    pub(super) fn push(&mut self, made: &Made<'_>) {
        if !self.try_push(made) {
            self.cut();
            // The first event of a body is always taken.
            self.try_push(made);
        }
    }

    fn try_push(&mut self, made: &Made<'_>) -> bool {
        match made {
            Made::Sale(sale) => self.draft.push_sale(sale),
            Made::Event(event) => self.draft.push(event),
        }
    }

    /// The next full body.
    pub(super) fn next_batch(&mut self) -> Option<Batch> {
        self.full.pop_front()
    }

    pub(super) fn reuse(&mut self, batch: Batch) {
        self.spare = batch.into_body();
    }

    /// The bodies that were not taken, the last one among them.
    pub(super) fn finish(mut self) -> Vec<Batch> {
        if self.draft.len() > 0 {
            self.cut();
        }
        self.full.into()
    }

    fn cut(&mut self) {
        let memory = std::mem::take(&mut self.spare);
        let next =
            Draft::with_memory_of(memory, self.limits.events(), self.limits, self.closing.clone().into());
        let batch = Batch::of(std::mem::replace(&mut self.draft, next), self.cut);
        self.cut = batch.events().end;
        self.full.push_back(batch);
    }
}

impl fmt::Debug for Cutter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cutter").field("events", &self.cut).field("full", &self.full).finish_non_exhaustive()
    }
}
