//! One request against all rules: the events of a valid one, or the first error that is found.

use serde_json::Value;

use super::event::check_event;
use super::fields::require;
use super::request::{Request, body_of, dataset_of, events_of, no_such_object};
use super::token::{Tokens, check_proof, check_token, token_of};
use super::user_data::TOO_BROAD;
use crate::testing::graph::GraphError;
use crate::value::AppSecret;

/// Whether the server refuses an event that breaks no documented rule.
pub(in crate::testing) type Refuses = dyn Fn(&Value) -> bool + Send + Sync;

/// What the settings of the server add to the documented rules.
#[derive(Clone, Copy)]
pub(in crate::testing) struct Rules<'a> {
    /// The only dataset there is, or any.
    pub(in crate::testing) dataset: Option<&'a str>,
    pub(in crate::testing) tokens: &'a Tokens,
    /// The secret of the app, if proofs are needed.
    pub(in crate::testing) secret: Option<&'a AppSecret>,
    /// The access key that a gateway wants, if any.
    pub(in crate::testing) gateway_key: Option<&'a str>,
    /// Unix seconds.
    pub(in crate::testing) now: i64,
    pub(in crate::testing) refuses: Option<&'a Refuses>,
    /// Whether an error names the position of the invalid event.
    pub(in crate::testing) names_refused: bool,
}

/// The events of a request that broke no rule.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::testing) struct Batch {
    pub(in crate::testing) dataset: String,
    pub(in crate::testing) events: Vec<Value>,
}

pub(in crate::testing) fn check(request: &Request<'_>, rules: &Rules<'_>) -> Result<Batch, GraphError> {
    let dataset = dataset_of(request.target)?;
    let body = body_of(request);
    let token = check_token(token_of(request, body.as_ref()), rules.tokens, rules.now)?;
    if let Some(secret) = rules.secret {
        check_proof(body.as_ref(), token, secret, rules.now)?;
    }
    if request.method != "POST" || rules.dataset.is_some_and(|only| only != dataset) {
        return Err(no_such_object(dataset));
    }
    let events = events_of(body)?;
    for (index, event) in events.iter().enumerate() {
        check_event(event, rules.now)
            .and_then(|()| check_refusal(event, rules.refuses))
            .map_err(|error| if rules.names_refused { error.at_event(index) } else { error })?;
    }
    Ok(Batch { dataset: dataset.to_owned(), events })
}

pub(super) fn check_refusal(event: &Value, refuses: Option<&Refuses>) -> Result<(), GraphError> {
    let accepted = !refuses.is_some_and(|refuses| refuses(event));
    require(accepted, TOO_BROAD, &["user_data"], "the server does not accept this customer information")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::sample::{check_body, purchase, request, rules};
    use super::*;

    #[test]
    fn a_sound_batch_is_accepted_as_it_came() {
        let events = vec![purchase(), purchase()];
        let batch = check_body(&json!({ "data": events, "partner_agent": "acme-rs-1.0", "upload_tag": "x" }));
        assert_eq!(batch, Ok(Batch { dataset: "123".to_owned(), events }));
    }

    #[test]
    fn one_bad_event_refuses_the_batch_and_is_named_only_when_asked_for() {
        let mut bad = purchase();
        bad["event_name"] = json!("");
        let body = json!({ "data": [purchase(), bad] }).to_string();
        let request = Request { body: body.as_bytes(), ..request() };
        let index = |named| {
            let error = check(&request, &Rules { names_refused: named, ..rules() }).err();
            error.map(|error| error.to_json("t")["error"]["error_data"]["event_index"].clone())
        };
        assert_eq!(index(false), Some(Value::Null));
        assert_eq!(index(true), Some(json!(1)));
    }

    #[test]
    fn r12_the_server_may_refuse_what_breaks_no_rule() {
        let body = json!({ "data": [purchase()] }).to_string();
        let request = Request { body: body.as_bytes(), ..request() };
        let refuses = |event: &Value| event["event_id"] == "order-10001";
        let error = check(&request, &Rules { refuses: Some(&refuses), ..rules() }).err();
        assert_eq!(error.map(|error| (error.code, error.subcode)), Some((100, Some(TOO_BROAD))));
    }
}
