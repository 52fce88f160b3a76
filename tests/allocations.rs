//! What bulk work takes of the heap: next to nothing for each event, and no more for many than for few.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../benches/data/mod.rs"]
mod data;

use allocation_counter::{AllocationInfo, measure};
#[cfg(feature = "html")]
use meta_offline_events::customer::UserData;
use meta_offline_events::customer::{CleaningOptions, MatchKey};
#[cfg(feature = "html")]
use meta_offline_events::order::RowError;
use meta_offline_events::order::{OrderRules, Orders, Prepared, Row, SortedOrders};
#[cfg(feature = "html")]
use meta_offline_events::report::{DeliveryReport, Reason, RunReport, SavedReport, html};
use meta_offline_events::value::EventTime;
#[cfg(feature = "html")]
use meta_offline_events::value::{Currency, Line, OrderId};
use meta_offline_events::wire::{Batcher, RequestFields};

use crate::data::{Clientele, NOW, Shop};

const ORDERS: usize = 10_000;

/// Rows to bodies, none of which is kept.
struct Bodies {
    orders: SortedOrders,
    batcher: Batcher,
}

impl Bodies {
    fn new() -> Self {
        make_tables();
        let orders = SortedOrders::new(OrderRules::new(), EventTime::from_unix(NOW).unwrap());
        Self { orders, batcher: Batcher::new(&RequestFields::new()) }
    }

    fn push(&mut self, row: &Row<'_>) {
        self.orders.push(row).unwrap();
        self.pass_on();
    }

    fn pass_on(&mut self) {
        while let Some(event) = self.orders.next_event() {
            self.batcher.push(event);
        }
        while self.batcher.next_batch().is_some() {}
    }

    fn finish(self) -> Prepared {
        self.orders.finish()
    }
}

/// The table of country names is made once, with the first one that is read: it is no part of what is measured.
fn make_tables() {
    assert!(MatchKey::Country.normalize("United States", &CleaningOptions::default()).is_ok());
}

/// Allocations for the rows of a shop.
fn allocations_of_rows(clientele: Clientele) -> u64 {
    let shop = Shop::open(ORDERS, clientele);
    let rows: Vec<_> = shop.rows().collect();
    let mut bodies = Bodies::new();
    let AllocationInfo { count_total, .. } = measure(|| rows.iter().for_each(|row| bodies.push(row)));
    let rest = bodies.finish();
    assert_eq!((rest.rows.read(), rest.rows.invalid()), (rows.len() as u64, 0));
    count_total
}

/// The same of a file with these rows.
#[cfg(feature = "csv")]
fn allocations_of_a_file(clientele: Clientele) -> u64 {
    use meta_offline_events::order::{RowLayout, csv::CsvRows};

    let file = Shop::open(ORDERS, clientele).csv();
    let mut rows = CsvRows::new(file.as_bytes(), &RowLayout::new()).unwrap();
    let mut bodies = Bodies::new();
    let AllocationInfo { count_total, .. } = measure(|| {
        while let Some(row) = rows.next_row().unwrap() {
            bodies.orders.push_parsed(row).unwrap();
            bodies.pass_on();
        }
    });
    assert_eq!(bodies.finish().rows.invalid(), 0);
    count_total
}

fn assert_few(allocations: u64, per_hundred_events: u64) {
    let limit = ORDERS as u64 * per_hundred_events / 100;
    assert!(allocations <= limit, "{allocations} allocations for {ORDERS} events, above {limit}");
}

#[test]
fn rows_in_ascii_take_a_hundredth_of_an_allocation_an_event() {
    assert_few(allocations_of_rows(Clientele::Strangers), 1);
    assert_few(allocations_of_rows(Clientele::Regulars), 1);
    assert_few(allocations_of_rows(Clientele::WithoutNamesakes), 1);
}

#[test]
fn rows_with_a_fifth_beyond_ascii_take_no_more() {
    assert_few(allocations_of_rows(Clientele::OfAllCountries), 1);
}

#[test]
#[cfg(feature = "csv")]
fn files_take_no_more_than_their_rows() {
    assert_few(allocations_of_a_file(Clientele::Strangers), 1);
    assert_few(allocations_of_a_file(Clientele::OfAllCountries), 1);
}

#[test]
fn memory_is_flat_however_many_rows_come() {
    let shop = Shop::open(122_000, Clientele::Strangers);
    let (mut rows, mut bodies, mut held) = (shop.rows(), Bodies::new(), 0);
    let [few, more, many] = [30_000, 130_000, 140_000].map(|count| {
        let AllocationInfo { bytes_max, bytes_current, .. } = measure(|| {
            for row in rows.by_ref().take(count) {
                bodies.push(&row);
            }
        });
        let peak = held + i64::try_from(bytes_max).unwrap();
        held += bytes_current;
        peak
    });
    assert_eq!(bodies.finish().rows.read(), 300_000);
    // The ids of the first 7,168 orders are kept, to tell where one that comes back began.
    assert!(many < few + (4 << 20), "{few} bytes after 30,000 rows, {many} after 300,000");
    assert!(many <= more + (64 << 10), "{more} bytes after 160,000 rows, {many} after 300,000");
}

