//! How the values of a customer are kept: digests in place, the few others in a list of their own.

use super::{Hashed, MatchValue, OwnedValue, ValueWarning};

/// A value with its warning, without padding: millions are kept, and almost all of them are digests.
#[derive(Clone, Copy)]
pub(super) enum PackedValue {
    Hashed(Hashed, Option<ValueWarning>),
    Other(Position, Option<ValueWarning>),
}

const _: () = assert!(size_of::<PackedValue>() == 33, "a digest and a byte");

/// The position among the other values, in bytes, so that it needs no padding.
#[derive(Clone, Copy)]
pub(super) struct Position([u8; size_of::<usize>()]);

impl PackedValue {
    /// Packs a value. One that is no digest is added to `others`.
    pub(super) fn new(value: OwnedValue, warning: Option<ValueWarning>, others: &mut OtherValues) -> Self {
        match value {
            OwnedValue::Hashed(digest) => Self::Hashed(digest, warning),
            other => Self::Other(others.add(other), warning),
        }
    }

    /// The value, which may be one of `others`.
    #[inline]
    pub(super) fn get<'v>(&'v self, others: &'v OtherValues) -> MatchValue<'v> {
        match self {
            Self::Hashed(digest, _) => MatchValue::Hashed(digest),
            Self::Other(position, _) => others.at(*position),
        }
    }

    #[inline]
    pub(super) fn warning(&self) -> Option<ValueWarning> {
        match self {
            Self::Hashed(_, warning) | Self::Other(_, warning) => *warning,
        }
    }
}

/// The values of a customer that are no plain digests, in the order in which they were added.
#[derive(Clone, Default)]
#[expect(
    clippy::box_collection,
    reason = "most customers have none, and a list takes the room of three boxes"
)]
pub(super) struct OtherValues(Option<Box<Vec<OwnedValue>>>);

impl OtherValues {
    fn add(&mut self, value: OwnedValue) -> Position {
        let values = self.0.get_or_insert_default();
        values.push(value);
        Position((values.len() - 1).to_ne_bytes())
    }

    #[inline]
    fn at(&self, Position(position): Position) -> MatchValue<'_> {
        let values = self.0.as_deref().map_or(&[][..], Vec::as_slice);
        values[usize::from_ne_bytes(position)].borrow()
    }

    /// Removes all values and keeps the memory of their list.
    #[inline]
    pub(super) fn clear(&mut self) {
        if let Some(values) = &mut self.0 {
            values.clear();
        }
    }

    /// Its size in memory, in bytes, roughly.
    pub(super) fn memory(&self) -> usize {
        self.0.as_ref().map_or(0, |values| values.capacity() * size_of::<OwnedValue>())
    }
}
