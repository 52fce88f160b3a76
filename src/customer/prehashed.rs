//! A hasher for tables whose keys are digests or other hashes already.

use std::hash::{BuildHasherDefault, Hasher};

/// Uses each number as its own hash.
pub(crate) type Prehashed = BuildHasherDefault<Number>;

/// The hash: a number, or several mixed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Number(u64);

impl Hasher for Number {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = self.0.rotate_left(8) ^ number;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
