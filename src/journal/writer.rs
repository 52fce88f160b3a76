//! The thread that owns the store. What waits while it syncs goes into the next batch together.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::thread::{self, JoinHandle};

use super::batch::{BATCH_BYTES, Batch, Handed};
use super::disk::Disk;
use super::error::{JournalError, JournalErrorKind};
use super::hand_over::HandOver;
use super::record::Place;
use super::state::EntryState;
use super::store::Store;
use crate::value::EventTime;

/// A change that must be durable before its caller hears of it.
pub(super) enum Change {
    HandOver { events: Vec<Handed>, now: EventTime },
    Attempt { places: Vec<Place>, failed: bool, now: EventTime },
    Outcome { places: Vec<Place>, state: EntryState, code: &'static str, now: EventTime },
}

pub(super) type Answer = Result<Vec<HandOver>, JournalError>;

/// What is called with the answer, on the thread of the journal.
pub(super) type Then = Box<dyn FnOnce(Answer) + Send>;

type Call<D> = Box<dyn FnOnce(&mut Store<D>) + Send>;

enum Request<D> {
    Change(Change, Then),
    Call(Call<D>),
}

/// The store behind its thread.
pub(super) struct Writer<D> {
    requests: Option<Sender<Request<D>>>,
    thread: Option<JoinHandle<()>>,
    folder: PathBuf,
}

impl<D: Disk + Send + 'static> Writer<D> {
    pub(super) fn start(store: Store<D>, folder: &Path) -> Result<Self, JournalError> {
        let (requests, received) = channel();
        let thread = thread::Builder::new().name("journal".to_owned()).spawn(move || serve(store, &received));
        let thread =
            thread.map_err(|cause| JournalError::of_disk(folder, "cannot start its thread", cause))?;
        Ok(Self { requests: Some(requests), thread: Some(thread), folder: folder.to_owned() })
    }

    /// Makes a change, and returns once it is on the disk.
    pub(super) fn change(&self, change: Change) -> Answer {
        self.send(change).recv().unwrap_or_else(|_| Err(self.closed()))
    }

    /// Hands a change over without waiting for it.
    pub(super) fn send(&self, change: Change) -> Receiver<Answer> {
        let (answer, receiver) = sync_channel(1);
        let then = move |result| {
            let _ = answer.send(result);
        };
        self.change_then(change, Box::new(then));
        receiver
    }

    /// Hands a change over, and has `then` called with the answer. If the thread is gone, `then` is dropped.
    pub(super) fn change_then(&self, change: Change, then: Then) {
        self.request(Request::Change(change, then));
    }

    /// Calls a function on the store, after all changes before.
    pub(super) fn call<T: Send + 'static>(
        &self,
        function: impl FnOnce(&mut Store<D>) -> T + Send + 'static,
    ) -> Result<T, JournalError> {
        let (answer, receiver) = sync_channel(1);
        self.call_then(move |store| {
            let _ = answer.send(function(store));
        });
        receiver.recv().map_err(|_| self.closed())
    }

    /// Has a function called on the store, after all changes before. If the thread is gone, it is dropped.
    pub(super) fn call_then(&self, function: impl FnOnce(&mut Store<D>) + Send + 'static) {
        self.request(Request::Call(Box::new(function)));
    }

    /// A request that finds no thread drops its sender, so that the receiver hears of it.
    fn request(&self, request: Request<D>) {
        if let Some(requests) = &self.requests {
            let _ = requests.send(request);
        }
    }

    pub(super) fn closed(&self) -> JournalError {
        JournalError::new(JournalErrorKind::Closed, &self.folder)
    }
}

impl<D> Drop for Writer<D> {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve<D: Disk>(mut store: Store<D>, requests: &Receiver<Request<D>>) {
    let mut next = requests.recv().ok();
    while let Some(request) = next.take() {
        match request {
            Request::Call(function) => function(&mut store),
            Request::Change(change, answer) => {
                next = serve_changes(&mut store, (change, answer), requests);
            }
        }
        next = next.or_else(|| requests.recv().ok());
    }
}

/// Serves a change and those that wait behind it with one sync. Returns a request that is none.
fn serve_changes<D: Disk>(
    store: &mut Store<D>,
    first: (Change, Then),
    requests: &Receiver<Request<D>>,
) -> Option<Request<D>> {
    let mut batch = match store.begin() {
        Ok(batch) => batch,
        Err(error) => {
            first.1(Err(error));
            return None;
        }
    };
    let mut answers = Vec::new();
    let mut next = Some(Request::Change(first.0, first.1));
    while let Some(Request::Change(change, answer)) = next.take_if(|next| matches!(next, Request::Change(..)))
    {
        answers.push((answer, add(store, &mut batch, change)));
        if batch.len() < BATCH_BYTES {
            next = requests.try_recv().ok();
        }
    }
    let committed = store.commit(&batch);
    store.reuse(batch);
    for (answer, result) in answers {
        answer(committed.clone().and(result));
    }
    next
}

fn add<D: Disk>(store: &mut Store<D>, batch: &mut Batch, change: Change) -> Answer {
    match change {
        Change::HandOver { events, now } => {
            events.iter().map(|event| store.hand_over(batch, event, now)).collect()
        }
        Change::Attempt { places, failed, now } => {
            store.attempt(batch, &places, failed, now).map(|()| Vec::new())
        }
        Change::Outcome { places, state, code, now } => {
            store.outcome(batch, &places, (state, code), now).map(|()| Vec::new())
        }
    }
}
