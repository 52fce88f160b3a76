//! The customer of an event: raw values, cleaned and hashed.

use meta_offline_events::customer::{MatchKey, UserData};
use meta_offline_events::value::EventTime;
use serde_json::value::RawValue;

use super::json::{self, Fault, Object};

/// Values that can be used. What cannot is left out with a note; it is a fault if nothing remains.
pub(crate) fn read(mut object: Object<'_>, now: EventTime, notes: &mut Vec<String>) -> UserData {
    let mut unusable = Vec::new();
    let mut texts = Vec::new();
    for key in MatchKey::ALL {
        let name = key.wire_name();
        for value in object.take(name, |raw| Ok(values(raw))).unwrap_or_default() {
            match raw_text(value) {
                Ok(text) => texts.push((key, text)),
                Err(fault) => unusable.push((key, fault)),
            }
        }
    }
    let builder =
        texts.iter().fold(UserData::builder().as_of(now), |builder, (key, text)| builder.value(*key, text));
    let customer = builder.build().unwrap_or_else(|invalid| {
        let (usable, refused) = invalid.into_parts();
        unusable.extend(refused.iter().map(|refused| {
            (refused.key(), Fault::new(refused.reason().code(), refused.reason().to_string()))
        }));
        usable
    });
    unusable.sort_by_key(|(key, _)| *key);
    for (key, fault) in unusable {
        if customer.is_empty() {
            object.fault(key.wire_name(), fault);
        } else {
            notes.push(format!("user_data.{key} is left out: it {fault}"));
        }
    }
    object.close();
    customer
}

/// The elements of a list; anything else is one value.
fn values(raw: &RawValue) -> Vec<&RawValue> {
    json::list(raw).unwrap_or_else(|_| vec![raw])
}

/// A text, or a number by its digits.
fn raw_text(raw: &RawValue) -> Result<String, Fault> {
    if json::is_number(raw) { Ok(raw.get().to_owned()) } else { json::string(raw) }
}
