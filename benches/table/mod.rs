//! A table of ratios to the floor, which no benchmark group can show.

use std::env;
use std::io::{self, Write as _};

use crate::floor::{Floor, minima};

/// Who is measured, each beside a floor of its own.
#[derive(Default)]
pub(crate) struct Table<'w> {
    lines: Vec<String>,
    contenders: Vec<Box<dyn FnMut() + 'w>>,
}

impl<'w> Table<'w> {
    pub(crate) fn line(&mut self, name: &str, floor: &'w Floor, work: impl FnMut() + 'w) {
        self.lines.push(name.to_owned());
        self.contenders.push(Box::new(|| floor.hash()));
        self.contenders.push(Box::new(work));
    }

    /// Measures all in turn, so that they share the weather, and prints what an event takes and how many
    /// times its floor that is.
    pub(crate) fn print(mut self, title: &str, events: usize) {
        let fastest = minima(if is_trial() { 1 } else { 25 }, &mut self.contenders);
        let mut out = io::stdout().lock();
        let mut say = |text: String| writeln!(out, "{text}").expect("standard output can be written");
        say(format!("\n{title:<48}{:>12}{:>10}", "ns an event", "ratio"));
        for (name, pair) in self.lines.iter().zip(fastest.as_chunks::<2>().0) {
            let [floor, work] = pair.map(|time| time.as_secs_f64());
            let events = u32::try_from(events).map_or(f64::NAN, f64::from);
            say(format!("{name:<48}{:>12.0}{:>10.2}", work * 1e9 / events, work / floor));
        }
    }
}

/// Whether this is no measurement, but a look whether it works.
pub(crate) fn is_trial() -> bool {
    let has = |wanted| env::args().any(|argument| argument == wanted);
    has("--test") || !has("--bench")
}
