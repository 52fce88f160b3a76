//! Exact amounts, and amounts with a currency.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Serialize, Serializer};

use super::{Currency, InvalidValue, Rule, ValueKind};

/// An exact decimal number of currency units, such as `31.50`.
///
/// Invariants:
/// - at most 28 significant digits; no `NaN`, no infinity, no exponent;
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
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(Decimal);

impl Hash for Amount {
    /// Equal amounts have equal digits, because none ends with zeros.
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_i128(self.0.mantissa());
        state.write_u32(self.0.scale());
    }
}

impl Amount {
    /// Zero.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// Creates an amount from minor units: `from_minor(1050, 2)` is `10.5`.
    ///
    /// Returns `None` if `scale` is above 28.
    ///
    /// ```
    /// use meta_offline_events::value::Amount;
    ///
    /// assert_eq!(Amount::from_minor(1050, 2).unwrap().to_string(), "10.5");
    /// ```
    pub fn from_minor(units: i64, scale: u32) -> Option<Self> {
        Decimal::try_new(units, scale).ok().map(Self::exact)
    }

    fn exact(number: Decimal) -> Self {
        Self(number.normalize())
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
        Some(Self::of_few_digits(units, u32::try_from(decimals).ok()?))
    }

    /// The amount of these digits, the last ones of which are decimals: at most 28.
    #[inline]
    fn of_few_digits(mut units: i64, mut decimals: u32) -> Self {
        while decimals > 0 && units % 10 == 0 {
            units /= 10;
            decimals -= 1;
        }
        Self(Decimal::new(units, decimals))
    }

    /// The digits as a whole number and how many of them are decimals, where they are few.
    #[inline]
    pub(crate) fn few_digits(self) -> Option<(i64, u32)> {
        Some((i64::try_from(self.0.mantissa()).ok()?, self.0.scale()))
    }

    /// The sum, or `None` if it has more digits than an exact amount can hold.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let mut few = FewDigits::default();
        if few.add(self, 1) && few.add(other, 1) {
            return Some(few.total());
        }
        let sum = self.0.checked_add(other.0)?;
        (sum.scale() >= self.0.scale().max(other.0.scale())).then(|| Self::exact(sum))
    }

    /// The difference, or `None` if it has more digits than an exact amount can hold.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.checked_add(Self(-other.0))
    }

    /// The amount times `count`, or `None` if the product has more digits than an exact amount can hold.
    ///
    /// ```
    /// use meta_offline_events::value::Amount;
    ///
    /// let price: Amount = "10.50".parse()?;
    /// assert_eq!(price.checked_mul(3).unwrap().to_string(), "31.5");
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    pub fn checked_mul(self, count: i64) -> Option<Self> {
        if let Some((units, decimals)) = self.few_digits()
            && let Some(product) = units.checked_mul(count)
        {
            return Some(Self::of_few_digits(product, decimals));
        }
        let product = self.0.checked_mul(Decimal::from(count))?;
        (product.is_zero() || product.scale() >= self.0.scale()).then(|| Self::exact(product))
    }

    /// The price of one item, from the revenue of several, or `None` for a quantity of zero.
    ///
    /// A price that has no end is rounded to 12 decimals, so that it can still be multiplied and summed exactly. The
    /// total of an order is rounded once, at the end.
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
        self.0.checked_div(Decimal::from(quantity)).map(|price| Self(price).rounded(12))
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
        if self.0.scale() <= decimals {
            return self;
        }
        Self::exact(self.0.round_dp_with_strategy(decimals, RoundingStrategy::MidpointNearestEven))
    }

    /// The text of this amount, without allocating.
    pub(crate) fn to_digits(self) -> Digits {
        match self.few_digits() {
            Some((units @ 0.., decimals)) => Digits::of(units.unsigned_abs(), decimals),
            _ => Digits::of_text(&self.to_string()),
        }
    }

    /// Whether this is zero.
    #[inline]
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// Whether this is below zero.
    #[inline]
    pub fn is_negative(self) -> bool {
        self.0.is_sign_negative() && !self.0.is_zero()
    }

    /// The amount without its sign.
    pub fn abs(self) -> Self {
        Self(self.0.abs())
    }

    /// The amount as a number, when it is a whole one that fits.
    pub(crate) fn whole(self) -> Option<i64> {
        if self.decimals() == 0 { i64::try_from(self.0).ok() } else { None }
    }

    /// The number of digits after the point.
    pub fn decimals(self) -> u32 {
        self.0.scale()
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
    match Decimal::from_str_exact(text) {
        Ok(number) => Ok(Amount::exact(number)),
        Err(_) => refused(Rule::TooManyDigits),
    }
}

/// An exact sum of amounts.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sum {
    /// The sum as long as it has few digits.
    few: FewDigits,
    /// The sum once it has many.
    many: Option<Amount>,
}

