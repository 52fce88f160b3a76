//! A request body: the events, and what is said once for all of them.

use std::fmt;

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

/// Appends the JSON of an event.
pub(super) fn encode(event: &Event, body: &mut Vec<u8>) {
    // Writing to memory cannot fail, and an event holds nothing that JSON cannot say.
    let written = serde_json::to_writer(body, event);
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
