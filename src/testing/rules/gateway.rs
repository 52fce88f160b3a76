//! Rules of a gateway: its own address, its own access key, nothing of Meta's, and seven days for every event.

use serde_json::{Map, Value};

use super::check::{Batch, Rules, check_refusal};
use super::event::check_event;
use super::fields::{is_digits, require};
use super::request::{Request, body_of, events_of};
use crate::testing::graph::GraphError;

const SEVEN_DAYS: i64 = 7 * 86_400;

/// What a gateway must not get.
const OF_META: [&str; 4] = ["access_token", "appsecret_proof", "appsecret_time", "test_event_code"];

/// The digits of `/capi/<digits>/events`, if the address is one of a gateway.
pub(in crate::testing) fn gateway_dataset_of(target: &str) -> Option<&str> {
    let dataset = target.strip_prefix("/capi/")?.strip_suffix("/events")?;
    is_digits(dataset).then_some(dataset)
}

/// The events of a request to a gateway, or the first error that is found.
pub(in crate::testing) fn check_gateway(
    request: &Request<'_>,
    dataset: &str,
    rules: &Rules<'_>,
) -> Result<Batch, GraphError> {
    let refused = |status, why: &str| Err(GraphError::new(status, 100, why));
    if request.method != "POST" || rules.dataset.is_some_and(|only| only != dataset) {
        return refused(404, "There is no such dataset");
    }
    let body = body_of(request);
    let has = |name: &str| body.as_ref().is_some_and(|body| body.contains_key(name));
    if request.authorization.is_some() || OF_META.iter().any(|name| has(name)) {
        return refused(400, "The request has what is for Meta alone");
    }
    if rules.gateway_key.is_some_and(|key| key_of(body.as_ref()) != Some(key)) {
        return refused(401, "The access key is missing or wrong");
    }
    let events = events_of(body)?;
    for event in &events {
        check_event(event, rules.now).and_then(|()| check_refusal(event, rules.refuses))?;
        let is_new = event["event_time"].as_i64().is_some_and(|time| rules.now - time <= SEVEN_DAYS);
        require(is_new, None, &["event_time"], "is older than seven days")?;
    }
    Ok(Batch { dataset: dataset.to_owned(), events })
}

fn key_of(body: Option<&Map<String, Value>>) -> Option<&str> {
    body?.get("accessKey")?.as_str()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::sample::{NOW, purchase, request, rules};
    use super::*;

    fn status(target: &str, body: &Value, authorization: Option<&str>) -> Option<u16> {
        let body = body.to_string();
        let request = Request { target, body: body.as_bytes(), authorization, ..request() };
        let rules = Rules { gateway_key: Some("key"), ..rules() };
        let dataset = gateway_dataset_of(target).unwrap();
        check_gateway(&request, dataset, &rules).err().map(|error| error.status)
    }

    #[test]
    fn a_gateway_wants_its_key_and_nothing_of_metas() {
        let target = "/capi/123/events";
        let events = json!([purchase()]);
        let good = json!({ "data": events, "accessKey": "key" });
        assert_eq!(status(target, &good, None), None);
        assert_eq!(status("/capi/124/events", &good, None), Some(404));
        assert_eq!(status(target, &good, Some("Bearer good")), Some(400));
        assert_eq!(status(target, &json!({ "data": events }), None), Some(401));
        assert_eq!(status(target, &json!({ "data": events, "accessKey": "other" }), None), Some(401));
        for name in OF_META {
            let mut body = good.clone();
            body[name] = json!("x");
            assert_eq!(status(target, &body, None), Some(400), "{name}");
        }
    }

    #[test]
    fn an_event_of_a_store_is_too_old_after_seven_days() {
        let at = |time| {
            let mut event = purchase();
            event["event_time"] = json!(time);
            status("/capi/123/events", &json!({ "data": [event], "accessKey": "key" }), None)
        };
        assert_eq!([at(NOW - SEVEN_DAYS), at(NOW - SEVEN_DAYS - 1)], [None, Some(400)]);
    }

    #[test]
    fn other_addresses_are_not_those_of_a_gateway() {
        for target in
            ["/capi/1a/events", "/capi/1/events/", "/v26.0/1/events", "/capi//events", "/capi/events"]
        {
            assert_eq!(gateway_dataset_of(target), None, "{target}");
        }
    }
}
