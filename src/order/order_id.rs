//! What stands in a column of order ids and is none: errors of spreadsheets, and fillers.

use crate::customer::is_placeholder;
use crate::value::{InvalidValue, OrderId, Rule, ValueKind};

/// Words that fill a column without naming an order, beside those for a missing value.
const FILLERS: [&str; 10] =
    ["test", "dummy", "sample", "example", "demo", "tbd", "na", "true", "false", "infinity"];

/// What spreadsheets write for a missing value, without an exclamation or question mark.
const MISSING: [&str; 5] = ["#n/a", "#na", "#nv", "#n/d", "#getting_data"];

/// Refuses an order id that names no order. Whatever its rows have in common, they are not one order.
#[inline]
pub(super) fn check(id: &OrderId) -> Result<(), InvalidValue> {
    // Most ids begin with a letter or digit and have a digit that tells them apart, close to the end.
    let tells = |byte: &u8| matches!(byte, b'1'..=b'9');
    match id.text().as_bytes() {
        [b'0'..=b'9' | b'A'..=b'D' | b'F'..=b'Z', rest @ ..] if rest.iter().rev().any(tells) => Ok(()),
        [b'1'..=b'9', ..] => Ok(()),
        _ => check_words(id.as_str()),
    }
}

fn check_words(id: &str) -> Result<(), InvalidValue> {
    let names_nothing = if id.is_ascii() {
        is_spreadsheet_error(id) || is_filler(id)
    } else {
        let id: String = id.chars().map(half_width).collect();
        is_spreadsheet_error(&id) || is_filler(&id)
    };
    if names_nothing { Err(InvalidValue::new(ValueKind::OrderId, Rule::NamesNothing)) } else { Ok(()) }
}

/// Returns the usual form of a letter that East Asian programs write in full width.
fn half_width(letter: char) -> char {
    match letter {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(letter as u32 - 0xFEE0).unwrap_or(letter),
        _ => letter,
    }
}

/// `#REF!`, `#NAME?`, `#N/A` and their like in other languages; `Err:502`.
fn is_spreadsheet_error(id: &str) -> bool {
    let is_numbered = id.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("err:"));
    let is_marked = id.starts_with('#') && id.len() > 2 && id.ends_with(['!', '?']);
    is_numbered || is_marked || MISSING.iter().any(|word| id.eq_ignore_ascii_case(word))
}

/// Whether no letter and no digit but zero tells one order from another, or the whole id is a filler word.
fn is_filler(id: &str) -> bool {
    let is_telling = |letter: char| letter.is_alphanumeric() && letter != '0';
    let is_crossed_out = id.len() > 1 && id.bytes().all(|byte| byte.eq_ignore_ascii_case(&b'x'));
    !id.contains(is_telling)
        || is_crossed_out
        || is_placeholder(id.as_bytes())
        || FILLERS.iter().any(|word| id.eq_ignore_ascii_case(word))
}
