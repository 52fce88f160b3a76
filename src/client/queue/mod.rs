//! Background sending with bounded memory: single events go in, one run sends them in batches.
//!
//! The queue fills the source of its run: it is the [`Feeder`](super::source::Feeder) of it. Events live in memory, and
//! with a journal on the disk, too; the documentation of [`Queue`] says what that means when the process dies.

mod builder;
mod push_error;
mod shared;
mod task;

use std::fmt;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use tokio::runtime::Handle as Runtime;
use tokio::sync::oneshot;

pub use builder::{InvalidQueue, QueueBuilder};
pub use push_error::{PushError, PushErrorKind};
pub use shared::QueueCounts;

use self::shared::{Load, Shared};
use self::task::end_within;
use super::records::NotRecorded;
use super::settings::Settings;
use crate::event::Event;
use crate::report::{DeliveryReport, StopCause};
use crate::value::EventTime;

/// A queue that sends events in the background, for an application that takes single sales.
///
/// The application pushes events one by one. A task sends them in batches like [`Client::deliver`](super::Client::deliver), with
/// several requests at once, and retries what is safe to retry. Clones share the queue. `Debug` shows
/// counts only.
///
/// ```
/// use std::time::Duration;
/// use meta_offline_events::client::Client;
/// # use meta_offline_events::client::{Clock, SystemClock};
/// # use meta_offline_events::customer::UserData;
/// # use meta_offline_events::event::Event;
/// # use meta_offline_events::testing::RecordingTransport;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let client = Client::builder("1".parse()?, "token".parse()?)
/// #     .transport(RecordingTransport::new())
/// #     .build()?;
/// # let customer = UserData::builder().email("mary@example.com").build()?;
/// # let sale = Event::builder(SystemClock.now(), customer).name("Subscribe".parse()?).build()?;
/// let queue = client.queue().start()?;
/// queue.push(sale).await?; // for every sale, from any task
/// let report = queue.close(Duration::from_secs(30)).await; // before the program ends
/// assert!(report.all_accepted());
/// assert_eq!(report.events().accepted, 1);
/// # Ok(())
/// # }
/// ```
///
/// # Promises
///
/// - **Every push counts.** Either the queue refuses the event and hands it back, or it takes the event,
///   which then gets exactly one outcome. The observer sees it, and the report counts it.
/// - **Memory is bounded** by the two capacities. Beside these the queue holds up to 10,000 events that it
///   could not send, to hand them back; with more it stops
///   ([`StopCause::UnsentLimit`](crate::report::StopCause::UnsentLimit)). Do not push such an event again
///   here: [`into_unsent`](crate::report::DeliveryReport::into_unsent) returns it at the end.
/// - **A correction may be pushed.** Once an event was refused by Meta, had expired or was too large, the
///   queue takes an event with the same id and name again. While the first is on its way, was accepted, is
///   unconfirmed, or waits to be handed back, a second one is
///   [`RepeatedId`](crate::report::NotSentCause::RepeatedId), so a program that pushes a sale twice does no
///   harm.
/// - **A queue that stops by itself loses nothing**, for example when the token expires. It refuses
///   pushes with the reason, and [`close`](Self::close) hands back what was not sent. A
///   [`run_limit`](super::RetryPolicy::run_limit) of the client stops its queue, too.
/// - **Memory only, unless it has a [journal](QueueBuilder::journal).** With one, what a push returned for is on the
///   disk, and the next queue with that journal sends what is left. Without one, events without an outcome are lost
///   when the process dies: at most [`pending`](Self::pending). The requests in flight may or may not have arrived. Pushing the same
///   sales again within seven days is safe, because Meta deduplicates them: see [deduplication].
/// - **Close it.** When all clones are dropped without [`close`](Self::close), the queue still sends what
///   it holds, but only while the runtime lives, and nobody gets the report. A [`QueueMeter`] still shows
///   the counts. A runtime that shuts down ends the queue at once: queued events count as not sent,
///   events in flight as unconfirmed.
///
/// [deduplication]: super#deduplication
#[must_use = "a queue that is not closed loses what it holds when the program ends"]
#[derive(Clone)]
pub struct Queue {
    handle: Arc<Handle>,
}

