//! Where events come from: anything that yields one after the other, at its own speed.

use std::error::Error as StdError;
use std::fmt;
use std::iter;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::records::Ticket;
use crate::event::Event;
use crate::order::{Prepared, SortedEventStream, SortedEventThread, SortedEvents};
use crate::report::{Numbered, Outcome, RowReport, StopCause};
use crate::wire::TextFilter;

/// A source of events for [`Client::deliver`](super::Client::deliver).
///
/// | you have | you pass |
/// | --- | --- |
/// | rows sorted by order id | [`SortedEvents`] or [`SortedEventStream`] |
/// | sorted rows of a pipe, which may keep you waiting | [`SortedEvents::on_thread`] |
/// | an iterator over events | the iterator, or `&mut` of it |
/// | an iterator over results | [`from_results`] of it |
/// | a [`Stream`] of results | [`from_stream`] of it |
/// | the receiver of a channel | [`from_poll`] with its poll function |
/// | something else | an implementation of this trait |
///
/// The client takes one event at a time, and only when it has room for it. To keep a source of your own,
/// pass it [`by_mut`](Self::by_mut).
///
/// ```
/// use std::task::{Context, Poll};
/// use meta_offline_events::client::{Client, EventSource, SourceError};
/// use meta_offline_events::event::Event;
/// use meta_offline_events::report::StopCause;
/// # use meta_offline_events::testing::RecordingTransport;
///
/// struct Table;
///
/// impl EventSource for Table {
///     fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Event, SourceError>>> {
///         Poll::Ready(Some(Err(SourceError::new("the table is locked"))))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let client = Client::builder("1".parse()?, "token".parse()?)
/// #     .transport(RecordingTransport::new())
/// #     .build()?;
/// let report = client.deliver(Table).await;
/// assert!(matches!(report.stopped(), Some(StopCause::Source(why)) if &**why == "the table is locked"));
/// assert!(!report.all_accepted());
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a source of events",
    label = "expected a source that yields `Event`s",
    note = "events in a `Vec` go to `Client::send`, or here as `events.into_iter()`; borrowed ones as \
            `events.iter().cloned()`",
    note = "an iterator over results goes through `from_results`, a stream through `from_stream`, a channel through \
            `from_poll`",
    note = "a source of your own that you want to keep goes here as `source.by_mut()`"
)]
pub trait EventSource: Send {
    /// Returns the next event, or `None` at the end.
    ///
    /// While no event is ready, it keeps the context's waker and returns `Pending`, as
    /// [`Future::poll`] does. After `None` or an error it is not polled again.
    ///
    /// # Errors
    ///
    /// [`SourceError`] when the source cannot go on. Every event that came before is complete, so the
    /// client still sends it; then the run ends with [`StopCause::Source`].
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Event, SourceError>>>;

    /// Hands over the report on the rows behind the events: those that did not become events, and notes
    /// on the others. A source that reads no rows has nothing to report.
    ///
    /// The client calls it once, when the run has ended, and adds the rows to its report.
    fn take_rows(&mut self) -> RowReport {
        RowReport::default()
    }

