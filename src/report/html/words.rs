//! The words of the page: outcomes, match keys and columns as people call them, numbers, and texts from outside.

use crate::report::number::{grouped, grouped_digits};

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
    /// What to do with a number of rows, which stands for `{}`.
    action: &'static str,
    pub(super) advice: &'static str,
}

/// Every outcome, in the order of the page. A new outcome is one line here, and its colour in `style.css`.
#[rustfmt::skip]
const OUTCOMES: &[OutcomeWords] = &[
    OutcomeWords { code: "accepted", label: "Accepted", kind: Kind::Sent, meaning: "Meta has them.", action: "", advice: "" },
    OutcomeWords { code: "already_sent", label: "Already sent", kind: Kind::LeftOut, meaning: "An earlier run sent them, and Meta has them.", action: "", advice: "" },
    OutcomeWords { code: "pending", label: "Ready", kind: Kind::Ready, meaning: "Checked and ready to be sent.", action: "Send {}", advice: "They are checked and ready." },
    OutcomeWords { code: "filtered", label: "Left out", kind: Kind::LeftOut, meaning: "Returns and cancellations, which are never sent.", action: "", advice: "" },
    OutcomeWords { code: "invalid", label: "Invalid", kind: Kind::Lost, meaning: "Something is wrong with the row, or with another row of its order.", action: "Correct {} in the export", advice: "Then send the export again within seven days: Meta counts what it has already only once." },
    OutcomeWords { code: "refused", label: "Refused", kind: Kind::Lost, meaning: "Meta does not take them as they are.", action: "Correct {} that Meta refused", advice: "The message says what Meta does not take. Send the corrected sales again within seven days." },
    OutcomeWords { code: "not_sent", label: "Not sent", kind: Kind::Lost, meaning: "They did not reach Meta.", action: "Send {} again", advice: "Fix the cause, then send the same file within seven days: Meta counts what it has already only once." },
    OutcomeWords { code: "unconfirmed", label: "Unconfirmed", kind: Kind::Lost, meaning: "They left, but Meta gave no valid answer.", action: "Look for {} in Events Manager", advice: "Nobody knows whether they arrived. Send only those again that are not there." },
];

impl OutcomeWords {
    /// What to do with these rows, if anything.
    pub(super) fn action(&self, rows: &str) -> Option<String> {
        (!self.action.is_empty()).then(|| self.action.replace("{}", rows))
    }
}

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
    capitalized(&cut(name, MAX_NAME).replace('_', " "))
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The most bytes that a sentence from outside, and a name, take in the page.
const MAX_TEXT: usize = 400;
const MAX_NAME: usize = 60;

/// A text from outside with its invisible characters written out, and a mark where it is cut. The template escapes it.
pub(super) fn visible(text: &str) -> String {
    cut(text, MAX_TEXT)
}

/// Likewise, with a capital letter at its beginning.
pub(super) fn sentence(text: &str) -> String {
    capitalized(&visible(text))
}

/// A name from outside, such as that of a file or a column, likewise.
pub(super) fn name(text: &str) -> String {
    cut(text, MAX_NAME)
}

fn cut(text: &str, most: usize) -> String {
    let mut shown = String::with_capacity(text.len().min(most));
    let mut length = 0;
    for letter in text.chars() {
        let written = if letter.is_control() || is_invisible(letter) {
            letter.escape_unicode().to_string()
        } else {
            letter.to_string()
        };
        length += if is_markup(letter) { ESCAPED } else { written.len() };
        if length > most {
            shown.push_str(" … (cut)");
            break;
        }
        shown.push_str(&written);
    }
    shown
}

/// How long a character of markup becomes, as in `&#60;`.
const ESCAPED: usize = 5;

fn is_markup(letter: char) -> bool {
    matches!(letter, '<' | '>' | '&' | '"' | '\'')
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
    plural(count, noun, &format!("{noun}s"))
}

/// The noun for a number of things: `row`, `rows`.
pub(super) fn noun(count: u64, noun: &str) -> String {
    format!("{noun}{}", if count == 1 { "" } else { "s" })
}

/// A number with the words for one or for several.
pub(super) fn plural(count: u64, one: &str, several: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { several })
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

/// A time span in the unit that says enough.
pub(super) fn lasting(millis: u64) -> String {
    let tenths = |millis: u64, unit: u64| format!("{}.{}", millis / unit, millis % unit * 10 / unit);
    match millis {
        ..10_000 => format!("{} s", tenths(millis, 1000)),
        10_000..120_000 => format!("{} s", millis / 1000),
        120_000..5_400_000 => format!("{} min", millis / 60_000),
        _ => format!("{} h", tenths(millis, 3_600_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{EventCounts, RowCounts};

    #[test]
    fn every_outcome_has_its_words_and_its_colour() {
        let style = include_str!("style.css");
        for counts in
            [serde_json::to_value(RowCounts::default()), serde_json::to_value(EventCounts::default())]
        {
            for code in counts.unwrap().as_object().unwrap().keys().filter(|code| *code != "read") {
                assert!(outcome(code).is_some(), "{code}");
            }
        }
        for words in outcomes() {
            assert_eq!(
                style.matches(&format!("--{}:", words.code)).count(),
                2,
                "{}: light and dark",
                words.code
            );
            assert!(style.contains(&format!(".{} {{", words.code)), "{}", words.code);
            let is_calm = matches!(words.kind, Kind::Sent | Kind::LeftOut);
            assert_eq!((words.advice.is_empty(), words.action("2 rows").is_none()), (is_calm, is_calm));
        }
    }

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!([grouped(7), grouped(1234), grouped(1_234_567)], ["7", "1,234", "1,234,567"]);
        assert_eq!([money("1234.5", 2), money("7", 0), money("-1000", 2)], ["1,234.50", "7", "-1,000.00"]);
        let shares = [percent(1, 5000), percent(4999, 5000), percent(5, 5), percent(0, 0), percent(1, 3)];
        assert_eq!(shares, ["< 0.1 %", "99.9 %", "100 %", "0.0 %", "33.3 %"]);
        let spans = [lasting(200), lasting(12_345), lasting(600_000), lasting(9_000_000)];
        assert_eq!(spans, ["0.2 s", "12 s", "10 min", "2.5 h"]);
    }

    #[test]
    fn invisible_characters_are_written_out_and_long_texts_say_that_they_are_cut() {
        assert_eq!(visible("a\u{202e}b\u{1b}[31m\u{200b}"), "a\\u{202e}b\\u{1b}[31m\\u{200b}");
        assert_eq!(visible("שלום é"), "שלום é");
        assert!(visible(&"x".repeat(600)).ends_with("x … (cut)"));
    }
}
