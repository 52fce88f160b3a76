//! Time zones: a fixed offset from UTC, or a name with the clock changes of its place.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime};
#[cfg(feature = "chrono-tz")]
use chrono::{MappedLocalTime, Offset as _, TimeZone as _};

use super::{EventTime, InvalidValue, Rule, ValueKind};

/// A time zone: a fixed offset from UTC, or the name of a zone that follows daylight saving time.
///
/// ```
/// use meta_offline_events::value::Zone;
///
/// let zone: Zone = "+02:00".parse()?;
/// assert_eq!(zone.to_string(), "+02:00");
/// assert_eq!("UTC".parse(), Ok(Zone::UTC));
/// assert!("CEST".parse::<Zone>().is_err(), "abbreviations are not unique");
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
///
/// With the feature `chrono-tz`, names of the IANA time zone database are zones, too:
///
#[cfg_attr(feature = "chrono-tz", doc = "```")]
#[cfg_attr(not(feature = "chrono-tz"), doc = "```ignore")]
/// # use meta_offline_events::value::Zone;
/// let berlin: Zone = "Europe/Berlin".parse()?;
/// assert_eq!(berlin.to_string(), "Europe/Berlin");
/// assert!("Europe/Berlim".parse::<Zone>().is_err());
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
///
/// The names and their clock changes are part of the program, so every machine gives the same times. A government may
/// change its rules after the program was built: update `chrono-tz` then.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Zone(Kind);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    /// Seconds east of UTC.
    Fixed(i32),
    #[cfg(feature = "chrono-tz")]
    Named(chrono_tz::Tz),
}

/// What a date and a time of day mean in a zone, in Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(feature = "chrono-tz"), expect(dead_code, reason = "a fixed offset has no clock changes"))]
pub(crate) enum LocalTime {
    Once(i64),
    /// The clock is put back, and shows the time twice.
    Twice {
        earlier: i64,
        later: i64,
    },
    /// The clock is put forward over the time, and never shows it.
    Never {
        /// The time on a clock that was not put forward yet.
        forward: i64,
        /// The time on a clock that was put forward already.
        backward: i64,
    },
}

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(Kind::Fixed(0));

    /// What a date and a time of day mean in the zone.
    #[inline]
    pub(crate) fn local(self, moment: NaiveDateTime) -> LocalTime {
        let seconds = moment.and_utc().timestamp();
        match self.0 {
            Kind::Fixed(offset) => LocalTime::Once(seconds - i64::from(offset)),
            #[cfg(feature = "chrono-tz")]
            Kind::Named(zone) => local_in(zone, moment, seconds),
        }
    }

    /// The day of a time in the zone.
    pub(crate) fn day(self, time: EventTime) -> Option<NaiveDate> {
        let moment = DateTime::from_timestamp(time.unix(), 0)?;
        Some(match self.0 {
            Kind::Fixed(offset) => moment.with_timezone(&FixedOffset::east_opt(offset)?).date_naive(),
            #[cfg(feature = "chrono-tz")]
            Kind::Named(zone) => moment.with_timezone(&zone).date_naive(),
        })
    }

    /// Reads `Z`, `UTC`, `GMT`, `+01`, `+0100` or `+01:00`.
    pub(crate) fn fixed(text: &str) -> Option<Self> {
        if ["Z", "z", "UTC", "GMT"].contains(&text) {
            return Some(Self::UTC);
        }
        let (sign, offset) = match text.as_bytes() {
            [b'+', offset @ ..] => (1, offset),
            [b'-', offset @ ..] => (-1, offset),
            _ => return None,
        };
        let (mut number, mut digits, mut colons) = (0, 0, 0);
        for &byte in offset {
            match byte {
                b'0'..=b'9' if digits < 4 => {
                    (number, digits) = (10 * number + i32::from(byte - b'0'), digits + 1);
                }
                b':' if colons == 0 => colons = 1,
                _ => return None,
            }
        }
        let (hours, minutes) = match digits {
            2 => (number, 0),
            4 => (number / 100, number % 100),
            _ => return None,
        };
        if hours > 14 || minutes > 59 {
            return None;
        }
        Some(Self(Kind::Fixed(sign * (hours * 3600 + minutes * 60))))
    }
}

#[cfg(feature = "chrono-tz")]
fn local_in(zone: chrono_tz::Tz, moment: NaiveDateTime, seconds: i64) -> LocalTime {
    let at = |offset: FixedOffset| seconds - i64::from(offset.local_minus_utc());
    match zone.offset_from_local_datetime(&moment) {
        MappedLocalTime::Single(offset) => LocalTime::Once(at(offset.fix())),
        MappedLocalTime::Ambiguous(one, other) => {
            let (one, other) = (at(one.fix()), at(other.fix()));
            LocalTime::Twice { earlier: one.min(other), later: one.max(other) }
        }
        MappedLocalTime::None => {
            let begin = chrono_tz::GapInfo::new(&moment, &zone).and_then(|gap| gap.begin);
            // Every gap has a beginning.
            let before = begin.map_or_else(|| chrono::Utc.fix(), |(_, offset)| offset.fix());
            let forward = at(before);
            let after = DateTime::from_timestamp(forward, 0).unwrap_or_default().with_timezone(&zone);
            LocalTime::Never { forward, backward: at(after.offset().fix()) }
        }
    }
}

