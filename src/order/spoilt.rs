//! Orders that are not sent, because a row of them cannot be used.

use std::collections::HashMap;

use super::RowError;
use super::group::{Group, GroupKey};
use super::layout::OrderMark;
use crate::value::Line;

/// Which orders are spoilt, each with the line that is to blame.
#[derive(Debug, Default)]
pub(super) struct Spoilt {
    groups: HashMap<GroupKey, Line>,
    marks: HashMap<OrderMark, Line>,
    /// The marks of the order before the last [turn](Self::turn).
    marks_before: HashMap<OrderMark, Line>,
}

impl Spoilt {
    /// Takes note of a row that cannot be used.
    pub(super) fn add(&mut self, error: &RowError) {
        let line = error.line;
        for &mark in &error.suspects {
            self.marks.entry(mark).or_insert(line);
        }
        let Some(order_id) = &error.order_id else { return };
        match &error.group {
            Some((name, action_source)) => {
                let (order_id, name, action_source) = (order_id.clone(), name.clone(), *action_source);
                self.groups.entry(GroupKey { order_id, name, action_source }).or_insert(line);
            }
            // Which of the order's events it belonged to cannot be told: none of them is complete.
            None => {
                self.marks.entry(OrderMark::of(order_id)).or_insert(line);
            }
        }
    }

    /// The line that spoils this order, if one does.
    pub(super) fn culprit(&self, group: &Group) -> Option<Line> {
        if self.is_empty() {
            return None;
        }
        let key = group.key()?;
        let mark = OrderMark::of(&key.order_id);
        let whole_order = || self.marks_before.get(&mark).or_else(|| self.marks.get(&mark));
        self.groups.get(&key).or_else(whole_order).copied()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.marks.is_empty() && self.marks_before.is_empty()
    }

    /// Forgets what cannot concern the order that begins: a row that cannot be read stands beside its order.
    pub(super) fn turn(&mut self) {
        if !self.is_empty() {
            self.groups.clear();
            self.marks_before = std::mem::take(&mut self.marks);
        }
    }
}
