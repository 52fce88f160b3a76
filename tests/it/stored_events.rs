//! An event that was stored as JSON is loaded as it was, or refused by name.

use meta_offline_events::customer::{Hashed, HashedWithAppendix, MatchKey, UserData};
use meta_offline_events::event::{Content, Event, EventName};
use meta_offline_events::value::{Currency, EventTime, Money};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::of;

fn stored(event: &Event) -> String {
    serde_json::to_string(event).unwrap()
}

fn refusal(event: &Value) -> String {
    serde_json::from_str::<Event>(&event.to_string()).unwrap_err().to_string()
}

fn sale() -> Value {
    json!({
        "event_name": "Purchase",
        "event_time": 1_767_225_600,
        "event_id": "e-1",
        "action_source": "physical_store",
        "user_data": {"em": [Hashed::of("mary@example.com").to_string()]},
        "custom_data": {"currency": "USD", "value": 31.5},
    })
}

#[test]
fn what_is_given_twice_or_would_be_rounded_is_refused() {
    let twice = sale().to_string().replacen('{', r#"{"event_id":"e-2","#, 1);
    assert!(
        serde_json::from_str::<Event>(&twice).unwrap_err().to_string().contains("event_id is given twice")
    );
    let mut rounded = sale();
    rounded["custom_data"]["value"] = json!(0.001);
    assert!(refusal(&rounded).contains("custom_data.value has more decimals than its currency"));
}

#[test]
fn a_plain_external_id_comes_back() {
    let mut event = sale();
    event["user_data"]["external_id"] = json!(["Customer 7"]);
    let loaded: Event = serde_json::from_value(event.clone()).unwrap();
    assert_eq!(serde_json::to_value(&loaded).unwrap(), event);
}

#[test]
fn digests_of_the_parameter_builder_come_back() {
    let forwarded: HashedWithAppendix = of(&format!("{}.AQQCAQAB", Hashed::of("mary@example.com")));
    let mut event = sale();
    event["user_data"]["em"] = json!([forwarded]);
    let loaded: Event = serde_json::from_value(event.clone()).unwrap();
    assert_eq!(serde_json::to_value(&loaded).unwrap(), event);
}

#[test]
fn an_amount_keeps_all_its_digits() {
    let text = sale().to_string().replace("31.5", "12345678901234567890.12");
    let loaded: Event = serde_json::from_str(&text).unwrap();
    assert_eq!(loaded.value(), Some(of("12345678901234567890.12 USD")));
}

proptest! {
    #[test]
    fn a_stored_event_is_loaded_as_it_was(
        emails in prop::collection::vec("[a-z]{1,8}@example\\.com", 1..4),
        address in any::<bool>(),
        cents in 0_i64..10_000_000_000,
        order in prop::option::of("[!-~]{1,40}"),
        products in prop::collection::vec(("[A-C]", 1_u64..9, prop::option::of(1_u32..99), any::<bool>()), 0..5),
        lists in any::<bool>(),
        ids in prop::collection::vec("[A-C]", 0..3),
        note in prop::option::of("[ -~]{1,9}"),
        id in prop::option::of(prop::option::of("[a-z]{1,9}")),
    ) {
        let mut customer = UserData::builder();
        for email in &emails {
            customer = customer.email(email);
        }
        if address {
            customer = customer.value(MatchKey::ClientIpAddress, "2001:db8::1").client_user_agent("Mozilla/5.0");
        }
        let amount = meta_offline_events::value::Amount::from_minor(cents, 2).unwrap();
        let mut event = Event::builder(EventTime::from_unix(1_767_225_600).unwrap(), customer.build().unwrap())
            .name(EventName::PURCHASE)
            .value(Money::new(amount, Currency::EUR))
            .content_ids(ids.iter().map(|id| of(id)));
        if let Some(order) = &order {
            event = event.order_id(of(order));
        }
        for (name, quantity, price, is_number) in products {
            let product = if is_number { quantity.into() } else { of(&name) };
            let mut line = Content::new(product, quantity.try_into().unwrap());
            if let Some(price) = price {
                line = line.item_price(i64::from(price).into()).title(of("A title"));
            }
            event = if lists { event.product(line) } else { event.content(line) };
        }
        if let Some(note) = &note {
            event = event.property("note", note.as_str()).property("nested", json!({"b": [1, null, 0.5]}));
        }
        event = match &id {
            Some(Some(id)) => event.event_id(of(id)),
            Some(None) => event.without_event_id(),
            None => event,
        };
        let event = event.build().unwrap();
        let loaded: Event = serde_json::from_str(&stored(&event)).unwrap();
        prop_assert_eq!(stored(&loaded), stored(&event));
        prop_assert_eq!(loaded.id(), event.id());
        prop_assert_eq!(loaded.user_data(), event.user_data());
        prop_assert_eq!(loaded.value(), event.value());
        prop_assert_eq!(loaded, event);
    }
}
