//! Every member that Meta's pages and SDKs name can be built, and has the form that they give it.

use std::collections::BTreeSet;

use meta_offline_events::customer::{KeyForm, MatchKey, UserData};
use meta_offline_events::event::{
    ActionSource, AppData, Attribution, AttributionMethod, AttributionModel, AttributionSetting, Content,
    ContentType, CustomData, CustomerSegmentation, DataProcessing, DeclineReason, DeliveryCategory, Event,
    EventBuilder, EventName, ExtInfo, ExtInfoVersion, LduState, MessagingChannel, OriginalEvent, StoreData,
};
use meta_offline_events::value::{Currency, EventTime, Money};
use meta_offline_events::wire::{Batches, RequestFields};
use serde_json::{Value, json};

use crate::support::of;

/// Every member of a server event, by its path. `advertiser_tracking_enabled`, which one SDK writes beside
/// `app_data`, is sent where Meta's pages have it: inside.
const EVENT: &[&str] = &[
    "event_name",
    "event_time",
    "user_data",
    "action_source",
    "custom_data",
    "event_source_url",
    "event_id",
    "referrer_url",
    "opt_out",
    "data_processing_options",
    "data_processing_options_country",
    "data_processing_options_state",
    "app_data",
    "messaging_channel",
    "original_event_data",
    "attribution_data",
    "advanced_measurement_table",
    "app_data.advertiser_tracking_enabled",
    "app_data.application_tracking_enabled",
    "app_data.extinfo",
    "app_data.campaign_ids",
    "app_data.install_referrer",
    "app_data.installer_package",
    "app_data.vendor_id",
    "app_data.windows_attribution_id",
    "app_data.url_schemes",
    "app_data.consider_views",
    "app_data.include_dwell_data",
    "app_data.include_video_data",
    "app_data.receipt_data",
    "app_data.app_user_id",
    "app_data.extinfo.0",
    "app_data.extinfo.1",
    "app_data.extinfo.2",
    "app_data.extinfo.3",
    "app_data.extinfo.4",
    "app_data.extinfo.5",
    "app_data.extinfo.6",
    "app_data.extinfo.7",
    "app_data.extinfo.8",
    "app_data.extinfo.9",
    "app_data.extinfo.10",
    "app_data.extinfo.11",
    "app_data.extinfo.12",
    "app_data.extinfo.13",
    "app_data.extinfo.14",
    "app_data.extinfo.15",
    "original_event_data.event_name",
    "original_event_data.event_time",
    "original_event_data.order_id",
    "original_event_data.event_id",
    "attribution_data.ad_id",
    "attribution_data.adset_id",
    "attribution_data.campaign_id",
    "attribution_data.touchpoint_ts",
    "attribution_data.attribution_share",
    "attribution_data.attribution_value",
    "attribution_data.visit_time",
    "attribution_data.attr_window",
    "attribution_data.attribution_model",
    "attribution_data.attribution_method",
    "attribution_data.decline_reason",
    "attribution_data.attribution_setting",
    "attribution_data.attribution_setting.inactivity_window_hours",
    "attribution_data.attribution_setting.reattribution_window_hours",
    "attribution_data.scope",
    "attribution_data.attribution_source",
    "attribution_data.touchpoint_type",
    "attribution_data.auditing_token",
    "attribution_data.linkage_key",
    "attribution_data.touchpoint_id",
    "attribution_data.partner_client_id",
    "attribution_data.total_credit",
    "custom_data.currency",
    "custom_data.value",
    "custom_data.net_revenue",
    "custom_data.predicted_ltv",
    "custom_data.content_name",
    "custom_data.content_category",
    "custom_data.content_ids",
    "custom_data.content_type",
    "custom_data.contents",
    "custom_data.contents.0.id",
    "custom_data.contents.0.quantity",
    "custom_data.contents.0.item_price",
    "custom_data.contents.0.delivery_category",
    "custom_data.contents.0.title",
    "custom_data.contents.0.description",
    "custom_data.contents.0.brand",
    "custom_data.contents.0.category",
    "custom_data.delivery_category",
    "custom_data.order_id",
    "custom_data.item_number",
    "custom_data.num_items",
    "custom_data.search_string",
    "custom_data.status",
    "custom_data.store_data",
    "custom_data.store_data.store_page_id",
    "custom_data.store_data.brand_page_id",
    "custom_data.store_data.store_code",
    "custom_data.customer_segmentation",
    "custom_data.price",
    "custom_data.checkin_date",
    "custom_data.lead_event_source",
];

