//! One batch on its way: sent, repeated, divided, until each of its events has its end.

use std::borrow::Cow;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{Either, select};
use url::Url;

use super::Clock;
use super::board::{Board, Probe};
use super::builder::Settings;
use super::gate::Purpose;
use super::retry::{Ended, Since, Step, Tried, decide, pause_after};
use super::trace;
use super::transport::{Request, Response, TransportError};
use crate::customer::MatchValue;
use crate::event::Event;
use crate::report::{ApiError, ErrorClass, NotSentCause, Numbered, Outcome, StopCause, UnconfirmedCause};
use crate::value::{EventTime, OutsideWindow};
use crate::wire::{Answer, Draft, TextFilter, read_answer, read_hints};

/// Events that go into requests of their own.
pub(super) struct Part {
    events: Vec<Numbered>,
    tried: Tried,
    /// The request's body, once it is written.
    body: Option<Vec<u8>>,
}

impl Part {
    /// How many events are in it.
    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    /// A batch as it was filled.
    pub(super) fn encoded(events: Vec<Numbered>, draft: Draft<'_>) -> Self {
        Self { body: Some(draft.into_body()), ..Self::fresh(events) }
    }

    /// Events that were never sent.
    fn fresh(events: Vec<Numbered>) -> Self {
        Self { events, tried: Tried::default(), body: None }
    }

    /// Events of a batch that was refused whole. That attempt stored nothing; an earlier one may have.
    fn refused(events: Vec<Numbered>, tried: &Tried) -> Self {
        Self {
            tried: Tried { doubtful_since: tried.doubtful_since, ..Tried::default() },
            ..Self::fresh(events)
        }
    }

    /// Writes the body, unless it is written; gives the events that did not fit.
    fn write(&mut self, board: &Board<'_>) -> (Vec<u8>, Option<Self>) {
        if let Some(body) = self.body.take() {
            return (body, None);
        }
        let mut draft = Draft::new(self.events.len(), board.limits(), board.closing());
        let taken = self.events.iter().take_while(|numbered| draft.push(&numbered.event)).count();
        let rest = self.events.split_off(taken);
        let rest = (!rest.is_empty()).then(|| Self { events: rest, tried: self.tried.clone(), body: None });
        (draft.into_body(), rest)
    }
}

/// How many requests of one batch may be refused while bad events are looked for.
const MAX_ISOLATING: u32 = 100;

/// Sends a batch until all of its events have their end.
pub(super) async fn dispatch(board: &Board<'_>, batch: Part) {
    let mut dispatch = Dispatch { board, began: None, sifted: 0, probe: None };
    let mut parts = vec![batch];
    while let Some(mut part) = parts.pop() {
        let (body, rest) = part.write(board);
        parts.extend(rest);
        parts.extend(dispatch.send(part, body).await.into_iter().rev());
    }
}

struct Dispatch<'b, 'r> {
    board: &'b Board<'r>,
    /// When the first attempt began: what the batch waited for others before does not count.
    began: Option<Duration>,
    /// Requests that were refused for a bad event.
    sifted: u32,
    /// Held while the other workers wait for what becomes of this batch.
    probe: Option<Probe<'r>>,
}

impl Dispatch<'_, '_> {
    /// Sends one request until its events have their end or have to be divided; gives the parts.
    async fn send(&mut self, part: Part, body: Vec<u8>) -> Vec<Part> {
        let Part { mut events, mut tried, .. } = part;
        let bytes = body.len();
        // By the limit that is set. The one that was learned may be too low for an event that stands alone.
        if bytes > self.board.settings.limits.bytes() {
            self.leave(events, NotSentCause::TooLarge, &tried);
            return Vec::new();
        }
        let request = self.board.settings.request(body);
        let mut purpose = if tried.attempts > 0 { Purpose::SharedValue } else { Purpose::First };
        loop {
            if let Err(cause) = self.board.pass(purpose, &mut self.probe).await {
                self.leave(events, NotSentCause::Stopped(cause), &tried);
                return Vec::new();
            }
            let written = events.len();
            events = self.still_sendable(events, &tried);
            if events.len() < written {
                return if events.is_empty() { Vec::new() } else { vec![Part { events, tried, body: None }] };
            }
            let began = Since::now(self.board.clock());
            self.began.get_or_insert(self.board.clock().elapsed());
            let ended = self.attempt(&request, &events, purpose).await;
            self.note(&ended, &mut tried, began);
            let Settings { retry, jitter, .. } = self.board.settings;
            let fraction = jitter.fraction();
            if let Some(lasting) = pause_after(&ended, &tried, retry, fraction) {
                self.board.pause(lasting);
            }
            let step = decide(&ended, &tried, retry, fraction);
            trace::attempt(&ended);
            trace::next(&step);
            match step {
                Step::SharedValue { after } => {
                    purpose = Purpose::SharedValue;
                    // A stop is seen when the next attempt is about to start.
                    let _ = self.board.wait(after).await;
                }
                Step::Pause { .. } => purpose = Purpose::AfterPause,
                step => return self.conclude(step, events, bytes, &tried, &ended),
            }
        }
    }

