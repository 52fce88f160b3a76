//! Makes events as they would be sent, a line for a line.
//!
//! Reads JSON Lines such as
//! `{"event":{"event_time":1767225600},"user_data":{"em":"Mary@Example.com"},"custom_data":{"value":31.5,"currency":"USD"}}`
//! from standard input, or the same under the key `input` beside others. The members have the names
//! that Meta gives them, customer values are raw text, and unknown members of `custom_data` are custom
//! properties. Writes the event, or the fields that keep it from being sent:
//!
//! ```text
//! {"event_name":"Purchase","event_time":1767225600,"action_source":"physical_store",…}
//! {"reject":"custom_data.currency","reasons":[{"path":"custom_data.currency","code":"purchase_currency",…}]}
//! ```
//!
//! Nothing is added to what came in: without an `event_id` the event has none. Customer values that
//! cannot be used, and pages of events that are not of a website, are left out, with a note on standard
//! error. `--now SECONDS` sets the clock by which
//! events are too old or too early. No text is ever repeated in a note or a reason.

mod app_data;
mod custom_data;
mod customer;
mod event;
mod json;

use std::io::{self, BufRead, BufReader, BufWriter, ErrorKind, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use json::{Faults, Object, Reason};
use meta_offline_events::event::Event;
use meta_offline_events::value::EventTime;
use serde::Serialize;
use serde_json::value::RawValue;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let now = clock()?;
    match answer_all(now, BufReader::new(io::stdin().lock()), BufWriter::new(io::stdout().lock())) {
        // Whoever read the answers has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}

/// The moment after `--now`, or the system's.
fn clock() -> Result<EventTime, Box<dyn std::error::Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => system_clock(),
        ["--now", seconds] => Ok(EventTime::from_unix(seconds.parse()?)?),
        _ => Err("usage: payload [--now UNIX_SECONDS] < LINES".into()),
    }
}

#[expect(clippy::disallowed_methods, reason = "a program reads the clock; the library is handed one")]
fn system_clock() -> Result<EventTime, Box<dyn std::error::Error>> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    Ok(EventTime::from_unix(seconds.try_into()?)?)
}

fn answer_all(now: EventTime, mut input: BufReader<impl io::Read>, mut output: impl Write) -> io::Result<()> {
    let mut line = Vec::new();
    let mut number = 0_u64;
    while input.read_until(b'\n', &mut line)? > 0 {
        number += 1;
        let (answer, notes) = answer(&line, now);
        for note in notes {
            // Notes are an extra: the answers go on where nobody takes them.
            let _ = writeln!(io::stderr(), "line {number}: {note}");
        }
        serde_json::to_writer(&mut output, &answer)?;
        output.write_all(b"\n")?;
        // More lines are coming at once; only before waiting must the answers be out.
        if input.buffer().is_empty() {
            output.flush()?;
        }
        line.clear();
    }
    output.flush()
}

#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Sent(Box<Event>),
    Rejected { reject: String, reasons: Vec<Reason> },
}

impl Answer {
    fn rejected(reasons: Vec<Reason>) -> Self {
        let reject = reasons.first().map(|reason| reason.path.clone()).unwrap_or_default();
        Self::Rejected { reject, reasons }
    }
}

/// The answer to a line, and notes on what was left out.
fn answer(line: &[u8], now: EventTime) -> (Answer, Vec<String>) {
    let faults = Faults::default();
    let mut notes = Vec::new();
    let built = read_line(line, &faults).map(|input| event::build(input, now, &faults, &mut notes));
    let reasons = faults.into_reasons();
    let answer = match built {
        Some(Ok(event)) if reasons.is_empty() => Answer::Sent(Box::new(event)),
        Some(Err(invalid)) if reasons.is_empty() => {
            Answer::rejected(invalid.violations().iter().map(Reason::from).collect())
        }
        _ => Answer::rejected(reasons),
    };
    (answer, notes)
}

/// The object with `event`, `user_data` and `custom_data`.
fn read_line<'a>(line: &'a [u8], faults: &'a Faults) -> Option<Object<'a>> {
    let Ok(raw) = serde_json::from_slice::<&RawValue>(line) else {
        faults.add(String::new(), json::Fault::new("not_json", "the line is not JSON"));
        return None;
    };
    let mut object = Object::read(raw, String::new(), faults)?;
    match object.take("input", Ok) {
        Some(input) => Object::read(input, String::new(), faults),
        None => Some(object),
    }
}
