//! Keys that only Meta's SDKs know: parts of a name and of a date of birth.

use std::fmt::Write as _;

use chrono::Datelike as _;

use super::characters::is_joiner;
use super::{birth, name};
use crate::customer::{CleaningOptions, UnusableReason};

/// How many characters of a name Meta's SDKs keep.
const START: usize = 5;

/// The first characters of a name in its normal form.
pub(super) fn clean_start(text: &str, out: &mut String) -> Result<(), UnusableReason> {
    name::clean(text, out)?;
    if let Some((end, _)) = out.char_indices().nth(START) {
        out.truncate(end);
    }
    // A joiner that the cut leaves at the end joins nothing.
    out.truncate(out.trim_end_matches(is_joiner).len());
    Ok(())
}

/// The first letter of a name in its normal form: a letter of any script, no digit and no emoji.
pub(super) fn clean_initial(text: &str, out: &mut String) -> Result<(), UnusableReason> {
    name::clean(text, out)?;
    let initial = out.chars().find(|character| character.is_alphabetic()).ok_or(UnusableReason::NoLetters)?;
    out.clear();
    out.push(initial);
    Ok(())
}

/// A part of a date of birth.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Day,
    Month,
    Year,
}

/// The part, from a text that is the part alone, such as `7`, or a whole date.
pub(super) fn clean_part(
    part: Part,
    text: &str,
    options: &CleaningOptions,
    out: &mut String,
) -> Result<(), UnusableReason> {
    let (longest, width) = match part {
        Part::Day | Part::Month => (2, 2),
        Part::Year => (4, 4),
    };
    let number = match birth::lone_number(text) {
        Some((number, digits)) if digits <= longest => number,
        Some((_, digits)) if digits < 8 => return Err(UnusableReason::NotADate),
        _ => {
            let date = birth::read(text, options)?;
            match part {
                Part::Day => date.day(),
                Part::Month => date.month(),
                Part::Year => date.year().unsigned_abs(),
            }
        }
    };
    let exists = match part {
        Part::Day => (1..=31).contains(&number),
        Part::Month => (1..=12).contains(&number),
        Part::Year => birth::has_been(number, options),
    };
    if !exists {
        return Err(if matches!(part, Part::Year) {
            UnusableReason::DateOutOfRange
        } else {
            UnusableReason::NoSuchDate
        });
    }
    write!(out, "{number:0width$}").map_err(|_| UnusableReason::NotADate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_and_initials_are_whole_characters() {
        for (text, start, initial) in [
            ("Christopher", "chris", Ok("c")),
            ("O'Brien", "obrie", Ok("o")),
            ("'t Hooft", "thoof", Ok("t")),
            ("Al", "al", Ok("a")),
            ("E\u{301}lodie", "élodi", Ok("é")),
            ("\u{110c}\u{1165}\u{11bc}", "정", Ok("정")),
            ("日本", "日本", Ok("日")),
            ("😀 Mary", "😀mary", Ok("m")),
            ("😀", "😀", Err(UnusableReason::NoLetters)),
        ] {
            let mut out = String::new();
            assert_eq!(clean_start(text, &mut out), Ok(()));
            assert_eq!(out, start, "{text}");
            out.clear();
            assert_eq!(clean_initial(text, &mut out).map(|()| out.as_str()), initial, "{text}");
        }
    }

    #[test]
    fn parts_of_a_birth_date_stand_alone_or_in_a_date() {
        let part = |part, text: &str| {
            let mut out = String::new();
            clean_part(part, text, &CleaningOptions::default(), &mut out).map(|()| out)
        };
        for (text, day, month, year) in [
            ("1997-02-16", "16", "02", "1997"),
            ("16.2.1997", "16", "02", "1997"),
            ("19970216", "16", "02", "1997"),
        ] {
            assert_eq!(part(Part::Day, text).as_deref(), Ok(day), "{text}");
            assert_eq!(part(Part::Month, text).as_deref(), Ok(month), "{text}");
            assert_eq!(part(Part::Year, text).as_deref(), Ok(year), "{text}");
        }
        assert_eq!(part(Part::Day, "7").as_deref(), Ok("07"));
        assert_eq!(part(Part::Month, "٧").as_deref(), Ok("07"));
        assert_eq!(part(Part::Day, "32"), Err(UnusableReason::NoSuchDate));
        assert_eq!(part(Part::Day, "0"), Err(UnusableReason::NoSuchDate));
        assert_eq!(part(Part::Month, "13"), Err(UnusableReason::NoSuchDate));
        assert_eq!(part(Part::Day, "007"), Err(UnusableReason::NotADate));
        assert_eq!(part(Part::Year, "97"), Err(UnusableReason::DateOutOfRange));
        assert_eq!(part(Part::Year, "1899"), Err(UnusableReason::DateOutOfRange));
        assert_eq!(part(Part::Day, "03/04/1980"), Err(UnusableReason::AmbiguousDate));
        assert_eq!(part(Part::Month, "Feb"), Err(UnusableReason::NotADate));
    }
}
