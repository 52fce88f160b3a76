//! The rules that the row contract leaves to the advertiser.

use std::time::Duration;

use crate::event::ActionSource;
use crate::value::AgeLimit;

/// Rules for orders that the row contract leaves to the advertiser.
///
/// ```
/// use std::time::Duration;
/// use meta_offline_events::order::OrderRules;
///
/// let rules = OrderRules::new().margin(Duration::from_secs(600)).allow_zero_totals();
/// # let _ = rules;
/// ```
#[derive(Debug, Clone)]
pub struct OrderRules {
    pub(super) allows_zero_totals: bool,
    pub(super) sums_values: bool,
    pub(super) drops_repeats: bool,
    pub(super) unproven: Unproven,
    margin: Duration,
    max_age: Option<AgeLimit>,
    pub(super) max_rows: u64,
    pub(super) max_memory: usize,
}

/// What becomes of the last order of a source whose end nothing proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unproven {
    Sent,
    HeldBack,
}

impl Default for OrderRules {
    fn default() -> Self {
        Self {
            allows_zero_totals: false,
            sums_values: false,
            drops_repeats: false,
            unproven: Unproven::Sent,
            margin: Duration::from_secs(3600),
            max_age: None,
            max_rows: 50_000_000,
            max_memory: 4 << 30,
        }
    }
}

impl OrderRules {
    /// Creates the default rules: orders of zero are refused, `value` is the value of the order, repeated rows
    /// are kept, and events must be one hour younger than Meta's limit.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends orders with a total of zero instead of refusing them.
    pub fn allow_zero_totals(mut self) -> Self {
        self.allows_zero_totals = true;
        self
    }

    /// Reads `value` as the value of a row and sums it over the order. By default it is the value of the order.
    pub fn sum_values(mut self) -> Self {
        self.sums_values = true;
        self
    }

    /// Leaves out a row that is equal to an earlier row of its order in every column.
    pub fn drop_repeats(mut self) -> Self {
        self.drops_repeats = true;
        self
    }

    /// Holds back the order of the last row of a file, unless an end mark or a stated number of rows proves that no
    /// row is missing. Its rows are [not sent](crate::report::RowReport::not_sent). By default it is sent, and a note
    /// names its lines.
    pub fn hold_back_last_order(mut self) -> Self {
        self.unproven = Unproven::HeldBack;
        self
    }

    /// Sets how long before Meta's age limit an event is refused, so that it does not become too old on its
    /// way; one hour by default.
    pub fn margin(mut self, margin: Duration) -> Self {
        self.margin = margin;
        self
    }

    /// Caps the age of events below Meta's limit, for example at seven days. Meta's limits are 62 days for
    /// `physical_store` and seven days for every other action source.
    pub fn max_age(mut self, limit: AgeLimit) -> Self {
        self.max_age = Some(limit);
        self
    }

    /// Sets how many rows [`Orders`](super::Orders) takes, 50 million by default. With more rows it sends no order
    /// at all, because any order may continue in a row that is not kept.
    pub fn max_rows(mut self, rows: u64) -> Self {
        self.max_rows = rows;
        self
    }

    /// Sets how much memory [`Orders`](super::Orders) takes, in bytes and roughly; 4 GiB by default, enough for the
    /// rows of two million orders. With more it sends no order at all, as with [`max_rows`](Self::max_rows). Rows
    /// that are sorted by order id need next to no memory: see [`SortedOrders`](super::SortedOrders).
    pub fn max_memory(mut self, bytes: usize) -> Self {
        self.max_memory = bytes;
        self
    }

    pub(super) fn age_limit(&self, source: ActionSource) -> AgeLimit {
        let meta = source.age_limit();
        let limit = self.max_age.filter(|own| own.as_secs() < meta.as_secs()).unwrap_or(meta);
        limit.less(self.margin)
    }
}
