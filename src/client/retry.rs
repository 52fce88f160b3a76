//! The decision after an attempt, as a pure function: from the attempt and its answer to the next step.

use std::sync::Arc;
use std::time::Duration;

use super::backoff::{doubled, full_jitter, stretched};
use super::clock::Clock;
use super::transport::TransportError;
use crate::report::{ApiError, ErrorClass, NotSentCause, StopCause, TokenProblem, UnconfirmedCause};
use crate::value::EventTime;

/// A retry policy: how often and how long the client tries, for each batch and for a whole run.
///
/// ```
/// use std::time::Duration;
/// use meta_offline_events::client::{Client, RetryPolicy};
///
/// let nightly = RetryPolicy::new()
///     .attempts(8)
///     .waits(Duration::from_secs(2), Duration::from_secs(120))
///     .max_retry_after(Duration::from_secs(1800))
///     .batch_limit(Duration::from_secs(2 * 3600))
///     .run_limit(Duration::from_secs(4 * 3600));
/// let builder = Client::builder("123".parse()?, "EAAB-not-a-real-token".parse()?);
/// assert!(builder.clone().retry(nightly).build().is_ok());
/// assert!(builder.retry(RetryPolicy::new().attempts(0)).build().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`ClientBuilder::build`](super::ClientBuilder::build) checks the numbers.
/// [`ClientBuilder::timeouts`](super::ClientBuilder::timeouts) limits a single attempt. The
/// [module](super#retries) lists which answers lead to a retry.
#[derive(Debug, Clone)]
pub struct RetryPolicy {
    pub(super) attempts: u32,
    throttled_attempts: u32,
    first_wait: Duration,
    max_wait: Duration,
    first_throttled_wait: Duration,
    pub(super) max_retry_after: Duration,
    pub(super) batch_limit: Duration,
    pub(super) run_limit: Option<Duration>,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 5,
            throttled_attempts: 5,
            first_wait: Duration::from_secs(1),
            max_wait: Duration::from_secs(60),
            first_throttled_wait: Duration::from_secs(60),
            max_retry_after: Duration::from_secs(600),
            batch_limit: Duration::from_secs(3600),
            run_limit: None,
        }
    }
}

impl RetryPolicy {
    /// The most attempts that can be set.
    pub const MAX_ATTEMPTS: u32 = 100;

    /// Creates the usual policy: five attempts with waits of up to 1, 2, 4 and 8 seconds between them;
    /// after throttling waits of one minute and more, up to ten; one hour for a batch, and no limit for a
    /// run.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how many attempts a batch gets in all, from 1 to 100: 5 unless set. Throttled attempts do not
    /// count here: after the fifth retry of those the events are not sent.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// Sets the longest wait after the first attempt. It doubles with each further attempt, up to
    /// `longest`. The wait itself is random, from zero to that bound.
    pub fn waits(mut self, first: Duration, longest: Duration) -> Self {
        self.first_wait = first;
        self.max_wait = longest.max(first);
        self
    }

    /// Sets the longest wait that the client accepts when Meta asks for one, and how long it waits for a
    /// service that was there before and went away: ten minutes unless set. If Meta asks for more, the run
    /// stops, and the report says when to send the rest
    /// ([`retry_after`](crate::report::DeliveryReport::retry_after)).
    pub fn max_retry_after(mut self, longest: Duration) -> Self {
        self.max_retry_after = longest;
        self
    }

    /// Sets how long the client tries a batch, from its first attempt on and with waits: one hour unless
    /// set. It plans no attempt that would begin later. Waiting for other batches (a pause, a probe, the
    /// retry budget) comes on top.
    pub fn batch_limit(mut self, limit: Duration) -> Self {
        self.batch_limit = limit;
        self
    }

    /// Sets how long a run may last: no limit unless set. After it no attempt begins, and the remaining
    /// events are not sent.
    ///
    /// A run with a limit waits for an unreachable service as long as the limit allows. A run without one
    /// gives up when one batch has used up its attempts or, if the service was there before, when it has
    /// been away for [`max_retry_after`](Self::max_retry_after).
    pub fn run_limit(mut self, limit: Duration) -> Self {
        self.run_limit = Some(limit);
        self
    }

