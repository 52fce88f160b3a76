//! The members of a request besides its events.

use std::fmt;

use serde::Serialize;

/// The members of a request besides its events. All are optional.
///
/// Source: Meta's pages on offline events and on the `/events` edge.
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
    /// Creates an empty set of members.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the test event code, which shows the events in the Test Events view of Events Manager.
    ///
    /// Events with a code still count for measurement and targeting, so remove it in production.
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

    /// Sets the name of the platform that sends events for its clients, such as `acme-rs-1.0`.
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

    /// Sets a label of your own that groups uploads.
    ///
    /// # Errors
    ///
    /// [`InvalidRequestField`] unless it has 1 to 256 characters and no control characters.
    pub fn upload_tag(mut self, tag: &str) -> Result<Self, InvalidRequestField> {
        self.upload_tag = Some(label("upload_tag", tag)?);
        Ok(self)
    }

    /// Sets the namespace of third-party ids, a member of the legacy offline API. Its effect today is not
    /// confirmed.
    ///
    /// # Errors
    ///
    /// [`InvalidRequestField`] unless it has 1 to 256 characters and no control characters.
    pub fn namespace_id(mut self, id: &str) -> Result<Self, InvalidRequestField> {
        self.namespace_id = Some(label("namespace_id", id)?);
        Ok(self)
    }

    /// Sets the id that the legacy offline API gave to an upload tag. Its effect today is not confirmed.
    ///
    /// # Errors
    ///
    /// [`InvalidRequestField`] unless it has 1 to 256 characters and no control characters.
    pub fn upload_id(mut self, id: &str) -> Result<Self, InvalidRequestField> {
        self.upload_id = Some(label("upload_id", id)?);
        Ok(self)
    }

    /// Sets the name of the uploading tool. Its effect today is not confirmed.
    ///
    /// # Errors
    ///
    /// [`InvalidRequestField`] unless it has 1 to 256 characters and no control characters.
    pub fn upload_source(mut self, name: &str) -> Result<Self, InvalidRequestField> {
        self.upload_source = Some(label("upload_source", name)?);
        Ok(self)
    }

    /// Sets the part of an upload that this request is: from the first event up to, but not including, the last.
    ///
    /// Every request made with these fields carries the same range, and Meta refuses ranges that overlap, so
    /// give each request fields of its own.
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

    /// Adds a platform that the events passed through. Call it once for each. Meta lists this member without
    /// describing it.
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

    /// Sets a number to trace the request by. Only Meta's SDKs have this member.
    pub fn trace(mut self, number: u32) -> Self {
        self.trace = Some(number);
        self
    }

    /// Whether a test event code is set.
    pub fn has_test_event_code(&self) -> bool {
        self.test_event_code.is_some()
    }

    /// What follows the events: `],"name":"value"…}`.
    pub(crate) fn closing(&self) -> Vec<u8> {
        let members = serde_json::to_vec(self).unwrap_or_default();
        match members.as_slice() {
            [b'{', rest @ ..] if rest.len() > 1 => [b"],", rest].concat(),
            _ => b"]}".to_vec(),
        }
    }
}

/// What precedes the events.
pub(super) const OPENING: &[u8] = b"{\"data\":[";

/// The error for a member of a request with a value that Meta or HTTP does not take.
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
