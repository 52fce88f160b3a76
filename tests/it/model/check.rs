//! What must hold in every case: one function for each promise, each with a message that tells it.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use meta_offline_events::event::{ActionSource, Event};
use meta_offline_events::report::{
    DeliveryReport, EventCounts, NotSentCause, Outcome, RequestCounts, RowCounts, StopCause,
};

use super::fault::Verdict;
use super::plan::{Ask, MARK, MARKED_ID, Plan, number, secs};
use super::service::{Exchange, Service};

/// A promise that was not kept.
pub(super) type Broken = String;

macro_rules! demand {
    ($holds:expr, $($words:tt)+) => {
        if !$holds {
            return Err(format!($($words)+));
        }
    };
}
pub(crate) use demand;

/// What is known of one run.
pub(super) struct Account {
    /// The events that were handed in, or that the stream holds.
    pub(super) given: Vec<Event>,
    pub(super) is_stream: bool,
    pub(super) settled: Vec<(usize, Outcome)>,
    /// None when the future was dropped.
    pub(super) report: Option<DeliveryReport>,
    pub(super) rest: Vec<Event>,
    pub(super) began: Duration,
    pub(super) ended: Duration,
    pub(super) max_in_flight: usize,
    pub(super) stop: Vec<(Duration, Ask)>,
}

/// Rule A: every event has one outcome, reported once, and all counts agree.
pub(super) fn conservation(account: &Account) -> Result<(), Broken> {
    let Some(report) = &account.report else { return Ok(()) };
    let mut seen: HashMap<usize, &Outcome> = HashMap::new();
    for (event, outcome) in &account.settled {
        demand!(seen.insert(*event, outcome).is_none(), "event {event} was settled twice");
    }
    let left: BTreeSet<usize> = account.rest.iter().map(number).collect();
    let (mut rows, mut events) = (RowCounts::default(), EventCounts::default());
    for event in &account.given {
        let index = number(event);
        let outcome = seen.get(&index);
        demand!(
            outcome.is_some() != left.contains(&index),
            "event {index} was settled and left, or neither: {outcome:?}"
        );
        let Some(outcome) = outcome else { continue };
        let (row, count) = match outcome {
            Outcome::Accepted => (&mut rows.accepted, &mut events.accepted),
            Outcome::AlreadySent => (&mut rows.already_sent, &mut events.already_sent),
            Outcome::Pending(_) => (&mut rows.pending, &mut events.pending),
            Outcome::Refused(_) => (&mut rows.refused, &mut events.refused),
            Outcome::NotSent(_) => (&mut rows.not_sent, &mut events.not_sent),
            Outcome::Unconfirmed(_) => (&mut rows.unconfirmed, &mut events.unconfirmed),
        };
        *row += event.row_count();
        *count += 1;
        rows.read += event.row_count();
    }
    demand!(
        report.rows() == rows && rows.is_balanced(),
        "rows: {:?}, but the outcomes were {rows:?}",
        report.rows()
    );
    demand!(report.events() == events, "events: {:?}, but the outcomes were {events:?}", report.events());
    let is_done = left.is_empty() && events.accepted == events.total();
    // Of a stream that was stopped nobody knows whether there would have been more.
    let may_be_more = account.is_stream && report.stopped().is_some();
    demand!(!report.all_accepted() || is_done, "not all are accepted");
    demand!(report.all_accepted() || !is_done || may_be_more, "all are accepted");
    if account.is_stream {
        demand!(report.outcomes().is_empty(), "a stream has outcomes");
        demand!(
            left.is_empty() || report.stopped().is_some(),
            "{} events left in the stream without a cause",
            left.len()
        );
    } else {
        let given: Vec<&Outcome> = account.given.iter().map(|event| seen[&number(event)]).collect();
        demand!(report.outcomes().iter().eq(given), "outcomes differ from what was observed");
    }
    let later = |cause: &NotSentCause| {
        !matches!(cause, NotSentCause::Expired | NotSentCause::RepeatedId | NotSentCause::TooLarge)
    };
    let may_go = |event: &&Event| match seen.get(&number(event)) {
        Some(Outcome::NotSent(cause)) => later(cause),
        _ => false,
    };
    let expected: Vec<usize> = account.given.iter().filter(may_go).map(number).collect();
    let unsent: Vec<usize> = report.clone().into_unsent().iter().map(number).collect();
    demand!(unsent == expected, "unsent are {unsent:?}, not {expected:?}");
    Ok(())
}

