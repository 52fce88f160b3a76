//! Identifiers of a customer, a device or a browser: no letter of them is changed but its case.

use std::fmt::Write as _;
use std::net::IpAddr;

use super::Unusable;
use super::characters::{fold, is_blank, is_invisible};

pub(super) fn clean_external_id(text: &str, out: &mut String) -> Result<(), Unusable> {
    fold(text, |character| !is_blank(character), out);
    if out.is_empty() { Err(Unusable::Empty) } else { Ok(()) }
}

pub(super) fn clean_mobile_advertiser_id(text: &str, out: &mut String) -> Result<(), Unusable> {
    fold(text, |character| !is_invisible(character), out);
    if out.chars().any(char::is_control) {
        Err(Unusable::ControlCharacter)
    } else if out.chars().all(|character| matches!(character, '0' | '-')) {
        Err(Unusable::AllZero)
    } else {
        Ok(())
    }
}

pub(super) fn clean_ip_address(text: &str, out: &mut String) -> Result<(), Unusable> {
    let address: IpAddr = text.parse().map_err(|_| Unusable::NotAnIpAddress)?;
    if address.is_unspecified() {
        return Err(Unusable::AllZero);
    }
    write!(out, "{address}").map_err(|_| Unusable::NotAnIpAddress)
}

pub(super) fn clean_text(text: &str, out: &mut String) -> Result<(), Unusable> {
    if text.chars().any(char::is_control) {
        return Err(Unusable::ControlCharacter);
    }
    out.push_str(text);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(clean: fn(&str, &mut String) -> Result<(), Unusable>, text: &str) -> Result<String, Unusable> {
        let mut out = String::new();
        clean(text, &mut out).map(|()| out)
    }

    #[test]
    fn v40_advertiser_ids_keep_their_hyphens_and_zeros_are_none() {
        let madid = |text| cleaned(clean_mobile_advertiser_id, text);
        assert_eq!(
            madid("6D92078A-8246-4BA4-AE5B-76104861E7DC").as_deref(),
            Ok("6d92078a-8246-4ba4-ae5b-76104861e7dc")
        );
        assert_eq!(madid("00000000-0000-0000-0000-000000000000"), Err(Unusable::AllZero));
        assert_eq!(madid("6d92\n078a"), Err(Unusable::ControlCharacter));
    }

    #[test]
    fn v40_addresses_are_written_the_shortest_way() {
        let ip = |text| cleaned(clean_ip_address, text);
        assert_eq!(ip("192.0.2.1").as_deref(), Ok("192.0.2.1"));
        assert_eq!(ip("2001:0DB8:0:0:0:0:0:1").as_deref(), Ok("2001:db8::1"));
        for text in ["192.0.2.1:80", "192.0.2.1, 192.0.2.2", "[2001:db8::1]", "192.0.2.256", "192.0.2"] {
            assert_eq!(ip(text), Err(Unusable::NotAnIpAddress));
        }
        assert_eq!(ip("0.0.0.0"), Err(Unusable::AllZero));
        assert_eq!(ip("::"), Err(Unusable::AllZero));
    }

    #[test]
    fn v49_user_agents_hold_no_control_characters() {
        let agent = |text| cleaned(clean_text, text);
        assert_eq!(agent("Mozilla/5.0 (X11)").as_deref(), Ok("Mozilla/5.0 (X11)"));
        assert_eq!(agent("Mozilla\r\nHost: x"), Err(Unusable::ControlCharacter));
    }
}
