//! Cutting events into request bodies by count and by bytes: nothing lost, order kept.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use super::RequestFields;
use super::request::OPENING;
use super::writer::write_event;
use crate::event::Event;

/// How much one request may hold.
///
/// Meta takes 1,000 events at most and publishes no limit of bytes; the default cap of one
/// megabyte is what integrations in production keep to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchLimits {
    events: usize,
    bytes: usize,
}

impl BatchLimits {
    /// The most events that Meta takes in one request.
    pub const MAX_EVENTS: usize = 1000;

    /// The least limit of bytes that can be set.
    pub const MIN_BYTES: usize = 4096;

    /// These limits, or `None` when a limit is zero, `events` is above 1,000, or `bytes` is below
    /// 4,096 (too small for many single events).
    ///
    /// ```
    /// use meta_offline_events::wire::BatchLimits;
    ///
    /// assert!(BatchLimits::new(500, 500_000).is_some());
    /// assert!(BatchLimits::new(1001, 500_000).is_none());
    /// ```
    pub fn new(events: usize, bytes: usize) -> Option<Self> {
        ((1..=Self::MAX_EVENTS).contains(&events) && bytes >= Self::MIN_BYTES)
            .then_some(Self { events, bytes })
    }

    /// The same limits with at most so many bytes.
    #[cfg(feature = "client")]
    pub(crate) fn at_most(self, bytes: usize) -> Self {
        Self { bytes: self.bytes.min(bytes), ..self }
    }

    /// The most events in one request.
    pub fn events(self) -> usize {
        self.events
    }

    /// The most bytes in the body of one request.
    pub fn bytes(self) -> usize {
        self.bytes
    }
}

impl Default for BatchLimits {
    fn default() -> Self {
        Self { events: Self::MAX_EVENTS, bytes: 1_000_000 }
    }
}

/// What an event with all match keys and a few products takes, in bytes.
const USUAL_EVENT: usize = 1280;

/// The room that the writer wants for such an event, in bytes.
const MAX_USUAL_EVENT: usize = 8192;

/// A request body in the making: events go in until it is full.
pub(crate) struct Draft<'c> {
    /// Up to `end`; behind it may stand anything.
    body: Vec<u8>,
    end: usize,
    events: usize,
    limits: BatchLimits,
    closing: Cow<'c, [u8]>,
}

impl<'c> Draft<'c> {
    /// An empty one, for about so many events. `closing` is what stands behind the last event.
    pub(crate) fn new(expected: usize, limits: BatchLimits, closing: impl Into<Cow<'c, [u8]>>) -> Self {
        Self::with_memory_of(Vec::new(), expected, limits, closing.into())
    }

    /// The same, in the memory of a body that is done.
    pub(crate) fn with_memory_of(
        mut body: Vec<u8>,
        expected: usize,
        limits: BatchLimits,
        closing: Cow<'c, [u8]>,
    ) -> Self {
        // The event that turns out to be one too many needs room, too, and so does what an event may take at most.
        let room = ((expected.min(limits.events) + 1) * USUAL_EVENT).min(limits.bytes + 2 * USUAL_EVENT);
        let room = room + MAX_USUAL_EVENT;
        body.reserve((room + OPENING.len() + closing.len()).saturating_sub(body.len()));
        body.resize(body.len().max(OPENING.len()), 0);
        body[..OPENING.len()].copy_from_slice(OPENING);
        Self { body, end: OPENING.len(), events: 0, limits, closing }
    }

    /// How many events are in it.
    pub(crate) fn len(&self) -> usize {
        self.events
    }

    /// Adds the event, unless the limits are reached. The first event always goes in.
    pub(crate) fn push(&mut self, event: &Event) -> bool {
        self.append(|body, start| write_event(event, body, start))
    }

    /// Adds an event that is written already, unless the limits are reached.
    #[cfg(feature = "rayon")]
    pub(crate) fn push_written(&mut self, event: &[u8]) -> bool {
        self.append(|body, start| {
            body.truncate(start);
            body.extend_from_slice(event);
            event.len()
        })
    }

