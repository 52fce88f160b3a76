//! One call to the Graph API: what is asked, with which parameters, in whose name, and as which request.

use secrecy::{ExposeSecret, SecretString};
use url::Url;
use url::form_urlencoded::Serializer;

use crate::auth::AppSecretProof;
use crate::client::{Method, Request};
use crate::value::AccessToken;

/// Where the secret parameters of a call travel: app secrets, login codes, and tokens that a call is about.
///
/// The token that a call is made *with* always travels in the `Authorization` header, and calls without a secret
/// parameter are always as Meta documents them.
///
/// ```
/// use meta_offline_events::graph::{CallStyle, Graph};
///
/// let graph = Graph::builder().build()?.call_style(CallStyle::AsDocumented);
/// # let _ = graph;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CallStyle {
    /// In the body of a `POST`, as a form, so that no secret is part of an address.
    ///
    /// OAuth asks for this form, but Meta documents a `GET` with the secrets in its query for exchanging, inspecting and
    /// revoking tokens, and does not say whether every one of these calls takes a `POST`. Where Meta refuses it, use
    /// [`AsDocumented`](Self::AsDocumented). Calls that read something carry no proof of the app secret, because a `GET`
    /// has no body for it.
    #[default]
    SecretsInBody,
    /// As Meta documents each call: secrets in the query of a `GET`.
    ///
    /// The price: whoever logs addresses logs the secrets. Meta's own servers and every proxy that inspects TLS can.
    /// Calls that read something carry a proof of the app secret that ends after five minutes.
    AsDocumented,
}

/// In whose name a call is made.
#[derive(Clone)]
pub(crate) enum Authority {
    /// With this token.
    Token(AccessToken),
    /// With the token of the client's source.
    Source,
    /// With the token of the app.
    App,
    /// By nobody: the parameters show who calls.
    Parameters,
}

/// A call.
pub(crate) struct Call {
    method: Method,
    path: String,
    parameters: Vec<(&'static str, Parameter)>,
    pub(super) authority: Authority,
    /// Whether it may be made again when its outcome is not known.
    pub(super) is_repeatable: bool,
}

enum Parameter {
    Plain(String),
    Secret(SecretString),
}

impl Parameter {
    fn expose(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Secret(text) => text.expose_secret(),
        }
    }
}

impl Call {
    /// A call that reads. `path` stands behind the version, and holds fixed words and checked ids only.
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::Get, path.into())
    }

    /// A call that makes or changes something.
    pub(crate) fn post(path: impl Into<String>) -> Self {
        Self::new(Method::Post, path.into())
    }

    /// A call that removes something.
    pub(crate) fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::Delete, path.into())
    }

    fn new(method: Method, path: String) -> Self {
        let is_repeatable = method == Method::Get;
        Self { method, path, parameters: Vec::new(), authority: Authority::Source, is_repeatable }
    }

    /// Makes the call in the name of another authority than the client's source.
    pub(crate) fn by(mut self, authority: Authority) -> Self {
        self.authority = authority;
        self
    }

    /// Makes the call once, although it reads: a code or a token may be used up.
    pub(crate) fn once(mut self) -> Self {
        self.is_repeatable = false;
        self
    }

    pub(crate) fn parameter(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.parameters.push((name, Parameter::Plain(value.into())));
        self
    }

    pub(crate) fn secret(mut self, name: &'static str, value: &str) -> Self {
        self.parameters.push((name, Parameter::Secret(SecretString::from(value))));
        self
    }

    #[cfg(feature = "tracing")]
    pub(super) fn method(&self) -> Method {
        self.method
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// What no text may show.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.parameters.iter().filter_map(|(_, parameter)| match parameter {
            Parameter::Plain(_) => None,
            Parameter::Secret(text) => Some(text.expose_secret()),
        })
    }

    /// Whether the parameters travel in a body.
    pub(super) fn has_body(&self, style: CallStyle) -> bool {
        self.method == Method::Post || style == CallStyle::SecretsInBody && self.secrets().next().is_some()
    }

    /// The request to this address.
    pub(super) fn request(&self, mut url: Url, style: CallStyle, proof: Option<&AppSecretProof>) -> Request {
        let mut form = Serializer::new(String::new());
        form.extend_pairs(self.parameters.iter().map(|(name, value)| (name, value.expose())));
        if let Some(proof) = proof {
            form.append_pair("appsecret_proof", proof.expose());
            if let Some(time) = proof.time() {
                form.append_pair("appsecret_time", &time.unix().to_string());
            }
        }
        let form = form.finish();
        if self.has_body(style) {
            return Request::form(Method::Post, url, form);
        }
        if !form.is_empty() {
            url.set_query(Some(&form));
        }
        Request::bare(self.method, url)
    }
}
