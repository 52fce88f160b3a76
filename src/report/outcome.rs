//! How the sending of one event ended.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::ApiError;

/// How the sending of one event ended: exactly one of four ways.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A valid answer counted the whole batch.
    Accepted,
    /// Meta refused this event. It may be sent again once it is corrected.
    Refused(Arc<ApiError>),
    /// It never left, or surely was not stored. It may be sent again, unless it expired.
    NotSent(NotSentCause),
    /// Bytes left, no valid answer came, and repeating is no longer safe. A person decides.
    Unconfirmed(UnconfirmedCause),
}

impl Outcome {
    /// A stable name for machines, in snake case.
    ///
    /// ```
    /// use meta_offline_events::report::{NotSentCause, Outcome};
    ///
    /// assert_eq!(Outcome::Accepted.code(), "accepted");
    /// assert_eq!(Outcome::NotSent(NotSentCause::Expired).code(), "expired");
    /// ```
    pub fn code(&self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused(_) => "refused_by_meta",
            Self::NotSent(cause) => cause.code(),
            Self::Unconfirmed(cause) => cause.code(),
        }
    }
}

impl fmt::Display for Outcome {
    /// The end of a sentence that starts with the event.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted => f.write_str("was accepted"),
            Self::Refused(error) => error.fmt(f),
            Self::NotSent(cause) => cause.fmt(f),
            Self::Unconfirmed(cause) => cause.fmt(f),
        }
    }
}

/// Why an event was not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotSentCause {
    /// It is older than Meta takes.
    Expired,
    /// It lies in the future by our clock.
    InFuture,
    /// Another event of the run has the same id and name: Meta would drop this one.
    RepeatedId,
    /// It was larger alone than a whole request may be.
    TooLarge,
    /// The server could not be reached in all attempts.
    Unreachable(Box<str>),
    /// Meta kept saying that the trouble passes; attempts ran out.
    Exhausted(Arc<ApiError>),
    /// It was in a part of a batch that Meta refused for a bad event, and the search for bad events
    /// ended at its limit of requests: this one may be good.
    NotIsolated(Arc<ApiError>),
    /// The run was stopped, for this reason.
    Stopped(Arc<StopCause>),
}

impl NotSentCause {
    /// A stable name for machines, in snake case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::InFuture => "in_future",
            Self::RepeatedId => "event_id_repeated",
            Self::TooLarge => "too_large",
            Self::Unreachable(_) => "unreachable",
            Self::Exhausted(_) => "attempts_exhausted",
            Self::NotIsolated(_) => "not_isolated",
            Self::Stopped(_) => "run_stopped",
        }
    }
}

impl fmt::Display for NotSentCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired => f.write_str("is older than Meta takes"),
            Self::InFuture => f.write_str("lies in the future: check the clock"),
            Self::RepeatedId => f.write_str(
                "has the id and name of an earlier event: Meta would drop it; give it an id of its own",
            ),
            Self::TooLarge => f.write_str("is larger alone than a request may be"),
            Self::Unreachable(why) => write!(f, "the server could not be reached: {why}"),
            Self::Exhausted(error) => write!(f, "all attempts ended in temporary errors: {error}"),
            Self::NotIsolated(error) => {
                write!(f, "stood beside too many bad events to be told from them, send it again: {error}")
            }
            Self::Stopped(cause) => write!(f, "not sent, because the run stopped: {cause}"),
        }
    }
}

/// Why nobody knows whether Meta has the event.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnconfirmedCause {
    /// Meta counted another number of events than were sent.
    CountDiffers {
        /// Events in the request.
        sent: u64,
        /// Events that Meta says it received.
        received: u64,
    },
    /// The last attempts ended without a valid answer; the reason of the last one.
    NoValidAnswer(Box<str>),
}

impl UnconfirmedCause {
    /// A stable name for machines, in snake case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::CountDiffers { .. } => "count_differs",
            Self::NoValidAnswer(_) => "no_valid_answer",
        }
    }
}

impl fmt::Display for UnconfirmedCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CountDiffers { sent, received } => {
                write!(f, "sent {sent} events and Meta counted {received}: compare in Events Manager")
            }
            Self::NoValidAnswer(why) => {
                write!(f, "sent, but no valid answer came ({why}): compare in Events Manager")
            }
        }
    }
}

/// Why a run stopped before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StopCause {
    /// Meta's answer makes every further request pointless: token, permission, terms, dataset.
    Api(Arc<ApiError>),
    /// The endpoint is not what it should be: a redirect, a wrong address, a refused certificate.
    Endpoint(Box<str>),
    /// The service could not be reached, or answered nothing valid, for as long as is tried.
    Unreachable(Box<str>),
    /// Meta asked for a longer pause than a run sits out.
    RetryLater(Duration),
    /// The clock of this machine differs from the service's by so many seconds (positive: it is
    /// ahead): whether events are young enough cannot be told.
    ClockOff(i64),
    /// The token expired, by what is known of it, before anything was sent.
    TokenExpired,
    /// The run's limit of time is over.
    RunLimit,
    /// The program asked for it.
    Cancelled,
    /// So many events of a stream could not be sent that holding more of them would take too much
    /// memory.
    UnsentLimit,
    /// The run was abandoned before its end: its runtime was shut down, or code of the application
    /// panicked in it or blocked it.
    Abandoned,
}

impl StopCause {
    /// A stable name for machines, in snake case.
    ///
    /// ```
    /// use meta_offline_events::report::StopCause;
    ///
    /// assert_eq!(StopCause::RunLimit.code(), "run_limit");
    /// ```
    pub fn code(&self) -> &'static str {
        match self {
            Self::Api(error) => error.class().code(),
            Self::Endpoint(_) => "fix_endpoint",
            Self::Unreachable(_) => "unreachable",
            Self::RetryLater(_) => "retry_later",
            Self::ClockOff(_) => "clock_off",
            Self::TokenExpired => "token_expired",
            Self::RunLimit => "run_limit",
            Self::Cancelled => "cancelled",
            Self::UnsentLimit => "unsent_limit",
            Self::Abandoned => "abandoned",
        }
    }

    /// Meta's own error, if one stopped the run: it has the terms link, and tells what is wrong with
    /// the token.
    pub fn api_error(&self) -> Option<&ApiError> {
        match self {
            Self::Api(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for StopCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Api(error) => write!(f, "{}: {error}", error.advice()),
            Self::Endpoint(why) => write!(f, "the endpoint is wrong: {why}"),
            Self::Unreachable(why) => write!(f, "the service cannot be reached, send again later: {why}"),
            Self::RetryLater(wait) => retry_after(*wait).fmt(f),
            Self::ClockOff(seconds) => write!(
                f,
                "the clock of this machine is {} seconds {} Meta's: set it, then send again",
                seconds.unsigned_abs(),
                if *seconds > 0 { "ahead of" } else { "behind" },
            ),
            Self::TokenExpired => f.write_str("the access token has expired: replace it, then send again"),
            Self::RunLimit => f.write_str("the time for the run is over: send the rest in another one"),
            Self::Cancelled => f.write_str("the program asked to stop: send the rest in another run"),
            Self::Abandoned => f.write_str(
                "sending was abandoned, because its runtime was shut down or it panicked or was blocked: \
                 send the rest in another run",
            ),
            Self::UnsentLimit => {
                f.write_str("too many events could not be sent: send them again, then go on with the stream")
            }
        }
    }
}

fn retry_after(wait: Duration) -> impl fmt::Display {
    format!("Meta asks for a pause: send again in {} minutes", wait.as_secs().div_ceil(60))
}
