//! Calls about datasets: the node, lists, access, terms and quality.

use serde_json::{Map, Value, json};

use super::call::{Answered, GraphCall};
use crate::testing::graph::GraphError;
use crate::testing::mock_server::state::State;

/// How many items a page has at most.
const PAGE: usize = 2;

pub(super) fn route(state: &State, call: &GraphCall) -> Option<Answered> {
    let (method, path) = call.place();
    let is_id = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_account = |text: &str| text.strip_prefix("act_").is_some_and(is_id);
    Some(match (method, &path[..]) {
        ("GET", ["dataset_quality"]) => quality(state, call),
        ("GET", [id]) if is_id(id) => node(state, call, id),
        ("GET", [account]) if is_account(account) => terms(state, call),
        ("GET", [id, "owned_pixels" | "client_pixels" | "adspixels" | "assigned_ads_pixels"])
            if is_id(id) || is_account(id) =>
        {
            list(state, call)
        }
        ("GET", [id, "assigned_users"]) if is_id(id) => users(state, call),
        ("POST", [id, "assigned_users"]) if is_id(id) => change(state, call, &["user", "tasks"]),
        ("POST", [id, "agencies"]) if is_id(id) => change(state, call, &["business", "permitted_tasks"]),
        ("DELETE", [id, "agencies"]) if is_id(id) => change(state, call, &["business"]),
        ("POST", [id, "shared_accounts"]) if is_id(id) => change(state, call, &["account_id", "business"]),
        _ => return None,
    })
}

fn node(state: &State, call: &GraphCall, id: &str) -> Answered {
    call.caller(state)?;
    let given = state.settings().datasets.iter().find(|dataset| dataset["id"] == id);
    if given.is_none() && state.settings().dataset.as_ref().is_some_and(|only| only.as_str() != id) {
        let message =
            format!("Unsupported get request. Object with ID '{id}' does not exist, or cannot be seen");
        return Err(GraphError::new(400, 100, message).subcode(33));
    }
    let usual = json!({
        "id": id,
        "name": "Mock dataset",
        "is_consolidated_container": true,
        "is_unavailable": false,
        "is_restricted_use": false,
        "owner_business": { "id": "1234567890", "name": "Mock business" },
    });
    Ok(fields_of(given.unwrap_or(&usual), call.parameter("fields")))
}

/// The fields that are asked for: without a list only the id.
fn fields_of(node: &Value, fields: Option<&str>) -> Value {
    let wanted: Vec<&str> = fields.unwrap_or("id").split(',').collect();
    let members = node.as_object().into_iter().flatten();
    let shown: Map<_, _> = members
        .filter(|(name, _)| *name == "id" || wanted.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    Value::Object(shown)
}

fn list(state: &State, call: &GraphCall) -> Answered {
    call.caller(state)?;
    let id = call.parameter("id_filter");
    let name = call.parameter("name_filter").map(str::to_lowercase);
    let named = |dataset: &&Value| {
        let shown = dataset["name"].as_str().unwrap_or_default().to_lowercase();
        name.as_ref().is_none_or(|name| shown.contains(name))
    };
    let found: Vec<&Value> = state
        .settings()
        .datasets
        .iter()
        .filter(|dataset| id.is_none_or(|id| dataset["id"] == id))
        .filter(named)
        .collect();
    let first =
        call.parameter("after").and_then(|cursor| cursor.strip_prefix("at-")?.parse().ok()).unwrap_or(0);
    let page = found.iter().skip(first).take(PAGE);
    let data: Vec<Value> = page.map(|dataset| fields_of(dataset, call.parameter("fields"))).collect();
    let end = first + data.len();
    let mut paging = json!({ "cursors": { "before": format!("at-{first}"), "after": format!("at-{end}") } });
    if end < found.len() {
        paging["next"] = format!("{}?access_token=in-the-address&after=at-{end}", call.address).into();
    }
    Ok(json!({ "data": data, "paging": paging, "summary": { "total_count": found.len() } }))
}

fn users(state: &State, call: &GraphCall) -> Answered {
    call.caller(state)?;
    call.required("business")?;
    Ok(
        json!({ "data": [{ "id": "100000000000001", "name": "Mock system user", "tasks": ["UPLOAD", "ANALYZE"] }] }),
    )
}

fn change(state: &State, call: &GraphCall, needed: &[&str]) -> Answered {
    call.caller(state)?;
    needed.iter().try_for_each(|name| call.required(name).map(drop))?;
    Ok(json!({ "success": true }))
}

fn terms(state: &State, call: &GraphCall) -> Answered {
    call.caller(state)?;
    let terms = json!({
        "id": "1234567890",
        "offsite_pixels_tos_accepted": true,
        "tos_accepted": { "custom_audience_tos": 1, "web_custom_audience_tos": 1 },
    });
    Ok(fields_of(&terms, call.parameter("fields")))
}

fn quality(state: &State, call: &GraphCall) -> Answered {
    call.caller(state)?;
    let id = call.required("dataset_id")?;
    if state.settings().dataset.as_ref().is_some_and(|only| only.as_str() != id) {
        return Err(GraphError::new(400, 2_044_055, "The dataset does not exist"));
    }
    Ok(json!({ "offline": [{
        "event_name": "Purchase",
        "composite": { "score": 6.6, "recommendation": "Send events more often." },
        "match_key": {
            "score": 5.6,
            "recommendation": "Add phone numbers.",
            "coverage": { "email": 100.0, "phone": 90.0 },
        },
        "frequency": { "score": 4.6, "recommendation": "Send every day." },
        "freshness": { "score": 2.2, "recommendation": "Send within a day." },
    }] }))
}
