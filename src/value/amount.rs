//! Exact amounts, and their exact sums.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::wide_sum::{MAX_DIGITS, Number, WideSum, power_of_ten};
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

/// The first whole number with more digits than an amount has.
const TOO_LARGE: i128 = power_of_ten(MAX_DIGITS);

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
    fn exact((mut units, mut decimals): Number) -> Option<Self> {
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
    fn units(self) -> i128 {
        i128::from_ne_bytes(self.units)
    }

    fn parts(self) -> Number {
        (self.units(), self.decimals)
    }

    /// Reads the usual amounts: at most 18 digits that begin with a digit, without sign and blanks, and
    /// with this sign before the decimals.
    pub(crate) fn short(text: &str, decimal_sign: u8) -> Option<Self> {
        const MAX_DIGITS: usize = 18;
        let mut units = 0;
        let mut point = None;
        if text.is_empty() || text.len() > MAX_DIGITS {
            return None;
        }
        for (place, byte) in text.bytes().enumerate() {
            match byte {
                b'0'..=b'9' => units = units * 10 + i64::from(byte - b'0'),
                _ if byte == decimal_sign && point.is_none() && place > 0 => point = Some(place),
                _ => return None,
            }
        }
        let decimals = match point {
            Some(point) if point + 1 == text.len() => return None,
            Some(point) => text.len() - point - 1,
            None => 0,
        };
        Some(Self::of_few_digits(units, u8::try_from(decimals).ok()?))
    }

    /// The amount of these digits, the last ones of which are decimals: at most 38.
    #[inline]
    fn of_few_digits(mut units: i64, mut decimals: u8) -> Self {
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

    /// The sum, or `None` if it has more than 38 digits.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Self::sum([(self, 1), (other, 1)])
    }

    /// The difference, or `None` if it has more than 38 digits.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        Self::sum([(self, 1), (other, -1)])
    }

    /// The amount times `count`, or `None` if the product has more than 38 digits.
    ///
    /// ```
    /// use meta_offline_events::value::Amount;
    ///
    /// let price: Amount = "10.50".parse()?;
    /// assert_eq!(price.checked_mul(3).unwrap().to_string(), "31.5");
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    pub fn checked_mul(self, count: i64) -> Option<Self> {
        Self::sum([(self, count)])
    }

    fn sum<const TERMS: usize>(terms: [(Self, i64); TERMS]) -> Option<Self> {
        let mut few = FewDigits::default();
        if terms.iter().all(|&(amount, count)| few.add(amount, count)) {
            return Some(few.total());
        }
        let mut sum = WideSum::default();
        let is_complete = terms.iter().all(|&(amount, count)| sum.add(amount.parts(), count));
        if is_complete { sum.rounded(MAX_DIGITS).and_then(Self::exact) } else { None }
    }

    /// The price of one item, from the revenue of several, or `None` for a quantity of zero.
    ///
    /// A price that has no end is rounded half to even, to 12 decimals. The total of an order is rounded once, at the
    /// end.
    ///
    /// ```
    /// use meta_offline_events::value::Amount;
    ///
    /// let revenue: Amount = "31.50".parse()?;
    /// assert_eq!(revenue.per_item(3).unwrap().to_string(), "10.5");
    /// assert_eq!(revenue.per_item(0), None);
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    pub fn per_item(self, quantity: i64) -> Option<Self> {
        const DECIMALS: u8 = 12;
        let divisor = i128::from(quantity);
        let (mut price, mut rest) = (self.units().checked_div(divisor)?, self.units() % divisor);
        let mut decimals = self.decimals;
        while rest != 0 && decimals < DECIMALS && price.abs() < TOO_LARGE / 10 {
            rest *= 10;
            price = price * 10 + rest / divisor;
            rest %= divisor;
            decimals += 1;
        }
        let cut = power_of_ten(decimals.saturating_sub(DECIMALS));
        let dropped = price % cut;
        let against_half = if cut > 1 {
            (2 * dropped.abs()).cmp(&cut).then(rest.abs().cmp(&0))
        } else {
            (2 * rest.abs()).cmp(&divisor.abs())
        };
        price /= cut;
        let is_up = against_half.is_gt() || against_half.is_eq() && price % 2 != 0;
        let away = if self.is_negative() == (quantity < 0) { 1 } else { -1 };
        Self::exact((if is_up { price + away } else { price }, decimals.min(DECIMALS)))
    }

    /// The amount rounded to this many decimals, half to even.
    ///
    /// ```
    /// use meta_offline_events::value::Amount;
    ///
    /// let sum: Amount = "2.345".parse()?;
    /// assert_eq!(sum.rounded(2).to_string(), "2.34");
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    pub fn rounded(self, decimals: u32) -> Self {
        if self.decimals() <= decimals {
            return self;
        }
        // Fewer decimals than those of the amount are few, and without them it has few enough digits.
        let decimals = decimals.try_into().unwrap_or(MAX_DIGITS);
        WideSum::of(self.parts()).rounded(decimals).and_then(Self::exact).unwrap_or(self)
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
        match Self::short(text, b'.') {
            Some(amount) => Ok(amount),
            None => any_length(text),
        }
    }
}