/// What is said of an event is what the service knows of it.
pub(super) fn truth(service: &Service, log: &[Exchange], event: usize, end: &Outcome) -> Result<(), Broken> {
    let with: Vec<&Exchange> = log.iter().filter(|exchange| exchange.events.contains(&event)).collect();
    let is_stored = service.has_stored(event);
    let any = |verdict| with.iter().any(|exchange| exchange.verdict == verdict);
    let last = with.last().map(|exchange| exchange.verdict);
    match end {
        Outcome::Accepted => {
            demand!(is_stored, "event {event} is accepted and not stored");
            let counted = with.iter().filter(|exchange| exchange.verdict == Verdict::Counted).count();
            demand!(counted == 1, "event {event} is accepted and was counted {counted} times");
        }
        Outcome::Refused(_) => {
            demand!(!is_stored, "event {event} is refused and stored");
            let refusals = [Verdict::Sifted, Verdict::TooLarge, Verdict::Unknown];
            demand!(
                last.is_some_and(|last| refusals.contains(&last)),
                "event {event} is refused after {last:?}"
            );
        }
        Outcome::NotSent(NotSentCause::RepeatedId) => {}
        Outcome::AlreadySent | Outcome::Pending(_) => demand!(false, "event {event} has no journal"),
        Outcome::NotSent(cause) => {
            demand!(!is_stored, "event {event} is not sent ({cause:?}) and stored");
            demand!(!any(Verdict::Ambiguous), "event {event} is not sent ({cause:?}) and may have arrived");
            demand!(!any(Verdict::OtherCount), "event {event} is not sent ({cause:?}) and was miscounted");
        }
        Outcome::Unconfirmed(cause) => {
            demand!(
                any(Verdict::Ambiguous) || any(Verdict::OtherCount),
                "event {event} is unconfirmed ({cause:?}) and was never in doubt"
            );
            demand!(!any(Verdict::Counted), "event {event} is unconfirmed and was counted");
        }
    }
    Ok(())
}

/// Rule C, and the age of what is sent.
pub(super) fn replay_and_age(
    service: &Service,
    log: &[Exchange],
    events: &[Event],
    plan: &Plan,
) -> Result<(), Broken> {
    let restamped = service.restamped();
    demand!(restamped.is_none(), "event {restamped:?} was sent with other bytes");
    let mut ambiguous: HashMap<usize, &Exchange> = HashMap::new();
    let mut over: HashMap<usize, Verdict> = HashMap::new();
    for exchange in log {
        for &index in &exchange.events {
            let event = &events[index];
            let source = event.action_source();
            demand!(!over.contains_key(&index), "event {index} was sent again after {:?}", over[&index]);
            if let Some(first) = ambiguous.get(&index) {
                let passed = exchange.began.saturating_sub(first.began);
                let by_wall = exchange.wall.unix() - first.wall.unix();
                let window = source.dedup_window();
                demand!(
                    passed < window && by_wall < window.as_secs().cast_signed(),
                    "event {index} of {source} was retried {passed:?} ({by_wall} s by the wall clock) after \
                     it may have arrived"
                );
            }
            let limit = if source == ActionSource::PhysicalStore { 62 } else { 7 } * 86_400;
            let age = exchange.wall.unix() - event.time().unix();
            demand!(
                (-60..=limit - plan.age_margin.as_secs().cast_signed()).contains(&age),
                "event {index} of {source} was sent at the age of {age} s"
            );
            match exchange.verdict {
                Verdict::Ambiguous => drop(ambiguous.entry(index).or_insert(exchange)),
                Verdict::Counted | Verdict::OtherCount => drop(over.insert(index, exchange.verdict)),
                _ => {}
            }
        }
    }
    Ok(())
}

/// How many at once, and when: by the log alone.
pub(super) fn flow(log: &[Exchange], plan: &Plan, runs_at_once: usize) -> Result<(), Broken> {
    let most = plan.in_flight * runs_at_once;
    for (number, exchange) in log.iter().enumerate() {
        let others = exchange.others;
        demand!(others < most, "request {number} began beside {others} others: {most} may be in flight");
        demand!(
            others == 0
                || log[..number].iter().any(|earlier| {
                    earlier.verdict == Verdict::Counted && earlier.ticks.1 < exchange.ticks.0
                }),
            "request {number} began beside {others} others before anything was accepted"
        );
        demand!(
            exchange.other_probes == 0,
            "request {number} began beside {} other probes",
            exchange.other_probes
        );
        demand!(exchange.events.len() <= plan.limits.events(), "request {number} has too many events");
        demand!(exchange.body_bytes <= plan.limits.bytes(), "request {number} has too many bytes");
    }
    pauses(log, plan)
}

