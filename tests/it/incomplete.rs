//! Exports that end too early or change while they are read: what is sent of them, and what the report says.

use meta_offline_events::customer::UserData;
use meta_offline_events::event::Event;
use meta_offline_events::order::csv::{CsvErrorKind, CsvRows};
use meta_offline_events::order::{
    Ending, NotSorted, OrderRules, Orders, Prepared, Row, RowLayout, SortedError, SortedOrders,
};
use meta_offline_events::report::{DeliveryReport, Diagnostic};
use meta_offline_events::value::{Currency, EventTime};

/// Two orders of two rows each, and a third of two rows at its end.
const FILE: &str = "order_id,email,timestamp,product_id,currency,quantity,price\n\
    A1,mary@example.com,1777896000,S1,EUR,1,10.50\n\
    A1,mary@example.com,1777896000,S2,EUR,2,0.99\n\
    A2,john@example.com,1777896000,S1,EUR,1,10.50\n\
    A2,john@example.com,1777896000,S2,EUR,2,0.99\n\
    A3,zoe@example.com,1777896000,S1,EUR,1,10.50\n\
    A3,zoe@example.com,1777896000,S2,EUR,1,1234.50\n";

fn now() -> EventTime {
    EventTime::from_unix(1_777_910_400).unwrap()
}

fn rows(file: &str) -> CsvRows<&[u8]> {
    CsvRows::new(file.as_bytes(), &RowLayout::new()).unwrap()
}

/// Lines and message of the note that the end of the file is not proven.
fn unproven(prepared: &Prepared) -> Option<(Vec<u64>, &str)> {
    let lines = |note: &Diagnostic| note.lines().iter().map(|line| line.number()).collect();
    let note = prepared.rows.notes().iter().find(|note| note.code() == "unproven_end")?;
    Some((lines(note), note.message()))
}

fn in_any_order(mut rows: CsvRows<&[u8]>, rules: OrderRules) -> (Prepared, Option<CsvErrorKind>) {
    let mut orders = Orders::with_rules(rules);
    let error = rows.read_into(&mut orders).err().map(|error| error.kind().clone());
    (orders.finish(now()), error)
}

#[test]
fn c27_the_last_order_is_named_as_what_nothing_proves() {
    let (prepared, error) = in_any_order(rows(FILE), OrderRules::new());
    assert_eq!((prepared.events.len(), error), (3, None));
    let (lines, message) = unproven(&prepared).unwrap();
    assert_eq!(lines, [6, 7]);
    assert_eq!(
        message,
        "nothing proves that the file ends here: rows of its last order may be missing; state how many rows it has, \
         or the end mark that is its last line"
    );
}

#[test]
fn c18_a_last_line_without_a_line_break_is_named() {
    let (prepared, _) = in_any_order(rows(FILE.trim_end()), OrderRules::new());
    let (lines, message) = unproven(&prepared).unwrap();
    assert_eq!(lines, [6, 7]);
    assert_eq!(
        message,
        "the last line has no line break: its last field may be cut, and rows of its order may be missing; state \
         the end mark that is the last line of the file"
    );
}

fn sorted(rows: CsvRows<&[u8]>, rules: OrderRules) -> (Prepared, Option<CsvErrorKind>) {
    let mut events = rows.sorted(rules, now());
    let (mut sent, mut error) = (Vec::new(), None);
    for event in events.by_ref() {
        match event {
            Ok(event) => sent.push(event),
            Err(SortedError::Csv(csv)) => error = Some(csv.kind().clone()),
            Err(other) => panic!("{other}"),
        }
    }
    let mut prepared = events.finish();
    prepared.events = sent;
    (prepared, error)
}

type Read = fn(CsvRows<&[u8]>, OrderRules) -> (Prepared, Option<CsvErrorKind>);

const WAYS: [Read; 2] = [in_any_order, sorted];

fn adds_up(prepared: &Prepared) -> bool {
    let in_events: u64 = prepared.events.iter().map(Event::row_count).sum();
    let rows = &prepared.rows;
    rows.read() == in_events + rows.filtered() + rows.invalid() + rows.not_sent()
}

