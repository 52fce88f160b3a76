//! Events of sorted rows that a thread of its own reads.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;

use futures_core::Stream;

use super::sorted_progress::Progress;
use super::source::RowSource;
use super::{Prepared, SortedError, SortedEvents};
use crate::event::Event;
#[cfg(feature = "client")]
use crate::report::RowReport;

/// A [`Stream`] of the events of sorted rows that a thread of its own reads.
///
/// It comes from [`SortedEvents::on_thread`], and is a source for `Client::deliver`. Reading a file or a pipe waits for
/// its data; here it keeps no request waiting, because it happens elsewhere. The thread reads a few hundred events
/// ahead. It ends with its rows, or when the stream is dropped; a read that waits for data ends first.
///
/// ```
/// use futures_util::StreamExt;
/// use meta_offline_events::customer::UserData;
/// use meta_offline_events::order::{OrderRules, Row, SortedError, SortedEvents};
/// use meta_offline_events::value::{Currency, EventTime};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let sold = EventTime::from_unix(1_767_225_600)?;
/// let row = move |line: u64| {
///     let row = Row::new(line, sold).customer(UserData::builder().email("mary@example.com"));
///     Ok::<_, SortedError>(row.value(5.into()).currency(Currency::EUR))
/// };
/// let mut events = SortedEvents::from_rows((1..=3).map(row), OrderRules::new(), sold).on_thread();
/// assert_eq!(events.by_ref().count().await, 3);
/// assert_eq!(events.finish().rows.read(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "streams are lazy"]
pub struct SortedEventThread {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    /// Tells the thread that there is room for more events, or that nobody wants more.
    room: Condvar,
}

struct State {
    orders: Progress,
    /// Who waits for the next event.
    waker: Option<Waker>,
}

/// The most events that wait to be taken.
const MAX_AHEAD: usize = 256;

impl<S: RowSource + Send + 'static> SortedEvents<S> {
    /// Reads the rows on a thread of its own. See [`SortedEventThread`].
    ///
    /// If no thread can be started, that is the error of the source.
    pub fn on_thread(self) -> SortedEventThread {
        let Self { mut rows, orders } = self;
        let shared =
            Arc::new(Shared { state: Mutex::new(State { orders, waker: None }), room: Condvar::new() });
        let of_thread = Reader(Arc::clone(&shared));
        let started = thread::Builder::new().name("rows".to_owned()).spawn(move || of_thread.read(&mut rows));
        if let Err(error) = started {
            shared.lock().orders.fail(SortedError::Source(error.into()));
        }
        SortedEventThread { shared }
    }
}

impl SortedEventThread {
    /// Ends the stream and returns the report on the rows that were read, as [`SortedEvents::finish`] does.
    pub fn finish(self) -> Prepared {
        self.shared.lock().orders.finish()
    }

    /// Ends the stream and takes the report on the rows that were read.
    #[cfg(feature = "client")]
    pub(crate) fn take_rows(&mut self) -> RowReport {
        self.shared.lock().orders.take_rows()
    }
}

impl Stream for SortedEventThread {
    type Item = Result<Event, SortedError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = self.shared.lock();
        if state.orders.wants_row() {
            state.waker = Some(context.waker().clone());
            return Poll::Pending;
        }
        let next = state.orders.next();
        let has_room = state.orders.ready() < MAX_AHEAD / 2;
        drop(state);
        if has_room {
            self.shared.room.notify_one();
        }
        Poll::Ready(next)
    }
}

impl Drop for SortedEventThread {
    fn drop(&mut self) {
        self.shared.lock().orders.give_up();
        self.shared.room.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread's part. When it goes, there are no more rows.
struct Reader(Arc<Shared>);

impl Reader {
    fn read<S: RowSource>(&self, rows: &mut S) {
        while self.has_room() {
            let read = rows.read(|row| self.0.lock().orders.push(row));
            let mut state = self.0.lock();
            state.orders.note(read);
            let waker = if state.orders.wants_row() { None } else { state.waker.take() };
            drop(state);
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    /// Waits for room. Returns whether more rows are wanted.
    fn has_room(&self) -> bool {
        let mut state = self.0.lock();
        while state.orders.ready() >= MAX_AHEAD && !state.orders.has_ended() {
            state = self.0.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        !state.orders.has_ended()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        // A reader that panicked has not come to the end of its rows.
        state.orders.fail(SortedError::Source("reading the rows panicked".into()));
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl fmt::Debug for SortedEventThread {
    /// Shows whether it has ended, and nothing of the rows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has_ended = self.shared.lock().orders.has_ended();
        f.debug_struct("SortedEventThread").field("has_ended", &has_ended).finish_non_exhaustive()
    }
}
