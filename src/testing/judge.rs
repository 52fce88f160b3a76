//! Meta's documented rules, applied to one request: plain JSON in, a verdict out.
//!
//! Here belongs every rule that a test may rely on, written once more and on purpose without the
//! rest of the crate. Sockets, clocks and storage stay outside: the verdict depends on the
//! arguments alone. One bad event refuses the whole batch, and the first one found is the one told.

use std::net::IpAddr;

use serde_json::{Map, Value};
use url::Url;

use super::graph::GraphError;

const MAX_EVENTS: usize = 1000;
const MAX_EVENT_NAME: usize = 50;
const DAY: i64 = 86_400;
const FUTURE: i64 = 60;
/// From here up, a number can only be a finer unit than seconds.
const FINER_THAN_SECONDS: i64 = 100_000_000_000;

const TOO_OLD: i64 = 2_804_003;
const PURCHASE_WITHOUT_VALUE: i64 = 2_804_009;
const LEAD_ID: i64 = 2_804_036;
const DEVICE_INFO: i64 = 2_804_043;
const TOO_BROAD: i64 = 2_804_050;
const MESSAGING_EVENT_NAME: i64 = 2_804_066;
const MESSAGING_ASSET: i64 = 2_804_116;

/// What the stand-in was asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    pub(super) target: &'a str,
    pub(super) content_type: Option<&'a str>,
    pub(super) authorization: Option<&'a str>,
    pub(super) body: &'a [u8],
}

/// Says which events only the server refuses.
pub(super) type Refuses = dyn Fn(&Value) -> bool + Send + Sync;

/// What the stand-in was set up with.
#[derive(Clone, Copy)]
pub(super) struct Rules<'a> {
    /// The only dataset there is, or any.
    pub(super) dataset: Option<&'a str>,
    /// The only valid token, or any.
    pub(super) token: Option<&'a str>,
    /// Unix seconds.
    pub(super) now: i64,
    pub(super) refuses: Option<&'a Refuses>,
    /// Whether an error tells the position of the event at fault.
    pub(super) names_refused: bool,
}

/// The events of a request that broke no rule.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Batch {
    pub(super) dataset: String,
    pub(super) events: Vec<Value>,
}

pub(super) fn judge(request: &Request<'_>, rules: &Rules<'_>) -> Result<Batch, GraphError> {
    let dataset = dataset_of(request.target)?;
    let body = body_of(request);
    check_token(token_of(request, body.as_ref()), rules.token)?;
    if request.method != "POST" || rules.dataset.is_some_and(|only| only != dataset) {
        return Err(no_such_object(dataset));
    }
    let events = events_of(body)?;
    for (index, event) in events.iter().enumerate() {
        check_event(event, rules)
            .map_err(|error| if rules.names_refused { error.at_event(index) } else { error })?;
    }
    Ok(Batch { dataset: dataset.to_owned(), events })
}

/// The digits of `/v<major>.<minor>/<digits>/events`.
fn dataset_of(target: &str) -> Result<&str, GraphError> {
    let path = target.split_once('?').map_or(target, |(path, _)| path);
    let parts: Vec<&str> = path.split('/').collect();
    match parts[..] {
        ["", version, dataset, "events"] if is_version(version) && is_digits(dataset) => Ok(dataset),
        _ => Err(GraphError::new(400, 2500, "Unknown path components")),
    }
}

fn is_version(text: &str) -> bool {
    let numbers = text.strip_prefix('v').and_then(|numbers| numbers.split_once('.'));
    numbers.is_some_and(|(major, minor)| is_digits(major) && is_digits(minor))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn no_such_object(dataset: &str) -> GraphError {
    let message = format!(
        "Unsupported request. The object '{dataset}' does not exist, is hidden from this token, or does not \
         support the operation"
    );
    GraphError::new(400, 100, message).subcode(33)
}

/// The body, if it is a JSON object and says so.
fn body_of(request: &Request<'_>) -> Option<Map<String, Value>> {
    let media_type = request.content_type?.split(';').next()?.trim();
    if media_type.eq_ignore_ascii_case("application/json") {
        serde_json::from_slice(request.body).ok()
    } else {
        None
    }
}

/// The token of the header, else of the body. One in the URL is not looked for.
fn token_of<'a>(request: &Request<'a>, body: Option<&'a Map<String, Value>>) -> Option<&'a str> {
    let in_header = request.authorization.and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    });
    let in_body = || body?.get("access_token")?.as_str();
    in_header.or_else(in_body).filter(|token| !token.is_empty())
}

fn check_token(token: Option<&str>, only: Option<&str>) -> Result<(), GraphError> {
    match (token, only) {
        (None, _) => {
            let message = "An active access token must be used to send events";
            Err(GraphError::new(401, 190, message).subcode(2500))
        }
        (Some(token), Some(only)) if token != only => {
            Err(GraphError::new(401, 190, "The access token is not valid").subcode(467))
        }
        _ => Ok(()),
    }
}

fn events_of(body: Option<Map<String, Value>>) -> Result<Vec<Value>, GraphError> {
    let mut body = body.ok_or_else(|| bad_request("the body must be a JSON object, sent as JSON"))?;
    check_envelope(&body)?;
    match body.remove("data") {
        Some(Value::Array(events)) if events.is_empty() => Err(bad_request("data must hold an event")),
        Some(Value::Array(events)) if events.len() > MAX_EVENTS => {
            Err(bad_request("data must hold at most 1000 events"))
        }
        Some(Value::Array(events)) => Ok(events),
        _ => Err(bad_request("data must be an array of events")),
    }
}

