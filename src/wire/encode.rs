//! The JSON of an event, written by hand: byte for byte its `Serialize` form, which stays the truth.
//!
//! What most events consist of (digests, ids, numbers) is put into the body as it is, without a look at
//! each character for something to escape. Whatever is rare goes through `Serialize`.

use std::iter;

use serde::Serialize;

use crate::customer::{MatchValue, UserData};
use crate::event::{Content, CustomData, Event, MemberWriter, Name, name};
use crate::value::{Amount, ProductId};

/// Appends the JSON of an event.
pub(super) fn encode(event: &Event, body: &mut Vec<u8>) {
    let mut object = Object::open(body);
    // Writing to memory cannot fail, and an event holds nothing that JSON cannot say.
    let written = event.write(&mut object);
    debug_assert!(written.is_ok(), "an event is always JSON");
    object.close();
}

/// How many bytes an event takes in a request.
#[cfg(feature = "queue")]
pub(crate) fn encoded_len(event: &Event) -> usize {
    let mut body = Vec::new();
    encode(event, &mut body);
    body.len()
}

/// An object that is being written.
struct Object<'b> {
    body: &'b mut Vec<u8>,
    is_empty: bool,
}

impl<'b> Object<'b> {
    fn open(body: &'b mut Vec<u8>) -> Self {
        body.push(b'{');
        Self { body, is_empty: true }
    }

    fn name(&mut self, name: Name) {
        let name = name.behind_another();
        self.body.extend_from_slice(&name[usize::from(self.is_empty)..]);
        self.is_empty = false;
    }

    fn within(&mut self, name: Name) -> Object<'_> {
        self.name(name);
        Object::open(self.body)
    }

    fn close(self) {
        self.body.push(b'}');
    }
}

impl MemberWriter for Object<'_> {
    type Error = serde_json::Error;

    fn member(&mut self, name: Name, value: &impl Serialize) -> serde_json::Result<()> {
        self.name(name);
        serde_json::to_writer(&mut *self.body, value)
    }

    fn plain_text(&mut self, name: Name, text: &str) -> serde_json::Result<()> {
        self.name(name);
        push_plain_text(text, self.body);
        Ok(())
    }

    fn number(&mut self, name: Name, number: i64) -> serde_json::Result<()> {
        self.name(name);
        push_number(number, self.body);
        Ok(())
    }

    fn customer(&mut self, customer: &UserData) -> serde_json::Result<()> {
        let mut object = self.within(name!("user_data"));
        for (key, mut values) in customer.by_key() {
            object.name(Name::written(key.written_name()));
            match values.next() {
                Some(MatchValue::Hashed(only)) if key.is_list() && values.len() == 0 => {
                    object.body.reserve(68);
                    object.body.extend_from_slice(b"[\"");
                    object.body.extend_from_slice(only.to_hex().as_bytes());
                    object.body.extend_from_slice(b"\"]");
                }
                Some(first) if key.is_list() => {
                    push_list(iter::once(first).chain(values), object.body, to_json)?;
                }
                Some(only) => to_json(only, object.body)?,
                None => {}
            }
        }
        object.close();
        Ok(())
    }

    fn custom_data(&mut self, data: &CustomData) -> serde_json::Result<()> {
        if !data.is_usual() {
            return self.member(name!("custom_data"), data);
        }
        let mut object = self.within(name!("custom_data"));
        if let Some(currency) = data.currency() {
            object.plain_text(name!("currency"), currency.code())?;
        }
        if let Some(amount) = data.amount() {
            object.name(name!("value"));
            push_amount(amount, object.body);
        }
        if let Some(id) = data.order_id() {
            object.identifier(name!("order_id"), id.as_str(), id.text().is_plain())?;
        }
        if let Some(kind) = data.content_type() {
            object.member(name!("content_type"), kind)?;
        }
        if !data.content_ids().is_empty() {
            object.name(name!("content_ids"));
            push_list(data.content_ids(), object.body, push_product)?;
        }
        if !data.contents().is_empty() {
            object.name(name!("contents"));
            push_list(data.contents(), object.body, push_content)?;
        }
        if let Some(category) = data.delivery_category() {
            object.plain_text(name!("delivery_category"), category.as_str())?;
        }
        object.close();
        Ok(())
    }
}

