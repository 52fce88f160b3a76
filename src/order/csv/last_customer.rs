//! The customer of the last record. The records of an order follow each other and name the same customer, whose values
//! are read once.

use std::ops::{Range, RangeInclusive};

use super::fields::Fields;
use crate::customer::{MatchKey, Passage};
use crate::order::field::MAX_FIELD;
use crate::order::layout::{Source, is_given};

/// How the last customer was written, and where the values stand there.
pub(super) struct LastCustomer {
    /// Where the values of each customer stand, in the order of their keys.
    places: Vec<(MatchKey, Place)>,
    /// The positions from the first to the last field.
    span: RangeInclusive<usize>,
    /// The texts that all customers have in common, one behind the other.
    fixed: String,
    written: Passage,
    /// The byte between those fields, once there is a customer.
    separator: Option<u8>,
    /// The [beginning](Fields::beginning) of the record that was read last, or 0, which no record has.
    beginning: u64,
}

/// Where a value stands.
enum Place {
    /// In the field at this position.
    Field(usize),
    /// In the fixed texts.
    Fixed(Range<usize>),
}

impl LastCustomer {
    /// No customer yet. Returns `None` if records have no fields about their customers.
    #[expect(single_use_lifetimes, reason = "a lifetime in `impl Trait` needs a name")]
    pub(super) fn new<'s>(sources: impl Iterator<Item = (MatchKey, &'s Source)>) -> Option<Self> {
        let mut fixed = String::new();
        let place = |(key, source): (_, &Source)| match source {
            Source::Field(position) => Some((key, Place::Field(*position))),
            Source::Fixed(text) if is_given(text.as_bytes()) => {
                let start = fixed.len();
                fixed.push_str(text);
                Some((key, Place::Fixed(start..fixed.len())))
            }
            Source::Fixed(_) | Source::Nowhere => None,
        };
        let places: Vec<_> = sources.filter_map(place).collect();
        let positions = || {
            places.iter().filter_map(|(_, place)| match place {
                Place::Field(position) => Some(*position),
                Place::Fixed(_) => None,
            })
        };
        let span = positions().min()?..=positions().max()?;
        Some(Self { places, span, fixed, written: Passage::default(), separator: None, beginning: 0 })
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
        let span = record.span(&self.span);
        let written = &record.text[span.clone()];
        // Both begin where a field starts, and are split at the same separator by the same rule, so a record with equal bytes
        // has equal fields.
        if self.written.as_bytes() != written || self.separator != Some(record.separator) {
            self.replace(record, written, span.start)?;
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
        let given = self.places.iter().filter_map(|(key, place)| match place {
            Place::Field(position) => {
                let field = record.range(*position);
                let is_given = is_given(&record.text[field.clone()]);
                is_given.then_some((*key, field.start - start..field.end - start))
            }
            Place::Fixed(place) => Some((*key, written.len() + place.start..written.len() + place.end)),
        });
        self.separator = None;
        self.written.replace(written, &self.fixed, given)?;
        self.separator = Some(record.separator);
        Some(())
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

    const FIELDS: [&[u8]; 15] = [
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
        b"a\"",
        b"\"\"\"\"",
    ];

    const PHONES: [Source; 3] = [Source::Nowhere, Source::Field(1), Source::Field(2)];
    const COUNTRIES: [Option<&str>; 5] = [None, Some(""), Some("null"), Some("US"), Some("\u{e9}")];

    #[test]
    fn a_nul_in_a_field_is_no_separator_of_the_record_before() -> Result<(), CsvError> {
        let file = b"\"a,a\",,b\"\na,a\0,b\n";
        let mut records = Records::new(Begun::with_head(file.to_vec(), io::empty()), Delimiter::Comma);
        let sources = [(MatchKey::Email, &Source::Field(0)), (MatchKey::Phone, &Source::Field(1))];
        let mut last = LastCustomer::new(sources.into_iter()).expect("there are fields");
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
            phone in prop::sample::select(&PHONES[..]),
            country in prop::sample::select(&COUNTRIES[..]),
        ) {
            let file: Vec<u8> = rows.iter().flat_map(|row| [&row.join(&b','), &b"\n"[..]].concat()).collect();
            let mut records = Records::new(Begun::with_head(file, io::empty()), Delimiter::Comma);
            let country = country.map_or(Source::Nowhere, |text| Source::Fixed(text.into()));
            let sources =
                [(MatchKey::Email, &Source::Field(0)), (MatchKey::Country, &country), (MatchKey::Phone, &phone)];
            let mut last = LastCustomer::new(sources.into_iter()).expect("there are fields");
            records.expect_equal(last.head());
            while records.advance()? {
                let Some(passage) = last.read(records.fields()) else { continue };
                let read = UserDataBuilder::lent(passage, CleaningOptions::default());
                let mut expected = UserData::builder();
                for (key, source) in sources {
                    let text = match source {
                        Source::Nowhere => continue,
                        Source::Field(position) => field::of_bytes(records.field(*position)),
                        Source::Fixed(text) => Ok(&**text),
                    };
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
