//! The way every text takes: length, placeholders, digests, then the rule of its key.

use super::characters::is_blank;
use super::derived::Part;
use super::nothing::is_placeholder;
use super::{
    AlreadyHashed, CleaningOptions, ExternalIdPolicy, Hashed, HashedWithAppendix, KeyForm, MatchKey,
    UnusableReason, ValueWarning,
};
use super::{appendix, birth, click_id, derived, email, gender, identifier, name, place};

/// The longest text that is read at all, in bytes. Real values are far shorter, but ids padded with
/// thousands of blanks do occur.
const MAX_TEXT: usize = 16 * 1024;

/// What a text turned out to be.
pub(super) struct Cleaned {
    pub(super) form: Form,
    pub(super) warning: Option<ValueWarning>,
}

/// How a value goes on.
pub(super) enum Form {
    /// Its normal form is to be hashed.
    ToHash,
    /// Its normal form is sent.
    Plain,
    /// Its normal form is the digits of this number.
    Number(u64),
    /// It was a digest already, and has no normal form.
    Digest(Hashed),
    /// The same, with the suffix of Meta's parameter builder.
    WithAppendix(HashedWithAppendix),
}

/// Replaces `out` with the normal form of `raw`. After an error, `out` holds nothing of use.
///
/// Any text gives a value or a reason, in time linear in its length.
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
    refuse_stand_ins(key, text)?;
    if hashes && options.digests_only.contains(key) {
        return Err(UnusableReason::NotSha256);
    }
    let warning = normalize(key, text, options, out)?;
    // Dropping characters may have laid one bare: `n.u.l.l`, or a digest with blanks in it.
    refuse_stand_ins(key, out)?;
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

/// Whether this options has the values of this key hashed.
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
        MatchKey::Phone => return super::national::clean(text, options, out),
        #[cfg(not(feature = "phone"))]
        MatchKey::Phone => return super::phone::clean(text, out),
        MatchKey::PostalCode => return place::clean_postal_code(text, options.country, out),
        MatchKey::ClientIpAddress => return identifier::clean_ip_address(text, out),
        MatchKey::FirstName | MatchKey::LastName => name::clean(text, out),
        MatchKey::BirthDate => birth::clean(text, options, out),
        MatchKey::Gender => gender::clean(text, out),
        MatchKey::City => place::clean_city(text, out),
        MatchKey::State => place::clean_state(text, options.country, out),
        MatchKey::Country => place::clean_country(text, out),
        MatchKey::ExternalId => identifier::clean_external_id(text, options.external_ids, out),
        MatchKey::AppUserId => identifier::clean_external_id(text, ExternalIdPolicy::Normalized, out),
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

/// Refuses what stands in for a value: a word for a missing one, or a digest of the wrong kind.
fn refuse_stand_ins(key: MatchKey, text: &str) -> Result<(), UnusableReason> {
    if is_placeholder(text) {
        return Err(UnusableReason::Placeholder);
    }
    // An external id may well be a UUID without its hyphens.
    if key.is_hashed() && key != MatchKey::ExternalId && is_other_digest(text) {
        return Err(UnusableReason::OtherDigest);
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
