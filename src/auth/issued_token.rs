//! A token with the time that it expires.

use std::fmt;

use crate::value::{AccessToken, EventTime};

/// An access token as whoever issued it gave it: with the time that it expires, if that is known.
///
/// A function of a [`TokenSource`](super::TokenSource) returns it, so that the client asks for the next token well before
/// this one ends. An [`AccessToken`] converts into one whose end is not known.
///
/// `Debug` shows no token.
///
/// ```
/// use meta_offline_events::auth::{IssuedToken, TokenSource};
/// use meta_offline_events::value::InvalidValue;
///
/// let source = TokenSource::from_fn(|_| {
///     let token = "EAAB-not-a-real-token".parse()?; // from the secret store, which knows when it expires
///     Ok::<_, InvalidValue>(IssuedToken::new(token).expires("2030-01-01T00:00:00Z".parse()?))
/// });
/// # let _ = source;
/// ```
#[derive(Clone)]
pub struct IssuedToken {
    pub(super) token: AccessToken,
    pub(super) expires: Option<EventTime>,
}

impl IssuedToken {
    /// Creates a token whose end is not known.
    pub fn new(token: AccessToken) -> Self {
        Self { token, expires: None }
    }

    /// The token.
    pub fn token(&self) -> &AccessToken {
        &self.token
    }

    /// When the token expires, if that is known.
    pub fn expiry(&self) -> Option<EventTime> {
        self.expires
    }

    /// Sets when the token expires.
    pub fn expires(mut self, at: EventTime) -> Self {
        self.expires = Some(at);
        self
    }
}

impl From<AccessToken> for IssuedToken {
    fn from(token: AccessToken) -> Self {
        Self::new(token)
    }
}

impl fmt::Debug for IssuedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedToken").field("expires", &self.expires).finish_non_exhaustive()
    }
}
