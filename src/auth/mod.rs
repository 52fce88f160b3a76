//! Who sends: where access tokens come from, and proofs made with the app secret.
//!
//! Most integrations have one token that never expires, and need nothing of this: they give the token to
//! `Client::builder`. A token that expires or is exchanged while the program runs comes from a
#![cfg_attr(feature = "client", doc = "[`TokenSource`].")]
#![cfg_attr(not(feature = "client"), doc = "`TokenSource` (feature `client`).")]
//!
//! An [`AppSecretProof`] shows Meta that the sender has the app secret, too. It is needed when the app's setting
//! "Require App Secret" is on.
//!
//! Nothing here opens a connection.

#[cfg(feature = "client")]
mod credential;
#[cfg(feature = "client")]
mod held_token;
#[cfg(feature = "client")]
mod issued_token;
mod proof;
#[cfg(feature = "client")]
mod token_info;
#[cfg(feature = "client")]
mod token_refusal;
#[cfg(feature = "client")]
mod token_source;
#[cfg(feature = "client")]
mod token_source_error;

#[cfg(feature = "client")]
pub use credential::Credential;
#[cfg(feature = "client")]
pub use issued_token::IssuedToken;
pub use proof::AppSecretProof;
#[cfg(feature = "client")]
pub use token_info::{GranularScope, TokenExpiry, TokenInfo, TokenInfoError, TokenKind};
#[cfg(feature = "client")]
pub use token_refusal::TokenRefusal;
#[cfg(feature = "client")]
pub(crate) use token_source::Taken;
#[cfg(feature = "client")]
pub use token_source::TokenSource;
#[cfg(feature = "client")]
pub use token_source_error::TokenSourceError;
