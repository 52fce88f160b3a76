//! A small model of Meta's endpoint: it judges, stores and answers as the case wants it, and keeps a log.

use std::collections::HashMap;
use std::fmt;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use meta_offline_events::client::{Clock, Request, Response, Sending, Transport, TransportError};
use meta_offline_events::event::ActionSource;
use meta_offline_events::testing::RuntimeClock;
use meta_offline_events::value::EventTime;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use tokio::sync::Notify;

use super::fault::{Fault, Reply, Verdict, http_date};
use super::plan::{Naming, START, Weather, secs};

/// How many failures in a row are an outage, as the client is documented to see it.
const OUTAGE: u32 = 5;

/// More requests than any case may need.
const FAR_TOO_MANY: usize = 100_000;

/// One request and what became of it.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about one request")]
pub(super) struct Exchange {
    pub(super) run: usize,
    pub(super) began: Duration,
    /// The machine's own clock at that moment.
    pub(super) wall: EventTime,
    pub(super) ended: Option<Duration>,
    /// The place of beginning and end among all beginnings and ends: several share a moment.
    pub(super) ticks: (usize, usize),
    pub(super) events: Vec<usize>,
    pub(super) body_bytes: usize,
    pub(super) stored: bool,
    pub(super) verdict: Verdict,
    pub(super) asked: Option<Duration>,
    /// Others in flight when it began.
    pub(super) others: usize,
    /// Others in flight that began as probes, if this one is one.
    pub(super) other_probes: usize,
    pub(super) is_proven: bool,
    pub(super) in_outage: bool,
    /// Whether an outage was known when it had ended.
    pub(super) leaves_outage: bool,
}

impl Exchange {
    /// Whether it began when one request stands in for all.
    fn is_probe(&self) -> bool {
        self.in_outage || !self.is_proven
    }
}

#[derive(Clone)]
pub(super) struct Service {
    state: Arc<Mutex<State>>,
    clock: WallClock,
    overrun: Arc<Notify>,
}

struct State {
    rng: Rng,
    weather: Weather,
    is_calm: bool,
    /// The future of a run is being dropped: nobody learns from what breaks now.
    is_abandoned: bool,
    run: Vec<usize>,
    log: Vec<Exchange>,
    ticks: usize,
    bytes: HashMap<usize, Box<str>>,
    restamped: Option<usize>,
    stored: HashMap<usize, u32>,
    in_flight: Vec<usize>,
    failures: u32,
    is_proven: bool,
}

#[derive(Deserialize)]
struct Body<'b> {
    #[serde(borrow)]
    data: Vec<&'b RawValue>,
}

#[derive(Deserialize)]
struct Sent<'b> {
    event_time: i64,
    action_source: &'b str,
    #[serde(borrow)]
    custom_data: Custom<'b>,
}

#[derive(Deserialize)]
struct Custom<'b> {
    order_id: &'b str,
    #[serde(default)]
    sour: bool,
}

/// How the request ends.
enum End {
    Answer(Reply),
    Error(TransportError, Verdict),
    Panic,
    Never,
}

impl Service {
    pub(super) fn new(seed: u64, weather: Weather, clock: WallClock) -> Self {
        let state = State {
            rng: Rng::with_seed(seed),
            weather,
            is_calm: false,
            is_abandoned: false,
            run: Vec::new(),
            log: Vec::new(),
            ticks: 0,
            bytes: HashMap::new(),
            restamped: None,
            stored: HashMap::new(),
            in_flight: Vec::new(),
            failures: 0,
            is_proven: false,
        };
        Self { state: Arc::new(Mutex::new(state)), clock, overrun: Arc::default() }
    }

    /// Ends when there are more requests than any case may need.
    pub(super) async fn is_overrun(&self) {
        self.overrun.notified().await;
    }

    /// From now on every answer is genuine.
    pub(super) fn calm_down(&self) {
        self.state().is_calm = true;
    }

    pub(super) fn abandon(&self, is_abandoned: bool) {
        self.state().is_abandoned = is_abandoned;
    }

    /// Says which run sends an event from now on.
    pub(super) fn assign(&self, events: impl IntoIterator<Item = usize>, run: usize) {
        let mut state = self.state();
        for event in events {
            if state.run.len() <= event {
                state.run.resize(event + 1, 0);
            }
            state.run[event] = run;
        }
    }

    pub(super) fn log(&self) -> Vec<Exchange> {
        self.state().log.clone()
    }

    pub(super) fn has_stored(&self, event: usize) -> bool {
        self.state().stored.contains_key(&event)
    }

