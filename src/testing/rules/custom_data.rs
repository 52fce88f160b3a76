//! Rules on `custom_data`: money, contents, and what a purchase needs.

use serde_json::Value;

use super::fields::{Fields, fault, is_filled, nested, require, text};
use crate::testing::graph::GraphError;

const PURCHASE_WITHOUT_VALUE: i64 = 2_804_009;

pub(super) fn check_custom_data(event: &Fields, _now: i64) -> Result<(), GraphError> {
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
        require(fits, None, field, why)
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

pub(super) fn check_purchase(event: &Fields, _now: i64) -> Result<(), GraphError> {
    let is_purchase = text(event, "event_name") == Some("Purchase");
    ["currency", "value"].iter().try_for_each(|key| {
        let given = nested(event, "custom_data", key).is_some();
        require(given || !is_purchase, PURCHASE_WITHOUT_VALUE, &["custom_data", key], "a purchase needs it")
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::sample::{accepted, drop_field, refused};
    use super::*;

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
}