/// Every place where a file may be cut behind its header.
fn cuts(file: &str) -> impl Iterator<Item = &str> {
    let header = file.find('\n').unwrap() + 1;
    (header..file.len()).map(|end| &file[..end])
}

#[test]
fn c27_an_end_mark_finds_every_cut_and_holds_back_what_may_be_incomplete() {
    let whole = format!("{FILE}#END 6");
    for read in WAYS {
        for end in ["", "\n", "\r\n", "\n\n"] {
            let file = format!("{whole}{end}");
            let (prepared, error) = read(rows(&file).end_mark("#END 6"), OrderRules::new());
            assert_eq!((prepared.events.len(), error, unproven(&prepared)), (3, None, None));
        }
        for cut in cuts(&whole) {
            let (prepared, error) = read(rows(cut).end_mark("#END 6"), OrderRules::new());
            assert_eq!(error, Some(CsvErrorKind::NoEndMark), "{cut}");
            assert!(adds_up(&prepared), "{cut}: {:?}", prepared.rows);
        }
    }
    let cut = rows(FILE).end_mark("#END 6");
    let (any, _) = in_any_order(cut, OrderRules::new());
    assert_eq!((any.events.len(), any.rows.not_sent()), (0, 6), "every order is open");
    let (sorted, _) = sorted(rows(FILE).end_mark("#END 6"), OrderRules::new());
    assert_eq!((sorted.events.len(), sorted.rows.not_sent()), (2, 2), "the last order is open");
    assert_eq!(sorted.rows.diagnostics()[0].code(), "order_incomplete");
    let behind = format!("{whole}\nA4,mary@example.com,1777896000,S1,EUR,1,1\n");
    let (_, error) = in_any_order(rows(&behind).end_mark("#END 6"), OrderRules::new());
    assert_eq!(error, Some(CsvErrorKind::RowsAfterEndMark));
}

#[test]
fn c27_a_stated_number_of_rows_finds_every_missing_row() {
    for read in WAYS {
        let (prepared, error) = read(rows(FILE).expect_rows(6), OrderRules::new());
        assert_eq!((prepared.events.len(), error, unproven(&prepared)), (3, None, None));
        for (stated, found) in [(7, 6), (5, 6), (0, 1)] {
            let (prepared, error) = read(rows(FILE).expect_rows(stated), OrderRules::new());
            assert_eq!(error, Some(CsvErrorKind::RowCount { expected: stated, found }));
            assert!(prepared.rows.not_sent() > 0 || stated == 0, "{stated}");
        }
        let last_row = FILE.trim_end().rfind('\n').unwrap();
        for cut in cuts(FILE) {
            let (prepared, error) = read(rows(cut).expect_rows(6), OrderRules::new());
            if cut.len() <= last_row + 1 {
                assert!(matches!(error, Some(CsvErrorKind::RowCount { expected: 6, .. })), "{cut}");
            } else {
                assert_eq!(error, None, "{cut}");
                // The last row is invalid, or the report says that it may be cut.
                let is_told = unproven(&prepared).is_some_and(|(_, message)| message.contains("may be cut"));
                assert!(is_told, "{cut}");
            }
        }
    }
}

#[test]
fn c18_c27_what_is_sent_of_a_cut_file_without_its_last_order_is_what_the_whole_file_gives() {
    for read in WAYS {
        let whole = read(rows(FILE).expect_rows(6), OrderRules::new()).0.events;
        for cut in cuts(FILE) {
            let (prepared, error) = read(rows(cut), OrderRules::new().hold_back_last_order());
            assert_eq!(error, None, "{cut}");
            assert!(prepared.events.iter().all(|event| whole.contains(event)), "{cut}");
            assert!(adds_up(&prepared), "{cut}");
        }
        let (prepared, _) = read(rows(FILE), OrderRules::new().hold_back_last_order());
        assert_eq!((prepared.events.len(), prepared.rows.not_sent()), (2, 2));
        assert_eq!(prepared.rows.diagnostics()[0].code(), "held_back");
        let proven = read(rows(FILE).expect_rows(6), OrderRules::new().hold_back_last_order()).0;
        assert_eq!((proven.events.len(), proven.rows.not_sent()), (3, 0));
    }
}

