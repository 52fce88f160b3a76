//! One call as the server reads it: path, parameters of query and form, and who calls.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};
use url::form_urlencoded;

use crate::testing::connection::Head;
use crate::testing::graph::GraphError;
use crate::testing::mock_server::state::State;
use crate::testing::rules::{KnownToken, check_proof, check_token};

/// What a call is answered with.
pub(super) type Answered = Result<Value, GraphError>;

/// A call.
pub(super) struct GraphCall {
    pub(super) method: String,
    /// The address without query.
    pub(super) address: String,
    /// The path behind the version, in its parts.
    path: Vec<String>,
    /// Those of the query and of a form.
    parameters: BTreeMap<String, String>,
    /// The token of the header, else of the form. One in the query counts as none: addresses end up in logs.
    token: Option<String>,
}

/// Who makes a call.
pub(super) enum Caller {
    App,
    /// A token, and what is known of it.
    Token(Box<KnownToken>),
}

impl GraphCall {
    /// Reads a call; `None` if the path has no version.
    pub(super) fn read(head: &Head, body: &[u8]) -> Option<Self> {
        let (path, query) = head.target.split_once('?').unwrap_or((&head.target, ""));
        let (version, path) = path.strip_prefix('/')?.split_once('/')?;
        version
            .strip_prefix('v')
            .filter(|number| number.starts_with(|first: char| first.is_ascii_digit()))?;
        let media_type = head.header("content-type").unwrap_or_default();
        let form: &[u8] =
            if media_type.starts_with("application/x-www-form-urlencoded") { body } else { b"" };
        let pairs = |bytes| {
            form_urlencoded::parse(bytes)
                .map(|pair: (Cow<'_, str>, Cow<'_, str>)| (pair.0.into_owned(), pair.1.into_owned()))
        };
        let in_header = head.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let in_form = pairs(form).find(|(name, _)| name == "access_token").map(|(_, token)| token);
        Some(Self {
            method: head.method.clone(),
            address: format!("http://{}/{version}/{path}", head.header("host").unwrap_or_default()),
            path: path.split('/').map(str::to_owned).collect(),
            parameters: pairs(query.as_bytes()).chain(pairs(form)).collect(),
            token: in_header.map(str::to_owned).or(in_form).filter(|token| !token.is_empty()),
        })
    }

    /// Method and path, to choose by.
    pub(super) fn place(&self) -> (&str, Vec<&str>) {
        (&self.method, self.path.iter().map(String::as_str).collect())
    }

    /// A parameter that is filled.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A parameter that the call needs.
    pub(super) fn required(&self, name: &str) -> Result<&str, GraphError> {
        let error = || GraphError::new(400, 100, format!("(#100) The parameter {name} is required"));
        self.parameter(name).ok_or_else(error)
    }

    /// Who calls, if that is somebody valid.
    pub(super) fn caller(&self, state: &State) -> Result<Caller, GraphError> {
        if let Some((id, secret)) = self.token.as_deref().and_then(|token| token.split_once('|')) {
            return check_app(state, id, secret).map(|()| Caller::App);
        }
        let known = known(state, self.token.as_deref())?;
        if state.settings().secret.is_some() {
            self.check_proof(state, &known)?;
        }
        Ok(Caller::Token(Box::new(known)))
    }

    /// Checks the proof of the app secret that stands beside the other parameters.
    pub(super) fn check_proof(&self, state: &State, token: &KnownToken) -> Result<(), GraphError> {
        let settings = state.settings();
        let Some(secret) = settings.secret.as_ref().or(settings.app.as_ref().map(|(_, secret)| secret))
        else {
            return self.required("appsecret_proof").map(drop);
        };
        let mut members = Map::new();
        if let Some(proof) = self.parameter("appsecret_proof") {
            members.insert("appsecret_proof".to_owned(), proof.into());
        }
        if let Some(time) = self.parameter("appsecret_time").and_then(|time| time.parse::<i64>().ok()) {
            members.insert("appsecret_time".to_owned(), time.into());
        }
        check_proof(Some(&members), token.token.expose(), secret, settings.clock.now().unix())
    }
}

/// What is known of a token, if it is valid.
pub(super) fn known(state: &State, token: Option<&str>) -> Result<KnownToken, GraphError> {
    let record = state.record();
    let token = check_token(token, &record.tokens, state.settings().clock.now().unix())?;
    let known = record.tokens.find(token).cloned();
    let other = || token.parse().map(|token| KnownToken::new(token, None)).ok();
    let error = || GraphError::new(401, 190, "The access token is not valid").subcode(467);
    known.or_else(other).ok_or_else(error)
}

/// Whether there is this app, and its secret is right.
pub(super) fn check_app(state: &State, id: &str, secret: &str) -> Result<(), GraphError> {
    match &state.settings().app {
        Some((app, _)) if app.as_str() != id => Err(GraphError::new(
            400,
            101,
            "Error validating application. Cannot get application info due to a system error.",
        )),
        Some((_, right)) if right.expose() != secret => {
            Err(GraphError::new(400, 1, "Error validating client secret."))
        }
        _ => Ok(()),
    }
}
