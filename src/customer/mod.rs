//! Who bought: from raw customer text to the hashed match keys that Meta compares.
//!
//! Text goes in raw and leaves either as 32 bytes ([`Hashed`]) or, for the few keys that Meta wants
//! in the clear, as checked text. Nothing here sends, logs or shows customer text: errors name the
//! key and the reason only. Which columns of a file hold the text is no concern of this room.
//!
//! | key | wire name | what is hashed | sent as | rule from |
//! |---|---|---|---|---|
//! | [`Email`](MatchKey::Email) | `em` | trimmed, lower case, nothing removed from the middle | digest | Meta |
//! | [`Phone`](MatchKey::Phone) | `ph` | 7 to 15 digits, no leading zeros, no extension | digest | Meta |
//! | [`FirstName`](MatchKey::FirstName) | `fn` | lower case, no blanks, no punctuation | digest | Meta's parameter builder |
//! | [`LastName`](MatchKey::LastName) | `ln` | the same | digest | Meta's parameter builder |
//! | [`BirthDate`](MatchKey::BirthDate) | `db` | `YYYYMMDD`, a real day from 1900 on | digest | Meta |
//! | [`Gender`](MatchKey::Gender) | `ge` | `f` or `m` | digest | Meta's parameter builder |
//! | [`City`](MatchKey::City) | `ct` | lower case, letters of any script and digits | digest | Meta |
//! | [`State`](MatchKey::State) | `st` | two-letter code in the US and Canada, else letters | digest | Meta |
//! | [`PostalCode`](MatchKey::PostalCode) | `zp` | lower case, no blanks or dashes; five digits in the US | digest | Meta |
//! | [`Country`](MatchKey::Country) | `country` | ISO 3166-1 alpha-2, lower case | digest | Meta |
//! | [`ExternalId`](MatchKey::ExternalId) | `external_id` | lower case, no blanks | digest | Meta's parameter builder |
//! | [`MobileAdvertiserId`](MatchKey::MobileAdvertiserId) | `madid` | trimmed, lower case | text | Meta |
//! | [`ClientIpAddress`](MatchKey::ClientIpAddress) | `client_ip_address` | the address in its canonical form | text | Meta |
//! | [`ClientUserAgent`](MatchKey::ClientUserAgent) | `client_user_agent` | trimmed | text | Meta |
//!
//! Every text is brought to Unicode's composed form (NFC), because Meta hashes that form, and
//! loses its invisible format characters (zero-width spaces, soft hyphens, direction marks).

mod appendix;
mod birth;
mod builder;
mod characters;
mod clean;
mod click_id;
mod context;
mod coverage;
mod derived;
mod email;
mod gender;
mod hashed;
mod identifier;
mod key_set;
mod match_key;
mod name;
mod nothing;
mod phone;
mod place;
mod remark;
mod unusable;
mod user_data;

pub use appendix::HashedWithAppendix;
pub use builder::{InvalidUserData, UnusableKey, UserDataBuilder};
pub(crate) use characters::is_blank;
pub use click_id::ClickId;
pub use context::{AlreadyHashed, Context, ExternalIdPolicy};
pub use coverage::{Combination, Coverage, Repeat};
pub use hashed::{Hashed, HexText, NotSha256};
pub use match_key::{KeyForm, MatchKey, Normalized};
pub(crate) use nothing::is_placeholder;
pub use remark::Remark;
pub use unusable::Unusable;
pub use user_data::{MatchValue, TooBroad, UserData};
