//! Why a login gave no code.

/// Why the redirect of a login gives no code.
///
/// ```
/// use meta_offline_events::graph::LoginError;
///
/// fn answer(error: &LoginError) -> &'static str {
///     match error {
///         LoginError::Declined(_) => "You did not agree, so nothing was connected.",
///         _ => "Please begin again.",
///     }
/// }
/// assert_eq!(answer(&LoginError::NoCode), "Please begin again.");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoginError {
    /// The redirect has no `state`, or that of another login: somebody may have forged it.
    #[error("the redirect does not belong to this login: ignore it, and begin the login again")]
    WrongState,
    /// The person declined. Meta's words follow.
    #[error("the person did not agree: {0}")]
    Declined(Box<str>),
    /// Meta ended the login with another error. Its words follow.
    #[error("Meta ended the login: {0}")]
    Refused(Box<str>),
    /// The redirect has neither a code nor an error.
    #[error("the redirect has no code: begin the login again")]
    NoCode,
}
