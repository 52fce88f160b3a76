//! From rows to events: the decisions of the row contract, and what may be wrong with values.
//!
//! Totals were worked out by hand. `d` numbers name the contradictions of the row contract and how
//! they were decided, `v` numbers the faults of values.

use std::error::Error;

use meta_offline_events::customer::{Hashed, MatchKey, MatchValue, UserData};
use meta_offline_events::event::Event;
use meta_offline_events::order::{
    Column, NumberStyle, OrderRules, Orders, ParsedRow, Prepared, Row, RowLayout,
};
use meta_offline_events::report::Diagnostic;
use meta_offline_events::value::{AgeLimit, Amount, Currency, EventTime, Line, Money, OrderId};
use proptest::prelude::*;

type Test = Result<(), Box<dyn Error>>;

const NOON: i64 = 1_777_896_000; // 2026-05-04T12:00:00Z
const DAY: i64 = 86_400;
pub(super) const TILL: &str = "order_id|email|timestamp|product_id|quantity|price|currency";

fn at(unix: i64) -> EventTime {
    EventTime::from_unix(unix).unwrap_or_else(|error| panic!("{error}"))
}

/// Reads rows as a till may write them, with `|` between the fields; the first is line 2.
pub(super) struct Till {
    pub(super) layout: RowLayout,
    pub(super) rules: OrderRules,
    pub(super) now: i64,
}

pub(super) fn till() -> Till {
    Till { layout: RowLayout::new(), rules: OrderRules::new(), now: NOON + 3600 }
}

impl Till {
    pub(super) fn prepare<S: AsRef<str>>(self, header: &str, rows: &[S]) -> Prepared {
        let names: Vec<_> = header.split('|').collect();
        let has_order_id = names.iter().any(|name| Column::named(name) == Some(Column::OrderId));
        let layout = if has_order_id { self.layout } else { self.layout.each_row_an_order() };
        let bound = layout.bind(&names).unwrap_or_else(|error| panic!("{error}"));
        let mut orders = Orders::with_rules(self.rules);
        for (number, row) in (2..).zip(rows) {
            let fields: Vec<_> = row.as_ref().split('|').collect();
            orders.push_parsed(
                bound.read(Line::new(number), |index| fields.get(index).copied().unwrap_or_default()),
            );
        }
        orders.finish(at(self.now))
    }
}

pub(super) fn prepare<S: AsRef<str>>(header: &str, rows: &[S]) -> Prepared {
    till().prepare(header, rows)
}

fn listed(diagnostics: &[Diagnostic]) -> Vec<(u64, Option<&'static str>, &'static str)> {
    let of_lines = |diagnostic: &Diagnostic| {
        let (column, reason) = (diagnostic.column(), diagnostic.code());
        diagnostic.lines().iter().map(move |line| (line.number(), column, reason)).collect::<Vec<_>>()
    };
    let mut listed: Vec<_> = diagnostics.iter().flat_map(of_lines).collect();
    listed.sort_unstable();
    listed
}

fn diagnostics(prepared: &Prepared) -> Vec<(u64, Option<&'static str>, &'static str)> {
    listed(prepared.rows.diagnostics())
}

fn notes(prepared: &Prepared) -> Vec<&'static str> {
    prepared.rows.notes().iter().map(Diagnostic::code).collect()
}

/// What each event is worth.
fn values(prepared: &Prepared) -> Vec<String> {
    let value = |event: &Event| event.custom_data().value().map(|value| value.to_string());
    prepared.events.iter().map(|event| value(event).unwrap_or_default()).collect()
}

fn adds_up(prepared: &Prepared) -> bool {
    let in_events: u64 = prepared.events.iter().map(Event::row_count).sum();
    prepared.rows.read() == in_events + prepared.rows.filtered() + prepared.rows.invalid()
}

/// The reason and column for which this single row of the till is refused, if it is.
fn refusal(header: &str, row: &str) -> Option<(Option<&'static str>, &'static str)> {
    let prepared = prepare(header, &[row]);
    assert_eq!(prepared.events.is_empty(), prepared.rows.invalid() == 1, "{row}");
    prepared.rows.diagnostics().first().map(|diagnostic| (diagnostic.column(), diagnostic.code()))
}

fn row_with(column: &str, text: &str) -> String {
    let good = [("order_id", "A1"), ("email", "mary@example.com"), ("timestamp", "1777896000")];
    let good =
        [&good[..], &[("product_id", "S"), ("quantity", "1"), ("price", "10.50"), ("currency", "EUR")]];
    let fields = good.concat();
    let fields: Vec<_> =
        fields.iter().map(|&(name, field)| if name == column { text } else { field }).collect();
    fields.join("|")
}

/// Why a row with this text in this column is refused; nothing when it becomes an event.
fn reason(column: &str, text: &str) -> Option<&'static str> {
    refusal(TILL, &row_with(column, text)).map(|(_, reason)| reason)
}

#[test]
fn d1_what_a_row_needs() {
    let header = "email|phone|timestamp|event_name|quantity|price|value|currency";
    for (row, refused) in [
        ("m@example.com||1777896000||1|10||EUR", None),
        ("|+49 30 1234567|1777896000||||10|EUR", None),
        ("m@example.com|||Purchase|1|10||EUR", Some((Some("timestamp"), "empty"))),
        ("||1777896000||1|10||EUR", Some((Some("email"), "no_identity"))),
        ("m@example.com||1777896000||1|10||", Some((Some("currency"), "missing"))),
        ("m@example.com||1777896000||1|||EUR", Some((Some("price"), "missing"))),
        ("m@example.com||1777896000|||10||EUR", Some((Some("quantity"), "missing"))),
        ("m@example.com||1777896000|Lead||||", None),
    ] {
        assert_eq!(refusal(header, row), refused, "{row}");
    }
}

#[test]
fn d2_value_stands_in_for_price_and_quantity() {
    let header = "order_id|email|timestamp|value|currency";
    assert_eq!(values(&prepare(header, &["A1|m@example.com|1777896000|31.50|EUR"])), ["31.5 EUR"]);
}

#[test]
fn d3_d19_the_advertiser_id_is_optional_and_travels_unhashed() {
    let header = "email|timestamp|value|currency|madid";
    let id = "ABCDEF12-3456-7890-ABCD-EF1234567890";
    let rows = [format!("m@example.com|1777896000|5|EUR|{id}"), "m@example.com|1777896000|5|EUR|".to_owned()];
    let prepared = prepare(header, &rows);
    let sent: Vec<_> = prepared.events[0].user_data().values(MatchKey::MobileAdvertiserId).collect();
    assert_eq!(sent, [MatchValue::Plain(&id.to_lowercase())]);
    assert!(!prepared.events[1].user_data().has(MatchKey::MobileAdvertiserId));
}

#[test]
fn d4_seconds_and_datetimes_are_taken_and_milliseconds_refused() {
    for text in ["1777896000", "2026-05-04 12:00:00", "2026-05-04T14:00:00+02:00"] {
        let prepared = prepare(TILL, &[row_with("timestamp", text)]);
        assert_eq!(prepared.events[0].time().unix(), NOON, "{text}");
    }
    assert_eq!(reason("timestamp", "1777896000000"), Some("looks_like_milliseconds"));
}

