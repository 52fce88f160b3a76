//! Tables of numbers that are as good as random already: digests, and marks that were hashed before.

use std::hash::{BuildHasherDefault, Hasher};

/// Places each number in a table by itself.
pub(crate) type Prehashed = BuildHasherDefault<Number>;

/// A number, or several mixed.
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
