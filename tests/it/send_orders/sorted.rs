//! `send_orders --sorted`: orders leave while the rows are read, and nothing of an order that may not be complete.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use meta_offline_events::client::{Clock, SystemClock};
use meta_offline_events::testing::{Answer, MockServer};
use serde_json::Value;

use super::{DATASET, HEADER, NOW, TOKEN, assert_adds_up, command, folder, json, prepare, row, run, write};
use crate::support::example;

/// Three orders of two rows each.
fn rows(time: i64) -> Vec<String> {
    let rows = ["A1", "A1", "A2", "A2", "A3", "A3"].into_iter().zip(["1.50", "2", "3", "4", "5", "6.25"]);
    rows.map(|(order, price)| row(order, "1", price, time)).collect()
}

fn file(time: i64) -> String {
    format!("{HEADER}{}\n#END\n", rows(time).join("\n"))
}

/// The total of each order.
fn totals(events: &[Value]) -> BTreeMap<String, String> {
    let total = |event: &Value| {
        let data = &event["custom_data"];
        (data["order_id"].as_str().unwrap().to_owned(), data["value"].to_string())
    };
    events.iter().map(total).collect()
}

/// The events in the bodies of a dry run.
fn written(folder: &Path) -> Vec<Value> {
    let bodies = fs::read_to_string(folder.join("bodies.jsonl")).unwrap();
    let bodies = bodies.lines().map(|body| serde_json::from_str::<Value>(body).unwrap());
    bodies.flat_map(|body| body["data"].as_array().unwrap().clone()).collect()
}

#[test]
fn c27_wherever_a_sorted_file_is_cut_only_whole_orders_are_written() {
    let folder = folder("sorted_cut");
    let file = file(NOW);
    let options = ["--sorted", "--end-mark", "#END"];
    let (ran, account) = prepare(&folder, &file, &options);
    assert_eq!((ran.status, &account["events"]["pending"]), (Some(0), &3.into()), "{}", ran.stderr);
    let whole = totals(&written(&folder));
    assert_eq!(whole["A3"], "11.25");
    let end = file.find("#END").unwrap();
    let borders = file.match_indices('\n').flat_map(|(at, _)| [at, at + 1]);
    for cut in borders.chain((HEADER.len()..end).step_by(11)).chain(end..end + 4) {
        if cut >= end + 4 {
            continue;
        }
        let (ran, account) = prepare(&folder, &file[..cut], &options);
        assert_eq!(ran.status, Some(2), "{cut}: {}", ran.stderr);
        assert!(ran.stderr.contains("orders.csv: "), "{cut}: {}", ran.stderr);
        assert_adds_up(&account);
        let left = totals(&written(&folder));
        assert!(left.iter().all(|(order, total)| whole[order] == *total), "{cut}: {left:?}");
        let read = file[..cut].matches('\n').count().saturating_sub(1);
        assert!(left.len() <= read / 2 && left.len() < 3, "{cut}: the last order may go on: {left:?}");
    }
}

#[test]
fn a_sorted_file_gives_the_bodies_and_the_report_of_unsorted_rows() {
    let folder = folder("sorted_same");
    let rows: Vec<_> = (0..2100).map(|order| row(&format!("A{order:04}"), "1", "1.50", NOW)).collect();
    let bad = row("A2100", "1", "nil", NOW);
    let file = format!("{HEADER}{}\n{bad}\n", rows.join("\n"));
    let both = [&[][..], &["--sorted"]].map(|options| {
        let (ran, account) = prepare(&folder, &file, options);
        assert_eq!(ran.status, Some(1), "{}", ran.stderr);
        let account = ["rows", "events", "diagnostics", "coverage"].map(|part| account[part].to_string());
        (fs::read_to_string(folder.join("bodies.jsonl")).unwrap(), account)
    });
    assert!(both[0].0 == both[1].0, "the bodies differ");
    assert_eq!(both[0].1, both[1].1);
    assert_eq!(both[0].0.lines().count(), 3);
}

