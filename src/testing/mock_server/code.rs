//! A code of a login, until it is exchanged.

/// A code of a login.
#[derive(Clone)]
pub(super) struct Code {
    pub(super) text: String,
    /// The redirect that it went to; none for one of a pop-up.
    pub(super) redirect: Option<String>,
    pub(super) until: i64,
    pub(super) is_used: bool,
    /// Whether it is of a Login for Business.
    pub(super) is_business: bool,
    pub(super) scopes: Vec<String>,
}
