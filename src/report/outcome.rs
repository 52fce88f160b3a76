//! The outcome of an event, and why an event was not sent, is unconfirmed, or a run stopped.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{ApiError, OperatorError};
use crate::value::Money;

/// The outcome of one event: exactly one of six.
///
/// ```
/// use meta_offline_events::report::{NotSentCause, Outcome};
///
/// fn may_be_sent_again(outcome: &Outcome) -> bool {
///     match outcome {
///         Outcome::Accepted | Outcome::AlreadySent | Outcome::Unconfirmed(_) => false,
///         Outcome::Refused(_) => false, // only after a correction
///         Outcome::Pending(_) => false, // the next delivery with the journal does
///         Outcome::NotSent(cause) => !matches!(cause, NotSentCause::Expired),
///     }
/// }
/// assert!(!may_be_sent_again(&Outcome::Accepted));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Meta counted every event of the request.
    Accepted,
    /// An earlier delivery with the same journal sent the same event, and Meta accepted it. Nothing is wrong.
    AlreadySent,
    /// Meta refused this event. Correct it before you send it again.
    Refused(Arc<ApiError>),
    /// The event never left, or Meta certainly did not store it. Send it again, unless it expired.
    NotSent(NotSentCause),
    /// Nobody knows: bytes left, no valid answer came, and a retry is no longer safe. Compare in Events
    /// Manager, then decide.
    Unconfirmed(UnconfirmedCause),
    /// This delivery could not send it. It waits in the journal, and the next delivery with that journal sends it.
    Pending(PendingCause),
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
            Self::AlreadySent => "already_sent",
            Self::Refused(_) => "refused_by_meta",
            Self::NotSent(cause) => cause.code(),
            Self::Unconfirmed(cause) => cause.code(),
            Self::Pending(cause) => cause.code(),
        }
    }
}

impl Outcome {
    /// The count of the report that an event with this outcome is in.
    #[cfg(feature = "client")]
    pub(super) fn count(&self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::AlreadySent => "already_sent",
            Self::Refused(_) => "refused",
            Self::NotSent(_) => "not_sent",
            Self::Unconfirmed(_) => "unconfirmed",
            Self::Pending(_) => "pending",
        }
    }
}

impl fmt::Display for Outcome {
    /// One line that says what happened and, where something is wrong, what to do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted => f.write_str("accepted"),
            Self::AlreadySent => f.write_str("an earlier delivery sent it, and Meta accepted it"),
            Self::Refused(error) => error.fmt(f),
            Self::NotSent(cause) => cause.fmt(f),
            Self::Unconfirmed(cause) => cause.fmt(f),
            Self::Pending(cause) => cause.fmt(f),
        }
    }
}

/// Why an event still waits in the journal.
///
/// ```
/// use meta_offline_events::report::PendingCause;
///
/// let cause = PendingCause::NoValidAnswer("the connection broke".into());
/// assert_eq!(cause.code(), "no_valid_answer");
/// assert_eq!(
///     cause.to_string(),
///     "no valid answer came (the connection broke): it waits in the journal, and the next delivery sends it again",
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PendingCause {
    /// It was not sent, for this cause.
    NotSent(NotSentCause),
    /// It was sent, and no valid answer came; this is why. The next delivery sends the same bytes again while Meta
    /// deduplicates them.
    NoValidAnswer(Box<str>),
    /// An earlier delivery left it in the journal, and this one could not send it.
    EarlierDelivery,
}

impl PendingCause {
    /// A stable name for machines, in snake case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotSent(cause) => cause.code(),
            Self::NoValidAnswer(_) => "no_valid_answer",
            Self::EarlierDelivery => "already_pending",
        }
    }
}

impl fmt::Display for PendingCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent(cause) => {
                write!(f, "{}: it waits in the journal, and the next delivery sends it", cause.fact())
            }
            Self::NoValidAnswer(why) => write!(
                f,
                "no valid answer came ({why}): it waits in the journal, and the next delivery sends it again"
            ),
            Self::EarlierDelivery => {
                f.write_str("it waits in the journal since an earlier delivery, and the next one sends it")
            }
        }
    }
}

