//! Meta's documented rules, applied to one request: plain JSON in, a verdict out.
//!
//! Here belongs every rule that a test may rely on, written once more and on purpose without the
//! rest of the crate. Sockets, clocks and storage stay outside: the verdict depends on the
//! arguments alone. One bad event refuses the whole batch, and the first one found is the one told.

use std::net::IpAddr;

use serde_json::{Map, Value};
use url::Url;

use super::graph::GraphError;

const MOST_EVENTS: usize = 1000;
const LONGEST_EVENT_NAME: usize = 50;
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
        Some(Value::Array(events)) if events.len() > MOST_EVENTS => {
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
    text.chars().count() < 23 && text.chars().filter(|c| c.is_ascii_alphabetic()).count() >= 2
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
    let fits = name.is_some_and(|name| name.chars().count() <= LONGEST_EVENT_NAME);
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

/// Limited data use: a country goes with the option, and a state with the country or without an
/// address to locate.
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
    let address = nested(event, "user_data", "client_ip_address").is_some();
    demand(!limited || country, None, &[COUNTRY], "must be given with LDU")?;
    demand(!limited || state || address, None, &[STATE], "must be given with LDU when there is no address")?;
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
        "em" | "ph" | "fn" | "ln" | "db" | "ge" | "ct" | "st" | "zp" | "country" => Form::Digests,
        "f5first" | "f5last" | "fi" | "dobd" | "dobm" | "doby" => Form::Digests,
        "external_id" => Form::Texts,
        "client_ip_address" => Form::Address,
        "fbc" | "fbp" => Form::ClickId,
        "fb_login_id" | "lead_id" => Form::Number,
        "client_user_agent" | "subscription_id" | "anon_id" | "madid" => Form::Text,
        "page_id" | "page_scoped_user_id" | "ctwa_clid" | "ig_account_id" | "ig_sid" => Form::Text,
        "whatsapp_business_account_id" | "instagram_business_account_id" => Form::Text,
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

fn is_address(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.parse::<IpAddr>().is_ok())
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
            "content_ids" => (value.is_array() && each_text(value, |id| !id.is_empty()), "must hold texts"),
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
        content.get("id").is_some_and(is_filled)
            && content.get("quantity").and_then(Value::as_u64).is_some_and(|quantity| quantity > 0)
            && content.get("item_price").is_none_or(is_amount)
            && content.get("delivery_category").is_none_or(is_delivery_category)
    };
    value.as_array().is_some_and(|contents| contents.iter().all(is_content))
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
