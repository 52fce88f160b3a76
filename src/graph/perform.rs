//! How a call is made: its token, its attempts, and the reading of its answer.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::Graph;
use super::call::{Authority, Call, CallStyle};
use super::error::GraphError;
use super::trace;
use crate::auth::{AppSecretProof, Taken, TokenSource};
use crate::client::{Connection, ProofSecret, Request, full_jitter, shielded};
use crate::report::ErrorClass;
use crate::value::AccessToken;
use crate::wire::{NoJson, TextFilter, read_hints, read_object};

/// How often a call that only reads is made at most.
const MAX_ATTEMPTS: u32 = 3;

const FIRST_WAIT: Duration = Duration::from_secs(1);

const MAX_WAIT: Duration = Duration::from_secs(10);

/// The answer to a call.
pub(crate) struct Answered {
    /// What it says. Texts of it are shown past the filter only.
    pub(crate) json: Value,
    secrets: Vec<SecretString>,
}

impl Answered {
    /// The filter for texts of the answer.
    pub(crate) fn filter(&self) -> TextFilter<'_> {
        TextFilter::masking(self.secrets.iter().map(ExposeSecret::expose_secret))
    }
}

impl Graph {
    /// Makes a call, and a call that only reads a few times if it has to. Texts of errors are past the filter.
    pub(crate) async fn call(&self, call: &Call) -> Result<Answered, GraphError> {
        self.call_with_date(call).await.0
    }

    /// The same with the time at Meta, in Unix seconds, if an answer came.
    pub(super) async fn call_with_date(&self, call: &Call) -> (Result<Answered, GraphError>, Option<i64>) {
        let mut date = None;
        let answered = self.call_noting(call, &mut date).await;
        (answered, date)
    }

