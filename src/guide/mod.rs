//! Long-form documentation. It holds prose whose examples are tested, and no code.

/// How customer values are cleaned before they are hashed: rule by rule, with the sources, and where
/// Meta's own libraries differ.
#[doc = include_str!("cleaning.md")]
pub mod cleaning {}
