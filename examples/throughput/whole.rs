//! One pass over the whole file, from its first byte to its last body.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use meta_offline_events::order::{NotSorted, OrderRules, Orders, RowLayout, SortedOrders, csv::CsvRows};
use meta_offline_events::value::EventTime;
use meta_offline_events::wire::{Batch, Batcher, Batches, RequestFields};

use crate::floor::timed;
use crate::{Failure, in_file, open, say};

/// How many events are taken together, as the documentation of [`SortedOrders::ready_events`] advises.
pub(crate) const AT_ONCE: usize = 12;

/// Whether the rows of a file are sorted by order id. It decides how they can be grouped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sorting {
    Sorted,
    Unsorted,
}

/// What the file gave.
#[derive(Default)]
pub(crate) struct Run {
    pub(crate) rows: u64,
    pub(crate) events: u64,
    pub(crate) bytes: u64,
}

impl Run {
    fn count(&mut self, batch: &Batch) {
        self.events += batch.events().len() as u64;
        self.bytes += batch.body().len() as u64;
    }
}

/// Streams the file, or groups its rows in memory if they are not sorted. Returns how long that took.
pub(crate) fn pass(file: &Path, now: EventTime) -> Result<(Sorting, Run, Duration), Failure> {
    let (streamed, time) = timed(|| stream(file, now));
    match streamed? {
        Ok(run) => Ok((Sorting::Sorted, run, time)),
        Err(error) => {
            say(&format!("{error}; grouping the rows in memory instead"));
            let (grouped, time) = timed(|| group(file, now));
            Ok((Sorting::Unsorted, grouped?, time))
        }
    }
}

fn stream(file: &Path, now: EventTime) -> Result<Result<Run, NotSorted>, Failure> {
    let mut rows = read(file)?;
    let mut orders = SortedOrders::new(OrderRules::new(), now);
    let mut batcher = Batcher::new(&RequestFields::new());
    let mut run = Run::default();
    while let Some(row) = rows.next_row().map_err(|error| in_file(file, &error))? {
        if let Err(error) = orders.push_parsed(row) {
            return Ok(Err(error));
        }
        if orders.ready_events() >= AT_ONCE {
            while let Some(event) = orders.next_event() {
                batcher.push(event);
            }
        }
        while let Some(batch) = batcher.next_batch() {
            run.count(&batch);
        }
    }
    let rest = orders.finish();
    rest.events.iter().for_each(|event| batcher.push(event));
    batcher.finish().iter().for_each(|batch| run.count(batch));
    run.rows = rest.rows.read();
    Ok(Ok(run))
}

fn group(file: &Path, now: EventTime) -> Result<Run, Failure> {
    let mut orders = Orders::new();
    let rows = read(file)?.read_into(&mut orders).map_err(|error| in_file(file, &error))?;
    let mut run = Run { rows, ..Run::default() };
    let prepared = orders.finish(now);
    Batches::new(&prepared.events, &RequestFields::new()).for_each(|batch| run.count(&batch));
    Ok(run)
}

fn read(file: &Path) -> Result<CsvRows<File>, Failure> {
    CsvRows::new(open(file)?, &RowLayout::new()).map_err(|error| in_file(file, &error))
}
