//! Reads the time of a row: Unix seconds, ISO 8601, SQL datetimes, and dates in a set order of day and month.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

use super::zones::{ClockChanges, NoTime};
use crate::value::{DateOrder, EventTime, LocalTime, Rule, Zone};

/// How an export writes times.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TimeFormat {
    pub(super) zone: Zone,
    pub(super) changes: ClockChanges,
    pub(super) date_order: Option<DateOrder>,
    pub(super) time_of_day: Option<NaiveTime>,
    pub(super) cut_fractions: bool,
}

impl TimeFormat {
    /// Reads a time, without outer blanks. A time that names no zone is in the zone of its row, if that is known.
    pub(super) fn read(&self, text: &str, zone: Option<Zone>) -> Result<EventTime, NoTime> {
        match common_seconds(text).or_else(|| common_datetime(text, zone)) {
            Some(time) => Ok(time),
            None => self.any_form(text, zone),
        }
    }

    fn any_form(&self, text: &str, zone: Option<Zone>) -> Result<EventTime, NoTime> {
        let text = text.trim();
        if let Some(date) = compact_date(text) {
            // As Unix seconds, eight digits would be a time in the early seventies.
            let time = self.time_of_day.ok_or(Rule::NoTimeOfDay)?;
            return self.moment(date, time, zone);
        }
        if let Some(seconds) = self.number(text) {
            return Ok(seconds.parse()?);
        }
        let (date, rest) = split_date(text);
        let date = self.date(date)?;
        let rest = rest.trim_start_matches(['T', 't', ' ']);
        let (clock, own_zone) = split_zone(rest);
        let time = match (clock, self.time_of_day) {
            ("", Some(time)) if own_zone.is_empty() => time,
            ("", _) => return Err(Rule::NoTimeOfDay.into()),
            (clock, _) => time_of_day(clock)?,
        };
        let zone = match own_zone {
            "" => zone,
            own_zone => Some(Zone::fixed(own_zone).ok_or(Rule::NotATime)?),
        };
        self.moment(date, time, zone)
    }

    fn moment(&self, date: NaiveDate, time: NaiveTime, zone: Option<Zone>) -> Result<EventTime, NoTime> {
        let zone = zone.ok_or(NoTime::NoZone)?;
        self.changes.decide(zone.local(NaiveDateTime::new(date, time)), zone)
    }

    /// Returns the whole part of a number of seconds, if the text is one.
    fn number<'t>(&self, text: &'t str) -> Option<&'t str> {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        if text.is_empty() || digits(unsigned) {
            return Some(text);
        }
        let (whole, fraction) = unsigned.split_once('.')?;
        (self.cut_fractions && digits(whole) && digits(fraction))
            .then(|| &text[..text.len() - fraction.len() - 1])
    }

    fn date(&self, text: &str) -> Result<NaiveDate, Rule> {
        let mut parts = text.split(['-', '/', '.']);
        let (Some(first), Some(second), Some(third), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Rule::NotATime);
        };
        if ![first, second, third].iter().all(|part| is_number(part)) {
            return Err(Rule::NotATime);
        }
        let (year, month, day) = match (first.len(), third.len()) {
            (4, 1..=2) => (first, second, third),
            (1..=2, 4) => {
                let (day, month) = self.day_and_month(first, second)?;
                (third, month, day)
            }
            (1..=2, 1..=2) => return Err(Rule::TwoDigitYear),
            _ => return Err(Rule::NotATime),
        };
        let number = |part: &str| part.parse().unwrap_or(u32::MAX);
        let year = i32::try_from(number(year)).unwrap_or_default();
        NaiveDate::from_ymd_opt(year, number(month), number(day)).ok_or(Rule::NoSuchMoment)
    }

    /// Tells the day from the month: by the set order, or by the number that cannot be a month.
    fn day_and_month<'t>(&self, first: &'t str, second: &'t str) -> Result<(&'t str, &'t str), Rule> {
        let no_month = |part: &str| part.parse::<u32>().is_ok_and(|number| number > 12);
        match self.date_order {
            Some(DateOrder::DayFirst) => Ok((first, second)),
            Some(DateOrder::MonthFirst) => Ok((second, first)),
            None if no_month(first) || first == second => Ok((first, second)),
            None if no_month(second) => Ok((second, first)),
            None => Err(Rule::AmbiguousDate),
        }
    }
}