    /// Borrows the source, so that it is still there after the delivery.
    fn by_mut(&mut self) -> &mut (dyn EventSource + '_)
    where
        Self: Sized,
    {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<I: Iterator<Item = Event> + Send> EventSource for I {
    fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Event, SourceError>>> {
        Poll::Ready(self.next().map(Ok))
    }
}

/// Sources that pass on what another source gives.
macro_rules! pass_on {
    ($([$($generic:ident)?] $source:ty => $inner:ty),+ $(,)?) => {$(
        impl<$($generic)?> EventSource for $source
        where
            $inner: EventSource,
        {
            fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Event, SourceError>>> {
                (**self).poll_next(context)
            }

            fn take_rows(&mut self) -> RowReport {
                (**self).take_rows()
            }
        }
    )+};
}

pass_on! {
    [] &mut (dyn EventSource + '_) => dyn EventSource,
    [] Box<dyn EventSource + '_> => dyn EventSource,
    [F] &mut FromPoll<F> => FromPoll<F>,
    [I] &mut FromResults<I> => FromResults<I>,
    [S] &mut FromStream<S> => FromStream<S>,
    [S] &mut SortedEvents<S> => SortedEvents<S>,
    [S] &mut SortedEventStream<S> => SortedEventStream<S>,
    [] &mut SortedEventThread => SortedEventThread,
}

/// Why a source cannot go on.
///
/// `Display` is one line with the words of the cause and of its own causes: cut to 1,000 characters, and
/// with e-mail addresses and digests masked. Words of a cause that quotes other customer text show it, so
/// give a cause that does not. The cause itself is in [`source`](StdError::source).
///
/// ```
/// use std::error::Error;
/// use meta_offline_events::client::SourceError;
///
/// let error = SourceError::new("row 7 of mary@example.com\ncannot be read");
/// assert_eq!(error.to_string(), "row 7 of […] cannot be read");
/// assert!(error.source().is_some());
/// ```
pub struct SourceError {
    words: Box<str>,
    cause: Box<dyn StdError + Send + Sync>,
}

impl SourceError {
    /// Creates the error from its cause: an error, or a text.
    pub fn new(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let cause = cause.into();
        let words = TextFilter::default().clean(&words_of(&*cause));
        Self { words, cause }
    }
}

/// The words of an error and of its causes: many a driver says what happened only in a cause.
fn words_of(error: &(dyn StdError + 'static)) -> String {
    let causes = iter::successors(error.source(), |&cause| cause.source()).take(MAX_CAUSES);
    causes.fold(error.to_string(), |mut words, cause| {
        let more = cause.to_string();
        if !words.contains(&more) {
            words.push_str(": ");
            words.push_str(&more);
        }
        words
    })
}

/// The most causes whose words are shown.
const MAX_CAUSES: usize = 4;

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl fmt::Debug for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SourceError").field(&self.words).finish()
    }
}

impl StdError for SourceError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let cause: &(dyn StdError + 'static) = &*self.cause;
        Some(cause)
    }
}

/// What `Client::send` sends: events that are all there, with the report on their rows.
pub(super) struct FromPrepared {
    events: std::vec::IntoIter<Event>,
    rows: RowReport,
}

impl FromPrepared {
    pub(super) fn new(prepared: Prepared) -> Self {
        Self { events: prepared.events.into_iter(), rows: prepared.rows }
    }
}

impl EventSource for FromPrepared {
    fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Event, SourceError>>> {
        Poll::Ready(self.events.next().map(Ok))
    }

    fn take_rows(&mut self) -> RowReport {
        std::mem::take(&mut self.rows)
    }
}

/// Fills a source while the run sends its events, and answers for every event of it: nothing may be left
/// in it when the run is over.
pub(super) trait Feeder: Sync {
    /// Whether a batch should go now that could be filled further. The batcher asks when no event is
    /// ready.
    fn hurries(&self) -> bool;

    /// The run stops: nothing more may come. The run takes the events that are in the source already, to
    /// hand them back.
    fn shut(&self, cause: &Arc<StopCause>);

    /// What the journal answered to the event that was taken last, if the feeder handed it over.
    fn take_ticket(&self) -> Option<Ticket>;

    /// These events have their outcome. Positions count what was taken from the source.
    fn settled(&self, events: &[Numbered], outcome: &Outcome);
}

/// Creates a source from a poll function, such as that of a channel's receiver.
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
/// drop(sender); // the end of the events
/// let report = client.deliver(from_poll(|context| receiver.poll_recv(context))).await;
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

/// A source made by [`from_poll`].
#[must_use = "a source does nothing until `Client::deliver` takes it"]
pub struct FromPoll<F>(F);

impl<F> EventSource for FromPoll<F>
where
    F: FnMut(&mut Context<'_>) -> Poll<Option<Event>> + Send,
{
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Event, SourceError>>> {
        (self.0)(context).map(|next| next.map(Ok))
    }
}

impl<F> fmt::Debug for FromPoll<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromPoll").finish_non_exhaustive()
    }
}

/// Creates a source from an iterator that may fail, such as rows of a database that become events.
///
/// ```
/// use meta_offline_events::client::{Client, from_results};
/// # use meta_offline_events::client::{Clock, SystemClock};
/// # use meta_offline_events::customer::UserData;
/// use meta_offline_events::event::Event;
/// # use meta_offline_events::testing::RecordingTransport;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let client = Client::builder("1".parse()?, "token".parse()?)
/// #     .transport(RecordingTransport::new())
/// #     .build()?;
/// # let customer = UserData::builder().email("mary@example.com").build()?;
/// # let sale = Event::builder(SystemClock.now(), customer).name("Subscribe".parse()?).build()?;
/// let results = [Ok(sale), Err("the database went away")];
/// let report = client.deliver(from_results(results)).await;
/// assert_eq!(report.events().accepted, 1); // the event before the error
/// assert_eq!(report.stopped().unwrap().to_string(), "the source failed: the database went away");
/// # Ok(())
/// # }
/// ```
pub fn from_results<I, E>(results: I) -> FromResults<I::IntoIter>
where
    I: IntoIterator<Item = Result<Event, E>>,
    I::IntoIter: Send,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    FromResults(results.into_iter())
}

/// A source made by [`from_results`].
#[must_use = "a source does nothing until `Client::deliver` takes it"]
pub struct FromResults<I>(I);

impl<I, E> EventSource for FromResults<I>
where
    I: Iterator<Item = Result<Event, E>> + Send,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Event, SourceError>>> {
        Poll::Ready(self.0.next().map(|next| next.map_err(SourceError::new)))
    }
}

impl<I> fmt::Debug for FromResults<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromResults").finish_non_exhaustive()
    }
}

/// Creates a source from a [`Stream`] that may fail.
///
/// ```
/// use futures_util::stream;
/// use meta_offline_events::client::{Client, from_stream};
/// use meta_offline_events::event::Event;
/// # use meta_offline_events::testing::RecordingTransport;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let client = Client::builder("1".parse()?, "token".parse()?)
/// #     .transport(RecordingTransport::new())
/// #     .build()?;
/// let rows = stream::iter([Err::<Event, _>("connection lost")]); // from a database, for example
/// let report = client.deliver(from_stream(rows)).await;
/// assert_eq!(report.stopped().unwrap().to_string(), "the source failed: connection lost");
/// # Ok(())
/// # }
/// ```
pub fn from_stream<S, E>(stream: S) -> FromStream<S>
where
    S: Stream<Item = Result<Event, E>> + Send,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    FromStream(Box::pin(stream))
}

/// A source made by [`from_stream`].
#[must_use = "a source does nothing until `Client::deliver` takes it"]
pub struct FromStream<S>(Pin<Box<S>>);

impl<S, E> EventSource for FromStream<S>
where
    S: Stream<Item = Result<Event, E>> + Send,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Event, SourceError>>> {
        self.0.as_mut().poll_next(context).map(|next| next.map(|next| next.map_err(SourceError::new)))
    }
}

impl<S> fmt::Debug for FromStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromStream").finish_non_exhaustive()
    }
}
