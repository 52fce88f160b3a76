//! Reads the fields of one record as a [`Row`].

use chrono::NaiveDate;

use super::RowLayout;
use super::bound::{BoundLayout, Source};
use super::column::{Column, MATCH_KEYS};
use super::currency_mark::CurrencyMark;
use super::numbers::{MarkedAmount, not_negative};
use super::order_key::{OrderKey, escaped};
use super::record::{Moment, Record, Texts};
use super::timestamp::common_seconds;
use super::zones::{NoTime, ZoneOf};
use crate::customer::{CleaningOptions, UserDataBuilder, is_blank, is_placeholder};
use crate::event::EventName;
use crate::order::parsed_row::ParsedRow;
use crate::order::quantity::Quantity;
use crate::order::row::Row;
use crate::order::row_error::{Fault, OrderFingerprint, RowError};
use crate::value::{
    Amount, Currency, EventId, EventTime, InvalidValue, Line, OrderId, ProductId, Rule, ValueKind, Zone,
};

impl BoundLayout {
    /// Reads one record. `field` returns the text at a position, counted from 0; a missing field is blank.
    ///
    /// ```
    /// use meta_offline_events::order::{ParsedRow, RowLayout};
    /// use meta_offline_events::value::Line;
    ///
    /// let layout = RowLayout::new().bind(&["order_id", "email", "timestamp", "quantity", "price", "currency"])?;
    /// let sale = ["A1", "mary@example.com", "2026-05-04T12:00:00Z", "2", "10.50", "EUR"];
    /// assert!(matches!(layout.read(Line::new(2), |index| sale[index]), ParsedRow::Row(_)));
    ///
    /// let broken = ["A1", "mary@example.com", "yesterday", "2", "10.50", "EUR"];
    /// let ParsedRow::Invalid(error) = layout.read(Line::new(3), |index| broken[index]) else { panic!() };
    /// assert!(error.to_string().starts_with("line 3; timestamp: "));
    /// # Ok::<(), meta_offline_events::order::LayoutError>(())
    /// ```
    pub fn read<'a>(&'a self, line: Line, field: impl Fn(usize) -> &'a str) -> ParsedRow<'a> {
        self.read_fields(line, |position| Ok(field(position)))
    }

