//! Dates of birth: an existing day as `YYYYMMDD`; day and month are never guessed.

use std::fmt::Write as _;

use chrono::{Datelike as _, NaiveDate};

use super::characters::{ascii_digit, is_blank};
use super::quick_look::{Quick, replace};
use crate::customer::sha256::Block;
use crate::customer::{CleaningOptions, UnusableReason};
use crate::value::{DateOrder, Rule, read_eight_digits, written_date};

const FIRST_YEAR: i32 = 1900;
const LAST_YEAR: i32 = 2100;

/// `1997-02-16` or `16.2.1997` with any separators, or `19970216`.
#[inline(never)]
pub(super) fn quick(text: &[u8], options: &CleaningOptions, form: &mut Block) -> Option<Quick> {
    let digits = match text {
        [y1, y2, y3, y4, first, m1, m2, second, d1, d2] if is_separator(*first) && is_separator(*second) => {
            [*y1, *y2, *y3, *y4, *m1, *m2, *d1, *d2]
        }
        [.., last, _, _, _, _] if is_separator(*last) => with_year_first(text, options.date_order)?,
        _ => text.try_into().ok()?,
    };
    let number = read_eight_digits(digits)?;
    let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
    let date = NaiveDate::from_ymd_opt(year.cast_signed(), month, day)?;
    is_possible(date, options).then(|| Quick::of(replace(digits, form)))
}

fn is_separator(byte: u8) -> bool {
    byte.is_ascii_graphic() && !byte.is_ascii_digit()
}

/// The bytes of `16.2.1997` in the order of `19970216`. Whether they are digits is left to the caller.
fn with_year_first(text: &[u8], order: Option<DateOrder>) -> Option<[u8; 8]> {
    let (rest, [y1, y2, y3, y4]) = text.split_last_chunk()?;
    let (one, two) = match rest {
        [a1, a2, mark, b1, b2, _] if is_separator(*mark) => ([*a1, *a2], [*b1, *b2]),
        [a1, a2, mark, b, _] if is_separator(*mark) => ([*a1, *a2], [b'0', *b]),
        [a, mark, b1, b2, _] if is_separator(*mark) => ([b'0', *a], [*b1, *b2]),
        [a, mark, b, _] if is_separator(*mark) => ([b'0', *a], [b'0', *b]),
        _ => return None,
    };
    let number = |[tens, ones]: [u8; 2]| 10 * u32::from(tens & 15) + u32::from(ones & 15);
    let (month, _) = month_and_day(number(one), number(two), order).ok()?;
    let ([m1, m2], [d1, d2]) = if month == number(one) { (one, two) } else { (two, one) };
    Some([*y1, *y2, *y3, *y4, m1, m2, d1, d2])
}

/// `YYYYMMDD`, from any text that holds one date.
pub(super) fn clean(text: &str, options: &CleaningOptions, out: &mut String) -> Result<(), UnusableReason> {
    let date = read(text, options)?;
    write!(out, "{:04}{:02}{:02}", date.year(), date.month(), date.day())
        .map_err(|_| UnusableReason::NotADate)
}

/// A day on which a customer can have been born.
pub(super) fn read(text: &str, options: &CleaningOptions) -> Result<NaiveDate, UnusableReason> {
    let date = read_day(text, options.date_order)?;
    if is_possible(date, options) { Ok(date) } else { Err(UnusableReason::DateOutOfRange) }
}

/// Whether a customer can have been born on this day.
fn is_possible(date: NaiveDate, options: &CleaningOptions) -> bool {
    let is_past = match options.as_of {
        Some(now) => i64::from(date.to_epoch_days()) <= now.unix().div_euclid(86_400),
        None => date.year() <= LAST_YEAR,
    };
    date.year() >= FIRST_YEAR && is_past
}

/// Whether a customer can have been born in this year.
pub(super) fn has_been(year: u32, options: &CleaningOptions) -> bool {
    let last = options.as_of.map_or(LAST_YEAR, |now| now.to_utc().year());
    i32::try_from(year).is_ok_and(|year| (FIRST_YEAR..=last).contains(&year))
}

