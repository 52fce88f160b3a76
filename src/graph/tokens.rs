//! Calls that make, renew and take back tokens.

use serde_json::Value;

use super::Graph;
use super::call::{Authority, Call};
use super::error::GraphError;
use super::perform::Answered;
use crate::auth::IssuedToken;
use crate::value::{AccessToken, AppId, BusinessId, EventTime, UserId};

/// What a token of a system user is to be.
///
/// ```
/// use meta_offline_events::graph::SystemUserToken;
///
/// let ends = SystemUserToken::new().scopes(["ads_management"]).expires_in_60_days();
/// let existing = SystemUserToken::new().fetch_only();
/// # let _ = (ends, existing);
/// ```
#[derive(Debug, Clone, Default)]
pub struct SystemUserToken {
    scopes: Vec<String>,
    assets: Vec<String>,
    system_user: Option<UserId>,
    expires: bool,
    fetch_only: bool,
}

impl SystemUserToken {
    /// Creates a wish for a token without a word on its permissions, its assets and its end.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for these permissions, such as `ads_management`. Of a token for a client's business they must be among those
    /// of its first token.
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Asks for access to these assets, by their ids. They must be among those of the first token.
    pub fn assets<S: Into<String>>(mut self, assets: impl IntoIterator<Item = S>) -> Self {
        self.assets = assets.into_iter().map(Into::into).collect();
        self
    }

    /// Asks for the token of this system user.
    pub fn system_user(mut self, user: UserId) -> Self {
        self.system_user = Some(user);
        self
    }

    /// Asks for a token that ends after 60 days, and can be renewed before.
    pub fn expires_in_60_days(mut self) -> Self {
        self.expires = true;
        self
    }

    /// Asks for the token that exists, and makes none.
    pub fn fetch_only(mut self) -> Self {
        self.fetch_only = true;
        self
    }

    /// The call with these wishes as parameters.
    fn put_into(&self, call: Call) -> Call {
        let flag = |call: Call, name, is_set| if is_set { call.parameter(name, "true") } else { call };
        let list = |call: Call, name, list: &[String]| {
            if list.is_empty() { call } else { call.parameter(name, list.join(",")) }
        };
        let call = list(call, "scope", &self.scopes);
        let call = list(call, "asset", &self.assets);
        let call = match &self.system_user {
            Some(user) => call.parameter("system_user_id", user.as_str()),
            None => call,
        };
        let call = flag(call, "fetch_only", self.fetch_only);
        flag(call, "set_token_expires_in_60_days", self.expires)
    }
}

/// A permission that was asked for, and what became of it. [`Graph::permissions`] returns it.
///
/// ```
/// use meta_offline_events::graph::Permission;
///
/// fn missing<'p>(permissions: &'p [Permission], wanted: &[&'p str]) -> Vec<&'p str> {
///     let granted = |name: &str| permissions.iter().any(|permission| permission.name() == name && permission.is_granted());
///     wanted.iter().copied().filter(|name| !granted(name)).collect()
/// }
/// assert_eq!(missing(&[], &["ads_management"]), ["ads_management"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    name: Box<str>,
    status: Box<str>,
}

impl Permission {
    /// The permission, such as `ads_management`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What became of it, as Meta writes it: `granted` or `declined`.
    pub fn status(&self) -> &str {
        &self.status
    }

    /// Whether the user granted it.
    pub fn is_granted(&self) -> bool {
        &*self.status == "granted"
    }
}

/// Tokens of people.
impl Graph {
    /// Exchanges the token of a person for one that lasts about 60 days: a short-lived one from a login, or a long-lived one
    /// before it ends. The old one stays valid until its own end.
    ///
    /// Meta exchanges no token that has expired: its user has to log in again.
    ///
    /// ```
    /// use meta_offline_events::graph::{App, Graph};
    /// use meta_offline_events::testing::MockServer;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let server = MockServer::start().await?;
    /// let app = App::new("138483919580948".parse()?, "0123456789abcdef0123456789abcdef".parse()?);
    /// let graph = Graph::builder()
    /// #     .loopback_endpoint(server.url())
    ///     .build()?
    ///     .app(app);
    /// let long = graph.exchange_user_token(&"EAAB-not-a-real-token".parse()?).await?;
    /// assert!(long.expiry().is_some());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`GraphError`], also when the app is not set.
    pub async fn exchange_user_token(&self, token: &AccessToken) -> Result<IssuedToken, GraphError> {
        let call = self.exchange_call(token)?;
        self.issued(&call).await
    }

