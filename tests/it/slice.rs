//! Slices of rows: their bodies and their report are those of the same rows pushed one by one.

use std::collections::BTreeSet;

use fastrand::Rng;
use meta_offline_events::customer::UserData;
use meta_offline_events::event::{ActionSource, EventName};
use meta_offline_events::order::{OrderRules, Orders, Prepared, Row, RowSlice, SortedOrders};
use meta_offline_events::report::{Diagnostic, RowReport};
use meta_offline_events::value::{Currency, EventTime, Line};
use meta_offline_events::wire::{Batch, BatchLimits, Batches, RequestFields};
use proptest::prelude::*;

const NOON: i64 = 1_777_896_000; // 2026-05-04T12:00:00Z

fn now() -> EventTime {
    EventTime::from_unix(NOON + 3600).unwrap()
}

fn fields() -> RequestFields {
    RequestFields::new()
}

fn one_of<T: Copy>(rng: &mut Rng, all: &[T]) -> T {
    all[rng.usize(..all.len())]
}

/// Rows by chance: so many, of so many orders. One of `oddity` has this or that fault; some repeat the row
/// before letter for letter.
fn rows(seed: u64, count: usize, orders: u32, oddity: u32) -> Vec<Row<'static>> {
    let rng = &mut Rng::with_seed(seed);
    let mut before = 0;
    (0..count)
        .map(|line| {
            let repeats = rng.u32(..10) == 0;
            before = if repeats { before } else { rng.u64(..) };
            row(line as u64 + 2, &mut Rng::with_seed(before), orders, oddity)
        })
        .collect()
}

fn row(line: u64, rng: &mut Rng, orders: u32, oddity: u32) -> Row<'static> {
    let order = rng.u32(..orders);
    let odd = |rng: &mut Rng| rng.u32(..oddity) == 0;
    let emails = ["mary@example.com", "j.smith@example.com", "zoë@exämple.de", "till@example.com"];
    let email = if odd(rng) { one_of(rng, &["no address", "", "a@b@c"]) } else { one_of(rng, &emails) };
    let mut customer = UserData::builder().email(email);
    // Most customers share a phone, so that their orders are of one customer.
    if !odd(rng) {
        customer = customer.phone("+49 30 1234567");
    }
    if odd(rng) {
        customer = customer.first_name(one_of(rng, &["Mary", "Zoë", "Анна", "O'Brien", "\u{feff}", "ß"]));
    }
    if odd(rng) {
        customer = customer.external_id(one_of(rng, &["C1", "C2"]));
    }
    let before = if odd(rng) { one_of(rng, &[60, 100_000, 7_000_000]) } else { 0 };
    let mut row = Row::new(Line::new(line), EventTime::from_unix(NOON - before).unwrap())
        .customer(customer)
        .quantity(if odd(rng) { one_of(rng, &[0, -1]) } else { rng.i64(1..3) })
        .currency(if odd(rng) { Currency::USD } else { Currency::EUR });
    if !odd(rng) {
        row = row.order_id(format!("A{order:05}").parse().unwrap());
    }
    if !odd(rng) {
        row = row.product(format!("SKU-{}", rng.u32(..4)).parse().unwrap());
    }
    if !odd(rng) {
        row = row.price(one_of(rng, &["0.10", "2.05", "7.99"]).parse().unwrap());
    }
    if odd(rng) {
        row = row.price("-1".parse().unwrap());
    }
    if odd(rng) {
        row = row.name(EventName::LEAD);
    }
    if odd(rng) {
        row = row.action_source(ActionSource::PhoneCall);
    }
    if odd(rng) {
        row = row.event_id(format!("given-{}", rng.u32(..4)).parse().unwrap());
    }
    row
}

