//! The documents agree with the code, and with each other: the table of cleaned values is run, the quickstart of
//! the README is the one that runs as a test, and lists of features, pages and examples are complete.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use meta_offline_events::customer::{CleaningOptions, MatchKey};
use meta_offline_events::value::EventTime;

const GUIDE: &str = include_str!("../../src/guide/cleaning.md");
const README: &str = include_str!("../../README.md");
const CRATE_PAGE: &str = include_str!("../../src/lib.rs");

#[test]
fn every_example_of_the_guide_comes_out() {
    let options = CleaningOptions::default().as_of(EventTime::from_unix(1_795_564_800).unwrap());
    let mut shown = BTreeSet::new();
    let mut rows = 0;
    for row in GUIDE.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = row.split(" | ").map(|cell| cell.trim_matches(['|', ' '])).collect();
        let [key, input, ours, _, _, _] = cells[..] else { continue };
        let key = MatchKey::from_wire_name(&code(key).unwrap()).unwrap();
        let raw = code(input).unwrap();
        match (ours.strip_prefix("refused: "), key.normalize(&raw, &options)) {
            (None, Ok(normal)) => assert_eq!(normal.text(), code(ours).unwrap(), "{row}"),
            (Some(reason), Err(unusable)) => assert_eq!(unusable.code(), code(reason).unwrap(), "{row}"),
            (_, came_out) => panic!("{row}: {:?}", came_out.map(|normal| normal.text().to_owned())),
        }
        shown.insert(key);
        rows += 1;
    }
    assert!(rows > 80, "only {rows} rows were read");
    let without_rule = |key: &MatchKey| !GUIDE.contains(&format!("`{key}`"));
    let hashed = MatchKey::ALL.iter().filter(|key| key.is_hashed());
    assert_eq!(hashed.clone().filter(|key| without_rule(key)).count(), 0);
    let not_shown: Vec<_> = hashed.filter(|key| !shown.contains(key)).collect();
    assert_eq!(not_shown, [&MatchKey::AppUserId], "no library of Meta's but one knows it");
}

#[test]
fn the_quickstart_of_the_readme_is_the_one_that_runs() {
    let tested = include_str!("../../src/guide/quickstart.md");
    let visible: Vec<_> =
        tested.lines().filter(|line| !line.starts_with('#') || line.starts_with("#[")).collect();
    let shown = visible.join("\n").replace("```rust", "```rust,no_run");
    assert!(README.contains(&shown), "the README has not the lines of src/guide/quickstart.md:\n{shown}");
    let code = visible.iter().filter(|line| !line.trim().is_empty() && !line.starts_with("```"));
    assert!(code.count() < 20, "a quickstart is short");
}

#[test]
fn readme_and_crate_page_list_every_feature() {
    let manifest = include_str!("../../Cargo.toml");
    let section = manifest.split("[features]").nth(1).and_then(|rest| rest.split("\n[").next()).unwrap();
    let names =
        section.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(" = "));
    let features: BTreeSet<_> = names.map(|(name, _)| name).filter(|name| *name != "default").collect();
    assert!(features.contains("client"));
    for (document, line_start) in [(README, "| `"), (CRATE_PAGE, "//! | `")] {
        let table = document.split("# Features").nth(1).unwrap();
        let rows = table.lines().filter_map(|line| line.strip_prefix(line_start)?.split_once("` | "));
        let listed: BTreeSet<_> = rows.map(|(name, _)| name).collect();
        assert_eq!(listed, features);
    }
}

#[test]
fn readme_and_crate_page_link_every_page_of_the_guide() {
    let module = include_str!("../../src/guide/mod.rs");
    let pages: Vec<_> =
        module.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(" {}")).collect();
    assert!(pages.len() >= 6);
    for page in pages {
        assert!(README.contains(&format!("meta_offline_events/guide/{page}/")), "{page}");
        assert!(CRATE_PAGE.contains(&format!("[`guide::{page}`]")), "{page}");
    }
}

#[test]
fn the_readme_lists_every_example() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(README.contains(&format!("| `{name}")), "{name}");
    }
}

#[test]
fn the_cookbook_lists_its_tasks() {
    let cookbook = include_str!("../../src/guide/cookbook.md");
    let tasks: Vec<_> =
        cookbook.lines().filter_map(|line| line.strip_prefix("# ")?.split_once(". ")).collect();
    assert_eq!(tasks.len(), 18);
    for (number, title) in tasks {
        let anchor: String = title
            .to_lowercase()
            .chars()
            .filter(|letter| letter.is_alphanumeric() || [' ', '-'].contains(letter))
            .map(|letter| if letter == ' ' { '-' } else { letter })
            .collect();
        assert!(
            cookbook.contains(&format!("{number}. [{title}](#{number}-{anchor})\n")),
            "{number}. {title}"
        );
    }
}

/// The text between backticks, with its escapes resolved.
fn code(cell: &str) -> Option<String> {
    let text = cell.strip_prefix('`')?.strip_suffix('`')?;
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once("\\u{") {
        let (digits, behind) = escape.split_once('}')?;
        plain.push_str(before);
        plain.push(u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)?);
        rest = behind;
    }
    Some(plain + rest)
}