    /// `write` puts an event into the body at a position, and tells its length.
    fn append(&mut self, write: impl FnOnce(&mut Vec<u8>, usize) -> usize) -> bool {
        if self.is_full() {
            return false;
        }
        let end = self.end;
        if self.events > 0 {
            match self.body.get_mut(end) {
                Some(place) => *place = b',',
                None => self.body.push(b','),
            }
            self.end += 1;
        }
        self.end += write(&mut self.body, self.end);
        if self.events > 0 && !self.fits() {
            self.end = end;
            return false;
        }
        self.events += 1;
        true
    }

    /// Whether no event fits any more, however small.
    pub(crate) fn is_full(&self) -> bool {
        self.events == self.limits.events || (self.events > 0 && !self.fits())
    }

    /// Whether it is a single event that is larger than the limit of bytes.
    pub(crate) fn is_oversized(&self) -> bool {
        !self.fits()
    }

    /// The finished body.
    pub(crate) fn into_body(mut self) -> Vec<u8> {
        self.body.truncate(self.end);
        self.body.extend_from_slice(&self.closing);
        self.body
    }

    /// Whether the body is within the limit once it is closed.
    fn fits(&self) -> bool {
        self.end + self.closing.len() <= self.limits.bytes
    }
}

/// One request body and the events in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Batch {
    body: Vec<u8>,
    events: Range<usize>,
    oversized: bool,
}

impl fmt::Debug for Batch {
    /// Sizes only: a body holds what is sent unhashed of customers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("events", &self.events.len())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl Batch {
    /// A finished draft, whose first event stands at this position.
    pub(crate) fn of(draft: Draft<'_>, first: usize) -> Self {
        Self { events: first..first + draft.len(), oversized: draft.is_oversized(), body: draft.into_body() }
    }

    /// The body: `{"data":[…]}` with the request's other members, without any token.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body alone.
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }

    /// Which events are in it, by their position in what was given.
    pub fn events(&self) -> Range<usize> {
        self.events.clone()
    }

    /// Whether it is a single event that is larger than the limit of bytes.
    pub fn is_oversized(&self) -> bool {
        self.oversized
    }
}

/// Cuts events into batches.
///
/// The same events give the same bytes, always.
///
/// ```
/// use meta_offline_events::customer::UserData;
/// use meta_offline_events::event::Event;
/// use meta_offline_events::value::{Currency, EventTime, Money};
/// use meta_offline_events::wire::{Batches, RequestFields};
///
/// let event = Event::builder(
///     EventTime::from_unix(1_767_225_600)?,
///     UserData::builder().email("mary@example.com").build()?,
/// )
/// .value(Money::new("31.50".parse()?, Currency::USD))
/// .build()?;
/// let events = vec![event; 1001];
/// let sizes: Vec<_> = Batches::new(&events, &RequestFields::new()).map(|batch| batch.events().len()).collect();
/// assert_eq!(sizes, [1000, 1]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Batches<'e> {
    events: &'e [Event],
    next: usize,
    limits: BatchLimits,
    closing: Vec<u8>,
}

impl fmt::Debug for Batches<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches").field("events", &self.events.len()).finish_non_exhaustive()
    }
}

impl<'e> Batches<'e> {
    /// All of these events, within the default limits.
    pub fn new(events: &'e [Event], fields: &RequestFields) -> Self {
        Self { events, next: 0, limits: BatchLimits::default(), closing: fields.closing() }
    }

    /// Within these limits.
    pub fn limits(mut self, limits: BatchLimits) -> Self {
        self.limits = limits;
        self
    }
}

impl Iterator for Batches<'_> {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        let left = &self.events[self.next..];
        let mut draft = Draft::new(left.len(), self.limits, &self.closing);
        let taken = left.iter().take_while(|event| draft.push(event)).count();
        let first = self.next;
        self.next += taken;
        (taken > 0).then(|| Batch::of(draft, first))
    }
}
