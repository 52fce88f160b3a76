//! Sales and a clock for tests that send.

use std::time::Duration;

use meta_offline_events::client::{Clock, SystemClock, Waiting};
use meta_offline_events::customer::{MatchKey, UserData};
use meta_offline_events::event::{ActionSource, Event, MessagingChannel};
use meta_offline_events::testing::ManualClock;
use meta_offline_events::value::{Currency, EventTime, Line, Money};

/// The time of these tests: 2026-05-04T12:00:00Z.
pub(crate) const NOW: i64 = 1_777_896_000;

pub(crate) fn now() -> EventTime {
    EventTime::from_unix(NOW).unwrap()
}

pub(crate) fn event(number: usize) -> Event {
    sold(number, NOW - 3600, ActionSource::PhysicalStore)
}

pub(crate) fn sold(number: usize, at: i64, source: ActionSource) -> Event {
    let customer = UserData::builder().email(&format!("customer{number}@example.com")).build().unwrap();
    Event::builder(EventTime::from_unix(at).unwrap(), customer)
        .action_source(source)
        .order_id(format!("order-{number}").parse().unwrap())
        .value(Money::new("10.50".parse().unwrap(), Currency::EUR))
        .lines([Line::new(number as u64 + 2)])
        .build()
        .unwrap()
}

/// An event that Meta does not deduplicate.
pub(crate) fn message() -> Event {
    let customer = UserData::builder()
        .value(MatchKey::PageId, "123456")
        .value(MatchKey::PageScopedUserId, "789")
        .build()
        .unwrap();
    Event::builder(EventTime::from_unix(NOW - 60).unwrap(), customer)
        .name("LeadSubmitted".parse().unwrap())
        .action_source(ActionSource::BusinessMessaging)
        .messaging_channel(MessagingChannel::Messenger)
        .build()
        .unwrap()
}

pub(crate) fn events(count: usize) -> Vec<Event> {
    (0..count).map(event).collect()
}

/// A clock that skips waits, with limits that are real: for servers that never answer.
#[derive(Debug, Clone)]
pub(crate) struct RealLimits(pub(crate) ManualClock);

impl Clock for RealLimits {
    fn now(&self) -> EventTime {
        self.0.now()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, duration: Duration) -> Waiting<'_> {
        self.0.sleep(duration)
    }

    fn limit(&self, duration: Duration) -> Waiting<'_> {
        SystemClock.limit(duration)
    }
}
