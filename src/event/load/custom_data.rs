//! `custom_data` and what is in it.

use serde_json::Value;
use serde_json::value::RawValue;

use super::member::{Members, json, text, within};
use crate::event::{Content, EventBuilder, Status, StoreData};
use crate::value::{Amount, Currency, Money, Text};

pub(super) fn load_custom_data(
    mut event: EventBuilder,
    mut members: Members,
) -> Result<EventBuilder, String> {
    let currency =
        members.0.remove("currency").map(|raw| json::<Currency>("custom_data.currency", &raw)).transpose()?;
    let value = members.0.remove("value").map(|raw| json::<Amount>("custom_data.value", &raw)).transpose()?;
    event = match (value, currency) {
        (Some(value), Some(currency)) => {
            let money = Money::new(value, currency);
            if money.rounded() != money {
                return Err("custom_data.value has more decimals than its currency".to_owned());
            }
            event.value(money)
        }
        (None, Some(currency)) => event.currency(currency),
        (Some(_), None) => return Err("custom_data.value has no currency".to_owned()),
        (None, None) => event,
    };
    for (name, raw) in &members.0 {
        let path = &within("custom_data", name);
        event = match name.as_str() {
            "order_id" => event.order_id(json(path, raw)?),
            "content_type" => event.content_type(text(path, raw)?),
            "content_ids" => event.content_ids(json::<Vec<_>>(path, raw)?),
            "contents" => {
                let contents = json::<Vec<Members>>(path, raw)?.into_iter().enumerate();
                let mut contents =
                    contents.map(|(index, content)| load_content(&format!("{path}[{index}]"), content));
                contents.try_fold(event, |event, content| Ok::<_, String>(event.content(content?)))?
            }
            "delivery_category" => event.delivery_category(text(path, raw)?),
            "net_revenue" => event.net_revenue(json(path, raw)?),
            "predicted_ltv" => event.predicted_lifetime_value(json(path, raw)?),
            "content_name" => event.content_name(text(path, raw)?),
            "content_category" => event.content_category(text(path, raw)?),
            "item_number" => event.item_number(text(path, raw)?),
            "num_items" => event.num_items(json(path, raw)?),
            "search_string" => event.search_string(text(path, raw)?),
            "status" => event.status(load_status(path, raw)?),
            "store_data" => event.store_data(load_store(&json(path, raw)?)?),
            "customer_segmentation" => event.customer_segmentation(text(path, raw)?),
            _ => event.property(name, json::<Value>(path, raw)?),
        };
    }
    Ok(event)
}

fn load_content(parent: &str, mut members: Members) -> Result<Content, String> {
    let mut take = |name: &str| {
        let path = within(parent, name);
        let raw = members.0.remove(name).ok_or_else(|| format!("{path} is missing"))?;
        Ok::<_, String>((path, raw))
    };
    let ((id_path, id), (quantity_path, quantity)) = (take("id")?, take("quantity")?);
    let mut content = Content::new(json(&id_path, &id)?, json(&quantity_path, &quantity)?);
    for (name, raw) in &members.0 {
        let path = &within(parent, name);
        content = match name.as_str() {
            "item_price" => content.item_price(json(path, raw)?),
            "delivery_category" => content.delivery_category(text(path, raw)?),
            "title" => content.title(text(path, raw)?),
            "description" => content.description(text(path, raw)?),
            "brand" => content.brand(text(path, raw)?),
            "category" => content.category(text(path, raw)?),
            _ => return Err(format!("{path} is not known")),
        };
    }
    Ok(content)
}

fn load_status(path: &str, raw: &RawValue) -> Result<Status, String> {
    match json(path, raw)? {
        Value::Bool(completed) => Ok(completed.into()),
        _ => text::<Text>(path, raw).map(Status::from),
    }
}

fn load_store(members: &Members) -> Result<StoreData, String> {
    let mut store = StoreData::new();
    for (name, raw) in &members.0 {
        let path = &within("custom_data.store_data", name);
        store = match name.as_str() {
            "store_page_id" => store.store_page_id(text(path, raw)?),
            "brand_page_id" => store.brand_page_id(text(path, raw)?),
            "store_code" => store.store_code(text(path, raw)?),
            _ => return Err(format!("{path} is not known")),
        };
    }
    Ok(store)
}
