//! Customers: raw text is cleaned, hashed and collected into the match keys that Meta compares.
//!
//! ```
//! use meta_offline_events::customer::{Coverage, MatchKey, UserData};
//!
//! let mary = UserData::builder().email(" Mary@Example.com ").phone("+1 (650) 555-1212").build()?;
//! assert!(mary.has(MatchKey::Email) && mary.has(MatchKey::Phone));
//!
//! let coverage = Coverage::from_iter([&mary]);
//! assert_eq!(coverage.count_with(MatchKey::Email), 1);
//! # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
//! ```
//!
//! [`UserData`] holds a customer's values: SHA-256 digests ([`Hashed`]), and plain text for the few keys that
//! Meta wants unhashed. Nothing here sends, logs or shows customer text: errors name the key and the reason only.
//!
//! Each key has a normal form, which is what is hashed: `John_Smith@Gmail.com ` becomes
//! `john_smith@gmail.com`. The [guide](crate::guide::cleaning) lists the rule of every key with its source, and
//! shows where Meta's own libraries differ. All text is brought into Unicode's composed form (NFC), because
//! Meta hashes that form, and loses its invisible characters (zero-width spaces, soft hyphens, direction
//! marks).
//!
//! ```text
//! raw text ─ MatchKey::normalize ─▶ normal form ─ SHA-256 ─▶ MatchValue ─▶ UserData ─▶ Coverage
//!             UnusableReason, ValueWarning
//! ```

mod appendix;
mod blocks;
mod builder;
mod clean;
mod cleaning_document;
mod cleaning_options;
mod coverage;
mod digest_cache;
mod frequent;
mod gender_words;
mod given;
mod hashed;
mod invalid_user_data;
mod key_set;
mod match_key;
mod match_value;
mod packed_value;
mod placeholder;
mod prehashed;
mod sha256;
mod unusable_reason;
mod user_data;
mod value_warning;
mod workspace;

pub use appendix::HashedWithAppendix;
pub(crate) use builder::RawFingerprint;
pub use builder::UserDataBuilder;
pub use clean::{ClickId, Normalized};
pub(crate) use clean::{ascii_digit, is_blank};
pub use cleaning_options::{AlreadyHashed, CleaningOptions, ExternalIdPolicy};
pub(crate) use coverage::Percent;
pub use coverage::{Combination, Coverage, SharedValue};
pub use gender_words::GenderWords;
pub(crate) use given::Passage;
pub use hashed::{Hashed, HexText, NotSha256};
pub use invalid_user_data::{InvalidUserData, UnusableKey};
pub use match_key::{KeyForm, MatchKey};
pub use match_value::MatchValue;
pub(crate) use match_value::OwnedValue;
pub(crate) use placeholder::is_placeholder;
pub(crate) use prehashed::Prehashed;
pub(crate) use sha256::digest_of_parts;
pub use unusable_reason::UnusableReason;
pub use user_data::{TooBroad, UserData};
pub use value_warning::ValueWarning;
pub(crate) use workspace::Workspace;
