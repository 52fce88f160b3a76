//! Calls that inspect, make, exchange and take back tokens.

use serde_json::json;

use super::call::{Answered, Caller, GraphCall, check_app, known};
use crate::testing::graph::GraphError;
use crate::testing::mock_server::state::State;
use crate::testing::rules::KnownToken;
use crate::value::EventTime;

/// How long a token lasts that is made or exchanged, in seconds, as Meta's sample says it.
const USUAL: i64 = 5_183_944;

/// The business of the client that every business-integration token is for.
const CLIENT_BUSINESS: &str = "200000000000001";

pub(super) fn route(state: &State, call: &GraphCall) -> Option<Answered> {
    let (method, path) = call.place();
    Some(match (method, &path[..]) {
        ("GET" | "POST", ["debug_token"]) => inspect(state, call),
        ("GET" | "POST", ["oauth", "access_token"])
            if call.parameter("grant_type") == Some("fb_exchange_token") =>
        {
            exchange(state, call)
        }
        ("GET" | "POST", ["oauth", "revoke"]) => revoke(state, call),
        ("GET", ["me"]) => me(state, call),
        ("GET", ["me", "permissions"]) => permissions(state, call),
        ("DELETE", [user, "permissions"]) => undo_login(state, call, user),
        ("POST", [_, "applications"]) => own_app(state, call).map(|()| json!(true)),
        ("POST", [user, "access_tokens"]) => own_app(state, call).and_then(|()| make(state, call, user)),
        ("POST", [CLIENT_BUSINESS, "system_user_access_tokens"]) => business_token(state, call),
        _ => return None,
    })
}

fn inspect(state: &State, call: &GraphCall) -> Answered {
    call.caller(state)?;
    let input = call.required("input_token")?;
    let record = state.record();
    let now = state.settings().clock.now().unix();
    let app = state.settings().app.as_ref().map_or("138483919580948", |(id, _)| id.as_str());
    let known = record.tokens.find(input).cloned();
    let other = || {
        input.parse().ok().filter(|_| record.tokens.takes_others).map(|token| KnownToken::new(token, None))
    };
    let Some(known) = known.or_else(other) else {
        let error = json!({ "code": 190, "message": "The access token could not be decrypted" });
        return Ok(json!({ "data": { "error": error, "is_valid": false, "scopes": [] } }));
    };
    let error = known.error(now);
    let mut data = json!({
        "app_id": app,
        "application": "Mock app",
        "type": known.kind,
        "is_valid": error.is_none(),
        "expires_at": known.until.map_or(0, EventTime::unix),
        "scopes": known.scopes,
        "user_id": known.user,
    });
    if let Some(GraphError { code, subcode, .. }) = error {
        data["error"] = json!({ "code": code, "subcode": subcode, "message": "The token is refused" });
    }
    Ok(json!({ "data": data }))
}

fn exchange(state: &State, call: &GraphCall) -> Answered {
    check_app(state, call.required("client_id")?, call.required("client_secret")?)?;
    let old = known(state, Some(call.required("fb_exchange_token")?))?;
    issue(state, &old, true)
}

fn revoke(state: &State, call: &GraphCall) -> Answered {
    check_app(state, call.required("client_id")?, call.required("client_secret")?)?;
    call.caller(state)?;
    let token = known(state, Some(call.required("revoke_token")?))?;
    state.record().tokens.refuse(&token.token, 467);
    Ok(json!({ "success": "true" }))
}

fn me(state: &State, call: &GraphCall) -> Answered {
    let token = by_token(call.caller(state)?)?;
    let wants =
        |field| call.parameter("fields").is_some_and(|fields| fields.split(',').any(|each| each == field));
    match (wants("client_business_id"), token.kind) {
        (false, _) => Ok(json!({ "id": token.user, "name": "Mock user" })),
        (true, "SYSTEM_USER") => Ok(json!({ "client_business_id": CLIENT_BUSINESS, "id": token.user })),
        (true, _) => Err(GraphError::new(400, 190, "This is no token of a business integration")),
    }
}

fn permissions(state: &State, call: &GraphCall) -> Answered {
    let token = by_token(call.caller(state)?)?;
    let granted = |scope: &String| json!({ "permission": scope, "status": "granted" });
    Ok(json!({ "data": token.scopes.iter().map(granted).collect::<Vec<_>>() }))
}

fn undo_login(state: &State, call: &GraphCall, user: &str) -> Answered {
    call.caller(state)?;
    for token in state.record().tokens.known.iter_mut().filter(|token| token.user == user) {
        token.refusal = Some(458);
    }
    Ok(json!({ "success": true }))
}

/// Whether the call names the app itself, in the name of a token.
fn own_app(state: &State, call: &GraphCall) -> Result<(), GraphError> {
    by_token(call.caller(state)?)?;
    let app = call.required("business_app")?;
    match &state.settings().app {
        Some((id, _)) if id.as_str() != app => {
            Err(GraphError::new(400, 100, "(#100) This app does not exist"))
        }
        _ => Ok(()),
    }
}

fn make(state: &State, call: &GraphCall, user: &str) -> Answered {
    let caller = by_token(call.caller(state)?)?;
    call.check_proof(state, &caller)?;
    let scopes = call.required("scope")?.split(',').map(str::to_owned).collect();
    let ends = call.parameter("set_token_expires_in_60_days") == Some("true");
    issue(state, &KnownToken { user: user.to_owned(), scopes, kind: "SYSTEM_USER", ..caller }, ends)
}

fn business_token(state: &State, call: &GraphCall) -> Answered {
    let caller = by_token(call.caller(state)?)?;
    call.check_proof(state, &caller)?;
    if call.parameter("fetch_only") == Some("true") {
        return Ok(json!({ "access_token": caller.token.expose() }));
    }
    let scopes = match call.parameter("scope") {
        Some(scopes) => scopes.split(',').map(str::to_owned).collect(),
        None => caller.scopes.clone(),
    };
    if !scopes.iter().all(|scope: &String| caller.scopes.contains(scope)) {
        return Err(GraphError::new(400, 3962, "(#3962) The permission is not one of the first token"));
    }
    let ends = call.parameter("set_token_expires_in_60_days") == Some("true");
    issue(state, &KnownToken { scopes, ..caller }, ends)
}

/// Makes a token of the same user as another one, and answers with it.
pub(super) fn issue(state: &State, like: &KnownToken, ends: bool) -> Answered {
    let lasts = state.settings().tokens_last.map_or(USUAL, |lasts| lasts.as_secs().cast_signed());
    let until = EventTime::from_unix(state.settings().clock.now().unix() + lasts).ok().filter(|_| ends);
    let mut record = state.record();
    let text = format!("EAABMOCKTOKEN{:04}", record.issued);
    record.issued += 1;
    let token = text.parse().map_err(|_| GraphError::new(500, 1, "An unknown error occurred"))?;
    record.tokens.known.push(KnownToken { token, until, refusal: None, ..like.clone() });
    let mut answer = json!({ "access_token": text, "token_type": "bearer" });
    if ends {
        answer["expires_in"] = json!(lasts);
    }
    Ok(answer)
}

fn by_token(caller: Caller) -> Result<KnownToken, GraphError> {
    match caller {
        Caller::Token(token) => Ok(*token),
        Caller::App => Err(GraphError::new(400, 100, "(#100) An app token cannot do this")),
    }
}
