//! Rows to events, one row at a time: sorted, and in any order.

use std::hint::black_box;

use meta_offline_events::order::{OrderRules, Orders, Prepared, Row, SortedOrders};
use meta_offline_events::value::EventTime;

/// Groups sorted rows and lets each event go once its order has ended.
pub(crate) fn sorted(rows: &[Row<'_>], now: EventTime) {
    let mut orders = SortedOrders::new(OrderRules::new(), now);
    for row in rows {
        orders.push(row).expect("sorted rows");
        while let Some(event) = orders.next_event() {
            black_box(event);
        }
    }
    drop(black_box(orders.finish()));
}

/// Groups rows in any order and keeps all events to the end.
pub(crate) fn in_any_order(rows: &[Row<'_>], now: EventTime) -> Prepared {
    let mut orders = Orders::new();
    for row in rows {
        orders.push(row);
    }
    orders.finish(now)
}