    /// One attempt. What comes back is sorted, not yet judged.
    async fn attempt(&self, request: &Request, events: &[Numbered], purpose: Purpose) -> Ended {
        let _in_flight = self.board.leaves(purpose);
        let response = match self.exchange(request).await {
            Ok(response) => response,
            Err(error) => return Ended::Failed(error),
        };
        if (300..400).contains(&response.status()) {
            return Ended::Redirected(redirect_host(&response, request.url()));
        }
        let hints = read_hints(|name| response.header_value(name));
        let filter = self.text_filter(events);
        match read_answer(response.status(), response.body(), &filter) {
            Answer::Received { count, messages, trace_id } => {
                self.board.heed(hints);
                self.board.heard(messages, trace_id);
                let sent = events.len() as u64;
                if count > sent {
                    // It may be the answer to another request.
                    self.board.settings.transport.drop_connections();
                }
                Ended::Received { sent, count }
            }
            Answer::Error(error) => {
                if error.code().is_some() {
                    self.board.heed(hints);
                }
                self.board.heard(Vec::new(), error.trace_id().map(Into::into));
                Ended::Refused { error: Arc::from(error), wait: hints.wait }
            }
            Answer::Unreadable(why) => Ended::NoValidAnswer { why: why.into(), wait: hints.wait },
        }
    }

    /// Sends the request and waits for its answer: up to the limit, and to the end of the run.
    async fn exchange(&self, request: &Request) -> Result<Response, TransportError> {
        let settings = self.board.settings;
        let sending = AssertUnwindSafe(async { settings.transport.send(request).await }).catch_unwind();
        let limit = settings.clock.limit(settings.attempt_limit);
        let cut_off = pin!(self.board.is_cut_off());
        match select(pin!(sending), select(limit, cut_off)).await {
            Either::Left((Ok(answer), _)) => answer,
            Either::Left((Err(_panic), _)) => Err(TransportError::ambiguous("the transport panicked")),
            Either::Right((Either::Left(_), _)) => {
                Err(TransportError::ambiguous("no whole answer within the time limit"))
            }
            Either::Right((Either::Right(_), _)) => {
                Err(TransportError::ambiguous("cut off, because the program asked to stop"))
            }
        }
    }

    fn note(&mut self, ended: &Ended, tried: &mut Tried, began: Since) {
        let board = self.board;
        let throttled =
            matches!(ended, Ended::Refused { error, .. } if error.class() == ErrorClass::Throttle);
        let doubtful = ended.is_doubtful();
        board.learn(ended.shows_health(), |counts| {
            counts.throttled += u64::from(throttled);
            counts.doubtful += u64::from(doubtful);
            counts.unreachable += u64::from(matches!(ended, Ended::Failed(_)) && !doubtful);
        });
        if ended.shows_health() && board.is_proven() {
            self.probe = None;
        }
        if throttled {
            tried.throttled += 1;
        } else {
            tried.attempts += 1;
        }
        if doubtful {
            tried.doubtful_since.get_or_insert(began);
        }
        let now = board.clock().elapsed();
        tried.lasting = now.saturating_sub(self.began.unwrap_or(now));
        tried.sits_out = board.sits_out();
    }

    fn conclude(
        &mut self,
        step: Step,
        events: Vec<Numbered>,
        bytes: usize,
        tried: &Tried,
        ended: &Ended,
    ) -> Vec<Part> {
        let board = self.board;
        match step {
            Step::Accept => {
                board.prove();
                self.probe = None;
                board.settle(events, &Outcome::Accepted);
            }
            Step::Isolate(error) => return self.isolate(error, events, tried),
            Step::Divide(error) if events.len() == 1 => {
                board.lone_refusal(&error);
                self.end(events, Outcome::Refused(error), tried);
            }
            Step::Divide(_) => {
                board.too_large(bytes);
                return halves(events, tried);
            }
            Step::Refuse(error) => {
                board.unknown_refusal(&error);
                self.end(events, Outcome::Refused(error), tried);
            }
            Step::LeaveUnsent(cause) => {
                self.give_up(ended);
                self.leave(events, cause, tried);
            }
            Step::LeaveUnconfirmed(cause) => {
                self.give_up(ended);
                board.settle(events, &Outcome::Unconfirmed(cause));
            }
            Step::Stop(cause) => {
                board.give_up(cause.clone());
                self.leave(events, NotSentCause::Stopped(Arc::new(cause)), tried);
            }
            // Carried out where the request is at hand.
            Step::SharedValue { .. } | Step::Pause { .. } => {}
        }
        Vec::new()
    }

    /// Attempts ran out. If the service is out of reach for everybody, so they would for every batch.
    fn give_up(&self, ended: &Ended) {
        if self.board.is_out_of_reach() {
            self.board.give_up(StopCause::Unreachable(ended.reason()));
        }
    }

    /// Ends the sending of events as not sent, unless an earlier attempt may have arrived.
    fn leave(&self, events: Vec<Numbered>, cause: NotSentCause, tried: &Tried) {
        self.end(events, Outcome::NotSent(cause), tried);
    }

