//! Why a call to the Graph API gave nothing.

use crate::client::TransportError;
use crate::report::{ApiError, ErrorClass};

/// Why a call to the Graph API failed.
///
/// No text of it shows a token, a secret or an address.
///
/// ```
/// use meta_offline_events::graph::{App, Graph, GraphError};
/// use meta_offline_events::testing::{Answer, MockServer};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = MockServer::start().await?;
/// server.script(Answer::graph_error(400, 190, Some(463)));
/// let app = App::new("138483919580948".parse()?, "0123456789abcdef0123456789abcdef".parse()?);
/// let graph = Graph::builder().loopback_endpoint(server.url()).build()?.app(app);
/// let error = graph.inspect(&"EAAB-not-a-real-token".parse()?).await.unwrap_err();
/// assert!(matches!(error, GraphError::Api(api) if api.subcode() == Some(463)));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError {
    /// Meta answered with an error.
    #[error("{advice}: {0}", advice = advice(.0))]
    Api(Box<ApiError>),
    /// No whole answer came back.
    #[error(transparent)]
    Transport(TransportError),
    /// The endpoint redirects to this host.
    #[error("the endpoint redirects to {0}, which is never followed: check the address")]
    Redirected(Box<str>),
    /// The answer is not what Meta documents, for this reason.
    #[error("not an answer that can be used: {0}")]
    Unreadable(Box<str>),
    /// There is no access token to call with, for this reason.
    #[error("no access token: {0}")]
    NoToken(Box<str>),
    /// A setting that the call needs is missing. The text says which.
    #[error("{0}")]
    Missing(&'static str),
    /// The call was not awaited in a tokio runtime that was built with `enable_all`.
    #[error("await this in a tokio runtime that was built with `enable_all`")]
    NoRuntime,
}

/// What to do. A wrong parameter is not one of an event here.
fn advice(error: &ApiError) -> &'static str {
    match error.class() {
        ErrorClass::FixEvent => "a parameter of the call is wrong",
        _ => error.advice(),
    }
}

impl GraphError {
    /// A stable name for machines, in snake case.
    ///
    /// ```
    /// use meta_offline_events::graph::GraphError;
    ///
    /// assert_eq!(GraphError::NoRuntime.code(), "no_runtime");
    /// ```
    pub fn code(&self) -> &'static str {
        match self {
            Self::Api(error) => error.class().code(),
            Self::Transport(error) if error.may_have_arrived() => "ambiguous",
            Self::Transport(_) => "unreachable",
            Self::Redirected(_) => "redirected",
            Self::Unreadable(_) => "no_valid_answer",
            Self::NoToken(_) => "no_token",
            Self::Missing(_) => "missing_setting",
            Self::NoRuntime => "no_runtime",
        }
    }

    /// Meta's error, if Meta answered with one.
    pub fn api_error(&self) -> Option<&ApiError> {
        match self {
            Self::Api(error) => Some(error),
            _ => None,
        }
    }
}
