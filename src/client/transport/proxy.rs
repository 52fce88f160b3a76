//! The proxy on the way to the service.

use std::borrow::Cow;

use url::Url;

/// How requests get out of this network. `Debug` is not derived: an address may hold a password.
#[derive(Clone)]
pub(in crate::client) enum Proxy {
    None,
    Environment,
    At(Url),
}

impl Proxy {
    /// Host and port, never user and password.
    pub(super) fn name(&self) -> Option<String> {
        let Self::At(url) = self else { return None };
        let host = url.host_str()?;
        Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
    }

    /// What failed, with the proxy that was on the way.
    pub(super) fn on_the_way(&self, what: &'static str) -> Cow<'static, str> {
        match (self, self.name()) {
            (_, Some(name)) => format!("{what} through the proxy {name}").into(),
            (Self::Environment, _) => format!("{what}, or to the proxy that the environment names").into(),
            _ => what.into(),
        }
    }
}