/// Why an event was not sent.
///
/// ```
/// use meta_offline_events::report::NotSentCause;
///
/// assert_eq!(NotSentCause::Expired.code(), "expired");
/// assert_eq!(NotSentCause::Expired.to_string(), "the event is older than Meta accepts");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotSentCause {
    /// It is older than Meta accepts.
    Expired,
    /// Its time is in the future, by the client's clock.
    InFuture,
    /// An earlier event of the run has the same event id and name, and its own outcome. This copy was not
    /// sent, because Meta would deduplicate it. If it is another sale, give it an event id of its own.
    RepeatedId,
    /// It alone is larger than a request may be.
    TooLarge,
    /// No attempt could reach the server.
    Unreachable(Box<str>),
    /// Every attempt ended in a temporary error of Meta, or in throttling.
    Exhausted(Arc<ApiError>),
    /// Meta refused a batch with this event in it, and the search for the bad events ended at its limit of
    /// requests. This event may be good.
    NotIsolated(Arc<ApiError>),
    /// The run stopped, for this cause.
    Stopped(Arc<StopCause>),
    /// The journal has the order in another form: with a late item, another price or another time. Meta keeps the
    /// first form, so sending it again does not help.
    ChangedSinceSent {
        /// The total of the form that the journal has.
        before: Option<Money>,
        /// The total of this form.
        after: Option<Money>,
        /// What became of the first form, and how the two differ.
        message: Box<str>,
    },
    /// The journal has the event id for another customer, as this says: a till may have begun its numbers again.
    OtherCustomer(Box<str>),
    /// The journal holds the event, and cannot read it any more, for this reason.
    Unreadable(Box<str>),
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
            Self::ChangedSinceSent { .. } => "changed_since_sent",
            Self::OtherCustomer(_) => "other_customer",
            Self::Unreadable(_) => "unreadable",
        }
    }
}

impl NotSentCause {
    /// What happened, for an event that an earlier attempt may have delivered: without the advice to send it again.
    pub(crate) fn fact(&self) -> Cow<'static, str> {
        match self {
            Self::NotIsolated(error) => format!("too many other events of its batch are bad: {error}").into(),
            Self::Stopped(cause) => format!("the run stopped: {}", cause.fact()).into(),
            other => other.to_string().into(),
        }
    }
}

impl fmt::Display for NotSentCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired => f.write_str("the event is older than Meta accepts"),
            Self::InFuture => f.write_str("the event time is in the future: check the clock"),
            Self::RepeatedId => f.write_str(
                "an earlier event has the same event id and name, so this copy was not sent: if it is another \
                 sale, give it its own event id",
            ),
            Self::TooLarge => f.write_str("the event alone is larger than a request may be"),
            Self::Unreachable(why) => write!(f, "the server could not be reached: {why}"),
            Self::Exhausted(error) => write!(f, "every attempt ended in a temporary error: {error}"),
            Self::NotIsolated(error) => {
                write!(f, "not sent, because too many other events of its batch are bad: send it again: {error}")
            }
            Self::Stopped(cause) => write!(f, "not sent, because the run stopped: {cause}"),
            Self::ChangedSinceSent { message, .. } | Self::OtherCustomer(message) => f.write_str(message),
            Self::Unreadable(why) => write!(f, "not sent, because the journal cannot read it: {why}"),
        }
    }
}

/// Why nobody knows whether Meta has the event.
///
/// ```
/// use meta_offline_events::report::UnconfirmedCause;
///
/// let cause = UnconfirmedCause::CountDiffers { sent: 10, received: 9 };
/// assert_eq!(cause.code(), "count_differs");
/// assert_eq!(cause.to_string(), "sent 10 events, but Meta counted 9: compare in Events Manager before you send them again");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnconfirmedCause {
    /// Meta counted another number of events than the request held.
    CountDiffers {
        /// Events in the request.
        sent: u64,
        /// Events that Meta says it received.
        received: u64,
    },
    /// No valid answer came; this is why, for the last attempt.
    NoValidAnswer(Box<str>),
    /// An earlier delivery with the same journal sent the event, and it was unconfirmed then.
    EarlierDelivery,
}