    async fn call_noting(&self, call: &Call, date: &mut Option<i64>) -> Result<Answered, GraphError> {
        let connection = &self.connection;
        if !connection.gets_token {
            return Err(GraphError::Missing(
                "the endpoint gets no token, and this call needs one: set `endpoint_with_token` instead of `endpoint`",
            ));
        }
        if !connection.has_runtime() {
            return Err(GraphError::NoRuntime);
        }
        let token = self.token_for(&call.authority).await?;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let outcome = self.attempt(call, token.as_ref(), date).await;
            trace::attempt(call, &outcome);
            let error = match outcome {
                Ok(answered) => {
                    self.worked(call, token.as_ref());
                    return Ok(answered);
                }
                Err(error) => error,
            };
            if !call.is_repeatable || attempts == MAX_ATTEMPTS || !is_temporary(&error) {
                return Err(error);
            }
            let wait = full_jitter(FIRST_WAIT, MAX_WAIT, attempts, connection.jitter.fraction());
            connection.clock.sleep(wait).await;
        }
    }

    /// Tells the source that its token worked.
    fn worked(&self, call: &Call, token: Option<&AccessToken>) {
        if let (Authority::Source, Some(tokens), Some(token)) = (&call.authority, &self.tokens, token) {
            // A hook that panics takes nothing from the answer.
            let _ = shielded(|| tokens.worked(token));
        }
    }

    async fn attempt(
        &self,
        call: &Call,
        token: Option<&AccessToken>,
        date: &mut Option<i64>,
    ) -> Result<Answered, GraphError> {
        let url = self.connection.url(call.path()).map_err(|_| GraphError::Missing("the path is no path"))?;
        let proof = self.proof_for(call, token);
        let request = call.request(url, self.style, proof.as_ref());
        let request = match token {
            Some(token) => request.with_bearer(token.clone()),
            None => request,
        };
        let secrets = self.secrets(call, token, proof.as_ref());
        let json = exchange(&self.connection, &request, &secrets, date).await?;
        Ok(Answered { json, secrets })
    }

    async fn token_for(&self, authority: &Authority) -> Result<Option<AccessToken>, GraphError> {
        match authority {
            Authority::Token(token) => Ok(Some(token.clone())),
            Authority::Parameters => Ok(None),
            Authority::App => {
                let token = self.known_app()?.token();
                token.map(Some).ok_or(GraphError::Missing("the app secret is too long"))
            }
            Authority::Source => self.source_token().await.map(Some),
        }
    }

    /// The token of the source. What Meta refuses here, it may take for events, so no refusal asks for another one.
    pub(super) async fn source_token(&self) -> Result<AccessToken, GraphError> {
        let Some(tokens) = &self.tokens else {
            return Err(GraphError::Missing(
                "this needs an access token: start from a client, with `Client::graph`, or set `Graph::tokens`",
            ));
        };
        let connection = &self.connection;
        let now = || connection.clock.now();
        if let Some(token) = tokens.ready(now()) {
            return Ok(token);
        }
        // While one asks for the next token, others go on with this one.
        let _turn = match (tokens.held(), tokens.try_turn()) {
            (Some(token), None) => return Ok(token),
            (_, Some(turn)) => turn,
            (None, None) => tokens.turn().await,
        };
        if let Some(token) = tokens.ready(now()) {
            return Ok(token);
        }
        let given = connection.within_limit(tokens.fetch()).await;
        let given = given.unwrap_or_else(|| Err("the token source gave none within the time limit".into()));
        let why = match given {
            Ok(issued) => match tokens.took(issued, now(), connection.jitter.fraction()) {
                Taken::Other(token) => return Ok(token),
                Taken::Same(token) => {
                    tokens.postpone(now());
                    return Ok(token);
                }
                Taken::Refused => "the token source has only the one that Meta refused".into(),
            },
            Err(why) => why,
        };
        if let Some(token) = tokens.held() {
            tokens.postpone(now());
            return Ok(token);
        }
        let secrets = tokens.secrets();
        let filter = TextFilter::masking(secrets.iter().map(AccessToken::expose));
        Err(GraphError::NoToken(filter.clean(&why)))
    }

    /// The proof that a call carries. One that would stand in an address ends after five minutes.
    fn proof_for(&self, call: &Call, token: Option<&AccessToken>) -> Option<AppSecretProof> {
        if matches!(call.authority, Authority::App) {
            return None;
        }
        let token = token?;
        let now = || self.connection.clock.now();
        match (&self.proof, call.has_body(self.style), self.style) {
            (None, ..) | (Some(_), false, CallStyle::SecretsInBody) => None,
            (Some(ProofSecret::Plain(secret)), true, _) => Some(AppSecretProof::new(secret, token)),
            (Some(ProofSecret::Plain(secret)), false, _) | (Some(ProofSecret::Timed(secret)), ..) => {
                Some(AppSecretProof::at(secret, token, now()))
            }
        }
    }

    /// What no text of the answer or of an error may show.
    fn secrets(
        &self,
        call: &Call,
        token: Option<&AccessToken>,
        proof: Option<&AppSecretProof>,
    ) -> Vec<SecretString> {
        let held = self.tokens.iter().flat_map(TokenSource::secrets).collect::<Vec<_>>();
        let app = self.app.as_ref().map(|app| app.secret().expose());
        let of_proof = self
            .proof
            .as_ref()
            .map(|(ProofSecret::Plain(secret) | ProofSecret::Timed(secret))| secret.expose());
        // The token of an app is its id, which is no secret, with the app secret.
        let token = token.filter(|_| !matches!(call.authority, Authority::App));
        let texts =
            call.secrets().chain(token.map(AccessToken::expose)).chain(proof.map(AppSecretProof::expose));
        let texts = texts.chain(held.iter().map(AccessToken::expose)).chain(app).chain(of_proof);
        texts.map(SecretString::from).collect()
    }
}

/// Sends a request once, and reads its answer.
async fn exchange(
    connection: &Connection,
    request: &Request,
    secrets: &[SecretString],
    date: &mut Option<i64>,
) -> Result<Value, GraphError> {
    let filter = TextFilter::masking(secrets.iter().map(ExposeSecret::expose_secret));
    let response = connection.send(request).await;
    let response = response.map_err(|error| GraphError::Transport(error.filtered(&filter)))?;
    if let Some(host) = response.redirect_host(request.url(), &filter) {
        return Err(GraphError::Redirected(host));
    }
    *date = read_hints(|name| response.header_value(name)).date;
    let content_type = response.header_value("content-type");
    let json = read_object(response.status(), content_type, response.body(), &filter);
    json.map_err(|no_json| match no_json {
        NoJson::Error(error) => GraphError::Api(error),
        NoJson::Unreadable(why) => GraphError::Unreadable(why),
    })
}

/// Whether the same call may succeed a little later.
fn is_temporary(error: &GraphError) -> bool {
    match error {
        GraphError::Api(error) => error.class() == ErrorClass::Retry,
        GraphError::Transport(error) => !error.is_final(),
        GraphError::Unreadable(_) => true,
        _ => false,
    }
}
