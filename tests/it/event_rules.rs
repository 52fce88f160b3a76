//! The rules between the fields of an event: what breaks each, and what is refused with it.

use std::num::NonZeroU64;

use meta_offline_events::customer::{MatchKey, UserData};
use meta_offline_events::event::{
    ActionSource, AppData, Attribution, AttributionSetting, Content, ContentType, CustomData, DataProcessing,
    Event, EventBuilder, EventName, ExtInfo, ExtInfoVersion, LduState, MessagingChannel, OriginalEvent,
    StoreData, Violation,
};
use meta_offline_events::value::{Amount, Currency, EventId, EventTime, Money, Text};
use serde_json::json;

use crate::support::of;

fn moment() -> EventTime {
    EventTime::from_unix(1_767_225_600).unwrap()
}

/// An event of somebody with these keys.
fn lead_of(keys: &[MatchKey]) -> EventBuilder {
    let customer = keys.iter().fold(UserData::builder(), |customer, key| match key {
        MatchKey::ClientIpAddress => customer.value(*key, "192.0.2.1"),
        MatchKey::Email => customer.value(*key, "mary@example.com"),
        _ => customer.value(*key, "1234567890"),
    });
    Event::builder(moment(), customer.build().unwrap()).name(EventName::LEAD)
}

fn lead() -> EventBuilder {
    lead_of(&[MatchKey::Email])
}

/// Codes and paths of what is wrong.
fn broken(builder: EventBuilder) -> Vec<(&'static str, String)> {
    let Err(invalid) = builder.build() else { return Vec::new() };
    invalid.violations().iter().map(|broken| (broken.code(), broken.path().to_owned())).collect()
}

fn paths(builder: EventBuilder) -> Vec<String> {
    broken(builder).into_iter().map(|(_, path)| path).collect()
}

fn app() -> AppData {
    AppData::new(false, ExtInfo::new(ExtInfoVersion::Ios, of("18.1")))
}

#[test]
fn v46_an_app_event_needs_its_app() {
    let event = lead().action_source(ActionSource::App);
    assert_eq!(broken(event.clone()), [("app_data", "app_data".to_owned())]);
    assert_eq!(broken(event.app_data(app())), []);
    assert_eq!(broken(lead().app_data(app())), [], "an app may stand beside any source");
    assert!(" ".parse::<Text>().is_err(), "no device without the version of its system");
}

#[test]
fn v46_a_conversation_needs_its_channel_and_the_channels_ids() {
    use MatchKey::{
        Email, InstagramAccountId, InstagramBusinessAccountId, InstagramScopedUserId, PageId,
        PageScopedUserId, WhatsAppBusinessAccountId, WhatsAppClick,
    };
    use MessagingChannel::{Instagram, Messenger, WhatsApp};

    let of_channel = |channel: &MessagingChannel, keys: &[MatchKey]| {
        lead_of(&[&[Email], keys].concat())
            .name(EventName::LEAD_SUBMITTED)
            .action_source(ActionSource::BusinessMessaging)
            .messaging_channel(channel.clone())
    };
    let rows: &[(MessagingChannel, &[MatchKey], &[&str])] = &[
        (Messenger, &[PageId, PageScopedUserId], &[]),
        (Messenger, &[PageScopedUserId], &["user_data.page_id"]),
        (Messenger, &[PageId], &["user_data.page_scoped_user_id"]),
        (Messenger, &[], &["user_data.page_id", "user_data.page_scoped_user_id"]),
        (WhatsApp, &[WhatsAppClick, PageId], &[]),
        (WhatsApp, &[WhatsAppClick, WhatsAppBusinessAccountId], &[]),
        (WhatsApp, &[WhatsAppClick], &["user_data.whatsapp_business_account_id"]),
        (WhatsApp, &[PageId], &["user_data.ctwa_clid"]),
        (Instagram, &[InstagramScopedUserId, InstagramBusinessAccountId], &[]),
        (Instagram, &[InstagramScopedUserId, InstagramAccountId], &[]),
        (Instagram, &[InstagramScopedUserId], &["user_data.instagram_business_account_id"]),
        (Instagram, &[InstagramAccountId], &["user_data.ig_sid"]),
        (MessagingChannel::Other(of("telepathy")), &[], &[]),
        (MessagingChannel::Other(of("messenger")), &[PageId], &["user_data.page_scoped_user_id"]),
    ];
    for (channel, keys, expected) in rows {
        assert_eq!(paths(of_channel(channel, keys)), *expected, "{channel} {keys:?}");
        let elsewhere = lead().messaging_channel(channel.clone());
        assert_eq!(broken(elsewhere), [], "a channel may stand beside any source");
    }
    let without_channel = lead().name(EventName::PURCHASE).action_source(ActionSource::BusinessMessaging);
    let without_channel = without_channel.value(Money::new(of("1"), Currency::EUR));
    assert_eq!(paths(without_channel), ["messaging_channel"]);
}

