//! A login by hand: the address that a person opens, the check of what comes back, and the code for a token.

use std::fmt::{self, Write as _};

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};
use url::{Url, form_urlencoded};

use super::Graph;
use super::call::{Authority, Call};
use super::error::GraphError;
use super::login_error::LoginError;
use crate::auth::IssuedToken;
use crate::value::AppId;
use crate::wire::TextFilter;

/// A login of a person at Meta, from the address of the dialog to the code of its redirect.
///
/// [`Graph::login`] begins one. Its `state` is 32 random bytes that show on the way back that the redirect belongs to this
/// login. `Debug` does not show it. It stands in the address that the person opens, and nowhere else.
///
/// ```
/// use meta_offline_events::graph::{App, Graph, LoginError};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let app = App::new("138483919580948".parse()?, "0123456789abcdef0123456789abcdef".parse()?);
/// let graph = Graph::builder().build()?.app(app);
/// let login = graph.login("https://shop.example/meta".parse()?)?.scopes(["ads_management"]);
/// let address = login.address();
/// assert_eq!(address.host_str(), Some("www.facebook.com"));
///
/// // The person has opened the address, and Meta sends the browser back:
/// let forged = login.code("/meta?code=AQD-not-a-real-code&state=guessed");
/// assert!(matches!(forged, Err(LoginError::WrongState)));
/// let state = address.query_pairs().find(|(name, _)| name == "state").ok_or("no state")?.1;
/// let code = login.code(&format!("/meta?code=AQD-not-a-real-code&state={state}#_=_"))?;
/// // let token = graph.exchange_code(code).await?;
/// # let _ = code;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "the person has to open its `address`"]
pub struct Login {
    dialog: Url,
    app: AppId,
    redirect: Url,
    state: SecretString,
    scopes: Vec<String>,
    config: Option<String>,
    asks_again: bool,
    overrides_response_type: bool,
}

/// The code of a login, which is exchanged for a token once. `Debug` does not show it.
///
/// ```
/// use meta_offline_events::graph::LoginCode;
///
/// let code = LoginCode::from_popup("AQD-not-a-real-code");
/// assert_eq!(format!("{code:?}"), "LoginCode(…)");
/// ```
pub struct LoginCode {
    code: SecretString,
    /// The redirect that it came by, if it did.
    redirect: Option<Url>,
}

/// Meta appends this to some redirects, as their fragment.
const FRAGMENT: &str = "#_=_";

impl Graph {
    /// Begins a login for the app. Meta sends the person's browser back to `redirect`, which has to be among the valid
    /// redirects in the settings of the app, exactly as it is given here.
    ///
    /// # Errors
    ///
    /// [`GraphError`] when the app is not set, or the system gives no random bytes.
    pub fn login(&self, redirect: Url) -> Result<Login, GraphError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|_| GraphError::Missing("the system gives no random bytes"))?;
        let mut state = String::with_capacity(64);
        for byte in bytes {
            // Writing to a text cannot fail.
            let _ = write!(state, "{byte:02x}");
        }
        self.resumed_login(redirect, &state)
    }

    /// The same login as before, for a program that keeps the state of a login between two requests: in the session of the
    /// person, for example.
    ///
    /// ```
    /// use meta_offline_events::graph::{App, Graph};
    ///
    /// let app = App::new("138483919580948".parse()?, "0123456789abcdef0123456789abcdef".parse()?);
    /// let graph = Graph::builder().build()?.app(app);
    /// let redirect: url::Url = "https://shop.example/meta".parse()?;
    /// let kept = graph.login(redirect.clone())?.expose_state().to_owned();
    /// let login = graph.resumed_login(redirect, &kept)?;
    /// assert!(login.code(&format!("?code=AQD&state={kept}")).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`GraphError`] when the app is not set.
    pub fn resumed_login(&self, redirect: Url, state: &str) -> Result<Login, GraphError> {
        Ok(Login {
            dialog: self.connection.dialog(),
            app: self.known_app()?.id().clone(),
            redirect,
            state: SecretString::from(state),
            scopes: Vec::new(),
            config: None,
            asks_again: false,
            overrides_response_type: false,
        })
    }

    /// Exchanges the code of a login for a token. The call is made once, because a code can be used once.
    ///
    /// The token of a person lasts hours: [`exchange_user_token`](Self::exchange_user_token) makes a long-lived one of it.
    /// A login with a [configuration](Login::config) for system users gives a business-integration token.
    ///
    /// # Errors
    ///
    /// [`GraphError`]. If the code has expired or was used
    /// ([`TokenProblem::LoginCode`](crate::report::TokenProblem::LoginCode)), or it may have arrived, begin the login again.
    pub async fn exchange_code(&self, code: LoginCode) -> Result<IssuedToken, GraphError> {
        let call = self.with_app(Call::get("oauth/access_token"))?.secret("code", code.code.expose_secret());
        let call = match &code.redirect {
            Some(redirect) => call.parameter("redirect_uri", redirect.as_str()),
            None => call,
        };
        self.issued(&call.by(Authority::Parameters).once()).await
    }
}

