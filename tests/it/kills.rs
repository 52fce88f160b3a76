//! Programs with a journal that are killed at random moments, and a server that drops duplicates by event id: at the
//! end every order is there once, with its exact total.
//!
//! `KILL_SEED` draws other moments, and `KILL_ROUNDS` is the number of kills. `.ci/extended kills` sets both.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use meta_offline_events::client::{Clock, SystemClock};
use meta_offline_events::testing::MockServer;
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
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let moment = Instant::now() + usual.mul_f64(self.chance.f64() * 1.2);
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return Some(status.code().unwrap());
            }
            if Instant::now() >= moment {
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
        let environment =
            [("META_DATASET_ID", DATASET), ("META_ACCESS_TOKEN", "EAAB-test"), ("META_GRAPH_URL", url.as_str())];
        command.envs(environment);
        command
    };
    let mut shop = Shop::default();
    shop.sell(&mut bench.chance, sold);
    let mut rows = shop.export(&export);
    let begun = Instant::now();
    assert_eq!(command(false).stdout(Stdio::null()).status().unwrap().code(), Some(0));
    let usual = begun.elapsed();
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

/// The journal beside an export.
fn bench_journal(export: &Path) -> PathBuf {
    export.with_file_name("journal")
}