    /// Reads one record, of which some fields may have no text that can be used.
    pub(in crate::order) fn read_fields<'a>(
        &'a self,
        line: Line,
        field: impl Fn(usize) -> Result<&'a str, Rule>,
    ) -> ParsedRow<'a> {
        self.read_record(line, &Texts(field))
    }

    /// Reads one record, of which some fields may have no text that can be used, and others need none.
    pub(in crate::order) fn read_record<'a>(&'a self, line: Line, record: &impl Record<'a>) -> ParsedRow<'a> {
        let mut read = Reader { bound: self, record, marks: Vec::new(), faults: Vec::new() };

        let quantity = read.quantity();
        if quantity.is_some_and(Quantity::is_return) {
            return ParsedRow::Return(line);
        }
        let mut order_id = read.optional(Column::OrderId, usual(OrderId::short), str::parse);
        let name = read.or_default(Column::EventName, offline_name);
        let action_source = read.or_default(Column::ActionSource, str::parse);
        let time = match self.position(Column::Timestamp).and_then(|position| record.moment(position)) {
            Some(moment) => read.moment(moment),
            None => read.time(),
        };
        let mut suspect = None;
        if let Some(number) = order_id.as_ref().filter(|_| self.has_order_key()) {
            suspect = Some(self.suspect(number));
            order_id = read.order_key(number, time);
        }
        let product = read.optional(Column::ProductId, usual(ProductId::short), str::parse);
        let price = read.amount(Column::Price);
        let value = read.amount(Column::Value);
        let currency = read.optional(Column::Currency, Currency::from_letters, str::parse);
        let currency = read.currency(currency);
        let event_id = read.optional(Column::EventId, usual(EventId::short), str::parse);
        let event_source_url = read.optional(Column::EventSourceUrl, nothing, str::parse);
        let delivery_category = read.optional(Column::DeliveryCategory, nothing, str::parse);

        let own = if record.customer().is_none() { Some(read.customer()) } else { None };

        match (time, name, action_source) {
            (Some(time), Some(name), Some(action_source)) if read.faults.is_empty() => {
                let customer = match record.customer() {
                    Some(passage) => UserDataBuilder::lent(passage, self.customers()),
                    None => own.unwrap_or_default(),
                };
                // A row is large: it is written once, to the place of what is returned.
                ParsedRow::Row(Row {
                    line,
                    time,
                    customer_texts: customer.fingerprint_of_texts(),
                    customer,
                    name,
                    action_source,
                    order_id,
                    product,
                    quantity,
                    price,
                    value,
                    currency,
                    event_id,
                    event_source_url,
                    delivery_category,
                })
            }
            (_, name, action_source) => {
                let suspect = suspect.filter(|_| order_id.is_none());
                let error = RowError::new(line, order_id, name.zip(action_source), read.faults);
                ParsedRow::Invalid(error.suspect(suspect))
            }
        }
    }

    /// Returns what is wrong with a fixed text.
    pub(super) fn fixed_fault(&self) -> Option<(Column, String)> {
        let blank = self.read_fields(Line::new(1), |_| Ok(""));
        match blank {
            ParsedRow::Return(_) => Some((Column::Quantity, "the quantity is not above zero".to_owned())),
            ParsedRow::Invalid(error) => error.faults().find_map(|(column, _, message)| {
                let column = column.filter(|column| self.fixed_text(*column).is_some())?;
                Some((column, message.to_owned()))
            }),
            ParsedRow::Row(_) => None,
        }
        .or_else(|| {
            MATCH_KEYS.into_iter().find_map(|(column, key)| {
                let read = key.normalize(self.fixed_text(column)?, &self.layout.customers);
                read.err().map(|reason| (column, reason.to_string()))
            })
        })
    }

    /// Returns what stands for the orders that a row with this order id may belong to. Where an order key is set,
    /// these are all orders with the same order id within their store, till or day.
    pub(in crate::order) fn suspect(&self, number: &OrderId) -> OrderFingerprint {
        if self.has_order_key() {
            OrderFingerprint::of_last_part(&escaped(number))
        } else {
            OrderFingerprint::of(number)
        }
    }

    fn customers(&self) -> CleaningOptions {
        let RowLayout { customers, times, .. } = &self.layout;
        customers.date_order_unless_stated(times.date_order)
    }
}

/// Reads the fields of one record and collects what is wrong with them.
struct Reader<'a, 'r, R> {
    bound: &'a BoundLayout,
    record: &'r R,
    /// The marks of currencies beside amounts.
    marks: Vec<(Column, CurrencyMark)>,
    faults: Vec<Fault>,
}

impl<'a, R: Record<'a>> Reader<'a, '_, R> {
    /// Reads a value that may be blank. Most values are known by a quick look at their bytes.
    #[inline]
    fn optional<T>(
        &mut self,
        column: Column,
        quick: impl Fn(&[u8]) -> Option<T>,
        parse: impl Fn(&str) -> Result<T, InvalidValue>,
    ) -> Option<T> {
        let bytes = self.bytes(column)?;
        match quick(bytes) {
            Some(value) => Some(value),
            None => self.between_blanks(column, bytes, quick, parse),
        }
    }

    #[inline(never)]
    fn between_blanks<T>(
        &mut self,
        column: Column,
        bytes: &[u8],
        quick: impl Fn(&[u8]) -> Option<T>,
        parse: impl Fn(&str) -> Result<T, InvalidValue>,
    ) -> Option<T> {
        match quick(without_blanks(bytes)) {
            Some(value) => Some(value),
            None => self.any(column, || None, parse),
        }
    }