/// The same rows with those of each order beside one another.
fn sorted(rows: Vec<Row<'static>>) -> Vec<Row<'static>> {
    let order_id =
        |row: &Row<'_>| format!("{row:?}").split_once("order_id: ").map(|(_, rest)| rest.to_owned());
    let mut rows: Vec<_> = rows.into_iter().map(|row| (order_id(&row), row)).collect();
    rows.sort_by(|(one, _), (other, _)| one.cmp(other));
    rows.into_iter().map(|(_, row)| row).collect()
}

/// Everything that is said of rows, whatever its order.
fn said(diagnostics: &[Diagnostic]) -> BTreeSet<String> {
    diagnostics.iter().map(|diagnostic| format!("{diagnostic:?}")).collect()
}

fn same_account(one: &RowReport, other: &RowReport) -> Result<(), TestCaseError> {
    prop_assert_eq!(
        (one.read(), one.filtered(), one.invalid()),
        (other.read(), other.filtered(), other.invalid())
    );
    prop_assert_eq!(said(one.diagnostics()), said(other.diagnostics()));
    prop_assert_eq!(said(&without_shared(one)), said(&without_shared(other)));
    prop_assert_eq!(one.notes().len(), other.notes().len());
    Ok(())
}

/// Where values are shared is reported with lines only if the events are kept.
fn without_shared(rows: &RowReport) -> Vec<Diagnostic> {
    rows.notes().iter().filter(|note| note.code() != "shared_value").cloned().collect()
}

fn rules(drops_repeats: bool) -> OrderRules {
    if drops_repeats { OrderRules::new().drop_repeats() } else { OrderRules::new() }
}

fn limits(small: bool) -> BatchLimits {
    if small { BatchLimits::new(7, 4096).unwrap() } else { BatchLimits::default() }
}

type Made = (Vec<Batch>, Prepared);

fn bodies(rows: RowSlice<'_, '_>, limits: BatchLimits) -> Made {
    let mut batches = Vec::new();
    let prepared = rows.batches(now(), &fields(), limits, |batch| batches.push(batch)).unwrap();
    (batches, prepared)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn rows_in_any_order_make_the_bodies_of_orders(
        seed: u64, count in 0..600_usize, orders in 1..300_u32, oddity in 5..60_u32,
        drops_repeats: bool, small: bool,
    ) {
        let rows = rows(seed, count, orders, oddity);
        let mut expected = Orders::with_rules(rules(drops_repeats));
        for row in &rows {
            expected.push(row);
        }
        let expected = expected.finish(now());
        let limits = limits(small);
        let batches: Vec<_> = Batches::new(&expected.events, &fields()).limits(limits).collect();

        let slice = RowSlice::new(&rows).rules(rules(drops_repeats));
        let (made, prepared) = bodies(slice.clone(), limits);
        prop_assert!(made == batches);
        prop_assert!(prepared.events.is_empty());
        same_account(&prepared.rows, &expected.rows)?;
        prop_assert_eq!(prepared.coverage.to_string(), expected.coverage.to_string());
        prop_assert_eq!(slice.prepare(now()).unwrap().events, expected.events);
    }

    #[test]
    fn sorted_rows_make_the_bodies_of_sorted_orders(
        seed: u64, count in 0..600_usize, orders in 1..300_u32, oddity in 5..60_u32,
    ) {
        let rows = sorted(rows(seed, count, orders, oddity));
        let mut expected = SortedOrders::new(rules(false), now());
        prop_assert!(rows.iter().try_for_each(|row| expected.push(row)).is_ok());
        let expected = expected.finish();
        let batches: Vec<_> = Batches::new(&expected.events, &fields()).collect();

        let (made, prepared) = bodies(RowSlice::new(&rows), BatchLimits::default());
        prop_assert!(made == batches);
        same_account(&prepared.rows, &expected.rows)?;
        prop_assert_eq!(prepared.coverage.to_string(), expected.coverage.to_string());
    }
}

#[cfg(feature = "rayon")]
mod on_all_cores {
    use super::*;

    fn on_cores<T: Send>(count: usize, work: impl FnOnce() -> T + Send) -> T {
        rayon::ThreadPoolBuilder::new().num_threads(count).build().unwrap().install(work)
    }

    fn same((batches, prepared): &Made, (expected, expected_prepared): &Made) -> Result<(), TestCaseError> {
        prop_assert!(batches == expected);
        prop_assert!(prepared.rows == expected_prepared.rows);
        prop_assert_eq!(prepared.coverage.to_string(), expected_prepared.coverage.to_string());
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(8) })]

        #[test]
        fn bodies_and_account_are_the_same(
            seed: u64, count in 0..6000_usize, orders in 1..5000_u32, oddity in 5..100_u32,
            drops_repeats: bool, small: bool, sorts: bool,
        ) {
            let mut rows = rows(seed, count, orders, oddity);
            if sorts {
                rows = sorted(rows);
            }
            let rows = RowSlice::new(&rows).rules(rules(drops_repeats));
            let one = bodies(rows.clone(), limits(small));
            let events = rows.clone().prepare(now()).unwrap().events;
            for cores in 1..=3 {
                same(&on_cores(cores, || bodies(rows.clone().on_all_cores(), limits(small))), &one)?;
                let prepared = on_cores(cores, || rows.clone().on_all_cores().prepare(now())).unwrap();
                prop_assert!(prepared.events == events);
            }
        }
    }

    #[test]
    fn values_that_are_shared_are_counted_in_the_same_sequence() {
        let emails: Vec<_> = (0..20_000).map(|number| format!("customer{number}@example.com")).collect();
        let rows: Vec<_> = (0..emails.len())
            .map(|number| {
                let email = if number % 50 == 0 { "till@example.com" } else { &emails[number] };
                Row::new(Line::new(number as u64), EventTime::from_unix(NOON).unwrap())
                    .customer(UserData::builder().email(email))
                    .order_id(format!("A{:05}", number / 50 * 50 + (number * 7 + 3) % 50).parse().unwrap())
                    .quantity(1)
                    .price("0.10".parse().unwrap())
                    .currency(Currency::EUR)
            })
            .collect();
        let expected = bodies(RowSlice::new(&rows), BatchLimits::default());
        assert_eq!(expected.1.coverage.shared_values().len(), 1);
        let made = on_cores(2, || bodies(RowSlice::new(&rows).on_all_cores(), BatchLimits::default()));
        same(&made, &expected).unwrap();
        assert_eq!(made.1.coverage.shared_values(), expected.1.coverage.shared_values());
    }
}

#[test]
fn the_rows_that_can_be_grouped_are_limited_by_memory() {
    for orders in [1, 100, u32::MAX] {
        let rows = rows(7, 3000, orders, 1000);
        let prepare =
            |bytes| RowSlice::new(&rows).rules(OrderRules::new().max_memory(bytes)).prepare(now()).map(drop);
        assert_eq!(prepare(48 * rows.len()), Ok(()));
        let error = prepare(4 * rows.len()).unwrap_err();
        assert_eq!(error.rows(), 3000);
        assert_eq!(
            error.to_string(),
            "grouping 3000 rows takes more than 12000 bytes of memory: sort the rows by order id, or split the \
             export by days, never inside an order"
        );
    }
}
