//! The model test: random events, settings and faults, a model of the service, and virtual time. Each case
//! follows from its number alone; what must hold in all of them is in `check`.
//!
//! `MODEL_CASES` sets how many cases are tried, and `MODEL_FIRST` the number of the first one.

mod check;
mod fault;
mod plan;
mod service;

use std::collections::{BTreeMap, VecDeque};
use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use fastrand::Rng;
use meta_offline_events::client::{
    Client, Clock, Delivery, EventSource, Jitter, SourceError, StopHandle, TokenPlacement,
};
use meta_offline_events::event::Event;
use meta_offline_events::report::{NotSentCause, Outcome};
use meta_offline_events::testing::FixedJitter;

pub(crate) use check::demand;
use check::{Account, Broken};
use plan::{Age, Ask, MARK, Plan, Run, number, secs};
use service::{Service, WallClock};

/// How many cases are tried unless the environment says otherwise.
const CASES: u64 = 1500;

/// Longer than any run of the model may last.
const FOR_EVER: Duration = secs_in_days(300);

const fn secs_in_days(days: u64) -> Duration {
    Duration::from_secs(days * 86_400)
}

#[test]
fn whatever_happens_every_event_has_one_true_end() {
    let setting = |name| env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first = setting("MODEL_FIRST").unwrap_or(0);
    for seed in first..first + setting("MODEL_CASES").unwrap_or(CASES) {
        let outcome = catch_unwind(AssertUnwindSafe(|| try_case(seed)));
        let broken = match outcome {
            Ok(Ok(())) => continue,
            Ok(Err(broken)) => broken,
            Err(_) => "it panicked".to_owned(),
        };
        panic!("case {seed} (MODEL_FIRST={seed} MODEL_CASES=1): {broken}");
    }
}

fn try_case(seed: u64) -> Result<(), Broken> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(live(seed, Plan::draw(seed)))
}

/// One case from the first run to the last fresh event.
async fn live(seed: u64, mut plan: Plan) -> Result<(), Broken> {
    let clock = WallClock::new(&plan.jumps);
    let weather = std::mem::replace(&mut plan.weather, Plan::draw(0).weather);
    let service = Service::new(seed ^ 0x5eed, weather, clock.clone());
    let bench = Bench { client: client(&plan, seed, &service, &clock), service, clock };
    let mut ends = Ends { events: plan.events.clone(), of: BTreeMap::new() };

    let mut running = Vec::new();
    for (number, run) in plan.runs.iter().enumerate() {
        bench.service.assign(run.events.clone(), number);
        running.push(bench.run(plan.events[run.events.clone()].to_vec(), run));
    }
    let mut accounts = match <[_; 2]>::try_from(running) {
        Ok([one, other]) => {
            let (one, other) = tokio::join!(one, other);
            vec![one?, other?]
        }
        Err(running) => vec![running.into_iter().next().unwrap().await?],
    };
    let runs_at_once = accounts.len();
    let is_alone = runs_at_once == 1;
    let mut left = Vec::new();
    for (number, account) in accounts.iter_mut().enumerate() {
        bench.check(account, &plan)?;
        if let Some(report) = &account.report
            && is_alone
        {
            check::counts(&bench.service.log(), number, report)?;
        }
        left.extend(ends.take(account));
    }
    bench.service.calm_down();
    bench.resume(left, &mut ends, &plan, runs_at_once).await?;
    bench.oracle(seed, &plan, &mut ends).await?;
    let log = bench.service.log();
    for (&event, end) in &ends.of {
        check::truth(&bench.service, &log, event, end)?;
    }
    let expired = ends.of.values().filter(|end| matches!(end, Outcome::NotSent(_) | Outcome::Unconfirmed(_)));
    #[expect(clippy::print_stderr, reason = "asked for when a case is looked into")]
    if env::var_os("MODEL_LOG").is_some() {
        log.iter().enumerate().for_each(|(number, exchange)| eprintln!("{number} {exchange:?}"));
    }
    let (count, expired) = (ends.events.len(), expired.count());
    check::replay_and_age(&bench.service, &log, &ends.events, &plan)?;
    check::flow(&log, &plan, runs_at_once)?;
    check::requests(&log, &plan, count, expired)
}