    /// The bytes of a column for a quick look, or `None` if it is nowhere.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "a call costs more than what is left of it where the column is known"
    )]
    fn bytes(&self, column: Column) -> Option<&'a [u8]> {
        match self.bound.source(column) {
            Source::Nowhere => None,
            Source::Field(position) => Some(self.record.bytes(*position)),
            Source::Fixed(text) => Some(text.as_bytes()),
        }
    }

    /// Reads a value that has a default; returns `None` only if the text is invalid.
    #[inline]
    fn or_default<T: Default>(
        &mut self,
        column: Column,
        parse: impl Fn(&str) -> Result<T, InvalidValue>,
    ) -> Option<T> {
        match self.bound.source(column) {
            Source::Nowhere => Some(T::default()),
            Source::Field(_) | Source::Fixed(_) => self.any(column, || Some(T::default()), parse),
        }
    }

    /// Reads a value in any form.
    #[inline(never)]
    fn any<T>(
        &mut self,
        column: Column,
        missing: impl Fn() -> Option<T>,
        parse: impl Fn(&str) -> Result<T, InvalidValue>,
    ) -> Option<T> {
        match self.text(column)? {
            text if is_missing(column, text) => missing(),
            text => self.accept(column, parse(text)),
        }
    }

    #[inline]
    fn quantity(&mut self) -> Option<Quantity> {
        let numbers = self.bound.layout.numbers;
        match self.typed_number(Column::Quantity) {
            Some(number) => {
                self.number(Column::Quantity, ValueKind::Quantity, number, |number| numbers.counted(number))
            }
            None => self.optional(
                Column::Quantity,
                |bytes| numbers.short_quantity(bytes),
                |text| numbers.quantity(text),
            ),
        }
    }

    #[inline]
    fn amount(&mut self, column: Column) -> Option<Amount> {
        if let Some(number) = self.typed_number(column) {
            return self.number(column, ValueKind::Amount, number, not_negative);
        }
        let bytes = self.bytes(column)?;
        match self.bound.layout.numbers.style.short(bytes) {
            Some(amount) => Some(amount),
            None => self.marked_amount(column, bytes),
        }
    }

    #[inline(never)]
    fn marked_amount(&mut self, column: Column, bytes: &[u8]) -> Option<Amount> {
        let style = self.bound.layout.numbers.style;
        if let Some(amount) = style.short(without_blanks(bytes)) {
            return Some(amount);
        }
        let MarkedAmount { amount, marks } = self.any(column, || None, |text| style.amount(text))?;
        self.marks.extend(marks.into_iter().map(|mark| (column, mark)));
        Some(amount)
    }

    #[inline(never)]
    fn customer(&mut self) -> UserDataBuilder<'a> {
        let mut customer = UserDataBuilder::default();
        customer.set_options(self.bound.customers());
        for (column, key) in MATCH_KEYS {
            if let Some(text) = self.text(column).filter(|text| is_given(text.as_bytes())) {
                customer.add(key, text);
            }
        }
        customer
    }

    #[inline]
    fn typed_number(&self, column: Column) -> Option<Result<Amount, Rule>> {
        self.record.number(self.bound.position(column)?)
    }

    /// Takes a number that needs no reading.
    fn number<T>(
        &mut self,
        column: Column,
        kind: ValueKind,
        number: Result<Amount, Rule>,
        check: impl Fn(Amount) -> Result<T, InvalidValue>,
    ) -> Option<T> {
        self.accept(column, number.map_err(|rule| InvalidValue::new(kind, rule)).and_then(check))
    }

    /// Compares the stated currency of a row with the marks beside its amounts, or takes it from them.
    #[inline]
    fn currency(&mut self, stated: Option<Currency>) -> Option<Currency> {
        let from_amounts = self.bound.layout.numbers.currency_from_amounts;
        let given = || self.marks.iter().find_map(|(_, mark)| mark.only()).filter(|_| from_amounts);
        let currency = stated.or_else(given);
        for &(column, mark) in &self.marks {
            let (reason, message) = match currency {
                Some(currency) if mark.may_mean(currency) => continue,
                Some(currency) => (
                    "currency_differs",
                    format!(
                        "has the sign of another currency than {currency}, the currency of the row: correct one"
                    ),
                ),
                None if from_amounts => (
                    "ambiguous_currency",
                    "has a sign of several currencies: write the code, or add the column currency".to_owned(),
                ),
                None => continue,
            };
            self.faults.push(Fault::at(column, reason, message));
        }
        currency
    }

    /// Joins the order key of a row, which was sold at this time. A time that cannot be read is a fault of
    /// its own.
    fn order_key(&mut self, number: &OrderId, time: Option<EventTime>) -> Option<OrderId> {
        let OrderKey { headers, has_day } = &self.bound.layout.order_key;
        let mut parts = Vec::with_capacity(headers.len() + 2);
        for (header, &position) in headers.iter().zip(&self.bound.key) {
            match self.record.text(position) {
                Ok(text) if !is_missing(Column::OrderId, text) => parts.push(text.to_owned()),
                _ => {
                    let message = format!(
                        "the column `{header}` of the order key is blank or cannot be read: fill it in"
                    );
                    self.faults.push(Fault::at(Column::OrderId, "order_key_incomplete", message));
                    return None;
                }
            }
        }
        if *has_day {
            parts.push(self.day(time?)?.to_string());
        }
        parts.push(number.as_str().to_owned());
        self.accept(Column::OrderId, OrderKey::join(parts))
    }

    /// Reads the time of a row. Its zone is at fault only if the time needs one.
    #[inline]
    fn time(&mut self) -> Option<EventTime> {
        let position = self.bound.position(Column::Timestamp)?;
        let bytes = self.record.bytes(position);
        match common_seconds(bytes) {
            Some(time) => Some(time),
            None => self.time_in_any_form(bytes),
        }
    }

    #[inline(never)]
    fn time_in_any_form(&mut self, bytes: &[u8]) -> Option<EventTime> {
        if let Some(time) = common_seconds(without_blanks(bytes)) {
            return Some(time);
        }
        let text = self.text(Column::Timestamp)?;
        let text = if is_missing(Column::Timestamp, text) { "" } else { text };
        let zone = self.zone();
        self.accept_time(self.bound.layout.times.read(text, zone.as_ref().ok().copied()), &zone)
    }

    /// Takes a time that needs no reading, but may need its zone.
    fn moment(&mut self, moment: Result<Moment, Rule>) -> Option<EventTime> {
        let zone = self.zone();
        let place = |moment| self.bound.layout.times.place(moment, zone.as_ref().ok().copied());
        self.accept_time(moment.map_err(NoTime::from).and_then(place), &zone)
    }

    #[inline]
    fn accept_time(
        &mut self,
        time: Result<EventTime, NoTime>,
        zone: &Result<Zone, Fault>,
    ) -> Option<EventTime> {
        let no_time = match time {
            Ok(time) => return Some(time),
            Err(no_time) => no_time,
        };
        self.faults.push(match (no_time, zone) {
            (NoTime::NoZone, Err(fault)) => fault.clone(),
            _ => Fault::at(Column::Timestamp, no_time.rule().code(), no_time.to_string()),
        });
        None
    }

    /// Returns the zone of a row, or what is wrong with the column that names it.
    fn zone(&self) -> Result<Zone, Fault> {
        let BoundLayout { layout, zone_of, .. } = self.bound;
        if let Some(position) = self.bound.position(Column::TimeZone) {
            let invalid =
                |error: InvalidValue| Fault::at(Column::TimeZone, error.rule().code(), error.to_string());
            let text = self
                .record
                .text(position)
                .map_err(|rule| invalid(InvalidValue::new(ValueKind::Text, rule)))?;
            if !is_missing(Column::TimeZone, text) {
                return text.parse().map_err(invalid);
            }
        }
        let (Some(position), Some(ZoneOf { header, zones })) = (*zone_of, &layout.zone_of) else {
            return Ok(layout.times.zone);
        };
        self.record.text(position).ok().and_then(|text| zones.of(text.trim())).ok_or_else(|| {
            let message = format!(
                "the layout knows no time zone for what the column `{header}` has here: add it to the layout, or \
                 write times with their offsets"
            );
            Fault::at(Column::Timestamp, Rule::UnknownZone.code(), message)
        })
    }

    /// Returns the day of a time in the zone of its row.
    fn day(&mut self, time: EventTime) -> Option<NaiveDate> {
        match self.zone() {
            Ok(zone) => zone.day(time),
            Err(fault) => {
                self.faults.push(fault);
                None
            }
        }
    }

    /// The text of a column: in the record, or fixed by the layout.
    fn text(&mut self, column: Column) -> Option<&'a str> {
        let text = match self.bound.source(column) {
            Source::Nowhere => Ok(""),
            Source::Field(position) => self.record.text(*position),
            Source::Fixed(text) => Ok(&**text),
        };
        match text {
            Ok(text) => Some(text),
            Err(rule) => {
                self.reject(column, InvalidValue::new(ValueKind::Text, rule));
                None
            }
        }
    }

    #[inline]
    fn accept<T>(&mut self, column: Column, read: Result<T, InvalidValue>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(error) => {
                self.reject(column, error);
                None
            }
        }
    }

    #[cold]
    fn reject(&mut self, column: Column, error: InvalidValue) {
        let message = match column {
            Column::Quantity | Column::Price | Column::Value => self.bound.layout.numbers.style.advice(error),
            _ => error.to_string(),
        };
        self.faults.push(Fault::at(column, error.rule().code(), message));
    }
}