#[test]
fn d5_d6_the_window_is_exact_and_depends_on_the_source() {
    let header = "email|timestamp|value|currency|action_source";
    let sent = |rules: OrderRules, age: i64, source: &str| {
        let row = format!("m@example.com|{}|5|EUR|{source}", NOON - age);
        let till = Till { rules, now: NOON, ..till() };
        let prepared = till.prepare(header, &[row]);
        if prepared.events.is_empty() {
            assert_eq!(diagnostics(&prepared), [(2, Some("timestamp"), "too_old")]);
        }
        !prepared.events.is_empty()
    };
    let exact = || OrderRules::new().margin(std::time::Duration::ZERO);
    for (source, days) in [("", 62), ("physical_store", 62), ("phone_call", 7), ("other", 7)] {
        assert!(sent(exact(), days * DAY, source), "{source}");
        assert!(!sent(exact(), days * DAY + 1, source), "{source}");
        assert!(sent(OrderRules::new(), days * DAY - 3600, source), "{source}");
        assert!(!sent(OrderRules::new(), days * DAY - 3599, source), "{source}");
    }
    let stricter = || exact().max_age(AgeLimit::days(7));
    assert!(sent(stricter(), 7 * DAY, ""));
    assert!(!sent(stricter(), 7 * DAY + 1, ""));
    assert!(!sent(exact().max_age(AgeLimit::days(62)), 8 * DAY, "phone_call"), "never laxer than Meta");
}

#[test]
fn d7_d8_d15_d16_v45_website_rows_need_three_values_and_others_go_on() {
    let header =
        "order_id|email|timestamp|value|currency|action_source|client_user_agent|event_id|event_source_url";
    let row = |order: &str, agent: &str, id: &str, page: &str| {
        format!("{order}|m@example.com|1777896000|5|EUR|website|{agent}|{id}|{page}")
    };
    let prepared = prepare(
        header,
        &[
            row("A1", "Mozilla/5.0", "e1", "https://shop.example/thanks"),
            row("A2", "", "e2", "https://shop.example/thanks"),
            row("A3", "Mozilla/5.0", "NULL", "https://shop.example/thanks"),
            row("A4", "Mozilla/5.0", "e4", " "),
            row("A5", "Mozilla/5.0", "e5", "/thanks"),
        ],
    );
    assert_eq!(prepared.events.len(), 1);
    let event = &prepared.events[0];
    assert_eq!((event.id().unwrap().as_str(), event.action_source().as_str()), ("e1", "website"));
    let agents: Vec<_> = event.user_data().values(MatchKey::ClientUserAgent).collect();
    assert_eq!(agents, [MatchValue::Plain("Mozilla/5.0")]);
    assert_eq!(
        diagnostics(&prepared),
        [
            (3, Some("client_user_agent"), "missing"),
            (4, Some("event_id"), "missing"),
            (5, Some("event_source_url"), "missing"),
            (6, Some("event_source_url"), "not_a_web_address"),
        ]
    );
}

#[test]
fn d8_a_typed_website_event_needs_no_event_id() -> Test {
    let customer = UserData::builder().email("m@example.com").client_user_agent("Mozilla/5.0").build()?;
    let event = Event::builder(at(NOON), customer)
        .name("Lead".parse()?)
        .action_source("website".parse()?)
        .event_source_url("https://shop.example/".parse()?)
        .build()?;
    assert_eq!(event.id().unwrap().as_str().len(), 32);
    Ok(())
}

#[test]
fn d9_d10_one_order_is_one_event_with_several_contents() {
    let prepared = prepare(
        TILL,
        &[
            "A1|m@example.com|1777896000|S1|2|10.50|EUR",
            "A2|m@example.com|1777896000|S1|1|10.50|EUR",
            "A1|m@example.com|1777896000|S2|1|0.99|EUR",
        ],
    );
    assert_eq!(values(&prepared), ["21.99 EUR", "10.5 EUR"]);
    let contents = serde_json::to_value(prepared.events[0].custom_data()).unwrap_or_default();
    assert_eq!(
        contents,
        serde_json::json!({
            "currency": "EUR", "value": 21.99, "order_id": "A1", "content_type": "product",
            "content_ids": ["S1", "S2"],
            "contents": [
                { "id": "S1", "quantity": 2, "item_price": 10.5 },
                { "id": "S2", "quantity": 1, "item_price": 0.99 },
            ],
        })
    );
}

#[test]
fn d9_the_key_of_a_group_is_order_name_and_source() {
    let header = "order_id|email|timestamp|event_name|action_source|value|currency";
    let prepared = prepare(
        header,
        &[
            "A1|m@example.com|1777896000|||5|EUR",
            "A1|m@example.com|1777896000|Purchase|physical_store|5|EUR",
            "A1|m@example.com|1777896000|Lead||5|EUR",
            "A1|m@example.com|1777896000||phone_call|5|EUR",
        ],
    );
    let rows: Vec<_> = prepared.events.iter().map(Event::row_count).collect();
    assert_eq!(rows, [2, 1, 1]);
    let ids: std::collections::HashSet<_> = prepared.events.iter().map(Event::id).collect();
    assert_eq!(ids.len(), 3);
}

#[test]
fn d11_d12_v43_currency() {
    for (text, refused) in [
        ("usd", None),
        (" EUR ", None),
        ("US$", Some("unknown_code")),
        ("840", Some("unknown_code")),
        ("XXX", Some("unknown_code")),
        ("", Some("missing")),
    ] {
        assert_eq!(reason("currency", text), refused, "{text:?}");
    }
    assert_eq!(values(&prepare(TILL, &[row_with("currency", "usd")])), ["10.5 USD"]);
    let header = "email|timestamp|event_name|value|currency";
    assert_eq!(refusal(header, "m@example.com|1777896000|Lead||"), None);
    let lacking = refusal(header, "m@example.com|1777896000|Lead|5|");
    assert_eq!(lacking, Some((Some("currency"), "missing")), "an amount needs its currency");
}

#[test]
fn d13_d14_v44_v46_v47_names_and_sources() {
    let header = "email|timestamp|event_name|action_source|value|currency";
    for (name, source, refused) in [
        ("Other", "", None),
        (" Purchase ", " email ", None),
        ("", "", None),
        ("NULL", "n/a", None),
        ("purchase", "", Some((Some("event_name"), "wrong_case"))),
        ("Subscribe", "", Some((Some("event_name"), "not_one_of"))),
        ("", "Physical Store", Some((Some("action_source"), "not_one_of"))),
        ("", "store", Some((Some("action_source"), "not_one_of"))),
        ("", "app", Some((Some("action_source"), "unsupported_source"))),
        ("", "business_messaging", Some((Some("action_source"), "unsupported_source"))),
    ] {
        let row = format!("m@example.com|1777896000|{name}|{source}|5|EUR");
        assert_eq!(refusal(header, &row), refused, "{name} {source}");
    }
    let long = format!("m@example.com|1777896000|{}||5|EUR", "x".repeat(300));
    assert_eq!(refusal(header, &long), Some((Some("event_name"), "too_long")));
    let hint = prepare(header, &["m@example.com|1777896000|purchase||5|EUR"]);
    assert!(hint.rows.diagnostics()[0].message().contains("did you mean Purchase?"));
    let list = prepare(header, &["m@example.com|1777896000||shop|5|EUR"]);
    assert!(list.rows.diagnostics()[0].message().contains("physical_store, phone_call"));
}

#[test]
fn d17_phones_are_digits_without_plus() {
    let prepared = prepare("phone|timestamp|value|currency", &["+49 (30) 123-4567|1777896000|5|EUR"]);
    let phones: Vec<_> = prepared.events[0].user_data().values(MatchKey::Phone).collect();
    assert_eq!(phones, [MatchValue::Hashed(&Hashed::of("49301234567"))]);
}

#[test]
fn d22_a_price_from_revenue_is_not_cut_to_whole_numbers() -> Test {
    for (revenue, quantity, sum) in
        [("100", 3, "100 EUR"), ("200", 3, "200 EUR"), ("10000", 7, "10000 EUR"), ("0.01", 3, "0.01 EUR")]
    {
        let price = revenue.parse::<Amount>()?.per_item(quantity).ok_or("no price")?;
        let mut orders = Orders::new();
        orders.push(&typed(2)?.quantity(quantity).price(price));
        assert_eq!(values(&orders.finish(at(NOON))), [sum]);
    }
    assert_eq!("5".parse::<Amount>()?.per_item(0), None);
    Ok(())
}

