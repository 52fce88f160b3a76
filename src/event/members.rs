//! The members of an event on the wire: named once, in the order in which they are sent.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{AppData, Attribution, CustomData, DataProcessing, Event, MessagingChannel, OriginalEvent};
use crate::customer::UserData;
use crate::value::{EventId, PageUrl, Text};

/// What few events say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct RareMembers {
    pub(super) referrer_url: Option<PageUrl>,
    pub(super) opt_out: Option<bool>,
    pub(super) data_processing: Option<DataProcessing>,
    pub(super) app_data: Option<AppData>,
    pub(super) messaging_channel: Option<MessagingChannel>,
    pub(super) original_event: Option<OriginalEvent>,
    pub(super) attribution: Option<Attribution>,
    pub(super) advanced_measurement_table: Option<Text>,
}

/// The name of a member, written as it stands behind another one: `,"name":`.
#[derive(Clone, Copy)]
pub(crate) struct Name(&'static str);

impl Name {
    /// Of a name with its marks. See `name!`.
    pub(crate) const fn written(with_marks: &'static str) -> Self {
        Self(with_marks)
    }

    /// With the comma before it.
    pub(crate) fn behind_another(self) -> &'static [u8] {
        self.0.as_bytes()
    }

    fn plain(self) -> &'static str {
        &self.0[2..self.0.len() - 2]
    }
}

macro_rules! name {
    ($name:literal) => {
        $crate::event::Name::written(concat!(",\"", $name, "\":"))
    };
}

pub(crate) use name;

/// Writes members, one after another.
pub(crate) trait MemberWriter {
    /// Why a member could not be written.
    type Error;

    /// One member.
    fn member(&mut self, name: Name, value: &impl Serialize) -> Result<(), Self::Error>;

    /// One member that is a text without anything that JSON has to escape.
    fn plain_text(&mut self, name: Name, text: &str) -> Result<(), Self::Error> {
        self.member(name, &text)
    }

    /// The same, if this is one.
    fn identifier(&mut self, name: Name, text: &str, is_plain: bool) -> Result<(), Self::Error> {
        if is_plain { self.plain_text(name, text) } else { self.member(name, &text) }
    }

    /// One member that is a whole number.
    fn number(&mut self, name: Name, number: i64) -> Result<(), Self::Error> {
        self.member(name, &number)
    }

    /// The member `user_data`, which makes up most of an event.
    fn customer(&mut self, customer: &UserData) -> Result<(), Self::Error> {
        self.member(name!("user_data"), customer)
    }

    /// The member `custom_data`.
    fn custom_data(&mut self, data: &CustomData) -> Result<(), Self::Error> {
        self.member(name!("custom_data"), data)
    }

    /// One member, if there is a value.
    fn given(&mut self, name: Name, value: Option<&impl Serialize>) -> Result<(), Self::Error> {
        value.map_or(Ok(()), |value| self.member(name, value))
    }
}

impl Event {
    /// Writes every member.
    pub(crate) fn write<W: MemberWriter>(&self, writer: &mut W) -> Result<(), W::Error> {
        self.write_under(self.id(), writer)
    }

    fn write_under<W: MemberWriter>(&self, id: Option<&EventId>, writer: &mut W) -> Result<(), W::Error> {
        writer.identifier(name!("event_name"), self.event_name.as_str(), self.event_name.is_plain())?;
        writer.number(name!("event_time"), self.event_time.unix())?;
        if let Some(id) = id {
            writer.identifier(name!("event_id"), id.as_str(), id.text().is_plain())?;
        }
        writer.plain_text(name!("action_source"), self.action_source.as_str())?;
        writer.given(name!("event_source_url"), self.event_source_url.as_ref())?;
        writer.customer(&self.user_data)?;
        if !self.custom_data.is_empty() {
            writer.custom_data(&self.custom_data)?;
        }
        self.rare.as_deref().map_or(Ok(()), |rare| rare.write(writer))
    }
}

impl RareMembers {
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

/// Hands members to a serializer.
struct MapWriter<M>(M);

impl<M: SerializeMap> MemberWriter for MapWriter<M> {
    type Error = M::Error;

    fn member(&mut self, name: Name, value: &impl Serialize) -> Result<(), M::Error> {
        self.0.serialize_entry(name.plain(), value)
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = MapWriter(serializer.serialize_map(None)?);
        self.write(&mut map)?;
        map.0.end()
    }
}

/// An event as it is sent, but for its id.
pub(super) struct Unnamed<'a>(pub(super) &'a Event);

impl Serialize for Unnamed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = MapWriter(serializer.serialize_map(None)?);
        self.0.write_under(None, &mut map)?;
        map.0.end()
    }
}
