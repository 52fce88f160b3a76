//! Where events come from: anything that gives one after the other, at its own pace.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::event::Event;
use crate::report::{Numbered, Outcome, StopCause};

/// A stream of events. The client takes one at a time, and only when it has room for it.
///
/// Every iterator over events is one. For a channel, or any other stream, there is [`from_poll`].
pub trait EventSource: Send {
    /// The next event, or `None` at the end. While there is none yet, it keeps the context's waker,
    /// as [`Future::poll`] does.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Event>>;
}

impl<I: Iterator<Item = Event> + Send> EventSource for I {
    fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<Event>> {
        Poll::Ready(self.next())
    }
}

/// A source that stays with its owner.
pub(super) struct Lent<'s, S>(pub(super) &'s mut S);

impl<S: EventSource> EventSource for Lent<'_, S> {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Event>> {
        self.0.poll_next(context)
    }
}

/// Whoever fills a stream while it is sent, and answers for every event of it: nothing may be left in it
/// when the run is over.
pub(super) trait Feeder: Sync {
    /// Whether a batch should go now that could be filled further. Asked when the stream has nothing more
    /// for the moment.
    fn hurries(&self) -> bool;

    /// The run is being stopped: nothing more may come. What is in the stream already is taken from it, to
    /// be handed back.
    fn shut(&self, cause: &Arc<StopCause>);

    /// These events have their end. Positions count what was taken from the stream.
    fn settled(&self, events: &[Numbered], outcome: &Outcome);
}

/// A stream from a function that is polled, such as the receiving end of a channel.
///
/// ```
/// use meta_offline_events::client::{Client, from_poll};
/// use meta_offline_events::event::Event;
/// # use meta_offline_events::testing::RecordingTransport;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let client = Client::builder("1".parse()?, "token".parse()?)
/// #     .transport(RecordingTransport::new())
/// #     .build()?;
/// let (sender, mut receiver) = tokio::sync::mpsc::channel::<Event>(100);
/// drop(sender); // the end of the stream
/// let mut source = from_poll(|context| receiver.poll_recv(context));
/// let report = client.deliver(&mut source).await;
/// assert_eq!(report.events().total(), 0);
/// # Ok(())
/// # }
/// ```
pub fn from_poll<F>(poll: F) -> FromPoll<F>
where
    F: FnMut(&mut Context<'_>) -> Poll<Option<Event>> + Send,
{
    FromPoll(poll)
}

/// The stream that [`from_poll`] makes.
pub struct FromPoll<F>(F);

impl<F> EventSource for FromPoll<F>
where
    F: FnMut(&mut Context<'_>) -> Poll<Option<Event>> + Send,
{
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Event>> {
        (self.0)(context)
    }
}

impl<F> fmt::Debug for FromPoll<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromPoll").finish_non_exhaustive()
    }
}
