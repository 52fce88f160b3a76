//! Identifiers and numbers that are sent unhashed: nothing but their case is changed.

use std::ops::RangeInclusive;

use super::characters::Class;
use super::folding::fold;
use crate::customer::UnusableReason;

pub(super) fn clean_mobile_advertiser_id(text: &str, out: &mut String) -> Result<(), UnusableReason> {
    fold(text, |class| class != Class::Invisible, out);
    if out.chars().any(char::is_control) {
        Err(UnusableReason::ControlCharacter)
    } else if out.chars().all(|character| matches!(character, '0' | '-')) {
        Err(UnusableReason::AllZero)
    } else {
        Ok(())
    }
}

/// Text that is sent as it is.
pub(super) fn clean_text(text: &str, out: &mut String) -> Result<(), UnusableReason> {
    if text.chars().any(char::is_control) {
        return Err(UnusableReason::ControlCharacter);
    }
    out.push_str(text);
    Ok(())
}

/// How many digits a lead id has, by Meta's own error message.
const LEAD_DIGITS: RangeInclusive<usize> = 15..=16;

pub(super) fn clean_lead_id(text: &str, out: &mut String) -> Result<(), UnusableReason> {
    clean_number(text, out)?;
    if LEAD_DIGITS.contains(&out.len()) { Ok(()) } else { Err(UnusableReason::NotALeadId) }
}

/// A whole number above zero, without leading zeros.
pub(super) fn clean_number(text: &str, out: &mut String) -> Result<(), UnusableReason> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    if !digits || text.parse::<u64>().is_err() {
        return Err(UnusableReason::NotANumber);
    }
    out.push_str(text);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned<T>(
        clean: impl Fn(&str, &mut String) -> Result<T, UnusableReason>,
        text: &str,
    ) -> Result<String, UnusableReason> {
        let mut out = String::new();
        clean(text, &mut out).map(|_| out)
    }

    #[test]
    fn v40_advertiser_ids_keep_their_hyphens_and_zeros_are_none() {
        let madid = |text| cleaned(clean_mobile_advertiser_id, text);
        assert_eq!(
            madid("6D92078A-8246-4BA4-AE5B-76104861E7DC").as_deref(),
            Ok("6d92078a-8246-4ba4-ae5b-76104861e7dc")
        );
        assert_eq!(madid("00000000-0000-0000-0000-000000000000"), Err(UnusableReason::AllZero));
        assert_eq!(madid("6d92\n078a"), Err(UnusableReason::ControlCharacter));
    }

    #[test]
    fn lead_ids_have_15_or_16_digits() {
        let lead = |text| clean_lead_id(text, &mut String::new());
        assert_eq!(lead("525645896321548"), Ok(()));
        assert_eq!(lead("5256458963215480"), Ok(()));
        for text in ["52564589632154", "52564589632154801", "1"] {
            assert_eq!(lead(text), Err(UnusableReason::NotALeadId), "{text}");
        }
        for text in
            ["l:525645896321548", "-5", "0525645896321548", "+525645896321548", "99999999999999999999999"]
        {
            assert_eq!(lead(text), Err(UnusableReason::NotANumber), "{text}");
        }
    }

    #[test]
    fn v49_user_agents_hold_no_control_characters() {
        let agent = |text| cleaned(clean_text, text);
        assert_eq!(agent("Mozilla/5.0 (X11)").as_deref(), Ok("Mozilla/5.0 (X11)"));
        assert_eq!(agent("Mozilla\r\nHost: x"), Err(UnusableReason::ControlCharacter));
    }
}
