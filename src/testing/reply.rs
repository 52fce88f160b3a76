//! One HTTP answer as bytes.

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::DateTime;
use serde_json::Value;

use super::connection::{Head, head_of_answer};
use super::graph::{GraphError, receipt};

const JSON: &str = "application/json; charset=UTF-8";

/// An answer before its headers.
#[derive(Debug)]
pub(super) struct Reply {
    status: u16,
    content_type: Option<String>,
    location: Option<String>,
    pub(super) body: Vec<u8>,
    trace: String,
}

impl Reply {
    pub(super) fn new(status: u16, content_type: Option<String>, body: Vec<u8>) -> Self {
        Self { status, content_type, location: None, body, trace: next_trace() }
    }

    pub(super) fn json(json: &Value) -> Self {
        Self::new(200, Some(JSON.to_owned()), json.to_string().into())
    }

    /// A page for a browser.
    pub(super) fn page(status: u16, body: &str) -> Self {
        let page =
            format!("<!doctype html><html><head><title>Mock login</title></head><body>{body}</body></html>");
        Self::new(status, Some("text/html; charset=utf-8".to_owned()), page.into())
    }

    /// Sends a browser elsewhere.
    pub(super) fn redirect(location: &str) -> Self {
        Self { location: Some(location.to_owned()), ..Self::new(302, None, Vec::new()) }
    }

    pub(super) fn receipt(received: u64) -> Self {
        let trace = next_trace();
        let body = receipt(received, &trace).to_string().into();
        Self { trace, ..Self::new(200, Some(JSON.to_owned()), body) }
    }

    pub(super) fn error(error: &GraphError) -> Self {
        let trace = next_trace();
        let body = error.to_json(&trace).to_string().into();
        Self { trace, ..Self::new(error.status, Some(JSON.to_owned()), body) }
    }

    /// An error that quotes the request, secrets included.
    pub(super) fn echo(head: &Head, body: &[u8]) -> Self {
        let authorization = head.header("authorization").unwrap_or_default();
        let body = String::from_utf8_lossy(body);
        let quote = format!("Cannot process {body} sent with {authorization}");
        Self::error(&GraphError::new(400, 100, quote.clone()).user_text("Invalid parameter", quote))
    }

    /// Status line and headers. A `scripted` header replaces one of the same name.
    pub(super) fn head(&self, scripted: &[(String, String)], now: i64, body: Body, keep: bool) -> Vec<u8> {
        let date = http_date(now);
        let length = self.body.len().to_string();
        let mut headers = vec![("date", date.as_str()), ("x-fb-trace-id", &self.trace)];
        headers.extend(self.content_type.as_deref().map(|content_type| ("content-type", content_type)));
        headers.extend(self.location.as_deref().map(|location| ("location", location)));
        match body {
            Body::Endless => headers.push(("transfer-encoding", "chunked")),
            Body::Whole if matches!(self.status, 100..200 | 204 | 304) => {}
            Body::Whole => headers.push(("content-length", &length)),
        }
        if !keep {
            headers.push(("connection", "close"));
        }
        headers.retain(|(name, _)| !scripted.iter().any(|(own, _)| own.eq_ignore_ascii_case(name)));
        headers.extend(scripted.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        head_of_answer(self.status, &headers)
    }
}

/// How the end of the answer's body is announced.
#[derive(Debug, Clone, Copy)]
pub(super) enum Body {
    Whole,
    Endless,
}

/// A trace id that no other answer of this process has.
fn next_trace() -> String {
    static LAST: AtomicU64 = AtomicU64::new(0);
    format!("AMockTrace{:013x}", LAST.fetch_add(1, Ordering::Relaxed))
}

fn http_date(unix: i64) -> String {
    DateTime::from_timestamp(unix, 0).unwrap_or_default().format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
