//! Exact amounts.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::decimal_text::{Digits, read, read_short};
use super::wide_sum::{MAX_DIGITS, Number, TOO_LARGE, WideSum};
use super::{InvalidValue, Rule, ValueKind};

/// An exact decimal number of currency units, such as `31.50`.
///
/// Invariants:
/// - at most 38 digits, leading zeros not counted, and at most 38 of them after the point; no `NaN`, no infinity, no
///   exponent;
/// - no trailing zeros after the point, so equal amounts are written with equal bytes;
/// - it may be negative: each field has its own rule for that.
///
/// From JSON, read it as a plain field: where serde buffers values (`flatten`, `tag`, `untagged`), a number with
/// decimals is an error, because serde keeps it as a float. Texts such as `"31.50"` are read everywhere.
///
/// ```
/// use meta_offline_events::value::Amount;
///
/// let tenth: Amount = "0.1".parse()?;
/// let fifth: Amount = "0.2".parse()?;
/// assert_eq!(tenth.checked_add(fifth).unwrap().to_string(), "0.3");
/// assert!("1e400".parse::<Amount>().is_err());
/// assert!("NaN".parse::<Amount>().is_err());
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    /// The digits as a whole number, in bytes: millions of rows hold amounts, and so an amount needs no padding.
    units: [u8; 16],
    /// How many of the digits stand after the point.
    decimals: u8,
}

impl Hash for Amount {
    /// Equal amounts have equal digits, because none ends with zeros.
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_i128(self.units());
        state.write_u32(self.decimals());
    }
}

impl PartialOrd for Amount {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Amount {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.decimals == other.decimals {
            self.units().cmp(&other.units())
        } else {
            WideSum::of(self.parts()).cmp(&WideSum::of(other.parts()))
        }
    }
}

impl Amount {
    /// Zero.
    pub const ZERO: Self = Self { units: [0; 16], decimals: 0 };

    /// Creates an amount from minor units: `from_minor(1050, 2)` is `10.5`.
    ///
    /// Returns `None` if `scale` is above 38.
    ///
    /// ```
    /// use meta_offline_events::value::Amount;
    ///
    /// assert_eq!(Amount::from_minor(1050, 2).unwrap().to_string(), "10.5");
    /// ```
    pub fn from_minor(units: i64, scale: u32) -> Option<Self> {
        Self::exact((i128::from(units), u8::try_from(scale).ok()?))
    }

    /// The amount of these digits, the last ones of which are decimals, or `None` if they are too many.
    pub(super) fn exact((mut units, mut decimals): Number) -> Option<Self> {
        while decimals > 0 && units % 10 == 0 {
            units /= 10;
            decimals -= 1;
        }
        (decimals <= MAX_DIGITS && units.unsigned_abs() < TOO_LARGE.unsigned_abs())
            .then(|| Self { units: units.to_ne_bytes(), decimals })
    }

    /// The amount of these digits, the last ones of which are decimals, or `None` if they are too many. With a
    /// negative scale, so many zeros follow the digits.
    #[cfg(feature = "arrow")]
    pub(crate) fn from_digits(digits: i128, scale: i8) -> Option<Self> {
        match (u8::try_from(scale), i64::try_from(digits)) {
            (Ok(decimals), Ok(units)) if decimals <= MAX_DIGITS => Some(Self::of_few_digits(units, decimals)),
            (Ok(decimals), _) => Self::exact((digits, decimals)),
            (Err(_), _) => {
                let zeros = 10_i128.checked_pow(scale.unsigned_abs().into())?;
                Self::exact((digits.checked_mul(zeros)?, 0))
            }
        }
    }

    #[inline]
    pub(super) fn units(self) -> i128 {
        i128::from_ne_bytes(self.units)
    }

    /// The digits as a whole number, and how many of them are decimals.
    #[inline]
    pub(crate) fn parts(self) -> Number {
        (self.units(), self.decimals)
    }

    /// Reads the usual amounts: at most 18 digits that begin with a digit, without sign and blanks, and
    /// with this sign before the decimals.
    #[inline]
    pub(crate) fn short(text: &[u8], decimal_sign: u8) -> Option<Self> {
        read_short(text, decimal_sign).map(|(units, decimals)| Self::of_few_digits(units, decimals))
    }

    /// The amount of these digits, the last ones of which are decimals: at most 38.
    #[inline]
    pub(super) fn of_few_digits(mut units: i64, mut decimals: u8) -> Self {
        while decimals > 0 && units % 10 == 0 {
            units /= 10;
            decimals -= 1;
        }
        Self { units: i128::from(units).to_ne_bytes(), decimals }
    }