#[test]
fn c18_no_cut_of_the_last_record_is_sent_in_silence() {
    for read in WAYS {
        for cut in cuts(FILE) {
            let (prepared, _) = read(rows(cut), OrderRules::new());
            assert!(prepared.events.is_empty() || unproven(&prepared).is_some(), "{cut}");
        }
    }
}

#[test]
fn c27_the_report_of_a_delivery_counts_what_was_held_back_as_not_sent() {
    let (prepared, _) = in_any_order(rows(FILE), OrderRules::new().hold_back_last_order());
    let report = DeliveryReport::pending(&prepared.events).with_rows(prepared.rows);
    let rows = report.rows();
    assert_eq!((rows.read, rows.pending, rows.not_sent), (6, 4, 2));
    assert!(rows.is_balanced() && !report.all_accepted());
}

#[test]
fn c27_the_end_of_each_of_several_files_is_checked() {
    let header = &FILE[..=FILE.find('\n').unwrap()];
    let second = format!("{header}A4,mary@example.com,1777896000,S1,EUR,1,1\n");
    let mut orders = Orders::with_rules(OrderRules::new().hold_back_last_order());
    rows(FILE).source(1).read_into(&mut orders).unwrap();
    rows(&second).source(2).read_into(&mut orders).unwrap();
    let prepared = orders.finish(now());
    assert_eq!((prepared.events.len(), prepared.rows.not_sent()), (2, 3));
}

#[test]
fn c27_an_order_that_goes_on_in_the_next_sorted_file_is_not_cut_in_two() {
    let mut orders = SortedOrders::new(OrderRules::new(), now());
    let header = &FILE[..=FILE.find('\n').unwrap()];
    let mut push_all = |file: &str| {
        let mut rows = rows(file);
        while let Some(row) = rows.next_row().unwrap() {
            orders.push_parsed(row)?;
        }
        orders.end_source(rows.ending());
        Ok::<_, NotSorted>(())
    };
    assert_eq!(push_all(FILE), Ok(()));
    let error = push_all(&format!("{header}A3,zoe@example.com,1777896000,S3,EUR,1,1\n"));
    assert!(error.is_err(), "A3 was complete at the end of the first file");
}

#[test]
fn c27_an_order_with_an_invalid_row_stays_invalid_when_rows_are_missing() {
    let file =
        FILE.replace("A3,zoe@example.com,1777896000,S2,EUR,1,1234.50", "A3,zoe@example.com,soon,S2,EUR,1,5");
    for read in WAYS {
        let (prepared, _) = read(rows(&file).expect_rows(7), OrderRules::new());
        assert_eq!(prepared.rows.invalid(), 2, "{:?}", prepared.rows);
        assert!(adds_up(&prepared));
    }
}

#[test]
fn c27_an_order_at_the_end_of_many_sources_is_noted_once() {
    let sold = EventTime::from_unix(1_777_896_000).unwrap();
    let row = |line: u64, order: &str| {
        Row::new(line, sold)
            .customer(UserData::builder().email("mary@example.com"))
            .order_id(order.parse().unwrap())
            .value("5".parse().unwrap())
            .currency(Currency::EUR)
    };
    for (rules, sent) in [(OrderRules::new(), 2), (OrderRules::new().hold_back_last_order(), 1)] {
        let mut orders = Orders::with_rules(rules);
        orders.push(&row(2, "A1"));
        for line in 3..6 {
            orders.push(&row(line, "A2"));
            orders.end_source(Ending::Unproven);
        }
        let prepared = orders.finish(sold);
        let ends: Vec<_> =
            prepared.rows.notes().iter().filter(|note| note.code() == "unproven_end").collect();
        let [end] = ends[..] else { panic!("{ends:?}") };
        assert_eq!(end.lines().iter().map(|line| line.number()).collect::<Vec<_>>(), [3, 4, 5]);
        assert_eq!(prepared.events.len(), sent);
    }
}
