//! Reads the time of a row: Unix seconds, ISO 8601, SQL datetimes, dates in a set order of day and month, dates with the
//! name of the month, and the days of spreadsheets.

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use serde::{Deserialize, Serialize};

use super::record::Moment;
use super::time_of_day::{self, number};
use super::zones::{ClockChanges, NoTime};
use crate::value::{
    Amount, DateOrder, EventTime, LocalTime, Rule, Zone, read_eight_digits, without_weekday, written_date,
};

/// The day from which a spreadsheet counts days.
///
/// ```
/// use meta_offline_events::order::{RowLayout, SerialDays};
///
/// let layout = RowLayout::new().serial_days(SerialDays::From1904);
/// # let _ = layout;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum SerialDays {
    /// Day 1 is 1 January 1900, as in most spreadsheets. Day 60 is refused: it would be 29 February 1900, which never
    /// was.
    #[serde(rename = "from_1900")]
    From1900,
    /// Day 0 is 1 January 1904, as in workbooks with the date system of 1904.
    #[serde(rename = "from_1904")]
    From1904,
}

impl SerialDays {
    fn date(self, day: u64) -> Result<NaiveDate, Rule> {
        let start = match (self, day) {
            (Self::From1900, 60) => return Err(Rule::NoSuchMoment),
            (Self::From1900, ..60) => NaiveDate::from_ymd_opt(1899, 12, 31),
            (Self::From1900, _) => NaiveDate::from_ymd_opt(1899, 12, 30),
            (Self::From1904, _) => NaiveDate::from_ymd_opt(1904, 1, 1),
        };
        start.and_then(|start| start.checked_add_days(Days::new(day))).ok_or(Rule::NoSuchMoment)
    }
}

/// The last day of the year 9999, and so of a spreadsheet.
const LAST_SERIAL_DAY: i64 = 2_958_465;

/// How an export writes times.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TimeFormat {
    pub(super) zone: Zone,
    pub(super) changes: ClockChanges,
    pub(super) date_order: Option<DateOrder>,
    pub(super) time_of_day: Option<NaiveTime>,
    pub(super) cut_fractions: bool,
    pub(super) serial_days: Option<SerialDays>,
}

impl TimeFormat {
    /// Reads a time, which may stand between blanks. One that names no zone is in the zone of its row, if that is known.
    pub(super) fn read(&self, text: &str, zone: Option<Zone>) -> Result<EventTime, NoTime> {
        match self.common_form(text.as_bytes(), zone) {
            Some(time) => Ok(time),
            None => self.any_form(text, zone),
        }
    }

    /// Reads a date in numbers, and a time of day with colons: `2026-05-04T12:00:00Z`, `5/4/2026 2:05 PM`. It gives what
    /// [`any_form`](Self::any_form) gives, or `None`.
    fn common_form(&self, text: &[u8], zone: Option<Zone>) -> Option<EventTime> {
        let (date, rest) = self.common_date(text.trim_ascii())?;
        let (time, own_zone) = match rest {
            [] => (self.time_of_day?, rest),
            [b'T' | b' ', rest @ ..] => time_of_day::common(rest)?,
            _ => return None,
        };
        let zone = match own_zone {
            [] => zone?,
            [b'Z'] => Zone::UTC,
            own_zone => Zone::fixed(str::from_utf8(own_zone.trim_ascii_start()).ok()?)?,
        };
        match zone.local(NaiveDateTime::new(date, time)) {
            LocalTime::Once(seconds) => EventTime::from_unix(seconds).ok(),
            LocalTime::Twice { .. } | LocalTime::Never { .. } => None,
        }
    }

