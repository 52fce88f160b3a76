//! What a test can make the mock server answer, from a plain status to a broken connection.

use std::time::Duration;

use serde_json::Value;
use url::Url;

use super::graph::GraphError;

/// The answer of a [`MockServer`](super::MockServer) to one request, or the fault in place of one.
///
/// ```
/// use meta_offline_events::testing::{Answer, MockServer};
/// use serde_json::json;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = MockServer::start().await?;
/// server.script(Answer::json(200, json!({ "events_received": "two" })).header("x-app-usage", "{}"));
///
/// let url = server.url().join("v26.0/123/events")?;
/// let answer = reqwest::Client::builder().no_proxy().build()?.post(url).send().await?;
/// assert_eq!(answer.headers()["x-app-usage"], "{}");
/// assert_eq!(answer.text().await?, r#"{"events_received":"two"}"#);
/// # Ok(())
/// # }
/// ```
///
/// A constructor chooses the answer or the fault, and the methods after it say how it is delivered. Only
/// [`Answer::judge`] and answers that are [`storing`](Answer::storing) check events and store them. Every
/// other answer leaves [`MockServer::accepted`](super::MockServer::accepted) as it was, whatever the client
/// reads.
#[derive(Debug, Clone)]
#[must_use]
pub struct Answer {
    pub(super) act: Act,
    pub(super) stores: bool,
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
}

/// How the bytes of an answer are sent.
#[derive(Debug, Clone, Copy)]
pub(super) enum Delivery {
    Whole,
    Half,
    Drip(Duration),
    Closing,
}

/// Answers.
impl Answer {
    fn new(act: Act) -> Self {
        Self { act, stores: false, headers: Vec::new(), wait: Duration::ZERO, delivery: Delivery::Whole }
    }

    /// Checks the request against Meta's rules and answers as Meta would, as without a script.
    pub fn judge() -> Self {
        Self::new(Act::Judge)
    }

    /// Answers with any body and content type.
    pub fn body(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let content_type = Some(content_type.to_owned());
        Self::new(Act::Reply { status, content_type, body: body.into() })
    }

    /// Answers with this JSON, and adds no trace id.
    #[expect(clippy::needless_pass_by_value, reason = "a call with json!() reads better without a reference")]
    pub fn json(status: u16, body: Value) -> Self {
        Self::body(status, "application/json; charset=UTF-8", body.to_string())
    }

    /// Answers with a status and no body.
    pub fn empty(status: u16) -> Self {
        Self::new(Act::Reply { status, content_type: None, body: Vec::new() })
    }

    /// Answers with an HTML page, as a hotel network or a proxy does.
    pub fn html(status: u16) -> Self {
        let page = "<!doctype html><html><head><title>Sign in</title></head><body>Welcome</body></html>";
        Self::body(status, "text/html; charset=utf-8", page)
    }

    /// Redirects with status 307, which keeps method and body and so is the most dangerous redirect.
    /// For other statuses, give [`Answer::empty`] a `location` header.
    pub fn redirect(to: &Url) -> Self {
        Self::empty(307).header("location", to.as_str())
    }

    /// Answers with an error of the Graph API that is not transient.
    ///
    /// ```
    /// use meta_offline_events::testing::{Answer, MockServer};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = MockServer::start().await?;
    /// server.script(Answer::graph_error(400, 190, Some(463)));
    ///
    /// let url = server.url().join("v26.0/123/events")?;
    /// let answer = reqwest::Client::builder().no_proxy().build()?.post(url).send().await?;
    /// assert!(answer.text().await?.contains(r#""error_subcode":463"#));
    /// # Ok(())
    /// # }
    /// ```
    pub fn graph_error(status: u16, code: i64, subcode: Option<i64>) -> Self {
        let error = GraphError::new(status, code, "A scripted error")
            .subcode(subcode)
            .user_text("Scripted", "The test asked for this error.");
        Self::new(Act::GraphError(error))
    }

    /// Answers with code 2 and `is_transient`, with status 400, which would otherwise be final.
    pub fn transient() -> Self {
        let error = GraphError::new(400, 2, "Service temporarily unavailable").transient();
        Self::new(Act::GraphError(error))
    }

