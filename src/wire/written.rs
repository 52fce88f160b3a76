//! Events that are written before it is known which bodies they go into.

use super::encode::encode;
use super::sale::encode_sale;
use crate::event::{Event, Sale};

/// Events as they are sent, one behind the other.
#[derive(Clone, Default)]
pub(crate) struct Written {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Written {
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    pub(crate) fn push(&mut self, event: &Event) {
        encode(event, &mut self.bytes);
        self.ends.push(self.bytes.len());
    }

    pub(crate) fn push_sale(&mut self, sale: &Sale) {
        encode_sale(sale, &mut self.bytes);
        self.ends.push(self.bytes.len());
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn event(&self, number: usize) -> &[u8] {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..self.ends[number]]
    }
}
