//! Exact sums of decimal numbers with any digits.

/// The most digits of a number, and the most of them after the point.
pub(super) const MAX_DIGITS: u8 = 38;

pub(super) const fn power_of_ten(exponent: u8) -> i128 {
    10_i128.pow(exponent as u32)
}

/// The first whole number with too many digits.
pub(super) const TOO_LARGE: i128 = power_of_ten(MAX_DIGITS);

/// A number: its digits, and how many of them stand after the point.
pub(super) type Number = (i128, u8);

/// An exact sum of numbers, each taken a number of times.
///
/// It is its floor, a whole number, and a fraction from zero to below one: so sums compare part by part.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct WideSum {
    whole: i128,
    /// The first decimals of the fraction, as many as a limb has, and the others.
    limbs: [i128; 2],
}

/// How many decimals a limb has: a limb times a count fits 128 bits.
const LIMB_DIGITS: u8 = MAX_DIGITS / 2;

const LIMB: i128 = power_of_ten(LIMB_DIGITS);

impl WideSum {
    pub(super) fn of((units, decimals): Number) -> Self {
        let one = power_of_ten(decimals);
        let fraction = units.rem_euclid(one) * power_of_ten(MAX_DIGITS - decimals);
        Self { whole: units.div_euclid(one), limbs: [fraction / LIMB, fraction % LIMB] }
    }

    /// Adds a number, taken `count` times, and returns false if the sum becomes too large. Nothing is added then.
    pub(super) fn add(&mut self, number: Number, count: i64) -> bool {
        let count = i128::from(count);
        let one = Self::of(number);
        let [first, rest] = one.limbs;
        let rest = self.limbs[1] + rest * count;
        let first = self.limbs[0] + first * count + rest.div_euclid(LIMB);
        let whole = one.whole.checked_mul(count).and_then(|whole| whole.checked_add(self.whole));
        let Some(whole) = whole.and_then(|whole| whole.checked_add(first.div_euclid(LIMB))) else {
            return false;
        };
        *self = Self { whole, limbs: [first.rem_euclid(LIMB), rest.rem_euclid(LIMB)] };
        true
    }

    /// The sum rounded half to even to this many decimals, without zeros at its end. None if it does not fit.
    pub(super) fn rounded(&self, mut decimals: u8) -> Option<Number> {
        let [first, rest] = self.limbs;
        let fraction = first * LIMB + rest;
        let unit = power_of_ten(MAX_DIGITS - decimals);
        let (mut units, dropped) = (fraction / unit, fraction % unit);
        let last_digit = if decimals > 0 { units } else { self.whole };
        let against_half = dropped.cmp(&(unit - dropped));
        if dropped > 0 && (against_half.is_gt() || against_half.is_eq() && last_digit % 2 != 0) {
            units += 1;
        }
        while decimals > 0 && units % 10 == 0 {
            units /= 10;
            decimals -= 1;
        }
        let whole = self.whole.checked_mul(power_of_ten(decimals))?;
        Some((whole.checked_add(units)?, decimals))
    }
}
