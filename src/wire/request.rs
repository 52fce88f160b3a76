//! A request body: the events, and what is said once for all of them.

use std::fmt;

use serde::Serialize;

use crate::customer::{MatchValue, UserData};
use crate::event::Event;

/// The members of a request besides its events. All are optional.
///
/// ```
/// use meta_offline_events::wire::RequestFields;
///
/// let fields = RequestFields::new().upload_tag("store-sales")?.partner_agent("acme-rs-1.0")?;
/// # let _ = fields;
/// # Ok::<(), meta_offline_events::wire::InvalidRequestField>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestFields {
    test_event_code: Option<Box<str>>,
    partner_agent: Option<Box<str>>,
    upload_tag: Option<Box<str>>,
}

impl RequestFields {
    /// No members beside the events.
    pub fn new() -> Self {
        Self::default()
    }

    /// Shows the events in the Test Events view, too. They count all the same: take the code out in
    /// production.
    ///
    /// # Errors
    ///
    /// [`InvalidRequestField`] unless the code is 1 to 64 letters, digits, hyphens and underscores.
    pub fn test_event_code(mut self, code: &str) -> Result<Self, InvalidRequestField> {
        let code = code.trim();
        let plain = code.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if code.is_empty() || code.len() > 64 || !plain {
            return Err(InvalidRequestField(
                "test_event_code",
                "must be 1 to 64 letters, digits, hyphens and underscores",
            ));
        }
        self.test_event_code = Some(code.into());
        Ok(self)
    }

    /// Names the platform that sends for its clients.
    ///
    /// # Errors
    ///
    /// [`InvalidRequestField`] unless it has fewer than 23 characters, at least two letters among
    /// them, and no control characters.
    pub fn partner_agent(mut self, name: &str) -> Result<Self, InvalidRequestField> {
        let name = name.trim();
        let letters = name.chars().filter(|letter| letter.is_alphabetic()).count();
        if letters < 2 || name.chars().count() > 22 || name.chars().any(char::is_control) {
            let rule = "must have at least two letters, fewer than 23 characters and no control characters";
            return Err(InvalidRequestField("partner_agent", rule));
        }
        self.partner_agent = Some(name.into());
        Ok(self)
    }

    /// A free label that groups uploads.
    ///
    /// # Errors
    ///
    /// [`InvalidRequestField`] unless it has 1 to 256 characters and no control characters.
    pub fn upload_tag(mut self, tag: &str) -> Result<Self, InvalidRequestField> {
        let tag = tag.trim();
        if tag.is_empty() || tag.chars().count() > 256 || tag.chars().any(char::is_control) {
            return Err(InvalidRequestField(
                "upload_tag",
                "must have 1 to 256 characters and no control characters",
            ));
        }
        self.upload_tag = Some(tag.into());
        Ok(self)
    }

    /// Whether a test event code is set.
    pub fn has_test_event_code(&self) -> bool {
        self.test_event_code.is_some()
    }

    fn members(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("test_event_code", &self.test_event_code),
            ("partner_agent", &self.partner_agent),
            ("upload_tag", &self.upload_tag),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }

    /// What stands behind the events: `],"name":"value"…}`.
    pub(super) fn closing(&self) -> Vec<u8> {
        let mut closing = vec![b']'];
        for (name, value) in self.members() {
            closing.extend(b",\"");
            closing.extend(name.as_bytes());
            closing.extend(b"\":");
            closing.extend(serde_json::to_vec(value).unwrap_or_default());
        }
        closing.push(b'}');
        closing
    }
}

/// What stands before the events.
pub(super) const OPENING: &[u8] = b"{\"data\":[";

/// Appends the JSON of an event: the same bytes as its `Serialize` form.
///
/// Digests make up most of it. They are copied as they are, because nothing in them can need escaping.
pub(super) fn encode(event: &Event, body: &mut Vec<u8>) {
    body.extend(b"{\"event_name\":");
    write(event.name(), body);
    body.extend(b",\"event_time\":");
    write(&event.time(), body);
    body.extend(b",\"event_id\":");
    write(event.id(), body);
    body.extend(b",\"action_source\":");
    write(&event.action_source(), body);
    if let Some(page) = event.source_url() {
        body.extend(b",\"event_source_url\":");
        write(page, body);
    }
    body.extend(b",\"user_data\":{");
    encode_customer(event.user_data(), body);
    body.push(b'}');
    if !event.custom_data().is_empty() {
        body.extend(b",\"custom_data\":");
        write(event.custom_data(), body);
    }
    body.push(b'}');
}

fn encode_customer(customer: &UserData, body: &mut Vec<u8>) {
    let mut before: &[u8] = b"\"";
    for key in customer.keys() {
        body.extend(before);
        body.extend(key.wire_name().as_bytes());
        body.extend(if key.is_list() { b"\":[".as_slice() } else { b"\":" });
        for (index, value) in customer.values(key).enumerate() {
            if index > 0 {
                body.push(b',');
            }
            match value {
                MatchValue::Hashed(digest) => {
                    body.push(b'"');
                    body.extend(digest.to_hex().as_str().as_bytes());
                    body.push(b'"');
                }
                other => write(other, body),
            }
        }
        if key.is_list() {
            body.push(b']');
        }
        before = b",\"";
    }
}

fn write(value: &impl Serialize, body: &mut Vec<u8>) {
    // Writing to memory cannot fail, and an event holds nothing that JSON cannot say.
    let written = serde_json::to_writer(body, value);
    debug_assert!(written.is_ok(), "an event is always JSON");
}

/// A member of the request has a value that Meta or HTTP does not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidRequestField(&'static str, &'static str);

impl fmt::Display for InvalidRequestField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, self.1)
    }
}

impl std::error::Error for InvalidRequestField {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customer::MatchKey;
    use crate::event::{ActionSource, Content};
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
            Event::builder(time, poor).name("Store \"visit\"".parse()?).build()?,
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
