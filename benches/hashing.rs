//! What cleaning and hashing cost, beside their floor in the same run: the plain SHA-256 digest and
//! hex of the same values in their normal form.

#[path = "data/customers.rs"]
mod customers;
mod floor;
mod table;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group};
use fastrand::Rng;
use meta_offline_events::customer::{CleaningOptions, MatchKey, UserData};
use meta_offline_events::value::Country;

use crate::customers::{Customer, Names};
use crate::floor::Floor;
use crate::table::{Table, is_trial};

/// What is given of each customer.
type Given<'c> = Vec<(MatchKey, &'c str)>;

const KINDS: [(&str, Names); 3] = [
    ("ASCII", Names::Common),
    ("names and city beyond ASCII", Names::BeyondAscii),
    ("no name or city twice", Names::Unique),
];

fn customers(names: Names) -> Vec<Customer> {
    let mut rng = Rng::with_seed(11);
    let count = if is_trial() { 10 } else { 1000 };
    (0..count).map(|number| Customer::made(number, names, &mut rng)).collect()
}

/// All of each customer, and each key alone.
fn whole_and_in_parts(customers: &[Customer]) -> Vec<(String, Vec<Given<'_>>)> {
    let whole: Vec<Given<'_>> = customers.iter().map(|customer| customer.values().to_vec()).collect();
    let alone = |place: usize| whole.iter().map(|given| vec![given[place]]).collect::<Vec<_>>();
    let keys = whole[0].iter().enumerate();
    let mut parts: Vec<_> = keys.map(|(place, (key, _))| (key.to_string(), alone(place))).collect();
    parts.push(("customer of 11 keys".to_owned(), whole));
    parts
}

fn floor_of(customers: &[Given<'_>]) -> Floor {
    let mut floor = Floor::default();
    for given in customers {
        floor.add(given);
    }
    floor
}

/// As events have their customers.
fn build(customers: &[Given<'_>]) {
    for given in customers {
        let builder = UserData::builder().options(CleaningOptions::default().country(Country::UNITED_STATES));
        let builder = given.iter().fold(builder, |builder, (key, raw)| builder.value(*key, black_box(raw)));
        // What is given of one customer is all usable.
        let customer = builder.build().expect("values that can be used");
        black_box(customer);
    }
}

/// Each value alone, as a tool would want it.
fn normalize(customers: &[Given<'_>]) {
    let options = CleaningOptions::default().country(Country::UNITED_STATES);
    for (key, raw) in customers.iter().flatten() {
        let normal = key.normalize(black_box(raw), &options).expect("a value that can be used");
        black_box(normal.digest());
    }
}

fn groups(criterion: &mut Criterion) {
    for (kind, names) in KINDS {
        let customers = customers(names);
        for (name, given) in whole_and_in_parts(&customers) {
            let floor = floor_of(&given);
            let mut group = criterion.benchmark_group(format!("hashing/{kind}/{name}"));
            group.throughput(Throughput::Elements(given.len() as u64)).sample_size(20);
            group.bench_function("floor", |bencher| bencher.iter(|| floor.hash()));
            group.bench_function("build", |bencher| bencher.iter(|| build(&given)));
            group.bench_function("normalize", |bencher| bencher.iter(|| normalize(&given)));
            group.finish();
        }
    }
}

fn print_table() {
    for (kind, names) in KINDS {
        let customers = customers(names);
        let parts = whole_and_in_parts(&customers);
        let floors: Vec<_> = parts.iter().map(|(_, given)| floor_of(given)).collect();
        let mut table = Table::default();
        for ((name, given), floor) in parts.iter().zip(&floors) {
            table.line(&format!("{name}, build"), floor, || build(given));
            table.line(&format!("{name}, normalize"), floor, || normalize(given));
        }
        table.print(&format!("hashing, {kind}"), customers.len());
    }
}

criterion_group!(benches, groups);

fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
    print_table();
}