/// What the clones of a queue share. When the last clone is dropped, the queue takes no more events.
struct Handle {
    shared: Arc<Shared>,
    settings: Arc<Settings>,
    runtime: Runtime,
}

impl Queue {
    /// Pushes an event, and waits for room if the queue is full.
    ///
    /// Pushes that wait are served in order. Dropping the future while it waits for room drops the event, too; use
    /// [`try_push`](Self::try_push) where that may happen.
    ///
    /// With a [journal](QueueBuilder::journal) it returns once the event is on the disk. Dropping the future while it
    /// waits for the disk does not take the event back.
    ///
    /// # Errors
    ///
    /// [`PushError`], with the event, when the event alone is larger than the queue's capacity in bytes,
    /// when the queue is closed, also while this waits, when the queue stopped by itself, and when the journal did not
    /// record the event. A queue that stops during the push may have recorded it: pushing it again does no harm.
    pub async fn push(&self, event: Event) -> Result<(), PushError> {
        let shared = self.shared();
        let load = Load::of(&event);
        let room = match shared.try_room(load) {
            Err(PushErrorKind::Full) => shared.room_in_turn(load).await,
            room_or_none => room_or_none,
        };
        if !shared.records().are_kept() {
            return shared.enter(event, load, room);
        }
        let copy = event.clone();
        let (then, pushed) = oneshot::channel();
        shared.record(event, load, room, self.now(), |result| {
            // Nobody waits for it if the future was dropped: the event is in the queue all the same.
            let _ = then.send(result);
        });
        pushed
            .await
            .unwrap_or_else(|_| Err(PushError::new(copy, PushErrorKind::NotRecorded(NotRecorded::gone()))))
    }

    /// Pushes an event if there is room now, and otherwise hands it back at once. With a
    /// [journal](QueueBuilder::journal) it blocks its thread until the event is on the disk.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use meta_offline_events::client::{Client, Clock, PushErrorKind, SystemClock};
    /// # use meta_offline_events::customer::UserData;
    /// # use meta_offline_events::event::Event;
    /// # use meta_offline_events::testing::RecordingTransport;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let client = Client::builder("1".parse()?, "token".parse()?)
    /// #     .transport(RecordingTransport::new())
    /// #     .build()?;
    /// # let customer = UserData::builder().email("mary@example.com").build()?;
    /// # let sale = Event::builder(SystemClock.now(), customer).name("Subscribe".parse()?).build()?;
    /// let queue = client.queue().start()?;
    /// queue.close(Duration::from_secs(30)).await;
    /// let refused = queue.try_push(sale.clone()).unwrap_err();
    /// assert_eq!(refused.kind(), &PushErrorKind::Closed);
    /// assert_eq!(refused.into_event(), sale);
    /// assert_eq!(queue.refused(), 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`PushError`], with the event, for the reasons of [`push`](Self::push), and when the queue is full.
    pub fn try_push(&self, event: Event) -> Result<(), PushError> {
        let shared = self.shared();
        let load = Load::of(&event);
        let room = shared.try_room(load);
        if !shared.records().are_kept() {
            return shared.enter(event, load, room);
        }
        let copy = event.clone();
        let (then, pushed) = mpsc::sync_channel(1);
        shared.record(event, load, room, self.now(), move |result| {
            let _ = then.send(result);
        });
        pushed
            .recv()
            .unwrap_or_else(|_| Err(PushError::new(copy, PushErrorKind::NotRecorded(NotRecorded::gone()))))
    }

    fn now(&self) -> EventTime {
        self.handle.settings.clock.now()
    }

