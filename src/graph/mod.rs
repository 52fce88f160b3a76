//! Other calls to Meta's Graph API than sending events: logins, and tokens that are inspected, renewed and revoked.
//!
//! A [`Graph`] makes them. It comes from a client, whose token, connections and settings it shares, or from
//! [`Graph::builder`] for a program that has only an app.
//!
//! # Secrets
//!
//! No secret ever stands in an address, unless you choose [`CallStyle::AsDocumented`]. No error, no log line and no
//! `Debug` shows one.
//!
//! # Retries
//!
//! A call that only reads is made up to three times if the connection fails or Meta calls the error temporary. A call that
//! makes, changes or uses up something is made once: its error says whether it may have arrived
//! ([`TransportError::may_have_arrived`](crate::client::TransportError::may_have_arrived)).
//!
//! # Events for `tracing`
//!
//! With the feature `tracing`, each attempt of a call is an event with the level debug, the name `call` and the target
//! `meta_offline_events`. Its fields are `method`, `path` and `result`, and of an error answer `status`, `code`, `subcode`
//! and `trace_id`.

mod access;
mod app;
mod builder;
mod call;
mod dataset;
mod datasets;
mod error;
mod inspect;
mod list;
mod login;
mod login_error;
mod perform;
mod quality;
mod renewing;
mod tokens;
mod trace;

use std::fmt;

pub use access::{DatasetTask, DatasetUser, Terms};
pub use app::App;
pub use builder::GraphBuilder;
pub use call::CallStyle;
pub use dataset::Dataset;
pub use datasets::DatasetList;
pub use error::GraphError;
pub use list::{Incomplete, Listed};
pub use login::{Login, LoginCode};
pub use login_error::LoginError;
pub use quality::{EventQuality, KeyQuality, OfflineQuality, QualityTable, Score};
pub use renewing::Renewal;
pub use tokens::{Permission, SystemUserToken};

use crate::auth::TokenSource;
use crate::client::{Client, Connection, ProofSecret};

/// Calls to the Graph API other than sending events.
///
/// Cloning is cheap: clones share connections and settings. `Debug` shows no token and no secret.
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
/// let info = graph.inspect(&"EAAB-not-a-real-token".parse()?).await?;
/// assert!(info.is_valid());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Graph {
    connection: Connection,
    tokens: Option<TokenSource>,
    app: Option<App>,
    /// What proofs of the app secret are made with.
    proof: Option<ProofSecret>,
    style: CallStyle,
}

impl Client {
    /// Other calls to the Graph API than sending events, with the token, the connections and the settings of this client.
    ///
    /// ```
    /// use meta_offline_events::Client;
    /// # use meta_offline_events::testing::MockServer;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let server = MockServer::start().await?;
    /// let token = "EAAB-not-a-real-token".parse()?;
    /// let client = Client::builder("123456789012345".parse()?, token)
    /// #     .loopback_endpoint(server.url())
    ///     .build()?;
    /// let other = "EAAC-not-a-real-token".parse()?;
    /// assert!(client.graph().inspect(&other).await?.is_valid());
    /// # Ok(())
    /// # }
    /// ```
    pub fn graph(&self) -> Graph {
        Graph {
            connection: self.connection().clone(),
            tokens: Some(self.tokens().clone()),
            app: None,
            proof: self.proof_secret().cloned(),
            style: CallStyle::default(),
        }
    }
}

impl Graph {
    /// Sets the app that inspects, renews and revokes tokens. Calls with a token then also carry a proof of its secret
    /// ([`AppSecretProof`](crate::auth::AppSecretProof)).
    pub fn app(mut self, app: App) -> Self {
        self.proof.get_or_insert_with(|| ProofSecret::Plain(app.secret().clone()));
        self.app = Some(app);
        self
    }

    /// Sets where the tokens of calls come from.
    ///
    /// ```
    /// use meta_offline_events::auth::TokenSource;
    /// use meta_offline_events::graph::Graph;
    ///
    /// let graph = Graph::builder().build()?.tokens(TokenSource::fixed("EAAB-not-a-real-token".parse()?));
    /// # let _ = graph;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn tokens(mut self, tokens: TokenSource) -> Self {
        self.tokens = Some(tokens);
        self
    }

    /// Sets where the secrets of calls travel. There is an example at [`CallStyle`].
    pub fn call_style(mut self, style: CallStyle) -> Self {
        self.style = style;
        self
    }

    /// The app, or an error that says how to set it.
    fn known_app(&self) -> Result<&App, GraphError> {
        self.app
            .as_ref()
            .ok_or(GraphError::Missing("this call needs the app and its secret: set it with `Graph::app`"))
    }
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let app = self.app.as_ref().map(App::id);
        f.debug_struct("Graph").field("tokens", &self.tokens).field("app", &app).finish_non_exhaustive()
    }
}
