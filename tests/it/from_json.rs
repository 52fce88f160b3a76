//! Values and events in the JSON that others send: JSON that is cut is told from data that does not fit, digits
//! survive wherever serde takes them, and no error shows what was sent.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::num::NonZeroU64;

use meta_offline_events::customer::{Hashed, MatchKey, UserData};
use meta_offline_events::event::{
    ActionSource, AppData, Attribution, AttributionMethod, AttributionModel, AttributionSetting, Content,
    ContentType, CustomerSegmentation, DataProcessing, DeclineReason, DeliveryCategory, Event, EventName,
    ExtInfo, ExtInfoVersion, LduState, MessagingChannel, OriginalEvent, StoreData,
};
use meta_offline_events::value::{Amount, Currency, EventId, EventTime, Money, OrderId, ProductId, Text};
use proptest::prelude::*;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_json::{Value, json};

use crate::support::of;

fn sale() -> Value {
    json!({
        "event_name": "Purchase",
        "event_time": 1_767_225_600,
        "event_id": "e-1",
        "action_source": "website",
        "event_source_url": "https://shop.example/",
        "user_data": {
            "em": [Hashed::of("mary@example.com").to_string()],
            "client_user_agent": "Agent \"1\" é",
        },
        "custom_data": {
            "currency": "USD",
            "value": 31.5,
            "order_id": "A \"1\" é",
            "contents": [{"id": 7, "quantity": 2, "item_price": "0.10"}],
            "status": true,
            "note": {"nested": [1, null, 2.5, {"deep": false}]},
        },
        "app_data": {"advertiser_tracking_enabled": 1, "extinfo": ["i2", "", "", "", "18.1", "", "", "", "", "1170",
            "", "", "", "", "", ""]},
        "attribution_data": {"attribution_share": 0.5},
    })
}

/// Checks that every part of the JSON that ends too early is called cut, or malformed, and never unfit.
#[track_caller]
fn check_cuts<T: DeserializeOwned + Debug>(json: &str) {
    serde_json::from_str::<T>(json).unwrap();
    for end in (0..json.len()).filter(|end| json.is_char_boundary(*end)) {
        let cut = &json[..end];
        for error in
            [serde_json::from_str::<T>(cut), serde_json::from_reader(cut.as_bytes())].map(Result::unwrap_err)
        {
            assert!(matches!(error.classify(), Category::Eof | Category::Syntax), "{cut}: {error}");
        }
    }
}

#[derive(Debug, Deserialize)]
struct Flat {
    #[serde(flatten)]
    _event: Event,
}