    /// Ends the sending of events for a reason that is not in them: nobody knows their end if an
    /// earlier attempt may have arrived.
    fn end(&self, events: Vec<Numbered>, outcome: Outcome, tried: &Tried) {
        let why = match &outcome {
            _ if tried.doubtful_since.is_none() => None,
            Outcome::Unconfirmed(_) | Outcome::Accepted => None,
            Outcome::NotSent(NotSentCause::Stopped(cause)) => Some(format!("the run stopped: {cause}")),
            Outcome::NotSent(_) | Outcome::Refused(_) => Some(format!("at last: {outcome}")),
        };
        let outcome =
            why.map_or(outcome, |why| Outcome::Unconfirmed(UnconfirmedCause::NoValidAnswer(why.into())));
        self.board.settle(events, &outcome);
    }

    /// A bad event stands alone, is named by the error, or is looked for by halves.
    fn isolate(&mut self, error: Arc<ApiError>, mut events: Vec<Numbered>, tried: &Tried) -> Vec<Part> {
        const TOO_OLD: i64 = 2_804_003;
        self.sifted += 1;
        let is_about_age = error.subcode() == Some(TOO_OLD);
        if is_about_age {
            let now = self.board.clock().now();
            if events.iter().any(|numbered| self.board.check_age(&numbered.event, now).is_err()) {
                return vec![Part::refused(events, tried)];
            }
            let message = "Meta calls an event too old that is not so by the clock of this machine: check it";
            self.board.note("clock_doubtful", message.to_owned());
        }
        let bad = match error.event_index() {
            _ if events.len() == 1 => 0,
            Some(named) if named < events.len() => named,
            _ if self.sifted > MAX_ISOLATING => {
                self.leave(events, NotSentCause::NotIsolated(error), tried);
                return Vec::new();
            }
            _ => return halves(events, tried),
        };
        let bad = events.remove(bad);
        self.board.lone_refusal(&error);
        let refused = Outcome::Refused(Arc::clone(&error));
        if is_about_age {
            // It was younger when an earlier attempt may have arrived.
            self.end(vec![bad], refused, tried);
        } else {
            self.board.settle(vec![bad], &refused);
        }
        if self.sifted > MAX_ISOLATING {
            self.leave(events, NotSentCause::NotIsolated(error), tried);
            return Vec::new();
        }
        if events.is_empty() { Vec::new() } else { vec![Part::refused(events, tried)] }
    }

    /// Ends the sending of events that Meta would refuse for their age, or that are too long on the
    /// way to be repeated; gives the others.
    fn still_sendable(&self, events: Vec<Numbered>, tried: &Tried) -> Vec<Numbered> {
        let now = self.board.clock().now();
        if events.iter().all(|numbered| self.obstacle(&numbered.event, tried, now).is_none()) {
            return events;
        }
        let mut sendable = Vec::with_capacity(events.len());
        for numbered in events {
            match self.obstacle(&numbered.event, tried, now) {
                Some(outcome) => self.end(vec![numbered], outcome, tried),
                None => sendable.push(numbered),
            }
        }
        sendable
    }

    /// Why an event may not be sent at this moment, if so.
    fn obstacle(&self, event: &Event, tried: &Tried, now: EventTime) -> Option<Outcome> {
        match self.board.check_age(event, now) {
            Err(OutsideWindow::TooOld) => Some(Outcome::NotSent(NotSentCause::Expired)),
            Err(OutsideWindow::InFuture) => Some(Outcome::NotSent(NotSentCause::InFuture)),
            Ok(()) => is_past_replay(event, tried.doubtful_since, self.board.clock()).then(|| {
                let why = "it may have arrived, and Meta would not know a repeat any more".into();
                Outcome::Unconfirmed(UnconfirmedCause::NoValidAnswer(why))
            }),
        }
    }

    /// Masks, in whatever the service says, the token and all that was sent unhashed of a customer.
    fn text_filter<'e>(&'e self, events: &'e [Numbered]) -> TextFilter<'e> {
        let plain = events.iter().flat_map(|numbered| plain_texts(&numbered.event));
        let token = Cow::from(self.board.settings.token.expose());
        TextFilter::masking(std::iter::once(token).chain(plain))
    }
}

/// Whether Meta may have forgotten an attempt whose end nobody knows: a repeat could count twice.
fn is_past_replay(event: &Event, doubtful_since: Option<Since>, clock: &dyn Clock) -> bool {
    let window = event.action_source().dedup_window();
    doubtful_since.is_some_and(|since| since.until(Since::now(clock)) >= window)
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

/// Two parts of a batch that was refused whole.
fn halves(mut events: Vec<Numbered>, tried: &Tried) -> Vec<Part> {
    let second = events.split_off(events.len() / 2);
    [events, second].map(|half| Part::refused(half, tried)).into()
}

/// The host that a redirect points to; its path and query may hold what was sent.
fn redirect_host(response: &Response, from: &Url) -> Box<str> {
    let target = response.header_value("location").and_then(|location| from.join(location).ok());
    match target.as_ref().and_then(Url::host_str) {
        Some(host) => host.into(),
        None => "an unknown place".into(),
    }
}
