//! What the stand-in can be told to do with a request, from a plain status to a broken connection.

use std::time::Duration;

use serde_json::Value;
use url::Url;

use super::graph::GraphError;

/// What the stand-in does with one request.
///
/// A constructor says what is answered or broken, the methods after it say how. Only
/// [`Answer::judge`] and [`Answer::accept_then_reset`] look at the events and store them; every
/// other answer leaves no trace in [`MockServer::accepted`](super::MockServer::accepted), whatever it
/// tells the client.
///
/// ```
/// use std::time::Duration;
/// use meta_offline_events::testing::Answer;
/// use serde_json::json;
///
/// let late = Answer::judge().after(Duration::from_secs(31));
/// let cut_off = Answer::received(2).half();
/// let busy = Answer::judge().header("x-app-usage", r#"{"call_count":95}"#);
/// let odd = Answer::json(200, json!({ "events_received": "two" }));
/// # let _ = (late, cut_off, busy, odd);
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Answer {
    pub(super) act: Act,
    pub(super) headers: Vec<(String, String)>,
    pub(super) wait: Duration,
    pub(super) delivery: Delivery,
}

/// What happens to the request.
#[derive(Debug, Clone)]
pub(super) enum Act {
    Judge,
    Reply { status: u16, content_type: Option<String>, body: Vec<u8> },
    GraphError(GraphError),
    Received(u64),
    Echo,
    Raw(Vec<u8>),
    Endless,
    Hang,
    NeverRead,
    ResetBeforeBody,
    ResetAfterBody,
    AcceptThenReset,
}

/// How the bytes of an answer leave.
#[derive(Debug, Clone, Copy)]
pub(super) enum Delivery {
    Whole,
    Half,
    Drip(Duration),
    Closing,
}

/// What is answered.
impl Answer {
    fn new(act: Act) -> Self {
        Self { act, headers: Vec::new(), wait: Duration::ZERO, delivery: Delivery::Whole }
    }

    /// Judges by Meta's rules, as without a script.
    pub fn judge() -> Self {
        Self::new(Act::Judge)
    }

    /// Any body with any content type.
    ///
    /// ```
    /// use meta_offline_events::testing::Answer;
    ///
    /// let cut_off = Answer::body(200, "application/json", r#"{"events_rec"#);
    /// # let _ = cut_off;
    /// ```
    pub fn body(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let content_type = Some(content_type.to_owned());
        Self::new(Act::Reply { status, content_type, body: body.into() })
    }

    /// A JSON body. It is sent as given: no trace id is added.
    #[expect(clippy::needless_pass_by_value, reason = "a call with json!() reads better without a reference")]
    pub fn json(status: u16, body: Value) -> Self {
        Self::body(status, "application/json; charset=UTF-8", body.to_string())
    }

    /// A status and nothing else.
    pub fn empty(status: u16) -> Self {
        Self::new(Act::Reply { status, content_type: None, body: Vec::new() })
    }

    /// A page for people, as a hotel network or a proxy would send.
    pub fn html(status: u16) -> Self {
        let page = "<!doctype html><html><head><title>Sign in</title></head><body>Welcome</body></html>";
        Self::body(status, "text/html; charset=utf-8", page)
    }

    /// A 307 to another place: the redirect that keeps method and body, so the most dangerous one.
    /// For other statuses, give [`Answer::empty`] a `location` header.
    pub fn redirect(to: &Url) -> Self {
        Self::empty(307).header("location", to.as_str())
    }

    /// An error in Graph's shape that is not transient.
    ///
    /// ```
    /// use meta_offline_events::testing::Answer;
    ///
    /// let expired = Answer::graph_error(400, 190, Some(463));
    /// # let _ = expired;
    /// ```
    pub fn graph_error(status: u16, code: i64, subcode: Option<i64>) -> Self {
        let error = GraphError::new(status, code, "A scripted error")
            .subcode(subcode)
            .tells("Scripted", "The test asked for this error.");
        Self::new(Act::GraphError(error))
    }

