//! One line of an order.

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::value::{Amount, InvalidValue, ProductId, Rule, Text, ValueKind};

/// One line of an order: a product, its quantity and its price.
///
/// ```
/// use std::num::NonZeroU64;
/// use meta_offline_events::event::Content;
///
/// let three = NonZeroU64::new(3).unwrap();
/// let line = Content::new("SKU-1".parse()?, three).item_price("10.50".parse()?);
/// assert_eq!(serde_json::to_string(&line)?, r#"{"id":"SKU-1","quantity":3,"item_price":10.5}"#);
/// assert_eq!(serde_json::to_value(line.brand("Example".parse()?))?["brand"], "Example");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    pub(super) id: ProductId,
    pub(super) quantity: NonZeroU64,
    pub(super) item_price: Option<Amount>,
    pub(super) details: Option<Box<Details>>,
}

/// The members that few lines have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Details {
    pub(super) delivery_category: Option<DeliveryCategory>,
    pub(super) title: Option<Text>,
    pub(super) description: Option<Text>,
    pub(super) brand: Option<Text>,
    pub(super) category: Option<Text>,
}

impl Content {
    /// Creates a line with this many of this product.
    pub fn new(id: ProductId, quantity: NonZeroU64) -> Self {
        Self { id, quantity, item_price: None, details: None }
    }

    #[inline]
    pub(super) fn with_price(id: ProductId, quantity: NonZeroU64, item_price: Option<Amount>) -> Self {
        Self { id, quantity, item_price, details: None }
    }

    /// Sets the price of one item, in the currency of the event.
    pub fn item_price(mut self, price: Amount) -> Self {
        self.item_price = Some(price);
        self
    }

    /// Sets how the customer receives this product.
    pub fn delivery_category(mut self, category: DeliveryCategory) -> Self {
        self.details().delivery_category = Some(category);
        self
    }

    /// Sets the title of the product.
    pub fn title(mut self, title: Text) -> Self {
        self.details().title = Some(title);
        self
    }

    /// Sets the description of the product.
    pub fn description(mut self, description: Text) -> Self {
        self.details().description = Some(description);
        self
    }

    /// Sets the brand of the product.
    pub fn brand(mut self, brand: Text) -> Self {
        self.details().brand = Some(brand);
        self
    }

    /// Sets the category of the product.
    pub fn category(mut self, category: Text) -> Self {
        self.details().category = Some(category);
        self
    }

    fn details(&mut self) -> &mut Details {
        self.details.get_or_insert_default()
    }

    /// The product.
    pub fn id(&self) -> &ProductId {
        &self.id
    }

    /// The quantity.
    pub fn quantity(&self) -> NonZeroU64 {
        self.quantity
    }

    /// The price of one item.
    pub fn price(&self) -> Option<Amount> {
        self.item_price
    }
}

/// How the customer receives the goods: the three ways that Meta knows.
///
/// ```
/// use meta_offline_events::event::DeliveryCategory;
///
/// assert_eq!("curbside".parse::<DeliveryCategory>()?, DeliveryCategory::Curbside);
/// assert!("shipping".parse::<DeliveryCategory>().is_err());
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeliveryCategory {
    /// The customer enters the store.
    InStore,
    /// The goods are brought to the customer's vehicle.
    Curbside,
    /// The goods are brought home.
    HomeDelivery,
}

impl DeliveryCategory {
    /// The three names as they are sent.
    pub const NAMES: &'static [&'static str] = &["in_store", "curbside", "home_delivery"];

    /// The name as it is sent.
    pub fn as_str(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

impl FromStr for DeliveryCategory {
    type Err = InvalidValue;

    /// Trims outer blanks; the rest must be one of the three names, in lower case.
    ///
    /// # Errors
    ///
    /// [`Rule::Empty`], or [`Rule::NotOneOf`] with the three names.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let text = text.trim();
        let rule = match text {
            "in_store" => return Ok(Self::InStore),
            "curbside" => return Ok(Self::Curbside),
            "home_delivery" => return Ok(Self::HomeDelivery),
            "" => Rule::Empty,
            _ => Rule::NotOneOf(Self::NAMES),
        };
        Err(InvalidValue::new(ValueKind::DeliveryCategory, rule))
    }
}

impl fmt::Display for DeliveryCategory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for DeliveryCategory {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
