//! What a request carries to show who sends: the token, in a header or in the body, and in the body the proof of the app
//! secret.

use crate::auth::AppSecretProof;
use crate::value::{AccessToken, AppSecret, EventTime};

/// Where the token travels.
///
/// ```
/// use meta_offline_events::client::{Client, TokenPlacement};
///
/// let builder = Client::builder("123".parse()?, "EAAB-not-a-real-token".parse()?);
/// let client = builder.token_placement(TokenPlacement::Body).build()?;
/// # let _ = client;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum TokenPlacement {
    /// In the `Authorization` header, marked sensitive. Integrations in production do so, although
    /// Meta's pages on the Conversions API do not describe it.
    #[default]
    Header,
    /// In the body, as `access_token`: what Meta's own samples do.
    Body,
}

/// How a client shows who sends.
#[derive(Clone, Default)]
pub(super) struct Credentials {
    pub(super) placement: TokenPlacement,
    pub(super) secret: Option<ProofSecret>,
}

/// The app secret, and which proof is made with it.
#[derive(Clone)]
pub(crate) enum ProofSecret {
    Plain(AppSecret),
    Timed(AppSecret),
}

impl Credentials {
    /// The token, if it travels in a header.
    pub(super) fn bearer(&self, token: &AccessToken) -> Option<AccessToken> {
        (self.placement == TokenPlacement::Header).then(|| token.clone())
    }

    /// What the body holds of them: members of its object, each behind a comma.
    pub(super) fn members(&self, token: &AccessToken, now: EventTime) -> Vec<u8> {
        let mut members = Vec::new();
        if self.placement == TokenPlacement::Body {
            let token = serde_json::to_vec(token.expose()).unwrap_or_default();
            members.extend([b",\"access_token\":".as_slice(), &token].concat());
        }
        let proof = match &self.secret {
            None => return members,
            Some(ProofSecret::Plain(secret)) => AppSecretProof::new(secret, token),
            Some(ProofSecret::Timed(secret)) => AppSecretProof::at(secret, token, now),
        };
        members.extend(format!(",\"appsecret_proof\":\"{}\"", proof.expose()).bytes());
        if let Some(time) = proof.time() {
            members.extend(format!(",\"appsecret_time\":{}", time.unix()).bytes());
        }
        members
    }

    pub(super) fn app_secret(&self) -> Option<&AppSecret> {
        match self.secret.as_ref()? {
            ProofSecret::Plain(secret) | ProofSecret::Timed(secret) => Some(secret),
        }
    }
}
