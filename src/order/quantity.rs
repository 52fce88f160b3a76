//! How many items a row sells: a whole number, or a fraction for goods that are weighed or measured.

use std::num::NonZeroU64;

use crate::value::{Amount, Sum};

/// The quantity of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Quantity {
    Whole(i64),
    Fractional(Amount),
}

impl Quantity {
    #[inline]
    pub(super) fn of(number: Amount) -> Self {
        number.whole().map_or(Self::Fractional(number), Self::Whole)
    }

    /// Whether a row of this quantity is a return or a cancellation.
    #[inline]
    pub(super) fn is_return(self) -> bool {
        match self {
            Self::Whole(count) => count <= 0,
            Self::Fractional(number) => number.is_negative(),
        }
    }

    /// Adds price × quantity to a sum, and returns false if that cannot be kept exactly.
    #[inline]
    pub(super) fn add_to(self, sum: &mut Sum, price: Amount) -> bool {
        match self {
            Self::Whole(count) => sum.add(price, count),
            Self::Fractional(number) => sum.add_product(price, number),
        }
    }

    /// The quantity as it is sent. Meta takes whole quantities: a fraction is sent as one item, which costs what the
    /// whole row costs.
    #[inline]
    pub(super) fn sent(self) -> Option<NonZeroU64> {
        match self {
            Self::Whole(count) => NonZeroU64::new(u64::try_from(count).ok()?),
            Self::Fractional(_) => Some(NonZeroU64::MIN),
        }
    }

    /// What the whole row costs: exactly, or to 12 decimals if it has too many digits.
    pub(super) fn total(self, price: Amount) -> Option<Amount> {
        let mut sum = Sum::default();
        if self.add_to(&mut sum, price) { sum.rounded(38).or_else(|| sum.rounded(12)) } else { None }
    }
}
