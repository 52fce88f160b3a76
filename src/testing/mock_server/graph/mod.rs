//! What a mock server answers to calls that are not about events. Each subject has a file with a `route`, which gives the
//! answer to the calls that it knows.

mod call;
mod datasets;
mod login;
mod tokens;

use self::call::GraphCall;
use super::state::State;
use crate::testing::connection::Head;
use crate::testing::reply::Reply;

/// The answer to a call, if it is one that the server knows.
pub(super) fn answer(state: &State, head: &Head, body: &[u8]) -> Option<Reply> {
    let call = GraphCall::read(head, body)?;
    if let Some(page) = login::page(state, &call) {
        return Some(page);
    }
    let routes = [login::route, tokens::route, datasets::route];
    let answered = routes.iter().find_map(|route| route(state, &call))?;
    Some(match answered {
        Ok(json) => Reply::json(&json),
        Err(error) => Reply::error(&error),
    })
}