fn check_envelope(body: &Map<String, Value>) -> Result<(), GraphError> {
    for key in
        ["test_event_code", "partner_agent", "upload_tag", "upload_source", "upload_id", "namespace_id"]
    {
        if body.get(key).is_some_and(|value| !is_filled(value)) {
            return Err(bad_request(&format!("{key} must be a text")));
        }
    }
    match body.get("partner_agent").and_then(Value::as_str) {
        Some(agent) if !is_partner_agent(agent) => {
            Err(bad_request("partner_agent must have fewer than 23 characters and at least two letters"))
        }
        _ => Ok(()),
    }
}

fn is_partner_agent(text: &str) -> bool {
    text.chars().count() < 23 && text.chars().filter(char::is_ascii_alphabetic).count() >= 2
}

fn bad_request(why: &str) -> GraphError {
    GraphError::new(400, 100, format!("(#100) {why}"))
}

/// A fault of one event: the field's path from the event down, and what is asked of it.
fn fault(subcode: impl Into<Option<i64>>, field: &[&str], why: &str) -> GraphError {
    GraphError::new(400, 100, "Invalid parameter")
        .subcode(subcode)
        .tells("An event is not valid", format!("{}: {why}", field.join(".")))
        .blames(field)
}

fn demand(holds: bool, subcode: impl Into<Option<i64>>, field: &[&str], why: &str) -> Result<(), GraphError> {
    if holds { Ok(()) } else { Err(fault(subcode, field, why)) }
}

type Fields = Map<String, Value>;
type Check = fn(&Fields, i64) -> Result<(), GraphError>;

/// In the order in which they are told.
const CHECKS: [Check; 12] = [
    check_field_names,
    check_event_name,
    check_action_source,
    check_time,
    check_plain_fields,
    check_data_processing,
    check_user_data,
    check_match_keys,
    check_custom_data,
    check_purchase,
    check_website_and_app,
    check_messaging,
];

fn check_event(event: &Value, rules: &Rules<'_>) -> Result<(), GraphError> {
    let fields = event.as_object().ok_or_else(|| fault(None, &["data"], "an event must be an object"))?;
    CHECKS.iter().try_for_each(|check| check(fields, rules.now))?;
    let refused = rules.refuses.is_some_and(|refuses| refuses(event));
    demand(!refused, TOO_BROAD, &["user_data"], "the server does not accept this customer information")
}

const EVENT_FIELDS: [&str; 19] = [
    "event_name",
    "event_time",
    "user_data",
    "action_source",
    "custom_data",
    "event_source_url",
    "event_id",
    "referrer_url",
    "opt_out",
    "data_processing_options",
    "data_processing_options_country",
    "data_processing_options_state",
    "app_data",
    "messaging_channel",
    "original_event_data",
    "attribution_data",
    "customer_segmentation",
    "advanced_measurement_table",
    "advertiser_tracking_enabled",
];

fn check_field_names(event: &Fields, _now: i64) -> Result<(), GraphError> {
    let unknown = event.keys().find(|key| !EVENT_FIELDS.contains(&key.as_str()));
    unknown.map_or(Ok(()), |key| Err(fault(None, &[key.as_str()], "no such field")))
}

fn check_event_name(event: &Fields, _now: i64) -> Result<(), GraphError> {
    let name = text(event, "event_name");
    let fits = name.is_some_and(|name| name.chars().count() <= MAX_EVENT_NAME);
    demand(fits, None, &["event_name"], "must be a text of 1 to 50 characters")
}

const ACTION_SOURCES: [&str; 9] = [
    "email",
    "website",
    "app",
    "phone_call",
    "chat",
    "physical_store",
    "system_generated",
    "business_messaging",
    "other",
];

fn check_action_source(event: &Fields, _now: i64) -> Result<(), GraphError> {
    let known = text(event, "action_source").is_some_and(|source| ACTION_SOURCES.contains(&source));
    demand(known, None, &["action_source"], "must be one of the nine action sources")
}

fn check_time(event: &Fields, now: i64) -> Result<(), GraphError> {
    let field = &["event_time"];
    let Some(time) = event.get("event_time").and_then(Value::as_i64) else {
        return Err(fault(None, field, "must be a whole number of seconds"));
    };
    let days = if is_from(event, "physical_store") { 62 } else { 7 };
    demand(time < FINER_THAN_SECONDS, None, field, "must be in seconds: it looks like milliseconds")?;
    demand(time > 0 && now - time <= days * DAY, TOO_OLD, field, "lies too far in the past")?;
    demand(time - now <= FUTURE, None, field, "lies in the future")
}

fn check_plain_fields(event: &Fields, _now: i64) -> Result<(), GraphError> {
    for key in ["event_id", "referrer_url", "event_source_url", "messaging_channel"] {
        demand(event.get(key).is_none_or(is_filled), None, &[key], "must be a text that is not empty")?;
    }
    for key in ["app_data", "original_event_data", "attribution_data"] {
        demand(event.get(key).is_none_or(Value::is_object), None, &[key], "must be an object")?;
    }
    demand(event.get("opt_out").is_none_or(Value::is_boolean), None, &["opt_out"], "must be true or false")
}

/// Limited data use: a country goes with the option, and a state with the country.
fn check_data_processing(event: &Fields, _now: i64) -> Result<(), GraphError> {
    const OPTIONS: &str = "data_processing_options";
    const COUNTRY: &str = "data_processing_options_country";
    const STATE: &str = "data_processing_options_state";

    let limited = match event.get(OPTIONS) {
        None => false,
        Some(Value::Array(options)) if options.is_empty() => false,
        Some(Value::Array(options)) if options[..] == ["LDU"] => true,
        Some(_) => return Err(fault(None, &[OPTIONS], "must be an empty array or hold LDU")),
    };
    let country = number_among(event, COUNTRY, |country| country <= 1)?;
    let state = number_among(event, STATE, |state| state == 0 || (1000..=1013).contains(&state))?;
    demand(!limited || country, None, &[COUNTRY], "must be given with LDU")?;
    demand(!country || state, None, &[STATE], "must be given with a country")
}

