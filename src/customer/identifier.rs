//! Identifiers of a customer, a device or a browser: no letter of them is changed but its case.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::ops::RangeInclusive;

use super::characters::{compose, fold, is_blank, is_invisible};
use super::{ExternalIdPolicy, UnusableReason, ValueWarning, appendix};

pub(super) fn clean_external_id(
    text: &str,
    policy: ExternalIdPolicy,
    out: &mut String,
) -> Result<(), UnusableReason> {
    match policy {
        ExternalIdPolicy::Normalized => fold(text, |character| !is_blank(character), out),
        ExternalIdPolicy::Exact | ExternalIdPolicy::Plain => compose(text, out),
    }
    if out.is_empty() {
        Err(UnusableReason::Empty)
    } else if out.chars().any(char::is_control) {
        Err(UnusableReason::ControlCharacter)
    } else {
        Ok(())
    }
}

pub(super) fn clean_mobile_advertiser_id(text: &str, out: &mut String) -> Result<(), UnusableReason> {
    fold(text, |character| !is_invisible(character), out);
    if out.chars().any(char::is_control) {
        Err(UnusableReason::ControlCharacter)
    } else if out.chars().all(|character| matches!(character, '0' | '-')) {
        Err(UnusableReason::AllZero)
    } else {
        Ok(())
    }
}

/// An address, which may carry the suffix of Meta's parameter builder.
pub(super) fn clean_ip_address(text: &str, out: &mut String) -> Result<Option<ValueWarning>, UnusableReason> {
    let whole = text.parse().ok().map(|address: IpAddr| (address, ""));
    let with_suffix = || {
        let (address, suffix) = appendix::without(text)?;
        Some((address.parse().ok()?, suffix))
    };
    let (address, suffix) = whole.or_else(with_suffix).ok_or(UnusableReason::NotAnIpAddress)?;
    if address.is_unspecified() {
        return Err(UnusableReason::AllZero);
    }
    write!(out, "{address}{suffix}").map_err(|_| UnusableReason::NotAnIpAddress)?;
    Ok(is_private(address).then_some(ValueWarning::PrivateAddress))
}

fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_private() || address.is_loopback() || address.is_link_local(),
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
    }
}

/// Text that Meta takes as it is.
pub(super) fn clean_text(text: &str, out: &mut String) -> Result<(), UnusableReason> {
    if text.chars().any(char::is_control) {
        return Err(UnusableReason::ControlCharacter);
    }
    out.push_str(text);
    Ok(())
}

/// How many digits the id of a lead has, by Meta's own error text.
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
    fn v40_addresses_are_written_the_shortest_way() {
        let ip = |text| cleaned(clean_ip_address, text);
        assert_eq!(ip("192.0.2.1").as_deref(), Ok("192.0.2.1"));
        assert_eq!(ip("2001:0DB8:0:0:0:0:0:1").as_deref(), Ok("2001:db8::1"));
        assert_eq!(ip("192.0.2.1.AQQCAQAB").as_deref(), Ok("192.0.2.1.AQQCAQAB"));
        assert_eq!(ip("2001:DB8::1.Bg").as_deref(), Ok("2001:db8::1.Bg"));
        for text in [
            "192.0.2.1:80",
            "192.0.2.1, 192.0.2.2",
            "[2001:db8::1]",
            "192.0.2.256",
            "192.0.2",
            "192.0.2.1.AQQ",
            "192.0.2.1.AQQCAQA!",
        ] {
            assert_eq!(ip(text), Err(UnusableReason::NotAnIpAddress), "{text}");
        }
        assert_eq!(ip("0.0.0.0"), Err(UnusableReason::AllZero));
        assert_eq!(ip("::"), Err(UnusableReason::AllZero));
    }

    #[test]
    fn addresses_of_the_house_are_remarked_on() {
        for text in [
            "10.0.0.1",
            "192.168.1.1",
            "127.0.0.1",
            "169.254.1.1",
            "::1",
            "fd00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
        ] {
            assert_eq!(
                clean_ip_address(text, &mut String::new()),
                Ok(Some(ValueWarning::PrivateAddress)),
                "{text}"
            );
        }
        for text in ["8.8.8.8", "2001:4860:4860::8888"] {
            assert_eq!(clean_ip_address(text, &mut String::new()), Ok(None), "{text}");
        }
    }

    #[test]
    fn external_ids_by_every_policy() {
        let id = |policy, text| cleaned(|text, out| clean_external_id(text, policy, out), text);
        for (policy, text, sent) in [
            (ExternalIdPolicy::Normalized, "Ab 1-2", "ab1-2"),
            (ExternalIdPolicy::Exact, "Ab 1-2", "Ab 1-2"),
            (ExternalIdPolicy::Plain, "Ab 1-2", "Ab 1-2"),
            (ExternalIdPolicy::Exact, "E\u{301}\u{200b}", "É"),
        ] {
            assert_eq!(id(policy, text).as_deref(), Ok(sent), "{policy:?}");
        }
        assert_eq!(id(ExternalIdPolicy::Plain, "a\u{0}b"), Err(UnusableReason::ControlCharacter));
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
