//! Progress on standard error: a line every other second of long work.

use std::io::{self, Write};

use meta_offline_events::client::{Clock, SystemClock};
use meta_offline_events::value::EventTime;

use crate::print::grouped;

pub(crate) struct ProgressLines {
    last: EventTime,
}

impl ProgressLines {
    pub(crate) fn start() -> Self {
        Self { last: SystemClock.now() }
    }

    /// Shows how far the work is, unless it was shown a moment ago.
    pub(crate) fn show(&mut self, done: u64, what: &str) {
        let now = SystemClock.now();
        if now.unix() - self.last.unix() >= 2 {
            self.last = now;
            say(&format!("{} {what}", grouped(done)));
        }
    }
}

/// Writes a line to standard error. The program goes on if nobody reads it.
pub(crate) fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "send_orders: {text}");
}
