//! What `send_orders` writes beside its text: the JSON report, the page, and the list of rows that were left out.

use std::fs;
use std::path::Path;

use meta_offline_events::report::SavedReport;
use meta_offline_events::testing::MockServer;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_run_writes_a_report_a_page_and_a_list_without_any_value() {
    let program = example("send_orders");
    let folder = folder("outputs");
    let sold = SystemClock.now().unix() - 3600;
    let rows = [
        row("A1", "2", "1.50", sold),
        row("A2", "1", "MarkedPrice", sold),
        row("A2", "1", "3", sold),
        row("A3", "-1", "3", sold),
    ];
    // A spreadsheet would take such a name for a formula.
    let file = write(&folder, "=1+2.csv", &rows);
    let mock_server = MockServer::start().await.unwrap();
    let url = mock_server.url();
    let environment =
        [("META_DATASET_ID", DATASET), ("META_ACCESS_TOKEN", TOKEN), ("META_GRAPH_URL", url.as_str())];
    let (report, page, list) =
        (folder.join("report.json"), folder.join("page.html"), folder.join("list.csv"));
    let arguments = ["--report", "--html", "--diagnostics"].map(Path::new);
    let arguments = [arguments[0], &report, arguments[1], &page, arguments[2], &list];
    let name = Path::new("=1+2.csv");
    let mut command = command(&program, &environment, &[&[name], &arguments[..]].concat());
    let output = command.current_dir(&folder).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(file.exists());

    let written = [&report, &page, &list].map(|file| fs::read_to_string(file).unwrap());
    for (place, text) in ["the report", "the page", "the list"].iter().zip(&written) {
        shows_none_of(MARKED, place, text);
    }
    assert!(SavedReport::read(written[0].as_bytes()).is_ok());
    assert_eq!(json(&report)["sources"][0]["name"], "=1+2.csv");
    assert!(written[1].contains("Meta accepted 1 of 1 event") && written[1].contains("=1+2.csv"));
    let mut lines = csv::Reader::from_reader(written[2].as_bytes());
    assert_eq!(lines.headers().unwrap(), vec!["source", "line", "outcome", "column", "code", "message"]);
    let lines: Vec<_> = lines.records().map(Result::unwrap).collect();
    let cells = |line: usize| (0..5).map(|cell| lines[line][cell].to_owned()).collect::<Vec<_>>();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines.iter().all(|line| &line[0] == "'=1+2.csv"));
    let all: Vec<_> = (0..3).map(|line| cells(line)[1..].join(",")).collect();
    for expected in [
        "3,invalid,price,not_a_number",
        "4,invalid,,order_incomplete",
        "5,filtered,quantity,return_or_cancellation",
    ] {
        assert!(all.iter().any(|line| line == expected), "{expected} is not in {all:?}");
    }
    #[cfg(unix)]
    for file in [&report, &page, &list] {
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(file).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
}

#[test]
fn the_row_to_blame_for_its_order_is_named_wherever_the_order_is() {
    let program = example("send_orders");
    let folder = folder("blamed");
    let sold = SystemClock.now().unix() - 3600;
    let dollars = |order: &str| row(order, "1", "2.50", sold).replace("EUR", "USD");
    let many = (10..20).flat_map(|order| {
        let order = format!("A{order}");
        [row(&order, "1", "2.50", sold), dollars(&order)]
    });
    let files = [
        write(&folder, "first.csv", &[row("A1", "1", "1.50", sold), row("A1", "1", "2.50", sold)]),
        write(&folder, "second.csv", &[dollars("A1"), row("A2", "1", "1", sold), row("A2", "1", "x", sold)]),
        write(&folder, "third.csv", &many.collect::<Vec<_>>()),
    ];
    let run = |files: &[&Path]| {
        let (page, list) = (folder.join("page.html"), folder.join("list.csv"));
        let outputs = ["--dry-run", "bodies.jsonl", "--html", "page.html", "--diagnostics", "list.csv"];
        let arguments = [files, &outputs.map(Path::new)].concat();
        let output = command(&program, &[], &arguments).current_dir(&folder).output().unwrap();
        let account = String::from_utf8(output.stdout).unwrap();
        (account, fs::read_to_string(page).unwrap(), fs::read_to_string(list).unwrap())
    };

    let (account, page, list) = run(&[&files[0], &files[1]]);
    let currencies = "split it or convert it";
    assert!(account.contains(&format!("{currencies} (see line 2:2)")), "{account}");
    assert!(account.contains("another row of the same order is invalid (see line 2:4)"), "{account}");
    assert!(account.contains(" 1:2, 1:3, 2:2\n"), "{account}");
    assert!(page.contains(&format!("{currencies} (see line 2:2)</bdi>")), "{page}");
    assert!(page.contains("another row of the same order is invalid (see line 2:4)</bdi>"), "{page}");
    let listed = |source: &str, line: u64, rest: &str| {
        let found = list
            .lines()
            .any(|entry| entry.contains(&format!("{source},{line},invalid,")) && entry.contains(rest));
        assert!(found, "{source} {line} {rest}: {list}");
    };
    listed("first.csv", 2, &format!("{currencies} (see line 2 of "));
    listed("second.csv", 2, &format!("{currencies} (see line 2)"));
    listed("second.csv", 3, "invalid (see line 4)");

    let (account, page, _) = run(&[&files[2]]);
    let account = account.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(account.contains(&format!("{currencies} (see lines 3, 5, 7, 9, 11 and 5 more)")), "{account}");
    assert!(page.contains(&format!("{currencies} (see lines 3, 5, 7, 9, 11 and 5 more)</bdi>")), "{page}");
    assert!(account.contains(" 2, 3, 4, 5, 6 and 15 more the order"), "{account}");
    assert!(page.contains("· lines 2, 3, 4, 5, 6 and 15 more ·"), "{page}");
}

