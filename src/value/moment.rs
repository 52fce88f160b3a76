//! The time of an event, and the age up to which Meta takes it.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, TimeZone, Utc};
use serde::{Serialize, Serializer};

use super::{InvalidValue, Rule, ValueKind};

/// The time of an event, in whole Unix seconds.
///
/// Invariants: at least 1 and below 100,000,000,000, because a larger number must be in a finer unit than seconds.
///
/// ```
/// use meta_offline_events::value::EventTime;
///
/// let sold = EventTime::from_unix(1_767_225_600)?;
/// assert_eq!(sold, "2026-01-01T00:00:00Z".parse()?);
/// assert!(EventTime::from_unix(1_767_225_600_000).is_err(), "milliseconds are refused");
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventTime(i64);

impl EventTime {
    /// The earliest time.
    pub(crate) const FIRST: Self = Self(1);

    /// The current time, by the system clock.
    ///
    /// ```
    /// use meta_offline_events::value::EventTime;
    ///
    /// assert!(EventTime::now().unix() > 1_767_225_600);
    /// ```
    #[expect(clippy::disallowed_methods, reason = "this is the place that asks the system clock")]
    pub fn now() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let seconds = i64::try_from(since_epoch.as_secs()).unwrap_or_default();
        Self::from_unix(seconds).unwrap_or(Self::FIRST)
    }

    /// Creates a time from Unix seconds.
    ///
    /// # Errors
    ///
    /// [`Rule::NotAfterEpoch`] for zero and below, [`Rule::LooksLikeMilliseconds`] from
    /// 100,000,000,000 up.
    pub fn from_unix(seconds: i64) -> Result<Self, InvalidValue> {
        let rule = match seconds {
            ..=0 => Rule::NotAfterEpoch,
            1..100_000_000_000 => return Ok(Self(seconds)),
            _ => Rule::LooksLikeMilliseconds,
        };
        Err(InvalidValue::new(ValueKind::EventTime, rule))
    }

    /// Creates a time from a number that is surely in seconds.
    pub(crate) fn from_seconds(seconds: i64) -> Result<Self, InvalidValue> {
        Self::from_unix(seconds).map_err(|error| match error.rule() {
            Rule::LooksLikeMilliseconds => InvalidValue::new(ValueKind::EventTime, Rule::TooFarAhead),
            _ => error,
        })
    }

    /// The time in Unix seconds.
    pub fn unix(self) -> i64 {
        self.0
    }

    /// The time as chrono's type.
    pub fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.0, 0).unwrap_or_default()
    }

    /// Checks whether Meta takes an event of this time at `now`.
    ///
    /// Check an event before you queue it, with the limit of its action source,
    /// [`ActionSource::age_limit`](crate::event::ActionSource::age_limit): a client does not send an event outside it.
    ///
    /// ```
    /// use meta_offline_events::value::{AgeLimit, EventTime, OutsideWindow};
    ///
    /// let sold = EventTime::from_unix(1_767_225_600)?;
    /// let limit = AgeLimit::days(7);
    /// let in_a_week = EventTime::from_unix(sold.unix() + 7 * 86_400)?;
    /// assert_eq!(sold.check_age(in_a_week, limit), Ok(()));
    /// let later = EventTime::from_unix(in_a_week.unix() + 1)?;
    /// assert_eq!(sold.check_age(later, limit), Err(OutsideWindow::TooOld));
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`OutsideWindow`] if the event is too old, or more than [`AgeLimit::FUTURE`] seconds in the future.
    pub fn check_age(self, now: Self, limit: AgeLimit) -> Result<(), OutsideWindow> {
        let age = now.0 - self.0;
        if age > limit.oldest {
            Err(OutsideWindow::TooOld)
        } else if age < -AgeLimit::FUTURE {
            Err(OutsideWindow::InFuture)
        } else {
            Ok(())
        }
    }
}

impl<Z: TimeZone> TryFrom<DateTime<Z>> for EventTime {
    type Error = InvalidValue;

    /// Cuts fractions of a second.
    ///
    /// # Errors
    ///
    /// [`Rule::NotAfterEpoch`], or [`Rule::TooFarAhead`] beyond the year 5138.
    fn try_from(moment: DateTime<Z>) -> Result<Self, InvalidValue> {
        Self::from_seconds(moment.timestamp())
    }
}

impl TryFrom<SystemTime> for EventTime {
    type Error = InvalidValue;

    /// Cuts fractions of a second.
    ///
    /// ```
    /// use std::time::{Duration, UNIX_EPOCH};
    /// use meta_offline_events::value::EventTime;
    ///
    /// let sold = UNIX_EPOCH + Duration::from_millis(1_767_225_600_999);
    /// assert_eq!(EventTime::try_from(sold)?.unix(), 1_767_225_600);
    /// assert!(EventTime::try_from(UNIX_EPOCH).is_err());
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Rule::NotAfterEpoch`], or [`Rule::TooFarAhead`] beyond the year 5138.
    fn try_from(moment: SystemTime) -> Result<Self, InvalidValue> {
        let refused = |rule| InvalidValue::new(ValueKind::EventTime, rule);
        let since_epoch = moment.duration_since(UNIX_EPOCH).map_err(|_| refused(Rule::NotAfterEpoch))?;
        let seconds = i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX);
        Self::from_seconds(seconds)
    }
}

#[cfg(feature = "jiff")]
impl TryFrom<jiff::Timestamp> for EventTime {
    type Error = InvalidValue;

    /// Cuts fractions of a second.
    ///
    /// ```
    /// use meta_offline_events::value::EventTime;
    ///
    /// let sold: jiff::Timestamp = "2026-01-01T00:00:00.75Z".parse()?;
    /// assert_eq!(EventTime::try_from(sold)?.unix(), 1_767_225_600);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Rule::NotAfterEpoch`], or [`Rule::TooFarAhead`] beyond the year 5138.
    fn try_from(moment: jiff::Timestamp) -> Result<Self, InvalidValue> {
        Self::from_seconds(moment.as_second())
    }
}

