//! The fields of one record.

use std::ops::{Range, RangeInclusive};

use super::delimiter::QUOTE;
use crate::customer::Passage;
use crate::order::field;
use crate::order::layout::Record;
use crate::value::Rule;

/// The fields of one record: a text, and where in it they start.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    pub(super) text: &'a [u8],
    /// Where the fields start, and where one more would: each ends a byte before the next one.
    pub(super) starts: &'a [usize],
    /// The byte between two fields. No field holds it, unless it stands in quotes, or is a NUL: then no field that can be
    /// used does.
    pub(super) separator: u8,
    /// Whether fields may stand in quotes.
    pub(super) may_be_quoted: bool,
    /// The same number for records one after another that begin with the same fields, among which are those of the
    /// customer.
    pub(super) beginning: u64,
}

impl<'a> Fields<'a> {
    /// Where the text of a field stands, without the quotes around it.
    #[inline]
    pub(super) fn range(self, index: usize) -> Range<usize> {
        let Range { start, end } = self.span(&(index..=index));
        if self.may_be_quoted && self.text[start..end].first() == Some(&QUOTE) {
            start + 1..end - 1
        } else {
            start..end
        }
    }

    /// Where fields stand, with their quotes.
    #[inline]
    pub(super) fn span(self, fields: &RangeInclusive<usize>) -> Range<usize> {
        self.starts[*fields.start()]..self.starts[fields.end() + 1] - 1
    }

    #[inline]
    pub(super) fn get(self, index: usize) -> &'a [u8] {
        &self.text[self.range(index)]
    }
}

/// The fields of a record whose customer was read before.
pub(super) struct WithCustomer<'a> {
    pub(super) fields: Fields<'a>,
    pub(super) customer: &'a Passage,
}

impl<'a> Record<'a> for Fields<'a> {
    fn text(&self, position: usize) -> Result<&'a str, Rule> {
        field::of_bytes(self.get(position))
    }

    #[inline]
    fn bytes(&self, position: usize) -> &'a [u8] {
        self.get(position)
    }
}

impl<'a> Record<'a> for WithCustomer<'a> {
    fn text(&self, position: usize) -> Result<&'a str, Rule> {
        self.fields.text(position)
    }

    #[inline]
    fn bytes(&self, position: usize) -> &'a [u8] {
        self.fields.bytes(position)
    }

    #[inline]
    fn customer(&self) -> Option<&'a Passage> {
        Some(self.customer)
    }
}