/// A typed row of order A1 in euro.
fn typed(line: u64) -> Result<Row<'static>, Box<dyn Error>> {
    Ok(Row::new(Line::new(line), at(NOON))
        .customer(UserData::builder().email("m@example.com"))
        .order_id("A1".parse()?)
        .currency(Currency::EUR))
}

#[test]
fn v1_v2_v9_prices_that_are_no_plain_number() {
    for (text, refused) in [
        ("NaN", "not_a_number"),
        ("inf", "not_a_number"),
        ("1e400", "exponent"),
        ("-1", "negative"),
        ("1,234.50", "number_style"),
        ("1.234,50", "number_style"),
        ("€5", "not_a_number"),
        ("5-", "not_a_number"),
        ("(5)", "not_a_number"),
    ] {
        assert_eq!(reason("price", text), Some(refused), "{text}");
    }
    let value = |text: &str| {
        refusal("email|timestamp|value|currency", &format!("m@example.com|1777896000|{text}|EUR"))
    };
    assert_eq!(value("-5"), Some((Some("value"), "negative")));
    assert_eq!(value("NaN"), Some((Some("value"), "not_a_number")));
}

#[test]
fn v2_negative_typed_amounts_are_refused() -> Test {
    let mut orders = Orders::new();
    orders.push(&typed(2)?.quantity(1).price("-5".parse()?));
    orders.push(&typed(3)?.value("-5".parse()?));
    let prepared = orders.finish(at(NOON));
    assert_eq!(diagnostics(&prepared), [(2, Some("price"), "negative"), (3, Some("value"), "negative")]);
    Ok(())
}

#[test]
fn v3_a_gift_is_a_line_and_an_order_of_nothing_is_none() {
    let gift = ["A1|m@example.com|1777896000|S1|1|0|EUR", "A1|m@example.com|1777896000|S2|1|5|EUR"];
    let prepared = prepare(TILL, &gift);
    assert_eq!(values(&prepared), ["5 EUR"]);
    assert_eq!(prepared.events[0].custom_data().contents().len(), 2);

    assert_eq!(diagnostics(&prepare(TILL, &gift[..1])), [(2, Some("price"), "zero_total")]);
    let allowed = Till { rules: OrderRules::new().allow_zero_totals(), ..till() };
    assert_eq!(values(&allowed.prepare(TILL, &gift[..1])), ["0 EUR"]);
    assert_eq!(reason("price", "0.004"), Some("zero_total"), "rounded to nothing");
}

#[test]
fn v4_returns_leave_the_rest_of_their_order_alone() {
    let rows = [
        "A1|m@example.com|1777896000|S1|3|10|EUR",
        "A1|m@example.com|1777896000|S1|-1|10|EUR",
        "A1|||S1|0|nonsense|nonsense",
        "A1|m@example.com|1777896000|S1|-2.0|10|EUR",
    ];
    let prepared = prepare(TILL, &rows);
    assert_eq!(values(&prepared), ["30 EUR"]);
    assert_eq!((prepared.rows.read(), prepared.rows.filtered(), prepared.rows.invalid()), (4, 3, 0));
    let reasons = [3, 4, 5].map(|line| (line, Some("quantity"), "return_or_cancellation"));
    assert_eq!(diagnostics(&prepared), reasons);
}

#[test]
fn v4_a_typed_return_is_left_out_too() -> Test {
    let mut orders = Orders::new();
    orders.push(&typed(2)?.quantity(0).price("5".parse()?));
    assert_eq!(orders.finish(at(NOON)).rows.filtered(), 1);
    Ok(())
}

#[test]
fn v5_an_order_of_returns_is_no_event() {
    let prepared = prepare(TILL, &[row_with("quantity", "-1"), row_with("quantity", "0")]);
    assert!(prepared.events.is_empty());
    assert_eq!((prepared.rows.read(), prepared.rows.filtered(), prepared.rows.invalid()), (2, 2, 0));
}

#[test]
fn v6_quantities_are_whole_numbers() {
    for (text, refused) in [
        ("2.0", None),
        (" 2 ", None),
        ("1.5", Some("not_whole")),
        ("1e3", Some("exponent")),
        ("", Some("missing")),
        ("two", Some("not_a_number")),
        ("9223372036854775808", Some("too_many_digits")),
    ] {
        assert_eq!(reason("quantity", text), refused, "{text}");
    }
    assert_eq!(values(&prepare(TILL, &[row_with("quantity", "2.0")])), ["21 EUR"]);
}

/// What is sent of each line of the first event: its quantity and the price of one item.
fn lines_sent(prepared: &Prepared) -> Vec<(u64, Option<String>)> {
    let contents = prepared.events[0].custom_data().contents().iter();
    contents.map(|line| (line.quantity().get(), line.price().map(|price| price.to_string()))).collect()
}

#[test]
fn v6_v56_fractions_are_read_where_the_layout_says_so_and_their_totals_are_exact() {
    let weighed =
        |style| Till { layout: RowLayout::new().fractional_quantities().number_style(style), ..till() };
    let row = |quantity: &str, price: &str| format!("A1|m@example.com|1777896000|S|{quantity}|{price}|EUR");
    let plain = || weighed(NumberStyle::Plain);

    // 0.375 × 18.90 = 7.0875, 1.2 × 3.33 = 3.996 and 2 × 0.99 = 1.98: 13.0635 in all, rounded once.
    let rows = [row("0.375", "18.90"), row("1.200", "3.33"), row("2.000", "0.99")];
    let prepared = plain().prepare(TILL, &rows);
    assert_eq!(values(&prepared), ["13.06 EUR"]);
    let sent = [(1, Some("7.0875".into())), (1, Some("3.996".into())), (2, Some("0.99".into()))];
    assert_eq!(lines_sent(&prepared), sent);

    let prepared = weighed(NumberStyle::DecimalComma).prepare(TILL, &[row("0,375", "18,90 €")]);
    assert_eq!(values(&prepared), ["7.09 EUR"]);
    // 10^-18 × 10^-20 = 10^-38 is the finest part that is kept.
    let finest = [row("0.000000000000000001", "0.00000000000000000001"), row("1", "5")];
    assert_eq!(values(&plain().prepare(TILL, &finest)), ["5 EUR"]);
    // A product that cannot be kept exactly is never rounded in silence.
    let too_fine = row("0.0000000000000000001", "0.00000000000000000001");
    assert_eq!(diagnostics(&plain().prepare(TILL, &[too_fine])), [(2, Some("price"), "too_many_digits")]);

    for (quantity, refused) in [
        ("1e3", "exponent"),
        ("", "missing"),
        ("two", "not_a_number"),
        ("0.375 kg", "not_a_number"),
        ("0,375", "number_style"),
        ("-0.375", "return_or_cancellation"),
        ("0.000", "return_or_cancellation"),
        ("9223372036854775808", "too_many_digits"),
    ] {
        let prepared = plain().prepare(TILL, &[row(quantity, "5")]);
        assert_eq!(prepared.rows.diagnostics()[0].code(), refused, "{quantity}");
    }
    let message = &prepare(TILL, &[row("1.5", "5")]).rows.diagnostics()[0].message().to_owned();
    assert!(message.contains("state in the layout that quantities may be fractions"), "{message}");

    // Two weighings differ, and the same one twice is noted as a repeat.
    let prepared = plain().prepare(TILL, &[row("0.375", "8"), row("0.376", "8"), row("0.375", "8")]);
    assert_eq!(values(&prepared), ["9.01 EUR"]);
    assert_eq!(
        (notes(&prepared), prepared.rows.notes()[0].lines()),
        (vec!["exact_repeat"], &[Line::new(4)][..])
    );
}

