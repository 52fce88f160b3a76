//! What Meta says about a token.

use super::Graph;
use super::call::{Authority, Call};
use super::error::GraphError;
use crate::auth::TokenInfo;
use crate::value::AccessToken;

impl Graph {
    /// Asks Meta about a token: `debug_token`, in the name of the app if it is set, and with the token of the client
    /// otherwise.
    ///
    /// A token that is not valid is an answer and no error: see [`TokenInfo::is_valid`].
    ///
    /// ```
    /// use meta_offline_events::auth::{TokenExpiry, TokenKind};
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
    /// let info = graph.inspect(&"EAAB-not-a-real-token".parse()?).await?;
    /// assert_eq!((info.kind(), info.expiry()), (Some(&TokenKind::SystemUser), TokenExpiry::Never));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`GraphError`] when Meta refuses the call itself, or gives no answer about a token.
    pub async fn inspect(&self, token: &AccessToken) -> Result<TokenInfo, GraphError> {
        let authority = if self.app.is_some() { Authority::App } else { Authority::Source };
        let call = Call::get("debug_token").secret("input_token", token.expose()).by(authority);
        let answered = self.call(&call).await?;
        let info = TokenInfo::from_json(&answered.json, &answered.filter());
        info.ok_or_else(|| GraphError::Unreadable("it has no `data`".into()))
    }
}
