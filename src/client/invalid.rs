//! Why a client cannot be built from its settings.

/// Why a [`Client`](super::Client) cannot be built from its settings.
///
/// ```
/// use meta_offline_events::client::{Client, InvalidClient};
///
/// let builder = Client::builder("123".parse()?, "EAAB-not-a-real-token".parse()?);
/// let error = builder.in_flight(0).build().unwrap_err();
/// assert!(matches!(error, InvalidClient::Limit { .. }));
/// assert_eq!(error.to_string(), "requests in flight must be 1 to 256");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidClient {
    /// The address of the service breaks a rule.
    #[error("the endpoint {0}")]
    Endpoint(&'static str),
    /// The address of the gateway breaks a rule.
    #[error("the gateway {0}")]
    Gateway(&'static str),
    /// A client that sends to a gateway alone has a filter for it.
    #[error(
        "the gateway is the only receiver, so its filter would drop events: filter the events before you send them"
    )]
    GatewayFilter,
    /// A test event code stands beside a gateway, which would take the events for real ones.
    #[error(
        "a gateway knows no test event code, and would take the events for real ones: test without the gateway"
    )]
    GatewayTestEventCode,
    /// The address of the proxy breaks a rule.
    #[error("the proxy {0}")]
    Proxy(&'static str),
    /// A root certificate cannot be read, or none is given where only the given ones are trusted.
    #[error("a root certificate must be given in PEM, between BEGIN CERTIFICATE and END CERTIFICATE")]
    RootCertificate,
    /// The API version has another form than `v26.0`.
    #[error("the API version must look like v26.0")]
    ApiVersion,
    /// A time limit is zero.
    #[error("a time limit must be above zero")]
    Timeout,
    /// A number is zero or too large.
    #[error("{what} must be 1 to {most}")]
    Limit {
        /// What is limited.
        what: &'static str,
        /// The largest number that can be set.
        most: usize,
    },
    /// A setting of the client's own HTTP transport, named here, stands beside another transport, where
    /// it has no effect.
    #[error("`{0}` has no effect beside `transport`: set this in the transport itself")]
    BesideTransport(&'static str),
    /// An expiry is stated for a token that a source may replace.
    #[error(
        "`token_expires` is for a token that stays the same: a token source is asked when Meta refuses its token"
    )]
    TokenExpires,
    /// The TLS library could not be set up.
    #[error("TLS could not be set up: enable a TLS feature, and check that the trust store can be read")]
    Tls,
}

pub(super) fn within(what: &'static str, number: usize, most: usize) -> Result<(), InvalidClient> {
    if (1..=most).contains(&number) { Ok(()) } else { Err(InvalidClient::Limit { what, most }) }
}