/// Whether the number is there; a fault when it is there and not allowed.
fn number_among(event: &Fields, key: &str, allowed: fn(u64) -> bool) -> Result<bool, GraphError> {
    let Some(value) = event.get(key) else { return Ok(false) };
    demand(value.as_u64().is_some_and(allowed), None, &[key], "is not a code that Meta knows")?;
    Ok(true)
}

/// The form of a value in `user_data`.
#[derive(Clone, Copy)]
enum Form {
    Digests,
    Texts,
    Text,
    Number,
    Address,
    ClickId,
}

fn form_of(key: &str) -> Option<Form> {
    Some(match key {
        "em" | "ph" | "fn" | "ln" | "db" | "ge" | "ct" | "st" | "zp" | "country" | "f5first" | "f5last"
        | "fi" | "dobd" | "dobm" | "doby" | "app_user_id" => Form::Digests,
        "external_id" => Form::Texts,
        "client_ip_address" => Form::Address,
        "fbc" | "fbp" => Form::ClickId,
        "fb_login_id" | "lead_id" => Form::Number,
        "client_user_agent"
        | "subscription_id"
        | "anon_id"
        | "madid"
        | "page_id"
        | "page_scoped_user_id"
        | "ctwa_clid"
        | "ig_account_id"
        | "ig_sid"
        | "whatsapp_business_account_id"
        | "instagram_business_account_id"
        | "partner_id"
        | "partner_name" => Form::Text,
        _ => return None,
    })
}

fn check_user_data(event: &Fields, _now: i64) -> Result<(), GraphError> {
    let Some(user_data) = event.get("user_data").and_then(Value::as_object) else {
        return Err(fault(TOO_BROAD, &["user_data"], "must be an object"));
    };
    user_data.iter().try_for_each(|(key, value)| {
        let field = &["user_data", key.as_str()];
        let form = form_of(key).ok_or_else(|| fault(None, field, "no such match key"))?;
        let subcode = if key == "lead_id" { Some(LEAD_ID) } else { None };
        check_form(form, value).map_err(|why| fault(subcode, field, why))
    })
}

fn check_form(form: Form, value: &Value) -> Result<(), &'static str> {
    let (fits, why) = match form {
        Form::Digests => (each_text(value, is_digest), "must be SHA-256 in 64 lower-case hex digits"),
        Form::Texts => (each_text(value, |text| !text.trim().is_empty()), "must hold texts"),
        Form::Text => (is_filled(value), "must be a text that is not empty"),
        Form::Number => (is_unsigned(value), "must be a whole number"),
        Form::Address => (is_address(value), "must be an IP address"),
        Form::ClickId => (value.as_str().is_some_and(is_click_id), "must look like fb.1.<milliseconds>.<id>"),
    };
    if fits { Ok(()) } else { Err(why) }
}

/// One text or an array of texts, each as `fits` wants it.
fn each_text(value: &Value, fits: fn(&str) -> bool) -> bool {
    match value {
        Value::Array(values) => values.iter().all(|value| value.as_str().is_some_and(fits)),
        value => value.as_str().is_some_and(fits),
    }
}

const DIGEST_OF_NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// 64 lower-case hex digits, perhaps with the suffix of Meta's own parameter builder.
fn is_digest(text: &str) -> bool {
    let (digest, suffix) = text.split_once('.').map_or((text, None), |(digest, rest)| (digest, Some(rest)));
    let hex = digest.len() == 64 && digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    hex && digest != DIGEST_OF_NOTHING && suffix.is_none_or(is_builder_suffix)
}

fn is_builder_suffix(text: &str) -> bool {
    let url_safe = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    matches!(text.len(), 2 | 8) && text.bytes().all(url_safe)
}

fn is_unsigned(value: &Value) -> bool {
    value.is_u64() || value.as_str().is_some_and(is_digits)
}

/// An IP address, perhaps with the suffix of Meta's own parameter builder.
fn is_address(value: &Value) -> bool {
    let is_address = |text: &str| text.parse::<IpAddr>().is_ok();
    let with_suffix = |text: &str| {
        text.rsplit_once('.')
            .is_some_and(|(address, suffix)| is_builder_suffix(suffix) && is_address(address))
    };
    value.as_str().is_some_and(|text| is_address(text) || with_suffix(text))
}

fn is_click_id(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(4, '.').collect();
    matches!(parts[..], ["fb", "0" | "1" | "2", made, rest] if is_digits(made) && !rest.is_empty())
}

/// Keys that find too many people when an event has no others.
const TOO_BROAD_SETS: [&[&str]; 4] = [
    &["ct", "country", "st", "zp", "ge", "client_user_agent"],
    &["db", "client_user_agent"],
    &["fn", "ge"],
    &["ln", "ge"],
];

fn check_match_keys(event: &Fields, _now: i64) -> Result<(), GraphError> {
    let user_data = event.get("user_data").and_then(Value::as_object);
    let given = user_data.into_iter().flatten().filter(|(_, value)| !is_empty(value));
    let keys: Vec<&str> = given.map(|(key, _)| key.as_str()).collect();
    let broad = TOO_BROAD_SETS.iter().any(|set| keys.iter().all(|key| set.contains(key)));
    demand(!broad, TOO_BROAD, &["user_data"], "does not tell enough about the customer")
}

fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty)
}

