//! What a run and its journal tell each other: which events are recorded, what came of them, and what an earlier
//! delivery left.
//!
//! Without the feature `journal`, nothing is recorded.

#[cfg(not(feature = "journal"))]
mod disabled;
#[cfg(feature = "journal")]
mod enabled;
#[cfg(test)]
mod tests;

#[cfg(feature = "queue")]
use std::fmt;
use std::pin::Pin;

#[cfg(not(feature = "journal"))]
pub(super) use disabled::*;
#[cfg(feature = "journal")]
pub(super) use enabled::*;

use crate::report::{Numbered, Outcome, StopCause};

/// Events on their way into the journal, or out of it. Each that is not to be sent comes with its outcome.
pub(super) type Recording = Pin<Box<dyn Future<Output = Recorded> + Send>>;

/// Events that the journal holds now; or, if it failed, the events that it does not hold.
pub(super) type Recorded = Result<Vec<(Numbered, Option<Outcome>)>, (Vec<Numbered>, StopCause)>;

/// What is called with the journal's answer to one event.
#[cfg(feature = "queue")]
pub(super) type Then = Box<dyn FnOnce(Result<Ticket, NotRecorded>) + Send>;

/// Why a journal did not record an event.
///
/// ```
/// use meta_offline_events::client::PushErrorKind;
///
/// fn may_be_pushed_again(kind: &PushErrorKind) -> bool {
///     match kind {
///         PushErrorKind::Full => true,
///         PushErrorKind::NotRecorded(error) => error.is_temporary(), // the disk is full, for example
///         _ => false,
///     }
/// }
/// assert!(!may_be_pushed_again(&PushErrorKind::Closed));
/// ```
#[cfg(feature = "queue")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotRecorded {
    words: Box<str>,
    is_temporary: bool,
}

#[cfg(feature = "queue")]
impl NotRecorded {
    /// The journal closed itself, and its thread is gone.
    pub(super) fn gone() -> Self {
        Self { words: "the journal is closed: start the program again".into(), is_temporary: false }
    }

    /// Whether the same push may succeed later, for example when the disk has room again.
    pub fn is_temporary(&self) -> bool {
        self.is_temporary
    }
}

#[cfg(feature = "queue")]
impl fmt::Display for NotRecorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}
