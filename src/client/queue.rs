//! Background sending with bounded memory: single events go in, one run sends them in batches.
//!
//! The queue is the [`Feeder`] of its run: the run takes events from it and tells it their ends, so that
//! at every moment each event that was pushed waits, is on its way, or has its outcome. Everything lives
//! in memory; what that means when the process dies is told at [`Queue`], for its users.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::future::{Either, select};
use serde::Serialize;
use tokio::runtime::Handle as Runtime;
use tokio::sync::{Semaphore, SemaphorePermit, TryAcquireError, oneshot, watch};

use super::delivery::Delivery;
use super::source::Feeder;
use super::{Client, Settled, StopHandle, from_poll};
use crate::event::Event;
use crate::report::{DeliveryReport, EventCounts, Numbered, Outcome, RowCounts, StopCause};
use crate::wire::written_len;

/// How long a run may take to end once its requests are cut off, before it is given up.
const GRACE: Duration = Duration::from_secs(1);

type OnSettled = Box<dyn FnMut(Settled<'_>) + Send>;

/// A queue in the making. It comes from [`Client::queue`].
///
/// ```
/// use std::time::Duration;
/// use meta_offline_events::client::{Client, InvalidQueue};
/// # use meta_offline_events::testing::RecordingTransport;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let client = Client::builder("1".parse()?, "token".parse()?)
/// #     .transport(RecordingTransport::new())
/// #     .build()?;
/// let queue = client
///     .queue()
///     .capacity(2000)
///     .byte_capacity(8 * 1024 * 1024)
///     .linger(Duration::from_secs(5))
///     .on_outcome(|settled| println!("{} events {}", settled.events().count(), settled.outcome()))
///     .start()?;
/// # queue.close(Duration::from_secs(5)).await;
/// let nothing_fits = client.queue().capacity(0).start();
/// assert!(matches!(nothing_fits, Err(InvalidQueue::Limit { .. })));
/// # Ok(())
/// # }
/// ```
#[must_use = "a queue is started by `start`"]
pub struct QueueBuilder {
    client: Client,
    capacity: usize,
    byte_capacity: usize,
    linger: Duration,
    on_outcome: Option<OnSettled>,
}

impl QueueBuilder {
    /// How many events a queue holds unless set.
    pub const CAPACITY: usize = 10_000;

    /// How many bytes of events a queue holds unless set: 64 MiB.
    pub const BYTE_CAPACITY: usize = 64 * 1024 * 1024;

    /// The largest capacity that can be set, in events or in bytes: 4 GiB less one, less where memory is
    /// addressed by 32 bits.
    pub const MAX_CAPACITY: usize =
        if Semaphore::MAX_PERMITS < u32::MAX as usize { Semaphore::MAX_PERMITS } else { u32::MAX as usize };

    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            capacity: Self::CAPACITY,
            byte_capacity: Self::BYTE_CAPACITY,
            linger: Delivery::LINGER,
            on_outcome: None,
        }
    }

    /// How many events may be held that have no outcome yet, those on their way included: 10,000 unless
    /// set, from 1 to [`MAX_CAPACITY`](Self::MAX_CAPACITY).
    pub fn capacity(mut self, events: usize) -> Self {
        self.capacity = events;
        self
    }

    /// How many bytes these events may have, by what they take in a request: 64 MiB unless set, from 1 to
    /// [`MAX_CAPACITY`](Self::MAX_CAPACITY). An event takes one or two kilobytes as a rule, and about as much in memory.
    /// One that is larger alone is refused at once.
    pub fn byte_capacity(mut self, bytes: usize) -> Self {
        self.byte_capacity = bytes;
        self
    }

    /// How long a batch waits to be filled once its first event is there: one second unless set. It does
    /// not wait while somebody flushes or waits for room.
    pub fn linger(mut self, linger: Duration) -> Self {
        self.linger = linger;
        self
    }

    /// Tells the outcome of every event when it is known, as
    /// [`Delivery::on_outcome`] does. If it panics, it is not called again, and the report notes that.
    ///
    /// It should be quick: nothing is sent meanwhile. It may push events. A [`Queue`] that it holds is
    /// never dropped; give it a [`QueueMeter`] instead.
    pub fn on_outcome(mut self, observer: impl FnMut(Settled<'_>) + Send + 'static) -> Self {
        self.on_outcome = Some(Box::new(observer));
        self
    }

    /// Starts the queue on the tokio runtime that this is called in. The runtime has to have its timer
    /// enabled, unless the client's clock is the application's own.
    ///
    /// # Errors
    ///
    /// [`InvalidQueue`] for a capacity of zero, or beyond what can be set; outside a tokio runtime.
    pub fn start(self) -> Result<Queue, InvalidQueue> {
        within("capacity in events", self.capacity)?;
        within("capacity in bytes", self.byte_capacity)?;
        let runtime = Runtime::try_current().map_err(|_| InvalidQueue::NoRuntime)?;
        let Self { client, capacity, byte_capacity, linger, on_outcome } = self;
        let shared = Arc::new(Shared::new(&client, capacity, byte_capacity));
        runtime.spawn(run(client.clone(), Running(Arc::clone(&shared)), linger, on_outcome));
        Ok(Queue { handle: Arc::new(Handle { shared, client, runtime }) })
    }
}

