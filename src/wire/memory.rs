//! The memory of request bodies: that of a dropped one serves a later one.

use std::mem;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// The memory of the body that was dropped last, for the next one.
#[derive(Default)]
pub(super) struct Spare(Option<Arc<Mutex<Vec<u8>>>>);

impl Spare {
    /// Takes the memory, if there is some. What it holds means nothing.
    pub(super) fn take(&self) -> Vec<u8> {
        let Some(place) = &self.0 else { return Vec::new() };
        mem::take(&mut *place.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A body whose memory comes back here.
    pub(super) fn lend(&mut self, bytes: Vec<u8>) -> Body {
        Body { bytes, spare: Arc::downgrade(self.0.get_or_insert_default()) }
    }
}

/// The bytes of a request body.
pub(super) struct Body {
    bytes: Vec<u8>,
    spare: Weak<Mutex<Vec<u8>>>,
}

impl Body {
    /// A body after which none needs its memory.
    pub(super) fn last(bytes: Vec<u8>) -> Self {
        Self { bytes, spare: Weak::new() }
    }

    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        mem::take(&mut self.bytes)
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if let Some(spare) = self.spare.upgrade().filter(|_| self.bytes.capacity() > 0) {
            *spare.lock().unwrap_or_else(PoisonError::into_inner) = mem::take(&mut self.bytes);
        }
    }
}

impl Deref for Body {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Clone for Body {
    fn clone(&self) -> Self {
        Self { bytes: self.bytes.clone(), spare: Weak::clone(&self.spare) }
    }
}

impl PartialEq for Body {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Body {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_comes_back_when_its_body_is_dropped_and_not_when_its_bytes_are_taken() {
        let mut spare = Spare::default();
        assert_eq!(spare.take().capacity(), 0);
        drop(spare.lend(Vec::with_capacity(5000)));
        assert!(spare.take().capacity() >= 5000);
        let taken = spare.lend(vec![1, 2]).into_bytes();
        assert_eq!((taken, spare.take().capacity()), (vec![1, 2], 0));
        let body = spare.lend(vec![1, 2]);
        drop(spare);
        assert_eq!(body.clone().into_bytes(), [1, 2]);
        drop(Body::last(body.into_bytes()));
    }
}
