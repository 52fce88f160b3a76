//! What several files of tests need.

#[cfg(feature = "testing")]
pub(crate) mod app;
#[cfg(feature = "testing")]
mod sending;

use std::env::{self, consts::EXE_SUFFIX};
use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

#[cfg(feature = "testing")]
pub(crate) use sending::{NOW, RealLimits, event, events, message, now, sold};

/// An example of the crate as a program. A plain `cargo test` builds the examples; `cargo test --test it` does not,
/// so this fails where the program is missing or older than its code.
#[track_caller]
pub(crate) fn example(name: &str) -> PathBuf {
    let test = env::current_exe().unwrap();
    let folder = test.parent().and_then(Path::parent).unwrap().join("examples");
    let program = folder.join(format!("{name}{EXE_SUFFIX}"));
    let command = format!("cargo build --all-features --example {name}");
    let Ok(built) = fs::metadata(&program).and_then(|file| file.modified()) else {
        panic!("the example {name} is not built: run `{command}`, or `cargo test` without `--test`");
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let is_newer = |file: &PathBuf| fs::metadata(file).unwrap().modified().unwrap() > built;
    // The program is not built again for what only tests use.
    let is_of_tests = |file: &PathBuf| file.components().any(|part| part.as_os_str() == "tests");
    let code = [root.join("src"), root.join("examples").join(name)];
    let mut files = code
        .iter()
        .flat_map(|folder| sources(folder))
        .map(|file| file.strip_prefix(root).map(Path::to_owned).unwrap());
    if let Some(newer) = files.find(|file| !is_of_tests(file) && is_newer(&root.join(file))) {
        let newer = newer.display();
        panic!("the example {name} is older than {newer}: run `{command}`, or `cargo test` without `--test`");
    }
    program
}

/// Every Rust file in a folder and below it.
pub(crate) fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files
}

pub(crate) fn of<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

/// Fails when the text shows what was marked, in any case, or the digest of the marked customer's e-mail.
#[cfg(feature = "testing")]
#[track_caller]
pub(crate) fn shows_none_of(marked: &[&str], place: &str, text: &str) {
    let lower = text.to_lowercase();
    for marked in marked {
        assert!(!lower.contains(&marked.to_lowercase()), "{marked} shows in {place}: {text}");
    }
    let digest = meta_offline_events::customer::Hashed::of("markedmail@example.com").to_string();
    assert!(!lower.contains(&digest), "a digest shows in {place}: {text}");
}
