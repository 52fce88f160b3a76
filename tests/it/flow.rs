//! How requests flow: how many at once, when they start, how they are retried, stop and go on. All waits are
//! virtual: the runtime's clock is paused and moves when nothing else is left to do.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use meta_offline_events::client::{
    Client, Clock, Response, RetryPolicy, StopHandle, SystemClock, Waiting, from_poll,
};
use meta_offline_events::event::{ActionSource, Event};
use meta_offline_events::report::{DeliveryReport, NotSentCause, Outcome, StopCause, UnconfirmedCause};
use meta_offline_events::testing::{ManualClock, RecordingTransport};
use meta_offline_events::value::EventTime;
use meta_offline_events::wire::BatchLimits;
use serde_json::{Value, json};

use crate::service::{Act, Service, answer, error};
use crate::support::{NOW, RealLimits, event, events, message, now, sold};

const SECOND: Duration = Duration::from_secs(1);

fn accepting() -> Service {
    Service::new(|_, _| Act::Accept)
}

fn stopped_by(report: &DeliveryReport) -> &StopCause {
    report.stopped().expect("the run stopped")
}

#[tokio::test(start_paused = true)]
async fn l7_four_requests_are_in_flight_and_never_five() {
    let service = accepting();
    let client = service.client().build().unwrap();
    let report = client.send(events(170)).await;
    assert!(report.all_accepted());
    assert_eq!(service.max_in_flight(), 4);
    assert_eq!(service.starts(), [0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4], "first one alone");
}

#[tokio::test(start_paused = true)]
async fn l4_c22_a_fast_producer_is_held_back_and_memory_stays_flat() {
    let service = accepting();
    let client = service.client().build().unwrap();
    let taken = AtomicUsize::new(0);
    let mut widest = 0;
    let mut source = (0..5000).map(|number| {
        taken.fetch_add(1, Ordering::Relaxed);
        event(number)
    });
    let report = client
        .deliver(&mut source)
        .on_progress(|progress| {
            widest = widest.max(taken.load(Ordering::Relaxed) as u64 - progress.done);
        })
        .await;
    assert_eq!(report.events().accepted, 5000);
    // When a batch has its end, three are still in flight and one is ready.
    assert_eq!(widest, 10 * (3 + 1), "events were taken beyond those that had their end");
    assert!(report.outcomes().is_empty() && report.diagnostics().is_empty());
    assert!(report.trace_ids().count() <= 1000);
}