#[test]
fn v46_a_conversation_has_one_of_fourteen_names() {
    let named = |name: &str| {
        lead_of(&[MatchKey::PageId, MatchKey::PageScopedUserId])
            .name(of(name))
            .value(Money::new(of("1"), Currency::EUR))
            .action_source(ActionSource::BusinessMessaging)
            .messaging_channel(MessagingChannel::Messenger)
    };
    assert_eq!(EventName::MESSAGING.len(), 14);
    for name in EventName::MESSAGING {
        assert_eq!(broken(named(name)), [], "{name}");
    }
    for name in ["Lead", "PageView", "StoreVisit"] {
        let expected = ("messaging_event_name", "event_name".to_owned());
        assert_eq!(broken(named(name)), [expected], "{name}");
    }
    let text = named("Lead").build().unwrap_err().to_string();
    for name in EventName::MESSAGING {
        assert!(text.contains(name), "{name} is not in: {text}");
    }
}

#[test]
fn v45_a_website_event_needs_page_and_user_agent() {
    let event = lead().action_source(ActionSource::Website);
    assert_eq!(paths(event.clone()), ["event_source_url", "user_data.client_user_agent"]);
    assert_eq!(paths(event.event_source_url(of("https://a.example"))), ["user_data.client_user_agent"]);
    let whole = lead_of(&[MatchKey::Email, MatchKey::ClientUserAgent])
        .action_source(ActionSource::Website)
        .event_source_url(of("https://a.example"));
    assert_eq!(broken(whole), []);
}

#[test]
fn v42_broad_keys_alone_are_refused() {
    let somewhere = UserData::builder().country("de").gender("f").build().unwrap();
    let event = Event::builder(moment(), somewhere).name(EventName::LEAD);
    assert_eq!(broken(event), [("identity", "user_data".to_owned())]);
}

