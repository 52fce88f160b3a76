//! Layouts as documents, in TOML, JSON or another format of serde.

use std::collections::BTreeMap;

use chrono::NaiveTime;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::numbers::NumberFormat;
use super::timestamp::{SerialDays, TimeFormat};
use super::zones::{ClockChanges, Gap, Overlap, ZoneOf, Zones};
use super::{Column, NumberStyle, OrderKey, RowLayout};
use crate::customer::CleaningOptions;
#[cfg(feature = "csv")]
use crate::order::csv::{Delimiter, DelimiterChoice};
use crate::value::{DateOrder, Zone};

/// The members of the document. Those that are not set are left out.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a line of the document")]
struct Document {
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delimiter: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    skip_lines: u32,
    #[serde(skip_serializing_if = "is_default")]
    numbers: NumberStyle,
    #[serde(skip_serializing_if = "is_default")]
    currency_from_amounts: bool,
    #[serde(skip_serializing_if = "is_default")]
    fractional_quantities: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    zone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zones: Option<ListedZones>,
    #[serde(skip_serializing_if = "Option::is_none")]
    overlap: Option<Overlap>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gap: Option<Gap>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_order: Option<DateOrder>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_of_day: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    cut_fractions: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial_days: Option<SerialDays>,
    #[serde(skip_serializing_if = "is_default")]
    each_row_an_order: bool,
    #[serde(skip_serializing_if = "is_default")]
    order_key: Vec<String>,
    #[serde(skip_serializing_if = "is_default")]
    order_day: bool,
    #[serde(skip_serializing_if = "is_default")]
    ignore: Vec<String>,
    #[serde(skip_serializing_if = "is_default")]
    refuse_unknown_columns: bool,
    #[serde(skip_serializing_if = "is_default")]
    columns: BTreeMap<String, Column>,
    #[serde(skip_serializing_if = "is_default")]
    fixed: BTreeMap<Column, String>,
    #[serde(skip_serializing_if = "is_default")]
    customers: CleaningOptions,
}

/// The zones by the texts of a column.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListedZones {
    column: String,
    of: BTreeMap<String, String>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Serialize for RowLayout {
    /// Writes what is set, by the names of the document: see [`RowLayout`](Self#documents).
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let zones = self.zone_of.as_ref().map(|ZoneOf { header, zones }| match zones {
            Zones::Listed(zones) => {
                let of = zones.iter().map(|(text, zone)| (text.clone(), zone.to_string())).collect();
                Ok(ListedZones { column: header.clone(), of })
            }
            Zones::Found(_) => Err(S::Error::custom(
                "a layout with a function that finds zones cannot be written: list the zones, or remove the function",
            )),
        });
        let TimeFormat { zone, changes, date_order, time_of_day, cut_fractions, serial_days } = self.times;
        let document = Document {
            numbers: self.numbers.style,
            currency_from_amounts: self.numbers.currency_from_amounts,
            fractional_quantities: self.numbers.fractional_quantities,
            zone: (zone != Zone::UTC).then(|| zone.to_string()),
            zones: zones.transpose()?,
            overlap: changes.overlap,
            gap: changes.gap,
            date_order,
            time_of_day: time_of_day.map(|time| time.to_string()),
            cut_fractions,
            serial_days,
            each_row_an_order: self.each_row_an_order,
            order_key: self.order_key.headers.clone(),
            order_day: self.order_key.has_day,
            ignore: self.ignored.clone(),
            refuse_unknown_columns: self.refuse_unknown,
            columns: self.names.iter().cloned().collect(),
            fixed: self.fixed.iter().cloned().collect(),
            customers: self.customers,
            ..Document::default()
        };
        #[cfg(feature = "csv")]
        let document = Document {
            delimiter: match self.file.delimiter {
                DelimiterChoice::Usual => None,
                DelimiterChoice::Stated(delimiter) => Some(delimiter.sign().to_owned()),
                DelimiterChoice::Found => Some(FIND.to_owned()),
            },
            skip_lines: self.file.skipped_lines,
            ..document
        };
        #[cfg(feature = "encoding")]
        let document =
            Document { encoding: self.file.encoding.map(|encoding| encoding.to_string()), ..document };
        document.serialize(serializer)
    }
}

/// Stands for the delimiter in a layout that lets it be found.
#[cfg(feature = "csv")]
const FIND: &str = "find";

impl<'de> Deserialize<'de> for RowLayout {
    /// Reads what is set, by the names of the document: see [`RowLayout`](Self#documents).
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let document = Document::deserialize(deserializer)?;
        let mut layout = Self::new();
        #[cfg(feature = "csv")]
        {
            layout = match document.delimiter.as_deref() {
                None => layout,
                Some(FIND) => layout.find_delimiter(),
                Some(sign) => layout.delimiter(delimiter(sign).map_err(D::Error::custom)?),
            };
            layout = layout.skip_lines(document.skip_lines);
        }
        #[cfg(not(feature = "csv"))]
        if document.delimiter.is_some() || document.skip_lines > 0 {
            return Err(D::Error::custom(
                "delimiter and skip_lines need the feature `csv` of meta-offline-events",
            ));
        }
        #[cfg(feature = "encoding")]
        if let Some(name) = document.encoding {
            layout = layout.encoding(name.parse().map_err(D::Error::custom)?);
        }
        #[cfg(not(feature = "encoding"))]
        if document.encoding.is_some() {
            return Err(D::Error::custom("encoding needs the feature `encoding` of meta-offline-events"));
        }
        if let Some(text) = document.zone {
            layout = layout.zone(text.parse::<Zone>().map_err(D::Error::custom)?);
        }
        if let Some(ListedZones { column, of }) = document.zones {
            let zone = |(text, zone): (String, String)| zone.parse().map(|zone| (text, zone));
            let zones =
                Zones::Listed(of.into_iter().map(zone).collect::<Result<_, _>>().map_err(D::Error::custom)?);
            layout.zone_of = Some(ZoneOf { header: column, zones });
        }
        if let Some(text) = document.time_of_day {
            layout = layout.time_of_day(time_of_day(&text).map_err(D::Error::custom)?);
        }
        let key = document.order_key.iter().fold(OrderKey::new(), |key, header| key.column(header));
        layout.order_key = if document.order_day { key.day() } else { key };
        layout.times.date_order = document.date_order;
        layout.times.changes = ClockChanges { overlap: document.overlap, gap: document.gap };
        layout.times.cut_fractions = document.cut_fractions;
        layout.times.serial_days = document.serial_days;
        Ok(Self {
            names: document.columns.into_iter().collect(),
            numbers: NumberFormat {
                style: document.numbers,
                currency_from_amounts: document.currency_from_amounts,
                fractional_quantities: document.fractional_quantities,
            },
            customers: document.customers,
            each_row_an_order: document.each_row_an_order,
            ignored: document.ignore,
            refuse_unknown: document.refuse_unknown_columns,
            fixed: document.fixed.into_iter().collect(),
            ..layout
        })
    }
}

#[cfg(feature = "csv")]
fn delimiter(sign: &str) -> Result<Delimiter, String> {
    let found = Delimiter::ALL.into_iter().find(|delimiter| delimiter.sign() == sign);
    found.ok_or_else(|| "delimiter is none of `,`, `;`, `|`, a tab (\"\\t\") and `find`".to_owned())
}

fn time_of_day(text: &str) -> Result<NaiveTime, &'static str> {
    let read = |form| NaiveTime::parse_from_str(text, form);
    read("%H:%M:%S").or_else(|_| read("%H:%M")).map_err(|_| "time_of_day is no time such as `12:00`")
}
