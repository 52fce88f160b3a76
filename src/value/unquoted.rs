//! Reading a value from any format, with errors that never quote the input.

use std::cell::Cell;
use std::fmt;

use serde::de::{Error, Visitor};

/// What a deserializer found.
pub(crate) enum Found<'a> {
    Text(&'a str),
    Number(i128),
}

/// Makes a value of what a deserializer found, if its type fits.
pub(crate) struct ValueVisitor<'a, T, F> {
    expected: &'static str,
    was_asked: &'a Cell<bool>,
    make: fn(Found<'_>) -> Option<Result<T, F>>,
}

impl<T, F: fmt::Display> ValueVisitor<'_, T, F> {
    fn take<E: Error>(self, found: Found<'_>) -> Result<T, E> {
        match (self.make)(found) {
            Some(made) => made.map_err(E::custom),
            None => Err(unfit(self.expected)),
        }
    }
}

impl<T, F: fmt::Display> Visitor<'_> for ValueVisitor<'_, T, F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.was_asked.set(true);
        f.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        self.take(Found::Text(text))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        self.take(Found::Number(number.into()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        self.take(Found::Number(number.into()))
    }
}

pub(super) fn unfit<E: Error>(expected: &str) -> E {
    E::custom(format_args!("expected {expected}"))
}

/// Reads a value without an error that quotes the input.
///
/// A deserializer that met another type quotes what it met, and asks the visitor what was expected: its error is
/// replaced. Any other error passes, so that JSON that is cut is distinguished from JSON that does not fit.
pub(crate) fn read_unquoted<T, F, E: Error>(
    expected: &'static str,
    make: fn(Found<'_>) -> Option<Result<T, F>>,
    deserialize: impl FnOnce(ValueVisitor<'_, T, F>) -> Result<T, E>,
) -> Result<T, E> {
    let was_asked = Cell::new(false);
    let result = deserialize(ValueVisitor { expected, was_asked: &was_asked, make });
    if result.is_err() && was_asked.get() { Err(unfit(expected)) } else { result }
}
