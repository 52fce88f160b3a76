//! Cleaning: the one entrance for every text. Each rule has a file below.
//!
//! Length, placeholders and digests are the same for all keys and are checked here. [`quick`] looks at plain
//! text, most of it ASCII, and writes its normal form straight into the block that is hashed; [`clean`] reads any text. If
//! the quick look gives a normal form, it is the one that the rule gives.

mod birth;
mod characters;
mod city;
mod click_id;
mod country;
mod derived;
mod email;
mod external_id;
mod folding;
mod gender;
mod identifier;
mod ip_address;
mod name;
#[cfg(feature = "phone")]
mod national;
mod normalize;
#[cfg(feature = "phone")]
mod numbering_plan;
mod other_digest;
mod phone;
mod postal_code;
mod quick_look;
mod state;
#[cfg(test)]
mod tests;

pub(crate) use characters::{ascii_digit, is_blank};
pub use click_id::ClickId;
pub use normalize::Normalized;
pub(super) use quick_look::Quick;

use derived::Part;

use super::placeholder::is_placeholder;
use super::sha256::{Block, MAX_TEXT as MAX_BLOCK_TEXT};
use super::{
    AlreadyHashed, CleaningOptions, ExternalIdPolicy, Hashed, HashedWithAppendix, KeyForm, MatchKey,
    OwnedValue, UnusableReason, ValueWarning, appendix,
};
use crate::value::Country;

/// The length of the longest text that is read, in bytes. Real values are far shorter, but ids padded with
/// thousands of blanks occur.
const MAX_TEXT: usize = 16 * 1024;

/// A usable text.
pub(super) struct Cleaned {
    pub(super) form: Form,
    pub(super) warning: Option<ValueWarning>,
}

/// What to send for a usable text.
pub(super) enum Form {
    /// The digest of its normal form.
    ToHash,
    /// Its normal form.
    Plain,
    /// This number, whose digits are the normal form.
    Number(u64),
    /// This digest, which the text was already. It has no normal form.
    Digest(Hashed),
    /// This digest with the suffix of Meta's parameter builder.
    WithAppendix(HashedWithAppendix),
}

impl Form {
    /// The value to send, for a text with this normal form.
    pub(super) fn into_value(self, normal: &str) -> OwnedValue {
        match self {
            Self::ToHash => OwnedValue::Hashed(Hashed::of(normal)),
            Self::Plain => OwnedValue::Plain(normal.into()),
            Self::Number(number) => OwnedValue::Number(number),
            Self::Digest(digest) => OwnedValue::Hashed(digest),
            Self::WithAppendix(forwarded) => OwnedValue::HashedWithAppendix(forwarded),
        }
    }
}

/// Writes the normal form of a plain value into an empty block, for a key that is hashed.
///
/// Gives what [`clean`] gives, or `None` if only [`clean`] can tell. `known` is a text that was read as a country before.
pub(super) fn quick(
    key: MatchKey,
    raw: &str,
    known: Option<&(&str, Country)>,
    options: &CleaningOptions,
    form: &mut Block,
) -> Option<Quick> {
    let letters = match raw.as_bytes() {
        [b'!'..=b'~', .., b'!'..=b'~'] => raw,
        _ => raw.trim_ascii(),
    };
    let text = letters.as_bytes();
    if text.is_empty() || text.len() > MAX_BLOCK_TEXT || options.digests_only.contains(key) {
        return None;
    }
    // Each call stands last, and so needs no frame of its own.
    match key {
        MatchKey::Email => email::quick(text, form),
        MatchKey::Phone => phone::quick(text, options, form),
        MatchKey::FirstName | MatchKey::LastName => name::quick(letters, form),
        MatchKey::BirthDate => birth::quick(text, options, form),
        MatchKey::Gender => gender::quick(text, options.gender_words, form),
        MatchKey::City => city::quick(letters, form),
        MatchKey::State => state::quick(letters, options.country, form),
        MatchKey::PostalCode => postal_code::quick(text, options.country, form),
        MatchKey::Country => country::quick(text, known, form),
        MatchKey::ExternalId => external_id::quick(text, options.external_ids, form),
        _ => None,
    }
}

