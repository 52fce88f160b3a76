//! A source of tokens that renews its own: when to ask whom for the next one.

use super::Graph;
use super::error::GraphError;
use crate::auth::{IssuedToken, TokenExpiry, TokenSource};

/// How a token that ends is renewed.
///
/// ```
/// use meta_offline_events::graph::Renewal;
///
/// assert_ne!(Renewal::User, Renewal::SystemUser);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Renewal {
    /// The long-lived token of a person: see [`Graph::exchange_user_token`].
    User,
    /// The token of a system user that ends after 60 days: see [`Graph::renew_system_user_token`].
    SystemUser,
}

impl Graph {
    /// Creates a token source that exchanges its token at Meta for the next one, well before it ends.
    ///
    /// - **When.** The source looks before a request whether the next token is due: when a tenth to a fifth of the time is
    ///   left, at the earliest a week before the end. The moment is drawn at random, so that programs with one token do not
    ///   meet. A program that sends nothing for weeks should call [`Graph::token`] every day.
    /// - **Who.** One of all clients and clones that share the source renews, and the others go on with the old token.
    /// - **When it fails**, the old token stays in use while it is valid, and the source tries again when another tenth of the
    ///   time that is left has passed.
    /// - **The old token** stays until the new one has worked. Then the hook of
    ///   [`TokenSource::on_replaced`] stores the new one.
    /// - **If the end is not known**, the source asks Meta for it ([`Graph::inspect`]), and once a day again.
    /// - **A token that has expired**, or that Meta refuses, cannot be renewed: the run stops, and its error says to log in
    ///   again.
    ///
    /// ```
    /// use meta_offline_events::auth::{Credential, IssuedToken};
    /// use meta_offline_events::graph::{App, Graph, Renewal};
    /// # use meta_offline_events::testing::MockServer;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let server = MockServer::start().await?;
    /// # let path = std::env::temp_dir().join(format!("renewing-{}", std::process::id()));
    /// # Credential::new(IssuedToken::new("EAAB-not-a-real-token".parse()?)).store(&path)?;
    /// let app = App::new("138483919580948".parse()?, "0123456789abcdef0123456789abcdef".parse()?);
    /// let graph = Graph::builder()
    /// #     .loopback_endpoint(server.url())
    ///     .build()?
    ///     .app(app);
    /// let credential = Credential::load(&path)?;
    /// let tokens = graph.renewing(credential.issued().clone(), Renewal::SystemUser);
    /// let tokens = tokens.on_replaced(move |issued| {
    ///     if let Err(error) = credential.clone().token(issued.clone()).store(&path) {
    ///         eprintln!("{error}");
    ///     }
    /// });
    /// let client = meta_offline_events::Client::builder_with_source("123456789012345".parse()?, tokens);
    /// # let _ = client;
    /// # Ok(())
    /// # }
    /// ```
    pub fn renewing(&self, first: IssuedToken, renewal: Renewal) -> TokenSource {
        let graph = self.clone();
        let now = self.connection.clock.now();
        TokenSource::renewing(first, now, self.connection.jitter.fraction(), move |held| {
            let graph = graph.clone();
            Box::pin(async move { graph.next(held, renewal).await.map_err(|error| error.to_string().into()) })
        })
    }

    /// The token to call with now. A source that renews its token does so if the next one is due.
    ///
    /// ```
    /// use meta_offline_events::auth::TokenSource;
    /// use meta_offline_events::graph::Graph;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let graph = Graph::builder().build()?.tokens(TokenSource::fixed("EAAB-not-a-real-token".parse()?));
    /// assert_eq!(graph.token().await?.expose(), "EAAB-not-a-real-token");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`GraphError`] when there is no source, or it has no token.
    pub async fn token(&self) -> Result<crate::value::AccessToken, GraphError> {
        self.source_token().await
    }

    /// The token after this one, or this one with its end.
    async fn next(&self, held: IssuedToken, renewal: Renewal) -> Result<IssuedToken, GraphError> {
        if held.expiry().is_none() {
            let info = self.inspect(held.token()).await?;
            return Ok(match info.expiry() {
                TokenExpiry::At(end) => held.expires(end),
                TokenExpiry::Never | TokenExpiry::Unknown => held,
            });
        }
        match renewal {
            Renewal::User => self.exchange_user_token(held.token()).await,
            Renewal::SystemUser => self.renew_system_user_token(held.token()).await,
        }
    }
}