fn moment() -> EventTime {
    EventTime::from_unix(1_767_225_600).unwrap()
}

fn lead() -> EventBuilder {
    let customer = UserData::builder().email("mary@example.com").client_ip_address("192.0.2.1").build();
    Event::builder(moment(), customer.unwrap()).name(EventName::LEAD)
}

fn device() -> ExtInfo {
    ExtInfo::new(ExtInfoVersion::Android, of("14"))
}

fn app() -> AppData {
    AppData::new(true, device())
}

fn line() -> Content {
    Content::new(of("SKU-1"), 3.try_into().unwrap())
}

type Row = (&'static str, Value, EventBuilder);

fn of_the_event() -> Vec<Row> {
    let digest = "f1904cf1a9d73a55fa5de0ac823c4403ded71afd4c3248d00bdcd0866552bb79";
    let customer = json!({"em": [digest], "client_ip_address": "192.0.2.1"});
    vec![
        ("event_name", json!("Lead"), lead()),
        ("event_time", json!(1_767_225_600), lead()),
        ("action_source", json!("chat"), lead().action_source(ActionSource::Chat)),
        ("event_source_url", json!("https://a.example/"), lead().event_source_url(of("https://a.example/"))),
        ("event_id", json!("e-1"), lead().event_id(of("e-1"))),
        ("referrer_url", json!("https://b.example/"), lead().referrer_url(of("https://b.example/"))),
        ("opt_out", json!(true), lead().opt_out(true)),
        ("data_processing_options", json!([]), lead().data_processing(DataProcessing::not_limited())),
        (
            "data_processing_options",
            json!(["LDU"]),
            lead().data_processing(DataProcessing::limited_geolocated()),
        ),
        (
            "data_processing_options_country",
            json!(0),
            lead().data_processing(DataProcessing::limited_geolocated()),
        ),
        (
            "data_processing_options_country",
            json!(1),
            lead().data_processing(DataProcessing::limited(LduState::TEXAS)),
        ),
        (
            "data_processing_options_state",
            json!(1005),
            lead().data_processing(DataProcessing::limited(LduState::TEXAS)),
        ),
        ("messaging_channel", json!("whatsapp"), lead().messaging_channel(MessagingChannel::WhatsApp)),
        ("advanced_measurement_table", json!("t"), lead().advanced_measurement_table(of("t"))),
        ("user_data", customer, lead()),
        ("custom_data", json!({"num_items": 2}), lead().num_items(2)),
    ]
}

fn of_the_app() -> Vec<Row> {
    let extinfo = json!(["a2", "", "", "", "14", "", "", "", "", "", "", "", "", "", "", ""]);
    let with = |app: AppData| lead().app_data(app);
    let on = |device: ExtInfo| with(AppData::new(true, device));
    vec![
        ("app_data", json!({"advertiser_tracking_enabled": 1, "extinfo": extinfo}), with(app())),
        ("app_data.advertiser_tracking_enabled", json!(0), with(AppData::new(false, device()))),
        ("app_data.application_tracking_enabled", json!(1), with(app().application_tracking(true))),
        ("app_data.extinfo", extinfo.clone(), with(app())),
        ("app_data.campaign_ids", json!("c"), with(app().campaign_ids(of("c")))),
        ("app_data.install_referrer", json!("r"), with(app().install_referrer(of("r")))),
        ("app_data.installer_package", json!("p"), with(app().installer_package(of("p")))),
        ("app_data.vendor_id", json!("v"), with(app().vendor_id(of("v")))),
        ("app_data.windows_attribution_id", json!("w"), with(app().windows_attribution_id(of("w")))),
        ("app_data.url_schemes", json!(["a", "b"]), with(app().url_scheme(of("a")).url_scheme(of("b")))),
        ("app_data.consider_views", json!(true), with(app().consider_views(true))),
        ("app_data.include_dwell_data", json!(false), with(app().include_dwell_data(false))),
        ("app_data.include_video_data", json!(true), with(app().include_video_data(true))),
        ("app_data.receipt_data", json!("{\"a\":1}"), with(app().receipt_data(of("{\"a\":1}")))),
        ("app_data.app_user_id", json!("u"), with(app().app_user_id(of("u")))),
        ("app_data.extinfo.0", json!("i2"), on(ExtInfo::new(ExtInfoVersion::Ios, of("18")))),
        ("app_data.extinfo.0", json!("w1"), on(ExtInfo::new(of("w1"), of("18")))),
        ("app_data.extinfo.1", json!("com.example"), on(device().package_name(of("com.example")))),
        ("app_data.extinfo.2", json!("1.2"), on(device().short_version(of("1.2")))),
        ("app_data.extinfo.3", json!("1.2.3"), on(device().long_version(of("1.2.3")))),
        ("app_data.extinfo.4", json!("14"), on(device())),
        ("app_data.extinfo.5", json!("Phone 1"), on(device().device_model(of("Phone 1")))),
        ("app_data.extinfo.6", json!("en_US"), on(device().locale(of("en_US")))),
        ("app_data.extinfo.7", json!("PST"), on(device().timezone(of("PST")))),
        ("app_data.extinfo.8", json!("Carrier"), on(device().carrier(of("Carrier")))),
        ("app_data.extinfo.9", json!("1170"), on(device().screen_width(1170))),
        ("app_data.extinfo.10", json!("2532"), on(device().screen_height(2532))),
        ("app_data.extinfo.11", json!("2.5"), on(device().screen_density(of("2.5")))),
        ("app_data.extinfo.12", json!("8"), on(device().cpu_cores(8))),
        ("app_data.extinfo.13", json!("128"), on(device().external_storage_gb(128))),
        ("app_data.extinfo.14", json!("12"), on(device().free_external_storage_gb(12))),
        ("app_data.extinfo.15", json!("Europe/Paris"), on(device().device_timezone(of("Europe/Paris")))),
    ]
}

fn of_an_earlier_event() -> Vec<Row> {
    let with = |original: OriginalEvent| lead().original_event(original);
    let original = OriginalEvent::new;
    vec![
        ("original_event_data", json!({"order_id": "1"}), with(original().order_id(of("1")))),
        (
            "original_event_data.event_name",
            json!("Purchase"),
            with(original().event_name(EventName::PURCHASE)),
        ),
        ("original_event_data.event_time", json!(1_767_225_600), with(original().event_time(moment()))),
        ("original_event_data.order_id", json!("1"), with(original().order_id(of("1")))),
        ("original_event_data.event_id", json!("e"), with(original().event_id(of("e")))),
    ]
}

fn of_attribution() -> Vec<Row> {
    let with = |credit: Attribution| lead().attribution(credit);
    let credit = Attribution::new;
    let hours = AttributionSetting::new;
    vec![
        ("attribution_data", json!({"ad_id": "1"}), with(credit().ad_id(of("1")))),
        ("attribution_data.ad_id", json!("1"), with(credit().ad_id(of("1")))),
        ("attribution_data.adset_id", json!("2"), with(credit().ad_set_id(of("2")))),
        ("attribution_data.campaign_id", json!("3"), with(credit().campaign_id(of("3")))),
        ("attribution_data.touchpoint_ts", json!(1_767_225_600), with(credit().touchpoint_time(moment()))),
        ("attribution_data.attribution_share", json!(0.25), with(credit().share(of("0.25")))),
        ("attribution_data.attribution_share", json!(1), with(credit().share(of("1.0")))),
        ("attribution_data.attribution_value", json!(2.5), with(credit().value(of("2.50")))),
        ("attribution_data.visit_time", json!(1_767_225_600), with(credit().visit_time(moment()))),
        ("attribution_data.attr_window", json!(7), with(credit().window_days(7))),
        (
            "attribution_data.attribution_model",
            json!("time_decay"),
            with(credit().model(AttributionModel::TimeDecay)),
        ),
        ("attribution_data.attribution_model", json!("of_tomorrow"), with(credit().model(of("of_tomorrow")))),
        ("attribution_data.attribution_method", json!("srn"), with(credit().method(AttributionMethod::Srn))),
        (
            "attribution_data.decline_reason",
            json!("fraud_detected"),
            with(credit().decline_reason(DeclineReason::FraudDetected)),
        ),
        (
            "attribution_data.attribution_setting",
            json!({"inactivity_window_hours": 1}),
            with(credit().setting(hours().inactivity_window_hours(1))),
        ),
        (
            "attribution_data.attribution_setting.inactivity_window_hours",
            json!(24),
            with(credit().setting(hours().inactivity_window_hours(24))),
        ),
        (
            "attribution_data.attribution_setting.reattribution_window_hours",
            json!(48),
            with(credit().setting(hours().reattribution_window_hours(48))),
        ),
        ("attribution_data.scope", json!("s"), with(credit().scope(of("s")))),
        ("attribution_data.attribution_source", json!("AMM"), with(credit().source(of("AMM")))),
        ("attribution_data.touchpoint_type", json!("click"), with(credit().touchpoint_type(of("click")))),
        ("attribution_data.auditing_token", json!("a"), with(credit().auditing_token(of("a")))),
        ("attribution_data.linkage_key", json!("l"), with(credit().linkage_key(of("l")))),
        ("attribution_data.touchpoint_id", json!("t"), with(credit().touchpoint_id(of("t")))),
        ("attribution_data.partner_client_id", json!("p"), with(credit().partner_client_id(of("p")))),
        ("attribution_data.total_credit", json!(1.5), with(credit().total_credit(of("1.5")))),
    ]
}

fn of_custom_data() -> Vec<Row> {
    let store = StoreData::new;
    vec![
        ("custom_data.currency", json!("EUR"), lead().currency(Currency::EUR)),
        ("custom_data.value", json!(31.5), lead().value(Money::new(of("31.50"), Currency::EUR))),
        ("custom_data.net_revenue", json!(-1.25), lead().net_revenue(of("-1.25"))),
        ("custom_data.predicted_ltv", json!(99.99), lead().predicted_lifetime_value(of("99.99"))),
        ("custom_data.content_name", json!("n"), lead().content_name(of("n"))),
        ("custom_data.content_category", json!("c"), lead().content_category(of("c"))),
        ("custom_data.content_ids", json!(["1", "2"]), lead().content_ids([of("1"), of("2")])),
        ("custom_data.content_type", json!("product_group"), lead().content_type(ContentType::ProductGroup)),
        ("custom_data.content_type", json!("hotel"), lead().content_type(of("hotel"))),
        ("custom_data.delivery_category", json!("curbside"), lead().delivery_category(of("curbside"))),
        ("custom_data.order_id", json!("1"), lead().order_id(of("1"))),
        ("custom_data.item_number", json!("2"), lead().order_id(of("1")).item_number(of("2"))),
        ("custom_data.num_items", json!(0), lead().num_items(0)),
        ("custom_data.search_string", json!("tea"), lead().search_string(of("tea"))),
        ("custom_data.status", json!(true), lead().status(true)),
        ("custom_data.status", json!("done"), lead().status(of::<meta_offline_events::value::Text>("done"))),
        (
            "custom_data.store_data",
            json!({"store_code": "B7"}),
            lead().store_data(store().store_code(of("B7"))),
        ),
        (
            "custom_data.store_data.store_page_id",
            json!("1"),
            lead().store_data(store().store_page_id(of("1"))),
        ),
        (
            "custom_data.store_data.brand_page_id",
            json!("2"),
            lead().store_data(store().brand_page_id(of("2"))),
        ),
        ("custom_data.store_data.store_code", json!("B7"), lead().store_data(store().store_code(of("B7")))),
        (
            "custom_data.customer_segmentation",
            json!("customer_in_loyalty_program"),
            lead().customer_segmentation(CustomerSegmentation::InLoyaltyProgram),
        ),
        ("custom_data.price", json!("5 USD"), lead().property("price", "5 USD")),
        ("custom_data.checkin_date", json!("2026-05-04"), lead().property("checkin_date", "2026-05-04")),
        ("custom_data.lead_event_source", json!("crm"), lead().property("lead_event_source", "crm")),
    ]
}

fn of_contents() -> Vec<Row> {
    let with = |line: Content| lead().content(line);
    vec![
        ("custom_data.contents", json!([{"id": "SKU-1", "quantity": 3}]), with(line())),
        ("custom_data.contents.0.id", json!("SKU-1"), with(line())),
        ("custom_data.contents.0.quantity", json!(3), with(line())),
        ("custom_data.contents.0.item_price", json!(10.5), with(line().item_price(of("10.50")))),
        (
            "custom_data.contents.0.delivery_category",
            json!("in_store"),
            with(line().delivery_category(DeliveryCategory::InStore)),
        ),
        ("custom_data.contents.0.title", json!("t"), with(line().title(of("t")))),
        ("custom_data.contents.0.description", json!("d"), with(line().description(of("d")))),
        ("custom_data.contents.0.brand", json!("b"), with(line().brand(of("b")))),
        ("custom_data.contents.0.category", json!("c"), with(line().category(of("c")))),
    ]
}

#[test]
fn every_member_of_an_event_can_be_built() {
    let rows = [
        of_the_event(),
        of_the_app(),
        of_an_earlier_event(),
        of_attribution(),
        of_custom_data(),
        of_contents(),
    ]
    .concat();
    let built: BTreeSet<_> = rows.iter().map(|(path, ..)| *path).collect();
    assert_eq!(built, EVENT.iter().copied().collect());

    let own = ["price", "checkin_date", "lead_event_source"];
    let facts = EVENT.iter().filter_map(|path| path.strip_prefix("custom_data."));
    let standard = facts.filter(|name| !name.contains('.') && !own.contains(name));
    assert_eq!(standard.collect::<BTreeSet<_>>(), CustomData::STANDARD.iter().copied().collect());

    for (path, expected, builder) in rows {
        let event = serde_json::to_value(builder.build().unwrap()).unwrap();
        assert_eq!(event.pointer(&pointer(path)), Some(&expected), "{path}");
    }
}

fn pointer(path: &str) -> String {
    format!("/{}", path.replace('.', "/"))
}

/// Every member of `user_data`, with a text that it takes.
const CUSTOMER: &[(&str, &str)] = &[
    ("em", "mary@example.com"),
    ("ph", "+1 202 555 0143"),
    ("fn", "Mary"),
    ("ln", "Smith"),
    ("db", "1997-02-16"),
    ("ge", "f"),
    ("ct", "Paris"),
    ("st", "California"),
    ("zp", "94035"),
    ("country", "us"),
    ("external_id", "customer-7"),
    ("client_ip_address", "192.0.2.1"),
    ("client_user_agent", "Mozilla/5.0 (X11)"),
    ("fbc", "fb.1.1554763741205.AbCdEfGhIjKlMnOpQrStUvWxYz1234567890"),
    ("fbp", "fb.1.1558571054389.1098115397"),
    ("subscription_id", "sub-1"),
    ("fb_login_id", "1234567890"),
    ("lead_id", "123456789012345"),
    ("anon_id", "XZ0123456789"),
    ("madid", "6d92078a-8246-4ba4-ae5b-76104861e7dc"),
    ("page_id", "1234567890"),
    ("page_scoped_user_id", "9876543210"),
    ("ctwa_clid", "ARAkLkA8rmlFeiCktEJQ"),
    ("ig_account_id", "17841400000000000"),
    ("ig_sid", "1783200000000000"),
    ("whatsapp_business_account_id", "102290129340398"),
    ("instagram_business_account_id", "17841400000000000"),
    ("f5first", "marya"),
    ("f5last", "smith"),
    ("fi", "m"),
    ("dobd", "16"),
    ("dobm", "02"),
    ("doby", "1997"),
    ("partner_id", "partner-1"),
    ("partner_name", "partner"),
    ("app_user_id", "user-1"),
];

#[test]
fn every_member_is_loaded_as_it_was() {
    let rows = [
        of_the_event(),
        of_the_app(),
        of_an_earlier_event(),
        of_attribution(),
        of_custom_data(),
        of_contents(),
    ];
    let of_customers = CUSTOMER.iter().map(|&(name, text)| {
        let key = MatchKey::from_wire_name(name).unwrap();
        let customer = UserData::builder().email("other@example.com").value(key, text).build().unwrap();
        (name, Value::Null, Event::builder(moment(), customer).name(EventName::LEAD))
    });
    for (path, _, builder) in rows.concat().into_iter().chain(of_customers) {
        let Ok(event) = builder.build() else { continue };
        let stored = serde_json::to_string(&event).unwrap();
        let loaded: Event = serde_json::from_str(&stored).unwrap();
        assert_eq!(loaded, event, "{path}");
        assert_eq!(serde_json::to_string(&loaded).unwrap(), stored);
    }
}

#[test]
fn every_member_of_user_data_can_be_built() {
    let named: BTreeSet<_> = CUSTOMER.iter().map(|(name, _)| *name).collect();
    assert_eq!(named, MatchKey::ALL.iter().map(|key| key.wire_name()).collect());

    for &(name, text) in CUSTOMER {
        let key = MatchKey::from_wire_name(name).unwrap();
        let customer = UserData::builder().email("other@example.com").value(key, text).build().unwrap();
        let event = Event::builder(moment(), customer).name(EventName::LEAD).build().unwrap();
        let event = serde_json::to_value(event).unwrap();
        let value = &event["user_data"][name];
        match key.form() {
            KeyForm::Digest => {
                let digests = value.as_array().unwrap();
                let is_digest = |value: &Value| value.as_str().is_some_and(|text| text.len() == 64);
                assert!(!digests.is_empty() && digests.iter().all(is_digest), "{name}");
            }
            // Meta's page says integer, Meta's SDKs send a text.
            KeyForm::Number => assert_eq!(*value, json!(text.parse::<u64>().unwrap()), "{name}"),
            _ => assert_eq!(value, text, "{name}"),
        }
    }
}

#[test]
fn every_member_of_a_request_can_be_built() {
    let fields = RequestFields::new;
    let rows = [
        ("test_event_code", json!("TEST1"), fields().test_event_code("TEST1").unwrap()),
        ("partner_agent", json!("acme-1.0"), fields().partner_agent("acme-1.0").unwrap()),
        ("namespace_id", json!("1"), fields().namespace_id("1").unwrap()),
        ("upload_id", json!("2"), fields().upload_id("2").unwrap()),
        ("upload_tag", json!("till"), fields().upload_tag("till").unwrap()),
        ("upload_source", json!("tool"), fields().upload_source("tool").unwrap()),
        ("progress.start_inclusive", json!(0), fields().progress(0, 7).unwrap()),
        ("progress.end_exclusive", json!(7), fields().progress(0, 7).unwrap()),
        ("platforms.0.name", json!("n"), fields().platform("n", "t", Some("v")).unwrap()),
        ("platforms.0.type", json!("t"), fields().platform("n", "t", Some("v")).unwrap()),
        ("platforms.0.version", json!("v"), fields().platform("n", "t", Some("v")).unwrap()),
        ("trace", json!(7), fields().trace(7)),
    ];
    let events = [lead().build().unwrap()];
    for (path, expected, fields) in rows {
        let batch = Batches::new(&events, &fields).next().unwrap();
        let body: Value = serde_json::from_slice(batch.body()).unwrap();
        assert_eq!(body.pointer(&pointer(path)), Some(&expected), "{path}");
        assert_eq!(body.pointer("/data/0/event_name"), Some(&json!("Lead")), "{path}");
    }
}

#[cfg(feature = "testing")]
#[tokio::test]
async fn every_member_of_user_data_is_accepted_by_the_mock_server() {
    use meta_offline_events::client::{Client, Clock, SystemClock};
    use meta_offline_events::testing::MockServer;

    let digest = format!("{}.AQQCAQAB", meta_offline_events::customer::Hashed::of("mary@example.com"));
    let suffixed = [("em", digest.as_str()), ("client_ip_address", "192.0.2.1.AQQCAQAB")];
    let events: Vec<_> = CUSTOMER
        .iter()
        .copied()
        .chain(suffixed)
        .map(|(name, text)| {
            let key = MatchKey::from_wire_name(name).unwrap();
            let customer = UserData::builder().email("other@example.com").value(key, text).build().unwrap();
            Event::builder(SystemClock.now(), customer).name(EventName::LEAD).build().unwrap()
        })
        .collect();
    let mock_server = MockServer::start().await.unwrap();
    let client = Client::builder(of("123456789012345"), of("not-a-real-token"))
        .loopback_endpoint(mock_server.url())
        .build()
        .unwrap();
    let report = client.send(events).await;
    assert!(report.all_accepted(), "{:?}", report.diagnostics());
}
