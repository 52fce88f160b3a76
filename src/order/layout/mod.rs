//! Layouts of exports: which header stands for which column, and how numbers, times and customers are written.

mod bound;
mod column;
mod currency_mark;
mod document;
mod error;
mod fields;
mod numbers;
mod order_key;
mod record;
mod time_of_day;
mod timestamp;
mod zones;

use std::sync::Arc;

use chrono::NaiveTime;

use self::numbers::NumberFormat;
use self::timestamp::TimeFormat;
use self::zones::{ZoneOf, Zones};
use crate::customer::CleaningOptions;
#[cfg(feature = "encoding")]
use crate::order::csv::Encoding;
#[cfg(feature = "csv")]
use crate::order::csv::{Delimiter, DelimiterChoice, FileFormat};
use crate::value::{DateOrder, Zone};

pub use bound::BoundLayout;
#[cfg(feature = "csv")]
pub(super) use bound::Source;
pub use column::Column;
pub(super) use column::column_of;
pub use error::LayoutError;
#[cfg(feature = "csv")]
pub(super) use fields::is_given;
pub use numbers::NumberStyle;
pub use order_key::OrderKey;
#[cfg(feature = "arrow")]
pub(super) use record::Moment;
#[cfg(any(feature = "arrow", feature = "csv"))]
pub(super) use record::Record;
pub use timestamp::SerialDays;
pub use zones::{Gap, Overlap};

/// The headers and formats of an export.
///
/// The default layout knows the names of each [`Column`] and other common names for it, reads plain numbers, and
/// reads times in these forms. A time without a zone is in UTC.
///
/// | what | forms |
/// | --- | --- |
/// | a moment | Unix seconds; ISO 8601, with `T` or a blank |
/// | a date | `2026-11-27`, `27.11.2026`, `11/27/2026`; `27. November 2026`, `27 nov 2026`, `November 27, 2026`, `27 de noviembre de 2026` and so on in some fifty languages; `2026年11月27日`, `2026년 11월 27일`; each with or without a weekday |
/// | a time of day behind it | `14:05`, `14:05:33`, `14.05`, `14h05`, `14:05 Uhr`, `14 Uhr`, `14時05分`, `2:05 PM`, `2:05 p.m.`, `午後2時05分` |
/// | a zone behind that | `Z`, `UTC`, `+02:00`, `+0200`, `+02` |
///
/// ```
/// use meta_offline_events::order::{Column, NumberStyle, RowLayout};
///
/// let layout = RowLayout::new()
///     .column("Bon-Nr", Column::OrderId)
///     .column("Einzelpreis", Column::Price)
///     .number_style(NumberStyle::DecimalComma);
/// let bound = layout.bind(&["Bon-Nr", "email", "timestamp", "quantity", "Einzelpreis", "currency"])?;
/// assert_eq!(bound.position(Column::Price), Some(4));
/// # Ok::<(), meta_offline_events::order::LayoutError>(())
/// ```
///
/// # Documents
///
/// A layout is read from, and written to, a small document in TOML, JSON or another format of serde, which people who
/// operate the export can keep beside it. Everything but functions can stand in it, and nothing needs to:
///
/// ```toml
/// encoding = "windows-1252"       # feature `encoding`; else UTF-8
/// delimiter = ";"                 # or "\t", "|", ",", "find"
/// skip_lines = 2                  # before the header
/// numbers = "1.234,50"            # or "1,234.50", "1'234.50", "1 234,50", "1234.50"
/// currency_from_amounts = true    # as in "59,90 €"
/// fractional_quantities = true    # as in "0,375"
/// zone = "+02:00"                 # of times that name none; feature `chrono-tz`: also "Europe/Berlin"
/// zones = { column = "Filiale", of = { "Wien" = "+02:00", "London" = "+01:00" } }
/// overlap = "earlier"             # of a time that a clock shows twice; or "later"
/// gap = "forward"                 # a time that a clock never shows; or "backward"
/// date_order = "day_first"        # or "month_first"
/// time_of_day = "12:00"           # of dates without one
/// cut_fractions = true            # of Unix seconds
/// serial_days = "from_1900"       # dates as numbers of days, as spreadsheets count them; or "from_1904"
/// order_key = ["Filiale", "Kasse"]
/// order_day = true                # order ids begin anew every day
/// each_row_an_order = false       # there are no order ids
/// ignore = ["Preisliste"]
/// refuse_unknown_columns = false
///
/// [columns]                       # headers and the columns that they stand for
/// "Bon-Nr" = "order_id"
///
/// [fixed]                         # columns that the file does not have
/// currency = "EUR"
///
/// [customers]                     # see `CleaningOptions`
/// country = "de"
/// calling_country = "de"          # feature `phone`
/// calling_country_of_customer = false
/// date_order = "day_first"        # of birth dates, if it is another one
/// digests_only = ["em", "ph"]     # match keys that are hashed already
/// already_hashed = "refuse"       # or "accept"
/// external_ids = "exact"          # or "normalized", "plain"
/// gender_words = { female = "M", male = "H" }
/// ```
///
/// The same in JSON:
///
/// ```
/// use meta_offline_events::order::RowLayout;
///
/// let layout: RowLayout = serde_json::from_str(
///     r#"{"numbers": "1.234,50", "columns": {"Bon-Nr": "order_id"}, "fixed": {"currency": "EUR"}}"#,
/// )?;
/// assert!(layout.bind(&["Bon-Nr", "email", "timestamp", "value"]).is_ok());
/// assert!(serde_json::from_str::<RowLayout>(r#"{"nubmers": "1.234,50"}"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct RowLayout {
    names: Vec<(String, Column)>,
    numbers: NumberFormat,
    times: TimeFormat,
    zone_of: Option<ZoneOf>,
    customers: CleaningOptions,
    order_key: OrderKey,
    each_row_an_order: bool,
    ignored: Vec<String>,
    refuse_unknown: bool,
    fixed: Vec<(Column, String)>,
    #[cfg(feature = "csv")]
    file: FileFormat,
}

