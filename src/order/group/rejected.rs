//! Orders that are not sent, because one of their rows cannot be used.

use std::collections::HashMap;

use foldhash::quality::RandomState;

use super::key::GroupKey;
use crate::order::RowError;
use crate::order::row_error::OrderFingerprint;
use crate::value::{Line, OrderId};

/// The rejected orders, each with the line to blame.
#[derive(Debug, Default)]
pub(in crate::order) struct RejectedOrders {
    groups: HashMap<GroupKey, Line, RandomState>,
    /// Orders that are rejected whatever the event name and the action source.
    orders: HashMap<OrderFingerprint, Line, RandomState>,
    /// The same for the order before the open one.
    orders_before: HashMap<OrderFingerprint, Line, RandomState>,
}

impl RejectedOrders {
    /// Rejects every order that the row may belong to.
    pub(in crate::order) fn add(&mut self, error: &RowError) {
        let line = error.0.line;
        for &order in &error.0.suspects {
            self.orders.entry(order).or_insert(line);
        }
        let Some(order_id) = &error.0.order_id else { return };
        match &error.0.group {
            Some((name, action_source)) => {
                let (order_id, name, action_source) = (order_id.clone(), name.clone(), *action_source);
                self.groups.entry(GroupKey { order_id, name, action_source }).or_insert(line);
            }
            // The row may belong to any event of the order, so none of them is complete.
            None => {
                self.orders.entry(OrderFingerprint::of(order_id)).or_insert(line);
            }
        }
    }

    /// Returns the line to blame if the order of this key is rejected.
    #[inline]
    pub(in crate::order) fn blamed_line(&self, key: impl FnOnce() -> Option<GroupKey>) -> Option<Line> {
        if self.is_empty() { None } else { self.line_of(&key()?) }
    }

    #[inline(never)]
    fn line_of(&self, key: &GroupKey) -> Option<Line> {
        let whole_order = |id: &OrderId| {
            let last_part =
                id.as_str().rsplit_once('/').map(|(_, part)| OrderFingerprint::of_last_part(part));
            let mut orders = [Some(OrderFingerprint::of(id)), last_part].into_iter().flatten();
            orders.find_map(|order| self.orders_before.get(&order).or_else(|| self.orders.get(&order)))
        };
        self.groups.get(key).or_else(|| whole_order(&key.order_id)).copied()
    }

    fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.orders.is_empty() && self.orders_before.is_empty()
    }

    /// Forgets the rows that cannot concern the order that begins now: where rows are sorted, a row that cannot
    /// be read stands next to its order.
    pub(in crate::order) fn next_order(&mut self) {
        if !self.is_empty() {
            self.groups.clear();
            self.orders_before = std::mem::take(&mut self.orders);
        }
    }
}
