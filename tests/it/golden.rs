//! The bytes of a request, compared with a body that an independent program wrote: digests, ids, order
//! of members and digits. They may never change within a major version, because ids depend on them.

use std::fs;
use std::path::Path;

use meta_offline_events::order::{OrderRules, Orders, RowLayout, SortedOrders, csv::CsvRows};
use meta_offline_events::value::EventTime;
use meta_offline_events::wire::{Batcher, Batches, RequestFields};

#[test]
fn the_body_of_a_small_export_is_this_to_the_byte() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let file = fs::File::open(tests.join("data/till.csv")).unwrap();
    let mut orders = Orders::new();
    CsvRows::new(file, &RowLayout::new()).unwrap().read_into(&mut orders).unwrap();
    let now = EventTime::from_unix(1_777_900_000).unwrap();
    let prepared = orders.finish(now);
    assert_eq!((prepared.rows.filtered(), prepared.rows.invalid()), (1, 0));

    let bodies: Vec<_> = Batches::new(&prepared.events, &RequestFields::new()).collect();
    let expected = fs::read_to_string(tests.join("golden/till.json")).unwrap();
    assert_eq!(bodies.len(), 1);
    assert_eq!(String::from_utf8_lossy(bodies[0].body()), expected.trim_end());

    // Its rows are sorted by order id, so the same comes out of them one by one.
    let file = fs::File::open(tests.join("data/till.csv")).unwrap();
    let mut rows = CsvRows::new(file, &RowLayout::new()).unwrap();
    let mut orders = SortedOrders::new(OrderRules::new(), now);
    let mut batcher = Batcher::new(&RequestFields::new());
    while let Some(row) = rows.next_row().unwrap() {
        orders.push_parsed(row).unwrap();
        while let Some(event) = orders.next_event() {
            batcher.push(event);
        }
    }
    orders.end_source(rows.ending());
    let rest = orders.finish();
    rest.events.iter().for_each(|event| batcher.push(event));
    assert_eq!(batcher.finish(), bodies);
    assert_eq!(rest.rows, prepared.rows);
}