fn push_list<T>(
    elements: impl IntoIterator<Item = T>,
    body: &mut Vec<u8>,
    push: impl Fn(T, &mut Vec<u8>) -> serde_json::Result<()>,
) -> serde_json::Result<()> {
    let mut before = b'[';
    for element in elements {
        body.push(before);
        push(element, body)?;
        before = b',';
    }
    body.push(b']');
    Ok(())
}

fn to_json(value: &impl Serialize, body: &mut Vec<u8>) -> serde_json::Result<()> {
    serde_json::to_writer(body, value)
}

fn push_content(content: &Content, body: &mut Vec<u8>) -> serde_json::Result<()> {
    let mut object = Object::open(body);
    object.name(name!("id"));
    push_product(content.id(), object.body)?;
    object.name(name!("quantity"));
    push_number(content.quantity().get(), object.body);
    if let Some(price) = content.price() {
        object.name(name!("item_price"));
        push_amount(price, object.body);
    }
    object.close();
    Ok(())
}

fn push_product(id: &ProductId, body: &mut Vec<u8>) -> serde_json::Result<()> {
    match id.as_str() {
        text if id.text().is_plain() && !id.is_number() => push_plain_text(text, body),
        _ => to_json(id, body)?,
    }
    Ok(())
}

/// A text in which nothing has to be escaped.
fn push_plain_text(text: &str, body: &mut Vec<u8>) {
    body.reserve(text.len() + 2);
    body.push(b'"');
    body.extend_from_slice(text.as_bytes());
    body.push(b'"');
}

fn push_number(number: impl itoa::Integer, body: &mut Vec<u8>) {
    body.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

fn push_amount(amount: Amount, body: &mut Vec<u8>) {
    body.extend_from_slice(amount.to_digits().as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customer::MatchKey;
    use crate::event::{
        ActionSource, AppData, DataProcessing, EventName, ExtInfo, ExtInfoVersion, LduState,
        MessagingChannel, OriginalEvent,
    };
    use crate::value::{Currency, EventTime, InvalidValue, Money};

    #[test]
    fn what_is_written_is_the_serialize_form() -> Result<(), Box<dyn std::error::Error>> {
        let time = EventTime::from_unix(1_777_896_000)?;
        let rich = UserData::builder()
            .email("mary@example.com")
            .email("john@example.com")
            .value(MatchKey::MobileAdvertiserId, "D23F0824-128B-2F33-0C5C-7FD0A6A3A450")
            .client_user_agent("Agent \"quoted\" \\ é")
            .client_ip_address("203.0.113.7")
            .country("DE")
            .build()?;
        let poor = UserData::builder().phone("+1 650 555 1212").build()?;
        let price = |text: &str| -> Result<_, InvalidValue> { Ok(Money::new(text.parse()?, Currency::EUR)) };
        for event in [
            Event::builder(time, poor.clone()).value(price("31.50")?).build()?,
            Event::builder(time, poor.clone()).name("Store \"visit\"".parse()?).build()?,
            Event::builder(time, poor.clone()).name(EventName::LEAD).without_event_id().build()?,
            Event::builder(time, poor)
                .name(EventName::LEAD)
                .data_processing(DataProcessing::limited(LduState::TEXAS))
                .opt_out(false)
                .app_data(AppData::new(false, ExtInfo::new(ExtInfoVersion::Ios, "18 \"β\"".parse()?)))
                .messaging_channel(MessagingChannel::WhatsApp)
                .original_event(OriginalEvent::new().event_time(time))
                .property("loyalty \"points\"", serde_json::json!({"before": [1, null], "after": 2.5}))
                .build()?,
            Event::builder(time, rich)
                .action_source(ActionSource::Website)
                .event_source_url("https://shop.example/?a=\"b\"".parse()?)
                .order_id("A \"1\"".parse()?)
                .content(Content::new("SKU\\1".parse()?, 2.try_into()?).item_price("0.10".parse()?))
                .value(price("0.20")?)
                .build()?,
        ] {
            let mut body = Vec::new();
            encode(&event, &mut body);
            assert_eq!(String::from_utf8(body)?, serde_json::to_string(&event)?);
        }
        Ok(())
    }
}