#[test]
fn v6_v56_typed_fractions_are_sent_as_one_item_of_the_same_value() -> Test {
    let mut orders = Orders::new();
    let cheese = |line, quantity: &str| -> Result<_, Box<dyn Error>> {
        Ok(typed(line)?.order_id("A1".parse()?).product("C".parse()?).fractional_quantity(quantity.parse()?))
    };
    orders.push(&cheese(2, "0.375")?.price("18.90".parse()?));
    orders.push(&cheese(3, "3.000")?.price("0.10".parse()?));
    orders.push(&cheese(4, "1.5")?.price("0.333333333333333333333333333333333333".parse()?));
    orders.push(&cheese(5, "-1.5")?.price("5".parse()?));
    let prepared = orders.finish(at(NOON));
    // 7.0875 + 0.3 + 0.5 − 5 × 10^-37 = 7.8875 − 5 × 10^-37, rounded once.
    assert_eq!(values(&prepared), ["7.89 EUR"]);
    let sent = [
        (1, Some("7.0875".into())),
        (3, Some("0.1".into())),
        (1, Some("0.4999999999999999999999999999999999995".into())),
    ];
    assert_eq!(lines_sent(&prepared), sent);
    assert_eq!(prepared.rows.filtered(), 1);
    Ok(())
}

#[test]
fn v7_what_is_too_large_is_refused_and_never_wraps() {
    let huge = &"9".repeat(38);
    assert_eq!(reason("price", &format!("{huge}9")), Some("too_many_digits"));
    let times = format!("A1|m@example.com|1777896000|S|9223372036854775807|{huge}|EUR");
    assert_eq!(refusal(TILL, &times), Some((Some("price"), "too_many_digits")));
    let rows = vec![row_with("price", huge); 9];
    let prepared = prepare(TILL, &rows);
    assert_eq!((prepared.events.len(), prepared.rows.invalid()), (0, 9));
}

#[test]
fn v7_v20_an_order_of_50_000_lines_is_summed_exactly() {
    // Cents: 50,000 × 10, and 555 times the sum of 0 to 89, and once that of 0 to 49:
    // 500,000 + 555 × 4,005 + 1,225 = 2,724,000.
    let row = |line: u32| format!("A1|m@example.com|1777896000||1|0.{}|EUR", 10 + line % 90);
    let rows: Vec<_> = (0..50_000).map(row).collect();
    let prepared = prepare(TILL, &rows);
    assert_eq!(values(&prepared), ["27240 EUR"]);
    assert_eq!(prepared.events[0].row_count(), 50_000);
}

#[test]
fn v20_an_order_larger_than_a_request_is_invalid_and_its_size_is_reported() {
    let row = |line: u32| format!("A1|m@example.com|1777896000|S{line}|1|0.10|EUR");
    let rows: Vec<_> = (0..50_000).map(row).collect();
    let prepared = prepare(TILL, &rows);
    assert!(prepared.events.is_empty());
    assert_eq!(prepared.rows.invalid(), 50_000);
    let diagnostic = &prepared.rows.diagnostics()[0];
    assert_eq!((diagnostic.code(), diagnostic.lines().len()), ("order_too_large", 50_000));
    assert!(diagnostic.message().contains("bytes"));

    let rows: Vec<_> = (0..5_000).map(row).collect();
    assert_eq!(prepare(TILL, &rows).events[0].custom_data().contents().len(), 5_000);
}

#[test]
fn an_order_id_that_is_no_orders_does_not_unite_strangers() {
    let row = |line: u32| format!("T7|m{line}@example.com|1777896000|S|1|0.10|EUR");
    let rows: Vec<_> = (0..100).map(row).collect();
    let prepared = prepare(TILL, &rows);
    assert!(prepared.events.is_empty());
    assert_eq!(prepared.rows.diagnostics()[0].code(), "too_many_customers");

    for nothing in ["nan", "NULL", "unknown", "\u{200b}"] {
        let row = |line: u32| format!("{nothing}|m{line}@example.com|1777896000|S|1|0.10|EUR");
        let prepared = prepare(TILL, &[row(1), row(2)]);
        assert_eq!(prepared.events.len(), 2, "{nothing}");
    }
}

#[test]
fn v8_sums_are_what_a_cashier_would_get() {
    for (lines, currency, sum) in [
        (&[("1", "0.1"), ("1", "0.2")][..], "EUR", "0.3 EUR"),
        (&[("1", "1234567.89")], "EUR", "1234567.89 EUR"),
        (&[("1", "19.999")], "EUR", "20 EUR"),
        (&[("3", "3.335")], "EUR", "10 EUR"), // 10.005, half to even
        (&[("1", "0.004"), ("1", "0.004")], "EUR", "0.01 EUR"), // rounded once, not line by line
        (&[("1", "100.5")], "JPY", "100 JPY"),
        (&[("1", "101.5")], "JPY", "102 JPY"),
        (&[("1", "1.2345")], "KWD", "1.234 KWD"),
        (&[("7", "14.95"), ("2", "0.05")], "USD", "104.75 USD"),
    ] {
        let row = |(quantity, price): &(&str, &str)| {
            format!("A1|m@example.com|1777896000|S|{quantity}|{price}|{currency}")
        };
        let rows: Vec<_> = lines.iter().map(row).collect();
        assert_eq!(values(&prepare(TILL, &rows)), [sum]);
    }
}

#[test]
fn v9_the_advice_on_a_number_is_in_the_style_of_the_layout() {
    let advice = |style, price: &str| {
        let till = Till { layout: RowLayout::new().number_style(style), ..till() };
        let prepared = till.prepare(TILL, &[format!("A1|m@example.com|1777896000|S|1|{price}|EUR")]);
        prepared.rows.diagnostics()[0].message().to_owned()
    };
    for (style, price, expected) in [
        (
            NumberStyle::DecimalComma,
            "1234.5",
            "amount does not fit the number style: write it as 1.234,50, or state the style of the file in the layout",
        ),
        (NumberStyle::DecimalComma, "five", "amount is not a number: write it as in 1.234,50"),
        (
            NumberStyle::ThousandsComma,
            "1,2,3",
            "amount does not fit the number style: write it as 1,234.50, or state the style of the file in the layout",
        ),
        (
            NumberStyle::Plain,
            "1,50",
            "amount does not fit the number style: write it as 1234.50, or state the style of the file in the layout",
        ),
        (NumberStyle::Plain, "5.", "amount is not a number: write it as in 1234.50"),
    ] {
        assert_eq!(advice(style, price), expected, "{price}");
    }
}

/// The total of one sale, or the column and the code of what is wrong with it.
fn sold_for(layout: RowLayout, header: &str, row: &str) -> String {
    let prepared = Till { layout, ..till() }.prepare(header, &[row]);
    values(&prepared).pop().unwrap_or_else(|| {
        let diagnostic = &prepared.rows.diagnostics()[0];
        format!("{}: {}", diagnostic.column().unwrap_or_default(), diagnostic.code())
    })
}

