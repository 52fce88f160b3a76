//! Times of day as tills write them: `14:05`, `14.05 Uhr`, `14h05`, `2:05 PM`, `午後2時05分`.

use chrono::NaiveTime;

use crate::value::Rule;

/// Reads the time of day at the beginning of a text, and returns the text behind it.
pub(super) fn read(text: &str) -> Result<(NaiveTime, &str), Rule> {
    let text = without_preposition(text);
    let (period, text) = match period_before(text) {
        Some((period, text)) => (Some(period), text.trim_start()),
        None => (None, text),
    };
    let (hour, text) = digits(text).ok_or(Rule::NotATime)?;
    let (clock, text) = minutes(hour, text)?;
    let (period, text) = match period_behind(text).filter(|_| period.is_none()) {
        Some((period, text)) => (Some(period), text),
        None => (period, text),
    };
    if clock.is_hour_alone && period.is_none() {
        return Err(Rule::NotATime);
    }
    let hour = match period {
        Some(period) => period.hour(clock.hour)?,
        None => clock.hour,
    };
    Ok((checked(hour, clock.minute, clock.second)?, text))
}

/// Reads `2:00`, `12:00:00` or `12:00:00.000`, each also with `AM` or `PM`, and returns what stands behind it. It gives
/// what [`read`] gives, or `None`.
pub(super) fn common(text: &[u8]) -> Option<(NaiveTime, &[u8])> {
    let (hour, rest) = match text {
        [h1, h2, b':', rest @ ..] => (number(&[*h1, *h2])?, rest),
        [hour, b':', rest @ ..] => (number(&[*hour])?, rest),
        _ => return None,
    };
    let [n1, n2, rest @ ..] = rest else { return None };
    let (second, rest) = match rest {
        [b':', s1, s2, rest @ ..] => (number(&[*s1, *s2])?, behind_fraction(rest)?),
        _ => (0, rest),
    };
    let (hour, rest) = match rest.trim_ascii_start() {
        [b'A' | b'a', b'M' | b'm', rest @ ..] if ends_period(rest) => {
            (Period::Morning.hour(hour).ok()?, rest)
        }
        [b'P' | b'p', b'M' | b'm', rest @ ..] if ends_period(rest) => {
            (Period::Afternoon.hour(hour).ok()?, rest)
        }
        _ => (hour, rest),
    };
    Some((NaiveTime::from_hms_opt(hour, number(&[*n1, *n2])?, second)?, rest))
}

fn behind_fraction(text: &[u8]) -> Option<&[u8]> {
    let [b'.', first, rest @ ..] = text else { return Some(text) };
    let end = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
    first.is_ascii_digit().then(|| &rest[end..])
}

/// Whether nothing that belongs to `AM` or `PM` stands behind it.
fn ends_period(rest: &[u8]) -> bool {
    matches!(rest, [] | [b' ' | b'+' | b'-', ..])
}

/// Reads a few digits.
#[inline]
pub(super) fn number(digits: &[u8]) -> Option<u32> {
    let append = |number, byte: &u8| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0'));
    digits.iter().try_fold(0, append)
}

/// The numbers of a time of day, before and behind which its half of the day may stand.
struct Clock {
    hour: u32,
    minute: u32,
    second: u32,
    /// Nothing but the half of the day shows that the number is an hour.
    is_hour_alone: bool,
}

/// Reads what follows the hour.
fn minutes<'t>(hour: &str, text: &'t str) -> Result<(Clock, &'t str), Rule> {
    let of_digits = |text: &str| number(text.as_bytes()).unwrap_or(u32::MAX);
    let clock = |minute: &str, second: &str| Clock {
        hour: of_digits(hour),
        minute: of_digits(minute),
        second: of_digits(second),
        is_hour_alone: false,
    };
    if let Some(rest) = text.strip_prefix(':') {
        let (minute, rest) = digits(rest).ok_or(Rule::NotATime)?;
        let (second, rest) = match rest.strip_prefix(':') {
            Some(rest) => digits(rest).ok_or(Rule::NotATime)?,
            None => ("0", rest),
        };
        return Ok((clock(minute, second), without_unit(without_fraction(rest)?)));
    }
    if let Some((minute, rest)) = text.strip_prefix('.').and_then(two_digits) {
        let (second, rest) = rest.strip_prefix('.').and_then(two_digits).unwrap_or(("0", rest));
        return Ok((clock(minute, second), without_unit(rest)));
    }
    if let Some(rest) = unit(text, &["Uhr", "uhr", "UHR", "h", "H", "時", "时", "點", "点", "시"]) {
        let (minute, rest) = digits(rest.trim_start()).unwrap_or(("0", rest));
        let rest = unit(rest, &["min", "mn", "m", "分", "분"]).unwrap_or(rest);
        let (second, rest) = match digits(rest.trim_start()) {
            Some((second, rest)) => (second, unit(rest, &["s", "秒", "초"]).ok_or(Rule::NotATime)?),
            None => ("0", rest),
        };
        return Ok((clock(minute, second), rest));
    }
    Ok((Clock { is_hour_alone: true, ..clock("0", "0") }, text))
}