#[test]
fn v52_limited_data_use_is_whole_or_absent() {
    let limited = |processing| lead().data_processing(processing);
    assert_eq!(
        broken(limited(DataProcessing::limited_geolocated())),
        [("ldu_state", "data_processing_options_state".to_owned())]
    );
    let with_address = lead_of(&[MatchKey::ClientIpAddress]);
    assert_eq!(broken(with_address.data_processing(DataProcessing::limited_geolocated())), []);
    assert_eq!(broken(limited(DataProcessing::not_limited())), []);
    for (index, state) in LduState::ALL.iter().enumerate() {
        assert_eq!(usize::from(state.code()), 1000 + index);
        assert_eq!(broken(limited(DataProcessing::limited(*state))), []);
    }
    assert_eq!(LduState::ALL.len(), 14);
    assert!(LduState::other(999).is_err() && LduState::other(10_000).is_err());

    let json = |event: EventBuilder| {
        let event = event.without_event_id().build().unwrap();
        let json = serde_json::to_string(&event).unwrap();
        json.split_once("]},").map(|(_, rest)| rest.to_owned()).unwrap_or_default()
    };
    assert_eq!(json(limited(DataProcessing::not_limited())), r#""data_processing_options":[]}"#);
    assert_eq!(
        json(limited(DataProcessing::limited(LduState::other(1014).unwrap()))),
        concat!(
            r#""data_processing_options":["LDU"],"data_processing_options_country":1,"#,
            r#""data_processing_options_state":1014}"#
        )
    );
    assert_eq!(
        json(lead().opt_out(true).data_processing(DataProcessing::limited(LduState::TEXAS))),
        concat!(
            r#""opt_out":true,"data_processing_options":["LDU"],"data_processing_options_country":1,"#,
            r#""data_processing_options_state":1005}"#
        )
    );
}

#[test]
fn v48_a_custom_property_never_takes_the_place_of_a_standard_one() {
    for name in CustomData::STANDARD {
        let expected = ("property_name", format!("custom_data.{name}"));
        assert_eq!(broken(lead().property(name, 1)), std::slice::from_ref(&expected));
        assert_eq!(broken(lead().property(&format!(" {name} "), 1)), [expected]);
    }
    let longest = "n".repeat(CustomData::MAX_PROPERTY_NAME_BYTES);
    assert_eq!(broken(lead().property(&longest, 1).property("with blanks", 1)), []);

    let secret = "mary@example.com\u{7}";
    let refused = lead().property("till", 1).property(secret, 2).property(" ", 3);
    let refused = refused.property(&format!("{longest}n"), 4);
    let shown = format!("{refused:?}");
    let invalid = refused.build().unwrap_err();
    let text = format!("{shown} {invalid} {invalid:?}");
    assert!(!text.contains("mary@") && !text.contains("nnn") && !text.contains("till"), "{text}");
    let positions: Vec<_> = invalid.violations().iter().map(Violation::path).collect();
    assert_eq!(
        positions,
        ["custom_data.<property 2>", "custom_data.<property 3>", "custom_data.<property 4>"]
    );
}

#[test]
fn custom_properties_are_flat_and_in_the_order_of_their_names() {
    let event = |first: &str, second: &str| {
        let event = lead().property(first, 1).property(second, 2).property("a", serde_json::json!([null]));
        serde_json::to_value(event.build().unwrap()).unwrap()
    };
    assert_eq!(event("z", "z")["custom_data"].to_string(), r#"{"a":[null],"z":2}"#);
    let built = lead().property("z", 1).property("a", 2).build().unwrap();
    let other = lead().property("a", 2).property("z", 1).build().unwrap();
    assert_eq!(built, other);
    assert_eq!(built.id(), other.id(), "the order of calls makes no other event");
}

#[test]
fn appended_attribution_names_ad_time_share_and_value() {
    let append = |credit| lead().name(EventName::APPEND_ATTRIBUTION).attribution(credit);
    let names = ["ad_id", "touchpoint_ts", "attribution_share", "attribution_value"];
    let whole =
        || Attribution::new().ad_id(of("1")).touchpoint_time(moment()).share(of("0.5")).value(of("2"));
    let all: Vec<_> = names.iter().map(|name| format!("attribution_data.{name}")).collect();
    assert_eq!(broken(append(whole())), []);
    assert_eq!(paths(append(Attribution::new().scope(of("s")))), all);
    assert_eq!(paths(lead().name(EventName::APPEND_ATTRIBUTION)), all);
    assert_eq!(broken(lead().attribution(Attribution::new().scope(of("s")))), []);
    for (share, taken) in [("0", true), ("1", true), ("1.0001", false), ("-0.1", false)] {
        let expected: &[_] = if taken { &[] } else { &["attribution_data.attribution_share"] };
        assert_eq!(paths(lead().attribution(Attribution::new().share(of(share)))), expected, "{share}");
    }
    let negative = Attribution::new().value(of("-1"));
    assert_eq!(paths(lead().attribution(negative)), ["attribution_data.attribution_value"]);
}

#[test]
fn objects_that_say_nothing_are_refused() {
    let nothing = lead()
        .original_event(OriginalEvent::new())
        .attribution(Attribution::new())
        .store_data(StoreData::new());
    assert_eq!(
        broken(nothing),
        ["custom_data.store_data", "original_event_data", "attribution_data"]
            .map(|path| ("empty_object", path.to_owned()))
    );
}

#[test]
fn v49_no_property_holds_a_nul_and_no_two_become_one() {
    for value in [json!("\0x"), json!(["\0"]), json!({ "k": { "a\0": 1 } })] {
        assert_eq!(
            broken(lead().property("a", value)),
            [("property_value", "custom_data.<property 1>".to_owned())]
        );
    }
    let spaced = lead().property("a", 1).property("a ", 2);
    assert_eq!(broken(spaced), [("property_name", "custom_data.<property 2>".to_owned())]);
}

#[test]
fn purchases_have_an_amount_that_is_not_negative_and_zero_is_warned_of() {
    let purchase =
        |amount: &str| lead().name(EventName::PURCHASE).value(Money::new(of(amount), Currency::EUR));
    let unpriced = lead().name(EventName::PURCHASE);
    assert_eq!(paths(unpriced.clone()), ["custom_data.currency", "custom_data.value"]);
    assert_eq!(paths(unpriced.currency(Currency::EUR)), ["custom_data.value"]);
    assert_eq!(broken(purchase("-1")), [("negative_value", "custom_data.value".to_owned())]);
    let line = Content::new(of("SKU-1"), NonZeroU64::MIN);
    let refund = purchase("1").content(line.clone()).content(line.item_price(of("-1")));
    assert_eq!(broken(refund), [("negative_price", "custom_data.contents[1].item_price".to_owned())]);
    let margin: Amount = of("-1");
    assert_eq!(broken(lead().net_revenue(margin)), [], "a margin may be negative");

    let warned = |event: EventBuilder| {
        event.build().unwrap().warnings().iter().map(Violation::code).collect::<Vec<_>>()
    };
    assert_eq!(warned(purchase("0")), ["zero_value"]);
    assert!(warned(purchase("1").num_items(2).search_string(of("tea"))).is_empty());
    assert!(warned(lead().value(Money::new(of("0"), Currency::EUR))).is_empty());
    let page_view = lead_of(&[MatchKey::Email, MatchKey::ClientUserAgent])
        .action_source(ActionSource::Website)
        .event_source_url(of("https://a.example"));
    assert_eq!(warned(page_view.clone()), ["website_event_id"]);
    assert_eq!(warned(page_view.clone().without_event_id()), ["website_event_id"]);
    assert!(warned(page_view.event_id(of("e-1"))).is_empty());
}

#[test]
fn only_products_are_named_as_products() {
    let line = |id: &str| Content::new(of(id), NonZeroU64::MIN);
    let custom_data = |event: EventBuilder| {
        let mut event = serde_json::to_value(event.build().unwrap()).unwrap();
        let custom_data = event["custom_data"].take();
        (custom_data["content_type"].clone(), custom_data["content_ids"].clone())
    };
    let ids = |ids: &[&str]| serde_json::json!(ids);
    let none = serde_json::Value::Null;
    assert_eq!(custom_data(lead().content(line("a"))), (none, serde_json::Value::Null));
    let both = lead().content(line("b")).product(line("a")).product(line("b"));
    assert_eq!(custom_data(both.clone()), ("product".into(), ids(&["b", "a"])));
    assert_eq!(custom_data(both.clone().content_ids([of("c")])), ("product".into(), ids(&["c"])));
    let groups = both.content_type(ContentType::ProductGroup);
    assert_eq!(custom_data(groups), ("product_group".into(), ids(&["b", "a"])));
}

#[test]
fn an_event_without_id_sends_none() {
    let event = lead().event_id(of("e-1")).without_event_id().build().unwrap();
    assert_eq!(event.id(), None);
    assert!(!serde_json::to_string(&event).unwrap().contains("event_id"));
    let named = lead().without_event_id().event_id(of("e-1")).build().unwrap();
    assert_eq!(named.id().map(EventId::as_str), Some("e-1"));
}

#[test]
fn the_derived_id_of_an_event_never_changes() {
    let event = lead().value(Money::new(of("31.50"), Currency::USD));
    assert_eq!(event.clone().build().unwrap().id().unwrap().as_str(), "3de55be7c448d25ebb51c5eb7174a2e3");
    let richer = event.clone().opt_out(false).build().unwrap();
    assert_ne!(richer.id(), event.clone().build().unwrap().id(), "what is sent counts");
    let ordered = event.order_id(of("10001"));
    assert_eq!(ordered.clone().opt_out(true).build().unwrap().id(), ordered.build().unwrap().id());
}

#[test]
fn v40_debug_shows_no_text_of_a_customer() {
    let marked = "MARKEDTEXT";
    let event = lead_of(&[MatchKey::Email])
        .attribution(Attribution::new().auditing_token(of(marked)).linkage_key(of(marked)))
        .original_event(OriginalEvent::new().event_time(moment()))
        .app_data(app().app_user_id(of(marked)).install_referrer(of(marked)))
        .app_data(AppData::new(true, ExtInfo::new(of(marked), of(marked))).receipt_data(of(marked)))
        .referrer_url(of("https://a.example/MARKEDTEXT"))
        .search_string(of(marked))
        .status(of::<Text>(marked))
        .content(Content::new(of("SKU-1"), NonZeroU64::MIN).title(of(marked)))
        .property(marked, marked);
    let shown = format!("{event:?} {:?}", event.clone().build().unwrap());
    assert!(!shown.contains(marked), "{shown}");
}

#[test]
fn a_value_keeps_its_currency() {
    let value = Money::new(of("1"), Currency::EUR);
    for event in [lead().value(value).currency(Currency::USD), lead().currency(Currency::USD).value(value)] {
        assert_eq!(event.build().unwrap().custom_data().value(), Some(value));
    }
}

#[test]
fn a_setting_that_says_nothing_is_nothing() {
    let credit = Attribution::new().setting(AttributionSetting::new());
    assert!(credit.is_empty());
    assert_eq!(serde_json::to_string(&credit).unwrap(), "{}");
}

#[cfg(feature = "testing")]
#[tokio::test]
async fn events_of_every_source_are_accepted_by_the_mock_server() -> Result<(), Box<dyn std::error::Error>> {
    use meta_offline_events::client::{Client, Clock, SystemClock};
    use meta_offline_events::report::Outcome;
    use meta_offline_events::testing::MockServer;

    let now = SystemClock.now();
    let from = |customer: UserData, source| {
        Event::builder(now, customer).name(EventName::LEAD_SUBMITTED).action_source(source)
    };
    let mary = UserData::builder().email("mary@example.com").client_user_agent("Mozilla/5.0").build()?;
    let chatting = UserData::builder()
        .value(MatchKey::WhatsAppClick, "ARAkLkA8rmlFeiCktEJQ")
        .value(MatchKey::WhatsAppBusinessAccountId, "102290129340398")
        .build()?;
    let mut events = vec![
        from(chatting, ActionSource::BusinessMessaging)
            .messaging_channel(MessagingChannel::WhatsApp)
            .build()?,
        from(mary.clone(), ActionSource::App).app_data(app()).build()?,
        from(mary.clone(), ActionSource::Website).event_source_url(of("https://a.example")).build()?,
        from(mary.clone(), ActionSource::Chat)
            .data_processing(DataProcessing::limited(LduState::FLORIDA))
            .opt_out(true)
            .original_event(OriginalEvent::new().order_id(of("1")))
            .net_revenue(of("-1.5"))
            .property("till", 7)
            .build()?,
    ];
    // Without an id equal events are not held to be the same.
    let anonymous = from(mary, ActionSource::Email).without_event_id().build()?;
    events.extend([anonymous.clone(), anonymous]);

    let mock_server = MockServer::start().await?;
    let client = Client::builder(of("123456789012345"), of("not-a-real-token"))
        .loopback_endpoint(mock_server.url())
        .build()?;
    let count = events.len();
    let report = client.send(events).await;
    let accepted = report.outcomes().iter().filter(|outcome| matches!(outcome, Outcome::Accepted));
    assert_eq!(accepted.count(), count, "{:?}", report.outcomes());
    Ok(())
}
