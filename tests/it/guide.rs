//! The guide says what the code does: every row of its table of examples is run.

use std::collections::BTreeSet;

use meta_offline_events::customer::{CleaningOptions, MatchKey};
use meta_offline_events::value::EventTime;

const GUIDE: &str = include_str!("../../src/guide/cleaning.md");

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