#[test]
fn v2_v9_what_tills_write_around_a_number_is_read_in_a_stated_style_only() {
    use NumberStyle::{DecimalComma, Plain, ThousandsApostrophe, ThousandsBlank, ThousandsComma};
    let read = |style, price: &str, currency: &str| {
        let row = format!("A1|m@example.com|1777896000|S|1|{price}|{currency}");
        sold_for(RowLayout::new().number_style(style), TILL, &row)
    };
    for (style, price, currency, expected) in [
        (DecimalComma, "59,90 €", "EUR", "59.9 EUR"),
        (DecimalComma, "€ 59,90", "EUR", "59.9 EUR"),
        (DecimalComma, "EUR 59,90", "EUR", "59.9 EUR"),
        (DecimalComma, "1.234,50 Euro", "EUR", "1234.5 EUR"),
        (DecimalComma, "59,-", "EUR", "59 EUR"),
        (DecimalComma, "59,— €", "EUR", "59 EUR"),
        (DecimalComma, "R$ 1.234,50", "BRL", "1234.5 BRL"),
        (ThousandsComma, "EUR 59.90", "EUR", "59.9 EUR"),
        (ThousandsComma, "US$ 5", "USD", "5 USD"),
        (ThousandsComma, "$1,234.50 USD", "USD", "1234.5 USD"),
        (ThousandsComma, "¥1,200", "JPY", "1200 JPY"),
        (ThousandsComma, "¥1,200", "CNY", "1200 CNY"),
        (ThousandsComma, "￥１，２００", "JPY", "1200 JPY"),
        (ThousandsComma, "1,200円", "JPY", "1200 JPY"),
        (ThousandsComma, "₹1,23,456.50", "INR", "123456.5 INR"),
        (ThousandsComma, "١٬٢٣٤٫٥٠ ر.س.\u{200f}", "SAR", "1234.5 SAR"),
        (ThousandsComma, "۱٬۲۳۴٫۵", "EUR", "1234.5 EUR"),
        (ThousandsApostrophe, "1'234.50", "CHF", "1234.5 CHF"),
        (ThousandsApostrophe, "CHF 1’234.50", "CHF", "1234.5 CHF"),
        (ThousandsApostrophe, "Fr. 12.-", "CHF", "12 CHF"),
        (ThousandsBlank, "1\u{202f}234,50\u{a0}€", "EUR", "1234.5 EUR"),
        (ThousandsBlank, "1\u{a0}234,50", "EUR", "1234.5 EUR"),
        (ThousandsBlank, "1 234 567 kr", "SEK", "1234567 SEK"),
        (ThousandsBlank, "99,50 kr.", "DKK", "99.5 DKK"),
        // Amounts in another currency than the row.
        (DecimalComma, "59,90 €", "USD", "price: currency_differs"),
        (DecimalComma, "EUR 59,90", "CHF", "price: currency_differs"),
        (ThousandsComma, "$5", "EUR", "price: currency_differs"),
        (ThousandsComma, "US$5", "CAD", "price: currency_differs"),
        (ThousandsComma, "$5 EUR", "EUR", "price: currency_differs"),
        // Refunds.
        (ThousandsComma, "(5.00)", "EUR", "price: negative"),
        (ThousandsComma, "($5.00)", "USD", "price: negative"),
        (ThousandsComma, "$(5.00)", "USD", "price: negative"),
        (DecimalComma, "5,00-", "EUR", "price: negative"),
        (DecimalComma, "5,00- €", "EUR", "price: negative"),
        (DecimalComma, "5,00 €-", "EUR", "price: negative"),
        (ThousandsBlank, "−5", "EUR", "price: negative"),
        // Neither numbers nor marks.
        (ThousandsComma, "5 kg", "EUR", "price: not_a_number"),
        (ThousandsComma, "-(5)", "EUR", "price: not_a_number"),
        (ThousandsComma, "5 $ € 5", "EUR", "price: not_a_number"),
        (ThousandsComma, "€ $ 5", "EUR", "price: not_a_number"),
        (ThousandsComma, "€", "EUR", "price: not_a_number"),
        (ThousandsComma, "()", "EUR", "price: not_a_number"),
        (ThousandsComma, "1,23,45", "EUR", "price: number_style"),
        (ThousandsApostrophe, "1'23", "CHF", "price: number_style"),
        (ThousandsApostrophe, "1,234.50", "CHF", "price: number_style"),
        (ThousandsApostrophe, "1'234’567", "CHF", "price: number_style"),
        (ThousandsBlank, "12 34", "EUR", "price: number_style"),
        (ThousandsBlank, "1 234.50", "EUR", "price: number_style"),
        // Digits of other scripts, and nothing else, need no statement.
        (Plain, "١٢", "EUR", "12 EUR"),
        (Plain, "５９.９０", "EUR", "59.9 EUR"),
        (Plain, "١٢٫٥", "EUR", "price: number_style"),
        (Plain, "１，２００", "JPY", "price: number_style"),
        (Plain, "1'234", "CHF", "price: number_style"),
        (Plain, "1\u{a0}234", "EUR", "price: number_style"),
        (Plain, "59.90 €", "EUR", "price: not_a_number"),
        (Plain, "EUR 5", "EUR", "price: not_a_number"),
        (Plain, "5.00-", "EUR", "price: not_a_number"),
        (Plain, "−5", "EUR", "price: not_a_number"),
    ] {
        assert_eq!(read(style, price, currency), expected, "{style:?} {price:?} {currency}");
    }
    let quantity = |text: &str| {
        let row = format!("A1|m@example.com|1777896000|S|{text}|2|EUR");
        sold_for(RowLayout::new().number_style(ThousandsComma), TILL, &row)
    };
    for (text, expected) in [
        ("１，０００", "2000 EUR"),
        ("(2)", "quantity: return_or_cancellation"),
        ("2 €", "quantity: not_a_number"),
    ] {
        assert_eq!(quantity(text), expected, "{text}");
    }
}

#[test]
fn v9_v43_the_currency_comes_from_the_amounts_where_the_layout_says_so() {
    let header = "order_id|email|timestamp|product_id|quantity|price|value|currency";
    let read = |layout: RowLayout, price: &str, value: &str, currency: &str| {
        let row = format!("A1|m@example.com|1777896000|S|1|{price}|{value}|{currency}");
        sold_for(layout.number_style(NumberStyle::DecimalComma), header, &row)
    };
    for (price, value, currency, expected) in [
        ("5,00 €", "", "", "5 EUR"),
        ("5,00", "5,00 €", "", "5 EUR"),
        ("$ 5,00", "US$ 5,00", "", "5 USD"),
        ("$ 5,00", "", "CAD", "5 CAD"),
        ("$ 5,00", "", "", "price: ambiguous_currency"),
        ("5,00 €", "US$ 5,00", "", "value: currency_differs"),
        ("5,00 €", "", "USD", "price: currency_differs"),
        ("5,00", "", "", "currency: missing"),
    ] {
        let layout = RowLayout::new().currency_from_amounts();
        assert_eq!(read(layout, price, value, currency), expected, "{price} {value} {currency}");
    }
    assert_eq!(read(RowLayout::new(), "5,00 €", "", ""), "currency: missing", "the layout does not say so");
    let without = ["order_id", "email", "timestamp", "value"];
    assert!(RowLayout::new().bind(&without).is_err());
    assert!(RowLayout::new().currency_from_amounts().bind(&without).is_ok());
}

#[test]
fn v56_prices_with_many_digits_give_an_exact_total() {
    let sum = |rows: &[(&str, &str)], currency: &str| {
        let row = |(quantity, price): &(&str, &str)| {
            format!("A1|m@example.com|1777896000|S|{quantity}|{price}|{currency}")
        };
        let prepared = prepare(TILL, &rows.iter().map(row).collect::<Vec<_>>());
        values(&prepared).pop().unwrap_or_else(|| prepared.rows.diagnostics()[0].message().to_owned())
    };
    let third = "33.333333333333333333333333333333333333"; // 38 digits
    let divided = "9.856666666666666666666666667"; // 28 digits
    assert_eq!(sum(&[("3", third)], "EUR"), "100 EUR");
    assert_eq!(sum(&[("3", divided)], "EUR"), "29.57 EUR");
    assert_eq!(sum(&[("3", divided), ("3", third), ("1", "0.43")], "USD"), "130 USD");
    assert_eq!(sum(&[("1", "0.005"), ("1", "0.0000000000000000000000000000000001")], "EUR"), "0.01 EUR");
    assert_eq!(sum(&[("3", third)], "JPY"), "100 JPY");
    let whole = "9".repeat(38);
    assert_eq!(sum(&[("1", &whole)], "JPY"), format!("{whole} JPY"));
    assert_eq!(
        sum(&[("9223372036854775807", &whole)], "JPY"),
        "the total is longer than the 38 digits that can be kept exactly"
    );
    assert_eq!(
        sum(&[("1", &whole), ("1", "1")], "JPY"),
        "the total is longer than the 38 digits that can be kept exactly"
    );
    let stated = "order_id|email|timestamp|quantity|price|value|currency";
    let prepared = prepare(stated, &[format!("A1|m@example.com|1777896000|3|{third}|100|EUR")]);
    assert_eq!(values(&prepared), ["100 EUR"], "the stated value is compared with all digits");
}

