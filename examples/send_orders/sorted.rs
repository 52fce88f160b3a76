//! Rows that are sorted by order id: their orders are sent, or written, while they are read.

use std::error::Error as _;
use std::io::{Read as Source, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::vec;

use futures_util::StreamExt;
use meta_offline_events::client::{Clock, EventSource, SourceError, SystemClock};
use meta_offline_events::event::Event;
use meta_offline_events::order::csv::CsvRows;
use meta_offline_events::order::{SortedError, SortedEventThread, SortedEvents};
use meta_offline_events::report::{DeliveryReport, RowReport};
use meta_offline_events::value::EventTime;
use meta_offline_events::wire::{Batch, Batcher, RequestFields};

use crate::arguments::{Input, Job, Reading};
use crate::destination::Destination;
use crate::output::{self, PrivateFile};
use crate::print::{Halt, Summary};
use crate::progress::{Bytes, Counting, Progress};
use crate::read::{self, FileFacts, FileOnDisk, with_causes};
use crate::signals::Signals;
use crate::{FAILED, Failure};

/// Sends each order as soon as it is complete.
pub(crate) async fn send(job: Job, destination: &Destination, signals: &Signals) -> Summary {
    let is_quiet = job.outputs.is_quiet;
    let mut orders = SortedFiles::open(job, SystemClock.now());
    let mut progress = Progress::start(is_quiet, None, orders.bytes.clone());
    let delivery = destination.through_journal(destination.client.deliver(orders.by_mut()));
    let delivery = delivery.on_progress(|now| progress.sent_of_stream(now));
    let report = delivery.stop_on(signals.stop()).await;
    drop(progress);
    let sent = destination.sent(&report);
    let has_sent = report.requests().made > 0;
    let has_journal = destination.journal.is_some();
    Summary { has_journal, ..orders.summary(|_| report, sent, has_sent) }
}

/// Writes the request bodies to a file, and sends nothing.
pub(crate) async fn write(
    job: Job,
    bodies: &Path,
    mut bodies_file: PrivateFile,
    now: EventTime,
    fields: &RequestFields,
    signals: &Signals,
) -> Result<Summary, Failure> {
    let is_quiet = job.outputs.is_quiet;
    let mut orders = SortedFiles::open(job, now);
    let mut progress = Progress::start(is_quiet, None, orders.bytes.clone());
    let mut batcher = Batcher::new(fields);
    let mut report = DeliveryReport::default();
    let mut requests = 0;
    let mut write = |batch: &Batch| {
        requests += 1;
        let file = bodies_file.writer();
        file.write_all(batch.body())?;
        file.write_all(b"\n")
    };
    let mut written = Ok(());
    while let Some(event) = signals.end_of(orders.events.next()).await? {
        signals.check()?;
        match event {
            Ok(event) => {
                batcher.push(&event);
                report.add_pending(&event);
            }
            Err(error) => orders.halt = Some(orders.halted_by(&error)),
        }
        while let Some(batch) = batcher.next_batch() {
            written = written.and_then(|()| write(&batch));
        }
        progress.made(report.events().pending);
    }
    drop(progress);
    for batch in batcher.finish() {
        written = written.and_then(|()| write(&batch));
    }
    if let Err(failure) = bodies_file.finish(|_| written) {
        orders.halt = Some(Halt { status: FAILED, why: failure.to_string(), has_sent: false });
    }
    let sent = output::written(bodies, requests);
    let has_written = requests > 0;
    Ok(orders.summary(|rows| report.with_rows(rows), sent, has_written))
}

/// The orders of files that are sorted.
struct SortedFiles {
    events: SortedEventThread,
    now: EventTime,
    bytes: Bytes,
    /// The facts of the files that were opened so far.
    facts: Arc<Mutex<Vec<FileFacts>>>,
    /// Why the rows ended before the end of the files, if they did.
    halt: Option<Halt>,
}

impl SortedFiles {
    fn open(job: Job, now: EventTime) -> Self {
        let files = job.inputs.len();
        let rules = job.reading.rules();
        let rules = if files > 1 { rules.overlapping_sources() } else { rules };
        let facts = Arc::new(Mutex::new(Vec::new()));
        let bytes = Bytes::of_files(job.inputs.iter().map(Input::size));
        let sources = Files {
            inputs: job.inputs.into_iter(),
            files,
            reading: job.reading,
            on_disk: Vec::new(),
            bytes: bytes.clone(),
            facts: Arc::clone(&facts),
        };
        let events = SortedEvents::from_sources(sources, rules, now).on_thread();
        Self { events, now, bytes, facts, halt: None }
    }

    /// Says where and why the rows ended.
    fn halted_by(&self, error: &SortedError) -> Halt {
        let facts = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
        let why = match (error, facts.last()) {
            (SortedError::MostlyInvalid(why), _) => return Halt::mostly_invalid(why),
            // It names the file itself.
            (SortedError::Source(_), _) | (_, None) => with_causes(error),
            (_, Some(file)) => format!("{}: {}", file.name, with_causes(error)),
        };
        Halt { status: FAILED, why, has_sent: false }
    }

    fn summary(
        self,
        report: impl FnOnce(RowReport) -> DeliveryReport,
        sent: String,
        has_sent: bool,
    ) -> Summary {
        let prepared = self.events.finish();
        let files = std::mem::take(&mut *self.facts.lock().unwrap_or_else(PoisonError::into_inner));
        let halt = self.halt.map(|halt| Halt { has_sent, ..halt });
        let (report, coverage) = (report(prepared.rows), prepared.coverage);
        Summary { files, now: self.now, report, coverage, sent, halt, has_journal: false }
    }
}

impl EventSource for SortedFiles {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Event, SourceError>>> {
        let next = EventSource::poll_next(&mut self.events, context);
        next.map_err(|error| {
            let sorted = error.source().and_then(|cause| cause.downcast_ref());
            self.halt = sorted.map(|sorted| self.halted_by(sorted));
            self.halt.as_ref().map_or(error, |halt| SourceError::new(&*halt.why))
        })
    }

    fn take_rows(&mut self) -> RowReport {
        self.events.take_rows()
    }
}

/// Opens one file after another. An error names its file.
struct Files {
    inputs: vec::IntoIter<Input>,
    files: usize,
    reading: Reading,
    on_disk: Vec<FileOnDisk>,
    bytes: Bytes,
    facts: Arc<Mutex<Vec<FileFacts>>>,
}

impl Iterator for Files {
    type Item = Result<CsvRows<Counting<Box<dyn Source + Send>>>, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(Err(changed)) = self.on_disk.pop().map(|read| read.check_unchanged()) {
            return Some(Err(changed));
        }
        let index = self.files - self.inputs.len();
        let input = self.inputs.next()?;
        let opened = self.open(&input, index);
        Some(opened.map_err(|error| format!("{}: {}", input.name(), with_causes(error.as_ref())).into()))
    }
}

impl Files {
    fn open(
        &mut self,
        input: &Input,
        index: usize,
    ) -> Result<CsvRows<Counting<Box<dyn Source + Send>>>, Failure> {
        let mut facts = FileFacts::new(input.name());
        let rows = self.reading.open(
            self.bytes.counting(read::open(input, &mut self.on_disk)?),
            index,
            self.files,
        )?;
        facts.ignored_columns = rows.ignored_columns().into_iter().map(str::to_owned).collect();
        self.facts.lock().unwrap_or_else(PoisonError::into_inner).push(facts);
        Ok(rows)
    }
}
