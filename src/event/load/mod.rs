//! Events from their JSON: what was sent or stored can be sent again, after all checks.

mod app_data;
mod attribution;
mod custom_data;
mod member;

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use self::app_data::load_app_data;
use self::attribution::load_attribution;
use self::custom_data::load_custom_data;
use self::member::{Members, at, json, shown, text, within, without_input};
use super::{DataProcessing, Event, LduState, OriginalEvent};
use crate::customer::{CleaningOptions, ExternalIdPolicy, Hashed, MatchKey, UserData};
use crate::value::RawJson;

impl<'de> Deserialize<'de> for Event {
    /// Reads the JSON that `Serialize` writes, so that events can be stored hashed and loaded again.
    ///
    /// Every rule of [`EventBuilder::build`](super::EventBuilder::build) is checked again, and the event id is kept. Unknown members of
    /// `custom_data` are custom properties. [`Event::lines`] are not part of the JSON.
    ///
    /// Read events from text, into a plain field of a plain struct: a `serde_json::Value` keeps amounts as floats.
    /// Under `#[serde(flatten)]`, `#[serde(tag = "…")]` and `#[serde(untagged)]` an event loads if it has no number
    /// with decimals, because serde keeps those as floats; amounts may be written as text.
    ///
    /// ```
    /// use meta_offline_events::customer::UserData;
    /// use meta_offline_events::event::Event;
    /// use meta_offline_events::value::{Currency, EventTime, Money};
    ///
    /// let customer = UserData::builder().email("mary@example.com").build()?;
    /// let sale = Event::builder(EventTime::from_unix(1_767_225_600)?, customer)
    ///     .order_id("10001".parse()?)
    ///     .value(Money::new("31.50".parse()?, Currency::USD))
    ///     .build()?;
    /// let stored = serde_json::to_string(&sale)?;
    /// assert_eq!(serde_json::from_str::<Event>(&stored)?, sale);
    ///
    /// let error = serde_json::from_str::<Event>(&stored.replace("31.5", "-31.5")).unwrap_err();
    /// assert!(error.to_string().contains("custom_data.value is negative"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The first member that cannot be used, with its path; every broken rule. Unknown members of the event are
    /// errors, too, and so is a member that is given twice. JSON that is cut or malformed is the error of the
    /// deserializer itself. No error shows a value.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = RawJson::deserialize(deserializer)?;
        load(json.get()).map_err(D::Error::custom)
    }
}

fn load(json_text: &str) -> Result<Event, String> {
    let mut members: Members = serde_json::from_str(json_text).map_err(|error| without_input(&error))?;
    let mut take = |name: &str| members.0.remove(name).ok_or_else(|| format!("{name} is missing"));
    let time = json("event_time", &take("event_time")?)?;
    let (name, source) =
        (text("event_name", &take("event_name")?)?, text("action_source", &take("action_source")?)?);
    let customer = load_customer(&json("user_data", &take("user_data")?)?)?;
    let mut event = Event::builder(time, customer).name(name).action_source(source);
    event = match members.0.remove("event_id") {
        Some(id) => event.event_id(json("event_id", &id)?),
        None => event.without_event_id(),
    };
    if let Some(processing) = load_processing(&mut members)? {
        event = event.data_processing(processing);
    }
    for (name, raw) in &members.0 {
        let path = name.as_str();
        event = match path {
            "event_source_url" => event.event_source_url(text(path, raw)?),
            "referrer_url" => event.referrer_url(text(path, raw)?),
            "opt_out" => event.opt_out(json(path, raw)?),
            "messaging_channel" => event.messaging_channel(text(path, raw)?),
            "advanced_measurement_table" => event.advanced_measurement_table(text(path, raw)?),
            "original_event_data" => event.original_event(load_original(&json(path, raw)?)?),
            "custom_data" => load_custom_data(event, json(path, raw)?)?,
            "app_data" => event.app_data(load_app_data(json(path, raw)?)?),
            "attribution_data" => event.attribution(load_attribution(&json(path, raw)?)?),
            _ => return Err(format!("{} is not a member of an event", shown(name))),
        };
    }
    let mut event = event.build().map_err(|invalid| invalid.to_string())?;
    event.recognize_derived_id();
    Ok(event)
}