    /// How long to wait before a token source is asked again that has failed this often.
    pub(super) fn wait_for_token(&self, failures: u32, fraction: f64) -> Option<Duration> {
        (failures < self.attempts).then(|| full_jitter(self.first_wait, self.max_wait, failures, fraction))
    }
}

/// What was tried for a batch so far, with the attempt just made.
#[derive(Debug, Clone, Default)]
pub(super) struct Tried {
    pub(super) attempts: u32,
    pub(super) throttled: u32,
    /// How often in a row Meta refused the token.
    pub(super) token_refusals: u32,
    /// Whether the source of the token may have another one.
    pub(super) may_replace_token: bool,
    /// Time since the first attempt.
    pub(super) lasting: Duration,
    /// When bytes first left without a valid answer coming back.
    pub(super) ambiguous_since: Option<Since>,
    /// The service is out of reach for every worker, and the run waits for it however many attempts that
    /// takes.
    pub(super) sits_out: bool,
}

/// A moment by both clocks: somebody may set the wall clock, and the other may stop while the machine
/// sleeps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Since {
    wall: EventTime,
    elapsed: Duration,
}

impl Since {
    pub(super) fn now(clock: &dyn Clock) -> Self {
        Self { wall: clock.now(), elapsed: clock.elapsed() }
    }

    /// A moment of an earlier process, of which only the wall clock is known.
    pub(super) fn of_earlier(wall: EventTime, clock: &dyn Clock) -> Self {
        Self { wall, elapsed: clock.elapsed() }
    }

    /// The time from then to `now`, by the clock that went further.
    pub(super) fn until(self, now: Self) -> Duration {
        let by_wall = u64::try_from(now.wall.unix() - self.wall.unix()).unwrap_or(0);
        now.elapsed.saturating_sub(self.elapsed).max(Duration::from_secs(by_wall))
    }
}

/// How an attempt ended.
#[derive(Debug)]
pub(super) enum Ended {
    Received { sent: u64, count: u64 },
    Refused { error: Arc<ApiError>, wait: Option<Duration> },
    Redirected(Box<str>),
    NoValidAnswer { why: Box<str>, wait: Option<Duration> },
    Failed(TransportError),
}

/// What to do next.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    Accept,
    Retry {
        after: Duration,
    },
    /// Every worker waits, then this batch is retried.
    Pause {
        lasting: Duration,
    },
    /// The token is refused: the source may have another one.
    ReplaceToken(Arc<ApiError>),
    /// One event or more of the batch is bad: find it.
    Isolate(Arc<ApiError>),
    /// The batch is too large for the server: divide it.
    Divide(Arc<ApiError>),
    Refuse(Arc<ApiError>),
    /// Unconfirmed instead, if an earlier attempt may have arrived.
    LeaveUnsent(NotSentCause),
    LeaveUnconfirmed(UnconfirmedCause),
    Stop(StopCause),
}

impl Ended {
    /// Whether the request may have been stored although no valid answer says so.
    pub(super) fn may_have_arrived(&self) -> bool {
        match self {
            Self::Received { .. } | Self::Redirected(_) => false,
            Self::NoValidAnswer { .. } => true,
            Self::Failed(error) => error.may_have_arrived(),
            // Behind a gateway's 5xx the server may have gone on. A good status with an error that has no
            // code is not Meta's answer.
            Self::Refused { error, .. } => {
                error.code().is_none() && matches!(error.status(), 200..300 | 500..)
            }
        }
    }

    /// Whether nothing of the request was stored.
    pub(super) fn surely_failed(&self) -> bool {
        !matches!(self, Self::Received { .. }) && !self.may_have_arrived()
    }

    /// Whether the service was there and working.
    pub(super) fn shows_health(&self) -> bool {
        match self {
            Self::Received { .. } => true,
            Self::Redirected(_) | Self::NoValidAnswer { .. } | Self::Failed(_) => false,
            Self::Refused { error, .. } => error.class() != ErrorClass::Retry,
        }
    }

