//! The access token, the app secret and the access key of a gateway, which no output shows.

use std::fmt;
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};

use super::{InvalidValue, Rule, ValueKind};

/// The longest secret we accept, in bytes.
const MAX_SECRET: usize = 4096;

/// An access token for the Conversions API.
///
/// Invariants: 1 to 4,096 visible ASCII characters, so that it fits a header and cannot inject one.
///
/// `Debug` shows a placeholder, and there is no `Display`. Dropping the token clears its memory; the HTTP library makes
/// a copy of its own for each request.
///
/// ```
/// use meta_offline_events::value::AccessToken;
///
/// let token: AccessToken = "EAAB-not-a-real-token".parse()?;
/// assert_eq!(format!("{token:?}"), "AccessToken(…)");
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
#[derive(Clone)]
pub struct AccessToken(SecretString);

impl AccessToken {
    /// The token itself. Take care where it goes.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Whether both are the same text.
    #[cfg(feature = "client")]
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl FromStr for AccessToken {
    type Err = InvalidValue;

    /// Trims outer blanks, such as the line break at the end of a file, and checks the rest.
    ///
    /// # Errors
    ///
    /// [`Rule::Empty`], [`Rule::TooLong`], [`Rule::InnerBlank`], and [`Rule::NotVisibleAscii`] for anything else but
    /// visible ASCII.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        checked(text, ValueKind::AccessToken).map(Self)
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(…)")
    }
}

/// The secret of the app that an access token belongs to: what proofs are made with.
///
/// Invariants: 1 to 4,096 visible ASCII characters.
///
/// `Debug` shows a placeholder, and there is no `Display`. Dropping the secret clears its memory.
/// [`AppSecretProof`](crate::auth::AppSecretProof) is what is sent instead of it.
///
/// ```
/// use meta_offline_events::value::AppSecret;
///
/// let secret: AppSecret = "0123456789abcdef0123456789abcdef".parse()?;
/// assert_eq!(format!("{secret:?}"), "AppSecret(…)");
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
#[derive(Clone)]
pub struct AppSecret(SecretString);

impl AppSecret {
    /// The secret itself. Take care where it goes.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl FromStr for AppSecret {
    type Err = InvalidValue;

    /// Trims outer blanks, such as the line break at the end of a file, and checks the rest.
    ///
    /// # Errors
    ///
    /// [`Rule::Empty`], [`Rule::TooLong`], [`Rule::InnerBlank`], and [`Rule::NotVisibleAscii`] for anything else but
    /// visible ASCII.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        checked(text, ValueKind::AppSecret).map(Self)
    }
}

impl fmt::Debug for AppSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppSecret(…)")
    }
}

/// The access key of a Conversions API Gateway: what it knows its senders by.
///
/// Invariants: 1 to 4,096 visible ASCII characters.
///
/// `Debug` shows a placeholder, and there is no `Display`. Dropping the key clears its memory.
///
/// ```
/// use meta_offline_events::value::GatewayAccessKey;
///
/// let key: GatewayAccessKey = "not-a-real-key".parse()?;
/// assert_eq!(format!("{key:?}"), "GatewayAccessKey(…)");
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
#[derive(Clone)]
pub struct GatewayAccessKey(SecretString);

impl GatewayAccessKey {
    /// The key itself. Take care where it goes.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl FromStr for GatewayAccessKey {
    type Err = InvalidValue;

    /// Trims outer blanks, such as the line break at the end of a file, and checks the rest.
    ///
    /// # Errors
    ///
    /// [`Rule::Empty`], [`Rule::TooLong`], [`Rule::InnerBlank`], and [`Rule::NotVisibleAscii`] for anything else but
    /// visible ASCII.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        checked(text, ValueKind::GatewayAccessKey).map(Self)
    }
}

impl fmt::Debug for GatewayAccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GatewayAccessKey(…)")
    }
}

fn checked(text: &str, kind: ValueKind) -> Result<SecretString, InvalidValue> {
    let text = text.trim();
    let rule = if text.is_empty() {
        Rule::Empty
    } else if text.len() > MAX_SECRET {
        Rule::TooLong(MAX_SECRET)
    } else if text.contains(' ') {
        Rule::InnerBlank
    } else if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Rule::NotVisibleAscii
    } else {
        return Ok(SecretString::from(text));
    };
    Err(InvalidValue::new(kind, rule))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s11_a_token_with_more_than_itself_is_refused_with_what_to_remove() {
        let message = |text: &str| text.parse::<AccessToken>().map(drop).map_err(|error| error.to_string());
        assert_eq!(message(" EAAB\n"), Ok(()));
        let blank = "access token has a blank inside: give the value alone, without words such as Bearer";
        assert_eq!(message("Bearer EAAB"), Err(blank.to_owned()));
        assert_eq!(
            message("EA\nAB"),
            Err("access token has a control character or a letter beyond ASCII: copy it again".to_owned())
        );
    }
}
