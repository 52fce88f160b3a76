//! Every promise about what may go wrong has a test that names it, or a written reason why not.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::rooms::sources;

/// The rows of the sections on network, answers, time, secrets and load, by their last number.
const ROWS: [(char, u32); 5] = [('n', 21), ('r', 42), ('t', 16), ('s', 22), ('l', 10)];

/// Rows that no test names, and why.
const REASONS: &[(&str, &str)] = &[
    ("s21", "a review: `AccessToken` is a `secrecy` type, and its page says where copies are made"),
    ("s22", "a review: messages are made from rules and places, and no value is compared for them"),
];

#[test]
fn every_row_has_a_test_that_names_it_or_a_reason() {
    let named = named();
    let reasons: BTreeSet<String> = REASONS.iter().map(|(row, _)| (*row).to_owned()).collect();
    let all = ROWS.iter().flat_map(|(letter, last)| (1..=*last).map(move |row| format!("{letter}{row}")));
    let open: Vec<_> = all.filter(|row| !named.contains(row) && !reasons.contains(row)).collect();
    assert!(open.is_empty(), "neither test nor reason: {open:?}");
    let both: Vec<_> = reasons.intersection(&named).collect();
    assert!(both.is_empty(), "a reason and a test: {both:?}");
}

/// The rows in the names of tests: `n9_to_n12_r3_…` names four rows of the network and one answer.
fn named() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = [root.join("src"), root.join("tests/it")].into_iter().flat_map(|folder| sources(&folder));
    let texts: Vec<String> = files.map(|file| fs::read_to_string(file).unwrap()).collect();
    texts.iter().flat_map(|text| text.split("fn ").skip(1)).flat_map(rows_of).collect()
}

fn rows_of(name: &str) -> Vec<String> {
    let mut rows: Vec<(char, u32)> = Vec::new();
    let mut words = name.split('_').peekable();
    while let Some(word) = words.next() {
        match (row(word), rows.last().copied(), words.peek().copied().and_then(row)) {
            (Some(row), _, _) => rows.push(row),
            (None, Some((letter, from)), Some((_, to))) if word == "to" => {
                rows.extend((from + 1..to).map(|number| (letter, number)));
            }
            _ => break,
        }
    }
    rows.into_iter().map(|(letter, number)| format!("{letter}{number}")).collect()
}

fn row(word: &str) -> Option<(char, u32)> {
    let letter = word.chars().next().filter(char::is_ascii_lowercase)?;
    Some((letter, word[1..].parse().ok()?))
}

#[test]
fn names_are_read_as_rows() {
    assert_eq!(rows_of("n9_to_n12_r3_what(x)"), ["n9", "n10", "n11", "n12", "r3"]);
    assert_eq!(rows_of("rule_c_r3()"), Vec::<String>::new());
}
