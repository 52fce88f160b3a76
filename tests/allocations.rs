//! What bulk work takes of the heap: next to nothing for each event, and no more for many than for few.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../benches/data/mod.rs"]
mod data;

use allocation_counter::{AllocationInfo, measure};
use meta_offline_events::customer::{CleaningOptions, MatchKey};
use meta_offline_events::order::{OrderRules, Prepared, Row, SortedOrders};
use meta_offline_events::value::{Currency, EventTime};
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
        // The table of country names is made once, with the first one that is read.
        assert!(MatchKey::Country.normalize("United States", &CleaningOptions::default()).is_ok());
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
        while let Some(batch) = self.batcher.next_batch() {
            self.batcher.reuse(batch);
        }
    }

    fn finish(self) -> Prepared {
        self.orders.finish()
    }
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
}

#[test]
fn rows_with_a_fifth_beyond_ascii_take_half_an_allocation_an_event() {
    assert_few(allocations_of_rows(Clientele::OfAllCountries), 50);
}

#[test]
#[cfg(feature = "csv")]
fn files_take_no_more_than_their_rows() {
    assert_few(allocations_of_a_file(Clientele::Strangers), 1);
    assert_few(allocations_of_a_file(Clientele::OfAllCountries), 50);
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

/// Rows of which this share, in percent, keeps its order from being sent as it is: it is too old, has a second
/// customer, breaks a rule, or has a row of another event.
fn unusual_rows<'a>(rows: &[Row<'a>], percent: usize) -> Vec<Row<'a>> {
    let old = EventTime::from_unix(NOW - 70 * 86_400).unwrap();
    let unusual = |(number, row): (usize, &Row<'a>)| match (number % 100 < percent, number % 4) {
        (false, _) => row.clone(),
        (true, 0) => Row::new(row.line(), old).order_id("0000".parse().unwrap()).quantity(-1),
        (true, 1) => row.clone().price("-1".parse().unwrap()),
        (true, 2) => row.clone().currency(Currency::JPY),
        (true, _) => row.clone().name(meta_offline_events::event::EventName::LEAD),
    };
    rows.iter().enumerate().map(unusual).collect()
}

#[test]
fn memory_is_flat_however_many_orders_are_unusual() {
    let shop = Shop::open(40_000, Clientele::Strangers);
    let rows: Vec<_> = shop.rows().collect();
    for percent in [0, 5, 20, 100] {
        let rows = unusual_rows(&rows, percent);
        let mut bodies = Bodies::new();
        let (few, many) = rows.split_at(rows.len() / 10);
        let mut peak = |rows: &[Row<'_>]| {
            let info = measure(|| rows.iter().for_each(|row| bodies.push(row)));
            (info.bytes_max, info.count_total / rows.len() as u64)
        };
        let (of_few, of_many) = (peak(few), peak(many));
        // Each line of a diagnostic takes 16 bytes, and lists double as they grow.
        let lines = 100 * u64::try_from(many.len() * percent / 100).unwrap();
        assert!(of_many.0 <= of_few.0 + lines + (4 << 20), "{percent} %: {of_few:?} {of_many:?}");
        assert!(of_many.1 <= of_few.1 + 1, "{percent} %: {of_few:?} {of_many:?} allocations a row");
    }
}
