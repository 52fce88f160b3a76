//! What a field of a file or a table may hold.

use crate::value::Rule;

/// The longest field that is read, in bytes. A longer one makes its row invalid.
pub const MAX_FIELD: usize = 16 * 1024;

/// Returns the text of a field, or what is wrong with its bytes.
#[cfg(feature = "csv")]
pub(super) fn of_bytes(bytes: &[u8]) -> Result<&str, Rule> {
    check(bytes)?;
    str::from_utf8(bytes).map_err(|_| Rule::NotUtf8)
}

/// Returns the text of a field, or what is wrong with it.
#[cfg(feature = "arrow")]
pub(super) fn of_text(text: &str) -> Result<&str, Rule> {
    check(text.as_bytes())?;
    Ok(text)
}

fn check(bytes: &[u8]) -> Result<(), Rule> {
    if bytes.len() > MAX_FIELD {
        Err(Rule::TooLong(MAX_FIELD))
    } else if bytes.contains(&0) {
        Err(Rule::ControlCharacter)
    } else {
        Ok(())
    }
}
