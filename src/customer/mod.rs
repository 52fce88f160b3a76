//! Who bought: from raw customer text to the hashed match keys that Meta compares.
//!
//! Text goes in raw and leaves either as 32 bytes ([`Hashed`]) or, for the few keys that Meta wants
//! in the clear, as checked text. Nothing here sends, logs or shows customer text: errors name the
//! key and the reason only. Which columns of a file hold the text is no concern of this room.
//!
//! Each key has a normal form, which is what is hashed: `John_Smith@Gmail.com ` becomes
//! `john_smith@gmail.com`. The [guide](crate::guide::cleaning) tells the rule of every key with its source,
//! and where Meta's own libraries differ.
//!
//! ```text
//! raw text ─ MatchKey::normalize ─▶ normal form ─ SHA-256 ─▶ MatchValue ─▶ UserData ─▶ Coverage
//!                UnusableReason, ValueWarning
//! ```
//!
//! Every text is brought to Unicode's composed form (NFC), because Meta hashes that form, and
//! loses its invisible format characters (zero-width spaces, soft hyphens, direction marks).

mod appendix;
mod block;
mod builder;
mod clean;
mod cleaning_options;
mod coverage;
mod hashed;
mod key_set;
mod match_key;
mod match_value;
mod nothing;
mod prehashed;
mod unusable_reason;
mod user_data;
mod value_warning;

pub use appendix::HashedWithAppendix;
pub(crate) use block::digest_of_parts;
pub(crate) use builder::RawFingerprint;
pub use builder::{InvalidUserData, UnusableKey, UserDataBuilder};
pub(crate) use clean::is_blank;
pub use clean::{ClickId, Normalized};
pub use cleaning_options::{AlreadyHashed, CleaningOptions, ExternalIdPolicy};
pub(crate) use coverage::Percent;
pub use coverage::{Combination, Coverage, SharedValue};
pub use hashed::{Hashed, HexText, NotSha256};
pub use match_key::{KeyForm, MatchKey};
pub use match_value::MatchValue;
pub(crate) use nothing::is_placeholder;
pub(crate) use prehashed::Prehashed;
pub use unusable_reason::UnusableReason;
pub use user_data::{TooBroad, UserData};
pub use value_warning::ValueWarning;