impl fmt::Debug for QueueBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueBuilder")
            .field("capacity", &self.capacity)
            .field("byte_capacity", &self.byte_capacity)
            .field("linger", &self.linger)
            .finish_non_exhaustive()
    }
}

fn within(what: &'static str, number: usize) -> Result<(), InvalidQueue> {
    let most = QueueBuilder::MAX_CAPACITY;
    if (1..=most).contains(&number) { Ok(()) } else { Err(InvalidQueue::Limit { what, most }) }
}

/// Why a queue cannot be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidQueue {
    /// A capacity that is zero or too large.
    #[error("the queue's {what} must be 1 to {most}")]
    Limit {
        /// What is limited.
        what: &'static str,
        /// The largest number that can be set.
        most: usize,
    },
    /// It was not called in a tokio runtime.
    #[error("a queue is started inside a tokio runtime, and there is none here")]
    NoRuntime,
}

/// Sends events in the background, for an application that takes single sales.
///
/// Events are pushed one by one; a task sends them in batches as [`Client::deliver`] does, several
/// requests at once, and repeats what is safe to repeat. Clones share the queue. `Debug` shows counts only.
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
/// # What is promised
///
/// - Every push is counted: as refused, and then the event is handed back; or as taken, and then the event
///   has exactly one outcome, which the observer is told and the report counts.
/// - Memory is bounded by the two capacities. Beside these, up to 10,000 events are held that could not be
///   sent, to be handed back; with more of them the queue stops
///   ([`StopCause::UnsentLimit`](crate::report::StopCause::UnsentLimit)). Do not push such an event again
///   here: it is in [`into_unsent`](crate::report::DeliveryReport::into_unsent) at the end.
/// - A queue that stops by itself, for a dead token say, loses nothing: pushes are refused with the reason,
///   and [`close`](Self::close) hands back what was not sent. A client with a
///   [`run_limit`](super::RetryPolicy::run_limit) stops its queue at that limit.
/// - **Memory only.** When the process dies, what has no outcome is lost: at most as many events as are
///   [`pending`](Self::pending). The requests in flight may or may not have arrived. Pushing the same
///   sales again within seven days is safe, because their ids and times are equal and Meta drops the
///   repeats.
/// - **Close it.** When all clones are dropped without [`close`](Self::close), what was pushed is still
///   sent, but only for as long as the runtime lives, and nobody gets the report. A [`QueueMeter`] tells
///   the counts even then. A runtime that is shut down ends the queue at once: what was queued counts as
///   not sent, what was on its way as unconfirmed.
#[must_use = "a queue that is not closed loses what it holds when the program ends"]
#[derive(Clone)]
pub struct Queue {
    handle: Arc<Handle>,
}

/// What the clones of a queue share. With the last of them the queue takes no more events.
struct Handle {
    shared: Arc<Shared>,
    client: Client,
    runtime: Runtime,
}

