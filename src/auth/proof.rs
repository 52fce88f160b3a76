//! The proof that a sender has the app secret: an HMAC of the access token.

use std::fmt::{self, Write as _};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::value::{AccessToken, AppSecret, EventTime};

/// A proof that the sender of an access token has the secret of its app, too.
///
/// It is the HMAC-SHA256 of the token with the app secret as key. The client makes it when it has the secret. For an
/// HTTP stack of your own, send it in the body of the request, never in the URL.
///
/// ```
/// use meta_offline_events::auth::AppSecretProof;
///
/// let secret = "0123456789abcdef0123456789abcdef".parse()?;
/// let token = "EAABtestaccesstoken0123456789".parse()?;
/// let proof = AppSecretProof::new(&secret, &token);
/// assert_eq!(proof.expose(), "3ceff03f2f4cc8804cd06f8f8c56c3e7157e6fe55480c36cd1b01673a56de991");
/// assert_eq!(format!("{proof:?}"), "AppSecretProof(…)");
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct AppSecretProof {
    digits: Box<str>,
    time: Option<EventTime>,
}

impl AppSecretProof {
    /// Makes the proof of a token: the parameter `appsecret_proof`. It stays valid as long as the token.
    pub fn new(secret: &AppSecret, token: &AccessToken) -> Self {
        Self { digits: hmac(secret, &[token.expose().as_bytes()]), time: None }
    }

    /// Makes a proof that Meta accepts for five minutes: the parameter `appsecret_proof` beside `appsecret_time`, which
    /// is `now` in Unix seconds.
    ///
    /// ```
    /// use meta_offline_events::EventTime;
    /// use meta_offline_events::auth::AppSecretProof;
    ///
    /// let secret = "0123456789abcdef0123456789abcdef".parse()?;
    /// let token = "EAABtestaccesstoken0123456789".parse()?;
    /// let proof = AppSecretProof::at(&secret, &token, EventTime::from_unix(1_735_689_600)?);
    /// assert_eq!(proof.expose(), "df4500a588fb96367c68ac1b186567e93402476da64d2030fcb5c951eed3812d");
    /// assert_eq!(proof.time().map(EventTime::unix), Some(1_735_689_600));
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    pub fn at(secret: &AppSecret, token: &AccessToken, now: EventTime) -> Self {
        let seconds = now.unix().to_string();
        let digits = hmac(secret, &[token.expose().as_bytes(), b"|", seconds.as_bytes()]);
        Self { digits, time: Some(now) }
    }

    /// The proof itself, in hexadecimal digits. Take care where it goes.
    pub fn expose(&self) -> &str {
        &self.digits
    }

    /// The time that it was made for, if it ends.
    pub fn time(&self) -> Option<EventTime> {
        self.time
    }
}

fn hmac(secret: &AppSecret, parts: &[&[u8]]) -> Box<str> {
    // A key of any length is taken.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) else {
        return Box::default();
    };
    for part in parts {
        mac.update(part);
    }
    let mut digits = String::with_capacity(64);
    for byte in mac.finalize().into_bytes() {
        // Writing to a text cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits.into()
}

impl fmt::Debug for AppSecretProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppSecretProof(…)")
    }
}
