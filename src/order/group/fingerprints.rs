//! Fingerprints of rows: how a row that repeats an earlier one is found.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hash, Hasher};

use arrayvec::ArrayVec;
use foldhash::quality::{FoldHasher, RandomState};

use crate::customer::Prehashed;
use crate::order::Row;
use crate::order::quantity::Quantity;
use crate::value::{Amount, Currency};

/// No amount has so many decimals.
const NO_PRICE: (i128, u8) = (0, u8::MAX);

/// Makes the fingerprints of one run. Rows that are equal in every column have equal fingerprints.
#[derive(Debug, Default)]
pub(super) struct RowFingerprints {
    hasher: RandomState,
}

impl RowFingerprints {
    /// Returns the fingerprint of everything in a row but its line and its order id.
    #[inline]
    pub(super) fn of(&self, row: &Row<'_>) -> u64 {
        // Numbers of 128 bits take one multiplication each, and shorter ones have to be put together first.
        let mut hasher = self.hasher.build_hasher();
        let pair = |one: u64, other: i64| u128::from(one) << 64 | u128::from(other.cast_unsigned());
        hasher.write_u128(pair(row.customer_texts, row.time.unix()));
        let [first, second, third] = row.currency.map_or([0; 3], Currency::letters);
        let (units, decimals) = row.price.map_or(NO_PRICE, Amount::parts);
        let letters_and_decimals = u32::from_le_bytes([first, second, third, decimals]);
        let quantity = match row.quantity {
            None => i64::MIN,
            Some(Quantity::Whole(count)) => count,
            // No whole quantity is so far below zero.
            Some(Quantity::Fractional(number)) => {
                let (units, decimals) = number.parts();
                hasher.write_i128(units);
                i64::from(decimals) - i64::MAX
            }
        };
        hasher.write_u128(pair(letters_and_decimals.into(), quantity));
        hasher.write_i128(units);
        if let Some(product) = &row.product {
            hasher.write(product.text().as_bytes());
        }
        if row.order_id.is_none() || row.has_rare_columns() {
            return with_rare_columns(row, hasher);
        }
        hasher.finish()
    }
}

/// Adds what all rows of an order have in common, and the columns that few rows have.
#[inline(never)]
fn with_rare_columns(row: &Row<'_>, mut hasher: FoldHasher<'_>) -> u64 {
    let event = (&row.name, row.action_source, &row.event_id, &row.event_source_url);
    (row.value, row.delivery_category, event).hash(&mut hasher);
    hasher.finish()
}

/// Fingerprints seen so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Those of most orders, in place.
    few: ArrayVec<u64, 4>,
    /// The others.
    #[expect(
        clippy::box_collection,
        reason = "most orders have none, and a set takes the room of four boxes"
    )]
    many: Option<Box<HashSet<u64, Prehashed>>>,
}

impl Seen {
    pub(super) fn clear(&mut self) {
        self.few.clear();
        if let Some(many) = &mut self.many {
            many.clear();
        }
    }

    /// Adds a fingerprint, and returns whether it is new.
    #[inline]
    pub(super) fn insert(&mut self, fingerprint: u64) -> bool {
        if self.few.contains(&fingerprint) {
            return false;
        }
        self.few.try_push(fingerprint).is_ok() || self.insert_one_more(fingerprint)
    }

    #[inline(never)]
    fn insert_one_more(&mut self, fingerprint: u64) -> bool {
        self.many.get_or_insert_default().insert(fingerprint)
    }
}
