//! Who may import whom: the plan of the house, checked against every `use crate::` line.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("value", &[]),
    ("customer", &["value"]),
    ("event", &["value", "customer"]),
    ("report", &["value", "event"]),
    ("order", &["value", "customer", "event", "report"]),
    ("wire", &["value", "customer", "event", "order", "report"]),
    ("client", &["value", "customer", "event", "order", "wire", "report"]),
    ("testing", &["value", "event", "wire", "report", "client"]),
    // Prose only.
    ("guide", &[]),
    // The one error that every room's error converts into.
    ("error", &["value", "customer", "event", "report", "order", "wire", "client"]),
];

#[test]
fn every_room_imports_only_what_the_plan_allows() {
    let plan: BTreeMap<_, _> = MAY_IMPORT.iter().copied().collect();
    let mut broken = Vec::new();
    for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let room = room_of(&file);
        if room == "lib" {
            continue;
        }
        let allowed = plan.get(room.as_str()).unwrap_or_else(|| panic!("{room} is not in the plan"));
        for imported in imports(&fs::read_to_string(&file).unwrap()) {
            if imported != room && !allowed.contains(&imported.as_str()) {
                broken.push(format!("{}: {imported}", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_file_says_first_what_belongs_in_it() {
    for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("//! ") || text.starts_with("#![doc"), "{}", file.display());
    }
}

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

fn room_of(file: &Path) -> String {
    let inside = file.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// The room behind every `crate::` that is code; what documentation links to does not count.
fn imports(text: &str) -> Vec<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| {
        line.split("crate::").skip(1).map(|rest| {
            rest.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect::<String>()
        })
    })
    .filter(|room| room.chars().next().is_some_and(char::is_lowercase))
    .collect()
}
