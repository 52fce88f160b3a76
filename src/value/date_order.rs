//! The order of day and month in a date.

use serde::{Deserialize, Serialize};

/// The order of day and month in dates such as `03/04/2026`. The date itself does not show it, so you have to state it.
///
/// ```
/// use meta_offline_events::customer::{CleaningOptions, MatchKey};
/// use meta_offline_events::value::DateOrder;
///
/// let european = CleaningOptions::default().date_order(DateOrder::DayFirst);
/// assert_eq!(MatchKey::BirthDate.normalize("03/04/1980", &european)?.text(), "19800403");
/// # Ok::<(), meta_offline_events::customer::UnusableReason>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DateOrder {
    /// The day comes first: 3 April.
    DayFirst,
    /// The month comes first: 4 March.
    MonthFirst,
}
