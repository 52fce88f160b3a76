//! Meta's own error, its class, and what to do about it.

use std::fmt;

/// An error that Meta answered: code, subcode, Meta's own words and the trace id.
///
/// Every part may be missing. Meta localises its texts, so show them and never match on them. They are
/// cut to a limit, have no control characters, and mask the token, e-mail addresses and digests.
///
/// [`class`](Self::class) says what to do. It goes by code and subcode, not by HTTP status or `type`: Meta
/// answers throttling with the type `OAuthException`, and expired tokens with several statuses.
///
/// ```
/// use meta_offline_events::report::{ApiError, ErrorClass};
///
/// fn is_worth_a_page(error: &ApiError) -> bool {
///     matches!(error.class(), ErrorClass::FixToken | ErrorClass::FixPermission | ErrorClass::AcceptTerms)
/// }
/// assert!(!is_worth_a_page(&ApiError::default()));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ApiError {
    pub(crate) status: u16,
    pub(crate) code: Option<i64>,
    pub(crate) subcode: Option<i64>,
    pub(crate) is_transient: bool,
    pub(crate) kind: Option<Box<str>>,
    pub(crate) message: Option<Box<str>>,
    pub(crate) user_title: Option<Box<str>>,
    pub(crate) user_message: Option<Box<str>>,
    pub(crate) blamed_fields: Vec<Box<str>>,
    pub(crate) event_index: Option<usize>,
    pub(crate) terms_link: Option<Box<str>>,
    pub(crate) trace_id: Option<Box<str>>,
    pub(crate) is_from_gateway: bool,
}

impl ApiError {
    /// The HTTP status of the answer.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Meta's error code.
    pub fn code(&self) -> Option<i64> {
        self.code
    }

    /// Meta's subcode, which is finer than the code.
    pub fn subcode(&self) -> Option<i64> {
        self.subcode
    }

    /// Whether Meta says that the error is temporary.
    pub fn is_transient(&self) -> bool {
        self.is_transient
    }

    /// Meta's type of error, such as `OAuthException`. It says little.
    pub fn kind(&self) -> Option<&str> {
        self.kind.as_deref()
    }

    /// Meta's message.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// Meta's title for users.
    pub fn user_title(&self) -> Option<&str> {
        self.user_title.as_deref()
    }

    /// Meta's message for users.
    pub fn user_message(&self) -> Option<&str> {
        self.user_message.as_deref()
    }

    /// The paths of the fields that Meta blames, such as `user_data.em`.
    pub fn blamed_fields(&self) -> impl Iterator<Item = &str> {
        self.blamed_fields.iter().map(AsRef::as_ref)
    }

    /// The position in the request of the event that Meta blames, if it names one.
    pub fn event_index(&self) -> Option<usize> {
        self.event_index
    }

    /// The page on which a person has to accept terms.
    pub fn terms_link(&self) -> Option<&str> {
        self.terms_link.as_deref()
    }

