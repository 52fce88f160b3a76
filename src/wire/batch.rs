//! Request bodies: as many events in each as the limits allow, in order.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use super::RequestFields;
use super::memory::{Body, Spare};
use super::request::OPENING;
use crate::event::Event;

/// The limits of one request: its number of events and its size in bytes.
///
/// Meta takes at most 1,000 events in a request and publishes no size limit. The default of one megabyte is what
/// integrations in production keep to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchLimits {
    events: usize,
    bytes: usize,
}

impl BatchLimits {
    /// The most events that Meta takes in one request.
    pub const MAX_EVENTS: usize = 1000;

    /// The smallest size limit, in bytes.
    pub const MIN_BYTES: usize = 4096;

    /// Creates limits. Returns `None` if `events` is zero or above 1,000, or if `bytes` is below 4,096, which is
    /// too small for many single events.
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

    /// Lowers the size limit to this many bytes, if it is higher.
    #[cfg(feature = "client")]
    pub(crate) fn at_most(self, bytes: usize) -> Self {
        Self { bytes: self.bytes.min(bytes), ..self }
    }

    /// Leaves this many bytes of a request for something else.
    #[cfg(feature = "client")]
    pub(crate) fn less(self, bytes: usize) -> Self {
        Self { bytes: self.bytes.saturating_sub(bytes), ..self }
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

/// The size of an event with all match keys and a few products, in bytes.
const USUAL_EVENT: usize = 1280;

/// The room that the writer wants for such an event, in bytes.
const MAX_USUAL_EVENT: usize = 8192;

/// A request body that takes events until it is full.
pub(crate) struct Draft<'c> {
    /// The body up to `end`; the bytes behind it mean nothing.
    body: Vec<u8>,
    end: usize,
    events: usize,
    limits: BatchLimits,
    closing: Cow<'c, [u8]>,
}

impl<'c> Draft<'c> {
    /// Creates an empty body for roughly this many events. `closing` is what follows the last event.
    pub(crate) fn new(expected: usize, limits: BatchLimits, closing: impl Into<Cow<'c, [u8]>>) -> Self {
        Self::with_memory_of(Vec::new(), expected, limits, closing.into())
    }

    /// Creates an empty body in the memory of an old one.
    pub(super) fn with_memory_of(
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
        self.append(|body, start| event.write_json(body, start))
    }

    /// Adds an event that is written already, unless the limits are reached.
    #[cfg(any(feature = "rayon", all(feature = "client", feature = "journal")))]
    pub(crate) fn push_written(&mut self, event: &[u8]) -> bool {
        self.append(|body, start| {
            body.truncate(start);
            body.extend_from_slice(event);
            event.len()
        })
    }

    /// Adds the event that `write` writes into the body at a position; `write` returns its length.
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

    /// Whether no further event fits, however small.
    pub(crate) fn is_full(&self) -> bool {
        self.events == self.limits.events || (self.events > 0 && !self.fits())
    }

    /// Whether it is a single event above the size limit.
    pub(crate) fn is_oversized(&self) -> bool {
        !self.fits()
    }

    /// Closes the body.
    pub(crate) fn into_body(mut self) -> Vec<u8> {
        self.body.truncate(self.end);
        self.body.extend_from_slice(&self.closing);
        self.body
    }

    /// Whether the closed body is within the size limit.
    fn fits(&self) -> bool {
        self.end + self.closing.len() <= self.limits.bytes
    }
}

/// One request body and the events in it.
///
/// When a batch is dropped, its memory serves a later body.
#[derive(Clone, PartialEq, Eq)]
pub struct Batch {
    body: Body,
    events: Range<usize>,
    oversized: bool,
}

impl fmt::Debug for Batch {
    /// Shows sizes only: a body holds customer values that are sent unhashed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("events", &self.events.len())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl Batch {
    /// Closes a draft whose first event has this position. `body` says where its memory goes.
    pub(super) fn of(draft: Draft<'_>, first: usize, body: impl FnOnce(Vec<u8>) -> Body) -> Self {
        let (events, oversized) = (first..first + draft.len(), draft.is_oversized());
        Self { events, oversized, body: body(draft.into_body()) }
    }

    /// The body: `{"data":[…]}` and the other members of the request, without a token.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Returns the body without its positions.
    pub fn into_body(self) -> Vec<u8> {
        self.body.into_bytes()
    }

    /// The positions of its events among all events.
    pub fn events(&self) -> Range<usize> {
        self.events.clone()
    }

    /// Whether it is a single event above the size limit.
    pub fn is_oversized(&self) -> bool {
        self.oversized
    }
}

/// Splits events into batches within the [limits](BatchLimits), in order.
///
/// Equal events always give equal bytes. For events that come one by one, see [`Batcher`](super::Batcher).
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
    spare: Spare,
}

impl fmt::Debug for Batches<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches").field("events", &self.events.len()).finish_non_exhaustive()
    }
}

impl<'e> Batches<'e> {
    /// Splits these events within the default limits. `fields` are the other members of each request.
    pub fn new(events: &'e [Event], fields: &RequestFields) -> Self {
        let (limits, closing) = (BatchLimits::default(), fields.closing());
        Self { events, next: 0, limits, closing, spare: Spare::default() }
    }

    /// Sets the limits of each batch.
    pub fn limits(mut self, limits: BatchLimits) -> Self {
        self.limits = limits;
        self
    }
}

impl Iterator for Batches<'_> {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        let left = &self.events[self.next..];
        let closing = self.closing.as_slice().into();
        let mut draft = Draft::with_memory_of(self.spare.take(), left.len(), self.limits, closing);
        let taken = left.iter().take_while(|event| draft.push(event)).count();
        let first = self.next;
        self.next += taken;
        let is_last = self.next == self.events.len();
        let body = |bytes| if is_last { Body::last(bytes) } else { self.spare.lend(bytes) };
        (taken > 0).then(|| Batch::of(draft, first, body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customer::UserData;
    use crate::value::EventTime;

    #[test]
    fn l5_a_body_may_have_as_many_bytes_as_the_limit_says_and_not_one_more() {
        let customer = UserData::builder().email("mary@example.com").build().unwrap();
        let event = Event::builder(EventTime::from_unix(1_767_225_600).unwrap(), customer);
        let events = vec![event.name("Lead".parse().unwrap()).build().unwrap(); 40];
        let fields = RequestFields::new().upload_tag("store sales").unwrap();
        let batches = |bytes| {
            let limits = BatchLimits::new(1000, bytes).unwrap();
            let batches = Batches::new(&events, &fields).limits(limits);
            batches.map(|batch| (batch.events().len(), batch.body().len())).collect::<Vec<_>>()
        };
        let whole = batches(1_000_000)[0].1;
        assert!(whole > BatchLimits::MIN_BYTES, "{whole}");
        assert_eq!(batches(whole), [(40, whole)], "at the limit");
        let split = batches(whole - 1);
        assert_eq!(split.iter().map(|(events, _)| *events).collect::<Vec<_>>(), [39, 1], "one byte above it");
        assert!(split.iter().all(|(_, bytes)| *bytes < whole));
    }
}
