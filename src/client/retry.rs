//! The decision after an attempt, as a pure function: attempt and answer in, next step out.

use std::sync::Arc;
use std::time::Duration;

use super::backoff::{doubled, full_jitter, stretched};
use super::transport::TransportError;
use crate::report::{ApiError, ErrorClass, NotSentCause, StopCause, UnconfirmedCause};
use crate::value::EventTime;
use crate::wire::AskedWait;

/// How often and how long to try.
///
/// ```
/// use meta_offline_events::client::RetryPolicy;
///
/// let patient = RetryPolicy::new().attempts(8);
/// # let _ = patient;
/// ```
#[derive(Debug, Clone)]
pub struct RetryPolicy {
    attempts: u32,
    throttled_attempts: u32,
    first_wait: Duration,
    longest_wait: Duration,
    first_throttled_wait: Duration,
    longest_asked_wait: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 5,
            throttled_attempts: 5,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(60),
            first_throttled_wait: Duration::from_secs(60),
            longest_asked_wait: Duration::from_secs(600),
        }
    }
}

impl RetryPolicy {
    /// Five attempts, waits of up to 1, 2, 4 and 8 seconds between them; after throttling waits from
    /// one minute up, as long as Meta asks for no more than ten.
    pub fn new() -> Self {
        Self::default()
    }

    /// How often a batch is tried in all, at least once. Refusals for too much traffic do not count
    /// here: after five of those the events come back as not sent.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// The bound of the wait after the first attempt; it doubles from there, up to `longest`.
    pub fn waits(mut self, first: Duration, longest: Duration) -> Self {
        self.first_wait = first;
        self.longest_wait = longest.max(first);
        self
    }

    /// The longest wait that is slept through when Meta asks for one. Beyond it the events come
    /// back as not sent, and the report says when to come back.
    pub fn longest_asked_wait(mut self, longest: Duration) -> Self {
        self.longest_asked_wait = longest;
        self
    }
}

/// After a doubtful attempt, events may be repeated for as long as Meta compares offline events.
const REPLAY_WINDOW: i64 = 7 * 86_400;

/// What has been tried for a batch so far, the attempt just made included.
#[derive(Debug, Clone, Default)]
pub(super) struct Tried {
    pub(super) attempts: u32,
    pub(super) throttled: u32,
    /// When bytes first left without a valid answer coming back.
    pub(super) doubtful_since: Option<EventTime>,
}

/// How an attempt ended.
#[derive(Debug)]
pub(super) enum Ended {
    Received { sent: u64, count: u64 },
    Refused { error: Arc<ApiError>, wait: AskedWait },
    Redirected(Box<str>),
    NoValidAnswer(Box<str>),
    Failed(TransportError),
}

/// What to do next.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    Accept,
    Repeat {
        after: Duration,
    },
    /// One event or more of the batch is bad: find it.
    Isolate(Arc<ApiError>),
    /// The batch is too large for the server: divide it.
    Divide(Arc<ApiError>),
    Refuse(Arc<ApiError>),
    /// The loop knows it as unconfirmed if an earlier attempt was doubtful.
    LeaveUnsent(NotSentCause),
    LeaveUnconfirmed(UnconfirmedCause),
    Stop(StopCause),
}

impl Ended {
    /// Whether the request may have been stored although no valid answer says so.
    pub(super) fn is_doubtful(&self) -> bool {
        match self {
            Self::Received { .. } | Self::Redirected(_) => false,
            Self::NoValidAnswer(_) => true,
            Self::Failed(error) => error.may_have_arrived(),
            // A gateway's 5xx may stand before a server that went on.
            Self::Refused { error, .. } => error.status() >= 500 && error.code().is_none(),
        }
    }
}

/// Decides. `tried` counts the attempt that just ended; `fraction` is the draw for the jitter.
pub(super) fn decide(
    ended: &Ended,
    tried: &Tried,
    now: EventTime,
    policy: &RetryPolicy,
    fraction: f64,
) -> Step {
    match ended {
        Ended::Received { sent, count } if sent == count => Step::Accept,
        Ended::Received { sent, count } => {
            Step::LeaveUnconfirmed(UnconfirmedCause::CountDiffers { sent: *sent, received: *count })
        }
        Ended::Redirected(host) => {
            Step::Stop(StopCause::Endpoint(format!("it redirects to {host}, which is not followed").into()))
        }
        Ended::NoValidAnswer(why) => again_or(tried, now, policy, fraction, || unconfirmed(why)),
        Ended::Failed(error) if error.is_certificate() => {
            Step::Stop(StopCause::Endpoint(error.to_string().into()))
        }
        Ended::Failed(error) => again_or(tried, now, policy, fraction, || {
            Step::LeaveUnsent(NotSentCause::Unreachable(error.to_string().into()))
        }),
        Ended::Refused { error, wait } => match error.class() {
            ErrorClass::Retry => again_or(tried, now, policy, fraction, || {
                Step::LeaveUnsent(NotSentCause::Exhausted(error.clone()))
            }),
            ErrorClass::Throttle => throttled(error, *wait, tried, policy, fraction),
            ErrorClass::FixEvent => Step::Isolate(error.clone()),
            ErrorClass::TooLarge => Step::Divide(error.clone()),
            class if class.stops_the_run() => Step::Stop(StopCause::Api(error.clone())),
            _ => Step::Refuse(error.clone()),
        },
    }
}

fn unconfirmed(why: &str) -> Step {
    Step::LeaveUnconfirmed(UnconfirmedCause::NoValidAnswer(why.into()))
}

