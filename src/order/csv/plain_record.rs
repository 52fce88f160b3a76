//! Records without quotes. The records of an order follow each other and name the same customer, whose values are read
//! once.

use std::ops::Range;

use crate::customer::{MatchKey, UserDataBuilder};
use crate::order::layout::Record;
use crate::value::Rule;

/// A record that is text as a whole. Delimiters stand between its fields, so equal parts of two records have equal
/// fields.
pub(super) struct PlainRecord<'a, 'm> {
    pub(super) text: &'a str,
    /// Where each field ends.
    pub(super) ends: &'a [usize],
    /// The part that holds the customer and nothing else that is read; blank if there is none.
    pub(super) customer: &'a str,
    pub(super) last: &'m mut LastCustomer,
}

/// How the last customer was written, and what was read there.
#[derive(Default)]
pub(super) struct LastCustomer {
    written: String,
    values: Vec<(MatchKey, Range<usize>)>,
    texts: u64,
}

/// The place of a field in a record without quotes.
pub(super) fn range(ends: &[usize], index: usize) -> Range<usize> {
    index.checked_sub(1).map_or(0, |before| ends[before] + 1)..ends[index]
}

impl<'a> Record<'a> for PlainRecord<'a, '_> {
    #[inline]
    fn text(&self, position: usize) -> Result<&'a str, Rule> {
        // Two halves of a letter in two fields are a whole letter in the text of the record.
        self.text.get(range(self.ends, position)).ok_or(Rule::NotUtf8)
    }

    fn repeat_customer(&self, customer: &mut UserDataBuilder<'a>) -> bool {
        let is_same = !self.customer.is_empty() && self.customer == self.last.written;
        if is_same {
            let values = self.last.values.iter();
            customer
                .repeat(self.last.texts, values.map(|(key, place)| (*key, &self.customer[place.clone()])));
        }
        is_same
    }

    fn remember_customer(&mut self, customer: &UserDataBuilder<'a>) {
        let LastCustomer { written, values, texts } = &mut *self.last;
        let start = self.customer.as_ptr().addr();
        let place = |text: &str| text.as_ptr().addr() - start..text.as_ptr().addr() - start + text.len();
        written.clear();
        values.clear();
        if !self.customer.is_empty() {
            written.push_str(self.customer);
            values.extend(customer.given().map(|(key, text)| (key, place(text))));
            *texts = customer.raw_fingerprint().texts();
        }
    }
}
