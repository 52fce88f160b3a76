//! What grouping rows and writing bodies cost, beside their floor in the same run: the plain SHA-256
//! digest and hex of the customer values that end up in the bodies.

mod data;
mod floor;
mod grouping;
mod table;

use std::hint::black_box;
use std::num::NonZeroU64;
use std::slice;

use criterion::{Criterion, Throughput, criterion_group};
use fastrand::Rng;
use meta_offline_events::customer::UserData;
use meta_offline_events::event::{Content, Event};
use meta_offline_events::order::{OrderRules, Row, RowSlice, SortedOrders};
use meta_offline_events::value::{Amount, Currency, EventTime, Money, ProductId};
use meta_offline_events::wire::{Batch, BatchLimits, Batcher, Batches, RequestFields};

use crate::data::customers::Customer;
use crate::data::{Clientele, NOW, Shop};
use crate::floor::Floor;
use crate::table::{Table, is_trial};

fn now() -> EventTime {
    EventTime::from_unix(NOW).expect("a moment")
}

/// One thing that is measured.
type Way<'c> = (&'static str, Box<dyn Fn() + 'c>);

/// Orders of one clientele, in every form that is measured.
struct Case<'s> {
    shop: &'s Shop,
    sorted: Vec<Row<'s>>,
    random: Vec<Row<'s>>,
    events: Vec<Event>,
    floor: Floor,
    #[cfg(feature = "csv")]
    csv: String,
}

impl<'s> Case<'s> {
    fn of(shop: &'s Shop) -> Self {
        let sorted: Vec<_> = shop.rows().collect();
        let mut random = sorted.clone();
        Rng::with_seed(1).shuffle(&mut random);
        let mut floor = Floor::default();
        shop.buyers().for_each(|customer| floor.add(&customer.values()));
        Self {
            shop,
            events: gather(&sorted),
            sorted,
            random,
            floor,
            #[cfg(feature = "csv")]
            csv: shop.csv(),
        }
    }

    /// The ways that are measured. Those that use rows up include a copy of each.
    fn ways(&self) -> Vec<Way<'_>> {
        vec![
            ("rows to events, sorted", Box::new(|| grouping::sorted(&self.sorted, now()))),
            ("rows to events, gathered", Box::new(|| drop(black_box(gather(&self.sorted))))),
            ("rows to events, gathered in random order", Box::new(|| drop(black_box(gather(&self.random))))),
            ("rows to bodies, sorted", Box::new(|| sorted_to_bodies(&self.sorted, A_DOZEN))),
            ("rows to bodies, sorted, as a slice", Box::new(|| slice_to_bodies(RowSlice::new(&self.sorted)))),
            ("rows to bodies, random order", Box::new(|| slice_to_bodies(RowSlice::new(&self.random)))),
            ("rows to bodies, random order, by events", Box::new(|| events_to_bodies(&gather(&self.random)))),
            #[cfg(feature = "rayon")]
            ("rows to bodies, sorted, 1 thread", Box::new(|| on_threads(1, &self.sorted))),
            #[cfg(feature = "rayon")]
            ("rows to bodies, sorted, 2 threads", Box::new(|| on_threads(2, &self.sorted))),
            #[cfg(feature = "rayon")]
            ("rows to bodies, random order, 2 threads", Box::new(|| on_threads(2, &self.random))),
            ("events to bodies", Box::new(|| events_to_bodies(&self.events))),
            ("builders, one event and body at a time", Box::new(|| one_at_a_time(self.shop))),
            #[cfg(feature = "csv")]
            ("CSV to bodies", Box::new(|| csv_to_bodies(&self.csv, A_DOZEN))),
            #[cfg(feature = "csv")]
            ("CSV to records, nothing else", Box::new(|| csv_to_records(&self.csv))),
            ("rows to bodies, sorted, each event at once", Box::new(|| sorted_to_bodies(&self.sorted, 1))),
            #[cfg(feature = "csv")]
            ("CSV to bodies, each event at once", Box::new(|| csv_to_bodies(&self.csv, 1))),
        ]
    }
}