impl Queue {
    /// Takes the event, once there is room for it.
    ///
    /// Those that wait are served in their order. If the future is dropped while it waits, the event was
    /// not taken and is dropped with it; use [`try_push`](Self::try_push) where that may happen.
    ///
    /// # Errors
    ///
    /// [`Refused`], with the event, when it is larger alone than the queue's capacity in bytes, when the
    /// queue is closed, also while this waits, and when it has stopped by itself.
    pub async fn push(&self, event: Event) -> Result<(), Refused> {
        let shared = self.shared();
        let load = Load::of(&event);
        let room = match shared.try_room(load) {
            Err(PushErrorKind::Full) => shared.room_in_turn(load).await,
            room_or_none => room_or_none,
        };
        shared.enter(event, load, room)
    }

    /// Takes the event if there is room for it now, and else refuses it at once.
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
    /// [`Refused`], with the event, as [`push`](Self::push), and when the queue is full.
    pub fn try_push(&self, event: Event) -> Result<(), Refused> {
        let shared = self.shared();
        let load = Load::of(&event);
        shared.enter(event, load, shared.try_room(load))
    }

    /// Waits until everything that was pushed before has its outcome; it is sent without lingering. What
    /// is pushed meanwhile is not waited for.
    ///
    /// How long that takes is limited by the client's [`RetryPolicy`](super::RetryPolicy). It can be
    /// dropped at any time, by `tokio::time::timeout` say, and nothing is lost.
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
            // A queue that ends without an answer has nothing pending any more.
            let _ = done.await;
        }
    }

    /// Takes no more events, sends what is queued, and gives the report of all that was ever pushed.
    ///
    /// When the limit is over, requests in flight are cut off: their events are unconfirmed. What did not
    /// leave by then is not sent, and handed back by
    /// [`into_unsent`](crate::report::DeliveryReport::into_unsent). A run that does not react within one
    /// more second, because the application's own code blocks it, is abandoned, and what it holds is
    /// unconfirmed.
    ///
    /// Every call gives the same report. If the future is dropped, closing goes on. It may be awaited
    /// anywhere, but the runtime on which the queue was started has to go on running meanwhile: do not
    /// block its only thread with it.
    pub async fn close(&self, limit: Duration) -> DeliveryReport {
        let Handle { shared, client, runtime } = &*self.handle;
        shared.shut_for(PushErrorKind::Closed);
        if shared.report().is_none() {
            runtime.spawn(end_within(limit, client.clone(), Arc::clone(shared)));
        }
        shared.over().await;
        shared.report().unwrap_or_default()
    }

    /// How many events were taken and have no outcome yet.
    pub fn pending(&self) -> u64 {
        self.counts().events.pending
    }

    /// How many pushes were refused.
    pub fn refused(&self) -> u64 {
        self.counts().refused
    }

    /// What became of all pushes so far.
    pub fn counts(&self) -> QueueCounts {
        self.shared().counts()
    }

    /// Why the queue stopped by itself, if it did. Its pushes are refused for this reason.
    pub fn stopped(&self) -> Option<StopCause> {
        self.shared().stopped()
    }

    /// What tells the counts of this queue, even when the queue is dropped.
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

/// Tells the counts of a queue and does not keep it open.
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
/// assert_eq!(meter.counts().events.not_sent, 1, "it is lost, and that is told");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct QueueMeter {
    shared: Arc<Shared>,
}

impl QueueMeter {
    /// What became of all pushes so far.
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

/// What became of all pushes of a queue so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct QueueCounts {
    /// Events that were taken, by their end. Those that have none yet are pending.
    pub events: EventCounts,
    /// The rows behind these events, by their end.
    pub rows: RowCounts,
    /// What the pending events take in requests, in bytes.
    pub pending_bytes: u64,
    /// Pushes that were refused. Their events were handed back and are not counted above.
    pub refused: u64,
}

/// An event that a queue did not take. It has the event, to be kept or pushed elsewhere.
///
/// Neither `Display` nor `Debug` shows the event.
#[derive(thiserror::Error)]
#[error("{}", .0.1)]
pub struct Refused(Box<(Event, PushErrorKind)>);

