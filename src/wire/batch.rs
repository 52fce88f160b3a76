//! Cutting events into request bodies by count and by bytes: nothing lost, order kept.

use std::fmt;

use super::RequestFields;
use super::request::{OPENING, encode};
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
    pub const MOST_EVENTS: usize = 1000;

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
        ((1..=Self::MOST_EVENTS).contains(&events) && bytes >= 4096).then_some(Self { events, bytes })
    }

    /// The same limits with less room for events.
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
        Self { events: Self::MOST_EVENTS, bytes: 1_000_000 }
    }
}

/// What an event with all match keys and a few products takes, in bytes.
const USUAL_EVENT: usize = 1280;

/// One request body and the events in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Batch {
    body: Vec<u8>,
    events: Vec<usize>,
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
    /// The body: `{"data":[…]}` with the request's other members, without any token.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body alone.
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }

    /// Which events are in it, by their position in what was given.
    pub fn events(&self) -> &[usize] {
        &self.events
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
    wanted: std::vec::IntoIter<usize>,
    limits: BatchLimits,
    closing: Vec<u8>,
    /// An event that did not fit the batch before, and its JSON.
    held: Option<(usize, Vec<u8>)>,
}

impl fmt::Debug for Batches<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches").field("events", &self.events.len()).finish_non_exhaustive()
    }
}

impl<'e> Batches<'e> {
    /// All of these events, within the default limits.
    pub fn new(events: &'e [Event], fields: &RequestFields) -> Self {
        Self::of(events, (0..events.len()).collect(), fields)
    }

    /// These of the events.
    pub(crate) fn of(events: &'e [Event], wanted: Vec<usize>, fields: &RequestFields) -> Self {
        let limits = BatchLimits::default();
        Self { events, wanted: wanted.into_iter(), limits, closing: fields.closing(), held: None }
    }

    /// Within these limits.
    pub fn limits(mut self, limits: BatchLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Whether a body of this length is within the limit once it is closed.
    fn fits(&self, body: usize) -> bool {
        body + self.closing.len() <= self.limits.bytes
    }
}

impl Iterator for Batches<'_> {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        let most = self.wanted.len().min(self.limits.events);
        let mut body = Vec::with_capacity((most * USUAL_EVENT).min(self.limits.bytes) + OPENING.len());
        body.extend(OPENING);
        let mut events = Vec::with_capacity(most);
        if let Some((index, json)) = self.held.take() {
            body.extend(json);
            events.push(index);
        }
        while events.len() < self.limits.events && self.fits(body.len()) {
            let Some(index) = self.wanted.next() else { break };
            let end = body.len();
            if !events.is_empty() {
                body.push(b',');
            }
            let start = body.len();
            encode(&self.events[index], &mut body);
            if !events.is_empty() && !self.fits(body.len()) {
                self.held = Some((index, body.split_off(start)));
                body.truncate(end);
                break;
            }
            events.push(index);
        }
        if events.is_empty() {
            return None;
        }
        let oversized = !self.fits(body.len());
        body.extend(&self.closing);
        Some(Batch { body, events, oversized })
    }
}