fn gather(rows: &[Row<'_>]) -> Vec<Event> {
    grouping::in_any_order(rows, now()).events
}

/// How many events are taken together, as the documentation of [`SortedOrders::ready_events`] advises.
const A_DOZEN: usize = 12;

fn sorted_to_bodies(rows: &[Row<'_>], at_once: usize) {
    let mut orders = SortedOrders::new(OrderRules::new(), now());
    let mut batcher = Batcher::new(&RequestFields::new());
    for row in rows {
        orders.push(row).expect("sorted rows");
        pass_on(&mut orders, &mut batcher, at_once);
    }
    finish(orders, batcher);
}

fn slice_to_bodies(rows: RowSlice<'_, '_>) {
    let sink = |batch: Batch| drop(black_box(batch));
    let (fields, limits) = (RequestFields::new(), BatchLimits::default());
    drop(black_box(rows.batches(now(), &fields, limits, sink).expect("few rows")));
}

#[cfg(feature = "rayon")]
fn on_threads(threads: usize, rows: &[Row<'_>]) {
    use std::sync::LazyLock;

    use rayon::{ThreadPool, ThreadPoolBuilder};

    static POOLS: LazyLock<[ThreadPool; 2]> = LazyLock::new(|| {
        [1, 2].map(|threads| ThreadPoolBuilder::new().num_threads(threads).build().expect("threads"))
    });
    POOLS[threads - 1].install(|| slice_to_bodies(RowSlice::new(rows).on_all_cores()));
}

fn pass_on(orders: &mut SortedOrders, batcher: &mut Batcher, at_once: usize) {
    if orders.ready_events() < at_once {
        return;
    }
    while let Some(event) = orders.next_event() {
        batcher.push(event);
    }
    while let Some(batch) = batcher.next_batch() {
        black_box(batch.body());
    }
}

fn finish(orders: SortedOrders, mut batcher: Batcher) {
    let rest = orders.finish();
    rest.events.iter().for_each(|event| batcher.push(event));
    drop(black_box((rest, batcher.finish())));
}

fn events_to_bodies(events: &[Event]) {
    Batches::new(events, &RequestFields::new()).for_each(|batch| {
        black_box(batch.body());
    });
}

fn one_at_a_time(shop: &Shop) {
    let (product, price): (ProductId, Amount) =
        ("SKU-1".parse().expect("a product"), "21.99".parse().expect("an amount"));
    for (number, customer) in shop.buyers().enumerate() {
        let event = build(number, customer, &product, price);
        events_to_bodies(slice::from_ref(&event));
    }
}

fn build(number: usize, customer: &Customer, product: &ProductId, price: Amount) -> Event {
    let given = customer.values().into_iter();
    let given = given.fold(UserData::builder(), |given, (key, raw)| given.value(key, raw));
    Event::builder(now(), given.build().expect("values that can be used"))
        .order_id(format!("ORD-{number:08}").parse().expect("an order id"))
        .value(Money::new(price, Currency::USD))
        .product(Content::new(product.clone(), NonZeroU64::MIN).item_price(price))
        .build()
        .expect("an event")
}

#[cfg(feature = "csv")]
fn csv_to_bodies(file: &str, at_once: usize) {
    use meta_offline_events::order::{RowLayout, csv::CsvRows};

    let mut rows = CsvRows::new(file.as_bytes(), &RowLayout::new()).expect("a header");
    let mut orders = SortedOrders::new(OrderRules::new(), now());
    let mut batcher = Batcher::new(&RequestFields::new());
    while let Some(row) = rows.next_row().expect("records") {
        orders.push_parsed(row).expect("sorted rows");
        pass_on(&mut orders, &mut batcher, at_once);
    }
    finish(orders, batcher);
}

#[cfg(feature = "csv")]
fn csv_to_records(file: &str) {
    let mut reader = csv::Reader::from_reader(file.as_bytes());
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).expect("records") {
        black_box(&record);
    }
}

const CLIENTELES: [(&str, Clientele); 4] = [
    ("strangers", Clientele::Strangers),
    ("strangers, a fifth beyond ASCII", Clientele::OfAllCountries),
    ("strangers, no name or city twice", Clientele::WithoutNamesakes),
    ("regulars (Zipf)", Clientele::Regulars),
];

fn orders() -> usize {
    if is_trial() { 40 } else { 40_000 }
}

fn groups(criterion: &mut Criterion) {
    for (name, clientele) in CLIENTELES {
        let shop = Shop::open(orders(), clientele);
        let case = Case::of(&shop);
        let mut group = criterion.benchmark_group(format!("batching/{name}"));
        group.throughput(Throughput::Elements(case.sorted.len() as u64)).sample_size(20);
        group.bench_function("floor", |bencher| bencher.iter(|| case.floor.hash()));
        for (way, work) in case.ways() {
            group.bench_function(way, |bencher| bencher.iter(&work));
        }
        group.finish();
    }
}

fn print_table() {
    for (name, clientele) in CLIENTELES {
        let shop = Shop::open(orders(), clientele);
        let case = Case::of(&shop);
        let mut table = Table::default();
        for (way, work) in case.ways() {
            table.line(way, &case.floor, work);
        }
        table.print(&format!("batching, {name}"), case.events.len());
    }
}

criterion_group!(benches, groups);

fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
    print_table();
}
