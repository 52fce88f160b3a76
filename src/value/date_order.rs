//! Which of two numbers in a date is the day.

/// Which number comes first in a date such as `03/04/2026`: a fact about an export that no date in it
/// can tell, so it has to be stated.
///
/// ```
/// use meta_offline_events::customer::{CleaningOptions, MatchKey};
/// use meta_offline_events::value::DateOrder;
///
/// let european = CleaningOptions::default().date_order(DateOrder::DayFirst);
/// assert_eq!(MatchKey::BirthDate.normalize("03/04/1980", &european)?.text(), "19800403");
/// # Ok::<(), meta_offline_events::customer::UnusableReason>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DateOrder {
    /// 3 April.
    DayFirst,
    /// 4 March.
    MonthFirst,
}