fn any_length(text: &str) -> Result<Amount, InvalidValue> {
    let refused = |rule| Err(InvalidValue::new(ValueKind::Amount, rule));
    let text = text.trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    if text.is_empty() {
        return refused(Rule::Empty);
    }
    let points = digits.bytes().filter(|&byte| byte == b'.').count();
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let some = digits.bytes().any(|byte| byte.is_ascii_digit());
    if !plain || !some || points > 1 || digits.ends_with('.') {
        return refused(unreadable(digits));
    }
    match many_digits(digits) {
        Some((units, decimals)) => {
            let units = if digits.len() < text.len() { -units } else { units };
            Ok(Amount { units: units.to_ne_bytes(), decimals })
        }
        None => refused(Rule::TooManyDigits),
    }
}

/// Reads digits with a point among them, unless they are too many.
fn many_digits(digits: &str) -> Option<(i128, u8)> {
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let decimals = decimals.trim_end_matches('0');
    let append =
        |units: i128, byte: u8| (units < TOO_LARGE / 10).then(|| units * 10 + i128::from(byte - b'0'));
    let units = whole.bytes().chain(decimals.bytes()).try_fold(0, append)?;
    let decimals = u8::try_from(decimals.len()).ok().filter(|&decimals| decimals <= MAX_DIGITS)?;
    Some((units, decimals))
}

/// An exact sum of amounts, whatever their digits.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sum {
    /// The sum of those that go together with few digits: nearly always all of them.
    few: FewDigits,
    /// The sum of the others.
    many: Option<Box<WideSum>>,
}

impl Sum {
    /// Adds an amount, taken `count` times, and returns false if the sum cannot be kept exactly.
    #[inline]
    pub(crate) fn add(&mut self, amount: Amount, count: i64) -> bool {
        self.few.add(amount, count) || self.many.get_or_insert_default().add(amount.parts(), count)
    }

    /// Adds the product of two amounts, and returns false if the product or the sum cannot be kept exactly. One of the
    /// two has to be short.
    pub(crate) fn add_product(&mut self, one: Amount, other: Amount) -> bool {
        let mut add = |amount: Amount, short: Amount| {
            let Some((count, _)) = short.few_digits() else { return false };
            let part = Amount::exact((amount.units(), amount.decimals + short.decimals));
            part.is_some_and(|part| self.add(part, count))
        };
        add(one, other) || add(other, one)
    }

    /// The sum, rounded half to even to this many decimals, or `None` if it has too many digits then.
    pub(crate) fn rounded(&self, decimals: u32) -> Option<Amount> {
        if self.many.is_none() {
            return Some(self.few.total().rounded(decimals));
        }
        let decimals = decimals.try_into().map_or(MAX_DIGITS, |decimals: u8| decimals.min(MAX_DIGITS));
        self.wide()?.rounded(decimals).and_then(Amount::exact)
    }

