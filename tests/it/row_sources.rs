//! Sorted rows as sources: what is sent, what is held back, and what the report says.

use std::task::Poll;

use futures_util::stream;
use meta_offline_events::customer::UserData;
use meta_offline_events::order::{Column, OrderRules, Row, RowError, SortedEventStream, SortedEvents, ToRow};
use meta_offline_events::report::{DeliveryReport, StopCause};
use meta_offline_events::value::{Currency, EventTime, Line};

use crate::service::{Act, Service};
use crate::support::{NOW, now, of};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A record of a database: a line, an order, an amount.
#[derive(Clone)]
struct Sale(u64, &'static str, &'static str);

impl ToRow for Sale {
    fn to_row(&self) -> Result<Row<'_>, RowError> {
        let line = Line::new(self.0);
        let value = self.2.parse();
        let value =
            value.map_err(|error| RowError::invalid(line, Column::Value, error).of_order(of(self.1)))?;
        Ok(Row::new(line, EventTime::from_unix(NOW - 3600).unwrap())
            .customer(UserData::builder().email("mary@example.com"))
            .order_id(of(self.1))
            .value(value)
            .currency(Currency::EUR))
    }
}

fn records(end: Option<&'static str>) -> Vec<Result<Sale, Failure>> {
    let sales = [Sale(1, "A1", "5"), Sale(2, "A2", "6"), Sale(3, "A2", "1,5"), Sale(4, "A3", "7")];
    sales.into_iter().map(Ok).chain(end.map(|error| Err(error.into()))).collect()
}

fn counts(report: &DeliveryReport) -> [u64; 4] {
    assert!(report.rows().is_balanced());
    [report.rows().read, report.rows().accepted, report.rows().invalid, report.events().accepted]
}

#[tokio::test(start_paused = true)]
async fn an_iterator_of_records_is_sent_and_its_rows_are_in_the_report() {
    let service = Service::new(|_, _| Act::Accept);
    let client = service.client().build().unwrap();
    let events = SortedEvents::from_rows(records(None).into_iter(), OrderRules::new(), now());
    let report = client.deliver(events).await;
    assert_eq!(counts(&report), [4, 2, 2, 2]);
    assert!(!report.all_accepted() && report.stopped().is_none());
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_records_stops_the_run_and_nothing_of_the_open_order_is_sent() {
    let service = Service::new(|_, _| Act::Accept);
    let client = service.client().build().unwrap();
    let by_iterator = SortedEvents::from_rows(
        records(Some("the connection is lost")).into_iter(),
        OrderRules::new(),
        now(),
    );
    let by_stream = SortedEventStream::new(
        stream::iter(records(Some("the connection is lost"))),
        OrderRules::new(),
        now(),
    );
    for report in [client.deliver(by_iterator).await, client.deliver(by_stream).await] {
        assert_eq!(counts(&report), [4, 1, 2, 1], "A3 may have gone on");
        assert_eq!(report.rows().not_sent, 1);
        let Some(StopCause::Source(words)) = report.stopped() else { panic!("{:?}", report.stopped()) };
        assert_eq!(&**words, "the connection is lost");
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_borrowed_is_there_afterwards() {
    let service = Service::new(|_, _| Act::Accept);
    let client = service.client().build().unwrap();
    let mut events = SortedEvents::from_rows(records(None).into_iter(), OrderRules::new(), now());
    let report = client.deliver(&mut events).await;
    assert_eq!(counts(&report), [4, 2, 2, 2]);
    let prepared = events.finish();
    assert_eq!((prepared.coverage.customers(), prepared.rows.read()), (2, 0), "the report has the rows");
}

#[tokio::test(start_paused = true)]
async fn a_stream_need_not_be_unpin() {
    let service = Service::new(|_, _| Act::Accept);
    let client = service.client().build().unwrap();
    let rows = stream::unfold(records(None).into_iter(), |mut rows| async move {
        tokio::task::yield_now().await;
        rows.next().map(|row| (row, rows))
    });
    let report = client.deliver(SortedEventStream::new(rows, OrderRules::new(), now())).await;
    assert_eq!(counts(&report), [4, 2, 2, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_without_an_event_lets_others_work() {
    let row = |_: u64| Ok::<_, Failure>(Sale(1, "A1", "5"));
    let endless = stream::iter((0..).map(row));
    let events = SortedEventStream::new(endless, OrderRules::new(), now());
    let mut events = Box::pin(events);
    let first = std::future::poll_fn(|context| {
        Poll::Ready(futures_util::Stream::poll_next(events.as_mut(), context).is_pending())
    });
    assert!(first.await, "one poll reads so many rows and no more");
}

#[cfg(feature = "csv")]
#[tokio::test(start_paused = true)]
async fn a_sorted_file_is_sent_with_its_rows() {
    use meta_offline_events::order::{RowLayout, csv::CsvRows};

    let file = "order_id,email,timestamp,value,currency\n\
        A1,m@example.com,1777890000,5,EUR\n\
        A2,n@example.com,1777890000,6,EUR\n\
        A1,m@example.com,1777890000,7,EUR\n";
    let service = Service::new(|_, _| Act::Accept);
    let client = service.client().build().unwrap();
    let rows = CsvRows::new(file.as_bytes(), &RowLayout::new()).unwrap();
    let report = client.deliver(rows.sorted(OrderRules::new(), now())).await;
    assert_eq!(counts(&report), [3, 2, 1, 2]);
    let stopped = report.stopped().unwrap().to_string();
    assert!(stopped.contains("line 4 belongs to the same order as line 2"), "{stopped}");
}
