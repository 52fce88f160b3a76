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
    const META_DIALOG: &'static str = "https://www.facebook.com/";

    /// Whether the token is sent there.
    pub(super) fn gets_token(&self) -> bool {
        !matches!(self, Self::Other { gets_token: false, .. })
    }

    /// The address up to the version of the API, with a slash at its end, and what names the endpoint: its host and
    /// the path before the version.
    pub(super) fn versioned(self, version: &str) -> Result<(Url, Text), InvalidClient> {
        let base = self.base()?;
        let name = format!("{}{}", base.host_str().unwrap_or_default(), base.path());
        let name = name.trim_end_matches('/').parse().map_err(|_| InvalidClient::Endpoint("is too long"))?;
        let url = base.join(&format!("{}/", checked_version(version)?));
        Ok((url.map_err(|_| InvalidClient::Endpoint("cannot be joined with the path"))?, name))
    }

    /// The address of the events of this dataset at a gateway.
    pub(super) fn gateway_url(&self, dataset: &DatasetId) -> Result<Url, InvalidClient> {
        let base = self.clone().base()?;
        base.join(&format!("capi/{dataset}/events"))
            .map_err(|_| InvalidClient::Endpoint("cannot be joined with the path"))
    }

    /// The address of the dialog for logins: Meta's own, whatever host the calls go to, unless that is on this machine.
    pub(super) fn dialog(&self, version: &str) -> Result<Url, InvalidClient> {
        let base = match self {
            #[cfg(feature = "testing")]
            Self::Loopback(base) => base.clone(),
            _ => Url::parse(Self::META_DIALOG).map_err(|_| InvalidClient::Endpoint("is not an address"))?,
        };
        let path = format!("{}/dialog/oauth", checked_version(version)?);
        base.join(&path).map_err(|_| InvalidClient::Endpoint("cannot be joined with the path"))
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
