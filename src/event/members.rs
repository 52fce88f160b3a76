//! The members of an event on the wire: each named once, in the order in which they are sent.
//!
//! A [`MemberWriter`] decides how a member is written: one hands it to a serializer, another writes bytes.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::custom_data::{ContentIds, RareFacts};
use super::rare_members::RareMembers;
use super::{Content, ContentType, CustomData, Event};
use crate::customer::UserData;
use crate::value::{Amount, Currency, EventId, Identifier, ProductId};

/// The name of a member with the marks around it: `,"name":`.
#[derive(Clone, Copy)]
pub(super) struct Name {
    with_marks: &'static str,
    padded: &'static [u8; Name::ROOM],
}

impl Name {
    /// Longer than every name with its marks.
    pub(crate) const ROOM: usize = 48;

    /// Takes a name with its marks, also followed by zeros; see `name!`.
    pub(crate) const fn written(with_marks: &'static str, padded: &'static [u8; Self::ROOM]) -> Self {
        Self { with_marks, padded }
    }

    /// A name followed by zeros.
    pub(crate) const fn padded(with_marks: &str) -> [u8; Self::ROOM] {
        let mut padded = [0; Self::ROOM];
        padded.split_at_mut(with_marks.len()).0.copy_from_slice(with_marks.as_bytes());
        padded
    }

    /// The name as it stands behind another member, followed by zeros, and its length.
    pub(crate) fn behind_another(self) -> (&'static [u8; Self::ROOM], usize) {
        (self.padded, self.with_marks.len())
    }

    fn plain(self) -> &'static str {
        &self.with_marks[2..self.with_marks.len() - 2]
    }
}

macro_rules! name {
    ($name:literal) => {
        $crate::event::members::Name::written(
            concat!(",\"", $name, "\":"),
            const { &$crate::event::members::Name::padded(concat!(",\"", $name, "\":")) },
        )
    };
}

/// Writes the members of an object, one after another.
///
/// Only [`member`](Self::member) and [`property`](Self::property) must be written. The other methods are for
/// values that a writer of bytes can write without a serializer.
pub(super) trait MemberWriter {
    /// Why a member could not be written.
    type Error;

    /// Writes any member.
    fn member(&mut self, name: Name, value: &impl Serialize) -> Result<(), Self::Error>;

    /// Writes a member whose name the advertiser chose.
    fn property(&mut self, name: &str, value: &Value) -> Result<(), Self::Error>;

    /// Writes a text that JSON need not escape.
    fn plain_text(&mut self, name: Name, text: &str) -> Result<(), Self::Error> {
        self.member(name, &text)
    }

    /// Writes an id.
    fn id(&mut self, name: Name, id: &Identifier) -> Result<(), Self::Error> {
        self.member(name, &id.as_str())
    }

    /// Writes the id of a product.
    fn product_id(&mut self, name: Name, id: &ProductId) -> Result<(), Self::Error> {
        self.member(name, id)
    }

    /// Writes a whole number that is not negative.
    fn number(&mut self, name: Name, number: u64) -> Result<(), Self::Error> {
        self.member(name, &number)
    }

    /// Writes an amount.
    fn amount(&mut self, name: Name, amount: Amount) -> Result<(), Self::Error> {
        self.member(name, &amount)
    }

    /// Writes a currency.
    fn currency(&mut self, name: Name, currency: Currency) -> Result<(), Self::Error> {
        self.member(name, &currency)
    }

    /// Writes the match keys.
    fn user_data(&mut self, name: Name, customer: &UserData) -> Result<(), Self::Error> {
        self.member(name, customer)
    }

    /// Writes the custom data.
    fn custom_data(&mut self, name: Name, data: &CustomData) -> Result<(), Self::Error> {
        self.member(name, data)
    }

    /// Writes the ids of products.
    fn content_ids(&mut self, name: Name, ids: ContentIds<'_>) -> Result<(), Self::Error> {
        self.member(name, &ids)
    }

    /// Writes the lines of an order.
    fn contents(&mut self, name: Name, contents: &[Content]) -> Result<(), Self::Error> {
        self.member(name, &contents)
    }

    /// Writes a member if it has a value.
    fn given(&mut self, name: Name, value: Option<&impl Serialize>) -> Result<(), Self::Error> {
        value.map_or(Ok(()), |value| self.member(name, value))
    }
}

impl Event {
    /// Writes every member, with this id.
    #[inline]
    pub(super) fn write_members<W: MemberWriter>(
        &self,
        id: Option<&EventId>,
        writer: &mut W,
    ) -> Result<(), W::Error> {
        if self.0.event_name.is_plain() {
            writer.plain_text(name!("event_name"), self.0.event_name.as_str())?;
        } else {
            writer.member(name!("event_name"), &self.0.event_name)?;
        }
        writer.number(name!("event_time"), self.0.event_time.unix().unsigned_abs())?;
        if let Some(id) = id {
            writer.id(name!("event_id"), id.text())?;
        }
        writer.plain_text(name!("action_source"), self.0.action_source.as_str())?;
        writer.given(name!("event_source_url"), self.source_url())?;
        writer.user_data(name!("user_data"), &self.0.user_data)?;
        if !self.0.custom_data.is_empty() {
            writer.custom_data(name!("custom_data"), &self.0.custom_data)?;
        }
        self.0.rare.as_deref().map_or(Ok(()), |rare| rare.write(writer))
    }
}

