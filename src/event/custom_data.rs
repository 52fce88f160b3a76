//! What was bought and for how much: the facts of an order that travel with its event.

use std::collections::HashSet;

use serde::Serialize;

use super::{Content, DeliveryCategory};
use crate::value::{Amount, Currency, Money, OrderId, ProductId};

/// The `custom_data` of an event. It is filled through [`EventBuilder`](super::EventBuilder).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct CustomData {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) currency: Option<Currency>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) value: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) order_id: Option<OrderId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) content_ids: Vec<ProductId>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) contents: Vec<Content>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) delivery_category: Option<DeliveryCategory>,
}

impl CustomData {
    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Lists the products among the contents, each once, first seen first.
    pub(super) fn name_contents(&mut self) {
        let mut seen = HashSet::with_capacity(self.contents.len());
        let ids = self.contents.iter().map(Content::id).filter(|id| seen.insert(*id));
        self.content_ids = ids.cloned().collect();
    }

    /// The value of the conversion.
    pub fn value(&self) -> Option<Money> {
        Some(Money::new(self.value?, self.currency?))
    }

    /// The receipt or transaction number.
    pub fn order_id(&self) -> Option<&OrderId> {
        self.order_id.as_ref()
    }

    /// What was bought, line by line.
    pub fn contents(&self) -> &[Content] {
        &self.contents
    }

    /// How the customer receives the goods.
    pub fn delivery_category(&self) -> Option<DeliveryCategory> {
        self.delivery_category
    }
}
