//! How amounts and quantities are written.

use std::borrow::Cow;

use arrayvec::ArrayVec;
use serde::{Deserialize, Serialize};

use super::currency_mark::CurrencyMark;
use crate::customer::{ascii_digit, is_blank};
use crate::order::quantity::Quantity;
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
/// assert!(read("1.234,50") && read("1234,5") && read("€ 1.234,50") && read("1.234,50 EUR"));
/// assert!(!read("1,234.50") && !read("US$ 5"));
/// # Ok::<(), meta_offline_events::order::LayoutError>(())
/// ```
///
/// Every style but [`Plain`](Self::Plain) also reads what cash registers write around a number:
///
/// - the sign or code of a currency, such as `59,90 €`, `EUR 59,90` or `kr 59,90`. It is compared with the currency of
///   the row: a row whose amount is in another currency is invalid. A sign that several currencies have, such as `$`,
///   `¥` or `kr`, may mean each of them. To take the currency from the sign, see
///   [`RowLayout::currency_from_amounts`](super::RowLayout::currency_from_amounts);
/// - a minus before or behind it, and brackets: `-5`, `−5`, `5-` and `(5)` are negative. Prices are never negative, and a
///   row with a negative quantity is a return;
/// - a dash in place of the decimals: `59,-` is 59;
/// - full-width and Arabic separators: `，` `．` are those of the style, `٬` stands between thousands, and `٫` before
///   decimals.
///
/// Decimal digits of every script are read in every style: `١٢` and `１２` are 12.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum NumberStyle {
    /// `1234.50`: a point before the decimals, no thousands separator, and nothing around the number.
    #[default]
    #[serde(rename = "1234.50")]
    Plain,
    /// `1,234.50`: a comma between thousands, a point before the decimals. `1,23,456.50` is read, too.
    #[serde(rename = "1,234.50")]
    ThousandsComma,
    /// `1.234,50`: a point between thousands, a comma before the decimals.
    #[serde(rename = "1.234,50")]
    DecimalComma,
    /// `1'234.50`: an apostrophe of any form between thousands, a point before the decimals.
    #[serde(rename = "1'234.50")]
    ThousandsApostrophe,
    /// `1 234,50`: a blank of any width between thousands, a comma before the decimals.
    #[serde(rename = "1 234,50")]
    ThousandsBlank,
}

/// What a layout states about numbers.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct NumberFormat {
    pub(super) style: NumberStyle,
    pub(super) currency_from_amounts: bool,
    pub(super) fractional_quantities: bool,
}

impl NumberFormat {
    /// Reads the usual quantities: digits with nothing around them, and not too many.
    #[inline]
    pub(super) fn short_quantity(self, text: &[u8]) -> Option<Quantity> {
        self.counted(self.style.short(text)?).ok()
    }

    /// Reads a whole number, or a fraction if that is allowed; `2.0` is two.
    pub(super) fn quantity(self, text: &str) -> Result<Quantity, InvalidValue> {
        let invalid = |rule| InvalidValue::new(ValueKind::Quantity, rule);
        let MarkedAmount { amount, marks } =
            self.style.any_form(text).map_err(|error| invalid(error.rule()))?;
        if !marks.is_empty() {
            return Err(invalid(Rule::NotANumber));
        }
        self.counted(amount)
    }

    /// Takes a number as a quantity: a whole one, or a fraction if that is allowed.
    #[inline]
    pub(super) fn counted(self, amount: Amount) -> Result<Quantity, InvalidValue> {
        let invalid = |rule| InvalidValue::new(ValueKind::Quantity, rule);
        match Quantity::of(amount) {
            Quantity::Fractional(_) if amount.decimals() == 0 => Err(invalid(Rule::TooManyDigits)),
            Quantity::Fractional(_) if !self.fractional_quantities => Err(invalid(Rule::NotWhole)),
            quantity => Ok(quantity),
        }
    }
}

/// A number, and the marks of currencies before and behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MarkedAmount {
    pub(super) amount: Amount,
    pub(super) marks: Marks,
}

/// The marks of currencies before and behind a number.
pub(super) type Marks = ArrayVec<CurrencyMark, 2>;

