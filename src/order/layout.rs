//! Which column means what, and how its text is written: from the fields of a record to a [`Row`].

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::{FixedOffset, NaiveTime};

use super::column::plain;
use super::timestamp::TimeFormat;
use super::{Column, Row};
use crate::customer::{CleaningOptions, MatchKey, UserData, UserDataBuilder, is_blank, is_placeholder};
use crate::event::{ActionSource, EventName};
use crate::value::{Amount, DateOrder, EventTime, InvalidValue, Line, OrderId, Rule, ValueKind};

/// How amounts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum NumberStyle {
    /// `1234.50`: no separator but the point.
    #[default]
    Plain,
    /// `1,234.50`: commas between thousands.
    ThousandsComma,
    /// `1.234,50`: points between thousands, a comma before the decimals.
    DecimalComma,
}

/// Names and formats of an export.
///
/// The default understands the names of the row contract and the usual other ones ([`Column`]),
/// plain numbers, and times in Unix seconds or ISO 8601, where a time without zone is UTC.
///
/// ```
/// use meta_offline_events::order::{Column, NumberStyle, RowLayout};
///
/// let layout = RowLayout::new()
///     .column("Bon-Nr", Column::OrderId)
///     .column("Einzelpreis", Column::Price)
///     .number_style(NumberStyle::DecimalComma);
/// # let _ = layout;
/// ```
#[derive(Debug, Clone, Default)]
pub struct RowLayout {
    names: Vec<(String, Column)>,
    numbers: NumberStyle,
    times: TimeFormat,
    customers: CleaningOptions,
    refuse_unknown: bool,
}

impl RowLayout {
    /// The layout of the row contract.
    pub fn new() -> Self {
        Self::default()
    }

    /// A header that means this column, and has to be there. The column's usual names then no longer
    /// count.
    pub fn column(mut self, header: &str, column: Column) -> Self {
        self.names.push((plain(header), column));
        self
    }

    /// How amounts are written.
    pub fn number_style(mut self, style: NumberStyle) -> Self {
        self.numbers = style;
        self
    }

    /// The zone of times that name none, instead of UTC.
    pub fn zone(mut self, zone: FixedOffset) -> Self {
        self.times.zone = zone;
        self
    }

    /// How dates such as `03/04/2026` are to be read, those of birth included (unless
    /// [`customers`](Self::customers) says otherwise); without it those are refused.
    pub fn date_order(mut self, order: DateOrder) -> Self {
        self.times.date_order = Some(order);
        self
    }

    /// The time of day of dates without one; without it those are refused.
    ///
    /// Purchases of one person on one day then carry the same time, and Meta may take them for one.
    pub fn time_of_day(mut self, time: NaiveTime) -> Self {
        self.times.time_of_day = Some(time);
        self
    }

    /// Cut fractions off Unix seconds such as `1777896000.75`; without it those are refused.
    pub fn cut_fractions(mut self) -> Self {
        self.times.cut_fractions = true;
        self
    }

    /// How customer values are to be read: which columns are hashed already, how external ids are sent,
    /// what a phone without a country code means. Its country stands in for that of rows that name none
    /// (it is not sent), and its day is not used: the time of each row counts.
    ///
    /// ```
    /// use meta_offline_events::customer::{CleaningOptions, ExternalIdPolicy, MatchKey};
    /// use meta_offline_events::order::RowLayout;
    ///
    /// let customers = CleaningOptions::default()
    ///     .digests_only(MatchKey::Email)
    ///     .external_ids(ExternalIdPolicy::Exact);
    /// let layout = RowLayout::new().customers(customers);
    /// # let _ = layout;
    /// ```
    pub fn customers(mut self, context: CleaningOptions) -> Self {
        self.customers = context;
        self
    }

    /// Refuse a file with a column that is not understood, instead of ignoring the column.
    pub fn refuse_unknown_columns(mut self) -> Self {
        self.refuse_unknown = true;
        self
    }

