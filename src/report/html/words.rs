//! The words of the page: outcomes, match keys and columns as people call them, numbers, and texts from outside.

/// What kind of outcome rows have, for a reader of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Meta has them.
    Sent,
    /// Nothing is to do.
    LeftOut,
    /// Not sent so far, on purpose.
    Ready,
    /// Somebody has to do something.
    Lost,
}

/// An outcome in words.
#[derive(Debug, Clone, Copy)]
pub(super) struct OutcomeWords {
    /// Its name in the report, and the name of its colour in `style.css`.
    pub(super) code: &'static str,
    pub(super) label: &'static str,
    pub(super) kind: Kind,
    pub(super) meaning: &'static str,
    /// What to do.
    pub(super) advice: &'static str,
}

/// Every outcome, in the order of the page. A new outcome is one line here, and a colour in `style.css`.
#[rustfmt::skip]
const OUTCOMES: &[OutcomeWords] = &[
    OutcomeWords { code: "accepted", label: "Accepted", kind: Kind::Sent, meaning: "Meta has them.", advice: "" },
    OutcomeWords { code: "pending", label: "Ready", kind: Kind::Ready, meaning: "Checked and ready to be sent.", advice: "Send them." },
    OutcomeWords { code: "filtered", label: "Left out", kind: Kind::LeftOut, meaning: "Returns and cancellations, which are never sent.", advice: "" },
    OutcomeWords { code: "invalid", label: "Invalid", kind: Kind::Lost, meaning: "Something is wrong with the row, or with another row of its order.", advice: "Correct these rows in the export, and send it again." },
    OutcomeWords { code: "refused", label: "Refused", kind: Kind::Lost, meaning: "Meta does not take them as they are.", advice: "Correct these sales, and send them again." },
    OutcomeWords { code: "not_sent", label: "Not sent", kind: Kind::Lost, meaning: "They did not reach Meta.", advice: "Fix the cause, then send the same file again within seven days: Meta counts what it has already only once." },
    OutcomeWords { code: "unconfirmed", label: "Unconfirmed", kind: Kind::Lost, meaning: "They left, but Meta gave no valid answer.", advice: "Compare with Events Manager which of them arrived before you send any of them again." },
];

/// The words for an outcome. One of a later release keeps its name.
pub(super) fn outcome(code: &str) -> Option<&'static OutcomeWords> {
    OUTCOMES.iter().find(|words| words.code == code)
}

/// Every outcome that has words, in the order of the page.
pub(super) fn outcomes() -> impl Iterator<Item = &'static OutcomeWords> {
    OUTCOMES.iter()
}

/// How people call a match key.
pub(super) fn key(name: &str) -> String {
    let label = match name {
        "em" => "E-mail address",
        "ph" => "Phone number",
        "fn" => "First name",
        "ln" => "Last name",
        "db" => "Date of birth",
        "ge" => "Gender",
        "ct" => "City",
        "st" => "State",
        "zp" => "Postal code",
        "country" => "Country",
        "external_id" => "Customer id",
        "madid" => "Mobile advertising id",
        "client_ip_address" => "IP address",
        "client_user_agent" => "Browser",
        "fbc" => "Click id",
        "fbp" => "Browser id",
        other => return readable(other),
    };
    label.to_owned()
}

/// A name in snake case as words.
pub(super) fn readable(name: &str) -> String {
    let words = visible(name).replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The most characters of a text from outside that the page shows.
const MAX_SHOWN: usize = 500;

/// A text from outside with its invisible characters written out, and a mark where it is cut. The template escapes it.
pub(super) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(MAX_SHOWN));
    for (index, letter) in text.chars().enumerate() {
        if index == MAX_SHOWN {
            shown.push_str(" … (cut)");
            break;
        }
        if letter.is_control() || is_invisible(letter) {
            shown.extend(letter.escape_unicode());
        } else {
            shown.push(letter);
        }
    }
    shown
}

/// Whether a character directs text or takes no place, and so may hide or reorder what is beside it.
fn is_invisible(letter: char) -> bool {
    use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

    matches!(
        letter.general_category(),
        GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::PrivateUse
            | GeneralCategory::Unassigned
    )
}

/// A number with commas between its thousands.
pub(super) fn grouped(number: u64) -> String {
    grouped_digits(&number.to_string())
}

fn grouped_digits(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A decimal number with commas between its thousands, and at least `decimals` decimals.
pub(super) fn money(amount: &str, decimals: usize) -> String {
    let (sign, digits) = amount.strip_prefix('-').map_or(("", amount), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = grouped_digits(whole);
    let point = if decimals > 0 || !fraction.is_empty() { "." } else { "" };
    format!("{sign}{whole}{point}{fraction:0<decimals$}")
}

/// A number and its noun: `1 row`, `1,204 rows`.
pub(super) fn counted(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// A share in percent, which is never rounded to all or nothing.
pub(super) fn percent(part: u64, whole: u64) -> String {
    let tenths = u128::from(part) * 1000 / u128::from(whole.max(1));
    match tenths {
        0 if part > 0 => "< 0.1 %".to_owned(),
        1000.. => "100 %".to_owned(),
        _ => format!("{}.{} %", tenths / 10, tenths % 10),
    }
}

/// A time span in the largest units that say enough.
pub(super) fn lasting(seconds: f64) -> String {
    match seconds {
        ..0.95 => "less than a second".to_owned(),
        ..90.0 => format!("{seconds:.0} s"),
        ..5400.0 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{EventCounts, RowCounts};

    #[test]
    fn every_outcome_has_its_words_and_its_colour() {
        let style = include_str!("style.css");
        for counts in [serde_json::to_value(RowCounts::default()), serde_json::to_value(EventCounts::default())] {
            for code in counts.unwrap().as_object().unwrap().keys().filter(|code| *code != "read") {
                assert!(outcome(code).is_some(), "{code}");
            }
        }
        for words in outcomes() {
            assert_eq!(style.matches(&format!("--{}:", words.code)).count(), 2, "{}: light and dark", words.code);
            assert!(style.contains(&format!(".{} {{", words.code)), "{}", words.code);
            assert_eq!(words.advice.is_empty(), matches!(words.kind, Kind::Sent | Kind::LeftOut));
        }
    }

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!([grouped(7), grouped(1234), grouped(1_234_567)], ["7", "1,234", "1,234,567"]);
        assert_eq!([money("1234.5", 2), money("7", 0), money("-1000", 2)], ["1,234.50", "7", "-1,000.00"]);
        let shares = [percent(1, 5000), percent(4999, 5000), percent(5, 5), percent(0, 0), percent(1, 3)];
        assert_eq!(shares, ["< 0.1 %", "99.9 %", "100 %", "0.0 %", "33.3 %"]);
        assert_eq!([lasting(0.2), lasting(3.4), lasting(600.0), lasting(7200.0)], ["less than a second", "3 s", "10 min", "2.0 h"]);
    }

    #[test]
    fn invisible_characters_are_written_out_and_long_texts_say_that_they_are_cut() {
        assert_eq!(visible("a\u{202e}b\u{1b}[31m\u{200b}"), "a\\u{202e}b\\u{1b}[31m\\u{200b}");
        assert_eq!(visible("שלום é"), "שלום é");
        assert!(visible(&"x".repeat(600)).ends_with("x … (cut)"));
    }
}