impl NumberStyle {
    /// Says how to write a number that could not be read, in this style.
    pub(super) fn advice(self, error: InvalidValue) -> String {
        let example = match self {
            Self::Plain => "1234.50",
            Self::ThousandsComma => "1,234.50",
            Self::DecimalComma => "1.234,50",
            Self::ThousandsApostrophe => "1'234.50",
            Self::ThousandsBlank => "1 234,50",
        };
        match error.rule() {
            Rule::NumberStyle => {
                format!(
                    "{} does not fit the number style: write it as {example}, or state the style of the file in the layout",
                    error.kind()
                )
            }
            Rule::NotWhole => format!(
                "{} is not a whole number: correct it, or state in the layout that quantities may be fractions",
                error.kind()
            ),
            Rule::NotANumber => format!("{} is not a number: write it as in {example}", error.kind()),
            _ => error.to_string(),
        }
    }

    /// Reads the usual numbers: digits with nothing around them, and not too many.
    #[inline]
    pub(super) fn short(self, text: &[u8]) -> Option<Amount> {
        Amount::short(text, self.decimal_sign())
    }

    /// Reads an amount in any form. It may be zero, but not negative.
    pub(super) fn amount(self, text: &str) -> Result<MarkedAmount, InvalidValue> {
        let MarkedAmount { amount, marks } = self.any_form(text)?;
        Ok(MarkedAmount { amount: not_negative(amount)?, marks })
    }

    fn decimal_sign(self) -> u8 {
        match self {
            Self::Plain | Self::ThousandsComma | Self::ThousandsApostrophe => b'.',
            Self::DecimalComma | Self::ThousandsBlank => b',',
        }
    }

    /// The characters that stand before decimals.
    fn is_point(self, character: char) -> bool {
        match self.decimal_sign() {
            b'.' => matches!(character, '.' | '．' | '٫'),
            _ => matches!(character, ',' | '，' | '٫'),
        }
    }

    /// The characters that stand between thousands.
    fn is_separator(self, character: char) -> bool {
        match self {
            Self::Plain => false,
            Self::ThousandsComma => matches!(character, ',' | '，' | '٬'),
            Self::DecimalComma => matches!(character, '.' | '．' | '٬'),
            Self::ThousandsApostrophe => matches!(character, '\'' | '’' | '‘' | 'ʼ' | '＇' | '٬'),
            Self::ThousandsBlank => character == '٬' || character.is_whitespace(),
        }
    }

    fn any_form(self, text: &str) -> Result<MarkedAmount, InvalidValue> {
        if self == Self::Plain {
            let amount = if text.is_ascii() { text.parse() } else { plain_in_any_script(text) };
            return Ok(MarkedAmount { amount: amount?, marks: Marks::new() });
        }
        let Bare { digits, is_negative, marks } = self.bare(text).map_err(invalid)?;
        let amount = match self.short(digits.as_bytes()) {
            Some(amount) => amount,
            None => self.plain(digits).map_err(invalid)?.parse()?,
        };
        let amount = if is_negative { amount.negated() } else { amount };
        Ok(MarkedAmount { amount, marks })
    }

