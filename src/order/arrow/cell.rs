//! What one cell of an array holds, and its text.

use std::fmt::{Display, Write as _};

use arrow_array::Array;
use arrow_array::cast::AsArray as _;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type,
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_schema::{DataType, TimeUnit};
use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta};

use crate::order::field;
use crate::order::layout::Moment;
use crate::value::{Amount, InvalidValue, Rule};

/// What one cell holds.
pub(super) enum Cell<'a> {
    Blank,
    Text(&'a str),
    Boolean(bool),
    /// Digits, and how many of them are decimals.
    Digits(i128, i8),
    WideDigits(I256, i8),
    Single(f32),
    Double(f64),
    Date(NaiveDate),
    /// A date and a time of day without a zone.
    Local(NaiveDateTime),
    /// Unix seconds.
    At(i64),
    Unusable(Rule),
}

/// A whole number of 256 bits.
type I256 = <Decimal256Type as ArrowPrimitiveType>::Native;

const MILLISECONDS_A_DAY: i64 = 86_400_000;

/// From this number on, floats of so many bits stand for several whole numbers.
const INEXACT_16: f32 = 2_048.0;
const INEXACT_32: f32 = 16_777_216.0;
const INEXACT_64: f64 = 9_007_199_254_740_992.0;

impl<'a> Cell<'a> {
    /// Reads a cell of an array of a [known](super::columns) type.
    pub(super) fn of(array: &'a dyn Array, row: usize) -> Self {
        fn value<T: ArrowPrimitiveType>(array: &dyn Array, row: usize) -> T::Native {
            array.as_primitive::<T>().value(row)
        }
        if array.is_null(row) {
            return Self::Blank;
        }
        match array.data_type() {
            DataType::Utf8 => Self::Text(array.as_string::<i32>().value(row)),
            DataType::LargeUtf8 => Self::Text(array.as_string::<i64>().value(row)),
            DataType::Utf8View => Self::Text(array.as_string_view().value(row)),
            DataType::Boolean => Self::Boolean(array.as_boolean().value(row)),
            DataType::Int8 => Self::Digits(value::<Int8Type>(array, row).into(), 0),
            DataType::Int16 => Self::Digits(value::<Int16Type>(array, row).into(), 0),
            DataType::Int32 => Self::Digits(value::<Int32Type>(array, row).into(), 0),
            DataType::Int64 => Self::Digits(value::<Int64Type>(array, row).into(), 0),
            DataType::UInt8 => Self::Digits(value::<UInt8Type>(array, row).into(), 0),
            DataType::UInt16 => Self::Digits(value::<UInt16Type>(array, row).into(), 0),
            DataType::UInt32 => Self::Digits(value::<UInt32Type>(array, row).into(), 0),
            DataType::UInt64 => Self::Digits(value::<UInt64Type>(array, row).into(), 0),
            DataType::Decimal32(_, scale) => Self::Digits(value::<Decimal32Type>(array, row).into(), *scale),
            DataType::Decimal64(_, scale) => Self::Digits(value::<Decimal64Type>(array, row).into(), *scale),
            DataType::Decimal128(_, scale) => Self::Digits(value::<Decimal128Type>(array, row), *scale),
            DataType::Decimal256(_, scale) => Self::WideDigits(value::<Decimal256Type>(array, row), *scale),
            DataType::Float16 => Self::single(value::<Float16Type>(array, row).into(), INEXACT_16),
            DataType::Float32 => Self::single(value::<Float32Type>(array, row), INEXACT_32),
            DataType::Float64 => Self::double(value::<Float64Type>(array, row)),
            DataType::Date32 => Self::date(i64::from(value::<Date32Type>(array, row)) * MILLISECONDS_A_DAY),
            DataType::Date64 => Self::date(value::<Date64Type>(array, row)),
            DataType::Timestamp(unit, zone) => {
                let (count, a_second) = match unit {
                    TimeUnit::Second => (value::<TimestampSecondType>(array, row), 1),
                    TimeUnit::Millisecond => (value::<TimestampMillisecondType>(array, row), 1_000),
                    TimeUnit::Microsecond => (value::<TimestampMicrosecondType>(array, row), 1_000_000),
                    TimeUnit::Nanosecond => (value::<TimestampNanosecondType>(array, row), 1_000_000_000),
                };
                match zone {
                    Some(_) => Self::At(count.div_euclid(a_second)),
                    None => Self::local(count, a_second),
                }
            }
            DataType::Dictionary(..) => {
                let dictionary = array.as_any_dictionary();
                match Self::of(dictionary.keys(), row) {
                    Self::Digits(key, _) => usize::try_from(key)
                        .map_or(Self::Blank, |key| Self::of(dictionary.values().as_ref(), key)),
                    _ => Self::Blank,
                }
            }
            _ => Self::Blank,
        }
    }