/// The value and the number of digits of a text that consists of digits only.
pub(super) fn lone_number(text: &str) -> Option<(u32, usize)> {
    if !text.chars().all(|character| ascii_digit(character).is_some()) {
        return None;
    }
    next_group(text).map(|(group, _)| (group.value, group.digits))
}

fn read_day(text: &str, order: Option<DateOrder>) -> Result<NaiveDate, UnusableReason> {
    match written_date(text.trim_matches(is_blank)) {
        Ok(None) => {}
        Ok(Some((date, rest))) if is_time_of_day(rest) || has_short_groups_only(rest) => return Ok(date),
        Err(Rule::NoSuchMoment) => return Err(UnusableReason::NoSuchDate),
        Ok(Some(_)) | Err(_) => return Err(UnusableReason::NotADate),
    }
    let (first, rest) = next_group(text).ok_or(UnusableReason::NotADate)?;
    let Some((second, rest)) = next_group(rest) else {
        return compact(first);
    };
    let (third, rest) = next_group(rest).ok_or(UnusableReason::NotADate)?;
    if !is_time_of_day(rest) && !has_short_groups_only(rest) {
        return Err(UnusableReason::NotADate);
    }
    match [first.digits, second.digits, third.digits] {
        [4, 1..=2, 1..=2] => {
            let (month, day) = month_and_day(second.value, third.value, Some(DateOrder::MonthFirst))?;
            calendar_day(first.value, month, day)
        }
        [1..=2, 1..=2, 4] => {
            let (month, day) = month_and_day(first.value, second.value, order)?;
            calendar_day(third.value, month, day)
        }
        _ => Err(UnusableReason::NotADate),
    }
}

/// `YYYYMMDD`.
fn compact(group: Group) -> Result<NaiveDate, UnusableReason> {
    if group.digits != 8 {
        return Err(UnusableReason::NotADate);
    }
    calendar_day(group.value / 10_000, group.value / 100 % 100, group.value % 100)
}

/// Which of two numbers is the month: a number above 12 is the day, otherwise the order decides.
fn month_and_day(one: u32, two: u32, order: Option<DateOrder>) -> Result<(u32, u32), UnusableReason> {
    let month_first = match (one > 12, two > 12) {
        _ if one == 0 || two == 0 => return Err(UnusableReason::NoSuchDate),
        (true, true) => return Err(UnusableReason::NoSuchDate),
        (true, false) => false,
        (false, true) => true,
        (false, false) if one == two => true,
        (false, false) => order.ok_or(UnusableReason::AmbiguousDate)? == DateOrder::MonthFirst,
    };
    Ok(if month_first { (one, two) } else { (two, one) })
}

fn calendar_day(year: u32, month: u32, day: u32) -> Result<NaiveDate, UnusableReason> {
    let year = i32::try_from(year).map_err(|_| UnusableReason::NoSuchDate)?;
    NaiveDate::from_ymd_opt(year, month, day).ok_or(UnusableReason::NoSuchDate)
}

/// Whether the text begins with a time of day, such as `T10:15` or ` 10:15`.
fn is_time_of_day(text: &str) -> bool {
    text.starts_with(|character| matches!(character, 'T' | 't') || is_blank(character))
        && next_group(text).is_some_and(|(hour, rest)| hour.digits <= 2 && rest.starts_with(':'))
}

/// Whether the numbers in the text, if any, are too short for a year.
fn has_short_groups_only(text: &str) -> bool {
    let mut rest = text;
    while let Some((group, behind)) = next_group(rest) {
        if group.digits > 2 {
            return false;
        }
        rest = behind;
    }
    true
}

/// A run of digits.
#[derive(Clone, Copy)]
struct Group {
    value: u32,
    digits: usize,
}