/// A half of the day.
#[derive(Clone, Copy)]
enum Period {
    Morning,
    Afternoon,
    /// As in Japan, where the hours of a half are 0 to 11. What 12 means there is not agreed on.
    FromZero {
        is_afternoon: bool,
    },
}

impl Period {
    /// The hour of the day.
    fn hour(self, hour: u32) -> Result<u32, Rule> {
        match (self, hour) {
            (Self::Morning, 1..=12) => Ok(hour % 12),
            (Self::Afternoon, 1..=12) => Ok(hour % 12 + 12),
            (Self::FromZero { is_afternoon: false }, 0..=11) => Ok(hour),
            (Self::FromZero { is_afternoon: true }, 0..=11) => Ok(hour + 12),
            _ => Err(Rule::NoSuchMoment),
        }
    }
}

fn period_before(text: &str) -> Option<(Period, &str)> {
    let periods = [
        ("午前", Period::FromZero { is_afternoon: false }),
        ("午後", Period::FromZero { is_afternoon: true }),
        ("上午", Period::Morning),
        ("下午", Period::Afternoon),
        ("오전", Period::Morning),
        ("오후", Period::Afternoon),
    ];
    periods.iter().find_map(|(name, period)| Some((*period, text.strip_prefix(name)?)))
}

/// Reads `PM`, `pm`, `p.m.` or `p. m.`, and the Arabic and Greek ways to write it.
fn period_behind(text: &str) -> Option<(Period, &str)> {
    let is_blank = |character: &char| character.is_whitespace() || *character == '.';
    let inner = text.trim_start();
    let mut letters = inner.char_indices().filter(|(_, character)| !is_blank(character));
    let (first_at, first) = letters.next()?;
    let end_of = |(at, letter): (usize, char)| at + letter.len_utf8();
    let (period, end) = match first.to_ascii_lowercase() {
        'ص' => (Period::Morning, end_of((first_at, first))),
        'م' => (Period::Afternoon, end_of((first_at, first))),
        half @ ('a' | 'p' | 'π') => {
            let second = letters.next().filter(|(_, letter)| matches!(letter, 'm' | 'M' | 'μ'))?;
            (if half == 'a' || half == 'π' { Period::Morning } else { Period::Afternoon }, end_of(second))
        }
        'μ' => (Period::Afternoon, end_of(letters.next().filter(|(_, letter)| *letter == 'μ')?)),
        _ => return None,
    };
    let rest = &inner[end..];
    let rest = rest.strip_prefix('.').unwrap_or(rest);
    // A letter behind it makes another word of it, such as `AMT`.
    (!rest.starts_with(char::is_alphanumeric)).then_some((period, rest))
}

/// Words between a date and a time of day.
const PREPOSITIONS: [&str; 22] = [
    "um", "at", "à", "a", "las", "la", "às", "as", "alle", "ore", "ora", "ob", "kl", "klo", "в", "о", "o",
    "godz", "saat", "om", "v", "ve",
];

fn without_preposition(text: &str) -> &str {
    let mut text = text.trim_start_matches([' ', ',', '\u{a0}', '\u{202f}']);
    while let Some(end) = text.find([' ', '.', '\u{a0}']) {
        let (word, rest) = text.split_at(end);
        // Mostly the time itself, which needs no search.
        let is_number = word.starts_with(|character: char| character.is_ascii_digit());
        if is_number || !PREPOSITIONS.contains(&word.to_lowercase().as_str()) {
            break;
        }
        text = rest.trim_start_matches([' ', '.', '\u{a0}']);
    }
    text
}

/// Drops `Uhr` or `h` behind a time that has its minutes.
fn without_unit(text: &str) -> &str {
    unit(text, &["Uhr", "uhr", "UHR", "hrs", "h"]).unwrap_or(text)
}

/// Drops a unit, before which a blank may stand.
fn unit<'t>(text: &'t str, units: &[&str]) -> Option<&'t str> {
    let inner = text.trim_start();
    let rest = units.iter().find_map(|unit| inner.strip_prefix(unit))?;
    // `m` is no unit in `marks`.
    (!rest.starts_with(|character: char| character.is_ascii_alphabetic())).then_some(rest)
}