    /// Whether the sum and an amount are no further apart than this.
    pub(crate) fn is_near(&self, amount: Amount, most: Amount) -> bool {
        let apart = self.wide().and_then(|mut sum| sum.add(amount.parts(), -1).then_some(sum));
        apart.is_some_and(|apart| {
            (WideSum::of((-most.units(), most.decimals))..=WideSum::of(most.parts())).contains(&apart)
        })
    }

    fn wide(&self) -> Option<WideSum> {
        let mut sum = self.many.as_deref().cloned().unwrap_or_default();
        sum.add(self.few.total().parts(), 1).then_some(sum)
    }
}

/// A sum of amounts of few digits.
#[derive(Debug, Clone, Copy, Default)]
struct FewDigits {
    units: i64,
    decimals: u32,
}

impl FewDigits {
    /// Adds an amount, so many times; or nothing, if the sum has too many digits for this.
    #[inline]
    fn add(&mut self, amount: Amount, count: i64) -> bool {
        let sum = amount.few_digits().and_then(|(units, decimals)| {
            let most = self.decimals.max(decimals);
            let known = scaled(self.units, most - self.decimals)?;
            let more = scaled(units.checked_mul(count)?, most - decimals)?;
            Some(Self { units: known.checked_add(more)?, decimals: most })
        });
        *self = sum.unwrap_or(*self);
        sum.is_some()
    }

    fn total(self) -> Amount {
        // No amount has more decimals, and so no sum.
        Amount::of_few_digits(self.units, self.decimals.try_into().unwrap_or(MAX_DIGITS))
    }
}

/// The same amount in units that are ten times smaller, so many times.
fn scaled(units: i64, times: u32) -> Option<i64> {
    const POWERS: [i64; 8] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000];
    if times == 0 { Some(units) } else { units.checked_mul(*POWERS.get(times as usize)?) }
}

/// The digits of a number, on the stack.
pub(crate) struct Digits {
    text: [u8; Self::ROOM],
    /// The text ends where the room does.
    start: usize,
}

impl Digits {
    /// A sign, 38 digits, a point and a zero before it.
    const ROOM: usize = 41;

    /// The digits of this number, the last ones of which are decimals.
    fn of(number: i128, decimals: u32) -> Self {
        let mut digits = Self { text: [0; Self::ROOM], start: Self::ROOM };
        let mut units = number.unsigned_abs();
        let mut written = 0;
        while units > 0 || written <= decimals {
            digits.put(b'0' + (units % 10) as u8);
            units /= 10;
            written += 1;
            if written == decimals {
                digits.put(b'.');
            }
        }
        if number < 0 {
            digits.put(b'-');
        }
        digits
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.text[self.start..]
    }

    fn put(&mut self, byte: u8) {
        self.start -= 1;
        self.text[self.start] = byte;
    }
}

