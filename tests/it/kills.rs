//! Programs with a journal that are killed at random moments, and a server that drops duplicates by event id: at the
//! end every order is there once, with its exact total.
//!
//! `KILL_SEED` draws other moments, and `KILL_ROUNDS` is the number of kills. `.ci/extended kills` sets both.

#![expect(clippy::print_stdout, reason = "whoever sets the number of kills wants to see the counts")]

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use meta_offline_events::client::{Client, Clock, SystemClock};
use meta_offline_events::testing::MockServer;
use meta_offline_events::{Event, UserData};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use crate::support::example;

const DATASET: &str = "123456789012345";

/// How many orders come with each new export.
const NEW_ORDERS: usize = 30;

fn setting(name: &str, usual: u64) -> u64 {
    env::var(name).map_or(usual, |text| text.parse().unwrap())
}

/// A server beside the test, and a folder that goes when the test ends.
struct Bench {
    server: MockServer,
    _runtime: Runtime,
    folder: PathBuf,
    chance: Rng,
    kills: u64,
}

impl Bench {
    fn new(test: &str) -> Self {
        let seed = setting("KILL_SEED", 1);
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let server = MockServer::builder().latency(Duration::from_millis(3));
        let server = runtime.block_on(server.start()).unwrap();
        let folder = env::temp_dir().join(format!("meta-kills-{}-{test}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self { server, _runtime: runtime, folder, chance: Rng::with_seed(seed), kills: 0 }
    }

    /// What the server has, by order id: the total in cents. Every copy of an event has the same bytes.
    #[track_caller]
    fn stored(&self) -> BTreeMap<String, i64> {
        let mut copies = BTreeMap::<String, BTreeSet<String>>::new();
        for event in self.server.accepted() {
            copies.entry(event["event_id"].to_string()).or_default().insert(event.to_string());
        }
        for copies in copies.values() {
            assert_eq!(copies.len(), 1, "the copies of an event differ: {copies:#?}");
        }
        let once = self.server.accepted_once();
        let stored: BTreeMap<_, _> = once
            .iter()
            .map(|event| {
                let data = &event["custom_data"];
                let cents = (data["value"].as_f64().unwrap() * 100.0).round();
                #[expect(clippy::cast_possible_truncation, reason = "it is a small whole number")]
                let cents = cents as i64;
                (data["order_id"].as_str().unwrap().to_owned(), cents)
            })
            .collect();
        assert_eq!(stored.len(), once.len(), "an order has two event ids");
        stored
    }

    /// Runs the program to its end, or kills it at a random moment. Returns its exit status if it came to its end.
    fn run(&mut self, command: &mut Command, usual: Duration) -> Option<i32> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        let moment = SystemClock.elapsed() + usual.mul_f64(self.chance.f64() * 1.2);
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return Some(status.code().unwrap());
            }
            if SystemClock.elapsed() >= moment {
                child.kill().unwrap();
                child.wait().unwrap();
                self.kills += 1;
                return None;
            }
            thread::sleep(Duration::from_micros(500));
        }
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The orders of all exports so far, with their totals in cents.
#[derive(Default)]
struct Shop {
    orders: BTreeMap<String, i64>,
    rows: Vec<String>,
}

impl Shop {
    fn sell(&mut self, chance: &mut Rng, sold: i64) {
        for _ in 0..NEW_ORDERS {
            let order = format!("A{:07}", self.orders.len());
            let mut total = 0;
            let mut row = String::new();
            for item in 0..chance.usize(1..4) {
                let cents = chance.i64(1..10_000);
                total += cents;
                let price = format!("{}.{:02}", cents / 100, cents % 100);
                let line = format!("{order},customer{order}@example.com,item{item},1,{price},EUR,{sold}\n");
                row.push_str(&line);
            }
            self.rows.push(row);
            self.orders.insert(order, total);
        }
    }

