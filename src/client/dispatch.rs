//! One batch on its way: sent, retried, divided, until each of its events has its outcome.

use std::sync::Arc;
use std::time::Duration;

use super::batch_part::BatchPart;
use super::exchange::attempt;
use super::isolation::{Isolation, Search, is_about_age};
use super::pacer::Purpose;
use super::retry::{Ended, Since, Step, Tried, decide, pause_after};
use super::run_state::{Probe, RunState};
use super::service::Service;
use super::tokens;
use super::trace;
use super::transport::Request;
use crate::auth::TokenRefusal;
use crate::event::Event;
use crate::report::{
    ApiError, ErrorClass, NotSentCause, Numbered, Outcome, RequestCounts, StopCause, UnconfirmedCause, Wait,
};
use crate::value::{AccessToken, EventTime, OutsideWindow};

/// Sends a batch until all of its events have their outcome.
pub(super) async fn dispatch(run: &RunState<'_>, batch: BatchPart) {
    let mut dispatch = Dispatch { run, began: None, isolation: Isolation::default(), probe: None };
    let mut parts = vec![batch];
    while let Some(mut part) = parts.pop() {
        let (body, rest) = part.write(run);
        parts.extend(rest);
        parts.extend(dispatch.send(part, body).await.into_iter().rev());
        run.record_outcomes().await;
    }
}

struct Dispatch<'b, 'r> {
    run: &'b RunState<'r>,
    /// When the first attempt began: waiting for other batches before does not count.
    began: Option<Duration>,
    isolation: Isolation,
    /// Held while the other workers wait for the outcome of this batch.
    probe: Option<Probe<'r>>,
}

impl Dispatch<'_, '_> {
    /// Sends one request until its events have their outcome or have to be divided; returns the parts.
    async fn send(&mut self, part: BatchPart, body: Vec<u8>) -> Vec<BatchPart> {
        let BatchPart { mut events, mut tried, .. } = part;
        let bytes = body.len();
        // By the limit that is set. The one that was learned may be too low for an event that stands alone.
        if bytes > self.run.settings.limits.bytes() {
            self.leave(events, &NotSentCause::TooLarge, &tried);
            return Vec::new();
        }
        let mut request = self.run.settings.request(body);
        let mut purpose = if tried.attempts > 0 { Purpose::Retry } else { Purpose::First };
        loop {
            if let Err(cause) = self.run.admit(purpose, &mut self.probe).await {
                self.leave(events, &NotSentCause::Stopped(cause), &tried);
                return Vec::new();
            }
            let token = match self.token().await {
                Ok(token) => token,
                Err(cause) => {
                    self.leave(events, &NotSentCause::Stopped(cause), &tried);
                    return Vec::new();
                }
            };
            let written = events.len();
            events = self.still_sendable(events, &tried);
            if events.len() < written {
                return if events.is_empty() { Vec::new() } else { vec![BatchPart::tried(events, tried)] };
            }
            let began = Since::now(self.run.clock());
            self.began.get_or_insert(self.run.clock().elapsed());
            // The clock may have panicked just now.
            if let Err(cause) = self.run.record_attempt(&events).await {
                self.run.record_sure_failure(&events).await;
                self.leave(events, &NotSentCause::Stopped(cause), &tried);
                return Vec::new();
            }
            request = self.with_credentials(request, token.as_ref());
            let ended = attempt(self.run, &request, &events, purpose).await;
            if ended.surely_failed() {
                self.run.record_sure_failure(&events).await;
            }
            self.note(&ended, &mut tried, began);
            let retry = &self.run.settings.retry;
            let fraction = self.run.jitter();
            if let Some(lasting) = pause_after(&ended, &tried, retry, fraction) {
                self.run.pause(lasting);
            }
            let step = decide(&ended, &tried, retry, fraction);
            if let (Step::Accept, Some(token)) = (&step, &token) {
                tokens::worked(self.run, token);
            }
            trace::attempt(&ended);
            trace::next(&step);
            match step {
                Step::Retry { after } => {
                    purpose = Purpose::Retry;
                    // A stop is seen when the next attempt is about to start.
                    let _ = self.run.wait(Wait::Retry, after).await;
                }
                Step::Pause { .. } => purpose = Purpose::AfterPause,
                Step::ReplaceToken(error) => {
                    let refusal = token.map(|token| TokenRefusal::new(token, Arc::clone(&error)));
                    if !matches!(refusal, Some(refusal) if tokens::replace(self.run, &refusal).await) {
                        let cause = StopCause::Api(error);
                        return self.conclude(Step::Stop(cause), events, bytes, &tried, &ended);
                    }
                    // Not for the retry budget: nothing was wrong with the service.
                    purpose = Purpose::AfterPause;
                }
                step => return self.conclude(step, events, bytes, &tried, &ended),
            }
        }
    }

