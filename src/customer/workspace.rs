//! What is kept from one customer to the next.

use std::fmt;

use super::digest_cache::DigestCache;

/// What is kept from one customer to the next while they are cleaned and hashed: memory, and digests of texts that may
/// come again.
pub(crate) struct Workspace {
    /// The last text that took more than a quick look.
    pub(super) buffer: String,
    /// None for a single customer.
    pub(super) cache: Option<DigestCache>,
}

impl Workspace {
    /// For a single customer.
    pub(super) fn for_one() -> Self {
        Self { buffer: String::new(), cache: None }
    }
}

impl Default for Workspace {
    /// For many customers.
    fn default() -> Self {
        Self { cache: Some(DigestCache::default()), ..Self::for_one() }
    }
}

impl fmt::Debug for Workspace {
    /// Shows no text of a customer.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workspace").finish_non_exhaustive()
    }
}