    /// The ad account that these terms are for.
    pub fn terms_ad_account(&self) -> Option<&str> {
        let (_, query) = self.terms_link()?.split_once('?')?;
        let account = query.split('&').find_map(|pair| pair.strip_prefix("act="))?;
        let digits = account.strip_prefix("act_").unwrap_or(account);
        (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
    }

    /// The id by which Meta's support finds this answer.
    pub fn trace_id(&self) -> Option<&str> {
        self.trace_id.as_deref()
    }

    /// Whether a [gateway](crate::guide::delivery#a-gateway) answered, and not Meta's own endpoint.
    pub fn is_from_gateway(&self) -> bool {
        self.is_from_gateway
    }

    /// What is wrong with the token, if the error is about the token.
    ///
    /// ```
    /// use meta_offline_events::report::ApiError;
    ///
    /// assert_eq!(ApiError::default().token_problem(), None);
    /// ```
    pub fn token_problem(&self) -> Option<TokenProblem> {
        if self.class() != ErrorClass::FixToken || self.is_from_gateway {
            return None;
        }
        Some(match (self.code, self.subcode) {
            (Some(100), Some(36_007 | 36_009)) => TokenProblem::LoginCode,
            (Some(100 | 104), _) => TokenProblem::AppSecretProof,
            (_, Some(458)) => TokenProblem::AppNotInstalled,
            (_, Some(459 | 464)) => TokenProblem::LoginNeeded,
            (_, Some(460)) => TokenProblem::PasswordChanged,
            (_, Some(463)) => TokenProblem::Expired,
            (_, Some(492)) => TokenProblem::NoRole,
            _ => TokenProblem::Invalid,
        })
    }

    /// What to do, in a few words.
    ///
    /// ```
    /// use meta_offline_events::report::ApiError;
    ///
    /// assert_eq!(ApiError::default().advice(), "do not send this again as it is");
    /// ```
    pub fn advice(&self) -> &'static str {
        if self.is_from_gateway {
            return self.class().advice_on_gateway();
        }
        match (self.token_problem(), self.code) {
            (Some(problem), _) => problem.advice(),
            (None, Some(2635)) => {
                "the API version is retired: set a newer one with `ClientBuilder::api_version`"
            }
            (None, Some(368 | 1_404_078 | 1_404_163 | 2_859_015)) => {
                "Meta blocks this for policy reasons: a person has to look into it"
            }
            (None, Some(3)) => "the app may not do this: give the app the permission in its settings at Meta",
            (None, Some(270)) => {
                "the app has only development access: ask Meta for a higher access level, or use a token of an \
                 admin of both the app and the ad account"
            }
            (None, Some(3962)) => "a permission is asked for that Meta does not know: check the spelling",
            (None, Some(100)) if self.subcode == Some(33) => {
                "the token does not see this dataset: check the dataset id, then assign the dataset to the token's user"
            }
            (None, Some(803 | 2_044_055)) => "there is no such dataset: check the dataset id",
            (None, Some(100)) if self.class() == ErrorClass::FixDataset => {
                "the dataset is not linked to the page or account of the events: use the dataset of that page or \
                 account"
            }
            _ => self.class().advice(),
        }
    }

    /// The class of the error, named for what to do about it.
    ///
    /// It is decided in this order: terms, throttling, token, the parameter family (code 100), permission,
    /// what Meta calls transient, and last the HTTP status.
    ///
    /// ```
    /// use meta_offline_events::report::{ApiError, ErrorClass};
    ///
    /// assert_eq!(ApiError::default().class(), ErrorClass::GiveUp);
    /// ```
    pub fn class(&self) -> ErrorClass {
        use ErrorClass::{
            AcceptTerms, FixDataset, FixEndpoint, FixEvent, FixPermission, FixToken, GiveUp, Retry, Throttle,
            TooLarge,
        };
        let subcode = self.subcode.unwrap_or(0);
        if self.terms_link.is_some() {
            return AcceptTerms;
        }
        match (self.code.unwrap_or(0), subcode) {
            (200, 1_870_034) | (1_870_090 | 1_870_092 | 2655, _) => AcceptTerms,
            (1, 99) | (17, 1_885_172) => GiveUp,
            (1, _) if self.asks_for_less() => TooLarge,
            (4 | 17 | 32 | 341 | 368 | 613 | 1_404_078 | 2_859_015 | 80_000..=80_014, _) => Throttle,
            (102 | 104 | 190 | 452, _) | (100, 36_007 | 36_009) => FixToken,
            (100, _) if self.asks_for_proof() => FixToken,
            (100, 2_804_131 | 2_804_132) | (803 | 6200 | 6202 | 2_044_055, _) => FixDataset,
            (100, 33) | (3 | 10 | 200..=299 | 3962, _) => FixPermission,
            (2635 | 2500, _) => FixEndpoint,
            (100, _) if !self.is_transient => FixEvent,
            (code, _) if self.is_transient || is_temporary(code) => Retry,
            _ => match self.status {
                401 => FixToken,
                403 => FixPermission,
                404 | 405 | 407 | 501 if self.code.is_none() => FixEndpoint,
                408 | 425 | 500..=599 => Retry,
                413 => TooLarge,
                429 => Throttle,
                _ => GiveUp,
            },
        }
    }
}

