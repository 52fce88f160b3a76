//! What a row costs among 100,000 rows and among a million, whatever keeps its order from the common case.

mod grouping;
mod unusual;

use std::hint::black_box;
use std::io::{self, Write as _};
use std::time::{Duration, Instant};
use std::{array, env};

use meta_offline_events::order::{Row, RowSlice};
use meta_offline_events::value::EventTime;

use crate::unusual::{Kind, Mix, NOW, ROWS};

/// The shares of unusual orders, in percent.
const SHARES: [usize; 3] = [5, 20, 100];

/// A way from rows to events.
type Way = (&'static str, fn(&[Row<'_>]));

const WAYS: [Way; 3] = [
    ("sorted", |rows| grouping::sorted(rows, now())),
    ("any order", |rows| drop(black_box(grouping::in_any_order(rows, now())))),
    ("slice", |rows| drop(black_box(RowSlice::new(rows).prepare(now()).expect("few rows")))),
];

fn now() -> EventTime {
    EventTime::from_unix(NOW).expect("a moment")
}

/// How many rows there are, and how often they are grouped.
struct Size {
    rows: usize,
    rounds: usize,
}

fn sizes() -> [Size; 2] {
    let is_trial = !env::args().any(|argument| argument == "--bench");
    if is_trial {
        [Size { rows: 30, rounds: 1 }, Size { rows: 300, rounds: 1 }]
    } else {
        [Size { rows: 100_000, rounds: 15 }, Size { rows: 1_000_000, rounds: 3 }]
    }
}

/// The nanoseconds that a row takes in each way, fastest of all rounds.
fn cost(size: &Size, kind: Kind, percent: usize) -> [f64; WAYS.len()] {
    let mix = Mix::new(size.rows / ROWS, kind, percent);
    let rows: Vec<_> = mix.rows().collect();
    let mut fastest = [Duration::MAX; WAYS.len()];
    for _ in 0..size.rounds {
        for ((_, way), fastest) in WAYS.iter().zip(&mut fastest) {
            *fastest = timed(|| way(&rows)).min(*fastest);
        }
    }
    let rows = u32::try_from(size.rows).map_or(f64::NAN, f64::from);
    fastest.map(|time| time.as_secs_f64() * 1e9 / rows)
}

#[expect(clippy::disallowed_methods, reason = "a stopwatch is no part of what is measured")]
fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn main() {
    let sizes = sizes();
    let mut out = io::stdout().lock();
    let mut say = |text: String| writeln!(out, "{text}").expect("standard output can be written");
    let [few, many] = sizes.each_ref().map(|size| size.rows);
    say(format!("ns a row among {few} rows, among {many}, and the ratio"));
    say(format!("{:<24}{}", "", WAYS.map(|(way, _)| format!("{way:>24}")).concat()));
    let mixes = SHARES.iter().flat_map(|share| Kind::ALL.map(|kind| (kind, *share)));
    for (kind, share) in [(Kind::TooOld, 0)].into_iter().chain(mixes) {
        let [few, many] = sizes.each_ref().map(|size| cost(size, kind, share));
        let cells: [String; WAYS.len()] =
            array::from_fn(|way| format!("{:>9.0}{:>8.0}{:>7.2}", few[way], many[way], many[way] / few[way]));
        let what = if share == 0 { "common".to_owned() } else { format!("{kind:?}, {share} %") };
        say(format!("{what:<24}{}", cells.concat()));
    }
}
