//! Exact arithmetic with amounts: sums, multiples and shares, rounded once at most.

use super::Amount;
use super::wide_sum::{MAX_DIGITS, TOO_LARGE, WideSum, power_of_ten};

impl Amount {
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
        let mut decimals = self.parts().1;
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
    #[inline]
    pub fn rounded(self, decimals: u32) -> Self {
        if self.decimals() <= decimals { self } else { self.with_fewer_decimals(decimals) }
    }

    fn with_fewer_decimals(self, decimals: u32) -> Self {
        // Fewer decimals than those of the amount are few, and without them it has few enough digits.
        let decimals = decimals.try_into().unwrap_or(MAX_DIGITS);
        WideSum::of(self.parts()).rounded(decimals).and_then(Self::exact).unwrap_or(self)
    }

    fn sum<const TERMS: usize>(terms: [(Self, i64); TERMS]) -> Option<Self> {
        let mut sum = Sum::default();
        let is_complete = terms.iter().all(|&(amount, count)| sum.add(amount, count));
        if is_complete { sum.rounded(MAX_DIGITS.into()) } else { None }
    }
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
            let part = Amount::exact((amount.units(), amount.parts().1 + short.parts().1));
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
            (WideSum::of(most.negated().parts())..=WideSum::of(most.parts())).contains(&apart)
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

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use num_bigint::BigInt;
    use proptest::prelude::*;

    use super::*;

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
}
