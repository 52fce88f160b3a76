//! What one case of the model is made of: events, settings, and what goes wrong when.

use std::time::Duration;

use fastrand::Rng;
use meta_offline_events::client::RetryPolicy;
use meta_offline_events::customer::{MatchKey, UserData};
use meta_offline_events::event::{ActionSource, Event, MessagingChannel};
use meta_offline_events::value::{Currency, EventTime, Line, Money};
use meta_offline_events::wire::BatchLimits;

use super::fault::Fault;

/// The moment at which every case begins.
pub(super) const START: i64 = 1_777_896_000;

/// Stands in every text of a customer and in the token: it must never be seen in a report.
pub(super) const MARK: &str = "marked";

/// The first digits of every id of a customer.
pub(super) const MARKED_ID: &str = "98765000";

pub(super) struct Plan {
    pub(super) events: Vec<Event>,
    pub(super) in_flight: usize,
    pub(super) limits: BatchLimits,
    pub(super) retry: Retry,
    pub(super) attempt_limit: Duration,
    pub(super) age_margin: Duration,
    pub(super) token_in_body: bool,
    pub(super) fixed_jitter: Option<f64>,
    pub(super) runs: Vec<Run>,
    /// When somebody sets the machine's clock, and by how many seconds.
    pub(super) jumps: Vec<(Duration, i64)>,
    pub(super) weather: Weather,
}

/// The same numbers that are set in the client's policy, for the checks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Retry {
    pub(super) attempts: u32,
    pub(super) first_wait: Duration,
    pub(super) max_wait: Duration,
    pub(super) max_retry_after: Duration,
    pub(super) batch_limit: Duration,
    pub(super) run_limit: Option<Duration>,
}

/// One run over some of the events.
pub(super) struct Run {
    pub(super) events: std::ops::Range<usize>,
    /// A stream, with the waits before some of its events; without it all events are handed in.
    pub(super) stream: Option<Vec<Duration>>,
    pub(super) stop: Vec<(Duration, Ask)>,
    /// When the future of the run is dropped.
    pub(super) dropped: Option<Duration>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Ask {
    Now,
    Within(Duration),
}

/// How the service behaves until it is calm.
pub(super) struct Weather {
    /// How likely it is that an answer is no genuine one.
    pub(super) fault_rate: f64,
    pub(super) faults: Vec<Fault>,
    pub(super) outages: Vec<(Duration, Duration, Fault)>,
    pub(super) token_dies: Option<Duration>,
    pub(super) max_bytes: usize,
    pub(super) naming: Naming,
    pub(super) slowest: Duration,
    pub(super) has_date: bool,
}

/// How a refusal names the bad event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Naming {
    None,
    Index,
    TextInText,
    Wrong,
    Beyond,
}

impl Plan {
    pub(super) fn draw(seed: u64) -> Self {
        let rng = &mut Rng::with_seed(seed);
        let count = if rng.u8(..) == 0 { rng.usize(100..400) } else { rng.usize(0..24) };
        let age_margin = secs(pick(rng, &[0, 60, 60]));
        let bad_rate = pick(rng, &[0.0, 0.0, 0.05, 0.2, 1.0]);
        let huge_rate = pick(rng, &[0.0, 0.0, 0.1]);
        let edge_rate = pick(rng, &[0.0, 0.2, 0.9]);
        let mut events: Vec<Event> = (0..count)
            .map(|index| {
                let age = if rng.f64() < edge_rate { Age::Edge(age_margin) } else { Age::Fresh };
                let (is_bad, is_huge) = (rng.f64() < bad_rate, rng.f64() < huge_rate);
                event(rng, index, START, age, is_bad, is_huge)
            })
            .collect();
        let most = pick(rng, &[1, 2, 3, 5, 10, 1000]);
        let bytes = pick(rng, &[4096, 4096, 9000, 1_000_000]);
        let retry = Retry::draw(rng);
        let split = if rng.u8(..6) == 0 { rng.usize(0..=count) } else { count };
        let mut runs = vec![Run::draw(rng, 0..split)];
        if split < count {
            runs.push(Run::draw(rng, split..count));
        } else if count > 2 && runs[0].stream.is_none() && rng.u8(..4) == 0 {
            let twin = rng.usize(..count - 1);
            events[count - 1] = repeated(&events[twin], count - 1);
        }
        let jumps = match rng.u8(..8) {
            0 => vec![(secs(rng.u64(..400)), rng.i64(-3 * 86_400..3 * 86_400))],
            1 => vec![(Duration::from_millis(rng.u64(..90_000)), rng.i64(-90..90))],
            _ => Vec::new(),
        };
        let mut plan = Self {
            events,
            in_flight: rng.usize(1..=8),
            limits: BatchLimits::new(most, bytes).unwrap(),
            retry,
            attempt_limit: secs(pick(rng, &[1, 30, 30, 120])),
            age_margin,
            token_in_body: rng.bool(),
            fixed_jitter: pick(rng, &[None, None, None, Some(0.0), Some(0.999)]),
            runs,
            jumps,
            weather: Weather::draw(rng),
        };
        if rng.u8(..48) == 0 {
            plan.make_stormy(rng);
        }
        plan
    }