#[test]
fn v9_a_stated_number_style_is_used_for_prices_and_quantities() {
    let sum = |style, quantity: &str, price: &str| {
        let till = Till { layout: RowLayout::new().number_style(style), ..till() };
        let prepared = till.prepare(TILL, &[format!("A1|m@example.com|1777896000|S|{quantity}|{price}|EUR")]);
        values(&prepared).pop().unwrap_or_else(|| prepared.rows.diagnostics()[0].code().to_owned())
    };
    for (style, quantity, price, expected) in [
        (NumberStyle::DecimalComma, "1", "1.234,50", "1234.5 EUR"),
        (NumberStyle::DecimalComma, "1", "1234,5", "1234.5 EUR"),
        (NumberStyle::DecimalComma, "2,0", "5", "10 EUR"),
        (NumberStyle::DecimalComma, "1.000", "5", "5000 EUR"),
        (NumberStyle::DecimalComma, "1", "10.50", "number_style"),
        (NumberStyle::DecimalComma, "1", "0.123", "number_style"),
        (NumberStyle::DecimalComma, "1", "1,234.50", "number_style"),
        (NumberStyle::DecimalComma, "-1.000", "5", "return_or_cancellation"),
        (NumberStyle::ThousandsComma, "1,000", "1,234.50", "1234500 EUR"),
        (NumberStyle::ThousandsComma, "1", "10,5", "number_style"),
        (NumberStyle::ThousandsComma, "1", "0,123", "number_style"),
        (NumberStyle::ThousandsComma, "1", ",123", "number_style"),
        (NumberStyle::ThousandsComma, "1", "1,2345", "number_style"),
        (NumberStyle::ThousandsComma, "1", "1,23é", "number_style"),
        (NumberStyle::Plain, "1,000", "5", "number_style"),
    ] {
        assert_eq!(sum(style, quantity, price), expected, "{style:?} {quantity} {price}");
    }
}

#[test]
fn v10_two_currencies_in_one_order() {
    let row = |order: &str, currency: &str| row_with("currency", currency).replace("A1", order);
    let prepared = prepare(TILL, &[row("A1", "EUR"), row("A2", "EUR"), row("A1", "USD")]);
    assert_eq!(values(&prepared), ["10.5 EUR"]);
    let both = [(2, Some("currency"), "two_currencies"), (4, Some("currency"), "two_currencies")];
    assert_eq!(diagnostics(&prepared), both);
    assert_eq!(
        prepared.rows.diagnostics()[0].to_string(),
        "lines 2, 4, column currency: the order has rows in EUR and in USD: split it or convert it (see line 4)"
    );
}

#[test]
fn v11_the_earliest_kept_row_gives_the_time() {
    let row = |time: i64, quantity: i64| format!("A1|m@example.com|{time}|S|{quantity}|5|EUR");
    let prepared = prepare(TILL, &[row(NOON, 1), row(NOON - DAY, 1), row(NOON - 2 * DAY, -1)]);
    assert_eq!(prepared.events[0].time().unix(), NOON - DAY);
    assert_eq!(notes(&prepared), [""; 0]);
    let spread = prepare(TILL, &[row(NOON, 1), row(NOON - DAY - 1, 1)]);
    assert_eq!(notes(&spread), ["order_spread"]);
}

#[test]
fn v11_a_row_of_the_future_refuses_its_order() {
    let row = |time: i64| format!("A1|m@example.com|{time}|S|1|5|EUR");
    let till = || Till { now: NOON, ..till() };
    assert_eq!(till().prepare(TILL, &[row(NOON), row(NOON + 60)]).events.len(), 1);
    let prepared = till().prepare(TILL, &[row(NOON), row(NOON + 61)]);
    let refused = [(2, Some("timestamp"), "in_future"), (3, Some("timestamp"), "in_future")];
    assert_eq!(diagnostics(&prepared), refused);
}

#[test]
fn v12_two_external_ids_in_one_order() -> Test {
    let header = "order_id|external_id|email|timestamp|value|currency";
    let row = |id: &str| format!("A1|{id}|m@example.com|1777896000|5|EUR");
    let prepared = prepare(header, &[row(""), row("c1"), row("c1"), row("c2")]);
    assert_eq!((prepared.events.len(), prepared.rows.invalid()), (0, 4));
    assert_eq!(prepared.rows.diagnostics()[0].code(), "two_external_ids");
    assert_eq!(prepared.rows.diagnostics()[0].blamed_lines(), [5; 4].map(Line::new));

    let mut orders = Orders::new();
    let two = UserData::builder().email("m@example.com").external_id("c1").external_id("c2");
    orders.push(&typed(2)?.customer(two).value("5".parse()?));
    assert_eq!(diagnostics(&orders.finish(at(NOON))), [(2, Some("external_id"), "two_external_ids")]);
    Ok(())
}

#[test]
fn v14_rows_without_order_id_are_one_event_each() {
    let rows = [row_with("order_id", ""), row_with("order_id", " "), row_with("order_id", "N/A")];
    let prepared = prepare(TILL, &rows);
    assert_eq!(prepared.events.len(), 3);
    let ids: std::collections::HashSet<_> = prepared.events.iter().map(Event::id).collect();
    assert_eq!(ids.len(), 3, "equal events are numbered");
    let note = prepared.rows.notes().iter().find(|note| note.code() == "no_order_id");
    assert!(note.is_some_and(|note| note.message().starts_with("rows without an order id: 3,")));
}

#[test]
fn v15_order_ids_are_text() {
    let ids = ["007", "7", "A1", "a1", "A1 "];
    let prepared = prepare(TILL, &ids.map(|id| row_with("order_id", id)));
    let rows: Vec<_> = prepared.events.iter().map(Event::row_count).collect();
    assert_eq!(rows, [1, 1, 2, 1]);
}

#[test]
fn v16_an_order_id_that_a_spreadsheet_damaged() {
    let row = |email: &str, time: i64| format!("1.23E+12|{email}|{time}|S|1|5|EUR");
    let agreeing = prepare(TILL, &[row("m@example.com", NOON), row("m@example.com", NOON)]);
    assert_eq!(agreeing.events.len(), 1);
    assert!(notes(&agreeing).contains(&"damaged_order_id"));
    for other in [row("j@example.com", NOON), row("m@example.com", NOON - 60)] {
        let prepared = prepare(TILL, &[row("m@example.com", NOON), other]);
        assert_eq!((prepared.events.len(), prepared.rows.invalid()), (0, 2));
        assert_eq!(prepared.rows.diagnostics()[0].code(), "damaged_order_id");
    }
}

#[test]
fn v17_duplicate_rows_count_unless_the_rules_drop_them() {
    for order in ["A1", ""] {
        let mut rows = vec![row_with("order_id", order); 3];
        rows.push(rows[0].replace("10.50", "10.51"));
        let kept = prepare(TILL, &rows);
        assert_eq!((kept.rows.filtered(), kept.rows.invalid()), (0, 0));
        let repeats = kept.rows.notes().iter().filter(|note| note.code() == "exact_repeat");
        let lines: Vec<_> = repeats.flat_map(Diagnostic::lines).map(|line| line.number()).collect();
        assert_eq!(lines, [3, 4], "{order}");
        let dropping = Till { rules: OrderRules::new().drop_repeats(), ..till() };
        let dropped = dropping.prepare(TILL, &rows);
        assert_eq!((dropped.rows.read(), dropped.rows.filtered()), (4, 2));
        assert!(adds_up(&kept) && adds_up(&dropped));
    }
}

