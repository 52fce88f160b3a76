//! What a run and its journal tell each other: which events are recorded, what came of them, and what an earlier
//! delivery left.
//!
//! Without the feature `journal`, nothing is recorded.

#[cfg(not(feature = "journal"))]
mod disabled;
#[cfg(feature = "journal")]
mod enabled;

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