#[tokio::test(start_paused = true)]
async fn l4_one_batch_is_ready_when_a_worker_becomes_free_and_never_two() {
    let taken = Arc::new(AtomicUsize::new(0));
    let taken_at_answers = Arc::new(Mutex::new(Vec::new()));
    let (count, counts) = (Arc::clone(&taken), Arc::clone(&taken_at_answers));
    let service = Service::new(move |_, _| {
        counts.lock().unwrap().push(count.load(Ordering::Relaxed));
        Act::Accept
    });
    let mut requests_before = Vec::new();
    let source = (0..75).map(|number| {
        taken.fetch_add(1, Ordering::Relaxed);
        requests_before.push(service.requests());
        event(number)
    });
    let client = service.client().in_flight(2).build().unwrap();
    let report = client.deliver(source).await;
    assert_eq!(report.events().accepted, 75);
    assert_eq!(*taken_at_answers.lock().unwrap(), [30, 40, 40, 60, 60, 75, 75, 75]);
    assert_eq!(requests_before[10], 1, "a request leaves before the next batch is made");
    assert_eq!(service.starts(), [0, 1, 1, 2, 2, 3, 3, 4]);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_no_worker_can_send_yet_fills_up_meanwhile() {
    let service = Service { latency: 60 * SECOND, ..accepting() };
    let client = service.client().in_flight(1).timeouts(SECOND, 90 * SECOND).build().unwrap();
    let (sender, mut receiver) = tokio::sync::mpsc::channel(100);
    let clock = service.clock;
    let producer = tokio::spawn(async move {
        for (second, numbers) in [(0, 0..10), (5, 10..13), (30, 13..16), (61, 16..17)] {
            clock.sleep((second * SECOND).saturating_sub(clock.elapsed())).await;
            for number in numbers {
                sender.send(event(number)).await.unwrap();
            }
        }
        clock.sleep(3600 * SECOND).await;
    });
    let mut source = from_poll(|context| receiver.poll_recv(context));
    let report = client.deliver(&mut source).linger(SECOND).await;
    producer.await.unwrap();
    assert_eq!(report.events().accepted, 17);
    assert_eq!(service.starts(), [0, 60, 120], "nobody waits longer than for a worker");
    let events_in = |body: &Vec<u8>| {
        let body: Value = serde_json::from_slice(body).unwrap();
        body["data"].as_array().unwrap().len()
    };
    let batches: Vec<_> = service.seen.lock().unwrap().bodies.iter().map(events_in).collect();
    assert_eq!(batches, [10, 6, 1]);
}

#[tokio::test(start_paused = true)]
async fn p4_a_batch_that_is_ready_when_the_run_stops_is_not_sent() {
    let service = accepting();
    let client = service.client().in_flight(1).build().unwrap();
    let stop = StopHandle::new();
    let mut source = (0..100).map(event);
    let asking = async {
        service.clock.sleep(Duration::from_millis(500)).await;
        stop.request_stop();
    };
    let mut outcomes = Vec::new();
    let sending = client.deliver(&mut source).stop_on(&stop).on_outcome(|group| {
        outcomes.push((group.outcome().code(), group.events().count()));
    });
    let (report, ()) = tokio::join!(sending, asking);
    assert_eq!(stopped_by(&report), &StopCause::Cancelled);
    assert_eq!(outcomes, [("run_stopped", 10), ("accepted", 10)]);
    assert_eq!((service.requests(), source.count()), (1, 80));
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_does_not_fill_up_is_sent_after_a_while() {
    let service = accepting();
    let client = service.client().build().unwrap();
    let (sender, mut receiver) = tokio::sync::mpsc::channel(100);
    let clock = service.clock;
    let producer = tokio::spawn(async move {
        for number in 0..3 {
            sender.send(event(number)).await.unwrap();
        }
        clock.sleep(60 * SECOND).await;
        sender.send(event(3)).await.unwrap();
    });
    let mut source = from_poll(|context| receiver.poll_recv(context));
    let report = client.deliver(&mut source).linger(5 * SECOND).await;
    producer.await.unwrap();
    assert_eq!(report.events().accepted, 4);
    assert_eq!(service.starts(), [5, 60], "the end of the stream is not waited for either");
}

#[tokio::test(start_paused = true)]
async fn r17_a_throttled_dataset_pauses_all_its_workers_by_the_longest_header() {
    let usage = r#"{"1":[{"type":"ads_management","estimated_time_to_regain_access":5}]}"#;
    let throttled = error(400, 80_004)
        .header("x-business-use-case-usage", usage)
        .header("x-ad-account-usage", r#"{"acc_id_util_pct":100,"reset_time_duration":120}"#)
        .header("retry-after", "200");
    let service = Service::new(move |number, _| match number {
        1 => Act::Answer(throttled.clone()),
        _ => Act::Accept,
    });
    let client = service.client().build().unwrap();
    let report = client.send(events(100)).await;
    assert!(report.all_accepted());
    let starts = service.starts();
    assert_eq!(starts[..5], [0, 1, 1, 1, 1]);
    assert!(starts[5..].iter().all(|&start| start >= 2 + 300), "{starts:?}");
    assert_eq!(report.requests().throttled, 1);
}

#[tokio::test(start_paused = true)]
async fn r23_whoever_asks_for_more_than_is_slept_stops_the_run_whatever_the_answer() {
    let tomorrow = Duration::from_secs(99_999);
    for (answer, end) in [
        (error(503, 2), "run_stopped"),
        (error(400, 4), "run_stopped"),
        (error(400, 100), "run_stopped"),
        (error(400, 777), "run_stopped"),
        (Response::new(413, Vec::new()), "run_stopped"),
        (Response::new(429, Vec::new()), "run_stopped"),
        (Response::new(503, Vec::new()), "no_valid_answer"),
        (Response::new(200, b"<html>".to_vec()), "no_valid_answer"),
        (Response::new(400, b"<html>".to_vec()), "no_valid_answer"),
    ] {
        let shown = format!("{} {:?}", answer.status(), String::from_utf8_lossy(answer.body()));
        let answer = answer.header("retry-after", "99999");
        let service = Service::new(move |number, _| match number {
            1 => Act::Answer(answer.clone()),
            _ => Act::Accept,
        });
        let report = service.client().in_flight(1).build().unwrap().send(events(100)).await;
        assert_eq!(report.retry_after(), Some(tomorrow), "{shown}: {:?}", report.stopped());
        assert_eq!(service.requests(), 2, "{shown}: no other batch goes");
        assert_eq!((report.events().accepted, report.outcomes()[10].code()), (10, end), "{shown}");
        let handed_back = if end == "run_stopped" { 90 } else { 80 };
        assert_eq!(report.into_unsent().len(), handed_back, "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn l3_another_dataset_is_not_slowed() {
    let throttled = error(400, 4).header("retry-after", "300");
    let service = Service::new(move |number, _| match number {
        0 => Act::Answer(throttled.clone()),
        _ => Act::Accept,
    });
    let other = accepting();
    let (one, two) = (service.client().build().unwrap(), other.client().build().unwrap());
    let (slow, fast) = tokio::join!(one.send(events(20)), two.send(events(20)));
    assert!(slow.all_accepted() && fast.all_accepted());
    assert!(service.starts()[1] >= 300);
    assert_eq!(other.starts(), [0, 1]);
}

#[tokio::test(start_paused = true)]
async fn r18_the_pace_is_lowered_before_the_limit_and_usage_is_shown() {
    let busy = |number: usize| match number {
        0..3 => r#"{"call_count":95,"total_time":3,"total_cputime":3}"#,
        _ => r#"{"call_count":20}"#,
    };
    let service = Service::new(move |number, _| {
        let receipt = answer(200, &json!({"events_received": 10}));
        Act::Answer(receipt.header("x-app-usage", busy(number)))
    });
    let client = service.client().build().unwrap();
    let report = client.send(events(60)).await;
    assert!(report.all_accepted());
    let starts = service.starts();
    assert_eq!(starts[..4], [0, 1, 31, 61], "half a minute apart at 95 %");
    assert!(starts[4..].iter().all(|start| *start <= 62 + 30), "and no more below 90 %: {starts:?}");
    assert_eq!(report.usage(), Some(95.0));
}

#[tokio::test(start_paused = true)]
async fn n17_an_hour_without_a_network_is_sat_out_by_one_probe() {
    let service = Service::new(|number, now| match now.as_secs() {
        _ if number < 5 => Act::Accept,
        0..3600 => Act::Unreachable,
        _ => Act::Accept,
    });
    let client =
        service.client().in_flight(8).retry(RetryPolicy::new().run_limit(7200 * SECOND)).build().unwrap();
    let mut widest = 0;
    let mut source = (0..5000).map(event);
    let report = client
        .deliver(&mut source)
        .on_progress(|progress| widest = widest.max(progress.taken - progress.done))
        .await;
    assert_eq!(report.events().accepted, 5000);
    assert!(widest <= 90, "memory stays flat: {widest}");
    let during = service.starts().iter().filter(|start| (10..3600).contains(*start)).count();
    assert!((50..75).contains(&during), "one probe a minute: {during}");
}

#[tokio::test(start_paused = true)]
async fn n18_a_network_gone_for_longer_ends_the_run_in_order_and_the_rest_goes_on_tomorrow() {
    let service = Service::new(|number, now| match now.as_secs() {
        _ if number < 5 => Act::Accept,
        0..90_000 => Act::Unreachable,
        _ => Act::Accept,
    });
    let client = service.client().retry(RetryPolicy::new().run_limit(3600 * SECOND)).build().unwrap();
    let mut source = (0..500).map(event);
    let report = client.deliver(&mut source).await;
    assert_eq!(stopped_by(&report), &StopCause::RunLimit);
    assert!((3600..3610).contains(&service.clock.elapsed().as_secs()), "{:?}", service.clock.elapsed());
    assert_eq!((report.events().accepted, report.events().not_sent), (50, 50));

    service.clock.sleep(86_400 * SECOND).await;
    let unsent = report.into_unsent();
    assert_eq!(unsent.len(), 50);
    let mut rest = unsent.into_iter().chain(source);
    let report = client.deliver(&mut rest).await;
    assert_eq!(report.events().accepted, 450);
    assert_eq!(service.stored(), 500);
}

#[tokio::test(start_paused = true)]
async fn n17_a_service_that_was_there_is_waited_for_ten_minutes_without_any_setting() {
    for (gone, left) in [(500, 0), (700, 410)] {
        let service = Service::new(move |_, now| match now.as_secs() {
            3.. if now.as_secs() < 3 + gone => Act::Answer(Response::new(502, Vec::new())),
            _ => Act::Accept,
        });
        let client = service.client().build().unwrap();
        let mut source = (0..500).map(event);
        let report = client.deliver(&mut source).await;
        let accepted = 500 - left;
        let counts = report.events();
        assert_eq!(counts.accepted + counts.unconfirmed, accepted, "{:?}", report.stopped());
        assert_eq!(counts.not_sent + source.count() as u64, left);
        assert!(service.requests() < 50 + 30, "{}", service.requests());
    }
}

#[tokio::test(start_paused = true)]
async fn n1_n3_without_a_limit_of_time_a_gone_network_costs_one_series_of_attempts() {
    let service = Service::new(|_, _| Act::Unreachable);
    let client = service.client().build().unwrap();
    let report = client.send(events(100)).await;
    assert_eq!(service.requests(), 5);
    assert!(matches!(stopped_by(&report), StopCause::Unreachable(_)));
    assert_eq!((report.requests().unreachable, report.events().not_sent), (5, 100));
    assert_eq!(report.into_unsent().len(), 100);
}

#[tokio::test(start_paused = true)]
async fn n16_a_hundred_seconds_of_flapping_lose_and_invent_nothing() {
    let service = Service::new(|number, now| match now.as_secs() {
        0..100 if number % 2 == 1 => Act::StoreAndBreak,
        _ => Act::Accept,
    });
    let client = service.client().build().unwrap();
    let report = client.send(events(2000)).await;
    assert!(report.all_accepted(), "{:?}", report.stopped());
    assert_eq!(service.stored(), 2000);
    let requests = report.requests();
    assert!(requests.ambiguous > 20 && requests.retries >= requests.ambiguous, "{requests:?}");
    let seen = service.seen.lock().unwrap();
    let mut bodies = seen.bodies.clone();
    bodies.sort();
    bodies.dedup();
    assert_eq!(bodies.len(), 200, "every retry has the same bytes");
}

#[tokio::test(start_paused = true)]
async fn l1_the_retry_budget_bites_when_many_requests_fail() {
    let service = Service::new(|number, _| match number % 3 {
        0 => Act::Accept,
        _ => Act::Answer(error(500, 2)),
    });
    let client = service.client().in_flight(16).retry(RetryPolicy::new().attempts(50)).build().unwrap();
    let report = client.send(events(3000)).await;
    assert!(report.all_accepted(), "{:?}", report.stopped());
    let seconds = service.clock.elapsed().as_secs();
    let bound = 300 * 6 / 5 + 20 + seconds / 5;
    assert!(report.requests().made <= bound, "{} of {bound}", report.requests().made);
    assert!(seconds > 600, "without a budget it would have taken seconds: {seconds}");
}

#[tokio::test(start_paused = true)]
async fn l1_a_service_that_is_down_is_met_with_few_requests() {
    for response in [error(503, 2), Response::new(503, Vec::new()), Response::new(500, b"<html>".into())] {
        let service = Service::new(move |_, _| Act::Answer(response.clone()));
        let client = service.client().in_flight(32).build().unwrap();
        let report = client.send(events(10_000)).await;
        assert!(!report.all_accepted());
        assert!(service.requests() <= 5 + 32, "{}", service.requests());
        assert!(report.events().not_sent >= 10_000 - 10 * 32);
    }
}

#[tokio::test(start_paused = true)]
async fn l8_the_failure_of_one_batch_leaves_the_others_their_outcomes() {
    let service = accepting();
    let poisoned = service.clone();
    let script = move |number: usize, _: Duration| {
        let body = poisoned.seen.lock().unwrap().bodies[number].clone();
        let is_poison = String::from_utf8(body).unwrap().contains("\"order-25\"");
        if is_poison { Act::Answer(error(400, 2)) } else { Act::Accept }
    };
    let service = Service { script: Arc::new(script), ..service };
    let report = service.client().build().unwrap().send(events(300)).await;
    assert_eq!((report.events().accepted, report.events().not_sent), (290, 10));
    assert!(matches!(report.outcomes()[25], Outcome::NotSent(NotSentCause::Exhausted(_))));
    assert!(report.stopped().is_none(), "r36: poison cannot loop, and does not stop the others");
}

#[tokio::test(start_paused = true)]
async fn r24_a_dead_token_costs_one_request_however_many_workers_there_are() {
    let service = Service::new(|_, _| Act::Answer(error(401, 190)));
    let client = service.client().in_flight(32).build().unwrap();
    let report = client.send(events(1000)).await;
    assert_eq!((service.requests(), report.events().not_sent), (1, 1000));
}

#[tokio::test(start_paused = true)]
async fn n11_n13_d_an_attempt_has_a_limit() {
    for (limit, seconds) in [(None, 30), (Some(7), 7)] {
        let service = Service::new(|number, _| if number == 0 { Act::Hang } else { Act::Accept });
        let client = match limit {
            Some(limit) => service.client().timeouts(SECOND, limit * SECOND),
            None => service.client(),
        };
        let sending = client.build().unwrap().send(events(10));
        let report = tokio::time::timeout(3600 * SECOND, sending).await.expect("the attempt has no limit");
        assert!(report.all_accepted());
        assert_eq!(report.requests().ambiguous, 1);
        assert_eq!(service.starts(), [0, seconds + 1]);
    }
}

#[tokio::test(start_paused = true)]
async fn d_a_batch_and_a_run_have_limits_of_time() {
    let transient = || Service::new(|_, _| Act::Answer(error(500, 2)));
    let service = transient();
    let policy = RetryPolicy::new().attempts(100).batch_limit(120 * SECOND);
    let report = service.client().retry(policy).build().unwrap().send(events(10)).await;
    assert_eq!(report.events().not_sent, 10);
    assert!(service.clock.elapsed() <= 121 * SECOND, "{:?}", service.clock.elapsed());

    let service = transient();
    let policy = RetryPolicy::new().attempts(100).run_limit(90 * SECOND);
    let report = service.client().retry(policy).build().unwrap().send(events(1000)).await;
    assert_eq!(stopped_by(&report), &StopCause::RunLimit);
    assert!(service.clock.elapsed() <= 91 * SECOND, "{:?}", service.clock.elapsed());
}

#[tokio::test(start_paused = true)]
async fn p4_a_polite_stop_begins_nothing_new_and_waits_for_what_is_in_flight() {
    let service = accepting();
    let client = service.client().build().unwrap();
    let stop = StopHandle::new();
    let mut source = (0..1000).map(event);
    let asking = async {
        service.clock.sleep(Duration::from_millis(2500)).await;
        stop.request_stop();
    };
    let (report, ()) = tokio::join!(client.deliver(&mut source).stop_on(&stop), asking);
    assert_eq!(stopped_by(&report), &StopCause::Cancelled);
    assert_eq!(report.events().accepted, 90, "one batch, then two times four");
    assert_eq!(service.stored(), 90);
    assert_eq!(service.clock.elapsed(), 3 * SECOND);
    let rest = report.events().not_sent + source.count() as u64;
    assert_eq!(rest, 910, "nothing is lost");
}

#[tokio::test(start_paused = true)]
async fn p4_a_stop_ends_every_wait_at_once() {
    let throttled = error(400, 4).header("retry-after", "500");
    for fault in [throttled, error(400, 2)] {
        let service = Service::new(move |_, _| Act::Answer(fault.clone()));
        let client = service.client().build().unwrap();
        let stop = StopHandle::new();
        let asking = async {
            service.clock.sleep(Duration::from_millis(1500)).await;
            stop.request_stop();
        };
        let (report, ()) = tokio::join!(client.send(events(30)).stop_on(&stop), asking);
        assert_eq!(report.events().not_sent, 30);
        assert_eq!(service.clock.elapsed(), Duration::from_millis(1500));
    }
}

#[tokio::test(start_paused = true)]
async fn p5_a_stop_with_a_limit_cuts_off_what_never_answers() {
    let service = Service::new(|number, _| if number < 1 { Act::Accept } else { Act::Hang });
    let client = service.client().build().unwrap();
    let stop = StopHandle::new();
    let asking = async {
        service.clock.sleep(2 * SECOND).await;
        stop.request_stop_within(3 * SECOND);
    };
    let (report, ()) = tokio::join!(client.send(events(100)).stop_on(&stop), asking);
    assert_eq!(service.clock.elapsed(), 5 * SECOND);
    let counts = report.events();
    assert_eq!((counts.accepted, counts.unconfirmed, counts.not_sent), (10, 40, 50));
    assert!(report.rows().is_balanced());
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_stopped_before_it_starts_sends_nothing() {
    let service = accepting();
    let client = service.client().build().unwrap();
    let stop = StopHandle::new();
    stop.request_stop();
    let report = client.send(events(10)).stop_on(&stop).await;
    assert_eq!((service.requests(), report.events().not_sent), (0, 10));
    let mut source = (0..10).map(event);
    let report = client.deliver(&mut source).stop_on(&stop).await;
    assert!(!report.all_accepted(), "the events of the source are not sent");
    assert_eq!((report.events().total(), source.count()), (0, 10), "the stream is left as it was");
}

#[tokio::test(start_paused = true)]
async fn p7_a_dropped_delivery_leaves_a_client_that_works() {
    let service = accepting();
    let client = service.client().build().unwrap();
    for millis in [0, 500, 1000, 1500, 2500] {
        let dropped = tokio::time::timeout(Duration::from_millis(millis), client.send(events(500)));
        assert!(dropped.await.is_err());
    }
    assert_eq!(service.seen.lock().unwrap().in_flight, 0);
    assert!(client.send(events(500)).await.all_accepted());
    assert_eq!(service.stored(), 500, "what was sent before is sent again under the same ids");
}

#[tokio::test(start_paused = true)]
async fn p7_a_dropped_probe_hands_its_place_on() {
    let service = Service::new(|number, _| if number == 0 { Act::Hang } else { Act::Accept });
    let client = service.client().build().unwrap();
    let dropped = tokio::time::timeout(5 * SECOND, client.send(events(10)));
    let patient = async {
        service.clock.sleep(SECOND).await;
        client.send(events(20)).await
    };
    let (dropped, report) = tokio::join!(dropped, patient);
    assert!(dropped.is_err());
    assert!(report.all_accepted());
    assert_eq!(service.starts()[..2], [0, 5]);
}

#[tokio::test(start_paused = true)]
async fn p9_a_panic_in_the_transport_or_an_observer_leaves_every_event_its_outcome() {
    let service = Service::new(|number, _| if number == 2 { Act::Panic } else { Act::Accept });
    let client = service.client().build().unwrap();
    let mut calls = 0;
    let report = client
        .send(events(100))
        .on_outcome(|_| {
            calls += 1;
            panic!("a fault of the application");
        })
        .await;
    assert!(report.all_accepted());
    assert_eq!((calls, report.requests().ambiguous), (1, 1));
    assert_eq!(report.notes()[0].code(), "observer_panicked");
}

#[tokio::test(start_paused = true)]
async fn every_outcome_is_reported_once() {
    let refused = |number| if number == 4 { Act::Answer(error(400, 777)) } else { Act::Accept };
    let service = Service::new(move |number, _| refused(number));
    let client = service.client().build().unwrap();
    let mut seen = Vec::new();
    let mut source = (0..100).map(event);
    let report = client
        .deliver(&mut source)
        .on_outcome(|settled| {
            let reason = settled.outcome().code();
            seen.extend(settled.events().map(|event| (event.lines()[0].number(), reason)));
        })
        .await;
    seen.sort_unstable();
    assert_eq!(seen.len(), 100);
    assert!(seen.iter().zip(2..).all(|((line, _), expected)| *line == expected), "each once");
    assert_eq!(seen.iter().filter(|(_, reason)| *reason == "refused_by_meta").count(), 10);
    assert_eq!(report.events().refused, 10);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_cannot_be_sent_is_not_drained_into_memory() {
    let service =
        Service::new(|number, _| if number % 2 == 0 { Act::Accept } else { Act::Answer(error(400, 2)) });
    let policy = RetryPolicy::new().attempts(1);
    let client = service.client().in_flight(1).retry(policy).build().unwrap();
    let mut source = (0..100_000).map(event);
    let report = client.deliver(&mut source).await;
    assert_eq!(stopped_by(&report), &StopCause::UnsentLimit);
    let counts = report.events();
    assert!((10_001..10_050).contains(&counts.not_sent), "{counts:?}");
    assert_eq!(counts.total() + source.count() as u64, 100_000);
}

#[tokio::test(start_paused = true)]
async fn t1_a_clock_that_is_off_is_reported_and_a_useless_one_stops_the_run() {
    let dated = |ahead: i64| {
        Service::new(move |_, now| {
            let server = NOW + now.as_secs().cast_signed() - ahead;
            let date = EventTime::from_unix(server).unwrap().to_utc().to_rfc2822();
            let receipt = answer(200, &json!({"events_received": 10})).header("date", &date);
            Act::Answer(receipt)
        })
    };
    for (ahead, notes, stops) in [(59, 0, false), (-59, 0, false), (90, 1, false), (-3599, 1, false)] {
        let report = dated(ahead).client().build().unwrap().send(events(100)).await;
        assert!(report.all_accepted());
        assert_eq!((report.notes().len(), report.stopped().is_some()), (notes, stops), "{ahead}");
    }
    for ahead in [3700, -86_400] {
        let service = dated(ahead);
        let report = service.client().build().unwrap().send(events(100)).await;
        assert_eq!(stopped_by(&report), &StopCause::ClockOff(ahead));
        assert_eq!((report.events().accepted, service.requests()), (10, 1));
        assert!(report.stopped().unwrap().to_string().contains("clock"));
    }
}

#[tokio::test(start_paused = true)]
async fn t16_a_token_known_to_expire_is_reported_before_the_start() {
    let service = accepting();
    let expiring = |after: i64| {
        let at = EventTime::from_unix(NOW + after).unwrap();
        service.client().token_expires(at).build().unwrap()
    };
    let report = expiring(-1).send(events(10)).await;
    assert_eq!((service.requests(), stopped_by(&report)), (0, &StopCause::TokenExpired));
    let report = expiring(3600).send(events(10)).await;
    assert_eq!((report.all_accepted(), report.notes()[0].code()), (true, "token_expires"));
    let report = expiring(30 * 86_400).send(events(10)).await;
    assert!(report.notes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn l2_many_clients_that_fail_together_come_back_apart() {
    let mut firsts = Vec::new();
    for _ in 0..200 {
        let service = Service::new(|number, _| if number == 0 { Act::Unreachable } else { Act::Accept });
        let client = service.client().jitter(meta_offline_events::client::SystemJitter).build().unwrap();
        let _ = client.send(events(1)).await;
        let starts = service.seen.lock().unwrap().starts.clone();
        firsts.push(starts[1].as_millis() - 1000);
    }
    // The timer may be a millisecond late.
    let tenths = |tenth: u128| firsts.iter().filter(|wait| (**wait / 100).min(9) == tenth).count();
    let spread: Vec<_> = (0..10).map(tenths).collect();
    assert_eq!(spread.iter().sum::<usize>(), 200, "between nothing and a second: {spread:?}");
    assert!(spread.iter().all(|&count| count > 3), "over all of it: {spread:?}");
}

#[tokio::test(start_paused = true)]
async fn rule_c_a_message_is_not_retried_after_an_ambiguous_attempt_and_its_batch_goes_on() {
    let service = Service::new(|number, _| if number == 0 { Act::StoreAndBreak } else { Act::Accept });
    let client = service.client().build().unwrap();
    let report = client.send(vec![event(0), message(), event(1)]).await;
    let unconfirmed =
        |outcome: &Outcome| matches!(outcome, Outcome::Unconfirmed(UnconfirmedCause::NoValidAnswer(_)));
    assert!(unconfirmed(&report.outcomes()[1]));
    assert_eq!(report.events().accepted, 2);
    assert_eq!(service.requests(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_stream_may_be_pending_for_long_and_end_at_any_time() {
    let service = accepting();
    let client = service.client().build().unwrap();
    let mut steps: VecDeque<Option<Event>> = [None, Some(event(0)), None, None, Some(event(1))].into();
    let mut source = from_poll(|context| match steps.pop_front() {
        Some(Some(event)) => Poll::Ready(Some(event)),
        Some(None) => {
            context.waker().wake_by_ref();
            Poll::Pending
        }
        None => Poll::Ready(None),
    });
    let report = client.deliver(&mut source).await;
    assert_eq!((report.events().accepted, service.requests()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn r15_what_has_grown_too_old_on_the_way_is_taken_out_and_the_rest_is_sent_again() {
    let too_old = || answer(400, &json!({"error": {"code": 100, "error_subcode": 2_804_003}}));
    let service =
        Service::new(move |number, _| if number == 0 { Act::Answer(too_old()) } else { Act::Accept });
    let client = service.client().build().unwrap();
    let at_the_edge = sold(0, NOW - 7 * 86_400 + 60, ActionSource::PhoneCall);
    let report = client.send(vec![at_the_edge, event(1), event(2)]).await;
    let accepted = Outcome::Accepted;
    let expired = Outcome::NotSent(NotSentCause::Expired);
    assert_eq!(report.outcomes(), [expired, accepted.clone(), accepted]);
    assert_eq!((service.requests(), report.notes().len()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn r15_t1_where_none_is_too_old_by_our_clock_the_bad_one_is_found_and_a_note_says_so() {
    let service = accepting();
    let seen = service.clone();
    let script = move |number: usize, _: Duration| {
        let body = String::from_utf8(seen.seen.lock().unwrap().bodies[number].clone()).unwrap();
        let too_old = answer(400, &json!({"error": {"code": 100, "error_subcode": 2_804_003}}));
        if body.contains("\"order-3\"") { Act::Answer(too_old) } else { Act::Accept }
    };
    let service = Service { script: Arc::new(script), ..service };
    let report = service.client().build().unwrap().send(events(8)).await;
    assert_eq!((report.events().accepted, report.events().refused), (7, 1));
    assert_eq!(report.notes()[0].code(), "check_clock");
}

#[tokio::test(start_paused = true)]
async fn r33_a_body_that_was_too_large_lowers_the_limit_for_the_rest_of_the_run() {
    let service = accepting();
    let seen = service.clone();
    let reduce = answer(400, &json!({"error": {"code": 1, "message": "Please reduce the amount of data"}}));
    let script = move |number: usize, _: Duration| {
        let bytes = seen.seen.lock().unwrap().bodies[number].len();
        match number % 2 {
            _ if bytes <= 20_000 => Act::Accept,
            0 => Act::Answer(Response::new(413, Vec::new())),
            _ => Act::Answer(reduce.clone()),
        }
    };
    let service = Service { script: Arc::new(script), ..service };
    let limits = BatchLimits::new(100, 1_000_000).unwrap();
    let report = service.client().batch_limits(limits).in_flight(1).build().unwrap().send(events(2000)).await;
    assert!(report.all_accepted());
    let too_large = service.seen.lock().unwrap().bodies.iter().filter(|body| body.len() > 20_000).count();
    assert!(too_large <= 2, "{too_large} requests were too large");
}

#[tokio::test(start_paused = true)]
async fn l10_weeks_of_trickling_sales_and_faults_leave_nothing_behind() {
    let service = Service::new(|number, _| match number % 10 {
        3 => Act::StoreAndBreak,
        5 => Act::Answer(error(500, 2)),
        7 => Act::Answer(error(400, 4)),
        8 => Act::Unreachable,
        _ => Act::Accept,
    });
    let client = service.client().build().unwrap();
    let clock = service.clock;
    let ten_minutes = move || Box::pin(async move { clock.sleep(600 * SECOND).await });
    let mut waiting = ten_minutes();
    let mut sent = 0;
    let mut source = from_poll(move |context| {
        if waiting.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        waiting = ten_minutes();
        sent += 1;
        Poll::Ready((sent <= 3000).then(|| sold(sent, clock.now().unix() - 5, ActionSource::PhoneCall)))
    });
    let mut widest = 0;
    let report = client
        .deliver(&mut source)
        .on_progress(|progress| widest = widest.max(progress.taken - progress.done))
        .await;
    assert_eq!(report.events().accepted, 3000);
    assert!(clock.elapsed() > 20 * 86_400 * SECOND);
    assert!(widest <= 10, "{widest} events were held at once");
    assert!(report.trace_ids().count() <= 1000);
    assert_eq!(service.stored(), 3000);
}

/// Runs on a thread of its own with a runtime of one thread: what never yields fails instead of hanging.
fn within_ten_seconds<F: Future<Output = ()>>(run: impl FnOnce() -> F + Send + 'static) {
    let (done, waiting) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(run());
        // The test may have given up.
        let _ = done.send(());
    });
    assert_eq!(waiting.recv_timeout(10 * SECOND), Ok(()), "it does not end");
}

/// A clock that neither waits nor goes on.
#[derive(Debug)]
struct Broken;

impl Clock for Broken {
    fn now(&self) -> EventTime {
        EventTime::from_unix(NOW).unwrap()
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _: Duration) -> Waiting<'_> {
        Box::pin(std::future::ready(()))
    }

    fn limit(&self, duration: Duration) -> Waiting<'_> {
        SystemClock.limit(duration)
    }
}

#[test]
fn d_a_source_that_repeats_one_event_without_end_can_be_stopped() {
    within_ten_seconds(|| async {
        let transport = RecordingTransport::new();
        let builder = Client::builder("1".parse().unwrap(), "token".parse().unwrap())
            .transport(transport.clone())
            .clock(RealLimits(ManualClock::at(now())));
        let client = builder.clone().build().unwrap();
        let again = || std::iter::repeat_with(|| event(0));
        let soon = Duration::from_millis(300);
        assert!(tokio::time::timeout(soon, client.deliver(again())).await.is_err(), "a time limit");
        let lingering = client.deliver(again()).linger(soon);
        assert!(tokio::time::timeout(3 * soon, lingering).await.is_err());
        assert_eq!(transport.requests().len(), 1, "the first event goes when it has waited long enough");

        let limited = builder.retry(RetryPolicy::new().run_limit(soon)).build().unwrap();
        let report = limited.deliver(again()).await;
        assert_eq!(stopped_by(&report), &StopCause::RunLimit);

        let stop = StopHandle::new();
        let asking = tokio::spawn({
            let stop = stop.clone();
            async move { stop.request_stop() }
        });
        let report = client.deliver(again()).stop_on(&stop).await;
        assert_eq!(stopped_by(&report), &StopCause::Cancelled);
        asking.await.unwrap();
    });
}

#[test]
fn d_a_transport_and_a_clock_that_never_wait_leave_others_their_turn() {
    within_ten_seconds(|| async {
        let turns = Arc::new(AtomicUsize::new(0));
        let counting = Arc::clone(&turns);
        tokio::spawn(async move {
            loop {
                counting.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        });
        for answer in [error(400, 4), error(400, 100), error(500, 2)] {
            let service =
                Service { latency: Duration::ZERO, ..Service::new(move |_, _| Act::Answer(answer.clone())) };
            let policy = RetryPolicy::new().run_limit(3600 * SECOND).attempts(100);
            let builder = Client::builder("1".parse().unwrap(), "token".parse().unwrap());
            let client = builder.transport(service).clock(Broken).retry(policy).build().unwrap();
            let before = turns.load(Ordering::Relaxed);
            let sending = tokio::task::unconstrained(client.send(events(64)));
            // Whether it ends by itself is not the question.
            let _ = tokio::time::timeout(SECOND, sending).await;
            assert!(turns.load(Ordering::Relaxed) > before + 10);
        }
    });
}
