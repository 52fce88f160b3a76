//! Cleaning agrees with a second program that was written from the documentation alone: `tests/known`.

use std::error::Error;

use meta_offline_events::customer::{CleaningOptions, MatchKey, Normalized};
use meta_offline_events::value::{DateOrder, EventTime};
use serde::Deserialize;

const ANSWERS: &str = include_str!("../known/answers.jsonl");

#[derive(Deserialize)]
struct Answer {
    field: String,
    input: String,
    country: Option<String>,
    order: Option<String>,
    normalized: Option<String>,
    sha256: Option<String>,
    about: String,
}

#[test]
fn v21_to_v23_v25_to_v32_v34_to_v40_the_second_program_decides_every_disputed_case_alike()
-> Result<(), Box<dyn Error>> {
    let mut wrong = Vec::new();
    let mut rows = 0;
    for (position, line) in ANSWERS.lines().enumerate() {
        let answer: Answer = serde_json::from_str(line)?;
        if !is_ours(&answer)? {
            wrong.push(format!("line {}, {}: {}", position + 1, answer.field, answer.about));
        }
        rows += 1;
    }
    assert!(rows > 800, "only {rows} answers");
    assert!(wrong.is_empty(), "{} of {rows} differ: {wrong:#?}", wrong.len());
    Ok(())
}

fn is_ours(answer: &Answer) -> Result<bool, Box<dyn Error>> {
    let key = MatchKey::from_wire_name(&answer.field).ok_or("unknown field")?;
    let mut options = CleaningOptions::default().as_of(EventTime::from_unix(1_795_564_800)?);
    if let Some(country) = &answer.country {
        options = options.country(country.parse()?);
    }
    options = match answer.order.as_deref() {
        None => options,
        Some("day_first") => options.date_order(DateOrder::DayFirst),
        Some("month_first") => options.date_order(DateOrder::MonthFirst),
        Some(_) => return Err("unknown order".into()),
    };
    let ours = key.normalize(&answer.input, &options).ok();
    let sent =
        ours.as_ref().filter(|normal| normal.digest().is_some()).map(|normal| normal.value().to_text());
    Ok(ours.as_ref().map(Normalized::text) == answer.normalized.as_deref()
        && sent.as_deref() == answer.sha256.as_deref())
}
