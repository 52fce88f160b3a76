//! A request body: the events, and what is said once for all of them.

use std::fmt;

use serde::Serialize;

use crate::customer::{MatchValue, UserData};
use crate::event::{Event, MemberWriter};

/// The members of a request besides its events. All are optional. Source: Meta's pages on offline
/// events and on the `/events` edge.
///
/// ```
/// use meta_offline_events::wire::RequestFields;
///
/// let fields = RequestFields::new().upload_tag("store-sales")?.partner_agent("acme-rs-1.0")?;
/// let json = r#"{"partner_agent":"acme-rs-1.0","upload_tag":"store-sales"}"#;
/// assert_eq!(serde_json::to_string(&fields)?, json);
/// assert!(RequestFields::new().progress(10, 10).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct RequestFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    test_event_code: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partner_agent: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upload_tag: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace_id: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upload_id: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upload_source: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<Progress>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    platforms: Vec<Platform>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct Progress {
    start_inclusive: u64,
    end_exclusive: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Platform {
    name: Box<str>,
    #[serde(rename = "type")]
    kind: Box<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<Box<str>>,
}

/// A free text of 1 to 256 characters without control characters.
fn label(member: &'static str, text: &str) -> Result<Box<str>, InvalidRequestField> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 256 || text.chars().any(char::is_control) {
        return Err(InvalidRequestField(member, "must have 1 to 256 characters and no control characters"));
    }
    Ok(text.into())
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
        self.upload_tag = Some(label("upload_tag", tag)?);
        Ok(self)
    }

    /// The namespace of third-party ids, as the legacy offline API had it. Its effect today is not
    /// confirmed.
    ///
    /// # Errors
    ///
    /// [`InvalidRequestField`] unless it has 1 to 256 characters and no control characters.
    pub fn namespace_id(mut self, id: &str) -> Result<Self, InvalidRequestField> {
        self.namespace_id = Some(label("namespace_id", id)?);
        Ok(self)
    }

    /// The id of the upload that the legacy offline API made for an upload tag. Its effect today is
    /// not confirmed.
    ///
    /// # Errors
    ///
    /// [`InvalidRequestField`] unless it has 1 to 256 characters and no control characters.
    pub fn upload_id(mut self, id: &str) -> Result<Self, InvalidRequestField> {
        self.upload_id = Some(label("upload_id", id)?);
        Ok(self)
    }

    /// The name of the tool that uploads. Its effect today is not confirmed.
    ///
    /// # Errors
    ///
    /// [`InvalidRequestField`] unless it has 1 to 256 characters and no control characters.
    pub fn upload_source(mut self, name: &str) -> Result<Self, InvalidRequestField> {
        self.upload_source = Some(label("upload_source", name)?);
        Ok(self)
    }

    /// Which part of an upload this request is: from the first event up to, but without, the last.
    ///
    /// It is said of every request made with these fields, and Meta's legacy uploader was refused for
    /// ranges that overlap: give each request fields of its own.
    ///
    /// # Errors
    ///
    /// [`InvalidRequestField`] unless the start lies before the end.
    pub fn progress(mut self, start_inclusive: u64, end_exclusive: u64) -> Result<Self, InvalidRequestField> {
        if start_inclusive >= end_exclusive || i64::try_from(end_exclusive).is_err() {
            return Err(InvalidRequestField("progress", "must start before it ends"));
        }
        self.progress = Some(Progress { start_inclusive, end_exclusive });
        Ok(self)
    }

    /// A platform that the events passed through: may be called once for each. Meta lists this member
    /// without describing it.
    ///
    /// # Errors
    ///
    /// [`InvalidRequestField`] unless name, type and version have 1 to 256 characters and no control
    /// characters.
    pub fn platform(
        mut self,
        name: &str,
        kind: &str,
        version: Option<&str>,
    ) -> Result<Self, InvalidRequestField> {
        let version = version.map(|version| label("platforms.version", version)).transpose()?;
        let (name, kind) = (label("platforms.name", name)?, label("platforms.type", kind)?);
        self.platforms.push(Platform { name, kind, version });
        Ok(self)
    }

    /// A number to trace the request by. Only Meta's SDKs know this member.
    pub fn trace(mut self, number: u32) -> Self {
        self.trace = Some(number);
        self
    }

    /// Whether a test event code is set.
    pub fn has_test_event_code(&self) -> bool {
        self.test_event_code.is_some()
    }

    /// What stands behind the events: `],"name":"value"…}`.
    pub(crate) fn closing(&self) -> Vec<u8> {
        let members = serde_json::to_vec(self).unwrap_or_default();
        match members.as_slice() {
            [b'{', rest @ ..] if rest.len() > 1 => [b"],", rest].concat(),
            _ => b"]}".to_vec(),
        }
    }
}