    /// The token to send with, unless the endpoint gets none.
    async fn token(&self) -> Result<Option<AccessToken>, Arc<StopCause>> {
        if self.run.settings.credentials.is_none() {
            return Ok(None);
        }
        tokens::token(self.run).await.map(Some)
    }

    fn with_credentials(&self, request: Request, token: Option<&AccessToken>) -> Request {
        let settings = self.run.settings;
        let (Some(credentials), Some(token)) = (&settings.credentials, token) else {
            return request.with_credentials(None, &settings.service.members());
        };
        let members = credentials.members(token, self.run.clock().now());
        request.with_credentials(credentials.bearer(token), &members)
    }

    fn note(&mut self, ended: &Ended, tried: &mut Tried, began: Since) {
        let run = self.run;
        let throttled =
            matches!(ended, Ended::Refused { error, .. } if error.class() == ErrorClass::Throttle);
        let ambiguous = ended.may_have_arrived();
        let counts = RequestCounts {
            throttled: u64::from(throttled),
            ambiguous: u64::from(ambiguous),
            unreachable: u64::from(matches!(ended, Ended::Failed(_)) && !ambiguous),
            ..RequestCounts::default()
        };
        run.learn(ended.shows_health(), counts);
        if ended.shows_health() && run.is_proven() {
            self.probe = None;
        }
        if ended.is_token_refusal() {
            tried.token_refusals += 1;
        } else {
            tried.token_refusals = 0;
            if throttled {
                tried.throttled += 1;
            } else {
                tried.attempts += 1;
            }
        }
        tried.may_replace_token = run.settings.credentials.is_some() && run.settings.tokens.may_replace();
        if ambiguous {
            tried.ambiguous_since.get_or_insert(began);
        }
        let now = run.clock().elapsed();
        tried.lasting = now.saturating_sub(self.began.unwrap_or(now));
        tried.sits_out = run.sits_out();
    }

    fn conclude(
        &mut self,
        step: Step,
        events: Vec<Numbered>,
        bytes: usize,
        tried: &Tried,
        ended: &Ended,
    ) -> Vec<BatchPart> {
        let run = self.run;
        match step {
            Step::Accept => {
                run.prove();
                self.probe = None;
                run.settle(events, &Outcome::Accepted);
            }
            Step::Isolate(error) => return self.isolate(error, events, tried),
            Step::Divide(error) if events.len() == 1 => {
                run.lone_refusal(&error);
                self.end(events, &Outcome::Refused(error), tried);
            }
            Step::Divide(_) => {
                run.too_large(bytes);
                return BatchPart::halves(events, tried);
            }
            Step::Refuse(error) => {
                run.unknown_refusal(&error);
                self.end(events, &Outcome::Refused(error), tried);
            }
            Step::LeaveUnsent(cause) => {
                self.give_up(ended);
                self.leave(events, &cause, tried);
            }
            Step::LeaveUnconfirmed(UnconfirmedCause::NoValidAnswer(why)) => {
                self.give_up(ended);
                run.leave_unanswered(events, &why);
            }
            Step::LeaveUnconfirmed(cause) => {
                self.give_up(ended);
                run.settle(events, &Outcome::Unconfirmed(cause));
            }
            Step::Stop(cause) => {
                run.give_up(cause.clone());
                self.leave(events, &NotSentCause::Stopped(Arc::new(cause)), tried);
            }
            // Carried out in the loop that holds the request.
            Step::Retry { .. } | Step::Pause { .. } | Step::ReplaceToken(_) => {}
        }
        Vec::new()
    }

    /// Attempts ran out. If the service is out of reach for every worker, every batch would run out.
    fn give_up(&self, ended: &Ended) {
        if self.run.is_out_of_reach() {
            self.run.give_up(StopCause::Unreachable(ended.reason()));
        }
    }

