//! Requests and waits over the time of a run, in bounded memory.

use std::time::Duration;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::RequestCounts;
use crate::value::EventTime;

/// How many spans a timeline has at most. When it needs more, each becomes twice as long.
#[cfg(feature = "client")]
const MAX_SPANS: usize = 120;

/// What a run waits for while it could send.
///
/// ```
/// use meta_offline_events::report::Wait;
///
/// assert_eq!(Wait::Pause.code(), "pause");
/// assert_eq!(Wait::Probe.to_string(), "one request tests whether Meta accepts events");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wait {
    /// Meta asked for a pause, or its limits are nearly used up.
    Pause,
    /// A failed request is sent again after a while.
    Retry,
    /// One request tests whether Meta accepts events; the others wait for its answer.
    Probe,
}

impl Wait {
    /// Every wait, the most important one first.
    pub(crate) const ALL: [Self; 3] = [Self::Pause, Self::Retry, Self::Probe];

    /// A stable name for machines, in snake case.
    pub fn code(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Retry => "retry",
            Self::Probe => "probe",
        }
    }
}

impl std::fmt::Display for Wait {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Pause => "Meta asked for a pause",
            Self::Retry => "a failed request is sent again soon",
            Self::Probe => "one request tests whether Meta accepts events",
        })
    }
}

/// The requests and waits of a run over its time: up to 120 spans of the same length.
///
/// ```
/// use meta_offline_events::report::Timeline;
///
/// assert!(Timeline::default().spans().is_empty(), "nothing was sent");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    began: Option<EventTime>,
    length: Duration,
    spans: Vec<Span>,
}

/// The requests and waits of one span of a [`Timeline`].
///
/// ```
/// use std::time::Duration;
/// use meta_offline_events::report::{Span, Wait};
///
/// let span = Span::default();
/// assert_eq!((span.requests().made, span.waited(Wait::Pause)), (0, Duration::ZERO));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    requests: RequestCounts,
    waited: [Duration; Wait::ALL.len()],
}

impl Span {
    /// The counts of requests: made where they began, the others where they ended.
    pub fn requests(self) -> RequestCounts {
        self.requests
    }

    /// How long requests waited for this. Requests that wait at the same time count once.
    pub fn waited(self, wait: Wait) -> Duration {
        self.waited[wait as usize]
    }
}

impl Default for Timeline {
    fn default() -> Self {
        Self { began: None, length: Duration::from_millis(100), spans: Vec::new() }
    }
}

impl Timeline {
    /// When the run began, by the clock of this machine. `None` if nothing was to be sent.
    pub fn began(&self) -> Option<EventTime> {
        self.began
    }

    /// How long each span is.
    pub fn span_length(&self) -> Duration {
        self.length
    }

    /// The spans from the beginning of the run, up to the last one with a request or a wait.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }
}

#[cfg(feature = "client")]
impl Span {
    fn add(&mut self, other: &Self) {
        self.requests.add(other.requests);
        for (own, others) in self.waited.iter_mut().zip(other.waited) {
            *own += others;
        }
    }
}

/// Filling.
#[cfg(feature = "client")]
impl Timeline {
    pub(super) fn begin(&mut self, now: EventTime) {
        self.began = Some(now);
    }

    /// The counts of the span this long after the beginning.
    pub(super) fn requests_at(&mut self, after: Duration) -> &mut RequestCounts {
        &mut self.span_at(after).requests
    }

    /// Adds a wait from one moment to another, both counted from the beginning.
    pub(super) fn waited(&mut self, wait: Wait, from: Duration, to: Duration) {
        // First, so that the length of the spans does not change any more.
        self.span_at(to);
        let mut at = from;
        while at < to {
            let end = self.length.saturating_mul(self.index_of(at) + 1).min(to);
            self.span_at(at).waited[wait as usize] += end.saturating_sub(at);
            at = end;
        }
    }

    fn index_of(&self, after: Duration) -> u32 {
        u32::try_from(after.as_nanos() / self.length.as_nanos()).unwrap_or(u32::MAX)
    }

    fn span_at(&mut self, after: Duration) -> &mut Span {
        while self.index_of(after) as usize >= MAX_SPANS {
            self.length *= 2;
            self.spans = self
                .spans
                .chunks(2)
                .map(|pair| {
                    pair.iter().fold(Span::default(), |mut sum, span| {
                        sum.add(span);
                        sum
                    })
                })
                .collect();
        }
        let index = self.index_of(after) as usize;
        if self.spans.len() <= index {
            self.spans.resize(index + 1, Span::default());
        }
        &mut self.spans[index]
    }
}

impl Serialize for Timeline {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(Some(3))?;
        fields.serialize_entry("began", &self.began.map(EventTime::unix))?;
        fields.serialize_entry("span_ms", &millis(self.length))?;
        fields.serialize_entry("spans", &self.spans)?;
        fields.end()
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(Some(2))?;
        fields.serialize_entry("requests", &self.requests)?;
        let waited = Wait::ALL.map(|wait| (wait.code(), millis(self.waited(wait))));
        fields.serialize_entry("waited_ms", &std::collections::BTreeMap::from(waited))?;
        fields.end()
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(all(test, feature = "client"))]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_long_run_has_longer_spans_and_loses_no_request() {
        let mut timeline = Timeline::default();
        for second in 0..1000 {
            timeline.requests_at(seconds(second)).made += 1;
        }
        assert_eq!(timeline.span_length(), Duration::from_millis(12_800));
        assert_eq!(timeline.spans().len(), 79);
        assert_eq!(timeline.spans()[0].requests().made, 13);
        assert_eq!(timeline.spans().iter().map(|span| span.requests().made).sum::<u64>(), 1000);
        timeline.requests_at(Duration::MAX).made += 1;
        assert!(timeline.spans().len() <= MAX_SPANS);
    }

    #[test]
    fn a_wait_is_in_every_span_that_it_covers() {
        let mut timeline = Timeline::default();
        timeline.waited(Wait::Pause, Duration::from_millis(150), Duration::from_millis(325));
        let waited: Vec<_> =
            timeline.spans().iter().map(|span| span.waited(Wait::Pause).as_millis()).collect();
        assert_eq!(waited, [0, 50, 100, 25]);
        timeline.waited(Wait::Retry, seconds(10), seconds(500));
        let sum = |wait| timeline.spans().iter().map(|span| span.waited(wait)).sum::<Duration>();
        assert_eq!((sum(Wait::Pause), sum(Wait::Retry)), (Duration::from_millis(175), seconds(490)));
        assert_eq!(timeline.span_length(), Duration::from_millis(6400));
    }
}