/// Once more after a wait, unless attempts or the window for repeating ran out.
fn again_or(
    tried: &Tried,
    now: EventTime,
    policy: &RetryPolicy,
    fraction: f64,
    otherwise: impl FnOnce() -> Step,
) -> Step {
    let in_window = tried.doubtful_since.is_none_or(|since| now.unix() - since.unix() < REPLAY_WINDOW);
    if tried.attempts < policy.attempts && in_window {
        Step::Repeat { after: full_jitter(policy.first_wait, policy.longest_wait, tried.attempts, fraction) }
    } else {
        otherwise()
    }
}

/// Waits as long as is asked for, and longer with each refusal; a wait is jittered upwards only.
fn throttled(
    error: &Arc<ApiError>,
    asked: AskedWait,
    tried: &Tried,
    policy: &RetryPolicy,
    fraction: f64,
) -> Step {
    const POLICY_BLOCKS: [i64; 3] = [368, 1_404_078, 2_859_015];
    let blocked = error.code().is_some_and(|code| POLICY_BLOCKS.contains(&code));
    let limit = if blocked { 1 } else { policy.throttled_attempts };
    let own = doubled(policy.first_throttled_wait, policy.longest_asked_wait, tried.throttled);
    let asked = asked.longest.unwrap_or_default();
    let wait = if blocked { policy.longest_asked_wait.max(asked) } else { own.max(asked) };
    if tried.throttled > limit {
        return if blocked {
            Step::Stop(StopCause::Api(error.clone()))
        } else {
            Step::LeaveUnsent(NotSentCause::Exhausted(error.clone()))
        };
    }
    if asked > policy.longest_asked_wait {
        return Step::LeaveUnsent(NotSentCause::ComeBackLater(asked));
    }
    Step::Repeat { after: stretched(wait, 1.0 + fraction / 10.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> EventTime {
        EventTime::FIRST
    }

    fn refused(code: i64, wait: Option<u64>) -> Ended {
        let error = ApiError { status: 400, code: Some(code), ..ApiError::default() };
        Ended::Refused { error: error.into(), wait: AskedWait { longest: wait.map(Duration::from_secs) } }
    }

    fn after(step: &Step) -> Option<u64> {
        match step {
            Step::Repeat { after } => Some(after.as_secs()),
            _ => None,
        }
    }

    fn step(ended: &Ended, attempts: u32, throttled: u32) -> Step {
        let tried = Tried { attempts, throttled, doubtful_since: None };
        decide(ended, &tried, now(), &RetryPolicy::new(), 1.0)
    }

    #[test]
    fn r16_r36_transient_errors_are_repeated_and_end() {
        let waits: Vec<_> = (1..=5).map(|attempt| after(&step(&refused(2, None), attempt, 0))).collect();
        assert_eq!(waits, [Some(1), Some(2), Some(4), Some(8), None]);
        assert!(matches!(step(&refused(2, None), 5, 0), Step::LeaveUnsent(NotSentCause::Exhausted(_))));
    }

    #[test]
    fn r17_r23_throttling_waits_as_asked_or_hands_back() {
        let with = |wait, throttled| {
            let tried = Tried { attempts: 1, throttled, doubtful_since: None };
            decide(&refused(4, wait), &tried, now(), &RetryPolicy::new(), 0.0)
        };
        assert_eq!(after(&with(None, 1)), Some(60));
        assert_eq!(after(&with(None, 2)), Some(120));
        assert_eq!(after(&with(Some(300), 1)), Some(300));
        assert_eq!(after(&with(Some(20), 1)), Some(60));
        assert!(matches!(with(Some(601), 1), Step::LeaveUnsent(NotSentCause::ComeBackLater(_))));
        assert!(matches!(with(None, 6), Step::LeaveUnsent(NotSentCause::Exhausted(_))));
    }

    #[test]
    fn r20_an_asked_wait_is_never_shortened_by_jitter() {
        assert!(after(&step(&refused(4, Some(300)), 1, 1)) >= Some(300));
    }

    #[test]
    fn r28_a_policy_block_gets_one_more_try() {
        assert_eq!(after(&step(&refused(368, None), 1, 1)), Some(660));
        assert!(matches!(step(&refused(368, None), 1, 2), Step::Stop(_)));
    }

    #[test]
    fn rule_c_a_doubtful_attempt_is_repeated_inside_the_window_only() {
        let answer = Ended::NoValidAnswer("the answer is empty".into());
        let since = |age: i64| EventTime::from_unix(8 * 86_400 - age).ok();
        let decided = |age| {
            let tried = Tried { attempts: 1, throttled: 0, doubtful_since: since(age) };
            let now = EventTime::from_unix(8 * 86_400).unwrap_or(EventTime::FIRST);
            decide(&answer, &tried, now, &RetryPolicy::new(), 0.0)
        };
        assert_eq!(after(&decided(7 * 86_400 - 1)), Some(0));
        assert!(matches!(decided(7 * 86_400), Step::LeaveUnconfirmed(_)));
    }

    #[test]
    fn r1_r2_another_count_is_never_repeated() {
        for count in [9, 11] {
            let step = step(&Ended::Received { sent: 10, count }, 1, 0);
            assert!(matches!(step, Step::LeaveUnconfirmed(UnconfirmedCause::CountDiffers { .. })));
        }
    }

    #[test]
    fn what_would_meet_every_request_stops_the_run() {
        for code in [190, 102, 104, 200, 10, 3, 803, 2635] {
            assert!(matches!(step(&refused(code, None), 1, 0), Step::Stop(_)), "{code}");
        }
        assert!(matches!(step(&refused(100, None), 1, 0), Step::Isolate(_)));
        assert!(matches!(step(&refused(777, None), 1, 0), Step::Refuse(_)));
    }
}