    /// Ends events as not sent, unless an earlier attempt may have arrived.
    fn leave(&self, events: Vec<Numbered>, cause: &NotSentCause, tried: &Tried) {
        self.run.leave(events, cause, tried.ambiguous_since.is_some());
    }

    /// Ends events with this outcome, unless an earlier attempt may have arrived.
    fn end(&self, events: Vec<Numbered>, outcome: &Outcome, tried: &Tried) {
        self.run.end(events, outcome, tried.ambiguous_since.is_some());
    }

    /// Takes the next step of the search for the bad event; returns the parts to send again.
    fn isolate(&mut self, error: Arc<ApiError>, mut events: Vec<Numbered>, tried: &Tried) -> Vec<BatchPart> {
        let search = self.isolation.next(&error, events.len());
        if is_about_age(&error) {
            if self.has_outdated(&events) {
                // The next attempt leaves them out.
                return vec![BatchPart::refused(events, tried)];
            }
            let message =
                "Meta calls an event too old that is not, by the clock of this machine: check the clock";
            self.run.note("check_clock", message.to_owned());
        }
        match search {
            Search::Halve => return BatchPart::halves(events, tried),
            Search::Blame(index) => {
                self.run.lone_refusal(&error);
                let refused = Outcome::Refused(Arc::clone(&error));
                self.end(vec![events.remove(index)], &refused, tried);
            }
            Search::GiveUp => {}
        }
        if self.isolation.is_exhausted() {
            self.leave(events, &NotSentCause::NotIsolated(error), tried);
            return Vec::new();
        }
        if events.is_empty() { Vec::new() } else { vec![BatchPart::refused(events, tried)] }
    }

    fn has_outdated(&self, events: &[Numbered]) -> bool {
        let now = self.run.clock().now();
        events.iter().any(|numbered| self.run.check_age(&numbered.event, now).is_err())
    }

    /// Ends the events that Meta would refuse for their age, and those that it would no longer
    /// deduplicate; returns the others.
    fn still_sendable(&self, events: Vec<Numbered>, tried: &Tried) -> Vec<Numbered> {
        let now = self.run.clock().now();
        if events.iter().all(|numbered| self.obstacle(numbered, tried, now).is_none()) {
            return events;
        }
        let mut sendable = Vec::with_capacity(events.len());
        for numbered in events {
            match self.obstacle(&numbered, tried, now) {
                Some(outcome) => self.end(vec![numbered], &outcome, tried),
                None => sendable.push(numbered),
            }
        }
        sendable
    }

    /// Why an event may not be sent at this moment, if so.
    fn obstacle(&self, numbered: &Numbered, tried: &Tried, now: EventTime) -> Option<Outcome> {
        let event = &numbered.event;
        match self.run.check_age(event, now) {
            Err(OutsideWindow::TooOld) => {
                self.note_limit_of_gateway(event);
                Some(Outcome::NotSent(NotSentCause::Expired))
            }
            Err(OutsideWindow::InFuture) => Some(Outcome::NotSent(NotSentCause::InFuture)),
            Ok(()) => self.is_past_dedup_window(numbered, tried).then(|| {
                let why = "it may have arrived, and Meta would no longer deduplicate a retry".into();
                Outcome::Unconfirmed(UnconfirmedCause::NoValidAnswer(why))
            }),
        }
    }

    /// Says why an event is too old here that Meta would take.
    fn note_limit_of_gateway(&self, event: &Event) {
        let service = &self.run.settings.service;
        if service.age_limit(event) != Service::Meta.age_limit(event) {
            let message =
                "a gateway takes no event that is older than seven days, also not of a physical store";
            self.run.note("gateway_age", message.to_owned());
        }
    }

    /// Whether an attempt that may have arrived is so long ago that a retry could count twice.
    fn is_past_dedup_window(&self, numbered: &Numbered, tried: &Tried) -> bool {
        let window = self.run.settings.service.dedup_window(&numbered.event);
        let clock = self.run.clock();
        let of_earlier = self.run.records().first_attempt(numbered.position);
        let first = of_earlier.map(|first| Since::of_earlier(first, clock));
        let lasting = |since: Since| since.until(Since::now(clock));
        first.map(lasting).max(tried.ambiguous_since.map(lasting)).is_some_and(|lasting| lasting >= window)
    }
}
