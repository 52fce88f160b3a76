//! Events that are written before it is known which body they go into.

use crate::event::Event;

/// Written events, one behind the other.
#[derive(Clone, Default)]
pub(super) struct Written {
    /// The events; bytes behind the last one mean nothing.
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Written {
    pub(super) fn clear(&mut self) {
        self.ends.clear();
    }

    pub(super) fn push(&mut self, event: &Event) {
        let start = self.ends.last().copied().unwrap_or(0);
        let length = event.write_json(&mut self.bytes, start);
        self.ends.push(start + length);
    }

    pub(super) fn events(&self) -> impl Iterator<Item = &[u8]> {
        let starts = [0].into_iter().chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.bytes[start..*end])
    }
}