impl UnconfirmedCause {
    /// A stable name for machines, in snake case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::CountDiffers { .. } => "count_differs",
            Self::NoValidAnswer(_) => "no_valid_answer",
            Self::EarlierDelivery => "already_unconfirmed",
        }
    }
}

impl fmt::Display for UnconfirmedCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CountDiffers { sent, received } => {
                write!(
                    f,
                    "sent {sent} events, but Meta counted {received}: compare in Events Manager before you send \
                     them again"
                )
            }
            Self::NoValidAnswer(why) => {
                write!(
                    f,
                    "sent, but no valid answer came ({why}): compare in Events Manager before you send it again"
                )
            }
            Self::EarlierDelivery => f.write_str(
                "an earlier delivery sent it without a valid answer, so it was not sent again: compare in Events \
                 Manager",
            ),
        }
    }
}

/// Why a run stopped before its end.
///
/// ```
/// use std::time::Duration;
/// use meta_offline_events::report::StopCause;
///
/// let cause = StopCause::RetryLater(Duration::from_secs(1200));
/// assert_eq!(cause.code(), "retry_later");
/// assert_eq!(cause.to_string(), "Meta asks for a pause: send again in 20 minutes");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StopCause {
    /// Meta's answer says that no request can succeed: token, permission, terms, dataset.
    Api(Arc<ApiError>),
    /// The endpoint is wrong: a redirect, a wrong address, a certificate that fails a check.
    Endpoint(Box<str>),
    /// The service gave no valid answer before retries ended.
    Unreachable(Box<str>),
    /// Meta asked for a longer pause than the retry policy allows (`RetryPolicy::max_retry_after`).
    RetryLater(Duration),
    /// The clock of this machine differs from Meta's by this many seconds (positive: it is ahead), so the
    /// client cannot tell how old events are.
    ClockOff(i64),
    /// The token had expired before the start, by the expiry that the client was given.
    TokenExpired,
    /// The token source gave no access token, for this reason.
    NoToken(Box<str>),
    /// The time limit of the run is over.
    RunLimit,
    /// The program asked the run to stop.
    Cancelled,
    /// The time limit of `Queue::close` passed before every event had its outcome.
    CloseLimit,
    /// The source of the events failed, with these words. The run still sent what the source gave before.
    /// If it could not, the diagnostics of those events say why.
    Source(Box<str>),
    /// Too many events of a source could not be sent: holding more of them would take too much memory.
    UnsentLimit,
    /// The journal failed, with these words: nothing is sent that it does not record.
    Journal(Box<str>),
    /// Code of the application panicked, and the run cannot go on without it: the `Clock`, the `Jitter`, the
    /// `Transport` as it was dropped, or the `EventSource`, as this name says.
    Panicked(&'static str),
    /// There was no tokio runtime with timers and I/O, which the client's own clock and transport need.
    NoRuntime,
    /// The run ended early: its runtime shut down, or code of the application panicked in it or blocked
    /// it.
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
            Self::NoToken(_) => "no_token",
            Self::RunLimit => "run_limit",
            Self::Cancelled => "cancelled",
            Self::CloseLimit => "close_limit",
            Self::Source(_) => "source_failed",
            Self::UnsentLimit => "unsent_limit",
            Self::Journal(_) => "journal_failed",
            Self::Panicked(_) => "panicked",
            Self::NoRuntime => "no_runtime",
            Self::Abandoned => "abandoned",
        }
    }

    /// Meta's own error, if one stopped the run. It has the terms link, and says what is wrong with the
    /// token.
    pub fn api_error(&self) -> Option<&ApiError> {
        match self {
            Self::Api(error) => Some(error),
            _ => None,
        }
    }
}

