//! Any bytes that call themselves CSV: every row ends in one count, and what becomes an event is JSON.

#![no_main]

use libfuzzer_sys::fuzz_target;
use meta_offline_events::order::csv::CsvRows;
use meta_offline_events::order::{Orders, RowLayout};
use meta_offline_events::value::EventTime;
use meta_offline_events::wire::{Batches, RequestFields};

fuzz_target!(|data: &[u8]| {
    let Ok(now) = EventTime::from_unix(1_777_910_400) else { return };
    let mut orders = Orders::new();
    let Ok(mut rows) = CsvRows::new(data, &RowLayout::new()) else { return };
    let mut read = 0;
    while let Ok(Some(row)) = rows.next_row() {
        orders.push_parsed(row);
        read += 1;
    }
    let prepared = orders.finish(now);
    let kept: u64 = prepared.events.iter().map(|event| event.row_count()).sum();
    assert_eq!(read, kept + prepared.rows.filtered() + prepared.rows.invalid());
    for batch in Batches::new(&prepared.events, &RequestFields::new()) {
        assert_eq!(batch.body().first(), Some(&b'{'));
        assert!(!batch.body().contains(&0));
    }
});
