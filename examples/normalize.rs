//! Cleans and hashes customer values from JSON Lines, one answer per line.
//!
//! Each line of standard input is a value such as `{"field":"em","input":"Mary@Example.com"}`. `field` is Meta's
//! name of the match key. Optional are `country`, the customer's country; `order`, which is `day_first` or
//! `month_first` for dates that can be read both ways; and, with the feature `phone`, `calling_country`, which
//! completes national phone numbers. Each line of standard output has the normal form and the digest, with a note if
//! the value is questionable, or the reason why the value cannot be used:
//!
//! ```text
//! {"field":"em","normalized":"mary@example.com","sha256":"f1904cf1a9d73a55…"}
//! {"field":"ph","normalized":"6505551212","sha256":"5eed6d50c9a6…","note":"no_country_code"}
//! {"field":"em","error":"is not an e-mail address …","reason":"not_an_email"}
//! ```
//!
//! A line that cannot be read gives `{"error":…}`, and the program goes on with the next one. Errors never
//! contain the text of a value.

use std::io::{self, BufRead, BufReader, BufWriter, ErrorKind, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use meta_offline_events::customer::{CleaningOptions, MatchKey, ValueWarning};
use meta_offline_events::value::{DateOrder, EventTime};
use serde::{Deserialize, Serialize};

fn main() -> io::Result<()> {
    match answer_all(BufReader::new(io::stdin().lock()), BufWriter::new(io::stdout().lock())) {
        // The reader of the answers has seen enough, as `head` does.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

fn answer_all(mut input: BufReader<impl io::Read>, mut output: impl Write) -> io::Result<()> {
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        serde_json::to_writer(&mut output, &answer(&line))?;
        output.write_all(b"\n")?;
        // Flushes only before waiting for more input.
        if input.buffer().is_empty() {
            output.flush()?;
        }
        line.clear();
    }
    output.flush()
}

#[derive(Deserialize)]
struct Question {
    field: String,
    input: String,
    country: Option<String>,
    order: Option<Order>,
    #[cfg(feature = "phone")]
    calling_country: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Order {
    DayFirst,
    MonthFirst,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Normal {
        field: &'static str,
        normalized: String,
        sha256: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<&'static str>,
    },
    Unusable {
        field: &'static str,
        error: String,
        reason: &'static str,
    },
    Unreadable {
        error: &'static str,
    },
}

fn answer(line: &[u8]) -> Answer {
    let Ok(question) = serde_json::from_slice::<Question>(line) else {
        return Answer::Unreadable {
            error: "the line is not a JSON object with the strings field and input",
        };
    };
    let Some(key) = MatchKey::from_wire_name(&question.field) else {
        return Answer::Unreadable { error: "field is not the name of a match key, such as em or ph" };
    };
    let field = key.wire_name();
    match key.normalize(&question.input, &options(&question)) {
        Ok(normal) => Answer::Normal {
            field,
            normalized: normal.text().to_owned(),
            sha256: normal.digest().map(|_| normal.value().to_text().into_owned()),
            note: normal.warning().map(ValueWarning::code),
        },
        Err(reason) => Answer::Unusable { field, error: reason.to_string(), reason: reason.code() },
    }
}

/// The options of the question, as of now.
fn options(question: &Question) -> CleaningOptions {
    let mut options = CleaningOptions::default();
    if let Some(now) = now() {
        options = options.as_of(now);
    }
    if let Some(country) = question.country.as_deref().and_then(|text| text.parse().ok()) {
        options = options.country(country);
    }
    #[cfg(feature = "phone")]
    if let Some(country) = question.calling_country.as_deref().and_then(|text| text.parse().ok()) {
        options = options.calling_country(country);
    }
    match question.order {
        Some(Order::DayFirst) => options.date_order(DateOrder::DayFirst),
        Some(Order::MonthFirst) => options.date_order(DateOrder::MonthFirst),
        None => options,
    }
}

#[expect(clippy::disallowed_methods, reason = "a program reads the clock; the library is handed one")]
fn now() -> Option<EventTime> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    EventTime::from_unix(i64::try_from(seconds).ok()?).ok()
}
