//! Rows that are sorted by order id: they give what the same rows give in any order.

use std::collections::BTreeSet;

use meta_offline_events::customer::{Coverage, MatchKey, UserData};
use meta_offline_events::event::{ActionSource, Event, EventName};
use meta_offline_events::order::csv::CsvRows;
use meta_offline_events::order::{
    Ending, NotSorted, OrderRules, Orders, Prepared, Row, RowLayout, RowSlice, SortedError, SortedOrders,
};
use meta_offline_events::report::{Diagnostic, RowReport};
use meta_offline_events::value::{Currency, EventTime, Line};
use meta_offline_events::wire::{Batch, BatchLimits, Batcher, Batches, RequestFields};
use proptest::prelude::*;
use serde_json::Value;
use serde_json::value::RawValue;

const NOON: i64 = 1_777_896_000; // 2026-05-04T12:00:00Z

fn now() -> EventTime {
    EventTime::from_unix(NOON + 3600).unwrap()
}

fn open(file: &str) -> CsvRows<&[u8]> {
    CsvRows::new(file.as_bytes(), &RowLayout::new()).unwrap()
}

fn gathered(file: &str, rules: OrderRules) -> Prepared {
    let mut orders = Orders::with_rules(rules);
    open(file).read_into(&mut orders).unwrap();
    orders.finish(now())
}

/// One row after another; events are taken as soon as they are there.
fn streamed(file: &str, rules: OrderRules) -> Result<Prepared, NotSorted> {
    let mut orders = SortedOrders::new(rules, now());
    let mut rows = open(file);
    let mut events = Vec::new();
    while let Some(reading) = rows.next_row().unwrap() {
        orders.push_parsed(reading)?;
        events.extend(orders.take_event());
    }
    orders.end_source(rows.ending());
    let mut prepared = orders.finish();
    events.append(&mut prepared.events);
    prepared.events = events;
    Ok(prepared)
}

/// Bodies of events that are lent one by one.
fn bodies(
    file: &str,
    rules: OrderRules,
    fields: &RequestFields,
    limits: BatchLimits,
) -> (Vec<Batch>, Prepared) {
    let mut orders = SortedOrders::new(rules, now());
    let mut batcher = Batcher::new(fields).limits(limits);
    let mut rows = open(file);
    let mut bodies = Vec::new();
    while let Some(row) = rows.next_row().unwrap() {
        orders.push_parsed(row).unwrap();
        while let Some(event) = orders.next_event() {
            batcher.push(event);
        }
        while let Some(batch) = batcher.next_batch() {
            bodies.push(batch.clone());
        }
    }
    orders.end_source(rows.ending());
    let prepared = orders.finish();
    prepared.events.iter().for_each(|event| batcher.push(event));
    bodies.extend(batcher.finish());
    (bodies, prepared)
}

/// What is said, with the lines of which it is said; a stream does not know the lines that share a value.
type Said = BTreeSet<(Option<&'static str>, &'static str, String, Vec<Line>)>;

fn said(diagnostics: &[Diagnostic]) -> Said {
    let one = |diagnostic: &Diagnostic| {
        let lines = if diagnostic.code() == "shared_value" { &[] } else { diagnostic.lines() };
        (diagnostic.column(), diagnostic.code(), diagnostic.message().to_owned(), lines.to_vec())
    };
    diagnostics.iter().map(one).collect()
}

type Account = (u64, u64, u64, Said, Said);

fn account(rows: &RowReport) -> Account {
    (rows.read(), rows.filtered(), rows.invalid(), said(rows.diagnostics()), said(rows.notes()))
}

/// All that can be asked about what customers are found by.
fn found_by(coverage: &Coverage) -> String {
    let keys = MatchKey::ALL.map(|key| (coverage.count_with(key), coverage.values(key)));
    let incomplete = coverage.phones_without_country_code();
    let repeats: Vec<_> = coverage.shared_values().iter().map(ToString::to_string).collect();
    format!("{} {keys:?} {incomplete} {repeats:?} {:?}", coverage.customers(), coverage.combinations())
}

fn adds_up(rows: &RowReport, events: &[Event]) -> bool {
    let in_events: u64 = events.iter().map(Event::row_count).sum();
    rows.read() == in_events + rows.filtered() + rows.invalid() + rows.not_sent()
}

/// The events of a body, each as its text in the body.
fn written(batch: &Batch) -> Vec<Box<RawValue>> {
    #[derive(serde::Deserialize)]
    struct Body {
        data: Vec<Box<RawValue>>,
    }
    serde_json::from_slice::<Body>(batch.body()).unwrap().data
}