impl CustomData {
    /// Writes every member.
    #[inline]
    pub(super) fn write<W: MemberWriter>(&self, writer: &mut W) -> Result<(), W::Error> {
        if let Some(currency) = self.currency {
            writer.currency(name!("currency"), currency)?;
        }
        if let Some(value) = self.value {
            writer.amount(name!("value"), value)?;
        }
        if let Some(id) = &self.order_id {
            writer.id(name!("order_id"), id.text())?;
        }
        if self.is_of_products {
            writer.plain_text(name!("content_type"), ContentType::Product.as_str())?;
        } else {
            writer.given(name!("content_type"), self.other_content_type())?;
        }
        if self.lists_contents || !self.given_content_ids().is_empty() {
            writer.content_ids(name!("content_ids"), self.ids())?;
        }
        if !self.contents.is_empty() {
            writer.contents(name!("contents"), &self.contents)?;
        }
        if let Some(category) = self.delivery_category {
            writer.plain_text(name!("delivery_category"), category.as_str())?;
        }
        self.rare().map_or(Ok(()), |rare| rare.write(writer))
    }
}

impl RareFacts {
    #[cold]
    #[inline(never)]
    fn write<W: MemberWriter>(&self, writer: &mut W) -> Result<(), W::Error> {
        writer.given(name!("net_revenue"), self.net_revenue.as_ref())?;
        writer.given(name!("predicted_ltv"), self.predicted_ltv.as_ref())?;
        writer.given(name!("content_name"), self.content_name.as_ref())?;
        writer.given(name!("content_category"), self.content_category.as_ref())?;
        writer.given(name!("item_number"), self.item_number.as_ref())?;
        writer.given(name!("num_items"), self.num_items.as_ref())?;
        writer.given(name!("search_string"), self.search_string.as_ref())?;
        writer.given(name!("status"), self.status.as_ref())?;
        writer.given(name!("store_data"), self.store_data.as_ref())?;
        writer.given(name!("customer_segmentation"), self.customer_segmentation.as_ref())?;
        self.properties.0.iter().try_for_each(|(name, value)| writer.property(name, value))
    }
}

impl Content {
    /// Writes every member.
    #[inline]
    pub(super) fn write<W: MemberWriter>(&self, writer: &mut W) -> Result<(), W::Error> {
        writer.product_id(name!("id"), &self.id)?;
        writer.number(name!("quantity"), self.quantity.get())?;
        if let Some(price) = self.item_price {
            writer.amount(name!("item_price"), price)?;
        }
        let Some(details) = &self.details else { return Ok(()) };
        writer.given(name!("delivery_category"), details.delivery_category.as_ref())?;
        writer.given(name!("title"), details.title.as_ref())?;
        writer.given(name!("description"), details.description.as_ref())?;
        writer.given(name!("brand"), details.brand.as_ref())?;
        writer.given(name!("category"), details.category.as_ref())
    }
}

impl RareMembers {
    #[cold]
    #[inline(never)]
    fn write<W: MemberWriter>(&self, writer: &mut W) -> Result<(), W::Error> {
        writer.given(name!("referrer_url"), self.referrer_url.as_ref())?;
        writer.given(name!("opt_out"), self.opt_out.as_ref())?;
        if let Some(processing) = self.data_processing {
            writer.member(name!("data_processing_options"), &processing.options)?;
            if let Some((country, state)) = processing.place {
                writer.member(name!("data_processing_options_country"), &country)?;
                writer.member(name!("data_processing_options_state"), &state)?;
            }
        }
        writer.given(name!("app_data"), self.app_data.as_ref())?;
        writer.given(name!("messaging_channel"), self.messaging_channel.as_ref())?;
        writer.given(name!("original_event_data"), self.original_event.as_ref())?;
        writer.given(name!("attribution_data"), self.attribution.as_ref())?;
        writer.given(name!("advanced_measurement_table"), self.advanced_measurement_table.as_ref())
    }
}

/// Serializes an object whose members `write` writes.
fn serialize_members<S: Serializer>(
    serializer: S,
    write: impl FnOnce(&mut MapWriter<S::SerializeMap>) -> Result<(), S::Error>,
) -> Result<S::Ok, S::Error> {
    let mut map = MapWriter(serializer.serialize_map(None)?);
    write(&mut map)?;
    map.0.end()
}

/// Hands members to a serializer.
struct MapWriter<M>(M);

impl<M: SerializeMap> MemberWriter for MapWriter<M> {
    type Error = M::Error;

    fn member(&mut self, name: Name, value: &impl Serialize) -> Result<(), M::Error> {
        self.0.serialize_entry(name.plain(), value)
    }

    fn property(&mut self, name: &str, value: &Value) -> Result<(), M::Error> {
        self.0.serialize_entry(name, value)
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_members(serializer, |map| self.write_members(self.id(), map))
    }
}

impl Serialize for CustomData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_members(serializer, |map| self.write(map))
    }
}

impl Serialize for Content {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_members(serializer, |map| self.write(map))
    }
}
