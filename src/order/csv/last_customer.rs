//! The customer of the last record. The records of an order follow each other and name the same customer, whose values
//! are read once.

use std::ops::RangeInclusive;

use super::fields::Fields;
use crate::customer::{MatchKey, Passage};
use crate::order::field::MAX_FIELD;
use crate::order::layout::is_given;

/// How the last customer was written, and where the values stand there.
pub(super) struct LastCustomer {
    /// The positions of its fields, in the order of their keys, and from the first to the last of them.
    fields: Vec<(MatchKey, usize)>,
    span: RangeInclusive<usize>,
    written: Passage,
    /// The byte between those fields.
    separator: u8,
    /// The [beginning](Fields::beginning) of the record that was read last, or 0, which no record has.
    beginning: u64,
}

impl LastCustomer {
    /// No customer yet, of records whose customers have these fields.
    pub(super) fn new(fields: Vec<(MatchKey, usize)>) -> Option<Self> {
        let positions = || fields.iter().map(|(_, position)| *position);
        let span = positions().min()?..=positions().max()?;
        Some(Self { fields, span, written: Passage::default(), separator: 0, beginning: 0 })
    }

    /// How many fields a record has up to the last one about its customer.
    pub(super) fn head(&self) -> usize {
        self.span.end() + 1
    }

    /// Reads the customer of a record, unless the last one was written in the same way. Returns `None` if a field
    /// may hold what no text may.
    #[inline]
    pub(super) fn read(&mut self, record: Fields<'_>) -> Option<&Passage> {
        if self.beginning != record.beginning {
            self.read_another(record)?;
        }
        Some(&self.written)
    }

    fn read_another(&mut self, record: Fields<'_>) -> Option<()> {
        let (first, last) = (record.range(*self.span.start()), record.range(*self.span.end()));
        let written = &record.text[first.start..last.end];
        // The separator stands between the fields of a sound customer and in none of them, so a record with equal bytes has
        // equal fields.
        if self.written.as_bytes() != written || self.separator != record.separator {
            self.replace(record, written, first.start)?;
        }
        self.beginning = record.beginning;
        Some(())
    }

    fn replace(&mut self, record: Fields<'_>, written: &[u8], start: usize) -> Option<()> {
        let nuls_between = if record.separator == 0 { self.span.end() - self.span.start() } else { 0 };
        let is_sound = written.len() <= MAX_FIELD
            && memchr::memchr_iter(0, written).take(nuls_between + 1).count() == nuls_between;
        if !is_sound {
            return None;
        }
        let given = self.fields.iter().filter_map(|(key, position)| {
            let field = record.range(*position);
            let is_given = is_given(&record.text[field.clone()]);
            is_given.then_some((*key, field.start - start..field.end - start))
        });
        self.separator = record.separator;
        self.written.replace(written, given)
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use proptest::prelude::*;

    use super::*;
    use crate::customer::{CleaningOptions, UserData, UserDataBuilder};
    use crate::order::csv::CsvError;
    use crate::order::csv::delimiter::Delimiter;
    use crate::order::csv::input::Begun;
    use crate::order::csv::records::Records;
    use crate::order::field;

    const FIELDS: [&[u8]; 13] = [
        b"",
        b" NULL ",
        b"\"the longest of them, behind which no block begins\"",
        b"a",
        b"\"a\"",
        b"null",
        b"\"a,a\"",
        b"a\0",
        b"\"a\0a\"",
        b"\"\0\"",
        b"\xC3\xA9",
        b"\xFF",
        b"\"\xFF\"",
    ];

    #[test]
    fn a_nul_in_a_field_is_no_separator_of_the_record_before() -> Result<(), CsvError> {
        let file = b"\"a,a\",\na,a\0\n";
        let mut records = Records::new(Begun::with_head(file.to_vec(), io::empty()), Delimiter::Comma);
        let fields = vec![(MatchKey::Email, 0), (MatchKey::Phone, 1)];
        let mut last = LastCustomer::new(fields).expect("there are fields");
        records.expect_equal(last.head());
        assert!(records.advance()?);
        assert_eq!(last.read(records.fields()).map(Passage::as_bytes), Some(&b"a,a\0"[..]));
        assert!(records.advance()? && records.field(1) == b"a\0");
        assert!(last.read(records.fields()).is_none());
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

        #[test]
        fn a_customer_is_what_its_fields_are(
            rows in prop::collection::vec(prop::array::uniform3(prop::sample::select(&FIELDS[..])), 1..6),
            phone in prop::option::of(1..=2_usize),
        ) {
            let file: Vec<u8> = rows.iter().flat_map(|row| [&row.join(&b','), &b"\n"[..]].concat()).collect();
            let mut records = Records::new(Begun::with_head(file, io::empty()), Delimiter::Comma);
            let keys: Vec<_> = [(MatchKey::Email, 0)]
                .into_iter()
                .chain(phone.map(|position| (MatchKey::Phone, position)))
                .collect();
            let mut last = LastCustomer::new(keys.clone()).expect("there are fields");
            records.expect_equal(last.head());
            while records.advance()? {
                let Some(passage) = last.read(records.fields()) else { continue };
                let read = UserDataBuilder::lent(passage, CleaningOptions::default());
                let mut expected = UserData::builder();
                for &(key, position) in &keys {
                    let text = field::of_bytes(records.field(position));
                    prop_assert!(text.is_ok(), "{text:?}");
                    if let Some(text) = text.ok().filter(|text| is_given(text.as_bytes())) {
                        expected = expected.value(key, text);
                    }
                }
                prop_assert_eq!(read.fingerprint_of_texts(), expected.fingerprint_of_texts());
            }
        }
    }
}