    /// Many small batches, of which every other one fails at once and may be retried at once: what only
    /// the budget holds back.
    fn make_stormy(&mut self, rng: &mut Rng) {
        let count = rng.usize(80..160);
        self.events = (0..count).map(|index| event(rng, index, START, Age::Fresh, false, false)).collect();
        self.runs = vec![Run { events: 0..count, stream: None, stop: Vec::new(), dropped: None }];
        self.limits = BatchLimits::new(1, 1_000_000).unwrap();
        self.retry = Retry { attempts: 6, first_wait: Duration::ZERO, run_limit: None, ..self.retry };
        self.weather.fault_rate = pick(rng, &[0.3, 0.5]);
        self.weather.faults = vec![pick(rng, &[Fault::Unreachable, Fault::Broken, Fault::Transient])];
        (self.weather.outages, self.weather.token_dies) = (Vec::new(), None);
        (self.weather.max_bytes, self.weather.slowest) = (usize::MAX, Duration::from_millis(50));
    }
}

impl Retry {
    fn draw(rng: &mut Rng) -> Self {
        let first_wait = secs(pick(rng, &[0, 1, 1, 1, 30]));
        Self {
            attempts: rng.u32(1..=6),
            first_wait,
            max_wait: secs(pick(rng, &[1, 60, 60, 600])).max(first_wait),
            max_retry_after: secs(pick(rng, &[30, 600, 600])),
            batch_limit: secs(pick(rng, &[20, 300, 3600, 3600, 400_000])),
            run_limit: pick(rng, &[None, None, Some(20), Some(900), Some(7200), Some(300_000)]).map(secs),
        }
    }

    pub(super) fn policy(self) -> RetryPolicy {
        let policy = RetryPolicy::new()
            .attempts(self.attempts)
            .waits(self.first_wait, self.max_wait)
            .max_retry_after(self.max_retry_after)
            .batch_limit(self.batch_limit);
        match self.run_limit {
            Some(limit) => policy.run_limit(limit),
            None => policy,
        }
    }
}

impl Run {
    fn draw(rng: &mut Rng, events: std::ops::Range<usize>) -> Self {
        let stream = rng.bool().then(|| {
            let pace = pick(rng, &[0, 0, 1, 8]);
            let mut wait = |_| Duration::from_millis(if pace == 0 { 0 } else { rng.u64(..pace * 500) });
            events.clone().map(&mut wait).collect()
        });
        let moment = |rng: &mut Rng| Duration::from_millis(rng.u64(..100_000));
        let stop = match rng.u8(..12) {
            0 => vec![(Duration::ZERO, Ask::Now)],
            1 => vec![(moment(rng), Ask::Now)],
            2 => vec![(moment(rng), Ask::Within(moment(rng) / 4))],
            3 => {
                let first = Ask::Within(secs(3600));
                vec![(moment(rng), first), (moment(rng) / 4, Ask::Within(moment(rng) / 20))]
            }
            _ => Vec::new(),
        };
        let dropped = (rng.u8(..16) == 0).then(|| moment(rng));
        Self { events, stream, stop, dropped }
    }
}

