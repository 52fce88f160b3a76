//! Cleaning and hashing agree with expected values that others published.
//!
//! The values are not part of the crate. The variable [`FOLDER`] names the folder that holds
//! `normalize.jsonl`: one JSON object a line with `field`, `input`, `normalized` and `sha256`.

use std::error::Error;
use std::path::Path;

use meta_offline_events::customer::{CleaningOptions, MatchKey, Normalized};
use serde::Deserialize;

const FOLDER: &str = "META_OFFLINE_EVENTS_VECTORS";

#[derive(Deserialize)]
struct Expected {
    field: String,
    input: String,
    normalized: Option<String>,
    sha256: Option<String>,
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
fn published_values_come_out() -> Result<(), Box<dyn Error>> {
    let Some(folder) = std::env::var_os(FOLDER) else {
        eprintln!("skipped: {FOLDER} names no folder");
        return Ok(());
    };
    let lines = std::fs::read_to_string(Path::new(&folder).join("normalize.jsonl"))?;
    let mut wrong = Vec::new();
    let mut rows = 0;
    for (position, line) in lines.lines().enumerate() {
        let expected: Expected = serde_json::from_str(line)?;
        if !comes_out(&expected)? {
            wrong.push((position + 1, expected.field));
        }
        rows += 1;
    }
    assert!(rows > 0, "no rows");
    assert!(wrong.is_empty(), "{} of {rows} rows differ, by line and field: {wrong:?}", wrong.len());
    Ok(())
}

fn comes_out(expected: &Expected) -> Result<bool, Box<dyn Error>> {
    let key = MatchKey::from_wire_name(&expected.field).ok_or("unknown field")?;
    let normalized = key.normalize(&expected.input, &CleaningOptions::default()).ok();
    let text = normalized.as_ref().map(Normalized::text);
    let digest = normalized.as_ref().and_then(Normalized::digest);
    let hex = digest.map(|digest| digest.to_string());
    Ok(text == expected.normalized.as_deref() && hex == expected.sha256)
}