    /// The digits as a whole number and how many of them are decimals, where they are few.
    #[inline]
    pub(crate) fn few_digits(self) -> Option<(i64, u32)> {
        Some((i64::try_from(self.units()).ok()?, self.decimals()))
    }

    /// The text of this amount, without allocating.
    pub(crate) fn to_digits(self) -> Digits {
        Digits::of(self.units(), self.decimals())
    }

    /// Whether this is zero.
    #[inline]
    pub fn is_zero(self) -> bool {
        self.units() == 0
    }

    /// Whether this is below zero.
    #[inline]
    pub fn is_negative(self) -> bool {
        self.units() < 0
    }

    /// The amount without its sign.
    pub fn abs(self) -> Self {
        Self { units: self.units().abs().to_ne_bytes(), ..self }
    }

    /// The amount with the other sign.
    pub(crate) fn negated(self) -> Self {
        Self { units: (-self.units()).to_ne_bytes(), ..self }
    }

    /// The amount as a number, when it is a whole one that fits.
    pub(crate) fn whole(self) -> Option<i64> {
        if self.decimals == 0 { i64::try_from(self.units()).ok() } else { None }
    }

    /// The number of digits after the point.
    pub fn decimals(self) -> u32 {
        self.decimals.into()
    }
}

impl FromStr for Amount {
    type Err = InvalidValue;

    /// Reads digits with at most one decimal point and an optional leading minus. Outer blanks
    /// are trimmed.
    ///
    /// # Errors
    ///
    /// [`Rule::Empty`], [`Rule::NumberStyle`] for commas and other separators, [`Rule::Exponent`],
    /// [`Rule::TooManyDigits`], and [`Rule::NotANumber`] for everything else.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match Self::short(text.as_bytes(), b'.') {
            Some(amount) => Ok(amount),
            None => match read(text) {
                Ok((units, decimals)) => Ok(Self { units: units.to_ne_bytes(), decimals }),
                Err(rule) => Err(InvalidValue::new(ValueKind::Amount, rule)),
            },
        }
    }
}

impl From<i64> for Amount {
    /// ```
    /// use meta_offline_events::value::Amount;
    ///
    /// assert_eq!(Amount::from(-3).to_string(), "-3");
    /// ```
    fn from(units: i64) -> Self {
        Self { units: i128::from(units).to_ne_bytes(), decimals: 0 }
    }
}

impl TryFrom<Amount> for i64 {
    type Error = InvalidValue;