impl From<FixedOffset> for Zone {
    /// ```
    /// use chrono::FixedOffset;
    /// use meta_offline_events::value::Zone;
    ///
    /// let two_hours_east = FixedOffset::east_opt(2 * 3600).expect("an offset");
    /// assert_eq!(Zone::from(two_hours_east).to_string(), "+02:00");
    /// ```
    fn from(offset: FixedOffset) -> Self {
        Self(Kind::Fixed(offset.local_minus_utc()))
    }
}

impl FromStr for Zone {
    type Err = InvalidValue;

    /// Reads an offset such as `+02:00`, `+0200` or `+02`, `UTC`, `GMT` or `Z`, and (feature `chrono-tz`) a name of
    /// the IANA database with its area, such as `Europe/Berlin`. Trims outer blanks.
    ///
    /// # Errors
    ///
    /// [`Rule::Empty`]; [`Rule::ZoneName`] for a name without the feature; [`Rule::UnknownZone`] for everything else,
    /// abbreviations such as `CET` and `EST` included, because a shop that writes them rarely means the zone of that
    /// name in the database.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let text = text.trim();
        let refused = |rule| InvalidValue::new(ValueKind::Zone, rule);
        if text.is_empty() {
            return Err(refused(Rule::Empty));
        }
        if let Some(zone) = Self::fixed(text) {
            return Ok(zone);
        }
        if !text.contains('/') {
            return Err(refused(Rule::UnknownZone));
        }
        named(text).map_err(refused)
    }
}

#[cfg(feature = "chrono-tz")]
fn named(text: &str) -> Result<Zone, Rule> {
    text.parse().map(|zone| Zone(Kind::Named(zone))).map_err(|_| Rule::UnknownZone)
}

#[cfg(not(feature = "chrono-tz"))]
fn named(_: &str) -> Result<Zone, Rule> {
    Err(Rule::ZoneName)
}

impl Default for Zone {
    /// UTC.
    fn default() -> Self {
        Self::UTC
    }
}

impl fmt::Display for Zone {
    /// Writes the zone as it is read: its name, `UTC`, or its offset.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Fixed(0) => f.write_str("UTC"),
            Kind::Fixed(offset) => {
                let (sign, seconds) = (if offset < 0 { '-' } else { '+' }, offset.unsigned_abs());
                write!(f, "{sign}{:02}:{:02}", seconds / 3600, seconds / 60 % 60)?;
                if seconds % 60 > 0 { write!(f, ":{:02}", seconds % 60) } else { Ok(()) }
            }
            #[cfg(feature = "chrono-tz")]
            Kind::Named(zone) => f.write_str(zone.name()),
        }
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t17_what_is_no_zone_is_refused_with_its_reason() {
        for (text, rule) in [
            ("", Rule::Empty),
            (" ", Rule::Empty),
            ("CET", Rule::UnknownZone),
            ("EST", Rule::UnknownZone),
            ("Berlin", Rule::UnknownZone),
            ("2", Rule::UnknownZone),
            ("*02:00", Rule::UnknownZone),
            ("+2", Rule::UnknownZone),
            ("+15:00", Rule::UnknownZone),
            ("+02:60", Rule::UnknownZone),
            ("+02:0", Rule::UnknownZone),
            ("+02:00:00", Rule::UnknownZone),
        ] {
            assert_eq!(text.parse::<Zone>().map_err(InvalidValue::rule), Err(rule), "{text:?}");
        }
    }

    #[test]
    fn zones_are_written_as_they_are_read() {
        for (text, written) in [
            ("Z", "UTC"),
            (" GMT ", "UTC"),
            ("+00:00", "UTC"),
            ("+0530", "+05:30"),
            ("-03", "-03:00"),
            ("-00:30", "-00:30"),
            ("+14:00", "+14:00"),
        ] {
            let zone = text.parse::<Zone>();
            assert_eq!(zone.map(|zone| zone.to_string()).as_deref(), Ok(written), "{text}");
            assert_eq!(written.parse(), zone, "{text}");
        }
    }

    #[cfg(feature = "chrono-tz")]
    #[test]
    fn t17_names_are_those_of_the_database_with_their_area() {
        for name in ["Europe/Berlin", "America/Argentina/Buenos_Aires", "Australia/Lord_Howe", "Etc/UTC"] {
            assert_eq!(name.parse::<Zone>().map(|zone| zone.to_string()).as_deref(), Ok(name));
        }
        for name in
            ["Europe/Berlim", "europe/berlin", "Europe/", "Europe/Berlin Europe/Paris", "MET", "Japan"]
        {
            assert_eq!(name.parse::<Zone>().map_err(InvalidValue::rule), Err(Rule::UnknownZone), "{name}");
        }
    }

    #[cfg(not(feature = "chrono-tz"))]
    #[test]
    fn a_name_needs_the_feature() {
        assert_eq!("Europe/Berlin".parse::<Zone>().map_err(InvalidValue::rule), Err(Rule::ZoneName));
    }
}
