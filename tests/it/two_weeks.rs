//! Two weeks of daily runs with a journal over the last three days: late items, returns, a till that begins its numbers
//! again, and a day without a service.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;

use fastrand::Rng;
use meta_offline_events::client::{Client, RetryPolicy};
use meta_offline_events::customer::UserData;
use meta_offline_events::order::{Orders, Row};
use meta_offline_events::report::DeliveryReport;
use meta_offline_events::testing::{Answer, FixedJitter, ManualClock, MockServer};
use meta_offline_events::value::{Currency, EventTime, Line};

use crate::support::{NOW, now, of};

const DAY: i64 = 86_400;
const DAYS: i64 = 14;
const WINDOW: i64 = 3;
const OUTAGE: i64 = 6;

/// An order in the books of the shop.
#[derive(Clone)]
struct Order {
    id: String,
    customer: String,
    day: i64,
    /// The price in cents and the time of each item. A returned one has a second row.
    items: Vec<(i64, i64)>,
    returns: usize,
}

impl Order {
    fn cents(&self) -> i64 {
        self.items.iter().map(|(cents, _)| cents).sum()
    }

    fn rows(&self) -> u64 {
        self.items.len() as u64
    }
}

#[derive(Default, Debug, PartialEq, Eq)]
struct Counts {
    accepted: (u64, u64),
    already_sent: (u64, u64),
    changed: (u64, u64),
    other_customer: (u64, u64),
    pending: (u64, u64),
}

fn add(count: &mut (u64, u64), order: &Order) {
    count.0 += 1;
    count.1 += order.rows();
}

/// The counts of events and rows in a report.
fn counts(report: &DeliveryReport) -> Counts {
    let (events, rows) = (report.events(), report.rows());
    let mut counts = Counts {
        accepted: (events.accepted, rows.accepted),
        already_sent: (events.already_sent, rows.already_sent),
        pending: (events.pending, rows.pending),
        ..Counts::default()
    };
    // Each of these has a diagnostic with its lines.
    for diagnostic in report.diagnostics() {
        let count = match diagnostic.code() {
            "changed_since_sent" => &mut counts.changed,
            "other_customer" => &mut counts.other_customer,
            _ => continue,
        };
        assert_eq!(diagnostic.outcome(), Some("not_sent"));
        count.1 += diagnostic.lines().len() as u64;
    }
    let told = counts.changed.1 + counts.other_customer.1;
    assert_eq!(told, rows.not_sent, "every difference is told: {report}");
    counts
}

