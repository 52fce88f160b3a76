//! The example `authorize` as a program, with a browser that is played.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use meta_offline_events::auth::{Credential, TokenSource};
use meta_offline_events::value::BusinessId;
use url::Url;

use crate::support::{example, shows_none_of};

/// The program in a folder of its own, after it has shown the address of the dialog.
struct Program {
    child: Child,
    folder: PathBuf,
    shown: String,
    dialog: Url,
}

impl Program {
    fn start(name: &str, arguments: &[&str]) -> Self {
        let folder = std::env::temp_dir().join(format!("authorize-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let mut command = Command::new(example("authorize"));
        command.args(["--mock", "--port", "0", "--out"]).arg(folder.join("token.json")).args(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut shown = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let dialog = loop {
            let before = shown.len();
            assert_ne!(lines.read_line(&mut shown).unwrap(), 0, "{shown}");
            if shown[before..].starts_with("http://127.0.0.1") {
                break shown[before..].trim().parse().unwrap();
            }
        };
        child.stdout = Some(lines.into_inner());
        Self { child, folder, shown, dialog }
    }

    fn out(&self) -> PathBuf {
        self.folder.join("token.json")
    }

    /// Presses a button of the dialog, and follows the browser back.
    async fn press(&self, button: &str) -> String {
        let field = |(name, value): (_, _)| {
            format!("{name}={}", url::form_urlencoded::byte_serialize(value).collect::<String>())
        };
        let pairs: Vec<_> = self.dialog.query_pairs().collect();
        let body: Vec<_> = pairs.iter().map(|(name, value)| field((name, value.as_bytes()))).collect();
        let browser = reqwest::Client::builder().no_proxy().build().unwrap();
        let action = self.dialog.join(&format!("oauth/{button}")).unwrap();
        let sent = browser.post(action).header("content-type", "application/x-www-form-urlencoded");
        sent.body(body.join("&")).send().await.unwrap().text().await.unwrap()
    }

    /// Waits for the end. Returns the exit status and everything that was shown.
    fn end(mut self) -> (Option<i32>, String) {
        let status = self.child.wait().unwrap();
        self.child.stdout.take().unwrap().read_to_string(&mut self.shown).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut self.shown).unwrap();
        fs::remove_dir_all(&self.folder).unwrap();
        let state = self.dialog.query_pairs().find(|(name, _)| name == "state").unwrap().1;
        assert_eq!(
            self.shown.matches(&*state).count(),
            1,
            "only the address shows the state: {}",
            self.shown
        );
        shows_none_of(
            &["MOCKTOKEN", "MOCKCODE", "0123456789abcdef0123456789abcdef"],
            "the program",
            &self.shown,
        );
        (status.code(), self.shown)
    }
}

fn is_private(path: &Path) -> bool {
    #[cfg(unix)]
    return std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).unwrap().permissions()) & 0o777
        == 0o600;
    #[cfg(not(unix))]
    return path.exists();
}

#[tokio::test]
async fn a_person_who_agrees_gets_a_file_that_only_the_owner_can_read() {
    for (name, arguments, lasts, business) in [
        ("person", &["--scope", "ads_management"][..], "It lasts until", None),
        ("business", &["--config", "1234"], "It does not expire", Some("200000000000001")),
    ] {
        let program = Program::start(name, arguments);
        let page = program.press("continue").await;
        assert!(page.contains("The login is complete"), "{page}");
        let credential = Credential::load(program.out()).unwrap();
        assert_eq!(credential.client_business().map(BusinessId::as_str), business);
        assert_eq!(credential.issued().expiry().is_some(), business.is_none());
        assert!(is_private(&program.out()) && TokenSource::from_file(program.out()).is_ok());
        let (status, shown) = program.end();
        assert_eq!(status, Some(0), "{shown}");
        assert!(shown.contains(lasts) && shown.contains("Next, assign the dataset"), "{shown}");
    }
}

#[tokio::test]
async fn a_person_who_declines_leaves_no_file() {
    let program = Program::start("declines", &[]);
    let page = program.press("cancel").await;
    assert!(page.contains("the person did not agree: Permissions error"), "{page}");
    assert!(!program.out().exists());
    let (status, shown) = program.end();
    assert_eq!(status, Some(1));
    assert!(shown.contains("Nothing was stored: the person did not agree"), "{shown}");
}

#[tokio::test]
async fn a_forged_redirect_is_refused_and_the_program_goes_on_waiting() {
    let program = Program::start("forged", &[]);
    let back = program.dialog.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1;
    let browser = reqwest::Client::builder().no_proxy().build().unwrap();
    let back = back.replace("localhost", "127.0.0.1");
    for (target, status) in [
        (format!("{back}?code=AQD&state=forged"), 400),
        (back.replace("/back", "/favicon.ico"), 404),
        (format!("{back}?error=access_denied&state=forged"), 400),
    ] {
        let answer = browser.get(&target).send().await.unwrap();
        assert_eq!(answer.status(), status, "{target}");
    }
    assert!(program.press("continue").await.contains("The login is complete"));
    assert_eq!(program.end().0, Some(0));
}

#[test]
fn a_wrong_command_line_is_named_and_a_secret_on_it_is_not_repeated() {
    for (arguments, expected) in [
        (&["12"][..], "set META_APP_SECRET"),
        (&["../12"], "APP_ID: app id"),
        (&["--mock", "12"], "leave APP_ID out"),
        (&["--secret=MARKED"], "there is an unknown option"),
        (&["--mock", "--config", "1", "--scope", "a"], "give one of them"),
        (&["--mock", "--out", "/no/such/folder/token"], "name a file in a folder that exists"),
        (&["12", "--app-secret-file", "/no/such/file"], "cannot be read"),
        (&["--mock", "--port"], "--port needs a value"),
        (&[], "APP_ID is missing"),
    ] {
        let mut command = Command::new(example("authorize"));
        let ended = command.args(arguments).env_remove("META_APP_SECRET").output().unwrap();
        let shown = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(2));
        assert!(shown.contains(expected) && !shown.contains("MARKED"), "{arguments:?}: {shown}");
    }
}