    /// The permissions that a user was asked for when the token was made.
    ///
    /// ```
    /// use meta_offline_events::graph::Graph;
    /// use meta_offline_events::testing::MockServer;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let server = MockServer::start().await?;
    /// let graph = Graph::builder()
    /// #     .loopback_endpoint(server.url())
    ///     .build()?;
    /// let permissions = graph.permissions(&"EAAB-not-a-real-token".parse()?).await?;
    /// assert!(permissions.iter().all(|permission| permission.is_granted()));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`GraphError`] when Meta refuses the call, or its answer is no list of permissions.
    pub async fn permissions(&self, token: &AccessToken) -> Result<Vec<Permission>, GraphError> {
        let answered = self.call(&Call::get("me/permissions").by(Authority::Token(token.clone()))).await?;
        let list = answered.json.get("data").and_then(Value::as_array);
        let list = list.ok_or_else(|| GraphError::Unreadable("it has no list `data`".into()))?;
        let filter = answered.filter();
        let text = |permission: &Value, name| permission.get(name)?.as_str().map(|text| filter.clean(text));
        let read = |permission: &Value| {
            Some(Permission { name: text(permission, "permission")?, status: text(permission, "status")? })
        };
        Ok(list.iter().filter_map(read).collect())
    }

    /// Undoes the login of a person, in the name of the app: every token and permission that the app has of this user ends.
    ///
    /// ```
    /// use meta_offline_events::graph::{App, Graph};
    /// use meta_offline_events::testing::MockServer;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let server = MockServer::start().await?;
    /// let app = App::new("138483919580948".parse()?, "0123456789abcdef0123456789abcdef".parse()?);
    /// let graph = Graph::builder()
    /// #     .loopback_endpoint(server.url())
    ///     .build()?
    ///     .app(app);
    /// graph.undo_login(&"100000000000001".parse()?).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`GraphError`], also when the app is not set.
    pub async fn undo_login(&self, user: &UserId) -> Result<(), GraphError> {
        let call = Call::delete(format!("{user}/permissions")).by(Authority::App);
        done(&self.call(&call).await?)
    }
}

/// Tokens of system users.
impl Graph {
    /// Exchanges the token of a system user that ends after 60 days for the next one. The old one stays valid until its own
    /// end: use the new one, then [revoke](Self::revoke) the old one.
    ///
    /// Renew before the end, because Meta exchanges no token that has expired. For tokens of business integrations that
    /// end, this call is not confirmed.
    ///
    /// # Errors
    ///
    /// [`GraphError`], also when the app is not set.
    pub async fn renew_system_user_token(&self, token: &AccessToken) -> Result<IssuedToken, GraphError> {
        let call = self.exchange_call(token)?.parameter("set_token_expires_in_60_days", "true");
        self.issued(&call).await
    }

    /// Installs the app for a system user, which has to come before the first token of the two.
    ///
    /// The call is made with the token of the [source](Self::tokens): of an admin, or of a system user of the business.
    ///
    /// # Errors
    ///
    /// [`GraphError`], also when the app or the source is not set.
    pub async fn install_app(&self, system_user: &UserId) -> Result<(), GraphError> {
        let app = self.known_app()?.id().as_str();
        let call = Call::post(format!("{system_user}/applications")).parameter("business_app", app);
        done(&self.call(&call).await?)
    }

    /// Makes a token of a system user for the app.
    ///
    /// The call is made with the token of the [source](Self::tokens): of an admin, or of a system user of the business.
    ///
    /// ```
    /// use meta_offline_events::auth::TokenSource;
    /// use meta_offline_events::graph::{App, Graph, SystemUserToken};
    /// use meta_offline_events::testing::MockServer;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let server = MockServer::start().await?;
    /// let app = App::new("138483919580948".parse()?, "0123456789abcdef0123456789abcdef".parse()?);
    /// let graph = Graph::builder()
    /// #     .loopback_endpoint(server.url())
    ///     .build()?
    ///     .app(app)
    ///     .tokens(TokenSource::fixed("EAAB-of-an-admin".parse()?));
    /// let system_user = "100000000000002".parse()?;
    /// graph.install_app(&system_user).await?;
    /// let wish = SystemUserToken::new().scopes(["ads_management"]).expires_in_60_days();
    /// let issued = graph.create_system_user_token(&system_user, &wish).await?;
    /// // The next one, well before this one ends:
    /// let next = graph.renew_system_user_token(issued.token()).await?;
    /// assert_ne!(next.token().expose(), issued.token().expose());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`GraphError`], also when the app or the source is not set.
    pub async fn create_system_user_token(
        &self,
        system_user: &UserId,
        wish: &SystemUserToken,
    ) -> Result<IssuedToken, GraphError> {
        let app = self.known_app()?.id().as_str();
        let call = Call::post(format!("{system_user}/access_tokens")).parameter("business_app", app);
        self.issued(&wish.put_into(call)).await
    }

    /// The business of the client that a business-integration token is for.
    ///
    /// A token of a person, though valid, is refused here with code 190: that is no sign that it has expired.
    ///
    /// # Errors
    ///
    /// [`GraphError`] when Meta refuses the call, or names no business.
    pub async fn client_business(&self, token: &AccessToken) -> Result<BusinessId, GraphError> {
        let call = Call::get("me").parameter("fields", "client_business_id");
        let answered = self.call(&call.by(Authority::Token(token.clone()))).await?;
        let id = match answered.json.get("client_business_id") {
            Some(Value::String(id)) => id.parse().ok(),
            Some(Value::Number(id)) => id.to_string().parse().ok(),
            _ => None,
        };
        id.ok_or_else(|| GraphError::Unreadable("it has no `client_business_id`".into()))
    }

