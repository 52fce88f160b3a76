//! Spans and events for `tracing`: a span for the run and for each batch, an event for each attempt and
//! for whatever changes the pace. Without the feature these functions do nothing.
//!
//! The documentation of `client` promises names and fields. No field holds customer text, a token or a
//! digest.

#[cfg(not(feature = "tracing"))]
pub(super) use disabled::*;
#[cfg(feature = "tracing")]
pub(super) use enabled::*;

#[cfg(feature = "tracing")]
mod enabled {
    use std::time::Duration;

    use tracing::{Instrument, debug, debug_span, info, info_span, warn};

    use crate::client::retry::{Ended, Step};
    use crate::report::{DeliveryReport, Outcome, StopCause};

    const TARGET: &str = "meta_offline_events";

    pub(in crate::client) fn in_delivery<F: Future>(
        in_flight: usize,
        test_event_code: bool,
        run: F,
    ) -> impl Future<Output = F::Output> {
        run.instrument(info_span!(target: TARGET, "delivery", in_flight, test_event_code))
    }

    pub(in crate::client) fn in_batch<F: Future>(
        events: usize,
        sending: F,
    ) -> impl Future<Output = F::Output> {
        sending.instrument(debug_span!(target: TARGET, "batch", events))
    }

    pub(in crate::client) fn in_gateway<F: Future>(run: F) -> impl Future<Output = F::Output> {
        run.instrument(info_span!(target: TARGET, "gateway"))
    }

    pub(in crate::client) fn attempt(ended: &Ended) {
        let error = match ended {
            Ended::Refused { error, .. } => Some(error),
            _ => None,
        };
        debug!(
            name: "attempt",
            target: TARGET,
            result = ended.name(),
            status = error.map(|error| error.status()),
            code = error.and_then(|error| error.code()),
            subcode = error.and_then(|error| error.subcode()),
            trace_id = error.and_then(|error| error.trace_id()),
            "attempt",
        );
    }

    pub(in crate::client) fn next(step: &Step) {
        let wait_ms = match step {
            Step::Retry { after } => Some(millis(*after)),
            Step::Pause { lasting } => Some(millis(*lasting)),
            _ => None,
        };
        debug!(name: "next", target: TARGET, step = step.name(), wait_ms, "next");
    }

    pub(in crate::client) fn outcome(events: usize, outcome: &Outcome) {
        debug!(name: "outcome", target: TARGET, outcome = outcome.code(), events, "outcome");
    }

    pub(in crate::client) fn paused(lasting: Duration) {
        warn!(name: "paused", target: TARGET, wait_ms = millis(lasting), "paused");
    }

    pub(in crate::client) fn note(reason: &str) {
        warn!(name: "note", target: TARGET, reason, "note");
    }

    pub(in crate::client) fn stopping(cause: &StopCause) {
        warn!(name: "stopping", target: TARGET, cause = cause.code(), "stopping");
    }

    pub(in crate::client) fn finished(report: &DeliveryReport) {
        let events = report.events();
        info!(
            name: "finished",
            target: TARGET,
            accepted = events.accepted,
            refused = events.refused,
            not_sent = events.not_sent,
            unconfirmed = events.unconfirmed,
            already_sent = events.already_sent,
            pending = events.pending,
            resumed = report.resumed().total(),
            requests = report.requests().made,
            "finished",
        );
    }

    fn millis(time: Duration) -> u64 {
        u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(not(feature = "tracing"))]
mod disabled {
    use std::time::Duration;

    use crate::client::retry::{Ended, Step};
    use crate::report::{DeliveryReport, Outcome, StopCause};

    pub(in crate::client) fn in_delivery<F: Future>(_: usize, _: bool, run: F) -> F {
        run
    }

    pub(in crate::client) fn in_batch<F: Future>(_: usize, sending: F) -> F {
        sending
    }

    pub(in crate::client) fn in_gateway<F: Future>(run: F) -> F {
        run
    }

    pub(in crate::client) fn attempt(_: &Ended) {}
    pub(in crate::client) fn next(_: &Step) {}
    pub(in crate::client) fn outcome(_: usize, _: &Outcome) {}
    pub(in crate::client) fn paused(_: Duration) {}
    pub(in crate::client) fn note(_: &str) {}
    pub(in crate::client) fn stopping(_: &StopCause) {}
    pub(in crate::client) fn finished(_: &DeliveryReport) {}
}
