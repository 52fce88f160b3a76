//! IP addresses: written in their shortest form; private ones have a warning.

use std::fmt::Write as _;
use std::net::IpAddr;

use crate::customer::{UnusableReason, ValueWarning, appendix};

/// An IP address, with or without the suffix of Meta's parameter builder.
pub(super) fn clean(text: &str, out: &mut String) -> Result<Option<ValueWarning>, UnusableReason> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v40_addresses_are_written_the_shortest_way() {
        let ip = |text| {
            let mut out = String::new();
            clean(text, &mut out).map(|_| out)
        };
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
    fn private_addresses_have_a_warning() {
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
            assert_eq!(clean(text, &mut String::new()), Ok(Some(ValueWarning::PrivateAddress)), "{text}");
        }
        for text in ["8.8.8.8", "2001:4860:4860::8888"] {
            assert_eq!(clean(text, &mut String::new()), Ok(None), "{text}");
        }
    }
}