    /// Reads a date with four digits for the year, and at most two for month and day each.
    fn common_date<'t>(&self, text: &'t [u8]) -> Option<(NaiveDate, &'t [u8])> {
        let (first, rest) = few_digits(text)?;
        let ([b'-' | b'/' | b'.'], rest) = rest.split_first_chunk()? else { return None };
        let (second, rest) = few_digits(rest)?;
        let ([b'-' | b'/' | b'.'], rest) = rest.split_first_chunk()? else { return None };
        let (third, rest) = few_digits(rest)?;
        let [one, two, three] = [first, second, third].map(number);
        let (year, month, day) = match [first.len(), second.len(), third.len()] {
            [4, 1..=2, 1..=2] => (one?, two?, three?),
            [1..=2, 1..=2, 4] => {
                let (day, month) = self.day_and_month(one?, two?).ok()?;
                (three?, month, day)
            }
            _ => return None,
        };
        Some((NaiveDate::from_ymd_opt(year.cast_signed(), month, day)?, rest))
    }

    /// Places a time that needs no reading. A local one is in the zone of its row, if that is known.
    pub(super) fn place(&self, moment: Moment, zone: Option<Zone>) -> Result<EventTime, NoTime> {
        match moment {
            Moment::At(seconds) => Ok(EventTime::from_seconds(seconds)?),
            Moment::Local(moment) => self.in_zone(moment, zone),
        }
    }

    fn any_form(&self, text: &str, zone: Option<Zone>) -> Result<EventTime, NoTime> {
        let text = text.trim();
        if let Some(date) = compact_date(text) {
            // As Unix seconds, eight digits would be a time in the early seventies.
            let time = self.time_of_day.ok_or(Rule::NoTimeOfDay)?;
            return self.moment(date, time, zone);
        }
        if let Some(moment) = self.serial_day(text) {
            return self.in_zone(moment?, zone);
        }
        if let Some(seconds) = self.number(text) {
            return Ok(seconds.parse()?);
        }
        let text = without_weekday(text);
        let (date, rest) = match written_date(text)? {
            Some(read) => read,
            None => self.date(text)?,
        };
        let rest = rest.trim_start_matches(['T', 't', ' ', ',', '.', '\u{a0}', '\u{202f}']);
        if rest.is_empty() {
            return self.moment(date, self.time_of_day.ok_or(Rule::NoTimeOfDay)?, zone);
        }
        if Zone::fixed(rest).is_some() {
            return Err(Rule::NoTimeOfDay.into());
        }
        let (time, own_zone) = time_of_day::read(rest)?;
        let zone = match own_zone.trim_start() {
            "" => zone,
            own_zone => Some(Zone::fixed(own_zone).ok_or(Rule::NotATime)?),
        };
        self.moment(date, time, zone)
    }

    fn moment(&self, date: NaiveDate, time: NaiveTime, zone: Option<Zone>) -> Result<EventTime, NoTime> {
        self.in_zone(NaiveDateTime::new(date, time), zone)
    }

    fn in_zone(&self, moment: NaiveDateTime, zone: Option<Zone>) -> Result<EventTime, NoTime> {
        let zone = zone.ok_or(NoTime::NoZone)?;
        self.changes.decide(zone.local(moment), zone)
    }

    /// Reads the day of a spreadsheet, if the layout has such days and the number is not too large for one.
    fn serial_day(&self, text: &str) -> Option<Result<NaiveDateTime, Rule>> {
        let system = self.serial_days?;
        let days = text.parse::<Amount>().ok().filter(|days| *days < Amount::from(LAST_SERIAL_DAY + 1))?;
        let seconds = days.checked_mul(86_400).and_then(|seconds| seconds.rounded(0).whole())?;
        let Ok(seconds) = u64::try_from(seconds) else { return Some(Err(Rule::NotAfterEpoch)) };
        let date = match system.date(seconds / 86_400) {
            Ok(date) => date,
            Err(rule) => return Some(Err(rule)),
        };
        let time = match self.time_of_day {
            _ if days.whole().is_none() => Ok(NaiveTime::MIN),
            Some(time) => Ok(time),
            None => Err(Rule::NoTimeOfDay),
        };
        let rest = TimeDelta::seconds((seconds % 86_400).cast_signed());
        Some(time.map(|time| NaiveDateTime::new(date, time) + rest))
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

    /// Reads a date in numbers, and returns the text behind it.
    fn date<'t>(&self, text: &'t str) -> Result<(NaiveDate, &'t str), Rule> {
        let ([first, second, third], rest) = three_numbers(text).ok_or(Rule::NotATime)?;
        let lengths = (first.len(), third.len());
        let [first, second, third] = [first, second, third].map(|part| part.parse().unwrap_or(u32::MAX));
        let (year, month, day) = match lengths {
            (4, 1..=2) => (first, second, third),
            (1..=2, 4) => {
                let (day, month) = self.day_and_month(first, second)?;
                (third, month, day)
            }
            (1..=2, 1..=2) => return Err(Rule::TwoDigitYear),
            _ => return Err(Rule::NotATime),
        };
        let date = NaiveDate::from_ymd_opt(year.cast_signed(), month, day).ok_or(Rule::NoSuchMoment)?;
        Ok((date, rest))
    }

    /// Tells the day from the month: by the set order, or by the number that cannot be a month.
    fn day_and_month(&self, first: u32, second: u32) -> Result<(u32, u32), Rule> {
        match self.date_order {
            Some(DateOrder::DayFirst) => Ok((first, second)),
            Some(DateOrder::MonthFirst) => Ok((second, first)),
            None if first > 12 || first == second => Ok((first, second)),
            None if second > 12 => Ok((second, first)),
            None => Err(Rule::AmbiguousDate),
        }
    }
}

