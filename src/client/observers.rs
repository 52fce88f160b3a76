//! What a program can watch while a run goes on: its progress, and the outcomes of its events.

use super::source::Feeder;
use crate::event::Event;
use crate::report::{Numbered, Outcome, Wait};

/// The progress of a run.
///
/// [`Delivery::on_progress`](super::Delivery::on_progress) gives it.
///
/// ```
/// use meta_offline_events::client::{Client, Progress};
/// # use meta_offline_events::customer::UserData;
/// # use meta_offline_events::event::Event;
/// # use meta_offline_events::testing::RecordingTransport;
/// # use meta_offline_events::client::{Clock, SystemClock};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let client = Client::builder("1".parse()?, "token".parse()?)
/// #     .transport(RecordingTransport::new())
/// #     .build()?;
/// # let customer = UserData::builder().email("mary@example.com").build()?;
/// # let sale = Event::builder(SystemClock.now(), customer).name("Subscribe".parse()?).build()?;
/// let mut last: Option<Progress> = None;
/// client.send(sale).on_progress(|progress| last = Some(progress)).await;
/// let last = last.expect("one event had its outcome");
/// assert_eq!((last.taken, last.done, last.requests), (1, 1, 1));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// Events taken from the source so far.
    pub taken: u64,
    /// Events of the source that have their outcome.
    pub done: u64,
    /// Events that an earlier delivery left in the journal, and that have their outcome now.
    pub resumed: u64,
    /// Requests made so far, retries included.
    pub requests: u64,
    /// Requests that wait for their answer.
    pub in_flight: usize,
    /// The highest use of Meta's rate limits that an answer stated so far, in percent.
    pub usage: Option<f64>,
    /// What requests wait for at the moment, if any does: the most important of several.
    pub waiting: Option<Wait>,
}

/// A group of events with the same outcome.
///
/// [`Delivery::on_outcome`](super::Delivery::on_outcome) gives it, as soon as the outcome is known.
///
/// ```
/// use meta_offline_events::client::Client;
/// # use meta_offline_events::customer::UserData;
/// # use meta_offline_events::event::Event;
/// # use meta_offline_events::testing::RecordingTransport;
/// # use meta_offline_events::client::{Clock, SystemClock};
/// use meta_offline_events::report::Outcome;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let client = Client::builder("1".parse()?, "token".parse()?)
/// #     .transport(RecordingTransport::new())
/// #     .build()?;
/// # let customer = UserData::builder().email("mary@example.com").build()?;
/// # let builder = Event::builder(SystemClock.now(), customer).name("Subscribe".parse()?);
/// # let sale = builder.order_id("10001".parse()?).build()?;
/// let mut done = Vec::new();
/// client
///     .send(sale)
///     .on_outcome(|group| {
///         if *group.outcome() == Outcome::Accepted {
///             done.extend(group.events().filter_map(Event::order_id).map(ToString::to_string));
///         }
///     })
///     .await;
/// assert_eq!(done, ["10001"]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct OutcomeGroup<'g> {
    events: &'g [Numbered],
    outcome: &'g Outcome,
}

impl<'g> OutcomeGroup<'g> {
    pub(super) fn new(events: &'g [Numbered], outcome: &'g Outcome) -> Self {
        Self { events, outcome }
    }

    /// The events.
    pub fn events(&self) -> impl Iterator<Item = &'g Event> {
        self.events.iter().map(|numbered| &numbered.event)
    }

    /// The outcome that all of them have.
    pub fn outcome(&self) -> &'g Outcome {
        self.outcome
    }
}

type OnProgress<'o> = Box<dyn FnMut(Progress) + Send + 'o>;
pub(super) type OnOutcome<'o> = Box<dyn FnMut(OutcomeGroup<'_>) + Send + 'o>;

/// Who watches a run.
#[derive(Default)]
pub(super) struct Observers<'o> {
    pub(super) progress: Option<OnProgress<'o>>,
    pub(super) outcome: Option<OnOutcome<'o>>,
    pub(super) feeder: Option<&'o dyn Feeder>,
}