    /// Makes, fetches or narrows the business-integration token of a client's business, with the token that there is.
    ///
    /// ```
    /// use meta_offline_events::graph::{App, Graph, SystemUserToken};
    /// use meta_offline_events::testing::MockServer;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let server = MockServer::start().await?;
    /// let app = App::new("138483919580948".parse()?, "0123456789abcdef0123456789abcdef".parse()?);
    /// let graph = Graph::builder()
    /// #     .loopback_endpoint(server.url())
    ///     .build()?
    ///     .app(app);
    /// let token = "EAAB-not-a-real-token".parse()?; // from a Login for Business
    /// let business = graph.client_business(&token).await?;
    /// let narrow = SystemUserToken::new().assets(["123456789012345"]).scopes(["ads_management"]);
    /// let issued = graph.business_token(&business, &token, &narrow).await?;
    /// # let _ = issued;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`GraphError`], also when the app is not set.
    pub async fn business_token(
        &self,
        business: &BusinessId,
        token: &AccessToken,
        wish: &SystemUserToken,
    ) -> Result<IssuedToken, GraphError> {
        self.known_app()?;
        let call = Call::post(format!("{business}/system_user_access_tokens"));
        self.issued(&wish.put_into(call.by(Authority::Token(token.clone())))).await
    }
}

/// Tokens of both.
impl Graph {
    /// Takes a token back: from then on Meta refuses it. The call is made once, with the token itself.
    ///
    /// ```
    /// use meta_offline_events::graph::{App, Graph};
    /// use meta_offline_events::testing::MockServer;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let server = MockServer::start().await?;
    /// let app = App::new("138483919580948".parse()?, "0123456789abcdef0123456789abcdef".parse()?);
    /// let graph = Graph::builder()
    /// #     .loopback_endpoint(server.url())
    ///     .build()?
    ///     .app(app);
    /// let token = "EAAB-not-a-real-token".parse()?;
    /// graph.revoke(&token).await?;
    /// assert!(!graph.inspect(&token).await?.is_valid());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`GraphError`], also when the app is not set.
    pub async fn revoke(&self, token: &AccessToken) -> Result<(), GraphError> {
        let call = self.with_app(Call::get("oauth/revoke"))?.secret("revoke_token", token.expose());
        done(&self.call(&call.by(Authority::Token(token.clone())).once()).await?)
    }

    /// A call to exchange a token.
    fn exchange_call(&self, token: &AccessToken) -> Result<Call, GraphError> {
        let call = Call::get("oauth/access_token").parameter("grant_type", "fb_exchange_token");
        Ok(self.with_app(call)?.secret("fb_exchange_token", token.expose()).by(Authority::Parameters).once())
    }

    /// A call with the id and the secret of the app among its parameters.
    pub(super) fn with_app(&self, call: Call) -> Result<Call, GraphError> {
        let app = self.known_app()?;
        let id: &AppId = app.id();
        Ok(call.parameter("client_id", id.as_str()).secret("client_secret", app.secret().expose()))
    }

    /// Makes a call whose answer is a token.
    pub(super) async fn issued(&self, call: &Call) -> Result<IssuedToken, GraphError> {
        let now = self.connection.clock.now();
        read_token(&self.call(call).await?, now)
    }
}

/// The token of an answer. Without `expires_in` its end is not known, which is not the same as never.
fn read_token(answered: &Answered, now: EventTime) -> Result<IssuedToken, GraphError> {
    let token = answered.json.get("access_token").and_then(Value::as_str);
    let token = token.and_then(|token| token.parse::<AccessToken>().ok());
    let token = token.ok_or_else(|| GraphError::Unreadable("it has no `access_token`".into()))?;
    let lasts = answered.json.get("expires_in");
    let lasts = lasts.and_then(|lasts| lasts.as_i64().or_else(|| lasts.as_str()?.trim().parse().ok()));
    let end = lasts.filter(|&lasts| lasts > 0).and_then(|lasts| now.unix().checked_add(lasts));
    let issued = IssuedToken::new(token);
    Ok(match end.and_then(|end| EventTime::from_unix(end).ok()) {
        Some(end) => issued.expires(end),
        None => issued,
    })
}

/// Checks that an answer says yes: `true`, or `success` with `true` or the text of it.
fn done(answered: &Answered) -> Result<(), GraphError> {
    let said = answered.json.get("success").unwrap_or(&answered.json);
    if *said == Value::Bool(true) || said.as_str() == Some("true") {
        Ok(())
    } else {
        Err(GraphError::Unreadable("it does not say that the call succeeded".into()))
    }
}
