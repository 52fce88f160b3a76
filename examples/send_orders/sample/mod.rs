//! A sample export with every kind of mistake in it, and what should become of its rows.

mod mistakes;
mod orders;
mod plan;

use meta_offline_events::order::Column;
use meta_offline_events::value::EventTime;
use serde_json::Value;

use orders::{Maker, Order, Row, Width};
pub(crate) use plan::{Plan, print_verdict};

pub(crate) struct Sample {
    pub(crate) csv: String,
    pub(crate) plan: Plan,
}

/// The columns of the export, in their order.
const COLUMNS: [Column; 20] = [
    Column::OrderId,
    Column::Email,
    Column::Phone,
    Column::ExternalId,
    Column::GivenName,
    Column::Surname,
    Column::Birthdate,
    Column::Postal,
    Column::Country,
    Column::ProductId,
    Column::Quantity,
    Column::Price,
    Column::Value,
    Column::Currency,
    Column::Timestamp,
    Column::EventName,
    Column::ActionSource,
    Column::ClientUserAgent,
    Column::EventId,
    Column::EventSourceUrl,
];

const GOOD_ORDERS: usize = 300;

/// A product that Meta's policies forbid, which only the server knows.
const REFUSED_PRODUCT: &str = "FIREWORKS-1";

/// Returns whether the mock server refuses the event, although it keeps Meta's documented rules.
pub(crate) fn is_refused(event: &Value) -> bool {
    let products = event["custom_data"]["content_ids"].as_array();
    products.is_some_and(|products| products.iter().any(|product| product == REFUSED_PRODUCT))
}

/// Makes the same orders every time; only their times depend on `now`.
pub(crate) fn make(now: EventTime) -> Sample {
    let mut maker = Maker::new(now);
    let mut orders: Vec<Order> = (0..GOOD_ORDERS).map(|_| maker.good_order()).collect();
    orders.extend(mistakes::all(&mut maker));

    let mut plan = Plan::default();
    for order in &orders {
        plan.expect(order);
    }
    let mut csv = COLUMNS.map(Column::name).join(",");
    csv.push('\n');
    for row in interleaved(orders, &mut maker) {
        write_row(&row, &mut csv);
    }
    Sample { csv, plan }
}

/// Mixes the rows of the orders, as if several tills had written into one export.
fn interleaved(orders: Vec<Order>, maker: &mut Maker) -> Vec<Row> {
    let mut placed: Vec<(u64, Row)> = Vec::new();
    for order in orders {
        let place = maker.below(1000);
        placed.extend(order.rows.into_iter().map(|row| (place + maker.below(9), row)));
    }
    placed.sort_by_key(|&(place, _)| place);
    placed.into_iter().map(|(_, row)| row).collect()
}

fn write_row(row: &Row, csv: &mut String) {
    let fields = COLUMNS.iter().map(|&column| quoted(row.get(column)));
    let mut fields: Vec<String> = fields.collect();
    match row.width {
        Width::Right => {}
        Width::OneShort => drop(fields.pop()),
        Width::OneLong => fields.push("till 2".to_owned()),
    }
    csv.push_str(&fields.join(","));
    csv.push('\n');
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
