//! One run: batches out, answers in, until every event has its outcome.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::builder::{Settings, TokenPlacement};
use super::retry::{Ended, Step, Tried, decide};
use super::transport::{Request, Response};
use crate::customer::MatchValue;
use crate::event::Event;
use crate::report::{
    ApiError, DeliveryReport, ErrorClass, NotSentCause, Outcome, RunFacts, StopCause, UnconfirmedCause,
};
use crate::value::{EventTime, OutsideWindow};
use crate::wire::{Answer, Batch, Batches, TextFilter, asked_wait, read_answer};

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Events of the run.
    pub events: usize,
    /// Events that have their outcome.
    pub done: usize,
    /// Requests made so far.
    pub requests: u64,
}

/// How long a request may be on its way: an event must not cross the end of its window meanwhile.
const IN_FLIGHT: Duration = Duration::from_secs(60);

/// How many events have to be refused one by one, with nothing accepted, before the fault is taken
/// to lie in the settings.
const LONE_REFUSALS: u32 = 8;

/// How many first batches have to be refused for unknown reasons before the run stops.
const UNKNOWN_REFUSALS: u32 = 3;

pub(super) async fn deliver(
    settings: &Settings,
    events: Vec<Event>,
    watch: impl FnMut(Progress) + Send,
) -> DeliveryReport {
    let mut run = Run {
        settings,
        outcomes: vec![None; events.len()],
        facts: RunFacts { test_event_code: settings.fields.has_test_event_code(), ..RunFacts::default() },
        events: &events,
        done: 0,
        lone_refusals: 0,
        unknown_refusals: 0,
        anything_accepted: false,
        watch,
    };
    run.send_everything().await;
    let Run { outcomes, facts, .. } = run;
    let outcomes = outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|| rest(&facts))).collect();
    DeliveryReport::finished(events, outcomes, facts)
}

/// The outcome of an event that a stopped run did not come to. Should an outcome ever be missing
/// without a stop, nobody knows what became of the event, and that is what is said.
fn rest(facts: &RunFacts) -> Outcome {
    match &facts.stopped {
        Some(cause) => Outcome::NotSent(NotSentCause::Stopped(Arc::clone(cause))),
        None => Outcome::Unconfirmed(UnconfirmedCause::NoValidAnswer("its outcome was not noted".into())),
    }
}

struct Run<'r, W> {
    settings: &'r Settings,
    events: &'r [Event],
    outcomes: Vec<Option<Outcome>>,
    facts: RunFacts,
    done: usize,
    lone_refusals: u32,
    unknown_refusals: u32,
    anything_accepted: bool,
    watch: W,
}

/// Events that go into requests of their own, and since when nobody knows whether they arrived.
struct Part {
    members: Vec<usize>,
    doubtful_since: Option<EventTime>,
}

impl<'r, W: FnMut(Progress) + Send> Run<'r, W> {
    async fn send_everything(&mut self) {
        let everything = self.drop_repeated_ids();
        for batch in self.cut(everything) {
            let mut batches = vec![(batch, None)];
            while let Some((batch, doubtful_since)) = batches.pop() {
                if self.facts.stopped.is_some() {
                    return;
                }
                for part in self.send_batch(batch, doubtful_since).await.into_iter().rev() {
                    let cut: Vec<_> = self.cut(part.members).collect();
                    batches.extend(cut.into_iter().rev().map(|batch| (batch, part.doubtful_since)));
                }
            }
        }
    }

    /// Takes out events that Meta would drop for their id; gives the others.
    fn drop_repeated_ids(&mut self) -> Vec<usize> {
        let events = self.events;
        let mut ids = HashSet::with_capacity(events.len());
        let mut is_first = |index: &usize| {
            let event = &events[*index];
            event.id().is_none_or(|id| ids.insert((id, event.name())))
        };
        let (first, repeated): (Vec<_>, Vec<_>) = (0..events.len()).partition(&mut is_first);
        self.settle(&repeated, &Outcome::NotSent(NotSentCause::RepeatedId));
        first
    }

