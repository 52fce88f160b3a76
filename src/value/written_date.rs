//! Dates as people write them: with the name of the month in many languages, and in Chinese, Japanese and Korean.

use chrono::NaiveDate;
use unicode_normalization::UnicodeNormalization as _;

use super::Rule;
use super::month_names::{MONTHS, WEEKDAYS};

/// Reads the date at the beginning of a text, and returns the text behind it. A text without the name of a month, or
/// `年` or `년` behind a year, has none.
///
/// Reads `27. November 1980`, `27-Nov-1980`, `November 27, 1980`, `27 de noviembre de 1980`, `1980 nov. 27` and
/// `1980年11月27日`, each with or without a weekday before it.
pub(crate) fn written_date(text: &str) -> Result<Option<(NaiveDate, &str)>, Rule> {
    let text = without_weekday(text);
    if let Some(date) = in_units(text) {
        return date.map(Some);
    }
    if !words(text).any(|word| month(word).is_some()) {
        return Ok(None);
    }
    with_month(text).map(Some)
}

/// Drops the name of a weekday at the beginning of a text: `Fri, 27 Nov 2026`.
pub(crate) fn without_weekday(text: &str) -> &str {
    let (word, rest) = text.split_at(text.find(ends_word).unwrap_or(text.len()));
    let is_weekday = !word.is_empty() && WEEKDAYS.binary_search(&plain(word).as_str()).is_ok();
    if is_weekday { rest.trim_start_matches(['.', ',', ' ']) } else { text }
}

/// Reads `1980年11月27日` or `1980년 11월 27일`, with a weekday in brackets or without.
fn in_units(text: &str) -> Option<Result<(NaiveDate, &str), Rule>> {
    let unit = |text: &'_ str, units: [char; 2]| -> Option<(String, usize)> {
        let digits = text.find(|character: char| !character.is_ascii_digit())?;
        let rest = text[digits..].trim_start();
        let unit = rest.chars().next().filter(|character| units.contains(character))?;
        let length = text.len() - rest.len() + unit.len_utf8();
        let blanks = text[length..].len() - text[length..].trim_start().len();
        Some((text[..digits].to_owned(), length + blanks))
    };
    let (year, length) = unit(text, ['年', '년'])?;
    let text = &text[length..];
    let rest = unit(text, ['月', '월']).and_then(|(month, length)| {
        let (day, behind) = unit(&text[length..], ['日', '일'])?;
        Some((month, day, &text[length + behind..]))
    });
    let Some((month, day, rest)) = rest else { return Some(Err(Rule::NotATime)) };
    Some(calendar_day(&year, number(&month), &day).map(|date| (date, without_bracketed_weekday(rest))))
}

/// Drops `(金)` and `（金曜日）`.
fn without_bracketed_weekday(text: &str) -> &str {
    let inner = text.strip_prefix(['(', '（']).and_then(|inner| inner.split_once([')', '）']));
    let is_weekday = |word: &str| {
        let day = word.strip_suffix("曜日").or_else(|| word.strip_suffix('曜')).unwrap_or(word);
        ["月", "火", "水", "木", "金", "土", "日"].contains(&day) || WEEKDAYS.binary_search(&day).is_ok()
    };
    match inner {
        Some((word, rest)) if is_weekday(word) => rest,
        _ => text,
    }
}

/// A part of a date with the name of its month.
enum Part<'t> {
    Digits(&'t str),
    Month(u32),
}

/// Reads a date with the name of its month.
fn with_month(text: &str) -> Result<(NaiveDate, &str), Rule> {
    let mut rest = text;
    let mut next = || {
        loop {
            rest = rest.trim_start_matches([' ', '.', ',', '-', '/', '\'', '’', '\u{a0}', '\u{202f}']);
            let is_digit = rest.starts_with(|character: char| character.is_ascii_digit());
            let end = if is_digit {
                rest.find(|character: char| !character.is_ascii_digit())
            } else {
                rest.find(ends_word)
            };
            let part;
            (part, rest) = rest.split_at(end.unwrap_or(rest.len()));
            if is_digit {
                return Ok(Part::Digits(part));
            }
            match month(part) {
                Some(month) => return Ok(Part::Month(month)),
                None if FILLERS.contains(&plain(part).as_str()) => {}
                None => return Err(Rule::NotATime),
            }
        }
    };
    let date = match (next()?, next()?, next()?) {
        (Part::Digits(day), Part::Month(month), Part::Digits(year))
        | (Part::Month(month), Part::Digits(day), Part::Digits(year))
            if day.len() <= 2 =>
        {
            calendar_day(year, month, day)
        }
        (Part::Digits(year), Part::Month(month), Part::Digits(day))
        | (Part::Digits(year), Part::Digits(day), Part::Month(month)) => calendar_day(year, month, day),
        _ => Err(Rule::NotATime),
    };
    Ok((date?, without_suffix(rest)))
}

/// Words between the parts of a date, and ordinals behind its day.
const FILLERS: [&str; 19] = [
    "de", "del", "di", "d", "of", "the", "den", "el", "le", "st", "nd", "rd", "th", "er", "º", "ª", "°",
    "gada", "m",
];

/// Words behind a date.
const SUFFIXES: [&str; 8] = ["г", "год", "года", "р", "року", "r", "roku", "d"];