    fn single(number: f32, inexact: f32) -> Self {
        match number {
            _ if number.is_nan() => Self::Text("NaN"),
            _ if number.abs() >= inexact => Self::Unusable(Rule::InexactFloat),
            _ => Self::Single(number),
        }
    }

    fn double(number: f64) -> Self {
        match number {
            _ if number.is_nan() => Self::Text("NaN"),
            _ if number.abs() >= INEXACT_64 => Self::Unusable(Rule::InexactFloat),
            _ => Self::Double(number),
        }
    }

    /// A date, in milliseconds. Some writers keep a time of day in it.
    fn date(milliseconds: i64) -> Self {
        match Self::local(milliseconds, 1_000) {
            Self::Local(moment) if milliseconds % MILLISECONDS_A_DAY == 0 => Self::Date(moment.date()),
            moment => moment,
        }
    }

    fn local(count: i64, a_second: i64) -> Self {
        let fraction = TimeDelta::nanoseconds(count.rem_euclid(a_second) * (1_000_000_000 / a_second));
        let second = DateTime::from_timestamp(count.div_euclid(a_second), 0);
        match second.and_then(|second| second.checked_add_signed(fraction)) {
            Some(moment) => Self::Local(moment.naive_utc()),
            None => Self::Unusable(Rule::NoSuchMoment),
        }
    }

    /// The text, unless it has to be [written](Self::write).
    pub(super) fn text(&self) -> Option<Result<&'a str, Rule>> {
        match self {
            Self::Blank => Some(Ok("")),
            Self::Text(text) => Some(field::of_text(text)),
            Self::Unusable(rule) => Some(Err(*rule)),
            _ => None,
        }
    }

    /// Writes what has no text of its own. Floats are written with as few digits as tell them apart, and without an
    /// exponent.
    pub(super) fn write(&self, text: &mut String) {
        let written = match self {
            Self::Blank | Self::Text(_) | Self::At(_) | Self::Unusable(_) => Ok(()),
            Self::Boolean(truth) => write!(text, "{truth}"),
            Self::Digits(digits, 0) => write!(text, "{digits}"),
            Self::Digits(digits, scale) => write_decimal(text, digits, *scale),
            Self::WideDigits(digits, scale) => write_decimal(text, digits, *scale),
            Self::Single(number) => write!(text, "{number}"),
            Self::Double(number) => write!(text, "{number}"),
            Self::Date(date) => write!(text, "{date}"),
            Self::Local(moment) => write!(text, "{}", moment.format("%Y-%m-%dT%H:%M:%S%.f")),
        };
        debug_assert!(written.is_ok(), "writing to a string does not fail");
    }

    pub(super) fn number(&self) -> Option<Result<Amount, Rule>> {
        let exact = |amount: Option<Amount>| Some(amount.ok_or(Rule::TooManyDigits));
        let read = |text: String| Some(text.parse().map_err(|error: InvalidValue| error.rule()));
        match self {
            Self::Digits(digits, scale) => exact(Amount::from_digits(*digits, *scale)),
            Self::WideDigits(digits, scale) => exact(wide_amount(*digits, *scale)),
            Self::Single(number) => read(number.to_string()),
            Self::Double(number) => read(number.to_string()),
            Self::Unusable(rule) => Some(Err(*rule)),
            _ => None,
        }
    }

    pub(super) fn moment(&self) -> Option<Result<Moment, Rule>> {
        match self {
            Self::At(seconds) => Some(Ok(Moment::At(*seconds))),
            Self::Local(moment) => Some(Ok(Moment::Local(*moment))),
            Self::Unusable(rule) => Some(Err(*rule)),
            _ => None,
        }
    }
}

/// Writes digits, the last ones of which are decimals.
fn write_decimal(text: &mut String, digits: impl Display, scale: i8) -> std::fmt::Result {
    let start = text.len();
    write!(text, "{digits}")?;
    let first = start + usize::from(text[start..].starts_with('-'));
    let decimals = usize::try_from(scale).unwrap_or(0);
    while text.len() - first <= decimals {
        text.insert(first, '0');
    }
    if decimals > 0 {
        text.insert(text.len() - decimals, '.');
    }
    if &text[first..] != "0" {
        text.extend(std::iter::repeat_n('0', scale.min(0).unsigned_abs().into()));
    }
    Ok(())
}

/// The amount of digits that may end with more zeros than an amount holds.
fn wide_amount(digits: I256, scale: i8) -> Option<Amount> {
    let ten = I256::from_i128(10);
    let (mut digits, mut scale) = (digits, scale);
    while digits.to_i128().is_none() && scale > 0 && digits.checked_rem(ten) == Some(I256::ZERO) {
        digits = digits.checked_div(ten)?;
        scale -= 1;
    }
    Amount::from_digits(digits.to_i128()?, scale)
}
