//! What was bought, and for how much.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use serde::ser::SerializeSeq as _;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::open::open_names;
use super::{Content, DeliveryCategory, StoreData};
use crate::value::{Amount, Currency, Money, OrderId, ProductId, Text};

/// The `custom_data` of an event. [`EventBuilder`](super::EventBuilder) fills it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CustomData {
    pub(super) currency: Option<Currency>,
    pub(super) value: Option<Amount>,
    pub(super) order_id: Option<OrderId>,
    /// The content type is `product`.
    pub(super) is_of_products: bool,
    /// The ids of the contents are sent as `content_ids`, too.
    pub(super) lists_contents: bool,
    pub(super) contents: Vec<Content>,
    pub(super) delivery_category: Option<DeliveryCategory>,
    rare: Option<Box<RareFacts>>,
}

/// The members that few events have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct RareFacts {
    /// A content type other than `product`.
    content_type: Option<ContentType>,
    /// The ids that the advertiser gave.
    content_ids: Vec<ProductId>,
    pub(super) net_revenue: Option<Amount>,
    pub(super) predicted_ltv: Option<Amount>,
    pub(super) content_name: Option<Text>,
    pub(super) content_category: Option<Text>,
    pub(super) item_number: Option<Text>,
    pub(super) num_items: Option<u64>,
    pub(super) search_string: Option<Text>,
    pub(super) status: Option<Status>,
    pub(super) store_data: Option<StoreData>,
    pub(super) customer_segmentation: Option<CustomerSegmentation>,
    pub(super) properties: Properties,
}

/// The custom properties, in the order of their names.
#[derive(Clone, PartialEq, Eq, Default)]
pub(super) struct Properties(pub(super) BTreeMap<Box<str>, Value>);

impl fmt::Debug for Properties {
    /// Shows how many, and neither names nor values.
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

    /// Becomes the custom data of another order, without contents, in the same memory.
    #[inline]
    pub(super) fn restart(&mut self, order_id: Option<&OrderId>) {
        let Self {
            currency,
            value,
            order_id: own_order_id,
            is_of_products,
            lists_contents,
            contents,
            delivery_category,
            rare,
        } = self;
        match (own_order_id, order_id) {
            (Some(own), Some(id)) => own.clone_from(id),
            (own, id) => *own = id.cloned(),
        }
        contents.clear();
        (*is_of_products, *lists_contents) = (false, false);
        (*currency, *value, *delivery_category, *rare) = (None, None, None, None);
    }

    pub(super) fn rare_mut(&mut self) -> &mut RareFacts {
        self.rare.get_or_insert_default()
    }

    pub(super) fn rare(&self) -> Option<&RareFacts> {
        self.rare.as_deref()
    }

    /// Marks the contents as products and lists the id of each once, unless the type or the ids were given.
    pub(super) fn name_products(&mut self) {
        self.is_of_products = self.other_content_type().is_none();
        self.lists_contents = self.given_content_ids().is_empty();
    }

    pub(super) fn set_content_type(&mut self, kind: ContentType) {
        self.is_of_products = kind == ContentType::Product;
        self.change_rare(|rare| rare.content_type = Some(kind).filter(|kind| *kind != ContentType::Product));
    }

    pub(super) fn set_content_ids(&mut self, ids: Vec<ProductId>) {
        self.change_rare(|rare| rare.content_ids = ids);
    }

    /// Changes the members that few events have, which may be none then.
    fn change_rare(&mut self, change: impl FnOnce(&mut RareFacts)) {
        let mut rare = self.rare.take().unwrap_or_default();
        change(&mut rare);
        self.rare = Some(rare).filter(|rare| **rare != RareFacts::default());
    }

    /// Forgets given ids that are those of the contents: they are listed from there.
    pub(super) fn settle_content_ids(&mut self) {
        let mut given = self.given_content_ids().iter();
        let same = ContentIds::OfContents(&self.contents)
            .try_for_each(|id| if given.next() == Some(id) { Ok(()) } else { Err(()) });
        if !self.given_content_ids().is_empty() && same.is_ok() && given.next().is_none() {
            self.set_content_ids(Vec::new());
            self.lists_contents = true;
        }
    }

    /// The ids that the advertiser gave.
    pub(crate) fn given_content_ids(&self) -> &[ProductId] {
        self.rare().map_or(&[], |rare| &rare.content_ids)
    }

    /// The content type, unless it is `product`.
    pub(super) fn other_content_type(&self) -> Option<&ContentType> {
        self.rare()?.content_type.as_ref()
    }

    pub(super) fn ids(&self) -> ContentIds<'_> {
        if self.lists_contents {
            ContentIds::OfContents(&self.contents)
        } else {
            ContentIds::Given(self.given_content_ids())
        }
    }

    /// The value of the conversion.
    pub fn value(&self) -> Option<Money> {
        Some(Money::new(self.value?, self.currency?))
    }

    /// The order id: the receipt or transaction number.
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

/// The ids of what was bought or viewed.
#[derive(Clone, Copy)]
pub(crate) enum ContentIds<'a> {
    /// The ids that the advertiser gave.
    Given(&'a [ProductId]),
    /// The id of each content once, in the order of the contents.
    OfContents(&'a [Content]),
}

/// In an order of at most this many lines, comparing each id with all before it is faster than a hash table.
const FEW_LINES: usize = 16;

impl<'a> ContentIds<'a> {
    /// Calls `each` with every id, in order.
    #[inline]
    pub(crate) fn try_for_each<E>(
        self,
        mut each: impl FnMut(&'a ProductId) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::Given(ids) => ids.iter().try_for_each(each),
            Self::OfContents(contents) if contents.len() <= FEW_LINES => {
                contents.iter().enumerate().try_for_each(|(index, content)| {
                    let is_new = contents[..index].iter().all(|earlier| earlier.id() != content.id());
                    if is_new { each(content.id()) } else { Ok(()) }
                })
            }
            Self::OfContents(contents) => {
                let mut seen = HashSet::with_capacity(contents.len());
                contents.iter().map(Content::id).filter(|id| seen.insert(*id)).try_for_each(each)
            }
        }
    }
}

impl Serialize for ContentIds<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        self.try_for_each(|id| list.serialize_element(id))?;
        list.end()
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

    /// The customer segment.
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

/// The status of a registration: a text in Meta's SDKs, a boolean on Meta's page about the pixel.
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