/// Drops the fraction of a second.
fn without_fraction(text: &str) -> Result<&str, Rule> {
    let Some(rest) = text.strip_prefix('.') else { return Ok(text) };
    let rest_behind = rest.trim_start_matches(|character: char| character.is_ascii_digit());
    if rest_behind.len() < rest.len() { Ok(rest_behind) } else { Err(Rule::NotATime) }
}

/// Splits one or two digits off.
fn digits(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    (1..=2).contains(&end).then(|| text.split_at(end))
}

fn two_digits(text: &str) -> Option<(&str, &str)> {
    digits(text).filter(|(digits, _)| digits.len() == 2)
}

fn checked(hour: u32, minute: u32, second: u32) -> Result<NaiveTime, Rule> {
    NaiveTime::from_hms_opt(hour, minute, second).ok_or(match (hour, minute, second) {
        (24, 0, 0) => Rule::EndOfDay,
        (..24, ..60, 60) => Rule::LeapSecond,
        _ => Rule::NoSuchMoment,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t7_times_of_day_as_tills_write_them() {
        for (text, expected) in [
            ("14:05", "14:05:00"),
            ("14:05:33", "14:05:33"),
            ("14:05:33.999", "14:05:33"),
            ("14.05", "14:05:00"),
            ("14.05.33", "14:05:33"),
            ("14:05 Uhr", "14:05:00"),
            ("14.05 Uhr", "14:05:00"),
            ("14 Uhr", "14:00:00"),
            ("14 Uhr 05", "14:05:00"),
            ("um 14:05 Uhr", "14:05:00"),
            ("14h05", "14:05:00"),
            ("14h", "14:00:00"),
            ("14 h 05", "14:05:00"),
            ("14 h 05 min", "14:05:00"),
            ("14h05m33s", "14:05:33"),
            ("à 14h05", "14:05:00"),
            ("14:05 h", "14:05:00"),
            ("a las 14:05", "14:05:00"),
            ("kl. 14.05", "14:05:00"),
            ("14時05分", "14:05:00"),
            ("14時05分33秒", "14:05:33"),
            ("14時", "14:00:00"),
            ("午後2時05分", "14:05:00"),
            ("午前0時05分", "00:05:00"),
            ("午後0:05", "12:05:00"),
            ("下午2:05", "14:05:00"),
            ("上午12:05", "00:05:00"),
            ("오후 2시 05분", "14:05:00"),
            ("오후 12:05", "12:05:00"),
            ("2:05 PM", "14:05:00"),
            ("2:05pm", "14:05:00"),
            ("2:05:33 p.m.", "14:05:33"),
            ("2:05 p.\u{a0}m.", "14:05:00"),
            ("2.05 pm", "14:05:00"),
            ("at 2 PM", "14:00:00"),
            ("12:05 AM", "00:05:00"),
            ("12:05 PM", "12:05:00"),
            ("11:59 am", "11:59:00"),
            ("2:05 م", "14:05:00"),
            ("2:05 ص", "02:05:00"),
            ("2:05 μ.μ.", "14:05:00"),
        ] {
            let read = read(text).map(|(time, rest)| (time.to_string(), rest));
            assert_eq!(read, Ok((expected.to_owned(), "")), "{text}");
        }
    }

    #[test]
    fn t11_what_is_no_time_of_day_and_why() {
        for (text, rule) in [
            ("", Rule::NotATime),
            ("14", Rule::NotATime),
            ("14:", Rule::NotATime),
            ("14:05:", Rule::NotATime),
            ("14:005", Rule::NotATime),
            ("14:05:33.", Rule::NotATime),
            ("noon", Rule::NotATime),
            ("24:00", Rule::EndOfDay),
            ("23:59:60", Rule::LeapSecond),
            ("25:00", Rule::NoSuchMoment),
            ("14:60", Rule::NoSuchMoment),
            ("14:05 PM", Rule::NoSuchMoment),
            ("0:05 AM", Rule::NoSuchMoment),
            ("13 PM", Rule::NoSuchMoment),
            ("午後12時05分", Rule::NoSuchMoment),
            ("午後14時05分", Rule::NoSuchMoment),
        ] {
            assert_eq!(read(text).map(|(time, _)| time), Err(rule), "{text}");
        }
        for text in ["14.5", "2:05 AMT", "14:05 CEST", "14h05x", "14:05 marks"] {
            assert!(read(text).is_err() || read(text).is_ok_and(|(_, rest)| !rest.is_empty()), "{text}");
        }
    }
}
