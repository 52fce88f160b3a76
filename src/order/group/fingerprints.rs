//! Fingerprints of rows: how a row that repeats an earlier one is found.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hash, Hasher};

use arrayvec::ArrayVec;
use foldhash::quality::RandomState;

use crate::customer::Prehashed;
use crate::order::Row;
use crate::order::quantity::Quantity;

/// Makes the fingerprints of one run. Rows that are equal in every column have equal fingerprints.
#[derive(Debug, Default)]
pub(super) struct RowFingerprints {
    hasher: RandomState,
}

impl RowFingerprints {
    /// Returns the fingerprint of everything in a row but its line and its order id.
    pub(super) fn of(&self, row: &Row<'_>) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        let pair = |one: u64, other: i64| u128::from(one) << 64 | u128::from(other.cast_unsigned());
        hasher.write_u128(pair(row.customer.raw_fingerprint().texts(), row.time.unix()));
        let currency = row.currency.map_or(0, |currency| {
            let [first, second, third] = currency.letters();
            u64::from(u32::from_be_bytes([0, first, second, third]))
        });
        let quantity = match row.quantity {
            None => i64::MIN,
            Some(Quantity::Whole(count)) => count,
            Some(Quantity::Fractional(number)) => {
                number.hash(&mut hasher);
                i64::MIN
            }
        };
        hasher.write_u128(pair(currency, quantity));
        if let Some(price) = row.price {
            price.hash(&mut hasher);
        }
        if let Some(product) = &row.product {
            hasher.write(product.text().as_bytes());
        }
        if row.order_id.is_none() || row.has_rare_columns() {
            let event = (&row.name, row.action_source, &row.event_id, &row.event_source_url);
            (row.value, row.delivery_category, event).hash(&mut hasher);
        }
        hasher.finish()
    }
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
    pub(super) fn insert(&mut self, fingerprint: u64) -> bool {
        if self.few.contains(&fingerprint) {
            return false;
        }
        self.few.try_push(fingerprint).is_ok() || self.many.get_or_insert_default().insert(fingerprint)
    }
}
