//! How the sending of one event ended.

use std::fmt;
use std::sync::Arc;

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
    /// Meta asked for a longer wait than a run may sleep.
    ComeBackLater(std::time::Duration),
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
            Self::ComeBackLater(_) => "come_back_later",
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
            Self::ComeBackLater(wait) => {
                write!(f, "Meta asks for a pause: send again in {} minutes", wait.as_secs().div_ceil(60))
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
}

impl fmt::Display for StopCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Api(error) => write!(f, "{}: {error}", error.class().advice()),
            Self::Endpoint(why) => write!(f, "the endpoint is wrong: {why}"),
        }
    }
}