fn client(plan: &Plan, seed: u64, service: &Service, clock: &WallClock) -> Client {
    let token = format!("EAAB-{MARK}-token").parse().unwrap();
    let builder = Client::builder("123".parse().unwrap(), token)
        .transport(service.clone())
        .clock(clock.clone())
        .in_flight(plan.in_flight)
        .batch_limits(plan.limits)
        .retry(plan.retry.policy())
        .age_margin(plan.age_margin)
        .timeouts(secs(5), plan.attempt_limit)
        .token_placement(if plan.token_in_body { TokenPlacement::Body } else { TokenPlacement::Header });
    let builder = match plan.fixed_jitter {
        Some(fraction) => builder.jitter(FixedJitter(fraction)),
        None => builder.jitter(SeededJitter(Arc::new(Mutex::new(Rng::with_seed(seed))))),
    };
    builder.build().unwrap()
}

#[derive(Debug)]
struct SeededJitter(Arc<Mutex<Rng>>);

impl Jitter for SeededJitter {
    fn fraction(&self) -> f64 {
        self.0.lock().unwrap().f64()
    }
}

/// The last known end of each event, over all runs.
struct Ends {
    events: Vec<Event>,
    of: BTreeMap<usize, Outcome>,
}

impl Ends {
    /// Takes over what a run reported; returns what is left to be sent.
    fn take(&mut self, account: &mut Account) -> Vec<Event> {
        self.of.extend(account.settled.drain(..));
        let Some(report) = account.report.take() else {
            // Who drops a run hears nothing more of what it would have handed back.
            self.of.retain(|_, end| !matches!(end, Outcome::NotSent(_)));
            return Vec::new();
        };
        let mut left = report.into_unsent();
        left.append(&mut account.rest);
        left
    }
}

struct Bench {
    client: Client,
    service: Service,
    clock: WallClock,
}

