//! What the client sends from: prepared orders, single events, and sources that may fail.

use std::error::Error;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::{StreamExt, stream};
use meta_offline_events::client::{
    EventSource, SourceError, StopHandle, Transport, from_poll, from_results, from_stream,
};
use meta_offline_events::customer::UserData;
use meta_offline_events::event::Event;
use meta_offline_events::order::{Orders, Prepared, Row};
use meta_offline_events::report::{DeliveryReport, NotSentCause, Outcome, RowReport, StopCause};
use meta_offline_events::value::{Currency, EventTime, Line, Money};
use serde_json::json;
use tokio::task::JoinSet;

use crate::service::{Act, Service, answer};
use crate::support::{NOW, event, events};

fn accepting() -> Service {
    Service::new(|_, _| Act::Accept)
}

/// Two orders of one row each. The second one has no customer.
fn prepared() -> Prepared {
    let sold = EventTime::from_unix(NOW - 3600).unwrap();
    let mut orders = Orders::new();
    for (line, email) in [(2, "mary@example.com"), (3, "nobody")] {
        orders.push(
            &Row::new(Line::new(line), sold)
                .customer(UserData::builder().email(email))
                .order_id(format!("1000{line}").parse().unwrap())
                .value("10.50".parse().unwrap())
                .currency(Currency::EUR),
        );
    }
    orders.finish(EventTime::from_unix(NOW).unwrap())
}