/// Reads Unix seconds from 1973 on. Fewer digits, also behind zeros, may be a date.
#[inline]
pub(super) fn common_seconds(text: &[u8]) -> Option<EventTime> {
    let (first, last) = text.split_first_chunk().filter(|_| text[0] != b'0')?;
    let scale = match last.len() {
        1 => 10,
        2 => 100,
        _ => return None,
    };
    EventTime::from_unix(i64::from(read_eight_digits(*first)?) * scale + i64::from(number(last)?)).ok()
}

/// Splits one to four digits off.
#[inline]
fn few_digits(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    (1..=4).contains(&end).then(|| text.split_at(end))
}

/// Reads `20260504`, a date of this century or the last one.
fn compact_date(text: &str) -> Option<NaiveDate> {
    let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = |part: &str| part.parse::<u32>().ok();
    let (year, month, day) = if digits { (&text[..4], &text[4..6], &text[6..]) } else { return None };
    let year = number(year).filter(|year| (1900..2100).contains(year))?;
    NaiveDate::from_ymd_opt(year.try_into().ok()?, number(month)?, number(day)?)
}

/// Reads three numbers with `-`, `/` or `.` between them, and returns the text behind them, which is empty or begins
/// with a blank, `T` or a comma. A point may have a blank behind it.
fn three_numbers(text: &str) -> Option<([&str; 3], &str)> {
    let mut rest = text;
    let mut numbers = [""; 3];
    for (place, number) in numbers.iter_mut().enumerate() {
        if place > 0 {
            let behind = rest.strip_prefix(['-', '/', '.'])?;
            rest = if rest.starts_with(". ") { &behind[1..] } else { behind };
        }
        let end = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
        (*number, rest) = rest.split_at(end);
        if !(1..=4).contains(&end) {
            return None;
        }
    }
    // In Korea and Hungary a point stands behind the day, too.
    let behind =
        rest.strip_prefix('.').filter(|rest| rest.is_empty() || rest.starts_with(' ')).unwrap_or(rest);
    let ends = behind.chars().next().is_none_or(|next| next.is_whitespace() || "Tt,".contains(next));
    ends.then_some((numbers, behind))
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
            "4 May 2026 12:00",
            "4. Mai 2026 um 12 Uhr",
            "4. Mai 2026, 12.00 Uhr",
            "Mo, 04.Mai.2026 12:00",
            "May 4, 2026 at 12:00 PM",
            "May 4, 2026, 12:00:00 PM UTC",
            "Mon, 04 May 2026 14:00:00 +0200",
            "4 mai 2026 à 14h00 +02:00",
            "4 de mayo de 2026, 12:00",
            "04 мая 2026 г., 12:00",
            "04 мая 2026 г. в 12:00",
            "2026年5月4日 12時00分",
            "2026年05月04日(月) 午後0時00分",
            "2026年5月4日12:00",
            "2026. 5. 4. 오후 12:00",
            "2026. 05. 04. 12:00",
            "2026. május 4. 12:00",
            "2026-05-04, 12:00",
            "2026-05-04 12:00 PM",
        ] {
            assert_eq!(format.read(text, Some(format.zone)).map(EventTime::unix), Ok(NOON), "{text}");
        }
    }

    proptest! {
        #[test]
        fn common_forms_are_read_as_all_others(
            text in prop_oneof![
                "[0-9]{1,13}",
                "0{1,5}[0-9]{3,9}",
                "[0-9]{7,10}[ .0-9-][0-9]?",
                "(19[67]|20[0-9]|[0-9]{3})[0-9]-[0-3][0-9]-[0-4][0-9][T ][0-2][0-9]:[0-6][0-9]:[0-6][0-9]Z?",
                "2026-0[1-9]-[0-2][0-9][-Tt. ][0-2][0-9][.: -][0-5][0-9]:[0-6:][0-9 .][ -Z]?[0-9]?",
                " ?2026[./-]0[1-9][./-][0-2][0-9]([T ][0-2][0-9]:[0-5][0-9](:[0-5][0-9](\\.[0-9]{0,3})?)?( ?(Z|z|UTC|GMT|AM|pm|h|Uhr|[+-][0-9]{2}:?([0-9]{2})?))?)? ?",
                "[0-3]?[0-9]{1,2}[./-][0-3]?[0-9][./-]2026([T ][0-2]?[0-9]:[0-5][0-9](:[0-5][0-9])?( ?[aApP]\\.?[Mm])?( ?[-+Z]?0?)?)?.?",
            ],
            hours in -14..=14,
        ) {
            let zone = FixedOffset::east_opt(hours * 3600).map(Zone::from);
            let format = TimeFormat::default();
            let serial_days = Some(SerialDays::From1900);
            for format in [format, TimeFormat { time_of_day: Some(NaiveTime::MIN), serial_days, ..format }] {
                for date_order in [None, Some(DateOrder::DayFirst), Some(DateOrder::MonthFirst)] {
                    let format = TimeFormat { date_order, ..format };
                    let read = common_seconds(text.as_bytes()).or_else(|| format.common_form(text.as_bytes(), zone));
                    if let Some(time) = read {
                        prop_assert_eq!(format.any_form(&text, zone), Ok(time));
                    }
                }
            }
        }

        #[test]
        fn t13_any_text_is_a_time_or_refused(
            text in prop_oneof![
                "\\PC{0,16}",
                "(Fr|Fri,|ven.)? ?[0-9]{1,4}[./ -年년]{1,2}(11|nov|мая|นวจฟ|11月)?[. /,-]{0,2}[0-9日]{1,4} ?(um|à)? ?(午後)?[0-9]{0,2}[:.h時]?[0-9]{0,3} ?(pm|p. m.|م|Uhr|分)?",
            ],
        ) {
            for serial_days in [None, Some(SerialDays::From1900), Some(SerialDays::From1904)] {
                let format = TimeFormat { serial_days, date_order: Some(DateOrder::DayFirst), ..TimeFormat::default() };
                if let Ok(time) = format.read(&text, Some(Zone::UTC)) {
                    // What was read is read again from its usual form.
                    prop_assert_eq!(format.read(&time.to_string(), None), Ok(time));
                }
            }
        }

        #[test]
        fn common_datetimes_are_read_by_the_quick_reader(seconds in 100_000_000..9_999_999_999_i64) {
            let time = EventTime::from_unix(seconds).ok();
            let text = time.map(|time| time.to_string()).unwrap_or_default();
            let format = TimeFormat { date_order: Some(DateOrder::DayFirst), ..TimeFormat::default() };
            let common = |text: &str| format.common_form(text.as_bytes(), Some(Zone::UTC));
            let (date, clock) = text.trim_end_matches('Z').split_once('T').unwrap_or_default();
            let day_first = date.split('-').rev().collect::<Vec<_>>().join(".");
            for text in [
                text.clone(),
                format!("{date} {clock}"),
                format!("{date}T{clock}.123+00:00"),
                format!("{date} {clock} -0000"),
                format!("{day_first} {clock}"),
                time.map(|time| time.to_utc().format("%-d/%-m/%Y %-I:%M:%S %p").to_string()).unwrap_or_default(),
            ] {
                prop_assert_eq!(common(&text), time, "{}", text);
            }
            prop_assert_eq!(common_seconds(seconds.to_string().as_bytes()), time);
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
            ("4 May 26 12:00", Rule::TwoDigitYear),
            ("31 April 2026 12:00", Rule::NoSuchMoment),
            ("4 May 2026", Rule::NoTimeOfDay),
            ("4 May 2026 noon", Rule::NotATime),
            ("4 Foo 2026 12:00", Rule::NotATime),
            ("2026-05-04x12:00", Rule::NotATime),
            ("46353.5", Rule::NotATime),
            ("2026-05-04 12", Rule::NotATime),
            ("2026-05-04 12:00:00+99:00", Rule::NotATime),
            ("2026-05-04 12:00:00 CEST", Rule::NotATime),
            ("-1777896000", Rule::NotAfterEpoch),
            ("2026-05-04 12:00:00.", Rule::NotATime),
            ("2026-05-04 12:00 PMZ", Rule::NotATime),
            ("2026-05-04 13:00 PM", Rule::NoSuchMoment),
            ("2026-05-04 12:00:00 +02:0", Rule::NotATime),
            ("2026-05-04 12:00:00 +02::00", Rule::NotATime),
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
            serial_days: None,
            date_order: Some(DateOrder::DayFirst),
            time_of_day: NaiveTime::from_hms_opt(14, 0, 0),
            cut_fractions: true,
        };
        for text in [
            "04/05/2026 14:00",
            "4/5/2026 2:00 pm",
            "04.05.2026",
            "2026-05-04 14:00:00",
            "1777896000.75",
            "2026-05-04T12:00Z",
            "2026-05-04 11:00 -01:00",
        ] {
            assert_eq!(format.read(text, Some(format.zone)).map(EventTime::unix), Ok(NOON), "{text}");
        }
    }

    #[test]
    fn t13_days_of_spreadsheets_are_read_where_the_layout_says_so() {
        let read = |days, time_of_day, text: &str| {
            let format = TimeFormat { serial_days: Some(days), time_of_day, ..TimeFormat::default() };
            format.read(text, Some(Zone::UTC)).map(|time| time.to_string()).map_err(NoTime::rule)
        };
        let ok = |text: &str| Ok(text.to_owned());
        for (days, text, expected) in [
            (SerialDays::From1900, "46146.5", ok("2026-05-04T12:00:00Z")),
            (SerialDays::From1900, "46353.5868055556", ok("2026-11-27T14:05:00Z")),
            (SerialDays::From1900, "46353.58680555555620230734", ok("2026-11-27T14:05:00Z")),
            (SerialDays::From1900, "25569.5", ok("1970-01-01T12:00:00Z")),
            (SerialDays::From1900, "46353.999999", ok("2026-11-28T00:00:00Z")),
            (SerialDays::From1904, "44684.5", ok("2026-05-04T12:00:00Z")),
            (SerialDays::From1900, "46146", Err(Rule::NoTimeOfDay)),
            (SerialDays::From1900, "60.5", Err(Rule::NoSuchMoment)),
            (SerialDays::From1900, "59.5", Err(Rule::NotAfterEpoch)),
            (SerialDays::From1900, "61.5", Err(Rule::NotAfterEpoch)),
            (SerialDays::From1904, "60.5", Err(Rule::NotAfterEpoch)),
            (SerialDays::From1900, "0.5", Err(Rule::NotAfterEpoch)),
            (SerialDays::From1900, "-1.5", Err(Rule::NotAfterEpoch)),
            (SerialDays::From1900, "2958465.5", Err(Rule::TooFarAhead)),
            // Too large for a day of a spreadsheet: dates and Unix seconds, as ever.
            (SerialDays::From1900, "1777896000", ok("2026-05-04T12:00:00Z")),
            (SerialDays::From1900, "20260504", Err(Rule::NoTimeOfDay)),
            (SerialDays::From1900, "2026-05-04 12:00", ok("2026-05-04T12:00:00Z")),
        ] {
            assert_eq!(read(days, None, text), expected, "{days:?} {text}");
        }
        let noon = NaiveTime::from_hms_opt(12, 0, 0);
        assert_eq!(read(SerialDays::From1900, noon, "46146"), ok("2026-05-04T12:00:00Z"));
        assert_eq!(read(SerialDays::From1900, noon, "46146.25"), ok("2026-05-04T06:00:00Z"));
    }
}