    /// Takes off what stands around the digits.
    fn bare(self, text: &str) -> Result<Bare<'_>, Rule> {
        let mut bare = Bare { digits: text, is_negative: false, marks: Marks::new() };
        loop {
            let digits = bare.digits.trim_matches(is_blank);
            let inner = if let Some(inner) = self.without_dash(digits) {
                inner
            } else if let Some(inner) = without_minus(digits) {
                if bare.is_negative {
                    return Err(Rule::NotANumber);
                }
                bare.is_negative = true;
                inner
            } else if let Some((mark, inner)) = without_mark(digits) {
                bare.marks.try_push(mark).map_err(|_| Rule::NotANumber)?;
                inner
            } else {
                let is_bracket_only = digits.is_empty() && bare.is_negative;
                bare.digits = digits;
                return if is_bracket_only { Err(Rule::NotANumber) } else { Ok(bare) };
            };
            bare.digits = inner;
        }
    }

    /// Drops the dash that stands for no decimals: `59,-`.
    fn without_dash(self, text: &str) -> Option<&str> {
        let digits = text.trim_end_matches(is_minus);
        if digits.len() == text.len() {
            return None;
        }
        digits.strip_suffix(|character| self.is_point(character)).filter(|digits| ends_with_digit(digits))
    }

    /// Writes a number with ASCII digits, without thousands separators, and with a point before its decimals.
    fn plain(self, text: &str) -> Result<String, Rule> {
        let (whole, decimals) = match text.split_once(|character| self.is_point(character)) {
            Some((whole, decimals)) => (whole, Some(decimals)),
            None => (text, None),
        };
        let mut plain = self.ungrouped(&in_ascii(whole))?;
        if let Some(decimals) = decimals.map(in_ascii) {
            if decimals.contains(|character| self.is_separator(character)) {
                return Err(Rule::NumberStyle);
            }
            plain.push('.');
            plain.push_str(&decimals);
        }
        Ok(plain)
    }

    /// Removes the thousands separators of a whole number.
    fn ungrouped(self, whole: &str) -> Result<String, Rule> {
        let Some(separator) = whole.chars().find(|&character| self.is_separator(character)) else {
            return Ok(whole.to_owned());
        };
        let mut middle = whole.split(separator);
        let (Some(first), Some(last)) = (middle.next(), middle.next_back()) else {
            return Err(Rule::NumberStyle);
        };
        let in_groups_of = |most: usize| {
            // `0,123` is not a grouped number: its comma stands before decimals.
            let begins_well = (1..=most).contains(&first.len()) && !first.starts_with('0');
            begins_well && middle.clone().all(|group| group.len() == most) && last.len() == 3
        };
        // In India, only the last group has three digits.
        let is_grouped = in_groups_of(3) || self == Self::ThousandsComma && in_groups_of(2);
        if is_grouped { Ok(whole.split(separator).collect()) } else { Err(Rule::NumberStyle) }
    }
}

/// Refuses a negative amount.
pub(super) fn not_negative(amount: Amount) -> Result<Amount, InvalidValue> {
    if amount.is_negative() { Err(invalid(Rule::Negative)) } else { Ok(amount) }
}

/// A number in any form, without what stood around its digits.
struct Bare<'t> {
    digits: &'t str,
    is_negative: bool,
    marks: Marks,
}

fn invalid(rule: Rule) -> InvalidValue {
    InvalidValue::new(ValueKind::Amount, rule)
}

/// Reads a plain number. Separators need a stated style in other scripts, too.
fn plain_in_any_script(text: &str) -> Result<Amount, InvalidValue> {
    let text = in_ascii(text);
    let is_separator = |character: char| character.is_whitespace() || ".．,，٫٬'’‘ʼ＇".contains(character);
    let is_styled = || {
        text.contains(|character: char| character.is_ascii_digit())
            && text.chars().all(|character| character.is_ascii_digit() || is_separator(character))
    };
    let name = |error: InvalidValue| match error.rule() {
        Rule::NotANumber if is_styled() => invalid(Rule::NumberStyle),
        _ => error,
    };
    text.parse().map_err(name)
}

/// Writes the decimal digits of any script as ASCII digits.
fn in_ascii(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return text.into();
    }
    text.chars().map(|character| ascii_digit(character).unwrap_or(character)).collect()
}

fn is_minus(character: char) -> bool {
    matches!(character, '-' | '−' | '－' | '﹣' | '‐' | '‑' | '–' | '—')
}

/// Takes off a minus at either end, or brackets.
fn without_minus(text: &str) -> Option<&str> {
    text.strip_prefix(is_minus)
        .or_else(|| text.strip_suffix(is_minus))
        .or_else(|| text.strip_prefix(['(', '（'])?.strip_suffix([')', '）']))
}