impl Refused {
    /// Why it was refused.
    pub fn kind(&self) -> &PushErrorKind {
        &self.0.1
    }

    /// Whether there was no room for it: pushing it again later can succeed.
    pub fn is_full(&self) -> bool {
        *self.kind() == PushErrorKind::Full
    }

    /// The event, as it was pushed.
    pub fn into_event(self) -> Event {
        self.0.0
    }
}

impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Refused").field(self.kind()).finish()
    }
}

/// Why a queue did not take an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PushErrorKind {
    /// There is no room now.
    #[error("the queue is full: push again later, or wait for room")]
    Full,
    /// The event is larger alone than the queue's capacity in bytes.
    #[error("the event is larger alone than the queue's capacity in bytes")]
    TooLarge,
    /// The queue is closed.
    #[error("the queue is closed")]
    Closed,
    /// The queue stopped by itself: close it, mend what is named, and start another one.
    #[error("the queue has stopped: {0}")]
    Stopped(Arc<StopCause>),
}

/// Sends what is pushed until the queue is shut.
async fn run(client: Client, running: Running, linger: Duration, on_outcome: Option<OnSettled>) {
    let shared = &*running.0;
    let mut source = from_poll(|context| shared.poll_next(context));
    let mut delivery =
        Delivery::of_fed(&client.settings, &mut source, shared).linger(linger).stop_on(&shared.stop);
    if let Some(observer) = on_outcome {
        delivery = delivery.on_outcome(observer);
    }
    shared.end(delivery.await);
}

