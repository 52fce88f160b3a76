//! Rules on where a sale happened, and what websites, apps and conversations have to send with it.

use serde_json::Value;
use url::Url;

use super::fields::{Fields, fault, is_filled, is_from, nested, require, text};
use crate::testing::graph::GraphError;

const DEVICE_INFO: i64 = 2_804_043;
const MESSAGING_EVENT_NAME: i64 = 2_804_066;
const MESSAGING_ASSET: i64 = 2_804_116;

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

pub(super) fn check_action_source(event: &Fields, _now: i64) -> Result<(), GraphError> {
    let known = text(event, "action_source").is_some_and(|source| ACTION_SOURCES.contains(&source));
    require(known, None, &["action_source"], "must be one of the nine action sources")
}

pub(super) fn check_website_and_app(event: &Fields, _now: i64) -> Result<(), GraphError> {
    if is_from(event, "website") {
        let page = text(event, "event_source_url").is_some_and(is_page);
        let agent = nested(event, "user_data", "client_user_agent").is_some();
        require(page, None, &["event_source_url"], "a website event needs the address of its page")?;
        require(agent, None, &["user_data", "client_user_agent"], "a website event needs it")?;
    }
    if is_from(event, "app") {
        let device = nested(event, "app_data", "extinfo").is_some_and(is_device_info);
        let tracking = nested(event, "app_data", "advertiser_tracking_enabled").is_some_and(is_switch);
        require(
            device,
            DEVICE_INFO,
            &["app_data", "extinfo"],
            "an app event needs 16 entries, 0 and 4 filled",
        )?;
        require(tracking, None, &["app_data", "advertiser_tracking_enabled"], "an app event needs it")?;
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

pub(super) fn check_messaging(event: &Fields, _now: i64) -> Result<(), GraphError> {
    if !is_from(event, "business_messaging") {
        return Ok(());
    }
    let name_fits = text(event, "event_name").is_some_and(|name| MESSAGING_EVENTS.contains(&name));
    require(name_fits, MESSAGING_EVENT_NAME, &["event_name"], "is not allowed for business messaging")?;

    let has = |key: &str| nested(event, "user_data", key).is_some();
    let (person, asset) = match text(event, "messaging_channel") {
        Some("messenger") => (has("page_scoped_user_id"), has("page_id")),
        Some("whatsapp") => (has("ctwa_clid"), has("page_id") || has("whatsapp_business_account_id")),
        Some("instagram") => (has("ig_sid"), has("instagram_business_account_id") || has("ig_account_id")),
        _ => return Err(fault(None, &["messaging_channel"], "must be whatsapp, messenger or instagram")),
    };
    require(person, None, &["user_data"], "the channel's id of the person is missing")?;
    require(asset, MESSAGING_ASSET, &["user_data"], "the id of the page or account is missing")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::sample::{accepted, drop_field, refused};
    use super::*;

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
