//! Marks: one bit for each byte of a block.

/// Returns a number with one bit for each byte, the lowest one for the first. It is set if `is_marked` says so.
#[inline]
pub(crate) fn marks(block: &[u8; 64], is_marked: impl Fn(u8) -> bool) -> u64 {
    let mut marked = [0; 64];
    for (marked, byte) in marked.iter_mut().zip(block) {
        *marked = u8::from(is_marked(*byte));
    }
    let (words, _) = marked.as_chunks::<8>();
    words.iter().rev().fold(0, |marks, word| {
        // The product gathers the lowest bits of all eight bytes in the highest byte.
        marks << 8 | u64::from_le_bytes(*word).wrapping_mul(0x0102_0408_1020_4080) >> 56
    })
}