    /// Answers with code 80004 and status 400: too many calls. The headers give the usage and the time
    /// to wait.
    ///
    /// ```
    /// use meta_offline_events::testing::{Answer, MockServer};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = MockServer::start().await?;
    /// server.script(Answer::throttled([("retry-after", "120")]));
    ///
    /// let url = server.url().join("v26.0/123/events")?;
    /// let answer = reqwest::Client::builder().no_proxy().build()?.post(url).send().await?;
    /// assert_eq!(answer.headers()["retry-after"], "120");
    /// # Ok(())
    /// # }
    /// ```
    pub fn throttled<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let error = GraphError::new(400, 80_004, "There have been too many calls to this ad account")
            .subcode(2_446_079)
            .user_text("Too many calls", "Wait a bit and try again.");
        let answer = Self::new(Act::GraphError(error));
        headers.into_iter().fold(answer, |answer, (name, value)| answer.header(name, value))
    }

    /// Reports that many events as received, however many were sent.
    pub fn received(events: u64) -> Self {
        Self::new(Act::Received(events))
    }

    /// Answers with status 400 and a message that quotes the request's body and token.
    pub fn echo() -> Self {
        Self::new(Act::Echo)
    }

    /// Sends these bytes instead of an HTTP answer and closes the connection: interim answers, floods of
    /// headers, a gzip bomb, or no HTTP at all. [`Answer::header`] has no effect.
    ///
    /// ```
    /// use meta_offline_events::testing::{Answer, MockServer};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = MockServer::start().await?;
    /// server.script(Answer::raw("HTTP/1.1 103 \r\n\r\nHTTP/1.1 204 \r\n\r\n"));
    ///
    /// let url = server.url().join("v26.0/123/events")?;
    /// let answer = reqwest::Client::builder().no_proxy().build()?.post(url).send().await?;
    /// assert_eq!(answer.status(), 204, "the interim answer is skipped");
    /// # Ok(())
    /// # }
    /// ```
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(Act::Raw(bytes.into()))
    }

    /// Answers with status 200 and a body of blanks that never ends. Its delivery cannot be changed.
    pub fn endless() -> Self {
        Self::new(Act::Endless)
    }
}

/// Faults.
impl Answer {
    /// Reads the whole request and never answers.
    pub fn hang() -> Self {
        Self::new(Act::Hang)
    }

    /// Stops reading after the request's head and never answers.
    ///
    /// The operating system still accepts what fits its buffers, up to a few megabytes. The server
    /// cannot notice when the client gives up, so such a request does not count as in flight.
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

    /// Checks the request and stores its events as [`Answer::judge`] does, then resets the connection:
    /// the client cannot know that they were accepted.
    pub fn accept_then_reset() -> Self {
        Self::reset_after_body().storing()
    }
}

/// Delivery.
impl Answer {
    /// Checks the request and stores its events as [`Answer::judge`] does, then gives this answer or fault all
    /// the same: the client is told something else than what happened.
    ///
    /// ```
    /// use meta_offline_events::client::Client;
    /// use meta_offline_events::customer::UserData;
    /// use meta_offline_events::event::{Event, EventName};
    /// use meta_offline_events::testing::{Answer, ManualClock, MockServer};
    /// use meta_offline_events::value::EventTime;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = MockServer::start().await?;
    /// server.script(Answer::html(502).storing());
    /// let client = Client::builder("1".parse()?, "token".parse()?)
    ///     .loopback_endpoint(server.url())
    ///     .clock(ManualClock::at(EventTime::now()))
    ///     .build()?;
    ///
    /// let customer = UserData::builder().email("mary@example.com").build()?;
    /// let lead = Event::builder(EventTime::now(), customer).name(EventName::LEAD).build()?;
    /// assert!(client.send(lead).await.all_accepted());
    /// assert_eq!(server.accepted().len(), 2, "stored twice: Meta deduplicates the second");
    /// # Ok(())
    /// # }
    /// ```
    pub fn storing(mut self) -> Self {
        self.stores = true;
        self
    }

    /// Adds a header, sent as given. It replaces a header of the same name that the server sets
    /// itself, such as `date` or `content-length`.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Waits before the answer or the fault. The server checks the request and stores its events before
    /// it waits. The waits of several calls add up.
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

    /// Closes the connection after the answer without announcing it, as a server does with connections
    /// that were idle for too long.
    pub fn close(mut self) -> Self {
        self.delivery = Delivery::Closing;
        self
    }
}