    /// Code 2 with `is_transient`, under a status of 400 that would otherwise look final.
    pub fn transient() -> Self {
        let error = GraphError::new(400, 2, "Service temporarily unavailable").transient();
        Self::new(Act::GraphError(error))
    }

    /// Code 80004 under a status of 400: too many calls. The headers say how much was used and how
    /// long to wait.
    ///
    /// ```
    /// use meta_offline_events::testing::Answer;
    ///
    /// let wait = Answer::throttled([("retry-after", "120")]);
    /// # let _ = wait;
    /// ```
    pub fn throttled<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let error = GraphError::new(400, 80_004, "There have been too many calls to this ad account")
            .subcode(2_446_079)
            .tells("Too many calls", "Wait a bit and try again.");
        let answer = Self::new(Act::GraphError(error));
        headers.into_iter().fold(answer, |answer, (name, value)| answer.header(name, value))
    }

    /// A receipt for this many events, however many were sent.
    pub fn received(events: u64) -> Self {
        Self::new(Act::Received(events))
    }

    /// A 400 whose message quotes the request's body and its authorization.
    pub fn echo() -> Self {
        Self::new(Act::Echo)
    }

    /// These bytes instead of an HTTP answer, then the end of the connection: interim answers,
    /// floods of headers, a gzip bomb, or no HTTP at all. [`Answer::header`] has no effect.
    ///
    /// ```
    /// use meta_offline_events::testing::Answer;
    ///
    /// let interim = Answer::raw("HTTP/1.1 103 \r\n\r\nHTTP/1.1 204 \r\n\r\n");
    /// # let _ = interim;
    /// ```
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(Act::Raw(bytes.into()))
    }

    /// A 200 with a body of blanks that never ends. How it is delivered cannot be changed.
    pub fn endless() -> Self {
        Self::new(Act::Endless)
    }
}

/// What is broken.
impl Answer {
    /// Reads the whole request and never answers.
    pub fn hang() -> Self {
        Self::new(Act::Hang)
    }

    /// Stops reading after the request's head and never answers.
    ///
    /// The operating system still takes what fits its buffers, up to a few megabytes. Since nobody
    /// can tell when the client gives up, such a request does not count as in flight.
    pub fn never_read() -> Self {
        Self::new(Act::NeverRead)
    }

    /// Reads half of the request's body, then resets the connection. Nothing is stored.
    pub fn reset_before_body() -> Self {
        Self::new(Act::ResetBeforeBody)
    }

    /// Reads the whole request, then resets the connection. Nothing is stored.
    pub fn reset_after_body() -> Self {
        Self::new(Act::ResetAfterBody)
    }

    /// Judges the request and stores its events, then resets the connection: the client cannot
    /// know.
    pub fn accept_then_reset() -> Self {
        Self::new(Act::AcceptThenReset)
    }
}

/// How it is delivered.
impl Answer {
    /// Adds a header, sent as given. A header of the same name that the stand-in would set itself,
    /// such as `date` or `content-length`, gives way.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Waits before the answer or the fault. The request is judged, and its events are stored,
    /// before the wait. The waits of several calls add up.
    pub fn after(mut self, wait: Duration) -> Self {
        self.wait = self.wait.saturating_add(wait);
        self
    }

    /// Announces the whole body, sends half of it, and closes the connection.
    pub fn half(mut self) -> Self {
        self.delivery = Delivery::Half;
        self
    }

    /// Sends the head at once and the body byte by byte, with this pause before each.
    pub fn drip(mut self, pause: Duration) -> Self {
        self.delivery = Delivery::Drip(pause);
        self
    }

    /// Closes the connection after the answer without having announced it, as a server does with
    /// connections that were idle for too long.
    pub fn close(mut self) -> Self {
        self.delivery = Delivery::Closing;
        self
    }
}