fn without_suffix(text: &str) -> &str {
    let inner = text.trim_start_matches(['.', ' ']);
    let (word, rest) = inner.split_at(inner.find(ends_word).unwrap_or(inner.len()));
    if SUFFIXES.contains(&plain(word).as_str()) { rest.trim_start_matches('.') } else { text }
}

fn calendar_day(year: &str, month: u32, day: &str) -> Result<NaiveDate, Rule> {
    match (year.len(), day.len()) {
        (4, 1..=2) => {}
        (2, 1..=2) => return Err(Rule::TwoDigitYear),
        _ => return Err(Rule::NotATime),
    }
    let year = i32::try_from(number(year)).unwrap_or_default();
    NaiveDate::from_ymd_opt(year, month, number(day)).ok_or(Rule::NoSuchMoment)
}

fn number(digits: &str) -> u32 {
    digits.parse().unwrap_or(u32::MAX)
}

/// The number of the month with this name.
fn month(word: &str) -> Option<u32> {
    if word.len() < SHORTEST_MONTH {
        return None;
    }
    let word = plain(word);
    let place = MONTHS.binary_search_by_key(&word.as_str(), |&(name, _)| name).ok()?;
    Some(MONTHS[place].1.into())
}

/// No name of a month is shorter, in bytes.
const SHORTEST_MONTH: usize = 2;

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(ends_word).filter(|word| !word.is_empty())
}

fn ends_word(character: char) -> bool {
    character.is_whitespace()
        || character.is_ascii_punctuation()
        || character.is_ascii_digit()
        || character == '’'
}

/// A word in the form that the tables have.
fn plain(word: &str) -> String {
    word.nfc().collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted_and_in_their_own_form() {
        assert!(
            MONTHS.is_sorted_by(|one, other| one.0 < other.0)
                && WEEKDAYS.is_sorted_by(|one, other| one < other)
        );
        for name in MONTHS.iter().map(|(name, _)| name).chain(&WEEKDAYS) {
            assert_eq!(plain(name), *name);
            assert_eq!(words(name).collect::<Vec<_>>(), [*name]);
        }
        assert!(MONTHS.iter().all(|(name, _)| name.len() >= SHORTEST_MONTH));
        for month in 1..=12 {
            assert!(MONTHS.iter().any(|&(_, number)| number == month));
        }
        for word in FILLERS.iter().chain(&SUFFIXES) {
            assert_eq!(month(word), None, "{word}");
        }
    }

    #[test]
    fn names_of_months_in_many_languages() {
        for text in [
            "27. November 1980",
            "27 nov 1980",
            "27-Nov-1980",
            "27/NOV/1980",
            "27.nov.1980",
            "November 27, 1980",
            "Nov. 27 1980",
            "NOVEMBER 27TH, 1980",
            "the 27th of November, 1980",
            "Thu, 27 Nov 1980",
            "Donnerstag, 27. November 1980",
            "27 novembre 1980",
            "jeu. 27 nov. 1980",
            "27 de noviembre de 1980",
            "27 de nov. de 1980",
            "27 de novembro de 1980",
            "27º de novembro de 1980",
            "27 d’novembre de 1980",
            "27. november 1980",
            "den 27 november 1980",
            "1980. november 27.",
            "1980 Nov 27",
            "1980-Nov-27",
            "27 ноября 1980 г.",
            "27 листопада 1980 р.",
            "27 Νοεμβρίου 1980",
            "27 Kasım 1980",
            "27 نوفمبر 1980",
            "27 नवंबर 1980",
            "1980. gada 27. novembris",
            "1980年11月27日",
            "1980年11月27日(木)",
            "1980年11月27日（木曜日）",
            "1980 年 11 月 27 日",
            "1980년 11월 27일",
        ] {
            let read =
                written_date(text).map(|read| read.map(|(date, rest)| (date.to_string(), rest.to_owned())));
            let Ok(Some((date, rest))) = read else { panic!("{text}: {read:?}") };
            assert_eq!((date.as_str(), rest.trim_matches(['.', ' '])), ("1980-11-27", ""), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_and_why() {
        for (text, expected) in [
            ("1980-11-27", Ok(None)),
            ("yesterday", Ok(None)),
            ("", Ok(None)),
            // November in Polish and Czech, and October in Croatian.
            ("27 listopada 1980", Ok(None)),
            ("31 Nov 1980", Err(Rule::NoSuchMoment)),
            ("1980年13月01日", Err(Rule::NoSuchMoment)),
            ("27 Nov 80", Err(Rule::TwoDigitYear)),
            ("Nov 1980", Err(Rule::NotATime)),
            ("Nov", Err(Rule::NotATime)),
            ("27 Nov", Err(Rule::NotATime)),
            ("27 Nov Dec 1980", Err(Rule::NotATime)),
            ("27 Nov 19800", Err(Rule::NotATime)),
            ("127 Nov 1980", Err(Rule::NotATime)),
            ("born on 27 Nov 1980", Err(Rule::NotATime)),
            ("1980年11月", Err(Rule::NotATime)),
            ("80年11月27日", Err(Rule::TwoDigitYear)),
        ] {
            assert_eq!(
                written_date(text).map(|read| read.map(|(date, _)| date.to_string())),
                expected,
                "{text}"
            );
        }
    }
}
