//! Building a queue.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle as Runtime;
use tokio::sync::Semaphore;

use super::shared::Shared;
use super::task::{OnOutcome, Running, run};
use super::{Handle, Queue};
use crate::client::delivery::Delivery;
use crate::client::observers::OutcomeGroup;
use crate::client::records::Records;
use crate::client::settings::Settings;
use crate::report::StopCause;

/// The settings of a queue that is not started yet.
///
/// [`Client::queue`](crate::client::Client::queue) creates it.
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
///     .on_outcome(|group| println!("{} events: {}", group.events().count(), group.outcome()))
///     .start()?;
/// # queue.close(Duration::from_secs(5)).await;
/// let nothing_fits = client.queue().capacity(0).start();
/// assert!(matches!(nothing_fits, Err(InvalidQueue::Limit { .. })));
/// # Ok(())
/// # }
/// ```
#[must_use = "`start` starts the queue"]
pub struct QueueBuilder {
    settings: Arc<Settings>,
    capacity: usize,
    byte_capacity: usize,
    linger: Duration,
    on_outcome: Option<OnOutcome>,
    records: Records,
}

impl QueueBuilder {
    /// How many events a queue holds unless set.
    pub const CAPACITY: usize = 10_000;

    /// How many bytes of events a queue holds unless set: 64 MiB.
    pub const BYTE_CAPACITY: usize = 64 * 1024 * 1024;

    /// The largest capacity that can be set, in events or in bytes: one less than 4 Gi, and smaller on
    /// 32-bit machines.
    pub const MAX_CAPACITY: usize =
        if Semaphore::MAX_PERMITS < u32::MAX as usize { Semaphore::MAX_PERMITS } else { u32::MAX as usize };

    pub(in crate::client) fn new(settings: Arc<Settings>) -> Self {
        Self {
            settings,
            capacity: Self::CAPACITY,
            byte_capacity: Self::BYTE_CAPACITY,
            linger: Delivery::LINGER,
            on_outcome: None,
            records: Records::default(),
        }
    }

    /// Sets how many events without an outcome the queue may hold, those in flight included: 10,000 unless
    /// set, from 1 to [`MAX_CAPACITY`](Self::MAX_CAPACITY).
    pub fn capacity(mut self, events: usize) -> Self {
        self.capacity = events;
        self
    }

    /// Sets how many bytes these events may take in requests: 64 MiB unless set, from 1 to
    /// [`MAX_CAPACITY`](Self::MAX_CAPACITY).
    ///
    /// An event usually takes one or two kilobytes in a request, and about as much in memory. The queue
    /// refuses an event that alone is larger than its capacity.
    pub fn byte_capacity(mut self, bytes: usize) -> Self {
        self.byte_capacity = bytes;
        self
    }

    /// Sets how long a batch waits for more events after its first: one second unless set. It does not
    /// wait during a flush, or while a push waits for room.
    pub fn linger(mut self, linger: Duration) -> Self {
        self.linger = linger;
        self
    }

    /// Calls `observer` with the outcome of every event, as soon as it is known, like
    /// [`Delivery::on_outcome`]. An observer that panics is not called again, and the report notes it.
    ///
    /// The observer should be quick, because the queue waits for it. It must not hold a [`Queue`]: the queue would
    /// hold itself, and stay open when all other clones are dropped. Give it a [`QueueMeter`](super::QueueMeter)
    /// instead.
    pub fn on_outcome(mut self, observer: impl FnMut(OutcomeGroup<'_>) + Send + 'static) -> Self {
        self.on_outcome = Some(Box::new(observer));
        self
    }

    /// Keeps the events of the queue in a journal: what a push returned for is on the disk.
    ///
    /// - [`Queue::push`] waits until the event is recorded; pushes at the same time share one sync of the disk.
    ///   [`Queue::try_push`] blocks its thread meanwhile.
    /// - What an earlier process left in the journal is sent first, and counted in
    ///   [`resumed`](crate::report::DeliveryReport::resumed).
    /// - What the queue cannot send stays in the journal, as [`Pending`](crate::report::Outcome::Pending), and the next
    ///   queue sends it.
    /// - A push that the journal cannot record is refused with
    ///   [`PushErrorKind::NotRecorded`](super::PushErrorKind::NotRecorded), and nothing of it is sent.
    ///
    /// Otherwise it is the same as [`Delivery::journal`].
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
    /// # let folder = std::env::temp_dir().join(format!("queue-journal-{}", std::process::id()));
    /// # let _ = std::fs::remove_dir_all(&folder);
    /// # let client = Client::builder("1".parse()?, "token".parse()?)
    /// #     .transport(RecordingTransport::new())
    /// #     .build()?;
    /// # let customer = UserData::builder().email("mary@example.com").build()?;
    /// # let sale = Event::builder(SystemClock.now(), customer).name("Subscribe".parse()?).build()?;
    /// let journal = client.journal(&folder)?;
    /// let queue = client.queue().journal(&journal).start()?;
    /// queue.push(sale).await?; // now it is on the disk
    /// let report = queue.close(Duration::from_secs(30)).await;
    /// assert_eq!(report.events().accepted, 1);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "journal")]
    pub fn journal(mut self, journal: &crate::journal::Journal) -> Self {
        self.records = Records::Planned(journal.clone());
        self
    }

    /// Starts the queue on the current tokio runtime. The runtime needs its timer enabled, unless the
    /// client's clock is the application's own.
    ///
    /// # Errors
    ///
    /// [`InvalidQueue`] for a capacity of zero or beyond its maximum, outside a tokio runtime, and for a journal that
    /// another delivery sends from, or that belongs to another dataset.
    pub fn start(self) -> Result<Queue, InvalidQueue> {
        within("capacity in events", self.capacity)?;
        within("capacity in bytes", self.byte_capacity)?;
        let runtime = Runtime::try_current().map_err(|_| InvalidQueue::NoRuntime)?;
        let Self { settings, capacity, byte_capacity, linger, on_outcome, records } = self;
        let records = records.open(&settings).map_err(InvalidQueue::Journal)?;
        let shared = Arc::new(Shared::new(&settings, capacity, byte_capacity, records));
        runtime.spawn(run(Arc::clone(&settings), Running(Arc::clone(&shared)), linger, on_outcome));
        Ok(Queue { handle: Arc::new(Handle { shared, settings, runtime }) })
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

/// Why a queue cannot start.
///
/// ```
/// use meta_offline_events::client::{Client, InvalidQueue};
/// # use meta_offline_events::testing::RecordingTransport;
///
/// let client = Client::builder("1".parse()?, "token".parse()?)
/// #   .transport(RecordingTransport::new())
///     .build()?;
/// assert_eq!(client.queue().start().unwrap_err(), InvalidQueue::NoRuntime);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidQueue {
    /// A capacity is zero or too large.
    #[error("the queue's {what} must be 1 to {most}")]
    Limit {
        /// What is limited.
        what: &'static str,
        /// The largest number that can be set.
        most: usize,
    },
    /// There is no tokio runtime here.
    #[error("there is no tokio runtime here: start the queue inside one")]
    NoRuntime,
    /// The journal cannot be used, for this reason.
    #[error("{0}")]
    Journal(StopCause),
}
