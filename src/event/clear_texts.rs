//! The texts of an event that may be a customer's own, so that an answer that quotes them can be masked.

use serde_json::Value;

use super::{AppData, Attribution, Event, Status};
use crate::value::{PageUrl, Text};

/// Shorter texts may be the service's own words.
const SHORTEST: usize = 4;

impl Event {
    /// What is sent in the clear beside `user_data` and may identify the customer.
    pub(crate) fn clear_texts(&self) -> Vec<&str> {
        let mut texts: Vec<&str> = self.source_url().map(PageUrl::as_str).into_iter().collect();
        if let Some(rare) = &self.0.rare {
            texts.extend(rare.referrer_url.as_ref().map(PageUrl::as_str));
            texts.extend(rare.app_data.iter().flat_map(AppData::clear_texts).map(Text::as_str));
            texts.extend(rare.attribution.iter().flat_map(Attribution::clear_texts).map(Text::as_str));
        }
        if let Some(facts) = self.0.custom_data.rare() {
            texts.extend(facts.search_string.as_ref().map(Text::as_str));
            if let Some(Status::Text(status)) = &facts.status {
                texts.push(status.as_str());
            }
            for value in facts.properties.0.values() {
                collect(value, &mut texts);
            }
        }
        texts.retain(|text| text.len() >= SHORTEST);
        texts
    }
}

fn collect<'v>(value: &'v Value, texts: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(elements) => elements.iter().for_each(|element| collect(element, texts)),
        Value::Object(members) => members.values().for_each(|member| collect(member, texts)),
        _ => {}
    }
}
