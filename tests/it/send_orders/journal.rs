//! `send_orders --journal`: what an earlier run sent is not sent again, and what it left is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use meta_offline_events::client::{Clock, SystemClock};
use meta_offline_events::testing::{Answer, MockServer};
use serde_json::Value;

use super::{DATASET, Ran, TOKEN, assert_adds_up, command, folder, json, row, run, write};
use crate::support::example;

struct Bench {
    program: PathBuf,
    server: MockServer,
    folder: PathBuf,
}

impl Bench {
    async fn new(test: &str) -> Self {
        let server = MockServer::start().await.unwrap();
        Self { program: example("send_orders"), server, folder: folder(test) }
    }

    fn journal(&self) -> PathBuf {
        self.folder.join("journal")
    }

    fn run_at(&self, url: &str, arguments: &[&Path]) -> (Ran, Value) {
        let report = self.folder.join("report.json");
        let _ = fs::remove_file(&report);
        let environment =
            [("META_DATASET_ID", DATASET), ("META_ACCESS_TOKEN", TOKEN), ("META_GRAPH_URL", url)];
        let journal = self.journal();
        let options: [&Path; 5] =
            ["--skip-waits".as_ref(), "--journal".as_ref(), &journal, "--report".as_ref(), &report];
        let ran = run(&self.program, &environment, &[arguments, &options].concat());
        let report = if report.exists() { json(&report) } else { Value::Null };
        ran.search(&report.to_string());
        if !report.is_null() {
            assert_adds_up(&report);
        }
        (ran, report)
    }

    fn run(&self, arguments: &[&Path]) -> (Ran, Value) {
        self.run_at(self.server.url().as_str(), arguments)
    }
}

fn sold() -> i64 {
    SystemClock.now().unix() - 3600
}