impl RowLayout {
    /// Creates the default layout.
    ///
    /// ```
    /// use meta_offline_events::order::RowLayout;
    ///
    /// let header = ["Order No.", "E-Mail", "Timestamp", "Qty", "Unit Price", "Currency"];
    /// assert!(RowLayout::new().bind(&header).is_ok());
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the header that stands for a column. The file must have it, and the column's other names no longer
    /// count.
    ///
    /// ```
    /// use meta_offline_events::order::{Column, RowLayout};
    ///
    /// let layout = RowLayout::new().column("Kundenmail", Column::Email);
    /// assert!(layout.bind(&["Kundenmail", "order_id", "timestamp", "value", "currency"]).is_ok());
    /// assert!(layout.bind(&["order_id", "email", "timestamp", "value", "currency"]).is_err());
    /// ```
    pub fn column(mut self, header: &str, column: Column) -> Self {
        self.names.push((header.to_owned(), column));
        self
    }

    /// Sets the text of a column that the file does not have, for all rows.
    ///
    /// ```
    /// use meta_offline_events::order::{Column, Orders, RowLayout};
    /// use meta_offline_events::value::Line;
    ///
    /// let layout = RowLayout::new().fixed(Column::Currency, "EUR").fixed(Column::Country, "de");
    /// let layout = layout.bind(&["order_id", "email", "timestamp", "value"])?;
    /// let record = ["A1", "mary@example.com", "1777896000", "10.50"];
    ///
    /// let mut orders = Orders::new();
    /// orders.push_parsed(layout.read(Line::new(2), |index| record[index]));
    /// let prepared = orders.finish("2026-05-05T00:00:00Z".parse()?);
    /// assert_eq!(prepared.events[0].custom_data().value().unwrap().to_string(), "10.5 EUR");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// A column can have a fixed text if all rows of a file may share it: country, state, city, quantity, currency,
    /// event name, action source, page address and delivery category. It is an error if the file has the column.
    pub fn fixed(mut self, column: Column, text: &str) -> Self {
        self.fixed.push((column, text.to_owned()));
        self
    }

    /// Sets what names an order, where stores, tills or days repeat order ids. See [`OrderKey`].
    ///
    /// ```
    /// use meta_offline_events::order::{OrderKey, RowLayout};
    ///
    /// let layout = RowLayout::new().order_key(OrderKey::new().column("Filiale").day());
    /// assert!(layout.bind(&["filiale", "order_id", "email", "timestamp", "value", "currency"]).is_ok());
    /// assert!(layout.bind(&["order_id", "email", "timestamp", "value", "currency"]).is_err());
    /// ```
    pub fn order_key(mut self, key: OrderKey) -> Self {
        self.order_key = key;
        self
    }