#[test]
fn the_sample_has_a_page() {
    let program = example("send_orders");
    let folder = folder("sample_page");
    let page = folder.join("page.html");
    let ran = run(&program, &[], &["--sample".as_ref(), "--html".as_ref(), &page]);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("What to do") && page.contains("Correct 37 rows in the export"), "{page}");
    assert!(!page.contains("Customer."), "an address shows");
}

#[test]
fn an_output_never_replaces_what_may_be_an_export_or_another_output() {
    let program = example("send_orders");
    let folder = folder("outputs_refused");
    let file = write(&folder, "orders.csv", &[row("A1", "2", "1.50", NOW)]);
    let other = write(&folder, "other.csv", &[row("A1", "2", "1.50", NOW)]);
    let bodies = folder.join("bodies.jsonl");
    let (file, other, bodies) = (file.to_str().unwrap(), other.to_str().unwrap(), bodies.to_str().unwrap());
    for (arguments, said) in [
        (&[file, "--dry-run", bodies, "--diagnostics", other][..], "is no list of diagnostics"),
        (&[file, "--dry-run", bodies, "--diagnostics", file], "would be written over"),
        (&[file, "--dry-run", bodies, "--html", file], "would be written over"),
        (&[file, "--dry-run", bodies, "--html", bodies], "--dry-run and --html name the same file"),
        (&[file, "--report", "x", "--diagnostics", "x"], "--report and --diagnostics name the same file"),
        (&[file, "--html"], "--html needs the name of the file to write: --html PAGE.html"),
        (&["--sample", file], "name no files"),
        (&["--sample", "--sorted"], "--sample only goes with"),
        (&["--show-layout", file, "--html", "x"], "--show-layout shows"),
        (&["--html", "x"], "name the files to send"),
    ] {
        let before = fs::read(other).unwrap();
        let arguments: Vec<&Path> = arguments.iter().map(Path::new).collect();
        let ran = run(&program, &[], &arguments);
        assert_eq!(ran.status, Some(2), "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(said), "{said} is not in: {}", ran.stderr);
        assert_eq!(fs::read(other).unwrap(), before);
    }
    let list = folder.join("list.csv");
    let arguments: [&Path; 5] =
        [file.as_ref(), "--dry-run".as_ref(), bodies.as_ref(), "--diagnostics".as_ref(), &list];
    for _ in 0..2 {
        let ran = run(&program, &[], &arguments);
        assert_eq!(ran.status, Some(1), "its own list may be replaced: {}", ran.stderr);
    }
}

/// On a terminal there is a bar, which says what the program waits for and makes room for the report.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_shows_a_bar_unless_the_program_is_to_be_quiet() {
    let program = example("send_orders");
    let folder = folder("bar");
    let sold = SystemClock.now().unix() - 3600;
    let rows: Vec<_> = (0..20).map(|order| row(&format!("A{order}"), "1", "1.50", sold)).collect();
    write(&folder, "orders.csv", &rows);
    let on_a_terminal = async |options: &str| {
        let mock_server = MockServer::start().await.unwrap();
        mock_server.script_all([Answer::judge(), Answer::transient()]);
        let url = mock_server.url();
        let environment =
            [("META_DATASET_ID", DATASET), ("META_ACCESS_TOKEN", TOKEN), ("META_GRAPH_URL", url.as_str())];
        let run = format!("stty cols 120; {} orders.csv --batch-size 5 {options}", program.display());
        let mut script = command("script".as_ref(), &environment, &[]);
        script.args(["-qec", &run, "/dev/null"]).env("TERM", "xterm").current_dir(&folder);
        let output = script.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stdout).unwrap()
    };
    let shown = on_a_terminal("").await;
    for said in ["of 20 events, ", "waiting to retry", "left"] {
        assert!(shown.contains(said), "{said} is not in {shown:?}");
    }
    let quiet = on_a_terminal("--quiet").await;
    assert!(!quiet.contains("of 20 events, ") && quiet.contains("accepted"), "{quiet:?}");
}