    /// Finds the columns in a header.
    ///
    /// # Errors
    ///
    /// [`LayoutError`] when a needed column or a header named by the layout is missing, when two headers mean the same column, or
    /// when a column is not understood and the layout refuses those.
    pub fn bind<S: AsRef<str>>(&self, headers: &[S]) -> Result<BoundLayout, LayoutError> {
        let mut bound = BoundLayout {
            layout: self.clone(),
            positions: [None; Column::COUNT],
            width: headers.len(),
            unknown: Vec::new(),
        };
        for (index, header) in headers.iter().enumerate() {
            match self.meaning(header.as_ref()) {
                None => bound.unknown.push(index),
                Some(column) => {
                    if let Some(first) = bound.positions[column as usize].replace(index) {
                        return Err(LayoutError::Twice { column, positions: [first + 1, index + 1] });
                    }
                }
            }
        }
        let missing = bound.missing();
        let renamed = self.names.iter().map(|(_, column)| *column);
        if let Some(column) = renamed.into_iter().find(|&column| bound.position(column).is_none()) {
            Err(LayoutError::NotThere(column))
        } else if !missing.is_empty() {
            let near = bound.near(headers, &missing);
            Err(LayoutError::Missing { columns: missing, near })
        } else if self.refuse_unknown && !bound.unknown.is_empty() {
            Err(LayoutError::Unknown(bound.unknown.iter().map(|index| index + 1).collect()))
        } else {
            Ok(bound)
        }
    }

    pub(super) fn meaning(&self, header: &str) -> Option<Column> {
        let header = plain(header);
        if let Some((_, column)) = self.names.iter().find(|(name, _)| *name == header) {
            return Some(*column);
        }
        let renamed = |column| self.names.iter().any(|(_, named)| *named == column);
        Column::named(&header).filter(|column| !renamed(*column))
    }
}

/// Why a header does not fit a layout. It names columns of the row contract and positions, never
/// text of the file: where the header is missing, the first line is a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LayoutError {
    /// Needed columns are not there.
    Missing {
        /// Each entry is one column, or several of which one is needed.
        columns: Vec<&'static [Column]>,
        /// Headers that are not understood and are spelt almost like a missing column: where they
        /// stand, counted from 1.
        near: Vec<(usize, Column)>,
    },
    /// The header that the layout names for this column is not in the file.
    NotThere(Column),
    /// Two headers mean the same column.
    Twice {
        /// The column.
        column: Column,
        /// Where its headers stand, counted from 1.
        positions: [usize; 2],
    },
    /// Columns are not understood, and the layout refuses those; positions counted from 1.
    Unknown(Vec<usize>),
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { columns, near } => {
                f.write_str("the header lacks ")?;
                for (index, columns) in columns.iter().enumerate() {
                    let names: Vec<_> = columns.iter().map(|column| column.name()).collect();
                    write!(f, "{}{}", if index > 0 { ", " } else { "" }, names.join(" or "))?;
                }
                for (index, (position, column)) in near.iter().enumerate() {
                    let joint = if index > 0 { ", " } else { " (" };
                    write!(f, "{joint}column {position} comes near {column}")?;
                }
                f.write_str(if near.is_empty() { "" } else { ")" })?;
                f.write_str(": add the columns, or say in the layout which headers mean them")
            }
            Self::NotThere(column) => {
                write!(f, "the header that the layout names for {column} is not there")
            }
            Self::Twice { column, positions: [first, second] } => {
                write!(f, "columns {first} and {second} both mean {column}: rename or remove one")
            }
            Self::Unknown(positions) => {
                let positions: Vec<_> = positions.iter().map(ToString::to_string).collect();
                write!(f, "columns {} are not understood, and the layout refuses those", positions.join(", "))
            }
        }
    }
}

impl std::error::Error for LayoutError {}

/// A layout that knows where its columns stand in a record.
#[derive(Debug, Clone)]
pub struct BoundLayout {
    layout: RowLayout,
    positions: [Option<usize>; Column::COUNT],
    width: usize,
    unknown: Vec<usize>,
}

/// What one record turned out to be.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all records are rows, and those are not kept")]
pub enum ParsedRow<'a> {
    /// A row.
    Row(Row<'a>),
    /// A return or cancellation: its quantity is zero or below.
    Return(Line),
    /// A row that cannot be used; everything that is wrong with it.
    Invalid(RowError),
}

/// Everything that is wrong with one row, and the order that the row may belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError(pub(super) Box<RowFaults>);

/// What a [`RowError`] holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RowFaults {
    pub(super) line: Line,
    pub(super) order_id: Option<OrderId>,
    /// The orders that the row may belong to, where its columns cannot be trusted.
    pub(super) suspects: Vec<OrderMark>,
    pub(super) group: Option<(EventName, ActionSource)>,
    pub(super) faults: Vec<Fault>,
}