/// The bytes between the blanks of a field. A long one is left as it is, to be read by the rules.
#[inline]
fn without_blanks(bytes: &[u8]) -> &[u8] {
    const LONG: usize = 256;
    if bytes.len() < LONG { bytes.trim_ascii() } else { bytes }
}

/// A quick look for identifiers, none of which stands for a missing value.
#[inline]
fn usual<T>(short: impl Fn(&[u8]) -> Option<T>) -> impl Fn(&[u8]) -> Option<T> {
    move |bytes| if begins_a_value(bytes) { short(bytes) } else { None }
}

/// A quick look for values that are rare.
#[inline]
fn nothing<T>(_bytes: &[u8]) -> Option<T> {
    None
}

/// Returns whether a field is blank or holds a word for a missing value, such as `null` or `n/a`. In a column of
/// numbers `NaN` is an invalid number instead, and in the column of order ids `#N/A` an order id that was lost.
#[inline]
fn is_missing(column: Column, text: &str) -> bool {
    text.is_empty() || !begins_a_value(text.as_bytes()) && is_blank_or_placeholder(column, text)
}

#[inline(never)]
fn is_blank_or_placeholder(column: Column, text: &str) -> bool {
    let text = text.trim_matches(is_blank);
    let is_invalid_number = matches!(column, Column::Quantity | Column::Price | Column::Value)
        && text.eq_ignore_ascii_case("nan");
    let is_lost = column == Column::OrderId && text.eq_ignore_ascii_case("#n/a");
    text.is_empty() || is_placeholder(text.as_bytes()) && !is_invalid_number && !is_lost
}

