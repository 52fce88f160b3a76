//! Progress on standard error: a bar where it is a terminal, otherwise a line every other second of long work.

use std::io::{self, IsTerminal as _, Read as Source, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use meta_offline_events::client::{self, Clock, SystemClock};
use meta_offline_events::report::Wait;
use meta_offline_events::value::EventTime;

use crate::print::{counted, grouped};

/// The bar that is on the terminal at the moment: lines go above it.
static BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// The progress of one piece of work.
pub(crate) struct Progress {
    shown: Shown,
    /// Bytes that were read, and how many there are, as far as known.
    read: Bytes,
}

enum Shown {
    Bar(ProgressBar),
    Lines { last: EventTime },
    Nothing,
}

/// How much was read, counted while it is read.
#[derive(Clone, Default)]
pub(crate) struct Bytes {
    read: Arc<AtomicU64>,
    /// The size of all files, or zero while one has no size.
    all: Arc<AtomicU64>,
}

impl Bytes {
    /// Counts files of these sizes. One without a size, such as a pipe, leaves the whole unknown.
    pub(crate) fn of_files(sizes: impl IntoIterator<Item = Option<u64>>) -> Self {
        let all: Option<u64> = sizes.into_iter().sum();
        Self { all: Arc::new(all.unwrap_or_default().into()), ..Self::default() }
    }

    pub(crate) fn counting<R: Source>(&self, reader: R) -> Counting<R> {
        Counting { reader, read: Arc::clone(&self.read) }
    }

    fn get(&self) -> (u64, Option<u64>) {
        let all = self.all.load(Ordering::Relaxed);
        (self.read.load(Ordering::Relaxed), Some(all).filter(|all| *all > 0))
    }
}

/// A reader whose bytes are counted.
pub(crate) struct Counting<R> {
    reader: R,
    read: Arc<AtomicU64>,
}

impl<R: Source> Source for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.reader.read(buffer)?;
        self.read.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

impl Progress {
    /// Begins to show work on so many events, if their number is known; otherwise the bytes say how much is left.
    pub(crate) fn start(is_quiet: bool, events: Option<u64>, read: Bytes) -> Self {
        let shown = if is_quiet {
            Shown::Nothing
        } else if io::stderr().is_terminal() {
            Shown::Bar(bar(events.or(read.get().1)))
        } else {
            Shown::Lines { last: SystemClock.now() }
        };
        Self { shown, read }
    }

    /// Shows how many rows were read.
    pub(crate) fn rows(&mut self, rows: u64) {
        let (bytes, all) = self.read.get();
        self.show(bytes, || format!("{} read, {}", counted(rows, "row"), of_bytes(bytes, all)));
    }

    /// Shows how many events were made of rows.
    pub(crate) fn made(&mut self, events: u64) {
        let (bytes, all) = self.read.get();
        self.show(bytes, || format!("{}, {}", counted(events, "event"), of_bytes(bytes, all)));
    }

    /// Shows how many events of a stated number have their outcome.
    pub(crate) fn sent(&mut self, now: client::Progress, events: u64) {
        self.show(now.done, || {
            format!("{} of {}, {}", grouped(now.done), counted(events, "event"), requests(&now))
        });
    }

    /// Shows how many events have their outcome while rows are read.
    pub(crate) fn sent_of_stream(&mut self, now: client::Progress) {
        let (bytes, all) = self.read.get();
        self.show(bytes, || {
            format!("{}, {}, {}", counted(now.done, "event"), of_bytes(bytes, all), requests(&now))
        });
    }

    fn show(&mut self, position: u64, what: impl FnOnce() -> String) {
        match &mut self.shown {
            Shown::Bar(bar) => {
                bar.set_position(position);
                bar.set_message(what());
            }
            Shown::Lines { last } => {
                let now = SystemClock.now();
                if now.unix() - last.unix() >= 2 {
                    *last = now;
                    say(&what());
                }
            }
            Shown::Nothing => {}
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Shown::Bar(bar) = &self.shown {
            bar.finish_and_clear();
            BAR.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
    }
}

/// A bar with the time that is left, where the amount of work is known.
fn bar(work: Option<u64>) -> ProgressBar {
    let bar = match work {
        Some(work) => ProgressBar::new(work),
        None => ProgressBar::new_spinner(),
    };
    let template = match work {
        Some(_) => "{bar:24} {percent:>3} %  {msg}, {elapsed} so far, {eta} left",
        None => "{spinner} {msg}, {elapsed} so far",
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message("beginning");
    // Time goes on while the program waits.
    bar.enable_steady_tick(Duration::from_millis(250));
    *BAR.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
    bar
}

/// The requests so far, and what the program waits for.
fn requests(now: &client::Progress) -> String {
    let requests = match now.resumed {
        0 => counted(now.requests, "request"),
        resumed => format!("{} of an earlier run, {}", grouped(resumed), counted(now.requests, "request")),
    };
    match now.waiting {
        None => requests,
        Some(Wait::Pause) => format!("{requests}, pausing for Meta"),
        Some(Wait::Retry) => format!("{requests}, waiting to retry"),
        Some(wait) => format!("{requests}, {wait}"),
    }
}

fn of_bytes(bytes: u64, all: Option<u64>) -> String {
    let megabytes = |bytes: u64| format!("{}.{}", grouped(bytes / 1_000_000), bytes % 1_000_000 / 100_000);
    match all {
        Some(all) => format!("{} of {} MB", megabytes(bytes), megabytes(all)),
        None => format!("{} MB", megabytes(bytes)),
    }
}

/// Writes a line to standard error, above the bar if there is one. The program goes on if nobody reads it.
pub(crate) fn say(text: &str) {
    let write = || {
        let _ = writeln!(io::stderr().lock(), "send_orders: {text}");
    };
    // Not held while writing: a reader that stops reading would hold up the bar.
    let bar = BAR.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match bar {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}