/// Reads `2026-05-04T12:00:00Z`, with `T` or a blank, and with or without `Z`.
fn common_datetime(text: &str, zone: Option<Zone>) -> Option<EventTime> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T' | b' ', rest @ ..] = text.as_bytes() else {
        return None;
    };
    let [h1, h2, b':', n1, n2, b':', s1, s2, own_zone @ ..] = rest else { return None };
    let zone = match own_zone {
        [] => zone?,
        [b'Z'] => Zone::UTC,
        _ => return None,
    };
    let two = |tens: &u8, ones: &u8| u32::try_from(whole(&[*tens, *ones])?).ok();
    let year = i32::try_from(whole(&[*y1, *y2, *y3, *y4])?).ok()?;
    let date = NaiveDate::from_ymd_opt(year, two(m1, m2)?, two(d1, d2)?)?;
    let moment = date.and_hms_opt(two(h1, h2)?, two(n1, n2)?, two(s1, s2)?)?;
    match zone.local(moment) {
        LocalTime::Once(seconds) => EventTime::from_unix(seconds).ok(),
        LocalTime::Twice { .. } | LocalTime::Never { .. } => None,
    }
}

/// Reads Unix seconds from 1973 on. Fewer digits may be a date.
fn common_seconds(text: &str) -> Option<EventTime> {
    if !matches!(text.len(), 9..=10) {
        return None;
    }
    EventTime::from_unix(whole(text.as_bytes())?).ok()
}

fn whole(digits: &[u8]) -> Option<i64> {
    let append = |number, byte: &u8| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0'));
    digits.iter().try_fold(0, append)
}

/// Reads `20260504`, a date of this century or the last one.
fn compact_date(text: &str) -> Option<NaiveDate> {
    let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = |part: &str| part.parse::<u32>().ok();
    let (year, month, day) = if digits { (&text[..4], &text[4..6], &text[6..]) } else { return None };
    let year = number(year).filter(|year| (1900..2100).contains(year))?;
    NaiveDate::from_ymd_opt(year.try_into().ok()?, number(month)?, number(day)?)
}