/// Returns whether the first letters show already that the text is a value.
#[inline]
fn begins_a_value(text: &[u8]) -> bool {
    match text {
        [] | [b'N' | b'n', ..] | [b'U' | b'u', b'N' | b'n', ..] => false,
        [first, ..] => first.is_ascii_alphanumeric(),
    }
}

/// Returns whether a text about a customer is neither empty nor what databases write for a missing value.
#[inline]
pub(in crate::order) fn is_given(text: &[u8]) -> bool {
    !text.is_empty() && !is_null(text)
}

/// Returns whether the text is what databases write for a missing value.
#[inline]
fn is_null(text: &[u8]) -> bool {
    const BEGIN: u8 = 1;
    const END: u8 = 2;
    /// Where in such a text each byte may stand. Blanks beyond ASCII begin with few bytes, and end with as few.
    static PLACES: [u8; 256] = {
        let mut places = [0; 256];
        let mut byte = 0;
        while byte < 256 {
            places[byte] = match byte.to_le_bytes()[0] {
                b'N' => BEGIN | END,
                b'n' | b'\\' | 0xC2 | 0xE1..=0xE3 => BEGIN,
                b'L' | b'l' | 0x80..=0xAF => END,
                b'!'..=b'~' | 0x80.. => 0,
                _ => BEGIN | END,
            };
            byte += 1;
        }
        places
    };
    match text {
        // One branch, and hardly ever the other one.
        &[first, .., last] => {
            PLACES[usize::from(first)] & BEGIN & (PLACES[usize::from(last)] / END) != 0 && is_null_word(text)
        }
        _ => false,
    }
}

#[cold]
fn is_null_word(text: &[u8]) -> bool {
    let text = str::from_utf8(text).unwrap_or_default().trim();
    text.eq_ignore_ascii_case("null") || text == "\\N"
}