#[test]
fn rows_in_any_order_take_few_bytes_and_few_allocations() {
    let shop = Shop::open(ORDERS, Clientele::Strangers);
    let mut rows: Vec<_> = shop.rows().collect();
    fastrand::Rng::with_seed(1).shuffle(&mut rows);
    let mut orders = Orders::new();
    make_tables();
    let gathered = measure(|| {
        for row in &rows {
            orders.push(row);
        }
    });
    let mut prepared = None;
    let held = gathered.bytes_current.unsigned_abs();
    let finished = measure(|| prepared = Some(orders.finish(EventTime::from_unix(NOW).unwrap())));
    assert_eq!(prepared.unwrap().events.len(), ORDERS);
    let peak = gathered.bytes_max.max(held + finished.bytes_max);
    let allocations = gathered.count_total + finished.count_total;
    let [held, peak] = [held, peak].map(|bytes| bytes / rows.len() as u64);
    assert!(held <= 450 && peak <= 450, "{held} bytes a row, {peak} at the peak");
    assert_few(allocations, 303);
}

/// Bytes that come over and over.
#[cfg(feature = "csv")]
struct Repeated<'b> {
    bytes: &'b [u8],
    at: usize,
}

#[cfg(feature = "csv")]
impl std::io::Read for Repeated<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let rest = &self.bytes[self.at..];
        let count = rest.len().min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        self.at = (self.at + count) % self.bytes.len();
        Ok(count)
    }
}

/// The most bytes that reading a file of so many rows holds, whatever becomes of the rows.
#[cfg(feature = "csv")]
fn held_by_a_file(rows: u64) -> u64 {
    use std::io::Read;

    use meta_offline_events::order::{RowLayout, csv::CsvRows};

    let header = b"order_id,email,timestamp,product_id,quantity,price,currency\n";
    let row = b"A1,mary@example.com,1777896000,SKU-1,1,10.50,EUR\n";
    let file = header.chain(Repeated { bytes: row, at: 0 }.take(row.len() as u64 * rows));
    let info = measure(|| {
        let mut file = CsvRows::new(file, &RowLayout::new()).unwrap().expect_rows(rows);
        while file.next_row().unwrap().is_some() {}
        assert_eq!(file.line(), rows + 1);
    });
    info.bytes_max
}

#[test]
#[cfg(feature = "csv")]
fn c22_a_file_of_any_length_is_read_in_the_same_few_bytes() {
    let few = held_by_a_file(10_000);
    assert!(few < 256 << 10, "{few} bytes: a block of the file and its header are less");
    assert_eq!(held_by_a_file(200_000), few);
}

/// A report on orders of ten rows each, of which one cannot be read and holds back the others: one diagnostic an order.
#[cfg(feature = "html")]
fn report_on(orders: u64) -> DeliveryReport {
    let sold = EventTime::from_unix(NOW - 3600).unwrap();
    let mut rows = SortedOrders::new(OrderRules::new(), EventTime::from_unix(NOW).unwrap());
    for order in 0..orders {
        let id: OrderId = format!("{order:08}").parse().unwrap();
        for item in 0..10 {
            let line = Line::new(order * 10 + item + 2);
            if item == 0 {
                let message = format!("record {order} has no end");
                rows.reject(RowError::unreadable(line, "no_end", message).of_order(id.clone())).unwrap();
                continue;
            }
            let mary = UserData::builder().email("mary@example.com");
            let row = Row::new(line, sold).order_id(id.clone()).customer(mary);
            rows.push(&row.quantity(1).price("5".parse().unwrap()).currency(Currency::EUR)).unwrap();
        }
        assert!(rows.next_event().is_none());
    }
    DeliveryReport::default().with_rows(rows.finish().rows)
}

/// What writing a report, reading it back and making its page takes of the heap at most, each.
#[cfg(feature = "html")]
fn memory_of_reports(orders: u64) -> [u64; 3] {
    let report = report_on(orders);
    assert_eq!(report.rows().read, orders * 10);
    assert!(report.diagnostics().len() as u64 > orders);
    let written = measure(|| serde_json::to_writer(std::io::sink(), &RunReport::new(&report)).unwrap());
    let json = serde_json::to_vec(&report).unwrap();
    let mut saved = None;
    let read = measure(|| saved = Some(SavedReport::read(&*json).unwrap()));
    let saved = saved.unwrap();
    assert_eq!(saved.reasons().iter().map(Reason::rows).sum::<u64>(), orders * 10);
    let page = measure(|| assert!(html::page(&saved).len() < html::MAX_LEN));
    [written.bytes_max, read.bytes_max, page.bytes_max]
}

/// With `REPORT_ORDERS=100000` this is a million rows with as many diagnostics as orders.
#[cfg(feature = "html")]
#[test]
fn a_report_is_written_read_and_shown_in_memory_that_does_not_grow_with_its_diagnostics() {
    let few = memory_of_reports(500);
    let orders = std::env::var("REPORT_ORDERS").map_or(5000, |orders| orders.parse().unwrap());
    let many = memory_of_reports(orders);
    for (few, many) in few.into_iter().zip(many) {
        assert!(many < few + 20_000 && many < 1_000_000, "{many} bytes instead of {few}");
    }
}
