//! Calls about tokens.

use serde_json::{Value, json};

use super::call::{Answered, GraphCall};
use crate::testing::graph::GraphError;
use crate::testing::mock_server::state::State;
use crate::testing::rules::KnownToken;
use crate::value::EventTime;

pub(super) fn route(state: &State, call: &GraphCall) -> Option<Answered> {
    let (method, path) = call.place();
    Some(match (method, &path[..]) {
        ("GET" | "POST", ["debug_token"]) => inspect(state, call),
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
    Ok::<Value, _>(json!({ "data": data }))
}