fn is_number(text: &str) -> bool {
    (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Splits a text before the first blank or `T`, where the date ends.
fn split_date(text: &str) -> (&str, &str) {
    text.split_at(text.find([' ', 'T', 't']).unwrap_or(text.len()))
}

/// Splits a text before the zone, which begins with `Z`, `+`, `-`, `U` (of `UTC`) or `G` (of `GMT`).
fn split_zone(text: &str) -> (&str, &str) {
    let (clock, zone) = text.split_at(text.find(['Z', 'z', '+', '-', 'U', 'G']).unwrap_or(text.len()));
    (clock.trim_end(), zone)
}

fn time_of_day(text: &str) -> Result<NaiveTime, Rule> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let mut parts = clock.split(':');
    let (Some(hour), Some(minute), second, None) =
        (parts.next(), parts.next(), parts.next().unwrap_or("00"), parts.next())
    else {
        return Err(Rule::NotATime);
    };
    let whole_fraction = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    if !whole_fraction || ![hour, minute, second].iter().all(|part| is_number(part) && part.len() <= 2) {
        return Err(Rule::NotATime);
    }
    let number = |part: &str| part.parse().unwrap_or(u32::MAX);
    let (hour, minute, second) = (number(hour), number(minute), number(second));
    NaiveTime::from_hms_opt(hour, minute, second).ok_or(match (hour, minute, second) {
        (24, 0, 0) => Rule::EndOfDay,
        (..24, ..60, 60) => Rule::LeapSecond,
        _ => Rule::NoSuchMoment,
    })
}

#[cfg(test)]
mod tests {
    use chrono::FixedOffset;
    use proptest::prelude::*;

    use super::*;

    const NOON: i64 = 1_777_896_000; // 2026-05-04T12:00:00Z

    #[test]
    fn the_common_ways_to_write_a_time() {
        let format = TimeFormat::default();
        for text in [
            "1777896000",
            " 1777896000 ",
            "2026-05-04T12:00:00Z",
            "2026-05-04t12:00:00z",
            "2026-05-04 12:00:00",
            "2026-05-04 12:00",
            "2026-05-04 12:00:00.999",
            "2026-05-04 12:00:00 UTC",
            "2026-05-04 14:00:00+02:00",
            "2026-05-04 14:00:00 +0200",
            "2026-05-04T07:00:00-05",
            "2026/05/04 12:00:00",
        ] {
            assert_eq!(format.read(text, Some(format.zone)).map(EventTime::unix), Ok(NOON), "{text}");
        }
    }

    proptest! {
        #[test]
        fn common_forms_are_read_as_all_others(
            text in prop_oneof![
                "[0-9]{1,13}",
                "[0-9]{7,10}[ .0-9-][0-9]?",
                "(19[67]|20[0-9]|[0-9]{3})[0-9]-[0-3][0-9]-[0-4][0-9][T ][0-2][0-9]:[0-6][0-9]:[0-6][0-9]Z?",
                "2026-0[1-9]-[0-2][0-9][-Tt. ][0-2][0-9][.: -][0-5][0-9]:[0-6:][0-9 .][ -Z]?[0-9]?",
            ],
            hours in -14..=14,
        ) {
            let zone = FixedOffset::east_opt(hours * 3600).map(Zone::from);
            let format = TimeFormat::default();
            for format in [format, TimeFormat { time_of_day: Some(NaiveTime::MIN), ..format }] {
                if let Some(time) = common_seconds(&text).or_else(|| common_datetime(&text, zone)) {
                    prop_assert_eq!(format.any_form(&text, zone), Ok(time));
                }
            }
        }

        #[test]
        fn common_datetimes_are_read_by_the_quick_reader(seconds in 100_000_000..9_999_999_999_i64) {
            let time = EventTime::from_unix(seconds).ok();
            let text = time.map(|time| time.to_string()).unwrap_or_default();
            prop_assert_eq!(common_datetime(&text, Some(Zone::UTC)), time);
            let zoneless = text.replace('T', " ").replace('Z', "");
            prop_assert_eq!(common_datetime(&zoneless, Some(Zone::UTC)), time);
            prop_assert_eq!(common_seconds(&seconds.to_string()), time);
        }
    }

    #[test]
    fn t6_to_t12_what_is_refused_and_why() {
        let format = TimeFormat::default();
        for (text, rule) in [
            ("", Rule::Empty),
            ("1777896000000", Rule::LooksLikeMilliseconds),
            ("1777896000000000000", Rule::LooksLikeMilliseconds),
            ("1777896000.5", Rule::NotATime),
            ("1.7e9", Rule::NotATime),
            ("+1777896000", Rule::NotATime),
            ("2026-05-04", Rule::NoTimeOfDay),
            ("2026-05-04T", Rule::NoTimeOfDay),
            ("2026-02-30 12:00:00", Rule::NoSuchMoment),
            ("2026-05-04 24:00:00", Rule::EndOfDay),
            ("2026-05-04 23:59:60", Rule::LeapSecond),
            ("2026-05-04 25:00:00", Rule::NoSuchMoment),
            ("20260504", Rule::NoTimeOfDay),
            ("9999-12-31 00:00:00", Rule::TooFarAhead),
            ("04/05/26 12:00", Rule::TwoDigitYear),
            ("03/04/2026 12:00", Rule::AmbiguousDate),
            ("yesterday", Rule::NotATime),
            ("2026-05-04 12", Rule::NotATime),
            ("2026-05-04 12:00:00+99:00", Rule::NotATime),
            ("2026-05-04 12:00:00 CEST", Rule::NotATime),
            ("-1777896000", Rule::NotAfterEpoch),
            ("2026-05-04 12:00:00.", Rule::NotATime),
            ("２０２６-05-04 12:00", Rule::NotATime),
        ] {
            assert_eq!(format.read(text, Some(format.zone)).map_err(NoTime::rule), Err(rule), "{text}");
        }
    }

    #[test]
    fn t8_t10_t12_what_the_layout_sets_is_used() {
        let format = TimeFormat {
            zone: "+02:00".parse().unwrap_or_default(),
            changes: ClockChanges::default(),
            date_order: Some(DateOrder::DayFirst),
            time_of_day: NaiveTime::from_hms_opt(14, 0, 0),
            cut_fractions: true,
        };
        for text in
            ["04/05/2026 14:00", "04.05.2026", "2026-05-04 14:00:00", "1777896000.75", "2026-05-04T12:00Z"]
        {
            assert_eq!(format.read(text, Some(format.zone)).map(EventTime::unix), Ok(NOON), "{text}");
        }
    }
}
