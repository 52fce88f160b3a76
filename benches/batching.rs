//! What grouping rows and writing bodies cost, beside their floor in the same run: the plain SHA-256
//! digest and hex of the customer values that end up in the bodies. Compare with `floor`.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use meta_offline_events::customer::UserData;
use meta_offline_events::event::Event;
use meta_offline_events::order::{Orders, Row};
use meta_offline_events::value::{Amount, Currency, EventTime, Line};
use meta_offline_events::wire::{Batches, RequestFields};
use sha2::{Digest, Sha256};

const ORDERS: usize = 4_000;
const ROWS: usize = 10_000;

struct Sale {
    order: String,
    product: String,
    email: String,
    phone: String,
    first: &'static str,
    last: &'static str,
    price: Amount,
}

fn sales() -> Vec<Sale> {
    let sale = |row: usize| {
        let order = row * ORDERS / ROWS;
        Sale {
            order: format!("A{order:08}"),
            product: format!("SKU-{}", row % 977),
            email: format!("customer.{order}@example.com"),
            phone: format!("+1 650 555 {order:04}"),
            first: "Mary",
            last: "Smith-Jones",
            price: Amount::from_minor(199 + row as i64 % 5000, 2).expect("two decimals"),
        }
    };
    (0..ROWS).map(sale).collect()
}

fn group(sales: &[Sale], now: EventTime) -> Vec<Event> {
    let mut orders = Orders::new();
    for (number, sale) in sales.iter().enumerate() {
        let customer = UserData::builder()
            .email(&sale.email)
            .phone(&sale.phone)
            .first_name(sale.first)
            .last_name(sale.last);
        orders.push(
            Row::new(Line::new(number as u64), now)
                .customer(customer)
                .order_id(sale.order.parse().expect("an order id"))
                .product(sale.product.parse().expect("a product id"))
                .quantity(1 + number as i64 % 3)
                .price(sale.price)
                .currency(Currency::USD),
        );
    }
    orders.finish(now).events
}

/// The floor: digest and table-driven hex of what the bodies hold, nothing else.
fn hash_values(sales: &[Sale]) -> u8 {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut sum = 0_u8;
    for sale in sales.chunk_by(|one, next| one.order == next.order) {
        for text in [sale[0].email.as_str(), sale[0].phone.as_str(), "mary", "smithjones"] {
            let mut hex = [0; 64];
            for (pair, byte) in hex.as_chunks_mut::<2>().0.iter_mut().zip(Sha256::digest(black_box(text))) {
                *pair = [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
            }
            sum = sum.wrapping_add(hex[0]);
        }
    }
    sum
}

fn rows_to_bodies(criterion: &mut Criterion) {
    let now = EventTime::from_unix(1_777_896_000).expect("a moment");
    let sorted = sales();
    let mut random = sales();
    fastrand::Rng::with_seed(1).shuffle(&mut random);
    let events = group(&sorted, now);
    let bodies = |events: &[Event]| -> usize {
        Batches::new(events, &RequestFields::new()).map(|batch| batch.body().len()).sum()
    };

    let mut bench = criterion.benchmark_group("batching/10,000 rows in 4,000 orders");
    bench.throughput(Throughput::Elements(ROWS as u64)).sample_size(20);
    bench.bench_function("floor", |bencher| bencher.iter(|| hash_values(&sorted)));
    bench.bench_function("rows to events, sorted", |bencher| bencher.iter(|| group(&sorted, now)));
    bench.bench_function("rows to events, random order", |bencher| bencher.iter(|| group(&random, now)));
    bench.bench_function("events to bodies", |bencher| {
        bencher.iter(|| bodies(&events));
    });
    bench.bench_function("rows to bodies, sorted", |bencher| bencher.iter(|| bodies(&group(&sorted, now))));
    bench.finish();
}

criterion_group!(benches, rows_to_bodies);
criterion_main!(benches);