    /// A stable name for traces, in snake case.
    #[cfg(feature = "tracing")]
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Received { sent, count } if sent == count => "accepted",
            Self::Received { .. } => "count_differs",
            Self::Refused { error, .. } => error.class().code(),
            Self::Redirected(_) => "redirected",
            Self::NoValidAnswer { .. } => "no_valid_answer",
            Self::Failed(error) if error.may_have_arrived() => "ambiguous",
            Self::Failed(_) => "unreachable",
        }
    }

    /// Whether the answer says that no request can succeed.
    fn stops_the_run(&self) -> bool {
        matches!(self, Self::Refused { error, .. } if error.class().stops_the_run())
    }

    /// Whether another token may be accepted in place of this one. A wrong app secret is wrong for every token.
    pub(super) fn is_token_refusal(&self) -> bool {
        matches!(self, Self::Refused { error, .. } if error.class() == ErrorClass::FixToken
            && error.token_problem() != Some(TokenProblem::AppSecretProof))
    }

    fn asked_wait(&self) -> Option<Duration> {
        match self {
            Self::Refused { wait, .. } | Self::NoValidAnswer { wait, .. } => *wait,
            Self::Received { .. } | Self::Redirected(_) | Self::Failed(_) => None,
        }
    }

    /// What went wrong, in a few words.
    pub(super) fn reason(&self) -> Box<str> {
        match self {
            Self::Received { count, .. } => format!("{count} events were counted").into(),
            Self::Refused { error, .. } => error.to_string().into(),
            Self::Redirected(host) => format!("redirected to {host}").into(),
            Self::NoValidAnswer { why, .. } => why.clone(),
            Self::Failed(error) => error.to_string().into(),
        }
    }
}

#[cfg(feature = "tracing")]
impl Step {
    /// A stable name for traces, in snake case.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Retry { .. } => "retry",
            Self::Pause { .. } => "pause",
            Self::ReplaceToken(_) => "replace_token",
            Self::Isolate(_) => "isolate",
            Self::Divide(_) => "divide",
            Self::Refuse(_) => "refuse",
            Self::LeaveUnsent(_) => "leave_unsent",
            Self::LeaveUnconfirmed(_) => "leave_unconfirmed",
            Self::Stop(_) => "stop",
        }
    }
}

/// Decides. `tried` counts the attempt that just ended; `fraction` is the draw for the jitter.
pub(super) fn decide(ended: &Ended, tried: &Tried, policy: &RetryPolicy, fraction: f64) -> Step {
    if let Some(asked) = ended.asked_wait().filter(|&asked| asked > policy.max_retry_after)
        && !ended.stops_the_run()
    {
        return Step::Stop(StopCause::RetryLater(asked));
    }
    match ended {
        Ended::Received { sent, count } if sent == count => Step::Accept,
        &Ended::Received { sent, count } => {
            Step::LeaveUnconfirmed(UnconfirmedCause::CountDiffers { sent, received: count })
        }
        Ended::Redirected(host) => {
            Step::Stop(StopCause::Endpoint(format!("it redirects to {host}, which is never followed").into()))
        }
        Ended::NoValidAnswer { why, wait } => again_or(tried, *wait, policy, fraction, || {
            Step::LeaveUnconfirmed(UnconfirmedCause::NoValidAnswer(why.clone()))
        }),
        Ended::Failed(error) if error.is_final() => Step::Stop(StopCause::Endpoint(error.to_string().into())),
        Ended::Failed(error) => again_or(tried, None, policy, fraction, || match error.to_string().into() {
            why if error.may_have_arrived() => Step::LeaveUnconfirmed(UnconfirmedCause::NoValidAnswer(why)),
            why => Step::LeaveUnsent(NotSentCause::Unreachable(why)),
        }),
        Ended::Refused { error, wait } => match error.class() {
            ErrorClass::Retry => again_or(tried, *wait, policy, fraction, || {
                Step::LeaveUnsent(NotSentCause::Exhausted(error.clone()))
            }),
            ErrorClass::Throttle => throttled(ended, error, tried, policy, fraction),
            ErrorClass::FixEvent => Step::Isolate(error.clone()),
            ErrorClass::TooLarge => Step::Divide(error.clone()),
            ErrorClass::FixToken
                if ended.is_token_refusal() && tried.may_replace_token && tried.token_refusals <= 1 =>
            {
                Step::ReplaceToken(error.clone())
            }
            class if class.stops_the_run() => Step::Stop(StopCause::Api(error.clone())),
            _ => Step::Refuse(error.clone()),
        },
    }
}