    /// States that there are no order ids: each row is an order, and an event, of its own.
    ///
    /// Without it, a header without a column for order ids is refused.
    ///
    /// ```
    /// use meta_offline_events::order::RowLayout;
    ///
    /// let header = ["email", "timestamp", "value", "currency"];
    /// assert!(RowLayout::new().bind(&header).is_err());
    /// assert!(RowLayout::new().each_row_an_order().bind(&header).is_ok());
    /// ```
    pub fn each_row_an_order(mut self) -> Self {
        self.each_row_an_order = true;
        self
    }

    /// Ignores the column with this header, which may look like another column.
    ///
    /// ```
    /// use meta_offline_events::order::RowLayout;
    ///
    /// let header = ["order_id", "email", "timestamp", "value", "currency", "prices"];
    /// assert!(RowLayout::new().bind(&header).is_err(), "is it the price?");
    /// assert!(RowLayout::new().ignore("prices").bind(&header).is_ok());
    /// ```
    pub fn ignore(mut self, header: &str) -> Self {
        self.ignored.push(header.to_owned());
        self
    }

    /// Sets how amounts are written. See [`NumberStyle`].
    ///
    /// ```
    /// use meta_offline_events::order::{NumberStyle, ParsedRow, RowLayout};
    /// use meta_offline_events::value::Line;
    ///
    /// let layout = RowLayout::new()
    ///     .number_style(NumberStyle::ThousandsComma)
    ///     .bind(&["order_id", "email", "timestamp", "value", "currency"])?;
    /// let record = ["A1", "mary@example.com", "1777896000", "1,234.50", "EUR"];
    /// assert!(matches!(layout.read(Line::new(2), |index| record[index]), ParsedRow::Row(_)));
    /// # Ok::<(), meta_offline_events::order::LayoutError>(())
    /// ```
    pub fn number_style(mut self, style: NumberStyle) -> Self {
        self.numbers.style = style;
        self
    }