impl ApiError {
    /// Whether the error is about the proof made with the app secret. The name of the parameter
    /// survives translation.
    fn asks_for_proof(&self) -> bool {
        self.says("appsecret_proof")
    }

    /// Whether the error is about the proof, or the app secret that it was made with.
    pub(super) fn is_about_proof(&self) -> bool {
        self.token_problem() == Some(TokenProblem::AppSecretProof)
    }

    /// Whether a smaller request would pass. The code, 1, does not say so.
    fn asks_for_less(&self) -> bool {
        self.code == Some(1) && self.says("reduce the amount of data")
    }

    fn says(&self, words: &str) -> bool {
        self.message.as_deref().is_some_and(|message| message.contains(words))
    }
}

/// Whether a code means a temporary error.
fn is_temporary(code: i64) -> bool {
    code < 0 || matches!(code, 1 | 2 | 5000 | 21_009 | 3_910_001)
}

impl fmt::Display for ApiError {
    /// One line with the codes, Meta's own words and the trace id.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code, self.subcode) {
            (Some(code), Some(subcode)) => write!(f, "Meta error {code}/{subcode}")?,
            (Some(code), None) => write!(f, "Meta error {code}")?,
            (None, _) if self.is_from_gateway => {
                write!(f, "the gateway answered with HTTP status {}", self.status)?;
            }
            (None, _) => write!(f, "HTTP status {}", self.status)?,
        }
        let words = [&self.message, &self.user_title, &self.user_message];
        for text in words.into_iter().flatten() {
            write!(f, ": {text}")?;
        }
        if let Some(trace) = &self.trace_id {
            write!(f, " (trace {trace})")?;
        }
        Ok(())
    }
}

impl std::error::Error for ApiError {}

/// The class of an [`ApiError`], named for what to do about it.
///
/// ```
/// use meta_offline_events::report::ErrorClass;
///
/// assert!(ErrorClass::FixToken.stops_the_run());
/// assert!(!ErrorClass::Throttle.stops_the_run());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorClass {
    /// The error is temporary: send the same bytes again after a pause.
    Retry,
    /// There is too much traffic: stop all calls for a while, then go on.
    Throttle,
    /// The token is expired, revoked or wrong. Replace it.
    FixToken,
    /// The token lacks a permission, or its user has no access to the dataset.
    FixPermission,
    /// A person has to accept terms. The error holds the link.
    AcceptTerms,
    /// At least one event of the batch is wrong. Meta stored nothing of the batch.
    FixEvent,
    /// The dataset does not exist, or a required link is missing.
    FixDataset,
    /// The address or the API version is wrong.
    FixEndpoint,
    /// The request is too large. Meta stored nothing of it.
    TooLarge,
    /// Anything else: do not send this again as it is.
    GiveUp,
}

impl ErrorClass {
    /// A stable name for machines, in snake case.
    ///
    /// ```
    /// use meta_offline_events::report::ErrorClass;
    ///
    /// assert_eq!(ErrorClass::FixToken.code(), "fix_token");
    /// ```
    pub fn code(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Throttle => "throttle",
            Self::FixToken => "fix_token",
            Self::FixPermission => "fix_permission",
            Self::AcceptTerms => "accept_terms",
            Self::FixEvent => "fix_event",
            Self::FixDataset => "fix_dataset",
            Self::FixEndpoint => "fix_endpoint",
            Self::TooLarge => "too_large",
            Self::GiveUp => "give_up",
        }
    }

    /// Whether every request would get the same error, so that the run stops.
    pub fn stops_the_run(self) -> bool {
        matches!(
            self,
            Self::FixToken | Self::FixPermission | Self::AcceptTerms | Self::FixDataset | Self::FixEndpoint
        )
    }

    /// What to do, in a few words.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Retry => "send again later",
            Self::Throttle => "too much traffic, send again later",
            Self::FixToken => "replace the access token: it is expired, revoked or wrong",
            Self::FixPermission => {
                "a permission is missing: check the dataset id, then assign the dataset to the token's user"
            }
            Self::AcceptTerms => "a person has to accept Meta's terms",
            Self::FixEvent => "correct the event",
            Self::FixDataset => "check the dataset id and what it is linked to",
            Self::FixEndpoint => "check the address and the API version",
            Self::TooLarge => "send less in one request",
            Self::GiveUp => "do not send this again as it is",
        }
    }

    /// What to do about an error of a gateway, whose access key, address and log are its own.
    fn advice_on_gateway(self) -> &'static str {
        match self {
            Self::FixToken | Self::FixPermission => {
                "the gateway refuses the sender: give `Gateway::access_key` the access key of the gateway"
            }
            Self::FixEndpoint => "the gateway has no such address: check its address and the dataset id",
            Self::GiveUp => "the gateway refuses the batch: its log says why",
            _ => self.advice(),
        }
    }
}

