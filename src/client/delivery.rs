//! One run: a source in, a stated number of requests in flight, a report out.

use std::fmt;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::{join, select};
use futures_util::stream::{FuturesUnordered, StreamExt};

use super::batcher::Batcher;
use super::copies::{Copied, Copies, Copying};
use super::dispatch::dispatch;
use super::handover::{Batches, handover};
use super::observers::{Observers, OnOutcome, OutcomeGroup, Progress};
use super::records::Records;
use super::run_state::RunState;
use super::settings::Settings;
use super::source::{EventSource, FromPrepared};
use super::stop::StopHandle;
use super::trace;
use crate::order::Prepared;
use crate::report::{DeliveryReport, Keeping, NotSentCause, StopCause};

/// The delivery of events: a future that sends them and returns the report.
///
/// [`Client::send`] and [`Client::deliver`] create it. It sends nothing before it is awaited. Settings
/// come before the first poll; later they have no effect.
///
/// A delivery whose source and observers are owned is `'static` and `Send`, so that a task can run it:
///
/// ```
/// use meta_offline_events::client::Client;
/// use meta_offline_events::event::Event;
/// # use meta_offline_events::testing::RecordingTransport;
/// use tokio::task::JoinSet;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let client = Client::builder("1".parse()?, "token".parse()?)
/// #     .transport(RecordingTransport::new())
/// #     .build()?;
/// # let shops: [Vec<Event>; 2] = Default::default();
/// let mut deliveries = JoinSet::new();
/// for events in shops {
///     deliveries.spawn(client.send(events));
/// }
/// let reports = deliveries.join_all().await;
/// assert!(reports.iter().all(|report| report.all_accepted()));
/// # Ok(())
/// # }
/// ```
///
/// Dropping the future stops the run at once: see [`Client::send`].
///
/// [`Client::send`]: super::Client::send
/// [`Client::deliver`]: super::Client::deliver
#[must_use = "a delivery sends nothing until it is awaited"]
pub struct Delivery<'d> {
    state: State<'d>,
}

enum State<'d> {
    /// `None` only while the first poll starts the run.
    Planned(Option<Box<Plan<'d>>>),
    Running(Pin<Box<dyn Future<Output = DeliveryReport> + Send + 'd>>),
}

/// What a run needs.
struct Plan<'d> {
    settings: Arc<Settings>,
    source: Box<dyn EventSource + 'd>,
    keeping: Keeping,
    linger: Duration,
    observers: Observers<'d>,
    on_gateway_outcome: Option<OnOutcome<'d>>,
    stop: StopHandle,
    records: Records,
}

impl<'d> Delivery<'d> {
    /// How long a batch waits for more events unless set.
    pub(super) const LINGER: Duration = Duration::from_secs(1);

    /// Of events that are all there.
    pub(super) fn of_prepared(settings: &Arc<Settings>, prepared: Prepared) -> Self {
        Self::new(settings, Box::new(FromPrepared::new(prepared)), Keeping::Everything)
    }

    /// Of a source that may have no end.
    pub(super) fn of_source(settings: &Arc<Settings>, source: impl EventSource + 'd) -> Self {
        Self::new(settings, Box::new(source), Keeping::FailuresOnly)
    }

    fn new(settings: &Arc<Settings>, source: Box<dyn EventSource + 'd>, keeping: Keeping) -> Self {
        let plan = Plan {
            settings: Arc::clone(settings),
            source,
            keeping,
            linger: Self::LINGER,
            observers: Observers::default(),
            on_gateway_outcome: None,
            stop: StopHandle::new(),
            records: Records::default(),
        };
        Self { state: State::Planned(Some(Box::new(plan))) }
    }

    /// Of a source that is filled meanwhile, by a feeder that answers for all of it.
    #[cfg(feature = "queue")]
    pub(super) fn of_fed(
        settings: &Arc<Settings>,
        source: impl EventSource + 'd,
        feeder: &'d dyn super::source::Feeder,
        records: Records,
    ) -> Self {
        Self::of_source(settings, source).with(|plan| {
            plan.observers.feeder = Some(feeder);
            plan.records = records;
        })
    }

    fn with(mut self, change: impl FnOnce(&mut Plan<'d>)) -> Self {
        if let State::Planned(Some(plan)) = &mut self.state {
            change(plan);
        }
        self
    }

    /// Sets how long a batch waits for more events when the source has none ready: one second unless
    /// set. The wait begins with the first event of the batch. While as many requests are in flight as may be, the batch
    /// goes on filling up.
    ///
    /// ```
    /// use std::time::Duration;
    /// # use meta_offline_events::client::Client;
    /// # use meta_offline_events::event::Event;
    /// # use meta_offline_events::testing::RecordingTransport;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let client = Client::builder("1".parse()?, "token".parse()?)
    /// #     .transport(RecordingTransport::new())
    /// #     .build()?;
    /// # let source = Vec::<Event>::new().into_iter();
    /// let report = client.deliver(source).linger(Duration::from_secs(10)).await;
    /// assert_eq!(report.events().total(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn linger(self, linger: Duration) -> Self {
        self.with(|plan| plan.linger = linger)
    }

