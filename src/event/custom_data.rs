//! What was bought and for how much: the facts of an order that travel with its event.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::open::open_names;
use super::{Content, DeliveryCategory, StoreData};
use crate::value::{Amount, Currency, Money, OrderId, ProductId, Text};

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
    pub(super) content_type: Option<ContentType>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) content_ids: Vec<ProductId>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) contents: Vec<Content>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) delivery_category: Option<DeliveryCategory>,
    #[serde(flatten)]
    rare: Option<Box<RareFacts>>,
}

/// Up to so many lines it is quicker to compare each with all before it than to fill a table.
const FEW_LINES: usize = 16;

/// What few events say.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub(super) struct RareFacts {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) net_revenue: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) predicted_ltv: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content_name: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content_category: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) item_number: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) num_items: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) search_string: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) store_data: Option<StoreData>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) customer_segmentation: Option<CustomerSegmentation>,
    #[serde(flatten)]
    pub(super) properties: Properties,
}

/// The advertiser's own members of `custom_data`, in the order of their names.
#[derive(Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub(super) struct Properties(pub(super) BTreeMap<Box<str>, Value>);

impl fmt::Debug for Properties {
    /// How many; neither names nor values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Properties({})", self.0.len())
    }
}

impl CustomData {
    /// The members that Meta defines and this crate has setters for: no
    /// [custom property](super::EventBuilder::property) may have such a name.
    pub const STANDARD: &'static [&'static str] = &[
        "currency",
        "value",
        "order_id",
        "content_type",
        "content_ids",
        "contents",
        "delivery_category",
        "net_revenue",
        "predicted_ltv",
        "content_name",
        "content_category",
        "item_number",
        "num_items",
        "search_string",
        "status",
        "store_data",
        "customer_segmentation",
    ];

    /// The longest name of a custom property, in bytes. Meta publishes no limit.
    pub const MAX_PROPERTY_NAME_BYTES: usize = 256;

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.value.is_none() && self.order_id.is_none() && *self == Self::default()
    }

    /// Forgets everything but its memory.
    pub(super) fn clear(&mut self) {
        let Self { currency, value, order_id, content_type, content_ids, contents, delivery_category, rare } =
            self;
        (*currency, *value, *order_id, *content_type) = (None, None, None, None);
        content_ids.clear();
        contents.clear();
        (*delivery_category, *rare) = (None, None);
    }

    pub(super) fn rare_mut(&mut self) -> &mut RareFacts {
        self.rare.get_or_insert_default()
    }

    pub(super) fn rare(&self) -> Option<&RareFacts> {
        self.rare.as_deref()
    }

    /// Says that the contents are products, and lists each once, first seen first, unless type or ids
    /// were given.
    pub(super) fn name_products(&mut self) {
        self.content_type.get_or_insert(ContentType::Product);
        if self.content_ids.is_empty() {
            let is_first = |(index, line): &(usize, &Content)| {
                self.contents[..*index].iter().all(|earlier| earlier.id() != line.id())
            };
            if self.contents.len() <= FEW_LINES {
                self.content_ids.reserve(self.contents.len());
                for (_, line) in self.contents.iter().enumerate().filter(is_first) {
                    self.content_ids.push(line.id().clone());
                }
            } else {
                let mut seen = HashSet::with_capacity(self.contents.len());
                let ids = self.contents.iter().map(Content::id).filter(|id| seen.insert(*id));
                self.content_ids.extend(ids.cloned());
            }
        }
    }

    /// Whether nothing is said that few events say.
    pub(crate) fn is_usual(&self) -> bool {
        self.rare.is_none() && self.contents.iter().all(Content::is_usual)
    }

    pub(crate) fn currency(&self) -> Option<Currency> {
        self.currency
    }

    pub(crate) fn amount(&self) -> Option<Amount> {
        self.value
    }

    pub(crate) fn content_type(&self) -> Option<&ContentType> {
        self.content_type.as_ref()
    }

    pub(crate) fn content_ids(&self) -> &[ProductId] {
        &self.content_ids
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

open_names! {
    /// What the ids of contents stand for.
    ///
    /// ```
    /// use meta_offline_events::event::ContentType;
    ///
    /// assert_eq!("product_group".parse::<ContentType>()?, ContentType::ProductGroup);
    /// assert_eq!("hotel".parse::<ContentType>()?.as_str(), "hotel");
    /// assert!("Product".parse::<ContentType>().is_err());
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    ContentType {
        /// Products.
        Product "product",
        /// Groups of products.
        ProductGroup "product_group",
    }

    /// What the customer is to the advertiser.
    ///
    /// Experimental: Meta's table lists this among the members of an event, but Meta's only sample has
    /// it in `custom_data`, where it is sent.
    CustomerSegmentation {
        /// New to the business.
        NewToBusiness "new_customer_to_business",
        /// New to the line of business.
        NewToBusinessLine "new_customer_to_business_line",
        /// New to the product area.
        NewToProductArea "new_customer_to_product_area",
        /// New to the medium.
        NewToMedium "new_customer_to_medium",
        /// Known to the business.
        KnownToBusiness "existing_customer_to_business",
        /// Known to the line of business.
        KnownToBusinessLine "existing_customer_to_business_line",
        /// Known to the product area.
        KnownToProductArea "existing_customer_to_product_area",
        /// Known to the medium.
        KnownToMedium "existing_customer_to_medium",
        /// In the loyalty program.
        InLoyaltyProgram "customer_in_loyalty_program",
    }
}

/// How a registration ended: Meta's SDKs take a text, Meta's page on the pixel a yes or no.
///
/// ```
/// use meta_offline_events::event::Status;
///
/// assert_eq!(serde_json::to_string(&Status::from(true))?, "true");
/// assert_eq!(serde_json::to_string(&Status::Text("confirmed".parse()?))?, r#""confirmed""#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum Status {
    /// In words.
    Text(Text),
    /// Whether it was completed.
    Completed(bool),
}

impl From<Text> for Status {
    fn from(text: Text) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Status {
    fn from(completed: bool) -> Self {
        Self::Completed(completed)
    }
}
