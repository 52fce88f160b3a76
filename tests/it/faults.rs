//! Every promise of the catalogue in `README.md` has a test that names it, or a written reason why not.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::sources;

/// The sections of the catalogue in their order, each with its last number.
const SECTIONS: [(char, u32); 8] =
    [('N', 21), ('R', 42), ('T', 17), ('V', 59), ('C', 28), ('P', 32), ('S', 22), ('L', 10)];

#[test]
fn the_catalogue_lists_every_test_and_every_row_has_one_or_a_reason() {
    let tests = all_tests();
    let named = by_code(&tests);
    if env::var_os("UPDATE_CATALOGUE").is_some() {
        let text = fs::read_to_string(page()).unwrap();
        fs::write(page(), updated(&text, &tests, &named)).unwrap();
    }
    let rows = read(&fs::read_to_string(page()).unwrap());

    let codes: Vec<&str> = rows.iter().map(|row| row.code.as_str()).collect();
    assert_eq!(codes, all_codes(), "the codes have no gaps");
    let unknown: Vec<_> = named.keys().filter(|code| !codes.contains(&code.as_str())).collect();
    assert!(unknown.is_empty(), "codes of tests that are not in the catalogue: {unknown:?}");

    let uncovered = rows.iter().filter(|row| row.tests.is_empty() && row.open.is_empty());
    let uncovered: Vec<&str> = uncovered.map(|row| row.code.as_str()).collect();
    assert!(uncovered.is_empty(), "neither a test nor a reason: {uncovered:?}");

    let listed = rows.iter().flat_map(|row| &row.tests);
    let gone: BTreeSet<_> = listed.filter(|test| !tests.contains(*test)).collect();
    assert!(gone.is_empty(), "no such tests; see README.md here: {gone:#?}");
    let is_listed = |row: &Row, test: &String| row.tests.contains(test);
    let missing: Vec<_> = rows
        .iter()
        .flat_map(|row| named.get(&row.code).into_iter().flatten().map(move |test| (row, test)))
        .filter(|(row, test)| !is_listed(row, test))
        .map(|(row, test)| format!("{} {test}", row.code))
        .collect();
    assert!(missing.is_empty(), "tests that are not listed; see README.md here: {missing:#?}");
}

#[test]
fn names_are_read_as_codes() {
    assert_eq!(codes_of("n9_to_n12_r3_what"), ["N9", "N10", "N11", "N12", "R3"]);
    assert_eq!(codes_of("d11_d12_v43_currency"), ["V43"], "other letters are other lists");
    assert_eq!(codes_of("rule_c_r3"), Vec::<String>::new());
}

#[test]
fn an_update_lists_new_tests_and_drops_those_that_are_gone() {
    let tests: BTreeSet<String> = ["a::n1_x", "b::other"].map(str::to_owned).into();
    let page = "text\n| N1 | is kept | `b::other`, `b::gone` | why |\n| N2 | is kept |  | why |\n";
    let expected = "text\n| N1 | is kept | `a::n1_x`, `b::other` | why |\n| N2 | is kept |  | why |\n";
    assert_eq!(updated(page, &tests, &by_code(&tests)), expected);
}

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/README.md")
}

fn all_codes() -> Vec<String> {
    let codes =
        SECTIONS.iter().flat_map(|(letter, last)| (1..=*last).map(move |row| format!("{letter}{row}")));
    codes.collect()
}

#[derive(Debug)]
struct Row {
    code: String,
    promise: String,
    tests: BTreeSet<String>,
    open: String,
}

fn read(page: &str) -> Vec<Row> {
    page.lines().filter_map(row_of).collect()
}

fn row_of(line: &str) -> Option<Row> {
    let cells: Vec<&str> = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
    let &[code, promise, tests, open] = &cells[..] else { return None };
    let is_code = code.strip_prefix(char::is_uppercase).is_some_and(|rest| rest.parse::<u32>().is_ok());
    let tests = tests.split(", ").map(|test| test.trim_matches('`').to_owned());
    is_code.then(|| Row {
        code: code.to_owned(),
        promise: promise.to_owned(),
        tests: tests.filter(|test| !test.is_empty()).collect(),
        open: open.to_owned(),
    })
}

/// The page with the tests that there are.
fn updated(page: &str, tests: &BTreeSet<String>, named: &BTreeMap<String, BTreeSet<String>>) -> String {
    let lines = page.lines().map(|line| {
        let Some(mut row) = row_of(line) else { return format!("{line}\n") };
        row.tests.retain(|test| tests.contains(test));
        row.tests.extend(named.get(&row.code).into_iter().flatten().cloned());
        let tests: Vec<_> = row.tests.iter().map(|test| format!("`{test}`")).collect();
        format!("| {} | {} | {} | {} |\n", row.code, row.promise, tests.join(", "), row.open)
    });
    lines.collect()
}

/// Every test of the crate, as `module::name`.
fn all_tests() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let within = |folder: &Path, file: &Path| {
        let inside = file.strip_prefix(folder).unwrap().with_extension("");
        let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        parts.join("::").trim_end_matches("::mod").to_owned()
    };
    let folders = [root.join("src"), root.join("tests/it")];
    let mut files: Vec<_> = folders
        .iter()
        .flat_map(|folder| sources(folder).into_iter().map(move |file| (within(folder, &file), file)))
        .collect();
    files.push(("allocations".to_owned(), root.join("tests/allocations.rs")));
    let tests = files.into_iter().flat_map(|(module, file)| {
        let text = fs::read_to_string(file).unwrap();
        tests_in(&text).into_iter().map(move |name| format!("{module}::{name}")).collect::<Vec<_>>()
    });
    tests.collect()
}

/// The names of the functions below an attribute `#[test]` or `#[tokio::test]`.
fn tests_in(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_test = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[test") || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if let Some(rest) = line.trim_start_matches("async ").strip_prefix("fn ") {
            let name = rest.split(['(', '<']).next().unwrap_or_default();
            names.extend(is_test.then(|| name.to_owned()));
            is_test = false;
        }
    }
    names
}

fn by_code(tests: &BTreeSet<String>) -> BTreeMap<String, BTreeSet<String>> {
    let mut by_code: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for test in tests {
        let name = test.rsplit("::").next().unwrap_or(test);
        for code in codes_of(name) {
            by_code.entry(code).or_default().insert(test.clone());
        }
    }
    by_code
}

/// The codes that begin the name of a test: `n9_to_n12_r3_…` begins with four of the network and one answer.
fn codes_of(name: &str) -> Vec<String> {
    let mut codes: Vec<(char, u32)> = Vec::new();
    let mut words = name.split('_').peekable();
    while let Some(word) = words.next() {
        match (code(word), codes.last().copied(), words.peek().copied().and_then(code)) {
            (Some(code), _, _) => codes.push(code),
            (None, Some((letter, from)), Some((_, to))) if word == "to" => {
                codes.extend((from + 1..to).map(|number| (letter, number)));
            }
            _ => break,
        }
    }
    let is_ours = |letter: char| SECTIONS.iter().any(|(section, _)| *section == letter);
    codes.retain(|(letter, _)| is_ours(*letter));
    codes.into_iter().map(|(letter, number)| format!("{letter}{number}")).collect()
}

fn code(word: &str) -> Option<(char, u32)> {
    let letter = word.chars().next().filter(char::is_ascii_lowercase)?;
    Some((letter.to_ascii_uppercase(), word[1..].parse().ok()?))
}