/// Takes off the mark of a currency at either end.
fn without_mark(text: &str) -> Option<(CurrencyMark, &str)> {
    let is_inner =
        |character| ascii_digit(character).is_some() || is_minus(character) || "(（)）".contains(character);
    let first = text.find(is_inner)?;
    let last = text.rfind(is_inner)?;
    let behind = last + text[last..].chars().next().map_or(0, char::len_utf8);
    let before = CurrencyMark::read(&text[..first]).map(|mark| (mark, &text[first..]));
    before.or_else(|| CurrencyMark::read(&text[behind..]).map(|mark| (mark, &text[..behind])))
}

fn ends_with_digit(text: &str) -> bool {
    text.chars().next_back().is_some_and(|character| ascii_digit(character).is_some())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STYLES: [NumberStyle; 4] = [
        NumberStyle::ThousandsComma,
        NumberStyle::DecimalComma,
        NumberStyle::ThousandsApostrophe,
        NumberStyle::ThousandsBlank,
    ];

    /// Writes a whole number with a separator between thousands.
    fn grouped(number: u64, separator: &str) -> String {
        let digits = number.to_string();
        let places = digits.char_indices();
        let with = |(place, digit): (usize, char)| {
            let is_border = place > 0 && (digits.len() - place).is_multiple_of(3);
            format!("{}{digit}", if is_border { separator } else { "" })
        };
        places.map(with).collect()
    }

    /// Writes ASCII digits in the digits of another script.
    fn in_script(text: &str, zero: char) -> String {
        let digit = |character: char| match character.to_digit(10) {
            Some(digit) => char::from_u32(u32::from(zero) + digit).unwrap_or(character),
            None => character,
        };
        text.chars().map(digit).collect()
    }

    proptest! {
        #[test]
        fn short_numbers_are_read_as_all_others(
            text in "[ -]?[0-9]{0,4}([.,][0-9]{0,4}){0,3} ?|[0-9]{1,20}[.,][0-9]{1,3}",
        ) {
            for style in STYLES {
                if let Some(amount) = style.short(text.as_bytes()) {
                    prop_assert_eq!(style.any_form(&text), Ok(MarkedAmount { amount, marks: Marks::new() }));
                }
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9 .,'()€$a-zA-Z٠-٩٫٬０-９−-]{0,12}|\\PC{0,12}") {
            for style in STYLES.into_iter().chain([NumberStyle::Plain]) {
                let _ = style.any_form(&text);
            }
        }

        #[test]
        fn v9_numbers_in_a_stated_style_have_the_value_of_their_digits(
            whole in 0..10_u64.pow(15),
            cents in 0..100_u64,
            script in prop::sample::select(&['0', '٠', '۰', '０', '०'][..]),
            around in prop::sample::select(&["{}", "€{}", "{} €", "EUR {}", "\u{200f}{}\u{a0}€", "€ {} EUR"][..]),
            form in prop::sample::select(&[
                (NumberStyle::ThousandsComma, ",", "."),
                (NumberStyle::ThousandsComma, "，", "．"),
                (NumberStyle::ThousandsComma, "٬", "٫"),
                (NumberStyle::DecimalComma, ".", ","),
                (NumberStyle::DecimalComma, "٬", "٫"),
                (NumberStyle::ThousandsApostrophe, "'", "."),
                (NumberStyle::ThousandsApostrophe, "’", "."),
                (NumberStyle::ThousandsBlank, " ", ","),
                (NumberStyle::ThousandsBlank, "\u{a0}", ","),
                (NumberStyle::ThousandsBlank, "\u{202f}", ","),
            ][..]),
            negative in prop::sample::select(&["", "-{}", "−{}", "{}-", "({})", "- {}"][..]),
        ) {
            let (style, separator, point) = form;
            let digits = format!("{}{point}{cents:02}", grouped(whole, separator));
            let expected: Amount = format!("{whole}.{cents:02}").parse().unwrap_or(Amount::ZERO);
            let text = around.replace("{}", &in_script(&digits, script));
            let amount = |text: &str| style.any_form(text).map(|read| read.amount);
            prop_assert_eq!(amount(&text), Ok(expected), "{}", text);
            if !negative.is_empty() {
                let text = negative.replace("{}", &text);
                prop_assert_eq!(amount(&text), Ok(expected.negated()), "{}", text);
            }
        }
    }
}
