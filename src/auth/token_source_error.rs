//! Why a token source cannot give a token.

use std::error::Error;
use std::{fmt, io};

use crate::value::InvalidValue;

/// Why a [`TokenSource`](super::TokenSource) cannot be made, or gives no token.
///
/// ```
/// use meta_offline_events::auth::TokenSource;
///
/// let error = TokenSource::from_file("/no/such/token").unwrap_err();
/// assert_eq!(error.to_string(), "the token file /no/such/token cannot be read");
/// ```
pub struct TokenSourceError {
    what: Box<str>,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl TokenSourceError {
    pub(super) fn missing(what: String) -> Self {
        Self { what: what.into(), cause: None }
    }

    pub(super) fn unreadable(what: String, cause: io::Error) -> Self {
        Self { what: what.into(), cause: Some(cause.into()) }
    }

    pub(super) fn invalid(what: String, cause: InvalidValue) -> Self {
        Self { what: what.into(), cause: Some(cause.into()) }
    }
}

impl fmt::Display for TokenSourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl fmt::Debug for TokenSourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSourceError").field("what", &self.what).field("cause", &self.cause).finish()
    }
}

impl Error for TokenSourceError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let cause: &(dyn Error + 'static) = self.cause.as_deref()?;
        Some(cause)
    }
}
