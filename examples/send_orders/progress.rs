//! A line on standard error every other second, once the work takes as long as that.

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

    /// Tells how far the work is, unless it told so a moment ago.
    pub(crate) fn tell(&mut self, done: u64, what: &str) {
        let now = SystemClock.now();
        if now.unix() - self.last.unix() >= 2 {
            self.last = now;
            say(&format!("{} {what}", grouped(done)));
        }
    }
}

/// Says something beside the report. Nobody may be listening, which is no reason to stop.
pub(crate) fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "send_orders: {text}");
}