/// Stands for an order id without holding its text, which may be any field of a damaged row. Should
/// two orders share a mark, one is held back that could have been sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct OrderMark(u64);

impl OrderMark {
    pub(super) fn of(order_id: &OrderId) -> Self {
        let mut hasher = DefaultHasher::new();
        order_id.hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// One thing that is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Fault {
    pub(super) column: Option<Column>,
    pub(super) reason: &'static str,
    pub(super) message: String,
}

impl Fault {
    pub(super) fn at(column: Column, reason: &'static str, message: impl Into<String>) -> Self {
        Self { column: Some(column), reason, message: message.into() }
    }

    pub(super) fn of_row(reason: &'static str, message: impl Into<String>) -> Self {
        Self { column: None, reason, message: message.into() }
    }
}

impl RowError {
    /// A row that could not even be split into columns.
    pub fn unreadable(line: Line, reason: &'static str, message: impl Into<String>) -> Self {
        let faults = vec![Fault::of_row(reason, message)];
        Self::new(line, None, None, faults)
    }

    /// A row of which one value cannot be used, for rows that do not come through a layout.
    ///
    /// Name its order with [`of_order`](Self::of_order): that order is not sent without the row.
    ///
    /// ```
    /// use meta_offline_events::order::{Column, Orders, RowError};
    /// use meta_offline_events::value::{Amount, Line};
    ///
    /// let mut orders = Orders::new();
    /// if let Err(error) = "1,50".parse::<Amount>() {
    ///     orders.reject(RowError::invalid(Line::new(7), Column::Price, error).of_order("10001".parse()?));
    /// }
    /// assert_eq!(orders.finish("2026-05-04T12:00:00Z".parse()?).rows.invalid(), 1);
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    pub fn invalid(line: Line, column: Column, error: InvalidValue) -> Self {
        let faults = vec![Fault::at(column, error.rule().code(), error.to_string())];
        Self::new(line, None, None, faults)
    }

    /// The order that the row would have been part of. Nothing of it is sent without the row.
    pub fn of_order(mut self, order_id: OrderId) -> Self {
        self.0.order_id = Some(order_id);
        self
    }

    pub(super) fn new(
        line: Line,
        order_id: Option<OrderId>,
        group: Option<(EventName, ActionSource)>,
        faults: Vec<Fault>,
    ) -> Self {
        Self(Box::new(RowFaults { line, order_id, suspects: Vec::new(), group, faults }))
    }

    /// A row that breaks rules.
    pub(super) fn of_row(row: &Row<'_>, faults: Vec<Fault>) -> Self {
        let group = Some((row.name.clone(), row.action_source));
        Self::new(row.line, row.order_id.clone(), group, faults)
    }

    /// The row may have been part of any of these orders: none of them is complete without it.
    #[cfg(feature = "csv")]
    pub(super) fn suspect(mut self, order_ids: impl IntoIterator<Item = OrderId>) -> Self {
        self.0.suspects = order_ids.into_iter().map(|id| OrderMark::of(&id)).collect();
        self
    }

    /// Where the row stood.
    pub fn line(&self) -> Line {
        self.0.line
    }