#[tokio::test]
async fn v54_v55_p27_two_weeks_of_overlapping_exports_send_nothing_twice_and_tell_every_difference() {
    let mut chance = Rng::with_seed(14);
    let clock = ManualClock::at(now());
    let server = MockServer::builder().clock(clock.clone()).start().await.unwrap();
    let folder = env::temp_dir().join(format!("meta-two-weeks-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    let client = Client::builder(of("1234567890"), of("EAAB-test")).loopback_endpoint(server.url());
    let client = client.clock(clock.clone()).jitter(FixedJitter(0.0)).retry(RetryPolicy::new().attempts(1));
    let client = client.build().unwrap();

    let mut books: Vec<Order> = Vec::new();
    let mut first = BTreeMap::<String, Order>::new();
    let mut left = 0;
    let mut differences = 0;
    for day in 0..DAYS {
        clock.set(EventTime::from_unix(NOW + day * DAY).unwrap());
        trade(&mut books, day, &mut chance);
        let export: Vec<&Order> = books.iter().filter(|order| order.day > day - WINDOW).collect();
        if day == OUTAGE {
            server.always(Answer::empty(503));
        }

        // What has to come of it, by the books alone.
        let mut expected = Counts::default();
        for order in &export {
            match first.get(&order.id) {
                None if day == OUTAGE => add(&mut expected.pending, order),
                None => add(&mut expected.accepted, order),
                Some(known) if known.customer != order.customer => add(&mut expected.other_customer, order),
                Some(known) if known.items != order.items => add(&mut expected.changed, order),
                Some(_) => add(&mut expected.already_sent, order),
            }
            first.entry(order.id.clone()).or_insert_with(|| (*order).clone());
        }
        differences += expected.changed.0 + expected.other_customer.0;

        let journal = client.journal(&folder).unwrap();
        let report = client.send(prepared(&export, day)).journal(&journal).await;
        drop(journal);
        let events = report.events();
        let not_sent = expected.changed.0 + expected.other_customer.0;
        assert_eq!(
            (events.total(), events.not_sent),
            (export.len() as u64, not_sent),
            "day {day}: {report} {:?}",
            report.diagnostics()
        );
        let mut found = counts(&report);
        found.changed.0 = expected.changed.0;
        found.other_customer.0 = expected.other_customer.0;
        assert_eq!(found, expected, "day {day}: {report}");
        let returns: usize = export.iter().map(|order| order.returns).sum();
        let rows = report.rows();
        assert!(rows.is_balanced() && rows.filtered == returns as u64, "day {day}: {report}");
        assert_eq!(report.resumed().accepted, left, "day {day}: {report}");
        assert_eq!(report.all_accepted(), not_sent + expected.pending.0 == 0, "day {day}: {report}");
        left = expected.pending.0;
        server.reset();
    }
    let _ = fs::remove_dir_all(&folder);
    assert!(differences > 30, "{differences} differences were told");

    // The account of the server: every order once, as it was at first.
    assert_eq!(server.accepted_count(), first.len() as u64, "nothing was sent twice");
    for event in server.accepted() {
        let data = &event["custom_data"];
        let order = &first[data["order_id"].as_str().unwrap()];
        #[expect(clippy::cast_precision_loss, reason = "it is a small whole number")]
        let cents = order.cents() as f64;
        assert!((data["value"].as_f64().unwrap() * 100.0 - cents).abs() < 0.01, "{event}");
        assert_eq!(event["event_time"], order.items.iter().map(|(_, time)| *time).min().unwrap());
    }
    let sent: BTreeSet<_> = server.accepted().iter().map(|event| event["event_id"].to_string()).collect();
    assert_eq!(sent.len(), first.len());
}

/// What happens in the shop on one day.
fn trade(books: &mut Vec<Order>, day: i64, chance: &mut Rng) {
    let noon = NOW + day * DAY;
    // Yesterday's orders get late items, some with an earlier time, and one is returned.
    let yesterday = books.iter_mut().filter(|order| order.day == day - 1 && !order.id.starts_with("till"));
    for (index, order) in yesterday.enumerate() {
        match index {
            0 => order.items.push((chance.i64(1..5000), noon - 3 * 3600)),
            1 => order.items.insert(0, (chance.i64(1..5000), order.items[0].1 - 60)),
            2 => order.items[0].0 += 1,
            3 => order.returns += 1,
            _ => {}
        }
    }
    for number in 0..20 {
        let id = format!("D{day}-{number}");
        let items = (0..chance.usize(1..4)).map(|_| (chance.i64(1..5000), noon - chance.i64(60..7200)));
        let customer = format!("customer{id}@example.com");
        books.push(Order { items: items.collect(), id, customer, day, returns: 0 });
    }
    // A till that begins its numbers again every five days.
    if day % 5 == 0 {
        for number in 0..4 {
            let customer = format!("till{day}-{number}@example.com");
            let items = vec![(chance.i64(1..5000), noon - 600)];
            books.push(Order { id: format!("till-{number}"), customer, day, items, returns: 0 });
        }
    }
}

fn prepared(export: &[&Order], day: i64) -> meta_offline_events::order::Prepared {
    let mut orders = Orders::new();
    let mut line = 1;
    for order in export {
        let prices = order.items.iter().map(|(cents, time)| (1, *cents, *time));
        let returns = (0..order.returns).map(|_| (-1, 100, NOW + day * DAY - 60));
        for (quantity, cents, time) in prices.chain(returns) {
            line += 1;
            let row = Row::new(Line::new(line), EventTime::from_unix(time).unwrap());
            let row = row.customer(UserData::builder().email(&order.customer)).order_id(of(&order.id));
            let price = format!("{}.{:02}", cents / 100, cents % 100);
            orders.push(&row.quantity(quantity).price(of(&price)).currency(Currency::EUR));
        }
    }
    orders.finish(EventTime::from_unix(NOW + day * DAY).unwrap())
}
