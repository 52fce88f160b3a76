//! What an event costs, however its file is written: the same sales as files of many kinds, each beside the floor.

#[expect(dead_code, reason = "other benchmarks have other customers")]
mod data;
mod floor;
mod table;

use std::hint::black_box;

use meta_offline_events::order::csv::{CsvRows, Delimiter};
use meta_offline_events::order::{Column, NumberStyle, OrderRules, RowLayout, SortedOrders};
use meta_offline_events::value::{DateOrder, EventTime};
use meta_offline_events::wire::{Batcher, RequestFields};

use crate::data::{Clientele, NOW, Shop};
use crate::floor::Floor;
use crate::table::{Table, is_trial};

/// The same sales, written in one way.
struct File {
    kind: &'static str,
    text: String,
    layout: RowLayout,
}

fn files(usual: &str) -> Vec<File> {
    let file = |kind, layout, text| File { kind, text, layout };
    let layout = RowLayout::new;
    let day_first = || layout().date_order(DateOrder::DayFirst);
    let column = |wanted, change: &dyn Fn(&str) -> String| {
        rewritten(usual, ',', |name, text| Some(if name == wanted { change(text) } else { text.to_owned() }))
    };
    let times = |format: &str| column("timestamp", &|text| time(text, format));
    let without = |column| rewritten(usual, ',', |name, text| (name != column).then(|| text.to_owned()));
    let in_euros = |name: &str, text: &str| match name {
        "price" => {
            let (whole, decimals) = text.split_once('.').unwrap_or((text, "00"));
            Some(format!("1.{whole:0>3},{decimals} €"))
        }
        "currency" => Some("EUR".to_owned()),
        _ => Some(text.to_owned()),
    };
    let euros = layout().number_style(NumberStyle::DecimalComma).delimiter(Delimiter::Semicolon);
    vec![
        file("as the other benchmarks read it", layout(), usual.to_owned()),
        file("every field in quotes", layout(), rewritten(usual, ',', |_, text| Some(format!("\"{text}\"")))),
        file("one field in quotes", layout(), column("city", &|text| format!("\"{text}, USA\""))),
        file(
            "a blank before each field",
            layout(),
            rewritten(usual, ',', |_, text| Some(format!(" {text}"))),
        ),
        file("2026-05-04T12:00:00.000Z", layout(), times("%Y-%m-%dT%H:%M:%S.000Z")),
        file("2026-05-04 12:00:00+00:00", layout(), times("%Y-%m-%d %H:%M:%S+00:00")),
        file("2026-05-04 12:00", layout(), times("%Y-%m-%d %H:%M")),
        file("04.05.2026 12:00", day_first(), times("%d.%m.%Y %H:%M")),
        file("5/4/2026 12:00 PM", layout().date_order(DateOrder::MonthFirst), times("%-m/%-d/%Y %-I:%M %p")),
        file("4 May 2026 12:00", layout(), times("%-d %B %Y %H:%M")),
        file("born on 16.02.1997", day_first(), column("birthdate", &|text| backwards(text))),
        file("prices such as 1.021,99 €", euros, rewritten(usual, ';', in_euros)),
        file("a fixed country", layout().fixed(Column::Country, "US"), without("country")),
        file("a fixed currency", layout().fixed(Column::Currency, "USD"), without("currency")),
    ]
}

/// Changes each field, by the name of its column. Columns whose fields are nothing are left out.
fn rewritten(file: &str, delimiter: char, change: impl Fn(&str, &str) -> Option<String>) -> String {
    let mut lines = file.lines();
    let names: Vec<&str> = lines.next().into_iter().flat_map(|line| line.split(',')).collect();
    let delimiter = delimiter.to_string();
    let kept: Vec<&str> = names.iter().copied().filter(|name| change(name, "1").is_some()).collect();
    let mut text = kept.join(&delimiter) + "\n";
    for line in lines {
        let fields: Vec<String> =
            names.iter().zip(line.split(',')).filter_map(|(name, field)| change(name, field)).collect();
        text += &(fields.join(&delimiter) + "\n");
    }
    text
}

/// Writes Unix seconds in another form.
fn time(seconds: &str, format: &str) -> String {
    let time: EventTime = seconds.parse().expect("a time");
    time.to_utc().format(format).to_string()
}

/// The numbers of a date in the other order.
fn backwards(date: &str) -> String {
    date.split('-').rev().collect::<Vec<_>>().join(".")
}

fn to_bodies(file: &File, expected: usize) {
    const A_DOZEN: usize = 12;
    let now = EventTime::from_unix(NOW).expect("a moment");
    let mut rows = CsvRows::new(file.text.as_bytes(), &file.layout).expect("a header");
    let mut orders = SortedOrders::new(OrderRules::new(), now);
    let mut batcher = Batcher::new(&RequestFields::new());
    let mut events = 0;
    while let Some(row) = rows.next_row().expect("records") {
        orders.push_parsed(row).expect("sorted rows");
        if orders.ready_events() < A_DOZEN {
            continue;
        }
        while let Some(event) = orders.next_event() {
            batcher.push(event);
            events += 1;
        }
        while let Some(batch) = batcher.next_batch() {
            black_box(batch.body());
        }
    }
    let rest = orders.finish().events;
    for event in &rest {
        batcher.push(event);
    }
    drop(black_box(batcher.finish()));
    assert_eq!(events + rest.len(), expected, "{}", file.kind);
}

fn main() {
    let orders = if is_trial() { 40 } else { 40_000 };
    let shop = Shop::open(orders, Clientele::Strangers);
    let mut floor = Floor::default();
    shop.buyers().for_each(|customer| floor.add(&customer.values()));
    let files = files(&shop.csv());
    let mut table = Table::default();
    for file in &files {
        table.line(file.kind, &floor, || to_bodies(file, orders));
    }
    table.print("CSV to bodies", orders);
}
