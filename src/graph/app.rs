//! An app at Meta: its id and its secret.

use secrecy::{ExposeSecret, SecretString};

use crate::value::{AccessToken, AppId, AppSecret};

/// An app at Meta with its secret: what inspects, renews and revokes tokens, and what a login begins with.
///
/// Both stand in the app's dashboard, under *App settings → Basic*. `Debug` shows the id and a placeholder.
///
/// ```
/// use meta_offline_events::graph::App;
///
/// let app = App::new("138483919580948".parse()?, "0123456789abcdef0123456789abcdef".parse()?);
/// assert_eq!(format!("{app:?}"), r#"App { id: AppId("138483919580948"), secret: AppSecret(…) }"#);
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
#[derive(Debug, Clone)]
pub struct App {
    id: AppId,
    secret: AppSecret,
}

impl App {
    /// Creates an app from its id and its secret.
    pub fn new(id: AppId, secret: AppSecret) -> Self {
        Self { id, secret }
    }

    /// The id of the app.
    pub fn id(&self) -> &AppId {
        &self.id
    }

    /// The secret of the app.
    pub fn secret(&self) -> &AppSecret {
        &self.secret
    }

    /// The token that the app itself acts with: `{id}|{secret}`. `None` if it is too long for a token.
    pub(super) fn token(&self) -> Option<AccessToken> {
        let text = SecretString::from(format!("{}|{}", self.id, self.secret.expose()));
        text.expose_secret().parse().ok()
    }
}