impl Weather {
    fn draw(rng: &mut Rng) -> Self {
        let kinds = rng.usize(1..=5);
        let mut faults: Vec<Fault> = (0..kinds).map(|_| Fault::draw(rng)).collect();
        if rng.u8(..3) > 0 {
            faults.retain(|fault| !fault.stops());
        }
        let lasting = pick(rng, &[30, 300, 8000, 200_000]);
        let outages = match rng.u8(..5) {
            0 => (0..rng.u8(1..3))
                .map(|_| {
                    let from = Duration::from_millis(rng.u64(..60_000));
                    (from, from + secs(rng.u64(1..lasting)), pick(rng, &Fault::OUTAGES))
                })
                .collect(),
            _ => Vec::new(),
        };
        Self {
            fault_rate: if faults.is_empty() { 0.0 } else { pick(rng, &[0.0, 0.1, 0.3, 0.6, 1.0]) },
            faults,
            outages,
            token_dies: (rng.u8(..20) == 0).then(|| Duration::from_millis(rng.u64(..40_000))),
            max_bytes: pick(rng, &[usize::MAX, usize::MAX, 1200, 5000, 9000]),
            naming: pick(
                rng,
                &[
                    Naming::None,
                    Naming::None,
                    Naming::Index,
                    Naming::TextInText,
                    Naming::Wrong,
                    Naming::Beyond,
                ],
            ),
            slowest: pick(rng, &[0, 50, 3000, 40_000].map(Duration::from_millis)),
            has_date: rng.bool(),
        }
    }
}

#[derive(Clone, Copy)]
pub(super) enum Age {
    Fresh,
    /// About as old as Meta takes, less this margin.
    Edge(Duration),
}

/// The event of this number: its first line tells the number, and so does its order id.
pub(super) fn event(rng: &mut Rng, index: usize, now: i64, age: Age, is_bad: bool, is_huge: bool) -> Event {
    let source = match rng.u8(..8) {
        0 => ActionSource::Website,
        1 => ActionSource::BusinessMessaging,
        2 | 3 => ActionSource::PhoneCall,
        _ => ActionSource::PhysicalStore,
    };
    let days = if source == ActionSource::PhysicalStore { 62 } else { 7 };
    let time = match age {
        Age::Fresh => now - rng.i64(0..80_000),
        Age::Edge(_) if rng.u8(..8) == 0 => now + rng.i64(55..64),
        Age::Edge(margin) => {
            let oldest = now - days * 86_400 + margin.as_secs().cast_signed();
            oldest + if rng.bool() { rng.i64(-2..4) } else { rng.i64(0..1000) }
        }
    };
    let email = format!("{MARK}{index}@example.com");
    let agent = format!("{MARK}-agent-{index} (X11)");
    let id = format!("{MARKED_ID}{index}");
    let mut customer = UserData::builder().email(&email);
    if source == ActionSource::Website {
        customer = customer.client_user_agent(&agent);
    }
    if source == ActionSource::BusinessMessaging {
        customer = customer.value(MatchKey::PageId, "1234567890").value(MatchKey::PageScopedUserId, &id);
    }
    let lines: Vec<Line> = (0..rng.u64(1..4)).map(|line| Line::new(index as u64 * 10 + line)).collect();
    let mut event = Event::builder(EventTime::from_unix(time).unwrap(), customer.build().unwrap())
        .action_source(source)
        .order_id(format!("o{index}").parse().unwrap())
        .value(Money::new("10.50".parse().unwrap(), Currency::EUR))
        .lines(lines);
    if source == ActionSource::Website {
        event = event.event_source_url(format!("https://shop.example/{MARK}-page-{index}").parse().unwrap());
    }
    if source == ActionSource::BusinessMessaging {
        event = event.messaging_channel(MessagingChannel::Messenger);
    }
    if is_bad {
        event = event.property("sour", true);
    }
    if is_huge {
        event = event.property("bulk", "x".repeat(rng.usize(2000..6000)));
    }
    event.build().unwrap()
}

/// An event with the same id as another one, from another row.
fn repeated(twin: &Event, index: usize) -> Event {
    let customer = UserData::builder().email(&format!("{MARK}-other@example.com")).build().unwrap();
    Event::builder(twin.time(), customer)
        .event_id(twin.id().unwrap().clone())
        .action_source(ActionSource::PhoneCall)
        .value(Money::new("1".parse().unwrap(), Currency::EUR))
        .lines([Line::new(index as u64 * 10)])
        .build()
        .unwrap()
}

/// The number of an event.
pub(super) fn number(event: &Event) -> usize {
    usize::try_from(event.lines()[0].number()).unwrap() / 10
}

pub(super) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(super) fn pick<T: Clone>(rng: &mut Rng, among: &[T]) -> T {
    among[rng.usize(..among.len())].clone()
}
