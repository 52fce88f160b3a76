//! What makes rows one event.

use crate::event::{ActionSource, EventName};
use crate::value::OrderId;

/// Rows with equal keys make one event.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::order) struct GroupKey {
    pub(in crate::order) order_id: OrderId,
    pub(in crate::order) name: EventName,
    pub(in crate::order) action_source: ActionSource,
}