#[cfg(feature = "jiff")]
impl TryFrom<&jiff::Zoned> for EventTime {
    type Error = InvalidValue;

    /// Cuts fractions of a second.
    ///
    /// # Errors
    ///
    /// Those of the conversion from [`jiff::Timestamp`].
    fn try_from(moment: &jiff::Zoned) -> Result<Self, InvalidValue> {
        moment.timestamp().try_into()
    }
}

impl FromStr for EventTime {
    type Err = InvalidValue;

    /// Reads Unix seconds, or an RFC 3339 time with its offset. Trims outer blanks, and cuts fractions of a second.
    ///
    /// # Errors
    ///
    /// [`Rule::Empty`], [`Rule::NotATime`], and those of [`EventTime::from_unix`].
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidValue::new(ValueKind::EventTime, Rule::Empty));
        }
        if let Some(seconds) = whole_seconds(text) {
            return Self::from_unix(seconds);
        }
        match DateTime::parse_from_rfc3339(text) {
            // A leap second would be read as the second before it.
            Ok(moment) if moment.timestamp_subsec_nanos() < 1_000_000_000 => moment.try_into(),
            Ok(_) => Err(InvalidValue::new(ValueKind::EventTime, Rule::LeapSecond)),
            Err(_) => Err(InvalidValue::new(ValueKind::EventTime, Rule::NotATime)),
        }
    }
}

/// Digits with an optional minus; whatever does not fit 64 bits is as wrong as the largest number.
fn whole_seconds(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(if text.starts_with('-') { i64::MIN } else { i64::MAX }))
}

impl fmt::Display for EventTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_utc().format("%Y-%m-%dT%H:%M:%SZ"))
    }
}

impl fmt::Debug for EventTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EventTime({})", self.0)
    }
}

impl Serialize for EventTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

/// The maximum age of an event when it is sent.
///
/// Meta takes events of a physical store for 62 days, and all others for 7 days. It refuses a whole request if one
/// event in it is older. [`ActionSource::age_limit`](crate::event::ActionSource::age_limit) returns the limit of an
/// action source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgeLimit {
    oldest: i64,
}

impl AgeLimit {
    /// How far in the future an event may be, in seconds, because two clocks never agree exactly.
    pub const FUTURE: i64 = 60;

    /// Creates a limit of this many days.
    pub const fn days(days: u32) -> Self {
        Self { oldest: days as i64 * 86_400 }
    }

    /// The limit shortened by `margin`, so that an event that has to wait does not become too old on its way.
    ///
    /// ```
    /// use std::time::Duration;
    /// use meta_offline_events::value::{AgeLimit, EventTime};
    ///
    /// let limit = AgeLimit::days(7).less(Duration::from_secs(3600));
    /// let sold = EventTime::from_unix(1_767_225_600)?;
    /// let almost_a_week = EventTime::from_unix(sold.unix() + 7 * 86_400 - 3_599)?;
    /// assert!(sold.check_age(almost_a_week, limit).is_err());
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    pub fn less(self, margin: Duration) -> Self {
        let margin = i64::try_from(margin.as_secs()).unwrap_or(i64::MAX);
        Self { oldest: self.oldest.saturating_sub(margin) }
    }

    /// The limit in whole seconds.
    pub fn as_secs(self) -> i64 {
        self.oldest
    }
}

/// Why an event is outside the time window in which Meta takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum OutsideWindow {
    /// The event is too old: Meta would refuse the whole request.
    #[error("is older than the age limit: Meta takes 62 days for a physical store, and 7 days otherwise")]
    TooOld,
    /// The event is more than [`AgeLimit::FUTURE`] seconds in the future.
    #[error("is in the future: check the time zone of the data, and the clock")]
    InFuture,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t13_nothing_wraps_and_nothing_panics() {
        for (text, rule) in [
            ("0", Rule::NotAfterEpoch),
            ("-5", Rule::NotAfterEpoch),
            ("99999999999999999999999999", Rule::LooksLikeMilliseconds),
            ("-99999999999999999999999999", Rule::NotAfterEpoch),
            ("1767225600000", Rule::LooksLikeMilliseconds),
            ("1.7e9", Rule::NotATime),
            ("+1767225600", Rule::NotATime),
            ("1969-12-31T23:59:59Z", Rule::NotAfterEpoch),
            ("9999-12-31T23:59:59Z", Rule::TooFarAhead),
            ("2016-12-31T23:59:60Z", Rule::LeapSecond),
            ("2026-02-30T00:00:00Z", Rule::NotATime),
            ("", Rule::Empty),
        ] {
            assert_eq!(text.parse::<EventTime>().map_err(InvalidValue::rule), Err(rule), "{text}");
        }
        assert_eq!("2023-11-12T15:46:51.693229+05:30".parse(), EventTime::from_unix(1_699_784_211));
    }

    #[test]
    fn t5_a_minute_ahead_is_taken_and_a_second_more_is_not() {
        let now = EventTime(1_767_225_600);
        let limit = AgeLimit::days(7);
        assert_eq!(EventTime(now.0 + 60).check_age(now, limit), Ok(()));
        assert_eq!(EventTime(now.0 + 61).check_age(now, limit), Err(OutsideWindow::InFuture));
    }
}
