//! How amounts and quantities are written.

use serde::{Deserialize, Serialize};

use crate::value::{Amount, InvalidValue, Rule, ValueKind};

/// How an export writes amounts.
///
/// ```
/// use meta_offline_events::order::{NumberStyle, ParsedRow, RowLayout};
/// use meta_offline_events::value::Line;
///
/// let layout = RowLayout::new()
///     .number_style(NumberStyle::DecimalComma)
///     .bind(&["order_id", "email", "timestamp", "value", "currency"])?;
/// let read = |amount| {
///     let record = ["A1", "mary@example.com", "1777896000", amount, "EUR"];
///     matches!(layout.read(Line::new(2), |index| record[index]), ParsedRow::Row(_))
/// };
/// assert!(read("1.234,50") && read("1234,5"));
/// assert!(!read("1,234.50"));
/// # Ok::<(), meta_offline_events::order::LayoutError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum NumberStyle {
    /// `1234.50`: a point before the decimals, and no thousands separator.
    #[default]
    #[serde(rename = "1234.50")]
    Plain,
    /// `1,234.50`: a comma between thousands, a point before the decimals.
    #[serde(rename = "1,234.50")]
    ThousandsComma,
    /// `1.234,50`: a point between thousands, a comma before the decimals.
    #[serde(rename = "1.234,50")]
    DecimalComma,
}

impl NumberStyle {
    /// Says how to write a number that could not be read, in this style.
    pub(super) fn advice(self, error: InvalidValue) -> String {
        let example = match self {
            Self::Plain => "1234.50",
            Self::ThousandsComma => "1,234.50",
            Self::DecimalComma => "1.234,50",
        };
        match error.rule() {
            Rule::NumberStyle => {
                format!(
                    "{} does not fit the number style: write it as {example}, or state the style of the file in the layout",
                    error.kind()
                )
            }
            Rule::NotANumber => format!("{} is not a number: write it as in {example}", error.kind()),
            _ => error.to_string(),
        }
    }

    /// Reads an amount. It may be zero, but not negative.
    pub(super) fn amount(self, text: &str) -> Result<Amount, InvalidValue> {
        let amount = self.number(text)?;
        if amount.is_negative() {
            Err(InvalidValue::new(ValueKind::Amount, Rule::Negative))
        } else {
            Ok(amount)
        }
    }

    /// Reads a whole number; `2.0` is two.
    pub(super) fn quantity(self, text: &str) -> Result<i64, InvalidValue> {
        let invalid = |rule| InvalidValue::new(ValueKind::Quantity, rule);
        let number = self.number(text).map_err(|error| invalid(error.rule()))?;
        if number.decimals() > 0 {
            return Err(invalid(Rule::NotWhole));
        }
        number.whole().ok_or(invalid(Rule::TooManyDigits))
    }

    fn number(self, text: &str) -> Result<Amount, InvalidValue> {
        match self {
            Self::Plain => text.parse(),
            Self::ThousandsComma => separated(text, ',', '.'),
            Self::DecimalComma => separated(text, '.', ','),
        }
    }
}

/// Reads a number with or without thousands separators.
fn separated(text: &str, separator: char, point: char) -> Result<Amount, InvalidValue> {
    let short = u8::try_from(point).ok().and_then(|point| Amount::short(text, point));
    match short {
        Some(amount) => Ok(amount),
        None => without_separators(text.trim(), separator, point)?.parse(),
    }
}

/// Removes the thousands separators of a number and writes its decimals behind a point.
fn without_separators(text: &str, separator: char, point: char) -> Result<String, InvalidValue> {
    let (whole, decimals) = text.split_once(point).unwrap_or((text, ""));
    let mut groups = whole.strip_prefix('-').unwrap_or(whole).split(separator);
    let first = groups.next().unwrap_or_default();
    let is_grouped = whole.contains(separator);
    // `0,123` is not a grouped number: its comma stands before decimals.
    let begins_well = (1..=3).contains(&first.len()) && !first.starts_with('0');
    let in_threes = groups.all(|group| group.len() == 3) && (!is_grouped || begins_well);
    if !in_threes || decimals.contains(separator) {
        return Err(InvalidValue::new(ValueKind::Amount, Rule::NumberStyle));
    }
    let whole = whole.replace(separator, "");
    Ok(if text.contains(point) { format!("{whole}.{decimals}") } else { whole })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_in_any_style_are_read_the_long_way_or_as_that_would(
            text in "[ -]?[0-9]{0,4}([.,][0-9]{0,4}){0,3} ?|[0-9]{1,20}[.,][0-9]{1,3}",
        ) {
            for (separator, point) in [(',', '.'), ('.', ',')] {
                let number = without_separators(text.trim(), separator, point).and_then(|text| text.parse());
                prop_assert_eq!(separated(&text, separator, point), number);
            }
        }
    }
}
