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

#[cfg(feature = "csv")]
mod several {
    use meta_offline_events::order::csv::{CsvError, CsvRows};
    use meta_offline_events::order::{OrderRules, RowLayout, RowSources, SortedError, SortedEvents};

    use super::{NOW, now};

    type Files<I> = SortedEvents<RowSources<I, CsvRows<std::io::Cursor<String>>>>;

    /// A file with an order of each of these ids.
    pub(super) fn file(ids: impl IntoIterator<Item = u32>) -> String {
        let row = |id| format!("A{id:05},m{id}@example.com,{},5,EUR\n", NOW - 3600);
        let rows: String = ids.into_iter().map(row).collect();
        format!("order_id,email,timestamp,value,currency\n{rows}")
    }

    pub(super) fn events(
        files: Vec<String>,
        rules: OrderRules,
    ) -> Files<impl Iterator<Item = Result<CsvRows<std::io::Cursor<String>>, CsvError>>> {
        let open =
            |(number, file)| Ok(CsvRows::new(std::io::Cursor::new(file), &RowLayout::new())?.source(number));
        SortedEvents::from_sources((1..).zip(files).map(open), rules, now())
    }

    fn ends(files: Vec<String>, rules: OrderRules) -> (usize, Option<SortedError>, [u64; 2]) {
        let mut events = events(files, rules);
        let (mut complete, mut error) = (0, None);
        for event in events.by_ref() {
            match event {
                Ok(_) => complete += 1,
                Err(why) => error = Some(why),
            }
        }
        let rows = events.finish().rows;
        (complete, error, [rows.read(), rows.not_sent()])
    }

    #[test]
    fn files_of_several_days_are_one_source_with_one_report() {
        let days = (0..4).map(|day| file(day * 5000..(day + 1) * 5000)).collect();
        let (complete, error, rows) = ends(days, OrderRules::new());
        assert!(error.is_none(), "{error:?}");
        assert_eq!((complete, rows), (20_000, [20_000, 0]));
    }

    #[test]
    fn an_order_that_comes_back_in_a_later_file_stops_the_run() {
        let files = vec![file(1..4), file(3..6)];
        let (complete, error, _) = ends(files, OrderRules::new().overlapping_sources());
        assert_eq!(
            error.unwrap().to_string(),
            "line 2 of source 2 belongs to the same order as line 4 of source 1, but another order lies between \
             them: sort the rows by order id, or read them as unsorted rows"
        );
        assert_eq!(complete, 3);
    }

    #[test]
    fn partitions_whose_ids_overlap_need_a_rule_that_remembers_them_all() {
        let partition = |number: u32| file((0..20_000).filter(move |id| id % 2 == number));
        let files = || vec![partition(0), partition(1)];
        let (complete, error, _) = ends(files(), OrderRules::new().overlapping_sources());
        assert!(error.is_none(), "{error:?}");
        assert_eq!(complete, 20_000);
        let (complete, error, _) = ends(files(), OrderRules::new());
        assert!(matches!(error, Some(SortedError::NotSorted(_))), "{error:?}");
        assert_eq!(complete, 10_000);
        let again = vec![partition(0), partition(1), file([12_345])];
        let (_, error, _) = ends(again, OrderRules::new().overlapping_sources());
        assert!(error.unwrap().to_string().starts_with("line 2 of source 3 belongs to the same order as"));
    }

    #[test]
    fn a_file_that_cannot_be_opened_ends_the_rows_and_the_open_order_is_not_sent() {
        let (complete, error, rows) = ends(vec![file(1..4), "no header".to_owned()], OrderRules::new());
        assert!(matches!(error, Some(SortedError::Source(_))), "{error:?}");
        assert_eq!((complete, rows), (2, [3, 1]));
    }

    #[test]
    fn the_first_rows_of_all_files_are_judged_together() {
        let bad = file(1..30).replace('@', " at ");
        let rules = || OrderRules::new().max_invalid(50);
        let (complete, error, _) = ends(vec![bad.clone(), file(30..60)], rules());
        assert!(error.is_none(), "29 of 59 rows are invalid: {error:?}");
        assert_eq!(complete, 30);
        let (complete, error, _) = ends(vec![bad, file(30..40)], rules());
        assert!(matches!(error, Some(SortedError::MostlyInvalid(_))), "{error:?}");
        assert_eq!(complete, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn rows_are_read_on_a_thread_of_their_own() {
    let service = Service::new(|_, _| Act::Accept);
    let client = service.client().build().unwrap();
    let sale =
        |n: u64| Ok::<_, Failure>(Sale(n, ["A1", "A2", "A3"][usize::try_from(n).unwrap() / 1000], "5"));
    let thread = || SortedEvents::from_rows((0..3000).map(sale), OrderRules::new(), now()).on_thread();
    let mut events = thread();
    let report = client.deliver(&mut events).await;
    assert_eq!(counts(&report), [3000, 3000, 0, 3]);
    assert_eq!(events.finish().coverage.customers(), 3);
    drop(thread());
}

#[tokio::test(start_paused = true)]
async fn what_a_thread_reads_ahead_and_nobody_takes_is_not_sent() {
    let row = |n: u64| {
        let row = Row::new(n, EventTime::from_unix(NOW - 3600).unwrap());
        Ok::<_, Failure>(
            row.customer(UserData::builder().email("mary@example.com"))
                .value(5.into())
                .currency(Currency::EUR),
        )
    };
    let mut events = SortedEvents::from_rows((0..).map(row), OrderRules::new(), now()).on_thread();
    for _ in 0..1000 {
        futures_util::StreamExt::next(&mut events).await.unwrap().unwrap();
    }
    let rows = events.finish().rows;
    assert_eq!(rows.read() - rows.not_sent(), 1000);
    assert!(rows.not_sent() <= 256, "{}", rows.not_sent());
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_reading_thread_stops_the_run() {
    let service = Service::new(|_, _| Act::Accept);
    let client = service.client().build().unwrap();
    let rows =
        records(None).into_iter().inspect(|row| assert!(row.as_ref().is_ok_and(|row| row.0 < 4), "a test"));
    let report = client.deliver(SortedEvents::from_rows(rows, OrderRules::new(), now()).on_thread()).await;
    let Some(StopCause::Source(words)) = report.stopped() else { panic!("{:?}", report.stopped()) };
    assert_eq!(&**words, "reading the rows panicked");
    assert_eq!(counts(&report), [3, 1, 2, 1]);
}

#[tokio::test]
async fn a_thread_that_waits_for_rows_keeps_no_run_from_ending() {
    use meta_offline_events::client::StopHandle;

    let service = Service::new(|_, _| Act::Accept);
    let client = service.client().build().unwrap();
    let (rows, source) = std::sync::mpsc::channel();
    rows.send(Ok::<_, Failure>(Sale(1, "A1", "5"))).unwrap();
    let mut events = SortedEvents::from_rows(source.into_iter(), OrderRules::new(), now()).on_thread();
    let stop = StopHandle::new();
    stop.request_stop();
    let report = client.deliver(&mut events).stop_on(&stop).await;
    assert!(matches!(report.stopped(), Some(StopCause::Cancelled)));
    assert_eq!(report.events().accepted, 0);
    drop((events, rows));
}
