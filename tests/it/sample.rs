//! The rule that nothing is sent when too many of the first rows are invalid.

use futures_util::{StreamExt, stream};
use meta_offline_events::client::Client;
use meta_offline_events::customer::UserData;
use meta_offline_events::order::{
    Column, Ending, OrderRules, Orders, Prepared, Row, RowError, SortedError, SortedEventStream,
    SortedEvents, SortedOrders, ToRow,
};
use meta_offline_events::report::{Diagnostic, StopCause};
use meta_offline_events::testing::{ManualClock, MockServer};
use meta_offline_events::value::{Amount, Currency, EventTime, Line};

use crate::support::{NOW, RealLimits, now};

/// A row with an order of its own, or one without a usable price.
struct Sale {
    line: u64,
    is_valid: bool,
}

impl ToRow for Sale {
    fn to_row(&self) -> Result<Row<'_>, RowError> {
        let line = Line::new(self.line);
        if !self.is_valid {
            let error = "nil".parse::<Amount>().unwrap_err();
            return Err(RowError::invalid(line, Column::Price, error));
        }
        let order = format!("{:06}", self.line);
        let row = Row::new(line, EventTime::from_unix(NOW - 3600).unwrap()).order_id(order.parse().unwrap());
        let mary = UserData::builder().email("mary@example.com");
        Ok(row.customer(mary).value("5".parse().unwrap()).currency(Currency::EUR))
    }
}

/// Rows of which this many are invalid: the first ones, from line 2 on.
fn sales(rows: u64, invalid: u64) -> impl Iterator<Item = Result<Sale, SortedError>> {
    (0..rows).map(move |row| Ok(Sale { line: row + 2, is_valid: row >= invalid }))
}

fn half() -> OrderRules {
    OrderRules::new().max_invalid(50)
}

fn in_any_order(rows: u64, invalid: u64, rules: OrderRules) -> Prepared {
    let mut orders = Orders::with_rules(rules);
    for sale in sales(rows, invalid) {
        match sale.unwrap().to_row() {
            Ok(row) => orders.push(&row),
            Err(error) => orders.reject(error),
        }
    }
    orders.finish(now())
}

/// The events that come one by one, and the rest.
fn sorted(rows: u64, invalid: u64, rules: OrderRules) -> (usize, Option<SortedError>, Prepared) {
    let mut events = SortedEvents::from_rows(sales(rows, invalid), rules, now());
    let (mut count, mut failure) = (0, None);
    for event in events.by_ref() {
        match event {
            Ok(_) => count += 1,
            Err(error) => failure = Some(error),
        }
    }
    (count, failure, events.finish())
}

fn mostly_invalid(diagnostics: &[Diagnostic]) -> &Diagnostic {
    diagnostics.iter().find(|one| one.code() == "mostly_invalid").unwrap()
}

#[test]
fn c25_half_of_the_first_thousand_rows_may_be_invalid_and_one_more_stops_everything() {
    let prepared = in_any_order(5000, 500, half());
    assert_eq!((prepared.events.len(), prepared.rows.invalid()), (4500, 500));
    assert_eq!(prepared.mostly_invalid, None);
    assert_eq!(sorted(5000, 500, half()).0, 4500);

    let prepared = in_any_order(5000, 501, half());
    assert_eq!((prepared.events.len(), prepared.rows.invalid(), prepared.rows.not_sent()), (0, 501, 4499));
    let why = prepared.mostly_invalid.unwrap();
    assert_eq!((why.rows(), why.invalid()), (1000, 501));
    let said = why.to_string();
    assert!(
        said.starts_with(
            "501 of the first 1000 rows (50.1 %) are invalid, and 50 % may be; most often: price "
        )
    );
    assert!(said.ends_with("(501 rows, the first in line 2)"), "{said}");
    let diagnostic = mostly_invalid(prepared.rows.diagnostics());
    assert_eq!((diagnostic.outcome(), diagnostic.lines().len()), (Some("not_sent"), 4499));

    let (events, failure, rest) = sorted(5000, 501, half());
    assert_eq!(events, 0);
    assert!(matches!(failure, Some(SortedError::MostlyInvalid(stopped)) if stopped == why));
    assert_eq!((rest.rows.read(), rest.rows.invalid(), rest.rows.not_sent()), (1000, 501, 499));
}

#[test]
fn c25_the_library_sends_what_is_valid_unless_a_share_is_stated() {
    assert_eq!(in_any_order(2000, 1999, OrderRules::new()).events.len(), 1);
    let (events, failure, _) = sorted(2000, 1999, OrderRules::new());
    assert!(events == 1 && failure.is_none());
    assert_eq!(in_any_order(2000, 1999, OrderRules::new().max_invalid(100)).events.len(), 1);
    assert_eq!(in_any_order(2000, 1, OrderRules::new().max_invalid(0)).events.len(), 0);
}

