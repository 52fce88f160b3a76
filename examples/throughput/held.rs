//! The first rows of a file in memory, and how long it takes to make bodies of them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hint::black_box;
use std::path::Path;

use csv::{ByteRecord, ReaderBuilder};
use meta_offline_events::customer::MatchKey;
use meta_offline_events::order::{
    BoundLayout, Column, OrderRules, ParsedRow, Row, RowLayout, RowSlice, SortedOrders,
};
use meta_offline_events::value::{EventTime, Line};
use meta_offline_events::wire::{Batch, BatchLimits, Batcher, RequestFields};

use crate::floor::{Floor, minima};
use crate::whole::{AT_ONCE, Sorting};
use crate::{Failure, in_file, open};

/// The most rows that are kept in memory.
const MAX_ROWS: usize = 1_000_000;

/// The columns whose values are hashed.
const HASHED: [(Column, MatchKey); 11] = [
    (Column::Email, MatchKey::Email),
    (Column::Phone, MatchKey::Phone),
    (Column::GivenName, MatchKey::FirstName),
    (Column::Surname, MatchKey::LastName),
    (Column::Birthdate, MatchKey::BirthDate),
    (Column::Gender, MatchKey::Gender),
    (Column::City, MatchKey::City),
    (Column::State, MatchKey::State),
    (Column::Postal, MatchKey::PostalCode),
    (Column::Country, MatchKey::Country),
    (Column::ExternalId, MatchKey::ExternalId),
];

/// The records of a file as one text.
pub(crate) struct Held {
    layout: BoundLayout,
    text: String,
    /// The end of each field, record by record.
    ends: Vec<usize>,
}

/// One record of a [`Held`].
#[derive(Clone, Copy)]
struct Fields<'h> {
    held: &'h Held,
    first: usize,
}

impl<'h> Fields<'h> {
    fn field(self, position: usize) -> &'h str {
        let place = self.first + position;
        let start = if place == 0 { 0 } else { self.held.ends[place - 1] };
        &self.held.text[start..self.held.ends[place]]
    }

    fn column(self, column: Column) -> &'h str {
        self.held.layout.position(column).map_or("", |position| self.field(position))
    }
}

impl Held {
    /// Reads records of the right width, up to the limit. An order that would continue beyond the limit is left out.
    pub(crate) fn read(file: &Path) -> Result<Self, Failure> {
        let in_file = |error: &dyn std::error::Error| in_file(file, error);
        let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(open(file)?);
        let mut record = ByteRecord::new();
        reader.read_byte_record(&mut record).map_err(|error| in_file(&error))?;
        let header: Vec<_> = record.iter().map(String::from_utf8_lossy).collect();
        let layout = RowLayout::new().bind(&header).map_err(|error| in_file(&error))?;
        let mut held = Self { layout, text: String::new(), ends: Vec::new() };
        while reader.read_byte_record(&mut record).map_err(|error| in_file(&error))? {
            let fields: Result<Vec<_>, _> = record.iter().map(str::from_utf8).collect();
            let Ok(fields) = fields else { continue };
            if fields.len() != held.width() {
                continue;
            }
            for field in fields {
                held.text.push_str(field);
                held.ends.push(held.text.len());
            }
            if held.count() > MAX_ROWS {
                held.cut();
                break;
            }
        }
        Ok(held)
    }

    fn width(&self) -> usize {
        self.layout.width()
    }

    fn count(&self) -> usize {
        self.ends.len() / self.width()
    }

    /// Drops the last record and all other records at the end that belong to its order.
    fn cut(&mut self) {
        let order = |record: usize| self.record(record).column(Column::OrderId);
        let mut count = self.count() - 1;
        let last = order(count);
        while count > 0 && !last.is_empty() && order(count - 1) == last {
            count -= 1;
        }
        self.ends.truncate(count * self.width());
    }

    fn record(&self, number: usize) -> Fields<'_> {
        Fields { held: self, first: number * self.width() }
    }

    /// Returns the records that are rows, and the rows.
    fn rows<'h>(&'h self) -> (Vec<Fields<'h>>, Vec<Row<'h>>) {
        let row = |(line, record): (u64, Fields<'h>)| match self
            .layout
            .read(Line::new(line), |position| record.field(position))
        {
            ParsedRow::Row(row) => Some((record, row)),
            ParsedRow::Return(_) | ParsedRow::Invalid(_) => None,
        };
        let records = (0..self.count()).map(|number| self.record(number));
        (2..).zip(records).filter_map(row).unzip()
    }

    /// Returns how many times longer it takes to make bodies of the rows than only to hash their customers' values.
    pub(crate) fn ratio(
        &self,
        sorting: Sorting,
        now: EventTime,
        rounds: usize,
    ) -> Result<Option<f64>, Failure> {
        let (records, rows) = self.rows();
        let floor = floor_of(&records);
        let bodies = || to_bodies(&rows, sorting, now);
        if bodies()? == 0 {
            return Ok(None);
        }
        let mut contenders: [Box<dyn FnMut()>; 2] =
            [Box::new(|| floor.hash()), Box::new(|| drop(black_box(bodies())))];
        let fastest = minima(rounds, &mut contenders);
        Ok(Some(fastest[1].as_secs_f64() / fastest[0].as_secs_f64()))
    }
}

/// Returns the values of the customers that have to be hashed, once for each order.
fn floor_of(records: &[Fields<'_>]) -> Floor {
    let mut customers: Vec<Vec<(MatchKey, &str)>> = Vec::new();
    let mut by_order = HashMap::new();
    for record in records {
        let next = customers.len();
        let place = match record.column(Column::OrderId) {
            "" => next,
            order => match by_order.entry(order) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(new) => *new.insert(next),
            },
        };
        if place == next {
            customers.push(Vec::with_capacity(HASHED.len()));
        }
        for (column, key) in HASHED {
            let value = (key, record.column(column));
            if !customers[place].contains(&value) {
                customers[place].push(value);
            }
        }
    }
    let mut floor = Floor::default();
    for customer in &customers {
        floor.add(customer);
    }
    floor
}

/// Makes the bodies and returns how many events they have.
fn to_bodies(rows: &[Row<'_>], sorting: Sorting, now: EventTime) -> Result<usize, Failure> {
    let fields = RequestFields::new();
    let mut events = 0;
    let mut count = |batch: &Batch| events += black_box(batch).events().len();
    match sorting {
        Sorting::Unsorted => {
            let limits = BatchLimits::default();
            drop(RowSlice::new(rows).batches(now, &fields, limits, |batch| count(&batch))?);
        }
        Sorting::Sorted => {
            let mut orders = SortedOrders::new(OrderRules::new(), now);
            let mut batcher = Batcher::new(&fields);
            for row in rows {
                orders.push(row)?;
                if orders.ready_events() >= AT_ONCE {
                    while let Some(event) = orders.next_event() {
                        batcher.push(event);
                    }
                }
                while let Some(batch) = batcher.next_batch() {
                    count(&batch);
                }
            }
            orders.finish().events.iter().for_each(|event| batcher.push(event));
            batcher.finish().iter().for_each(count);
        }
    }
    Ok(events)
}