fn load_customer(members: &Members) -> Result<UserData, String> {
    let mut keys = Vec::new();
    for (name, raw) in &members.0 {
        let path = &within("user_data", name);
        let value: Value = json(path, raw)?;
        let key = MatchKey::from_wire_name(name).ok_or_else(|| format!("{path} is not a match key"))?;
        let values: Option<Vec<_>> = match &value {
            Value::Array(values) => values.iter().map(scalar).collect(),
            value => scalar(value).map(|value| vec![value]),
        };
        keys.push((key, values.ok_or_else(|| format!("{path} is not a text, number or list"))?));
    }
    let is_digest = |text: &String| text.get(..64).is_some_and(|digits| Hashed::from_hex(digits).is_ok());
    let mut options = CleaningOptions::default();
    for (key, values) in &keys {
        if *key == MatchKey::ExternalId && !values.iter().all(is_digest) {
            options = options.external_ids(ExternalIdPolicy::Plain);
        } else if key.is_hashed() {
            options = options.digests_only(*key);
        }
    }
    let mut customer = UserData::builder().options(options);
    for (key, values) in &keys {
        customer = values.iter().fold(customer, |customer, value| customer.value(*key, value));
    }
    customer.build().map_err(|invalid| format!("user_data: {invalid}"))
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn load_processing(members: &mut Members) -> Result<Option<DataProcessing>, String> {
    const OPTIONS: &str = "data_processing_options";
    let mut take = |name: &str| members.0.remove(name).map(|raw| json::<u16>(name, &raw)).transpose();
    let place = (take("data_processing_options_country")?, take("data_processing_options_state")?);
    let Some(raw) = members.0.remove(OPTIONS) else {
        return if place == (None, None) { Ok(None) } else { Err(format!("{OPTIONS} is missing")) };
    };
    let options: Vec<String> = json(OPTIONS, &raw)?;
    let processing = match (options.as_slice(), place) {
        ([], (None, None)) => DataProcessing::not_limited(),
        ([option], (Some(0), Some(0))) if option == "LDU" => DataProcessing::limited_geolocated(),
        ([option], (Some(1), Some(state))) if option == "LDU" => {
            DataProcessing::limited(LduState::other(state).map_err(|error| at(OPTIONS, error))?)
        }
        _ => return Err(format!("{OPTIONS}: must be empty, or LDU with country and state")),
    };
    Ok(Some(processing))
}

fn load_original(members: &Members) -> Result<OriginalEvent, String> {
    let mut original = OriginalEvent::new();
    for (name, raw) in &members.0 {
        let path = &within("original_event_data", name);
        original = match name.as_str() {
            "event_name" => original.event_name(text(path, raw)?),
            "event_time" => original.event_time(json(path, raw)?),
            "order_id" => original.order_id(json(path, raw)?),
            "event_id" => original.event_id(json(path, raw)?),
            _ => return Err(format!("{path} is not known")),
        };
    }
    Ok(original)
}

impl Event {
    /// Marks the id as derived if it is the one that the order id gives.
    fn recognize_derived_id(&mut self) {
        self.0.derived_id = self.order_id().is_some() && self.0.event_id == Some(self.derive_id(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{ActionSource, Content, DeliveryCategory, EventName, MessagingChannel, StoreData};
    use crate::value::{Currency, EventTime, Money};

    type Failure = Box<dyn std::error::Error>;

    fn reload(event: &Event) -> Result<(), Failure> {
        let stored = serde_json::to_string(event)?;
        let loaded: Event = serde_json::from_str(&stored)?;
        assert_eq!(serde_json::to_string(&loaded)?, stored);
        assert_eq!(loaded, *event);
        Ok(())
    }

    #[test]
    fn events_are_loaded_as_they_were() -> Result<(), Failure> {
        let time = EventTime::from_unix(1_777_896_000)?;
        let rich = UserData::builder()
            .email("mary@example.com")
            .email("m@example.org")
            .phone("+1 650 555 1212")
            .external_id("C1")
            .client_user_agent("Agent \"quoted\" \\ é")
            .client_ip_address("203.0.113.7")
            .value(MatchKey::LeadId, "525645896321548")
            .value(MatchKey::MobileAdvertiserId, "D23F0824-128B-2F33-0C5C-7FD0A6A3A450");
        let content = Content::new("SKU-1".parse()?, 2.try_into()?).item_price("0.10".parse()?);
        let sale = Event::builder(time, rich.build()?)
            .order_id("A \"1\"".parse()?)
            .value(Money::new("1234567890123456.05".parse()?, Currency::EUR));
        reload(&sale.clone().product(content.clone()).build()?)?;
        reload(
            &sale.clone().content(content.clone().brand("B".parse()?)).event_id("given".parse()?).build()?,
        )?;
        reload(&sale.clone().content_ids([7.into(), "7".parse()?]).without_event_id().build()?)?;
        reload(
            &sale
                .clone()
                .action_source(ActionSource::Website)
                .event_source_url("https://shop.example/?a=\"b\"".parse()?)
                .referrer_url("https://search.example/".parse()?)
                .opt_out(true)
                .data_processing(DataProcessing::limited(LduState::TEXAS))
                .delivery_category(DeliveryCategory::Curbside)
                .net_revenue("-1.5".parse()?)
                .item_number("2".parse()?)
                .status(true)
                .store_data(StoreData::new().store_code("S1".parse()?))
                .original_event(OriginalEvent::new().event_time(time).event_name(EventName::LEAD))
                .messaging_channel(MessagingChannel::WhatsApp)
                .property("loyalty \"points\"", serde_json::json!({"before": [1, null], "after": 2.5}))
                .build()?,
        )?;
        let poor = UserData::builder().phone("+1 650 555 1212").build()?;
        reload(&Event::builder(time, poor).name("Store \"visit\"".parse()?).build()?)
    }

    #[test]
    fn what_cannot_be_loaded_is_named() -> Result<(), Failure> {
        let customer = UserData::builder().email("mary@example.com").build()?;
        let sale = Event::builder(EventTime::from_unix(1_777_896_000)?, customer)
            .order_id("A1".parse()?)
            .value(Money::new("5".parse()?, Currency::EUR))
            .build()?;
        let sale = serde_json::to_value(&sale)?;
        for (path, value, message) in [
            ("/event_time", Value::from(1_777_896_000_000_i64), "event_time: "),
            ("/event_name", "purchase".into(), "event_name: "),
            ("/app_data", serde_json::json!({}), "app_data.advertiser_tracking_enabled is missing"),
            ("/attribution_data", serde_json::json!({}), "attribution_data"),
            ("/colour", "red".into(), "colour is not a member of an event"),
            ("/user_data/em", serde_json::json!(["mary@example.com"]), "e-mail (em) is not a SHA-256 digest"),
            ("/user_data", "mary@example.com".into(), "user_data: expected an object"),
            ("/event_time", "mary@example.com".into(), "event_time: expected Unix seconds"),
            ("/custom_data", "mary@example.com".into(), "custom_data: expected an object"),
            (
                "/custom_data/order_id",
                serde_json::json!(["mary@example.com"]),
                "custom_data.order_id: expected a text",
            ),
            ("/user_data/colour", "red".into(), "user_data.colour is not a match key"),
            ("/custom_data/value", Value::from(-5), "custom_data.value is negative"),
            ("/custom_data/currency", Value::Null, "custom_data.currency: "),
            (
                "/custom_data/contents",
                serde_json::json!([{"id": "1"}]),
                "custom_data.contents[0].quantity is missing",
            ),
        ] {
            let mut stored = sale.clone();
            let (parent, name) = path.rsplit_once('/').unwrap_or_default();
            stored.pointer_mut(parent).and_then(Value::as_object_mut).unwrap().insert(name.into(), value);
            let error = serde_json::from_value::<Event>(stored).unwrap_err().to_string();
            assert!(error.contains(message), "{path}: {error}");
            assert!(!error.contains("mary"), "{error}");
        }
        let error = serde_json::from_str::<Event>(r#""mary@example.com""#).unwrap_err().to_string();
        assert!(error.starts_with("expected an object"), "{error}");
        Ok(())
    }
}