#[test]
fn an_order_in_two_sorted_files_stops_the_run_and_partitions_may_overlap() {
    let folder = folder("sorted_files");
    let program = example("send_orders");
    let (bodies, report) = (folder.join("bodies.jsonl"), folder.join("report.json"));
    let now = NOW.to_string();
    let dry_run = |second: [&str; 2]| {
        let first = write(&folder, "first.csv", &["A1", "A3"].map(|order| row(order, "1", "2", NOW)));
        let second = write(&folder, "second.csv", &second.map(|order| row(order, "1", "2", NOW)));
        let arguments: [&Path; 9] = [
            &first,
            &second,
            "--sorted".as_ref(),
            "--dry-run".as_ref(),
            &bodies,
            "--report".as_ref(),
            &report,
            "--now".as_ref(),
            now.as_ref(),
        ];
        let ran = run(&program, &[], &arguments);
        let account = json(&report);
        assert_adds_up(&account);
        (ran, account, totals(&written(&folder)).into_keys().collect::<Vec<_>>())
    };
    let (ran, account, orders) = dry_run(["A2", "A4"]);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert_eq!(
        (orders, account["sources"].as_array().unwrap().len()),
        (["A1", "A2", "A3", "A4"].map(str::to_owned).to_vec(), 2)
    );
    let (ran, account, orders) = dry_run(["A3", "A4"]);
    assert_eq!(ran.status, Some(2), "{}", ran.stderr);
    let why = "second.csv: line 2 of source 2 belongs to the same order as line 3 of source 1";
    assert!(ran.stderr.contains(why) && account["failed"].as_str().unwrap().contains(why), "{}", ran.stderr);
    assert_eq!((orders.len(), &account["rows"]["invalid"]), (2, &1.into()), "{account}");
}

struct Piped {
    server: MockServer,
    program: std::process::Child,
    folder: std::path::PathBuf,
}

impl Piped {
    async fn start(test: &str, options: &[&str]) -> Self {
        let folder = folder(test);
        let server = MockServer::start().await.unwrap();
        let url = server.url();
        let environment =
            [("META_DATASET_ID", DATASET), ("META_ACCESS_TOKEN", TOKEN), ("META_GRAPH_URL", url.as_str())];
        let report = folder.join("report.json");
        let program = command(
            &example("send_orders"),
            &environment,
            &["-".as_ref(), "--sorted".as_ref(), "--report".as_ref(), &report],
        )
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
        Self { server, program, folder }
    }