    /// An export of the last two days: half of it overlaps with the one before.
    fn export(&self, file: &Path) -> usize {
        let rows = &self.rows[self.rows.len().saturating_sub(2 * NEW_ORDERS)..];
        let header = "order_id,email,product_id,quantity,price,currency,timestamp\n";
        fs::write(file, format!("{header}{}", rows.concat())).unwrap();
        rows.concat().lines().count()
    }
}

#[test]
fn p1_p2_p21_a_program_that_is_killed_at_random_moments_sends_every_order_once() {
    let program = example("send_orders");
    let rounds = setting("KILL_ROUNDS", 30);
    let mut bench = Bench::new("send_orders");
    let sold = SystemClock.now().unix() - 3600;
    let (export, report) = (bench.folder.join("export.csv"), bench.folder.join("report.json"));
    let url = bench.server.url();
    let command = |sorted: bool| {
        let mut command = Command::new(&program);
        command.arg(&export).args(["--batch-size", "4", "--in-flight", "2", "--skip-waits"]);
        command.arg("--journal").arg(bench_journal(&export)).arg("--report").arg(&report);
        command.args(sorted.then_some("--sorted"));
        let environment = [
            ("META_DATASET_ID", DATASET),
            ("META_ACCESS_TOKEN", "EAAB-test"),
            ("META_GRAPH_URL", url.as_str()),
        ];
        command.envs(environment);
        command
    };
    let mut shop = Shop::default();
    shop.sell(&mut bench.chance, sold);
    let mut rows = shop.export(&export);
    let begun = SystemClock.elapsed();
    assert_eq!(command(false).stdout(Stdio::null()).status().unwrap().code(), Some(0));
    let usual = SystemClock.elapsed().saturating_sub(begun);
    let mut killed = false;
    while bench.kills < rounds || killed {
        if !killed {
            shop.sell(&mut bench.chance, sold);
            rows = shop.export(&export);
        }
        let sorted = bench.chance.bool();
        let _ = fs::remove_file(&report);
        let status = bench.run(&mut command(sorted), usual);
        killed = status.is_none();
        if let Some(status) = status {
            let report: Value = serde_json::from_slice(&fs::read(&report).unwrap()).unwrap();
            assert_eq!(status, 0, "{report:#}");
            let counts = &report["rows"];
            assert_eq!(counts["read"], rows, "{report:#}");
            let sent = counts["accepted"].as_u64().unwrap() + counts["already_sent"].as_u64().unwrap();
            assert_eq!(sent, rows as u64, "{report:#}");
            assert_eq!(bench.stored(), shop.orders, "after {} kills", bench.kills);
        }
    }
    assert_eq!(bench.stored(), shop.orders);
    let repeated = bench.server.accepted().len() - shop.orders.len();
    println!("{} kills, {} orders, {repeated} sent again", bench.kills, shop.orders.len());
}

const SHOP: &str = "KILLED_SHOP";

/// Not a test by itself: the shop that another test here kills. It pushes sales into a queue with a journal, and notes
/// each one whose push returned.
#[test]
fn a_shop_that_is_killed() {
    let Ok(settings) = env::var(SHOP) else { return };
    let [folder, url, first, count] = settings.split('|').collect::<Vec<_>>()[..] else {
        panic!("{settings}")
    };
    let (first, count): (usize, usize) = (first.parse().unwrap(), count.parse().unwrap());
    let folder = PathBuf::from(folder);
    let client = Client::builder(DATASET.parse().unwrap(), "EAAB-test".parse().unwrap());
    let client = client.loopback_endpoint(url.parse().unwrap()).build().unwrap();
    let noted = fs::File::options().append(true).create(true).open(folder.join("noted")).unwrap();
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
        let journal = client.journal(folder.join("journal")).unwrap();
        let queue = client.queue().journal(&journal).linger(Duration::from_millis(2)).start().unwrap();
        let pushes = (first..first + count).map(|number| {
            let (queue, mut noted) = (queue.clone(), noted.try_clone().unwrap());
            tokio::spawn(async move {
                let now = SystemClock.now();
                let email = format!("customer{number}@example.com");
                let customer = UserData::builder().email(&email).build().unwrap();
                let sale = Event::builder(now, customer).order_id(number.to_string().parse().unwrap());
                queue.push(sale.value("10.50 EUR".parse().unwrap()).build().unwrap()).await.unwrap();
                noted.write_all(format!("{number}\n").as_bytes()).unwrap();
            })
        });
        for push in pushes.collect::<Vec<_>>() {
            push.await.unwrap();
        }
        let report = queue.close(Duration::from_secs(30)).await;
        assert!(report.all_accepted() && report.events().total() == count as u64, "{report}");
    });
}

#[test]
fn p1_a_shop_that_is_killed_at_random_moments_loses_no_sale_whose_push_returned() {
    let rounds = setting("KILL_ROUNDS", 30).div_ceil(2);
    let mut bench = Bench::new("queue");
    let url = bench.server.url();
    let folder = bench.folder.clone();
    let command = |first: usize, count: usize| {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", "kills::a_shop_that_is_killed", "--nocapture"]);
        command.env(SHOP, format!("{}|{url}|{first}|{count}", folder.display()));
        command
    };
    let begun = SystemClock.elapsed();
    assert!(command(0, 40).stdout(Stdio::null()).status().unwrap().success());
    let usual = SystemClock.elapsed().saturating_sub(begun);
    let mut first = 40;
    while bench.kills < rounds {
        let status = bench.run(&mut command(first, 40), usual);
        assert!(status.is_none_or(|status| status == 0), "after {} kills", bench.kills);
        first += 40;
    }
    assert!(command(first, 0).stdout(Stdio::null()).status().unwrap().success(), "the last one finishes");
    let stored = bench.stored();
    let noted = fs::read_to_string(bench.folder.join("noted")).unwrap();
    let lost: Vec<&str> = noted.lines().filter(|number| !stored.contains_key(*number)).collect();
    assert!(lost.is_empty(), "{lost:?}");
    assert!(stored.values().all(|cents| *cents == 1050));
    println!(
        "{} kills, {} pushes returned, {} sales arrived",
        bench.kills,
        noted.lines().count(),
        stored.len()
    );
}

/// The journal beside an export.
fn bench_journal(export: &Path) -> PathBuf {
    export.with_file_name("journal")
}