fn check_custom_data(event: &Fields, _now: i64) -> Result<(), GraphError> {
    let Some(custom_data) = event.get("custom_data") else { return Ok(()) };
    let Some(custom_data) = custom_data.as_object() else {
        return Err(fault(None, &["custom_data"], "must be an object"));
    };
    custom_data.iter().try_for_each(|(key, value)| {
        let field = &["custom_data", key.as_str()];
        let (fits, why) = match key.as_str() {
            "currency" => (is_currency(value), "must be three letters"),
            "value" => (is_amount(value), "must be a number, zero or above"),
            "net_revenue" | "predicted_ltv" => (value.is_number(), "must be a number"),
            "order_id" | "item_number" | "content_name" | "content_category" | "content_type" => {
                (is_filled(value), "must be a text that is not empty")
            }
            "content_ids" => {
                let ids = value.as_array();
                (ids.is_some_and(|ids| ids.iter().all(is_product_id)), "must hold texts or whole numbers")
            }
            "contents" => (is_contents(value), "each must have an id and a quantity of one or more"),
            "num_items" => (value.is_u64(), "must be a whole number"),
            "delivery_category" => (is_delivery_category(value), "must be one of the three categories"),
            _ => return Ok(()),
        };
        demand(fits, None, field, why)
    })
}

fn is_currency(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

fn is_amount(value: &Value) -> bool {
    value.as_f64().is_some_and(|amount| amount.is_finite() && amount >= 0.0)
}

fn is_contents(value: &Value) -> bool {
    let is_content = |content: &Value| {
        content.get("id").is_some_and(is_product_id)
            && content.get("quantity").and_then(Value::as_u64).is_some_and(|quantity| quantity > 0)
            && content.get("item_price").is_none_or(is_amount)
            && content.get("delivery_category").is_none_or(is_delivery_category)
    };
    value.as_array().is_some_and(|contents| contents.iter().all(is_content))
}

/// Text, or a whole number.
fn is_product_id(value: &Value) -> bool {
    is_filled(value) || value.is_u64()
}

fn is_delivery_category(value: &Value) -> bool {
    matches!(value.as_str(), Some("in_store" | "curbside" | "home_delivery"))
}

fn check_purchase(event: &Fields, _now: i64) -> Result<(), GraphError> {
    let is_purchase = text(event, "event_name") == Some("Purchase");
    ["currency", "value"].iter().try_for_each(|key| {
        let given = nested(event, "custom_data", key).is_some();
        demand(given || !is_purchase, PURCHASE_WITHOUT_VALUE, &["custom_data", key], "a purchase needs it")
    })
}

fn check_website_and_app(event: &Fields, _now: i64) -> Result<(), GraphError> {
    if is_from(event, "website") {
        let page = text(event, "event_source_url").is_some_and(is_page);
        let agent = nested(event, "user_data", "client_user_agent").is_some();
        demand(page, None, &["event_source_url"], "a website event needs the address of its page")?;
        demand(agent, None, &["user_data", "client_user_agent"], "a website event needs it")?;
    }
    if is_from(event, "app") {
        let device = nested(event, "app_data", "extinfo").is_some_and(is_device_info);
        let tracking = nested(event, "app_data", "advertiser_tracking_enabled").is_some_and(is_switch);
        demand(
            device,
            DEVICE_INFO,
            &["app_data", "extinfo"],
            "an app event needs 16 entries, 0 and 4 filled",
        )?;
        demand(tracking, None, &["app_data", "advertiser_tracking_enabled"], "an app event needs it")?;
    }
    Ok(())
}

fn is_page(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

fn is_device_info(value: &Value) -> bool {
    value.as_array().is_some_and(|entries| {
        entries.len() == 16
            && entries.iter().all(Value::is_string)
            && [0, 4].iter().all(|&index| is_filled(&entries[index]))
    })
}

fn is_switch(value: &Value) -> bool {
    value.is_boolean() || matches!(value.as_u64(), Some(0 | 1))
}

const MESSAGING_EVENTS: [&str; 14] = [
    "Purchase",
    "LeadSubmitted",
    "InitiateCheckout",
    "AddToCart",
    "ViewContent",
    "OrderCreated",
    "OrderShipped",
    "OrderDelivered",
    "OrderCanceled",
    "OrderReturned",
    "CartAbandoned",
    "QualifiedLead",
    "RatingProvided",
    "ReviewProvided",
];

fn check_messaging(event: &Fields, _now: i64) -> Result<(), GraphError> {
    if !is_from(event, "business_messaging") {
        return Ok(());
    }
    let name_fits = text(event, "event_name").is_some_and(|name| MESSAGING_EVENTS.contains(&name));
    demand(name_fits, MESSAGING_EVENT_NAME, &["event_name"], "is not allowed for business messaging")?;

    let has = |key: &str| nested(event, "user_data", key).is_some();
    let (person, asset) = match text(event, "messaging_channel") {
        Some("messenger") => (has("page_scoped_user_id"), has("page_id")),
        Some("whatsapp") => (has("ctwa_clid"), has("page_id") || has("whatsapp_business_account_id")),
        Some("instagram") => (has("ig_sid"), has("instagram_business_account_id") || has("ig_account_id")),
        _ => return Err(fault(None, &["messaging_channel"], "must be whatsapp, messenger or instagram")),
    };
    demand(person, None, &["user_data"], "the channel's id of the person is missing")?;
    demand(asset, MESSAGING_ASSET, &["user_data"], "the id of the page or account is missing")
}

fn is_from(event: &Fields, source: &str) -> bool {
    text(event, "action_source") == Some(source)
}

fn is_filled(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.trim().is_empty())
}

fn text<'a>(fields: &'a Fields, key: &str) -> Option<&'a str> {
    fields.get(key).filter(|value| is_filled(value)).and_then(Value::as_str)
}

