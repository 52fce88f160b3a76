//! The example program `send_orders` as its users run it: a real process with files, an environment and an exit
//! status.

mod journal;
mod reports;
mod sorted;

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use meta_offline_events::auth::Credential;
use meta_offline_events::client::{Clock, SystemClock};
use meta_offline_events::testing::{Answer, MockServer};
use meta_offline_events::value::AccessToken;
use serde_json::{Value, json as json_of};

use crate::support::{example, shows_none_of};

const DATASET: &str = "123456789012345";
const TOKEN: &str = "EAABMARKEDTOKEN0123456789";
const HEADER: &str = "order_id,email,phone,given_name,quantity,price,currency,timestamp,action_source\n";
const NOW: i64 = 1_777_896_000;

/// What must never be shown, be it sent or refused.
const MARKED: &[&str] =
    &["MARKEDTOKEN", "markedmail", "markedname", "markedprice", "markedphone", "5550001234"];

struct Ran {
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Ran {
    fn search(&self, report: &str) {
        for (place, text) in [("stdout", &*self.stdout), ("stderr", &self.stderr), ("the report", report)] {
            shows_none_of(MARKED, place, text);
        }
    }
}

fn command(program: &Path, environment: &[(&str, &str)], arguments: &[&Path]) -> Command {
    let mut command = Command::new(program);
    for name in ["META_DATASET_ID", "META_ACCESS_TOKEN", "META_TEST_EVENT_CODE", "META_GRAPH_URL"] {
        command.env_remove(name);
    }
    command.envs(environment.iter().copied()).args(arguments).stdin(Stdio::null());
    command
}

/// A program that no signal is ignored for, although a shell may have started the tests with some ignored.
#[cfg(unix)]
fn heeding_signals(program: &Path) -> Command {
    if !cfg!(target_os = "linux") {
        return command(program, &[], &[]);
    }
    let mut command = command("env".as_ref(), &[], &[]);
    command.arg("--default-signal=INT,TERM,HUP").arg(program);
    command
}

fn run(program: &Path, environment: &[(&str, &str)], arguments: &[&Path]) -> Ran {
    let output = command(program, environment, arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { status: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// An empty folder of this test's own.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("send_orders").join(test);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn write(folder: &Path, name: &str, rows: &[String]) -> PathBuf {
    let file = folder.join(name);
    fs::write(&file, format!("{HEADER}{}\n", rows.join("\n"))).unwrap();
    file
}

fn row(order: &str, quantity: &str, price: &str, time: i64) -> String {
    format!("{order},MarkedMail@example.com,+1 555 000 1234,MarkedName,{quantity},{price},EUR,{time},")
}

fn json(file: &Path) -> Value {
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

fn assert_adds_up(report: &Value) {
    let rows = report["rows"].as_object().unwrap();
    let sum: u64 =
        rows.iter().filter(|(end, _)| *end != "read").map(|(_, rows)| rows.as_u64().unwrap()).sum();
    assert_eq!(rows["read"], sum, "{report}");
    assert_eq!(rows.len(), 9);
}

#[test]
fn the_sample_comes_out_as_planned() {
    let program = example("send_orders");
    let ran = run(&program, &[], &[]);
    assert_eq!(ran.status, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("all came out as planned"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("Customer."), "an address shows: {}", ran.stdout);
}

#[test]
fn the_sample_runs_in_any_folder_and_leaves_nothing_there() {
    let program = example("send_orders");
    let folder = folder("elsewhere");
    let output = command(&program, &[], &[]).current_dir(&folder).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
fn s16_a_dry_run_writes_bodies_and_an_account_and_needs_no_secret() {
    let program = example("send_orders");
    let folder = folder("dry_run");
    let good = [
        row("A1", "2", "1.50", NOW),
        row("A2", "1", "9", NOW),
        row("A1", "1", "0.10", NOW),
        row("A3", "-1", "2", NOW),
    ];
    let file = write(&folder, "orders.csv", &good);
    let (bodies, report) = (folder.join("bodies.jsonl"), folder.join("report.json"));
    let now = NOW.to_string();
    let arguments: [&Path; 7] =
        [&file, "--dry-run".as_ref(), &bodies, "--now".as_ref(), now.as_ref(), "--report".as_ref(), &report];
    let ran = run(&program, &[("META_ACCESS_TOKEN", TOKEN)], &arguments);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    ran.search(&fs::read_to_string(&report).unwrap());
    let account = json(&report);
    assert_adds_up(&account);
    assert_eq!((&account["rows"]["pending"], &account["rows"]["filtered"]), (&3.into(), &1.into()));
    assert_eq!(account["events"]["pending"], 2);

    let text = fs::read_to_string(&bodies).unwrap();
    assert!(!text.contains("MARKEDTOKEN") && !text.contains("access_token"));
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].as_object().unwrap().len(), 1);
    assert_eq!(lines[0]["data"][0]["custom_data"]["value"].to_string(), "3.1");
    #[cfg(unix)]
    for file in [&bodies, &report] {
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(file).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600, "S16: {}", file.display());
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 3, "nothing unfinished is left");

    let bad = row("A4", "1", "MarkedPrice", NOW).replace("+1 555 000 1234", "MarkedPhone");
    write(&folder, "orders.csv", &[good[0].clone(), bad]);
    let ran = run(&program, &[], &arguments);
    assert_eq!(ran.status, Some(1), "a row is invalid");
    assert!(ran.stdout.contains("not_a_number"), "{}", ran.stdout);
    ran.search(&fs::read_to_string(&report).unwrap());
    assert_adds_up(&json(&report));
}

#[test]
fn s5_s17_wrong_usage_and_half_an_environment_are_refused_without_showing_values() {
    let program = example("send_orders");
    let folder = folder("usage");
    let file = write(&folder, "orders.csv", &[row("A1", "2", "1.50", NOW)]);
    let file = file.to_str().unwrap();
    let absent = folder.join("absent.csv");
    let headless = folder.join("headless.csv");
    fs::write(&headless, row("A1", "2", "1.50", NOW)).unwrap();
    let (absent, headless) = (absent.to_str().unwrap(), headless.to_str().unwrap());
    let bodies = folder.join("bodies.jsonl");
    let bodies = bodies.to_str().unwrap();
    let (dataset, token) = (("META_DATASET_ID", DATASET), ("META_ACCESS_TOKEN", TOKEN));
    let address = |url| ("META_GRAPH_URL", url);
    let report_in_absent_folder = folder.join("absent/report.json");
    for (environment, arguments, named) in [
        (&[dataset][..], &[file][..], "META_ACCESS_TOKEN is not set"),
        (&[token], &[file], "META_DATASET_ID is not set"),
        (&[], &[file], "META_DATASET_ID is not set"),
        (&[token, ("META_DATASET_ID", " ")], &[file], "META_DATASET_ID is not set"),
        (&[dataset], &[], "META_ACCESS_TOKEN is not set"),
        (&[token], &[], "META_DATASET_ID is not set"),
        (&[dataset, token], &[], "name the files"),
        (&[address("http://127.0.0.1:9/")], &[], "META_GRAPH_URL"),
        (&[dataset, ("META_ACCESS_TOKEN", "MARKED TOKEN")], &[file], "META_ACCESS_TOKEN"),
        (&[("META_DATASET_ID", "MARKEDTOKEN"), token], &[file], "META_DATASET_ID"),
        (&[dataset, token, ("META_TEST_EVENT_CODE", "MARKEDTOKEN!")], &[file], "META_TEST_EVENT_CODE"),
        (&[dataset, token, address("http://example.com/")], &[file], "META_GRAPH_URL"),
        (&[dataset, token, address("http://192.0.2.1:8080/")], &[file], "META_GRAPH_URL"),
        (&[dataset, token, address("https://MARKEDTOKEN@example.com/")], &[file], "META_GRAPH_URL"),
        (&[dataset, token, address("MARKEDTOKEN")], &[file], "META_GRAPH_URL"),
        (&[dataset, token, address("http://127.0.0.1:9/")], &[absent], "absent.csv"),
        (
            &[dataset, token, address("http://127.0.0.1:9/")],
            &[headless],
            "headless.csv: line 1: the header has no column for",
        ),
        (
            &[dataset, token, address("http://127.0.0.1:9/")],
            &[file, "--report", report_in_absent_folder.to_str().unwrap()],
            "report.json cannot be written",
        ),
        (&[], &["--dry-run", bodies], "bodies.jsonl is the file that --dry-run writes"),
        (&[], &["--dry-run", file, headless], "--dry-run would write request bodies over"),
        (&[], &[file, "--dry-run"], "--dry-run needs the name of the file to write"),
        (&[], &[file, "--dry-run", file], "written over"),
        (&[], &[file, "--dry-run", bodies, "--report", bodies], "same file"),
        (&[], &[file, file, "--dry-run", bodies], "named twice"),
        (&[], &[file, "--now", "1777896000"], "--now only goes with"),
        (&[], &[file, "--dry-run", bodies, "--now", "soon"], "--now needs"),
        (&[], &[file, "--token=MARKEDTOKEN"], "--token is no option"),
        (&[dataset, token], &[file, "--skip-waits"], "only goes with a server on this machine"),
        (&[dataset, token], &[file, "--batch-size=1001"], "--batch-size must be"),
        (&[dataset, token], &[file, "--in-flight", "0"], "requests in flight must be 1 to 256"),
        (&[dataset, token], &[file, "--in-flight", "many"], "--in-flight needs a number"),
        (&[], &[file, "--dry-run", bodies, "--skip-waits"], "do not go with --dry-run"),
        (&[], &[file, "--dry-run", bodies, "--credential-file", absent], "do not go with --dry-run"),
        (&[dataset], &[file, "--credential-file", absent], "absent.csv cannot be read"),
        (&[dataset, token], &[file, "--credential-file", absent], "both have a token"),
        (&[dataset], &[file, "--credential-file"], "--credential-file needs the name of a file"),
    ] {
        let arguments: Vec<&Path> = arguments.iter().map(Path::new).collect();
        let ran = run(&program, environment, &arguments);
        assert_eq!(ran.status, Some(2), "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(named), "{named} is not in: {}", ran.stderr);
        assert!(ran.stdout.is_empty(), "{}", ran.stdout);
        ran.search("");
    }
    assert!(!Path::new(bodies).exists(), "no run came so far");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_may_come_from_a_credential_file() {
    let program = example("send_orders");
    let folder = folder("credential_file");
    let file = write(&folder, "orders.csv", &[row("A1", "2", "1.50", SystemClock.now().unix() - 3600)]);
    let credential = folder.join("credential.json");
    Credential::new(TOKEN.parse::<AccessToken>().unwrap()).store(&credential).unwrap();
    let mock_server = MockServer::builder().token(TOKEN.parse().unwrap()).start().await.unwrap();
    let url = mock_server.url();
    let environment = [("META_DATASET_ID", DATASET), ("META_GRAPH_URL", url.as_str())];
    let ran = run(&program, &environment, &[&file, "--credential-file".as_ref(), &credential]);
    assert_eq!(ran.status, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert_eq!(mock_server.accepted().len(), 1);
    ran.search("");
    let ran = run(&program, &environment[1..], &[&file, "--credential-file".as_ref(), &credential]);
    assert_eq!(ran.status, Some(2));
    assert!(ran.stderr.contains("META_DATASET_ID is not set"), "{}", ran.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_may_be_spread_over_two_files() {
    let program = example("send_orders");
    let folder = folder("two_files");
    let sold = SystemClock.now().unix() - 3600;
    let first = write(&folder, "monday.csv", &[row("A1", "2", "1.50", sold), row("A2", "1", "nil", sold)]);
    let second = write(&folder, "tuesday.csv", &[row("A1", "1", "0.10", sold)]);
    let report = folder.join("report.json");
    let mock_server = MockServer::start().await.unwrap();
    let url = mock_server.url();
    let environment = [
        ("META_DATASET_ID", DATASET),
        ("META_ACCESS_TOKEN", TOKEN),
        ("META_GRAPH_URL", url.as_str()),
        ("META_TEST_EVENT_CODE", "TEST123"),
    ];
    let ran = run(&program, &environment, &[&first, &second, "--report".as_ref(), &report]);
    assert_eq!(ran.status, Some(1), "{}", ran.stderr);
    let account = json(&report);
    assert_adds_up(&account);
    assert_eq!((&account["rows"]["accepted"], &account["rows"]["invalid"]), (&2.into(), &1.into()));
    assert_eq!(account["diagnostics"][0]["sources"][0], 1, "{account}");
    assert_eq!(account["sources"].as_array().unwrap().len(), 2);
    assert_eq!(mock_server.accepted().len(), 1);
    assert_eq!(account["test_event_code"], true, "S20");
    assert!(ran.stderr.contains("META_TEST_EVENT_CODE") && ran.stdout.contains("META_TEST_EVENT_CODE"));

    let ran = run(&program, &environment[..3], &[&second]);
    assert_eq!(ran.status, Some(0), "{}", ran.stdout);
    ran.search("");
}

#[tokio::test(flavor = "multi_thread")]
async fn s1_s2_s13_nothing_that_was_sent_shows_however_the_server_fails() {
    let program = example("send_orders");
    let folder = folder("failures");
    let sold = SystemClock.now().unix() - 3600;
    let file =
        write(&folder, "orders.csv", &[row("A1", "2", "1.50", sold), row("A2", "1", "MarkedPrice", sold)]);
    let report = folder.join("report.json");
    let quoting = format!(r#"{{"error":{{"code":190,"message":"{TOKEN} of MarkedMail@example.com"}}}}"#);
    for (name, answer, end) in [
        ("accepted", Answer::judge(), "accepted"),
        ("reset", Answer::reset_after_body(), "accepted"),
        ("echo", Answer::echo(), "refused"),
        ("token expired", Answer::graph_error(401, 190, Some(463)), "not_sent"),
        ("quoting", Answer::body(400, "application/json", quoting.into_bytes()), "not_sent"),
        ("redirect", Answer::redirect(&"https://example.com/MARKEDTOKEN".parse().unwrap()), "not_sent"),
        ("count differs", Answer::received(7), "unconfirmed"),
    ] {
        let mock_server = MockServer::start().await.unwrap();
        mock_server.script(answer);
        let url = mock_server.url();
        let environment =
            [("META_DATASET_ID", DATASET), ("META_ACCESS_TOKEN", TOKEN), ("META_GRAPH_URL", url.as_str())];
        let ran = run(&program, &environment, &[&file, "--report".as_ref(), &report]);
        assert_eq!(ran.status, Some(1), "{name}: {}{}", ran.stdout, ran.stderr);
        ran.search(&fs::read_to_string(&report).unwrap());
        let account = json(&report);
        assert_adds_up(&account);
        assert_eq!(account["rows"][end], 1, "{name}: {account}");
        assert_eq!(account["rows"]["invalid"], 1, "{name}: {account}");
    }
}

/// Every fault of the mock server that does not end at the limit of an attempt, with an
/// orderly answer between any two. What stops a run comes last.
fn every_fault_in_turn() -> Vec<Answer> {
    let usage = r#"{"1":[{"type":"?","call_count":99,"estimated_time_to_regain_access":1.5}]}"#;
    let redirect = "https://example.com/".parse().unwrap();
    let faults = vec![
        Answer::reset_before_body(),
        Answer::reset_after_body(),
        Answer::accept_then_reset(),
        Answer::judge().half(),
        Answer::judge().close(),
        Answer::endless(),
        Answer::html(200),
        Answer::empty(200),
        Answer::empty(204),
        Answer::json(202, json_of!({"events_received": 20})),
        Answer::json(200, json_of!({"events_received": null})),
        Answer::body(200, "application/json", "{\"events_received\":2"),
        Answer::raw("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\u{b}\x08"),
        Answer::raw("no http at all\r\n\r\n"),
        Answer::transient(),
        Answer::graph_error(400, 1, None),
        Answer::graph_error(400, -3, None),
        Answer::html(500),
        Answer::empty(502),
        Answer::empty(503).header("retry-after", "120"),
        Answer::empty(504),
        Answer::empty(408),
        Answer::empty(425),
        Answer::empty(429),
        Answer::throttled([("retry-after", "600"), ("x-business-use-case-usage", usage)]),
        Answer::graph_error(403, 80_004, None),
        Answer::judge().header("x-app-usage", r#"{"call_count":97}"#),
        Answer::empty(413),
        Answer::received(7),
        Answer::received(2000),
        Answer::graph_error(400, 777, None),
        Answer::echo(),
        Answer::json(400, json_of!({"error": {"code": 100, "error_data": {"event_index": 3}}})),
        Answer::json(400, json_of!({"error": {"code": 100, "error_data": "{\"event_index\": 99}"}})),
        Answer::json(400, json_of!({"error": "what"})),
        Answer::graph_error(400, 368, None),
        Answer::redirect(&redirect),
    ];
    faults.into_iter().flat_map(|fault| [Answer::judge(), fault]).collect()
}

/// The orders that the report and the server name after a run through every fault: accepted by the
/// report, unconfirmed by it, and accepted by the server.
struct Agreement {
    accepted: BTreeSet<String>,
    unconfirmed: BTreeSet<String>,
    stored: BTreeSet<String>,
}

async fn run_through_every_fault(test: &str, in_flight: &str) -> Agreement {
    let program = example("send_orders");
    let folder = folder(test);
    let sold = SystemClock.now().unix() - 3600;
    let rows: Vec<_> = (0..1500).map(|order| row(&format!("A{order}"), "1", "1.50", sold)).collect();
    let file = write(&folder, "orders.csv", &rows);
    let report = folder.join("report.json");
    let bad = |event: &Value| event["custom_data"]["order_id"].as_str().is_some_and(|id| id.ends_with("77"));
    let mock_server = MockServer::builder().refuse(bad).start().await.unwrap();
    mock_server.script_all(every_fault_in_turn());
    let url = mock_server.url();
    let environment =
        [("META_DATASET_ID", DATASET), ("META_ACCESS_TOKEN", TOKEN), ("META_GRAPH_URL", url.as_str())];
    let arguments = ["--batch-size=20", in_flight, "--skip-waits", "--report"].map(Path::new);
    let ran = run(&program, &environment, &[&[&*file], &arguments[..], &[&*report]].concat());
    assert_eq!(ran.status, Some(1), "{}{}", ran.stdout, ran.stderr);
    ran.search(&fs::read_to_string(&report).unwrap());
    let account = json(&report);
    assert_adds_up(&account);
    assert!(
        account["stopped"]["message"].as_str().unwrap().contains("redirects to example.com"),
        "{account}"
    );
    assert!(mock_server.request_count() >= every_fault_in_turn().len(), "every fault was gone through");

    let diagnostics = account["diagnostics"].as_array().unwrap();
    let orders_of = |is_wanted: fn(&str) -> bool| -> BTreeSet<String> {
        let wanted = diagnostics.iter().filter(|diagnostic| is_wanted(diagnostic["code"].as_str().unwrap()));
        let lines = wanted.filter_map(|diagnostic| diagnostic["lines"].as_array()).flatten();
        lines.map(|line| format!("A{}", line.as_u64().unwrap() - 2)).collect()
    };
    let not_accepted = orders_of(|_| true);
    let accepted: BTreeSet<_> = (0..1500).map(|order| format!("A{order}")).collect();
    let accepted: BTreeSet<_> = accepted.difference(&not_accepted).cloned().collect();
    assert_eq!(account["events"]["accepted"], accepted.len(), "every order has exactly one end: {account}");
    let stored = mock_server.accepted_once();
    let stored = stored.iter().map(|event| event["custom_data"]["order_id"].as_str().unwrap().to_owned());
    Agreement {
        accepted,
        unconfirmed: orders_of(|reason| matches!(reason, "no_valid_answer" | "count_differs")),
        stored: stored.collect(),
    }
}

/// With one request in flight every fault is followed by an orderly answer to the repeat.
#[tokio::test(flavor = "multi_thread")]
async fn every_fault_in_turn_leaves_the_server_and_the_report_in_agreement() {
    let agreement = run_through_every_fault("every_fault", "--in-flight=1").await;
    assert_eq!(agreement.accepted, agreement.stored);
}

/// With several in flight one batch may meet a fault at every attempt: it is unconfirmed then, whether or
/// not the server has it. What is called accepted it has, and it has nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn every_fault_at_once_leaves_only_what_is_called_unconfirmed_in_doubt() {
    let agreement = run_through_every_fault("every_fault_at_once", "--in-flight=3").await;
    assert!(agreement.accepted.is_subset(&agreement.stored));
    let others: Vec<_> = agreement.stored.difference(&agreement.accepted).collect();
    assert!(others.iter().all(|order| agreement.unconfirmed.contains(*order)), "{others:?}");
}

/// A run of 50 events in 5 batches, whose first request the server has.
#[cfg(unix)]
struct Sending {
    server: MockServer,
    program: std::process::Child,
    folder: PathBuf,
}

#[cfg(unix)]
impl Sending {
    async fn start(test: &str, answer: Answer, program: impl FnOnce(&Path) -> Command) -> Self {
        let folder = folder(test);
        let sold = SystemClock.now().unix() - 3600;
        let rows: Vec<_> = (0..50).map(|order| row(&format!("A{order}"), "1", "1.50", sold)).collect();
        let file = write(&folder, "orders.csv", &rows);
        let server = MockServer::start().await.unwrap();
        server.script(answer);
        let url = server.url();
        let mut program = program(&example("send_orders"))
            .args([&*file, "--batch-size=10".as_ref(), "--in-flight=1".as_ref()])
            .args(["--report".as_ref(), &*folder.join("report.json")])
            .envs([
                ("META_DATASET_ID", DATASET),
                ("META_ACCESS_TOKEN", TOKEN),
                ("META_GRAPH_URL", url.as_str()),
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        while server.request_count() == 0 {
            assert!(program.try_wait().unwrap().is_none(), "it ended before it sent anything");
            tokio::task::yield_now().await;
        }
        Self { server, program, folder }
    }

    fn signal(&self, name: &str) {
        send_signal(&self.program, name);
    }

    /// Waits for the end, and returns the report. No other file is left.
    async fn end(self) -> (MockServer, Value) {
        let Self { server, program, folder } = self;
        let output = tokio::task::spawn_blocking(move || program.wait_with_output().unwrap()).await.unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        let report = json(&folder.join("report.json"));
        let is_whole = report["events"]["accepted"] == 50;
        assert_eq!(output.status.code(), Some(i32::from(!is_whole)), "{stderr}");
        assert_adds_up(&report);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "the rows and the report");
        (server, report)
    }
}

#[cfg(unix)]
fn send_signal(program: &std::process::Child, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &program.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn p4_each_signal_ends_the_run_in_order() {
    for signal in ["INT", "TERM", "HUP"] {
        let answer = Answer::judge().after(Duration::from_millis(700));
        let sending = Sending::start(&format!("signal_{signal}"), answer, heeding_signals).await;
        sending.signal(signal);
        let (server, report) = sending.end().await;
        let count = |outcome: &str| report["events"][outcome].as_u64();
        assert_eq!((count("accepted"), count("not_sent")), (Some(10), Some(40)), "{signal}");
        assert_eq!(server.accepted().len(), 10, "{signal}");
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn p4_a_second_signal_ends_the_requests_in_flight_and_reports_them() {
    let sending = Sending::start("two_signals", Answer::hang(), heeding_signals).await;
    sending.signal("TERM");
    sending.signal("INT");
    let (_, report) = sending.end().await;
    let count = |outcome: &str| report["events"][outcome].as_u64();
    assert_eq!((count("unconfirmed"), count("not_sent")), (Some(10), Some(40)));
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn p4_a_signal_that_the_program_was_started_to_ignore_is_ignored() {
    let nohup = |path: &Path| {
        let mut shell = command("sh".as_ref(), &[], &[]);
        shell.args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]).arg(path);
        shell
    };
    let answer = Answer::judge().after(Duration::from_millis(700));
    let sending = Sending::start("nohup", answer, nohup).await;
    sending.signal("HUP");
    let (server, report) = sending.end().await;
    assert_eq!((report["events"]["accepted"].as_u64(), server.accepted().len()), (Some(50), 50));
}

#[cfg(unix)]
#[test]
fn p4_a_signal_ends_a_read_that_waits_for_rows() {
    let folder = folder("endless_pipe");
    let (bodies, report) = (folder.join("bodies.jsonl"), folder.join("report.json"));
    let arguments: [&Path; 5] = ["-".as_ref(), "--dry-run".as_ref(), &bodies, "--report".as_ref(), &report];
    let mut running = heeding_signals(&example("send_orders"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut rows = running.stdin.take().unwrap();
    rows.write_all(format!("{HEADER}{}\n", row("A1", "1", "1.50", NOW)).as_bytes()).unwrap();
    // The program listens to signals before it creates its files.
    while fs::read_dir(&folder).unwrap().count() < 2 {
        assert!(running.try_wait().unwrap().is_none(), "it ended before it read anything");
        std::thread::yield_now();
    }
    send_signal(&running, "TERM");
    let ended = running.wait_with_output().unwrap();
    let stderr = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("nothing was sent"), "{stderr}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "a part of a file is left");
    drop(rows);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c25_a_file_that_hardly_holds_anything_usable_is_not_sent() {
    let program = example("send_orders");
    let folder = folder("mostly_invalid");
    let sold = SystemClock.now().unix() - 3600;
    let server = MockServer::start().await.unwrap();
    let address = server.url().to_string();
    let environment =
        [("META_DATASET_ID", DATASET), ("META_ACCESS_TOKEN", TOKEN), ("META_GRAPH_URL", &*address)];
    let report = folder.join("report.json");
    let send = |invalid: usize, rows: usize, more: &[&str]| {
        let price = |n| if n <= invalid { "nil" } else { "5" };
        let rows: Vec<String> = (1..=rows).map(|n| row(&n.to_string(), "1", price(n), sold)).collect();
        let file = write(&folder, "orders.csv", &rows);
        let mut arguments = vec![&*file, "--report".as_ref(), &*report];
        arguments.extend(more.iter().map(Path::new));
        let ran = tokio::task::block_in_place(|| run(&program, &environment, &arguments));
        let account = json(&report);
        assert_adds_up(&account);
        ran.search(&account.to_string());
        (ran, account)
    };

    // The rows behind the first thousand are all valid.
    let (ran, account) = send(501, 1100, &[]);
    assert_eq!(ran.status, Some(1), "{}", ran.stderr);
    for part in ["501 of the first 1000 rows (50.1 %)", "50 % may be", "price", "line 2", "--max-invalid 100"]
    {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
    assert!(ran.stdout.contains("not sent      mostly_invalid"), "{}", ran.stdout);
    assert_eq!((&account["rows"]["not_sent"], &account["rows"]["invalid"]), (&599.into(), &501.into()));
    assert_eq!((&account["requests"]["made"], server.request_count()), (&0.into(), 0));

    let (ran, account) = send(501, 1100, &["--max-invalid", "100"]);
    assert_eq!((ran.status, &account["rows"]["accepted"]), (Some(1), &599.into()), "{}", ran.stderr);
    let (ran, account) = send(500, 1100, &[]);
    assert_eq!((ran.status, &account["rows"]["accepted"]), (Some(1), &600.into()), "{}", ran.stderr);
    assert!(ran.stdout.contains("   invalid       "), "{}", ran.stdout);
    // A few rows show nothing about an export.
    let (ran, account) = send(2, 3, &[]);
    assert_eq!((ran.status, &account["rows"]["accepted"]), (Some(1), &1.into()), "{}", ran.stderr);

    for wrong in ["101", "-1", "half", ""] {
        let ran = run(
            &program,
            &environment,
            &[&folder.join("orders.csv"), "--max-invalid".as_ref(), wrong.as_ref()],
        );
        assert_eq!(ran.status, Some(2), "{wrong}");
        assert!(ran.stderr.contains("--max-invalid needs a percentage from 0 to 100"), "{}", ran.stderr);
    }
}

#[test]
fn an_unproven_end_is_noted_only_where_a_row_can_be_used() {
    let program = example("send_orders");
    let folder = folder("no_valid_row");
    let bodies = folder.join("bodies.jsonl");
    let now = NOW.to_string();
    for (price, is_noted) in [("nil", false), ("5", true)] {
        let file = write(&folder, "orders.csv", &[row("A1", "1", price, NOW - 3600)]);
        let arguments: [&Path; 5] = ["--dry-run".as_ref(), &bodies, &file, "--now".as_ref(), now.as_ref()];
        let ran = run(&program, &[], &arguments);
        assert_eq!(ran.stdout.contains("unproven_end"), is_noted, "{}", ran.stdout);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn c26_a_closed_pipe_and_a_full_disk_are_errors_and_lose_no_account() {
    let program = example("send_orders");
    let folder = folder("outputs");
    let file = write(&folder, "orders.csv", &[row("A1", "2", "1.50", NOW)]);
    let (bodies, report) = (folder.join("bodies.jsonl"), folder.join("report.json"));
    let now = NOW.to_string();
    let arguments = |bodies: &Path| {
        let mut command =
            command(&program, &[], &[&file, "--now".as_ref(), now.as_ref(), "--dry-run".as_ref()]);
        command.arg(bodies).arg("--report").arg(&report).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };

    let mut child = arguments(&bodies).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(json(&report)["rows"]["pending"], 1);
    assert!(bodies.exists());

    fs::remove_file(&report).unwrap();
    let output = arguments("/dev/full".as_ref()).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("/dev/full cannot be written"), "{stderr}");
    assert_adds_up(&json(&report));
}

/// Prepares a file with these options, and returns how it ended with the report.
fn prepare(folder: &Path, file: &str, options: &[&str]) -> (Ran, Value) {
    let program = example("send_orders");
    let orders = folder.join("orders.csv");
    fs::write(&orders, file).unwrap();
    let (bodies, report) = (folder.join("bodies.jsonl"), folder.join("report.json"));
    let _ = fs::remove_file(&report);
    let now = (NOW + 3600).to_string();
    let mut arguments: Vec<&Path> = vec!["--dry-run".as_ref(), &bodies, "--report".as_ref(), &report];
    arguments.extend([Path::new("--now"), Path::new(&now), orders.as_path()]);
    arguments.extend(options.iter().map(Path::new));
    let ran = run(&program, &[], &arguments);
    let account = if report.exists() { json(&report) } else { Value::Null };
    ran.search(&account.to_string());
    (ran, account)
}

#[test]
fn v54_an_order_key_is_stated_on_the_command_line() {
    let folder = folder("order_key");
    let row = |till: u32, day: i64| format!("7,{till},1,m{till}@example.com,{},5,EUR\n", NOW - day * 86_400);
    let file = format!(
        "Store,till,order_id,email,timestamp,value,currency\n{}{}{}",
        row(3, 0),
        row(4, 0),
        row(3, 1)
    );
    let (ran, account) = prepare(&folder, &file, &[]);
    assert_eq!((ran.status, &account["rows"]["invalid"]), (Some(1), &json_of!(3)), "{}", ran.stderr);
    assert!(ran.stdout.contains("two_customers"), "{}", ran.stdout);
    let (ran, account) = prepare(&folder, &file, &["--order-key", "store,till", "--order-day"]);
    assert_eq!((ran.status, &account["events"]["pending"]), (Some(0), &json_of!(3)), "{}", ran.stderr);
    let bodies = fs::read_to_string(folder.join("bodies.jsonl")).unwrap();
    assert!(bodies.contains(r#""order_id":"7/3/2026-05-04/1""#), "{bodies}");
    let (ran, _) = prepare(&folder, &file, &["--order-key", "store,shop"]);
    assert!(ran.stderr.contains("the file does not have the column `shop`"), "{}", ran.stderr);
}

#[test]
fn v14_a_file_without_order_ids_is_refused_unless_each_row_is_an_order() {
    let folder = folder("no_order_id");
    let file = format!("Vorgang,E-Mail,timestamp,value,currency\n1,m@example.com,{NOW},5,EUR\n");
    let (ran, _) = prepare(&folder, &file, &[]);
    assert_eq!(ran.status, Some(2));
    assert!(ran.stderr.contains("the header has no column for order_id"), "{}", ran.stderr);
    let (ran, account) = prepare(&folder, &file, &["--each-row-an-order"]);
    assert_eq!((ran.status, &account["events"]["pending"]), (Some(0), &json_of!(1)), "{}", ran.stderr);
    let (ran, _) = prepare(&folder, &file, &["--column", "Vorgang=order_id"]);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert!(fs::read_to_string(folder.join("bodies.jsonl")).unwrap().contains(r#""order_id":"1""#));
    for (options, named) in [
        (&["--each-row-an-order", "--column", "Vorgang=order_id"][..], "column 1 stands for order_id"),
        (&["--column", "Vorgang=nothing"], "--column needs a header"),
        (&["--each-row-an-order", "--order-day"], "does not go with"),
        (&["--expect-rows", "1", "--expect-rows", "2"], "once for each file"),
    ] {
        let (ran, _) = prepare(&folder, &file, options);
        assert_eq!(ran.status, Some(2), "{options:?}");
        assert!(ran.stderr.contains(named), "{}", ran.stderr);
    }
    let near = file.replace("Vorgang", "Bestellnummer");
    let (ran, _) = prepare(&folder, &near, &[]);
    assert!(ran.stderr.contains("(column 1 looks like order_id)"), "{}", ran.stderr);
}

#[test]
fn c27_the_end_of_a_file_is_proven_or_the_report_says_that_it_is_not() {
    let folder = folder("end");
    let file = format!("{HEADER}{}\n{}\n", row("A1", "2", "1.50", NOW), row("A2", "1", "1", NOW));
    let notes = |account: &Value| account["notes"].to_string();
    let (ran, account) = prepare(&folder, &file, &[]);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert!(notes(&account).contains("unproven_end") && ran.stdout.contains("unproven_end"));
    let (ran, account) = prepare(&folder, &file, &["--expect-rows", "2"]);
    assert_eq!((ran.status, notes(&account).contains("unproven_end")), (Some(0), false), "{}", ran.stderr);
    let (ran, account) = prepare(&folder, &file, &["--hold-back-last"]);
    assert_eq!((ran.status, &account["rows"]["not_sent"]), (Some(1), &json_of!(1)), "{}", ran.stderr);
    for options in [["--expect-rows", "3"], ["--end-mark", "#END"]] {
        let (ran, account) = prepare(&folder, &file, &options);
        assert_eq!((ran.status, &account["rows"]["not_sent"]), (Some(2), &json_of!(2)), "{}", ran.stderr);
        assert_adds_up(&account);
    }
    let (ran, _) = prepare(&folder, &format!("{file}#END"), &["--end-mark", "#END"]);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
}

#[cfg(unix)]
#[test]
fn c27_a_producer_that_is_killed_between_two_records_is_found_out() {
    let program = example("send_orders");
    let folder = folder("killed");
    let lines = folder.join("lines");
    fs::write(&lines, format!("{HEADER}{}\n{}\n", row("A1", "2", "1.50", NOW), row("A2", "1", "1", NOW)))
        .unwrap();
    let bodies = folder.join("bodies.jsonl");
    for (options, status) in [(&["--end-mark", "#END"][..], 2), (&["--expect-rows", "3"], 2), (&[], 0)] {
        let mut producer = Command::new("sh")
            .args(["-c", "cat \"$0\"; kill -9 $$; echo '#END'"])
            .arg(&lines)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let now = (NOW + 3600).to_string();
        let mut command = command(&program, &[], &["--dry-run".as_ref(), &bodies, "-".as_ref()]);
        command.args(["--now", &now]).args(options).stdin(producer.stdout.take().unwrap());
        let output = command.output().unwrap();
        assert!(!producer.wait().unwrap().success());
        let (stdout, stderr) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(status), "{stderr}");
        let is_told = if status == 0 { stdout.contains("unproven_end") } else { stdout.contains("not sent") };
        assert!(is_told, "{stdout}");
    }
}

#[cfg(unix)]
type Change = fn(&Path);

#[cfg(unix)]
#[test]
fn c18_a_file_that_changes_while_it_is_read_is_not_sent() {
    use std::io::Write as _;

    let program = example("send_orders");
    let folder = folder("changed");
    let rows: Vec<_> = (0..2000).map(|number| row(&format!("B{number}"), "1", "1", NOW)).collect();
    let changes: [(&str, Change); 5] = [
        ("it grew", |file| {
            fs::OpenOptions::new().append(true).open(file).unwrap().write_all(b"A9,").unwrap();
        }),
        ("it was cut", |file| fs::OpenOptions::new().write(true).open(file).unwrap().set_len(90).unwrap()),
        ("it was replaced", |file| {
            fs::copy(file, file.with_extension("new")).unwrap();
            fs::rename(file.with_extension("new"), file).unwrap();
        }),
        ("it was written to", |file| {
            fs::write(file, fs::read_to_string(file).unwrap().replace("1.5", "7.5")).unwrap();
        }),
        ("it was removed", |file| fs::remove_file(file).unwrap()),
    ];
    for (change, make) in changes {
        let file = write(&folder, "orders.csv", &[row("A1", "2", "1.50", NOW)]);
        let (bodies, report) = (folder.join("bodies.jsonl"), folder.join("report.json"));
        let now = (NOW + 3600).to_string();
        let arguments: [&Path; 6] =
            ["--dry-run".as_ref(), &bodies, "--report".as_ref(), &report, &file, "-".as_ref()];
        let mut command = command(&program, &[], &arguments);
        command.args(["--now", &now]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        // The pipe holds less than this: when all is written, the file before it was read.
        input.write_all(format!("{HEADER}{}\n", rows.join("\n")).as_bytes()).unwrap();
        make(&file);
        drop(input);
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(
            stderr.contains("orders.csv changed while it was read") && stderr.contains(change),
            "{stderr}"
        );
        let account = json(&report);
        assert_eq!(account["rows"]["not_sent"], 2001, "{change}");
        assert_adds_up(&account);
    }
}

#[test]
fn t8_the_zone_of_the_machine_changes_no_byte() {
    let program = example("send_orders");
    let folder = folder("zones");
    let file = folder.join("orders.csv");
    let rows = "A1,mary@example.com,1,1.50,EUR,2026-05-03 13:45:00,1980-02-29\n\
                A2,john@example.com,1,2,EUR,2026-05-03T23:59:59+14:00,29.02.1980\n";
    fs::write(&file, format!("order_id,email,quantity,price,currency,timestamp,birthdate\n{rows}")).unwrap();
    let now = NOW.to_string();
    let written = ["UTC", "Asia/Kathmandu", "America/St_Johns", "Pacific/Kiritimati"].map(|zone| {
        let (bodies, report) = (folder.join("bodies.jsonl"), folder.join("report.json"));
        let arguments: [&Path; 7] = [
            &file,
            "--dry-run".as_ref(),
            &bodies,
            "--now".as_ref(),
            now.as_ref(),
            "--report".as_ref(),
            &report,
        ];
        let ran = run(&program, &[("TZ", zone)], &arguments);
        assert_eq!(ran.status, Some(0), "{}", ran.stderr);
        (fs::read(bodies).unwrap(), fs::read(report).unwrap(), ran.stdout)
    });
    assert!(written[0].0.len() > 500, "{}", written[0].2);
    assert!(written.iter().all(|one| *one == written[0]));
}

#[test]
fn a_layout_document_is_used_and_shown_with_masked_texts() {
    let folder = folder("layout");
    let (layout, orders) = (folder.join("till.toml"), folder.join("orders.csv"));
    let document = "delimiter = \";\"\nnumbers = \"1.234,50\"\nskip_lines = 1\n\
                    [columns]\n\"Bon\" = \"order_id\"\n[fixed]\ncurrency = \"EUR\"\n";
    fs::write(&layout, document).unwrap();
    let file = format!(
        "Till 3\nBon;email;timestamp;value;note\nA-77;mary@example.com;{NOW};1.234,50;Zoe\nA-78;?;{NOW};x;Zoe\n"
    );
    fs::write(&orders, file).unwrap();

    let shown = Command::new(example("send_orders"))
        .args([Path::new("--show-layout"), Path::new("--layout"), &layout, &orders])
        .output()
        .unwrap();
    let text = String::from_utf8(shown.stdout).unwrap();
    assert_eq!(shown.status.code(), Some(0), "{text}{}", String::from_utf8_lossy(&shown.stderr));
    for expected in [
        "header in line 2, fields separated by `;`",
        "1  Bon                                       order_id",
        "5  note                                      ignored",
        "all  EUR                                       currency",
        "line 3: x-99 | xxxx@xxxxxxx.xxx | 9999999999 | 9.999,99 | xxx\n    can be read",
        "line 4: x-99 | ? | 9999999999 | x | xxx\n    is invalid: line 4; ",
    ] {
        assert!(text.contains(expected), "{expected} is not in\n{text}");
    }
    for secret in ["mary", "Zoe", "A-77", "1777"] {
        assert!(!text.contains(secret), "{secret} shows in\n{text}");
    }

    let file = format!("Till 3\nBon;email;timestamp;value;note\nA-77;mary@example.com;{NOW};1.234,50;Zoe\n");
    let (ran, report) = prepare(&folder, &file, &["--layout", layout.to_str().unwrap()]);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert_eq!(report["rows"]["read"], 1);
    let bodies = fs::read_to_string(folder.join("bodies.jsonl")).unwrap();
    assert!(bodies.contains(r#""currency":"EUR","value":1234.5"#), "{bodies}");

    fs::write(&layout, "nubmers = 1\n").unwrap();
    let (ran, _) = prepare(&folder, "", &["--layout", layout.to_str().unwrap()]);
    assert_eq!(ran.status, Some(2));
    assert!(ran.stderr.contains("till.toml is no layout: "), "{}", ran.stderr);
    assert!(ran.stderr.contains("unknown field `nubmers`"), "{}", ran.stderr);
}