#[test]
fn v17_rows_that_differ_in_one_column_are_no_duplicates() {
    let header = "order_id|email|timestamp|value|currency|event_source_url";
    let row = |page: &str| format!("A1|m@example.com|1777896000|5|EUR|https://shop.example/{page}");
    let dropping = Till { rules: OrderRules::new().drop_repeats().sum_values(), ..till() };
    assert_eq!(values(&dropping.prepare(header, &[row("a"), row("b")])), ["10 EUR"]);
}

#[test]
fn v18_beyond_the_limit_of_rows_nothing_is_sent() {
    let rows: Vec<_> = ["A1", "A2", "A1"].iter().map(|id| row_with("order_id", id)).collect();
    let limited = |most| Till { rules: OrderRules::new().max_rows(most), ..till() };
    assert_eq!(limited(3).prepare(TILL, &rows).events.len(), 2);
    let prepared = limited(2).prepare(TILL, &rows);
    assert_eq!(diagnostics(&prepared), [2, 3, 4].map(|line| (line, None, "too_many_rows")));
    assert!(prepared.events.is_empty() && adds_up(&prepared));
}

#[test]
fn beyond_the_limit_of_memory_nothing_is_sent() {
    let rows: Vec<_> = ["A1", "A2", "A3"].iter().map(|id| row_with("order_id", id)).collect();
    let limited = |most| Till { rules: OrderRules::new().max_memory(most), ..till() };
    assert_eq!(limited(1 << 20).prepare(TILL, &rows).events.len(), 3);
    let prepared = limited(1).prepare(TILL, &rows);
    assert_eq!(diagnostics(&prepared), [2, 3, 4].map(|line| (line, None, "too_much_memory")));
    assert!(prepared.events.is_empty() && adds_up(&prepared));
}

#[test]
fn v41_unusable_and_empty_are_counted_apart() {
    let header = "email|phone|timestamp|value|currency";
    let refused = |email: &str, phone: &str| refusal(header, &format!("{email}|{phone}|1777896000|5|EUR"));
    assert_eq!(refused("", ""), Some((Some("email"), "no_identity")));
    assert_eq!(refused("mary@", ""), Some((Some("email"), "not_an_email")));
    assert_eq!(refused("", "123"), Some((Some("phone"), "too_few_digits")));
    let prepared = prepare(header, &["mary@|+49 30 1234567|1777896000|5|EUR"]);
    assert_eq!(prepared.events.len(), 1);
    assert_eq!(listed(prepared.rows.notes()), [(2, Some("email"), "not_an_email")]);
}

#[test]
fn v41_notes_speak_of_kept_rows_only() {
    let header = "email|timestamp|value|currency|birthdate";
    let prepared = prepare(header, &["mary@|1777896000|5|EUR|yesterday"]);
    assert_eq!(diagnostics(&prepared), [(2, Some("email"), "not_an_email")]);
    assert_eq!(notes(&prepared), [""; 0]);
}

#[test]
fn v50_one_event_id_on_two_events() {
    let header = "order_id|email|timestamp|value|currency|event_id";
    let row = |order: &str, id: &str| format!("{order}|m@example.com|1777896000|5|EUR|{id}");
    let prepared = prepare(header, &[row("A1", "e1"), row("A2", "e1"), row("", "e2"), row("", "e2")]);
    assert_eq!(values(&prepared).len(), 2);
    let refused = [(3, Some("event_id"), "event_id_repeated"), (5, Some("event_id"), "event_id_repeated")];
    assert_eq!(diagnostics(&prepared), refused);
    let two = prepare(header, &[row("A1", "e1"), row("A1", "e2")]);
    assert_eq!(diagnostics(&two), [2, 3].map(|line| (line, Some("event_id"), "two_event_ids")));
}

#[test]
fn v53_an_invalid_row_refuses_its_whole_order() {
    for (column, text) in [
        ("price", "ten"),
        ("price", "-1"),
        ("quantity", "1.5"),
        ("currency", "US$"),
        ("currency", ""),
        ("timestamp", "yesterday"),
        ("email", ""),
        ("email", "mary@"),
    ] {
        let good = row_with("", "");
        let rows = [good.clone(), row_with(column, text), good.replace("A1", "A2"), good];
        let prepared = prepare(TILL, &rows);
        assert_eq!(values(&prepared), ["10.5 EUR"], "{column} {text}");
        let blamed: Vec<_> =
            diagnostics(&prepared).into_iter().filter(|(.., reason)| *reason == "order_incomplete").collect();
        assert_eq!(blamed, [2, 5].map(|line| (line, None, "order_incomplete")), "{column} {text}");
        let blame =
            prepared.rows.diagnostics().iter().find(|diagnostic| diagnostic.code() == "order_incomplete");
        assert!(blame.is_some_and(|diagnostic| diagnostic.blamed_lines() == [3; 2].map(Line::new)));
        assert!(adds_up(&prepared));
    }
}

#[test]
fn v53_each_row_that_is_held_back_stands_beside_the_row_to_blame() {
    let (good, bad) = (row_with("", ""), row_with("price", "ten"));
    let second = |row: &str| row.replace("A1", "A2");
    let rows = [good.clone(), second(&good), good.clone(), second(&bad), bad, second(&good)];
    let prepared = prepare(TILL, &rows);
    let held_back =
        prepared.rows.diagnostics().iter().find(|diagnostic| diagnostic.code() == "order_incomplete");
    let held_back = held_back.expect("one diagnostic for both orders");
    assert_eq!(held_back.lines(), [2, 3, 4, 7].map(Line::new));
    assert_eq!(held_back.blamed_lines(), [6, 5, 6, 5].map(Line::new));
    assert_eq!(
        held_back.to_string(),
        "lines 2, 3, 4, 7: not sent, because another row of the same order is invalid (see lines 5, 6)"
    );
    let json = serde_json::to_value(held_back).expect("a diagnostic is JSON");
    assert_eq!(json["blamed_lines"], serde_json::json!([6, 5, 6, 5]));
    assert_eq!(json["blamed_rows"], 2);
    assert_eq!(json.get("blamed_sources"), None);
}

#[test]
fn v53_an_unknown_event_name_refuses_all_events_of_the_order() {
    let header = "order_id|email|timestamp|event_name|value|currency";
    let row = |name: &str| format!("A1|m@example.com|1777896000|{name}|5|EUR");
    let prepared = prepare(header, &[row("Purchase"), row("Lead"), row("Leed")]);
    assert_eq!((prepared.events.len(), prepared.rows.invalid()), (0, 3));
    let known = prepare(header, &[row("Purchase"), row("Lead").replace('5', "five")]);
    assert_eq!(known.events.len(), 1, "an invalid lead leaves the purchase alone");
}

#[test]
fn v53_an_unusable_optional_key_only_leaves_that_key_out() {
    let header = "order_id|email|timestamp|value|currency|gender|birthdate";
    let prepared = prepare(header, &["A1|m@example.com|1777896000|5|EUR|robot|2026-02-30"]);
    assert_eq!(prepared.events[0].user_data().keys().collect::<Vec<_>>(), [MatchKey::Email]);
    assert_eq!(listed(prepared.rows.notes()).len(), 2);
    assert_eq!(prepared.rows.diagnostics(), []);
}

