//! Marks of rows: how it is seen that a row repeats an earlier one of its order.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hash, Hasher};

use arrayvec::ArrayVec;
use foldhash::quality::RandomState;

use super::Row;
use super::group::Group;
use super::row::Alike;
use crate::customer::Prehashed;
use crate::event::Content;

/// Makes marks, and keeps those of the rows without an order id.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// Equal for what is equal, and otherwise not to be foreseen.
    hasher: RandomState,
    loose: Seen,
}

/// The marks that were seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    few: ArrayVec<u64, 8>,
    many: HashSet<u64, Prehashed>,
}

impl Marks {
    /// Whether no row before was equal to this one in every column.
    pub(super) fn is_new(&mut self, row: &Row<'_>, group: &mut Group) -> bool {
        let mark = self.of_row(row);
        if row.order_id.is_some() { group.is_new(mark) } else { self.loose.insert(mark) }
    }

    /// A mark of all that a row says but its order.
    fn of_row(&self, row: &Row<'_>) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        (row.time, row.quantity, row.price, row.currency, &row.product).hash(&mut hasher);
        row.customer.raw_fingerprint().hash(&mut hasher);
        if !row.says_little() {
            let event = (&row.name, row.action_source, &row.event_id, &row.event_source_url);
            (row.value, row.delivery_category, event).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// The mark of the row that gave this content.
    pub(super) fn of_alike(&self, alike: &Alike, content: &Content) -> u64 {
        let Alike { time, raw_fingerprint, currency } = alike;
        let quantity = i64::try_from(content.quantity().get()).ok();
        let mut hasher = self.hasher.build_hasher();
        (time, quantity, content.price(), Some(currency), Some(content.id())).hash(&mut hasher);
        raw_fingerprint.hash(&mut hasher);
        hasher.finish()
    }
}

impl Seen {
    pub(super) fn clear(&mut self) {
        self.few.clear();
        self.many.clear();
    }

    /// Whether it was not there yet.
    pub(super) fn insert(&mut self, mark: u64) -> bool {
        if self.many.is_empty() {
            if self.few.contains(&mark) {
                return false;
            }
            if self.few.try_push(mark).is_ok() {
                return true;
            }
            self.many.extend(&self.few);
        }
        self.many.insert(mark)
    }
}