#[tokio::test(flavor = "multi_thread")]
async fn p27_a_second_run_counts_what_was_sent_and_sends_what_is_new() {
    let bench = Bench::new("journal_twice").await;
    let mut rows = vec![row("A1", "2", "1.50", sold()), row("A2", "1", "9", sold())];
    let file = write(&bench.folder, "orders.csv", &rows);
    for (status, accepted, already_sent) in [(0, 2, 0), (0, 0, 2)] {
        let (ran, report) = bench.run(&[&file]);
        assert_eq!(ran.status, Some(status), "{}{}", ran.stdout, ran.stderr);
        let rows = &report["rows"];
        assert_eq!((&rows["accepted"], &rows["already_sent"]), (&accepted.into(), &already_sent.into()));
        assert_eq!(ran.stdout.contains("an earlier run sent them"), already_sent > 0, "{}", ran.stdout);
    }
    rows.push(row("A3", "1", "4", sold()));
    rows.push(row("A2", "1", "0.50", sold()));
    let file = write(&bench.folder, "orders.csv", &rows);
    let (ran, report) = bench.run(&[&file]);
    assert_eq!(ran.status, Some(1), "an order has changed: {}", ran.stdout);
    let text = ran.stdout.replace("\n            ", " ");
    assert!(text.contains("already sent with 9 EUR, and is 9.5 EUR now"), "{}", ran.stdout);
    assert_eq!((&report["rows"]["accepted"], &report["rows"]["not_sent"]), (&1.into(), &2.into()));
    assert_eq!(bench.server.accepted_count(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_what_a_run_leaves_waits_and_is_sent_by_the_next_one_also_without_a_file() {
    let bench = Bench::new("journal_left").await;
    let file =
        write(&bench.folder, "orders.csv", &[row("A1", "2", "1.50", sold()), row("A2", "1", "9", sold())]);
    bench.server.always(Answer::graph_error(401, 190, None));
    let (ran, report) = bench.run(&[&file]);
    assert_eq!((ran.status, &report["rows"]["pending"]), (Some(1), &2.into()), "{}", ran.stdout);
    assert!(ran.stdout.contains("they wait in the journal"), "{}", ran.stdout);
    assert!(ran.stdout.contains("is sent by the next run with it"), "{}", ran.stdout);

    let (ran, report) = bench.run(&[]);
    assert_eq!((ran.status, &report["resumed"]["pending"]), (Some(1), &2.into()), "{}", ran.stdout);
    bench.server.reset();
    let (ran, report) = bench.run(&[]);
    assert_eq!((ran.status, &report["resumed"]["accepted"]), (Some(0), &2.into()), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("An earlier run had left 2 events in the journal: 2 accepted"),
        "{}",
        ran.stdout
    );
    let (ran, report) = bench.run(&[&file]);
    assert_eq!((ran.status, &report["rows"]["already_sent"]), (Some(0), &2.into()), "{}", ran.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn p21_of_two_programs_the_second_one_ends_at_once_and_sends_nothing() {
    let bench = Bench::new("journal_two").await;
    let slow = MockServer::builder().latency(Duration::from_secs(60)).start().await.unwrap();
    let file = write(&bench.folder, "orders.csv", &[row("A1", "2", "1.50", sold())]);
    let journal = bench.journal();
    let url = slow.url();
    let environment =
        [("META_DATASET_ID", DATASET), ("META_ACCESS_TOKEN", TOKEN), ("META_GRAPH_URL", url.as_str())];
    let mut first = command(&bench.program, &environment, &[&file, "--journal".as_ref(), &journal]);
    let mut first = first.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while slow.request_count() == 0 {
        tokio::task::yield_now().await;
    }
    let (ran, report) = bench.run(&[&file]);
    assert_eq!(ran.status, Some(2), "{}", ran.stdout);
    assert!(ran.stderr.contains("is open in another process: wait for its end"), "{}", ran.stderr);
    assert!(ran.stderr.contains("journal_two/journal"), "{}", ran.stderr);
    assert!(report.is_null() && bench.server.request_count() == 0);

    first.kill().unwrap();
    first.wait().unwrap();
    let (ran, report) = bench.run(&[&file]);
    assert_eq!(ran.status, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert_eq!((&report["resumed"]["accepted"], &report["rows"]["already_sent"]), (&1.into(), &1.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn p18_p19_p22_p23_a_journal_that_cannot_be_used_ends_the_program_before_anything_is_sent() {
    let bench = Bench::new("journal_unusable").await;
    let file = write(&bench.folder, "orders.csv", &[row("A1", "2", "1.50", sold())]);
    let (ran, _) = bench.run(&[&file]);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    let requests = bench.server.request_count();

    let key: [&Path; 3] = [&file, "--order-key".as_ref(), "given_name".as_ref()];
    let (ran, _) = bench.run(&key);
    assert_eq!(ran.status, Some(2), "{}", ran.stdout);
    assert!(ran.stderr.contains("another key policy"), "{}", ran.stderr);
    let (ran, _) = bench.run_at("http://localhost:9/", &[&file]);
    assert_eq!(ran.status, Some(2), "{}", ran.stdout);
    assert!(ran.stderr.contains("belongs to another endpoint"), "{}", ran.stderr);

    let segment = bench.journal().join("0000000001.segment");
    let whole = fs::read(&segment).unwrap();
    let newer = [&whole[..8], &7_u32.to_le_bytes(), &whole[12..16]].concat();
    let newer = [&newer[..], &crc32fast::hash(&newer).to_le_bytes(), &whole[20..]].concat();
    for (content, named) in [(newer, "version 7"), (vec![0; whole.len()], "zero")] {
        fs::write(&segment, &content).unwrap();
        let (ran, _) = bench.run(&[&file]);
        assert_eq!(ran.status, Some(2), "{}", ran.stdout);
        assert!(ran.stderr.contains(named), "{named}: {}", ran.stderr);
        assert_eq!(fs::read(&segment).unwrap(), content, "it is untouched");
    }
    fs::remove_dir_all(bench.journal()).unwrap();
    fs::write(bench.journal(), "a file, and no folder").unwrap();
    let (ran, _) = bench.run(&[&file]);
    assert_eq!(ran.status, Some(2), "{}", ran.stdout);
    assert!(ran.stderr.contains("journal_unusable/journal"), "{}", ran.stderr);
    assert_eq!(bench.server.request_count(), requests);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_journal_is_told_and_goes_on() {
    let bench = Bench::new("journal_damaged").await;
    let file =
        write(&bench.folder, "orders.csv", &[row("A1", "2", "1.50", sold()), row("A2", "1", "9", sold())]);
    assert_eq!(bench.run(&[&file]).0.status, Some(0));
    let segment = bench.journal().join("0000000001.segment");
    let mut bytes = fs::read(&segment).unwrap();
    let event = bytes.windows(8).position(|part| part == b"\"data_pr" || part == b"order_id").unwrap();
    bytes[event] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let (ran, report) = bench.run(&[&file]);
    assert!(ran.stderr.contains("note: the journal is damaged: 0000000001.segment"), "{}", ran.stderr);
    assert!(ran.stderr.contains("compare with Events Manager"), "{}", ran.stderr);
    assert_eq!((ran.status, &report["rows"]["already_sent"]), (Some(0), &1.into()), "{}", ran.stdout);
    assert_eq!(
        bench.server.accepted_once().len(),
        2,
        "what is not known any more went out in the same bytes"
    );
}

#[test]
fn what_does_not_go_with_a_journal_is_said() {
    let program = example("send_orders");
    let folder = folder("journal_usage");
    let file = write(&folder, "orders.csv", &[row("A1", "2", "1.50", sold())]);
    let file = file.to_str().unwrap();
    for (arguments, named) in [
        (&[file, "--journal"][..], "--journal needs the name of a folder: --journal FOLDER"),
        (&[file, "--journal", "a", "--journal", "b"], "--journal is given twice"),
        (&[file, "--journal", "a", "--dry-run", "b.jsonl"], "--journal is for sending"),
        (&[file, "--journal", "a", "--show-layout"], "only goes with options for reading"),
        (&["--journal", "a", "--sorted"], "name the files to send"),
        (&["--journal", "a"], "META_ACCESS_TOKEN is not set"),
    ] {
        let arguments: Vec<&Path> = arguments.iter().map(Path::new).collect();
        let ran = run(&program, &[("META_DATASET_ID", DATASET)], &arguments);
        assert_eq!(ran.status, Some(2), "{arguments:?}: {}", ran.stdout);
        assert!(ran.stderr.contains(named), "{named} is not in: {}", ran.stderr);
    }
}