impl Login {
    /// Asks for these permissions.
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Uses a configuration of Login for Business, by its id. It says what is asked for, in place of
    /// [`scopes`](Self::scopes).
    pub fn config(mut self, id: impl Into<String>) -> Self {
        self.config = Some(id.into());
        self
    }

    /// Asks again for permissions that the person declined before.
    pub fn rerequest(mut self) -> Self {
        self.asks_again = true;
        self
    }

    /// Adds `override_default_response_type`, which Meta wants of configurations for system users in the pop-up of its
    /// JavaScript library. That the dialog's address takes it as well is not confirmed.
    pub fn override_response_type(mut self) -> Self {
        self.overrides_response_type = true;
        self
    }

    /// The address that the person opens. It holds the state of the login: keep it out of logs.
    pub fn address(&self) -> Url {
        let mut address = self.dialog.clone();
        let mut query = address.query_pairs_mut();
        query.append_pair("client_id", self.app.as_str());
        query.append_pair("redirect_uri", self.redirect.as_str());
        query.append_pair("state", self.state.expose_secret());
        query.append_pair("response_type", "code");
        match &self.config {
            Some(config) => query.append_pair("config_id", config),
            None => query.append_pair("scope", &self.scopes.join(",")),
        };
        if self.asks_again {
            query.append_pair("auth_type", "rerequest");
        }
        if self.overrides_response_type {
            query.append_pair("override_default_response_type", "true");
        }
        drop(query);
        address
    }

    /// The state of the login, to keep it until the person comes back. Take care where it goes.
    pub fn expose_state(&self) -> &str {
        self.state.expose_secret()
    }

    /// The code of the redirect by which the person came back: its address, or path and query of it.
    ///
    /// The state is checked first. What a redirect with another state says is not looked at.
    ///
    /// # Errors
    ///
    /// [`LoginError`] when the redirect does not belong to this login, the person declined, or there is no code.
    pub fn code(&self, redirected: &str) -> Result<LoginCode, LoginError> {
        let query = redirected.split_once('?').map_or("", |(_, query)| query);
        let query = query.split('#').next().unwrap_or_default();
        let parameter = |name: &str| {
            let mut values = form_urlencoded::parse(query.as_bytes()).filter(|(given, _)| given == name);
            // Of a parameter that comes twice nobody knows which is meant.
            values
                .next()
                .filter(|_| values.next().is_none())
                .map(|(_, value)| SecretString::from(value.into_owned()))
        };
        let is_ours = parameter("state").is_some_and(|state| is_same(&state, &self.state));
        if !is_ours {
            return Err(LoginError::WrongState);
        }
        if let Some(error) = parameter("error") {
            let code = parameter("code");
            let secrets = [Some(&self.state), code.as_ref()];
            let filter = TextFilter::masking(secrets.into_iter().flatten().map(ExposeSecret::expose_secret));
            let words = ["error_description", "error_reason"].iter().find_map(|name| parameter(name));
            let words = words.as_ref().unwrap_or(&error);
            let words = filter.clean(words.expose_secret());
            return Err(match error.expose_secret() {
                "access_denied" => LoginError::Declined(words),
                _ => LoginError::Refused(words),
            });
        }
        match parameter("code") {
            Some(code) if !code.expose_secret().is_empty() => {
                Ok(LoginCode { code, redirect: Some(self.redirect.clone()) })
            }
            _ => Err(LoginError::NoCode),
        }
    }
}

impl LoginCode {
    /// Creates a code that came from the pop-up of Meta's JavaScript library, as `authResponse.code`. It is exchanged
    /// without an address to redirect to.
    pub fn from_popup(code: &str) -> Self {
        let code = code.trim();
        Self { code: SecretString::from(code.strip_suffix(FRAGMENT).unwrap_or(code)), redirect: None }
    }
}

