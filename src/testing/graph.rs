//! The two JSON shapes that Graph answers with: a receipt and an error.

use serde_json::{Map, Value, json};

/// The receipt for a batch.
pub(super) fn receipt(received: u64, trace: &str) -> Value {
    json!({ "events_received": received, "messages": [], "fbtrace_id": trace })
}

/// An error before it is given the trace id of one answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct GraphError {
    pub(super) status: u16,
    pub(super) code: i64,
    pub(super) subcode: Option<i64>,
    transient: bool,
    message: Box<str>,
    user_text: Option<(&'static str, Box<str>)>,
    blame: Option<Vec<String>>,
    event_index: Option<usize>,
}

impl GraphError {
    pub(super) fn new(status: u16, code: i64, message: impl Into<Box<str>>) -> Self {
        Self {
            status,
            code,
            subcode: None,
            transient: false,
            message: message.into(),
            user_text: None,
            blame: None,
            event_index: None,
        }
    }

    pub(super) fn subcode(mut self, subcode: impl Into<Option<i64>>) -> Self {
        self.subcode = subcode.into();
        self
    }

    pub(super) fn transient(mut self) -> Self {
        self.transient = true;
        self
    }

    /// What a person would be shown.
    pub(super) fn user_text(mut self, title: &'static str, text: impl Into<Box<str>>) -> Self {
        self.user_text = Some((title, text.into()));
        self
    }

    /// The path of the field at fault, from the event down.
    pub(super) fn blames(mut self, field: &[&str]) -> Self {
        self.blame = Some(field.iter().map(ToString::to_string).collect());
        self
    }

    pub(super) fn at_event(mut self, index: usize) -> Self {
        self.event_index = Some(index);
        self
    }

    pub(super) fn to_json(&self, trace: &str) -> Value {
        let mut error = Map::new();
        let mut put = |key: &str, value: Value| error.insert(key.to_owned(), value);
        put("message", json!(self.message));
        put("type", json!("OAuthException"));
        put("code", json!(self.code));
        if let Some(subcode) = self.subcode {
            put("error_subcode", json!(subcode));
        }
        put("is_transient", json!(self.transient));
        if let Some((title, text)) = &self.user_text {
            put("error_user_title", json!(title));
            put("error_user_msg", json!(text));
        }
        if let Some(data) = self.data() {
            put("error_data", data);
        }
        put("fbtrace_id", json!(trace));
        json!({ "error": error })
    }

    fn data(&self) -> Option<Value> {
        let mut data = Map::new();
        if let Some(field) = &self.blame {
            data.insert("blame_field_specs".to_owned(), json!([field]));
        }
        if let Some(index) = self.event_index {
            data.insert("event_index".to_owned(), json!(index));
        }
        (!data.is_empty()).then_some(Value::Object(data))
    }
}
