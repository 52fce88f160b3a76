//! What a queue returns with an event that it does not take.

use std::fmt;
use std::sync::Arc;

use crate::client::records::NotRecorded;
use crate::event::Event;
use crate::report::StopCause;

/// The error of a push: the queue did not take the event.
///
/// It hands the event back, to be kept or pushed elsewhere. Neither `Display` nor `Debug` shows the event.
/// There is an example at [`Queue::try_push`](super::Queue::try_push).
#[derive(thiserror::Error)]
#[error("{}", .0.1)]
pub struct PushError(Box<(Event, PushErrorKind)>);

impl PushError {
    pub(super) fn new(event: Event, kind: PushErrorKind) -> Self {
        Self(Box::new((event, kind)))
    }

    /// Why the queue did not take the event.
    pub fn kind(&self) -> &PushErrorKind {
        &self.0.1
    }

    /// Whether the queue was full. Push the event again later, or wait for room with
    /// [`Queue::push`](super::Queue::push).
    pub fn is_full(&self) -> bool {
        *self.kind() == PushErrorKind::Full
    }

    /// The event, as it was pushed.
    pub fn into_event(self) -> Event {
        self.0.0
    }
}

impl fmt::Debug for PushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PushError").field(self.kind()).finish()
    }
}

/// Why a queue did not take an event.
///
/// There is an example at [`Queue::try_push`](super::Queue::try_push).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PushErrorKind {
    /// The queue is full.
    Full,
    /// The event alone is larger than the queue's capacity in bytes.
    TooLarge,
    /// The queue is closed.
    Closed,
    /// The journal could not record the event, for this reason. Push it again, for example when the disk has room.
    NotRecorded(NotRecorded),
    /// The queue stopped by itself. Close it, fix the reported cause, and start another queue.
    Stopped(Arc<StopCause>),
}

impl fmt::Display for PushErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("the queue is full: push again later, or wait for room"),
            Self::TooLarge => f.write_str(
                "the event alone is larger than the queue's capacity in bytes: raise `byte_capacity`",
            ),
            Self::Closed => f.write_str("the queue is closed"),
            Self::NotRecorded(error) => write!(f, "the event was not recorded: {error}"),
            Self::Stopped(cause) => write!(f, "the queue stopped: {cause}"),
        }
    }
}
