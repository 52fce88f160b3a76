//! What orders that leave the common case take of the heap: no more a row, however many come.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../benches/unusual/mod.rs"]
mod unusual;

use allocation_counter::{AllocationInfo, measure};
use meta_offline_events::order::{OrderRules, Orders, Prepared, Row, RowSlice, SortedOrders};
use meta_offline_events::report::{Diagnostic, RowReport};
use meta_offline_events::value::{EventTime, Line};

use crate::unusual::{Kind, Mix, NOW, ROWS};

/// Few orders, and eight times as many: lists and tables that double are as full with the one as with the other.
const ORDERS: [usize; 2] = [500, 4000];

/// The shares of unusual orders, in percent.
const SHARES: [usize; 4] = [0, 5, 20, 100];

/// The most allocations that a row of any kind takes. A row without an order id takes most, because its event id is
/// made of everything in it.
const MAX_ALLOCATIONS: usize = 11;

fn now() -> EventTime {
    EventTime::from_unix(NOW).unwrap()
}

fn sorted(rows: &[Row<'_>]) -> Prepared {
    let mut orders = SortedOrders::new(OrderRules::new(), now());
    for row in rows {
        orders.push(row).unwrap();
        while orders.next_event().is_some() {}
    }
    orders.finish()
}

fn in_any_order(rows: &[Row<'_>]) -> Prepared {
    let mut orders = Orders::new();
    for row in rows {
        orders.push(row);
    }
    orders.finish(now())
}

fn as_a_slice(rows: &[Row<'_>]) -> Prepared {
    RowSlice::new(rows).prepare(now()).unwrap()
}

/// Groups rows of so many orders. Returns the allocations and the most bytes held.
fn cost(orders: usize, kind: Kind, share: usize, group: fn(&[Row<'_>]) -> Prepared) -> AllocationInfo {
    let mix = Mix::new(orders, kind, share);
    let rows: Vec<_> = mix.rows().collect();
    let mut prepared = None;
    let info = measure(|| prepared = Some(group(&rows)));
    assert_eq!(prepared.unwrap().rows.read(), rows.len() as u64);
    info
}

/// Compares the cost of a row among few with that among many.
fn assert_linear(group: fn(&[Row<'_>]) -> Prepared) {
    // What is made once in a process is made here.
    let _ = cost(10, Kind::MadeUp, 100, group);
    for share in SHARES {
        for kind in Kind::ALL {
            let [few, many] = ORDERS.map(|orders| cost(orders, kind, share, group));
            let times = (ORDERS[1] / ORDERS[0]) as u64;
            let what = format!("{kind:?}, {share} %");
            assert!(many.count_total <= times * few.count_total, "{what}: {few:?} {many:?}");
            let limit = ((MAX_ALLOCATIONS * ROWS + 1) * ORDERS[1]) as u64;
            assert!(many.count_total <= limit, "{what}: {many:?}");
            // Tables are not filled to the same share.
            assert!(many.bytes_max <= times * few.bytes_max * 21 / 20, "{what}: {few:?} {many:?}");
        }
    }
}

#[test]
fn sorted_rows_of_every_kind_cost_the_same_a_row_among_few_and_among_many() {
    assert_linear(sorted);
}

#[test]
fn rows_of_every_kind_in_any_order_cost_the_same_a_row_among_few_and_among_many() {
    assert_linear(in_any_order);
}

#[test]
fn rows_of_every_kind_in_a_slice_cost_the_same_a_row_among_few_and_among_many() {
    assert_linear(as_a_slice);
}

/// The lines that a report names.
fn lines_named(report: &RowReport) -> usize {
    let of = |diagnostic: &Diagnostic| diagnostic.lines().len() + diagnostic.blamed_lines().len();
    report.diagnostics().iter().chain(report.notes()).map(of).sum()
}

/// The most bytes that the shared e-mail addresses take: 14,336 that are not counted yet and 7,168 counts, however many
/// customers come.
const VALUES_AND_COUNTS: u64 = 300_000;

/// The bytes that sorted rows of this kind hold before they are finished, and the report.
fn held(mix: &Mix) -> (u64, RowReport) {
    let rows: Vec<_> = mix.rows().collect();
    let mut orders = SortedOrders::new(OrderRules::new(), now());
    let held = measure(|| {
        for row in &rows {
            orders.push(row).unwrap();
            while orders.next_event().is_some() {}
        }
    });
    (held.bytes_current.unsigned_abs(), orders.finish().rows)
}

#[test]
fn beside_the_lines_of_its_report_a_sorted_run_holds_the_same_for_every_kind() {
    // The ids of the first 7,168 orders are kept, to tell where one that comes back began.
    const ORDERS: usize = 8000;
    let (usual, report) = held(&Mix::new(ORDERS, Kind::TooOld, 0));
    assert_eq!(lines_named(&report), 0);
    for kind in Kind::ALL {
        let (held, report) = held(&Mix::new(ORDERS, kind, 100));
        // A list has up to twice the room that it needs.
        let lines = 2 * size_of::<Line>() * lines_named(&report);
        // A row without an order id takes some 100 bytes, in tables that may be half empty.
        let rows = if kind == Kind::WithoutOrderId { 150 * ORDERS * ROWS } else { 0 };
        let limit = usual + (lines + rows) as u64 + VALUES_AND_COUNTS;
        assert!(held <= limit, "{kind:?}: {held} bytes instead of {usual}");
        // Rows of many orders share a diagnostic.
        let count = report.diagnostics().len() + report.notes().len();
        assert!(count <= 3, "{kind:?}: {count} diagnostics");
    }
}