#[test]
fn several_values_of_an_order() {
    let header = "order_id|email|timestamp|product_id|quantity|price|value|currency";
    let row = |line: &str| format!("A1|m@example.com|1777896000|{line}|EUR");
    let outcome = |rules: OrderRules, lines: &[&str]| {
        let rows: Vec<_> = lines.iter().map(|line| row(line)).collect();
        let prepared = Till { rules, ..till() }.prepare(header, &rows);
        assert!(adds_up(&prepared));
        values(&prepared).pop().unwrap_or_else(|| prepared.rows.diagnostics()[0].code().to_owned())
    };
    let usual = OrderRules::new;
    for (rules, lines, expected) in [
        (usual(), &["S1|||30", "S2|||30.00"][..], "30 EUR"),
        (usual(), &["S1|||30", "S2|||31"], "two_values"),
        (usual().sum_values(), &["S1|||30", "S2|||31"], "61 EUR"),
        (usual().sum_values(), &["S1|||30", "S2|||30"], "60 EUR"),
        (usual(), &["S1|2|10|30.01", "S2|1|10|"], "30.01 EUR"),
        (usual(), &["S1|2|10|30.02", "S2|1|10|"], "value_differs"),
        (usual(), &["S1|2|10|20", "S2|1|10|"], "value_differs"),
        (usual(), &["S1|3|33333.333333333333333333333|100000"], "100000 EUR"),
        (usual(), &["S1|2|10|0"], "value_differs"),
        (usual(), &["|2|10|", "S2|1|10|"], "30 EUR"),
    ] {
        assert_eq!(outcome(rules, lines), expected, "{lines:?}");
    }
}

#[test]
fn rows_without_product_count_in_the_value_and_not_in_the_contents() {
    let prepared = prepare(TILL, &[row_with("product_id", ""), row_with("", ""), row_with("price", "1")]);
    assert_eq!(values(&prepared), ["22 EUR"]);
    let quantities = prepared.events[0].custom_data().contents().iter().map(|line| line.quantity().get());
    assert_eq!(quantities.collect::<Vec<_>>(), [1, 1], "equal products stay separate entries");
}

#[test]
fn derived_ids_never_change() {
    // Worked out with another program from the documented rule.
    let event = |rows: &[String]| prepare(TILL, rows).events.remove(0);
    let id = event(&[row_with("", "")]).id().unwrap().to_string();
    assert_eq!(id, "8058a3fe965ac519d34bca725134dd2b");
    assert_eq!(
        event(&[row_with("price", "3"), row_with("timestamp", "1777896060")]).id().unwrap().as_str(),
        id
    );
    let alone = event(&[row_with("order_id", "")]).id().unwrap().to_string();
    assert_ne!(alone, event(&[row_with("order_id", "").replace("10.50", "10.51")]).id().unwrap().as_str());
}

#[test]
fn a_layout_names_columns_and_ignores_their_usual_names() -> Test {
    let layout = RowLayout::new().column("Bon-Nr", Column::OrderId);
    let bound = layout.bind(&["bon nr", "order_id", "email", "timestamp", "value", "currency"])?;
    assert_eq!((bound.position(Column::OrderId), bound.unknown()), (Some(0), &[1][..]));
    let fields = ["A1", "B2", "m@example.com", "1777896000", "5", "EUR"];
    let ParsedRow::Row(row) = bound.read(Line::new(2), |index| fields[index]) else {
        return Err("no row".into());
    };
    let mut orders = Orders::new();
    orders.push(&row);
    let events = orders.finish(at(NOON)).events;
    assert_eq!(events[0].custom_data().order_id().map(OrderId::as_str), Some("A1"));
    Ok(())
}

/// Rows of a few orders, good and bad.
fn any_row() -> impl Strategy<Value = String> {
    let order = proptest::sample::select(&["", "A1", "A2", "A3", "A4"][..]);
    let email = proptest::sample::select(&["m@example.com", "j@example.com", "mary@", ""][..]);
    let quantity = proptest::sample::select(&["1", "2", "3", "0", "-1", "one", ""][..]);
    let price = proptest::sample::select(&["10.50", "0.99", "0", "0.005", "-1", "1e3"][..]);
    let currency = proptest::sample::select(&["EUR", "EUR", "EUR", "USD", "US$"][..]);
    let time = proptest::sample::select(&[NOON, NOON - 60, NOON - 2 * DAY, NOON - 63 * DAY][..]);
    (order, email, quantity, price, currency, time).prop_map(
        |(order, email, quantity, price, currency, time)| {
            format!("{order}|{email}|{time}|S|{quantity}|{price}|{currency}")
        },
    )
}

fn mostly_good_row() -> impl Strategy<Value = String> {
    let good = (0..6_u8, 1..4_u8, 1..5_000_u32).prop_map(|(order, quantity, cents)| {
        format!("A{order}|m@example.com|{NOON}|S|{quantity}|{}.{:02}|EUR", cents / 100, cents % 100)
    });
    prop_oneof![9 => good, 1 => any_row()]
}

/// Order ids with their totals, whatever order they came in.
fn totals(prepared: &Prepared) -> Vec<(String, String)> {
    let orders = prepared.events.iter().map(|event| event.custom_data().order_id());
    let orders = orders.map(|id| id.map(ToString::to_string).unwrap_or_default());
    let mut totals: Vec<_> = orders.zip(values(prepared)).collect();
    totals.sort();
    totals
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn a_conservation_whatever_the_rows(
        rows in proptest::collection::vec(prop_oneof![any_row(), mostly_good_row()], 0..60),
        drops in any::<bool>(),
    ) {
        let rules = if drops { OrderRules::new().drop_repeats() } else { OrderRules::new() };
        let prepared = Till { rules, ..till() }.prepare(TILL, &rows);
        prop_assert_eq!(prepared.rows.read(), rows.len() as u64);
        prop_assert!(adds_up(&prepared));
        let mut lines: Vec<_> = prepared.events.iter().flat_map(Event::lines).collect();
        let in_events = lines.len();
        lines.extend(prepared.rows.diagnostics().iter().flat_map(Diagnostic::lines));
        lines.sort_unstable();
        lines.dedup();
        prop_assert_eq!(lines.len(), rows.len(), "every row is in an event or has a diagnostic");
        prop_assert_eq!(in_events as u64, prepared.rows.read() - prepared.rows.filtered() - prepared.rows.invalid());
    }

    #[test]
    fn totals_do_not_depend_on_the_order_of_rows(
        (rows, shuffled) in proptest::collection::vec(mostly_good_row(), 0..40)
            .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
    ) {
        let (one, other) = (prepare(TILL, &rows), prepare(TILL, &shuffled));
        prop_assert_eq!(totals(&one), totals(&other));
        prop_assert_eq!(one.rows.invalid(), other.rows.invalid());
    }

    #[test]
    fn no_order_is_sent_in_half(rows in proptest::collection::vec(mostly_good_row(), 0..60)) {
        let prepared = prepare(TILL, &rows);
        let returned = |row: &str| row.contains("|S|0|") || row.contains("|S|-1|");
        for event in &prepared.events {
            let Some(order) = event.custom_data().order_id() else { continue };
            let prefix = format!("{order}|");
            let kept = rows.iter().filter(|row| row.starts_with(&prefix) && !returned(row)).count();
            prop_assert_eq!(event.row_count(), kept as u64);
        }
    }

    #[test]
    fn v7_sums_are_exact_for_many_lines(
        lines in proptest::collection::vec((1..100_u64, 1..1_000_000_u64), 1..300),
    ) {
        let row = |(quantity, cents): &(u64, u64)| {
            format!("A1|m@example.com|{NOON}|S|{quantity}|{}.{:02}|EUR", cents / 100, cents % 100)
        };
        let rows: Vec<_> = lines.iter().map(row).collect();
        let cents: u64 = lines.iter().map(|(quantity, cents)| quantity * cents).sum();
        let prepared = prepare(TILL, &rows);
        let total = prepared.events[0].custom_data().value().map(Money::amount);
        prop_assert_eq!(total, i64::try_from(cents).ok().and_then(|cents| Amount::from_minor(cents, 2)));
    }
}
