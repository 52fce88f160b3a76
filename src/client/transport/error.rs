//! Why no answer came back: the error, and how failures of the HTTP library are sorted into it.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::{fmt, io, iter};

use url::Url;

use super::proxy::Proxy;
use crate::wire::TextFilter;

/// Why no answer came back.
///
/// [`may_have_arrived`](Self::may_have_arrived) says whether a retry could be a duplicate. `Display` and
/// `Debug` show no URL, no token and no password. The cause, such as the HTTP library's own error, shows
/// only through [`source`](StdError::source).
///
/// ```
/// use meta_offline_events::client::TransportError;
///
/// let error = TransportError::not_sent("the cable is unplugged");
/// assert!(!error.may_have_arrived());
/// assert_eq!(error.to_string(), "the cable is unplugged");
/// ```
pub struct TransportError {
    what: Cow<'static, str>,
    kind: Kind,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    NotSent,
    Ambiguous,
    Certificate,
    RefusedByProxy,
    FollowedRedirect,
}

impl TransportError {
    /// Creates an error for a request that certainly did not arrive: no address, no connection. The client
    /// retries it without risk of a duplicate.
    pub fn not_sent(what: &'static str) -> Self {
        Self::new(Kind::NotSent, what)
    }

    /// Creates an error for a request that may have arrived: bytes left, and no whole answer came back.
    /// The client retries it only while Meta deduplicates.
    ///
    /// ```
    /// use meta_offline_events::client::TransportError;
    ///
    /// assert!(TransportError::ambiguous("the connection broke").may_have_arrived());
    /// ```
    pub fn ambiguous(what: &'static str) -> Self {
        Self::new(Kind::Ambiguous, what)
    }

    fn new(kind: Kind, what: impl Into<Cow<'static, str>>) -> Self {
        Self { what: what.into(), kind, source: None }
    }

    /// A proxy did not let the request pass.
    pub(super) fn refused_by_proxy(proxy: &Proxy) -> Self {
        let name = proxy.name().map_or_else(|| "a proxy".into(), |name| format!("the proxy {name}"));
        Self::new(Kind::RefusedByProxy, format!("{name} wants a user and a password, or refuses those given"))
    }

    /// The HTTP client of the application followed a redirect.
    pub(super) fn followed_redirect(host: Option<&str>) -> Self {
        let host = host.unwrap_or("an unknown place");
        let what = format!(
            "the endpoint redirects to {host}, and the application's HTTP client followed: build it without \
             redirects"
        );
        Self::new(Kind::FollowedRedirect, what)
    }

    /// Adds the cause. It shows only through [`source`](StdError::source).
    ///
    /// ```
    /// use std::error::Error;
    /// use std::io;
    /// use meta_offline_events::client::TransportError;
    ///
    /// let cause = io::Error::from(io::ErrorKind::ConnectionReset);
    /// let error = TransportError::ambiguous("the connection broke").with_source(cause);
    /// assert_eq!(error.to_string(), "the connection broke");
    /// assert!(error.source().is_some_and(|cause| cause.is::<io::Error>()));
    /// ```
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same error, with a text that quotes nothing of what was sent.
    pub(crate) fn filtered(mut self, filter: &TextFilter<'_>) -> Self {
        if let Cow::Owned(what) = &self.what {
            self.what = filter.clean(what).into_string().into();
        }
        self
    }

    /// Whether Meta may have stored the request. If not, a retry is safe. If so, only the same bytes may go
    /// out again, and only while Meta deduplicates them.
    pub fn may_have_arrived(&self) -> bool {
        matches!(self.kind, Kind::Ambiguous | Kind::FollowedRedirect)
    }

    /// Whether a certificate failed a check: untrusted, expired, not valid yet, or for another name, as
    /// the text says. Fix the reported cause; until then no attempt can succeed. Nothing of the request
    /// was sent.
    pub fn is_certificate(&self) -> bool {
        self.kind == Kind::Certificate
    }

    /// Whether a proxy asked for a user and a password, or refused the given ones. Set the right ones; until
    /// then no attempt can succeed. Nothing of the request reached the service.
    ///
    /// ```
    /// use meta_offline_events::client::TransportError;
    ///
    /// assert!(!TransportError::not_sent("the proxy is down").is_refused_by_proxy());
    /// ```
    pub fn is_refused_by_proxy(&self) -> bool {
        self.kind == Kind::RefusedByProxy
    }

    /// Whether no later attempt can succeed before somebody changes something.
    pub(crate) fn is_final(&self) -> bool {
        self.is_certificate() || self.is_refused_by_proxy() || self.is_followed_redirect()
    }