#[test]
fn json_that_is_cut_is_called_cut() {
    check_cuts::<Event>(&sale().to_string());
    check_cuts::<Vec<Event>>(&json!([sale()]).to_string());
    check_cuts::<Flat>(&whole().to_string());
    for (currency, id) in [(r#"["usd"]"#, r#"["A \"1\" \u00e9"]"#), (r#"[ "EUR" ]"#, r#"["é"]"#)] {
        check_cuts::<Vec<Currency>>(currency);
        check_cuts::<Vec<OrderId>>(id);
        check_cuts::<Vec<EventId>>(id);
        check_cuts::<Vec<ProductId>>(id);
        check_cuts::<Vec<Amount>>(r#"["10.50",-31.5]"#);
    }
    check_cuts::<Vec<Hashed>>(&json!([Hashed::of("mary")]).to_string());
    check_cuts::<Vec<ProductId>>("[12]");
    check_cuts::<Vec<EventTime>>("[1767225600]");
    check_cuts::<BTreeMap<String, Amount>>(r#"{"a":12345678901234567890.12,"b":7}"#);
}

/// A sale without an amount that has decimals.
fn whole() -> Value {
    let mut sale = sale();
    sale["custom_data"]["value"] = json!(31);
    sale["custom_data"]["note"] = json!([1, null, {"deep": "text \"quoted\" \u{1}"}]);
    sale["attribution_data"]["attribution_share"] = json!("0.5");
    sale
}

#[derive(Deserialize)]
struct Order {
    till: u8,
    #[serde(flatten)]
    event: Event,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    Sale { event: Box<Event>, price: Amount },
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Price(Amount),
}

#[derive(Debug, Deserialize)]
struct Priced {
    #[serde(flatten)]
    price: Price,
}

#[derive(Debug, Deserialize)]
struct Price {
    amount: Amount,
}

#[test]
fn what_serde_buffers_keeps_its_digits_or_is_refused() {
    let event: Event = serde_json::from_str(&whole().to_string()).unwrap();
    let mut order = whole();
    order["till"] = json!(7);
    let order: Order = serde_json::from_str(&order.to_string()).unwrap();
    assert_eq!((order.till, &order.event), (7, &event));

    let tagged = json!({"kind": "Sale", "event": whole(), "price": u64::MAX}).to_string();
    let Tagged::Sale { event: loaded, price } = serde_json::from_str(&tagged).unwrap();
    assert_eq!((*loaded, price.to_string()), (event, u64::MAX.to_string()));

    for (json, digits) in [("-7", "-7"), (r#""12345678901234567890.12""#, "12345678901234567890.12")] {
        let Untagged::Price(price) = serde_json::from_str(json).unwrap();
        assert_eq!(price.to_string(), digits);
    }
    let refused = serde_json::from_str::<Priced>(r#"{"amount":10.5}"#).unwrap_err().to_string();
    assert!(refused.contains("serde buffered a number with decimals"), "{refused}");
    let refused = serde_json::from_str::<Flat>(&sale().to_string()).unwrap_err().to_string();
    assert!(refused.contains("serde buffered a number with decimals"), "{refused}");
    let refused = serde_json::from_str::<Priced>(r#"{"amount":{"a":[null,true]}}"#).unwrap_err().to_string();
    assert!(refused.contains("expected an amount"), "{refused}");
    let priced = serde_json::from_str::<Priced>(r#"{"amount":"10.50"}"#).unwrap();
    assert_eq!(priced.price.amount, of("10.5"));
}

/// Every object below a value, as the path of its members.
fn objects(value: &Value, path: &str, paths: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            paths.push(path.to_owned());
            for (name, member) in members {
                objects(member, &format!("{path}/{name}"), paths);
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                objects(element, &format!("{path}/{index}"), paths);
            }
        }
        _ => {}
    }
}

#[test]
fn a_member_that_is_given_twice_is_refused_by_name() {
    let sale = sale();
    let mut paths = Vec::new();
    objects(&sale, "", &mut paths);
    let mut checked = 0;
    for path in paths.iter().filter(|path| !path.contains("/note")) {
        for (name, member) in sale.pointer(path).and_then(Value::as_object).unwrap() {
            // The object with the member once more, in a text because `Value` merges members.
            let object = sale.pointer(path).unwrap().to_string();
            let twice = format!("{{\"{name}\":{member},{}", &object[1..]);
            let text = sale.to_string().replacen(&object, &twice, 1);
            let error = serde_json::from_str::<Event>(&text).unwrap_err().to_string();
            assert!(error.contains(&format!("{name} is given twice")), "{path}/{name}: {error}");
            checked += 1;
        }
    }
    assert!(checked > 20, "{checked}");
}

#[test]
fn no_error_shows_what_was_sent() {
    const MARKED: &str = "mary@example.com, expected mary";
    let check = |place: &str, error: serde_json::Error| {
        let text = format!("{error} {error:?}");
        assert!(!text.contains("mary") && !text.contains("4915112345678"), "{place}: {text}");
    };
    let marks = || [json!(MARKED), json!([MARKED]), json!({ MARKED: MARKED }), json!(-4_915_112_345_678_i64)];
    let big = [json!(4_915_112_345_678_u64), json!(4_915_112_345_678.5), json!(true), Value::Null];
    for mark in marks().into_iter().chain(big) {
        macro_rules! check_type {
            ($($value:ty),+) => {$(
                for text in [mark.to_string(), format!("[{mark}]")] {
                    if let Err(error) = serde_json::from_str::<$value>(&text) {
                        check(stringify!($value), error);
                    }
                }
                if let Err(error) = serde_json::from_value::<$value>(mark.clone()) {
                    check(stringify!($value), error);
                }
            )+};
        }
        check_type!(Hashed, Amount, Currency, EventTime, OrderId, EventId, ProductId, Event);
        for text in [json!({"amount": mark}), json!({"amount": [mark]})].map(|json| json.to_string()) {
            if let Err(error) = serde_json::from_str::<Priced>(&text) {
                check("a buffered amount", error);
            }
        }
        let mut paths = vec![];
        objects(&sale(), "", &mut paths);
        for path in paths.iter().filter(|path| !path.contains("/note")) {
            for name in
                sale().pointer(path).and_then(Value::as_object).unwrap().keys().chain([&"new".to_owned()])
            {
                let mut sale = sale();
                sale.pointer_mut(path)
                    .and_then(Value::as_object_mut)
                    .unwrap()
                    .insert(name.clone(), mark.clone());
                if let Err(error) = serde_json::from_str::<Event>(&sale.to_string()) {
                    check(path, error);
                }
                if let Err(error) = serde_json::from_value::<Flat>(sale) {
                    check(path, error);
                }
            }
        }
    }
}

#[test]
fn a_message_says_once_what_is_wrong_and_what_to_write() {
    let amount = |json: &str| serde_json::from_str::<Vec<Amount>>(json).unwrap_err().to_string();
    assert_eq!(
        amount(r#"["1,50"]"#),
        "amount does not fit the number style: write it as 1234.50, with a point and no other separator at line 1 column 8",
    );
    assert!(amount("[null]").starts_with("is null: give a number or a text, such as \"10.50\""));
    assert!(amount("[true]").starts_with("expected an amount: a number or a text, such as \"10.50\""));
    let money = "10.5".parse::<Money>().unwrap_err().to_string();
    assert_eq!(money, "amount has no currency: write both, such as 10.50 EUR");

    let customer =
        UserData::builder().email("mary").phone("1").value(MatchKey::LeadId, "x").build().unwrap_err();
    let customer = customer.to_string();
    assert!(customer.contains("e-mail (em) is not an e-mail address"), "{customer}");
    assert!(customer.contains("; phone (ph) ") && customer.contains("; lead_id is not"), "{customer}");

    let message = |path: &str, value: Value| {
        let mut sale = sale();
        *sale.pointer_mut(path).unwrap() = value;
        serde_json::from_str::<Event>(&sale.to_string()).unwrap_err().to_string()
    };
    assert_eq!(
        message("/custom_data/value", json!(-5)),
        "the event cannot be sent: custom_data.value is negative, but refunds are not purchases",
    );
    assert_eq!(
        message("/custom_data/contents/0/item_price", json!(-5)),
        "the event cannot be sent: custom_data.contents[0].item_price is negative, but refunds are not purchases",
    );
    assert_eq!(
        message("/custom_data/value", Value::Null),
        "custom_data.value is null: give a number or a text, such as \"10.50\"",
    );
    assert_eq!(message("/event_time", json!("x")), "event_time: expected Unix seconds, a whole number");
    assert_eq!(
        message("/custom_data/value", json!("1,5")),
        "custom_data.value: amount does not fit the number style: write it as 1234.50, with a point and no other separator",
    );
}

/// A text that events take, from any text.
fn text(raw: &str) -> Text {
    raw.parse().unwrap_or_else(|_| of("x"))
}

/// An app and device with the members that `has` picks.
fn app(mut has: impl FnMut() -> bool, raw: &str, number: u32) -> AppData {
    let version = if has() { ExtInfoVersion::Android } else { ExtInfoVersion::Other(of("z9")) };
    let mut device = ExtInfo::new(version, text(raw));
    let mut app = AppData::new(has(), {
        macro_rules! fill {
            ($($setter:ident($value:expr)),+) => {$( if has() { device = device.$setter($value); } )+};
        }
        fill!(
            package_name(text(raw)),
            short_version(text(raw)),
            long_version(text(raw)),
            device_model(text(raw)),
            locale(text(raw)),
            timezone(text(raw)),
            carrier(text(raw)),
            screen_width(number),
            screen_height(number),
            screen_density(text(raw)),
            cpu_cores(number),
            external_storage_gb(number),
            free_external_storage_gb(number),
            device_timezone(text(raw))
        );
        device
    });
    macro_rules! set {
        ($($setter:ident($value:expr)),+) => {$( if has() { app = app.$setter($value); } )+};
    }
    set!(
        application_tracking(number > 7),
        campaign_ids(text(raw)),
        install_referrer(text(raw)),
        installer_package(text(raw)),
        vendor_id(text(raw)),
        windows_attribution_id(text(raw)),
        url_scheme(text(raw)),
        url_scheme(of("second")),
        consider_views(number > 7),
        include_dwell_data(true),
        include_video_data(false),
        receipt_data(text(raw)),
        app_user_id(text(raw))
    );
    app
}

/// An attribution with the members that `has` picks.
fn credit(mut has: impl FnMut() -> bool, raw: &str, number: u32) -> Attribution {
    let mut credit = Attribution::new().ad_id(text(raw));
    macro_rules! set {
        ($($setter:ident($value:expr)),+ $(,)?) => {$( if has() { credit = credit.$setter($value); } )+};
    }
    set!(
        ad_set_id(text(raw)),
        campaign_id(text(raw)),
        touchpoint_time(EventTime::from_unix(1 + i64::from(number)).unwrap()),
        share(of("0.125")),
        value(Amount::from_minor(i64::from(number), 3).unwrap()),
        visit_time(EventTime::from_unix(1 + i64::from(number)).unwrap()),
        window_days(number),
        model(AttributionModel::TimeDecay),
        method(AttributionMethod::Other(text(raw.trim_matches(|letter: char| letter.is_ascii_alphabetic())))),
        decline_reason(DeclineReason::Lookback),
        setting(AttributionSetting::new().inactivity_window_hours(number)),
        setting(AttributionSetting::new().reattribution_window_hours(number)),
        scope(text(raw)),
        source(text(raw)),
        touchpoint_type(text(raw)),
        auditing_token(text(raw)),
        linkage_key(text(raw)),
        touchpoint_id(text(raw)),
        partner_client_id(text(raw)),
        total_credit(Amount::from(i64::from(number))),
    );
    credit
}

/// A property of any kind.
fn property() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[^\0]{0,9}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[^\0]{0,9}", inner, 0..3)
                .prop_map(|members| members.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

proptest! {
    #[test]
    fn every_event_that_is_written_is_read_as_it_was(
        bits in any::<u128>(),
        raw in "\\PC{1,12}",
        number in any::<u32>(),
        property in property(),
        keys in prop::collection::vec((0..MatchKey::ALL.len(), "[a-z0-9]{1,12}"), 0..6),
    ) {
        let mut bits = bits;
        let mut has = || {
            bits = bits.rotate_right(1);
            bits & 1 == 1
        };
        let mut customer = UserData::builder().email("mary@example.com");
        for (key, value) in &keys {
            customer = customer.value(MatchKey::ALL[*key], value);
        }
        let Ok(customer) = customer.build() else { return Ok(()) };
        let mut event = Event::builder(EventTime::from_unix(1 + i64::from(number)).unwrap(), customer);
        macro_rules! set {
            ($($setter:ident($($value:expr),* $(,)?)),+ $(,)?) => {$( if has() { event = event.$setter($($value),*); } )+};
        }
        set!(
            name(EventName::LEAD),
            name(of("Own name")),
            action_source(ActionSource::Website),
            action_source(ActionSource::App),
            action_source(ActionSource::Email),
            event_id(text(&raw).to_string().parse().unwrap()),
            event_source_url(of("https://shop.example/?a=\"b\"")),
            referrer_url(of("https://search.example/")),
            opt_out(number > 7),
            data_processing(DataProcessing::not_limited()),
            data_processing(DataProcessing::limited(LduState::OREGON)),
            data_processing(DataProcessing::limited_geolocated()),
            messaging_channel(MessagingChannel::Other(of("new_channel"))),
            app_data(app(&mut has, &raw, number)),
            original_event(OriginalEvent::new().order_id(of("A1")).event_name(EventName::PURCHASE)),
            original_event(OriginalEvent::new().event_time(EventTime::from_unix(9).unwrap()).event_id(of("e"))),
            attribution(credit(&mut has, &raw, number)),
            advanced_measurement_table(text(&raw)),
            order_id(text(&raw).to_string().parse().unwrap()),
            value(Money::new(Amount::from_minor(i64::from(number), 4).unwrap(), Currency::JPY)),
            value(Money::new(Amount::from_minor(i64::from(number), 1).unwrap(), Currency::KWD)),
            currency(Currency::EUR),
            content(Content::new(ProductId::from(u64::from(number)), NonZeroU64::MIN).brand(text(&raw)).category(text(&raw))),
            product(
                Content::new(of("1"), NonZeroU64::MAX)
                    .item_price(Amount::from_minor(i64::from(number), 5).unwrap())
                    .delivery_category(DeliveryCategory::HomeDelivery)
                    .title(text(&raw))
                    .description(text(&raw)),
            ),
            content_type(ContentType::ProductGroup),
            content_ids([of("1"), ProductId::from(u64::MAX)]),
            delivery_category(DeliveryCategory::InStore),
            net_revenue(Amount::from_minor(-i64::from(number), 3).unwrap()),
            predicted_lifetime_value(of("12345678901234567890.12")),
            content_name(text(&raw)),
            content_category(text(&raw)),
            item_number(text(&raw)),
            num_items(u64::from(number) << 32),
            search_string(text(&raw)),
            status(text(&raw)),
            status(false),
            store_data(StoreData::new().store_code(of("S1")).store_page_id(of("1")).brand_page_id(of("2"))),
            customer_segmentation(CustomerSegmentation::NewToMedium),
            property("own", property.clone()),
            property("own \"name\" é", property),
            without_event_id(),
        );
        let Ok(event) = event.build() else { return Ok(()) };
        let json = serde_json::to_string(&event).unwrap();
        let loaded: Event = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(serde_json::to_string(&loaded).unwrap(), json);
        prop_assert_eq!(loaded, event);
    }
}