    /// Sends what was pushed so far without lingering, and waits until all of it has its outcome. It does
    /// not wait for what is pushed meanwhile.
    ///
    /// The client's [`RetryPolicy`](super::RetryPolicy) limits how long that takes. Dropping the future,
    /// for example by `tokio::time::timeout`, loses nothing.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use meta_offline_events::client::{Client, Clock, SystemClock};
    /// # use meta_offline_events::customer::UserData;
    /// # use meta_offline_events::event::Event;
    /// # use meta_offline_events::testing::RecordingTransport;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let client = Client::builder("1".parse()?, "token".parse()?)
    /// #     .transport(RecordingTransport::new())
    /// #     .build()?;
    /// # let customer = UserData::builder().email("mary@example.com").build()?;
    /// # let sale = Event::builder(SystemClock.now(), customer).name("Subscribe".parse()?).build()?;
    /// let queue = client.queue().linger(Duration::from_secs(3600)).start()?;
    /// queue.push(sale).await?;
    /// assert_eq!(queue.pending(), 1);
    /// queue.flush().await;
    /// assert_eq!((queue.pending(), queue.counts().events.accepted), (0, 1));
    /// # queue.close(Duration::from_secs(5)).await;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn flush(&self) {
        if let Some(done) = self.shared().flush() {
            // A queue that ends without an answer has nothing pending.
            let _ = done.await;
        }
    }

    /// Closes the queue: takes no more events, sends what is queued, and returns the report of everything
    /// that was ever pushed.
    ///
    /// After `limit` it cuts off the requests in flight, and their events are unconfirmed: compare them in Events
    /// Manager before you send them again. Events that did not leave by then are not sent, and
    /// [`into_unsent`](crate::report::DeliveryReport::into_unsent) hands them back, to be sent in another run. The
    /// report then says [`StopCause::CloseLimit`]. If the run does not react within one more second, because code of the application blocks it, the queue abandons it, and
    /// the events it holds are unconfirmed.
    ///
    /// Every call returns the same report. If the future is dropped, closing goes on. You may await it
    /// anywhere, but the runtime of the queue has to go on running meanwhile: do not block its only
    /// thread. There is an example at [`Queue`].
    pub async fn close(&self, limit: Duration) -> DeliveryReport {
        let Handle { shared, settings, runtime } = &*self.handle;
        shared.shut_for(PushErrorKind::Closed);
        if shared.report().is_none() {
            runtime.spawn(end_within(limit, Arc::clone(settings), Arc::clone(shared)));
        }
        shared.over().await;
        shared.report().unwrap_or_default()
    }

    /// How many events in the queue have no outcome yet, those in flight included.
    pub fn pending(&self) -> u64 {
        self.shared().pending()
    }

    /// How many pushes the queue refused.
    pub fn refused(&self) -> u64 {
        self.counts().refused
    }

    /// How many pushes came to which outcome so far.
    pub fn counts(&self) -> QueueCounts {
        self.shared().counts()
    }

    /// Why the queue stopped by itself, if it did. It refuses pushes for this reason.
    pub fn stopped(&self) -> Option<StopCause> {
        self.shared().stopped()
    }

    /// A handle to the counts, which works even after the queue is dropped.
    pub fn meter(&self) -> QueueMeter {
        QueueMeter { shared: Arc::clone(self.shared()) }
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.handle.shared
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared().describe(&mut f.debug_struct("Queue"))
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.shut_for(PushErrorKind::Closed);
    }
}

/// A handle to the counts of a queue, which does not keep the queue open.
///
/// ```
/// # use meta_offline_events::client::{Client, Clock, SystemClock};
/// # use meta_offline_events::customer::UserData;
/// # use meta_offline_events::event::Event;
/// # use meta_offline_events::testing::RecordingTransport;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let client = Client::builder("1".parse()?, "token".parse()?)
/// #     .transport(RecordingTransport::new())
/// #     .build()?;
/// # let customer = UserData::builder().email("mary@example.com").build()?;
/// # let sale = Event::builder(SystemClock.now(), customer).name("Subscribe".parse()?).build()?;
/// let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
/// let meter = runtime.block_on(async {
///     let queue = client.queue().start()?;
///     queue.try_push(sale)?;
///     Ok::<_, Box<dyn std::error::Error>>(queue.meter()) // and the queue is dropped
/// })?;
/// drop(runtime); // before anything was sent
/// assert_eq!(meter.counts().events.not_sent, 1, "the event is lost, and the meter says so");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct QueueMeter {
    shared: Arc<Shared>,
}

impl QueueMeter {
    /// How many pushes came to which outcome so far.
    pub fn counts(&self) -> QueueCounts {
        self.shared.counts()
    }

    /// Why the queue stopped by itself, if it did.
    pub fn stopped(&self) -> Option<StopCause> {
        self.shared.stopped()
    }
}

impl fmt::Debug for QueueMeter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.describe(&mut f.debug_struct("QueueMeter"))
    }
}