/// A sale without rows.
fn by_hand(number: usize) -> Event {
    let customer = UserData::builder().email(&format!("customer{number}@example.com")).build().unwrap();
    Event::builder(EventTime::from_unix(NOW - 3600).unwrap(), customer)
        .order_id(format!("order-{number}").parse().unwrap())
        .event_id(format!("id-{number}").parse().unwrap())
        .value(Money::new("10.50".parse().unwrap(), Currency::EUR))
        .build()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_the_grouper_gives_is_sent_as_one_thing_and_no_invalid_row_is_forgotten() {
    let client = accepting().client().build().unwrap();
    let report = client.send(prepared()).await;
    assert_eq!((report.rows().read, report.rows().accepted, report.rows().invalid), (2, 1, 1));
    assert!(report.rows().is_balanced() && !report.all_accepted());
    assert_eq!(report.diagnostics()[0].lines(), [Line::new(3)]);
}

#[tokio::test(start_paused = true)]
async fn a_stopped_run_reports_its_rows_too() {
    let client = accepting().client().build().unwrap();
    let stop = StopHandle::new();
    stop.request_stop();
    let report = client.send(prepared()).stop_on(&stop).await;
    assert_eq!((report.rows().read, report.rows().not_sent, report.rows().invalid), (2, 1, 1));
    assert_eq!(report.into_unsent().len(), 1);
}

#[test]
fn events_are_prepared_with_the_coverage_of_their_customers() {
    let prepared = Prepared::from(events(3));
    assert_eq!((prepared.events.len(), prepared.coverage.customers()), (3, 3));
    assert_eq!(prepared.rows, RowReport::default());
    assert_eq!(Prepared::from(event(0)).events.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn deliveries_run_as_tasks() {
    let client = accepting().client().build().unwrap();
    let mut deliveries = JoinSet::new();
    for shop in 0..3 {
        deliveries.spawn(client.send(events(10 + shop)));
        deliveries.spawn(client.deliver(events(10 + shop).into_iter()));
    }
    let reports = deliveries.join_all().await;
    assert_eq!(reports.iter().map(|report| report.events().accepted).sum::<u64>(), 66);
}

#[tokio::test(start_paused = true)]
async fn what_came_before_a_failure_of_the_source_is_sent() {
    let service = accepting();
    let client = service.client().build().unwrap();
    let rows = (0..25).map(|number| Ok(event(number)));
    let rows = rows.chain([Err("row 26 of mary@example.com\n is locked"), Ok(event(26))]);
    let mut source = from_results(rows);
    let report = client.deliver(&mut source).await;
    assert_eq!((report.events().accepted, service.stored()), (25, 25));
    assert_eq!(report.stopped(), Some(&StopCause::Source("row 26 of […] is locked".into())));
    assert_eq!(report.stopped().unwrap().code(), "source_failed");
    assert!(report.rows().is_balanced() && !report.all_accepted(), "what lies behind the failure is missing");

    let rest = client.deliver(source).await;
    assert_eq!(rest.events().accepted, 1, "the source stays with its owner");
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_the_source_stays_the_cause_when_the_rest_cannot_be_sent() {
    let dead = answer(401, &json!({"error": {"message": "no", "code": 190}}));
    let service = Service::new(move |_, _| Act::Answer(dead.clone()));
    let client = service.client().build().unwrap();
    let report = client.deliver(from_results([Ok(by_hand(0)), Err("gone")])).await;
    assert_eq!(report.stopped(), Some(&StopCause::Source("gone".into())));
    let diagnostic = report.diagnostics()[0].to_string();
    assert!(diagnostic.contains("replace the access token"), "{diagnostic}");
    assert_eq!(report.into_unsent(), [by_hand(0)]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_results_is_a_source() {
    let client = accepting().client().build().unwrap();
    let stream = || stream::iter(events(12)).map(Ok::<_, std::io::Error>);
    assert_eq!(client.deliver(from_stream(stream())).await.events().accepted, 12);
    let mut source = from_stream(stream().chain(stream::once(async { Err(std::io::Error::other("lost")) })));
    let report = client.deliver(&mut source).await;
    assert_eq!(report.stopped(), Some(&StopCause::Source("lost".into())));
}

/// Counts how often it is asked for its rows, and fails if it is polled behind its end.
#[derive(Default)]
struct Counting {
    polled: usize,
    asked: usize,
}

impl EventSource for Counting {
    fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Event, SourceError>>> {
        self.polled += 1;
        assert!(self.polled <= 2, "polled behind its end");
        Poll::Ready(Some(if self.polled == 1 { Ok(event(0)) } else { Err(SourceError::new("end")) }))
    }

    fn take_rows(&mut self) -> RowReport {
        self.asked += 1;
        prepared().rows
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_hands_its_rows_over_once() {
    let client = accepting().client().build().unwrap();
    let mut source = Counting::default();
    let report = client.deliver(source.by_mut()).await;
    assert_eq!((source.polled, source.asked), (2, 1));
    assert_eq!((report.rows().accepted, report.rows().invalid), (1, 1));
    assert_eq!(
        report.to_string(),
        "Events: 1 (1 accepted)\nRows: 2 (1 accepted, 1 invalid)\nStopped early: the source failed: end",
    );

    let boxed: Box<dyn EventSource> = Box::new(Counting::default());
    assert_eq!(client.deliver(boxed).await.rows().invalid, 1);
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_source_is_taken_by_value_and_by_reference() {
    let client = accepting().client().build().unwrap();
    let mut left = events(3);
    let mut by_poll = from_poll(|_| Poll::Ready(left.pop()));
    assert_eq!(client.deliver(&mut by_poll).await.events().accepted, 3);
    assert_eq!(client.deliver(by_poll).await.events().accepted, 0);
    let mut iterator = events(4).into_iter();
    assert_eq!(client.deliver(iterator.by_ref().take(1)).await.events().accepted, 1);
    assert_eq!(client.deliver(&mut iterator).await.events().accepted, 3);
}

#[tokio::test(start_paused = true)]
async fn s1_a_source_that_quotes_the_token_does_not_show_it() {
    let client = accepting().client().build().unwrap();
    let report = client.deliver(from_results([Err("login EAAB-test is refused")])).await;
    assert_eq!(report.stopped().unwrap().to_string(), "the source failed: login […] is refused");
}

#[test]
fn the_cause_of_a_source_s_error_shows_only_as_its_source() {
    let error = SourceError::new(std::io::Error::other("MARKED mary@example.com"));
    assert_eq!(error.to_string(), "MARKED […]");
    assert!(!format!("{error:?}").contains("mary"));
    assert!(error.source().unwrap().is::<std::io::Error>());
}

/// As database drivers do it: what happened stands in the cause.
#[derive(Debug, thiserror::Error)]
#[error("db error")]
struct Driver(#[source] std::num::ParseIntError);

#[test]
fn a_source_s_error_has_the_words_of_its_causes() {
    let error = SourceError::new(Driver("x".parse::<u8>().unwrap_err()));
    assert_eq!(error.to_string(), "db error: invalid digit found in string");
}

#[tokio::test(start_paused = true)]
async fn the_diagnostic_of_a_single_event_names_it() {
    let service = accepting();
    let client = service.client().build().unwrap();
    let customer = UserData::builder().email("mary@example.com").build().unwrap();
    let old = Event::builder(EventTime::from_unix(NOW - 90 * 86_400).unwrap(), customer.clone())
        .name("Subscribe".parse().unwrap())
        .event_id("sub-1".parse().unwrap())
        .build()
        .unwrap();
    let nameless = Event::builder(EventTime::from_unix(NOW - 90 * 86_400).unwrap(), customer)
        .name("Subscribe".parse().unwrap())
        .without_event_id()
        .build()
        .unwrap();
    let report = client.send(vec![by_hand(0), old, by_hand(0), nameless]).await;
    let diagnostics: Vec<_> = report.diagnostics().iter().map(ToString::to_string).collect();
    assert_eq!(
        diagnostics,
        [
            "event at index 1 (event id sub-1): the event is older than Meta accepts",
            "event at index 2 (event id id-0, order id order-0): an earlier event has the same event id and name, so \
             this copy was not sent: if it is another sale, give it its own event id",
            "event at index 3: the event is older than Meta accepts",
        ]
    );
    assert_eq!(report.outcomes()[1], Outcome::NotSent(NotSentCause::Expired));
    assert_eq!(report.to_string(), "Events: 4 (1 accepted, 3 not sent)");
    assert!(!report.all_accepted());
}

#[tokio::test(start_paused = true)]
async fn the_diagnostic_of_neighbours_lists_a_few_of_their_ids() {
    let client = accepting().client().build().unwrap();
    let stop = StopHandle::new();
    stop.request_stop();
    let message = |report: DeliveryReport| report.diagnostics()[0].to_string();
    let report = client.send(vec![by_hand(1), by_hand(2)]).stop_on(&stop).await;
    assert_eq!(
        report.to_string(),
        "Events: 2 (2 not sent)\nStopped early: the program asked to stop: send the events that were not sent in \
         another run",
    );
    let two = message(report);
    assert!(two.starts_with("events at index 0 to 1 (order ids order-1, order-2): not sent"), "{two}");
    let seven = message(client.send((0..7).map(by_hand).collect::<Vec<_>>()).stop_on(&stop).await);
    let ids = "order ids order-0, order-1, order-2, order-3, order-4 and 2 more";
    assert!(seven.starts_with(&format!("events at index 0 to 6 ({ids}): not sent")), "{seven}");
}

#[tokio::test(start_paused = true)]
async fn a_shared_transport_is_a_transport() {
    let service = accepting();
    let shared: Arc<dyn Transport> = Arc::new(service.clone());
    let boxed: Box<dyn Transport> = Box::new(Arc::clone(&shared));
    let builder = service.client();
    let client = builder.clone().transport(shared).build().unwrap();
    assert!(client.send(event(0)).await.all_accepted());
    assert!(builder.transport(boxed).build().unwrap().send(event(1)).await.all_accepted());
    assert_eq!(service.stored(), 2);
    assert_eq!(client.dataset().to_string(), "123");
}

#[test]
fn an_event_has_its_order_and_its_value() {
    let event = by_hand(7);
    assert_eq!(event.order_id().unwrap().as_str(), "order-7");
    assert_eq!(event.value().unwrap().to_string(), "10.5 EUR");
}