/// Compares digests, so that the time it takes says nothing about the secret.
fn is_same(given: &SecretString, secret: &SecretString) -> bool {
    Sha256::digest(given.expose_secret()) == Sha256::digest(secret.expose_secret())
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("app", &self.app).field("scopes", &self.scopes).finish_non_exhaustive()
    }
}

impl fmt::Debug for LoginCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::App;

    fn login() -> Login {
        let app = App::new("12".parse().unwrap(), "MARKEDSECRET".parse().unwrap());
        let graph = Graph::builder().build().unwrap().app(app);
        graph.resumed_login("https://shop.example/meta?a=1".parse().unwrap(), "MARKEDSTATE").unwrap()
    }

    #[test]
    fn the_address_holds_what_meta_documents() {
        let login = login().scopes(["ads_management", "ads_read"]).rerequest();
        let expected = "https://www.facebook.com/v26.0/dialog/oauth?client_id=12&\
            redirect_uri=https%3A%2F%2Fshop.example%2Fmeta%3Fa%3D1&state=MARKEDSTATE&response_type=code&\
            scope=ads_management%2Cads_read&auth_type=rerequest";
        assert_eq!(login.address().as_str(), expected);
        let business = login.config("77").override_response_type().address();
        let query = business.query().unwrap();
        assert!(query.contains("&config_id=77&") && !query.contains("scope"), "{query}");
        assert!(query.ends_with("&override_default_response_type=true"), "{query}");
    }

    #[test]
    fn every_login_has_a_state_of_its_own() {
        let app = App::new("12".parse().unwrap(), "MARKEDSECRET".parse().unwrap());
        let graph = Graph::builder().build().unwrap().app(app);
        let state =
            || graph.login("https://shop.example/".parse().unwrap()).unwrap().expose_state().to_owned();
        let (one, other) = (state(), state());
        assert!(one.len() == 64 && one != other);
    }

    #[test]
    fn a_redirect_is_read_only_when_its_state_is_right() {
        let code =
            |redirected: &str| login().code(redirected).map(|code| code.code.expose_secret().to_owned());
        for redirected in [
            "/meta?a=1&code=MARKEDCODE&state=MARKEDSTATE",
            "https://shop.example/meta?state=MARKEDSTATE&code=MARKEDCODE#_=_",
            "?code=MARKEDCODE&state=MARKEDSTATE#_=_",
        ] {
            assert_eq!(code(redirected).ok().as_deref(), Some("MARKEDCODE"), "{redirected}");
        }
        let denied = "error=access_denied&error_reason=user_denied&error_description=Permissions+error";
        for (redirected, expected) in [
            ("/meta?code=MARKEDCODE", "WrongState"),
            ("/meta?code=MARKEDCODE&state=MARKEDSTAT", "WrongState"),
            ("/meta?code=MARKEDCODE&state=MARKEDSTATE&state=MARKEDSTATE", "WrongState"),
            ("/meta#code=MARKEDCODE&state=MARKEDSTATE", "WrongState"),
            (&format!("/meta?{denied}&state=another"), "WrongState"),
            (&format!("/meta?{denied}&state=MARKEDSTATE"), "Declined(\"Permissions error\")"),
            ("/meta?error=server_error&state=MARKEDSTATE", "Refused(\"server_error\")"),
            (
                "/meta?error=x&error_description=MARKEDSTATE+MARKEDCODE&code=MARKEDCODE&state=MARKEDSTATE",
                "Refused(\"[…]\")",
            ),
            ("/meta?state=MARKEDSTATE", "NoCode"),
            ("/meta?code=&state=MARKEDSTATE", "NoCode"),
            ("/meta?code=a&code=b&state=MARKEDSTATE", "NoCode"),
        ] {
            let error = login().code(redirected).unwrap_err();
            assert_eq!(format!("{error:?}"), expected, "{redirected}");
            assert!(!error.to_string().contains("MARKED"), "{error}");
        }
        assert!(!format!("{:?}", login()).contains("MARKED"));
    }

    #[test]
    fn a_code_of_a_popup_has_no_redirect() {
        let code = LoginCode::from_popup(" AQD#_=_\n");
        assert_eq!((code.code.expose_secret(), code.redirect.is_none()), ("AQD", true));
    }
}
