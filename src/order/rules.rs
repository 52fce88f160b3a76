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
    pub(super) sources: Sources,
    margin: Duration,
    max_age: Option<AgeLimit>,
    /// Of the first rows, in percent.
    pub(super) max_invalid: Option<u8>,
    pub(super) max_rows: u64,
    pub(super) max_memory: usize,
}

/// What becomes of the last order of a source whose end nothing proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unproven {
    Sent,
    HeldBack,
}

/// How the order ids of several sorted sources go on from one to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sources {
    InSequence,
    Overlapping,
}

impl Default for OrderRules {
    fn default() -> Self {
        Self {
            allows_zero_totals: false,
            sums_values: false,
            drops_repeats: false,
            unproven: Unproven::Sent,
            sources: Sources::InSequence,
            margin: Duration::from_secs(3600),
            max_age: None,
            max_invalid: None,
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

    /// Reads sources whose order ids overlap, such as the partitions of a cluster: each is sorted by order id, and
    /// holds whole orders. By default order ids go on from source to source, as in one file for each day.
    ///
    /// To see that no order comes back in a later source, sorted rows then take some 50 bytes for each order, up to
    /// [`max_memory`](Self::max_memory). Rows in any order need no such rule.
    ///
    /// ```
    /// use meta_offline_events::order::OrderRules;
    ///
    /// let rules = OrderRules::new().overlapping_sources();
    /// # let _ = rules;
    /// ```
    pub fn overlapping_sources(mut self) -> Self {
        self.sources = Sources::Overlapping;
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

    /// Sends nothing if more than this percentage of the first 1,000 rows is invalid, because the export or its
    /// layout is most likely wrong. By default the valid rows are sent, however few they are.
    ///
    /// ```
    /// use meta_offline_events::customer::UserData;
    /// use meta_offline_events::order::{OrderRules, Row, SortedError, SortedEvents};
    /// use meta_offline_events::value::{Currency, EventTime};
    ///
    /// let sold = EventTime::from_unix(1_767_225_600)?;
    /// let row = |line| {
    ///     let email = if line % 3 == 0 { "mary@example.com" } else { "" };
    ///     let row = Row::new(line, sold).customer(UserData::builder().email(email));
    ///     Ok::<_, SortedError>(row.value(5.into()).currency(Currency::EUR))
    /// };
    /// let rules = OrderRules::new().max_invalid(50);
    /// let mut events = SortedEvents::from_rows((1..=60).map(row), rules, sold);
    /// let Some(Err(error)) = events.next() else { panic!("two of three rows have no customer") };
    /// assert!(error.to_string().starts_with("40 of the first 60 rows (66.7 %) are invalid, and 50 % may be"));
    /// assert_eq!(events.finish().rows.not_sent(), 20);
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    ///
    /// The rows are judged before the first event leaves: [`Orders`](super::Orders) judges when it finishes, and sorted
    /// rows give no event until 1,000 rows are read or their sources end. Fewer than 20 rows are not judged.
    /// [`RowSlice`](super::RowSlice) does not apply this rule.
    pub fn max_invalid(mut self, percent: u8) -> Self {
        self.max_invalid = Some(percent);
        self
    }

    /// Sets how many rows [`Orders`](super::Orders) takes, 50 million by default. With more rows it sends no order
    /// at all, because any order may continue in a row that is not kept.
    pub fn max_rows(mut self, rows: u64) -> Self {
        self.max_rows = rows;
        self
    }

    /// Sets how much memory [`Orders`](super::Orders) takes, in bytes and roughly; 4 GiB by default, enough for the
    /// rows of three million orders. With more it sends no order at all, as with [`max_rows`](Self::max_rows). Rows
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