/// Reads one of the nine event names that exports may use.
fn offline_name(text: &str) -> Result<EventName, InvalidValue> {
    let name: EventName = text.parse()?;
    if EventName::OFFLINE.contains(&name.as_str()) {
        Ok(name)
    } else {
        Err(InvalidValue::new(ValueKind::EventName, Rule::NotOneOf(EventName::OFFLINE)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[rustfmt::skip]
    const PLACEHOLDERS: [&str; 17] = [
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

    fn blanks() -> Vec<char> {
        (char::MIN..=char::MAX).filter(|character| character.is_whitespace()).collect()
    }

    proptest! {
        #[test]
        fn no_placeholder_begins_a_value(
            capitals: u32,
            before in "[ \\t\u{a0}\u{200b}a]?",
            behind in "[ a]?",
        ) {
            for word in PLACEHOLDERS {
                let word = with_some_capitals(word, capitals);
                for text in [word.clone(), format!("{before}{word}"), format!("{word}{behind}")] {
                    let trimmed = text.trim_matches(is_blank);
                    let missing = trimmed.is_empty() || is_placeholder(trimmed.as_bytes());
                    prop_assert!(!(missing && begins_a_value(text.as_bytes())), "{text:?}");
                    prop_assert_eq!(is_missing(Column::Email, &text), missing, "{:?}", text);
                    let word = text.trim();
                    prop_assert_eq!(is_null(text.as_bytes()), word.eq_ignore_ascii_case("null") || word == "\\N");
                }
            }
        }

        #[test]
        fn null_between_blanks_of_any_kind_is_null(
            before in prop::sample::select(blanks()),
            behind in prop::sample::select(blanks()),
            word in prop::sample::select(&["null", "NULL", "nulL", "\\N", "\\n", "null?", ""][..]),
        ) {
            for text in [format!("{before}{word}{behind}"), format!("{before}{word}"), format!("{word}{behind}")] {
                let is_null_word = text.trim().eq_ignore_ascii_case("null") || text.trim() == "\\N";
                prop_assert_eq!(is_null(text.as_bytes()), is_null_word, "{:?}", text);
            }
        }

        #[test]
        fn blanks_around_a_field_change_nothing(
            fields in [
                prop::sample::select(&["A1", "ORD-00000001-of-a-long-shop", "A\u{e9}", "#N/A", "null", ""][..]),
                prop::sample::select(&["SKU-1", "SKU \"1\"", "n/a", ""][..]),
                prop::sample::select(&["2", "2.0", "0", "-1", "1.5", "two", ""][..]),
                prop::sample::select(&["10.50", "1,5", "1e3", "-0.01", "nan", ""][..]),
                prop::sample::select(&["EUR", "eur", "Euro", "none", ""][..]),
                prop::sample::select(&["1777896000", "2026-05-04 12:00", "4 May 2026 12:00", "177789600", "noon", ""][..]),
            ],
            around in [("[ \\t\u{a0}]{0,2}", "[ \\t\u{a0}]{0,2}"), ("[ \\t]", "[ \\t]"), (" ?", "\u{a0}? ?"),
                (" ?", " {0,9}"), (" ?", " ?"), (" {0,2}", "[ \\t]?")],
        ) {
            let header = ["order_id", "product_id", "quantity", "price", "currency", "timestamp", "email"];
            let layout = RowLayout::new().zone(Zone::UTC).bind(&header).expect("a header");
            let padded = std::array::from_fn::<_, 6, _>(|n| format!("{}{}{}", around[n].0, fields[n], around[n].1));
            let email = "mary@example.com";
            let plain = layout.read(Line::new(2), |index| *fields.get(index).unwrap_or(&email));
            let read = layout.read(Line::new(2), |index| padded.get(index).map_or(email, |text| text));
            prop_assert_eq!(format!("{read:?}"), format!("{plain:?}"));
        }

        #[test]
        fn what_begins_a_value_is_one(text in ".{0,4}|[nNuU][nN]?[ -~]{0,3}") {
            let trimmed = text.trim_matches(is_blank);
            let missing = trimmed.is_empty() || is_placeholder(trimmed.as_bytes());
            prop_assert_eq!(is_missing(Column::Email, &text), missing);
        }
    }
}
