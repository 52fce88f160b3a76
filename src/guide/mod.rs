//! Long-form documentation. It holds prose whose examples are tested, and no code.

/// How customer values are cleaned before they are hashed: rule by rule, with the sources, and where
/// Meta's own libraries differ.
#[doc = include_str!("cleaning.md")]
pub mod cleaning {}

/// Seventeen tasks, each with its code.
#[cfg_attr(
    all(
        feature = "arrow",
        feature = "chrono-tz",
        feature = "csv",
        feature = "queue",
        feature = "testing",
        feature = "tracing"
    ),
    doc = include_str!("cookbook.md")
)]
pub mod cookbook {}

/// From an account at Meta to the first test event: datasets, tokens, checks, and what to do when it stops working.
#[cfg_attr(feature = "testing", doc = include_str!("credentials.md"))]
pub mod credentials {}

/// What happens between an event and its outcome: batches, retries, pauses, stops, and what is lost when.
#[cfg_attr(all(feature = "queue", feature = "testing"), doc = include_str!("delivery.md"))]
pub mod delivery {}

/// What a journal promises, what it does not, how to back it up and how to move it.
#[cfg_attr(all(feature = "journal", feature = "testing"), doc = include_str!("durability.md"))]
pub mod durability {}

/// When Meta counts an event once, when twice, and how to avoid it.
#[cfg_attr(feature = "testing", doc = include_str!("deduplication.md"))]
pub mod deduplication {}

/// What is hashed, what travels in the clear, and where customer data never shows.
#[cfg_attr(feature = "testing", doc = include_str!("privacy.md"))]
pub mod privacy {}

/// How to notice that a delivery goes wrong: reports, metrics, alerts, and comparing runs.
#[doc = include_str!("monitoring.md")]
pub mod monitoring {}

/// Questions and answers: why the crate is as it is, and what it does not do.
#[cfg_attr(feature = "client", doc = include_str!("design.md"))]
pub mod design {}