    fn cut(&self, wanted: Vec<usize>) -> Batches<'r> {
        let limits = self.settings.limits.less(self.token_member().len());
        Batches::of(self.events, wanted, &self.settings.fields).limits(limits)
    }

    /// Sends a batch until it has an outcome or has to be divided; gives the parts.
    async fn send_batch(&mut self, batch: Batch, doubtful_since: Option<EventTime>) -> Vec<Part> {
        if batch.is_oversized() {
            self.settle(batch.events(), &Outcome::NotSent(NotSentCause::TooLarge));
            return Vec::new();
        }
        let members = batch.events().to_vec();
        let filter = self.text_filter(&members);
        let request = self.request(batch);
        let mut tried = Tried { doubtful_since, ..Tried::default() };
        loop {
            let fresh = self.drop_outside_window(&members, &tried);
            if fresh.is_empty() {
                return Vec::new();
            }
            if fresh.len() < members.len() {
                return vec![Part { members: fresh, doubtful_since: tried.doubtful_since }];
            }
            let ended = self.attempt(&request, members.len(), &filter).await;
            self.note_attempt(&ended, &mut tried);
            let Settings { retry, clock, jitter, .. } = self.settings;
            match decide(&ended, &tried, clock.now(), retry, jitter.fraction()) {
                Step::Repeat { after } => self.settings.clock.sleep(after).await,
                step => return self.conclude(step, members, &tried),
            }
        }
    }

    fn note_attempt(&mut self, ended: &Ended, tried: &mut Tried) {
        let throttled =
            matches!(ended, Ended::Refused { error, .. } if error.class() == ErrorClass::Throttle);
        if throttled {
            tried.throttled += 1;
        } else {
            tried.attempts += 1;
        }
        if ended.is_doubtful() {
            tried.doubtful_since.get_or_insert(self.settings.clock.now());
        }
    }

    fn conclude(&mut self, step: Step, members: Vec<usize>, tried: &Tried) -> Vec<Part> {
        match step {
            Step::Accept => {
                self.anything_accepted = true;
                self.settle(&members, &Outcome::Accepted);
            }
            Step::Isolate(error) => return self.isolate(error, members),
            Step::Divide(error) if members.len() == 1 => self.settle(&members, &Outcome::Refused(error)),
            Step::Divide(_) => return halves(members),
            Step::Refuse(error) => {
                self.unknown_refusals += 1;
                if self.unknown_refusals == UNKNOWN_REFUSALS && !self.anything_accepted {
                    self.facts.stopped = Some(Arc::new(StopCause::Api(Arc::clone(&error))));
                }
                self.refuse(&members, error, tried);
            }
            Step::LeaveUnsent(cause) => self.leave(&members, cause, tried),
            Step::LeaveUnconfirmed(cause) => self.settle(&members, &Outcome::Unconfirmed(cause)),
            Step::Stop(cause) => {
                let cause = Arc::new(cause);
                self.leave(&members, NotSentCause::Stopped(Arc::clone(&cause)), tried);
                self.facts.stopped = Some(cause);
            }
            // Repeating is carried out where the request is at hand.
            Step::Repeat { .. } => {}
        }
        Vec::new()
    }

    /// Ends the sending of events that are refused as they are, for a reason that is not in them.
    fn refuse(&mut self, members: &[usize], error: Arc<ApiError>, tried: &Tried) {
        let outcome = match tried.doubtful_since {
            None => Outcome::Refused(error),
            Some(_) => Outcome::Unconfirmed(UnconfirmedCause::NoValidAnswer(error.to_string().into())),
        };
        self.settle(members, &outcome);
    }

    /// Ends the sending of events: as not sent, unless an earlier attempt may have arrived.
    fn leave(&mut self, members: &[usize], cause: NotSentCause, tried: &Tried) {
        let outcome = match tried.doubtful_since {
            None => Outcome::NotSent(cause),
            Some(_) => Outcome::Unconfirmed(UnconfirmedCause::NoValidAnswer(cause.to_string().into())),
        };
        self.settle(members, &outcome);
    }

    /// A bad event stands alone, is named by the error, or is looked for by halves.
    fn isolate(&mut self, error: Arc<ApiError>, mut members: Vec<usize>) -> Vec<Part> {
        let bad = match error.event_index {
            _ if members.len() == 1 => 0,
            Some(named) if named < members.len() => named,
            _ => return halves(members),
        };
        let bad = members.remove(bad);
        self.lone_refusals += 1;
        if self.lone_refusals == LONE_REFUSALS && !self.anything_accepted {
            self.facts.stopped = Some(Arc::new(StopCause::Api(Arc::clone(&error))));
        }
        self.settle(&[bad], &Outcome::Refused(error));
        if members.is_empty() { Vec::new() } else { vec![Part { members, doubtful_since: None }] }
    }

    /// One attempt. What comes back is sorted, not yet judged.
    async fn attempt(&mut self, request: &Request, sent: usize, filter: &TextFilter) -> Ended {
        self.facts.requests += 1;
        let response = match self.settings.transport.send(request).await {
            Ok(response) => response,
            Err(error) => return Ended::Failed(error),
        };
        if (300..400).contains(&response.status()) {
            return Ended::Redirected(redirect_host(&response, request.url()));
        }
        match read_answer(response.status(), response.body(), filter) {
            Answer::Received { count, messages, trace_id } => {
                self.facts.messages.extend(messages);
                self.facts.trace_ids.extend(trace_id);
                Ended::Received { sent: sent as u64, count }
            }
            Answer::Error(error) => {
                self.facts.trace_ids.extend(error.trace_id.clone());
                let wait = asked_wait(|name| response.header_value(name));
                Ended::Refused { error: Arc::from(error), wait }
            }
            Answer::Unreadable(why) => Ended::NoValidAnswer(why.into()),
        }
    }

    /// Takes out events that Meta would refuse for their age; gives the others.
    fn drop_outside_window(&mut self, members: &[usize], tried: &Tried) -> Vec<usize> {
        let now = self.settings.clock.now();
        let mut fresh = Vec::with_capacity(members.len());
        for &index in members {
            let event = &self.events[index];
            let limit = event.action_source().age_limit().less(IN_FLIGHT);
            match event.time().check_age(now, limit) {
                Ok(()) => fresh.push(index),
                Err(OutsideWindow::TooOld) => self.leave(&[index], NotSentCause::Expired, tried),
                Err(OutsideWindow::InFuture) => self.leave(&[index], NotSentCause::InFuture, tried),
            }
        }
        fresh
    }

    fn settle(&mut self, members: &[usize], outcome: &Outcome) {
        if members.is_empty() {
            return;
        }
        for &index in members {
            self.outcomes[index] = Some(outcome.clone());
        }
        self.done += members.len();
        let progress = Progress { events: self.events.len(), done: self.done, requests: self.facts.requests };
        (self.watch)(progress);
    }

    fn request(&self, batch: Batch) -> Request {
        let Settings { url, token, placement, .. } = self.settings;
        let bearer = (*placement == TokenPlacement::Header).then(|| token.clone());
        let mut body = batch.into_body();
        let end = body.len() - 1;
        body.splice(end..end, self.token_member());
        Request::new(url.clone(), bearer, body)
    }

    /// The member that carries the token, where it travels in the body.
    fn token_member(&self) -> Vec<u8> {
        match self.settings.placement {
            TokenPlacement::Header => Vec::new(),
            TokenPlacement::Body => {
                let token = serde_json::to_vec(self.settings.token.expose()).unwrap_or_default();
                [b",\"access_token\":".as_slice(), &token].concat()
            }
        }
    }

    /// Masks, in whatever the service says, the token and all that was sent unhashed of a customer.
    fn text_filter(&self, members: &[usize]) -> TextFilter {
        let plain = members.iter().flat_map(|&index| plain_texts(&self.events[index]));
        let token = Cow::from(self.settings.token.expose());
        TextFilter::masking(std::iter::once(token).chain(plain))
    }
}

/// What is sent of an event's customer unhashed.
fn plain_texts(event: &Event) -> impl Iterator<Item = Cow<'_, str>> {
    let customer = event.user_data();
    let values = customer.keys().flat_map(|key| customer.values(key));
    let texts = values.filter_map(|value| match value {
        MatchValue::Plain(text) => Some(Cow::from(&**text)),
        MatchValue::Number(number) => Some(number.to_string().into()),
        _ => None,
    });
    texts.chain(event.clear_texts().into_iter().map(Cow::from))
}

/// Two parts of a batch that was refused whole, of which therefore nothing was stored.
fn halves(mut members: Vec<usize>) -> Vec<Part> {
    let second = members.split_off(members.len() / 2);
    [members, second].map(|members| Part { members, doubtful_since: None }).into()
}

/// The host that a redirect points to; its path and query may hold what was sent.
fn redirect_host(response: &Response, from: &Url) -> Box<str> {
    let target = response.header_value("location").and_then(|location| from.join(location).ok());
    match target.as_ref().and_then(Url::host_str) {
        Some(host) => host.into(),
        None => "an unknown place".into(),
    }
}