impl Bench {
    async fn run(&self, given: Vec<Event>, run: &Run) -> Result<Account, Broken> {
        let mut source = run.stream.as_ref().map(|waits| {
            let events = given.iter().cloned().zip(waits.iter().copied()).collect();
            Source { clock: self.clock.clone(), events, wait: None }
        });
        let mut settled = Vec::new();
        let mut max_in_flight = 0;
        let began = self.clock.elapsed();
        let stop = StopHandle::new();
        let delivery: Delivery<'_> = match &mut source {
            Some(source) => self.client.deliver(source.by_mut()),
            None => self.client.send(given.clone()),
        };
        let delivery = delivery
            .stop_on(&stop)
            .on_progress(|progress| max_in_flight = progress.in_flight.max(max_in_flight))
            .on_outcome(|end| {
                settled.extend(end.events().map(|event| (number(event), end.outcome().clone())));
            });
        let asking = async {
            for (after, ask) in &run.stop {
                if !after.is_zero() {
                    self.clock.sleep(*after).await;
                }
                match ask {
                    Ask::Now => stop.request_stop(),
                    Ask::Within(limit) => stop.request_stop_within(*limit),
                }
            }
            std::future::pending::<()>().await;
        };
        let dropped = async {
            match run.dropped {
                Some(after) => self.clock.sleep(after).await,
                None => std::future::pending().await,
            }
        };
        let mut delivery = Box::pin(delivery);
        let report = tokio::select! {
            biased;
            () = pin!(asking) => None,
            () = pin!(dropped) => None,
            () = self.service.is_overrun() => return Err("there is no end of requests".to_owned()),
            report = &mut delivery => Some(report),
            () = self.clock.sleep(FOR_EVER) => return Err("the run does not end".to_owned()),
        };
        if report.is_none() {
            self.service.abandon(true);
        }
        drop(delivery);
        self.service.abandon(false);
        let rest =
            source.map_or(Vec::new(), |source| source.events.into_iter().map(|(event, _)| event).collect());
        Ok(Account {
            given,
            is_stream: run.stream.is_some(),
            settled,
            report,
            rest,
            began,
            ended: self.clock.elapsed(),
            max_in_flight,
            stop: run.stop.clone(),
        })
    }

    /// What must hold after each run.
    fn check(&self, account: &Account, plan: &Plan) -> Result<(), Broken> {
        let log = self.service.log();
        check::conservation(account)?;
        check::time(account, plan)?;
        check::secrets(account)?;
        check::persistence(&log, account, plan)?;
        demand!(account.max_in_flight <= plan.in_flight, "{} in flight", account.max_in_flight);
        for event in &account.rest {
            let index = number(event);
            demand!(
                log.iter()
                    .all(|exchange| exchange.began < account.began || !exchange.events.contains(&index)),
                "event {index} is left in the stream and was sent"
            );
        }
        for (event, end) in &account.settled {
            check::truth(&self.service, &log, *event, end)?;
        }
        Ok(())
    }

    /// Sends what is left until nothing is: what is good is accepted.
    async fn resume(
        &self,
        mut left: Vec<Event>,
        ends: &mut Ends,
        plan: &Plan,
        runs: usize,
    ) -> Result<(), Broken> {
        for round in runs.. {
            if left.is_empty() {
                break;
            }
            let before = left.len();
            demand!(round < before + 400, "what is left is not sent in any number of runs");
            self.clock.sleep(secs(7200)).await;
            self.service.assign(left.iter().map(number), round);
            let stream = (round % 2 == 0).then(|| vec![Duration::ZERO; before]);
            let run = Run { events: 0..0, stream, stop: Vec::new(), dropped: None };
            let mut account = self.run(left, &run).await?;
            self.check(&account, plan)?;
            left = ends.take(&mut account);
            let ahead = Outcome::NotSent(NotSentCause::InFuture);
            left.retain(|event| ends.of.get(&number(event)) != Some(&ahead));
            demand!(
                left.len() < before,
                "a run with a calm service got nowhere with {before} events: {:?}",
                left.iter().map(|event| ends.of.get(&number(event))).collect::<Vec<_>>()
            );
        }
        for (event, end) in &ends.of {
            if let Outcome::NotSent(cause) = end {
                let is_final = match cause {
                    NotSentCause::Expired | NotSentCause::InFuture | NotSentCause::RepeatedId => true,
                    NotSentCause::TooLarge => Self::is_too_large(&ends.events[*event], plan),
                    _ => false,
                };
                demand!(is_final, "event {event} is never sent: {cause:?}");
            }
        }
        Ok(())
    }

    fn is_too_large(event: &Event, plan: &Plan) -> bool {
        serde_json::to_vec(event).unwrap().len() + 100 > plan.limits.bytes()
    }

    /// After all faults a fresh event gets through.
    async fn oracle(&self, seed: u64, plan: &Plan, ends: &mut Ends) -> Result<(), Broken> {
        self.clock.sleep(secs(7200)).await;
        let index = ends.events.len();
        let rng = &mut Rng::with_seed(seed);
        let fresh = plan::event(rng, index, self.clock.now().unix(), Age::Fresh, false, false);
        ends.events.push(fresh.clone());
        self.service.assign([index], usize::MAX);
        let run = Run { events: 0..0, stream: None, stop: Vec::new(), dropped: None };
        let mut account = self.run(vec![fresh], &run).await?;
        self.check(&account, plan)?;
        ends.take(&mut account);
        let end = &ends.of[&index];
        demand!(*end == Outcome::Accepted, "after all faults a fresh event ended as {end:?}");
        Ok(())
    }
}

/// A stream whose events come at their own pace.
struct Source {
    clock: WallClock,
    events: VecDeque<(Event, Duration)>,
    wait: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl EventSource for Source {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Event, SourceError>>> {
        let Some((_, wait)) = self.events.front_mut() else { return Poll::Ready(None) };
        let wait = std::mem::take(wait);
        if !wait.is_zero() {
            let clock = self.clock.clone();
            self.wait = Some(Box::pin(async move { clock.sleep(wait).await }));
        }
        if let Some(wait) = &mut self.wait {
            ready!(wait.as_mut().poll(context));
            self.wait = None;
        }
        Poll::Ready(self.events.pop_front().map(|(event, _)| Ok(event)))
    }
}
