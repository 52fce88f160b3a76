//! What bulk work takes of the heap: next to nothing for each event, and no more for many than for few.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../benches/data/mod.rs"]
mod data;

use allocation_counter::{AllocationInfo, measure};
use meta_offline_events::bulk::Bodies;
use meta_offline_events::customer::{CleaningOptions, MatchKey};
use meta_offline_events::order::{OrderRules, Row};
use meta_offline_events::value::EventTime;
use meta_offline_events::wire::RequestFields;

use crate::data::{Clientele, NOW, Shop};

const ORDERS: usize = 10_000;

fn bodies() -> Bodies {
    // The table of country names is made once, with the first one that is read.
    assert!(MatchKey::Country.normalize("United States", &CleaningOptions::default()).is_ok());
    Bodies::new(OrderRules::new(), EventTime::from_unix(NOW).unwrap(), &RequestFields::new())
}

fn pass_on(bodies: &mut Bodies) {
    while let Some(batch) = bodies.next_batch() {
        bodies.reuse(batch);
    }
}

fn push_all(bodies: &mut Bodies, rows: &[Row<'_>]) {
    for row in rows {
        bodies.push(row).unwrap();
        pass_on(bodies);
    }
}

/// Allocations in bulk work with the rows of a shop.
fn allocations_of_rows(clientele: Clientele) -> u64 {
    let shop = Shop::open(ORDERS, clientele);
    let rows: Vec<_> = shop.rows().collect();
    let mut bodies = bodies();
    let AllocationInfo { count_total, .. } = measure(|| push_all(&mut bodies, &rows));
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
    let mut bodies = bodies();
    let AllocationInfo { count_total, .. } = measure(|| {
        while let Some(reading) = rows.next_row().unwrap() {
            bodies.push_parsed(reading).unwrap();
            pass_on(&mut bodies);
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
    let (mut rows, mut bodies, mut held) = (shop.rows(), bodies(), 0);
    let [few, more, many] = [30_000, 130_000, 140_000].map(|count| {
        let AllocationInfo { bytes_max, bytes_current, .. } = measure(|| {
            for row in rows.by_ref().take(count) {
                bodies.push(&row).unwrap();
                pass_on(&mut bodies);
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
