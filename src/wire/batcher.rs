//! Request bodies from events that come one by one.

use std::collections::VecDeque;
use std::fmt;

use super::batch::Draft;
use super::memory::Spare;
use super::{Batch, BatchLimits, RequestFields};
use crate::event::Event;

/// Turns events that come one by one into request bodies.
///
/// It keeps the bytes of the events, not the events. For events that are all in memory see
/// [`Batches`](super::Batches).
///
/// ```
/// use meta_offline_events::customer::UserData;
/// use meta_offline_events::order::{OrderRules, Row, SortedOrders};
/// use meta_offline_events::value::{Currency, EventTime};
/// use meta_offline_events::wire::{Batcher, RequestFields};
///
/// let sold = EventTime::from_unix(1_767_225_600)?;
/// let mut orders = SortedOrders::new(OrderRules::new(), sold);
/// let mut batcher = Batcher::new(&RequestFields::new());
/// for number in 0..2000 {
///     let row = Row::new(number, sold)
///         .customer(UserData::builder().email("mary@example.com"))
///         .order_id(format!("A{number:04}").parse()?)
///         .value("0.10".parse()?)
///         .currency(Currency::EUR);
///     orders.push(&row)?;
///     while let Some(event) = orders.next_event() {
///         batcher.push(event);
///     }
///     while let Some(batch) = batcher.next_batch() {
///         assert_eq!(batch.events(), 0..1000);
///     }
/// }
/// orders.finish().events.iter().for_each(|event| batcher.push(event));
/// assert_eq!(batcher.finish()[0].events(), 1000..2000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Batcher {
    closing: Vec<u8>,
    limits: BatchLimits,
    draft: Draft<'static>,
    /// How many events are in full bodies.
    batched: usize,
    full: VecDeque<Batch>,
    spare: Spare,
}

impl Batcher {
    /// Creates a batcher with the default limits. `fields` are the other members of each request.
    pub fn new(fields: &RequestFields) -> Self {
        let (closing, limits) = (fields.closing(), BatchLimits::default());
        let draft = Draft::new(limits.events(), limits, closing.clone());
        Self { closing, limits, draft, batched: 0, full: VecDeque::new(), spare: Spare::default() }
    }

    /// Sets the limits of each body, from the next body on.
    pub fn limits(mut self, limits: BatchLimits) -> Self {
        self.limits = limits;
        if self.draft.len() > 0 {
            self.close();
        } else {
            self.draft = Draft::new(limits.events(), limits, self.closing.clone());
        }
        self
    }

    /// Adds an event.
    pub fn push(&mut self, event: &Event) {
        self.add(|draft| draft.push(event));
    }

    /// Adds an event that is written already.
    #[cfg(feature = "rayon")]
    pub(super) fn push_written(&mut self, event: &[u8]) {
        self.add(|draft| draft.push_written(event));
    }

    /// Returns the next body that is full.
    pub fn next_batch(&mut self) -> Option<Batch> {
        self.full.pop_front()
    }

    /// Returns the bodies that [`next_batch`](Self::next_batch) has not returned, the last of which may not
    /// be full.
    pub fn finish(mut self) -> Vec<Batch> {
        if self.draft.len() > 0 {
            self.close();
        }
        self.full.into()
    }

    fn add(&mut self, push: impl Fn(&mut Draft<'static>) -> bool) {
        if !push(&mut self.draft) {
            self.close();
            // The first event of a body always goes in.
            push(&mut self.draft);
        }
    }

    fn close(&mut self) {
        let closing = self.closing.clone().into();
        let next = Draft::with_memory_of(self.spare.take(), self.limits.events(), self.limits, closing);
        let full = std::mem::replace(&mut self.draft, next);
        let batch = Batch::of(full, self.batched, |bytes| self.spare.lend(bytes));
        self.batched = batch.events().end;
        self.full.push_back(batch);
    }
}

impl fmt::Debug for Batcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batcher")
            .field("events", &(self.batched + self.draft.len()))
            .field("full", &self.full)
            .finish_non_exhaustive()
    }
}