/// The least time between two attempts of a run that waits for the service up to its limit.
const BETWEEN_PROBES: Duration = Duration::from_secs(5);

/// A retry after a wait, unless attempts or the time for the batch ran out. Jitter only lengthens a wait
/// that Meta asks for.
fn again_or(
    tried: &Tried,
    asked: Option<Duration>,
    policy: &RetryPolicy,
    fraction: f64,
    otherwise: impl FnOnce() -> Step,
) -> Step {
    let own = full_jitter(policy.first_wait, policy.max_wait, tried.attempts, fraction);
    let after = asked.map_or(own, |asked| asked.saturating_add(own));
    if tried.sits_out {
        Step::Retry { after: after.max(BETWEEN_PROBES) }
    } else if tried.attempts < policy.attempts && within(tried, after, policy) {
        Step::Retry { after }
    } else {
        otherwise()
    }
}

/// Whether an attempt after this wait begins within the batch's time limit.
fn within(tried: &Tried, after: Duration, policy: &RetryPolicy) -> bool {
    tried.lasting.saturating_add(after) <= policy.batch_limit
}

/// How long every worker waits after a throttled attempt, whatever the outcome of its own batch: at least
/// as long as Meta asks, and longer with each throttled attempt. Jitter only lengthens the wait.
///
/// `None` for any other attempt, and when Meta asks for more than the policy allows.
pub(super) fn pause_after(
    ended: &Ended,
    tried: &Tried,
    policy: &RetryPolicy,
    fraction: f64,
) -> Option<Duration> {
    let Ended::Refused { error, wait } = ended else { return None };
    let asked = wait.unwrap_or_default();
    if error.class() != ErrorClass::Throttle || asked > policy.max_retry_after {
        return None;
    }
    let own = doubled(policy.first_throttled_wait, policy.max_retry_after, tried.throttled);
    let wait = if is_policy_block(error) { policy.max_retry_after } else { own.max(asked) };
    Some(stretched(wait, 1.0 + fraction / 10.0))
}

fn is_policy_block(error: &ApiError) -> bool {
    matches!(error.code(), Some(368 | 1_404_078 | 2_859_015))
}

