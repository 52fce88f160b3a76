//! What several files of tests need.

#[cfg(feature = "testing")]
mod sending;

use std::env::{self, consts::EXE_SUFFIX};
use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

#[cfg(feature = "testing")]
pub(crate) use sending::{NOW, RealLimits, event, events, message, now, sold};

/// An example of the crate as a program. Where it was not built, nothing and a word about it.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
pub(crate) fn example(name: &str) -> Option<PathBuf> {
    let test = env::current_exe().unwrap();
    let program = test.parent()?.parent()?.join("examples").join(format!("{name}{EXE_SUFFIX}"));
    if program.exists() {
        return Some(program);
    }
    eprintln!("skipped: the example {name} is not built; `cargo test --all-features` builds it");
    None
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