impl StopCause {
    /// What a person has to resolve, if an error of Meta that asks for one stopped the run.
    pub fn operator_error(&self) -> Option<OperatorError<'_>> {
        self.api_error()?.operator_error()
    }
}

impl StopCause {
    /// What happened, without the advice: that depends on what became of an event.
    pub(crate) fn fact(&self) -> Cow<'static, str> {
        match self {
            Self::Api(error) => error.to_string().into(),
            Self::Endpoint(why) => format!("the endpoint is wrong: {why}").into(),
            Self::Unreachable(why) => format!("the service cannot be reached ({why})").into(),
            Self::RetryLater(_) => "Meta asks for a pause".into(),
            Self::ClockOff(seconds) => {
                let side = if *seconds > 0 { "ahead of" } else { "behind" };
                format!("the clock of this machine is {} seconds {side} Meta's", seconds.unsigned_abs())
                    .into()
            }
            Self::TokenExpired => "the access token has expired".into(),
            Self::NoToken(why) => format!("there is no access token: {why}").into(),
            Self::RunLimit => "the time limit of the run is over".into(),
            Self::Cancelled => "the program asked to stop".into(),
            Self::CloseLimit => "the time limit of `close` passed".into(),
            Self::Source(why) => format!("the source failed: {why}").into(),
            Self::UnsentLimit => "too many events could not be sent".into(),
            Self::Journal(why) => why.to_string().into(),
            Self::Panicked(what) => format!("`{what}` of the application panicked").into(),
            Self::NoRuntime => "there is no tokio runtime with timers and I/O here".into(),
            Self::Abandoned => {
                "the run ended early, because its runtime shut down, or code of the application panicked or blocked it".into()
            }
        }
    }

    /// What to do with the events that were not sent.
    fn advice(&self) -> Option<Cow<'static, str>> {
        let advice = match self {
            Self::Api(_) | Self::Endpoint(_) | Self::Source(_) | Self::NoToken(_) | Self::Journal(_) => {
                return None;
            }
            Self::Unreachable(_) => "send again later",
            Self::RetryLater(wait) => {
                return Some(format!("send again in {} minutes", wait.as_secs().div_ceil(60)).into());
            }
            Self::ClockOff(_) => "set it, then send again",
            Self::TokenExpired => "replace it, then send again",
            Self::RunLimit | Self::Cancelled | Self::CloseLimit | Self::Abandoned => {
                "send the events that were not sent in another run"
            }
            Self::UnsentLimit => "send them again, then go on with the source",
            Self::Panicked(_) => "correct it, then send the events that were not sent in another run",
            Self::NoRuntime => "send in a runtime that was built with `enable_all`",
        };
        Some(advice.into())
    }
}

impl fmt::Display for StopCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.advice()) {
            (Self::Api(error), _) => match error.operator_error() {
                Some(error) => error.fmt(f),
                None => write!(f, "{}: {error}", error.advice()),
            },
            (cause, Some(advice)) => write!(f, "{}: {advice}", cause.fact()),
            (cause, None) => f.write_str(&cause.fact()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fact_of_a_stop_holds_no_advice() {
        for cause in [
            StopCause::Endpoint("a redirect".into()),
            StopCause::Unreachable("no address".into()),
            StopCause::RetryLater(Duration::from_secs(1200)),
            StopCause::ClockOff(-7200),
            StopCause::TokenExpired,
            StopCause::RunLimit,
            StopCause::Cancelled,
            StopCause::CloseLimit,
            StopCause::Source("the file is gone".into()),
            StopCause::UnsentLimit,
            StopCause::Abandoned,
        ] {
            let (text, fact) = (cause.to_string(), cause.fact());
            assert!(text.starts_with(&*fact), "{text}");
            assert!(!fact.contains("again") && !fact.contains("another run"), "{fact}");
        }
    }
}