    /// Calls `observer` with the progress of the run, whenever events get their outcome, and whenever
    /// requests begin or cease to wait. There is an example at [`Progress`].
    ///
    /// An observer that panics is not called again, and the report notes it.
    pub fn on_progress(self, observer: impl FnMut(Progress) + Send + 'd) -> Self {
        self.with(|plan| plan.observers.progress = Some(Box::new(observer)))
    }

    /// Calls `observer` with the outcome of every event, as soon as it is known: the place to mark sales
    /// as done. There is an example at [`OutcomeGroup`].
    ///
    /// The observer should be quick, because the run waits for it. One that panics is not called again,
    /// and the report notes it.
    pub fn on_outcome(self, observer: impl FnMut(OutcomeGroup<'_>) + Send + 'd) -> Self {
        self.with(|plan| plan.observers.outcome = Some(Box::new(observer)))
    }

    /// As [`on_outcome`](Self::on_outcome), for the events that go to a gateway as well: it gets the outcome that they
    /// have there.
    pub fn on_gateway_outcome(self, observer: impl FnMut(OutcomeGroup<'_>) + Send + 'd) -> Self {
        self.with(|plan| plan.on_gateway_outcome = Some(Box::new(observer)))
    }

    /// Sends through a journal, so that no event is lost when the process ends, and none is sent twice.
    ///
    /// - Every event is on the disk before it leaves, and so is every attempt.
    /// - An event that the journal knows is not sent: it is
    ///   [`AlreadySent`](crate::report::Outcome::AlreadySent) when Meta accepted it before, and
    ///   [`ChangedSinceSent`](NotSentCause::ChangedSinceSent) when it is another one now.
    /// - What an earlier delivery left is sent first, in the bytes in which it was recorded, and counted in
    ///   [`resumed`](DeliveryReport::resumed).
    /// - What this delivery cannot send stays in the journal, as [`Pending`](crate::report::Outcome::Pending).
    /// - Once Meta has accepted events, the delivery deletes what the journal keeps no longer:
    ///   [`clean_up`](crate::journal::Journal::clean_up).
    ///
    /// One delivery at a time sends from a journal. The delivery stops with
    /// [`StopCause::Journal`] when the journal fails, when another delivery sends from it, and when it belongs to
    /// another dataset or endpoint. It does so, too, if the client sends to a gateway beside Meta, because a journal keeps
    /// what became of events at one receiver. [`guide::durability`](crate::guide::durability) says what is promised.
    ///
    /// ```
    /// use meta_offline_events::client::Client;
    /// # use meta_offline_events::client::{Clock, SystemClock};
    /// # use meta_offline_events::customer::UserData;
    /// # use meta_offline_events::event::Event;
    /// # use meta_offline_events::testing::RecordingTransport;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = std::env::temp_dir().join(format!("delivery-journal-{}", std::process::id()));
    /// # let _ = std::fs::remove_dir_all(&folder);
    /// # let client = Client::builder("1".parse()?, "token".parse()?)
    /// #     .transport(RecordingTransport::new())
    /// #     .build()?;
    /// # let customer = UserData::builder().email("mary@example.com").build()?;
    /// # let sale = Event::builder(SystemClock.now(), customer).name("Subscribe".parse()?).build()?;
    /// let journal = client.journal(&folder)?;
    /// let first = client.send(sale.clone()).journal(&journal).await;
    /// let again = client.send(sale).journal(&journal).await;
    /// assert_eq!((first.events().accepted, again.events().already_sent), (1, 1));
    /// assert!(again.all_accepted());
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "journal")]
    pub fn journal(self, journal: &crate::journal::Journal) -> Self {
        self.with(|plan| plan.records = Records::Planned(journal.clone()))
    }

    /// Lets `stop` end the run in order. There is an example at [`StopHandle`].
    pub fn stop_on(self, stop: &StopHandle) -> Self {
        self.with(|plan| plan.stop = stop.clone())
    }
}

impl Future for Delivery<'_> {
    type Output = DeliveryReport;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<DeliveryReport> {
        if let State::Planned(plan) = &mut self.state
            && let Some(plan) = plan.take()
        {
            self.state = State::Running(Box::pin(plan.run()));
        }
        match &mut self.state {
            State::Running(run) => run.as_mut().poll(context),
            State::Planned(_) => Poll::Pending,
        }
    }
}

impl fmt::Debug for Delivery<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_running = matches!(self.state, State::Running(_));
        f.debug_struct("Delivery").field("is_running", &is_running).finish_non_exhaustive()
    }
}