    /// Whether the HTTP client of the application followed a redirect, or stopped after several.
    pub(in crate::client) fn is_followed_redirect(&self) -> bool {
        self.kind == Kind::FollowedRedirect
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl fmt::Debug for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportError")
            .field("what", &self.what)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source: &(dyn StdError + 'static) = self.source.as_deref()?;
        Some(source)
    }
}

/// Sorts a failure of the HTTP library, and takes the URL out of it.
pub(super) fn sort(error: reqwest::Error, proxy: &Proxy) -> TransportError {
    let sorted = if error.is_builder() {
        TransportError::not_sent("the request could not be built")
    } else if error.is_redirect() {
        TransportError::followed_redirect(error.url().and_then(Url::host_str))
    } else if error.is_connect() {
        no_connection(&error, proxy)
    } else if error.is_timeout() {
        TransportError::ambiguous("no whole answer within the time limit")
    } else {
        TransportError::ambiguous(
            "the connection broke, or held no readable HTTP, before the whole answer came",
        )
    };
    sorted.with_source(error.without_url())
}

fn no_connection(error: &reqwest::Error, proxy: &Proxy) -> TransportError {
    // The library does not export the type of this error.
    if causes(error).any(|cause| cause.to_string().contains("proxy authorization required")) {
        return TransportError::refused_by_proxy(proxy);
    }
    let of_text = || causes(error).find_map(|cause| Flaw::of_text(&cause.to_string()));
    if let Some(flaw) = causes(error).find_map(Flaw::of_type).or_else(of_text) {
        return flaw.into_error();
    }
    let what = if error.is_timeout() {
        "no connection to the server within the time limit"
    } else if error.is_dns() {
        "no address was found for the server's name"
    } else {
        "no connection to the server"
    };
    TransportError::new(Kind::NotSent, proxy.on_the_way(what))
}

/// Every error behind an error; also those that an I/O error wraps, which `source` passes over.
fn causes<'e>(error: &'e (dyn StdError + 'static)) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    iter::successors(Some(error), |error| {
        let error: &'e (dyn StdError + 'static) = *error;
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        }
    })
}

/// What is wrong with a TLS connection that could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    Untrusted,
    Expired,
    NotValidYet,
    OtherName,
    #[cfg_attr(
        not(any(feature = "rustls", feature = "rustls-no-provider")),
        expect(dead_code, reason = "only known by type")
    )]
    OtherCertificate,
    TooOld,
    #[cfg_attr(
        not(any(feature = "rustls", feature = "rustls-no-provider")),
        expect(dead_code, reason = "only known by type")
    )]
    OtherTls,
}

impl Flaw {
    #[cfg(any(feature = "rustls", feature = "rustls-no-provider"))]
    fn of_type(cause: &(dyn StdError + 'static)) -> Option<Self> {
        use rustls::{AlertDescription, CertificateError, Error};
        Some(match cause.downcast_ref::<Error>()? {
            Error::InvalidCertificate(flaw) => match flaw {
                // The second: another authority of the same name is trusted.
                CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::Untrusted,
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                    Self::NotValidYet
                }
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                    Self::OtherName
                }
                _ => Self::OtherCertificate,
            },
            Error::PeerIncompatible(_) | Error::AlertReceived(AlertDescription::ProtocolVersion) => {
                Self::TooOld
            }
            _ => Self::OtherTls,
        })
    }

    #[cfg(not(any(feature = "rustls", feature = "rustls-no-provider")))]
    fn of_type(_: &(dyn StdError + 'static)) -> Option<Self> {
        None
    }

    /// For libraries of the platform, whose error types do not distinguish these cases.
    fn of_text(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        if !has(&["certificate"]) {
            return has(&["unsupported protocol", "protocol version"]).then_some(Self::TooOld);
        }
        Some(if has(&["not yet valid", "not valid yet"]) {
            Self::NotValidYet
        } else if has(&["expired"]) {
            Self::Expired
        } else if has(&["hostname", "host name", "mismatch"]) {
            Self::OtherName
        } else {
            Self::Untrusted
        })
    }

    fn into_error(self) -> TransportError {
        let (kind, what) = match self {
            Self::Untrusted => (
                Kind::Certificate,
                "the server's certificate is not signed by a trusted authority: if a proxy inspects TLS, add \
                 its root certificate",
            ),
            Self::Expired => {
                (Kind::Certificate, "the server's certificate has expired, or this machine's clock is ahead")
            }
            Self::NotValidYet => (
                Kind::Certificate,
                "the server's certificate is not valid yet, or this machine's clock is behind",
            ),
            Self::OtherName => (Kind::Certificate, "the server's certificate is for another name"),
            Self::OtherCertificate => (Kind::Certificate, "the server's certificate failed a check"),
            Self::TooOld => (Kind::NotSent, "no TLS connection: the server offers neither TLS 1.2 nor 1.3"),
            Self::OtherTls => (Kind::NotSent, "no TLS connection to the server"),
        };
        TransportError::new(kind, what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n5_n6_texts_of_platform_libraries_name_the_same_flaws() {
        for (text, flaw) in [
            ("certificate verify failed (self-signed certificate)", Some(Flaw::Untrusted)),
            ("certificate verify failed: (certificate has expired)", Some(Flaw::Expired)),
            ("certificate verify failed (certificate is not yet valid)", Some(Flaw::NotValidYet)),
            ("certificate verify failed (Hostname mismatch)", Some(Flaw::OtherName)),
            ("The certificate was not trusted.", Some(Flaw::Untrusted)),
            ("unsupported protocol", Some(Flaw::TooOld)),
            ("Connection refused (os error 111)", None),
        ] {
            assert_eq!(Flaw::of_text(text), flaw, "{text}");
        }
    }

    #[test]
    fn the_cause_shows_only_as_the_source() {
        let error = TransportError::ambiguous("reset").with_source("MARKED text of a cause");
        assert!(!format!("{error} {error:?} {error:#?}").contains("MARKED"));
        assert_eq!(error.source().unwrap().to_string(), "MARKED text of a cause");
    }

    #[test]
    fn n6_the_clock_is_named_where_it_may_be_the_reason() {
        for (flaw, names_clock) in [
            (Flaw::Expired, true),
            (Flaw::NotValidYet, true),
            (Flaw::Untrusted, false),
            (Flaw::OtherName, false),
        ] {
            let error = flaw.into_error();
            assert!(error.is_certificate() && !error.may_have_arrived());
            assert_eq!(error.to_string().contains("clock"), names_clock, "{error}");
        }
    }
}