/// A retry after the pause, unless there were too many or it would take too long.
fn throttled(
    ended: &Ended,
    error: &Arc<ApiError>,
    tried: &Tried,
    policy: &RetryPolicy,
    fraction: f64,
) -> Step {
    let blocked = is_policy_block(error);
    let limit = if blocked { 1 } else { policy.throttled_attempts };
    if tried.throttled > limit && blocked {
        return Step::Stop(StopCause::Api(error.clone()));
    }
    match pause_after(ended, tried, policy, fraction) {
        Some(lasting) if tried.throttled <= limit && within(tried, lasting, policy) => {
            Step::Pause { lasting }
        }
        _ => Step::LeaveUnsent(NotSentCause::Exhausted(error.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: i64, wait: Option<u64>) -> Ended {
        let error = ApiError { status: 400, code: Some(code), ..ApiError::default() };
        Ended::Refused { error: error.into(), wait: wait.map(Duration::from_secs) }
    }

    fn after(step: &Step) -> Option<u64> {
        match step {
            Step::Retry { after } => Some(after.as_secs()),
            Step::Pause { lasting } => Some(lasting.as_secs()),
            _ => None,
        }
    }

    fn step(ended: &Ended, attempts: u32, throttled: u32) -> Step {
        let tried = Tried { attempts, throttled, ..Tried::default() };
        decide(ended, &tried, &RetryPolicy::new(), 1.0)
    }

    #[test]
    fn r16_r36_transient_errors_are_retried_and_end() {
        let waits: Vec<_> = (1..=5).map(|attempt| after(&step(&refused(2, None), attempt, 0))).collect();
        assert_eq!(waits, [Some(1), Some(2), Some(4), Some(8), None]);
        assert!(matches!(step(&refused(2, None), 5, 0), Step::LeaveUnsent(NotSentCause::Exhausted(_))));
    }

    #[test]
    fn r16_the_waits_are_those_of_the_policy() {
        let policy = RetryPolicy::new().waits(Duration::from_secs(30), Duration::from_secs(100));
        let wait = |attempts| {
            let tried = Tried { attempts, ..Tried::default() };
            after(&decide(&refused(2, None), &tried, &policy, 1.0))
        };
        assert_eq!([1, 2, 3, 4].map(wait), [Some(30), Some(60), Some(100), Some(100)]);
    }

    #[test]
    fn r17_r23_throttling_waits_as_asked_or_hands_back() {
        let with = |wait, throttled| {
            let tried = Tried { attempts: 1, throttled, ..Tried::default() };
            decide(&refused(4, wait), &tried, &RetryPolicy::new(), 0.0)
        };
        assert_eq!(after(&with(None, 1)), Some(60));
        assert_eq!(after(&with(None, 2)), Some(120));
        assert_eq!(after(&with(Some(300), 1)), Some(300));
        assert_eq!(after(&with(Some(20), 1)), Some(60));
        assert_eq!(after(&with(Some(600), 1)), Some(600), "as long as is slept");
        assert!(matches!(with(Some(601), 1), Step::Stop(StopCause::RetryLater(_))));
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
    fn d_attempts_waits_and_the_time_for_a_batch_have_limits() {
        let lasting = |seconds| Tried {
            attempts: 1,
            throttled: 1,
            lasting: Duration::from_secs(seconds),
            ..Tried::default()
        };
        let policy = RetryPolicy::new().batch_limit(Duration::from_secs(100));
        let decided = |code, seconds| decide(&refused(code, None), &lasting(seconds), &policy, 1.0);
        assert_eq!(after(&decided(2, 99)), Some(1));
        assert!(matches!(decided(2, 100), Step::LeaveUnsent(NotSentCause::Exhausted(_))));
        assert_eq!(after(&decided(4, 34)), Some(66));
        assert!(matches!(decided(4, 35), Step::LeaveUnsent(NotSentCause::Exhausted(_))));
    }

    #[test]
    fn r20_a_wait_that_a_temporary_error_asks_for_is_kept_too() {
        assert_eq!(after(&step(&refused(2, Some(30)), 1, 0)), Some(31));
        assert_eq!(
            step(&refused(2, Some(601)), 1, 0),
            Step::Stop(StopCause::RetryLater(Duration::from_secs(601)))
        );
    }

    #[test]
    fn n17_waiting_for_the_service_does_not_use_up_attempts() {
        let tried = Tried { attempts: 1000, sits_out: true, ..Tried::default() };
        assert_eq!(after(&decide(&refused(2, None), &tried, &RetryPolicy::new(), 1.0)), Some(60));
    }

    #[test]
    fn b_an_attempt_is_ambiguous_unless_an_answer_of_metas_says_otherwise() {
        let ambiguous = |status, code| {
            let error = ApiError { status, code, ..ApiError::default() };
            Ended::Refused { error: error.into(), wait: None }.may_have_arrived()
        };
        assert_eq!([200, 204, 500, 504].map(|status| ambiguous(status, None)), [true; 4]);
        assert_eq!([400, 404, 413, 429].map(|status| ambiguous(status, None)), [false; 4]);
        assert_eq!([200, 400, 500].map(|status| ambiguous(status, Some(100))), [false; 3]);
        let failed = Ended::Failed(TransportError::ambiguous("reset"));
        let unconfirmed = Step::LeaveUnconfirmed(UnconfirmedCause::NoValidAnswer("reset".into()));
        assert_eq!(step(&failed, 5, 0), unconfirmed, "not out of reach");
    }

    #[test]
    fn r1_r2_another_count_is_never_retried() {
        for count in [9, 11] {
            let step = step(&Ended::Received { sent: 10, count }, 1, 0);
            assert!(matches!(step, Step::LeaveUnconfirmed(UnconfirmedCause::CountDiffers { .. })));
        }
    }

    #[test]
    fn what_would_meet_every_request_stops_the_run() {
        for code in [190, 102, 104, 200, 10, 3, 803, 2635] {
            // A wait that the answer asks for, however long, helps nobody whose token has ended.
            for wait in [None, Some(99_999)] {
                let step = step(&refused(code, wait), 1, 0);
                assert!(matches!(step, Step::Stop(StopCause::Api(_))), "{code} {wait:?}");
            }
        }
        assert!(matches!(step(&refused(100, None), 1, 0), Step::Isolate(_)));
        assert!(matches!(step(&refused(777, None), 1, 0), Step::Refuse(_)));
    }
}