/// The next run of digits, and the text after it.
fn next_group(text: &str) -> Option<(Group, &str)> {
    let text = &text[text.find(|character| ascii_digit(character).is_some())?..];
    let mut group = Group { value: 0, digits: 0 };
    for (position, character) in text.char_indices() {
        let Some(digit) = ascii_digit(character).and_then(|digit| digit.to_digit(10)) else {
            return Some((group, &text[position..]));
        };
        group.value = group.value.saturating_mul(10).saturating_add(digit);
        group.digits += 1;
    }
    Some((group, ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::EventTime;

    fn cleaned(text: &str) -> Result<String, UnusableReason> {
        let mut out = String::new();
        let now = EventTime::from_unix(1_767_225_600).ok();
        clean(text, &CleaningOptions { as_of: now, ..CleaningOptions::default() }, &mut out).map(|()| out)
    }

    #[test]
    fn v37_a_stated_order_decides_only_what_is_open() {
        let read = |text, order| read_day(text, Some(order)).map(|day| day.to_string());
        for (text, day_first, month_first) in [
            ("03/04/1980", "1980-04-03", "1980-03-04"),
            ("2/16/1997", "1997-02-16", "1997-02-16"),
            ("16.2.1997", "1997-02-16", "1997-02-16"),
            ("1980-03-04", "1980-03-04", "1980-03-04"),
        ] {
            assert_eq!(read(text, DateOrder::DayFirst).as_deref(), Ok(day_first), "{text}");
            assert_eq!(read(text, DateOrder::MonthFirst).as_deref(), Ok(month_first), "{text}");
        }
    }

    #[test]
    fn v37_real_days_that_can_be_read_one_way_only() {
        for (text, day) in [
            ("2/16/1997", "19970216"),
            ("16.2.1997", "19970216"),
            ("1997-02-16", "19970216"),
            ("1997-02-16T23:59:59-08:00", "19970216"),
            ("1997-02-16 00:00:00.000", "19970216"),
            ("2/16/1997 12:00:00 AM", "19970216"),
            ("1997/2/3", "19970203"),
            ("12-31-1990-15-30", "19901231"),
            ("1990-12-31-00-00-00", "19901231"),
            ("Date: 31.12.1990 Age: 30", "19901231"),
            ("1997年2月16日", "19970216"),
            ("15 Jan 1980", "19800115"),
            ("27. November 1980", "19801127"),
            ("Nov 27, 1980", "19801127"),
            ("27 de noviembre de 1980", "19801127"),
            ("1980 Nov 27 10:15", "19801127"),
            ("27-NOV-1980 00:00:00", "19801127"),
            (" 27 ноября 1980 г. ", "19801127"),
            ("1980년 11월 27일", "19801127"),
            ("١٩٩٧-٠٢-١٦", "19970216"),
            ("07/07/1980", "19800707"),
            ("29.02.2000", "20000229"),
            ("19000101", "19000101"),
            ("20260101", "20260101"),
        ] {
            assert_eq!(cleaned(text).as_deref(), Ok(day), "{text}");
        }
    }

    #[test]
    fn v37_everything_else_is_refused_with_its_reason() {
        for (text, reason) in [
            ("31.02.1980", UnusableReason::NoSuchDate),
            ("29.02.1900", UnusableReason::NoSuchDate),
            ("99999999", UnusableReason::NoSuchDate),
            ("00/05/1980", UnusableReason::NoSuchDate),
            ("13/13/1980", UnusableReason::NoSuchDate),
            ("03/04/1980", UnusableReason::AmbiguousDate),
            ("18751224", UnusableReason::DateOutOfRange),
            ("2026-01-02", UnusableReason::DateOutOfRange),
            ("12/31/80", UnusableReason::NotADate),
            ("1980", UnusableReason::NotADate),
            ("15 Jan 80", UnusableReason::NotADate),
            ("Jan 1980", UnusableReason::NotADate),
            ("31 April 1980", UnusableReason::NoSuchDate),
            ("27 listopada 1980", UnusableReason::NotADate),
            ("born 1980 Nov 27 10", UnusableReason::NotADate),
            ("27 Nov 1980 to 28 Nov 1981", UnusableReason::NotADate),
            ("15 January 2027", UnusableReason::DateOutOfRange),
            ("31-1980-12", UnusableReason::NotADate),
            ("1980-1981-12", UnusableReason::NotADate),
            ("1980-12-31 500", UnusableReason::NotADate),
            ("01-01-2000 to 12-31-1999", UnusableReason::NotADate),
            ("never", UnusableReason::NotADate),
            (&"9".repeat(5000), UnusableReason::NotADate),
        ] {
            assert_eq!(cleaned(text), Err(reason), "{text}");
        }
    }
}
