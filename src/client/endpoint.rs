//! The address that a client sends to, checked so that a token cannot leak.

use url::Url;

use super::invalid::InvalidClient;
use crate::value::{DatasetId, Text};

#[derive(Clone)]
pub(super) enum Endpoint {
    Meta,
    Other {
        base: Url,
        gets_token: bool,
    },
    #[cfg(feature = "testing")]
    Loopback(Url),
}

impl Endpoint {
    const META: &'static str = "https://graph.facebook.com/";

    /// Whether the token is sent there.
    pub(super) fn gets_token(&self) -> bool {
        !matches!(self, Self::Other { gets_token: false, .. })
    }

    /// The address of the events of this dataset, and what names the endpoint: its host and the path before the
    /// version.
    pub(super) fn address(self, version: &str, dataset: &DatasetId) -> Result<(Url, Text), InvalidClient> {
        let base = self.base()?;
        let name = format!("{}{}", base.host_str().unwrap_or_default(), base.path());
        let name = name.trim_end_matches('/').parse().map_err(|_| InvalidClient::Endpoint("is too long"))?;
        let path = format!("{}/{dataset}/events", checked_version(version)?);
        let url = base.join(&path).map_err(|_| InvalidClient::Endpoint("cannot be joined with the path"))?;
        Ok((url, name))
    }

    /// The base address, with a path that ends in a slash.
    fn base(self) -> Result<Url, InvalidClient> {
        let mut base = match self {
            Self::Meta => Url::parse(Self::META).map_err(|_| InvalidClient::Endpoint("is not an address"))?,
            Self::Other { base, .. } => {
                demand(base.scheme() == "https", "must be https")?;
                demand(base.port().is_none(), "must not name a port")?;
                base
            }
            #[cfg(feature = "testing")]
            Self::Loopback(base) => {
                demand(matches!(base.scheme(), "http" | "https"), "must be http or https")?;
                demand(is_loopback(&base), "must be on this machine")?;
                base
            }
        };
        demand(
            base.username().is_empty() && base.password().is_none(),
            "must not hold a user or a password",
        )?;
        demand(base.query().is_none() && base.fragment().is_none(), "must not hold a query or a fragment")?;
        if !base.path().ends_with('/') {
            let path = format!("{}/", base.path());
            base.set_path(&path);
        }
        Ok(base)
    }
}

fn demand(holds: bool, rule: &'static str) -> Result<(), InvalidClient> {
    if holds { Ok(()) } else { Err(InvalidClient::Endpoint(rule)) }
}

#[cfg(feature = "testing")]
fn is_loopback(base: &Url) -> bool {
    match base.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn checked_version(version: &str) -> Result<&str, InvalidClient> {
    let number = |text: &str| (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let parts = version.strip_prefix('v').and_then(|rest| rest.split_once('.'));
    match parts {
        Some((major, minor)) if number(major) && number(minor) => Ok(version),
        _ => Err(InvalidClient::ApiVersion),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_api_version_has_two_numbers() {
        for version in ["26.0", "v26", "v26.0/x", "v.0", "v26.", "v2a.0", "v1.0.0"] {
            assert!(checked_version(version).is_err(), "{version}");
        }
        assert_eq!(checked_version("v27.0"), Ok("v27.0"));
    }
}
