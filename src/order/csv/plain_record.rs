//! Records without quotes. The records of an order follow each other and name the same customer, whose values are read
//! once.

use std::ops::{Range, RangeInclusive};

use crate::customer::{MatchKey, Places};
use crate::order::layout::{Record, is_given};
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
pub(super) struct LastCustomer {
    /// The positions of its fields, in the order of their keys, and from the first to the last of them.
    fields: Vec<(MatchKey, usize)>,
    span: RangeInclusive<usize>,
    written: String,
    places: Places,
}

/// The place of a field in a record without quotes.
#[inline]
pub(super) fn range(ends: &[usize], index: usize) -> Range<usize> {
    index.checked_sub(1).map_or(0, |before| ends[before] + 1)..ends[index]
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
    /// No customer yet, of records whose customers have these fields side by side.
    pub(super) fn new(fields: Vec<(MatchKey, usize)>) -> Option<Self> {
        let positions = || fields.iter().map(|(_, position)| *position);
        let span = positions().min()?..=positions().max()?;
        Some(Self { fields, span, written: String::new(), places: Places::default() })
    }

    /// Reads the customer of a record, unless the last one was written in the same way.
    pub(super) fn read<'a>(&'a mut self, record: PlainRecord<'a>) -> WithCustomer<'a> {
        let PlainRecord { text, ends } = record;
        let start = range(ends, *self.span.start()).start;
        let written = &text[start..range(ends, *self.span.end()).end];
        if self.written != written {
            self.written.clear();
            self.written.push_str(written);
            self.places.clear();
            for &(key, position) in &self.fields {
                let Range { start: from, end: to } = range(ends, position);
                let text = &text[from..to];
                if is_given(text) {
                    self.places.add(key, text, from - start..to - start);
                }
            }
        }
        WithCustomer { record, written, places: &self.places }
    }
}