    /// An event that did not come with the same bytes each time.
    pub(super) fn restamped(&self) -> Option<usize> {
        self.state().restamped
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a request in and decides how it ends.
    fn arrive(&self, request: &Request) -> (Call, Duration, End) {
        let mut guard = self.state();
        let state = &mut *guard;
        let now = self.clock.elapsed();
        let body: Body<'_> = serde_json::from_slice(request.body()).unwrap();
        let sent: Vec<Sent<'_>> =
            body.data.iter().map(|raw| serde_json::from_str(raw.get()).unwrap()).collect();
        let events: Vec<usize> =
            sent.iter().map(|sent| sent.custom_data.order_id[1..].parse().unwrap()).collect();
        for (&event, raw) in events.iter().zip(&body.data) {
            let first = state.bytes.entry(event).or_insert_with(|| raw.get().into());
            if **first != *raw.get() {
                state.restamped = Some(event);
            }
        }
        let in_outage = state.failures >= OUTAGE;
        let is_probe = in_outage || !state.is_proven;
        let probes = state.in_flight.iter().filter(|&&other| state.log[other].is_probe()).count();
        let mut exchange = Exchange {
            run: state.run[events[0]],
            began: now,
            wall: self.clock.now(),
            ended: None,
            ticks: (state.tick(), usize::MAX),
            events,
            body_bytes: request.body().len(),
            stored: false,
            verdict: Verdict::Ambiguous,
            asked: None,
            others: state.in_flight.len(),
            other_probes: if is_probe { probes } else { 0 },
            is_proven: state.is_proven,
            in_outage,
            leaves_outage: false,
        };
        let (end, stores) = state.decide(request, &sent, &exchange.events, now);
        if stores {
            exchange.stored = true;
            for event in &exchange.events {
                *state.stored.entry(*event).or_default() += 1;
            }
        }
        let slowest = u64::try_from(state.weather.slowest.as_millis()).unwrap();
        let latency = if state.is_calm { 0 } else { state.rng.u64(0..=slowest) };
        let number = state.log.len();
        if number > FAR_TOO_MANY {
            self.overrun.notify_one();
        }
        state.log.push(exchange);
        state.in_flight.push(number);
        let call = Call { service: self.clone(), number, answered: None };
        (call, Duration::from_millis(latency), end)
    }
}

impl State {
    fn tick(&mut self) -> usize {
        self.ticks += 1;
        self.ticks
    }