/// What stands before the events.
pub(super) const OPENING: &[u8] = b"{\"data\":[";

/// Appends the JSON of an event: the same bytes as its `Serialize` form.
///
/// Digests make up most of it. They are copied as they are, because nothing in them can need escaping.
pub(super) fn encode(event: &Event, body: &mut Vec<u8>) {
    body.push(b'{');
    // Writing to memory cannot fail, and an event holds nothing that JSON cannot say.
    let written = event.write(&mut BodyWriter { body, is_first: true });
    debug_assert!(written.is_ok(), "an event is always JSON");
    body.push(b'}');
}

/// How many bytes an event takes in a request.
#[cfg(feature = "queue")]
pub(crate) fn encoded_len(event: &Event) -> usize {
    let mut body = Vec::new();
    encode(event, &mut body);
    body.len()
}

struct BodyWriter<'b> {
    body: &'b mut Vec<u8>,
    is_first: bool,
}

impl BodyWriter<'_> {
    fn name(&mut self, name: &str) {
        self.body.extend(if self.is_first { b"\"".as_slice() } else { b",\"" });
        self.body.extend(name.as_bytes());
        self.body.extend(b"\":");
        self.is_first = false;
    }
}

impl MemberWriter for BodyWriter<'_> {
    type Error = serde_json::Error;

    fn member(&mut self, name: &'static str, value: &impl Serialize) -> serde_json::Result<()> {
        self.name(name);
        serde_json::to_writer(&mut *self.body, value)
    }

    fn customer(&mut self, customer: &UserData) -> serde_json::Result<()> {
        self.name("user_data");
        self.body.push(b'{');
        encode_customer(customer, self.body)?;
        self.body.push(b'}');
        Ok(())
    }
}

fn encode_customer(customer: &UserData, body: &mut Vec<u8>) -> serde_json::Result<()> {
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
                other => serde_json::to_writer(&mut *body, other)?,
            }
        }
        if key.is_list() {
            body.push(b']');
        }
        before = b",\"";
    }
    Ok(())
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
    use crate::event::{
        ActionSource, AppData, Content, DataProcessing, EventName, ExtInfo, ExtInfoVersion, LduState,
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

    #[test]
    fn members_stand_behind_the_events_in_their_order() -> Result<(), Box<dyn std::error::Error>> {
        let closing = |fields: RequestFields| String::from_utf8(fields.closing());
        assert_eq!(closing(RequestFields::new())?, "]}");
        let all = RequestFields::new()
            .trace(7)
            .platform("till", "pos", Some("1.2"))?
            .platform("hub", "middleware", None)?
            .progress(0, 1000)?
            .upload_source("example")?
            .upload_id("2")?
            .namespace_id("3")?
            .upload_tag("store \"sales\"")?
            .partner_agent("acme-rs-1.0")?
            .test_event_code("TEST1")?;
        assert_eq!(
            closing(all)?,
            concat!(
                r#"],"test_event_code":"TEST1","partner_agent":"acme-rs-1.0","upload_tag":"store \"sales\"","#,
                r#""namespace_id":"3","upload_id":"2","upload_source":"example","#,
                r#""progress":{"start_inclusive":0,"end_exclusive":1000},"#,
                r#""platforms":[{"name":"till","type":"pos","version":"1.2"},{"name":"hub","type":"middleware"}],"#,
                r#""trace":7}"#,
            )
        );
        assert!(RequestFields::new().progress(10, 10).is_err());
        assert!(RequestFields::new().progress(11, 10).is_err());
        assert!(RequestFields::new().progress(0, u64::MAX).is_err());
        assert!(RequestFields::new().platform("", "pos", None).is_err());
        assert!(RequestFields::new().upload_source("a\u{0}").is_err());
        Ok(())
    }
}