/// However the run ends, the queue is told: also by a panic, or with its runtime.
struct Running(Arc<Shared>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

/// Ends the run when the limit is over.
async fn end_within(limit: Duration, client: Client, shared: Arc<Shared>) {
    let clock = &*client.settings.clock;
    let over = pin!(shared.over());
    if let Either::Right(((), over)) = select(over, clock.limit(limit)).await {
        shared.stop.within(Duration::ZERO);
        select(over, clock.limit(GRACE)).await;
        shared.abandon();
    }
}

/// What the queue and its run share.
struct Shared {
    byte_capacity: usize,
    /// One for each event that may come in; they come back with its outcome.
    room: Semaphore,
    /// One for each byte of an event.
    bytes: Semaphore,
    stop: StopHandle,
    state: Mutex<State>,
    is_over: watch::Sender<bool>,
}

struct State {
    /// Pushed, and not taken by the run yet.
    waiting: VecDeque<Event>,
    /// Who waits for the next event, or for the end of them.
    taker: Option<Waker>,
    /// How many events were pushed: the position of the next one.
    pushed: usize,
    /// The events that have no outcome yet, by position.
    pending: HashMap<usize, Load>,
    /// The sum of these.
    load: Load,
    flushes: Vec<Flush>,
    /// The next batch should go when nothing more waits.
    hurry: bool,
    /// How many pushes wait for room.
    pushers: usize,
    /// Why nothing is taken any more.
    shut: Option<PushErrorKind>,
    refused: u64,
    /// Counts of the outcomes so far.
    tally: DeliveryReport,
    /// The account of the whole run, when it is over.
    report: Option<DeliveryReport>,
}

/// What an event weighs.
#[derive(Clone, Copy, Default)]
struct Load {
    bytes: usize,
    rows: u64,
}

impl Load {
    fn of(event: &Event) -> Self {
        Self { bytes: written_len(event), rows: event.row_count() }
    }
}

/// A flush that waits for its last events.
struct Flush {
    /// The position behind the last event that it waits for.
    end: usize,
    left: usize,
    done: oneshot::Sender<()>,
}

impl Shared {
    fn new(client: &Client, capacity: usize, byte_capacity: usize) -> Self {
        let state = State {
            waiting: VecDeque::new(),
            taker: None,
            pushed: 0,
            pending: HashMap::new(),
            load: Load::default(),
            flushes: Vec::new(),
            hurry: false,
            pushers: 0,
            shut: None,
            refused: 0,
            tally: DeliveryReport::begun(client.settings.fields.has_test_event_code()),
            report: None,
        };
        Self {
            byte_capacity,
            room: Semaphore::new(capacity),
            bytes: Semaphore::new(byte_capacity),
            stop: StopHandle::new(),
            state: Mutex::new(state),
            is_over: watch::Sender::new(false),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, and wakes the run to see it.
    fn rouse<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state();
        let changed = change(&mut state);
        let taker = state.taker.take();
        drop(state);
        if let Some(taker) = taker {
            taker.wake();
        }
        changed
    }
}

/// Pushing.
impl Shared {
    fn try_room(&self, load: Load) -> Result<Room<'_>, PushErrorKind> {
        let bytes = permits(load).filter(|_| load.bytes <= self.byte_capacity);
        let bytes = bytes.ok_or(PushErrorKind::TooLarge)?;
        let room = self.room.try_acquire();
        room.and_then(|event| Ok(Room { event, bytes: self.bytes.try_acquire_many(bytes)? })).map_err(
            |error| match error {
                TryAcquireError::NoPermits => PushErrorKind::Full,
                TryAcquireError::Closed => self.why_shut(),
            },
        )
    }

    /// Waits for room, behind those that wait already.
    async fn room_in_turn(&self, load: Load) -> Result<Room<'_>, PushErrorKind> {
        let bytes = permits(load).ok_or(PushErrorKind::TooLarge)?;
        let _waits = Pusher::waiting(self);
        let event = self.room.acquire().await.map_err(|_| self.why_shut())?;
        let bytes = self.bytes.acquire_many(bytes).await.map_err(|_| self.why_shut())?;
        Ok(Room { event, bytes })
    }

    /// Takes the event in, if there is room for it and the queue has not been shut meanwhile.
    fn enter(&self, event: Event, load: Load, room: Result<Room<'_>, PushErrorKind>) -> Result<(), Refused> {
        self.rouse(|state| {
            let because = match (room, &state.shut) {
                (Err(because), _) => because,
                (Ok(_), Some(because)) => because.clone(),
                (Ok(room), None) => {
                    room.event.forget();
                    room.bytes.forget();
                    state.pending.insert(state.pushed, load);
                    state.load.bytes += load.bytes;
                    state.load.rows += load.rows;
                    state.pushed += 1;
                    state.waiting.push_back(event);
                    return Ok(());
                }
            };
            // A batch that is being filled makes room when it goes.
            state.hurry |= because == PushErrorKind::Full;
            state.refused += 1;
            Err(Refused(Box::new((event, because))))
        })
    }

    fn why_shut(&self) -> PushErrorKind {
        self.state().shut.clone().unwrap_or(PushErrorKind::Closed)
    }

    /// Begins to wait for all that is pending; `None` when nothing is.
    fn flush(&self) -> Option<oneshot::Receiver<()>> {
        self.rouse(|state| {
            state.flushes.retain(|flush| !flush.done.is_closed());
            let left = state.pending.len();
            (left > 0).then(|| {
                let (done, waiting) = oneshot::channel();
                state.flushes.push(Flush { end: state.pushed, left, done });
                state.hurry = true;
                waiting
            })
        })
    }
}

/// Room for one event.
struct Room<'s> {
    event: SemaphorePermit<'s>,
    bytes: SemaphorePermit<'s>,
}

/// An event's share of the room in bytes; `None` when it is beyond any capacity.
fn permits(load: Load) -> Option<u32> {
    u32::try_from(load.bytes).ok()
}

/// A push that waits for room.
struct Pusher<'s>(&'s Shared);

impl<'s> Pusher<'s> {
    fn waiting(shared: &'s Shared) -> Self {
        shared.rouse(|state| state.pushers += 1);
        Self(shared)
    }
}

impl Drop for Pusher<'_> {
    fn drop(&mut self) {
        self.0.state().pushers -= 1;
    }
}

/// Ending, and what can be told.
impl Shared {
    /// Takes nothing more; the first reason is kept.
    fn shut_for(&self, because: PushErrorKind) {
        self.rouse(|state| {
            state.shut.get_or_insert(because);
        });
        self.room.close();
        self.bytes.close();
    }

