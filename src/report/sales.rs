//! Events and their value by day, action source, outcome and currency, in bounded memory.

use std::collections::HashMap;

use foldhash::quality::RandomState;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use crate::event::{ActionSource, Event};
use crate::value::{Amount, Currency, EventTime, Money, Sum};

/// Above so many groups the earliest days are counted together. The groups of a single day stay apart.
const MAX_GROUPS: usize = 2000;

const DAY: i64 = 24 * 60 * 60;

/// Events with the same day, action source, outcome and currency, and their value.
///
/// [`DeliveryReport::sales`](super::DeliveryReport::sales) lists them.
///
/// ```
/// use meta_offline_events::report::DeliveryReport;
/// use meta_offline_events::value::{Currency, Money};
/// # use meta_offline_events::{Event, EventTime, UserData};
/// # let customer = UserData::builder().email("mary@example.com").build()?;
///
/// let sold = EventTime::from_unix(1_767_225_600)?;
/// let event = Event::builder(sold, customer)
///     .order_id("10001".parse()?)
///     .value(Money::new("31.50".parse()?, Currency::USD))
///     .build()?;
/// let sales = DeliveryReport::pending(&[event]).sales();
/// assert_eq!((sales[0].day(), sales[0].outcome(), sales[0].events()), (Some(sold), "pending", 1));
/// assert_eq!(sales[0].value(), Some("31.50".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SalesGroup {
    key: Key,
    events: u64,
    value: Option<Amount>,
}

impl SalesGroup {
    /// The first moment of the day of the events, in UTC. `None` for days before those that are listed one by one.
    pub fn day(self) -> Option<EventTime> {
        EventTime::from_unix(self.key.day? * DAY).ok()
    }

    /// Where the conversions happened.
    pub fn action_source(self) -> ActionSource {
        self.key.action_source
    }

    /// The count of the report that the events are in, such as `accepted`.
    pub fn outcome(self) -> &'static str {
        self.key.outcome
    }

    /// The currency of the value, if the events have one.
    pub fn currency(self) -> Option<Currency> {
        self.key.currency
    }

    /// The number of events.
    pub fn events(self) -> u64 {
        self.events
    }

    /// The total value of the events. `None` without a currency, and where the total has too many digits.
    pub fn value(self) -> Option<Amount> {
        self.value
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    /// Days since 1970, or `None` for all days before the earliest one that is kept apart.
    day: Option<i64>,
    action_source: ActionSource,
    outcome: &'static str,
    currency: Option<Currency>,
}

/// The count and the sum of a group.
#[derive(Debug, Clone, Default)]
struct Total {
    events: u64,
    value: Sum,
    is_too_large: bool,
}

impl Total {
    fn add(&mut self, amount: Amount) {
        self.is_too_large |= !self.value.add(amount, 1);
    }
}

/// All groups while a run goes on.
#[derive(Debug, Clone, Default)]
pub(super) struct Sales {
    groups: HashMap<Key, Total, RandomState>,
    /// The earliest day that is kept apart, once there were too many.
    from: Option<i64>,
}

impl Sales {
    pub(super) fn add(&mut self, event: &Event, outcome: &'static str) {
        let day = event.time().unix().div_euclid(DAY);
        let value = event.value();
        let key = Key {
            day: self.from.is_none_or(|from| day >= from).then_some(day),
            action_source: event.action_source(),
            outcome,
            currency: value.map(Money::currency),
        };
        let total = self.groups.entry(key).or_default();
        total.events += 1;
        if let Some(money) = value {
            total.add(money.amount());
        }
        while self.groups.len() > MAX_GROUPS && self.merge_earliest() {}
    }