const HEADER: [&str; 18] = [
    "order_id",
    "email",
    "phone",
    "given_name",
    "city",
    "country",
    "product_id",
    "quantity",
    "price",
    "value",
    "currency",
    "timestamp",
    "event_name",
    "action_source",
    "event_id",
    "event_source_url",
    "client_user_agent",
    "delivery_category",
];

/// What else may stand in these columns.
const OTHER_TEXTS: [&[&str]; 18] = [
    &[""],
    &["m@example.com", "j@example.com", "mary@", "", "M@Example.com ", "test@test.com"],
    &["", "+1 650 555 1212", "+49 30 1234567", "12"],
    &["", "Mary", "Valéry", "Jose\u{301}", "ΣΩΚΡΆΤΗΣ", "-"],
    &["", "San José", "Köln", "8 Mile", "Winston-Salem"],
    &["", "us", "Germany", "Atlantis"],
    &["", "SKU-1", "SKU-2", "TEE GRÜN \u{1F375}"],
    &["1", "2", "3", "4", "12", "0", "-1", "one"],
    &["10.50", "0.99", "0.005", "1234567.89", "7", "0", "1e3", ""],
    &["", "10.50", "31.5", "1"],
    &["EUR", "USD", "jpy", "US$", ""],
    &["1777896000", "1777895940", "1777700000", "1770000000", "yesterday", ""],
    &["", "Lead", "Purchase", "NoSuchName"],
    &["", "phone_call", "physical_store", "website", "nowhere"],
    &["", "E1", "E2"],
    &["", "https://shop.example/thanks", "thanks"],
    &["", "Mozilla/5.0 (X11)"],
    &["", "in_store", "home_delivery"],
];

const USUAL: [[&str; 18]; 3] = [
    [
        "",
        "m@example.com",
        "",
        "Mary",
        "",
        "us",
        "SKU-1",
        "1",
        "10.50",
        "",
        "EUR",
        "1777896000",
        "",
        "",
        "",
        "",
        "",
        "",
    ],
    [
        "",
        "",
        "+1 650 555 1212",
        "Valéry",
        "Köln",
        "",
        "SKU-2",
        "2",
        "0.99",
        "",
        "USD",
        "1777895940",
        "",
        "",
        "",
        "",
        "",
        "",
    ],
    [
        "",
        "j@example.com",
        "",
        "",
        "San José",
        "",
        "SKU-1",
        "1",
        "10.50",
        "",
        "EUR",
        "1777896000",
        "",
        "website",
        "E1",
        "https://shop.example/thanks",
        "Mozilla/5.0 (X11)",
        "in_store",
    ],
];

/// Stands for the order id of a line that continues another.
const SAME_ID: char = '§';