/// What is wrong with an access token. [`ApiError::token_problem`] returns it.
///
/// ```
/// use meta_offline_events::report::{ApiError, TokenProblem};
///
/// fn can_be_refreshed(error: &ApiError) -> bool {
///     error.token_problem() == Some(TokenProblem::Expired)
/// }
/// assert!(!can_be_refreshed(&ApiError::default()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenProblem {
    /// It expired (subcode 463).
    Expired,
    /// Its user changed the password, which revokes the token (subcode 460).
    PasswordChanged,
    /// Its user has to log in at Meta: a security check, or an unconfirmed account (459, 464).
    LoginNeeded,
    /// Its user removed its app (458).
    AppNotInstalled,
    /// Its user lost the role on its page (492).
    NoRole,
    /// The app secret proof is missing, or does not fit the token (code 104).
    AppSecretProof,
    /// The code of a login has expired or was used before (100 with 36007 or 36009).
    LoginCode,
    /// It is wrong or revoked. Meta says no more.
    Invalid,
}

impl TokenProblem {
    /// What to do, in a few words.
    ///
    /// ```
    /// use meta_offline_events::report::TokenProblem;
    ///
    /// assert_eq!(TokenProblem::Expired.advice(), "the access token has expired: replace it");
    /// ```
    pub fn advice(self) -> &'static str {
        match self {
            Self::Expired => "the access token has expired: replace it",
            Self::PasswordChanged => {
                "the user of the access token changed the password, which revokes the token: replace it"
            }
            Self::LoginNeeded => "the user of the access token has to log in at facebook.com",
            Self::AppNotInstalled => {
                "the user of the access token removed its app: authorise the app again, then replace the token"
            }
            Self::NoRole => "the user of the access token lost the role on the page: replace the token",
            Self::AppSecretProof => {
                "the app secret proof is missing or wrong: the app secret must be that of the token's app"
            }
            Self::LoginCode => "the code of the login has expired or was used: begin the login again",
            Self::Invalid => "replace the access token: it is revoked or wrong",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(status: u16, code: i64, subcode: Option<i64>, is_transient: bool) -> ErrorClass {
        ApiError { status, code: Some(code), subcode, is_transient, ..ApiError::default() }.class()
    }

    #[test]
    fn r16_transient_beats_the_status_but_not_a_finer_rule() {
        assert_eq!(class(400, 777, None, true), ErrorClass::Retry);
        assert_eq!(class(400, 190, None, true), ErrorClass::FixToken);
        assert_eq!(class(500, 190, None, false), ErrorClass::FixToken);
        assert_eq!(class(200, 4, None, true), ErrorClass::Throttle);
    }

    #[test]
    fn without_a_code_the_status_decides() {
        let status = |status| ApiError { status, ..ApiError::default() }.class();
        assert_eq!(status(401), ErrorClass::FixToken);
        assert_eq!(status(403), ErrorClass::FixPermission);
        assert_eq!(status(404), ErrorClass::FixEndpoint);
        assert_eq!(status(408), ErrorClass::Retry);
        assert_eq!(status(413), ErrorClass::TooLarge);
        assert_eq!(status(429), ErrorClass::Throttle);
        assert_eq!(status(503), ErrorClass::Retry);
        assert_eq!(status(418), ErrorClass::GiveUp);
    }
}
