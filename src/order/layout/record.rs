//! What a layout reads of one record: the texts of its fields, or what typed fields hold.

use chrono::NaiveDateTime;

use crate::customer::Passage;
use crate::value::{Amount, Rule};

/// One record of a source, by the positions of its fields.
pub(in crate::order) trait Record<'a> {
    /// The text of a field, or what is wrong with it. A missing field is blank.
    fn text(&self, position: usize) -> Result<&'a str, Rule>;

    /// The bytes of a field for a quick look, which knows the usual values by them. Where there is no text that can be
    /// used, there are none.
    #[inline]
    fn bytes(&self, position: usize) -> &'a [u8] {
        self.text(position).unwrap_or_default().as_bytes()
    }

    /// The number of a field that has a type for numbers. It is in no style, and has no currency beside it.
    fn number(&self, _position: usize) -> Option<Result<Amount, Rule>> {
        None
    }

    /// The time of a field that has a type for times.
    fn moment(&self, _position: usize) -> Option<Result<Moment, Rule>> {
        None
    }

    /// The customer, if that was read before.
    fn customer(&self) -> Option<&'a Passage> {
        None
    }
}

/// A time that needs no reading.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(feature = "arrow"), expect(dead_code, reason = "only Arrow has typed fields"))]
pub(in crate::order) enum Moment {
    /// Unix seconds.
    At(i64),
    /// A date and a time of day in the zone of the row.
    Local(NaiveDateTime),
}

/// A record of texts only.
pub(super) struct Texts<F>(pub(super) F);

impl<'a, F: Fn(usize) -> Result<&'a str, Rule>> Record<'a> for Texts<F> {
    fn text(&self, position: usize) -> Result<&'a str, Rule> {
        self.0(position)
    }
}