fn nested<'a>(event: &'a Fields, object: &str, key: &str) -> Option<&'a Value> {
    event.get(object)?.get(key)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_767_225_600;
    const HASH: &str = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f";

    fn purchase() -> Value {
        json!({
            "event_name": "Purchase",
            "event_time": NOW - 3600,
            "event_id": "order-10001",
            "action_source": "physical_store",
            "user_data": { "em": [HASH], "ph": HASH },
            "custom_data": {
                "currency": "USD",
                "value": 31.5,
                "order_id": "10001",
                "contents": [{ "id": "SKU-1", "quantity": 3, "item_price": 10.5 }],
            },
        })
    }

    fn rules() -> Rules<'static> {
        Rules { dataset: Some("123"), token: Some("good"), now: NOW, refuses: None, names_refused: false }
    }

    fn verdict_on(body: &Value) -> Result<Batch, GraphError> {
        let body = body.to_string();
        judge(&Request { body: body.as_bytes(), ..request() }, &rules())
    }

    fn request() -> Request<'static> {
        Request {
            method: "POST",
            target: "/v26.0/123/events",
            content_type: Some("application/json; charset=utf-8"),
            authorization: Some("Bearer good"),
            body: b"{}",
        }
    }

    /// `None` for an event that is accepted, else code, subcode and the field blamed.
    fn fault_of(event: &Value) -> Option<(i64, Option<i64>, String)> {
        let error = verdict_on(&json!({ "data": [event] })).err()?;
        let blame = error.to_json("")["error"]["error_data"]["blame_field_specs"][0].clone();
        let path: Vec<&str> = blame.as_array()?.iter().filter_map(Value::as_str).collect();
        Some((error.code, error.subcode, path.join(".")))
    }

    type StatusAndCodes = Option<(u16, i64, Option<i64>)>;
    type Change = fn(&mut Value);

    #[track_caller]
    fn refused(subcode: impl Into<Option<i64>>, field: &str, changes: &[Change]) {
        let subcode = subcode.into();
        for (row, change) in changes.iter().enumerate() {
            let mut event = purchase();
            change(&mut event);
            let expected = Some((100, subcode, field.to_owned()));
            assert_eq!(fault_of(&event), expected, "row {row} for {field}: {event}");
        }
    }

    #[track_caller]
    fn accepted(changes: &[Change]) {
        for (row, change) in changes.iter().enumerate() {
            let mut event = purchase();
            change(&mut event);
            assert_eq!(fault_of(&event), None, "row {row}: {event}");
        }
    }

    fn drop_field(value: &mut Value, key: &str) {
        value.as_object_mut().map(|fields| fields.remove(key));
    }

    #[test]
    fn a_sound_batch_is_accepted_as_it_came() {
        let events = vec![purchase(), purchase()];
        let batch = verdict_on(&json!({ "data": events, "partner_agent": "acme-rs-1.0", "upload_tag": "x" }));
        assert_eq!(batch, Ok(Batch { dataset: "123".to_owned(), events }));
    }

    #[test]
    fn only_the_events_edge_exists() {
        for target in [
            "/",
            "/123/events",
            "/v26/123/events",
            "/v26.0/123",
            "/v26.0/12a/events",
            "/v26.0//events",
            "/v26.0/123/events/",
            "/v26.0/123/users",
            "/x/v26.0/123/events",
        ] {
            let error = judge(&Request { target, ..request() }, &rules()).err();
            assert_eq!(error.map(|error| (error.status, error.code)), Some((400, 2500)), "{target}");
        }
    }

    #[test]
    fn only_post_and_only_the_dataset_that_exists() {
        let with = |method, target| judge(&Request { method, target, ..request() }, &rules()).err();
        for error in [with("GET", "/v26.0/123/events"), with("POST", "/v26.0/124/events")] {
            assert_eq!(error.map(|error| (error.code, error.subcode)), Some((100, Some(33))));
        }
    }

    #[test]
    fn r24_a_token_is_needed_and_must_be_the_right_one() {
        let data = json!([purchase()]);
        let in_body = |token: &str| json!({ "data": data, "access_token": token }).to_string();
        let without = json!({ "data": data }).to_string();
        let missing = Some((401, 190, Some(2500)));
        let wrong = Some((401, 190, Some(467)));
        let rows: [(Option<&str>, &str, StatusAndCodes); 8] = [
            (Some("Bearer good"), &without, None),
            (Some("bearer good"), &without, None),
            (None, &in_body("good"), None),
            (None, &without, missing),
            (None, &in_body(""), missing),
            (Some("Basic good"), &without, missing),
            (Some("Bearer bad"), &without, wrong),
            (None, &in_body("bad"), wrong),
        ];
        for (row, (authorization, body, expected)) in rows.into_iter().enumerate() {
            let error = judge(&Request { authorization, body: body.as_bytes(), ..request() }, &rules()).err();
            assert_eq!(error.map(|error| (error.status, error.code, error.subcode)), expected, "row {row}");
        }
    }

    #[test]
    fn a_token_in_the_url_is_no_token() {
        let target = "/v26.0/123/events?access_token=good";
        let error = judge(&Request { target, authorization: None, ..request() }, &rules()).err();
        assert_eq!(error.map(|error| error.code), Some(190));
    }

    #[test]
    fn the_body_is_a_json_object_with_events() {
        let body = json!({ "data": [purchase()] }).to_string();
        for content_type in [None, Some("text/plain"), Some("application/x-www-form-urlencoded")] {
            let request = Request { content_type, body: body.as_bytes(), ..request() };
            assert_eq!(
                judge(&request, &rules()).err().map(|error| error.code),
                Some(100),
                "{content_type:?}"
            );
        }
        for body in ["", "[]", "{", r#"{"data":[1e400]}"#] {
            let request = Request { body: body.as_bytes(), ..request() };
            assert_eq!(judge(&request, &rules()).err().map(|error| error.code), Some(100), "{body}");
        }
        for body in [
            json!({}),
            json!({ "data": [] }),
            json!({ "data": {} }),
            json!({ "data": "[]" }),
            json!({ "data": ["event"] }),
            json!({ "data": [purchase()], "test_event_code": 1 }),
            json!({ "data": [purchase()], "upload_tag": "" }),
            json!({ "data": [purchase()], "partner_agent": "a-123456" }),
            json!({ "data": [purchase()], "partner_agent": "an-agent-of-23-letters!" }),
        ] {
            assert_eq!(verdict_on(&body).err().map(|error| error.code), Some(100), "{body}");
        }
    }

    #[test]
    fn l5_a_thousand_events_and_not_one_more() {
        let events = vec![purchase(); 1000];
        assert_eq!(verdict_on(&json!({ "data": events })).map(|batch| batch.events.len()), Ok(1000));
        let events = vec![purchase(); 1001];
        assert!(verdict_on(&json!({ "data": events })).is_err());
    }

    #[test]
    fn one_bad_event_refuses_the_batch_and_is_named_only_when_told_so() {
        let mut bad = purchase();
        bad["event_name"] = json!("");
        let body = json!({ "data": [purchase(), bad] }).to_string();
        let request = Request { body: body.as_bytes(), ..request() };
        let index = |named| {
            let error = judge(&request, &Rules { names_refused: named, ..rules() }).err();
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
        let error = judge(&request, &Rules { refuses: Some(&refuses), ..rules() }).err();
        assert_eq!(error.map(|error| (error.code, error.subcode)), Some((100, Some(TOO_BROAD))));
    }

    #[test]
    fn an_error_has_graphs_shape() {
        let error = fault(TOO_OLD, &["user_data", "em"], "why").at_event(7).to_json("trace");
        let expected = json!({ "error": {
            "message": "Invalid parameter",
            "type": "OAuthException",
            "code": 100,
            "error_subcode": 2_804_003,
            "is_transient": false,
            "error_user_title": "An event is not valid",
            "error_user_msg": "user_data.em: why",
            "error_data": { "blame_field_specs": [["user_data", "em"]], "event_index": 7 },
            "fbtrace_id": "trace",
        } });
        assert_eq!(error, expected);
    }

    #[test]
    fn unknown_fields() {
        refused(None, "eventTime", &[|event| event["eventTime"] = json!(1)]);
        refused(None, "user_data.email", &[|event| event["user_data"]["email"] = json!(HASH)]);
        accepted(&[|event| event["custom_data"]["loyalty"] = json!({ "level": 3 })]);
    }

    #[test]
    fn event_names() {
        refused(
            None,
            "event_name",
            &[
                |event| drop_field(event, "event_name"),
                |event| event["event_name"] = json!(""),
                |event| event["event_name"] = json!(" "),
                |event| event["event_name"] = json!(1),
                |event| event["event_name"] = json!("é".repeat(51)),
            ],
        );
        accepted(&[|event| event["event_name"] = json!("é".repeat(50))]);
    }

    #[test]
    fn action_sources() {
        refused(
            None,
            "action_source",
            &[
                |event| drop_field(event, "action_source"),
                |event| event["action_source"] = json!("store"),
                |event| event["action_source"] = json!("Physical_Store"),
            ],
        );
        accepted(&[
            |event| event["action_source"] = json!("email"),
            |event| event["action_source"] = json!("phone_call"),
            |event| event["action_source"] = json!("chat"),
            |event| event["action_source"] = json!("system_generated"),
            |event| event["action_source"] = json!("other"),
        ]);
    }

    #[test]
    fn t2_t5_t6_moments() {
        refused(
            None,
            "event_time",
            &[
                |event| drop_field(event, "event_time"),
                |event| event["event_time"] = json!("1767225600"),
                |event| event["event_time"] = json!(1_767_225_600.0),
                |event| event["event_time"] = json!(NOW * 1000),
                |event| event["event_time"] = json!(u64::MAX),
                |event| event["event_time"] = json!(NOW + 61),
            ],
        );
        refused(
            TOO_OLD,
            "event_time",
            &[
                |event| event["event_time"] = json!(NOW - 62 * 86_400 - 1),
                |event| event["event_time"] = json!(0),
                |event| event["event_time"] = json!(i64::MIN),
                |event| {
                    event["action_source"] = json!("email");
                    event["event_time"] = json!(NOW - 7 * 86_400 - 1);
                },
            ],
        );
        accepted(&[
            |event| event["event_time"] = json!(NOW + 60),
            |event| event["event_time"] = json!(NOW - 62 * 86_400),
            |event| {
                event["action_source"] = json!("email");
                event["event_time"] = json!(NOW - 7 * 86_400);
            },
        ]);
    }

    #[test]
    fn t6_milliseconds_are_called_by_their_name() {
        let mut event = purchase();
        event["event_time"] = json!(NOW * 1000);
        let error = verdict_on(&json!({ "data": [event] })).err().map(|error| error.to_json(""));
        let text = error.map(|error| error["error"]["error_user_msg"].to_string()).unwrap_or_default();
        assert!(text.contains("milliseconds"), "{text}");
    }

    #[test]
    fn plain_fields() {
        refused(
            None,
            "event_id",
            &[|event| event["event_id"] = json!(""), |event| event["event_id"] = json!(10_001)],
        );
        refused(None, "referrer_url", &[|event| event["referrer_url"] = Value::Null]);
        refused(None, "app_data", &[|event| event["app_data"] = json!([])]);
        refused(None, "opt_out", &[|event| event["opt_out"] = json!("false")]);
        accepted(&[|event| drop_field(event, "event_id"), |event| event["opt_out"] = json!(true)]);
    }

    #[test]
    fn v52_limited_data_use_is_whole_or_absent() {
        const COUNTRY: &str = "data_processing_options_country";
        const STATE: &str = "data_processing_options_state";

        fn limited(event: &mut Value, country: Option<u64>, state: Option<u64>) {
            event["data_processing_options"] = json!(["LDU"]);
            for (key, value) in [(COUNTRY, country), (STATE, state)] {
                if let Some(value) = value {
                    event[key] = json!(value);
                }
            }
        }

        refused(
            None,
            "data_processing_options",
            &[
                |event| event["data_processing_options"] = json!("LDU"),
                |event| event["data_processing_options"] = json!(["ldu"]),
            ],
        );
        refused(
            None,
            COUNTRY,
            &[|event| limited(event, None, Some(0)), |event| limited(event, Some(2), Some(0))],
        );
        refused(
            None,
            STATE,
            &[
                |event| limited(event, Some(1), None),
                |event| limited(event, Some(1), Some(999)),
                |event| limited(event, Some(1), Some(1014)),
                |event| event[COUNTRY] = json!(0),
            ],
        );
        accepted(&[
            |event| event["data_processing_options"] = json!([]),
            |event| limited(event, Some(0), Some(0)),
            |event| limited(event, Some(1), Some(1013)),
        ]);
    }

    #[test]
    fn hashed_keys() {
        refused(
            None,
            "user_data.em",
            &[
                |event| event["user_data"]["em"] = json!("mary@example.com"),
                |event| event["user_data"]["em"] = json!([HASH, ""]),
                |event| event["user_data"]["em"] = json!([HASH, null]),
                |event| event["user_data"]["em"] = Value::Null,
                |event| event["user_data"]["em"] = json!(HASH.to_uppercase()),
                |event| event["user_data"]["em"] = json!(HASH[1..]),
                |event| event["user_data"]["em"] = json!(DIGEST_OF_NOTHING),
                |event| event["user_data"]["em"] = json!(format!("{HASH}.AQQ")),
                |event| event["user_data"]["em"] = json!(format!("{HASH}.")),
            ],
        );
        accepted(&[
            |event| event["user_data"]["em"] = json!([]),
            |event| event["user_data"]["em"] = json!(format!("{HASH}.AQQCAQAB")),
            |event| event["user_data"]["em"] = json!(format!("{HASH}.AQ")),
            |event| event["user_data"]["external_id"] = json!(["customer 7", HASH]),
        ]);
        for key in ["ph", "fn", "ln", "db", "ge", "ct", "st", "zp", "country", "doby"] {
            let mut event = purchase();
            event["user_data"][key] = json!(["mary"]);
            assert_eq!(fault_of(&event), Some((100, None, format!("user_data.{key}"))));
        }
    }

    #[test]
    fn v40_unhashed_keys() {
        refused(None, "user_data.external_id", &[|event| event["user_data"]["external_id"] = json!([""])]);
        refused(None, "user_data.madid", &[|event| event["user_data"]["madid"] = json!(["x"])]);
        refused(
            None,
            "user_data.client_ip_address",
            &[|event| event["user_data"]["client_ip_address"] = json!("10.0.0.256")],
        );
        refused(
            None,
            "user_data.fbc",
            &[
                |event| event["user_data"]["fbc"] = json!("IwAR2F4"),
                |event| event["user_data"]["fbc"] = json!("fb.3.1554763741205.x"),
                |event| event["user_data"]["fbc"] = json!("fb.1..x"),
            ],
        );
        refused(LEAD_ID, "user_data.lead_id", &[|event| event["user_data"]["lead_id"] = json!("lead")]);
        accepted(&[
            |event| event["user_data"]["client_ip_address"] = json!("2001:db8::1"),
            |event| event["user_data"]["fbc"] = json!("fb.1.1554763741205.IwAR2F4.x"),
            |event| event["user_data"]["lead_id"] = json!(525_645_896_321_548_u64),
            |event| event["user_data"]["lead_id"] = json!("525645896321548"),
        ]);
    }

    #[test]
    fn v42_match_keys_that_are_too_broad() {
        for (keys, valid) in [
            ("", false),
            ("ge ct st country", false),
            ("client_user_agent", false),
            ("db client_user_agent", false),
            ("fn ge", false),
            ("fn", false),
            ("ln", false),
            ("zp country client_user_agent", false),
            ("em", true),
            ("ph", true),
            ("external_id", true),
            ("client_ip_address", true),
            ("client_ip_address client_user_agent", true),
            ("fn ln", true),
            ("db ge", true),
            ("fn zp", true),
        ] {
            let mut event = purchase();
            event["user_data"] = json!({});
            for key in keys.split_whitespace() {
                event["user_data"][key] = match key {
                    "client_user_agent" => json!("Mozilla/5.0"),
                    "client_ip_address" => json!("203.0.113.7"),
                    _ => json!([HASH]),
                };
            }
            let expected = (!valid).then(|| (100, Some(TOO_BROAD), "user_data".to_owned()));
            assert_eq!(fault_of(&event), expected, "{keys:?}");
        }
        refused(
            TOO_BROAD,
            "user_data",
            &[
                |event| drop_field(event, "user_data"),
                |event| event["user_data"] = json!([HASH]),
                |event| event["user_data"] = json!({ "em": [], "ct": HASH }),
            ],
        );
    }

    #[test]
    fn purchases_have_a_value_and_a_currency() {
        refused(
            PURCHASE_WITHOUT_VALUE,
            "custom_data.currency",
            &[
                |event| drop_field(event, "custom_data"),
                |event| drop_field(&mut event["custom_data"], "currency"),
            ],
        );
        refused(
            PURCHASE_WITHOUT_VALUE,
            "custom_data.value",
            &[|event| drop_field(&mut event["custom_data"], "value")],
        );
        accepted(&[|event| {
            event["event_name"] = json!("Lead");
            drop_field(event, "custom_data");
        }]);
    }

    #[test]
    fn custom_data() {
        refused(None, "custom_data", &[|event| event["custom_data"] = json!([])]);
        refused(
            None,
            "custom_data.currency",
            &[
                |event| event["custom_data"]["currency"] = json!("US$"),
                |event| event["custom_data"]["currency"] = json!("USDT"),
                |event| event["custom_data"]["currency"] = json!(840),
            ],
        );
        refused(
            None,
            "custom_data.value",
            &[
                |event| event["custom_data"]["value"] = json!("31.5"),
                |event| event["custom_data"]["value"] = json!(-0.01),
                |event| event["custom_data"]["value"] = Value::Null,
            ],
        );
        refused(None, "custom_data.net_revenue", &[|event| event["custom_data"]["net_revenue"] = json!("1")]);
        refused(
            None,
            "custom_data.order_id",
            &[
                |event| event["custom_data"]["order_id"] = json!(10_001),
                |event| event["custom_data"]["order_id"] = json!(""),
            ],
        );
        refused(None, "custom_data.item_number", &[|event| event["custom_data"]["item_number"] = json!(1)]);
        refused(None, "custom_data.content_ids", &[|event| event["custom_data"]["content_ids"] = json!("a")]);
        refused(None, "custom_data.num_items", &[|event| event["custom_data"]["num_items"] = json!(1.5)]);
        refused(
            None,
            "custom_data.delivery_category",
            &[|event| event["custom_data"]["delivery_category"] = json!("shipping")],
        );
        accepted(&[
            |event| event["custom_data"]["value"] = json!(0),
            |event| event["custom_data"]["currency"] = json!("usd"),
            |event| event["custom_data"]["contents"] = json!([]),
        ]);
    }

    #[test]
    fn contents() {
        refused(
            None,
            "custom_data.contents",
            &[
                |event| event["custom_data"]["contents"] = json!({}),
                |event| event["custom_data"]["contents"] = json!(["SKU-1"]),
                |event| event["custom_data"]["contents"] = json!([{ "quantity": 1 }]),
                |event| event["custom_data"]["contents"] = json!([{ "id": "", "quantity": 1 }]),
                |event| event["custom_data"]["contents"] = json!([{ "id": "a" }]),
                |event| event["custom_data"]["contents"] = json!([{ "id": "a", "quantity": 0 }]),
                |event| event["custom_data"]["contents"] = json!([{ "id": "a", "quantity": 1.5 }]),
                |event| event["custom_data"]["contents"][0]["item_price"] = json!("10.5"),
                |event| event["custom_data"]["contents"][0]["delivery_category"] = json!("shipping"),
            ],
        );
    }

    #[test]
    fn v45_website_events() {
        fn website(event: &mut Value) {
            event["action_source"] = json!("website");
            event["event_source_url"] = json!("https://shop.example/thanks");
            event["user_data"]["client_user_agent"] = json!("Mozilla/5.0");
        }

        accepted(&[website]);
        refused(
            None,
            "event_source_url",
            &[
                |event| {
                    website(event);
                    drop_field(event, "event_source_url");
                },
                |event| {
                    website(event);
                    event["event_source_url"] = json!("shop.example");
                },
            ],
        );
        refused(
            None,
            "user_data.client_user_agent",
            &[|event| {
                website(event);
                drop_field(&mut event["user_data"], "client_user_agent");
            }],
        );
    }

    #[test]
    fn v46_app_events() {
        fn app(event: &mut Value) {
            let mut device = vec![""; 16];
            device[0] = "i2";
            device[4] = "26.0";
            event["action_source"] = json!("app");
            event["app_data"] = json!({ "advertiser_tracking_enabled": 1, "extinfo": device });
        }

        accepted(&[app]);
        refused(
            DEVICE_INFO,
            "app_data.extinfo",
            &[
                |event| event["action_source"] = json!("app"),
                |event| {
                    app(event);
                    event["app_data"]["extinfo"][4] = json!("");
                },
                |event| {
                    app(event);
                    event["app_data"]["extinfo"][9] = json!(1080);
                },
                |event| {
                    app(event);
                    event["app_data"]["extinfo"] = json!(["i2", "", "", "", "26.0"]);
                },
            ],
        );
        refused(
            None,
            "app_data.advertiser_tracking_enabled",
            &[|event| {
                app(event);
                event["app_data"]["advertiser_tracking_enabled"] = json!(2);
            }],
        );
    }

    #[test]
    fn v46_messaging_events() {
        fn on(event: &mut Value, channel: &str, keys: &[&str]) {
            event["action_source"] = json!("business_messaging");
            event["messaging_channel"] = json!(channel);
            for key in keys {
                event["user_data"][*key] = json!("1");
            }
        }

        accepted(&[
            |event| on(event, "messenger", &["page_id", "page_scoped_user_id"]),
            |event| on(event, "whatsapp", &["ctwa_clid", "page_id"]),
            |event| on(event, "whatsapp", &["ctwa_clid", "whatsapp_business_account_id"]),
            |event| on(event, "instagram", &["ig_sid", "instagram_business_account_id"]),
            |event| on(event, "instagram", &["ig_sid", "ig_account_id"]),
        ]);
        refused(
            None,
            "messaging_channel",
            &[
                |event| event["action_source"] = json!("business_messaging"),
                |event| on(event, "telegram", &["page_id"]),
            ],
        );
        refused(
            None,
            "user_data",
            &[
                |event| on(event, "messenger", &["page_id"]),
                |event| on(event, "whatsapp", &["page_id"]),
                |event| on(event, "instagram", &["ig_account_id"]),
            ],
        );
        refused(
            MESSAGING_ASSET,
            "user_data",
            &[
                |event| on(event, "messenger", &["page_scoped_user_id"]),
                |event| on(event, "whatsapp", &["ctwa_clid"]),
                |event| on(event, "instagram", &["ig_sid"]),
            ],
        );
        refused(
            MESSAGING_EVENT_NAME,
            "event_name",
            &[|event| {
                on(event, "whatsapp", &["ctwa_clid", "page_id"]);
                event["event_name"] = json!("Lead");
            }],
        );
    }
}