    /// The column, the stable reason and the message of each thing that is wrong.
    pub fn faults(&self) -> impl Iterator<Item = (Option<Column>, &'static str, &str)> {
        self.0.faults.iter().map(|fault| (fault.column, fault.reason, fault.message.as_str()))
    }
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.0.line)?;
        for fault in &self.0.faults {
            match fault.column {
                Some(column) => write!(f, "; {column}: {}", fault.message)?,
                None => write!(f, "; {}", fault.message)?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for RowError {}

/// Customer columns and the match keys that they fill, in the order of the keys.
const CUSTOMER: [(Column, MatchKey); 14] = [
    (Column::Email, MatchKey::Email),
    (Column::Phone, MatchKey::Phone),
    (Column::GivenName, MatchKey::FirstName),
    (Column::Surname, MatchKey::LastName),
    (Column::Birthdate, MatchKey::BirthDate),
    (Column::Gender, MatchKey::Gender),
    (Column::City, MatchKey::City),
    (Column::State, MatchKey::State),
    (Column::Postal, MatchKey::PostalCode),
    (Column::Country, MatchKey::Country),
    (Column::ExternalId, MatchKey::ExternalId),
    (Column::Madid, MatchKey::MobileAdvertiserId),
    (Column::ClientIpAddress, MatchKey::ClientIpAddress),
    (Column::ClientUserAgent, MatchKey::ClientUserAgent),
];

/// The column that fills this match key.
pub(super) fn column_of(key: MatchKey) -> Option<Column> {
    CUSTOMER.iter().find(|(_, filled)| *filled == key).map(|(column, _)| *column)
}

impl BoundLayout {
    /// How many fields a record has.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Positions of the columns that are not understood and therefore ignored, counted from 0.
    pub fn unknown(&self) -> &[usize] {
        &self.unknown
    }

    /// Where a column stands, counted from 0.
    pub fn position(&self, column: Column) -> Option<usize> {
        self.positions[column as usize]
    }

    fn missing(&self) -> Vec<&'static [Column]> {
        let has = |column| self.position(column).is_some();
        let mut missing: Vec<&'static [Column]> = Vec::new();
        if !has(Column::Timestamp) {
            missing.push(&[Column::Timestamp]);
        }
        if !has(Column::Email) && !has(Column::Phone) {
            missing.push(&[Column::Email, Column::Phone]);
        }
        // Without a column for the name every row is a purchase and needs its money.
        if !has(Column::EventName) {
            if !has(Column::Currency) {
                missing.push(&[Column::Currency]);
            }
            if !has(Column::Value) {
                if !has(Column::Price) {
                    missing.push(&[Column::Price, Column::Value]);
                }
                if !has(Column::Quantity) {
                    missing.push(&[Column::Quantity, Column::Value]);
                }
            }
        }
        missing
    }

    /// Headers that are almost those of missing columns.
    fn near<S: AsRef<str>>(&self, headers: &[S], missing: &[&'static [Column]]) -> Vec<(usize, Column)> {
        let nearest = |index: &usize| {
            let header = plain(headers[*index].as_ref());
            let column = missing.iter().copied().flatten().find(|column| column.comes_near(&header))?;
            Some((index + 1, *column))
        };
        self.unknown.iter().filter_map(nearest).collect()
    }

    /// Reads one record. `field` gives the text at a position; fields that are not there are blank.
    pub fn read<'a>(&self, line: Line, field: impl Fn(usize) -> &'a str) -> ParsedRow<'a> {
        self.read_fields(line, |position| Ok(field(position)))
    }

    /// Reads one record whose fields may have been refused already.
    pub(super) fn read_fields<'a>(
        &self,
        line: Line,
        field: impl Fn(usize) -> Result<&'a str, Rule>,
    ) -> ParsedRow<'a> {
        let text = |column: Column| self.position(column).map_or(Ok(""), &field);
        let mut read = Reader { layout: &self.layout, faults: Vec::new() };

        let quantity = read.optional(Column::Quantity, text(Column::Quantity), Reader::quantity);
        if quantity.is_some_and(|count| count <= 0) {
            return ParsedRow::Return(line);
        }
        let order_id = read.optional(Column::OrderId, text(Column::OrderId), |_, text| text.parse());
        let name = read.or_default(Column::EventName, text(Column::EventName), offline_name);
        let source = read.or_default(Column::ActionSource, text(Column::ActionSource), str::parse);
        let time = read.time(text(Column::Timestamp));
        let mut row = Row::new(line, time.unwrap_or(EPOCH)).customer(self.customer());
        row.quantity = quantity;
        row.product = read.optional(Column::ProductId, text(Column::ProductId), |_, text| text.parse());
        row.price = read.optional(Column::Price, text(Column::Price), Reader::amount);
        row.value = read.optional(Column::Value, text(Column::Value), Reader::amount);
        row.currency = read.optional(Column::Currency, text(Column::Currency), |_, text| text.parse());
        row.event_id = read.optional(Column::EventId, text(Column::EventId), |_, text| text.parse());
        row.event_source_url =
            read.optional(Column::EventSourceUrl, text(Column::EventSourceUrl), |_, text| text.parse());
        row.delivery_category =
            read.optional(Column::DeliveryCategory, text(Column::DeliveryCategory), |_, text| text.parse());

        for (column, key) in CUSTOMER {
            match text(column) {
                Ok(text) if text.is_empty() || is_null(text) => {}
                Ok(text) => row.customer.add(key, text),
                Err(rule) => read.refuse(column, InvalidValue::new(ValueKind::Text, rule)),
            }
        }

