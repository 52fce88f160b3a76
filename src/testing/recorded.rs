//! One request as the mock server received it.

use std::fmt;

use serde_json::Value;

/// A request that the mock server received.
///
/// ```
/// use meta_offline_events::testing::MockServer;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = MockServer::start().await?;
/// let url = server.url().join("v26.0/123/events?debug=all")?;
/// reqwest::Client::builder().no_proxy().build()?.post(url).body(r#"{"data":[]}"#).send().await?;
///
/// let request = &server.requests()[0];
/// assert_eq!((request.method(), request.path()), ("POST", "/v26.0/123/events"));
/// assert_eq!(request.header("Content-Length"), Some("11"));
/// assert_eq!(request.json().unwrap_or_default()["data"], serde_json::json!([]));
/// assert!(request.is_whole());
/// # Ok(())
/// # }
/// ```
///
/// `Debug` shows neither the token nor the query nor the body: test output ends up in logs too.
#[derive(Clone, PartialEq, Eq)]
pub struct RecordedRequest {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    whole: bool,
}

impl RecordedRequest {
    pub(super) fn new(method: &str, target: &str, headers: &[(String, String)]) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: headers.to_vec(),
            body: Vec::new(),
            whole: false,
        }
    }

    pub(super) fn set_body(&mut self, body: Vec<u8>, whole: bool) {
        self.body = body;
        self.whole = whole;
    }

    /// The method in upper case.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Path and query as in the request line.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The target up to the question mark.
    pub fn path(&self) -> &str {
        self.target.split_once('?').map_or(self.target.as_str(), |(path, _)| path)
    }

    /// Every header in order of arrival. Bytes that are not UTF-8 are replaced.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of the first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().find(|(each, _)| each.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The bytes of the body, without chunk framing.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Whether the whole body was read: `false` while it still arrives, and for good when the connection
    /// broke first.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// The body as JSON, if it is JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedRequest")
            .field("method", &self.method)
            .field("path", &self.path())
            .field("headers", &Headers(&self.headers))
            .field("body_bytes", &self.body.len())
            .field("whole", &self.whole)
            .finish_non_exhaustive()
    }
}

struct Headers<'a>(&'a [(String, String)]);

impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(name, value)| (name, shown(name, value)))).finish()
    }
}

fn shown<'a>(name: &str, value: &'a str) -> &'a str {
    if name.to_ascii_lowercase().contains("authorization") { "…" } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s1_debug_shows_neither_token_nor_body() {
        let headers =
            [("Authorization".to_owned(), "Bearer marked".to_owned()), ("host".to_owned(), "x".to_owned())];
        let mut request = RecordedRequest::new("POST", "/v26.0/1/events?access_token=marked", &headers);
        request.set_body(b"marked".to_vec(), true);

        let shown = format!("{request:?}");
        assert!(!shown.contains("marked"), "{shown}");
        assert!(shown.contains("/v26.0/1/events") && shown.contains("host"), "{shown}");
        assert_eq!(request.header("authorization"), Some("Bearer marked"));
    }
}
