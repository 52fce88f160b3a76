//! What cleaning and hashing cost, beside their floor in the same run: the plain SHA-256 digest and
//! hex of the same values in their normal form. Compare `ours` with `floor` of each group.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use meta_offline_events::customer::{Context, MatchKey, UserData};
use sha2::{Digest, Sha256};

/// A raw value for each match key that is hashed, as exports write them.
const VALUES: &[(MatchKey, &str)] = &[
    (MatchKey::Email, "  John_Smith@Gmail.com "),
    (MatchKey::Phone, "+1 (650) 555-1212"),
    (MatchKey::FirstName, "Valéry"),
    (MatchKey::LastName, "Van Der Berg"),
    (MatchKey::BirthDate, "2/16/1997"),
    (MatchKey::Gender, "Female"),
    (MatchKey::City, "San Francisco"),
    (MatchKey::State, "California"),
    (MatchKey::PostalCode, "94035-1234"),
    (MatchKey::Country, "United States"),
    (MatchKey::ExternalId, "Customer-00012345"),
];

fn normal_forms() -> Vec<String> {
    let normal = |(key, raw): &(MatchKey, &str)| key.normalize(raw, &Context::default());
    VALUES.iter().map(|value| normal(value).expect("the values are usable").text().to_owned()).collect()
}

/// The floor: digest and table-driven hex, nothing else.
fn digest_and_hex(text: &str) -> [u8; 64] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut hex = [0; 64];
    for (pair, byte) in hex.as_chunks_mut::<2>().0.iter_mut().zip(Sha256::digest(text)) {
        *pair = [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
    }
    hex
}

fn each_match_key(criterion: &mut Criterion) {
    for ((key, raw), normal) in VALUES.iter().zip(normal_forms()) {
        let mut group = criterion.benchmark_group(format!("hashing/{key}"));
        group.bench_function("floor", |bencher| bencher.iter(|| digest_and_hex(black_box(&normal))));
        group.bench_function("ours", |bencher| {
            bencher.iter(|| key.normalize(black_box(raw), &Context::default()).map(|normal| normal.digest()));
        });
        group.finish();
    }
}

fn whole_customer(criterion: &mut Criterion) {
    let normal = normal_forms();
    let mut group = criterion.benchmark_group("hashing/customer of 11 keys");
    group.throughput(Throughput::Elements(VALUES.len() as u64));
    group.bench_function("floor", |bencher| {
        bencher
            .iter(|| normal.iter().map(|text| digest_and_hex(black_box(text))[0]).fold(0, u8::wrapping_add));
    });
    group.bench_function("ours", |bencher| {
        bencher.iter(|| {
            let builder = UserData::builder();
            VALUES.iter().fold(builder, |builder, (key, raw)| builder.value(*key, black_box(raw))).build()
        });
    });
    group.finish();
}

criterion_group!(benches, each_match_key, whole_customer);
criterion_main!(benches);