        match (name, source) {
            (Some(name), Some(source)) if read.faults.is_empty() => {
                row.name = name;
                row.action_source = source;
                row.order_id = order_id;
                ParsedRow::Row(row)
            }
            (name, source) => {
                ParsedRow::Invalid(RowError::new(line, order_id, name.zip(source), read.faults))
            }
        }
    }

    fn customer<'a>(&self) -> UserDataBuilder<'a> {
        let RowLayout { customers, times, .. } = &self.layout;
        UserData::builder().options(customers.date_order_unless_stated(times.date_order))
    }
}

/// Stands in for a time that could not be read, in a row that is dropped for it.
const EPOCH: EventTime = EventTime::FIRST;

/// Reads the fields of one record and gathers what is wrong with them.
struct Reader<'l> {
    layout: &'l RowLayout,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    /// A value that may be blank.
    fn optional<T>(
        &mut self,
        column: Column,
        text: Result<&str, Rule>,
        parse: impl Fn(&Self, &str) -> Result<T, InvalidValue>,
    ) -> Option<T> {
        let text = self.text(column, text)?;
        if says_nothing(column, text) { None } else { self.accept(column, parse(self, text)) }
    }

    /// A value with a default for a blank; `None` when the text is neither.
    fn or_default<T: Default>(
        &mut self,
        column: Column,
        text: Result<&str, Rule>,
        parse: impl Fn(&str) -> Result<T, InvalidValue>,
    ) -> Option<T> {
        let text = self.text(column, text)?;
        if says_nothing(column, text) { Some(T::default()) } else { self.accept(column, parse(text)) }
    }

    fn time(&mut self, text: Result<&str, Rule>) -> Option<EventTime> {
        let text = self.text(Column::Timestamp, text)?;
        let text = if says_nothing(Column::Timestamp, text) { "" } else { text };
        self.accept(Column::Timestamp, self.layout.times.read(text))
    }

    fn text<'t>(&mut self, column: Column, text: Result<&'t str, Rule>) -> Option<&'t str> {
        self.accept(column, text.map_err(|rule| InvalidValue::new(ValueKind::Text, rule)))
    }

    fn accept<T>(&mut self, column: Column, read: Result<T, InvalidValue>) -> Option<T> {
        read.map_err(|error| self.refuse(column, error)).ok()
    }

    fn refuse(&mut self, column: Column, error: InvalidValue) {
        self.faults.push(Fault::at(column, error.rule().code(), error.to_string()));
    }

    /// A number in the style of the layout.
    fn number(&self, text: &str) -> Result<Amount, InvalidValue> {
        match self.layout.numbers {
            NumberStyle::Plain => text.parse(),
            NumberStyle::ThousandsComma => separated(text, ',', '.'),
            NumberStyle::DecimalComma => separated(text, '.', ','),
        }
    }

    /// An amount; it may be zero, and is never negative.
    fn amount(&self, text: &str) -> Result<Amount, InvalidValue> {
        let amount = self.number(text)?;
        if amount.is_negative() {
            Err(InvalidValue::new(ValueKind::Amount, Rule::Negative))
        } else {
            Ok(amount)
        }
    }

    /// A whole number; `2.0` is two.
    fn quantity(&self, text: &str) -> Result<i64, InvalidValue> {
        let refused = |rule| InvalidValue::new(ValueKind::Quantity, rule);
        let number = self.number(text).map_err(|error| refused(error.rule()))?;
        if number.decimals() > 0 {
            return Err(refused(Rule::NotWhole));
        }
        number.whole().ok_or(refused(Rule::TooManyDigits))
    }
}

/// Blank, or one of the ways in which databases and spreadsheets write that there is nothing. In a
/// column of numbers `NaN` is a broken number instead.
fn says_nothing(column: Column, text: &str) -> bool {
    text.is_empty() || !begins_a_value(text) && is_word_for_nothing(column, text)
}

fn is_word_for_nothing(column: Column, text: &str) -> bool {
    let text = text.trim_matches(is_blank);
    let broken_number = matches!(column, Column::Quantity | Column::Price | Column::Value)
        && text.eq_ignore_ascii_case("nan");
    text.is_empty() || is_placeholder(text) && !broken_number
}

/// Whether no blank and no word for nothing begins like this text.
fn begins_a_value(text: &str) -> bool {
    match text.as_bytes() {
        [] | [b'N' | b'n', ..] | [b'U' | b'u', b'N' | b'n', ..] => false,
        [first, ..] => first.is_ascii_alphanumeric(),
    }
}