    /// How a request ends, and whether its events are stored.
    fn decide(
        &mut self,
        request: &Request,
        sent: &[Sent<'_>],
        events: &[usize],
        now: Duration,
    ) -> (End, bool) {
        let clock = START + now.as_secs().cast_signed();
        let genuine = self.judge(request, sent, clock);
        let is_valid = genuine.verdict == Verdict::Counted;
        if self.is_calm {
            return (End::Answer(genuine), is_valid);
        }
        let weather = &self.weather;
        let outage = weather.outages.iter().find(|(from, to, _)| (*from..*to).contains(&now));
        let fault = if let Some((_, _, fault)) = outage {
            Some(*fault)
        } else if weather.token_dies.is_some_and(|moment| now >= moment) {
            Some(Fault::Stopping)
        } else if self.rng.f64() < weather.fault_rate {
            Some(weather.faults[self.rng.usize(..weather.faults.len())])
        } else {
            None
        };
        let Some(fault) = fault else { return (End::Answer(genuine), is_valid) };
        let stores = fault.may_store() && is_valid && self.rng.bool();
        let is_known = events.iter().any(|event| self.stored.contains_key(event));
        let rng = &mut self.rng;
        let count = sent.len();
        let quoted = quoted(request);
        let end = match fault {
            Fault::Unreachable => End::Error(TransportError::not_sent("no connection"), Verdict::Unreachable),
            Fault::Broken => End::Error(TransportError::ambiguous("it broke"), Verdict::Ambiguous),
            Fault::Hanging => End::Never,
            Fault::Panic => End::Panic,
            Fault::Unreadable => End::Answer(Reply::unreadable(rng, count)),
            Fault::Gateway => End::Answer(Reply::gateway(rng)),
            Fault::Transient => End::Answer(Reply::transient(rng)),
            Fault::Throttled => End::Answer(Reply::throttled(rng, clock)),
            Fault::PolicyBlock => End::Answer(Reply::policy_block(rng)),
            Fault::TooLarge => End::Answer(Reply::too_large(rng)),
            Fault::Unknown => End::Answer(Reply::unknown(rng, &quoted)),
            Fault::Stopping => End::Answer(Reply::stopping(rng, &quoted)),
            Fault::Redirect => End::Answer(Reply::redirect(rng, &quoted)),
            // What was found good once is never found bad later.
            Fault::Sifted if !is_known => {
                let subcode = if rng.u8(..4) == 0 { Some(2_804_003) } else { None };
                let named = rng.bool().then(|| json!({"event_index": rng.usize(..count + 2)}));
                End::Answer(Reply::sifted(subcode, named))
            }
            Fault::OtherCount if is_valid => {
                return (End::Answer(Reply::other_count(rng, count)), true);
            }
            Fault::Decorated if is_valid => {
                return (End::Answer(Reply::decorated(rng, count, &quoted, clock)), true);
            }
            Fault::Sifted | Fault::OtherCount | Fault::Decorated => {
                return (End::Answer(genuine), is_valid);
            }
        };
        (end, stores)
    }

    /// What Meta would say.
    fn judge(&mut self, request: &Request, sent: &[Sent<'_>], clock: i64) -> Reply {
        let rng = &mut self.rng;
        let mut reply = if !self.is_calm && request.body().len() > self.weather.max_bytes {
            Reply::too_large(rng)
        } else if let Some(bad) = sent.iter().position(|sent| sent.custom_data.sour) {
            let naming = if self.is_calm { Naming::Index } else { self.weather.naming };
            let named = match naming {
                Naming::None => None,
                Naming::Index => Some(json!({"event_index": bad})),
                Naming::TextInText => Some(json!(format!("{{\"event_index\":\"{bad}\"}}"))),
                Naming::Wrong => Some(json!({"event_index": rng.usize(..sent.len())})),
                Naming::Beyond => Some(json!({"event_index": sent.len()})),
            };
            Reply::sifted(None, named)
        } else if sent.iter().any(|sent| is_too_old(sent, clock)) {
            Reply::sifted(Some(2_804_003), None)
        } else {
            Reply::counted(sent.len())
        };
        if self.weather.has_date && !self.is_calm {
            reply.response = reply.response.header("date", &http_date(clock));
        }
        reply
    }
}

fn is_too_old(sent: &Sent<'_>, clock: i64) -> bool {
    let source: ActionSource = sent.action_source.parse().unwrap();
    let days = if source == ActionSource::PhysicalStore { 62 } else { 7 };
    clock - sent.event_time > days * 86_400
}

/// R41: what was sent, as an answer may quote it, token and all.
fn quoted(request: &Request) -> String {
    let token = request.bearer().map_or("", |token| token.expose());
    format!("{token} {}", String::from_utf8_lossy(request.body()))
}

/// A request on its way; it ends when it is answered or dropped.
struct Call {
    service: Service,
    number: usize,
    answered: Option<(Verdict, Option<Duration>)>,
}

impl Drop for Call {
    fn drop(&mut self) {
        let now = self.service.clock.elapsed();
        let mut guard = self.service.state();
        let state = &mut *guard;
        state.in_flight.retain(|&other| other != self.number);
        let tick = state.tick();
        let exchange = &mut state.log[self.number];
        exchange.ticks.1 = tick;
        let (verdict, asked) = self.answered.unwrap_or((Verdict::Ambiguous, None));
        (exchange.verdict, exchange.asked) = (verdict, asked);
        if state.is_abandoned {
            return;
        }
        exchange.ended = Some(now);
        state.failures = if verdict.shows_health() { 0 } else { state.failures + 1 };
        exchange.leaves_outage = state.failures >= OUTAGE;
        match verdict {
            Verdict::Counted => state.is_proven = true,
            Verdict::Stopping | Verdict::Redirect => state.is_proven = false,
            _ => {}
        }
    }
}

impl Transport for Service {
    fn send<'a>(&'a self, request: &'a Request) -> Sending<'a> {
        Box::pin(async move {
            let (mut call, latency, end) = self.arrive(request);
            if !latency.is_zero() {
                self.clock.sleep(latency).await;
            }
            match end {
                End::Answer(Reply { response, verdict, asked }) => {
                    call.answered = Some((verdict, asked));
                    Ok::<Response, _>(response)
                }
                End::Error(error, verdict) => {
                    call.answered = Some((verdict, None));
                    Err(error)
                }
                // Without the noise that a panic makes by itself.
                End::Panic => resume_unwind(Box::new("the transport of the model panics")),
                End::Never => {
                    self.clock.sleep(secs(400 * 86_400)).await;
                    Err(TransportError::ambiguous("never"))
                }
            }
        })
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Service")
    }
}

/// The runtime's clock, whose hands somebody sets at stated moments.
#[derive(Debug, Clone)]
pub(super) struct WallClock {
    inner: RuntimeClock,
    jumps: Arc<[(Duration, i64)]>,
}

impl WallClock {
    pub(super) fn new(jumps: &[(Duration, i64)]) -> Self {
        let inner = RuntimeClock::starting_at(EventTime::from_unix(START).unwrap());
        Self { inner, jumps: jumps.into() }
    }
}

impl Clock for WallClock {
    fn now(&self) -> EventTime {
        let passed = self.jumps.iter().filter(|(moment, _)| *moment <= self.elapsed());
        let set: i64 = passed.map(|(_, seconds)| seconds).sum();
        EventTime::from_unix(self.inner.now().unix() + set).unwrap()
    }

    fn elapsed(&self) -> Duration {
        self.inner.elapsed()
    }

    fn sleep(&self, duration: Duration) -> meta_offline_events::client::Waiting<'_> {
        self.inner.sleep(duration)
    }
}