    /// Counts the earliest day together with those before it, unless it is the only one.
    fn merge_earliest(&mut self) -> bool {
        let days = || self.groups.keys().filter_map(|key| key.day);
        let (Some(earliest), Some(latest)) = (days().min(), days().max()) else { return false };
        if earliest == latest {
            return false;
        }
        let merged: Vec<_> = self.groups.extract_if(|key, _| key.day == Some(earliest)).collect();
        for (key, total) in merged {
            let before = self.groups.entry(Key { day: None, ..key }).or_default();
            before.events += total.events;
            before.is_too_large |= total.is_too_large;
            match total.value.rounded(u32::MAX) {
                Some(amount) => before.add(amount),
                None => before.is_too_large = true,
            }
        }
        self.from = Some(earliest + 1);
        true
    }

    /// The groups, by day, action source, outcome and currency.
    pub(super) fn groups(&self) -> Vec<SalesGroup> {
        let mut groups: Vec<_> = self
            .groups
            .iter()
            .map(|(&key, total)| SalesGroup {
                key,
                events: total.events,
                value: key
                    .currency
                    .filter(|_| !total.is_too_large)
                    .and_then(|currency| total.value.rounded(currency.minor_units())),
            })
            .collect();
        groups.sort_by_key(|group| {
            let Key { day, action_source, outcome, currency } = group.key;
            (day, action_source.as_str(), outcome, currency.map(|currency| currency.to_string()))
        });
        groups
    }
}

impl Serialize for SalesGroup {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(None)?;
        let day = self.day().map(|day| day.to_utc().format("%Y-%m-%d").to_string());
        fields.serialize_entry("day", &day)?;
        fields.serialize_entry("action_source", &self.action_source())?;
        fields.serialize_entry("outcome", self.outcome())?;
        fields.serialize_entry("events", &self.events)?;
        fields.serialize_entry("currency", &self.currency())?;
        fields.serialize_entry("value", &self.value.map(|value| value.to_string()))?;
        fields.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customer::UserData;

    fn event(day: i64, source: ActionSource, value: &str) -> Event {
        let customer = UserData::builder().email("mary@example.com").build().unwrap();
        let time = EventTime::from_unix(day * DAY + 5).unwrap();
        let order = "A1".parse().unwrap();
        let money = Money::new(value.parse().unwrap(), Currency::EUR);
        Event::builder(time, customer).action_source(source).order_id(order).value(money).build().unwrap()
    }

    fn days(from: i64, to: i64) -> Sales {
        let mut sales = Sales::default();
        for day in from..to {
            sales.add(&event(day, ActionSource::PhysicalStore, "1.50"), "accepted");
        }
        sales
    }

    #[test]
    fn the_earliest_days_are_counted_together_in_bounded_memory() {
        let sales = days(10_000, 10_000 + 5000);
        let groups = sales.groups();
        assert_eq!(groups.len(), MAX_GROUPS);
        assert_eq!((groups[0].day(), groups[0].events()), (None, 3001));
        assert_eq!(groups[0].value().unwrap().to_string(), "4501.5");
        assert_eq!(groups.iter().map(|group| group.events()).sum::<u64>(), 5000);
        assert_eq!(groups.last().unwrap().day().unwrap().unix(), 14_999 * DAY);
    }

    #[test]
    fn an_early_day_that_comes_late_is_counted_with_the_early_ones() {
        let mut sales = days(12_000, 15_000);
        sales.add(&event(10_000, ActionSource::PhysicalStore, "2"), "accepted");
        let groups = sales.groups();
        assert_eq!((groups[0].day(), groups[0].events()), (None, 1002));
    }

    #[test]
    fn outcomes_and_sources_are_kept_apart() {
        let mut sales = days(12_000, 12_001);
        sales.add(&event(12_000, ActionSource::PhoneCall, "2"), "accepted");
        sales.add(&event(12_000, ActionSource::PhoneCall, "0.10"), "accepted");
        sales.add(&event(12_000, ActionSource::PhoneCall, "3"), "refused");
        let groups = sales.groups();
        let shown: Vec<_> = groups
            .iter()
            .map(|group| {
                (group.action_source().as_str(), group.outcome(), group.value().unwrap().to_string())
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("phone_call", "accepted", "2.1".to_owned()),
                ("phone_call", "refused", "3".to_owned()),
                ("physical_store", "accepted", "1.5".to_owned()),
            ]
        );
    }
}
