//! One run: a stream in, a stated number of requests in flight, a report out.

use std::fmt;
use std::pin::{Pin, pin};
use std::time::Duration;

use futures_util::future::{join, select};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::Mutex;
use tokio::task::yield_now;

use super::board::{Board, Observers, Progress, Settled};
use super::builder::Settings;
use super::dispatch::dispatch;
use super::intake::{Intake, Seen};
use super::source::Lent;
use super::{EventSource, StopHandle, trace};
use crate::event::Event;
use crate::report::{DeliveryReport, Keeping, NotSentCause, Outcome, StopCause};

/// The delivery of events: awaiting it sends them and gives the report.
///
/// It comes from [`Client::send`] and [`Client::deliver`]. Nothing is sent before it is awaited.
///
/// [`Client::send`]: super::Client::send
/// [`Client::deliver`]: super::Client::deliver
#[must_use = "nothing is sent until it is awaited"]
pub struct Delivery<'d> {
    settings: &'d Settings,
    source: Box<dyn EventSource + 'd>,
    keeping: Keeping,
    linger: Duration,
    observers: Observers<'d>,
    stop: StopHandle,
}

/// Among how many events of a stream repeated ids are found: the last ones.
const IDS_REMEMBERED: usize = 100_000;

impl<'d> Delivery<'d> {
    /// How long a batch of a stream waits to be filled, unless set.
    pub(super) const LINGER: Duration = Duration::from_secs(1);

    /// Of events that are all there.
    pub(super) fn of_all(settings: &'d Settings, events: Vec<Event>) -> Self {
        Self::new(settings, Box::new(events.into_iter()), Keeping::Everything)
    }

    /// Of a stream that stays with the caller.
    pub(super) fn of_stream<S: EventSource>(settings: &'d Settings, source: &'d mut S) -> Self {
        Self::new(settings, Box::new(Lent(source)), Keeping::TroubleOnly)
    }

    fn new(settings: &'d Settings, source: Box<dyn EventSource + 'd>, keeping: Keeping) -> Self {
        let observers = Observers::default();
        Self { settings, source, keeping, linger: Self::LINGER, observers, stop: StopHandle::new() }
    }

    /// Of a stream that is filled meanwhile, by somebody who answers for all of it.
    #[cfg(feature = "queue")]
    pub(super) fn of_fed<S: EventSource>(
        settings: &'d Settings,
        source: &'d mut S,
        feeder: &'d dyn super::source::Feeder,
    ) -> Self {
        let mut delivery = Self::of_stream(settings, source);
        delivery.observers.feeder = Some(feeder);
        delivery
    }

    /// How long a batch waits to be filled once its first event is there, when the stream has nothing
    /// more for now: one second unless set.
    pub fn linger(mut self, linger: Duration) -> Self {
        self.linger = linger;
        self
    }

    /// Tells how far the run is, whenever events get their outcome.
    pub fn on_progress(mut self, observer: impl FnMut(Progress) + Send + 'd) -> Self {
        self.observers.progress = Some(Box::new(observer));
        self
    }

    /// Tells the outcome of every event when it is known: what a program keeps that records the end
    /// of each sale. It should be quick: nothing else goes on meanwhile.
    pub fn on_outcome(mut self, observer: impl FnMut(Settled<'_>) + Send + 'd) -> Self {
        self.observers.settled = Some(Box::new(observer));
        self
    }

    /// Ends the run in order when it is asked.
    pub fn stop_on(mut self, stop: &StopHandle) -> Self {
        self.stop = stop.clone();
        self
    }

    async fn run(self) -> DeliveryReport {
        let Settings { in_flight, fields, .. } = self.settings;
        trace::in_delivery(*in_flight, fields.has_test_event_code(), self.run_through()).await
    }

    async fn run_through(self) -> DeliveryReport {
        let Self { settings, source, keeping, linger, observers, stop } = self;
        let feeder = observers.feeder;
        let board = Board::new(settings, keeping, observers);
        check_token(&board);
        let seen = match keeping {
            Keeping::Everything => Seen::all(),
            Keeping::TroubleOnly => Seen::last(IDS_REMEMBERED),
        };
        let intake = Mutex::new(Intake::new(source, feeder, linger, seen));
        {
            let workers: FuturesUnordered<_> =
                (0..settings.in_flight).map(|_| work(&board, &intake)).collect();
            // First, so that a run that is stopped already begins nothing.
            let ending = join(obey(&board, &stop), keep_time(&board));
            select(pin!(ending), pin!(workers.collect::<()>())).await;
        }
        let is_ours = keeping == Keeping::Everything || feeder.is_some();
        if let (true, Some(cause)) = (is_ours, board.halted_by()) {
            if let Some(feeder) = feeder {
                feeder.shut(&cause);
            }
            let rest = intake.into_inner().take_rest(&board);
            board.settle(rest, &Outcome::NotSent(NotSentCause::Stopped(cause)));
        }
        board.close()
    }
}

impl<'d> IntoFuture for Delivery<'d> {
    type Output = DeliveryReport;
    type IntoFuture = Pin<Box<dyn Future<Output = DeliveryReport> + Send + 'd>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for Delivery<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery").field("linger", &self.linger).finish_non_exhaustive()
    }
}

/// Takes batches one after the other until there are no more.
async fn work(board: &Board<'_>, intake: &Mutex<Intake<'_>>) {
    loop {
        let mut intake = intake.lock().await;
        let Some(batch) = intake.next(board).await else { return };
        // Requests that are ready leave before another worker makes the next batch.
        yield_now().await;
        drop(intake);
        trace::in_batch(batch.len(), dispatch(board, batch)).await;
    }
}

/// Stops the run at its limit of time.
async fn keep_time(board: &Board<'_>) {
    if let Some(limit) = board.time_left() {
        board.clock().limit(limit).await;
        board.halt(StopCause::RunLimit);
    }
    std::future::pending::<()>().await;
}

/// Stops the run when the program asks for it.
async fn obey(board: &Board<'_>, stop: &StopHandle) {
    stop.asked().await;
    board.halt(StopCause::Cancelled);
    stop.is_over(board.clock()).await;
    board.cut_off();
    std::future::pending::<()>().await;
}

/// Stops before the start when the token has expired as far as is known, and says when it soon will.
fn check_token(board: &Board<'_>) {
    const SOON: i64 = 86_400;
    let Some(expiry) = board.settings.token_expiry else { return };
    let left = expiry.unix() - board.clock().now().unix();
    if left <= 0 {
        board.halt(StopCause::TokenExpired);
    } else if left <= SOON {
        board.note("token_expires", format!("the access token expires in {} minutes", left / 60));
    }
}