/// Replaces `out` with the normal form of `raw`. After an error, the content of `out` is unspecified.
///
/// Takes time linear in the length of the text.
pub(super) fn clean(
    key: MatchKey,
    raw: &str,
    options: &CleaningOptions,
    out: &mut String,
) -> Result<Cleaned, UnusableReason> {
    out.clear();
    if raw.len() > MAX_TEXT {
        return Err(UnusableReason::TooLong);
    }
    if raw.contains('\0') {
        return Err(UnusableReason::ControlCharacter);
    }
    let text = raw.trim_matches(is_blank);
    if text.is_empty() {
        return Err(UnusableReason::Empty);
    }
    let hashes = is_hashed(key, options);
    if hashes && let Some((digest, suffix)) = appendix::split(text) {
        return already_hashed(text, digest, suffix, options);
    }
    refuse_placeholder(text)?;
    let is_said_to_be_hashed = options.digests_only.contains(key);
    if hashes {
        // An external id may be a UUID without its hyphens.
        other_digest::refuse(text, key == MatchKey::ExternalId && !is_said_to_be_hashed)?;
    }
    if hashes && is_said_to_be_hashed {
        return Err(UnusableReason::NotSha256);
    }
    let warning = normalize(key, text, options, out)?;
    // The rule may have uncovered one by dropping characters: `n.u.l.l`, or a digest with blanks in it.
    refuse_placeholder(out)?;
    if hashes && key != MatchKey::ExternalId {
        other_digest::refuse_form(out)?;
    }
    if hashes && appendix::split(out).is_some() {
        return Err(UnusableReason::NotSha256);
    }
    let form = match key.form() {
        KeyForm::Number => Form::Number(out.parse().map_err(|_| UnusableReason::NotANumber)?),
        _ if hashes => Form::ToHash,
        _ => Form::Plain,
    };
    Ok(Cleaned { form, warning })
}

/// Whether the values of this key are sent as digests.
fn is_hashed(key: MatchKey, options: &CleaningOptions) -> bool {
    key.is_hashed() && !(key == MatchKey::ExternalId && options.external_ids == ExternalIdPolicy::Plain)
}

fn already_hashed(
    text: &str,
    digest: Hashed,
    suffix: &str,
    options: &CleaningOptions,
) -> Result<Cleaned, UnusableReason> {
    if options.already_hashed == AlreadyHashed::Refuse {
        return Err(UnusableReason::AlreadyHashed);
    }
    let form = match text.parse() {
        Ok(forwarded) if !suffix.is_empty() => Form::WithAppendix(forwarded),
        _ => Form::Digest(digest),
    };
    Ok(Cleaned { form, warning: Some(ValueWarning::AlreadyHashed) })
}

/// The rule of each key.
fn normalize(
    key: MatchKey,
    text: &str,
    options: &CleaningOptions,
    out: &mut String,
) -> Result<Option<ValueWarning>, UnusableReason> {
    match key {
        MatchKey::Email => return email::clean(text, out),
        #[cfg(feature = "phone")]
        MatchKey::Phone => return national::clean(text, options, out),
        #[cfg(not(feature = "phone"))]
        MatchKey::Phone => return phone::clean(text, out),
        MatchKey::PostalCode => return postal_code::clean(text, options.country, out),
        MatchKey::ClientIpAddress => return ip_address::clean(text, out),
        MatchKey::FirstName | MatchKey::LastName => name::clean(text, out),
        MatchKey::BirthDate => birth::clean(text, options, out),
        MatchKey::Gender => gender::clean(text, options.gender_words, out),
        MatchKey::City => city::clean(text, out),
        MatchKey::State => state::clean(text, options.country, out),
        MatchKey::Country => country::clean(text, out),
        MatchKey::ExternalId => external_id::clean(text, options.external_ids, out),
        MatchKey::AppUserId => external_id::clean(text, ExternalIdPolicy::Normalized, out),
        MatchKey::MobileAdvertiserId => identifier::clean_mobile_advertiser_id(text, out),
        MatchKey::Click | MatchKey::Browser => click_id::clean(text, out),
        MatchKey::LeadId => identifier::clean_lead_id(text, out),
        MatchKey::FacebookLoginId => identifier::clean_number(text, out),
        MatchKey::FirstNameStart | MatchKey::LastNameStart => derived::clean_start(text, out),
        MatchKey::FirstInitial => derived::clean_initial(text, out),
        MatchKey::BirthDay => derived::clean_part(Part::Day, text, options, out),
        MatchKey::BirthMonth => derived::clean_part(Part::Month, text, options, out),
        MatchKey::BirthYear => derived::clean_part(Part::Year, text, options, out),
        _ => identifier::clean_text(text, out),
    }
    .map(|()| None)
}

fn refuse_placeholder(text: &str) -> Result<(), UnusableReason> {
    if is_placeholder(text.as_bytes()) { Err(UnusableReason::Placeholder) } else { Ok(()) }
}
