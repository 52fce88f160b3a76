//! The zone of each row, and which time is meant where the clock of a zone changes.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::value::{EventTime, InvalidValue, LocalTime, Rule, ValueKind, Zone};

/// Which time is meant where a clock shows an hour twice, because it is put back.
///
/// ```
/// use meta_offline_events::order::{Overlap, RowLayout};
///
/// let layout = RowLayout::new().overlap(Overlap::Earlier);
/// # let _ = layout;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Overlap {
    /// The first time that the clock shows it, before it is put back.
    Earlier,
    /// The second time that the clock shows it, after it is put back.
    Later,
}

/// Where a time is moved that a clock never shows, because it is put forward over it.
///
/// ```
/// use meta_offline_events::order::{Gap, RowLayout};
///
/// let layout = RowLayout::new().gap(Gap::Forward);
/// # let _ = layout;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Gap {
    /// As much later as the clock is put forward, for tills whose clock is put forward late: 02:30 is 03:30.
    Forward,
    /// As much earlier as the clock is put forward, for tills whose clock is put forward too soon: 02:30 is 01:30.
    Backward,
}

/// What a layout states about times around clock changes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ClockChanges {
    pub(super) overlap: Option<Overlap>,
    pub(super) gap: Option<Gap>,
}

impl ClockChanges {
    /// The time that is meant.
    pub(super) fn decide(self, time: LocalTime, zone: Zone) -> Result<EventTime, NoTime> {
        let seconds = match (time, self.overlap, self.gap) {
            (LocalTime::Once(seconds), ..)
            | (LocalTime::Twice { earlier: seconds, .. }, Some(Overlap::Earlier), _)
            | (LocalTime::Twice { later: seconds, .. }, Some(Overlap::Later), _)
            | (LocalTime::Never { forward: seconds, .. }, _, Some(Gap::Forward))
            | (LocalTime::Never { backward: seconds, .. }, _, Some(Gap::Backward)) => seconds,
            (LocalTime::Twice { earlier, later }, None, _) => {
                let [earlier, later] = [earlier, later].map(EventTime::from_seconds);
                return Err(NoTime::ShownTwice { zone, earlier: earlier?, later: later? });
            }
            (LocalTime::Never { .. }, _, None) => return Err(NoTime::NeverShown(zone)),
        };
        Ok(EventTime::from_seconds(seconds)?)
    }
}

/// Why a text gives no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoTime {
    Invalid(InvalidValue),
    /// The time is in the zone of the row, which is not known.
    NoZone,
    ShownTwice {
        zone: Zone,
        earlier: EventTime,
        later: EventTime,
    },
    NeverShown(Zone),
}

impl NoTime {
    pub(super) fn rule(self) -> Rule {
        match self {
            Self::Invalid(error) => error.rule(),
            Self::NoZone => Rule::UnknownZone,
            Self::ShownTwice { .. } => Rule::ShownTwice,
            Self::NeverShown(_) => Rule::NeverShown,
        }
    }
}

impl From<InvalidValue> for NoTime {
    fn from(error: InvalidValue) -> Self {
        Self::Invalid(error)
    }
}

impl From<Rule> for NoTime {
    fn from(rule: Rule) -> Self {
        Self::Invalid(InvalidValue::new(ValueKind::EventTime, rule))
    }
}

impl fmt::Display for NoTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(error) => error.fmt(f),
            Self::NoZone => write!(f, "{} is in a time zone that is not known", ValueKind::EventTime),
            Self::ShownTwice { zone, earlier, later } => write!(
                f,
                "{} happens twice in {zone}, because the clock is put back: at {earlier} and at {later}; write it \
                 with its offset, or state in the layout which one counts",
                ValueKind::EventTime
            ),
            Self::NeverShown(zone) => write!(
                f,
                "{} never happens in {zone}, because the clock is put forward: write it with its offset, or state in \
                 the layout where to move it",
                ValueKind::EventTime
            ),
        }
    }
}

/// How to find the zone of a row by one of its columns.
#[derive(Debug, Clone)]
pub(super) struct ZoneOf {
    pub(super) header: String,
    pub(super) zones: Zones,
}

/// The zones by the texts of a column.
#[derive(Clone)]
pub(super) enum Zones {
    Listed(BTreeMap<String, Zone>),
    Found(Arc<FindZone>),
}

pub(super) type FindZone = dyn Fn(&str) -> Option<Zone> + Send + Sync;

impl Zones {
    pub(super) fn of(&self, text: &str) -> Option<Zone> {
        match self {
            Self::Listed(zones) => zones.get(text).copied(),
            Self::Found(find) => find(text),
        }
    }
}

impl fmt::Debug for Zones {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listed(zones) => zones.fmt(f),
            Self::Found(_) => f.write_str("a function"),
        }
    }
}