/// While Meta asks for less traffic nobody sends, and who was asked to wait waits.
fn pauses(log: &[Exchange], plan: &Plan) -> Result<(), Broken> {
    let longest = plan.retry.max_retry_after;
    for (number, exchange) in log.iter().enumerate() {
        let Some(ended) = exchange.ended else { continue };
        let asked = exchange.asked.unwrap_or_default();
        let later = log[number + 1..].iter().filter(|other| other.ticks.0 > exchange.ticks.1);
        match exchange.verdict {
            Verdict::Throttled { is_blocked } if asked <= longest => {
                let own = if is_blocked { longest } else { longest.min(secs(60)) };
                let until = ended + asked.max(own);
                for other in later {
                    // A block that comes twice stops its run, and says nothing to others.
                    let is_excused = is_blocked && other.run != exchange.run;
                    demand!(
                        is_excused || other.began >= until,
                        "a request began at {:?}, in the pause of request {number} until {until:?}",
                        other.began
                    );
                }
            }
            Verdict::Transient | Verdict::Ambiguous => {
                let event = exchange.events[0];
                if let Some(next) = later.into_iter().find(|other| other.events.contains(&event)) {
                    demand!(
                        next.began >= ended + asked || next.run != exchange.run,
                        "request {number} asked to wait {asked:?} and was retried sooner"
                    );
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// How the sending of an event has gone since its batch was last formed anew.
#[derive(Debug, Clone, Copy, Default)]
struct Series {
    run: usize,
    failed: u32,
    throttled: u32,
    /// Whether a pause was the price of the next attempt.
    is_paid: bool,
    /// Whether an outage was sat out, in which attempts are not counted.
    sat_out: bool,
}

/// L1, R14, R36: how many requests there may be.
///
/// A request is a first one, or follows one that failed with the same events. Those that follow while
/// nothing is out of the ordinary are paid from the budget: 20 to begin with and at most, a fifth for each
/// first one, and one in 5 s. Those that follow alone (before the first acceptance, or in an outage) are
/// limited by the attempts of their batch, and by one in 5 s where an outage is sat out. What is refused
/// for an event or for its size is divided until it stands alone: less than two requests for each event.
pub(super) fn requests(log: &[Exchange], plan: &Plan, count: usize, expired: usize) -> Result<(), Broken> {
    const BURST: Duration = secs(100);
    let retry = plan.retry;
    let mut series: HashMap<usize, Series> = HashMap::new();
    let mut divided = 0;
    let mut long_probes = 0;
    let mut first_of_outage = None;
    // The budget in time: a retry costs 5 s, a first request earns 1 s. What was let through and then
    // left out for its age has earned, too.
    let (mut budget, mut filled) = (BURST, Duration::ZERO);
    let owed = secs(1 + expired as u64);
    for (number, exchange) in log.iter().enumerate() {
        let lead = exchange.events[0];
        let before = series.get(&lead).copied().filter(|before| before.run == exchange.run);
        let before = before.unwrap_or(Series { run: exchange.run, ..Series::default() });
        budget = (budget + exchange.began.saturating_sub(filled)).min(BURST + owed);
        filled = exchange.began;
        if before.failed == 0 {
            budget += secs(1);
        } else if exchange.is_proven && !exchange.in_outage && !before.is_paid {
            demand!(budget + owed >= secs(5), "request {number} is a retry that the budget has nothing for");
            budget = budget.saturating_sub(secs(5));
        }
        if before.failed >= retry.attempts {
            demand!(before.sat_out, "event {lead} was tried more than {} times in a row", retry.attempts);
            long_probes += 1;
            first_of_outage.get_or_insert(exchange.began);
        }
        demand!(
            before.throttled <= 5,
            "event {lead} was throttled {} times and sent again",
            before.throttled
        );
        // A service that was there is waited for without a limit of the run, too.
        let may_sit_out = retry.run_limit.is_some() || exchange.is_proven;
        let sat_out = before.sat_out || (may_sit_out && exchange.leaves_outage);
        let next = match exchange.verdict {
            verdict if verdict.is_tried_again() => {
                Series { failed: before.failed + 1, is_paid: false, sat_out, ..before }
            }
            Verdict::Throttled { .. } => Series { throttled: before.throttled + 1, is_paid: true, ..before },
            verdict => {
                divided += usize::from(matches!(verdict, Verdict::Sifted | Verdict::TooLarge));
                Series { run: exchange.run, ..Series::default() }
            }
        };
        series.extend(exchange.events.iter().map(|&event| (event, next)));
    }
    let last = log.last().map_or(Duration::ZERO, |exchange| exchange.began);
    let outage = last.saturating_sub(first_of_outage.unwrap_or(last));
    demand!(long_probes <= outage.as_secs() / 5 + 2, "{long_probes} probes in {outage:?} of an outage");
    demand!(divided <= 2 * count + expired + 2, "{divided} requests to find what is bad of {count} events");
    Ok(())
}

/// Rule D: a run that is asked to end, or has a limit, ends.
pub(super) fn time(account: &Account, plan: &Plan) -> Result<(), Broken> {
    let Some(report) = &account.report else { return Ok(()) };
    let slack = Duration::from_millis(5);
    let lasted = account.ended.saturating_sub(account.began);
    if let Some(limit) = plan.retry.run_limit {
        demand!(
            lasted <= limit + plan.attempt_limit + slack,
            "the run lasted {lasted:?} with a limit of {limit:?}"
        );
    }
    let mut moment = Duration::ZERO;
    for (after, ask) in &account.stop {
        moment += *after;
        let within = match ask {
            Ask::Now => plan.attempt_limit,
            Ask::Within(limit) => plan.attempt_limit.min(*limit),
        };
        demand!(
            lasted <= moment + within + slack,
            "the run lasted {lasted:?}, asked at {moment:?} to end within {within:?}"
        );
    }
    demand!(report.stopped().is_none_or(|cause| *cause != StopCause::UnsentLimit), "the hand-over is full");
    Ok(())
}

/// Attempts are not given up before they are used.
pub(super) fn persistence(log: &[Exchange], account: &Account, plan: &Plan) -> Result<(), Broken> {
    for (event, outcome) in &account.settled {
        let Outcome::NotSent(NotSentCause::Exhausted(_) | NotSentCause::Unreachable(_)) = outcome else {
            continue;
        };
        let with: Vec<&Exchange> = log.iter().filter(|exchange| exchange.events.contains(event)).collect();
        let (Some(first), Some(last)) = (with.first(), with.last()) else { continue };
        let again = with.iter().filter(|exchange| exchange.verdict.is_tried_again()).count();
        let longest = plan.retry.max_retry_after;
        let is_asked_away = last.asked.is_some_and(|asked| asked > longest);
        let wait = plan.retry.max_wait.max(longest).max(last.asked.unwrap_or_default()) * 2;
        let lasted = last.ended.unwrap_or(last.began).saturating_sub(first.began);
        demand!(
            again >= plan.retry.attempts as usize
                || with.len() > 5
                || is_asked_away
                || lasted + wait > plan.retry.batch_limit
                || with.iter().any(|exchange| exchange.verdict == Verdict::Sifted)
                || with.iter().any(|exchange| exchange.verdict == Verdict::TooLarge),
            "event {event} was given up after {again} attempts in {lasted:?}: {outcome:?}"
        );
    }
    Ok(())
}

/// The report's counts of requests are those of the service.
pub(super) fn counts(log: &[Exchange], run: usize, report: &DeliveryReport) -> Result<(), Broken> {
    let mut seen = RequestCounts::default();
    for exchange in log.iter().filter(|exchange| exchange.run == run) {
        seen.made += 1;
        seen.ambiguous += u64::from(exchange.verdict == Verdict::Ambiguous);
        seen.unreachable += u64::from(exchange.verdict == Verdict::Unreachable);
        seen.throttled += u64::from(matches!(exchange.verdict, Verdict::Throttled { .. }));
    }
    let reported = report.requests();
    seen.retries = reported.retries;
    demand!(reported == seen, "requests are reported as {reported:?} and were {seen:?}");
    demand!(reported.retries <= reported.made, "more retries than requests");
    Ok(())
}

/// S1, S2: neither the token nor a customer is in anything that is shown.
pub(super) fn secrets(account: &Account) -> Result<(), Broken> {
    let Some(report) = &account.report else { return Ok(()) };
    let mut shown = vec![serde_json::to_string(report).unwrap(), format!("{report} {report:?}")];
    shown.extend(report.diagnostics().iter().chain(report.notes()).map(ToString::to_string));
    shown.extend(report.stopped().map(|cause| format!("{cause} {cause:?}")));
    shown.extend(account.settled.iter().map(|(_, outcome)| format!("{outcome} {outcome:?}")));
    let shown = shown.concat();
    for mark in [MARK, MARKED_ID] {
        if let Some(at) = shown.find(mark) {
            let from = (0..=at.saturating_sub(80)).rev().find(|&from| shown.is_char_boundary(from));
            return Err(format!("what is shown holds {}", &shown[from.unwrap_or_default()..at + mark.len()]));
        }
    }
    Ok(())
}