    /// Takes the currency of a row from the sign or code beside its amounts, where the column `currency` is missing or
    /// blank.
    ///
    /// It needs a [number style](Self::number_style) that reads signs. A sign that several currencies have, such as `$`,
    /// `£` or `¥`, gives none: the row is then invalid.
    ///
    /// ```
    /// use meta_offline_events::order::{NumberStyle, Orders, RowLayout};
    /// use meta_offline_events::value::Line;
    ///
    /// let layout = RowLayout::new().number_style(NumberStyle::DecimalComma).currency_from_amounts();
    /// let layout = layout.bind(&["order_id", "email", "timestamp", "value"])?;
    /// let mut orders = Orders::new();
    /// for (line, order, value) in [(2, "A1", "59,90 €"), (3, "A2", "$ 59,90")] {
    ///     let record = [order, "mary@example.com", "1777896000", value];
    ///     orders.push_parsed(layout.read(Line::new(line), |index| record[index]));
    /// }
    /// let prepared = orders.finish("2026-05-05T00:00:00Z".parse()?);
    /// assert_eq!(prepared.events[0].value().unwrap().to_string(), "59.9 EUR");
    /// assert_eq!(prepared.rows.diagnostics()[0].code(), "ambiguous_currency");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn currency_from_amounts(mut self) -> Self {
        self.numbers.currency_from_amounts = true;
        self
    }

    /// States that quantities may be fractions, such as `0.375` for goods that are weighed. Without it, a row with such a
    /// quantity is invalid.
    ///
    /// Totals are exact. For what Meta gets, see [`Row::fractional_quantity`](super::Row::fractional_quantity).
    ///
    /// ```
    /// use meta_offline_events::order::{Orders, RowLayout};
    /// use meta_offline_events::value::Line;
    ///
    /// let layout = RowLayout::new().fractional_quantities();
    /// let layout = layout.bind(&["order_id", "email", "timestamp", "quantity", "price", "currency"])?;
    /// let record = ["A1", "mary@example.com", "1777896000", "0.375", "18.90", "EUR"];
    ///
    /// let mut orders = Orders::new();
    /// orders.push_parsed(layout.read(Line::new(2), |index| record[index]));
    /// let prepared = orders.finish("2026-05-05T00:00:00Z".parse()?);
    /// assert_eq!(prepared.events[0].value().unwrap().to_string(), "7.09 EUR");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fractional_quantities(mut self) -> Self {
        self.numbers.fractional_quantities = true;
        self
    }

    /// Sets the zone of times that name none, instead of UTC.
    ///
    /// A [`Zone`] is a fixed offset or, with the feature `chrono-tz`, a name such as `Europe/Berlin`, whose daylight
    /// saving time is respected. In a column [`time_zone`](Column::TimeZone) each row may name a zone of its own, and
    /// [`zone_of`](Self::zone_of) finds the zone of a row by its store.
    ///
    /// ```
    /// use meta_offline_events::order::{Orders, RowLayout};
    /// use meta_offline_events::value::Line;
    ///
    /// let layout = RowLayout::new().zone("+02:00".parse::<meta_offline_events::value::Zone>()?);
    /// let layout = layout.bind(&["order_id", "email", "timestamp", "value", "currency"])?;
    /// let record = ["A1", "mary@example.com", "2026-05-04 14:00:00", "10.50", "EUR"];
    ///
    /// let mut orders = Orders::new();
    /// orders.push_parsed(layout.read(Line::new(2), |index| record[index]));
    /// let prepared = orders.finish("2026-05-05T00:00:00Z".parse()?);
    /// assert_eq!(prepared.events[0].time().to_string(), "2026-05-04T12:00:00Z");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// When daylight saving time ends, the clock shows an hour twice, and when it begins, it never shows an hour. A
    /// row with such a time is invalid, unless [`overlap`](Self::overlap) or [`gap`](Self::gap) says what it means.
    pub fn zone(mut self, zone: impl Into<Zone>) -> Self {
        self.times.zone = zone.into();
        self
    }

    /// Sets how to find the zone of each row from the column with this header, such as that of its store. For a text
    /// without a zone, the function returns `None`: the row is then invalid if its time needs a zone.
    ///
    /// A zone in the column [`time_zone`](Column::TimeZone) counts first, if the file has that column.
    ///
    /// ```
    /// use meta_offline_events::order::{Orders, RowLayout};
    /// use meta_offline_events::value::{Line, Zone};
    ///
    /// let (east, west): (Zone, Zone) = ("+02:00".parse()?, "-04:00".parse()?);
    /// let layout = RowLayout::new()
    ///     .zone_of("store", move |store| match store {
    ///         "Berlin" => Some(east),
    ///         "Boston" => Some(west),
    ///         _ => None,
    ///     })
    ///     .bind(&["store", "order_id", "email", "timestamp", "value", "currency"])?;
    /// let mut orders = Orders::new();
    /// for (line, store, order) in [(2, "Berlin", "A1"), (3, "Boston", "A2"), (4, "Bonn", "A3")] {
    ///     let record = [store, order, "mary@example.com", "2026-05-04 14:00:00", "10.50", "EUR"];
    ///     orders.push_parsed(layout.read(Line::new(line), |index| record[index]));
    /// }
    /// let prepared = orders.finish("2026-05-05T00:00:00Z".parse()?);
    /// let times: Vec<_> = prepared.events.iter().map(|event| event.time().to_string()).collect();
    /// assert_eq!(times, ["2026-05-04T12:00:00Z", "2026-05-04T18:00:00Z"]);
    /// assert_eq!(prepared.rows.invalid(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn zone_of(
        mut self,
        header: &str,
        zone: impl Fn(&str) -> Option<Zone> + Send + Sync + 'static,
    ) -> Self {
        self.zone_of = Some(ZoneOf { header: header.to_owned(), zones: Zones::Found(Arc::new(zone)) });
        self
    }

    /// Lists the zones of each row by the texts of the column with this header, such as the names of stores. A text that
    /// is not listed has no zone: the row is then invalid if its time needs one.
    ///
    /// ```
    /// use meta_offline_events::order::{ParsedRow, RowLayout};
    /// use meta_offline_events::value::Line;
    ///
    /// let layout = RowLayout::new()
    ///     .zones("store", [("Berlin", "+02:00".parse()?), ("Boston", "-04:00".parse()?)])
    ///     .bind(&["store", "order_id", "email", "timestamp", "value", "currency"])?;
    /// let is_row = |store| {
    ///     let record = [store, "A1", "mary@example.com", "2026-05-04 14:00:00", "10.50", "EUR"];
    ///     matches!(layout.read(Line::new(2), |index| record[index]), ParsedRow::Row(_))
    /// };
    /// assert!(is_row("Boston") && !is_row("Bonn"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// It takes the place of [`zone_of`](Self::zone_of), and can stand in a [document](Self#documents).
    pub fn zones<S: Into<String>>(
        mut self,
        header: &str,
        zones: impl IntoIterator<Item = (S, Zone)>,
    ) -> Self {
        let listed = zones.into_iter().map(|(text, zone)| (text.into(), zone)).collect();
        self.zone_of = Some(ZoneOf { header: header.to_owned(), zones: Zones::Listed(listed) });
        self
    }

    /// Sets which time is meant where the clock of a zone shows an hour twice. Without it, a row with such a time is
    /// invalid.
    ///
    #[cfg_attr(feature = "chrono-tz", doc = "```")]
    #[cfg_attr(not(feature = "chrono-tz"), doc = "```ignore")]
    /// use meta_offline_events::order::{Orders, Overlap, RowLayout};
    /// use meta_offline_events::value::{Line, Zone};
    ///
    /// let layout = RowLayout::new()
    ///     .zone("Europe/Berlin".parse::<Zone>()?)
    ///     .overlap(Overlap::Later)
    ///     .bind(&["order_id", "email", "timestamp", "value", "currency"])?;
    /// let record = ["A1", "mary@example.com", "2026-10-25 02:30:00", "10.50", "EUR"];
    ///
    /// let mut orders = Orders::new();
    /// orders.push_parsed(layout.read(Line::new(2), |index| record[index]));
    /// let prepared = orders.finish("2026-10-26T00:00:00Z".parse()?);
    /// assert_eq!(prepared.events[0].time().to_string(), "2026-10-25T01:30:00Z");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn overlap(mut self, overlap: Overlap) -> Self {
        self.times.changes.overlap = Some(overlap);
        self
    }

    /// Sets where a time is moved that the clock of a zone never shows. Without it, a row with such a time is
    /// invalid.
    ///
    #[cfg_attr(feature = "chrono-tz", doc = "```")]
    #[cfg_attr(not(feature = "chrono-tz"), doc = "```ignore")]
    /// use meta_offline_events::order::{Gap, Orders, RowLayout};
    /// use meta_offline_events::value::{Line, Zone};
    ///
    /// let layout = RowLayout::new()
    ///     .zone("Europe/Berlin".parse::<Zone>()?)
    ///     .gap(Gap::Forward)
    ///     .bind(&["order_id", "email", "timestamp", "value", "currency"])?;
    /// let record = ["A1", "mary@example.com", "2026-03-29 02:30:00", "10.50", "EUR"];
    ///
    /// let mut orders = Orders::new();
    /// orders.push_parsed(layout.read(Line::new(2), |index| record[index]));
    /// let prepared = orders.finish("2026-03-30T00:00:00Z".parse()?);
    /// assert_eq!(prepared.events[0].time().to_string(), "2026-03-29T01:30:00Z", "03:30 in Berlin");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn gap(mut self, gap: Gap) -> Self {
        self.times.changes.gap = Some(gap);
        self
    }

    /// Sets whether the day or the month comes first in dates such as `03/04/2026`.
    ///
    /// It also holds for dates of birth, unless [`customers`](Self::customers) sets another order for them. Without
    /// it, a row with such a date is invalid.
    ///
    /// ```
    /// use meta_offline_events::order::{ParsedRow, RowLayout};
    /// use meta_offline_events::value::{DateOrder, Line};
    ///
    /// let record = ["A1", "mary@example.com", "03/04/2026 12:00", "10.50", "EUR"];
    /// let is_row = |layout: RowLayout| {
    ///     let layout = layout.bind(&["order_id", "email", "timestamp", "value", "currency"])?;
    ///     let row = layout.read(Line::new(2), |index| record[index]);
    ///     Ok::<_, meta_offline_events::order::LayoutError>(matches!(row, ParsedRow::Row(_)))
    /// };
    /// assert!(!is_row(RowLayout::new())?);
    /// assert!(is_row(RowLayout::new().date_order(DateOrder::DayFirst))?);
    /// # Ok::<(), meta_offline_events::order::LayoutError>(())
    /// ```
    pub fn date_order(mut self, order: DateOrder) -> Self {
        self.times.date_order = Some(order);
        self
    }

    /// Sets the time of day of dates that have none. Without it, a row with such a date is invalid.
    ///
    /// All purchases of a person on one day then have the same time, and Meta may count them as one.
    ///
    /// ```
    /// use chrono::NaiveTime;
    /// use meta_offline_events::order::{ParsedRow, RowLayout};
    /// use meta_offline_events::value::Line;
    ///
    /// let noon = NaiveTime::from_hms_opt(12, 0, 0).expect("a time of day");
    /// let layout = RowLayout::new().time_of_day(noon).bind(&["order_id", "email", "timestamp", "value", "currency"])?;
    /// let record = ["A1", "mary@example.com", "2026-05-04", "10.50", "EUR"];
    /// assert!(matches!(layout.read(Line::new(2), |index| record[index]), ParsedRow::Row(_)));
    /// # Ok::<(), meta_offline_events::order::LayoutError>(())
    /// ```
    pub fn time_of_day(mut self, time: NaiveTime) -> Self {
        self.times.time_of_day = Some(time);
        self
    }

    /// Drops the fraction of Unix seconds such as `1777896000.75`. Without it, a row with such a time is invalid.
    ///
    /// ```
    /// use meta_offline_events::order::{ParsedRow, RowLayout};
    /// use meta_offline_events::value::Line;
    ///
    /// let layout = RowLayout::new().cut_fractions().bind(&["order_id", "email", "timestamp", "value", "currency"])?;
    /// let record = ["A1", "mary@example.com", "1777896000.75", "10.50", "EUR"];
    /// assert!(matches!(layout.read(Line::new(2), |index| record[index]), ParsedRow::Row(_)));
    /// # Ok::<(), meta_offline_events::order::LayoutError>(())
    /// ```
    pub fn cut_fractions(mut self) -> Self {
        self.times.cut_fractions = true;
        self
    }

    /// States that times may be the days of a spreadsheet, such as `46353.58681`, and from when they count. Without it, a
    /// row with such a time is invalid.
    ///
    /// They are local times, without a zone of their own. Fractions of a day are rounded to whole seconds. A whole number
    /// is a date without a [time of day](Self::time_of_day).
    ///
    /// ```
    /// use meta_offline_events::order::{Orders, RowLayout, SerialDays};
    /// use meta_offline_events::value::Line;
    ///
    /// let layout = RowLayout::new().serial_days(SerialDays::From1900);
    /// let layout = layout.bind(&["order_id", "email", "timestamp", "value", "currency"])?;
    /// let record = ["A1", "mary@example.com", "46353.5868055556", "10.50", "EUR"];
    ///
    /// let mut orders = Orders::new();
    /// orders.push_parsed(layout.read(Line::new(2), |index| record[index]));
    /// let prepared = orders.finish("2026-11-28T00:00:00Z".parse()?);
    /// assert_eq!(prepared.events[0].time().to_string(), "2026-11-27T14:05:00Z");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn serial_days(mut self, days: SerialDays) -> Self {
        self.times.serial_days = Some(days);
        self
    }

    /// Sets how customer values are read: which columns are hashed already, how external ids are sent, and the
    /// country of phone numbers without a country code.
    ///
    /// The country of the options is used for rows that name none, and is not sent. The day of the options is not
    /// used: the time of each row takes its place.
    ///
    /// ```
    /// use meta_offline_events::customer::{CleaningOptions, ExternalIdPolicy, MatchKey};
    /// use meta_offline_events::order::{Orders, RowLayout};
    /// use meta_offline_events::value::Line;
    ///
    /// let customers = CleaningOptions::default()
    ///     .digests_only(MatchKey::Email)
    ///     .external_ids(ExternalIdPolicy::Exact);
    /// let layout = RowLayout::new().customers(customers).bind(&["order_id", "email", "timestamp", "value", "currency"])?;
    /// let record = ["A1", "mary@example.com", "1777896000", "10.50", "EUR"];
    ///
    /// let mut orders = Orders::new();
    /// orders.push_parsed(layout.read(Line::new(2), |index| record[index]));
    /// let prepared = orders.finish("2026-05-05T00:00:00Z".parse()?);
    /// assert!(prepared.events.is_empty(), "the e-mail is not hashed");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn customers(mut self, options: CleaningOptions) -> Self {
        self.customers = options;
        self
    }

    /// Sets the delimiter between the fields of a file.
    ///
    /// Without it, it is a comma, unless the first line states another one as spreadsheets write it: `sep=;`.
    ///
    /// ```
    /// use meta_offline_events::order::{RowLayout, csv::{CsvErrorKind, CsvRows, Delimiter}};
    ///
    /// let file = "order_id;email;timestamp;value;currency\nA1;mary@example.com;1777896000;10.50;EUR\n";
    /// let error = CsvRows::new(file.as_bytes(), &RowLayout::new()).unwrap_err();
    /// let CsvErrorKind::Delimiter { found } = *error.kind() else { panic!("{error}") };
    /// assert_eq!(found, Delimiter::Semicolon);
    /// assert!(CsvRows::new(file.as_bytes(), &RowLayout::new().delimiter(found)).is_ok());
    /// assert!(CsvRows::new(format!("sep=;\n{file}").as_bytes(), &RowLayout::new()).is_ok());
    /// ```
    #[cfg(feature = "csv")]
    pub fn delimiter(mut self, delimiter: Delimiter) -> Self {
        self.file.delimiter = DelimiterChoice::Stated(delimiter);
        self
    }

    /// Reads a file with the [`Delimiter`] that makes its header fit the layout. [`CsvRows::delimiter`] tells which
    /// it is.
    ///
    /// ```
    /// use meta_offline_events::order::{RowLayout, csv::{CsvRows, Delimiter}};
    ///
    /// let file = "order_id\temail\ttimestamp\tvalue\tcurrency\n";
    /// let rows = CsvRows::new(file.as_bytes(), &RowLayout::new().find_delimiter())?;
    /// assert_eq!(rows.delimiter(), Delimiter::Tab);
    /// # Ok::<(), meta_offline_events::order::csv::CsvError>(())
    /// ```
    ///
    /// [`CsvRows::delimiter`]: crate::order::csv::CsvRows::delimiter
    #[cfg(feature = "csv")]
    pub fn find_delimiter(mut self) -> Self {
        self.file.delimiter = DelimiterChoice::Found;
        self
    }

    /// Passes over so many lines of a file before its header, whatever they hold.
    ///
    /// ```
    /// use meta_offline_events::order::{RowLayout, csv::CsvRows};
    ///
    /// let file = "Sales of May\n\norder_id,email,timestamp,value,currency\n";
    /// let rows = CsvRows::new(file.as_bytes(), &RowLayout::new().skip_lines(2))?;
    /// assert_eq!(rows.line(), 3, "lines are counted from the start of the file");
    /// # Ok::<(), meta_offline_events::order::csv::CsvError>(())
    /// ```
    #[cfg(feature = "csv")]
    pub fn skip_lines(mut self, lines: u32) -> Self {
        self.file.skipped_lines = lines;
        self
    }

    /// Sets the encoding of a file, instead of UTF-8.
    ///
    /// ```
    /// use meta_offline_events::order::{RowLayout, csv::CsvRows};
    ///
    /// let layout = RowLayout::new().encoding("windows-1252".parse()?);
    /// let file = b"order_id,email,given_name,timestamp,value,currency\nA1,jorg@example.com,J\xF6rg,1777896000,5,EUR\n";
    /// let mut rows = CsvRows::new(&file[..], &layout)?;
    /// assert!(rows.next_row()?.is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// Bytes that are no text in this encoding make their row invalid. A file that begins with letters in UTF-8 is
    /// refused: read as another encoding, they would become other letters.
    #[cfg(feature = "encoding")]
    pub fn encoding(mut self, encoding: Encoding) -> Self {
        self.file.encoding = Some(encoding);
        self
    }

    #[cfg(feature = "csv")]
    pub(in crate::order) fn file_format(&self) -> &FileFormat {
        &self.file
    }

    /// Refuses a file with an unknown column, instead of ignoring the column.
    ///
    /// ```
    /// use meta_offline_events::order::{LayoutError, RowLayout};
    ///
    /// let header = ["order_id", "email", "timestamp", "value", "currency", "cashier"];
    /// assert!(RowLayout::new().bind(&header).is_ok());
    /// let error = RowLayout::new().refuse_unknown_columns().bind(&header).unwrap_err();
    /// assert_eq!(error, LayoutError::Unknown(vec![6]));
    /// ```
    pub fn refuse_unknown_columns(mut self) -> Self {
        self.refuse_unknown = true;
        self
    }
}
