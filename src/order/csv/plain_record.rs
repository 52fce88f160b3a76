//! Records without quotes. The records of an order follow each other and name the same customer, whose values are read
//! once.

use std::ops::{Range, RangeInclusive};

use crate::customer::Places;
use crate::order::layout::{BoundLayout, Record};
use crate::value::Rule;

/// A record that is text as a whole. Delimiters stand between its fields, so equal parts of two records have equal
/// fields.
#[derive(Clone, Copy)]
pub(super) struct PlainRecord<'a> {
    pub(super) text: &'a str,
    /// Where each field ends.
    pub(super) ends: &'a [usize],
}

/// A record whose customer was read before: the part of the record with the customer, and the places in it.
pub(super) struct WithCustomer<'a> {
    pub(super) record: PlainRecord<'a>,
    pub(super) written: &'a str,
    pub(super) places: &'a Places,
}

/// How the last customer was written, and where the values stand there.
#[derive(Default)]
pub(super) struct LastCustomer {
    written: String,
    places: Places,
}

/// The place of a field in a record without quotes.
#[inline]
pub(super) fn range(ends: &[usize], index: usize) -> Range<usize> {
    index.checked_sub(1).map_or(0, |before| ends[before] + 1)..ends[index]
}

impl<'a> PlainRecord<'a> {
    /// Some fields with the delimiters between them.
    pub(super) fn part(&self, fields: &RangeInclusive<usize>) -> &'a str {
        &self.text[range(self.ends, *fields.start()).start..range(self.ends, *fields.end()).end]
    }
}

impl<'a> Record<'a> for PlainRecord<'a> {
    #[inline]
    fn text(&self, position: usize) -> Result<&'a str, Rule> {
        Ok(&self.text[range(self.ends, position)])
    }
}

impl<'a> Record<'a> for WithCustomer<'a> {
    #[inline]
    fn text(&self, position: usize) -> Result<&'a str, Rule> {
        self.record.text(position)
    }

    #[inline]
    fn customer(&self) -> Option<(&'a str, &'a Places)> {
        Some((self.written, self.places))
    }
}

impl LastCustomer {
    /// Reads a customer, unless the last one was written in the same way.
    pub(super) fn read<'a>(&mut self, written: &'a str, record: &PlainRecord<'a>, layout: &'a BoundLayout) {
        if self.written == written {
            return;
        }
        self.written.clear();
        self.written.push_str(written);
        self.places.clear();
        layout.read_customer_texts(record, |_, key, text| {
            // Each field of a record that is text as a whole is a text.
            let text = text.unwrap_or_default();
            let start = text.as_ptr().addr() - written.as_ptr().addr();
            self.places.add(key, text, start..start + text.len());
        });
    }

    pub(super) fn places(&self) -> &Places {
        &self.places
    }
}