    /// The run is over, and this is its account.
    fn end(&self, report: DeliveryReport) {
        self.shut_for(PushErrorKind::Closed);
        let mut state = self.state();
        if state.report.is_none() {
            state.finish(report);
        }
        drop(state);
        self.is_over.send_replace(true);
    }

    /// The run is over, or is taken to be, without an account of its own.
    fn abandon(&self) {
        let cause = Arc::new(StopCause::Abandoned);
        self.shut_for(PushErrorKind::Stopped(Arc::clone(&cause)));
        let mut state = self.state();
        if state.report.is_none() {
            let unsent = Vec::from(std::mem::take(&mut state.waiting));
            let rows_unsent: u64 = unsent.iter().map(Event::row_count).sum();
            let events_lost = (state.pending.len() - unsent.len()) as u64;
            let report = state.tally.abandoned(unsent, events_lost, state.load.rows - rows_unsent, cause);
            state.finish(report);
        }
        drop(state);
        self.is_over.send_replace(true);
    }

    /// Ends when there is a report.
    async fn over(&self) {
        // The sender lives as long as `self`.
        let _ = self.is_over.subscribe().wait_for(|is_over| *is_over).await;
    }

    fn report(&self) -> Option<DeliveryReport> {
        self.state().report.clone()
    }

    fn stopped(&self) -> Option<StopCause> {
        let state = self.state();
        match (&state.report, &state.shut) {
            (Some(report), _) => report.stopped().cloned(),
            (None, Some(PushErrorKind::Stopped(cause))) => Some(StopCause::clone(cause)),
            (None, _) => None,
        }
    }

    fn counts(&self) -> QueueCounts {
        let state = self.state();
        let settled = state.report.as_ref().unwrap_or(&state.tally);
        let (mut events, mut rows) = (settled.events(), settled.rows());
        events.pending = state.pending.len() as u64;
        rows.pending = state.load.rows;
        rows.read += rows.pending;
        QueueCounts { events, rows, pending_bytes: state.load.bytes as u64, refused: state.refused }
    }

    fn describe(&self, f: &mut fmt::DebugStruct<'_, '_>) -> fmt::Result {
        let counts = self.counts();
        f.field("events", &counts.events).field("refused", &counts.refused).finish_non_exhaustive()
    }
}

impl State {
    fn finish(&mut self, report: DeliveryReport) {
        self.report = Some(report);
        self.pending.clear();
        self.load = Load::default();
        self.flushes.clear();
    }
}

/// What the run asks and tells.
impl Shared {
    fn poll_next(&self, context: &mut Context<'_>) -> Poll<Option<Event>> {
        let mut state = self.state();
        if let Some(event) = state.waiting.pop_front() {
            return Poll::Ready(Some(event));
        }
        if state.shut.is_some() {
            return Poll::Ready(None);
        }
        state.taker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Feeder for Shared {
    fn hurries(&self) -> bool {
        let mut state = self.state();
        std::mem::take(&mut state.hurry) || state.pushers > 0
    }

    fn shut(&self, cause: &Arc<StopCause>) {
        self.shut_for(PushErrorKind::Stopped(Arc::clone(cause)));
    }

    fn settled(&self, events: &[Numbered], outcome: &Outcome) {
        let mut state = self.state();
        let State { pending, load: held, flushes, tally, .. } = &mut *state;
        let before = (pending.len(), held.bytes);
        for Numbered { position, event } in events {
            // What was abandoned is settled already.
            let Some(load) = pending.remove(position) else { continue };
            tally.count(event, outcome);
            held.bytes -= load.bytes;
            held.rows -= load.rows;
            for flush in flushes.iter_mut().filter(|flush| *position < flush.end) {
                flush.left -= 1;
            }
        }
        for flush in flushes.extract_if(.., |flush| flush.left == 0) {
            // Nobody may be waiting any more.
            let _ = flush.done.send(());
        }
        let room = (before.0 - pending.len(), before.1 - held.bytes);
        drop(state);
        self.room.add_permits(room.0);
        self.bytes.add_permits(room.1);
    }
}
