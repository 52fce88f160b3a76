//! One attempt: a request leaves, and what comes back is sorted into how the attempt ended.

use std::borrow::Cow;
use std::pin::pin;
use std::sync::Arc;

use futures_util::future::{Either, select};

use super::pacer::Purpose;
use super::retry::Ended;
use super::run_state::RunState;
use super::shield::{Panicked, Shielded};
use super::transport::{Request, Response, TransportError};
use crate::customer::MatchValue;
use crate::event::Event;
use crate::report::{Numbered, StopCause};
use crate::value::AccessToken;
use crate::wire::{Answer, TextFilter, read_hints};

/// Makes one attempt. It sorts the answer and decides nothing.
pub(super) async fn attempt(
    run: &RunState<'_>,
    request: &Request,
    events: &[Numbered],
    purpose: Purpose,
) -> Ended {
    // Another worker may replace the token meanwhile.
    let tokens = run.settings.tokens.secrets();
    let _in_flight = run.leaves(purpose);
    let exchanged = exchange(run, request).await;
    let service = &run.settings.service;
    let secrets = tokens.iter().map(AccessToken::expose).chain(service.access_key());
    let filter = TextFilter::masking(secrets).and(sent_in_the_clear(events)).and(run.app_secret());
    let response = match exchanged {
        Ok(response) => response,
        Err(error) => return Ended::Failed(error.filtered(&filter)),
    };
    if let Some(host) = response.redirect_host(request.url(), &filter) {
        return Ended::Redirected(host);
    }
    let sent = events.len() as u64;
    let hints = service.hints(read_hints(|name| response.header_value(name)));
    match service.read(&response, sent, &filter) {
        Answer::Received { count, messages, trace_id } => {
            run.heed(hints);
            run.heard(messages, trace_id);
            if count > sent {
                // It may be the answer to another request.
                run.drop_connections();
            }
            Ended::Received { sent, count }
        }
        Answer::Error(error) => {
            if error.code().is_some() {
                run.heed(hints);
            }
            run.heard(Vec::new(), error.trace_id().map(Into::into));
            Ended::Refused { error: Arc::from(error), wait: hints.wait }
        }
        Answer::Unreadable(why) => Ended::NoValidAnswer { why, wait: hints.wait },
    }
}

/// Sends the request and waits for its answer: up to the limit, and to the end of the run.
async fn exchange(run: &RunState<'_>, request: &Request) -> Result<Response, TransportError> {
    let settings = run.settings;
    // After a panic as it was dropped, nobody knows what becomes of its connection.
    let drop_panicked = || run.halt(StopCause::Panicked("Transport"));
    let sending = Shielded::new(|| settings.connection.transport.send(request), drop_panicked);
    let limit = run.clock().limit(settings.connection.attempt_limit);
    let cut_off = pin!(run.is_cut_off());
    match select(pin!(sending), select(limit, cut_off)).await {
        Either::Left((Ok(answer), _)) => answer,
        Either::Left((Err(Panicked), _)) => {
            run.note("transport_panicked", "the transport panicked during an attempt".to_owned());
            Err(TransportError::ambiguous("the transport panicked"))
        }
        Either::Right((Either::Left(_), _)) => {
            Err(TransportError::ambiguous("no whole answer within the time limit"))
        }
        Either::Right((Either::Right(_), _)) => {
            Err(TransportError::ambiguous("cut off when the run stopped"))
        }
    }
}

/// What is sent of customers unhashed, to be masked in whatever the service says.
fn sent_in_the_clear(events: &[Numbered]) -> impl Iterator<Item = Cow<'_, str>> {
    events.iter().flat_map(|numbered| clear_texts(&numbered.event))
}

/// What is sent of an event unhashed.
fn clear_texts(event: &Event) -> impl Iterator<Item = Cow<'_, str>> {
    let texts = event.user_data().entries().filter_map(|(_, value)| match value {
        MatchValue::Plain(text) => Some(Cow::from(text)),
        MatchValue::Number(number) => Some(number.to_string().into()),
        _ => None,
    });
    texts.chain(event.clear_texts().into_iter().map(Cow::from))
}