#[test]
fn c25_a_short_source_is_judged_at_its_end_and_a_few_rows_not_at_all() {
    for (rows, invalid, sent) in [(3, 2, 1), (19, 18, 1), (20, 10, 10), (20, 11, 0), (999, 500, 0)] {
        let sent = usize::try_from(sent).unwrap();
        assert_eq!(in_any_order(rows, invalid, half()).events.len(), sent, "{rows} {invalid}");
        let (events, failure, rest) = sorted(rows, invalid, half());
        assert_eq!(events, sent, "{rows} {invalid}");
        assert_eq!(failure.is_some(), sent == 0);
        assert_eq!(rest.rows.read(), rows);
        assert_eq!(rest.rows.not_sent(), if sent == 0 { rows - invalid } else { 0 });
    }
    let prepared = in_any_order(30, 30, half());
    assert!(mostly_invalid(prepared.rows.diagnostics()).lines().is_empty(), "no valid row, but a reason");
}

#[test]
fn c25_rows_behind_the_first_thousand_are_not_judged() {
    let late = (0..3000).map(|row| Ok::<_, SortedError>(Sale { line: row + 2, is_valid: row < 1000 }));
    let events = SortedEvents::from_rows(late, half(), now());
    assert_eq!(events.flatten().count(), 1000);
}

#[test]
fn c25_rows_that_are_invalid_with_their_order_count_too() {
    let mut orders = Orders::with_rules(half());
    let mut sorted = SortedOrders::new(half(), now());
    for line in 0..40 {
        let sold = EventTime::from_unix(NOW - 3600).unwrap();
        let currency = if line % 2 == 0 { Currency::EUR } else { Currency::USD };
        let mary = UserData::builder().email("mary@example.com");
        let order = format!("{:03}", line / 2).parse().unwrap();
        let row = Row::new(line + 2, sold).customer(mary).order_id(order);
        let row = row.quantity(1).price("5".parse().unwrap()).currency(currency);
        orders.push(&row);
        sorted.push(&row).unwrap();
        assert_eq!(sorted.ready_events(), 0, "not before the first rows are judged");
        assert!(sorted.next_event().is_none());
    }
    sorted.end_source(Ending::Proven);
    for prepared in [orders.finish(now()), sorted.finish()] {
        let why = prepared.mostly_invalid.unwrap();
        assert_eq!((why.rows(), why.invalid(), prepared.rows.invalid()), (40, 40, 40));
    }
}

#[test]
fn c25_pushed_rows_that_are_sorted_give_no_event_before_they_are_judged_nor_after() {
    let mut orders = SortedOrders::new(half(), now());
    for sale in sales(3000, 501) {
        match sale.unwrap().to_row() {
            Ok(row) => orders.push(&row).unwrap(),
            Err(error) => orders.reject(error).unwrap(),
        }
        assert!(orders.take_event().is_none());
    }
    let prepared = orders.finish();
    assert!(prepared.events.is_empty() && prepared.mostly_invalid.is_some());
    assert_eq!((prepared.rows.invalid(), prepared.rows.not_sent()), (501, 2499));
}

#[tokio::test]
async fn c25_nothing_reaches_the_server_from_a_source_whose_first_rows_are_mostly_invalid() {
    let clock = ManualClock::at(now());
    let server = MockServer::builder().clock(clock.clone()).start().await.unwrap();
    let clock = RealLimits(clock);
    let client = Client::builder("1".parse().unwrap(), "token".parse().unwrap());
    let client = client.loopback_endpoint(server.url()).clock(clock).build().unwrap();
    for invalid in [501, 500] {
        let iterator = SortedEvents::from_rows(sales(1500, invalid), half(), now());
        let stream = SortedEventStream::new(stream::iter(sales(1500, invalid)).boxed(), half(), now());
        for report in [client.deliver(iterator).await, client.deliver(stream).await] {
            assert!(report.rows().is_balanced());
            if invalid == 501 {
                let Some(StopCause::Source(why)) = report.stopped() else { panic!("{:?}", report.stopped()) };
                assert!(why.starts_with("501 of the first 1000 rows"), "{why}");
                assert_eq!((report.requests().made, report.rows().not_sent), (0, 499));
                assert_eq!(server.request_count(), 0);
            } else {
                assert_eq!((report.stopped(), report.rows().accepted), (None, 1000));
            }
        }
    }
}
