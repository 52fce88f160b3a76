//! The example `doctor` as a program: what is wrong is found from its words alone, and its exit status says so.

use std::process::{Command, Output};

use serde_json::Value;

use crate::support::{example, shows_none_of};

const VARIABLES: [&str; 8] = [
    "META_DATASET_ID",
    "META_ACCESS_TOKEN",
    "META_APP_ID",
    "META_APP_SECRET",
    "META_AD_ACCOUNT_ID",
    "META_API_VERSION",
    "META_TEST_EVENT_CODE",
    "META_GRAPH_URL",
];

fn doctor(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(example("doctor"));
    for name in VARIABLES {
        command.env_remove(name);
    }
    command.args(arguments).envs(variables.iter().copied()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Plays a case; returns what it prints and its exit status.
fn play(case: &str, more: &[&str]) -> (String, Option<i32>) {
    let output = doctor(&[&["--mock", case], more].concat(), &[]);
    assert_eq!(text(&output.stderr), "", "{case}");
    (text(&output.stdout), output.status.code())
}

const CASES: &[(&str, &str, &str)] = &[
    ("token-expired", "FAILED   access token", "the access token has expired: replace it"),
    ("token-wrong", "FAILED   access token", "replace the access token: it is revoked or wrong"),
    (
        "password-changed",
        "FAILED   access token",
        "changed the password, which revokes the token: replace it",
    ),
    ("token-ends-soon", "WARNING  access token", "renew or replace the token before that day"),
    ("dataset-unknown", "WARNING  dataset", "compare the dataset id with Events Manager"),
    ("not-consolidated", "FAILED   consolidation", "use a dataset that is consolidated"),
    ("unavailable", "FAILED   dataset", "use another dataset, or ask the business that owns it"),
    ("restricted", "WARNING  dataset", "use another dataset for attribution"),
    ("no-upload-task", "FAILED   permission", "give the system user the task UPLOAD on the dataset"),
    ("business-tools-terms", "FAILED   Business Tools terms", "an admin of the business has to accept them"),
    ("audience-terms", "WARNING  Custom Audience terms", "customaudiences/tos/?act=1234567890"),
    ("development-access", "WARNING  access level", "ask Meta for a higher access level of the app"),
    ("secret-missing", "FAILED   app secret", "set the app secret, or switch"),
    ("secret-wrong", "FAILED   app secret", "copy the secret of the app that made the token"),
    ("version-retired", "WARNING  API version", "set a newer version, such as v26.0"),
    ("blocked", "FAILED   policy", "a person has to look into"),
    ("clock", "FAILED   clock", "set the clock of this machine"),
    ("test-code-left-on", "WARNING  test event code", "remove the code before you send real events"),
    ("hotel-network", "FAILED   endpoint", "the login page of a network answers instead"),
    ("unreachable", "FAILED   endpoint", "check network, firewall and proxy of this machine"),
];

#[test]
fn every_broken_set_up_is_found_from_the_words_alone() {
    for (case, what, advice) in CASES {
        let (shown, status) = play(case, &[]);
        assert_eq!(status, Some(1), "{case}: {shown}");
        let wrong: Vec<_> = shown
            .lines()
            .filter(|line| line.starts_with("FAILED ") || line.starts_with("WARNING "))
            .collect();
        assert_eq!(wrong.len(), 1, "{case} has one fault: {shown}");
        assert!(wrong[0].starts_with(what), "{case}: {shown}");
        let (_, behind) = shown.split_once(wrong[0]).unwrap();
        let told = behind.lines().nth(1).unwrap_or_default();
        assert!(told.trim_start().starts_with("What to do: ") && told.contains(advice), "{case}: {shown}");
    }
}

#[test]
fn what_is_sound_or_cannot_be_read_exits_with_zero() {
    for (case, last) in [
        ("sound", "Everything that was checked is as it should be."),
        ("send-only", "Nothing is known to be wrong."),
    ] {
        let (shown, status) = play(case, &[]);
        assert_eq!(status, Some(0), "{shown}");
        assert!(shown.lines().last().unwrap().starts_with(last), "{shown}");
    }
    let proof = ["--send-test-event", "TEST12345", "--email", "me@example.com"];
    for case in ["sound", "send-only"] {
        let (shown, status) = play(case, &proof);
        assert_eq!(status, Some(0));
        assert!(shown.contains("ok       test event: Meta accepted a test event"), "{shown}");
    }
}

#[test]
fn json_says_the_same_to_scripts() {
    let (shown, status) = play("not-consolidated", &["--json"]);
    let report: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((status, &report["ready"]), (Some(1), &Value::Bool(false)));
    let findings = report["findings"].as_array().unwrap();
    let failed = findings.iter().find(|finding| finding["severity"] == "failed").unwrap();
    assert_eq!(failed["subject"], "consolidation");
}

#[test]
fn help_lists_every_case_and_every_case_is_tested() {
    let output = doctor(&["--help"], &[]);
    let help = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0));
    let (_, cases) = help.split_once("Cases of --mock:\n").unwrap();
    let names: Vec<_> = cases.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let tested = CASES.iter().map(|(name, ..)| *name).chain(["sound", "send-only"]);
    assert_eq!(names.len(), CASES.len() + 2);
    assert!(tested.into_iter().all(|name| names.contains(&name)), "{names:?}");
}

#[test]
fn wrong_usage_and_half_an_environment_exit_with_two_and_show_no_value() {
    let marked = "MARKEDTOKEN with a blank";
    for (arguments, variables, words) in [
        (&["--what"][..], &[][..], "--help lists them"),
        (&["--mock", "no-such-case"], &[], "not-consolidated"),
        (&["--send-test-event", "T"], &[], "go together"),
        (
            &["--mock", "sound", "--send-test-event", "no code!", "--email", "me@example.com"],
            &[],
            "--send-test-event",
        ),
        (&[], &[], "META_ACCESS_TOKEN is not set"),
        (&[], &[("META_ACCESS_TOKEN", "EAAB")], "META_DATASET_ID is not set"),
        (&[], &[("META_ACCESS_TOKEN", marked), ("META_DATASET_ID", "1")], "META_ACCESS_TOKEN: "),
        (&[], &[("META_ACCESS_TOKEN", "EAAB"), ("META_DATASET_ID", "markedtoken")], "META_DATASET_ID: "),
        (
            &[],
            &[("META_ACCESS_TOKEN", "EAAB"), ("META_DATASET_ID", "1"), ("META_API_VERSION", "19")],
            "META_API_VERSION: ",
        ),
        (
            &[],
            &[
                ("META_ACCESS_TOKEN", "EAAB"),
                ("META_DATASET_ID", "1"),
                ("META_GRAPH_URL", "http://shop.example/"),
            ],
            "META_GRAPH_URL: ",
        ),
        (
            &["--credential-file", "/no/such/file"],
            &[("META_DATASET_ID", "1")],
            "/no/such/file cannot be read",
        ),
    ] {
        let output = doctor(arguments, variables);
        let shown = text(&output.stderr);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), String::new()), "{shown}");
        assert!(shown.starts_with("doctor: ") && shown.contains(words), "{words}: {shown}");
        shows_none_of(&["MARKEDTOKEN"], "an error", &shown);
    }
}
