//! The members of `custom_data`: those of Meta's, and the advertiser's own.

use std::num::NonZeroU64;

use meta_offline_events::event::{Content, DeliveryCategory, EventBuilder, Status, StoreData};
use meta_offline_events::value::{Currency, Money};
use serde_json::value::RawValue;

use super::json::{Fault, Faults, Object, With, by_digits, count, id, product, text, yes_or_no};

pub(crate) fn read(mut object: Object<'_>, builder: EventBuilder, faults: &Faults) -> EventBuilder {
    let builder = money(&mut object, builder)
        .with(object.take("order_id", id), EventBuilder::order_id)
        .with(object.take("content_type", text), EventBuilder::content_type)
        .content_ids(object.each_or_one("content_ids", product));
    let builder = contents(&mut object, faults)
        .into_iter()
        .fold(builder, EventBuilder::content)
        .with(object.take("delivery_category", text), EventBuilder::delivery_category)
        .with(object.take("net_revenue", by_digits), EventBuilder::net_revenue)
        .with(object.take("predicted_ltv", by_digits), EventBuilder::predicted_lifetime_value)
        .with(object.take("content_name", text), EventBuilder::content_name)
        .with(object.take("content_category", text), EventBuilder::content_category)
        .with(object.take("item_number", id), EventBuilder::item_number)
        .with(object.take("num_items", count), EventBuilder::num_items)
        .with(object.take("search_string", text), EventBuilder::search_string)
        .with(object.take("status", status), EventBuilder::status)
        .with(object.object("store_data").map(store_data), EventBuilder::store_data)
        .with(object.take("customer_segmentation", text), EventBuilder::customer_segmentation);
    object.rest().fold(builder, |builder, (name, raw)| {
        if let Ok(value) = serde_json::from_str::<serde_json::Value>(raw.get()) {
            return builder.property(&name, value);
        }
        let fault = Fault::new("not_a_value", "is nested too deeply, or has a number too large");
        faults.add(format!("custom_data.{name}"), fault);
        builder
    })
}

fn money(object: &mut Object<'_>, builder: EventBuilder) -> EventBuilder {
    let names_currency = object.has("currency");
    let value = object.take("value", by_digits);
    let currency = object.take("currency", text::<Currency>);
    match (value, currency) {
        (Some(value), Some(currency)) => builder.value(Money::new(value, currency)),
        (Some(_), None) => {
            if !names_currency {
                object.fault("currency", Fault::new("missing", "is missing: a value needs its currency"));
            }
            builder
        }
        (None, currency) => builder.with(currency, EventBuilder::currency),
    }
}

fn contents(object: &mut Object<'_>, faults: &Faults) -> Vec<Content> {
    let lines = object.list("contents").unwrap_or_default();
    lines.into_iter().filter_map(|(path, raw)| content(Object::read(raw, path, faults)?)).collect()
}

fn content(mut line: Object<'_>) -> Option<Content> {
    let id = line.need("id", product);
    let quantity = line.need("quantity", count::<NonZeroU64>);
    let price = line.take("item_price", by_digits);
    let category = line.take("delivery_category", text::<DeliveryCategory>);
    let content = Content::new(id?, quantity?)
        .with(price, Content::item_price)
        .with(category, Content::delivery_category)
        .with(line.take("title", text), Content::title)
        .with(line.take("description", text), Content::description)
        .with(line.take("brand", text), Content::brand)
        .with(line.take("category", text), Content::category);
    line.close();
    Some(content)
}

fn status(raw: &RawValue) -> Result<Status, Fault> {
    if raw.get().starts_with('"') {
        Ok(text(raw).map(Status::Text)?)
    } else {
        yes_or_no(raw).map(Status::from)
    }
}

fn store_data(mut store: Object<'_>) -> StoreData {
    let data = StoreData::new()
        .with(store.take("store_page_id", id), StoreData::store_page_id)
        .with(store.take("brand_page_id", id), StoreData::brand_page_id)
        .with(store.take("store_code", id), StoreData::store_code);
    store.close();
    data
}
