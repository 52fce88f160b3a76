//! The JSON of an event, written by hand: byte for byte its `Serialize` form, which stays the truth.
//!
//! What most events consist of (digests, ids, numbers) is put into the body as it is, without a look at
//! each character for something to escape. Whatever is rare goes through `Serialize`.

use std::iter;

use serde::Serialize;

use crate::customer::{Hashed, MatchValue, UserData};
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

    fn text(&mut self, name: Name, text: &str) -> serde_json::Result<()> {
        self.name(name);
        push_text(text, self.body)
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
                    object.body.extend_from_slice(&in_a_list(*only));
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
            object.text(name!("currency"), currency.code())?;
        }
        if let Some(amount) = data.amount() {
            object.name(name!("value"));
            push_amount(amount, object.body)?;
        }
        if let Some(id) = data.order_id() {
            object.text(name!("order_id"), id.as_str())?;
        }
        if let Some(kind) = data.content_type() {
            object.text(name!("content_type"), kind.as_str())?;
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
            object.text(name!("delivery_category"), category.as_str())?;
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

/// `["…"]`, with the digits of a digest.
fn in_a_list(digest: Hashed) -> [u8; 68] {
    let mut list = [b'"'; 68];
    list[0] = b'[';
    list[2..66].copy_from_slice(digest.to_hex().as_bytes());
    list[67] = b']';
    list
}

fn push_content(content: &Content, body: &mut Vec<u8>) -> serde_json::Result<()> {
    let mut object = Object::open(body);
    object.name(name!("id"));
    push_product(content.id(), object.body)?;
    object.name(name!("quantity"));
    push_number(content.quantity().get(), object.body);
    if let Some(price) = content.price() {
        object.name(name!("item_price"));
        push_amount(price, object.body)?;
    }
    object.close();
    Ok(())
}

fn push_product(id: &ProductId, body: &mut Vec<u8>) -> serde_json::Result<()> {
    if id.is_number() { serde_json::to_writer(body, id) } else { push_text(id.as_str(), body) }
}

fn push_text(text: &str, body: &mut Vec<u8>) -> serde_json::Result<()> {
    if !is_plain(text.as_bytes()) {
        return serde_json::to_writer(body, text);
    }
    body.reserve(text.len() + 2);
    body.push(b'"');
    body.extend_from_slice(text.as_bytes());
    body.push(b'"');
    Ok(())
}

/// Whether nothing has to be escaped in a text: neither control characters nor `"` nor `\`. It looks at
/// eight bytes at a time.
fn is_plain(text: &[u8]) -> bool {
    let (eights, rest) = text.as_chunks::<8>();
    let mut last = [b' '; 8];
    last[..rest.len()].copy_from_slice(rest);
    !eights.iter().chain([&last]).any(|eight| has_special(u64::from_ne_bytes(*eight)))
}

fn has_special(bytes: u64) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHS: u64 = ONES << 7;
    // The high bit of a byte is set where the byte is below a limit of at most 128.
    let below = |bytes: u64, limit: u64| bytes.wrapping_sub(ONES * limit) & !bytes & HIGHS;
    let equal = |byte: u8| below(bytes ^ (ONES * u64::from(byte)), 1);
    (below(bytes, 0x20) | equal(b'"') | equal(b'\\')) != 0
}

fn push_number(number: impl itoa::Integer, body: &mut Vec<u8>) {
    body.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

fn push_amount(amount: Amount, body: &mut Vec<u8>) -> serde_json::Result<()> {
    let Some((units, decimals)) = amount.small_units() else { return serde_json::to_writer(body, &amount) };
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(units).as_bytes();
    match digits.len().checked_sub(decimals) {
        _ if decimals == 0 => body.extend_from_slice(digits),
        Some(whole) if whole > 0 => {
            body.extend_from_slice(&digits[..whole]);
            body.push(b'.');
            body.extend_from_slice(&digits[whole..]);
        }
        _ => {
            body.extend_from_slice(b"0.");
            body.extend(iter::repeat_n(b'0', decimals - digits.len()));
            body.extend_from_slice(digits);
        }
    }
    Ok(())
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
