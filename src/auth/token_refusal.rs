//! What a token source is told when Meta refused its token.

use std::fmt;
use std::sync::Arc;

use crate::report::{ApiError, TokenProblem};
use crate::value::AccessToken;

/// Meta's refusal of an access token, as a [`TokenSource`](super::TokenSource) is told of it.
///
/// `Debug` shows no token.
///
/// ```
/// use meta_offline_events::auth::{TokenRefusal, TokenSource};
/// use meta_offline_events::report::TokenProblem;
/// use meta_offline_events::value::AccessToken;
///
/// /// Asks the secret store, past its cache if Meta calls the token expired.
/// fn token(refusal: Option<&TokenRefusal>) -> Result<AccessToken, String> {
///     let skip_cache = refusal.is_some_and(|refusal| refusal.problem() == Some(TokenProblem::Expired));
///     # let text = if skip_cache { "EAAB-new" } else { "EAAB-old" };
///     text.parse().map_err(|error| format!("the secret store: {error}"))
/// }
/// let source = TokenSource::from_fn(token);
/// # let _ = source;
/// ```
#[derive(Clone)]
pub struct TokenRefusal {
    token: AccessToken,
    error: Arc<ApiError>,
}

impl TokenRefusal {
    pub(crate) fn new(token: AccessToken, error: Arc<ApiError>) -> Self {
        Self { token, error }
    }

    /// The token that Meta refused.
    pub fn token(&self) -> &AccessToken {
        &self.token
    }

    /// Meta's error.
    pub fn error(&self) -> &ApiError {
        &self.error
    }

    /// What is wrong with the token.
    pub fn problem(&self) -> Option<TokenProblem> {
        self.error.token_problem()
    }
}

impl fmt::Debug for TokenRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRefusal").field("error", &self.error).finish_non_exhaustive()
    }
}