    fn write(&mut self, text: &str) {
        self.program.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// Returns the exit status, the report and what the server has.
    async fn end(self) -> (Option<i32>, Value, BTreeMap<String, String>) {
        let Self { server, program, folder } = self;
        let output = tokio::task::spawn_blocking(|| program.wait_with_output().unwrap()).await.unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        let report = folder.join("report.json");
        assert!(report.exists(), "{stderr}");
        let report = json(&report);
        assert_adds_up(&report);
        (output.status.code(), report, totals(&server.accepted_once()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c27_a_feeder_that_dies_between_two_rows_of_an_order_sends_nothing_of_it() {
    let sold = SystemClock.now().unix() - 3600;
    let rows = rows(sold);
    for lines in 0..=rows.len() {
        let mut piped = Piped::start("sorted_feeder", &["--end-mark", "#END"]).await;
        piped.write(HEADER);
        for row in &rows[..lines] {
            piped.write(&format!("{row}\n"));
        }
        drop(piped.program.stdin.take());
        let (status, report, accepted) = piped.end().await;
        assert_eq!(status, Some(2), "{report}");
        let complete = lines.saturating_sub(1) / 2;
        assert_eq!(
            (accepted.len(), report["rows"]["accepted"].as_u64()),
            (complete, Some(2 * complete as u64))
        );
        assert!(accepted.get("A1").is_none_or(|total| total == "3.5"));
        assert!(report["failed"].as_str().unwrap().contains("standard input: "), "{report}");
    }
    let mut piped = Piped::start("sorted_feeder", &["--end-mark", "#END"]).await;
    piped.write(&file(sold));
    drop(piped.program.stdin.take());
    let (status, _, accepted) = piped.end().await;
    assert_eq!((status, accepted.len()), (Some(0), 3));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn p4_orders_of_a_pipe_leave_while_it_is_open_and_a_signal_ends_the_wait() {
    let mut piped = Piped::start("sorted_pipe", &["--max-invalid", "100"]).await;
    let sold = SystemClock.now().unix() - 3600;
    let rows = rows(sold);
    piped.write(&format!("{HEADER}{}\n", rows[..3].join("\n")));
    // The first rows are judged before any order leaves.
    let more: String = (4..1100).map(|order| row(&format!("A{order}"), "1", "1", sold) + "\n").collect();
    piped.write(&more);
    while piped.server.accepted().is_empty() {
        assert!(piped.program.try_wait().unwrap().is_none(), "it ended with its pipe open");
        tokio::task::yield_now().await;
    }
    super::send_signal(&piped.program, "TERM");
    let rows = piped.program.stdin.take();
    let (status, report, accepted) = piped.end().await;
    assert_eq!(status, Some(1), "{report}");
    assert_eq!(accepted["A1"], "3.5");
    assert!(!accepted.contains_key("A1099"), "the order was open");
    assert_eq!(report["rows"]["accepted"].as_u64(), Some(accepted.len() as u64 + 1));
    drop(rows);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c25_nothing_is_sent_of_a_sorted_file_that_is_mostly_invalid() {
    let folder = folder("sorted_mostly_invalid");
    let sold = SystemClock.now().unix() - 3600;
    let server = MockServer::start().await.unwrap();
    let address = server.url().to_string();
    let environment =
        [("META_DATASET_ID", DATASET), ("META_ACCESS_TOKEN", TOKEN), ("META_GRAPH_URL", &*address)];
    let price = |order| if order % 3 == 0 { "5" } else { "nil" };
    let rows: Vec<_> = (0..1200).map(|order| row(&format!("A{order:04}"), "1", price(order), sold)).collect();
    let orders = write(&folder, "orders.csv", &rows);
    let report = folder.join("report.json");
    for (percent, status, accepted) in [("50", 1, 0), ("100", 1, 400)] {
        let options = ["--sorted", "--max-invalid", percent, "--report"].map(Path::new);
        let arguments = [&[&*orders][..], &options, &[&*report]].concat();
        let ran = tokio::task::block_in_place(|| run(&example("send_orders"), &environment, &arguments));
        assert_eq!(ran.status, Some(status), "{}", ran.stderr);
        assert_eq!(
            ran.stderr.contains("nothing was sent: 666 of the first 1000 rows"),
            accepted == 0,
            "{}",
            ran.stderr
        );
        assert_eq!(ran.stderr.contains("--max-invalid 100"), accepted == 0, "{}", ran.stderr);
        let account = json(&report);
        assert_adds_up(&account);
        assert_eq!(
            (server.accepted().len(), account["rows"]["accepted"].as_u64()),
            (accepted, Some(accepted as u64))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c18_of_a_sorted_file_that_grows_while_it_is_read_the_last_order_is_not_sent() {
    let folder = folder("sorted_changed");
    let server = MockServer::start().await.unwrap();
    server.script(Answer::judge().after(Duration::from_millis(700)));
    let url = server.url();
    let environment =
        [("META_DATASET_ID", DATASET), ("META_ACCESS_TOKEN", TOKEN), ("META_GRAPH_URL", url.as_str())];
    let sold = SystemClock.now().unix() - 3600;
    let rows: Vec<_> = (0..9000).map(|order| row(&format!("A{order:04}"), "1", "1", sold)).collect();
    let orders = write(&folder, "orders.csv", &rows);
    let mut program = command(&example("send_orders"), &environment, &[&orders, "--sorted".as_ref()])
        .args(["--in-flight=1", "--batch-size=500"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while server.request_count() == 0 {
        assert!(program.try_wait().unwrap().is_none(), "it ended before it sent anything");
        tokio::task::yield_now().await;
    }
    // The reader is a few hundred orders ahead.
    let mut file = fs::OpenOptions::new().append(true).open(&orders).unwrap();
    file.write_all(format!("{}\n", row("A9000", "1", "1", sold)).as_bytes()).unwrap();
    let output = tokio::task::spawn_blocking(|| program.wait_with_output().unwrap()).await.unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("orders.csv changed while it was read: it grew"), "{stderr}");
    assert_eq!(server.accepted().len(), 9000, "all but the last order");
}