/// How a record may go wrong as a whole.
#[derive(Debug, Clone, Copy)]
enum Shape {
    Fields(usize),
    /// A quote is not closed, and the next line is taken for a part of the field; this stands behind the
    /// next quote.
    Swallowing(&'static str),
}

fn any_shape() -> impl Strategy<Value = Shape> {
    prop_oneof![
        40 => Just(Shape::Fields(HEADER.len())),
        1 => prop::sample::select(vec![2, HEADER.len() - 1, HEADER.len() + 1]).prop_map(Shape::Fields),
        1 => prop::sample::select(&["", "x"][..]).prop_map(Shape::Swallowing),
    ]
}

/// A line of the file, without its order id, which comes first.
fn any_line(usual: usize) -> impl Strategy<Value = String> {
    const PRODUCT: usize = 6;
    let change = (1..HEADER.len(), any::<prop::sample::Index>());
    let changes = prop_oneof![
        8 => Just(Vec::new()),
        4 => prop::collection::vec((PRODUCT..9, any::<prop::sample::Index>()), 1..3),
        1 => prop::collection::vec(change, 1..3),
    ];
    (changes, any_shape()).prop_map(move |(changes, shape)| {
        let mut fields = USUAL[usual].to_vec();
        for (column, text) in changes {
            fields[column] = *text.get(OTHER_TEXTS[column]);
        }
        let line = |fields: &[&str]| fields[1..].join(",");
        match shape {
            Shape::Fields(width) => {
                fields.resize(width, "");
                line(&fields)
            }
            Shape::Swallowing(behind) => {
                fields[PRODUCT] = "\"SKU-3";
                let first = line(&fields);
                let end = format!("SKU-4\"{behind}");
                fields[PRODUCT] = &end;
                format!("{first}\n{SAME_ID},{}", line(&fields))
            }
        }
    })
}

/// The lines of one order; often one of them is there several times.
fn any_order() -> impl Strategy<Value = Vec<String>> {
    (0..USUAL.len(), 1..4_usize).prop_flat_map(|(usual, repeat)| {
        prop::collection::vec(any_line(usual), 1..7).prop_map(move |mut lines| {
            lines.resize(lines.len() + repeat - 1, lines[0].clone());
            lines
        })
    })
}

/// A file whose orders ascend; now and then a row has no order id.
fn any_sorted_file() -> impl Strategy<Value = String> {
    let id = |number: usize| if number % 5 == 4 { String::new() } else { format!("A{number:02}") };
    prop::collection::vec(any_order(), 0..14).prop_map(move |orders| {
        let rows = orders.iter().enumerate().flat_map(|(number, lines)| {
            let id = id(number);
            lines.iter().map(move |line| format!("{id},{line}\n").replace(SAME_ID, &id))
        });
        format!("{}\n{}", HEADER.join(","), rows.collect::<String>())
    })
}

fn any_rules() -> impl Strategy<Value = OrderRules> {
    (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(zero, sums, drops, holds)| {
        let mut rules = OrderRules::new();
        rules = if zero { rules.allow_zero_totals() } else { rules };
        rules = if sums { rules.sum_values() } else { rules };
        rules = if holds { rules.hold_back_last_order() } else { rules };
        if drops { rules.drop_repeats() } else { rules }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn a_stream_gives_what_gathering_gives(file in any_sorted_file(), rules in any_rules()) {
        let expected = gathered(&file, rules.clone());
        let prepared = streamed(&file, rules).unwrap();
        prop_assert_eq!(&prepared.events, &expected.events);
        prop_assert_eq!(account(&prepared.rows), account(&expected.rows));
        prop_assert!(adds_up(&prepared.rows, &prepared.events));
        prop_assert_eq!(found_by(&prepared.coverage), found_by(&expected.coverage));
    }

    #[test]
    fn bodies_are_those_of_the_gathered_events(
        file in any_sorted_file(),
        rules in any_rules(),
        max_events in 1..6_usize,
        max_bytes in 4096..6000_usize,
        code in any::<bool>(),
    ) {
        let expected = gathered(&file, rules.clone());
        let fields = RequestFields::new();
        let fields = if code { fields.test_event_code("TEST1").unwrap() } else { fields };
        let limits = BatchLimits::new(max_events, max_bytes).unwrap();
        let (batches, rest) = bodies(&file, rules, &fields, limits);
        let of_events: Vec<_> = Batches::new(&expected.events, &fields).limits(limits).collect();
        prop_assert_eq!(&batches, &of_events);
        prop_assert_eq!(account(&rest.rows), account(&expected.rows));
        prop_assert_eq!(found_by(&rest.coverage), found_by(&expected.coverage));
        for batch in &batches {
            let events = &expected.events[batch.events()];
            let written = written(batch);
            prop_assert_eq!(written.len(), events.len());
            for (written, event) in written.iter().zip(events) {
                prop_assert_eq!(written.get(), serde_json::to_string(event).unwrap(), "digit by digit");
                prop_assert_eq!(serde_json::from_str::<Value>(written.get()).unwrap(), serde_json::to_value(event).unwrap());
            }
        }
    }
}

/// A row of an order, at this line.
fn row(line: u64, order: &str) -> Row<'static> {
    Row::new(Line::new(line), EventTime::from_unix(NOON).unwrap())
        .customer(UserData::builder().email("mary@example.com"))
        .order_id(order.parse().unwrap())
        .quantity(1)
        .price("0.10".parse().unwrap())
        .product("SKU-1".parse().unwrap())
        .currency(Currency::EUR)
}

/// Takes orders until one is refused; the events before, and the account to its end.
fn until_refused(ids: &[&str]) -> (Option<NotSorted>, Prepared) {
    let mut orders = SortedOrders::new(OrderRules::new(), now());
    let mut refusals: Vec<_> =
        (1..).zip(ids).filter_map(|(line, id)| orders.push(&row(line, id)).err()).collect();
    refusals.dedup();
    assert!(refusals.len() <= 1, "every later row is refused for the same reason: {refusals:?}");
    (refusals.pop(), orders.finish())
}

#[test]
fn an_order_that_comes_back_stops_everything_and_is_counted() {
    let (refusal, prepared) = until_refused(&["A1", "A1", "A2", "A3", "A1", "A4", "A5"]);
    let refusal = refusal.unwrap();
    assert_eq!((refusal.line(), refusal.earlier()), (Line::new(5), Line::new(1)));
    assert_eq!((prepared.rows.read(), prepared.rows.invalid(), prepared.events.len()), (5, 1, 3));
    assert!(adds_up(&prepared.rows, &prepared.events));
    let diagnostic = &prepared.rows.diagnostics()[0];
    assert_eq!((diagnostic.code(), diagnostic.lines()), ("not_sorted", &[Line::new(5)][..]));
    assert_eq!(diagnostic.message(), refusal.to_string());
}

#[test]
fn an_order_that_comes_back_from_far_away_is_out_of_place() {
    const ORDERS: u64 = 58_000;
    let mut orders = SortedOrders::new(OrderRules::new(), now());
    let mut events = 0;
    for line in 1..=ORDERS {
        orders.push(&row(line, &format!("A{line:06}"))).unwrap();
        events += u64::from(orders.next_event().is_some());
    }
    let refusal = orders.push(&row(ORDERS + 1, "A000001")).unwrap_err();
    assert_eq!((refusal.line(), refusal.earlier()), (Line::new(ORDERS + 1), Line::new(ORDERS)));
    assert_eq!(orders.push(&row(ORDERS + 2, "A999999")), Err(refusal));
    let prepared = orders.finish();
    events += prepared.events.len() as u64;
    assert_eq!((prepared.rows.read(), prepared.rows.invalid(), events), (ORDERS + 1, 1, ORDERS));
}

#[test]
fn ready_events_are_those_that_can_be_taken() {
    let mut orders = SortedOrders::new(OrderRules::new(), now());
    for (line, order) in (1..).zip(["A1", "A2", "A2", "A3"]) {
        orders.push(&row(line, order)).unwrap();
    }
    assert_eq!(orders.ready_events(), 2, "A3 may continue");
    assert!(orders.next_event().is_some());
    assert_eq!(orders.ready_events(), 1);
    assert!(orders.take_event().is_some());
    assert_eq!(orders.ready_events(), 0);
    orders.end_source(Ending::Proven);
    assert_eq!(orders.ready_events(), 1);
}

#[test]
fn ids_may_stand_in_any_sequence_as_long_as_orders_stay_together() {
    for ids in [
        ["A01", "A01", "A02", "A10", "B", "a"],
        ["A9", "A9", "A10", "A11", "A100", "A100"],
        ["9", "9", "8", "7", "6", "5"],
        ["100", "99", "99", "10", "9", "1"],
        ["m", "m", "z", "a", "k", "k"],
    ] {
        let (refusal, prepared) = until_refused(&ids);
        assert_eq!(refusal, None, "{ids:?}");
        let mut orders = Orders::new();
        for (line, id) in (1..).zip(ids) {
            orders.push(&row(line, id));
        }
        assert_eq!(prepared.events, orders.finish(now()).events, "{ids:?}");
    }
}

#[test]
fn one_order_may_be_several_events_whose_rows_alternate() {
    let names = [EventName::PURCHASE, "Lead".parse().unwrap()];
    let sources = [ActionSource::PhysicalStore, ActionSource::PhoneCall];
    let mut gathered = Orders::new();
    let mut sorted = SortedOrders::new(OrderRules::new(), now());
    for line in 0..24_u64 {
        let kind = usize::try_from(line % 4).unwrap();
        let order = if line < 16 { "A1" } else { "A2" };
        let row = row(line, order).name(names[kind / 2].clone()).action_source(sources[kind % 2]);
        sorted.push(&row).unwrap();
        gathered.push(&row);
    }
    let (sorted, gathered) = (sorted.finish(), gathered.finish(now()));
    assert_eq!(sorted.events.iter().map(Event::row_count).collect::<Vec<_>>(), [4, 4, 4, 4, 2, 2, 2, 2]);
    assert_eq!(sorted.events, gathered.events);
    assert_eq!(account(&sorted.rows), account(&gathered.rows));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn of_few_orders_the_first_that_comes_back_is_reported_with_its_beginning(
        ids in prop::collection::vec(prop::sample::select(&["A1", "A2", "A3", "B", "9", "10"][..]), 0..12),
    ) {
        let began = |place: usize| ids[..place].iter().position(|id| *id == ids[place]);
        let comes_back = |place: &usize| *place > 0 && ids[place - 1] != ids[*place] && began(*place).is_some();
        let back = (0..ids.len()).find(comes_back);
        let (refusal, prepared) = until_refused(&ids);
        let refused = refusal.map(|refusal| (refusal.line().number(), refusal.earlier().number()));
        let line = |place: usize| place as u64 + 1;
        prop_assert_eq!(refused, back.and_then(|place| Some((line(place), line(began(place)?)))));
        prop_assert!(adds_up(&prepared.rows, &prepared.events));
        prop_assert_eq!(prepared.rows.read(), back.map_or(ids.len() as u64, line));

        let mut orders = Orders::new();
        for (line, id) in (1..).zip(&ids[..back.unwrap_or(ids.len())]) {
            orders.push(&row(line, id));
        }
        prop_assert_eq!(prepared.events, orders.finish(now()).events);
    }
}

#[test]
fn a_row_without_an_order_id_does_not_hide_what_spoils_the_next_order() {
    let file = "order_id,email,timestamp,value,currency\n\
        A1,m@example.com,1777896000,5,EUR\n\
        A2,m@example.com\n\
        ,n@example.com,1777896000,6,EUR\n\
        A2,m@example.com,1777896000,7,EUR\n";
    let (sorted, gathered) = (streamed(file, OrderRules::new()).unwrap(), gathered(file, OrderRules::new()));
    assert_eq!(sorted.events.len(), 2, "A2 lacks a row");
    assert_eq!(sorted.events, gathered.events);
    assert_eq!(account(&sorted.rows), account(&gathered.rows));
}

#[test]
fn a_file_is_a_stream_of_events_and_says_how_it_ended() {
    let file = "order_id,email,timestamp,value,currency\n\
        A1,m@example.com,1777896000,5,EUR\n\
        A2,n@example.com,1777896000,6,EUR\n\
        A3,\"m@example.com,1777896000,7,EUR\n";
    let mut events = open(file).sorted(OrderRules::new(), now());
    assert!(events.next().unwrap().is_ok());
    let error = events.next().expect("A2 may continue behind the open quote").unwrap_err();
    assert!(matches!(error, SortedError::Csv(_)), "{error:?}");
    assert!(events.next().is_none());
    let finished = events.finish();
    assert_eq!((finished.rows.read(), finished.rows.not_sent()), (2, 1));

    let whole = &file[..file.find("A3").unwrap()];
    let mut events = open(whole).sorted(OrderRules::new(), now());
    let all: Vec<Event> = events.by_ref().map(Result::unwrap).collect();
    assert_eq!(all, gathered(whole, OrderRules::new()).events);
    assert_eq!(events.finish().coverage.customers(), 2);
}

#[test]
fn a_file_that_is_left_early_accounts_for_the_rows_that_were_read() {
    let file = "order_id,email,timestamp,value,currency,event_name\n\
        A1,m@example.com,1777896000,5,EUR,\n\
        A1,m@example.com,1777896000,5,EUR,Lead\n\
        A2,n@example.com,1777896000,6,EUR,\n\
        A3,n@example.com,1777896000,6,EUR,\n";
    for (taken, read, reasons) in [
        (0, 0, vec![]),
        (1, 3, vec![(3, "not_taken"), (4, "order_incomplete")]),
        (2, 3, vec![(4, "order_incomplete")]),
        (3, 4, vec![(5, "order_incomplete")]),
        (4, 4, vec![]),
    ] {
        let mut events = open(file).sorted(OrderRules::new(), now());
        let sent: Vec<Event> = events.by_ref().take(taken).map(Result::unwrap).collect();
        let rows = events.finish().rows;
        assert_eq!((sent.len(), rows.read()), (taken, read));
        let mut reported: Vec<_> = rows
            .diagnostics()
            .iter()
            .flat_map(|diagnostic| diagnostic.lines().iter().map(|line| (line.number(), diagnostic.code())))
            .collect();
        reported.sort_unstable();
        assert_eq!(reported, reasons, "{taken}");
        assert!(adds_up(&rows, &sent));
    }
}

#[test]
fn limits_that_are_set_late_lose_nothing() {
    let three = BatchLimits::new(3, 1_000_000).unwrap();
    let mut batcher = Batcher::new(&RequestFields::new());
    let rows: Vec<_> = (1..=10_u64).map(|line| row(line, &format!("A{line:02}"))).collect();
    let events = RowSlice::new(&rows).prepare(now()).unwrap().events;
    for (number, event) in (1..).zip(&events) {
        if number == 5 {
            batcher = batcher.limits(three);
        }
        batcher.push(event);
    }
    let sizes: Vec<_> = batcher.finish().iter().map(Batch::events).collect();
    assert_eq!(sizes, [0..4, 4..7, 7..10]);
}
