//! The token of a request: the source is asked by one worker at a time, for every client that shares it.

use std::pin::pin;
use std::sync::Arc;

use futures_util::future::{Either, select};

use super::run_state::RunState;
use super::shield::{Panicked, Shielded, shielded};
use crate::auth::{IssuedToken, Taken, TokenRefusal};
use crate::report::{StopCause, Wait};
use crate::value::AccessToken;

/// Why there is no token.
enum NoToken {
    /// The run is to stop.
    Halted(Arc<StopCause>),
    /// The source has none, for this reason.
    Failed(Box<str>),
}

/// The token to send with now. Stops the run if there is none.
pub(super) async fn token(run: &RunState<'_>) -> Result<AccessToken, Arc<StopCause>> {
    ask(run).await.map_err(|no_token| match no_token {
        NoToken::Halted(cause) => cause,
        NoToken::Failed(why) => {
            let cause = StopCause::NoToken(why);
            run.give_up(cause.clone());
            run.halted_by().unwrap_or_else(|| Arc::new(cause))
        }
    })
}

/// Asks for another token in place of one that Meta refused. Tells whether there is one.
pub(super) async fn replace(run: &RunState<'_>, refusal: &TokenRefusal) -> bool {
    run.settings.tokens.refused(refusal, run.clock().now());
    match ask(run).await {
        Ok(token) if !token.is(refusal.token()) => {
            let message = "Meta refused the access token, and the token source gave another one".to_owned();
            run.note("token_replaced", message);
            true
        }
        Ok(_) | Err(NoToken::Halted(_)) => false,
        Err(NoToken::Failed(why)) => {
            run.note("no_token", format!("the token source gave no other token: {why}"));
            false
        }
    }
}

/// Meta accepted events with this token.
pub(super) fn worked(run: &RunState<'_>, token: &AccessToken) {
    if shielded(|| run.settings.tokens.worked(token)).is_err() {
        let message = "the hook that stores a new access token panicked: the token may not be stored";
        run.note("token_not_stored", message.to_owned());
    }
}

async fn ask(run: &RunState<'_>) -> Result<AccessToken, NoToken> {
    let source = &run.settings.tokens;
    let failures = source.failures();
    if let Some(token) = source.ready(run.clock().now()) {
        return Ok(token);
    }
    // While one asks for the next token, others go on with this one.
    let _turn = match (source.held(), source.try_turn()) {
        (Some(token), None) => return Ok(token),
        (_, Some(turn)) => turn,
        (None, None) => match select(pin!(source.turn()), pin!(run.halted())).await {
            Either::Left((turn, _)) => turn,
            Either::Right(_) => return Err(halted(run)),
        },
    };
    // Whoever had the turn before asked for all that waited.
    if let Some(token) = source.ready(run.clock().now()) {
        return Ok(token);
    }
    if let Some(why) = source.failure_since(failures) {
        return Err(NoToken::Failed(why));
    }
    let mut tries = 0;
    loop {
        let why = match fetch(run).await? {
            Ok(issued) => match source.took(issued, run.clock().now(), run.jitter()) {
                Taken::Other(token) => {
                    run.doubt();
                    return Ok(token);
                }
                Taken::Same(token) => {
                    source.postpone(run.clock().now());
                    return Ok(token);
                }
                Taken::Refused => {
                    let why: Box<str> = "it has only the one that Meta refused".into();
                    source.failed(&why);
                    return Err(NoToken::Failed(why));
                }
            },
            Err(why) => why,
        };
        if source.has_ended() {
            source.failed(&why);
            return Err(NoToken::Failed(why));
        }
        if let Some(token) = source.held() {
            source.postpone(run.clock().now());
            run.note("token_source", format!("the access token stays the same, because {why}"));
            return Ok(token);
        }
        tries += 1;
        let Some(wait) = run.settings.retry.wait_for_token(tries, run.jitter()) else {
            source.failed(&why);
            return Err(NoToken::Failed(why));
        };
        run.wait(Wait::Retry, wait).await.map_err(NoToken::Halted)?;
    }
}

/// Asks the source once: up to the time limit of an attempt, and to the end of the run.
async fn fetch(run: &RunState<'_>) -> Result<Result<IssuedToken, Box<str>>, NoToken> {
    let drop_panicked = || run.halt(StopCause::Panicked("TokenSource"));
    let fetching = Shielded::new(|| run.settings.tokens.fetch(), drop_panicked);
    let limit = run.clock().limit(run.settings.connection.attempt_limit);
    match select(pin!(fetching), select(limit, pin!(run.halted()))).await {
        Either::Left((Ok(Ok(token)), _)) => Ok(Ok(token)),
        Either::Left((Ok(Err(why)), _)) => Ok(Err(run.filtered(&why))),
        Either::Left((Err(Panicked), _)) => Ok(Err("the token source panicked".into())),
        Either::Right((Either::Left(_), _)) => {
            Ok(Err("the token source gave none within the time limit".into()))
        }
        Either::Right((Either::Right(_), _)) => Err(halted(run)),
    }
}

fn halted(run: &RunState<'_>) -> NoToken {
    NoToken::Halted(run.halted_by().unwrap_or_else(|| Arc::new(StopCause::Cancelled)))
}