    /// ```
    /// use meta_offline_events::value::Amount;
    ///
    /// assert_eq!(i64::try_from("12.00".parse::<Amount>()?)?, 12);
    /// assert!(i64::try_from("12.5".parse::<Amount>()?).is_err());
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Rule::NotWhole`], or [`Rule::TooManyDigits`] beyond 64 bits.
    fn try_from(amount: Amount) -> Result<Self, InvalidValue> {
        let rule = if amount.decimals() > 0 { Rule::NotWhole } else { Rule::TooManyDigits };
        amount.whole().ok_or(InvalidValue::new(ValueKind::Amount, rule))
    }
}

#[cfg(feature = "rust_decimal")]
impl TryFrom<Amount> for rust_decimal::Decimal {
    type Error = InvalidValue;

    /// ```
    /// use meta_offline_events::value::Amount;
    /// use rust_decimal::Decimal;
    ///
    /// let price: Amount = "10.50".parse()?;
    /// assert_eq!(Decimal::try_from(price)?, Decimal::new(105, 1));
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Rule::TooManyDigits`] for an amount with more digits than a `Decimal` has, which are 28.
    fn try_from(amount: Amount) -> Result<Self, InvalidValue> {
        Self::try_from_i128_with_scale(amount.units(), amount.decimals())
            .map_err(|_| InvalidValue::new(ValueKind::Amount, Rule::TooManyDigits))
    }
}

#[cfg(feature = "rust_decimal")]
impl From<rust_decimal::Decimal> for Amount {
    /// Keeps the number and drops trailing zeros.
    ///
    /// ```
    /// use meta_offline_events::value::Amount;
    /// use rust_decimal::Decimal;
    ///
    /// let price = Amount::from(Decimal::new(1050, 2));
    /// assert_eq!(price.to_string(), "10.5");
    /// ```
    fn from(number: rust_decimal::Decimal) -> Self {
        let number = number.normalize();
        // A `Decimal` has at most 29 digits and 28 decimals.
        Self {
            units: number.mantissa().to_ne_bytes(),
            decimals: number.scale().try_into().unwrap_or(MAX_DIGITS),
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = Digits::of(self.abs().units(), self.decimals());
        f.pad_integral(!self.is_negative(), "", str::from_utf8(digits.as_bytes()).unwrap_or_default())
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Amount({self})")
    }
}

impl Serialize for Amount {
    /// Writes a JSON number with exactly these digits, not a float.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(whole) = self.whole() {
            return serializer.serialize_i64(whole);
        }
        serde_json::value::RawValue::from_string(self.to_string())
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn v1_v9_what_is_no_plain_number_is_refused_with_its_reason() {
        for (text, rule) in [
            ("", Rule::Empty),
            (" ", Rule::Empty),
            ("NaN", Rule::NotANumber),
            ("inf", Rule::NotANumber),
            ("-", Rule::NotANumber),
            (".", Rule::NotANumber),
            ("5.", Rule::NotANumber),
            ("1e400", Rule::Exponent),
            ("1E2", Rule::Exponent),
            ("1,234.50", Rule::NumberStyle),
            ("1.234,50", Rule::NumberStyle),
            ("1.2.3", Rule::NumberStyle),
            ("€5", Rule::NotANumber),
            ("5-", Rule::NotANumber),
            ("(5)", Rule::NotANumber),
            ("５", Rule::NotANumber),
            ("0x10", Rule::NotANumber),
            ("100000000000000000000000000000000000000", Rule::TooManyDigits),
            ("170141183460469231731687303715884105729", Rule::TooManyDigits),
            ("1234567890123456789012345678.12345678901", Rule::TooManyDigits),
            ("0.000000000000000000000000000000000000001", Rule::TooManyDigits),
        ] {
            assert_eq!(text.parse::<Amount>().map_err(InvalidValue::rule), Err(rule), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn short_amounts_are_read_as_all_others(text in "[0-9]{0,20}\\.?[0-9]{0,3}0{0,3}[-+ ,.eE5]?") {
                        if let Some(amount) = Amount::short(text.as_bytes(), b'.') {
                prop_assert_eq!(read(&text), Ok(amount.parts()));
            }
        }

        #[test]
        fn usual_amounts_are_short(units in 0..1_000_000_000u64, cents in 0..10_000u64) {
            let text = format!("{units}.{cents}");
            for text in [text, units.to_string()] {
                prop_assert_eq!(Amount::short(text.as_bytes(), b'.').map(Amount::parts), read(&text).ok());
            }
        }

        #[test]
        fn whole_amounts_are_those_without_decimals(text in "-?[0-9]{1,21}(\\.0{0,2}1?)?") {
            let amount = text.parse().unwrap_or(Amount::ZERO);
            prop_assert_eq!(amount.whole(), amount.to_string().parse().ok());
        }
    }

    #[test]
    fn the_largest_whole_amounts_fit() {
        for text in ["9223372036854775807", "9223372036854775808", "-9223372036854775808", "-0"] {
            let amount: Amount = text.parse().unwrap_or(Amount::ZERO);
            assert_eq!(amount.whole(), text.parse().ok(), "{text}");
        }
    }

    #[test]
    fn what_the_docs_promise_of_38_digits_holds_for_each_of_them() {
        for digits in 1..=38 {
            for decimals in 0..=digits {
                let (whole, rest) = "12345678912345678912345678912345678912".split_at(digits - decimals);
                let text = format!("{}.{}", if whole.is_empty() { "0" } else { whole }, &rest[..decimals]);
                let text = text.trim_end_matches('.');
                let amount: Amount = text.parse().unwrap_or(Amount::ZERO);
                assert_eq!(amount.to_string(), text);
            }
        }
        for zeros in ["0000000000", "-000"] {
            let text = format!("{zeros}12345678912345678912345678912345678912.0000000000");
            assert!(text.parse::<Amount>().is_ok(), "zeros before and behind are no digits of the amount");
        }
    }

    #[test]
    fn digits_are_those_of_the_text() {
        for text in [
            "0",
            "1",
            "10",
            "0.1",
            "0.05",
            "31.5",
            "1234567890.12",
            "-5",
            "-0.5",
            "0.000001",
            "12345678901234567890.12",
            "0.0000000000000000000000000001",
            "9223372036854775807",
        ] {
            let amount: Amount = text.parse().unwrap_or(Amount::ZERO);
            assert_eq!(amount.to_digits().as_bytes(), text.as_bytes());
        }
    }

    #[test]
    fn json_has_exactly_these_digits() {
        for text in [
            "31.5",
            "100",
            "-5",
            "0.1",
            "0.000001",
            "3.333333333333333333333333333",
            "12345678901234567890.12",
        ] {
            let amount: Amount = text.parse().unwrap_or(Amount::ZERO);
            assert_eq!(serde_json::to_string(&amount).ok().as_deref(), Some(text));
        }
    }
}
