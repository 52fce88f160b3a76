//! The way every text takes: length, placeholders, digests, then the rule of its key.

use super::characters::is_blank;
use super::nothing::is_placeholder;
use super::{AlreadyHashed, Context, Hashed, MatchKey, Unusable};
use super::{birth, email, gender, identifier, name, phone, place};

/// The longest text that is read at all, in bytes. Real values are far shorter, but ids padded with
/// thousands of blanks do occur.
const LONGEST_TEXT: usize = 16 * 1024;

/// Replaces `out` with the normal form of `raw`, or gives the digest that `raw` already is (`out` is
/// then empty). After an error, `out` holds nothing of use.
pub(crate) fn clean(
    key: MatchKey,
    raw: &str,
    context: &Context,
    out: &mut String,
) -> Result<Option<Hashed>, Unusable> {
    out.clear();
    if raw.len() > LONGEST_TEXT {
        return Err(Unusable::TooLong);
    }
    let text = raw.trim_matches(is_blank);
    if text.is_empty() {
        return Err(Unusable::Empty);
    }
    if key.is_hashed()
        && let Some(digest) = digest(text)
    {
        return match context.already_hashed {
            AlreadyHashed::Accept => Ok(Some(digest)),
            AlreadyHashed::Refuse => Err(Unusable::AlreadyHashed),
        };
    }
    refuse_stand_ins(key, text)?;
    match key {
        MatchKey::Email => email::clean(text, out),
        MatchKey::Phone => phone::clean(text, out),
        MatchKey::FirstName | MatchKey::LastName => name::clean(text, out),
        MatchKey::BirthDate => birth::clean(text, context.as_of, out),
        MatchKey::Gender => gender::clean(text, out),
        MatchKey::City => place::clean_city(text, out),
        MatchKey::State => place::clean_state(text, context.country, out),
        MatchKey::PostalCode => place::clean_postal_code(text, context.country, out),
        MatchKey::Country => place::clean_country(text, out),
        MatchKey::ExternalId => identifier::clean_external_id(text, out),
        MatchKey::MobileAdvertiserId => identifier::clean_mobile_advertiser_id(text, out),
        MatchKey::ClientIpAddress => identifier::clean_ip_address(text, out),
        _ => identifier::clean_text(text, out),
    }?;
    // Dropping characters may have laid one bare: `n.u.l.l`.
    refuse_stand_ins(key, out)?;
    Ok(None)
}

/// The digest that this text is, alone or with the suffix that Meta's parameter builder appends to
/// its digests: a dot, then two or eight characters of URL-safe base64.
fn digest(text: &str) -> Option<Hashed> {
    let (hex, suffix) = text.split_at_checked(64)?;
    let is_suffix = match suffix.strip_prefix('.') {
        Some(rest) => matches!(rest.len(), 2 | 8) && rest.bytes().all(is_base64url),
        None => suffix.is_empty(),
    };
    if is_suffix { Hashed::from_hex(hex).ok() } else { None }
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// Refuses what stands in for a value: a word for a missing one, or a digest of the wrong kind.
fn refuse_stand_ins(key: MatchKey, text: &str) -> Result<(), Unusable> {
    if is_placeholder(text) {
        return Err(Unusable::Placeholder);
    }
    // An external id may well be a UUID without its hyphens.
    if key.is_hashed() && key != MatchKey::ExternalId && is_other_digest(text) {
        return Err(Unusable::OtherDigest);
    }
    Ok(())
}

/// 32 (MD5) or 40 (SHA-1) hexadecimal digits, some of them letters and some not.
fn is_other_digest(text: &str) -> bool {
    matches!(text.len(), 32 | 40)
        && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        && text.bytes().any(|byte| byte.is_ascii_digit())
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}