/// What a database writes for a value that is not there.
fn is_null(text: &str) -> bool {
    match text.as_bytes() {
        [b'N' | b'n' | b'\\', ..] => {}
        [first, ..] if first.is_ascii_graphic() => return false,
        _ => {}
    }
    let text = text.trim();
    text.eq_ignore_ascii_case("null") || text == "\\N"
}

/// The nine names of the row contract.
fn offline_name(text: &str) -> Result<EventName, InvalidValue> {
    let name: EventName = text.parse()?;
    if EventName::OFFLINE.contains(&name.as_str()) {
        Ok(name)
    } else {
        Err(InvalidValue::new(ValueKind::EventName, Rule::NotOneOf(EventName::OFFLINE)))
    }
}

/// Reads a number with separators before groups of three, or with none.
fn separated(text: &str, separator: char, point: char) -> Result<Amount, InvalidValue> {
    let short = u8::try_from(point).ok().and_then(|point| Amount::short(text, point));
    match short {
        Some(amount) => Ok(amount),
        None => without_thousands(text.trim(), separator, point)?.parse(),
    }
}

/// Takes separators out of a number in which they stand where they must: before groups of three.
fn without_thousands(text: &str, separator: char, point: char) -> Result<String, InvalidValue> {
    let (whole, decimals) = text.split_once(point).unwrap_or((text, ""));
    let mut groups = whole.strip_prefix('-').unwrap_or(whole).split(separator);
    let first = groups.next().unwrap_or_default();
    let grouped = whole.contains(separator);
    // `0,123` is no grouped number: the comma stands before decimals.
    let begins = (1..=3).contains(&first.len()) && !first.starts_with('0');
    let in_place = groups.all(|group| group.len() == 3) && (!grouped || begins);
    if !in_place || decimals.contains(separator) {
        return Err(InvalidValue::new(ValueKind::Amount, Rule::NumberStyle));
    }
    let whole = whole.replace(separator, "");
    Ok(if text.contains(point) { format!("{whole}.{decimals}") } else { whole })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[rustfmt::skip]
    const WORDS: [&str; 17] = [
        "-", "null", "(null)", "<null>", "\\n", "nil", "none", "n/a", "n.a.", "#n/a", "nan", "undefined",
        "unknown", "[object null]", "[object object]", "[object undefined]", "",
    ];

    fn with_some_capitals(word: &str, capitals: u32) -> String {
        let letters = word.chars().enumerate();
        let case = |(place, letter): (usize, char)| match capitals >> place & 1 {
            1 => letter.to_ascii_uppercase(),
            _ => letter,
        };
        letters.map(case).collect()
    }

    proptest! {
        #[test]
        fn no_word_for_nothing_begins_a_value(
            capitals: u32,
            before in "[ \\t\u{a0}\u{200b}a]?",
            behind in "[ a]?",
        ) {
            for word in WORDS {
                let word = with_some_capitals(word, capitals);
                for text in [word.clone(), format!("{before}{word}"), format!("{word}{behind}")] {
                    let trimmed = text.trim_matches(is_blank);
                    let nothing = trimmed.is_empty() || is_placeholder(trimmed);
                    prop_assert!(!(nothing && begins_a_value(&text)), "{text:?}");
                    prop_assert_eq!(says_nothing(Column::Email, &text), nothing, "{:?}", text);
                    let word = text.trim();
                    prop_assert_eq!(is_null(&text), word.eq_ignore_ascii_case("null") || word == "\\N");
                }
            }
        }

        #[test]
        fn numbers_in_any_style_are_read_the_long_way_or_as_that_would(
            text in "[ -]?[0-9]{0,4}([.,][0-9]{0,4}){0,3} ?|[0-9]{1,20}[.,][0-9]{1,3}",
        ) {
            for (separator, point) in [(',', '.'), ('.', ',')] {
                let number = without_thousands(text.trim(), separator, point).and_then(|text| text.parse());
                prop_assert_eq!(separated(&text, separator, point), number);
            }
        }

        #[test]
        fn what_begins_a_value_is_one(text in ".{0,4}|[nNuU][nN]?[ -~]{0,3}") {
            let trimmed = text.trim_matches(is_blank);
            let nothing = trimmed.is_empty() || is_placeholder(trimmed);
            prop_assert_eq!(says_nothing(Column::Email, &text), nothing);
        }
    }
}