impl Sum {
    /// Adds an amount, taken `count` times, and returns false if the sum cannot be kept exactly.
    #[inline]
    pub(crate) fn add(&mut self, amount: Amount, count: i64) -> bool {
        if self.many.is_none() && self.few.add(amount, count) {
            return true;
        }
        let sum = amount.checked_mul(count).and_then(|product| self.total().checked_add(product));
        self.many = sum.or(self.many);
        sum.is_some()
    }

    pub(crate) fn total(self) -> Amount {
        self.many.unwrap_or_else(|| self.few.total())
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
        Amount::of_few_digits(self.units, self.decimals)
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
    /// A sign, 28 digits, a point and a zero before it.
    const ROOM: usize = 32;

    /// The digits of this number, the last ones of which are decimals.
    pub(crate) fn of(mut units: u64, decimals: u32) -> Self {
        let mut digits = Self { text: [0; Self::ROOM], start: Self::ROOM };
        let mut written = 0;
        loop {
            digits.put(b'0' + (units % 10) as u8);
            units /= 10;
            written += 1;
            if written == decimals {
                digits.put(b'.');
            } else if units == 0 && written > decimals {
                return digits;
            }
        }
    }

    fn of_text(text: &str) -> Self {
        let mut digits = Self { text: [0; Self::ROOM], start: Self::ROOM };
        text.bytes().rev().for_each(|byte| digits.put(byte));
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
    if numeric(b".,' ") {
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
        Self(Decimal::from(units))
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
impl From<Amount> for Decimal {
    fn from(amount: Amount) -> Self {
        amount.0
    }
}

#[cfg(feature = "rust_decimal")]
impl From<Decimal> for Amount {
    /// Keeps the number and drops trailing zeros.
    ///
    /// ```
    /// use meta_offline_events::value::Amount;
    /// use rust_decimal::Decimal;
    ///
    /// let price = Amount::from(Decimal::new(1050, 2));
    /// assert_eq!(price.to_string(), "10.5");
    /// assert_eq!(Decimal::from(price), Decimal::new(105, 1));
    /// ```
    fn from(number: Decimal) -> Self {
        Self::exact(number)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Amount({})", self.0)
    }
}

impl Serialize for Amount {
    /// Writes a JSON number with exactly these digits, not a float.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(whole) = self.whole() {
            return serializer.serialize_i64(whole);
        }
        serde_json::value::RawValue::from_string(self.0.to_string())
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

/// An amount in a currency.
///
/// ```
/// use meta_offline_events::value::{Currency, Money};
///
/// let total = Money::new("31.50".parse()?, Currency::USD);
/// assert_eq!(total.to_string(), "31.5 USD");
/// assert_eq!("31.50 USD".parse(), Ok(total));
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
///
/// From JSON, read the amount and the currency as two plain fields, an [`Amount`] and a [`Currency`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    amount: Amount,
    currency: Currency,
}

impl FromStr for Money {
    type Err = InvalidValue;

    /// Reads an amount and a currency code with blanks between them, such as `31.50 USD`.
    ///
    /// # Errors
    ///
    /// Those of [`Amount`] and [`Currency`]; [`Rule::NoCurrency`] for an amount alone.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let text = text.trim();
        let Some((amount, currency)) = text.split_once(char::is_whitespace) else {
            let no_currency = InvalidValue::new(ValueKind::Amount, Rule::NoCurrency);
            return Err(text.parse::<Amount>().err().unwrap_or(no_currency));
        };
        Ok(Self::new(amount.parse()?, currency.parse()?))
    }
}

impl Money {
    /// Creates an amount in a currency.
    pub fn new(amount: Amount, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// The amount.
    pub fn amount(self) -> Amount {
        self.amount
    }

    /// The currency.
    pub fn currency(self) -> Currency {
        self.currency
    }

    /// The amount rounded to the minor units of the currency, half to even.
    ///
    /// ```
    /// use meta_offline_events::value::{Currency, Money};
    ///
    /// let yen = Money::new("100.5".parse()?, Currency::JPY);
    /// assert_eq!(yen.rounded().to_string(), "100 JPY");
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    pub fn rounded(self) -> Self {
        Self { amount: self.amount.rounded(self.currency.minor_units()), ..self }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
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
            ("5.", Rule::NumberStyle),
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
            ("99999999999999999999999999999", Rule::TooManyDigits),
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
            let bits = |amount: Amount| amount.0.serialize();
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
        let most: Amount = "9999999999999999999999999999".parse().unwrap_or(Amount::ZERO);
        assert_eq!(most.checked_mul(i64::MAX), None);
        assert_eq!(most.checked_mul(7).and_then(|large| large.checked_mul(2)), None);
        let fine: Amount = "0.0000000000000000000000000001".parse().unwrap_or(Amount::ZERO);
        assert_eq!(most.checked_add(fine), None, "a digit would be lost");
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
        assert_eq!(Digits::of(u64::MAX, 0).as_bytes(), u64::MAX.to_string().as_bytes());
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