impl Plan<'_> {
    async fn run(self: Box<Self>) -> DeliveryReport {
        let settings = Arc::clone(&self.settings);
        let Settings { in_flight, fields, .. } = &*settings;
        trace::in_delivery(*in_flight, fields.has_test_event_code(), self.run_through()).await
    }

    async fn run_through(self: Box<Self>) -> DeliveryReport {
        let Self { settings, source, keeping, linger, observers, on_gateway_outcome, stop, records } = *self;
        let copies = Arc::<Copies>::default();
        let records = records.open(&settings);
        let run_of = |source, role| Run {
            settings: &settings,
            source,
            keeping,
            linger,
            observers,
            stop: &stop,
            records,
            role,
        };
        let Some(second) = &settings.second else { return run(run_of(source, Role::Alone)).await };
        let source = Box::new(Copying::new(source, second.filter.clone(), &copies));
        let first = run_of(source, Role::WithCopies(&copies));
        let second = Run {
            settings: &second.settings,
            source: Box::new(Copied(Arc::clone(&copies))),
            keeping: if keeping == Keeping::Everything { keeping } else { Keeping::FailuresOfCopies },
            linger,
            observers: Observers { outcome: on_gateway_outcome, ..Observers::default() },
            stop: &stop,
            records: Ok(Records::default()),
            role: Role::OfCopies,
        };
        let (report, of_gateway) = join(run(first), trace::in_gateway(run(second))).await;
        report.with_gateway(of_gateway)
    }
}

/// The delivery to one receiver.
struct Run<'r, 'd> {
    settings: &'r Settings,
    source: Box<dyn EventSource + 'r>,
    keeping: Keeping,
    linger: Duration,
    observers: Observers<'d>,
    stop: &'r StopHandle,
    records: Result<Records, StopCause>,
    role: Role<'r>,
}

/// What a run owes to another one.
enum Role<'r> {
    Alone,
    /// Its source copies events for another run.
    WithCopies(&'r Copies),
    /// It takes the copies: also those that come after it has stopped.
    OfCopies,
}

async fn run(plan: Run<'_, '_>) -> DeliveryReport {
    let Run { settings, source, keeping, linger, observers, stop, records, role } = plan;
    let feeder = observers.feeder;
    let run = RunState::new(settings, keeping, observers, records);
    check_runtime(&run);
    check_token(&run);
    let mut batcher = Batcher::new(source, feeder, linger);
    {
        let (asking, waiting) = handover();
        let workers: FuturesUnordered<_> =
            (0..settings.in_flight).map(|_| work(&run, asking.clone())).collect();
        // The requests come first: the batches are made while they are in flight.
        let sending = join(workers.collect::<()>(), batcher.serve(&run, waiting));
        // First, so that a run that is stopped already begins nothing.
        let ending = join(obey(&run, stop), keep_time(&run));
        select(pin!(ending), pin!(sending)).await;
    }
    let is_ours = keeping == Keeping::Everything || feeder.is_some();
    match (run.halted_by(), role) {
        (Some(cause), Role::OfCopies) => batcher.leave_rest(&run, &cause).await,
        (Some(cause), role) if is_ours => {
            if let Role::WithCopies(copies) = role {
                copies.lift_limit();
            }
            if let Some(feeder) = feeder {
                feeder.shut(&cause);
            }
            let rest = batcher.take_rest(&run).await;
            run.leave(rest, &NotSentCause::Stopped(cause), false);
        }
        _ => {}
    }
    run.record_outcomes().await;
    let is_whole = batcher.is_over() || feeder.is_some();
    let rows = batcher.finish(&run);
    run.close(rows, is_whole)
}

/// Sends batches one after the other until there are no more.
async fn work(run: &RunState<'_>, batches: Batches) {
    while let Some(batch) = batches.next().await {
        trace::in_batch(batch.events.len(), dispatch(run, batch)).await;
    }
}

/// Stops the run at its time limit.
async fn keep_time(run: &RunState<'_>) {
    if let Some(limit) = run.time_left().filter(|_| run.halted_by().is_none()) {
        run.clock().limit(limit).await;
        run.halt(StopCause::RunLimit);
    }
    std::future::pending::<()>().await;
}

/// Stops the run when the program asks for it.
async fn obey(run: &RunState<'_>, stop: &StopHandle) {
    stop.requested().await;
    run.halt(stop.cause().clone());
    stop.time_is_up(run.clock()).await;
    run.cut_off();
    std::future::pending::<()>().await;
}

/// Stops before the start without the runtime that the client's own clock and transport need.
fn check_runtime(run: &RunState<'_>) {
    if !run.settings.connection.runtime_needs.are_met() {
        run.halt(StopCause::NoRuntime);
    }
}

/// Stops before the start when the token is known to have expired, and notes when it soon will.
fn check_token(run: &RunState<'_>) {
    const SOON: i64 = 86_400;
    let Some(expiry) = run.settings.token_expiry else { return };
    let left = expiry.unix() - run.clock().now().unix();
    if left <= 0 {
        run.halt(StopCause::TokenExpired);
    } else if left <= SOON {
        run.note("token_expires", format!("the access token expires in {} minutes", left / 60));
    }
}