/// Names what is wrong with a text that is no plain number.
fn unreadable(text: &str) -> Rule {
    let bytes = text.as_bytes();
    let numeric = |extra: &[u8]| {
        bytes.iter().any(u8::is_ascii_digit)
            && bytes.iter().all(|byte| byte.is_ascii_digit() || extra.contains(byte))
    };
    if text.matches('.').count() == 1 && text.ends_with('.') && numeric(b".") {
        Rule::NotANumber
    } else if numeric(b".,' ") {
        Rule::NumberStyle
    } else if bytes.first().is_some_and(u8::is_ascii_digit) && numeric(b".eE+-") && text.contains(['e', 'E'])
    {
        Rule::Exponent
    } else {
        Rule::NotANumber
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
    use num_bigint::BigInt;
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

    #[test]
    fn v8_sums_are_exact() {
        let amount = |text: &str| text.parse::<Amount>().unwrap_or(Amount::ZERO);
        assert_eq!(amount("0.1").checked_add(amount("0.2")), Some(amount("0.3")));
        assert_eq!(amount("1234567.89").to_string(), "1234567.89");
        assert_eq!(amount("19.999").rounded(2), amount("20"));
        assert_eq!(amount("0.125").rounded(2), amount("0.12"));
        assert_eq!(amount("0.135").rounded(2), amount("0.14"));
        assert_eq!(amount("10.50"), amount("10.5"));
        assert_eq!(amount(".5"), amount("0.5"));
    }

    proptest! {
        #[test]
        fn short_amounts_are_read_as_all_others(text in "[0-9]{0,20}\\.?[0-9]{0,3}0{0,3}[-+ ,.eE5]?") {
            let bits = |amount: Amount| (amount.units, amount.decimals);
            if let Some(amount) = Amount::short(&text, b'.') {
                prop_assert_eq!(any_length(&text).map(bits), Ok(bits(amount)));
            }
        }

        #[test]
        fn usual_amounts_are_short(units in 0..1_000_000_000u64, cents in 0..10_000u64) {
            let text = format!("{units}.{cents}");
            prop_assert_eq!(Amount::short(&text, b'.'), any_length(&text).ok());
            prop_assert_eq!(Amount::short(&units.to_string(), b'.'), any_length(&units.to_string()).ok());
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
    fn v7_overflow_is_an_error() {
        let most: Amount = "9".repeat(38).parse().unwrap_or(Amount::ZERO);
        assert_eq!(most.to_string(), "9".repeat(38));
        assert_eq!(most.checked_mul(i64::MAX), None);
        assert_eq!(most.checked_mul(7), None);
        assert_eq!(most.checked_add(Amount::from(1)), None);
        assert_eq!(most.checked_sub(most), Some(Amount::ZERO));
        let fine: Amount = format!("0.{}1", "0".repeat(37)).parse().unwrap_or(Amount::ZERO);
        assert_eq!(fine.decimals(), 38);
        assert_eq!(most.checked_add(fine), None, "a digit would be lost");
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

    /// What a whole number divided by a power of ten is, rounded half to even.
    fn divided(number: &BigInt, power: u32) -> BigInt {
        let unit = BigInt::from(10).pow(power);
        let (mut floor, rest) = (number / &unit, number % &unit);
        let rest: BigInt = if rest < BigInt::ZERO { rest + &unit } else { rest };
        if &floor * &unit > *number {
            floor -= 1;
        }
        let is_odd = &floor % 2 != BigInt::ZERO;
        match (&rest * 2_i32).cmp(&unit) {
            Ordering::Greater => floor + 1,
            Ordering::Equal if is_odd => floor + 1,
            _ => floor,
        }
    }

    /// An amount in units of its 38th decimal.
    fn in_finest_units(amount: Amount) -> BigInt {
        BigInt::from(amount.units()) * BigInt::from(10).pow(38 - amount.decimals())
    }

    fn any_amount() -> impl Strategy<Value = Amount> {
        let text = prop_oneof![
            "-?[0-9]{1,8}\\.[0-9]{1,4}",
            "-?[0-9]{1,19}\\.[0-9]{1,19}",
            "-?[0-9]{0,3}\\.[0-9]{20,35}",
            "-?[0-9]{30,38}",
            "0?\\.[05]{36,38}",
        ];
        text.prop_map(|text| text.parse().unwrap_or(Amount::ZERO))
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(3000) })]

        #[test]
        fn v56_sums_are_those_of_big_integers_rounded_once(
            terms in prop::collection::vec(
                (any_amount(), prop_oneof![1..1000_i64, -9..9_i64, any::<i64>()]),
                1..6,
            ),
            decimals in prop::sample::select(&[0_u32, 2, 3, 12][..]),
        ) {
            let mut sum = Sum::default();
            let mut expected = BigInt::ZERO;
            let mut is_complete = true;
            for &(amount, count) in &terms {
                is_complete = is_complete && sum.add(amount, count);
                expected += in_finest_units(amount) * count;
            }
            let rounded = divided(&expected, 38 - decimals);
            let total = sum.rounded(decimals).filter(|_| is_complete);
            if let Some(total) = total {
                prop_assert_eq!(divided(&in_finest_units(total), 38 - decimals), rounded);
                prop_assert!(total.decimals() <= decimals);
            } else {
                // Either the total or a sum on the way to it has too many digits.
                let whole = terms.iter().map(|&(amount, count)| in_finest_units(amount) * count);
                let largest = whole.map(|term| term.magnitude().clone()).sum::<num_bigint::BigUint>();
                prop_assert!(BigInt::from(largest) >= BigInt::from(10).pow(76 - decimals), "{terms:?}");
            }
        }

        #[test]
        fn v56_amounts_are_added_multiplied_and_compared_as_big_integers(
            one in any_amount(),
            other in any_amount(),
            count in prop_oneof![-1000..1000_i64, any::<i64>()],
        ) {
            let (big, big_other) = (in_finest_units(one), in_finest_units(other));
            for (amount, expected) in [
                (one.checked_add(other), &big + &big_other),
                (one.checked_sub(other), &big - &big_other),
                (one.checked_mul(count), &big * count),
            ] {
                match amount {
                    Some(amount) => prop_assert_eq!(in_finest_units(amount), expected),
                    None => prop_assert!(digits_of(&expected) > 38, "{one} {other} {count}"),
                }
            }
            prop_assert_eq!(one.cmp(&other), big.cmp(&big_other));
            prop_assert_eq!(one == other, big == big_other);
        }

        #[test]
        fn v56_products_are_those_of_big_integers(one in any_amount(), other in any_amount()) {
            // In units of the 76th decimal.
            let expected = in_finest_units(one) * in_finest_units(other);
            let mut sum = Sum::default();
            if !sum.add_product(one, other) {
                let is_short = |amount: Amount| amount.few_digits().is_some();
                let has_digits_left = one.decimals() + other.decimals() > 38 || one.abs().max(other.abs()) >= Amount::from(1);
                prop_assert!(!is_short(one) && !is_short(other) || has_digits_left, "{one} {other}");
                return Ok(());
            }
            for decimals in [0, 2, 12] {
                if let Some(rounded) = sum.rounded(decimals) {
                    let unit = BigInt::from(10).pow(76 - decimals);
                    let expected = divided(&expected, 76 - decimals) * &unit;
                    prop_assert_eq!(in_finest_units(rounded) * BigInt::from(10).pow(38), expected);
                }
            }
        }

        #[test]
        fn v56_a_price_of_one_item_is_rounded_once(revenue in any_amount(), quantity in prop_oneof![-30..30_i64, any::<i64>()]) {
            let Some(price) = revenue.per_item(quantity) else {
                prop_assert_eq!(quantity, 0);
                return Ok(());
            };
            prop_assume!(price.abs() < Amount::from(10_i64.pow(18)));
            // Twelve decimals: price × 10^12 is revenue × 10^12 / quantity, rounded half to even.
            let (number, divisor) = (in_finest_units(revenue), BigInt::from(quantity) * BigInt::from(10).pow(26));
            let sign = if divisor < BigInt::ZERO { -1 } else { 1 };
            let (number, divisor): (BigInt, BigInt) = (number * sign, divisor * sign);
            let scaled = in_finest_units(price) / BigInt::from(10).pow(26);
            let apart: BigInt = (&number - &scaled * &divisor) * 2_i32;
            prop_assert!(apart.magnitude() <= divisor.magnitude(), "{revenue} {quantity} {price}");
            if apart.magnitude() == divisor.magnitude() {
                prop_assert_eq!(scaled % 2_i32, BigInt::ZERO);
            }
        }
    }

    /// How many digits a number in units of the 38th decimal has without the zeros behind them.
    fn digits_of(number: &BigInt) -> usize {
        let text = number.magnitude().to_string();
        let kept = text.trim_end_matches('0').len();
        // Zeros before the point are digits.
        kept.max(text.len().saturating_sub(38))
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
