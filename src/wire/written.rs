//! Events that are written before it is known which bodies they go into.

use super::encode::encode;
use super::sale::encode_sale;
use crate::event::{Event, Sale};

/// Events as they are sent, one behind the other.
#[derive(Clone, Default)]
pub(crate) struct Written {
    /// Up to the last end; behind it may stand anything.
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Written {
    pub(crate) fn clear(&mut self) {
        self.ends.clear();
    }

    pub(crate) fn push(&mut self, event: &Event) {
        self.bytes.truncate(self.end());
        encode(event, &mut self.bytes);
        self.ends.push(self.bytes.len());
    }

    pub(crate) fn push_sale(&mut self, sale: &Sale) {
        let start = self.end();
        let length = encode_sale(sale, &mut self.bytes, start);
        self.ends.push(start + length);
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn event(&self, number: usize) -> &[u8] {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..self.ends[number]]
    }

    fn end(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }
}
